/* test_power_model.c: the shape of the power model against the machines that it was fitted to, leaving one
 * out at a time: what a machine that was never measured would have got.  Traces: CodeCarbon, one row a load
 * step of 30 s (watts = rapl_energy / duration: rapl_power lags a row; E5-1240 counts package and core and is
 * not used). */
#include "base/csv.h"
#include "check.h"
#include "meter/model_curve.h"

enum { N_MACHINES = 4, N_ROWS = 11 };
static const double interval_penalty =
    20; /* 2 / (1 - 0.90): the interval score of Gneiting and Raftery 2007 */
static const double joules_per_kilowatt_hour = 3.6e6;

typedef struct {
    const char *folder;
    double tdp_watts;
} machine;
static const machine machines[N_MACHINES] = {
    {"AMD_EPYC_8024P_8C", 90}, {"AMD_Threadripper", 180}, {"E3-1240", 69}, {"E5-2620", 2 * 85}};

/* Lowest and highest power over TDP at a load; `state` is what was fitted. */
typedef struct {
    ajp_load_curve curve;
    ajp_band level; /* of a constant interval */
} fitted;
typedef struct {
    const char *name;
    void (*fit)(fitted *out, const ajp_load_trace *traces, size_t n);
    ajp_band (*at)(const fitted *f, double load);
} method;

typedef struct {
    int n_covered, n_least_covered;
    double width, score;
} result;

static char *read_text(const char *path, size_t *size)
{
    static char text[16384];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    *size = fread(text, 1, sizeof text, file);
    fclose(file);
    return text;
}

static void load_trace(const char *pack, const machine *m, ajp_load_point *points)
{
    char path[4300];
    aj_error err;
    ajp_csv csv;
    ajp_arena arena;
    size_t size, load, energy, duration;
    ajp_arena_init(&arena, NULL);
    snprintf(path, sizeof path, "%s/power-traces/%s/all_cores-2025-01-14.csv", pack, m->folder);
    char *text = read_text(path, &size);
    CHECK_OK(ajp_csv_parse(&csv, &arena, text, size, path, &err), err);
    CHECK_OK(ajp_csv_column(&csv, "cpu_load", &load, &err), err);
    CHECK_OK(ajp_csv_column(&csv, "rapl_energy", &energy, &err), err);
    CHECK_OK(ajp_csv_column(&csv, "duration", &duration, &err), err);
    CHECK_INT(csv.n_rows, N_ROWS);
    for (size_t i = 0; i < N_ROWS; i++) {
        double percent = NAN, kilowatt_hours = NAN, seconds = NAN;
        CHECK_OK(ajp_csv_number(&csv, i, load, 0, 100, true, &percent, &err), err);
        CHECK_OK(ajp_csv_number(&csv, i, energy, 0, 1, true, &kilowatt_hours, &err), err);
        CHECK_OK(ajp_csv_number(&csv, i, duration, 1, 100, true, &seconds, &err), err);
        points[i].load_ratio = percent / 100;
        points[i].power_ratio = kilowatt_hours * joules_per_kilowatt_hour / seconds / m->tdp_watts;
    }
    ajp_arena_free(&arena);
}

/* ---- three ways to give an interval --------------------------------------------------------------- */

static void fit_curve(fitted *out, const ajp_load_trace *traces, size_t n)
{
    aj_error err;
    CHECK_OK(ajp_load_curve_fit(&out->curve, traces, n, &err), err);
}

static ajp_band at_curve(const fitted *f, double load)
{
    return ajp_load_curve_at(&f->curve, load);
}

static double penalty(ajp_band band, double power)
{
    return band.high - band.low + interval_penalty * (fmax(band.low - power, 0) + fmax(power - band.high, 0));
}

static double mean_penalty(ajp_band band, const ajp_load_trace *traces, size_t n)
{
    double sum = 0;
    for (size_t m = 0; m < n; m++)
        for (size_t i = 0; i < traces[m].n; i++) sum += penalty(band, traces[m].points[i].power_ratio);
    return sum / (double)(n * N_ROWS);
}

/* The constant interval with the least score on the machines it may see: its ends are two of their rows. */
static void fit_constant(fitted *out, const ajp_load_trace *traces, size_t n)
{
    double least = INFINITY;
    for (size_t a = 0; a < n * N_ROWS; a++)
        for (size_t b = 0; b < n * N_ROWS; b++) {
            ajp_band band = {traces[a / N_ROWS].points[a % N_ROWS].power_ratio, NAN,
                             traces[b / N_ROWS].points[b % N_ROWS].power_ratio};
            if (band.high < band.low || mean_penalty(band, traces, n) >= least) continue;
            least = mean_penalty(band, traces, n);
            out->level = band;
        }
}

/* The same law as the curve, without load: a machine's mean, Student's interval for the next machine, and the
 * spread of rows within machines. */
static void fit_student_constant(fitted *out, const ajp_load_trace *traces, size_t n)
{
    double mean = 0, between = 0, within = 0, means[N_MACHINES];
    for (size_t m = 0; m < n; m++) {
        means[m] = 0;
        for (size_t i = 0; i < N_ROWS; i++) means[m] += traces[m].points[i].power_ratio / N_ROWS;
        mean += means[m] / (double)n;
        for (size_t i = 0; i < N_ROWS; i++)
            within += pow(traces[m].points[i].power_ratio - means[m], 2) / (double)(n * N_ROWS);
    }
    for (size_t m = 0; m < n; m++) between += pow(means[m] - mean, 2) / (double)(n - 1);
    double half = aj_student_quantile(0.90, (double)(n - 1)) * sqrt(between * (1 + 1.0 / (double)n) + within);
    out->level = (ajp_band){fmax(mean - half, 0), mean, mean + half};
}

static ajp_band at_level(const fitted *f, double load)
{
    (void)load;
    return f->level;
}

/* ---- leaving one machine out ------------------------------------------------------------------------ */

static result leave_one_out(const method *m, const ajp_load_trace *traces)
{
    result r = {0, N_ROWS, 0, 0};
    for (size_t out = 0; out < N_MACHINES; out++) {
        ajp_load_trace others[N_MACHINES - 1];
        size_t n = 0;
        for (size_t k = 0; k < N_MACHINES; k++)
            if (k != out) others[n++] = traces[k];
        fitted f = {0};
        m->fit(&f, others, n);
        int covered = 0;
        for (size_t i = 0; i < N_ROWS; i++) {
            ajp_load_point p = traces[out].points[i];
            ajp_band band = m->at(&f, p.load_ratio);
            covered += p.power_ratio >= band.low && p.power_ratio <= band.high;
            r.width += (band.high - band.low) / (N_MACHINES * N_ROWS);
            r.score += penalty(band, p.power_ratio) / (N_MACHINES * N_ROWS);
        }
        printf("%-28s without %-18s covers %2d of %d of it\n", m->name, machines[out].folder, covered,
               N_ROWS);
        r.n_covered += covered;
        r.n_least_covered = covered < r.n_least_covered ? covered : r.n_least_covered;
    }
    printf("%-28s covers %d of %d, mean width %.3f TDP, mean interval score %.3f TDP\n", m->name, r.n_covered,
           N_MACHINES * N_ROWS, r.width, r.score);
    return r;
}

static void criterion(const ajp_load_trace *traces)
{
    static const method curve = {"load curve", fit_curve, at_curve},
                        constant = {"best constant", fit_constant, at_level},
                        student = {"constant, same law", fit_student_constant, at_level};
    result ours = leave_one_out(&curve, traces);
    CHECK(ours.n_covered >= 40);
    CHECK(ours.n_least_covered >= 7);
    CHECK(ours.width <= 1.0);
    CHECK(ours.score <= 1.1);
    CHECK(ours.score < leave_one_out(&constant, traces).score);
    CHECK(ours.score < leave_one_out(&student, traces).score);
}

/* The shipped numbers are the fit to all four, rounded to three decimals, and nothing else. */
static void shipped(const ajp_load_trace *traces)
{
    ajp_load_curve all;
    aj_error err;
    CHECK_OK(ajp_load_curve_fit(&all, traces, N_MACHINES, &err), err);
    for (int k = 0; k < AJP_CURVE_KNOTS; k++) {
        ajp_band want = all.knots[k], got = ajp_load_curve_shipped.knots[k];
        printf("    {%.3f, %.3f, %.3f},\n", want.low, want.middle, want.high);
        CHECK_NEAR(got.low, want.low, 0.00051);
        CHECK_NEAR(got.middle, want.middle, 0.00051);
        CHECK_NEAR(got.high, want.high, 0.00051);
    }
}

int main(void)
{
    const char *pack = check_data_pack();
    if (pack == NULL) CHECK_SKIP("the data pack with the power traces is not here (AJ_TEST_DATA)");
    ajp_load_point points[N_MACHINES][N_ROWS];
    ajp_load_trace traces[N_MACHINES];
    for (size_t m = 0; m < N_MACHINES; m++) {
        load_trace(pack, &machines[m], points[m]);
        traces[m] = (ajp_load_trace){points[m], N_ROWS};
    }
    criterion(traces);
    shipped(traces);
    return check_report();
}

/* [slow] The fast read (family laws + kernel) against the pulse-by-pulse Poisson reference: two samples of
 * N_DRAWS each, for many light levels, sizes, splits, capacitances, phases and gains.
 *
 * Power. Kolmogorov-Smirnov with 60,000 draws a side: critical distance 0.0128 at p = 1e-4.  The variance
 * ratio has a standard error of about sqrt(4/60000) = 0.8 % for a normal; the limit of 5 standard errors
 * is 4.1 %, so a coefficient of the noise wrong by 1.05 (10 % in variance) is 12 standard errors out.  Each
 * case repeats its test with the fast draws stretched by 1.05, which must fail. */
#include "fixture.h"
#include "simulate/study.h"

enum { N_DRAWS = 60000, CHUNK = 500 };

typedef struct {
    const char *name;
    size_t cols, rows;
    const char *set[8][2];
} fast_case;

static const fast_case cases[] = {
    {"2 photons an output", 20, 3, {{"photons_per_mac", "0.1"}}},
    {"10 photons", 100, 2, {{"photons_per_mac", "0.1"}}},
    {"20 photons", 40, 3, {{"photons_per_mac", "0.5"}}},
    {"50 photons", 50, 3, {{"photons_per_mac", "1"}}},
    {"400 photons", 80, 2, {{"photons_per_mac", "5"}}},
    {"3,000 photons, unequal rows", 30, 4, {{"photons_per_mac", "100"}}},
    {"split 0.1", 60, 2, {{"photons_per_mac", "2"}, {"input_energy_share_ratio", "0.1"}}},
    {"strong local oscillator", 60, 2, {{"photons_per_mac", "50"}, {"input_energy_share_ratio", "0.01"}}},
    {"efficiency 0.6", 60, 2, {{"photons_per_mac", "2"}, {"quantum_efficiency_ratio", "0.6"}}},
    {"1 fF", 60, 2, {{"photons_per_mac", "2"}, {"detector_capacitance_farads", "1fF"}}},
    {"1 aF (0.16 electrons^2)", 30, 2, {{"photons_per_mac", "0.5"}, {"detector_capacitance_farads", "1aF"}}},
    {"row gain", 60, 3, {{"photons_per_mac", "1"}, {"weight_gain", "row"}}},
    {"static phase", 60, 2, {{"photons_per_mac", "5"}, {"phase_offset_radians", "0.5"}}},
    {"phase noise per read",
     60,
     2,
     {{"photons_per_mac", "20"}, {"phase_noise_radians", "0.4"}, {"phase_correlation", "read"}}},
    {"phase noise per layer",
     60,
     2,
     {{"photons_per_mac", "20"}, {"phase_noise_radians", "0.4"}, {"phase_correlation", "layer"}}},
    {"phase noise per pulse",
     60,
     2,
     {{"photons_per_mac", "200"},
      {"phase_noise_radians", "0.3"},
      {"phase_offset_radians", "0.3"},
      {"phase_correlation", "pulse"}}},
    {"splitter imbalance",
     60,
     3,
     {{"photons_per_mac", "5"}, {"splitter_imbalance_ratio", "0.05"}, {"input_energy_share_ratio", "0.3"}}},
    {"three tiles", 60, 2, {{"photons_per_mac", "2"}, {"tile_cols", "25"}}},
    {"three averaged reads with kTC",
     40,
     2,
     {{"photons_per_mac", "1"}, {"averaged_reads", "3"}, {"detector_capacitance_farads", "0.1fF"}}},
    {"full well",
     60,
     2,
     {{"photons_per_mac", "2"}, {"detector_capacitance_farads", "10aF"}, {"integrator_swing_volts", "0.85"}}},
};

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Largest distance of the two empirical distribution functions; ties are stepped over together. */
static double ks_distance(double *a, double *b, size_t n)
{
    qsort(a, n, sizeof *a, compare_doubles);
    qsort(b, n, sizeof *b, compare_doubles);
    double worst = 0.0;
    for (size_t i = 0, j = 0; i < n && j < n;) {
        double at = a[i] < b[j] ? a[i] : b[j];
        while (i < n && a[i] == at) i++;
        while (j < n && b[j] == at) j++;
        worst = fmax(worst, fabs((double)i - (double)j) / (double)n);
    }
    return worst;
}

typedef struct {
    double mean, variance, fourth;
} moments;

static moments find_moments(const double *x, size_t n)
{
    moments m = {aj_sum(x, n) / (double)n, 0.0, 0.0};
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - m.mean;
        m.variance += d * d / (double)n;
        m.fourth += d * d * d * d / (double)n;
    }
    return m;
}

static bool variances_agree(const double *a, const double *b, size_t n, double *ratio)
{
    moments x = find_moments(a, n), y = find_moments(b, n);
    *ratio = x.variance / y.variance;
    double error =
        sqrt((x.fourth / (x.variance * x.variance) - 1.0 + y.fourth / (y.variance * y.variance) - 1.0) /
             (double)n);
    return fabs(*ratio - 1.0) < 5.0 * error;
}

static void compare(const fast_case *c, double *fast, double *slow)
{
    moments f = find_moments(fast, N_DRAWS), s = find_moments(slow, N_DRAWS);
    CHECK_NEAR(f.mean, s.mean, 5.0 * sqrt(2.0 * s.variance / N_DRAWS));
    double ratio, stretched_ratio;
    bool same = variances_agree(fast, slow, N_DRAWS, &ratio);
    CHECK(same);
    double *stretched = malloc(N_DRAWS * sizeof *stretched);
    for (size_t i = 0; i < N_DRAWS; i++) stretched[i] = f.mean + 1.05 * (fast[i] - f.mean);
    CHECK(!variances_agree(stretched, slow, N_DRAWS, &stretched_ratio));
    free(stretched);
    double distance = ks_distance(fast, slow, N_DRAWS);
    CHECK(distance < 0.0128);
    printf("%-32s variance ratio %.4f  KS %.4f\n", c->name, ratio, distance);
}

/* Charges are compared as charges: the two sides round the decoded float differently. */
static double to_count(double y, const ajp_frozen *frozen, double spacing)
{
    bool continuous = frozen->extra_variance > 0.0 || frozen->excess_ratio > 0.0;
    double count = y / spacing;
    /* a thousandth of an electron: results at the full well then tie, as they should */
    return continuous ? nearbyint(count * 1000.0) / 1000.0 : nearbyint(count);
}

static void run_case(aj_context *context, const fast_case *c, size_t number)
{
    aj_error err = {0};
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_hardware_load(&hardware, context, "homodyne", &err), err);
    for (size_t i = 0; i < 8 && c->set[i][0] != NULL; i++)
        CHECK_OK(aj_hardware_set(hardware, c->set[i][0], c->set[i][1], &err), err);
    CHECK_OK(aj_hardware_check(hardware, &err), err);
    size_t widths[2] = {c->cols, c->rows};
    aj_model *model = fixture_network(context, fixture_path("one.onnx"), widths, 1, 100 + number);
    ajp_study *study = NULL;
    ajp_mapping mapping;
    ajp_trial trial;
    ajp_reader reader;
    CHECK_OK(ajp_study_create(&study, context, model, NULL, CHUNK, &err), err);
    CHECK_OK(ajp_mapping_create(&mapping, study, hardware, NULL, &err), err);
    CHECK_OK(ajp_trial_freeze(&trial, &mapping, 7, 0, &err), err);
    CHECK_OK(ajp_reader_init(&reader, &mapping, CHUNK, false, false, &err), err);
    ajp_workspace *workspace = NULL;
    CHECK_OK(ajp_workspace_create(&workspace, study->plan, &err), err);
    float *inputs = malloc(CHUNK * c->cols * sizeof(float)),
          *outputs = malloc(CHUNK * c->rows * sizeof(float));
    double *fast = malloc(N_DRAWS * sizeof *fast), *slow = malloc(N_DRAWS * sizeof *slow),
           *y = malloc(c->rows * sizeof *y);
    ajp_draws draws;
    ajp_draws_init(&draws, 11, number);
    for (size_t j = 0; j < c->cols; j++) inputs[j] = (float)fabs(ajp_draw_normal(&draws));
    for (size_t i = 1; i < CHUNK; i++) memcpy(inputs + i * c->cols, inputs, c->cols * sizeof(float));
    const ajp_product_step *step = ajp_plan_product(study->plan, 0);
    const ajp_frozen *frozen = &trial.products[0].frozen;
    for (size_t first = 0; first < N_DRAWS; first += CHUNK) {
        const ajp_product_hook *hook = ajp_reader_hook(&reader, &trial, first);
        CHECK_OK(ajp_plan_run(study->plan, workspace, inputs, CHUNK, outputs, hook, NULL, &err), err);
        for (size_t i = 0; i < CHUNK; i++)
            fast[first + i] = (double)outputs[i * c->rows] - (double)step->bias[0];
    }
    for (size_t i = 0; i < N_DRAWS; i++) {
        CHECK_OK(mapping.ops->reference(mapping.params, &trial.products[0].request, inputs, &draws, y, &err),
                 err);
        slow[i] = y[0];
    }
    double spacing = (double)reader.decode[0] * (double)frozen->row_decode[0];
    for (size_t i = 0; i < N_DRAWS; i++) {
        fast[i] = to_count(fast[i], frozen, spacing);
        slow[i] = to_count(slow[i], frozen, spacing);
    }
    compare(c, fast, slow);
    free(inputs);
    free(outputs);
    free(fast);
    free(slow);
    free(y);
    ajp_workspace_destroy(workspace);
    ajp_reader_free(&reader);
    ajp_trial_destroy(&trial);
    ajp_mapping_destroy(&mapping);
    ajp_study_destroy(study);
    aj_model_destroy(model);
    aj_hardware_destroy(hardware);
}

int main(void)
{
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) run_case(context, &cases[i], i);
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}

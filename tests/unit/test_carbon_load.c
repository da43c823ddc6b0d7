/* test_carbon_load.c: energy that comes unevenly, against an intensity that changes by the hour. */
#include "fixture.h"

#define KWH 3.6e6

static aj_error err;

/* `n` rows of an hour from 2026-01-01T00:00Z; grams(i) for row i. */
static aj_hourly *series(const char *name, int n, double (*grams)(int i))
{
    const char *path = fixture_path(name);
    FILE *file = fopen(path, "w");
    aj_hourly *hourly = NULL;
    if (file == NULL) exit(1);
    fputs("timestamp,gco2_kwh\n", file);
    for (int i = 0; i < n; i++) fprintf(file, "2026-01-%02dT%02d:00Z,%.10g\n", 1 + i / 24, i % 24, grams(i));
    fclose(file);
    CHECK_OK(aj_hourly_open(&hourly, NULL, path, &err), err);
    if (hourly == NULL) exit(1);
    return hourly;
}

static double constant(int i)
{
    (void)i;
    return 250;
}
static double daily(int i)
{
    return 300 + 200 * cos(2 * 3.14159265358979 * (i % 24) / 24.0) + 37 * (i % 24 == 5);
}
static double ragged(int i)
{
    return 50 + (i * 7919 % 401);
}

static double begin_of_year(void)
{
    double start = 0;
    CHECK(aj_time_parse("2026-01-01T00:00Z", &start));
    return start;
}

enum { N = 500 };
typedef struct {
    double seconds[N], joules[N];
    aj_load load;
} uneven;

/* Sums that grow by random steps over some seven hours. */
static void make_load(uneven *to, uint64_t seed)
{
    ajp_draws draws;
    ajp_draws_init(&draws, seed, 1);
    double at = 0, joules = 0;
    for (int i = 0; i < N; i++) {
        to->seconds[i] = at;
        to->joules[i] = joules;
        at += 100 * ajp_draw_uniform(&draws);
        joules += (i / 50 % 2 ? 5000 : 200) * ajp_draw_uniform(&draws);
    }
    to->load = (aj_load){to->seconds, to->joules, N};
}

/* The same second by second: slow and obvious. */
static double brute_mean(const aj_load *load, double start, double (*grams)(int i))
{
    double sum = 0, zero = begin_of_year();
    for (size_t i = 0; i + 1 < load->n; i++) {
        double step = (load->seconds[i + 1] - load->seconds[i]) / 64;
        double joules = (load->joules[i + 1] - load->joules[i]) / 64;
        for (int k = 0; k < 64; k++) {
            double at = start + load->seconds[i] + (k + 0.5) * step - zero;
            sum += joules * grams((int)floor(at / 3600));
        }
    }
    return sum / (load->joules[load->n - 1] - load->joules[0]);
}

static double grams_of(const aj_hourly *hourly, double start, const aj_load *load)
{
    double mean = NAN;
    CHECK_OK(aj_hourly_weighted(hourly, start, load, &mean, &err), err);
    return mean * 1e3 * KWH;
}

static void properties(void)
{
    uneven u;
    double start = begin_of_year(), mean;
    aj_hourly *flat = series("flat.csv", 72, constant), *days = series("days.csv", 240, daily),
              *rough = series("rough.csv", 240, ragged);
    CHECK_INT(strlen(aj_hourly_sha256(flat)), 64);
    CHECK(strcmp(aj_hourly_sha256(flat), aj_hourly_sha256(days)) != 0);
    for (uint64_t seed = 0; seed < 20; seed++) {
        make_load(&u, seed);
        double at = start + 3600 * 0.37 * (double)seed;
        /* A constant intensity is itself, however the energy comes. */
        CHECK_CLOSE(grams_of(flat, at, &u.load), 250, 1e-12);
        /* A whole period later nothing changes. */
        double once = grams_of(days, at, &u.load);
        CHECK_CLOSE(grams_of(days, at + 86400, &u.load), once, 1e-12);
        CHECK_CLOSE(grams_of(days, at + 5 * 86400, &u.load), once, 1e-12);
        CHECK_CLOSE(once, brute_mean(&u.load, at, daily), 1e-3);
        CHECK_CLOSE(grams_of(rough, at, &u.load), brute_mean(&u.load, at, ragged), 1e-3);
    }
    /* All joules in the second of two hours. */
    double seconds[] = {0, 3600, 7200}, joules[] = {0, 0, 10};
    aj_load late = {seconds, joules, 3};
    CHECK_CLOSE(grams_of(rough, start, &late), ragged(1), 1e-12);
    /* All joules at one moment; none at all: by time. */
    double jump_seconds[] = {0, 5400, 5400, 7200}, jump_joules[] = {0, 0, 7, 7}, none[] = {3, 3, 3};
    CHECK_CLOSE(grams_of(rough, start, &(aj_load){jump_seconds, jump_joules, 4}), ragged(1), 1e-12);
    CHECK_CLOSE(grams_of(rough, start, &(aj_load){seconds, none, 3}), 0.5 * (ragged(0) + ragged(1)), 1e-12);
    /* A constant load is the plain mean. */
    double even[] = {0, 5, 10};
    CHECK_OK(aj_hourly_mean(rough, start + 1000, 7200, &mean, &err), err);
    CHECK_CLOSE(grams_of(rough, start + 1000, &(aj_load){seconds, even, 3}), mean * 1e3 * KWH, 1e-12);
    /* Outside of the file, back in time, nothing. */
    CHECK_INT(aj_hourly_weighted(flat, start + 71 * 3600.0, &late, &mean, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "flat.csv");
    CHECK_OK(aj_hourly_weighted(flat, start + 70 * 3600.0, &late, &mean, &err), err);
    double back[] = {0, 5, 4};
    CHECK_INT(aj_hourly_weighted(flat, start, &(aj_load){seconds, back, 3}, &mean, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(aj_hourly_weighted(flat, start, &(aj_load){back, seconds, 3}, &mean, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(aj_hourly_weighted(flat, start, &(aj_load){seconds, joules, 1}, &mean, &err), AJ_BAD_ARGUMENT);
    aj_hourly_close(flat);
    aj_hourly_close(days);
    aj_hourly_close(rough);
}

/* The best start equals the best of all starts tried one by one. */
static void best(void)
{
    uneven u;
    double start = begin_of_year(), at, mean;
    aj_hourly *rough = series("rough.csv", 240, ragged);
    for (uint64_t seed = 0; seed < 30; seed++) {
        make_load(&u, seed);
        double from = start + 3600 * 2.25 * (double)seed, until = from + 3600 * (double)(seed * 3);
        double least = INFINITY, where = NAN;
        for (double hour = from; hour <= until;
             hour = hour == from ? ceil(from / 3600 + 1e-9) * 3600 : hour + 3600) {
            double grams;
            if (aj_hourly_weighted(rough, hour, &u.load, &grams, NULL) != AJ_OK) continue;
            if (grams < least * (1 - 1e-12)) {
                least = grams;
                where = hour;
            }
        }
        CHECK_OK(aj_hourly_best(rough, from, until, &u.load, &at, &mean, &err), err);
        CHECK(at == where);
        CHECK_CLOSE(mean, least, 1e-14);
        double own;
        CHECK_OK(aj_hourly_weighted(rough, from, &u.load, &own, &err), err);
        CHECK(mean <= own);
    }
    CHECK_INT(aj_hourly_best(rough, start + 239 * 3600.0, start + 1e7, &u.load, &at, &mean, &err),
              AJ_BAD_ARGUMENT);
    CHECK_INT(aj_hourly_best(rough, start + 7200, start, &u.load, &at, &mean, &err), AJ_BAD_ARGUMENT);
    aj_hourly_close(rough);
    /* Where all are equal it begins at once. */
    aj_hourly *flat = series("flat.csv", 72, constant);
    CHECK_OK(aj_hourly_best(flat, start + 1234, start + 86400, &u.load, &at, &mean, &err), err);
    CHECK(at == start + 1234);
    aj_hourly_close(flat);
}

/* Through the account: the same joules, a constant intensity, the yearly factor: the same carbon. */
static void accounts(void)
{
    uneven u;
    aj_carbon *carbon = NULL;
    aj_carbon_result by_hour, by_year;
    aj_carbon_options o = AJ_CARBON_OPTIONS_INIT;
    aj_hourly *flat = series("flat.csv", 72, constant);
    CHECK_OK(aj_carbon_open(&carbon, NULL, NULL, NULL, &err), err);
    make_load(&u, 3);
    o.energy_joules = (aj_estimate){KWH, 0.1 * KWH, AJ_MEASURED};
    o.power_usage_effectiveness = 1.2;
    o.zone = "FR";
    CHECK_OK(aj_carbon_account(carbon, &o, &by_year, &err), err);
    CHECK_INT(strlen(by_year.factor.sha256), 64);
    o.hourly = flat;
    o.load = u.load;
    o.start_seconds = begin_of_year() + 1234;
    CHECK_OK(aj_carbon_account(carbon, &o, &by_hour, &err), err);
    CHECK_CLOSE(by_hour.location_kilograms_co2e.value, 1.2 * 0.250, 1e-12);
    CHECK_CLOSE(by_hour.location_kilograms_co2e.value / by_hour.factor.kilograms_co2e_per_joule,
                by_year.location_kilograms_co2e.value / by_year.factor.kilograms_co2e_per_joule, 1e-12);
    CHECK_CONTAINS(by_hour.factor.detail, "weighted");
    CHECK_STRING(by_hour.factor.sha256, aj_hourly_sha256(flat));
    aj_hourly_close(flat);
    aj_carbon_close(carbon);
}

int main(void)
{
    properties();
    best();
    accounts();
    fixture_remove();
    return check_report();
}

/* [slow] The fast read of a crossbar (planes, one normal an output and tile) against the slow one that draws
 * a normal for every device and read, solves the wires again, and counts electrons: two samples of N_DRAWS.
 *
 * Power. Kolmogorov-Smirnov with 20,000 draws a side: critical distance 0.0223 at p = 1e-4.  The variance
 * ratio has a standard error of sqrt(4/20000) = 1.4 % for a normal; the limit is 5 of them, 7.1 %.  Each case
 * repeats its test with the fast draws stretched by 1.1 (21 % in variance, 15 standard errors), which must
 * fail. */
#include "crossbar_case.h"

enum { N_DRAWS = 20000 };

typedef struct {
    const char *name;
    size_t cols, rows;
    setting set[12];
} read_case;

static const read_case cases[] = {
    {"read noise, pair", 24, 5, {{"read_noise", "yes"}, {"read_noise_ratio", "0.05"}}},
    {"pair above a least conductance",
     24,
     5,
     {{"read_noise", "yes"}, {"read_noise_ratio", "0.05"}, {"conductance_min_siemens", "5uS"}}},
    {"two-sided pair",
     24,
     5,
     {{"read_noise", "yes"}, {"read_noise_ratio", "0.05"}, {"sides", "two"}, {"weight_scale", "row"}}},
    {"pair subtracted digitally",
     24,
     5,
     {{"read_noise", "yes"}, {"read_noise_ratio", "0.05"}, {"subtraction", "digital"}}},
    {"offset", 24, 5, {{"read_noise", "yes"}, {"read_noise_ratio", "0.05"}, {"encoding", "offset"}}},
    {"unit column",
     24,
     5,
     {{"read_noise", "yes"}, {"read_noise_ratio", "0.05"}, {"encoding", "unit_column"}}},
    {"wires solved",
     24,
     6,
     {{"read_noise", "yes"},
      {"read_noise_ratio", "0.1"},
      {"conductance_min_siemens", "1uS"},
      {"ir_drop", "exact"},
      {"row_segment_ohms", "20"},
      {"column_segment_ohms", "20"}}},
    {"wires to first order",
     24,
     6,
     {{"read_noise", "yes"},
      {"read_noise_ratio", "0.1"},
      {"conductance_min_siemens", "1uS"},
      {"ir_drop", "analytic"},
      {"row_segment_ohms", "20"},
      {"column_segment_ohms", "20"}}},
    {"bits",
     24,
     5,
     {{"read_noise", "yes"},
      {"read_noise_ratio", "0.05"},
      {"input_slicing", "bit_serial"},
      {"dac_kind", "sign_magnitude"},
      {"dac_bits", "5"}}},
    {"two passes, three tiles, two groups",
     25,
     5,
     {{"read_noise", "yes"},
      {"read_noise_ratio", "0.05"},
      {"input_slicing", "two_pass"},
      {"tile_cols", "10"},
      {"tile_rows", "6"},
      {"programming_noise_ratio", "0.02"}}},
    {"Johnson noise", 24, 5, {{"thermal_noise", "yes"}, {"read_voltage_volts", "1mV"}}},
    {"Johnson noise of a unit column, last tile short",
     25,
     5,
     {{"thermal_noise", "yes"},
      {"read_voltage_volts", "1mV"},
      {"encoding", "unit_column"},
      {"tile_cols", "10"}}},
    {"charge on capacitors", 24, 5, {{"thermal_noise", "charge"}, {"read_voltage_volts", "1mV"}}},
    {"shot noise", 24, 5, {{"shot_noise", "yes"}, {"read_voltage_volts", "1mV"}}},
    {"shot noise of bits and devices that fluctuate",
     24,
     5,
     {{"shot_noise", "yes"},
      {"read_voltage_volts", "1mV"},
      {"read_noise", "yes"},
      {"read_noise_ratio", "0.05"},
      {"input_slicing", "bit_serial"},
      {"dac_kind", "sign_magnitude"},
      {"dac_bits", "4"}}},
    {"Johnson and shot noise of a unit column, devices that fluctuate",
     24,
     5,
     {{"thermal_noise", "yes"},
      {"shot_noise", "yes"},
      {"read_voltage_volts", "1mV"},
      {"encoding", "unit_column"},
      {"read_noise", "yes"},
      {"read_noise_ratio", "0.05"}}},
    {"everything, converters",
     24,
     5,
     {{"shot_noise", "yes"},
      {"thermal_noise", "yes"},
      {"device", "pcm-aihwkit"},
      {"read_noise", "yes"},
      {"seconds_since_programming", "3600"},
      {"drift_compensation", "per_column"},
      {"adc_kind", "mid_tread"},
      {"adc_bits", "10"},
      {"adc_range", "fixed"},
      {"adc_range_ratio", "0.3"},
      {"weight_scale", "row"}}},
    {"slices of a unit column",
     24,
     5,
     {{"read_noise", "yes"},
      {"read_noise_ratio", "0.05"},
      {"encoding", "unit_column"},
      {"conductance_states", "4"},
      {"weight_slices", "3"},
      {"weight_bits", "6"},
      {"stuck_on_ratio", "0.05"},
      {"stuck_off_ratio", "0.05"}}},
    {"bent devices",
     24,
     5,
     {{"read_noise", "yes"},
      {"read_noise_ratio", "0.05"},
      {"iv_quadratic_ratio", "0.1"},
      {"iv_cubic_ratio", "0.2"}}},
};

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

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

static void find_moments(const double *x, size_t n, double *mean, double *variance)
{
    *mean = aj_sum(x, n) / (double)n;
    *variance = 0.0;
    for (size_t i = 0; i < n; i++) *variance += (x[i] - *mean) * (x[i] - *mean) / (double)n;
}

static void compare(const char *name, double *fast, double *slow)
{
    double mean[2], variance[2];
    find_moments(fast, N_DRAWS, &mean[0], &variance[0]);
    find_moments(slow, N_DRAWS, &mean[1], &variance[1]);
    double limit = 5.0 * sqrt(4.0 / N_DRAWS);
    CHECK_NEAR(mean[0], mean[1], 5.0 * sqrt(2.0 * variance[1] / N_DRAWS));
    CHECK_NEAR(variance[0] / variance[1], 1.0, limit);
    CHECK(fabs(1.21 * variance[0] / variance[1] - 1.0) > limit);
    /* float32 on one side only: a converter's codes tie when both are rounded to a millionth of the spread */
    double unit = 1e-5 * sqrt(variance[1]) + 1e-6 * fabs(mean[1]);
    for (size_t i = 0; i < N_DRAWS; i++) {
        fast[i] = nearbyint(fast[i] / unit);
        slow[i] = nearbyint(slow[i] / unit);
    }
    double distance = ks_distance(fast, slow, N_DRAWS);
    CHECK(distance < 0.0223);
    printf("%-50s mean %+9.5f %+9.5f  sd %.5f  variance ratio %.4f  KS %.4f\n", name, mean[0], mean[1],
           sqrt(variance[1]), variance[0] / variance[1], distance);
}

static void run_case(aj_context *context, const read_case *of, size_t number)
{
    crossbar_case c;
    crossbar_open(&c, context, of->cols, of->rows, of->set, 100 + number, true);
    double *fast = malloc(N_DRAWS * sizeof *fast), *slow = malloc(N_DRAWS * sizeof *slow),
           *y = malloc(of->rows * sizeof *y);
    size_t row = of->rows - 1;
    for (size_t first = 0; first < N_DRAWS; first += CASE_CHUNK) {
        crossbar_read(&c, first);
        for (size_t i = 0; i < CASE_CHUNK; i++) fast[first + i] = crossbar_output(&c, i, row);
    }
    ajp_draws draws;
    ajp_draws_init(&draws, 12, number);
    for (size_t i = 0; i < N_DRAWS; i++) {
        crossbar_reference(&c, &draws, y);
        slow[i] = y[row];
    }
    compare(of->name, fast, slow);
    free(fast);
    free(slow);
    free(y);
    crossbar_close(&c);
}

int main(void)
{
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) run_case(context, &cases[i], i);
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}

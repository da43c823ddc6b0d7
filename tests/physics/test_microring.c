/* [slow] Banks of rings: transmission against the published formulas, tuning, and the fast read of the family
 * against a Poisson count for every ring, symbol and detector. */
#include "attojoule/physics.h"
#include "hardware/microring_bank.h"
#include "light_case.h"

enum { N = 12 };
static const double pi = 3.14159265358979323846;

/* Bus and drop powers channel by channel, from the formulas of one ring. */
static void test_transmission(void)
{
    const ajp_ring_bank bank = {0.95, 0.99, 2.0 * pi / 14.0};
    double detunings[N], drop[N], through[N];
    for (size_t j = 0; j < N; j++) detunings[j] = 0.03 * (double)(j * j % 7);
    ajp_ring_bank_transmit(&bank, N, detunings, drop, through);
    for (size_t k = 0; k < N; k++) {
        double left = 1.0, dropped = 0.0;
        for (size_t j = 0; j < N; j++) {
            double phase = detunings[j] + ((double)k - (double)j) * bank.channel_spacing_radians;
            dropped += left * aj_ring_drop_ratio(0.95, 0.95, 0.99, phase);
            left *= aj_ring_through_ratio(0.95, 0.95, 0.99, phase);
        }
        CHECK_CLOSE(drop[k], dropped, 1e-12);
        CHECK_CLOSE(through[k], left, 1e-12);
        CHECK(drop[k] + through[k] <= 1.0);
    }
    /* one ring: r = 0.95, a = 0.99 at five phases */
    static const double golden[5][3] = {{0.0, .0079532, .8293567},
                                        {.05, .1710851, .6929775},
                                        {.1, .4447649, .4641796},
                                        {.5, .9510767, .0409002},
                                        {3.14159265358979323846, .9968601, .0026250}};
    for (int i = 0; i < 5; i++) {
        ajp_ring_bank_transmit(&bank, 1, &golden[i][0], drop, through);
        CHECK_NEAR(through[0], golden[i][1], 1e-7);
        CHECK_NEAR(drop[0], golden[i][2], 1e-7);
    }
    /* a neighbour's tail is that of a Lorentz line, as long as the line is narrow */
    const ajp_ring_bank narrow = {0.999, 1.0, 2.0 * pi / 14.0};
    double two[2] = {pi / 14.0, 0.0}, on[2], past[2], loop = 0.999 * 0.999;
    ajp_ring_bank_transmit(&narrow, 2, two, on, past);
    double width = 2.0 * pi / aj_ring_finesse_ratio(loop), away = narrow.channel_spacing_radians;
    double own = aj_lorentzian_ratio(pi / 14.0, width);
    CHECK_CLOSE(on[0], own + (1.0 - own) * aj_lorentzian_ratio(away, width), 0.02);
}

static void test_tuning(void)
{
    const ajp_ring_bank bank = {0.97, 0.987, 2.0 * pi / N};
    double scratch[3 * N], weights[N], detunings[N], drop[N], through[N];
    double reach = ajp_ring_bank_reach(&bank, N, scratch);
    CHECK(reach > 0.5 && reach <= aj_ring_weight_ratio(0.97, 0.97, 0.987, 0.0));
    ajp_draws draws;
    ajp_draws_init(&draws, 3, 0);
    double worst = 0.0, alone = 0.0;
    for (int trial = 0; trial < 200; trial++) {
        for (size_t j = 0; j < N; j++) weights[j] = reach * (2.0 * ajp_draw_uniform(&draws) - 1.0);
        ajp_ring_bank_tune(&bank, N, weights, true, detunings, scratch);
        ajp_ring_bank_transmit(&bank, N, detunings, drop, through);
        for (size_t j = 0; j < N; j++) worst = fmax(worst, fabs(drop[j] - through[j] - weights[j]));
        ajp_ring_bank_tune(&bank, N, weights, false, detunings, scratch);
        ajp_ring_bank_transmit(&bank, N, detunings, drop, through);
        for (size_t j = 0; j < N; j++) alone = fmax(alone, fabs(drop[j] - through[j] - weights[j]));
    }
    printf("reach %.4f; largest weight error %.2g corrected, %.2g alone\n", reach, worst, alone);
    CHECK(worst < 1e-6);
    CHECK(alone > 0.02);
}

static const light_case cases[] = {
    {"both rails, 40 photons, two passes",
     "microring",
     24,
     3,
     true,
     {{"photons_per_mac", "2"},
      {"adc_kind", "ideal"},
      {"adc_bits", "none"},
      {"adc_range", "max"},
      {"adc_energy_joules", "none"}}},
    {"4 photons, lock errors",
     "microring",
     24,
     3,
     false,
     {{"photons_per_mac", "0.2"},
      {"lock_error_radians", "0.02"},
      {"adc_kind", "ideal"},
      {"adc_bits", "none"},
      {"adc_range", "max"},
      {"input_signs", "unsigned"}}},
    {"one by one, amplifier noise, 8 bit",
     "microring",
     24,
     2,
     true,
     {{"photons_per_mac", "50"},
      {"crosstalk_corrected", "no"},
      {"adc_range", "max"},
      {"receiver_noise_amperes", "100nA"},
      {"receiver_bandwidth_hertz", "5GHz"},
      {"control_bits", "4"}}},
};

/* Without noise and with corrected crosstalk the product is that of the network; each error moves it. */
static void test_errors(aj_context *context)
{
    static const light_case good = {"clean",
                                    "microring",
                                    36,
                                    4,
                                    true,
                                    {{"photons_per_mac", "1e9"},
                                     {"adc_kind", "ideal"},
                                     {"adc_bits", "none"},
                                     {"adc_range", "max"},
                                     {"control_bits", "none"},
                                     {"dac_kind", "ideal"},
                                     {"dac_bits", "none"}}};
    static const char *const knobs[][2] = {
        {"crosstalk_corrected", "no"}, {"control_bits", "3"}, {"lock_error_radians", "0.03"}};
    double *reads = malloc(LIGHT_DRAWS * sizeof *reads);
    for (int k = -1; k < 3; k++) {
        light_case c = good;
        if (k >= 0) {
            c.set[7][0] = knobs[k][0];
            c.set[7][1] = knobs[k][1];
        }
        light_bench b;
        light_open(&b, context, &c, 50);
        light_fast(&b, &c, 1, reads);
        double error = fabs(aj_sum(reads, 1000) / 1000.0 - light_exact(&b, &c, 1)), scale = 0.0;
        for (size_t j = 0; j < c.cols; j++) scale += fabs((double)b.inputs[j]) * 0.1;
        printf("%-20s error %.3g\n", k < 0 ? "clean" : knobs[k][0], error / scale);
        CHECK((error < 1e-4 * scale) == (k < 0));
        light_close(&b);
    }
    free(reads);
}

static void refused(aj_context *context, const char *key, const char *value, const char *word)
{
    aj_error err = {0};
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_hardware_load(&hardware, context, "microring", &err), err);
    CHECK_OK(aj_hardware_set(hardware, key, value, &err), err);
    CHECK(aj_hardware_check(hardware, &err) == AJ_BAD_ARGUMENT);
    CHECK(strstr(err.message, word) != NULL);
    aj_hardware_destroy(hardware);
}

/* Rings are held as long as the machine is reserved, those of an idle bank too. */
static void test_tuning_power(aj_context *context)
{
    aj_error err = {0};
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_hardware_load(&hardware, context, "microring", &err), err);
    const ajp_hardware_ops *ops = ajp_hardware_get_ops(hardware);
    ajp_workload work = {.batch = 1};
    double watts[AJ_N_CAUSES] = {0.0};
    CHECK_OK(ops->reserved_watts(ajp_hardware_get_params(hardware), &work, watts, &err), err);
    CHECK_CLOSE(watts[AJ_CAUSE_TUNING], 64.0 * 12.0 * 0.275e-3, 1e-12);
    CHECK_CLOSE(ops->peak_macs_per_second(ajp_hardware_get_params(hardware)), 64.0 * 12.0 * 5e9 / 2.0, 1e-12);
    aj_hardware_destroy(hardware);
}

int main(void)
{
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    test_transmission();
    test_tuning();
    test_errors(context);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) light_run(context, &cases[i], i);
    refused(context, "channel_spacing_meters", "0.4nm", "channel_spacing_meters");
    refused(context, "tile_cols", "13", "tile_cols");
    refused(context, "tile_cols", "none", "tile_cols");
    refused(context, "ring_round_trip_ratio", "0.8", "ring_");
    refused(context, "ring_length_meters", "none", "ring_length_meters");
    test_tuning_power(context);
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}

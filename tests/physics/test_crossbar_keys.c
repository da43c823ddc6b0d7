/* Every parameter of the crossbar family changes what is read, or what it costs, or how long it takes: a key
 * that changes nothing would be a lie to whoever sets it. */
#include "crossbar_case.h"

enum { COLS = 30, ROWS = 9, N_NUMBERS = AJ_N_CAUSES + 8 };

typedef struct {
    float outputs[CASE_CHUNK * ROWS];
    double numbers[N_NUMBERS];
} fingerprint;

/* A description in which every law has something to do. */
static const setting base[] = {{"conductance_min_siemens", "1uS"},
                               {"programming_noise_ratio", "0.02"},
                               {"programming_noise_proportional_ratio", "0.02"},
                               {"seconds_since_programming", "1000"},
                               {"drift_exponent", "0.05"},
                               {"drift_exponent_stddev", "0.01"},
                               {"drift_compensation", "global"},
                               {"read_noise", "yes"},
                               {"read_noise_ratio", "0.03"},
                               {"stuck_off_ratio", "0.05"},
                               {"stuck_on_ratio", "0.05"},
                               {"ir_drop", "exact"},
                               {"row_segment_ohms", "10"},
                               {"column_segment_ohms", "10"},
                               {"source_ohms", "100"},
                               {"sense_ohms", "100"},
                               {"iv_quadratic_ratio", "0.1"},
                               {"iv_cubic_ratio", "0.1"},
                               {"read_voltage_volts", "1mV"},
                               {"thermal_noise", "yes"},
                               {"tile_rows", "8"},
                               {"tile_cols", "16"},
                               {"arrays", "100"},
                               {"conversion_seconds", "150ns"},
                               {"driver_energy_joules", "1pJ"},
                               {"receiver_energy_joules", "1pJ"},
                               {"sample_hold_energy_joules", "1pJ"},
                               {"shift_add_energy_joules", "1pJ"},
                               {"programming_energy_joules", "1pJ"},
                               {"inferences_per_programming", "1000"},
                               {"link_joules_per_bit", "1pJ/bit"},
                               {"activation_bits", "8"},
                               {"adc_energy_joules", "1pJ"},
                               {"dac_energy_joules", "1pJ"},
                               {NULL, NULL}};

/* What each is set to in place of the above, and what has to go with it. */
static const setting others[][6] = {
    {{"encoding", "unit_column"}},
    {{"subtraction", "digital"}},
    {{"sides", "two"}},
    {{"weight_scale", "row"}},
    {{"conductance_min_siemens", "2uS"}},
    {{"conductance_max_siemens", "20uS"}},
    {{"conductance_states", "8"}},
    {{"weight_slices", "2"}, {"conductance_states", "8"}, {"weight_bits", "7"}},
    {{"device", "pcm-aihwkit"},
     {"programming_noise_ratio", "0"},
     {"programming_noise_proportional_ratio", "0"},
     {"drift_exponent", "0"},
     {"drift_exponent_stddev", "0"},
     {"read_noise_ratio", "0"}},
    {{"programming_error", "no"}},
    {{"programming_noise_ratio", "0.03"}},
    {{"programming_noise_proportional_ratio", "0.03"}},
    {{"seconds_since_programming", "2000"}},
    {{"drift_exponent", "0.06"}},
    {{"drift_exponent_stddev", "0.02"}},
    {{"drift_start_seconds", "10"}},
    {{"drift_compensation", "per_column"}},
    {{"read_noise", "no"}, {"read_noise_ratio", "0"}},
    {{"read_noise_ratio", "0.04"}},
    {{"read_noise_shared_by", "trial"}},
    {{"stuck_off_ratio", "0.1"}},
    {{"stuck_on_ratio", "0.1"}},
    {{"ir_drop", "analytic"}},
    {{"row_segment_ohms", "20"}},
    {{"column_segment_ohms", "20"}},
    {{"source_ohms", "200"}},
    {{"sense_ohms", "200"}},
    {{"iv_quadratic_ratio", "0.2"}},
    {{"iv_cubic_ratio", "0.2"}},
    {{"input_slicing", "two_pass"}},
    {{"input_sign", "unsigned"}},
    {{"read_voltage_volts", "2mV"}},
    {{"read_seconds", "200ns"}},
    {{"temperature_kelvin", "400"}},
    {{"thermal_noise", "charge"}},
    {{"shot_noise", "yes"}},
    {{"tile_rows", "6"}},
    {{"tile_cols", "10"}},
    {{"arrays", "2"}},
    {{"conversion_seconds", "200ns"}},
    {{"energy_mode", "fixed"}},
    {{"driver_energy_joules", "2pJ"}},
    {{"receiver_energy_joules", "2pJ"}},
    {{"sample_hold_energy_joules", "2pJ"}},
    {{"shift_add_energy_joules", "2pJ"}},
    {{"programming_energy_joules", "2pJ"}},
    {{"inferences_per_programming", "500"}},
    {{"link_joules_per_bit", "2pJ/bit"}},
    {{"adc_kind", "mid_tread"}, {"adc_bits", "4"}},
    {{"dac_kind", "sign_magnitude"}, {"dac_bits", "4"}},
    {{"adc_energy_joules", "2pJ"}},
    {{"dac_energy_joules", "2pJ"}},
};

static void find_numbers(const crossbar_case *c, double *out)
{
    double magnitudes[COLS], squares[COLS];
    for (size_t j = 0; j < COLS; j++) magnitudes[j] = 0.3, squares[j] = 0.2;
    ajp_product_work work = {.product = {.name = "fc", .rows = ROWS, .cols = COLS, .reps = 1},
                             .calibration = ajp_calibration_none(),
                             .weights = c->trial.products[0].request.weights,
                             .column_mean_magnitudes = magnitudes,
                             .column_mean_squares = squares};
    ajp_workload all = {.products = &work, .n_products = 1, .batch = 1};
    ajp_product_account per;
    aj_error err;
    CHECK_OK(ajp_crossbar_account(c->mapping.params, &all, 0, &per, &err), err);
    memcpy(out, per.energy.cause_joules, AJ_N_CAUSES * sizeof *out);
    out += AJ_N_CAUSES;
    const double rest[] = {per.input_symbols,
                           per.samples,
                           per.busy_seconds,
                           per.latency_seconds,
                           ajp_crossbar_peak(c->mapping.params),
                           (double)c->trial.products[0].frozen.n_planes};
    memcpy(out, rest, sizeof rest);
}

static void take(fingerprint *out, aj_context *context, const setting *change)
{
    setting set[48];
    size_t n = 0;
    for (size_t i = 0; base[i].key != NULL; i++) set[n++] = base[i];
    for (size_t i = 0; change != NULL && i < 6 && change[i].key != NULL; i++) set[n++] = change[i];
    set[n] = (setting){NULL, NULL};
    crossbar_case c;
    memset(out, 0, sizeof *out);
    crossbar_open(&c, context, COLS, ROWS, set, 3, true);
    crossbar_read(&c, 0);
    memcpy(out->outputs, c.outputs, sizeof out->outputs);
    find_numbers(&c, out->numbers);
    crossbar_close(&c);
}

/* Every key of the family's own is in the list; what it shares with others is tested with them. */
static void check_complete(void)
{
    const ajp_hardware_ops *ops = &ajp_hardware_crossbar;
    for (size_t i = 0; i < ops->n_params; i++) {
        size_t offset = ops->params[i].offset;
        if (offset < offsetof(ajp_crossbar, encoding)) continue; /* prices and converters */
        bool listed = false;
        for (size_t k = 0; k < sizeof others / sizeof others[0]; k++)
            listed = listed || strcmp(others[k][0].key, ops->params[i].key) == 0;
        if (!listed) fprintf(stderr, "'%s' is not tested\n", ops->params[i].key);
        CHECK(listed);
    }
}

int main(void)
{
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    fingerprint *plain = malloc(sizeof *plain), *changed = malloc(sizeof *changed);
    check_complete();
    take(plain, context, NULL);
    take(changed, context, NULL);
    CHECK(memcmp(plain, changed, sizeof *plain) == 0);
    for (size_t k = 0; k < sizeof others / sizeof others[0]; k++) {
        take(changed, context, others[k]);
        bool differs = memcmp(plain, changed, sizeof *plain) != 0;
        if (!differs) fprintf(stderr, "'%s' changes nothing\n", others[k][0].key);
        CHECK(differs);
    }
    free(plain);
    free(changed);
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}

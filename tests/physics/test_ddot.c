/* [slow] The ddot family: its fast read against fields and counts drawn one by one, dispersion against its
 * formula, noise and energy from one light path, what every key does, and what is refused.
 *
 * Power. 20,000 draws a side and output: a standard deviation is known to 0.5 %, its ratio to 0.7 %; the
 * limit of 2.9 % is 4 standard errors, so a coefficient of 1.05 on a noise is seen at 7. Kolmogorov-Smirnov:
 * critical distance 0.0223 at p = 1e-4. */
#include "fixture.h"
#include "hardware/ddot.h"

enum { COLS = 60, ROWS = 4, DRAWS = 20000 };

static aj_context *context;
static aj_error err;
static aj_model *model;
static aj_dataset *dataset;
static float exact[ROWS];

static aj_hardware *load(void)
{
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_hardware_load(&hardware, context, "lightening-transformer", &err), err);
    if (hardware == NULL) exit(1);
    return hardware;
}

static void set(aj_hardware *hardware, const char *key, const char *text)
{
    CHECK_OK(aj_hardware_set(hardware, key, text, &err), err);
}

/* Nothing but the product of two matrices: no light, no noise, no converters. */
static aj_hardware *plain(void)
{
    static const char *const zero[] = {"channel_spacing_meters", "phase_noise_radians", "weight_noise_ratio",
                                       "input_noise_ratio", "output_noise_ratio"};
    aj_hardware *hardware = load();
    for (size_t i = 0; i < sizeof zero / sizeof zero[0]; i++) set(hardware, zero[i], "0");
    set(hardware, "detector_watts", "none");
    set(hardware, "dac_energy_law", "fixed");
    set(hardware, "dac_energy_bits", "none");
    set(hardware, "dac_kind", "ideal");
    set(hardware, "dac_bits", "none");
    return hardware;
}

/* The same sample DRAWS times, as if it were as many. */
static void make_data(void)
{
    float *x = malloc((size_t)DRAWS * COLS * sizeof *x),
          *labels = calloc((size_t)DRAWS * ROWS, sizeof *labels);
    ajp_draws draws;
    ajp_draws_init(&draws, 2, 0);
    for (size_t j = 0; j < COLS; j++) x[j] = (float)ajp_draw_normal(&draws);
    for (size_t i = 1; i < DRAWS; i++) memcpy(x + i * COLS, x, COLS * sizeof *x);
    for (size_t i = 0; i < DRAWS; i++) labels[i * ROWS] = 1.0f;
    CHECK_OK(aj_npy_write_float32(context, fixture_path("x.npy"), x, DRAWS, COLS, &err), err);
    CHECK_OK(aj_npy_write_float32(context, fixture_path("y.npy"), labels, DRAWS, ROWS, &err), err);
    char name[1200];
    snprintf(name, sizeof name, "%s:%s", fixture_path("x.npy"), fixture_path("y.npy"));
    aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
    CHECK_OK(aj_dataset_open(&dataset, context, name, &options, &err), err);
    free(x);
    free(labels);
}

static void outputs_of(const aj_hardware *hardware, bool reference, float *out)
{
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    options.hardware = hardware;
    options.reference = reference;
    options.outputs = out;
    aj_evaluation result = {0};
    CHECK_OK(aj_evaluate(&result, context, model, dataset, &options, &err), err);
    aj_evaluation_destroy(&result);
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

typedef struct {
    double mean, deviation;
    float *sorted;
} column;

static column column_of(const float *out, size_t row, float *memory)
{
    column c = {.sorted = memory};
    for (size_t i = 0; i < DRAWS; i++) c.mean += (double)(memory[i] = out[i * ROWS + row]) / DRAWS;
    for (size_t i = 0; i < DRAWS; i++) c.deviation += pow((double)memory[i] - c.mean, 2.0) / DRAWS;
    c.deviation = sqrt(c.deviation);
    qsort(memory, DRAWS, sizeof *memory, compare_floats);
    return c;
}

static double ks_distance(const column *a, const column *b)
{
    double worst = 0.0;
    for (size_t i = 0, j = 0; i < DRAWS && j < DRAWS;) {
        if (a->sorted[i] <= b->sorted[j])
            i++;
        else
            j++;
        worst = fmax(worst, fabs((double)i - (double)j) / DRAWS);
    }
    return worst;
}

static void check_against_reference(const char *name, const aj_hardware *hardware, double limit)
{
    static float fast[DRAWS * ROWS], slow[DRAWS * ROWS], memory[2][DRAWS];
    outputs_of(hardware, false, fast);
    outputs_of(hardware, true, slow);
    for (size_t row = 0; row < ROWS; row++) {
        column a = column_of(fast, row, memory[0]), b = column_of(slow, row, memory[1]);
        double apart = fabs(a.mean - b.mean) / (b.deviation / sqrt(DRAWS / 2.0)),
               ratio = a.deviation / b.deviation, distance = ks_distance(&a, &b);
        if (!(apart < 4.0) || !(fabs(ratio - 1.0) < 0.029) || !(distance < limit))
            fprintf(stderr, "%s, row %zu: means %.2f standard errors apart, ratio %.4f, distance %.4f\n",
                    name, row, apart, ratio, distance);
        CHECK(apart < 4.0);
        CHECK(fabs(ratio - 1.0) < 0.029);
        CHECK(distance < limit);
    }
}

static void test_noises(void)
{
    static const struct {
        const char *name, *set[4][2];
        double limit; /* 0 = 0.0223 */
    } cases[] = {
        {"light", {{"detector_watts", "2uW"}}, 0},
        /* whole photons, of which a reading has few, and cosines, of which few products have the most, are
         * not normal: by so much the distributions differ, and their moments do not */
        {"little light", {{"detector_watts", "20nW"}}, 0.06},
        {"half of the light", {{"detector_watts", "2uW"}, {"quantum_efficiency_ratio", "0.5"}}, 0},
        {"phase", {{"phase_noise_radians", "0.2"}}, 0.08},
        {"weights", {{"weight_noise_ratio", "0.1"}}, 0},
        {"weights and phase", {{"weight_noise_ratio", "0.1"}, {"phase_noise_radians", "0.3"}}, 0},
        {"inputs", {{"input_noise_ratio", "0.1"}}, 0},
        {"readings", {{"output_noise_ratio", "0.05"}}, 0},
        {"readings of tiles", {{"output_noise_ratio", "0.05"}, {"time_accumulation", "1"}}, 0},
        {"dispersion", {{"detector_watts", "2uW"}, {"channel_spacing_meters", "5nm"}}, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        aj_hardware *hardware = plain();
        for (int k = 0; k < 4 && cases[i].set[k][0] != NULL; k++)
            set(hardware, cases[i].set[k][0], cases[i].set[k][1]);
        check_against_reference(cases[i].name, hardware, cases[i].limit > 0.0 ? cases[i].limit : 0.0223);
        aj_hardware_destroy(hardware);
    }
    aj_hardware *hardware = load();
    check_against_reference("lightening-transformer", hardware, 0.0223);
    aj_hardware_destroy(hardware);
}

/* Without noise: the product itself, and with dispersion the formula of the file's head. */
static void test_exact(void)
{
    static float out[DRAWS * ROWS], slow[DRAWS * ROWS];
    aj_hardware *hardware = plain();
    outputs_of(hardware, false, out);
    for (size_t row = 0; row < ROWS; row++) CHECK_NEAR(out[row], exact[row], 1e-5);
    set(hardware, "channel_spacing_meters", "5nm");
    outputs_of(hardware, false, out);
    outputs_of(hardware, true, slow);
    double moved = 0.0;
    for (size_t row = 0; row < ROWS; row++) {
        CHECK_NEAR(out[row], slow[row], 2e-5);
        moved = fmax(moved, fabs((double)out[row] - (double)exact[row]));
    }
    CHECK(moved > 1e-3);
    aj_hardware_destroy(hardware);
}

/* Twelve channels of 0.4 nm: 50:50 between the middle ones, d grows to the outer ones and changes its sign.
 */
static void test_dispersion(void)
{
    aj_hardware *hardware = load();
    const ajp_ddot *p = ajp_hardware_get_params(hardware);
    /* computed with the definition in Python, double precision */
    CHECK_NEAR(ajp_ddot_imbalance(p, 0), -0.008882583848, 1e-9);
    CHECK_NEAR(ajp_ddot_imbalance(p, 5), -0.001484158908, 1e-9);
    CHECK_NEAR(ajp_ddot_imbalance(p, 6), 0.001485649768, 1e-9);
    CHECK_NEAR(ajp_ddot_imbalance(p, 11), 0.008936253513, 1e-9);
    for (size_t k = 0; k < 11; k++) CHECK(ajp_ddot_imbalance(p, k) < ajp_ddot_imbalance(p, k + 1));
    set(hardware, "wavelengths", "13");
    CHECK(fabs(ajp_ddot_imbalance(p, 6)) < 1e-12);
    aj_hardware_destroy(hardware);
}

static double spread(const aj_hardware *hardware)
{
    static float out[DRAWS * ROWS], memory[DRAWS];
    outputs_of(hardware, false, out);
    return column_of(out, 0, memory).deviation;
}

static ajp_account account_of(const aj_hardware *hardware)
{
    ajp_product_work fc = {.product = {"fc", ROWS, COLS, 1, AJP_OPERAND_CONSTANT, 0},
                           .weight_sum_squares = 1.0,
                           .weight_max_abs = 1.0};
    ajp_workload work = {.products = &fc, .n_products = 1, .n_inputs = COLS, .n_outputs = ROWS, .batch = 1};
    ajp_product_account per;
    ajp_account total;
    memset(&total, 0, sizeof total);
    CHECK_OK(ajp_account_network(hardware, NULL, &work, &per, &total, &err), err);
    return total;
}

/* One light path: a lossier one costs laser at the same noise, or noise at the same laser. */
static void test_light_path(void)
{
    aj_hardware *hardware = plain();
    set(hardware, "detector_watts", "20nW");
    double noise = spread(hardware), laser = account_of(hardware).energy.cause_joules[AJ_CAUSE_LASER];
    const ajp_ddot *p = ajp_hardware_get_params(hardware);
    CHECK_CLOSE(laser, 5.0 * 20e-9 * 144.0 / pow(10.0, -0.422) / 0.2 / 5e9, 1e-9);
    set(hardware, "path_transmission_ratio", "7.22 dB");
    CHECK_CLOSE(account_of(hardware).energy.cause_joules[AJ_CAUSE_LASER], laser * pow(10.0, 0.3), 1e-9);
    CHECK(spread(hardware) == noise);
    double watts = ajp_ddot_laser_watts(p);
    set(hardware, "detector_watts", "none");
    CHECK_OK(aj_hardware_set_number(hardware, "laser_watts", watts, &err), err);
    CHECK_CLOSE(ajp_ddot_detector_watts(p), 20e-9, 1e-12);
    set(hardware, "path_transmission_ratio", "10.22 dB");
    CHECK_CLOSE(spread(hardware) / noise, pow(10.0, 0.15), 0.03);
    aj_hardware_destroy(hardware);
}

/* Causes that sum up, and an account that every price moves. */
static void test_account(void)
{
    static const char *const prices[] = {
        "modulator_energy_joules", "detector_energy_joules", "receiver_energy_joules", "adder_energy_joules",
        "register_joules_per_bit", "local_joules_per_bit",   "link_joules_per_bit",    "adc_energy_joules",
        "dac_energy_joules",       "detector_watts",         "sram_joules_per_bit",    "dram_joules_per_bit"};
    aj_hardware *hardware = load();
    double base = aj_energy_boundary(
        &(ajp_account[]) { account_of(hardware) } -> energy, AJ_SYSTEM);
    for (size_t i = 0; i < sizeof prices / sizeof prices[0]; i++) {
        aj_parameter was;
        CHECK(aj_hardware_find(hardware, prices[i], &was));
        CHECK_OK(aj_hardware_set_number(hardware, prices[i], 2.0 * was.value, &err), err);
        ajp_account total = account_of(hardware);
        CHECK(aj_energy_boundary(&total.energy, AJ_SYSTEM) > base);
        CHECK_OK(aj_hardware_set_number(hardware, prices[i], was.value, &err), err);
    }
    set(hardware, "input_sharing", "no");
    CHECK(aj_energy_boundary(
              &(ajp_account[]) { account_of(hardware) } -> energy, AJ_SYSTEM) > base);
    CHECK_CLOSE(2.0 * ajp_ddot_peak(ajp_hardware_get_params(hardware)), 2.0 * 1728.0 * 8.0 * 5e9, 1e-12);
    aj_hardware_destroy(hardware);
}

static void refuse(const char *key, const char *text, const char *part, const char *other)
{
    aj_hardware *hardware = load();
    set(hardware, key, text);
    memset(&err, 0, sizeof err);
    CHECK_INT(aj_hardware_check(hardware, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, part);
    CHECK_CONTAINS(err.message, other);
    aj_hardware_destroy(hardware);
}

int main(void)
{
    context = fixture_context(1, AJ_ISA_AUTO);
    size_t widths[] = {COLS, ROWS};
    model = fixture_network(context, fixture_path("one.onnx"), widths, 1, 21);
    make_data();
    static float all[DRAWS * ROWS];
    outputs_of(NULL, false, all);
    memcpy(exact, all, sizeof exact);
    test_exact();
    test_dispersion();
    test_light_path();
    test_noises();
    test_account();
    refuse("laser_watts", "1 mW", "'laser_watts'", "'detector_watts'");
    refuse("clock_hertz", "none", "'clock_hertz'", "'detector_watts'");
    refuse("core_rows", "none", "'core_rows'", "not described");
    refuse("core_cols", "2.5", "'core_cols'", "2.5");
    refuse("channel_spacing_meters", "90nm", "'channel_spacing_meters'", "'wavelengths'");
    refuse("dac_bits", "none", "'dac_bits'", "'dac_kind'");
    aj_dataset_close(dataset);
    aj_model_destroy(model);
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}

/* The digital family: its rounded arithmetic against the definition, the formats' order of accuracy,
 * exactness where nothing is rounded, prices by node, peaks, traffic, and what is refused. */
#include "fixture.h"
#include "hardware/digital.h"

enum { N = 60, OUTPUTS = 4 };

static aj_context *context;
static aj_error err;

static aj_hardware *load(const char *name)
{
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_hardware_load(&hardware, context, name, &err), err);
    if (hardware == NULL) exit(1);
    return hardware;
}

static void set(aj_hardware *hardware, const char *key, const char *text)
{
    CHECK_OK(aj_hardware_set(hardware, key, text, &err), err);
}

/* ---- arithmetic --------------------------------------------------------------------------------- */

static void outputs_of(const aj_model *model, const aj_dataset *dataset, const aj_hardware *hardware,
                       bool reference, float *out)
{
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    options.hardware = hardware;
    options.reference = reference;
    options.outputs = out;
    aj_evaluation result = {0};
    CHECK_OK(aj_evaluate(&result, context, model, dataset, &options, &err), err);
    aj_evaluation_destroy(&result);
}

/* Share of outputs that differ by more than float32's rounding of a sum. A kernel rounds x / scale in float32
 * and the definition in double: about one activation in 50,000 lies so near a tie that it goes the other way.
 */
static double share_apart(const float *a, const float *b)
{
    int n = 0;
    double largest = 0.0;
    for (int i = 0; i < N * OUTPUTS; i++) largest = fmax(largest, fabs((double)b[i]));
    for (int i = 0; i < N * OUTPUTS; i++) n += fabs((double)a[i] - (double)b[i]) > 2e-6 * largest;
    return (double)n / (double)(N * OUTPUTS);
}

/* Largest difference in units of the largest exact output. */
static double distance(const float *a, const float *b)
{
    double worst = 0.0, largest = 0.0;
    for (int i = 0; i < N * OUTPUTS; i++) {
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
        largest = fmax(largest, fabs((double)b[i]));
    }
    return worst / largest;
}

/* One layer: sums of the same rounded numbers differ by float32's rounding only. */
static void test_definition(void)
{
    static const char *const formats[] = {"fp32", "fp16", "bf16", "fp8_e4m3", "fp8_e5m2", "int8", "int4"};
    static const double bits[] = {32, 16, 16, 8, 8, 8, 4};
    static float exact[N * OUTPUTS], fast[N * OUTPUTS], slow[N * OUTPUTS];
    size_t widths[] = {300, OUTPUTS};
    aj_model *model = fixture_network(context, fixture_path("one.onnx"), widths, 1, 11);
    aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
    aj_dataset *dataset = NULL;
    CHECK_OK(aj_dataset_open(&dataset, context, fixture_dataset(context, model, "one", N, 5), &options, &err),
             err);
    outputs_of(model, dataset, NULL, false, exact);
    double errors[7];
    for (int w = 0; w < 7; w++)
        for (int a = 0; a < 7; a++) {
            aj_hardware *hardware = load("digital-45nm");
            set(hardware, "weight_format", formats[w]);
            set(hardware, "activation_format", formats[a]);
            CHECK_OK(aj_hardware_set_number(hardware, "weight_bits", bits[w], &err), err);
            CHECK_OK(aj_hardware_set_number(hardware, "activation_bits", bits[a], &err), err);
            if (a >= 3 && w % 2 == 1) set(hardware, "activation_range", "vector");
            if (a >= 3 && w % 2 == 0) set(hardware, "activation_percentile_ratio", "0.999");
            if (w >= 3 && a % 2 == 1) set(hardware, "weight_scale", "row");
            outputs_of(model, dataset, hardware, false, fast);
            outputs_of(model, dataset, hardware, true, slow);
            CHECK(share_apart(fast, slow) <= 0.05 && distance(fast, slow) < 0.02);
            if (w == 0 && a == 0) CHECK(memcmp(fast, exact, sizeof fast) == 0);
            if (w == a) errors[w] = distance(fast, exact);
            aj_hardware_destroy(hardware);
        }
    /* fewer mantissa bits, larger errors: 23, 10, 7, 3 (and its scale), 2; int8 between, int4 last */
    CHECK(errors[0] == 0.0 && errors[1] < errors[2] && errors[2] < errors[3] && errors[3] < errors[4]);
    CHECK(errors[1] < 1e-3 && errors[5] > errors[1] && errors[5] < errors[3] && errors[6] > 5.0 * errors[5]);
    aj_dataset_close(dataset);
    aj_model_destroy(model);
}

/* The largest weight of the matrix, or of each row, is the largest number of the format. */
static void test_scales(void)
{
    static const char *const scales[] = {"tensor", "row"};
    const float weights[2][3] = {{0.5f, -2.0f, 1.0f}, {0.25f, 0.0f, 0.1f}};
    for (int k = 0; k < 2; k++) {
        aj_hardware *hardware = load("tpu-v1");
        ajp_arena arena;
        ajp_frozen frozen;
        ajp_arena_init(&arena, context);
        set(hardware, "weight_scale", scales[k]);
        set(hardware, "activation_percentile_ratio", "0.99");
        ajp_freeze_request request = {.product = {.name = "fc", .rows = 2, .cols = 3},
                                      .weights = weights[0],
                                      .calibration = ajp_calibration_none(),
                                      .arena = &arena};
        request.calibration.max_abs = 50.8;
        for (int i = 0; i < AJP_N_PERCENTILES; i++) request.calibration.input_percentile[i] = 12.7 * (i + 1);
        CHECK_OK(ajp_digital_freeze(ajp_hardware_get_params(hardware), &request, &frozen, &err), err);
        const ajp_plane *plane = frozen.planes;
        const float tensor[] = {32, -127, 64, 16, 0, 6}, row[] = {32, -127, 64, 127, 0, 51};
        for (int i = 0; i < 6; i++) CHECK(plane->weights[i] == (k == 0 ? tensor : row)[i]);
        CHECK_CLOSE(plane->row_decode[0], 2.0 / 127.0, 1e-7);
        CHECK_CLOSE(plane->row_decode[1], (k == 0 ? 2.0 : 0.25) / 127.0, 1e-7);
        CHECK_CLOSE(frozen.encoding.full_scale, 0.1, 1e-12);
        CHECK(frozen.encoding.dac.high == 127.0f && frozen.encoding.dac.step == 1.0f);
        ajp_arena_free(&arena);
        aj_hardware_destroy(hardware);
    }
}

/* Every key changes the outputs. */
static void test_keys_matter(void)
{
    static const char *const changes[][2] = {{"weight_scale", "row"},
                                             {"activation_range", "vector"},
                                             {"activation_percentile_ratio", "0.99"},
                                             {"weight_format", "fp8_e4m3"},
                                             {"activation_format", "fp8_e5m2"}};
    static float base[N * OUTPUTS], changed[N * OUTPUTS];
    size_t widths[] = {120, 30, OUTPUTS};
    aj_model *model = fixture_network(context, fixture_path("two.onnx"), widths, 2, 12);
    aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
    aj_dataset *dataset = NULL;
    CHECK_OK(aj_dataset_open(&dataset, context, fixture_dataset(context, model, "two", N, 6), &options, &err),
             err);
    for (size_t i = 0; i <= sizeof changes / sizeof changes[0]; i++) {
        aj_hardware *hardware = load("tpu-v1");
        if (i > 0) set(hardware, changes[i - 1][0], changes[i - 1][1]);
        CHECK_OK(aj_hardware_check(hardware, &err), err);
        outputs_of(model, dataset, hardware, false, i == 0 ? base : changed);
        if (i > 0) CHECK(memcmp(base, changed, sizeof base) != 0);
        aj_hardware_destroy(hardware);
    }
    aj_dataset_close(dataset);
    aj_model_destroy(model);
}

/* ---- prices ------------------------------------------------------------------------------------- */

static double mac(int table, ajp_format weight, ajp_format activation)
{
    ajp_digital p = {.mac_energy_table = table, .weight_format = weight, .activation_format = activation};
    p.mac_energy_joules = (double)NAN;
    return ajp_digital_mac_joules(&p) * 1e12;
}

static void test_tables(void)
{
    CHECK_CLOSE(mac(DIGITAL_HOROWITZ_45NM, AJP_FORMAT_FP32, AJP_FORMAT_FP32), 4.6, 1e-12);
    CHECK_CLOSE(mac(DIGITAL_HOROWITZ_45NM, AJP_FORMAT_INT8, AJP_FORMAT_INT8), 0.3, 1e-12);
    CHECK_CLOSE(mac(DIGITAL_HOROWITZ_45NM, AJP_FORMAT_FP16, AJP_FORMAT_INT8), 2.0, 1e-12);
    CHECK(isnan(mac(DIGITAL_HOROWITZ_45NM, AJP_FORMAT_FP8_E4M3, AJP_FORMAT_FP8_E4M3)));
    CHECK_CLOSE(mac(DIGITAL_JOUPPI_7NM, AJP_FORMAT_BF16, AJP_FORMAT_BF16), 0.59, 1e-12);
    CHECK_CLOSE(mac(DIGITAL_JOUPPI_7NM, AJP_FORMAT_INT8, AJP_FORMAT_INT8), 0.10, 1e-12);
    CHECK_CLOSE(mac(DIGITAL_ALADDIN_40NM, AJP_FORMAT_INT8, AJP_FORMAT_INT8), 0.7925 + 0.21, 1e-12);
    CHECK_CLOSE(mac(DIGITAL_ALADDIN_40NM, AJP_FORMAT_INT8, AJP_FORMAT_INT4), 0.7925 + 0.21, 1e-12);
    CHECK(isnan(mac(DIGITAL_ALADDIN_40NM, AJP_FORMAT_BF16, AJP_FORMAT_BF16)));
}

/* Peaks as published: TPU v1 65,536 x 700 MHz x 2 = 91.75 TOPS; TPU v4i 138 TFLOPS; H100 989.4 TFLOPS. */
static void test_peaks(void)
{
    static const struct {
        const char *name;
        double operations;
    } peaks[] = {{"tpu-v1", 91.7504e12}, {"tpu-v4i", 137.6256e12}, {"h100", 989.4e12}};
    for (int i = 0; i < 3; i++) {
        aj_hardware *hardware = load(peaks[i].name);
        const ajp_hardware_ops *ops = ajp_hardware_get_ops(hardware);
        const ajp_digital *p = ajp_hardware_get_params(hardware);
        CHECK_CLOSE(2.0 * ops->peak_macs_per_second(p), peaks[i].operations, 1e-12);
        CHECK(isnan(ops->area_square_meters(p)));
        set(hardware, "area_square_meters", "331 mm2");
        CHECK_CLOSE(ops->area_square_meters(p), 331e-6, 1e-12);
        if (i == 0) CHECK_CLOSE(p->mac_energy_joules * ops->peak_macs_per_second(p), 40.0, 1e-3);
        if (i == 2) CHECK_CLOSE(p->mac_energy_joules * ops->peak_macs_per_second(p), 700.0, 1e-3);
        aj_hardware_destroy(hardware);
    }
}

static ajp_product_account account_of(const aj_hardware *hardware, size_t rows, size_t cols, unsigned batch,
                                      ajp_account *total)
{
    ajp_product_work fc = {.product = {"fc", rows, cols, 1, AJP_OPERAND_CONSTANT, 0},
                           .weight_sum_squares = 1.0,
                           .weight_max_abs = 1.0,
                           .digital_ops = (double)rows};
    ajp_workload work = {.products = &fc,
                         .n_products = 1,
                         .n_inputs = (double)cols,
                         .n_outputs = (double)rows,
                         .batch = batch};
    ajp_product_account per = {0};
    CHECK_OK(ajp_account_network(hardware, NULL, &work, &per, total, &err), err);
    return per;
}

/* Share of the energy that moves data. */
static double movement(const aj_hardware *hardware, size_t n, unsigned batch)
{
    ajp_account total;
    account_of(hardware, n, n, batch, &total);
    const double *cause = total.energy.cause_joules;
    return (cause[AJ_CAUSE_SRAM] + cause[AJ_CAUSE_DRAM]) / aj_energy_boundary(&total.energy, AJ_SYSTEM);
}

/* Most of a digital machine's energy moves data (the article's first claim of digital machines): nearly all
 * of it for a product whose weights come from outside and serve one input, less the more inputs they serve
 * and the more outputs an input serves. */
static void test_movement(void)
{
    aj_hardware *hardware = load("digital-7nm");
    set(hardware, "sram_bytes", "64 KiB");
    set(hardware, "power_usage_effectiveness", "1");
    double share = 1.0;
    for (unsigned batch = 1; batch <= 4096; batch *= 8) {
        double now = movement(hardware, 1024, batch);
        CHECK(now < share);
        if (batch == 1) CHECK(now > 0.99);
        share = now;
    }
    CHECK(share > 0.5 && share < 0.7); /* partial sums of eight folds, inputs read eight times */
    set(hardware, "array_cols", "8");  /* every input read 128 times */
    CHECK(movement(hardware, 1024, 4096) > share + 0.1);
    set(hardware, "array_cols", "1024"); /* the whole product in the array: nothing twice, but inputs and */
    set(hardware, "array_rows", "1024"); /* outputs of the network come and go */
    CHECK(movement(hardware, 1024, 4096) < share - 0.05);
    aj_hardware_destroy(hardware);
}

/* 1000 x 500 on four arrays of 128 x 128: 4 x 8 folds, 8 after one another. */
static void test_traffic(void)
{
    aj_hardware *hardware = load("tpu-v4i");
    ajp_account total;
    ajp_product_account per = account_of(hardware, 1000, 500, 2, &total);
    double folds = 8.0 * 4.0;
    CHECK_CLOSE(per.sram_bytes * 8.0,
                1000.0 * 500.0 / 2.0 * 16.0 + (500.0 * 8.0 + 1000.0) * 16.0 + 2.0 * 1000.0 * 3.0 * 32.0,
                1e-12);
    CHECK_CLOSE(per.latency_seconds, folds / 4.0 * (2.0 * 128.0 + 128.0 + 2.0 - 2.0) / 1.05e9, 1e-12);
    CHECK_CLOSE(per.energy.cause_joules[AJ_CAUSE_ARRAY], 5e5 * 0.59e-12, 1e-12);
    aj_hardware_destroy(hardware);
    hardware = load("h100");
    per = account_of(hardware, 1000, 500, 2, &total);
    CHECK(isnan(per.latency_seconds) && isnan(per.busy_seconds)); /* a peak is no time of a network */
    CHECK_CLOSE(aj_energy_boundary(&total.energy, AJ_ACCELERATOR), 5e5 * 1.415e-12, 1e-12);
    aj_hardware_destroy(hardware);
}

/* A rate that was measured gives times. */
static void test_measured(void)
{
    aj_hardware *hardware = load("cpu-here");
    ajp_account total;
    set(hardware, "mac_energy_joules", "20 pJ");
    set(hardware, "measured_macs_per_second", "1e10");
    ajp_product_account per = account_of(hardware, 1000, 500, 2, &total);
    CHECK_CLOSE(per.latency_seconds, 2.0 * 5e5 / 1e10, 1e-12);
    CHECK_CLOSE(per.busy_seconds, 5e5 / 1e10, 1e-12);
    CHECK_CLOSE(aj_energy_boundary(&total.energy, AJ_SYSTEM), 5e5 * 20e-12, 1e-12);
    aj_hardware_destroy(hardware);
}

/* ---- refusals ----------------------------------------------------------------------------------- */

static void refuse(const char *preset, const char *settings[][2], const char *key, const char *other)
{
    aj_hardware *hardware = load(preset);
    for (int i = 0; settings[i][0] != NULL; i++) set(hardware, settings[i][0], settings[i][1]);
    memset(&err, 0, sizeof err);
    CHECK_INT(aj_hardware_check(hardware, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, key);
    CHECK_CONTAINS(err.message, other);
    aj_hardware_destroy(hardware);
}
#define REFUSE(preset, key, other, ...) refuse(preset, (const char *[][2]){__VA_ARGS__, {NULL}}, key, other)

static void test_refusals(void)
{
    REFUSE("digital-45nm", "'weight_format'", "'weight_bits'", {"weight_format", "int8"});
    REFUSE("tpu-v1", "'activation_format'", "'activation_bits'", {"activation_bits", "4"});
    REFUSE("digital-45nm", "'mac_energy_table'", "'mac_energy_joules'",
           {"mac_energy_table", "horowitz_45nm"});
    REFUSE("digital-45nm", "'mac_energy_joules'", "aj bench", {"mac_energy_joules", "none"});
    REFUSE("digital-45nm", "'weight_scale'", "fp32", {"weight_scale", "row"});
    REFUSE("tpu-v4i", "'activation_range'", "bf16", {"activation_range", "vector"});
    REFUSE("tpu-v4i", "'activation_percentile_ratio'", "'activation_format'",
           {"activation_percentile_ratio", "0.99"});
    REFUSE("tpu-v1", "'activation_percentile_ratio'", "0.995", {"activation_percentile_ratio", "0.995"});
    REFUSE("digital-45nm", "'measured_macs_per_second'", "'clock_hertz'",
           {"measured_macs_per_second", "1e10"});
    REFUSE("h100", "'peak_macs_per_second'", "'clock_hertz'", {"clock_hertz", "1 GHz"});
    /* a range from data, and there are none */
    aj_hardware *hardware = load("tpu-v1");
    ajp_arena arena;
    ajp_arena_init(&arena, context);
    float one = 1.0f;
    ajp_freeze_request request = {.product = {.name = "fc", .rows = 1, .cols = 1},
                                  .weights = &one,
                                  .calibration = ajp_calibration_none(),
                                  .arena = &arena};
    ajp_frozen frozen;
    CHECK_INT(ajp_digital_freeze(ajp_hardware_get_params(hardware), &request, &frozen, &err),
              AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "'activation_range'");
    ajp_arena_free(&arena);
    /* what runs digitally is not rounded: such a fallback would price another machine */
    ajp_product_work fc = {.product = {"attention", 4, 4, 1, AJP_OPERAND_DYNAMIC, 0}, .runs_digitally = true};
    ajp_workload work = {.products = &fc, .n_products = 1, .n_inputs = 4, .n_outputs = 4, .batch = 1};
    ajp_product_account per;
    ajp_account total;
    CHECK_INT(ajp_account_network(hardware, hardware, &work, &per, &total, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "attention");
    aj_hardware_destroy(hardware);
}

int main(void)
{
    context = fixture_context(1, AJ_ISA_AUTO);
    test_definition();
    test_scales();
    test_keys_matter();
    test_tables();
    test_peaks();
    test_movement();
    test_traffic();
    test_measured();
    test_refusals();
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}

/* One power budget for every machine of intensities: the photons that set the noise are those that the laser
 * is paid for, through path, link, modulator and wall plug; and the closed forms of an incoherent link. */
#include "attojoule/physics.h"
#include "check.h"
#include "hardware/hardware_ops.h"

enum { ROWS = 64, COLS = 4096 };

static aj_context *context;
static aj_error err;
static float weights[ROWS * COLS], x[COLS];

typedef struct {
    aj_hardware *hardware;
    const ajp_hardware_ops *ops;
    const void *params;
} machine;

static machine open_machine(const char *preset)
{
    machine m = {NULL, NULL, NULL};
    CHECK_OK(aj_hardware_load(&m.hardware, context, preset, &err), err);
    m.ops = ajp_hardware_get_ops(m.hardware);
    m.params = ajp_hardware_get_params(m.hardware);
    return m;
}

static void set(const machine *m, const char *key, const char *text)
{
    CHECK_OK(aj_hardware_set(m->hardware, key, text, &err), err);
}

/* Weights uniform in -1 ... 1, inputs uniform in 0 ... 1. */
static void fill(void)
{
    ajp_draws draws;
    ajp_draws_init(&draws, 21, 0);
    for (size_t i = 0; i < ROWS * COLS; i++) weights[i] = (float)(2.0 * ajp_draw_uniform(&draws) - 1.0);
    for (size_t j = 0; j < COLS; j++) x[j] = (float)ajp_draw_uniform(&draws);
}

static ajp_freeze_request request_of(ajp_arena *arena, size_t rows, size_t cols)
{
    return (ajp_freeze_request){.product = {"case", rows, cols, 1, AJP_OPERAND_CONSTANT, 0},
                                .weights = weights,
                                .n_tiles = 1,
                                .tile_cols = cols,
                                .calibration = ajp_calibration_none(),
                                .seed = 1,
                                .arena = arena};
}

/* Mean over the rows of the variance of a result, from the law. */
static double law_variance(const machine *m, size_t rows, size_t cols)
{
    ajp_arena arena;
    ajp_arena_init(&arena, context);
    ajp_freeze_request request = request_of(&arena, rows, cols);
    ajp_frozen frozen;
    CHECK_OK(m->ops->freeze(m->params, &request, &frozen, &err), err);
    const ajp_plane *plane = &frozen.planes[0];
    double largest = 0.0, result = 0.0;
    for (size_t j = 0; j < cols; j++) largest = fmax(largest, (double)x[j]);
    ajp_vector_moments moments = {0.0, 0.0, 1.0, 0.0};
    for (size_t j = 0; j < cols; j++) {
        double e = (double)x[j] / largest;
        moments.sum_magnitudes += e;
        moments.sum_squares += e * e;
        if (plane->moment_weights != NULL) moments.sum_weighted += (double)plane->moment_weights[j] * e;
    }
    float gain = 0, variance = 0, second = 0, total = 0, decode = 0;
    ajp_plane_laws laws = {&gain, &variance, &second, &total, &decode};
    m->ops->laws(m->params, &request, &frozen, 0, 1, &moments, &largest, &laws);
    const float *sums = plane->second_weights != NULL ? plane->second_weights : plane->weights;
    for (size_t i = 0; i < rows; i++) {
        double s = 0.0;
        for (size_t j = 0; j < cols; j++) s += (double)sums[i * cols + j] * (double)x[j] / largest;
        result += pow((double)decode * largest, 2.0) * ((double)second * s + (double)variance) / (double)rows;
    }
    ajp_arena_free(&arena);
    return result;
}

/* Normalised error 0.25 / sqrt(photons per MAC): E|W||x| = N/4, half of it on either rail. */
static void test_closed_form(void)
{
    machine m = open_machine("netcast-snspd");
    const char *const photons[] = {"1", "4"};
    for (int k = 0; k < 2; k++) {
        set(&m, "photons_per_mac", photons[k]);
        double n = k == 0 ? 1.0 : 4.0, want = 0.25 / sqrt(n);
        CHECK_CLOSE(sqrt(law_variance(&m, ROWS, COLS) / COLS), want, 0.01);
        ajp_arena arena;
        ajp_arena_init(&arena, context);
        ajp_freeze_request request = request_of(&arena, ROWS, COLS);
        ajp_draws draws;
        ajp_draws_init(&draws, 5, (uint64_t)k);
        double squares = 0.0, y[ROWS];
        enum { N = 16 };
        for (int d = 0; d < N; d++) {
            CHECK_OK(m.ops->reference(m.params, &request, x, &draws, y, &err), err);
            for (size_t i = 0; i < ROWS; i++) {
                double exact = 0.0;
                for (size_t j = 0; j < COLS; j++) exact += (double)weights[i * COLS + j] * (double)x[j];
                squares += (y[i] - exact) * (y[i] - exact);
            }
        }
        /* 1,024 results: 2.2 % of standard error */
        CHECK_CLOSE(sqrt(squares / (N * ROWS * (double)COLS)), want, 0.1);
        ajp_arena_free(&arena);
    }
    aj_hardware_destroy(m.hardware);
}

static ajp_product_work work_of(size_t rows, size_t cols)
{
    return (ajp_product_work){.product = {"fc", rows, cols, 1, AJP_OPERAND_CONSTANT, 0}, .weights = weights};
}

static ajp_account account_of(const machine *m, ajp_product_work *products, size_t n,
                              ajp_product_account *per)
{
    ajp_workload work = {.products = products,
                         .n_products = n,
                         .n_inputs = (double)products[0].product.cols,
                         .n_outputs = (double)products[n - 1].product.rows,
                         .batch = 1,
                         .mode = AJP_MODE_LATENCY};
    ajp_account total;
    memset(&total, 0, sizeof total);
    CHECK_OK(ajp_account_network(m->hardware, NULL, &work, per, &total, &err), err);
    return total;
}

/* 784-300-100-10 at one photon per MAC over 30 dB: 34.1 fJ received, 34.1 pJ sent; two conversions and one
 * digital operation an output at 1 pJ each: 1.23 nJ. */
static void test_two_sides(void)
{
    machine m = open_machine("netcast-snspd");
    ajp_product_work layers[3] = {work_of(300, 784), work_of(100, 300), work_of(10, 100)};
    ajp_product_account per[3];
    set(&m, "photons_per_mac", "1");
    set(&m, "wall_plug_ratio", "1");
    set(&m, "modulator", "generative");
    set(&m, "detector_nodes", "2");
    set(&m, "adc_energy_joules", "1pJ");
    set(&m, "digital_op_joules", "1pJ");
    ajp_account total = account_of(&m, layers, 3, per);
    CHECK_CLOSE(total.energy.optical_joules, 34.1e-15, 2e-3);
    double sent = 0.0; /* behind the server's modulators; the laser pays for what they absorb as well */
    for (int k = 0; k < 3; k++) {
        double joules = per[k].photons_launched * aj_photon_energy_joules(1550e-9);
        CHECK_CLOSE(per[k].energy.cause_joules[AJ_CAUSE_LASER], joules, 1e-12);
        sent += joules / per[k].weight_crest_ratio;
    }
    CHECK_CLOSE(sent, 34.1e-12, 2e-3);
    CHECK_CLOSE(total.energy.cause_joules[AJ_CAUSE_ADC] + total.energy.cause_joules[AJ_CAUSE_DIGITAL],
                1.23e-9, 1e-6);
    set(&m, "input_symbol_joules", "3pJ");
    set(&m, "weight_symbol_joules", "2pJ");
    ajp_account both = account_of(&m, layers, 3, per);
    set(&m, "accounted_side", "client");
    ajp_account client = account_of(&m, layers, 3, per);
    set(&m, "accounted_side", "server");
    ajp_account server = account_of(&m, layers, 3, per);
    for (int cause = AJ_CAUSE_LASER; cause <= AJ_CAUSE_DIGITAL; cause++) {
        if ((both.energy.applies >> cause & 1u) == 0) continue;
        double sum = client.energy.cause_joules[cause] + server.energy.cause_joules[cause];
        CHECK(isnan(both.energy.cause_joules[cause]) ||
              fabs(sum - both.energy.cause_joules[cause]) < 1e-12 * both.energy.cause_joules[cause] + 1e-30);
    }
    CHECK(client.energy.cause_joules[AJ_CAUSE_LASER] == 0.0);
    CHECK(server.energy.cause_joules[AJ_CAUSE_ADC] == 0.0);
    CHECK_CLOSE(client.energy.cause_joules[AJ_CAUSE_MODULATOR], (784 + 300 + 100) * 3e-12, 1e-12);
    CHECK_CLOSE(server.energy.cause_joules[AJ_CAUSE_MODULATOR], 266200 * 2e-12, 1e-12);
    aj_hardware_destroy(m.hardware);
}

/* With light counted at the detectors a loss is paid by the laser; with light counted at the laser it is paid
 * by the noise, and the optical energy falls with it: the same factor everywhere. */
static void test_loss(const char *preset, const char *loss_key)
{
    machine m = open_machine(preset);
    ajp_product_work fc = work_of(40, 200);
    ajp_product_account near, far;
    set(&m, "wall_plug_ratio", "0.2");
    set(&m, "path_transmission_ratio", "1");
    set(&m, "laser_gated", "yes");
    set(&m, "modulator", "generative");
    set(&m, "photons_per_mac", "2");
    set(&m, loss_key, "0.5");
    double quiet = law_variance(&m, 40, 200);
    account_of(&m, &fc, 1, &near);
    set(&m, loss_key, "0.05");
    CHECK_CLOSE(law_variance(&m, 40, 200), quiet, 1e-6);
    account_of(&m, &fc, 1, &far);
    CHECK_CLOSE(far.energy.optical_joules, near.energy.optical_joules, 1e-12);
    CHECK_CLOSE(far.energy.cause_joules[AJ_CAUSE_LASER], 10.0 * near.energy.cause_joules[AJ_CAUSE_LASER],
                1e-12);
    set(&m, "photons_per_mac", "none");
    if (strcmp(preset, "wang-2022") == 0) set(&m, "mask_transmission_ratio", "none");
    set(&m, "launched_photons_per_mac", "100");
    double noisy = law_variance(&m, 40, 200);
    account_of(&m, &fc, 1, &far);
    set(&m, loss_key, "0.5");
    account_of(&m, &fc, 1, &near);
    CHECK_CLOSE(noisy, 10.0 * law_variance(&m, 40, 200), 1e-5);
    CHECK_CLOSE(far.energy.cause_joules[AJ_CAUSE_LASER], near.energy.cause_joules[AJ_CAUSE_LASER], 1e-12);
    CHECK_CLOSE(near.energy.optical_joules, 10.0 * far.energy.optical_joules, 1e-12);
    CHECK_CLOSE(near.energy.cause_joules[AJ_CAUSE_LASER],
                100.0 * 8000.0 *
                    aj_photon_energy_joules(near.energy.optical_joules > 0 && strcmp(preset, "wang-2022") == 0
                                                ? 532e-9
                                                : 1550e-9) /
                    0.2,
                1e-12);
    /* what is at the detectors after the loss is what the same number counted there would be */
    char text[40];
    snprintf(text, sizeof text, "%.17g", near.photons_incident / 8000.0);
    double variance = law_variance(&m, 40, 200);
    set(&m, "launched_photons_per_mac", "none");
    set(&m, "photons_per_mac", text);
    CHECK_CLOSE(law_variance(&m, 40, 200), variance, 0.05); /* inputs differ from the account's even ones */
    aj_hardware_destroy(m.hardware);
}

/* Of an absorbing input modulator: cols / sum of mean |e|; of a mask 1 / its mean transmission. */
static void test_crest(void)
{
    machine m = open_machine("netcast-snspd");
    ajp_product_work fc = work_of(40, 200);
    ajp_product_account per;
    double magnitudes[200], weighted = 0.0, light = 0.0;
    for (size_t j = 0; j < 200; j++) magnitudes[j] = j < 100 ? 0.3 : 0.1;
    set(&m, "modulator", "absorbing");
    set(&m, "link_transmission_ratio", "1");
    account_of(&m, &fc, 1, &per);
    CHECK(isnan(per.photons_launched)); /* no data */
    fc.column_mean_magnitudes = magnitudes;
    account_of(&m, &fc, 1, &per);
    double largest = 0.0;
    for (size_t i = 0; i < 8000; i++) largest = fmax(largest, fabs((double)weights[i]));
    for (size_t j = 0; j < 200; j++) {
        light += magnitudes[j];
        for (size_t i = 0; i < 40; i++)
            weighted += magnitudes[j] * fabs((double)weights[i * 200 + j]) / largest / 40.0;
    }
    CHECK_CLOSE(per.input_crest_ratio, 5.0, 1e-12);
    CHECK_CLOSE(per.weight_crest_ratio, light / weighted, 1e-9);
    CHECK_CLOSE(per.photons_incident, 8000.0, 1e-12);
    CHECK_CLOSE(per.photons_launched, 8000.0 * 5.0 * light / weighted, 1e-9);
    aj_hardware_destroy(m.hardware);
}

static void test_time(void)
{
    machine m = open_machine("netcast-snspd");
    ajp_product_work fc = work_of(40, 200);
    ajp_product_account per;
    set(&m, "clock_hertz", "1e9");
    set(&m, "readout_seconds", "10ns");
    set(&m, "tile_rows", "16");
    set(&m, "tile_cols", "64");
    set(&m, "input_signs", "two_passes");
    set(&m, "receiver_energy_joules", "1fJ");
    account_of(&m, &fc, 1, &per);
    CHECK_CLOSE(per.busy_seconds, 3.0 * 2.0 * 200e-9, 1e-12);
    CHECK_CLOSE(per.latency_seconds, 3.0 * 2.0 * 200e-9 + 3.0 * 4.0 * 10e-9, 1e-12);
    CHECK_CLOSE(per.samples, 160.0, 1e-12);
    CHECK_CLOSE(per.input_symbols, 1200.0, 1e-12);
    CHECK_CLOSE(per.weight_symbols, 16000.0, 1e-12);
    CHECK_CLOSE(per.energy.cause_joules[AJ_CAUSE_RECEIVER], 160e-15, 1e-12);
    set(&m, "integration", "symbol");
    account_of(&m, &fc, 1, &per);
    CHECK_CLOSE(per.samples, 40.0 * 400.0, 1e-12);
    aj_hardware_destroy(m.hardware);
}

static void refused(const char *preset, const char *const (*sets)[2], size_t n, const char *word)
{
    machine m = open_machine(preset);
    for (size_t i = 0; i < n; i++) set(&m, sets[i][0], sets[i][1]);
    CHECK(aj_hardware_check(m.hardware, &err) == AJ_BAD_ARGUMENT);
    CHECK(strstr(err.message, word) != NULL);
    aj_hardware_destroy(m.hardware);
}
#define REFUSED(preset, word, ...)                                 \
    do {                                                           \
        const char *const sets[][2] = {__VA_ARGS__};               \
        refused(preset, sets, sizeof sets / sizeof sets[0], word); \
    } while (0)

static void test_refusals(void)
{
    REFUSED("wang-2022", "launched_photons_per_mac", {"launched_photons_per_mac", "3"});
    REFUSED("wang-2022", "photons_per_mac", {"photons_per_mac", "none"});
    REFUSED("wang-2022", "path_transmission_ratio", {"photons_per_mac", "none"},
            {"launched_photons_per_mac", "3"});
    REFUSED("netcast", "link_transmission_ratio", {"photons_per_mac", "none"},
            {"launched_photons_per_mac", "3"}, {"link_transmission_ratio", "none"});
    REFUSED("netcast", "modulator", {"photons_per_mac", "none"}, {"launched_photons_per_mac", "3"},
            {"modulator", "none"});
    REFUSED("netcast", "receiver_bandwidth_hertz", {"receiver_noise_amperes", "1nA"});
    REFUSED("netcast", "clock_hertz", {"dark_counts_hertz", "100"});
    REFUSED("wang-2022", "parallel_inputs", {"parallel_inputs", "9"}, {"tile_cols", "8"});
    REFUSED("wang-2022", "mask_transmission_ratio", {"photons_per_mac", "none"},
            {"launched_photons_per_mac", "3"}, {"path_transmission_ratio", "1"});
    machine m = open_machine("wang-2022");
    const char *why = NULL;
    ajp_product two = {.name = "attention", .rows = 4, .cols = 4, .reps = 1, .weights = AJP_OPERAND_DYNAMIC};
    CHECK(!m.ops->supports(m.params, &two, &why) && why != NULL);
    aj_hardware_destroy(m.hardware);
}

int main(void)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    fill();
    test_closed_form();
    test_two_sides();
    test_loss("wang-2022", "path_transmission_ratio");
    test_loss("wang-2022", "modulator_transmission_ratio");
    test_loss("netcast-snspd", "link_transmission_ratio");
    test_crest();
    test_time();
    test_refusals();
    aj_context_destroy(context);
    return check_report();
}

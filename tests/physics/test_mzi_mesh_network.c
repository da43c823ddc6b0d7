/* [threads] Networks on meshes: exact where nothing is wrong, read as the slow reference reads, the same bits
 * for any threads, chunk and instruction set, and one account whose parts sum. */
#include "fixture.h"

enum { N_IN = 9, N_OUT = 6, COPIES = 3000, MIXED = 60 };
static aj_error err;

typedef struct {
    const char *const (*set)[2]; /* settings, ended by NULL */
    bool reference, exact;
    unsigned n_threads;
    aj_isa isa;
    size_t chunk;
} task;

static aj_evaluation evaluate(const task *t, const char *model_path, const char *data, float *outputs)
{
    aj_context *context = fixture_context(t->n_threads > 0 ? t->n_threads : 1, t->isa);
    aj_model *model = NULL;
    aj_dataset *dataset = NULL;
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_model_load(&model, context, model_path, &err), err);
    CHECK_OK(aj_dataset_open(&dataset, context, data, NULL, &err), err);
    CHECK_OK(aj_hardware_load(&hardware, context, "shen-2017", &err), err);
    for (size_t i = 0; t->set != NULL && t->set[i][0] != NULL; i++)
        CHECK_OK(aj_hardware_set(hardware, t->set[i][0], t->set[i][1], &err), err);
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    options.hardware = t->exact ? NULL : hardware;
    options.chunk = t->chunk;
    options.reference = t->reference;
    options.outputs = outputs;
    aj_evaluation record = {0};
    CHECK_OK(aj_evaluate(&record, context, model, dataset, &options, &err), err);
    aj_hardware_destroy(hardware);
    aj_dataset_close(dataset);
    aj_model_destroy(model);
    aj_context_destroy(context);
    return record;
}

static const char *make_network(const char *name, const size_t *widths, size_t n_layers)
{
    const char *path = fixture_path(name);
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    aj_model_destroy(fixture_network(context, path, widths, n_layers, 5));
    aj_context_destroy(context);
    return path;
}

static const char *make_data(const char *name, size_t n_features, size_t n, bool copies)
{
    const char *path = fixture_path(name);
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    float *x = malloc(n * n_features * sizeof *x);
    ajp_draws draws;
    ajp_draws_init(&draws, 61, 1);
    for (size_t i = 0; i < n * n_features; i++)
        x[i] = copies && i >= n_features ? x[i - n_features] : (float)ajp_draw_normal(&draws);
    CHECK_OK(aj_npy_write_float32(context, path, x, n, n_features, &err), err);
    free(x);
    aj_context_destroy(context);
    return path;
}

/* One tile, no noise, no converters: bit for bit the plan without hardware. */
static void test_exact(void)
{
    static const char *const perfect[][2] = {{"array_ports", "32"},           {"detection_noise_ratio", "0"},
                                             {"phase_error_radians", "0"},    {"self_configuration", "real"},
                                             {"mzi_transmission_ratio", "1"}, {NULL, NULL}};
    const char *model = make_network("exact.onnx", (const size_t[]){20, 30, 7}, 2);
    const char *data = make_data("exact.npy", 20, MIXED, false);
    static float on[MIXED * 7], off[MIXED * 7];
    task t = {.set = perfect};
    aj_evaluation r = evaluate(&t, model, data, on);
    aj_evaluation_destroy(&r);
    t.exact = true;
    r = evaluate(&t, model, data, off);
    aj_evaluation_destroy(&r);
    CHECK(memcmp(on, off, sizeof on) == 0 && off[0] != 0.0f);
}

typedef struct {
    double mean, variance;
} moments;
static moments of_output(const float *y, size_t output)
{
    moments m = {0.0, 0.0};
    for (size_t i = 0; i < COPIES; i++) m.mean += (double)y[i * N_OUT + output] / COPIES;
    for (size_t i = 0; i < COPIES; i++)
        m.variance += pow((double)y[i * N_OUT + output] - m.mean, 2.0) / (COPIES - 1);
    return m;
}

/* The same sample 3,000 times through the program, fast and slow: the same chip, so the same means (5
 * standard errors are 13 % of a standard deviation) and variances (within 18 %). */
static void test_reads(void)
{
    static const char *const wrong[][2] = {{"photons_per_mac", "60"},
                                           {"path_transmission_ratio", "0.5"},
                                           {"mzi_transmission_ratio", "0.3dB"},
                                           {"splitter_error_radians", "0.05"},
                                           {"phase_error_radians", "0.05"},
                                           {"detection_noise_ratio", "0.005"},
                                           {"phase_bits", "6"},
                                           {NULL, NULL}};
    const char *model = make_network("reads.onnx", (const size_t[]){N_IN, N_OUT}, 1);
    const char *data = make_data("reads.npy", N_IN, COPIES, true);
    static float fast[COPIES * N_OUT], slow[COPIES * N_OUT];
    task t = {.set = wrong};
    aj_evaluation r = evaluate(&t, model, data, fast);
    aj_evaluation_destroy(&r);
    t.reference = true;
    r = evaluate(&t, model, data, slow);
    aj_evaluation_destroy(&r);
    for (size_t i = 0; i < N_OUT; i++) {
        moments f = of_output(fast, i), s = of_output(slow, i);
        CHECK(s.variance > 0.0);
        CHECK_NEAR(f.mean, s.mean, 5.0 * sqrt((f.variance + s.variance) / COPIES));
        CHECK_CLOSE(f.variance, s.variance, 5.0 * sqrt(4.0 / COPIES));
    }
}

static void test_bits(void)
{
    static const char *const wrong[][2] = {
        {"photons_per_mac", "60"},          {"path_transmission_ratio", "0.5"},
        {"splitter_error_radians", "0.05"}, {"phase_noise_radians", "0.02"},
        {"adc_kind", "mid_tread"},          {"adc_bits", "8"},
        {"adc_range", "calibrated"},        {NULL, NULL}};
    const char *model = make_network("bits.onnx", (const size_t[]){20, 30, 7}, 2);
    const char *data = make_data("bits.npy", 20, MIXED, false);
    static float first[MIXED * 7], other[MIXED * 7];
    task t = {.set = wrong};
    aj_evaluation r = evaluate(&t, model, data, first);
    CHECK(isnan(r.energy.cause_joules[AJ_CAUSE_TUNING]));
    aj_evaluation_destroy(&r);
    const task tries[] = {
        {.n_threads = 3, .chunk = 7}, {.isa = AJ_ISA_SCALAR, .chunk = 64}, {.isa = AJ_ISA_AVX2}};
    for (size_t i = 0; i < 3; i++) {
        if (!aj_isa_supported(tries[i].isa)) continue;
        t = tries[i];
        t.set = wrong;
        r = evaluate(&t, model, data, other);
        aj_evaluation_destroy(&r);
        CHECK(memcmp(first, other, sizeof first) == 0);
    }
}

int main(void)
{
    test_exact();
    test_reads();
    test_bits();
    fixture_remove();
    return check_report();
}

/* [threads] simulate: the same bits for any threads, chunk and instruction set; batch changes energy only;
 * sweeps resume; errors. */
#include "fixture.h"
#include "simulate/study.h"

#include <sys/stat.h>

typedef struct {
    const char *model_path, *set;
} fixture;

static aj_evaluation evaluate(const fixture *f, unsigned n_threads, aj_isa isa, size_t chunk, unsigned batch,
                              const char *const (*set)[2], size_t n_set, float *outputs, aj_status want)
{
    aj_error err = {0};
    aj_context *context = fixture_context(n_threads, isa);
    aj_model *model = NULL;
    aj_dataset *dataset = NULL;
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_model_load(&model, context, f->model_path, &err), err);
    CHECK_OK(aj_dataset_open(&dataset, context, f->set, NULL, &err), err);
    CHECK_OK(aj_hardware_load(&hardware, context, "homodyne-parts", &err), err);
    CHECK_OK(aj_hardware_set(hardware, "photons_per_mac", "20", &err), err);
    for (size_t i = 0; i < n_set; i++) CHECK_OK(aj_hardware_set(hardware, set[i][0], set[i][1], &err), err);
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    options.hardware = hardware;
    options.n_trials = 2;
    options.chunk = chunk;
    options.batch = batch;
    options.per_layer = true;
    options.outputs = outputs;
    aj_evaluation record = {0};
    aj_status st = aj_evaluate(&record, context, model, dataset, &options, &err);
    if (st != want) fprintf(stderr, "%s: %s\n", aj_status_name(st), err.message);
    CHECK_INT(st, want);
    aj_hardware_destroy(hardware);
    aj_dataset_close(dataset);
    aj_model_destroy(model);
    aj_context_destroy(context);
    return record;
}

static void without_time(aj_evaluation *record)
{
    record->duration_seconds = 0.0;
}

static char *as_text(aj_evaluation *record)
{
    aj_error err = {0};
    char *text = NULL;
    without_time(record);
    CHECK_OK(aj_evaluation_to_json(record, 0, &text, &err), err);
    aj_evaluation_destroy(record);
    return text;
}

static void invariance(const fixture *f, const char *const (*set)[2], size_t n_set)
{
    enum { N_OUTPUTS = 333 * 10 };
    static float first[N_OUTPUTS], again[N_OUTPUTS];
    aj_evaluation record = evaluate(f, 1, AJ_ISA_AUTO, 64, 1, set, n_set, first, AJ_OK);
    CHECK(record.accuracy_ratio.mean > 0.2 && record.accuracy_ratio.mean <= 1.0);
    CHECK(isfinite(aj_energy_boundary(&record.energy, AJ_SYSTEM)));
    CHECK(isfinite(record.layers[0].signal_to_noise_ratio));
    char *want = as_text(&record);
    static const struct {
        unsigned n_threads;
        aj_isa isa;
        size_t chunk;
    } ways[] = {{2, AJ_ISA_AUTO, 0},    {7, AJ_ISA_AUTO, 1},  {1, AJ_ISA_AUTO, 1000},
                {2, AJ_ISA_AVX512, 13}, {2, AJ_ISA_AVX2, 64}, {2, AJ_ISA_SCALAR, 100}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (!aj_isa_supported(ways[i].isa)) {
            printf("not on this machine: %s\n", aj_isa_name(ways[i].isa));
            continue;
        }
        aj_evaluation other =
            evaluate(f, ways[i].n_threads, ways[i].isa, ways[i].chunk, 1, set, n_set, again, AJ_OK);
        char *got = as_text(&other);
        CHECK_STRING(got, want);
        CHECK(memcmp(first, again, sizeof first) == 0);
        aj_text_free(got);
    }
    aj_text_free(want);
}

static void batches(const fixture *f)
{
    static float one[3330], many[3330];
    aj_evaluation a = evaluate(f, 2, AJ_ISA_AUTO, 0, 1, NULL, 0, one, AJ_OK);
    aj_evaluation b = evaluate(f, 2, AJ_ISA_AUTO, 0, 64, NULL, 0, many, AJ_OK);
    CHECK(memcmp(one, many, sizeof one) == 0);
    CHECK_CLOSE(b.accuracy_ratio.mean, a.accuracy_ratio.mean, 0);
    /* weights are encoded once a batch: their symbols fall by 64, the inputs' do not */
    CHECK_CLOSE(b.layers[0].weight_symbols, a.layers[0].weight_symbols / 64.0, 1e-12);
    CHECK_CLOSE(b.layers[0].input_symbols, a.layers[0].input_symbols, 1e-12);
    CHECK(aj_energy_boundary(&b.energy, AJ_SYSTEM) < aj_energy_boundary(&a.energy, AJ_SYSTEM));
    double sum = 0.0;
    for (int c = 0; c < AJ_N_CAUSES; c++)
        if ((a.energy.applies >> c & 1u) != 0) sum += a.energy.cause_joules[c];
    CHECK_CLOSE(sum, aj_energy_boundary(&a.energy, AJ_SYSTEM), 1e-12);
    aj_evaluation_destroy(&a);
    aj_evaluation_destroy(&b);
}

/* ---- sweeps ---- */
typedef struct {
    char *lines[16];
    size_t n, stop_at;
    bool resumed[16];
} collected;

static bool collect(void *user, size_t i, size_t n_points, bool resumed, const aj_evaluation *point)
{
    collected *c = user;
    CHECK_INT(n_points, 6);
    CHECK_INT(i, c->n);
    aj_evaluation copy = *point;
    aj_error err = {0};
    without_time(&copy);
    CHECK_OK(aj_evaluation_to_json(&copy, 0, &c->lines[c->n], &err), err);
    c->resumed[c->n++] = resumed;
    return c->n != c->stop_at;
}

static aj_status sweep(const fixture *f, const char *path, unsigned n_threads, uint64_t seed, collected *out,
                       aj_error *err)
{
    aj_context *context = fixture_context(n_threads, AJ_ISA_AUTO);
    aj_model *model = NULL;
    aj_dataset *dataset = NULL;
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_model_load(&model, context, f->model_path, err), *err);
    CHECK_OK(aj_dataset_open(&dataset, context, f->set, NULL, err), *err);
    CHECK_OK(aj_hardware_load(&hardware, context, "homodyne", err), *err);
    aj_sweep_values axes[2];
    CHECK_OK(aj_sweep_parse(&axes[0], "photons_per_mac=0.1:10:log:3", hardware, err), *err);
    CHECK_OK(aj_sweep_parse(&axes[1], "quantum_efficiency_ratio=0.5,1", hardware, err), *err);
    CHECK_CLOSE(axes[0].values[1], 1.0, 1e-12);
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    options.hardware = hardware;
    options.n_trials = 2;
    options.seed = seed;
    aj_status st = aj_sweep(context, model, dataset, &options, axes, 2, path, collect, out, err);
    for (int i = 0; i < 2; i++) aj_sweep_values_free(&axes[i]);
    aj_hardware_destroy(hardware);
    aj_dataset_close(dataset);
    aj_model_destroy(model);
    aj_context_destroy(context);
    return st;
}

static void free_lines(collected *c)
{
    for (size_t i = 0; i < c->n; i++) aj_text_free(c->lines[i]);
    *c = (collected){.n = 0};
}

static void sweeps(const fixture *f)
{
    aj_error err = {0};
    collected whole = {.n = 0}, half = {.n = 0, .stop_at = 3}, rest = {.n = 0};
    char path[512];
    snprintf(path, sizeof path, "%s", fixture_path("sweep.jsonl"));
    CHECK_OK(sweep(f, NULL, 2, 5, &whole, &err), err);
    CHECK_INT(sweep(f, path, 1, 5, &half, &err), AJ_INTERRUPTED);
    /* a torn line, as a killed process leaves it */
    FILE *file = fopen(path, "ab");
    fputs("{\"model\": \"half a li", file);
    fclose(file);
    CHECK_OK(sweep(f, path, 2, 5, &rest, &err), err);
    CHECK_INT(rest.n, 6);
    for (size_t i = 0; i < rest.n && i < whole.n; i++) {
        CHECK_INT(rest.resumed[i], i < 3);
        CHECK_STRING(rest.lines[i], whole.lines[i]);
    }
    free_lines(&rest);
    CHECK_INT(sweep(f, path, 2, 6, &rest, &err), AJ_MISMATCH);
    CHECK_CONTAINS(err.message, "seed");
    CHECK_CONTAINS(err.message, path);
    free_lines(&whole);
    free_lines(&half);
    free_lines(&rest);
}

static void axes_refused(aj_context *context)
{
    static const char *const bad[] = {"photons_per_mac",
                                      "=1",
                                      "photons_per_mac=1:2",
                                      "photons_per_mac=1:2:log",
                                      "photons_per_mac=0:2:log:3",
                                      "photons_per_mac=1:2:cubic:3",
                                      "photons_per_mac=1:2:log:0",
                                      "photons_per_mac=2:1:lin:3",
                                      "photons_per_mac=1,x",
                                      "no_such_key=1,2",
                                      "weight_gain=layer,row",
                                      "photons_per_mac=-1,2",
                                      "photons_per_mac=1:2:log:3:4"};
    aj_error err = {0};
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_hardware_load(&hardware, context, "homodyne", &err), err);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        aj_sweep_values axis;
        CHECK(aj_sweep_parse(&axis, bad[i], hardware, &err) != AJ_OK);
        CHECK(axis.key == NULL && axis.values == NULL && err.message[0] != '\0');
    }
    aj_hardware_destroy(hardware);
}

int main(void)
{
    aj_context *context = fixture_context(2, AJ_ISA_AUTO);
    char model_path[512], small_path[512], set[1200], small_set[1200];
    snprintf(model_path, sizeof model_path, "%s", fixture_path("net.onnx"));
    aj_model *model = fixture_network(context, model_path, (size_t[]){49, 37, 20, 10}, 3, 3);
    snprintf(set, sizeof set, "%s", fixture_dataset(context, model, "data", 333, 4));
    fixture f = {model_path, set};
    static const char *const tiles[1][2] = {{"tile_cols", "16"}};
    static const char *const calibrated[1][2] = {{"input_gain", "calibrated"}};
    static const char *const phase[3][2][2] = {
        {{"phase_noise_radians", "0.2"}, {"phase_correlation", "pulse"}},
        {{"phase_noise_radians", "0.2"}, {"phase_correlation", "read"}},
        {{"phase_noise_radians", "0.2"}, {"phase_correlation", "layer"}}};
    invariance(&f, NULL, 0);
    invariance(&f, tiles, 1);
    invariance(&f, calibrated, 1);
    for (size_t i = 0; i < 3; i++) invariance(&f, phase[i], 2);
    batches(&f);
    sweeps(&f);
    axes_refused(context);
    /* another size of input */
    snprintf(small_path, sizeof small_path, "%s", fixture_path("small.onnx"));
    aj_model *small = fixture_network(context, small_path, (size_t[]){20, 10}, 1, 3);
    snprintf(small_set, sizeof small_set, "%s", fixture_dataset(context, small, "small", 20, 4));
    fixture wrong = {model_path, small_set};
    aj_evaluation none = evaluate(&wrong, 1, AJ_ISA_AUTO, 0, 1, NULL, 0, NULL, AJ_MISMATCH);
    CHECK(none.memory == NULL);
    aj_model_destroy(small);
    aj_model_destroy(model);
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}

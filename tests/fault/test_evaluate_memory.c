/* Every allocation of an evaluation, a sweep and a comparison fails in turn: NO_MEMORY, nothing handed out,
 * nothing lost. */
#include "fixture.h"

typedef struct {
    long left; /* allocations until they fail; negative = never */
    long live; /* blocks not given back */
} failing;

static void *failing_alloc(void *user, size_t size)
{
    failing *f = user;
    if (f->left == 0) return NULL;
    if (f->left > 0) f->left--;
    void *block = aligned_alloc(64, (size + 63) / 64 * 64);
    f->live += block != NULL;
    return block;
}

static void failing_free(void *user, void *pointer)
{
    ((failing *)user)->live--;
    free(pointer);
}

typedef struct {
    aj_context *context;
    aj_model *model;
    aj_dataset *dataset;
    aj_hardware *hardware;
} bed;

static aj_status evaluate(const bed *b, aj_error *err)
{
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    options.hardware = b->hardware;
    options.n_trials = 2;
    options.per_layer = true;
    aj_evaluation record;
    aj_status st = aj_evaluate(&record, b->context, b->model, b->dataset, &options, err);
    if (st != AJ_OK) CHECK(record.memory == NULL && record.n_layers == 0);
    aj_evaluation_destroy(&record);
    return st;
}

static aj_status evaluate_slowly(const bed *b, aj_error *err)
{
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    options.hardware = b->hardware;
    options.reference = true;
    aj_evaluation record;
    aj_status st = aj_evaluate(&record, b->context, b->model, b->dataset, &options, err);
    if (st != AJ_OK) CHECK(record.memory == NULL && record.n_layers == 0);
    aj_evaluation_destroy(&record);
    return st;
}

static aj_status sweep(const bed *b, aj_error *err)
{
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    options.hardware = b->hardware;
    double values[2] = {1.0, 10.0};
    aj_sweep_values axis = {"photons_per_mac", values, 2};
    return aj_sweep(b->context, b->model, b->dataset, &options, &axis, 1, NULL, NULL, NULL, err);
}

/* Its photons were set, so that nothing is searched: one confirmation of each hardware. */
static aj_status compare(const bed *b, aj_error *err)
{
    const aj_hardware *hardwares[1] = {b->hardware};
    aj_compare_options options = AJ_COMPARE_OPTIONS_INIT;
    options.hardwares = hardwares;
    options.n_hardwares = 1;
    options.n_trials = 2;
    aj_comparison comparison;
    aj_status st = aj_compare(&comparison, b->context, b->model, b->dataset, &options, NULL, NULL, err);
    if (st != AJ_OK) CHECK(comparison.memory == NULL && comparison.n_rows == 0);
    aj_comparison_destroy(&comparison);
    return st;
}

static void fail_in_turn(const bed *b, failing *f, aj_status (*work)(const bed *, aj_error *),
                         const char *name)
{
    const long before = f->live;
    long n = 0;
    for (; n < 100000; n++) {
        aj_error err = {0};
        f->left = n;
        aj_status st = work(b, &err);
        f->left = -1;
        CHECK_INT(f->live, before);
        if (st == AJ_OK) break;
        CHECK_INT(st, AJ_NO_MEMORY);
        CHECK(err.message[0] != '\0');
    }
    CHECK(n > 10);
    printf("%s: %ld allocations failed in turn\n", name, n);
}

int main(void)
{
    failing f = {-1, 0};
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    options.allocator = (aj_allocator){failing_alloc, failing_free, &f};
    aj_error err = {0};
    bed b = {NULL, NULL, NULL, NULL};
    CHECK_OK(aj_context_create(&b.context, &options, &err), err);
    b.model = fixture_network(b.context, fixture_path("net.onnx"), (size_t[]){20, 12, 5}, 2, 3);
    const char *set = fixture_dataset(b.context, b.model, "data", 30, 4);
    CHECK_OK(aj_dataset_open(&b.dataset, b.context, set, NULL, &err), err);
    CHECK_OK(aj_hardware_load(&b.hardware, b.context, "homodyne-parts", &err), err);
    CHECK_OK(aj_hardware_set(b.hardware, "photons_per_mac", "10", &err), err);
    fail_in_turn(&b, &f, evaluate, "evaluate");
    CHECK_OK(aj_hardware_set(b.hardware, "input_gain", "calibrated", &err), err);
    fail_in_turn(&b, &f, evaluate, "evaluate, calibrated gain");
    fail_in_turn(&b, &f, sweep, "sweep");
    fail_in_turn(&b, &f, compare, "compare");
    aj_hardware_destroy(b.hardware);
    CHECK_OK(aj_hardware_load(&b.hardware, b.context, "pcm-crossbar", &err), err);
    CHECK_OK(aj_hardware_set(b.hardware, "ir_drop", "exact", &err), err);
    fail_in_turn(&b, &f, evaluate, "evaluate, crossbar");
    fail_in_turn(&b, &f, evaluate_slowly, "evaluate, crossbar device by device");
    aj_hardware_destroy(b.hardware);
    aj_dataset_close(b.dataset);
    aj_model_destroy(b.model);
    aj_context_destroy(b.context);
    CHECK_INT(f.live, 0);
    fixture_remove();
    return check_report();
}

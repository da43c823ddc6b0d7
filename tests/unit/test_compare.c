/* [threads] aj_compare: rows, outcomes, refusals, interruption, and the same document for any number of
 * threads and any chunk. */
#include "fixture.h"

typedef struct {
    aj_context *context;
    aj_model *model;
    aj_dataset *dataset;
    aj_hardware *hardwares[3];
} bed;

static const char *const presets[3] = {"homodyne", "digital-45nm", "landauer"};

static bed make(unsigned n_threads)
{
    bed b = {.context = fixture_context(n_threads, AJ_ISA_AUTO)};
    aj_error err = {0};
    b.model = fixture_network(b.context, fixture_path("net.onnx"), (size_t[]){20, 12, 5}, 2, 3);
    const char *set = fixture_dataset(b.context, b.model, "data", 120, 4);
    CHECK_OK(aj_dataset_open(&b.dataset, b.context, set, NULL, &err), err);
    for (int i = 0; i < 3; i++) CHECK_OK(aj_hardware_load(&b.hardwares[i], b.context, presets[i], &err), err);
    return b;
}

static void drop(bed *b)
{
    for (int i = 0; i < 3; i++) aj_hardware_destroy(b->hardwares[i]);
    aj_dataset_close(b->dataset);
    aj_model_destroy(b->model);
    aj_context_destroy(b->context);
}

static aj_compare_options options_of(const bed *b)
{
    aj_compare_options options = AJ_COMPARE_OPTIONS_INIT;
    options.hardwares = (const aj_hardware *const *)b->hardwares;
    options.n_hardwares = 3;
    options.within_ratio = 0.1;
    return options;
}

/* Without what differs from call to call. */
static char *document(aj_comparison *comparison)
{
    aj_error err = {0};
    char *text = NULL;
    comparison->duration_seconds = 0.0;
    for (size_t i = 0; i < comparison->n_rows; i++) comparison->rows[i].evaluation.duration_seconds = 0.0;
    CHECK_OK(aj_comparison_to_json(comparison, 0, &text, &err), err);
    return text;
}

static char *compare_with(unsigned n_threads, size_t chunk)
{
    bed b = make(n_threads);
    aj_error err = {0};
    aj_comparison comparison;
    aj_compare_options options = options_of(&b);
    options.evaluate.chunk = chunk;
    CHECK_OK(aj_compare(&comparison, b.context, b.model, b.dataset, &options, NULL, NULL, &err), err);
    char *text = document(&comparison);
    aj_comparison_destroy(&comparison);
    drop(&b);
    return text;
}

static void test_same_bits(void)
{
    char *one = compare_with(1, 0), *three = compare_with(3, 0), *chunked = compare_with(2, 7);
    CHECK_STRING(three, one);
    CHECK_STRING(chunked, one);
    aj_text_free(one);
    aj_text_free(three);
    aj_text_free(chunked);
}

static void check_row(const aj_comparison *c, size_t i)
{
    const aj_comparison_row *row = &c->rows[i];
    const aj_evaluation *e = &row->evaluation;
    CHECK_STRING(e->hardware_name, presets[i]);
    CHECK(row->reached && row->bound_ratio >= -c->within_ratio);
    CHECK(row->exact == (i > 0));
    CHECK_INT(e->n_trials, row->exact ? 1 : 20);
    CHECK(e->seed == c->seed && c->seed != c->search_seed);
    CHECK((row->knob.key == NULL) == (i > 0));
    if (row->knob.key == NULL) return;
    /* the search saw other trials than the confirmation; the value is its first kept one, or steps above it
     */
    const aj_comparison_step *last = &row->steps[row->n_steps - 1];
    CHECK(last->fresh && last->kept && last->value == row->knob.value);
    double first_kept = INFINITY, last_bad = 0.0;
    for (size_t k = 0; k < row->n_steps; k++) {
        const aj_comparison_step *step = &row->steps[k];
        CHECK_INT(step->accuracy_ratio.n, step->fresh ? 20 : 5);
        if (step->fresh) continue;
        if (step->kept)
            first_kept = fmin(first_kept, step->value);
        else
            last_bad = fmax(last_bad, step->value);
    }
    CHECK_CLOSE(first_kept, last_bad * pow(10.0, 1.0 / 20.0), 1e-9);
    CHECK(row->knob.value >= first_kept);
}

typedef struct {
    size_t n, stop_after;
} seen;

static bool on_row(void *user, size_t i, size_t n_rows, const aj_comparison_row *row)
{
    seen *s = user;
    CHECK(i == s->n && n_rows == 3 && row->evaluation.memory != NULL);
    return ++s->n < s->stop_after;
}

static void test_rows(void)
{
    bed b = make(1);
    aj_error err = {0};
    aj_comparison comparison;
    aj_compare_options options = options_of(&b);
    seen all = {0, 99};
    CHECK_OK(aj_compare(&comparison, b.context, b.model, b.dataset, &options, on_row, &all, &err), err);
    CHECK_INT(all.n, 3);
    CHECK_INT(comparison.n_rows, 3);
    for (size_t i = 0; i < comparison.n_rows; i++) check_row(&comparison, i);
    aj_comparison_destroy(&comparison);
    seen one = {0, 1};
    CHECK_INT(aj_compare(&comparison, b.context, b.model, b.dataset, &options, on_row, &one, &err),
              AJ_INTERRUPTED);
    CHECK(comparison.memory == NULL);
    CHECK_INT(one.n, 1);
    drop(&b);
}

/* The user's own knob is held, and too little light does not reach the tolerance. */
static void test_held(void)
{
    bed b = make(1);
    aj_error err = {0};
    aj_comparison comparison;
    aj_compare_options options = options_of(&b);
    options.n_hardwares = 1;
    CHECK_OK(aj_hardware_set(b.hardwares[0], "photons_per_mac", "0.02", &err), err);
    CHECK_OK(aj_compare(&comparison, b.context, b.model, b.dataset, &options, NULL, NULL, &err), err);
    CHECK(!comparison.rows[0].reached && comparison.rows[0].knob.key == NULL);
    CHECK_STRING(comparison.rows[0].knob_held, "held: set by the user");
    CHECK_INT(comparison.rows[0].n_steps, 1);
    CHECK(comparison.rows[0].bound_ratio < -options.within_ratio);
    aj_comparison_destroy(&comparison);
    drop(&b);
}

static void test_refused(void)
{
    bed b = make(1);
    aj_comparison comparison;
    struct {
        aj_compare_options options;
        const char *part;
    } cases[5];
    for (int i = 0; i < 5; i++) cases[i].options = options_of(&b);
    cases[0].options.struct_size = 1, cases[0].part = "struct_size";
    cases[1].options.n_hardwares = 0, cases[1].part = "hardwares";
    cases[2].options.within_ratio = -0.1, cases[2].part = "within";
    cases[3].options.n_trials = 1, cases[3].part = "trials";
    cases[4].options.evaluate.seed = (uint64_t)1 << 50, cases[4].part = "seed";
    for (int i = 0; i < 5; i++) {
        aj_error err = {0};
        aj_status st =
            aj_compare(&comparison, b.context, b.model, b.dataset, &cases[i].options, NULL, NULL, &err);
        CHECK_INT(st, AJ_BAD_ARGUMENT);
        CHECK_CONTAINS(err.message, cases[i].part);
        aj_comparison_destroy(&comparison);
    }
    drop(&b);
}

int main(void)
{
    test_same_bits();
    test_rows();
    test_held();
    test_refused();
    fixture_remove();
    return check_report();
}

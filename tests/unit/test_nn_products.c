/* [threads] Products inside operators: declared, listed, computed exactly or on hardware with the same bits
 * for any chunk, number of threads and order of rows.
 *
 * The operator here is the test's own: y = W2 (W1 x + b) for every time step, with W1 in two groups. */
#include "fixture.h"
#include "nn/program.h"
#include "onnx_build.h"
#include "simulate/study.h"

enum { N_SAMPLES = 300, STEPS = 7, GROUPS = 2, COLS = 5, ROWS = 18, WIDE = GROUPS * ROWS, OUT = 9 };

static aj_error err;
static float w1[GROUPS * ROWS * COLS], w2[OUT * WIDE], bias[WIDE];
static enum { BY_SAMPLE, BY_STEP, BACKWARDS, ALL_AT_ONCE } order;
static _Atomic bool saw_hook;
static _Atomic size_t n_wrong; /* products of other sizes than were declared; operators run on any thread */

static void fill(float *values, size_t n, uint64_t seed)
{
    ajp_draws draws;
    ajp_draws_init(&draws, seed, 3);
    for (size_t i = 0; i < n; i++) values[i] = (float)(0.4 * ajp_draw_normal(&draws));
}

static aj_status infer(const ajp_op_infer *i)
{
    i->out[0] = *i->in[0];
    i->out[0].dims[2] = OUT;
    return AJ_OK;
}

static size_t products(const ajp_op_products_query *q, ajp_op_product *out)
{
    size_t steps = q->out[0].dims[1];
    CHECK_INT(q->in[0]->dims[2], GROUPS * COLS);
    CHECK(q->known[0] == NULL);
    out[0] = (ajp_op_product){.rows = ROWS,
                              .cols = COLS,
                              .reps = steps,
                              .groups = GROUPS,
                              .weights = w1,
                              .bias = bias,
                              .suffix = "/first"};
    out[1] = (ajp_op_product){.rows = OUT,
                              .cols = WIDE,
                              .reps = steps,
                              .groups = 1,
                              .weights = w2,
                              .bias = NULL,
                              .suffix = "/second"};
    return 2;
}

enum { PADDED = 32, PADDED_OUT = 16 };

static size_t scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    (void)node, (void)out;
    return in[0].n / (GROUPS * COLS) * (PADDED + WIDE + PADDED_OUT) * sizeof(float);
}

/* n_rows rows of both products; x and y are those of row 0, `apart` rows lie between the call's rows. */
static aj_status rows(const ajp_op_run *r, const float *x, float *y, size_t apart, size_t n_rows,
                      ajp_product_rows numbers)
{
    float *first = r->scratch, *wide = first + n_rows * PADDED, *second = wide + n_rows * WIDE;
    for (size_t g = 0; g < GROUPS; g++) {
        ajp_product_call call = {0, g, x + g * COLS, first, apart * GROUPS * COLS, PADDED, n_rows, numbers};
        AJ_TRY(ajp_op_multiply_rows(r, &call));
        for (size_t i = 0; i < n_rows; i++)
            memcpy(wide + i * WIDE + g * ROWS, first + i * PADDED, ROWS * sizeof(float));
    }
    ajp_product_call call = {1, 0, wide, second, WIDE, PADDED_OUT, n_rows, numbers};
    AJ_TRY(ajp_op_multiply_rows(r, &call));
    for (size_t i = 0; i < n_rows; i++)
        memcpy(y + i * apart * OUT, second + i * PADDED_OUT, OUT * sizeof(float));
    return AJ_OK;
}

static aj_status run(const ajp_op_run *r)
{
    const float *x = r->in[0].data;
    float *y = r->out[0].data;
    size_t n = r->in[0].type.dims[0];
    saw_hook = r->on_hook;
    n_wrong += ajp_op_product_step(r, 0)->rows != ROWS;
    if (order == ALL_AT_ONCE) return rows(r, x, y, 1, n * STEPS, ajp_product_rows_from(0));
    for (size_t i = 0; order == BY_SAMPLE && i < n; i++)
        AJ_TRY(rows(r, x + i * STEPS * GROUPS * COLS, y + i * STEPS * OUT, 1, STEPS,
                    ajp_product_rows_from(i * STEPS)));
    for (size_t i = 0; order != BY_SAMPLE && i < STEPS; i++) {
        size_t t = order == BACKWARDS ? STEPS - 1 - i : i;
        AJ_TRY(rows(r, x + t * GROUPS * COLS, y + t * OUT, STEPS, n,
                    (ajp_product_rows){t, SIZE_MAX, STEPS, 0, 0}));
    }
    return AJ_OK;
}

static const ajp_op cell = {.min_in = 1,
                            .max_in = 1,
                            .max_out = 1,
                            .flops_per_element = 3,
                            .infer = infer,
                            .scratch = scratch,
                            .run = run,
                            .products = products};

/* A model of one node, whose operator is then ours. */
static aj_model *make_model(aj_context *context, void **bytes)
{
    size_t size;
    aj_model *model = NULL;
    build b = build_start(context, 7, 13);
    node(&b, "Identity", "cell", "x", "y");
    value(&b, INPUT, "x", AJP_FLOAT32, 3, (int64_t[]){-1, STEPS, GROUPS * COLS});
    value(&b, OUTPUT, "y", AJP_FLOAT32, 3, (int64_t[]){-1, STEPS, OUT});
    *bytes = build_finish(&b, &size);
    CHECK_OK(aj_model_load_memory(&model, context, *bytes, size, "cell.onnx", &err), err);
    model->program.file.nodes[0].op = &cell;
    CHECK_OK(ajp_program_compile(&model->program, &err), err);
    model->info.n_output_features = model->program.n_output_features;
    return model;
}

static void by_hand(const float *x, double *y)
{
    double wide[WIDE];
    for (size_t i = 0; i < WIDE; i++) {
        wide[i] = (double)bias[i];
        for (size_t k = 0; k < COLS; k++)
            wide[i] += (double)w1[i * COLS + k] * (double)x[i / ROWS * COLS + k];
    }
    for (size_t i = 0; i < OUT; i++) {
        y[i] = 0;
        for (size_t k = 0; k < WIDE; k++) y[i] += (double)w2[i * WIDE + k] * wide[k];
    }
}

/* ---- listed ---------------------------------------------------------------------------------------------
 */

static void listed(void)
{
    void *bytes;
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    aj_model *model = make_model(context, &bytes);
    CHECK_INT(aj_model_n_layers(model), 3);
    aj_layer_info a = aj_model_layer(model, 0), b = aj_model_layer(model, 1), c = aj_model_layer(model, 2);
    CHECK_STRING(a.name, "cell/first");
    CHECK_STRING(b.name, "cell/second");
    CHECK_STRING(c.name, "cell");
    CHECK_INT(a.rows, ROWS);
    CHECK_INT(a.cols, COLS);
    CHECK_INT(a.reps, STEPS);
    CHECK_INT(a.groups, GROUPS);
    CHECK_INT(a.macs_per_inference, GROUPS * ROWS * COLS * STEPS);
    CHECK_INT(a.flops_per_inference, 2 * GROUPS * ROWS * COLS * STEPS + WIDE * STEPS);
    CHECK_INT(a.n_parameters, GROUPS * ROWS * COLS + WIDE);
    CHECK_INT(b.groups, 1);
    CHECK_INT(b.macs_per_inference, OUT * WIDE * STEPS);
    CHECK_INT(c.macs_per_inference, 0);
    CHECK_INT(c.flops_per_inference, 3 * OUT * STEPS);
    ajp_plan *plan = NULL;
    CHECK_OK(ajp_plan_create(&plan, context, model, 4, &err), err);
    CHECK_INT(ajp_plan_n_products(plan), 2);
    CHECK_INT(ajp_plan_n_others(plan), 1);
    const ajp_product_step *step = ajp_plan_product(plan, 0);
    CHECK(ajp_product_bias(step, 1)[0] == bias[ROWS]);
    CHECK(ajp_product_weights(step, 1)[0] == w1[ROWS * COLS]);
    ajp_plan_destroy(plan);
    aj_model_destroy(model);
    aj_context_destroy(context);
    free(bytes);
}

/* ---- computed exactly -------------------------------------------------------------------------------------
 */

typedef struct {
    uint8_t seen[2][GROUPS][N_SAMPLES * STEPS];
    const ajp_kernels *kernels;
} watcher;

static aj_status watch(void *user, const ajp_product_step *step, const ajp_product_call *call, aj_error *e)
{
    watcher *w = user;
    ajp_multiplier exact = {w->kernels, NULL, NULL, e};
    CHECK(call->n_rows <= AJP_HOOK_ROWS);
    for (size_t i = 0; i < call->n_rows; i++)
        w->seen[call->product][call->group][ajp_product_row(&call->rows, i)]++;
    return ajp_products_multiply(&exact, step, call);
}

static void exact(void)
{
    static float x[N_SAMPLES * STEPS * GROUPS * COLS], first[N_SAMPLES * STEPS * OUT],
        y[N_SAMPLES * STEPS * OUT];
    static watcher seen;
    fill(x, sizeof x / sizeof *x, 9);
    for (size_t c = 0; c < 3; c++) {
        void *bytes;
        aj_context *context = fixture_context((unsigned)c + 1, AJ_ISA_AUTO);
        aj_model *model = make_model(context, &bytes);
        aj_session *session = NULL;
        order = (int)c;
        CHECK_OK(aj_session_create(&session, context, model, 3 + 100 * c, &err), err);
        CHECK_OK(aj_session_run(session, x, N_SAMPLES, c == 0 ? first : y, &err), err);
        CHECK(!saw_hook);
        if (c > 0) CHECK(memcmp(first, y, sizeof y) == 0);
        aj_session_destroy(session);
        ajp_plan *plan = NULL;
        ajp_workspace *workspace = NULL;
        order = (int)c + 1;
        seen = (watcher){.kernels = ajp_kernels_for(aj_context_isa(context))};
        ajp_product_hook hook = {watch, &seen, NULL};
        CHECK_OK(ajp_plan_create(&plan, context, model, N_SAMPLES, &err), err);
        CHECK_OK(ajp_workspace_create(&workspace, plan, &err), err);
        CHECK_OK(ajp_plan_run(plan, workspace, x, N_SAMPLES, y, &hook, NULL, &err), err);
        CHECK(saw_hook);
        CHECK(memcmp(first, y, sizeof y) == 0);
        for (size_t i = 0; i < N_SAMPLES * STEPS; i++)
            CHECK(seen.seen[0][0][i] == 1 && seen.seen[0][1][i] == 1 && seen.seen[1][0][i] == 1);
        ajp_workspace_destroy(workspace);
        ajp_plan_destroy(plan);
        aj_model_destroy(model);
        aj_context_destroy(context);
        free(bytes);
    }
    for (size_t i = 0; i < N_SAMPLES * STEPS; i++) {
        double want[OUT];
        by_hand(x + i * GROUPS * COLS, want);
        for (size_t k = 0; k < OUT; k++) CHECK_NEAR(first[i * OUT + k], want[k], 1e-5 * (1 + fabs(want[k])));
    }
}

/* ---- on hardware ------------------------------------------------------------------------------------------
 */

enum { N_READ = 60 };

static aj_evaluation evaluate(const char *set, unsigned n_threads, size_t chunk, const char *gain,
                              float *outputs)
{
    bool bright = gain == NULL;
    void *bytes;
    aj_context *context = fixture_context(n_threads, AJ_ISA_AUTO);
    aj_model *model = make_model(context, &bytes);
    aj_dataset *dataset = NULL;
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_dataset_open(&dataset, context, set, NULL, &err), err);
    CHECK_OK(aj_hardware_load(&hardware, context, bright ? "homodyne" : "homodyne-parts", &err), err);
    CHECK_OK(aj_hardware_set(hardware, "photons_per_mac", bright ? "1e9" : "20", &err), err);
    if (!bright) CHECK_OK(aj_hardware_set(hardware, "input_gain", gain, &err), err);
    CHECK_OK(aj_hardware_set(hardware, "tile_cols", "3", &err), err);
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    options.hardware = hardware;
    options.chunk = chunk;
    options.per_layer = true;
    options.outputs = outputs;
    aj_evaluation record = {0};
    CHECK_OK(aj_evaluate(&record, context, model, dataset, &options, &err), err);
    record.duration_seconds = 0;
    aj_hardware_destroy(hardware);
    aj_dataset_close(dataset);
    aj_model_destroy(model);
    aj_context_destroy(context);
    free(bytes);
    return record;
}

static char *as_text(aj_evaluation *record)
{
    char *text = NULL;
    CHECK_OK(aj_evaluation_to_json(record, 0, &text, &err), err);
    aj_evaluation_destroy(record);
    return text;
}

static void same_reads(const char *set, const char *gain)
{
    enum { N = N_READ * STEPS * OUT };
    static float first[N], y[N];
    order = BY_SAMPLE;
    aj_evaluation record = evaluate(set, 1, 7, gain, first);
    CHECK_INT(record.n_layers, 2);
    CHECK_INT(record.layers[0].groups, GROUPS);
    CHECK_STRING(record.layers[0].runs_on, "homodyne");
    CHECK(record.layers[0].signal_to_noise_ratio > 1.0);
    /* symbols of the weights: one for every weight of every group; results: two tiles of columns */
    CHECK_CLOSE(record.layers[0].weight_symbols, GROUPS * ROWS * COLS, 1e-12);
    CHECK_CLOSE(record.layers[0].input_symbols, GROUPS * COLS * STEPS, 1e-12);
    CHECK_CLOSE(record.layers[0].samples, 2 * GROUPS * ROWS * STEPS, 1e-12);
    CHECK_CLOSE(record.layers[0].macs, GROUPS * ROWS * COLS * STEPS, 1e-12);
    char *want = as_text(&record);
    for (unsigned way = 0; way < 8; way++) {
        static const size_t chunks[] = {1, 60, 16, 33};
        order = way % 4;
        aj_evaluation other = evaluate(set, way % 3 + 1, chunks[way / 2], gain, y);
        CHECK(memcmp(first, y, sizeof y) == 0);
        /* another order of rows is another order of the sums for signal to noise */
        char *got = as_text(&other);
        if (order == BY_SAMPLE) CHECK(strcmp(got, want) == 0);
        aj_text_free(got);
    }
    aj_text_free(want);
}

/* With enough light a read is the exact product. */
static void bright(const char *set, const float *inputs)
{
    enum { N = N_READ * STEPS * OUT };
    static float y[N];
    order = BY_STEP;
    aj_evaluation record = evaluate(set, 2, 16, NULL, y);
    aj_evaluation_destroy(&record);
    for (size_t i = 0; i < N_READ * STEPS; i++) {
        double want[OUT];
        by_hand(inputs + i * GROUPS * COLS, want);
        for (size_t k = 0; k < OUT; k++) CHECK_NEAR(y[i * OUT + k], want[k], 2e-3);
    }
}

/* Equal groups with equal inputs have noise of their own. */
typedef struct {
    const ajp_product_hook *inner;
    size_t n_equal, n_all;
    float last[N_READ * STEPS][ROWS];
} comparer;

static aj_status compare(void *user, const ajp_product_step *step, const ajp_product_call *call, aj_error *e)
{
    comparer *c = user;
    AJ_TRY(c->inner->run(c->inner->user, step, call, e));
    for (size_t i = 0; call->product == 0 && i < call->n_rows; i++)
        for (size_t k = 0; k < ROWS; k++) {
            float *last = &c->last[ajp_product_row(&call->rows, i)][k];
            if (call->group == 1) c->n_equal += *last == call->y[i * call->y_row + k], c->n_all++;
            *last = call->y[i * call->y_row + k];
        }
    return AJ_OK;
}

static void groups_differ(void)
{
    static comparer c;
    static float x[N_READ * STEPS * GROUPS * COLS], y[N_READ * STEPS * OUT];
    void *bytes;
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    memcpy(w1 + ROWS * COLS, w1, ROWS * COLS * sizeof *w1);
    memcpy(bias + ROWS, bias, ROWS * sizeof *bias);
    fill(x, sizeof x / sizeof *x, 11);
    for (size_t i = 0; i < N_READ * STEPS; i++)
        memcpy(x + i * GROUPS * COLS + COLS, x + i * GROUPS * COLS, COLS * sizeof *x);
    aj_model *model = make_model(context, &bytes);
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_hardware_load(&hardware, context, "homodyne-parts", &err), err);
    CHECK_OK(aj_hardware_set(hardware, "photons_per_mac", "20", &err), err);
    CHECK_OK(aj_npy_write_float32(context, fixture_path("equal.npy"), x, N_READ, STEPS * GROUPS * COLS, &err),
             err);
    aj_dataset *dataset = NULL;
    CHECK_OK(aj_dataset_open(&dataset, context, fixture_path("equal.npy"), NULL, &err), err);
    ajp_study *study = NULL;
    ajp_mapping mapping;
    ajp_trial trial;
    ajp_reader reader;
    CHECK_OK(ajp_study_create(&study, context, model, dataset, N_READ, &err), err);
    CHECK_OK(ajp_mapping_create(&mapping, study, hardware, NULL, &err), err);
    CHECK_OK(ajp_trial_freeze(&trial, &mapping, 1, 0, &err), err);
    CHECK_OK(ajp_reader_init(&reader, &mapping, N_READ, false, false, &err), err);
    c.inner = ajp_reader_hook(&reader, &trial, 0);
    ajp_product_hook hook = {compare, &c, NULL};
    order = ALL_AT_ONCE;
    CHECK_OK(ajp_plan_run(study->plan, study->workspaces[0], x, N_READ, y, &hook, NULL, &err), err);
    CHECK_INT(c.n_all, N_READ * STEPS * ROWS);
    CHECK(c.n_equal < c.n_all / 5); /* whole counts: some agree by chance */
    ajp_reader_free(&reader);
    ajp_trial_destroy(&trial);
    ajp_mapping_destroy(&mapping);
    ajp_study_destroy(study);
    aj_dataset_close(dataset);
    aj_hardware_destroy(hardware);
    aj_model_destroy(model);
    aj_context_destroy(context);
    free(bytes);
}

int main(void)
{
    static float inputs[N_READ * STEPS * GROUPS * COLS];
    fill(w1, sizeof w1 / sizeof *w1, 1);
    fill(w2, sizeof w2 / sizeof *w2, 2);
    fill(bias, sizeof bias / sizeof *bias, 3);
    fill(inputs, sizeof inputs / sizeof *inputs, 4);
    listed();
    exact();
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    const char *set = fixture_path("inputs.npy");
    char name[512];
    snprintf(name, sizeof name, "%s", set);
    CHECK_OK(aj_npy_write_float32(context, name, inputs, N_READ, STEPS * GROUPS * COLS, &err), err);
    same_reads(name, "sample");
    same_reads(name, "calibrated");
    bright(name, inputs);
    groups_differ();
    aj_context_destroy(context);
    fixture_remove();
    CHECK_INT(n_wrong, 0);
    return check_report();
}

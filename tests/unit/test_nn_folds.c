/* Batch norm, scales and activations folded into the product of an operator that says it folds: one step is
 * left, and it computes what the nodes compute one by one.
 *
 * The operator is the test's own: a 1 x 1 convolution in two groups over [N][channels][length], with as many
 * channels out as in, so that the file fits before the operator is put in place. */
#include "fixture.h"
#include "nn/program.h"
#include "onnx_build.h"

enum {
    N_SAMPLES = 5,
    GROUPS = 2,
    COLS = 18,
    ROWS = COLS,
    IN = GROUPS * COLS,
    CHANNELS = GROUPS * ROWS,
    LONG = 7
};

static aj_error err;
static float w[CHANNELS * COLS], bias[CHANNELS];
static bool with_bias;

static aj_status infer(const ajp_op_infer *i)
{
    i->out[0] = *i->in[0];
    i->out[0].dims[1] = CHANNELS;
    return AJ_OK;
}

static size_t products(const ajp_op_products_query *q, ajp_op_product *out)
{
    out[0] = (ajp_op_product){.rows = ROWS,
                              .cols = COLS,
                              .reps = q->out[0].dims[2],
                              .groups = GROUPS,
                              .weights = w,
                              .bias = with_bias ? bias : NULL,
                              .suffix = ""};
    return 1;
}

static aj_status run(const ajp_op_run *r)
{
    float patch[COLS], result[32];
    const float *x = r->in[0].data;
    float *y = r->out[0].data;
    for (size_t row = 0; row < r->in[0].type.dims[0] * LONG; row++)
        for (size_t g = 0; g < GROUPS; g++) {
            size_t sample = row / LONG, at = row % LONG;
            for (size_t k = 0; k < COLS; k++) patch[k] = x[(sample * IN + g * COLS + k) * LONG + at];
            ajp_product_call call = {0, g, patch, result, COLS, 32, 1, ajp_product_rows_from(row)};
            AJ_TRY(ajp_op_multiply_rows(r, &call));
            for (size_t k = 0; k < ROWS; k++) y[(sample * CHANNELS + g * ROWS + k) * LONG + at] = result[k];
        }
    return AJ_OK;
}

static const ajp_op plain = {
    .min_in = 1, .max_in = 1, .max_out = 1, .infer = infer, .run = run, .products = products};
static const ajp_op folding = {
    .min_in = 1, .max_in = 1, .max_out = 1, .infer = infer, .run = run, .products = products, .folds = true};

static void fill(float *values, size_t n, uint64_t seed, double offset)
{
    ajp_draws draws;
    ajp_draws_init(&draws, seed, 5);
    for (size_t i = 0; i < n; i++) values[i] = (float)(offset + 0.4 * ajp_draw_normal(&draws));
}

static void channel_weights(build *b, const char *name, size_t n, uint64_t seed, double offset, bool column)
{
    float values[CHANNELS];
    fill(values, n, seed, offset);
    for (size_t i = 0; i < n; i++) values[i] = fabsf(values[i]) + 0.1f;
    weights(b, name, values, column ? 2 : 1, (int64_t[]){(int64_t)n, 1});
}

/* convolution, batch norm, times a, minus c, leaky relu; when crossed, a runs over the length instead. */
static void *make_bytes(aj_context *context, bool crossed, size_t *size)
{
    build b = build_start(context, 7, 13);
    node(&b, "Identity", "conv", "x", "y0");
    node(&b, "BatchNormalization", "norm", "y0,s,b,m,v", "y1");
    node(&b, "Mul", "times", "a,y1", "y2");
    node(&b, "Sub", "minus", "y2,c", "y3");
    node(&b, "LeakyRelu", "leaky", "y3", "y");
    static const char *const names[] = {"s", "b", "m", "v"};
    for (size_t i = 0; i < 4; i++) channel_weights(&b, names[i], CHANNELS, 10 + i, 1, false);
    if (crossed)
        channel_weights(&b, "a", LONG, 15, 1, false);
    else
        channel_weights(&b, "a", CHANNELS, 15, 1, true);
    channel_weights(&b, "c", 1, 16, 1, false);
    value(&b, INPUT, "x", AJP_FLOAT32, 3, (int64_t[]){-1, IN, LONG});
    value(&b, OUTPUT, "y", AJP_FLOAT32, 3, (int64_t[]){-1, CHANNELS, LONG});
    return build_finish(&b, size);
}

static void compute(aj_context *context, const ajp_op *op, bool crossed, size_t want_layers, float *y)
{
    static float x[N_SAMPLES * IN * LONG];
    size_t size;
    aj_model *model = NULL;
    aj_session *session = NULL;
    void *bytes = make_bytes(context, crossed, &size);
    fill(x, sizeof x / sizeof *x, 2, 0);
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, "folds.onnx", &err), err);
    model->program.file.nodes[0].op = op;
    CHECK_OK(ajp_program_compile(&model->program, &err), err);
    model->info.n_output_features = model->program.n_output_features;
    CHECK_INT(aj_model_n_layers(model), want_layers);
    CHECK_INT(model->info.n_output_features, CHANNELS * LONG);
    CHECK_OK(aj_session_create(&session, context, model, 2, &err), err);
    CHECK_OK(aj_session_run(session, x, N_SAMPLES, y, &err), err);
    aj_session_destroy(session);
    aj_model_destroy(model);
    free(bytes);
}

int main(void)
{
    enum { N = N_SAMPLES * CHANNELS * LONG };
    static float want[N], got[N], kept[CHANNELS * COLS];
    fill(w, sizeof w / sizeof *w, 1, 0);
    fill(bias, sizeof bias / sizeof *bias, 3, 0);
    memcpy(kept, w, sizeof w);
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    for (int way = 0; way < 4; way++) {
        bool crossed = way >= 2;
        with_bias = way % 2 == 0;
        compute(context, &plain, crossed, 5, want);
        /* what does not run over channels stays a step, and what follows it */
        compute(context, &folding, crossed, crossed ? 4 : 1, got);
        for (size_t i = 0; i < N; i++) CHECK_NEAR(got[i], want[i], 2e-5 * (1 + fabs((double)want[i])));
    }
    CHECK(memcmp(kept, w, sizeof w) == 0); /* the graph's own constants are not written to */
    aj_context_destroy(context);
    return check_report();
}

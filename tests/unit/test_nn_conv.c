/* Convolutions in networks: what a session computes, with batch norm and activation folded in, against the
 * nodes one by one; and their products computed elsewhere, every row of every group once. */
#include "fixture.h"
#include "nn/program.h"
#include "onnx_build.h"

enum { N_SAMPLES = 3, MOST = 1 << 16 };

static aj_error err;
static uint64_t state = 20240501;
static size_t below(size_t n)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(state >> 33) % n;
}
static float random_float(void)
{
    return (float)below(2000001) / 1e6F - 1.0F;
}

typedef struct {
    size_t n_axes, groups, in, out; /* channels of a group */
    int64_t size[3], kernel[3], stride[3], dilation[3], pad[6];
    bool transposed, bias, norm, relu;
} recipe;

static recipe random_recipe(bool transposed)
{
    recipe r = {
        .n_axes = 1 + below(3), .groups = 1 + below(3) * below(2), .in = 1 + below(9), .out = 1 + below(20)};
    r.transposed = transposed;
    r.bias = below(2);
    r.norm = below(2);
    r.relu = below(2);
    if (below(3) == 0) {
        r.groups = 1 + below(20);
        r.in = r.out = 1;
    }
    for (size_t a = 0; a < r.n_axes; a++) {
        r.kernel[a] = 1 + (int64_t)below(r.n_axes == 3 ? 3 : 4);
        r.stride[a] = 1 + (int64_t)below(2);
        r.dilation[a] = 1 + (int64_t)below(2);
        r.size[a] = (r.kernel[a] - 1) * r.dilation[a] + 1 + (int64_t)below(r.n_axes == 3 ? 4 : 9);
        r.pad[a] = (int64_t)below((size_t)r.kernel[a]);
        r.pad[r.n_axes + a] = (int64_t)below((size_t)r.kernel[a]);
    }
    if (r.n_axes == 2 && r.groups == 1 && r.in < 4)
        r.size[0] = r.size[1] = 41; /* more rows than fit a tile */
    return r;
}

static void random_weights(build *b, const char *name, size_t rank, const int64_t *dims, bool positive)
{
    static float values[MOST];
    size_t n = 1;
    for (size_t d = 0; d < rank; d++) n *= (size_t)dims[d];
    for (size_t i = 0; i < n; i++) values[i] = positive ? fabsf(random_float()) + 0.1F : random_float();
    weights(b, name, values, rank, dims);
}

static void *make_bytes(aj_context *context, const recipe *r, size_t *size)
{
    static const char *const of_norm[] = {"s", "t", "m", "v"};
    int64_t channels = (int64_t)(r->groups * r->out), dims[5] = {N_SAMPLES, (int64_t)(r->groups * r->in)};
    int64_t w[5] = {r->transposed ? dims[1] : channels, (int64_t)(r->transposed ? r->out : r->in)};
    build b = build_start(context, 7, 13);
    for (size_t a = 0; a < r->n_axes; a++) {
        dims[2 + a] = r->size[a];
        w[2 + a] = r->kernel[a];
    }
    node_begin(&b, r->transposed ? "ConvTranspose" : "Conv", "conv", r->bias ? "x,w,b" : "x,w", "y0");
    attribute_ints(&b, "strides", r->n_axes, r->stride);
    attribute_ints(&b, "dilations", r->n_axes, r->dilation);
    attribute_ints(&b, "pads", 2 * r->n_axes, r->pad);
    attribute_int(&b, "group", (int64_t)r->groups);
    node_end(&b);
    if (r->norm) node(&b, "BatchNormalization", "norm", "y0,s,t,m,v", "y1");
    if (r->relu) node(&b, "Relu", "relu", r->norm ? "y1" : "y0", "y2");
    node(&b, "Identity", "end", r->relu ? "y2" : r->norm ? "y1" : "y0", "y");
    random_weights(&b, "w", 2 + r->n_axes, w, false);
    if (r->bias) random_weights(&b, "b", 1, &channels, false);
    for (size_t k = 0; k < 4 && r->norm; k++) random_weights(&b, of_norm[k], 1, &channels, true);
    value(&b, INPUT, "x", AJP_FLOAT32, 2 + r->n_axes, dims);
    int64_t any[5] = {-1, channels, -1, -1, -1};
    value(&b, OUTPUT, "y", AJP_FLOAT32, 2 + r->n_axes, any);
    return build_finish(&b, size);
}

/* The nodes one by one, everything bound. */
static float *evaluate(aj_context *context, const void *bytes, size_t size, float *x, size_t *n)
{
    ajp_arena arena;
    ajp_graph graph;
    ajp_arena_init(&arena, context);
    CHECK_OK(ajp_graph_build(&graph, context, &arena, bytes, size, "conv.onnx", NULL, &err), err);
    ajp_type type = graph.values[graph.inputs[0]].type;
    type.dims[0] = N_SAMPLES;
    type.batch_axis = -1;
    ajp_tensor in = {type, ajp_dims_product(type.dims, type.rank), x};
    for (size_t i = 0; i < in.n; i++) x[i] = random_float();
    CHECK_OK(ajp_graph_bind(&graph, "x", &in, &err), err);
    CHECK_OK(ajp_graph_infer(&graph, true, &err), err);
    const ajp_tensor *y = graph.values[graph.outputs[0]].constant;
    CHECK(y != NULL);
    float *copy = malloc((y->n + 1) * sizeof *copy);
    memcpy(copy, y->data, y->n * sizeof *copy);
    *n = y->n;
    ajp_graph_close(&graph);
    ajp_arena_free(&arena);
    return copy;
}

/* ---- products elsewhere ---------------------------------------------------------------------------------
 */

typedef struct {
    size_t n_rows; /* of all samples of a run */
    unsigned char *seen;
    size_t n_calls;
} elsewhere;

static aj_status multiply(void *user, const ajp_product_step *step, const ajp_product_call *call, aj_error *e)
{
    elsewhere *w = user;
    (void)e;
    w->n_calls++;
    CHECK(call->n_rows <= AJP_HOOK_ROWS && call->y_row % AJP_LANES == 0);
    for (size_t i = 0; i < call->n_rows; i++) {
        size_t row = ajp_product_row(&call->rows, i);
        CHECK(row < w->n_rows && w->seen[call->group * w->n_rows + row]++ == 0);
        for (size_t k = 0; k < step->rows; k++) {
            const float *weight = ajp_product_weights(step, call->group) + k * step->cols;
            double sum = step->bias != NULL ? (double)ajp_product_bias(step, call->group)[k] : 0.0;
            for (size_t c = 0; c < step->cols; c++)
                sum += (double)weight[c] * (double)call->x[i * call->x_row + c];
            if (step->activation == AJP_ACTIVATION_RELU && sum < 0.0) sum = 0.0;
            call->y[i * call->y_row + k] = (float)sum;
        }
    }
    return AJ_OK;
}

/* Numbers of the input that the patches of one group are made of, marked window by window. */
static size_t count_seen(const recipe *r)
{
    static unsigned char seen[MOST];
    size_t n = 0, n_places = 1, out[3] = {1, 1, 1}, size[3] = {1, 1, 1}, kernel[3] = {1, 1, 1};
    for (size_t a = 0; a < r->n_axes; a++) {
        int64_t reach = r->dilation[a] * (r->kernel[a] - 1) + 1;
        size[a] = (size_t)r->size[a];
        kernel[a] = (size_t)r->kernel[a];
        out[a] = (size_t)((r->size[a] + r->pad[a] + r->pad[r->n_axes + a] - reach) / r->stride[a] + 1);
        n_places *= size[a];
    }
    memset(seen, 0, n_places);
    for (size_t o = 0; o < out[0] * out[1] * out[2]; o++)
        for (size_t t = 0; t < kernel[0] * kernel[1] * kernel[2]; t++) {
            size_t place[3] = {o / out[2] / out[1], o / out[2] % out[1], o % out[2]};
            size_t tap[3] = {t / kernel[2] / kernel[1], t / kernel[2] % kernel[1], t % kernel[2]}, at = 0;
            bool inside = true;
            for (size_t a = 0; a < r->n_axes; a++) {
                int64_t i = (int64_t)place[a] * r->stride[a] + (int64_t)tap[a] * r->dilation[a] - r->pad[a];
                inside = inside && i >= 0 && i < r->size[a];
                at = at * size[a] + (inside ? (size_t)i : 0);
            }
            if (inside) seen[at] = 1;
        }
    for (size_t i = 0; i < n_places; i++) n += seen[i];
    return n * r->in;
}

static void on_hook(aj_context *context, const aj_model *model, const recipe *r, const float *x, float *y)
{
    ajp_plan *plan = NULL;
    ajp_workspace *workspace = NULL;
    CHECK_OK(ajp_plan_create(&plan, context, model, N_SAMPLES, &err), err);
    CHECK_OK(ajp_workspace_create(&workspace, plan, &err), err);
    CHECK_INT(ajp_plan_n_products(plan), 1);
    const ajp_product_step *step = ajp_plan_product(plan, 0);
    if (r->transposed)
        CHECK_INT(step->n_distinct_inputs, 0);
    else
        CHECK_INT(step->n_distinct_inputs, count_seen(r));
    elsewhere w = {N_SAMPLES * step->reps, calloc(N_SAMPLES * step->reps * step->groups, 1), 0};
    ajp_product_hook hook = {multiply, &w, NULL};
    CHECK_OK(ajp_plan_run(plan, workspace, x, N_SAMPLES, y, &hook, NULL, &err), err);
    for (size_t i = 0; i < w.n_rows * step->groups; i++) CHECK_INT(w.seen[i], 1);
    CHECK(w.n_calls > 0);
    free(w.seen);
    ajp_workspace_destroy(workspace);
    ajp_plan_destroy(plan);
}

static void check_close(const recipe *r, const char *what, const float *got, const float *want, size_t n)
{
    double tolerance = 1e-6 * (double)(r->in * (size_t)r->kernel[0] + 20) * 10;
    size_t n_wrong = 0;
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - (double)want[i]) <= tolerance * (1 + fabs((double)want[i]))) &&
            n_wrong++ == 0)
            fprintf(stderr,
                    "%s: %zu axes, %zu groups %zu -> %zu, transposed %d: element %zu is %.9g, want %.9g\n",
                    what, r->n_axes, r->groups, r->in, r->out, (int)r->transposed, i, (double)got[i],
                    (double)want[i]);
    CHECK_INT(n_wrong, 0);
}

static void test_one(aj_context *context, bool transposed)
{
    static float x[MOST];
    recipe r = random_recipe(transposed);
    size_t size, n;
    aj_model *model = NULL;
    aj_session *session = NULL;
    void *bytes = make_bytes(context, &r, &size);
    float *want = evaluate(context, bytes, size, x, &n), *got = malloc((n + 1) * sizeof *got);
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, "conv.onnx", &err), err);
    CHECK_INT(aj_model_n_layers(model), transposed ? 1u + r.norm + r.relu : 1);
    CHECK_INT(N_SAMPLES * aj_model_describe(model).n_output_features, n);
    CHECK_OK(aj_session_create(&session, context, model, 2, &err), err);
    CHECK_OK(aj_session_run(session, x, N_SAMPLES, got, &err), err);
    check_close(&r, "session", got, want, n);
    on_hook(context, model, &r, x, got);
    check_close(&r, "on hook", got, want, n);
    free(got), free(want);
    aj_session_destroy(session);
    aj_model_destroy(model);
    free(bytes);
}

int main(void)
{
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    for (int i = 0; i < 150; i++) {
        test_one(context, false);
        test_one(context, true);
    }
    aj_context_destroy(context);
    return check_report();
}

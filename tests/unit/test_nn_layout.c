/* [threads] Networks of images in whatever order of axes the compiler chooses: random chains of convolution,
 * pooling, sums, scales, joins and views give what the nodes give one by one, on one thread or two, exactly
 * or with their products computed elsewhere; and in a residual network nothing is turned between
 * convolutions. */
#include "fixture.h"
#include "nn/program.h"
#include "onnx_build.h"

enum { N_SAMPLES = 3, MOST_VALUES = 64, N_NODES = 14 };

static aj_error err;
static uint64_t state = 20240601;
static size_t below(size_t n)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(state >> 33) % n;
}
static float random_float(void)
{
    return (float)below(2000001) / 1e6F - 1.0F;
}

/* ---- random networks ------------------------------------------------------------------------------------
 */

typedef struct {
    int64_t channels, height, width;
} image;

typedef struct {
    build b;
    size_t n, n_constants;
    image of[MOST_VALUES];
    char name[MOST_VALUES][16];
} network;

static const char *fresh(network *g, image shape)
{
    g->of[g->n] = shape;
    snprintf(g->name[g->n], sizeof g->name[g->n], "v%zu", g->n);
    return g->name[g->n++];
}

static void constant(network *g, char *name, size_t rank, const int64_t *dims, bool positive)
{
    size_t n = 1;
    for (size_t d = 0; d < rank; d++) n *= (size_t)dims[d];
    float *values = malloc((n + 1) * sizeof *values);
    for (size_t i = 0; i < n; i++)
        values[i] = positive ? fabsf(random_float()) + 0.3F : 0.5F * random_float();
    snprintf(name, 16, "c%zu", g->n_constants++);
    weights(&g->b, name, values, rank, dims);
    free(values);
}

static size_t any(const network *g)
{
    return below(2) == 0 ? g->n - 1 : below(g->n);
}

static void add_conv(network *g)
{
    size_t x = any(g);
    image in = g->of[x], out = in;
    int64_t k = below(2) == 0 ? 3 : 1, stride = in.height > 3 && below(3) == 0 ? 2 : 1;
    bool depthwise = below(3) == 0;
    out.channels = depthwise ? in.channels : 1 + (int64_t)below(20);
    out.height = (in.height + 2 * (k / 2) - k) / stride + 1;
    out.width = (in.width + 2 * (k / 2) - k) / stride + 1;
    char w[16], b[16], inputs[64];
    constant(g, w, 4, (int64_t[]){out.channels, depthwise ? 1 : in.channels, k, k}, false);
    constant(g, b, 1, &out.channels, false);
    snprintf(inputs, sizeof inputs, below(2) == 0 ? "%s,%s,%s" : "%s,%s", g->name[x], w, b);
    node_begin(&g->b, "Conv", "", inputs, fresh(g, out));
    attribute_ints(&g->b, "pads", 4, (int64_t[]){k / 2, k / 2, k / 2, k / 2});
    attribute_ints(&g->b, "strides", 2, (int64_t[]){stride, stride});
    attribute_int(&g->b, "group", depthwise ? in.channels : 1);
    node_end(&g->b);
}

static void add_pool(network *g)
{
    size_t x = any(g);
    image in = g->of[x], out = in;
    if (in.height < 2 || in.width < 2) return;
    out.height /= 2;
    out.width /= 2;
    node_begin(&g->b, below(2) == 0 ? "MaxPool" : "AveragePool", "", g->name[x], fresh(g, out));
    attribute_ints(&g->b, "kernel_shape", 2, (int64_t[]){2, 2});
    attribute_ints(&g->b, "strides", 2, (int64_t[]){2, 2});
    node_end(&g->b);
}

static void two_names(char inputs[64], const char *a, const char *b)
{
    bool turned = below(2) == 0;
    snprintf(inputs, 64, "%s,%s", turned ? b : a, turned ? a : b);
}

/* A scale for each channel that comes from the data. */
static void add_gate(network *g)
{
    size_t x = any(g);
    image in = g->of[x];
    const char *mean = fresh(g, (image){in.channels, 1, 1}), *scale = fresh(g, (image){in.channels, 1, 1});
    char inputs[64];
    node(&g->b, "GlobalAveragePool", "", g->name[x], mean);
    node(&g->b, "Sigmoid", "", mean, scale);
    two_names(inputs, g->name[x], scale);
    node(&g->b, "Mul", "", inputs, fresh(g, in));
}

static void add_pair(network *g)
{
    size_t x = any(g);
    image in = g->of[x], out = in;
    bool join = below(3) == 0;
    size_t y = x;
    for (size_t tries = 0; tries < 2 * g->n; tries++) {
        size_t other = below(g->n);
        image o = g->of[other];
        if (o.height == in.height && o.width == in.width && (join || o.channels == in.channels)) y = other;
    }
    out.channels = join ? in.channels + g->of[y].channels : in.channels;
    if (out.channels > 60) return;
    char inputs[64];
    snprintf(inputs, sizeof inputs, "%s,%s", g->name[x], g->name[y]);
    static const char *const two[] = {"Add", "Add", "Max", "Sub"};
    node_begin(&g->b, join ? "Concat" : two[below(4)], "", inputs, fresh(g, out));
    if (join) attribute_int(&g->b, "axis", below(2) == 0 ? 1 : -3);
    node_end(&g->b);
}

/* A convolution and another way around it, whichever comes first in the file, and their sum. */
static void add_residual(network *g)
{
    size_t x = any(g);
    image in = g->of[x];
    char w[16], inputs[64], names[2][16];
    bool conv_first = below(2) == 0;
    constant(g, w, 4, (int64_t[]){in.channels, in.channels, 1, 1}, false);
    snprintf(inputs, sizeof inputs, "%s,%s", g->name[x], w);
    for (int k = 0; k < 2; k++) {
        snprintf(names[k], sizeof names[k], "%s", fresh(g, in));
        node(&g->b, (k == 0) == conv_first ? "Conv" : "Tanh", "",
             (k == 0) == conv_first ? inputs : g->name[x], names[k]);
    }
    two_names(inputs, names[0], names[1]);
    node(&g->b, "Add", "", inputs, fresh(g, in));
}

static void add_scale(network *g)
{
    size_t x = any(g);
    image in = g->of[x];
    char c[16], inputs[64];
    const int64_t shapes[4][4] = {{1, in.channels, 1, 1},
                                  {1, in.channels, in.height, in.width},
                                  {1, 1, in.height, in.width},
                                  {1, 1, 1, in.width}};
    size_t way = below(4), rank = way == 3 ? 1 : way == 0 ? 3 : 4;
    constant(g, c, rank, shapes[way] + 4 - rank, false);
    two_names(inputs, g->name[x], c);
    node(&g->b, below(2) == 0 ? "Mul" : "Add", "", inputs, fresh(g, in));
}

static void add_unary(network *g)
{
    static const char *const one[] = {"Relu", "Clip", "LeakyRelu", "Tanh", "Abs", "HardSwish", "Identity"};
    size_t x = any(g);
    const char *kind = one[below(7)];
    char inputs[64];
    snprintf(inputs, sizeof inputs, strcmp(kind, "Clip") == 0 ? "%s,zero,most" : "%s", g->name[x]);
    node(&g->b, kind, "", inputs, fresh(g, g->of[x]));
}

static void add_norm(network *g)
{
    size_t x = any(g);
    image in = g->of[x];
    char c[4][16], inputs[96];
    for (size_t k = 0; k < 4; k++) constant(g, c[k], 1, &in.channels, k == 0 || k == 3);
    snprintf(inputs, sizeof inputs, "%s,%s,%s,%s,%s", g->name[x], c[0], c[1], c[2], c[3]);
    node(&g->b, "BatchNormalization", "", inputs, fresh(g, in));
}

/* Operators that want the order of the file, and views that break it. */
static void add_turn(network *g)
{
    size_t x = any(g);
    image in = g->of[x];
    char c[16], other[64];
    if (below(2) == 0) {
        node_begin(&g->b, "Transpose", "", g->name[x], fresh(g, (image){in.channels, in.width, in.height}));
        attribute_ints(&g->b, "perm", 4, (int64_t[]){0, 1, 3, 2});
        node_end(&g->b);
        return;
    }
    snprintf(c, sizeof c, "c%zu", g->n_constants++);
    shape(&g->b, c, 4, (int64_t[]){0, in.height, in.channels, in.width});
    snprintf(other, sizeof other, "%s,%s", g->name[x], c);
    node(&g->b, "Reshape", "", other, fresh(g, (image){in.height, in.channels, in.width}));
}

static void *random_network(aj_context *context, size_t *size)
{
    static void (*const kinds[])(network *) = {add_conv, add_conv, add_conv,    add_pool,  add_gate,
                                               add_pair, add_pair, add_scale,   add_unary, add_unary,
                                               add_norm, add_turn, add_residual};
    network *g = calloc(1, sizeof *g);
    g->b = build_start(context, 7, 14);
    (void)fresh(
        g, (image){1 + (int64_t)below(8), below(4) == 0 ? 1 : 4 + (int64_t)below(9), 4 + (int64_t)below(9)});
    image in = g->of[0];
    value(&g->b, INPUT, "v0", AJP_FLOAT32, 4, (int64_t[]){-1, in.channels, in.height, in.width});
    weights(&g->b, "zero", (const float[]){0.0F}, 0, NULL);
    weights(&g->b, "most", (const float[]){0.7F}, 0, NULL);
    while (g->n < N_NODES) kinds[below(sizeof kinds / sizeof *kinds)](g);
    value(&g->b, OUTPUT, g->name[g->n - 1], AJP_FLOAT32, 4, (int64_t[]){-1, -1, -1, -1});
    void *bytes = build_finish(&g->b, size);
    free(g);
    return bytes;
}

/* ---- the nodes one by one -------------------------------------------------------------------------------
 */

static float *evaluate(aj_context *context, const void *bytes, size_t size, float **x, size_t *n)
{
    ajp_arena arena;
    ajp_graph graph;
    ajp_arena_init(&arena, context);
    CHECK_OK(ajp_graph_build(&graph, context, &arena, bytes, size, "net.onnx", NULL, &err), err);
    ajp_type type = graph.values[graph.inputs[0]].type;
    type.dims[0] = N_SAMPLES;
    type.batch_axis = -1;
    ajp_tensor in = {type, ajp_dims_product(type.dims, type.rank), NULL};
    in.data = *x = malloc(in.n * sizeof **x);
    for (size_t i = 0; i < in.n; i++) (*x)[i] = random_float();
    CHECK_OK(ajp_graph_bind(&graph, "v0", &in, &err), err);
    CHECK_OK(ajp_graph_infer(&graph, true, &err), err);
    const ajp_tensor *y = graph.values[graph.outputs[0]].constant;
    float *copy = malloc((y->n + 1) * sizeof *copy);
    memcpy(copy, y->data, y->n * sizeof *copy);
    *n = y->n;
    ajp_graph_close(&graph);
    ajp_arena_free(&arena);
    return copy;
}

static aj_status multiply(void *user, const ajp_product_step *step, const ajp_product_call *call, aj_error *e)
{
    (void)user, (void)e;
    for (size_t i = 0; i < call->n_rows; i++)
        for (size_t k = 0; k < step->rows; k++) {
            const float *weight = ajp_product_weights(step, call->group) + k * step->cols;
            double sum = step->bias != NULL ? (double)ajp_product_bias(step, call->group)[k] : 0.0;
            for (size_t c = 0; c < step->cols; c++)
                sum += (double)weight[c] * (double)call->x[i * call->x_row + c];
            if (step->activation == AJP_ACTIVATION_RELU && sum < 0.0) sum = 0.0;
            if (step->activation == AJP_ACTIVATION_LEAKY_RELU && sum < 0.0)
                sum *= (double)step->activation_parameter;
            if (step->activation == AJP_ACTIVATION_TANH) sum = tanh(sum);
            if (step->activation == AJP_ACTIVATION_HARD_SWISH) sum *= fmin(fmax(sum / 6 + 0.5, 0), 1);
            if (step->activation == AJP_ACTIVATION_CLIPPED_RELU)
                sum = fmin(fmax(sum, 0.0), (double)step->activation_parameter);
            call->y[i * call->y_row + k] = (float)sum;
        }
    return AJ_OK;
}

static void check_close(const char *what, const float *got, const float *want, size_t n)
{
    size_t n_wrong = 0;
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - (double)want[i]) <= 2e-4 * (1 + fabs((double)want[i]))) && n_wrong++ == 0)
            fprintf(stderr, "%s: element %zu is %.9g, want %.9g\n", what, i, (double)got[i], (double)want[i]);
    CHECK_INT(n_wrong, 0);
}

static void run_hooked(aj_context *context, const aj_model *model, const float *x, float *y)
{
    ajp_plan *plan = NULL;
    ajp_workspace *workspace = NULL;
    ajp_product_hook hook = {multiply, NULL, NULL};
    CHECK_OK(ajp_plan_create(&plan, context, model, N_SAMPLES, &err), err);
    CHECK_OK(ajp_workspace_create(&workspace, plan, &err), err);
    CHECK_OK(ajp_plan_run(plan, workspace, x, N_SAMPLES, y, &hook, NULL, &err), err);
    ajp_workspace_destroy(workspace);
    ajp_plan_destroy(plan);
}

static void test_random(aj_context *const contexts[2])
{
    size_t size, n;
    float *x, *got[2];
    void *bytes = random_network(contexts[0], &size);
    float *want = evaluate(contexts[0], bytes, size, &x, &n);
    for (int k = 0; k < 2; k++) {
        aj_model *model = NULL;
        aj_session *session = NULL;
        got[k] = malloc((n + 1) * sizeof *got[k]);
        CHECK_OK(aj_model_load_memory(&model, contexts[k], bytes, size, "net.onnx", &err), err);
        CHECK_OK(aj_session_create(&session, contexts[k], model, 2, &err), err);
        CHECK_OK(aj_session_run(session, x, N_SAMPLES, got[k], &err), err);
        check_close("session", got[k], want, n);
        if (k == 1) CHECK(memcmp(got[0], got[1], n * sizeof *got[0]) == 0);
        if (k == 1) run_hooked(contexts[k], model, x, got[k]);
        if (k == 1) check_close("on hook", got[k], want, n);
        aj_session_destroy(session);
        aj_model_destroy(model);
    }
    free(got[0]), free(got[1]), free(want), free(x), free(bytes);
}

/* ---- nothing is turned ----------------------------------------------------------------------------------
 */

static void conv(build *b, const char *name, const char *inputs, const char *output, int64_t in, int64_t out)
{
    static float zeros[16 * 16 * 9];
    char w[16];
    snprintf(w, sizeof w, "%s_w", name);
    weights(b, w, zeros, 4, (int64_t[]){out, in, 3, 3});
    char all[64];
    snprintf(all, sizeof all, "%s,%s", inputs, w);
    node_begin(b, "Conv", name, all, output);
    attribute_ints(b, "pads", 4, (int64_t[]){1, 1, 1, 1});
    node_end(b);
}

/* conv, relu; conv, relu, conv, sum, relu; mean, dense: six steps, the sum and every activation within one.
 */
static void test_residual(aj_context *context)
{
    static float dense[160];
    size_t size;
    aj_model *model = NULL;
    build b = build_start(context, 7, 13);
    conv(&b, "a", "x", "a0", 3, 16);
    node(&b, "Relu", "ra", "a0", "a1");
    conv(&b, "b", "a1", "b0", 16, 16);
    node(&b, "Relu", "rb", "b0", "b1");
    conv(&b, "c", "b1", "c0", 16, 16);
    node(&b, "Add", "sum", "a1,c0", "s0");
    node(&b, "Relu", "rs", "s0", "s1");
    node(&b, "GlobalAveragePool", "mean", "s1", "m");
    node(&b, "Flatten", "flat", "m", "f");
    node(&b, "MatMul", "dense", "f,d", "y");
    weights(&b, "d", dense, 2, (int64_t[]){16, 10});
    value(&b, INPUT, "x", AJP_FLOAT32, 4, (int64_t[]){-1, 3, 8, 8});
    value(&b, OUTPUT, "y", AJP_FLOAT32, 2, (int64_t[]){-1, 10});
    void *bytes = build_finish(&b, &size);
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, "residual.onnx", &err), err);
    const ajp_program *p = &model->program;
    CHECK_INT(p->n_steps, 5);
    for (size_t i = 0; i < 3; i++) CHECK(p->steps[i].y_last && p->steps[i].x_last == (i > 0));
    CHECK(p->steps[2].sum != NULL && p->steps[2].after == AJP_ACTIVATION_RELU);
    CHECK(p->steps[3].x_last);
    aj_layer_info sum = aj_model_layer(model, 3);
    CHECK_STRING(sum.name, "sum");
    CHECK_INT(sum.flops_per_inference, 2 * 16 * 64);
    aj_model_destroy(model);
    free(bytes);
}

int main(void)
{
    aj_context *const contexts[2] = {fixture_context(1, AJ_ISA_AUTO), fixture_context(2, AJ_ISA_AUTO)};
    for (int i = 0; i < 300; i++) test_random(contexts);
    test_residual(contexts[0]);
    aj_context_destroy(contexts[0]);
    aj_context_destroy(contexts[1]);
    return check_report();
}

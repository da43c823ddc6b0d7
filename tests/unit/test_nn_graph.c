/* Compiled networks (folded, fused, samples on the first axis) against the same networks computed node by
 * node with the operators that the ONNX project's cases check. */
#include "check.h"

#include "onnx_build.h"

#include "nn/executor.h"
#include "nn/graph.h"

static aj_error err;
static aj_context *context;

static float number(size_t i)
{
    uint32_t x = (uint32_t)i * 2654435761u + 777u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    return (float)((double)x / 2147483648.0 - 1.0);
}

static float pool[4096];
static float positive[4096]; /* for variances and divisors */

/* Runs through the public interface. Returns the layers; outputs in y. */
static aj_model *run_session(void *bytes, size_t size, const float *x, size_t n, float *y, size_t chunk)
{
    aj_model *model = NULL;
    aj_session *session = NULL;
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, "built", &err), err);
    if (model == NULL) return NULL;
    CHECK_OK(aj_session_create(&session, context, model, chunk, &err), err);
    CHECK_OK(aj_session_run(session, x, n, y, &err), err);
    aj_session_destroy(session);
    return model;
}

/* Node by node, whole input at once. */
static void run_nodes(void *bytes, size_t size, const float *x, const ajp_type *type, float *y, size_t n_out)
{
    ajp_arena arena;
    ajp_graph graph;
    ajp_arena_init(&arena, context);
    CHECK_OK(ajp_graph_build(&graph, context, &arena, bytes, size, "built", NULL, &err), err);
    ajp_tensor in = {*type, 0, NULL};
    CHECK(ajp_type_elements(type, &in.n));
    memcpy(&in.data, &x, sizeof in.data);
    CHECK_OK(ajp_graph_bind(&graph, "x", &in, &err), err);
    CHECK_OK(ajp_graph_infer(&graph, true, &err), err);
    const ajp_tensor *out = graph.values[graph.outputs[0]].constant;
    CHECK(out != NULL && out->n == n_out);
    if (out != NULL && out->n == n_out) memcpy(y, out->data, n_out * sizeof *y);
    ajp_graph_close(&graph);
    ajp_arena_free(&arena);
}

/* Both ways, several chunks; wants n_products products and n_others other steps. */
static void agree(const char *what, build *b, size_t n, size_t features, size_t n_out, size_t rank,
                  const int64_t *dims, size_t n_products, size_t n_others)
{
    size_t size;
    void *bytes = build_finish(b, &size);
    float *x = calloc(n, features * sizeof *x), *want = calloc(n, n_out * sizeof *want),
          *got = calloc(n, n_out * sizeof *got);
    ajp_type type = {AJP_FLOAT32, -1, rank, {n}};
    for (size_t i = 0; i < n * features; i++) x[i] = number(i + 5000);
    for (size_t d = 0; d < rank; d++) type.dims[d] = dims[d] == -1 ? n : (size_t)dims[d];
    run_nodes(bytes, size, x, &type, want, n * n_out);
    for (size_t chunk = 1; chunk < 30; chunk += 7) {
        memset(got, 0, n * n_out * sizeof *got);
        aj_model *model = run_session(bytes, size, x, n, got, chunk);
        if (model == NULL) break;
        int before = check_failures;
        for (size_t i = 0; i < n * n_out; i++)
            CHECK_NEAR(got[i], want[i], 3e-6 * (1 + fabs((double)want[i])));
        ajp_plan *plan = NULL;
        CHECK_OK(ajp_plan_create(&plan, context, model, chunk, &err), err);
        CHECK_INT(ajp_plan_n_products(plan), n_products);
        CHECK_INT(ajp_plan_n_others(plan), n_others);
        CHECK_INT(aj_model_n_layers(model), n_products + n_others);
        if (check_failures != before) fprintf(stderr, "in: %s\n", what);
        ajp_plan_destroy(plan);
        aj_model_destroy(model);
    }
    free(bytes), free(x), free(want), free(got);
}

static void put_batch_norm(build *b, const char *name, const char *input, const char *output,
                           int64_t channels)
{
    char list[200], s[32], bias[32], m[32], v[32];
    snprintf(s, 32, "%s_s", name), snprintf(bias, 32, "%s_b", name), snprintf(m, 32, "%s_m", name),
        snprintf(v, 32, "%s_v", name);
    snprintf(list, sizeof list, "%s,%s,%s,%s,%s", input, s, bias, m, v);
    node_begin(b, "BatchNormalization", name, list, output);
    if (b->opset < 7) attribute_int(b, "is_test", 1);
    attribute_float(b, "epsilon", 1e-3f);
    node_end(b);
    weights(b, s, pool + 50, 1, &channels), weights(b, bias, pool + 90, 1, &channels);
    weights(b, m, pool + 130, 1, &channels), weights(b, v, positive + 50, 1, &channels);
}

static void chain(void)
{
    build b = build_start(context, 7, 13);
    node_begin(&b, "Gemm", "g", "x,w1,b1", "h1");
    attribute_int(&b, "transB", 1), attribute_float(&b, "alpha", 0.5f), attribute_float(&b, "beta", 2.0f);
    node_end(&b);
    put_batch_norm(&b, "bn", "h1", "h2", 20);
    node(&b, "Relu", "r", "h2", "h3");
    node(&b, "MatMul", "m", "h3,w2", "h4");
    node(&b, "Add", "a", "b2,h4", "h5");
    node(&b, "Sub", "s", "c,h5", "h6");
    node(&b, "Mul", "mu", "h6,v2", "h7");
    node(&b, "Div", "d", "h7,p2", "h8");
    node(&b, "Dropout", "dr", "h8", "h9");
    node(&b, "Sub", "s2", "h9,v2", "h10");
    node(&b, "Sigmoid", "si", "h10", "h11");
    node(&b, "Softmax", "so", "h11", "y");
    weights(&b, "w1", pool, 2, (int64_t[]){20, 12}), weights(&b, "b1", pool + 300, 1, (int64_t[]){20});
    weights(&b, "w2", pool + 400, 2, (int64_t[]){20, 7}), weights(&b, "b2", pool + 600, 2, (int64_t[]){1, 7});
    weights(&b, "c", pool + 3, 0, NULL), weights(&b, "v2", pool + 700, 1, (int64_t[]){7});
    weights(&b, "p2", positive + 9, 1, (int64_t[]){7});
    value(&b, INPUT, "x", 1, 2, (int64_t[]){-1, 12}), value(&b, OUTPUT, "y", 1, 2, (int64_t[]){-1, 7});
    agree("chain", &b, 25, 12, 7, 2, (int64_t[]){-1, 12}, 2, 1);
}

/* Products with several rows a sample, and a constant on the left. */
static void repeated(void)
{
    build b = build_start(context, 7, 13);
    node(&b, "MatMul", "m", "x,w", "h1"); /* [N,3,8] x [8,5] */
    node(&b, "Add", "a", "h1,bias", "h2");
    node(&b, "Tanh", "t", "h2", "h3");
    node(&b, "MatMul", "left", "l,h3", "h4"); /* [6,3] x [N,3,5] */
    node(&b, "Relu", "r", "h4", "h5");
    node(&b, "Reshape", "re", "h5,shape", "h6"); /* [N,30] */
    node(&b, "Gemm", "g", "h6,w2,b2", "y");
    weights(&b, "w", pool, 2, (int64_t[]){8, 5}), weights(&b, "bias", pool + 100, 1, (int64_t[]){5});
    weights(&b, "l", pool + 200, 2, (int64_t[]){6, 3});
    shape(&b, "shape", 2, (int64_t[]){-1, 30});
    weights(&b, "w2", pool + 300, 2, (int64_t[]){30, 4}), weights(&b, "b2", pool + 500, 1, (int64_t[]){1});
    value(&b, INPUT, "x", 1, 3, (int64_t[]){-1, 3, 8}), value(&b, OUTPUT, "y", 1, 2, (int64_t[]){-1, 4});
    agree("repeated", &b, 25, 24, 4, 3, (int64_t[]){-1, 3, 8}, 3, 0);
}

/* The result of a left product is [rows][t]: a bias along the last axis is not one of its rows. */
static void left_bias(void)
{
    build b = build_start(context, 7, 13);
    node(&b, "MatMul", "left", "l,x", "h1"); /* [5,3] x [N,3,5] */
    node(&b, "Add", "a", "h1,v", "h2");
    node(&b, "Sigmoid", "s", "h2", "y");
    weights(&b, "l", pool + 200, 2, (int64_t[]){5, 3}), weights(&b, "v", pool + 100, 1, (int64_t[]){5});
    value(&b, INPUT, "x", 1, 3, (int64_t[]){-1, 3, 5}), value(&b, OUTPUT, "y", 1, 3, (int64_t[]){-1, 5, 5});
    agree("left_bias", &b, 9, 15, 25, 3, (int64_t[]){-1, 3, 5}, 1, 2);
}

/* A residual, a C that depends on data, two activations multiplied. */
static void branches(void)
{
    build b = build_start(context, 8, 15);
    node(&b, "MatMul", "q", "x,wq", "q");
    node(&b, "MatMul", "k", "x,wk", "k");
    node(&b, "Reshape", "kt", "k,kt_shape", "kr"); /* [N,4,6] -> [N,6,4] */
    node(&b, "MatMul", "qk", "q,kr", "s");         /* [N,4,4] */
    node(&b, "Softmax", "sm", "s", "p");
    node(&b, "MatMul", "pv", "p,x", "o"); /* [N,4,6] */
    node(&b, "Add", "res", "o,x", "r");
    node(&b, "Flatten", "f", "r", "fl");
    node(&b, "Gemm", "g1", "fl,w1", "h");
    node(&b, "Relu", "relu", "h", "hr");
    node(&b, "Gemm", "g2", "fl,w1,hr", "y");
    weights(&b, "wq", pool, 2, (int64_t[]){6, 6}), weights(&b, "wk", pool + 40, 2, (int64_t[]){6, 6});
    weights(&b, "w1", pool + 100, 2, (int64_t[]){24, 5});
    shape(&b, "kt_shape", 3, (int64_t[]){0, 6, 4});
    value(&b, INPUT, "x", 1, 3, (int64_t[]){-1, 4, 6}), value(&b, OUTPUT, "y", 1, 2, (int64_t[]){-1, 5});
    agree("branches", &b, 11, 24, 5, 3, (int64_t[]){-1, 4, 6}, 6, 3);
}

/* Forms of the first opsets: broadcast and axis, is_test, shape as an attribute, Softmax over the rest. */
static void old_forms(void)
{
    build b = build_start(context, 3, 4);
    node(&b, "Identity", "id", "x", "h0");
    node_begin(&b, "Add", "a", "h0,v", "h1");
    attribute_int(&b, "broadcast", 1), attribute_int(&b, "axis", 1),
        attribute_ints(&b, "consumed_inputs", 2, (int64_t[]){0, 0});
    node_end(&b);
    put_batch_norm(&b, "bn", "h1", "h2", 3);
    node_begin(&b, "Dropout", "dr", "h2", "h3"), attribute_int(&b, "is_test", 1), node_end(&b);
    node_begin(&b, "Softmax", "s", "h3", "h4"), node_end(&b);
    node_begin(&b, "Reshape", "r", "h4", "h5"), attribute_ints(&b, "shape", 2, (int64_t[]){0, -1}),
        node_end(&b);
    node_begin(&b, "Gemm", "g", "h5,w,c", "y"), attribute_int(&b, "broadcast", 1), node_end(&b);
    weights(&b, "v", pool, 1, (int64_t[]){3});
    weights(&b, "w", pool + 100, 2, (int64_t[]){12, 5}), weights(&b, "c", pool + 200, 1, (int64_t[]){5});
    /* before IR 4 initializers are inputs as well */
    value(&b, INPUT, "v", 1, 1, (int64_t[]){3});
    value(&b, INPUT, "x", 1, 3, (int64_t[]){-1, 3, 4}), value(&b, INPUT, "w", 1, 2, (int64_t[]){12, 5});
    value(&b, OUTPUT, "y", 1, 2, (int64_t[]){-1, 5});
    agree("old_forms", &b, 13, 12, 5, 3, (int64_t[]){-1, 3, 4}, 1, 3);
}

/* Element types inside, a mask that is used, constants as nodes. */
static void types(void)
{
    build b = build_start(context, 7, 12);
    node_begin(&b, "Cast", "c1", "x", "d"), attribute_int(&b, "to", AJP_FLOAT64), node_end(&b);
    node_begin(&b, "Constant", "k", "", "two"), attribute_float(&b, "value_float", 2.0f), node_end(&b);
    node_begin(&b, "Cast", "c2", "two", "two_d"), attribute_int(&b, "to", AJP_FLOAT64), node_end(&b);
    node(&b, "Mul", "m", "d,two_d", "e");
    node_begin(&b, "Cast", "c3", "e", "f"), attribute_int(&b, "to", AJP_FLOAT32), node_end(&b);
    node(&b, "Dropout", "dr", "f", "g,mask");
    node_begin(&b, "Cast", "c4", "mask", "mf"), attribute_int(&b, "to", AJP_FLOAT32), node_end(&b);
    node(&b, "Add", "a", "g,mf", "y");
    value(&b, INPUT, "x", 1, 2, (int64_t[]){-1, 6}), value(&b, OUTPUT, "y", 1, 2, (int64_t[]){-1, 6});
    agree("types", &b, 10, 6, 6, 2, (int64_t[]){-1, 6}, 0, 6);
}

/* A model exported for a fixed number of samples, which its Reshape spells out, runs with any number. */
static void fixed_batch(size_t batch)
{
    int64_t n = (int64_t)batch;
    build b = build_start(context, 7, 13);
    node(&b, "Reshape", "r", "x,s", "h");
    node(&b, "Gemm", "g", "h,w", "y");
    shape(&b, "s", 2, (int64_t[]){n, 12});
    weights(&b, "w", pool, 2, (int64_t[]){12, 5});
    value(&b, INPUT, "x", 1, 3, (int64_t[]){n, 3, 4}), value(&b, OUTPUT, "y", 1, 2, (int64_t[]){n, 5});
    size_t size;
    void *bytes = build_finish(&b, &size);
    float x[6 * 12], y[30], want[30];
    for (size_t i = 0; i < 72; i++) x[i] = number(i);
    aj_model *model = run_session(bytes, size, x, 6, y, 4);
    CHECK(model != NULL && aj_model_describe(model).n_input_features == 12 &&
          aj_model_layer(model, 0).reps == 1);
    ajp_type type = {AJP_FLOAT32, -1, 3, {batch, 3, 4}};
    for (size_t s = 0; s < 6; s += batch) run_nodes(bytes, size, x + 12 * s, &type, want + 5 * s, 5 * batch);
    for (size_t i = 0; i < 30; i++) CHECK_NEAR(y[i], want[i], 3e-6);
    aj_model_destroy(model);
    free(bytes);
}

/* A network that mixes its samples runs only as it was exported: one run is one "sample". */
static void whole(void)
{
    build b = build_start(context, 7, 13);
    node_begin(&b, "Softmax", "s", "x", "h"), attribute_int(&b, "axis", 0), node_end(&b);
    node(&b, "MatMul", "m", "h,w", "y");
    weights(&b, "w", pool, 2, (int64_t[]){4, 2});
    value(&b, INPUT, "x", 1, 2, (int64_t[]){3, 4}), value(&b, OUTPUT, "y", 1, 2, (int64_t[]){3, 2});
    size_t size;
    void *bytes = build_finish(&b, &size);
    float x[24], y[12], one[6];
    for (size_t i = 0; i < 24; i++) x[i] = number(i);
    aj_model *model = run_session(bytes, size, x, 2, y, 3);
    CHECK(model != NULL && aj_model_describe(model).n_input_features == 12 &&
          aj_model_layer(model, 1).reps == 3);
    ajp_type type = {AJP_FLOAT32, -1, 2, {3, 4}};
    for (size_t s = 0; s < 2; s++) {
        run_nodes(bytes, size, x + 12 * s, &type, one, 6);
        for (size_t i = 0; i < 6; i++) CHECK_NEAR(y[6 * s + i], one[i], 3e-6);
    }
    aj_model_destroy(model);
    free(bytes);
}

/* A product read twice must not take up what only one of its readers wants. */
static void shared_products(void)
{
    build b = build_start(context, 7, 13);
    node(&b, "MatMul", "m", "x,w", "h");
    node(&b, "Relu", "r", "h", "hr");
    node(&b, "Add", "a", "h,hr", "z");
    node(&b, "Gemm", "g", "z,w2", "g");
    node(&b, "Add", "twice", "g,g", "y");
    weights(&b, "w", pool, 2, (int64_t[]){6, 17}), weights(&b, "w2", pool + 200, 2, (int64_t[]){17, 3});
    value(&b, INPUT, "x", 1, 2, (int64_t[]){-1, 6}), value(&b, OUTPUT, "y", 1, 2, (int64_t[]){-1, 3});
    agree("shared_products", &b, 12, 6, 3, 2, (int64_t[]){-1, 6}, 2, 3);
}

/* Old and new meanings against numbers worked out by hand: both ways of computing share the operators' code.
 */
static void by_hand(void)
{
    float x[12] = {0}, y[12], v[3] = {1, 2, 3};
    for (int64_t opset = 4; opset <= 13; opset += 9) {
        build b = build_start(context, 7, opset);
        size_t size;
        node_begin(&b, "Softmax", "s", "x", "y");
        if (opset == 13) attribute_int(&b, "axis", 1);
        node_end(&b);
        value(&b, INPUT, "x", 1, 3, (int64_t[]){-1, 3, 2}),
            value(&b, OUTPUT, "y", 1, 3, (int64_t[]){-1, 3, 2});
        void *bytes = build_finish(&b, &size);
        aj_model_destroy(run_session(bytes, size, x, 2, y, 2));
        for (size_t i = 0; i < 12; i++) CHECK_NEAR(y[i], opset == 13 ? 1.0 / 3 : 1.0 / 6, 1e-6);
        free(bytes);
    }
    build b = build_start(context, 3, 6);
    size_t size;
    node_begin(&b, "Sub", "a", "x,v", "y"), attribute_int(&b, "broadcast", 1), attribute_int(&b, "axis", 1),
        node_end(&b);
    weights(&b, "v", v, 1, (int64_t[]){3});
    value(&b, INPUT, "x", 1, 3, (int64_t[]){-1, 3, 2}), value(&b, OUTPUT, "y", 1, 3, (int64_t[]){-1, 3, 2});
    void *bytes = build_finish(&b, &size);
    aj_model_destroy(run_session(bytes, size, x, 2, y, 2));
    for (size_t i = 0; i < 12; i++) CHECK_NEAR(y[i], -(double)v[i / 2 % 3], 0);
    free(bytes);
}

/* Nothing to compute at all. */
static void identity(void)
{
    build b = build_start(context, 7, 13);
    node(&b, "Identity", "i", "x", "y");
    value(&b, INPUT, "x", 1, 2, (int64_t[]){-1, 4}), value(&b, OUTPUT, "y", 1, 2, (int64_t[]){-1, 4});
    agree("identity", &b, 7, 4, 4, 2, (int64_t[]){-1, 4}, 0, 0);
}

/* Nodes out of order, an unused branch with an initializer, an empty name: the layer is called by operator
 * and place. */
static void disorder(void)
{
    build b = build_start(context, 7, 13);
    node(&b, "Relu", "", "h", "y");
    node(&b, "MatMul", "", "x,w", "h");
    node(&b, "Tanh", "unused", "x", "z");
    weights(&b, "w", pool, 2, (int64_t[]){4, 3});
    value(&b, INPUT, "x", 1, 2, (int64_t[]){-1, 4}), value(&b, OUTPUT, "y", 1, 2, (int64_t[]){-1, 3});
    size_t size;
    void *bytes = build_finish(&b, &size);
    aj_model *model = NULL;
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, "built", &err), err);
    CHECK_INT(aj_model_n_layers(model), 1);
    CHECK_STRING(aj_model_layer(model, 0).name, "MatMul_1");
    CHECK_STRING(aj_model_layer(model, 0).op_type, "MatMul");
    CHECK_INT(aj_model_layer(model, 0).flops_per_inference, 2 * 12 + 3);
    CHECK_INT(aj_model_layer(model, 0).bytes_moved, 4 * (4 + 3 + 12));
    CHECK_STRING(aj_model_layer(model, 9).name, "");
    aj_model_destroy(model);
    free(bytes);
}

int main(void)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 2;
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    for (size_t i = 0; i < 4096; i++)
        pool[i] = number(i), positive[i] = 0.5f + (float)fabs((double)number(i));
    chain();
    repeated();
    left_bias();
    branches();
    old_forms();
    types();
    fixed_batch(1);
    fixed_batch(2);
    fixed_batch(3);
    whole();
    shared_products();
    by_hand();
    identity();
    disorder();
    aj_context_destroy(context);
    return check_report();
}

/* Networks that read the number of samples, and samples behind another axis: the shapes of exported
 * transformers and recurrent cells.  A symbolic first axis runs any number of samples at once, with the bits
 * of one at a time; what cannot be said to treat samples one by one is run one by one. */
#include "fixture.h"
#include "nn/program.h"
#include "onnx_build.h"

enum { N = 7, STEPS = 6, WIDE = 8, N_IN = STEPS * WIDE };

static aj_context *context;
static aj_error err;
static float pool[2048], x[N * N_IN];

static void number(build *b, const char *name, int64_t value)
{
    initializer(b, name, AJP_INT64, 0, NULL, &value, sizeof value);
}

/* name0 = Shape(of); n = its axis 0 as a vector of one. */
static void batch_of(build *b, const char *of)
{
    node(b, "Shape", "shape", of, "dims");
    node(b, "Gather", "pick", "dims,zero", "n0");
    node(b, "Unsqueeze", "list", "n0,axis0", "n");
    number(b, "zero", 0);
    shape(b, "axis0", 1, (int64_t[]){0});
}

typedef struct {
    const ajp_kernels *kernels;
    uint8_t seen[N * STEPS];
} watcher;

static aj_status watch(void *user, const ajp_product_step *step, const ajp_product_call *call, aj_error *e)
{
    watcher *w = user;
    ajp_multiplier exact = {w->kernels, NULL, NULL, e};
    for (size_t i = 0; call->product == 0 && i < call->n_rows; i++) {
        size_t row = ajp_product_row(&call->rows, i);
        CHECK(row < N * STEPS);
        w->seen[row % (N * STEPS)]++; /* sample * steps + step, and that row of x */
        CHECK(memcmp(call->x + i * call->x_row, x + row * WIDE, WIDE * sizeof *x) == 0);
    }
    return ajp_products_multiply(&exact, step, call);
}

/* All samples at once, in threes, one at a time, and through a hook. */
static void run(build *b, const char *want_first, bool whole, float *y)
{
    size_t size;
    static float again[N * 80];
    void *bytes = build_finish(b, &size);
    aj_model *model = NULL;
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, "samples.onnx", &err), err);
    if (model == NULL) exit(1);
    CHECK_INT(model->program.graph.whole, whole);
    if (want_first != NULL) CHECK_STRING(aj_model_layer(model, 0).name, want_first);
    size_t width = aj_model_describe(model).n_output_features;
    CHECK(width <= 80);
    static const size_t chunks[] = {N, 3, 1};
    for (size_t c = 0; c < 3; c++) {
        aj_session *session = NULL;
        CHECK_OK(aj_session_create(&session, context, model, chunks[c], &err), err);
        CHECK_OK(aj_session_run(session, x, N, c == 0 ? y : again, &err), err);
        if (c > 0) CHECK(memcmp(y, again, N * width * sizeof *y) == 0);
        aj_session_destroy(session);
    }
    ajp_plan *plan = NULL;
    ajp_workspace *workspace = NULL;
    watcher w = {.kernels = ajp_kernels_for(aj_context_isa(context))};
    ajp_product_hook hook = {watch, &w, NULL};
    CHECK_OK(ajp_plan_create(&plan, context, model, N, &err), err);
    CHECK_OK(ajp_workspace_create(&workspace, plan, &err), err);
    size_t at_once = ajp_plan_max_chunk(plan);
    CHECK_INT(at_once, whole ? 1 : N);
    for (size_t s = 0; s < N; s += at_once)
        CHECK_OK(ajp_plan_run(plan, workspace, x + s * N_IN, at_once, again + s * width, &hook, NULL, &err),
                 err);
    CHECK(memcmp(y, again, N * width * sizeof *y) == 0);
    bool seen = ajp_plan_n_products(plan) > 0 && !ajp_plan_product(plan, 0)->dynamic;
    for (size_t i = 0; seen && i < N * STEPS; i++) CHECK_INT(w.seen[i], 1);
    ajp_workspace_destroy(workspace);
    ajp_plan_destroy(plan);
    aj_model_destroy(model);
    free(bytes);
}

static void concat(build *b, const char *name, const char *inputs, const char *output, int64_t axis)
{
    node_begin(b, "Concat", name, inputs, output);
    attribute_int(b, "axis", axis);
    node_end(b);
}

static void transpose(build *b, const char *name, const char *input, const char *output, size_t rank,
                      const int64_t *perm)
{
    node_begin(b, "Transpose", name, input, output);
    attribute_ints(b, "perm", rank, perm);
    node_end(b);
}

/* x [N][STEPS][WIDE] to y [N][width]. */
static build start(int64_t width)
{
    build b = build_start(context, 7, 13);
    value(&b, INPUT, "x", AJP_FLOAT32, 3, (int64_t[]){-1, STEPS, WIDE});
    value(&b, OUTPUT, "y", AJP_FLOAT32, 2, (int64_t[]){-1, width});
    return b;
}

/* ---- shapes that are computed -----------------------------------------------------------------------------
 */

/* Heads as an exported attention makes them: [N, T, 8] -> [N, T, 2, 4] -> [N, 2, T, 4] -> [2 N, T, 4], scores
 * [2 N, T, T], every shape made from the input's own. */
static void heads(void)
{
    enum { OUT = 2 * STEPS * STEPS };
    static float y[N * OUT];
    build b = start(OUT);
    batch_of(&b, "x");
    concat(&b, "to4", "n,t,h,d", "shape4", 0);
    node(&b, "Mul", "times", "n,d", "n4");
    node(&b, "Div", "by", "n4,h", "n2");
    concat(&b, "to3", "n2,t,d", "shape3", 0);
    node(&b, "Reshape", "split", "x,shape4", "x4");
    transpose(&b, "t1", "x4", "xt", 4, (int64_t[]){0, 2, 1, 3});
    node(&b, "Reshape", "merge", "xt,shape3", "x3");
    transpose(&b, "t2", "x3", "x3t", 3, (int64_t[]){0, 2, 1});
    node(&b, "MatMul", "scores", "x3,x3t", "s");
    concat(&b, "to2", "n,rest", "shape2", 0);
    node(&b, "Reshape", "flat", "s,shape2", "y");
    shape(&b, "t", 1, (int64_t[]){STEPS}), shape(&b, "h", 1, (int64_t[]){2});
    shape(&b, "d", 1, (int64_t[]){4}), shape(&b, "rest", 1, (int64_t[]){-1});
    run(&b, "t1", false, y);
    for (size_t i = 0; i < N * OUT; i++) {
        size_t u = i % STEPS, t = i / STEPS % STEPS, head = i / STEPS / STEPS % 2;
        const float *sample = x + i / OUT * N_IN + head * 4;
        double want = 0;
        for (size_t k = 0; k < 4; k++) want += (double)sample[t * WIDE + k] * (double)sample[u * WIDE + k];
        CHECK_NEAR(y[i], want, 1e-5);
    }
}

/* A token expanded to the number of samples, and a state made of it, stand before and beside the steps. */
static void expanded(void)
{
    static float y[N * 3 * WIDE];
    build b = start(3 * WIDE);
    batch_of(&b, "x");
    concat(&b, "to3", "n,one,wide", "shape3", 0);
    node(&b, "Expand", "token", "c,shape3", "tokens");
    node_begin(&b, "ConstantOfShape", "state", "shape3", "half");
    size_t attribute = ajp_out_begin(&b.out);
    float half = 0.5F;
    ajp_out_text(&b.out, 1, "value");
    size_t tensor = ajp_out_begin(&b.out);
    tensor_fields(&b, "", AJP_FLOAT32, 1, (int64_t[]){1}, &half, sizeof half);
    ajp_out_end(&b.out, 5, tensor);
    ajp_out_int(&b.out, 20, AJP_ATTRIBUTE_TENSOR);
    ajp_out_end(&b.out, 5, attribute);
    node_end(&b);
    node_begin(&b, "Gather", "last", "x,minus", "end"), attribute_int(&b, "axis", 1), node_end(&b);
    concat(&b, "join", "tokens,half,end", "all", 1);
    node(&b, "Flatten", "flat", "all", "y");
    shape(&b, "one", 1, (int64_t[]){1}), shape(&b, "wide", 1, (int64_t[]){WIDE});
    shape(&b, "minus", 1, (int64_t[]){-1});
    weights(&b, "c", pool, 3, (int64_t[]){1, 1, WIDE});
    run(&b, "last", false, y);
    for (size_t i = 0; i < N * 3 * WIDE; i++) {
        size_t k = i % WIDE, part = i / WIDE % 3;
        float want = part == 0 ? pool[k] : part == 1 ? 0.5F : x[i / WIDE / 3 * N_IN + (STEPS - 1) * WIDE + k];
        CHECK(y[i] == want);
    }
}

/* ---- samples behind the steps -----------------------------------------------------------------------------
 */

/* [N, T, 8] -> [T, N, 8], a product and a bias there, one step picked, everything turned back. */
static void behind(bool pick)
{
    enum { OUT = 3 };
    static float y[N * OUT * STEPS];
    build b = start(pick ? OUT : OUT * STEPS);
    transpose(&b, "t1", "x", "xt", 3, (int64_t[]){1, 0, 2});
    node(&b, "MatMul", "product", "xt,w", "p");
    node(&b, "Tanh", "a", "p", "h");
    node(&b, "Mul", "scale", "h,s", "q");
    if (pick) {
        node(&b, "Gather", "step", "q,two", "y"); /* axis 0: the steps */
        number(&b, "two", 2);
    } else {
        transpose(&b, "t2", "q", "z", 3, (int64_t[]){1, 0, 2});
        node(&b, "Flatten", "flat", "z", "y");
    }
    weights(&b, "w", pool, 2, (int64_t[]){WIDE, OUT});
    weights(&b, "s", pool + 100, 3, (int64_t[]){STEPS, 1, OUT}); /* one for each step */
    run(&b, "t1", false, y);
    size_t width = pick ? OUT : OUT * STEPS;
    for (size_t i = 0; i < N * width; i++) {
        size_t o = i % OUT, t = pick ? 2 : i / OUT % STEPS;
        double sum = 0;
        for (size_t k = 0; k < WIDE; k++)
            sum += (double)pool[k * OUT + o] * (double)x[i / width * N_IN + t * WIDE + k];
        CHECK_NEAR(y[i], tanh(sum) * (double)pool[100 + t * OUT + o], 1e-5);
    }
}

/* [T, N, 8] as one matrix of [T * N, 8] for a product with a bias, and apart again: the samples stand in the
 * middle of an axis.  In a model exported for one sample the shapes are spelled out. */
static void merged(bool fixed)
{
    enum { OUT = 3 };
    static float y[N * OUT * STEPS];
    build b = build_start(context, 7, 13);
    value(&b, INPUT, "x", AJP_FLOAT32, 3, (int64_t[]){fixed ? 1 : -1, STEPS, WIDE});
    value(&b, OUTPUT, "y", AJP_FLOAT32, 2, (int64_t[]){fixed ? 1 : -1, OUT * STEPS});
    transpose(&b, "t1", "x", "xt", 3, (int64_t[]){1, 0, 2});
    if (fixed) {
        shape(&b, "together", 2, (int64_t[]){STEPS, WIDE}), shape(&b, "apart", 3, (int64_t[]){STEPS, 1, OUT});
    } else {
        batch_of(&b, "x");
        node(&b, "Mul", "times", "n,t", "nt");
        concat(&b, "c1", "nt,wide", "together", 0);
        concat(&b, "c2", "t,n,out", "apart", 0);
        shape(&b, "t", 1, (int64_t[]){STEPS}), shape(&b, "wide", 1, (int64_t[]){WIDE});
        shape(&b, "out", 1, (int64_t[]){OUT});
    }
    node(&b, "Reshape", "join", "xt,together", "xj");
    node(&b, "Gemm", "product", "xj,w,c", "p");
    node(&b, "Sigmoid", "a", "p", "q"); /* into the product */
    node(&b, "Neg", "minus", "q", "r");
    node(&b, "Reshape", "part", "r,apart", "z");
    transpose(&b, "t2", "z", "zt", 3, (int64_t[]){1, 0, 2});
    node(&b, "Flatten", "flat", "zt", "y");
    weights(&b, "w", pool, 2, (int64_t[]){WIDE, OUT}), weights(&b, "c", pool + 50, 1, (int64_t[]){OUT});
    run(&b, "t1", false, y);
    for (size_t i = 0; i < N * STEPS * OUT; i++) {
        double sum = (double)pool[50 + i % OUT];
        for (size_t k = 0; k < WIDE; k++)
            sum += (double)pool[k * OUT + i % OUT] * (double)x[i / OUT * WIDE + k];
        CHECK_NEAR(y[i], -1 / (1 + exp(-sum)), 1e-5);
    }
}

/* The same matrix read by something that tells its places apart. */
static void merged_and_mixed(void)
{
    static float y[N * N_IN];
    build b = start(N_IN);
    batch_of(&b, "x");
    transpose(&b, "t1", "x", "xt", 3, (int64_t[]){1, 0, 2});
    node(&b, "Mul", "times", "n,t", "nt");
    concat(&b, "c1", "nt,wide", "together", 0);
    node(&b, "Reshape", "join", "xt,together", "xj");
    node_begin(&b, "CumSum", "sum", "xj,one0", "s"), node_end(&b); /* along the features: would be alike */
    node(&b, "Reshape", "flat", "s,rest", "y");
    shape(&b, "t", 1, (int64_t[]){STEPS}), shape(&b, "wide", 1, (int64_t[]){WIDE});
    shape(&b, "rest", 2, (int64_t[]){-1, N_IN});
    number(&b, "one0", 1);
    run(&b, "t1", true, y);
    for (size_t i = 0; i < N * N_IN; i += WIDE) CHECK(y[i] == x[i]);
}

/* ---- what cannot be said to treat samples one by one ------------------------------------------------------
 */

static void one_by_one(const char *what)
{
    static float y[N * N_IN];
    build b = start(N_IN);
    batch_of(&b, "x");
    double want = 1;
    if (strcmp(what, "Equal") == 0) {
        node(&b, "Equal", "compare", "n,one", "e");
        node_begin(&b, "Cast", "cast", "e", "f"), attribute_int(&b, "to", AJP_FLOAT32), node_end(&b);
    } else if (strcmp(what, "Cast") == 0) {
        node_begin(&b, "Cast", "cast", "n", "f"), attribute_int(&b, "to", AJP_FLOAT32), node_end(&b);
    } else if (strcmp(what, "Div") == 0) {
        node(&b, "Div", "by", "n,two", "e");
        node_begin(&b, "Cast", "cast", "e", "f"), attribute_int(&b, "to", AJP_FLOAT32), node_end(&b);
        shape(&b, "two", 1, (int64_t[]){2});
        want = 0;
    } else {
        node(&b, "Add", "plus", "n,one", "e");
        node_begin(&b, "Cast", "cast", "e", "f"), attribute_int(&b, "to", AJP_FLOAT32), node_end(&b);
        want = 2;
    }
    node(&b, "Mul", "times", "x,f", "z");
    node(&b, "Flatten", "flat", "z", "y");
    shape(&b, "one", 1, (int64_t[]){1});
    run(&b, "times", true, y);
    for (size_t i = 0; i < N * N_IN; i++) CHECK_CLOSE(y[i], want * (double)x[i], 0);
}

int main(void)
{
    ajp_draws draws;
    ajp_draws_init(&draws, 1, 1);
    for (size_t i = 0; i < sizeof pool / sizeof *pool; i++) pool[i] = (float)(0.4 * ajp_draw_normal(&draws));
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) x[i] = (float)ajp_draw_normal(&draws);
    context = fixture_context(1, AJ_ISA_AUTO);
    heads();
    expanded();
    behind(false);
    behind(true);
    merged(false);
    merged(true);
    merged_and_mixed();
    one_by_one("Equal");
    one_by_one("Cast");
    one_by_one("Add");
    one_by_one("Div");
    aj_context_destroy(context);
    return check_report();
}

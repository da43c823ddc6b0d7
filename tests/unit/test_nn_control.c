/* Subgraphs: If with a condition that shapes decide becomes part of the network; If, Loop and Scan on data,
 * and shapes that depend on data, run node by node; loops that do not end are refused when the model is
 * loaded. */
#include "fixture.h"
#include "nn/program.h"
#include "onnx_build.h"

static aj_context *context;
static aj_error err;
static const float pool[16] = {0.5F, -1, 2, 0.25F, 3, -0.75F, 1.5F, 4, -2, 0.125F, 6, 7, 8, 9, 10, 11};

static void scalar(build *b, const char *name, int64_t value)
{
    initializer(b, name, AJP_INT64, 0, NULL, &value, sizeof value);
}

static void truth(build *b, const char *name, bool value)
{
    uint8_t byte = value;
    initializer(b, name, AJP_BOOL, 0, NULL, &byte, 1);
}

static aj_model *load(build *b, void **bytes)
{
    size_t size;
    aj_model *model = NULL;
    *bytes = build_finish(b, &size);
    CHECK_OK(aj_model_load_memory(&model, context, *bytes, size, "control.onnx", &err), err);
    if (model == NULL) exit(1);
    return model;
}

static aj_tensor floats(size_t rank, const size_t *dims, const float *data)
{
    aj_tensor t = {AJ_TYPE_FLOAT32, rank, {0}, NULL};
    memcpy(t.dims, dims, rank * sizeof *dims);
    memcpy(&t.data, &data, sizeof data); /* only read */
    return t;
}

/* ---- inlined
 * ------------------------------------------------------------------------------------------------ */

/* x [N][width]: y = If(width == 3) then { z = relu(x) * w; If(yes) { z + z } else { z } } else { -x } */
static void *branches(int64_t width, aj_model **model)
{
    void *bytes;
    build b = build_start(context, 7, 13);
    node(&b, "Shape", "shape", "x", "s");
    node(&b, "Gather", "width", "s,one", "n");
    node(&b, "Equal", "is 3", "n,three", "c");
    node_begin(&b, "If", "outer", "c", "y");
    subgraph yes = subgraph_begin(&b, "then_branch");
    node(&b, "Relu", "positive", "x", "r");
    node(&b, "Mul", "times", "r,w", "z"); /* w is the graph's, x as well */
    node_begin(&b, "If", "inner", "yes", "q");
    subgraph twice = subgraph_begin(&b, "then_branch");
    node(&b, "Add", "twice", "z,z", "zz");
    value(&b, OUTPUT, "zz", AJP_FLOAT32, 0, NULL);
    subgraph_end(&b, &twice);
    subgraph once = subgraph_begin(&b, "else_branch");
    node(&b, "Identity", "once", "z", "zi");
    value(&b, OUTPUT, "zi", AJP_FLOAT32, 0, NULL);
    subgraph_end(&b, &once);
    node_end(&b);
    value(&b, OUTPUT, "q", AJP_FLOAT32, 0, NULL);
    subgraph_end(&b, &yes);
    subgraph no = subgraph_begin(&b, "else_branch");
    node(&b, "Neg", "minus", "x", "m");
    value(&b, OUTPUT, "m", AJP_FLOAT32, 0, NULL);
    subgraph_end(&b, &no);
    node_end(&b);
    scalar(&b, "one", 1), scalar(&b, "three", 3), truth(&b, "yes", true);
    weights(&b, "w", pool, 1, (int64_t[]){1});
    value(&b, INPUT, "x", AJP_FLOAT32, 2, (int64_t[]){-1, width});
    value(&b, OUTPUT, "y", AJP_FLOAT32, 2, (int64_t[]){-1, width});
    *model = load(&b, &bytes);
    return bytes;
}

static void inlined(void)
{
    for (size_t width = 3; width <= 4; width++) {
        aj_model *model;
        aj_session *session = NULL;
        float x[20], y[20];
        void *bytes = branches((int64_t)width, &model);
        CHECK_OK(aj_model_ready(model, &err), err);
        CHECK(!model->program.graph.whole);
        CHECK_INT(aj_model_n_layers(model), width == 3 ? 3 : 1);
        CHECK_STRING(aj_model_layer(model, 0).op_type, width == 3 ? "Relu" : "Neg");
        CHECK_OK(aj_session_create(&session, context, model, 0, &err), err);
        for (size_t i = 0; i < 5 * width; i++) x[i] = pool[i % 16] - 1;
        CHECK_OK(aj_session_run(session, x, 5, y, &err), err);
        for (size_t i = 0; i < 5 * width; i++)
            CHECK(y[i] == (width == 3 ? (x[i] > 0 ? x[i] : 0) * pool[0] * 2 : -x[i]));
        aj_session_destroy(session);
        aj_model_destroy(model);
        free(bytes);
    }
}

/* An open width: the same file takes both branches, one after the other. */
static void reshaped(void)
{
    aj_model *model;
    aj_session *session = NULL;
    void *bytes = branches(-1, &model);
    CHECK_OK(aj_session_create(&session, context, model, 0, &err), err);
    for (size_t turn = 0; turn < 4; turn++) {
        size_t width = 3 + turn % 2;
        aj_tensor in = floats(2, (size_t[]){2, width}, pool), out;
        CHECK_OK(aj_session_run_tensors(session, &in, 1, &out, 1, &err), err);
        CHECK(out.rank == 2 && out.dims[0] == 2 && out.dims[1] == width);
        const float *y = out.data;
        for (size_t i = 0; i < 2 * width; i++)
            CHECK(y[i] == (width == 3 ? (pool[i] > 0 ? pool[i] : 0) * pool[0] * 2 : -pool[i]));
    }
    aj_session_destroy(session);
    aj_model_destroy(model);
    free(bytes);
}

/* ---- on data
 * ------------------------------------------------------------------------------------------------ */

static aj_session *by_node(build *b, aj_model **model, void **bytes, const char *why)
{
    aj_session *session = NULL;
    float y[1];
    *model = load(b, bytes);
    CHECK_INT(aj_model_ready(*model, &err), AJ_UNSUPPORTED);
    CHECK_CONTAINS(err.message, why);
    CHECK_INT(aj_model_n_layers(*model), 0);
    CHECK_OK(aj_session_create(&session, context, *model, 0, &err), err);
    CHECK_INT(aj_session_run(session, pool, 1, y, &err), AJ_UNSUPPORTED);
    return session;
}

static void condition_on_data(void)
{
    aj_model *model;
    void *bytes;
    build b = build_start(context, 7, 13);
    node_begin(&b, "ReduceSum", "sum", "x", "s"), attribute_int(&b, "keepdims", 0), node_end(&b);
    node(&b, "Greater", "positive", "s,zero", "c");
    node_begin(&b, "If", "choose", "c", "y");
    subgraph yes = subgraph_begin(&b, "then_branch"); /* another shape than the other branch */
    node_begin(&b, "Concat", "double", "x,x", "xx"), attribute_int(&b, "axis", 0), node_end(&b);
    value(&b, OUTPUT, "xx", AJP_FLOAT32, 0, NULL);
    subgraph_end(&b, &yes);
    subgraph no = subgraph_begin(&b, "else_branch");
    value(&b, OUTPUT, "x", AJP_FLOAT32, 0, NULL); /* a value of the graph around it */
    subgraph_end(&b, &no);
    node_end(&b);
    weights(&b, "zero", (float[]){0}, 0, NULL);
    value(&b, INPUT, "x", AJP_FLOAT32, 1, (int64_t[]){3});
    value(&b, OUTPUT, "y", AJP_FLOAT32, 1, (int64_t[]){-1});
    aj_session *session = by_node(&b, &model, &bytes, "\"choose\" (If, opset 13)");
    for (size_t turn = 0; turn < 4; turn++) {
        float x[3] = {1, 2, turn % 2 == 0 ? 3.0F : -9.0F};
        aj_tensor in = floats(1, (size_t[]){3}, x), out;
        CHECK_OK(aj_session_run_tensors(session, &in, 1, &out, 1, &err), err);
        CHECK(out.rank == 1 && out.dims[0] == (turn % 2 == 0 ? 6 : 3));
        for (size_t i = 0; i < out.dims[0]; i++) CHECK(((float *)out.data)[i] == x[i % 3]);
    }
    aj_session_destroy(session);
    aj_model_destroy(model);
    free(bytes);
}

/* v grows by x in every step until it is no shorter than 9, or n steps are done; all its sums and step
 * numbers. */
static void grow_body(build *b)
{
    subgraph body = subgraph_begin(b, "body");
    node_begin(b, "Concat", "longer", "v_in,x", "v_out"), attribute_int(b, "axis", 0), node_end(b);
    node(b, "Size", "size", "v_out", "size");
    node(b, "Less", "short", "size,most", "go_on");
    node_begin(b, "ReduceSum", "sum", "v_out", "sum"), attribute_int(b, "keepdims", 0), node_end(b);
    node(b, "Mul", "square", "i,i", "ii");
    value(b, INPUT, "i", AJP_INT64, 0, NULL), value(b, INPUT, "c_in", AJP_BOOL, 0, NULL);
    value(b, INPUT, "v_in", AJP_FLOAT32, 1, (int64_t[]){-1});
    value(b, OUTPUT, "go_on", AJP_BOOL, 0, NULL), value(b, OUTPUT, "v_out", AJP_FLOAT32, 1, (int64_t[]){-1});
    value(b, OUTPUT, "sum", AJP_FLOAT32, 0, NULL), value(b, OUTPUT, "ii", AJP_INT64, 0, NULL);
    subgraph_end(b, &body);
}

static void loop(void)
{
    aj_model *model;
    void *bytes;
    build b = build_start(context, 7, 13);
    node_begin(&b, "Loop", "grow", "n,yes,x", "v,sums,squares");
    grow_body(&b);
    node_end(&b);
    truth(&b, "yes", true), scalar(&b, "most", 9);
    value(&b, INPUT, "n", AJP_INT64, 0, NULL), value(&b, INPUT, "x", AJP_FLOAT32, 1, (int64_t[]){2});
    value(&b, OUTPUT, "v", AJP_FLOAT32, 1, (int64_t[]){-1});
    value(&b, OUTPUT, "sums", AJP_FLOAT32, 1, (int64_t[]){-1});
    value(&b, OUTPUT, "squares", AJP_INT64, 1, (int64_t[]){-1});
    aj_session *session = by_node(&b, &model, &bytes, "\"grow\" (Loop, opset 13)");
    for (int64_t n = 0; n < 7; n++) {
        size_t steps = (size_t)(n < 4 ? n : 4); /* 2 + 2 * 4 = 10 */
        float x[2] = {1.5F, 2};
        aj_tensor in[2] = {{AJ_TYPE_INT64, 0, {0}, &n}, floats(1, (size_t[]){2}, x)}, out[3];
        CHECK_OK(aj_session_run_tensors(session, in, 2, out, 3, &err), err);
        CHECK(out[0].rank == 1 && out[0].dims[0] == 2 + 2 * steps);
        CHECK(out[1].rank == 1 && out[1].dims[0] == steps && out[2].rank == 1 && out[2].dims[0] == steps);
        CHECK(out[2].type == AJ_TYPE_INT64);
        for (size_t i = 0; i < out[0].dims[0]; i++) CHECK(((float *)out[0].data)[i] == x[i % 2]);
        for (size_t i = 0; i < steps; i++) {
            CHECK(((float *)out[1].data)[i] == 3.5F * (float)(i + 2));
            CHECK_INT(((int64_t *)out[2].data)[i], i * i);
        }
    }
    aj_session_destroy(session);
    aj_model_destroy(model);
    free(bytes);
}

/* Running products over the columns of x [2][3], backwards, and the pairs reversed: state and stacked
 * results. */
static void scan(void)
{
    aj_model *model;
    void *bytes;
    build b = build_start(context, 7, 13);
    node_begin(&b, "Scan", "product", "one,x", "last,all");
    attribute_int(&b, "num_scan_inputs", 1);
    attribute_ints(&b, "scan_input_axes", 1, (int64_t[]){-1});
    attribute_ints(&b, "scan_input_directions", 1, (int64_t[]){1});
    attribute_ints(&b, "scan_output_axes", 1, (int64_t[]){1});
    subgraph body = subgraph_begin(&b, "body");
    node(&b, "Mul", "times", "state,column", "next");
    node(&b, "Add", "shift", "next,shifts", "put");
    value(&b, INPUT, "state", AJP_FLOAT32, 1, (int64_t[]){2}),
        value(&b, INPUT, "column", AJP_FLOAT32, 1, (int64_t[]){2});
    value(&b, OUTPUT, "next", AJP_FLOAT32, 1, (int64_t[]){2}),
        value(&b, OUTPUT, "put", AJP_FLOAT32, 1, (int64_t[]){2});
    subgraph_end(&b, &body);
    node_end(&b);
    weights(&b, "one", (float[]){1, 1}, 1, (int64_t[]){2}),
        weights(&b, "shifts", (float[]){10, 20}, 1, (int64_t[]){2});
    value(&b, INPUT, "x", AJP_FLOAT32, 2, (int64_t[]){2, 3});
    value(&b, OUTPUT, "last", AJP_FLOAT32, 1, (int64_t[]){2}),
        value(&b, OUTPUT, "all", AJP_FLOAT32, 2, (int64_t[]){2, 3});
    aj_session *session = by_node(&b, &model, &bytes, "\"product\" (Scan, opset 13)");
    const float x[6] = {2, 3, 4, 5, 6, 7}, want[6] = {14, 22, 34, 27, 62, 230};
    aj_tensor in = floats(2, (size_t[]){2, 3}, x), out[2];
    CHECK_OK(aj_session_run_tensors(session, &in, 1, out, 2, &err), err);
    CHECK(((float *)out[0].data)[0] == 24 && ((float *)out[0].data)[1] == 210);
    CHECK(out[1].rank == 2 && out[1].dims[0] == 2 && out[1].dims[1] == 3);
    for (size_t i = 0; i < 6; i++) CHECK(((float *)out[1].data)[i] == want[i]);
    aj_session_destroy(session);
    aj_model_destroy(model);
    free(bytes);
}

/* Shapes that data decide, without subgraphs: what is not zero, doubled. */
static void selected(void)
{
    aj_model *model;
    void *bytes;
    build b = build_start(context, 7, 13);
    node(&b, "NonZero", "where", "x", "at");
    node_begin(&b, "Transpose", "turn", "at", "list"), node_end(&b);
    node(&b, "GatherND", "pick", "x,list", "p");
    node(&b, "Add", "double", "p,p", "y");
    value(&b, INPUT, "x", AJP_FLOAT32, 2, (int64_t[]){2, -1});
    value(&b, OUTPUT, "y", AJP_FLOAT32, 1, (int64_t[]){-1});
    model = load(&b, &bytes); /* the width is open: only a run finds out that data are needed */
    aj_session *session = NULL;
    CHECK_OK(aj_session_create(&session, context, model, 0, &err), err);
    for (size_t n = 2; n < 5; n++) {
        float x[8] = {0, 1, 2, 0, 0, 3, 4, 0};
        size_t left = 0;
        aj_tensor in = floats(2, (size_t[]){2, n}, x), out;
        CHECK_OK(aj_session_run_tensors(session, &in, 1, &out, 1, &err), err);
        for (size_t i = 0; i < 2 * n; i++)
            if (x[i] > 0) CHECK(((float *)out.data)[left++] == 2 * x[i]);
        CHECK(out.rank == 1 && out.dims[0] == left);
    }
    aj_session_destroy(session);
    aj_model_destroy(model);
    free(bytes);
}

/* ---- bad ones
 * ----------------------------------------------------------------------------------------------- */

static void refuse(build *b, aj_status want, const char *what)
{
    size_t size;
    aj_model *model = NULL;
    void *bytes = build_finish(b, &size);
    CHECK_INT(aj_model_load_memory(&model, context, bytes, size, "control.onnx", &err), want);
    CHECK_CONTAINS(err.message, what);
    aj_model_destroy(model);
    free(bytes);
}

static build start(void)
{
    build b = build_start(context, 7, 13);
    value(&b, INPUT, "x", AJP_FLOAT32, 1, (int64_t[]){3}),
        value(&b, OUTPUT, "y", AJP_FLOAT32, 1, (int64_t[]){3});
    return b;
}

static void bad(void)
{
    build b = start(); /* a loop over constants that does not end, with and without nodes in it */
    for (int k = 0; k < 2; k++) {
        node_begin(&b, "Loop", "endless", "n,yes", "many");
        subgraph body = subgraph_begin(&b, "body");
        if (k == 0) node(&b, "Neg", "minus", "i", "put");
        value(&b, INPUT, "i", AJP_INT64, 0, NULL), value(&b, INPUT, "c", AJP_BOOL, 0, NULL);
        value(&b, OUTPUT, "c", AJP_BOOL, 0, NULL),
            value(&b, OUTPUT, k == 0 ? "put" : "i", AJP_INT64, 0, NULL);
        subgraph_end(&b, &body);
        node_end(&b);
        node_begin(&b, "Cast", "cast", "many", "f"), attribute_int(&b, "to", AJP_FLOAT32), node_end(&b);
        node(&b, "Add", "plus", "x,f", "y");
        scalar(&b, "n", INT64_MAX), truth(&b, "yes", true);
        refuse(&b, AJ_NO_MEMORY, "before any data");
        b = start();
    }
    node_begin(&b, "If", "half", "yes", "y"); /* no else */
    subgraph yes = subgraph_begin(&b, "then_branch");
    node(&b, "Relu", "r", "nowhere", "z");
    value(&b, OUTPUT, "z", AJP_FLOAT32, 0, NULL);
    subgraph_end(&b, &yes);
    node_end(&b);
    truth(&b, "yes", true);
    refuse(&b, AJ_CORRUPT, "\"nowhere\", which nothing makes");
    b = start();
    node_begin(&b, "If", "two", "yes", "y");
    yes = subgraph_begin(&b, "then_branch");
    value(&b, OUTPUT, "x", AJP_FLOAT32, 0, NULL), value(&b, OUTPUT, "x", AJP_FLOAT32, 0, NULL);
    subgraph_end(&b, &yes);
    node_end(&b);
    truth(&b, "yes", true);
    refuse(&b, AJ_CORRUPT, "2 outputs");
    b = start();
    node_begin(&b, "If", "self", "yes", "y"); /* reads what it makes */
    yes = subgraph_begin(&b, "then_branch");
    node(&b, "Add", "a", "x,y", "z");
    value(&b, OUTPUT, "z", AJP_FLOAT32, 0, NULL);
    subgraph_end(&b, &yes);
    node_end(&b);
    truth(&b, "yes", true);
    refuse(&b, AJ_CORRUPT, "cycle");
}

int main(void)
{
    context = fixture_context(2, AJ_ISA_AUTO);
    inlined();
    reshaped();
    condition_on_data();
    loop();
    scan();
    selected();
    bad();
    aj_context_destroy(context);
    return check_report();
}

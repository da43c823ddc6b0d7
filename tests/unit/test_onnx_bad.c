/* Files that are not what they should be: each is refused with a sentence that says where, and nothing
 * crashes. */
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "onnx_build.h"

#include "attojoule/nn.h"

static aj_error err;
static aj_context *context;
static const float ones[64] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                               1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/* Finishes the model, loads it from a block of its exact size, wants the status and all parts in the message.
 */
static void refuse(const char *what, build *b, aj_status want, const char *part, const char *part2)
{
    size_t size;
    aj_model *model = NULL;
    void *bytes = build_finish(b, &size);
    memset(&err, 0, sizeof err);
    aj_status st = aj_model_load_memory(&model, context, bytes, size, "bad.onnx", &err);
    if (st == AJ_OK) st = aj_model_ready(model, &err); /* open dimensions: a use would be refused */
    if (st != want) fprintf(stderr, "in %s: %s\n", what, err.message);
    CHECK_INT(st, want);
    CHECK_CONTAINS(err.message, "bad.onnx");
    CHECK_CONTAINS(err.message, part);
    CHECK_CONTAINS(err.message, part2);
    aj_model_destroy(model);
    free(bytes);
}

static build start(void)
{
    return build_start(context, 7, 13);
}

static void ends(build *b, int64_t n_in, int64_t n_out)
{
    value(b, INPUT, "x", 1, 2, (int64_t[]){-1, n_in});
    value(b, OUTPUT, "y", 1, 2, (int64_t[]){-1, n_out});
}

static build good(void)
{
    build b = start();
    node_begin(&b, "Gemm", "gemm", "x,w,c", "h"), attribute_int(&b, "transB", 1),
        attribute_float(&b, "alpha", 0.5f), node_end(&b);
    node(&b, "Reshape", "reshape", "h,s", "r");
    node(&b, "LeakyRelu", "relu", "r", "y");
    weights(&b, "w", ones, 2, (int64_t[]){4, 3}), weights(&b, "c", ones, 1, (int64_t[]){4}),
        shape(&b, "s", 2, (int64_t[]){-1, 4});
    ends(&b, 3, 4);
    return b;
}

/* ---- damaged bytes ------------------------------------------------------------------------------------- */

static aj_status load_copy(const unsigned char *bytes, size_t size)
{
    aj_model *model = NULL;
    unsigned char *copy =
        malloc(size > 0 ? size : 1); /* exact, so that a sanitizer sees reads past the end */
    memcpy(copy, bytes, size);
    aj_status st = aj_model_load_memory(&model, context, copy, size, "cut.onnx", &err);
    if (st == AJ_OK) {
        aj_session *session = NULL;
        float x[256] = {0}, y[256];
        aj_model_info info = aj_model_describe(model);
        if (info.n_input_features <= 64 && info.n_output_features <= 64 &&
            aj_session_create(&session, context, model, 2, &err) == AJ_OK)
            (void)!aj_session_run(session, x, 3, y, &err);
        aj_session_destroy(session);
    }
    aj_model_destroy(model);
    free(copy);
    return st;
}

static void damaged(void)
{
    size_t size;
    build b = good();
    unsigned char *bytes = build_finish(&b, &size);
    CHECK_INT(load_copy(bytes, size), AJ_OK);
    for (size_t cut = 0; cut < size; cut++) CHECK(load_copy(bytes, cut) != AJ_OK);
    static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    int n_refused = 0;
    for (size_t i = 0; i < size; i++)
        for (size_t k = 0; k < 5; k++) {
            unsigned char old = bytes[i];
            bytes[i] = values[k];
            n_refused += load_copy(bytes, size) != AJ_OK;
            bytes[i] = old;
        }
    CHECK(n_refused > 500);
    free(bytes);
}

/* Messages within messages, 30 kB of them: a reader that recurses without a limit overflows its stack. */
static void depth(void)
{
    static const uint32_t path[] = {1, 6, 5}; /* graph.node, attribute.g, node.attribute */
    ajp_onnx_out out = {context, NULL, 0, 0, false};
    aj_model *model = NULL;
    for (size_t i = 0; i <= 9000; i++) ajp_out_end(&out, path[i % 3], 0);
    ajp_out_end(&out, 7, 0);
    CHECK(out.size > 30000);
    CHECK_INT(aj_model_load_memory(&model, context, out.bytes, out.size, "deep.onnx", &err), AJ_CORRUPT);
    CHECK(model == NULL);
    CHECK_CONTAINS(err.message, "deep.onnx");
    CHECK_CONTAINS(err.message, "nested");
    ajp_out_free(&out);
    /* and types: Sequence within TypeProto within Sequence ... */
    for (size_t i = 0; i <= 9000; i++) ajp_out_end(&out, i % 2 == 0 ? 4 : 1, 0);
    ajp_out_end(&out, 2, 0), ajp_out_end(&out, 11, 0), ajp_out_end(&out, 7, 0);
    CHECK_INT(aj_model_load_memory(&model, context, out.bytes, out.size, "deep.onnx", &err), AJ_CORRUPT);
    CHECK_CONTAINS(err.message, "nested");
    ajp_out_free(&out);
    CHECK_INT(aj_model_load_memory(&model, context, "", 0, "empty.onnx", &err), AJ_CORRUPT);
    CHECK_CONTAINS(err.message, "empty.onnx");
    static const unsigned char group[] = {0x0b, 0x0c};
    CHECK_INT(aj_model_load_memory(&model, context, group, 2, "group.onnx", &err), AJ_CORRUPT);
    CHECK_CONTAINS(err.message, "group");
}

/* ---- graphs that make no sense ---------------------------------------------------------------------------
 */

static void graphs(void)
{
    build b = start();
    node(&b, "Add", "first", "x,b", "a"), node(&b, "Relu", "second", "a", "b"),
        node(&b, "Relu", "third", "a", "y");
    ends(&b, 3, 3);
    refuse("cycle", &b, AJ_CORRUPT, "cycle", "\"first\" (Add, opset 13)");
    b = start(), node(&b, "Relu", "self", "h", "h"), node(&b, "Relu", "r", "x", "y"), ends(&b, 3, 3);
    refuse("self", &b, AJ_CORRUPT, "cycle", "self");
    b = start(), node(&b, "Relu", "r", "nowhere", "y"), ends(&b, 3, 3);
    refuse("missing", &b, AJ_CORRUPT, "nowhere", "\"r\"");
    b = start(), node(&b, "Relu", "r", "x", "y"), node(&b, "Tanh", "t", "x", "y"), ends(&b, 3, 3);
    refuse("twice", &b, AJ_CORRUPT, "\"y\"", "twice");
    b = start(), node(&b, "Relu", "r", "x", "z"), ends(&b, 3, 3);
    refuse("no output", &b, AJ_CORRUPT, "\"y\"", "no node");
    b = start(), node(&b, "Relu", "r", "x,x", "y"), ends(&b, 3, 3);
    refuse("too many inputs", &b, AJ_CORRUPT, "\"r\"", "2 inputs");
    b = start(), node(&b, "Gemm", "g", "x,,c", "y"), weights(&b, "c", ones, 1, (int64_t[]){3}),
    ends(&b, 3, 3);
    refuse("left out", &b, AJ_CORRUPT, "\"g\"", "lacks");
    b = start(), node(&b, "FancyOp", "fancy", "x", "y"), ends(&b, 3, 3);
    refuse("unknown", &b, AJ_UNSUPPORTED, "\"fancy\" (FancyOp, opset 13)", "not an operator");
    b = start(), node_begin(&b, "Relu", "custom", "x", "y"), ajp_out_text(&b.out, 7, "com.example"),
    node_end(&b), ends(&b, 3, 3);
    refuse("domain", &b, AJ_UNSUPPORTED, "custom", "com.example");
    b = start(), node_begin(&b, "Relu", "r", "x", "y"), attribute_int(&b, "power", 2), node_end(&b),
    ends(&b, 3, 3);
    refuse("attribute", &b, AJ_UNSUPPORTED, "\"r\"", "power");
    b = start(), node_begin(&b, "LeakyRelu", "r", "x", "y"), attribute_int(&b, "alpha", 2), node_end(&b),
    ends(&b, 3, 3);
    refuse("attribute type", &b, AJ_CORRUPT, "\"r\"", "alpha");
    b = build_start(context, 7, 99), node(&b, "Relu", "r", "x", "y"), ends(&b, 3, 3);
    refuse("opset", &b, AJ_UNSUPPORTED, "opset 99", "1 to 20");
    b = build_start(context, 77, 13), node(&b, "Relu", "r", "x", "y"), ends(&b, 3, 3);
    refuse("IR", &b, AJ_UNSUPPORTED, "IR version 77", "3 to");
    b = start(), node_begin(&b, "Constant", "k", "", "y"), attribute_float(&b, "value_float", 1),
    node_end(&b), ends(&b, 3, 3);
    refuse("constant output", &b, AJ_UNSUPPORTED, "\"y\"", "does not depend");
}

/* ---- shapes and types ------------------------------------------------------------------------------------
 */

static void shapes(void)
{
    const int64_t big = (int64_t)1 << 39;
    build b = start();
    node(&b, "MatMul", "m", "x,w", "y"), weights(&b, "w", ones, 2, (int64_t[]){4, 3}), ends(&b, 3, 3);
    refuse("inner", &b, AJ_CORRUPT, "\"m\" (MatMul, opset 13)", "float32 [N][3] and float32 [4][3]");
    b = start(), node(&b, "Add", "a", "x,w", "y"), weights(&b, "w", ones, 1, (int64_t[]){4}), ends(&b, 3, 3);
    refuse("broadcast", &b, AJ_CORRUPT, "\"a\"", "do not fit");
    b = start(), node(&b, "Add", "a", "x,w", "y"), shape(&b, "w", 3, (int64_t[]){1, 2, 3}), ends(&b, 3, 3);
    refuse("types", &b, AJ_CORRUPT, "\"a\"", "float32 and int64");
    b = start(), node(&b, "Sigmoid", "r", "x", "y"), value(&b, INPUT, "x", AJP_INT64, 2, (int64_t[]){-1, 3});
    value(&b, OUTPUT, "y", AJP_INT64, 2, (int64_t[]){-1, 3});
    refuse("integers", &b, AJ_UNSUPPORTED, "\"r\"", "int64");
    b = start(), node(&b, "Relu", "r", "x", "y"), value(&b, INPUT, "x", AJP_STRING, 2, (int64_t[]){-1, 3});
    value(&b, OUTPUT, "y", AJP_STRING, 2, (int64_t[]){-1, 3});
    refuse("strings", &b, AJ_UNSUPPORTED, "\"x\"", "strings");
    b = start(), node(&b, "Relu", "r", "x", "y"), value(&b, INPUT, "x", 1, 2, (int64_t[]){-1, -7}),
    value(&b, OUTPUT, "y", 1, 0, NULL);
    refuse("negative", &b, AJ_CORRUPT, "\"x\"", "negative");
    b = start(), node(&b, "Relu", "r", "x", "y"), value(&b, INPUT, "x", 1, 3, (int64_t[]){-1, big, big}),
    value(&b, OUTPUT, "y", 1, 0, NULL);
    refuse("overflow", &b, AJ_CORRUPT, "\"x\"", "2^40");
    b = start(), node(&b, "Relu", "r", "x", "y"), value(&b, INPUT, "x", 1, 2, (int64_t[]){-1, INT64_MAX}),
    value(&b, OUTPUT, "y", 1, 0, NULL);
    refuse("overflow", &b, AJ_CORRUPT, "\"x\"", "2^40");
    b = start(), node(&b, "Relu", "r", "x", "y"), value(&b, INPUT, "x", 1, 3, (int64_t[]){2, -1, 3}),
    value(&b, OUTPUT, "y", 1, 0, NULL);
    refuse("symbolic", &b, AJ_UNSUPPORTED, "\"x\"", "dimension 1");
    b = start(), node(&b, "Add", "a", "x,w", "y"), initializer(&b, "w", 1, 1, (int64_t[]){-3}, ones, 12),
    ends(&b, 3, 3);
    refuse("negative initializer", &b, AJ_CORRUPT, "\"w\"", "negative");
    b = start(), node(&b, "Add", "a", "x,w", "y"),
    initializer(&b, "w", 1, 2, (int64_t[]){big, big}, ones, 12), ends(&b, 3, 3);
    refuse("huge initializer", &b, AJ_CORRUPT, "\"w\"", "2^40");
    b = start(), node(&b, "Add", "a", "x,w", "y"), initializer(&b, "w", 1, 1, (int64_t[]){3}, ones, 11),
    ends(&b, 3, 3);
    refuse("short initializer", &b, AJ_CORRUPT, "\"w\"", "11 bytes");
    b = start(), node(&b, "Add", "a", "x,w", "y"),
    initializer(&b, "w", AJP_COMPLEX64, 1, (int64_t[]){3}, ones, 24), ends(&b, 3, 3);
    refuse("complex", &b, AJ_UNSUPPORTED, "\"w\"", "complex64");
    b = start(), node(&b, "Reshape", "r", "x,s", "y"), shape(&b, "s", 2, (int64_t[]){-1, 5}), ends(&b, 3, 3);
    refuse("reshape", &b, AJ_CORRUPT, "\"r\"", "number");
    b = start(), node(&b, "Reshape", "r", "x,s", "y"), shape(&b, "s", 2, (int64_t[]){-1, -1}), ends(&b, 3, 3);
    refuse("reshape", &b, AJ_CORRUPT, "\"r\"", "-1");
    b = start(), node(&b, "Reshape", "r", "x,s", "y"), shape(&b, "s", 3, (int64_t[]){big, big, big}),
    ends(&b, 3, 3);
    refuse("reshape", &b, AJ_UNSUPPORTED, "\"r\"", "mix samples");
    b = start(), node_begin(&b, "Cast", "c", "x", "s"), attribute_int(&b, "to", AJP_INT64), node_end(&b);
    node(&b, "Reshape", "r", "x,s", "y"), ends(&b, 3, 3);
    refuse("reshape by data", &b, AJ_UNSUPPORTED, "\"r\"", "data");
    b = start(), node_begin(&b, "Softmax", "s", "x", "y"), attribute_int(&b, "axis", 5), node_end(&b),
    ends(&b, 3, 3);
    refuse("axis", &b, AJ_CORRUPT, "\"s\"", "axis 5");
    b = start(), node(&b, "Div", "d", "i,z", "q"), shape(&b, "i", 1, (int64_t[]){4}),
    shape(&b, "z", 1, (int64_t[]){0});
    node(&b, "Relu", "r", "x", "y"), ends(&b, 3, 3);
    refuse("division", &b, AJ_BAD_ARGUMENT, "\"d\"", "by zero");
    b = start(), node(&b, "Div", "d", "i,z", "q"), shape(&b, "i", 1, (int64_t[]){INT64_MIN}),
    shape(&b, "z", 1, (int64_t[]){-1});
    node(&b, "Relu", "r", "x", "y"), ends(&b, 3, 3);
    refuse("division", &b, AJ_BAD_ARGUMENT, "\"d\"", "by -1");
    /* constants that would grow without end: [n,1] + [1,n], again and again */
    b = start(), node(&b, "Reshape", "r1", "w,s1", "a"), node(&b, "Reshape", "r2", "w,s2", "c"),
    node(&b, "Add", "a1", "a,c", "d");
    node(&b, "Reshape", "r3", "d,s1", "e"), node(&b, "Reshape", "r4", "d,s2", "f"),
        node(&b, "Add", "a2", "e,f", "g");
    node(&b, "Reshape", "r5", "g,s1", "h"), node(&b, "Reshape", "r6", "g,s2", "i"),
        node(&b, "Add", "a3", "h,i", "j");
    node(&b, "Relu", "r", "x", "y"), weights(&b, "w", ones, 1, (int64_t[]){16});
    shape(&b, "s1", 2, (int64_t[]){1, -1}), shape(&b, "s2", 2, (int64_t[]){-1, 1}), ends(&b, 3, 3);
    refuse("growth", &b, AJ_NO_MEMORY, "\"a3\"", "1.07 GB");
}

/* ---- data beside the model -------------------------------------------------------------------------------
 */

static char folder[4000];

static const char *in_folder(const char *name)
{
    static char path[2][4096];
    static int turn;
    turn = 1 - turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void put_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(bytes, 1, size, file) == size);
    if (file != NULL) fclose(file);
}

static void put_entry(build *b, const char *key, const char *text)
{
    size_t begun = ajp_out_begin(&b->out);
    ajp_out_text(&b->out, 1, key);
    ajp_out_text(&b->out, 2, text);
    ajp_out_end(&b->out, 13, begun);
}

static aj_status load_external(const char *location, const char *offset, const char *length, aj_model **model)
{
    build b = start();
    size_t size, begun;
    node(&b, "Add", "a", "x,w", "y");
    begun = ajp_out_begin(&b.out);
    ajp_out_int(&b.out, 1, 3);
    ajp_out_int(&b.out, 2, AJP_FLOAT32);
    ajp_out_text(&b.out, 8, "w");
    put_entry(&b, "location", location);
    if (offset != NULL) put_entry(&b, "offset", offset);
    if (length != NULL) put_entry(&b, "length", length);
    ajp_out_int(&b.out, 14, 1);
    ajp_out_end(&b.out, 5, begun);
    ends(&b, 3, 3);
    void *bytes = build_finish(&b, &size);
    put_file(in_folder("external.onnx"), bytes, size);
    free(bytes);
    memset(&err, 0, sizeof err);
    *model = NULL;
    return aj_model_load(model, context, in_folder("external.onnx"), &err);
}

static void refuse_external(const char *location, const char *offset, const char *length, aj_status want,
                            const char *part)
{
    aj_model *model;
    CHECK_INT(load_external(location, offset, length, &model), want);
    CHECK(model == NULL);
    CHECK_CONTAINS(err.message, "external.onnx");
    CHECK_CONTAINS(err.message, "\"w\"");
    CHECK_CONTAINS(err.message, part);
    aj_model_destroy(model);
}

static void external(void)
{
    const char *build_folder = getenv("AJ_BUILD_DIR");
    aj_model *model;
    float y[3], x[3] = {1, 2, 3}, data[5] = {0, 10, 20, 30, 40};
    snprintf(folder, sizeof folder, "%s/onnx_bad", build_folder != NULL ? build_folder : ".");
    mkdir(folder, 0777);
    put_file(in_folder("w.bin"), data, sizeof data);
    put_file(in_folder("../outside.bin"), data, sizeof data);
    unlink(in_folder("link.bin"));
    CHECK(symlink("../outside.bin", in_folder("link.bin")) == 0);
    CHECK_OK(load_external("w.bin", "4", "12", &model), err);
    aj_session *session = NULL;
    if (model != NULL) {
        CHECK_OK(aj_session_create(&session, context, model, 1, &err), err);
        CHECK_OK(aj_session_run(session, x, 1, y, &err), err);
        CHECK(y[0] == 11 && y[1] == 22 && y[2] == 33);
        aj_session_destroy(session);
    }
    aj_model_destroy(model);
    refuse_external("gone.bin", NULL, NULL, AJ_NOT_FOUND, "gone.bin");
    refuse_external("../outside.bin", NULL, NULL, AJ_DENIED, "inside");
    refuse_external("sub/../../outside.bin", NULL, NULL, AJ_DENIED, "inside");
    refuse_external("/etc/passwd", NULL, NULL, AJ_DENIED, "inside");
    refuse_external("", NULL, NULL, AJ_DENIED, "inside");
    refuse_external("link.bin", NULL, "12", AJ_DENIED, "link");
    refuse_external("w.bin", "12", "12", AJ_CORRUPT, "do not exist");
    refuse_external("w.bin", "18446744073709551615", "12", AJ_CORRUPT, "do not exist");
    refuse_external("w.bin", "-4", "12", AJ_CORRUPT, "not a number");
    refuse_external("w.bin", "0", "8", AJ_CORRUPT, "8 bytes");
    refuse_external("w.bin", NULL, NULL, AJ_CORRUPT, "20 bytes");
    CHECK_INT(aj_model_load(&model, context, in_folder("no-such.onnx"), &err), AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "no-such.onnx");
    CHECK_INT(aj_model_load(&model, context, folder, &err), AJ_BAD_ARGUMENT);
}

/* ---- writing ----------------------------------------------------------------------------------------------
 */

static void writing(void)
{
    const size_t widths[] = {2, 3, 1}, zero[] = {2, 0, 1};
    const float *w[] = {ones, ones};
    aj_dense_network network = {2, widths, w, NULL, "Relu", 0, NULL};
    CHECK_INT(aj_dense_network_save(context, &network, "/nonexistent-folder/a.onnx", &err), AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "/nonexistent-folder/a.onnx");
    network.activation = "Swish";
    CHECK_INT(aj_dense_network_save(context, &network, in_folder("a.onnx"), &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "Swish");
    network.activation = "Relu", network.widths = zero;
    CHECK_INT(aj_dense_network_save(context, &network, in_folder("a.onnx"), &err), AJ_BAD_ARGUMENT);
    CHECK(access(in_folder("a.onnx"), F_OK) != 0);
}

int main(void)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    damaged();
    depth();
    graphs();
    shapes();
    external();
    writing();
    aj_context_destroy(context);
    return check_report();
}

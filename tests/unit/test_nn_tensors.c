/* [threads] Networks between tensors: several inputs of any type, open dimensions, several outputs, new
 * shapes in every call; sizes given for open dimensions; the memory limit. */
#include "fixture.h"
#include "nn/packed.h"
#include "nn/program.h"
#include "onnx_build.h"

static aj_context *context;
static aj_error err;
static float pool[4096];

enum { WORDS = 11, WIDE = 6, OUT = 3 };

/* ids [N][T] int64, mask [N][T] float: e = table[ids] * mask, y = tanh(e w) [N][T][OUT], first = y[:, 0, :];
 * "same" is ids again, "fixed" a constant. */
static void *encoder(size_t *size)
{
    build b = build_start(context, 7, 13);
    node(&b, "Gather", "embed", "table,ids", "e");
    node(&b, "Unsqueeze", "wider", "mask,two", "m");
    node(&b, "Mul", "mask", "e,m", "em");
    node(&b, "MatMul", "product", "em,w", "p");
    node(&b, "Tanh", "tanh", "p", "y");
    node_begin(&b, "Gather", "pick", "y,zero", "first"), attribute_int(&b, "axis", 1), node_end(&b);
    node(&b, "Identity", "again", "ids", "same");
    int64_t zero = 0;
    initializer(&b, "zero", AJP_INT64, 0, NULL, &zero, sizeof zero);
    shape(&b, "two", 1, (int64_t[]){2}), shape(&b, "fixed", 2, (int64_t[]){7, 8});
    weights(&b, "table", pool, 2, (int64_t[]){WORDS, WIDE}),
        weights(&b, "w", pool + 100, 2, (int64_t[]){WIDE, OUT});
    named_value(&b, INPUT, "ids", AJP_INT64, 2, (int64_t[]){-1, -1}, "N,T");
    named_value(&b, INPUT, "mask", AJP_FLOAT32, 2, (int64_t[]){-1, -1}, "N,T");
    named_value(&b, OUTPUT, "y", AJP_FLOAT32, 3, (int64_t[]){-1, -1, OUT}, "N,T");
    named_value(&b, OUTPUT, "first", AJP_FLOAT32, 2, (int64_t[]){-1, OUT}, "N");
    named_value(&b, OUTPUT, "same", AJP_INT64, 2, (int64_t[]){-1, -1}, "N,T");
    value(&b, OUTPUT, "fixed", AJP_INT64, 1, (int64_t[]){2});
    return build_finish(&b, size);
}

static void make_inputs(size_t n, size_t t, int64_t *ids, float *mask)
{
    for (size_t i = 0; i < n * t; i++) {
        ids[i] = (int64_t)((i * 7 + n) % WORDS);
        mask[i] = i % 5 == 3 ? 0.0F : 1.0F;
    }
}

static void check_encoder(const aj_tensor *out, size_t n, size_t t, const int64_t *ids, const float *mask)
{
    const float *y = out[0].data, *first = out[1].data;
    CHECK(out[0].type == AJ_TYPE_FLOAT32 && out[0].rank == 3);
    CHECK(out[0].dims[0] == n && out[0].dims[1] == t && out[0].dims[2] == OUT);
    CHECK(out[1].rank == 2 && out[1].dims[0] == n && out[1].dims[1] == OUT);
    CHECK(out[2].type == AJ_TYPE_INT64 && memcmp(out[2].data, ids, n * t * sizeof *ids) == 0);
    CHECK(out[3].rank == 1 && ((int64_t *)out[3].data)[0] == 7 && ((int64_t *)out[3].data)[1] == 8);
    for (size_t i = 0; i < n * t * OUT; i++) {
        size_t place = i / OUT, o = i % OUT;
        double sum = 0;
        for (size_t k = 0; k < WIDE; k++)
            sum += (double)pool[(size_t)ids[place] * WIDE + k] * (double)mask[place] *
                   (double)pool[100 + k * OUT + o];
        CHECK_NEAR(y[i], tanh(sum), 2e-6);
        if (place % t == 0) CHECK(first[place / t * OUT + o] == y[i]);
    }
}

static void shapes(void)
{
    enum { MOST = 70 * 12 };
    static int64_t ids[MOST];
    static float mask[MOST], kept[MOST * OUT];
    size_t size;
    void *bytes = encoder(&size);
    aj_model *model = NULL;
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, "encoder.onnx", &err), err);
    CHECK_INT(aj_model_n_inputs(model), 2);
    CHECK_INT(aj_model_n_outputs(model), 4);
    aj_port_info port = aj_model_input(model, 1);
    CHECK_STRING(port.name, "mask");
    CHECK(port.type == AJ_TYPE_FLOAT32 && port.rank == 2 && port.dims[0] == AJ_OPEN_DIMENSION);
    CHECK_STRING(port.dim_names[1], "T");
    port = aj_model_output(model, 0);
    CHECK(port.rank == 3 && port.dims[2] == OUT);
    CHECK_INT(aj_model_describe(model).n_input_features, 0);
    static const size_t chunks[] = {0, 1, 5};
    for (size_t c = 0; c < 3; c++) {
        aj_session *session = NULL;
        CHECK_OK(aj_session_create(&session, context, model, chunks[c], &err), err);
        /* more shapes than are kept, and the first ones again */
        for (size_t turn = 0; turn < 24; turn++) {
            size_t t = 1 + turn % 12, n = turn % 3 == 0 ? 70 : 1 + turn % 4;
            make_inputs(n, t, ids, mask);
            aj_tensor in[2] = {{AJ_TYPE_INT64, 2, {n, t}, ids}, {AJ_TYPE_FLOAT32, 2, {n, t}, mask}}, out[4];
            CHECK_OK(aj_session_run_tensors(session, in, 2, out, 4, &err), err);
            check_encoder(out, n, t, ids, mask);
            if (turn == 0 && c == 0) memcpy(kept, out[0].data, n * t * OUT * sizeof *kept);
            if (turn == 0) CHECK(memcmp(kept, out[0].data, n * t * OUT * sizeof *kept) == 0);
        }
        float y[4];
        CHECK_INT(aj_session_run(session, mask, 1, y, &err), AJ_UNSUPPORTED);
        CHECK_CONTAINS(err.message, "give a size to \"T\" or \"ids:1\"");
        aj_session_destroy(session);
    }
    aj_model_destroy(model);
    free(bytes);
}

static void refusals(void)
{
    int64_t ids[6] = {0};
    float mask[6] = {0};
    size_t size;
    void *bytes = encoder(&size);
    aj_model *model = NULL;
    aj_session *session = NULL;
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, "encoder.onnx", &err), err);
    CHECK_OK(aj_session_create(&session, context, model, 0, &err), err);
    aj_tensor in[2] = {{AJ_TYPE_INT64, 2, {2, 3}, ids}, {AJ_TYPE_FLOAT32, 2, {2, 3}, mask}}, out[5];
    CHECK_INT(aj_session_run_tensors(session, in, 1, out, 4, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(aj_session_run_tensors(session, in, 2, out, 5, &err), AJ_BAD_ARGUMENT);
    CHECK_OK(aj_session_run_tensors(session, in, 2, out, 0, &err), err);
    in[0].type = AJ_TYPE_INT32;
    CHECK_INT(aj_session_run_tensors(session, in, 2, out, 4, &err), AJ_MISMATCH);
    CHECK_CONTAINS(err.message, "\"ids\"");
    in[0].type = AJ_TYPE_INT64;
    in[1].rank = 1;
    CHECK_INT(aj_session_run_tensors(session, in, 2, out, 4, &err), AJ_MISMATCH);
    in[1].rank = 9;
    CHECK_INT(aj_session_run_tensors(session, in, 2, out, 4, &err), AJ_BAD_ARGUMENT);
    in[1].rank = 2;
    in[1].dims[1] = 2; /* the mask of another length */
    CHECK(aj_session_run_tensors(session, in, 2, out, 4, &err) != AJ_OK);
    CHECK_CONTAINS(err.message, "\"mask\" (Mul");
    in[1].dims[1] = 3;
    ids[4] = WORDS; /* found while running */
    CHECK_INT(aj_session_run_tensors(session, in, 2, out, 4, &err), AJ_BAD_ARGUMENT);
    ids[4] = 0;
    CHECK_OK(aj_session_run_tensors(session, in, 2, out, 4, &err), err);
    aj_session_destroy(session);
    aj_model_destroy(model);
    free(bytes);
}

/* With a size for T the network runs on rows of floats as well: ids and mask of a sample one after the other.
 */
static void fixed_dimension(void)
{
    enum { N = 9, T = 4 };
    int64_t ids[N * T];
    float mask[N * T], row[N * 2 * T], y[N * T * OUT];
    size_t size;
    void *bytes = encoder(&size);
    const char *path = fixture_path("encoder.onnx");
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
    aj_model *model = NULL;
    aj_session *session = NULL;
    aj_dimension dims[3] = {{"ids:1", T}, {"mask:1", T}, {"length", 3}};
    aj_model_options options = AJ_MODEL_OPTIONS_INIT;
    options.dimensions = dims;
    options.n_dimensions = 3;
    CHECK_INT(aj_model_load_with(&model, context, path, &options, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "\"length\"");
    options.n_dimensions = 2;
    CHECK_OK(aj_model_load_with(&model, context, path, &options, &err), err);
    CHECK_INT(aj_model_describe(model).n_input_features, 2 * T);
    CHECK_INT(aj_model_describe(model).n_output_features, T * OUT);
    CHECK_OK(aj_session_create(&session, context, model, 2, &err), err);
    make_inputs(N, T, ids, mask);
    for (size_t i = 0; i < N * T; i++) {
        row[i / T * 2 * T + i % T] = (float)ids[i];
        row[i / T * 2 * T + T + i % T] = mask[i];
    }
    CHECK_OK(aj_session_run(session, row, N, y, &err), err);
    aj_tensor in[2] = {{AJ_TYPE_INT64, 2, {N, T}, ids}, {AJ_TYPE_FLOAT32, 2, {N, T}, mask}}, out[4];
    CHECK_OK(aj_session_run_tensors(session, in, 2, out, 4, &err), err);
    CHECK(memcmp(y, out[0].data, sizeof y) == 0);
    in[0].dims[1] = in[1].dims[1] = T - 1;
    CHECK_INT(aj_session_run_tensors(session, in, 2, out, 4, &err), AJ_MISMATCH);
    aj_session_destroy(session);
    aj_model_destroy(model);
    free(bytes);
}

/* A softmax over the open axis: tensors are taken as they come, rows one at a time. */
static void mixing(void)
{
    size_t size;
    float x[6] = {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F}, y[6];
    build b = build_start(context, 7, 13);
    node_begin(&b, "Softmax", "s", "x", "y"), attribute_int(&b, "axis", 0), node_end(&b);
    value(&b, INPUT, "x", AJP_FLOAT32, 2, (int64_t[]){-1, 2}),
        value(&b, OUTPUT, "y", AJP_FLOAT32, 2, (int64_t[]){-1, 2});
    void *bytes = build_finish(&b, &size);
    aj_model *model = NULL;
    aj_session *session = NULL;
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, "mix.onnx", &err), err);
    CHECK_OK(aj_session_create(&session, context, model, 0, &err), err);
    for (size_t turn = 0; turn < 2; turn++) {
        aj_tensor in = {AJ_TYPE_FLOAT32, 2, {3, 2}, x}, out;
        CHECK_OK(aj_session_run_tensors(session, &in, 1, &out, 1, &err), err);
        for (size_t i = 0; i < 6; i++) {
            double sum = exp((double)x[i % 2]) + exp((double)x[2 + i % 2]) + exp((double)x[4 + i % 2]);
            CHECK_NEAR(((float *)out.data)[i], exp((double)x[i]) / sum, 1e-6);
        }
    }
    CHECK_OK(aj_session_run(session, x, 3, y, &err), err);
    for (size_t i = 0; i < 6; i++) CHECK_NEAR(y[i], 1, 1e-6);
    aj_session_destroy(session);
    aj_model_destroy(model);
    free(bytes);
}

/* Values that other types hold exactly come and go; a float16 output is converted. */
static void other_types(void)
{
    size_t size;
    float x[4] = {1, 200, 3, 255}, y[4];
    build b = build_start(context, 7, 13);
    node_begin(&b, "Cast", "c", "x", "y"), attribute_int(&b, "to", AJP_FLOAT16), node_end(&b);
    value(&b, INPUT, "x", AJP_UINT8, 2, (int64_t[]){-1, 2}),
        value(&b, OUTPUT, "y", AJP_FLOAT16, 2, (int64_t[]){-1, 2});
    void *bytes = build_finish(&b, &size);
    aj_model *model = NULL;
    aj_session *session = NULL;
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, "types.onnx", &err), err);
    CHECK_OK(aj_session_create(&session, context, model, 0, &err), err);
    CHECK_OK(aj_session_run(session, x, 2, y, &err), err);
    CHECK(memcmp(x, y, sizeof x) == 0);
    aj_session_destroy(session);
    aj_model_destroy(model);
    free(bytes);
}

static void packed_once(void)
{
    ajp_packed_store store = {context, NULL};
    float *a = ajp_packed_new(&store, 40), *b = ajp_packed_new(&store, 40), *c = ajp_packed_new(&store, 40);
    for (size_t i = 0; i < 40; i++) a[i] = b[i] = c[i] = (float)i;
    c[39] = 1;
    CHECK_INT((uintptr_t)a % 64, 0);
    const float *first = ajp_packed_keep(&store, a), *second = ajp_packed_keep(&store, b),
                *third = ajp_packed_keep(&store, c);
    CHECK(first == second && third != first && third[39] == 1.0F);
    ajp_packed_drop(&store, first);
    CHECK(second[39] == 39.0F);
    ajp_packed_drop(&store, third);
    ajp_packed_drop(&store, second);
    CHECK(store.first == NULL);
}

static void limit(void)
{
    size_t widths[3] = {100, 1000, 10};
    aj_model_destroy(fixture_network(context, fixture_path("limit.onnx"), widths, 2, 1));
    for (size_t k = 0; k < 2; k++) {
        aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
        aj_context *limited = NULL;
        aj_model *model = NULL;
        aj_session *session = NULL;
        options.n_threads = 1;
        options.memory_limit_bytes = k == 0 ? 300000 : 2000000; /* 444 kB packed, 516 kB for 128 samples */
        CHECK_OK(aj_context_create(&limited, &options, &err), err);
        CHECK_OK(aj_model_load(&model, limited, fixture_path("limit.onnx"), &err), err);
        CHECK_INT(aj_session_create(&session, limited, model, 0, &err), k == 0 ? AJ_NO_MEMORY : AJ_OK);
        if (k == 0) CHECK_CONTAINS(err.message, "the limit is 0.0003 GB");
        aj_session_destroy(session);
        aj_model_destroy(model);
        aj_context_destroy(limited);
    }
}

int main(void)
{
    ajp_draws draws;
    ajp_draws_init(&draws, 1, 1);
    for (size_t i = 0; i < sizeof pool / sizeof *pool; i++) pool[i] = (float)(0.4 * ajp_draw_normal(&draws));
    context = fixture_context(3, AJ_ISA_AUTO);
    shapes();
    refusals();
    fixed_dimension();
    mixing();
    other_types();
    packed_once();
    limit();
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}

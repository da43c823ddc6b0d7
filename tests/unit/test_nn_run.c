/* [threads] The executor: published network, networks written by us, folding, hooks, chunks, threads. */
#include "check.h"

#include "nn/executor.h"
#include "nn/onnx/write.h"

static aj_error err;

static aj_context *make_context(unsigned n_threads, aj_isa isa)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    aj_context *context = NULL;
    options.n_threads = n_threads;
    options.isa = isa;
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    return context;
}

/* Deterministic numbers in (-1, 1). */
static float number(size_t i)
{
    uint32_t x = (uint32_t)i * 2654435761u + 12345u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    return (float)((double)x / 2147483648.0 - 1.0);
}

static float *numbers(size_t n, size_t seed)
{
    float *values = malloc(n * sizeof *values);
    for (size_t i = 0; i < n; i++) values[i] = number(i + seed * 1000003);
    return values;
}

static const char *temporary(const char *name)
{
    static char path[4096];
    const char *folder = getenv("AJ_BUILD_DIR");
    snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : ".", name);
    return path;
}

/* ---- a dense network that we write, against plain loops -------------------------------------------- */

enum { N_LAYERS = 3, N_SAMPLES = 213 };
static const size_t widths[N_LAYERS + 1] = {37, 50, 33, 10};

static double activate(const char *name, double z)
{
    if (strcmp(name, "Relu") == 0) return z > 0 ? z : 0;
    if (strcmp(name, "LeakyRelu") == 0) return z > 0 ? z : (double)0.2f * z;
    if (strcmp(name, "Sigmoid") == 0) return 1 / (1 + exp(-z));
    return tanh(z);
}

static void plain(float *const *w, float *const *b, const char *activation, const float *x, double *y)
{
    double a[64], z[64];
    for (size_t i = 0; i < widths[0]; i++) a[i] = (double)x[i];
    for (size_t l = 0; l < N_LAYERS; l++) {
        for (size_t i = 0; i < widths[l + 1]; i++) {
            z[i] = b[l] != NULL ? (double)b[l][i] : 0;
            for (size_t j = 0; j < widths[l]; j++) z[i] += (double)w[l][i * widths[l] + j] * a[j];
        }
        for (size_t i = 0; i < widths[l + 1]; i++)
            a[i] = l + 1 < N_LAYERS ? activate(activation, z[i]) : z[i];
    }
    for (size_t i = 0; i < widths[N_LAYERS]; i++) y[i] = a[i];
}

static void dense(const char *activation)
{
    aj_context *context = make_context(2, AJ_ISA_AUTO);
    float *w[N_LAYERS], *b[N_LAYERS];
    for (size_t l = 0; l < N_LAYERS; l++) {
        w[l] = numbers(widths[l] * widths[l + 1], 2 * l);
        b[l] = l == 1 ? NULL : numbers(widths[l + 1], 2 * l + 1);
    }
    aj_dense_network network = {
        N_LAYERS, widths, (const float *const *)w, (const float *const *)b, activation, 0.2f, "a test"};
    const char *path = temporary("nn_dense.onnx");
    CHECK_OK(aj_dense_network_save(context, &network, path, &err), err);
    aj_model *model = NULL;
    CHECK_OK(aj_model_load(&model, context, path, &err), err);
    aj_model_info info = aj_model_describe(model);
    CHECK_INT(info.n_input_features, 37);
    CHECK_INT(info.n_output_features, 10);
    CHECK_INT(info.n_parameters, 37 * 50 + 50 + 50 * 33 + 33 * 10 + 10);
    CHECK_INT(info.opset, 13);
    CHECK_INT(info.ir_version, 7);
    CHECK_STRING(info.producer, "attojoule");
    CHECK_INT(strlen(info.sha256), 64);
    CHECK_INT(aj_model_n_layers(model), 3);
    aj_layer_info layer = aj_model_layer(model, 1);
    CHECK_INT(layer.macs_per_inference, 50 * 33);
    CHECK_INT(layer.flops_per_inference,
              2 * 50 * 33 + 33 * (activation[0] == 'R' || activation[0] == 'L' ? 1 : 4));
    CHECK_INT(layer.rows, 33);
    CHECK_INT(layer.cols, 50);
    CHECK_INT(layer.reps, 1);
    CHECK_STRING(layer.name, "dense2");
    aj_session *session = NULL;
    CHECK_OK(aj_session_create(&session, context, model, 64, &err), err);
    float *x = numbers(N_SAMPLES * 37, 99), *y = calloc(N_SAMPLES, 10 * sizeof *y);
    CHECK_OK(aj_session_run(session, x, N_SAMPLES, y, &err), err);
    for (size_t s = 0; s < N_SAMPLES; s++) {
        double want[10];
        plain(w, b, activation, x + s * 37, want);
        for (size_t i = 0; i < 10; i++) CHECK_NEAR(y[s * 10 + i], want[i], 2e-5 * (1 + fabs(want[i])));
    }
    aj_session_destroy(session);
    aj_model_destroy(model);
    for (size_t l = 0; l < N_LAYERS; l++) free(w[l]), free(b[l]);
    free(x), free(y);
    aj_context_destroy(context);
}

/* ---- the published network -------------------------------------------------------------------------- */

static void *slurp(const char *folder, const char *name, size_t *size)
{
    char path[5000];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size);
    if (fread(bytes, 1, *size, file) != *size) *size = 0;
    fclose(file);
    return bytes;
}

#include <zlib.h>

/* The first 100 MNIST test images over 255. */
static float *mnist100(const char *pack)
{
    char path[5000];
    unsigned char head[16], *pixels = malloc(100 * 784);
    float *x = malloc(100 * 784 * sizeof *x);
    snprintf(path, sizeof path, "%s/mnist/t10k-images-idx3-ubyte.gz", pack);
    gzFile file = gzopen(path, "rb");
    CHECK(file != NULL && gzread(file, head, 16) == 16 && gzread(file, pixels, 78400) == 78400);
    if (file != NULL) gzclose(file);
    for (size_t i = 0; i < 78400; i++) x[i] = (float)pixels[i] / 255.0f;
    free(pixels);
    return x;
}

static void published(void)
{
    const char *pack = check_data_pack();
    if (pack == NULL) {
        printf("without the data pack: the published network is left out\n");
        return;
    }
    char path[5000];
    size_t size;
    snprintf(path, sizeof path, "%s/models/wang2022-mnist-784-100-100-10.onnx", pack);
    char *npy = slurp(pack, "models/wang2022-mnist-784-100-100-10.logits100.npy", &size);
    CHECK(npy != NULL && size == 4128);
    const float *want = (const float *)(npy + 128);
    float *x = mnist100(pack), y[1000];
    aj_context *context = make_context(1, AJ_ISA_AUTO);
    aj_model *model = NULL;
    aj_session *session = NULL;
    CHECK_OK(aj_model_load(&model, context, path, &err), err);
    CHECK_OK(aj_session_create(&session, context, model, 32, &err), err);
    CHECK_OK(aj_session_run(session, x, 100, y, &err), err);
    double worst = 0;
    for (size_t i = 0; i < 1000; i++) {
        double error = fabs((double)y[i] - (double)want[i]) / (1 + fabs((double)want[i]));
        worst = error > worst ? error : worst;
    }
    CHECK_NEAR(worst, 0, 1e-4);
    printf("published network: largest error %.2g of 1 + |logit|\n", worst);
    CHECK_INT(aj_model_describe(model).n_parameters, 89610);
    uint64_t macs = 0;
    for (size_t i = 0; i < aj_model_n_layers(model); i++) macs += aj_model_layer(model, i).macs_per_inference;
    CHECK_INT(macs, 89400);
    aj_session_destroy(session);
    aj_model_destroy(model);
    aj_context_destroy(context);
    free(npy), free(x);
}

/* ---- same bits, and hooks --------------------------------------------------------------------------- */

typedef struct {
    ajp_kernels const *kernels;
    size_t n_calls, rows_seen;
} hook_state;

static aj_status exact_hook(void *user, const ajp_product_step *step, const ajp_product_call *call,
                            aj_error *e)
{
    hook_state *state = user;
    (void)e;
    state->n_calls++;
    state->rows_seen += call->n_rows;
    CHECK_INT(call->y_row % 16, 0);
    CHECK(call->n_rows <= AJP_HOOK_ROWS);
    ajp_gemm gemm = {.m = call->n_rows,
                     .n = step->rows,
                     .k = step->cols,
                     .a = call->x,
                     .a_row = call->x_row,
                     .a_col = 1,
                     .b = ajp_product_packed(step, call->group),
                     .b_row = 16,
                     .b_vector = 16 * step->cols,
                     .c = call->y,
                     .c_row = call->y_row,
                     .c_vector = 16,
                     .bias = ajp_product_bias(step, call->group),
                     .activation = step->activation,
                     .activation_parameter = step->activation_parameter};
    state->kernels->gemm(&gemm);
    for (size_t i = 0; i < call->n_rows; i++) /* hooks may leave anything in the padding */
        for (size_t j = step->rows; j < call->y_row && j < (step->rows + 15) / 16 * 16; j++)
            call->y[i * call->y_row + j] = NAN;
    return AJ_OK;
}

static aj_status failing_hook(void *user, const ajp_product_step *step, const ajp_product_call *call,
                              aj_error *e)
{
    (void)user;
    return call->product == 1 ? ajp_fail(e, AJ_UNSUPPORTED, 0, "no %s", step->name) : AJ_OK;
}

static void same_bits(void)
{
    const char *path = temporary("nn_dense.onnx");
    float *x = numbers(N_SAMPLES * 37, 7), *first = NULL;
    static const unsigned threads[] = {1, 2, 7};
    static const size_t chunks[] = {1, 5, 64, 1000};
    static const aj_isa isas[] = {AJ_ISA_SCALAR, AJ_ISA_AVX2, AJ_ISA_AVX512};
    for (size_t c = 0; c < 3 * 4 * 3; c++) {
        if (!aj_isa_supported(isas[c / 12])) continue;
        aj_context *context = make_context(threads[c % 3], isas[c / 12]);
        aj_model *model = NULL;
        aj_session *session = NULL;
        float *y = calloc(N_SAMPLES, 10 * sizeof *y);
        CHECK_OK(aj_model_load(&model, context, path, &err), err);
        CHECK_OK(aj_session_create(&session, context, model, chunks[c / 3 % 4], &err), err);
        CHECK_OK(aj_session_run(session, x, N_SAMPLES, y, &err), err);
        if (first == NULL)
            first = y;
        else
            CHECK(memcmp(first, y, N_SAMPLES * 10 * sizeof *y) == 0);
        /* one by one as well */
        float one[10];
        CHECK_OK(aj_session_run(session, x + 37 * 100, 1, one, &err), err);
        CHECK(memcmp(one, first + 1000, sizeof one) == 0);
        aj_session_destroy(session);
        ajp_plan *plan = NULL;
        ajp_workspace *workspace = NULL;
        CHECK_OK(ajp_plan_create(&plan, context, model, 20, &err), err);
        CHECK_OK(ajp_workspace_create(&workspace, plan, &err), err);
        hook_state state = {ajp_kernels_for(aj_context_isa(context)), 0, 0};
        ajp_product_hook hook = {exact_hook, &state, NULL}, fails = {failing_hook, NULL, NULL};
        float part[200];
        CHECK_OK(ajp_plan_run(plan, workspace, x, 20, part, &hook, NULL, &err), err);
        CHECK(memcmp(part, first, sizeof part) == 0);
        CHECK_INT(state.n_calls, 3);
        CHECK_INT(state.rows_seen, 60);
        CHECK_INT(ajp_plan_run(plan, workspace, x, 20, part, &fails, NULL, &err), AJ_UNSUPPORTED);
        CHECK_CONTAINS(err.message, "dense2");
        CHECK_INT(ajp_plan_run(plan, workspace, x, 21, part, NULL, NULL, &err), AJ_BAD_ARGUMENT);
        ajp_workspace_destroy(workspace);
        ajp_plan_destroy(plan);
        aj_model_destroy(model);
        aj_context_destroy(context);
        if (y != first) free(y);
    }
    free(first), free(x);
}

int main(void)
{
    dense("Relu");
    dense("LeakyRelu");
    dense("Sigmoid");
    dense("Tanh");
    same_bits();
    published();
    return check_report();
}

/* Writes dense networks, one for each activation, and what we compute with them, for onnx.checker to look at.
 */
#include "check.h"

#include "attojoule/nn.h"

static aj_error err;

static float number(size_t i)
{
    uint32_t x = (uint32_t)i * 2654435761u;
    x ^= x >> 15;
    x *= 2246822519u;
    return (float)((double)(x ^ x >> 13) / 2147483648.0 - 1.0);
}

static void put(const char *path, const char *ending, const float *values, size_t n)
{
    char name[4096];
    snprintf(name, sizeof name, "%s.%s", path, ending);
    FILE *file = fopen(name, "wb");
    CHECK(file != NULL && fwrite(values, sizeof *values, n, file) == n);
    if (file != NULL) fclose(file);
}

static void write_network(aj_context *context, const char *folder, const char *activation)
{
    enum { N = 16 };
    static const size_t widths[] = {9, 20, 17, 5};
    static float w1[180], w2[340], w3[85], b1[20], b3[5];
    const float *w[] = {w1, w2, w3}, *b[] = {b1, NULL, b3};
    float x[N * 9], y[N * 5];
    for (size_t i = 0; i < 340; i++) w2[i] = number(i + 900);
    for (size_t i = 0; i < 180; i++) w1[i] = number(i);
    for (size_t i = 0; i < 85; i++) w3[i] = number(i + 400);
    for (size_t i = 0; i < 20; i++) b1[i] = number(i + 600);
    for (size_t i = 0; i < 5; i++) b3[i] = number(i + 700);
    for (size_t i = 0; i < N * 9; i++) x[i] = number(i + 5000);
    char path[4096];
    snprintf(path, sizeof path, "%s/written_%s.onnx", folder, activation);
    aj_dense_network network = {3, widths, w, b, activation, 0.25f, "written by a test"};
    aj_model *model = NULL;
    aj_session *session = NULL;
    CHECK_OK(aj_dense_network_save(context, &network, path, &err), err);
    CHECK_OK(aj_model_load(&model, context, path, &err), err);
    CHECK_OK(aj_session_create(&session, context, model, 8, &err), err);
    CHECK_OK(aj_session_run(session, x, N, y, &err), err);
    put(path, "x", x, N * 9);
    put(path, "y", y, N * 5);
    aj_session_destroy(session);
    aj_model_destroy(model);
}

int main(int argc, char **argv)
{
    aj_context *context = NULL;
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    if (argc < 2) return 2;
    options.n_threads = 1;
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    write_network(context, argv[1], "Relu");
    write_network(context, argv[1], "LeakyRelu");
    write_network(context, argv[1], "Sigmoid");
    write_network(context, argv[1], "Tanh");
    aj_context_destroy(context);
    return check_report();
}

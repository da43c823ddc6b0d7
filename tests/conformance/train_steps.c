/* train_steps FOLDER: three steps of training a network of many kinds of layers, for check_torch_training.py:
 * before.onnx, after.onnx, the samples (x, labels; raw) and what after.onnx says of them (y). */
#include "check.h"

#include "attojoule/nn.h"
#include "train/net_export.h"
#include "train_net.h"

enum { SAMPLES = 30, SIDE = 12, N_STEPS = 3, N_IN = 3 * SIDE * SIDE };

static aj_error err;
static float x[SAMPLES * N_IN], y[SAMPLES * N_CLASSES];

static void put(const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL && fwrite(bytes, 1, size, f) == size);
    if (f != NULL) CHECK(fclose(f) == 0);
}

static void put_network(const ajp_net *net, const aj_context *context, const char *folder, const char *name)
{
    ajp_onnx_out out = {.context = context};
    CHECK_OK(ajp_net_onnx(net, "steps", &out, &err), err);
    put(folder, name, out.bytes, out.size);
    ajp_out_free(&out);
}

static void run(aj_context *context, const char *folder)
{
    char path[4200];
    aj_model *model = NULL;
    aj_session *session = NULL;
    snprintf(path, sizeof path, "%s/after.onnx", folder);
    CHECK_OK(aj_model_load(&model, context, path, &err), err);
    if (model == NULL) return;
    CHECK_OK(aj_session_create(&session, context, model, 0, &err), err);
    CHECK_OK(aj_session_run(session, x, SAMPLES, y, &err), err);
    put(folder, "y", y, sizeof y);
    aj_session_destroy(session);
    aj_model_destroy(model);
}

int main(int argc, char **argv)
{
    static const size_t image[3] = {3, SIDE, SIDE};
#define LAYER(...)                     \
    {                                  \
        .kind = AJ_LAYER_##__VA_ARGS__ \
    }
    const aj_train_layer layers[] = {
        LAYER(CONV, .n_outputs = 8, .kernel = {3, 3}, .padding = {1, 1}, .without_bias = true),
        LAYER(BATCH_NORM, .from = 1),
        LAYER(RELU, .from = 2),
        LAYER(CONV, .from = 3, .n_outputs = 16, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1},
              .groups = 2),
        LAYER(BATCH_NORM, .from = 4, .momentum = 0.2, .epsilon = 1e-4),
        LAYER(CONV, .from = 3, .n_outputs = 16, .kernel = {1, 1}, .stride = {2, 2}),
        LAYER(ADD, .from = 5, .with = 6),
        LAYER(LEAKY_RELU, .from = 7, .leaky_slope = 0.1),
        LAYER(MAX_POOL, .from = 8, .kernel = {3, 3}, .stride = {1, 1}, .padding = {1, 1}),
        LAYER(AVERAGE_POOL, .from = 9, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}),
        LAYER(CONV, .from = 10, .n_outputs = 16, .kernel = {3, 3}, .padding = {1, 1}, .groups = 16),
        LAYER(TANH, .from = 11),
        LAYER(FLATTEN, .from = 12),
        LAYER(DENSE, .from = 13, .n_outputs = 20),
        LAYER(SIGMOID, .from = 14),
        LAYER(DENSE, .from = 15, .n_outputs = N_CLASSES),
    };
    aj_train_options o = net_options(layers, sizeof layers / sizeof layers[0], image);
    aj_context *context = NULL;
    ajp_net *net = NULL;
    uint32_t order[SAMPLES];
    double losses[SAMPLES];
    const char *folder = argc > 1 ? argv[1] : ".";
    for (size_t i = 0; i < SAMPLES * N_IN; i++) x[i] = net_random(i);
    make_net_samples();
    for (uint32_t i = 0; i < SAMPLES; i++) order[i] = i;
    o.batch = SAMPLES;
    o.momentum = 0.9;
    o.weight_decay = 0.01;
    o.decay_biases = true; /* as PyTorch's optimisers do */
    CHECK_OK(aj_context_create(&context, NULL, &err), err);
    CHECK_OK(ajp_net_create(&net, context, &o, &err), err);
    if (net == NULL) return 1;
    const ajp_samples samples = {NULL, x, net_labels, SAMPLES, N_IN};
    put_network(net, context, folder, "before.onnx");
    for (int step = 0; step < N_STEPS; step++)
        CHECK_OK(ajp_net_step(net, &samples, order, SAMPLES, 0, 0.1, losses, &err), err);
    put_network(net, context, folder, "after.onnx");
    put(folder, "x", x, sizeof x);
    put(folder, "labels", net_labels, SAMPLES * sizeof *net_labels);
    put(folder, "losses", losses, sizeof losses);
    run(context, folder);
    ajp_net_destroy(net);
    aj_context_destroy(context);
    return check_report();
}

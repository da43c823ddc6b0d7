/* fixture.h: contexts, temporary folders and small networks for tests that run whole evaluations. */
#ifndef AJ_FIXTURE_H
#define AJ_FIXTURE_H

#include <unistd.h>

#include "attojoule/attojoule.h"
#include "check.h"
#include "physics/draw.h"

static inline aj_context *fixture_context(unsigned n_threads, aj_isa isa)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = n_threads;
    options.isa = isa;
    aj_context *context = NULL;
    aj_error err;
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    if (context == NULL) exit(1);
    return context;
}

/* A new folder; removed by fixture_remove. */
static inline const char *fixture_folder(void)
{
    static char folder[] = "/tmp/aj_test_XXXXXX";
    static int made;
    if (!made && mkdtemp(folder) == NULL) exit(1);
    made = 1;
    return folder;
}

static inline const char *fixture_path(const char *name)
{
    static char path[4][512];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", fixture_folder(), name);
    return path[turn];
}

static inline void fixture_remove(void)
{
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", fixture_folder());
    if (system(command) != 0) fprintf(stderr, "could not remove %s\n", fixture_folder());
}

/* A dense Relu network with Glorot weights and small biases; loaded from `path`. */
static inline aj_model *fixture_network(aj_context *context, const char *path, const size_t *widths,
                                        size_t n_layers, uint64_t seed)
{
    float *weights[8], *biases[8];
    ajp_draws draws;
    ajp_draws_init(&draws, seed, 0);
    for (size_t l = 0; l < n_layers; l++) {
        size_t n = widths[l] * widths[l + 1];
        weights[l] = malloc(n * sizeof(float));
        biases[l] = malloc(widths[l + 1] * sizeof(float));
        double scale = sqrt(2.0 / (double)(widths[l] + widths[l + 1]));
        for (size_t i = 0; i < n; i++) weights[l][i] = (float)(scale * ajp_draw_normal(&draws));
        for (size_t i = 0; i < widths[l + 1]; i++) biases[l][i] = (float)(0.05 * ajp_draw_normal(&draws));
    }
    aj_dense_network network = {
        n_layers, widths, (const float *const *)weights, (const float *const *)biases, "Relu", 0.0f, NULL};
    aj_error err;
    aj_model *model = NULL;
    CHECK_OK(aj_dense_network_save(context, &network, path, &err), err);
    CHECK_OK(aj_model_load(&model, context, path, &err), err);
    for (size_t l = 0; l < n_layers; l++) {
        free(weights[l]);
        free(biases[l]);
    }
    if (model == NULL) exit(1);
    return model;
}

/* n random samples in [0, 1) with labels given by the model's own exact outputs, as a .npy pair; the SET's
 * name. */
static inline const char *fixture_dataset(aj_context *context, const aj_model *model, const char *stem,
                                          size_t n, uint64_t seed)
{
    static char set[1200];
    aj_model_info info = aj_model_describe(model);
    float *inputs = malloc(n * info.n_input_features * sizeof(float));
    float *outputs = malloc(n * info.n_output_features * sizeof(float));
    float *labels = malloc(n * info.n_output_features * sizeof(float));
    ajp_draws draws;
    ajp_draws_init(&draws, seed, 1);
    for (size_t i = 0; i < n * info.n_input_features; i++) {
        double u = ajp_draw_uniform(&draws);
        inputs[i] = (float)(u < 0.5 ? 0.0 : 2.0 * u - 1.0);
    }
    aj_error err;
    aj_session *session = NULL;
    CHECK_OK(aj_session_create(&session, context, model, 0, &err), err);
    CHECK_OK(aj_session_run(session, inputs, n, outputs, &err), err);
    aj_session_destroy(session);
    for (size_t i = 0; i < n; i++) {
        size_t best = 0;
        for (size_t j = 1; j < info.n_output_features; j++)
            if (outputs[i * info.n_output_features + j] > outputs[i * info.n_output_features + best])
                best = j;
        for (size_t j = 0; j < info.n_output_features; j++)
            labels[i * info.n_output_features + j] = j == best;
    }
    char images[500], classes[500];
    snprintf(images, sizeof images, "%s/%s-x.npy", fixture_folder(), stem);
    snprintf(classes, sizeof classes, "%s/%s-y.npy", fixture_folder(), stem);
    CHECK_OK(aj_npy_write_float32(context, images, inputs, n, info.n_input_features, &err), err);
    CHECK_OK(aj_npy_write_float32(context, classes, labels, n, info.n_output_features, &err), err);
    snprintf(set, sizeof set, "%s:%s", images, classes);
    free(inputs);
    free(outputs);
    free(labels);
    return set;
}

#endif

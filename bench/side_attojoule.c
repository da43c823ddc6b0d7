/* side_attojoule.c: our side of a paired timing (bench/pair.py).
 *   side_attojoule make WIDTHS FILE                     e.g. 784,1000,1000,10: a dense Relu network, seeded
 * weights side_attojoule clean FILE BATCH THREADS             exact inference of BATCH samples a call
 *   side_attojoule read FILE HARDWARE BATCH THREADS     the same on hardware, fresh noise every call
 * Speaks the protocol of pair.py: "ready", then seconds for every "N". */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulate/study.h"

static aj_error error;

static void need(aj_status status)
{
    if (status == AJ_OK) return;
    fprintf(stderr, "%s: %s\n", aj_status_name(status), error.message);
    exit(1);
}

static aj_context *make_context(unsigned n_threads)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = n_threads;
    const char *isa = getenv("AJ_BENCH_ISA");
    if (isa != NULL && !aj_isa_from_name(isa, &options.isa)) exit(2);
    aj_context *context;
    need(aj_context_create(&context, &options, &error));
    return context;
}

static void make_network(const char *widths_text, const char *path)
{
    size_t widths[16], n = 0;
    for (const char *p = widths_text; p != NULL && n < 16; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
        widths[n++] = strtoul(p, NULL, 10);
    const float *weights[16], *biases[16];
    aj_context *context = make_context(1);
    ajp_draws draws;
    ajp_draws_init(&draws, 1, 0);
    for (size_t l = 0; l + 1 < n; l++) {
        size_t n_weights = widths[l] * widths[l + 1];
        float *w = malloc(n_weights * sizeof *w), *b = calloc(widths[l + 1], sizeof *b);
        if (w == NULL || b == NULL) exit(1);
        for (size_t i = 0; i < n_weights; i++)
            w[i] = (float)(ajp_draw_normal(&draws) * sqrt(2.0 / (double)(widths[l] + widths[l + 1])));
        weights[l] = w;
        biases[l] = b;
    }
    aj_dense_network network = {n - 1, widths, weights, biases, "Relu", 0.0f, "random weights for timing"};
    need(aj_dense_network_save(context, &network, path, &error));
}

/* ---- one timed thing ---- */
typedef struct {
    aj_context *context;
    size_t batch, n_features, n_outputs;
    float *inputs, *outputs;
    aj_session *session; /* clean */
    ajp_study *study;    /* read */
    ajp_mapping mapping;
    ajp_trial trial;
    ajp_reader *readers;
    ajp_workspace **workspaces;
    size_t chunk;
    uint64_t sample0;
} bench;

static void read_chunk(void *user, size_t task, unsigned thread)
{
    bench *b = user;
    size_t first = task * b->chunk, n = ajp_min_size(b->chunk, b->batch - first);
    const ajp_product_hook *hook = ajp_reader_hook(&b->readers[thread], &b->trial, b->sample0 + first);
    need(ajp_plan_run(b->study->plan, b->workspaces[thread], b->inputs + first * b->n_features, n,
                      b->outputs + first * b->n_outputs, hook, NULL, &error));
}

static void call(bench *b)
{
    if (b->session != NULL) {
        need(aj_session_run(b->session, b->inputs, b->batch, b->outputs, &error));
        return;
    }
    ajp_pool_run(b->context->pool, (b->batch + b->chunk - 1) / b->chunk, read_chunk, b);
    b->sample0 = (b->sample0 + b->batch) & 0xffffff;
}

static void prepare_read(bench *b, const aj_model *model, const char *hardware_name)
{
    aj_hardware *hardware;
    need(aj_hardware_load(&hardware, b->context, hardware_name, &error));
    size_t n_threads = aj_context_threads(b->context);
    b->chunk = ajp_min_size(128, (b->batch + n_threads - 1) / n_threads);
    need(ajp_study_create(&b->study, b->context, model, NULL, b->chunk, &error));
    need(ajp_mapping_create(&b->mapping, b->study, hardware, NULL, &error));
    need(ajp_trial_freeze(&b->trial, &b->mapping, 1, 0, &error));
    b->readers = calloc(n_threads, sizeof *b->readers);
    b->workspaces = calloc(n_threads, sizeof *b->workspaces);
    if (b->readers == NULL || b->workspaces == NULL) exit(1);
    for (size_t i = 0; i < n_threads; i++) {
        need(ajp_reader_init(&b->readers[i], &b->mapping, b->chunk, false, false, &error));
        need(ajp_workspace_create(&b->workspaces[i], b->study->plan, &error));
    }
}

static void serve(bench *b)
{
    call(b);
    puts("ready");
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof line, stdin) != NULL) {
        long n = strtol(line, NULL, 10);
        double started = ajp_now_seconds();
        for (long i = 0; i < n; i++) call(b);
        printf("%.9g\n", ajp_now_seconds() - started);
        fflush(stdout);
    }
}

int main(int n_arguments, char **arguments)
{
    if (n_arguments == 4 && strcmp(arguments[1], "make") == 0) {
        make_network(arguments[2], arguments[3]);
        return 0;
    }
    bool read = n_arguments == 6 && strcmp(arguments[1], "read") == 0;
    if (!read && !(n_arguments == 5 && strcmp(arguments[1], "clean") == 0)) {
        fprintf(stderr, "usage: see the top of bench/side_attojoule.c\n");
        return 2;
    }
    bench b = {.batch = strtoul(arguments[read ? 4 : 3], NULL, 10)};
    b.context = make_context((unsigned)strtoul(arguments[read ? 5 : 4], NULL, 10));
    aj_model *model;
    need(aj_model_load(&model, b.context, arguments[2], &error));
    aj_model_info info = aj_model_describe(model);
    b.n_features = info.n_input_features;
    b.n_outputs = info.n_output_features;
    b.inputs = malloc(b.batch * b.n_features * sizeof(float));
    b.outputs = malloc(b.batch * b.n_outputs * sizeof(float));
    if (b.inputs == NULL || b.outputs == NULL) return 1;
    ajp_draws draws;
    ajp_draws_init(&draws, 2, 0);
    for (size_t i = 0; i < b.batch * b.n_features; i++) b.inputs[i] = (float)ajp_draw_uniform(&draws);
    if (read)
        prepare_read(&b, model, arguments[3]);
    else
        need(aj_session_create(&b.session, b.context, model, 0, &error));
    serve(&b);
    return 0;
}

/* bench_crossbar_read.c: what a read on crossbars costs, as a ratio to the clean network in the same run
 * (both sides in turn, minima of processor time, one thread), and images per second.
 *
 * For orientation, the published MNIST network on one Zen 5 core in CrossSim 3.2.0 (NumPy): 169,000 images a
 * second analog without noise, 156,000 with an 8-bit converter, 117,000 to 160,000 with programming error,
 * 250 with noise of every read. */
#define _DEFAULT_SOURCE /* mkstemps */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attojoule/attojoule.h"
#include "physics/draw.h"
#include "simulate/study.h"

enum { CHUNK = 250, TURNS = 60 };

typedef struct {
    const char *key, *value;
} setting;
typedef struct {
    const char *name;
    double target_ratio; /* 0 = none */
    setting set[10];
} row;

static const row rows[] = {
    {"analog, no noise, tile 256", 0.0, {{"tile_cols", "256"}}},
    {"8-bit converters", 0.0, {{"tile_cols", "256"}, {"adc_kind", "mid_tread"}, {"adc_bits", "8"}}},
    {"programming error, 8-bit converters",
     1.15,
     {{"tile_cols", "256"}, {"adc_kind", "mid_tread"}, {"adc_bits", "8"}, {"device", "pcm-aihwkit"}}},
    {"fresh read noise", 2.7, {{"tile_cols", "256"}, {"device", "pcm-aihwkit"}, {"read_noise", "yes"}}},
    {"fresh read noise, 8-bit converters",
     0.0,
     {{"tile_cols", "256"},
      {"adc_kind", "mid_tread"},
      {"adc_bits", "8"},
      {"dac_kind", "sign_magnitude"},
      {"dac_bits", "8"},
      {"device", "pcm-aihwkit"},
      {"read_noise", "yes"}}},
};

static const char yaml[] =
    "name: bench\nfamily: crossbar\nevidence: limit\nyear: 2024\nnode: none\ncite: a bench\nsummary: bench\n"
    "parameters:\n  conductance_max_siemens: {value: 25, unit: uS, source: chosen}\n  dac_range: {value: "
    "calibrated, source: chosen}\n";

static void must(aj_status st, const aj_error *err)
{
    if (st == AJ_OK) return;
    fprintf(stderr, "bench_crossbar_read: %s\n", err->message);
    exit(1);
}

static double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static aj_model *network(aj_context *context, const size_t *widths, size_t n_layers)
{
    char path[] = "/tmp/bench_crossbar_read_XXXXXX.onnx";
    int fd = mkstemps(path, 5);
    if (fd < 0) exit(1);
    close(fd);
    float *weights[4], *biases[4];
    ajp_draws draws;
    ajp_draws_init(&draws, 1, 0);
    for (size_t l = 0; l < n_layers; l++) {
        weights[l] = calloc(widths[l] * widths[l + 1], sizeof(float));
        biases[l] = calloc(widths[l + 1], sizeof(float));
        for (size_t i = 0; i < widths[l] * widths[l + 1]; i++)
            weights[l][i] = (float)(0.05 * ajp_draw_normal(&draws));
    }
    aj_dense_network dense = {
        n_layers, widths, (const float *const *)weights, (const float *const *)biases, "Relu", 0.0f, NULL};
    aj_error err;
    aj_model *model = NULL;
    must(aj_dense_network_save(context, &dense, path, &err), &err);
    must(aj_model_load(&model, context, path, &err), &err);
    unlink(path);
    for (size_t l = 0; l < n_layers; l++) {
        free(weights[l]);
        free(biases[l]);
    }
    return model;
}

typedef struct {
    ajp_study *study;
    ajp_workspace *workspace;
    float *x, *y;
} side;

static double run(side *s, const ajp_product_hook *hook)
{
    aj_error err;
    double start = now_seconds();
    must(ajp_plan_run(s->study->plan, s->workspace, s->x, CHUNK, s->y, hook, NULL, &err), &err);
    return now_seconds() - start;
}

static void bench_row(aj_context *context, side *s, const row *r)
{
    aj_error err;
    aj_hardware *hardware = NULL;
    ajp_mapping mapping;
    ajp_trial trial;
    ajp_reader reader;
    must(aj_hardware_load_text(&hardware, context, yaml, sizeof yaml - 1, "bench", &err), &err);
    for (size_t i = 0; r->set[i].key != NULL; i++)
        must(aj_hardware_set(hardware, r->set[i].key, r->set[i].value, &err), &err);
    ajp_calibration calibrations[8];
    for (size_t i = 0; i < s->study->n_products; i++) {
        calibrations[i] = ajp_calibration_none();
        calibrations[i].max_abs = 8.0;
        for (int k = 0; k < AJP_N_PERCENTILES; k++) calibrations[i].input_percentile[k] = 8.0;
    }
    must(ajp_mapping_create(&mapping, s->study, hardware, calibrations, &err), &err);
    double start = now_seconds();
    must(ajp_trial_freeze(&trial, &mapping, 1, 0, &err), &err);
    double freeze = now_seconds() - start;
    must(ajp_reader_init(&reader, &mapping, CHUNK, false, false, &err), &err);
    const ajp_product_hook *hook = ajp_reader_hook(&reader, &trial, 0);
    double clean = 1e9, read = 1e9;
    for (int turn = 0; turn < TURNS; turn++) {
        double a = run(s, NULL), b = run(s, hook);
        clean = a < clean ? a : clean;
        read = b < read ? b : read;
    }
    printf("  %-36s clean %8.1f us  read %8.1f us  ratio %5.2f", r->name, clean * 1e6, read * 1e6,
           read / clean);
    if (r->target_ratio > 0.0) printf(" (target %.2f)", r->target_ratio);
    printf("  %9.0f images/s  a trial %.1f ms\n", CHUNK / read, freeze * 1e3);
    ajp_reader_free(&reader);
    ajp_trial_destroy(&trial);
    ajp_mapping_destroy(&mapping);
    aj_hardware_destroy(hardware);
}

static void bench_network(aj_context *context, const size_t *widths, size_t n_layers)
{
    aj_error err;
    side s = {0};
    aj_model *model = network(context, widths, n_layers);
    must(ajp_study_create(&s.study, context, model, NULL, CHUNK, &err), &err);
    must(ajp_workspace_create(&s.workspace, s.study->plan, &err), &err);
    s.x = calloc(CHUNK * widths[0], sizeof(float));
    s.y = calloc(CHUNK * widths[n_layers], sizeof(float));
    ajp_draws draws;
    ajp_draws_init(&draws, 2, 0);
    for (size_t i = 0; i < CHUNK * widths[0]; i++) {
        double u = ajp_draw_uniform(&draws);
        s.x[i] = (float)(u < 0.8 ? 0.0 : 5.0 * u - 4.0); /* a fifth of an image is ink */
    }
    for (size_t l = 0; l <= n_layers; l++) printf("%s%zu", l == 0 ? "" : "-", widths[l]);
    printf(", %d images at a time\n", CHUNK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) bench_row(context, &s, &rows[i]);
    free(s.x);
    free(s.y);
    ajp_workspace_destroy(s.workspace);
    ajp_study_destroy(s.study);
    aj_model_destroy(model);
}

int main(void)
{
    static const size_t small[] = {784, 100, 100, 10}, large[] = {784, 1000, 1000, 10};
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    aj_context *context = NULL;
    aj_error err;
    must(aj_context_create(&context, &options, &err), &err);
    bench_network(context, small, 3);
    bench_network(context, large, 3);
    aj_context_destroy(context);
    return 0;
}

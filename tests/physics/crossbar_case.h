/* crossbar_case.h: one product on the crossbar family: read as evaluations read it, and by the slow
 * reference. */
#ifndef CROSSBAR_CASE_H
#define CROSSBAR_CASE_H

#include "fixture.h"
#include "hardware/crossbar_family.h"
#include "hardware/object.h"
#include "simulate/study.h"

enum { CASE_CHUNK = 500 };

static const char crossbar_yaml[] =
    "name: test\nfamily: crossbar\nevidence: limit\nyear: 2024\nnode: none\ncite: a test\nsummary: ideal "
    "pairs\n"
    "parameters:\n  conductance_max_siemens: {value: 25, unit: uS, source: chosen}\n"
    "  read_voltage_volts: {value: 0.2, unit: V, source: chosen}\n"
    "  read_seconds: {value: 100, unit: ns, source: chosen}\n";

typedef struct {
    aj_hardware *hardware;
    aj_model *model;
    ajp_study *study;
    ajp_mapping mapping;
    ajp_trial trial;
    ajp_reader reader;
    ajp_workspace *workspace;
    const ajp_product_step *step;
    size_t cols, rows;
    float *x, *inputs, *outputs; /* one input vector, CASE_CHUNK copies, what they give */
} crossbar_case;

typedef struct {
    const char *key, *value;
} setting;

static inline aj_hardware *crossbar_hardware(aj_context *context, const setting *set)
{
    aj_error err = {0};
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_hardware_load_text(&hardware, context, crossbar_yaml, sizeof crossbar_yaml - 1, "test", &err),
             err);
    if (hardware == NULL) exit(1);
    for (size_t i = 0; set != NULL && set[i].key != NULL; i++)
        CHECK_OK(aj_hardware_set(hardware, set[i].key, set[i].value, &err), err);
    return hardware;
}

/* set: pairs of key and value, a NULL key at the end; inputs of both signs when `both_signs`. */
static inline void crossbar_open(crossbar_case *c, aj_context *context, size_t cols, size_t rows,
                                 const setting *set, uint64_t seed, bool both_signs)
{
    aj_error err = {0};
    size_t widths[2] = {cols, rows};
    *c = (crossbar_case){.cols = cols, .rows = rows};
    c->hardware = crossbar_hardware(context, set);
    CHECK_OK(aj_hardware_check(c->hardware, &err), err);
    c->model = fixture_network(context, fixture_path("one.onnx"), widths, 1, seed);
    CHECK_OK(ajp_study_create(&c->study, context, c->model, NULL, CASE_CHUNK, &err), err);
    CHECK_OK(ajp_mapping_create(&c->mapping, c->study, c->hardware, NULL, &err), err);
    CHECK_OK(ajp_trial_freeze(&c->trial, &c->mapping, 7, 0, &err), err);
    CHECK_OK(ajp_reader_init(&c->reader, &c->mapping, CASE_CHUNK, false, false, &err), err);
    CHECK_OK(ajp_workspace_create(&c->workspace, c->study->plan, &err), err);
    c->step = ajp_plan_product(c->study->plan, 0);
    c->x = malloc(cols * sizeof(float));
    c->inputs = malloc(CASE_CHUNK * cols * sizeof(float));
    c->outputs = malloc(CASE_CHUNK * rows * sizeof(float));
    ajp_draws draws;
    ajp_draws_init(&draws, 11, seed);
    for (size_t j = 0; j < cols; j++) {
        double z = ajp_draw_normal(&draws);
        c->x[j] = (float)(both_signs ? z : fabs(z));
    }
    for (size_t i = 0; i < CASE_CHUNK; i++) memcpy(c->inputs + i * cols, c->x, cols * sizeof(float));
}

static inline void crossbar_close(crossbar_case *c)
{
    free(c->x);
    free(c->inputs);
    free(c->outputs);
    ajp_workspace_destroy(c->workspace);
    ajp_reader_free(&c->reader);
    ajp_trial_destroy(&c->trial);
    ajp_mapping_destroy(&c->mapping);
    ajp_study_destroy(c->study);
    aj_model_destroy(c->model);
    aj_hardware_destroy(c->hardware);
}

/* CASE_CHUNK reads of samples first ... into c->outputs. */
static inline void crossbar_read(crossbar_case *c, size_t first)
{
    aj_error err = {0};
    const ajp_product_hook *hook = ajp_reader_hook(&c->reader, &c->trial, first);
    CHECK_OK(ajp_plan_run(c->study->plan, c->workspace, c->inputs, CASE_CHUNK, c->outputs, hook, NULL, &err),
             err);
}

static inline double crossbar_output(const crossbar_case *c, size_t sample, size_t row)
{
    return (double)c->outputs[sample * c->rows + row] - (double)c->step->bias[row];
}

static inline void crossbar_reference(crossbar_case *c, ajp_draws *draws, double *y)
{
    aj_error err = {0};
    CHECK_OK(
        c->mapping.ops->reference(c->mapping.params, &c->trial.products[0].request, c->x, draws, y, &err),
        err);
}

#endif

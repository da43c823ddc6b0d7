/* light_case.h: one product on a preset of planes: reads of the fast path (family, planes, kernels) beside
 * those of the family's slow reference, compared by moments and by Kolmogorov-Smirnov. */
#ifndef LIGHT_CASE_H
#define LIGHT_CASE_H

#include "fixture.h"
#include "simulate/study.h"

/* Power. With 20,000 draws a side the critical Kolmogorov-Smirnov distance at p = 1e-4 is 0.0223; a ratio of
 * variances has a standard error of about 1.4 % for a normal, so that its limit of 5 standard errors is met
 * by a coefficient wrong by 5 % (10 % in variance) with a margin of two.  Every case repeats its test with
 * the fast draws stretched by 1.06, which must fail. */
enum { LIGHT_DRAWS = 20000, LIGHT_CHUNK = 500, LIGHT_SETS = 8 };

typedef struct {
    const char *name, *preset;
    size_t cols, rows;
    bool is_signed; /* inputs of both signs */
    const char *set[LIGHT_SETS][2];
} light_case;

typedef struct {
    aj_model *model;
    aj_hardware *hardware;
    ajp_study *study;
    ajp_mapping mapping;
    ajp_trial trial;
    ajp_reader reader;
    ajp_workspace *workspace;
    float *inputs, *outputs;
} light_bench;

static inline void light_open(light_bench *b, aj_context *context, const light_case *c, size_t number)
{
    aj_error err = {0};
    *b = (light_bench){0};
    CHECK_OK(aj_hardware_load(&b->hardware, context, c->preset, &err), err);
    for (size_t i = 0; i < LIGHT_SETS && c->set[i][0] != NULL; i++)
        CHECK_OK(aj_hardware_set(b->hardware, c->set[i][0], c->set[i][1], &err), err);
    CHECK_OK(aj_hardware_check(b->hardware, &err), err);
    size_t widths[2] = {c->cols, c->rows};
    b->model = fixture_network(context, fixture_path("one.onnx"), widths, 1, 100 + number);
    CHECK_OK(ajp_study_create(&b->study, context, b->model, NULL, LIGHT_CHUNK, &err), err);
    CHECK_OK(ajp_mapping_create(&b->mapping, b->study, b->hardware, NULL, &err), err);
    CHECK_OK(ajp_trial_freeze(&b->trial, &b->mapping, 7, 0, &err), err);
    CHECK_OK(ajp_reader_init(&b->reader, &b->mapping, LIGHT_CHUNK, false, false, &err), err);
    CHECK_OK(ajp_workspace_create(&b->workspace, b->study->plan, &err), err);
    b->inputs = malloc(LIGHT_CHUNK * c->cols * sizeof(float));
    b->outputs = malloc(LIGHT_CHUNK * c->rows * sizeof(float));
    ajp_draws draws;
    ajp_draws_init(&draws, 11, number);
    for (size_t j = 0; j < c->cols; j++) {
        double x = ajp_draw_normal(&draws);
        b->inputs[j] = (float)(c->is_signed ? x : fabs(x));
    }
    for (size_t i = 1; i < LIGHT_CHUNK; i++)
        memcpy(b->inputs + i * c->cols, b->inputs, c->cols * sizeof(float));
}

static inline void light_close(light_bench *b)
{
    free(b->inputs);
    free(b->outputs);
    ajp_workspace_destroy(b->workspace);
    ajp_reader_free(&b->reader);
    ajp_trial_destroy(&b->trial);
    ajp_mapping_destroy(&b->mapping);
    ajp_study_destroy(b->study);
    aj_model_destroy(b->model);
    aj_hardware_destroy(b->hardware);
}

/* LIGHT_DRAWS reads of output `row` by the fast path, without its bias. */
static inline void light_fast(light_bench *b, const light_case *c, size_t row, double *out)
{
    aj_error err = {0};
    const ajp_product_step *step = ajp_plan_product(b->study->plan, 0);
    for (size_t first = 0; first < LIGHT_DRAWS; first += LIGHT_CHUNK) {
        const ajp_product_hook *hook = ajp_reader_hook(&b->reader, &b->trial, first);
        CHECK_OK(
            ajp_plan_run(b->study->plan, b->workspace, b->inputs, LIGHT_CHUNK, b->outputs, hook, NULL, &err),
            err);
        for (size_t i = 0; i < LIGHT_CHUNK; i++)
            out[first + i] = (double)b->outputs[i * c->rows + row] - (double)step->bias[row];
    }
}

static inline void light_slow(light_bench *b, const light_case *c, size_t row, size_t number, double *out)
{
    aj_error err = {0};
    double *y = malloc(c->rows * sizeof *y);
    ajp_draws draws;
    ajp_draws_init(&draws, 12, number);
    for (size_t i = 0; i < LIGHT_DRAWS; i++) {
        CHECK_OK(b->mapping.ops->reference(b->mapping.params, &b->trial.products[0].request, b->inputs,
                                           &draws, y, &err),
                 err);
        out[i] = y[row];
    }
    free(y);
}

static inline double light_exact(const light_bench *b, const light_case *c, size_t row)
{
    const float *weights = b->trial.products[0].request.weights;
    double y = 0.0;
    for (size_t j = 0; j < c->cols; j++) y += (double)weights[row * c->cols + j] * (double)b->inputs[j];
    return y;
}

static inline int light_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Largest distance of the two empirical distribution functions; ties are stepped over together. */
static inline double light_ks(double *a, double *b, size_t n)
{
    qsort(a, n, sizeof *a, light_order);
    qsort(b, n, sizeof *b, light_order);
    double worst = 0.0;
    for (size_t i = 0, j = 0; i < n && j < n;) {
        double at = a[i] < b[j] ? a[i] : b[j];
        while (i < n && a[i] == at) i++;
        while (j < n && b[j] == at) j++;
        worst = fmax(worst, fabs((double)i - (double)j) / (double)n);
    }
    return worst;
}

typedef struct {
    double mean, variance, fourth;
} light_moments;

static inline light_moments light_find(const double *x, size_t n)
{
    light_moments m = {aj_sum(x, n) / (double)n, 0.0, 0.0};
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - m.mean;
        m.variance += d * d / (double)n;
        m.fourth += d * d * d * d / (double)n;
    }
    return m;
}

static inline bool light_agree(const double *a, const double *b, size_t n, double *ratio)
{
    light_moments x = light_find(a, n), y = light_find(b, n);
    *ratio = x.variance / y.variance;
    double error =
        sqrt((x.fourth / (x.variance * x.variance) + y.fourth / (y.variance * y.variance) - 2.0) / (double)n);
    return fabs(*ratio - 1.0) < 5.0 * error;
}

/* lattice: results are counts times this, plus a constant; 0: continuous. */
static inline void light_compare(const char *name, double *fast, double *slow, double lattice)
{
    const size_t n = LIGHT_DRAWS;
    light_moments f = light_find(fast, n), s = light_find(slow, n);
    CHECK_NEAR(f.mean, s.mean, 5.0 * sqrt(2.0 * s.variance / (double)n));
    double ratio, stretched_ratio, start = slow[0];
    CHECK(light_agree(fast, slow, n, &ratio));
    double *stretched = malloc(n * sizeof *stretched);
    for (size_t i = 0; i < n; i++) stretched[i] = f.mean + 1.06 * (fast[i] - f.mean);
    CHECK(!light_agree(stretched, slow, n, &stretched_ratio));
    free(stretched);
    for (size_t i = 0; i < n && lattice > 0.0; i++) {
        fast[i] = nearbyint((fast[i] - start) / lattice);
        slow[i] = nearbyint((slow[i] - start) / lattice);
    }
    double distance = light_ks(fast, slow, n);
    CHECK(distance < 0.0223);
    printf("%-44s variance ratio %.4f  KS %.4f\n", name, ratio, distance);
}

/* Row 0 of a case, both ways. */
static inline void light_run(aj_context *context, const light_case *c, size_t number)
{
    light_bench b;
    light_open(&b, context, c, number);
    double *fast = malloc(LIGHT_DRAWS * sizeof *fast), *slow = malloc(LIGHT_DRAWS * sizeof *slow);
    light_fast(&b, c, 0, fast);
    light_slow(&b, c, 0, number, slow);
    const ajp_plane *plane = &b.trial.products[0].frozen.planes[0];
    bool counts = plane->noise == AJP_NOISE_COUNTS && plane->extra_variance == 0.0 &&
                  plane->adc.kind == AJP_CONVERTER_IDEAL;
    double lattice = counts ? (double)b.reader.plane_decode[0] : 0.0;
    if (plane->adc.kind != AJP_CONVERTER_IDEAL)
        lattice = (double)b.reader.plane_decode[0] * (double)plane->adc.step;
    if (b.trial.products[0].frozen.n_planes > 1 &&
        lattice > 0.0) { /* that was the last plane's: take the step from the draws */
        double least = INFINITY;
        for (size_t i = 1; i < LIGHT_DRAWS; i++) {
            double step = fabs(slow[i] - slow[0]);
            if (step > 1e-9 && step < least) least = step;
        }
        lattice = least;
    }
    light_compare(c->name, fast, slow, lattice);
    free(fast);
    free(slow);
    light_close(&b);
}

#endif

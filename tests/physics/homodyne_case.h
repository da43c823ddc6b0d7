/* homodyne_case.h: a product on the homodyne family, its moments from the Poisson reference and from the
 * frozen law. */
#ifndef HOMODYNE_CASE_H
#define HOMODYNE_CASE_H

#include "attojoule/physics.h"
#include "check.h"
#include "hardware/hardware_ops.h"

typedef struct {
    aj_context *context;
    aj_hardware *hardware;
    const ajp_hardware_ops *ops;
    const void *params;
    ajp_arena arena;
    ajp_freeze_request request;
    float *weights, *x;
    aj_error err;
} homodyne_case;

static inline void case_open(homodyne_case *c, const char *preset, size_t rows, size_t cols)
{
    memset(c, 0, sizeof *c);
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    CHECK_OK(aj_context_create(&c->context, &options, &c->err), c->err);
    CHECK_OK(aj_hardware_load(&c->hardware, c->context, preset, &c->err), c->err);
    c->ops = ajp_hardware_get_ops(c->hardware);
    c->params = ajp_hardware_get_params(c->hardware);
    ajp_arena_init(&c->arena, c->context);
    c->weights = ajp_arena_array(&c->arena, rows * cols, sizeof(float));
    c->x = ajp_arena_array(&c->arena, cols, sizeof(float));
    c->request = (ajp_freeze_request){.product = {"case", rows, cols, 1, AJP_OPERAND_CONSTANT, 0},
                                      .weights = c->weights,
                                      .n_tiles = 1,
                                      .tile_cols = cols,
                                      .calibration = {(double)NAN, (double)NAN},
                                      .seed = 1,
                                      .arena = &c->arena};
}

static inline void case_close(homodyne_case *c)
{
    ajp_arena_free(&c->arena);
    aj_hardware_destroy(c->hardware);
    aj_context_destroy(c->context);
}

static inline void case_set(homodyne_case *c, const char *key, const char *text)
{
    CHECK_OK(aj_hardware_set(c->hardware, key, text, &c->err), c->err);
    c->request.tile_cols = c->ops->tile_cols(c->params, &c->request.product);
    c->request.n_tiles = (c->request.product.cols + c->request.tile_cols - 1) / c->request.tile_cols;
}

/* Normal weights whose row norms spread by `spread` in ln, magnitudes of normals as inputs. */
static inline void case_fill(homodyne_case *c, double spread, uint64_t stream)
{
    ajp_draws draws;
    ajp_draws_init(&draws, 99, stream);
    for (size_t i = 0; i < c->request.product.rows; i++) {
        double scale = exp(spread * ajp_draw_normal(&draws));
        for (size_t j = 0; j < c->request.product.cols; j++)
            c->weights[i * c->request.product.cols + j] = (float)(scale * ajp_draw_normal(&draws));
    }
    for (size_t j = 0; j < c->request.product.cols; j++) c->x[j] = (float)fabs(ajp_draw_normal(&draws));
}

static inline double case_exact(const homodyne_case *c, size_t row)
{
    double y = 0.0;
    for (size_t j = 0; j < c->request.product.cols; j++)
        y += (double)c->weights[row * c->request.product.cols + j] * (double)c->x[j];
    return y;
}

static inline double case_squares(const float *values, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += (double)values[i] * (double)values[i];
    return sum;
}

typedef struct {
    double *mean, *variance; /* a row */
} case_moments;

static inline case_moments moments_new(size_t rows)
{
    return (case_moments){calloc(rows, sizeof(double)), calloc(rows, sizeof(double))};
}
static inline void moments_free(case_moments *m)
{
    free(m->mean);
    free(m->variance);
}

/* Mean and variance of every row over n_draws reads of the Poisson reference. */
static inline case_moments case_reference(homodyne_case *c, size_t n_draws, uint64_t stream)
{
    size_t rows = c->request.product.rows;
    case_moments m = moments_new(rows);
    double *y = calloc(rows, sizeof(double));
    ajp_draws draws;
    ajp_draws_init(&draws, 3, stream);
    for (size_t d = 1; d <= n_draws; d++) {
        CHECK_OK(c->ops->reference(c->params, &c->request, c->x, &draws, y, &c->err), c->err);
        for (size_t i = 0; i < rows; i++) { /* Welford */
            double delta = y[i] - m.mean[i];
            m.mean[i] += delta / (double)d;
            m.variance[i] += delta * (y[i] - m.mean[i]);
        }
    }
    for (size_t i = 0; i < rows; i++) m.variance[i] /= (double)(n_draws - 1);
    free(y);
    return m;
}

/* The same from freeze and sample, as the fast path would use them. */
static inline case_moments case_frozen(homodyne_case *c, ajp_frozen *frozen)
{
    size_t rows = c->request.product.rows, cols = c->request.product.cols, padded = ajp_round_up(rows, 16);
    case_moments m = moments_new(rows);
    CHECK_OK(c->ops->freeze(c->params, &c->request, frozen, &c->err), c->err);
    double tile_squares[64];
    float law[4][64];
    ajp_sample_laws laws = {law[0], law[1], law[2], law[3], 1};
    for (size_t t = 0; t < c->request.n_tiles; t++) {
        size_t first = t * c->request.tile_cols, left = cols - first;
        tile_squares[t] =
            case_squares(c->x + first, left < c->request.tile_cols ? left : c->request.tile_cols);
    }
    double all_squares = case_squares(c->x, cols), no_phase = 0.0;
    bool phased = frozen->layer_phase_sigma_radians > 0.0;
    ajp_input_moments in = {1, tile_squares, &all_squares, phased ? &no_phase : NULL};
    c->ops->sample(c->params, &c->request, frozen, &in, &laws);
    double sigma = frozen->phase_sigma_radians;
    double phase_mean = sigma > 0.0 ? aj_phase_gain_ratio(frozen->phase_offset_radians, sigma) : 1.0;
    double phase_variance = sigma > 0.0 ? aj_phase_excess_ratio(frozen->phase_offset_radians, sigma) : 0.0;
    for (size_t i = 0; i < rows; i++) {
        for (size_t t = 0; t < c->request.n_tiles; t++) {
            double y = 0.0, squares = 0.0;
            for (size_t j = t * c->request.tile_cols; j < cols && j < (t + 1) * c->request.tile_cols; j++) {
                double p = (double)c->weights[i * cols + j] * (double)c->x[j];
                y += p;
                squares += p * p;
            }
            double gain = (double)laws.gain[t] * (double)frozen->row_gain[i];
            double decode = (double)laws.decode[t] * (double)frozen->row_decode[i];
            double leak = (double)laws.leak[t] +
                          (frozen->row_leak != NULL ? (double)frozen->row_leak[t * padded + i] : 0.0);
            double total = (double)laws.total[t] + (double)frozen->row_total[t * padded + i];
            m.mean[i] += decode * (gain * y * phase_mean + leak);
            m.variance[i] += decode * decode / (double)frozen->n_reads *
                             (total + frozen->extra_variance +
                              gain * gain * (frozen->excess_ratio * squares + phase_variance * y * y));
        }
    }
    return m;
}

/* Both agree: every row within z standard errors, the mean variance over the rows within its own. */
static inline void case_compare(homodyne_case *c, size_t n_draws, uint64_t stream)
{
    size_t rows = c->request.product.rows;
    ajp_frozen frozen;
    case_moments slow = case_reference(c, n_draws, stream), fast = case_frozen(c, &frozen);
    double ratio = 0.0, z = 5.0, n = (double)n_draws;
    for (size_t i = 0; i < rows; i++) {
        CHECK_NEAR(slow.mean[i], fast.mean[i], z * sqrt(fast.variance[i] / n));
        CHECK_CLOSE(slow.variance[i], fast.variance[i],
                    z * sqrt(3.0 / n)); /* 2/n for a normal, some excess kurtosis */
        ratio += slow.variance[i] / fast.variance[i] / (double)rows;
    }
    CHECK_NEAR(ratio, 1.0, z * sqrt(3.0 / (n * (double)rows)));
    moments_free(&slow);
    moments_free(&fast);
}

#endif

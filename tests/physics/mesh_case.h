/* mesh_case.h: a product on the mzi_mesh family: its slow reads, and reads by what freeze says, from the
 * definition of a plane. */
#ifndef MESH_CASE_H
#define MESH_CASE_H

#include "attojoule/physics.h"
#include "check.h"
#include "hardware/converters.h"
#include "hardware/hardware_ops.h"
#include "hardware/planes.h"

typedef struct {
    aj_context *context;
    aj_hardware *hardware;
    const ajp_hardware_ops *ops;
    const void *params;
    ajp_arena arena;
    ajp_freeze_request request;
    ajp_frozen frozen;
    float *weights, *x;
    aj_error err;
} mesh_case;

static inline void case_open(mesh_case *c, const char *preset, size_t rows, size_t cols)
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
    c->request = (ajp_freeze_request){.product = {.name = "case", .rows = rows, .cols = cols, .reps = 1},
                                      .weights = c->weights,
                                      .calibration = ajp_calibration_none(),
                                      .seed = 1,
                                      .arena = &c->arena};
    ajp_draws draws;
    ajp_draws_init(&draws, 41, 0);
    for (size_t i = 0; i < rows * cols; i++) c->weights[i] = (float)ajp_draw_normal(&draws);
    for (size_t j = 0; j < cols; j++) c->x[j] = (float)ajp_draw_normal(&draws);
}

static inline void case_close(mesh_case *c)
{
    ajp_arena_free(&c->arena);
    aj_hardware_destroy(c->hardware);
    aj_context_destroy(c->context);
}

static inline void case_set(mesh_case *c, const char *key, const char *text)
{
    CHECK_OK(aj_hardware_set(c->hardware, key, text, &c->err), c->err);
}

static inline void case_freeze(mesh_case *c)
{
    CHECK_OK(aj_hardware_check(c->hardware, &c->err), c->err);
    c->request.tile_cols = c->ops->tile_cols(c->params, &c->request.product);
    c->request.n_tiles = (c->request.product.cols + c->request.tile_cols - 1) / c->request.tile_cols;
    CHECK_OK(c->ops->freeze(c->params, &c->request, &c->frozen, &c->err), c->err);
    CHECK_INT(c->frozen.law, AJP_LAW_PLANES);
    CHECK_INT(c->frozen.n_planes, 1);
}

static inline double case_exact(const mesh_case *c, size_t row)
{
    double y = 0.0;
    for (size_t j = 0; j < c->request.product.cols; j++)
        y += (double)c->weights[row * c->request.product.cols + j] * (double)c->x[j];
    return y;
}

static inline double case_full_scale(const mesh_case *c)
{
    double most = c->frozen.encoding.full_scale;
    if (isinf(most)) return 1.0;
    if (!isnan(most)) return most;
    most = 0.0;
    for (size_t j = 0; j < c->request.product.cols; j++) most = fmax(most, fabs((double)c->x[j]));
    return most;
}

/* One read as planes.h defines it: sum of products, noise, converter, decoding. */
static inline void case_fast(const mesh_case *c, ajp_draws *draws, double *y)
{
    const ajp_plane *p = &c->frozen.planes[0];
    const ajp_product *product = &c->request.product;
    const float *weights = p->weights != NULL ? p->weights : c->weights;
    size_t padded = ajp_round_up(product->rows, 16);
    double full_scale = case_full_scale(c);
    for (size_t row = 0; row < product->rows; row++) y[row] = 0.0;
    for (size_t tile = 0; tile < c->request.n_tiles; tile++)
        for (size_t row = 0; row < product->rows; row++) {
            double z = 0.0, second = 0.0;
            size_t first = tile * c->request.tile_cols;
            for (size_t j = first; j < ajp_min_size(first + c->request.tile_cols, product->cols); j++) {
                double e = ajp_converter_apply(&c->frozen.encoding.dac, (double)c->x[j] / full_scale);
                z += (double)weights[row * product->cols + j] * e;
                if (p->second_weights != NULL)
                    second += (double)p->second_weights[row * product->cols + j] * e * e;
            }
            double variance = p->second_gain * second + p->relative_variance * z * z;
            variance +=
                p->variance * (p->row_variance != NULL ? (double)p->row_variance[tile * padded + row] : 1.0);
            if (p->noise == AJP_NOISE_NORMAL) z += sqrt(variance) * ajp_draw_normal(draws);
            y[row] += full_scale * ajp_converter_apply(&p->adc, z);
        }
}

static inline void case_slow(mesh_case *c, ajp_draws *draws, double *y)
{
    CHECK_OK(c->ops->reference(c->params, &c->request, c->x, draws, y, &c->err), c->err);
}

#endif

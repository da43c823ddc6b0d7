/* mzi_mesh_reference.c: the slow, obvious read: the field of every input vector goes through every
 * interferometer, with the phases as they are at that moment, and every detector counts photons.  The chip is
 * the one of the trial; nothing of the law in mzi_mesh.c is used. */
#include <math.h>
#include <string.h>

#include "mzi_mesh.h"

typedef struct {
    const ajp_mzi_mesh *p;
    const ajp_freeze_request *request;
    ajp_draws *draws;
    ajp_mzi_light light;
    ajp_mzi_program program;
    ajp_mzi_chip chip;
    ajp_converter adc;
    double *fields, *kept;
} reader;

static void shake(const reader *r)
{
    size_t n = ajp_mzi_phases(r->program.n) - r->program.n; /* attenuators are pairs: common noise cancels */
    for (size_t i = 0; i < n; i++) r->chip.phases[i] += r->p->phase_noise_radians * ajp_draw_normal(r->draws);
}

/* Photons of the two detectors of one output; the field is in square roots of photons. */
static double count_difference(const reader *r, const double *field)
{
    double oscillator = sqrt(r->light.oscillator), eta = r->p->quantum_efficiency_ratio;
    double plus = pow(field[0] + oscillator, 2.0) + field[1] * field[1];
    double minus = pow(field[0] - oscillator, 2.0) + field[1] * field[1];
    return ajp_draw_poisson(r->draws, 0.5 * eta * plus) - ajp_draw_poisson(r->draws, 0.5 * eta * minus);
}

/* The normalised output: the real field of a lossless mesh whose inputs were e. */
static double detect(const reader *r, const double *field)
{
    double read = field[0];
    if (!isnan(r->p->photons_per_mac)) {
        double amplitude = sqrt(r->light.signal), scaled[2] = {field[0] * amplitude, field[1] * amplitude};
        read = count_difference(r, scaled) /
               (2.0 * r->p->quantum_efficiency_ratio * sqrt(r->light.oscillator) * amplitude);
    }
    double full_scale = sqrt((double)r->program.n);
    return read + r->p->detection_noise_ratio * full_scale * ajp_draw_normal(r->draws);
}

static void send(const reader *r, const double *e, size_t n_inputs)
{
    size_t n = r->program.n;
    memset(r->fields, 0, 2 * n * sizeof(double));
    for (size_t j = 0; j < n_inputs; j++) r->fields[2 * j] = e[j];
    if (r->p->phase_noise_radians > 0.0) shake(r);
    aj_mesh_propagate(&r->chip.first, r->fields, 1);
    for (size_t k = 0; k < 2 * n; k++) r->fields[k] *= r->chip.amplitudes[k / 2];
    aj_mesh_propagate(&r->chip.second, r->fields, 1);
    /* the mean loss of a path is known and divided out; the light that is left is in the budget */
    double mean = pow(r->p->mzi_transmission_ratio, (double)(n - 1));
    for (size_t k = 0; k < 2 * n; k++) r->fields[k] /= mean;
}

static void read_block(reader *r, size_t row_block, size_t col_block, const double *e, double *y)
{
    const ajp_product *product = &r->request->product;
    size_t n = r->program.n, row0 = row_block * n, col0 = col_block * n;
    ajp_mzi_chip_build(r->p, r->request, &r->program, row_block, col_block, &r->chip);
    send(r, e + col0, ajp_min_size(n, product->cols - col0));
    double scale = r->program.scales[row_block * r->program.n_col_blocks + col_block];
    for (size_t i = 0; i < n && row0 + i < product->rows; i++)
        y[row0 + i] += ajp_converter_apply(&r->adc, scale * detect(r, r->fields + 2 * i));
}

static aj_status encode(const reader *r, const float *x, double *e, double *full_scale, aj_error *err)
{
    size_t cols = r->request->product.cols;
    ajp_converter dac;
    ajp_converters_dac(&r->p->converters, true, &dac);
    AJ_TRY(ajp_converters_full_scale(&r->p->converters, r->request, full_scale, err));
    if (isnan(*full_scale)) {
        *full_scale = 0.0;
        for (size_t j = 0; j < cols; j++) *full_scale = fmax(*full_scale, fabs((double)x[j]));
    }
    for (size_t j = 0; j < cols; j++) {
        double held = *full_scale > 0.0 ? fmax(-1.0, fmin(1.0, (double)x[j] / *full_scale)) : 0.0;
        e[j] = ajp_converter_apply(&dac, held);
    }
    return AJ_OK;
}

static aj_status read_all(reader *r, const float *x, ajp_arena *arena, double *y, aj_error *err)
{
    const ajp_product *product = &r->request->product;
    AJ_TRY(ajp_mzi_mesh_program(r->p, product, r->request->weights, NULL, arena, &r->program, err));
    AJ_TRY(ajp_mzi_chip_make(r->p, arena, &r->chip, err));
    size_t n = r->program.n;
    double full_scale = 0.0, *e = ajp_arena_array(arena, product->cols, sizeof *e);
    r->fields = ajp_arena_array(arena, 2 * n, sizeof(double));
    if (e == NULL || r->fields == NULL) return ajp_no_memory(err, "mesh");
    ajp_draws built = ajp_mzi_converter_draws(r->request);
    AJ_TRY(ajp_converters_adc(&r->p->converters, r->request, 0, r->program.largest_scale * sqrt((double)n),
                              true, &built, &r->adc, err));
    AJ_TRY(encode(r, x, e, &full_scale, err));
    memset(y, 0, product->rows * sizeof *y);
    for (size_t col = 0; col < r->program.n_col_blocks; col++)
        for (size_t row = 0; row < r->program.n_row_blocks; row++) read_block(r, row, col, e, y);
    for (size_t row = 0; row < product->rows; row++) y[row] *= full_scale;
    return AJ_OK;
}

aj_status ajp_mzi_mesh_reference(const void *params, const ajp_freeze_request *request, const float *x,
                                 ajp_draws *draws, double *y, aj_error *err)
{
    reader r = {.p = params, .request = request, .draws = draws, .light = ajp_mzi_mesh_light(params)};
    ajp_arena arena;
    ajp_arena_init(&arena, request->arena->context);
    aj_status st = read_all(&r, x, &arena, y, err);
    ajp_arena_free(&arena);
    return st;
}

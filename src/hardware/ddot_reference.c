/* ddot_reference.c: the slow, obvious dot product: two fields on a coupler for every wavelength, a count on
 * each of two detectors. */
#include <math.h>

#include "ddot.h"

typedef struct {
    const ajp_ddot *p;
    ajp_draws *draws;
    double photons; /* of one arm at full scale, detected; NaN = light without noise */
} optics;

/* (n+ - n-) / 2 n0 of one pair of amplitudes. */
static double read_pair(const optics *o, double u, double e, double imbalance)
{
    double phase =
        o->p->phase_noise_radians > 0.0 ? o->p->phase_noise_radians * ajp_draw_normal(o->draws) : 0.0;
    double kappa = 0.5 * (1.0 + imbalance);
    /* fields behind a coupler that sends the share kappa of the input's light to the first detector */
    double common = kappa * e * e + (1.0 - kappa) * u * u, other = (1.0 - kappa) * e * e + kappa * u * u;
    double beat = 2.0 * sqrt(kappa * (1.0 - kappa)) * u * e * cos(phase);
    double plus = fmax(common + beat, 0.0), minus = fmax(other - beat, 0.0);
    if (isnan(o->photons)) return 0.5 * (plus - minus);
    return (ajp_draw_poisson(o->draws, o->photons * plus) - ajp_draw_poisson(o->draws, o->photons * minus)) /
           (2.0 * o->photons);
}

static aj_status encode_inputs(const ajp_ddot *p, const ajp_freeze_request *request, const float *x,
                               ajp_draws *draws, double *e, double *full_scale, aj_error *err)
{
    ajp_converter dac;
    size_t cols = request->product.cols;
    AJ_TRY(ajp_converters_full_scale(&p->converters, request, full_scale, err));
    if (isnan(*full_scale)) {
        *full_scale = 0.0;
        for (size_t col = 0; col < cols; col++) *full_scale = fmax(*full_scale, fabs((double)x[col]));
    }
    ajp_converters_dac(&p->converters, true, &dac);
    for (size_t col = 0; col < cols; col++) {
        double scaled = *full_scale > 0.0 ? (double)x[col] / *full_scale : 0.0;
        e[col] = ajp_converter_apply(&dac, fmin(fmax(scaled, -1.0), 1.0));
        if (p->input_noise_ratio > 0.0) e[col] *= 1.0 + p->input_noise_ratio * ajp_draw_normal(draws);
    }
    return AJ_OK;
}

aj_status ajp_ddot_reference(const void *params, const ajp_freeze_request *request, const float *x,
                             ajp_draws *draws, double *y, aj_error *err)
{
    const ajp_ddot *p = params;
    size_t rows = request->product.rows, cols = request->product.cols;
    float *u = ajp_arena_array(request->arena, rows * cols, sizeof *u);
    double *e = ajp_arena_array(request->arena, cols, sizeof *e), full_scale = 0.0;
    if (u == NULL || e == NULL) return ajp_no_memory(err, request->product.name);
    double largest = ajp_ddot_encode_weights(p, request, u);
    optics o = {p, draws, ajp_ddot_photons(p) * p->quantum_efficiency_ratio};
    AJ_TRY(encode_inputs(p, request, x, draws, e, &full_scale, err));
    if (!ajp_ddot_is(p->converters.adc_kind, AJP_ADC_WORD_IDEAL))
        return ajp_fail(err, AJ_UNSUPPORTED, 0,
                        "the reference of ddot reads without converters; set 'adc_kind' to ideal");
    for (size_t row = 0; row < rows; row++) {
        y[row] = 0.0;
        for (size_t first = 0; first < cols; first += request->tile_cols) {
            double z = 0.0;
            for (size_t col = first; col < cols && col < first + request->tile_cols; col++) {
                double weight = (double)u[row * cols + col];
                if (p->weight_noise_ratio > 0.0)
                    weight *= 1.0 + p->weight_noise_ratio * ajp_draw_normal(draws);
                z += read_pair(&o, weight, e[col], ajp_ddot_imbalance(p, col % (size_t)p->wavelengths));
            }
            if (p->output_noise_ratio > 0.0) z *= 1.0 + p->output_noise_ratio * ajp_draw_normal(draws);
            y[row] += z * largest * full_scale;
        }
    }
    return AJ_OK;
}

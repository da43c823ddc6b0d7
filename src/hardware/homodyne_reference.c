/* homodyne_reference.c: the slow, obvious read: one Poisson count per pulse and detector, from the
 * definitions. Nothing here comes from freeze: amplitudes, fields and noise are computed again. `published`
 * is the law of no real row, so it is read here like `layer`, whose rms over the rows it is. */
#include <complex.h>
#include <math.h>

#include "../physics/constants.h"
#include "homodyne.h"

typedef struct {
    const ajp_homodyne *p;
    const ajp_freeze_request *request;
    ajp_draws *draws;
    double layer_phase;
    double through, across; /* amplitudes of the splitter */
} reader;

static double norm_squared(const float *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += pow((double)x[i], 2.0);
    return sum;
}

/* alpha: the inputs' photons of one output divided by the vector's length. */
static double input_amplitude(const reader *r, const float *x)
{
    const ajp_homodyne *p = r->p;
    double photons = p->photons_per_mac * p->input_energy_share_ratio * (double)r->request->product.cols;
    double length = ajp_homodyne_is(p->input_gain, HOMODYNE_CALIBRATED)
                        ? r->request->calibration.mean_sum_squares
                        : norm_squared(x, r->request->product.cols);
    return length > 0.0 ? sqrt(photons / length) : 0.0;
}

/* beta_i: a row's share of the weights' photons, or the layer's. */
static double weight_amplitude(const reader *r, size_t row)
{
    const ajp_homodyne *p = r->p;
    size_t rows = r->request->product.rows, cols = r->request->product.cols;
    bool own = ajp_homodyne_is(p->weight_gain, HOMODYNE_GAIN_ROW);
    double photons =
        p->photons_per_mac * (1.0 - p->input_energy_share_ratio) * (double)cols * (own ? 1.0 : (double)rows);
    double length = own ? norm_squared(r->request->weights + row * cols, cols)
                        : norm_squared(r->request->weights, rows * cols);
    return length > 0.0 ? sqrt(photons / length) : 0.0;
}

static double phase_noise(const reader *r, int kind)
{
    if (!ajp_homodyne_is(r->p->phase_correlation, kind) || r->p->phase_noise_radians == 0.0) return 0.0;
    return r->p->phase_noise_radians * ajp_draw_normal(r->draws);
}

static double intensity(double complex field)
{
    return creal(field) * creal(field) + cimag(field) * cimag(field);
}

static double complex turn(double phase)
{
    return cos(phase) + I * sin(phase);
}

/* Charge difference of one pulse: input field a, weight field b. */
static double pulse(const reader *r, double a, double complex b)
{
    double eta = r->p->quantum_efficiency_ratio, t = r->through, s = r->across;
    double plus = ajp_draw_poisson(r->draws, eta * intensity(t * a + s * b));
    double minus = ajp_draw_poisson(r->draws, eta * intensity(s * a - t * b));
    return plus - minus;
}

/* One integration over the columns first ... first+n-1, reset noise and full well included; in electrons. */
static double integrate(const reader *r, const float *weights, const float *x, size_t n, double alpha,
                        double beta)
{
    const ajp_homodyne *p = r->p;
    double phase = p->phase_offset_radians + r->layer_phase + phase_noise(r, HOMODYNE_READ), charge = 0.0;
    double complex steady = turn(phase);
    for (size_t j = 0; j < n; j++) {
        double jitter = phase_noise(r, HOMODYNE_PULSE);
        double complex direction = jitter == 0.0 ? steady : turn(phase + jitter);
        charge += pulse(r, alpha * (double)x[j], beta * (double)weights[j] * direction);
    }
    if (isnan(p->detector_capacitance_farads)) return charge;
    for (double node = 0.0; node < p->detector_nodes; node += 1.0)
        charge +=
            sqrt(ajp_boltzmann_joules_per_kelvin * p->temperature_kelvin * p->detector_capacitance_farads) /
            ajp_electron_coulombs * ajp_draw_normal(r->draws);
    if (isnan(p->integrator_swing_volts)) return charge;
    double full = p->detector_capacitance_farads * p->integrator_swing_volts / ajp_electron_coulombs;
    return charge > full ? full : charge < -full ? -full : charge;
}

static double read_row(const reader *r, size_t row, const float *x, double alpha)
{
    const ajp_freeze_request *request = r->request;
    const float *weights = request->weights + row * request->product.cols;
    double beta = weight_amplitude(r, row), sum = 0.0;
    if (alpha * beta == 0.0) return 0.0; /* nothing sent, nothing read */
    for (double k = 0.0; k < r->p->averaged_reads; k += 1.0) {
        for (size_t first = 0; first < request->product.cols; first += request->tile_cols) {
            size_t left = request->product.cols - first,
                   n = left < request->tile_cols ? left : request->tile_cols;
            sum += integrate(r, weights + first, x + first, n, alpha, beta);
        }
    }
    return sum / r->p->averaged_reads / (2.0 * r->p->quantum_efficiency_ratio * alpha * beta);
}

aj_status ajp_homodyne_reference(const void *params, const ajp_freeze_request *request, const float *x,
                                 ajp_draws *draws, double *y, aj_error *err)
{
    reader r = {.p = params, .request = request, .draws = draws};
    if (ajp_homodyne_is(r.p->input_gain, HOMODYNE_CALIBRATED) &&
        !(request->calibration.mean_sum_squares >= 0.0))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "product '%s': no calibration; give a data set",
                        request->product.name);
    r.layer_phase = phase_noise(&r, HOMODYNE_LAYER);
    r.through = sqrt(0.5 + r.p->splitter_imbalance_ratio);
    r.across = sqrt(0.5 - r.p->splitter_imbalance_ratio);
    double alpha = norm_squared(x, request->product.cols) > 0.0 ? input_amplitude(&r, x) : 0.0;
    for (size_t row = 0; row < request->product.rows; row++) y[row] = read_row(&r, row, x, alpha);
    return AJ_OK;
}

/* incoherent_reference.c: the slow, obvious read: a Poisson count for every device, symbol and detector, the
 * integrators read once a tile (or once a symbol), converter and decoding from their definitions. */
#include "../physics/constants.h"
#include "incoherent.h"

typedef struct {
    const ajp_incoherent *p;
    const ajp_rails *rails;
    ajp_draws *draws;
    const double *e;
    double unit; /* photons on an open device for e = 1 */
} reader;

static double noise_of_one_readout(const reader *r)
{
    const ajp_incoherent *p = r->p;
    double electrons = p->readout_noise_electrons * ajp_draw_normal(r->draws);
    if (p->receiver_noise_amperes > 0.0)
        electrons += p->receiver_noise_amperes / (2.0 * p->receiver_bandwidth_hertz) / ajp_electron_coulombs *
                     ajp_draw_normal(r->draws);
    if (!isnan(p->detector_capacitance_farads))
        electrons +=
            sqrt(ajp_boltzmann_joules_per_kelvin * p->temperature_kelvin * p->detector_capacitance_farads) /
            ajp_electron_coulombs * ajp_draw_normal(r->draws);
    return electrons;
}

static double read_nodes(const reader *r)
{
    double electrons = 0.0;
    for (double node = 0.0; node < r->p->detector_nodes; node += 1.0) electrons += noise_of_one_readout(r);
    return electrons;
}

/* Charge of one detector. An avalanche multiplies every electron by a gain of its own: mean 1, variance
 * F - 1 (in units of the mean gain), drawn as normal. */
static double detect(const reader *r, double photons)
{
    double n = ajp_draw_poisson(r->draws, r->p->quantum_efficiency_ratio * photons);
    double spread = sqrt(n * (r->p->excess_noise_ratio - 1.0));
    return spread > 0.0 ? n + spread * ajp_draw_normal(r->draws) : n;
}

/* The mean of the dark counts is known and taken off. */
static double dark(const reader *r)
{
    if (r->p->dark_counts_hertz == 0.0) return 0.0;
    double mean = r->p->dark_counts_hertz / r->p->clock_hertz;
    double charge = ajp_draw_poisson(r->draws, mean) - mean;
    if (!r->rails->one_rail) charge -= ajp_draw_poisson(r->draws, mean) - mean;
    return charge;
}

/* Light that one device sends to its detectors in one pass. */
static double detect_device(const reader *r, double light, size_t device)
{
    double sum = (double)r->rails->sum[device], difference = (double)r->rails->difference[device];
    double charge = detect(r, light * 0.5 * (sum + difference));
    return r->rails->one_rail ? charge : charge - detect(r, light * 0.5 * (sum - difference));
}

/* A short tile keeps the window of a full one, `steps` cycles long. */
static double read_tile(const reader *r, size_t first, size_t n, double steps, size_t row_start)
{
    double charge = 0.0;
    bool each = r->p->integration == (double)AJP_INTEGRATE_SYMBOL,
         once = r->p->input_signs == (double)AJP_SIGNS_UNSIGNED;
    for (int pass = 0; pass < (once ? 1 : 2); pass++) {
        double sign = pass == 0 ? 1.0 : -1.0;
        for (size_t j = 0; j < n; j++) {
            double light = r->unit * fmax(sign * r->e[first + j], 0.0);
            if (light > 0.0) charge += sign * detect_device(r, light, row_start + first + j);
        }
        for (double step = 0.0; step < steps; step += 1.0) {
            charge += dark(r);
            if (each) charge += read_nodes(r);
        }
    }
    return each ? charge : charge + read_nodes(r);
}

static aj_status encode(const ajp_incoherent *p, const ajp_freeze_request *request, const float *x,
                        double *full_scale, double *e, aj_error *err)
{
    size_t cols = request->product.cols;
    bool is_unsigned = p->input_signs == (double)AJP_SIGNS_UNSIGNED;
    ajp_converter dac;
    AJ_TRY(ajp_converters_full_scale(&p->converters, request, full_scale, err));
    ajp_converters_dac(&p->converters, !is_unsigned, &dac);
    if (isnan(*full_scale)) {
        *full_scale = 0.0;
        for (size_t j = 0; j < cols; j++) *full_scale = fmax(*full_scale, fabs((double)x[j]));
    }
    for (size_t j = 0; j < cols; j++) {
        double value = *full_scale > 0.0 ? (double)x[j] / *full_scale : 0.0;
        value = fmin(fmax(value, is_unsigned ? 0.0 : -1.0), 1.0);
        e[j] = ajp_converter_apply(&dac, value);
    }
    return AJ_OK;
}

static double read_row(const reader *r, const ajp_freeze_request *request, const ajp_converter *adc,
                       double full_scale, size_t row)
{
    size_t cols = request->product.cols;
    double sum = 0.0, offset = 0.0;
    for (size_t first = 0; first < cols; first += request->tile_cols) {
        size_t left = cols - first, n = left < request->tile_cols ? left : request->tile_cols;
        double steps = ceil((double)request->tile_cols / r->rails->parallel_inputs);
        double charge = read_tile(r, first, n, steps, row * cols);
        sum += ajp_converter_apply(adc, charge);
    }
    for (size_t j = 0; j < cols && r->rails->offset != NULL; j++)
        offset += (double)r->rails->offset[row * cols + j] * r->e[j];
    double light = r->p->quantum_efficiency_ratio * r->unit;
    return full_scale * ((light > 0.0 ? r->rails->scale * sum / light : 0.0) + offset);
}

aj_status ajp_incoherent_reference(const ajp_incoherent *p, const ajp_freeze_request *request,
                                   const ajp_rails *rails, const float *x, ajp_draws *draws, double *y,
                                   aj_error *err)
{
    size_t cols = request->product.cols;
    double *e = ajp_arena_array(request->arena, cols, sizeof *e), full_scale = 0.0, magnitudes = 0.0,
           weighted = 0.0;
    ajp_frozen frozen;
    if (e == NULL) return ajp_no_memory(err, request->product.name);
    AJ_TRY(encode(p, request, x, &full_scale, e, err));
    AJ_TRY(ajp_incoherent_freeze(p, request, rails, &frozen, err)); /* for its converter, a frozen thing */
    for (size_t j = 0; j < cols; j++) {
        magnitudes += fabs(e[j]);
        for (size_t row = 0; row < request->product.rows; row++)
            weighted += fabs(e[j]) * (double)rails->sum[row * cols + j] / (double)request->product.rows;
    }
    ajp_incoherent_budget budget = ajp_incoherent_spend(p, rails->mean_sum, rails->column_sum != NULL);
    reader r = {p, rails, draws, e, ajp_incoherent_unit(&budget, (double)cols, magnitudes, weighted)};
    for (size_t row = 0; row < request->product.rows; row++)
        y[row] = read_row(&r, request, &frozen.planes[0].adc, full_scale, row);
    return AJ_OK;
}

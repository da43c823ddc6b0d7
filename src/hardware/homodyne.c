/* homodyne.c: multiplication by interference on balanced detectors (Hamerly et al., Phys. Rev. X 9, 021032,
 * 2019): its parameters and the law of one read.
 *
 * A pulse of input j carries the amplitude a = alpha x_j and a pulse of weight b = beta_i A_ij, in square
 * roots of photons at the detectors.  A splitter of power ratio 1/2 + eps sends |t a + r b e^(i phi)|^2 to
 * one detector and |r a - t b e^(i phi)|^2 to the other; with quantum efficiency eta the counts are Poisson,
 * so summed over the pulses total  T = eta (alpha^2 |x|^2 + beta_i^2 |A_i|^2) mean   M = 4 eta sqrt(1/4 -
 * eps^2) alpha beta_i cos(phi) y_i + 2 eta eps (alpha^2 |x|^2 - beta_i^2 |A_i|^2) and Q = n+ - n- has mean M
 * and variance T.  The user decodes Q / (2 eta alpha beta_i): phase and splitter errors are gain errors that
 * nobody has calibrated away.  See docs/hardware.md. */
#include "homodyne.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

#include "../physics/constants.h"
#include "attojoule/physics.h"

static const char *const phase_words[] = {"pulse", "read", "layer", NULL};
static const char *const weight_gain_words[] = {"layer", "row", "published", NULL};
static const char *const input_gain_words[] = {"sample", "calibrated", NULL};
static const char *const fan_out_words[] = {"patch", "optical", NULL};

#define MISSING       AJP_NOT_DESCRIBED
#define NOT_DESCRIBED "default: not described"
#define P(field)      #field
#define AT(field)     offsetof(ajp_homodyne, field)
#define ROW(field, unit, def, low, high, source, help)                \
    {                                                                 \
        P(field), unit, AT(field), def, low, high, NULL, source, help \
    }
#define WORDS(field, words, def, source, help)                      \
    {                                                               \
        P(field), "", AT(field), def, 0.0, 2.0, words, source, help \
    }

static const ajp_param params[] = {
    ROW(photons_per_mac, "", MISSING, 1e-6, 1e9, NOT_DESCRIBED,
        "photons on all detectors, both arms, per multiplication of one layer and read"),
    ROW(input_energy_share_ratio, "", 0.5, 1e-6, 1.0 - 1e-6, "default: equal arms, the best split",
        "share of the photons that the inputs carry; the weights carry the rest"),
    ROW(quantum_efficiency_ratio, "", 1.0, 1e-6, 1.0, "default: ideal detector",
        "detected electrons per incident photon"),
    ROW(path_transmission_ratio, "", MISSING, 1e-9, 1.0, NOT_DESCRIBED,
        "light that arrives, from modulator to detector"),
    ROW(wall_plug_ratio, "", MISSING, 1e-6, 1.0, NOT_DESCRIBED,
        "light out of the laser per electrical energy into it"),
    ROW(wavelength_meters, "m", MISSING, 1e-7, 2e-5, NOT_DESCRIBED, "vacuum wavelength of the laser"),
    ROW(detector_capacitance_farads, "F", MISSING, 1e-18, 1e-6, NOT_DESCRIBED,
        "of one integration node; not described = no reset noise"),
    ROW(temperature_kelvin, "K", 300.0, 1e-3, 2000.0, "default: room temperature", "of the integration node"),
    ROW(detector_nodes, "", 1.0, 1.0, 2.0, "default: both diodes on one node",
        "integration nodes of a balanced pair: 1, or 2 with their own reset noise"),
    ROW(integrator_swing_volts, "V", MISSING, 1e-6, 1e3, NOT_DESCRIBED,
        "full well: charge beyond capacitance x swing is clipped; not described = no clipping"),
    ROW(phase_offset_radians, "rad", 0.0, -1.5, 1.5, "default: perfectly phased arms",
        "static phase between the arms"),
    ROW(phase_noise_radians, "rad", 0.0, 0.0, 3.0, "default: perfectly stable arms",
        "standard deviation of the phase"),
    WORDS(phase_correlation, phase_words, 0.0, "default: pulse",
          "what one draw of the phase is common to: pulse, read (one output) or layer"),
    ROW(splitter_imbalance_ratio, "", 0.0, -0.49, 0.49, "default: 50:50",
        "splitter power ratio is 1/2 + this"),
    WORDS(weight_gain, weight_gain_words, 0.0, "default: layer",
          "one weight amplitude scale a layer, one a row, or the published Eq. (2) with its mean over rows"),
    WORDS(input_gain, input_gain_words, 0.0, "default: sample, as Eq. (2)",
          "inputs scaled so that each sample spends photons_per_mac, or one calibrated scale"),
    WORDS(input_fan_out, fan_out_words, 0.0, "default: every patch of a convolution is encoded on its own",
          "patch: an input is encoded once for every patch it is in; optical: once, and light carries it to "
          "all of them (needs input_gain calibrated)"),
    ROW(fan_out_transmission_ratio, "", 1.0, 1e-9, 1.0, "default: splitting divides the light and loses none",
        "what splitters and routes of input_fan_out optical let through, beyond path_transmission_ratio"),
    ROW(averaged_reads, "", 1.0, 1.0, 32.0, "default: one read",
        "reads averaged per result; each spends photons_per_mac"),
    ROW(tile_rows, "", MISSING, 1.0, 1e9, "default: as many receivers as outputs",
        "receivers: outputs computed at a time"),
    ROW(tile_cols, "", MISSING, 1.0, 1e9, "default: all inputs in one integration",
        "inputs integrated before a result is converted"),
    WORDS(modulator, ajp_modulator_words, MISSING, NOT_DESCRIBED,
          "absorbing: burns what it does not pass; generative: an emitter that makes its own pulse"),
    ROW(modulator_transmission_ratio, "", 1.0, 1e-9, 1.0, "default: no loss beyond path_transmission_ratio",
        "insertion loss of a modulator at full amplitude"),
    WORDS(laser_gated, ajp_yes_no_words, MISSING, NOT_DESCRIBED,
          "whether the laser is off while results are read out"),
    ROW(clock_hertz, "Hz", MISSING, 1.0, 1e12, NOT_DESCRIBED, "symbols per second of one modulator"),
    ROW(readout_seconds, "s", MISSING, 0.0, 1.0, NOT_DESCRIBED,
        "from the last pulse to the converted results of a tile"),
    ROW(symbol_energy_joules, "J", MISSING, 0.0, 1e-3, NOT_DESCRIBED,
        "encoding one symbol: modulator, driver and DAC"),
    ROW(sample_energy_joules, "J", MISSING, 0.0, 1e-3, NOT_DESCRIBED, "converting one result (ADC)"),
    ROW(receiver_energy_joules, "J", MISSING, 0.0, 1e-3, NOT_DESCRIBED,
        "integrating and resetting one result"),
    ROW(dac_energy_joules, "J", MISSING, 0.0, 1e-3, NOT_DESCRIBED,
        "DAC of one symbol, where not in symbol_energy_joules"),
    ROW(driver_energy_joules, "J", MISSING, 0.0, 1e-3, NOT_DESCRIBED,
        "driver of one symbol, where not in symbol_energy_joules"),
    AJP_PRICE_ROWS(ajp_homodyne),
};

static aj_status check(const void *untyped, aj_error *err)
{
    const ajp_homodyne *p = untyped;
    if (isnan(p->photons_per_mac))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'photons_per_mac' is not described, and the noise follows from it; set it");
    AJ_TRY(ajp_check_whole(p->averaged_reads, "averaged_reads", err));
    AJ_TRY(ajp_check_whole(p->tile_rows, "tile_rows", err));
    AJ_TRY(ajp_check_whole(p->tile_cols, "tile_cols", err));
    AJ_TRY(ajp_check_whole(p->detector_nodes, "detector_nodes", err));
    if (ajp_homodyne_is(p->input_fan_out, HOMODYNE_OPTICAL) &&
        !ajp_homodyne_is(p->input_gain, HOMODYNE_CALIBRATED))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'input_fan_out' optical encodes an input once for all patches, so that no patch can "
                        "have a scale of its own; set 'input_gain' to calibrated");
    if (!isnan(p->integrator_swing_volts) && isnan(p->detector_capacitance_farads))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'integrator_swing_volts' needs 'detector_capacitance_farads': the full well is "
                        "their product; set both");
    if (!isnan(p->integrator_swing_volts) && p->detector_nodes == 2.0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'integrator_swing_volts' clips the difference on one node; with 'detector_nodes' 2 "
                        "each node would "
                        "saturate alone, which is not modelled; set one of them to its default");
    return AJ_OK;
}

static bool supports(const void *untyped, const ajp_product *product, const char **why)
{
    (void)untyped; /* both arms are modulated pulse by pulse: two activations are as good as one */
    (void)product;
    (void)why;
    return true;
}

static size_t tile_cols(const void *untyped, const ajp_product *product)
{
    const ajp_homodyne *p = untyped;
    if (isnan(p->tile_cols) || p->tile_cols >= (double)product->cols) return product->cols;
    return (size_t)p->tile_cols;
}

static bool needs_calibration(const void *untyped)
{
    const ajp_homodyne *p = untyped;
    return ajp_homodyne_is(p->input_gain, HOMODYNE_CALIBRATED);
}

/* ---- the law ------------------------------------------------------------------------------------ */

/* What `sample` needs of a frozen product. */
typedef struct {
    double row_input_photons; /* incident per output and sample, of the inputs' arm */
    double alpha_squared;     /* calibrated: fixed; NaN: follows the sample */
    double beta;              /* the layer's; a row's own is this times its row_gain */
    double phase_factor;      /* mean cosine that is not drawn */
    double cosine; /* of the static phase, where no phase of the layer's own is added in `sample` */
    double splitter_gain;
} frozen_state;

static double sum_squares(const float *x, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sum;
}

/* Row sums of squares per tile, [n_tiles][rows]; their sum. */
static double tile_sums(const ajp_freeze_request *request, double *sums)
{
    size_t rows = request->product.rows, cols = request->product.cols;
    double all = 0.0;
    for (size_t tile = 0; tile < request->n_tiles; tile++) {
        size_t first = tile * request->tile_cols;
        size_t n = cols - first < request->tile_cols ? cols - first : request->tile_cols;
        for (size_t row = 0; row < rows; row++) {
            sums[tile * rows + row] = sum_squares(request->weights + row * cols + first, n);
            all += sums[tile * rows + row];
        }
    }
    return all;
}

/* Row gains relative to the layer's beta.  A row without weight to speak of (1e-15 of the rms row, far below
 * float32's reach) sends nothing and its result is exactly 0. */
static void freeze_gains(const ajp_homodyne *p, const ajp_freeze_request *request, const double *sums,
                         double all, ajp_frozen *out)
{
    size_t rows = request->product.rows;
    double mean = all / (double)rows;
    for (size_t row = 0; row < rows; row++) {
        double ratio = 1.0;
        if (ajp_homodyne_is(p->weight_gain, HOMODYNE_GAIN_ROW)) {
            double own = 0.0;
            for (size_t tile = 0; tile < request->n_tiles; tile++) own += sums[tile * rows + row];
            ratio = own > 1e-30 * mean ? sqrt(mean / own) : 0.0;
        }
        if (all == 0.0) ratio = 0.0;
        out->row_gain[row] = (float)ratio;
        out->row_decode[row] = ratio > 0.0 ? (float)(1.0 / ratio) : 0.0f;
    }
}

static void freeze_totals(const ajp_homodyne *p, const ajp_freeze_request *request, const double *sums,
                          double beta, ajp_frozen *out)
{
    size_t rows = request->product.rows, padded = ajp_round_up(rows, 16);
    for (size_t tile = 0; tile < request->n_tiles; tile++) {
        const double *own = sums + tile * rows;
        double mean = aj_sum(own, rows) / (double)rows;
        for (size_t row = 0; row < rows; row++) {
            double scale = beta * (double)out->row_gain[row];
            double photons = scale * scale * own[row];
            bool published = ajp_homodyne_is(p->weight_gain, HOMODYNE_PUBLISHED);
            out->row_total[tile * padded + row] =
                (float)(p->quantum_efficiency_ratio * (published ? scale * scale * mean : photons));
            if (out->row_leak != NULL)
                out->row_leak[tile * padded + row] = (float)aj_splitter_leak_electrons(
                    p->splitter_imbalance_ratio, p->quantum_efficiency_ratio, 0.0, photons);
        }
    }
}

static void freeze_phases(const ajp_homodyne *p, ajp_frozen *out, frozen_state *state)
{
    double sigma = p->phase_noise_radians;
    state->phase_factor = 1.0;
    if (sigma == 0.0) return;
    if (ajp_homodyne_is(p->phase_correlation, HOMODYNE_PULSE)) {
        double gain = aj_phase_gain_ratio(p->phase_offset_radians, sigma);
        state->phase_factor = exp(-0.5 * sigma * sigma);
        out->excess_ratio = aj_phase_excess_ratio(p->phase_offset_radians, sigma) / (gain * gain);
    } else if (ajp_homodyne_is(p->phase_correlation, HOMODYNE_READ)) {
        out->phase_offset_radians = p->phase_offset_radians;
        out->phase_sigma_radians = sigma;
    } else {
        out->layer_phase_sigma_radians = sigma;
    }
}

static void freeze_charges(const ajp_homodyne *p, ajp_frozen *out)
{
    out->clip_electrons = INFINITY;
    if (isnan(p->detector_capacitance_farads)) return;
    double electrons = aj_ktc_electrons(p->detector_capacitance_farads, p->temperature_kelvin);
    out->extra_variance = p->detector_nodes * electrons * electrons;
    if (!isnan(p->integrator_swing_volts))
        out->clip_electrons =
            p->detector_capacitance_farads * p->integrator_swing_volts / ajp_electron_coulombs;
}

static aj_status fixed_alpha(const ajp_homodyne *p, const ajp_freeze_request *request,
                             double row_input_photons, double *out, aj_error *err)
{
    *out = MISSING;
    if (!ajp_homodyne_is(p->input_gain, HOMODYNE_CALIBRATED)) return AJ_OK;
    double mean = request->calibration.mean_sum_squares;
    if (!(mean >= 0.0))
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "product '%s': 'input_gain' is 'calibrated' and there is no calibration; give a data set",
            request->product.name);
    *out = mean > 0.0 ? row_input_photons / mean : 0.0;
    return AJ_OK;
}

static aj_status freeze(const void *untyped, const ajp_freeze_request *request, ajp_frozen *out,
                        aj_error *err)
{
    const ajp_homodyne *p = untyped;
    const ajp_product *product = &request->product;
    size_t rows = product->rows, padded = ajp_round_up(rows, 16);
    ajp_frozen frozen = {.law = AJP_LAW_COUNTS, .n_reads = (unsigned)p->averaged_reads};
    double *sums = ajp_arena_array(request->arena, request->n_tiles * rows, sizeof *sums);
    frozen_state *state = ajp_arena_alloc(request->arena, sizeof *state);
    frozen.row_gain = ajp_arena_array(request->arena, padded, sizeof(float));
    frozen.row_decode = ajp_arena_array(request->arena, padded, sizeof(float));
    frozen.row_total = ajp_arena_array(request->arena, request->n_tiles * padded, sizeof(float));
    if (p->splitter_imbalance_ratio != 0.0)
        frozen.row_leak = ajp_arena_array(request->arena, request->n_tiles * padded, sizeof(float));
    if (sums == NULL || state == NULL || frozen.row_gain == NULL || frozen.row_decode == NULL ||
        frozen.row_total == NULL || (p->splitter_imbalance_ratio != 0.0 && frozen.row_leak == NULL))
        return ajp_no_memory(err, product->name);
    double all = tile_sums(request, sums);
    if (!isfinite(all))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "product '%s': its weights are not finite numbers; check the model", product->name);
    state->row_input_photons = ajp_homodyne_input_photons(p) * (double)product->cols;
    AJ_TRY(fixed_alpha(p, request, state->row_input_photons, &state->alpha_squared, err));
    double layer_photons = ajp_homodyne_weight_photons(p) * (double)rows * (double)product->cols;
    state->beta = all > 0.0 ? sqrt(layer_photons / all) : 0.0;
    freeze_gains(p, request, sums, all, &frozen);
    freeze_totals(p, request, sums, state->beta, &frozen);
    freeze_phases(p, &frozen, state);
    freeze_charges(p, &frozen);
    state->cosine = frozen.phase_sigma_radians == 0.0 ? cos(p->phase_offset_radians) : 1.0;
    state->splitter_gain = aj_splitter_gain_ratio(p->splitter_imbalance_ratio);
    frozen.nominal_photons = p->photons_per_mac * ajp_product_macs(product) * p->averaged_reads;
    frozen.state = state;
    *out = frozen;
    return AJ_OK;
}

/* Without a usable gain (no input, no weight, or numbers outside float32) nothing can be read: the result is
 * 0. */
static bool usable(double value)
{
    return value > (double)FLT_MIN && value < (double)FLT_MAX;
}

static double cosine_of(const ajp_homodyne *p, const frozen_state *state, const ajp_input_moments *moments,
                        size_t i)
{
    if (moments->layer_phase_radians == NULL) return state->cosine;
    return cos(p->phase_offset_radians + moments->layer_phase_radians[i]);
}

static void sample(const void *untyped, const ajp_freeze_request *request, const ajp_frozen *frozen,
                   const ajp_input_moments *moments, const ajp_sample_laws *out)
{
    const ajp_homodyne *p = untyped;
    const frozen_state *state = frozen->state;
    double eta = p->quantum_efficiency_ratio;
    for (size_t i = 0; i < moments->n; i++) {
        double sum_squares = moments->sum_squares[i], squared = state->alpha_squared;
        if (isnan(squared)) squared = state->row_input_photons / sum_squares;
        if (!(sum_squares > 0.0)) squared = 0.0;
        double scale = 2.0 * eta * sqrt(squared) *
                       state->beta; /* = alpha beta: one number, near the charge per result */
        double gain = scale * state->splitter_gain, inverse = 1.0 / scale;
        bool readable = usable(gain) && usable(inverse);
        double phase = state->phase_factor * cosine_of(p, state, moments, i);
        for (size_t tile = 0; tile < request->n_tiles; tile++) {
            size_t at = tile * out->tile_stride + i;
            double photons = readable ? squared * moments->tile_sum_squares[tile * moments->n + i] : 0.0;
            out->gain[at] = readable ? (float)(gain * phase) : 0.0f;
            out->total[at] = (float)(eta * photons);
            out->leak[at] =
                frozen->row_leak == NULL
                    ? 0.0f
                    : (float)aj_splitter_leak_electrons(p->splitter_imbalance_ratio, eta, photons, 0.0);
            out->decode[at] = readable ? (float)inverse : 0.0f;
        }
    }
}

const ajp_hardware_ops ajp_hardware_homodyne = {
    .name = "homodyne",
    .summary = "inputs and weights as pulses of light, multiplied by interference on balanced detectors, "
               "summed as charge",
    .read_law = "counts: per output one normal of the exact variance with its third cumulant, rounded to "
                "whole counts, from 20 "
                "photons an output on; below, both Poisson counts by inversion; capacitance noise, phase "
                "noise and full well "
                "where described",
    .latency_of = "one batch through all products, one after the other: the symbols of a product at the "
                  "clock, then its "
                  "read-out; digital steps take no time",
    .params_size = sizeof(ajp_homodyne),
    .params = params,
    .n_params = sizeof params / sizeof params[0],
    .check = check,
    .supports = supports,
    .tile_cols = tile_cols,
    .needs_calibration = needs_calibration,
    .freeze = freeze,
    .sample = sample,
    .reference = ajp_homodyne_reference,
    .account = ajp_homodyne_account,
    .knob = {"photons_per_mac", 1e-2, 1e4, AJP_KNOB_LOG, true},
};

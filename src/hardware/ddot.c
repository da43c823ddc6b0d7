/* ddot.c: dot products of two modulated operands on many wavelengths, as in Lightening-Transformer (Zhu et
 * al., HPCA 2024, arXiv:2305.19533): its parameters and the law of one read.
 *
 * Wavelength j carries the amplitudes e_j (an input) and u_ij (a weight) of -1 ... 1; a phase shifter and a
 * coupler of power ratio kappa_j bring them onto two detectors.  With d_j = 2 kappa_j - 1, a phase error phi
 * and n0 photons per wavelength and arm at full scale, the difference of both counts is, over 2 eta n0,
 *
 *     z_i = sum_j sqrt(1 - d_j^2) cos(phi_ij) u_ij e_j + d_j (e_j^2 - u_ij^2) / 2        (docs/hardware.md)
 *
 * with the shot noise sum_j (e_j^2 + u_ij^2) / (4 eta n0).  Encoded weights fluctuate by weight_noise_ratio,
 * encoded inputs (common to all rows) by input_noise_ratio, readings by output_noise_ratio.
 * One plane reads the product; what dispersion lets through of each arm alone is added by another. */
#include "ddot.h"

#include <math.h>
#include <stddef.h>

#include "attojoule/physics.h"

static const char *const yes_no_words[] = {"yes", "no", NULL};

#define ROW(field, unit, def, low, high, source, help)                              \
    {                                                                               \
#field, unit, offsetof(ajp_ddot, field), def, low, high, NULL, source, help \
    }
#define OPEN(field, unit, low, high, help) \
    ROW(field, unit, AJP_NOT_DESCRIBED, low, high, "default: not described", help)

static const ajp_param params[] = {
    OPEN(core_rows, "", 1.0, 1e6, "rows of the product that a core holds at a time"),
    OPEN(core_cols, "", 1.0, 1e6, "input vectors that a core holds at a time"),
    ROW(wavelengths, "", 1.0, 1.0, 1024.0, "default: one", "products summed by one pair of detectors"),
    ROW(tiles, "", 1.0, 1.0, 1e6, "default: one", "tiles, which take rows side by side"),
    ROW(cores_per_tile, "", 1.0, 1.0, 1e6, "default: one",
        "cores whose photocurrents are added before a reading is converted"),
    ROW(time_accumulation, "", 1.0, 1.0, 1e6, "default: none",
        "clocks over which charge is gathered before a reading is converted"),
    {"input_sharing", "", offsetof(ajp_ddot, input_sharing), DDOT_NOT_SHARED, 0.0, 1.0, yes_no_words,
     "default: no", "whether all tiles get their inputs from one set of modulators"},
    OPEN(clock_hertz, "Hz", 1.0, 1e12, "symbols per second of one modulator"),
    ROW(wavelength_meters, "m", 1.55e-6, 1e-7, 2e-5, "default: 1550 nm", "middle of the channels"),
    ROW(channel_spacing_meters, "m", 0.0, 0.0, 1e-7, "default: couplers without dispersion",
        "distance of neighbouring channels; couplers are 50:50 in the middle only"),
    ROW(phase_noise_radians, "rad", 0.0, 0.0, 3.0, "default: perfectly phased arms",
        "standard deviation of the phase between the arms, of every product on its own"),
    ROW(weight_noise_ratio, "", 0.0, 0.0, 1.0, "default: none",
        "standard deviation of an encoded weight per weight, new for every reading"),
    ROW(input_noise_ratio, "", 0.0, 0.0, 1.0, "default: none",
        "standard deviation of an encoded input per input, common to all rows"),
    ROW(output_noise_ratio, "", 0.0, 0.0, 1.0, "default: none",
        "standard deviation of a reading per reading"),
    OPEN(detector_watts, "W", 1e-15, 1.0,
         "light at the detectors of one dot product, both arms at full scale; sets shot noise and laser"),
    OPEN(
        laser_watts, "W", 1e-12, 1e3,
        "in place of detector_watts: electrical power of the laser of one core; light follows from the path"),
    OPEN(path_transmission_ratio, "", 1e-9, 1.0, "light that arrives, from laser to detector, splits aside"),
    OPEN(wall_plug_ratio, "", 1e-6, 1.0, "light out of the laser per electrical energy into it"),
    ROW(quantum_efficiency_ratio, "", 1.0, 1e-6, 1.0, "default: ideal detector",
        "detected electrons per incident photon"),
    OPEN(modulator_energy_joules, "J", 0.0, 1e-3, "modulating one symbol, its share of routers included"),
    OPEN(detector_energy_joules, "J", 0.0, 1e-3, "both detectors of a dot product, one clock"),
    OPEN(receiver_energy_joules, "J", 0.0, 1e-3, "amplifying one reading"),
    OPEN(adder_energy_joules, "J", 0.0, 1e-3, "adding one reading to the sum"),
    OPEN(register_joules_per_bit, "J/bit", 0.0, 1e-3, "one bit into or out of a register beside a core"),
    OPEN(local_joules_per_bit, "J/bit", 0.0, 1e-3, "one bit into or out of a tile's buffer"),
    OPEN(link_joules_per_bit, "J/bit", 0.0, 1e-3, "one bit of a reading to its adder"),
    OPEN(local_bytes, "byte", 1.0, 1e12, "of a tile's buffer"),
    OPEN(dram_bytes_per_second, "", 1.0, 1e18, "of weights from off-chip memory; not described = no limit"),
    OPEN(memory_clock_hertz, "Hz", 1.0, 1e12, "of on-chip memory: loads take whole cycles of it"),
    OPEN(area_square_meters, "m2", 1e-12, 1.0, "of the chip"),
    AJP_CONVERTER_ROWS(ajp_ddot),
    AJP_PRICE_ROWS(ajp_ddot),
};

/* ---- light -------------------------------------------------------------------------------------- */

/* Coupling length over wavelength of a directional coupler, in micrometres; the fit of
 * Lightening-Transformer's code (software_model/ops/simulator.py), gap 100 nm. */
static double coupling_length(double micrometers)
{
    double from_center = micrometers - 1.55;
    return (-5.44 * from_center + 3.53) * exp(0.1 / (0.185 * from_center + 0.15));
}

/* Channels lie symmetrically around the centre, which an even number of them leaves out. */
double ajp_ddot_imbalance(const ajp_ddot *p, size_t channel)
{
    long n = (long)p->wavelengths, place = (long)channel - n / 2;
    if (n % 2 == 0 && place >= 0) place++;
    double center = p->wavelength_meters * 1e6,
           wavelength = center + (double)place * p->channel_spacing_meters * 1e6;
    double root = sin(0.25 * 3.14159265358979323846 * coupling_length(center) / coupling_length(wavelength));
    return 2.0 * root * root - 1.0;
}

double ajp_ddot_detector_watts(const ajp_ddot *p)
{
    if (isnan(p->laser_watts)) return p->detector_watts;
    return p->laser_watts * p->wall_plug_ratio * p->path_transmission_ratio / (p->core_rows * p->core_cols);
}

double ajp_ddot_laser_watts(const ajp_ddot *p)
{
    if (!isnan(p->laser_watts)) return p->laser_watts;
    return p->detector_watts * p->core_rows * p->core_cols /
           (p->path_transmission_ratio * p->wall_plug_ratio);
}

double ajp_ddot_photons(const ajp_ddot *p)
{
    double joules = ajp_ddot_detector_watts(p) / (2.0 * p->wavelengths * p->clock_hertz);
    return joules / aj_photon_energy_joules(p->wavelength_meters);
}

/* ---- checks ------------------------------------------------------------------------------------- */

static aj_status check(const void *untyped, aj_error *err)
{
    const ajp_ddot *p = untyped;
    const struct {
        double value;
        const char *key;
    } whole[] = {{p->core_rows, "core_rows"},           {p->core_cols, "core_cols"},
                 {p->wavelengths, "wavelengths"},       {p->tiles, "tiles"},
                 {p->cores_per_tile, "cores_per_tile"}, {p->time_accumulation, "time_accumulation"}};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        AJ_TRY(ajp_check_whole(whole[i].value, whole[i].key, err));
        if (isnan(whole[i].value))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'%s' is not described; set it", whole[i].key);
    }
    if (!isnan(p->detector_watts) && !isnan(p->laser_watts))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'detector_watts' and 'laser_watts' are the two ends of one light path; leave one of "
                        "them out");
    if (!isnan(p->laser_watts) && (isnan(p->path_transmission_ratio) || isnan(p->wall_plug_ratio)))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'laser_watts' needs 'path_transmission_ratio' and 'wall_plug_ratio', from which the "
                        "light at the detectors follows; set them");
    bool light = !isnan(p->detector_watts) || !isnan(p->laser_watts);
    if (light && isnan(p->clock_hertz))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'%s' is a power, and without 'clock_hertz' it gives no number of photons; set it",
                        isnan(p->laser_watts) ? "detector_watts" : "laser_watts");
    double reach = 0.5 * p->wavelengths * p->channel_spacing_meters;
    if (reach > 0.1 * p->wavelength_meters)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'wavelengths' x 'channel_spacing_meters' reach %.3g m from the centre, where the "
                        "couplers' law does not hold; use less than a fifth of 'wavelength_meters' in all",
                        reach);
    return ajp_converters_check(&p->converters, err);
}

static bool supports(const void *untyped, const ajp_product *product, const char **why)
{
    (void)untyped; /* both operands are modulated: two activations are as good as one */
    (void)product;
    (void)why;
    return true;
}

/* Columns whose products end up in one reading. */
static size_t tile_cols(const void *untyped, const ajp_product *product)
{
    const ajp_ddot *p = untyped;
    double cols = p->wavelengths * p->time_accumulation * p->cores_per_tile;
    return cols < (double)product->cols ? (size_t)cols : product->cols;
}

static bool needs_calibration(const void *untyped)
{
    const ajp_ddot *p = untyped;
    return ajp_converters_need_calibration(&p->converters);
}

static bool needs_readings(const void *untyped)
{
    const ajp_ddot *p = untyped;
    return ajp_converters_need_readings(&p->converters);
}

/* ---- the law ------------------------------------------------------------------------------------ */

double ajp_ddot_encode_weights(const ajp_ddot *p, const ajp_freeze_request *request, float *encoded)
{
    size_t n = request->product.rows * request->product.cols;
    double largest = 0.0;
    ajp_converter dac;
    ajp_converters_dac(&p->converters, true, &dac);
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs((double)request->weights[i]));
    for (size_t i = 0; i < n; i++)
        encoded[i] =
            largest > 0.0 ? (float)ajp_converter_apply(&dac, (double)request->weights[i] / largest) : 0.0f;
    return largest;
}

typedef struct {
    float *weights, *second, *row_variance, *leak, *leak_offset;
    double largest, max_reading;
} matrices;

static bool allocate(const ajp_freeze_request *request, matrices *m)
{
    size_t rows = request->product.rows, n = rows * request->product.cols,
           padded = request->n_tiles * ajp_round_up(rows, 16);
    m->weights = ajp_arena_array(request->arena, n, sizeof(float));
    m->second = ajp_arena_array(request->arena, n, sizeof(float));
    m->leak = ajp_arena_array(request->arena, n, sizeof(float));
    m->row_variance = ajp_arena_array(request->arena, padded, sizeof(float));
    m->leak_offset = ajp_arena_array(request->arena, padded, sizeof(float));
    return m->weights != NULL && m->second != NULL && m->leak != NULL && m->row_variance != NULL &&
           m->leak_offset != NULL;
}

/* Of one product, E[cos^2] (1 + weight_noise^2) - E[cos]^2 in units of (u e)^2. */
static double fresh_variance(const ajp_ddot *p)
{
    double s = p->phase_noise_radians * p->phase_noise_radians, w = p->weight_noise_ratio;
    return 0.5 * (1.0 + exp(-2.0 * s)) * (1.0 + w * w) - exp(-s);
}

static void fill_row(const ajp_ddot *p, const ajp_freeze_request *request, size_t row, double shot,
                     matrices *m)
{
    size_t cols = request->product.cols, padded = ajp_round_up(request->product.rows, 16);
    double fresh = fresh_variance(p);
    for (size_t tile = 0; tile < request->n_tiles; tile++) {
        size_t first = tile * request->tile_cols,
               end = first + request->tile_cols < cols ? first + request->tile_cols : cols;
        double squares = 0.0, leak = 0.0, reading = 0.0;
        for (size_t col = first; col < end; col++) {
            size_t at = row * cols + col;
            double u = (double)m->weights[at], d = ajp_ddot_imbalance(p, col % (size_t)p->wavelengths);
            double gained = sqrt(1.0 - d * d) * u;
            squares += u * u;
            leak += 0.5 * d * u * u;
            reading += fabs(gained);
            m->weights[at] = (float)gained;
            m->second[at] = (float)(fresh * gained * gained + shot);
            m->leak[at] = (float)(0.5 * d);
        }
        m->row_variance[tile * padded + row] = (float)squares;
        m->leak_offset[tile * padded + row] = (float)leak;
        m->max_reading = fmax(m->max_reading, reading);
    }
}

static aj_status fill_planes(const ajp_ddot *p, const ajp_freeze_request *request, const matrices *m,
                             double shot, ajp_plane *planes, aj_error *err)
{
    double relative = p->output_noise_ratio * p->output_noise_ratio;
    bool fresh = fresh_variance(p) > 0.0 || shot > 0.0;
    ajp_draws draws;
    ajp_draws_init(&draws, request->seed ^ 0x64646f74u, /* "ddot" */
                   (uint64_t)request->trial << 32 | (uint64_t)request->product.layer << 16 |
                       request->first_tile);
    planes[0] = (ajp_plane){.form = AJP_INPUT_WHOLE,
                            .weights = m->weights,
                            .noise = fresh || relative > 0.0 ? AJP_NOISE_NORMAL : AJP_NOISE_NONE,
                            .second_of = AJP_OF_SQUARES,
                            .second_weights = fresh ? m->second : NULL,
                            .second_gain = fresh ? 1.0 : 0.0,
                            .row_variance = shot > 0.0 ? m->row_variance : NULL,
                            .variance = shot,
                            .relative_variance = relative,
                            .gain = exp(-0.5 * p->phase_noise_radians * p->phase_noise_radians),
                            .decode = m->largest};
    planes[1] = (ajp_plane){.form = AJP_INPUT_SQUARE,
                            .weights = m->leak,
                            .noise = AJP_NOISE_NONE,
                            .row_offset = m->leak_offset,
                            .gain = 1.0,
                            .decode = m->largest};
    return ajp_converters_adc(&p->converters, request, 0, m->max_reading, true, &draws, &planes[0].adc, err);
}

static aj_status freeze(const void *untyped, const ajp_freeze_request *request, ajp_frozen *out,
                        aj_error *err)
{
    const ajp_ddot *p = untyped;
    matrices m = {.largest = 0.0};
    ajp_plane *planes = ajp_arena_array(request->arena, 2, sizeof *planes);
    if (planes == NULL || !allocate(request, &m)) return ajp_no_memory(err, request->product.name);
    double photons = ajp_ddot_photons(p);
    double shot = isnan(photons) ? 0.0 : 1.0 / (4.0 * p->quantum_efficiency_ratio * photons);
    m.largest = ajp_ddot_encode_weights(p, request, m.weights);
    for (size_t row = 0; row < request->product.rows; row++) fill_row(p, request, row, shot, &m);
    ajp_frozen frozen = {.law = AJP_LAW_PLANES,
                         .clip_electrons = INFINITY,
                         .n_reads = 1,
                         .nominal_photons = AJP_NOT_DESCRIBED,
                         .planes = planes,
                         .n_planes = p->channel_spacing_meters > 0.0 ? 2 : 1,
                         .encoding = {.symbol_relative = p->input_noise_ratio}};
    ajp_converters_dac(&p->converters, true, &frozen.encoding.dac);
    AJ_TRY(ajp_converters_full_scale(&p->converters, request, &frozen.encoding.full_scale, err));
    AJ_TRY(fill_planes(p, request, &m, shot, planes, err));
    *out = frozen;
    return AJ_OK;
}

static double area(const void *untyped)
{
    const ajp_ddot *p = untyped;
    return p->area_square_meters;
}

const ajp_hardware_ops ajp_hardware_ddot = {
    .name = "ddot",
    .summary = "dot products of two modulated operands on many wavelengths at a time, summed by balanced "
               "detectors",
    .read_law = "per reading one normal: shot noise of both arms, phase noise and weight noise of every "
                "product by a second product of squares, noise of the reading; inputs fluctuate for all "
                "rows alike; what dispersion lets through of one arm alone is added after conversion",
    .latency_of = "one batch through all products, one after the other: clocks of all cores, or loading the "
                  "weights from memory where that takes longer; digital steps take no time",
    .params_size = sizeof(ajp_ddot),
    .params = params,
    .n_params = sizeof params / sizeof params[0],
    .check = check,
    .supports = supports,
    .tile_cols = tile_cols,
    .needs_calibration = needs_calibration,
    .needs_readings = needs_readings,
    .freeze = freeze,
    .reference = ajp_ddot_reference,
    .account = ajp_ddot_account,
    .area_square_meters = area,
    .peak_macs_per_second = ajp_ddot_peak,
    .knob = {"detector_watts", 1e-9, 1e-2, AJP_KNOB_LOG, true},
};

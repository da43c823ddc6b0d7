/* mzi_mesh.c: matrices as light through meshes of Mach-Zehnder interferometers (Reck 1994, Clements 2016,
 * Shen 2017): its parameters and the law of one read.
 *
 * Weights are cut into blocks of n x n, each M = scale U diag(s) V^T: two meshes with attenuators between
 * them, set once. Inputs are amplitudes of light, signs as phases 0 and pi; every output interferes with a
 * local oscillator of L photons on two detectors, which read the real part of its field.  With g photons per
 * e^2 at an input that get through a perfect mesh, and quantum efficiency eta, the read of a normalised
 * output m is mean m,   variance (1 + m^2 g / L) / (4 eta g) + (detection_noise_ratio sqrt(n))^2 and what is
 * frozen (couplers, phases, heat, uneven loss) is one matrix a trial.  See docs/families/mzi_mesh.md. */
#include "mzi_mesh.h"

#include <math.h>
#include <string.h>

static const char *const mesh_words[] = {"clements", "reck", NULL};
static const char *const scale_words[] = {"layer", "block", NULL};
static const char *const correct_words[] = {"no", "yes", "real", NULL};
static const char *const yes_no_words[] = {"yes", "no", NULL};
static const char *const heater_words[] = {"values", "fixed", NULL};

#define MISSING       AJP_NOT_DESCRIBED
#define NOT_DESCRIBED "default: not described"
#define P(field)      #field
#define AT(field)     offsetof(ajp_mzi_mesh, field)
#define ROW(field, unit, def, low, high, source, help)                \
    {                                                                 \
        P(field), unit, AT(field), def, low, high, NULL, source, help \
    }
#define WORDS(field, words, def, source, help)                      \
    {                                                               \
        P(field), "", AT(field), def, 0.0, 2.0, words, source, help \
    }

static const ajp_param params[] = {
    ROW(array_ports, "", 16.0, 2.0, 256.0, "default: 16", "inputs and outputs of one array"),
    WORDS(mesh, mesh_words, 0.0, "default: clements, the least depth",
          "clements: a rectangle; reck: a triangle"),
    WORDS(weight_scale, scale_words, 0.0, "default: layer",
          "attenuators pass everything at the largest singular value of the layer, or of each block"),
    ROW(splitter_error_radians, "rad", 0.0, 0.0, 0.5, "default: couplers of 50:50",
        "standard deviation of a coupler's angle, frozen; every interferometer has two"),
    WORDS(self_configuration, correct_words, 0.0, "default: phases as for perfect couplers",
          "whether phases are set for the couplers as they are, measured without error: yes, for the complex "
          "matrix as "
          "published; real, for the real part that is read"),
    ROW(phase_bits, "bit", MISSING, 1.0, 24.0, "default: phases without steps",
        "steps of a phase: 2^bits in a turn"),
    ROW(phase_error_radians, "rad", 0.0, 0.0, 3.0, "default: phases as set",
        "standard deviation of a phase as it was set, frozen"),
    ROW(phase_noise_radians, "rad", 0.0, 0.0, 0.3, "default: phases that hold still",
        "standard deviation of a phase from read to read; to first order, with array_ports up to 0.3 / "
        "sqrt(ports)"),
    ROW(crosstalk_decay_meters, "m", MISSING, 1e-9, 1.0, "default: heaters that warm nothing else",
        "heat of a phase shifter at a distance d adds exp(-d / this) of its phase to another"),
    ROW(column_pitch_meters, "m", MISSING, 1e-9, 1.0, NOT_DESCRIBED,
        "length of one column of interferometers"),
    ROW(port_pitch_meters, "m", MISSING, 1e-9, 1.0, NOT_DESCRIBED, "distance of neighbouring ports"),
    ROW(detection_noise_ratio, "", 0.0, 0.0, 1.0, "default: no noise beyond that of photons",
        "standard deviation of a read per full scale: all the light of the inputs at one output"),
    ROW(photons_per_mac, "", MISSING, 1e-6, 1e9, "default: not described, no shot noise",
        "photons on all detectors, local oscillators included, per multiplication of an array whose inputs "
        "are at full "
        "scale and whose weights pass everything"),
    ROW(signal_share_ratio, "", 0.5, 1e-6, 1.0 - 1e-6, "default: half of the laser's light",
        "share of the laser's light that goes through the mesh; the rest is local oscillators"),
    ROW(quantum_efficiency_ratio, "", 1.0, 1e-6, 1.0, "default: ideal detector",
        "detected electrons per incident photon"),
    ROW(wavelength_meters, "m", MISSING, 1e-7, 2e-5, NOT_DESCRIBED, "vacuum wavelength of the laser"),
    ROW(wall_plug_ratio, "", MISSING, 1e-6, 1.0, NOT_DESCRIBED,
        "light out of the laser per electrical energy into it"),
    ROW(path_transmission_ratio, "", MISSING, 1e-9, 1.0, NOT_DESCRIBED,
        "light that arrives, from the laser to modulators and local oscillators"),
    ROW(modulator_transmission_ratio, "", 1.0, 1e-9, 1.0, "default: no loss beyond path_transmission_ratio",
        "insertion loss of a modulator at full amplitude"),
    ROW(mzi_transmission_ratio, "", 1.0, 1e-6, 1.0, "default: no loss",
        "light through one interferometer; paths that meet more of them lose more"),
    ROW(column_transmission_ratio, "", 1.0, 1e-6, 1.0, "default: no loss",
        "light through the waveguides of one column, the same for every path"),
    ROW(oscillator_transmission_ratio, "", 1.0, 1e-9, 1.0, "default: no loss beyond path_transmission_ratio",
        "light of the local oscillators that arrives at the detectors"),
    WORDS(laser_gated, yes_no_words, MISSING, NOT_DESCRIBED,
          "whether the laser is off while no input is sent"),
    ROW(clock_hertz, "Hz", MISSING, 1.0, 1e12, NOT_DESCRIBED, "input vectors per second of one array"),
    ROW(readout_seconds, "s", MISSING, 0.0, 1.0, NOT_DESCRIBED,
        "from the last input to the converted results"),
    ROW(symbol_energy_joules, "J", MISSING, 0.0, 1e-3, NOT_DESCRIBED, "modulator and driver of one input"),
    ROW(receiver_energy_joules, "J", MISSING, 0.0, 1e-3, NOT_DESCRIBED,
        "detectors and amplifier of one result"),
    ROW(heater_pi_watts, "W", MISSING, 0.0, 100.0, NOT_DESCRIBED, "power that holds a phase of pi"),
    WORDS(heater_energy, heater_words, 0.0, "default: of the phases that are held",
          "values: power follows the phases of these weights; fixed: every shifter holds pi"),
    ROW(arrays, "", MISSING, 1.0, 1e12, "default: as many as the network has blocks",
        "arrays of the chip; more blocks than these are set anew for every batch"),
    ROW(programming_energy_joules, "J", MISSING, 0.0, 1e-3, NOT_DESCRIBED, "setting one phase"),
    ROW(programming_seconds, "s", MISSING, 0.0, 1e3, NOT_DESCRIBED, "setting all phases of the chip"),
    ROW(inferences_per_programming, "", MISSING, 1.0, 1e18, NOT_DESCRIBED,
        "how often phases that stay are used before they are set again"),
    AJP_CONVERTER_ROWS(ajp_mzi_mesh),
    AJP_PRICE_ROWS(ajp_mzi_mesh),
};

static bool converter_is_ideal(double kind)
{
    return kind == 0.0; /* the first word of adc_kind and dac_kind */
}

static aj_status check_optics(const ajp_mzi_mesh *p, aj_error *err)
{
    if (!isnan(p->photons_per_mac) && isnan(p->path_transmission_ratio))
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'photons_per_mac' needs 'path_transmission_ratio': one laser's light is followed to the "
            "detectors; set it");
    if (!isnan(p->crosstalk_decay_meters) && (isnan(p->column_pitch_meters) || isnan(p->port_pitch_meters)))
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'crosstalk_decay_meters' needs 'column_pitch_meters' and 'port_pitch_meters': heat falls with "
            "the distance of shifters; set both");
    if (p->phase_noise_radians * sqrt(p->array_ports) > 0.3)
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'phase_noise_radians' %g in an array of %g ports is beyond the first-order law, which holds to "
            "0.3 / sqrt(ports) = %.3g; lower it or 'array_ports'",
            p->phase_noise_radians, p->array_ports, 0.3 / sqrt(p->array_ports));
    return AJ_OK;
}

static aj_status check(const void *untyped, aj_error *err)
{
    const ajp_mzi_mesh *p = untyped;
    AJ_TRY(ajp_check_whole(p->array_ports, "array_ports", err));
    AJ_TRY(ajp_check_whole(p->phase_bits, "phase_bits", err));
    AJ_TRY(ajp_check_whole(p->arrays, "arrays", err));
    AJ_TRY(check_optics(p, err));
    if (ajp_mesh_is(p->weight_scale, MESH_SCALE_BLOCK) && !converter_is_ideal(p->converters.adc_kind))
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'weight_scale' block gives every block a full scale of its own, and 'adc_kind' converters have "
            "one range a layer; set weight_scale to layer, or adc_kind to ideal");
    return ajp_converters_check(&p->converters, err);
}

static bool supports(const void *untyped, const ajp_product *product, const char **why)
{
    (void)untyped;
    if (product->weights == AJP_OPERAND_CONSTANT) return true;
    *why = "both operands are activations, and a mesh is set once for its weights";
    return false;
}

static size_t tile_cols(const void *untyped, const ajp_product *product)
{
    return ajp_min_size(ajp_mzi_ports(untyped), product->cols);
}

static bool needs_calibration(const void *untyped)
{
    const ajp_mzi_mesh *p = untyped;
    return ajp_converters_need_calibration(&p->converters);
}

static bool needs_readings(const void *untyped)
{
    const ajp_mzi_mesh *p = untyped;
    return ajp_converters_need_readings(&p->converters);
}

/* ---- the law ------------------------------------------------------------------------------------ */

static aj_status prepare(const void *untyped, const ajp_freeze_request *request, ajp_arena *arena,
                         void **cache, aj_error *err)
{
    ajp_mzi_program *program = ajp_arena_alloc(arena, sizeof *program);
    if (program == NULL) return ajp_no_memory(err, "mesh");
    AJ_TRY(ajp_mzi_mesh_program(untyped, &request->product, request->weights, NULL, arena, program, err));
    *cache = program;
    return AJ_OK;
}

/* Phases of perfect meshes follow from these alone; errors, light and converters come later. */
static bool same_preparation(const void *a, const void *b)
{
    const ajp_mzi_mesh *p = a, *q = b;
    return p->array_ports == q->array_ports && p->mesh == q->mesh && p->weight_scale == q->weight_scale;
}

/* Mean amplitude that is left when all phases of a path jitter: n shifters a mesh and path. */
static double jitter_gain(const ajp_mzi_mesh *p)
{
    return exp(-p->array_ports * p->phase_noise_radians * p->phase_noise_radians);
}

typedef struct {
    const ajp_mzi_mesh *p;
    const ajp_freeze_request *request;
    const ajp_mzi_program *program;
    ajp_mzi_chip chip;
    double *fields; /* [n][columns of the block], complex */
    float *effective;
} maker;

/* The real part of what one block is in this trial: the fields of every unit vector of its columns. */
static void make_block(maker *m, size_t row_block, size_t col_block)
{
    const ajp_product *product = &m->request->product;
    size_t n = m->program->n, row0 = row_block * n, col0 = col_block * n;
    size_t n_rows = ajp_min_size(n, product->rows - row0), n_cols = ajp_min_size(n, product->cols - col0);
    ajp_mzi_chip_build(m->p, m->request, m->program, row_block, col_block, &m->chip);
    memset(m->fields, 0, 2 * n * n_cols * sizeof(double));
    for (size_t j = 0; j < n_cols; j++) m->fields[2 * (j * n_cols + j)] = 1.0;
    aj_mesh_propagate(&m->chip.first, m->fields, n_cols);
    for (size_t k = 0; k < n; k++)
        for (size_t j = 0; j < 2 * n_cols; j++) m->fields[2 * k * n_cols + j] *= m->chip.amplitudes[k];
    aj_mesh_propagate(&m->chip.second, m->fields, n_cols);
    double scale = m->program->scales[row_block * m->program->n_col_blocks + col_block];
    scale *=
        jitter_gain(m->p) / pow(m->p->mzi_transmission_ratio, (double)(n - 1)); /* the mean loss is known */
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < n_cols; j++)
            m->effective[(row0 + i) * product->cols + col0 + j] =
                (float)(scale * m->fields[2 * (i * n_cols + j)]);
}

static aj_status make_effective(const ajp_mzi_mesh *p, const ajp_freeze_request *request,
                                const ajp_mzi_program *program, const float **out, aj_error *err)
{
    *out = NULL;
    if (ajp_mzi_mesh_perfect(p) && p->phase_noise_radians == 0.0) return AJ_OK;
    size_t n = program->n, n_cells;
    maker m = {.p = p, .request = request, .program = program};
    AJ_TRY(ajp_mzi_chip_make(p, request->arena, &m.chip, err));
    m.fields = ajp_arena_array(request->arena, 2 * n * n, sizeof(double));
    if (!ajp_size_mul(request->product.rows, request->product.cols, &n_cells))
        return ajp_no_memory(err, "mesh");
    m.effective = ajp_arena_array(request->arena, n_cells, sizeof(float));
    if (m.fields == NULL || m.effective == NULL) return ajp_no_memory(err, "mesh");
    for (size_t row = 0; row < program->n_row_blocks; row++)
        for (size_t col = 0; col < program->n_col_blocks; col++) make_block(&m, row, col);
    *out = m.effective;
    return AJ_OK;
}

/* Phases that jitter by sigma from read to read, to first order.  In a mesh that is a real matrix a phase phi
 * or of the screen, and half of what a theta does, turns light out of the real part that is read; the other
 * half of the n (n - 1)/2 thetas of each mesh, behind inputs that spread over it, gives every output sigma^2
 * (n - 1)/(4 n) |e|^2 (|M_i|^2 + |M|_F^2/n), the first mesh and the second. */
static void jitter_variances(const ajp_mzi_mesh *p, const ajp_product *product, const float *weights,
                             size_t row0, size_t col0, float *out)
{
    size_t n = ajp_mzi_ports(p), rows = ajp_min_size(n, product->rows - row0),
           cols = ajp_min_size(n, product->cols - col0);
    double ports = p->array_ports, share = (ports - 1.0) / (4.0 * ports), all = 0.0;
    double each = share * p->phase_noise_radians * p->phase_noise_radians;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++) {
            double w = (double)weights[(row0 + i) * product->cols + col0 + j];
            all += w * w;
        }
    for (size_t i = 0; i < rows; i++) {
        double own = 0.0;
        size_t at = (row0 + i) * product->cols + col0;
        for (size_t j = 0; j < cols; j++) own += (double)weights[at + j] * (double)weights[at + j];
        for (size_t j = 0; j < cols; j++) out[at + j] = (float)(each * (own + all / ports));
    }
}

static aj_status freeze_jitter(const ajp_mzi_mesh *p, const ajp_freeze_request *request, ajp_plane *plane,
                               aj_error *err)
{
    const ajp_product *product = &request->product;
    size_t n = ajp_mzi_ports(p);
    if (p->phase_noise_radians == 0.0) return AJ_OK;
    float *second = ajp_arena_array(request->arena, product->rows * product->cols, sizeof *second);
    if (second == NULL) return ajp_no_memory(err, "mesh");
    for (size_t row0 = 0; row0 < product->rows; row0 += n)
        for (size_t col0 = 0; col0 < product->cols; col0 += n)
            jitter_variances(p, product, request->weights, row0, col0, second);
    plane->noise = AJP_NOISE_NORMAL;
    plane->second_weights = second;
    plane->second_of = AJP_OF_SQUARES;
    plane->second_gain = 1.0;
    return AJ_OK;
}

/* Noise of photons and of detection, in units of each block's scale. */
static aj_status freeze_noise(const ajp_mzi_mesh *p, const ajp_freeze_request *request,
                              const ajp_mzi_program *program, ajp_plane *plane, aj_error *err)
{
    size_t rows = request->product.rows, padded = ajp_round_up(rows, 16);
    double detection = p->detection_noise_ratio * p->detection_noise_ratio * p->array_ports;
    plane->variance = detection;
    if (!isnan(p->photons_per_mac)) {
        ajp_mzi_light light = ajp_mzi_mesh_light(p);
        plane->variance += 1.0 / (4.0 * p->quantum_efficiency_ratio * light.signal);
        plane->relative_variance = 1.0 / (4.0 * p->quantum_efficiency_ratio * light.oscillator);
    }
    if (plane->variance == 0.0) return AJ_OK;
    float *row_variance = ajp_arena_array(request->arena, request->n_tiles * padded, sizeof *row_variance);
    if (row_variance == NULL) return ajp_no_memory(err, "mesh");
    for (size_t tile = 0; tile < request->n_tiles; tile++)
        for (size_t row = 0; row < rows; row++) {
            double scale = program->scales[row / program->n * program->n_col_blocks + tile];
            row_variance[tile * padded + row] = (float)(scale * scale);
        }
    plane->noise = AJP_NOISE_NORMAL;
    plane->row_variance = row_variance;
    return AJ_OK;
}

/* Without noise and converters a scale means nothing: inputs stay what they are, bit for bit. */
static aj_status freeze_encoding(const ajp_mzi_mesh *p, const ajp_freeze_request *request,
                                 const ajp_plane *plane, ajp_input_encoding *out, aj_error *err)
{
    ajp_converters_dac(&p->converters, true, &out->dac);
    AJ_TRY(ajp_converters_full_scale(&p->converters, request, &out->full_scale, err));
    bool ideal = converter_is_ideal(p->converters.adc_kind) && converter_is_ideal(p->converters.dac_kind);
    if (isnan(out->full_scale) && ideal && plane->noise == AJP_NOISE_NONE) out->full_scale = (double)INFINITY;
    return AJ_OK;
}

static aj_status freeze(const void *untyped, const ajp_freeze_request *request, ajp_frozen *out,
                        aj_error *err)
{
    const ajp_mzi_mesh *p = untyped;
    const ajp_mzi_program *program = request->cache;
    ajp_frozen frozen = {
        .law = AJP_LAW_PLANES, .n_reads = 1, .clip_electrons = (double)INFINITY, .n_planes = 1};
    ajp_plane *plane = ajp_arena_alloc(request->arena, sizeof *plane);
    if (plane == NULL) return ajp_no_memory(err, "mesh");
    if (program == NULL) {
        void *made = NULL;
        AJ_TRY(prepare(p, request, request->arena, &made, err));
        program = made;
    }
    *plane = (ajp_plane){.form = AJP_INPUT_WHOLE, .noise = AJP_NOISE_NONE, .gain = 1.0, .decode = 1.0};
    AJ_TRY(make_effective(p, request, program, &plane->weights, err));
    AJ_TRY(freeze_noise(p, request, program, plane, err));
    AJ_TRY(freeze_jitter(p, request, plane, err));
    ajp_draws built = ajp_mzi_converter_draws(request);
    AJ_TRY(ajp_converters_adc(&p->converters, request, 0, program->largest_scale * sqrt(p->array_ports), true,
                              &built, &plane->adc, err));
    AJ_TRY(freeze_encoding(p, request, plane, &frozen.encoding, err));
    frozen.planes = plane;
    frozen.nominal_photons = p->photons_per_mac * ajp_product_macs(&request->product);
    *out = frozen;
    return AJ_OK;
}

const ajp_hardware_ops ajp_hardware_mzi_mesh = {
    .name = "mzi_mesh",
    .summary =
        "light through meshes of Mach-Zehnder interferometers, read by interference with a local oscillator",
    .latency_of = "one batch through all products, one after the other: an input vector a clock into the "
                  "arrays that hold "
                  "its blocks, then the read-out; blocks beyond the arrays after setting them",
    .read_law = "one matrix a trial from every interferometer as built; one normal per output and array of "
                "the shot noise "
                "of light and local oscillator, from 100 photons an output up",
    .params_size = sizeof(ajp_mzi_mesh),
    .params = params,
    .n_params = sizeof params / sizeof params[0],
    .check = check,
    .supports = supports,
    .tile_cols = tile_cols,
    .needs_calibration = needs_calibration,
    .needs_readings = needs_readings,
    .freeze = freeze,
    .prepare = prepare,
    .same_preparation = same_preparation,
    .reference = ajp_mzi_mesh_reference,
    .account = ajp_mzi_mesh_account,
    .reserved_watts = ajp_mzi_mesh_watts,
    .area_square_meters = ajp_mzi_mesh_area,
    .peak_macs_per_second = ajp_mzi_mesh_peak,
    .knob = {"photons_per_mac", 1e-3, 1e6, AJP_KNOB_LOG, true},
};

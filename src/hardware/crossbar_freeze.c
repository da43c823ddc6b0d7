/* crossbar_freeze.c: a product on crossbars as planes: what is frozen for a trial, and the noise of one read.
 *
 * Of every pass of the inputs (whole, positive and negative, or a bit), slice of the weights and reading (the
 * current of a bit line, or of a pair subtracted) there is one plane.  Readings are in units of
 *
 *     z = current / (read_voltage_volts g_unit)
 *
 * with e = input / full scale as the voltage per read_voltage_volts.  g_unit is the conductance range for
 * rows with scales of their own; with one scale a layer it is the range times 2^k / scale, so that an ideal
 * pair has the network's weights times a power of two, exactly. */
#include <math.h>
#include <string.h>

#include "attojoule/physics.h"
#include "crossbar_family.h"

/* Of one slice and reading; all passes share it. */
typedef struct {
    float *weights, *second;             /* [rows][cols] */
    float *reference, *reference_second; /* [cols] */
    float *row_variance;                 /* [n_tiles][rows padded] */
    double *tile_conductance;            /* [n_tiles]: what row_variance is counted in, in g_unit */
} reading;

typedef struct {
    const ajp_crossbar *p;
    const ajp_freeze_request *request;
    ajp_crossbar_layout layout;
    ajp_crossbar_array array;
    double *room; /* for drift compensation */
    bool compensated, has_read_noise, has_shot_noise, has_thermal_noise;
    bool shot_apart;   /* its variance is taken from the moments: the second product holds the read noise */
    size_t n_readings; /* of a slice: 2 when a pair is subtracted digitally */
    reading *readings; /* [n_slices][n_readings] */
    double range_siemens, unit_siemens, shot, thermal; /* variance of z per S/g_unit and |e| = 1 */
    double *then, *now, *gain; /* [rows]: what drift compensation compares, and its factors */
    float *row_decode;
} freezer;

/* What `laws` needs; of plane i: [i]. */
typedef struct {
    const double *tile_conductance;
    bool shot_apart;
} frozen_plane;
typedef struct {
    double thermal, shot;
    frozen_plane *planes;
} frozen_state;

static bool is_differential(const ajp_crossbar *p)
{
    return ajp_crossbar_is(p->encoding, CROSSBAR_DIFFERENTIAL);
}

static bool subtracts_in_the_array(const ajp_crossbar *p)
{
    return is_differential(p) && ajp_crossbar_is(p->subtraction, CROSSBAR_ANALOG);
}

/* Nyquist: current noise 4 k T G over the bandwidth 1 / (2 t) of a read of t; Schottky: 2 q I over the same.
 */
static void find_noise(freezer *f)
{
    const ajp_crossbar *p = f->p;
    double hertz = aj_read_bandwidth_hertz(p->read_seconds);
    double amperes = p->read_voltage_volts * f->unit_siemens; /* of z = 1 */
    bool bits = ajp_crossbar_is(p->input_slicing, CROSSBAR_BIT_SERIAL);
    f->has_read_noise =
        ajp_crossbar_device_of(p).is_noisy && ajp_crossbar_is(p->read_noise_shared_by, CROSSBAR_PER_READ);
    f->has_thermal_noise = !ajp_crossbar_is(p->thermal_noise, CROSSBAR_NO);
    f->has_shot_noise = ajp_crossbar_is(p->shot_noise, CROSSBAR_YES);
    f->shot_apart = f->has_shot_noise && f->has_read_noise && !bits;
    if (f->has_thermal_noise)
        f->thermal =
            aj_johnson_amps_squared(f->unit_siemens, p->temperature_kelvin, hertz) / (amperes * amperes);
    if (ajp_crossbar_is(p->thermal_noise, CROSSBAR_CHARGE)) f->thermal *= 0.5; /* k T C, C = G t, over t^2 */
    if (f->has_shot_noise) f->shot = aj_shot_amps_squared(amperes, hertz) / (amperes * amperes);
}

static aj_status make_reading(const freezer *f, reading *out, aj_error *err)
{
    const ajp_freeze_request *request = f->request;
    ajp_arena *arena = request->arena;
    size_t rows = request->product.rows, cols = request->product.cols, padded = ajp_round_up(rows, 16), n;
    reading r = {0};
    if (!ajp_size_mul(rows, cols, &n)) return ajp_no_memory(err, "crossbar");
    bool second = f->has_read_noise || f->has_shot_noise;
    r.weights = ajp_arena_array(arena, n, sizeof(float));
    r.row_variance = ajp_arena_array(arena, request->n_tiles * padded, sizeof(float));
    r.tile_conductance = ajp_arena_array(arena, request->n_tiles, sizeof(double));
    bool good = r.weights != NULL && r.row_variance != NULL && r.tile_conductance != NULL;
    if (second) good = (r.second = ajp_arena_array(arena, n, sizeof(float))) != NULL && good;
    if (!is_differential(f->p))
        good = (r.reference = ajp_arena_array(arena, cols, sizeof(float))) != NULL && good;
    if (!is_differential(f->p) && second)
        good = (r.reference_second = ajp_arena_array(arena, cols, sizeof(float))) != NULL && good;
    if (!good) return ajp_no_memory(err, "crossbar");
    *out = r;
    return AJ_OK;
}

static aj_status begin(freezer *f, const ajp_crossbar *p, const ajp_freeze_request *request, aj_error *err)
{
    size_t rows = request->product.rows;
    *f = (freezer){.p = p, .request = request, .layout = ajp_crossbar_lay_out(p, &request->product)};
    AJ_TRY(ajp_crossbar_array_make(&f->array, p, request, request->arena, err));
    f->range_siemens = p->conductance_max_siemens - p->conductance_min_siemens;
    f->unit_siemens = ajp_crossbar_unit_siemens(p, f->array.scale[0]);
    find_noise(f);
    f->compensated = ajp_crossbar_compensates(p);
    f->n_readings = is_differential(p) && !subtracts_in_the_array(p) ? 2 : 1;
    f->readings = ajp_arena_array(request->arena, f->layout.n_slices * f->n_readings, sizeof *f->readings);
    f->then = ajp_arena_array(request->arena, rows, sizeof(double));
    f->now = ajp_arena_array(request->arena, rows, sizeof(double));
    f->gain = ajp_arena_array(request->arena, rows, sizeof(double));
    f->row_decode = ajp_arena_array(request->arena, ajp_round_up(rows, 16), sizeof(float));
    if (f->readings == NULL || f->then == NULL || f->now == NULL || f->gain == NULL || f->row_decode == NULL)
        return ajp_no_memory(err, "crossbar");
    for (size_t row = 0; row < rows; row++)
        f->row_decode[row] = (float)(f->array.scale[row] * f->unit_siemens / f->range_siemens);
    if (f->compensated) {
        size_t n = ajp_min_size(request->tile_cols, request->product.cols) *
                   (f->layout.outputs * f->layout.per_weight + f->layout.reference);
        f->room = ajp_arena_array(request->arena, n, sizeof(double));
        if (f->room == NULL) return ajp_no_memory(err, "crossbar");
    }
    for (size_t i = 0; i < f->layout.n_slices * f->n_readings; i++)
        AJ_TRY(make_reading(f, &f->readings[i], err));
    return AJ_OK;
}

/* ---- one array into the planes ---------------------------------------------------------------- */

/* Fresh noise of one device as the end of its bit line sees it: to first order the wires weigh a change of
 * the conductance with the squares of what they leave of it. */
static double device_variance(const freezer *f, size_t cell)
{
    const ajp_crossbar_array *a = &f->array;
    double g = a->conductance[cell], variance = 0.0;
    if (f->has_read_noise && g > 0.0) {
        double sigma = a->read_sigma[cell] * a->effective[cell] / g / f->unit_siemens;
        variance = sigma * sigma;
    }
    if (f->has_shot_noise && !f->shot_apart) variance += f->shot * a->effective[cell] / f->unit_siemens;
    return variance;
}

static void place_weight(const freezer *f, size_t input, size_t output, size_t slice)
{
    const ajp_crossbar_array *a = &f->array;
    size_t cols = f->request->product.cols, padded = ajp_round_up(f->request->product.rows, 16);
    size_t row = a->first_row + output, at = row * cols + a->first_col + input;
    size_t cell = input * a->n_lines + (output * f->layout.n_slices + slice) * f->layout.n_sides;
    bool pair = subtracts_in_the_array(f->p);
    for (size_t side = 0; side < f->n_readings; side++) {
        const reading *r = &f->readings[slice * f->n_readings + side];
        size_t own = cell + side;
        double siemens = a->conductance[own] + (pair ? a->conductance[own + 1] : 0.0);
        r->weights[at] =
            (float)((a->effective[own] - (pair ? a->effective[own + 1] : 0.0)) / f->unit_siemens);
        if (r->second != NULL)
            r->second[at] = (float)(device_variance(f, own) + (pair ? device_variance(f, own + 1) : 0.0));
        r->row_variance[a->tile * padded + row] += (float)(siemens / f->unit_siemens);
    }
}

/* The column that the rows are compared with: devices of weight 0 in the first array of a tile, or, for
 * `offset`, what the user knows a weight of 0 to be. */
static void place_reference(const freezer *f, size_t input, size_t slice)
{
    const ajp_crossbar_array *a = &f->array;
    const reading *r = &f->readings[slice];
    size_t at = a->first_col + input;
    if (f->layout.reference == 0) {
        double g[2];
        ajp_encoding encoding = ajp_crossbar_encoding(f->p, 1.0);
        ajp_encode_weight(&encoding, 0.0, (unsigned)slice, g);
        r->reference[at] = (float)(g[1] / f->unit_siemens);
        r->tile_conductance[a->tile] += (double)r->reference[at];
        return;
    }
    size_t cell = input * a->n_lines + a->n_lines - f->layout.reference + slice;
    r->reference[at] = (float)(a->effective[cell] / f->unit_siemens);
    if (r->reference_second != NULL) r->reference_second[at] = (float)device_variance(f, cell);
    r->tile_conductance[a->tile] += a->conductance[cell] / f->unit_siemens;
}

static aj_status add_array(freezer *f, size_t tile, size_t row_group, aj_error *err)
{
    ajp_crossbar_array *a = &f->array;
    ajp_crossbar_program(a, f->p, f->request, tile, row_group);
    AJ_TRY(ajp_crossbar_wire(a, f->p, a->conductance, a->effective, err));
    for (size_t input = 0; input < a->n_cols; input++)
        for (size_t slice = 0; slice < f->layout.n_slices; slice++) {
            for (size_t output = 0; output < a->n_rows; output++) place_weight(f, input, output, slice);
            if (row_group == 0 && !is_differential(f->p)) place_reference(f, input, slice);
        }
    if (!f->compensated) return AJ_OK;
    return ajp_crossbar_compare(a, f->p, f->room, f->then, f->now, err);
}

/* What a weight of 0 is known to give (offset) shrinks with the rest. */
static void compensate(const freezer *f)
{
    size_t rows = f->request->product.rows;
    double *gain = f->gain;
    ajp_crossbar_gains(f->p, f->then, f->now, rows, gain);
    bool known = ajp_crossbar_is(f->p->encoding, CROSSBAR_OFFSET);
    for (size_t slice = 0; slice < f->layout.n_slices && known; slice++)
        for (size_t col = 0; col < f->request->product.cols; col++)
            f->readings[slice].reference[col] /= (float)gain[0];
    for (size_t row = 0; row < rows; row++) f->row_decode[row] *= (float)gain[row];
}

/* The variance of a read depends on nothing but the conductances: then `laws` has nothing to say. */
static bool laws_are_fixed(const freezer *f)
{
    return !f->shot_apart && (!f->has_thermal_noise || is_differential(f->p));
}

/* Row variances are counted in a conductance of the tile, 1 for the reference column. */
static void count_variances(const freezer *f)
{
    if (laws_are_fixed(f)) return; /* in units */
    const ajp_freeze_request *request = f->request;
    size_t rows = request->product.rows, padded = ajp_round_up(rows, 16);
    for (size_t i = 0; i < f->layout.n_slices * f->n_readings; i++)
        for (size_t tile = 0; tile < request->n_tiles; tile++) {
            double *unit = &f->readings[i].tile_conductance[tile];
            float *own = f->readings[i].row_variance + tile * padded;
            for (size_t row = 0; row < rows && is_differential(f->p); row++)
                *unit += (double)own[row] / (double)rows;
            for (size_t row = 0; row < rows; row++)
                own[row] = *unit > 0.0 ? (float)((double)own[row] / *unit) : 0.0f;
        }
}

/* ---- planes ----------------------------------------------------------------------------------- */

static double largest_reading(const freezer *f)
{
    const ajp_crossbar *p = f->p;
    double n = (double)ajp_min_size(f->request->tile_cols, f->request->product.cols);
    double low = p->conductance_min_siemens, high = p->conductance_max_siemens;
    return n * (subtracts_in_the_array(p) ? high - low : high) / f->unit_siemens;
}

static bool signed_readings(const ajp_crossbar *p)
{
    bool signed_inputs = ajp_crossbar_is(p->input_sign, CROSSBAR_SIGNED) &&
                         !ajp_crossbar_is(p->input_slicing, CROSSBAR_TWO_PASS);
    return subtracts_in_the_array(p) || signed_inputs;
}

static void form_pass(const freezer *f, size_t pass, ajp_plane *plane)
{
    plane->form = AJP_INPUT_WHOLE;
    plane->decode = 1.0;
    if (ajp_crossbar_is(f->p->input_slicing, CROSSBAR_BIT_SERIAL)) {
        plane->form = AJP_INPUT_BIT;
        plane->bit = (unsigned)pass;
        plane->decode = exp2((double)pass) / (exp2((double)f->layout.n_passes) - 1.0);
    } else if (ajp_crossbar_is(f->p->input_slicing, CROSSBAR_TWO_PASS)) {
        plane->form = pass == 0 ? AJP_INPUT_POSITIVE : AJP_INPUT_NEGATIVE;
        plane->decode = pass == 0 ? 1.0 : -1.0;
    }
}

static aj_status make_plane(const freezer *f, size_t number, ajp_plane *out, frozen_plane *state,
                            aj_error *err)
{
    size_t per_pass = f->layout.n_slices * f->n_readings, of = number % per_pass;
    const reading *r = &f->readings[of];
    ajp_plane plane = {.weights = r->weights, .gain = 1.0, .second_gain = 1.0};
    form_pass(f, number / per_pass, &plane);
    ajp_encoding encoding = ajp_crossbar_encoding(f->p, 1.0); /* row_decode has the weights' scale */
    plane.decode *= f->range_siemens * ajp_decode_factor(&encoding, (unsigned)(of / f->n_readings));
    if (f->n_readings == 2 && of % 2 == 1) plane.decode = -plane.decode;
    plane.row_decode = f->row_decode;
    plane.reference_weights = r->reference;
    plane.reference_is_exact = r->reference != NULL && f->layout.reference == 0;
    bool noisy = f->has_thermal_noise || f->has_read_noise || f->has_shot_noise;
    if (noisy) {
        plane.noise = AJP_NOISE_NORMAL;
        plane.row_variance = r->row_variance;
        plane.second_weights = r->second;
        plane.reference_second_weights = r->reference_second;
        plane.second_of =
            f->has_read_noise || plane.form == AJP_INPUT_BIT ? AJP_OF_SQUARES : AJP_OF_MAGNITUDES;
    }
    plane.laws_are_fixed = laws_are_fixed(f);
    plane.variance = f->thermal;
    *state = (frozen_plane){.tile_conductance = r->tile_conductance, .shot_apart = f->shot_apart};
    ajp_draws draws;
    ajp_crossbar_converter_draws(&draws, f->request, of);
    AJ_TRY(ajp_converters_adc(&f->p->converters, f->request, number, largest_reading(f),
                              signed_readings(f->p), &draws, &plane.adc, err));
    *out = plane;
    return AJ_OK;
}

/* Nothing depends on how inputs are scaled: then they are not, and the product is exact. */
static bool scale_is_free(const freezer *f)
{
    const ajp_crossbar *p = f->p;
    return p->converters.dac_kind == (double)AJP_ADC_WORD_IDEAL &&
           p->converters.adc_kind == (double)AJP_ADC_WORD_IDEAL && !f->has_thermal_noise &&
           !f->has_read_noise && !f->has_shot_noise && p->iv_quadratic_ratio == 0.0 &&
           p->iv_cubic_ratio == 0.0;
}

static aj_status encode(const freezer *f, ajp_input_encoding *out, aj_error *err)
{
    const ajp_crossbar *p = f->p;
    *out = (ajp_input_encoding){.unsigned_only = ajp_crossbar_is(p->input_sign, CROSSBAR_UNSIGNED),
                                .quadratic = p->iv_quadratic_ratio,
                                .cubic = p->iv_cubic_ratio};
    ajp_converters_dac(&p->converters, !out->unsigned_only, &out->dac);
    AJ_TRY(ajp_converters_full_scale(&p->converters, f->request, &out->full_scale, err));
    if (scale_is_free(f)) out->full_scale = INFINITY;
    return AJ_OK;
}

aj_status ajp_crossbar_freeze(const void *params, const ajp_freeze_request *request, ajp_frozen *out,
                              aj_error *err)
{
    freezer f;
    AJ_TRY(begin(&f, params, request, err));
    size_t n_groups = (request->product.rows + f.layout.outputs - 1) / f.layout.outputs;
    for (size_t tile = 0; tile < request->n_tiles; tile++)
        for (size_t group = 0; group < n_groups; group++) AJ_TRY(add_array(&f, tile, group, err));
    if (f.compensated) compensate(&f);
    count_variances(&f);
    size_t n = f.layout.n_passes * f.layout.n_slices * f.n_readings;
    ajp_plane *planes = ajp_arena_array(request->arena, n, sizeof *planes);
    frozen_state *state = ajp_arena_alloc(request->arena, sizeof *state);
    frozen_plane *of = ajp_arena_array(request->arena, n, sizeof *of);
    if (planes == NULL || state == NULL || of == NULL) return ajp_no_memory(err, "crossbar");
    *state = (frozen_state){.thermal = f.thermal, .shot = f.shot, .planes = of};
    for (size_t i = 0; i < n; i++) AJ_TRY(make_plane(&f, i, &planes[i], &of[i], err));
    ajp_frozen frozen = {.law = AJP_LAW_PLANES,
                         .planes = planes,
                         .n_planes = n,
                         .state = state,
                         .clip_electrons = INFINITY,
                         .n_reads = 1,
                         .nominal_photons = AJP_NOT_DESCRIBED};
    AJ_TRY(encode(&f, &frozen.encoding, err));
    *out = frozen;
    return AJ_OK;
}

/* Johnson noise of a tile's conductance; and shot noise where the second product is taken: then of the mean
 * conductance of a row, which the number of devices makes exact but for its spread along the row. */
void ajp_crossbar_laws(const void *params, const ajp_freeze_request *request, const ajp_frozen *frozen,
                       size_t plane, size_t n_vectors, const ajp_vector_moments *moments,
                       const double *full_scale, const ajp_plane_laws *out)
{
    (void)params;
    (void)full_scale;
    const frozen_state *state = frozen->state;
    const frozen_plane *of = &state->planes[plane];
    for (size_t tile = 0; tile < request->n_tiles; tile++) {
        size_t first = tile * request->tile_cols;
        double n_cols = (double)ajp_min_size(request->tile_cols, request->product.cols - first);
        double shot = of->shot_apart ? state->shot / n_cols : 0.0;
        for (size_t i = 0; i < n_vectors; i++) {
            size_t at = tile * n_vectors + i;
            out->variance[at] =
                (float)(of->tile_conductance[tile] * (state->thermal + shot * moments[at].sum_magnitudes));
        }
    }
}

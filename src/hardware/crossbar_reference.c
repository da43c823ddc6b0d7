/* crossbar_reference.c: the slow, obvious read: a normal for every device and read, wires solved again with
 * the conductances that this read happened to have, electrons counted, every bit line converted.  From freeze
 * only the devices are the same, found again from their places. */
#include <math.h>

#include "../physics/constants.h"
#include "crossbar_family.h"

typedef struct {
    const ajp_crossbar *p;
    const ajp_freeze_request *request;
    ajp_draws *draws;
    ajp_crossbar_array array;
    double *noisy; /* the conductances of one read */
    double *volts; /* of every word line, per read_voltage_volts */
    double *gain;  /* of every output: drift compensation */
    double scale;  /* of inputs */
    ajp_input_encoding inputs;
} reader;

static bool is_pair(const reader *r)
{
    return r->array.layout.n_sides == 2;
}

/* What the drivers put on the word lines in one pass. */
static void drive(const reader *r, const float *x, size_t pass)
{
    const ajp_crossbar *p = r->p;
    for (size_t i = 0; i < r->array.n_cols; i++) {
        double e = (double)x[r->array.first_col + i] / r->scale;
        e = fmin(fmax(e, r->inputs.unsigned_only ? 0.0 : -1.0), 1.0); /* drivers give no more */
        e = ajp_converter_apply(&r->inputs.dac, e);
        e += p->iv_quadratic_ratio * e * e + p->iv_cubic_ratio * e * e * e;
        if (ajp_crossbar_is(p->input_slicing, CROSSBAR_TWO_PASS))
            e = pass == 0 ? fmax(e, 0.0) : fmax(-e, 0.0);
        if (ajp_crossbar_is(p->input_slicing, CROSSBAR_BIT_SERIAL)) {
            double code = nearbyint(fabs(e) * (exp2(p->converters.dac_bits - 1.0) - 1.0));
            e = copysign(fmod(floor(code / exp2((double)pass)), 2.0), e);
        }
        r->volts[i] = e;
    }
}

/* Every device as it is during this read. */
static aj_status fluctuate(const reader *r, aj_error *err)
{
    const ajp_crossbar_array *a = &r->array;
    for (size_t i = 0; i < a->n_cols * a->n_lines; i++) {
        r->noisy[i] = a->conductance[i];
        if (a->read_sigma[i] > 0.0) r->noisy[i] += a->read_sigma[i] * ajp_draw_normal(r->draws);
    }
    /* a network of wires takes no conductance below 0; one that fluctuates there is open */
    for (size_t i = 0; i < a->n_cols * a->n_lines && !ajp_crossbar_is(r->p->ir_drop, CROSSBAR_NO_DROP); i++)
        r->noisy[i] = fmax(r->noisy[i], 0.0);
    return ajp_crossbar_wire(a, r->p, r->noisy, a->effective, err);
}

/* Current of one bit line in amperes, with the noise of its charge carriers. */
static double line_current(const reader *r, size_t line)
{
    const ajp_crossbar *p = r->p;
    const ajp_crossbar_array *a = &r->array;
    double current = 0.0, siemens = 0.0;
    for (size_t i = 0; i < a->n_cols; i++) {
        double own = a->effective[i * a->n_lines + line] * r->volts[i] * p->read_voltage_volts;
        if (ajp_crossbar_is(p->shot_noise, CROSSBAR_YES)) {
            double electrons = fabs(own) * p->read_seconds / ajp_electron_coulombs;
            double counted = ajp_draw_poisson(r->draws, electrons);
            own = copysign(counted * ajp_electron_coulombs / p->read_seconds, own);
        }
        current += own;
        siemens += a->conductance[i * a->n_lines + line];
    }
    if (ajp_crossbar_is(p->thermal_noise, CROSSBAR_CHARGE)) {
        double farads = siemens * p->read_seconds;
        double coulombs = sqrt(ajp_boltzmann_joules_per_kelvin * p->temperature_kelvin * farads);
        current += coulombs / p->read_seconds * ajp_draw_normal(r->draws);
    }
    if (ajp_crossbar_is(p->thermal_noise, CROSSBAR_YES))
        current += sqrt(4.0 * ajp_boltzmann_joules_per_kelvin * p->temperature_kelvin * siemens /
                        (2.0 * p->read_seconds)) *
                   ajp_draw_normal(r->draws);
    return current;
}

/* The largest current that there can be, for converters whose range follows from it. */
static double largest_siemens(const reader *r, bool subtracted)
{
    const ajp_crossbar *p = r->p;
    size_t n = ajp_min_size(r->request->tile_cols, r->request->product.cols);
    return (double)n * (p->conductance_max_siemens - (subtracted ? p->conductance_min_siemens : 0.0));
}

/* amperes -> the converted reading in siemens (current per read_voltage_volts) of plane `plane`. */
static aj_status convert(const reader *r, size_t plane, size_t reading, double amperes, double *out,
                         aj_error *err)
{
    const ajp_crossbar *p = r->p;
    bool subtracted = is_pair(r) && ajp_crossbar_is(p->subtraction, CROSSBAR_ANALOG);
    bool is_signed = subtracted || (ajp_crossbar_is(p->input_sign, CROSSBAR_SIGNED) &&
                                    !ajp_crossbar_is(p->input_slicing, CROSSBAR_TWO_PASS));
    double unit = ajp_crossbar_unit_siemens(p, r->array.scale[0]);
    ajp_converter adc;
    ajp_draws mismatch;
    ajp_crossbar_converter_draws(&mismatch, r->request, reading);
    AJ_TRY(ajp_converters_adc(&p->converters, r->request, plane, largest_siemens(r, subtracted) / unit,
                              is_signed, &mismatch, &adc, err));
    *out = unit * ajp_converter_apply(&adc, amperes / p->read_voltage_volts / unit);
    return AJ_OK;
}

static double pass_value(const reader *r, size_t pass)
{
    if (ajp_crossbar_is(r->p->input_slicing, CROSSBAR_BIT_SERIAL))
        return exp2((double)pass) / (exp2(r->p->converters.dac_bits - 1.0) - 1.0);
    return pass == 0 ? 1.0 : -1.0;
}

/* Adds what one pass and slice of one array says about every output. */
static aj_status read_slice(const reader *r, size_t pass, size_t slice, double *y, aj_error *err)
{
    const ajp_crossbar *p = r->p;
    const ajp_crossbar_array *a = &r->array;
    const ajp_crossbar_layout *layout = &a->layout;
    ajp_encoding encoding = ajp_crossbar_encoding(p, 1.0);
    double reference = 0.0, zero[2];
    ajp_encode_weight(&encoding, 0.0, (unsigned)slice, zero);
    bool subtracted = is_pair(r) && ajp_crossbar_is(p->subtraction, CROSSBAR_ANALOG);
    size_t n_readings = is_pair(r) && !subtracted ? 2 : 1;
    size_t first = (pass * layout->n_slices + slice) * n_readings, of = slice * n_readings;
    if (layout->reference > 0)
        AJ_TRY(
            convert(r, first, of, line_current(r, a->n_lines - layout->reference + slice), &reference, err));
    for (size_t output = 0; output < a->n_rows; output++) {
        size_t row = a->first_row + output, line = (output * layout->n_slices + slice) * layout->n_sides;
        double plus = line_current(r, line), minus = is_pair(r) ? line_current(r, line + 1) : 0.0, siemens,
               other;
        if (!is_pair(r) && layout->reference == 0) { /* what a weight of 0 is known to give */
            reference = 0.0;
            for (size_t i = 0; i < a->n_cols; i++) reference += zero[1] / r->gain[row] * r->volts[i];
        }
        AJ_TRY(convert(r, first, of, subtracted ? plus - minus : plus, &siemens, err));
        if (n_readings == 2) {
            AJ_TRY(convert(r, first + 1, of + 1, minus, &other, err));
            siemens -= other;
        }
        encoding.weight_max = a->scale[row];
        y[row] += pass_value(r, pass) * r->gain[row] * r->scale *
                  ajp_decode_factor(&encoding, (unsigned)slice) * (siemens - reference);
    }
    return AJ_OK;
}

static aj_status read_array(reader *r, const float *x, size_t tile, size_t group, double *y, aj_error *err)
{
    ajp_crossbar_program(&r->array, r->p, r->request, tile, group);
    for (size_t pass = 0; pass < r->array.layout.n_passes; pass++) {
        drive(r, x, pass);
        AJ_TRY(fluctuate(r, err));
        for (size_t slice = 0; slice < r->array.layout.n_slices; slice++)
            AJ_TRY(read_slice(r, pass, slice, y, err));
    }
    return AJ_OK;
}

static size_t count_groups(const reader *r)
{
    return (r->request->product.rows + r->array.layout.outputs - 1) / r->array.layout.outputs;
}

/* Drift compensation, of reference reads of all arrays. */
static aj_status find_gains(reader *r, size_t rows, ajp_arena *arena, aj_error *err)
{
    double *then = ajp_arena_array(arena, rows, sizeof(double)),
           *now = ajp_arena_array(arena, rows, sizeof(double));
    if (then == NULL || now == NULL) return ajp_no_memory(err, "crossbar");
    for (size_t row = 0; row < rows; row++) r->gain[row] = 1.0;
    if (!ajp_crossbar_compensates(r->p)) return AJ_OK;
    for (size_t tile = 0; tile < r->request->n_tiles; tile++)
        for (size_t group = 0; group < count_groups(r); group++) {
            ajp_crossbar_program(&r->array, r->p, r->request, tile, group);
            AJ_TRY(ajp_crossbar_wire(&r->array, r->p, r->array.conductance, r->array.effective, err));
            AJ_TRY(ajp_crossbar_compare(&r->array, r->p, r->noisy, then, now, err));
        }
    ajp_crossbar_gains(r->p, then, now, rows, r->gain);
    return AJ_OK;
}

static aj_status begin(reader *r, const float *x, ajp_arena *arena, aj_error *err)
{
    const ajp_freeze_request *request = r->request;
    size_t rows = request->product.rows, cols = request->product.cols;
    AJ_TRY(ajp_crossbar_array_make(&r->array, r->p, request, arena, err));
    const ajp_crossbar_layout *layout = &r->array.layout;
    r->noisy = ajp_arena_array(
        arena, request->tile_cols * (layout->outputs * layout->per_weight + layout->reference),
        sizeof(double));
    r->volts = ajp_arena_array(arena, cols, sizeof(double));
    r->gain = ajp_arena_array(arena, rows, sizeof(double));
    if (r->noisy == NULL || r->volts == NULL || r->gain == NULL) return ajp_no_memory(err, "crossbar");
    AJ_TRY(find_gains(r, rows, arena, err));
    r->inputs.unsigned_only = ajp_crossbar_is(r->p->input_sign, CROSSBAR_UNSIGNED);
    ajp_converters_dac(&r->p->converters, !r->inputs.unsigned_only, &r->inputs.dac);
    AJ_TRY(ajp_converters_full_scale(&r->p->converters, request, &r->scale, err));
    if (isnan(r->scale)) {
        r->scale = 0.0;
        for (size_t i = 0; i < cols; i++) r->scale = fmax(r->scale, fabs((double)x[i]));
    }
    return AJ_OK;
}

aj_status ajp_crossbar_reference(const void *params, const ajp_freeze_request *request, const float *x,
                                 ajp_draws *draws, double *y, aj_error *err)
{
    reader r = {.p = params, .request = request, .draws = draws};
    ajp_arena arena;
    ajp_arena_init(&arena, request->arena->context);
    aj_status st = begin(&r, x, &arena, err);
    for (size_t row = 0; row < request->product.rows && st == AJ_OK; row++) y[row] = 0.0;
    size_t n_groups = st == AJ_OK ? count_groups(&r) : 0;
    for (size_t tile = 0; tile < request->n_tiles && st == AJ_OK && r.scale > 0.0; tile++)
        for (size_t group = 0; group < n_groups && st == AJ_OK; group++)
            st = read_array(&r, x, tile, group, y, err);
    ajp_arena_free(&arena);
    return st;
}

/* read_planes.c: reads of an analog array, plane by plane (hardware/planes.h says what a plane is).
 *
 * Of a plane: the inputs are encoded, the family turns their moments into laws (or its defaults hold), and
 * for every tile of columns one GEMM runs whose store adds noise, converts and decodes; where devices
 * fluctuate at every read a second GEMM before it gives the variances. */
#include "read.h"

#include <math.h>
#include <string.h>

enum { DRAW_REFERENCE = 6, DRAW_SYMBOL = 7, MOST_WATCHED = 1024 };

/* ---- inputs -------------------------------------------------------------------------------------- */

/* 1 / full scale of every row; a row without a full scale reads 0. */
static void scale_rows(const ajp_read_call *call)
{
    ajp_reader *reader = call->reader;
    double fixed = call->frozen->frozen.encoding.full_scale;
    for (size_t row = 0; row < call->n_rows; row++) {
        double scale = fixed;
        if (isnan(scale)) {
            float found[3];
            call->kernels->magnitudes(call->x + row * call->x_row, call->step->cols, found);
            scale = (double)found[2];
        }
        reader->full_scale[row] = isinf(scale) ? 1.0 : scale;
        reader->inverse_scale[row] = scale > 0.0 ? (float)(1.0 / reader->full_scale[row]) : 0.0f;
    }
}

/* The place of what is drawn once a symbol: in the first tile of the plane, by column. */
static aj_status symbol_place(const ajp_read_call *call, size_t plane, ajp_stream *stream, aj_error *err)
{
    const ajp_trial *trial = call->reader->trial;
    size_t tile = call->frozen->request.first_tile * call->frozen->frozen.n_planes + plane;
    return ajp_stream_make(stream, trial->seed, AJP_PURPOSE_READ, call->product, tile, trial->trial, err);
}

/* e (1 + relative z) + additive z': what one symbol carries to all rows. */
static void disturb_row(const ajp_read_call *call, const ajp_stream *stream, size_t row, float *e)
{
    const ajp_reader *reader = call->reader;
    const ajp_input_encoding *encoding = &call->frozen->frozen.encoding;
    size_t cols = call->step->cols, stride = ajp_round_up(cols, 64);
    uint64_t sample = reader->first_sample + reader->row_sample[row];
    size_t element = reader->row_rep[row] * stride;
    float *z = reader->normals;
    if (encoding->symbol_relative > 0.0) {
        call->kernels->normals(stream, sample, DRAW_SYMBOL, element, cols, z);
        for (size_t i = 0; i < cols; i++) e[i] = fmaf(e[i], (float)encoding->symbol_relative * z[i], e[i]);
    }
    if (encoding->symbol_additive > 0.0) {
        call->kernels->normals(stream, sample, DRAW_SYMBOL + 8, element, cols, z);
        for (size_t i = 0; i < cols; i++) e[i] = fmaf((float)encoding->symbol_additive, z[i], e[i]);
    }
}

static aj_status encode_rows(const ajp_read_call *call, size_t plane, aj_error *err)
{
    ajp_reader *reader = call->reader;
    const ajp_input_encoding *encoding = &call->frozen->frozen.encoding;
    size_t cols = call->step->cols;
    bool disturbed = encoding->symbol_relative > 0.0 || encoding->symbol_additive > 0.0;
    ajp_stream stream;
    if (disturbed) AJ_TRY(symbol_place(call, plane, &stream, err));
    for (size_t row = 0; row < call->n_rows; row++) {
        float *e = reader->encoded + row * cols;
        call->kernels->encode(&call->frozen->planes[plane].encode, call->x + row * call->x_row, cols,
                              reader->inverse_scale[row], e);
        if (disturbed) disturb_row(call, &stream, row, e);
    }
    return AJ_OK;
}

/* Sums over rows of |e| and e^2 of every column, in units of 2^-32 so that no order matters. */
static void watch_columns(const ajp_read_call *call)
{
    ajp_reader *reader = call->reader;
    ajp_column_sums *sums = &reader->column_sums[call->product];
    size_t cols = call->step->cols, first = call->group * cols;
    ajp_encode whole = call->frozen->planes[0].encode;
    whole.form = AJP_FORM_WHOLE;
    for (size_t row = 0; row < call->n_rows; row++) {
        if (reader->first_sample + reader->row_sample[row] >= MOST_WATCHED) continue;
        call->kernels->encode(&whole, call->x + row * call->x_row, cols, reader->inverse_scale[row],
                              reader->encoded);
        for (size_t i = 0; i < cols; i++) {
            float e = fabsf(reader->encoded[i]);
            if (!(e <= 16.0f)) continue; /* without a scale: NaN, or not of this encoding */
            sums->magnitudes[first + i] += (uint64_t)(e * 0x1p32f);
            sums->squares[first + i] += (uint64_t)(e * e * 0x1p32f);
        }
        sums->n_vectors[call->group]++;
    }
}

/* ---- laws ---------------------------------------------------------------------------------------- */

/* Sum of weights_i |e_i|, in 16 lanes so that no compiler chooses the order. */
static double weigh(const float *weights, const float *e, size_t n)
{
    float lanes[16] = {0.0f};
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (size_t k = 0; k < 16; k++) lanes[k] += weights[i + k] * fabsf(e[i + k]);
    for (size_t k = 0; i < n; i++, k++) lanes[k] += weights[i] * fabsf(e[i]);
    double sum = 0.0;
    for (size_t k = 0; k < 16; k++) sum += (double)lanes[k];
    return sum;
}

/* Moments of the encoded inputs, [n_tiles][n_rows]. */
static void find_moments(const ajp_read_call *call, const ajp_plane *plane)
{
    ajp_reader *reader = call->reader;
    const ajp_freeze_request *request = &call->frozen->request;
    size_t cols = call->step->cols;
    for (size_t tile = 0; tile < request->n_tiles; tile++) {
        size_t first = tile * request->tile_cols, n = ajp_min_size(request->tile_cols, cols - first);
        for (size_t row = 0; row < call->n_rows; row++) {
            float found[3];
            call->kernels->magnitudes(reader->encoded + row * cols + first, n, found);
            ajp_vector_moments *moments = &reader->vector_moments[tile * call->n_rows + row];
            *moments = (ajp_vector_moments){(double)found[0], (double)found[1], (double)found[2], 0.0};
            if (plane->moment_weights != NULL)
                moments->sum_weighted =
                    weigh(plane->moment_weights + first, reader->encoded + row * cols + first, n);
        }
    }
}

static void default_laws(const ajp_read_call *call, const ajp_plane *plane)
{
    ajp_reader *reader = call->reader;
    size_t n = call->frozen->request.n_tiles * call->n_rows;
    bool varies = plane->variance_per_magnitude != 0.0 || plane->variance_per_square != 0.0;
    if (varies) find_moments(call, plane);
    for (size_t i = 0; i < n; i++) {
        double variance = plane->variance;
        if (varies)
            variance += plane->variance_per_magnitude * reader->vector_moments[i].sum_magnitudes +
                        plane->variance_per_square * reader->vector_moments[i].sum_squares;
        reader->plane_gain[i] = (float)plane->gain;
        reader->plane_variance[i] = (float)variance;
        reader->plane_second_gain[i] = (float)plane->second_gain;
        reader->plane_total[i] = 0.0f;
        reader->plane_decode[i] = (float)plane->decode;
    }
}

static void fill_laws(const ajp_read_call *call, size_t number)
{
    ajp_reader *reader = call->reader;
    const ajp_mapping *mapping = reader->trial->mapping;
    const ajp_plane *plane = &call->frozen->frozen.planes[number];
    default_laws(call, plane);
    if (mapping->ops->laws != NULL && !plane->laws_are_fixed) {
        find_moments(call, plane);
        ajp_plane_laws laws = {reader->plane_gain, reader->plane_variance, reader->plane_second_gain,
                               reader->plane_total, reader->plane_decode};
        mapping->ops->laws(mapping->params, &call->frozen->request, &call->frozen->frozen, number,
                           call->n_rows, reader->vector_moments, reader->full_scale, &laws);
    }
    /* what leaves the plane is in the network's units */
    for (size_t tile = 0; tile < call->frozen->request.n_tiles; tile++)
        for (size_t row = 0; row < call->n_rows; row++) {
            float *decode = &reader->plane_decode[tile * call->n_rows + row];
            *decode = (float)((double)*decode * reader->full_scale[row]);
        }
}

/* ---- one tile ------------------------------------------------------------------------------------ */

typedef struct {
    const ajp_read_call *call;
    size_t plane, tile, first, n_cols; /* columns of the tile */
    float *y;
    size_t y_row;
    bool accumulate, finish;
    bool bare; /* neither decoded nor offset: what a converter sees */
} tile_read;

static aj_status place_of(const tile_read *t, ajp_read_place *out, aj_error *err)
{
    const ajp_read_call *call = t->call;
    const ajp_reader *reader = call->reader;
    const ajp_trial *trial = reader->trial;
    *out = (ajp_read_place){.sample0 = reader->first_sample,
                            .n_reps = call->step->reps,
                            .row_sample = reader->row_sample,
                            .row_rep = reader->row_rep,
                            .rep_stride = ajp_round_up(call->step->rows, 64)};
    size_t tile = (call->frozen->request.first_tile + t->tile) * call->frozen->frozen.n_planes + t->plane;
    return ajp_stream_make(&out->stream, trial->seed, AJP_PURPOSE_READ, call->product, tile, trial->trial,
                           err);
}

static const float *of_tile(const float *values, const tile_read *t)
{
    size_t padded = ajp_round_up(t->call->step->rows, AJP_LANES);
    return values != NULL ? values + t->tile * padded : NULL;
}

/* S of every row and output into squares_out, laid out as y. */
static void read_second(const tile_read *t, const float *packed, float *out, size_t out_row)
{
    const ajp_read_call *call = t->call;
    ajp_read_gemm(call, call->reader->squares_in, call->step->cols, packed, out, out_row, t->first, t->n_cols,
                  NULL, NULL, false);
}

static ajp_analog_read analog_law(const tile_read *t, const ajp_read_place *place)
{
    const ajp_reader *reader = t->call->reader;
    const ajp_plane *plane = &t->call->frozen->frozen.planes[t->plane];
    size_t at = t->tile * t->call->n_rows;
    return (ajp_analog_read){.place = *place,
                             .noisy = plane->noise == AJP_NOISE_NORMAL,
                             .sample_gain = reader->plane_gain + at,
                             .sample_variance = reader->plane_variance + at,
                             .second_gain = reader->plane_second_gain + at,
                             .sample_decode = t->bare ? reader->ones : reader->plane_decode + at,
                             .row_variance = of_tile(plane->row_variance, t),
                             .row_decode = t->bare ? NULL : plane->row_decode,
                             .row_offset = t->bare ? NULL : of_tile(plane->row_offset, t),
                             .relative_variance = (float)plane->relative_variance,
                             .adc = t->call->frozen->planes[t->plane].adc,
                             .n_clipped = reader->row_clipped,
                             .accumulate = t->accumulate};
}

/* One column beside the rows, read with the same law; its result is what every row is compared with. */
static void read_reference_column(const tile_read *t, const ajp_analog_read *rows)
{
    const ajp_read_call *call = t->call;
    ajp_reader *reader = call->reader;
    const ajp_packed_plane *packed = &call->frozen->planes[t->plane];
    ajp_analog_read law = *rows;
    ajp_product_step one = *call->step;
    ajp_read_call column = *call;
    one.rows = 1;
    column.step = &one;
    law.place.rep_stride = 64;
    law.place.draw_base = DRAW_REFERENCE;
    law.sample_decode = reader->ones;
    law.row_variance = law.row_decode = law.row_offset = NULL;
    law.n_clipped = NULL;
    law.accumulate = false;
    law.second = NULL;
    if (call->frozen->frozen.planes[t->plane].reference_is_exact) {
        law.noisy = false;
        law.adc.kind = AJP_ADC_IDEAL;
    }
    if (packed->reference_second != NULL) {
        ajp_read_gemm(&column, reader->squares_in, call->step->cols, packed->reference_second,
                      reader->reference_second, 1, t->first, t->n_cols, NULL, NULL, false);
        law.second = reader->reference_second;
    }
    ajp_read_gemm(&column, reader->encoded, call->step->cols, packed->reference, reader->reference_column, 1,
                  t->first, t->n_cols, call->kernels->analog_read, &law, false);
}

static aj_status read_analog(const tile_read *t, aj_error *err)
{
    const ajp_read_call *call = t->call;
    ajp_reader *reader = call->reader;
    const ajp_packed_plane *packed = &call->frozen->planes[t->plane];
    ajp_read_place place;
    AJ_TRY(place_of(t, &place, err));
    ajp_analog_read law = analog_law(t, &place);
    if (packed->reference != NULL && !t->bare) {
        read_reference_column(t, &law);
        law.sample_reference = reader->reference_column;
    }
    if (packed->second != NULL) {
        read_second(t, packed->second, reader->squares_out, t->y_row);
        law.second = reader->squares_out;
    }
    ajp_read_gemm(call, reader->encoded, call->step->cols, packed->packed, t->y, t->y_row, t->first,
                  t->n_cols, call->kernels->analog_read, &law, t->finish);
    return AJ_OK;
}

static aj_status read_events(const tile_read *t, aj_error *err)
{
    const ajp_read_call *call = t->call;
    ajp_reader *reader = call->reader;
    const ajp_plane *plane = &call->frozen->frozen.planes[t->plane];
    const ajp_packed_plane *packed = &call->frozen->planes[t->plane];
    size_t at = t->tile * call->n_rows;
    ajp_read_place place;
    AJ_TRY(place_of(t, &place, err));
    ajp_count_read law = {
        .stream = place.stream,
        .sample0 = place.sample0,
        .n_reps = place.n_reps,
        .row_sample = place.row_sample,
        .row_rep = place.row_rep,
        .rep_stride = place.rep_stride,
        .sample_gain = reader->plane_gain + at,
        .sample_total = reader->plane_total + at,
        .sample_decode = t->bare ? reader->ones : reader->plane_decode + at,
        .row_gain = plane->row_gain != NULL ? plane->row_gain : reader->ones,
        .row_total = plane->row_total != NULL ? of_tile(plane->row_total, t) : reader->zeros,
        .row_decode = plane->row_decode != NULL && !t->bare ? plane->row_decode : reader->ones,
        .extra_variance = (float)plane->extra_variance,
        .clip = INFINITY,
        .n_clipped = reader->row_clipped,
        .accumulate = t->accumulate,
        .one_rail = plane->total == AJP_TOTAL_READING,
        .row_offset = t->bare ? NULL : of_tile(plane->row_offset, t)};
    if (packed->adc.kind != AJP_ADC_IDEAL) law.adc = &packed->adc;
    if (plane->total == AJP_TOTAL_SECOND) {
        read_second(t, packed->second, reader->squares_out, t->y_row);
        law.totals = reader->squares_out;
        law.total_gain = reader->plane_second_gain + at;
    }
    ajp_read_gemm(call, reader->encoded, call->step->cols, packed->packed, t->y, t->y_row, t->first,
                  t->n_cols, call->kernels->count_read, &law, t->finish);
    return AJ_OK;
}

static aj_status read_clicks(const tile_read *t, aj_error *err)
{
    const ajp_read_call *call = t->call;
    const ajp_reader *reader = call->reader;
    const ajp_plane *plane = &call->frozen->frozen.planes[t->plane];
    size_t at = t->tile * call->n_rows;
    ajp_click_read law = {.sample_gain = reader->plane_gain + at,
                          .sample_decode = t->bare ? reader->ones : reader->plane_decode + at,
                          .coherent = plane->clicks == AJP_CLICKS_COHERENT,
                          .is_signed = plane->click_sign,
                          .n_shots = plane->n_shots,
                          .dark = (float)plane->click_dark,
                          .accumulate = t->accumulate};
    AJ_TRY(place_of(t, &law.place, err));
    ajp_read_gemm(call, reader->encoded, call->step->cols, call->frozen->planes[t->plane].packed, t->y,
                  t->y_row, t->first, t->n_cols, call->kernels->click_read, &law, t->finish);
    return AJ_OK;
}

static aj_status read_tile(const tile_read *t, aj_error *err)
{
    switch (t->call->frozen->frozen.planes[t->plane].noise) {
    case AJP_NOISE_COUNTS:
        return read_events(t, err);
    case AJP_NOISE_CLICKS:
        return read_clicks(t, err);
    case AJP_NOISE_NONE:
    case AJP_NOISE_NORMAL:
        break;
    }
    return read_analog(t, err);
}

/* phi of the encoded inputs, for S. */
static void prepare_second(const ajp_read_call *call, const ajp_plane *plane)
{
    ajp_reader *reader = call->reader;
    size_t n = call->n_rows * call->step->cols;
    if (plane->second_of == AJP_OF_SQUARES) {
        call->kernels->binary('*', reader->encoded, reader->encoded, reader->squares_in, n);
        return;
    }
    for (size_t i = 0; i < n; i++) reader->squares_in[i] = fabsf(reader->encoded[i]);
}

/* ---- seeing what a converter would have to take ---------------------------------------------------- */

/* Readings before conversion, into the histogram of the plane. */
static void observe(const tile_read *t)
{
    const ajp_read_call *call = t->call;
    ajp_histogram *histogram = &call->reader->observed[t->plane];
    for (size_t row = 0; row < call->n_rows; row++)
        for (size_t i = 0; i < call->step->rows; i++)
            ajp_histogram_add(histogram, call->reader->read[row * t->y_row + i]);
}

/* The same read with every decoding 1. */
static aj_status observe_tile(tile_read t, aj_error *err)
{
    ajp_reader *reader = t.call->reader;
    t.y = reader->read;
    t.y_row = ajp_round_up(t.call->step->rows, AJP_LANES);
    t.accumulate = t.finish = false;
    t.bare = true;
    AJ_TRY(read_tile(&t, err));
    observe(&t);
    return AJ_OK;
}

/* Slices of the weights see the same inputs: they are encoded for the first of them. Noise of a symbol is
 * drawn for every plane, as it is a read of its own. */
static bool is_encoded(const ajp_read_call *call, size_t number)
{
    const ajp_input_encoding *encoding = &call->frozen->frozen.encoding;
    const ajp_plane *planes = call->frozen->frozen.planes;
    if (number == 0 || encoding->symbol_relative > 0.0 || encoding->symbol_additive > 0.0) return false;
    return planes[number].form == planes[number - 1].form && planes[number].bit == planes[number - 1].bit;
}

aj_status ajp_read_planes(const ajp_read_call *call, float *y, size_t y_row, bool finish, aj_error *err)
{
    ajp_reader *reader = call->reader;
    const ajp_frozen *frozen = &call->frozen->frozen;
    const ajp_freeze_request *request = &call->frozen->request;
    memset(reader->row_clipped, 0, call->n_rows * sizeof(uint32_t));
    scale_rows(call);
    if (reader->column_sums != NULL) watch_columns(call);
    for (size_t number = 0; number < frozen->n_planes; number++) {
        const ajp_plane *plane = &frozen->planes[number];
        if (!is_encoded(call, number)) AJ_TRY(encode_rows(call, number, err));
        fill_laws(call, number);
        if (plane->second_weights != NULL) prepare_second(call, plane);
        for (size_t tile = 0; tile < request->n_tiles; tile++) {
            size_t first = tile * request->tile_cols;
            bool last = number + 1 == frozen->n_planes && tile + 1 == request->n_tiles;
            tile_read t = {.call = call,
                           .plane = number,
                           .tile = tile,
                           .first = first,
                           .n_cols = ajp_min_size(request->tile_cols, call->step->cols - first),
                           .y = y,
                           .y_row = y_row,
                           .accumulate = number > 0 || tile > 0,
                           .finish = finish && last};
            if (reader->observed != NULL && reader->observed_product == call->product)
                AJ_TRY(observe_tile(t, err));
            AJ_TRY(read_tile(&t, err));
        }
    }
    return AJ_OK;
}

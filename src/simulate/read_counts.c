/* read_counts.c: reads of balanced counts.
 *
 * Per row (a sample, or one of its repetitions) the family turns the moments of the input into the laws of
 * its tiles; per tile and averaged read one GEMM runs whose store draws the counts (kernels.h:
 * ajp_count_read). */
#include "read.h"

#include <math.h>
#include <string.h>

enum { DRAWS_PER_READ = 8, DRAW_LAYER_PHASE = 5 };

/* One normal a sample and layer: the phase that all its outputs share. */
static double layer_phase(const ajp_read_call *call, uint64_t sample)
{
    const ajp_trial *trial = call->reader->trial;
    double sigma = call->frozen->frozen.layer_phase_sigma_radians;
    ajp_stream stream;
    if (ajp_stream_make(&stream, trial->seed, AJP_PURPOSE_READ, call->product, 0, trial->trial, NULL) !=
        AJ_OK)
        return 0.0;
    float z;
    call->kernels->normals(&stream, sample, DRAW_LAYER_PHASE, 0, 1, &z);
    return sigma * (double)z;
}

/* Sums of squares of every row, per tile and whole. */
static void find_squares(const ajp_read_call *call)
{
    ajp_reader *reader = call->reader;
    const ajp_freeze_request *request = &call->frozen->request;
    size_t n = call->n_rows;
    for (size_t tile = 0; tile < request->n_tiles; tile++) {
        size_t first = tile * request->tile_cols,
               n_cols = ajp_min_size(request->tile_cols, call->step->cols - first);
        for (size_t row = 0; row < n; row++) {
            float sum_squares, max_abs;
            call->kernels->moments(call->x + row * call->x_row + first, n_cols, &sum_squares, &max_abs);
            reader->tile_sum_squares[tile * n + row] = (double)sum_squares;
            reader->sum_squares[row] = (double)sum_squares + (tile > 0 ? reader->sum_squares[row] : 0.0);
        }
    }
    if (reader->input_sum_squares == NULL) return;
    double share = 1.0 / ((double)call->step->reps * (double)call->step->groups);
    for (size_t row = 0; row < n; row++)
        reader->input_sum_squares[ajp_read_cell(call, row)] += reader->sum_squares[row] * share;
}

void ajp_read_counts_begin(const ajp_read_call *call)
{
    ajp_reader *reader = call->reader;
    const ajp_freeze_request *request = &call->frozen->request;
    const ajp_frozen *frozen = &call->frozen->frozen;
    const ajp_mapping *mapping = reader->trial->mapping;
    find_squares(call);
    ajp_input_moments moments = {call->n_rows, reader->tile_sum_squares, reader->sum_squares, NULL};
    for (size_t row = 0; row < call->n_rows && frozen->layer_phase_sigma_radians > 0.0; row++) {
        reader->phases[row] = layer_phase(call, reader->first_sample + reader->row_sample[row]);
        moments.layer_phase_radians = reader->phases;
    }
    ajp_sample_laws laws = {reader->gain, reader->total, reader->leak, reader->decode, reader->max_rows};
    mapping->ops->sample(mapping->params, request, frozen, &moments, &laws);
    double share = 1.0 / (double)frozen->n_reads;
    for (size_t tile = 0; tile < request->n_tiles && frozen->n_reads > 1; tile++)
        for (size_t row = 0; row < call->n_rows; row++) {
            float *decode = &reader->decode[tile * reader->max_rows + row];
            *decode = (float)((double)*decode * share);
        }
}

static void square_inputs(const ajp_read_call *call)
{
    size_t cols = call->step->cols;
    for (size_t row = 0; row < call->n_rows; row++)
        for (size_t col = 0; col < cols; col++) {
            float value = call->x[row * call->x_row + col];
            call->reader->squares_in[row * cols + col] = value * value;
        }
}

static aj_status read_tile(const ajp_read_call *call, size_t tile, unsigned read, bool last, float *y,
                           size_t y_row, aj_error *err)
{
    ajp_reader *reader = call->reader;
    const ajp_frozen *frozen = &call->frozen->frozen;
    const ajp_trial *trial = reader->trial;
    size_t padded = ajp_round_up(call->step->rows, AJP_LANES);
    size_t tile_cols = call->frozen->request.tile_cols, first = tile * tile_cols;
    size_t n_cols = ajp_min_size(tile_cols, call->step->cols - first), at = tile * reader->max_rows;
    ajp_count_read law = {.sample0 = reader->first_sample,
                          .n_reps = call->step->reps,
                          .row_sample = reader->row_sample,
                          .row_rep = reader->row_rep,
                          .rep_stride = ajp_round_up(call->step->rows, 64),
                          .draw_base = read * DRAWS_PER_READ,
                          .sample_gain = reader->gain + at,
                          .sample_total = reader->total + at,
                          .sample_leak = frozen->row_leak != NULL ? reader->leak + at : NULL,
                          .sample_decode = reader->decode + at,
                          .row_gain = frozen->row_gain,
                          .row_total = frozen->row_total + tile * padded,
                          .row_leak = frozen->row_leak != NULL ? frozen->row_leak + tile * padded : NULL,
                          .row_decode = frozen->row_decode,
                          .extra_variance = (float)frozen->extra_variance,
                          .phase_offset = (float)frozen->phase_offset_radians,
                          .phase_sigma = (float)frozen->phase_sigma_radians,
                          .excess = (float)frozen->excess_ratio,
                          .clip = (float)frozen->clip_electrons,
                          .accumulate = tile > 0 || read > 0};
    AJ_TRY(ajp_stream_make(&law.stream, trial->seed, AJP_PURPOSE_READ, call->product,
                           call->frozen->request.first_tile + tile, trial->trial, err));
    if (isfinite(frozen->clip_electrons)) law.n_clipped = reader->row_clipped;
    if (frozen->excess_ratio > 0.0) {
        ajp_read_gemm(call, reader->squares_in, call->step->cols, call->frozen->packed_squares,
                      reader->squares_out, y_row, first, n_cols, NULL, NULL, false);
        law.squares = reader->squares_out;
    }
    ajp_read_gemm(call, call->x, call->x_row, call->frozen->packed, y, y_row, first, n_cols,
                  call->kernels->count_read, &law, last);
    return AJ_OK;
}

/* All tiles and averaged reads into y; bias and activation with the last one when `finish`. */
aj_status ajp_read_counts(const ajp_read_call *call, float *y, size_t y_row, bool finish, aj_error *err)
{
    const ajp_frozen *frozen = &call->frozen->frozen;
    size_t n_tiles = call->frozen->request.n_tiles;
    memset(call->reader->row_clipped, 0, call->n_rows * sizeof(uint32_t));
    if (frozen->excess_ratio > 0.0) square_inputs(call);
    for (unsigned read = 0; read < frozen->n_reads; read++)
        for (size_t tile = 0; tile < n_tiles; tile++) {
            bool last = finish && read + 1 == frozen->n_reads && tile + 1 == n_tiles;
            AJ_TRY(read_tile(call, tile, read, last, y, y_row, err));
        }
    return AJ_OK;
}

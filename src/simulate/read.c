/* read.c: one read of one product: the exact product with the hardware's noise added where it is stored.
 *
 * Per row (a sample, or one of its repetitions) the family turns the moments of the input into the laws of
 * its tiles; per tile and averaged read one GEMM runs whose store draws the counts (kernels.h:
 * ajp_count_read). */
#include "study.h"

#include <math.h>
#include <string.h>

enum { DRAWS_PER_READ = 8, DRAW_LAYER_PHASE = 5 };

typedef struct { /* one product call, so that the steps below need no long argument lists */
    ajp_reader *reader;
    const ajp_kernels *kernels;
    const ajp_product_step *step;
    const ajp_frozen_product *frozen; /* of its group; unused when it runs digitally */
    size_t product, group, n_rows, x_row, y_row;
    const float *x;
    const float *packed; /* the matrix as the network has it */
    bool in_order; /* rows are whole samples' repetitions one after the other, from the first sample on */
} product_call;

/* Sample (within the run) and repetition of every row. */
static void find_rows(product_call *call, const ajp_product_rows *rows)
{
    ajp_reader *reader = call->reader;
    size_t reps = call->step->reps;
    call->in_order = true;
    for (size_t i = 0; i < call->n_rows; i++) {
        size_t number = ajp_product_row(rows, i);
        reader->row_sample[i] = (uint32_t)(number / reps);
        reader->row_rep[i] = (uint32_t)(number % reps);
        call->in_order = call->in_order && number == i;
    }
}

/* Where something is kept for the row's sample and this product. */
static size_t cell_of(const product_call *call, size_t row)
{
    const ajp_reader *reader = call->reader;
    return call->product * reader->trial->mapping->study->data.n_samples + reader->first_sample +
           reader->row_sample[row];
}

static void run_gemm(const product_call *call, const float *a, size_t a_row, const float *packed, float *y,
                     size_t y_row, size_t first_col, size_t n_cols, ajp_tile_store store,
                     const void *store_user, bool finish)
{
    const ajp_product_step *step = call->step;
    ajp_gemm gemm = {.m = call->n_rows,
                     .n = step->rows,
                     .k = n_cols,
                     .a = a + first_col,
                     .a_row = a_row,
                     .a_col = 1,
                     .b = packed + AJP_LANES * first_col,
                     .b_row = AJP_LANES,
                     .b_vector = AJP_LANES * step->cols,
                     .c = y,
                     .c_row = y_row,
                     .c_vector = AJP_LANES,
                     .store = store,
                     .store_user = store_user};
    if (finish) {
        gemm.bias = ajp_product_bias(step, call->group);
        gemm.activation = step->activation;
        gemm.activation_parameter = step->activation_parameter;
    }
    call->kernels->gemm(&gemm);
}

/* One normal a sample and layer: the phase that all its outputs share. */
static double layer_phase(const product_call *call, uint64_t sample)
{
    const ajp_trial *trial = call->reader->trial;
    double sigma = call->frozen->frozen.layer_phase_sigma_radians;
    if (!(sigma > 0.0)) return 0.0;
    ajp_stream stream;
    if (ajp_stream_make(&stream, trial->seed, AJP_PURPOSE_READ, call->product, 0, trial->trial, NULL) !=
        AJ_OK)
        return 0.0;
    float z;
    call->kernels->normals(&stream, sample, DRAW_LAYER_PHASE, 0, 1, &z);
    return sigma * (double)z;
}

/* gain, total, leak and decode of every row and tile. */
static void fill_laws(const product_call *call)
{
    ajp_reader *reader = call->reader;
    const ajp_freeze_request *request = &call->frozen->request;
    const ajp_mapping *mapping = reader->trial->mapping;
    double share = 1.0 / (double)call->frozen->frozen.n_reads;
    for (size_t row = 0; row < call->n_rows; row++) {
        ajp_input_moments moments = {reader->tile_sum_squares, 0.0, 0.0, 0.0};
        for (size_t tile = 0; tile < request->n_tiles; tile++) {
            size_t first = tile * request->tile_cols,
                   n = ajp_min_size(request->tile_cols, call->step->cols - first);
            float sum_squares, max_abs;
            call->kernels->moments(call->x + row * call->x_row + first, n, &sum_squares, &max_abs);
            reader->tile_sum_squares[tile] = (double)sum_squares;
            moments.sum_squares += (double)sum_squares;
            moments.max_abs = fmax(moments.max_abs, (double)max_abs);
        }
        if (reader->input_sum_squares != NULL)
            reader->input_sum_squares[cell_of(call, row)] +=
                moments.sum_squares / ((double)call->step->reps * (double)call->step->groups);
        moments.layer_phase_radians = layer_phase(call, reader->first_sample + reader->row_sample[row]);
        mapping->ops->sample(mapping->params, request, &call->frozen->frozen, &moments, reader->laws);
        for (size_t tile = 0; tile < request->n_tiles; tile++) {
            size_t at = tile * reader->max_rows + row;
            reader->gain[at] = reader->laws[tile].gain;
            reader->total[at] = reader->laws[tile].total;
            reader->leak[at] = reader->laws[tile].leak;
            reader->decode[at] = (float)((double)reader->laws[tile].decode * share);
        }
    }
}

static void square_inputs(const product_call *call)
{
    size_t cols = call->step->cols;
    for (size_t row = 0; row < call->n_rows; row++)
        for (size_t col = 0; col < cols; col++) {
            float value = call->x[row * call->x_row + col];
            call->reader->squares_in[row * cols + col] = value * value;
        }
}

static aj_status read_tile(const product_call *call, size_t tile, unsigned read, bool last, float *y,
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
                          .row_sample = call->in_order ? NULL : reader->row_sample,
                          .row_rep = call->in_order ? NULL : reader->row_rep,
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
        run_gemm(call, reader->squares_in, call->step->cols, call->frozen->packed_squares,
                 reader->squares_out, y_row, first, n_cols, NULL, NULL, false);
        law.squares = reader->squares_out;
    }
    run_gemm(call, call->x, call->x_row, call->frozen->packed, y, y_row, first, n_cols,
             call->kernels->count_read, &law, last);
    return AJ_OK;
}

/* All tiles and averaged reads into y; bias and activation with the last one when `finish`. */
static aj_status read_counts(const product_call *call, float *y, size_t y_row, bool finish, aj_error *err)
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

static void finish_rows(const product_call *call, float *y, size_t y_row)
{
    const ajp_product_step *step = call->step;
    for (size_t row = 0; row < call->n_rows; row++) {
        float *values = y + row * y_row;
        if (step->bias != NULL)
            call->kernels->binary('+', values, ajp_product_bias(step, call->group), values, step->rows);
        ajp_activate(call->kernels, step->activation, step->activation_parameter, values, step->rows);
    }
}

/* The slow reference: its own random numbers, one stream a sample, product, trial and repetition. */
static aj_status read_reference(const product_call *call, float *y, size_t y_row, bool finish, aj_error *err)
{
    const ajp_trial *trial = call->reader->trial;
    const ajp_mapping *mapping = trial->mapping;
    ajp_arena arena;
    ajp_arena_init(&arena, mapping->study->context);
    aj_status st = AJ_OK;
    double *estimate = ajp_arena_array(&arena, call->step->rows, sizeof(double));
    if (estimate == NULL) st = ajp_no_memory(err, "reference read");
    for (size_t row = 0; row < call->n_rows && st == AJ_OK; row++) {
        uint64_t sample = call->reader->first_sample + call->reader->row_sample[row],
                 rep = call->reader->row_rep[row] + call->group * call->step->reps;
        ajp_draws draws;
        uint64_t place =
            ((uint64_t)trial->trial << 44) ^ ((uint64_t)call->product << 34) ^ (sample << 12) ^ rep;
        /* more repetitions than the place has room for go into the seed */
        ajp_draws_init(&draws, trial->seed ^ AJP_PURPOSE_REFERENCE ^ (rep >> 12) << 32, place);
        st = mapping->ops->reference(mapping->params, &call->frozen->request, call->x + row * call->x_row,
                                     &draws, estimate, err);
        for (size_t i = 0; i < call->step->rows && st == AJ_OK; i++) y[row * y_row + i] = (float)estimate[i];
    }
    ajp_arena_free(&arena);
    if (st == AJ_OK && finish) finish_rows(call, y, y_row);
    return st;
}

static aj_status read_product(const product_call *call, float *y, size_t y_row, bool finish, aj_error *err)
{
    if (call->frozen->frozen.law == AJP_LAW_EXACT) {
        run_gemm(call, call->x, call->x_row, call->frozen->packed, y, y_row, 0, call->step->cols, NULL, NULL,
                 finish);
        return AJ_OK;
    }
    if (call->reader->reference) return read_reference(call, y, y_row, finish, err);
    return read_counts(call, y, y_row, finish, err);
}

/* Signal and error of this product alone: its read against the exact product of the same inputs. */
static aj_status keep_error(const product_call *call, aj_error *err)
{
    ajp_reader *reader = call->reader;
    const ajp_layer_error *kept = reader->layer_error;
    size_t rows = call->step->rows, padded = ajp_round_up(rows, AJP_LANES);
    run_gemm(call, call->x, call->x_row, call->packed, reader->exact, padded, 0, call->step->cols, NULL, NULL,
             false);
    AJ_TRY(read_product(call, reader->read, padded, false, err));
    for (size_t row = 0; row < call->n_rows; row++) {
        double signal = 0.0, error = 0.0;
        for (size_t i = 0; i < rows; i++) {
            double exact = (double)reader->exact[row * padded + i],
                   read = (double)reader->read[row * padded + i];
            signal += exact * exact;
            error += (read - exact) * (read - exact);
        }
        kept->signal[cell_of(call, row)] += signal;
        kept->error[cell_of(call, row)] += error;
    }
    return AJ_OK;
}

/* The product on hardware into y. */
static aj_status read_call(product_call *call, const ajp_product_rows *rows, float *y, aj_error *err)
{
    ajp_reader *reader = call->reader;
    bool counts = call->frozen->frozen.law == AJP_LAW_COUNTS;
    find_rows(call, rows);
    if (counts && !reader->reference) fill_laws(call);
    if (reader->layer_error != NULL) AJ_TRY(keep_error(call, err));
    AJ_TRY(read_product(call, y, call->y_row, true, err));
    if (!counts || !isfinite(call->frozen->frozen.clip_electrons)) return AJ_OK;
    reader->can_clip[call->product] = true;
    for (size_t row = 0; row < call->n_rows && !reader->reference; row++)
        reader->n_clipped[call->product] += reader->row_clipped[row];
    return AJ_OK;
}

static aj_status run_hook(void *user, const ajp_product_step *step, const ajp_product_call *wanted,
                          aj_error *err)
{
    ajp_reader *reader = user;
    const ajp_mapping *mapping = reader->trial->mapping;
    const ajp_mapped_product *mapped = &mapping->products[wanted->product];
    product_call call = {.reader = reader,
                         .kernels = ajp_kernels_for(mapping->study->context->isa),
                         .step = step,
                         .frozen = &reader->trial->products[mapped->first_frozen + wanted->group],
                         .product = wanted->product,
                         .group = wanted->group,
                         .n_rows = wanted->n_rows,
                         .x_row = wanted->x_row,
                         .y_row = wanted->y_row,
                         .x = wanted->x,
                         .packed = ajp_product_packed(step, wanted->group)};
    if (mapped->on_hardware) return read_call(&call, &wanted->rows, wanted->y, err);
    run_gemm(&call, call.x, call.x_row, call.packed, wanted->y, call.y_row, 0, step->cols, NULL, NULL, true);
    return AJ_OK;
}

/* Of two activations: the matrix is frozen now, with its own norms. */
static aj_status run_dynamic(void *user, const ajp_product_step *step, const ajp_dynamic_call *wanted,
                             aj_error *err)
{
    ajp_reader *reader = user;
    const ajp_mapping *mapping = reader->trial->mapping;
    ajp_frozen_product frozen;
    product_call call = {.reader = reader,
                         .kernels = ajp_kernels_for(mapping->study->context->isa),
                         .step = step,
                         .frozen = &frozen,
                         .product = wanted->product,
                         .group = wanted->matrix,
                         .n_rows = wanted->n_rows,
                         .x_row = wanted->x_row,
                         .y_row = wanted->y_row,
                         .x = wanted->x,
                         .packed = wanted->packed};
    if (!mapping->products[wanted->product].on_hardware) {
        run_gemm(&call, call.x, call.x_row, call.packed, wanted->y, call.y_row, 0, step->cols, NULL, NULL,
                 true);
        return AJ_OK;
    }
    ajp_arena_reset(&reader->matrix_arena);
    AJ_TRY(ajp_trial_freeze_matrix(reader->trial, wanted, &reader->matrix_arena, &frozen, err));
    ajp_product_rows rows = ajp_product_rows_from(wanted->sample * step->reps + wanted->first_row);
    return read_call(&call, &rows, wanted->y, err);
}

static aj_status fit_memory(ajp_reader *out, const ajp_mapping *mapping, size_t chunk, bool per_layer,
                            aj_error *err)
{
    ajp_arena *arena = &out->arena;
    size_t most_rows = 1, most_cols = 1, most_tiles = 1, n_laws, n_in, n_out;
    out->max_rows = ajp_min_size(chunk, AJP_HOOK_ROWS);
    for (size_t i = 0; i < mapping->study->n_products; i++) {
        const ajp_mapped_product *mapped = &mapping->products[i];
        size_t n_rows = mapped->product.reps < AJP_HOOK_ROWS ? chunk * mapped->product.reps : AJP_HOOK_ROWS;
        n_rows = ajp_min_size(n_rows, AJP_HOOK_ROWS); /* a chunk is at most 2^20 samples */
        if (n_rows > out->max_rows) out->max_rows = n_rows;
        if (mapped->product.rows > most_rows) most_rows = mapped->product.rows;
        if (mapped->product.cols > most_cols) most_cols = mapped->product.cols;
        if (mapped->n_tiles > most_tiles) most_tiles = mapped->n_tiles;
    }
    if (!ajp_size_mul(most_tiles, out->max_rows, &n_laws) || !ajp_size_mul(out->max_rows, most_cols, &n_in) ||
        !ajp_size_mul(out->max_rows, ajp_round_up(most_rows, 64), &n_out))
        return ajp_no_memory(err, "reader");
    float **arrays[] = {&out->gain, &out->total, &out->leak, &out->decode};
    bool good = true;
    for (size_t i = 0; i < 4; i++)
        good = good && (*arrays[i] = ajp_arena_array(arena, n_laws, sizeof(float))) != NULL;
    good = good && (out->tile_sum_squares = ajp_arena_array(arena, most_tiles, sizeof(double))) != NULL &&
           (out->laws = ajp_arena_array(arena, most_tiles, sizeof *out->laws)) != NULL &&
           (out->row_clipped = ajp_arena_array(arena, out->max_rows, sizeof(uint32_t))) != NULL &&
           (out->row_sample = ajp_arena_array(arena, out->max_rows, sizeof(uint32_t))) != NULL &&
           (out->row_rep = ajp_arena_array(arena, out->max_rows, sizeof(uint32_t))) != NULL &&
           (out->can_clip = ajp_arena_array(arena, mapping->study->n_products, sizeof(bool))) != NULL &&
           (out->n_clipped = ajp_arena_array(arena, mapping->study->n_products, sizeof(uint64_t))) != NULL &&
           (out->squares_in = ajp_arena_array(arena, n_in, sizeof(float))) != NULL &&
           (out->squares_out = ajp_arena_array(arena, n_out, sizeof(float))) != NULL;
    if (good && per_layer)
        good = (out->exact = ajp_arena_array(arena, n_out, sizeof(float))) != NULL &&
               (out->read = ajp_arena_array(arena, n_out, sizeof(float))) != NULL;
    return good ? AJ_OK : ajp_no_memory(err, "reader");
}

aj_status ajp_reader_init(ajp_reader *out, const ajp_mapping *mapping, size_t chunk, bool reference,
                          bool per_layer, aj_error *err)
{
    *out = (ajp_reader){.reference = reference};
    ajp_arena_init(&out->arena, mapping->study->context);
    ajp_arena_init(&out->matrix_arena, mapping->study->context);
    aj_status st = fit_memory(out, mapping, chunk, per_layer, err);
    if (st != AJ_OK) ajp_reader_free(out);
    return st;
}

void ajp_reader_free(ajp_reader *reader)
{
    ajp_arena_free(&reader->arena);
    ajp_arena_free(&reader->matrix_arena);
}

const ajp_product_hook *ajp_reader_hook(ajp_reader *reader, const ajp_trial *trial, size_t first_sample)
{
    reader->trial = trial;
    reader->first_sample = first_sample;
    reader->hook = (ajp_product_hook){run_hook, reader, run_dynamic};
    return &reader->hook;
}

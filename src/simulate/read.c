/* read.c: one read of one product: the exact product with the hardware's noise added where it is stored. The
 * laws are read_counts.c and read_planes.c. */
#include "read.h"

#include <math.h>
#include <string.h>

/* Sample (within the run) and repetition of every row. */
static void find_rows(ajp_read_call *call, const ajp_product_rows *rows)
{
    ajp_reader *reader = call->reader;
    size_t reps = call->step->reps, before = 0;
    for (size_t i = 0; i < call->n_rows; i++) {
        size_t number = ajp_product_row(rows, i);
        if (i > 0 && number == before + 1 &&
            reader->row_rep[i - 1] + 1 < reps) { /* a division is dear here */
            reader->row_sample[i] = reader->row_sample[i - 1];
            reader->row_rep[i] = reader->row_rep[i - 1] + 1;
        } else {
            reader->row_sample[i] = (uint32_t)(number / reps);
            reader->row_rep[i] = (uint32_t)(number % reps);
        }
        before = number;
    }
}

void ajp_read_gemm(const ajp_read_call *call, const float *a, size_t a_row, const float *packed, float *y,
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

static void finish_rows(const ajp_read_call *call, float *y, size_t y_row)
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
static aj_status read_reference(const ajp_read_call *call, float *y, size_t y_row, bool finish, aj_error *err)
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

static aj_status read_product(const ajp_read_call *call, float *y, size_t y_row, bool finish, aj_error *err)
{
    if (call->frozen->frozen.law == AJP_LAW_EXACT) {
        ajp_read_gemm(call, call->x, call->x_row, call->frozen->packed, y, y_row, 0, call->step->cols, NULL,
                      NULL, finish);
        return AJ_OK;
    }
    if (call->reader->reference) return read_reference(call, y, y_row, finish, err);
    if (call->frozen->frozen.law == AJP_LAW_PLANES) return ajp_read_planes(call, y, y_row, finish, err);
    return ajp_read_counts(call, y, y_row, finish, err);
}

/* Signal and error of this product alone: its read against the exact product of the same inputs. */
static aj_status keep_error(const ajp_read_call *call, aj_error *err)
{
    ajp_reader *reader = call->reader;
    const ajp_layer_error *kept = reader->layer_error;
    size_t rows = call->step->rows, padded = ajp_round_up(rows, AJP_LANES);
    ajp_read_gemm(call, call->x, call->x_row, call->packed, reader->exact, padded, 0, call->step->cols, NULL,
                  NULL, false);
    AJ_TRY(read_product(call, reader->read, padded, false, err));
    for (size_t row = 0; row < call->n_rows; row++) {
        double signal = 0.0, error = 0.0;
        for (size_t i = 0; i < rows; i++) {
            double exact = (double)reader->exact[row * padded + i],
                   read = (double)reader->read[row * padded + i];
            signal += exact * exact;
            error += (read - exact) * (read - exact);
        }
        kept->signal[ajp_read_cell(call, row)] += signal;
        kept->error[ajp_read_cell(call, row)] += error;
    }
    return AJ_OK;
}

/* The product on hardware into y. */
static aj_status read_call(ajp_read_call *call, const ajp_product_rows *rows, float *y, aj_error *err)
{
    ajp_reader *reader = call->reader;
    const ajp_frozen *frozen = &call->frozen->frozen;
    find_rows(call, rows);
    if (frozen->law == AJP_LAW_COUNTS && !reader->reference) ajp_read_counts_begin(call);
    if (reader->layer_error != NULL) AJ_TRY(keep_error(call, err));
    AJ_TRY(read_product(call, y, call->y_row, true, err));
    if (!ajp_frozen_can_clip(frozen)) return AJ_OK;
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
    ajp_read_call call = {.reader = reader,
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
    ajp_read_gemm(&call, call.x, call.x_row, call.packed, wanted->y, call.y_row, 0, step->cols, NULL, NULL,
                  true);
    return AJ_OK;
}

/* Of two activations: the matrix is frozen now, with its own norms. */
static aj_status run_dynamic(void *user, const ajp_product_step *step, const ajp_dynamic_call *wanted,
                             aj_error *err)
{
    ajp_reader *reader = user;
    const ajp_mapping *mapping = reader->trial->mapping;
    ajp_frozen_product frozen;
    ajp_read_call call = {.reader = reader,
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
        ajp_read_gemm(&call, call.x, call.x_row, call.packed, wanted->y, call.y_row, 0, step->cols, NULL,
                      NULL, true);
        return AJ_OK;
    }
    ajp_arena_reset(&reader->matrix_arena);
    AJ_TRY(ajp_trial_freeze_matrix(reader->trial, wanted, &reader->matrix_arena, &frozen, err));
    ajp_product_rows rows = ajp_product_rows_from(wanted->sample * step->reps + wanted->first_row);
    return read_call(&call, &rows, wanted->y, err);
}

/* What planes need beside: most_cols and most_rows of any product. */
static bool fit_planes(ajp_reader *out, size_t most_cols, size_t most_rows, size_t n_laws, size_t n_in)
{
    ajp_arena *arena = &out->arena;
    size_t n_rows = out->max_rows, longest = ajp_round_up(most_rows > n_rows ? most_rows : n_rows, 64);
    float **of_laws[] = {&out->plane_gain, &out->plane_variance, &out->plane_second_gain, &out->plane_total,
                         &out->plane_decode};
    float **of_rows[] = {&out->inverse_scale, &out->reference_column, &out->reference_second};
    bool good = true;
    for (size_t i = 0; i < sizeof of_laws / sizeof of_laws[0]; i++)
        good = good && (*of_laws[i] = ajp_arena_array(arena, n_laws, sizeof(float))) != NULL;
    for (size_t i = 0; i < sizeof of_rows / sizeof of_rows[0]; i++)
        good = good && (*of_rows[i] = ajp_arena_array(arena, n_rows, sizeof(float))) != NULL;
    good = good && (out->encoded = ajp_arena_array(arena, n_in, sizeof(float))) != NULL &&
           (out->normals = ajp_arena_array(arena, ajp_round_up(most_cols, 64), sizeof(float))) != NULL &&
           (out->full_scale = ajp_arena_array(arena, n_rows, sizeof(double))) != NULL &&
           (out->ones = ajp_arena_array(arena, longest, sizeof(float))) != NULL &&
           (out->zeros = ajp_arena_array(arena, longest, sizeof(float))) != NULL &&
           (out->vector_moments = ajp_arena_array(arena, n_laws, sizeof *out->vector_moments)) != NULL;
    for (size_t i = 0; i < longest && good; i++) out->ones[i] = 1.0f;
    return good;
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
    good = good && (out->tile_sum_squares = ajp_arena_array(arena, n_laws, sizeof(double))) != NULL &&
           (out->sum_squares = ajp_arena_array(arena, out->max_rows, sizeof(double))) != NULL &&
           (out->phases = ajp_arena_array(arena, out->max_rows, sizeof(double))) != NULL &&
           (out->row_clipped = ajp_arena_array(arena, out->max_rows, sizeof(uint32_t))) != NULL &&
           (out->row_sample = ajp_arena_array(arena, out->max_rows, sizeof(uint32_t))) != NULL &&
           (out->row_rep = ajp_arena_array(arena, out->max_rows, sizeof(uint32_t))) != NULL &&
           (out->can_clip = ajp_arena_array(arena, mapping->study->n_products, sizeof(bool))) != NULL &&
           (out->n_clipped = ajp_arena_array(arena, mapping->study->n_products, sizeof(uint64_t))) != NULL &&
           (out->squares_in = ajp_arena_array(arena, n_in, sizeof(float))) != NULL &&
           (out->squares_out = ajp_arena_array(arena, n_out, sizeof(float))) != NULL;
    good = good && fit_planes(out, most_cols, most_rows, n_laws, n_in);
    if (good && per_layer) good = (out->exact = ajp_arena_array(arena, n_out, sizeof(float))) != NULL;
    if (good) good = (out->read = ajp_arena_array(arena, n_out, sizeof(float))) != NULL;
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

/* read.h: one product call on hardware, and the laws that read it. */
#ifndef AJP_READ_H
#define AJP_READ_H

#include "study.h"

typedef struct {
    ajp_reader *reader;
    const ajp_kernels *kernels;
    const ajp_product_step *step;
    const ajp_frozen_product *frozen; /* of its group; unused when it runs digitally */
    size_t product, group, n_rows, x_row, y_row;
    const float *x;
    const float *packed; /* the matrix as the network has it */
} ajp_read_call;

/* Where something is kept for the row's sample and this product. */
static inline size_t ajp_read_cell(const ajp_read_call *call, size_t row)
{
    const ajp_reader *reader = call->reader;
    return call->product * reader->trial->mapping->study->data.n_samples + reader->first_sample +
           reader->row_sample[row];
}

/* y = a times columns first_col .. first_col + n_cols - 1 of a packed matrix of the product's shape, through
 * a store where there is one; bias and activation when `finish`. */
void ajp_read_gemm(const ajp_read_call *call, const float *a, size_t a_row, const float *packed, float *y,
                   size_t y_row, size_t first_col, size_t n_cols, ajp_tile_store store,
                   const void *store_user, bool finish);

/* read_counts.c: AJP_LAW_COUNTS. The laws of every row first, then any number of reads. */
void ajp_read_counts_begin(const ajp_read_call *call);
aj_status ajp_read_counts(const ajp_read_call *call, float *y, size_t y_row, bool finish, aj_error *err);

/* read_planes.c: AJP_LAW_PLANES. */
aj_status ajp_read_planes(const ajp_read_call *call, float *y, size_t y_row, bool finish, aj_error *err);

#endif

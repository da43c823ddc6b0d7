/* op_index.h: what Gather and Scatter share. */
#ifndef AJP_OP_INDEX_H
#define AJP_OP_INDEX_H

#include "op.h"

typedef struct {
    int64_t axis, batch_dims;
    size_t reduction; /* of Scatter: see op_scatter.c */
} ajp_index_params;

/* UNSUPPORTED unless input k is int32 or int64. */
aj_status ajp_index_type(const ajp_op_infer *i, size_t k);
/* Element k of the indices among n places; negative ones count from the end, others outside are BAD_ARGUMENT.
 */
aj_status ajp_index_at(const ajp_op_run *r, const ajp_tensor *indices, size_t k, size_t n, size_t *out);
/* Numbers first ... first + tuple - 1 of the indices as a place in a dense tensor of these dims. */
aj_status ajp_index_tuple(const ajp_op_run *r, const ajp_tensor *indices, size_t first, size_t tuple,
                          const size_t *dims, size_t *out);
/* Inputs 0 and 1 of GatherElements and ScatterElements. */
aj_status ajp_index_same_rank(const ajp_op_infer *i, size_t axis);
/* The next index tuple in row-major order; *at: its place in data with coordinate 0 along axis. */
void ajp_index_walk(const ajp_type *data, const ajp_type *indices, size_t axis, size_t *index, size_t *at);

#endif

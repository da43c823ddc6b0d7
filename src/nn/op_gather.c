/* op_gather.c: Gather, GatherElements, GatherND: elements picked by index. */
#include <string.h>

#include "op.h"
#include "op_copy.h"
#include "op_index.h"

static const char *const axis_attributes[] = {"axis", NULL};

static aj_status parse_axis(const ajp_op_parse *p, void *out)
{
    return ajp_op_int(p, "axis", 0, &((ajp_index_params *)out)->axis);
}

aj_status ajp_index_type(const ajp_op_infer *i, size_t k)
{
    ajp_dtype dtype = i->in[k]->dtype;
    return dtype == AJP_INT32 || dtype == AJP_INT64 ? AJ_OK : ajp_op_refuse(i, k);
}

aj_status ajp_index_at(const ajp_op_run *r, const ajp_tensor *indices, size_t k, size_t n, size_t *out)
{
    int64_t index = indices->type.dtype == AJP_INT64 ? ((const int64_t *)indices->data)[k]
                                                     : ((const int32_t *)indices->data)[k];
    int64_t place = index < 0 ? index + (int64_t)n : index;
    if (place < 0 || place >= (int64_t)n)
        return ajp_node_fail(r->path, r->node, AJ_BAD_ARGUMENT, r->err,
                             "has index %lld at place %zu, but there are %zu elements", (long long)index, k,
                             n);
    *out = (size_t)place;
    return AJ_OK;
}

/* ---- Gather: out[a][i...][b] = data[a][index[i...]][b] --------------------------------------------------
 */

static aj_status gather_batch(const ajp_op_infer *i, size_t axis, ajp_type *out)
{
    const ajp_type *data = i->in[0], *indices = i->in[1];
    if (data->batch_axis >= 0) {
        if (indices->batch_axis >= 0) return ajp_op_mixes(i, "each sample picks from its own data");
        if ((int)axis == data->batch_axis) return ajp_op_mixes(i, "it picks along the sample axis");
        out->batch_axis = data->batch_axis + ((int)axis < data->batch_axis ? (int)indices->rank - 1 : 0);
    } else if (indices->batch_axis >= 0) {
        out->batch_axis = indices->batch_axis + (int)axis;
    }
    return AJ_OK;
}

static aj_status infer_gather(const ajp_op_infer *i)
{
    const ajp_index_params *q = i->node->params;
    const ajp_type *data = i->in[0], *indices = i->in[1];
    size_t axis;
    AJ_TRY(ajp_index_type(i, 1));
    AJ_TRY(ajp_op_axis(i, q->axis, data->rank, false, &axis));
    size_t rank = data->rank + indices->rank - 1;
    if (rank > AJP_MAX_RANK)
        return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err, "would make more than 8 dimensions");
    ajp_type out = {data->dtype, -1, 0, {0}};
    for (size_t d = 0; d < axis; d++) out.dims[out.rank++] = data->dims[d];
    for (size_t d = 0; d < indices->rank; d++) out.dims[out.rank++] = indices->dims[d];
    for (size_t d = axis + 1; d < data->rank; d++) out.dims[out.rank++] = data->dims[d];
    AJ_TRY(gather_batch(i, axis, &out));
    i->out[0] = out;
    return AJ_OK;
}

static aj_status run_gather(const ajp_op_run *r)
{
    const ajp_index_params *q = r->node->params;
    const ajp_type *data = &r->in[0].type;
    size_t axis = (size_t)(q->axis < 0 ? q->axis + (int64_t)data->rank : q->axis), n = data->dims[axis];
    size_t outer = ajp_dims_product(data->dims, axis), size = ajp_dtype_size(data->dtype);
    size_t bytes = ajp_dims_product(data->dims + axis + 1, data->rank - axis - 1) * size;
    char *y = r->out[0].data;
    for (size_t o = 0; o < outer; o++)
        for (size_t k = 0; k < r->in[1].n; k++, y += bytes) {
            size_t at = 0;
            AJ_TRY(ajp_index_at(r, &r->in[1], k, n, &at));
            memcpy(y, (const char *)r->in[0].data + (o * n + at) * bytes, bytes);
        }
    return AJ_OK;
}

/* ---- GatherElements: out[i][j][k] = data[i][index[i][j][k]][k] for axis 1 --------------------------------
 */

aj_status ajp_index_same_rank(const ajp_op_infer *i, size_t axis)
{
    const ajp_type *data = i->in[0], *indices = i->in[1];
    AJ_TRY(ajp_index_type(i, 1));
    if (data->rank != indices->rank) return ajp_op_corrupt(i, "has indices of another rank than its data");
    if (data->batch_axis != indices->batch_axis || (data->batch_axis >= 0 && (int)axis == data->batch_axis))
        return ajp_op_mixes(i, "its indices reach across samples");
    for (size_t d = 0; d < data->rank; d++) {
        if (d != axis && indices->dims[d] > data->dims[d])
            return ajp_op_corrupt(i, "has more indices than data along axis %zu", d);
        if ((int)d == data->batch_axis && indices->dims[d] != data->dims[d])
            return ajp_op_mixes(i, "it has not as many indices as samples");
    }
    return AJ_OK;
}

void ajp_index_walk(const ajp_type *data, const ajp_type *indices, size_t axis, size_t *index, size_t *at)
{
    ptrdiff_t step[AJP_MAX_RANK];
    ajp_dense_steps(data, step);
    for (size_t d = indices->rank; d-- > 0;) {
        if (d != axis) *at += (size_t)step[d];
        if (++index[d] < indices->dims[d]) return;
        if (d != axis) *at -= (size_t)step[d] * indices->dims[d];
        index[d] = 0;
    }
}

static aj_status infer_gather_elements(const ajp_op_infer *i)
{
    const ajp_index_params *q = i->node->params;
    size_t axis;
    AJ_TRY(ajp_op_axis(i, q->axis, i->in[0]->rank, false, &axis));
    AJ_TRY(ajp_index_same_rank(i, axis));
    i->out[0] = *i->in[1];
    i->out[0].dtype = i->in[0]->dtype;
    return AJ_OK;
}

static aj_status run_gather_elements(const ajp_op_run *r)
{
    const ajp_index_params *q = r->node->params;
    const ajp_type *data = &r->in[0].type;
    size_t axis = (size_t)(q->axis < 0 ? q->axis + (int64_t)data->rank : q->axis), n = data->dims[axis];
    size_t size = ajp_dtype_size(data->dtype), index[AJP_MAX_RANK] = {0}, at = 0, place = 0;
    size_t step = ajp_dims_product(data->dims + axis + 1, data->rank - axis - 1);
    char *y = r->out[0].data;
    for (size_t k = 0; k < r->out[0].n; k++) {
        AJ_TRY(ajp_index_at(r, &r->in[1], k, n, &place));
        memcpy(y + k * size, (const char *)r->in[0].data + (at + place * step) * size, size);
        ajp_index_walk(data, &r->in[1].type, axis, index, &at);
    }
    return AJ_OK;
}

/* ---- GatherND: out[b][i...] = data[b][indices[b][i...]] --------------------------------------------------
 */

static const char *const nd_attributes[] = {"batch_dims", NULL};

static aj_status parse_nd(const ajp_op_parse *p, void *out)
{
    return ajp_op_int(p, "batch_dims", 0, &((ajp_index_params *)out)->batch_dims);
}

static aj_status nd_batch(const ajp_op_infer *i, ajp_type *out)
{
    const ajp_index_params *q = i->node->params;
    int data = i->in[0]->batch_axis, indices = i->in[1]->batch_axis, tail = (int)i->in[1]->rank - 1;
    out->batch_axis = indices;
    if (data < 0 && (indices < 0 || (indices < tail && indices >= (int)q->batch_dims))) return AJ_OK;
    if (data == indices && data < (int)q->batch_dims) return AJ_OK;
    return ajp_op_mixes(i, "its indices reach across samples");
}

static aj_status infer_gather_nd(const ajp_op_infer *i)
{
    const ajp_index_params *q = i->node->params;
    const ajp_type *data = i->in[0], *indices = i->in[1];
    AJ_TRY(ajp_index_type(i, 1));
    if (data->rank == 0 || indices->rank == 0 || q->batch_dims < 0 ||
        (size_t)q->batch_dims >= (data->rank < indices->rank ? data->rank : indices->rank))
        return ajp_op_corrupt(i, "has %lld batch_dims, which does not fit", (long long)q->batch_dims);
    size_t b = (size_t)q->batch_dims, tuple = indices->dims[indices->rank - 1];
    if (tuple < 1 || tuple > data->rank - b || indices->batch_axis == (int)indices->rank - 1)
        return ajp_op_corrupt(i, "has indices of %zu numbers for data of %zu axes", tuple, data->rank);
    ajp_type out = {data->dtype, -1, 0, {0}};
    AJ_TRY(nd_batch(i, &out));
    for (size_t d = 0; d < b; d++)
        if (data->dims[d] != indices->dims[d]) return ajp_op_corrupt(i, "has batches of several sizes");
    if (indices->rank - 1 + data->rank - b - tuple > AJP_MAX_RANK)
        return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err, "would make more than 8 dimensions");
    for (size_t d = 0; d + 1 < indices->rank; d++) out.dims[out.rank++] = indices->dims[d];
    for (size_t d = b + tuple; d < data->rank; d++) out.dims[out.rank++] = data->dims[d];
    i->out[0] = out;
    return AJ_OK;
}

aj_status ajp_index_tuple(const ajp_op_run *r, const ajp_tensor *indices, size_t first, size_t tuple,
                          const size_t *dims, size_t *out)
{
    *out = 0;
    for (size_t k = 0; k < tuple; k++) {
        size_t at = 0;
        AJ_TRY(ajp_index_at(r, indices, first + k, dims[k], &at));
        *out = *out * dims[k] + at;
    }
    return AJ_OK;
}

static aj_status run_gather_nd(const ajp_op_run *r)
{
    const ajp_index_params *q = r->node->params;
    const ajp_type *data = &r->in[0].type, *indices = &r->in[1].type;
    size_t b = (size_t)q->batch_dims, tuple = indices->dims[indices->rank - 1];
    size_t n_batches = ajp_dims_product(data->dims, b), size = ajp_dtype_size(data->dtype);
    size_t bytes = ajp_dims_product(data->dims + b + tuple, data->rank - b - tuple) * size;
    size_t span = ajp_dims_product(data->dims + b, tuple) * bytes;
    size_t each = ajp_dims_product(indices->dims + b, indices->rank - 1 - b), at = 0;
    char *y = r->out[0].data;
    if (r->out[0].n == 0) return AJ_OK;
    for (size_t batch = 0; batch < n_batches; batch++)
        for (size_t k = 0; k < each; k++, y += bytes) {
            AJ_TRY(ajp_index_tuple(r, &r->in[1], (batch * each + k) * tuple, tuple, data->dims + b, &at));
            memcpy(y, (const char *)r->in[0].data + batch * span + at * bytes, bytes);
        }
    return AJ_OK;
}

#define GATHER(id, anywhere, names, parse_function)                      \
    extern const ajp_op ajp_op_##id;                                     \
    const ajp_op ajp_op_##id = {.min_in = 2,                             \
                                .max_in = 2,                             \
                                .max_out = 1,                            \
                                .params_size = sizeof(ajp_index_params), \
                                .attributes = names,                     \
                                .parse = parse_function,                 \
                                .infer = infer_##id,                     \
                                .run = run_##id,                         \
                                .any_sample_axis = anywhere};
GATHER(gather, true, axis_attributes, parse_axis)
GATHER(gather_elements, true, axis_attributes, parse_axis)
GATHER(gather_nd, false, nd_attributes, parse_nd)

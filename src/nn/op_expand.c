/* op_expand.c: Expand, Tile: elements repeated. */
#include "op.h"
#include "op_copy.h"
#include "op_elementwise.h"

static const char *const no_attributes[] = {NULL};

/* ---- Expand: broadcasting to a shape --------------------------------------------------------------------
 */

static aj_status infer_expand(const ajp_op_infer *i)
{
    const ajp_type *x = i->in[0];
    ajp_type shape = {x->dtype, -1, 0, {0}};
    AJ_TRY(ajp_op_shape_from(i, 1, &shape));
    /* a shape that spells out the number of samples of the file asks for no copies */
    size_t rank = x->rank > shape.rank ? x->rank : shape.rank;
    if (x->batch_axis >= 0 && shape.batch_axis < 0 && i->fixed_batch > 0) {
        size_t d = (size_t)x->batch_axis + (rank - x->rank);
        size_t missing = rank - shape.rank;
        if (d >= missing && shape.dims[d - missing] / i->fixed_batch == x->dims[x->batch_axis] &&
            shape.dims[d - missing] % i->fixed_batch == 0)
            shape.dims[d - missing] = 1;
    }
    return ajp_elementwise_broadcast(i, x, &shape, &i->out[0]);
}

static aj_status run_expand(const ajp_op_run *r)
{
    const ajp_type *x = &r->in[0].type, *out = &r->out[0].type;
    ptrdiff_t to[AJP_MAX_RANK], from[AJP_MAX_RANK];
    ajp_copy_axis axes[AJP_MAX_RANK];
    size_t missing = out->rank - x->rank;
    ajp_dense_steps(out, to);
    ajp_dense_steps(x, from);
    for (size_t d = 0; d < out->rank; d++) {
        bool repeated = d < missing || x->dims[d - missing] == 1;
        axes[d] = (ajp_copy_axis){out->dims[d], to[d], repeated ? 0 : from[d - missing]};
    }
    ajp_copy(ajp_dtype_size(x->dtype), out->rank, axes, r->out[0].data, r->in[0].data);
    return AJ_OK;
}

extern const ajp_op ajp_op_expand;
const ajp_op ajp_op_expand = {.any_sample_axis = true,
                              .min_in = 2,
                              .max_in = 2,
                              .max_out = 1,
                              .attributes = no_attributes,
                              .infer = infer_expand,
                              .run = run_expand};

/* ---- Tile -----------------------------------------------------------------------------------------------
 */

/* Opset 1: so many tiles along one axis, both as inputs of one number; from opset 6 a number for each axis.
 */
static aj_status read_tiles(const ajp_op_infer *i, int64_t *repeats)
{
    ajp_op_list list;
    const ajp_tensor *tiles, *at;
    size_t rank = i->in[0]->rank, axis;
    if (i->node->opset >= 6) {
        AJ_TRY(ajp_op_known_list(i, 1, "repeats", &list));
        if (list.n != rank) return ajp_op_corrupt(i, "has %zu repeats for %zu axes", list.n, rank);
        for (size_t d = 0; d < rank; d++) repeats[d] = ajp_op_list_at(&list, d);
        return AJ_OK;
    }
    AJ_TRY(ajp_op_known(i, 1, "tiles", &tiles));
    AJ_TRY(ajp_op_known(i, 2, "axis", &at));
    if (at == NULL || tiles->n != 1 || at->n != 1) return ajp_op_corrupt(i, "wants one tiles and one axis");
    AJ_TRY(ajp_op_axis(i, ajp_tensor_int(at, 0), rank, false, &axis));
    for (size_t d = 0; d < rank; d++) repeats[d] = d == axis ? ajp_tensor_int(tiles, 0) : 1;
    return AJ_OK;
}

static aj_status infer_tile(const ajp_op_infer *i)
{
    const ajp_type *x = i->in[0];
    int64_t repeats[AJP_MAX_RANK];
    AJ_TRY(read_tiles(i, repeats));
    i->out[0] = *x;
    for (size_t d = 0; d < x->rank; d++) {
        if (repeats[d] < 0) return ajp_op_corrupt(i, "repeats axis %zu %lld times", d, (long long)repeats[d]);
        if ((int)d == x->batch_axis && repeats[d] != 1) return ajp_op_mixes(i, "it repeats samples");
        if (!ajp_size_mul(x->dims[d], (size_t)repeats[d], &i->out[0].dims[d]))
            i->out[0].dims[d] = AJP_MAX_ELEMENTS + 1;
    }
    return AJ_OK;
}

static aj_status run_tile(const ajp_op_run *r)
{
    const ajp_type *x = &r->in[0].type, *out = &r->out[0].type;
    ptrdiff_t to[AJP_MAX_RANK], from[AJP_MAX_RANK];
    ajp_copy_axis axes[AJP_COPY_RANK];
    if (r->out[0].n == 0) return AJ_OK;
    ajp_dense_steps(out, to);
    ajp_dense_steps(x, from);
    for (size_t d = 0; d < x->rank; d++) {
        axes[2 * d] = (ajp_copy_axis){out->dims[d] / x->dims[d], to[d] * (ptrdiff_t)x->dims[d], 0};
        axes[2 * d + 1] = (ajp_copy_axis){x->dims[d], to[d], from[d]};
    }
    ajp_copy(ajp_dtype_size(x->dtype), 2 * x->rank, axes, r->out[0].data, r->in[0].data);
    return AJ_OK;
}

extern const ajp_op ajp_op_tile;
const ajp_op ajp_op_tile = {.any_sample_axis = true,
                            .min_in = 2,
                            .max_in = 3,
                            .max_out = 1,
                            .attributes = no_attributes,
                            .infer = infer_tile,
                            .run = run_tile};

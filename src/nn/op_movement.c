/* op_movement.c: Transpose, Concat: the same elements in other places, of any type. */
#include <string.h>

#include "op.h"
#include "op_copy.h"

/* ---- Transpose ---------------------------------------------------------------------------------------- */

typedef struct {
    const ajp_onnx_attribute *perm; /* NULL: all axes backwards */
} transpose_params;
static const char *const transpose_attributes[] = {"perm", NULL};

static aj_status parse_transpose(const ajp_op_parse *p, void *out)
{
    ((transpose_params *)out)->perm = ajp_op_attribute(p->node, "perm");
    return AJ_OK;
}

static size_t source_axis(const transpose_params *q, size_t rank, size_t d)
{
    return q->perm != NULL ? (size_t)q->perm->ints[d] : rank - 1 - d;
}

static bool is_permutation(const ajp_onnx_attribute *perm, size_t rank)
{
    bool seen[AJP_MAX_RANK] = {false};
    if (perm->n_ints != rank) return false;
    for (size_t d = 0; d < rank; d++) {
        if (perm->ints[d] < 0 || perm->ints[d] >= (int64_t)rank || seen[perm->ints[d]]) return false;
        seen[perm->ints[d]] = true;
    }
    return true;
}

static aj_status infer_transpose(const ajp_op_infer *i)
{
    const transpose_params *q = i->node->params;
    const ajp_type *x = i->in[0];
    ajp_type out = {x->dtype, -1, x->rank, {0}};
    if (q->perm != NULL && !is_permutation(q->perm, x->rank))
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                             "has a perm that is not an order of the %zu axes of its input", x->rank);
    for (size_t d = 0; d < x->rank; d++) {
        size_t from = source_axis(q, x->rank, d);
        out.dims[d] = x->dims[from];
        if (x->batch_axis == (int)from) out.batch_axis = (int)d;
    }
    i->out[0] = out;
    return AJ_OK;
}

static aj_status run_transpose(const ajp_op_run *r)
{
    const transpose_params *q = r->node->params;
    const ajp_type *x = &r->in[0].type;
    ptrdiff_t to[AJP_MAX_RANK], from[AJP_MAX_RANK];
    ajp_copy_axis axes[AJP_MAX_RANK];
    ajp_dense_steps(&r->out[0].type, to);
    ajp_dense_steps(x, from);
    for (size_t d = 0; d < x->rank; d++)
        axes[d] = (ajp_copy_axis){r->out[0].type.dims[d], to[d], from[source_axis(q, x->rank, d)]};
    ajp_copy(ajp_dtype_size(x->dtype), x->rank, axes, r->out[0].data, r->in[0].data);
    return AJ_OK;
}

extern const ajp_op ajp_op_transpose;
const ajp_op ajp_op_transpose = {.any_sample_axis = true,
                                 .min_in = 1,
                                 .max_in = 1,
                                 .max_out = 1,
                                 .params_size = sizeof(transpose_params),
                                 .attributes = transpose_attributes,
                                 .parse = parse_transpose,
                                 .infer = infer_transpose,
                                 .run = run_transpose};

/* ---- Concat ------------------------------------------------------------------------------------------- */

typedef struct {
    int64_t axis;
} concat_params;
static const char *const concat_attributes[] = {"axis", NULL};

static aj_status parse_concat(const ajp_op_parse *p, void *out)
{
    concat_params *q = out;
    return ajp_op_int(p, "axis", 1, &q->axis); /* the default of opset 1; later ones have to say it */
}

static aj_status infer_concat(const ajp_op_infer *i)
{
    const concat_params *q = i->node->params;
    ajp_type out = *i->in[0];
    size_t axis;
    AJ_TRY(ajp_op_axis(i, q->axis, out.rank, false, &axis));
    if (out.batch_axis == (int)axis) return ajp_op_mixes(i, "it joins along the sample axis");
    for (size_t k = 1; k < i->n_in; k++) {
        const ajp_type *in = i->in[k];
        bool fits = in != NULL && in->dtype == out.dtype && in->rank == out.rank;
        for (size_t d = 0; fits && d < out.rank; d++) fits = d == axis || in->dims[d] == out.dims[d];
        if (!fits)
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                                 "has inputs whose types or shapes do not fit: 0 and %zu", k);
        if (in->batch_axis != out.batch_axis)
            return ajp_op_mixes(i, "it joins samples with something that is not one per sample");
        if (in->dims[axis] > AJP_MAX_ELEMENTS || out.dims[axis] > AJP_MAX_ELEMENTS)
            return ajp_node_fail(i->path, i->node, AJ_NO_MEMORY, i->err,
                                 "would have more than 2^40 elements");
        out.dims[axis] += in->dims[axis];
    }
    i->out[0] = out;
    return AJ_OK;
}

static aj_status run_concat(const ajp_op_run *r)
{
    const concat_params *q = r->node->params;
    const ajp_type *out = &r->out[0].type;
    size_t axis = (size_t)(q->axis < 0 ? q->axis + (int64_t)out->rank : q->axis);
    if (r->x_last && axis > 0) axis = axis == 1 ? out->rank - 1 : axis - 1;
    size_t outer = ajp_dims_product(out->dims, axis), size = ajp_dtype_size(out->dtype);
    char *y = r->out[0].data;
    if (r->out[0].n == 0) return AJ_OK;
    for (size_t o = 0; o < outer; o++)
        for (size_t k = 0; k < r->n_in; k++) {
            size_t bytes = ajp_dims_product(r->in[k].type.dims + axis, out->rank - axis) * size;
            if (bytes > 0) memcpy(y, (const char *)r->in[k].data + o * bytes, bytes);
            y += bytes;
        }
    return AJ_OK;
}

extern const ajp_op ajp_op_concat;
const ajp_op ajp_op_concat = {.layout = AJP_LAYOUT_SAME,
                              .any_sample_axis = true,
                              .min_in = 1,
                              .max_in = SIZE_MAX,
                              .max_out = 1,
                              .params_size = sizeof(concat_params),
                              .attributes = concat_attributes,
                              .parse = parse_concat,
                              .infer = infer_concat,
                              .run = run_concat};

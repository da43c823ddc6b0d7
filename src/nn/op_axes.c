/* op_axes.c: Squeeze, Unsqueeze: axes of size 1 taken away or put in. */
#include "op.h"

typedef struct {
    const ajp_onnx_attribute *axes; /* before opset 13 */
} axes_params;
static const char *const axes_attributes[] = {"axes", NULL};

static aj_status parse_axes(const ajp_op_parse *p, void *out)
{
    ((axes_params *)out)->axes = ajp_op_attribute(p->node, "axes");
    return AJ_OK;
}

/* Marks the axes asked for among `rank`; *given says whether there was a list. */
static aj_status read_axes(const ajp_op_infer *i, size_t rank, bool *marked, bool *given)
{
    const axes_params *q = i->node->params;
    const ajp_tensor *list = NULL;
    *given = q->axes != NULL || (i->n_in > 1 && i->in[1] != NULL);
    if (!*given) return AJ_OK;
    if (q->axes == NULL) {
        list = i->known[1];
        if (list == NULL) return ajp_op_needs_data(i, "takes its axes from data");
        if (list->type.dtype != AJP_INT64)
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "has axes that are not int64");
    }
    for (size_t k = 0; k < (list != NULL ? list->n : q->axes->n_ints); k++) {
        size_t axis;
        AJ_TRY(ajp_op_axis(i, list != NULL ? ajp_tensor_int(list, k) : q->axes->ints[k], rank, false, &axis));
        if (marked[axis])
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "names axis %zu twice", axis);
        marked[axis] = true;
    }
    return AJ_OK;
}

static aj_status infer_squeeze(const ajp_op_infer *i)
{
    const ajp_type *x = i->in[0];
    bool marked[AJP_MAX_RANK] = {false}, given;
    ajp_type out = {x->dtype, -1, 0, {0}};
    AJ_TRY(read_axes(i, x->rank, marked, &given));
    for (size_t d = 0; d < x->rank; d++) {
        bool samples = x->batch_axis == (int)d, drop = given ? marked[d] : x->dims[d] == 1;
        if (drop && samples) return ajp_op_mixes(i, "it takes the sample axis away");
        if (drop && x->dims[d] != 1)
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                                 "takes away axis %zu, which has %zu elements", d, x->dims[d]);
        if (drop) continue;
        if (samples) out.batch_axis = (int)out.rank;
        out.dims[out.rank++] = x->dims[d];
    }
    i->out[0] = out;
    return AJ_OK;
}

static aj_status infer_unsqueeze(const ajp_op_infer *i)
{
    const axes_params *q = i->node->params;
    const ajp_type *x = i->in[0];
    bool marked[AJP_MAX_RANK] = {false}, given, from_input = q->axes == NULL && i->n_in > 1;
    size_t n = q->axes != NULL ? q->axes->n_ints : from_input && i->known[1] != NULL ? i->known[1]->n : 0;
    if (n > AJP_MAX_RANK - x->rank)
        return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err, "would make more than 8 dimensions");
    ajp_type out = {x->dtype, -1, x->rank + n, {0}};
    AJ_TRY(read_axes(i, out.rank, marked, &given));
    if (!given) return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "has no axes");
    for (size_t d = 0, from = 0; d < out.rank; d++) {
        if (!marked[d] && x->batch_axis == (int)from) out.batch_axis = (int)d;
        out.dims[d] = marked[d] ? 1 : x->dims[from++];
    }
    i->out[0] = out;
    return AJ_OK;
}

static aj_status copy(const ajp_op_run *r)
{
    ajp_convert(r->out[0].type.dtype, r->out[0].data, r->in[0].type.dtype, r->in[0].data, r->in[0].n);
    return AJ_OK;
}

#define AXES(id)                                                    \
    extern const ajp_op ajp_op_##id;                                \
    const ajp_op ajp_op_##id = {.any_sample_axis = true,            \
                                .min_in = 1,                        \
                                .max_in = 2,                        \
                                .max_out = 1,                       \
                                .role = AJP_ROLE_VIEW,              \
                                .params_size = sizeof(axes_params), \
                                .attributes = axes_attributes,      \
                                .parse = parse_axes,                \
                                .infer = infer_##id,                \
                                .run = copy};
AXES(squeeze)
AXES(unsqueeze)

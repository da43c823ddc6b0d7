/* op_softmax.c: Softmax and LogSoftmax.  From opset 13 along one axis; before, over everything from the axis
 * on. */
#include "op.h"

typedef struct {
    int64_t axis;
    bool flatten;
    bool logarithm;
} params;

static const char *const attributes[] = {"axis", NULL};

static aj_status parse(const ajp_op_parse *p, params *q, bool logarithm)
{
    q->flatten = p->node->opset < 13;
    q->logarithm = logarithm;
    return ajp_op_int(p, "axis", q->flatten ? 1 : -1, &q->axis);
}

static aj_status parse_softmax(const ajp_op_parse *p, void *out)
{
    return parse(p, out, false);
}

static aj_status parse_log_softmax(const ajp_op_parse *p, void *out)
{
    return parse(p, out, true);
}

static aj_status infer(const ajp_op_infer *i)
{
    const params *q = i->node->params;
    size_t axis;
    AJ_TRY(ajp_op_want(i, 0, AJP_FLOAT32));
    AJ_TRY(ajp_op_axis(i, q->axis, i->in[0]->rank, q->flatten, &axis));
    int batch = i->in[0]->batch_axis;
    if (batch >= 0 && (q->flatten ? batch >= (int)axis : batch == (int)axis))
        return ajp_op_mixes(i, "it normalises over the sample axis");
    i->out[0] = *i->in[0];
    return AJ_OK;
}

/* The tensor as [outer][n][inner], normalised over n. */
static void split(const params *q, const ajp_type *type, size_t *outer, size_t *n, size_t *inner)
{
    size_t axis = (size_t)(q->axis < 0 ? q->axis + (int64_t)type->rank : q->axis);
    *outer = ajp_dims_product(type->dims, axis);
    *n = q->flatten ? ajp_dims_product(type->dims + axis, type->rank - axis) : type->dims[axis];
    *inner = q->flatten ? 1 : ajp_dims_product(type->dims + axis + 1, type->rank - axis - 1);
}

static size_t scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    size_t outer, n, inner;
    (void)out;
    split(node->params, &in[0].type, &outer, &n, &inner);
    return inner > 1 ? n * inner * sizeof(float) : 0;
}

static aj_status run(const ajp_op_run *r)
{
    const params *q = r->node->params;
    const float *x = r->in[0].data;
    float *y = r->out[0].data, *turned = r->scratch;
    size_t outer, n, inner;
    if (r->in[0].n == 0) return AJ_OK;
    split(q, &r->in[0].type, &outer, &n, &inner);
    if (inner == 1) {
        r->kernels->softmax(x, n, y, n, outer, n, q->logarithm);
        return AJ_OK;
    }
    for (size_t o = 0; o < outer; o++, x += n * inner, y += n * inner) {
        for (size_t k = 0; k < n; k++)
            for (size_t j = 0; j < inner; j++) turned[j * n + k] = x[k * inner + j];
        r->kernels->softmax(turned, n, turned, n, inner, n, q->logarithm);
        for (size_t k = 0; k < n; k++)
            for (size_t j = 0; j < inner; j++) y[k * inner + j] = turned[j * n + k];
    }
    return AJ_OK;
}

#define SOFTMAX(id)                                            \
    extern const ajp_op ajp_op_##id;                           \
    const ajp_op ajp_op_##id = {.widening = AJP_WIDEN_FLOATS,  \
                                .any_sample_axis = true,       \
                                .min_in = 1,                   \
                                .max_in = 1,                   \
                                .max_out = 1,                  \
                                .flops_per_element = 4,        \
                                .params_size = sizeof(params), \
                                .attributes = attributes,      \
                                .parse = parse_##id,           \
                                .infer = infer,                \
                                .scratch = scratch,            \
                                .run = run};
SOFTMAX(softmax)
SOFTMAX(log_softmax)

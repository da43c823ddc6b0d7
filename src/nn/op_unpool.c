/* op_unpool.c: MaxUnpool: values go back to the places that MaxPool took them from; zeros elsewhere. */
#include <string.h>

#include "slide.h"

static const char *const attributes[] = {"kernel_shape", "strides", "pads", NULL};

static aj_status parse(const ajp_op_parse *p, void *out)
{
    ajp_slide_attributes *q = out;
    AJ_TRY(ajp_slide_parse(p, q));
    if (q->n_kernel > 0) return AJ_OK;
    return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has no kernel_shape");
}

/* (in - 1) * stride + kernel - padding, or what input 2 says. */
static aj_status sizes(const ajp_op_infer *i, const ajp_slide_attributes *q, ajp_type *out)
{
    const ajp_type *x = i->in[0];
    size_t n = x->rank - 2;
    *out = *x;
    for (size_t d = 0; d < n; d++) {
        size_t stride = q->n_strides > 0 ? q->stride[d] : 1,
               padding = q->n_pads > 0 ? q->pad[d] + q->pad[n + d] : 0;
        size_t all = (x->dims[2 + d] - 1) * stride + q->kernel[d];
        if (x->dims[2 + d] == 0 || x->dims[2 + d] > (size_t)1 << 31 || all < padding)
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "has more padding than output");
        out->dims[2 + d] = all - padding;
    }
    if (i->n_in < 3 || i->in[2] == NULL) return AJ_OK;
    const ajp_tensor *shape = i->known[2];
    if (shape == NULL) return ajp_op_needs_data(i, "takes its output_shape from data");
    if (shape->type.dtype != AJP_INT64 || shape->n != x->rank)
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                             "has an output_shape that is not %zu int64", x->rank);
    for (size_t d = 2; d < x->rank; d++) {
        int64_t size = ajp_tensor_int(shape, d);
        if (size < 0)
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "has %lld in its output_shape",
                                 (long long)size);
        out->dims[d] = (size_t)size;
    }
    return AJ_OK;
}

static aj_status infer(const ajp_op_infer *i)
{
    const ajp_slide_attributes *q = i->node->params;
    const ajp_type *x = i->in[0];
    AJ_TRY(ajp_slide_want_float(i, 0));
    AJ_TRY(ajp_op_want(i, 1, AJP_INT64));
    if (x->batch_axis >= 0 || i->in[1]->batch_axis >= 0)
        return ajp_op_mixes(i, "the places it reads depend on the number of samples");
    if (x->rank < 3 || q->n_kernel != x->rank - 2 || !ajp_type_same_shape(x, i->in[1]))
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                             "has a kernel_shape or places that do not fit its input");
    AJ_TRY(ajp_slide_counts(i, q));
    return sizes(i, q, &i->out[0]);
}

/* Places count in the tensor that the kernel alone gives, even where output_shape makes it larger. */
static aj_status run(const ajp_op_run *r)
{
    const ajp_slide_attributes *q = r->node->params;
    const ajp_type *x = &r->in[0].type, *out = &r->out[0].type;
    size_t size = ajp_dtype_size(x->dtype), n = x->rank - 2, inner[AJP_MAX_RANK];
    const int64_t *places = r->in[1].data;
    char *y = r->out[0].data;
    for (size_t d = 0; d < n; d++) {
        size_t padding = q->n_pads > 0 ? q->pad[d] + q->pad[n + d] : 0;
        inner[2 + d] = (x->dims[2 + d] - 1) * (q->n_strides > 0 ? q->stride[d] : 1) + q->kernel[d] - padding;
    }
    inner[0] = x->dims[0];
    inner[1] = x->dims[1];
    memset(y, 0, r->out[0].n * size);
    for (size_t i = 0; i < r->in[0].n; i++) {
        size_t left = places[i] >= 0 ? (size_t)places[i] : SIZE_MAX, at = 0, step = 1;
        bool inside = left < ajp_dims_product(inner, x->rank);
        for (size_t d = x->rank; d-- > 0 && inside;) {
            size_t place = left % inner[d];
            left /= inner[d];
            inside = place < out->dims[d];
            at += place * step;
            step *= out->dims[d];
        }
        if (!inside)
            return ajp_node_fail(r->path, r->node, AJ_CORRUPT, r->err, "has a place %lld outside its output",
                                 (long long)places[i]);
        memcpy(y + at * size, (const char *)r->in[0].data + i * size, size);
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_max_unpool;
const ajp_op ajp_op_max_unpool = {.min_in = 2,
                                  .max_in = 3,
                                  .max_out = 1,
                                  .params_size = sizeof(ajp_slide_attributes),
                                  .attributes = attributes,
                                  .parse = parse,
                                  .infer = infer,
                                  .run = run};

/* op_lrn.c: LRN: y = x / (bias + alpha/size * sum of squares over nearby channels)^beta.
 * Krizhevsky, Sutskever, Hinton 2012, section 3.3, with the ONNX format's division by size. */
#include <math.h>

#include "slide.h"

typedef struct {
    float alpha, beta, bias;
    size_t size;
} params;

static const char *const attributes[] = {"alpha", "beta", "bias", "size", NULL};

static aj_status parse(const ajp_op_parse *p, void *out)
{
    params *q = out;
    int64_t size;
    AJ_TRY(ajp_op_float(p, "alpha", 0.0001f, &q->alpha));
    AJ_TRY(ajp_op_float(p, "beta", 0.75f, &q->beta));
    AJ_TRY(ajp_op_float(p, "bias", 1, &q->bias));
    AJ_TRY(ajp_op_int(p, "size", 0, &size));
    if (size < 1)
        return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err,
                             "has a size of %lld channels; 1 or more are needed", (long long)size);
    q->size = (size_t)size;
    return AJ_OK;
}

static aj_status infer(const ajp_op_infer *i)
{
    AJ_TRY(ajp_slide_want_float(i, 0));
    if (i->in[0]->rank < 2)
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                             "has an input of %zu axes; samples and channels are needed", i->in[0]->rank);
    if (i->in[0]->batch_axis > 0) return ajp_op_mixes(i, "its channels or places are samples");
    i->out[0] = *i->in[0];
    return AJ_OK;
}

static size_t scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    (void)node, (void)out;
    return 2 * in[0].n * sizeof(double);
}

static double power(double x, double exponent)
{
    return exponent == 0.75 ? sqrt(x) * sqrt(sqrt(x)) : pow(x, exponent);
}

static aj_status run(const ajp_op_run *r)
{
    const params *q = r->node->params;
    const ajp_tensor *in = &r->in[0], *out = &r->out[0];
    double *x = r->scratch, *y = x + in->n, *to = y;
    size_t channels = in->type.dims[1], n = ajp_dims_product(in->type.dims + 2, in->type.rank - 2);
    size_t before = (q->size - 1) / 2, after = q->size - 1 - before;
    if (in->n == 0) return AJ_OK;
    ajp_convert(AJP_FLOAT64, x, in->type.dtype, in->data, in->n);
    for (size_t s = 0; s < in->type.dims[0]; s++, x += channels * n)
        for (size_t c = 0; c < channels; c++)
            for (size_t p = 0; p < n; p++, to++) {
                double sum = 0.0;
                size_t end = after < channels - c ? c + after + 1 : channels;
                for (size_t k = c < before ? 0 : c - before; k < end; k++) sum += x[k * n + p] * x[k * n + p];
                *to = x[c * n + p] /
                      power((double)q->bias + (double)q->alpha / (double)q->size * sum, (double)q->beta);
            }
    ajp_convert(out->type.dtype, out->data, AJP_FLOAT64, y, out->n);
    return AJ_OK;
}

extern const ajp_op ajp_op_lrn;
const ajp_op ajp_op_lrn = {.min_in = 1,
                           .max_in = 1,
                           .max_out = 1,
                           .flops_per_element = 8,
                           .params_size = sizeof(params),
                           .attributes = attributes,
                           .parse = parse,
                           .infer = infer,
                           .scratch = scratch,
                           .run = run};

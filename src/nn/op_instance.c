/* op_instance.c: InstanceNormalization and MeanVarianceNormalization: statistics come from the data itself.
 */
#include <math.h>
#include <string.h>

#include "slide.h"

typedef struct {
    double sum, sum_squares; /* of differences from the mean */
} moments;

/* Two passes in double: mean, then squares of what differs from it. */
static moments moments_of(const double *x, size_t n)
{
    moments m = {0.0, 0.0};
    for (size_t i = 0; i < n; i++) m.sum += x[i];
    double mean = m.sum / (double)n;
    for (size_t i = 0; i < n; i++) m.sum_squares += (x[i] - mean) * (x[i] - mean);
    return m;
}

/* ---- InstanceNormalization: Ulyanov, Vedaldi, Lempitsky 2016 ----------------------------------------------
 */

static const char *const instance_attributes[] = {"epsilon", "consumed_inputs", NULL};

static aj_status parse_instance(const ajp_op_parse *p, void *out)
{
    return ajp_op_float(p, "epsilon", 1e-5f, out);
}

static aj_status infer_instance(const ajp_op_infer *i)
{
    const ajp_type *x = i->in[0];
    for (size_t k = 0; k < 3; k++) AJ_TRY(ajp_slide_want_float(i, k));
    if (x->rank < 3)
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                             "has an input of %zu axes; samples, channels and an image are needed", x->rank);
    if (x->batch_axis > 0) return ajp_op_mixes(i, "its channels or places are samples");
    for (size_t k = 1; k < 3; k++) {
        if (i->in[k]->batch_axis >= 0) return ajp_op_mixes(i, "its scale is a sample");
        if (i->in[k]->rank != 1 || i->in[k]->dims[0] != x->dims[1] || i->in[k]->dtype != x->dtype)
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                                 "has %zu channels, but input %zu is not as many values of its type",
                                 x->dims[1], k);
    }
    i->out[0] = *x;
    return AJ_OK;
}

static size_t instance_scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    (void)node, (void)out;
    return (ajp_dims_product(in[0].type.dims + 2, in[0].type.rank - 2) + 2 * in[0].type.dims[1]) *
           sizeof(double);
}

static aj_status run_instance(const ajp_op_run *r)
{
    float epsilon;
    memcpy(&epsilon, r->node->params, sizeof epsilon);
    const ajp_type *type = &r->in[0].type;
    size_t channels = type->dims[1], n = ajp_dims_product(type->dims + 2, type->rank - 2);
    size_t size = ajp_dtype_size(type->dtype);
    double *scale = r->scratch, *shift = scale + channels, *x = shift + channels;
    const char *from = r->in[0].data;
    char *to = r->out[0].data;
    if (r->in[0].n == 0) return AJ_OK;
    ajp_convert(AJP_FLOAT64, scale, type->dtype, r->in[1].data, channels);
    ajp_convert(AJP_FLOAT64, shift, type->dtype, r->in[2].data, channels);
    for (size_t i = 0; i < type->dims[0] * channels; i++, from += n * size, to += n * size) {
        size_t c = i % channels;
        ajp_convert(AJP_FLOAT64, x, type->dtype, from, n);
        moments m = moments_of(x, n);
        double mean = m.sum / (double)n,
               factor = scale[c] / sqrt(m.sum_squares / (double)n + (double)epsilon);
        for (size_t p = 0; p < n; p++) x[p] = factor * (x[p] - mean) + shift[c];
        ajp_convert(type->dtype, to, AJP_FLOAT64, x, n);
    }
    return AJ_OK;
}

/* ---- MeanVarianceNormalization: y = (x - mean) / (deviation + 1e-9) over some axes ------------------------
 */

static const char *const variance_attributes[] = {"axes", NULL};

typedef struct {
    unsigned axes; /* bits */
} variance_params;

static aj_status parse_variance(const ajp_op_parse *p, void *out)
{
    variance_params *q = out;
    const ajp_onnx_attribute *a = ajp_op_attribute(p->node, "axes");
    q->axes = a == NULL ? 1u | 1u << 2 | 1u << 3 : 0;
    for (size_t k = 0; a != NULL && k < a->n_ints; k++) {
        if (a->ints[k] < 0 || a->ints[k] >= AJP_MAX_RANK)
            return ajp_node_fail(p->path, p->node, AJ_UNSUPPORTED, p->err,
                                 "has axis %lld; 0 to %d are supported", (long long)a->ints[k],
                                 AJP_MAX_RANK - 1);
        q->axes |= 1u << a->ints[k];
    }
    return AJ_OK;
}

static aj_status infer_variance(const ajp_op_infer *i)
{
    const variance_params *q = i->node->params;
    const ajp_type *x = i->in[0];
    AJ_TRY(ajp_slide_want_float(i, 0));
    if (q->axes >> x->rank != 0)
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                             "names an axis that its input of %zu axes has not", x->rank);
    if (x->batch_axis >= 0 && (q->axes >> x->batch_axis & 1u) != 0)
        return ajp_op_mixes(i, "it takes the mean over samples");
    i->out[0] = *x;
    return AJ_OK;
}

static size_t variance_scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    (void)node, (void)out;
    return 3 * in[0].n * sizeof(double);
}

/* Number of the statistic that element e goes into: its place along the axes that stay. */
static size_t bin_of(unsigned axes, const ajp_type *type, size_t e)
{
    size_t bin = 0, step = 1;
    for (size_t d = type->rank; d-- > 0;) {
        size_t at = e % type->dims[d];
        e /= type->dims[d];
        if ((axes >> d & 1u) != 0) continue;
        bin += at * step;
        step *= type->dims[d];
    }
    return bin;
}

static aj_status run_variance(const ajp_op_run *r)
{
    const variance_params *q = r->node->params;
    const ajp_tensor *in = &r->in[0];
    double *x = r->scratch, *mean = x + in->n, *variance = mean + in->n;
    size_t n_bins = 1;
    if (in->n == 0) return AJ_OK;
    for (size_t d = 0; d < in->type.rank; d++)
        if ((q->axes >> d & 1u) == 0) n_bins *= in->type.dims[d];
    double n = (double)(in->n / n_bins);
    ajp_convert(AJP_FLOAT64, x, in->type.dtype, in->data, in->n);
    memset(mean, 0, n_bins * sizeof *mean);
    memset(variance, 0, n_bins * sizeof *variance);
    for (size_t e = 0; e < in->n; e++) mean[bin_of(q->axes, &in->type, e)] += x[e] / n;
    for (size_t e = 0; e < in->n; e++) {
        size_t bin = bin_of(q->axes, &in->type, e);
        variance[bin] += (x[e] - mean[bin]) * (x[e] - mean[bin]) / n;
    }
    for (size_t e = 0; e < in->n; e++) {
        size_t bin = bin_of(q->axes, &in->type, e);
        x[e] = (x[e] - mean[bin]) / (sqrt(variance[bin]) + 1e-9);
    }
    ajp_convert(r->out[0].type.dtype, r->out[0].data, AJP_FLOAT64, x, in->n);
    return AJ_OK;
}

extern const ajp_op ajp_op_instance_normalization, ajp_op_mean_variance_normalization;
const ajp_op ajp_op_instance_normalization = {.min_in = 3,
                                              .max_in = 3,
                                              .max_out = 1,
                                              .flops_per_element = 5,
                                              .params_size = sizeof(float),
                                              .attributes = instance_attributes,
                                              .parse = parse_instance,
                                              .infer = infer_instance,
                                              .scratch = instance_scratch,
                                              .run = run_instance};
const ajp_op ajp_op_mean_variance_normalization = {.min_in = 1,
                                                   .max_in = 1,
                                                   .max_out = 1,
                                                   .flops_per_element = 5,
                                                   .params_size = sizeof(variance_params),
                                                   .attributes = variance_attributes,
                                                   .parse = parse_variance,
                                                   .infer = infer_variance,
                                                   .scratch = variance_scratch,
                                                   .run = run_variance};

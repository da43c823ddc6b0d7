/* op_loss.c: NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss. */
#include <math.h>
#include <string.h>

#include "op.h"

enum { NONE, MEAN, SUM };
static const char *const reductions[] = {"none", "mean", "sum", NULL};
static const char *const attributes[] = {"reduction", "ignore_index", NULL};

typedef struct {
    size_t reduction;
    bool ignores, softmax;
    int64_t ignored;
} params;

static aj_status parse(const ajp_op_parse *p, params *q, bool softmax)
{
    q->softmax = softmax;
    q->ignores = ajp_op_attribute(p->node, "ignore_index") != NULL;
    AJ_TRY(ajp_op_int(p, "ignore_index", 0, &q->ignored));
    return ajp_op_choice(p, "reduction", reductions, MEAN, &q->reduction);
}

static aj_status parse_likelihood(const ajp_op_parse *p, void *out)
{
    return parse(p, out, false);
}
static aj_status parse_entropy(const ajp_op_parse *p, void *out)
{
    return parse(p, out, true);
}

static bool labels_fit(const ajp_type *x, const ajp_type *labels)
{
    bool fits = x->rank >= 2 && labels->rank == x->rank - 1 && labels->dims[0] == x->dims[0];
    for (size_t d = 2; fits && d < x->rank; d++) fits = labels->dims[d - 1] == x->dims[d];
    return fits;
}

static aj_status infer(const ajp_op_infer *i)
{
    const params *q = i->node->params;
    const ajp_type *x = i->in[0], *labels = i->in[1], *weights = ajp_op_input(i, 2);
    if (!ajp_dtype_is_float(x->dtype)) return ajp_op_refuse(i, 0);
    if (labels->dtype != AJP_INT32 && labels->dtype != AJP_INT64) return ajp_op_refuse(i, 1);
    if (x->batch_axis >= 0 || labels->batch_axis >= 0) {
        if (q->reduction != NONE) return ajp_op_mixes(i, "its loss is one for all samples");
        if (x->batch_axis != 0 || labels->batch_axis != 0 || (weights != NULL && weights->batch_axis >= 0))
            return ajp_op_mixes(i, "scores and labels are not one for each sample");
    }
    if (!labels_fit(x, labels)) return ajp_op_corrupt(i, "has labels whose shape does not fit the scores");
    if (weights != NULL &&
        (weights->dtype != x->dtype || weights->rank != 1 || weights->dims[0] != x->dims[1]))
        return ajp_op_corrupt(i, "has weights that are not one number for each of %zu classes", x->dims[1]);
    i->out[0] = *labels;
    i->out[0].dtype = x->dtype;
    if (q->reduction != NONE) i->out[0].rank = 0;
    if (q->reduction != NONE) i->out[0].batch_axis = -1;
    if (i->n_out > 1) i->out[1] = *x;
    return AJ_OK;
}

static double get(const ajp_tensor *t, size_t at)
{
    double value;
    ajp_convert(AJP_FLOAT64, &value, t->type.dtype,
                (const char *)t->data + at * ajp_dtype_size(t->type.dtype), 1);
    return value;
}

static void put(const ajp_tensor *t, size_t at, double value)
{
    ajp_convert(t->type.dtype, (char *)t->data + at * ajp_dtype_size(t->type.dtype), AJP_FLOAT64, &value, 1);
}

/* log of the sum of exponentials of the scores of one place. */
static double log_total(const ajp_tensor *x, size_t base, size_t n_classes, size_t step)
{
    double top = -INFINITY, sum = 0;
    for (size_t c = 0; c < n_classes; c++) top = fmax(top, get(x, base + c * step));
    if (isinf(top)) return top;
    for (size_t c = 0; c < n_classes; c++) sum += exp(get(x, base + c * step) - top);
    return top + log(sum);
}

/* Loss and weight of one place. */
static aj_status at_place(const ajp_op_run *r, size_t k, size_t base, size_t step, double *loss,
                          double *weight)
{
    const params *q = r->node->params;
    const ajp_tensor *x = &r->in[0], *scores = r->n_out > 1 ? &r->out[1] : NULL;
    size_t n_classes = x->type.dims[1];
    double total = q->softmax ? log_total(x, base, n_classes, step) : 0;
    for (size_t c = 0; scores != NULL && scores->data != NULL && c < n_classes; c++)
        put(scores, base + c * step, get(x, base + c * step) - total);
    int64_t label = ajp_tensor_int(&r->in[1], k);
    *loss = *weight = 0;
    if (q->ignores && label == q->ignored) return AJ_OK;
    if (label < 0 || label >= (int64_t)n_classes)
        return ajp_node_fail(r->path, r->node, AJ_BAD_ARGUMENT, r->err, "has label %lld of %zu classes",
                             (long long)label, n_classes);
    *weight = ajp_op_data(r, 2) != NULL ? get(&r->in[2], (size_t)label) : 1;
    *loss = (total - get(x, base + (size_t)label * step)) * *weight;
    return AJ_OK;
}

static aj_status run(const ajp_op_run *r)
{
    const params *q = r->node->params;
    const ajp_type *x = &r->in[0].type;
    size_t step = ajp_dims_product(x->dims + 2, x->rank - 2);
    double sum = 0, weights = 0, loss, weight;
    for (size_t k = 0; k < r->in[1].n; k++) {
        AJ_TRY(at_place(r, k, k / step * x->dims[1] * step + k % step, step, &loss, &weight));
        if (q->reduction == NONE) put(&r->out[0], k, loss);
        sum += loss;
        weights += weight;
    }
    /* without weights and without a label to ignore, the mean is over all places */
    if (ajp_op_data(r, 2) == NULL && !q->ignores) weights = (double)r->in[1].n;
    if (q->reduction != NONE) put(&r->out[0], 0, q->reduction == MEAN ? sum / weights : sum);
    return AJ_OK;
}

#define LOSS(id, outputs, parse_function)                      \
    extern const ajp_op ajp_op_##id;                           \
    const ajp_op ajp_op_##id = {.min_in = 2,                   \
                                .max_in = 3,                   \
                                .max_out = outputs,            \
                                .flops_per_element = 8,        \
                                .params_size = sizeof(params), \
                                .attributes = attributes,      \
                                .parse = parse_function,       \
                                .infer = infer,                \
                                .run = run};
LOSS(negative_log_likelihood_loss, 1, parse_likelihood)
LOSS(softmax_cross_entropy_loss, 2, parse_entropy)

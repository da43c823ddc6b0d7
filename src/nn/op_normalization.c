/* op_normalization.c: BatchNormalization in inference: y = s (x - mean) / sqrt(var + epsilon) + b, and where
 * the node asks for it (training_mode) with the statistics of the input itself.
 * Ioffe and Szegedy 2015, Algorithms 2 and 1. */
#include <math.h>

#include "op_normalization.h"

typedef struct {
    float epsilon, momentum;
    bool spatial; /* one channel = axis 1; else (opset < 9) one for every element of a sample */
    bool training;
} params;

static const char *const attributes[] = {"epsilon",       "momentum",        "spatial", "is_test",
                                         "training_mode", "consumed_inputs", NULL};

static aj_status parse(const ajp_op_parse *p, void *out)
{
    params *q = out;
    int64_t spatial, is_test, training;
    AJ_TRY(ajp_op_float(p, "epsilon", 1e-5f, &q->epsilon));
    AJ_TRY(ajp_op_float(p, "momentum", 0.9f, &q->momentum));
    AJ_TRY(ajp_op_int(p, "spatial", 1, &spatial));
    AJ_TRY(ajp_op_int(p, "is_test", 0, &is_test));
    AJ_TRY(ajp_op_int(p, "training_mode", 0, &training));
    q->spatial = spatial != 0;
    /* before opset 7 the attribute says it; from 7 to 13 more than one output does; from 14 on training_mode
     */
    q->training = p->node->opset < 7    ? is_test == 0
                  : p->node->opset < 14 ? p->node->n_out > 1
                                        : training != 0;
    /* only the newest form says what its outputs are */
    if (q->training && p->node->opset < 14)
        return ajp_node_fail(p->path, p->node, AJ_UNSUPPORTED, p->err,
                             "is in training mode; export the model for inference");
    return AJ_OK;
}

static size_t n_channels(const params *q, const ajp_type *x)
{
    if (x->rank < 2) return x->rank == 0 ? 1 : q->spatial ? 1 : x->dims[0];
    return q->spatial ? x->dims[1] : ajp_dims_product(x->dims + 1, x->rank - 1);
}

static aj_status infer(const ajp_op_infer *i)
{
    const params *q = i->node->params;
    const ajp_type *x = i->in[0];
    if (x->rank < 2)
        return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err,
                             "has an input of %zu dimensions; 2 or more are needed", x->rank);
    if (x->batch_axis > 0) return ajp_op_mixes(i, "its channels are samples");
    for (size_t k = 0; k < 5; k++) {
        size_t n;
        AJ_TRY(ajp_op_want(i, k, AJP_FLOAT32));
        if (k == 0) continue;
        if (i->in[k]->batch_axis >= 0) return ajp_op_mixes(i, "its statistics come from data");
        if (!ajp_type_elements(i->in[k], &n) || n != n_channels(q, x))
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                                 "has %zu channels, but input %zu has another number of "
                                 "elements",
                                 n_channels(q, x), k);
    }
    i->out[0] = *x;
    if (q->training && x->batch_axis >= 0)
        return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err,
                             "is in training mode; export the model for inference");
    if (i->n_out > 1 && !q->training)
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                             "has %zu outputs; only training mode has more than one", i->n_out);
    for (size_t k = 1; k < i->n_out; k++) i->out[k] = *i->in[3];
    return AJ_OK;
}

void ajp_batch_normalization_affine(const ajp_node *node, const float *const inputs[4], size_t n,
                                    float *scale, float *shift)
{
    const params *q = node->params;
    for (size_t c = 0; c < n; c++) {
        double factor = (double)inputs[0][c] / sqrt((double)inputs[3][c] + (double)q->epsilon);
        scale[c] = (float)factor;
        shift[c] = (float)((double)inputs[1][c] - factor * (double)inputs[2][c]);
    }
}

bool ajp_batch_normalization_trains(const ajp_node *node)
{
    const params *q = node->params;
    return q->training;
}

static size_t scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    (void)node, (void)out;
    return 4 * sizeof(float) * in[1].n;
}

/* Mean and variance of every channel over samples and image, in double; what the node puts out of them. */
static void take_statistics(const ajp_op_run *r, size_t n, size_t inner, float *mean, float *variance)
{
    const params *q = r->node->params;
    const float *x = r->in[0].data, *old[2] = {r->in[3].data, r->in[4].data}, *now[2] = {mean, variance};
    size_t n_rows = r->in[0].n / (n * inner);
    double count = (double)(n_rows * inner), momentum = (double)q->momentum;
    for (size_t c = 0; c < n; c++) {
        double sum = 0.0, squares = 0.0;
        for (size_t i = 0; i < n_rows * inner; i++) sum += (double)x[(i / inner * n + c) * inner + i % inner];
        for (size_t i = 0; i < n_rows * inner; i++) {
            double rest = (double)x[(i / inner * n + c) * inner + i % inner] - sum / count;
            squares += rest * rest;
        }
        mean[c] = (float)(sum / count);
        variance[c] = (float)(squares / count);
    }
    for (size_t k = 1; k < r->n_out && k < 3; k++) {
        float *out = r->out[k].data;
        for (size_t c = 0; out != NULL && c < n; c++)
            out[c] = (float)((double)old[k - 1][c] * momentum + (double)now[k - 1][c] * (1.0 - momentum));
    }
}

static aj_status run(const ajp_op_run *r)
{
    const params *q = r->node->params;
    const ajp_type *type = &r->in[0].type;
    size_t n = r->in[1].n;
    size_t inner = q->spatial && !r->x_last ? ajp_dims_product(type->dims + 2, type->rank - 2) : 1;
    const float *inputs[4] = {r->in[1].data, r->in[2].data, r->in[3].data, r->in[4].data}, *x = r->in[0].data;
    float *scale = r->scratch, *shift = scale + n, *y = r->out[0].data;
    if (r->in[0].n == 0) return AJ_OK;
    if (q->training) {
        take_statistics(r, n, inner, shift + n, shift + 2 * n);
        inputs[2] = shift + n;
        inputs[3] = shift + 2 * n;
    }
    ajp_batch_normalization_affine(r->node, inputs, n, scale, shift);
    for (size_t row = 0; row < r->in[0].n / (n * inner); row++) {
        if (inner == 1) {
            r->kernels->binary('*', x, scale, y, n);
            r->kernels->binary('+', y, shift, y, n);
        } else {
            for (size_t c = 0; c < n; c++)
                r->kernels->map(AJP_MAP_AFFINE, x + c * inner, y + c * inner, inner, scale[c], shift[c]);
        }
        x += n * inner;
        y += n * inner;
    }
    return AJ_OK;
}

/* A scale for every element of a sample is in the order of the file. */
static bool takes_last(const ajp_node *node, size_t n_products, const ajp_type *x, const ajp_type *y)
{
    const params *q = node->params;
    (void)n_products, (void)x, (void)y;
    return q->spatial;
}

extern const ajp_op ajp_op_batch_normalization;
const ajp_op ajp_op_batch_normalization = {.widening = AJP_WIDEN_FLOATS,
                                           .later_like = 3,
                                           .min_in = 5,
                                           .max_in = 5,
                                           .max_out = 5,
                                           .role = AJP_ROLE_NORMALIZE,
                                           .layout = AJP_LAYOUT_SAME,
                                           .takes_last = takes_last,
                                           .flops_per_element = 2,
                                           .params_size = sizeof(params),
                                           .attributes = attributes,
                                           .parse = parse,
                                           .infer = infer,
                                           .scratch = scratch,
                                           .run = run};

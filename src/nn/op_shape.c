/* op_shape.c: Identity, Flatten, Reshape, Dropout: the same elements under another name or shape. */
#include <string.h>

#include "op.h"

static aj_status copy(const ajp_op_run *r)
{
    ajp_convert(r->out[0].type.dtype, r->out[0].data, r->in[0].type.dtype, r->in[0].data, r->in[0].n);
    return AJ_OK;
}

/* ---- Identity ----------------------------------------------------------------------------------------- */

static aj_status infer_same(const ajp_op_infer *i)
{
    i->out[0] = *i->in[0];
    return AJ_OK;
}

static const char *const no_attributes[] = {NULL};
extern const ajp_op ajp_op_identity;
const ajp_op ajp_op_identity = {.any_sample_axis = true,
                                .min_in = 1,
                                .max_in = 1,
                                .max_out = 1,
                                .role = AJP_ROLE_VIEW,
                                .attributes = no_attributes,
                                .infer = infer_same,
                                .run = copy};

/* ---- Flatten ------------------------------------------------------------------------------------------ */

typedef struct {
    int64_t axis;
} flatten_params;
static const char *const flatten_attributes[] = {"axis", NULL};

static aj_status parse_flatten(const ajp_op_parse *p, void *out)
{
    flatten_params *q = out;
    return ajp_op_int(p, "axis", 1, &q->axis);
}

static aj_status infer_flatten(const ajp_op_infer *i)
{
    const flatten_params *q = i->node->params;
    const ajp_type *x = i->in[0];
    size_t axis;
    AJ_TRY(ajp_op_axis(i, q->axis, x->rank, true, &axis));
    i->out[0] = (ajp_type){
        x->dtype, -1, 2, {ajp_dims_product(x->dims, axis), ajp_dims_product(x->dims + axis, x->rank - axis)}};
    if (x->batch_axis < 0) return AJ_OK;
    bool first = x->batch_axis < (int)axis;
    size_t from = first ? 0 : axis; /* the axes that become one, up to the samples */
    if (ajp_dims_product(x->dims + from, (size_t)x->batch_axis - from) != 1)
        return ajp_op_mixes(i, "an axis before the samples would become one with them");
    i->out[0].batch_axis = first ? 0 : 1;
    return AJ_OK;
}

extern const ajp_op ajp_op_flatten;
const ajp_op ajp_op_flatten = {.any_sample_axis = true,
                               .min_in = 1,
                               .max_in = 1,
                               .max_out = 1,
                               .role = AJP_ROLE_VIEW,
                               .params_size = sizeof(flatten_params),
                               .attributes = flatten_attributes,
                               .parse = parse_flatten,
                               .infer = infer_flatten,
                               .run = copy};

/* ---- Reshape ------------------------------------------------------------------------------------------ */

typedef struct {
    const ajp_onnx_attribute *shape; /* opset < 5 */
    bool allow_zero;
} reshape_params;
static const char *const reshape_attributes[] = {"shape", "allowzero", "consumed_inputs", NULL};

static aj_status parse_reshape(const ajp_op_parse *p, void *out)
{
    reshape_params *q = out;
    int64_t allow_zero;
    q->shape = p->node->opset < 5 ? ajp_op_attribute(p->node, "shape") : NULL;
    if ((q->shape == NULL) != (p->node->opset >= 5) || (p->node->opset >= 5 && p->node->n_in != 2))
        return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err,
                             "has no shape (an attribute before opset 5, an input "
                             "from then on)");
    AJ_TRY(ajp_op_int(p, "allowzero", 0, &allow_zero));
    q->allow_zero = allow_zero != 0;
    return AJ_OK;
}

typedef struct {
    size_t n;
    int64_t dims[AJP_MAX_RANK];
    int free; /* the axis given as -1, or -1 */
} target;

/* The wanted shape, zeros replaced by the input's dimensions where that is their meaning. */
static aj_status read_target(const ajp_op_infer *i, target *t)
{
    const reshape_params *q = i->node->params;
    const ajp_tensor *shape = q->shape == NULL ? i->known[1] : NULL;
    if (q->shape == NULL && shape == NULL)
        return ajp_op_needs_data(i,
                                 "takes its shape from data; only shapes known before any data can be used");
    if (shape != NULL && (shape->type.dtype != AJP_INT64 || shape->type.rank != 1))
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                             "has a shape input that is not a list of int64");
    t->n = shape != NULL ? shape->n : q->shape->n_ints;
    t->free = -1;
    if (t->n > AJP_MAX_RANK)
        return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err,
                             "asks for %zu dimensions; at most 8 are supported", t->n);
    for (size_t k = 0; k < t->n; k++) {
        t->dims[k] = shape != NULL ? ajp_tensor_int(shape, k) : q->shape->ints[k];
        if (t->dims[k] < -1 || t->dims[k] > (int64_t)AJP_MAX_ELEMENTS || (t->dims[k] == -1 && t->free >= 0) ||
            (t->dims[k] == 0 && !q->allow_zero && k >= i->in[0]->rank))
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                                 "asks for a shape with %lld at place %zu, which does not "
                                 "fit",
                                 (long long)t->dims[k], k);
        if (t->dims[k] == -1) t->free = (int)k;
    }
    return AJ_OK;
}

static aj_status wrong_size(const ajp_op_infer *i)
{
    char text[128];
    return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                         "cannot give %s the shape asked for: the numbers of elements "
                         "differ",
                         ajp_type_text(i->in[0], text, sizeof text));
}

/* Elements before axis k of the wanted shape; 0 where the free axis is among them. */
static size_t before(const ajp_op_infer *i, const target *t, size_t k)
{
    const reshape_params *q = i->node->params;
    size_t product = 1;
    for (size_t d = 0; d < k; d++) {
        int64_t dim = t->dims[d] == 0 && !q->allow_zero ? (int64_t)i->in[0]->dims[d] : t->dims[d];
        if (dim <= 0 || !ajp_size_mul(product, (size_t)dim, &product)) return 0;
    }
    return product;
}

/* Which axis of the result counts samples: one copied from the sample axis, one that spells out their number
 * ([1, 256] in a model exported for one sample), or the free one.  What stands before the samples must go on
 * standing there: best as axes of its own, else (where a shape was made of the number of samples) within
 * theirs. */
static size_t find_spelled(const ajp_op_infer *i, const target *t, size_t ahead, bool within)
{
    size_t fixed = i->fixed_batch;
    for (size_t k = 0; fixed > 0 && k < t->n; k++) {
        if (t->dims[k] <= 0 || (size_t)t->dims[k] % fixed != 0) continue;
        size_t product = before(i, t, k), dim = (size_t)t->dims[k] / fixed;
        bool within_fits = product > 0 && ahead % product == 0 && dim % (ahead / product) == 0;
        if (within ? within_fits : product == ahead) return k;
    }
    return AJP_MAX_RANK;
}

static aj_status place_batch(const ajp_op_infer *i, target *t, ajp_type *out)
{
    const reshape_params *q = i->node->params;
    int batch = i->in[0]->batch_axis;
    out->batch_axis = -1;
    if (batch < 0) return AJ_OK;
    size_t ahead = ajp_dims_product(i->in[0]->dims, (size_t)batch) * i->ahead;
    if (!q->allow_zero && (size_t)batch < t->n && t->dims[batch] == 0) {
        out->batch_axis = batch;
        return AJ_OK;
    }
    size_t k = find_spelled(i, t, ahead, false), inner = find_spelled(i, t, ahead, true);
    /* samples as the columns of a matrix are of no use to what follows */
    if (inner < AJP_MAX_RANK && (k == AJP_MAX_RANK || (k > 0 && k + 1 == t->n))) k = inner;
    if (k < AJP_MAX_RANK) t->dims[k] /= (int64_t)i->fixed_batch;
    out->batch_axis = k < AJP_MAX_RANK ? (int)k : t->free;
    return out->batch_axis < 0 ? ajp_op_mixes(i, "its shape fixes the number of samples") : AJ_OK;
}

/* What stands before the samples, as axes and within theirs, is the same before and after. */
static aj_status keep_ahead(const ajp_op_infer *i, const ajp_type *out)
{
    const ajp_type *x = i->in[0];
    if (out->batch_axis < 0) return AJ_OK;
    size_t ahead = ajp_dims_product(x->dims, (size_t)x->batch_axis) * i->ahead;
    size_t axes = ajp_dims_product(out->dims, (size_t)out->batch_axis);
    if (axes == 0 || ahead % axes != 0 || out->dims[out->batch_axis] % (ahead / axes) != 0)
        return ajp_op_mixes(i, "it moves the samples past another axis");
    *i->ahead_out = ahead / axes;
    return AJ_OK;
}

static aj_status infer_reshape(const ajp_op_infer *i)
{
    const reshape_params *q = i->node->params;
    const ajp_type *x = i->in[0];
    size_t total, product = 1;
    target t = {0, {0}, -1};
    AJ_TRY(read_target(i, &t));
    ajp_type out = {x->dtype, -1, t.n, {0}};
    AJ_TRY(place_batch(i, &t, &out));
    if (!ajp_type_elements(x, &total)) return wrong_size(i);
    for (size_t k = 0; k < t.n; k++) {
        if ((int)k == t.free) continue;
        out.dims[k] = t.dims[k] == 0 && !q->allow_zero ? x->dims[k] : (size_t)t.dims[k];
        if (!ajp_size_mul(product, out.dims[k], &product) || product > AJP_MAX_ELEMENTS) return wrong_size(i);
    }
    if (t.free >= 0) {
        if (product == 0 || total % product != 0) return wrong_size(i);
        out.dims[t.free] = total / product;
    } else if (product != total) {
        return wrong_size(i);
    }
    AJ_TRY(keep_ahead(i, &out));
    i->out[0] = out;
    return AJ_OK;
}

extern const ajp_op ajp_op_reshape;
const ajp_op ajp_op_reshape = {.any_sample_axis = true,
                               .min_in = 1,
                               .max_in = 2,
                               .max_out = 1,
                               .role = AJP_ROLE_VIEW,
                               .params_size = sizeof(reshape_params),
                               .attributes = reshape_attributes,
                               .parse = parse_reshape,
                               .infer = infer_reshape,
                               .run = copy};

/* ---- Dropout (inference) ------------------------------------------------------------------------------ */

typedef struct {
    bool training; /* opset < 7 without is_test: random unless the ratio is 0 */
    float ratio;
} dropout_params;
static const char *const dropout_attributes[] = {"ratio", "is_test", "seed", "consumed_inputs", NULL};

static aj_status parse_dropout(const ajp_op_parse *p, void *out)
{
    dropout_params *q = out;
    int64_t is_test;
    AJ_TRY(ajp_op_int(p, "is_test", 0, &is_test));
    q->training = p->node->opset < 7 && is_test == 0;
    return ajp_op_float(p, "ratio", 0.5f, &q->ratio);
}

/* Whether it drops anything; false in *certain when only data can tell. */
static bool drops(const ajp_op_infer *i, bool *certain)
{
    const dropout_params *q = i->node->params;
    bool training = q->training;
    double ratio = (double)q->ratio;
    *certain = true;
    if (i->n_in > 2 && i->in[2] != NULL) {
        if (i->known[2] == NULL || i->known[2]->n != 1) return *certain = false;
        training = ajp_tensor_int(i->known[2], 0) != 0;
    }
    if (!training) return false;
    if (i->n_in > 1 && i->in[1] != NULL) {
        if (i->known[1] == NULL || i->known[1]->n != 1) return *certain = false;
        ajp_convert(AJP_FLOAT64, &ratio, i->known[1]->type.dtype, i->known[1]->data, 1);
    }
    return ratio != 0;
}

static aj_status infer_dropout(const ajp_op_infer *i)
{
    bool certain;
    if (drops(i, &certain))
        return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err,
                             "is in training mode, which draws random numbers; "
                             "export the model for inference");
    if (!certain) return ajp_op_needs_data(i, "takes its mode or ratio from data");
    i->out[0] = *i->in[0];
    if (i->n_out > 1) {
        i->out[1] = *i->in[0];
        if (i->node->opset >= 10) i->out[1].dtype = AJP_BOOL;
    }
    return AJ_OK;
}

static aj_status run_dropout(const ajp_op_run *r)
{
    static const uint8_t one = 1;
    AJ_TRY(copy(r));
    if (r->n_out < 2 || r->out[1].data == NULL) return AJ_OK;
    size_t size = ajp_dtype_size(r->out[1].type.dtype);
    for (size_t k = 0; k < r->out[1].n; k++)
        ajp_convert(r->out[1].type.dtype, (char *)r->out[1].data + k * size, AJP_UINT8, &one, 1);
    return AJ_OK;
}

static bool dropout_is_view(const ajp_node *node, const ajp_type *in, const ajp_type *out)
{
    (void)in;
    (void)out;
    return node->n_out < 2 || node->out[1] == AJP_NO_VALUE;
}

extern const ajp_op ajp_op_dropout;
const ajp_op ajp_op_dropout = {.any_sample_axis = true,
                               .min_in = 1,
                               .max_in = 3,
                               .max_out = 2,
                               .role = AJP_ROLE_VIEW,
                               .params_size = sizeof(dropout_params),
                               .attributes = dropout_attributes,
                               .parse = parse_dropout,
                               .infer = infer_dropout,
                               .run = run_dropout,
                               .is_view = dropout_is_view};

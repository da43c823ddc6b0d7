/* op_standardize.c: LayerNormalization (Ba et al. 2016), GroupNormalization (Wu and He 2018),
 * LpNormalization: rows scaled by figures of their own. */
#include <math.h>
#include <string.h>

#include "op.h"
#include "op_copy.h"

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

/* ---- LayerNormalization: over the axes from one on --------------------------------------------------------
 */

typedef struct {
    int64_t axis;
    float epsilon;
} layer_params;
static const char *const layer_attributes[] = {"axis", "epsilon", "stash_type", NULL};

static aj_status parse_layer(const ajp_op_parse *p, void *out)
{
    layer_params *q = out;
    int64_t stash;
    AJ_TRY(ajp_op_int(p, "axis", -1, &q->axis));
    AJ_TRY(ajp_op_int(p, "stash_type", AJP_FLOAT32, &stash)); /* ours is float32, or double for the rest */
    return ajp_op_float(p, "epsilon", 1e-5F, &q->epsilon);
}

/* Scale and bias fit the normalised axes, aligned at the end. */
static aj_status check_row(const ajp_op_infer *i, size_t k, size_t axis)
{
    const ajp_type *x = i->in[0], *c = ajp_op_input(i, k);
    if (c == NULL) return AJ_OK;
    if (c->batch_axis >= 0) return ajp_op_mixes(i, "its scale or bias comes from the samples");
    bool fits = c->rank <= x->rank - axis && c->dtype == x->dtype;
    for (size_t d = 0; fits && d < c->rank; d++)
        fits = c->dims[d] == 1 || c->dims[d] == x->dims[x->rank - c->rank + d];
    return fits ? AJ_OK : ajp_op_corrupt(i, "has an input %zu that does not fit the normalised axes", k);
}

static aj_status infer_layer(const ajp_op_infer *i)
{
    const layer_params *q = i->node->params;
    const ajp_type *x = i->in[0];
    size_t axis;
    if (!ajp_dtype_is_float(x->dtype)) return ajp_op_refuse(i, 0);
    AJ_TRY(ajp_op_axis(i, q->axis, x->rank, false, &axis));
    if (x->batch_axis >= (int)axis) return ajp_op_mixes(i, "it normalises over samples");
    AJ_TRY(check_row(i, 1, axis));
    AJ_TRY(check_row(i, 2, axis));
    i->out[0] = *x;
    for (size_t k = 1; k < i->n_out; k++) {
        i->out[k] = *x;
        i->out[k].dtype = AJP_FLOAT32;
        for (size_t d = axis; d < x->rank; d++) i->out[k].dims[d] = 1;
    }
    return AJ_OK;
}

static size_t row_length(const ajp_type *x, int64_t axis)
{
    size_t d = (size_t)(axis < 0 ? axis + (int64_t)x->rank : axis);
    return ajp_dims_product(x->dims + d, x->rank - d);
}

static size_t scratch_layer(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    const layer_params *q = node->params;
    (void)out;
    size_t n;
    if (!ajp_size_mul(row_length(&in[0].type, q->axis), 2 * sizeof(double), &n)) return SIZE_MAX;
    return n;
}

/* Input k spread over a row. */
static const void *spread_row(const ajp_op_run *r, size_t k, size_t n, void *room)
{
    const ajp_type *x = &r->in[0].type, *c;
    ajp_copy_axis axes[AJP_MAX_RANK];
    ptrdiff_t to[AJP_MAX_RANK], from[AJP_MAX_RANK];
    if (ajp_op_data(r, k) == NULL) return NULL;
    c = &r->in[k].type;
    if (r->in[k].n == n) return r->in[k].data;
    size_t missing = x->rank - c->rank;
    ajp_dense_steps(x, to);
    ajp_dense_steps(c, from);
    for (size_t d = missing; d < x->rank; d++)
        axes[d - missing] =
            (ajp_copy_axis){x->dims[d], to[d], c->dims[d - missing] == 1 ? 0 : from[d - missing]};
    size_t size = ajp_dtype_size(c->dtype), length = ajp_dims_product(x->dims + missing, c->rank);
    ajp_copy(size, c->rank, axes, room, r->in[k].data);
    for (size_t done = length; done < n; done += length)
        memcpy((char *)room + done * size, room, length * size);
    return room;
}

typedef struct {
    const ajp_op_run *r;
    const layer_params *q;
    size_t n;
    const void *scale, *bias;
} layer_work;

static void keep_moments(const ajp_op_run *r, size_t row, double mean, double inverse)
{
    if (r->n_out > 1 && r->out[1].data != NULL) ((float *)r->out[1].data)[row] = (float)mean;
    if (r->n_out > 2 && r->out[2].data != NULL) ((float *)r->out[2].data)[row] = (float)inverse;
}

static void layer_rows(void *user, size_t first, size_t n_rows)
{
    const layer_work *w = user;
    const float *x = w->r->in[0].data;
    float *y = w->r->out[0].data, moments[2];
    for (size_t row = first; row < first + n_rows; row++) {
        w->r->kernels->normalize(x + row * w->n, w->n, w->q->epsilon, w->scale, w->bias, y + row * w->n,
                                 moments);
        keep_moments(w->r, row, (double)moments[0], (double)moments[1]);
    }
}

/* The other types: in double. */
static void layer_row(const layer_work *w, size_t row)
{
    const ajp_op_run *r = w->r;
    ajp_tensor scale = {r->in[1].type, w->n, NULL}, bias = scale;
    double mean = 0, variance = 0;
    memcpy(&scale.data, &w->scale, sizeof scale.data);
    memcpy(&bias.data, &w->bias, sizeof bias.data);
    for (size_t k = 0; k < w->n; k++) mean += get(&r->in[0], row * w->n + k);
    mean /= (double)w->n;
    for (size_t k = 0; k < w->n; k++) {
        double d = get(&r->in[0], row * w->n + k) - mean;
        variance += d * d;
    }
    double inverse = 1 / sqrt(variance / (double)w->n + (double)w->q->epsilon);
    for (size_t k = 0; k < w->n; k++) {
        double z = (get(&r->in[0], row * w->n + k) - mean) * inverse;
        put(&r->out[0], row * w->n + k, z * get(&scale, k) + (w->bias != NULL ? get(&bias, k) : 0));
    }
    keep_moments(r, row, mean, inverse);
}

static aj_status run_layer(const ajp_op_run *r)
{
    const layer_params *q = r->node->params;
    layer_work w = {r, q, row_length(&r->in[0].type, q->axis), NULL, NULL};
    if (r->in[0].n == 0) return AJ_OK;
    w.scale = spread_row(r, 1, w.n, r->scratch);
    w.bias = spread_row(r, 2, w.n, (double *)r->scratch + w.n);
    size_t n_rows = r->in[0].n / w.n;
    if (r->in[0].type.dtype == AJP_FLOAT32)
        ajp_op_spread(r, n_rows, 0.1 * (double)w.n, layer_rows, &w);
    else
        for (size_t row = 0; row < n_rows; row++) layer_row(&w, row);
    return AJ_OK;
}

extern const ajp_op ajp_op_layer_normalization;
const ajp_op ajp_op_layer_normalization = {.any_sample_axis = true,
                                           .min_in = 2,
                                           .max_in = 3,
                                           .max_out = 3,
                                           .flops_per_element = 8,
                                           .params_size = sizeof(layer_params),
                                           .attributes = layer_attributes,
                                           .parse = parse_layer,
                                           .infer = infer_layer,
                                           .scratch = scratch_layer,
                                           .run = run_layer};

/* ---- GroupNormalization: over the channels of a group; opset 18 has a scale and a bias for each group
 * ------ */

typedef struct {
    int64_t n_groups;
    float epsilon;
} group_params;
static const char *const group_attributes[] = {"epsilon", "num_groups", NULL};

static aj_status parse_group(const ajp_op_parse *p, void *out)
{
    group_params *q = out;
    AJ_TRY(ajp_op_int(p, "num_groups", 0, &q->n_groups));
    if (q->n_groups < 1)
        return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has %lld groups", (long long)q->n_groups);
    return ajp_op_float(p, "epsilon", 1e-5F, &q->epsilon);
}

static aj_status infer_group(const ajp_op_infer *i)
{
    const group_params *q = i->node->params;
    const ajp_type *x = i->in[0];
    AJ_TRY(ajp_op_want(i, 0, AJP_FLOAT32));
    if (x->rank < 2 || x->dims[1] % (size_t)q->n_groups != 0)
        return ajp_op_corrupt(i, "has channels that do not make %lld groups", (long long)q->n_groups);
    if (x->batch_axis > 0) return ajp_op_mixes(i, "it normalises over samples");
    for (size_t k = 1; k < 3; k++) {
        AJ_TRY(ajp_op_want(i, k, AJP_FLOAT32));
        if (i->in[k]->batch_axis >= 0) return ajp_op_mixes(i, "its scale or bias comes from the samples");
        if (i->in[k]->rank != 1 || i->in[k]->dims[0] != (size_t)q->n_groups)
            return ajp_op_corrupt(i, "has an input %zu that is not one number for each group", k);
    }
    i->out[0] = *x;
    return AJ_OK;
}

typedef struct {
    const ajp_op_run *r;
    size_t n, n_groups;
} group_work;

static void group_rows(void *user, size_t first, size_t n_rows)
{
    const group_work *w = user;
    const group_params *q = w->r->node->params;
    const float *x = w->r->in[0].data, *scale = w->r->in[1].data, *bias = w->r->in[2].data;
    float *y = w->r->out[0].data, moments[2];
    for (size_t row = first; row < first + n_rows; row++) {
        float *to = y + row * w->n;
        w->r->kernels->normalize(x + row * w->n, w->n, q->epsilon, NULL, NULL, to, moments);
        w->r->kernels->map(AJP_MAP_AFFINE, to, to, w->n, scale[row % w->n_groups], bias[row % w->n_groups]);
    }
}

static aj_status run_group(const ajp_op_run *r)
{
    const group_params *q = r->node->params;
    const ajp_type *x = &r->in[0].type;
    group_work w = {r, 0, (size_t)q->n_groups};
    if (r->in[0].n == 0) return AJ_OK;
    w.n = ajp_dims_product(x->dims + 1, x->rank - 1) / w.n_groups;
    ajp_op_spread(r, x->dims[0] * w.n_groups, 0.15 * (double)w.n, group_rows, &w);
    return AJ_OK;
}

extern const ajp_op ajp_op_group_normalization;
const ajp_op ajp_op_group_normalization = {.widening = AJP_WIDEN_FLOATS,
                                           .min_in = 3,
                                           .max_in = 3,
                                           .max_out = 1,
                                           .flops_per_element = 8,
                                           .params_size = sizeof(group_params),
                                           .attributes = group_attributes,
                                           .parse = parse_group,
                                           .infer = infer_group,
                                           .run = run_group};

/* ---- LpNormalization: divided by the sum of magnitudes or the root of squares along an axis
 * ---------------- */

typedef struct {
    int64_t axis, p;
} lp_params;
static const char *const lp_attributes[] = {"axis", "p", NULL};

static aj_status parse_lp(const ajp_op_parse *p, void *out)
{
    lp_params *q = out;
    AJ_TRY(ajp_op_int(p, "axis", -1, &q->axis));
    AJ_TRY(ajp_op_int(p, "p", 2, &q->p));
    if (q->p == 1 || q->p == 2) return AJ_OK;
    return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has p = %lld; 1 and 2 are defined",
                         (long long)q->p);
}

static aj_status infer_lp(const ajp_op_infer *i)
{
    const lp_params *q = i->node->params;
    size_t axis;
    if (!ajp_dtype_is_float(i->in[0]->dtype)) return ajp_op_refuse(i, 0);
    AJ_TRY(ajp_op_axis(i, q->axis, i->in[0]->rank, false, &axis));
    if ((int)axis == i->in[0]->batch_axis) return ajp_op_mixes(i, "it normalises over samples");
    i->out[0] = *i->in[0];
    return AJ_OK;
}

static aj_status run_lp(const ajp_op_run *r)
{
    const lp_params *q = r->node->params;
    const ajp_type *x = &r->in[0].type;
    size_t axis = (size_t)(q->axis < 0 ? q->axis + (int64_t)x->rank : q->axis), n = x->dims[axis];
    size_t inner = ajp_dims_product(x->dims + axis + 1, x->rank - axis - 1);
    for (size_t line = 0; n > 0 && line < r->in[0].n / n; line++) {
        size_t base = line / inner * n * inner + line % inner;
        double norm = 0;
        for (size_t k = 0; k < n; k++) {
            double v = get(&r->in[0], base + k * inner);
            norm += q->p == 1 ? fabs(v) : v * v;
        }
        if (q->p == 2) norm = sqrt(norm);
        /* a row of zeros stays one */
        for (size_t k = 0; k < n; k++)
            put(&r->out[0], base + k * inner, norm > 0 ? get(&r->in[0], base + k * inner) / norm : norm);
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_lp_normalization;
const ajp_op ajp_op_lp_normalization = {.any_sample_axis = true,
                                        .min_in = 1,
                                        .max_in = 1,
                                        .max_out = 1,
                                        .flops_per_element = 3,
                                        .params_size = sizeof(lp_params),
                                        .attributes = lp_attributes,
                                        .parse = parse_lp,
                                        .infer = infer_lp,
                                        .run = run_lp};

/* op_rank.c: ArgMax, ArgMin, Hardmax, TopK: the largest elements along an axis and where they are. */
#include <math.h>
#include <string.h>

#include "op.h"
#include "op_number.h"
#include "op_sort.h"

/* The tensor as [outer][n][inner]. */
typedef struct {
    size_t outer, n, inner;
} extent;

static extent extent_at(const ajp_type *t, int64_t axis)
{
    size_t d = (size_t)(axis < 0 ? axis + (int64_t)t->rank : axis);
    return (extent){ajp_dims_product(t->dims, d), t->dims[d],
                    ajp_dims_product(t->dims + d + 1, t->rank - d - 1)};
}

/* ---- ArgMax, ArgMin --------------------------------------------------------------------------------------
 */

typedef struct {
    int64_t axis;
    bool keep, last, smallest;
} arg_params;
static const char *const arg_attributes[] = {"axis", "keepdims", "select_last_index", NULL};

static aj_status parse_arg(const ajp_op_parse *p, arg_params *q, bool smallest)
{
    int64_t keep, last;
    AJ_TRY(ajp_op_int(p, "keepdims", 1, &keep));
    AJ_TRY(ajp_op_int(p, "select_last_index", 0, &last));
    q->keep = keep != 0;
    q->last = last != 0;
    q->smallest = smallest;
    return ajp_op_int(p, "axis", 0, &q->axis);
}

static aj_status parse_arg_max(const ajp_op_parse *p, void *out)
{
    return parse_arg(p, out, false);
}
static aj_status parse_arg_min(const ajp_op_parse *p, void *out)
{
    return parse_arg(p, out, true);
}

static aj_status infer_arg(const ajp_op_infer *i)
{
    const arg_params *q = i->node->params;
    const ajp_type *x = i->in[0];
    size_t axis;
    if (x->dtype == AJP_BOOL) return ajp_op_refuse(i, 0);
    AJ_TRY(ajp_op_axis(i, q->axis, x->rank, false, &axis));
    if (x->batch_axis == (int)axis) return ajp_op_mixes(i, "it compares samples");
    if (x->dims[axis] == 0) return ajp_op_corrupt(i, "looks for the largest of no elements");
    i->out[0] = (ajp_type){AJP_INT64, -1, 0, {0}};
    for (size_t d = 0; d < x->rank; d++) {
        if (d == axis && !q->keep) continue;
        if (x->batch_axis == (int)d) i->out[0].batch_axis = (int)i->out[0].rank;
        i->out[0].dims[i->out[0].rank++] = d == axis ? 1 : x->dims[d];
    }
    return AJ_OK;
}

/* Is the next one to be taken in place of the best so far? */
static bool wins(const arg_params *q, const ajp_number *next, const ajp_number *best)
{
    int order = ajp_number_order(next, best);
    if (q->smallest) order = -order;
    return order > 0 || (order == 0 && q->last);
}

static aj_status run_arg(const ajp_op_run *r)
{
    const arg_params *q = r->node->params;
    extent e = extent_at(&r->in[0].type, q->axis);
    int64_t *y = r->out[0].data;
    for (size_t k = 0; k < r->out[0].n; k++) {
        size_t base = k / e.inner * e.n * e.inner + k % e.inner, found = 0;
        ajp_number best = ajp_number_load(&r->in[0], base);
        for (size_t at = 1; at < e.n; at++) {
            ajp_number v = ajp_number_load(&r->in[0], base + at * e.inner);
            if (wins(q, &v, &best)) best = v, found = at;
        }
        y[k] = (int64_t)found;
    }
    return AJ_OK;
}

/* A comparison for every element of the input. */
static uint64_t flops_arg(const ajp_node *node, const ajp_type *in, uint64_t n_out)
{
    size_t n;
    (void)node;
    return ajp_type_elements(&in[0], &n) ? n : n_out;
}

#define ARG(id)                                                    \
    extern const ajp_op ajp_op_##id;                               \
    const ajp_op ajp_op_##id = {.any_sample_axis = true,           \
                                .min_in = 1,                       \
                                .max_in = 1,                       \
                                .max_out = 1,                      \
                                .flops = flops_arg,                \
                                .params_size = sizeof(arg_params), \
                                .attributes = arg_attributes,      \
                                .parse = parse_##id,               \
                                .infer = infer_arg,                \
                                .run = run_arg};
ARG(arg_max)
ARG(arg_min)

/* ---- Hardmax: 1 at the first largest element, 0 elsewhere -------------------------------------------------
 */

typedef struct {
    int64_t axis;
    bool flatten; /* before opset 13: over everything from the axis on */
} hard_params;
static const char *const hard_attributes[] = {"axis", NULL};

static aj_status parse_hard(const ajp_op_parse *p, void *out)
{
    hard_params *q = out;
    q->flatten = p->node->opset < 13;
    return ajp_op_int(p, "axis", q->flatten ? 1 : -1, &q->axis);
}

static aj_status infer_hard(const ajp_op_infer *i)
{
    const hard_params *q = i->node->params;
    const ajp_type *x = i->in[0];
    size_t axis;
    if (!ajp_dtype_is_float(x->dtype)) return ajp_op_refuse(i, 0);
    AJ_TRY(ajp_op_axis(i, q->axis, x->rank, q->flatten, &axis));
    if (x->batch_axis >= 0 && (q->flatten ? x->batch_axis >= (int)axis : x->batch_axis == (int)axis))
        return ajp_op_mixes(i, "it compares samples");
    i->out[0] = *x;
    return AJ_OK;
}

static aj_status run_hard(const ajp_op_run *r)
{
    const hard_params *q = r->node->params;
    const ajp_type *x = &r->in[0].type;
    static const uint8_t one = 1;
    size_t size = ajp_dtype_size(x->dtype), d = (size_t)(q->axis < 0 ? q->axis + (int64_t)x->rank : q->axis);
    extent e = {ajp_dims_product(x->dims, d), ajp_dims_product(x->dims + d, x->rank - d), 1};
    if (!q->flatten) e = extent_at(x, q->axis);
    if (r->out[0].n == 0) return AJ_OK;
    memset(r->out[0].data, 0, r->out[0].n * size);
    for (size_t line = 0; line < e.outer * e.inner; line++) {
        size_t base = line / e.inner * e.n * e.inner + line % e.inner, found = base;
        ajp_number best = ajp_number_load(&r->in[0], base);
        for (size_t k = 1; k < e.n; k++) {
            ajp_number v = ajp_number_load(&r->in[0], base + k * e.inner);
            if (ajp_number_order(&v, &best) > 0) best = v, found = base + k * e.inner;
        }
        ajp_convert(x->dtype, (char *)r->out[0].data + found * size, AJP_UINT8, &one, 1);
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_hardmax;
const ajp_op ajp_op_hardmax = {.any_sample_axis = true,
                               .min_in = 1,
                               .max_in = 1,
                               .max_out = 1,
                               .flops_per_element = 1,
                               .params_size = sizeof(hard_params),
                               .attributes = hard_attributes,
                               .parse = parse_hard,
                               .infer = infer_hard,
                               .run = run_hard};

/* ---- TopK ------------------------------------------------------------------------------------------------
 */

typedef struct {
    int64_t axis, k; /* k: before opset 10, else input 1 */
    bool smallest, by_place;
} top_params;
static const char *const top_attributes[] = {"axis", "k", "largest", "sorted", NULL};

static aj_status parse_top(const ajp_op_parse *p, void *out)
{
    top_params *q = out;
    int64_t largest, sorted;
    AJ_TRY(ajp_op_int(p, "axis", -1, &q->axis));
    AJ_TRY(ajp_op_int(p, "k", -1, &q->k));
    AJ_TRY(ajp_op_int(p, "largest", 1, &largest));
    AJ_TRY(ajp_op_int(p, "sorted", 1, &sorted));
    q->smallest = largest == 0;
    q->by_place = sorted == 0;
    if (p->node->opset < 10 ? q->k >= 0 : p->node->n_in == 2) return AJ_OK;
    return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err,
                         "has no k (an attribute before opset 10, an input from then on)");
}

static aj_status infer_top(const ajp_op_infer *i)
{
    const top_params *q = i->node->params;
    const ajp_type *x = i->in[0];
    ajp_op_list list;
    size_t axis;
    int64_t k = q->k;
    if (x->dtype == AJP_BOOL) return ajp_op_refuse(i, 0);
    AJ_TRY(ajp_op_axis(i, q->axis, x->rank, false, &axis));
    if (i->node->opset >= 10) {
        AJ_TRY(ajp_op_known_list(i, 1, "k", &list));
        if (list.n != 1) return ajp_op_corrupt(i, "has a k that is not one number");
        k = ajp_op_list_at(&list, 0);
    }
    if (x->batch_axis == (int)axis) return ajp_op_mixes(i, "it compares samples");
    if (k < 0 || k > (int64_t)x->dims[axis])
        return ajp_op_corrupt(i, "asks for %lld of %zu elements", (long long)k, x->dims[axis]);
    i->out[0] = *x;
    i->out[0].dims[axis] = (size_t)k;
    if (i->n_out > 1) {
        i->out[1] = i->out[0];
        i->out[1].dtype = AJP_INT64;
    }
    return AJ_OK;
}

static size_t scratch_top(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    const top_params *q = node->params;
    (void)out;
    return 2 * extent_at(&in[0].type, q->axis).n * sizeof(size_t);
}

typedef struct {
    const ajp_tensor *x;
    size_t base, step;
    bool smallest;
} line;

static bool before(const void *context, size_t b, size_t a)
{
    const line *l = context;
    ajp_number u = ajp_number_load(l->x, l->base + b * l->step),
               v = ajp_number_load(l->x, l->base + a * l->step);
    int order = ajp_number_order(&u, &v);
    return l->smallest ? order < 0 : order > 0;
}

static bool place_before(const void *context, size_t b, size_t a)
{
    (void)context;
    return b < a;
}

static aj_status run_top(const ajp_op_run *r)
{
    const top_params *q = r->node->params;
    extent e = extent_at(&r->in[0].type, q->axis);
    /* the outputs have the same shape; either may be left out */
    size_t size = ajp_dtype_size(r->in[0].type.dtype);
    char *values = r->out[0].data;
    int64_t *indices = r->n_out > 1 ? r->out[1].data : NULL;
    size_t n = values != NULL ? r->out[0].n : indices != NULL ? r->out[1].n : 0;
    size_t k = e.outer * e.inner > 0 ? n / (e.outer * e.inner) : 0;
    size_t *order = r->scratch, *work = order + e.n;
    for (size_t at = 0; k > 0 && at < e.outer * e.inner; at++) {
        line l = {&r->in[0], at / e.inner * e.n * e.inner + at % e.inner, e.inner, q->smallest};
        for (size_t j = 0; j < e.n; j++) order[j] = j;
        ajp_sort(order, work, e.n, before, &l);
        if (q->by_place) ajp_sort(order, work, k, place_before, NULL);
        for (size_t j = 0; j < k; j++) {
            size_t to = at / e.inner * k * e.inner + j * e.inner + at % e.inner;
            if (values != NULL)
                memcpy(values + to * size, (const char *)l.x->data + (l.base + order[j] * e.inner) * size,
                       size);
            if (indices != NULL) indices[to] = (int64_t)order[j];
        }
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_top_k;
const ajp_op ajp_op_top_k = {.any_sample_axis = true,
                             .min_in = 1,
                             .max_in = 2,
                             .max_out = 2,
                             .flops_per_element = 1,
                             .params_size = sizeof(top_params),
                             .attributes = top_attributes,
                             .parse = parse_top,
                             .infer = infer_top,
                             .scratch = scratch_top,
                             .run = run_top};

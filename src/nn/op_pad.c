/* op_pad.c: Pad: a constant, a mirror, the edge or the tensor itself around a tensor; negative pads cut off.
 */
#include <math.h>
#include <string.h>

#include "op.h"
#include "op_copy.h"

enum { CONSTANT, REFLECT, EDGE, WRAP };
static const char *const modes[] = {"constant", "reflect", "edge", "wrap", NULL};
#define OUTSIDE SIZE_MAX

typedef struct {
    size_t mode;
    ajp_op_list pads; /* before opset 11 */
    float value;
} params;
static const char *const attributes[] = {"mode", "pads", "paddings", "value", NULL};

static aj_status parse(const ajp_op_parse *p, void *out)
{
    params *q = out;
    AJ_TRY(ajp_op_choice(p, "mode", modes, CONSTANT, &q->mode));
    AJ_TRY(ajp_op_ints(p, p->node->opset < 2 ? "paddings" : "pads", &q->pads));
    AJ_TRY(ajp_op_float(p, "value", 0, &q->value));
    if (p->node->opset < 11 ? q->pads.given : p->node->n_in >= 2) return AJ_OK;
    return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err,
                         "has no pads (an attribute before opset 11, an input from then on)");
}

/* Pads before and after each axis: all of `list`, or those of the axes named. */
static aj_status read_pads(const ajp_op_infer *i, int64_t (*pads)[2])
{
    const params *q = i->node->params;
    ajp_op_list list = q->pads, axes;
    size_t rank = i->in[0]->rank;
    if (i->node->opset >= 11) AJ_TRY(ajp_op_known_list(i, 1, "pads", &list));
    AJ_TRY(ajp_op_known_list(i, 3, "axes", &axes));
    size_t n = axes.given ? axes.n : rank;
    if (list.n != 2 * n) return ajp_op_corrupt(i, "has %zu pads for %zu axes", list.n, n);
    for (size_t d = 0; d < rank; d++) pads[d][0] = pads[d][1] = 0;
    for (size_t k = 0; k < n; k++) {
        size_t d = k;
        if (axes.given) AJ_TRY(ajp_op_axis(i, ajp_op_list_at(&axes, k), rank, false, &d));
        pads[d][0] = ajp_op_list_at(&list, k);
        pads[d][1] = ajp_op_list_at(&list, k + n);
    }
    return AJ_OK;
}

static aj_status infer(const ajp_op_infer *i)
{
    const params *q = i->node->params;
    const ajp_type *x = i->in[0];
    int64_t pads[AJP_MAX_RANK][2], limit = (int64_t)AJP_MAX_ELEMENTS;
    AJ_TRY(read_pads(i, pads));
    const ajp_type *value = ajp_op_input(i, 2);
    size_t n;
    if (value != NULL && (value->dtype != x->dtype || !ajp_type_elements(value, &n) || n != 1))
        return ajp_op_corrupt(i, "has a value that is not one %s", ajp_dtype_name(x->dtype));
    if (value != NULL && value->batch_axis >= 0) return ajp_op_mixes(i, "its value comes from the samples");
    i->out[0] = *x;
    for (size_t d = 0; d < x->rank; d++) {
        bool none = pads[d][0] == 0 && pads[d][1] == 0;
        if ((int)d == x->batch_axis && !none) return ajp_op_mixes(i, "it pads the sample axis");
        if (pads[d][0] < -limit || pads[d][0] > limit || pads[d][1] < -limit || pads[d][1] > limit)
            return ajp_op_corrupt(i, "has a pad of more than 2^40 elements");
        int64_t dim = (int64_t)x->dims[d] + pads[d][0] + pads[d][1];
        if (dim < 0 || (q->mode != CONSTANT && x->dims[d] == 0 && dim > 0))
            return ajp_op_corrupt(i, "has pads that do not fit axis %zu of %zu elements", d, x->dims[d]);
        i->out[0].dims[d] = (size_t)dim;
    }
    return AJ_OK;
}

/* Where place p of an axis that starts `before` places early is read; OUTSIDE: a constant. */
static size_t source(const params *q, int64_t p, int64_t before, int64_t n)
{
    int64_t at = p - before;
    if (at >= 0 && at < n) return (size_t)at;
    if (q->mode == CONSTANT) return OUTSIDE;
    if (q->mode == EDGE) return (size_t)(at < 0 ? 0 : n - 1);
    int64_t period = q->mode == WRAP ? n : n > 1 ? 2 * (n - 1) : 1; /* a mirror repeats without its ends */
    at %= period;
    if (at < 0) at += period;
    return (size_t)(at < n ? at : period - at);
}

static size_t scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    size_t n = 0;
    (void)node;
    (void)in;
    for (size_t d = 0; d < out[0].type.rank; d++) n += out[0].type.dims[d];
    return n * sizeof(size_t);
}

static void fill_value(const ajp_op_run *r, void *value)
{
    const params *q = r->node->params;
    size_t size = ajp_dtype_size(r->in[0].type.dtype);
    const void *given = ajp_op_data(r, 2);
    if (given != NULL)
        memcpy(value, given, size);
    else
        ajp_convert(r->in[0].type.dtype, value, AJP_FLOAT32, &q->value, 1);
}

/* Which axes are padded, and by how much before. */
static void pads_before(const ajp_op_run *r, int64_t *before)
{
    const params *q = r->node->params;
    size_t rank = r->in[0].type.rank;
    ajp_op_list list = ajp_op_run_list(r, r->node->opset < 11 ? &q->pads : NULL, 1),
                axes = ajp_op_run_list(r, NULL, 3);
    for (size_t d = 0; d < rank; d++) before[d] = 0;
    for (size_t k = 0; k < list.n / 2; k++) {
        int64_t axis = axes.given ? ajp_op_list_at(&axes, k) : (int64_t)k;
        before[axis < 0 ? axis + (int64_t)rank : axis] = ajp_op_list_at(&list, k);
    }
}

/* The part of the input that stays, in one strided copy. */
static void copy_inside(const ajp_op_run *r, const int64_t *before)
{
    const ajp_type *x = &r->in[0].type, *out = &r->out[0].type;
    ptrdiff_t to[AJP_MAX_RANK], from[AJP_MAX_RANK], at_to = 0, at_from = 0;
    ptrdiff_t size = (ptrdiff_t)ajp_dtype_size(x->dtype);
    ajp_copy_axis axes[AJP_MAX_RANK];
    ajp_dense_steps(out, to);
    ajp_dense_steps(x, from);
    for (size_t d = 0; d < x->rank; d++) {
        int64_t first = before[d] < 0 ? -before[d] : 0, last = (int64_t)out->dims[d] - before[d];
        if (last > (int64_t)x->dims[d]) last = (int64_t)x->dims[d];
        axes[d] = (ajp_copy_axis){last > first ? (size_t)(last - first) : 0, to[d], from[d]};
        if (last <= first) return;
        at_from += first * from[d];
        at_to += (first + before[d]) * to[d];
    }
    ajp_copy((size_t)size, x->rank, axes, (char *)r->out[0].data + at_to * size,
             (const char *)r->in[0].data + at_from * size);
}

static void copy_mapped(const ajp_op_run *r, const int64_t *before)
{
    const params *q = r->node->params;
    const ajp_type *x = &r->in[0].type, *out = &r->out[0].type;
    size_t *map[AJP_MAX_RANK], *next = r->scratch, index[AJP_MAX_RANK] = {0}, size = ajp_dtype_size(x->dtype);
    ptrdiff_t step[AJP_MAX_RANK];
    char *y = r->out[0].data;
    ajp_dense_steps(x, step);
    for (size_t d = 0; d < out->rank; next += out->dims[d], d++) {
        map[d] = next;
        for (size_t p = 0; p < out->dims[d]; p++)
            map[d][p] = source(q, (int64_t)p, before[d], (int64_t)x->dims[d]);
    }
    for (size_t k = 0; k < r->out[0].n; k++) {
        size_t at = 0;
        for (size_t d = 0; d < out->rank; d++) at += map[d][index[d]] * (size_t)step[d];
        memcpy(y + k * size, (const char *)r->in[0].data + at * size, size);
        for (size_t d = out->rank; d-- > 0;) {
            if (++index[d] < out->dims[d]) break;
            index[d] = 0;
        }
    }
}

static aj_status run(const ajp_op_run *r)
{
    const params *q = r->node->params;
    int64_t before[AJP_MAX_RANK];
    double value; /* room for any element */
    if (r->out[0].n == 0) return AJ_OK;
    pads_before(r, before);
    if (q->mode != CONSTANT) {
        copy_mapped(r, before);
        return AJ_OK;
    }
    fill_value(r, &value);
    ajp_fill(ajp_dtype_size(r->out[0].type.dtype), r->out[0].data, &value, r->out[0].n);
    copy_inside(r, before);
    return AJ_OK;
}

extern const ajp_op ajp_op_pad;
const ajp_op ajp_op_pad = {.any_sample_axis = true,
                           .min_in = 1,
                           .max_in = 4,
                           .max_out = 1,
                           .params_size = sizeof(params),
                           .attributes = attributes,
                           .parse = parse,
                           .infer = infer,
                           .scratch = scratch,
                           .run = run};

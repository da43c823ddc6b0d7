/* op_slice.c: Slice, Split: parts of a tensor. */
#include <string.h>

#include "op.h"
#include "op_copy.h"

/* ---- Slice ----------------------------------------------------------------------------------------------
 */

typedef struct {
    ajp_op_list starts, ends, axes; /* before opset 10 */
} slice_params;
static const char *const slice_attributes[] = {"starts", "ends", "axes", NULL};

typedef struct {
    ajp_op_list starts, ends, axes, steps;
} slice_lists;

typedef struct { /* of one axis; n = elements taken */
    int64_t start, step;
    size_t n;
} cut;

static aj_status parse_slice(const ajp_op_parse *p, void *out)
{
    slice_params *q = out;
    AJ_TRY(ajp_op_ints(p, "starts", &q->starts));
    AJ_TRY(ajp_op_ints(p, "ends", &q->ends));
    AJ_TRY(ajp_op_ints(p, "axes", &q->axes));
    if (p->node->opset < 10 ? q->starts.given && q->ends.given : p->node->n_in >= 3) return AJ_OK;
    return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err,
                         "has no starts and ends (attributes before opset 10, inputs from then on)");
}

/* What one axis gives: numpy's rules. */
static cut make_cut(int64_t start, int64_t end, int64_t step, int64_t n)
{
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? n - 1 : n;
    start += start < 0 ? n : 0;
    end += end < 0 ? n : 0;
    start = start < low ? low : start > high ? high : start;
    end = end < low ? low : end > high ? high : end;
    uint64_t distance =
        step < 0 ? (start > end ? (uint64_t)(start - end) : 0) : (end > start ? (uint64_t)(end - start) : 0);
    uint64_t stride = step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
    return (cut){start, step, (size_t)((distance + stride - 1) / stride)};
}

static bool same_length(const slice_lists *l)
{
    return l->starts.n == l->ends.n && (!l->axes.given || l->axes.n == l->starts.n) &&
           (!l->steps.given || l->steps.n == l->starts.n);
}

/* The sample axis may only be taken as a whole: [0:], or up to the number of samples of the file. */
static bool whole_axis(const ajp_op_infer *i, int64_t start, int64_t end, int64_t step)
{
    return start == 0 && step == 1 &&
           (end >= INT32_MAX || (i->fixed_batch > 0 && end >= 0 && (uint64_t)end >= i->fixed_batch));
}

static aj_status cut_axes(const ajp_op_infer *i, const slice_lists *l, ajp_type *out)
{
    bool seen[AJP_MAX_RANK] = {false};
    for (size_t k = 0; k < l->starts.n; k++) {
        size_t d;
        int64_t axis = l->axes.given ? ajp_op_list_at(&l->axes, k) : (int64_t)k;
        int64_t step = l->steps.given ? ajp_op_list_at(&l->steps, k) : 1;
        int64_t start = ajp_op_list_at(&l->starts, k), end = ajp_op_list_at(&l->ends, k);
        AJ_TRY(ajp_op_axis(i, axis, out->rank, false, &d));
        if (seen[d]) return ajp_op_corrupt(i, "cuts axis %zu twice", d);
        if (step == 0) return ajp_op_corrupt(i, "has a step of 0");
        seen[d] = true;
        if ((int)d == out->batch_axis) {
            if (!whole_axis(i, start, end, step)) return ajp_op_mixes(i, "it takes some samples out");
            continue;
        }
        out->dims[d] = make_cut(start, end, step, (int64_t)out->dims[d]).n;
    }
    return AJ_OK;
}

static aj_status infer_slice(const ajp_op_infer *i)
{
    const slice_params *q = i->node->params;
    slice_lists l = {q->starts, q->ends, q->axes, {false, 0, NULL, NULL}};
    if (i->node->opset >= 10) {
        AJ_TRY(ajp_op_known_list(i, 1, "starts", &l.starts));
        AJ_TRY(ajp_op_known_list(i, 2, "ends", &l.ends));
        AJ_TRY(ajp_op_known_list(i, 3, "axes", &l.axes));
        AJ_TRY(ajp_op_known_list(i, 4, "steps", &l.steps));
    }
    if (!same_length(&l)) return ajp_op_corrupt(i, "has starts, ends, axes and steps of several lengths");
    i->out[0] = *i->in[0];
    return cut_axes(i, &l, &i->out[0]);
}

static aj_status run_slice(const ajp_op_run *r)
{
    const slice_params *q = r->node->params;
    const ajp_type *x = &r->in[0].type, *out = &r->out[0].type;
    bool old = r->node->opset < 10;
    slice_lists l = {ajp_op_run_list(r, old ? &q->starts : NULL, 1),
                     ajp_op_run_list(r, old ? &q->ends : NULL, 2),
                     old ? q->axes : ajp_op_run_list(r, NULL, 3), ajp_op_run_list(r, NULL, 4)};
    ptrdiff_t to[AJP_MAX_RANK], from[AJP_MAX_RANK], first = 0;
    ajp_copy_axis axes[AJP_MAX_RANK];
    if (r->out[0].n == 0) return AJ_OK;
    ajp_dense_steps(out, to);
    ajp_dense_steps(x, from);
    for (size_t d = 0; d < x->rank; d++) axes[d] = (ajp_copy_axis){out->dims[d], to[d], from[d]};
    for (size_t k = 0; k < l.starts.n; k++) {
        int64_t axis = l.axes.given ? ajp_op_list_at(&l.axes, k) : (int64_t)k;
        size_t d = (size_t)(axis < 0 ? axis + (int64_t)x->rank : axis);
        int64_t step = l.steps.given ? ajp_op_list_at(&l.steps, k) : 1;
        if (step == 1 && out->dims[d] == x->dims[d]) continue; /* all of it; so is the sample axis */
        cut c = make_cut(ajp_op_list_at(&l.starts, k), ajp_op_list_at(&l.ends, k), step, (int64_t)x->dims[d]);
        first += (ptrdiff_t)c.start * from[d];
        axes[d].from = c.n > 1 ? (ptrdiff_t)step * from[d] : 0;
    }
    size_t size = ajp_dtype_size(out->dtype);
    ajp_copy(size, x->rank, axes, r->out[0].data, (const char *)r->in[0].data + first * (ptrdiff_t)size);
    return AJ_OK;
}

extern const ajp_op ajp_op_slice;
const ajp_op ajp_op_slice = {.any_sample_axis = true,
                             .min_in = 1,
                             .max_in = 5,
                             .max_out = 1,
                             .params_size = sizeof(slice_params),
                             .attributes = slice_attributes,
                             .parse = parse_slice,
                             .infer = infer_slice,
                             .run = run_slice};

/* ---- Split ----------------------------------------------------------------------------------------------
 */

typedef struct {
    int64_t axis, n_outputs; /* 0: as many as the node has */
    ajp_op_list split;       /* before opset 13 */
} split_params;
static const char *const split_attributes[] = {"axis", "split", "num_outputs", NULL};

static aj_status parse_split(const ajp_op_parse *p, void *out)
{
    split_params *q = out;
    AJ_TRY(ajp_op_int(p, "axis", 0, &q->axis));
    AJ_TRY(ajp_op_int(p, "num_outputs", 0, &q->n_outputs));
    if (q->n_outputs != 0 && q->n_outputs != (int64_t)p->node->n_out)
        return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err,
                             "has %zu outputs, not the %lld it speaks of", p->node->n_out,
                             (long long)q->n_outputs);
    return ajp_op_ints(p, "split", &q->split);
}

/* Equal parts; from opset 18 on the last one may be smaller. */
static size_t part(const ajp_op_list *sizes, size_t n, size_t n_parts, size_t k)
{
    if (sizes->given) return (size_t)ajp_op_list_at(sizes, k);
    size_t each = (n + n_parts - 1) / n_parts, before = k * each;
    return before >= n ? 0 : n - before < each ? n - before : each;
}

static aj_status infer_split(const ajp_op_infer *i)
{
    const split_params *q = i->node->params;
    const ajp_type *x = i->in[0];
    ajp_op_list sizes = q->split;
    size_t axis, sum = 0;
    AJ_TRY(ajp_op_axis(i, q->axis, x->rank, false, &axis));
    if (!sizes.given) AJ_TRY(ajp_op_known_list(i, 1, "split", &sizes));
    if (x->batch_axis == (int)axis) return ajp_op_mixes(i, "it splits along the sample axis");
    if (sizes.given ? sizes.n != i->n_out : q->n_outputs == 0 && x->dims[axis] % i->n_out != 0)
        return ajp_op_corrupt(i, "has %zu outputs, which does not fit its split of axis %zu (%zu elements)",
                              i->n_out, axis, x->dims[axis]);
    for (size_t k = 0; k < i->n_out; k++) {
        if (sizes.given &&
            (ajp_op_list_at(&sizes, k) < 0 || ajp_op_list_at(&sizes, k) > (int64_t)(x->dims[axis] - sum)))
            return ajp_op_corrupt(i, "has parts that do not fit its input");
        i->out[k] = *x;
        i->out[k].dims[axis] = part(&sizes, x->dims[axis], i->n_out, k);
        sum += i->out[k].dims[axis];
    }
    if (sum != x->dims[axis]) return ajp_op_corrupt(i, "has parts that do not fill its input");
    return AJ_OK;
}

static aj_status run_split(const ajp_op_run *r)
{
    const split_params *q = r->node->params;
    const ajp_type *x = &r->in[0].type;
    size_t axis = (size_t)(q->axis < 0 ? q->axis + (int64_t)x->rank : q->axis),
           size = ajp_dtype_size(x->dtype);
    size_t outer = ajp_dims_product(x->dims, axis);
    size_t inner = ajp_dims_product(x->dims + axis + 1, x->rank - axis - 1) * size, at = 0;
    ajp_op_list sizes = ajp_op_run_list(r, &q->split, 1);
    for (size_t k = 0; k < r->n_out; k++) {
        size_t bytes = part(&sizes, x->dims[axis], r->n_out, k) * inner;
        const char *from = (const char *)r->in[0].data + at;
        char *to = r->out[k].data;
        at += bytes;
        if (to == NULL || bytes == 0) continue;
        for (size_t o = 0; o < outer; o++) memcpy(to + o * bytes, from + o * x->dims[axis] * inner, bytes);
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_split;
const ajp_op ajp_op_split = {.any_sample_axis = true,
                             .min_in = 1,
                             .max_in = 2,
                             .max_out = SIZE_MAX,
                             .params_size = sizeof(split_params),
                             .attributes = split_attributes,
                             .parse = parse_split,
                             .infer = infer_split,
                             .run = run_split};

/* op_reduce.c: ReduceSum, ReduceMean, ReduceMax, ... over some axes, in every numeric type.
 *
 * Sums of float32 over one run of memory, or over rows, are the kernels' own; everything else is added up in
 * double or in integers of 64 bits, one element after the other. */
#include <math.h>
#include <string.h>

#include "op.h"
#include "op_number.h"

typedef enum { SUM, MEAN, MAX, MIN, PROD, L1, L2, LOG_SUM, LOG_SUM_EXP, SUM_SQUARE } kind;

typedef struct {
    kind what;
    bool keep, empty_means_none;
    ajp_op_list axes; /* old opsets; else input 1 */
} params;
static const char *const attributes[] = {"axes", "keepdims", "noop_with_empty_axes", NULL};

static aj_status parse(const ajp_op_parse *p, params *q, kind what)
{
    int64_t keep, none;
    q->what = what;
    AJ_TRY(ajp_op_int(p, "keepdims", 1, &keep));
    AJ_TRY(ajp_op_int(p, "noop_with_empty_axes", 0, &none));
    q->keep = keep != 0;
    q->empty_means_none = none != 0;
    return ajp_op_ints(p, "axes", &q->axes);
}

/* ---- shapes ----------------------------------------------------------------------------------------------
 */

/* Marks the axes to go over; all of them without a list. */
static void mark(const params *q, const ajp_op_list *axes, size_t rank, bool *reduced)
{
    bool all = axes->n == 0 && !q->empty_means_none;
    for (size_t d = 0; d < rank; d++) reduced[d] = all;
    for (size_t k = 0; k < axes->n; k++) {
        int64_t axis = ajp_op_list_at(axes, k);
        reduced[axis < 0 ? axis + (int64_t)rank : axis] = true;
    }
}

static aj_status infer(const ajp_op_infer *i)
{
    const params *q = i->node->params;
    const ajp_type *x = i->in[0];
    ajp_op_list axes = q->axes;
    bool reduced[AJP_MAX_RANK], orders = q->what == MAX || q->what == MIN;
    size_t axis;
    if (x->dtype == AJP_BOOL && !orders) return ajp_op_refuse(i, 0);
    if (!axes.given) AJ_TRY(ajp_op_known_list(i, 1, "axes", &axes));
    for (size_t k = 0; k < axes.n; k++)
        AJ_TRY(ajp_op_axis(i, ajp_op_list_at(&axes, k), x->rank, false, &axis));
    mark(q, &axes, x->rank, reduced);
    ajp_type out = {x->dtype, -1, 0, {0}};
    for (size_t d = 0; d < x->rank; d++) {
        if ((int)d == x->batch_axis) {
            if (reduced[d]) return ajp_op_mixes(i, "it reduces over samples");
            out.batch_axis = (int)out.rank;
        }
        if (reduced[d] && !q->keep) continue;
        out.dims[out.rank++] = reduced[d] ? 1 : x->dims[d];
    }
    i->out[0] = out;
    return AJ_OK;
}

/* Loops over memory, outermost first, neighbours that run on merged. */
typedef struct {
    size_t n, count[AJP_MAX_RANK], step[AJP_MAX_RANK];
} loops;

static void add_loop(loops *l, size_t count, size_t step)
{
    if (count == 1) return;
    if (l->n > 0 && l->step[l->n - 1] == step * count) {
        l->count[l->n - 1] *= count;
        l->step[l->n - 1] = step;
        return;
    }
    l->count[l->n] = count;
    l->step[l->n++] = step;
}

/* The next place of all loops but the last `inner` ones; false after the last. */
static bool next(const loops *l, size_t inner, size_t *index, size_t *at)
{
    for (size_t k = l->n - inner; k-- > 0;) {
        *at += l->step[k];
        if (++index[k] < l->count[k]) return true;
        *at -= l->step[k] * l->count[k];
        index[k] = 0;
    }
    return false;
}

/* ---- one result at a time --------------------------------------------------------------------------------
 */

typedef struct {
    ajp_number sum;
    double top; /* LogSumExp: the largest so far; the sum is of exp(x - top) */
    bool any;
} accumulator;

static void add_exp(accumulator *a, double x)
{
    if (!a->any || x > a->top) {
        a->sum.d = a->any && isfinite(a->top) ? a->sum.d * exp(a->top - x) + 1 : 1;
        a->top = x;
    } else {
        a->sum.d += x < a->top || isnan(x) ? exp(x - a->top) : 1;
    }
}

static ajp_number magnitude(const ajp_number *v)
{
    ajp_number r = *v;
    r.d = fabs(v->d);
    if (v->i < 0) r.i = (int64_t)(0 - (uint64_t)v->i);
    return r;
}

static void add(kind what, accumulator *a, const ajp_number *v)
{
    ajp_number x = *v;
    if (what == LOG_SUM_EXP) {
        add_exp(a, ajp_number_real(v));
    } else if (what == PROD) {
        a->sum = a->any ? ajp_number_multiply(&a->sum, &x) : x;
    } else if (what == MAX) {
        a->sum = a->any ? ajp_number_max(&a->sum, &x) : x;
    } else if (what == MIN) {
        a->sum = a->any ? ajp_number_min(&a->sum, &x) : x;
    } else {
        if (what == L1) x = magnitude(v);
        if (what == L2 || what == SUM_SQUARE) x = ajp_number_multiply(v, v);
        a->sum = a->any ? ajp_number_add(&a->sum, &x) : x;
    }
    a->any = true;
}

static ajp_number finish(kind what, const accumulator *a, size_t n)
{
    ajp_number r = a->sum;
    if (what == LOG_SUM_EXP) return (ajp_number){AJP_REAL, a->top + log(a->sum.d), 0, 0};
    if (what == L2) return (ajp_number){AJP_REAL, sqrt(ajp_number_real(&r)), 0, 0};
    if (what == LOG_SUM) return (ajp_number){AJP_REAL, log(ajp_number_real(&r)), 0, 0};
    if (what == MEAN) {
        r.d /= (double)n;
        if (r.kind == AJP_SIGNED) r.i /= (int64_t)n;
        if (r.kind == AJP_UNSIGNED) r.u /= n;
    }
    return r;
}

/* What nothing gives: 0, 1, or the lowest and highest value there is. */
static ajp_number of_nothing(kind what, ajp_dtype dtype)
{
    bool real = ajp_dtype_is_float(dtype);
    double value = what == PROD ? 1 : what == LOG_SUM || what == LOG_SUM_EXP || what == MAX ? -INFINITY : 0;
    if (what == MIN) value = INFINITY;
    if (what == MEAN && real) value = NAN;
    return (ajp_number){AJP_REAL, value, 0, 0}; /* storing clamps to the bounds of integers */
}

static ajp_number load(const ajp_tensor *x, size_t at)
{
    if (x->type.dtype == AJP_FLOAT32)
        return (ajp_number){AJP_REAL, (double)((const float *)x->data)[at], 0, 0};
    return ajp_number_load(x, at);
}

static void run_each(const ajp_op_run *r, kind what, const loops *kept, const loops *over, size_t n)
{
    size_t index[AJP_MAX_RANK] = {0}, at = 0;
    for (size_t k = 0; k < r->out[0].n; k++) {
        size_t inner[AJP_MAX_RANK] = {0}, from = at;
        accumulator a = {load(&r->in[0], at), 0, false};
        a.sum = (ajp_number){a.sum.kind, 0, 0, 0};
        do {
            ajp_number v = load(&r->in[0], from);
            add(what, &a, &v);
        } while (next(over, 0, inner, &from));
        ajp_number result = finish(what, &a, n);
        ajp_number_store(&r->out[0], k, &result);
        (void)next(kept, 0, index, &at);
    }
}

/* ---- sums of float32 -------------------------------------------------------------------------------------
 */

/* Over one run of memory, or over rows that lie at equal distances; false: neither. */
static bool run_sums(const ajp_op_run *r, kind what, const loops *kept, const loops *over, size_t n)
{
    const float *x = r->in[0].data;
    float *y = r->out[0].data;
    size_t index[AJP_MAX_RANK] = {0}, at = 0, last = kept->n - 1;
    if (r->in[0].type.dtype != AJP_FLOAT32 || (what != SUM && what != MEAN) || over->n != 1) return false;
    bool rows = kept->n > 0 && kept->step[last] == 1 && kept->count[last] == over->step[0];
    if (!rows && over->step[0] != 1) return false;
    size_t width = rows ? over->step[0] : 1;
    for (size_t k = 0; k < r->out[0].n; k += width) {
        if (rows)
            r->kernels->column_sums(x + at, width, n, width, y + k);
        else
            y[k] = r->kernels->sum(x + at, n);
        (void)next(kept, rows ? 1 : 0, index, &at);
    }
    for (size_t k = 0; what == MEAN && k < r->out[0].n; k++) y[k] /= (float)n;
    return true;
}

static aj_status run(const ajp_op_run *r)
{
    const params *q = r->node->params;
    const ajp_type *x = &r->in[0].type;
    ajp_op_list axes = ajp_op_run_list(r, &q->axes, 1);
    bool reduced[AJP_MAX_RANK];
    loops kept = {0}, over = {0};
    size_t n = 1;
    if (r->out[0].n == 0) return AJ_OK;
    if (axes.n == 0 && q->empty_means_none) { /* "equivalent to the input", whatever the sum would be */
        ajp_convert(x->dtype, r->out[0].data, x->dtype, r->in[0].data, r->in[0].n);
        return AJ_OK;
    }
    mark(q, &axes, x->rank, reduced);
    for (size_t d = 0; d < x->rank; d++) {
        size_t step = ajp_dims_product(x->dims + d + 1, x->rank - d - 1);
        add_loop(reduced[d] ? &over : &kept, x->dims[d], step);
        if (reduced[d]) n *= x->dims[d];
    }
    if (n == 0) {
        ajp_number nothing = of_nothing(q->what, x->dtype);
        for (size_t k = 0; k < r->out[0].n; k++) ajp_number_store(&r->out[0], k, &nothing);
        return AJ_OK;
    }
    if (!run_sums(r, q->what, &kept, &over, n)) run_each(r, q->what, &kept, &over, n);
    return AJ_OK;
}

/* Every element of the input is taken in once. */
static uint64_t of_input(const ajp_type *in, uint64_t n_out, uint64_t each)
{
    size_t n;
    return ajp_type_elements(&in[0], &n) ? n * each : n_out;
}

#define REDUCE(id, kind, flops_each)                                                     \
    static aj_status parse_##id(const ajp_op_parse *p, void *out)                        \
    {                                                                                    \
        return parse(p, out, kind);                                                      \
    }                                                                                    \
    static uint64_t flops_##id(const ajp_node *node, const ajp_type *in, uint64_t n_out) \
    {                                                                                    \
        (void)node;                                                                      \
        return of_input(in, n_out, flops_each);                                          \
    }                                                                                    \
    extern const ajp_op ajp_op_##id;                                                     \
    const ajp_op ajp_op_##id = {.any_sample_axis = true,                                 \
                                .min_in = 1,                                             \
                                .max_in = 2,                                             \
                                .max_out = 1,                                            \
                                .flops = flops_##id,                                     \
                                .params_size = sizeof(params),                           \
                                .attributes = attributes,                                \
                                .parse = parse_##id,                                     \
                                .infer = infer,                                          \
                                .run = run};
REDUCE(reduce_sum, SUM, 1)
REDUCE(reduce_mean, MEAN, 1)
REDUCE(reduce_max, MAX, 1)
REDUCE(reduce_min, MIN, 1)
REDUCE(reduce_prod, PROD, 1)
REDUCE(reduce_l1, L1, 1)
REDUCE(reduce_l2, L2, 2)
REDUCE(reduce_log_sum, LOG_SUM, 1)
REDUCE(reduce_log_sum_exp, LOG_SUM_EXP, 4)
REDUCE(reduce_sum_square, SUM_SQUARE, 2)

/* op_select.c: Compress, NonZero, Unique: results whose size depends on the data.  Their shapes are known
 * where the data are known. */
#include <math.h>
#include <string.h>

#include "op.h"
#include "op_number.h"
#include "op_sort.h"

/* An optional axis: without it the tensor counts as one row. */
typedef struct {
    bool has_axis, sorted;
    int64_t axis;
} params;
static const char *const compress_attributes[] = {"axis", NULL};
static const char *const unique_attributes[] = {"axis", "sorted", NULL};
static const char *const no_attributes[] = {NULL};

static aj_status parse(const ajp_op_parse *p, void *out)
{
    params *q = out;
    int64_t sorted;
    q->has_axis = ajp_op_attribute(p->node, "axis") != NULL;
    AJ_TRY(ajp_op_int(p, "sorted", 1, &sorted));
    q->sorted = sorted != 0;
    return ajp_op_int(p, "axis", 0, &q->axis);
}

/* [outer][n][inner] elements. */
typedef struct {
    size_t outer, n, inner;
} extent;

static extent extent_of(const params *q, const ajp_tensor *x)
{
    const ajp_type *t = &x->type;
    if (!q->has_axis) return (extent){1, x->n, 1};
    size_t axis = (size_t)(q->axis < 0 ? q->axis + (int64_t)t->rank : q->axis);
    return (extent){ajp_dims_product(t->dims, axis), t->dims[axis],
                    ajp_dims_product(t->dims + axis + 1, t->rank - axis - 1)};
}

/* out = in with another number of elements along the axis. */
static aj_status shorten(const ajp_op_infer *i, size_t n)
{
    const params *q = i->node->params;
    size_t axis = 0;
    i->out[0] = *i->in[0];
    if (!q->has_axis) i->out[0] = (ajp_type){i->in[0]->dtype, -1, 1, {0}};
    if (q->has_axis) AJ_TRY(ajp_op_axis(i, q->axis, i->in[0]->rank, false, &axis));
    i->out[0].dims[axis] = n;
    return AJ_OK;
}

static void take(const ajp_op_run *r, const extent *e, size_t at, size_t n_out, size_t to)
{
    size_t bytes = e->inner * ajp_dtype_size(r->in[0].type.dtype);
    for (size_t o = 0; bytes > 0 && o < e->outer; o++)
        memcpy((char *)r->out[0].data + (o * n_out + to) * bytes,
               (const char *)r->in[0].data + (o * e->n + at) * bytes, bytes);
}

/* ---- Compress --------------------------------------------------------------------------------------------
 */

static aj_status infer_compress(const ajp_op_infer *i)
{
    const params *q = i->node->params;
    const ajp_type *x = i->in[0];
    const ajp_tensor *condition;
    size_t axis = 0, n = 0, n_max;
    AJ_TRY(ajp_op_want(i, 1, AJP_BOOL));
    AJ_TRY(ajp_op_known(i, 1, "condition", &condition));
    if (q->has_axis) AJ_TRY(ajp_op_axis(i, q->axis, x->rank, false, &axis));
    if (x->batch_axis >= 0 && (!q->has_axis || (int)axis <= x->batch_axis))
        return ajp_op_mixes(i, "it picks along the sample axis");
    (void)ajp_type_elements(x, &n_max);
    if (q->has_axis) n_max = x->dims[axis];
    for (size_t k = 0; k < condition->n; k++) {
        if (((const uint8_t *)condition->data)[k] == 0) continue;
        if (k >= n_max) return ajp_op_corrupt(i, "picks element %zu of %zu", k, n_max);
        n++;
    }
    return shorten(i, n);
}

static aj_status run_compress(const ajp_op_run *r)
{
    extent e = extent_of(r->node->params, &r->in[0]);
    const uint8_t *condition = r->in[1].data;
    size_t n_out = 0, to = 0;
    for (size_t k = 0; k < r->in[1].n; k++) n_out += condition[k] != 0;
    for (size_t k = 0; k < r->in[1].n && k < e.n; k++)
        if (condition[k] != 0) take(r, &e, k, n_out, to++);
    return AJ_OK;
}

extern const ajp_op ajp_op_compress;
const ajp_op ajp_op_compress = {.min_in = 2,
                                .max_in = 2,
                                .max_out = 1,
                                .params_size = sizeof(params),
                                .attributes = compress_attributes,
                                .parse = parse,
                                .infer = infer_compress,
                                .run = run_compress};

/* ---- NonZero ---------------------------------------------------------------------------------------------
 */

static bool is_zero(const ajp_tensor *x, size_t k)
{
    ajp_number v = ajp_number_load(x, k);
    return v.kind == AJP_REAL ? !(v.d < 0) && !(v.d > 0) && !isnan(v.d) : v.i == 0 && v.u == 0;
}

static aj_status infer_non_zero(const ajp_op_infer *i)
{
    const ajp_tensor *x;
    size_t n = 0;
    AJ_TRY(ajp_op_known(i, 0, "elements", &x));
    for (size_t k = 0; k < x->n; k++) n += !is_zero(x, k);
    i->out[0] = (ajp_type){AJP_INT64, -1, 2, {x->type.rank > 0 ? x->type.rank : 1, n}};
    return AJ_OK;
}

static aj_status run_non_zero(const ajp_op_run *r)
{
    const ajp_type *x = &r->in[0].type;
    size_t n = r->out[0].type.dims[1], to = 0;
    int64_t *y = r->out[0].data;
    for (size_t k = 0; k < r->in[0].n && to < n; k++) {
        if (is_zero(&r->in[0], k)) continue;
        size_t rest = k;
        if (x->rank == 0) y[to] = 0;
        for (size_t d = x->rank; d-- > 0; rest /= x->dims[d]) y[d * n + to] = (int64_t)(rest % x->dims[d]);
        to++;
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_non_zero;
const ajp_op ajp_op_non_zero = {.min_in = 1,
                                .max_in = 1,
                                .max_out = 1,
                                .attributes = no_attributes,
                                .infer = infer_non_zero,
                                .run = run_non_zero};

/* ---- Unique ----------------------------------------------------------------------------------------------
 */

typedef struct {
    const ajp_tensor *x;
    extent e;
} rows;

static int compare_rows(const rows *w, size_t a, size_t b)
{
    for (size_t o = 0; o < w->e.outer; o++)
        for (size_t k = 0; k < w->e.inner; k++) {
            ajp_number u = ajp_number_load(w->x, (o * w->e.n + a) * w->e.inner + k);
            ajp_number v = ajp_number_load(w->x, (o * w->e.n + b) * w->e.inner + k);
            int order = ajp_number_order(&u, &v); /* NaN comes last, as in numpy */
            if (order != 0) return order;
        }
    return 0;
}

static bool row_before(const void *context, size_t a, size_t b)
{
    return compare_rows(context, a, b) < 0;
}

static bool place_before(const void *context, size_t a, size_t b)
{
    const size_t *first = context;
    return first[a] < first[b];
}

/* All of it in size_t[5 n + ...]: */
typedef struct {
    size_t n;        /* different rows */
    size_t *order;   /* rows, sorted */
    size_t *first;   /* per group: its first row */
    size_t *group;   /* per row */
    size_t *count;   /* per group */
    size_t *ranking; /* groups as they are given out */
    size_t *work;
} groups;
enum { N_LISTS = 6 };

static void find_groups(const params *q, const rows *w, size_t *memory, groups *g)
{
    size_t n = w->e.n;
    *g = (groups){0, memory, memory + n, memory + 2 * n, memory + 3 * n, memory + 4 * n, memory + 5 * n};
    for (size_t k = 0; k < n; k++) g->order[k] = k;
    ajp_sort(g->order, g->work, n, row_before, w); /* stable: the first row of a group comes first */
    for (size_t k = 0; k < n; k++) {
        if (k == 0 || compare_rows(w, g->order[k - 1], g->order[k]) != 0) {
            g->first[g->n] = g->order[k];
            g->count[g->n++] = 0;
        }
        g->group[g->order[k]] = g->n - 1;
        g->count[g->n - 1]++;
    }
    for (size_t k = 0; k < g->n; k++) g->ranking[k] = k;
    if (!q->sorted) ajp_sort(g->ranking, g->work, g->n, place_before, g->first);
}

static aj_status infer_unique(const ajp_op_infer *i)
{
    const params *q = i->node->params;
    const ajp_tensor *x;
    size_t axis;
    groups g;
    AJ_TRY(ajp_op_known(i, 0, "elements", &x));
    if (q->has_axis) AJ_TRY(ajp_op_axis(i, q->axis, x->type.rank, false, &axis));
    rows w = {x, extent_of(q, x)};
    size_t *memory = ajp_arena_array(i->arena, N_LISTS * w.e.n + 1, sizeof *memory);
    if (memory == NULL) return ajp_no_memory(i->err, i->path);
    find_groups(q, &w, memory, &g);
    for (size_t k = 1; k < i->n_out; k++) i->out[k] = (ajp_type){AJP_INT64, -1, 1, {k == 2 ? w.e.n : g.n}};
    return shorten(i, g.n);
}

static size_t scratch_unique(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    (void)out;
    return N_LISTS * extent_of(node->params, &in[0]).n * sizeof(size_t);
}

static int64_t *output(const ajp_op_run *r, size_t k)
{
    return k < r->n_out ? r->out[k].data : NULL;
}

static aj_status run_unique(const ajp_op_run *r)
{
    rows w = {&r->in[0], extent_of(r->node->params, &r->in[0])};
    int64_t *indices = output(r, 1), *inverse = output(r, 2), *counts = output(r, 3);
    groups g;
    if (w.e.n == 0) return AJ_OK;
    find_groups(r->node->params, &w, r->scratch, &g);
    for (size_t k = 0; k < g.n; k++) {
        size_t group = g.ranking[k];
        if (r->out[0].data != NULL) take(r, &w.e, g.first[group], g.n, k);
        if (indices != NULL) indices[k] = (int64_t)g.first[group];
        if (counts != NULL) counts[k] = (int64_t)g.count[group];
        g.work[group] = k;
    }
    for (size_t k = 0; inverse != NULL && k < w.e.n; k++) inverse[k] = (int64_t)g.work[g.group[k]];
    return AJ_OK;
}

extern const ajp_op ajp_op_unique;
const ajp_op ajp_op_unique = {.min_in = 1,
                              .max_in = 1,
                              .max_out = 4,
                              .params_size = sizeof(params),
                              .attributes = unique_attributes,
                              .parse = parse,
                              .infer = infer_unique,
                              .scratch = scratch_unique,
                              .run = run_unique};

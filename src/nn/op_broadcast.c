/* op_broadcast.c: Max, Min, Sum, Mean, Pow, Mod, comparisons, logic, BitShift, PRelu, Where with
 * broadcasting.
 *
 * Plain loops: an element is read as a double or an integer of 64 bits, combined, and rounded once when it is
 * stored. */
#include <math.h>
#include <string.h>

#include "op_elementwise.h"

enum { MAX_INPUTS = 8 }; /* as many as a node may have: infer.c */

typedef enum {
    DO_MAX,
    DO_MIN,
    DO_SUM,
    DO_MEAN,
    DO_POW,
    DO_MOD,
    DO_PRELU,
    DO_SHIFT,
    DO_EQUAL, /* from here on the result is bool */
    DO_LESS,
    DO_LESS_OR_EQUAL,
    DO_GREATER,
    DO_GREATER_OR_EQUAL,
    DO_AND,
    DO_OR,
    DO_XOR
} operation;

typedef struct {
    operation what;
    bool truncated;  /* Mod: the sign of the dividend, as C's fmod */
    bool right;      /* BitShift */
    bool same_shape; /* Max, Min, Sum, Mean before opset 8 */
} params;

typedef struct {
    enum { REAL, SIGNED, UNSIGNED } kind;
    double d;
    int64_t i;
    uint64_t u;
} number;

/* ---- elements ----------------------------------------------------------------------------------------- */

static number load(const ajp_tensor *t, size_t at)
{
    ajp_dtype dtype = t->type.dtype;
    const char *from = (const char *)t->data + at * ajp_dtype_size(dtype);
    number v = {REAL, 0, 0, 0};
    if (ajp_dtype_is_float(dtype)) {
        ajp_convert(AJP_FLOAT64, &v.d, dtype, from, 1);
    } else if (dtype == AJP_INT8 || dtype == AJP_INT16 || dtype == AJP_INT32 || dtype == AJP_INT64) {
        v.kind = SIGNED;
        v.i = ajp_tensor_int(t, at);
    } else {
        v.kind = UNSIGNED;
        ajp_convert(AJP_UINT64, &v.u, dtype, from, 1);
    }
    return v;
}

static void store(const ajp_tensor *t, size_t at, const number *v)
{
    char *to = (char *)t->data + at * ajp_dtype_size(t->type.dtype);
    if (v->kind == REAL)
        ajp_convert(t->type.dtype, to, AJP_FLOAT64, &v->d, 1);
    else if (v->kind == SIGNED)
        ajp_convert(t->type.dtype, to, AJP_INT64, &v->i, 1);
    else
        ajp_convert(t->type.dtype, to, AJP_UINT64, &v->u, 1);
}

static number truth(bool value)
{
    return (number){UNSIGNED, 0, 0, value};
}

static double as_double(const number *v)
{
    return v->kind == REAL ? v->d : v->kind == SIGNED ? (double)v->i : (double)v->u;
}

/* Only the lowest 64 bits count: what does not fit wraps. */
static uint64_t integer_power(uint64_t base, uint64_t exponent)
{
    uint64_t result = 1;
    for (; exponent > 0; exponent >>= 1, base *= base)
        if ((exponent & 1) != 0) result *= base;
    return result;
}

static number power(const number *a, const number *b)
{
    if (a->kind == REAL || b->kind == REAL || (b->kind == SIGNED && b->i < 0))
        return (number){REAL, pow(as_double(a), as_double(b)), 0, 0};
    uint64_t base = a->kind == SIGNED ? (uint64_t)a->i : a->u;
    return (number){UNSIGNED, 0, 0, integer_power(base, b->kind == SIGNED ? (uint64_t)b->i : b->u)};
}

/* The divisor is not 0: checked before. */
static number modulo(const number *a, const number *b, bool truncated)
{
    if (a->kind == REAL) return (number){REAL, fmod(a->d, b->d), 0, 0};
    if (a->kind == UNSIGNED) return (number){UNSIGNED, 0, 0, a->u % b->u};
    int64_t rest = b->i == -1 ? 0 : a->i % b->i; /* the lowest number % -1 would trap */
    if (!truncated && rest != 0 && (rest < 0) != (b->i < 0)) rest += b->i;
    return (number){SIGNED, 0, rest, 0};
}

static bool less(const number *a, const number *b)
{
    return a->kind == REAL ? a->d < b->d : a->kind == SIGNED ? a->i < b->i : a->u < b->u;
}

static bool equal(const number *a, const number *b)
{
    return a->kind == REAL ? !(a->d < b->d) && !(a->d > b->d) && !isnan(a->d) && !isnan(b->d)
                           : a->i == b->i && a->u == b->u;
}

static number combine(const params *q, const number *a, const number *b)
{
    bool first_nan = a->kind == REAL && isnan(a->d);
    switch (q->what) {
    case DO_MAX:
        return first_nan || less(b, a) ? *a : *b;
    case DO_MIN:
        return first_nan || less(a, b) ? *a : *b;
    case DO_SUM:
    case DO_MEAN:
        return (number){REAL, a->d + b->d, 0, 0};
    case DO_POW:
        return power(a, b);
    case DO_MOD:
        return modulo(a, b, q->truncated);
    case DO_PRELU:
        return (number){REAL, a->d < 0 ? a->d * b->d : a->d, 0, 0};
    case DO_SHIFT:
        return (number){UNSIGNED, 0, 0, b->u > 63 ? 0 : q->right ? a->u >> b->u : a->u << b->u};
    case DO_EQUAL:
        return truth(equal(a, b));
    case DO_LESS:
        return truth(less(a, b));
    case DO_LESS_OR_EQUAL:
        return truth(less(a, b) || equal(a, b));
    case DO_GREATER:
        return truth(less(b, a));
    case DO_GREATER_OR_EQUAL:
        return truth(less(b, a) || equal(a, b));
    case DO_AND:
        return truth(a->u != 0 && b->u != 0);
    case DO_OR:
        return truth(a->u != 0 || b->u != 0);
    default:
        return truth((a->u != 0) != (b->u != 0));
    }
}

/* ---- shapes ------------------------------------------------------------------------------------------- */

static bool type_fits(const params *q, ajp_dtype dtype)
{
    bool is_unsigned =
        dtype == AJP_UINT8 || dtype == AJP_UINT16 || dtype == AJP_UINT32 || dtype == AJP_UINT64;
    if (q->what >= DO_AND) return dtype == AJP_BOOL;
    if (q->what == DO_SHIFT) return is_unsigned;
    if (q->what == DO_SUM || q->what == DO_MEAN || q->what == DO_PRELU) return ajp_dtype_is_float(dtype);
    if (q->what == DO_MOD && !q->truncated) return !ajp_dtype_is_float(dtype) && dtype != AJP_BOOL;
    return q->what == DO_EQUAL || dtype != AJP_BOOL;
}

static aj_status infer(const ajp_op_infer *i)
{
    const params *q = i->node->params;
    ajp_type out = *i->in[0];
    for (size_t k = 0; k < i->n_in; k++) {
        ajp_type sum;
        if (i->in[k] == NULL)
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "lacks its input %zu", k);
        if (!type_fits(q, i->in[k]->dtype))
            return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err,
                                 "has an input %zu of type %s, which this version does not compute with here",
                                 k, ajp_dtype_name(i->in[k]->dtype));
        if (q->what != DO_POW && i->in[k]->dtype != out.dtype)
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "has inputs of two types, %s and %s",
                                 ajp_dtype_name(out.dtype), ajp_dtype_name(i->in[k]->dtype));
        if (q->same_shape && !ajp_type_same_shape(&out, i->in[k]))
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                                 "has inputs of two shapes, which is allowed from opset 8 on");
        AJ_TRY(ajp_elementwise_broadcast(i, &out, i->in[k], &sum));
        out = sum;
    }
    if (q->what == DO_PRELU && !ajp_type_same_shape(&out, i->in[0]))
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "has slopes that do not fit its input");
    if (q->what >= DO_EQUAL) out.dtype = AJP_BOOL;
    i->out[0] = out;
    return AJ_OK;
}

static aj_status infer_where(const ajp_op_infer *i)
{
    ajp_type sum;
    AJ_TRY(ajp_op_want(i, 0, AJP_BOOL));
    if (i->in[1]->dtype != i->in[2]->dtype)
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "has inputs of two types, %s and %s",
                             ajp_dtype_name(i->in[1]->dtype), ajp_dtype_name(i->in[2]->dtype));
    AJ_TRY(ajp_elementwise_broadcast(i, i->in[1], i->in[2], &sum));
    return ajp_elementwise_broadcast(i, &sum, i->in[0], &i->out[0]);
}

/* ---- runs --------------------------------------------------------------------------------------------- */

/* Where each input is read while the output runs on. */
typedef struct {
    size_t index[AJP_MAX_RANK], at[MAX_INPUTS], step[MAX_INPUTS][AJP_MAX_RANK];
} walk;

static void start(walk *w, const ajp_op_run *r)
{
    const ajp_type *out = &r->out[0].type;
    memset(w, 0, sizeof *w);
    for (size_t k = 0; k < r->n_in; k++) {
        const ajp_type *in = &r->in[k].type;
        size_t step = 1, missing = out->rank - in->rank;
        for (size_t d = in->rank; d-- > 0; step *= in->dims[d])
            w->step[k][d + missing] = in->dims[d] == 1 ? 0 : step;
    }
}

static void advance(walk *w, const ajp_op_run *r)
{
    const ajp_type *out = &r->out[0].type;
    for (size_t d = out->rank; d-- > 0;) {
        bool again = ++w->index[d] < out->dims[d];
        for (size_t k = 0; k < r->n_in; k++) {
            if (again)
                w->at[k] += w->step[k][d];
            else
                w->at[k] -= w->step[k][d] * (out->dims[d] - 1);
        }
        if (again) return;
        w->index[d] = 0;
    }
}

static aj_status run(const ajp_op_run *r)
{
    const params *q = r->node->params;
    walk w;
    if (q->what == DO_MOD && !ajp_dtype_is_float(r->in[1].type.dtype))
        for (size_t i = 0; i < r->in[1].n; i++)
            if (ajp_tensor_int(&r->in[1], i) == 0)
                return ajp_node_fail(r->path, r->node, AJ_BAD_ARGUMENT, r->err, "divides an integer by zero");
    start(&w, r);
    for (size_t i = 0; i < r->out[0].n; i++) {
        number value = load(&r->in[0], w.at[0]);
        for (size_t k = 1; k < r->n_in; k++) {
            number next = load(&r->in[k], w.at[k]);
            value = combine(q, &value, &next);
        }
        if (q->what == DO_MEAN) value.d /= (double)r->n_in;
        store(&r->out[0], i, &value);
        advance(&w, r);
    }
    return AJ_OK;
}

static aj_status run_where(const ajp_op_run *r)
{
    size_t size = ajp_dtype_size(r->out[0].type.dtype);
    const uint8_t *condition = r->in[0].data;
    char *y = r->out[0].data;
    walk w;
    start(&w, r);
    for (size_t i = 0; i < r->out[0].n; i++) {
        size_t k = condition[w.at[0]] != 0 ? 1 : 2;
        memcpy(y + i * size, (const char *)r->in[k].data + w.at[k] * size, size);
        advance(&w, r);
    }
    return AJ_OK;
}

/* ---- rows --------------------------------------------------------------------------------------------- */

static const char *const no_attributes[] = {"consumed_inputs", NULL};
static const char *const mod_attributes[] = {"fmod", NULL};
static const char *const shift_attributes[] = {"direction", NULL};

static aj_status parse(const ajp_op_parse *p, params *q, operation what)
{
    int64_t truncated;
    q->what = what;
    q->same_shape = what <= DO_MEAN && p->node->opset < 8;
    AJ_TRY(ajp_op_int(p, "fmod", 0, &truncated));
    q->truncated = truncated != 0;
    if (what != DO_SHIFT) return AJ_OK;
    const ajp_onnx_attribute *a = ajp_op_attribute(p->node, "direction");
    q->right = a != NULL && a->s.size == 5 && memcmp(a->s.data, "RIGHT", 5) == 0;
    if (!q->right && (a == NULL || a->s.size != 4 || memcmp(a->s.data, "LEFT", 4) != 0))
        return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err,
                             "has a direction that is neither LEFT nor RIGHT");
    return AJ_OK;
}

#define BROADCAST(id, kind, least, most, flops, names)            \
    static aj_status parse_##id(const ajp_op_parse *p, void *out) \
    {                                                             \
        return parse(p, out, kind);                               \
    }                                                             \
    extern const ajp_op ajp_op_##id;                              \
    const ajp_op ajp_op_##id = {.min_in = least,                  \
                                .max_in = most,                   \
                                .max_out = 1,                     \
                                .flops_per_element = flops,       \
                                .params_size = sizeof(params),    \
                                .attributes = names,              \
                                .parse = parse_##id,              \
                                .infer = infer,                   \
                                .run = run};
/* Any number of inputs is right; more than MAX_INPUTS are refused when the shapes are worked out. */
BROADCAST(max, DO_MAX, 1, SIZE_MAX, 1, no_attributes)
BROADCAST(min, DO_MIN, 1, SIZE_MAX, 1, no_attributes)
BROADCAST(sum, DO_SUM, 1, SIZE_MAX, 1, no_attributes)
BROADCAST(mean, DO_MEAN, 1, SIZE_MAX, 1, no_attributes)
BROADCAST(pow, DO_POW, 2, 2, 4, no_attributes)
BROADCAST(mod, DO_MOD, 2, 2, 1, mod_attributes)
BROADCAST(prelu, DO_PRELU, 2, 2, 1, no_attributes)
BROADCAST(bit_shift, DO_SHIFT, 2, 2, 1, shift_attributes)
BROADCAST(equal, DO_EQUAL, 2, 2, 1, no_attributes)
BROADCAST(less, DO_LESS, 2, 2, 1, no_attributes)
BROADCAST(less_or_equal, DO_LESS_OR_EQUAL, 2, 2, 1, no_attributes)
BROADCAST(greater, DO_GREATER, 2, 2, 1, no_attributes)
BROADCAST(greater_or_equal, DO_GREATER_OR_EQUAL, 2, 2, 1, no_attributes)
BROADCAST(and, DO_AND, 2, 2, 1, no_attributes)
BROADCAST(or, DO_OR, 2, 2, 1, no_attributes)
BROADCAST(xor, DO_XOR, 2, 2, 1, no_attributes)

extern const ajp_op ajp_op_where;
const ajp_op ajp_op_where = {.min_in = 3,
                             .max_in = 3,
                             .max_out = 1,
                             .flops_per_element = 1,
                             .attributes = no_attributes,
                             .infer = infer_where,
                             .run = run_where};

/* op_broadcast.c: Max, Min, Sum, Mean, Pow, Mod, comparisons, logic, BitShift, PRelu, Where with
 * broadcasting.
 *
 * Plain loops: an element is read as a double or an integer of 64 bits, combined, and rounded once when it is
 * stored. */
#include <math.h>
#include <string.h>

#include "op_elementwise.h"
#include "op_number.h"

typedef enum {
    DO_MAX,
    DO_MIN,
    DO_SUM,
    DO_MEAN,
    DO_POW,
    DO_MOD,
    DO_PRELU,
    DO_SHIFT,
    DO_BIT_AND,
    DO_BIT_OR,
    DO_BIT_XOR,
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
    bool truncated;             /* Mod: the sign of the dividend, as C's fmod */
    bool right;                 /* BitShift */
    bool same_shape;            /* Max, Min, Sum, Mean before opset 8 */
    ajp_elementwise_params old; /* the others before opset 7 */
} params;

/* ---- elements ----------------------------------------------------------------------------------------- */

static ajp_number truth(bool value)
{
    return (ajp_number){AJP_UNSIGNED, 0, 0, value};
}

/* Only the lowest 64 bits count: what does not fit wraps. */
static uint64_t integer_power(uint64_t base, uint64_t exponent)
{
    uint64_t result = 1;
    for (; exponent > 0; exponent >>= 1, base *= base)
        if ((exponent & 1) != 0) result *= base;
    return result;
}

static ajp_number power(const ajp_number *a, const ajp_number *b)
{
    if (a->kind == AJP_REAL || b->kind == AJP_REAL || (b->kind == AJP_SIGNED && b->i < 0))
        return (ajp_number){AJP_REAL, pow(ajp_number_real(a), ajp_number_real(b)), 0, 0};
    uint64_t base = a->kind == AJP_SIGNED ? (uint64_t)a->i : a->u;
    return (ajp_number){AJP_UNSIGNED, 0, 0,
                        integer_power(base, b->kind == AJP_SIGNED ? (uint64_t)b->i : b->u)};
}

/* The divisor is not 0: checked before. */
static ajp_number modulo(const ajp_number *a, const ajp_number *b, bool truncated)
{
    if (a->kind == AJP_REAL) return (ajp_number){AJP_REAL, fmod(a->d, b->d), 0, 0};
    if (a->kind == AJP_UNSIGNED) return (ajp_number){AJP_UNSIGNED, 0, 0, a->u % b->u};
    int64_t rest = b->i == -1 ? 0 : a->i % b->i; /* the lowest number % -1 would trap */
    if (!truncated && rest != 0 && (rest < 0) != (b->i < 0)) rest += b->i;
    return (ajp_number){AJP_SIGNED, 0, rest, 0};
}

static ajp_number combine(const params *q, const ajp_number *a, const ajp_number *b)
{
    switch (q->what) {
    case DO_MAX:
        return ajp_number_max(a, b);
    case DO_MIN:
        return ajp_number_min(a, b);
    case DO_SUM:
    case DO_MEAN:
        return ajp_number_add(a, b);
    case DO_POW:
        return power(a, b);
    case DO_MOD:
        return modulo(a, b, q->truncated);
    case DO_PRELU:
        return (ajp_number){AJP_REAL, a->d < 0 ? a->d * b->d : a->d, 0, 0};
    case DO_SHIFT:
        return (ajp_number){AJP_UNSIGNED, 0, 0, b->u > 63 ? 0 : q->right ? a->u >> b->u : a->u << b->u};
    case DO_BIT_AND:
        return (ajp_number){a->kind, 0, a->i & b->i, a->u & b->u};
    case DO_BIT_OR:
        return (ajp_number){a->kind, 0, a->i | b->i, a->u | b->u};
    case DO_BIT_XOR:
        return (ajp_number){a->kind, 0, a->i ^ b->i, a->u ^ b->u};
    case DO_EQUAL:
        return truth(ajp_number_equal(a, b));
    case DO_LESS:
        return truth(ajp_number_less(a, b));
    case DO_LESS_OR_EQUAL:
        return truth(ajp_number_less(a, b) || ajp_number_equal(a, b));
    case DO_GREATER:
        return truth(ajp_number_less(b, a));
    case DO_GREATER_OR_EQUAL:
        return truth(ajp_number_less(b, a) || ajp_number_equal(a, b));
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
    if (q->what >= DO_BIT_AND && q->what <= DO_BIT_XOR)
        return !ajp_dtype_is_float(dtype) && dtype != AJP_BOOL;
    if (q->what == DO_SUM || q->what == DO_MEAN || q->what == DO_PRELU) return ajp_dtype_is_float(dtype);
    if (q->what == DO_MOD && !q->truncated) return !ajp_dtype_is_float(dtype) && dtype != AJP_BOOL;
    return q->what == DO_EQUAL || dtype != AJP_BOOL;
}

/* The second operand as it is aligned: before opset 7 an attribute may say where, and the slopes of PRelu,
 * one a channel, lie on axis 1. */
static bool align(const params *q, size_t rank, ajp_type *b)
{
    ajp_elementwise_params old = q->old;
    if (old.limited && q->what == DO_PRELU && b->rank == 1 && rank > 1 && b->dims[0] != 1)
        old = (ajp_elementwise_params){.limited = true, .broadcast = true, .axis = 1};
    return ajp_elementwise_align(&old, rank, b);
}

static bool fits_old_rules(const params *q, const ajp_type *a, const ajp_type *b)
{
    if (!q->old.limited || q->old.broadcast || q->what == DO_PRELU) return true;
    return ajp_type_same_shape(a, b);
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
        ajp_type next = *i->in[k];
        if (k == 1 && (!fits_old_rules(q, &out, &next) || !align(q, out.rank, &next)))
            return ajp_node_fail(
                i->path, i->node, AJ_CORRUPT, i->err,
                "has inputs of shapes that do not fit; before opset 7 broadcasting has to be asked "
                "for with the attributes broadcast and axis");
        AJ_TRY(ajp_elementwise_broadcast(i, &out, &next, &sum));
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
    size_t index[AJP_MAX_RANK];
    size_t *at, (*step)[AJP_MAX_RANK]; /* per input */
} walk;

static size_t scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    (void)in;
    (void)out;
    return node->n_in * (1 + AJP_MAX_RANK) * sizeof(size_t);
}

static void start(walk *w, const ajp_op_run *r, const params *q)
{
    const ajp_type *out = &r->out[0].type;
    *w = (walk){.at = r->scratch};
    w->step = (size_t(*)[AJP_MAX_RANK])(void *)(w->at + r->n_in);
    memset(w->at, 0, r->n_in * (1 + AJP_MAX_RANK) * sizeof(size_t));
    for (size_t k = 0; k < r->n_in; k++) {
        ajp_type aligned = r->in[k].type;
        const ajp_type *in = &aligned;
        if (k == 1 && q != NULL)
            (void)align(q, r->in[0].type.rank, &aligned); /* fitted when shapes were inferred */
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

/* One whole or half exponent for all of float32 (squares and roots of normalisations): the products are those
 * of double, rounded once, as pow would give them. */
static bool run_simple_power(const ajp_op_run *r)
{
    const ajp_tensor *x = &r->in[0], *y = &r->out[0];
    if (x->type.dtype != AJP_FLOAT32 || y->n != x->n || r->in[1].n != 1) return false;
    ajp_number number = ajp_number_load(&r->in[1], 0);
    double exponent = ajp_number_real(&number);
    const float *from = x->data;
    float *to = y->data;
    if (exponent == 2)
        r->kernels->binary('*', from, from, to, x->n);
    else if (exponent == 3)
        for (size_t i = 0; i < x->n; i++)
            to[i] = (float)((double)from[i] * (double)from[i] * (double)from[i]);
    else if (exponent == 0.5) /* pow gives +0 and +infinity where sqrt does not */
        for (size_t i = 0; i < x->n; i++)
            to[i] = from[i] == 0 ? 0 : from[i] == -INFINITY ? INFINITY : (float)sqrt((double)from[i]);
    else
        return false;
    return true;
}

static aj_status run(const ajp_op_run *r)
{
    const params *q = r->node->params;
    walk w;
    if (q->what == DO_POW && run_simple_power(r)) return AJ_OK;
    if (q->what == DO_MOD && !ajp_dtype_is_float(r->in[1].type.dtype))
        for (size_t i = 0; i < r->in[1].n; i++)
            if (ajp_tensor_int(&r->in[1], i) == 0)
                return ajp_node_fail(r->path, r->node, AJ_BAD_ARGUMENT, r->err, "divides an integer by zero");
    start(&w, r, q);
    for (size_t i = 0; i < r->out[0].n; i++) {
        ajp_number value = ajp_number_load(&r->in[0], w.at[0]);
        for (size_t k = 1; k < r->n_in; k++) {
            ajp_number next = ajp_number_load(&r->in[k], w.at[k]);
            value = combine(q, &value, &next);
        }
        if (q->what == DO_MEAN) value.d /= (double)r->n_in;
        ajp_number_store(&r->out[0], i, &value);
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
    start(&w, r, NULL);
    for (size_t i = 0; i < r->out[0].n; i++) {
        size_t k = condition[w.at[0]] != 0 ? 1 : 2;
        memcpy(y + i * size, (const char *)r->in[k].data + w.at[k] * size, size);
        advance(&w, r);
    }
    return AJ_OK;
}

/* ---- rows --------------------------------------------------------------------------------------------- */

static const char *const no_attributes[] = {"consumed_inputs", NULL};
static const char *const old_attributes[] = {"consumed_inputs", "broadcast", "axis", NULL};
static const char *const mod_attributes[] = {"fmod", NULL};
static const char *const shift_attributes[] = {"direction", NULL};

static aj_status parse(const ajp_op_parse *p, params *q, operation what)
{
    int64_t truncated, broadcast;
    q->what = what;
    q->same_shape = what <= DO_MEAN && p->node->opset < 8;
    AJ_TRY(ajp_op_int(p, "fmod", 0, &truncated));
    q->truncated = truncated != 0;
    AJ_TRY(ajp_op_int(p, "broadcast", 0, &broadcast));
    AJ_TRY(ajp_op_int(p, "axis", INT64_MIN, &q->old.axis));
    q->old.limited = what > DO_MEAN && p->node->opset < 7;
    q->old.broadcast = broadcast != 0;
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
    const ajp_op ajp_op_##id = {.layout = AJP_LAYOUT_ELEMENTS,    \
                                .any_sample_axis = true,          \
                                .min_in = least,                  \
                                .max_in = most,                   \
                                .max_out = 1,                     \
                                .flops_per_element = flops,       \
                                .params_size = sizeof(params),    \
                                .attributes = names,              \
                                .parse = parse_##id,              \
                                .infer = infer,                   \
                                .scratch = scratch,               \
                                .run = run};
BROADCAST(max, DO_MAX, 1, SIZE_MAX, 1, no_attributes)
BROADCAST(min, DO_MIN, 1, SIZE_MAX, 1, no_attributes)
BROADCAST(sum, DO_SUM, 1, SIZE_MAX, 1, no_attributes)
BROADCAST(mean, DO_MEAN, 1, SIZE_MAX, 1, no_attributes)
BROADCAST(pow, DO_POW, 2, 2, 4, old_attributes)
BROADCAST(mod, DO_MOD, 2, 2, 1, mod_attributes)
BROADCAST(prelu, DO_PRELU, 2, 2, 1, old_attributes)
BROADCAST(bit_shift, DO_SHIFT, 2, 2, 1, shift_attributes)
BROADCAST(bitwise_and, DO_BIT_AND, 2, 2, 1, no_attributes)
BROADCAST(bitwise_or, DO_BIT_OR, 2, 2, 1, no_attributes)
BROADCAST(bitwise_xor, DO_BIT_XOR, 2, 2, 1, no_attributes)
BROADCAST(equal, DO_EQUAL, 2, 2, 1, old_attributes)
BROADCAST(less, DO_LESS, 2, 2, 1, old_attributes)
BROADCAST(less_or_equal, DO_LESS_OR_EQUAL, 2, 2, 1, no_attributes)
BROADCAST(greater, DO_GREATER, 2, 2, 1, old_attributes)
BROADCAST(greater_or_equal, DO_GREATER_OR_EQUAL, 2, 2, 1, no_attributes)
BROADCAST(and, DO_AND, 2, 2, 1, old_attributes)
BROADCAST(or, DO_OR, 2, 2, 1, old_attributes)
BROADCAST(xor, DO_XOR, 2, 2, 1, old_attributes)

extern const ajp_op ajp_op_where;
const ajp_op ajp_op_where = {.layout = AJP_LAYOUT_ELEMENTS,
                             .any_sample_axis = true,
                             .min_in = 3,
                             .max_in = 3,
                             .max_out = 1,
                             .flops_per_element = 1,
                             .attributes = no_attributes,
                             .infer = infer_where,
                             .scratch = scratch,
                             .run = run_where};

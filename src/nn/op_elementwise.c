/* op_elementwise.c: Add, Sub, Mul, Div with broadcasting, in every numeric type. */
#include <string.h>

#include "op_elementwise.h"

static const char *const attributes[] = {"broadcast", "axis", "consumed_inputs", NULL};

static aj_status parse(const ajp_op_parse *p, ajp_elementwise_params *q, char op)
{
    int64_t broadcast = 0;
    q->op = op;
    q->limited = p->node->opset < 7;
    AJ_TRY(ajp_op_int(p, "broadcast", 0, &broadcast));
    q->broadcast = broadcast != 0;
    return ajp_op_int(p, "axis", INT64_MIN, &q->axis);
}

bool ajp_elementwise_align(const ajp_elementwise_params *params, size_t a_rank, ajp_type *b)
{
    if (!params->limited || !params->broadcast || params->axis == INT64_MIN) return true;
    int64_t axis = params->axis < 0 ? params->axis + (int64_t)a_rank : params->axis;
    if (axis < 0 || (size_t)axis > a_rank || b->rank > a_rank - (size_t)axis) return false;
    while (b->rank < a_rank - (size_t)axis) b->dims[b->rank++] = 1;
    return true;
}

/* Dimension of `type` seen as one of rank `rank`, aligned at the end. */
static size_t aligned_dim(const ajp_type *type, size_t rank, size_t d)
{
    size_t missing = rank - type->rank;
    return d < missing ? 1 : type->dims[d - missing];
}

static int aligned_batch(const ajp_type *type, size_t rank)
{
    return type->batch_axis < 0 ? -1 : type->batch_axis + (int)(rank - type->rank);
}

aj_status ajp_elementwise_broadcast(const ajp_op_infer *i, const ajp_type *a, const ajp_type *b,
                                    ajp_type *out)
{
    size_t rank = a->rank > b->rank ? a->rank : b->rank;
    int batch_a = aligned_batch(a, rank), batch_b = aligned_batch(b, rank);
    int batch = batch_a > batch_b ? batch_a : batch_b;
    char text_a[128], text_b[128];
    *out = (ajp_type){a->dtype, batch, rank, {0}};
    if (batch_a >= 0 && batch_b >= 0 && batch_a != batch_b)
        return ajp_op_mixes(i, "its inputs have samples on two axes");
    for (size_t d = 0; d < rank; d++) {
        size_t da = aligned_dim(a, rank, d), db = aligned_dim(b, rank, d);
        bool here = (int)d == batch;
        if (here && ((batch_a < 0 && da != 1) || (batch_b < 0 && db != 1)))
            return ajp_op_mixes(i, "a constant has a sample axis of its own");
        if (here && batch_a != batch_b)
            out->dims[d] = batch_a >= 0 ? da : db;
        else if (da == db || (db == 1 && !here))
            out->dims[d] = da;
        else if (da == 1 && !here)
            out->dims[d] = db;
        else
            return ajp_node_fail(
                i->path, i->node, AJ_CORRUPT, i->err, "has inputs of shapes that do not fit: %s and %s",
                ajp_type_text(a, text_a, sizeof text_a), ajp_type_text(b, text_b, sizeof text_b));
    }
    return AJ_OK;
}

static aj_status infer(const ajp_op_infer *i)
{
    const ajp_elementwise_params *q = i->node->params;
    const ajp_type *a = i->in[0];
    ajp_type b = *i->in[1];
    if (a->dtype != b.dtype)
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "has inputs of two types, %s and %s",
                             ajp_dtype_name(a->dtype), ajp_dtype_name(b.dtype));
    if (a->dtype == AJP_BOOL)
        return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err,
                             "has inputs of type %s, which this version does not "
                             "compute with",
                             ajp_dtype_name(a->dtype));
    if (!ajp_elementwise_align(q, a->rank, &b) ||
        (q->limited && !q->broadcast && !ajp_type_same_shape(a, &b)))
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                             "has inputs of shapes that do not fit; before opset 7 "
                             "broadcasting has to be asked for with the attributes broadcast and axis");
    return ajp_elementwise_broadcast(i, a, &b, &i->out[0]);
}

/* ---- loops -------------------------------------------------------------------------------------------- */

/* y[i] = a[i * sa] op b[i * sb], steps 0 or 1. Integers wrap: their arithmetic is done unsigned. One number
 * on the right has loops of its own, which compilers turn into vectors. */
#define EACH(type, left, sign, right) \
    for (size_t i = 0; i < n; i++) y[i] = (type)((left)sign(right))
#define ROW(name, type, unsigned_type)                                                                  \
    static void name(char op, const void *a_, size_t sa, const void *b_, size_t sb, void *y_, size_t n) \
    {                                                                                                   \
        const type *a = a_, *b = b_, one = b[0];                                                        \
        type *y = y_;                                                                                   \
        bool same = sa == 1 && sb == 0;                                                                 \
        if (op == '+' && same)                                                                          \
            EACH(type, (unsigned_type)a[i], +, (unsigned_type)one);                                     \
        else if (op == '-' && same)                                                                     \
            EACH(type, (unsigned_type)a[i], -, (unsigned_type)one);                                     \
        else if (op == '*' && same)                                                                     \
            EACH(type, (unsigned_type)a[i], *, (unsigned_type)one);                                     \
        else if (op == '/' && same)                                                                     \
            EACH(type, a[i], /, one);                                                                   \
        else if (op == '+')                                                                             \
            EACH(type, (unsigned_type)a[i * sa], +, (unsigned_type)b[i * sb]);                          \
        else if (op == '-')                                                                             \
            EACH(type, (unsigned_type)a[i * sa], -, (unsigned_type)b[i * sb]);                          \
        else if (op == '*')                                                                             \
            EACH(type, (unsigned_type)a[i * sa], *, (unsigned_type)b[i * sb]);                          \
        else                                                                                            \
            EACH(type, a[i * sa], /, b[i * sb]);                                                        \
    }
ROW(row_float, float, float)
ROW(row_double, double, double)
ROW(row_uint8, uint8_t, unsigned)
ROW(row_uint16, uint16_t, unsigned)
ROW(row_uint32, uint32_t, uint32_t)
ROW(row_uint64, uint64_t, uint64_t)
ROW(row_int8, int8_t, unsigned)
ROW(row_int16, int16_t, unsigned)
ROW(row_int32, int32_t, uint32_t)
ROW(row_int64, int64_t, uint64_t)

typedef void (*row_function)(char op, const void *a, size_t sa, const void *b, size_t sb, void *y, size_t n);

static row_function row_of(ajp_dtype dtype)
{
    switch (dtype) {
    case AJP_FLOAT64:
        return row_double;
    case AJP_UINT8:
        return row_uint8;
    case AJP_UINT16:
        return row_uint16;
    case AJP_UINT32:
        return row_uint32;
    case AJP_UINT64:
        return row_uint64;
    case AJP_INT8:
        return row_int8;
    case AJP_INT16:
        return row_int16;
    case AJP_INT32:
        return row_int32;
    case AJP_INT64:
        return row_int64;
    default:
        return row_float;
    }
}

static bool is_zero(const void *bytes, size_t size)
{
    static const unsigned char zeros[8];
    return memcmp(bytes, zeros, size) == 0;
}

/* Integer division has two cases without a result: by zero, and the lowest number by -1 (which would trap).
 */
static aj_status check_division(const ajp_op_run *r)
{
    ajp_dtype dtype = r->in[0].type.dtype;
    size_t size = ajp_dtype_size(dtype);
    for (size_t i = 0; i < r->in[1].n; i++) {
        const char *b = (const char *)r->in[1].data + i * size;
        bool minus_one = (dtype == AJP_INT32 || dtype == AJP_INT64) && ajp_tensor_int(&r->in[1], i) == -1;
        if (is_zero(b, size) || minus_one) {
            if (!minus_one)
                return ajp_node_fail(r->path, r->node, AJ_BAD_ARGUMENT, r->err, "divides an integer by zero");
            for (size_t k = 0; k < r->in[0].n; k++)
                if (ajp_tensor_int(&r->in[0], k) == (dtype == AJP_INT32 ? INT32_MIN : INT64_MIN))
                    return ajp_node_fail(r->path, r->node, AJ_BAD_ARGUMENT, r->err,
                                         "divides the lowest integer by -1");
        }
    }
    return AJ_OK;
}

/* Axes merged where both operands run on: at most rank loops, the last one inner. */
typedef struct {
    size_t rank, dims[AJP_MAX_RANK], step_a[AJP_MAX_RANK], step_b[AJP_MAX_RANK];
} loops;

static void plan_loops(loops *l, const ajp_type *a, const ajp_type *b, const ajp_type *out)
{
    size_t at_a = 1, at_b = 1, reversed_rank = 0;
    loops t = {0};
    for (size_t k = out->rank; k-- > 0;) { /* innermost first */
        size_t da = aligned_dim(a, out->rank, k), db = aligned_dim(b, out->rank, k), n = out->dims[k];
        size_t sa = da == 1 ? 0 : at_a, sb = db == 1 ? 0 : at_b;
        at_a *= da;
        at_b *= db;
        if (n == 1) continue;
        size_t p = reversed_rank - 1; /* merge: the outer step continues the inner run in both */
        if (reversed_rank > 0 && sa == t.step_a[p] * t.dims[p] && sb == t.step_b[p] * t.dims[p]) {
            t.dims[p] *= n;
            continue;
        }
        t.dims[reversed_rank] = n, t.step_a[reversed_rank] = sa, t.step_b[reversed_rank++] = sb;
    }
    if (reversed_rank == 0) t.dims[reversed_rank++] = 1;
    *l = (loops){.rank = reversed_rank};
    for (size_t k = 0; k < reversed_rank; k++) {
        size_t from = reversed_rank - 1 - k;
        l->dims[k] = t.dims[from], l->step_a[k] = t.step_a[from], l->step_b[k] = t.step_b[from];
    }
}

static void run_loops(const ajp_op_run *r, const loops *l, char op)
{
    ajp_dtype dtype = r->in[0].type.dtype;
    size_t size = ajp_dtype_size(dtype), last = l->rank - 1, n = l->dims[last], index[AJP_MAX_RANK] = {0};
    row_function row = row_of(dtype);
    const char *a = r->in[0].data, *b = r->in[1].data;
    char *y = r->out[0].data;
    bool vector = dtype == AJP_FLOAT32 && l->step_a[last] == 1 && l->step_b[last] == 1;
    for (size_t done = 0; done < r->out[0].n; done += n, y += n * size) {
        size_t at_a = 0, at_b = 0;
        for (size_t k = 0; k < last; k++) at_a += index[k] * l->step_a[k], at_b += index[k] * l->step_b[k];
        const void *from_a = a + at_a * size, *from_b = b + at_b * size;
        if (vector)
            r->kernels->binary(op, from_a, from_b, (void *)y, n);
        else
            row(op, from_a, l->step_a[last], from_b, l->step_b[last], y, n);
        for (size_t k = last; k-- > 0;) {
            if (++index[k] < l->dims[k]) break;
            index[k] = 0;
        }
    }
}

static aj_status run(const ajp_op_run *r)
{
    const ajp_elementwise_params *q = r->node->params;
    ajp_type b = r->in[1].type;
    loops l;
    if (r->out[0].n == 0) return AJ_OK;
    if (q->op == '/' && !ajp_dtype_is_float(b.dtype)) AJ_TRY(check_division(r));
    (void)ajp_elementwise_align(q, r->in[0].type.rank, &b); /* fitted when the shape was inferred */
    plan_loops(&l, &r->in[0].type, &b, &r->out[0].type);
    run_loops(r, &l, q->op);
    return AJ_OK;
}

#define ELEMENTWISE(id, op)                                                    \
    static aj_status parse_##id(const ajp_op_parse *p, void *out)              \
    {                                                                          \
        return parse(p, out, op);                                              \
    }                                                                          \
    extern const ajp_op ajp_op_##id;                                           \
    const ajp_op ajp_op_##id = {.widening = AJP_WIDEN_HALF,                    \
                                .layout = AJP_LAYOUT_ELEMENTS,                 \
                                .any_sample_axis = true,                       \
                                .min_in = 2,                                   \
                                .max_in = 2,                                   \
                                .max_out = 1,                                  \
                                .role = AJP_ROLE_SCALE,                        \
                                .flops_per_element = 1,                        \
                                .params_size = sizeof(ajp_elementwise_params), \
                                .attributes = attributes,                      \
                                .parse = parse_##id,                           \
                                .infer = infer,                                \
                                .run = run};
ELEMENTWISE(add, '+')
ELEMENTWISE(sub, '-')
ELEMENTWISE(mul, '*')
ELEMENTWISE(div, '/')

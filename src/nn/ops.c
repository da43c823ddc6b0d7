/* ops.c: the table of operators and the helpers their files share. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "op.h"

#define AJP_OP(name, first, last, id) extern const ajp_op ajp_op_##id;
#include "ops.def"
#undef AJP_OP

static const struct {
    const char *name;
    int64_t first, last;
    const ajp_op *op;
} rows[] = {
#define AJP_OP(name, first, last, id) {#name, first, last, &ajp_op_##id},
#include "ops.def"
#undef AJP_OP
};

const ajp_op *ajp_op_find(const char *op_type, int64_t opset, bool *known)
{
    *known = false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, op_type) != 0) continue;
        *known = true;
        if (opset >= rows[i].first && opset <= rows[i].last) return rows[i].op;
    }
    return NULL;
}

aj_status ajp_node_fail(const char *path, const ajp_node *node, aj_status status, aj_error *err,
                        const char *format, ...)
{
    char text[320];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return ajp_fail(err, status, 0, "%s: node \"%.80s\" (%.60s, opset %lld) %s", path, node->name,
                    node->op_type, (long long)node->opset, text);
}

const ajp_onnx_attribute *ajp_op_attribute(const ajp_node *node, const char *name)
{
    for (size_t i = 0; node->proto != NULL && i < node->proto->n_attribute; i++)
        if (strcmp(node->proto->attribute[i].name, name) == 0) return &node->proto->attribute[i];
    return NULL;
}

aj_status ajp_op_int(const ajp_op_parse *p, const char *name, int64_t otherwise, int64_t *out)
{
    const ajp_onnx_attribute *a = ajp_op_attribute(p->node, name);
    *out = otherwise;
    if (a == NULL) return AJ_OK;
    if (a->type != AJP_ATTRIBUTE_INT && !(a->type == 0 && (a->has & 1u << 3) != 0))
        return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err,
                             "has an attribute %s that is not an integer", name);
    *out = a->i;
    return AJ_OK;
}

aj_status ajp_op_float(const ajp_op_parse *p, const char *name, float otherwise, float *out)
{
    const ajp_onnx_attribute *a = ajp_op_attribute(p->node, name);
    *out = otherwise;
    if (a == NULL) return AJ_OK;
    if (a->type != AJP_ATTRIBUTE_FLOAT && !(a->type == 0 && (a->has & 1u << 2) != 0))
        return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has an attribute %s that is not a float",
                             name);
    *out = a->f;
    return AJ_OK;
}

aj_status ajp_op_choice(const ajp_op_parse *p, const char *name, const char *const *names, size_t otherwise,
                        size_t *out)
{
    const ajp_onnx_attribute *a = ajp_op_attribute(p->node, name);
    *out = otherwise;
    if (a == NULL) return AJ_OK;
    for (size_t k = 0; names[k] != NULL; k++)
        if (strlen(names[k]) == a->s.size && memcmp(names[k], a->s.data, a->s.size) == 0) {
            *out = k;
            return AJ_OK;
        }
    return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has an attribute %s with the value \"%.*s\"",
                         name, (int)(a->s.size < 40 ? a->s.size : 40), (const char *)a->s.data);
}

/* ---- lists ----------------------------------------------------------------------------------------------
 */

int64_t ajp_op_list_at(const ajp_op_list *list, size_t k)
{
    return list->ints != NULL ? list->ints[k] : ajp_tensor_int(list->tensor, k);
}

aj_status ajp_op_ints(const ajp_op_parse *p, const char *name, ajp_op_list *out)
{
    const ajp_onnx_attribute *a = ajp_op_attribute(p->node, name);
    *out = (ajp_op_list){false, 0, NULL, NULL};
    if (a == NULL) return AJ_OK;
    if (a->type != AJP_ATTRIBUTE_INTS && !(a->type == 0 && a->n_ints > 0))
        return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err,
                             "has an attribute %s that is not a list of integers", name);
    *out = (ajp_op_list){true, a->n_ints, a->ints, NULL};
    return AJ_OK;
}

aj_status ajp_op_known(const ajp_op_infer *i, size_t k, const char *what, const ajp_tensor **out)
{
    *out = NULL;
    if (ajp_op_input(i, k) == NULL) return AJ_OK;
    *out = i->known[k];
    if (*out != NULL) return AJ_OK;
    return ajp_op_needs_data(i, "takes its %s from data; only those known before any data can be used", what);
}

aj_status ajp_op_needs_data(const ajp_op_infer *i, const char *format, ...)
{
    char text[200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (i->needs_data != NULL) *i->needs_data = true;
    return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err, "%s", text);
}

aj_status ajp_op_known_list(const ajp_op_infer *i, size_t k, const char *what, ajp_op_list *out)
{
    const ajp_tensor *tensor;
    *out = (ajp_op_list){false, 0, NULL, NULL};
    AJ_TRY(ajp_op_known(i, k, what, &tensor));
    if (tensor == NULL) return AJ_OK;
    if ((tensor->type.dtype != AJP_INT64 && tensor->type.dtype != AJP_INT32) || tensor->type.rank > 1)
        return ajp_op_corrupt(i, "has %s that are not a list of int64", what);
    *out = (ajp_op_list){true, tensor->n, NULL, tensor};
    return AJ_OK;
}

ajp_op_list ajp_op_run_list(const ajp_op_run *r, const ajp_op_list *attribute, size_t k)
{
    if (attribute != NULL && attribute->given) return *attribute;
    if (k >= r->n_in || r->in[k].data == NULL) return (ajp_op_list){false, 0, NULL, NULL};
    return (ajp_op_list){true, r->in[k].n, NULL, &r->in[k]};
}

aj_status ajp_op_shape_from(const ajp_op_infer *i, size_t k, ajp_type *out)
{
    ajp_op_list shape;
    AJ_TRY(ajp_op_known_list(i, k, "shape", &shape));
    if (!shape.given) return ajp_op_corrupt(i, "has no shape");
    if (shape.n > AJP_MAX_RANK)
        return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err,
                             "asks for %zu dimensions; at most 8 are supported", shape.n);
    out->rank = shape.n;
    for (size_t d = 0; d < shape.n; d++) {
        int64_t n = ajp_op_list_at(&shape, d);
        if (n < 0) return ajp_op_corrupt(i, "asks for a dimension of %lld", (long long)n);
        /* a multiple of the number of samples is the sample axis */
        if (i->fixed_batch == AJP_SAMPLES_STAND_IN && n > 0 && n % AJP_SAMPLES_STAND_IN == 0) {
            if (out->batch_axis >= 0) return ajp_op_mixes(i, "its shape counts samples twice");
            n /= AJP_SAMPLES_STAND_IN;
            out->batch_axis = (int)d;
        }
        out->dims[d] = n > (int64_t)AJP_MAX_ELEMENTS ? AJP_MAX_ELEMENTS + 1 : (size_t)n;
    }
    return AJ_OK;
}

const ajp_type *ajp_op_input(const ajp_op_infer *i, size_t k)
{
    return k < i->n_in ? i->in[k] : NULL;
}

const void *ajp_op_data(const ajp_op_run *r, size_t k)
{
    return k < r->n_in ? r->in[k].data : NULL;
}

/* ---- work over threads -----------------------------------------------------------------------------------
 */

enum { PIECES = 16 };
static const double worth_sharing_nanoseconds = 8000; /* waking a thread costs a few microseconds */

typedef struct {
    size_t n, each;
    void (*part)(void *user, size_t first, size_t n);
    void *user;
} spreading;

static void run_piece(void *user, size_t task, unsigned thread)
{
    const spreading *s = user;
    size_t first = task * s->each;
    (void)thread;
    s->part(s->user, first, ajp_min_size(s->each, s->n - first));
}

void ajp_op_spread(const ajp_op_run *r, size_t n, double nanoseconds_each,
                   void (*part)(void *user, size_t first, size_t n), void *user)
{
    if (n == 0) return;
    if (r->pool == NULL || ajp_pool_threads(r->pool) == 1 ||
        (double)n * nanoseconds_each < worth_sharing_nanoseconds) {
        part(user, 0, n);
        return;
    }
    spreading s = {n, (n + PIECES - 1) / PIECES, part, user};
    ajp_pool_run(r->pool, (n + s.each - 1) / s.each, run_piece, &s);
}

/* ---- refusals -------------------------------------------------------------------------------------------
 */

aj_status ajp_op_corrupt(const ajp_op_infer *i, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "%s", text);
}

aj_status ajp_op_refuse(const ajp_op_infer *i, size_t k)
{
    return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err,
                         "has an input %zu of type %s, which this version does not compute with here", k,
                         ajp_dtype_name(i->in[k]->dtype));
}

aj_status ajp_op_axis(const ajp_op_infer *i, int64_t axis, size_t rank, bool past_end, size_t *out)
{
    int64_t n = (int64_t)rank;
    if (axis < -n || axis >= n + (past_end ? 1 : 0))
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                             "has axis %lld, but its input has %zu dimensions", (long long)axis, rank);
    *out = (size_t)(axis < 0 ? axis + n : axis);
    return AJ_OK;
}

aj_status ajp_op_want(const ajp_op_infer *i, size_t k, ajp_dtype dtype)
{
    if (i->in[k]->dtype == dtype) return AJ_OK;
    return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err,
                         "has an input %zu of type %s; this version computes it in "
                         "%s only",
                         k, ajp_dtype_name(i->in[k]->dtype), ajp_dtype_name(dtype));
}

aj_status ajp_op_mixes(const ajp_op_infer *i, const char *what)
{
    return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err,
                         "would mix samples: %s; the first axis of the input must count independent samples",
                         what);
}

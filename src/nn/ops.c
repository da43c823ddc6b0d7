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

/* op_constant.c: Constant, Cast, CastLike. */
#include <string.h>

#include "op.h"

/* ---- Constant ----------------------------------------------------------------------------------------- */

typedef struct {
    ajp_tensor value;
} constant_params;
static const char *const constant_attributes[] = {"value",        "sparse_value",  "value_float",
                                                  "value_floats", "value_int",     "value_ints",
                                                  "value_string", "value_strings", NULL};

static aj_status from_list(const ajp_op_parse *p, ajp_tensor *out, ajp_dtype dtype, size_t rank,
                           const void *data, size_t n)
{
    ajp_type type = {dtype, -1, rank, {n}};
    if (!ajp_tensor_make(out, p->source->arena, &type)) return ajp_no_memory(p->err, p->path);
    ajp_convert(dtype, out->data, dtype, data, n);
    return AJ_OK;
}

static aj_status parse_constant(const ajp_op_parse *p, void *out)
{
    constant_params *q = out;
    if (p->node->proto->n_attribute != 1)
        return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has %zu attributes; a constant has one",
                             p->node->proto->n_attribute);
    const ajp_onnx_attribute *a = &p->node->proto->attribute[0];
    if (strcmp(a->name, "value") == 0 && a->t != NULL)
        return ajp_tensor_from_onnx(&q->value, p->source, a->t, p->err);
    if (strcmp(a->name, "value_float") == 0) return from_list(p, &q->value, AJP_FLOAT32, 0, &a->f, 1);
    if (strcmp(a->name, "value_floats") == 0)
        return from_list(p, &q->value, AJP_FLOAT32, 1, a->floats, a->n_floats);
    if (strcmp(a->name, "value_int") == 0) return from_list(p, &q->value, AJP_INT64, 0, &a->i, 1);
    if (strcmp(a->name, "value_ints") == 0) return from_list(p, &q->value, AJP_INT64, 1, a->ints, a->n_ints);
    return ajp_node_fail(p->path, p->node, AJ_UNSUPPORTED, p->err,
                         "has its value in the attribute %s, which is not supported", a->name);
}

static aj_status infer_constant(const ajp_op_infer *i)
{
    const constant_params *q = i->node->params;
    i->out[0] = q->value.type;
    i->out_known[0] = &q->value;
    return AJ_OK;
}

/* Never reached: its result is known when shapes are inferred. */
static aj_status run_constant(const ajp_op_run *r)
{
    const constant_params *q = r->node->params;
    ajp_convert(q->value.type.dtype, r->out[0].data, q->value.type.dtype, q->value.data, q->value.n);
    return AJ_OK;
}

extern const ajp_op ajp_op_constant;
const ajp_op ajp_op_constant = {.min_in = 0,
                                .max_in = 0,
                                .max_out = 1,
                                .params_size = sizeof(constant_params),
                                .attributes = constant_attributes,
                                .parse = parse_constant,
                                .infer = infer_constant,
                                .run = run_constant};

/* ---- Cast --------------------------------------------------------------------------------------------- */

typedef struct {
    ajp_dtype to;
} cast_params;
static const char *const cast_attributes[] = {"to", "saturate", NULL}; /* saturate: of 8-bit floats */
static const char *const like_attributes[] = {"saturate", NULL};

/* Opset 1 names the type ("FLOAT"), later ones number it. */
static ajp_dtype dtype_from_name(ajp_bytes name)
{
    static const struct {
        const char *name;
        ajp_dtype dtype;
    } names[] = {{"FLOAT", AJP_FLOAT32},  {"UINT8", AJP_UINT8},   {"INT8", AJP_INT8},
                 {"UINT16", AJP_UINT16},  {"INT16", AJP_INT16},   {"INT32", AJP_INT32},
                 {"INT64", AJP_INT64},    {"BOOL", AJP_BOOL},     {"FLOAT16", AJP_FLOAT16},
                 {"DOUBLE", AJP_FLOAT64}, {"UINT32", AJP_UINT32}, {"UINT64", AJP_UINT64}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == name.size && memcmp(names[i].name, name.data, name.size) == 0)
            return names[i].dtype;
    return AJP_UNDEFINED;
}

static aj_status parse_cast(const ajp_op_parse *p, void *out)
{
    cast_params *q = out;
    const ajp_onnx_attribute *a = ajp_op_attribute(p->node, "to");
    int64_t to = 0;
    if (a != NULL && p->node->opset < 6)
        to = dtype_from_name(a->s);
    else
        AJ_TRY(ajp_op_int(p, "to", 0, &to));
    q->to = to > 0 && to <= AJP_BFLOAT16 ? (ajp_dtype)to : AJP_UNDEFINED;
    if (ajp_dtype_size(q->to) == 0)
        return ajp_node_fail(p->path, p->node, AJ_UNSUPPORTED, p->err,
                             "casts to %s (type %lld), which is not supported", ajp_dtype_name(q->to),
                             (long long)to);
    return AJ_OK;
}

static aj_status infer_cast(const ajp_op_infer *i)
{
    const cast_params *q = i->node->params;
    i->out[0] = *i->in[0];
    i->out[0].dtype = q->to;
    return AJ_OK;
}

static aj_status infer_cast_like(const ajp_op_infer *i)
{
    i->out[0] = *i->in[0];
    i->out[0].dtype = i->in[1]->dtype;
    return AJ_OK;
}

static aj_status run_cast(const ajp_op_run *r)
{
    ajp_convert(r->out[0].type.dtype, r->out[0].data, r->in[0].type.dtype, r->in[0].data, r->in[0].n);
    return AJ_OK;
}

static bool cast_is_view(const ajp_node *node, const ajp_type *in, const ajp_type *out)
{
    (void)node;
    return in->dtype == out->dtype;
}

extern const ajp_op ajp_op_cast;
const ajp_op ajp_op_cast = {.any_sample_axis = true,
                            .layout = AJP_LAYOUT_ELEMENTS,
                            .min_in = 1,
                            .max_in = 1,
                            .max_out = 1,
                            .role = AJP_ROLE_VIEW,
                            .flops_per_element = 1,
                            .params_size = sizeof(cast_params),
                            .attributes = cast_attributes,
                            .parse = parse_cast,
                            .infer = infer_cast,
                            .run = run_cast,
                            .is_view = cast_is_view};

extern const ajp_op ajp_op_cast_like;
const ajp_op ajp_op_cast_like = {.any_sample_axis = true,
                                 .min_in = 2,
                                 .max_in = 2,
                                 .max_out = 1,
                                 .role = AJP_ROLE_VIEW,
                                 .flops_per_element = 1,
                                 .attributes = like_attributes,
                                 .infer = infer_cast_like,
                                 .run = run_cast,
                                 .is_view = cast_is_view};

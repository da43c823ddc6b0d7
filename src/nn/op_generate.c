/* op_generate.c: Shape, Size, ConstantOfShape, Range, EyeLike, OneHot: tensors made from shapes and a few
 * numbers. */
#include <math.h>
#include <string.h>

#include "op.h"
#include "op_copy.h"

/* ---- Shape, Size: known before any data ---------------------------------------------------------------- */

typedef struct {
    int64_t start, end;
} shape_params;
static const char *const shape_attributes[] = {"start", "end", NULL};
static const char *const no_attributes[] = {NULL};

static aj_status parse_shape(const ajp_op_parse *p, void *out)
{
    shape_params *q = out;
    AJ_TRY(ajp_op_int(p, "start", 0, &q->start));
    return ajp_op_int(p, "end", INT64_MAX, &q->end);
}

/* Negative places count from the end; outside is cut. */
static size_t clamp_place(int64_t place, size_t rank)
{
    int64_t n = (int64_t)rank;
    if (place < 0) place += n;
    return (size_t)(place < 0 ? 0 : place > n ? n : place);
}

static aj_status times(const ajp_op_infer *i, int64_t *product, int64_t factor)
{
    if (!__builtin_mul_overflow(*product, factor, product)) return AJ_OK;
    return ajp_node_fail(i->path, i->node, AJ_NO_MEMORY, i->err, "reads a size of more than 2^63 elements");
}

/* A dimension as the network sees it.  Where the file fixes the number of samples, a network run on another
 * number treats each as it was exported. */
static aj_status seen_dim(const ajp_op_infer *i, size_t d, int64_t *out)
{
    const ajp_type *x = i->in[0];
    *out = (int64_t)x->dims[d];
    if ((int)d != x->batch_axis) return AJ_OK;
    if (i->fixed_batch == 0) return ajp_op_mixes(i, "it reads the number of samples");
    return times(i, out, (int64_t)i->fixed_batch);
}

static aj_status infer_shape(const ajp_op_infer *i)
{
    const shape_params *q = i->node->params;
    size_t rank = i->in[0]->rank, first = clamp_place(q->start, rank), last = clamp_place(q->end, rank);
    ajp_tensor *known = ajp_arena_alloc(i->arena, sizeof *known);
    i->out[0] = (ajp_type){AJP_INT64, -1, 1, {last > first ? last - first : 0}};
    if (known == NULL || !ajp_tensor_make(known, i->arena, &i->out[0])) return ajp_no_memory(i->err, i->path);
    int64_t *dims = known->data;
    for (size_t d = first; d < last; d++) AJ_TRY(seen_dim(i, d, &dims[d - first]));
    i->out_known[0] = known;
    return AJ_OK;
}

static aj_status infer_size(const ajp_op_infer *i)
{
    ajp_tensor *known = ajp_arena_alloc(i->arena, sizeof *known);
    i->out[0] = (ajp_type){AJP_INT64, -1, 0, {0}};
    if (known == NULL || !ajp_tensor_make(known, i->arena, &i->out[0])) return ajp_no_memory(i->err, i->path);
    int64_t *n = known->data;
    *n = 1;
    for (size_t d = 0; d < i->in[0]->rank; d++) {
        int64_t dim;
        AJ_TRY(seen_dim(i, d, &dim));
        AJ_TRY(times(i, n, dim));
    }
    i->out_known[0] = known;
    return AJ_OK;
}

/* Only reached where the shape was not known when the model was compiled. */
static aj_status run_shape(const ajp_op_run *r)
{
    const shape_params *q = r->node->params;
    const ajp_type *x = &r->in[0].type;
    size_t first = clamp_place(q->start, x->rank);
    int64_t *y = r->out[0].data;
    for (size_t k = 0; k < r->out[0].n; k++) y[k] = (int64_t)x->dims[first + k];
    return AJ_OK;
}

static aj_status run_size(const ajp_op_run *r)
{
    *(int64_t *)r->out[0].data = (int64_t)r->in[0].n;
    return AJ_OK;
}

extern const ajp_op ajp_op_shape, ajp_op_size;
const ajp_op ajp_op_shape = {.any_sample_axis = true,
                             .min_in = 1,
                             .max_in = 1,
                             .max_out = 1,
                             .params_size = sizeof(shape_params),
                             .attributes = shape_attributes,
                             .parse = parse_shape,
                             .infer = infer_shape,
                             .run = run_shape};
const ajp_op ajp_op_size = {.any_sample_axis = true,
                            .min_in = 1,
                            .max_in = 1,
                            .max_out = 1,
                            .attributes = no_attributes,
                            .infer = infer_size,
                            .run = run_size};

/* ---- ConstantOfShape ----------------------------------------------------------------------------------- */

typedef struct {
    ajp_tensor value;
} fill_params;
static const char *const fill_attributes[] = {"value", NULL};

static aj_status parse_fill(const ajp_op_parse *p, void *out)
{
    fill_params *q = out;
    const ajp_onnx_attribute *a = ajp_op_attribute(p->node, "value");
    const ajp_type zero = {AJP_FLOAT32, -1, 1, {1}};
    if (a == NULL || a->t == NULL)
        return ajp_tensor_make(&q->value, p->source->arena, &zero) ? AJ_OK : ajp_no_memory(p->err, p->path);
    AJ_TRY(ajp_tensor_from_onnx(&q->value, p->source, a->t, p->err));
    if (q->value.n == 1) return AJ_OK;
    return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has a value of %zu elements, not one",
                         q->value.n);
}

static aj_status infer_fill(const ajp_op_infer *i)
{
    const fill_params *q = i->node->params;
    i->out[0] = (ajp_type){q->value.type.dtype, -1, 0, {0}};
    return ajp_op_shape_from(i, 0, &i->out[0]);
}

static aj_status run_fill(const ajp_op_run *r)
{
    const fill_params *q = r->node->params;
    ajp_fill(ajp_dtype_size(q->value.type.dtype), r->out[0].data, q->value.data, r->out[0].n);
    return AJ_OK;
}

extern const ajp_op ajp_op_constant_of_shape;
const ajp_op ajp_op_constant_of_shape = {.min_in = 1,
                                         .max_in = 1,
                                         .max_out = 1,
                                         .params_size = sizeof(fill_params),
                                         .attributes = fill_attributes,
                                         .parse = parse_fill,
                                         .infer = infer_fill,
                                         .run = run_fill};

/* ---- Range: start, start + delta, ... before limit ------------------------------------------------------
 */

static aj_status infer_range(const ajp_op_infer *i)
{
    const ajp_tensor *bound[3];
    static const char *const names[] = {"start", "limit", "delta"};
    ajp_dtype dtype = i->in[0]->dtype;
    double n;
    if (!ajp_dtype_is_float(dtype) && dtype != AJP_INT16 && dtype != AJP_INT32 && dtype != AJP_INT64)
        return ajp_op_refuse(i, 0);
    for (size_t k = 0; k < 3; k++) {
        AJ_TRY(ajp_op_known(i, k, names[k], &bound[k]));
        if (bound[k]->type.dtype != dtype || bound[k]->n != 1)
            return ajp_op_corrupt(i, "has a %s that is not one %s", names[k], ajp_dtype_name(dtype));
    }
    if (ajp_dtype_is_float(dtype)) {
        double v[3];
        for (size_t k = 0; k < 3; k++) ajp_convert(AJP_FLOAT64, &v[k], dtype, bound[k]->data, 1);
        n = ceil((v[1] - v[0]) / v[2]);
    } else {
        int64_t v[3];
        for (size_t k = 0; k < 3; k++) v[k] = ajp_tensor_int(bound[k], 0);
        if (v[2] == 0) return ajp_op_corrupt(i, "has a delta of 0");
        n = ceil(((double)v[1] - (double)v[0]) / (double)v[2]);
    }
    if (isnan(n)) return ajp_op_corrupt(i, "has a start, limit or delta that makes no range");
    i->out[0] = (ajp_type){dtype, -1, 1, {0}};
    i->out[0].dims[0] = n <= 0 ? 0 : n > (double)AJP_MAX_ELEMENTS ? AJP_MAX_ELEMENTS + 1 : (size_t)n;
    return AJ_OK;
}

static aj_status run_range(const ajp_op_run *r)
{
    ajp_dtype dtype = r->out[0].type.dtype;
    size_t size = ajp_dtype_size(dtype);
    char *y = r->out[0].data;
    if (!ajp_dtype_is_float(dtype)) {
        uint64_t start = (uint64_t)ajp_tensor_int(&r->in[0], 0),
                 delta = (uint64_t)ajp_tensor_int(&r->in[2], 0);
        for (size_t k = 0; k < r->out[0].n; k++) {
            uint64_t value = start + k * delta;
            ajp_convert(dtype, y + k * size, AJP_UINT64, &value, 1);
        }
        return AJ_OK;
    }
    double start, delta;
    ajp_convert(AJP_FLOAT64, &start, dtype, r->in[0].data, 1);
    ajp_convert(AJP_FLOAT64, &delta, dtype, r->in[2].data, 1);
    for (size_t k = 0; k < r->out[0].n; k++) {
        double value = start + (double)k * delta;
        ajp_convert(dtype, y + k * size, AJP_FLOAT64, &value, 1);
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_range;
const ajp_op ajp_op_range = {.min_in = 3,
                             .max_in = 3,
                             .max_out = 1,
                             .flops_per_element = 1,
                             .attributes = no_attributes,
                             .infer = infer_range,
                             .run = run_range};

/* ---- EyeLike --------------------------------------------------------------------------------------------
 */

typedef struct {
    ajp_dtype dtype; /* UNDEFINED: the input's */
    int64_t k;       /* diagonals above the main one */
} eye_params;
static const char *const eye_attributes[] = {"dtype", "k", NULL};

static aj_status parse_eye(const ajp_op_parse *p, void *out)
{
    eye_params *q = out;
    int64_t dtype;
    AJ_TRY(ajp_op_int(p, "k", 0, &q->k));
    AJ_TRY(ajp_op_int(p, "dtype", AJP_UNDEFINED, &dtype));
    q->dtype = dtype > 0 && dtype <= AJP_BFLOAT16 ? (ajp_dtype)dtype : AJP_UNDEFINED;
    if (dtype == AJP_UNDEFINED || ajp_dtype_size(q->dtype) > 0) return AJ_OK;
    return ajp_node_fail(p->path, p->node, AJ_UNSUPPORTED, p->err,
                         "asks for type %lld, which is not supported", (long long)dtype);
}

static aj_status infer_eye(const ajp_op_infer *i)
{
    const eye_params *q = i->node->params;
    i->out[0] = *i->in[0];
    if (i->in[0]->rank != 2) return ajp_op_corrupt(i, "has an input that is not a matrix");
    if (i->in[0]->batch_axis >= 0) return ajp_op_mixes(i, "its result is a matrix over the samples");
    if (q->dtype != AJP_UNDEFINED) i->out[0].dtype = q->dtype;
    return AJ_OK;
}

static aj_status run_eye(const ajp_op_run *r)
{
    const eye_params *q = r->node->params;
    ajp_dtype dtype = r->out[0].type.dtype;
    size_t size = ajp_dtype_size(dtype), columns = r->out[0].type.dims[1];
    static const uint8_t one = 1;
    char *y = r->out[0].data;
    memset(y, 0, r->out[0].n * size);
    for (size_t row = 0; row < r->out[0].type.dims[0]; row++) {
        int64_t column;
        if (__builtin_add_overflow((int64_t)row, q->k, &column) || column < 0 || column >= (int64_t)columns)
            continue;
        ajp_convert(dtype, y + (row * columns + (size_t)column) * size, AJP_UINT8, &one, 1);
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_eye_like;
const ajp_op ajp_op_eye_like = {.min_in = 1,
                                .max_in = 1,
                                .max_out = 1,
                                .params_size = sizeof(eye_params),
                                .attributes = eye_attributes,
                                .parse = parse_eye,
                                .infer = infer_eye,
                                .run = run_eye};

/* ---- OneHot ---------------------------------------------------------------------------------------------
 */

typedef struct {
    int64_t axis;
} hot_params;
static const char *const hot_attributes[] = {"axis", NULL};

static aj_status parse_hot(const ajp_op_parse *p, void *out)
{
    return ajp_op_int(p, "axis", -1, &((hot_params *)out)->axis);
}

/* A scalar of any number type as an integer. */
static int64_t whole_number(const ajp_tensor *t, size_t k)
{
    int64_t value;
    ajp_convert(AJP_INT64, &value, t->type.dtype, (const char *)t->data + k * ajp_dtype_size(t->type.dtype),
                1);
    return value;
}

static aj_status infer_hot(const ajp_op_infer *i)
{
    const hot_params *q = i->node->params;
    const ajp_type *x = i->in[0], *values = i->in[2];
    const ajp_tensor *depth;
    size_t axis, n;
    AJ_TRY(ajp_op_known(i, 1, "depth", &depth));
    if (depth->n != 1 || !ajp_type_elements(values, &n) || n != 2)
        return ajp_op_corrupt(i, "wants one depth and two values");
    int64_t d = whole_number(depth, 0);
    if (d < 0) return ajp_op_corrupt(i, "has a depth of %lld", (long long)d);
    if (x->rank == AJP_MAX_RANK)
        return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err, "would make more than 8 dimensions");
    AJ_TRY(ajp_op_axis(i, q->axis, x->rank + 1, false, &axis));
    if (values->batch_axis >= 0 || (x->batch_axis >= 0 && (int)axis <= x->batch_axis))
        return ajp_op_mixes(i, "its classes would stand before the samples");
    i->out[0] = (ajp_type){values->dtype, x->batch_axis, x->rank + 1, {0}};
    for (size_t k = 0, from = 0; k <= x->rank; k++) i->out[0].dims[k] = k == axis ? 0 : x->dims[from++];
    i->out[0].dims[axis] = d > (int64_t)AJP_MAX_ELEMENTS ? AJP_MAX_ELEMENTS + 1 : (size_t)d;
    return AJ_OK;
}

static aj_status run_hot(const ajp_op_run *r)
{
    const hot_params *q = r->node->params;
    const ajp_type *out = &r->out[0].type;
    size_t size = ajp_dtype_size(out->dtype),
           axis = (size_t)(q->axis < 0 ? q->axis + (int64_t)out->rank : q->axis);
    size_t depth = out->dims[axis], inner = ajp_dims_product(out->dims + axis + 1, out->rank - axis - 1);
    const char *off = r->in[2].data, *on = off + size;
    char *y = r->out[0].data;
    ajp_fill(size, y, off, r->out[0].n);
    for (size_t k = 0; k < r->in[0].n && depth > 0; k++) {
        int64_t at = whole_number(&r->in[0], k);
        if (at < 0) at += (int64_t)depth;
        if (at < 0 || at >= (int64_t)depth) continue; /* all off */
        memcpy(y + ((k / inner * depth + (size_t)at) * inner + k % inner) * size, on, size);
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_one_hot;
const ajp_op ajp_op_one_hot = {.min_in = 3,
                               .max_in = 3,
                               .max_out = 1,
                               .params_size = sizeof(hot_params),
                               .attributes = hot_attributes,
                               .parse = parse_hot,
                               .infer = infer_hot,
                               .run = run_hot};

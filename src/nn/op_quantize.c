/* op_quantize.c: QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear. */
#include <math.h>
#include <string.h>

#include "integer.h"

typedef struct {
    int64_t axis;
} params;
static const char *const attributes[] = {"axis", "saturate", NULL}; /* saturate: of 8-bit floats */
static const char *const no_attributes[] = {NULL};

static aj_status parse(const ajp_op_parse *p, void *out)
{
    return ajp_op_int(p, "axis", 1, &((params *)out)->axis);
}

/* Elements along the axis that scales count, and after it; a single scale needs no axis. */
typedef struct {
    size_t n, inner;
} channels;

static channels channels_of(const params *q, const ajp_type *x, size_t n_scales)
{
    size_t axis = (size_t)(q->axis < 0 ? q->axis + (int64_t)x->rank : q->axis);
    if (n_scales == 1) return (channels){1, 1};
    return (channels){x->dims[axis], ajp_dims_product(x->dims + axis + 1, x->rank - axis - 1)};
}

/* Scale and zero point, inputs 1 and 2, for each element along the axis. */
static aj_status check_scales(const ajp_op_infer *i, ajp_dtype zero_type)
{
    const params *q = i->node->params;
    const ajp_type *x = i->in[0];
    size_t n, axis;
    if (!ajp_type_elements(i->in[1], &n) || n != 1) {
        AJ_TRY(ajp_op_axis(i, q->axis, x->rank, false, &axis));
        if (x->batch_axis == (int)axis) return ajp_op_mixes(i, "its scales count samples");
        n = x->dims[axis];
    }
    AJ_TRY(ajp_integer_check(i, 1, AJP_FLOAT32, n));
    return ajp_integer_check(i, 2, zero_type, n);
}

/* ---- QuantizeLinear: round(x / scale) + zero point -------------------------------------------------------
 */

static aj_status infer_quantize(const ajp_op_infer *i)
{
    const ajp_type *x = i->in[0], *zero = ajp_op_input(i, 2);
    ajp_dtype dtype = zero != NULL ? zero->dtype : AJP_UINT8;
    if (x->dtype != AJP_FLOAT32 && x->dtype != AJP_INT32) return ajp_op_refuse(i, 0);
    if (dtype != AJP_UINT8 && dtype != AJP_INT8) return ajp_op_refuse(i, 2);
    AJ_TRY(check_scales(i, dtype));
    i->out[0] = *x;
    i->out[0].dtype = dtype;
    return AJ_OK;
}

static void quantize_part(void *user, size_t first, size_t n)
{
    const ajp_op_run *r = user;
    channels c = channels_of(r->node->params, &r->in[0].type, r->in[1].n);
    ajp_dtype dtype = r->out[0].type.dtype;
    bool real = r->in[0].type.dtype == AJP_FLOAT32;
    for (size_t k = first; k < first + n; k++) {
        size_t channel = k / c.inner % c.n;
        float x = real ? ((const float *)r->in[0].data)[k] : (float)((const int32_t *)r->in[0].data)[k];
        float value = x / ajp_integer_at(r, 1, channel, 1);
        ajp_integer_store(dtype, r->out[0].data, k, value, ajp_integer_at(r, 2, channel, 0));
    }
}

static aj_status run_quantize(const ajp_op_run *r)
{
    ajp_op_spread(r, r->out[0].n, 10, quantize_part, (void *)(uintptr_t)r);
    return AJ_OK;
}

/* ---- DequantizeLinear: (x - zero point) scale ------------------------------------------------------------
 */

static aj_status infer_dequantize(const ajp_op_infer *i)
{
    ajp_dtype dtype = i->in[0]->dtype;
    if (dtype != AJP_UINT8 && dtype != AJP_INT8 && dtype != AJP_INT32) return ajp_op_refuse(i, 0);
    AJ_TRY(check_scales(i, dtype));
    i->out[0] = *i->in[0];
    i->out[0].dtype = AJP_FLOAT32;
    return AJ_OK;
}

static void dequantize_part(void *user, size_t first, size_t n)
{
    const ajp_op_run *r = user;
    channels c = channels_of(r->node->params, &r->in[0].type, r->in[1].n);
    const ajp_tensor *x = &r->in[0];
    float *y = r->out[0].data;
    for (size_t k = first; k < first + n; k++) {
        size_t channel = k / c.inner % c.n;
        double zero = (double)ajp_integer_at(r, 2, channel, 0);
        y[k] = (float)((double)ajp_tensor_int(x, k) - zero) * ajp_integer_at(r, 1, channel, 1);
    }
}

static aj_status run_dequantize(const ajp_op_run *r)
{
    ajp_op_spread(r, r->out[0].n, 10, dequantize_part, (void *)(uintptr_t)r);
    return AJ_OK;
}

#define QUANTIZE(id)                                                    \
    extern const ajp_op ajp_op_##id##_linear;                           \
    const ajp_op ajp_op_##id##_linear = {.widening = AJP_WIDEN_FLOATS,  \
                                         .min_in = 2,                   \
                                         .max_in = 3,                   \
                                         .max_out = 1,                  \
                                         .flops_per_element = 2,        \
                                         .params_size = sizeof(params), \
                                         .attributes = attributes,      \
                                         .parse = parse,                \
                                         .infer = infer_##id,           \
                                         .run = run_##id,               \
                                         .any_sample_axis = true};
QUANTIZE(quantize)
QUANTIZE(dequantize)

/* ---- DynamicQuantizeLinear: uint8 over the range of the data, zero included -------------------------------
 */

static aj_status infer_dynamic(const ajp_op_infer *i)
{
    AJ_TRY(ajp_op_want(i, 0, AJP_FLOAT32));
    if (i->in[0]->batch_axis >= 0) return ajp_op_mixes(i, "its scale comes from all samples together");
    i->out[0] = *i->in[0];
    i->out[0].dtype = AJP_UINT8;
    if (i->n_out > 1) i->out[1] = (ajp_type){AJP_FLOAT32, -1, 0, {0}};
    if (i->n_out > 2) i->out[2] = (ajp_type){AJP_UINT8, -1, 0, {0}};
    return AJ_OK;
}

static aj_status run_dynamic(const ajp_op_run *r)
{
    const float *x = r->in[0].data;
    float low = 0, high = 0;
    uint8_t zero;
    for (size_t k = 0; k < r->in[0].n; k++) {
        if (x[k] < low) low = x[k];
        if (x[k] > high) high = x[k];
    }
    float scale = (high - low) / 255.0F;
    ajp_integer_store(AJP_UINT8, &zero, 0, scale > 0 ? -low / scale : 0, 0);
    for (size_t k = 0; r->out[0].data != NULL && k < r->in[0].n; k++)
        ajp_integer_store(AJP_UINT8, r->out[0].data, k, scale > 0 ? x[k] / scale : 0, (float)zero);
    if (r->n_out > 1 && r->out[1].data != NULL) *(float *)r->out[1].data = scale;
    if (r->n_out > 2 && r->out[2].data != NULL) *(uint8_t *)r->out[2].data = zero;
    return AJ_OK;
}

extern const ajp_op ajp_op_dynamic_quantize_linear;
const ajp_op ajp_op_dynamic_quantize_linear = {.min_in = 1,
                                               .max_in = 1,
                                               .max_out = 3,
                                               .flops_per_element = 4,
                                               .attributes = no_attributes,
                                               .infer = infer_dynamic,
                                               .run = run_dynamic};

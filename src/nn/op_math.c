/* op_math.c: Abs, Exp, Sin, Elu, ...: one function of each element.
 *
 * exp, log, erf, sqrt and some activations of float32 are the kernels' own.  The other functions are computed
 * in double, one element after the other, and rounded once: no instruction set that a user can choose takes
 * part in them. */
#include <math.h>
#include <string.h>

#include "op.h"

typedef struct {
    float alpha, beta;
    bool tanh; /* Gelu: the approximation */
} params;

typedef double (*function)(double x, const params *q);

#define FUNCTION(id, expression)                    \
    static double f_##id(double x, const params *q) \
    {                                               \
        (void)q;                                    \
        return expression;                          \
    }
FUNCTION(abs, fabs(x))
FUNCTION(neg, -x)
FUNCTION(exp, exp(x))
FUNCTION(log, log(x))
FUNCTION(sqrt, sqrt(x))
FUNCTION(reciprocal, 1 / x)
FUNCTION(floor, floor(x))
FUNCTION(ceil, ceil(x))
FUNCTION(round, rint(x)) /* halves to even */
FUNCTION(sign, x > 0 ? 1 : x < 0 ? -1 : x)
FUNCTION(sin, sin(x))
FUNCTION(cos, cos(x))
FUNCTION(tan, tan(x))
FUNCTION(asin, asin(x))
FUNCTION(acos, acos(x))
FUNCTION(atan, atan(x))
FUNCTION(sinh, sinh(x))
FUNCTION(cosh, cosh(x))
FUNCTION(asinh, asinh(x))
FUNCTION(acosh, acosh(x))
FUNCTION(atanh, atanh(x))
FUNCTION(erf, erf(x))
FUNCTION(softsign, x / (1 + fabs(x)))
/* log(1 + exp(x)) without overflow */
FUNCTION(softplus, (x > 0 ? x : x < 0 ? 0 : x) + log1p(exp(-fabs(x))))

static double between(double low, double x, double high)
{
    return x < low ? low : x > high ? high : x; /* NaN stays NaN */
}
FUNCTION(elu, x < 0 ? (double)q->alpha * expm1(x) : x)
FUNCTION(celu, x < 0 ? (double)q->alpha * expm1(x / (double)q->alpha) : x)
FUNCTION(selu, (double)q->beta *(x < 0 ? (double)q->alpha * expm1(x) : x))
FUNCTION(hard_sigmoid, between(0, (double)q->alpha *x + (double)q->beta, 1))
FUNCTION(hard_swish, x *between(0, x / 6 + 0.5, 1))
FUNCTION(mish, x *tanh(f_softplus(x, q)))
FUNCTION(gelu, x * 0.5 * erfc(-x * 0.70710678118654752440))
FUNCTION(gelu_tanh,
         x * 0.5 * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)))) /* sqrt(2 / pi) */
FUNCTION(thresholded_relu, x > (double)q->alpha || isnan(x) ? x : 0)
FUNCTION(shrink, x<-(double)q->alpha ? x + (double)q->beta : x>(double) q->alpha ? x - (double)q->beta
                 : isnan(x)                                                      ? x
                                                                                 : 0)

/* ---- attributes --------------------------------------------------------------------------------------- */

static const char *const no_attributes[] = {"consumed_inputs", NULL};
static const char *const alpha_attributes[] = {"alpha", "consumed_inputs", NULL};
static const char *const hard_attributes[] = {"alpha", "beta", "consumed_inputs", NULL};
static const char *const selu_attributes[] = {"alpha", "gamma", "consumed_inputs", NULL};
static const char *const shrink_attributes[] = {"lambd", "bias", NULL};

static aj_status parse_alpha(const ajp_op_parse *p, void *out)
{
    params *q = out;
    return ajp_op_float(p, "alpha", 1, &q->alpha);
}

static aj_status parse_hard(const ajp_op_parse *p, void *out)
{
    params *q = out;
    AJ_TRY(ajp_op_float(p, "alpha", 0.2F, &q->alpha));
    return ajp_op_float(p, "beta", 0.5F, &q->beta);
}

/* The defaults are those of the operator's definition; opset 1 gave them with five digits. */
static aj_status parse_selu(const ajp_op_parse *p, void *out)
{
    params *q = out;
    bool old = p->node->opset < 6;
    AJ_TRY(ajp_op_float(p, "alpha", old ? 1.6732F : 1.67326319217681884765625F, &q->alpha));
    return ajp_op_float(p, "gamma", old ? 1.0507F : 1.05070102214813232421875F, &q->beta);
}

static aj_status parse_shrink(const ajp_op_parse *p, void *out)
{
    params *q = out;
    AJ_TRY(ajp_op_float(p, "lambd", 0.5F, &q->alpha));
    return ajp_op_float(p, "bias", 0, &q->beta);
}

static const char *const gelu_attributes[] = {"approximate", NULL};

static aj_status parse_gelu(const ajp_op_parse *p, void *out)
{
    static const char *const names[] = {"none", "tanh", NULL};
    size_t which;
    AJ_TRY(ajp_op_choice(p, "approximate", names, 0, &which));
    ((params *)out)->tanh = which == 1;
    return AJ_OK;
}

/* ---- shapes ------------------------------------------------------------------------------------------- */

static aj_status refuse_type(const ajp_op_infer *i)
{
    return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err,
                         "has an input of type %s, which this version does not compute with here",
                         ajp_dtype_name(i->in[0]->dtype));
}

static aj_status infer_real(const ajp_op_infer *i)
{
    if (!ajp_dtype_is_float(i->in[0]->dtype)) return refuse_type(i);
    i->out[0] = *i->in[0];
    return AJ_OK;
}

static aj_status infer_number(const ajp_op_infer *i)
{
    if (i->in[0]->dtype == AJP_BOOL) return refuse_type(i);
    i->out[0] = *i->in[0];
    return AJ_OK;
}

static aj_status infer_not(const ajp_op_infer *i)
{
    AJ_TRY(ajp_op_want(i, 0, AJP_BOOL));
    i->out[0] = *i->in[0];
    return AJ_OK;
}

static aj_status infer_bits(const ajp_op_infer *i)
{
    if (ajp_dtype_is_float(i->in[0]->dtype) || i->in[0]->dtype == AJP_BOOL) return refuse_type(i);
    i->out[0] = *i->in[0];
    return AJ_OK;
}

static aj_status infer_test(const ajp_op_infer *i)
{
    AJ_TRY(infer_real(i));
    i->out[0].dtype = AJP_BOOL;
    return AJ_OK;
}

/* ---- runs --------------------------------------------------------------------------------------------- */

typedef struct {
    const ajp_op_run *r;
    function f;
    ajp_map map;
    float a, b;
} work;

static void each_part(void *user, size_t first, size_t n)
{
    const work *w = user;
    const params *q = w->r->node->params;
    ajp_dtype dtype = w->r->in[0].type.dtype;
    size_t size = ajp_dtype_size(dtype);
    const char *x = (const char *)w->r->in[0].data + first * size;
    char *y = (char *)w->r->out[0].data + first * size;
    if (dtype == AJP_FLOAT32) {
        const float *from = (const float *)w->r->in[0].data + first;
        float *to = (float *)w->r->out[0].data + first;
        for (size_t i = 0; i < n; i++) to[i] = (float)w->f((double)from[i], q);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        double value;
        ajp_convert(AJP_FLOAT64, &value, dtype, x + i * size, 1);
        value = w->f(value, q);
        ajp_convert(dtype, y + i * size, AJP_FLOAT64, &value, 1);
    }
}

static aj_status each(const ajp_op_run *r, function f)
{
    work w = {r, f, AJP_N_MAPS, 0, 0};
    ajp_op_spread(r, r->in[0].n, 10, each_part, &w);
    return AJ_OK;
}

static bool is_unsigned(ajp_dtype dtype)
{
    return dtype == AJP_UINT8 || dtype == AJP_UINT16 || dtype == AJP_UINT32 || dtype == AJP_UINT64;
}

/* Abs, Neg and Sign take integers as well: as int64, wrapping.  Of unsigned numbers only the sign has to be
 * looked at. */
static aj_status each_number(const ajp_op_run *r, function f, char what)
{
    ajp_dtype dtype = r->in[0].type.dtype;
    size_t n = r->in[0].n, size = ajp_dtype_size(dtype);
    char *y = r->out[0].data;
    if (ajp_dtype_is_float(dtype)) return each(r, f);
    if (is_unsigned(dtype) && what == 'a') {
        ajp_convert(dtype, y, dtype, r->in[0].data, n);
        return AJ_OK;
    }
    for (size_t i = 0; i < n; i++) {
        int64_t x = ajp_tensor_int(&r->in[0], i), value = what == 's' ? (x > 0) - (x < 0) : x;
        if (what == 'n' || (what == 'a' && x < 0)) value = (int64_t)(0 - (uint64_t)x);
        ajp_convert(dtype, y + i * size, AJP_INT64, &value, 1);
    }
    return AJ_OK;
}

static void map_part(void *user, size_t first, size_t n)
{
    const work *w = user;
    w->r->kernels->map(w->map, (const float *)w->r->in[0].data + first, (float *)w->r->out[0].data + first, n,
                       w->a, w->b);
}

/* float32 by the kernels, the other types by f. */
static aj_status by_map(const ajp_op_run *r, ajp_map map, function f, float a, float b)
{
    work w = {r, f, map, a, b};
    if (r->in[0].type.dtype != AJP_FLOAT32) return each(r, f);
    ajp_op_spread(r, r->in[0].n, 0.2, map_part, &w);
    return AJ_OK;
}

static aj_status run_abs(const ajp_op_run *r)
{
    return each_number(r, f_abs, 'a');
}
static aj_status run_neg(const ajp_op_run *r)
{
    return each_number(r, f_neg, 'n');
}
static aj_status run_sign(const ajp_op_run *r)
{
    return each_number(r, f_sign, 's');
}
static aj_status run_exp(const ajp_op_run *r)
{
    return by_map(r, AJP_MAP_EXP, f_exp, 0, 0);
}
static aj_status run_log(const ajp_op_run *r)
{
    return by_map(r, AJP_MAP_LOG, f_log, 0, 0);
}
static aj_status run_sqrt(const ajp_op_run *r)
{
    return by_map(r, AJP_MAP_SQRT, f_sqrt, 0, 0);
}
static aj_status run_erf(const ajp_op_run *r)
{
    return by_map(r, AJP_MAP_ERF, f_erf, 0, 0);
}
static aj_status run_mish(const ajp_op_run *r)
{
    return by_map(r, AJP_MAP_MISH, f_mish, 0, 0);
}
static aj_status run_hard_swish(const ajp_op_run *r)
{
    return by_map(r, AJP_MAP_HARD_SWISH, f_hard_swish, 0, 0);
}
static aj_status run_hard_sigmoid(const ajp_op_run *r)
{
    const params *q = r->node->params;
    return by_map(r, AJP_MAP_HARD_SIGMOID, f_hard_sigmoid, q->alpha, q->beta);
}
static aj_status run_gelu(const ajp_op_run *r)
{
    const params *q = r->node->params;
    return q->tanh ? by_map(r, AJP_MAP_GELU_TANH, f_gelu_tanh, 0, 0) : by_map(r, AJP_MAP_GELU, f_gelu, 0, 0);
}

static aj_status run_not(const ajp_op_run *r)
{
    const uint8_t *x = r->in[0].data;
    uint8_t *y = r->out[0].data;
    for (size_t i = 0; i < r->in[0].n; i++) y[i] = x[i] == 0;
    return AJ_OK;
}

static aj_status run_bitwise_not(const ajp_op_run *r)
{
    const unsigned char *x = r->in[0].data;
    unsigned char *y = r->out[0].data;
    for (size_t i = 0; i < r->in[0].n * ajp_dtype_size(r->in[0].type.dtype); i++) y[i] = (unsigned char)~x[i];
    return AJ_OK;
}

/* ---- IsNaN, IsInf ------------------------------------------------------------------------------------- */

typedef struct {
    bool nan, negative, positive;
} test_params;
static const char *const infinite_attributes[] = {"detect_negative", "detect_positive", NULL};

static aj_status parse_nan(const ajp_op_parse *p, void *out)
{
    (void)p;
    *(test_params *)out = (test_params){.nan = true};
    return AJ_OK;
}

static aj_status parse_infinite(const ajp_op_parse *p, void *out)
{
    int64_t negative, positive;
    AJ_TRY(ajp_op_int(p, "detect_negative", 1, &negative));
    AJ_TRY(ajp_op_int(p, "detect_positive", 1, &positive));
    *(test_params *)out = (test_params){false, negative != 0, positive != 0};
    return AJ_OK;
}

static aj_status run_test(const ajp_op_run *r)
{
    const test_params *q = r->node->params;
    ajp_dtype dtype = r->in[0].type.dtype;
    const char *x = r->in[0].data;
    uint8_t *y = r->out[0].data;
    for (size_t i = 0; i < r->in[0].n; i++) {
        double value;
        ajp_convert(AJP_FLOAT64, &value, dtype, x + i * ajp_dtype_size(dtype), 1);
        bool infinite = isinf(value) && (value < 0 ? q->negative : q->positive);
        y[i] = (q->nan && isnan(value)) || (!q->nan && infinite);
    }
    return AJ_OK;
}

/* ---- Clip --------------------------------------------------------------------------------------------- */

typedef struct {
    bool limits; /* opset < 11: as attributes */
    float low, high;
} clip_params;
static const char *const clip_attributes[] = {"min", "max", "consumed_inputs", NULL};

static aj_status parse_clip(const ajp_op_parse *p, void *out)
{
    clip_params *q = out;
    q->limits = p->node->opset < 11;
    AJ_TRY(ajp_op_float(p, "min", -INFINITY, &q->low));
    return ajp_op_float(p, "max", INFINITY, &q->high);
}

static aj_status infer_clip(const ajp_op_infer *i)
{
    ajp_dtype dtype = i->in[0]->dtype;
    const clip_params *q = i->node->params;
    if (dtype == AJP_BOOL || dtype == AJP_FLOAT16 || dtype == AJP_BFLOAT16) return refuse_type(i);
    if (q->limits) AJ_TRY(infer_real(i));
    for (size_t k = 1; k < i->n_in; k++) {
        size_t n;
        if (i->in[k] == NULL) continue;
        if (i->in[k]->batch_axis >= 0) return ajp_op_mixes(i, "its limits come from the samples");
        if (q->limits || i->in[k]->dtype != dtype || !ajp_type_elements(i->in[k], &n) || n != 1)
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                                 "has limits that are not single numbers of the type of its input");
    }
    i->out[0] = *i->in[0];
    return AJ_OK;
}

/* The higher limit wins where they cross, as the definition says. */
#define CLIP(id, type)                                                                             \
    static void clip_##id(const void *x_, void *y_, size_t n, const void *low_, const void *high_) \
    {                                                                                              \
        const type *x = x_, *low = low_, *high = high_;                                            \
        type *y = y_;                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            type value = low != NULL && x[i] < *low ? *low : x[i];                                 \
            y[i] = high != NULL && value > *high ? *high : value;                                  \
        }                                                                                          \
    }
CLIP(float, float)
CLIP(double, double)
CLIP(uint8, uint8_t)
CLIP(uint16, uint16_t)
CLIP(uint32, uint32_t)
CLIP(uint64, uint64_t)
CLIP(int8, int8_t)
CLIP(int16, int16_t)
CLIP(int32, int32_t)
CLIP(int64, int64_t)

typedef void (*clip_function)(const void *x, void *y, size_t n, const void *low, const void *high);
static const clip_function clips[] = {
    [AJP_FLOAT32] = clip_float, [AJP_FLOAT64] = clip_double, [AJP_UINT8] = clip_uint8,
    [AJP_UINT16] = clip_uint16, [AJP_UINT32] = clip_uint32,  [AJP_UINT64] = clip_uint64,
    [AJP_INT8] = clip_int8,     [AJP_INT16] = clip_int16,    [AJP_INT32] = clip_int32,
    [AJP_INT64] = clip_int64};

static aj_status run_clip(const ajp_op_run *r)
{
    const clip_params *q = r->node->params;
    ajp_dtype dtype = r->in[0].type.dtype;
    const void *low = r->n_in > 1 ? r->in[1].data : NULL, *high = r->n_in > 2 ? r->in[2].data : NULL;
    double wide[2];
    if (q->limits) {
        ajp_convert(dtype, &wide[0], AJP_FLOAT32, &q->low, 1);
        ajp_convert(dtype, &wide[1], AJP_FLOAT32, &q->high, 1);
        low = &wide[0], high = &wide[1];
    }
    clips[dtype](r->in[0].data, r->out[0].data, r->in[0].n, low, high);
    return AJ_OK;
}

/* From 0 to a limit, or without one. */
static bool clip_as_activation(const ajp_node *node, const ajp_tensor *const constant[3],
                               ajp_activation *activation, float *parameter)
{
    const clip_params *q = node->params;
    float limits[2] = {q->low, q->high};
    for (size_t k = 0; k < 2 && !q->limits; k++) {
        limits[k] = k == 0 ? -INFINITY : INFINITY;
        if (constant[1 + k] == NULL) continue;
        if (constant[1 + k]->type.dtype != AJP_FLOAT32) return false;
        memcpy(&limits[k], constant[1 + k]->data, sizeof limits[k]);
    }
    if (limits[0] != 0.0f || !(limits[1] > 0.0f)) return false;
    *activation = isinf(limits[1]) ? AJP_ACTIVATION_RELU : AJP_ACTIVATION_CLIPPED_RELU;
    *parameter = limits[1];
    return true;
}

extern const ajp_op ajp_op_clip;
const ajp_op ajp_op_clip = {.widening = AJP_WIDEN_HALF,
                            .as_activation = clip_as_activation,
                            .layout = AJP_LAYOUT_ELEMENTS,
                            .any_sample_axis = true,
                            .min_in = 1,
                            .max_in = 3,
                            .max_out = 1,
                            .flops_per_element = 1,
                            .params_size = sizeof(clip_params),
                            .attributes = clip_attributes,
                            .parse = parse_clip,
                            .infer = infer_clip,
                            .run = run_clip};

/* ---- rows --------------------------------------------------------------------------------------------- */

#define UNARY_ROLE(id, flops, size, names, parse_function, infer_function, run_function, kind, fused) \
    extern const ajp_op ajp_op_##id;                                                                  \
    const ajp_op ajp_op_##id = {.layout = AJP_LAYOUT_ELEMENTS,                                        \
                                .any_sample_axis = true,                                              \
                                .min_in = 1,                                                          \
                                .max_in = 1,                                                          \
                                .max_out = 1,                                                         \
                                .role = kind,                                                         \
                                .activation = fused,                                                  \
                                .flops_per_element = flops,                                           \
                                .params_size = size,                                                  \
                                .attributes = names,                                                  \
                                .parse = parse_function,                                              \
                                .infer = infer_function,                                              \
                                .run = run_function};
#define UNARY(id, flops, size, names, parse_function, infer_function, run_function)                  \
    UNARY_ROLE(id, flops, size, names, parse_function, infer_function, run_function, AJP_ROLE_PLAIN, \
               AJP_ACTIVATION_NONE)
UNARY(abs, 1, 0, no_attributes, NULL, infer_number, run_abs)
UNARY(neg, 1, 0, no_attributes, NULL, infer_number, run_neg)
UNARY(sign, 1, 0, no_attributes, NULL, infer_number, run_sign)
UNARY(exp, 4, 0, no_attributes, NULL, infer_real, run_exp)
UNARY(log, 4, 0, no_attributes, NULL, infer_real, run_log)
UNARY(sqrt, 1, sizeof(params), no_attributes, NULL, infer_real, run_sqrt)
UNARY(erf, 4, sizeof(params), no_attributes, NULL, infer_real, run_erf)
UNARY(mish, 12, sizeof(params), no_attributes, NULL, infer_real, run_mish)
UNARY(gelu, 7, sizeof(params), gelu_attributes, parse_gelu, infer_real, run_gelu)
UNARY_ROLE(hard_swish, 3, sizeof(params), no_attributes, NULL, infer_real, run_hard_swish,
           AJP_ROLE_ACTIVATION, AJP_ACTIVATION_HARD_SWISH)
UNARY(hard_sigmoid, 2, sizeof(params), hard_attributes, parse_hard, infer_real, run_hard_sigmoid)
UNARY(not, 1, 0, no_attributes, NULL, infer_not, run_not)
UNARY(bitwise_not, 1, 0, no_attributes, NULL, infer_bits, run_bitwise_not)
UNARY(is_nan, 1, sizeof(test_params), no_attributes, parse_nan, infer_test, run_test)
UNARY(is_inf, 1, sizeof(test_params), infinite_attributes, parse_infinite, infer_test, run_test)

#define REAL(id, flops, names, parse_function)     \
    static aj_status run_##id(const ajp_op_run *r) \
    {                                              \
        return each(r, f_##id);                    \
    }                                              \
    UNARY(id, flops, sizeof(params), names, parse_function, infer_real, run_##id)
REAL(reciprocal, 1, no_attributes, NULL)
REAL(floor, 1, no_attributes, NULL)
REAL(ceil, 1, no_attributes, NULL)
REAL(round, 1, no_attributes, NULL)
REAL(sin, 4, no_attributes, NULL)
REAL(cos, 4, no_attributes, NULL)
REAL(tan, 4, no_attributes, NULL)
REAL(asin, 4, no_attributes, NULL)
REAL(acos, 4, no_attributes, NULL)
REAL(atan, 4, no_attributes, NULL)
REAL(sinh, 4, no_attributes, NULL)
REAL(cosh, 4, no_attributes, NULL)
REAL(asinh, 4, no_attributes, NULL)
REAL(acosh, 4, no_attributes, NULL)
REAL(atanh, 4, no_attributes, NULL)
REAL(softsign, 3, no_attributes, NULL)
REAL(softplus, 8, no_attributes, NULL)
REAL(elu, 4, alpha_attributes, parse_alpha)
REAL(celu, 4, alpha_attributes, parse_alpha)
REAL(selu, 4, selu_attributes, parse_selu)
REAL(thresholded_relu, 1, alpha_attributes, parse_alpha)
REAL(shrink, 1, shrink_attributes, parse_shrink)

/* tensor.c: sizes, names, conversions between element types. */
#include "tensor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [AJP_UNDEFINED] = {"undefined", 0}, [AJP_FLOAT32] = {"float32", 4},
    [AJP_UINT8] = {"uint8", 1},         [AJP_INT8] = {"int8", 1},
    [AJP_UINT16] = {"uint16", 2},       [AJP_INT16] = {"int16", 2},
    [AJP_INT32] = {"int32", 4},         [AJP_INT64] = {"int64", 8},
    [AJP_STRING] = {"string", 0},       [AJP_BOOL] = {"bool", 1},
    [AJP_FLOAT16] = {"float16", 2},     [AJP_FLOAT64] = {"float64", 8},
    [AJP_UINT32] = {"uint32", 4},       [AJP_UINT64] = {"uint64", 8},
    [AJP_COMPLEX64] = {"complex64", 0}, [AJP_COMPLEX128] = {"complex128", 0},
    [AJP_BFLOAT16] = {"bfloat16", 2},
};
enum { N_DTYPES = sizeof dtypes / sizeof *dtypes };

size_t ajp_dtype_size(ajp_dtype dtype)
{
    return (unsigned)dtype < N_DTYPES ? dtypes[dtype].size : 0;
}

const char *ajp_dtype_name(ajp_dtype dtype)
{
    return (unsigned)dtype < N_DTYPES ? dtypes[dtype].name : "of an unknown type";
}

bool ajp_dtype_is_float(ajp_dtype dtype)
{
    return dtype == AJP_FLOAT32 || dtype == AJP_FLOAT64 || dtype == AJP_FLOAT16 || dtype == AJP_BFLOAT16;
}

bool ajp_type_elements(const ajp_type *type, size_t *out)
{
    size_t n = 1;
    bool empty = false;
    for (size_t i = 0; i < type->rank; i++) {
        empty = empty || type->dims[i] == 0;
        if (type->dims[i] > 0 && (!ajp_size_mul(n, type->dims[i], &n) || n > AJP_MAX_ELEMENTS)) return false;
    }
    *out = empty ? 0 : n;
    return true;
}

size_t ajp_dims_product(const size_t *dims, size_t n)
{
    size_t product = 1;
    for (size_t i = 0; i < n; i++) product *= dims[i];
    return product;
}

bool ajp_type_same_shape(const ajp_type *a, const ajp_type *b)
{
    if (a->rank != b->rank || a->batch_axis != b->batch_axis) return false;
    for (size_t i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i]) return false;
    return true;
}

const char *ajp_type_text(const ajp_type *type, char *text, size_t size)
{
    int at = snprintf(text, size, "%s ", ajp_dtype_name(type->dtype));
    for (size_t i = 0; i < type->rank && at > 0 && (size_t)at < size; i++) {
        bool batch = (int)i == type->batch_axis;
        if (batch && type->dims[i] == 1)
            at += snprintf(text + at, size - (size_t)at, "[N]");
        else
            at += snprintf(text + at, size - (size_t)at, batch ? "[%zuN]" : "[%zu]", type->dims[i]);
    }
    return text;
}

bool ajp_tensor_make(ajp_tensor *out, ajp_arena *arena, const ajp_type *type)
{
    ajp_tensor tensor = {*type, 0, NULL};
    if (!ajp_type_elements(type, &tensor.n)) return false;
    tensor.data = ajp_arena_array(arena, tensor.n > 0 ? tensor.n : 1, ajp_dtype_size(type->dtype));
    if (tensor.data == NULL) return false;
    *out = tensor;
    return true;
}

/* ---- conversions ------------------------------------------------------------------------------------- */

static double from_float16(uint16_t bits)
{
    unsigned exponent = (bits >> 10) & 31, fraction = bits & 1023;
    double value = exponent == 31  ? (fraction != 0 ? (double)NAN : (double)INFINITY)
                   : exponent == 0 ? ldexp(fraction, -24)
                                   : ldexp(fraction + 1024, (int)exponent - 25);
    return (bits & 0x8000) != 0 ? -value : value;
}

/* IEEE 754 binary16, to nearest even: the value is a whole number of units of 2^-24 below 2^-14, else of 11
 * bits. */
static uint16_t to_float16(double value)
{
    uint16_t sign = signbit(value) ? 0x8000 : 0;
    if (isnan(value)) return (uint16_t)(sign | 0x7e00);
    value = fabs(value);
    int exponent = value < 0x1p-14 ? -14 : ilogb(value);
    if (isinf(value) || exponent > 15) return (uint16_t)(sign | 0x7c00);
    double units = nearbyint(ldexp(value, 10 - exponent)); /* 0 ... 2048 */
    /* a carry to 2048 moves into the exponent by itself, and past the largest number it gives infinity */
    unsigned bits =
        value < 0x1p-14 ? (unsigned)units : ((unsigned)(exponent + 15) << 10) + (unsigned)units - 1024;
    return (uint16_t)(sign | bits);
}

static float from_bfloat16(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, 4);
    return value;
}

/* Cut off, not rounded: what the cases of the ONNX project store for opset 13 (test_cast_FLOAT_to_BFLOAT16).
 */
static uint16_t to_bfloat16(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return (uint16_t)((bits >> 16) | (isnan(value) ? 0x40u : 0u));
}

typedef struct {
    enum { NUMBER_INT, NUMBER_UINT, NUMBER_REAL } kind;
    int64_t i;
    uint64_t u;
    double d;
} number;

static number load(ajp_dtype dtype, const void *data, size_t i)
{
    switch (dtype) {
    case AJP_FLOAT32:
        return (number){NUMBER_REAL, 0, 0, (double)((const float *)data)[i]};
    case AJP_FLOAT64:
        return (number){NUMBER_REAL, 0, 0, ((const double *)data)[i]};
    case AJP_FLOAT16:
        return (number){NUMBER_REAL, 0, 0, from_float16(((const uint16_t *)data)[i])};
    case AJP_BFLOAT16:
        return (number){NUMBER_REAL, 0, 0, (double)from_bfloat16(((const uint16_t *)data)[i])};
    case AJP_INT8:
        return (number){NUMBER_INT, ((const int8_t *)data)[i], 0, 0};
    case AJP_INT16:
        return (number){NUMBER_INT, ((const int16_t *)data)[i], 0, 0};
    case AJP_INT32:
        return (number){NUMBER_INT, ((const int32_t *)data)[i], 0, 0};
    case AJP_INT64:
        return (number){NUMBER_INT, ((const int64_t *)data)[i], 0, 0};
    case AJP_UINT8:
        return (number){NUMBER_INT, ((const uint8_t *)data)[i], 0, 0};
    case AJP_UINT16:
        return (number){NUMBER_INT, ((const uint16_t *)data)[i], 0, 0};
    case AJP_UINT32:
        return (number){NUMBER_INT, ((const uint32_t *)data)[i], 0, 0};
    case AJP_UINT64:
        return (number){NUMBER_UINT, 0, ((const uint64_t *)data)[i], 0};
    default:
        return (number){NUMBER_INT, ((const uint8_t *)data)[i] != 0, 0, 0};
    }
}

static int64_t to_int(number v, int64_t low, int64_t high)
{
    if (v.kind == NUMBER_INT) return v.i < low ? low : v.i > high ? high : v.i;
    if (v.kind == NUMBER_UINT) return v.u > (uint64_t)high ? high : (int64_t)v.u;
    if (isnan(v.d)) return 0;
    /* (double)high may round up to high + 1: >= keeps the cast below defined */
    return v.d <= (double)low ? low : v.d >= (double)high ? high : (int64_t)v.d;
}

static uint64_t to_uint64(number v)
{
    if (v.kind == NUMBER_UINT) return v.u;
    if (v.kind == NUMBER_INT) return v.i < 0 ? 0 : (uint64_t)v.i;
    return isnan(v.d) || v.d <= 0 ? 0 : v.d >= 0x1p64 ? UINT64_MAX : (uint64_t)v.d;
}

/* Integers wrap when they are narrowed from integers, as two's complement machines do and ONNX Runtime with
 * them. */
static uint64_t to_bits(number v, int64_t low, int64_t high)
{
    if (v.kind == NUMBER_INT) return (uint64_t)v.i;
    if (v.kind == NUMBER_UINT) return v.u;
    return (uint64_t)to_int(v, low, high);
}

static double to_double(number v)
{
    return v.kind == NUMBER_REAL ? v.d : v.kind == NUMBER_INT ? (double)v.i : (double)v.u;
}

static float to_float(number v)
{
    return v.kind == NUMBER_REAL ? (float)v.d : v.kind == NUMBER_INT ? (float)v.i : (float)v.u;
}

static bool to_bool(number v)
{
    return v.kind == NUMBER_REAL ? v.d != 0 : v.kind == NUMBER_INT ? v.i != 0 : v.u != 0;
}

static void store(ajp_dtype dtype, void *data, size_t i, number v)
{
    switch (dtype) {
    case AJP_FLOAT32:
        ((float *)data)[i] = to_float(v);
        break;
    case AJP_FLOAT64:
        ((double *)data)[i] = to_double(v);
        break;
    case AJP_FLOAT16:
        ((uint16_t *)data)[i] = to_float16(to_double(v));
        break;
    case AJP_BFLOAT16:
        ((uint16_t *)data)[i] = to_bfloat16(to_float(v));
        break;
    case AJP_INT8:
        ((uint8_t *)data)[i] = (uint8_t)to_bits(v, INT8_MIN, INT8_MAX);
        break;
    case AJP_INT16:
        ((uint16_t *)data)[i] = (uint16_t)to_bits(v, INT16_MIN, INT16_MAX);
        break;
    case AJP_INT32:
        ((uint32_t *)data)[i] = (uint32_t)to_bits(v, INT32_MIN, INT32_MAX);
        break;
    case AJP_INT64:
        ((uint64_t *)data)[i] = to_bits(v, INT64_MIN, INT64_MAX);
        break;
    case AJP_UINT8:
        ((uint8_t *)data)[i] = (uint8_t)to_bits(v, 0, UINT8_MAX);
        break;
    case AJP_UINT16:
        ((uint16_t *)data)[i] = (uint16_t)to_bits(v, 0, UINT16_MAX);
        break;
    case AJP_UINT32:
        ((uint32_t *)data)[i] = (uint32_t)to_bits(v, 0, UINT32_MAX);
        break;
    case AJP_UINT64:
        ((uint64_t *)data)[i] = v.kind == NUMBER_INT ? (uint64_t)v.i : to_uint64(v);
        break;
    default:
        ((uint8_t *)data)[i] = to_bool(v);
        break;
    }
}

/* The same between float16 and float32, without branches, so that compilers make vectors of the loops. */
static float bits_as_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t float_as_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void floats_from_halves(float *dst, const uint16_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t twice = (uint32_t)src[i] << 17, sign = (uint32_t)(src[i] & 0x8000) << 16;
        /* 224 more in the exponent and 2^-112 leave 127 - 15; infinity stays in the last exponent */
        float normal = bits_as_float((twice >> 4) + ((uint32_t)224 << 23)) * 0x1p-112f;
        float subnormal = bits_as_float(twice >> 17 | (uint32_t)126 << 23) - 0.5f;
        dst[i] = bits_as_float(sign | float_as_bits(twice < (uint32_t)1 << 27 ? subnormal : normal));
    }
}

static void halves_from_floats(uint16_t *dst, const float *src, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = float_as_bits(src[i]), twice = bits << 1;
        /* adding a power of two 13 places above the last bit that stays rounds there, to even */
        float value = fabsf(src[i]) * 0x1p112f * 0x1p-110f; /* above the range: infinity */
        uint32_t exponent = twice & 0xff000000;
        exponent = exponent < 0x71000000 ? 0x71000000 : exponent;
        uint32_t sum = float_as_bits(bits_as_float((exponent >> 1) + 0x07800000) + value);
        uint32_t half = (sum >> 13 & 0x7c00) + (sum & 0xfff);
        dst[i] = (uint16_t)((bits >> 16 & 0x8000) | (twice > 0xff000000 ? 0x7e00 : half));
    }
}

void ajp_convert(ajp_dtype dst_type, void *dst, ajp_dtype src_type, const void *src, size_t n)
{
    if (dst_type == src_type && dst_type != AJP_BOOL) {
        if (n > 0) memmove(dst, src, n * ajp_dtype_size(dst_type));
        return;
    }
    if (dst_type == AJP_FLOAT32 && src_type == AJP_FLOAT16) {
        floats_from_halves(dst, src, n);
        return;
    }
    if (dst_type == AJP_FLOAT16 && src_type == AJP_FLOAT32) {
        halves_from_floats(dst, src, n);
        return;
    }
    for (size_t i = 0; i < n; i++) store(dst_type, dst, i, load(src_type, src, i));
}

int64_t ajp_tensor_int(const ajp_tensor *tensor, size_t i)
{
    return to_int(load(tensor->type.dtype, tensor->data, i), INT64_MIN, INT64_MAX);
}

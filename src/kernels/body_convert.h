/* body_convert.h: converters, and the inputs of an array as encoded with one. */
#ifndef AJP_BODY_CONVERT_H
#define AJP_BODY_CONVERT_H

#include "body_math.h"

static __attribute__((noinline)) vf convert_sar(const ajp_adc *adc, vf left)
{
    vf code = vf_set1(0.0F);
    for (unsigned bit = 0; bit < adc->bits; bit++) {
        const vf weight = vf_set1(adc->weights[bit]), zero = vf_set1(0.0F);
        const vm set = vf_le(weight, left);
        left = vf_sub(left, vf_select(set, weight, zero));
        code = vf_add(code, vf_select(set, vf_set1(adc->nominal[bit]), zero));
    }
    return code;
}

/* A quotient by a power of two is exact, and so is its product, but where both are below float32's reach. */
static __attribute__((noinline)) vf convert_float(const ajp_adc *adc, vf x)
{
    const vf u = vf_mul(x, vf_set1(adc->inverse_step));
    const vf power = vf_of_vu(vu_and(vu_of_vf(u), vu_set1(0x7F800000U)));
    const vf quantum = vf_max(vf_mul(power, vf_set1(adc->relative)), vf_set1(adc->smallest));
    return vf_mul(vf_mul(vf_rint(vf_div(u, quantum)), quantum), vf_set1(adc->step));
}

SIMD_INLINE vf floor_of(vf x)
{
    const vf near = vf_rint(x);
    return vf_sub(near, vf_select(vf_lt(x, near), vf_set1(1.0F), vf_set1(0.0F)));
}

/* What the user reads of x; NaN stays NaN. *outside: the lanes that were beyond the limits. */
SIMD_INLINE vf convert(const ajp_adc *adc, vf x, vm *outside)
{
    const vf low = vf_set1(adc->low), high = vf_set1(adc->high);
    *outside = vm_or(vf_lt(x, low), vf_lt(high, x));
    vf y = vf_min(high, vf_max(low, x));
    if (adc->kind == AJP_ADC_UNIFORM) {
        const vf origin = vf_set1(adc->origin);
        y = vf_fma(vf_set1(adc->step), vf_rint(vf_mul(vf_sub(y, origin), vf_set1(adc->inverse_step))),
                   origin);
    } else if (adc->kind == AJP_ADC_SAR) {
        y = vf_add(low, convert_sar(adc, vf_fma(vf_set1(0.5F), vf_set1(adc->step), vf_sub(y, low))));
    } else if (adc->kind == AJP_ADC_FLOAT) {
        y = convert_float(adc, y);
    }
    return vf_select(vf_nan(x), x, y);
}

SIMD_INLINE vf encode_form(const ajp_encode *encode, vf e)
{
    const vf zero = vf_set1(0.0F), half = vf_set1(0.5F);
    if (encode->form == AJP_FORM_POSITIVE) return vf_max(zero, e);
    if (encode->form == AJP_FORM_NEGATIVE) return vf_max(zero, vf_sub(zero, e));
    if (encode->form == AJP_FORM_OFFSET) return vf_fma(half, e, half);
    if (encode->form == AJP_FORM_SQUARE) return vf_mul(e, e);
    if (encode->form != AJP_FORM_BIT) return e;
    /* a bit is what the floor of half the rest leaves over */
    vf code = vf_rint(vf_mul(vf_abs(e), vf_set1(encode->most_code)));
    code = floor_of(vf_mul(code, vf_set1(1.0F / (float)(1U << encode->bit))));
    const vf bit = vf_fma(vf_set1(-2.0F), floor_of(vf_mul(code, half)), code);
    return vf_select(vf_lt(e, zero), vf_sub(zero, bit), bit);
}

static void encode(const ajp_encode *encode, const float *x, size_t n, float inverse_scale, float *e)
{
    const vf zero = vf_set1(0.0F), scale = vf_set1(inverse_scale);
    const bool curved = encode->quadratic != 0.0F || encode->cubic != 0.0F;
    const vf quadratic = vf_set1(encode->quadratic), cubic = vf_set1(encode->cubic);
    for (size_t i = 0; i < n; i += 16) {
        const size_t lanes = n - i < 16 ? n - i : 16;
        vf y = vf_mul(scale, vf_load_n(x + i, lanes, zero));
        vm outside;
        if (encode->dac.kind != AJP_ADC_IDEAL) y = convert(&encode->dac, y, &outside);
        if (curved) y = vf_fma(vf_mul(y, y), vf_fma(cubic, y, quadratic), y);
        vf_store_n(e + i, encode_form(encode, y), lanes);
    }
}

static void magnitudes(const float *x, size_t n, float out[3])
{
    const vf zero = vf_set1(0.0F);
    vf sum[2] = {zero, zero}, squares[2] = {zero, zero}, largest[2] = {zero, zero};
    size_t i = 0;
    for (; i + 32 <= n; i += 32)
        for (size_t v = 0; v < 2; v++) {
            const vf y = vf_abs(vf_load(x + i + 16 * v));
            sum[v] = vf_add(y, sum[v]);
            squares[v] = vf_fma(y, y, squares[v]);
            largest[v] = vf_max(y, largest[v]);
        }
    for (size_t v = 0; i < n; i += 16, v++) {
        const vf y = vf_abs(vf_load_n(x + i, n - i < 16 ? n - i : 16, zero));
        sum[v] = vf_add(y, sum[v]);
        squares[v] = vf_fma(y, y, squares[v]);
        largest[v] = vf_max(y, largest[v]);
    }
    out[0] = vf_sum(vf_add(sum[0], sum[1]));
    out[1] = vf_sum(vf_add(squares[0], squares[1]));
    out[2] = vf_largest(vf_max(largest[0], largest[1]));
}

#endif

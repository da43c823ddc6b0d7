/* body_math.h: exp, log, tanh, sigmoid, cos, erf over 16 lanes.  Written once over simd_*.h, included by
 * kernels_<isa>.c.
 *
 * Polynomials of exp, log, tanh, sin and cos: S. L. Moshier, Cephes 2.2 single precision (expf.c, logf.c,
 * tanhf.c, sinf.c; free to use), evaluated with fma.  Errors against the exact value are in
 * tests/unit/test_math.c (at most 2 ulp). NaN gives NaN; infinities give the limits. */
#ifndef AJP_BODY_MATH_H
#define AJP_BODY_MATH_H

#include <math.h>

SIMD_INLINE vf vf_abs(vf x)
{
    return vf_of_vu(vu_and(vu_of_vf(x), vu_set1(0x7fffffffU)));
}
/* The magnitude of a (which must be >= 0) with the sign of b. */
SIMD_INLINE vf vf_with_sign(vf a, vf b)
{
    return vf_of_vu(vu_or(vu_of_vf(a), vu_and(vu_of_vf(b), vu_set1(0x80000000U))));
}

/* 2^n for integers -252 <= n <= 254 as two factors, so that subnormal results round once. */
SIMD_INLINE vf v_scale(vf x, vu n)
{
    vu half = vu_sar(n, 1), bias = vu_set1(127);
    vf a = vf_of_vu(vu_shl(vu_add(half, bias), 23));
    vf b = vf_of_vu(vu_shl(vu_add(vu_sub(n, half), bias), 23));
    return vf_mul(vf_mul(x, a), b);
}

/* Beyond the bounds the result is 0 or infinite already; min and max keep a NaN in their second operand. */
SIMD_INLINE vf v_exp(vf x)
{
    x = vf_min(vf_set1(89.0F), vf_max(vf_set1(-104.0F), x));
    vf n = vf_rint(vf_mul(x, vf_set1(1.44269504088896341F)));
    vf r = vf_fma(n, vf_set1(-0.693359375F), x); /* ln 2 in two parts; n times the first is exact */
    r = vf_fma(n, vf_set1(2.12194440e-4F), r);
    vf p = vf_fma(vf_set1(1.9875691500E-4F), r, vf_set1(1.3981999507E-3F));
    p = vf_fma(p, r, vf_set1(8.3334519073E-3F));
    p = vf_fma(p, r, vf_set1(4.1665795894E-2F));
    p = vf_fma(p, r, vf_set1(1.6666665459E-1F));
    p = vf_fma(p, r, vf_set1(5.0000001201E-1F));
    p = vf_add(vf_fma(p, vf_mul(r, r), r), vf_set1(1.0F));
    return v_scale(p, vu_from_rounded(n)); /* of NaN: p is NaN, whatever the factors */
}

/* x = 2^e (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), for positive normal x. */
SIMD_INLINE void v_split(vf x, vf *e, vf *f)
{
    vu bits = vu_sub(vu_of_vf(x), vu_set1(0x3f3504f3U));
    *e = vf_from_signed(vu_sar(bits, 23));
    vu m = vu_add(vu_and(bits, vu_set1(0x007fffffU)), vu_set1(0x3f3504f3U));
    *f = vf_sub(vf_of_vu(m), vf_set1(1.0F));
}

SIMD_INLINE vf v_log(vf x)
{
    vm tiny = vf_lt(x, vf_set1(0x1p-126F));
    vf e, f;
    v_split(vf_select(tiny, vf_mul(x, vf_set1(0x1p25F)), x), &e, &f);
    e = vf_sub(e, vf_select(tiny, vf_set1(25.0F), vf_set1(0.0F)));
    vf z = vf_mul(f, f);
    vf p = vf_fma(vf_set1(7.0376836292E-2F), f, vf_set1(-1.1514610310E-1F));
    p = vf_fma(p, f, vf_set1(1.1676998740E-1F));
    p = vf_fma(p, f, vf_set1(-1.2420140846E-1F));
    p = vf_fma(p, f, vf_set1(1.4249322787E-1F));
    p = vf_fma(p, f, vf_set1(-1.6668057665E-1F));
    p = vf_fma(p, f, vf_set1(2.0000714765E-1F));
    p = vf_fma(p, f, vf_set1(-2.4999993993E-1F));
    p = vf_fma(p, f, vf_set1(3.3333331174E-1F));
    vf y = vf_mul(vf_mul(p, f), z);
    y = vf_fma(e, vf_set1(-2.12194440e-4F), y);
    y = vf_fma(z, vf_set1(-0.5F), y);
    y = vf_fma(e, vf_set1(0.693359375F), vf_add(f, y));
    y = vf_select(vf_le(x, vf_set1(0.0F)), vf_set1(-INFINITY), y);
    y = vf_select(vf_lt(x, vf_set1(0.0F)), vf_set1(NAN), y);
    y = vf_select(vf_le(vf_set1(INFINITY), x), vf_set1(INFINITY), y);
    return vf_select(vf_nan(x), x, y);
}

/* sin t and cos t for |t| <= pi/4. */
SIMD_INLINE void v_sincos_octant(vf t, vf *s, vf *c)
{
    vf z = vf_mul(t, t);
    vf p = vf_fma(vf_set1(-1.9515295891E-4F), z, vf_set1(8.3321608736E-3F));
    p = vf_fma(p, z, vf_set1(-1.6666654611E-1F));
    *s = vf_fma(vf_mul(p, z), t, t);
    p = vf_fma(vf_set1(2.443315711809948E-5F), z, vf_set1(-1.388731625493765E-3F));
    p = vf_fma(p, z, vf_set1(4.166664568298827E-2F));
    p = vf_fma(p, z, vf_set1(-0.5F));
    *c = vf_fma(p, z, vf_set1(1.0F));
}

/* For |x| <= 1e4 (an error of 1e-7); pi/2 in three parts, each product exact inside its fma. */
SIMD_INLINE vf v_cos(vf x)
{
    vf n = vf_rint(vf_mul(x, vf_set1(0.636619772367581343F)));
    vf t = vf_fma(n, vf_set1(-1.57079637050628662109375F), x);
    t = vf_fma(n, vf_set1(4.37113900018624283e-8F), t);
    t = vf_fma(n, vf_set1(1.71512449e-15F), t);
    vf s, c;
    v_sincos_octant(t, &s, &c);
    vu q = vu_from_rounded(n);
    vf y = vf_select(vu_any_bit(q, vu_set1(1)), s, c);
    /* quadrants 0 .. 3: c, -s, -c, s */
    vu sign = vu_shl(vu_and(vu_add(q, vu_set1(1)), vu_set1(2)), 30);
    return vf_of_vu(vu_xor(vu_of_vf(y), sign));
}

/* From e = exp(-|x|), which cannot overflow: 1/(1+e), or e/(1+e) below zero, where small results keep their
 * digits. */
SIMD_INLINE vf v_sigmoid(vf x)
{
    vf e = v_exp(vf_of_vu(vu_or(vu_of_vf(x), vu_set1(0x80000000U))));
    vf top = vf_select(vf_lt(x, vf_set1(0.0F)), e, vf_set1(1.0F));
    return vf_div(top, vf_add(vf_set1(1.0F), e));
}

SIMD_INLINE vf v_tanh(vf x)
{
    vf a = vf_abs(x), z = vf_mul(x, x);
    vf p = vf_fma(vf_set1(-5.70498872745E-3F), z, vf_set1(2.06390887954E-2F));
    p = vf_fma(p, z, vf_set1(-5.37397155531E-2F));
    p = vf_fma(p, z, vf_set1(1.33314422036E-1F));
    p = vf_fma(p, z, vf_set1(-3.33332819422E-1F));
    vf small = vf_fma(vf_mul(p, z), a, a);
    vf e = v_exp(vf_add(a, a)); /* infinite from 44 on: 1 - 0 */
    vf large = vf_sub(vf_set1(1.0F), vf_div(vf_set1(2.0F), vf_add(e, vf_set1(1.0F))));
    vf y = vf_with_sign(vf_select(vf_lt(a, vf_set1(0.625F)), small, large), x);
    return vf_select(vf_nan(x), x, y);
}

/* erf(x) below 0.93: x + x P(x^2); and the logarithm of 1 - erf(a) above: Q(a).  Both fitted by reweighted
 * least squares (Lawson 1961) to the C library's erf and erfc, P to a relative 2e-8, Q up to 4 to 5e-11 of
 * erf. */
SIMD_INLINE vf v_erf_small(vf x)
{
    vf z = vf_mul(x, x);
    vf p = vf_fma(vf_set1(-5.95378224E-4F), z, vf_set1(4.98595042E-3F));
    p = vf_fma(p, z, vf_set1(-2.67617274E-2F));
    p = vf_fma(p, z, vf_set1(1.12816826E-1F));
    p = vf_fma(p, z, vf_set1(-3.76124799E-1F));
    p = vf_fma(p, z, vf_set1(1.28379151E-1F));
    return vf_fma(p, x, x);
}
SIMD_INLINE vf v_erfc_large(vf a)
{
    vf q = vf_fma(vf_set1(-2.10949711E-5F), a, vf_set1(4.34461748E-4F));
    q = vf_fma(q, a, vf_set1(-4.171059E-3F));
    q = vf_fma(q, a, vf_set1(2.51194183E-2F));
    q = vf_fma(q, a, vf_set1(-1.08280078E-1F));
    q = vf_fma(q, a, vf_set1(-6.33346915E-1F));
    q = vf_fma(q, a, vf_set1(-1.12951493F));
    return v_exp(vf_fma(q, a, vf_set1(1.74683315E-4F)));
}

SIMD_INLINE vf v_erf(vf x)
{
    vf a = vf_abs(x);
    vf large = vf_with_sign(vf_sub(vf_set1(1.0F), v_erfc_large(a)), x);
    vf y = vf_select(vf_lt(a, vf_set1(0.93F)), v_erf_small(x), large);
    return vf_select(vf_nan(x), x, y);
}

/* x times 1 - erfc(x / sqrt 2) / 2, or times erfc(-x / sqrt 2) / 2 below zero, where small results keep
 * digits. */
SIMD_INLINE vf v_gelu(vf x)
{
    vf a = vf_mul(vf_abs(x), vf_set1(0.707106781186547524F));
    vf small = vf_sub(vf_set1(1.0F), v_erf_small(a));
    vf half = vf_mul(vf_set1(0.5F), vf_select(vf_lt(a, vf_set1(0.93F)), small, v_erfc_large(a)));
    vf y = vf_mul(x, vf_select(vf_lt(x, vf_set1(0.0F)), half, vf_sub(vf_set1(1.0F), half)));
    return vf_select(vf_nan(x), x, y);
}

/* x / 2 times 1 + tanh(u) is x times the logistic function of 2 u; u = sqrt(2 / pi) (x + 0.044715 x^3). */
SIMD_INLINE vf v_gelu_tanh(vf x)
{
    vf inner = vf_fma(vf_mul(vf_set1(0.044715F), vf_mul(x, x)), x, x);
    return vf_mul(x, v_sigmoid(vf_mul(vf_set1(1.59576912160573071F), inner)));
}

/* tanh(log(1 + e)) = n / (n + 2) with n = e (e + 2), e = exp(x); 1 from 20 on, where e would overflow n. */
SIMD_INLINE vf v_mish(vf x)
{
    vf e = v_exp(vf_min(vf_set1(20.0F), x));
    vf n = vf_mul(e, vf_add(e, vf_set1(2.0F)));
    return vf_mul(x, vf_div(n, vf_add(n, vf_set1(2.0F))));
}

SIMD_INLINE vf v_hard_sigmoid(vf x, vf slope, vf offset)
{
    return vf_min(vf_set1(1.0F), vf_max(vf_set1(0.0F), vf_fma(slope, x, offset)));
}

SIMD_INLINE vf v_relu(vf x)
{
    return vf_max(vf_set1(0.0F), x); /* this order lets a NaN through */
}
SIMD_INLINE vf v_leaky_relu(vf x, vf slope)
{
    return vf_select(vf_lt(x, vf_set1(0.0F)), vf_mul(slope, x), x);
}

SIMD_INLINE vf v_hard_swish(vf x)
{
    return vf_mul(x, v_hard_sigmoid(x, vf_set1(1.0F / 6.0F), vf_set1(0.5F)));
}

SIMD_INLINE vf v_activate(vf x, ajp_activation activation, float parameter)
{
    switch (activation) {
    case AJP_ACTIVATION_RELU:
        return v_relu(x);
    case AJP_ACTIVATION_LEAKY_RELU:
        return v_leaky_relu(x, vf_set1(parameter));
    case AJP_ACTIVATION_SIGMOID:
        return v_sigmoid(x);
    case AJP_ACTIVATION_CLIPPED_RELU:
        return vf_min(vf_set1(parameter), v_relu(x));
    case AJP_ACTIVATION_SWISH:
        return vf_mul(x, v_sigmoid(x));
    case AJP_ACTIVATION_HARD_SWISH:
        return v_hard_swish(x);
    case AJP_ACTIVATION_TANH:
        return v_tanh(x);
    case AJP_ACTIVATION_NONE:
        break;
    }
    return x;
}

#endif

/* simd_scalar.h: the 16-lane vectors of the kernels in plain C; this file is the definition of every name,
 * and the other two must give the same bits in every lane.  Needs a correctly rounded fmaf and IEEE single
 * arithmetic. */
#ifndef AJP_SIMD_SCALAR_H
#define AJP_SIMD_SCALAR_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Real calls: inlining sixteen lanes of everything everywhere costs minutes of compile time, and speed is not
 * asked of this file. */
#define SIMD_INLINE static __attribute__((noinline, unused))
#define SIMD_ISA    AJ_ISA_SCALAR
#define SIMD_TILES  16

typedef struct {
    float x[16];
} vf;
typedef struct {
    uint32_t x[16];
} vu;
typedef struct {
    uint64_t x[16]; /* only the low 32 bits of a lane count where it is used as a word */
} vw;
typedef uint32_t vm; /* bit i: lane i */

#define SIMD_LANES(type, expression)                    \
    type r;                                             \
    for (int i = 0; i < 16; i++) r.x[i] = (expression); \
    return r
#define SIMD_MASK(expression)                                                 \
    vm r = 0;                                                                 \
    for (unsigned i = 0; i < 16; i++) r |= (vm)((expression) ? 1U : 0U) << i; \
    return r

SIMD_INLINE vf vf_set1(float x)
{
    SIMD_LANES(vf, x);
}
SIMD_INLINE vf vf_load(const float *p)
{
    SIMD_LANES(vf, p[i]);
}
SIMD_INLINE void vf_store(float *p, vf x)
{
    memcpy(p, x.x, sizeof x.x);
}
/* Lanes 0 .. n-1 from memory (nothing beyond is touched), the others from rest. */
SIMD_INLINE vf vf_load_n(const float *p, size_t n, vf rest)
{
    SIMD_LANES(vf, (size_t)i < n ? p[i] : rest.x[i]);
}
SIMD_INLINE void vf_store_n(float *p, vf x, size_t n)
{
    memcpy(p, x.x, n * sizeof(float));
}
SIMD_INLINE vf vf_add(vf a, vf b)
{
    SIMD_LANES(vf, a.x[i] + b.x[i]);
}
SIMD_INLINE vf vf_sub(vf a, vf b)
{
    SIMD_LANES(vf, a.x[i] - b.x[i]);
}
SIMD_INLINE vf vf_mul(vf a, vf b)
{
    SIMD_LANES(vf, a.x[i] * b.x[i]);
}
SIMD_INLINE vf vf_div(vf a, vf b)
{
    SIMD_LANES(vf, a.x[i] / b.x[i]);
}
SIMD_INLINE vf vf_sqrt(vf a)
{
    SIMD_LANES(vf, sqrtf(a.x[i]));
}
SIMD_INLINE vf vf_fma(vf a, vf b, vf c)
{
    SIMD_LANES(vf, fmaf(a.x[i], b.x[i], c.x[i]));
} /* a*b + c */
/* The second operand when either is NaN or both are zero. */
SIMD_INLINE vf vf_min(vf a, vf b)
{
    SIMD_LANES(vf, a.x[i] < b.x[i] ? a.x[i] : b.x[i]);
}
SIMD_INLINE vf vf_max(vf a, vf b)
{
    SIMD_LANES(vf, a.x[i] > b.x[i] ? a.x[i] : b.x[i]);
}
SIMD_INLINE vf vf_rint(vf a)
{
    SIMD_LANES(vf, rintf(a.x[i]));
} /* ties to even */
SIMD_INLINE vm vf_lt(vf a, vf b)
{
    SIMD_MASK(a.x[i] < b.x[i]);
} /* false for NaN */
SIMD_INLINE vm vf_le(vf a, vf b)
{
    SIMD_MASK(a.x[i] <= b.x[i]);
}
SIMD_INLINE vm vf_nan(vf a)
{
    SIMD_MASK(a.x[i] != a.x[i]);
}
SIMD_INLINE vf vf_select(vm m, vf yes, vf no)
{
    SIMD_LANES(vf, m >> i & 1U ? yes.x[i] : no.x[i]);
}

SIMD_INLINE vm vm_none(void)
{
    return 0;
}
SIMD_INLINE vm vm_and(vm a, vm b)
{
    return a & b;
}
SIMD_INLINE vm vm_or(vm a, vm b)
{
    return a | b;
}
SIMD_INLINE vm vm_andnot(vm a, vm b)
{
    return ~a & b;
}
SIMD_INLINE unsigned vm_bits(vm m)
{
    return m;
} /* bit i: lane i */

SIMD_INLINE vu vu_set1(uint32_t x)
{
    SIMD_LANES(vu, x);
}
SIMD_INLINE vu vu_of_vf(vf a) /* the same bits */
{
    vu r;
    memcpy(&r, &a, sizeof r);
    return r;
}
SIMD_INLINE vf vf_of_vu(vu a)
{
    vf r;
    memcpy(&r, &a, sizeof r);
    return r;
}
SIMD_INLINE vu vu_add(vu a, vu b)
{
    SIMD_LANES(vu, a.x[i] + b.x[i]);
}
SIMD_INLINE vu vu_sub(vu a, vu b)
{
    SIMD_LANES(vu, a.x[i] - b.x[i]);
}
SIMD_INLINE vu vu_and(vu a, vu b)
{
    SIMD_LANES(vu, a.x[i] & b.x[i]);
}
SIMD_INLINE vu vu_or(vu a, vu b)
{
    SIMD_LANES(vu, a.x[i] | b.x[i]);
}
SIMD_INLINE vu vu_xor(vu a, vu b)
{
    SIMD_LANES(vu, a.x[i] ^ b.x[i]);
}
SIMD_INLINE vu vu_shl(vu a, int n)
{
    SIMD_LANES(vu, a.x[i] << n);
}
SIMD_INLINE vu vu_shr(vu a, int n)
{
    SIMD_LANES(vu, a.x[i] >> n);
}
SIMD_INLINE vu vu_sar(vu a, int n) /* with copies of the sign */
{
    SIMD_LANES(vu, a.x[i] >> 31 ? ~(~a.x[i] >> n) : a.x[i] >> n);
}
SIMD_INLINE vm vu_any_bit(vu a, vu b)
{
    SIMD_MASK((a.x[i] & b.x[i]) != 0);
}
SIMD_INLINE vf vf_from_unsigned(vu a)
{
    SIMD_LANES(vf, (float)a.x[i]);
} /* to nearest, ties to even */
SIMD_INLINE vf vf_from_signed(vu a)
{
    SIMD_LANES(vf, (float)(int32_t)a.x[i]);
}
/* Nearest integer, ties to even; 0x80000000 for NaN and everything outside int32. */
SIMD_INLINE vu vu_from_rounded(vf a)
{
    SIMD_LANES(vu, a.x[i] >= -0x1p31F && a.x[i] < 0x1p31F ? (uint32_t)(int32_t)rintf(a.x[i]) : 0x80000000U);
}
SIMD_INLINE vu vu_repeat4(uint32_t a, uint32_t b, uint32_t c,
                          uint32_t d) /* lane i: the one of number i mod 4 */
{
    const uint32_t all[4] = {a, b, c, d};
    SIMD_LANES(vu, all[i % 4]);
}
SIMD_INLINE vu vu_group(void)
{
    SIMD_LANES(vu, (uint32_t)i / 4U);
} /* lane i: i / 4 */

/* Words widened to 64 bits for the products of Philox. */
SIMD_INLINE vw vw_of_vu(vu a)
{
    SIMD_LANES(vw, a.x[i]);
}
SIMD_INLINE vw vw_set1(uint32_t x)
{
    SIMD_LANES(vw, x);
}
SIMD_INLINE vw vw_mul(vw a, vw b)
{
    SIMD_LANES(vw, (a.x[i] & 0xffffffffU) * (b.x[i] & 0xffffffffU));
}
SIMD_INLINE vw vw_high(vw a)
{
    SIMD_LANES(vw, a.x[i] >> 32);
}
SIMD_INLINE vw vw_xor3(vw a, vw b, vw c)
{
    SIMD_LANES(vw, a.x[i] ^ b.x[i] ^ c.x[i]);
}
SIMD_INLINE vu vu_of_vw(vw a)
{
    SIMD_LANES(vu, (uint32_t)a.x[i]);
} /* the low words */

/* z[k] lane 4g+j becomes z[j] lane 4g+k: four 4x4 transposes. */
SIMD_INLINE void vf_transpose4(vf z[4])
{
    vf r[4];
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < 16; i++) r[k].x[i] = z[i % 4].x[i / 4 * 4 + k];
    memcpy(z, r, sizeof r);
}

/* The sum over the lanes by a fixed tree: i with i + 8, then 4, 2, 1. */
SIMD_INLINE float vf_sum(vf v)
{
    float x[16];
    vf_store(x, v);
    for (int half = 8; half >= 1; half /= 2)
        for (int i = 0; i < half; i++) x[i] = x[i] + x[i + half];
    return x[0];
}
SIMD_INLINE float vf_largest(vf v)
{
    float x[16];
    vf_store(x, v);
    for (int half = 8; half >= 1; half /= 2)
        for (int i = 0; i < half; i++) x[i] = x[i] > x[i + half] ? x[i] : x[i + half];
    return x[0];
}

#endif

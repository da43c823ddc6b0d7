/* simd_avx512.h: the 16-lane vectors of the kernels on AVX-512 (F, BW, DQ, VL).
 * simd_avx2.h and simd_scalar.h define the same names with the same bits; simd_scalar.h says what each one
 * means. */
#ifndef AJP_SIMD_AVX512_H
#define AJP_SIMD_AVX512_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SIMD_INLINE \
    static __attribute__((noinline, unused)) /* instrumented code must stay small enough to compile */
#else
#define SIMD_INLINE static inline __attribute__((always_inline, unused))
#endif
#define SIMD_ISA   AJ_ISA_AVX512
#define SIMD_TILES 512

typedef __m512 vf;
typedef __m512i vu;
typedef __mmask16 vm;
typedef struct {
    __m512i even, odd;
} vw;

SIMD_INLINE __mmask16 simd_first(size_t n)
{
    return (__mmask16)((1U << n) - 1U);
}

SIMD_INLINE vf vf_set1(float x)
{
    return _mm512_set1_ps(x);
}
SIMD_INLINE vf vf_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
SIMD_INLINE void vf_store(float *p, vf x)
{
    _mm512_storeu_ps(p, x);
}
SIMD_INLINE vf vf_load_n(const float *p, size_t n, vf rest)
{
    return _mm512_mask_loadu_ps(rest, simd_first(n), p);
}
SIMD_INLINE void vf_store_n(float *p, vf x, size_t n)
{
    _mm512_mask_storeu_ps(p, simd_first(n), x);
}
SIMD_INLINE vf vf_add(vf a, vf b)
{
    return _mm512_add_ps(a, b);
}
SIMD_INLINE vf vf_sub(vf a, vf b)
{
    return _mm512_sub_ps(a, b);
}
SIMD_INLINE vf vf_mul(vf a, vf b)
{
    return _mm512_mul_ps(a, b);
}
SIMD_INLINE vf vf_div(vf a, vf b)
{
    return _mm512_div_ps(a, b);
}
SIMD_INLINE vf vf_sqrt(vf a)
{
    return _mm512_sqrt_ps(a);
}
SIMD_INLINE vf vf_fma(vf a, vf b, vf c)
{
    return _mm512_fmadd_ps(a, b, c);
}
SIMD_INLINE vf vf_min(vf a, vf b)
{
    return _mm512_min_ps(a, b);
}
SIMD_INLINE vf vf_max(vf a, vf b)
{
    return _mm512_max_ps(a, b);
}
SIMD_INLINE vf vf_rint(vf a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
SIMD_INLINE vm vf_lt(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
SIMD_INLINE vm vf_le(vf a, vf b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ);
}
SIMD_INLINE vm vf_nan(vf a)
{
    return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
}
SIMD_INLINE vf vf_select(vm m, vf yes, vf no)
{
    return _mm512_mask_blend_ps(m, no, yes);
}

SIMD_INLINE vm vm_none(void)
{
    return 0;
}
SIMD_INLINE vm vm_and(vm a, vm b)
{
    return (vm)(a & b);
}
SIMD_INLINE vm vm_or(vm a, vm b)
{
    return (vm)(a | b);
}
SIMD_INLINE vm vm_andnot(vm a, vm b)
{
    return (vm)(~a & b);
}
SIMD_INLINE unsigned vm_bits(vm m)
{
    return (unsigned)m;
}

SIMD_INLINE vu vu_set1(uint32_t x)
{
    return _mm512_set1_epi32((int)x);
}
SIMD_INLINE vu vu_of_vf(vf a)
{
    return _mm512_castps_si512(a);
}
SIMD_INLINE vf vf_of_vu(vu a)
{
    return _mm512_castsi512_ps(a);
}
SIMD_INLINE vu vu_add(vu a, vu b)
{
    return _mm512_add_epi32(a, b);
}
SIMD_INLINE vu vu_sub(vu a, vu b)
{
    return _mm512_sub_epi32(a, b);
}
SIMD_INLINE vu vu_and(vu a, vu b)
{
    return _mm512_and_si512(a, b);
}
SIMD_INLINE vu vu_or(vu a, vu b)
{
    return _mm512_or_si512(a, b);
}
SIMD_INLINE vu vu_xor(vu a, vu b)
{
    return _mm512_xor_si512(a, b);
}
#define vu_shl(a, n) _mm512_slli_epi32(a, n)
#define vu_shr(a, n) _mm512_srli_epi32(a, n)
#define vu_sar(a, n) _mm512_srai_epi32(a, n)
SIMD_INLINE vm vu_any_bit(vu a, vu b)
{
    return _mm512_test_epi32_mask(a, b);
}
SIMD_INLINE vf vf_from_unsigned(vu a)
{
    return _mm512_cvtepu32_ps(a);
}
SIMD_INLINE vf vf_from_signed(vu a)
{
    return _mm512_cvtepi32_ps(a);
}
SIMD_INLINE vu vu_from_rounded(vf a)
{
    return _mm512_cvtps_epi32(a);
}
SIMD_INLINE vu vu_repeat4(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    return _mm512_broadcast_i32x4(_mm_set_epi32((int)d, (int)c, (int)b, (int)a));
}
SIMD_INLINE vu vu_group(void)
{
    return _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
}

SIMD_INLINE vw vw_of_vu(vu a)
{
    vw r = {a, _mm512_srli_epi64(a, 32)};
    return r;
}
SIMD_INLINE vw vw_set1(uint32_t x)
{
    vw r = {_mm512_set1_epi64((long long)x), _mm512_set1_epi64((long long)x)};
    return r;
}
SIMD_INLINE vw vw_mul(vw a, vw b)
{
    vw r = {_mm512_mul_epu32(a.even, b.even), _mm512_mul_epu32(a.odd, b.odd)};
    return r;
}
SIMD_INLINE vw vw_high(vw a)
{
    vw r = {_mm512_srli_epi64(a.even, 32), _mm512_srli_epi64(a.odd, 32)};
    return r;
}
SIMD_INLINE vw vw_xor3(vw a, vw b, vw c)
{
    vw r = {_mm512_ternarylogic_epi64(a.even, b.even, c.even, 0x96),
            _mm512_ternarylogic_epi64(a.odd, b.odd, c.odd, 0x96)};
    return r;
}
SIMD_INLINE vu vu_of_vw(vw a)
{
    return _mm512_mask_blend_epi32((__mmask16)0xaaaa, a.even, _mm512_slli_epi64(a.odd, 32));
}

SIMD_INLINE void vf_transpose4(vf z[4])
{
    __m512d t0 = _mm512_castps_pd(_mm512_unpacklo_ps(z[0], z[1])),
            t1 = _mm512_castps_pd(_mm512_unpackhi_ps(z[0], z[1]));
    __m512d t2 = _mm512_castps_pd(_mm512_unpacklo_ps(z[2], z[3])),
            t3 = _mm512_castps_pd(_mm512_unpackhi_ps(z[2], z[3]));
    z[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(t0, t2));
    z[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(t0, t2));
    z[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(t1, t3));
    z[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(t1, t3));
}

/* i with i + 8, then 4, 2, 1. */
SIMD_INLINE float vf_sum(vf v)
{
    const __m256 a = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    const __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}
SIMD_INLINE float vf_largest(vf v)
{
    const __m256 a = _mm256_max_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    const __m128 b = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_max_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_max_ss(c, _mm_movehdup_ps(c)));
}

#endif

/* simd_avx2.h: the 16-lane vectors of the kernels on AVX2 with FMA, as two halves of 8 lanes.
 * simd_scalar.h says what each name means. */
#ifndef AJP_SIMD_AVX2_H
#define AJP_SIMD_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SIMD_INLINE \
    static __attribute__((noinline, unused)) /* instrumented code must stay small enough to compile */
#else
#define SIMD_INLINE static inline __attribute__((always_inline, unused))
#endif
#define SIMD_ISA   AJ_ISA_AVX2
#define SIMD_TILES 256

typedef struct {
    __m256 l, h;
} vf;
typedef struct {
    __m256i l, h;
} vu;
typedef struct {
    __m256 l, h; /* sign bits */
} vm;
typedef struct {
    __m256i le, lo, he, ho; /* even and odd lanes of the low and the high half */
} vw;

SIMD_INLINE vf simd_vf(__m256 l, __m256 h)
{
    vf r = {l, h};
    return r;
}
SIMD_INLINE vu simd_vu(__m256i l, __m256i h)
{
    vu r = {l, h};
    return r;
}
SIMD_INLINE vm simd_vm(__m256 l, __m256 h)
{
    vm r = {l, h};
    return r;
}
/* Lane i of the half that starts at lane `first` is set when first + i < n. */
SIMD_INLINE __m256i simd_first(size_t n, int first)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n - first), _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0));
}

SIMD_INLINE vf vf_set1(float x)
{
    return simd_vf(_mm256_set1_ps(x), _mm256_set1_ps(x));
}
SIMD_INLINE vf vf_load(const float *p)
{
    return simd_vf(_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8));
}
SIMD_INLINE void vf_store(float *p, vf x)
{
    _mm256_storeu_ps(p, x.l);
    _mm256_storeu_ps(p + 8, x.h);
}
SIMD_INLINE vf vf_load_n(const float *p, size_t n, vf rest)
{
    __m256i l = simd_first(n, 0), h = simd_first(n, 8);
    __m256 high = n > 8 ? _mm256_maskload_ps(p + 8, h) : _mm256_setzero_ps();
    return simd_vf(_mm256_blendv_ps(rest.l, _mm256_maskload_ps(p, l), _mm256_castsi256_ps(l)),
                   _mm256_blendv_ps(rest.h, high, _mm256_castsi256_ps(h)));
}
SIMD_INLINE void vf_store_n(float *p, vf x, size_t n)
{
    _mm256_maskstore_ps(p, simd_first(n, 0), x.l);
    if (n > 8) _mm256_maskstore_ps(p + 8, simd_first(n, 8), x.h);
}
SIMD_INLINE vf vf_add(vf a, vf b)
{
    return simd_vf(_mm256_add_ps(a.l, b.l), _mm256_add_ps(a.h, b.h));
}
SIMD_INLINE vf vf_sub(vf a, vf b)
{
    return simd_vf(_mm256_sub_ps(a.l, b.l), _mm256_sub_ps(a.h, b.h));
}
SIMD_INLINE vf vf_mul(vf a, vf b)
{
    return simd_vf(_mm256_mul_ps(a.l, b.l), _mm256_mul_ps(a.h, b.h));
}
SIMD_INLINE vf vf_div(vf a, vf b)
{
    return simd_vf(_mm256_div_ps(a.l, b.l), _mm256_div_ps(a.h, b.h));
}
SIMD_INLINE vf vf_sqrt(vf a)
{
    return simd_vf(_mm256_sqrt_ps(a.l), _mm256_sqrt_ps(a.h));
}
SIMD_INLINE vf vf_fma(vf a, vf b, vf c)
{
    return simd_vf(_mm256_fmadd_ps(a.l, b.l, c.l), _mm256_fmadd_ps(a.h, b.h, c.h));
}
SIMD_INLINE vf vf_min(vf a, vf b)
{
    return simd_vf(_mm256_min_ps(a.l, b.l), _mm256_min_ps(a.h, b.h));
}
SIMD_INLINE vf vf_max(vf a, vf b)
{
    return simd_vf(_mm256_max_ps(a.l, b.l), _mm256_max_ps(a.h, b.h));
}
#define SIMD_NEAREST (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
SIMD_INLINE vf vf_rint(vf a)
{
    return simd_vf(_mm256_round_ps(a.l, SIMD_NEAREST), _mm256_round_ps(a.h, SIMD_NEAREST));
}
SIMD_INLINE vm vf_lt(vf a, vf b)
{
    return simd_vm(_mm256_cmp_ps(a.l, b.l, _CMP_LT_OQ), _mm256_cmp_ps(a.h, b.h, _CMP_LT_OQ));
}
SIMD_INLINE vm vf_le(vf a, vf b)
{
    return simd_vm(_mm256_cmp_ps(a.l, b.l, _CMP_LE_OQ), _mm256_cmp_ps(a.h, b.h, _CMP_LE_OQ));
}
SIMD_INLINE vm vf_nan(vf a)
{
    return simd_vm(_mm256_cmp_ps(a.l, a.l, _CMP_UNORD_Q), _mm256_cmp_ps(a.h, a.h, _CMP_UNORD_Q));
}
SIMD_INLINE vf vf_select(vm m, vf yes, vf no)
{
    return simd_vf(_mm256_blendv_ps(no.l, yes.l, m.l), _mm256_blendv_ps(no.h, yes.h, m.h));
}

SIMD_INLINE vm vm_none(void)
{
    return simd_vm(_mm256_setzero_ps(), _mm256_setzero_ps());
}
SIMD_INLINE vm vm_and(vm a, vm b)
{
    return simd_vm(_mm256_and_ps(a.l, b.l), _mm256_and_ps(a.h, b.h));
}
SIMD_INLINE vm vm_or(vm a, vm b)
{
    return simd_vm(_mm256_or_ps(a.l, b.l), _mm256_or_ps(a.h, b.h));
}
SIMD_INLINE vm vm_andnot(vm a, vm b)
{
    return simd_vm(_mm256_andnot_ps(a.l, b.l), _mm256_andnot_ps(a.h, b.h));
}
SIMD_INLINE unsigned vm_bits(vm m)
{
    return (unsigned)_mm256_movemask_ps(m.l) | (unsigned)_mm256_movemask_ps(m.h) << 8;
}

SIMD_INLINE vu vu_set1(uint32_t x)
{
    return simd_vu(_mm256_set1_epi32((int)x), _mm256_set1_epi32((int)x));
}
SIMD_INLINE vu vu_of_vf(vf a)
{
    return simd_vu(_mm256_castps_si256(a.l), _mm256_castps_si256(a.h));
}
SIMD_INLINE vf vf_of_vu(vu a)
{
    return simd_vf(_mm256_castsi256_ps(a.l), _mm256_castsi256_ps(a.h));
}
SIMD_INLINE vu vu_add(vu a, vu b)
{
    return simd_vu(_mm256_add_epi32(a.l, b.l), _mm256_add_epi32(a.h, b.h));
}
SIMD_INLINE vu vu_sub(vu a, vu b)
{
    return simd_vu(_mm256_sub_epi32(a.l, b.l), _mm256_sub_epi32(a.h, b.h));
}
SIMD_INLINE vu vu_and(vu a, vu b)
{
    return simd_vu(_mm256_and_si256(a.l, b.l), _mm256_and_si256(a.h, b.h));
}
SIMD_INLINE vu vu_or(vu a, vu b)
{
    return simd_vu(_mm256_or_si256(a.l, b.l), _mm256_or_si256(a.h, b.h));
}
SIMD_INLINE vu vu_xor(vu a, vu b)
{
    return simd_vu(_mm256_xor_si256(a.l, b.l), _mm256_xor_si256(a.h, b.h));
}
#define vu_shl(a, n) simd_vu(_mm256_slli_epi32((a).l, n), _mm256_slli_epi32((a).h, n))
#define vu_shr(a, n) simd_vu(_mm256_srli_epi32((a).l, n), _mm256_srli_epi32((a).h, n))
#define vu_sar(a, n) simd_vu(_mm256_srai_epi32((a).l, n), _mm256_srai_epi32((a).h, n))
SIMD_INLINE vm vu_any_bit(vu a, vu b)
{
    __m256i zero = _mm256_setzero_si256(), ones = _mm256_set1_epi32(-1);
    __m256i l = _mm256_cmpeq_epi32(_mm256_and_si256(a.l, b.l), zero);
    __m256i h = _mm256_cmpeq_epi32(_mm256_and_si256(a.h, b.h), zero);
    return simd_vm(_mm256_castsi256_ps(_mm256_xor_si256(l, ones)),
                   _mm256_castsi256_ps(_mm256_xor_si256(h, ones)));
}
/* Rounds once: both halves of the word are exact, and so is the product inside the fma. */
SIMD_INLINE __m256 simd_from_unsigned(__m256i a)
{
    __m256 high = _mm256_cvtepi32_ps(_mm256_srli_epi32(a, 16));
    __m256 low = _mm256_cvtepi32_ps(_mm256_and_si256(a, _mm256_set1_epi32(0xffff)));
    return _mm256_fmadd_ps(high, _mm256_set1_ps(65536.0F), low);
}
SIMD_INLINE vf vf_from_unsigned(vu a)
{
    return simd_vf(simd_from_unsigned(a.l), simd_from_unsigned(a.h));
}
SIMD_INLINE vf vf_from_signed(vu a)
{
    return simd_vf(_mm256_cvtepi32_ps(a.l), _mm256_cvtepi32_ps(a.h));
}
SIMD_INLINE vu vu_from_rounded(vf a)
{
    return simd_vu(_mm256_cvtps_epi32(a.l), _mm256_cvtps_epi32(a.h));
}
SIMD_INLINE vu vu_repeat4(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    __m256i r = _mm256_broadcastsi128_si256(_mm_set_epi32((int)d, (int)c, (int)b, (int)a));
    return simd_vu(r, r);
}
SIMD_INLINE vu vu_group(void)
{
    return simd_vu(_mm256_set_epi32(1, 1, 1, 1, 0, 0, 0, 0), _mm256_set_epi32(3, 3, 3, 3, 2, 2, 2, 2));
}

SIMD_INLINE vw vw_of_vu(vu a)
{
    vw r = {a.l, _mm256_srli_epi64(a.l, 32), a.h, _mm256_srli_epi64(a.h, 32)};
    return r;
}
SIMD_INLINE vw vw_set1(uint32_t x)
{
    __m256i v = _mm256_set1_epi64x((long long)x);
    vw r = {v, v, v, v};
    return r;
}
SIMD_INLINE vw vw_mul(vw a, vw b)
{
    vw r = {_mm256_mul_epu32(a.le, b.le), _mm256_mul_epu32(a.lo, b.lo), _mm256_mul_epu32(a.he, b.he),
            _mm256_mul_epu32(a.ho, b.ho)};
    return r;
}
SIMD_INLINE vw vw_high(vw a)
{
    vw r = {_mm256_srli_epi64(a.le, 32), _mm256_srli_epi64(a.lo, 32), _mm256_srli_epi64(a.he, 32),
            _mm256_srli_epi64(a.ho, 32)};
    return r;
}
SIMD_INLINE __m256i simd_xor3(__m256i a, __m256i b, __m256i c)
{
    return _mm256_xor_si256(_mm256_xor_si256(a, b), c);
}
SIMD_INLINE vw vw_xor3(vw a, vw b, vw c)
{
    vw r = {simd_xor3(a.le, b.le, c.le), simd_xor3(a.lo, b.lo, c.lo), simd_xor3(a.he, b.he, c.he),
            simd_xor3(a.ho, b.ho, c.ho)};
    return r;
}
SIMD_INLINE vu vu_of_vw(vw a)
{
    return simd_vu(_mm256_blend_epi32(a.le, _mm256_slli_epi64(a.lo, 32), 0xaa),
                   _mm256_blend_epi32(a.he, _mm256_slli_epi64(a.ho, 32), 0xaa));
}

SIMD_INLINE void simd_transpose4(__m256 *a, __m256 *b, __m256 *c, __m256 *d)
{
    __m256d t0 = _mm256_castps_pd(_mm256_unpacklo_ps(*a, *b)),
            t1 = _mm256_castps_pd(_mm256_unpackhi_ps(*a, *b));
    __m256d t2 = _mm256_castps_pd(_mm256_unpacklo_ps(*c, *d)),
            t3 = _mm256_castps_pd(_mm256_unpackhi_ps(*c, *d));
    *a = _mm256_castpd_ps(_mm256_unpacklo_pd(t0, t2));
    *b = _mm256_castpd_ps(_mm256_unpackhi_pd(t0, t2));
    *c = _mm256_castpd_ps(_mm256_unpacklo_pd(t1, t3));
    *d = _mm256_castpd_ps(_mm256_unpackhi_pd(t1, t3));
}
SIMD_INLINE void vf_transpose4(vf z[4])
{
    simd_transpose4(&z[0].l, &z[1].l, &z[2].l, &z[3].l);
    simd_transpose4(&z[0].h, &z[1].h, &z[2].h, &z[3].h);
}

/* i with i + 8, then 4, 2, 1. */
SIMD_INLINE float vf_sum(vf v)
{
    const __m256 a = _mm256_add_ps(v.l, v.h);
    const __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}
SIMD_INLINE float vf_largest(vf v)
{
    const __m256 a = _mm256_max_ps(v.l, v.h);
    const __m128 b = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_max_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_max_ss(c, _mm_movehdup_ps(c)));
}

#endif

/* body_random.h: Philox4x32-10 for 16 counters at a time, and the uniforms and normals made from its words.
 *
 * Salmon, Moraes, Dror, Shaw, SC'11, doi:10.1145/2063384.2063405.  Box and Muller 1958,
 * doi:10.1214/aoms/1177706645.
 *
 * Four output vectors are made at once, each for its own place (sample, first element / 4).  Lane 4g+k works
 * on the counter that output vector k needs for its elements 4g .. 4g+3; the 16 counters give four words
 * each, and four 4x4 transposes bring word j of output k's counters to lanes 4g+j.  So nothing is wasted on
 * outputs of few columns. */
#ifndef AJP_BODY_RANDOM_H
#define AJP_BODY_RANDOM_H

#include "body_math.h"

/* Where four vectors of 16 numbers stand: the first two words of the 16 counters. */
typedef struct {
    vu group, sample;
} places;

/* From the element of lane 0 divided by 4, and the sample, of each vector. */
SIMD_INLINE places places_of(const uint32_t group[4], const uint32_t sample[4])
{
    places at = {vu_add(vu_repeat4(group[0], group[1], group[2], group[3]), vu_group()),
                 vu_repeat4(sample[0], sample[1], sample[2], sample[3])};
    return at;
}

SIMD_INLINE void philox_words(const ajp_stream *stream, const places *at, unsigned draw, vu word[4])
{
    const vw m0 = vw_set1(0xD2511F53U), m1 = vw_set1(0xCD9E8D57U);
    vw c0 = vw_of_vu(at->group), c1 = vw_of_vu(at->sample);
    vw c2 = vw_set1(stream->layer_tile), c3 = vw_set1(stream->trial << 8 | draw);
    uint32_t k0 = stream->key[0], k1 = stream->key[1];
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        vw p0 = vw_mul(c0, m0), p1 = vw_mul(c2, m1);
        c0 = vw_xor3(vw_high(p1), c1, vw_set1(k0));
        c2 = vw_xor3(vw_high(p0), c3, vw_set1(k1));
        c1 = p1; /* the low words; nothing reads the high ones */
        c3 = p0;
        k0 += 0x9E3779B9U;
        k1 += 0xBB67AE85U;
    }
    word[0] = vu_of_vw(c0);
    word[1] = vu_of_vw(c1);
    word[2] = vu_of_vw(c2);
    word[3] = vu_of_vw(c3);
}

/* (w + 1/2) / 2^32, to nearest: in (0, 1]. */
SIMD_INLINE vf unit_interval(vu w)
{
    return vf_fma(vf_from_unsigned(w), vf_set1(0x1p-32F), vf_set1(0x1p-33F));
}

/* Two normals from two words: radius sqrt(-2 ln u) of the first, direction of the second.  Its top bits
 * choose the quadrant around one of the axes, the other 30 the angle within -pi/4 .. pi/4: every direction
 * alike. -2 ln(1+f) = f (-2 + f q(f)): q fitted for the least largest error, 7e-8. */
SIMD_INLINE void box_muller(vu w, vu v, vf *even, vf *odd)
{
    vf e, f;
    v_split(unit_interval(w), &e, &f);
    vf q = vf_fma(vf_set1(0.20069226622581482F), f, vf_set1(-0.32671281695365906F));
    q = vf_fma(q, f, vf_set1(0.3465198874473572F));
    q = vf_fma(q, f, vf_set1(-0.39776554703712463F));
    q = vf_fma(q, f, vf_set1(0.4992293119430542F));
    q = vf_fma(q, f, vf_set1(-0.6667052507400513F));
    q = vf_fma(q, f, vf_set1(1.000011682510376F));
    q = vf_fma(q, f, vf_set1(-2.0F));
    vf r = vf_sqrt(vf_fma(e, vf_set1(-1.38629436111989062F), vf_mul(q, f)));

    vf t = vf_mul(vf_from_signed(vu_shl(v, 2)), vf_set1(3.65729530e-10F)); /* pi/4 / 2^31 */
    vf s, c;
    v_sincos_octant(t, &s, &c);
    c = vf_of_vu(vu_xor(vu_of_vf(c), vu_and(v, vu_set1(0x80000000U))));
    vm turned = vu_any_bit(v, vu_set1(0x40000000U));
    *even = vf_mul(r, vf_select(turned, s, c));
    *odd = vf_mul(r, vf_select(turned, c, s));
}

/* z[k]: the 16 normals at place k. */
SIMD_INLINE void normals4(const ajp_stream *stream, const places *at, unsigned draw, vf z[4])
{
    vu word[4];
    philox_words(stream, at, draw, word);
    box_muller(word[0], word[1], &z[0], &z[1]);
    box_muller(word[2], word[3], &z[2], &z[3]);
    vf_transpose4(z);
}

/* u[k]: the 16 uniforms at place k, kept below 1. */
SIMD_INLINE void uniforms4(const ajp_stream *stream, const places *at, unsigned draw, vf u[4])
{
    vu word[4];
    philox_words(stream, at, draw, word);
    for (int k = 0; k < 4; k++) u[k] = vf_min(unit_interval(word[k]), vf_set1(1.0F - 0x1p-24F));
    vf_transpose4(u);
}

SIMD_INLINE places consecutive(uint64_t sample, size_t element)
{
    const uint32_t g = (uint32_t)(element / 4), s = (uint32_t)sample;
    const uint32_t group[4] = {g, g + 4, g + 8, g + 12}, samples[4] = {s, s, s, s};
    return places_of(group, samples);
}
SIMD_INLINE void store4(float *out, size_t n, const vf x[4])
{
    for (size_t k = 0; k < 4 && 16 * k < n; k++) {
        if (n - 16 * k >= 16)
            vf_store(out + 16 * k, x[k]);
        else
            vf_store_n(out + 16 * k, x[k], n - 16 * k);
    }
}

static void normals(const ajp_stream *stream, uint64_t sample, unsigned draw, size_t element0, size_t n,
                    float *out)
{
    for (size_t i = 0; i < n; i += 64) {
        places at = consecutive(sample, element0 + i);
        vf z[4];
        normals4(stream, &at, draw, z);
        store4(out + i, n - i, z);
    }
}

static void uniforms(const ajp_stream *stream, uint64_t sample, unsigned draw, size_t element0, size_t n,
                     float *out)
{
    for (size_t i = 0; i < n; i += 64) {
        places at = consecutive(sample, element0 + i);
        vf u[4];
        uniforms4(stream, &at, draw, u);
        store4(out + i, n - i, u);
    }
}

#endif

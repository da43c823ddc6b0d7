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

/* What all counters of one draw share. */
typedef struct {
    uint32_t key[10][2]; /* of each round */
    uint32_t layer_tile, trial_draw;
} draw_keys;

SIMD_INLINE draw_keys keys_of(const ajp_stream *stream, unsigned draw)
{
    draw_keys r = {.layer_tile = stream->layer_tile, .trial_draw = stream->trial << 8 | draw};
    for (uint32_t round = 0; round < 10; round++) {
        r.key[round][0] = stream->key[0] + round * 0x9E3779B9U;
        r.key[round][1] = stream->key[1] + round * 0xBB67AE85U;
    }
    return r;
}

/* The 16 counters on their way through the rounds. */
typedef struct {
    vw c0, c1, c2, c3;
} counters;

SIMD_INLINE counters philox_start(const draw_keys *keys, const places *at)
{
    counters c = {vw_of_vu(at->group), vw_of_vu(at->sample), vw_set1(keys->layer_tile),
                  vw_set1(keys->trial_draw)};
    return c;
}
SIMD_INLINE void philox_round(counters *c, const uint32_t key[2])
{
    const vw p0 = vw_mul(c->c0, vw_set1(0xD2511F53U)), p1 = vw_mul(c->c2, vw_set1(0xCD9E8D57U));
    c->c0 = vw_xor3(vw_high(p1), c->c1, vw_set1(key[0]));
    c->c2 = vw_xor3(vw_high(p0), c->c3, vw_set1(key[1]));
    c->c1 = p1; /* the low words; nothing reads the high ones */
    c->c3 = p0;
}
SIMD_INLINE void philox_end(const counters *c, vu word[4])
{
    word[0] = vu_of_vw(c->c0);
    word[1] = vu_of_vw(c->c1);
    word[2] = vu_of_vw(c->c2);
    word[3] = vu_of_vw(c->c3);
}

SIMD_INLINE void philox_words(const draw_keys *keys, const places *at, vu word[4])
{
    counters c = philox_start(keys, at);
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) philox_round(&c, keys->key[round]);
    philox_end(&c, word);
}

/* (w + 1/2) / 2^32, to nearest: in (0, 1]. */
SIMD_INLINE vf unit_interval(vu w)
{
    return vf_fma(vf_from_unsigned(w), vf_set1(0x1p-32F), vf_set1(0x1p-33F));
}

/* Two normals from two words: radius sqrt(-2 ln u) of the first, direction of the second.  Its top bits
 * choose the quadrant around one of the axes, the other 30 the angle within -pi/4 .. pi/4: every direction
 * alike.  -2 ln(1+f) = f p(f): p fitted for the least largest error, 7e-8.
 * It is written in steps so that next_normals can put them between the rounds of the next Philox: both are
 * long chains, and only together do they fill the machine. */
typedef struct {
    vu w, v;
    vf e, f, f2, low, middle, high, radius; /* radius squared until step 8 */
    vf t, t2, sine, cosine;
} box_muller;

SIMD_INLINE void box_muller_step(box_muller *b, int step)
{
    switch (step) {
    case 0:
        b->f = unit_interval(b->w);
        b->t = vf_from_signed(vu_shl(b->v, 2));
        break;
    case 1:
        v_split(b->f, &b->e, &b->f);
        b->t = vf_mul(b->t, vf_set1(3.65729530e-10F)); /* pi/4 / 2^31 */
        break;
    case 2:
        b->f2 = vf_mul(b->f, b->f);
        b->t2 = vf_mul(b->t, b->t);
        b->low = vf_fma(vf_set1(1.000011682510376F), b->f, vf_set1(-2.0F));
        b->middle = vf_fma(vf_set1(0.4992293119430542F), b->f, vf_set1(-0.6667052507400513F));
        break;
    case 3:
        b->high = vf_fma(vf_set1(0.3465198874473572F), b->f, vf_set1(-0.39776554703712463F));
        b->radius = vf_fma(vf_set1(0.20069226622581482F), b->f, vf_set1(-0.32671281695365906F));
        break;
    case 4: /* sine and cosine: the polynomials of v_sincos_octant */
        b->radius = vf_fma(b->radius, b->f2, b->high);
        b->sine = vf_fma(vf_set1(-1.9515295891E-4F), b->t2, vf_set1(8.3321608736E-3F));
        b->cosine = vf_fma(vf_set1(2.443315711809948E-5F), b->t2, vf_set1(-1.388731625493765E-3F));
        break;
    case 5:
        b->radius = vf_fma(b->radius, b->f2, b->middle);
        b->sine = vf_fma(b->sine, b->t2, vf_set1(-1.6666654611E-1F));
        b->cosine = vf_fma(b->cosine, b->t2, vf_set1(4.166664568298827E-2F));
        break;
    case 6:
        b->radius = vf_fma(b->radius, b->f2, b->low);
        b->sine = vf_mul(b->sine, b->t2);
        b->cosine = vf_fma(b->cosine, b->t2, vf_set1(-0.5F));
        break;
    case 7:
        b->radius = vf_fma(b->e, vf_set1(-1.38629436111989062F), vf_mul(b->radius, b->f)); /* -2 ln 2 */
        b->sine = vf_fma(b->sine, b->t, b->t);
        b->cosine = vf_fma(b->cosine, b->t2, vf_set1(1.0F));
        break;
    case 8:
        b->radius = vf_sqrt(b->radius);
        b->cosine = vf_of_vu(vu_xor(vu_of_vf(b->cosine), vu_and(b->v, vu_set1(0x80000000U))));
        break;
    default:
        break;
    }
}
SIMD_INLINE void box_muller_end(const box_muller *b, vf *even, vf *odd)
{
    const vm turned = vu_any_bit(b->v, vu_set1(0x40000000U));
    *even = vf_mul(b->radius, vf_select(turned, b->sine, b->cosine));
    *odd = vf_mul(b->radius, vf_select(turned, b->cosine, b->sine));
}

/* z[k]: the 16 normals of the words. */
SIMD_INLINE void normals_of(const vu word[4], vf z[4])
{
    box_muller a = {.w = word[0], .v = word[1]}, b = {.w = word[2], .v = word[3]};
#pragma GCC unroll 9
    for (int step = 0; step < 9; step++) {
        box_muller_step(&a, step);
        box_muller_step(&b, step);
    }
    box_muller_end(&a, &z[0], &z[1]);
    box_muller_end(&b, &z[2], &z[3]);
    vf_transpose4(z);
}

/* The normals of `word`, and in `word` the words of the places `next`. */
SIMD_INLINE void next_normals(const draw_keys *keys, const places *next, vu word[4], vf z[4])
{
    box_muller a = {.w = word[0], .v = word[1]}, b = {.w = word[2], .v = word[3]};
    counters c = philox_start(keys, next);
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        philox_round(&c, keys->key[round]);
        box_muller_step(&a, round);
        box_muller_step(&b, round);
    }
    philox_end(&c, word);
    box_muller_end(&a, &z[0], &z[1]);
    box_muller_end(&b, &z[2], &z[3]);
    vf_transpose4(z);
}

/* z[k]: the 16 normals at place k. */
SIMD_INLINE void normals4(const ajp_stream *stream, const places *at, unsigned draw, vf z[4])
{
    const draw_keys keys = keys_of(stream, draw);
    vu word[4];
    philox_words(&keys, at, word);
    normals_of(word, z);
}

/* u[k]: the 16 uniforms at place k, kept below 1. */
SIMD_INLINE void uniforms4(const ajp_stream *stream, const places *at, unsigned draw, vf u[4])
{
    const draw_keys keys = keys_of(stream, draw);
    vu word[4];
    philox_words(&keys, at, word);
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
    const draw_keys keys = keys_of(stream, draw);
    const places first = consecutive(sample, element0);
    vu word[4];
    philox_words(&keys, &first, word);
    for (size_t i = 0; i < n; i += 64) {
        const places next = consecutive(sample, element0 + i + 64);
        vf z[4];
        next_normals(&keys, &next, word, z);
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

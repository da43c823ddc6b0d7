/* body_read.h: one read of counts, applied to finished register tiles (the law is in kernels.h).
 *
 * Vectors are taken four at a time from the list of (row, column vector) of the tile, because four is what
 * the random numbers come in.  The normal branch stays in registers; the branch of few counts is rare or
 * dear, so it is a function of its own that computes its means again. */
#ifndef AJP_BODY_READ_H
#define AJP_BODY_READ_H

#include "body_convert.h"
#include "body_random.h"

enum { DRAW_NORMAL = 0, DRAW_PLUS = 1, DRAW_MINUS = 2, DRAW_EXTRA = 3, DRAW_PHASE = 4 };

/* Below this variance the counts are drawn exactly. */
#define FEW_COUNTS 20.0F
/* From this variance (electrons squared) on the lattice of whole counts cannot be seen. */
#define HIDES_LATTICE 0.5F

/* One vector of outputs. */
typedef struct {
    const float *tile;
    size_t row, column, lanes;
} spot;

typedef struct {
    const ajp_gemm *gemm;
    const ajp_count_read *read;
    bool joined; /* the extra variance is part of the one normal */
    const ajp_read_place *place;
    spot at[4];
    places places;
} quad;

SIMD_INLINE unsigned valid(const spot *at)
{
    return (1U << at->lanes) - 1U;
}

/* Mean, total and extra variance of the 16 outputs; wobble: the four normals of the phase, or NULL. */
SIMD_INLINE void spot_law(const quad *q, unsigned k, const vf *wobble, bool general, vf *mean, vf *total,
                          vf *extra)
{
    const ajp_count_read *r = q->read;
    const size_t row = q->at[k].row, column = q->at[k].column;
    const vf y = vf_load(q->at[k].tile),
             gain = vf_mul(vf_set1(r->sample_gain[row]), vf_load(r->row_gain + column));
    vf leak = vf_set1(r->sample_leak != NULL ? r->sample_leak[row] : 0.0F);
    if (r->row_leak != NULL) leak = vf_add(leak, vf_load(r->row_leak + column));
    if (general && (r->one_rail || r->totals != NULL))
        *total = vf_set1(0.0F);
    else
        *total = vf_max(vf_add(vf_set1(r->sample_total[row]), vf_load(r->row_total + column)), vf_set1(0.0F));
    *extra = vf_set1(r->extra_variance);
    vf product = y;
    if (general && r->phase_sigma > 0.0F)
        product = vf_mul(y, v_cos(vf_fma(vf_set1(r->phase_sigma), wobble[k], vf_set1(r->phase_offset))));
    *mean = vf_fma(gain, product, leak);
    if (general && r->one_rail) *total = vf_max(*mean, vf_set1(0.0F));
    if (general && r->totals != NULL) {
        const ajp_gemm *g = q->gemm;
        const float *totals = r->totals + row * g->c_row + column / 16 * g->c_vector;
        *total = vf_mul(vf_set1(r->total_gain[row]), vf_load_n(totals, q->at[k].lanes, vf_set1(0.0F)));
    }
    if (general && r->squares != NULL) {
        const ajp_gemm *g = q->gemm;
        const float *squares = r->squares + row * g->c_row + column / 16 * g->c_vector;
        vf part = vf_mul(vf_set1(r->excess), vf_load_n(squares, q->at[k].lanes, vf_set1(0.0F)));
        *extra = vf_fma(vf_mul(gain, gain), part, *extra);
    }
}

/* 1/n, n = 1 .. 64: where the sum below ends at the latest (a count above 64 at mean 20 has probability
 * 1e-14). */
enum { MOST_COUNTS = 64 };
#define INVERSES4(n)  1.0F / (n), 1.0F / ((n) + 1), 1.0F / ((n) + 2), 1.0F / ((n) + 3)
#define INVERSES16(n) INVERSES4(n), INVERSES4((n) + 4), INVERSES4((n) + 8), INVERSES4((n) + 12)
static const float inverse_of[MOST_COUNTS] = {INVERSES16(1), INVERSES16(17), INVERSES16(33), INVERSES16(49)};

/* n+ - n-: the smallest counts whose distribution functions reach the uniforms, for two Poisson means up to
 * 20.  A sum in single precision ends within 5e-7 of 1, so that the uniforms are kept below that: what is cut
 * off is a tail of 1e-6. */
static __attribute__((noinline)) vf invert_poisson(vf mean_plus, vf mean_minus, vf u_plus, vf u_minus)
{
    const vf zero = vf_set1(0.0F), one = vf_set1(1.0F), most = vf_set1(1.0F - 0x1p-20F);
    u_plus = vf_min(u_plus, most);
    u_minus = vf_min(u_minus, most);
    vf p = v_exp(vf_sub(zero, mean_plus)), q = v_exp(vf_sub(zero, mean_minus));
    vf plus = p, minus = q; /* distribution functions up to n */
    vf difference = zero;
    for (size_t n = 0; n < MOST_COUNTS; n++) {
        const vm more_plus = vf_lt(plus, u_plus), more_minus = vf_lt(minus, u_minus);
        if (vm_bits(vm_or(more_plus, more_minus)) == 0) break;
        const vf share = vf_set1(inverse_of[n]);
        difference = vf_add(difference, vf_select(more_plus, one, zero));
        difference = vf_sub(difference, vf_select(more_minus, one, zero));
        p = vf_mul(p, vf_mul(mean_plus, share));
        q = vf_mul(q, vf_mul(mean_minus, share));
        plus = vf_add(plus, p);
        minus = vf_add(minus, q);
    }
    return difference;
}

/* Replaces the charges of lanes with few counts. */
static __attribute__((noinline)) void draw_few(const quad *q, const vf *wobble, const unsigned few[4],
                                               vf charge[4])
{
    const ajp_count_read *r = q->read;
    vf plus[4], minus[4], z[4];
    uniforms4(&r->stream, &q->places, r->draw_base + DRAW_PLUS, plus);
    uniforms4(&r->stream, &q->places, r->draw_base + DRAW_MINUS, minus);
    const bool noisy = r->extra_variance > 0.0F || r->squares != NULL;
    if (noisy) normals4(&r->stream, &q->places, r->draw_base + DRAW_EXTRA, z);
    for (unsigned k = 0; k < 4; k++) {
        if (few[k] == 0) continue;
        vf mean, total, extra;
        spot_law(q, k, wobble, true, &mean, &total, &extra);
        const vf half = vf_set1(0.5F), zero = vf_set1(0.0F);
        vf drawn = invert_poisson(vf_max(vf_mul(half, vf_add(total, mean)), zero),
                                  vf_max(vf_mul(half, vf_sub(total, mean)), zero), plus[k], minus[k]);
        if (noisy) drawn = vf_fma(vf_sqrt(extra), z[k], drawn);
        drawn = vf_select(vf_nan(mean), mean, drawn);
        const vf variance = q->joined ? vf_add(total, extra) : total;
        charge[k] = vf_select(vf_lt(variance, vf_set1(FEW_COUNTS)), drawn, charge[k]);
    }
}

static __attribute__((noinline)) vf activate_slowly(vf x, ajp_activation activation, float parameter)
{
    return v_activate(x, activation, parameter);
}

static __attribute__((noinline)) vf clip_charge(const ajp_count_read *r, const spot *at, vf charge)
{
    const vf limit = vf_set1(r->clip);
    unsigned over = vm_bits(vf_lt(limit, vf_abs(charge))) & valid(at);
    if (over != 0 && r->n_clipped != NULL)
        __atomic_fetch_add(&r->n_clipped[at->row], (uint32_t)__builtin_popcount(over), __ATOMIC_RELAXED);
    return vf_min(limit, vf_max(vf_sub(vf_set1(0.0F), limit), charge));
}

static __attribute__((noinline)) vf convert_counted(const ajp_adc *adc, uint32_t *n_clipped, const spot *at,
                                                    vf x)
{
    vm outside;
    x = convert(adc, x, &outside);
    const unsigned over = vm_bits(outside) & valid(at);
    if (over != 0 && n_clipped != NULL)
        __atomic_fetch_add(&n_clipped[at->row], (uint32_t)__builtin_popcount(over), __ATOMIC_RELAXED);
    return x;
}

/* Clip, convert, decode, bias, activation, C. */
SIMD_INLINE void finish_spot(const ajp_gemm *g, const ajp_count_read *r, const spot *at, vf charge)
{
    if (r->clip < INFINITY) charge = clip_charge(r, at, charge);
    if (r->adc != NULL) charge = convert_counted(r->adc, r->n_clipped, at, charge);
    if (r->row_offset != NULL) charge = vf_sub(charge, vf_load(r->row_offset + at->column));
    if (r->sample_reference != NULL) charge = vf_sub(charge, vf_set1(r->sample_reference[at->row]));
    const vf decode = vf_mul(vf_set1(r->sample_decode[at->row]), vf_load(r->row_decode + at->column));
    float *c = g->c + at->row * g->c_row + at->column / 16 * g->c_vector;
    vf x = r->accumulate ? vf_fma(decode, charge, vf_load_n(c, at->lanes, vf_set1(0.0F)))
                         : vf_mul(decode, charge);
    if (g->bias != NULL) x = vf_add(x, vf_load(g->bias + at->column));
    if (g->activation == AJP_ACTIVATION_RELU)
        x = v_relu(x);
    else if (g->activation != AJP_ACTIVATION_NONE)
        x = activate_slowly(x, g->activation, g->activation_parameter);
    if (at->lanes == 16)
        vf_store(c, x);
    else
        vf_store_n(c, x, at->lanes);
}

/* z: the normals of draw 0. */
SIMD_INLINE void read_quad(const quad *q, const vf z[4], size_t n_spots, bool general)
{
    const ajp_count_read *r = q->read;
    vf wobble[4], second[4], charge[4];
    unsigned few[4] = {0, 0, 0, 0}, any = 0;
    const bool separate = general && !q->joined && r->extra_variance > 0.0F;
    if (separate) normals4(&r->stream, &q->places, r->draw_base + DRAW_EXTRA, second);
    const vf rounding = vf_set1(q->joined ? 0.0F : 1.0F / 12.0F); /* the variance that rounding will add */
    const vf *phase = NULL;
    if (general && r->phase_sigma > 0.0F) {
        normals4(&r->stream, &q->places, r->draw_base + DRAW_PHASE, wobble);
        phase = wobble;
    }
    for (unsigned k = 0; k < 4; k++) {
        vf mean, total, extra;
        spot_law(q, k, phase, general, &mean, &total, &extra);
        const vf variance = q->joined ? vf_add(total, extra) : total;
        few[k] = vm_bits(vf_lt(variance, vf_set1(FEW_COUNTS))) & valid(&q->at[k]);
        any |= few[k];
        /* mean + sqrt(variance) z + mean/(6 variance) (z^2 - 1): the third cumulant of the difference is its
         * mean. */
        const vf spread = vf_sqrt(vf_sub(variance, rounding));
        const vf skew = vf_div(vf_mul(vf_set1(1.0F / 6.0F), mean), variance);
        charge[k] = vf_fma(skew, vf_fma(z[k], z[k], vf_set1(-1.0F)), vf_fma(spread, z[k], mean));
        if (!q->joined) charge[k] = vf_rint(charge[k]);
        if (separate) charge[k] = vf_fma(vf_sqrt(extra), second[k], charge[k]);
    }
    if (any != 0) draw_few(q, phase, few, charge);
    for (unsigned k = 0; k < 4 && k < n_spots; k++) finish_spot(q->gemm, r, &q->at[k], charge[k]);
}

/* Fills q->at and q->places with the next four vectors; the last is repeated where fewer are left. */
SIMD_INLINE void next_spots(quad *q, size_t *row, size_t *vector, size_t n_rows, size_t row0, size_t col0,
                            size_t n_cols, const float *tile, size_t tile_row)
{
    const ajp_read_place *r = q->place;
    uint32_t group[4], sample[4];
#pragma GCC unroll 4
    for (unsigned k = 0; k < 4; k++) {
        if (k > 0 && *row == n_rows) {
            q->at[k] = q->at[k - 1];
            group[k] = group[k - 1];
            sample[k] = sample[k - 1];
            continue;
        }
        const size_t absolute = row0 + *row, column = col0 + 16 * *vector, left = n_cols - 16 * *vector;
        size_t repetition = 0, of_sample = absolute;
        if (r->row_rep != NULL) {
            repetition = r->row_rep[absolute];
            of_sample = r->row_sample[absolute];
        } else if (r->n_reps > 1) {
            repetition = absolute % r->n_reps;
            of_sample = absolute / r->n_reps;
        }
        q->at[k] = (spot){tile + *row * tile_row + 16 * *vector, absolute, column, left < 16 ? left : 16};
        group[k] = (uint32_t)((r->element0 + repetition * r->rep_stride + column) / 4);
        sample[k] = (uint32_t)(r->sample0 + of_sample);
        if (left <= 16) {
            ++*row;
            *vector = 0;
        } else {
            ++*vector;
        }
    }
    q->places = places_of(group, sample);
}

/* The quads of a tile; the random words of the next one are made beside the normals of this one. */
SIMD_INLINE void read_tile(quad *q, float *tile, size_t tile_row, size_t row0, size_t n_rows, size_t col0,
                           size_t n_cols, bool general)
{
    const size_t n_vectors = (n_cols + 15) / 16, n_spots = n_rows * n_vectors;
    const draw_keys keys = keys_of(&q->place->stream, q->place->draw_base + DRAW_NORMAL);
    size_t row = 0, vector = 0;
    quad other = *q, *now = q, *next = &other;
    vu word[4];
    vf z[4];
    next_spots(now, &row, &vector, n_rows, row0, col0, n_cols, tile, tile_row);
    philox_words(&keys, &now->places, word);
    for (size_t i = 0; i + 4 < n_spots; i += 4) {
        next_spots(next, &row, &vector, n_rows, row0, col0, n_cols, tile, tile_row);
        next_normals(&keys, &next->places, word, z);
        read_quad(now, z, 4, general);
        quad *swap = now;
        now = next;
        next = swap;
    }
    normals_of(word, z);
    read_quad(now, z, n_spots - (n_spots - 1) / 4 * 4, general);
}

static void count_read(const ajp_gemm *gemm, float *tile, size_t tile_row, size_t row0, size_t n_rows,
                       size_t col0, size_t n_cols)
{
    const ajp_count_read *r = gemm->store_user;
    const ajp_read_place place = {.stream = r->stream,
                                  .sample0 = r->sample0,
                                  .n_reps = r->n_reps,
                                  .row_sample = r->row_sample,
                                  .row_rep = r->row_rep,
                                  .rep_stride = r->rep_stride,
                                  .element0 = r->element0,
                                  .draw_base = r->draw_base};
    quad q = {.gemm = gemm, .read = r, .place = &place};
    q.joined = r->extra_variance >= HIDES_LATTICE || r->squares != NULL;
    if (r->phase_sigma > 0.0F || r->squares != NULL || (!q.joined && r->extra_variance > 0.0F) ||
        r->one_rail || r->totals != NULL)
        read_tile(&q, tile, tile_row, row0, n_rows, col0, n_cols, true);
    else
        read_tile(&q, tile, tile_row, row0, n_rows, col0, n_cols, false);
}

#endif

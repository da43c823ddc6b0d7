/* body_analog.h: one read of an analog array, applied to finished register tiles (the law is in kernels.h).
 */
#ifndef AJP_BODY_ANALOG_H
#define AJP_BODY_ANALOG_H

#include "body_read.h"

SIMD_INLINE vf analog_variance(const ajp_gemm *g, const ajp_analog_read *r, const spot *at, vf z)
{
    vf variance = vf_set1(0.0F);
    if (r->sample_variance != NULL) variance = vf_set1(r->sample_variance[at->row]);
    if (r->row_variance != NULL) variance = vf_mul(variance, vf_load(r->row_variance + at->column));
    if (r->second != NULL) {
        const float *second = r->second + at->row * g->c_row + at->column / 16 * g->c_vector;
        variance =
            vf_fma(vf_set1(r->second_gain[at->row]), vf_load_n(second, at->lanes, vf_set1(0.0F)), variance);
    }
    if (r->relative_variance > 0.0F) variance = vf_fma(vf_mul(z, z), vf_set1(r->relative_variance), variance);
    return vf_max(vf_set1(0.0F), variance);
}

/* normal: of this spot, or NULL. */
SIMD_INLINE void analog_spot(const ajp_gemm *g, const ajp_analog_read *r, const spot *at, const vf *normal)
{
    vf z = vf_mul(vf_set1(r->sample_gain[at->row]), vf_load(at->tile));
    if (normal != NULL) z = vf_fma(vf_sqrt(analog_variance(g, r, at, z)), *normal, z);
    if (r->adc.kind != AJP_ADC_IDEAL) {
        vm outside;
        z = convert(&r->adc, z, &outside);
        const unsigned over = vm_bits(outside) & valid(at);
        if (over != 0 && r->n_clipped != NULL)
            __atomic_fetch_add(&r->n_clipped[at->row], (uint32_t)__builtin_popcount(over), __ATOMIC_RELAXED);
    }
    if (r->row_offset != NULL) z = vf_sub(z, vf_load(r->row_offset + at->column));
    if (r->sample_reference != NULL) z = vf_sub(z, vf_set1(r->sample_reference[at->row]));
    vf decode = vf_set1(r->sample_decode[at->row]);
    if (r->row_decode != NULL) decode = vf_mul(decode, vf_load(r->row_decode + at->column));
    float *c = g->c + at->row * g->c_row + at->column / 16 * g->c_vector;
    vf x = r->accumulate ? vf_fma(decode, z, vf_load_n(c, at->lanes, vf_set1(0.0F))) : vf_mul(decode, z);
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

/* Four vectors at a time, because random numbers come in fours; those of the next four are made beside the
 * normals of these (body_read.h does the same). */
SIMD_INLINE void analog_noisy(const ajp_gemm *gemm, float *tile, size_t tile_row, size_t row0, size_t n_rows,
                              size_t col0, size_t n_cols)
{
    const ajp_analog_read *r = gemm->store_user;
    const size_t n_vectors = (n_cols + 15) / 16, n_spots = n_rows * n_vectors;
    const draw_keys keys = keys_of(&r->place.stream, r->place.draw_base + DRAW_NORMAL);
    size_t row = 0, vector = 0;
    quad first = {.gemm = gemm, .place = &r->place}, second = first, *now = &first, *next = &second;
    vu word[4];
    vf z[4];
    next_spots(now, &row, &vector, n_rows, row0, col0, n_cols, tile, tile_row);
    philox_words(&keys, &now->places, word);
    for (size_t i = 0; i + 4 < n_spots; i += 4) {
        next_spots(next, &row, &vector, n_rows, row0, col0, n_cols, tile, tile_row);
        next_normals(&keys, &next->places, word, z);
#pragma GCC unroll 4
        for (unsigned k = 0; k < 4; k++) analog_spot(gemm, r, &now->at[k], &z[k]);
        quad *swap = now;
        now = next;
        next = swap;
    }
    normals_of(word, z);
    const size_t left = n_spots - (n_spots - 1) / 4 * 4;
    for (unsigned k = 0; k < 4 && k < left; k++) analog_spot(gemm, r, &now->at[k], &z[k]);
}

static void analog_read(const ajp_gemm *gemm, float *tile, size_t tile_row, size_t row0, size_t n_rows,
                        size_t col0, size_t n_cols)
{
    const ajp_analog_read *r = gemm->store_user;
    if (r->noisy) {
        analog_noisy(gemm, tile, tile_row, row0, n_rows, col0, n_cols);
        return;
    }
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < n_cols; j += 16) {
            const spot at = {tile + i * tile_row + j, row0 + i, col0 + j, n_cols - j < 16 ? n_cols - j : 16};
            analog_spot(gemm, r, &at, NULL);
        }
}

#endif

/* body_clicks.h: one read of detectors that tell light from none, applied to finished register tiles (the law
 * is in kernels.h). */
#ifndef AJP_BODY_CLICKS_H
#define AJP_BODY_CLICKS_H

#include "body_read.h"

/* Probability of a click; all of it with light beyond 100 photons. */
SIMD_INLINE vf click_probability(const ajp_click_read *r, const spot *at)
{
    const vf zero = vf_set1(0.0F), y = vf_load(at->tile), magnitude = vf_abs(y);
    vf light = vf_mul(vf_set1(r->sample_gain[at->row]), r->coherent ? vf_mul(y, y) : magnitude);
    light = vf_min(vf_max(light, zero), vf_set1(100.0F));
    const vf miss = vf_mul(vf_set1(1.0F - r->dark), v_exp(vf_sub(zero, light)));
    return vf_select(vf_nan(y), y, vf_sub(vf_set1(1.0F), miss));
}

/* share: of the shots that clicked, or the probability itself. */
SIMD_INLINE void click_spot(const ajp_gemm *g, const ajp_click_read *r, const spot *at, vf share)
{
    if (r->is_signed)
        share = vf_select(vf_lt(vf_load(at->tile), vf_set1(0.0F)), vf_sub(vf_set1(0.0F), share), share);
    float *c = g->c + at->row * g->c_row + at->column / 16 * g->c_vector;
    const vf decode = vf_set1(r->sample_decode[at->row]);
    vf x =
        r->accumulate ? vf_fma(decode, share, vf_load_n(c, at->lanes, vf_set1(0.0F))) : vf_mul(decode, share);
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

/* Four vectors of outputs: a uniform below the probability is a click. */
static __attribute__((noinline)) void click_quad(const quad *q, const ajp_click_read *r, size_t n_spots)
{
    const vf zero = vf_set1(0.0F), one = vf_set1(1.0F);
    vf chance[4], clicks[4], u[4];
    for (unsigned k = 0; k < 4; k++) {
        chance[k] = click_probability(r, &q->at[k]);
        clicks[k] = zero;
    }
    for (unsigned shot = 0; shot < r->n_shots; shot++) {
        uniforms4(&r->place.stream, &q->places, r->place.draw_base + shot, u);
        for (unsigned k = 0; k < 4; k++)
            clicks[k] = vf_add(clicks[k], vf_select(vf_lt(u[k], chance[k]), one, zero));
    }
    const vf shots = vf_set1((float)r->n_shots);
    for (unsigned k = 0; k < 4 && k < n_spots; k++) {
        vf share = r->n_shots > 0 ? vf_div(clicks[k], shots) : chance[k];
        click_spot(q->gemm, r, &q->at[k], vf_select(vf_nan(chance[k]), chance[k], share));
    }
}

static void click_read(const ajp_gemm *gemm, float *tile, size_t tile_row, size_t row0, size_t n_rows,
                       size_t col0, size_t n_cols)
{
    const ajp_click_read *r = gemm->store_user;
    const size_t n_vectors = (n_cols + 15) / 16, n_spots = n_rows * n_vectors;
    size_t row = 0, vector = 0;
    quad q = {.gemm = gemm, .place = &r->place};
    for (size_t i = 0; i < n_spots; i += 4) {
        next_spots(&q, &row, &vector, n_rows, row0, col0, n_cols, tile, tile_row);
        click_quad(&q, r, n_spots - i);
    }
}

#endif

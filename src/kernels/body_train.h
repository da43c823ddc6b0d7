/* body_train.h: what training of convolutional networks does beside products, on rows of places whose
 * channels lie together: sums and affine maps with a constant for every column, windows added back. Every
 * number is one chain of operations in a fixed order. */
#ifndef AJP_BODY_TRAIN_H
#define AJP_BODY_TRAIN_H

#include "body_math.h"

static void column_products(const float *x, size_t x_row, const float *shift, const float *z, size_t z_row,
                            size_t m, size_t n, float *out)
{
    const vf zero = vf_set1(0.0F);
    for (size_t j = 0; j < n; j += 16) {
        const size_t lanes = n - j < 16 ? n - j : 16;
        const vf offset = vf_load_n(shift + j, lanes, zero);
        vf sum = zero;
        for (size_t i = 0; i < m; i++) {
            const vf y = vf_sub(vf_load_n(x + i * x_row + j, lanes, zero), offset);
            sum = vf_fma(y, z == NULL ? y : vf_load_n(z + i * z_row + j, lanes, zero), sum);
        }
        vf_store_n(out + j, sum, lanes);
    }
}

static void scale_columns(const ajp_column_scale *s)
{
    const vf zero = vf_set1(0.0F);
    for (size_t i = 0; i < s->m; i++) {
        const float *x = s->x + i * s->x_row;
        float *y = s->y + i * s->y_row;
        for (size_t j = 0; j < s->n; j += 16) {
            const size_t lanes = s->n - j < 16 ? s->n - j : 16;
            vf v = vf_sub(vf_load_n(x + j, lanes, zero), vf_load_n(s->shift + j, lanes, zero));
            v = vf_fma(v, vf_load_n(s->scale + j, lanes, zero), vf_load_n(s->offset + j, lanes, zero));
            if (s->z != NULL)
                v = vf_fma(vf_load_n(s->z + i * s->z_row + j, lanes, zero),
                           vf_load_n(s->z_scale + j, lanes, zero), v);
            if (s->accumulate) v = vf_add(vf_load_n(y + j, lanes, zero), v);
            if (s->activation != AJP_ACTIVATION_NONE)
                v = v_activate(v, s->activation, s->activation_parameter);
            vf_store_n(y + j, v, lanes);
        }
    }
}

static void add_windows(const ajp_window_spread *s)
{
    const vf zero = vf_set1(0.0F);
    for (size_t i = 0; i < s->n_places; i++) {
        const float *x = s->x + i * s->x_place;
        float *y = s->y + i * s->y_place;
        for (size_t r = 0; r < s->n_jumps; r++)
            for (size_t c = 0; c < s->n_channels; c += 16) {
                const size_t lanes = s->n_channels - c < 16 ? s->n_channels - c : 16;
                float *to = y + s->jump[r] + c;
                const vf more = vf_load_n(x + r * s->n_channels + c, lanes, zero);
                vf_store_n(to, vf_add(vf_load_n(to, lanes, zero), more), lanes);
            }
    }
}

static void add_products(const ajp_window_spread *s, const float *w)
{
    const vf zero = vf_set1(0.0F);
    const size_t lanes = s->n_channels;
    for (size_t i = 0; i < s->n_places; i++) {
        const vf x = vf_load_n(s->x + i * s->x_place, lanes, zero);
        float *y = s->y + i * s->y_place;
        for (size_t t = 0; t < s->n_jumps; t++) {
            float *to = y + s->jump[t];
            vf_store_n(to, vf_fma(x, vf_load(w + 16 * t), vf_load_n(to, lanes, zero)), lanes);
        }
    }
}

static void place_products(const ajp_window_spread *s, float *w)
{
    const vf zero = vf_set1(0.0F);
    const size_t lanes = s->n_channels;
    for (size_t t = 0; t < s->n_jumps; t++) {
        vf sum = vf_load(w + 16 * t);
        for (size_t i = 0; i < s->n_places; i++)
            sum = vf_fma(vf_load_n(s->x + i * s->x_place, lanes, zero),
                         vf_load_n(s->y + i * s->y_place + s->jump[t], lanes, zero), sum);
        vf_store(w + 16 * t, sum);
    }
}

static void largest_windows(const ajp_window_spread *s, const float *from, float *largest, float *where)
{
    for (size_t i = 0; i < s->n_places; i++)
        for (size_t c = 0; c < s->n_channels; c += 16) {
            const size_t lanes = s->n_channels - c < 16 ? s->n_channels - c : 16, at = i * s->x_place + c;
            vf most = vf_set1(-INFINITY), place = vf_set1(s->tap[0]);
            for (size_t t = 0; t < s->n_jumps; t++) {
                const vf x = vf_load_n(from + i * s->y_place + s->jump[t] + c, lanes, most);
                const vm more = vf_lt(most, x), odd = vf_nan(x);
                most = vf_select(odd, x, vf_select(more, x, most));
                place = vf_select(odd, vf_set1(s->tap[t]), vf_select(more, vf_set1(s->tap[t]), place));
            }
            vf_store_n(largest + at, most, lanes);
            vf_store_n(where + at, place, lanes);
        }
}

static void spread_windows(const ajp_window_spread *s, const float *where, float scale)
{
    const vf zero = vf_set1(0.0F), share = vf_set1(scale);
    for (size_t i = 0; i < s->n_places; i++)
        for (size_t c = 0; c < s->n_channels; c += 16) {
            const size_t lanes = s->n_channels - c < 16 ? s->n_channels - c : 16, at = i * s->x_place + c;
            const vf x = vf_mul(vf_load_n(s->x + at, lanes, zero), share);
            const vf place = where != NULL ? vf_load_n(where + at, lanes, zero) : zero;
            for (size_t t = 0; t < s->n_jumps; t++) {
                float *to = s->y + i * s->y_place + s->jump[t] + c;
                const vf tap = vf_set1(where != NULL ? s->tap[t] : 0.0F);
                const vf more = vf_select(vm_and(vf_le(place, tap), vf_le(tap, place)), x, zero);
                vf_store_n(to, vf_add(vf_load_n(to, lanes, zero), more), lanes);
            }
        }
}

#endif

/* pack.c: weights in vectors of 16 outputs, the order in which the products read them. */
#include <string.h>

#include "kernels.h"

size_t ajp_packed_size(size_t n, size_t k)
{
    return ajp_round_up(n, AJP_LANES) * k;
}

void ajp_pack_out_in(const float *w, size_t n, size_t k, size_t w_row, float *packed)
{
    for (size_t j0 = 0; j0 < n; j0 += AJP_LANES) {
        const size_t lanes = ajp_min_size(AJP_LANES, n - j0);
        float *out = packed + j0 * k;
        /* 16 inputs at a time, so that the lines of 16 rows of w are used up while they are close. */
        for (size_t p0 = 0; p0 < k; p0 += 16) {
            const size_t p1 = ajp_min_size(p0 + 16, k);
            for (size_t j = 0; j < AJP_LANES; j++) {
                const float *row = w + (j0 + j) * w_row;
                for (size_t p = p0; p < p1; p++) out[p * AJP_LANES + j] = j < lanes ? row[p] : 0.0F;
            }
        }
    }
}

void ajp_pack_in_out(const float *w, size_t n, size_t k, size_t w_row, float *packed)
{
    for (size_t j0 = 0; j0 < n; j0 += AJP_LANES) {
        const size_t lanes = ajp_min_size(AJP_LANES, n - j0);
        for (size_t p = 0; p < k; p++) {
            float *out = packed + j0 * k + p * AJP_LANES;
            memcpy(out, w + p * w_row + j0, lanes * sizeof *out);
            for (size_t j = lanes; j < AJP_LANES; j++) out[j] = 0.0F;
        }
    }
}

void ajp_unpack_out_in(const float *packed, size_t n, size_t k, float *w, size_t w_row)
{
    for (size_t j = 0; j < n; j++) {
        const float *in = packed + j / AJP_LANES * AJP_LANES * k + j % AJP_LANES;
        for (size_t p = 0; p < k; p++) w[j * w_row + p] = in[p * AJP_LANES];
    }
}

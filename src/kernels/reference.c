/* reference.c: plain loops that define what the fast kernels must give. */
#include <math.h>

#include "kernels.h"

static float activate(float x, ajp_activation activation, float parameter)
{
    switch (activation) {
    case AJP_ACTIVATION_RELU:
        return x < 0.0F ? 0.0F : x;
    case AJP_ACTIVATION_LEAKY_RELU:
        return x < 0.0F ? parameter * x : x;
    case AJP_ACTIVATION_SIGMOID:
        return (float)(1.0 / (1.0 + exp(-(double)x)));
    case AJP_ACTIVATION_TANH:
        return (float)tanh((double)x);
    case AJP_ACTIVATION_NONE:
        break;
    }
    return x;
}

void ajp_reference_gemm(const ajp_gemm *g)
{
    for (size_t i = 0; i < g->m; i++)
        for (size_t j = 0; j < g->n; j++) {
            float *c = g->c + i * g->c_row + j / AJP_LANES * g->c_vector + j % AJP_LANES;
            const float *b = g->b + j / AJP_LANES * g->b_vector + j % AJP_LANES;
            float sum = g->accumulate ? *c : 0.0F;
            for (size_t p = 0; p < g->k; p++)
                sum = fmaf(g->a[i * g->a_row + p * g->a_col], b[p * g->b_row], sum);
            if (g->bias != NULL) sum += g->bias[j];
            *c = activate(sum, g->activation, g->activation_parameter);
        }
}

uint32_t ajp_reference_word(const ajp_stream *stream, uint64_t sample, unsigned draw, size_t element)
{
    const uint32_t counter[4] = {(uint32_t)(element / 4), (uint32_t)sample, stream->layer_tile,
                                 stream->trial << 8 | draw};
    uint32_t words[4];
    aj_philox4x32(stream->key, counter, words);
    return words[element % 4];
}

double ajp_reference_normal(const ajp_stream *stream, uint64_t sample, unsigned draw, size_t element)
{
    const double quarter = 0.78539816339744830962; /* pi/4 */
    const uint32_t w = ajp_reference_word(stream, sample, draw, element & ~(size_t)1);
    const uint32_t v = ajp_reference_word(stream, sample, draw, element | 1);
    const double radius = sqrt(-2.0 * log(((double)w + 0.5) * 0x1p-32));
    const double t = (double)(int32_t)(v << 2) * 0x1p-31 * quarter;
    const double x = (v >> 31 != 0 ? -cos(t) : cos(t)), y = sin(t);
    const bool turned = (v >> 30 & 1U) != 0;
    return radius * ((element & 1) != 0 ? (turned ? x : y) : (turned ? y : x));
}

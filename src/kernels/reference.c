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
    case AJP_ACTIVATION_CLIPPED_RELU:
        x = x < 0.0F ? 0.0F : x;
        return x > parameter ? parameter : x;
    case AJP_ACTIVATION_SWISH:
        return x * (float)(1.0 / (1.0 + exp(-(double)x)));
    case AJP_ACTIVATION_HARD_SWISH: {
        float share = fmaf(x, 1.0F / 6.0F, 0.5F);
        return x * (share < 0.0F ? 0.0F : share > 1.0F ? 1.0F : share);
    }
    case AJP_ACTIVATION_TANH:
        return (float)tanh((double)x);
    case AJP_ACTIVATION_NONE:
        break;
    }
    return x;
}

static size_t in_groups(const ajp_gemm *g, size_t i, size_t group_row, size_t row)
{
    return g->group == 0 ? i * row : i / g->group * group_row + i % g->group * row;
}

static size_t in_runs(const ajp_gemm *g, const size_t *jump, size_t p, size_t col)
{
    return jump == NULL ? p * col : jump[p / g->run] + p % g->run * col;
}

void ajp_reference_gemm(const ajp_gemm *g)
{
    for (size_t i = 0; i < g->m; i++)
        for (size_t j = 0; j < g->n; j++) {
            const size_t at =
                in_groups(g, i, g->c_group_row, g->c_row) + j / AJP_LANES * g->c_vector + j % AJP_LANES;
            const float *a = g->a + in_groups(g, i, g->a_group_row, g->a_row);
            const float *b = g->b + j / AJP_LANES * g->b_vector + j % AJP_LANES;
            float sum = g->accumulate ? g->c[at] : 0.0F;
            for (size_t p = 0; p < g->k; p++)
                sum = fmaf(a[in_runs(g, g->a_jump, p, g->a_col)], b[in_runs(g, g->b_jump, p, g->b_row)], sum);
            if (g->bias != NULL) sum += g->bias[j];
            if (g->add != NULL) sum += g->add[at];
            g->c[at] = activate(sum, g->activation, g->activation_parameter);
        }
}

static float window_value(const ajp_window *w, const float *x, size_t channel)
{
    float value = w->kind == AJP_WINDOW_LARGEST ? -INFINITY : 0.0F;
    for (size_t j = 0; j < w->n_jumps; j++) {
        const float one = x[w->jump[j]];
        if (w->kind == AJP_WINDOW_PRODUCT)
            value = fmaf(one, w->w[w->w_jump[j] + channel], value);
        else if (w->kind == AJP_WINDOW_MEAN)
            value += one;
        else if (isnan(one) || value < one)
            value = one;
        if (w->kind == AJP_WINDOW_LARGEST && isnan(value)) break;
    }
    return w->kind == AJP_WINDOW_MEAN ? value * w->scale : value;
}

void ajp_reference_window(const ajp_window *w)
{
    for (size_t l = 0; l < w->n_lines; l++)
        for (size_t i = 0; i < w->n_places; i++)
            for (size_t c = 0; c < w->n_channels; c++) {
                const size_t at = l * w->y_line + i * w->y_place + c;
                float y = window_value(w, w->x + l * w->x_line + i * w->x_place + c, c);
                if (w->bias != NULL) y += w->bias[c];
                if (w->add != NULL) y += w->add[at];
                w->y[at] = activate(y, w->activation, w->activation_parameter);
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

/* body_maps.h: element-wise maps, softmax, sums and the optimisers' updates, over 16 lanes. */
#ifndef AJP_BODY_MAPS_H
#define AJP_BODY_MAPS_H

#include "body_math.h"

/* Runs `expression` (of x, a vector) over n elements, the last vector masked. */
#define MAP_LOOP(expression)                                \
    do {                                                    \
        size_t i = 0;                                       \
        for (; i + 16 <= n; i += 16) {                      \
            vf x = vf_load(in + i);                         \
            vf_store(out + i, expression);                  \
        }                                                   \
        if (i < n) {                                        \
            vf x = vf_load_n(in + i, n - i, vf_set1(0.0F)); \
            vf_store_n(out + i, expression, n - i);         \
        }                                                   \
    } while (0)

static void map(ajp_map kind, const float *in, float *out, size_t n, float a, float b)
{
    const vf va = vf_set1(a), vb = vf_set1(b);
    switch (kind) {
    case AJP_MAP_RELU:
        MAP_LOOP(v_relu(x));
        break;
    case AJP_MAP_LEAKY_RELU:
        MAP_LOOP(v_leaky_relu(x, va));
        break;
    case AJP_MAP_SIGMOID:
        MAP_LOOP(v_sigmoid(x));
        break;
    case AJP_MAP_TANH:
        MAP_LOOP(v_tanh(x));
        break;
    case AJP_MAP_EXP:
        MAP_LOOP(v_exp(x));
        break;
    case AJP_MAP_LOG:
        MAP_LOOP(v_log(x));
        break;
    case AJP_MAP_COS:
        MAP_LOOP(v_cos(x));
        break;
    case AJP_MAP_AFFINE:
        MAP_LOOP(vf_fma(va, x, vb));
        break;
    case AJP_MAP_CLIP:
        MAP_LOOP(vf_min(vb, vf_max(va, x)));
        break;
    case AJP_MAP_ERF:
        MAP_LOOP(v_erf(x));
        break;
    case AJP_MAP_GELU:
        MAP_LOOP(v_gelu(x));
        break;
    case AJP_MAP_GELU_TANH:
        MAP_LOOP(v_gelu_tanh(x));
        break;
    case AJP_MAP_SQRT:
        MAP_LOOP(vf_sqrt(x));
        break;
    case AJP_MAP_HARD_SIGMOID:
        MAP_LOOP(v_hard_sigmoid(x, va, vb));
        break;
    case AJP_MAP_HARD_SWISH:
        MAP_LOOP(v_hard_swish(x));
        break;
    case AJP_MAP_MISH:
        MAP_LOOP(v_mish(x));
        break;
    case AJP_N_MAPS:
        break;
    }
}

/* Four vectors of sums in flight; they are added by a fixed tree, so the result depends on n alone. */
static void moments(const float *x, size_t n, float *sum_squares, float *max_abs)
{
    const vf zero = vf_set1(0.0F);
    vf sum[4] = {zero, zero, zero, zero}, largest[4] = {zero, zero, zero, zero};
    size_t i = 0;
    for (; i + 64 <= n; i += 64)
        for (size_t v = 0; v < 4; v++) {
            vf y = vf_load(x + i + 16 * v);
            sum[v] = vf_fma(y, y, sum[v]);
            largest[v] = vf_max(vf_abs(y), largest[v]);
        }
    for (size_t v = 0; i < n; i += 16, v++) {
        vf y = vf_load_n(x + i, n - i < 16 ? n - i : 16, zero);
        sum[v] = vf_fma(y, y, sum[v]);
        largest[v] = vf_max(vf_abs(y), largest[v]);
    }
    *sum_squares = vf_sum(vf_add(vf_add(sum[0], sum[1]), vf_add(sum[2], sum[3])));
    *max_abs = vf_largest(vf_max(vf_max(largest[0], largest[1]), vf_max(largest[2], largest[3])));
}

/* Of x - shift, or of its square. */
SIMD_INLINE float sum_lanes(const float *x, size_t n, vf shift, bool squared)
{
    const vf zero = vf_set1(0.0F);
    vf sums[4] = {zero, zero, zero, zero};
    size_t i = 0;
    for (; i + 64 <= n; i += 64)
        for (size_t v = 0; v < 4; v++) {
            vf y = vf_sub(vf_load(x + i + 16 * v), shift);
            sums[v] = squared ? vf_fma(y, y, sums[v]) : vf_add(sums[v], y);
        }
    for (size_t v = 0; i < n; i += 16, v++) { /* lanes beyond the end hold the shift, so that they add 0 */
        vf y = vf_sub(vf_load_n(x + i, n - i < 16 ? n - i : 16, shift), shift);
        sums[v] = squared ? vf_fma(y, y, sums[v]) : vf_add(sums[v], y);
    }
    return vf_sum(vf_add(vf_add(sums[0], sums[1]), vf_add(sums[2], sums[3])));
}

static float sum(const float *x, size_t n)
{
    return sum_lanes(x, n, vf_set1(0.0F), false);
}

static void normalize(const float *x, size_t n, float epsilon, const float *scale, const float *bias,
                      float *y, float moments_out[2])
{
    const vf zero = vf_set1(0.0F);
    const float mean = sum_lanes(x, n, zero, false) / (float)n;
    const vf shift = vf_set1(mean);
    const float variance = sum_lanes(x, n, shift, true) / (float)n,
                inverse = 1.0F / sqrtf(variance + epsilon);
    const vf factor = vf_set1(inverse);
    for (size_t i = 0; i < n; i += 16) {
        size_t lanes = n - i < 16 ? n - i : 16;
        vf z = vf_mul(vf_sub(vf_load_n(x + i, lanes, zero), shift), factor);
        if (scale != NULL) z = vf_mul(z, vf_load_n(scale + i, lanes, zero));
        if (bias != NULL) z = vf_add(z, vf_load_n(bias + i, lanes, zero));
        vf_store_n(y + i, z, lanes);
    }
    moments_out[0] = mean;
    moments_out[1] = inverse;
}

/* The largest element, and the sum of exp(x - largest); with `out`, the exponentials are left there. */
SIMD_INLINE void softmax_row(const float *in, float *out, size_t n, bool logarithm)
{
    const vf none = vf_set1(-INFINITY);
    vf top = none, sum = vf_set1(0.0F);
    for (size_t i = 0; i < n; i += 16) top = vf_max(vf_load_n(in + i, n - i < 16 ? n - i : 16, none), top);
    const vf largest = vf_set1(vf_largest(top));
    for (size_t i = 0; i < n; i += 16) {
        size_t lanes = n - i < 16 ? n - i : 16;
        vf shifted = vf_sub(vf_load_n(in + i, lanes, none), largest);
        vf e = v_exp(shifted);
        sum = vf_add(sum, e);
        vf_store_n(out + i, logarithm ? shifted : e, lanes);
    }
    float total[16] = {vf_sum(sum)};
    vf log_total = v_log(vf_load(total));
    float logs[16];
    vf_store(logs, log_total);
    const vf divisor = vf_set1(total[0]), offset = vf_set1(logs[0]);
    for (size_t i = 0; i < n; i += 16) {
        size_t lanes = n - i < 16 ? n - i : 16;
        vf x = vf_load_n(out + i, lanes, vf_set1(0.0F));
        vf_store_n(out + i, logarithm ? vf_sub(x, offset) : vf_div(x, divisor), lanes);
    }
}

static void softmax(const float *in, size_t in_row, float *out, size_t out_row, size_t m, size_t n,
                    bool logarithm)
{
    for (size_t i = 0; i < m; i++) {
        if (logarithm)
            softmax_row(in + i * in_row, out + i * out_row, n, true);
        else
            softmax_row(in + i * in_row, out + i * out_row, n, false);
    }
}

SIMD_INLINE void sgd_lanes(float *w, float *v, const float *g, size_t lanes, vf rate, vf momentum, vf decay)
{
    const vf zero = vf_set1(0.0F);
    vf weight = vf_load_n(w, lanes, zero);
    vf gradient = vf_fma(decay, weight, vf_load_n(g, lanes, zero));
    vf speed = vf_fma(momentum, vf_load_n(v, lanes, zero), gradient);
    vf_store_n(v, speed, lanes);
    vf_store_n(w, vf_sub(weight, vf_mul(rate, speed)), lanes);
}

static void sgd(float *w, float *v, const float *g, size_t n, float rate, float momentum, float decay)
{
    const vf r = vf_set1(rate), mu = vf_set1(momentum), d = vf_set1(decay);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) sgd_lanes(w + i, v + i, g + i, 16, r, mu, d);
    if (i < n) sgd_lanes(w + i, v + i, g + i, n - i, r, mu, d);
}

typedef struct {
    vf rate, beta1, rest1, beta2, rest2, epsilon, decay;
} adam_constants;

SIMD_INLINE void adam_lanes(float *w, float *m, float *v, const float *g, size_t lanes,
                            const adam_constants *c)
{
    const vf zero = vf_set1(0.0F);
    vf weight = vf_load_n(w, lanes, zero);
    vf gradient = vf_fma(c->decay, weight, vf_load_n(g, lanes, zero));
    vf mean = vf_fma(c->beta1, vf_load_n(m, lanes, zero), vf_mul(c->rest1, gradient));
    vf square = vf_fma(c->beta2, vf_load_n(v, lanes, zero), vf_mul(c->rest2, vf_mul(gradient, gradient)));
    vf_store_n(m, mean, lanes);
    vf_store_n(v, square, lanes);
    vf step = vf_div(vf_mul(c->rate, mean), vf_add(vf_sqrt(square), c->epsilon));
    vf_store_n(w, vf_sub(weight, step), lanes);
}

static void adam(float *w, float *m, float *v, const float *g, size_t n, float step_rate, float beta1,
                 float beta2, float epsilon, float decay)
{
    const adam_constants c = {vf_set1(step_rate),    vf_set1(beta1),   vf_set1(1.0F - beta1), vf_set1(beta2),
                              vf_set1(1.0F - beta2), vf_set1(epsilon), vf_set1(decay)};
    size_t i = 0;
    for (; i + 16 <= n; i += 16) adam_lanes(w + i, m + i, v + i, g + i, 16, &c);
    if (i < n) adam_lanes(w + i, m + i, v + i, g + i, n - i, &c);
}

static void relu_backward(const float *y, float *g, size_t n, float slope)
{
    const vf zero = vf_set1(0.0F), s = vf_set1(slope);
    for (size_t i = 0; i < n; i += 16) {
        size_t lanes = n - i < 16 ? n - i : 16;
        vf gradient = vf_load_n(g + i, lanes, zero);
        vm positive = vf_lt(zero, vf_load_n(y + i, lanes, zero));
        vf_store_n(g + i, vf_select(positive, gradient, vf_mul(s, gradient)), lanes);
    }
}

static void column_sums(const float *x, size_t x_row, size_t m, size_t n, float *out)
{
    const vf zero = vf_set1(0.0F);
    size_t j = 0;
    for (; j + 64 <= n; j += 64) {
        vf sum[4] = {zero, zero, zero, zero};
        for (size_t i = 0; i < m; i++)
            for (size_t v = 0; v < 4; v++) sum[v] = vf_add(sum[v], vf_load(x + i * x_row + j + 16 * v));
        for (size_t v = 0; v < 4; v++) vf_store(out + j + 16 * v, sum[v]);
    }
    for (; j < n; j += 16) {
        size_t lanes = n - j < 16 ? n - j : 16;
        vf sum = zero;
        for (size_t i = 0; i < m; i++) sum = vf_add(sum, vf_load_n(x + i * x_row + j, lanes, zero));
        vf_store_n(out + j, sum, lanes);
    }
}

#define BINARY_LOOP(operation)                                                                         \
    do {                                                                                               \
        for (size_t i = 0; i < n; i += 16) {                                                           \
            size_t lanes = n - i < 16 ? n - i : 16;                                                    \
            vf x = vf_load_n(a + i, lanes, vf_set1(0.0F)), z = vf_load_n(b + i, lanes, vf_set1(1.0F)); \
            vf_store_n(y + i, operation(x, z), lanes);                                                 \
        }                                                                                              \
    } while (0)

static void binary(char op, const float *a, const float *b, float *y, size_t n)
{
    switch (op) {
    case '+':
        BINARY_LOOP(vf_add);
        break;
    case '-':
        BINARY_LOOP(vf_sub);
        break;
    case '*':
        BINARY_LOOP(vf_mul);
        break;
    default:
        BINARY_LOOP(vf_div);
        break;
    }
}

#endif

/* Quantised operators over samples against sums of whole numbers: exact, also where a sum is longer than
 * float32 could hold. */
#include "op_case.h"

enum { N = 3 };

static int clamp(double v, int low, int high)
{
    return v < low ? low : v > high ? high : (int)v;
}

/* x as whole numbers, so that the first node gives them back: scale 1. */
static void quantize(build *b, const char *to, int64_t dtype, int zero)
{
    const float one = 1;
    const uint8_t byte = (uint8_t)zero;
    node(b, "QuantizeLinear", "quantize", "x,one,z", to);
    weights(b, "one", &one, 0, NULL);
    initializer(b, "z", dtype, 0, NULL, &byte, 1);
}

static void as_float(build *b, const char *from)
{
    node_begin(b, "Cast", "cast", from, "y");
    attribute_int(b, "to", AJP_FLOAT32);
    node_end(b);
}

static void test_matmul_integer(void)
{
    enum { K = 700, M = 5 };
    static float x[N * K], want[N * M];
    static int8_t w[K * M];
    const int8_t w_zero[M] = {0, -3, 7, 127, -128};
    for (size_t i = 0; i < N * K; i++)
        x[i] = (float)(255 - i % 2 * (i % 11)); /* near the top: sums of 45 million */
    for (size_t i = 0; i < K * M; i++) w[i] = (int8_t)(i % 5 == 3 ? -128 : 127 - (int)(i % 13));
    build b = op_start(13);
    quantize(&b, "q", AJP_UINT8, 0);
    node(&b, "MatMulInteger", "op", "q,w,,wz", "p");
    as_float(&b, "p");
    initializer(&b, "w", AJP_INT8, 2, (int64_t[]){K, M}, w, sizeof w);
    initializer(&b, "wz", AJP_INT8, 1, (int64_t[]){M}, w_zero, sizeof w_zero);
    for (size_t n = 0; n < N; n++)
        for (size_t m = 0; m < M; m++) {
            int sum = 0;
            for (size_t k = 0; k < K; k++) sum += (int)x[n * K + k] * (w[k * M + m] - w_zero[m]);
            want[n * M + m] = (float)sum;
        }
    op_expect(&b, "MatMulInteger", 2, (size_t[]){N, K}, x, want, N * M, true);
}

static void test_qlinear_matmul(void)
{
    enum { K = 300, M = 4 };
    static float x[N * 2 * K], want[N * 2 * M];
    static uint8_t w[K * M];
    const float a_scale = 0.02F, w_scale[M] = {0.01F, 0.03F, 0.002F, 0.5F}, y_scale = 0.7F;
    const int8_t y_zero = -5, a_zero = -1;
    const uint8_t w_zero[M] = {128, 3, 0, 255};
    for (size_t i = 0; i < N * 2 * K; i++) x[i] = (float)((int)(i * 7 % 256) - 127);
    for (size_t i = 0; i < K * M; i++) w[i] = (uint8_t)(i * 31 % 256);
    build b = op_start(13);
    quantize(&b, "q", AJP_INT8, -1);
    node(&b, "QLinearMatMul", "op", "q,as,az,w,ws,wz,ys,yz", "p");
    as_float(&b, "p");
    initializer(&b, "az", AJP_INT8, 0, NULL, &a_zero, 1);
    initializer(&b, "w", AJP_UINT8, 2, (int64_t[]){K, M}, w, sizeof w);
    initializer(&b, "wz", AJP_UINT8, 1, (int64_t[]){M}, w_zero, sizeof w_zero);
    initializer(&b, "yz", AJP_INT8, 0, NULL, &y_zero, 1);
    weights(&b, "as", &a_scale, 0, NULL);
    weights(&b, "ws", w_scale, 1, (int64_t[]){M});
    weights(&b, "ys", &y_scale, 0, NULL);
    for (size_t row = 0; row < N * 2; row++)
        for (size_t m = 0; m < M; m++) {
            double sum = 0;
            for (size_t k = 0; k < K; k++) {
                int q = clamp((double)x[row * K + k] - 1, -128, 127);
                sum += (q + 1) * ((double)w[k * M + m] - w_zero[m]);
            }
            sum = rint(sum * (double)(a_scale * w_scale[m] / y_scale)) - 5;
            want[row * M + m] = (float)clamp(sum, -128, 127);
        }
    op_expect(&b, "QLinearMatMul", 3, (size_t[]){N, 2, K}, x, want, N * 2 * M, true);
}

enum { C = 4, H = 6, W = 5, OUT = 6, GROUPS = 2, OH = 4, OW = 2 };
static uint8_t kernel[OUT * C / GROUPS * 2 * 3];

/* Strides 1 and 2, dilations 2 and 1, pads 0, 1 before and 0, 0 after. */
static double convolve(const float *x, size_t n, size_t o, size_t i, size_t j, int x_zero, int w_zero)
{
    double sum = 0;
    for (size_t c = 0; c < C / GROUPS; c++)
        for (size_t u = 0; u < 2; u++)
            for (size_t v = 0; v < 3; v++) {
                long row = (long)(i + 2 * u), column = (long)(2 * j + v) - 1;
                size_t channel = o / (OUT / GROUPS) * (C / GROUPS) + c;
                if (column < 0 || column >= W) continue;
                double q = clamp(
                    (double)x[((n * C + channel) * H + (size_t)row) * W + (size_t)column] + x_zero, 0, 255);
                sum += (q - x_zero) * ((double)kernel[((o * C / GROUPS + c) * 2 + u) * 3 + v] - w_zero);
            }
    return sum;
}

static void conv_attributes(build *b)
{
    attribute_ints(b, "strides", 2, (int64_t[]){1, 2});
    attribute_ints(b, "dilations", 2, (int64_t[]){2, 1});
    attribute_ints(b, "pads", 4, (int64_t[]){0, 1, 0, 0});
    attribute_int(b, "group", GROUPS);
    node_end(b);
    initializer(b, "w", AJP_UINT8, 4, (int64_t[]){OUT, C / GROUPS, 2, 3}, kernel, sizeof kernel);
}

static void test_conv(void)
{
    static float x[N * C * H * W], want[N * OUT * OH * OW];
    const float x_scale = 0.05F, w_scale[OUT] = {0.01F, 0.02F, 0.03F, 0.04F, 0.05F, 0.06F}, y_scale = 0.9F;
    const uint8_t x_zero = 100, w_zero[OUT] = {0, 100, 255, 3, 128, 77}, y_zero = 120;
    const int32_t bias[OUT] = {0, 1000, -2000, 30000, 7, -9};
    for (size_t i = 0; i < N * C * H * W; i++) x[i] = (float)((int)(i * 37 % 256) - 100);
    for (size_t i = 0; i < sizeof kernel; i++) kernel[i] = (uint8_t)(i * 53 % 256);
    build b = op_start(13);
    quantize(&b, "q", AJP_UINT8, 100);
    node_begin(&b, "QLinearConv", "op", "q,xs,z,w,ws,wz,ys,yz,b", "p");
    conv_attributes(&b);
    as_float(&b, "p");
    initializer(&b, "wz", AJP_UINT8, 1, (int64_t[]){OUT}, w_zero, sizeof w_zero);
    initializer(&b, "yz", AJP_UINT8, 0, NULL, &y_zero, 1);
    initializer(&b, "b", AJP_INT32, 1, (int64_t[]){OUT}, bias, sizeof bias);
    weights(&b, "xs", &x_scale, 0, NULL);
    weights(&b, "ws", w_scale, 1, (int64_t[]){OUT});
    weights(&b, "ys", &y_scale, 0, NULL);
    size_t k = 0;
    for (size_t n = 0; n < N; n++)
        for (size_t o = 0; o < OUT; o++)
            for (size_t at = 0; at < OH * OW; at++) {
                double sum = convolve(x, n, o, at / OW, at % OW, x_zero, w_zero[o]) + bias[o];
                sum = rint(sum * (double)(x_scale * w_scale[o] / y_scale)) + y_zero;
                want[k++] = (float)clamp(sum, 0, 255);
            }
    op_expect(&b, "QLinearConv", 4, (size_t[]){N, C, H, W}, x, want, k, true);

    b = op_start(13);
    quantize(&b, "q", AJP_UINT8, 100);
    node_begin(&b, "ConvInteger", "op", "q,w,z", "p");
    conv_attributes(&b);
    as_float(&b, "p");
    k = 0;
    for (size_t n = 0; n < N; n++)
        for (size_t o = 0; o < OUT; o++)
            for (size_t at = 0; at < OH * OW; at++)
                want[k++] = (float)convolve(x, n, o, at / OW, at % OW, x_zero, 0);
    op_expect(&b, "ConvInteger", 4, (size_t[]){N, C, H, W}, x, want, k, true);
}

/* There and back, a scale for each channel; halves go to the even number. */
static void test_linear(void)
{
    enum { A = 3, B = 40 };
    static float x[N * A * B], want[N * A * B];
    const float scale[A] = {0.5F, 2, 0.125F};
    const int8_t zero[A] = {0, -100, 100};
    for (size_t i = 0; i < N * A * B; i++) x[i] = (float)i * 0.25F - 40;
    build b = op_start(13);
    node(&b, "QuantizeLinear", "there", "x,s,z", "q");
    node(&b, "DequantizeLinear", "back", "q,s,z", "y");
    weights(&b, "s", scale, 1, (int64_t[]){A});
    initializer(&b, "z", AJP_INT8, 1, (int64_t[]){A}, zero, sizeof zero);
    for (size_t i = 0; i < N * A * B; i++) {
        size_t c = i / B % A;
        int q = clamp(rint((double)x[i] / (double)scale[c]) + zero[c], -128, 127);
        want[i] = (float)(q - zero[c]) * scale[c];
    }
    op_expect(&b, "there and back", 3, (size_t[]){N, A, B}, x, want, N * A * B, true);

    b = op_start(13); /* one scale for everything: from all samples together */
    node(&b, "DynamicQuantizeLinear", "op", "x", "q,s,z");
    node(&b, "DequantizeLinear", "back", "q,s,z", "y");
    const float low = -40, high = (float)(N * A * B - 1) * 0.25F - 40, step = (high - low) / 255;
    for (size_t i = 0; i < N * A * B; i++) {
        float top = rintf(-low / step);
        want[i] = ((float)clamp((double)(rintf(x[i] / step) + top), 0, 255) - top) * step;
    }
    op_expect(&b, "dynamic", 3, (size_t[]){N, A, B}, x, want, N * A * B, false);
}

int main(void)
{
    op_open();
    test_matmul_integer();
    test_qlinear_matmul();
    test_conv();
    test_linear();
    aj_context_destroy(context);
    return check_report();
}

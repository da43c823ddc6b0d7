/* Errors of our own exp, log, tanh, sigmoid and cos against the C library in double, in units of the last
 * place. */
#include <string.h>

#include "check.h"
#include "kernels/kernels.h"

static const ajp_kernels *kernels;

/* Distance of `got` from `want` in units of the last place of float at `want` (subnormals: of the smallest).
 */
static double ulps(float got, double want)
{
    if (isnan(want)) return isnan(got) ? 0.0 : INFINITY;
    if (isinf((float)want) || isinf(got))
        return (float)want == got ? 0.0 : isinf(got) && fabs(want) > 3.4028234e38 ? 0.0 : INFINITY;
    int exponent = 0;
    frexp(want, &exponent);
    const double unit = ldexp(1.0, (exponent < -125 ? -125 : exponent) - 24);
    return fabs((double)got - want) / unit;
}

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double gelu(double x)
{
    return x * 0.5 * erfc(-x * sqrt(0.5));
}
static double gelu_tanh(double x)
{
    return x * 0.5 * (1.0 + tanh(sqrt(2.0 / acos(-1.0)) * (x + 0.044715 * x * x * x)));
}
static double mish(double x)
{
    return x * tanh(log1p(exp(x)));
}
static double hard_swish(double x)
{
    return x * fmin(1.0, fmax(0.0, x / 6.0 + 0.5));
}

/* Largest error over n points from a to b, evenly spread or (log_spread) evenly in the logarithm. */
static double worst(ajp_map map, double (*exact)(double), double a, double b, bool log_spread)
{
    enum { N = 200000, CHUNK = 1000 };
    double largest = 0.0;
    float x[CHUNK], y[CHUNK], at = 0.0F;
    for (int i = 0; i < N; i += CHUNK) {
        for (int j = 0; j < CHUNK; j++) {
            const double t = ((double)(i + j) + 0.37) / N;
            x[j] = (float)(log_spread ? a * pow(b / a, t) : a + (b - a) * t);
        }
        kernels->map(map, x, y, CHUNK, 0.0F, 0.0F);
        for (int j = 0; j < CHUNK; j++)
            if (!(ulps(y[j], exact((double)x[j])) <= largest)) {
                largest = ulps(y[j], exact((double)x[j]));
                at = x[j];
            }
    }
    printf("map %d on %g .. %g: %.2f ulp at %.9g\n", (int)map, a, b, largest, (double)at);
    return largest;
}

static float one(ajp_map map, float x, float a, float b)
{
    float y;
    kernels->map(map, &x, &y, 1, a, b);
    return y;
}
static bool same(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void test_accuracy(void)
{
    CHECK(worst(AJP_MAP_EXP, exp, -87.3, 88.7, false) < 1.1);
    CHECK(worst(AJP_MAP_EXP, exp, -104.5, -87.0, false) < 1.1);
    CHECK(worst(AJP_MAP_EXP, exp, 1e-10, 1.0, true) < 1.1);
    CHECK(worst(AJP_MAP_LOG, log, 1e-37, 3e38, true) < 1.1);
    CHECK(worst(AJP_MAP_LOG, log, 1.5e-44, 1e-37, true) < 1.1);
    CHECK(worst(AJP_MAP_LOG, log, 0.5, 2.0, false) < 1.5);
    CHECK(worst(AJP_MAP_TANH, tanh, -10.0, 10.0, false) < 2.0);
    CHECK(worst(AJP_MAP_TANH, tanh, 1e-30, 1.0, true) < 2.0);
    CHECK(worst(AJP_MAP_SIGMOID, sigmoid, -20.0, 20.0, false) < 2.5);
    CHECK(worst(AJP_MAP_SIGMOID, sigmoid, -102.0, -20.0, false) < 2.5);
    CHECK(worst(AJP_MAP_COS, cos, -1.0, 1.0, false) < 2.0);
    CHECK(worst(AJP_MAP_ERF, erf, -6.0, 6.0, false) < 1.5);
    CHECK(worst(AJP_MAP_ERF, erf, 1e-30, 1.0, true) < 1.5);
    CHECK(worst(AJP_MAP_SQRT, sqrt, 1e-37, 3e38, true) <= 0.5);
    CHECK(worst(AJP_MAP_GELU, gelu, 0.0, 20.0, false) < 3.0);
    CHECK(worst(AJP_MAP_GELU, gelu, -3.0, 0.0, false) < 30.0);
    CHECK(worst(AJP_MAP_GELU_TANH, gelu_tanh, -3.0, 20.0, false) < 40.0);
    CHECK(worst(AJP_MAP_MISH, mish, -40.0, 60.0, false) < 5.0);
    CHECK(worst(AJP_MAP_HARD_SWISH, hard_swish, -2.9, 20.0, false) < 40.0); /* a difference near -3 */
    /* cosines near zero are only as good as the reduced argument: absolute error instead */
    float x[1000], y[1000];
    double largest = 0.0;
    for (int i = 0; i < 200; i++) {
        for (int j = 0; j < 1000; j++) x[j] = (float)(-1e4 + 0.1 * (i * 1000 + j) + 1e-3 * j);
        kernels->map(AJP_MAP_COS, x, y, 1000, 0.0F, 0.0F);
        for (int j = 0; j < 1000; j++) largest = fmax(largest, fabs((double)y[j] - cos((double)x[j])));
    }
    printf("cos to 1e4: %.3g\n", largest);
    CHECK(largest < 1.5e-7);
}

static void test_special(void)
{
    CHECK(same(one(AJP_MAP_EXP, 0.0F, 0, 0), 1.0F));
    CHECK(same(one(AJP_MAP_EXP, -INFINITY, 0, 0), 0.0F));
    CHECK(same(one(AJP_MAP_EXP, INFINITY, 0, 0), INFINITY));
    CHECK(same(one(AJP_MAP_EXP, 1e30F, 0, 0), INFINITY));
    CHECK(same(one(AJP_MAP_EXP, -1e30F, 0, 0), 0.0F));
    CHECK(same(one(AJP_MAP_LOG, 1.0F, 0, 0), 0.0F));
    CHECK(same(one(AJP_MAP_LOG, 0.0F, 0, 0), -INFINITY));
    CHECK(same(one(AJP_MAP_LOG, -0.0F, 0, 0), -INFINITY));
    CHECK(same(one(AJP_MAP_LOG, INFINITY, 0, 0), INFINITY));
    CHECK(isnan(one(AJP_MAP_LOG, -1.0F, 0, 0)));
    CHECK(isnan(one(AJP_MAP_LOG, -INFINITY, 0, 0)));
    CHECK(same(one(AJP_MAP_TANH, INFINITY, 0, 0), 1.0F));
    CHECK(same(one(AJP_MAP_TANH, -INFINITY, 0, 0), -1.0F));
    CHECK(same(one(AJP_MAP_TANH, -0.0F, 0, 0), -0.0F));
    CHECK(same(one(AJP_MAP_SIGMOID, 0.0F, 0, 0), 0.5F));
    CHECK(same(one(AJP_MAP_SIGMOID, INFINITY, 0, 0), 1.0F));
    CHECK(same(one(AJP_MAP_SIGMOID, -INFINITY, 0, 0), 0.0F));
    CHECK(same(one(AJP_MAP_COS, 0.0F, 0, 0), 1.0F));
    CHECK(isnan(one(AJP_MAP_COS, INFINITY, 0, 0)));
    CHECK(same(one(AJP_MAP_ERF, INFINITY, 0, 0), 1.0F));
    CHECK(same(one(AJP_MAP_ERF, -INFINITY, 0, 0), -1.0F));
    CHECK(same(one(AJP_MAP_ERF, -0.0F, 0, 0), -0.0F));
    CHECK(same(one(AJP_MAP_GELU, 1e30F, 0, 0), 1e30F));
    CHECK(one(AJP_MAP_GELU, -1e30F, 0, 0) == 0.0F);
    CHECK(one(AJP_MAP_GELU_TANH, -1e9F, 0, 0) == 0.0F);
    CHECK(same(one(AJP_MAP_HARD_SIGMOID, 3.0F, 0.25F, -0.25F), 0.5F));
    CHECK(same(one(AJP_MAP_HARD_SIGMOID, 9.0F, 0.25F, -0.25F), 1.0F));
    CHECK(same(one(AJP_MAP_HARD_SWISH, -3.0F, 0, 0), -0.0F));
    CHECK(same(one(AJP_MAP_RELU, -3.0F, 0, 0), 0.0F));
    CHECK(same(one(AJP_MAP_LEAKY_RELU, -2.0F, 0.25F, 0), -0.5F));
    CHECK(same(one(AJP_MAP_AFFINE, 3.0F, 2.0F, 1.0F), 7.0F));
    CHECK(same(one(AJP_MAP_CLIP, 3.0F, -1.0F, 2.0F), 2.0F));
    CHECK(same(one(AJP_MAP_CLIP, -3.0F, -1.0F, 2.0F), -1.0F));
    for (int map = AJP_MAP_RELU; map < AJP_N_MAPS; map++) CHECK(isnan(one((ajp_map)map, NAN, 0.5F, 2.0F)));
}

static void test_rows(void)
{
    float in[3][40], out[3][50], sum_squares = 0, largest = 0;
    double want = 0.0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 40; j++) in[i][j] = (float)(5.0 * sin(i * 40 + j * j));
    for (int logarithm = 0; logarithm < 2; logarithm++) {
        kernels->softmax(&in[0][0], 40, &out[0][0], 50, 3, 37, logarithm != 0);
        for (int i = 0; i < 3; i++) {
            double total = 0.0;
            for (int j = 0; j < 37; j++) total += exp((double)in[i][j]);
            for (int j = 0; j < 37; j++) {
                const double p = exp((double)in[i][j]) / total;
                CHECK_CLOSE(out[i][j], logarithm ? log(p) : p, 2e-6);
            }
        }
    }
    kernels->moments(&in[0][0], 119, &sum_squares, &largest);
    double top = 0.0;
    for (int i = 0; i < 119; i++) {
        want += (double)in[i / 40][i % 40] * in[i / 40][i % 40];
        top = fmax(top, fabs((double)in[i / 40][i % 40]));
    }
    CHECK_CLOSE(sum_squares, want, 1e-6);
    CHECK(largest == (float)top);
    kernels->moments(NULL, 0, &sum_squares, &largest);
    CHECK(sum_squares == 0.0F && largest == 0.0F);
    double mean = 0.0, variance = 0.0;
    for (int i = 0; i < 119; i++) mean += (double)in[i / 40][i % 40] / 119;
    for (int i = 0; i < 119; i++) variance += pow((double)in[i / 40][i % 40] - mean, 2) / 119;
    CHECK_NEAR(kernels->sum(&in[0][0], 119), 119 * mean, 1e-5 * sqrt(variance * 119));
    float normal[119], moments[2], scale[119], bias[119];
    for (int i = 0; i < 119; i++) scale[i] = 2.0F + sinf((float)i), bias[i] = (float)i;
    for (int both = 0; both < 2; both++) {
        kernels->normalize(&in[0][0], 119, 1e-3F, both ? scale : NULL, both ? bias : NULL, normal, moments);
        CHECK_NEAR(moments[0], mean, 1e-6);
        CHECK_CLOSE(moments[1], 1 / sqrt(variance + 1e-3), 1e-6);
        for (int i = 0; i < 119; i++) {
            const double z = ((double)in[i / 40][i % 40] - mean) / sqrt(variance + 1e-3);
            CHECK_NEAR(normal[i], both ? z * scale[i] + bias[i] : z, 2e-6 * (1 + fabs(z) + (both ? i : 0)));
        }
    }
    float sums[40];
    kernels->column_sums(&in[0][0], 40, 3, 33, sums);
    for (int j = 0; j < 33; j++) CHECK(sums[j] == (0.0F + in[0][j]) + in[1][j] + in[2][j]);
}

/* One step of each optimiser against the formulas in double. */
static void test_optimisers(void)
{
    float w[21], v[21], m[21], g[21], w0[21], v0[21], m0[21];
    for (int i = 0; i < 21; i++) {
        w0[i] = w[i] = sinf((float)i);
        m0[i] = m[i] = cosf((float)i);
        v0[i] = v[i] = 0.5F + 0.4F * sinf((float)(2 * i));
        g[i] = cosf((float)(3 * i));
    }
    kernels->sgd(w, v, g, 21, 0.1F, 0.9F, 0.01F);
    for (int i = 0; i < 21; i++) {
        const double speed = 0.9 * v0[i] + (g[i] + 0.01 * w0[i]);
        CHECK_NEAR(v[i], speed, 1e-6);
        CHECK_NEAR(w[i], w0[i] - 0.1 * speed, 1e-6);
    }
    memcpy(w, w0, sizeof w);
    memcpy(v, v0, sizeof v);
    kernels->adam(w, m, v, g, 21, 0.01F, 0.9F, 0.99F, 1e-3F, 0.01F);
    for (int i = 0; i < 21; i++) {
        const double gradient = g[i] + 0.01 * w0[i];
        const double mean = 0.9 * m0[i] + 0.1 * gradient, square = 0.99 * v0[i] + 0.01 * gradient * gradient;
        CHECK_NEAR(m[i], mean, 1e-6);
        CHECK_NEAR(v[i], square, 1e-6);
        CHECK_NEAR(w[i], w0[i] - 0.01 * mean / (sqrt(square) + 1e-3), 1e-6);
    }
    memcpy(g, m0, sizeof g);
    kernels->relu_backward(w0, g, 21, 0.25F);
    for (int i = 0; i < 21; i++) CHECK(g[i] == (w0[i] > 0.0F ? m0[i] : 0.25F * m0[i]));
}

int main(void)
{
    const aj_isa isas[3] = {AJ_ISA_AVX512, AJ_ISA_AVX2, AJ_ISA_SCALAR};
    for (int i = 0; i < 3; i++) {
        if (!aj_isa_supported(isas[i])) continue;
        kernels = ajp_kernels_for(isas[i]);
        test_special();
        test_rows();
        test_optimisers();
    }
    kernels = ajp_kernels_for(aj_isa_supported(AJ_ISA_AVX2) ? AJ_ISA_AVX2 : AJ_ISA_SCALAR);
    test_accuracy();
    return check_report();
}

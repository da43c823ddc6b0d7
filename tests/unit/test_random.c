/* The numbers are what they claim: moments to the fourth order, Kolmogorov-Smirnov, independence.
 * Fixed seeds; each limit is passed by a true generator with probability 1 - 1e-4 or better and misses a
 * standard deviation that is wrong by 1 % (the last test shows it). */
#include <stdlib.h>

#include "check.h"
#include "kernels/kernels.h"

enum { N_SAMPLES = 1000, N_ELEMENTS = 2000, N_ALL = N_SAMPLES * N_ELEMENTS };

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* sqrt(n) times the largest distance between the empirical distribution of sorted x and the normal of stddev
 * sigma. */
static double distance(const float *sorted, size_t n, double sigma)
{
    double largest = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double f = 0.5 * erfc(-sorted[i] / sigma / sqrt(2.0));
        largest = fmax(largest, fmax(f - (double)i / (double)n, (double)(i + 1) / (double)n - f));
    }
    return largest * sqrt((double)n);
}

static double correlation(const float *a, const float *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum / sqrt((double)n); /* standard normal when independent */
}

static ajp_stream stream_of(uint64_t seed, size_t layer, size_t tile, size_t trial)
{
    ajp_stream stream = {{0, 0}, 0, 0};
    aj_error err = {0};
    CHECK_OK(ajp_stream_make(&stream, seed, AJP_PURPOSE_READ, layer, tile, trial, &err), err);
    return stream;
}

static void draw(const ajp_kernels *k, const ajp_stream *s, unsigned number, float *out)
{
    for (size_t i = 0; i < N_SAMPLES; i++) k->normals(s, i, number, 0, N_ELEMENTS, out + i * N_ELEMENTS);
}

static void test_normals(const ajp_kernels *k, float *x, float *y)
{
    const ajp_stream stream = stream_of(1, 0, 0, 0);
    draw(k, &stream, 0, x);
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0;
    for (size_t i = 0; i < N_ALL; i++) {
        const double z = x[i];
        m1 += z;
        m2 += z * z;
        m3 += z * z * z;
        m4 += z * z * z * z;
    }
    const double n = N_ALL, four = 4.0; /* standard deviations */
    CHECK_NEAR(m1 / n, 0.0, four * sqrt(1 / n));
    CHECK_NEAR(m2 / n, 1.0, four * sqrt(2 / n));
    CHECK_NEAR(m3 / n, 0.0, four * sqrt(15 / n));
    CHECK_NEAR(m4 / n, 3.0, four * sqrt(96 / n));

    /* neighbours, both words of a pair, words of two pairs, samples, draws, layers, tiles, trials, seeds */
    for (size_t lag = 1; lag <= 70; lag++) CHECK_NEAR(correlation(x, x + lag, N_ALL - lag), 0.0, 4.5);
    CHECK_NEAR(correlation(x, x + N_ELEMENTS, N_ALL - N_ELEMENTS), 0.0, four);
    const ajp_stream others[] = {stream,
                                 stream_of(1, 1, 0, 0),
                                 stream_of(1, 0, 1, 0),
                                 stream_of(1, 0, 0, 1),
                                 stream_of(2, 0, 0, 0),
                                 stream_of(1ULL << 32 | 1, 0, 0, 0)};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        draw(k, &others[i], i == 0 ? 1 : 0, y);
        CHECK_NEAR(correlation(x, y, N_ALL), 0.0, four);
        double squares = 0.0; /* magnitudes must not go together either */
        for (size_t j = 0; j < N_ALL; j++) squares += ((double)x[j] * x[j] - 1) * ((double)y[j] * y[j] - 1);
        CHECK_NEAR(squares / 2.0 / sqrt(n), 0.0, four);
    }
    double pairs = 0.0; /* the radius is shared by a pair, yet the squares are independent */
    for (size_t j = 0; j < N_ALL; j += 2)
        pairs += ((double)x[j] * x[j] - 1) * ((double)x[j + 1] * x[j + 1] - 1);
    CHECK_NEAR(pairs / 2.0 / sqrt(n / 2), 0.0, four);

    qsort(x, N_ALL, sizeof *x, ascending);
    CHECK(distance(x, N_ALL, 1.0) < 2.2);  /* P = 1.3e-4 */
    CHECK(distance(x, N_ALL, 1.01) > 2.2); /* the test can fail */
    CHECK(x[0] > -7.0F && x[0] < -4.3F);
    CHECK(x[N_ALL - 1] < 7.0F && x[N_ALL - 1] > 4.3F);
}

static void test_uniforms(const ajp_kernels *k)
{
    enum { CELLS = 1024, DRAWS = 1 << 20 };
    static float u[DRAWS];
    static double count[CELLS], joint[32][32];
    const ajp_stream stream = stream_of(3, 0, 0, 0);
    k->uniforms(&stream, 17, 2, 0, DRAWS, u);
    for (size_t i = 0; i < DRAWS; i++) {
        if (!(u[i] > 0.0F && u[i] < 1.0F)) {
            CHECK(u[i] > 0.0F && u[i] < 1.0F);
            return;
        }
        count[(size_t)(u[i] * CELLS)] += 1.0;
        if (i + 1 < DRAWS) joint[(size_t)(u[i] * 32)][(size_t)(u[i + 1] * 32)] += 1.0;
    }
    double chi2 = 0.0, chi2_pairs = 0.0;
    for (size_t c = 0; c < CELLS; c++) {
        const double expected = (double)DRAWS / CELLS;
        chi2 += (count[c] - expected) * (count[c] - expected) / expected;
        chi2_pairs += (joint[c / 32][c % 32] - expected) * (joint[c / 32][c % 32] - expected) / expected;
    }
    CHECK_NEAR(chi2, CELLS - 1, 4.0 * sqrt(2.0 * CELLS));
    CHECK_NEAR(chi2_pairs, CELLS - 1, 4.5 * sqrt(2.0 * CELLS));
}

int main(void)
{
    float *x = malloc(N_ALL * sizeof *x), *y = malloc(N_ALL * sizeof *y);
    if (x == NULL || y == NULL) return 1;
    /* one instruction set is enough: unit/kernels_invariance says they are the same */
    const aj_isa isa = aj_isa_supported(AJ_ISA_AVX512) ? AJ_ISA_AVX512
                       : aj_isa_supported(AJ_ISA_AVX2) ? AJ_ISA_AVX2
                                                       : AJ_ISA_SCALAR;
    test_normals(ajp_kernels_for(isa), x, y);
    test_uniforms(ajp_kernels_for(isa));
    free(x);
    free(y);
    return check_report();
}

/* The read of balanced counts against its exact law: differences of Poisson counts (Skellam), with and
 * without a normal of extra variance.
 *
 * 400,000 draws a case, fixed seeds.  sqrt(n) times the Kolmogorov-Smirnov distance exceeds 2.2 by chance
 * with probability 1.3e-4; the corrected normal may add its known distance (0.0012 at 20 counts, falling as
 * 1/T).  A variance wrong by a factor of 1.05 moves the distribution by about 0.006, 3.8 in the same unit:
 * every case checks that it would be seen. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "kernels/kernels.h"

enum { ROWS = 400, COLUMNS = 1000, N_DRAWS = ROWS * COLUMNS, N_EDGES = 401 };

static const ajp_kernels *kernels;
static float charge[N_DRAWS];
static float ones[1024], zeros[1024], row_gain[1024], row_total[1024], b_packed[1024 * 2];

/* N_DRAWS charges of mean M and total T (each made of a part per sample and a part per row), into charge[][].
 */
static void draw(double mean, double total, ajp_count_read read, unsigned seed)
{
    static float sample_gain[ROWS], sample_total[ROWS], a[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        sample_gain[i] = 2.0F;
        sample_total[i] = (float)(0.25 * total);
        a[i] = (float)(4.0 * mean);
    }
    for (size_t j = 0; j < 1024; j++) {
        ones[j] = 1.0F;
        zeros[j] = 0.0F;
        row_gain[j] = 0.25F;
        row_total[j] = (float)(0.75 * total);
        b_packed[j] = 0.5F;
    }
    aj_error err = {0};
    CHECK_OK(ajp_stream_make(&read.stream, seed, AJP_PURPOSE_READ, 1, 0, 0, &err), err);
    read.n_reps = 1;
    read.sample_gain = sample_gain;
    read.sample_total = sample_total;
    read.sample_decode = ones;
    read.row_gain = row_gain;
    read.row_total = row_total;
    read.row_decode = ones;
    if (read.clip == 0.0F) read.clip = INFINITY;
    ajp_gemm g = {.m = ROWS,
                  .n = COLUMNS,
                  .k = 1,
                  .a = a,
                  .a_row = 1,
                  .a_col = 1,
                  .b = b_packed,
                  .b_row = 16,
                  .b_vector = 16,
                  .c = charge,
                  .c_row = COLUMNS,
                  .c_vector = 16,
                  .store = kernels->count_read,
                  .store_user = &read};
    kernels->gemm(&g);
}

/* Probabilities of a Poisson count; *n of them. */
static double *poisson(double mean, size_t *n)
{
    *n = (size_t)(mean + 12.0 * sqrt(mean) + 30.0);
    double *p = malloc(*n * sizeof *p);
    for (size_t i = 0; i < *n; i++)
        p[i] = mean > 0.0 ? exp((double)i * log(mean) - mean - lgamma((double)i + 1.0)) : i == 0 ? 1.0 : 0.0;
    return p;
}

/* Distribution function of n+ - n- + N(0, extra) at the edges. */
static void exact_law(double mean, double total, double extra, const double *edge, double *f)
{
    size_t n_plus, n_minus;
    double *plus = poisson((total + mean) / 2.0, &n_plus), *minus = poisson((total - mean) / 2.0, &n_minus);
    const size_t n = n_plus + n_minus - 1;
    double *p = calloc(n, sizeof *p);
    for (size_t i = 0; i < n_plus; i++)
        for (size_t j = 0; j < n_minus; j++) p[i + n_minus - 1 - j] += plus[i] * minus[j];
    for (size_t e = 0; e < N_EDGES; e++) {
        f[e] = 0.0;
        for (size_t i = 0; i < n; i++) {
            const double d = (double)i - (double)(n_minus - 1);
            if (p[i] < 1e-14) continue;
            f[e] += p[i] * (extra > 0.0    ? 0.5 * erfc((d - edge[e]) / sqrt(2.0 * extra))
                            : d <= edge[e] ? 1.0
                                           : 0.0);
        }
    }
    free(p);
    free(plus);
    free(minus);
}

/* sqrt(n) times the largest distance at the edges between the draws and the law. */
static double distance(const double *edge, const double *f)
{
    static double below[N_EDGES + 1];
    memset(below, 0, sizeof below);
    for (size_t i = 0; i < N_DRAWS; i++) {
        const double x = charge[i];
        size_t low = 0, high = N_EDGES; /* first edge >= x */
        while (low < high) {
            const size_t middle = (low + high) / 2;
            if (edge[middle] < x)
                low = middle + 1;
            else
                high = middle;
        }
        below[low] += 1.0;
    }
    double sum = 0.0, largest = 0.0;
    for (size_t e = 0; e < N_EDGES; e++) {
        sum += below[e];
        largest = fmax(largest, fabs(sum / N_DRAWS - f[e]));
    }
    return largest * sqrt((double)N_DRAWS);
}

static void check_moments(double mean, double total, double extra)
{
    double m1 = 0.0, m2 = 0.0, m3 = 0.0;
    const double n = N_DRAWS, variance = total + extra;
    for (size_t i = 0; i < N_DRAWS; i++) m1 += charge[i];
    m1 /= n;
    for (size_t i = 0; i < N_DRAWS; i++) {
        const double d = charge[i] - m1;
        m2 += d * d;
        m3 += d * d * d;
    }
    CHECK_NEAR(m1, mean, 4.0 * sqrt(variance / n));
    /* fourth cumulant of the counts: T.  0.0023: what the skewness term adds, at M = 0.9 T = 18 */
    CHECK_NEAR(m2 / n, variance,
               4.0 * sqrt((2.0 * variance * variance + total) / n) + (total >= 20.0 ? 0.05 : 0.0));
    CHECK_NEAR(m3 / n, mean,
               4.5 * sqrt(15.0 * variance * variance * variance / n) * (total < 20.0 ? 2.0 : 1.1));
}

static void test_law(double total, double ratio, double extra, unsigned seed)
{
    static double edge[N_EDGES], f[N_EDGES];
    const double mean = ratio * total, sigma = sqrt(total + extra);
    const ajp_count_read read = {.extra_variance = (float)extra};
    draw(mean, total, read, seed);
    for (size_t e = 0; e < N_EDGES; e++) {
        edge[e] = mean + sigma * 7.0 * ((double)e / (N_EDGES / 2) - 1.0);
        if (extra == 0.0) edge[e] = floor(edge[e]) + 0.5;
    }
    exact_law(mean, total, extra, edge, f);
    const double corrected = total + extra >= 20.0 ? 0.0012 * 20.0 / (total + extra) : 0.0;
    const double limit = 2.2 + corrected * sqrt((double)N_DRAWS), right = distance(edge, f);
    exact_law(mean, 1.05 * total, 1.05 * extra, edge, f);
    const double wrong = distance(edge, f);
    printf("T %7.1f M/T %4.1f extra %5.1f: %.2f (limit %.2f), variance x 1.05: %.2f\n", total, ratio, extra,
           right, limit, wrong);
    CHECK(right < limit);
    CHECK(wrong > limit);
    check_moments(mean, total, extra);
    if (extra == 0.0)
        for (size_t i = 0; i < N_DRAWS; i++)
            if (charge[i] != rintf(charge[i])) {
                CHECK(charge[i] == rintf(charge[i]));
                break;
            }
}

static double variance_of(double *mean)
{
    double m1 = 0.0, m2 = 0.0;
    for (size_t i = 0; i < N_DRAWS; i++) m1 += charge[i];
    m1 /= N_DRAWS;
    for (size_t i = 0; i < N_DRAWS; i++) m2 += (charge[i] - m1) * (charge[i] - m1);
    *mean = m1;
    return m2 / N_DRAWS;
}

/* Phase common to a read: the mean becomes M E(cos), and Var(cos) M^2 joins the variance. */
static void test_phase(void)
{
    const double totals[] = {8.0, 400.0};
    for (int t = 0; t < 2; t++)
        for (int joined = 0; joined < 2; joined++) {
            const double total = totals[t], offset = 0.4, sigma = 0.5, extra = joined ? 30.0 : 0.0;
            const ajp_count_read read = {
                .phase_offset = (float)offset, .phase_sigma = (float)sigma, .extra_variance = (float)extra};
            draw(0.5 * total, total, read, 11);
            const double e1 = cos(offset) * exp(-sigma * sigma / 2.0);
            const double e2 = 0.5 + 0.5 * cos(2.0 * offset) * exp(-2.0 * sigma * sigma);
            double mean, variance = variance_of(&mean);
            const double want = total + extra + 0.25 * total * total * (e2 - e1 * e1);
            CHECK_NEAR(mean, 0.5 * total * e1, 4.0 * sqrt(want / N_DRAWS));
            CHECK_CLOSE(variance, want, 0.02);
        }
}

/* Per-pulse phase noise: gain^2 excess squares joins the variance, in both branches. */
static void test_squares(void)
{
    static float squares[N_DRAWS];
    const double totals[] = {3.0, 8.0, 400.0};
    for (int t = 0; t < 3; t++) {
        for (size_t i = 0; i < N_DRAWS; i++) squares[i] = 40.0F;
        const ajp_count_read read = {.squares = squares, .excess = 0.5F, .extra_variance = 0.3F};
        draw(0.5 * totals[t], totals[t], read, 12);
        double mean, variance = variance_of(&mean);
        const double want = totals[t] + 0.3 + 0.25 * 0.5 * 40.0; /* (2 x 0.25)^2 excess squares */
        CHECK_NEAR(mean, 0.5 * totals[t], 4.0 * sqrt(want / N_DRAWS));
        CHECK_CLOSE(variance, want, 0.01);
    }
}

/* No light, no counts; leak; decode, bias, activation and accumulate; clip and its count. */
static void test_edges(void)
{
    const ajp_count_read dark = {.extra_variance = 0.0F};
    draw(0.0, 0.0, dark, 13);
    for (size_t i = 0; i < N_DRAWS; i += 37) CHECK(charge[i] == 0.0F);

    static uint32_t n_clipped[ROWS];
    static float free_running[N_DRAWS];
    const double totals[] = {10.0, 300.0};
    for (int t = 0; t < 2; t++) {
        uint32_t n_all = 0;
        memset(n_clipped, 0, sizeof n_clipped);
        draw(0.2 * totals[t], totals[t], dark, 14);
        memcpy(free_running, charge, sizeof charge);
        const float clip = (float)(0.4 * totals[t]);
        const ajp_count_read read = {.clip = clip, .n_clipped = n_clipped};
        draw(0.2 * totals[t], totals[t], read, 14);
        for (size_t i = 0; i < ROWS; i++) {
            uint32_t n = 0;
            bool same = true;
            for (size_t j = 0; j < COLUMNS; j++) {
                n += fabsf(free_running[i * COLUMNS + j]) > clip;
                same = same &&
                       charge[i * COLUMNS + j] == fmaxf(-clip, fminf(clip, free_running[i * COLUMNS + j]));
            }
            CHECK(same);
            CHECK_INT(n_clipped[i], n);
            n_all += n;
        }
        CHECK(n_all > 50);
    }
}

static void test_finish(void)
{
    enum { M = 6, N = 21 };
    float a[M], b[32], c[M][32], raw[M][32], before[M][32], gain[M], total[M], leak[M], decode[M];
    float row_leak[32], row_decode[32], bias[32], row_g[32], row_t[32];
    for (int i = 0; i < M; i++) {
        a[i] = (float)(i + 1);
        gain[i] = 3.0F + (float)i;
        total[i] = 90.0F + 5.0F * (float)i;
        leak[i] = 2.0F * (float)i;
        decode[i] = i % 2 == 0 ? 0.5F : 1.0F;
    }
    for (int j = 0; j < 32; j++) {
        b[j] = 1.0F;
        row_leak[j] = (float)-j;
        row_decode[j] = j % 3 == 0 ? 0.25F : 0.5F;
        bias[j] = (float)(j % 3 - 1);
        row_g[j] = 1.0F - 0.03125F * (float)j;
        row_t[j] = (float)j;
    }
    ajp_count_read read = {.n_reps = 1,
                           .sample_gain = gain,
                           .sample_total = total,
                           .sample_leak = leak,
                           .sample_decode = ones,
                           .row_gain = row_g,
                           .row_total = row_t,
                           .row_leak = row_leak,
                           .row_decode = ones,
                           .clip = INFINITY};
    aj_error err = {0};
    CHECK_OK(ajp_stream_make(&read.stream, 5, AJP_PURPOSE_READ, 0, 0, 0, &err), err);
    ajp_gemm g = {.m = M,
                  .n = N,
                  .k = 1,
                  .a = a,
                  .a_row = 1,
                  .a_col = 1,
                  .b = b,
                  .b_row = 16,
                  .b_vector = 16,
                  .c = raw[0],
                  .c_row = 32,
                  .c_vector = 16,
                  .store = kernels->count_read,
                  .store_user = &read};
    kernels->gemm(&g);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) { /* the law spelled out, from the reference normal */
            const double mean = gain[i] * row_g[j] * a[i] + leak[i] - (float)j, t = 90.0 + 5.0 * i + j;
            const double z = ajp_reference_normal(&read.stream, (uint64_t)i, 0, (size_t)j);
            CHECK_NEAR(raw[i][j], mean + sqrt(t - 1.0 / 12.0) * z + mean / t / 6.0 * (z * z - 1.0), 0.501);
        }
    for (int i = 0; i < M; i++)
        for (int j = 0; j < 32; j++) before[i][j] = c[i][j] = (float)(i - j);
    read.sample_decode = decode;
    read.row_decode = row_decode;
    read.accumulate = true;
    g.c = c[0];
    g.bias = bias;
    g.activation = AJP_ACTIVATION_RELU;
    kernels->gemm(&g);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < 32; j++)
            CHECK(c[i][j] ==
                  (j < N ? fmaxf(0.0F, before[i][j] + decode[i] * row_decode[j] * raw[i][j] + bias[j])
                         : before[i][j]));
    /* repetitions: rows 2r and 2r+1 are sample r, elements 0.. and 64.. */
    read = (ajp_count_read){.stream = read.stream,
                            .sample0 = 100,
                            .n_reps = 2,
                            .rep_stride = 64,
                            .element0 = 32,
                            .draw_base = 8,
                            .sample_gain = gain,
                            .sample_total = total,
                            .sample_decode = ones,
                            .row_gain = row_g,
                            .row_total = row_t,
                            .row_decode = ones,
                            .clip = INFINITY};
    g.bias = NULL;
    g.activation = AJP_ACTIVATION_NONE;
    kernels->gemm(&g);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            const double mean = gain[i] * row_g[j] * a[i], t = 90.0 + 5.0 * i + j;
            const double z = ajp_reference_normal(&read.stream, 100 + (uint64_t)i / 2, 8,
                                                  32 + (size_t)(i % 2) * 64 + (size_t)j);
            CHECK_NEAR(c[i][j], mean + sqrt(t - 1.0 / 12.0) * z + mean / t / 6.0 * (z * z - 1.0), 0.501);
        }
}

int main(void)
{
    kernels = ajp_kernels_for(aj_isa_supported(AJ_ISA_AVX512) ? AJ_ISA_AVX512
                              : aj_isa_supported(AJ_ISA_AVX2) ? AJ_ISA_AVX2
                                                              : AJ_ISA_SCALAR);
    const double totals[] = {2.0, 5.0, 10.0, 19.9, 20.0, 50.0, 300.0, 5000.0}, ratios[] = {0.0, 0.3, -0.9};
    const double extras[] = {0.0, 0.1, 1.0, 161.0};
    unsigned seed = 1;
    for (size_t t = 0; t < 8; t++)
        for (size_t r = 0; r < 3; r++)
            for (size_t e = 0; e < 4; e++) test_law(totals[t], ratios[r], extras[e], seed++);
    test_phase();
    test_squares();
    test_edges();
    test_finish();
    return check_report();
}

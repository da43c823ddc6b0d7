/* bench_kernels: what the numerical core reaches on this machine, as minima over interleaved runs.
 *
 *   GEMM GFLOP/s per shape, instruction set and thread number (1 multiply-accumulate = 2 FLOP)
 *   one sample through 784 x 100, microseconds
 *   normals per second and core
 *   a read on hardware relative to the clean product
 * The load of the machine is printed: numbers from a busy one are only bounds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/kernels.h"

enum { ROUNDS = 15 };

static float *array(size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof *x + 127) / 64 * 64);
    if (x == NULL) exit(1);
    uint32_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525U + 1013904223U;
        x[i] = (float)(state >> 8) / 8388608.0F - 1.0F;
    }
    return x;
}

/* Everything one product needs. */
typedef struct {
    ajp_gemm gemm;
    ajp_count_read read;
    float *memory[16];
    int n_memory;
} product;

static float *keep(product *p, size_t n)
{
    return p->memory[p->n_memory++] = array(n);
}
static product product_make(size_t m, size_t n, size_t k, bool transposed)
{
    product p = {.gemm = {.m = m, .n = n, .k = k, .activation = AJP_ACTIVATION_RELU}};
    ajp_gemm *g = &p.gemm;
    const size_t padded = ajp_round_up(n, AJP_LANES);
    g->a = keep(&p, m * k);
    g->a_row = transposed ? 1 : k;
    g->a_col = transposed ? m : 1;
    g->b = keep(&p, padded * k);
    g->b_row = transposed ? padded : AJP_LANES;
    g->b_vector = transposed ? AJP_LANES : AJP_LANES * k;
    g->c = keep(&p, m * padded);
    g->c_row = padded;
    g->c_vector = AJP_LANES;
    g->bias = keep(&p, padded);
    float *per_row = keep(&p, m + padded), *total = keep(&p, m + padded);
    for (size_t i = 0; i < m + padded; i++) {
        per_row[i] = 1.0F;
        total[i] = 400.0F;
    }
    ajp_count_read *r = &p.read;
    *r = (ajp_count_read){.n_reps = 1,
                          .sample_gain = per_row,
                          .sample_total = total,
                          .sample_decode = per_row,
                          .row_gain = per_row,
                          .row_total = total,
                          .row_decode = per_row,
                          .clip = INFINITY};
    r->stream = (ajp_stream){{1, 2}, 3, 4};
    return p;
}
static void product_free(product *p)
{
    for (int i = 0; i < p->n_memory; i++) free(p->memory[i]);
}

/* One thread: the processor time of this thread, which other programs do not lengthen; several: the clock. */
static double now_seconds(bool alone)
{
    struct timespec t;
    if (!alone || clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0) return ajp_now_seconds();
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds of one call, from as many calls as fill 2 ms. */
static double seconds(const ajp_kernels *k, ajp_pool *pool, const ajp_gemm *g)
{
    size_t n_calls = 0;
    const bool alone = pool == NULL || ajp_pool_threads(pool) == 1;
    const double start = now_seconds(alone);
    double now = start;
    while (now - start < 2e-3) {
        const size_t batch = 1 + (size_t)(2e7 / ((double)g->m * (double)g->n * (double)g->k));
        for (size_t i = 0; i < batch; i++) ajp_gemm_parallel(k, pool, g);
        n_calls += batch;
        now = now_seconds(alone);
    }
    return (now - start) / (double)n_calls;
}

static const aj_isa isas[] = {AJ_ISA_AVX512, AJ_ISA_AVX2};

static void bench_gemm(ajp_pool *pools[2])
{
    static const struct {
        size_t m, n, k;
        bool transposed;
    } shapes[] = {{1000, 1000, 1000, false}, {1000, 1000, 784, false}, {1000, 10, 1000, false},
                  {128, 100, 784, false},    {128, 10, 100, false},    {784, 112, 128, true},
                  {1000, 1000, 1000, true},  {16, 100, 784, false},    {1, 1000, 784, false},
                  {1, 100, 784, false}};
    printf("%-26s", "GEMM GFLOP/s (m n k)");
    for (int i = 0; i < 4; i++) printf("  %s/%d", aj_isa_name(isas[i / 2]), i % 2 + 1);
    printf("\n");
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        product p = product_make(shapes[s].m, shapes[s].n, shapes[s].k, shapes[s].transposed);
        double best[4] = {INFINITY, INFINITY, INFINITY, INFINITY};
        for (int round = 0; round < ROUNDS; round++)
            for (int i = 0; i < 4; i++) {
                if (!aj_isa_supported(isas[i / 2])) continue;
                const double t = seconds(ajp_kernels_for(isas[i / 2]), pools[i % 2], &p.gemm);
                if (t < best[i]) best[i] = t;
            }
        const double flop = 2.0 * (double)(shapes[s].m * shapes[s].n * shapes[s].k);
        printf("%5zu %5zu %5zu %-8s", shapes[s].m, shapes[s].n, shapes[s].k,
               shapes[s].transposed ? "A^T" : "packed");
        for (int i = 0; i < 4; i++) printf("  %8.1f", flop / best[i] * 1e-9);
        if (shapes[s].m == 1) printf("   %.2f us", best[0] * 1e6);
        printf("\n");
        product_free(&p);
    }
}

static void bench_normals(void)
{
    enum { N = 4096, CALLS = 200 };
    static float out[N];
    const ajp_stream stream = {{1, 2}, 3, 4};
    for (size_t i = 0; i < sizeof isas / sizeof isas[0]; i++) {
        if (!aj_isa_supported(isas[i])) continue;
        const ajp_kernels *k = ajp_kernels_for(isas[i]);
        double normals = INFINITY, uniforms = INFINITY;
        for (int round = 0; round < ROUNDS; round++) {
            double t0 = now_seconds(true);
            for (uint64_t c = 0; c < CALLS; c++) k->normals(&stream, c, 0, 0, N, out);
            double t1 = now_seconds(true);
            for (uint64_t c = 0; c < CALLS; c++) k->uniforms(&stream, c, 0, 0, N, out);
            double t2 = now_seconds(true);
            normals = fmin(normals, t1 - t0);
            uniforms = fmin(uniforms, t2 - t1);
        }
        printf("%-7s normals %.2fe9 /s (%.2f ns), uniforms %.2fe9 /s\n", aj_isa_name(isas[i]),
               (double)N * CALLS / normals * 1e-9, normals / N / CALLS * 1e9,
               (double)N * CALLS / uniforms * 1e-9);
    }
}

static void bench_read(ajp_pool *pool)
{
    static const size_t shapes[][3] = {
        {128, 1000, 784}, {1000, 1000, 784}, {128, 100, 784}, {1000, 100, 784}, {1000, 10, 1000}};
    static const char *kinds[] = {"counts", "joined", "few (T=8)"};
    for (size_t i = 0; i < sizeof isas / sizeof isas[0]; i++) {
        if (!aj_isa_supported(isas[i])) continue;
        const ajp_kernels *k = ajp_kernels_for(isas[i]);
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
            product p = product_make(shapes[s][0], shapes[s][1], shapes[s][2], false);
            float *few = keep(&p, shapes[s][0] + shapes[s][1] + 16);
            for (size_t j = 0; j < shapes[s][0] + shapes[s][1] + 16; j++) few[j] = 4.0F;
            double best[4] = {INFINITY, INFINITY, INFINITY, INFINITY};
            for (int round = 0; round < ROUNDS; round++)
                for (int kind = 0; kind < 4; kind++) {
                    ajp_gemm g = p.gemm;
                    ajp_count_read read = p.read;
                    read.extra_variance = kind == 2 ? 161.0F : 0.0F;
                    if (kind == 3) read.sample_total = read.row_total = few;
                    if (kind > 0) g.store = k->count_read;
                    g.store_user = &read;
                    best[kind] = fmin(best[kind], seconds(k, pool, &g));
                }
            const double outputs = (double)(shapes[s][0] * shapes[s][1]);
            printf("%-7s read %5zu x %4zu x %4zu: clean %8.1f us;", aj_isa_name(isas[i]), shapes[s][0],
                   shapes[s][1], shapes[s][2], best[0] * 1e6);
            for (int kind = 1; kind < 4; kind++)
                printf(" %s %.3f (%.2f ns an output)", kinds[kind - 1], best[kind] / best[0],
                       (best[kind] - best[0]) / outputs * 1e9);
            printf("\n");
            product_free(&p);
        }
    }
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "all"; /* gemm, normals, read */
    aj_context *context[2] = {NULL, NULL};
    ajp_pool *pools[2] = {NULL, NULL};
    for (unsigned i = 0; i < 2; i++) {
        aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
        options.n_threads = i + 1;
        if (aj_context_create(&context[i], &options, NULL) != AJ_OK) return 1;
        pools[i] = context[i]->pool;
    }
    FILE *load = fopen("/proc/loadavg", "r");
    char text[64] = "unknown";
    if (load != NULL) {
        if (fgets(text, sizeof text, load) == NULL) text[0] = '\0';
        fclose(load);
    }
    printf("load: %s", text);
    if (strcmp(only, "all") == 0 || strcmp(only, "normals") == 0) bench_normals();
    if (strcmp(only, "all") == 0 || strcmp(only, "gemm") == 0) bench_gemm(pools);
    if (strcmp(only, "all") == 0 || strcmp(only, "read") == 0) bench_read(pools[0]);
    for (int i = 0; i < 2; i++) aj_context_destroy(context[i]);
    return 0;
}

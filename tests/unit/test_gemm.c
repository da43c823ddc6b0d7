/* [threads] The products against the plain reference, bit by bit: strides, remainders, epilogues, blocks,
 * long k. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "kernels/kernels.h"

static uint64_t state = 20240229;
static uint32_t random_word(void)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(state >> 33);
}
static size_t below(size_t n)
{
    return random_word() % n;
}
static float random_float(void)
{
    return (float)((double)random_word() / 1073741824.0 - 1.0) * (random_word() % 8 == 0 ? 1000.0F : 1.0F);
}
static float *random_array(size_t n)
{
    float *x = malloc((n + 1) * sizeof *x);
    for (size_t i = 0; i < n; i++) x[i] = random_float();
    return x;
}

typedef struct {
    ajp_gemm gemm;
    float *a, *b, *c_fast, *c_slow, *start, *bias, *add;
    size_t c_size, jumps[64], b_jumps[64];
} problem;

/* layout 0: A row-major, B packed; 1: A transposed, B row-major; 2: everything padded oddly, C in vectors. */
static problem make(size_t m, size_t n, size_t k, int layout, bool accumulate, bool bias,
                    ajp_activation activation)
{
    const size_t vectors = (n + 15) / 16;
    problem p = {.gemm = {.m = m, .n = n, .k = k, .accumulate = accumulate, .activation = activation},
                 .add = NULL};
    ajp_gemm *g = &p.gemm;
    g->a_row = layout == 1 ? 1 : k + (layout == 2 ? 3 : 0);
    g->a_col = layout == 1 ? m + 2 : 1;
    g->b_row = layout == 1 ? 16 * vectors : 16 + (layout == 2 ? 5 : 0);
    g->b_vector = layout == 1 ? 16 : g->b_row * k + (layout == 2 ? 7 : 0);
    g->c_row = layout == 2 ? 16 : n + below(5);
    g->c_vector = layout == 2 ? 16 * m + 3 : 16;
    if (layout == 2 && below(2) == 0) g->a_col = 2, g->a_row = 2 * k + 1;
    p.a = random_array(m * g->a_row + k * g->a_col + 1);
    p.b = random_array(vectors * g->b_vector + (k + 1) * g->b_row + 16);
    p.c_size = m * g->c_row + vectors * g->c_vector + 16;
    p.start = random_array(p.c_size);
    p.bias = random_array(16 * vectors);
    p.c_fast = malloc(p.c_size * sizeof(float));
    p.c_slow = malloc(p.c_size * sizeof(float));
    g->a = p.a;
    g->b = p.b;
    g->bias = bias ? p.bias : NULL;
    g->activation_parameter = 0.1F;
    memcpy(p.c_slow, p.start, p.c_size * sizeof(float));
    g->c = p.c_slow;
    ajp_reference_gemm(g);
    return p;
}

/* What a convolution reads and writes: rows in groups, columns in runs that overlap, something added. */
static void make_convolution(problem *p, size_t m, size_t n, size_t run, size_t n_runs, bool b_jumps)
{
    const size_t k = run * n_runs, vectors = (n + 15) / 16;
    *p = (problem){.gemm = {.m = m, .n = n, .k = k, .a_col = 1, .b_row = 16, .run = run}};
    ajp_gemm *g = &p->gemm;
    g->group = 1 + below(m + 3);
    g->a_row = 1 + below(5);
    g->a_group_row = below(60);
    for (size_t r = 0; r < n_runs; r++) {
        p->jumps[r] = below(200);
        p->b_jumps[r] = below(20 * k + 1);
    }
    g->b_vector = b_jumps ? 16 * (2 * k + run + 20) : 16 * k;
    g->c_row = n + below(4);
    g->c_vector = 16;
    g->c_group_row = g->group * g->c_row + below(7);
    p->a = random_array(200 + run + (m / g->group + 1) * g->a_group_row + g->group * g->a_row);
    p->b = random_array(vectors * g->b_vector + 20 * k + 16 * run + 16);
    p->c_size = (m / g->group + 1) * g->c_group_row + 16;
    p->start = random_array(p->c_size);
    p->add = random_array(p->c_size);
    p->bias = random_array(16 * vectors);
    p->c_fast = malloc(p->c_size * sizeof(float));
    p->c_slow = malloc(p->c_size * sizeof(float));
    g->a = p->a;
    g->b = p->b;
    g->bias = below(2) == 0 ? NULL : p->bias;
    g->add = below(2) == 0 ? NULL : p->add;
    g->activation = below(2) == 0 ? AJP_ACTIVATION_RELU : AJP_ACTIVATION_NONE;
    g->a_jump = p->jumps;
    g->b_jump = b_jumps ? p->b_jumps : NULL;
    g->c = p->c_slow;
    memcpy(p->c_slow, p->start, p->c_size * sizeof(float));
    ajp_reference_gemm(g);
}

static void drop(problem *p)
{
    free(p->a);
    free(p->add);
    free(p->b);
    free(p->start);
    free(p->bias);
    free(p->c_fast);
    free(p->c_slow);
}

static bool same(const problem *p, const char *what, aj_isa isa)
{
    check_count++;
    if (memcmp(p->c_fast, p->c_slow, p->c_size * sizeof(float)) == 0) return true;
    check_failures++;
    for (size_t i = 0; i < p->c_size; i++)
        if (memcmp(&p->c_fast[i], &p->c_slow[i], sizeof(float)) != 0) {
            fprintf(stderr, "%s %s: m %zu n %zu k %zu: float %zu is %.9g, want %.9g\n", what,
                    aj_isa_name(isa), p->gemm.m, p->gemm.n, p->gemm.k, i, p->c_fast[i], p->c_slow[i]);
            break;
        }
    return false;
}

static void reset(problem *p)
{
    memcpy(p->c_fast, p->start, p->c_size * sizeof(float));
    p->gemm.c = p->c_fast;
}

/* A store that copies; it also checks what it is promised. */
static void copy_store(const ajp_gemm *g, float *tile, size_t tile_row, size_t row0, size_t n_rows,
                       size_t col0, size_t n_cols)
{
    CHECK(col0 % 16 == 0 && tile_row % 16 == 0 && row0 + n_rows <= g->m && col0 + n_cols <= g->n);
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < n_cols; j++) {
            const size_t column = col0 + j;
            g->c[(row0 + i) * g->c_row + column / 16 * g->c_vector + column % 16] = tile[i * tile_row + j];
        }
}

static void all_ways(problem *p, const ajp_kernels *kernels, ajp_pool *pool)
{
    ajp_gemm *g = &p->gemm;
    reset(p);
    kernels->gemm(g);
    if (!same(p, "gemm", kernels->isa)) return;
    reset(p);
    ajp_gemm_parallel(kernels, pool, g);
    same(p, "parallel", kernels->isa);

    /* any cut into blocks */
    reset(p);
    const size_t rows = 1 + below(g->m), cols = 16 * (1 + below((g->n + 15) / 16));
    for (size_t i = 0; i < g->m; i += rows)
        for (size_t j = 0; j < g->n; j += cols)
            kernels->gemm_block(g, i, ajp_min_size(rows, g->m - i), j, ajp_min_size(cols, g->n - j));
    same(p, "blocks", kernels->isa);

    if (g->a_jump != NULL) return;

    /* k in two passes is k in one */
    reset(p);
    const size_t cut = below(g->k + 1);
    ajp_gemm part = *g;
    part.k = cut;
    part.bias = NULL;
    part.activation = AJP_ACTIVATION_NONE;
    kernels->gemm(&part);
    part = *g;
    part.k = g->k - cut;
    part.a += cut * g->a_col;
    part.b += cut * g->b_row;
    part.accumulate = true;
    kernels->gemm(&part);
    same(p, "two passes", kernels->isa);

    if (g->bias == NULL && g->activation == AJP_ACTIVATION_NONE) {
        reset(p);
        g->store = copy_store;
        kernels->gemm(g);
        g->store = NULL;
        same(p, "store", kernels->isa);
    }
}

static void test_isa(aj_isa isa, ajp_pool *pool, bool slow)
{
    const ajp_kernels *kernels = ajp_kernels_for(isa);
    CHECK_INT(kernels->isa, isa);
    const ajp_activation exact[5] = {AJP_ACTIVATION_NONE, AJP_ACTIVATION_RELU, AJP_ACTIVATION_LEAKY_RELU,
                                     AJP_ACTIVATION_CLIPPED_RELU, AJP_ACTIVATION_HARD_SWISH};
    for (size_t m = 1; m <= 30; m += slow ? 5 : 1)
        for (size_t n = 1; n <= 200; n += 1 + below(slow ? 60 : 20)) {
            problem p = make(m, n, below(40), (int)below(3), below(2), below(2), exact[below(5)]);
            all_ways(&p, kernels, pool);
            drop(&p);
        }
    const size_t big[][3] = {{128, 100, 784}, {50, 10, 2100}, {100, 70, 1030},
                             {7, 130, 3000},  {1, 1000, 90},  {200, 72, 64}};
    for (size_t i = 0; i < (slow ? 2 : sizeof big / sizeof big[0]); i++)
        for (int layout = 0; layout < 3; layout++) {
            problem p = make(big[i][0], big[i][1], big[i][2], layout, below(2), false, AJP_ACTIVATION_NONE);
            all_ways(&p, kernels, pool);
            drop(&p);
        }
}

static void test_convolutions(aj_isa isa, ajp_pool *pool, bool slow)
{
    const ajp_kernels *kernels = ajp_kernels_for(isa);
    problem p;
    for (int i = 0; i < (slow ? 60 : 600); i++) {
        make_convolution(&p, 1 + below(70), 1 + below(100), 1 + below(40), below(12), below(2));
        all_ways(&p, kernels, pool);
        drop(&p);
    }
    for (int i = 0; i < (slow ? 1 : 6); i++) { /* k in pieces that begin within a run */
        make_convolution(&p, 20 + below(40), 30, 300 + below(400), 2 + below(6), i % 2);
        all_ways(&p, kernels, pool);
        drop(&p);
    }
}

/* Our own tanh and sigmoid at the store: the same as the map afterwards. */
static void test_late_activations(aj_isa isa)
{
    const ajp_kernels *kernels = ajp_kernels_for(isa);
    for (int t = 0; t < 2; t++) {
        problem p = make(13, 37, 20, 2, false, true, AJP_ACTIVATION_NONE);
        for (size_t i = 0; i < 13; i++)
            for (size_t v = 0; v < 3; v++) {
                float *c = p.c_slow + i * p.gemm.c_row + v * p.gemm.c_vector;
                kernels->map(t == 0 ? AJP_MAP_TANH : AJP_MAP_SIGMOID, c, c, v == 2 ? 5 : 16, 0.0F, 0.0F);
            }
        p.gemm.activation = t == 0 ? AJP_ACTIVATION_TANH : AJP_ACTIVATION_SIGMOID;
        reset(&p);
        kernels->gemm(&p.gemm);
        same(&p, "late activation", isa);
        drop(&p);
    }
}

static void test_packing(void)
{
    for (size_t n = 1; n < 40; n += 6)
        for (size_t k = 1; k < 40; k += 5) {
            float *w = random_array(n * (k + 2)), *t = random_array(k * (n + 1)), *back = random_array(n * k);
            float *packed = random_array(ajp_packed_size(n, k)), *other = random_array(ajp_packed_size(n, k));
            for (size_t j = 0; j < n; j++)
                for (size_t p = 0; p < k; p++) t[p * (n + 1) + j] = w[j * (k + 2) + p];
            ajp_pack_out_in(w, n, k, k + 2, packed);
            ajp_pack_in_out(t, n, k, n + 1, other);
            CHECK_INT(ajp_packed_size(n, k), (n + 15) / 16 * 16 * k);
            CHECK(memcmp(packed, other, ajp_packed_size(n, k) * sizeof(float)) == 0);
            ajp_unpack_out_in(packed, n, k, back, k);
            for (size_t j = 0; j < n; j++)
                for (size_t p = 0; p < k; p++) {
                    CHECK(packed[j / 16 * 16 * k + p * 16 + j % 16] == w[j * (k + 2) + p]);
                    CHECK(back[j * k + p] == w[j * (k + 2) + p]);
                }
            for (size_t j = n; j < (n + 15) / 16 * 16; j++) CHECK(packed[j / 16 * 16 * k + j % 16] == 0.0F);
            free(w);
            free(t);
            free(back);
            free(packed);
            free(other);
        }
}

int main(void)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 2;
    aj_context *context = NULL;
    aj_error err = {0};
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    if (context == NULL) return check_report();
    const aj_isa isas[3] = {AJ_ISA_AVX512, AJ_ISA_AVX2, AJ_ISA_SCALAR};
    for (int i = 0; i < 3; i++)
        if (aj_isa_supported(isas[i])) {
            test_isa(isas[i], context->pool, isas[i] == AJ_ISA_SCALAR);
            test_convolutions(isas[i], context->pool, isas[i] == AJ_ISA_SCALAR);
            test_late_activations(isas[i]);
        }
    test_packing();
    aj_context_destroy(context);
    return check_report();
}

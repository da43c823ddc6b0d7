/* body_gemm.h: C = A B with one FMA accumulator per output, over k in order, in register tiles of rows x
 * vectors.
 *
 * A tile keeps all its accumulators in registers while k runs; each step loads one vector of B per column
 * vector and broadcasts one element of A per row.  The shapes below fill the register file of the instruction
 * set and cover every remainder, so that no output is computed twice and no narrow product wastes lanes of
 * FMA. Neither shapes nor blocks touch the order of any sum: partial sums are stored and loaded as they are.
 */
#ifndef AJP_BODY_GEMM_H
#define AJP_BODY_GEMM_H

#include "body_math.h"

/* k is cut where a panel of B (up to 4 vectors) would leave the second-level cache; only then sums wait: in C
 * or, with a store function, in PARKED_ROWS rows of scratch.  Finished tiles are gathered for the store
 * function. */
enum {
    LONGEST_K = 1024,
    CACHED_FLOATS = 100 << 10,
    PARKED_ROWS = 48,
    FINISHED_VECTORS = 56,
    PANEL_VECTORS = 4,
    WIDEST = 8
};

typedef struct {
    size_t k;
    const float *a;
    size_t a_row, a_col;
    const size_t *jump, *b_jump; /* of the run that k starts in; b_jump NULL = b goes on */
    size_t run, skip;            /* columns a run; of the first, passed over */
    const float *b;
    size_t b_row, b_vector;
    const float *in; /* what the sums start from, or NULL for 0 */
    size_t in_row, in_vector;
    float *out;
    size_t out_row, out_vector;
    size_t in_last, out_last; /* columns of the last vector: 1 .. 16 */
    const float *bias;        /* NULL = none */
    const float *add;         /* NULL = none */
    size_t add_row;
    ajp_activation activation; /* all but SIGMOID and TANH, which follow in a second pass */
    float activation_parameter;
} tile_job;

/* MR and NV are constants wherever this is inlined: the arrays become registers. */
#define TILE_BODY(MR, NV)                                                                                  \
    vf acc[MR][NV];                                                                                        \
    const vf zero = vf_set1(0.0F);                                                                         \
    _Pragma("GCC unroll 16") for (size_t i = 0; i < MR; i++)                                               \
        _Pragma("GCC unroll 16") for (size_t v = 0; v < NV; v++) acc[i][v] =                               \
            job->in == NULL ? zero                                                                         \
            : v + 1 < NV    ? vf_load(job->in + i * job->in_row + v * job->in_vector)                      \
                            : vf_load_n(job->in + i * job->in_row + v * job->in_vector, job->in_last, zero);  \
    const float *b = job->b;                                                                               \
    const size_t a_row = job->a_row, a_col = job->a_col, b_row = job->b_row, b_vector = job->b_vector;     \
    const size_t *jump = job->jump, *b_jump = job->b_jump;                                                 \
    size_t left = job->k, skip = job->skip;                                                                \
    while (left > 0) {                                                                                     \
        const float *a = job->a + *jump++ + skip * a_col;                                                  \
        if (b_jump != NULL) b = job->b + *b_jump++ + skip * b_row;                                         \
        size_t p = job->run - skip < left ? job->run - skip : left;                                        \
        left -= p;                                                                                         \
        skip = 0;                                                                                          \
        for (; p > 0; p--) {                                                                               \
            if (MR < NV) {                                                                                 \
                vf x[MR];                                                                                  \
                _Pragma("GCC unroll 16") for (size_t i = 0; i < MR; i++) x[i] = vf_set1(a[i * a_row]);     \
                _Pragma("GCC unroll 16") for (size_t v = 0; v < NV; v++)                                   \
                {                                                                                          \
                    const vf y = vf_load(b + v * b_vector);                                                \
                    _Pragma("GCC unroll 16") for (size_t i = 0; i < MR; i++) acc[i][v] =                   \
                        vf_fma(x[i], y, acc[i][v]);                                                        \
                }                                                                                          \
            } else {                                                                                       \
                vf y[NV];                                                                                  \
                _Pragma("GCC unroll 16") for (size_t v = 0; v < NV; v++) y[v] = vf_load(b + v * b_vector); \
                _Pragma("GCC unroll 16") for (size_t i = 0; i < MR; i++)                                   \
                {                                                                                          \
                    const vf x = vf_set1(a[i * a_row]);                                                    \
                    _Pragma("GCC unroll 16") for (size_t v = 0; v < NV; v++) acc[i][v] =                   \
                        vf_fma(x, y[v], acc[i][v]);                                                        \
                }                                                                                          \
            }                                                                                              \
            a += a_col;                                                                                    \
            b += b_row;                                                                                    \
        }                                                                                                  \
    }                                                                                                      \
    const tile_job end = *job; /* a copy whose address nobody has: it stays in registers */                \
    _Pragma("GCC unroll 16") for (size_t v = 0; v < NV; v++)                                               \
        _Pragma("GCC unroll 16") for (size_t i = 0; i < MR; i++)                                           \
            tile_finish(&end, i, v, v + 1 == NV, acc[i][v])

SIMD_INLINE void tile_finish(const tile_job *job, size_t i, size_t v, bool last, vf sum)
{
    if (job->bias != NULL) sum = vf_add(sum, vf_load(job->bias + 16 * v));
    if (job->add != NULL) {
        const float *add = job->add + i * job->out_row + v * job->out_vector;
        sum = vf_add(sum, last ? vf_load_n(add, job->out_last, vf_set1(0.0F)) : vf_load(add));
    }
    if (job->activation == AJP_ACTIVATION_RELU)
        sum = v_relu(sum);
    else if (job->activation == AJP_ACTIVATION_LEAKY_RELU)
        sum = v_leaky_relu(sum, vf_set1(job->activation_parameter));
    else if (job->activation == AJP_ACTIVATION_CLIPPED_RELU)
        sum = vf_min(vf_set1(job->activation_parameter), v_relu(sum));
    else if (job->activation == AJP_ACTIVATION_HARD_SWISH)
        sum = v_hard_swish(sum);
    float *out = job->out + i * job->out_row + v * job->out_vector;
    if (last && job->out_last < 16)
        vf_store_n(out, sum, job->out_last);
    else
        vf_store(out, sum);
}

#define TILE(MR, NV)                                  \
    static void tile_##MR##_##NV(const tile_job *job) \
    {                                                 \
        TILE_BODY(MR, NV);                            \
    }                                                 \
    _Static_assert((MR) <= TALLEST, "the table has room for it")

typedef void (*tile_function)(const tile_job *job);
#if SIMD_TILES == 512
/* 32 registers: rows*vectors + vectors + 1 <= 32. */
enum { TALLEST = 14 };
/* every remainder of rows has its tile */
TILE(1, 1);
TILE(2, 1);
TILE(3, 1);
TILE(4, 1);
TILE(5, 1);
TILE(6, 1);
TILE(7, 1);
TILE(8, 1);
TILE(9, 1);
TILE(10, 1);
TILE(11, 1);
TILE(12, 1);
TILE(13, 1);
TILE(14, 1);
TILE(1, 2);
TILE(2, 2);
TILE(3, 2);
TILE(4, 2);
TILE(5, 2);
TILE(6, 2);
TILE(7, 2);
TILE(8, 2);
TILE(9, 2);
TILE(10, 2);
TILE(11, 2);
TILE(12, 2);
TILE(13, 2);
TILE(14, 2);
TILE(1, 3);
TILE(2, 3);
TILE(3, 3);
TILE(4, 3);
TILE(5, 3);
TILE(6, 3);
TILE(7, 3);
TILE(8, 3);
TILE(9, 3);
TILE(1, 4);
TILE(2, 4);
TILE(3, 4);
TILE(4, 4);
TILE(5, 4);
TILE(6, 4);
TILE(1, 5);
TILE(2, 5);
TILE(3, 5);
TILE(1, 6);
TILE(2, 6);
TILE(3, 6);
TILE(1, 7);
TILE(2, 7);
TILE(3, 7);
TILE(1, 8);
TILE(2, 8);
TILE(3, 8);
static const unsigned char tallest[WIDEST + 1] = {0, 14, 14, 9, 6, 3, 3, 3, 3};
/* widest[rows]: vectors in flight for few rows, where the latency of the FMA or the next cache would bind. */
static const unsigned char widest[4] = {0, 8, 8, 8};
static const tile_function tiles[WIDEST + 1][TALLEST + 1] = {
    {NULL},
    {NULL, tile_1_1, tile_2_1, tile_3_1, tile_4_1, tile_5_1, tile_6_1, tile_7_1, tile_8_1, tile_9_1,
     tile_10_1, tile_11_1, tile_12_1, tile_13_1, tile_14_1},
    {NULL, tile_1_2, tile_2_2, tile_3_2, tile_4_2, tile_5_2, tile_6_2, tile_7_2, tile_8_2, tile_9_2,
     tile_10_2, tile_11_2, tile_12_2, tile_13_2, tile_14_2},
    {NULL, tile_1_3, tile_2_3, tile_3_3, tile_4_3, tile_5_3, tile_6_3, tile_7_3, tile_8_3, tile_9_3},
    {NULL, tile_1_4, tile_2_4, tile_3_4, tile_4_4, tile_5_4, tile_6_4},
    {NULL, tile_1_5, tile_2_5, tile_3_5},
    {NULL, tile_1_6, tile_2_6, tile_3_6},
    {NULL, tile_1_7, tile_2_7, tile_3_7},
    {NULL, tile_1_8, tile_2_8, tile_3_8},
};
#elif SIMD_TILES == 256
/* 16 registers, two to a vector of 16 lanes. */
enum { TALLEST = 6 };
/* every remainder of rows has its tile */
TILE(1, 1);
TILE(2, 1);
TILE(3, 1);
TILE(4, 1);
TILE(5, 1);
TILE(6, 1);
TILE(1, 2);
TILE(2, 2);
TILE(3, 2);
TILE(1, 3);
TILE(2, 3);
TILE(1, 4);
TILE(1, 5);
TILE(1, 6);
static const unsigned char tallest[WIDEST + 1] = {0, 6, 3, 2, 1, 1, 1, 0, 0};
static const unsigned char widest[4] = {0, 6, 3, 2};
static const tile_function tiles[WIDEST + 1][TALLEST + 1] = {
    {NULL},
    {NULL, tile_1_1, tile_2_1, tile_3_1, tile_4_1, tile_5_1, tile_6_1},
    {NULL, tile_1_2, tile_2_2, tile_3_2},
    {NULL, tile_1_3, tile_2_3},
    {NULL, tile_1_4},
    {NULL, tile_1_5},
    {NULL, tile_1_6},
};
#else
enum { TALLEST = 4 };
/* every remainder of rows has its tile */
TILE(1, 1);
TILE(2, 1);
TILE(3, 1);
TILE(4, 1);
static const unsigned char tallest[WIDEST + 1] = {0, 4};
static const unsigned char widest[4] = {0, 1, 1, 1};
static const tile_function tiles[WIDEST + 1][TALLEST + 1] = {
    {NULL},
    {NULL, tile_1_1, tile_2_1, tile_3_1, tile_4_1},
};
#endif

/* Vectors of the next panel when n_left remain. */
SIMD_INLINE size_t panel_vectors(size_t m, size_t n_left)
{
    if (m <= 3) {
        size_t n_panels = (n_left + widest[m] - 1) / widest[m];
        return (n_left + n_panels - 1) / n_panels;
    }
#if SIMD_TILES == 512
    return n_left <= PANEL_VECTORS ? n_left : n_left == 5 ? 3 : PANEL_VECTORS;
#else
    return 1;
#endif
}

/* Rows of the next tile: as tall as can be, the last two alike so that none is flat. */
SIMD_INLINE size_t tile_rows(size_t n_left, size_t most)
{
    return n_left >= 2 * most ? most : n_left > most ? (n_left + 1) / 2 : n_left;
}

/* One panel of columns that the loops below work on. */
typedef struct {
    const ajp_gemm *gemm;
    size_t vector0, n_vectors, last, n_cols, most_rows;
} panel;

static void second_pass(const ajp_gemm *gemm, const tile_job *job, size_t n_rows, size_t n_vectors)
{
    for (size_t i = 0; i < n_rows; i++)
        for (size_t v = 0; v < n_vectors; v++) {
            float *c = job->out + i * job->out_row + v * job->out_vector;
            size_t lanes = v + 1 == n_vectors ? job->out_last : 16;
            vf x = vf_load_n(c, lanes, vf_set1(0.0F));
            vf_store_n(c, v_activate(x, gemm->activation, gemm->activation_parameter), lanes);
        }
}

/* k steps p0 .. p0+k-1 of rows row0 .. row0+n_rows-1; `parked` is where sums wait with a store function. */
static void run_rows(const panel *at, size_t row0, size_t n_rows, size_t p0, size_t k, float *parked)
{
    const ajp_gemm *g = at->gemm;
    const bool final = p0 + k == g->k, first = p0 == 0;
    _Alignas(64) float finished[FINISHED_VECTORS * 16];
    size_t waiting = 0; /* rows there */
    const size_t no_jump = 0, run = g->a_jump != NULL ? g->run : p0 + k + 1;
    const size_t group = g->group != 0 ? g->group : SIZE_MAX;
    tile_job job = {.k = k, .a_row = g->a_row, .a_col = g->a_col, .b_row = g->b_row, .b_vector = g->b_vector};
    job.jump = g->a_jump != NULL ? g->a_jump + p0 / run : &no_jump;
    job.b_jump = g->b_jump != NULL ? g->b_jump + p0 / run : NULL;
    job.run = run;
    job.skip = p0 % run;
    job.b = g->b + at->vector0 * g->b_vector + (g->b_jump != NULL ? 0 : p0 * g->b_row);
    job.activation_parameter = g->activation_parameter;
    const bool late = g->activation == AJP_ACTIVATION_SIGMOID || g->activation == AJP_ACTIVATION_TANH ||
                      g->activation == AJP_ACTIVATION_SWISH;
    for (size_t i = 0, rows; i < n_rows; i += rows) {
        const size_t line = (row0 + i) / group, place = (row0 + i) % group; /* tiles end where a group ends */
        rows = tile_rows(ajp_min_size(n_rows - i, group - place), at->most_rows);
        const size_t place_c = line * g->c_group_row + place * g->c_row + at->vector0 * g->c_vector;
        float *c = g->c + place_c;
        float *park = parked + i * PANEL_VECTORS * 16;
        const bool through_c = g->store == NULL || first;
        job.a = g->a + line * g->a_group_row + place * g->a_row;
        job.in = first && !g->accumulate ? NULL : through_c ? c : park;
        job.in_row = through_c ? g->c_row : at->n_vectors * 16;
        job.in_vector = through_c ? g->c_vector : 16;
        if (g->store == NULL) {
            job.out = c;
            job.out_row = g->c_row;
            job.out_vector = g->c_vector;
            job.bias = final && g->bias != NULL ? g->bias + 16 * at->vector0 : NULL;
            job.add = final && g->add != NULL ? g->add + place_c : NULL;
            job.activation = final && !late ? g->activation : AJP_ACTIVATION_NONE;
        } else {
            job.out = final ? finished + waiting * at->n_vectors * 16 : park;
            job.out_row = at->n_vectors * 16;
            job.out_vector = 16;
        }
        job.in_last = through_c ? at->last : 16;
        job.out_last = g->store == NULL ? at->last : 16;
        tiles[at->n_vectors][rows](&job);
        if (final && late && g->store == NULL) second_pass(g, &job, rows, at->n_vectors);
        if (!final || g->store == NULL) continue;
        waiting += rows;
        if (i + rows < n_rows && (waiting + at->most_rows) * at->n_vectors <= FINISHED_VECTORS) continue;
        g->store(g, finished, job.out_row, row0 + i + rows - waiting, waiting, 16 * at->vector0, at->n_cols);
        waiting = 0;
    }
}

/* One panel of columns over a block of rows, k in pieces. */
static void run_panel(const panel *at, size_t row0, size_t n_rows, float *parked)
{
    const size_t k = at->gemm->k;
    size_t p = 0;
    do {
        const size_t left = k - p;
        const size_t step = left <= LONGEST_K ? left : left < 2 * LONGEST_K ? (left + 1) / 2 : LONGEST_K;
        run_rows(at, row0, n_rows, p, step, parked);
        p += step;
    } while (p < k);
}

/* The block of rows and columns; col0 is a multiple of 16.  Rows go in groups that stay in the second-level
 * cache while all columns pass; where sums are parked, in few rows. */
static void gemm_block(const ajp_gemm *g, size_t row0, size_t n_rows, size_t col0, size_t n_cols)
{
    const size_t vector_end = (col0 + n_cols + 15) / 16;
    const size_t group = g->k > LONGEST_K ? PARKED_ROWS : CACHED_FLOATS / (g->k + 1) / 12 * 12;
    _Alignas(64) float parked[PARKED_ROWS * PANEL_VECTORS * 16];
    for (size_t i = 0, rows; i < n_rows; i += rows) {
        rows = tile_rows(n_rows - i, group);
        for (size_t vector = col0 / 16; vector < vector_end;) {
            panel at = {.gemm = g, .vector0 = vector, .n_vectors = panel_vectors(rows, vector_end - vector)};
            at.n_cols = ajp_min_size(16 * at.n_vectors, col0 + n_cols - 16 * vector);
            at.last = at.n_cols - 16 * (at.n_vectors - 1);
            at.most_rows = tallest[at.n_vectors];
            run_panel(&at, row0 + i, rows, parked);
            vector += at.n_vectors;
        }
    }
}

static void gemm(const ajp_gemm *g)
{
    gemm_block(g, 0, g->m, 0, g->n);
}

#endif

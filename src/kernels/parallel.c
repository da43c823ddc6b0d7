/* parallel.c: a product cut into fixed blocks for the pool.  The cut depends on the shape alone (and would
 * not change a bit if it did not: every output is one sum). */
#include "kernels.h"

/* Below this many multiplications (some 4 microseconds) waking a thread costs more than it brings. */
enum { WORTH_SHARING = 1 << 18 };

typedef struct {
    const ajp_kernels *kernels;
    const ajp_gemm *gemm;
    size_t block_rows, block_cols, n_across;
} blocks;

static void run_block(void *user, size_t task, unsigned thread)
{
    const blocks *b = user;
    const ajp_gemm *g = b->gemm;
    const size_t row0 = task / b->n_across * b->block_rows, col0 = task % b->n_across * b->block_cols;
    (void)thread;
    b->kernels->gemm_block(g, row0, ajp_min_size(b->block_rows, g->m - row0), col0,
                           ajp_min_size(b->block_cols, g->n - col0));
}

void ajp_gemm_parallel(const ajp_kernels *kernels, ajp_pool *pool, const ajp_gemm *gemm)
{
    const size_t work = gemm->m * gemm->n * (gemm->k + 16);
    if (pool == NULL || ajp_pool_threads(pool) == 1 || work < WORTH_SHARING) {
        kernels->gemm(gemm);
        return;
    }
    /* About 16 blocks of rows, each a whole number of register tiles; where rows are few, columns by 8
     * vectors. */
    blocks b = {
        .kernels = kernels, .gemm = gemm, .block_rows = gemm->m, .block_cols = gemm->n, .n_across = 1};
    if (gemm->m >= 96)
        b.block_rows = ajp_round_up((gemm->m + 15) / 16, 24);
    else
        b.block_cols = 8 * AJP_LANES;
    b.n_across = (gemm->n + b.block_cols - 1) / b.block_cols;
    const size_t n_down = (gemm->m + b.block_rows - 1) / b.block_rows;
    ajp_pool_run(pool, n_down * b.n_across, run_block, &b);
}

/* step.h: sizes of the blocks that one step is cut into. */
#ifndef AJP_STEP_H
#define AJP_STEP_H

#include "trainer.h"

enum {
    AJP_EVALUATION_ROWS = 256, /* samples at a time after an epoch */
    AJP_BLOCK_INPUTS = 54,     /* rows of a weight block: whole register tiles of 6 and of 9 */
    AJP_BLOCK_OUTPUTS = 256,   /* columns: the block's gradient (54 kB) stays in the second-level cache */
    AJP_BLOCK_FLOATS = AJP_BLOCK_INPUTS * AJP_BLOCK_OUTPUTS + AJP_BLOCK_OUTPUTS
};

/* Brings inputs i0 .. i1-1 x outputs j0 .. j1-1 (multiples of 16) of the packed weights into the transposed
 * copy. */
void ajp_transpose_block(ajp_layer *layer, size_t i0, size_t i1, size_t j0, size_t j1);

#endif

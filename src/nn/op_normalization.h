/* op_normalization.h: batch normalisation as one multiplication and one addition a channel. */
#ifndef AJP_OP_NORMALIZATION_H
#define AJP_OP_NORMALIZATION_H

#include "op.h"

/* y = scale x + shift, of BatchNormalization's inputs 1 ... 4 (scale, B, mean, var), n channels. */
void ajp_batch_normalization_affine(const ajp_node *node, const float *const inputs[4], size_t n,
                                    float *scale, float *shift);

/* Whether the node takes its statistics from its input, and so is no affine map of it. */
bool ajp_batch_normalization_trains(const ajp_node *node);

#endif

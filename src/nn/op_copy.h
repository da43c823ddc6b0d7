/* op_copy.h: elements moved between two strided places. */
#ifndef AJP_OP_COPY_H
#define AJP_OP_COPY_H

#include <stddef.h>

#include "tensor.h"

enum { AJP_COPY_RANK = 2 * AJP_MAX_RANK };

/* One loop: n elements, so far apart (in elements) where they are written and where they are read. */
typedef struct {
    size_t n;
    ptrdiff_t to, from;
} ajp_copy_axis;

/* to[sum i_k to_k] = from[sum i_k from_k] for elements of 1, 2, 4 or 8 bytes; axes outermost first.  The two
 * places do not overlap. */
void ajp_copy(size_t element_size, size_t n_axes, const ajp_copy_axis *axes, void *to, const void *from);

/* Steps of a dense tensor: step[d] = product of the dims after d. */
void ajp_dense_steps(const ajp_type *type, ptrdiff_t *step);

/* n copies of one element. */
void ajp_fill(size_t element_size, void *to, const void *element, size_t n);

#endif

/* op_sort.h: sorting with a context, stable. */
#ifndef AJP_OP_SORT_H
#define AJP_OP_SORT_H

#include <stdbool.h>
#include <stddef.h>

/* Does b come strictly before a?  Then they change places. */
typedef bool (*ajp_before)(const void *context, size_t b, size_t a);

/* Sorts order[0 ... n-1], numbers that `before` understands; work: n numbers. Merge sort: n log n
 * comparisons. */
void ajp_sort(size_t *order, size_t *work, size_t n, ajp_before before, const void *context);

#endif

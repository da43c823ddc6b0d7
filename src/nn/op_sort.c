/* op_sort.c: merge sort, bottom up. */
#include "op_sort.h"

#include <string.h>

static void merge(const size_t *a, size_t n_a, const size_t *b, size_t n_b, size_t *out, ajp_before before,
                  const void *context)
{
    while (n_a > 0 && n_b > 0) {
        if (before(context, *b, *a))
            *out++ = *b++, n_b--;
        else
            *out++ = *a++, n_a--;
    }
    if (n_a > 0) memcpy(out, a, n_a * sizeof *a);
    if (n_b > 0) memcpy(out, b, n_b * sizeof *b);
}

void ajp_sort(size_t *order, size_t *work, size_t n, ajp_before before, const void *context)
{
    size_t *from = order, *to = work;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t at = 0; at < n; at += 2 * width) {
            size_t n_a = n - at < width ? n - at : width, left = n - at - n_a;
            merge(from + at, n_a, from + at + n_a, left < width ? left : width, to + at, before, context);
        }
        size_t *swap = from;
        from = to, to = swap;
    }
    if (from != order) memcpy(order, from, n * sizeof *order);
}

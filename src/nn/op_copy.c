/* op_copy.c: strided copies: axes of one element dropped, axes that run on merged, then rows by memcpy or
 * small squares (so that a transposition touches whole cache lines on both sides). */
#include "op_copy.h"

#include <string.h>

enum { SQUARE = 16 }; /* elements a side: 16 of 4 bytes are a cache line */

/* Two inner axes, element by element in squares. */
#define SQUARES(name, size)                                                                              \
    static void name(const ajp_copy_axis *row, const ajp_copy_axis *column, char *to, const char *from)  \
    {                                                                                                    \
        for (size_t i0 = 0; i0 < row->n; i0 += SQUARE)                                                   \
            for (size_t j0 = 0; j0 < column->n; j0 += SQUARE) {                                          \
                size_t i1 = i0 + SQUARE < row->n ? i0 + SQUARE : row->n;                                 \
                size_t j1 = j0 + SQUARE < column->n ? j0 + SQUARE : column->n;                           \
                for (size_t i = i0; i < i1; i++)                                                         \
                    for (size_t j = j0; j < j1; j++)                                                     \
                        memcpy(to + (size) * ((ptrdiff_t)i * row->to + (ptrdiff_t)j * column->to),       \
                               from + (size) * ((ptrdiff_t)i * row->from + (ptrdiff_t)j * column->from), \
                               size);                                                                    \
            }                                                                                            \
    }
SQUARES(squares1, 1)
SQUARES(squares2, 2)
SQUARES(squares4, 4)
SQUARES(squares8, 8)

/* Short rows are copied by element: a call of memcpy costs more than they do. */
static void block(ptrdiff_t size, const ajp_copy_axis *row, const ajp_copy_axis *column, char *to,
                  const char *from)
{
    if (column->to == 1 && column->from == 1 && column->n * (size_t)size >= 32) {
        for (size_t i = 0; i < row->n; i++)
            memcpy(to + size * (ptrdiff_t)i * row->to, from + size * (ptrdiff_t)i * row->from,
                   column->n * (size_t)size);
        return;
    }
    if (size == 1) squares1(row, column, to, from);
    if (size == 2) squares2(row, column, to, from);
    if (size == 4) squares4(row, column, to, from);
    if (size == 8) squares8(row, column, to, from);
}

/* The loops that are left, innermost last; at least two.  0 when there is nothing to copy. */
static size_t merge(size_t n_axes, const ajp_copy_axis *axes, ajp_copy_axis *out)
{
    static const ajp_copy_axis once = {1, 0, 0};
    size_t n = 0;
    for (size_t k = 0; k < n_axes; k++) {
        const ajp_copy_axis *a = &axes[k];
        if (a->n == 0) return 0;
        if (a->n == 1) continue;
        ajp_copy_axis *before = n > 0 ? &out[n - 1] : NULL;
        if (before != NULL && before->to == a->to * (ptrdiff_t)a->n &&
            before->from == a->from * (ptrdiff_t)a->n) {
            *before = (ajp_copy_axis){before->n * a->n, a->to, a->from};
            continue;
        }
        out[n++] = *a;
    }
    for (; n < 2; n++) {
        memmove(out + 1, out, n * sizeof *out);
        out[0] = once;
    }
    return n;
}

void ajp_copy(size_t element_size, size_t n_axes, const ajp_copy_axis *axes, void *to, const void *from)
{
    ajp_copy_axis loop[AJP_COPY_RANK + 2];
    size_t index[AJP_COPY_RANK] = {0}, n = merge(n_axes, axes, loop);
    ptrdiff_t size = (ptrdiff_t)element_size, at_to = 0, at_from = 0;
    if (n == 0) return;
    size_t n_outer = n - 2, k;
    do {
        block(size, &loop[n - 2], &loop[n - 1], (char *)to + size * at_to,
              (const char *)from + size * at_from);
        for (k = n_outer; k-- > 0;) {
            at_to += loop[k].to;
            at_from += loop[k].from;
            if (++index[k] < loop[k].n) break;
            at_to -= loop[k].to * (ptrdiff_t)loop[k].n;
            at_from -= loop[k].from * (ptrdiff_t)loop[k].n;
            index[k] = 0;
        }
    } while (k != SIZE_MAX);
}

void ajp_dense_steps(const ajp_type *type, ptrdiff_t *step)
{
    ptrdiff_t at = 1;
    for (size_t d = type->rank; d-- > 0; at *= (ptrdiff_t)type->dims[d]) step[d] = at;
}

void ajp_fill(size_t element_size, void *to, const void *element, size_t n)
{
    if (n == 0) return;
    memcpy(to, element, element_size);
    size_t done = element_size, all = n * element_size;
    for (; done < all; done *= 2) /* doubles what is there */
        memcpy((char *)to + done, to, done < all - done ? done : all - done);
}

/* integer.h: products of 8-bit integers, and what quantised operators share. */
#ifndef AJP_INTEGER_H
#define AJP_INTEGER_H

#include "op.h"

/* c[m][n] = a[m][k] b, exactly: a and b hold whole numbers of magnitude up to 255, so that sums of 256
 * products in float32 are exact (256 * 255 * 255 < 2^24), and those are added as integers of 32 bits, which
 * wrap. */
typedef struct {
    const ajp_kernels *kernels;
    ajp_pool *pool; /* or NULL */
    size_t m, n, k;
    const float *a, *b;
    bool b_by_output; /* b is [n][k], else [k][n] */
    int32_t *c;
    float *room; /* ajp_integer_room floats */
} ajp_integer_product;
size_t ajp_integer_room(size_t m, size_t n, size_t k); /* SIZE_MAX: more than there can be */
void ajp_integer_multiply(const ajp_integer_product *p);

/* UNSUPPORTED unless input k is int8 or uint8. */
aj_status ajp_integer_want(const ajp_op_infer *i, size_t k);
/* Scale or zero point: input k, one number or `each`; mixing samples or other sizes are refused.  Scales are
 * float32, zero points of type `dtype`. */
aj_status ajp_integer_check(const ajp_op_infer *i, size_t k, ajp_dtype dtype, size_t each);

/* Numbers of a scale or zero point as float: element k, or the only one; `otherwise` when it is left out. */
float ajp_integer_at(const ajp_op_run *r, size_t input, size_t k, float otherwise);

/* to[i] = from[i] - zero of n 8-bit elements */
void ajp_integer_shift(ajp_dtype dtype, const void *from, size_t n, float zero, float *to);

/* round(value) to nearest even + zero, to the bounds of int8 or uint8 (NaN: the zero point) */
void ajp_integer_store(ajp_dtype dtype, void *to, size_t at, float value, float zero);

#endif

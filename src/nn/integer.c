/* integer.c: exact products of 8-bit integers by the float32 kernel. */
#include "integer.h"

#include <math.h>
#include <string.h>

enum { EXACT = 256 }; /* products of 8-bit numbers whose sum float32 holds exactly */

size_t ajp_integer_room(size_t m, size_t n, size_t k)
{
    size_t part, columns;
    if (!ajp_size_mul(m, n, &part) ||
        !ajp_size_mul(ajp_round_up(n, AJP_LANES), ajp_min_size(k, EXACT), &columns) ||
        !ajp_size_add(part, columns, &part) || part > AJP_MAX_ELEMENTS)
        return SIZE_MAX;
    return part + AJP_LANES;
}

void ajp_integer_multiply(const ajp_integer_product *p)
{
    float *packed = p->room, *part = packed + ajp_packed_size(p->n, ajp_min_size(p->k, EXACT));
    memset(p->c, 0, p->m * p->n * sizeof *p->c);
    for (size_t k0 = 0; k0 < p->k; k0 += EXACT) {
        size_t k = ajp_min_size(p->k - k0, EXACT);
        if (p->b_by_output)
            ajp_pack_out_in(p->b + k0, p->n, k, p->k, packed);
        else
            ajp_pack_in_out(p->b + k0 * p->n, p->n, k, p->n, packed);
        ajp_gemm gemm = {.m = p->m,
                         .n = p->n,
                         .k = k,
                         .a = p->a + k0,
                         .a_row = p->k,
                         .a_col = 1,
                         .b = packed,
                         .b_row = AJP_LANES,
                         .b_vector = AJP_LANES * k,
                         .c = part,
                         .c_row = p->n,
                         .c_vector = AJP_LANES};
        ajp_gemm_parallel(p->kernels, p->pool, &gemm);
        for (size_t i = 0; i < p->m * p->n; i++)
            p->c[i] = (int32_t)((uint32_t)p->c[i] + (uint32_t)(int32_t)part[i]);
    }
}

aj_status ajp_integer_want(const ajp_op_infer *i, size_t k)
{
    ajp_dtype dtype = i->in[k]->dtype;
    return dtype == AJP_INT8 || dtype == AJP_UINT8 ? AJ_OK : ajp_op_refuse(i, k);
}

aj_status ajp_integer_check(const ajp_op_infer *i, size_t k, ajp_dtype dtype, size_t each)
{
    const ajp_type *t = ajp_op_input(i, k);
    size_t n;
    if (t == NULL) return AJ_OK;
    if (t->batch_axis >= 0) return ajp_op_mixes(i, "its scale or zero point comes from the samples");
    if (t->dtype != dtype)
        return ajp_op_corrupt(i, "has an input %zu of type %s, not %s", k, ajp_dtype_name(t->dtype),
                              ajp_dtype_name(dtype));
    if (ajp_type_elements(t, &n) && (n == 1 || n == each)) return AJ_OK;
    return ajp_op_corrupt(i, "has an input %zu that is neither one number nor one for each of %zu", k, each);
}

float ajp_integer_at(const ajp_op_run *r, size_t input, size_t k, float otherwise)
{
    float value;
    if (ajp_op_data(r, input) == NULL) return otherwise;
    const ajp_tensor *t = &r->in[input];
    if (t->n == 1) k = 0;
    ajp_convert(AJP_FLOAT32, &value, t->type.dtype, (const char *)t->data + k * ajp_dtype_size(t->type.dtype),
                1);
    return value;
}

void ajp_integer_shift(ajp_dtype dtype, const void *from, size_t n, float zero, float *to)
{
    const uint8_t *u = from;
    const int8_t *s = from;
    if (dtype == AJP_UINT8)
        for (size_t i = 0; i < n; i++) to[i] = (float)u[i] - zero;
    else
        for (size_t i = 0; i < n; i++) to[i] = (float)s[i] - zero;
}

void ajp_integer_store(ajp_dtype dtype, void *to, size_t at, float value, float zero)
{
    float low = dtype == AJP_INT8 ? -128.0F : 0.0F, high = low + 255.0F, rounded = rintf(value) + zero;
    if (isnan(value)) rounded = zero;
    rounded = rounded < low ? low : rounded > high ? high : rounded;
    if (dtype == AJP_INT8)
        ((int8_t *)to)[at] = (int8_t)rounded;
    else
        ((uint8_t *)to)[at] = (uint8_t)rounded;
}

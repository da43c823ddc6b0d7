/* op_number.c: elements of any type, one at a time. */
#include "op_number.h"

#include <math.h>

ajp_number ajp_number_load(const ajp_tensor *t, size_t at)
{
    ajp_dtype dtype = t->type.dtype;
    const char *from = (const char *)t->data + at * ajp_dtype_size(dtype);
    ajp_number v = {AJP_REAL, 0, 0, 0};
    if (ajp_dtype_is_float(dtype)) {
        ajp_convert(AJP_FLOAT64, &v.d, dtype, from, 1);
    } else if (dtype == AJP_INT8 || dtype == AJP_INT16 || dtype == AJP_INT32 || dtype == AJP_INT64) {
        v.kind = AJP_SIGNED;
        v.i = ajp_tensor_int(t, at);
    } else {
        v.kind = AJP_UNSIGNED;
        ajp_convert(AJP_UINT64, &v.u, dtype, from, 1);
    }
    return v;
}

void ajp_number_store(const ajp_tensor *t, size_t at, const ajp_number *v)
{
    char *to = (char *)t->data + at * ajp_dtype_size(t->type.dtype);
    if (v->kind == AJP_REAL)
        ajp_convert(t->type.dtype, to, AJP_FLOAT64, &v->d, 1);
    else if (v->kind == AJP_SIGNED)
        ajp_convert(t->type.dtype, to, AJP_INT64, &v->i, 1);
    else
        ajp_convert(t->type.dtype, to, AJP_UINT64, &v->u, 1);
}

double ajp_number_real(const ajp_number *v)
{
    return v->kind == AJP_REAL ? v->d : v->kind == AJP_SIGNED ? (double)v->i : (double)v->u;
}

bool ajp_number_less(const ajp_number *a, const ajp_number *b)
{
    return a->kind == AJP_REAL ? a->d < b->d : a->kind == AJP_SIGNED ? a->i < b->i : a->u < b->u;
}

bool ajp_number_equal(const ajp_number *a, const ajp_number *b)
{
    return a->kind == AJP_REAL ? !(a->d < b->d) && !(a->d > b->d) && !isnan(a->d) && !isnan(b->d)
                               : a->i == b->i && a->u == b->u;
}

int ajp_number_order(const ajp_number *a, const ajp_number *b)
{
    if (a->kind == AJP_REAL && (isnan(a->d) || isnan(b->d))) return (isnan(a->d) != 0) - (isnan(b->d) != 0);
    return ajp_number_less(a, b) ? -1 : ajp_number_less(b, a);
}

ajp_number ajp_number_add(const ajp_number *a, const ajp_number *b)
{
    return (ajp_number){a->kind, a->d + b->d, (int64_t)((uint64_t)a->i + (uint64_t)b->i), a->u + b->u};
}

ajp_number ajp_number_multiply(const ajp_number *a, const ajp_number *b)
{
    return (ajp_number){a->kind, a->d * b->d, (int64_t)((uint64_t)a->i * (uint64_t)b->i), a->u * b->u};
}

ajp_number ajp_number_max(const ajp_number *a, const ajp_number *b)
{
    bool first_nan = a->kind == AJP_REAL && isnan(a->d);
    return first_nan || ajp_number_less(b, a) ? *a : *b;
}

ajp_number ajp_number_min(const ajp_number *a, const ajp_number *b)
{
    bool first_nan = a->kind == AJP_REAL && isnan(a->d);
    return first_nan || ajp_number_less(a, b) ? *a : *b;
}

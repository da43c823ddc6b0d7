/* op_det.c: Det: determinants of square matrices, by elimination with the largest pivot of a column, in
 * double. */
#include <math.h>
#include <string.h>

#include "op.h"

static const char *const attributes[] = {NULL};

static aj_status infer(const ajp_op_infer *i)
{
    const ajp_type *x = i->in[0];
    if (!ajp_dtype_is_float(x->dtype)) return ajp_op_refuse(i, 0);
    if (x->rank < 2 || x->dims[x->rank - 1] != x->dims[x->rank - 2])
        return ajp_op_corrupt(i, "has an input that is not square matrices");
    if (x->batch_axis >= (int)x->rank - 2) return ajp_op_mixes(i, "its rows or columns are samples");
    i->out[0] = *x;
    i->out[0].rank -= 2;
    return AJ_OK;
}

static size_t scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    size_t n = in[0].type.dims[in[0].type.rank - 1];
    (void)node;
    (void)out;
    return n * n * sizeof(double);
}

static void swap_rows(double *a, size_t n, size_t i, size_t j)
{
    for (size_t k = 0; k < n; k++) {
        double keep = a[i * n + k];
        a[i * n + k] = a[j * n + k];
        a[j * n + k] = keep;
    }
}

static double determinant(double *a, size_t n)
{
    double result = 1;
    for (size_t c = 0; c < n; c++) {
        size_t pivot = c;
        for (size_t i = c + 1; i < n; i++)
            if (fabs(a[i * n + c]) > fabs(a[pivot * n + c])) pivot = i;
        if (pivot != c) {
            swap_rows(a, n, pivot, c);
            result = -result;
        }
        double top = a[c * n + c];
        result *= top;
        if (!(fabs(top) > 0)) return result; /* 0, or NaN */
        for (size_t i = c + 1; i < n; i++) {
            double factor = a[i * n + c] / top;
            for (size_t k = c; k < n; k++) a[i * n + k] -= factor * a[c * n + k];
        }
    }
    return result;
}

static aj_status run(const ajp_op_run *r)
{
    ajp_dtype dtype = r->in[0].type.dtype;
    size_t n = r->in[0].type.dims[r->in[0].type.rank - 1], size = ajp_dtype_size(dtype);
    for (size_t k = 0; k < r->out[0].n; k++) {
        ajp_convert(AJP_FLOAT64, r->scratch, dtype, (const char *)r->in[0].data + k * n * n * size, n * n);
        double value = determinant(r->scratch, n);
        ajp_convert(dtype, (char *)r->out[0].data + k * size, AJP_FLOAT64, &value, 1);
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_det;
const ajp_op ajp_op_det = {.any_sample_axis = true,
                           .min_in = 1,
                           .max_in = 1,
                           .max_out = 1,
                           .flops_per_element = 2,
                           .attributes = attributes,
                           .infer = infer,
                           .scratch = scratch,
                           .run = run};

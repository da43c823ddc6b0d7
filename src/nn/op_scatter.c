/* op_scatter.c: Scatter, ScatterElements, ScatterND: a copy of the data with some elements replaced, or
 * combined with what was there. */
#include <string.h>

#include "op.h"
#include "op_index.h"
#include "op_number.h"

enum { REPLACE, ADD, MULTIPLY, MAX, MIN };
static const char *const reductions[] = {"none", "add", "mul", "max", "min", NULL};
static const char *const element_attributes[] = {"axis", "reduction", NULL};
static const char *const nd_attributes[] = {"reduction", NULL};

static aj_status parse(const ajp_op_parse *p, void *out)
{
    ajp_index_params *q = out;
    AJ_TRY(ajp_op_int(p, "axis", 0, &q->axis));
    return ajp_op_choice(p, "reduction", reductions, REPLACE, &q->reduction);
}

static void copy_data(const ajp_op_run *r)
{
    size_t bytes = r->in[0].n * ajp_dtype_size(r->in[0].type.dtype);
    if (bytes > 0) memcpy(r->out[0].data, r->in[0].data, bytes);
}

static void combine(const ajp_tensor *y, size_t at, const ajp_tensor *updates, size_t k, size_t reduction)
{
    ajp_number a = ajp_number_load(y, at), b = ajp_number_load(updates, k), c = b;
    if (reduction == ADD) c = ajp_number_add(&a, &b);
    if (reduction == MULTIPLY) c = ajp_number_multiply(&a, &b);
    if (reduction == MAX) c = ajp_number_max(&a, &b);
    if (reduction == MIN) c = ajp_number_min(&a, &b);
    ajp_number_store(y, at, &c);
}

static aj_status same_type(const ajp_op_infer *i)
{
    if (i->in[0]->dtype == i->in[2]->dtype) return AJ_OK;
    return ajp_op_corrupt(i, "has data of type %s and updates of type %s", ajp_dtype_name(i->in[0]->dtype),
                          ajp_dtype_name(i->in[2]->dtype));
}

/* ---- ScatterElements: y[i][index[i][j][k]][k] = updates[i][j][k] for axis 1 ------------------------------
 */

static aj_status infer_elements(const ajp_op_infer *i)
{
    const ajp_index_params *q = i->node->params;
    size_t axis;
    AJ_TRY(ajp_op_axis(i, q->axis, i->in[0]->rank, false, &axis));
    AJ_TRY(ajp_index_same_rank(i, axis));
    AJ_TRY(same_type(i));
    if (!ajp_type_same_shape(i->in[1], i->in[2]))
        return ajp_op_corrupt(i, "has not one update for each index");
    i->out[0] = *i->in[0];
    return AJ_OK;
}

static aj_status run_elements(const ajp_op_run *r)
{
    const ajp_index_params *q = r->node->params;
    const ajp_type *data = &r->in[0].type;
    size_t axis = (size_t)(q->axis < 0 ? q->axis + (int64_t)data->rank : q->axis), n = data->dims[axis];
    size_t step = ajp_dims_product(data->dims + axis + 1, data->rank - axis - 1);
    size_t index[AJP_MAX_RANK] = {0}, at = 0, place = 0;
    copy_data(r);
    for (size_t k = 0; k < r->in[1].n; k++) {
        AJ_TRY(ajp_index_at(r, &r->in[1], k, n, &place));
        combine(&r->out[0], at + place * step, &r->in[2], k, q->reduction);
        ajp_index_walk(data, &r->in[1].type, axis, index, &at);
    }
    return AJ_OK;
}

/* ---- ScatterND: y[indices[i...]] = updates[i...] ---------------------------------------------------------
 */

static aj_status infer_nd(const ajp_op_infer *i)
{
    const ajp_type *data = i->in[0], *indices = i->in[1], *updates = i->in[2];
    AJ_TRY(ajp_index_type(i, 1));
    AJ_TRY(same_type(i));
    if (data->rank == 0 || indices->rank == 0) return ajp_op_corrupt(i, "has data or indices without axes");
    if (data->batch_axis >= 0 || indices->batch_axis >= 0 || updates->batch_axis >= 0)
        return ajp_op_mixes(i, "its indices reach across samples");
    size_t tuple = indices->dims[indices->rank - 1], rank = indices->rank - 1;
    if (tuple > data->rank)
        return ajp_op_corrupt(i, "has indices of %zu numbers for data of %zu axes", tuple, data->rank);
    bool fits = updates->rank == rank + data->rank - tuple;
    for (size_t d = 0; fits && d < updates->rank; d++)
        fits = updates->dims[d] == (d < rank ? indices->dims[d] : data->dims[tuple + d - rank]);
    if (!fits) return ajp_op_corrupt(i, "has updates whose shape does not fit data and indices");
    i->out[0] = *data;
    return AJ_OK;
}

static aj_status run_nd(const ajp_op_run *r)
{
    const ajp_index_params *q = r->node->params;
    const ajp_type *data = &r->in[0].type, *indices = &r->in[1].type;
    size_t tuple = indices->dims[indices->rank - 1],
           n_tuples = ajp_dims_product(indices->dims, indices->rank - 1);
    size_t each = ajp_dims_product(data->dims + tuple, data->rank - tuple),
           size = ajp_dtype_size(data->dtype), at = 0;
    copy_data(r);
    for (size_t k = 0; k < n_tuples; k++) {
        AJ_TRY(ajp_index_tuple(r, &r->in[1], k * tuple, tuple, data->dims, &at));
        if (q->reduction == REPLACE) {
            memcpy((char *)r->out[0].data + at * each * size, (const char *)r->in[2].data + k * each * size,
                   each * size);
            continue;
        }
        for (size_t e = 0; e < each; e++)
            combine(&r->out[0], at * each + e, &r->in[2], k * each + e, q->reduction);
    }
    return AJ_OK;
}

#define SCATTER(id, names, infer_function, run_function)                 \
    extern const ajp_op ajp_op_##id;                                     \
    const ajp_op ajp_op_##id = {.min_in = 3,                             \
                                .max_in = 3,                             \
                                .max_out = 1,                            \
                                .params_size = sizeof(ajp_index_params), \
                                .attributes = names,                     \
                                .parse = parse,                          \
                                .infer = infer_function,                 \
                                .run = run_function};
SCATTER(scatter_elements, element_attributes, infer_elements, run_elements)
SCATTER(scatter_nd, nd_attributes, infer_nd, run_nd)

/* op_cumulative.c: CumSum. */
#include "op.h"
#include "op_number.h"

typedef struct {
    bool exclusive, reverse;
} params;
static const char *const attributes[] = {"exclusive", "reverse", NULL};

static aj_status parse(const ajp_op_parse *p, void *out)
{
    int64_t exclusive, reverse;
    AJ_TRY(ajp_op_int(p, "exclusive", 0, &exclusive));
    AJ_TRY(ajp_op_int(p, "reverse", 0, &reverse));
    *(params *)out = (params){exclusive != 0, reverse != 0};
    return AJ_OK;
}

static aj_status infer(const ajp_op_infer *i)
{
    const ajp_type *x = i->in[0];
    const ajp_tensor *axis;
    size_t d;
    if (x->dtype == AJP_BOOL) return ajp_op_refuse(i, 0);
    AJ_TRY(ajp_op_known(i, 1, "axis", &axis));
    if (axis->n != 1 || (axis->type.dtype != AJP_INT32 && axis->type.dtype != AJP_INT64))
        return ajp_op_corrupt(i, "has an axis that is not one integer");
    AJ_TRY(ajp_op_axis(i, ajp_tensor_int(axis, 0), x->rank, false, &d));
    if (x->batch_axis == (int)d) return ajp_op_mixes(i, "it sums over samples");
    i->out[0] = *x;
    return AJ_OK;
}

/* Sums in double or in wrapping integers of 64 bits, rounded when stored. */
static aj_status run(const ajp_op_run *r)
{
    const params *q = r->node->params;
    const ajp_type *x = &r->in[0].type;
    int64_t axis = ajp_tensor_int(&r->in[1], 0);
    size_t d = (size_t)(axis < 0 ? axis + (int64_t)x->rank : axis), n = x->dims[d];
    size_t inner = ajp_dims_product(x->dims + d + 1, x->rank - d - 1), outer = ajp_dims_product(x->dims, d);
    if (r->in[0].n == 0) return AJ_OK;
    for (size_t line = 0; line < outer * inner; line++) {
        size_t base = line / inner * n * inner + line % inner;
        ajp_number sum = ajp_number_load(&r->in[0], base);
        sum = (ajp_number){sum.kind, 0, 0, 0};
        for (size_t k = 0; k < n; k++) {
            size_t at = base + (q->reverse ? n - 1 - k : k) * inner;
            ajp_number next = ajp_number_load(&r->in[0], at), before = sum;
            sum = ajp_number_add(&sum, &next);
            ajp_number_store(&r->out[0], at, q->exclusive ? &before : &sum);
        }
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_cum_sum;
const ajp_op ajp_op_cum_sum = {.any_sample_axis = true,
                               .min_in = 2,
                               .max_in = 2,
                               .max_out = 1,
                               .flops_per_element = 1,
                               .params_size = sizeof(params),
                               .attributes = attributes,
                               .parse = parse,
                               .infer = infer,
                               .run = run};

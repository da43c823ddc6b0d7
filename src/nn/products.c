/* products.c: the matrix products that operators declare, and how any product of a plan is computed. */
#include <string.h>

#include "program.h"

/* Below this many MACs a product is not worth waking other threads for (about 10 microseconds of work). */
enum { MIN_MACS_TO_SPREAD = 1 << 20 };

/* ---- declared by operators ------------------------------------------------------------------------------
 */

/* [groups * rows] to [groups][rows padded]. */
static bool pad_bias(ajp_product_step *step, const float *bias, ajp_arena *arena)
{
    size_t padded = ajp_round_up(step->rows, AJP_LANES);
    float *copy = ajp_arena_array(arena, step->groups * padded, sizeof *copy);
    if (copy == NULL) return false;
    for (size_t g = 0; g < step->groups; g++)
        memcpy(copy + g * padded, bias + g * step->rows, step->rows * sizeof *copy);
    step->bias = copy;
    return true;
}

bool ajp_products_declared(const ajp_op_products_query *query, ajp_product_step **out, size_t *n)
{
    ajp_op_product declared[AJP_OP_PRODUCTS] = {0};
    const ajp_node *node = query->node;
    *n = node->op->products == NULL ? 0 : node->op->products(query, declared);
    if (*n == AJP_OP_NO_MEMORY) return false;
    if (*n == 0) return true;
    ajp_product_step *steps = ajp_arena_array(query->arena, *n, sizeof *steps);
    if (steps == NULL) return false;
    for (size_t i = 0; i < *n; i++) {
        const ajp_op_product *d = &declared[i];
        steps[i] = (ajp_product_step){.name = node->name,
                                      .op_type = node->op_type,
                                      .rows = d->rows,
                                      .cols = d->cols,
                                      .reps = d->reps,
                                      .groups = d->groups,
                                      .weights = d->weights,
                                      .n_distinct_inputs = d->n_distinct_inputs,
                                      .dynamic = d->dynamic,
                                      .sample_axis = d->sample_axis,
                                      .left = d->left};
        if (d->suffix != NULL && d->suffix[0] != '\0')
            steps[i].name = ajp_arena_printf(query->arena, "%s%s", node->name, d->suffix);
        if (steps[i].name == NULL) return false;
        if (d->bias != NULL && !pad_bias(&steps[i], d->bias, query->arena)) return false;
    }
    *out = steps;
    return true;
}

bool ajp_products_packed_size(const ajp_product_step *step, size_t *out)
{
    size_t n;
    *out = 0;
    if (step->dynamic) return true; /* nothing is known before the data */
    return ajp_size_mul(ajp_round_up(step->rows, AJP_LANES), step->cols, &n) &&
           ajp_size_mul(ajp_packed_size(step->rows, step->cols), step->groups, out);
}

void ajp_products_pack_to(const ajp_product_step *step, float *packed)
{
    for (size_t g = 0; g < step->groups; g++)
        ajp_pack_out_in(ajp_product_weights(step, g), step->rows, step->cols, step->cols,
                        packed + g * ajp_packed_size(step->rows, step->cols));
}

bool ajp_products_pack(ajp_product_step *step, ajp_arena *arena)
{
    size_t n;
    if (step->dynamic) return true;
    if (!ajp_products_packed_size(step, &n)) return false;
    float *packed = ajp_arena_array(arena, n, sizeof *packed);
    if (packed == NULL) return false;
    ajp_products_pack_to(step, packed);
    step->packed = packed;
    return true;
}

/* ---- computed -------------------------------------------------------------------------------------------
 */

static void multiply_exactly(const ajp_multiplier *m, const ajp_product_step *p, const ajp_product_call *call)
{
    ajp_gemm gemm = {.m = call->n_rows,
                     .n = p->rows,
                     .k = p->cols,
                     .a = call->x,
                     .a_row = call->x_row,
                     .a_col = 1,
                     .b = ajp_product_packed(p, call->group),
                     .b_row = AJP_LANES,
                     .b_vector = AJP_LANES * p->cols,
                     .c = call->y,
                     .c_row = call->y_row,
                     .c_vector = AJP_LANES,
                     .bias = ajp_product_bias(p, call->group),
                     .activation = p->activation,
                     .activation_parameter = p->activation_parameter};
    if (m->pool != NULL && call->n_rows * p->rows * p->cols >= MIN_MACS_TO_SPREAD)
        ajp_gemm_parallel(m->kernels, m->pool, &gemm);
    else
        m->kernels->gemm(&gemm);
}

aj_status ajp_products_multiply(const ajp_multiplier *m, const ajp_product_step *step,
                                const ajp_product_call *call)
{
    if (m->hook == NULL) {
        multiply_exactly(m, step, call);
        return AJ_OK;
    }
    for (size_t done = 0; done < call->n_rows; done += AJP_HOOK_ROWS) {
        ajp_product_call part = *call;
        part.x += done * call->x_row;
        part.y += done * call->y_row;
        part.n_rows = ajp_min_size(AJP_HOOK_ROWS, call->n_rows - done);
        part.rows.skipped += done;
        AJ_TRY(m->hook->run(m->hook->user, step, &part, m->err));
    }
    return AJ_OK;
}

const ajp_product_step *ajp_op_product_step(const ajp_op_run *r, size_t which)
{
    return &r->products->steps[which];
}

aj_status ajp_op_multiply_rows(const ajp_op_run *r, const ajp_product_call *call)
{
    ajp_multiplier m = {r->kernels, r->pool, r->products->hook, r->err};
    ajp_product_call numbered = *call;
    numbered.product += r->products->first;
    return ajp_products_multiply(&m, &r->products->steps[call->product], &numbered);
}

aj_status ajp_op_multiply(const ajp_op_run *r, size_t which, size_t group, const float *x, size_t x_row,
                          float *y, size_t y_row, size_t n_rows)
{
    ajp_product_call call = {which, group, x, y, x_row, y_row, n_rows, ajp_product_rows_from(0)};
    return ajp_op_multiply_rows(r, &call);
}

static void multiply_dynamic_exactly(const ajp_kernels *kernels, const ajp_product_step *p,
                                     const ajp_dynamic_call *call)
{
    ajp_gemm gemm = {.m = call->n_rows,
                     .n = p->rows,
                     .k = p->cols,
                     .a = call->x,
                     .a_row = call->x_row,
                     .a_col = 1,
                     .b = call->packed,
                     .b_row = AJP_LANES,
                     .b_vector = AJP_LANES * p->cols,
                     .c = call->y,
                     .c_row = call->y_row,
                     .c_vector = AJP_LANES};
    kernels->gemm(&gemm);
}

aj_status ajp_op_multiply_dynamic(const ajp_op_run *r, const ajp_dynamic_call *call)
{
    const ajp_product_step *step = &r->products->steps[call->product];
    const ajp_product_hook *hook = r->products->hook;
    for (size_t done = 0; done < call->n_rows; done += AJP_HOOK_ROWS) {
        ajp_dynamic_call part = *call;
        part.product += r->products->first;
        part.x += done * call->x_row;
        part.y += done * call->y_row;
        part.n_rows = ajp_min_size(AJP_HOOK_ROWS, call->n_rows - done);
        part.first_row += done;
        if (hook == NULL || hook->run_dynamic == NULL)
            multiply_dynamic_exactly(r->kernels, step, &part);
        else
            AJ_TRY(hook->run_dynamic(hook->user, step, &part, r->err));
    }
    return AJ_OK;
}

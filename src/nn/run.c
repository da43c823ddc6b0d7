/* run.c: executes a plan.  Products go straight from the rows of one slot to those of the next; nothing is
 * allocated. */
#include <string.h>

#include "plan.h"

typedef struct {
    const ajp_plan *plan;
    unsigned char *memory;
    const float *inputs;
    float *outputs;
    size_t n; /* samples */
    const ajp_product_hook *hook;
    ajp_pool *pool;
    aj_error *err;
} execution;

static void *slot_data(const execution *e, size_t slot)
{
    const ajp_program *p = e->plan->program;
    void *data = e->memory + e->plan->places[slot].offset;
    if (slot == p->output_slot) data = e->outputs;
    if (slot == p->input_slot)
        memcpy(&data, &e->inputs, sizeof data); /* only read: no step writes its input slot */
    return data;
}

static void *scratch_of(const execution *e)
{
    return e->memory + e->plan->memory_size;
}

/* ---- products -------------------------------------------------------------------------------------------
 */

static aj_status multiply(const execution *e, size_t product, const float *x, size_t x_row, float *y,
                          size_t y_row, size_t n_rows)
{
    ajp_multiplier m = {e->plan->kernels, e->pool, e->hook, e->err};
    ajp_product_call call = {product, 0, x, y, x_row, y_row, n_rows, ajp_product_rows_from(0)};
    return ajp_products_multiply(&m, &e->plan->products[product], &call);
}

static void copy_rows(const float *from, size_t from_row, float *to, size_t to_row, size_t n_rows,
                      size_t width)
{
    for (size_t i = 0; i < n_rows; i++) memcpy(to + i * to_row, from + i * from_row, width * sizeof *to);
}

/* y[.][rows][t] = W[rows][cols] x[.][cols][t]: the columns of x become rows, and those of the result columns
 * again. */
static aj_status run_turned(const execution *e, const ajp_step *step, size_t product, const float *x,
                            float *y)
{
    const ajp_product_step *p = &step->product;
    size_t t = step->turned_cols, n_rows = e->n * p->reps, x_row = ajp_round_up(p->cols, AJP_LANES);
    size_t y_row = ajp_round_up(p->rows, AJP_LANES);
    float *turned_x = scratch_of(e), *turned_y = turned_x + n_rows * x_row;
    for (size_t s = 0; s < n_rows / t; s++, x += p->cols * t)
        for (size_t k = 0; k < p->cols; k++)
            for (size_t j = 0; j < t; j++) turned_x[(s * t + j) * x_row + k] = x[k * t + j];
    AJ_TRY(multiply(e, product, turned_x, x_row, turned_y, y_row, n_rows));
    for (size_t s = 0; s < n_rows / t; s++, y += p->rows * t)
        for (size_t i = 0; i < p->rows; i++)
            for (size_t j = 0; j < t; j++) y[i * t + j] = turned_y[(s * t + j) * y_row + i];
    return AJ_OK;
}

static aj_status run_product(const execution *e, size_t at)
{
    const ajp_step *step = &e->plan->program->steps[at];
    const ajp_product_step *p = &step->product;
    size_t product = e->plan->product_of_step[at], from = step->in[0].slot, to = step->out[0].slot;
    size_t x_row = e->plan->places[from].row, y_row = e->plan->places[to].row, n_rows = e->n * p->reps;
    const float *x = slot_data(e, from);
    float *y = slot_data(e, to);
    if (step->turned) return run_turned(e, step, product, x, y);
    if (x_row == 0) x_row = p->cols;
    if (y_row == 0) y_row = p->rows;
    /* a hook writes whole vectors: rows that lie close together are put in place afterwards */
    if (e->hook == NULL || y_row % AJP_LANES == 0) return multiply(e, product, x, x_row, y, y_row, n_rows);
    float *padded = scratch_of(e);
    size_t padded_row = ajp_round_up(p->rows, AJP_LANES);
    AJ_TRY(multiply(e, product, x, x_row, padded, padded_row, n_rows));
    copy_rows(padded, padded_row, y, y_row, n_rows, p->rows);
    return AJ_OK;
}

/* ---- everything else ------------------------------------------------------------------------------------
 */

static void bind(const execution *e, const ajp_operand_of_step *operands, size_t n_operands,
                 ajp_tensor *tensors)
{
    ajp_plan_tensors(operands, n_operands, e->n, tensors);
    for (size_t k = 0; k < n_operands; k++)
        if (operands[k].constant == NULL && operands[k].slot != AJP_NO_VALUE)
            tensors[k].data = slot_data(e, operands[k].slot);
}

static aj_status run_plain(const execution *e, size_t at)
{
    const ajp_step *step = &e->plan->program->steps[at];
    ajp_tensor in[AJP_STEP_PORTS], out[AJP_STEP_PORTS];
    bind(e, step->in, step->n_in, in);
    bind(e, step->out, step->n_out, out);
    size_t first = e->plan->product_of_step[at];
    ajp_op_products products = {step->n_op_products, first, e->plan->products + first, e->hook};
    bool with_products = step->n_op_products > 0;
    ajp_op_run run = {.path = e->plan->program->graph.path,
                      .node = step->node,
                      .kernels = e->plan->kernels,
                      .pool = e->pool,
                      .n_in = step->n_in,
                      .n_out = step->n_out,
                      .in = in,
                      .out = out,
                      .scratch = scratch_of(e),
                      .err = e->err,
                      .on_hook = with_products && e->hook != NULL,
                      .products = with_products ? &products : NULL};
    return step->node->op->run(&run);
}

aj_status ajp_plan_run(const ajp_plan *plan, ajp_workspace *workspace, const float *inputs, size_t n,
                       float *outputs, const ajp_product_hook *hook, ajp_pool *pool, aj_error *err)
{
    const ajp_program *p = plan->program;
    execution e = {plan, workspace->memory, inputs, outputs, n, hook, pool, err};
    if (n > plan->max_chunk)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: %zu samples at once; this plan takes up to %zu",
                        p->graph.path, n, plan->max_chunk);
    if (n == 0) return AJ_OK;
    for (size_t i = 0; i < p->n_steps; i++)
        AJ_TRY(p->steps[i].is_product ? run_product(&e, i) : run_plain(&e, i));
    if (p->output_slot == p->input_slot) memcpy(outputs, inputs, n * p->n_output_features * sizeof *outputs);
    return AJ_OK;
}

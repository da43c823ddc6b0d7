/* run.c: executes a plan.  Products go straight from the rows of one slot to those of the next; nothing is
 * allocated. */
#include <string.h>

#include "plan.h"

typedef struct {
    const ajp_plan *plan;
    ajp_workspace *workspace;
    size_t n; /* samples */
    const ajp_product_hook *hook;
    ajp_pool *pool;
    aj_error *err;
} execution;

static void *slot_data(const execution *e, size_t slot)
{
    void *bound = e->workspace->bound[slot];
    return bound != NULL ? bound : e->workspace->memory + e->plan->places[slot].offset;
}

static void *scratch_of(const execution *e)
{
    return e->workspace->memory + e->plan->memory_size;
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

/* Places before the samples, as axes and within theirs: [before][n][...][cols]. */
static size_t places_before(const ajp_operand_of_step *x)
{
    size_t axes = x->type.batch_axis > 0 ? ajp_dims_product(x->type.dims, (size_t)x->type.batch_axis) : 1;
    return axes * (x->ahead > 1 ? x->ahead : 1);
}

/* Row i of the call is then not row i of the product.  One call for each place before the samples. */
static aj_status multiply_behind(const execution *e, const ajp_product_step *p, size_t n_before,
                                 ajp_product_call call)
{
    size_t together = p->reps / n_before; /* rows of a sample that follow one another */
    ajp_multiplier m = {e->plan->kernels, e->pool, e->hook, e->err};
    call.n_rows = e->n * together;
    for (size_t i = 0; i < n_before; i++) {
        call.rows = (ajp_product_rows){i * together, together, 1, p->reps, 0};
        AJ_TRY(ajp_products_multiply(&m, p, &call));
        call.x += call.n_rows * call.x_row;
        call.y += call.n_rows * call.y_row;
    }
    return AJ_OK;
}

static aj_status multiply_rows(const execution *e, const ajp_step *step, const ajp_product_call *call)
{
    const ajp_product_step *p = &e->plan->products[call->product];
    ajp_multiplier m = {e->plan->kernels, e->pool, e->hook, e->err};
    size_t n_before = places_before(&step->in[0]);
    if (e->hook != NULL && n_before > 1) return multiply_behind(e, p, n_before, *call);
    return ajp_products_multiply(&m, p, call);
}

static aj_status run_product(const execution *e, size_t at)
{
    const ajp_step *step = &e->plan->program->steps[at];
    const ajp_product_step *p = &step->product;
    size_t product = e->plan->product_of_step[at], from = step->in[0].slot, to = step->out[0].slot;
    size_t x_row = e->plan->places[from].row, y_row = e->plan->places[to].row;
    const float *x = slot_data(e, from);
    float *y = slot_data(e, to);
    if (step->turned) return run_turned(e, step, product, x, y);
    if (x_row == 0) x_row = p->cols;
    if (y_row == 0) y_row = p->rows;
    ajp_product_call call = {product, 0, x, y, x_row, y_row, e->n * p->reps, ajp_product_rows_from(0)};
    /* a hook writes whole vectors: rows that lie close together are put in place afterwards */
    if (e->hook == NULL || y_row % AJP_LANES == 0) return multiply_rows(e, step, &call);
    call.y = scratch_of(e);
    call.y_row = ajp_round_up(p->rows, AJP_LANES);
    AJ_TRY(multiply_rows(e, step, &call));
    copy_rows(call.y, call.y_row, y, y_row, call.n_rows, p->rows);
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
    ajp_tensor *in = e->workspace->tensors, *out = in + ajp_plan_max_ports(e->plan);
    bind(e, step->in, step->n_in, in);
    bind(e, step->out, step->n_out, out);
    size_t first = e->plan->product_of_step[at];
    ajp_op_products products = {step->n_op_products, first, e->plan->products + first, e->hook};
    bool with_products = step->n_op_products > 0;
    ajp_op_run run = {.path = e->plan->program->graph.path,
                      .node = step->node,
                      .kernels = e->plan->kernels,
                      .pool = e->pool,
                      .n_in = step->n_in - (step->sum != NULL ? 1 : 0),
                      .n_out = step->n_out,
                      .in = in,
                      .out = out,
                      .scratch = scratch_of(e),
                      .err = e->err,
                      .on_hook = with_products && e->hook != NULL,
                      .products = with_products ? &products : NULL,
                      .state = e->plan->state_of_step[at],
                      .x_last = step->x_last,
                      .y_last = step->y_last,
                      .add = step->sum != NULL ? &in[step->n_in - 1] : NULL,
                      .after = step->after,
                      .after_parameter = step->after_parameter};
    return step->node->op->run(&run);
}

static aj_status check_n(const ajp_plan *plan, size_t n, aj_error *err)
{
    if (n <= plan->max_chunk) return AJ_OK;
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: %zu samples at once; this plan takes up to %zu",
                    plan->program->graph.path, n, plan->max_chunk);
}

static aj_status run_steps(const execution *e)
{
    const ajp_program *p = e->plan->program;
    for (size_t i = 0; i < p->n_steps; i++)
        AJ_TRY(p->steps[i].is_product ? run_product(e, i) : run_plain(e, i));
    return AJ_OK;
}

/* ---- rows of floats -------------------------------------------------------------------------------------
 */

static void take_inputs(const execution *e, const float *inputs)
{
    const ajp_program *p = e->plan->program;
    size_t offset = 0;
    for (size_t k = 0; k < p->n_inputs; offset += p->inputs[k++].n) {
        const ajp_port *in = &p->inputs[k];
        void **bound = &e->workspace->bound[in->slot];
        *bound = NULL;
        if (p->slots[in->slot].bound) { /* only read: no step writes an input */
            memcpy(bound, &inputs, sizeof *bound);
            continue;
        }
        unsigned char *to = slot_data(e, in->slot);
        for (size_t s = 0; s < e->n; s++, to += in->n * ajp_dtype_size(in->type.dtype))
            ajp_convert(in->type.dtype, to, AJP_FLOAT32, inputs + s * p->n_input_features + offset, in->n);
    }
}

aj_status ajp_plan_run(const ajp_plan *plan, ajp_workspace *workspace, const float *inputs, size_t n,
                       float *outputs, const ajp_product_hook *hook, ajp_pool *pool, aj_error *err)
{
    const ajp_program *p = plan->program;
    const ajp_port *out = &p->outputs[0];
    execution e = {plan, workspace, n, hook, pool, err};
    AJ_TRY(check_n(plan, n, err));
    if (n == 0) return AJ_OK;
    bool direct = out->slot >= p->n_inputs && p->slots[out->slot].bound;
    workspace->bound[out->slot] = direct ? outputs : NULL;
    take_inputs(&e, inputs);
    AJ_TRY(run_steps(&e));
    if (!direct) ajp_convert(AJP_FLOAT32, outputs, out->type.dtype, slot_data(&e, out->slot), n * out->n);
    return AJ_OK;
}

/* ---- tensors --------------------------------------------------------------------------------------------
 */

static size_t samples_of(const ajp_port *port, size_t n)
{
    return port->type.batch_axis >= 0 ? n : 1;
}

/* Outputs that no step writes: constants, inputs, and another output under a second name. */
static void copy_outputs(const execution *e, void *const *outputs)
{
    const ajp_program *p = e->plan->program;
    for (size_t k = 0; k < p->n_outputs; k++) {
        const ajp_port *out = &p->outputs[k];
        const ajp_tensor *constant = p->graph.values[out->value].constant;
        const void *from = constant != NULL ? constant->data : slot_data(e, out->slot);
        size_t size = out->n * samples_of(out, e->n) * ajp_dtype_size(out->type.dtype);
        if (from != outputs[k] && size > 0) memcpy(outputs[k], from, size);
    }
}

aj_status ajp_plan_run_tensors(const ajp_plan *plan, ajp_workspace *workspace, size_t n,
                               const ajp_product_hook *hook, ajp_pool *pool, aj_error *err)
{
    const ajp_program *p = plan->program;
    void *const *inputs = workspace->ports, *const *outputs = inputs + p->n_inputs;
    execution e = {plan, workspace, n, hook, pool, err};
    AJ_TRY(check_n(plan, n, err));
    if (n == 0) return AJ_OK;
    for (size_t k = p->n_outputs; k-- > 0;) /* the first of several names for a slot stays */
        if (p->outputs[k].slot != AJP_NO_VALUE) workspace->bound[p->outputs[k].slot] = outputs[k];
    for (size_t k = 0; k < p->n_inputs; k++) workspace->bound[p->inputs[k].slot] = inputs[k];
    AJ_TRY(run_steps(&e));
    copy_outputs(&e, outputs);
    return AJ_OK;
}

/* plan.c: packs weights and lays out memory by lifetime. */
#include "plan.h"

#include <string.h>

enum { ALIGNMENT = 64 };

static aj_status too_much(const ajp_plan *plan, aj_error *err)
{
    return ajp_fail(err, AJ_NO_MEMORY, 0,
                    "%s: running %zu samples at a time takes more memory than there is; use a smaller "
                    "chunk",
                    plan->program->graph.path, plan->max_chunk);
}

/* ---- products -------------------------------------------------------------------------------------------
 */

static bool list_products(ajp_plan *plan)
{
    const ajp_program *p = plan->program;
    size_t n_products = 0;
    for (size_t i = 0; i < p->n_steps; i++) n_products += ajp_step_n_products(&p->steps[i]);
    plan->products = ajp_arena_array(&plan->arena, n_products + 1, sizeof *plan->products);
    plan->others = ajp_arena_array(&plan->arena, p->n_steps + 1, sizeof *plan->others);
    plan->product_of_step = ajp_arena_array(&plan->arena, p->n_steps + 1, sizeof *plan->product_of_step);
    if (plan->products == NULL || plan->others == NULL || plan->product_of_step == NULL) return false;
    for (size_t i = 0; i < p->n_steps; i++) {
        const ajp_step *step = &p->steps[i];
        /* what is left of a node beside its products is listed only when it costs something */
        if (!step->is_product && (step->n_op_products == 0 || step->other.flops > 0))
            plan->others[plan->n_others++] = &step->other;
        plan->product_of_step[i] = plan->n_products;
        for (size_t k = 0; k < ajp_step_n_products(step); k++)
            plan->products[plan->n_products++] = step->is_product ? step->product : step->op_products[k];
    }
    return true;
}

/* turned: the weights as the file has them, [cols][rows], or NULL. */
static bool pack_product(ajp_plan *plan, ajp_product_step *product, const float *turned, bool keep_weights)
{
    size_t n;
    if (product->dynamic) return true;
    if (!ajp_products_packed_size(product, &n)) return false;
    if (turned != NULL && keep_weights) {
        float *weights = ajp_arena_array(&plan->arena, product->rows * product->cols, sizeof *weights);
        if (weights == NULL) return false;
        ajp_turn_weights(turned, product->rows, product->cols, weights);
        product->weights = weights;
    }
    float *packed = plan->store != NULL ? ajp_packed_new(plan->store, n)
                                        : ajp_arena_array(&plan->arena, n, sizeof *packed);
    if (packed == NULL) return false;
    if (turned != NULL)
        ajp_pack_in_out(turned, product->rows, product->cols, product->rows, packed);
    else
        ajp_products_pack_to(product, packed);
    product->packed = plan->store != NULL ? ajp_packed_keep(plan->store, packed) : packed;
    return true;
}

static aj_status pack_products(ajp_plan *plan, const ajp_plan_options *options, aj_error *err)
{
    const ajp_program *p = plan->program;
    plan->store = options->store;
    for (size_t i = 0; i < p->n_steps; i++)
        for (size_t k = 0; k < ajp_step_n_products(&p->steps[i]); k++)
            if (!pack_product(plan, &plan->products[plan->product_of_step[i] + k],
                              p->steps[i].is_product ? p->steps[i].turned_weights : NULL,
                              options->keep_weights))
                return too_much(plan, err);
    return AJ_OK;
}

/* Before anything large is allocated: packed weights and the workspaces of all threads. */
static aj_status check_limit(const ajp_plan *plan, aj_error *err)
{
    size_t limit = plan->context->memory_limit_bytes;
    double bytes =
        ((double)plan->memory_size + (double)plan->scratch_size) * aj_context_threads(plan->context);
    for (size_t i = 0; i < plan->n_products; i++) {
        const ajp_product_step *p = &plan->products[i];
        bytes +=
            (double)ajp_round_up(p->rows, AJP_LANES) * (double)p->cols * (double)p->groups * sizeof(float);
    }
    if (limit == 0 || bytes <= (double)limit) return AJ_OK;
    return ajp_fail(
        err, AJ_NO_MEMORY, 0,
        "%s: running %zu samples at a time on %u threads takes %.3g GB, the limit is %.3g GB; use a "
        "smaller chunk, fewer threads or a higher limit",
        plan->program->graph.path, plan->max_chunk, aj_context_threads(plan->context), bytes * 1e-9,
        (double)limit * 1e-9);
}

/* ---- memory ---------------------------------------------------------------------------------------------
 */

static bool slot_bytes(const ajp_plan *plan, size_t s, size_t *out)
{
    const ajp_slot *slot = &plan->program->slots[s];
    size_t n = slot->n;
    if (plan->places[s].row > 0 && !ajp_size_mul(n / slot->width, plan->places[s].row, &n)) return false;
    if (!ajp_size_mul(n, plan->max_chunk, &n) || !ajp_size_mul(n, slot->element_size, &n)) return false;
    if (!ajp_size_add(n, ALIGNMENT, &n)) return false;
    *out = n / ALIGNMENT * ALIGNMENT;
    return true;
}

/* Slots alive at the same time, ordered by offset. */
typedef struct {
    size_t n;
    size_t *slot, *size;
} alive;

static void drop_dead(alive *a, const ajp_program *p, size_t step)
{
    size_t kept = 0;
    for (size_t i = 0; i < a->n; i++)
        if (p->slots[a->slot[i]].last >= step) a->slot[kept] = a->slot[i], a->size[kept++] = a->size[i];
    a->n = kept;
}

/* The first gap that is large enough. */
static bool place_slot(ajp_plan *plan, alive *a, size_t s)
{
    size_t size, offset = 0, at = 0, end;
    if (!slot_bytes(plan, s, &size)) return false;
    for (; at < a->n && plan->places[a->slot[at]].offset - offset < size; at++)
        offset = plan->places[a->slot[at]].offset + a->size[at];
    memmove(a->slot + at + 1, a->slot + at, (a->n - at) * sizeof *a->slot);
    memmove(a->size + at + 1, a->size + at, (a->n - at) * sizeof *a->size);
    a->slot[at] = s, a->size[at] = size;
    a->n++;
    plan->places[s].offset = offset;
    if (!ajp_size_add(offset, size, &end)) return false;
    if (end > plan->memory_size) plan->memory_size = end;
    return true;
}

/* Slots are numbered in the order they are written. */
static aj_status lay_out(ajp_plan *plan, aj_error *err)
{
    const ajp_program *p = plan->program;
    alive a = {0, ajp_alloc(plan->context, (p->n_slots + 1) * sizeof(size_t)),
               ajp_alloc(plan->context, (p->n_slots + 1) * sizeof(size_t))};
    bool good = a.slot != NULL && a.size != NULL;
    plan->memory_size = 0;
    plan->places = ajp_arena_array(&plan->arena, p->n_slots + 1, sizeof *plan->places);
    good = good && plan->places != NULL;
    for (size_t s = 0; good && s < p->n_slots; s++) {
        const ajp_slot *slot = &p->slots[s];
        if (slot->bound) continue;
        if (slot->width > 0) plan->places[s].row = ajp_round_up(slot->width, AJP_LANES);
        drop_dead(&a, p, slot->first);
        good = place_slot(plan, &a, s);
    }
    ajp_free(plan->context, a.slot);
    ajp_free(plan->context, a.size);
    return good ? AJ_OK : too_much(plan, err);
}

/* ---- scratch --------------------------------------------------------------------------------------------
 */

static bool product_scratch(const ajp_plan *plan, const ajp_step *step, size_t *out)
{
    size_t width = ajp_round_up(step->product.rows, AJP_LANES), n;
    if (step->turned) width += ajp_round_up(step->product.cols, AJP_LANES);
    if (!ajp_size_mul(step->product.reps, plan->max_chunk, &n) || !ajp_size_mul(n, width * sizeof(float), &n))
        return false;
    *out = n;
    return true;
}

void ajp_plan_tensors(const ajp_operand_of_step *operands, size_t n_operands, size_t n_samples,
                      ajp_tensor *out)
{
    for (size_t k = 0; k < n_operands; k++) {
        const ajp_operand_of_step *o = &operands[k];
        if (o->constant != NULL) {
            out[k] = *o->constant;
            continue;
        }
        out[k] = (ajp_tensor){o->type, 0, NULL};
        if (o->slot == AJP_NO_VALUE) continue;
        if (o->type.batch_axis >= 0) out[k].type.dims[o->type.batch_axis] *= n_samples;
        out[k].type.batch_axis = -1;
        out[k].n = ajp_dims_product(out[k].type.dims, out[k].type.rank);
    }
}

static bool prepare(ajp_plan *plan, size_t at, const ajp_tensor *in, const ajp_tensor *out, size_t *scratch)
{
    const ajp_step *step = &plan->program->steps[at];
    ajp_op_prepare p = {.node = step->node,
                        .kernels = plan->kernels,
                        .arena = &plan->arena,
                        .n_in = step->n_in - (step->sum != NULL ? 1 : 0),
                        .n_out = step->n_out,
                        .in = in,
                        .out = out,
                        .n_products = step->n_op_products,
                        .products = plan->products + plan->product_of_step[at],
                        .x_last = step->x_last,
                        .y_last = step->y_last};
    return step->node->op->prepare(&p, &plan->state_of_step[at], scratch);
}

static bool plain_scratch(ajp_plan *plan, size_t at, size_t *out)
{
    const ajp_step *step = &plan->program->steps[at];
    const ajp_op *op = step->node->op;
    ajp_tensor *in = plan->tensors, *to = in + ajp_plan_max_ports(plan);
    *out = 0;
    if (op->scratch == NULL && op->prepare == NULL) return true;
    /* sizes of one sample are at most 2^40 elements; 2^20 samples keep their product within 64 bits */
    if (plan->max_chunk > (size_t)1 << 20) return false;
    ajp_plan_tensors(step->in, step->n_in, plan->max_chunk, in);
    ajp_plan_tensors(step->out, step->n_out, plan->max_chunk, to);
    if (op->prepare != NULL && !prepare(plan, at, in, to, out)) return false;
    if (plan->state_of_step[at] == NULL && op->scratch != NULL) *out = op->scratch(step->node, in, to);
    return true;
}

static aj_status size_scratch(ajp_plan *plan, aj_error *err)
{
    const ajp_program *p = plan->program;
    plan->tensors = ajp_arena_array(&plan->arena, 2 * ajp_plan_max_ports(plan), sizeof *plan->tensors);
    if (plan->tensors == NULL) return too_much(plan, err);
    plan->state_of_step = ajp_arena_array(&plan->arena, p->n_steps + 1, sizeof *plan->state_of_step);
    if (plan->state_of_step == NULL) return too_much(plan, err);
    for (size_t i = 0; i < p->n_steps; i++) {
        size_t n;
        bool good =
            p->steps[i].is_product ? product_scratch(plan, &p->steps[i], &n) : plain_scratch(plan, i, &n);
        if (!good) return too_much(plan, err);
        if (n > plan->scratch_size) plan->scratch_size = n;
    }
    return AJ_OK;
}

/* ---- life -----------------------------------------------------------------------------------------------
 */

aj_status ajp_plan_create(ajp_plan **out, aj_context *context, const aj_model *model, size_t max_chunk,
                          aj_error *err)
{
    ajp_plan_options options = {.max_chunk = max_chunk, .keep_weights = true};
    *out = NULL;
    AJ_TRY(aj_model_ready(model, err));
    return ajp_plan_create_for(out, context, &model->program, &options, err);
}

static aj_status fill_plan(ajp_plan *plan, const ajp_plan_options *options, aj_error *err)
{
    const ajp_program *p = plan->program;
    /* a model that is taken as a whole runs one input after the other */
    plan->max_chunk = p->graph.whole    ? 1
                      : options->choose ? ajp_program_chunk(p, options->max_chunk)
                                        : options->max_chunk;
    if (!list_products(plan)) return too_much(plan, err);
    AJ_TRY(lay_out(plan, err));
    AJ_TRY(check_limit(plan, err)); /* before the weights are packed, and again with the scratch memory */
    AJ_TRY(pack_products(plan, options, err));
    AJ_TRY(size_scratch(plan, err));
    return check_limit(plan, err);
}

aj_status ajp_plan_create_for(ajp_plan **out, aj_context *context, const ajp_program *program,
                              const ajp_plan_options *options, aj_error *err)
{
    *out = NULL;
    if (options->max_chunk == 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: a chunk of 0 samples; use 1 or more",
                        program->graph.path);
    ajp_plan *plan = ajp_calloc(context, 1, sizeof *plan);
    if (plan == NULL) return ajp_no_memory(err, program->graph.path);
    plan->context = context;
    plan->program = program;
    plan->kernels = ajp_kernels_for(context->isa);
    ajp_arena_init(&plan->arena, context);
    aj_status st = fill_plan(plan, options, err);
    if (st != AJ_OK) {
        ajp_plan_destroy(plan);
        return st;
    }
    *out = plan;
    return AJ_OK;
}

void ajp_plan_destroy(ajp_plan *plan)
{
    if (plan == NULL) return;
    for (size_t i = 0; plan->store != NULL && i < plan->n_products; i++)
        ajp_packed_drop(plan->store, plan->products[i].packed);
    ajp_arena_free(&plan->arena);
    ajp_free(plan->context, plan);
}

size_t ajp_plan_n_products(const ajp_plan *plan)
{
    return plan->n_products;
}

const ajp_product_step *ajp_plan_product(const ajp_plan *plan, size_t i)
{
    return i < plan->n_products ? &plan->products[i] : NULL;
}

size_t ajp_plan_n_others(const ajp_plan *plan)
{
    return plan->n_others;
}

const ajp_other_step *ajp_plan_other(const ajp_plan *plan, size_t i)
{
    return i < plan->n_others ? plan->others[i] : NULL;
}

size_t ajp_plan_input_features(const ajp_plan *plan)
{
    return plan->program->n_input_features;
}

size_t ajp_plan_output_features(const ajp_plan *plan)
{
    return plan->program->n_output_features;
}

size_t ajp_plan_max_chunk(const ajp_plan *plan)
{
    return plan->max_chunk;
}

aj_status ajp_workspace_create(ajp_workspace **out, const ajp_plan *plan, aj_error *err)
{
    size_t size;
    *out = NULL;
    ajp_workspace *workspace = ajp_calloc(plan->context, 1, sizeof *workspace);
    if (workspace == NULL) return too_much(plan, err);
    workspace->plan = plan;
    workspace->tensors = ajp_calloc(plan->context, 2 * ajp_plan_max_ports(plan), sizeof *workspace->tensors);
    workspace->bound = ajp_calloc(plan->context, plan->program->n_slots + 1, sizeof *workspace->bound);
    /* zeroed: the padding of rows is read by vector code and must be numbers */
    if (ajp_size_add(plan->memory_size, plan->scratch_size, &size))
        workspace->memory = ajp_calloc(plan->context, 1, size + ALIGNMENT);
    workspace->ports = ajp_calloc(plan->context, plan->program->n_inputs + plan->program->n_outputs + 1,
                                  sizeof *workspace->ports);
    if (workspace->memory == NULL || workspace->tensors == NULL || workspace->bound == NULL ||
        workspace->ports == NULL) {
        ajp_workspace_destroy(workspace);
        return too_much(plan, err);
    }
    *out = workspace;
    return AJ_OK;
}

void ajp_workspace_destroy(ajp_workspace *workspace)
{
    if (workspace == NULL) return;
    ajp_free(workspace->plan->context, workspace->memory);
    ajp_free(workspace->plan->context, workspace->tensors);
    ajp_free(workspace->plan->context, workspace->bound);
    ajp_free(workspace->plan->context, workspace->ports);
    ajp_free(workspace->plan->context, workspace);
}

/* program.c: from a graph to steps. */
#include "program.h"

#include <string.h>

#include "op_elementwise.h"
#include "op_product.h"

typedef struct {
    ajp_program *program;
    size_t *slot_of; /* per value; AJP_NO_VALUE */
    size_t
        *product_of; /* per value: step + 1 whose output it is and that may still take nodes up; 0 = none */
    aj_error *err;
} compiler;

static aj_status no_memory(const compiler *c)
{
    return ajp_no_memory(c->err, c->program->graph.path);
}

static size_t new_slot(compiler *c, const ajp_type *type)
{
    ajp_slot *slot = &c->program->slots[c->program->n_slots];
    *slot = (ajp_slot){.element_size = ajp_dtype_size(type->dtype), .first = c->program->n_steps};
    (void)ajp_type_elements(type, &slot->n); /* checked when shapes were inferred */
    return c->program->n_slots++;
}

static const ajp_operand_of_step nothing = {NULL, AJP_NO_VALUE, {AJP_UNDEFINED, -1, 0, {0}}, 1};

static void set_output(compiler *c, ajp_step *step, size_t k, size_t value)
{
    step->out[k] = nothing;
    if (value == AJP_NO_VALUE) return;
    step->out[k].type = c->program->graph.values[value].type;
    c->slot_of[value] = step->out[k].slot = new_slot(c, &step->out[k].type);
}

/* ---- layers: the figures of a step ----------------------------------------------------------------------
 */

static uint64_t multiply(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX
                                                  : product; /* saturated: sizes are limited to 2^40 */
}

static uint64_t activation_flops(ajp_activation activation)
{
    if (activation == AJP_ACTIVATION_NONE) return 0;
    if (activation == AJP_ACTIVATION_HARD_SWISH) return 3;
    if (activation == AJP_ACTIVATION_SWISH) return 5;
    return activation == AJP_ACTIVATION_SIGMOID || activation == AJP_ACTIVATION_TANH ? 4 : 1;
}

static aj_layer_info describe_product(const ajp_product_step *p)
{
    uint64_t reps = multiply(p->groups, p->reps), outputs = multiply(p->rows, reps);
    aj_layer_info l = {
        .name = p->name, .op_type = p->op_type, .rows = p->rows, .cols = p->cols, .reps = p->reps};
    l.groups = p->groups;
    l.macs_per_inference = multiply(outputs, p->cols);
    l.flops_per_inference = multiply(2, l.macs_per_inference) +
                            multiply(outputs, (p->bias != NULL ? 1 : 0) + activation_flops(p->activation));
    uint64_t n_weights = multiply(p->groups, multiply(p->rows, p->cols) + (p->bias != NULL ? p->rows : 0));
    l.n_parameters = p->dynamic ? 0 : n_weights;
    l.n_output_elements = outputs;
    l.bytes_moved = 4 * (multiply(p->cols, reps) + outputs + n_weights);
    return l;
}

enum { MAX_PORTS = 16 };
typedef uint64_t (*work_function)(const ajp_node *node, const ajp_type *in, uint64_t n_out);

static uint64_t count_work(const ajp_step *step, work_function work, uint64_t n_out)
{
    ajp_type in[MAX_PORTS] = {{AJP_UNDEFINED, -1, 0, {0}}};
    if (step->n_in > MAX_PORTS) return 0;
    for (size_t k = 0; k < step->n_in; k++) in[k] = step->in[k].type;
    return work(step->node, in, n_out);
}

/* Matrix products of a step that nothing stands for in the list of products. */
static uint64_t macs_of(const ajp_step *step)
{
    size_t n_out;
    if (step->n_op_products > 0 || step->node->op->macs == NULL || step->n_out == 0) return 0;
    return ajp_type_elements(&step->out[0].type, &n_out) ? count_work(step, step->node->op->macs, n_out) : 0;
}

static void describe_other(ajp_step *step)
{
    aj_layer_info *l = &step->layer;
    uint64_t n_inputs = 0, n_parameters = 0;
    size_t n_out = 0, n;
    for (size_t k = 0; k < step->n_out; k++)
        if (step->out[k].slot != AJP_NO_VALUE && ajp_type_elements(&step->out[k].type, &n)) n_out += n;
    for (size_t k = 0; k < step->n_in; k++) {
        if (step->in[k].constant != NULL)
            n_parameters += step->n_op_products > 0 ? 0 : step->in[k].constant->n;
        else if (step->in[k].slot != AJP_NO_VALUE && ajp_type_elements(&step->in[k].type, &n))
            n_inputs += n;
    }
    *l = (aj_layer_info){
        .name = step->node->name, .op_type = step->node->op_type, .n_parameters = n_parameters};
    l->macs_per_inference = macs_of(step);
    const ajp_op *op = step->node->op;
    l->flops_per_inference = multiply(2, l->macs_per_inference);
    l->flops_per_inference +=
        op->flops != NULL ? count_work(step, op->flops, n_out) : multiply(n_out, op->flops_per_element);
    if (step->sum != NULL) { /* what is left beside the product is the sum */
        l->name = step->sum->name;
        l->op_type = step->sum->op_type;
        l->flops_per_inference += multiply(n_out, 1 + activation_flops(step->after));
    }
    l->n_output_elements = n_out;
    l->bytes_moved = 4 * (n_inputs + n_out + n_parameters);
    step->other = (ajp_other_step){l->name, l->op_type, n_out, l->flops_per_inference, l->macs_per_inference};
}

/* A row for every product, and one for every step that does something else (or something beside them). */
static aj_status list_layers(ajp_program *p, aj_error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_steps; i++) n += ajp_step_n_products(&p->steps[i]) + 1;
    p->layers = ajp_arena_array(p->graph.arena, n + 1, sizeof *p->layers);
    if (p->layers == NULL) return ajp_no_memory(err, p->graph.path);
    p->n_layers = 0;
    for (size_t i = 0; i < p->n_steps; i++) {
        ajp_step *step = &p->steps[i];
        if (step->is_product) {
            p->layers[p->n_layers++] = describe_product(&step->product);
            continue;
        }
        describe_other(step);
        for (size_t k = 0; k < step->n_op_products; k++)
            p->layers[p->n_layers++] = describe_product(&step->op_products[k]);
        if (step->n_op_products == 0 || step->layer.flops_per_inference > 0)
            p->layers[p->n_layers++] = step->layer;
    }
    return AJ_OK;
}

/* ---- steps ----------------------------------------------------------------------------------------------
 */

static ajp_step *new_step(compiler *c, size_t n_in, size_t n_out)
{
    ajp_program *p = c->program;
    ajp_step *step = &p->steps[p->n_steps];
    ajp_operand_of_step *ports = ajp_arena_array(p->graph.arena, n_in + n_out + 1, sizeof *ports);
    if (ports == NULL) return NULL;
    *step = (ajp_step){.n_in = n_in, .n_out = n_out, .in = ports, .out = ports + n_in};
    if (n_in > p->max_ports) p->max_ports = n_in;
    if (n_out > p->max_ports) p->max_ports = n_out;
    return step;
}

/* The products inside a node's operator. */
static aj_status find_products(compiler *c, ajp_step *step)
{
    const ajp_node *node = step->node;
    ajp_graph *g = &c->program->graph;
    size_t n = node->n_in + node->n_out + 8; /* operators may look at inputs that a node does not have */
    if (node->op->products == NULL) return AJ_OK;
    const ajp_type **in = ajp_arena_array(g->arena, n, sizeof *in);
    const ajp_tensor **known = ajp_arena_array(g->arena, n, sizeof *known);
    ajp_type *out = ajp_arena_array(g->arena, n, sizeof *out);
    if (in == NULL || known == NULL || out == NULL) return no_memory(c);
    for (size_t k = 0; k < node->n_in; k++) {
        if (node->in[k] == AJP_NO_VALUE) continue;
        in[k] = &step->in[k].type;
        known[k] = step->in[k].constant;
    }
    for (size_t k = 0; k < node->n_out; k++)
        out[k] = node->out[k] == AJP_NO_VALUE ? nothing.type : g->values[node->out[k]].type;
    size_t ahead = 1;
    for (size_t k = 0; k < node->n_in; k++)
        if (node->in[k] != AJP_NO_VALUE && g->values[node->in[k]].samples_ahead > ahead)
            ahead = g->values[node->in[k]].samples_ahead;
    ajp_op_products_query query = {node, g->arena, node->n_in, node->n_out, in, known, out, ahead};
    return ajp_products_declared(&query, &step->op_products, &step->n_op_products) ? AJ_OK : no_memory(c);
}

static aj_status add_plain(compiler *c, const ajp_node *node)
{
    ajp_graph *g = &c->program->graph;
    ajp_step *step = new_step(c, node->n_in, node->n_out);
    if (step == NULL) return no_memory(c);
    step->node = node;
    for (size_t k = 0; k < node->n_in; k++) {
        step->in[k] = nothing;
        if (node->in[k] == AJP_NO_VALUE) continue;
        step->in[k].constant = g->values[node->in[k]].constant;
        step->in[k].slot = c->slot_of[node->in[k]];
        step->in[k].type = g->values[node->in[k]].type;
    }
    for (size_t k = 0; k < node->n_out; k++) {
        bool wanted = node->out[k] != AJP_NO_VALUE && (k == 0 || g->values[node->out[k]].n_uses > 0);
        set_output(c, step, k, wanted ? node->out[k] : AJP_NO_VALUE);
    }
    c->program->n_steps++;
    AJ_TRY(find_products(c, step));
    bool folds = node->op->folds && step->n_op_products == 1;
    if (folds && g->values[node->out[0]].n_uses == 1) c->product_of[node->out[0]] = c->program->n_steps;
    return AJ_OK;
}

/* y = product + C where C depends on data: an Add of its own. */
static aj_status add_dynamic_c(compiler *c, const ajp_node *gemm, size_t product_slot)
{
    ajp_graph *g = &c->program->graph;
    bool known;
    ajp_node *node = ajp_arena_alloc(g->arena, sizeof *node);
    ajp_elementwise_params *params = ajp_arena_alloc(g->arena, sizeof *params);
    if (node == NULL || params == NULL) return no_memory(c);
    *params = (ajp_elementwise_params){'+', false, false, INT64_MIN};
    *node = (ajp_node){.name = gemm->name,
                       .op_type = "Add",
                       .op = ajp_op_find("Add", AJP_MAX_OPSET, &known),
                       .opset = gemm->opset,
                       .params = params,
                       .n_in = 2,
                       .n_out = 1,
                       .live = true};
    ajp_step *step = new_step(c, 2, 1);
    const ajp_type *type = &g->values[gemm->out[0]].type;
    if (step == NULL) return no_memory(c);
    step->node = node;
    step->in[0] = (ajp_operand_of_step){NULL, product_slot, *type, 1};
    step->in[1] = (ajp_operand_of_step){NULL, c->slot_of[gemm->in[2]], g->values[gemm->in[2]].type, 1};
    set_output(c, step, 0, gemm->out[0]);
    c->program->n_steps++;
    return AJ_OK;
}

static aj_status add_product(compiler *c, const ajp_node *node, bool *done)
{
    ajp_graph *g = &c->program->graph;
    ajp_step *step = new_step(c, 1, 1);
    bool out_of_memory;
    if (step == NULL) return no_memory(c);
    *done = ajp_product_from_node(g, step, node, &out_of_memory);
    if (out_of_memory) return no_memory(c);
    if (!*done) return AJ_OK;
    bool left = g->values[node->in[0]].constant != NULL;
    step->node = node;
    step->in[0].slot = c->slot_of[node->in[left ? 1 : 0]];
    set_output(c, step, 0, node->out[0]);
    c->program->n_steps++;
    if (node->n_in > 2 && node->in[2] != AJP_NO_VALUE && g->values[node->in[2]].constant == NULL)
        return add_dynamic_c(c, node, step->out[0].slot);
    if (g->values[node->out[0]].n_uses == 1) c->product_of[node->out[0]] = c->program->n_steps;
    return AJ_OK;
}

/* A sum with a value that is there before the step runs. */
static aj_status fold_sum(compiler *c, size_t at, const ajp_node *node, size_t k, bool *done)
{
    ajp_program *p = c->program;
    ajp_step *step = &p->steps[at];
    *done = false;
    if (node->n_in != 2 || !ajp_fold_takes_sum(&p->graph, step, node, k)) return AJ_OK;
    size_t value = node->in[1 - k], slot = c->slot_of[value], n = step->n_in;
    if (slot == AJP_NO_VALUE || (slot >= p->n_inputs && p->slots[slot].first >= at)) return AJ_OK;
    ajp_operand_of_step *ports = ajp_arena_array(p->graph.arena, n + 1, sizeof *ports);
    if (ports == NULL) return no_memory(c);
    memcpy(ports, step->in, n * sizeof *ports);
    ports[n] = (ajp_operand_of_step){NULL, slot, p->graph.values[value].type, 1};
    step->in = ports;
    step->n_in = n + 1;
    if (n + 1 > p->max_ports) p->max_ports = n + 1;
    step->sum = node;
    *done = true;
    return AJ_OK;
}

/* Tries to let the product before this node take it up. */
static aj_status fold_node(compiler *c, const ajp_node *node, bool *done)
{
    ajp_graph *g = &c->program->graph;
    *done = false;
    for (size_t k = 0; k < node->n_in && k < 2 && !*done; k++) {
        if (node->in[k] == AJP_NO_VALUE || c->product_of[node->in[k]] == 0) continue;
        size_t product = c->product_of[node->in[k]];
        bool out_of_memory;
        *done = ajp_fold_into_product(g, &c->program->steps[product - 1], node, &out_of_memory);
        if (out_of_memory) return no_memory(c);
        if (!*done) AJ_TRY(fold_sum(c, product - 1, node, k, done));
        if (!*done) continue;
        c->slot_of[node->out[0]] = c->slot_of[node->in[k]];
        if (g->values[node->out[0]].n_uses == 1) c->product_of[node->out[0]] = product;
    }
    return AJ_OK;
}

static aj_status compile_node(compiler *c, const ajp_node *node)
{
    ajp_graph *g = &c->program->graph;
    const ajp_op *op = node->op;
    bool done = false;
    if (op->role == AJP_ROLE_VIEW && g->values[node->in[0]].constant == NULL &&
        node->out[0] != AJP_NO_VALUE &&
        (op->is_view == NULL ||
         op->is_view(node, &g->values[node->in[0]].type, &g->values[node->out[0]].type))) {
        size_t product = c->product_of[node->in[0]];
        /* the outputs of an operator that folds are an axis, which a view may break */
        bool dense = product > 0 && c->program->steps[product - 1].is_product;
        c->slot_of[node->out[0]] = c->slot_of[node->in[0]];
        if (dense && g->values[node->out[0]].n_uses == 1) c->product_of[node->out[0]] = product;
        return AJ_OK;
    }
    AJ_TRY(fold_node(c, node, &done));
    if (!done && op->role == AJP_ROLE_PRODUCT) AJ_TRY(add_product(c, node, &done));
    return done ? AJ_OK : add_plain(c, node);
}

/* ---- lifetimes ------------------------------------------------------------------------------------------
 */

/* A slot that only products read, all as rows of its producer's width, may have its rows padded. */
static void find_lifetimes(ajp_program *p)
{
    for (size_t i = 0; i < p->n_steps; i++) {
        const ajp_step *step = &p->steps[i];
        if (step->is_product && !step->turned) p->slots[step->out[0].slot].width = step->product.rows;
    }
    for (size_t i = 0; i < p->n_steps; i++) {
        const ajp_step *step = &p->steps[i];
        for (size_t k = 0; k < step->n_in; k++) {
            if (step->in[k].constant != NULL || step->in[k].slot == AJP_NO_VALUE) continue;
            ajp_slot *slot = &p->slots[step->in[k].slot];
            slot->last = i;
            if (!step->is_product || step->turned || step->product.cols != slot->width) slot->width = 0;
        }
    }
    for (size_t k = 0; k < p->n_inputs; k++) p->slots[p->inputs[k].slot].width = 0;
    for (size_t k = 0; k < p->n_outputs; k++) {
        if (p->outputs[k].slot == AJP_NO_VALUE) continue;
        p->slots[p->outputs[k].slot].width = 0;
        p->slots[p->outputs[k].slot].last = p->n_steps;
    }
}

/* Which slots are the caller's memory: of a network from rows of floats, an input alone in its row and the
 * output, when they are floats. */
static void find_bound(ajp_program *p)
{
    for (size_t k = 0; k < p->n_inputs; k++) {
        bool as_is = p->n_inputs == 1 && p->inputs[k].type.dtype == AJP_FLOAT32;
        p->slots[p->inputs[k].slot].bound = p->tensors || as_is;
    }
    for (size_t k = 0; k < p->n_outputs; k++)
        if (p->outputs[k].slot != AJP_NO_VALUE && p->outputs[k].slot >= p->n_inputs)
            p->slots[p->outputs[k].slot].bound = p->tensors || p->outputs[k].type.dtype == AJP_FLOAT32;
}

static aj_status make_tables(compiler *c)
{
    ajp_program *p = c->program;
    ajp_graph *g = &p->graph;
    size_t n_slots = p->n_inputs + 1, n_steps = 1;
    for (size_t i = 0; i < g->n_nodes; i++) {
        size_t n_more = !g->nodes[i].live                          ? 0
                        : g->nodes[i].op->role == AJP_ROLE_PRODUCT ? 2
                                                                   : 1; /* 2: an Add of its own */
        n_steps += n_more;
        n_slots += n_more * g->nodes[i].n_out;
    }
    c->slot_of = ajp_arena_array(g->arena, g->n_values + 1, sizeof *c->slot_of);
    c->product_of = ajp_arena_array(g->arena, g->n_values + 1, sizeof *c->product_of);
    p->steps = ajp_arena_array(g->arena, n_steps, sizeof *p->steps);
    p->slots = ajp_arena_array(g->arena, n_slots, sizeof *p->slots);
    if (c->slot_of == NULL || c->product_of == NULL || p->steps == NULL || p->slots == NULL)
        return no_memory(c);
    p->n_steps = p->n_slots = p->max_ports = 0;
    for (size_t i = 0; i < g->n_values; i++) c->slot_of[i] = AJP_NO_VALUE;
    return AJ_OK;
}

/* The slots of the inputs come first, in order. */
static aj_status compile_steps(ajp_program *p, aj_error *err)
{
    ajp_graph *g = &p->graph;
    compiler c = {p, NULL, NULL, err};
    AJ_TRY(make_tables(&c));
    for (size_t k = 0; k < p->n_inputs; k++) {
        ajp_port *port = &p->inputs[k];
        c.slot_of[port->value] = port->slot = new_slot(&c, &port->type);
    }
    for (size_t i = 0; i < g->n_nodes; i++)
        if (g->nodes[i].live) AJ_TRY(compile_node(&c, &g->nodes[i]));
    for (size_t k = 0; k < p->n_outputs; k++)
        p->outputs[k].slot =
            g->values[p->outputs[k].value].constant != NULL ? AJP_NO_VALUE : c.slot_of[p->outputs[k].value];
    find_lifetimes(p);
    find_bound(p);
    AJ_TRY(list_layers(p, err));
    return ajp_program_choose_layouts(p, err);
}

/* ---- inputs and outputs ---------------------------------------------------------------------------------
 */

static aj_status make_ports(ajp_program *p, aj_error *err)
{
    ajp_graph *g = &p->graph;
    p->n_inputs = g->n_inputs;
    p->n_outputs = p->tensors ? g->n_outputs : 1;
    p->inputs = ajp_arena_array(g->arena, p->n_inputs + 1, sizeof *p->inputs);
    p->outputs = ajp_arena_array(g->arena, p->n_outputs + 1, sizeof *p->outputs);
    if (p->inputs == NULL || p->outputs == NULL) return ajp_no_memory(err, g->path);
    for (size_t k = 0; k < p->n_inputs; k++)
        p->inputs[k] = (ajp_port){g->inputs[k], AJP_NO_VALUE, g->values[g->inputs[k]].type, 0};
    for (size_t k = 0; k < p->n_outputs; k++)
        p->outputs[k] = (ajp_port){g->outputs[k], AJP_NO_VALUE, g->values[g->outputs[k]].type, 0};
    for (size_t k = 0; k < p->n_inputs; k++) (void)ajp_type_elements(&p->inputs[k].type, &p->inputs[k].n);
    for (size_t k = 0; k < p->n_outputs; k++) (void)ajp_type_elements(&p->outputs[k].type, &p->outputs[k].n);
    return AJ_OK;
}

/* Rows of floats: every sample has its inputs one after the other, and the first output. */
static aj_status check_rows(ajp_program *p, aj_error *err)
{
    const ajp_graph *g = &p->graph;
    const ajp_value *out = &g->values[p->outputs[0].value];
    p->n_input_features = 0;
    for (size_t k = 0; k < p->n_inputs; k++)
        if (p->inputs[k].n == 0 || !ajp_size_add(p->n_input_features, p->inputs[k].n, &p->n_input_features))
            return ajp_fail(err, AJ_CORRUPT, 0, "%s: input \"%s\" has no elements", g->path,
                            g->values[p->inputs[k].value].name);
    p->n_output_features = p->outputs[0].n;
    if (p->n_output_features == 0)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: output \"%s\" has no elements", g->path, out->name);
    if (out->constant != NULL)
        return ajp_fail(err, AJ_UNSUPPORTED, 0, "%s: output \"%s\" does not depend on the input", g->path,
                        out->name);
    return AJ_OK;
}

/* Samples have to lie one after the other where the caller sees them. */
static aj_status check_outputs(const ajp_program *p, aj_error *err)
{
    const ajp_graph *g = &p->graph;
    for (size_t k = 0; k < p->n_outputs; k++) {
        const ajp_value *out = &g->values[p->outputs[k].value];
        int axis = p->outputs[k].type.batch_axis;
        if (out->counts_samples)
            return ajp_fail(err, AJ_UNSUPPORTED, 0, "%s: output \"%s\" depends on the number of samples",
                            g->path, out->name);
        if (axis >= 0 &&
            (ajp_dims_product(p->outputs[k].type.dims, (size_t)axis) != 1 || out->samples_ahead > 1))
            return ajp_fail(err, AJ_UNSUPPORTED, 0,
                            "%s: output \"%s\" has an axis before that of the samples", g->path, out->name);
    }
    return AJ_OK;
}

static aj_status finish(ajp_program *p, aj_error *err)
{
    AJ_TRY(make_ports(p, err));
    AJ_TRY(check_outputs(p, err));
    p->no_rows = true;
    if (!p->tensors) AJ_TRY(check_rows(p, err));
    p->no_rows = false;
    bool joined;
    ajp_graph_mark_live(&p->graph, p->graph.outputs, p->n_outputs);
    AJ_TRY(ajp_graph_join_gates(&p->graph, &joined, err));
    if (joined) ajp_graph_mark_live(&p->graph, p->graph.outputs, p->n_outputs);
    return compile_steps(p, err);
}

/* ---- choice of mode -------------------------------------------------------------------------------------
 */

static aj_status check_inputs(const ajp_program *p, aj_error *err)
{
    const ajp_graph *g = &p->file;
    if (g->n_outputs == 0 || (!p->tensors && g->n_inputs == 0))
        return ajp_fail(err, AJ_UNSUPPORTED, 0,
                        "%s: the network has %zu inputs and %zu outputs; one of each "
                        "is needed",
                        g->path, g->n_inputs, g->n_outputs);
    for (size_t k = 0; k < g->n_inputs; k++) {
        const ajp_value *in = &g->values[g->inputs[k]];
        if (in->why_untyped != NULL)
            return ajp_fail(err, AJ_UNSUPPORTED, 0,
                            "%s: input \"%s\" is %s; a dense tensor with a shape is needed", g->path,
                            in->name, in->why_untyped);
    }
    return AJ_OK;
}

/* Constants are worked out with a limit: a loop over many steps belongs to the run. */
enum { MOST_NODES = 1 << 20 };

/* A graph of its own, as read, for one attempt. */
static aj_status start(ajp_program *p, uint64_t *budget, aj_error *err)
{
    ajp_arena *arena = p->graph.arena != NULL ? p->graph.arena : p->file.arena;
    p->graph = p->file;
    *budget = MOST_NODES + p->file.n_nodes;
    p->graph.budget = budget;
    return ajp_graph_fork(&p->graph, arena) ? AJ_OK : ajp_no_memory(err, p->file.path);
}

static aj_status compile_mode(ajp_program *p, bool whole, aj_error *err)
{
    uint64_t budget;
    AJ_TRY(start(p, &budget, err));
    aj_status st = ajp_graph_infer(&p->graph, whole, err);
    p->graph.budget = NULL;
    return st == AJ_OK ? finish(p, err) : st;
}

aj_status ajp_program_compile(ajp_program *program, aj_error *err)
{
    AJ_TRY(check_inputs(program, err));
    aj_error first = {0};
    aj_status st = compile_mode(program, false, &first);
    if (st == AJ_NO_MEMORY && err != NULL) *err = first;
    if (st == AJ_OK || st == AJ_NO_MEMORY) return st;
    /* A network that cannot be said to treat samples one by one gets them one by one: each is a run of the
     * whole network, of as many as the file fixes, else of one. */
    bool open = ajp_graph_open_samples(&program->file);
    st = compile_mode(program, true, err);
    if (st != AJ_OK && open && err != NULL) *err = first; /* says more: which axis counts samples */
    return st != AJ_OK && open ? first.status : st;
}

aj_status ajp_program_compile_as(ajp_program *program, const ajp_type *types, aj_error *err)
{
    uint64_t budget;
    AJ_TRY(check_inputs(program, err));
    AJ_TRY(start(program, &budget, err));
    program->graph.whole = program->file.n_inputs == 0 || types[0].batch_axis < 0;
    aj_status st = ajp_graph_infer_as(&program->graph, types, err);
    program->graph.budget = NULL;
    return st == AJ_OK ? finish(program, err) : st;
}

void ajp_program_derive(ajp_program *out, const ajp_program *base, ajp_arena *arena)
{
    *out = (ajp_program){.file = base->file};
    out->graph.arena = arena;
}

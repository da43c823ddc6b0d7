/* infer.c: shapes of all values, and what is constant among them. */
#include <stdio.h>
#include <string.h>

#include "program.h"

aj_status ajp_graph_bind(ajp_graph *graph, const char *name, const ajp_tensor *tensor, aj_error *err)
{
    size_t at = ajp_graph_find(graph, name);
    if (at == AJP_NO_VALUE || graph->values[at].producer != AJP_NO_VALUE)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: there is no input \"%s\"", graph->path, name);
    ajp_value *value = &graph->values[at];
    const ajp_type *want = &value->type;
    bool fits =
        value->why_untyped == NULL && want->dtype == tensor->type.dtype && want->rank == tensor->type.rank;
    for (size_t d = 0; fits && d < want->rank; d++)
        fits = want->dims[d] == SIZE_MAX || want->dims[d] == tensor->type.dims[d];
    if (!fits) {
        char text[128];
        return ajp_fail(err, AJ_MISMATCH, 0, "%s: input \"%s\" does not take %s", graph->path, name,
                        ajp_type_text(&tensor->type, text, sizeof text));
    }
    value->constant = tensor;
    value->type = tensor->type;
    value->typed = true;
    return AJ_OK;
}

/* ---- types of the inputs --------------------------------------------------------------------------------
 */

/* "INPUT:AXIS" */
static bool names_axis(const char *name, const char *input, size_t axis)
{
    size_t n = strlen(input);
    char number[24];
    snprintf(number, sizeof number, ":%zu", axis);
    return strncmp(name, input, n) == 0 && strcmp(name + n, number) == 0;
}

static bool names_dim(const char *name, const char *input, size_t axis, const ajp_onnx_dimension *dim)
{
    return (name[0] != '\0' && strcmp(name, dim->dim_param) == 0) || names_axis(name, input, axis);
}

size_t ajp_graph_dim(const ajp_graph *graph, const char *input, size_t axis, const ajp_onnx_dimension *dim)
{
    if ((dim->has & 1u << 1) != 0 && dim->dim_value >= 0) return (size_t)dim->dim_value;
    for (size_t i = 0; i < graph->n_fixed_dims; i++)
        if (names_dim(graph->fixed_dims[i].name, input, axis, dim)) return graph->fixed_dims[i].size;
    return SIZE_MAX;
}

static size_t declared_dim(const ajp_graph *g, const ajp_value *value, size_t d)
{
    return ajp_graph_dim(g, value->name, d, &value->declared->dim[d]);
}

static bool is_dim_used(const ajp_graph *g, const char *name)
{
    for (size_t i = 0; i < g->n_inputs; i++) {
        const ajp_value *input = &g->values[g->inputs[i]];
        for (size_t d = 0; input->declared != NULL && d < input->declared->n_dim; d++)
            if (names_dim(name, input->name, d, &input->declared->dim[d])) return true;
    }
    return false;
}

aj_status ajp_graph_check_dims(const ajp_graph *graph, aj_error *err)
{
    for (size_t i = 0; i < graph->n_fixed_dims; i++) {
        const ajp_fixed_dim *dim = &graph->fixed_dims[i];
        if (dim->size == 0 || dim->size > AJP_MAX_ELEMENTS)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: dimension \"%s\" of size %zu; use 1 or more",
                            graph->path, dim->name, dim->size);
        if (!is_dim_used(graph, dim->name))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: no input has an open dimension named \"%.80s\"",
                            graph->path, dim->name);
    }
    return AJ_OK;
}

static aj_status declared_type(const ajp_graph *g, const ajp_value *value, bool whole, ajp_type *out,
                               aj_error *err)
{
    ajp_type t = {value->type.dtype, -1, value->declared->n_dim, {0}};
    for (size_t d = 0; d < t.rank; d++) {
        size_t size = declared_dim(g, value, d);
        bool samples = d == 0 && !whole;
        const char *name = value->declared->dim[d].dim_param;
        if (size == SIZE_MAX && d > 0 && name[0] != '\0')
            return ajp_fail(
                err, AJ_UNSUPPORTED, 0,
                "%s: dimension %zu of input \"%s\" is open; give a size to \"%.80s\" or \"%s:%zu\"", g->path,
                d, value->name, name, value->name, d);
        if (size == SIZE_MAX && d > 0)
            return ajp_fail(err, AJ_UNSUPPORTED, 0,
                            "%s: dimension %zu of input \"%s\" is open; give a size to \"%s:%zu\"", g->path,
                            d, value->name, value->name, d);
        t.dims[d] = samples || size == SIZE_MAX ? 1 : size;
        if (samples) t.batch_axis = 0;
    }
    *out = t;
    return AJ_OK;
}

aj_status ajp_graph_declared_types(const ajp_graph *graph, bool whole, ajp_type *types, aj_error *err)
{
    for (size_t i = 0; i < graph->n_inputs; i++) {
        const ajp_value *value = &graph->values[graph->inputs[i]];
        types[i] = value->type;
        if (value->constant != NULL || value->why_untyped != NULL) continue;
        AJ_TRY(declared_type(graph, value, whole, &types[i], err));
        if (!whole && types[i].batch_axis < 0)
            return ajp_fail(err, AJ_UNSUPPORTED, 0, "%s: input \"%s\" has no axis that could count samples",
                            graph->path, value->name);
    }
    return AJ_OK;
}

bool ajp_graph_open_samples(const ajp_graph *graph)
{
    const ajp_value *in = graph->n_inputs > 0 ? &graph->values[graph->inputs[0]] : NULL;
    return in != NULL && in->why_untyped == NULL && in->declared->n_dim > 0 &&
           declared_dim(graph, in, 0) == SIZE_MAX;
}

aj_status ajp_graph_check_type(const ajp_graph *graph, size_t k, const ajp_type *type, aj_error *err)
{
    const ajp_value *value = &graph->values[graph->inputs[k]];
    char text[128];
    if (value->why_untyped != NULL)
        return ajp_fail(err, AJ_UNSUPPORTED, 0,
                        "%s: input \"%s\" is %s; a dense tensor with a shape is needed", graph->path,
                        value->name, value->why_untyped);
    bool fits = type->dtype == value->type.dtype && type->rank == value->declared->n_dim;
    for (size_t d = 0; fits && d < type->rank; d++) {
        size_t want = declared_dim(graph, value, d);
        fits = want == SIZE_MAX || want == type->dims[d] || (int)d == type->batch_axis;
    }
    if (fits) return AJ_OK;
    return ajp_fail(err, AJ_MISMATCH, 0, "%s: input \"%s\" does not take %s", graph->path, value->name,
                    ajp_type_text(type, text, sizeof text));
}

/* What shapes that are spelled out say for one sample. */
static size_t spelled_batch(const ajp_graph *g)
{
    size_t spelled = 0;
    for (size_t i = 0; i < g->n_inputs; i++) {
        const ajp_value *value = &g->values[g->inputs[i]];
        if (value->constant != NULL || !value->typed || value->type.batch_axis != 0) continue;
        size_t size = declared_dim(g, value, 0);
        if (size == SIZE_MAX || (spelled != 0 && spelled != size)) return AJP_SAMPLES_STAND_IN;
        spelled = size;
    }
    return spelled;
}

static void type_inputs(ajp_graph *g, const ajp_type *types)
{
    for (size_t i = 0; i < g->n_inputs; i++) {
        ajp_value *value = &g->values[g->inputs[i]];
        if (value->constant != NULL || value->why_untyped != NULL) continue;
        value->type = types[i];
        value->typed = true;
    }
    g->fixed_batch = spelled_batch(g);
}

/* ---- nodes ----------------------------------------------------------------------------------------------
 */

/* Room for the ports of any node of the graph. */
typedef struct {
    size_t n;
    const ajp_type **in;
    const ajp_tensor **known;
    ajp_type *out;
    const ajp_tensor **out_known;
    ajp_tensor *tensors;
    bool all_known;
} ports;

static bool make_ports(ports *p, const ajp_graph *g)
{
    p->n = 8; /* operators may look at inputs that a node does not have */
    for (size_t i = 0; i < g->n_nodes; i++) {
        size_t n_in = g->nodes[i].n_in + g->nodes[i].n_captured;
        if (n_in > p->n) p->n = n_in;
        if (g->nodes[i].n_out > p->n) p->n = g->nodes[i].n_out;
    }
    p->in = ajp_arena_array(g->arena, p->n, sizeof *p->in);
    p->known = ajp_arena_array(g->arena, p->n, sizeof *p->known);
    p->out = ajp_arena_array(g->arena, p->n, sizeof *p->out);
    p->out_known = ajp_arena_array(g->arena, p->n, sizeof *p->out_known);
    p->tensors = ajp_arena_array(g->arena, p->n, sizeof *p->tensors);
    return p->in != NULL && p->known != NULL && p->out != NULL && p->out_known != NULL && p->tensors != NULL;
}

static void clear_ports(ports *p)
{
    memset(p->in, 0, p->n * sizeof *p->in);
    memset(p->known, 0, p->n * sizeof *p->known);
    memset(p->out, 0, p->n * sizeof *p->out);
    memset(p->out_known, 0, p->n * sizeof *p->out_known);
    memset(p->tensors, 0, p->n * sizeof *p->tensors);
    p->all_known = true;
}

static aj_status gather(const ajp_graph *g, const ajp_node *node, ports *p, aj_error *err)
{
    clear_ports(p);
    for (size_t k = 0; k < node->n_in + node->n_captured; k++) {
        if (node->in[k] == AJP_NO_VALUE) continue;
        const ajp_value *value = &g->values[node->in[k]];
        if (!value->typed)
            return ajp_node_fail(g->path, node, AJ_UNSUPPORTED, err,
                                 "reads \"%.60s\", which is %s; only tensors of numbers are "
                                 "supported",
                                 value->name, value->why_untyped != NULL ? value->why_untyped : "not typed");
        p->in[k] = &value->type;
        p->known[k] = value->constant;
        p->all_known = p->all_known && value->constant != NULL;
    }
    return AJ_OK;
}

/* With the products that the operator declares packed for this one run. */
static aj_status run_folded(ajp_graph *g, const ports *p, ajp_op_run *run)
{
    const ajp_node *node = run->node;
    ajp_arena arena;
    ajp_arena_init(&arena, g->context);
    ajp_op_products_query query = {node, &arena, node->n_in, node->n_out, p->in, p->known, p->out, 1};
    ajp_product_step *steps = NULL;
    size_t n;
    bool good = ajp_products_declared(&query, &steps, &n);
    for (size_t k = 0; good && k < n; k++) good = ajp_products_pack(&steps[k], &arena);
    ajp_op_products products = {n, 0, steps, NULL};
    if (good && n > 0) run->products = &products;
    aj_status st = good ? node->op->run(run) : ajp_no_memory(run->err, g->path);
    ajp_arena_free(&arena);
    return st;
}

/* Runs a node whose inputs are all constants. */
static aj_status fold(ajp_graph *g, const ajp_node *node, ports *p, aj_error *err)
{
    ajp_tensor *in = p->tensors, *out = ajp_arena_array(g->arena, node->n_out + 1, sizeof *out);
    size_t most = g->most_bytes > 0 ? g->most_bytes : AJP_MAX_FOLDED_BYTES;
    if (out == NULL) return ajp_no_memory(err, g->path);
    for (size_t k = 0; k < node->n_in; k++)
        if (p->known[k] != NULL) in[k] = *p->known[k];
    for (size_t k = 0; k < node->n_out; k++) {
        size_t n, bytes;
        if (node->out[k] == AJP_NO_VALUE) continue;
        if (!ajp_type_elements(&p->out[k], &n) || !ajp_size_mul(n, ajp_dtype_size(p->out[k].dtype), &bytes) ||
            bytes > most - g->folded_bytes)
            return ajp_node_fail(g->path, node, AJ_NO_MEMORY, err, "would make more than %.3g GB of results",
                                 (double)most * 1e-9);
        if (!ajp_tensor_make(&out[k], g->arena, &p->out[k])) return ajp_no_memory(err, g->path);
        g->folded_bytes += bytes;
        p->out_known[k] = &out[k];
    }
    size_t scratch_size = node->op->scratch != NULL ? node->op->scratch(node, in, out) : 0;
    if (scratch_size > most)
        return ajp_node_fail(g->path, node, AJ_NO_MEMORY, err, "needs more than %.3g GB to be computed",
                             (double)most * 1e-9);
    void *scratch = ajp_alloc(g->context, scratch_size);
    if (scratch == NULL) return ajp_no_memory(err, g->path);
    ajp_op_run run = {.path = g->path,
                      .node = node,
                      .kernels = g->kernels,
                      .n_in = node->n_in,
                      .n_out = node->n_out,
                      .in = in,
                      .out = out,
                      .scratch = scratch,
                      .err = err};
    aj_status st = run_folded(g, p, &run);
    ajp_free(g->context, scratch);
    return st;
}

static bool any_samples(const ajp_node *node, const ports *p)
{
    bool any = false;
    for (size_t k = 0; k < node->n_out; k++) any = any || p->out[k].batch_axis >= 0;
    return any;
}

static size_t ahead_of(const ajp_graph *g, const ajp_node *node)
{
    size_t ahead = node->n_in > 0 && node->in[0] != AJP_NO_VALUE ? g->values[node->in[0]].samples_ahead : 0;
    return ahead > 0 ? ahead : 1;
}

static aj_status infer_plain(ajp_graph *g, const ajp_node *node, ports *p, size_t *ahead, aj_error *err)
{
    AJ_TRY(ajp_samples_check(g, node, p->in, err));
    ajp_op_infer infer = {.path = g->path,
                          .node = node,
                          .kernels = g->kernels,
                          .arena = g->arena,
                          .err = err,
                          .n_in = node->n_in,
                          .n_out = node->n_out,
                          .in = p->in,
                          .known = p->known,
                          .out = p->out,
                          .out_known = p->out_known,
                          .fixed_batch = g->fixed_batch,
                          .ahead = ahead_of(g, node),
                          .ahead_out = ahead,
                          .needs_data = &g->needs_data};
    AJ_TRY(node->op->infer(&infer));
    AJ_TRY(ajp_samples_ahead(g, node, p->out, ahead, err));
    for (size_t k = 0; k < node->n_out; k++) {
        size_t n;
        if (!ajp_type_elements(&p->out[k], &n))
            return ajp_node_fail(g->path, node, AJ_NO_MEMORY, err,
                                 "would make a tensor of more than 2^40 elements");
    }
    if (p->all_known && p->out_known[0] == NULL && !any_samples(node, p)) return fold(g, node, p, err);
    return AJ_OK;
}

/* If, Loop, Scan where everything they read is known. */
static aj_status infer_control(ajp_graph *g, const ajp_node *node, ports *p, aj_error *err)
{
    ajp_op_control control = {g, node, g->arena, p->known, p->out_known, err};
    for (size_t k = 0; k < node->n_in + node->n_captured; k++)
        if (node->in[k] != AJP_NO_VALUE && g->values[node->in[k]].counts_samples)
            return ajp_node_fail(g->path, node, AJ_UNSUPPORTED, err, "computes with the number of samples");
    if (!p->all_known) {
        g->needs_data = true;
        return ajp_node_fail(g->path, node, AJ_UNSUPPORTED, err,
                             "has subgraphs whose results, and their shapes, depend on data");
    }
    AJ_TRY(node->op->control(&control));
    for (size_t k = 0; k < node->n_out; k++) p->out[k] = p->out_known[k]->type;
    return AJ_OK;
}

static aj_status infer_node(ajp_graph *g, const ajp_node *node, ports *p, aj_error *err)
{
    size_t ahead = 1;
    if (g->budget != NULL && (*g->budget)-- == 0)
        return ajp_node_fail(g->path, node, AJ_NO_MEMORY, err,
                             "comes after too many others to be worked out");
    AJ_TRY(gather(g, node, p, err));
    if (node->op->control != NULL)
        AJ_TRY(infer_control(g, node, p, err));
    else
        AJ_TRY(infer_plain(g, node, p, &ahead, err));
    for (size_t k = 0; k < node->n_out; k++) {
        if (node->out[k] == AJP_NO_VALUE) continue;
        ajp_value *value = &g->values[node->out[k]];
        value->type = p->out[k];
        value->typed = true;
        value->samples_ahead = p->out[k].batch_axis >= 0 ? ahead : 1;
        value->constant = p->out_known[k];
        if (value->constant != NULL && g->fixed_batch == AJP_SAMPLES_STAND_IN)
            AJ_TRY(ajp_samples_made(g, node, value->constant, &value->counts_samples, err));
    }
    return AJ_OK;
}

/* The branch of an If whose condition is known, where what it reads is not: its nodes take the node's place.
 */
static aj_status inline_branch(ajp_graph *g, size_t at, bool *done, aj_error *err)
{
    const ajp_node *node = &g->nodes[at];
    const ajp_value *condition =
        node->n_in > 0 && node->in[0] != AJP_NO_VALUE ? &g->values[node->in[0]] : NULL;
    bool known = true;
    *done = false;
    if (strcmp(node->op_type, "If") != 0 || condition == NULL || condition->constant == NULL ||
        condition->constant->n != 1)
        return AJ_OK;
    for (size_t k = 0; k < node->n_captured; k++)
        known = known && g->values[node->in[node->n_in + k]].constant != NULL;
    if (known) return AJ_OK;
    const char *branch = ajp_tensor_int(condition->constant, 0) != 0 ? "then_branch" : "else_branch";
    const ajp_graph *child = ajp_control_child(node, branch);
    if (child == NULL) return AJ_OK;
    *done = true;
    return ajp_control_inline(g, at, child, err);
}

static void forget(ajp_graph *g)
{
    g->folded_bytes = 0;
    g->needs_data = false;
    for (size_t i = 0; i < g->n_values; i++)
        if (g->values[i].producer != AJP_NO_VALUE) {
            g->values[i].typed = false;
            g->values[i].constant = NULL;
            g->values[i].counts_samples = false;
        }
}

aj_status ajp_graph_infer_as(ajp_graph *graph, const ajp_type *types, aj_error *err)
{
    ports p;
    if (!make_ports(&p, graph)) return ajp_no_memory(err, graph->path);
    forget(graph);
    type_inputs(graph, types);
    for (size_t i = 0; i < graph->n_nodes;) {
        bool changed;
        AJ_TRY(inline_branch(graph, i, &changed, err));
        if (changed && !make_ports(&p, graph)) return ajp_no_memory(err, graph->path);
        if (!changed) AJ_TRY(ajp_graph_widen(graph, i, &changed, err));
        if (changed) continue; /* with its first node, if it has any */
        AJ_TRY(infer_node(graph, &graph->nodes[i++], &p, err));
    }
    return AJ_OK;
}

aj_status ajp_graph_infer(ajp_graph *graph, bool whole, aj_error *err)
{
    ajp_type *types = ajp_arena_array(graph->arena, graph->n_inputs + 1, sizeof *types);
    if (types == NULL) return ajp_no_memory(err, graph->path);
    AJ_TRY(ajp_graph_declared_types(graph, whole, types, err));
    graph->whole = whole;
    return ajp_graph_infer_as(graph, types, err);
}

void ajp_graph_mark_live(ajp_graph *graph, const size_t *outputs, size_t n_outputs)
{
    for (size_t i = 0; i < graph->n_values; i++) graph->values[i].n_uses = 0;
    for (size_t i = 0; i < n_outputs; i++) graph->values[outputs[i]].n_uses++;
    for (size_t i = graph->n_nodes; i-- > 0;) {
        ajp_node *node = &graph->nodes[i];
        node->live = false;
        for (size_t k = 0; k < node->n_out; k++)
            if (node->out[k] != AJP_NO_VALUE && graph->values[node->out[k]].n_uses > 0 &&
                graph->values[node->out[k]].constant == NULL)
                node->live = true;
        for (size_t k = 0; node->live && k < node->n_in; k++)
            if (node->in[k] != AJP_NO_VALUE) graph->values[node->in[k]].n_uses++;
    }
}

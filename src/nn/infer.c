/* infer.c: shapes of all values, and what is constant among them. */
#include "program.h"

enum { MAX_PORTS = 8 }; /* inputs or outputs of any operator in ops.def; checked when a node is looked up */

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

/* Chooses what the symbolic dimensions of the data input mean. */
static aj_status type_inputs(ajp_graph *g, aj_error *err)
{
    g->fixed_batch = 0;
    for (size_t i = 0; i < g->n_inputs; i++) {
        ajp_value *value = &g->values[g->inputs[i]];
        if (value->constant != NULL || value->why_untyped != NULL) continue;
        const ajp_onnx_shape *shape = value->declared;
        ajp_type *t = &value->type;
        t->batch_axis = -1;
        for (size_t d = 0; d < t->rank; d++) {
            bool number = (shape->dim[d].has & 1u << 1) != 0 && shape->dim[d].dim_value >= 0;
            bool samples = d == 0 && !g->whole;
            if (!number && !samples)
                return ajp_fail(err, AJ_UNSUPPORTED, 0,
                                "%s: dimension %zu of input \"%s\" is symbolic%s%.40s; only the first "
                                "one, which counts samples, may be",
                                g->path, d, value->name, shape->dim[d].dim_param[0] != '\0' ? ": " : "",
                                shape->dim[d].dim_param);
            t->dims[d] = samples ? 1 : (size_t)shape->dim[d].dim_value;
            if (samples) t->batch_axis = 0;
            if (samples && number) g->fixed_batch = (size_t)shape->dim[d].dim_value;
        }
        value->typed = true;
    }
    return AJ_OK;
}

typedef struct {
    const ajp_type *in[MAX_PORTS];
    const ajp_tensor *known[MAX_PORTS];
    ajp_type out[MAX_PORTS];
    const ajp_tensor *out_known[MAX_PORTS];
    bool all_known;
} ports;

static aj_status gather(const ajp_graph *g, const ajp_node *node, ports *p, aj_error *err)
{
    *p = (ports){.all_known = true};
    if (node->n_in > MAX_PORTS || node->n_out > MAX_PORTS)
        return ajp_node_fail(g->path, node, AJ_UNSUPPORTED, err, "has more than %d inputs or outputs",
                             MAX_PORTS);
    for (size_t k = 0; k < node->n_in; k++) {
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
    ajp_op_products_query query = {node, &arena, node->n_in, node->n_out, p->in, p->known, p->out};
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
    ajp_tensor in[MAX_PORTS] = {0}, *out = ajp_arena_array(g->arena, MAX_PORTS, sizeof *out);
    if (out == NULL) return ajp_no_memory(err, g->path);
    for (size_t k = 0; k < node->n_in; k++)
        if (p->known[k] != NULL) in[k] = *p->known[k];
    for (size_t k = 0; k < node->n_out; k++) {
        size_t n, bytes;
        if (node->out[k] == AJP_NO_VALUE) continue;
        if (!ajp_type_elements(&p->out[k], &n) || !ajp_size_mul(n, ajp_dtype_size(p->out[k].dtype), &bytes) ||
            bytes > AJP_MAX_FOLDED_BYTES - g->folded_bytes)
            return ajp_node_fail(g->path, node, AJ_NO_MEMORY, err, "would make more than 1 GiB of constants");
        if (!ajp_tensor_make(&out[k], g->arena, &p->out[k])) return ajp_no_memory(err, g->path);
        g->folded_bytes += bytes;
        p->out_known[k] = &out[k];
    }
    size_t scratch_size = node->op->scratch != NULL ? node->op->scratch(node, in, out) : 0;
    if (scratch_size > AJP_MAX_FOLDED_BYTES)
        return ajp_node_fail(g->path, node, AJ_NO_MEMORY, err, "needs more than 1 GiB to be computed");
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

static aj_status infer_node(ajp_graph *g, const ajp_node *node, aj_error *err)
{
    ports p;
    AJ_TRY(gather(g, node, &p, err));
    ajp_op_infer infer = {g->path,     node, g->kernels, g->arena, err,         node->n_in,
                          node->n_out, p.in, p.known,    p.out,    p.out_known, g->fixed_batch};
    AJ_TRY(node->op->infer(&infer));
    for (size_t k = 0; k < node->n_out; k++) {
        size_t n;
        if (!ajp_type_elements(&p.out[k], &n))
            return ajp_node_fail(g->path, node, AJ_NO_MEMORY, err,
                                 "would make a tensor of more than 2^40 elements");
    }
    if (p.all_known && p.out_known[0] == NULL) AJ_TRY(fold(g, node, &p, err));
    for (size_t k = 0; k < node->n_out; k++) {
        if (node->out[k] == AJP_NO_VALUE) continue;
        ajp_value *value = &g->values[node->out[k]];
        value->type = p.out[k];
        value->typed = true;
        value->constant = p.out_known[k];
    }
    return AJ_OK;
}

aj_status ajp_graph_infer(ajp_graph *graph, bool whole, aj_error *err)
{
    graph->whole = whole;
    graph->folded_bytes = 0;
    for (size_t i = 0; i < graph->n_values; i++)
        if (graph->values[i].producer != AJP_NO_VALUE) {
            graph->values[i].typed = false;
            graph->values[i].constant = NULL;
        }
    AJ_TRY(type_inputs(graph, err));
    for (size_t i = 0; i < graph->n_nodes; i++) AJ_TRY(infer_node(graph, &graph->nodes[i], err));
    return AJ_OK;
}

void ajp_graph_mark_live(ajp_graph *graph, size_t output)
{
    for (size_t i = 0; i < graph->n_values; i++) graph->values[i].n_uses = 0;
    graph->values[output].n_uses = 1;
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

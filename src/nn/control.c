/* control.c: subgraphs: run with everything known, or put in the place of their node. */
#include <string.h>

#include "op.h"

ajp_graph *ajp_control_child(const ajp_node *node, const char *attribute)
{
    for (size_t i = 0; i < node->n_children; i++)
        if (strcmp(node->children[i].name, attribute) == 0) return &node->children[i];
    return NULL;
}

/* ---- run -------------------------------------------------------------------------------------------------
 */

static void bind(ajp_value *value, const ajp_tensor *tensor)
{
    value->constant = tensor;
    value->type = tensor->type;
    value->typed = true;
    value->why_untyped = NULL;
}

aj_status ajp_control_call(const ajp_graph *outer, const ajp_node *node, const ajp_graph *child,
                           const ajp_tensor *const *inputs, size_t n_inputs, ajp_arena *arena,
                           const ajp_tensor **outputs, aj_error *err)
{
    ajp_graph run = *child;
    if (n_inputs != child->n_inputs)
        return ajp_node_fail(outer->path, node, AJ_CORRUPT, err, "has a subgraph %s of %zu inputs, not %zu",
                             child->name, child->n_inputs, n_inputs);
    if (outer->budget != NULL && (*outer->budget)-- == 0)
        return ajp_node_fail(outer->path, node, AJ_NO_MEMORY, err,
                             "runs for too long to be worked out before any data");
    if (!ajp_graph_fork(&run, arena)) return ajp_no_memory(err, outer->path);
    run.budget = outer->budget;
    run.most_bytes = outer->most_bytes;
    for (size_t k = 0; k < child->n_captures; k++)
        bind(&run.values[child->captures[k].inner], outer->values[child->captures[k].outer].constant);
    for (size_t k = 0; k < n_inputs; k++) bind(&run.values[run.inputs[k]], inputs[k]);
    AJ_TRY(ajp_graph_infer_as(&run, NULL, err));
    for (size_t k = 0; k < run.n_outputs; k++) {
        outputs[k] = run.values[run.outputs[k]].constant;
        if (outputs[k] == NULL)
            return ajp_node_fail(outer->path, node, AJ_UNSUPPORTED, err,
                                 "has a subgraph %s whose output %zu is not a tensor of numbers", child->name,
                                 k);
    }
    return AJ_OK;
}

/* ---- inlined ---------------------------------------------------------------------------------------------
 */

/* Where each value of the branch is in the graph around it. */
static size_t *map_values(ajp_graph *g, size_t at, const ajp_graph *child)
{
    size_t *map = ajp_arena_array(g->arena, child->n_values + 1, sizeof *map);
    if (map == NULL) return NULL;
    for (size_t i = 0; i < child->n_values; i++) {
        map[i] = g->n_values + i;
        g->values[map[i]] = child->values[i];
        if (child->values[i].producer != AJP_NO_VALUE) g->values[map[i]].producer += at;
    }
    g->n_values += child->n_values;
    for (size_t k = 0; k < child->n_captures; k++) map[child->captures[k].inner] = child->captures[k].outer;
    return map;
}

/* The subgraphs of an inlined node capture values of the graph around them now. */
static bool map_children(const ajp_graph *g, ajp_node *node, const size_t *map)
{
    if (node->n_children == 0) return true;
    ajp_graph *children = ajp_arena_array(g->arena, node->n_children, sizeof *children);
    if (children == NULL) return false;
    for (size_t c = 0; c < node->n_children; c++) {
        const ajp_graph *from = &node->children[c];
        children[c] = *from;
        children[c].captures = ajp_arena_array(g->arena, from->n_captures + 1, sizeof *from->captures);
        if (children[c].captures == NULL) return false;
        for (size_t k = 0; k < from->n_captures; k++)
            children[c].captures[k] = (ajp_capture){from->captures[k].inner, map[from->captures[k].outer]};
    }
    node->children = children;
    return true;
}

static bool place_node(ajp_graph *g, ajp_node *to, const ajp_node *from, const size_t *map)
{
    size_t n_in = from->n_in + from->n_captured;
    size_t *ports = ajp_arena_array(g->arena, n_in + from->n_out + 1, sizeof *ports);
    if (ports == NULL) return false;
    *to = *from;
    to->in = ports;
    to->out = ports + n_in;
    for (size_t k = 0; k < n_in; k++)
        to->in[k] = from->in[k] == AJP_NO_VALUE ? AJP_NO_VALUE : map[from->in[k]];
    for (size_t k = 0; k < from->n_out; k++)
        to->out[k] = from->out[k] == AJP_NO_VALUE ? AJP_NO_VALUE : map[from->out[k]];
    return map_children(g, to, map);
}

/* output k of the If is the branch's under another name */
static bool place_identity(ajp_graph *g, size_t at, const ajp_node *node, size_t k, size_t from)
{
    bool known;
    size_t *ports = ajp_arena_array(g->arena, 2, sizeof *ports);
    const char *name = ajp_arena_printf(g->arena, "%s/output %zu", node->name, k);
    if (ports == NULL || name == NULL) return false;
    ports[0] = from;
    ports[1] = node->out[k];
    g->nodes[at] = (ajp_node){.name = name,
                              .op_type = "Identity",
                              .op = ajp_op_find("Identity", AJP_MAX_OPSET, &known),
                              .opset = node->opset,
                              .n_in = 1,
                              .n_out = node->out[k] == AJP_NO_VALUE ? 0 : 1,
                              .in = ports,
                              .out = ports + 1};
    if (node->out[k] != AJP_NO_VALUE) g->values[node->out[k]].producer = at;
    return true;
}

aj_status ajp_control_inline(ajp_graph *graph, size_t at, const ajp_graph *child, aj_error *err)
{
    ajp_node node = graph->nodes[at];
    if (child->n_inputs != 0 || child->n_outputs != node.n_out)
        return ajp_node_fail(graph->path, &node, AJ_CORRUPT, err,
                             "has a subgraph %s of %zu inputs and %zu outputs, which does not fit",
                             child->name, child->n_inputs, child->n_outputs);
    size_t *map;
    if (!ajp_graph_make_room(graph, at, child->n_nodes + node.n_out, child->n_values) ||
        (map = map_values(graph, at, child)) == NULL)
        return ajp_no_memory(err, graph->path);
    for (size_t i = 0; i < child->n_nodes; i++)
        if (!place_node(graph, &graph->nodes[at + i], &child->nodes[i], map))
            return ajp_no_memory(err, graph->path);
    for (size_t k = 0; k < node.n_out; k++)
        if (!place_identity(graph, at + child->n_nodes + k, &node, k, map[child->outputs[k]]))
            return ajp_no_memory(err, graph->path);
    return AJ_OK;
}

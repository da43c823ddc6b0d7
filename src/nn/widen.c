/* widen.c: element types that an operator leaves to float32.
 *
 *   y = op(x)  of float16 becomes  x' = Cast(x);  y' = op(x');  y = round(y')
 *
 * so that every such operator is packed, folded and put on hardware as any other.  Constants are converted
 * once. Every node of the file rounds its result, as the file says; nothing is left in float32 between two
 * nodes. */
#include <string.h>

#include "op.h"

typedef struct {
    ajp_dtype to;
} rounding;

/* ---- the way back: float32 is rounded to nearest even, anything else stays as it is
 * ------------------------- */

static aj_status infer(const ajp_op_infer *i)
{
    i->out[0] = *i->in[0];
    if (i->in[0]->dtype == AJP_FLOAT32) i->out[0].dtype = ((const rounding *)i->node->params)->to;
    return AJ_OK;
}

static aj_status infer_wide(const ajp_op_infer *i)
{
    i->out[0] = *i->in[0];
    i->out[0].dtype = AJP_FLOAT32;
    return AJ_OK;
}

static uint16_t nearest_bfloat16(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (value != value) return (uint16_t)(bits >> 16 | 0x40); /* stays not a number */
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static aj_status run(const ajp_op_run *r)
{
    const ajp_tensor *x = &r->in[0], *y = &r->out[0];
    if (x->type.dtype != AJP_FLOAT32 || y->type.dtype != AJP_BFLOAT16) {
        ajp_convert(y->type.dtype, y->data, x->type.dtype, x->data, x->n);
        return AJ_OK;
    }
    for (size_t i = 0; i < x->n; i++)
        ((uint16_t *)y->data)[i] = nearest_bfloat16(((const float *)x->data)[i]);
    return AJ_OK;
}

static bool is_view(const ajp_node *node, const ajp_type *in, const ajp_type *out)
{
    (void)node;
    return in->dtype == out->dtype;
}

static const ajp_op round_op = {.any_sample_axis = true,
                                .layout = AJP_LAYOUT_ELEMENTS,
                                .min_in = 1,
                                .max_in = 1,
                                .max_out = 1,
                                .role = AJP_ROLE_VIEW,
                                .flops_per_element = 1,
                                .params_size = sizeof(rounding),
                                .infer = infer,
                                .run = run,
                                .is_view = is_view};
static const ajp_op widen_op = {.any_sample_axis = true,
                                .layout = AJP_LAYOUT_ELEMENTS,
                                .min_in = 1,
                                .max_in = 1,
                                .max_out = 1,
                                .flops_per_element = 1,
                                .params_size = sizeof(rounding),
                                .infer = infer_wide,
                                .run = run};

/* ---- nodes before and after
 * -------------------------------------------------------------------------------- */

static bool is_widened(const ajp_op *op, ajp_dtype dtype)
{
    if (op->widening == AJP_WIDEN_NOTHING) return false;
    return dtype == AJP_FLOAT16 || dtype == AJP_BFLOAT16 ||
           (dtype == AJP_FLOAT64 && op->widening == AJP_WIDEN_FLOATS);
}

static bool takes(const ajp_graph *g, const ajp_node *node, size_t k)
{
    if (k >= node->n_in || node->in[k] == AJP_NO_VALUE) return false;
    const ajp_value *value = &g->values[node->in[k]];
    return value->typed && is_widened(node->op, value->type.dtype);
}

static bool convert(ajp_graph *g, size_t at, const ajp_node *of, const ajp_op *op, size_t from, size_t to,
                    ajp_dtype dtype)
{
    size_t *ports = ajp_arena_array(g->arena, 2, sizeof *ports);
    rounding *params = ajp_arena_alloc(g->arena, sizeof *params);
    const char *name =
        ajp_arena_printf(g->arena, "%s/%s of %s", of->name, ajp_dtype_name(dtype), g->values[from].name);
    if (ports == NULL || params == NULL || name == NULL) return false;
    params->to = dtype;
    ports[0] = from;
    ports[1] = to;
    g->nodes[at] = (ajp_node){.name = name,
                              .op_type = "Cast",
                              .op = op,
                              .opset = of->opset,
                              .params = params,
                              .n_in = 1,
                              .n_out = 1,
                              .in = ports,
                              .out = ports + 1};
    g->values[to].producer = at;
    return true;
}

/* A value between a node and its conversion. */
static size_t new_value(ajp_graph *g, size_t like)
{
    size_t at = g->n_values++;
    g->values[at] = (ajp_value){.name = g->values[like].name, .producer = AJP_NO_VALUE};
    return at;
}

static size_t *copy_ports(ajp_arena *arena, const size_t *from, size_t n)
{
    size_t *copy = ajp_arena_array(arena, n + 1, sizeof *copy);
    if (copy != NULL && n > 0) memcpy(copy, from, n * sizeof *copy);
    return copy;
}

/* The node itself at its new place, with ports of its own. */
static ajp_node *place(ajp_graph *g, size_t at, const ajp_node *node)
{
    g->nodes[at] = *node;
    g->nodes[at].in = copy_ports(g->arena, node->in, node->n_in + node->n_captured);
    g->nodes[at].out = copy_ports(g->arena, node->out, node->n_out);
    return g->nodes[at].in != NULL && g->nodes[at].out != NULL ? &g->nodes[at] : NULL;
}

aj_status ajp_graph_widen(ajp_graph *graph, size_t at, bool *changed, aj_error *err)
{
    ajp_graph *g = graph;
    ajp_node node = g->nodes[at];
    size_t n_before = 0, n_after = 0, first = 0;
    for (size_t k = node.n_in; k-- > 0;)
        if (takes(g, &node, k)) n_before++, first = k;
    *changed = n_before > 0;
    if (!*changed) return AJ_OK;
    for (size_t k = 0; k < node.n_out; k++) n_after += node.out[k] != AJP_NO_VALUE;
    if (!ajp_graph_make_room(g, at, n_before + 1 + n_after, n_before + n_after))
        return ajp_no_memory(err, g->path);
    size_t middle = at + n_before;
    ajp_node *inner = place(g, middle, &node);
    if (inner == NULL) return ajp_no_memory(err, g->path);
    for (size_t k = 0, i = at; k < node.n_in; k++) {
        if (!takes(g, &node, k)) continue;
        inner->in[k] = new_value(g, node.in[k]);
        if (!convert(g, i++, &node, &widen_op, node.in[k], inner->in[k], AJP_FLOAT32))
            return ajp_no_memory(err, g->path);
    }
    for (size_t k = 0, i = middle + 1; k < node.n_out; k++) {
        if (node.out[k] == AJP_NO_VALUE) continue;
        size_t like = k > 0 && node.op->later_like > 0 ? node.op->later_like : first;
        inner->out[k] = new_value(g, node.out[k]);
        g->values[inner->out[k]].producer = middle;
        if (!convert(g, i++, &node, &round_op, inner->out[k], node.out[k],
                     g->values[node.in[like]].type.dtype))
            return ajp_no_memory(err, g->path);
    }
    return AJ_OK;
}

/* graph.c: names to values, nodes into execution order, operators looked up. */
#include "graph.h"

#include <stdio.h>
#include <string.h>

#include "op.h"

/* ---- names -> values: open addressing over the value table ----------------------------------------------
 */

typedef struct builder builder;
struct builder {
    ajp_graph *graph, *root;
    builder *outer; /* of the graph around this one, or NULL */
    size_t n_slots; /* power of two, at least twice the names */
    size_t *slots;  /* value + 1, 0 = free */
    aj_error *err;
};

static size_t hash(const char *text)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (; *text != '\0'; text++) h = (h ^ (unsigned char)*text) * 1099511628211u;
    return (size_t)(h ^ h >> 32);
}

static size_t *slot_of(const builder *b, const char *name)
{
    size_t at = hash(name) & (b->n_slots - 1);
    while (b->slots[at] != 0 && strcmp(b->graph->values[b->slots[at] - 1].name, name) != 0)
        at = (at + 1) & (b->n_slots - 1);
    return &b->slots[at];
}

static size_t find(const builder *b, const char *name)
{
    size_t slot = *slot_of(b, name);
    return slot == 0 ? AJP_NO_VALUE : slot - 1;
}

size_t ajp_graph_find(const ajp_graph *graph, const char *name)
{
    for (size_t i = 0; i < graph->n_values; i++)
        if (strcmp(graph->values[i].name, name) == 0) return i;
    return AJP_NO_VALUE;
}

/* A new value; the table was sized for all of them. */
static size_t add(builder *b, const char *name)
{
    ajp_graph *g = b->graph;
    *slot_of(b, name) = g->n_values + 1;
    g->values[g->n_values] = (ajp_value){.name = name, .producer = AJP_NO_VALUE};
    return g->n_values++;
}

/* In this graph, or in one around it: then it becomes a value of this one as well. */
static size_t find_around(builder *b, const char *name)
{
    size_t value = find(b, name);
    if (value != AJP_NO_VALUE || b->outer == NULL) return value;
    size_t outer = find_around(b->outer, name);
    if (outer == AJP_NO_VALUE) return AJP_NO_VALUE;
    value = add(b, name);
    b->graph->captures[b->graph->n_captures++] = (ajp_capture){value, outer};
    return value;
}

/* Names that a graph and its subgraphs read: as many may be captured. */
static size_t count_read(const ajp_onnx_graph *p)
{
    size_t n = p->n_output;
    for (size_t i = 0; i < p->n_node; i++) {
        n += p->node[i].n_input;
        for (size_t k = 0; k < p->node[i].n_attribute; k++)
            if (p->node[i].attribute[k].g != NULL) n += count_read(p->node[i].attribute[k].g);
    }
    return n;
}

static aj_status make_tables(builder *b)
{
    const ajp_onnx_graph *p = b->graph->proto;
    size_t n_captures = b->outer != NULL ? count_read(p) : 0;
    size_t n = p->n_initializer + p->n_input + n_captures + 1;
    for (size_t i = 0; i < p->n_node; i++) n += p->node[i].n_output;
    b->graph->captures = ajp_arena_array(b->graph->arena, n_captures + 1, sizeof *b->graph->captures);
    if (b->graph->captures == NULL) return ajp_no_memory(b->err, b->graph->path);
    for (b->n_slots = 16; b->n_slots < 2 * n; b->n_slots *= 2) continue;
    b->slots = ajp_arena_array(b->graph->arena, b->n_slots, sizeof *b->slots);
    b->graph->values = ajp_arena_array(b->graph->arena, n, sizeof *b->graph->values);
    b->graph->inputs = ajp_arena_array(b->graph->arena, p->n_input + 1, sizeof *b->graph->inputs);
    b->graph->outputs = ajp_arena_array(b->graph->arena, p->n_output + 1, sizeof *b->graph->outputs);
    b->graph->nodes = ajp_arena_array(b->graph->arena, p->n_node + 1, sizeof *b->graph->nodes);
    if (b->slots == NULL || b->graph->values == NULL || b->graph->inputs == NULL ||
        b->graph->outputs == NULL || b->graph->nodes == NULL)
        return ajp_no_memory(b->err, b->graph->path);
    return AJ_OK;
}

/* ---- the model's head -----------------------------------------------------------------------------------
 */

static aj_status check_model(ajp_graph *g, aj_error *err)
{
    const ajp_onnx_model *m = g->model;
    if ((m->has & 1u << 1) == 0 || m->graph == NULL)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: not an ONNX model: %s is missing", g->path,
                        m->graph == NULL ? "the graph" : "the IR version");
    if (m->ir_version < AJP_MIN_IR || m->ir_version > AJP_MAX_IR)
        return ajp_fail(err, AJ_UNSUPPORTED, 0, "%s: ONNX IR version %lld; this version reads %d to %d",
                        g->path, (long long)m->ir_version, AJP_MIN_IR, AJP_MAX_IR);
    for (size_t i = 0; i < m->n_opset_import; i++) {
        const char *domain = m->opset_import[i].domain;
        if (domain[0] != '\0' && strcmp(domain, "ai.onnx") != 0) continue;
        g->opset = m->opset_import[i].version;
        if (g->opset < 1 || g->opset > AJP_MAX_OPSET)
            return ajp_fail(err, AJ_UNSUPPORTED, 0,
                            "%s: opset %lld; this version reads 1 to %d: export the model with an "
                            "older opset",
                            g->path, (long long)g->opset, AJP_MAX_OPSET);
    }
    return AJ_OK;
}

/* ---- nodes ----------------------------------------------------------------------------------------------
 */

static aj_status check_attributes(const ajp_graph *g, const ajp_node *node, aj_error *err)
{
    for (size_t i = 0; i < node->proto->n_attribute; i++) {
        const ajp_onnx_attribute *a = &node->proto->attribute[i];
        bool found = false;
        for (const char *const *name = node->op->attributes; *name != NULL; name++)
            found = found || strcmp(*name, a->name) == 0;
        if (!found)
            return ajp_node_fail(g->path, node, AJ_UNSUPPORTED, err,
                                 "has an attribute \"%.60s\", which is not known", a->name);
        if (a->ref_attr_name[0] != '\0')
            return ajp_node_fail(g->path, node, AJ_UNSUPPORTED, err, "refers to an attribute of a function");
    }
    return AJ_OK;
}

static aj_status look_up(const ajp_graph *g, ajp_node *node, aj_error *err)
{
    bool known = false;
    const char *domain = node->proto->domain;
    if (domain[0] != '\0' && strcmp(domain, "ai.onnx") != 0) {
        for (size_t i = 0; i < g->model->n_opset_import; i++)
            if (strcmp(g->model->opset_import[i].domain, domain) == 0)
                node->opset = g->model->opset_import[i].version;
        return ajp_node_fail(g->path, node, AJ_UNSUPPORTED, err,
                             "is of the domain \"%.60s\"; only the default domain is "
                             "supported",
                             domain);
    }
    if (g->opset == 0)
        return ajp_node_fail(g->path, node, AJ_CORRUPT, err,
                             "has no opset: the model does not import the default domain");
    node->op = ajp_op_find(node->op_type, g->opset, &known);
    if (node->op == NULL)
        return ajp_node_fail(g->path, node, AJ_UNSUPPORTED, err,
                             known ? "is not supported in this opset"
                                   : "is not an operator that this version supports");
    if (node->n_in < node->op->min_in || node->n_in > node->op->max_in || node->n_out < 1 ||
        node->n_out > node->op->max_out)
        return ajp_node_fail(g->path, node, AJ_CORRUPT, err,
                             "has %zu inputs and %zu outputs, which does not fit", node->n_in, node->n_out);
    return check_attributes(g, node, err);
}

/* Name, operator and places for its values, in file order. */
static aj_status start_nodes(builder *b)
{
    ajp_graph *g = b->graph;
    const ajp_onnx_graph *p = g->proto;
    g->n_nodes = p->n_node;
    for (size_t i = 0; i < p->n_node; i++) {
        ajp_node *node = &g->nodes[i];
        const ajp_onnx_node *proto = &p->node[i];
        *node = (ajp_node){.name = proto->name,
                           .op_type = proto->op_type,
                           .proto = proto,
                           .opset = g->opset,
                           .n_in = proto->n_input,
                           .n_out = proto->n_output};
        /* trailing inputs that are left out are as if they were not written */
        while (node->n_in > 0 && proto->input[node->n_in - 1][0] == '\0') node->n_in--;
        if (proto->name[0] == '\0') node->name = ajp_arena_printf(g->arena, "%s_%zu", proto->op_type, i);
        node->in = ajp_arena_array(g->arena, node->n_in + node->n_out + 1, sizeof *node->in);
        if (node->name == NULL || node->in == NULL) return ajp_no_memory(b->err, g->path);
        node->out = node->in + node->n_in;
        AJ_TRY(look_up(g, node, b->err));
    }
    return AJ_OK;
}

static aj_status parse_nodes(builder *b)
{
    ajp_graph *g = b->graph;
    for (size_t i = 0; i < g->n_nodes; i++) {
        ajp_node *node = &g->nodes[i];
        if (node->op->params_size > 0) {
            node->params = ajp_arena_alloc(g->arena, node->op->params_size);
            if (node->params == NULL) return ajp_no_memory(b->err, g->path);
        }
        ajp_op_parse parse = {g->path, node, &b->root->source, b->err};
        if (node->op->parse != NULL) AJ_TRY(node->op->parse(&parse, node->params));
    }
    return AJ_OK;
}

/* ---- values ---------------------------------------------------------------------------------------------
 */

static aj_status twice(const builder *b, const char *name)
{
    return ajp_fail(b->err, AJ_CORRUPT, 0, "%s: the value \"%s\" is made twice; every name must be made once",
                    b->graph->path, name);
}

static aj_status add_initializers(builder *b)
{
    ajp_graph *g = b->graph;
    const ajp_onnx_graph *p = g->proto;
    if (p->n_sparse_initializer > 0) {
        const ajp_onnx_tensor *values = p->sparse_initializer[0].values;
        return ajp_fail(b->err, AJ_UNSUPPORTED, 0, "%s: initializer \"%s\" is sparse; store it dense",
                        g->path, values != NULL ? values->name : "");
    }
    for (size_t i = 0; i < p->n_initializer; i++) {
        ajp_tensor *tensor = ajp_arena_alloc(g->arena, sizeof *tensor);
        if (tensor == NULL) return ajp_no_memory(b->err, g->path);
        if (find(b, p->initializer[i].name) != AJP_NO_VALUE) return twice(b, p->initializer[i].name);
        AJ_TRY(ajp_tensor_from_onnx(tensor, &b->root->source, &p->initializer[i], b->err));
        ajp_value *value = &g->values[add(b, p->initializer[i].name)];
        value->constant = tensor;
        value->type = tensor->type;
        value->typed = true;
        b->root->n_parameters += tensor->n;
    }
    return AJ_OK;
}

/* The declared type of an input. What cannot be used is remembered and reported by the node that reads it. */
static aj_status declare_type(const ajp_graph *g, ajp_value *value, const ajp_onnx_type *type, aj_error *err)
{
    const ajp_onnx_tensor_type *tensor = type != NULL ? type->tensor_type : NULL;
    ajp_type t = {AJP_UNDEFINED, -1, 0, {0}};
    size_t n;
    value->why_untyped = type == NULL                  ? "without a type"
                         : type->sequence_type != NULL ? "a sequence"
                         : type->map_type != NULL      ? "a map"
                         : type->optional_type != NULL ? "optional"
                         : tensor == NULL              ? "not a dense tensor"
                         : tensor->shape == NULL       ? "a tensor of unknown rank"
                                                       : NULL;
    if (value->why_untyped != NULL) return AJ_OK;
    if (tensor->elem_type > 0 && tensor->elem_type <= AJP_BFLOAT16) t.dtype = (ajp_dtype)tensor->elem_type;
    t.rank = tensor->shape->n_dim;
    if (ajp_dtype_size(t.dtype) == 0)
        value->why_untyped = "a tensor of strings, complex numbers or an unknown type";
    if (t.rank > AJP_MAX_RANK) value->why_untyped = "a tensor of more than 8 dimensions";
    if (value->why_untyped != NULL) return AJ_OK;
    for (size_t d = 0; d < t.rank; d++) {
        const ajp_onnx_dimension *dim = &tensor->shape->dim[d];
        bool number =
            (dim->has & 1u << 1) != 0 && dim->dim_value != -1; /* some exporters write -1 for "any" */
        if (number && dim->dim_value < 0)
            return ajp_fail(err, AJ_CORRUPT, 0, "%s: input \"%s\" has a negative dimension (%lld)", g->path,
                            value->name, (long long)dim->dim_value);
        t.dims[d] =
            number ? (size_t)dim->dim_value : SIZE_MAX; /* SIZE_MAX: symbolic, until a mode is chosen */
        if (number && t.dims[d] > AJP_MAX_ELEMENTS) t.dims[d] = AJP_MAX_ELEMENTS + 1;
    }
    ajp_type sized = t;
    for (size_t d = 0; d < t.rank; d++) sized.dims[d] = t.dims[d] == SIZE_MAX ? 1 : t.dims[d];
    if (!ajp_type_elements(&sized, &n))
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: input \"%s\" has more than 2^40 elements", g->path,
                        value->name);
    value->type = t;
    value->declared = tensor->shape;
    return AJ_OK;
}

static aj_status add_inputs(builder *b)
{
    ajp_graph *g = b->graph;
    const ajp_onnx_graph *p = g->proto;
    for (size_t i = 0; i < p->n_input; i++) {
        size_t value = find(b, p->input[i].name);
        /* before IR 4 every initializer is an input as well; later this gives the input a default */
        if (value != AJP_NO_VALUE) {
            if (g->values[value].constant == NULL) return twice(b, p->input[i].name);
            continue;
        }
        value = add(b, p->input[i].name);
        g->inputs[g->n_inputs++] = value;
        AJ_TRY(declare_type(g, &g->values[value], p->input[i].type, b->err));
    }
    return AJ_OK;
}

/* A first output without a name is made all the same, for nobody: operators rely on it. */
static aj_status add_nameless(builder *b, const ajp_node *node, size_t *out)
{
    ajp_graph *g = b->graph;
    *out = AJP_NO_VALUE;
    if (node->op->first_optional) return AJ_OK;
    const char *name = ajp_arena_printf(g->arena, "%s/output", node->name);
    if (name == NULL) return ajp_no_memory(b->err, g->path);
    *out = g->n_values++;
    g->values[*out] = (ajp_value){.name = name, .producer = AJP_NO_VALUE};
    return AJ_OK;
}

static aj_status add_node_outputs(builder *b)
{
    ajp_graph *g = b->graph;
    for (size_t i = 0; i < g->n_nodes; i++)
        for (size_t k = 0; k < g->nodes[i].n_out; k++) {
            const char *name = g->nodes[i].proto->output[k];
            size_t *out = &g->nodes[i].out[k];
            *out = AJP_NO_VALUE;
            if (name[0] != '\0' && find(b, name) != AJP_NO_VALUE) return twice(b, name);
            if (name[0] != '\0')
                *out = add(b, name);
            else if (k == 0)
                AJ_TRY(add_nameless(b, &g->nodes[i], out));
            if (*out != AJP_NO_VALUE) g->values[*out].producer = i;
        }
    return AJ_OK;
}

static aj_status build_graph(builder *b);

/* The subgraphs of a node; what they read of this graph is read by the node. */
static aj_status build_children(builder *b, ajp_node *node)
{
    ajp_graph *g = b->graph;
    size_t n = 0, n_captured = 0;
    for (size_t k = 0; k < node->proto->n_attribute; k++) n += node->proto->attribute[k].g != NULL;
    if (n == 0) return AJ_OK;
    node->children = ajp_arena_array(g->arena, n, sizeof *node->children);
    if (node->children == NULL) return ajp_no_memory(b->err, g->path);
    for (size_t k = 0; k < node->proto->n_attribute; k++) {
        const ajp_onnx_attribute *a = &node->proto->attribute[k];
        if (a->g == NULL) continue;
        ajp_graph *child = &node->children[node->n_children++];
        *child = (ajp_graph){.path = g->path,
                             .context = g->context,
                             .kernels = g->kernels,
                             .arena = g->arena,
                             .model = g->model,
                             .proto = a->g,
                             .name = a->name,
                             .opset = g->opset};
        builder inner = {.graph = child, .root = b->root, .outer = b, .err = b->err};
        AJ_TRY(build_graph(&inner));
        n_captured += child->n_captures;
    }
    size_t *in = ajp_arena_array(g->arena, node->n_in + n_captured + 1, sizeof *in);
    if (in == NULL) return ajp_no_memory(b->err, g->path);
    memcpy(in, node->in, node->n_in * sizeof *in);
    node->in = in;
    for (size_t c = 0; c < n; c++)
        for (size_t k = 0; k < node->children[c].n_captures; k++)
            in[node->n_in + node->n_captured++] = node->children[c].captures[k].outer;
    return AJ_OK;
}

static aj_status resolve_node(builder *b, ajp_node *node)
{
    const ajp_graph *g = b->graph;
    for (size_t k = 0; k < node->n_in; k++) {
        const char *name = node->proto->input[k];
        node->in[k] = name[0] == '\0' ? AJP_NO_VALUE : find_around(b, name);
        if (name[0] != '\0' && node->in[k] == AJP_NO_VALUE)
            return ajp_node_fail(g->path, node, AJ_CORRUPT, b->err, "reads \"%.80s\", which nothing makes",
                                 name);
        if (name[0] == '\0' && k < node->op->min_in)
            return ajp_node_fail(g->path, node, AJ_CORRUPT, b->err, "lacks its input %zu", k);
    }
    return AJ_OK;
}

static aj_status resolve_inputs(builder *b)
{
    ajp_graph *g = b->graph;
    const ajp_onnx_graph *p = g->proto;
    for (size_t i = 0; i < g->n_nodes; i++) {
        AJ_TRY(resolve_node(b, &g->nodes[i]));
        AJ_TRY(build_children(b, &g->nodes[i]));
    }
    for (size_t i = 0; i < p->n_output; i++) {
        size_t value = find_around(b, p->output[i].name);
        if (value == AJP_NO_VALUE)
            return ajp_fail(b->err, AJ_CORRUPT, 0, "%s: the output \"%s\" is made by no node", g->path,
                            p->output[i].name);
        g->outputs[g->n_outputs++] = value;
    }
    return AJ_OK;
}

/* ---- order (Kahn 1962), as in the file where the file is in order ----------------------------------------
 */

static size_t count_waiting(const ajp_graph *g, const ajp_node *node)
{
    size_t n = 0;
    for (size_t k = 0; k < node->n_in + node->n_captured; k++)
        n += node->in[k] != AJP_NO_VALUE && g->values[node->in[k]].producer != AJP_NO_VALUE;
    return n;
}

typedef struct {
    size_t *waiting;      /* per node: inputs not made yet */
    size_t *first, *next; /* readers of a value: per value, then per edge; + 1, 0 = end */
    size_t *reader;       /* per edge: node */
    size_t *order;
} sorter;

static bool make_sorter(sorter *s, const ajp_graph *g)
{
    size_t n_edges = 0;
    for (size_t i = 0; i < g->n_nodes; i++) n_edges += g->nodes[i].n_in + g->nodes[i].n_captured;
    s->waiting = ajp_arena_array(g->arena, g->n_nodes + 1, sizeof(size_t));
    s->order = ajp_arena_array(g->arena, g->n_nodes + 1, sizeof(size_t));
    s->first = ajp_arena_array(g->arena, g->n_values + 1, sizeof(size_t));
    s->next = ajp_arena_array(g->arena, n_edges + 1, sizeof(size_t));
    s->reader = ajp_arena_array(g->arena, n_edges + 1, sizeof(size_t));
    if (s->waiting == NULL || s->order == NULL || s->first == NULL || s->next == NULL || s->reader == NULL)
        return false;
    size_t edge = n_edges;
    for (size_t i = g->n_nodes; i-- > 0;) { /* backwards, so that each list runs forwards */
        s->waiting[i] = count_waiting(g, &g->nodes[i]);
        for (size_t k = g->nodes[i].n_in + g->nodes[i].n_captured; k-- > 0;) {
            size_t value = g->nodes[i].in[k];
            if (value == AJP_NO_VALUE) continue;
            s->reader[--edge] = i;
            s->next[edge] = s->first[value];
            s->first[value] = edge + 1;
        }
    }
    return true;
}

static aj_status sort_nodes(builder *b)
{
    ajp_graph *g = b->graph;
    sorter s;
    ajp_node *sorted = ajp_arena_array(g->arena, g->n_nodes + 1, sizeof *sorted);
    if (sorted == NULL || !make_sorter(&s, g)) return ajp_no_memory(b->err, g->path);
    size_t n_ready = 0;
    for (size_t i = 0; i < g->n_nodes; i++)
        if (s.waiting[i] == 0) s.order[n_ready++] = i;
    for (size_t at = 0; at < n_ready; at++) {
        const ajp_node *node = &g->nodes[s.order[at]];
        for (size_t k = 0; k < node->n_out; k++) {
            size_t edge = node->out[k] == AJP_NO_VALUE ? 0 : s.first[node->out[k]];
            for (; edge != 0; edge = s.next[edge - 1])
                if (--s.waiting[s.reader[edge - 1]] == 0) s.order[n_ready++] = s.reader[edge - 1];
        }
    }
    for (size_t i = 0; i < g->n_nodes && n_ready < g->n_nodes; i++)
        if (s.waiting[i] > 0)
            return ajp_node_fail(g->path, &g->nodes[i], AJ_CORRUPT, b->err,
                                 "waits for its own result: the graph has a cycle");
    for (size_t i = 0; i < g->n_nodes; i++) {
        sorted[i] = g->nodes[s.order[i]];
        for (size_t k = 0; k < sorted[i].n_out; k++)
            if (sorted[i].out[k] != AJP_NO_VALUE) g->values[sorted[i].out[k]].producer = i;
    }
    g->nodes = sorted;
    return AJ_OK;
}

static aj_status build_graph(builder *b)
{
    AJ_TRY(make_tables(b));
    AJ_TRY(start_nodes(b)); /* first: an operator that is not there is the most useful thing to say */
    AJ_TRY(parse_nodes(b));
    AJ_TRY(add_initializers(b));
    AJ_TRY(add_inputs(b));
    AJ_TRY(add_node_outputs(b));
    AJ_TRY(resolve_inputs(b));
    return sort_nodes(b);
}

aj_status ajp_graph_build(ajp_graph *out, const aj_context *context, ajp_arena *arena, const void *bytes,
                          size_t size, const char *path, const char *folder, aj_error *err)
{
    builder b = {.graph = out, .root = out, .err = err};
    *out = (ajp_graph){.path = path,
                       .context = context,
                       .kernels = ajp_kernels_for(context->isa),
                       .arena = arena,
                       .source = {path, folder, context, arena, NULL}};
    AJ_TRY(ajp_onnx_read(&out->model, arena, bytes, size, path, err));
    AJ_TRY(check_model(out, err));
    out->proto = out->model->graph;
    return build_graph(&b);
}

void ajp_graph_close(ajp_graph *graph)
{
    ajp_tensor_source_close(&graph->source);
}

/* Twice as much as is needed, so that a graph may grow node by node. */
static bool grow(ajp_graph *g, size_t n_nodes, size_t n_values)
{
    if (n_values > g->room_values) {
        ajp_value *values = ajp_arena_array(g->arena, 2 * n_values, sizeof *values);
        if (values == NULL) return false;
        memcpy(values, g->values, g->n_values * sizeof *values);
        g->values = values;
        g->room_values = 2 * n_values;
    }
    if (n_nodes > g->room_nodes) {
        ajp_node *nodes = ajp_arena_array(g->arena, 2 * n_nodes, sizeof *nodes);
        if (nodes == NULL) return false;
        memcpy(nodes, g->nodes, g->n_nodes * sizeof *nodes);
        g->nodes = nodes;
        g->room_nodes = 2 * n_nodes;
    }
    return true;
}

bool ajp_graph_make_room(ajp_graph *graph, size_t at, size_t n_new, size_t n_values)
{
    ajp_graph *g = graph;
    if (!grow(g, g->n_nodes + n_new, g->n_values + n_values)) return false;
    memmove(g->nodes + at + n_new, g->nodes + at + 1, (g->n_nodes - at - 1) * sizeof *g->nodes);
    for (size_t i = 0; i < g->n_values; i++) {
        ajp_value *value = &g->values[i];
        if (value->producer != AJP_NO_VALUE && value->producer > at) value->producer += n_new - 1;
    }
    g->n_nodes += n_new - 1;
    return true;
}

bool ajp_graph_fork(ajp_graph *graph, ajp_arena *arena)
{
    ajp_value *values = ajp_arena_array(arena, graph->n_values + 1, sizeof *values);
    ajp_node *nodes = ajp_arena_array(arena, graph->n_nodes + 1, sizeof *nodes);
    if (values == NULL || nodes == NULL) return false;
    memcpy(values, graph->values, graph->n_values * sizeof *values);
    memcpy(nodes, graph->nodes, graph->n_nodes * sizeof *nodes);
    graph->values = values;
    graph->nodes = nodes;
    graph->room_values = graph->room_nodes = 0;
    graph->arena = arena;
    return true;
}

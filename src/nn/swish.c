/* swish.c: x sigmoid(x) and x hard_sigmoid(x), which exporters write as two nodes, become one activation that
 * a product's store knows.  Ramachandran, Zoph, Le 2017; Howard et al. 2019 (MobileNetV3). */
#include <math.h>
#include <string.h>

#include "op.h"
#include "program.h"

static const char *const no_attributes[] = {NULL};

static aj_status infer(const ajp_op_infer *i)
{
    AJ_TRY(ajp_op_want(i, 0, AJP_FLOAT32));
    i->out[0] = *i->in[0];
    return AJ_OK;
}

static aj_status run_swish(const ajp_op_run *r)
{
    const ajp_tensor *x = &r->in[0];
    float *y = r->out[0].data;
    r->kernels->map(AJP_MAP_SIGMOID, x->data, y, x->n, 0, 0);
    r->kernels->binary('*', x->data, y, y, x->n);
    return AJ_OK;
}

static aj_status run_hard(const ajp_op_run *r)
{
    r->kernels->map(AJP_MAP_HARD_SWISH, r->in[0].data, r->out[0].data, r->in[0].n, 0, 0);
    return AJ_OK;
}

typedef struct {
    float unused; /* fusion reads the first float as the activation's parameter */
} params;

#define SWISH(id, kind, flops)                                    \
    static const ajp_op id##_op = {.layout = AJP_LAYOUT_ELEMENTS, \
                                   .any_sample_axis = true,       \
                                   .min_in = 1,                   \
                                   .max_in = 1,                   \
                                   .max_out = 1,                  \
                                   .role = AJP_ROLE_ACTIVATION,   \
                                   .activation = kind,            \
                                   .flops_per_element = flops,    \
                                   .params_size = sizeof(params), \
                                   .attributes = no_attributes,   \
                                   .infer = infer,                \
                                   .run = run_##id};
SWISH(swish, AJP_ACTIVATION_SWISH, 5)
SWISH(hard, AJP_ACTIVATION_HARD_SWISH, 3)

/* What the second factor makes of the first: NULL when it is neither. */
static const ajp_op *joined_op(const ajp_node *gate)
{
    if (strcmp(gate->op_type, "Sigmoid") == 0) return &swish_op;
    if (strcmp(gate->op_type, "HardSigmoid") != 0) return NULL;
    const ajp_onnx_attribute *alpha = ajp_op_attribute(gate, "alpha"), *beta = ajp_op_attribute(gate, "beta");
    bool sixth = alpha != NULL && fabsf(alpha->f - 1.0F / 6.0F) < 1e-6F,
         half = beta == NULL || beta->f == 0.5F;
    return sixth && half ? &hard_op : NULL;
}

/* Input k of a product of two is the gate of the other, and nothing else reads it. */
static const ajp_op *find_gate(const ajp_graph *g, const ajp_node *product, size_t k)
{
    const ajp_value *x = &g->values[product->in[1 - k]], *gate = &g->values[product->in[k]];
    if (gate->producer == AJP_NO_VALUE || gate->n_uses != 1 || gate->constant != NULL) return NULL;
    const ajp_node *maker = &g->nodes[gate->producer];
    if (maker->n_in != 1 || maker->in[0] != product->in[1 - k] || x->type.dtype != AJP_FLOAT32) return NULL;
    return joined_op(maker);
}

aj_status ajp_graph_join_gates(ajp_graph *graph, bool *joined, aj_error *err)
{
    *joined = false;
    for (size_t i = 0; i < graph->n_nodes; i++) {
        ajp_node *node = &graph->nodes[i];
        const ajp_op *op = NULL;
        if (!node->live || node->op->role != AJP_ROLE_SCALE || strcmp(node->op_type, "Mul") != 0) continue;
        for (size_t k = 0; k < 2 && op == NULL; k++) {
            op = find_gate(graph, node, k);
            if (op == NULL) continue;
            size_t *in = ajp_arena_array(graph->arena, 1, sizeof *in);
            node->params = ajp_arena_alloc(graph->arena, sizeof(params));
            if (in == NULL || node->params == NULL) return ajp_no_memory(err, graph->path);
            in[0] = node->in[1 - k];
            node->in = in;
            node->n_in = 1;
            node->op = op;
            node->op_type = op == &swish_op ? "Swish" : "HardSwish";
            *joined = true;
        }
    }
    return AJ_OK;
}

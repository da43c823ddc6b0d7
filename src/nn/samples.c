/* samples.c: networks that read the number of samples before it is known.
 *
 * Exported networks compute shapes from shapes: Shape, Gather, Concat, Reshape.  In samples mode the number
 * of samples stands in those constants as a multiple of AJP_SAMPLES_STAND_IN.  Only operations that keep
 * multiples multiples and nothing else may touch them; where such a constant is a shape, the multiple becomes
 * the sample axis again.  Whatever else reads the number of samples is refused here, and the network is run
 * sample by sample instead. */
#include <string.h>

#include "op.h"

/* Inputs (bits) that may count samples: as numbers that are computed with, or as a shape. */
static const struct {
    const char *op_type;
    unsigned numbers, shape;
} readers[] = {
    {"Cast", 1, 0},       {"Concat", ~0u, 0}, {"ConstantOfShape", 0, 1}, {"Div", 1, 0},       {"Equal", 3, 0},
    {"Expand", 0, 2},     {"Flatten", 1, 0},  {"Gather", 1, 0},          {"Identity", 1, 0},  {"Mul", 3, 0},
    {"ReduceProd", 1, 0}, {"Reshape", 1, 2},  {"Resize", 0, 8},          {"Shape", 1, 0},     {"Size", 1, 0},
    {"Slice", 1, 0},      {"Split", 1, 0},    {"Squeeze", 1, 0},         {"Unsqueeze", 1, 0}, {"Where", 6, 0},
};

static bool is_multiple(int64_t number)
{
    return number != 0 && number % AJP_SAMPLES_STAND_IN == 0;
}

static size_t count_multiples(const ajp_tensor *t)
{
    size_t n = 0;
    if (t->type.dtype != AJP_INT64 && t->type.dtype != AJP_INT32) return 0;
    for (size_t i = 0; i < t->n; i++) n += is_multiple(ajp_tensor_int(t, i));
    return n;
}

static const ajp_value *input_of(const ajp_graph *g, const ajp_node *node, size_t k)
{
    return k < node->n_in && node->in[k] != AJP_NO_VALUE ? &g->values[node->in[k]] : NULL;
}

static aj_status refuse(const ajp_graph *g, const ajp_node *node, const char *what, aj_error *err)
{
    return ajp_node_fail(g->path, node, AJ_UNSUPPORTED, err, "%s", what);
}

aj_status ajp_samples_check(const ajp_graph *graph, const ajp_node *node, const ajp_type *const *in,
                            aj_error *err)
{
    unsigned allowed = 0;
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (strcmp(readers[i].op_type, node->op_type) == 0) allowed = readers[i].numbers | readers[i].shape;
    for (size_t k = 0; k < node->n_in; k++) {
        const ajp_value *value = input_of(graph, node, k);
        if (value == NULL) continue;
        if (value->counts_samples && (allowed >> (k < 31 ? k : 31) & 1u) == 0)
            return refuse(graph, node, "computes with the number of samples", err);
        int axis = in[k]->batch_axis;
        if (axis > 0 && !node->op->any_sample_axis && ajp_dims_product(in[k]->dims, (size_t)axis) != 1)
            return refuse(graph, node, "would mix samples: an axis stands before them", err);
    }
    return AJ_OK;
}

/* ---- samples in the middle of an axis --------------------------------------------------------------------
 *
 * Exported attention makes [steps, N, features] one matrix of [steps * N, features] for a product and takes
 * it apart again.  Only operators that treat every place of the axis alike may see such a value. */
static const char *const alike[] = {"Add",
                                    "Cast",
                                    "Div",
                                    "Dropout",
                                    "Elu",
                                    "Erf",
                                    "Exp",
                                    "Gelu",
                                    "Gemm",
                                    "Identity",
                                    "LayerNormalization",
                                    "LeakyRelu",
                                    "MatMul",
                                    "Mul",
                                    "Neg",
                                    "Pow",
                                    "Relu",
                                    "Sigmoid",
                                    "Sub",
                                    "Softmax",
                                    "Sqrt",
                                    "Tanh"};

static bool treats_alike(const char *op_type)
{
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
        if (strcmp(alike[i], op_type) == 0) return true;
    return false;
}

aj_status ajp_samples_ahead(const ajp_graph *graph, const ajp_node *node, const ajp_type *out, size_t *ahead,
                            aj_error *err)
{
    size_t common = 0, size = 0;
    bool differs = false, any = false;
    bool reads_shape = strcmp(node->op_type, "Shape") == 0 || strcmp(node->op_type, "Size") == 0;
    if (reads_shape || strcmp(node->op_type, "Reshape") == 0) return AJ_OK; /* that one says itself */
    for (size_t k = 0; k < node->n_in; k++) {
        const ajp_value *value = input_of(graph, node, k);
        if (value == NULL || value->type.batch_axis < 0) continue;
        size_t own = value->samples_ahead > 1 ? value->samples_ahead : 1;
        differs = differs || (common != 0 && own != common);
        any = any || own > 1;
        common = own;
        size = value->type.dims[value->type.batch_axis];
    }
    if (!any) return AJ_OK;
    if (differs || !treats_alike(node->op_type) || out[0].batch_axis < 0 ||
        out[0].dims[out[0].batch_axis] != size)
        return refuse(graph, node, "would mix samples: they stand in the middle of an axis", err);
    *ahead = common;
    return AJ_OK;
}

/* ---- constants that count samples ------------------------------------------------------------------------
 */

/* Equal(n, c) is false for any number of samples when no c can be one. */
static bool is_certain(const ajp_tensor *a, const ajp_tensor *b)
{
    bool certain = true;
    for (size_t i = 0; i < a->n && count_multiples(b) > 0; i++)
        certain = certain && ajp_tensor_int(a, i) <= 0;
    return certain;
}

static bool reads_samples(const ajp_graph *g, const ajp_node *node)
{
    for (size_t k = 0; k < node->n_in; k++) {
        const ajp_value *value = input_of(g, node, k);
        if (value != NULL && (value->counts_samples || value->type.batch_axis >= 0)) return true;
    }
    return false;
}

aj_status ajp_samples_made(const ajp_graph *graph, const ajp_node *node, const ajp_tensor *made, bool *counts,
                           aj_error *err)
{
    *counts = false;
    if (!reads_samples(graph, node)) return AJ_OK;
    size_t n = count_multiples(made);
    const ajp_value *a = input_of(graph, node, 0), *b = input_of(graph, node, 1);
    *counts = n > 0;
    if (strcmp(node->op_type, "Equal") == 0) {
        if (!is_certain(a->constant, b->constant) || !is_certain(b->constant, a->constant))
            return refuse(graph, node, "compares with the number of samples", err);
    } else if (strcmp(node->op_type, "Div") == 0) { /* 8 n / 8 */
        if (n < count_multiples(a->constant))
            return refuse(graph, node, "divides the number of samples", err);
    } else if (strcmp(node->op_type, "Cast") == 0 && made->type.dtype != AJP_INT64 &&
               made->type.dtype != AJP_INT32 && a->counts_samples) {
        return refuse(graph, node, "computes with the number of samples", err);
    }
    return AJ_OK;
}

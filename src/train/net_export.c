/* net_export.c: a trained network of any layers as ONNX, one node a layer. */
#include <stdio.h>
#include <string.h>

#include "../nn/onnx/write.h"
#include "net_export.h"

/* Field numbers of onnx.proto. */
enum {
    MODEL_GRAPH = 7,
    GRAPH_NODE = 1,
    GRAPH_INITIALIZER = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    NODE_ATTRIBUTE = 5
};
enum { IR_VERSION = 7, OPSET = 13, NAME_SIZE = 40 };

typedef struct {
    const ajp_net *net;
    ajp_onnx_out *out;
    float *values; /* as large as the largest tensor */
    size_t *names; /* of each value: the value whose name it has (dropout passes its input on) */
} writing;

/* ---- attributes --------------------------------------------------------------------------------------- */

static void put_ints(ajp_onnx_out *out, const char *name, const size_t *values, size_t n)
{
    size_t begun = ajp_out_begin(out);
    ajp_out_text(out, 1, name);
    for (size_t i = 0; i < n; i++) ajp_out_int(out, 8, (int64_t)values[i]);
    ajp_out_int(out, 20, AJP_ATTRIBUTE_INTS);
    ajp_out_end(out, NODE_ATTRIBUTE, begun);
}

static void put_int(ajp_onnx_out *out, const char *name, size_t value)
{
    size_t begun = ajp_out_begin(out);
    ajp_out_text(out, 1, name);
    ajp_out_int(out, 3, (int64_t)value);
    ajp_out_int(out, 20, AJP_ATTRIBUTE_INT);
    ajp_out_end(out, NODE_ATTRIBUTE, begun);
}

static void put_float(ajp_onnx_out *out, const char *name, double value)
{
    size_t begun = ajp_out_begin(out);
    ajp_out_text(out, 1, name);
    ajp_out_float(out, 2, (float)value);
    ajp_out_int(out, 20, AJP_ATTRIBUTE_FLOAT);
    ajp_out_end(out, NODE_ATTRIBUTE, begun);
}

static void put_window(ajp_onnx_out *out, const ajp_node *node)
{
    const size_t pads[4] = {node->padding[0], node->padding[1], node->padding[0], node->padding[1]};
    put_ints(out, "kernel_shape", node->kernel, 2);
    put_ints(out, "strides", node->stride, 2);
    put_ints(out, "pads", pads, 4);
}

static void put_attributes(ajp_onnx_out *out, const ajp_node *node)
{
    switch (node->layer->kind) {
    case AJ_LAYER_CONV:
        put_window(out, node);
        put_int(out, "group", node->groups);
        break;
    case AJ_LAYER_MAX_POOL:
        put_window(out, node);
        break;
    case AJ_LAYER_AVERAGE_POOL:
        put_window(out, node);
        put_int(out, "count_include_pad", 1);
        break;
    case AJ_LAYER_BATCH_NORM:
        put_float(out, "epsilon", node->layer->epsilon > 0.0 ? node->layer->epsilon : 1e-5);
        break;
    case AJ_LAYER_LEAKY_RELU:
        put_float(out, "alpha", node->layer->leaky_slope);
        break;
    case AJ_LAYER_FLATTEN:
        put_int(out, "axis", 1);
        break;
    case AJ_LAYER_DENSE:
        put_int(out, "transB", 1);
        break;
    default:
        break;
    }
}

/* ---- nodes -------------------------------------------------------------------------------------------- */

static void value_name(const writing *w, size_t value, char name[NAME_SIZE])
{
    if (value == w->net->n_nodes)
        snprintf(name, NAME_SIZE, "y");
    else if (w->names[value] == 0)
        snprintf(name, NAME_SIZE, "x");
    else
        snprintf(name, NAME_SIZE, "v%zu", w->names[value]);
}

static void tensor_name(const ajp_node *node, const char *what, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "%s%zu.%s", ajp_layer_name(node->layer->kind), node->index + 1, what);
}

static void put_parameters(ajp_onnx_out *out, const ajp_node *node)
{
    static const char *const of_norm[] = {"scale", "bias", "mean", "variance"};
    char name[NAME_SIZE];
    if (node->layer->kind == AJ_LAYER_BATCH_NORM)
        for (int i = 0; i < 4; i++) {
            tensor_name(node, of_norm[i], name);
            ajp_out_text(out, 1, name);
        }
    if (!ajp_node_has_matrix(node)) return;
    tensor_name(node, "weight", name);
    ajp_out_text(out, 1, name);
    tensor_name(node, "bias", name);
    if (node->vectors[0].n > 0) ajp_out_text(out, 1, name);
}

static void put_node(const writing *w, const ajp_node *node)
{
    static const char *const types[AJ_N_LAYERS] = {[AJ_LAYER_CONV] = "Conv",
                                                   [AJ_LAYER_BATCH_NORM] = "BatchNormalization",
                                                   [AJ_LAYER_RELU] = "Relu",
                                                   [AJ_LAYER_LEAKY_RELU] = "LeakyRelu",
                                                   [AJ_LAYER_SIGMOID] = "Sigmoid",
                                                   [AJ_LAYER_TANH] = "Tanh",
                                                   [AJ_LAYER_MAX_POOL] = "MaxPool",
                                                   [AJ_LAYER_AVERAGE_POOL] = "AveragePool",
                                                   [AJ_LAYER_GLOBAL_AVERAGE_POOL] = "GlobalAveragePool",
                                                   [AJ_LAYER_DROPOUT] = "Identity",
                                                   [AJ_LAYER_ADD] = "Add",
                                                   [AJ_LAYER_FLATTEN] = "Flatten",
                                                   [AJ_LAYER_DENSE] = "Gemm"};
    const size_t made = node->index + 1;
    char name[NAME_SIZE];
    w->names[made] = made;
    if (node->layer->kind == AJ_LAYER_DROPOUT && made < w->net->n_nodes) {
        w->names[made] = w->names[node->layer->from];
        return;
    }
    size_t begun = ajp_out_begin(w->out);
    value_name(w, node->layer->from, name);
    ajp_out_text(w->out, 1, name);
    value_name(w, node->layer->with, name);
    if (node->layer->kind == AJ_LAYER_ADD) ajp_out_text(w->out, 1, name);
    put_parameters(w->out, node);
    value_name(w, made, name);
    ajp_out_text(w->out, 2, name);
    snprintf(name, sizeof name, "%s%zu", ajp_layer_name(node->layer->kind), made);
    ajp_out_text(w->out, 3, name);
    ajp_out_text(w->out, 4, types[node->layer->kind]);
    put_attributes(w->out, node);
    ajp_out_end(w->out, GRAPH_NODE, begun);
}

/* ---- tensors ------------------------------------------------------------------------------------------ */

static void put_tensor(const writing *w, const ajp_node *node, const char *what, const float *values,
                       const size_t *dims, size_t rank)
{
    char name[NAME_SIZE];
    size_t begun = ajp_out_begin(w->out), n = 1;
    for (size_t d = 0; d < rank; d++) {
        ajp_out_int(w->out, 1, (int64_t)dims[d]);
        n *= dims[d];
    }
    ajp_out_int(w->out, 2, AJP_FLOAT32);
    tensor_name(node, what, name);
    ajp_out_text(w->out, 8, name);
    ajp_out_bytes(w->out, 9, values, n * sizeof *values);
    ajp_out_end(w->out, GRAPH_INITIALIZER, begun);
}

/* [outputs][channels of a group][rows][columns] from rows of (row, column, channel). */
static void put_conv_weights(const writing *w, const ajp_node *node)
{
    const ajp_matrix *m = &node->matrix;
    const size_t taps = node->kernel[0] * node->kernel[1], channels = m->n_in / taps;
    const size_t dims[4] = {m->groups * m->n_out, channels, node->kernel[0], node->kernel[1]};
    float *rows = w->values + dims[0] * m->n_in;
    for (size_t group = 0; group < m->groups; group++) {
        ajp_unpack_out_in(m->weights + group * m->packed, m->n_out, m->n_in, rows, m->n_in);
        for (size_t j = 0; j < m->n_out; j++) {
            float *to = w->values + (group * m->n_out + j) * m->n_in;
            for (size_t c = 0; c < channels; c++)
                for (size_t t = 0; t < taps; t++) to[c * taps + t] = rows[j * m->n_in + t * channels + c];
        }
    }
    put_tensor(w, node, "weight", w->values, dims, 4);
}

static void put_tensors(const writing *w, const ajp_node *node)
{
    const ajp_matrix *m = &node->matrix;
    const size_t dims[2] = {m->n_out, m->n_in};
    if (node->layer->kind == AJ_LAYER_BATCH_NORM) {
        const size_t n = node->in->image.channels;
        put_tensor(w, node, "scale", node->vectors[0].values, &n, 1);
        put_tensor(w, node, "bias", node->vectors[1].values, &n, 1);
        put_tensor(w, node, "mean", node->running_mean, &n, 1);
        put_tensor(w, node, "variance", node->running_variance, &n, 1);
    }
    if (node->layer->kind == AJ_LAYER_CONV) put_conv_weights(w, node);
    if (node->layer->kind == AJ_LAYER_DENSE) {
        ajp_unpack_out_in(m->weights, m->n_out, m->n_in, w->values, m->n_in);
        put_tensor(w, node, "weight", w->values, dims, 2);
    }
    if (ajp_node_has_matrix(node) && node->vectors[0].n > 0)
        put_tensor(w, node, "bias", node->vectors[0].values, &node->vectors[0].n, 1);
}

/* ---- the file ----------------------------------------------------------------------------------------- */

static void put_value(ajp_onnx_out *out, uint32_t field, const char *name, const ajp_image *image)
{
    const size_t sizes[3] = {image->channels, image->height, image->width};
    size_t value = ajp_out_begin(out);
    ajp_out_text(out, 1, name);
    size_t type = ajp_out_begin(out), tensor = type;
    ajp_out_int(out, 1, AJP_FLOAT32);
    size_t shape = ajp_out_begin(out), dim = shape;
    ajp_out_text(out, 2, "N");
    ajp_out_end(out, 1, dim);
    for (int a = 0; a < (image->flat ? 1 : 3); a++) {
        dim = ajp_out_begin(out);
        ajp_out_int(out, 1, (int64_t)sizes[a]);
        ajp_out_end(out, 1, dim);
    }
    ajp_out_end(out, 2, shape);
    ajp_out_end(out, 1, tensor); /* TypeProto.tensor_type */
    ajp_out_end(out, 2, type);   /* ValueInfoProto.type */
    ajp_out_end(out, field, value);
}

static void put_model(const writing *w, const char *doc)
{
    _Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is written as it lies in memory");
    const ajp_net *net = w->net;
    ajp_onnx_out *out = w->out;
    ajp_out_int(out, 1, IR_VERSION);
    ajp_out_text(out, 2, "attojoule");
    ajp_out_text(out, 3, AJ_VERSION_STRING);
    ajp_out_text(out, 6, doc);
    size_t graph = ajp_out_begin(out);
    for (size_t i = 0; i < net->n_nodes; i++) put_node(w, &net->nodes[i]);
    ajp_out_text(out, 2, "network");
    for (size_t i = 0; i < net->n_nodes; i++) put_tensors(w, &net->nodes[i]);
    put_value(out, GRAPH_INPUT, "x", &net->values[0].image);
    put_value(out, GRAPH_OUTPUT, "y", &net->values[net->n_nodes].image);
    ajp_out_end(out, MODEL_GRAPH, graph);
    size_t opset = ajp_out_begin(out);
    ajp_out_text(out, 1, "");
    ajp_out_int(out, 2, OPSET);
    ajp_out_end(out, 8, opset);
}

aj_status ajp_net_onnx(const ajp_net *net, const char *doc, ajp_onnx_out *out, aj_error *err)
{
    size_t most = 1;
    for (size_t i = 0; i < net->n_nodes; i++) {
        const ajp_matrix *m = &net->nodes[i].matrix;
        if ((m->groups + 1) * m->n_out * m->n_in > most) most = (m->groups + 1) * m->n_out * m->n_in;
    }
    writing w = {net, out, ajp_calloc(net->context, most, sizeof(float)),
                 ajp_calloc(net->context, net->n_values, sizeof(size_t))};
    aj_status st = AJ_OK;
    if (w.values != NULL && w.names != NULL) put_model(&w, doc);
    if (w.values == NULL || w.names == NULL || out->failed) st = ajp_no_memory(err, "trained network");
    if (st == AJ_OK && out->size > INT32_MAX)
        st = ajp_fail(err, AJ_UNSUPPORTED, 0,
                      "trained network: %zu bytes; an ONNX file without external data ends at 2 GiB",
                      out->size);
    ajp_free(net->context, w.values);
    ajp_free(net->context, w.names);
    return st;
}

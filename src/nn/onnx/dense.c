/* dense.c: a dense network as an ONNX file: Gemm (transB = 1), activation, Gemm, ... */
#include <stdio.h>
#include <string.h>

#include "../../base/file.h"
#include "attojoule/nn.h"
#include "write.h"

/* Field numbers of onnx.proto, where a number alone would say nothing. */
enum {
    MODEL_GRAPH = 7,
    GRAPH_NODE = 1,
    GRAPH_INITIALIZER = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    NODE_ATTRIBUTE = 5
};
enum { DENSE_IR_VERSION = 7, DENSE_OPSET = 13 };

static void put_int_attribute(ajp_onnx_out *out, const char *name, int64_t value)
{
    size_t begun = ajp_out_begin(out);
    ajp_out_text(out, 1, name);
    ajp_out_int(out, 3, value);
    ajp_out_int(out, 20, AJP_ATTRIBUTE_INT);
    ajp_out_end(out, NODE_ATTRIBUTE, begun);
}

static void put_float_attribute(ajp_onnx_out *out, const char *name, float value)
{
    size_t begun = ajp_out_begin(out);
    ajp_out_text(out, 1, name);
    ajp_out_float(out, 2, value);
    ajp_out_int(out, 20, AJP_ATTRIBUTE_FLOAT);
    ajp_out_end(out, NODE_ATTRIBUTE, begun);
}

static void put_gemm(ajp_onnx_out *out, size_t layer, const char *input, const char *output, bool bias)
{
    char name[48];
    size_t begun = ajp_out_begin(out);
    ajp_out_text(out, 1, input);
    snprintf(name, sizeof name, "W%zu", layer + 1);
    ajp_out_text(out, 1, name);
    snprintf(name, sizeof name, "b%zu", layer + 1);
    if (bias) ajp_out_text(out, 1, name);
    ajp_out_text(out, 2, output);
    snprintf(name, sizeof name, "dense%zu", layer + 1);
    ajp_out_text(out, 3, name);
    ajp_out_text(out, 4, "Gemm");
    put_int_attribute(out, "transB", 1);
    ajp_out_end(out, GRAPH_NODE, begun);
}

static void put_activation(ajp_onnx_out *out, const aj_dense_network *network, size_t layer,
                           const char *input, const char *output)
{
    char name[48];
    size_t begun = ajp_out_begin(out);
    ajp_out_text(out, 1, input);
    ajp_out_text(out, 2, output);
    snprintf(name, sizeof name, "activation%zu", layer + 1);
    ajp_out_text(out, 3, name);
    ajp_out_text(out, 4, network->activation);
    if (strcmp(network->activation, "LeakyRelu") == 0)
        put_float_attribute(out, "alpha", network->leaky_slope);
    ajp_out_end(out, GRAPH_NODE, begun);
}

static void put_initializer(ajp_onnx_out *out, const char *letter, size_t layer, const float *values,
                            size_t rows, size_t cols)
{
    char name[48];
    size_t begun = ajp_out_begin(out);
    ajp_out_int(out, 1, (int64_t)rows);
    if (cols > 0) ajp_out_int(out, 1, (int64_t)cols);
    ajp_out_int(out, 2, AJP_FLOAT32);
    snprintf(name, sizeof name, "%s%zu", letter, layer + 1);
    ajp_out_text(out, 8, name);
    /* raw_data is little-endian, as are the machines this library runs on (checked in put_model) */
    ajp_out_bytes(out, 9, values, rows * (cols > 0 ? cols : 1) * sizeof *values);
    ajp_out_end(out, GRAPH_INITIALIZER, begun);
}

static void put_value(ajp_onnx_out *out, uint32_t field, const char *name, size_t width)
{
    size_t value = ajp_out_begin(out);
    ajp_out_text(out, 1, name);
    size_t type = ajp_out_begin(out), tensor = type;
    ajp_out_int(out, 1, AJP_FLOAT32);
    size_t shape = ajp_out_begin(out), dim = shape;
    ajp_out_text(out, 2, "N");
    ajp_out_end(out, 1, dim);
    dim = ajp_out_begin(out);
    ajp_out_int(out, 1, (int64_t)width);
    ajp_out_end(out, 1, dim);
    ajp_out_end(out, 2, shape);
    ajp_out_end(out, 1, tensor); /* TypeProto.tensor_type */
    ajp_out_end(out, 2, type);   /* ValueInfoProto.type */
    ajp_out_end(out, field, value);
}

static void put_graph(ajp_onnx_out *out, const aj_dense_network *network)
{
    size_t graph = ajp_out_begin(out), n = network->n_layers;
    char input[48] = "x", output[48];
    for (size_t l = 0; l < n; l++) {
        bool last = l + 1 == n;
        snprintf(output, sizeof output, last ? "y" : "z%zu", l + 1);
        put_gemm(out, l, input, output, network->biases != NULL && network->biases[l] != NULL);
        if (last) break;
        memcpy(input, output, sizeof input);
        snprintf(output, sizeof output, "a%zu", l + 1);
        put_activation(out, network, l, input, output);
        memcpy(input, output, sizeof input);
    }
    ajp_out_text(out, 2, "dense");
    for (size_t l = 0; l < n; l++) {
        put_initializer(out, "W", l, network->weights[l], network->widths[l + 1], network->widths[l]);
        if (network->biases != NULL && network->biases[l] != NULL)
            put_initializer(out, "b", l, network->biases[l], network->widths[l + 1], 0);
    }
    put_value(out, GRAPH_INPUT, "x", network->widths[0]);
    put_value(out, GRAPH_OUTPUT, "y", network->widths[n]);
    ajp_out_end(out, MODEL_GRAPH, graph);
}

static void put_model(ajp_onnx_out *out, const aj_dense_network *network)
{
    _Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is written as it lies in memory");
    ajp_out_int(out, 1, DENSE_IR_VERSION);
    ajp_out_text(out, 2, "attojoule");
    ajp_out_text(out, 3, AJ_VERSION_STRING);
    if (network->doc != NULL) ajp_out_text(out, 6, network->doc);
    put_graph(out, network);
    size_t opset = ajp_out_begin(out);
    ajp_out_text(out, 1, "");
    ajp_out_int(out, 2, DENSE_OPSET);
    ajp_out_end(out, 8, opset);
}

static aj_status check_network(const aj_dense_network *network, const char *path, aj_error *err)
{
    static const char *const known[] = {"Relu", "LeakyRelu", "Sigmoid", "Tanh"};
    bool found = false;
    if (network->n_layers == 0 || network->n_layers > 100000)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: a dense network of %zu layers cannot be written", path,
                        network->n_layers);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        found = found || (network->activation != NULL && strcmp(network->activation, known[i]) == 0);
    if (!found && network->n_layers > 1)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "%s: activation \"%s\" is not known; use Relu, LeakyRelu, Sigmoid or "
                        "Tanh",
                        path, network->activation != NULL ? network->activation : "");
    for (size_t l = 0; l <= network->n_layers; l++) {
        size_t total;
        bool fits = network->widths[l] > 0 && network->widths[l] <= INT32_MAX &&
                    (l == 0 || (ajp_size_mul(network->widths[l], network->widths[l - 1], &total) &&
                                total <= (size_t)INT32_MAX / sizeof(float)));
        if (!fits) /* a protobuf message ends at 2 GiB */
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "%s: width %zu of layer %zu cannot be written; 1 ... and at most "
                            "2 GiB of weights a layer",
                            path, network->widths[l], l);
    }
    return AJ_OK;
}

aj_status aj_dense_network_save(const aj_context *context, const aj_dense_network *network, const char *path,
                                aj_error *err)
{
    AJ_TRY(check_network(network, path, err));
    ajp_onnx_out out = {context, NULL, 0, 0, false};
    ajp_file_writer writer = {NULL, NULL, NULL, NULL};
    aj_status st = AJ_OK;
    put_model(&out, network);
    if (out.failed) AJ_TRY_DONE(ajp_no_memory(err, path));
    if (out.size > INT32_MAX)
        AJ_TRY_DONE(ajp_fail(err, AJ_UNSUPPORTED, 0,
                             "%s: %zu bytes; an ONNX file without external data ends at 2 GiB", path,
                             out.size));
    AJ_TRY_DONE(ajp_file_writer_open(&writer, context, path, err));
    fwrite(out.bytes, 1, out.size, writer.stream); /* commit sees a failure through ferror */
    AJ_TRY_DONE(ajp_file_writer_commit(&writer, err));
done:
    ajp_file_writer_abort(&writer);
    ajp_out_free(&out);
    return st;
}

/* schema.c: fields of each message, numbers from onnx.proto (onnx 1.12). */
#include "schema.h"

#include <stddef.h>

#define ONE(type, field, number, kind)                                         \
    {                                                                          \
#field, number, AJP_KIND_##kind, false, offsetof(type, field), 0, NULL \
    }
#define MANY(type, field, number, kind)                                                               \
    {                                                                                                 \
#field, number, AJP_KIND_##kind, true, offsetof(type, field), offsetof(type, n_##field), NULL \
    }
#define ONE_MESSAGE(type, field, number, message)                                   \
    {                                                                               \
#field, number, AJP_KIND_MESSAGE, false, offsetof(type, field), 0, &message \
    }
#define MANY_MESSAGE(type, field, number, message)                                                         \
    {                                                                                                      \
#field, number, AJP_KIND_MESSAGE, true, offsetof(type, field), offsetof(type, n_##field), &message \
    }
#define MESSAGE(type, title, fields)                                    \
    {                                                                   \
        title, sizeof(type), sizeof(fields) / sizeof(fields)[0], fields \
    }

static const ajp_onnx_message graph_message, type_message;

static const ajp_onnx_field entry_fields[] = {
    ONE(ajp_onnx_entry, key, 1, STRING),
    ONE(ajp_onnx_entry, value, 2, STRING),
};
static const ajp_onnx_message entry_message = MESSAGE(ajp_onnx_entry, "StringStringEntryProto", entry_fields);

static const ajp_onnx_field segment_fields[] = {
    ONE(ajp_onnx_segment, begin, 1, INT64),
    ONE(ajp_onnx_segment, end, 2, INT64),
};
static const ajp_onnx_message segment_message =
    MESSAGE(ajp_onnx_segment, "TensorProto.Segment", segment_fields);

static const ajp_onnx_field tensor_fields[] = {
    MANY(ajp_onnx_tensor, dims, 1, INT64),
    ONE(ajp_onnx_tensor, data_type, 2, INT64),
    ONE_MESSAGE(ajp_onnx_tensor, segment, 3, segment_message),
    MANY(ajp_onnx_tensor, float_data, 4, FLOAT),
    MANY(ajp_onnx_tensor, int32_data, 5, INT64),
    MANY(ajp_onnx_tensor, string_data, 6, BYTES),
    MANY(ajp_onnx_tensor, int64_data, 7, INT64),
    ONE(ajp_onnx_tensor, name, 8, STRING),
    ONE(ajp_onnx_tensor, raw_data, 9, BYTES),
    MANY(ajp_onnx_tensor, double_data, 10, DOUBLE),
    MANY(ajp_onnx_tensor, uint64_data, 11, UINT64),
    MANY_MESSAGE(ajp_onnx_tensor, external_data, 13, entry_message),
    ONE(ajp_onnx_tensor, data_location, 14, INT64),
};
const ajp_onnx_message ajp_onnx_tensor_message = MESSAGE(ajp_onnx_tensor, "TensorProto", tensor_fields);

static const ajp_onnx_field sparse_tensor_fields[] = {
    ONE_MESSAGE(ajp_onnx_sparse_tensor, values, 1, ajp_onnx_tensor_message),
    ONE_MESSAGE(ajp_onnx_sparse_tensor, indices, 2, ajp_onnx_tensor_message),
    MANY(ajp_onnx_sparse_tensor, dims, 3, INT64),
};
static const ajp_onnx_message sparse_tensor_message =
    MESSAGE(ajp_onnx_sparse_tensor, "SparseTensorProto", sparse_tensor_fields);

static const ajp_onnx_field dimension_fields[] = {
    ONE(ajp_onnx_dimension, dim_value, 1, INT64),
    ONE(ajp_onnx_dimension, dim_param, 2, STRING),
    ONE(ajp_onnx_dimension, denotation, 3, STRING),
};
static const ajp_onnx_message dimension_message =
    MESSAGE(ajp_onnx_dimension, "TensorShapeProto.Dimension", dimension_fields);

static const ajp_onnx_field shape_fields[] = {MANY_MESSAGE(ajp_onnx_shape, dim, 1, dimension_message)};
static const ajp_onnx_message shape_message = MESSAGE(ajp_onnx_shape, "TensorShapeProto", shape_fields);

static const ajp_onnx_field tensor_type_fields[] = {
    ONE(ajp_onnx_tensor_type, elem_type, 1, INT64),
    ONE_MESSAGE(ajp_onnx_tensor_type, shape, 2, shape_message),
};
static const ajp_onnx_message tensor_type_message =
    MESSAGE(ajp_onnx_tensor_type, "TypeProto.Tensor", tensor_type_fields);

static const ajp_onnx_field container_type_fields[] = {
    ONE_MESSAGE(ajp_onnx_container_type, elem_type, 1, type_message)};
static const ajp_onnx_message container_type_message =
    MESSAGE(ajp_onnx_container_type, "TypeProto.Sequence", container_type_fields);

static const ajp_onnx_field map_type_fields[] = {
    ONE(ajp_onnx_map_type, key_type, 1, INT64),
    ONE_MESSAGE(ajp_onnx_map_type, value_type, 2, type_message),
};
static const ajp_onnx_message map_type_message = MESSAGE(ajp_onnx_map_type, "TypeProto.Map", map_type_fields);

static const ajp_onnx_field opaque_type_fields[] = {
    ONE(ajp_onnx_opaque_type, domain, 1, STRING),
    ONE(ajp_onnx_opaque_type, name, 2, STRING),
};
static const ajp_onnx_message opaque_type_message =
    MESSAGE(ajp_onnx_opaque_type, "TypeProto.Opaque", opaque_type_fields);

static const ajp_onnx_field type_fields[] = {
    ONE_MESSAGE(ajp_onnx_type, tensor_type, 1, tensor_type_message),
    ONE_MESSAGE(ajp_onnx_type, sequence_type, 4, container_type_message),
    ONE_MESSAGE(ajp_onnx_type, map_type, 5, map_type_message),
    ONE(ajp_onnx_type, denotation, 6, STRING),
    ONE_MESSAGE(ajp_onnx_type, opaque_type, 7, opaque_type_message),
    ONE_MESSAGE(ajp_onnx_type, sparse_tensor_type, 8, tensor_type_message),
    ONE_MESSAGE(ajp_onnx_type, optional_type, 9, container_type_message),
};
static const ajp_onnx_message type_message = MESSAGE(ajp_onnx_type, "TypeProto", type_fields);

static const ajp_onnx_field value_fields[] = {
    ONE(ajp_onnx_value, name, 1, STRING),
    ONE_MESSAGE(ajp_onnx_value, type, 2, type_message),
};
static const ajp_onnx_message value_message = MESSAGE(ajp_onnx_value, "ValueInfoProto", value_fields);

static const ajp_onnx_field attribute_fields[] = {
    ONE(ajp_onnx_attribute, name, 1, STRING),
    ONE(ajp_onnx_attribute, f, 2, FLOAT),
    ONE(ajp_onnx_attribute, i, 3, INT64),
    ONE(ajp_onnx_attribute, s, 4, BYTES),
    ONE_MESSAGE(ajp_onnx_attribute, t, 5, ajp_onnx_tensor_message),
    ONE_MESSAGE(ajp_onnx_attribute, g, 6, graph_message),
    MANY(ajp_onnx_attribute, floats, 7, FLOAT),
    MANY(ajp_onnx_attribute, ints, 8, INT64),
    MANY(ajp_onnx_attribute, strings, 9, BYTES),
    MANY_MESSAGE(ajp_onnx_attribute, tensors, 10, ajp_onnx_tensor_message),
    MANY_MESSAGE(ajp_onnx_attribute, graphs, 11, graph_message),
    ONE_MESSAGE(ajp_onnx_attribute, tp, 14, type_message),
    MANY_MESSAGE(ajp_onnx_attribute, type_protos, 15, type_message),
    ONE(ajp_onnx_attribute, type, 20, INT64),
    ONE(ajp_onnx_attribute, ref_attr_name, 21, STRING),
    ONE_MESSAGE(ajp_onnx_attribute, sparse_tensor, 22, sparse_tensor_message),
    MANY_MESSAGE(ajp_onnx_attribute, sparse_tensors, 23, sparse_tensor_message),
};
static const ajp_onnx_message attribute_message =
    MESSAGE(ajp_onnx_attribute, "AttributeProto", attribute_fields);

static const ajp_onnx_field node_fields[] = {
    MANY(ajp_onnx_node, input, 1, STRING),
    MANY(ajp_onnx_node, output, 2, STRING),
    ONE(ajp_onnx_node, name, 3, STRING),
    ONE(ajp_onnx_node, op_type, 4, STRING),
    MANY_MESSAGE(ajp_onnx_node, attribute, 5, attribute_message),
    ONE(ajp_onnx_node, domain, 7, STRING),
};
static const ajp_onnx_message node_message = MESSAGE(ajp_onnx_node, "NodeProto", node_fields);

static const ajp_onnx_field graph_fields[] = {
    MANY_MESSAGE(ajp_onnx_graph, node, 1, node_message),
    ONE(ajp_onnx_graph, name, 2, STRING),
    MANY_MESSAGE(ajp_onnx_graph, initializer, 5, ajp_onnx_tensor_message),
    ONE(ajp_onnx_graph, doc_string, 10, BYTES),
    MANY_MESSAGE(ajp_onnx_graph, input, 11, value_message),
    MANY_MESSAGE(ajp_onnx_graph, output, 12, value_message),
    MANY_MESSAGE(ajp_onnx_graph, value_info, 13, value_message),
    MANY_MESSAGE(ajp_onnx_graph, sparse_initializer, 15, sparse_tensor_message),
};
static const ajp_onnx_message graph_message = MESSAGE(ajp_onnx_graph, "GraphProto", graph_fields);

static const ajp_onnx_field opset_fields[] = {
    ONE(ajp_onnx_opset, domain, 1, STRING),
    ONE(ajp_onnx_opset, version, 2, INT64),
};
static const ajp_onnx_message opset_message = MESSAGE(ajp_onnx_opset, "OperatorSetIdProto", opset_fields);

static const ajp_onnx_field model_fields[] = {
    ONE(ajp_onnx_model, ir_version, 1, INT64),
    ONE(ajp_onnx_model, producer_name, 2, STRING),
    ONE(ajp_onnx_model, producer_version, 3, STRING),
    ONE(ajp_onnx_model, domain, 4, STRING),
    ONE(ajp_onnx_model, model_version, 5, INT64),
    ONE(ajp_onnx_model, doc_string, 6, BYTES),
    ONE_MESSAGE(ajp_onnx_model, graph, 7, graph_message),
    MANY_MESSAGE(ajp_onnx_model, opset_import, 8, opset_message),
    MANY_MESSAGE(ajp_onnx_model, metadata_props, 14, entry_message),
};
const ajp_onnx_message ajp_onnx_model_message = MESSAGE(ajp_onnx_model, "ModelProto", model_fields);

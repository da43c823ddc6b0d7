/* onnx.h: what an ONNX file says, as plain C structs, before anything is made of it.
 *
 * Field names and numbers are those of onnx.proto (onnx 1.12, IR 8).  `has` holds bit n when field n was
 * present. Names are copied (terminated); byte strings and raw_data are borrowed from the file's bytes, which
 * must outlive the structs; everything else lives in the arena given to ajp_onnx_read. Not kept:
 * training_info, functions, quantization_annotation, and the documentation of nodes, values and tensors. */
#ifndef AJP_ONNX_H
#define AJP_ONNX_H

#include "../../base/internal.h"

/* Limits for hostile files.  The reader spends at most this much memory on structs and copied arrays: a file
 * of empty nodes (2 bytes each) would otherwise grow a hundredfold. */
enum { AJP_ONNX_MAX_DEPTH = 64 };
#define AJP_ONNX_MEMORY_BASE     ((size_t)64 << 20)
#define AJP_ONNX_MEMORY_PER_BYTE ((size_t)8)

typedef struct {
    const unsigned char *data;
    size_t size;
} ajp_bytes;

/* TensorProto.DataType */
typedef enum {
    AJP_UNDEFINED = 0,
    AJP_FLOAT32 = 1,
    AJP_UINT8,
    AJP_INT8,
    AJP_UINT16,
    AJP_INT16,
    AJP_INT32,
    AJP_INT64,
    AJP_STRING,
    AJP_BOOL,
    AJP_FLOAT16,
    AJP_FLOAT64,
    AJP_UINT32,
    AJP_UINT64,
    AJP_COMPLEX64,
    AJP_COMPLEX128,
    AJP_BFLOAT16
} ajp_dtype;

/* AttributeProto.AttributeType */
enum {
    AJP_ATTRIBUTE_FLOAT = 1,
    AJP_ATTRIBUTE_INT,
    AJP_ATTRIBUTE_STRING,
    AJP_ATTRIBUTE_TENSOR,
    AJP_ATTRIBUTE_GRAPH,
    AJP_ATTRIBUTE_FLOATS,
    AJP_ATTRIBUTE_INTS,
    AJP_ATTRIBUTE_STRINGS,
    AJP_ATTRIBUTE_TENSORS,
    AJP_ATTRIBUTE_GRAPHS,
    AJP_ATTRIBUTE_SPARSE_TENSOR,
    AJP_ATTRIBUTE_SPARSE_TENSORS,
    AJP_ATTRIBUTE_TYPE_PROTO,
    AJP_ATTRIBUTE_TYPE_PROTOS
};

typedef struct {
    uint32_t has;
    const char *key, *value;
} ajp_onnx_entry; /* StringStringEntryProto */

typedef struct {
    uint32_t has;
    int64_t begin, end;
} ajp_onnx_segment;

typedef struct {
    uint32_t has;
    const char *name;
    int64_t data_type;
    size_t n_dims;
    const int64_t *dims;
    ajp_bytes raw_data; /* has bit 9 */
    size_t n_float_data, n_int32_data, n_int64_data, n_double_data, n_uint64_data, n_string_data;
    const float *float_data;
    const int64_t *int32_data; /* widened */
    const int64_t *int64_data;
    const double *double_data;
    const uint64_t *uint64_data;
    const ajp_bytes *string_data;
    size_t n_external_data;
    const ajp_onnx_entry *external_data;
    int64_t data_location; /* 1 = external */
    const ajp_onnx_segment *segment;
} ajp_onnx_tensor;

typedef struct {
    uint32_t has;
    const ajp_onnx_tensor *values, *indices;
    size_t n_dims;
    const int64_t *dims;
} ajp_onnx_sparse_tensor;

typedef struct {
    uint32_t has; /* bit 1: dim_value, bit 2: dim_param */
    int64_t dim_value;
    const char *dim_param, *denotation;
} ajp_onnx_dimension;

typedef struct {
    uint32_t has;
    size_t n_dim;
    const ajp_onnx_dimension *dim;
} ajp_onnx_shape;

typedef struct {
    uint32_t has;
    int64_t elem_type;
    const ajp_onnx_shape *shape; /* NULL = rank not known */
} ajp_onnx_tensor_type;

typedef struct ajp_onnx_type ajp_onnx_type;
typedef struct {
    uint32_t has;
    const ajp_onnx_type *elem_type;
} ajp_onnx_container_type; /* Sequence, Optional */
typedef struct {
    uint32_t has;
    int64_t key_type;
    const ajp_onnx_type *value_type;
} ajp_onnx_map_type;
typedef struct {
    uint32_t has;
    const char *domain, *name;
} ajp_onnx_opaque_type;
struct ajp_onnx_type {
    uint32_t has;
    const ajp_onnx_tensor_type *tensor_type, *sparse_tensor_type;
    const ajp_onnx_container_type *sequence_type, *optional_type;
    const ajp_onnx_map_type *map_type;
    const ajp_onnx_opaque_type *opaque_type;
    const char *denotation;
};

typedef struct {
    uint32_t has;
    const char *name;
    const ajp_onnx_type *type;
} ajp_onnx_value;

typedef struct ajp_onnx_graph ajp_onnx_graph;
typedef struct {
    uint32_t has;
    const char *name, *ref_attr_name;
    int64_t type; /* 0 in files before IR 2 */
    float f;
    int64_t i;
    ajp_bytes s;
    const ajp_onnx_tensor *t;
    const ajp_onnx_graph *g;
    const ajp_onnx_sparse_tensor *sparse_tensor;
    const ajp_onnx_type *tp;
    size_t n_floats, n_ints, n_strings, n_tensors, n_graphs, n_sparse_tensors, n_type_protos;
    const float *floats;
    const int64_t *ints;
    const ajp_bytes *strings;
    const ajp_onnx_tensor *tensors;
    const ajp_onnx_graph *graphs;
    const ajp_onnx_sparse_tensor *sparse_tensors;
    const ajp_onnx_type *type_protos;
} ajp_onnx_attribute;

typedef struct {
    uint32_t has;
    const char *name, *op_type, *domain;
    size_t n_input, n_output, n_attribute;
    const char *const *input;
    const char *const *output;
    const ajp_onnx_attribute *attribute;
} ajp_onnx_node;

struct ajp_onnx_graph {
    uint32_t has;
    const char *name;
    ajp_bytes doc_string;
    size_t n_node, n_initializer, n_sparse_initializer, n_input, n_output, n_value_info;
    const ajp_onnx_node *node;
    const ajp_onnx_tensor *initializer;
    const ajp_onnx_sparse_tensor *sparse_initializer;
    const ajp_onnx_value *input, *output, *value_info;
};

typedef struct {
    uint32_t has;
    const char *domain;
    int64_t version;
} ajp_onnx_opset;

typedef struct {
    uint32_t has;
    int64_t ir_version, model_version;
    const char *producer_name, *producer_version, *domain;
    ajp_bytes doc_string;
    const ajp_onnx_graph *graph;
    size_t n_opset_import, n_metadata_props;
    const ajp_onnx_opset *opset_import;
    const ajp_onnx_entry *metadata_props;
} ajp_onnx_model;

/* Strings that are not in the file are "".  `name` stands in messages. CORRUPT: not the wire format, depth,
 * lengths; NO_MEMORY: also when the limit above is passed. */
aj_status ajp_onnx_read(const ajp_onnx_model **out, ajp_arena *arena, const void *bytes, size_t size,
                        const char *name, aj_error *err);
/* One TensorProto (the .pb files of the ONNX test cases). */
aj_status ajp_onnx_read_tensor(const ajp_onnx_tensor **out, ajp_arena *arena, const void *bytes, size_t size,
                               const char *name, aj_error *err);

#endif

/* nn.h: networks as ONNX files: load, look inside, run exactly, write.
 *
 * Tensors are float32 row-major unless stated.  The first axis of a network's input may be symbolic or fixed;
 * it is the sample axis.  A model is read-only after loading and may be shared by sessions; weights are
 * borrowed from the mapped file, which must not be changed while the model lives.
 */
#ifndef ATTOJOULE_NN_H
#define ATTOJOULE_NN_H

#include "attojoule/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct aj_model aj_model;

/* Opens an ONNX file (opset 1 ... 20, IR 3 ... 10).  External data is looked for beside the file and must
 * stay inside its folder.  Errors name file, node, operator and opset.  CORRUPT: not ONNX, truncated, cycle,
 * bad sizes; UNSUPPORTED: an operator or a type that this version does not have.  On failure *out is NULL. */
AJ_API AJ_MUST_USE aj_status aj_model_load(aj_model **out, aj_context *context, const char *path,
                                           aj_error *err);
/* The same from memory (`name` stands in messages); the bytes must outlive the model. */
AJ_API AJ_MUST_USE aj_status aj_model_load_memory(aj_model **out, aj_context *context, const void *bytes,
                                                  size_t size, const char *name, aj_error *err);
/* The same with sizes for dimensions that the file leaves open, by name ("sequence") or as "INPUT:AXIS".  An
 * open first axis stays open where it is not named; other open dimensions may be told by the tensors of a
 * run. */
typedef struct {
    const char *name;
    size_t size;
} aj_dimension;
typedef struct {
    size_t struct_size; /* set by the INIT macro */
    const aj_dimension *dimensions;
    size_t n_dimensions;
} aj_model_options;
#define AJ_MODEL_OPTIONS_INIT             \
    {                                     \
        sizeof(aj_model_options), NULL, 0 \
    }
AJ_API AJ_MUST_USE aj_status aj_model_load_with(aj_model **out, aj_context *context, const char *path,
                                                const aj_model_options *options, aj_error *err);
AJ_API void aj_model_destroy(aj_model *model);
/* UNSUPPORTED, with the sentence that names it, while a dimension behind the first axis is open: such a model
 * has no layers yet and runs on tensors only. */
AJ_API AJ_MUST_USE aj_status aj_model_ready(const aj_model *model, aj_error *err);

/* Element types; the numbers are those of ONNX (TensorProto.DataType). */
typedef enum {
    AJ_TYPE_FLOAT32 = 1,
    AJ_TYPE_UINT8 = 2,
    AJ_TYPE_INT8 = 3,
    AJ_TYPE_UINT16 = 4,
    AJ_TYPE_INT16 = 5,
    AJ_TYPE_INT32 = 6,
    AJ_TYPE_INT64 = 7,
    AJ_TYPE_BOOL = 9,
    AJ_TYPE_FLOAT16 = 10,
    AJ_TYPE_FLOAT64 = 11,
    AJ_TYPE_UINT32 = 12,
    AJ_TYPE_UINT64 = 13,
    AJ_TYPE_BFLOAT16 = 16
} aj_type;
AJ_API const char *aj_type_name(aj_type type); /* "float32"; never NULL */
AJ_API size_t aj_type_bytes(aj_type type);     /* of one element; 0 for what is not in the list */

enum { AJ_MAX_RANK = 8 };
#define AJ_OPEN_DIMENSION ((size_t)-1)

/* An input or output as the file declares it. */
typedef struct {
    const char *name;
    aj_type type;   /* 0: not declared, or a type that is not in the list */
    bool has_shape; /* else rank and dims are not declared */
    size_t rank;
    size_t dims[AJ_MAX_RANK];           /* AJ_OPEN_DIMENSION where the file leaves it open */
    const char *dim_names[AJ_MAX_RANK]; /* of open dimensions; "" when they have none */
} aj_port_info;
AJ_API size_t aj_model_n_inputs(const aj_model *model);
AJ_API size_t aj_model_n_outputs(const aj_model *model);
AJ_API aj_port_info aj_model_input(const aj_model *model, size_t i);
AJ_API aj_port_info aj_model_output(const aj_model *model, size_t i);

typedef struct {
    const char *path;
    const char *sha256;   /* of the file, 64 hex digits */
    const char *producer; /* may be "" */
    int64_t ir_version, opset;
    size_t n_nodes;
    uint64_t n_parameters;   /* elements of all initialisers */
    size_t n_input_features; /* elements of one sample of all inputs; 0 while dimensions are open */
    size_t n_output_features;
    const char *input_name, *output_name;
    size_t output_rank, output_shape[8]; /* of one sample, without the sample axis; rank 0 while open */
} aj_model_info;
AJ_API aj_model_info aj_model_describe(const aj_model *model);

/* One row per node after folding, in execution order (a node with several products, such as a recurrent cell,
 * has one for each and one for what is left); see aj_inspect for joules. Borrowed strings. */
typedef struct {
    const char *name, *op_type;
    uint64_t macs_per_inference;  /* multiply-accumulates of products; 0 for others */
    uint64_t flops_per_inference; /* 2 per MAC, 1 per element of an element-wise operation (4 for exp-like) */
    uint64_t n_parameters;
    uint64_t bytes_moved;     /* inputs + outputs + parameters, float32, per inference */
    size_t rows, cols, reps;  /* of its product (outputs, inputs, repetitions per inference); 0 if none */
    size_t n_output_elements; /* per inference */
    size_t groups; /* products of that size with inputs of their own (grouped convolution); 0 if none */
} aj_layer_info;
AJ_API size_t aj_model_n_layers(const aj_model *model);
AJ_API aj_layer_info aj_model_layer(const aj_model *model, size_t i);

/* A session runs the network exactly, in float32: memory is planned once, nothing is allocated while running.
 * Results have the same bits for any chunk, number of threads and instruction set.  max_chunk: samples that
 * one thread computes at a time, 0 = chosen. */
typedef struct aj_session aj_session;
AJ_API AJ_MUST_USE aj_status aj_session_create(aj_session **out, aj_context *context, const aj_model *model,
                                               size_t max_chunk, aj_error *err);
AJ_API void aj_session_destroy(aj_session *session);
/* inputs [n][n_input_features] -> outputs [n][n_output_features], any n; spreads over the context's threads.
 * A sample has the elements of all inputs one after the other, converted to the type of each (whole numbers
 * up to 2^24 are exact); the first output is converted to float32. */
AJ_API AJ_MUST_USE aj_status aj_session_run(aj_session *session, const float *inputs, size_t n,
                                            float *outputs, aj_error *err);

/* A dense tensor, row-major. */
typedef struct {
    aj_type type;
    size_t rank;
    size_t dims[AJ_MAX_RANK];
    void *data; /* of an input it is only read */
} aj_tensor;
/* Runs a network of any inputs and outputs on tensors whose shapes may be new in every call: inputs in the
 * order of aj_model_input, outputs in that of aj_model_output (n_outputs of them: no more than the network
 * has).  A new set of shapes is planned once; the last eight are kept.  Types, shapes and data of the outputs
 * are filled in; their memory belongs to the session and lasts until its next call.  Same bits as above. */
AJ_API AJ_MUST_USE aj_status aj_session_run_tensors(aj_session *session, const aj_tensor *inputs,
                                                    size_t n_inputs, aj_tensor *outputs, size_t n_outputs,
                                                    aj_error *err);

/* Writes a dense network (Gemm with transB=1, then the activation, repeated; no activation after the last
 * layer) as ONNX (IR 7, opset 13, input "x" [N][widths[0]], output "y").  weights[l] is
 * [widths[l+1]][widths[l]], biases[l] has widths[l+1] values or is NULL.  activation: "Relu", "LeakyRelu",
 * "Sigmoid", "Tanh". The file is written beside and renamed. */
typedef struct {
    size_t n_layers;
    const size_t *widths; /* n_layers + 1 */
    const float *const *weights;
    const float *const *biases;
    const char *activation;
    float leaky_slope;
    const char *doc; /* goes into the file's doc string, or NULL */
} aj_dense_network;
AJ_API AJ_MUST_USE aj_status aj_dense_network_save(const aj_context *context, const aj_dense_network *network,
                                                   const char *path, aj_error *err);

#ifdef __cplusplus
}
#endif
#endif

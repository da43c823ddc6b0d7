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

/* Opens an ONNX file (opset 1 ... 17, IR 3 ... 8).  External data is looked for beside the file and must stay
 * inside its folder.  Errors name file, node, operator and opset.  CORRUPT: not ONNX, truncated, cycle, bad
 * sizes; UNSUPPORTED: an operator or a type that this version does not have.  On failure *out is NULL. */
AJ_API AJ_MUST_USE aj_status aj_model_load(aj_model **out, aj_context *context, const char *path,
                                           aj_error *err);
/* The same from memory (`name` stands in messages); the bytes must outlive the model. */
AJ_API AJ_MUST_USE aj_status aj_model_load_memory(aj_model **out, aj_context *context, const void *bytes,
                                                  size_t size, const char *name, aj_error *err);
AJ_API void aj_model_destroy(aj_model *model);

typedef struct {
    const char *path;
    const char *sha256;   /* of the file, 64 hex digits */
    const char *producer; /* may be "" */
    int64_t ir_version, opset;
    size_t n_nodes;
    uint64_t n_parameters;   /* elements of all initialisers */
    size_t n_input_features; /* elements of one sample of the data input */
    size_t n_output_features;
    const char *input_name, *output_name;
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
 */
AJ_API AJ_MUST_USE aj_status aj_session_run(aj_session *session, const float *inputs, size_t n,
                                            float *outputs, aj_error *err);

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

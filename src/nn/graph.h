/* graph.h: a model with its names resolved, its nodes in execution order and the shape of every value known.
 *
 * What can be computed without data is computed here (constants folded); what remains depends on the data
 * input. */
#ifndef AJP_GRAPH_H
#define AJP_GRAPH_H

#include "../kernels/kernels.h"
#include "tensor.h"

/* Versions that were tested against the ONNX project's cases. */
enum { AJP_MAX_OPSET = 20, AJP_MIN_IR = 3, AJP_MAX_IR = 10 };
/* Folded constants may take this much memory in all; models whose shapes ask for more are refused. */
#define AJP_MAX_FOLDED_BYTES ((size_t)1 << 30)
#define AJP_NO_VALUE         SIZE_MAX
/* Stands for the number of samples in shapes that a network computes with before it is known; a prime, so
 * that a multiple of it is no accident. */
enum { AJP_SAMPLES_STAND_IN = 1000003 };

typedef struct ajp_op ajp_op;
typedef struct ajp_graph ajp_graph;

typedef struct {
    const char *name;
    bool typed;                     /* `type` is known */
    const char *why_untyped;        /* else: "a sequence", "of unknown rank", ...; or NULL */
    const ajp_onnx_shape *declared; /* of an input */
    ajp_type type;
    const ajp_tensor *constant; /* known before any data, or NULL */
    size_t samples_ahead; /* > 1: within the sample axis so many stand before each sample, [ahead][N][rest] */
    bool counts_samples;  /* a constant with elements that are multiples of AJP_SAMPLES_STAND_IN */
    size_t producer;      /* node, or AJP_NO_VALUE */
    size_t n_uses;        /* inputs of live nodes, + 1 for the graph's output */
} ajp_value;

typedef struct {
    const char *name; /* in the file, or "Gemm_3" from operator and place */
    const char *op_type;
    const ajp_onnx_node *proto;
    const ajp_op *op;
    int64_t opset;
    void *params; /* what the operator made of its attributes */
    size_t n_in, n_out;
    size_t *in, *out;  /* values; AJP_NO_VALUE = left out */
    size_t n_captured; /* in[n_in] ...: what its subgraphs read of the graph around them */
    size_t n_children;
    ajp_graph *children; /* subgraphs, in the order of the attributes that hold them */
    bool live;           /* the output depends on it and it is not folded */
} ajp_node;

/* A value of a subgraph that is one of the graph around it. */
typedef struct {
    size_t inner, outer;
} ajp_capture;

typedef struct {
    const char *name; /* of a symbolic dimension, or "INPUT:AXIS" */
    size_t size;
} ajp_fixed_dim;

struct ajp_graph {
    const char *path; /* for messages */
    const aj_context *context;
    const ajp_kernels *kernels;
    ajp_arena *arena;
    ajp_tensor_source source; /* of the model's graph */
    const ajp_onnx_model *model;
    const ajp_onnx_graph *proto;
    const char *name; /* of a subgraph: the attribute that holds it */
    size_t n_captures;
    ajp_capture *captures;
    int64_t opset; /* of the default domain */
    size_t n_values, n_nodes;
    size_t room_values, room_nodes; /* of the arrays, where more than that */
    ajp_value *values;
    ajp_node *nodes; /* in execution order */
    size_t n_inputs; /* of the graph without initialisers of the same name */
    size_t *inputs;
    size_t n_fixed_dims;
    const ajp_fixed_dim *fixed_dims; /* given by the user for names in the file */
    size_t n_outputs;
    size_t *outputs;
    uint64_t n_parameters;
    size_t
        fixed_batch; /* samples mode: what a shape that the network reads or spells out says for one sample:
                        the first axis in the file when it is a number, else AJP_SAMPLES_STAND_IN; else 0 */
    size_t folded_bytes, most_bytes; /* of constants; at most, 0: AJP_MAX_FOLDED_BYTES */
    uint64_t *budget;                /* so many more nodes may be worked out; NULL: any number */
    bool needs_data;                 /* why shapes could not be worked out: they depend on data */
    bool whole;                      /* the input is taken as it is in the file: one run is one "sample" */
};

/* Reads, resolves, sorts; looks every operator up and lets it read its attributes. */
aj_status ajp_graph_build(ajp_graph *out, const aj_context *context, ajp_arena *arena, const void *bytes,
                          size_t size, const char *path, const char *folder, aj_error *err);
void ajp_graph_close(ajp_graph *graph); /* external files; the rest is the arena's */
/* SIZE_MAX when there is no such value. */
size_t ajp_graph_find(const ajp_graph *graph, const char *name);

/* Values and nodes of its own, in `arena`, for everything that is found out about them; false: no memory. */
bool ajp_graph_fork(ajp_graph *graph, ajp_arena *arena);

/* widen.c: a node with inputs of a type that its operator leaves to float32: conversions before and after it.
 */
aj_status ajp_graph_widen(ajp_graph *graph, size_t at, bool *changed, aj_error *err);
/* Node `at` becomes n_new nodes, to be filled in, and there is room for so many more values at the end. */
bool ajp_graph_make_room(ajp_graph *graph, size_t at, size_t n_new, size_t n_values);

/* Gives a graph input a value (for folding everything: tests of operators). Shape and type must fit. */
aj_status ajp_graph_bind(ajp_graph *graph, const char *name, const ajp_tensor *tensor, aj_error *err);
/* The type of every input as declared.  whole = false: the first axis counts samples, which all inputs must
 * have; true: as it is in the file, a symbolic first axis is 1. UNSUPPORTED when another axis is symbolic. */
aj_status ajp_graph_declared_types(const ajp_graph *graph, bool whole, ajp_type *types, aj_error *err);
/* A number, one given for a symbolic dimension, or SIZE_MAX. */
size_t ajp_graph_dim(const ajp_graph *graph, const char *input, size_t axis, const ajp_onnx_dimension *dim);
/* BAD_ARGUMENT when a given size has a name that no input uses. */
aj_status ajp_graph_check_dims(const ajp_graph *graph, aj_error *err);
/* Whether input k takes a tensor of this type (batch_axis 0: any number along that axis). */
aj_status ajp_graph_check_type(const ajp_graph *graph, size_t k, const ajp_type *type, aj_error *err);
/* Whether the number of samples stays open in the file. */
bool ajp_graph_open_samples(const ajp_graph *graph);
/* Shapes and constants of all nodes, as declared or (types of all inputs; batch_axis 0 counts samples) as
 * given; inputs that were bound keep their values.  May be called again, after a failure as well. */
aj_status ajp_graph_infer(ajp_graph *graph, bool whole, aj_error *err);
aj_status ajp_graph_infer_as(ajp_graph *graph, const ajp_type *types, aj_error *err);
/* Marks what the outputs need and counts uses. */
void ajp_graph_mark_live(ajp_graph *graph, const size_t *outputs, size_t n_outputs);

/* swish.c: of a graph whose uses are counted (mark them again when something was joined). */
aj_status ajp_graph_join_gates(ajp_graph *graph, bool *joined, aj_error *err);

/* control.c: a node with subgraphs.  The subgraph of an attribute; NULL when there is none. */
ajp_graph *ajp_control_child(const ajp_node *node, const char *attribute);
/* Runs a subgraph on inputs, in `arena`; the outputs may be its inputs, or values of the graph around it. */
aj_status ajp_control_call(const ajp_graph *outer, const ajp_node *node, const ajp_graph *child,
                           const ajp_tensor *const *inputs, size_t n_inputs, ajp_arena *arena,
                           const ajp_tensor **outputs, aj_error *err);
/* Puts the nodes of a branch of an If in the place of node `at`. */
aj_status ajp_control_inline(ajp_graph *graph, size_t at, const ajp_graph *child, aj_error *err);

/* samples.c: a node in samples mode. Before its shapes are worked out: may it read constants that count
 * samples, and inputs whose sample axis stands behind others? */
aj_status ajp_samples_check(const ajp_graph *graph, const ajp_node *node, const ajp_type *const *in,
                            aj_error *err);
/* After its shapes are known, for outputs that count samples: how many stand before them within their axis.
 */
aj_status ajp_samples_ahead(const ajp_graph *graph, const ajp_node *node, const ajp_type *out, size_t *ahead,
                            aj_error *err);
/* After it was computed: whether constant k that it made counts samples; UNSUPPORTED when that cannot be
 * said. */
aj_status ajp_samples_made(const ajp_graph *graph, const ajp_node *node, const ajp_tensor *made, bool *counts,
                           aj_error *err);

/* "PATH: node "NAME" (Gemm, opset 13) ..." */
aj_status ajp_node_fail(const char *path, const ajp_node *node, aj_status status, aj_error *err,
                        const char *format, ...) AJ_PRINTF(5, 6);

#endif

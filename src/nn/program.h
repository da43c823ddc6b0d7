/* program.h: a graph compiled to steps: products with constant weights (scale, bias and activation folded in)
 * and everything else.  Read-only after compilation; plans add packed weights and memory to it. */
#ifndef AJP_PROGRAM_H
#define AJP_PROGRAM_H

#include "op.h"

/* A tensor that steps write and read. */
typedef struct {
    size_t n;            /* elements per sample (of the whole input in whole mode) */
    size_t element_size; /* bytes */
    size_t first, last;  /* steps: written by, last read by */
    size_t width;        /* a product's outputs, when only products of that many inputs read it; else 0 */
    bool bound;          /* the caller's memory: nothing is laid out for it */
} ajp_slot;

typedef struct {
    const ajp_tensor *constant; /* or NULL, then: */
    size_t slot;                /* AJP_NO_VALUE = left out or not wanted */
    ajp_type type;
    size_t ahead; /* of a product's input: see ajp_value.samples_ahead */
} ajp_operand_of_step;

typedef struct {
    bool is_product;
    bool turned; /* the constant is on the left: y = W X per sample; rows are gathered from columns of X */
    size_t turned_cols;          /* columns of X */
    ajp_product_step product;    /* packed NULL here */
    bool owns_weights;           /* a changed copy */
    const float *turned_weights; /* [cols][rows] as in the file; then product.weights is NULL */
    float *bias;                 /* of product, writable while compiling */
    ajp_other_step other;
    const ajp_node *node;
    size_t n_in, n_out;
    ajp_operand_of_step *in, *out;
    size_t n_op_products;          /* of a step that is not a product itself: those inside its operator */
    ajp_product_step *op_products; /* packed NULL here */
    bool x_last, y_last;           /* see ajp_layout */
    const ajp_node *sum;           /* an Add folded in: the last of `in` is added to output 0, or NULL */
    ajp_activation after;          /* of the sum */
    float after_parameter;
    aj_layer_info layer; /* of the step; of a node with several products, of what is left beside them */
} ajp_step;

/* An input or output of the network. */
typedef struct {
    size_t value; /* of the graph */
    size_t slot;  /* AJP_NO_VALUE: an output that is a constant */
    ajp_type type;
    size_t n; /* elements per sample */
} ajp_port;

typedef struct {
    ajp_graph file;  /* as read */
    ajp_graph graph; /* with what was found out about it; branches of known conditions inlined */
    bool tensors; /* all outputs, all ports in the caller's memory; else rows of floats, the first output */
    size_t n_steps, n_slots;
    ajp_step *steps;
    ajp_slot *slots;
    size_t n_inputs, n_outputs;
    ajp_port *inputs, *outputs;
    size_t n_input_features, n_output_features; /* of all inputs, of the first output */
    bool no_rows;     /* why it could not be compiled: its first output cannot be a row of floats */
    size_t max_ports; /* inputs or outputs of any step */
    size_t n_layers;
    aj_layer_info *layers; /* of products and steps, in execution order */
} ajp_program;

static inline size_t ajp_step_n_products(const ajp_step *step)
{
    return step->is_product ? 1 : step->n_op_products;
}

/* From a built graph: infers shapes (samples on the first axis when that is possible, else the input as a
 * whole), then compiles. */
aj_status ajp_program_compile(ajp_program *program, aj_error *err);
/* The same for inputs of given types (batch_axis 0: samples; of all inputs, in order). */
aj_status ajp_program_compile_as(ajp_program *program, const ajp_type *types, aj_error *err);
/* At most `most` samples at a time: see chunk.c. */
size_t ajp_program_chunk(const ajp_program *program, size_t most);
/* A program of its own for other shapes: shares the file's constants with `base`, the rest is made in
 * `arena`. */
void ajp_program_derive(ajp_program *out, const ajp_program *base, ajp_arena *arena);

/* fold.c: out[rows][cols] from w[cols][rows]. */
void ajp_turn_weights(const float *w, size_t rows, size_t cols, float *out);
/* true when the node was taken up by the product step. */
bool ajp_fold_into_product(const ajp_graph *graph, ajp_step *step, const ajp_node *node, bool *no_memory);
/* The step for Gemm or MatMul with one constant operand; false when it has to run as a plain operator. */
bool ajp_product_from_node(const ajp_graph *graph, ajp_step *step, const ajp_node *node, bool *no_memory);

/* Whether `node`, a sum of the step's output (its input k) and another value, may be folded into the step. */
bool ajp_fold_takes_sum(const ajp_graph *graph, const ajp_step *step, const ajp_node *node, size_t k);

/* layout.c: which values have their channels together; changes types and constants of steps accordingly. */
aj_status ajp_program_choose_layouts(ajp_program *program, aj_error *err);

/* products.c: what the operator of a node declares, as steps (n = 0: nothing); false: no memory. */
bool ajp_products_declared(const ajp_op_products_query *query, ajp_product_step **out, size_t *n);
/* Packs the weights of a step. */
bool ajp_products_pack(ajp_product_step *step, ajp_arena *arena);
/* Floats of all groups packed; false: too many. */
bool ajp_products_packed_size(const ajp_product_step *step, size_t *out);
void ajp_products_pack_to(const ajp_product_step *step, float *packed);

/* The products of one node in a run. */
struct ajp_op_products {
    size_t n, first; /* number of the first one in the plan */
    const ajp_product_step *steps;
    const ajp_product_hook *hook; /* or NULL */
};
typedef struct {
    const ajp_kernels *kernels;
    ajp_pool *pool; /* or NULL */
    const ajp_product_hook *hook;
    aj_error *err;
} ajp_multiplier;
/* By the hook in parts, or exactly. */
aj_status ajp_products_multiply(const ajp_multiplier *m, const ajp_product_step *step,
                                const ajp_product_call *call);

struct aj_model {
    const aj_context *context;
    ajp_arena arena;
    struct ajp_model_file *file;
    ajp_program program;
    /* Runs on tensors only and is not compiled: dimensions that only they or the user can tell, no input, an
     * output that is not a row; or (by_node) shapes that depend on data, so that it runs node by node. */
    bool is_open, by_node;
    aj_error why_open;
    aj_model_info info;
};

#endif

/* op.h: what an operator is: a row of ops.def and one of these structs in an op_*.c file. */
#ifndef AJP_OP_H
#define AJP_OP_H

#include "executor.h"
#include "graph.h"

/* Reading of attributes, once after loading. */
typedef struct {
    const char *path;
    const ajp_node *node;
    ajp_tensor_source *source;
    aj_error *err;
} ajp_op_parse;

/* ---- products inside an operator ------------------------------------------------------------------------
 *
 * An operator that computes matrix products with constant weights (convolution by patches, recurrent gates)
 * declares them, so that they are listed, packed, and can be computed elsewhere (simulated hardware).  `run`
 * then computes them through ajp_op_multiply; it may do without while !on_hook, if it has something faster.
 */
enum { AJP_OP_PRODUCTS = 8 };

typedef struct { /* one matrix product, or `groups` of the same size, inside an operator */
    size_t rows, cols, reps, groups; /* outputs, inputs, products per sample and group */
    const float *weights; /* [groups][rows][cols] row-major; a constant of the graph or made in the arena */
    const float *bias;    /* [groups * rows] or NULL; likewise */
    const char *suffix;   /* "" or e.g. "/input gates": appended to the node's name */
    size_t n_distinct_inputs; /* numbers that the inputs of a sample and group are made of, where they overlap
                                 (patches of an image); 0 = all cols * reps are numbers of their own */
    bool dynamic; /* weights depend on data, and are other ones in every sample and group: `run` hands them to
                     ajp_op_multiply_dynamic when on_hook */
    /* the operator's own notes: where its samples are, whether the constant is its left operand */
    int sample_axis;
    bool left;
} ajp_op_product;

typedef struct {
    const ajp_node *node;
    ajp_arena *arena; /* for weights in another order; lives as long as the model */
    size_t n_in, n_out;
    const ajp_type *const *in; /* of one sample where batched; NULL = left out */
    const ajp_tensor *const *known;
    const ajp_type *out;
    size_t ahead; /* most of any input: see ajp_value.samples_ahead */
} ajp_op_products_query;

/* Returned by `products` when the arena ran out of memory. */
#define AJP_OP_NO_MEMORY SIZE_MAX

typedef struct ajp_op_products ajp_op_products; /* of a node that runs */

/* Shapes: in[] and known[] have n_in entries (NULL = left out / not a constant), out[] n_out. */
typedef struct {
    const char *path;
    const ajp_node *node;
    const ajp_kernels *kernels;
    ajp_arena *arena;
    aj_error *err;
    size_t n_in, n_out;
    const ajp_type *const *in;
    const ajp_tensor *const *known;
    ajp_type *out;
    const ajp_tensor **out_known; /* may be set: the result is known without running */
    size_t fixed_batch; /* see ajp_graph: a size that a shape spells out is that of so many samples */
    size_t ahead;       /* of input 0: see ajp_value.samples_ahead; 1 or more */
    size_t *ahead_out;  /* of output 0, 1; set by operators that move samples within an axis (Reshape) */
    bool *needs_data;   /* set with the failure where only data can tell the shape: see ajp_op_needs_data */
} ajp_op_infer;

/* A node with subgraphs whose inputs, and whatever its subgraphs read around them, are all known. */
typedef struct {
    const ajp_graph *graph;
    const ajp_node *node;
    ajp_arena *arena;            /* for the results */
    const ajp_tensor *const *in; /* n_in; NULL = left out */
    const ajp_tensor **out;      /* n_out, to be set */
    aj_error *err;
} ajp_op_control;

/* In which order an operator takes images: [samples][channels][axes] as in the file, or with their channels
 * together, [samples][axes][channels].  The compiler chooses (layout.c). */
typedef enum {
    AJP_LAYOUT_FILE = 0, /* as in the file */
    AJP_LAYOUT_ELEMENTS, /* one order for all operands; types are those of memory, and it need not know */
    AJP_LAYOUT_SAME,     /* likewise, but it has to know: x_last */
    AJP_LAYOUT_EACH /* input 0 and output 0 in any order, x_last and y_last; types are those of the file */
} ajp_layout;

/* What an operator works out once for a plan: tables, weights in another order. */
typedef struct {
    const ajp_node *node;
    const ajp_kernels *kernels;
    ajp_arena *arena; /* of the plan */
    size_t n_in, n_out;
    const ajp_tensor *in, *out; /* shapes for the largest number of samples; data of constants only */
    size_t n_products;
    const ajp_product_step *products; /* packed */
    bool x_last, y_last;              /* see ajp_layout */
} ajp_op_prepare;

/* One execution on concrete shapes (batch_axis -1 everywhere). Left-out inputs have data NULL. */
typedef struct {
    const char *path;
    const ajp_node *node;
    const ajp_kernels *kernels;
    ajp_pool *pool; /* or NULL */
    size_t n_in, n_out;
    const ajp_tensor *in;
    const ajp_tensor *out; /* types as inferred; write to data; data NULL = not wanted */
    void *scratch;
    aj_error *err;
    bool on_hook; /* the declared products are to be computed by ajp_op_multiply and nothing else */
    const ajp_op_products *products; /* NULL: `products` returned 0 */
    const void *state;               /* of `prepare`; NULL while constants are folded */
    bool x_last, y_last;             /* see ajp_layout */
    /* of an operator that `adds`: to be added to output 0, in its order, or NULL; then `after` is applied */
    const ajp_tensor *add;
    ajp_activation after;
    float after_parameter;
} ajp_op_run;

/* Which element types an operator leaves to be computed in float32: its inputs of these are converted, and
 * its float32 outputs back, rounded once (widen.c). */
typedef enum {
    AJP_WIDEN_NOTHING = 0,
    AJP_WIDEN_HALF,  /* float16, bfloat16 */
    AJP_WIDEN_FLOATS /* float64 as well */
} ajp_widening;

/* What the compiler of programs may do with a node beyond running it. */
typedef enum {
    AJP_ROLE_PLAIN = 0,
    AJP_ROLE_VIEW,      /* output 0 is input 0 with another shape */
    AJP_ROLE_PRODUCT,   /* Gemm, MatMul: see op_product.h */
    AJP_ROLE_SCALE,     /* Add, Sub, Mul, Div: may fold into a product */
    AJP_ROLE_NORMALIZE, /* BatchNormalization: may fold into a product */
    AJP_ROLE_ACTIVATION /* may be fused into a product */
} ajp_role;

struct ajp_op {
    size_t min_in, max_in, max_out;
    ajp_role role;
    ajp_activation activation;  /* of AJP_ROLE_ACTIVATION; its parameter is the first float of params */
    unsigned flops_per_element; /* of the output; DESIGN: 1 for arithmetic, 4 for exp-like */
    /* or, where they are not of the output's elements alone; in[k] and n_out as for macs */
    uint64_t (*flops)(const ajp_node *node, const ajp_type *in, uint64_t n_out);
    /* multiply-accumulates of a sample in matrix products that it does not declare; n_out: elements of output
     * 0; in[k].dtype AJP_UNDEFINED: left out */
    uint64_t (*macs)(const ajp_node *node, const ajp_type *in, uint64_t n_out);
    size_t params_size;            /* zeroed before parse */
    const char *const *attributes; /* names it knows, NULL at the end; others are refused */
    aj_status (*parse)(const ajp_op_parse *p, void *params); /* NULL = no attributes that matter */
    aj_status (*infer)(const ajp_op_infer *i);
    /* bytes of scratch memory for one run; NULL = none */
    size_t (*scratch)(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out);
    aj_status (*run)(const ajp_op_run *r);
    /* of If, Loop, Scan, in place of infer and run: works out the outputs, whose shapes may depend on data */
    aj_status (*control)(const ajp_op_control *c);
    /* once a plan: sets *state (NULL: none, then scratch() counts) and the bytes of scratch memory for one
     * run; false: no memory */
    bool (*prepare)(const ajp_op_prepare *p, void **state, size_t *scratch);
    /* fills out[] (zeroed, AJP_OP_PRODUCTS of them) and returns how many; NULL or 0: runs as any other */
    size_t (*products)(const ajp_op_products_query *q, ajp_op_product *out);
    /* its one product makes output 0, outputs (of all groups) along axis 1, and `run` takes weights, bias and
     * activation from ajp_op_product_step: batch norm, scales and an activation that follow may be folded in
     */
    bool folds;
    bool first_optional; /* `run` does without output 0 where a file names only later ones */
    bool adds; /* `run` takes add and after: a sum with a value that is there before may be folded in */
    ajp_widening widening;
    size_t later_like; /* widened: outputs 1 ... have the type of this input; 0: that of the first float */
    ajp_layout layout;
    /* whether it takes channels together for these types (those of the file); NULL: yes */
    bool (*takes_last)(const ajp_node *node, size_t n_products, const ajp_type *x, const ajp_type *y);
    /* infer and run take a sample axis behind other axes: samples do not lie one after the other then */
    bool any_sample_axis;
    /* whether this node is an activation that a product's store knows; constant[k]: input k, or NULL */
    bool (*as_activation)(const ajp_node *node, const ajp_tensor *const constant[3],
                          ajp_activation *activation, float *parameter);
    /* views: NULL = always; else whether this node is one (Cast to the same type, Dropout without a mask) */
    bool (*is_view)(const ajp_node *node, const ajp_type *in, const ajp_type *out);
};

/* The declared product as it is computed (folding may have changed what was declared). */
const ajp_product_step *ajp_op_product_step(const ajp_op_run *r, size_t which);
/* y = x W^T + bias for n_rows rows of a group of a product, exactly or by the hook.  y_row >= rows rounded up
 * to 16; the padding may be overwritten.  The rows are those numbered from 0 on: sample * reps + repetition,
 * for the samples of this run. */
aj_status ajp_op_multiply(const ajp_op_run *r, size_t which, size_t group, const float *x, size_t x_row,
                          float *y, size_t y_row, size_t n_rows);
/* The same for other rows: a later sample, one time step of every sample (see ajp_product_rows).  Every row
 * of every group has to be computed exactly once in a run, else hardware noise would repeat. call->product is
 * the number among the node's own products. */
aj_status ajp_op_multiply_rows(const ajp_op_run *r, const ajp_product_call *call);

/* Rows of one matrix of a dynamic product, by the hook.  call->product is the number among the node's own. */
aj_status ajp_op_multiply_dynamic(const ajp_op_run *r, const ajp_dynamic_call *call);

/* NULL when this operator, or this opset of it, is not there; *known says whether the name is. */
const ajp_op *ajp_op_find(const char *op_type, int64_t opset, bool *known);

/* ---- attributes: 0 or defaults when absent; a wrong type is CORRUPT -------------------------------------
 */
const ajp_onnx_attribute *ajp_op_attribute(const ajp_node *node, const char *name);
aj_status ajp_op_int(const ajp_op_parse *p, const char *name, int64_t otherwise, int64_t *out);
aj_status ajp_op_float(const ajp_op_parse *p, const char *name, float otherwise, float *out);
/* The place of a text attribute among `names` (NULL at the end); otherwise when absent, CORRUPT when it is
 * none of them. */
aj_status ajp_op_choice(const ajp_op_parse *p, const char *name, const char *const *names, size_t otherwise,
                        size_t *out);

/* ---- lists of integers: an attribute in old opsets, an input in newer ones -----------------------------
 */
typedef struct {
    bool given;
    size_t n;
    const int64_t *ints;      /* of an attribute, or */
    const ajp_tensor *tensor; /* of an input: int32 or int64 */
} ajp_op_list;
int64_t ajp_op_list_at(const ajp_op_list *list, size_t k);
aj_status ajp_op_ints(const ajp_op_parse *p, const char *name, ajp_op_list *out);
/* Input k where its values are known before any data, else UNSUPPORTED; `what`: "starts".  Not given when it
 * is left out. */
aj_status ajp_op_known(const ajp_op_infer *i, size_t k, const char *what, const ajp_tensor **out);
aj_status ajp_op_known_list(const ajp_op_infer *i, size_t k, const char *what, ajp_op_list *out);
/* The same list while running: the attribute when it is given, else input k. */
ajp_op_list ajp_op_run_list(const ajp_op_run *r, const ajp_op_list *attribute, size_t k);
/* Rank, dims and sample axis of *out (batch_axis -1 before) from input k, a list of dimensions. */
aj_status ajp_op_shape_from(const ajp_op_infer *i, size_t k, ajp_type *out);
/* Input k of a node or NULL; its data or NULL. */
const ajp_type *ajp_op_input(const ajp_op_infer *i, size_t k);
const void *ajp_op_data(const ajp_op_run *r, size_t k);

/* Calls part(user, first, n) for pieces of 0 ... n-1, on the threads of the run where there are some and the
 * work is worth it: about nanoseconds_each for one.  The pieces depend on n alone. */
void ajp_op_spread(const ajp_op_run *r, size_t n, double nanoseconds_each,
                   void (*part)(void *user, size_t first, size_t n), void *user);

/* UNSUPPORTED: the shape of its result depends on data (what: "takes its axes from data").  Such a network
 * runs on tensors only, node by node. */
aj_status ajp_op_needs_data(const ajp_op_infer *i, const char *format, ...) AJ_PRINTF(2, 3);
/* CORRUPT: "has ...". */
aj_status ajp_op_corrupt(const ajp_op_infer *i, const char *format, ...) AJ_PRINTF(2, 3);
/* axis in -rank ... rank-1 (or rank when past_end) to 0 ... */
aj_status ajp_op_axis(const ajp_op_infer *i, int64_t axis, size_t rank, bool past_end, size_t *out);
/* UNSUPPORTED unless input k has the type. */
aj_status ajp_op_want(const ajp_op_infer *i, size_t k, ajp_dtype dtype);
/* UNSUPPORTED: an input of a type that the operator is not computed in here. */
aj_status ajp_op_refuse(const ajp_op_infer *i, size_t k);
/* The sentence for a shape that would need values of several samples at once. */
aj_status ajp_op_mixes(const ajp_op_infer *i, const char *what);

#endif

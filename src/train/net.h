/* net.h: the inside of training networks of any layers (convolution, pooling, batch norm, dropout, sums).
 *
 * Images have their channels together ([height][width][channels]) and a border of zeros as wide as what reads
 * them wants, so that a convolution is one product of the kernels on the image as it lies.  Every layer reads
 * values and makes one; a value has its numbers (`out`) and d loss / d numbers (`error`), a sample a row.
 *
 * A step is a program of short moves; those between two barriers run as one job of the pool over blocks of
 * samples, which do not depend on each other; at a barrier batch norm adds up what it saw of each sample, in
 * the order of the samples.  Then weights: their gradients are sums over fixed parts of the batch, added in
 * order.  Every number is one task's, from start to end: threads do not change bits. */
#ifndef AJP_NET_H
#define AJP_NET_H

#include "trainer.h"

enum { AJP_NET_PADDED_TAPS = 256 }; /* the most under the window of a pool with padding */

typedef struct {
    size_t channels, height, width;
    bool flat;
} ajp_image;

typedef struct {
    ajp_image image;
    size_t border[2];           /* rows above and below, places left and right, all zeros */
    size_t line, inner, sample; /* floats: of a row, to the first inner place, of a sample */
    size_t row;                 /* floats of the inner part of a row: width x channels */
    size_t n_readers;
    bool wants_error; /* weights lie before it */
    float *out, *error;
} ajp_value;

/* A vector that is learnt: biases, scales. */
typedef struct {
    size_t n;
    float *values, *moments[2];
    float *gradients; /* of each sample, [rows][n]; NULL = from the errors (dense) */
} ajp_vector;

/* The matrix of a layer, `groups` of them one after the other. */
typedef struct {
    size_t n_in, n_out, groups;
    size_t packed;                  /* floats of one group */
    float *weights, *moments[2];    /* packed as in kernels.h, padded with zeros */
    float *transposed;              /* [group][n_out][transposed_row]; NULL where no error goes back */
    size_t transposed_row, n_parts; /* parts of the batch with sums of their own */
    float *gradients;               /* [n_parts][groups][packed]; NULL = made where it is used (dense) */
} ajp_matrix;

typedef struct {
    const aj_train_layer *layer;
    size_t index; /* of the layer: the place of its random numbers */
    ajp_value *in, *with, *out;
    bool in_place;             /* `out` is the memory of `in` */
    bool in_store;             /* an activation that the layer before applies as it stores */
    bool adds_in, adds_with;   /* the error of in (with) has other parts, which are there before */
    ajp_activation activation; /* own, or taken over from the layer behind */
    float activation_parameter;
    size_t kernel[2], stride[2], padding[2], groups;
    bool depthwise; /* as many groups as channels read and made: outputs x places of the window, one matrix */
    ajp_matrix matrix;
    ajp_vector vectors[2]; /* bias; or scale and bias of batch norm */
    /* windows: where what lies together starts under one, from its own start */
    size_t n_runs, run;
    size_t *jumps, *w_jumps;    /* the second: of a depthwise one, 0, 16, 32 ... */
    float *taps;                /* 0, 1, 2 ... of pools */
    size_t *in_rows, *out_rows; /* where each row of windows (of errors) starts, for gradients of weights */
    float *extra;               /* of each sample: where the largest was; what dropout multiplies by */
    size_t extra_row;
    ajp_stream stream;
    /* batch norm: running averages, the batch's inverse deviations; constants repeated along a row */
    float *running_mean, *running_variance;
    double *inverse;
    float *moments;                          /* of each sample: [rows][2][channels] */
    float *shift, *scale, *offset, *x_scale; /* [row] */
} ajp_node;

typedef enum {
    AJP_MOVE_FORWARD,
    AJP_MOVE_MOMENTS, /* batch norm: of each sample; a barrier follows */
    AJP_MOVE_NORMALIZE,
    AJP_MOVE_LOSS,
    AJP_MOVE_BACKWARD,
    AJP_MOVE_SUMS, /* batch norm: of each sample; a barrier follows */
    AJP_MOVE_DENORMALIZE
} ajp_move_kind;

typedef struct {
    ajp_move_kind kind;
    ajp_node *node;
} ajp_move;

typedef struct {
    const aj_context *context;
    const ajp_kernels *kernels;
    const aj_train_options *options;
    ajp_arena arena;
    double n_bytes;  /* planned so far */
    bool over_limit; /* more than the context's memory limit */
    size_t rows;     /* the most samples at a time */
    size_t n_nodes, n_values, n_moves;
    ajp_node *nodes;
    ajp_value *values;
    ajp_move *moves;
    float *scratch; /* of each thread */
    size_t scratch_row, columns_floats, row_floats;
    size_t block; /* samples of a task */
    ajp_stream augmentation;
    double beta1_power, beta2_power;
} ajp_net;

/* What the tasks of one batch share. */
typedef struct {
    ajp_net *net;
    const ajp_samples *samples;
    const uint32_t *order;
    size_t n, epoch;
    double *losses;
    uint8_t *right; /* of an evaluation */
    bool learn;
    const ajp_move *first, *last; /* moves of this job, last one included */
    float rate, step_rate, epsilon;
} ajp_net_job;

/* ---- shapes (net_shape.c) ------------------------------------------------------------------------ */

/* The image that options->image describes. */
ajp_image ajp_net_input(const aj_train_options *options);
/* What the layer makes of its inputs.  `where` starts the message. */
aj_status ajp_layer_shape(const aj_train_layer *layer, const ajp_image *in, const ajp_image *with,
                          const char *where, ajp_image *out, aj_error *err);
/* Checks the whole network; shapes[0 .. n_network] gets every value's, or is NULL. */
aj_status ajp_net_check(const aj_train_options *options, const char *file, ajp_image *shapes, aj_error *err);
/* Window attributes with what was left out filled in; a global pool is one over the whole image. */
void ajp_layer_window(const aj_train_layer *layer, const ajp_image *in, size_t kernel[2], size_t stride[2],
                      size_t padding[2]);
const char *ajp_layer_name(aj_train_layer_kind kind);
size_t ajp_image_size(const ajp_image *image);
/* MACs of one sample, and those of layers whose input takes part in the backward pass; parameters. */
typedef struct {
    uint64_t macs, macs_back, n_parameters;
} ajp_net_work;
aj_status ajp_net_count(const aj_train_options *options, ajp_net_work *out, aj_error *err);

/* ---- memory (net_plan.c) ------------------------------------------------------------------------- */

aj_status ajp_net_create(ajp_net **out, const aj_context *context, const aj_train_options *options,
                         aj_error *err);
void ajp_net_destroy(ajp_net *net);
bool ajp_node_has_matrix(const ajp_node *node);
/* Brings rows of a group's packed weights into the transposed copy. */
void ajp_net_transpose(ajp_matrix *m, size_t group, size_t i0, size_t i1, size_t j0, size_t j1);

/* ---- one step (net_step.c, net_update.c) ----------------------------------------------------------- */

/* As ajp_train_step and ajp_train_evaluate. */
aj_status ajp_net_step(ajp_net *net, const ajp_samples *samples, const uint32_t *order, size_t n,
                       size_t epoch, double rate, double *losses, aj_error *err);
void ajp_net_evaluate(ajp_net *net, const ajp_samples *samples, const uint32_t *order, size_t n,
                      double *losses, uint8_t *right);
/* Gradients of weights from the errors, and the update. */
void ajp_net_update(ajp_net_job *job, double rate);

/* ---- layers: samples first .. first+n-1 of the batch ------------------------------------------------ */

typedef struct {
    const ajp_net_job *job;
    const ajp_node *node;
    size_t first, n;
    float *scratch; /* of the thread */
} ajp_rows;

void ajp_net_gather(const ajp_rows *r);   /* net_gather.c */
void ajp_conv_forward(const ajp_rows *r); /* net_product.c */
void ajp_conv_backward(const ajp_rows *r);
void ajp_depthwise_forward(const ajp_rows *r);             /* net_depthwise.c */
void ajp_depthwise_back(const ajp_rows *r, size_t sample); /* adds to the error of its input */
/* Adds what samples first .. end-1 say of the weights to `gradient`, packed as they are. */
void ajp_depthwise_gradient(const ajp_net_job *job, const ajp_node *node, size_t first, size_t end,
                            float *gradient);
size_t ajp_window_start(const ajp_node *node); /* the first place under the first window, of a sample */
void ajp_dense_forward(const ajp_rows *r);
void ajp_dense_backward(const ajp_rows *r);
void ajp_pool_forward(const ajp_rows *r); /* net_pool.c */
void ajp_pool_backward(const ajp_rows *r);
void ajp_map_forward(const ajp_rows *r); /* net_map.c: activations, dropout, sums, flatten */
void ajp_map_backward(const ajp_rows *r);
void ajp_norm_moments(const ajp_rows *r); /* net_norm.c */
void ajp_norm_forward(const ajp_rows *r);
void ajp_norm_sums(const ajp_rows *r);
void ajp_norm_backward(const ajp_rows *r);
void ajp_norm_gather_moments(ajp_node *node, size_t n); /* at the barriers, on one thread */
void ajp_norm_gather_sums(ajp_node *node, size_t n);
void ajp_norm_use_running(ajp_node *node);

/* wide[0 .. n_places-1][n] added up over the places, in order. */
void ajp_fold(const float *wide, size_t n_places, size_t n, float *out);

#endif

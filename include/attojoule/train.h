/* train.h: training dense and convolutional networks: what a spec says, how it runs, what it costs in FLOPs.
 *
 * The loss is cross-entropy on a softmax of the last layer (logits).  Weights are float32; the mean gradient
 * of a batch is used; the last batch of an epoch may be smaller and is averaged over its own samples. The
 * same seed gives the same bits for any number of threads and any instruction set: every sum runs in one
 * order.
 *
 * FLOPs: 2 per multiply-accumulate of the matrix products of training, counted exactly: per sample 2*(2*M +
 * M') with M = MACs of all layers (forward, and gradient of the weights) and M' = MACs of all but the first
 * (gradient of their inputs; the first layer needs none).  Activations, loss, optimiser and the evaluation
 * after each epoch are not in it; the evaluation's FLOPs are given apart.
 */
#ifndef ATTOJOULE_TRAIN_H
#define ATTOJOULE_TRAIN_H

#include "attojoule/base.h"
#include "attojoule/nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Lists: enum, the word in a spec, what it is. */
#define AJ_TRAIN_ACTIVATION_LIST(X)                                    \
    X(RELU, "relu", "max(0, x)")                                       \
    X(LEAKY_RELU, "leaky_relu", "x above zero, leaky_slope * x below") \
    X(SIGMOID, "sigmoid", "1 / (1 + exp(-x))")                         \
    X(TANH, "tanh", "tanh(x)")
/* Variances of the weights of a layer with N inputs and N' outputs; biases start at 0.
 * Glorot and Bengio 2010 (PMLR 9:249), He et al. 2015 (arXiv:1502.01852). */
#define AJ_TRAIN_INITIALIZATION_LIST(X)                                 \
    X(GLOROT, "glorot", "Gaussian of variance 2/(N+N')")                \
    X(HE, "he", "Gaussian of variance 2/N")                             \
    X(GLOROT_UNIFORM, "glorot_uniform", "uniform of variance 2/(N+N')") \
    X(HE_UNIFORM, "he_uniform", "uniform of variance 2/N")
#define AJ_TRAIN_OPTIMIZER_LIST(X)                                               \
    X(SGD, "sgd", "v = momentum*v + (g + weight_decay*w); w -= learning_rate*v") \
    X(ADAM, "adam",                                                              \
      "Kingma and Ba 2015 (arXiv:1412.6980), Algorithm 1, with weight_decay*w added to the gradient")
#define AJ_TRAIN_SCHEDULE_LIST(X)                                                           \
    X(CONSTANT, "constant", "the learning rate stays")                                      \
    X(STEP, "step", "times factor after each epoch of `at`, or after every `every` epochs") \
    X(COSINE, "cosine", "half a cosine from the learning rate to final_ratio times it, batch by batch")

/* Layers of a network that is not just dense: the word in a spec, what it is. */
#define AJ_TRAIN_LAYER_LIST(X)                                                                         \
    X(CONV, "conv", "2-D convolution (cross-correlation), channels x kernel, stride, padding, groups") \
    X(BATCH_NORM, "batch_norm", "Ioffe and Szegedy 2015 (arXiv:1502.03167), running averages for use") \
    X(RELU, "relu", "max(0, x)")                                                                       \
    X(LEAKY_RELU, "leaky_relu", "x above zero, slope * x below")                                       \
    X(SIGMOID, "sigmoid", "1 / (1 + exp(-x))")                                                         \
    X(TANH, "tanh", "tanh(x)")                                                                         \
    X(MAX_POOL, "max_pool", "the largest under each window")                                           \
    X(AVERAGE_POOL, "average_pool", "the mean under each window, padding counted as zeros")            \
    X(GLOBAL_AVERAGE_POOL, "global_average_pool", "the mean of each channel")                          \
    X(DROPOUT, "dropout", "Srivastava et al. 2014 (JMLR 15:1929): 0 with the ratio, else x/(1-ratio)") \
    X(ADD, "residual", "the sum of two values of one shape (He et al. 2015, arXiv:1512.03385)")        \
    X(FLATTEN, "flatten", "channels, rows and columns as one axis")                                    \
    X(DENSE, "dense", "weights times x plus biases")

#define AJ_TRAIN_ENUM_ACTIVATION(id, word, text)     AJ_ACTIVATION_##id,
#define AJ_TRAIN_ENUM_INITIALIZATION(id, word, text) AJ_INITIALIZATION_##id,
#define AJ_TRAIN_ENUM_OPTIMIZER(id, word, text)      AJ_OPTIMIZER_##id,
#define AJ_TRAIN_ENUM_SCHEDULE(id, word, text)       AJ_SCHEDULE_##id,
#define AJ_TRAIN_ENUM_LAYER(id, word, text)          AJ_LAYER_##id,
typedef enum { AJ_TRAIN_ACTIVATION_LIST(AJ_TRAIN_ENUM_ACTIVATION) AJ_N_ACTIVATIONS } aj_train_activation;
typedef enum {
    AJ_TRAIN_INITIALIZATION_LIST(AJ_TRAIN_ENUM_INITIALIZATION) AJ_N_INITIALIZATIONS
} aj_train_initialization;
typedef enum { AJ_TRAIN_OPTIMIZER_LIST(AJ_TRAIN_ENUM_OPTIMIZER) AJ_N_OPTIMIZERS } aj_train_optimizer;
typedef enum { AJ_TRAIN_SCHEDULE_LIST(AJ_TRAIN_ENUM_SCHEDULE) AJ_N_SCHEDULES } aj_train_schedule;

typedef enum { AJ_TRAIN_LAYER_LIST(AJ_TRAIN_ENUM_LAYER) AJ_N_LAYERS } aj_train_layer_kind;

enum { AJ_TRAIN_MAX_LAYERS = 64, AJ_TRAIN_MAX_STEPS = 64, AJ_TRAIN_MAX_NETWORK = 1024 };

/* One layer. Values are numbered: 0 is what the network reads, i + 1 what layer i makes; a layer reads values
 * made before it. Pairs are height, width. */
typedef struct {
    aj_train_layer_kind kind;
    size_t from, with; /* the value it reads; `with`: the other one of ADD */
    size_t n_outputs;  /* channels of a CONV, outputs of a DENSE */
    size_t kernel[2], stride[2],
        padding[2];           /* of CONV and pools; 0 strides: 1 for CONV, the kernel for pools */
    size_t groups;            /* of CONV; 0 = 1 */
    bool without_bias;        /* of CONV and DENSE */
    double epsilon, momentum; /* of BATCH_NORM; running average += momentum * (batch's - running average); 0:
                                 1e-5 and 0.1 */
    double dropped_ratio;     /* of DROPOUT: what is set to 0 */
    double leaky_slope;       /* of LEAKY_RELU, below zero */
    size_t line;              /* of the spec, for messages; 0 = none */
} aj_train_layer;

typedef struct {
    size_t struct_size;
    const char *name; /* goes into the model's doc string; NULL = none */
    const char *data; /* a SET of data.h, its training split */
    const char
        *test_data; /* a SET, its test split; NULL = that of `data`; a set without splits is not tested on */
    const char *model; /* where the caller means to write the network: aj_train does not; NULL = not said */
    size_t n_layers, widths[AJ_TRAIN_MAX_LAYERS + 1]; /* widths: n_layers + 1 values, inputs first */
    /* Or a network of any layers, in order; `widths` and `activation` are then not used.  The last layer's
     * value is flat, one number a class. */
    const aj_train_layer *network; /* NULL = widths */
    size_t n_network;
    size_t image[3]; /* channels, height, width of a sample; {n, 0, 0}: flat, n values */
    aj_train_activation activation;
    double leaky_slope;
    aj_train_initialization initialization;
    aj_train_optimizer optimizer;
    double learning_rate;
    double momentum;              /* of sgd, 0 ... < 1 */
    double beta1, beta2, epsilon; /* of adam */
    double weight_decay;          /* L2: weight_decay*w is added to the gradient of every weight ... */
    bool decay_biases;            /* ... and of every bias only if this is set */
    aj_train_schedule schedule;
    double step_factor;
    size_t step_every;                             /* epochs; 0 = use step_at */
    size_t n_step_at, step_at[AJ_TRAIN_MAX_STEPS]; /* epochs finished before the rate drops, rising */
    double final_ratio;                            /* of cosine, 0 ... 1 */
    size_t n_epochs, batch;
    uint64_t seed;
    bool shuffle; /* a new order every epoch, from the seed and the epoch alone */
    size_t max_train_samples, max_test_samples; /* 0 = all */
    /* What is done to the images of a network's training samples, anew every epoch, from the seed, the epoch
     * and the sample alone: moved by up to `max_shift` pixels either way along both axes (0 moves in),
     * mirrored with probability 1/2. */
    size_t max_shift;
    bool horizontal_flip;
    double target_accuracy_ratio; /* on the test samples; NaN = none */
    bool stop_at_target;          /* end training with the epoch that reaches it */
} aj_train_options;
/* SGD with momentum 0.9, rate 0.05, batch 100, 10 epochs, ReLU, Glorot. */
#define AJ_TRAIN_OPTIONS_INIT                                                                               \
    {                                                                                                       \
        .struct_size = sizeof(aj_train_options), .leaky_slope = 0.01, .learning_rate = 0.05,                \
        .momentum = 0.9, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .step_factor = 0.1, .n_epochs = 10, \
        .batch = 100, .seed = 1, .shuffle = true, .target_accuracy_ratio = (double)__builtin_nan("")        \
    }

/* BAD_ARGUMENT with the field and what is possible. */
AJ_API AJ_MUST_USE aj_status aj_train_options_check(const aj_train_options *options, aj_error *err);

/* A spec file (docs/formats/train-spec.md).  Unknown keys, wrong types and impossible values are refused with
 * file, line and key.  The options may be changed before training; their strings live until destroy. */
typedef struct aj_train_spec aj_train_spec;
AJ_API AJ_MUST_USE aj_status aj_train_spec_load(aj_train_spec **out, const aj_context *context,
                                                const char *path, aj_error *err);
AJ_API aj_train_options *aj_train_spec_options(aj_train_spec *spec);
AJ_API void aj_train_spec_destroy(aj_train_spec *spec);

/* inputs [n][widths[0]] (or [n][channels][height][width]), labels n class numbers below the last width;
 * borrowed for the call.  n = 0: none. */
typedef struct {
    const float *inputs;
    const int32_t *labels;
    size_t n;
} aj_train_samples;

typedef struct {
    size_t epoch, n_epochs; /* epoch 1 is the first */
    double train_loss; /* mean over the epoch's samples, each as it was before its own batch's update; nats */
    double test_loss, test_accuracy_ratio; /* NaN without test samples */
    double learning_rate;                  /* of the epoch's last batch */
    uint64_t flops;                        /* of training so far */
    double duration_seconds;               /* so far, evaluation included */
} aj_train_epoch;

typedef struct {
    /* After every epoch, from the calling thread.  Return false to end training here: a normal end. */
    bool (*epoch)(void *user, const aj_train_epoch *epoch);
    void *user;
} aj_train_callbacks;

typedef struct {
    aj_train_epoch last; /* the last epoch that was run */
    uint64_t n_parameters, macs_per_inference;
    uint64_t evaluation_flops; /* 2 per MAC of all evaluations; not in any other figure */
    size_t target_epoch;       /* 0 = not reached, or no target */
    double flops_to_target;    /* NaN = not reached, or no target */
    double duration_to_target_seconds;
} aj_train_result;

typedef struct aj_trained aj_trained;
/* Trains.  train NULL: options->data is opened (pixels scaled as data.h says), test is then ignored.
 * Otherwise test may be NULL.  callbacks and result may be NULL.  The context's progress callback sees
 * "train" in samples and ends the work with INTERRUPTED.  A loss that is no longer finite is BAD_ARGUMENT
 * (the rate is too high). */
AJ_API AJ_MUST_USE aj_status aj_train(aj_trained **out, aj_context *context, const aj_train_options *options,
                                      const aj_train_samples *train, const aj_train_samples *test,
                                      const aj_train_callbacks *callbacks, aj_train_result *result,
                                      aj_error *err);
/* Writes the network as ONNX (opset 13; input "x" [N][inputs] or [N][channels][height][width], output "y"):
 * batch norm with its running averages, dropout left out.  Beside and renamed. */
AJ_API AJ_MUST_USE aj_status aj_trained_save(const aj_trained *trained, const char *path, aj_error *err);
/* The network, weights [outputs][inputs]; borrowed until destroy.  NULL when it is not just dense. */
AJ_API const aj_dense_network *aj_trained_network(const aj_trained *trained);
AJ_API void aj_trained_destroy(aj_trained *trained);

#ifdef __cplusplus
}
#endif
#endif

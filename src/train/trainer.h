/* trainer.h: the inside of training: the memory of a network being trained, one step on it, one pass over
 * samples.
 *
 * Weights live in the packed form of kernels.h ([vector of 16 outputs][input][16]); the weight gradient comes
 * out of the GEMM in the same form, so that the optimiser runs over whole blocks of memory.  Padding outputs
 * have zero weights and stay zero, because their part of the error is zero. Each step is two jobs for the
 * pool: rows of the batch (forward, loss, error back to the first layer; rows do not depend on each other),
 * then blocks of weights (gradient over the batch in order, update, transposed copy).  Every number is
 * computed by one task from start to end, which is why threads do not change bits. */
#ifndef AJP_TRAINER_H
#define AJP_TRAINER_H

#include "../data/dataset.h"
#include "../kernels/kernels.h"
#include "attojoule/train.h"

typedef struct {
    size_t n_in, n_out;
    size_t n_padded;          /* outputs rounded up to vectors of 16 */
    float *weights, *bias;    /* packed; padded with zeros */
    float *weight_moments[2]; /* velocity of sgd, or both moments of adam; laid out like the weights */
    float *bias_moments[2];
    float *
        transposed; /* [n_out][transposed_row], weights for the error of the layer below; NULL in the first */
    size_t transposed_row;
    float *out, *error; /* [rows][row]: outputs, and d loss / d (sum before the activation) */
    size_t row;
} ajp_layer;

/* Where samples come from: arrays or an opened data set. */
typedef struct {
    const aj_dataset *dataset; /* or NULL */
    const float *inputs;
    const int32_t *labels;
    size_t n, n_features;
} ajp_samples;

typedef struct {
    const aj_context *context;
    const ajp_kernels *kernels;
    aj_train_options options;
    ajp_arena arena;
    size_t n_layers;
    ajp_layer layers[AJ_TRAIN_MAX_LAYERS];
    size_t rows;  /* the most samples at a time */
    float *input; /* [rows][input_row] */
    size_t input_row;
    float *gradients; /* one block of weights for each thread */
    ajp_activation activation;
    float activation_parameter;
    uint64_t n_updates;
    double beta1_power, beta2_power; /* beta^n_updates */
} ajp_trainer;

/* Plans all memory and draws the first weights.  The options must have been checked; n_rows >= batch. */
aj_status ajp_trainer_create(ajp_trainer **out, const aj_context *context, const aj_train_options *options,
                             aj_error *err);
void ajp_trainer_destroy(ajp_trainer *trainer);
/* Copies weights row-major [n_out][n_in] and biases out of a layer. */
void ajp_trainer_export(const ajp_trainer *trainer, size_t layer, float *weights, float *biases);

/* One batch: samples order[0 .. n-1] (n <= rows), update with `rate`; losses[i] gets the loss of the i-th. */
void ajp_train_step(ajp_trainer *trainer, const ajp_samples *samples, const uint32_t *order, size_t n,
                    double rate, double *losses);
/* Forward only: losses and whether the largest output is the label (first one when equal). */
void ajp_train_evaluate(ajp_trainer *trainer, const ajp_samples *samples, const uint32_t *order, size_t n,
                        double *losses, uint8_t *right);

/* The order of an epoch (0 is the first): Fisher and Yates' shuffle of 0 .. n-1, a function of seed and epoch
 * alone. */
aj_status ajp_train_order(uint64_t seed, size_t epoch, bool shuffle, uint32_t *order, size_t n,
                          aj_error *err);
/* The rate of batch `step` of `n_steps` in all, in epoch `epoch` (0 is the first). */
double ajp_train_rate(const aj_train_options *options, size_t epoch, uint64_t step, uint64_t n_steps);
/* 2 FLOPs per MAC: of training one sample, and of its forward pass alone. */
uint64_t ajp_train_flops(const aj_train_options *options);
uint64_t ajp_train_macs(const aj_train_options *options);

#endif

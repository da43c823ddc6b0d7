/* recurrent.h: one time step of the recurrent operators; the products around it are op_recurrent.c's. */
#ifndef AJP_RECURRENT_H
#define AJP_RECURRENT_H

#include "op.h"

typedef enum { AJP_CELL_RNN, AJP_CELL_GRU, AJP_CELL_LSTM } ajp_cell_kind;

/* One of the functions that ONNX allows inside a cell. */
typedef enum {
    AJP_CELL_RELU,
    AJP_CELL_TANH,
    AJP_CELL_SIGMOID,
    AJP_CELL_AFFINE,
    AJP_CELL_LEAKY_RELU,
    AJP_CELL_THRESHOLDED_RELU,
    AJP_CELL_SCALED_TANH,
    AJP_CELL_HARD_SIGMOID,
    AJP_CELL_ELU,
    AJP_CELL_SOFTSIGN,
    AJP_CELL_SOFTPLUS,
    AJP_N_CELL_FUNCTIONS
} ajp_cell_function_kind;
typedef struct {
    ajp_cell_function_kind kind;
    float alpha, beta;
} ajp_cell_function;

/* By ONNX's name, in any case, with ONNX's defaults of alpha and beta; false: unknown. */
bool ajp_cell_function_find(const char *name, size_t size, ajp_cell_function *out);
void ajp_cell_apply(const ajp_kernels *kernels, const ajp_cell_function *function, float *x, size_t n);

/* What stays the same over the steps of one direction. */
typedef struct {
    const ajp_kernels *kernels;
    size_t hidden;
    const ajp_cell_function *functions; /* f, g, h of ONNX's equations */
    float clip;                         /* INFINITY: none; of what goes into the functions */
    bool input_forget;                  /* LSTM: the forget gate is 1 - the input gate */
    const float *peephole;              /* LSTM: i, o, f; or NULL */
} ajp_cell;

/* One sample of one step; from[]: the input's part of every gate, to[]: the state's part, overwritten. */
void ajp_cell_rnn(const ajp_cell *cell, const float *from, float *to, float *h);
void ajp_cell_lstm(const ajp_cell *cell, const float *from, float *to, float *h, float *c);
/* GRU in two halves, since the reset gate may come before the product with the state. */
void ajp_cell_gru_gates(const ajp_cell *cell, const float *from, float *to);
void ajp_cell_gru(const ajp_cell *cell, const float *from_hidden, const float *gates, float *to_hidden,
                  float *h);

#endif

/* recurrent.c: the element-wise part of RNN, GRU and LSTM cells (equations of the ONNX operators). */
#include "recurrent.h"

#include <math.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    float alpha, beta; /* defaults of the ONNX operators of these names */
} functions[AJP_N_CELL_FUNCTIONS] = {
    [AJP_CELL_RELU] = {"Relu", 0, 0},
    [AJP_CELL_TANH] = {"Tanh", 0, 0},
    [AJP_CELL_SIGMOID] = {"Sigmoid", 0, 0},
    [AJP_CELL_AFFINE] = {"Affine", 1, 0},
    [AJP_CELL_LEAKY_RELU] = {"LeakyRelu", 0.01f, 0},
    [AJP_CELL_THRESHOLDED_RELU] = {"ThresholdedRelu", 1, 0},
    [AJP_CELL_SCALED_TANH] = {"ScaledTanh", 1, 1},
    [AJP_CELL_HARD_SIGMOID] = {"HardSigmoid", 0.2f, 0.5f},
    [AJP_CELL_ELU] = {"Elu", 1, 0},
    [AJP_CELL_SOFTSIGN] = {"Softsign", 0, 0},
    [AJP_CELL_SOFTPLUS] = {"Softplus", 0, 0},
};

bool ajp_cell_function_find(const char *name, size_t size, ajp_cell_function *out)
{
    for (size_t i = 0; i < AJP_N_CELL_FUNCTIONS; i++) {
        const char *known = functions[i].name;
        if (strlen(known) != size || strncasecmp(known, name, size) != 0) continue;
        *out = (ajp_cell_function){(ajp_cell_function_kind)i, functions[i].alpha, functions[i].beta};
        return true;
    }
    return false;
}

/* alpha (e^x - 1) below zero, through the room's own exp */
static void elu(const ajp_kernels *kernels, float alpha, float *x, size_t n)
{
    enum { BLOCK = 256 };
    float e[BLOCK];
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t m = ajp_min_size(BLOCK, n - at);
        for (size_t i = 0; i < m; i++) e[i] = fminf(x[at + i], 0);
        kernels->map(AJP_MAP_EXP, e, e, m, 0, 0);
        for (size_t i = 0; i < m; i++)
            if (x[at + i] < 0) x[at + i] = alpha * (e[i] - 1);
    }
}

/* log(1 + e^x) = max(x, 0) + log(1 + e^-|x|) */
static void softplus(const ajp_kernels *kernels, float *x, size_t n)
{
    enum { BLOCK = 256 };
    float e[BLOCK];
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t m = ajp_min_size(BLOCK, n - at);
        for (size_t i = 0; i < m; i++) e[i] = -fabsf(x[at + i]);
        kernels->map(AJP_MAP_EXP, e, e, m, 0, 0);
        kernels->map(AJP_MAP_AFFINE, e, e, m, 1, 1);
        kernels->map(AJP_MAP_LOG, e, e, m, 0, 0);
        for (size_t i = 0; i < m; i++) x[at + i] = fmaxf(x[at + i], 0) + e[i];
    }
}

void ajp_cell_apply(const ajp_kernels *kernels, const ajp_cell_function *f, float *x, size_t n)
{
    switch (f->kind) {
    case AJP_CELL_RELU:
        kernels->map(AJP_MAP_RELU, x, x, n, 0, 0);
        break;
    case AJP_CELL_TANH:
        kernels->map(AJP_MAP_TANH, x, x, n, 0, 0);
        break;
    case AJP_CELL_SIGMOID:
        kernels->map(AJP_MAP_SIGMOID, x, x, n, 0, 0);
        break;
    case AJP_CELL_AFFINE:
        kernels->map(AJP_MAP_AFFINE, x, x, n, f->alpha, f->beta);
        break;
    case AJP_CELL_LEAKY_RELU:
        kernels->map(AJP_MAP_LEAKY_RELU, x, x, n, f->alpha, 0);
        break;
    case AJP_CELL_THRESHOLDED_RELU:
        for (size_t i = 0; i < n; i++) x[i] = x[i] >= f->alpha ? x[i] : 0;
        break;
    case AJP_CELL_SCALED_TANH:
        kernels->map(AJP_MAP_AFFINE, x, x, n, f->beta, 0);
        kernels->map(AJP_MAP_TANH, x, x, n, 0, 0);
        kernels->map(AJP_MAP_AFFINE, x, x, n, f->alpha, 0);
        break;
    case AJP_CELL_HARD_SIGMOID:
        kernels->map(AJP_MAP_AFFINE, x, x, n, f->alpha, f->beta);
        kernels->map(AJP_MAP_CLIP, x, x, n, 0, 1);
        break;
    case AJP_CELL_ELU:
        elu(kernels, f->alpha, x, n);
        break;
    case AJP_CELL_SOFTSIGN:
        for (size_t i = 0; i < n; i++) x[i] /= 1 + fabsf(x[i]);
        break;
    case AJP_CELL_SOFTPLUS:
        softplus(kernels, x, n);
        break;
    case AJP_N_CELL_FUNCTIONS:
        break;
    }
}

static void clip(const ajp_cell *cell, float *x, size_t n)
{
    if (cell->clip < INFINITY) cell->kernels->map(AJP_MAP_CLIP, x, x, n, -cell->clip, cell->clip);
}

/* x += w .* state */
static void peep(const float *w, const float *state, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) x[i] += w[i] * state[i];
}

void ajp_cell_rnn(const ajp_cell *cell, const float *from, float *to, float *h)
{
    cell->kernels->binary('+', from, to, to, cell->hidden);
    clip(cell, to, cell->hidden);
    ajp_cell_apply(cell->kernels, &cell->functions[0], to, cell->hidden);
    memcpy(h, to, cell->hidden * sizeof *h);
}

void ajp_cell_lstm(const ajp_cell *cell, const float *from, float *to, float *h, float *c)
{
    const ajp_kernels *kernels = cell->kernels;
    size_t n = cell->hidden;
    float *in = to, *out = to + n, *forget = to + 2 * n, *fresh = to + 3 * n;
    kernels->binary('+', from, to, to, 4 * n);
    if (cell->peephole != NULL) {
        peep(cell->peephole, c, in, n);
        peep(cell->peephole + 2 * n, c, forget, n);
    }
    /* the peephole of the output gate looks at the new state, so that gate waits for it */
    bool together = cell->peephole == NULL;
    if (together) {
        clip(cell, to, 4 * n);
        ajp_cell_apply(kernels, &cell->functions[0], to, 3 * n);
    } else {
        clip(cell, in, n);
        clip(cell, forget, 2 * n); /* and the cell gate behind it */
        ajp_cell_apply(kernels, &cell->functions[0], in, n);
        ajp_cell_apply(kernels, &cell->functions[0], forget, n);
    }
    ajp_cell_apply(kernels, &cell->functions[1], fresh, n);
    if (cell->input_forget)
        for (size_t i = 0; i < n; i++) forget[i] = 1 - in[i];
    for (size_t i = 0; i < n; i++) c[i] = forget[i] * c[i] + in[i] * fresh[i];
    if (!together) {
        peep(cell->peephole + n, c, out, n);
        clip(cell, out, n);
        ajp_cell_apply(kernels, &cell->functions[0], out, n);
    }
    memcpy(h, c, n * sizeof *h);
    ajp_cell_apply(kernels, &cell->functions[2], h, n);
    kernels->binary('*', out, h, h, n);
}

void ajp_cell_gru_gates(const ajp_cell *cell, const float *from, float *to)
{
    size_t n = 2 * cell->hidden;
    cell->kernels->binary('+', from, to, to, n);
    clip(cell, to, n);
    ajp_cell_apply(cell->kernels, &cell->functions[0], to, n);
}

void ajp_cell_gru(const ajp_cell *cell, const float *from_hidden, const float *gates, float *to_hidden,
                  float *h)
{
    size_t n = cell->hidden;
    cell->kernels->binary('+', from_hidden, to_hidden, to_hidden, n);
    clip(cell, to_hidden, n);
    ajp_cell_apply(cell->kernels, &cell->functions[1], to_hidden, n);
    for (size_t i = 0; i < n; i++) h[i] = (1 - gates[i]) * to_hidden[i] + gates[i] * h[i];
}

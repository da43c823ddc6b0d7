/* train_net.h: a plain network of any layers in double, channels first, one loop an axis: what training is
 * compared with. */
#ifndef AJ_TRAIN_NET_TEST_H
#define AJ_TRAIN_NET_TEST_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/net.h"

enum { N_SAMPLES = 7, N_CLASSES = 5, MOST_LAYERS = 24, MOST_PARAMETERS = 4096, MOST_VALUES = 1024 };

static float net_inputs[N_SAMPLES * 128];
static int32_t net_labels[64];

static inline float net_random(size_t place)
{
    uint32_t key[2] = {9, 4}, counter[4] = {(uint32_t)place, 0, 0, 0}, words[4];
    aj_philox4x32(key, counter, words);
    return (float)(words[0] / 4294967296.0 * 2.0 - 1.0);
}

static inline void make_net_samples(void)
{
    for (size_t i = 0; i < N_SAMPLES * 128; i++) net_inputs[i] = net_random(i);
    for (size_t s = 0; s < 64; s++) net_labels[s] = (int32_t)(s * 3 % N_CLASSES);
}

/* Every layer reads the one before it. */
static inline void chain(aj_train_layer *layers, size_t n)
{
    for (size_t i = 0; i < n; i++) layers[i].from = i;
}

static inline aj_train_options net_options(const aj_train_layer *layers, size_t n, const size_t image[3])
{
    aj_train_options o = AJ_TRAIN_OPTIONS_INIT;
    o.network = layers;
    o.n_network = n;
    memcpy(o.image, image, sizeof o.image);
    o.batch = N_SAMPLES;
    o.n_epochs = 1;
    o.momentum = 0.0;
    return o;
}

typedef struct {
    const ajp_net *net;
    uint32_t order[N_SAMPLES];
    size_t n_parameters[MOST_LAYERS]; /* of each layer: matrix (or scales), then biases */
    double parameters[MOST_LAYERS][MOST_PARAMETERS];
    double masks[MOST_LAYERS][N_SAMPLES][64];
    double running[MOST_LAYERS][2][64];
    double values[MOST_LAYERS][N_SAMPLES][MOST_VALUES];
    double means[MOST_LAYERS][64], variances[MOST_LAYERS][64]; /* what batch norm saw */
} plain_net;

/* Scales and biases start at 1 and 0, which hides mistakes. */
static inline void spread_vectors(ajp_net *t)
{
    for (size_t l = 0; l < t->n_nodes; l++)
        for (int k = 0; k < 2; k++)
            for (size_t c = 0; c < t->nodes[l].vectors[k].n; c++)
                t->nodes[l].vectors[k].values[c] += 0.3f * net_random(100000 + l * 1000 + k * 100 + c);
}

static inline void plain_take(plain_net *p, const ajp_net *t, const uint32_t *order)
{
    memset(p, 0, sizeof *p);
    p->net = t;
    memcpy(p->order, order, sizeof p->order);
    for (size_t l = 0; l < t->n_nodes; l++) {
        const ajp_node *node = &t->nodes[l];
        const ajp_matrix *m = &node->matrix;
        const size_t taps = node->layer->kind == AJ_LAYER_CONV ? node->kernel[0] * node->kernel[1] : 1;
        size_t n = 0;
        for (size_t o = 0; o < m->groups * m->n_out; o++)
            for (size_t i = 0; i < m->n_in; i++) { /* (place, channel) to (channel, place) */
                const size_t channels = m->n_in / taps, j = o % m->n_out,
                             at = i % channels * taps + i / channels;
                p->parameters[l][o * m->n_in + at] =
                    m->weights[o / m->n_out * m->packed + (j / 16 * m->n_in + i) * 16 + j % 16];
                n++;
            }
        for (int k = 0; k < 2; k++)
            for (size_t c = 0; c < node->vectors[k].n; c++)
                p->parameters[l][n++] = node->vectors[k].values[c];
        p->n_parameters[l] = n;
        for (size_t c = 0; c < node->in->image.channels && node->running_mean != NULL; c++) {
            p->running[l][0][c] = node->running_mean[c];
            p->running[l][1][c] = node->running_variance[c];
        }
    }
}

/* What dropout multiplied by in the last step; channels first. */
static inline void plain_masks(plain_net *p, const ajp_net *t)
{
    for (size_t l = 0; l < t->n_nodes; l++) {
        const ajp_node *node = &t->nodes[l];
        const ajp_image *image = &node->out->image;
        const size_t places = image->height * image->width;
        for (size_t s = 0; s < N_SAMPLES && node->layer->kind == AJ_LAYER_DROPOUT; s++)
            for (size_t i = 0; i < ajp_image_size(image); i++)
                p->masks[l][s][i % image->channels * places + i / image->channels] =
                    node->extra[s * node->extra_row + i];
    }
}

/* Calls for every place under the window of output (y, x) that lies in the image. */
#define EACH_TAP(node, y, x, image, body)                                                                   \
    for (size_t i_ = 0; i_ < (node)->kernel[0]; i_++)                                                       \
        for (size_t j_ = 0; j_ < (node)->kernel[1]; j_++) {                                                 \
            const ptrdiff_t iy = (ptrdiff_t)((y) * (node)->stride[0] + i_) - (ptrdiff_t)(node)->padding[0], \
                            ix = (ptrdiff_t)((x) * (node)->stride[1] + j_) - (ptrdiff_t)(node)->padding[1]; \
            if (iy < 0 || ix < 0 || iy >= (ptrdiff_t)(image)->height || ix >= (ptrdiff_t)(image)->width)    \
                continue;                                                                                   \
            const size_t at = (size_t)iy * (image)->width + (size_t)ix, tap = i_ * (node)->kernel[1] + j_;  \
            (void)tap;                                                                                      \
            body                                                                                            \
        }

static inline double plain_window(const ajp_node *node, const double *parameters, const double *x, size_t c,
                                  size_t y, size_t x0)
{
    const ajp_image *image = &node->in->image;
    const size_t places = image->height * image->width, taps = node->kernel[0] * node->kernel[1];
    double sum = 0.0, most = -INFINITY;
    if (node->layer->kind == AJ_LAYER_CONV) {
        const size_t cols = image->channels / node->groups,
                     group = c / (node->out->image.channels / node->groups);
        for (size_t k = 0; k < cols; k++)
            EACH_TAP(node, y, x0, image,
                     sum += parameters[(c * cols + k) * taps + tap] * x[(group * cols + k) * places + at];)
        return sum;
    }
    EACH_TAP(node, y, x0, image, sum += x[c * places + at]; most = fmax(most, x[c * places + at]);)
    return node->layer->kind == AJ_LAYER_MAX_POOL ? most : sum / (double)taps;
}

static inline void plain_sliding(const plain_net *p, size_t l, const double *x, double *y)
{
    const ajp_node *node = &p->net->nodes[l];
    const ajp_image *out = &node->out->image;
    const double *bias =
        node->vectors[0].n > 0 ? p->parameters[l] + p->n_parameters[l] - node->vectors[0].n : NULL;
    for (size_t c = 0; c < out->channels; c++)
        for (size_t i = 0; i < out->height; i++)
            for (size_t j = 0; j < out->width; j++)
                *y++ = plain_window(node, p->parameters[l], x, c, i, j) + (bias != NULL ? bias[c] : 0.0);
}

static inline void plain_norm(plain_net *p, size_t l, bool learn, double (*x)[MOST_VALUES],
                              double (*y)[MOST_VALUES])
{
    const ajp_node *node = &p->net->nodes[l];
    const ajp_image *image = &node->in->image;
    const size_t places = image->height * image->width;
    for (size_t c = 0; c < image->channels; c++) {
        double mean = 0.0, variance = 0.0;
        for (size_t s = 0; s < N_SAMPLES; s++)
            for (size_t i = 0; i < places; i++) mean += x[s][c * places + i];
        mean /= (double)(N_SAMPLES * places);
        for (size_t s = 0; s < N_SAMPLES; s++)
            for (size_t i = 0; i < places; i++) variance += pow(x[s][c * places + i] - mean, 2.0);
        variance /= (double)(N_SAMPLES * places);
        p->means[l][c] = mean;
        p->variances[l][c] = variance;
        if (!learn) {
            mean = p->running[l][0][c];
            variance = p->running[l][1][c];
        }
        const double epsilon = node->layer->epsilon > 0.0 ? node->layer->epsilon : 1e-5;
        for (size_t s = 0; s < N_SAMPLES; s++)
            for (size_t i = 0; i < places; i++)
                y[s][c * places + i] =
                    (x[s][c * places + i] - mean) / sqrt(variance + epsilon) * p->parameters[l][c] +
                    p->parameters[l][image->channels + c];
    }
}

static inline void plain_dense(const plain_net *p, size_t l, const double *x, double *y)
{
    const ajp_node *node = &p->net->nodes[l];
    const size_t n_in = node->matrix.n_in, n_out = node->matrix.n_out;
    for (size_t j = 0; j < n_out; j++) {
        y[j] = node->vectors[0].n > 0 ? p->parameters[l][n_in * n_out + j] : 0.0;
        for (size_t i = 0; i < n_in; i++) y[j] += p->parameters[l][j * n_in + i] * x[i];
    }
}

static inline double plain_activation(const aj_train_layer *layer, double x)
{
    switch (layer->kind) {
    case AJ_LAYER_RELU:
        return x > 0.0 ? x : 0.0;
    case AJ_LAYER_LEAKY_RELU:
        return x > 0.0 ? x : x * layer->leaky_slope;
    case AJ_LAYER_SIGMOID:
        return 1.0 / (1.0 + exp(-x));
    case AJ_LAYER_TANH:
        return tanh(x);
    default:
        return x;
    }
}

static inline void plain_layer(plain_net *p, size_t l, bool learn)
{
    const ajp_node *node = &p->net->nodes[l];
    const aj_train_layer *layer = node->layer;
    if (layer->kind == AJ_LAYER_BATCH_NORM) {
        plain_norm(p, l, learn, p->values[layer->from], p->values[l + 1]);
        return;
    }
    for (size_t s = 0; s < N_SAMPLES; s++) {
        const double *x = p->values[layer->from][s], *with = p->values[layer->with][s];
        double *y = p->values[l + 1][s];
        const size_t n = ajp_image_size(&node->out->image);
        if (node->jumps != NULL)
            plain_sliding(p, l, x, y);
        else if (layer->kind == AJ_LAYER_DENSE)
            plain_dense(p, l, x, y);
        else
            for (size_t i = 0; i < n; i++)
                y[i] = layer->kind == AJ_LAYER_ADD                ? x[i] + with[i]
                       : layer->kind == AJ_LAYER_DROPOUT && learn ? x[i] * p->masks[l][s][i]
                                                                  : plain_activation(layer, x[i]);
    }
}

/* Mean cross-entropy; `learn`: with the batch's own moments, and dropout. */
static inline double plain_loss(plain_net *p, bool learn)
{
    const size_t n = p->net->n_nodes, n_in = ajp_image_size(&p->net->values[0].image);
    double sum = 0.0;
    for (size_t s = 0; s < N_SAMPLES; s++)
        for (size_t i = 0; i < n_in; i++) p->values[0][s][i] = net_inputs[p->order[s] * n_in + i];
    for (size_t l = 0; l < n; l++) plain_layer(p, l, learn);
    for (size_t s = 0; s < N_SAMPLES; s++) {
        double total = 0.0;
        for (int c = 0; c < N_CLASSES; c++) total += exp(p->values[n][s][c]);
        sum += log(total) - p->values[n][s][net_labels[p->order[s]]];
    }
    return sum / N_SAMPLES;
}

#endif

/* net_norm.c: batch norm (Ioffe and Szegedy 2015): y = scale * (x - mean) / sqrt(variance + epsilon) + bias,
 * mean and variance of a channel over all places of the batch.  Each sample's own mean and squared deviations
 * are combined in double by Chan, Golub and LeVeque's formula (1983, The American Statistician 37:242), in
 * the order of the samples. */
#include <math.h>
#include <string.h>

#include "net.h"

/* Constants of channels, repeated along a row of the image. */
static void repeat(const float *values, size_t n, size_t n_places, float *row)
{
    for (size_t w = 0; w < n_places; w++) memcpy(row + w * n, values, n * sizeof *row);
}

static float *sums_of(const ajp_vector *v, size_t sample)
{
    return v->gradients + sample * ajp_round_up(v->n, AJP_LANES);
}

static size_t n_places(const ajp_value *v)
{
    return v->image.height * v->image.width;
}

/* ---- of each sample ------------------------------------------------------------------------------------ */

void ajp_norm_moments(const ajp_rows *r)
{
    const ajp_node *node = r->node;
    const ajp_value *in = node->in;
    const ajp_kernels *k = r->job->net->kernels;
    const size_t n = in->image.channels, width = in->image.width;
    float *wide = r->scratch, *shift = wide + r->job->net->row_floats;
    for (size_t s = r->first; s < r->first + r->n; s++) {
        const float *x = in->out + s * in->sample + in->inner;
        float *mean = node->moments + s * 2 * n, *squares = mean + n;
        k->column_sums(x, in->line, in->image.height, in->row, wide);
        ajp_fold(wide, width, n, mean);
        for (size_t c = 0; c < n; c++) mean[c] /= (float)n_places(in);
        repeat(mean, n, width, shift);
        k->column_products(x, in->line, shift, NULL, 0, in->image.height, in->row, wide);
        ajp_fold(wide, width, n, squares);
    }
}

void ajp_norm_forward(const ajp_rows *r)
{
    const ajp_node *node = r->node;
    const ajp_value *in = node->in, *out = node->out;
    for (size_t s = r->first; s < r->first + r->n; s++) {
        const ajp_column_scale scale = {.m = in->image.height,
                                        .n = in->row,
                                        .x = in->out + s * in->sample + in->inner,
                                        .x_row = in->line,
                                        .shift = node->shift,
                                        .scale = node->scale,
                                        .offset = node->offset,
                                        .y = out->out + s * out->sample + out->inner,
                                        .y_row = out->line,
                                        .activation = node->activation,
                                        .activation_parameter = node->activation_parameter};
        r->job->net->kernels->scale_columns(&scale);
    }
}

/* Gradients of scale and bias, one sample: sums of error * (x - mean) / deviation, and of error. */
void ajp_norm_sums(const ajp_rows *r)
{
    const ajp_node *node = r->node;
    const ajp_value *in = node->in, *out = node->out;
    const ajp_kernels *k = r->job->net->kernels;
    const size_t n = in->image.channels, width = in->image.width;
    float *wide = r->scratch;
    for (size_t s = r->first; s < r->first + r->n; s++) {
        const float *x = in->out + s * in->sample + in->inner;
        const float *error = out->error + s * out->sample + out->inner;
        float *scale = sums_of(&node->vectors[0], s);
        k->column_products(x, in->line, node->shift, error, out->line, in->image.height, in->row, wide);
        ajp_fold(wide, width, n, scale);
        for (size_t c = 0; c < n; c++) scale[c] *= (float)node->inverse[c];
        k->column_sums(error, out->line, in->image.height, in->row, wide);
        ajp_fold(wide, width, n, sums_of(&node->vectors[1], s));
    }
}

void ajp_norm_backward(const ajp_rows *r)
{
    const ajp_node *node = r->node;
    const ajp_value *in = node->in, *out = node->out;
    if (!in->wants_error) return;
    for (size_t s = r->first; s < r->first + r->n; s++) {
        const ajp_column_scale scale = {.m = in->image.height,
                                        .n = in->row,
                                        .x = in->out + s * in->sample + in->inner,
                                        .x_row = in->line,
                                        .shift = node->shift,
                                        .scale = node->x_scale,
                                        .offset = node->offset,
                                        .z = out->error + s * out->sample + out->inner,
                                        .z_row = out->line,
                                        .z_scale = node->scale,
                                        .y = in->error + s * in->sample + in->inner,
                                        .y_row = in->line,
                                        .accumulate = node->adds_in};
        r->job->net->kernels->scale_columns(&scale);
    }
}

/* ---- at the barriers ------------------------------------------------------------------------------------
 */

/* y = (x - mean) * scale + bias, channel c. */
static void set_constants(ajp_node *node, size_t c, double mean, double inverse)
{
    node->inverse[c] = inverse;
    node->shift[c] = (float)mean;
    node->scale[c] = (float)((double)node->vectors[0].values[c] * inverse);
    node->offset[c] = node->vectors[1].values[c];
}

/* The first channels' worth of a row of constants is right: repeats it. */
static void repeat_constants(float *row, const ajp_value *v)
{
    const size_t n = v->image.channels;
    for (size_t w = 1; w < v->image.width; w++) memcpy(row + w * n, row, n * sizeof *row);
}

static void repeat_all(ajp_node *node)
{
    repeat_constants(node->shift, node->in);
    repeat_constants(node->scale, node->in);
    repeat_constants(node->offset, node->in);
}

static double or_usual(double value, double usual)
{
    return value > 0.0 ? value : usual;
}

void ajp_norm_gather_moments(ajp_node *node, size_t n_samples)
{
    const size_t n = node->in->image.channels;
    const double places = (double)n_places(node->in), all = places * (double)n_samples;
    const double epsilon = or_usual(node->layer->epsilon, 1e-5),
                 momentum = or_usual(node->layer->momentum, 0.1);
    for (size_t c = 0; c < n; c++) {
        double mean = 0.0, squares = 0.0;
        for (size_t s = 0; s < n_samples; s++) mean += (double)node->moments[s * 2 * n + c];
        mean /= (double)n_samples;
        for (size_t s = 0; s < n_samples; s++) {
            const double off = (double)node->moments[s * 2 * n + c] - mean;
            squares += (double)node->moments[(s * 2 + 1) * n + c] + places * off * off;
        }
        const double variance = squares / all;
        set_constants(node, c, mean, 1.0 / sqrt(variance + epsilon));
        /* The running variance is the unbiased one, as PyTorch's; of a single value, 0. */
        const double unbiased = all > 1.0 ? squares / (all - 1.0) : variance;
        node->running_mean[c] += (float)(momentum * (mean - (double)node->running_mean[c]));
        node->running_variance[c] += (float)(momentum * (unbiased - (double)node->running_variance[c]));
    }
    repeat_all(node);
}

/* d loss / d x = a * error + b * (x - mean) + d with, for M values of a channel and gradients G of scale and
 * B of bias: a = scale / deviation, b = -a * G / (M * deviation), d = -a * B / M. */
void ajp_norm_gather_sums(ajp_node *node, size_t n_samples)
{
    const size_t n = node->in->image.channels;
    const double all = (double)n_places(node->in) * (double)n_samples;
    for (size_t c = 0; c < n; c++) {
        double scale = 0.0, bias = 0.0;
        for (size_t s = 0; s < n_samples; s++) {
            scale += (double)sums_of(&node->vectors[0], s)[c];
            bias += (double)sums_of(&node->vectors[1], s)[c];
        }
        const double a = (double)node->vectors[0].values[c] * node->inverse[c];
        node->x_scale[c] = (float)(-a * node->inverse[c] * scale / all);
        node->offset[c] = (float)(-a * bias / all);
    }
    repeat_constants(node->x_scale, node->in);
    repeat_constants(node->offset, node->in);
}

void ajp_norm_use_running(ajp_node *node)
{
    const double epsilon = or_usual(node->layer->epsilon, 1e-5);
    for (size_t c = 0; c < node->in->image.channels; c++)
        set_constants(node, c, (double)node->running_mean[c],
                      1.0 / sqrt((double)node->running_variance[c] + epsilon));
    repeat_all(node);
}

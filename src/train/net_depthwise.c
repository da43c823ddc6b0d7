/* net_depthwise.c: convolution of every channel by itself, 16 channels at a time.  The matrix is outputs x
 * places of the window, packed like any other, so that the optimiser and the file know nothing of it. */
#include "net.h"

static size_t n_vectors(const ajp_node *node)
{
    return (node->matrix.n_out + AJP_LANES - 1) / AJP_LANES;
}

void ajp_depthwise_forward(const ajp_rows *r)
{
    const ajp_node *node = r->node;
    const ajp_value *in = node->in, *out = node->out;
    const ajp_matrix *m = &node->matrix;
    ajp_window w = {.kind = AJP_WINDOW_PRODUCT,
                    .n_lines = out->image.height,
                    .n_places = out->image.width,
                    .n_jumps = node->n_runs,
                    .x_line = node->stride[0] * in->line,
                    .x_place = node->stride[1] * in->image.channels,
                    .jump = node->jumps,
                    .w_jump = node->w_jumps,
                    .activation = node->activation,
                    .activation_parameter = node->activation_parameter,
                    .y_line = out->line,
                    .y_place = out->image.channels};
    for (size_t s = r->first; s < r->first + r->n; s++)
        for (size_t v = 0; v < n_vectors(node); v++) {
            w.n_channels = ajp_min_size(AJP_LANES, m->n_out - v * AJP_LANES);
            w.x = in->out + s * in->sample + ajp_window_start(node) + v * AJP_LANES;
            w.w = m->weights + v * AJP_LANES * m->n_in;
            w.bias = node->vectors[0].n > 0 ? node->vectors[0].values + v * AJP_LANES : NULL;
            w.y = out->out + s * out->sample + out->inner + v * AJP_LANES;
            r->job->net->kernels->window(&w);
        }
}

/* Row y of the outputs, vector v of the channels: errors (x) and what was under their windows (y, in
 * `image`). */
static ajp_window_spread spread_of(const ajp_node *node, size_t sample, size_t y, size_t v, float *image)
{
    const ajp_value *in = node->in, *out = node->out;
    return (ajp_window_spread){
        .n_places = out->image.width,
        .n_channels = ajp_min_size(AJP_LANES, node->matrix.n_out - v * AJP_LANES),
        .n_jumps = node->n_runs,
        .jump = node->jumps,
        .x = out->error + sample * out->sample + out->inner + y * out->line + v * AJP_LANES,
        .x_place = out->image.channels,
        .y = image + sample * in->sample + ajp_window_start(node) + node->in_rows[y] + v * AJP_LANES,
        .y_place = node->stride[1] * in->image.channels};
}

void ajp_depthwise_back(const ajp_rows *r, size_t sample)
{
    const ajp_node *node = r->node;
    const ajp_matrix *m = &node->matrix;
    for (size_t y = 0; y < node->out->image.height; y++)
        for (size_t v = 0; v < n_vectors(node); v++) {
            const ajp_window_spread s = spread_of(node, sample, y, v, node->in->error);
            r->job->net->kernels->add_products(&s, m->weights + v * AJP_LANES * m->n_in);
        }
}

void ajp_depthwise_gradient(const ajp_net_job *job, const ajp_node *node, size_t first, size_t end,
                            float *gradient)
{
    for (size_t sample = first; sample < end; sample++)
        for (size_t y = 0; y < node->out->image.height; y++)
            for (size_t v = 0; v < n_vectors(node); v++) {
                const ajp_window_spread s = spread_of(node, sample, y, v, node->in->out);
                job->net->kernels->place_products(&s, gradient + v * AJP_LANES * node->matrix.n_in);
            }
}

/* net_product.c: convolution and dense layers: forward, and errors back to what they read.  Gradients of
 * weights are in net_update.c. */
#include "net.h"

#include <string.h>

size_t ajp_window_start(const ajp_node *node)
{
    const ajp_value *in = node->in;
    return (in->border[0] - node->padding[0]) * in->line +
           (in->border[1] - node->padding[1]) * in->image.channels;
}

static size_t group_start(const ajp_node *node, size_t group)
{
    return node->groups > 1 ? group * node->run : 0;
}

/* ---- convolution: one product a sample and group ------------------------------------------------------ */

static ajp_gemm forward_product(const ajp_node *node)
{
    const ajp_value *in = node->in, *out = node->out;
    const ajp_matrix *m = &node->matrix;
    return (ajp_gemm){.m = out->image.height * out->image.width,
                      .n = m->n_out,
                      .k = m->n_in,
                      .a_row = node->stride[1] * in->image.channels,
                      .a_col = 1,
                      .b_row = AJP_LANES,
                      .b_vector = AJP_LANES * m->n_in,
                      .c_row = out->image.channels,
                      .c_vector = AJP_LANES,
                      .group = out->image.width,
                      .a_group_row = node->stride[0] * in->line,
                      .c_group_row = out->line,
                      .a_jump = node->jumps,
                      .run = node->run,
                      .activation = node->activation,
                      .activation_parameter = node->activation_parameter};
}

void ajp_conv_forward(const ajp_rows *r)
{
    const ajp_node *node = r->node;
    const ajp_matrix *m = &node->matrix;
    ajp_gemm g = forward_product(node);
    if (node->depthwise) {
        ajp_depthwise_forward(r);
        return;
    }
    for (size_t s = r->first; s < r->first + r->n; s++)
        for (size_t group = 0; group < m->groups; group++) {
            g.a = node->in->out + s * node->in->sample + ajp_window_start(node) + group_start(node, group);
            g.b = m->weights + group * m->packed;
            g.c = node->out->out + s * node->out->sample + node->out->inner + group * m->n_out;
            g.bias = node->vectors[0].values;
            if (g.bias != NULL) g.bias += group * m->n_out;
            r->job->net->kernels->gemm(&g);
        }
}

/* Errors of `n_lines` rows of outputs, turned into errors of what was under their windows, go to `columns`;
 * then each is added where it was read. */
static void lines_back(const ajp_rows *r, size_t sample, size_t group, size_t y, size_t n_lines)
{
    const ajp_node *node = r->node;
    const ajp_value *in = node->in, *out = node->out;
    const ajp_matrix *m = &node->matrix;
    float *columns = r->scratch + 3 * r->job->net->row_floats;
    const size_t row = ajp_round_up(m->n_in, AJP_LANES), width = out->image.width;
    ajp_gemm g = {.m = n_lines * width,
                  .n = m->n_in,
                  .k = m->n_out,
                  .a = out->error + sample * out->sample + out->inner + y * out->line + group * m->n_out,
                  .a_row = out->image.channels,
                  .a_col = 1,
                  .group = width,
                  .a_group_row = out->line,
                  .b = m->transposed + group * m->n_out * m->transposed_row,
                  .b_row = m->transposed_row,
                  .b_vector = AJP_LANES,
                  .c = columns,
                  .c_row = row,
                  .c_group_row = width * row,
                  .c_vector = AJP_LANES};
    ajp_window_spread spread = {.n_places = width,
                                .n_channels = node->run,
                                .n_jumps = node->n_runs,
                                .jump = node->jumps,
                                .x_place = row,
                                .y_place = node->stride[1] * in->image.channels};
    float *to = in->error + sample * in->sample + ajp_window_start(node) + group_start(node, group);
    r->job->net->kernels->gemm(&g);
    for (size_t i = 0; i < n_lines; i++) {
        spread.x = columns + i * width * row;
        spread.y = to + node->in_rows[y + i];
        r->job->net->kernels->add_windows(&spread);
    }
}

/* Sums of the errors of each channel, one sample. */
static void bias_gradient(const ajp_rows *r, size_t s)
{
    const ajp_value *out = r->node->out;
    const ajp_vector *v = &r->node->vectors[0];
    if (v->gradients == NULL) return;
    r->job->net->kernels->column_sums(out->error + s * out->sample + out->inner, out->line, out->image.height,
                                      out->row, r->scratch);
    ajp_fold(r->scratch, out->image.width, v->n, v->gradients + s * ajp_round_up(v->n, AJP_LANES));
}

void ajp_conv_backward(const ajp_rows *r)
{
    const ajp_node *node = r->node;
    const ajp_value *in = node->in;
    const ajp_matrix *m = &node->matrix;
    const size_t line = ajp_round_up(m->n_in, AJP_LANES) * node->out->image.width,
                 most = r->job->net->columns_floats / line, height = node->out->image.height;
    for (size_t s = r->first; s < r->first + r->n; s++) {
        bias_gradient(r, s);
        if (!in->wants_error) continue;
        if (!node->adds_in) memset(in->error + s * in->sample, 0, in->sample * sizeof *in->error);
        if (node->depthwise) {
            ajp_depthwise_back(r, s);
            continue;
        }
        for (size_t group = 0; group < m->groups; group++)
            for (size_t y = 0; y < height; y += most)
                lines_back(r, s, group, y, ajp_min_size(most, height - y));
    }
}

/* ---- dense: one product for all samples of the task ---------------------------------------------------- */

void ajp_dense_forward(const ajp_rows *r)
{
    const ajp_node *node = r->node;
    const ajp_matrix *m = &node->matrix;
    const ajp_gemm g = {.m = r->n,
                        .n = m->n_out,
                        .k = m->n_in,
                        .a = node->in->out + r->first * node->in->sample,
                        .a_row = node->in->sample,
                        .a_col = 1,
                        .b = m->weights,
                        .b_row = AJP_LANES,
                        .b_vector = AJP_LANES * m->n_in,
                        .c = node->out->out + r->first * node->out->sample,
                        .c_row = node->out->sample,
                        .c_vector = AJP_LANES,
                        .bias = node->vectors[0].values,
                        .activation = node->activation,
                        .activation_parameter = node->activation_parameter};
    r->job->net->kernels->gemm(&g);
}

void ajp_dense_backward(const ajp_rows *r)
{
    const ajp_node *node = r->node;
    const ajp_matrix *m = &node->matrix;
    const ajp_gemm g = {.m = r->n,
                        .n = m->n_in,
                        .k = m->n_out,
                        .a = node->out->error + r->first * node->out->sample,
                        .a_row = node->out->sample,
                        .a_col = 1,
                        .b = m->transposed,
                        .b_row = m->transposed_row,
                        .b_vector = AJP_LANES,
                        .c = node->in->error + r->first * node->in->sample,
                        .c_row = node->in->sample,
                        .c_vector = AJP_LANES,
                        .accumulate = node->adds_in};
    if (node->in->wants_error) r->job->net->kernels->gemm(&g);
}

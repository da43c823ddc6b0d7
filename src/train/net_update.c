/* net_update.c: gradients of weights from values and errors, and the optimiser.
 *
 * A convolution's gradient is a product over the places of all samples; the batch is cut into parts fixed by
 * its size, each a sum of its own in the order of its samples, and the parts are added in order.  A dense
 * layer's is one product over the batch, block by block, used at once. */
#include <math.h>
#include <string.h>

#include "net.h"
#include "step.h"

enum {
    GRADIENT_ROWS = 216,    /* inputs of one task: enough of them that a sample's errors are used well */
    UPDATE_FLOATS = 1 << 14 /* weights of one task */
};

static size_t up(size_t n, size_t by)
{
    return (n + by - 1) / by;
}

static void update(const ajp_net_job *job, float *w, float *const moments[2], size_t at, const float *g,
                   size_t n, bool decays)
{
    const aj_train_options *o = job->net->options;
    const float decay = decays ? (float)o->weight_decay : 0.0F;
    if (o->optimizer == AJ_OPTIMIZER_ADAM)
        job->net->kernels->adam(w + at, moments[0] + at, moments[1] + at, g, n, job->step_rate,
                                (float)o->beta1, (float)o->beta2, job->epsilon, decay);
    else
        job->net->kernels->sgd(w + at, moments[0] + at, g, n, job->rate, (float)o->momentum, decay);
}

/* ---- convolution ----------------------------------------------------------------------------------------
 */

static size_t part_samples(const ajp_net_job *job, const ajp_matrix *m)
{
    return up(job->net->options->batch, m->n_parts);
}

static size_t parts_used(const ajp_net_job *job, const ajp_matrix *m)
{
    return up(job->n, part_samples(job, m));
}

/* Rows of a kernel that one product can take: all of them, or one where a group's channels lie apart. */
static ajp_gemm gradient_product(const ajp_node *node)
{
    const ajp_value *in = node->in, *out = node->out;
    const ajp_matrix *m = &node->matrix;
    const bool whole = node->groups == 1;
    return (ajp_gemm){.m = whole ? m->n_in : m->n_in / node->kernel[0],
                      .n = m->n_out,
                      .k = out->image.height * out->image.width,
                      .a_row = 1,
                      .a_col = node->stride[1] * in->image.channels,
                      .group = node->run,
                      .a_group_row = whole ? in->line : in->image.channels,
                      .a_jump = node->in_rows,
                      .b_jump = node->out_rows,
                      .run = out->image.width,
                      .b_row = out->image.channels,
                      .b_vector = AJP_LANES,
                      .c_row = AJP_LANES,
                      .c_group_row = AJP_LANES * node->run,
                      .c_vector = AJP_LANES * m->n_in};
}

/* Rows row0 ... of the product, of group and kernel row `part_of`, over the samples of a part. */
static void gradient_rows(const ajp_net_job *job, const ajp_node *node, size_t part, size_t group,
                          size_t kernel_row, size_t row0, size_t n_rows)
{
    const ajp_matrix *m = &node->matrix;
    const ajp_value *in = node->in, *out = node->out;
    const size_t each = part_samples(job, m), first = part * each, end = ajp_min_size(first + each, job->n);
    const size_t start = (in->border[0] - node->padding[0] + kernel_row) * in->line +
                         (in->border[1] - node->padding[1]) * in->image.channels +
                         (node->groups > 1 ? group * node->run : 0);
    ajp_gemm g = gradient_product(node);
    g.c = m->gradients + (part * m->groups + group) * m->packed + kernel_row * g.m * AJP_LANES;
    for (size_t s = first; s < end; s++) {
        g.a = in->out + s * in->sample + start;
        g.b = out->error + s * out->sample + out->inner + group * m->n_out;
        g.accumulate = s > first;
        job->net->kernels->gemm_block(&g, row0, n_rows, 0, g.n);
    }
}

static size_t row_blocks(const ajp_node *node)
{
    return node->groups == 1 ? up(node->matrix.n_in, GRADIENT_ROWS) : 1;
}

static size_t gradient_tasks(const ajp_net_job *job, const ajp_node *node)
{
    return parts_used(job, &node->matrix) * row_blocks(node);
}

static void gradient_task(const ajp_net_job *job, const ajp_node *node, size_t task)
{
    const ajp_matrix *m = &node->matrix;
    const size_t n_blocks = row_blocks(node), part = task / n_blocks, row0 = task % n_blocks * GRADIENT_ROWS;
    if (node->depthwise) {
        const size_t first = part * part_samples(job, m);
        float *gradient = m->gradients + part * m->packed;
        memset(gradient, 0, m->packed * sizeof *gradient);
        ajp_depthwise_gradient(job, node, first, ajp_min_size(first + part_samples(job, m), job->n),
                               gradient);
        return;
    }
    if (node->groups == 1) {
        gradient_rows(job, node, part, 0, 0, row0, ajp_min_size(GRADIENT_ROWS, m->n_in - row0));
        return;
    }
    for (size_t group = 0; group < m->groups; group++)
        for (size_t k = 0; k < node->kernel[0]; k++)
            gradient_rows(job, node, part, group, k, 0, m->n_in / node->kernel[0]);
}

/* ---- dense -----------------------------------------------------------------------------------------------
 */

static size_t dense_tasks(const ajp_node *node)
{
    return up(node->matrix.n_in, AJP_BLOCK_INPUTS) *
           up(ajp_round_up(node->matrix.n_out, AJP_LANES), AJP_BLOCK_OUTPUTS);
}

static void dense_task(const ajp_net_job *job, ajp_node *node, size_t task, float *gradient)
{
    ajp_matrix *m = &node->matrix;
    ajp_vector *bias = &node->vectors[0];
    const size_t down = up(m->n_in, AJP_BLOCK_INPUTS), i0 = task % down * AJP_BLOCK_INPUTS,
                 j0 = task / down * AJP_BLOCK_OUTPUTS;
    const size_t n_rows = ajp_min_size(AJP_BLOCK_INPUTS, m->n_in - i0),
                 n_cols = ajp_min_size(AJP_BLOCK_OUTPUTS, ajp_round_up(m->n_out, AJP_LANES) - j0);
    const ajp_gemm g = {.m = n_rows,
                        .n = n_cols,
                        .k = job->n,
                        .a = node->in->out + i0,
                        .a_row = 1,
                        .a_col = node->in->sample,
                        .b = node->out->error + j0,
                        .b_row = node->out->sample,
                        .b_vector = AJP_LANES,
                        .c = gradient,
                        .c_row = AJP_LANES,
                        .c_vector = AJP_LANES * n_rows};
    job->net->kernels->gemm(&g);
    for (size_t j = j0; j < j0 + n_cols; j += AJP_LANES)
        update(job, m->weights, m->moments, j * m->n_in + i0 * AJP_LANES, gradient + (j - j0) * n_rows,
               AJP_LANES * n_rows, true);
    ajp_net_transpose(m, 0, i0, i0 + n_rows, j0, j0 + n_cols);
    if (i0 != 0 || bias->n == 0) return;
    const size_t n = ajp_min_size(n_cols, m->n_out - j0);
    float *sums = gradient + AJP_BLOCK_INPUTS * AJP_BLOCK_OUTPUTS;
    job->net->kernels->column_sums(node->out->error + j0, node->out->sample, job->n, n, sums);
    update(job, bias->values, bias->moments, j0, sums, n, job->net->options->decay_biases);
}

/* ---- first job: gradients of convolutions, dense layers to the end ---------------------------------------
 */

static size_t first_tasks(const ajp_net_job *job, const ajp_node *node)
{
    if (!ajp_node_has_matrix(node)) return 0;
    return node->layer->kind == AJ_LAYER_CONV ? gradient_tasks(job, node) : dense_tasks(node);
}

static void run_first(void *user, size_t task, unsigned thread)
{
    const ajp_net_job *job = user;
    ajp_node *node = job->net->nodes;
    for (size_t n; task >= (n = first_tasks(job, node)); node++) task -= n;
    float *scratch = job->net->scratch + (size_t)thread * job->net->scratch_row + 3 * job->net->row_floats;
    if (node->layer->kind == AJ_LAYER_CONV)
        gradient_task(job, node, task);
    else
        dense_task(job, node, task, scratch);
}

/* ---- second job: sums of parts and samples, updates -------------------------------------------------------
 */

/* Whole vectors of 16 outputs of all groups; as many as make up a task. */
static size_t update_vectors(const ajp_matrix *m)
{
    return up(UPDATE_FLOATS, AJP_LANES * m->n_in);
}

static size_t n_vectors(const ajp_matrix *m)
{
    return m->groups * (m->packed / (AJP_LANES * m->n_in));
}

static size_t second_tasks(const ajp_node *node)
{
    const bool conv = node->layer->kind == AJ_LAYER_CONV;
    if (node->layer->kind == AJ_LAYER_BATCH_NORM) return 1;
    return conv ? 1 + up(n_vectors(&node->matrix), update_vectors(&node->matrix)) : 0;
}

static void matrix_task(const ajp_net_job *job, ajp_node *node, size_t task)
{
    ajp_matrix *m = &node->matrix;
    const size_t each = update_vectors(m), first = task * each,
                 end = ajp_min_size(first + each, n_vectors(m));
    const size_t vector = AJP_LANES * m->n_in, at = first * vector, n = (end - first) * vector;
    for (size_t part = 1; part < parts_used(job, m); part++)
        job->net->kernels->binary('+', m->gradients + at, m->gradients + part * m->groups * m->packed + at,
                                  m->gradients + at, n);
    update(job, m->weights, m->moments, at, m->gradients + at, n, true);
    for (size_t v = first; v < end; v++) {
        const size_t per_group = m->packed / vector, j0 = v % per_group * AJP_LANES;
        ajp_net_transpose(m, v / per_group, 0, m->n_in, j0, j0 + AJP_LANES);
    }
}

static void vector_task(const ajp_net_job *job, ajp_vector *v)
{
    const size_t row = ajp_round_up(v->n, AJP_LANES);
    if (v->n == 0) return;
    for (size_t c = 0; c < v->n; c++) {
        double sum = 0.0;
        for (size_t s = 0; s < job->n; s++) sum += (double)v->gradients[s * row + c];
        v->gradients[c] = (float)sum;
    }
    update(job, v->values, v->moments, 0, v->gradients, v->n, job->net->options->decay_biases);
}

static void run_second(void *user, size_t task, unsigned thread)
{
    const ajp_net_job *job = user;
    ajp_node *node = job->net->nodes;
    (void)thread;
    for (size_t n; task >= (n = second_tasks(node)); node++) task -= n;
    if (task > 0) {
        matrix_task(job, node, task - 1);
        return;
    }
    vector_task(job, &node->vectors[0]);
    vector_task(job, &node->vectors[1]);
}

void ajp_net_update(ajp_net_job *job, double rate)
{
    ajp_net *net = job->net;
    const aj_train_options *o = net->options;
    size_t n_first = 0, n_second = 0;
    net->beta1_power *= o->beta1;
    net->beta2_power *= o->beta2;
    const double correction = sqrt(1.0 - net->beta2_power);
    job->rate = (float)rate;
    job->step_rate = (float)(rate * correction / (1.0 - net->beta1_power));
    job->epsilon = (float)(o->epsilon * correction);
    for (size_t i = 0; i < net->n_nodes; i++) {
        n_first += first_tasks(job, &net->nodes[i]);
        n_second += second_tasks(&net->nodes[i]);
    }
    ajp_pool_run(net->context->pool, n_first, run_first, job);
    ajp_pool_run(net->context->pool, n_second, run_second, job);
}

/* step.c: one batch: forward, loss, errors back, gradients and updates; and the forward pass alone. */
#include "step.h"

#include <math.h>
#include <string.h>

/* What the tasks of one batch share. */
typedef struct {
    ajp_trainer *trainer;
    const ajp_samples *samples;
    const uint32_t *order;
    size_t n, n_blocks;
    double *losses;
    uint8_t *right; /* of an evaluation */
    bool learn;
    float rate, step_rate, epsilon; /* the last two of adam */
} batch_job;

void ajp_transpose_block(ajp_layer *layer, size_t i0, size_t i1, size_t j0, size_t j1)
{
    if (j1 > layer->n_out) j1 = layer->n_out;
    for (size_t j = j0; j < j1; j++) {
        const float *in = layer->weights + j / AJP_LANES * AJP_LANES * layer->n_in + j % AJP_LANES;
        float *restrict out = layer->transposed + j * layer->transposed_row;
        for (size_t i = i0; i < i1; i++) out[i] = in[i * AJP_LANES];
    }
}

/* ---- rows of the batch --------------------------------------------------------------------------- */

static void gather(const batch_job *job, size_t first, size_t n)
{
    const ajp_trainer *t = job->trainer;
    const ajp_samples *s = job->samples;
    float *out = t->input + first * t->input_row;
    if (s->dataset != NULL) {
        ajp_dataset_gather(s->dataset, job->order + first, n, out, t->input_row);
        return;
    }
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * t->input_row, s->inputs + job->order[first + i] * s->n_features,
               s->n_features * sizeof(float));
}

static void forward(const batch_job *job, size_t first, size_t n)
{
    const ajp_trainer *t = job->trainer;
    const float *in = t->input + first * t->input_row;
    size_t in_row = t->input_row;
    for (size_t l = 0; l < t->n_layers; l++) {
        const ajp_layer *layer = &t->layers[l];
        bool last = l + 1 == t->n_layers;
        float *out = layer->out + first * layer->row;
        ajp_gemm product = {
            .m = n, .n = layer->n_out, .k = layer->n_in, .a = in, .a_row = in_row, .a_col = 1};
        product.b = layer->weights;
        product.b_row = AJP_LANES;
        product.b_vector = AJP_LANES * layer->n_in;
        product.c = out;
        product.c_row = layer->row;
        product.c_vector = AJP_LANES;
        product.bias = layer->bias;
        product.activation = last ? AJP_ACTIVATION_NONE : t->activation;
        product.activation_parameter = t->activation_parameter;
        t->kernels->gemm(&product);
        in = out;
        in_row = layer->row;
    }
}

static size_t largest(const float *values, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (values[i] > values[best]) best = i;
    return best;
}

/* Losses; and when learning, d(mean loss)/d(logits) = (softmax - one at the label) / n. */
static void loss(const batch_job *job, size_t first, size_t n)
{
    const ajp_trainer *t = job->trainer;
    const ajp_layer *layer = &t->layers[t->n_layers - 1];
    const float share = 1.0F / (float)job->n;
    const float *logits = layer->out + first * layer->row;
    float *error = layer->error + first * layer->row;
    t->kernels->softmax(logits, layer->row, error, layer->row, n, layer->n_out, true);
    for (size_t i = 0; i < n; i++, error += layer->row, logits += layer->row) {
        size_t label = (size_t)job->samples->labels[job->order[first + i]];
        job->losses[first + i] = -(double)error[label];
        if (job->right != NULL) job->right[first + i] = largest(logits, layer->n_out) == label;
        if (!job->learn) continue;
        t->kernels->map(AJP_MAP_EXP, error, error, layer->n_out, 0.0F, 0.0F);
        error[label] -= 1.0F;
        for (size_t j = 0; j < layer->n_out; j++) error[j] *= share;
    }
}

/* Turns d loss / d output into d loss / d sum, from the outputs. */
static void through_activation(const ajp_trainer *t, const float *out, float *restrict error, size_t n)
{
    switch (t->activation) {
    case AJP_ACTIVATION_SIGMOID:
        for (size_t i = 0; i < n; i++) error[i] *= out[i] * (1.0F - out[i]);
        break;
    case AJP_ACTIVATION_TANH:
        for (size_t i = 0; i < n; i++) error[i] *= 1.0F - out[i] * out[i];
        break;
    default:
        t->kernels->relu_backward(
            out, error, n, t->activation == AJP_ACTIVATION_LEAKY_RELU ? t->activation_parameter : 0.0F);
    }
}

static void backward(const batch_job *job, size_t first, size_t n)
{
    const ajp_trainer *t = job->trainer;
    for (size_t l = t->n_layers; l-- > 1;) {
        const ajp_layer *above = &t->layers[l], *layer = &t->layers[l - 1];
        float *error = layer->error + first * layer->row;
        ajp_gemm product = {.m = n, .n = above->n_in, .k = above->n_out};
        product.a = above->error + first * above->row;
        product.a_row = above->row;
        product.a_col = 1;
        product.b = above->transposed;
        product.b_row = above->transposed_row;
        product.b_vector = AJP_LANES;
        product.c = error;
        product.c_row = layer->row;
        product.c_vector = AJP_LANES;
        t->kernels->gemm(&product);
        through_activation(t, layer->out + first * layer->row, error, n * layer->row);
    }
}

static void run_rows(void *user, size_t block, unsigned thread)
{
    const batch_job *job = user;
    (void)thread;
    size_t first = job->n * block / job->n_blocks, n = job->n * (block + 1) / job->n_blocks - first;
    gather(job, first, n);
    forward(job, first, n);
    loss(job, first, n);
    if (job->learn) backward(job, first, n);
}

/* An even number of blocks of up to 32 rows; where the cuts fall changes no bit. */
static size_t row_blocks(size_t n)
{
    return n < 16 ? 1 : 2 * ((n + 63) / 64);
}

/* ---- blocks of weights --------------------------------------------------------------------------- */

static void update(const batch_job *job, float *w, float *const moments[2], size_t at, const float *g,
                   size_t n, bool decays)
{
    const ajp_trainer *t = job->trainer;
    const aj_train_options *o = &t->options;
    float decay = decays ? (float)o->weight_decay : 0.0F;
    if (o->optimizer == AJ_OPTIMIZER_ADAM)
        t->kernels->adam(w + at, moments[0] + at, moments[1] + at, g, n, job->step_rate, (float)o->beta1,
                         (float)o->beta2, job->epsilon, decay);
    else
        t->kernels->sgd(w + at, moments[0] + at, g, n, job->rate, (float)o->momentum, decay);
}

static void update_block(const batch_job *job, size_t l, size_t i0, size_t j0, float *gradient)
{
    const ajp_trainer *t = job->trainer;
    ajp_layer *layer = (ajp_layer *)&t->layers[l];
    size_t n_rows = ajp_min_size(AJP_BLOCK_INPUTS, layer->n_in - i0),
           n_cols = ajp_min_size(AJP_BLOCK_OUTPUTS, layer->n_padded - j0);
    ajp_gemm product = {.m = n_rows, .n = n_cols, .k = job->n};
    product.a = (l == 0 ? t->input : t->layers[l - 1].out) + i0;
    product.a_row = 1;
    product.a_col = l == 0 ? t->input_row : t->layers[l - 1].row;
    product.b = layer->error + j0;
    product.b_row = layer->row;
    product.b_vector = AJP_LANES;
    product.c = gradient;
    product.c_row = AJP_LANES;
    product.c_vector = AJP_LANES * n_rows;
    t->kernels->gemm(&product);
    for (size_t j = j0; j < j0 + n_cols; j += AJP_LANES)
        update(job, layer->weights, layer->weight_moments, j * layer->n_in + i0 * AJP_LANES,
               gradient + (j - j0) * n_rows, AJP_LANES * n_rows, true);
    if (layer->transposed != NULL) ajp_transpose_block(layer, i0, i0 + n_rows, j0, j0 + n_cols);
    if (i0 != 0) return;
    float *sums = gradient + AJP_BLOCK_INPUTS * AJP_BLOCK_OUTPUTS;
    t->kernels->column_sums(layer->error + j0, layer->row, job->n, n_cols, sums);
    update(job, layer->bias, layer->bias_moments, j0, sums, n_cols, t->options.decay_biases);
}

static size_t blocks_down(const ajp_layer *layer)
{
    return (layer->n_in + AJP_BLOCK_INPUTS - 1) / AJP_BLOCK_INPUTS;
}

static size_t layer_blocks(const ajp_layer *layer)
{
    return blocks_down(layer) * ((layer->n_padded + AJP_BLOCK_OUTPUTS - 1) / AJP_BLOCK_OUTPUTS);
}

static void run_weights(void *user, size_t block, unsigned thread)
{
    const batch_job *job = user;
    const ajp_trainer *t = job->trainer;
    size_t l = 0;
    while (block >= layer_blocks(&t->layers[l])) block -= layer_blocks(&t->layers[l++]);
    size_t down = blocks_down(&t->layers[l]);
    update_block(job, l, block % down * AJP_BLOCK_INPUTS, block / down * AJP_BLOCK_OUTPUTS,
                 t->gradients + (size_t)thread * AJP_BLOCK_FLOATS);
}

/* ---- both ---------------------------------------------------------------------------------------- */

static void prepare_update(batch_job *job, double rate)
{
    ajp_trainer *t = job->trainer;
    t->n_updates++;
    t->beta1_power *= t->options.beta1;
    t->beta2_power *= t->options.beta2;
    double correction = sqrt(1.0 - t->beta2_power);
    job->rate = (float)rate;
    job->step_rate = (float)(rate * correction / (1.0 - t->beta1_power));
    job->epsilon = (float)(t->options.epsilon * correction);
}

void ajp_train_step(ajp_trainer *t, const ajp_samples *samples, const uint32_t *order, size_t n, double rate,
                    double *losses)
{
    batch_job job = {
        .trainer = t, .samples = samples, .order = order, .n = n, .losses = losses, .learn = true};
    size_t n_weight_blocks = 0;
    job.n_blocks = row_blocks(n);
    prepare_update(&job, rate);
    for (size_t l = 0; l < t->n_layers; l++) n_weight_blocks += layer_blocks(&t->layers[l]);
    ajp_pool_run(t->context->pool, job.n_blocks, run_rows, &job);
    ajp_pool_run(t->context->pool, n_weight_blocks, run_weights, &job);
}

void ajp_train_evaluate(ajp_trainer *t, const ajp_samples *samples, const uint32_t *order, size_t n,
                        double *losses, uint8_t *right)
{
    for (size_t first = 0; first < n; first += t->rows) {
        batch_job job = {
            .trainer = t, .samples = samples, .order = order + first, .n = ajp_min_size(t->rows, n - first)};
        job.losses = losses + first;
        job.right = right + first;
        job.n_blocks = row_blocks(job.n);
        ajp_pool_run(t->context->pool, job.n_blocks, run_rows, &job);
    }
}

/* net_step.c: one batch through a network of any layers: the moves up to each barrier as one job. */
#include <math.h>

#include "net.h"

static size_t largest(const float *values, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (values[i] > values[best]) best = i;
    return best;
}

/* Losses; and when learning, d(mean loss)/d(logits) = (softmax - one at the label) / n. */
static void loss(const ajp_rows *r)
{
    const ajp_net_job *job = r->job;
    const ajp_value *v = &job->net->values[job->net->n_nodes];
    const size_t n = v->image.channels;
    const float share = 1.0F / (float)job->n;
    for (size_t s = r->first; s < r->first + r->n; s++) {
        const float *logits = v->out + s * v->sample;
        float *error = job->learn ? v->error + s * v->sample : r->scratch;
        const size_t label = (size_t)job->samples->labels[job->order[s]];
        job->net->kernels->softmax(logits, n, error, n, 1, n, true);
        job->losses[s] = -(double)error[label];
        if (job->right != NULL) job->right[s] = largest(logits, n) == label;
        if (!job->learn) continue;
        job->net->kernels->map(AJP_MAP_EXP, error, error, n, 0.0F, 0.0F);
        error[label] -= 1.0F;
        for (size_t j = 0; j < n; j++) error[j] *= share;
    }
}

static void forward(const ajp_rows *r)
{
    switch (r->node->layer->kind) {
    case AJ_LAYER_CONV:
        ajp_conv_forward(r);
        break;
    case AJ_LAYER_DENSE:
        ajp_dense_forward(r);
        break;
    case AJ_LAYER_MAX_POOL:
    case AJ_LAYER_AVERAGE_POOL:
    case AJ_LAYER_GLOBAL_AVERAGE_POOL:
        ajp_pool_forward(r);
        break;
    default:
        ajp_map_forward(r);
    }
}

static void backward(const ajp_rows *r)
{
    switch (r->node->layer->kind) {
    case AJ_LAYER_CONV:
        ajp_conv_backward(r);
        break;
    case AJ_LAYER_DENSE:
        ajp_dense_backward(r);
        break;
    case AJ_LAYER_MAX_POOL:
    case AJ_LAYER_AVERAGE_POOL:
    case AJ_LAYER_GLOBAL_AVERAGE_POOL:
        ajp_pool_backward(r);
        break;
    default:
        ajp_map_backward(r);
    }
}

static void make_move(const ajp_rows *r, ajp_move_kind kind)
{
    switch (kind) {
    case AJP_MOVE_FORWARD:
        forward(r);
        break;
    case AJP_MOVE_MOMENTS:
        if (r->job->learn) ajp_norm_moments(r);
        break;
    case AJP_MOVE_NORMALIZE:
        ajp_norm_forward(r);
        break;
    case AJP_MOVE_LOSS:
        loss(r);
        break;
    case AJP_MOVE_BACKWARD:
        backward(r);
        break;
    case AJP_MOVE_SUMS:
        ajp_norm_sums(r);
        break;
    case AJP_MOVE_DENORMALIZE:
        ajp_norm_backward(r);
        break;
    }
}

static void run_block(void *user, size_t block, unsigned thread)
{
    const ajp_net_job *job = user;
    const ajp_net *net = job->net;
    ajp_rows r = {.job = job, .first = block * net->block};
    r.n = ajp_min_size(net->block, job->n - r.first);
    r.scratch = net->scratch + (size_t)thread * net->scratch_row;
    if (job->first == net->moves) ajp_net_gather(&r);
    for (const ajp_move *m = job->first; m <= job->last; m++) {
        r.node = m->node;
        make_move(&r, m->kind);
    }
}

static void run_blocks(ajp_net_job *job)
{
    const size_t n_blocks = (job->n + job->net->block - 1) / job->net->block;
    ajp_pool_run(job->net->context->pool, n_blocks, run_block, job);
}

/* All moves, stopping after each that needs the whole batch. */
static void run_moves(ajp_net_job *job)
{
    ajp_net *net = job->net;
    const ajp_move *end = net->moves + net->n_moves;
    for (job->first = net->moves; job->first < end; job->first = job->last + 1) {
        job->last = job->first;
        while (job->last + 1 < end && job->last->kind != AJP_MOVE_MOMENTS && job->last->kind != AJP_MOVE_SUMS)
            job->last++;
        run_blocks(job);
        if (job->last->kind == AJP_MOVE_MOMENTS) ajp_norm_gather_moments(job->last->node, job->n);
        if (job->last->kind == AJP_MOVE_SUMS) ajp_norm_gather_sums(job->last->node, job->n);
    }
}

static aj_status make_streams(ajp_net *net, size_t epoch, aj_error *err)
{
    const uint64_t seed = net->options->seed;
    AJ_TRY(ajp_stream_make(&net->augmentation, seed, AJP_PURPOSE_TRAIN, 0, 1, epoch, err));
    for (size_t i = 0; i < net->n_nodes; i++)
        if (net->nodes[i].layer->kind == AJ_LAYER_DROPOUT)
            AJ_TRY(ajp_stream_make(&net->nodes[i].stream, seed, AJP_PURPOSE_TRAIN, i + 1, 0, epoch, err));
    return AJ_OK;
}

aj_status ajp_net_step(ajp_net *net, const ajp_samples *samples, const uint32_t *order, size_t n,
                       size_t epoch, double rate, double *losses, aj_error *err)
{
    ajp_net_job job = {
        .net = net, .samples = samples, .order = order, .n = n, .losses = losses, .learn = true};
    AJ_TRY(make_streams(net, epoch, err));
    run_moves(&job);
    ajp_net_update(&job, rate);
    return AJ_OK;
}

void ajp_net_evaluate(ajp_net *net, const ajp_samples *samples, const uint32_t *order, size_t n,
                      double *losses, uint8_t *right)
{
    for (size_t i = 0; i < net->n_nodes; i++)
        if (net->nodes[i].layer->kind == AJ_LAYER_BATCH_NORM) ajp_norm_use_running(&net->nodes[i]);
    for (size_t first = 0; first < n; first += net->rows) {
        ajp_net_job job = {.net = net,
                           .samples = samples,
                           .order = order + first,
                           .n = ajp_min_size(net->rows, n - first),
                           .losses = losses + first,
                           .right = right + first,
                           .first = net->moves,
                           .last = net->moves};
        while (job.last->kind != AJP_MOVE_LOSS) job.last++;
        run_blocks(&job);
    }
}

/* net_gather.c: samples of a batch into the network's input: channels together, moved and mirrored. */
#include <string.h>

#include "net.h"

/* What is done to one image: from[y][x] goes to to[y + down][x + right], mirrored before. */
typedef struct {
    ptrdiff_t down, right;
    bool mirrored;
} change;

static change draw_change(const ajp_net *net, uint32_t sample)
{
    const aj_train_options *o = net->options;
    const ajp_stream *stream = &net->augmentation;
    const uint32_t counter[4] = {0, sample, stream->layer_tile, stream->trial << 8};
    const uint64_t n_places = 2 * (uint64_t)o->max_shift + 1;
    uint32_t words[4];
    aj_philox4x32(stream->key, counter, words);
    /* The high half of word * n: off from uniform by less than n / 2^32. */
    return (change){(ptrdiff_t)(words[0] * n_places >> 32) - (ptrdiff_t)o->max_shift,
                    (ptrdiff_t)(words[1] * n_places >> 32) - (ptrdiff_t)o->max_shift,
                    o->horizontal_flip && words[2] >> 31 != 0};
}

/* One channel of a row: x[width] to every n-th float of `to`. */
static void put_row(const float *x, size_t width, size_t n, const change *c, float *to)
{
    if (c->right == 0 && !c->mirrored) {
        for (size_t i = 0; i < width; i++) to[i * n] = x[i];
        return;
    }
    for (size_t i = 0; i < width; i++) {
        ptrdiff_t from = (ptrdiff_t)i - c->right;
        if (from < 0 || from >= (ptrdiff_t)width)
            to[i * n] = 0.0F;
        else
            to[i * n] = x[c->mirrored ? width - 1 - (size_t)from : (size_t)from];
    }
}

static void put_image(const ajp_value *v, const float *x, const change *c, float *out)
{
    const ajp_image *image = &v->image;
    for (size_t y = 0; y < image->height; y++) {
        const ptrdiff_t from = (ptrdiff_t)y - c->down;
        float *to = out + v->inner + y * v->line;
        if (from < 0 || from >= (ptrdiff_t)image->height) {
            memset(to, 0, v->row * sizeof *to);
            continue;
        }
        for (size_t k = 0; k < image->channels; k++)
            put_row(x + (k * image->height + (size_t)from) * image->width, image->width, image->channels, c,
                    to + k);
    }
}

void ajp_net_gather(const ajp_rows *r)
{
    const ajp_net *net = r->job->net;
    const ajp_samples *samples = r->job->samples;
    const ajp_value *v = &net->values[0];
    const bool changes = r->job->learn && (net->options->max_shift > 0 || net->options->horizontal_flip);
    for (size_t s = r->first; s < r->first + r->n; s++) {
        const uint32_t sample = r->job->order[s];
        const float *x = r->scratch;
        if (samples->dataset != NULL)
            ajp_dataset_gather(samples->dataset, &sample, 1, r->scratch, net->row_floats);
        else
            x = samples->inputs + (size_t)sample * samples->n_features;
        if (v->image.flat) {
            memcpy(v->out + s * v->sample, x, v->image.channels * sizeof *x);
            continue;
        }
        const change c = changes ? draw_change(net, sample) : (change){0, 0, false};
        put_image(v, x, &c, v->out + s * v->sample);
    }
}

/* net_pool.c: pooling.  Padding is left out of every window: it is never the largest, and adds nothing to a
 * mean. */
#include <math.h>
#include <string.h>

#include "net.h"

/* The places under the window of one output that lie in the image, from the first of them, which is `start`
 * floats behind the window's. */
typedef struct {
    size_t n, start, jump[AJP_NET_PADDED_TAPS];
    float tap[AJP_NET_PADDED_TAPS];
} cut;

/* First and last + 1 tap of an axis at output `at`. */
static void cut_axis(const ajp_node *node, int axis, size_t at, size_t size, size_t *from, size_t *to)
{
    const size_t start = at * node->stride[axis], before = node->padding[axis];
    *from = start < before ? before - start : 0;
    *to = ajp_min_size(node->kernel[axis], size + before - start);
}

/* A run of outputs x0 .. x0+n-1 of row y that see the same taps. */
typedef struct {
    size_t y, x0, n;
    size_t n_taps, start;
    const size_t *jump;
    const float *tap;
} stretch;

typedef void (*pool_stretch)(const ajp_rows *r, size_t sample, const stretch *at);

static void cut_window(const ajp_node *node, size_t y, size_t x, cut *c)
{
    size_t y0, y1, x0, x1;
    cut_axis(node, 0, y, node->in->image.height, &y0, &y1);
    cut_axis(node, 1, x, node->in->image.width, &x0, &x1);
    c->n = 0;
    c->start = node->jumps[y0 * node->kernel[1] + x0];
    for (size_t i = y0; i < y1; i++)
        for (size_t j = x0; j < x1; j++) {
            size_t tap = i * node->kernel[1] + j;
            c->jump[c->n] = node->jumps[tap] - c->start;
            c->tap[c->n++] = (float)tap;
        }
}

static void each_stretch(const ajp_rows *r, pool_stretch run)
{
    const ajp_node *node = r->node;
    const ajp_image *out = &node->out->image;
    const bool padded = node->padding[0] > 0 || node->padding[1] > 0;
    cut c;
    for (size_t s = r->first; s < r->first + r->n; s++)
        for (size_t y = 0; y < out->height; y++) {
            if (!padded) {
                run(r, s, &(stretch){y, 0, out->width, node->n_runs, 0, node->jumps, node->taps});
                continue;
            }
            for (size_t x = 0; x < out->width; x++) {
                cut_window(node, y, x, &c);
                run(r, s, &(stretch){y, x, 1, c.n, c.start, c.jump, c.tap});
            }
        }
}

/* The first place in the image under the window of the first output. */
static size_t window_at(const ajp_node *node, size_t sample, const stretch *at)
{
    const ajp_value *in = node->in;
    return sample * in->sample + in->inner + at->y * node->stride[0] * in->line +
           at->x0 * node->stride[1] * in->image.channels + at->start -
           (node->padding[0] * in->line + node->padding[1] * in->image.channels);
}

static size_t output_at(const ajp_node *node, size_t sample, const stretch *at)
{
    return sample * node->out->sample + node->out->inner + at->y * node->out->line +
           at->x0 * node->out->image.channels;
}

static size_t extra_at(const ajp_node *node, size_t sample, const stretch *at)
{
    return sample * node->extra_row + at->y * node->out->row + at->x0 * node->out->image.channels;
}

static ajp_window_spread spread_of(const ajp_node *node, const stretch *at)
{
    return (ajp_window_spread){.n_places = at->n,
                               .n_channels = node->out->image.channels,
                               .n_jumps = at->n_taps,
                               .jump = at->jump,
                               .tap = at->tap,
                               .x_place = node->out->image.channels,
                               .y_place = node->stride[1] * node->in->image.channels};
}

static float share(const ajp_node *node)
{
    return 1.0F / (float)(node->kernel[0] * node->kernel[1]);
}

static void forward_stretch(const ajp_rows *r, size_t sample, const stretch *at)
{
    const ajp_node *node = r->node;
    const ajp_kernels *k = r->job->net->kernels;
    const float *from = node->in->out + window_at(node, sample, at);
    float *to = node->out->out + output_at(node, sample, at);
    const ajp_window_spread s = spread_of(node, at);
    if (node->layer->kind == AJ_LAYER_MAX_POOL) {
        k->largest_windows(&s, from, to, node->extra + extra_at(node, sample, at));
        return;
    }
    const ajp_window window = {.kind = AJP_WINDOW_MEAN,
                               .n_lines = 1,
                               .n_places = s.n_places,
                               .n_channels = s.n_channels,
                               .n_jumps = s.n_jumps,
                               .x = from,
                               .x_place = s.y_place,
                               .jump = s.jump,
                               .scale = share(node),
                               .y = to,
                               .y_place = s.x_place};
    k->window(&window);
}

static void backward_stretch(const ajp_rows *r, size_t sample, const stretch *at)
{
    const ajp_node *node = r->node;
    const bool largest = node->layer->kind == AJ_LAYER_MAX_POOL;
    ajp_window_spread s = spread_of(node, at);
    s.x = node->out->error + output_at(node, sample, at);
    s.y = node->in->error + window_at(node, sample, at);
    r->job->net->kernels->spread_windows(&s, largest ? node->extra + extra_at(node, sample, at) : NULL,
                                         largest ? 1.0F : share(node));
}

void ajp_pool_forward(const ajp_rows *r)
{
    each_stretch(r, forward_stretch);
}

void ajp_pool_backward(const ajp_rows *r)
{
    const ajp_value *in = r->node->in;
    if (!in->wants_error) return;
    for (size_t s = r->first; s < r->first + r->n && !r->node->adds_in; s++)
        memset(in->error + s * in->sample, 0, in->sample * sizeof *in->error);
    each_stretch(r, backward_stretch);
}

/* conv_patches.c: the matrix products inside convolutions, computed through ajp_op_multiply. */
#include <string.h>

#include "op_conv.h"

/* Floats of patches that are multiplied at a time: they stay in the second-level cache. */
enum { PATCH_FLOATS = 1 << 16, LEAST_ROWS = 16, LONG_AXIS = 1 << 20 };

/* ---- declaration ----------------------------------------------------------------------------------------
 */

/* Convolution: outputs x (taps, channels), as channels lie together in images.  NULL: no memory. */
static const float *order_weights(const ajp_op_products_query *q, const float *w, size_t n_outer, size_t cols,
                                  size_t n_taps)
{
    if (cols == 1 || n_taps == 1) return w;
    float *copy = ajp_arena_array(q->arena, n_outer * cols * n_taps, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < n_outer; i++)
        ajp_slide_turn(w + i * cols * n_taps, cols, n_taps, copy + i * cols * n_taps);
    return copy;
}

/* Transposed: (outputs, taps) x inputs of every group. */
static const float *order_transposed(const ajp_op_products_query *q, const float *w, size_t groups,
                                     size_t cols, size_t rows)
{
    float *copy = ajp_arena_array(q->arena, groups * cols * rows, sizeof *copy);
    for (size_t g = 0; copy != NULL && g < groups; g++)
        ajp_slide_turn(w + g * cols * rows, cols, rows, copy + g * cols * rows);
    return copy;
}

/* Places of one axis that some window sees, padding left out; on an axis too long to look at every place, the
 * most there can be. */
static size_t seen_places(const ajp_geometry *g, size_t axis)
{
    size_t n = 0, most;
    if (g->in[axis] > LONG_AXIS)
        return ajp_size_mul(g->out[axis], g->kernel[axis], &most) ? ajp_min_size(g->in[axis], most)
                                                                  : g->in[axis];
    for (size_t i = 0; i < g->in[axis]; i++) {
        bool seen = false;
        for (size_t k = 0; k < g->kernel[axis] && !seen; k++) {
            size_t reach = i + g->before[axis], tap = k * g->dilation[axis];
            seen = reach >= tap && (reach - tap) % g->stride[axis] == 0 &&
                   (reach - tap) / g->stride[axis] < g->out[axis];
        }
        n += seen;
    }
    return n;
}

size_t ajp_conv_products(const ajp_op_products_query *q, ajp_op_product *out)
{
    const ajp_conv_params *c = q->node->params;
    const ajp_tensor *w = q->known[1], *b = q->n_in > 2 ? q->known[2] : NULL;
    if (q->in[0]->dtype != AJP_FLOAT32 || w == NULL) return 0;
    if (q->n_in > 2 && q->in[2] != NULL && b == NULL) return 0;
    ajp_plain_slide s = ajp_conv_slide(c, q->in[0], &w->type, q->out[0].dims[1]);
    size_t n_taps = ajp_slide_places(s.geometry.kernel), rows = s.channels_out / s.groups,
           cols = s.channels_in / s.groups;
    size_t places = ajp_slide_places(c->transposed ? s.geometry.in : s.geometry.out);
    if (s.n_samples * places * rows * cols == 0 || !ajp_conv_slides(c, &s)) return 0;
    out->reps = s.n_samples * places;
    out->groups = s.groups;
    out->rows = c->transposed ? rows * n_taps : rows;
    out->cols = c->transposed ? cols : cols * n_taps;
    size_t n_seen = s.n_samples * cols;
    for (size_t a = 0; a < AJP_SPATIAL; a++) n_seen *= seen_places(&s.geometry, a);
    out->n_distinct_inputs = c->transposed ? 0 : n_seen;
    out->weights = c->transposed ? order_transposed(q, w->data, s.groups, cols, rows * n_taps)
                                 : order_weights(q, w->data, s.channels_out, cols, n_taps);
    out->bias = b != NULL && !c->transposed ? b->data : NULL;
    return out->weights != NULL ? 1 : AJP_OP_NO_MEMORY;
}

/* ---- sizes ----------------------------------------------------------------------------------------------
 */

typedef struct {
    size_t n_taps, rows, cols; /* of a group's product */
    size_t places;             /* rows of patches of one sample */
    size_t padded[AJP_SPATIAL], gathered;
    size_t tile_rows, x_row, y_row;
} patches;

static patches patches_of(const ajp_conv_params *q, const ajp_plain_slide *s)
{
    const ajp_geometry *g = &s->geometry;
    patches p = {.n_taps = ajp_slide_places(g->kernel)};
    size_t rows = s->channels_out / s->groups, cols = s->channels_in / s->groups;
    p.rows = q->transposed ? rows * p.n_taps : rows;
    p.cols = q->transposed ? cols : cols * p.n_taps;
    p.places = ajp_slide_places(q->transposed ? g->in : g->out);
    for (size_t a = 0; a < AJP_SPATIAL; a++) {
        size_t reach = (g->out[a] - 1) * g->stride[a] + (g->kernel[a] - 1) * g->dilation[a] + 1;
        size_t least = g->before[a] + g->in[a];
        p.padded[a] = q->transposed ? g->in[a] : reach > least ? reach : least;
    }
    p.gathered = ajp_round_up(ajp_slide_places(p.padded) * s->channels_in, AJP_LANES);
    p.x_row = p.cols;
    p.y_row = ajp_round_up(p.rows, AJP_LANES);
    size_t fits = PATCH_FLOATS / (p.x_row + p.y_row);
    p.tile_rows = ajp_min_size(fits < LEAST_ROWS ? LEAST_ROWS : fits, ajp_min_size(p.places, AJP_HOOK_ROWS));
    return p;
}

size_t ajp_conv_patches_scratch(const ajp_conv_params *q, const ajp_plain_slide *s)
{
    patches p = patches_of(q, s);
    size_t tile = ajp_round_up(p.tile_rows * p.x_row, AJP_LANES) + p.tile_rows * p.y_row;
    return p.gathered + tile;
}

/* ---- running --------------------------------------------------------------------------------------------
 */

/* One sample; x has its channels together. */
typedef struct {
    const ajp_op_run *r;
    const ajp_plain_slide *s;
    const patches *p;
    size_t image; /* number of the sample */
    const float *x, *bias;
    float *y, *tile_x, *tile_y;
} sample;

/* The patches of outputs first ... first + n - 1. */
static void fill(const sample *a, size_t group, size_t first, size_t n)
{
    const ajp_geometry *g = &a->s->geometry;
    const size_t *padded = a->p->padded;
    size_t channels = a->s->channels_in, cols = channels / a->s->groups;
    bool whole = a->s->groups == 1 && g->dilation[2] == 1;
    size_t n_runs = whole ? 1 : g->kernel[2], run = whole ? g->kernel[2] * channels : cols;
    float *to = a->tile_x;
    for (size_t o = first; o < first + n; o++) {
        size_t at[AJP_SPATIAL] = {o / g->out[2] / g->out[1] * g->stride[0],
                                  o / g->out[2] % g->out[1] * g->stride[1], o % g->out[2] * g->stride[2]};
        for (size_t i = 0; i < g->kernel[0]; i++)
            for (size_t j = 0; j < g->kernel[1]; j++) {
                size_t line = (at[0] + i * g->dilation[0]) * padded[1] + at[1] + j * g->dilation[1];
                const float *from = a->x + (line * padded[2] + at[2]) * channels + group * cols;
                for (size_t k = 0; k < n_runs; k++, to += run, from += g->dilation[2] * channels)
                    memcpy(to, from, run * sizeof *to);
            }
    }
}

/* Outputs of a tile to their channels. */
static void put(const sample *a, size_t group, size_t first, size_t n)
{
    const patches *p = a->p;
    if (a->r->y_last) {
        float *y = a->y + first * a->s->channels_out + group * p->rows;
        for (size_t t = 0; t < n; t++)
            memcpy(y + t * a->s->channels_out, a->tile_y + t * p->y_row, p->rows * sizeof *y);
        return;
    }
    float *y = a->y + group * p->rows * p->places + first;
    for (size_t i = 0; i < p->rows; i++)
        for (size_t t = 0; t < n; t++) y[i * p->places + t] = a->tile_y[t * p->y_row + i];
}

/* What places first ... first + n - 1 of the input reach, added to y. */
static void add_reached(const sample *a, size_t group, size_t first, size_t n)
{
    const ajp_geometry *g = &a->s->geometry;
    const patches *p = a->p;
    size_t n_out = ajp_slide_places(g->out), rows = p->rows / p->n_taps, channels = a->s->channels_out;
    size_t y_channel = a->r->y_last ? 1 : n_out, y_place = a->r->y_last ? channels : 1;
    for (size_t t = 0; t < n * p->n_taps; t++) {
        size_t place = first + t / p->n_taps, tap = t % p->n_taps, rest = tap, at = 0, step = 1;
        bool inside = true;
        for (size_t d = AJP_SPATIAL; d-- > 0; rest /= g->kernel[d], place /= g->in[d]) {
            size_t to = place % g->in[d] * g->stride[d] + rest % g->kernel[d] * g->dilation[d];
            inside = inside && to >= g->before[d] && to - g->before[d] < g->out[d];
            at += (to - g->before[d]) * step;
            step *= g->out[d];
        }
        for (size_t i = 0; i < rows && inside; i++)
            a->y[(group * rows + i) * y_channel + at * y_place] +=
                a->tile_y[t / p->n_taps * p->y_row + i * p->n_taps + tap];
    }
}

static aj_status run_sample(const sample *a, bool transposed)
{
    const patches *p = a->p;
    for (size_t group = 0; group < a->s->groups; group++)
        for (size_t first = 0; first < p->places; first += p->tile_rows) {
            size_t n = ajp_min_size(p->tile_rows, p->places - first);
            ajp_product_call call = {.group = group,
                                     .x = a->tile_x,
                                     .y = a->tile_y,
                                     .x_row = p->x_row,
                                     .y_row = p->y_row,
                                     .n_rows = n,
                                     .rows = ajp_product_rows_from(a->image * p->places + first)};
            if (transposed) {
                call.x = a->x + first * a->s->channels_in + group * p->cols;
                call.x_row = a->s->channels_in;
            } else {
                fill(a, group, first, n);
            }
            AJ_TRY(ajp_op_multiply_rows(a->r, &call));
            if (transposed)
                add_reached(a, group, first, n);
            else
                put(a, group, first, n);
        }
    return AJ_OK;
}

aj_status ajp_conv_run_patches(const ajp_op_run *r, const ajp_plain_slide *s)
{
    const ajp_conv_params *q = r->node->params;
    const size_t none[AJP_SPATIAL] = {0};
    patches p = patches_of(q, s);
    float *gathered = r->scratch;
    size_t n_x = s->channels_in * ajp_slide_places(s->geometry.in), n_out = ajp_slide_places(s->geometry.out);
    sample a = {
        r,   s, &p, 0, gathered, r->n_in > 2 ? r->in[2].data : NULL, r->out[0].data, gathered + p.gathered,
        NULL};
    a.tile_y = a.tile_x + ajp_round_up(p.tile_rows * p.x_row, AJP_LANES);
    for (; a.image < s->n_samples; a.image++, a.y += s->channels_out * n_out) {
        ajp_slide_gather((const float *)r->in[0].data + a.image * n_x, r->x_last, s->channels_in,
                         s->geometry.in, q->transposed ? none : s->geometry.before, p.padded, gathered);
        for (size_t e = 0; q->transposed && e < s->channels_out * n_out; e++)
            a.y[e] = a.bias != NULL ? a.bias[r->y_last ? e % s->channels_out : e / n_out] : 0.0f;
        AJ_TRY(run_sample(&a, q->transposed));
    }
    if (r->add != NULL) ajp_conv_add(r);
    return AJ_OK;
}

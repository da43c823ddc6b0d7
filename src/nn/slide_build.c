/* slide_build.c: the regions of a sliding window: outputs that see the same part of it. */
#include <string.h>

#include "slide.h"

/* More kinds of outputs along one axis, or in all: the plain form has to do. */
enum { MOST_CLASSES = 128, MOST_REGIONS = 1 << 14, MOST_JUMPS = 1 << 20, MOST_LOOKS = 1 << 26 };
/* Weights that do not stay in the second-level cache must not be read once a region: then padding is stored.
 */
enum { LARGE_WEIGHTS = 1 << 16, LONG_PADDING = 64 };

/* Outputs of one axis with the same taps: tap j is column tap + j * tap_step of the window and lies on input
 * place + j * place_step for the first output, in_step further on for each next one. */
typedef struct {
    size_t first, n, step, in_step;
    size_t n_taps, tap, tap_step, place;
    ptrdiff_t place_step;
    size_t n_counted; /* taps within the padded input */
} axis_class;

typedef struct {
    size_t n;
    axis_class of[MOST_CLASSES];
} axis_classes;

/* Convolution and pooling: output o sees inputs o * stride - before + k * dilation. */
static axis_class seen_by(const ajp_geometry *g, size_t a, size_t o)
{
    size_t in = g->in[a], dilation = g->dilation[a], before = g->before[a], from = o * g->stride[a];
    axis_class c = {.first = o, .n = 1, .step = 1, .in_step = g->stride[a], .tap_step = 1};
    size_t k = from < before ? (before - from + dilation - 1) / dilation : 0;
    size_t end = in + before > from ? (in + before - from - 1) / dilation + 1 : 0;
    size_t padded = in + before + g->after[a];
    c.n_counted = padded > from ? ajp_min_size(g->kernel[a], (padded - from - 1) / dilation + 1) : 0;
    end = ajp_min_size(end, g->kernel[a]);
    c.place_step = (ptrdiff_t)dilation;
    if (k >= end) return c;
    c.n_taps = end - k;
    c.tap = k;
    c.place = from + k * dilation - before;
    return c;
}

/* ConvTranspose: input i reaches outputs i * stride - before + k * dilation; here from the output's side. */
static axis_class reached_at(const ajp_geometry *g, size_t a, size_t o)
{
    size_t stride = g->stride[a], dilation = g->dilation[a], at = o + g->before[a];
    axis_class c = {.first = o, .n = 1, .step = stride, .in_step = 1, .tap_step = 1, .place_step = -1};
    for (size_t k = 0; k < g->kernel[a] && k * dilation <= at; k++) {
        size_t left = at - k * dilation;
        if (left % stride != 0 || left / stride >= g->in[a]) continue;
        if (c.n_taps == 0) {
            c.tap = k;
            c.place = left / stride;
        } else if (c.n_taps == 1) {
            c.tap_step = k - c.tap;
            c.place_step = -(ptrdiff_t)(c.place - left / stride);
        }
        c.n_taps++;
    }
    return c;
}

/* Whether output `next` goes on where the class ends. */
static bool continues(const axis_class *c, const axis_class *next)
{
    return next->n_taps == c->n_taps && next->n_counted == c->n_counted &&
           next->first == c->first + c->n * c->step &&
           (c->n_taps == 0 || (next->tap == c->tap && next->tap_step == c->tap_step &&
                               next->place == c->place + c->n * c->in_step));
}

static bool classify(const ajp_slide_shape *s, const ajp_geometry *g, size_t a, axis_classes *out)
{
    size_t n_phases = s->transposed ? g->stride[a] : 1;
    out->n = 0;
    if (g->out[a] > MOST_LOOKS / (s->transposed ? g->kernel[a] : 1)) return false;
    for (size_t phase = 0; phase < n_phases; phase++) {
        bool fresh = true;
        for (size_t o = phase; o < g->out[a]; o += n_phases) {
            axis_class next = s->transposed ? reached_at(g, a, o) : seen_by(g, a, o);
            if (!fresh && continues(&out->of[out->n - 1], &next)) {
                out->of[out->n - 1].n++;
                continue;
            }
            if (out->n == MOST_CLASSES) return false;
            out->of[out->n++] = next;
            fresh = false;
        }
    }
    return true;
}

/* ---- regions --------------------------------------------------------------------------------------------
 */

/* Memory that is handed out from the front; with base NULL it is only counted. */
typedef struct {
    char *base;
    size_t used;
} bump;

static void *take(bump *b, size_t n, size_t size)
{
    void *at = b->base != NULL ? b->base + b->used : NULL;
    b->used += ajp_round_up(n * size, sizeof(size_t));
    return at;
}

typedef struct {
    const ajp_slide_shape *shape;
    const ajp_geometry *geometry;
    size_t x_stride[AJP_SPATIAL]; /* floats */
    size_t tap_stride[AJP_SPATIAL];
    size_t w_tap; /* floats of the weights a tap; of a product, in its packed rows */
    bool merged;  /* taps of the last axis that lie together are one run */
} layout;

static layout lay_out(const ajp_slide_shape *s, const ajp_geometry *g)
{
    layout l = {s, g, {0}, {0}, 0, false};
    l.x_stride[2] = s->channels_in;
    l.x_stride[1] = s->channels_in * g->in[2];
    l.x_stride[0] = l.x_stride[1] * g->in[1];
    l.tap_stride[2] = 1;
    l.tap_stride[1] = g->kernel[2];
    l.tap_stride[0] = g->kernel[2] * g->kernel[1];
    bool convolve = s->kind == AJP_SLIDE_CONVOLVE;
    l.w_tap = convolve ? AJP_LANES * (s->channels_in / s->groups) : ajp_round_up(s->channels_in, AJP_LANES);
    l.merged = convolve && s->groups == 1 && !s->transposed && g->dilation[2] == 1;
    return l;
}

/* The runs of a region, for its first output. */
static void fill_jumps(const layout *l, const axis_class *const c[AJP_SPATIAL], size_t *x_jump,
                       size_t *w_jump)
{
    size_t n = 0, n_across = l->merged && c[2]->n_taps > 0 ? 1 : c[2]->n_taps;
    for (size_t i = 0; i < c[0]->n_taps; i++)
        for (size_t j = 0; j < c[1]->n_taps; j++)
            for (size_t k = 0; k < n_across; k++, n++) {
                const size_t t[AJP_SPATIAL] = {i, j, k};
                size_t x = 0, w = 0;
                for (size_t a = 0; a < AJP_SPATIAL; a++) {
                    ptrdiff_t place = (ptrdiff_t)c[a]->place + (ptrdiff_t)t[a] * c[a]->place_step;
                    x += (size_t)place * l->x_stride[a];
                    w += (c[a]->tap + t[a] * c[a]->tap_step) * l->tap_stride[a];
                }
                x_jump[n] = x;
                if (w_jump != NULL) w_jump[n] = w * l->w_tap;
            }
}

static void make_region(const layout *l, const axis_class *const c[AJP_SPATIAL], ajp_slide_region *r, bump *b)
{
    const ajp_slide_shape *s = l->shape;
    size_t n_counted = 1, n_taps = 1;
    ajp_slide_region region = {.scale = 1.0f};
    bool whole = s->kind == AJP_SLIDE_CONVOLVE && !s->transposed;
    for (size_t a = 0; a < AJP_SPATIAL; a++) {
        region.first[a] = c[a]->first;
        region.n[a] = c[a]->n;
        region.step[a] = c[a]->step;
        region.x_step[a] = c[a]->in_step * l->x_stride[a];
        n_counted *= c[a]->n_counted;
        n_taps *= c[a]->n_taps;
        whole = whole && c[a]->n_taps == l->geometry->kernel[a];
    }
    size_t width = l->merged ? c[2]->n_taps : 1;
    region.run = width > 0 ? width * (s->channels_in / s->groups) : 1;
    region.n_runs = width > 0 ? n_taps / width : 0;
    if (s->kind == AJP_SLIDE_MEAN) {
        size_t n = s->count_padding ? n_counted : n_taps;
        region.scale = n > 0 ? (float)(1.0 / (double)n) : 0.0f;
    }
    size_t *x_jump = take(b, region.n_runs, sizeof *x_jump);
    size_t *w_jump = whole ? NULL : take(b, region.n_runs, sizeof *w_jump);
    if (r == NULL) return;
    fill_jumps(l, c, x_jump, w_jump);
    region.x_jump = x_jump;
    region.w_jump = w_jump;
    *r = region;
}

/* Padding is stored in a copy when weights are large, or when borders would be of very many kinds. */
static bool stores_padding(const ajp_slide_shape *s)
{
    const ajp_geometry *g = &s->geometry;
    size_t n = s->channels_out / s->groups * (s->channels_in / s->groups), n_padding = 0;
    bool weighted = s->kind == AJP_SLIDE_CONVOLVE || s->kind == AJP_SLIDE_DEPTHWISE;
    for (size_t a = 0; a < AJP_SPATIAL; a++) {
        n *= g->kernel[a];
        n_padding += g->before[a] + g->after[a];
    }
    if (!weighted || s->transposed || n_padding == 0) return false;
    return n_padding > LONG_PADDING || (s->kind == AJP_SLIDE_CONVOLVE && n > LARGE_WEIGHTS);
}

static void describe(ajp_slide *out, const ajp_slide_shape *s)
{
    const ajp_geometry *g = &s->geometry;
    bool padded = stores_padding(s);
    *out = (ajp_slide){.shape = *s, .inner = *g, .n_taps = ajp_slide_places(g->kernel)};
    for (size_t a = 0; padded && a < AJP_SPATIAL; a++) {
        out->inner.in[a] += g->before[a] + g->after[a];
        out->inner.before[a] = out->inner.after[a] = 0;
    }
    out->gathers = padded || (!s->x_last && s->channels_in > 1 && ajp_slide_places(g->in) > 1);
    out->scatters = !s->y_last && s->channels_out > 1 && ajp_slide_places(g->out) > 1;
    if (out->gathers) out->gathered_n = s->channels_in * ajp_slide_places(out->inner.in);
    if (out->scatters) out->scattered_n = s->channels_out * ajp_slide_places(g->out);
}

size_t ajp_slide_build(ajp_slide *out, const ajp_slide_shape *shape, void *memory)
{
    axis_classes classes[AJP_SPATIAL];
    describe(out, shape);
    for (size_t a = 0; a < AJP_SPATIAL; a++)
        if (!classify(shape, &out->inner, a, &classes[a])) return 0;
    out->n_regions = classes[0].n * classes[1].n * classes[2].n;
    if (out->n_regions > MOST_REGIONS || out->n_taps > MOST_JUMPS ||
        out->n_taps * out->n_regions > 4 * MOST_JUMPS)
        return 0;
    layout l = lay_out(shape, &out->inner);
    bump b = {memory, 0};
    out->regions = take(&b, out->n_regions, sizeof *out->regions);
    ajp_slide_region *r = out->regions;
    for (size_t i = 0; i < classes[0].n; i++)
        for (size_t j = 0; j < classes[1].n; j++)
            for (size_t k = 0; k < classes[2].n; k++) {
                const axis_class *const c[AJP_SPATIAL] = {&classes[0].of[i], &classes[1].of[j],
                                                          &classes[2].of[k]};
                make_region(&l, c, r, &b);
                if (r != NULL) r++;
            }
    return b.used;
}

size_t ajp_slide_scratch(const ajp_slide *slide)
{
    return ajp_round_up(slide->gathered_n, AJP_LANES) + ajp_round_up(slide->scattered_n, AJP_LANES);
}

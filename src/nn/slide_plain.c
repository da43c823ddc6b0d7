/* slide_plain.c: sliding windows written as they are defined: one output after the other, in double. */
#include <math.h>
#include <string.h>

#include "slide.h"

/* The taps of an output that lie within the image, one after the other. */
typedef struct {
    const ajp_geometry *g;
    size_t out[AJP_SPATIAL];                     /* the output */
    size_t first[AJP_SPATIAL], end[AJP_SPATIAL]; /* taps of each axis within the image */
    size_t tap[AJP_SPATIAL];
    size_t place, index; /* of the tap: in the image, in the window */
    bool started;
} taps;

static taps taps_of(const ajp_geometry *g, size_t o)
{
    taps t = {.g = g};
    t.out[2] = o % g->out[2];
    t.out[1] = o / g->out[2] % g->out[1];
    t.out[0] = o / g->out[2] / g->out[1];
    for (size_t a = 0; a < AJP_SPATIAL; a++) {
        size_t from = t.out[a] * g->stride[a], dilation = g->dilation[a], all = g->before[a] + g->in[a];
        t.first[a] = from < g->before[a] ? (g->before[a] - from + dilation - 1) / dilation : 0;
        t.end[a] = ajp_min_size(from < all ? (all - from - 1) / dilation + 1 : 0, g->kernel[a]);
        t.tap[a] = t.first[a];
    }
    return t;
}

static bool step(taps *t)
{
    bool some = true;
    for (size_t a = 0; a < AJP_SPATIAL; a++) some = some && t->first[a] < t->end[a];
    if (!some) return false;
    if (!t->started) {
        t->started = true;
        return true;
    }
    for (size_t a = AJP_SPATIAL; a-- > 0;) {
        if (++t->tap[a] < t->end[a]) return true;
        t->tap[a] = t->first[a];
    }
    return false;
}

static bool next_tap(taps *t)
{
    const ajp_geometry *g = t->g;
    if (!step(t)) return false;
    t->place = t->index = 0;
    for (size_t a = 0; a < AJP_SPATIAL; a++) {
        size_t at = t->out[a] * g->stride[a] + t->tap[a] * g->dilation[a] - g->before[a];
        t->place = t->place * g->in[a] + at;
        t->index = t->index * g->kernel[a] + t->tap[a];
    }
    return true;
}

void ajp_plain_convolve(const ajp_plain_slide *s, const double *x, const double *w, const double *b,
                        double *y)
{
    size_t n_in = ajp_slide_places(s->geometry.in), n_out = ajp_slide_places(s->geometry.out);
    size_t n_taps = ajp_slide_places(s->geometry.kernel), cols = s->channels_in / s->groups,
           rows = s->channels_out / s->groups;
    for (size_t i = 0; i < s->n_samples; i++)
        for (size_t m = 0; m < s->channels_out; m++) {
            const double *image = x + (i * s->channels_in + m / rows * cols) * n_in;
            for (size_t o = 0; o < n_out; o++) {
                double sum = b != NULL ? b[m] : 0.0;
                for (taps t = taps_of(&s->geometry, o); next_tap(&t);)
                    for (size_t c = 0; c < cols; c++)
                        sum += image[c * n_in + t.place] * w[(m * cols + c) * n_taps + t.index];
                y[(i * s->channels_out + m) * n_out + o] = sum;
            }
        }
}

/* The geometry is that of the convolution whose gradient this is: x lies on its outputs. */
void ajp_plain_convolve_transposed(const ajp_plain_slide *s, const double *x, const double *w,
                                   const double *b, double *y)
{
    ajp_geometry g = s->geometry;
    memcpy(g.in, s->geometry.out, sizeof g.in);
    memcpy(g.out, s->geometry.in, sizeof g.out);
    size_t n_x = ajp_slide_places(g.out), n_y = ajp_slide_places(g.in), n_taps = ajp_slide_places(g.kernel);
    size_t cols = s->channels_in / s->groups, rows = s->channels_out / s->groups;
    for (size_t i = 0; i < s->n_samples; i++) {
        double *image = y + i * s->channels_out * n_y;
        for (size_t m = 0; m < s->channels_out; m++)
            for (size_t o = 0; o < n_y; o++) image[m * n_y + o] = b != NULL ? b[m] : 0.0;
        for (size_t c = 0; c < s->channels_in; c++)
            for (size_t o = 0; o < n_x; o++)
                for (taps t = taps_of(&g, o); next_tap(&t);)
                    for (size_t m = 0; m < rows; m++)
                        image[(c / cols * rows + m) * n_y + t.place] +=
                            x[(i * s->channels_in + c) * n_x + o] * w[(c * rows + m) * n_taps + t.index];
    }
}

/* The place in an image whose last axis is the slowest. */
static size_t column_place(const ajp_geometry *g, size_t place)
{
    size_t k = place % g->in[2], j = place / g->in[2] % g->in[1], i = place / g->in[2] / g->in[1];
    return (k * g->in[1] + j) * g->in[0] + i;
}

void ajp_plain_largest(const ajp_plain_slide *s, const double *x, double *y, int64_t *where, bool by_column)
{
    size_t n_in = ajp_slide_places(s->geometry.in), n_out = ajp_slide_places(s->geometry.out);
    for (size_t i = 0; i < s->n_samples * s->channels_in; i++, x += n_in, y += n_out)
        for (size_t o = 0; o < n_out; o++) {
            size_t at = 0;
            y[o] = -INFINITY;
            bool found = false;
            for (taps t = taps_of(&s->geometry, o); next_tap(&t);) {
                double value = x[t.place];
                if (found && !(value > y[o]) && !(isnan(value) && !isnan(y[o]))) continue;
                found = true;
                y[o] = value;
                at = t.place;
            }
            if (where != NULL)
                where[i * n_out + o] =
                    (int64_t)(i * n_in + (by_column ? column_place(&s->geometry, at) : at));
        }
}

/* Taps that lie on the image or on its padding. */
static size_t counted(const ajp_geometry *g, size_t o)
{
    taps t = taps_of(g, o);
    size_t n = 1;
    for (size_t a = 0; a < AJP_SPATIAL; a++) {
        size_t from = t.out[a] * g->stride[a], all = g->in[a] + g->before[a] + g->after[a];
        n *= ajp_min_size(from < all ? (all - from - 1) / g->dilation[a] + 1 : 0, g->kernel[a]);
    }
    return n;
}

void ajp_plain_mean(const ajp_plain_slide *s, bool count_padding, const double *x, double *y)
{
    size_t n_in = ajp_slide_places(s->geometry.in), n_out = ajp_slide_places(s->geometry.out);
    for (size_t o = 0; o < n_out; o++) {
        size_t n_all = counted(&s->geometry, o);
        for (size_t i = 0; i < s->n_samples * s->channels_in; i++) {
            double sum = 0.0;
            size_t n = 0;
            for (taps t = taps_of(&s->geometry, o); next_tap(&t); n++) sum += x[i * n_in + t.place];
            if (count_padding) n = n_all;
            y[i * n_out + o] = n > 0 ? sum / (double)n : 0.0;
        }
    }
}

void ajp_plain_norm(const ajp_plain_slide *s, double p, const double *x, double *y)
{
    size_t n_in = ajp_slide_places(s->geometry.in), n_out = ajp_slide_places(s->geometry.out);
    for (size_t i = 0; i < s->n_samples * s->channels_in; i++, x += n_in, y += n_out)
        for (size_t o = 0; o < n_out; o++) {
            double sum = 0.0;
            for (taps t = taps_of(&s->geometry, o); next_tap(&t);) sum += pow(fabs(x[t.place]), p);
            y[o] = pow(sum, 1.0 / p);
        }
}

/* body_window.h: what a window sees of images whose channels lie together: products channel by channel, the
 * largest, the mean.  Several places of a line are worked on at once, so that weights are loaded once for all
 * of them; every place and channel is a sum of its own, in the order of the window. */
#ifndef AJP_BODY_WINDOW_H
#define AJP_BODY_WINDOW_H

#include "body_math.h"

enum { WINDOW_PLACES = 6 };

typedef struct {
    const ajp_window *window;
    const float *x, *add;
    float *y;
    size_t channel, lanes;
} window_job;

SIMD_INLINE vf window_larger(vf most, vf x)
{
    return vf_select(vf_nan(most), most, vf_max(most, x)); /* vf_max lets a NaN in x through */
}

SIMD_INLINE void window_finish(const window_job *job, size_t place, vf value)
{
    const ajp_window *w = job->window;
    if (w->kind == AJP_WINDOW_MEAN) value = vf_mul(value, vf_set1(w->scale));
    if (w->bias != NULL) value = vf_add(value, vf_load(w->bias + job->channel));
    if (job->add != NULL)
        value = vf_add(value, vf_load_n(job->add + place * w->y_place, job->lanes, vf_set1(0.0F)));
    if (w->activation != AJP_ACTIVATION_NONE)
        value = v_activate(value, w->activation, w->activation_parameter);
    vf_store_n(job->y + place * w->y_place, value, job->lanes);
}

/* N places; STEP updates value[i] from x (and, for products, the weights y). */
#define WINDOW_PASS(N, START, WEIGHTS, STEP)                                                      \
    do {                                                                                          \
        vf value[N];                                                                              \
        _Pragma("GCC unroll 8") for (size_t i = 0; i < (N); i++) value[i] = vf_set1(START);       \
        for (size_t j = 0; j < w->n_jumps; j++) {                                                 \
            const float *from = job->x + w->jump[j];                                              \
            const vf y = WEIGHTS;                                                                 \
            (void)y;                                                                              \
            _Pragma("GCC unroll 8") for (size_t i = 0; i < (N); i++)                              \
            {                                                                                     \
                const float *at = from + i * w->x_place;                                          \
                const vf x = full ? vf_load(at) : vf_load_n(at, job->lanes, vf_set1(0.0F));       \
                value[i] = STEP;                                                                  \
            }                                                                                     \
        }                                                                                         \
        _Pragma("GCC unroll 8") for (size_t i = 0; i < (N); i++) window_finish(job, i, value[i]); \
    } while (0)

#define WINDOW_KINDS(N)                                                                            \
    switch (w->kind) {                                                                             \
    case AJP_WINDOW_PRODUCT:                                                                       \
        WINDOW_PASS(N, 0.0F, vf_load(w->w + w->w_jump[j] + job->channel), vf_fma(x, y, value[i])); \
        break;                                                                                     \
    case AJP_WINDOW_LARGEST:                                                                       \
        WINDOW_PASS(N, -INFINITY, vf_set1(0.0F), window_larger(value[i], x));                      \
        break;                                                                                     \
    case AJP_WINDOW_MEAN:                                                                          \
        WINDOW_PASS(N, 0.0F, vf_set1(0.0F), vf_add(value[i], x));                                  \
        break;                                                                                     \
    }

static void window_many(const window_job *job)
{
    const ajp_window *w = job->window;
    const bool full = job->lanes == 16;
    WINDOW_KINDS(WINDOW_PLACES)
}

static void window_one(const window_job *job)
{
    const ajp_window *w = job->window;
    const bool full = job->lanes == 16;
    WINDOW_KINDS(1)
}

static void window(const ajp_window *w)
{
    for (size_t line = 0; line < w->n_lines; line++)
        for (size_t i = 0, n; i < w->n_places; i += n) {
            n = w->n_places - i >= WINDOW_PLACES ? WINDOW_PLACES : 1;
            for (size_t c = 0; c < w->n_channels; c += 16) {
                const size_t at = line * w->y_line + i * w->y_place + c;
                const window_job job = {w,
                                        w->x + line * w->x_line + i * w->x_place + c,
                                        w->add != NULL ? w->add + at : NULL,
                                        w->y + at,
                                        c,
                                        ajp_min_size(16, w->n_channels - c)};
                if (n == 1)
                    window_one(&job);
                else
                    window_many(&job);
            }
        }
}

#endif

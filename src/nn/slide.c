/* slide.c: runs a sliding window region by region. */
#include "slide.h"

#include <string.h>

/* Below this many multiplications (some 4 microseconds) waking a thread costs more than it brings. */
enum { WORTH_SHARING = 1 << 18, LINES_A_THREAD = 4 };

/* One sample, its channels together. */
typedef struct {
    const ajp_slide *slide;
    const ajp_slide_call *call;
    const float *x, *add;
    float *y;
    /* how threads share it: blocks of lines (the middle axis) or of columns (channels of the output) */
    size_t lines, columns;
} sample;

/* The part of a sample that one task computes. */
typedef struct {
    size_t line0, line1, column0, n_columns;
} part;

/* ---- regions --------------------------------------------------------------------------------------------
 */

typedef struct {
    size_t from, n;                   /* along the middle axis */
    size_t y_at, y_step[AJP_SPATIAL]; /* floats */
} stretch;

static stretch cut_region(const ajp_slide *slide, const ajp_slide_region *r, const part *p)
{
    const size_t *out = slide->inner.out, step = r->step[1], first = r->first[1];
    size_t channels = slide->shape.channels_out;
    stretch s = {0};
    s.from = p->line0 > first ? (p->line0 - first + step - 1) / step : 0;
    size_t end = p->line1 > first ? (p->line1 - first + step - 1) / step : 0;
    end = ajp_min_size(end, r->n[1]);
    s.n = end > s.from ? end - s.from : 0;
    s.y_at = ((r->first[0] * out[1] + first + s.from * step) * out[2] + r->first[2]) * channels;
    s.y_step[2] = r->step[2] * channels;
    s.y_step[1] = r->step[1] * out[2] * channels;
    s.y_step[0] = r->step[0] * out[1] * out[2] * channels;
    return s;
}

static void set_rows(ajp_gemm *g, const ajp_slide_region *r, const stretch *s)
{
    bool across = r->n[2] > 1;
    g->m = s->n * r->n[2];
    g->a_row = r->x_step[across ? 2 : 1];
    g->c_row = s->y_step[across ? 2 : 1];
    bool even = r->x_step[1] == r->n[2] * r->x_step[2] && s->y_step[1] == r->n[2] * s->y_step[2];
    if (!across || s->n == 1 || even) return;
    g->group = r->n[2];
    g->a_group_row = r->x_step[1];
    g->c_group_row = s->y_step[1];
}

static void convolve_region(const sample *a, const ajp_slide_region *r, const part *p)
{
    const ajp_slide_shape *shape = &a->slide->shape;
    const ajp_slide_call *call = a->call;
    size_t cols = shape->channels_in / shape->groups, rows = shape->channels_out / shape->groups;
    size_t all = cols * a->slide->n_taps;
    stretch s = cut_region(a->slide, r, p);
    ajp_gemm g = {.n = rows,
                  .k = r->n_runs * r->run,
                  .a_col = 1,
                  .b_row = AJP_LANES,
                  .b_vector = AJP_LANES * all,
                  .c_vector = AJP_LANES,
                  .a_jump = r->x_jump,
                  .b_jump = r->w_jump,
                  .run = r->run,
                  .activation = call->activation,
                  .activation_parameter = call->activation_parameter};
    set_rows(&g, r, &s);
    for (size_t d = 0; d < r->n[0] && g.m > 0; d++) {
        const float *x = a->x + d * r->x_step[0] + s.from * r->x_step[1];
        size_t y = d * s.y_step[0] + s.y_at;
        for (size_t group = 0; group < shape->groups; group++) {
            g.a = x + group * cols;
            g.b = call->weights + group * ajp_packed_size(rows, all);
            g.bias = call->bias != NULL ? call->bias + group * ajp_round_up(rows, AJP_LANES) : NULL;
            g.c = a->y + y + group * rows;
            g.add = a->add != NULL ? a->add + y + group * rows : NULL;
            call->kernels->gemm_block(&g, 0, g.m, p->column0, ajp_min_size(p->n_columns, rows - p->column0));
        }
    }
}

static void window_region(const sample *a, const ajp_slide_region *r, const part *p)
{
    const ajp_slide_shape *shape = &a->slide->shape;
    const ajp_slide_call *call = a->call;
    stretch s = cut_region(a->slide, r, p);
    bool across = r->n[2] > 1;
    ajp_window w = {.kind = shape->kind == AJP_SLIDE_DEPTHWISE ? AJP_WINDOW_PRODUCT
                            : shape->kind == AJP_SLIDE_LARGEST ? AJP_WINDOW_LARGEST
                                                               : AJP_WINDOW_MEAN,
                    .n_lines = across ? s.n : 1,
                    .n_places = across ? r->n[2] : s.n,
                    .n_channels = ajp_min_size(p->n_columns, shape->channels_out - p->column0),
                    .n_jumps = r->n_runs,
                    .x_line = r->x_step[1],
                    .x_place = r->x_step[across ? 2 : 1],
                    .jump = r->x_jump,
                    .w_jump = r->w_jump,
                    .w = call->weights != NULL ? call->weights + p->column0 : NULL,
                    .scale = r->scale,
                    .bias = call->bias != NULL ? call->bias + p->column0 : NULL,
                    .activation = call->activation,
                    .activation_parameter = call->activation_parameter,
                    .y_line = s.y_step[1],
                    .y_place = s.y_step[across ? 2 : 1]};
    for (size_t d = 0; d < r->n[0] && s.n > 0; d++) {
        size_t y = d * s.y_step[0] + s.y_at + p->column0;
        w.x = a->x + d * r->x_step[0] + s.from * r->x_step[1] + p->column0;
        w.add = a->add != NULL ? a->add + y : NULL;
        w.y = a->y + y;
        call->kernels->window(&w);
    }
}

static void run_part(const sample *a, const part *p)
{
    for (size_t i = 0; i < a->slide->n_regions; i++) {
        if (a->slide->shape.kind == AJP_SLIDE_CONVOLVE)
            convolve_region(a, &a->slide->regions[i], p);
        else
            window_region(a, &a->slide->regions[i], p);
    }
}

/* ---- parts for threads ----------------------------------------------------------------------------------
 */

static void run_task(void *user, size_t task, unsigned thread)
{
    const sample *a = user;
    part p = {0, a->slide->inner.out[1], 0, SIZE_MAX};
    (void)thread;
    if (a->lines > 0) {
        p.line0 = task * a->lines;
        p.line1 = ajp_min_size(p.line0 + a->lines, p.line1);
    } else {
        p.column0 = task * a->columns;
        p.n_columns = a->columns;
    }
    run_part(a, &p);
}

/* Every output is one sum, so it does not matter how they are shared. */
static void run_sample(sample *a)
{
    const ajp_slide *slide = a->slide;
    const ajp_slide_shape *s = &slide->shape;
    size_t n_threads = a->call->pool != NULL ? ajp_pool_threads(a->call->pool) : 1,
           n_lines = slide->inner.out[1];
    size_t n_in = s->kind == AJP_SLIDE_CONVOLVE ? s->channels_in / s->groups : 1;
    size_t work = s->channels_out * ajp_slide_places(slide->inner.out) * (slide->n_taps * n_in);
    size_t n_vectors = (s->channels_out + AJP_LANES - 1) / AJP_LANES, n_tasks = 1;
    bool columns = s->kind != AJP_SLIDE_CONVOLVE || s->groups == 1;
    if (n_threads > 1 && work >= WORTH_SHARING) {
        if (n_lines >= LINES_A_THREAD * n_threads || !columns || n_vectors < n_threads) {
            n_tasks = ajp_min_size(n_lines, n_threads);
            a->lines = (n_lines + n_tasks - 1) / n_tasks;
        } else {
            n_tasks = n_threads;
            a->columns = (n_vectors + n_tasks - 1) / n_tasks * AJP_LANES;
            n_tasks = (s->channels_out + a->columns - 1) / a->columns;
        }
    }
    if (n_tasks > 1) {
        ajp_pool_run(a->call->pool, n_tasks, run_task, a);
        return;
    }
    const part whole = {0, n_lines, 0, SIZE_MAX};
    run_part(a, &whole);
}

/* ---- layouts --------------------------------------------------------------------------------------------
 */

/* y[place][channel] = x[channel][place] for n_places of them, x_channel floats between channels. */
static void turn(const float *x, size_t x_channel, size_t n_channels, size_t n_places, float *y,
                 size_t y_place)
{
    enum { BLOCK = 16 };
    for (size_t p = 0; p < n_places; p += BLOCK) {
        size_t end = ajp_min_size(p + BLOCK, n_places);
        for (size_t c = 0; c < n_channels; c++)
            for (size_t q = p; q < end; q++) y[q * y_place + c] = x[c * x_channel + q];
    }
}

void ajp_slide_turn(const float *x, size_t n_channels, size_t n_places, float *y)
{
    turn(x, n_places, n_channels, n_places, y, n_channels);
}

void ajp_slide_gather(const float *x, bool x_last, size_t n_channels, const size_t in[AJP_SPATIAL],
                      const size_t before[AJP_SPATIAL], const size_t size[AJP_SPATIAL], float *copy)
{
    size_t n_places = ajp_slide_places(in), n_all = ajp_slide_places(size);
    if (n_all > n_places) memset(copy, 0, n_all * n_channels * sizeof *copy);
    for (size_t i = 0; i < in[0]; i++)
        for (size_t j = 0; j < in[1]; j++) {
            size_t line = (i + before[0]) * size[1] + j + before[1], from = (i * in[1] + j) * in[2];
            float *to = copy + (line * size[2] + before[2]) * n_channels;
            if (x_last)
                memcpy(to, x + from * n_channels, in[2] * n_channels * sizeof *to);
            else
                turn(x + from, n_places, n_channels, in[2], to, n_channels);
        }
}

void ajp_slide_run(const ajp_slide *slide, const ajp_slide_call *call)
{
    const ajp_slide_shape *s = &slide->shape;
    size_t n_out = ajp_slide_places(s->geometry.out),
           x_size = s->channels_in * ajp_slide_places(s->geometry.in);
    size_t y_size = s->channels_out * n_out;
    size_t shift[AJP_SPATIAL]; /* padding that the regions do not know of */
    for (size_t a = 0; a < AJP_SPATIAL; a++) shift[a] = s->geometry.before[a] - slide->inner.before[a];
    float *gathered = call->scratch, *turned = call->scratch + ajp_round_up(slide->gathered_n, AJP_LANES);
    for (size_t i = 0; i < call->n_samples; i++) {
        const float *x = call->x + i * x_size;
        float *y = call->y + i * y_size;
        sample a = {slide, call, x, call->add != NULL ? call->add + i * y_size : NULL, y, 0, 0};
        if (slide->gathers) {
            ajp_slide_gather(x, s->x_last, s->channels_in, s->geometry.in, shift, slide->inner.in, gathered);
            a.x = gathered;
        }
        if (slide->scatters) a.y = turned;
        run_sample(&a);
        if (slide->scatters) turn(turned, s->channels_out, n_out, s->channels_out, y, n_out);
    }
}

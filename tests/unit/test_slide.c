/* [threads] Sliding windows: the fast form against the plain one in double, in every layout, on every
 * instruction set, with and without threads: the same bits among the fast ones. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "nn/slide.h"

static uint64_t state = 20240415;
static size_t below(size_t n)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(state >> 33) % n;
}
static float *random_array(size_t n)
{
    float *x = malloc((n + 1) * sizeof *x);
    for (size_t i = 0; i < n; i++) x[i] = (float)below(2000001) / 1e6F - 1.0F;
    return x;
}
static double *as_double(const float *x, size_t n)
{
    double *y = malloc((n + 1) * sizeof *y);
    for (size_t i = 0; i < n; i++) y[i] = (double)x[i];
    return y;
}

typedef struct {
    ajp_slide_shape shape;
    ajp_plain_slide plain;
    size_t n_x, n_y, n_w, n_b, n_taps; /* of one sample; weights as packed */
    float *x, *w, *b, *packed, *bias;
    double *want;
} problem;

static void random_geometry(problem *p, ajp_geometry *g)
{
    size_t n_axes = 1 + below(3);
    for (size_t a = 0; a < AJP_SPATIAL; a++) {
        bool there = a + n_axes >= AJP_SPATIAL;
        g->kernel[a] = there ? 1 + below(n_axes == 3 ? 3 : 5) : 1;
        g->stride[a] = there ? 1 + below(3) : 1;
        g->dilation[a] = there ? 1 + below(2) : 1;
        g->before[a] = there ? below(4) : 0;
        g->after[a] = there ? below(4) : 0;
        size_t window = (g->kernel[a] - 1) * g->dilation[a] + 1;
        g->in[a] = there ? 1 + below(n_axes == 3 ? 6 : 14) : 1;
        if (p->shape.transposed) {
            size_t all = (g->in[a] - 1) * g->stride[a] + window;
            if (g->before[a] + g->after[a] >= all) g->before[a] = g->after[a] = 0;
            g->out[a] = all - g->before[a] - g->after[a] + (there ? below(2) : 0);
            continue;
        }
        while (g->in[a] + g->before[a] + g->after[a] < window) g->in[a]++;
        size_t room = g->in[a] + g->before[a] + g->after[a] - window;
        g->out[a] = room / g->stride[a] + 1;
        if (room % g->stride[a] != 0 && g->out[a] * g->stride[a] < g->in[a] + g->before[a] && below(2) == 0)
            g->out[a]++;
    }
}

static void pack(problem *p)
{
    const ajp_slide_shape *s = &p->shape;
    size_t rows = s->channels_out / s->groups, cols = s->channels_in / s->groups, all = cols * p->n_taps;
    size_t width = ajp_round_up(s->channels_in, AJP_LANES), n_bias = ajp_round_up(rows, AJP_LANES);
    bool depthwise = s->kind == AJP_SLIDE_DEPTHWISE;
    p->packed = calloc(depthwise ? p->n_taps * width : s->groups * ajp_packed_size(rows, all), sizeof(float));
    p->bias = calloc(depthwise ? width : s->groups * n_bias, sizeof(float));
    for (size_t m = 0; m < s->channels_out; m++) {
        size_t group = m / rows, row = m % rows;
        p->bias[depthwise ? m : group * n_bias + row] = p->b[m];
        for (size_t c = 0; c < cols; c++)
            for (size_t t = 0; t < p->n_taps; t++) {
                size_t from = s->transposed ? ((group * cols + c) * rows + row) * p->n_taps + t
                                            : (m * cols + c) * p->n_taps + t;
                size_t to = depthwise ? t * width + m
                                      : group * ajp_packed_size(rows, all) +
                                            (row / 16 * all + t * cols + c) * 16 + row % 16;
                p->packed[to] = p->w[from];
            }
    }
}

static problem make(ajp_slide_kind kind, bool transposed)
{
    problem p = {.shape = {.kind = kind, .transposed = transposed, .count_padding = below(2), .groups = 1}};
    ajp_slide_shape *s = &p.shape;
    random_geometry(&p, &s->geometry);
    s->channels_in = s->channels_out = 1 + below(40);
    if (kind == AJP_SLIDE_DEPTHWISE) s->groups = s->channels_in;
    if (kind == AJP_SLIDE_CONVOLVE) {
        s->groups = 1 + below(3) * below(2);
        s->channels_in = s->groups * (1 + below(12));
        s->channels_out = s->groups * (1 + below(40));
    }
    p.n_taps = ajp_slide_places(s->geometry.kernel);
    p.plain = (ajp_plain_slide){2, s->channels_in, s->channels_out, s->groups, s->geometry};
    p.n_x = s->channels_in * ajp_slide_places(s->geometry.in);
    p.n_y = s->channels_out * ajp_slide_places(s->geometry.out);
    p.n_w = s->channels_out * (s->channels_in / s->groups) * p.n_taps;
    p.x = random_array(2 * p.n_x);
    p.w = random_array(p.n_w);
    p.b = random_array(s->channels_out);
    p.want = malloc((2 * p.n_y + 1) * sizeof(double));
    double *x = as_double(p.x, 2 * p.n_x), *w = as_double(p.w, p.n_w), *b = as_double(p.b, s->channels_out);
    if (kind == AJP_SLIDE_LARGEST)
        ajp_plain_largest(&p.plain, x, p.want, NULL, false);
    else if (kind == AJP_SLIDE_MEAN)
        ajp_plain_mean(&p.plain, s->count_padding, x, p.want);
    else if (transposed)
        ajp_plain_convolve_transposed(&p.plain, x, w, b, p.want);
    else
        ajp_plain_convolve(&p.plain, x, w, b, p.want);
    free(x), free(w), free(b);
    pack(&p);
    return p;
}

static void drop(problem *p)
{
    free(p->x), free(p->w), free(p->b), free(p->packed), free(p->bias), free(p->want);
}

static void turn_samples(const float *x, size_t n_channels, size_t n_places, float *y)
{
    for (size_t i = 0; i < 2; i++)
        ajp_slide_turn(x + i * n_channels * n_places, n_channels, n_places, y + i * n_channels * n_places);
}

/* Result in the order of the plain form. */
static float *run(problem *p, aj_isa isa, ajp_pool *pool, bool x_last, bool y_last)
{
    ajp_slide_shape shape = p->shape;
    shape.x_last = x_last;
    shape.y_last = y_last;
    ajp_slide slide;
    size_t size = ajp_slide_build(&slide, &shape, NULL);
    CHECK(size > 0);
    void *tables = malloc(size);
    CHECK_INT(ajp_slide_build(&slide, &shape, tables), size);
    size_t n_in = ajp_slide_places(shape.geometry.in), n_out = ajp_slide_places(shape.geometry.out);
    float *x = malloc((2 * p->n_x + 1) * sizeof *x), *y = malloc((2 * p->n_y + 1) * sizeof *y);
    float *scratch = malloc((ajp_slide_scratch(&slide) + 1) * sizeof *scratch);
    bool weighted = shape.kind == AJP_SLIDE_CONVOLVE || shape.kind == AJP_SLIDE_DEPTHWISE;
    if (x_last)
        turn_samples(p->x, shape.channels_in, n_in, x);
    else
        memcpy(x, p->x, 2 * p->n_x * sizeof *x);
    ajp_slide_call call = {.kernels = ajp_kernels_for(isa),
                           .pool = pool,
                           .n_samples = 2,
                           .x = x,
                           .y = y,
                           .weights = weighted ? p->packed : NULL,
                           .bias = weighted ? p->bias : NULL,
                           .scratch = scratch};
    ajp_slide_run(&slide, &call);
    if (y_last) {
        float *turned = malloc((2 * p->n_y + 1) * sizeof *turned);
        turn_samples(y, n_out, shape.channels_out, turned);
        free(y);
        y = turned;
    }
    free(x), free(scratch), free(tables);
    return y;
}

static void describe(const problem *p, size_t at, double got)
{
    const ajp_geometry *g = &p->shape.geometry;
    fprintf(stderr, "kind %d transposed %d groups %zu channels %zu -> %zu:", (int)p->shape.kind,
            (int)p->shape.transposed, p->shape.groups, p->shape.channels_in, p->shape.channels_out);
    for (size_t a = 0; a < AJP_SPATIAL; a++)
        fprintf(stderr, " [in %zu out %zu kernel %zu stride %zu dilation %zu padding %zu %zu]", g->in[a],
                g->out[a], g->kernel[a], g->stride[a], g->dilation[a], g->before[a], g->after[a]);
    fprintf(stderr, "\n  element %zu is %.9g, want %.9g\n", at, got, p->want[at]);
}

static void test_one(ajp_slide_kind kind, bool transposed, ajp_pool *pool)
{
    problem p = make(kind, transposed);
    const aj_isa isas[3] = {AJ_ISA_AVX512, AJ_ISA_AVX2, AJ_ISA_SCALAR};
    float *first = run(&p, AJ_ISA_SCALAR, NULL, false, false);
    double tolerance = 3e-7 * (double)(p.n_taps * p.shape.channels_in + 8);
    bool good = true;
    for (size_t i = 0; i < 2 * p.n_y && good; i++)
        if (!(fabs((double)first[i] - p.want[i]) <= tolerance) && first[i] != (float)p.want[i]) {
            good = false;
            describe(&p, i, (double)first[i]);
        }
    CHECK(good);
    for (int k = 0; k < 3; k++) {
        if (!aj_isa_supported(isas[k])) continue;
        for (unsigned layout = 0; layout < 4; layout++) {
            float *y = run(&p, isas[k], layout == 3 ? pool : NULL, layout & 1, layout >> 1 & 1);
            CHECK(memcmp(y, first, 2 * p.n_y * sizeof *y) == 0);
            free(y);
        }
    }
    free(first);
    drop(&p);
}

static void square_geometry(problem *p, size_t size, size_t k)
{
    ajp_geometry *g = &p->shape.geometry;
    *g = (ajp_geometry){{1, size, size}, {1, size, size},   {1, k, k},        {1, 1, 1},
                        {1, 1, 1},       {0, k / 2, k / 2}, {0, k / 2, k / 2}};
    if (!p->shape.transposed) return;
    g->stride[1] = g->stride[2] = 2;
    g->out[1] = g->out[2] = 2 * size - 1 + (k - 1) - 2 * (k / 2);
}

/* Weights too large for the cache: padding is stored; and enough work for threads, by lines and by columns.
 */
static void test_large(ajp_pool *pool, size_t in, size_t out, size_t size, bool transposed)
{
    problem p = {.shape = {.kind = AJP_SLIDE_CONVOLVE, .groups = 1, .transposed = transposed}};
    p.shape.channels_in = in;
    p.shape.channels_out = out;
    square_geometry(&p, size, 3);
    p.n_taps = 9;
    p.plain = (ajp_plain_slide){2, in, out, 1, p.shape.geometry};
    p.n_x = in * size * size;
    p.n_y = out * ajp_slide_places(p.shape.geometry.out);
    p.n_w = in * out * 9;
    p.x = random_array(2 * p.n_x);
    p.w = random_array(p.n_w);
    p.b = random_array(out);
    p.want = malloc(2 * p.n_y * sizeof(double));
    double *x = as_double(p.x, 2 * p.n_x), *w = as_double(p.w, p.n_w), *b = as_double(p.b, out);
    if (transposed)
        ajp_plain_convolve_transposed(&p.plain, x, w, b, p.want);
    else
        ajp_plain_convolve(&p.plain, x, w, b, p.want);
    free(x), free(w), free(b);
    pack(&p);
    aj_isa isa = aj_isa_supported(AJ_ISA_AVX2) ? AJ_ISA_AVX2 : AJ_ISA_SCALAR;
    float *alone = run(&p, isa, NULL, true, true), *shared = run(&p, isa, pool, true, true);
    double worst = 0.0;
    for (size_t e = 0; e < 2 * p.n_y; e++) worst = fmax(worst, fabs((double)alone[e] - p.want[e]));
    CHECK(worst < 2e-4);
    CHECK(memcmp(alone, shared, 2 * p.n_y * sizeof *alone) == 0);
    free(alone), free(shared);
    drop(&p);
}

/* The inside of an image is one region: speed hangs on it. */
static void test_regions(size_t stride, size_t n_regions)
{
    ajp_slide slide;
    ajp_slide_shape shape = {.kind = AJP_SLIDE_LARGEST,
                             .channels_in = 8,
                             .channels_out = 8,
                             .groups = 1,
                             .geometry = {{1, 32, 32},
                                          {1, 32 / stride, 32 / stride},
                                          {1, 3, 3},
                                          {1, stride, stride},
                                          {1, 1, 1},
                                          {0, 1, 1},
                                          {0, 1, 1}}};
    CHECK(ajp_slide_build(&slide, &shape, NULL) > 0);
    CHECK_INT(slide.n_regions, n_regions);
}

int main(void)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 3;
    aj_context *context = NULL;
    aj_error err = {0};
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    if (context == NULL) return check_report();
    for (int i = 0; i < 120; i++) {
        for (int kind = AJP_SLIDE_CONVOLVE; kind <= AJP_SLIDE_MEAN; kind++)
            test_one((ajp_slide_kind)kind, false, context->pool);
        test_one(AJP_SLIDE_CONVOLVE, true, context->pool);
        test_one(AJP_SLIDE_DEPTHWISE, true, context->pool);
    }
    test_large(context->pool, 96, 100, 7, false);
    test_large(context->pool, 16, 16, 32, false);
    test_large(context->pool, 33, 70, 3, false);
    test_large(context->pool, 20, 30, 13, true);
    test_regions(1, 9);
    test_regions(2, 4);
    aj_context_destroy(context);
    return check_report();
}

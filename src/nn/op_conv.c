/* op_conv.c: Conv and ConvTranspose. */
#include <string.h>

#include "slide.h"

typedef struct {
    ajp_slide_attributes a;
    size_t groups;
    bool transposed;
    size_t output_padding[AJP_SPATIAL], output_shape[AJP_SPATIAL], n_output_padding, n_output_shape;
} params;

static const char *const conv_attributes[] = {"kernel_shape", "strides", "dilations", "pads",
                                              "auto_pad",     "group",   NULL};
static const char *const transpose_attributes[] = {"kernel_shape",   "strides",      "dilations",
                                                   "pads",           "auto_pad",     "group",
                                                   "output_padding", "output_shape", NULL};

static aj_status parse_conv(const ajp_op_parse *p, void *out)
{
    params *q = out;
    int64_t groups;
    AJ_TRY(ajp_slide_parse(p, &q->a));
    AJ_TRY(ajp_op_int(p, "group", 1, &groups));
    if (groups < 1)
        return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has %lld groups; 1 or more are needed",
                             (long long)groups);
    q->groups = (size_t)groups;
    return AJ_OK;
}

static aj_status parse_transpose(const ajp_op_parse *p, void *out)
{
    params *q = out;
    q->transposed = true;
    AJ_TRY(ajp_slide_sizes(p, "output_padding", 0, AJP_SPATIAL, q->output_padding, &q->n_output_padding));
    AJ_TRY(ajp_slide_sizes(p, "output_shape", 1, AJP_SPATIAL, q->output_shape, &q->n_output_shape));
    return parse_conv(p, out);
}

/* ---- shapes ---------------------------------------------------------------------------------------------
 */

/* Output sizes of ConvTranspose, which then fix the padding where it is automatic or the sizes are given. */
static void geometry_of_transpose(const params *q, const ajp_type *x, const size_t *kernel, ajp_geometry *g)
{
    size_t skipped = AJP_SPATIAL + 2 - x->rank;
    ajp_slide_axes(&q->a, x->rank, kernel, g);
    bool same = q->a.auto_pad == AJP_PAD_SAME_UPPER || q->a.auto_pad == AJP_PAD_SAME_LOWER;
    for (size_t a = skipped; a < AJP_SPATIAL; a++) {
        size_t d = a - skipped, extra = q->n_output_padding > 0 ? q->output_padding[d] : 0;
        g->in[a] = x->dims[2 + d];
        if (g->in[a] == 0 || g->in[a] > (size_t)1 << 31) {
            g->out[a] = 0;
            continue;
        }
        size_t all = (g->in[a] - 1) * g->stride[a] + (g->kernel[a] - 1) * g->dilation[a] + 1 + extra;
        if (!same && q->n_output_shape == 0) {
            size_t padding = g->before[a] + g->after[a];
            g->out[a] = all > padding ? all - padding : 0;
            continue;
        }
        g->out[a] = q->n_output_shape > 0 ? q->output_shape[d] : g->in[a] * g->stride[a];
        size_t total = all > g->out[a] ? all - g->out[a] : 0;
        /* the format's own backends put the larger half behind for SAME_UPPER and in front otherwise */
        g->before[a] = q->a.auto_pad == AJP_PAD_SAME_UPPER ? total / 2 : total - total / 2;
        g->after[a] = total - g->before[a];
    }
}

static void geometry_of(const params *q, const ajp_type *x, const ajp_type *w, ajp_geometry *g)
{
    if (q->transposed)
        geometry_of_transpose(q, x, w->dims + 2, g);
    else
        ajp_slide_geometry_of(&q->a, x, w->dims + 2, g);
}

static aj_status check_weights(const ajp_op_infer *i, const params *q)
{
    const ajp_type *x = i->in[0], *w = i->in[1], *b = i->n_in > 2 ? i->in[2] : NULL;
    char a[128], c[128];
    size_t out = w->rank > 1 ? (q->transposed ? w->dims[1] * q->groups : w->dims[0]) : 0;
    if (w->batch_axis >= 0 || (b != NULL && b->batch_axis >= 0))
        return ajp_op_mixes(i, "its weights are samples");
    bool fits = w->rank == x->rank && w->dtype == x->dtype && out > 0 && out % q->groups == 0 &&
                x->dims[1] == (q->transposed ? w->dims[0] : w->dims[1] * q->groups) &&
                x->dims[1] % q->groups == 0;
    for (size_t d = 2; fits && d < w->rank; d++)
        fits = w->dims[d] > 0 && w->dims[d] <= (size_t)1 << 31 &&
               (q->a.n_kernel == 0 || (q->a.n_kernel == w->rank - 2 && q->a.kernel[d - 2] == w->dims[d]));
    if (!fits)
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                             "has weights of type %s that do not fit its input of type %s, %zu groups and "
                             "kernel_shape",
                             ajp_type_text(w, a, sizeof a), ajp_type_text(x, c, sizeof c), q->groups);
    if (b != NULL && (b->rank != 1 || b->dims[0] != out || b->dtype != x->dtype))
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                             "has a bias of type %s; %zu values of the input's type are needed",
                             ajp_type_text(b, a, sizeof a), out);
    return AJ_OK;
}

static aj_status infer(const ajp_op_infer *i)
{
    const params *q = i->node->params;
    const ajp_type *x = i->in[0], *w = i->in[1];
    ajp_geometry g;
    AJ_TRY(ajp_slide_want_float(i, 0));
    if (x->rank < 3 || x->rank > 2 + AJP_SPATIAL) return ajp_slide_geometry(i, &q->a, q->a.kernel, &g);
    AJ_TRY(check_weights(i, q));
    /* checks counts and ranks; its sizes are those of a convolution */
    if (!q->transposed) AJ_TRY(ajp_slide_geometry(i, &q->a, w->dims + 2, &g));
    if (q->transposed) {
        if (x->batch_axis > 0) return ajp_op_mixes(i, "its channels or places are samples");
        AJ_TRY(ajp_slide_counts(i, &q->a));
        size_t n = x->rank - 2;
        if ((q->n_output_padding > 0 && q->n_output_padding != n) ||
            (q->n_output_shape > 0 && q->n_output_shape != n))
            return ajp_node_fail(
                i->path, i->node, AJ_CORRUPT, i->err,
                "has output_padding or output_shape of another size than its image of %zu axes", n);
        geometry_of(q, x, w, &g);
        if (ajp_slide_places(g.out) == 0 && x->dims[2] > 0)
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "has more padding than output");
    }
    ajp_slide_type(x, q->transposed ? w->dims[1] * q->groups : w->dims[0], &g, &i->out[0]);
    return AJ_OK;
}

/* ---- running --------------------------------------------------------------------------------------------
 */

static ajp_plain_slide plain_of(const params *q, const ajp_tensor *x, const ajp_tensor *w,
                                const ajp_tensor *y)
{
    ajp_plain_slide s = {
        x->type.dims[0], x->type.dims[1], y->type.dims[1], q->groups, {{0}, {0}, {0}, {0}, {0}, {0}, {0}}};
    geometry_of(q, &x->type, &w->type, &s.geometry);
    return s;
}

static bool depthwise(const ajp_plain_slide *s)
{
    return s->groups == s->channels_in && s->groups == s->channels_out;
}

static ajp_slide_shape shape_of(const params *q, const ajp_plain_slide *s)
{
    return (ajp_slide_shape){.kind = depthwise(s) ? AJP_SLIDE_DEPTHWISE : AJP_SLIDE_CONVOLVE,
                             .transposed = q->transposed,
                             .channels_in = s->channels_in,
                             .channels_out = s->channels_out,
                             .groups = s->groups,
                             .geometry = s->geometry};
}

/* Scratch of a run: weights, bias, working memory, the window's tables; or everything in double. */
typedef struct {
    bool fast;
    size_t n_weights, n_bias, n_work, n_tables; /* floats, floats, floats, bytes */
    size_t n_double;
} sizes;

static sizes sizes_of(const params *q, const ajp_plain_slide *s, const ajp_tensor *const t[4],
                      ajp_slide *slide)
{
    ajp_slide_shape shape = shape_of(q, s);
    sizes z = {0};
    z.n_tables = ajp_slide_build(slide, &shape, NULL);
    z.fast = t[0]->type.dtype == AJP_FLOAT32 && z.n_tables > 0;
    size_t rows = s->channels_out / s->groups, cols = s->channels_in / s->groups * slide->n_taps;
    z.n_weights = depthwise(s) ? slide->n_taps * ajp_round_up(s->channels_in, AJP_LANES)
                               : s->groups * ajp_packed_size(rows, cols);
    z.n_bias =
        depthwise(s) ? ajp_round_up(rows * s->groups, AJP_LANES) : s->groups * ajp_round_up(rows, AJP_LANES);
    z.n_work = ajp_slide_scratch(slide);
    for (size_t k = 0; k < 4; k++) z.n_double += t[k] != NULL ? t[k]->n : 0;
    return z;
}

static size_t scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    const params *q = node->params;
    const ajp_tensor *const t[4] = {&in[0], &in[1], &out[0], node->n_in > 2 ? &in[2] : NULL};
    ajp_plain_slide s = plain_of(q, &in[0], &in[1], &out[0]);
    ajp_slide slide;
    sizes z = sizes_of(q, &s, t, &slide);
    return z.fast ? (z.n_weights + z.n_bias + z.n_work) * sizeof(float) + z.n_tables
                  : z.n_double * sizeof(double);
}

/* Weight of output row, input col (within the group) and tap as the file has it. */
static float weight(const params *q, const ajp_plain_slide *s, const float *w, size_t group, size_t row,
                    size_t col, size_t n_taps, size_t tap)
{
    size_t rows = s->channels_out / s->groups, cols = s->channels_in / s->groups;
    size_t outer = q->transposed ? (group * cols + col) * rows + row : (group * rows + row) * cols + col;
    return w[outer * n_taps + tap];
}

static void pack(const params *q, const ajp_plain_slide *s, const float *w, size_t n_taps, float *to)
{
    size_t rows = s->channels_out / s->groups, cols = s->channels_in / s->groups, all = cols * n_taps;
    if (depthwise(s)) {
        size_t width = ajp_round_up(s->channels_in, AJP_LANES);
        memset(to, 0, n_taps * width * sizeof *to);
        for (size_t c = 0; c < s->groups; c++)
            for (size_t t = 0; t < n_taps; t++) to[t * width + c] = w[c * n_taps + t];
        return;
    }
    for (size_t group = 0; group < s->groups; group++, to += ajp_packed_size(rows, all)) {
        memset(to, 0, ajp_packed_size(rows, all) * sizeof *to);
        for (size_t i = 0; i < rows; i++)
            for (size_t t = 0; t < n_taps; t++)
                for (size_t c = 0; c < cols; c++)
                    to[(i / AJP_LANES * all + t * cols + c) * AJP_LANES + i % AJP_LANES] =
                        weight(q, s, w, group, i, c, n_taps, t);
    }
}

static void spread_bias(const ajp_plain_slide *s, const float *b, float *to, size_t n_to)
{
    size_t rows = depthwise(s) ? s->channels_out : s->channels_out / s->groups;
    memset(to, 0, n_to * sizeof *to);
    for (size_t i = 0; i < s->channels_out; i++)
        to[i / rows * ajp_round_up(rows, AJP_LANES) + i % rows] = b[i];
}

static void run_fast(const ajp_op_run *r, const ajp_plain_slide *s, const sizes *z)
{
    const params *q = r->node->params;
    bool with_bias = r->n_in > 2 && r->in[2].data != NULL;
    float *weights = r->scratch, *bias = weights + z->n_weights, *work = bias + z->n_bias;
    ajp_slide_shape shape = shape_of(q, s);
    ajp_slide slide;
    (void)ajp_slide_build(&slide, &shape, work + z->n_work);
    pack(q, s, r->in[1].data, slide.n_taps, weights);
    if (with_bias) spread_bias(s, r->in[2].data, bias, z->n_bias);
    ajp_slide_call call = {.kernels = r->kernels,
                           .pool = r->pool,
                           .n_samples = s->n_samples,
                           .x = r->in[0].data,
                           .y = r->out[0].data,
                           .weights = weights,
                           .bias = with_bias ? bias : NULL,
                           .scratch = work};
    ajp_slide_run(&slide, &call);
}

static aj_status run(const ajp_op_run *r)
{
    const params *q = r->node->params;
    bool with_bias = r->n_in > 2 && r->in[2].data != NULL;
    const ajp_tensor *const t[4] = {&r->in[0], &r->in[1], &r->out[0], with_bias ? &r->in[2] : NULL};
    ajp_plain_slide s = plain_of(q, t[0], t[1], t[2]);
    ajp_slide slide;
    if (r->out[0].n == 0) return AJ_OK;
    sizes z = sizes_of(q, &s, t, &slide);
    if (z.fast) {
        run_fast(r, &s, &z);
        return AJ_OK;
    }
    double *memory = r->scratch, *at[4] = {memory, memory + t[0]->n, NULL, NULL};
    at[2] = at[1] + t[1]->n;
    if (with_bias) at[3] = at[2] + t[2]->n;
    for (size_t k = 0; k < 4; k++)
        if (k != 2 && at[k] != NULL) ajp_convert(AJP_FLOAT64, at[k], t[k]->type.dtype, t[k]->data, t[k]->n);
    if (q->transposed)
        ajp_plain_convolve_transposed(&s, at[0], at[1], at[3], at[2]);
    else
        ajp_plain_convolve(&s, at[0], at[1], at[3], at[2]);
    ajp_convert(t[2]->type.dtype, t[2]->data, AJP_FLOAT64, at[2], t[2]->n);
    return AJ_OK;
}

extern const ajp_op ajp_op_conv, ajp_op_conv_transpose;
const ajp_op ajp_op_conv = {.min_in = 2,
                            .max_in = 3,
                            .max_out = 1,
                            .params_size = sizeof(params),
                            .attributes = conv_attributes,
                            .parse = parse_conv,
                            .infer = infer,
                            .scratch = scratch,
                            .run = run};
const ajp_op ajp_op_conv_transpose = {.min_in = 2,
                                      .max_in = 3,
                                      .max_out = 1,
                                      .params_size = sizeof(params),
                                      .attributes = transpose_attributes,
                                      .parse = parse_transpose,
                                      .infer = infer,
                                      .scratch = scratch,
                                      .run = run};

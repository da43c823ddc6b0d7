/* op_conv.c: Conv and ConvTranspose. */
#include "op_conv.h"

static const char *const conv_attributes[] = {"kernel_shape", "strides", "dilations", "pads",
                                              "auto_pad",     "group",   NULL};
static const char *const transpose_attributes[] = {"kernel_shape",   "strides",      "dilations",
                                                   "pads",           "auto_pad",     "group",
                                                   "output_padding", "output_shape", NULL};

static aj_status parse_conv(const ajp_op_parse *p, void *out)
{
    ajp_conv_params *q = out;
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
    ajp_conv_params *q = out;
    q->transposed = true;
    AJ_TRY(ajp_slide_sizes(p, "output_padding", 0, AJP_SPATIAL, q->output_padding, &q->n_output_padding));
    AJ_TRY(ajp_slide_sizes(p, "output_shape", 1, AJP_SPATIAL, q->output_shape, &q->n_output_shape));
    return parse_conv(p, out);
}

/* ---- shapes ---------------------------------------------------------------------------------------------
 */

/* Output sizes of ConvTranspose, which then fix the padding where it is automatic or the sizes are given. */
static void geometry_of_transpose(const ajp_conv_params *q, const ajp_type *x, const size_t *kernel,
                                  ajp_geometry *g)
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

static void geometry_of(const ajp_conv_params *q, const ajp_type *x, const ajp_type *w, ajp_geometry *g)
{
    if (q->transposed)
        geometry_of_transpose(q, x, w->dims + 2, g);
    else
        ajp_slide_geometry_of(&q->a, x, w->dims + 2, g);
}

static aj_status check_weights(const ajp_op_infer *i, const ajp_conv_params *q)
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
    const ajp_conv_params *q = i->node->params;
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

ajp_plain_slide ajp_conv_slide(const ajp_conv_params *q, const ajp_type *x, const ajp_type *w,
                               size_t channels_out)
{
    ajp_plain_slide s = {.n_samples = x->dims[0],
                         .channels_in = x->dims[1],
                         .channels_out = channels_out,
                         .groups = q->groups};
    geometry_of(q, x, w, &s.geometry);
    return s;
}

bool ajp_conv_is_depthwise(const ajp_plain_slide *s)
{
    return s->groups == s->channels_in && s->groups == s->channels_out;
}

static bool takes_last(const ajp_node *node, size_t n_products, const ajp_type *x, const ajp_type *y)
{
    (void)node, (void)x, (void)y;
    return n_products == 1;
}

/* With weights that depend on data. */
static uint64_t macs(const ajp_node *node, const ajp_type *in, uint64_t n_out)
{
    const ajp_conv_params *q = node->params;
    size_t n_in;
    uint64_t each = ajp_dims_product(in[1].dims + 1, in[1].rank - 1);
    if (!q->transposed) return n_out * each;
    return ajp_type_elements(&in[0], &n_in) ? n_in * each : 0;
}

extern const ajp_op ajp_op_conv, ajp_op_conv_transpose;
const ajp_op ajp_op_conv = {.widening = AJP_WIDEN_FLOATS,
                            .min_in = 2,
                            .max_in = 3,
                            .max_out = 1,
                            .params_size = sizeof(ajp_conv_params),
                            .attributes = conv_attributes,
                            .parse = parse_conv,
                            .infer = infer,
                            .scratch = ajp_conv_scratch,
                            .run = ajp_conv_run,
                            .prepare = ajp_conv_prepare,
                            .layout = AJP_LAYOUT_EACH,
                            .takes_last = takes_last,
                            .products = ajp_conv_products,
                            .macs = macs,
                            .folds = true,
                            .adds = true};
const ajp_op ajp_op_conv_transpose = {.widening = AJP_WIDEN_FLOATS,
                                      .min_in = 2,
                                      .max_in = 3,
                                      .max_out = 1,
                                      .params_size = sizeof(ajp_conv_params),
                                      .attributes = transpose_attributes,
                                      .parse = parse_transpose,
                                      .infer = infer,
                                      .scratch = ajp_conv_scratch,
                                      .run = ajp_conv_run,
                                      .prepare = ajp_conv_prepare,
                                      .layout = AJP_LAYOUT_EACH,
                                      .takes_last = takes_last,
                                      .products = ajp_conv_products,
                                      .macs = macs};

/* op_integer_conv.c: ConvInteger, QLinearConv: convolution of 8-bit integers by patches; padding holds the
 * zero point. */
#include "integer.h"
#include "slide.h"

typedef struct {
    ajp_slide_attributes a;
    size_t groups;
} params;
static const char *const attributes[] = {"kernel_shape", "strides", "dilations", "pads",
                                         "auto_pad",     "group",   NULL};

/* Where the inputs of the two operators are; SIZE_MAX: there is none. */
typedef struct {
    size_t w, x_scale, x_zero, w_scale, w_zero, y_scale, y_zero, bias;
} places;
static const places integer_places = {1, SIZE_MAX, 2, SIZE_MAX, 3, SIZE_MAX, SIZE_MAX, SIZE_MAX};
static const places quantized_places = {3, 1, 2, 4, 5, 6, 7, 8};

static aj_status parse(const ajp_op_parse *p, void *out)
{
    params *q = out;
    int64_t groups;
    AJ_TRY(ajp_slide_parse(p, &q->a));
    AJ_TRY(ajp_op_int(p, "group", 1, &groups));
    if (groups < 1)
        return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has %lld groups", (long long)groups);
    q->groups = (size_t)groups;
    return AJ_OK;
}

static aj_status check_weights(const ajp_op_infer *i, const places *p)
{
    const params *q = i->node->params;
    const ajp_type *x = i->in[0], *w = i->in[p->w], *b = ajp_op_input(i, p->bias);
    if (w->batch_axis >= 0 || (b != NULL && b->batch_axis >= 0))
        return ajp_op_mixes(i, "its weights are samples");
    bool fits = x->rank >= 3 && x->rank <= 2 + AJP_SPATIAL && w->rank == x->rank && w->dims[0] > 0 &&
                w->dims[0] % q->groups == 0 && x->dims[1] / q->groups == w->dims[1] &&
                x->dims[1] % q->groups == 0;
    for (size_t d = 2; fits && d < w->rank; d++)
        fits = w->dims[d] > 0 && w->dims[d] <= (size_t)1 << 31 &&
               (q->a.n_kernel == 0 || (q->a.n_kernel == w->rank - 2 && q->a.kernel[d - 2] == w->dims[d]));
    if (!fits)
        return ajp_op_corrupt(i, "has weights that do not fit its input, %zu groups and kernel_shape",
                              q->groups);
    if (b != NULL && (b->dtype != AJP_INT32 || b->rank != 1 || b->dims[0] != w->dims[0]))
        return ajp_op_corrupt(i, "has a bias that is not one int32 for each of %zu channels", w->dims[0]);
    return AJ_OK;
}

static aj_status infer(const ajp_op_infer *i, const places *p, ajp_dtype dtype)
{
    const params *q = i->node->params;
    const ajp_type *x = i->in[0], *w = i->in[p->w];
    ajp_geometry g;
    AJ_TRY(ajp_integer_want(i, 0));
    AJ_TRY(ajp_integer_want(i, p->w));
    AJ_TRY(check_weights(i, p));
    AJ_TRY(ajp_slide_geometry(i, &q->a, w->dims + 2, &g));
    AJ_TRY(ajp_integer_check(i, p->x_scale, AJP_FLOAT32, 1));
    AJ_TRY(ajp_integer_check(i, p->x_zero, x->dtype, 1));
    AJ_TRY(ajp_integer_check(i, p->w_scale, AJP_FLOAT32, w->dims[0]));
    AJ_TRY(ajp_integer_check(i, p->w_zero, w->dtype, w->dims[0]));
    ajp_slide_type(x, w->dims[0], &g, &i->out[0]);
    i->out[0].dtype = dtype;
    return AJ_OK;
}

static aj_status infer_integer(const ajp_op_infer *i)
{
    return infer(i, &integer_places, AJP_INT32);
}

static aj_status infer_quantized(const ajp_op_infer *i)
{
    AJ_TRY(ajp_integer_want(i, 7));
    AJ_TRY(ajp_integer_check(i, 6, AJP_FLOAT32, 1));
    AJ_TRY(ajp_integer_check(i, 7, i->in[7]->dtype, 1));
    return infer(i, &quantized_places, i->in[7]->dtype);
}

/* Sizes of one product: the channels of a group at all places of one sample. */
typedef struct {
    ajp_geometry g;
    size_t places, taps, channels, columns, outputs; /* columns = channels * taps; of one group */
} sizes;

static sizes sizes_of(const ajp_node *node, const ajp_type *x, const ajp_type *w)
{
    const params *q = node->params;
    sizes s;
    ajp_slide_geometry_of(&q->a, x, w->dims + 2, &s.g);
    s.places = ajp_slide_places(s.g.out);
    s.taps = ajp_slide_places(s.g.kernel);
    s.channels = w->dims[1];
    s.columns = s.channels * s.taps;
    s.outputs = w->dims[0] / q->groups;
    return s;
}

static size_t scratch_of(const ajp_node *node, const ajp_tensor *x, const ajp_tensor *w)
{
    sizes s = sizes_of(node, &x->type, &w->type);
    size_t patches, room = ajp_integer_room(s.places, s.outputs, s.columns);
    if (room == SIZE_MAX || !ajp_size_mul(s.places, s.columns, &patches) || patches > AJP_MAX_ELEMENTS)
        return SIZE_MAX;
    return (patches + w->n + room + s.places * s.outputs) * sizeof(float);
}

static size_t scratch_integer(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    (void)out;
    return scratch_of(node, &in[0], &in[1]);
}

static size_t scratch_quantized(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    (void)out;
    return scratch_of(node, &in[0], &in[3]);
}

/* Place of the image that output `o` sees through `tap`; false: padding. */
static bool seen(const ajp_geometry *g, size_t o, size_t tap, size_t *at)
{
    size_t place[AJP_SPATIAL], window[AJP_SPATIAL];
    for (size_t a = AJP_SPATIAL; a-- > 0; o /= g->out[a], tap /= g->kernel[a]) {
        place[a] = o % g->out[a];
        window[a] = tap % g->kernel[a];
    }
    *at = 0;
    for (size_t a = 0; a < AJP_SPATIAL; a++) {
        size_t from = place[a] * g->stride[a] + window[a] * g->dilation[a];
        if (from < g->before[a] || from - g->before[a] >= g->in[a]) return false;
        *at = *at * g->in[a] + from - g->before[a];
    }
    return true;
}

static void gather(const sizes *s, const ajp_tensor *x, size_t first_channel, float zero, float *patches)
{
    size_t image = ajp_slide_places(s->g.in), at;
    const uint8_t *u = x->data;
    const int8_t *v = x->data;
    for (size_t o = 0; o < s->places; o++)
        for (size_t tap = 0; tap < s->taps; tap++) {
            bool there = seen(&s->g, o, tap, &at);
            for (size_t c = 0; c < s->channels; c++) {
                size_t from = (first_channel + c) * image + at;
                float value =
                    !there ? 0 : (x->type.dtype == AJP_UINT8 ? (float)u[from] : (float)v[from]) - zero;
                patches[o * s->columns + c * s->taps + tap] = value;
            }
        }
}

/* sums [places][outputs] of channels first ... to the image of sample n */
static void store(const ajp_op_run *r, const places *p, const sizes *s, size_t n, size_t first,
                  const int32_t *sums)
{
    const ajp_tensor *y = &r->out[0];
    const int32_t *bias = ajp_op_data(r, p->bias);
    float x_scale = ajp_integer_at(r, p->x_scale, 0, 1), y_scale = ajp_integer_at(r, p->y_scale, 0, 1);
    float zero = ajp_integer_at(r, p->y_zero, 0, 0);
    for (size_t j = 0; j < s->outputs; j++) {
        size_t channel = first + j, to = (n * y->type.dims[1] + channel) * s->places;
        float scale = x_scale * ajp_integer_at(r, p->w_scale, channel, 1) / y_scale;
        for (size_t o = 0; o < s->places; o++) {
            int32_t sum = sums[o * s->outputs + j];
            if (bias != NULL) sum = (int32_t)((uint32_t)sum + (uint32_t)bias[channel]);
            if (p->y_scale == SIZE_MAX)
                ((int32_t *)y->data)[to + o] = sum;
            else
                ajp_integer_store(y->type.dtype, y->data, to + o, (float)sum * scale, zero);
        }
    }
}

static aj_status run(const ajp_op_run *r, const places *p)
{
    const params *q = r->node->params;
    const ajp_tensor *x = &r->in[0], *w = &r->in[p->w];
    sizes s = sizes_of(r->node, &x->type, &w->type);
    float *patches = r->scratch, *weights = patches + s.places * s.columns, *room = weights + w->n;
    if (r->out[0].n == 0) return AJ_OK;
    int32_t *sums = (int32_t *)(void *)(room + ajp_integer_room(s.places, s.outputs, s.columns));
    for (size_t m = 0; m < w->type.dims[0]; m++)
        ajp_integer_shift(w->type.dtype, (const char *)w->data + m * s.columns, s.columns,
                          ajp_integer_at(r, p->w_zero, m, 0), weights + m * s.columns);
    for (size_t n = 0; n < x->type.dims[0]; n++)
        for (size_t group = 0; group < q->groups; group++) {
            size_t first = n * x->type.dims[1] + group * s.channels;
            gather(&s, x, first, ajp_integer_at(r, p->x_zero, 0, 0), patches);
            ajp_integer_multiply(&(ajp_integer_product){r->kernels, r->pool, s.places, s.outputs, s.columns,
                                                        patches, weights + group * s.outputs * s.columns,
                                                        true, sums, room});
            store(r, p, &s, n, group * s.outputs, sums);
        }
    return AJ_OK;
}

static aj_status run_integer(const ajp_op_run *r)
{
    return run(r, &integer_places);
}
static aj_status run_quantized(const ajp_op_run *r)
{
    return run(r, &quantized_places);
}

static uint64_t macs_of(const ajp_type *w, uint64_t n_out)
{
    return n_out * ajp_dims_product(w->dims + 1, w->rank - 1);
}
static uint64_t macs_integer(const ajp_node *node, const ajp_type *in, uint64_t n_out)
{
    (void)node;
    return macs_of(&in[integer_places.w], n_out);
}
static uint64_t macs_quantized(const ajp_node *node, const ajp_type *in, uint64_t n_out)
{
    (void)node;
    return macs_of(&in[quantized_places.w], n_out);
}

#define CONV(id, kind, least, most)                            \
    extern const ajp_op ajp_op_##id;                           \
    const ajp_op ajp_op_##id = {.min_in = least,               \
                                .max_in = most,                \
                                .max_out = 1,                  \
                                .flops_per_element = 3,        \
                                .params_size = sizeof(params), \
                                .attributes = attributes,      \
                                .parse = parse,                \
                                .infer = infer_##kind,         \
                                .scratch = scratch_##kind,     \
                                .run = run_##kind,             \
                                .macs = macs_##kind};
CONV(conv_integer, integer, 2, 4)
CONV(qlinear_conv, quantized, 8, 9)

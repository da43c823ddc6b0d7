/* conv_run.c: Conv and ConvTranspose in exact arithmetic: as a sliding window in float32, plainly otherwise.
 */
#include <string.h>

#include "op_conv.h"

/* What does not change from run to run.  While constants are folded it is made in scratch memory. */
typedef struct {
    ajp_plain_slide plain; /* of one sample as far as numbers of samples go */
    ajp_slide slide;
    const float *weights, *bias;
    ajp_activation activation;
    float activation_parameter;
} prepared;

static ajp_slide_shape shape_of(const ajp_conv_params *q, const ajp_plain_slide *s)
{
    return (ajp_slide_shape){.kind = ajp_conv_is_depthwise(s) ? AJP_SLIDE_DEPTHWISE : AJP_SLIDE_CONVOLVE,
                             .transposed = q->transposed,
                             .channels_in = s->channels_in,
                             .channels_out = s->channels_out,
                             .groups = s->groups,
                             .geometry = s->geometry};
}

bool ajp_conv_slides(const ajp_conv_params *q, const ajp_plain_slide *s)
{
    ajp_slide slide;
    ajp_slide_shape shape = shape_of(q, s);
    return ajp_slide_build(&slide, &shape, NULL) > 0;
}

/* ---- weights --------------------------------------------------------------------------------------------
 */

static size_t n_weights(const ajp_plain_slide *s, size_t n_taps)
{
    if (ajp_conv_is_depthwise(s)) return n_taps * ajp_round_up(s->channels_in, AJP_LANES);
    return s->groups * ajp_packed_size(s->channels_out / s->groups, s->channels_in / s->groups * n_taps);
}

static size_t n_bias(const ajp_plain_slide *s)
{
    if (ajp_conv_is_depthwise(s)) return ajp_round_up(s->channels_out, AJP_LANES);
    return s->groups * ajp_round_up(s->channels_out / s->groups, AJP_LANES);
}

/* Weights as the file has them to those of a slide; `to` is zeroed. */
static void pack(const ajp_conv_params *q, const ajp_plain_slide *s, const float *w, size_t n_taps, float *to)
{
    size_t rows = s->channels_out / s->groups, cols = s->channels_in / s->groups, all = cols * n_taps;
    if (ajp_conv_is_depthwise(s)) {
        size_t width = ajp_round_up(s->channels_in, AJP_LANES);
        for (size_t c = 0; c < s->groups; c++)
            for (size_t t = 0; t < n_taps; t++) to[t * width + c] = w[c * n_taps + t];
        return;
    }
    for (size_t group = 0; group < s->groups; group++, to += ajp_packed_size(rows, all))
        for (size_t i = 0; i < rows; i++)
            for (size_t c = 0; c < cols; c++) {
                size_t from = q->transposed ? (group * cols + c) * rows + i : (group * rows + i) * cols + c;
                float *packed = to + (i / AJP_LANES * all + c) * AJP_LANES + i % AJP_LANES;
                for (size_t t = 0; t < n_taps; t++) packed[t * cols * AJP_LANES] = w[from * n_taps + t];
            }
}

static void spread_bias(const ajp_plain_slide *s, const float *b, float *to)
{
    size_t rows = ajp_conv_is_depthwise(s) ? s->channels_out : s->channels_out / s->groups;
    for (size_t i = 0; i < s->channels_out; i++)
        to[i / rows * ajp_round_up(rows, AJP_LANES) + i % rows] = b[i];
}

/* The weights and bias of a product as folding left them. */
static bool take_product(const ajp_op_prepare *p, prepared *o)
{
    const ajp_product_step *step = &p->products[0];
    o->activation = step->activation;
    o->activation_parameter = step->activation_parameter;
    if (!ajp_conv_is_depthwise(&o->plain)) {
        o->weights = step->packed;
        o->bias = step->bias;
        return true;
    }
    /* [channels][taps], and a bias that is padded channel by channel */
    float *w = ajp_arena_array(p->arena, n_weights(&o->plain, o->slide.n_taps), sizeof *w);
    float *b = ajp_arena_array(p->arena, n_bias(&o->plain), sizeof *b);
    if (w == NULL || b == NULL) return false;
    pack(p->node->params, &o->plain, step->weights, o->slide.n_taps, w);
    for (size_t c = 0; step->bias != NULL && c < step->groups; c++) b[c] = step->bias[c * AJP_LANES];
    o->weights = w;
    o->bias = step->bias != NULL ? b : NULL;
    return true;
}

static bool take_constants(const ajp_op_prepare *p, prepared *o)
{
    const float *bias = p->n_in > 2 ? p->in[2].data : NULL;
    float *w = ajp_arena_array(p->arena, n_weights(&o->plain, o->slide.n_taps), sizeof *w);
    float *b = ajp_arena_array(p->arena, n_bias(&o->plain), sizeof *b);
    if (w == NULL || b == NULL) return false;
    pack(p->node->params, &o->plain, p->in[1].data, o->slide.n_taps, w);
    if (bias != NULL) spread_bias(&o->plain, bias, b);
    o->weights = w;
    o->bias = bias != NULL ? b : NULL;
    return true;
}

bool ajp_conv_prepare(const ajp_op_prepare *p, void **state, size_t *scratch)
{
    const ajp_conv_params *q = p->node->params;
    prepared *o = ajp_arena_alloc(p->arena, sizeof *o);
    if (o == NULL) return false;
    *state = NULL;
    if (p->n_products == 0) return true; /* weights from data, another element type, an odd window */
    o->plain = ajp_conv_slide(q, &p->in[0].type, &p->in[1].type, p->out[0].type.dims[1]);
    ajp_slide_shape shape = shape_of(q, &o->plain);
    shape.x_last = p->x_last;
    shape.y_last = p->y_last;
    size_t n_patches = ajp_conv_patches_scratch(q, &o->plain);
    void *tables = ajp_arena_alloc(p->arena, ajp_slide_build(&o->slide, &shape, NULL));
    if (tables == NULL) return false;
    (void)ajp_slide_build(&o->slide, &shape, tables);
    if (!(q->transposed ? take_constants : take_product)(p, o)) return false;
    size_t n_work = ajp_slide_scratch(&o->slide);
    *scratch = (n_work > n_patches ? n_work : n_patches) * sizeof(float);
    *state = o;
    return true;
}

/* ---- running --------------------------------------------------------------------------------------------
 */

/* Scratch of a run that was not prepared: weights, bias, working memory, the window's tables; or everything
 * in double. */
typedef struct {
    bool fast;
    size_t n_weights, n_bias, n_work, n_tables; /* floats, floats, floats, bytes */
    size_t n_double;
} sizes;

static sizes sizes_of(const ajp_conv_params *q, const ajp_plain_slide *s, const ajp_tensor *const t[4],
                      ajp_slide *slide)
{
    ajp_slide_shape shape = shape_of(q, s);
    sizes z = {.n_tables = ajp_slide_build(slide, &shape, NULL)};
    z.fast = t[0]->type.dtype == AJP_FLOAT32 && z.n_tables > 0;
    z.n_weights = n_weights(s, slide->n_taps);
    z.n_bias = n_bias(s);
    z.n_work = ajp_slide_scratch(slide);
    for (size_t k = 0; k < 4; k++) z.n_double += t[k] != NULL ? t[k]->n : 0;
    return z;
}

/* The three inputs, the last NULL when left out, and the output. */
typedef struct {
    const ajp_tensor *t[4];
} tensors;

static tensors tensors_of(const ajp_tensor *in, size_t n_in, const ajp_tensor *out)
{
    bool with_bias = n_in > 2 && in[2].n > 0;
    return (tensors){{&in[0], &in[1], with_bias ? &in[2] : NULL, &out[0]}};
}

static ajp_plain_slide slide_of(const ajp_node *node, const tensors *t)
{
    return ajp_conv_slide(node->params, &t->t[0]->type, &t->t[1]->type, t->t[3]->type.dims[1]);
}

size_t ajp_conv_scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    const ajp_conv_params *q = node->params;
    tensors t = tensors_of(in, node->n_in, out);
    ajp_plain_slide s = slide_of(node, &t);
    ajp_slide slide;
    sizes z = sizes_of(q, &s, t.t, &slide);
    return z.fast ? (z.n_weights + z.n_bias + z.n_work) * sizeof(float) + z.n_tables
                  : z.n_double * sizeof(double);
}

/* What is added goes into the store of the slide where that writes the output itself. */
static void slide_over(const ajp_op_run *r, const prepared *o, float *scratch)
{
    bool adds = r->add != NULL && !o->slide.scatters;
    ajp_slide_call call = {.kernels = r->kernels,
                           .pool = r->pool,
                           .n_samples = r->in[0].type.dims[0],
                           .x = r->in[0].data,
                           .y = r->out[0].data,
                           .weights = o->weights,
                           .bias = o->bias,
                           .add = adds ? r->add->data : NULL,
                           .activation = adds ? r->after : o->activation,
                           .activation_parameter = adds ? r->after_parameter : o->activation_parameter,
                           .scratch = scratch};
    ajp_slide_run(&o->slide, &call);
    if (r->add != NULL && !adds) ajp_conv_add(r);
}

static void run_unprepared(const ajp_op_run *r, const ajp_plain_slide *s, const tensors *t, const sizes *z)
{
    const ajp_conv_params *q = r->node->params;
    float *weights = r->scratch, *bias = weights + z->n_weights, *work = bias + z->n_bias;
    ajp_slide_shape shape = shape_of(q, s);
    prepared o = {.weights = weights, .bias = t->t[2] != NULL ? bias : NULL};
    (void)ajp_slide_build(&o.slide, &shape, work + z->n_work);
    memset(weights, 0, (z->n_weights + z->n_bias) * sizeof *weights);
    pack(q, s, t->t[1]->data, o.slide.n_taps, weights);
    if (t->t[2] != NULL) spread_bias(s, t->t[2]->data, bias);
    slide_over(r, &o, work);
}

static void run_plainly(const ajp_op_run *r, const ajp_plain_slide *s, const tensors *t)
{
    const ajp_conv_params *q = r->node->params;
    double *at[4] = {r->scratch, NULL, NULL, NULL}, *next = r->scratch;
    for (size_t k = 0; k < 4; k++) {
        if (t->t[k] == NULL) continue;
        at[k] = next;
        next += t->t[k]->n;
        if (k < 3) ajp_convert(AJP_FLOAT64, at[k], t->t[k]->type.dtype, t->t[k]->data, t->t[k]->n);
    }
    if (q->transposed)
        ajp_plain_convolve_transposed(s, at[0], at[1], at[2], at[3]);
    else
        ajp_plain_convolve(s, at[0], at[1], at[2], at[3]);
    ajp_convert(t->t[3]->type.dtype, t->t[3]->data, AJP_FLOAT64, at[3], t->t[3]->n);
}

void ajp_conv_add(const ajp_op_run *r)
{
    float *y = r->out[0].data;
    r->kernels->binary('+', y, r->add->data, y, r->out[0].n);
    ajp_activate(r->kernels, r->after, r->after_parameter, y, r->out[0].n);
}

aj_status ajp_conv_run(const ajp_op_run *r)
{
    const ajp_conv_params *q = r->node->params;
    if (r->out[0].n == 0) return AJ_OK;
    tensors t = tensors_of(r->in, r->n_in, r->out);
    ajp_plain_slide s = slide_of(r->node, &t);
    if (r->on_hook) return ajp_conv_run_patches(r, &s);
    if (r->state != NULL) {
        slide_over(r, r->state, r->scratch);
        return AJ_OK;
    }
    ajp_slide slide;
    sizes z = sizes_of(q, &s, t.t, &slide);
    if (z.fast)
        run_unprepared(r, &s, &t, &z);
    else
        run_plainly(r, &s, &t);
    return AJ_OK;
}

/* op_pool.c: MaxPool, AveragePool, LpPool and their global forms. */
#include <string.h>

#include "slide.h"

typedef enum { LARGEST, MEAN, NORM } what;

typedef struct {
    ajp_slide_attributes a;
    what kind;
    bool global, count_padding, by_column;
    double p; /* NORM */
} params;

static const char *const largest_attributes[] = {"kernel_shape", "strides",   "dilations",     "pads",
                                                 "auto_pad",     "ceil_mode", "storage_order", NULL};
static const char *const mean_attributes[] = {"kernel_shape", "strides",   "dilations",         "pads",
                                              "auto_pad",     "ceil_mode", "count_include_pad", NULL};
static const char *const norm_attributes[] = {"kernel_shape", "strides",   "dilations", "pads",
                                              "auto_pad",     "ceil_mode", "p",         NULL};
static const char *const no_attributes[] = {NULL};
static const char *const global_norm_attributes[] = {"p", NULL};

static aj_status parse_window(const ajp_op_parse *p, params *q, what kind)
{
    q->kind = kind;
    AJ_TRY(ajp_slide_parse(p, &q->a));
    if (q->a.n_kernel == 0) return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has no kernel_shape");
    return AJ_OK;
}

static aj_status parse_largest(const ajp_op_parse *p, void *out)
{
    params *q = out;
    int64_t order;
    AJ_TRY(ajp_op_int(p, "storage_order", 0, &order));
    q->by_column = order != 0;
    return parse_window(p, q, LARGEST);
}

static aj_status parse_mean(const ajp_op_parse *p, void *out)
{
    params *q = out;
    int64_t count;
    AJ_TRY(ajp_op_int(p, "count_include_pad", 0, &count));
    q->count_padding = count != 0;
    return parse_window(p, q, MEAN);
}

/* A number before opset 2, an integer since. */
static aj_status parse_exponent(const ajp_op_parse *p, params *q)
{
    int64_t whole = 2;
    float number = 2;
    if (p->node->opset < 2)
        AJ_TRY(ajp_op_float(p, "p", 2, &number));
    else
        AJ_TRY(ajp_op_int(p, "p", 2, &whole));
    q->p = p->node->opset < 2 ? (double)number : (double)whole;
    if (q->p > 0) return AJ_OK;
    return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err, "has p = %g; a number above 0 is needed",
                         q->p);
}

static aj_status parse_norm(const ajp_op_parse *p, void *out)
{
    AJ_TRY(parse_exponent(p, out));
    return parse_window(p, out, NORM);
}

static aj_status parse_global_largest(const ajp_op_parse *p, void *out)
{
    (void)p;
    *(params *)out = (params){.kind = LARGEST, .global = true};
    return AJ_OK;
}

static aj_status parse_global_mean(const ajp_op_parse *p, void *out)
{
    (void)p;
    *(params *)out = (params){.kind = MEAN, .global = true};
    return AJ_OK;
}

static aj_status parse_global_norm(const ajp_op_parse *p, void *out)
{
    params *q = out;
    q->kind = NORM;
    q->global = true;
    return parse_exponent(p, q);
}

/* ---- shapes ---------------------------------------------------------------------------------------------
 */

/* What a global pool sees is the image as one axis. */
static void geometry_of(const params *q, const ajp_type *x, ajp_geometry *g)
{
    if (!q->global) {
        ajp_slide_geometry_of(&q->a, x, q->a.kernel, g);
        return;
    }
    size_t n = ajp_dims_product(x->dims + 2, x->rank - 2);
    *g = (ajp_geometry){{1, 1, n}, {1, 1, 1}, {1, 1, n}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}};
}

static bool takes(const params *q, ajp_dtype dtype)
{
    bool byte = dtype == AJP_INT8 || dtype == AJP_UINT8;
    return ajp_dtype_is_float(dtype) || (byte && q->kind == LARGEST && !q->global);
}

static aj_status infer_global(const ajp_op_infer *i)
{
    const ajp_type *x = i->in[0];
    if (x->rank < 2)
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                             "has an input of %zu axes; samples and channels are needed", x->rank);
    if (x->batch_axis > 0) return ajp_op_mixes(i, "its channels or places are samples");
    i->out[0] = *x;
    for (size_t d = 2; d < x->rank; d++) {
        i->out[0].dims[d] = 1;
        if (x->dims[d] == 0)
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "has an image without places");
    }
    return AJ_OK;
}

static aj_status infer(const ajp_op_infer *i)
{
    const params *q = i->node->params;
    const ajp_type *x = i->in[0];
    ajp_geometry g;
    if (!takes(q, x->dtype)) return ajp_slide_want_float(i, 0);
    if (q->global) return infer_global(i);
    if (x->rank > 2 && q->a.n_kernel != x->rank - 2)
        return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                             "has a kernel_shape of %zu axes, its input %zu behind samples and channels",
                             q->a.n_kernel, x->rank - 2);
    AJ_TRY(ajp_slide_geometry(i, &q->a, q->a.kernel, &g));
    ajp_slide_type(x, x->dims[1], &g, &i->out[0]);
    if (i->n_out < 2) return AJ_OK;
    /* places count from the first sample on */
    if (x->batch_axis >= 0) return ajp_op_mixes(i, "the places it puts out depend on the number of samples");
    i->out[1] = i->out[0];
    i->out[1].dtype = AJP_INT64;
    return AJ_OK;
}

/* ---- running --------------------------------------------------------------------------------------------
 */

static ajp_plain_slide plain_of(const params *q, const ajp_type *x)
{
    ajp_plain_slide s = {
        .n_samples = x->dims[0], .channels_in = x->dims[1], .channels_out = x->dims[1], .groups = 1};
    geometry_of(q, x, &s.geometry);
    return s;
}

static ajp_slide_shape shape_of(const params *q, const ajp_type *x)
{
    ajp_plain_slide s = plain_of(q, x);
    return (ajp_slide_shape){.kind = q->kind == LARGEST ? AJP_SLIDE_LARGEST : AJP_SLIDE_MEAN,
                             .count_padding = q->count_padding,
                             .channels_in = s.channels_in,
                             .channels_out = s.channels_out,
                             .groups = 1,
                             .geometry = s.geometry};
}

static bool wants_places(const ajp_node *node)
{
    return node->n_out > 1 && node->out[1] != AJP_NO_VALUE;
}

/* Bytes of the window's tables; 0 = the plain form has to do. */
static size_t build(const ajp_node *node, const ajp_type *x, ajp_slide_shape *shape, ajp_slide *slide)
{
    const params *q = node->params;
    if (x->dtype != AJP_FLOAT32 || q->kind == NORM || wants_places(node)) return 0;
    *shape = shape_of(q, x);
    return ajp_slide_build(slide, shape, NULL);
}

static bool takes_last(const ajp_node *node, size_t n_products, const ajp_type *x, const ajp_type *y)
{
    ajp_slide_shape shape;
    ajp_slide slide;
    (void)n_products, (void)y;
    return build(node, x, &shape, &slide) > 0;
}

static bool prepare(const ajp_op_prepare *p, void **state, size_t *scratch)
{
    ajp_slide_shape shape;
    ajp_slide *slide = ajp_arena_alloc(p->arena, sizeof *slide);
    *state = NULL;
    if (slide == NULL) return false;
    size_t n_tables = build(p->node, &p->in[0].type, &shape, slide);
    if (n_tables == 0) return true;
    shape.x_last = p->x_last;
    shape.y_last = p->y_last;
    void *tables = ajp_arena_alloc(p->arena, n_tables);
    if (tables == NULL) return false;
    (void)ajp_slide_build(slide, &shape, tables);
    *state = slide;
    *scratch = ajp_slide_scratch(slide) * sizeof(float);
    return true;
}

static size_t scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    ajp_slide_shape shape;
    ajp_slide slide;
    size_t n_tables = build(node, &in[0].type, &shape, &slide);
    if (n_tables > 0) return ajp_slide_scratch(&slide) * sizeof(float) + n_tables;
    return (in[0].n + out[0].n) * sizeof(double);
}

static void run_plain(const ajp_op_run *r)
{
    const params *q = r->node->params;
    const ajp_tensor *in = &r->in[0], *out = &r->out[0];
    double *x = r->scratch, *y = x + in->n;
    ajp_plain_slide s = plain_of(q, &in->type);
    ajp_convert(AJP_FLOAT64, x, in->type.dtype, in->data, in->n);
    if (q->kind == LARGEST)
        ajp_plain_largest(&s, x, y, r->n_out > 1 ? r->out[1].data : NULL, q->by_column);
    else if (q->kind == MEAN)
        ajp_plain_mean(&s, q->count_padding, x, y);
    else
        ajp_plain_norm(&s, q->p, x, y);
    ajp_convert(out->type.dtype, out->data, AJP_FLOAT64, y, out->n);
}

static void slide_over(const ajp_op_run *r, const ajp_slide *slide, float *work)
{
    ajp_slide_call call = {.kernels = r->kernels,
                           .pool = r->pool,
                           .n_samples = r->in[0].type.dims[0],
                           .x = r->in[0].data,
                           .y = r->out[0].data,
                           .scratch = work};
    ajp_slide_run(slide, &call);
}

static aj_status run(const ajp_op_run *r)
{
    ajp_slide_shape shape;
    ajp_slide slide;
    if (r->out[0].n == 0) return AJ_OK;
    if (r->state != NULL) {
        slide_over(r, r->state, r->scratch);
    } else if (build(r->node, &r->in[0].type, &shape, &slide) > 0) {
        float *work = r->scratch;
        (void)ajp_slide_build(&slide, &shape, work + ajp_slide_scratch(&slide));
        slide_over(r, &slide, work);
    } else {
        run_plain(r);
    }
    return AJ_OK;
}

/* One operation for every element of a window; a global pool has the whole image in it. */
static uint64_t flops(const ajp_node *node, const ajp_type *in, uint64_t n_out)
{
    const params *q = node->params;
    size_t n_in;
    if (q->global) return ajp_type_elements(&in[0], &n_in) ? n_in : n_out;
    uint64_t window = 1;
    for (size_t a = 0; a < q->a.n_kernel; a++)
        if (__builtin_mul_overflow(window, q->a.kernel[a], &window)) return UINT64_MAX;
    return __builtin_mul_overflow(window, n_out, &window) ? UINT64_MAX : window;
}

#define POOL(id, list, parse_it, outputs)                      \
    extern const ajp_op ajp_op_##id;                           \
    const ajp_op ajp_op_##id = {.widening = AJP_WIDEN_HALF,    \
                                .min_in = 1,                   \
                                .max_in = 1,                   \
                                .max_out = outputs,            \
                                .flops = flops,                \
                                .params_size = sizeof(params), \
                                .attributes = list,            \
                                .parse = parse_it,             \
                                .infer = infer,                \
                                .scratch = scratch,            \
                                .prepare = prepare,            \
                                .layout = AJP_LAYOUT_EACH,     \
                                .takes_last = takes_last,      \
                                .run = run}
POOL(max_pool, largest_attributes, parse_largest, 2);
POOL(average_pool, mean_attributes, parse_mean, 1);
POOL(lp_pool, norm_attributes, parse_norm, 1);
POOL(global_max_pool, no_attributes, parse_global_largest, 1);
POOL(global_average_pool, no_attributes, parse_global_mean, 1);
POOL(global_lp_pool, global_norm_attributes, parse_global_norm, 1);

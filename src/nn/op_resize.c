/* op_resize.c: Resize, Upsample: interpolation along each axis in turn (the weights of several axes are
 * products of those of each). */
#include <math.h>
#include <string.h>

#include "op_resize.h"

enum { STRETCH, NOT_LARGER, NOT_SMALLER };
static const char *const policies[] = {"stretch", "not_larger", "not_smaller", NULL};
static const char *const mode_names[] = {"nearest", "linear", "cubic", "bilinear", NULL};
static const char *const rounding_names[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil",
                                             NULL};
static const char *const coordinate_names[] = {
    "half_pixel",         "pytorch_half_pixel",   "align_corners",        "asymmetric",
    "tf_crop_and_resize", "half_pixel_symmetric", "tf_half_pixel_for_nn", NULL};

typedef struct {
    ajp_resize_rule rule;
    size_t policy;
    ajp_op_list axes;
    bool has_scales; /* Upsample before opset 9: as an attribute */
    size_t n_scales;
    const float *scales;
    float height_width[4];              /* opset 1 */
    size_t roi_in, scales_in, sizes_in; /* inputs; SIZE_MAX = none */
} params;

static const char *const resize_attributes[] = {"coordinate_transformation_mode",
                                                "cubic_coeff_a",
                                                "exclude_outside",
                                                "extrapolation_value",
                                                "mode",
                                                "nearest_mode",
                                                "antialias",
                                                "axes",
                                                "keep_aspect_ratio_policy",
                                                NULL};
static const char *const upsample_attributes[] = {"mode", "scales", "width_scale", "height_scale", NULL};

/* ---- attributes ------------------------------------------------------------------------------------------
 */

static aj_status parse_mode(const ajp_op_parse *p, params *q)
{
    size_t mode;
    AJ_TRY(ajp_op_choice(p, "mode", mode_names, AJP_NEAREST, &mode));
    q->rule.mode = mode > AJP_CUBIC ? AJP_LINEAR : (ajp_resize_mode)mode;
    return AJ_OK;
}

static aj_status parse_resize(const ajp_op_parse *p, void *out)
{
    params *q = out;
    int64_t outside, antialias;
    float cubic_a, extrapolation;
    size_t coordinates, rounding;
    bool old = p->node->opset < 11;
    AJ_TRY(parse_mode(p, q));
    AJ_TRY(ajp_op_int(p, "exclude_outside", 0, &outside));
    AJ_TRY(ajp_op_int(p, "antialias", 0, &antialias));
    AJ_TRY(ajp_op_float(p, "cubic_coeff_a", -0.75F, &cubic_a));
    AJ_TRY(ajp_op_float(p, "extrapolation_value", 0, &extrapolation));
    AJ_TRY(ajp_op_choice(p, "coordinate_transformation_mode", coordinate_names,
                         old ? AJP_ASYMMETRIC : AJP_HALF_PIXEL, &coordinates));
    AJ_TRY(ajp_op_choice(p, "nearest_mode", rounding_names, old ? AJP_SMALLER_CEIL : AJP_ROUND_PREFER_FLOOR,
                         &rounding));
    AJ_TRY(ajp_op_choice(p, "keep_aspect_ratio_policy", policies, STRETCH, &q->policy));
    AJ_TRY(ajp_op_ints(p, "axes", &q->axes));
    q->rule.coordinates = (ajp_resize_coordinates)coordinates;
    q->rule.rounding = (ajp_resize_rounding)rounding;
    q->rule.exclude_outside = outside != 0;
    q->rule.antialias = antialias != 0 && q->rule.mode != AJP_NEAREST;
    q->rule.cubic_a = (double)cubic_a;
    q->rule.extrapolation = (double)extrapolation;
    q->roi_in = old ? SIZE_MAX : 1;
    q->scales_in = old ? 1 : 2;
    q->sizes_in = old ? SIZE_MAX : 3;
    return AJ_OK;
}

static aj_status parse_upsample(const ajp_op_parse *p, void *out)
{
    params *q = out;
    AJ_TRY(parse_mode(p, q));
    q->rule.coordinates = AJP_ASYMMETRIC;
    q->rule.rounding = AJP_FLOOR;
    q->roi_in = q->sizes_in = SIZE_MAX;
    q->scales_in = p->node->opset < 9 ? SIZE_MAX : 1;
    const ajp_onnx_attribute *a = ajp_op_attribute(p->node, "scales");
    if (p->node->opset >= 9) return AJ_OK;
    q->has_scales = true;
    if (a != NULL) {
        q->scales = a->floats;
        q->n_scales = a->n_floats;
        return AJ_OK;
    }
    q->height_width[0] = q->height_width[1] = 1;
    AJ_TRY(ajp_op_float(p, "height_scale", NAN, &q->height_width[2]));
    AJ_TRY(ajp_op_float(p, "width_scale", NAN, &q->height_width[3]));
    q->scales = q->height_width;
    q->n_scales = 4;
    return AJ_OK;
}

/* ---- what each axis does ---------------------------------------------------------------------------------
 */

typedef struct {
    const ajp_tensor *roi, *scales, *sizes; /* NULL: none, or empty */
} givens;

static double element(const ajp_tensor *t, size_t k)
{
    double value;
    ajp_convert(AJP_FLOAT64, &value, t->type.dtype, (const char *)t->data + k * ajp_dtype_size(t->type.dtype),
                1);
    return value;
}

static double scale_at(const params *q, const givens *g, size_t k)
{
    return q->has_scales ? (double)q->scales[k] : element(g->scales, k);
}

static size_t axis_of(const params *q, size_t k, size_t rank)
{
    if (!q->axes.given) return k;
    int64_t axis = ajp_op_list_at(&q->axes, k);
    return (size_t)(axis < 0 ? axis + (int64_t)rank : axis);
}

/* One scale for all axes, the smallest or the largest of those asked for. */
static double common_scale(const params *q, const givens *g, const ajp_type *x, size_t n)
{
    double scale = q->policy == NOT_LARGER ? (double)INFINITY : 0;
    for (size_t k = 0; k < n; k++) {
        double wanted = element(g->sizes, k) / (double)x->dims[axis_of(q, k, x->rank)];
        scale = q->policy == NOT_LARGER ? fmin(scale, wanted) : fmax(scale, wanted);
    }
    return scale;
}

/* Scales, regions and sizes; out[d].out as the scales or sizes ask for it. */
static void fill_axes(const params *q, const givens *g, const ajp_type *x, ajp_resize_axis *axes)
{
    bool crop = q->rule.coordinates == AJP_CROP_AND_RESIZE && g->roi != NULL;
    size_t n = q->axes.given ? q->axes.n : x->rank;
    for (size_t d = 0; d < x->rank; d++)
        axes[d] = (ajp_resize_axis){x->dims[d], x->dims[d], 1, 0, 1, false, false};
    double common = g->sizes != NULL && q->policy != STRETCH ? common_scale(q, g, x, n) : 0;
    for (size_t k = 0; k < n; k++) {
        ajp_resize_axis *a = &axes[axis_of(q, k, x->rank)];
        double in = (double)a->in, out;
        a->sized = g->sizes != NULL;
        if (crop) {
            a->roi_start = element(g->roi, k);
            a->roi_end = element(g->roi, k + n);
        }
        if (g->sizes == NULL) {
            a->scale = scale_at(q, g, k);
            /* in float32, as the shape inference of ONNX does it */
            float width = (float)in * (float)a->scale;
            if (crop) width = (float)in * (float)(a->roi_end - a->roi_start) * (float)a->scale;
            out = (double)floorf(width);
        } else if (q->policy != STRETCH) {
            a->scale = common;
            out = floor(in * common + 0.5);
        } else {
            out = element(g->sizes, k);
            a->scale = in > 0 ? out / in : 1;
        }
        a->out = out >= 0 && out <= (double)AJP_MAX_ELEMENTS ? (size_t)out : AJP_MAX_ELEMENTS + 1;
        a->active = a->out != a->in || a->scale < 1 || a->scale > 1 || a->roi_start < 0 || a->roi_start > 0 ||
                    a->roi_end < 1 || a->roi_end > 1;
    }
}

static aj_status read_givens(const ajp_op_infer *i, givens *g)
{
    const params *q = i->node->params;
    size_t n = q->axes.given ? q->axes.n : i->in[0]->rank, axis;
    AJ_TRY(ajp_op_known(i, q->roi_in, "roi", &g->roi));
    AJ_TRY(ajp_op_known(i, q->scales_in, "scales", &g->scales));
    AJ_TRY(ajp_op_known(i, q->sizes_in, "sizes", &g->sizes));
    if (g->scales != NULL && g->scales->n == 0) g->scales = NULL;
    if (g->sizes != NULL && g->sizes->n == 0) g->sizes = NULL;
    if (g->roi != NULL && g->roi->n == 0) g->roi = NULL;
    bool scales = q->has_scales || g->scales != NULL;
    size_t n_given = q->has_scales       ? q->n_scales
                     : g->scales != NULL ? g->scales->n
                     : g->sizes != NULL  ? g->sizes->n
                                         : 0;
    if (scales == (g->sizes != NULL)) return ajp_op_corrupt(i, "wants either scales or sizes");
    if (n_given != n) return ajp_op_corrupt(i, "has %zu scales or sizes for %zu axes", n_given, n);
    if (q->rule.coordinates == AJP_CROP_AND_RESIZE && (g->roi == NULL || g->roi->n != 2 * n))
        return ajp_op_corrupt(i, "has no roi of %zu numbers", 2 * n);
    for (size_t k = 0; q->axes.given && k < n; k++)
        AJ_TRY(ajp_op_axis(i, ajp_op_list_at(&q->axes, k), i->in[0]->rank, false, &axis));
    for (size_t k = 0; scales && k < n; k++)
        if (!(scale_at(q, g, k) > 0)) return ajp_op_corrupt(i, "has a scale that is not above 0");
    return AJ_OK;
}

static aj_status infer(const ajp_op_infer *i)
{
    const params *q = i->node->params;
    const ajp_type *x = i->in[0];
    givens g = {NULL, NULL, NULL};
    ajp_resize_axis axes[AJP_MAX_RANK];
    AJ_TRY(read_givens(i, &g));
    if (x->dtype == AJP_BOOL && q->rule.mode != AJP_NEAREST) return ajp_op_refuse(i, 0);
    fill_axes(q, &g, x, axes);
    i->out[0] = *x;
    for (size_t d = 0; d < x->rank; d++) {
        if ((int)d == x->batch_axis && g.sizes != NULL && q->policy == STRETCH && i->fixed_batch > 0 &&
            axes[d].out == x->dims[d] * i->fixed_batch)
            continue; /* the number of samples of the file, spelled out */
        if ((int)d <= x->batch_axis && (axes[d].active || axes[d].sized))
            return ajp_op_mixes(i, "it resizes the sample axis");
        if (axes[d].in == 0 && axes[d].out > 0) return ajp_op_corrupt(i, "has an input without elements");
        i->out[0].dims[d] = axes[d].out;
    }
    return AJ_OK;
}

/* The same while running, where the sample axis has its own number of elements. */
static void axes_of(const params *q, size_t n_in, const ajp_tensor *in, const ajp_type *out,
                    ajp_resize_axis *axes)
{
    givens g = {NULL, NULL, NULL};
    if (q->roi_in < n_in && in[q->roi_in].n > 0) g.roi = &in[q->roi_in];
    if (q->scales_in < n_in && in[q->scales_in].n > 0) g.scales = &in[q->scales_in];
    if (q->sizes_in < n_in && in[q->sizes_in].n > 0) g.sizes = &in[q->sizes_in];
    fill_axes(q, &g, &in[0].type, axes);
    for (size_t d = 0; d < out->rank; d++)
        if (axes[d].out != out->dims[d])
            axes[d] = (ajp_resize_axis){out->dims[d], out->dims[d], 1, 0, 1, false, false};
}

#define TOO_MANY ((size_t)1 << 40) /* taps: more than any memory holds */

/* ---- running ---------------------------------------------------------------------------------------------
 */

/* Scratch: two buffers for intermediate tensors, then for one axis at a time its taps, then the places of
 * each axis that lie outside. */
typedef struct {
    size_t element; /* bytes: float for float32, else double */
    size_t buffer, taps, marks;
} layout;

static layout lay_out(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    const params *q = node->params;
    ajp_resize_axis axes[AJP_MAX_RANK];
    layout l = {in[0].type.dtype == AJP_FLOAT32 ? sizeof(float) : sizeof(double), 0, 0, 0};
    size_t n_taps = 0, taps, rank = out[0].type.rank, n = in[0].n;
    axes_of(q, node->n_in, in, &out[0].type, axes);
    for (size_t d = rank; d-- > 0;) {
        if (!ajp_size_mul(axes[d].out, ajp_resize_n_taps(&q->rule, &axes[d]), &taps)) taps = TOO_MANY;
        if (axes[d].in > 0) n = n / axes[d].in * axes[d].out;
        if (n > l.buffer) l.buffer = n;
        if (taps > n_taps) n_taps = taps;
        l.marks += axes[d].out;
    }
    if (in[0].n > l.buffer) l.buffer = in[0].n;
    l.buffer = (l.buffer * l.element + 63) / 64 * 64;
    if (n_taps > TOO_MANY) n_taps = TOO_MANY;
    l.taps = (n_taps * sizeof(ajp_resize_tap) + 63) / 64 * 64;
    return l;
}

static size_t scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    layout l = lay_out(node, in, out);
    return l.taps >= TOO_MANY ? SIZE_MAX : 2 * l.buffer + l.taps + l.marks; /* SIZE_MAX: no memory for it */
}

/* One axis: x[outer][in][inner] to y[outer][out][inner]. */
#define ONE_AXIS(name, type)                                                                               \
    static void name(const void *x_, void *y_, size_t outer, size_t inner, const ajp_resize_axis *a,       \
                     const ajp_resize_tap *taps, size_t n_taps)                                            \
    {                                                                                                      \
        const type *x = x_;                                                                                \
        type *y = y_;                                                                                      \
        for (size_t o = 0; o < outer; o++, x += a->in * inner)                                             \
            for (size_t p = 0; p < a->out; p++, y += inner) {                                              \
                const ajp_resize_tap *t = taps + p * n_taps;                                               \
                for (size_t e = 0; e < inner; e++) y[e] = (type)t[0].weight * x[t[0].at * inner + e];      \
                for (size_t k = 1; k < n_taps; k++)                                                        \
                    for (size_t e = 0; e < inner; e++) y[e] += (type)t[k].weight * x[t[k].at * inner + e]; \
            }                                                                                              \
    }
ONE_AXIS(one_axis_float, float)
ONE_AXIS(one_axis_double, double)

/* Nearest: the elements themselves, of any type. */
static void one_axis_copy(size_t size, const char *x, char *y, size_t outer, size_t inner,
                          const ajp_resize_axis *a, const ajp_resize_tap *taps)
{
    size_t bytes = inner * size;
    for (size_t o = 0; o < outer; o++, x += a->in * bytes)
        for (size_t p = 0; p < a->out; p++, y += bytes) memcpy(y, x + taps[p].at * bytes, bytes);
}

/* Sets what lies outside along any axis. */
static void extrapolate(const ajp_op_run *r, const unsigned char *outside)
{
    const params *q = r->node->params;
    const ajp_type *out = &r->out[0].type;
    size_t size = ajp_dtype_size(out->dtype), index[AJP_MAX_RANK] = {0};
    for (size_t k = 0; k < r->out[0].n; k++) {
        const unsigned char *mark = outside;
        bool any = false;
        for (size_t d = 0; d < out->rank; mark += out->dims[d++]) any = any || mark[index[d]] != 0;
        if (any)
            ajp_convert(out->dtype, (char *)r->out[0].data + k * size, AJP_FLOAT64, &q->rule.extrapolation,
                        1);
        for (size_t d = out->rank; d-- > 0;) {
            if (++index[d] < out->dims[d]) break;
            index[d] = 0;
        }
    }
}

/* Fills the taps of an axis; marks places outside, whose taps are then the first place. */
static bool fill_taps(const params *q, const ajp_resize_axis *a, ajp_resize_tap *taps, unsigned char *outside)
{
    size_t n = ajp_resize_n_taps(&q->rule, a);
    bool any = false;
    for (size_t p = 0; p < a->out; p++) {
        outside[p] = !ajp_resize_taps(&q->rule, a, p, taps + p * n);
        if (outside[p] != 0) memset(taps + p * n, 0, n * sizeof *taps);
        any = any || outside[p] != 0;
    }
    return any;
}

static aj_status run(const ajp_op_run *r)
{
    const params *q = r->node->params;
    const ajp_type *x = &r->in[0].type, *out = &r->out[0].type;
    bool copies = q->rule.mode == AJP_NEAREST, any_outside = false;
    ajp_resize_axis axes[AJP_MAX_RANK];
    layout l = lay_out(r->node, r->in, r->out);
    char *buffer[2] = {r->scratch, (char *)r->scratch + l.buffer};
    ajp_resize_tap *taps = (void *)(buffer[1] + l.buffer);
    unsigned char *outside = (unsigned char *)taps + l.taps, *mark = outside + l.marks;
    ajp_dtype inner_type = copies ? x->dtype : l.element == sizeof(float) ? AJP_FLOAT32 : AJP_FLOAT64;
    size_t dims[AJP_MAX_RANK], which = 0, size = ajp_dtype_size(inner_type);
    if (r->out[0].n == 0) return AJ_OK;
    axes_of(q, r->n_in, r->in, out, axes);
    memcpy(dims, x->dims, sizeof dims);
    memset(outside, 0, l.marks);
    const void *from = r->in[0].data;
    if (inner_type != x->dtype) {
        ajp_convert(inner_type, buffer[1], x->dtype, from, r->in[0].n);
        from = buffer[1];
    }
    for (size_t d = x->rank; d-- > 0;) {
        mark -= axes[d].out;
        if (!axes[d].active) continue;
        any_outside |= fill_taps(q, &axes[d], taps, mark);
        size_t outer = ajp_dims_product(dims, d), inner = ajp_dims_product(dims + d + 1, x->rank - d - 1);
        void *to = buffer[which];
        if (copies)
            one_axis_copy(size, from, to, outer, inner, &axes[d], taps);
        else if (size == sizeof(float))
            one_axis_float(from, to, outer, inner, &axes[d], taps, ajp_resize_n_taps(&q->rule, &axes[d]));
        else
            one_axis_double(from, to, outer, inner, &axes[d], taps, ajp_resize_n_taps(&q->rule, &axes[d]));
        dims[d] = axes[d].out;
        from = to;
        which = 1 - which;
    }
    ajp_convert(x->dtype, r->out[0].data, inner_type, from, r->out[0].n);
    if (any_outside) extrapolate(r, outside);
    return AJ_OK;
}

#define RESIZE(id, least, most, names)                         \
    extern const ajp_op ajp_op_##id;                           \
    const ajp_op ajp_op_##id = {.min_in = least,               \
                                .max_in = most,                \
                                .max_out = 1,                  \
                                .flops_per_element = 4,        \
                                .params_size = sizeof(params), \
                                .attributes = names,           \
                                .parse = parse_##id,           \
                                .infer = infer,                \
                                .scratch = scratch,            \
                                .run = run};
RESIZE(resize, 1, 4, resize_attributes)
RESIZE(upsample, 1, 2, upsample_attributes)

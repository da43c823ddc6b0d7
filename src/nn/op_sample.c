/* op_sample.c: GridSample, RoiAlign: images read between their places. */
#include <math.h>
#include <string.h>

#include "op.h"

/* ---- GridSample (Jaderberg et al. 2015), as torch.nn.functional.grid_sample
 * -------------------------------- */

enum { LINEAR, NEAREST, CUBIC, BILINEAR, BICUBIC };
enum { ZEROS, BORDER, REFLECTION };
static const char *const mode_names[] = {"linear", "nearest", "cubic", "bilinear", "bicubic", NULL};
static const char *const padding_names[] = {"zeros", "border", "reflection", NULL};
static const char *const grid_attributes[] = {"mode", "padding_mode", "align_corners", NULL};
enum { MAX_TAPS = 4, MAX_SPATIAL = 3 };

typedef struct {
    size_t mode, padding;
    bool align;
} grid_params;

static aj_status parse_grid(const ajp_op_parse *p, void *out)
{
    grid_params *q = out;
    int64_t align;
    AJ_TRY(ajp_op_choice(p, "mode", mode_names, LINEAR, &q->mode));
    if (q->mode == BILINEAR) q->mode = LINEAR;
    if (q->mode == BICUBIC) q->mode = CUBIC;
    AJ_TRY(ajp_op_choice(p, "padding_mode", padding_names, ZEROS, &q->padding));
    AJ_TRY(ajp_op_int(p, "align_corners", 0, &align));
    q->align = align != 0;
    return AJ_OK;
}

static aj_status infer_grid(const ajp_op_infer *i)
{
    const grid_params *q = i->node->params;
    const ajp_type *x = i->in[0], *grid = i->in[1];
    if (!ajp_dtype_is_float(x->dtype)) return ajp_op_refuse(i, 0);
    if (!ajp_dtype_is_float(grid->dtype)) return ajp_op_refuse(i, 1);
    size_t axes = x->rank > 2 ? x->rank - 2 : 0;
    if (axes < 2 || axes > MAX_SPATIAL || (axes > 2 && q->mode == CUBIC))
        return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err,
                             "samples images of %zu axes; 2 are supported, and 3 but for cubic", axes);
    if (x->batch_axis != grid->batch_axis || x->batch_axis > 0)
        return ajp_op_mixes(i, "images and grids are not one for each sample");
    if (grid->rank != x->rank || grid->dims[grid->rank - 1] != axes || grid->dims[0] != x->dims[0])
        return ajp_op_corrupt(i, "has a grid that does not fit its image");
    i->out[0] = *x;
    for (size_t d = 2; d < x->rank; d++) {
        if (x->dims[d] == 0) return ajp_op_corrupt(i, "has an image without places");
        i->out[0].dims[d] = grid->dims[d - 1];
    }
    return AJ_OK;
}

typedef struct {
    size_t n;
    bool inside[MAX_TAPS];
    size_t at[MAX_TAPS];
    double weight[MAX_TAPS];
} taps;

/* Mirrors at the outer places (align) or at their outer edges. */
static double reflect(double x, double n, bool align)
{
    double low = align ? 0 : -0.5, span = align ? n - 1 : n;
    if (!(span > 0)) return 0;
    double distance = fabs(x - low), rest = fmod(distance, span);
    return low + (fmod(floor(distance / span), 2) < 1 ? rest : span - rest);
}

/* A place of the image; outside: by the padding. */
static double pad(const grid_params *q, double x, size_t n)
{
    if (q->padding == ZEROS) return x;
    if (q->padding == REFLECTION) x = reflect(x, (double)n, q->align);
    return fmin(fmax(x, 0), (double)n - 1);
}

static void tap(const grid_params *q, taps *t, double x, size_t n, double weight)
{
    if (q->mode == CUBIC) x = pad(q, x, n);
    t->inside[t->n] = x >= 0 && x <= (double)n - 1;
    t->at[t->n] = t->inside[t->n] ? (size_t)x : 0;
    t->weight[t->n++] = weight;
}

/* Keys 1981 with a = -0.75. */
static double cubic(double x)
{
    const double a = -0.75;
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

static void find_taps(const grid_params *q, double g, size_t n, taps *t)
{
    double x = q->align ? (g + 1) / 2 * ((double)n - 1) : ((g + 1) * (double)n - 1) / 2;
    if (!isfinite(x)) x = -100; /* far outside */
    if (q->mode != CUBIC) x = pad(q, x, n);
    double low = floor(x), part = x - low;
    t->n = 0;
    if (q->mode == NEAREST) {
        tap(q, t, nearbyint(x), n, 1);
    } else if (q->mode == LINEAR) {
        tap(q, t, low, n, 1 - part);
        tap(q, t, low + 1, n, part);
    } else {
        for (int k = -1; k < 3; k++) tap(q, t, low + k, n, cubic(fabs(part - k)));
    }
}

/* The sum over all combinations of taps, the last axis innermost. */
static double gather(const ajp_tensor *x, size_t base, const size_t *dims, const taps *t, size_t axes)
{
    double sum = 0;
    size_t n = 1, size = ajp_dtype_size(x->type.dtype);
    for (size_t a = 0; a < axes; a++) n *= t[a].n;
    for (size_t k = 0; k < n; k++) {
        size_t rest = k, at = 0, step = 1;
        double weight = 1, value;
        bool inside = true;
        for (size_t a = axes; a-- > 0; rest /= t[a].n, step *= dims[a]) {
            size_t which = rest % t[a].n;
            inside = inside && t[a].inside[which];
            at += t[a].at[which] * step;
            weight *= t[a].weight[which];
        }
        if (!inside) continue;
        ajp_convert(AJP_FLOAT64, &value, x->type.dtype, (const char *)x->data + (base + at) * size, 1);
        sum += weight * value;
    }
    return sum;
}

static double grid_number(const ajp_tensor *grid, size_t at)
{
    double value;
    ajp_convert(AJP_FLOAT64, &value, grid->type.dtype,
                (const char *)grid->data + at * ajp_dtype_size(grid->type.dtype), 1);
    return value;
}

static aj_status run_grid(const ajp_op_run *r)
{
    const ajp_type *x = &r->in[0].type, *out = &r->out[0].type;
    size_t axes = x->rank - 2, image = ajp_dims_product(x->dims + 2, axes), size = ajp_dtype_size(out->dtype);
    size_t places = ajp_dims_product(out->dims + 2, axes), channels = x->dims[1];
    for (size_t n = 0; n < x->dims[0]; n++)
        for (size_t p = 0; p < places; p++) {
            taps t[MAX_SPATIAL];
            /* the grid names the last axis first */
            for (size_t a = 0; a < axes; a++)
                find_taps(r->node->params, grid_number(&r->in[1], (n * places + p) * axes + axes - 1 - a),
                          x->dims[2 + a], &t[a]);
            for (size_t c = 0; c < channels; c++) {
                double value = gather(&r->in[0], (n * channels + c) * image, x->dims + 2, t, axes);
                ajp_convert(out->dtype, (char *)r->out[0].data + ((n * channels + c) * places + p) * size,
                            AJP_FLOAT64, &value, 1);
            }
        }
    return AJ_OK;
}

extern const ajp_op ajp_op_grid_sample;
const ajp_op ajp_op_grid_sample = {.min_in = 2,
                                   .max_in = 2,
                                   .max_out = 1,
                                   .flops_per_element = 11,
                                   .params_size = sizeof(grid_params),
                                   .attributes = grid_attributes,
                                   .parse = parse_grid,
                                   .infer = infer_grid,
                                   .run = run_grid};

/* ---- RoiAlign (He et al. 2017)
 * ----------------------------------------------------------------------------- */

static const char *const pool_names[] = {"avg", "max", NULL};
static const char *const shift_names[] = {"half_pixel", "output_half_pixel", NULL};
static const char *const roi_attributes[] = {"coordinate_transformation_mode",
                                             "mode",
                                             "output_height",
                                             "output_width",
                                             "sampling_ratio",
                                             "spatial_scale",
                                             NULL};
enum { MAX_SIDE = 1 << 20 }; /* places of a pooled side, or samples of one */

typedef struct {
    size_t pool;
    bool half_pixel;
    int64_t height, width, ratio;
    float scale;
} roi_params;

static aj_status parse_roi(const ajp_op_parse *p, void *out)
{
    roi_params *q = out;
    size_t shift;
    AJ_TRY(ajp_op_choice(p, "mode", pool_names, 0, &q->pool));
    AJ_TRY(
        ajp_op_choice(p, "coordinate_transformation_mode", shift_names, p->node->opset < 16 ? 1 : 0, &shift));
    q->half_pixel = shift == 0;
    AJ_TRY(ajp_op_int(p, "output_height", 1, &q->height));
    AJ_TRY(ajp_op_int(p, "output_width", 1, &q->width));
    AJ_TRY(ajp_op_int(p, "sampling_ratio", 0, &q->ratio));
    AJ_TRY(ajp_op_float(p, "spatial_scale", 1, &q->scale));
    if (q->height > 0 && q->height <= MAX_SIDE && q->width > 0 && q->width <= MAX_SIDE && q->ratio >= 0 &&
        q->ratio <= MAX_SIDE)
        return AJ_OK;
    return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err,
                         "has an output or a sampling_ratio of an odd size");
}

static aj_status infer_roi(const ajp_op_infer *i)
{
    const roi_params *q = i->node->params;
    const ajp_type *x = i->in[0], *rois = i->in[1], *batch = i->in[2];
    AJ_TRY(ajp_op_want(i, 0, AJP_FLOAT32));
    AJ_TRY(ajp_op_want(i, 1, AJP_FLOAT32));
    AJ_TRY(ajp_op_want(i, 2, AJP_INT64));
    if (x->rank != 4 || rois->rank != 2 || rois->dims[1] != 4 || batch->rank != 1 ||
        batch->dims[0] != rois->dims[0])
        return ajp_op_corrupt(i, "wants [n][c][h][w], [rois][4] and [rois]");
    if (x->batch_axis >= 0 || rois->batch_axis >= 0 || batch->batch_axis >= 0)
        return ajp_op_mixes(i, "its regions name their image");
    i->out[0] =
        (ajp_type){AJP_FLOAT32, -1, 4, {rois->dims[0], x->dims[1], (size_t)q->height, (size_t)q->width}};
    return AJ_OK;
}

/* The four neighbours of a place; false: outside, which counts as 0. */
static bool neighbours(double y, double x, size_t height, size_t width, size_t *at, double *weight)
{
    if (!(y >= -1 && y <= (double)height && x >= -1 && x <= (double)width) || height == 0 || width == 0)
        return false;
    y = fmax(y, 0), x = fmax(x, 0);
    size_t top = (size_t)y, left = (size_t)x;
    if (top >= height - 1) top = height - 1, y = (double)top;
    if (left >= width - 1) left = width - 1, x = (double)left;
    size_t bottom = top + 1 < height ? top + 1 : top, right = left + 1 < width ? left + 1 : left;
    double down = y - (double)top, across = x - (double)left;
    at[0] = top * width + left, at[1] = top * width + right;
    at[2] = bottom * width + left, at[3] = bottom * width + right;
    weight[0] = (1 - down) * (1 - across), weight[1] = (1 - down) * across;
    weight[2] = down * (1 - across), weight[3] = down * across;
    return true;
}

typedef struct {
    double y, x, bin_height, bin_width;
    size_t n_down, n_across; /* samples in a bin */
} region;

static region region_of(const roi_params *q, const float *roi)
{
    double offset = q->half_pixel ? 0.5 : 0, scale = (double)q->scale;
    region g = {(double)roi[1] * scale - offset, (double)roi[0] * scale - offset, 0, 0, 0, 0};
    double height = (double)roi[3] * scale - offset - g.y, width = (double)roi[2] * scale - offset - g.x;
    if (!q->half_pixel) height = fmax(height, 1), width = fmax(width, 1);
    g.bin_height = height / (double)q->height;
    g.bin_width = width / (double)q->width;
    double down = q->ratio > 0 ? (double)q->ratio : ceil(g.bin_height);
    double across = q->ratio > 0 ? (double)q->ratio : ceil(g.bin_width);
    g.n_down = down >= 1 && down <= MAX_SIDE ? (size_t)down : 0;
    g.n_across = across >= 1 && across <= MAX_SIDE ? (size_t)across : 0;
    return g;
}

static double pool_bin(const roi_params *q, const region *g, const float *image, size_t height, size_t width,
                       size_t i, size_t j)
{
    double sum = 0, largest = -INFINITY;
    for (size_t u = 0; u < g->n_down; u++)
        for (size_t v = 0; v < g->n_across; v++) {
            double y =
                g->y + (double)i * g->bin_height + ((double)u + 0.5) * g->bin_height / (double)g->n_down;
            double x =
                g->x + (double)j * g->bin_width + ((double)v + 0.5) * g->bin_width / (double)g->n_across;
            size_t at[4] = {0};
            double weight[4] = {0};
            bool there = neighbours(y, x, height, width, at, weight);
            for (size_t k = 0; k < 4; k++) {
                double value = there ? weight[k] * (double)image[at[k]] : 0;
                sum += value;
                largest =
                    fmax(largest, value); /* of weighted neighbours, as the format's own backends have it */
            }
        }
    double n = (double)(g->n_down * g->n_across);
    return n > 0 ? (q->pool == 0 ? sum / n : largest) : 0;
}

static aj_status run_roi(const ajp_op_run *r)
{
    const roi_params *q = r->node->params;
    const ajp_type *x = &r->in[0].type;
    const float *rois = r->in[1].data;
    const int64_t *batch = r->in[2].data;
    float *y = r->out[0].data;
    for (size_t roi = 0; roi < r->in[2].n; roi++) {
        region g = region_of(q, rois + 4 * roi);
        if (batch[roi] < 0 || batch[roi] >= (int64_t)x->dims[0])
            return ajp_node_fail(r->path, r->node, AJ_BAD_ARGUMENT, r->err,
                                 "has a region in image %lld of %zu", (long long)batch[roi], x->dims[0]);
        for (size_t c = 0; c < x->dims[1]; c++) {
            const float *image = (const float *)r->in[0].data +
                                 ((size_t)batch[roi] * x->dims[1] + c) * x->dims[2] * x->dims[3];
            for (size_t i = 0; i < (size_t)q->height; i++)
                for (size_t j = 0; j < (size_t)q->width; j++)
                    *y++ = (float)pool_bin(q, &g, image, x->dims[2], x->dims[3], i, j);
        }
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_roi_align;
const ajp_op ajp_op_roi_align = {.widening = AJP_WIDEN_FLOATS,
                                 .min_in = 3,
                                 .max_in = 3,
                                 .max_out = 1,
                                 .flops_per_element = 11,
                                 .params_size = sizeof(roi_params),
                                 .attributes = roi_attributes,
                                 .parse = parse_roi,
                                 .infer = infer_roi,
                                 .run = run_roi};

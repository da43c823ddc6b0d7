/* resize_axis.c: coordinates and weights of Resize along one axis, in double, as the definition gives them
 * (onnx/backend/test/case/node/resize.py). */
#include "op_resize.h"

#include <math.h>

/* Where place p of the output lies in the input. */
static double coordinate(const ajp_resize_rule *rule, const ajp_resize_axis *a, size_t p)
{
    double x = (double)p, in = (double)a->in, width = a->scale * in; /* not rounded */
    double pixel = (x + 0.5) / a->scale - 0.5;
    switch (rule->coordinates) {
    case AJP_HALF_PIXEL:
        return pixel;
    case AJP_PYTORCH_HALF_PIXEL:
        return a->out > 1 ? pixel : 0;
    case AJP_ALIGN_CORNERS:
        return a->out == 1 ? 0 : x * (in - 1) / (width - 1);
    case AJP_ASYMMETRIC:
        return x / a->scale;
    case AJP_TF_HALF_PIXEL_FOR_NN:
        return (x + 0.5) / a->scale;
    case AJP_CROP_AND_RESIZE:
        return a->out == 1 ? 0.5 * (a->roi_start + a->roi_end) * (in - 1)
                           : a->roi_start * (in - 1) +
                                 x * (a->roi_end - a->roi_start) * (in - 1) / ((double)a->out - 1);
    default:
        return in / 2 * (1 - (double)a->out / width) + pixel;
    }
}

static double filter_scale(const ajp_resize_rule *rule, const ajp_resize_axis *a)
{
    return rule->antialias && a->scale < 1 ? a->scale : 1;
}

/* Places to each side that the filter reaches: 1 for linear and 2 for cubic, more where it is stretched. */
static double reach(const ajp_resize_rule *rule, const ajp_resize_axis *a)
{
    return fmin(ceil((rule->mode == AJP_CUBIC ? 2 : 1) / filter_scale(rule, a)), 2 * (double)a->in + 2);
}

size_t ajp_resize_n_taps(const ajp_resize_rule *rule, const ajp_resize_axis *axis)
{
    return rule->mode == AJP_NEAREST ? 1 : 2 * (size_t)reach(rule, axis);
}

/* Keys 1981, equation 4, for the distance x >= 0. */
static double cubic(double x, double a)
{
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

static double nearest(const ajp_resize_rule *rule, const ajp_resize_axis *a, double x)
{
    switch (rule->rounding) {
    case AJP_ROUND_PREFER_FLOOR:
        return ceil(x - 0.5);
    case AJP_ROUND_PREFER_CEIL:
        return floor(x + 0.5);
    case AJP_FLOOR:
        return floor(x);
    case AJP_CEIL:
        return ceil(x);
    default:
        return a->scale < 1 ? ceil(x) : floor(x);
    }
}

static size_t inside(double at, size_t n)
{
    return at <= 0 ? 0 : at >= (double)(n - 1) ? n - 1 : (size_t)at;
}

bool ajp_resize_taps(const ajp_resize_rule *rule, const ajp_resize_axis *axis, size_t p, ajp_resize_tap *taps)
{
    double x = coordinate(rule, axis, p), last = (double)(axis->in - 1), sum = 0;
    if (rule->coordinates == AJP_CROP_AND_RESIZE && !(x >= 0 && x <= last)) return false;
    if (!isfinite(x)) x = 0; /* 0/0 of a single place */
    if (rule->mode == AJP_NEAREST) {
        taps[0] = (ajp_resize_tap){inside(nearest(rule, axis, x), axis->in), 1};
        return true;
    }
    double base = ceil(x) - 1, stretch = filter_scale(rule, axis), side = reach(rule, axis);
    size_t n = ajp_resize_n_taps(rule, axis);
    for (size_t k = 0; k < n; k++) {
        double at = base + 1 - side + (double)k, distance = fabs(at - x) * stretch;
        double weight = rule->mode == AJP_CUBIC ? cubic(distance, rule->cubic_a)
                        : distance < 1          ? 1 - distance
                                                : 0;
        if (rule->exclude_outside && (at < 0 || at > last)) weight = 0;
        taps[k] = (ajp_resize_tap){inside(at, axis->in), weight};
        sum += weight;
    }
    /* without these two the weights sum to 1 by themselves */
    for (size_t k = 0; (rule->exclude_outside || rule->antialias) && k < n; k++) taps[k].weight /= sum;
    return true;
}

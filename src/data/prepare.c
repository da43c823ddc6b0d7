/* prepare.c: scale, mean, deviation and layout, applied where samples are read. */
#include "prepare.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

/* In float32, in the order in which training frameworks do it, so that a network sees what it was trained on.
 */
static void normalise(const ajp_preparation *p, float *sample)
{
    size_t n = p->n_features / p->n_planes;
    for (size_t c = 0; c < p->n_planes; c++) {
        float mean = p->mean[c], std = p->std[c], *channel = sample + c * n;
        for (size_t i = 0; i < n; i++) channel[i] = (channel[i] - mean) / std;
    }
}

/* Pixels with their channels together -> one plane a channel, some values at a time from the stack. */
static void move_channels(const ajp_preparation *p, const ajp_array *samples, size_t first, float *out)
{
    enum { BLOCK = 1024 };
    float block[BLOCK];
    size_t n_pixels = p->n_features / p->n_channels, channel = 0, pixel = 0;
    for (size_t at = 0; at < p->n_features; at += BLOCK) {
        size_t n = ajp_min_size(BLOCK, p->n_features - at);
        ajp_array_floats(samples, first + at, n, p->scale, block);
        for (size_t i = 0; i < n; i++) {
            out[channel * n_pixels + pixel] = block[i];
            if (++channel == p->n_channels) {
                channel = 0;
                pixel++;
            }
        }
    }
}

void ajp_prepare(const ajp_preparation *p, const ajp_array *samples, size_t first, size_t n, float *out)
{
    if (!p->move) ajp_array_floats(samples, first * p->n_features, n * p->n_features, p->scale, out);
    for (size_t i = 0; i < n; i++) {
        float *sample = out + i * p->n_features;
        if (p->move) move_channels(p, samples, (first + i) * p->n_features, sample);
        if (p->n_planes > 0) normalise(p, sample);
    }
}

static aj_status check_number(const char *name, const char *key, double value, bool zero, aj_error *err)
{
    if (fabs(value) <= (double)FLT_MAX && (zero || (float)value != 0.0f)) return AJ_OK;
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: %s %g; give a finite number%s", name, key, value,
                    zero ? "" : " other than 0");
}

/* One value for all channels, or one a channel. */
static aj_status take(float *out, double *kept, size_t *n_kept, const ajp_preparation *p, const char *key,
                      const double *values, size_t n, double none, const aj_dataset_info *info, aj_error *err)
{
    if (n > 1 && n != p->n_channels)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "%s: %s has %zu values, but a sample has %zu channel%s (layout %s); give one value a "
                        "channel, or the layout of the file",
                        info->name, key, n, p->n_channels, p->n_channels == 1 ? "" : "s",
                        p->move ? "nhwc" : "nchw");
    if (n > AJ_MAX_CHANNELS)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: %s has %zu values; at most %d are possible", info->name,
                        key, n, AJ_MAX_CHANNELS);
    for (size_t i = 0; i < n; i++) {
        AJ_TRY(check_number(info->name, key, values[i], none == 0.0, err));
        kept[i] = values[i];
    }
    *n_kept = n;
    for (size_t c = 0; c < AJ_MAX_CHANNELS; c++)
        out[c] = (float)(n == 0 ? none : values[n == 1 || c >= n ? 0 : c]);
    return AJ_OK;
}

static void find_channels(ajp_preparation *p, aj_dataset_info *info)
{
    p->n_channels = 1;
    if (info->rank < 3) return;
    p->move = info->preprocessing.layout == AJ_LAYOUT_NHWC;
    p->n_channels = p->move ? info->shape[info->rank - 1] : info->shape[0];
    if (!p->move) return;
    for (size_t i = info->rank - 1; i > 0; i--) info->shape[i] = info->shape[i - 1];
    info->shape[0] = p->n_channels;
}

aj_status ajp_preparation_make(ajp_preparation *out, aj_dataset_info *info, const ajp_array *samples,
                               const aj_dataset_options *options, const char *name, aj_error *err)
{
    *out = (ajp_preparation){.n_features = info->n_features};
    double scale = options->scale;
    if (isnan(scale)) scale = samples->element == AJP_ELEMENT_U1 ? 1.0 / 255.0 : 1.0;
    AJ_TRY(check_number(name, "scale", scale, false, err));
    aj_preprocessing *used = &info->preprocessing;
    *used = (aj_preprocessing)AJ_PREPROCESSING_INIT;
    used->scale = scale;
    used->layout = options->layout;
    out->scale = (float)scale;
    find_channels(out, info);
    AJ_TRY(take(out->mean, used->mean, &used->n_mean, out, "mean", options->mean, options->n_mean, 0.0, info,
                err));
    AJ_TRY(take(out->std, used->std, &used->n_std, out, "std", options->std, options->n_std, 1.0, info, err));
    if (options->n_mean > 1 || options->n_std > 1)
        out->n_planes = out->n_channels;
    else
        out->n_planes = options->n_mean + options->n_std > 0 ? 1 : 0;
    return AJ_OK;
}

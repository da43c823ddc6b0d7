/* geometry.c: which inputs the outputs of a sliding window see. */
#include <string.h>

#include "slide.h"

/* Larger sizes are refused, so that sums of products stay within 64 bits. */
#define MOST_SIZE ((int64_t)1 << 31)

aj_status ajp_slide_sizes(const ajp_op_parse *p, const char *name, size_t least, size_t most, size_t *out,
                          size_t *n_out)
{
    const ajp_onnx_attribute *a = ajp_op_attribute(p->node, name);
    *n_out = 0;
    if (a == NULL) return AJ_OK;
    if (a->n_ints > most)
        return ajp_node_fail(p->path, p->node, AJ_UNSUPPORTED, p->err,
                             "has %zu values of %s; images of up to %d axes are supported", a->n_ints, name,
                             AJP_SPATIAL);
    for (size_t k = 0; k < a->n_ints; k++) {
        if (a->ints[k] < (int64_t)least || a->ints[k] > MOST_SIZE)
            return ajp_node_fail(p->path, p->node, AJ_UNSUPPORTED, p->err,
                                 "has %lld among its %s; %zu to 2^31 is supported", (long long)a->ints[k],
                                 name, least);
        out[k] = (size_t)a->ints[k];
    }
    *n_out = a->n_ints;
    return AJ_OK;
}

static aj_status parse_auto_pad(const ajp_op_parse *p, ajp_auto_pad *out)
{
    static const char *const names[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};
    const ajp_onnx_attribute *a = ajp_op_attribute(p->node, "auto_pad");
    *out = AJP_PAD_GIVEN;
    if (a == NULL || a->s.size == 0) return AJ_OK;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (a->s.size == strlen(names[k]) && memcmp(a->s.data, names[k], a->s.size) == 0) {
            *out = (ajp_auto_pad)k;
            return AJ_OK;
        }
    return ajp_node_fail(p->path, p->node, AJ_CORRUPT, p->err,
                         "has an auto_pad that is not one of the format's");
}

aj_status ajp_slide_parse(const ajp_op_parse *p, ajp_slide_attributes *out)
{
    int64_t ceil_mode;
    AJ_TRY(ajp_slide_sizes(p, "kernel_shape", 1, AJP_SPATIAL, out->kernel, &out->n_kernel));
    AJ_TRY(ajp_slide_sizes(p, "strides", 1, AJP_SPATIAL, out->stride, &out->n_strides));
    AJ_TRY(ajp_slide_sizes(p, "dilations", 1, AJP_SPATIAL, out->dilation, &out->n_dilations));
    AJ_TRY(ajp_slide_sizes(p, "pads", 0, 2 * AJP_SPATIAL, out->pad, &out->n_pads));
    AJ_TRY(ajp_op_int(p, "ceil_mode", 0, &ceil_mode));
    out->ceil_mode = ceil_mode != 0;
    return parse_auto_pad(p, &out->auto_pad);
}

size_t ajp_slide_places(const size_t axes[AJP_SPATIAL])
{
    return ajp_dims_product(axes, AJP_SPATIAL);
}

void ajp_slide_axes(const ajp_slide_attributes *q, size_t rank, const size_t *kernel, ajp_geometry *out)
{
    size_t n = rank - 2, skipped = AJP_SPATIAL - n;
    for (size_t a = 0; a < AJP_SPATIAL; a++) {
        size_t d = a - skipped; /* wraps for axes that are not there */
        bool there = a >= skipped;
        out->kernel[a] = there ? kernel[d] : 1;
        out->stride[a] = there && q->n_strides > 0 ? q->stride[d] : 1;
        out->dilation[a] = there && q->n_dilations > 0 ? q->dilation[d] : 1;
        out->before[a] = there && q->n_pads > 0 && q->auto_pad == AJP_PAD_GIVEN ? q->pad[d] : 0;
        out->after[a] = there && q->n_pads > 0 && q->auto_pad == AJP_PAD_GIVEN ? q->pad[n + d] : 0;
        out->in[a] = out->out[a] = 1;
    }
}

static void pad_automatically(ajp_auto_pad auto_pad, size_t window, size_t a, ajp_geometry *g)
{
    g->out[a] = (g->in[a] + g->stride[a] - 1) / g->stride[a];
    size_t reach = (g->out[a] - 1) * g->stride[a] + window;
    size_t total = reach > g->in[a] ? reach - g->in[a] : 0;
    g->before[a] = auto_pad == AJP_PAD_SAME_UPPER ? total / 2 : (total + 1) / 2;
    g->after[a] = total - g->before[a];
}

void ajp_slide_geometry_of(const ajp_slide_attributes *q, const ajp_type *x, const size_t *kernel,
                           ajp_geometry *out)
{
    ajp_slide_axes(q, x->rank, kernel, out);
    size_t skipped = AJP_SPATIAL + 2 - x->rank;
    for (size_t a = skipped; a < AJP_SPATIAL; a++) {
        size_t window = (out->kernel[a] - 1) * out->dilation[a] + 1;
        out->in[a] = x->dims[2 + a - skipped];
        if (out->in[a] == 0) {
            out->out[a] = 0;
            continue;
        }
        if (q->auto_pad == AJP_PAD_SAME_UPPER || q->auto_pad == AJP_PAD_SAME_LOWER) {
            pad_automatically(q->auto_pad, window, a, out);
            continue;
        }
        size_t padded = out->in[a] + out->before[a] + out->after[a];
        if (padded < window) {
            out->out[a] = 0;
            continue;
        }
        size_t room = padded - window;
        out->out[a] = room / out->stride[a] + 1;
        /* rounding up never adds a window that begins behind the image */
        if (q->ceil_mode && room % out->stride[a] != 0 &&
            out->out[a] * out->stride[a] < out->in[a] + out->before[a])
            out->out[a]++;
    }
}

aj_status ajp_slide_counts(const ajp_op_infer *i, const ajp_slide_attributes *q)
{
    size_t n = i->in[0]->rank - 2;
    const struct {
        const char *name;
        size_t n, want;
    } counts[] = {{"strides", q->n_strides, n}, {"dilations", q->n_dilations, n}, {"pads", q->n_pads, 2 * n}};
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
        if (counts[k].n > 0 && counts[k].n != counts[k].want)
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err, "has %zu %s for an image of %zu axes",
                                 counts[k].n, counts[k].name, n);
    return AJ_OK;
}

aj_status ajp_slide_geometry(const ajp_op_infer *i, const ajp_slide_attributes *q, const size_t *kernel,
                             ajp_geometry *out)
{
    const ajp_type *x = i->in[0];
    char text[128];
    if (x->rank < 3 || x->rank > 2 + AJP_SPATIAL)
        return ajp_node_fail(
            i->path, i->node, AJ_UNSUPPORTED, i->err,
            "has an input of type %s; images of 1 to %d axes behind samples and channels are "
            "supported",
            ajp_type_text(x, text, sizeof text), AJP_SPATIAL);
    if (x->batch_axis > 0) return ajp_op_mixes(i, "its channels or places are samples");
    AJ_TRY(ajp_slide_counts(i, q));
    ajp_slide_geometry_of(q, x, kernel, out);
    for (size_t a = 0; a < AJP_SPATIAL; a++)
        if (out->out[a] == 0 || out->in[a] == 0)
            return ajp_node_fail(i->path, i->node, AJ_CORRUPT, i->err,
                                 "has a window of %zu places (dilation %zu) that is larger than its padded "
                                 "input of %zu",
                                 out->kernel[a], out->dilation[a],
                                 out->in[a] + out->before[a] + out->after[a]);
    return AJ_OK;
}

aj_status ajp_slide_want_float(const ajp_op_infer *i, size_t k)
{
    if (ajp_dtype_is_float(i->in[k]->dtype)) return AJ_OK;
    return ajp_node_fail(i->path, i->node, AJ_UNSUPPORTED, i->err,
                         "has an input %zu of type %s; floating point numbers are supported", k,
                         ajp_dtype_name(i->in[k]->dtype));
}

void ajp_slide_type(const ajp_type *x, size_t n_channels, const ajp_geometry *g, ajp_type *out)
{
    size_t skipped = AJP_SPATIAL + 2 - x->rank;
    *out = *x;
    out->dims[1] = n_channels;
    for (size_t d = 2; d < x->rank; d++) out->dims[d] = g->out[skipped + d - 2];
}

/* net_map.c: layers that work element by element: activations, dropout, sums, flatten. */
#include <string.h>

#include "net.h"

void ajp_fold(const float *wide, size_t n_places, size_t n, float *out)
{
    memcpy(out, wide, n * sizeof *out);
    for (size_t w = 1; w < n_places; w++)
        for (size_t c = 0; c < n; c++) out[c] += wide[w * n + c];
}

/* Line `y` of sample s. */
static size_t place(const ajp_value *v, size_t s, size_t y)
{
    return s * v->sample + v->inner + y * v->line;
}

/* ---- activations -------------------------------------------------------------------------------------- */

static void activate(const ajp_rows *r, size_t s, size_t y)
{
    const ajp_node *node = r->node;
    const ajp_kernels *k = r->job->net->kernels;
    const float *in = node->in->out + place(node->in, s, y);
    float *out = node->out->out + place(node->out, s, y);
    if (in != out) memcpy(out, in, node->out->row * sizeof *out);
    ajp_activate(k, node->activation, node->activation_parameter, out, node->out->row);
}

/* error *= d activation / d its input, from what came out. */
static void through(const ajp_node *node, const ajp_kernels *k, const float *out, float *restrict error)
{
    const size_t n = node->out->row;
    switch (node->activation) {
    case AJP_ACTIVATION_SIGMOID:
        for (size_t i = 0; i < n; i++) error[i] *= out[i] * (1.0F - out[i]);
        break;
    case AJP_ACTIVATION_TANH:
        for (size_t i = 0; i < n; i++) error[i] *= 1.0F - out[i] * out[i];
        break;
    default:
        k->relu_backward(out, error, n,
                         node->activation == AJP_ACTIVATION_LEAKY_RELU ? node->activation_parameter : 0.0F);
    }
}

/* ---- dropout ------------------------------------------------------------------------------------------ */

static void draw_mask(const ajp_rows *r, size_t s)
{
    const ajp_node *node = r->node;
    const size_t n = ajp_image_size(&node->out->image);
    const float ratio = (float)node->layer->dropped_ratio, kept = 1.0F / (1.0F - ratio);
    float *mask = node->extra + s * node->extra_row;
    r->job->net->kernels->uniforms(&node->stream, r->job->order[s], 0, 0, n, mask);
    for (size_t i = 0; i < n; i++) mask[i] = mask[i] < ratio ? 0.0F : kept;
}

static void drop(const ajp_rows *r, size_t s, size_t y)
{
    const ajp_node *node = r->node;
    const float *in = node->in->out + place(node->in, s, y);
    float *out = node->out->out + place(node->out, s, y);
    if (r->job->learn)
        r->job->net->kernels->binary('*', in, node->extra + s * node->extra_row + y * node->out->row, out,
                                     node->out->row);
    else
        memcpy(out, in, node->out->row * sizeof *out);
}

/* ---- all ---------------------------------------------------------------------------------------------- */

/* Channels, rows and columns, as in the file that is written: channels lie apart. */
static void flatten(const ajp_rows *r, size_t s, size_t y)
{
    const ajp_value *in = r->node->in;
    const ajp_image *image = &in->image;
    const float *x = in->out + place(in, s, y);
    float *out = r->node->out->out + place(r->node->out, s, 0) + y * image->width;
    for (size_t c = 0; c < image->channels; c++, out += image->height * image->width)
        for (size_t w = 0; w < image->width; w++) out[w] = x[w * image->channels + c];
}

static void flatten_back(const ajp_rows *r, size_t s, size_t y)
{
    const ajp_value *in = r->node->in;
    const ajp_image *image = &in->image;
    const float *x = r->node->out->error + place(r->node->out, s, 0) + y * image->width;
    float *restrict error = in->error + place(in, s, y);
    if (!r->node->adds_in) memset(error, 0, in->row * sizeof *error);
    for (size_t c = 0; c < image->channels; c++, x += image->height * image->width)
        for (size_t w = 0; w < image->width; w++) error[w * image->channels + c] += x[w];
}

void ajp_map_forward(const ajp_rows *r)
{
    const ajp_node *node = r->node;
    const aj_train_layer_kind kind = node->layer->kind;
    for (size_t s = r->first; s < r->first + r->n; s++) {
        if (kind == AJ_LAYER_DROPOUT && r->job->learn) draw_mask(r, s);
        for (size_t y = 0; y < node->in->image.height; y++) {
            if (kind == AJ_LAYER_FLATTEN)
                flatten(r, s, y);
            else if (kind == AJ_LAYER_DROPOUT)
                drop(r, s, y);
            else if (kind == AJ_LAYER_ADD)
                r->job->net->kernels->binary('+', node->in->out + place(node->in, s, y),
                                             node->with->out + place(node->with, s, y),
                                             node->out->out + place(node->out, s, y), node->out->row);
            else
                activate(r, s, y);
        }
    }
}

/* to = part, or to += part. */
static void give(const ajp_rows *r, const float *part, float *to, size_t n, bool adds)
{
    if (adds)
        r->job->net->kernels->binary('+', to, part, to, n);
    else
        memcpy(to, part, n * sizeof *to);
}

static void line_back(const ajp_rows *r, size_t s, size_t y)
{
    const ajp_node *node = r->node;
    const ajp_value *in = node->in, *out = node->out;
    const ajp_kernels *k = r->job->net->kernels;
    if (node->layer->kind == AJ_LAYER_FLATTEN) {
        flatten_back(r, s, y);
        return;
    }
    float *error = out->error + place(out, s, y);
    if (node->layer->kind == AJ_LAYER_ADD) {
        if (node->in->wants_error) give(r, error, in->error + place(in, s, y), out->row, node->adds_in);
        if (node->with->wants_error)
            give(r, error, node->with->error + place(node->with, s, y), out->row, node->adds_with);
        return;
    }
    /* The error of this value has no other reader: it can be changed where it lies. */
    if (node->layer->kind == AJ_LAYER_DROPOUT)
        k->binary('*', error, node->extra + s * node->extra_row + y * out->row, error, out->row);
    else
        through(node, k, out->out + place(out, s, y), error);
    if (!node->in_place) give(r, error, in->error + place(in, s, y), out->row, node->adds_in);
}

void ajp_map_backward(const ajp_rows *r)
{
    const ajp_node *node = r->node;
    if (node->layer->kind != AJ_LAYER_ADD && !node->in->wants_error) return;
    for (size_t s = r->first; s < r->first + r->n; s++)
        for (size_t y = 0; y < node->in->image.height; y++) line_back(r, s, y);
}

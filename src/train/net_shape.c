/* net_shape.c: what each layer makes of the shape before it, and what can not be. */
#include "net.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "keys.h"

/* No axis, window or number of channels above it: sizes stay far from overflow. */
enum { MAX_SIDE = 16384 };

#define WORD(id, word, text) word,
static const char *const names[] = {AJ_TRAIN_LAYER_LIST(WORD)};
#undef WORD

const char *ajp_layer_name(aj_train_layer_kind kind)
{
    return (size_t)kind < AJ_N_LAYERS ? names[kind] : "?";
}

size_t ajp_image_size(const ajp_image *image)
{
    return image->channels * image->height * image->width;
}

ajp_image ajp_net_input(const aj_train_options *o)
{
    bool flat = o->image[1] == 0 && o->image[2] == 0;
    return (ajp_image){o->image[0], flat ? 1 : o->image[1], flat ? 1 : o->image[2], flat};
}

static bool is_window(aj_train_layer_kind kind)
{
    return kind == AJ_LAYER_CONV || kind == AJ_LAYER_MAX_POOL || kind == AJ_LAYER_AVERAGE_POOL ||
           kind == AJ_LAYER_GLOBAL_AVERAGE_POOL;
}

void ajp_layer_window(const aj_train_layer *layer, const ajp_image *in, size_t kernel[2], size_t stride[2],
                      size_t padding[2])
{
    const size_t whole[2] = {in->height, in->width};
    for (int a = 0; a < 2; a++) {
        kernel[a] = layer->kind == AJ_LAYER_GLOBAL_AVERAGE_POOL ? whole[a] : layer->kernel[a];
        stride[a] = layer->stride[a] > 0 ? layer->stride[a] : layer->kind == AJ_LAYER_CONV ? 1 : kernel[a];
        padding[a] = layer->kind == AJ_LAYER_GLOBAL_AVERAGE_POOL ? 0 : layer->padding[a];
    }
}

static aj_status window_shape(const aj_train_layer *layer, const ajp_image *in, const char *where,
                              ajp_image *out, aj_error *err)
{
    const char *name = ajp_layer_name(layer->kind);
    size_t kernel[2], stride[2], padding[2], size[2] = {in->height, in->width}, made[2];
    ajp_layer_window(layer, in, kernel, stride, padding);
    if (in->flat)
        return ajp_fail(err, AJ_MISMATCH, 0, "%s'%s' needs an image, and its input is flat: %zu values",
                        where, name, in->channels);
    for (int a = 0; a < 2; a++) {
        if (kernel[a] < 1 || kernel[a] > MAX_SIDE || stride[a] > MAX_SIDE || padding[a] > MAX_SIDE)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "%s'%s' needs a kernel of 1 to %d, and strides and padding of at most that",
                            where, name, MAX_SIDE);
        if (layer->kind != AJ_LAYER_CONV && padding[a] > kernel[a] / 2)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "%s'%s' has a padding of %zu; at most half the kernel of %zu, so that no window "
                            "is empty",
                            where, name, padding[a], kernel[a]);
        if (layer->kind != AJ_LAYER_CONV && padding[a] > 0 && kernel[0] * kernel[1] > AJP_NET_PADDED_TAPS)
            return ajp_fail(err, AJ_UNSUPPORTED, 0,
                            "%s'%s' with padding has a kernel of %zux%zu; at most %d places", where, name,
                            kernel[0], kernel[1], AJP_NET_PADDED_TAPS);
        if (size[a] + 2 * padding[a] < kernel[a])
            return ajp_fail(err, AJ_MISMATCH, 0,
                            "%s'%s' has a kernel of %zux%zu, larger than its input of %zux%zu with padding",
                            where, name, kernel[0], kernel[1], size[0], size[1]);
        made[a] = (size[a] + 2 * padding[a] - kernel[a]) / stride[a] + 1;
    }
    *out = (ajp_image){in->channels, made[0], made[1], false};
    return AJ_OK;
}

static aj_status conv_shape(const aj_train_layer *layer, const ajp_image *in, const char *where,
                            ajp_image *out, aj_error *err)
{
    const size_t groups = layer->groups > 0 ? layer->groups : 1;
    AJ_TRY(window_shape(layer, in, where, out, err));
    if (layer->n_outputs < 1 || layer->n_outputs > AJP_TRAIN_MAX_WIDTH)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s'conv' has %zu channels; use 1 to %d", where,
                        layer->n_outputs, AJP_TRAIN_MAX_WIDTH);
    if (in->channels % groups != 0 || layer->n_outputs % groups != 0)
        return ajp_fail(err, AJ_MISMATCH, 0,
                        "%s'conv' has %zu groups, which must divide the %zu channels that it reads and the "
                        "%zu that it makes",
                        where, groups, in->channels, layer->n_outputs);
    out->channels = layer->n_outputs;
    return AJ_OK;
}

static aj_status dense_shape(const aj_train_layer *layer, const ajp_image *in, const char *where,
                             ajp_image *out, aj_error *err)
{
    if (!in->flat)
        return ajp_fail(
            err, AJ_MISMATCH, 0,
            "%s'dense' needs a flat input, and gets an image of %zux%zux%zu; put 'flatten' before", where,
            in->channels, in->height, in->width);
    if (layer->n_outputs < 1 || layer->n_outputs > AJP_TRAIN_MAX_WIDTH)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s'dense' has %zu outputs; use 1 to %d", where,
                        layer->n_outputs, AJP_TRAIN_MAX_WIDTH);
    *out = (ajp_image){layer->n_outputs, 1, 1, true};
    return AJ_OK;
}

static aj_status add_shape(const ajp_image *in, const ajp_image *with, const char *where, ajp_image *out,
                           aj_error *err)
{
    *out = *in;
    if (in->channels == with->channels && in->height == with->height && in->width == with->width &&
        in->flat == with->flat)
        return AJ_OK;
    return ajp_fail(err, AJ_MISMATCH, 0,
                    "%s'residual' adds %zux%zux%zu to %zux%zux%zu; give it a 'shortcut' that makes the same "
                    "shape, like [conv: {channels: %zu, kernel: 1, stride: %zu}]",
                    where, in->channels, in->height, in->width, with->channels, with->height, with->width,
                    in->channels, in->height < with->height ? with->height / in->height : (size_t)1);
}

static aj_status check_numbers(const aj_train_layer *layer, const char *where, aj_error *err)
{
    const char *name = ajp_layer_name(layer->kind);
    if (layer->kind == AJ_LAYER_DROPOUT && !(layer->dropped_ratio >= 0.0 && layer->dropped_ratio < 1.0))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s'%s' is %.9g; it must be at least 0 and below 1", where,
                        name, layer->dropped_ratio);
    if (layer->kind == AJ_LAYER_LEAKY_RELU && !(layer->leaky_slope >= 0.0 && layer->leaky_slope <= 1.0))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s'%s' has the slope %.9g; it must be 0 to 1", where, name,
                        layer->leaky_slope);
    if (layer->kind != AJ_LAYER_BATCH_NORM) return AJ_OK;
    if (!(layer->epsilon >= 0.0 && layer->epsilon <= 1.0))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s'epsilon' is %.9g; it must be above 0 and at most 1",
                        where, layer->epsilon);
    if (!(layer->momentum >= 0.0 && layer->momentum <= 1.0))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s'momentum' is %.9g; it must be above 0 and at most 1",
                        where, layer->momentum);
    return AJ_OK;
}

aj_status ajp_layer_shape(const aj_train_layer *layer, const ajp_image *in, const ajp_image *with,
                          const char *where, ajp_image *out, aj_error *err)
{
    AJ_TRY(check_numbers(layer, where, err));
    *out = *in;
    if (layer->kind == AJ_LAYER_CONV) return conv_shape(layer, in, where, out, err);
    if (is_window(layer->kind)) return window_shape(layer, in, where, out, err);
    if (layer->kind == AJ_LAYER_DENSE) return dense_shape(layer, in, where, out, err);
    if (layer->kind == AJ_LAYER_ADD) return add_shape(in, with, where, out, err);
    if (layer->kind == AJ_LAYER_FLATTEN) *out = (ajp_image){ajp_image_size(in), 1, 1, true};
    if ((size_t)layer->kind >= AJ_N_LAYERS)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%sthere is no layer of kind %d", where, (int)layer->kind);
    return AJ_OK;
}

static aj_status check_input(const aj_train_options *o, const char *file, aj_error *err)
{
    const ajp_image in = ajp_net_input(o);
    const bool flat = in.flat && o->image[0] <= AJP_TRAIN_MAX_WIDTH;
    if (in.channels < 1 || in.height < 1 || in.width < 1 || in.height > MAX_SIDE || in.width > MAX_SIDE ||
        (!flat && in.channels > MAX_SIDE))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "%s'input' is %zux%zux%zu; give channels, height and width, each 1 to %d", file,
                        o->image[0], o->image[1], o->image[2], MAX_SIDE);
    if (in.flat && (o->max_shift > 0 || o->horizontal_flip))
        return ajp_fail(err, AJ_MISMATCH, 0, "%s'augmentation' needs images, and 'input' is flat", file);
    if (!in.flat && (o->max_shift >= in.height || o->max_shift >= in.width))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s'shift' is %zu; it must be below the %zux%zu of 'input'",
                        file, o->max_shift, in.height, in.width);
    if (o->n_network < 1 || o->n_network > AJ_TRAIN_MAX_NETWORK)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s'layers' has %zu layers; use 1 to %d", file, o->n_network,
                        AJ_TRAIN_MAX_NETWORK);
    return AJ_OK;
}

/* "file:12: " or "file: layer 3: " */
static void say_where(const aj_train_layer *layer, size_t i, const char *file, char *text, size_t size)
{
    if (layer->line > 0)
        snprintf(text, size, "%.240s:%zu: ", file, layer->line);
    else
        snprintf(text, size, "%.240s%slayer %zu: ", file, file[0] != '\0' ? ": " : "", i + 1);
}

static aj_status check_layers(const aj_train_options *o, const char *file, ajp_image *shapes, aj_error *err)
{
    char where[300];
    for (size_t i = 0; i < o->n_network; i++) {
        const aj_train_layer *layer = &o->network[i];
        say_where(layer, i, file, where, sizeof where);
        if (layer->from > i || layer->with > i)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s'%s' reads value %zu, which is not made before it",
                            where, ajp_layer_name(layer->kind), layer->from > i ? layer->from : layer->with);
        AJ_TRY(
            ajp_layer_shape(layer, &shapes[layer->from], &shapes[layer->with], where, &shapes[i + 1], err));
        if (ajp_image_size(&shapes[i + 1]) > (size_t)1 << 28)
            return ajp_fail(err, AJ_UNSUPPORTED, 0, "%s'%s' makes %zu values of one sample; at most 2^28",
                            where, ajp_layer_name(layer->kind), ajp_image_size(&shapes[i + 1]));
    }
    const ajp_image *last = &shapes[o->n_network];
    say_where(&o->network[o->n_network - 1], o->n_network - 1, file, where, sizeof where);
    if (!last->flat || last->channels < 2)
        return ajp_fail(
            err, AJ_MISMATCH, 0,
            "%s'layers' ends with '%s', which makes %zux%zux%zu; end with a 'dense' of one output "
            "a class, 2 or more",
            where, ajp_layer_name(o->network[o->n_network - 1].kind), last->channels, last->height,
            last->width);
    return AJ_OK;
}

aj_status ajp_net_check(const aj_train_options *o, const char *file, ajp_image *shapes, aj_error *err)
{
    ajp_image local[AJ_TRAIN_MAX_NETWORK + 1];
    char where[260] = "";
    if (shapes == NULL) shapes = local;
    if (file[0] != '\0') snprintf(where, sizeof where, "%.240s: ", file);
    AJ_TRY(check_input(o, where, err));
    shapes[0] = ajp_net_input(o);
    return check_layers(o, file, shapes, err);
}

aj_status ajp_net_count(const aj_train_options *o, ajp_net_work *out, aj_error *err)
{
    ajp_image shapes[AJ_TRAIN_MAX_NETWORK + 1];
    bool learnt[AJ_TRAIN_MAX_NETWORK + 1] = {false}; /* weights lie before the value */
    *out = (ajp_net_work){0, 0, 0};
    AJ_TRY(ajp_net_check(o, "", shapes, err));
    for (size_t i = 0; i < o->n_network; i++) {
        const aj_train_layer *layer = &o->network[i];
        const ajp_image *in = &shapes[layer->from], *made = &shapes[i + 1];
        const size_t groups = layer->groups > 0 ? layer->groups : 1;
        uint64_t weights = 0;
        if (layer->kind == AJ_LAYER_CONV)
            weights =
                (uint64_t)layer->n_outputs * (in->channels / groups) * layer->kernel[0] * layer->kernel[1];
        if (layer->kind == AJ_LAYER_DENSE) weights = (uint64_t)layer->n_outputs * in->channels;
        const uint64_t macs = weights * made->height * made->width;
        out->macs += macs;
        if (learnt[layer->from]) out->macs_back += macs;
        out->n_parameters += weights;
        if (weights > 0 && !layer->without_bias) out->n_parameters += layer->n_outputs;
        if (layer->kind == AJ_LAYER_BATCH_NORM) out->n_parameters += 2 * (uint64_t)in->channels;
        learnt[i + 1] = weights > 0 || layer->kind == AJ_LAYER_BATCH_NORM || learnt[layer->from] ||
                        (layer->kind == AJ_LAYER_ADD && learnt[layer->with]);
    }
    return AJ_OK;
}

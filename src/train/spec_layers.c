/* spec_layers.c: the layers of a spec by name: a list of words ("relu") and maps of one word ("conv: {...}").
 */
#include "spec_layers.h"

#include <stdio.h>
#include <string.h>

#include "keys.h"
#include "net.h"

typedef struct {
    const char *file;
    aj_train_layer *layers; /* AJ_TRAIN_MAX_NETWORK of them */
    size_t n;
} reading;

/* ---- values of keys ------------------------------------------------------------------------------------ */

enum { MAX_SIDE = 16384 };

/* "3" or "[3, 5]": height, width. */
static aj_status read_pair(const ajp_yaml *node, const char *file, int64_t least, size_t out[2],
                           aj_error *err)
{
    int64_t value;
    if (node->kind != AJP_YAML_LIST) {
        AJ_TRY(ajp_yaml_integer(node, file, least, MAX_SIDE, &value, err));
        out[0] = out[1] = (size_t)value;
        return AJ_OK;
    }
    if (node->n_children != 2)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: '%s' has %zu numbers; write one, or [height, width]",
                        file, node->line, node->key, node->n_children);
    size_t i = 0;
    for (const ajp_yaml *child = node->first; child != NULL; child = child->next) {
        ajp_yaml named = *child;
        named.key = node->key; /* so that a message says which list */
        AJ_TRY(ajp_yaml_integer(&named, file, least, MAX_SIDE, &value, err));
        out[i++] = (size_t)value;
    }
    return AJ_OK;
}

static bool is_word(const ajp_yaml *node, const char *word)
{
    return node->kind == AJP_YAML_SCALAR && strcmp(node->text, word) == 0;
}

/* As read_pair, or "same": half the kernel on every side. */
static aj_status read_padding(const ajp_yaml *node, const char *file, aj_train_layer *layer, aj_error *err)
{
    if (!is_word(node, "same")) return read_pair(node, file, 0, layer->padding, err);
    if (layer->kernel[0] % 2 == 0 || layer->kernel[1] % 2 == 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "%s:%zu: 'padding' same needs an odd kernel, and it is %zux%zu; write numbers", file,
                        node->line, layer->kernel[0], layer->kernel[1]);
    layer->padding[0] = layer->kernel[0] / 2;
    layer->padding[1] = layer->kernel[1] / 2;
    return AJ_OK;
}

static aj_status read_bias(const ajp_yaml *map, const char *file, aj_train_layer *layer, aj_error *err)
{
    const ajp_yaml *node = ajp_yaml_find(map, "bias");
    if (node == NULL) return AJ_OK;
    if (node->quoted || (!is_word(node, "true") && !is_word(node, "false")))
        return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: 'bias' must be true or false", file, node->line);
    layer->without_bias = is_word(node, "false");
    return AJ_OK;
}

static aj_status read_size(const ajp_yaml *map, const char *file, const char *key, size_t *out, aj_error *err)
{
    int64_t value;
    const ajp_yaml *node = ajp_yaml_find(map, key);
    if (node == NULL)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: '%s' needs '%s'", file, map->line, map->key, key);
    AJ_TRY(ajp_yaml_integer(node, file, 1, AJP_TRAIN_MAX_WIDTH, &value, err));
    *out = (size_t)value;
    return AJ_OK;
}

static aj_status read_window(const ajp_yaml *map, const char *file, aj_train_layer *layer, aj_error *err)
{
    const ajp_yaml *kernel = ajp_yaml_find(map, "kernel"), *stride = ajp_yaml_find(map, "stride"),
                   *padding = ajp_yaml_find(map, "padding");
    if (kernel == NULL)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: '%s' needs 'kernel'", file, map->line, map->key);
    AJ_TRY(read_pair(kernel, file, 1, layer->kernel, err));
    if (stride != NULL) AJ_TRY(read_pair(stride, file, 1, layer->stride, err));
    return padding != NULL ? read_padding(padding, file, layer, err) : AJ_OK;
}

/* ---- layers ---------------------------------------------------------------------------------------------
 */

static aj_status want_map(const ajp_yaml *node, const char *file, const char *like,
                          const char *const *allowed, aj_error *err)
{
    if (node->kind != AJP_YAML_MAP)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: '%s' must be a map, like %s", file, node->line,
                        node->key, like);
    return ajp_yaml_check_keys(node, file, allowed, err);
}

static aj_status read_conv(const ajp_yaml *node, const char *file, aj_train_layer *layer, aj_error *err)
{
    static const char *const allowed[] = {"channels", "kernel", "stride", "padding", "groups", "bias", NULL};
    AJ_TRY(want_map(node, file, "conv: {channels: 16, kernel: 3}", allowed, err));
    AJ_TRY(read_size(node, file, "channels", &layer->n_outputs, err));
    AJ_TRY(read_window(node, file, layer, err));
    if (ajp_yaml_find(node, "groups") != NULL) AJ_TRY(read_size(node, file, "groups", &layer->groups, err));
    return read_bias(node, file, layer, err);
}

static aj_status read_pool(const ajp_yaml *node, const char *file, aj_train_layer *layer, aj_error *err)
{
    static const char *const allowed[] = {"kernel", "stride", "padding", NULL};
    if (node->kind != AJP_YAML_MAP) return read_pair(node, file, 1, layer->kernel, err);
    AJ_TRY(ajp_yaml_check_keys(node, file, allowed, err));
    return read_window(node, file, layer, err);
}

static aj_status read_dense(const ajp_yaml *node, const char *file, aj_train_layer *layer, aj_error *err)
{
    static const char *const allowed[] = {"outputs", "bias", NULL};
    int64_t value;
    if (node->kind != AJP_YAML_MAP) {
        AJ_TRY(ajp_yaml_integer(node, file, 1, AJP_TRAIN_MAX_WIDTH, &value, err));
        layer->n_outputs = (size_t)value;
        return AJ_OK;
    }
    AJ_TRY(ajp_yaml_check_keys(node, file, allowed, err));
    AJ_TRY(read_size(node, file, "outputs", &layer->n_outputs, err));
    return read_bias(node, file, layer, err);
}

static aj_status read_positive(const ajp_yaml *map, const char *file, const char *key, double *out,
                               aj_error *err)
{
    const ajp_yaml *node = ajp_yaml_find(map, key);
    if (node == NULL) return AJ_OK;
    AJ_TRY(ajp_yaml_number(node, file, out, err));
    if (*out > 0.0 && *out <= 1.0) return AJ_OK;
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s:%zu: '%s' is %.9g; it must be above 0 and at most 1", file,
                    node->line, key, *out);
}

static aj_status read_norm(const ajp_yaml *node, const char *file, aj_train_layer *layer, aj_error *err)
{
    static const char *const allowed[] = {"epsilon", "momentum", NULL};
    AJ_TRY(want_map(node, file, "batch_norm: {momentum: 0.1}, or the word alone", allowed, err));
    AJ_TRY(read_positive(node, file, "epsilon", &layer->epsilon, err));
    return read_positive(node, file, "momentum", &layer->momentum, err);
}

static aj_status unknown(const ajp_yaml *node, const char *name, const char *file, aj_error *err)
{
    char list[300] = "";
    for (int i = 0; i < AJ_N_LAYERS; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", ajp_layer_name(i));
    }
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s:%zu: there is no layer '%.80s'; use one of: %s", file,
                    node->line, name, list);
}

static aj_status find_kind(const ajp_yaml *node, const char *name, const char *file, aj_train_layer *layer,
                           aj_error *err)
{
    for (int i = 0; i < AJ_N_LAYERS; i++)
        if (strcmp(name, ajp_layer_name(i)) == 0) {
            layer->kind = (aj_train_layer_kind)i;
            return AJ_OK;
        }
    return unknown(node, name, file, err);
}

/* A layer that is a word alone. */
static aj_status read_alone(const ajp_yaml *node, const char *file, aj_train_layer *layer, aj_error *err)
{
    AJ_TRY(find_kind(node, node->text, file, layer, err));
    switch (layer->kind) {
    case AJ_LAYER_CONV:
    case AJ_LAYER_MAX_POOL:
    case AJ_LAYER_AVERAGE_POOL:
    case AJ_LAYER_DROPOUT:
    case AJ_LAYER_ADD:
    case AJ_LAYER_DENSE:
        return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: '%s' needs more than its name, like %s", file,
                        node->line, node->text,
                        layer->kind == AJ_LAYER_CONV      ? "conv: {channels: 16, kernel: 3}"
                        : layer->kind == AJ_LAYER_DENSE   ? "dense: 10"
                        : layer->kind == AJ_LAYER_ADD     ? "residual: [conv: {...}, batch_norm]"
                        : layer->kind == AJ_LAYER_DROPOUT ? "dropout: 0.5"
                                                          : "max_pool: 2");
    default:
        return AJ_OK;
    }
}

/* A layer that is a map: its name, and what it needs. */
static aj_status read_named(const ajp_yaml *node, const char *file, aj_train_layer *layer, aj_error *err)
{
    AJ_TRY(find_kind(node, node->key, file, layer, err));
    switch (layer->kind) {
    case AJ_LAYER_CONV:
        return read_conv(node, file, layer, err);
    case AJ_LAYER_MAX_POOL:
    case AJ_LAYER_AVERAGE_POOL:
        return read_pool(node, file, layer, err);
    case AJ_LAYER_DENSE:
        return read_dense(node, file, layer, err);
    case AJ_LAYER_BATCH_NORM:
        return read_norm(node, file, layer, err);
    case AJ_LAYER_DROPOUT:
        return ajp_yaml_number(node, file, &layer->dropped_ratio, err);
    case AJ_LAYER_LEAKY_RELU:
        return ajp_yaml_number(node, file, &layer->leaky_slope, err);
    default:
        return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: '%s' takes nothing; write the word alone", file,
                        node->line, node->key);
    }
}

/* ---- lists ----------------------------------------------------------------------------------------------
 */

static aj_status add_layer(reading *r, const ajp_yaml *node, const aj_train_layer *layer, aj_error *err)
{
    if (r->n >= AJ_TRAIN_MAX_NETWORK)
        return ajp_fail(err, AJ_UNSUPPORTED, 0, "%s:%zu: more than %d layers", r->file, node->line,
                        AJ_TRAIN_MAX_NETWORK);
    r->layers[r->n] = *layer;
    r->layers[r->n++].line = node->line;
    return AJ_OK;
}

static aj_status read_list(reading *r, const ajp_yaml *list, size_t *value, aj_error *err);

/* "residual: [...]" and, where what is added to it must change as well, "shortcut: [...]". */
static aj_status read_residual(reading *r, const ajp_yaml *map, size_t *value, aj_error *err)
{
    static const char *const allowed[] = {"residual", "shortcut", NULL};
    const ajp_yaml *body = ajp_yaml_find(map, "residual"), *shortcut = ajp_yaml_find(map, "shortcut");
    aj_train_layer add = {.kind = AJ_LAYER_ADD};
    AJ_TRY(ajp_yaml_check_keys(map, r->file, allowed, err));
    add.from = add.with = *value;
    AJ_TRY(read_list(r, body, &add.from, err));
    if (shortcut != NULL) AJ_TRY(read_list(r, shortcut, &add.with, err));
    AJ_TRY(add_layer(r, body, &add, err));
    *value = r->n;
    return AJ_OK;
}

static aj_status read_item(reading *r, const ajp_yaml *item, size_t *value, aj_error *err)
{
    aj_train_layer layer = {.from = *value, .leaky_slope = 0.01};
    if (item->kind == AJP_YAML_SCALAR) {
        AJ_TRY(read_alone(item, r->file, &layer, err));
    } else if (item->kind == AJP_YAML_MAP && ajp_yaml_find(item, "residual") != NULL) {
        return read_residual(r, item, value, err);
    } else if (item->kind == AJP_YAML_MAP && item->n_children == 1) {
        AJ_TRY(read_named(item->first, r->file, &layer, err));
    } else {
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "%s:%zu: a layer is a word (relu) or a map of one word (conv: {channels: 16, kernel: "
                        "3}); put '- ' before each",
                        r->file, item->line);
    }
    AJ_TRY(add_layer(r, item, &layer, err));
    *value = r->n;
    return AJ_OK;
}

static aj_status read_list(reading *r, const ajp_yaml *list, size_t *value, aj_error *err)
{
    if (list->kind != AJP_YAML_LIST || list->n_children == 0)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: '%s' must be a list of layers", r->file, list->line,
                        list->key);
    for (const ajp_yaml *item = list->first; item != NULL; item = item->next)
        AJ_TRY(read_item(r, item, value, err));
    return AJ_OK;
}

bool ajp_spec_names_layers(const ajp_yaml *list)
{
    const ajp_yaml *first = list->first;
    if (list->kind != AJP_YAML_LIST || first == NULL) return false;
    return first->kind != AJP_YAML_SCALAR || strchr("0123456789+-.", first->text[0]) == NULL;
}

/* [channels, height, width], or [values]. */
static aj_status read_input(const ajp_yaml *root, const char *file, size_t out[3], aj_error *err)
{
    const ajp_yaml *node = ajp_yaml_find(root, "input");
    if (node == NULL)
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "%s: 'input' is missing; layers by name need channels, height and width of a sample, "
                        "like input: [1, 28, 28]",
                        file);
    if (node->kind != AJP_YAML_LIST || (node->n_children != 3 && node->n_children != 1))
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "%s:%zu: 'input' must be [channels, height, width], or [values] of a flat sample",
                        file, node->line);
    size_t i = 0;
    for (const ajp_yaml *child = node->first; child != NULL; child = child->next) {
        int64_t value, most = node->n_children == 1 ? AJP_TRAIN_MAX_WIDTH : MAX_SIDE;
        ajp_yaml named = *child;
        named.key = node->key;
        AJ_TRY(ajp_yaml_integer(&named, file, 1, most, &value, err));
        out[i++] = (size_t)value;
    }
    return AJ_OK;
}

aj_status ajp_spec_read_layers(const ajp_yaml *root, const char *file, ajp_arena *arena,
                               aj_train_options *options, aj_error *err)
{
    static const char *const of_widths[] = {"activation", "leaky_slope"};
    reading r = {file, ajp_arena_array(arena, AJ_TRAIN_MAX_NETWORK, sizeof(aj_train_layer)), 0};
    size_t value = 0;
    if (r.layers == NULL) return ajp_no_memory(err, file);
    for (int i = 0; i < 2; i++) {
        const ajp_yaml *node = ajp_yaml_find(root, of_widths[i]);
        if (node != NULL)
            return ajp_fail(
                err, AJ_BAD_ARGUMENT, 0,
                "%s:%zu: '%s' goes with layers by width; here activations are layers, like - relu", file,
                node->line, of_widths[i]);
    }
    AJ_TRY(read_input(root, file, options->image, err));
    AJ_TRY(read_list(&r, ajp_yaml_find(root, "layers"), &value, err));
    options->network = r.layers;
    options->n_network = r.n;
    return ajp_net_check(options, file, NULL, err);
}

/* words.c: names of networks, data and axes for readers who have not seen them before. */
#include <string.h>

#include "view.h"

/* Without the unit at its end (the value carries it) and with spaces. */
const char *ajp_key_words(const char *key, ajp_arena *arena)
{
    static const char *const units[] = {"_joules", "_watts", "_seconds", "_hertz",   "_kelvin", "_meters",
                                        "_farads", "_volts", "_radians", "_siemens", "_ratio"};
    size_t length = strlen(key);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t n = strlen(units[i]);
        if (length <= n || strcmp(key + length - n, units[i]) != 0) continue;
        length -= n;
        break;
    }
    char *words = ajp_arena_strndup(arena, key, length);
    for (size_t i = 0; words != NULL && i < length; i++)
        if (words[i] == '_') words[i] = ' ';
    return words;
}

/* Products in a chain, each fed by the one before: its widths. Anything else has no short name. */
const char *ajp_network_shape(const aj_evaluation *record, ajp_arena *arena)
{
    const char *shape = NULL;
    uint64_t width = 0;
    for (size_t i = 0; i < record->n_layers; i++) {
        const aj_layer_record *layer = &record->layers[i];
        if (!(layer->macs > 0.0)) continue; /* activations and the like */
        if (layer->reps != 1 || layer->groups > 1 || (shape != NULL && layer->cols != width)) return NULL;
        shape = shape == NULL ? ajp_arena_printf(arena, "%llu-%llu", (unsigned long long)layer->cols,
                                                 (unsigned long long)layer->rows)
                              : ajp_arena_printf(arena, "%s-%llu", shape, (unsigned long long)layer->rows);
        if (shape == NULL) return NULL;
        width = layer->rows;
    }
    return shape;
}

static const struct {
    const char *name, *words;
} known_sets[] = {
    {"fashion-mnist", "Fashion-MNIST (28 × 28 pixel pictures of clothing, ten classes)"},
    {"mnist", "MNIST (28 × 28 pixel pictures of handwritten digits, ten classes)"},
};

const char *ajp_dataset_words(const aj_evaluation *record, ajp_arena *arena)
{
    for (size_t i = 0; i < sizeof known_sets / sizeof *known_sets; i++)
        if (ajp_is(known_sets[i].name, record->dataset_name)) return known_sets[i].words;
    return record->dataset_name != NULL ? ajp_arena_strdup(arena, record->dataset_name) : "no data";
}

const char *ajp_sample_word(const aj_evaluation *record)
{
    for (size_t i = 0; i < sizeof known_sets / sizeof *known_sets; i++)
        if (ajp_is(known_sets[i].name, record->dataset_name)) return "images";
    return "samples";
}

const char *ajp_node(const aj_evaluation *record)
{
    const char *node = record->hardware_node;
    return node == NULL || *node == '\0' || ajp_is(node, "none") ? NULL : node;
}

const char *ajp_model_name(const aj_evaluation *record)
{
    if (record->model == NULL) return "a network";
    const char *slash = strrchr(record->model, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : record->model;
}

const char *ajp_x_title(const ajp_sweep *sweep, ajp_arena *arena)
{
    if (sweep->photons) return "photons per MAC";
    bool unit = sweep->unit != NULL && *sweep->unit != '\0' && !ajp_is(sweep->unit, "1");
    return unit ? ajp_arena_printf(arena, "%s (%s)", sweep->key, sweep->unit) : sweep->key;
}

/* spec.c: a training spec from YAML: every key by the table of options.c, each complaint with file, line and
 * key. */
#include "keys.h"

#include <stdio.h>
#include <string.h>

#include "../base/file.h"
#include "../base/yaml.h"
#include "spec_layers.h"

struct aj_train_spec {
    const aj_context *context;
    ajp_arena arena;
    aj_train_options options;
};

static aj_status read_flag(const ajp_yaml *node, const char *file, bool *out, aj_error *err)
{
    const char *text = node->kind == AJP_YAML_SCALAR && !node->quoted ? node->text : "";
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: '%s' must be true or false", file, node->line,
                        node->key);
    *out = text[0] == 't';
    return AJ_OK;
}

static aj_status read_word(const ajp_train_key *key, const ajp_yaml *node, const char *file, int *out,
                           aj_error *err)
{
    const char *text;
    AJ_TRY(ajp_yaml_string(node, file, &text, err));
    char list[160] = "";
    for (int i = 0; key->words[i] != NULL; i++) {
        if (strcmp(text, key->words[i]) == 0) {
            *out = i;
            return AJ_OK;
        }
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", key->words[i]);
    }
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s:%zu: '%s' is '%.80s'; use one of: %s", file, node->line,
                    node->key, text, list);
}

static aj_status read_value(const ajp_train_key *key, const ajp_yaml *node, const char *file,
                            aj_train_options *options, aj_error *err)
{
    char *field = (char *)options + key->offset;
    char where[300];
    double number;
    int64_t integer;
    snprintf(where, sizeof where, "%.260s:%zu: ", file, node->line);
    switch (key->kind) {
    case AJP_KEY_NUMBER:
        AJ_TRY(ajp_yaml_number(node, file, &number, err));
        memcpy(field, &number, sizeof number);
        break;
    case AJP_KEY_COUNT:
        AJ_TRY(ajp_yaml_integer(node, file, (int64_t)key->low, (int64_t)key->high, &integer, err));
        memcpy(field, &(size_t){(size_t)integer}, sizeof(size_t));
        break;
    case AJP_KEY_SEED:
        AJ_TRY(ajp_yaml_integer(node, file, 0, INT64_MAX, &integer, err));
        memcpy(field, &(uint64_t){(uint64_t)integer}, sizeof(uint64_t));
        break;
    case AJP_KEY_FLAG:
        AJ_TRY(read_flag(node, file, (bool *)field, err));
        break;
    case AJP_KEY_TEXT:
        AJ_TRY(ajp_yaml_string(node, file, (const char **)field, err));
        break;
    case AJP_KEY_WORD:
        AJ_TRY(read_word(key, node, file, (int *)field, err));
        break;
    }
    return ajp_train_key_check(key, options, where, err);
}

/* A list of whole numbers into out[most]. */
static aj_status read_counts(const ajp_yaml *node, const char *file, int64_t high, size_t *out, size_t most,
                             size_t *n, aj_error *err)
{
    if (node->kind != AJP_YAML_LIST || node->n_children == 0 || node->n_children > most)
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "%s:%zu: '%s' must be a list of 1 to %zu whole numbers, like [1, 2]", file,
                        node->line, node->key, most);
    *n = 0;
    for (const ajp_yaml *child = node->first; child != NULL; child = child->next) {
        int64_t value;
        ajp_yaml named = *child;
        named.key = node->key; /* so that a message says which list */
        AJ_TRY(ajp_yaml_integer(&named, file, 1, high, &value, err));
        out[(*n)++] = (size_t)value;
    }
    return AJ_OK;
}

static aj_status read_section(const ajp_yaml *map, const char *file, const char *section,
                              const char *const *extra, aj_train_options *options, aj_error *err)
{
    const char *allowed[48];
    size_t n = 0;
    for (size_t i = 0; i < ajp_n_train_keys; i++)
        if (strcmp(ajp_train_keys[i].section, section) == 0) allowed[n++] = ajp_train_keys[i].key;
    for (size_t i = 0; extra[i] != NULL; i++) allowed[n++] = extra[i];
    allowed[n] = NULL;
    AJ_TRY(ajp_yaml_check_keys(map, file, allowed, err));
    for (size_t i = 0; i < ajp_n_train_keys; i++) {
        if (strcmp(ajp_train_keys[i].section, section) != 0) continue;
        const ajp_yaml *node = ajp_yaml_find(map, ajp_train_keys[i].key);
        if (node != NULL) AJ_TRY(read_value(&ajp_train_keys[i], node, file, options, err));
    }
    return AJ_OK;
}

/* What only layers by name can have. */
static aj_status refuse_images(const ajp_yaml *root, const char *file, aj_error *err)
{
    static const char *const keys[] = {"input", "augmentation"};
    for (int i = 0; i < 2; i++) {
        const ajp_yaml *node = ajp_yaml_find(root, keys[i]);
        if (node != NULL)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "%s:%zu: '%s' needs layers by name, like layers: [flatten, dense: 10]", file,
                            node->line, keys[i]);
    }
    return AJ_OK;
}

static aj_status read_layers(const ajp_yaml *root, const char *file, ajp_arena *arena,
                             aj_train_options *options, aj_error *err)
{
    static const char *const none[] = {NULL};
    const ajp_yaml *node = ajp_yaml_find(root, "layers"), *augmentation = ajp_yaml_find(root, "augmentation");
    size_t n = 0;
    if (node != NULL && ajp_spec_names_layers(node)) {
        if (augmentation != NULL)
            AJ_TRY(read_section(augmentation, file, "augmentation", none, options, err));
        return ajp_spec_read_layers(root, file, arena, options, err);
    }
    AJ_TRY(refuse_images(root, file, err));
    if (node == NULL)
        return ajp_fail(
            err, AJ_CORRUPT, 0,
            "%s: 'layers' is missing; write the widths, inputs first, like layers: [784, 100, 10]", file);
    AJ_TRY(read_counts(node, file, AJP_TRAIN_MAX_WIDTH, options->widths, AJ_TRAIN_MAX_LAYERS + 1, &n, err));
    if (n < 2 || options->widths[n - 1] < 2)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "%s:%zu: 'layers' needs the inputs, and at the end the classes (2 or more)", file,
                        node->line);
    options->n_layers = n - 1;
    return AJ_OK;
}

static aj_status read_optimizer(const ajp_yaml *root, const char *file, aj_train_options *options,
                                aj_error *err)
{
    static const char *const none[] = {NULL};
    const ajp_yaml *node = ajp_yaml_find(root, "optimizer");
    if (node == NULL) return AJ_OK;
    AJ_TRY(read_section(node, file, "optimizer", none, options, err));
    /* Kingma and Ba's own rate, where none is given. */
    if (options->optimizer == AJ_OPTIMIZER_ADAM && ajp_yaml_find(node, "learning_rate") == NULL)
        options->learning_rate = 1e-3;
    return AJ_OK;
}

static aj_status read_schedule(const ajp_yaml *root, const char *file, aj_train_options *options,
                               aj_error *err)
{
    static const char *const extra[] = {"at", NULL};
    const ajp_yaml *node = ajp_yaml_find(root, "schedule"), *at;
    if (node == NULL) return AJ_OK;
    AJ_TRY(read_section(node, file, "schedule", extra, options, err));
    if ((at = ajp_yaml_find(node, "at")) != NULL)
        AJ_TRY(
            read_counts(at, file, 16777215, options->step_at, AJ_TRAIN_MAX_STEPS, &options->n_step_at, err));
    aj_error inner = {.message = ""};
    if (aj_train_options_check(options, &inner) == AJ_OK) return AJ_OK;
    return ajp_fail(err, inner.status, 0, "%s:%zu: %s", file, node->line, inner.message);
}

static aj_status read_spec(aj_train_spec *spec, const char *path, aj_error *err)
{
    static const char *const extra[] = {"input", "layers", "augmentation", "optimizer", "schedule", NULL};
    aj_train_options *options = &spec->options;
    ajp_file_map map;
    const ajp_yaml *root;
    AJ_TRY(ajp_file_map_open(&map, spec->context, path, err));
    aj_status st = ajp_yaml_parse(&root, &spec->arena, (const char *)map.data, map.size, path, err);
    ajp_file_map_close(&map, spec->context);
    AJ_TRY(st);
    AJ_TRY(read_section(root, path, "", extra, options, err));
    AJ_TRY(read_layers(root, path, &spec->arena, options, err));
    AJ_TRY(read_optimizer(root, path, options, err));
    if (options->data == NULL)
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "%s: 'data' is missing; name a data set, like data: fashion-mnist", path);
    const ajp_yaml *stop = ajp_yaml_find(root, "stop_at_target");
    if (options->stop_at_target && ajp_yaml_find(root, "target_accuracy_ratio") == NULL)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s:%zu: 'stop_at_target' needs a 'target_accuracy_ratio'",
                        path, stop->line);
    return read_schedule(root, path, options, err);
}

aj_status aj_train_spec_load(aj_train_spec **out, const aj_context *context, const char *path, aj_error *err)
{
    *out = NULL;
    aj_train_spec *spec = ajp_calloc(context, 1, sizeof *spec);
    if (spec == NULL) return ajp_no_memory(err, path);
    spec->context = context;
    spec->options = (aj_train_options)AJ_TRAIN_OPTIONS_INIT;
    ajp_arena_init(&spec->arena, context);
    aj_status st = read_spec(spec, path, err);
    if (st == AJ_OK) {
        *out = spec;
        spec = NULL;
    }
    aj_train_spec_destroy(spec);
    return st;
}

aj_train_options *aj_train_spec_options(aj_train_spec *spec)
{
    return &spec->options;
}

void aj_train_spec_destroy(aj_train_spec *spec)
{
    if (spec == NULL) return;
    ajp_arena_free(&spec->arena);
    ajp_free(spec->context, spec);
}

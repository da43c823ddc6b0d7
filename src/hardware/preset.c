/* preset.c: a YAML description (a shipped preset or the user's file) into an object. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/file.h"
#include "../base/yaml.h"
#include "object.h"
#include "presets.h"
#include "prices.h"
#include "units.h"

/* "file:line: " for a message about a node. */
typedef struct {
    char text[160];
} place;
static place place_of(const char *file, const ajp_yaml *node)
{
    place p;
    snprintf(p.text, sizeof p.text, "%.130s:%zu: ", file, node->line);
    return p;
}

static aj_status required_text(const ajp_yaml *map, const char *file, const char *key, ajp_arena *arena,
                               const char **out, aj_error *err)
{
    const ajp_yaml *node = ajp_yaml_find(map, key);
    const char *text = NULL;
    if (node == NULL)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: key '%s' is missing; add it", file, map->line, key);
    AJ_TRY(ajp_yaml_string(node, file, &text, err));
    if ((*out = ajp_arena_strdup(arena, text)) == NULL) return ajp_no_memory(err, file);
    return AJ_OK;
}

static const char *family_at(const void *list, size_t i)
{
    (void)list;
    return aj_hardware_family_name(i);
}

static aj_status find_family(const ajp_yaml *root, const char *file, const ajp_hardware_ops **out,
                             aj_error *err)
{
    const ajp_yaml *node = ajp_yaml_find(root, "family");
    const char *name = NULL;
    if (node == NULL)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: key 'family' is missing; add it", file, root->line);
    AJ_TRY(ajp_yaml_string(node, file, &name, err));
    for (size_t i = 0; ajp_hardware_family(i) != NULL; i++) {
        if (strcmp(ajp_hardware_family(i)->name, name) != 0) continue;
        *out = ajp_hardware_family(i);
        return AJ_OK;
    }
    const char *near = ajp_nearest(name, family_at, NULL);
    return ajp_fail(err, AJ_NOT_FOUND, 0, "%s:%zu: no family '%.60s'%s%s%s", file, node->line, name,
                    near != NULL ? "; did you mean '" : "; 'aj hardware' lists them",
                    near != NULL ? near : "", near != NULL ? "'?" : "");
}

static aj_status read_evidence(const ajp_yaml *root, const char *file, ajp_arena *arena, aj_evidence *out,
                               aj_error *err)
{
    const char *word = NULL;
    AJ_TRY(required_text(root, file, "evidence", arena, &word, err));
    for (int i = 0; i < AJ_N_EVIDENCES; i++) {
        if (strcmp(word, aj_evidence_name((aj_evidence)i)) != 0) continue;
        *out = (aj_evidence)i;
        return AJ_OK;
    }
    return ajp_fail(err, AJ_CORRUPT, 0,
                    "%s:%zu: evidence is '%.40s'; write limit, projected, simulated or measured", file,
                    ajp_yaml_find(root, "evidence")->line, word);
}

static aj_status read_value(const ajp_yaml *node, const char *file, const ajp_param *param, double *out,
                            aj_error *err)
{
    place at = place_of(file, node);
    const ajp_yaml *value = ajp_yaml_find(node, "value"), *unit = ajp_yaml_find(node, "unit");
    const char *text = "";
    if (value == NULL)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s'%s' has no value; write {value: ..., unit: ..., source: ...}",
                        at.text, param->key);
    if (unit != NULL && !ajp_yaml_is_none(unit)) AJ_TRY(ajp_yaml_string(unit, file, &text, err));
    if (ajp_yaml_is_none(value)) {
        *out = AJP_NOT_DESCRIBED;
        return AJ_OK;
    }
    bool scalar = value->kind == AJP_YAML_SCALAR;
    if (param->choices != NULL && scalar) return ajp_choice_index(param, value->text, at.text, out, err);
    double number = 0.0;
    if (!scalar || ajp_yaml_number(value, file, &number, NULL) != AJ_OK)
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "%svalue of '%s' is '%.40s'; write a number, or none, with its unit beside it",
                        at.text, param->key, scalar ? value->text : "a list or map");
    return ajp_unit_convert(number, text, param, at.text, out, err);
}

static aj_status read_parameter(aj_hardware *hardware, const ajp_yaml *node, const char *file, aj_error *err)
{
    static const char *const allowed[] = {"value", "unit", "source", NULL};
    place at = place_of(file, node);
    size_t i = 0;
    AJ_TRY(ajp_hardware_key(hardware->ops, node->key, at.text, &i, err));
    if (node->kind != AJP_YAML_MAP)
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "%s'%s' needs its source; write {value: ..., unit: ..., source: \"...\"}", at.text,
                        node->key);
    AJ_TRY(ajp_yaml_check_keys(node, file, allowed, err));
    if (ajp_yaml_find(node, "source") == NULL)
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "%s'%s' has no source; add source: \"paper, table or page\", or \"assumed: why\"",
                        at.text, node->key);
    const char *source = NULL;
    AJ_TRY(required_text(node, file, "source", &hardware->arena, &source, err));
    double value = AJP_NOT_DESCRIBED;
    AJ_TRY(read_value(node, file, &hardware->ops->params[i], &value, err));
    return ajp_hardware_store(hardware, i, value, source, at.text, err);
}

static aj_status read_head(aj_hardware *hardware, const ajp_yaml *root, const char *file, aj_error *err)
{
    ajp_arena *arena = &hardware->arena;
    AJ_TRY(required_text(root, file, "name", arena, &hardware->name, err));
    AJ_TRY(required_text(root, file, "cite", arena, &hardware->cite, err));
    AJ_TRY(required_text(root, file, "summary", arena, &hardware->summary, err));
    AJ_TRY(read_evidence(root, file, arena, &hardware->evidence, err));
    const ajp_yaml *year = ajp_yaml_find(root, "year"), *node = ajp_yaml_find(root, "node");
    int64_t number = 0;
    if (year == NULL)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: key 'year' is missing; add the year of the description",
                        file, root->line);
    AJ_TRY(ajp_yaml_integer(year, file, 1800, 2200, &number, err));
    hardware->year = (int)number;
    if (node != NULL && !ajp_yaml_is_none(node))
        AJ_TRY(required_text(root, file, "node", arena, &hardware->node, err));
    return AJ_OK;
}

static aj_status read_root(aj_hardware **out, const aj_context *context, const ajp_yaml *root,
                           const char *file, aj_error *err)
{
    static const char *const allowed[] = {"name", "family",  "evidence",   "year", "node",
                                          "cite", "summary", "parameters", NULL};
    const ajp_hardware_ops *ops = NULL;
    aj_hardware *hardware = NULL;
    aj_status st = AJ_OK;
    AJ_TRY(ajp_yaml_check_keys(root, file, allowed, err));
    AJ_TRY(find_family(root, file, &ops, err));
    AJ_TRY(ajp_hardware_create(&hardware, context, ops, err));
    AJ_TRY_DONE(read_head(hardware, root, file, err));
    const ajp_yaml *parameters = ajp_yaml_find(root, "parameters");
    if (parameters == NULL || parameters->kind != AJP_YAML_MAP) {
        st = ajp_fail(err, AJ_CORRUPT, 0,
                      "%s:%zu: 'parameters' must be a map of 'key: {value, unit, source}' lines", file,
                      parameters != NULL ? parameters->line : root->line);
        goto done;
    }
    for (const ajp_yaml *node = parameters->first; node != NULL; node = node->next)
        AJ_TRY_DONE(read_parameter(hardware, node, file, err));
    *out = hardware;
    hardware = NULL;
done:
    aj_hardware_destroy(hardware);
    return st;
}

aj_status aj_hardware_load_text(aj_hardware **out, aj_context *context, const char *yaml, size_t size,
                                const char *name, aj_error *err)
{
    ajp_arena arena;
    const ajp_yaml *root = NULL;
    *out = NULL;
    ajp_arena_init(&arena, context);
    aj_status st = ajp_yaml_parse(&root, &arena, yaml, size, name, err);
    if (st == AJ_OK) st = read_root(out, context, root, name, err);
    ajp_arena_free(&arena);
    return st;
}

static bool is_path(const char *text)
{
    size_t length = strlen(text);
    return strchr(text, '/') != NULL || (length > 5 && strcmp(text + length - 5, ".yaml") == 0) ||
           (length > 4 && strcmp(text + length - 4, ".yml") == 0);
}

static const char *preset_at(const void *list, size_t i)
{
    (void)list;
    return aj_hardware_preset_name(i);
}

aj_status aj_hardware_load(aj_hardware **out, aj_context *context, const char *name_or_path, aj_error *err)
{
    *out = NULL;
    if (is_path(name_or_path)) {
        ajp_file_map map;
        AJ_TRY(ajp_file_map_open(&map, context, name_or_path, err));
        aj_status st =
            aj_hardware_load_text(out, context, (const char *)map.data, map.size, name_or_path, err);
        ajp_file_map_close(&map, context);
        return st;
    }
    for (const ajp_preset *preset = ajp_presets; preset->name != NULL; preset++)
        if (strcmp(preset->name, name_or_path) == 0)
            return aj_hardware_load_text(out, context, preset->text, preset->size, preset->name, err);
    const char *near = ajp_nearest(name_or_path, preset_at, NULL);
    return ajp_fail(err, AJ_NOT_FOUND, 0,
                    "no hardware '%.60s'%s%s%s; 'aj hardware' lists the presets, a file ends in .yaml",
                    name_or_path, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                    near != NULL ? "'?" : "");
}

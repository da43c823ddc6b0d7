/* sidecar.c: pre-processing as text: options of a command, and the YAML file beside a model. */
#include "attojoule/data.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/file.h"
#include "../base/yaml.h"

const char *aj_layout_name(aj_layout layout)
{
    return layout == AJ_LAYOUT_NCHW ? "nchw" : layout == AJ_LAYOUT_NHWC ? "nhwc" : NULL;
}

static const char *skip_spaces(const char *text)
{
    while (*text == ' ') text++;
    return text;
}

/* "0.5" or "1/255"; *end is what follows. */
static bool scan_fraction(const char *text, const char **end, double *out)
{
    double below;
    if (!ajp_number_scan(skip_spaces(text), end, out)) return false;
    *end = skip_spaces(*end);
    if (**end != '/') return true;
    if (!ajp_number_scan(skip_spaces(*end + 1), end, &below) || below == 0.0) return false;
    *out /= below;
    *end = skip_spaces(*end);
    return true;
}

static aj_status scan_list(const char *key, const char *text, double *values, size_t *n, size_t most,
                           aj_error *err)
{
    const char *at = text;
    for (*n = 0;; at++) {
        if (*n == most)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: at most %zu number%s, not '%.80s'", key, most,
                            most == 1 ? "" : "s", text);
        if (!scan_fraction(at, &at, &values[*n]))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "%s: takes %s (0.5 or a fraction such as 1/255), not '%.80s'", key,
                            most == 1 ? "a number" : "numbers separated by commas", text);
        (*n)++;
        if (*at == '\0') return AJ_OK;
        if (*at != ',')
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: '%.80s' is no number in '%.80s'", key, at, text);
    }
}

static aj_status set_layout(aj_preprocessing *p, const char *text, aj_error *err)
{
    for (int layout = AJ_LAYOUT_NCHW; layout <= AJ_LAYOUT_NHWC; layout++) {
        if (strcmp(text, aj_layout_name((aj_layout)layout)) != 0) continue;
        p->layout = (aj_layout)layout;
        return AJ_OK;
    }
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "layout: takes nchw or nhwc, not '%.80s'", text);
}

static aj_status no_deviation_is_0(const aj_preprocessing *p, aj_error *err)
{
    for (size_t i = 0; i < p->n_std; i++)
        if (p->std[i] == 0.0)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "std: value %zu is 0, nothing can be divided by it; give another", i + 1);
    return AJ_OK;
}

aj_status aj_preprocessing_set(aj_preprocessing *preprocessing, const char *key, const char *text,
                               aj_error *err)
{
    aj_preprocessing p = *preprocessing;
    size_t n;
    if (strcmp(key, "scale") == 0) {
        AJ_TRY(scan_list(key, text, &p.scale, &n, 1, err));
        if (p.scale == 0.0)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "scale: 0 makes all samples alike; give another");
    } else if (strcmp(key, "mean") == 0) {
        AJ_TRY(scan_list(key, text, p.mean, &p.n_mean, AJ_MAX_CHANNELS, err));
    } else if (strcmp(key, "std") == 0) {
        AJ_TRY(scan_list(key, text, p.std, &p.n_std, AJ_MAX_CHANNELS, err));
        AJ_TRY(no_deviation_is_0(&p, err));
    } else if (strcmp(key, "layout") == 0) {
        AJ_TRY(set_layout(&p, text, err));
    } else {
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%.80s: no such key; there are scale, mean, std and layout",
                        key);
    }
    *preprocessing = p;
    return AJ_OK;
}

/* ---- the file beside a model -------------------------------------------------------------------- */

/* A list is set like its values with commas between them. */
static aj_status set_node(aj_preprocessing *p, const ajp_yaml *node, const char *file, aj_error *err)
{
    char text[AJ_MAX_CHANNELS * 26 + 1];
    size_t n = 0;
    aj_error why = {AJ_OK, 0, ""};
    const ajp_yaml *value = node->kind == AJP_YAML_LIST ? node->first : node;
    text[0] = '\0';
    for (; value != NULL; value = node->kind == AJP_YAML_LIST ? value->next : NULL) {
        size_t length = value->kind == AJP_YAML_SCALAR && value->text != NULL ? strlen(value->text) : 0;
        if (length == 0 || n + length + 2 > sizeof text)
            return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: %s: takes %s", file, value->line, node->key,
                            strcmp(node->key, "layout") == 0 ? "nchw or nhwc"
                                                             : "a number or a list of numbers");
        if (n > 0) text[n++] = ',';
        memcpy(text + n, value->text, length + 1);
        n += length;
    }
    if (aj_preprocessing_set(p, node->key, text, &why) == AJ_OK) return AJ_OK;
    return ajp_fail(err, AJ_CORRUPT, 0, "%s:%zu: %s", file, node->line, why.message);
}

static aj_status read_map(aj_preprocessing *out, bool *ours, const ajp_yaml *root, const char *file,
                          aj_error *err)
{
    static const char *const keys[] = {"scale", "mean", "std", "layout", NULL};
    *ours = false;
    if (root->kind != AJP_YAML_MAP)
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "%s: is not a map; beside a model it holds scale, mean, std and layout", file);
    if (ajp_yaml_find(root, "layers") != NULL) return AJ_OK;
    AJ_TRY(ajp_yaml_check_keys(root, file, keys, err));
    aj_preprocessing p = *out;
    for (const ajp_yaml *node = root->first; node != NULL; node = node->next)
        AJ_TRY(set_node(&p, node, file, err));
    *out = p;
    *ours = true;
    return AJ_OK;
}

/* "net.onnx" -> "net.yaml"; false where that cannot be. */
static bool sidecar_path(char *path, size_t size, const char *model_path)
{
    static const char ending[] = ".onnx";
    size_t length = strlen(model_path), n = sizeof ending - 1;
    if (length <= n || strcmp(model_path + length - n, ending) != 0 || length >= size) return false;
    memcpy(path, model_path, length - n);
    memcpy(path + length - n, ".yaml", n + 1);
    return true;
}

aj_status aj_preprocessing_beside(aj_preprocessing *out, char *path, size_t size, const aj_context *context,
                                  const char *model_path, aj_error *err)
{
    char name[4096];
    struct stat info;
    if (size > 0) path[0] = '\0';
    if (!sidecar_path(name, sizeof name, model_path)) return AJ_OK;
    if (stat(name, &info) != 0 && (errno == ENOENT || errno == ENOTDIR)) return AJ_OK;
    if (strlen(name) >= size)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: its name does not fit into %zu bytes", name, size);
    ajp_file_map map;
    AJ_TRY(ajp_file_map_open(&map, context, name, err));
    ajp_arena arena;
    ajp_arena_init(&arena, context);
    const ajp_yaml *root = NULL;
    bool ours = false;
    aj_status st = ajp_yaml_parse(&root, &arena, (const char *)map.data, map.size, name, err);
    if (st == AJ_OK && root != NULL) st = read_map(out, &ours, root, name, err);
    if (st == AJ_OK && ours) memcpy(path, name, strlen(name) + 1);
    ajp_arena_free(&arena);
    ajp_file_map_close(&map, context);
    return st;
}

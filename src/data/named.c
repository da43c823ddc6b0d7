/* named.c: a network of several inputs takes one .npy file for each, told apart by their names. */
#include "named.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

static bool ends_with(const char *text, size_t length, const char *end)
{
    size_t n = strlen(end);
    return length > n && memcmp(text + length - n, end, n) == 0;
}

bool ajp_is_npy(const char *text, size_t length)
{
    return ends_with(text, length, ".npy") || ends_with(text, length, ".npy.gz");
}

/* The end of a file's name: at `stop`, another ',' or ':' behind .npy, or the end of the text. */
static const char *file_end(const char *text)
{
    const char *end = text;
    while (*end != '\0' && !((*end == ',' || *end == ':') && ajp_is_npy(text, (size_t)(end - text)))) end++;
    return end;
}

bool ajp_named_is(const char *set)
{
    struct stat info;
    const char *equals = strchr(set, '=');
    return equals != NULL && equals != set && strstr(equals, ".npy") != NULL && stat(set, &info) != 0;
}

/* ---- names and files
 * ---------------------------------------------------------------------------------------- */

static aj_status malformed(const char *set, aj_error *err)
{
    return ajp_fail(
        err, AJ_BAD_ARGUMENT, 0,
        "%s: named inputs are NAME=FILE.npy,NAME=FILE.npy,... with :labels.npy behind them where there "
        "are labels",
        set);
}

static aj_status split(ajp_named *out, const char *set, ajp_arena *arena, aj_error *err)
{
    size_t most = 1;
    for (const char *c = set; *c != '\0'; c++) most += *c == ',';
    out->inputs = ajp_arena_array(arena, most, sizeof *out->inputs);
    out->paths = ajp_arena_array(arena, most, sizeof *out->paths);
    out->arrays = ajp_arena_array(arena, most, sizeof *out->arrays);
    if (out->inputs == NULL || out->paths == NULL || out->arrays == NULL) return ajp_no_memory(err, set);
    for (const char *at = set;;) {
        const char *equals = strchr(at, '='), *end = equals != NULL ? file_end(equals + 1) : NULL;
        if (end == NULL || equals == at || !ajp_is_npy(equals + 1, (size_t)(end - equals - 1)))
            return malformed(set, err);
        const char *name = ajp_arena_printf(arena, "%.*s", (int)(equals - at), at);
        const char *path = ajp_arena_printf(arena, "%.*s", (int)(end - equals - 1), equals + 1);
        if (name == NULL || path == NULL) return ajp_no_memory(err, set);
        for (size_t k = 0; k < out->n; k++)
            if (strcmp(out->inputs[k].name, name) == 0)
                return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: \"%s\" is there twice", set, name);
        out->inputs[out->n].name = name;
        out->paths[out->n++] = path;
        if (*end == ':') out->labels = ajp_arena_strdup(arena, end + 1);
        if (*end == ':' && out->labels == NULL) return ajp_no_memory(err, set);
        if (*end != ',') break;
        at = end + 1;
    }
    return out->labels == NULL || ajp_is_npy(out->labels, strlen(out->labels)) ? AJ_OK : malformed(set, err);
}

static aj_status order(ajp_named *named, const char *set, const char *const *wanted, size_t n_wanted,
                       aj_error *err)
{
    for (size_t i = 0; i < n_wanted; i++) {
        size_t k = i;
        while (k < named->n && strcmp(named->inputs[k].name, wanted[i]) != 0) k++;
        if (k == named->n)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "%s: the network's input \"%s\" has no file; add %s=FILE.npy", set, wanted[i],
                            wanted[i]);
        aj_dataset_input input = named->inputs[i];
        const char *path = named->paths[i];
        named->inputs[i] = named->inputs[k], named->paths[i] = named->paths[k];
        named->inputs[k] = input, named->paths[k] = path;
    }
    if (n_wanted > 0 && named->n > n_wanted)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: the network has no input \"%s\"; its first is \"%s\"",
                        set, named->inputs[n_wanted].name, wanted[0]);
    return AJ_OK;
}

aj_status ajp_named_parse(ajp_named *out, const char *set, const char *const *wanted, size_t n_wanted,
                          ajp_arena *arena, aj_error *err)
{
    *out = (ajp_named){0};
    AJ_TRY(split(out, set, arena, err));
    return order(out, set, wanted, n_wanted, err);
}

/* ---- values
 * -------------------------------------------------------------------------------------------------- */

/* Samples become rows of float32: whole numbers must come through as they are. */
static aj_status check_whole(const ajp_array *a, const char *path, aj_error *err)
{
    bool wide = a->element == AJP_ELEMENT_U4 || a->element == AJP_ELEMENT_I4 ||
                a->element == AJP_ELEMENT_U8 || a->element == AJP_ELEMENT_I8;
    for (size_t i = 0; wide && i < a->n_elements; i++)
        if (fabs(ajp_array_value(a, i)) > 0x1p24)
            return ajp_fail(err, AJ_UNSUPPORTED, 0,
                            "%s: element %zu is %.0f; whole numbers beyond 2^24 do not fit into float32",
                            path, i, ajp_array_value(a, i));
    return AJ_OK;
}

aj_status ajp_named_load(ajp_named *named, const aj_context *context, aj_error *err)
{
    for (size_t k = 0; k < named->n; k++) {
        ajp_array *a = &named->arrays[k];
        aj_dataset_input *input = &named->inputs[k];
        AJ_TRY(ajp_array_load(a, context, named->paths[k], err));
        AJ_TRY(ajp_array_check_finite(a, named->paths[k], "inputs", err));
        AJ_TRY(check_whole(a, named->paths[k], err));
        if (k > 0 && a->shape[0] != named->n_samples)
            return ajp_fail(err, AJ_MISMATCH, 0, "%s has %zu samples, %s has %zu; they must be as many",
                            named->paths[k], a->shape[0], named->paths[0], named->n_samples);
        named->n_samples = a->shape[0];
        input->n_features = a->n_elements / a->shape[0];
        input->rank = a->rank - 1;
        for (size_t d = 1; d < a->rank; d++) input->shape[d - 1] = a->shape[d];
        if (!ajp_size_add(named->n_features, input->n_features, &named->n_features))
            return ajp_no_memory(err, named->paths[k]);
    }
    return AJ_OK;
}

void ajp_named_free(ajp_named *named, const aj_context *context)
{
    for (size_t k = 0; k < named->n; k++) ajp_array_free(&named->arrays[k], context);
}

void ajp_named_read(const ajp_named *named, size_t first, size_t n, float *out)
{
    for (size_t i = first; i < first + n; i++)
        for (size_t k = 0; k < named->n; k++) {
            size_t n_features = named->inputs[k].n_features;
            ajp_array_floats(&named->arrays[k], i * n_features, n_features, 1.0f, out);
            out += n_features;
        }
}

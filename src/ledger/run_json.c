/* run_json.c: a run as one line of JSON and back (docs/formats/ledger.md). */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "record/json_writer.h"
#include "run.h"

#define MISSING ((double)NAN)

/* ---- out ---- */

static void put_packed(ajp_json *json, const ajp_packed *packed)
{
    char *text = ajp_base64_encode(packed->bytes, packed->size);
    if (text == NULL) json->failed = true;
    ajp_json_string(json, "zlib_base64", text);
    ajp_free(NULL, text);
}

static void put_samples(ajp_json *json, const aj_run *run, bool *failed)
{
    ajp_json_array(json, "samples", false);
    for (size_t i = 0; i < run->n_samples; i++) {
        const aj_run_samples *samples = &run->samples[i];
        ajp_packed packed;
        if (ajp_pack_samples(&packed, samples, NULL) != AJ_OK) {
            *failed = true;
            continue;
        }
        ajp_json_object(json, NULL);
        ajp_json_string(json, "source", samples->source);
        ajp_json_string(json, "unit", samples->unit);
        ajp_json_count(json, "n", samples->n);
        put_packed(json, &packed);
        ajp_json_object_end(json);
        ajp_free(NULL, packed.bytes);
    }
    ajp_json_array_end(json);
}

static void put_trace(ajp_json *json, const aj_run *run, bool *failed)
{
    ajp_packed packed;
    if (run->trace == NULL) return;
    if (ajp_pack(&packed, run->trace, run->trace_bytes, NULL) != AJ_OK) {
        *failed = true;
        return;
    }
    ajp_json_object(json, "trace");
    ajp_json_count(json, "bytes", run->trace_bytes);
    put_packed(json, &packed);
    ajp_json_object_end(json);
    ajp_free(NULL, packed.bytes);
}

static void put_figure(ajp_json *json, const aj_figure *figure)
{
    ajp_json_object(json, NULL);
    ajp_json_string(json, "quantity", aj_quantity_name(figure->quantity));
    ajp_json_string(json, "part", figure->part);
    ajp_json_string(json, "unit", ajp_figure_unit(figure));
    ajp_json_number(json, "value", figure->value);
    ajp_json_number(json, "low", figure->low);
    ajp_json_number(json, "high", figure->high);
    ajp_json_string(json, "origin", aj_origin_name(figure->origin));
    ajp_json_string(json, "source", figure->source);
    ajp_json_string(json, "version", figure->version);
    ajp_json_string(json, "sha256", figure->sha256);
    ajp_json_object_end(json);
}

aj_status aj_run_to_json(const aj_run *run, char **text, aj_error *err)
{
    AJ_TRY(ajp_run_check(run, "run", err));
    ajp_json json;
    bool failed = false;
    ajp_json_begin(&json, 0);
    ajp_json_object(&json, NULL);
    ajp_json_count(&json, "attojoule_run", 1);
    ajp_json_string(&json, "uid", run->uid);
    ajp_json_string(&json, "kind", aj_run_kind_name(run->kind));
    ajp_json_string(&json, "state", aj_run_state_name(run->state));
    ajp_json_number(&json, "started_unix_seconds", run->started_unix_seconds);
    ajp_json_number(&json, "duration_seconds", run->duration_seconds);
    ajp_json_string(&json, "host", run->host);
    ajp_json_string(&json, "user", run->user);
    ajp_json_string(&json, "project", run->project);
    ajp_json_string(&json, "round", run->round);
    ajp_json_string(&json, "parent", run->parent);
    ajp_json_string(&json, "command_line", run->command_line);
    ajp_json_string(&json, "tool", run->tool);
    if (run->exit_status >= 0)
        ajp_json_count(&json, "exit_status", (uint64_t)run->exit_status);
    else
        ajp_json_null(&json, "exit_status");
    ajp_json_array(&json, "tags", true);
    for (size_t i = 0; i < run->n_tags; i++) ajp_json_string(&json, NULL, run->tags[i]);
    ajp_json_array_end(&json);
    ajp_json_array(&json, "figures", false);
    for (size_t i = 0; i < run->n_figures; i++) put_figure(&json, &run->figures[i]);
    ajp_json_array_end(&json);
    ajp_json_string(&json, "record", run->record);
    put_samples(&json, run, &failed);
    put_trace(&json, run, &failed);
    ajp_json_object_end(&json);
    if (failed) json.failed = true;
    return ajp_json_finish(&json, text, err);
}

/* ---- in ---- */

/* One line being read.  The first failure stays; everything after it does nothing. */
typedef struct {
    const char *name;
    ajp_arena *arena;
    aj_status st;
    aj_error *err;
} reader;

/* What memory did not suffice for looks absent. */
static void refuse(reader *in, const char *key, const char *wanted)
{
    if (in->st != AJ_OK) return;
    if (in->arena->failed)
        in->st = ajp_no_memory(in->err, in->name);
    else
        in->st = ajp_fail(in->err, AJ_CORRUPT, 0, "%s: %s must be %s", in->name, key, wanted);
}

static const json_t *get(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

static double get_number(reader *in, const json_t *object, const char *key)
{
    const json_t *value = get(object, key);
    if (value == NULL) return MISSING;
    if (!json_is_number(value)) refuse(in, key, "a number or null");
    return json_number_value(value);
}

static const char *get_string(reader *in, const json_t *object, const char *key)
{
    const json_t *value = get(object, key);
    if (value == NULL) return NULL;
    if (!json_is_string(value)) {
        refuse(in, key, "a string or null");
        return NULL;
    }
    return ajp_arena_strdup(in->arena, json_string_value(value));
}

static uint64_t get_count(reader *in, const json_t *object, const char *key, uint64_t most)
{
    const json_t *value = get(object, key);
    json_int_t count = json_is_integer(value) ? json_integer_value(value) : -1;
    if (count >= 0 && (uint64_t)count <= most) return (uint64_t)count;
    refuse(in, key, "a whole number in its range");
    return 0;
}

/* The elements of an array of objects; 0 when it is absent. */
static size_t get_array(reader *in, const json_t *object, const char *key, const json_t **array)
{
    *array = get(object, key);
    if (*array == NULL) return 0;
    if (!json_is_array(*array)) {
        refuse(in, key, "an array");
        return 0;
    }
    return json_array_size(*array);
}

static aj_figure get_figure(reader *in, const json_t *object)
{
    aj_figure figure = {0};
    const char *quantity = get_string(in, object, "quantity"), *origin = get_string(in, object, "origin");
    if (!aj_quantity_from_name(quantity, &figure.quantity)) refuse(in, "quantity", "a known quantity");
    for (figure.origin = AJ_MEASURED; figure.origin <= AJ_ASSUMED; figure.origin++)
        if (origin != NULL && strcmp(origin, aj_origin_name(figure.origin)) == 0) break;
    if (figure.origin > AJ_ASSUMED) refuse(in, "origin", "measured, modelled or assumed");
    figure.part = get_string(in, object, "part");
    figure.unit = get_string(in, object, "unit");
    figure.value = get_number(in, object, "value");
    figure.low = get_number(in, object, "low");
    figure.high = get_number(in, object, "high");
    figure.source = get_string(in, object, "source");
    figure.version = get_string(in, object, "version");
    figure.sha256 = get_string(in, object, "sha256");
    return figure;
}

/* The compressed bytes of an object; false after a refusal. */
static bool get_packed(reader *in, const json_t *object, unsigned char **bytes, size_t *size)
{
    const char *text = json_string_value(get(object, "zlib_base64"));
    if (in->st == AJ_OK && text != NULL && ajp_base64_decode(in->arena, text, bytes, size)) return true;
    refuse(in, "zlib_base64", "base64");
    return false;
}

static void get_samples(reader *in, const json_t *object, aj_run_samples *out)
{
    unsigned char *bytes = NULL;
    size_t size = 0, n = (size_t)get_count(in, object, "n", UINT32_MAX);
    out->source = get_string(in, object, "source");
    out->unit = get_string(in, object, "unit");
    if (get_packed(in, object, &bytes, &size))
        in->st = ajp_unpack_samples(in->arena, bytes, size, n, out, in->err);
}

static void get_trace(reader *in, const json_t *root, aj_run *run)
{
    const json_t *object = get(root, "trace");
    unsigned char *bytes = NULL;
    void *trace = NULL;
    size_t size = 0;
    if (object == NULL) return;
    run->trace_bytes = (size_t)get_count(in, object, "bytes", SIZE_MAX / 4);
    if (get_packed(in, object, &bytes, &size))
        in->st = ajp_unpack(in->arena, bytes, size, run->trace_bytes, &trace, in->err);
    run->trace = trace;
}

static void get_lists(reader *in, const json_t *root, aj_run *run)
{
    const json_t *array = NULL;
    size_t n = get_array(in, root, "tags", &array);
    const char **tags = ajp_arena_array(in->arena, n, sizeof *tags);
    for (size_t i = 0; tags != NULL && i < n; i++) {
        const char *tag = json_string_value(json_array_get(array, i));
        if (tag == NULL) refuse(in, "tags", "an array of strings");
        tags[run->n_tags++] = ajp_arena_strdup(in->arena, tag != NULL ? tag : "");
    }
    run->tags = tags;
    n = get_array(in, root, "figures", &array);
    aj_figure *figures = ajp_arena_array(in->arena, n, sizeof *figures);
    for (size_t i = 0; figures != NULL && i < n; i++)
        figures[run->n_figures++] = get_figure(in, json_array_get(array, i));
    run->figures = figures;
    n = get_array(in, root, "samples", &array);
    aj_run_samples *samples = ajp_arena_array(in->arena, n, sizeof *samples);
    for (size_t i = 0; samples != NULL && i < n; i++)
        get_samples(in, json_array_get(array, i), &samples[run->n_samples++]);
    run->samples = samples;
}

static void get_run(reader *in, const json_t *root, aj_run *run)
{
    if (!json_is_object(root)) refuse(in, "a line", "one object");
    const char *uid = get_string(in, root, "uid");
    if (get_count(in, root, "attojoule_run", INT32_MAX) != 1)
        refuse(in, "attojoule_run", "1: the version of the format that is read here");
    if (ajp_is_uid(uid))
        memcpy(run->uid, uid, 33);
    else
        refuse(in, "uid", "32 hex digits");
    if (!aj_run_kind_from_name(get_string(in, root, "kind"), &run->kind)) refuse(in, "kind", "a known kind");
    if (!aj_run_state_from_name(get_string(in, root, "state"), &run->state))
        refuse(in, "state", "a known state");
    run->started_unix_seconds = get_number(in, root, "started_unix_seconds");
    run->duration_seconds = get_number(in, root, "duration_seconds");
    run->host = get_string(in, root, "host");
    run->user = get_string(in, root, "user");
    run->project = get_string(in, root, "project");
    run->round = get_string(in, root, "round");
    run->parent = get_string(in, root, "parent");
    run->command_line = get_string(in, root, "command_line");
    run->tool = get_string(in, root, "tool");
    run->record = get_string(in, root, "record");
    if (get(root, "exit_status") != NULL)
        run->exit_status = (int)get_count(in, root, "exit_status", INT32_MAX);
    get_lists(in, root, run);
    get_trace(in, root, run);
}

aj_status aj_run_from_json(aj_run *out, const char *text, size_t size, const char *name, aj_error *err)
{
    aj_run run;
    ajp_arena *arena = NULL;
    json_error_t where;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
    if (root == NULL) return ajp_fail(err, AJ_CORRUPT, 0, "%s: is not JSON: %s", name, where.text);
    aj_status st = ajp_run_begin(&run, &arena, err);
    if (st == AJ_OK) {
        reader in = {name, arena, AJ_OK, err};
        get_run(&in, root, &run);
        st = in.st;
        if (st == AJ_OK && !arena->failed) st = ajp_run_check(&run, name, err);
        if (st != AJ_OK)
            aj_run_destroy(&run);
        else
            st = ajp_run_finish(&run, arena, err);
    }
    json_decref(root);
    if (st == AJ_OK) *out = run;
    return st;
}

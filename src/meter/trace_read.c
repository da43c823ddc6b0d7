/* trace_read.c: reads a trace: header, samples, marks and what they mean. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "phases.h"
#include "trace.h"

#define MISSING ((double)NAN)
enum { MOST_ZONES = 1024, MOST_NUMBERS = 1 << 27, MOST_BYTES = 1 << 30 };

typedef struct {
    ajp_arena arena;
    aj_trace_point *points;
    double *joules; /* n_zones a point */
    aj_trace_event *events;
    size_t points_capacity, joules_capacity, events_capacity;
    ajp_phases phases;
} memory;

typedef struct {
    const char *name; /* of the file, for messages */
    size_t line;
    aj_trace_record *record;
    memory *own;
    aj_trace_zone *zones;
    ajp_moment now;
    aj_error *err;
} reader;

static aj_status refuse(const reader *in, const char *what)
{
    return ajp_fail(in->err, AJ_CORRUPT, 0, "%.300s: line %zu: %s", in->name, in->line, what);
}

/* Absent and null are both missing. */
static aj_status get_number(const reader *in, const json_t *object, const char *key, double *out)
{
    const json_t *value = json_object_get(object, key);
    *out = MISSING;
    if (value == NULL || json_is_null(value)) return AJ_OK;
    if (!json_is_number(value))
        return ajp_fail(in->err, AJ_CORRUPT, 0, "%.300s: line %zu: %s must be a number or null", in->name,
                        in->line, key);
    *out = json_number_value(value);
    return AJ_OK;
}

static aj_status get_text(const reader *in, const json_t *object, const char *key, const char **out)
{
    const json_t *value = json_object_get(object, key);
    *out = NULL;
    if (value == NULL || json_is_null(value)) return AJ_OK;
    if (!json_is_string(value))
        return ajp_fail(in->err, AJ_CORRUPT, 0, "%.300s: line %zu: %s must be text or null", in->name,
                        in->line, key);
    *out = ajp_arena_strdup(&in->own->arena, json_string_value(value));
    return *out != NULL ? AJ_OK : ajp_no_memory(in->err, in->name);
}

/* ---- header -------------------------------------------------------------------------------------- */

static bool find_word(const char *word, const char *(*name)(int), int n, int *out)
{
    for (int i = 0; word != NULL && i < n; i++) {
        if (strcmp(name(i), word) != 0) continue;
        *out = i;
        return true;
    }
    return false;
}

static const char *kind_word(int i)
{
    return aj_zone_kind_name((aj_zone_kind)i);
}
static const char *role_word(int i)
{
    return aj_zone_role_name((aj_zone_role)i);
}
static const char *origin_word(int i)
{
    return aj_origin_name((aj_origin)i);
}

static aj_status take_zone(reader *in, const json_t *object, aj_trace_zone *zone)
{
    const char *kind, *role, *origin;
    int k, r, o;
    AJ_TRY(get_text(in, object, "source", &zone->source));
    AJ_TRY(get_text(in, object, "name", &zone->name));
    AJ_TRY(get_text(in, object, "parent", &zone->parent));
    AJ_TRY(get_text(in, object, "kind", &kind));
    AJ_TRY(get_text(in, object, "role", &role));
    AJ_TRY(get_text(in, object, "origin", &origin));
    AJ_TRY(get_number(in, object, "error_ratio", &zone->error_ratio));
    if (zone->source == NULL || zone->name == NULL || !find_word(kind, kind_word, AJ_N_ZONE_KINDS, &k) ||
        !find_word(role, role_word, AJ_N_ZONE_ROLES, &r) ||
        !find_word(origin, origin_word, AJ_ASSUMED + 1, &o))
        return refuse(in, "a zone needs source, name, kind, role and origin");
    zone->kind = (aj_zone_kind)k;
    zone->role = (aj_zone_role)r;
    zone->origin = (aj_origin)o;
    return AJ_OK;
}

static aj_status take_zones(reader *in, const json_t *array)
{
    size_t n = json_array_size(array);
    if (!json_is_array(array) || n > MOST_ZONES) return refuse(in, "zones must be a list of at most 1024");
    in->zones = ajp_arena_array(&in->own->arena, n + 1, sizeof *in->zones);
    if (in->zones == NULL) return ajp_no_memory(in->err, in->name);
    for (size_t i = 0; i < n; i++) AJ_TRY(take_zone(in, json_array_get(array, i), &in->zones[i]));
    in->record->zones = in->zones;
    in->record->n_zones = n;
    return AJ_OK;
}

static aj_status take_header(reader *in, const json_t *object)
{
    const char *uid;
    double version;
    AJ_TRY(get_number(in, object, "attojoule_trace", &version));
    if (isnan(version)) return refuse(in, "is no trace: the first line has no attojoule_trace");
    if (version != AJP_TRACE_VERSION)
        return ajp_fail(in->err, AJ_UNSUPPORTED, 0, "%.300s: is a trace of version %g; this program reads %d",
                        in->name, version, AJP_TRACE_VERSION);
    AJ_TRY(get_text(in, object, "uid", &uid));
    AJ_TRY(get_text(in, object, "host", &in->record->host));
    AJ_TRY(get_text(in, object, "tool", &in->record->tool));
    AJ_TRY(get_number(in, object, "started_unix_seconds", &in->record->started_unix_seconds));
    if (uid != NULL && strlen(uid) != 32) return refuse(in, "uid must have 32 hex digits");
    if (uid != NULL) memcpy(in->record->uid, uid, 33);
    AJ_TRY(take_zones(in, json_object_get(object, "zones")));
    ajp_moment start = {0, 0, 0, 0, 0, 0, AJ_MEASURED};
    if (in->record->n_zones == 0)
        start.joules = start.low_joules = start.high_joules = start.own_joules = start.attributed_joules =
            MISSING;
    in->now = start;
    ajp_phases_begin(&in->own->phases, NULL, &start);
    return AJ_OK;
}

/* ---- samples ------------------------------------------------------------------------------------- */

/* The i-th number of an array that may be absent. */
static aj_status get_element(const reader *in, const json_t *array, size_t i, double *out)
{
    const json_t *value = json_array_get(array, i);
    *out = MISSING;
    if (value == NULL || json_is_null(value)) return AJ_OK;
    *out = json_number_value(value);
    if (!json_is_number(value) || !(*out >= 0))
        return refuse(in, "a sum must be a number from 0 up, or null");
    return AJ_OK;
}

static double plus(double sum, double more)
{
    if (isnan(more)) return sum;
    return isnan(sum) ? more : sum + more;
}

static aj_status add_zone(reader *in, const json_t *object, size_t i, aj_trace_point *point, double *joules)
{
    double low, high, attributed, idle, gap;
    AJ_TRY(get_element(in, json_object_get(object, "joules"), i, joules));
    AJ_TRY(get_element(in, json_object_get(object, "attributed_joules"), i, &attributed));
    AJ_TRY(get_element(in, json_object_get(object, "idle_joules"), i, &idle));
    AJ_TRY(get_element(in, json_object_get(object, "gap_seconds"), i, &gap));
    AJ_TRY(get_element(in, json_object_get(object, "high_joules"), i, &high));
    /* The lower end is joules less an error: rounding may take it below 0. */
    const json_t *lows = json_object_get(object, "low_joules");
    low = json_is_number(json_array_get(lows, i)) ? json_number_value(json_array_get(lows, i)) : MISSING;
    if (in->zones[i].role != AJ_ZONE_ROLE_COUNTED) return AJ_OK;
    point->joules = plus(point->joules, *joules);
    point->low_joules = plus(point->low_joules, isnan(low) ? *joules : low);
    point->high_joules = plus(point->high_joules, isnan(high) ? *joules : high);
    point->attributed_joules = plus(point->attributed_joules, attributed);
    point->idle_joules = plus(point->idle_joules, idle);
    point->own_joules = plus(point->own_joules, isnan(attributed) ? *joules : attributed);
    point->gap_seconds = fmax(point->gap_seconds, isnan(gap) ? 0 : gap);
    if (!isnan(*joules) && in->zones[i].origin > in->now.origin) in->now.origin = in->zones[i].origin;
    return AJ_OK;
}

static aj_status check_arrays(const reader *in, const json_t *object)
{
    static const char *const keys[] = {"joules",      "low_joules", "high_joules", "attributed_joules",
                                       "idle_joules", "gap_seconds"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const json_t *array = json_object_get(object, keys[i]);
        if (array != NULL && (!json_is_array(array) || json_array_size(array) != in->record->n_zones))
            return ajp_fail(in->err, AJ_CORRUPT, 0, "%.300s: line %zu: %s must be a list of %zu numbers",
                            in->name, in->line, keys[i], in->record->n_zones);
    }
    return AJ_OK;
}

static aj_status keep_room(reader *in)
{
    aj_trace_record *record = in->record;
    memory *own = in->own;
    void *points = own->points, *joules = own->joules;
    size_t numbers = (record->n_points + 1) * record->n_zones;
    if (numbers > MOST_NUMBERS)
        return ajp_fail(in->err, AJ_NO_MEMORY, 0, "%.300s: has more than %d numbers", in->name, MOST_NUMBERS);
    aj_status st = ajp_grow(NULL, &points, &own->points_capacity, record->n_points + 1, sizeof *own->points,
                            in->name, in->err);
    own->points = points;
    if (st != AJ_OK) return st;
    st = ajp_grow(NULL, &joules, &own->joules_capacity, numbers + 1, sizeof(double), in->name, in->err);
    own->joules = joules;
    return st;
}

static aj_status take_sample(reader *in, const json_t *object, double seconds)
{
    aj_trace_record *record = in->record;
    double asleep;
    AJ_TRY(check_arrays(in, object));
    AJ_TRY(keep_room(in));
    AJ_TRY(get_number(in, object, "suspended_seconds", &asleep));
    aj_trace_point point = {.seconds = seconds,
                            .unix_seconds =
                                record->started_unix_seconds + seconds + (isnan(asleep) ? 0 : asleep),
                            .joules = MISSING,
                            .low_joules = MISSING,
                            .high_joules = MISSING,
                            .attributed_joules = MISSING,
                            .idle_joules = MISSING,
                            .own_joules = MISSING};
    AJ_TRY(get_number(in, object, "tree_cpu_seconds", &point.tree_cpu_seconds));
    AJ_TRY(get_number(in, object, "busy_cpu_seconds", &point.busy_cpu_seconds));
    double *joules = in->own->joules + record->n_points * record->n_zones;
    for (size_t i = 0; i < record->n_zones; i++) AJ_TRY(add_zone(in, object, i, &point, &joules[i]));
    in->now.joules = point.joules;
    in->now.low_joules = point.low_joules;
    in->now.high_joules = point.high_joules;
    in->now.attributed_joules = point.attributed_joules;
    in->now.own_joules = point.own_joules;
    in->own->points[record->n_points++] = point;
    return AJ_OK;
}

/* ---- marks and the end ----------------------------------------------------------------------------- */

static aj_status take_mark(reader *in, const json_t *object)
{
    const char *line = json_string_value(json_object_get(object, "mark"));
    memory *own = in->own;
    aj_trace_event event;
    if (line == NULL || aj_marker_read(&event.marker, line, NULL) != AJ_OK)
        return refuse(in, "mark is not a line of the marker protocol");
    aj_status st = ajp_phases_take(&own->phases, &event.marker, &in->now, NULL);
    if (st == AJ_BAD_ARGUMENT) return refuse(in, "an end has no begin");
    if (st != AJ_OK) return ajp_no_memory(in->err, in->name);
    event.seconds = in->now.seconds;
    event.joules = in->now.joules;
    event.own_joules = in->now.own_joules;
    event.flops = own->phases.flops;
    void *events = own->events;
    st = ajp_grow(NULL, &events, &own->events_capacity, in->record->n_events + 1, sizeof event, in->name,
                  in->err);
    own->events = events;
    if (st == AJ_OK) own->events[in->record->n_events++] = event;
    return st;
}

static aj_status take_end(reader *in, const json_t *end)
{
    aj_reading *reading = &in->record->reading;
    if (!json_is_object(end)) return refuse(in, "end must be an object");
    in->record->ended = true;
    if (json_object_size(end) == 0) return AJ_OK;
    for (const ajp_reading_field *field = ajp_reading_fields; field->key != NULL; field++)
        AJ_TRY(get_number(in, end, field->key, (double *)(void *)((char *)reading + field->offset)));
    int origin;
    if (!find_word(json_string_value(json_object_get(end, "origin")), origin_word, AJ_ASSUMED + 1, &origin))
        return refuse(in, "end.origin must be measured, modelled or assumed");
    reading->energy_joules.origin = (aj_origin)origin;
    reading->lower_bound = json_integer_value(json_object_get(end, "lower_bound")) != 0;
    reading->covers = (uint32_t)json_integer_value(json_object_get(end, "covers"));
    reading->n_samples = (size_t)json_integer_value(json_object_get(end, "n_samples"));
    return AJ_OK;
}

static aj_status take_line(reader *in, const json_t *object)
{
    double seconds;
    if (!json_is_object(object)) return refuse(in, "is not an object of JSON");
    if (in->zones == NULL) return take_header(in, object);
    AJ_TRY(get_number(in, object, "seconds", &seconds));
    if (isnan(seconds)) return AJ_OK; /* something of a later version */
    if (seconds < in->now.seconds) return refuse(in, "seconds go back");
    if (in->record->ended) return refuse(in, "something follows the end");
    in->now.seconds = in->record->duration_seconds = seconds;
    if (json_object_get(object, "joules") != NULL) AJ_TRY(take_sample(in, object, seconds));
    if (json_object_get(object, "mark") != NULL) AJ_TRY(take_mark(in, object));
    const json_t *end = json_object_get(object, "end");
    return end != NULL ? take_end(in, end) : AJ_OK;
}

static aj_status take_text(reader *in, const char *text, size_t size)
{
    for (size_t start = 0; start < size;) {
        const char *end = memchr(text + start, '\n', size - start);
        if (end == NULL) break; /* torn: its writer was killed */
        size_t length = (size_t)(end - text) - start;
        in->line++;
        json_t *object = json_loadb(text + start, length, JSON_REJECT_DUPLICATES, NULL);
        aj_status st = object != NULL ? take_line(in, object) : refuse(in, "is not JSON");
        json_decref(object);
        AJ_TRY(st);
        start += length + 1;
    }
    return in->zones != NULL ? AJ_OK : refuse(in, "is no trace: it has no first line");
}

/* What the last sample says, where there is no end to say it. */
static void read_last_point(aj_trace_record *record, aj_origin origin)
{
    aj_reading *out = &record->reading;
    aj_trace_point none = {.joules = MISSING,
                           .low_joules = MISSING,
                           .high_joules = MISSING,
                           .attributed_joules = MISSING,
                           .idle_joules = MISSING,
                           .own_joules = MISSING,
                           .tree_cpu_seconds = MISSING,
                           .busy_cpu_seconds = MISSING};
    const aj_trace_point *last = record->n_points > 0 ? &record->points[record->n_points - 1] : &none;
    *out = (aj_reading){.energy_joules = {last->joules, MISSING, origin},
                        .low_joules = last->low_joules,
                        .high_joules = last->high_joules,
                        .lower_bound = !record->ended,
                        .duration_seconds = record->duration_seconds,
                        .gap_seconds = last->gap_seconds,
                        .longest_gap_seconds = MISSING,
                        .n_samples = record->n_points,
                        .platform_joules = MISSING,
                        .attributed_joules = {last->attributed_joules, MISSING, AJ_MODELLED},
                        .idle_joules = last->idle_joules,
                        .others_joules = MISSING,
                        .tree_cpu_seconds = last->tree_cpu_seconds,
                        .busy_cpu_seconds = last->busy_cpu_seconds,
                        .gpu_attributed_joules = {MISSING, MISSING, AJ_MODELLED},
                        .gpu_idle_joules = MISSING,
                        .gpu_others_joules = MISSING,
                        .undivided_joules = last->own_joules - last->attributed_joules};
    if (record->n_points > 0)
        out->suspended_seconds = last->unix_seconds - record->started_unix_seconds - last->seconds;
    if (!isnan(last->attributed_joules))
        out->others_joules = fmax(last->joules - last->idle_joules - last->own_joules, 0);
    for (size_t i = 0; i < record->n_zones; i++)
        if (record->zones[i].role == AJ_ZONE_ROLE_COUNTED && last->zone_joules != NULL &&
            !isnan(last->zone_joules[i]))
            out->covers |= 1u << record->zones[i].kind;
}

static aj_status finish(reader *in)
{
    aj_trace_record *record = in->record;
    memory *own = in->own;
    for (size_t i = 0; i < record->n_points; i++)
        own->points[i].zone_joules = own->joules + i * record->n_zones;
    record->points = own->points;
    record->events = own->events;
    aj_phase *phases = ajp_arena_array(&own->arena, own->phases.n + 1, sizeof *phases);
    if (phases == NULL) return ajp_no_memory(in->err, in->name);
    for (size_t i = 0; i < own->phases.n; i++)
        AJ_TRY(ajp_phases_get(&own->phases, i, &in->now, &phases[i], in->err));
    record->phases = phases;
    record->n_phases = own->phases.n;
    ajp_phases_state(&own->phases, &record->state);
    if (record->reading.duration_seconds == 0) read_last_point(record, in->now.origin);
    return AJ_OK;
}

aj_status aj_trace_read_bytes(aj_trace_record *out, const void *bytes, size_t size, const char *name,
                              aj_error *err)
{
    memset(out, 0, sizeof *out);
    aj_trace_record record = {.started_unix_seconds = MISSING};
    memory *own = ajp_calloc(NULL, 1, sizeof *own);
    if (own == NULL) return ajp_no_memory(err, name);
    ajp_arena_init(&own->arena, NULL);
    record.memory = own;
    reader in = {.name = name, .record = &record, .own = own, .err = err};
    aj_status st = take_text(&in, bytes, size);
    if (st == AJ_OK) st = finish(&in);
    if (st != AJ_OK) {
        aj_trace_record_destroy(&record);
        return st;
    }
    *out = record;
    return AJ_OK;
}

/* Not mapped: a writer on a full disk takes back what it could not finish, and a page that is gone is a
 * signal. */
static aj_status read_whole(FILE *file, const char *path, char **text, size_t *size, aj_error *err)
{
    void *buffer = NULL;
    size_t capacity = 0, done = 0, got;
    do {
        aj_status st = ajp_grow(NULL, &buffer, &capacity, done + 65536, 1, path, err);
        if (st != AJ_OK) {
            ajp_free(NULL, buffer);
            return st;
        }
        got = fread((char *)buffer + done, 1, 65536, file);
        done += got;
    } while (got > 0 && done < MOST_BYTES);
    int error = ferror(file) ? errno : 0;
    if (error != 0 || got > 0) {
        ajp_free(NULL, buffer);
        return error != 0 ? ajp_fail(err, AJ_IO, error, "%s: could not be read", path)
                          : ajp_fail(err, AJ_NO_MEMORY, 0, "%s: has %d bytes or more", path, MOST_BYTES);
    }
    *text = buffer;
    *size = done;
    return AJ_OK;
}

aj_status aj_trace_read(aj_trace_record *out, const char *path, aj_error *err)
{
    char *text = NULL;
    size_t size = 0;
    memset(out, 0, sizeof *out);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return ajp_fail(err, ajp_status_from_errno(errno), errno,
                        "%s: cannot be opened; check the path and its permissions", path);
    aj_status st = read_whole(file, path, &text, &size, err);
    fclose(file);
    if (st == AJ_OK) st = aj_trace_read_bytes(out, text, size, path, err);
    ajp_free(NULL, text);
    return st;
}

void aj_trace_record_destroy(aj_trace_record *record)
{
    if (record == NULL) return;
    memory *own = record->memory;
    if (own != NULL) {
        ajp_phases_end(&own->phases);
        ajp_free(NULL, own->points);
        ajp_free(NULL, own->joules);
        ajp_free(NULL, own->events);
        ajp_arena_free(&own->arena);
        ajp_free(NULL, own);
    }
    memset(record, 0, sizeof *record);
}

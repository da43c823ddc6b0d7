/* trace.c: writes what a meter sees and what its program says, a line at a time (docs/formats/trace.md). */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "meter_ops.h"
#include "record/json_writer.h"
#include "trace.h"

/* The distance of two samples: 1 / most_hertz, later a share of the time since the start, so that a long
 * trace stays small and every hour of it is still seen many times. */
static const double distance_ratio = 1e-4, longest_seconds = 60;
/* A program may say a thousand marks a second: those that follow one another so soon share a sample. */
static const double fresh_seconds = 0.01;

struct aj_trace {
    const aj_context *context;
    aj_meter *meter; /* or NULL */
    int fd;          /* -1: nothing is written */
    bool regular;
    char *path;
    double most_hertz, start_seconds; /* start: of a trace without meter, on the monotonic clock */
    double written_seconds;           /* of the last sample in the file; NaN: none */
    ajp_phases phases;
    ajp_moment latest;
    char pending[AJ_MARK_SIZE]; /* a line of the pipe that has not ended */
    size_t n_pending;
    bool overlong; /* the rest of it is skipped */
    size_t n_ignored;
    char ignored[AJ_MARK_SIZE];
};

/* ---- the file ------------------------------------------------------------------------------------ */

/* One write; what a full disk took of it is cut off again. */
static aj_status append(aj_trace *trace, const char *line, size_t size, aj_error *err)
{
    struct stat before = {0};
    if (trace->regular && fstat(trace->fd, &before) != 0)
        return ajp_fail(err, AJ_IO, errno, "%s: cannot be examined", trace->path);
    ssize_t put;
    do {
        errno = 0;
        put = write(trace->fd, line, size);
    } while (put < 0 && errno == EINTR);
    if (put >= 0 && (size_t)put == size) return AJ_OK;
    int error = errno;
    bool restored = !trace->regular || put <= 0 || ftruncate(trace->fd, before.st_size) == 0;
    return ajp_fail(err, AJ_IO, error, "%s: a line could not be appended, the trace %s; check the free space",
                    trace->path, restored ? "is as it was" : "has a torn line");
}

static aj_status put_line(aj_trace *trace, ajp_json *json, aj_error *err)
{
    char *text = NULL;
    AJ_TRY(ajp_json_finish(json, &text, err));
    size_t size = strlen(text);
    text[size] = '\n'; /* in the place of the NUL: the line goes out in one write */
    aj_status st = append(trace, text, size + 1, err);
    ajp_free(NULL, text);
    return st;
}

static aj_status open_file(aj_trace *trace, const char *path, aj_error *err)
{
    struct stat info;
    trace->path = ajp_strdup(trace->context, path);
    if (trace->path == NULL) return ajp_no_memory(err, path);
    trace->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (trace->fd < 0 || fstat(trace->fd, &info) != 0)
        return ajp_fail(err, ajp_status_from_errno(errno), errno,
                        "%s: the trace cannot be created; check the path and its permissions", path);
    trace->regular = S_ISREG(info.st_mode);
    if (trace->regular && info.st_size > 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "%s: is there already; a trace is never overwritten, name another file", path);
    return AJ_OK;
}

/* ---- lines --------------------------------------------------------------------------------------- */

static double wall_seconds(void)
{
    struct timespec at = {0, 0};
    clock_gettime(CLOCK_REALTIME, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static double now_seconds(const aj_trace *trace)
{
    const aj_meter *meter = trace->meter;
    return meter != NULL ? meter->tree.now_seconds(meter->tree.user) - meter->start_seconds
                         : ajp_now_seconds() - trace->start_seconds;
}

static double suspended_seconds(const aj_trace *trace)
{
    const aj_meter *meter = trace->meter;
    if (meter == NULL) return 0;
    return fmax(meter->tree.suspended_seconds(meter->tree.user) - meter->start_suspended_seconds, 0);
}

static void put_zone(ajp_json *json, const aj_trace *trace, size_t i)
{
    aj_zone_reading zone;
    if (aj_meter_zone(trace->meter, i, &zone, NULL) != AJ_OK) return;
    ajp_json_object(json, NULL);
    ajp_json_string(json, "source", zone.source);
    ajp_json_string(json, "name", zone.name);
    ajp_json_string(json, "kind", aj_zone_kind_name(zone.kind));
    ajp_json_string(json, "role", aj_zone_role_name(zone.role));
    ajp_json_string(json, "parent", zone.parent);
    ajp_json_string(json, "origin", aj_origin_name(zone.energy_joules.origin));
    ajp_json_number(json, "error_ratio", trace->meter->zones[i].error_ratio);
    ajp_json_object_end(json);
}

static aj_status put_header(aj_trace *trace, const aj_trace_options *options, aj_error *err)
{
    ajp_json json;
    char host[256] = "";
    if (options->host == NULL && gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
    ajp_json_begin(&json, 0);
    ajp_json_object(&json, NULL);
    ajp_json_count(&json, "attojoule_trace", AJP_TRACE_VERSION);
    ajp_json_string(&json, "uid", options->uid);
    ajp_json_number(&json, "started_unix_seconds",
                    wall_seconds() - now_seconds(trace) - suspended_seconds(trace));
    ajp_json_string(&json, "host", options->host != NULL ? options->host : host);
    ajp_json_string(&json, "tool", "attojoule " AJ_VERSION_STRING);
    ajp_json_array(&json, "zones", false);
    for (size_t i = 0; trace->meter != NULL && i < trace->meter->n_zones; i++) put_zone(&json, trace, i);
    ajp_json_array_end(&json);
    ajp_json_object_end(&json);
    return put_line(trace, &json, err);
}

/* What a sample says of one zone, in the order of the arrays. */
typedef struct {
    double joules, low, high, attributed, idle, gap;
} zone_sums;
typedef double (*pick)(const zone_sums *);
static double pick_joules(const zone_sums *z)
{
    return z->joules;
}
static double pick_low(const zone_sums *z)
{
    return z->low;
}
static double pick_high(const zone_sums *z)
{
    return z->high;
}
static double pick_attributed(const zone_sums *z)
{
    return z->attributed;
}
static double pick_idle(const zone_sums *z)
{
    return z->idle;
}
static double pick_gap(const zone_sums *z)
{
    return z->gap;
}

static void put_array(ajp_json *json, const char *key, const zone_sums *zones, size_t n, pick value)
{
    ajp_json_array(json, key, true);
    for (size_t i = 0; i < n; i++) ajp_json_number(json, NULL, value(&zones[i]));
    ajp_json_array_end(json);
}

/* Arrays that say nothing (low = high = joules; nothing divided; no gap) are left out. */
static void put_zones(ajp_json *json, const zone_sums *zones, size_t n)
{
    bool open = false, divided = false, gap = false;
    for (size_t i = 0; i < n; i++) {
        open = open || zones[i].low < zones[i].joules || zones[i].high > zones[i].joules;
        divided = divided || !isnan(zones[i].attributed);
        gap = gap || zones[i].gap > 0;
    }
    put_array(json, "joules", zones, n, pick_joules);
    if (open) {
        put_array(json, "low_joules", zones, n, pick_low);
        put_array(json, "high_joules", zones, n, pick_high);
    }
    if (divided) {
        put_array(json, "attributed_joules", zones, n, pick_attributed);
        put_array(json, "idle_joules", zones, n, pick_idle);
    }
    if (gap) put_array(json, "gap_seconds", zones, n, pick_gap);
}

/* Under the meter's mutex: all zones as of the same sample. */
static void gather(const aj_meter *meter, zone_sums *zones)
{
    for (size_t i = 0; i < meter->n_zones; i++) {
        ajp_zone_sum sum = ajp_zone_sum_until(&meter->zones[i], meter->last_seconds);
        ajp_split split = ajp_meter_split(meter, &meter->zones[i], sum.joules);
        zones[i] = (zone_sums){sum.joules,        sum.low_joules, sum.high_joules, split.attributed_joules,
                               split.idle_joules, sum.gap_seconds};
    }
}

static aj_status put_sample(aj_trace *trace, const zone_sums *zones, const aj_reading *now, aj_error *err)
{
    ajp_json json;
    double asleep = suspended_seconds(trace);
    ajp_json_begin(&json, 0);
    ajp_json_object(&json, NULL);
    ajp_json_number(&json, "seconds", now->duration_seconds);
    put_zones(&json, zones, trace->meter->n_zones);
    if (!isnan(now->tree_cpu_seconds)) {
        ajp_json_number(&json, "tree_cpu_seconds", now->tree_cpu_seconds);
        ajp_json_number(&json, "busy_cpu_seconds", now->busy_cpu_seconds);
    }
    if (asleep >= 0.001) ajp_json_number(&json, "suspended_seconds", asleep);
    ajp_json_object_end(&json);
    AJ_TRY(put_line(trace, &json, err));
    trace->written_seconds = now->duration_seconds;
    return AJ_OK;
}

/* The latest sample (or a fresh one), for the marks and, unless it is there already, for the file. */
static aj_status take_sample(aj_trace *trace, bool fresh, aj_error *err)
{
    aj_meter *meter = trace->meter;
    zone_sums *zones = ajp_calloc(trace->context, meter->n_zones + 1, sizeof *zones);
    if (zones == NULL) return ajp_no_memory(err, "a sample of the trace");
    pthread_mutex_lock(&meter->mutex);
    if (fresh) ajp_meter_refresh(meter, fresh_seconds);
    aj_reading now = ajp_meter_total(meter);
    gather(meter, zones);
    pthread_mutex_unlock(&meter->mutex);
    trace->latest = ajp_moment_of(&now);
    aj_status st = AJ_OK;
    if (trace->fd >= 0 && !(trace->written_seconds >= now.duration_seconds))
        st = put_sample(trace, zones, &now, err);
    ajp_free(trace->context, zones);
    return st;
}

static aj_status put_mark(aj_trace *trace, const aj_marker *marker, aj_error *err)
{
    char line[AJ_MARK_SIZE + 64];
    ajp_json json;
    ajp_marker_write(marker, line, sizeof line);
    ajp_json_begin(&json, 0);
    ajp_json_object(&json, NULL);
    ajp_json_number(&json, "seconds", trace->latest.seconds);
    ajp_json_string(&json, "mark", line);
    ajp_json_object_end(&json);
    return put_line(trace, &json, err);
}

static aj_status put_end(aj_trace *trace, const aj_reading *reading, aj_error *err)
{
    ajp_json json;
    ajp_json_begin(&json, 0);
    ajp_json_object(&json, NULL);
    ajp_json_number(&json, "seconds", trace->latest.seconds);
    ajp_json_object(&json, "end");
    if (reading != NULL) ajp_trace_put_reading(&json, reading);
    ajp_json_object_end(&json);
    ajp_json_object_end(&json);
    return put_line(trace, &json, err);
}

/* ---- calls --------------------------------------------------------------------------------------- */

static void release(aj_trace *trace)
{
    const aj_context *context = trace->context;
    if (trace->fd >= 0) close(trace->fd);
    ajp_phases_end(&trace->phases);
    ajp_free(context, trace->path);
    ajp_free(context, trace);
}

static aj_status check_options(const aj_meter *meter, const aj_trace_options *options, aj_error *err)
{
    if (options->struct_size != sizeof *options)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "aj_trace_options: start from AJ_TRACE_OPTIONS_INIT");
    if (!(options->most_hertz > 0 && options->most_hertz <= 1000))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "most_hertz is %g; give 0.001 to 1000", options->most_hertz);
    if (options->uid != NULL && strlen(options->uid) != 32)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "the uid of a trace has 32 hex digits, not %zu characters",
                        strlen(options->uid));
    if (meter != NULL && !meter->started)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "the meter was not started; call aj_meter_start first");
    return AJ_OK;
}

static aj_status begin(aj_trace *trace, const char *path, const aj_trace_options *options, aj_error *err)
{
    if (path != NULL) {
        AJ_TRY(open_file(trace, path, err));
        AJ_TRY(put_header(trace, options, err));
    }
    if (trace->meter != NULL) AJ_TRY(take_sample(trace, false, err));
    /* Phases count from the meter's start: what has come since is in the first of them. */
    ajp_moment start = trace->latest;
    start.seconds = 0;
    if (!isnan(start.joules)) start.joules = start.low_joules = start.high_joules = start.own_joules = 0;
    if (!isnan(start.attributed_joules)) start.attributed_joules = 0;
    ajp_phases_begin(&trace->phases, trace->context, &start);
    return AJ_OK;
}

aj_status aj_trace_open(aj_trace **out, const aj_context *context, const char *path, aj_meter *meter,
                        const aj_trace_options *options, aj_error *err)
{
    static const aj_trace_options plain = AJ_TRACE_OPTIONS_INIT;
    if (options == NULL) options = &plain;
    *out = NULL;
    AJ_TRY(check_options(meter, options, err));
    aj_trace *trace = ajp_calloc(context, 1, sizeof *trace);
    if (trace == NULL) return ajp_no_memory(err, "the trace");
    trace->context = context;
    trace->meter = meter;
    trace->fd = -1;
    trace->most_hertz = options->most_hertz;
    trace->start_seconds = ajp_now_seconds();
    trace->written_seconds = NAN;
    trace->latest = (ajp_moment){0, NAN, NAN, NAN, NAN, NAN, AJ_MEASURED};
    aj_status st = begin(trace, path, options, err);
    if (st != AJ_OK) {
        release(trace);
        return st;
    }
    *out = trace;
    return AJ_OK;
}

aj_status aj_trace_sample(aj_trace *trace, aj_error *err)
{
    if (trace->meter == NULL) return AJ_OK;
    double now = now_seconds(trace);
    double distance = fmax(1 / trace->most_hertz, fmin(distance_ratio * now, longest_seconds));
    if (now - trace->written_seconds < distance) return AJ_OK;
    return take_sample(trace, false, err);
}

aj_status aj_trace_mark(aj_trace *trace, const aj_marker *marker, aj_error *err)
{
    if (trace->meter == NULL) trace->latest.seconds = now_seconds(trace);
    aj_status written = trace->meter != NULL ? take_sample(trace, true, err) : AJ_OK;
    /* A full disk must not lose what the marks mean. */
    AJ_TRY(ajp_phases_take(&trace->phases, marker, &trace->latest, err));
    if (written != AJ_OK || trace->fd < 0) return written;
    return put_mark(trace, marker, err);
}

static aj_status ignore(aj_trace *trace)
{
    if (trace->n_ignored++ == 0) memcpy(trace->ignored, trace->pending, trace->n_pending + 1);
    return AJ_OK;
}

static aj_status take_line(aj_trace *trace, aj_error *err)
{
    aj_marker marker;
    aj_error why = {AJ_OK, 0, ""};
    trace->pending[trace->n_pending] = '\0';
    bool overlong = trace->overlong;
    trace->overlong = false;
    if (!overlong && trace->pending[strspn(trace->pending, " \t\r")] == '\0') return AJ_OK;
    if (overlong || strlen(trace->pending) != trace->n_pending ||
        aj_marker_read(&marker, trace->pending, NULL) != AJ_OK)
        return ignore(trace);
    aj_status st = aj_trace_mark(trace, &marker, &why);
    if (st == AJ_BAD_ARGUMENT) return ignore(trace);
    if (st != AJ_OK && err != NULL) *err = why;
    return st;
}

aj_status aj_trace_feed(aj_trace *trace, const char *bytes, size_t n, aj_error *err)
{
    aj_status st = AJ_OK;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\n') {
            aj_error *first = st == AJ_OK ? err : NULL;
            aj_status one = take_line(trace, first);
            if (st == AJ_OK) st = one;
            trace->n_pending = 0;
        } else if (trace->n_pending < sizeof trace->pending - 1) {
            trace->pending[trace->n_pending++] = bytes[i];
        } else {
            trace->overlong = true;
        }
    }
    if (n > 0 || trace->n_pending == 0) return st;
    st = take_line(trace, err);
    trace->n_pending = 0;
    return st;
}

void aj_trace_now(const aj_trace *trace, aj_trace_state *out)
{
    ajp_phases_state(&trace->phases, out);
    out->n_ignored = trace->n_ignored;
    out->ignored = trace->n_ignored > 0 ? trace->ignored : NULL;
}

aj_status aj_trace_phase(const aj_trace *trace, size_t i, aj_phase *out, aj_error *err)
{
    return ajp_phases_get(&trace->phases, i, &trace->latest, out, err);
}

aj_status aj_trace_close(aj_trace *trace, const aj_reading *reading, aj_error *err)
{
    if (trace == NULL) return AJ_OK;
    aj_status st = AJ_OK;
    trace->written_seconds = NAN; /* the division may be newer than the sample that is there */
    if (trace->meter != NULL)
        st = take_sample(trace, false, err);
    else
        trace->latest.seconds = now_seconds(trace);
    if (st == AJ_OK && trace->fd >= 0) st = put_end(trace, reading, err);
    release(trace);
    return st;
}

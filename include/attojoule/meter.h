/* meter.h: the energy that this machine has used, from its own sensors.
 *
 * Units: SI.  Threads: one aj_meter belongs to one thread at a time; its own sampling thread, where one was
 * asked for, runs from start to stop and stays out of the way of every call. Ownership: open gives, close
 * takes back (NULL allowed); strings are borrowed until close. Missing is NaN with a status, never 0:
 * NOT_FOUND = no such sensor, DENIED = the system refuses, IO = it was there and went away or fails, CORRUPT
 * = what it says makes no sense, OK with 0 joules = a true zero. See docs/meter.md for what each source
 * covers, how far it can be trusted, and on what it was tried.
 */
#ifndef ATTOJOULE_METER_H
#define ATTOJOULE_METER_H

#include "attojoule/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a zone measures: name, text. */
#define AJ_ZONE_KIND_LIST(X) \
    X(PACKAGE, "package")    \
    X(CORE, "core")          \
    X(UNCORE, "uncore")      \
    X(DRAM, "dram")          \
    X(GPU, "gpu")            \
    X(PLATFORM, "platform")  \
    X(OTHER, "other")
typedef enum {
#define AJ_ZONE_KIND_ENUM(name, text) AJ_ZONE_##name,
    AJ_ZONE_KIND_LIST(AJ_ZONE_KIND_ENUM)
#undef AJ_ZONE_KIND_ENUM
        AJ_N_ZONE_KINDS
} aj_zone_kind;
AJ_API const char *aj_zone_kind_name(aj_zone_kind kind);

/* How a zone enters the sum.  Only COUNTED zones are added, so that no joule is counted twice. */
#define AJ_ZONE_ROLE_LIST(X)                                                                \
    X(COUNTED, "counted", "added to the total")                                             \
    X(PART, "part", "a part of another zone (core and uncore of their package)")            \
    X(COPY, "copy", "shows the same joules as another zone (the MMIO registers)")           \
    X(COVERS, "covers", "contains other zones (psys, the battery): shown beside the total") \
    X(UNPLACED, "unplaced", "it is not known what it is a part of: shown, never added")
typedef enum {
#define AJ_ZONE_ROLE_ENUM(name, text, about) AJ_ZONE_ROLE_##name,
    AJ_ZONE_ROLE_LIST(AJ_ZONE_ROLE_ENUM)
#undef AJ_ZONE_ROLE_ENUM
        AJ_N_ZONE_ROLES
} aj_zone_role;
AJ_API const char *aj_zone_role_name(aj_zone_role role);

/* Power sources, best first: i = 0, 1, ... until NULL is returned.  *about (NULL allowed): what it reads.
 * *tried (NULL allowed): on what the reader has been tried, "simulated tree" or the hardware. */
AJ_API const char *aj_meter_source(size_t i, const char **about, const char **tried);

typedef struct aj_meter aj_meter;
typedef struct {
    size_t struct_size; /* set by the INIT macro */
    const char *source; /* names of aj_meter_source with commas between, all of which have to open; NULL = all
                         * that open and do not repeat one another, and the model where none of them measures
                         * a package; "+ipmi" = those and, asked for by name, ipmi */
    const char *sysfs_root;   /* NULL = the machine's own; copied */
    const char *nvml_library; /* NULL = libnvidia-ml.so.1; a path for another one; copied */
    const char *procfs_root;  /* NULL = /proc; copied */
    long pid; /* > 0: divide processors and memory among this process with all it starts, idle, and others */
    double sample_hertz; /* > 0: a thread of the meter samples so often from start to stop, oftener where a
                          * counter would wrap in between; 10 is a good rate.  0: whoever measures calls
                          * aj_meter_sample */
    const char *cgroup; /* whose CPU time is the tree's: NULL = that of the pid's own cgroup (version 2) where
                         * it holds nothing but the tree, else the processes'; "" = always the processes';
                         * else this cgroup with all that is in it, as /proc/PID/cgroup names it, and pid may
                         * be 0 */
    const char *redfish_url; /* for the source redfish: https://HOST/redfish/v1/Chassis/1/Power; copied */
} aj_meter_options;
#define AJ_METER_OPTIONS_INIT                                              \
    {                                                                      \
        sizeof(aj_meter_options), NULL, NULL, NULL, NULL, 0, 0, NULL, NULL \
    }

/* Energy between start and stop (or until now). */
typedef struct {
    aj_estimate
        energy_joules; /* value NaN: nothing could be read; stddev NaN: the sensor's error is not known */
    double low_joules, high_joules; /* what counts and gaps leave open, and the sensors' error where one is
                                       known; equal when nothing is */
    bool lower_bound;               /* part of the time or of the machine is missing from the value */
    double duration_seconds, gap_seconds, longest_gap_seconds; /* gaps: time without a usable reading */
    double
        suspended_seconds; /* the machine slept: not in duration, and what it used then is not in the value */
    size_t n_samples;      /* since the start */
    uint32_t covers;       /* bit k: zones of kind k are in the value */
    double
        platform_joules; /* what the sensors around the machine say; NaN: none, or less than its parts used */
    /* Processors and memory divided by CPU time, graphics cards by the time in which processes used them:
     * attributed + idle + others + undivided = what was measured.  NaN: no pid was given, or nothing could be
     * read.  The division is a model, also of measured joules. */
    aj_estimate attributed_joules;
    double idle_joules, others_joules;
    double tree_cpu_seconds, busy_cpu_seconds; /* of the process tree; of the whole machine */
    aj_estimate gpu_attributed_joules;         /* how much of these three is graphics cards'; NaN: none of
                                                * them could be divided */
    double gpu_idle_joules, gpu_others_joules;
    double
        undivided_joules; /* of zones whose users are not told (a card in MIG mode): in none of the above */
} aj_reading;

typedef struct {
    const char *source, *name, *file; /* file: under the root; an empty string for sensors without one */
    const char *parent;               /* the zone that contains or equals this one, or NULL */
    aj_zone_kind kind;
    aj_zone_role role;
    aj_status status; /* of the latest reading */
    const char
        *message; /* why it is not OK and what to do; of a modelled zone, what it rests on; else empty */
    aj_estimate energy_joules;
    double low_joules, high_joules, gap_seconds;
    bool lower_bound;
    size_t n_samples, n_wraps, n_resets, n_gaps;
    double attributed_joules, idle_joules,
        others_joules; /* as in aj_reading, of this zone; NaN where not divided */
    double idle_watts; /* kept apart; 0 unless set */
    aj_origin idle_origin;
} aj_zone_reading;

/* On failure *out is NULL and err says why and what to do.  BAD_ARGUMENT: unknown source.  NOT_FOUND: no such
 * sensor here.  DENIED: there is one, for root only. */
AJ_API AJ_MUST_USE aj_status aj_meter_open(aj_meter **out, const aj_context *context,
                                           const aj_meter_options *options, aj_error *err);
AJ_API void aj_meter_close(aj_meter *meter);
/* Whose CPU time divides the joules: "cgroup /job_7" or "process 123 and what it starts"; NULL: nothing is
 * divided. */
AJ_API const char *aj_meter_followed(const aj_meter *meter);
/* The same without a meter: whether options->pid or ->cgroup can be followed here, in `about`, or why not. */
AJ_API AJ_MUST_USE aj_status aj_meter_can_follow(const aj_context *context, const aj_meter_options *options,
                                                 char *about, size_t size, aj_error *err);
/* What a reader of the figures should know beside them, one sentence each, as of the latest sample: a sensor
 * that is not believed, two that should agree and do not.  NULL past the last; borrowed until the next call.
 */
AJ_API const char *aj_meter_remark(aj_meter *meter, size_t i);
/* Begins anew at zero joules, and starts the sampling thread where one was asked for. */
AJ_API AJ_MUST_USE aj_status aj_meter_start(aj_meter *meter, aj_error *err);
/* One reading of every zone; sensors of power are integrated between two of them (trapezoid), so call it
 * often: ten times a second.  A zone that fails is a gap, not an error.  BAD_ARGUMENT: not started. */
AJ_API AJ_MUST_USE aj_status aj_meter_sample(aj_meter *meter, aj_error *err);
/* What zone i draws while the machine is idle, kept apart from the process's share (at most what is
 * measured).  Without it nothing is kept apart: 0 W, assumed.  NOT_FOUND past the last zone; BAD_ARGUMENT:
 * negative or not finite. */
AJ_API AJ_MUST_USE aj_status aj_meter_set_idle(aj_meter *meter, size_t i, double idle_watts, aj_origin origin,
                                               aj_error *err);
/* Takes the mean power of every zone since the start as its idle power, measured.  NOT_MET: the machine was
 * busy for more than 5 % of that time, or it was shorter than a second: nothing is changed.  UNSUPPORTED: the
 * meter has no pid. */
AJ_API AJ_MUST_USE aj_status aj_meter_learn_idle(aj_meter *meter, aj_error *err);
/* Samples once more and gives the sum.  The meter can go on or be started again. */
AJ_API AJ_MUST_USE aj_status aj_meter_stop(aj_meter *meter, aj_reading *out, aj_error *err);
/* Zone i as of the latest sample; NOT_FOUND past the last one.  `message` is borrowed until the next call. */
AJ_API AJ_MUST_USE aj_status aj_meter_zone(aj_meter *meter, size_t i, aj_zone_reading *out, aj_error *err);

/* The sums until now: takes a sample (unless the latest is younger than 1 ms); the meter goes on. */
AJ_API AJ_MUST_USE aj_status aj_meter_now(aj_meter *meter, aj_reading *out, aj_error *err);

/* ---- marks: what the program that is measured says about itself ---------------------------------- */

/* Lines of text: name, how a line looks, what it says.  A line has at most AJ_MARK_SIZE bytes with its
 * newline, so that it goes through a pipe in one piece. */
#define AJ_MARK_LIST(X)                                                                            \
    X(MARK, "mark", "mark NAME", "what ran since the previous mark, or the start, was NAME")       \
    X(BEGIN, "begin", "begin NAME", "NAME begins; it may lie inside others, and come back")        \
    X(END, "end", "end NAME", "NAME ends")                                                         \
    X(EPOCH, "epoch", "epoch K of N", "epoch K of N has ended; K = 0: the first one begins")       \
    X(FLOPS, "flops", "flops X", "X floating point operations were done since the last such line") \
    X(ACCURACY, "accuracy", "accuracy X", "the share of right answers now, 0 to 1")
typedef enum {
#define AJ_MARK_ENUM(name, text, form, about) AJ_MARK_##name,
    AJ_MARK_LIST(AJ_MARK_ENUM)
#undef AJ_MARK_ENUM
        AJ_N_MARKS
} aj_mark_kind;
AJ_API const char *aj_mark_kind_name(aj_mark_kind kind);
enum { AJ_MARK_SIZE = 512 };

typedef struct {
    aj_mark_kind kind;
    char name[AJ_MARK_SIZE]; /* of MARK, BEGIN, END; else empty */
    double value, total;     /* of FLOPS, ACCURACY; K and N of EPOCH (N NaN: not said); else NaN */
} aj_marker;
/* Reads one line, with or without its newline.  BAD_ARGUMENT: not one of them. */
AJ_API AJ_MUST_USE aj_status aj_marker_read(aj_marker *out, const char *line, aj_error *err);

/* Says one line (without newline) to the `aj run` around this program.  AJ_MARK in the environment is the
 * number of a pipe, AJ_MARK_PIPE the pipe's inode, so that another file that got the number is left alone.
 * Without them, or when nobody reads any more, nothing happens and no signal is raised; a pipe that stays
 * full for 0.1 s loses the line.  Any thread.  True: the line was handed over. */
AJ_API bool aj_mark(const char *format, ...) AJ_PRINTF(1, 2);

/* What happened under one name: between its begins and ends, or before its marks. */
typedef struct {
    const char *name; /* borrowed */
    size_t n;         /* how often it ended */
    bool open;        /* it goes on; the time until now is counted in */
    double duration_seconds;
    aj_estimate energy_joules; /* of all counted zones, as in aj_reading; value NaN: not known */
    double low_joules, high_joules;
    double attributed_joules; /* as in aj_reading; NaN: not divided */
    double flops;             /* said meanwhile; NaN: none */
} aj_phase;

/* For a program that meters itself: takes a sample (unless the latest is younger than 1 ms) and one line of
 * AJ_MARK_LIST.  BAD_ARGUMENT: no such line, an end without its begin, or the meter was not started. */
AJ_API AJ_MUST_USE aj_status aj_meter_mark(aj_meter *meter, const char *line, aj_error *err);
/* Phase i, in the order in which their names came, as of the latest sample; NOT_FOUND past the last.  `name`
 * lives until the meter starts again or is closed. */
AJ_API AJ_MUST_USE aj_status aj_meter_phase(aj_meter *meter, size_t i, aj_phase *out, aj_error *err);

/* What n equal pieces of work will have used when k of them are done: value = before + n x mean.  What is
 * spent is known; the n - k others have the 95 % prediction interval t s sqrt((n-k)^2/k + (n-k)), Student
 * with k - 1 degrees of freedom (Hahn and Meeker 1991, 4.8).  low and high are NaN for k = 1; everything is
 * for k = 0, k > n and where a piece or `before` is NaN. */
typedef struct {
    double value, low, high;
    size_t n_done, n_total;
} aj_prediction;
AJ_API aj_prediction aj_predict_total(const double *pieces, size_t n_done, size_t n_total, double before);

/* ---- trace: what a meter saw over time, in a file that can be priced again elsewhere --------------- */

/* docs/formats/trace.md: JSON lines, only ever appended, one write a line; a writer that is killed leaves at
 * most one torn line, which readers ignore.  One aj_trace belongs to one thread; the meter must outlive it.
 */
typedef struct aj_trace aj_trace;
typedef struct {
    size_t struct_size; /* set by the INIT macro */
    const char *uid;    /* of the run, 32 hex digits; NULL = none */
    const char *host;   /* NULL = this machine's name */
    double most_hertz;  /* a sample is written at most so often; marks add theirs.  Later in a long trace the
                         * distance grows to 1/10,000 of the time since the start, 60 s at most */
} aj_trace_options;
#define AJ_TRACE_OPTIONS_INIT                   \
    {                                           \
        sizeof(aj_trace_options), NULL, NULL, 1 \
    }
/* `meter` was started; NULL: a trace of marks without joules.  `path` NULL: nothing is written, marks are
 * taken all the same.  BAD_ARGUMENT: the file is there and not empty: a trace is never overwritten. */
AJ_API AJ_MUST_USE aj_status aj_trace_open(aj_trace **out, const aj_context *context, const char *path,
                                           aj_meter *meter, const aj_trace_options *options, aj_error *err);
/* Writes the meter's latest sample when one is due; call it as often as you like.  The meter's own thread, or
 * whoever measures, takes the samples.  IO: the line was taken back; the trace can go on. */
AJ_API AJ_MUST_USE aj_status aj_trace_sample(aj_trace *trace, aj_error *err);
/* A mark, now: takes a sample (unless the latest is younger than 10 ms), writes it and the mark. */
AJ_API AJ_MUST_USE aj_status aj_trace_mark(aj_trace *trace, const aj_marker *marker, aj_error *err);
/* Bytes as they come out of the pipe of AJ_MARK, cut anywhere: marks every whole line.  Lines that are no
 * marks are counted and ignored.  n = 0: the pipe has ended; what is left counts as a line. */
AJ_API AJ_MUST_USE aj_status aj_trace_feed(aj_trace *trace, const char *bytes, size_t n, aj_error *err);
/* What the marks have said so far; strings are borrowed until the next call. */
typedef struct {
    size_t n_marks, n_ignored;
    const char *ignored;            /* the first line that was no mark; NULL: none */
    const char *phase;              /* innermost phase that is open; NULL: none */
    double n_epochs_done, n_epochs; /* ended / planned; NaN: not said */
    double flops, accuracy_ratio;   /* NaN: not said */
    aj_prediction joules, seconds; /* of the whole, from the epochs; joules: attributed ones (and the graphics
                                    * cards') where the meter divides, else all */
} aj_trace_state;
AJ_API void aj_trace_now(const aj_trace *trace, aj_trace_state *out);
/* Phase i of the trace, as aj_meter_phase. */
AJ_API AJ_MUST_USE aj_status aj_trace_phase(const aj_trace *trace, size_t i, aj_phase *out, aj_error *err);
/* The last sample, and what aj_meter_stop gave (NULL allowed), then the end; frees the trace in every case.
 * NULL trace allowed.  Without a call to it the trace is one of a killed meter. */
AJ_API AJ_MUST_USE aj_status aj_trace_close(aj_trace *trace, const aj_reading *reading, aj_error *err);

/* A trace that was read. */
typedef struct {
    const char *source, *name, *parent; /* parent NULL: none */
    aj_zone_kind kind;
    aj_zone_role role;
    aj_origin origin;
    double error_ratio; /* known error of the sensor, as a share of the energy; 0: not known */
} aj_trace_zone;
/* Sums since the start; NaN: not known (yet).  joules, low and high are of the counted zones. */
typedef struct {
    double seconds;      /* since the start, without the time that the machine slept */
    double unix_seconds; /* the same moment on the wall clock that the trace began with */
    double joules, low_joules, high_joules;
    double attributed_joules, idle_joules; /* of the zones that are divided */
    double
        own_joules; /* attributed, and counted zones that are not divided; all counted ones where none is */
    double tree_cpu_seconds, busy_cpu_seconds;
    double gap_seconds;        /* the largest of the counted zones */
    const double *zone_joules; /* n_zones */
} aj_trace_point;
typedef struct {
    aj_marker marker;
    double seconds, joules, own_joules; /* sums at the mark, as in aj_trace_point */
    double flops;                       /* said so far; NaN: none */
} aj_trace_event;
typedef struct {
    void *memory;
    char uid[33]; /* "": none */
    const char *host, *tool;
    double started_unix_seconds;
    const aj_trace_zone *zones;
    size_t n_zones;
    const aj_trace_point *points; /* in the order of time */
    size_t n_points;
    const aj_trace_event *events;
    size_t n_events;
    const aj_phase *phases;
    size_t n_phases;
    aj_trace_state state; /* as of the end; nothing in it is borrowed from a trace */
    bool ended;           /* false: the meter was killed */
    double duration_seconds;
    aj_reading reading; /* of the end line; where there is none, from the last point */
} aj_trace_record;
/* CORRUPT with file and line for what is no trace; a last line without its newline is ignored. */
AJ_API AJ_MUST_USE aj_status aj_trace_read(aj_trace_record *out, const char *path, aj_error *err);
AJ_API AJ_MUST_USE aj_status aj_trace_read_bytes(aj_trace_record *out, const void *bytes, size_t size,
                                                 const char *name, aj_error *err);
AJ_API void aj_trace_record_destroy(aj_trace_record *record); /* NULL allowed */

#ifdef __cplusplus
}
#endif
#endif

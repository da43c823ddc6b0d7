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
    const char *source; /* a name of aj_meter_source; NULL = all that open and do not repeat one another */
    const char *sysfs_root;   /* NULL = the machine's own; copied */
    const char *nvml_library; /* NULL = libnvidia-ml.so.1; a path for another one; copied */
    const char *procfs_root;  /* NULL = /proc; copied */
    long pid; /* > 0: divide processors and memory among this process with all it starts, idle, and others */
    double sample_hertz; /* > 0: a thread of the meter samples so often from start to stop, oftener where a
                          * counter would wrap in between; 10 is a good rate.  0: whoever measures calls
                          * aj_meter_sample */
} aj_meter_options;
#define AJ_METER_OPTIONS_INIT                                  \
    {                                                          \
        sizeof(aj_meter_options), NULL, NULL, NULL, NULL, 0, 0 \
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
        platform_joules; /* what the zones around the machine say; NaN: none, or less than its parts used */
    /* Processors and memory (not GPUs), divided by CPU time: attributed + idle + others = what they used.
     * NaN: no pid was given, or nothing could be read.  The division is a model, also of measured joules. */
    aj_estimate attributed_joules;
    double idle_joules, others_joules;
    double tree_cpu_seconds, busy_cpu_seconds; /* of the process tree; of the whole machine */
} aj_reading;

typedef struct {
    const char *source, *name, *file; /* file: under the root; an empty string for sensors without one */
    const char *parent;               /* the zone that contains or equals this one, or NULL */
    aj_zone_kind kind;
    aj_zone_role role;
    aj_status status;    /* of the latest reading */
    const char *message; /* why it is not OK and what to do; an empty string when it is */
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

#ifdef __cplusplus
}
#endif
#endif

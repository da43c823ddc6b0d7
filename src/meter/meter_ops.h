/* meter_ops.h: what a power source has to provide: a scan that lists its zones, and, where a number in a file
 * is not all, a way to read one. */
#ifndef AJP_METER_OPS_H
#define AJP_METER_OPS_H

#include <pthread.h>

#include "attojoule/meter.h"
#include "attribution.h"
#include "counter.h"
#include "phases.h"
#include "sampler.h"
#include "tree.h"

typedef struct ajp_meter_ops ajp_meter_ops;

enum { AJP_ZONE_FILES = 4 }; /* the most that one sensor has: a battery */

/* What has been added up since the start. */
typedef struct {
    bool seen; /* there is an earlier good reading: raw, at_seconds */
    uint64_t raw;
    double at_seconds;
    double joules, low_joules, high_joules;
    double ends_joules[2]; /* of a modelled zone, as of the latest good reading */
    double gap_seconds, longest_gap_seconds;
    double least_watts, most_watts; /* seen by a sensor of power */
    double open_gap_seconds;        /* when the gap that is still open began; NaN: none */
    bool lower_bound;
    size_t n_samples, n_wraps, n_resets, n_gaps;
} ajp_zone_sum;

/* Who has used a device that CPU time does not tell about. */
typedef struct {
    uint64_t last_time;            /* of the row's own clock: what was told before is not told again */
    size_t n_visible, n_invisible; /* users that /proc shows, and that it does not */
    double all;                    /* use by all of them, in the row's unit */
} ajp_zone_use;

typedef struct {
    const ajp_meter_ops *ops;
    const char *name, *path;
    aj_zone_kind kind;
    aj_zone_role role;
    const char *parent; /* name of the zone that contains or equals this one, or NULL */
    ajp_counter counter;
    void *device;                /* the row's own handle, or NULL */
    int fds[AJP_ZONE_FILES];     /* files kept open from one reading to the next; -1 = not open */
    double error_ratio;          /* known error of the sensor itself, as a share of the energy */
    double unit_watts;           /* > 0: a sensor of power; `counter` then only has plausible_watts */
    double lag_seconds;          /* what a sensor of power shows may be so old, or the mean of so long */
    double longest_step_seconds; /* between two readings that are integrated; 0: any */
    bool slept;                  /* the machine did, since the latest reading */
    aj_origin origin;
    const double *ends_joules; /* low and high of a modelled zone, counted on like its reading; NULL: none */
    const char *note;          /* shown while there is no message; NULL: nothing */
    aj_status status;
    char message[448];
    double idle_watts;
    aj_origin idle_origin;
    ajp_zone_sum sum;
    ajp_zone_split split;
    ajp_zone_use use;
    const char *undivided; /* why its users cannot be told; NULL: they can, as far as is known */
} ajp_zone;

/* One number a row, for what it keeps open. */
enum {
#define METER(id) AJP_ROW_##id,
#include "meters.def"
#undef METER
    AJP_N_ROWS
};

struct aj_meter {
    const aj_context *context;
    ajp_arena arena;
    ajp_tree tree;
    ajp_tree proc;            /* the same with the root of procfs */
    ajp_processes *processes; /* NULL: nothing is divided */
    ajp_cpu_time cpu_first, cpu_now;
    double divided_seconds; /* when it was divided last */
    ajp_zone *zones;
    size_t n_zones, n_capacity;
    void *states[AJP_N_ROWS]; /* of rows with a close */
    bool started;
    double start_seconds, last_seconds, start_suspended_seconds, suspended_seconds;
    size_t n_samples;
    double sample_hertz;
    ajp_sampler *sampler;  /* while it runs; else NULL */
    bool fresh;            /* this sample was asked for: rows that look seldom look now */
    char remark[448];      /* that was asked for last */
    char shown[1024];      /* the message of the zone that was asked for last */
    pthread_mutex_t mutex; /* around every sample and every look at the zones */
    ajp_phases phases;     /* of marks that the metered program itself gave; touched by its thread only */
};

struct ajp_meter_ops {
    const char *name, *about, *tried;
    bool on_request; /* only opened by name */
    /* Adds the zones that exist.  NOT_FOUND with why and what to do when there is none. */
    aj_status (*scan)(aj_meter *meter, aj_error *err);
    /* Once it is known that the row opens; its zones begin at `first`.  NULL: nothing to do. */
    void (*opened)(aj_meter *meter, size_t first);
    /* One reading; NULL = the whole number in zone->path. */
    aj_status (*read)(const aj_meter *meter, ajp_zone *zone, uint64_t *raw, aj_error *err);
    /* How much the tree and all processes have used the zone's device since the last call, in any unit.
     * NULL: it is not known.  UNSUPPORTED or DENIED: nor will it be. */
    aj_status (*use)(aj_meter *meter, ajp_zone *zone, double *tree, double *all, aj_error *err);
    void (*close)(aj_meter *meter); /* NULL = nothing is kept open; also after a scan that failed */
    const char *denied;             /* what to do when the system refuses */
    bool fallback;                  /* opened by itself only where no package is measured */
};

#define METER(id) extern const ajp_meter_ops ajp_meter_##id;
#include "meters.def"
#undef METER
const ajp_meter_ops *ajp_meter_row(size_t i); /* NULL past the last */

/* More than any zone of this kind draws, so that a wrap can be told from a reset. */
double ajp_plausible_watts(aj_zone_kind kind);
/* A new zone of the row; its strings are copied.  NULL: out of memory. */
ajp_zone *ajp_zone_add(aj_meter *meter, const ajp_meter_ops *ops, const char *name, const char *path,
                       aj_zone_kind kind, aj_zone_role role);

/* One reading, by the zone's own row; the message says why it failed. */
aj_status ajp_zone_read(const aj_meter *meter, ajp_zone *zone, uint64_t *raw);
/* Adds one reading (or, with a status that is not OK, its absence) at a time. */
void ajp_zone_take(ajp_zone *zone, aj_status status, uint64_t raw, double at_seconds);
/* What the zones of one row around the machine say, NaN when one of them is missing (psys is summed over
 * sockets); what processors and memory that are measured and counted have
 * used. */
double ajp_row_platform_joules(const aj_meter *meter, const ajp_meter_ops *row);
double ajp_inside_joules(const aj_meter *meter);
/* Forgets what was added up. */
void ajp_zone_restart(ajp_zone *zone);
/* The sum until now, an open gap included. */
ajp_zone_sum ajp_zone_sum_until(const ajp_zone *zone, double at_seconds);

/* aj_meter_open with another tree: for tests. */
aj_status ajp_meter_open_tree(aj_meter **out, const aj_context *context, const char *source,
                              const ajp_tree *tree, aj_error *err);
/* The sums as of the latest sample, with the mutex held or the sampler at rest. */
aj_reading ajp_meter_total(const aj_meter *meter);
/* Under the mutex: samples, unless the latest sample is younger, and divides. */
void ajp_meter_refresh(aj_meter *meter, double fresh_seconds);
/* Marks are counted from the sums as they are. */
void ajp_meter_forget_marks(aj_meter *meter);
/* Follows a process tree or a cgroup from now on; `procfs_root` NULL = /proc. */
aj_status ajp_meter_follow(aj_meter *meter, const char *procfs_root, const ajp_followed *whose,
                           aj_error *err);
/* Under the mutex: begins to divide; divides what has come since the last time, where that was so long ago.
 */
void ajp_meter_divide_begin(aj_meter *meter);
void ajp_meter_divide(aj_meter *meter, double least_seconds);
/* CPU time comes in ticks of 10 ms: shorter windows would be mostly noise.  A mark cuts a window short, to
 * AJP_MARK_WINDOW_SECONDS (phases.h). */
#define AJP_WINDOW_SECONDS 1
/* Whether the zone is divided at all: processors and memory by CPU time, devices by who has used them. */
bool ajp_meter_divides(const aj_meter *meter, const ajp_zone *zone);
/* The parts of a zone that now add up to `joules`; NaN where it is not divided. */
ajp_split ajp_meter_split(const aj_meter *meter, const ajp_zone *zone, double joules);

/* Seconds between two samples: 1 / hertz, or less, so that the shortest counter wraps at most once in four.
 */
double ajp_meter_period_seconds(const aj_meter *meter, double hertz);

#endif

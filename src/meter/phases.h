/* phases.h: what marks mean: joules between them, epochs, floating point operations. */
#ifndef AJP_METER_PHASES_H
#define AJP_METER_PHASES_H

#include "attojoule/meter.h"
#include "base/internal.h"

/* The shortest time that CPU time is divided over. */
#define AJP_MARK_WINDOW_SECONDS 0.2

/* Sums since the start, at one moment; NaN: not known. */
typedef struct {
    double seconds, joules, low_joules, high_joules, attributed_joules, own_joules;
    aj_origin origin; /* of joules */
} ajp_moment;
ajp_moment ajp_moment_of(const aj_reading *reading);
/* Joules of the process itself: attributed, and what is not divided; all where nothing is divided. */
double ajp_own_joules(const aj_reading *reading);

/* A name that came up.  The sums are of what has ended. */
typedef struct {
    char *name;
    size_t n, depth; /* depth: begins without their end; only the outermost counts */
    double seconds, joules, low_joules, high_joules, attributed_joules, flops;
    aj_origin origin;
    ajp_moment since; /* where the outermost begin was */
    double since_flops;
} ajp_phase_sum;

typedef struct {
    const aj_context *context;
    ajp_phase_sum *phases;
    size_t n, capacity;
    size_t *open; /* places in phases, innermost last */
    size_t n_open, open_capacity;
    ajp_moment start, last_mark, last_epoch;
    double last_mark_flops;
    double *epoch_joules, *epoch_seconds; /* one number a finished epoch */
    size_t n_epochs_done, joules_capacity, seconds_capacity;
    double before_joules, before_seconds; /* until the first of them began */
    bool skipped;                         /* epochs were reported several at once: no interval */
    double epoch, n_epochs, flops, accuracy_ratio;
    size_t n_marks;
} ajp_phases;

void ajp_phases_begin(ajp_phases *phases, const aj_context *context, const ajp_moment *start);
void ajp_phases_end(ajp_phases *phases); /* frees */
/* BAD_ARGUMENT: an end without its begin. */
aj_status ajp_phases_take(ajp_phases *phases, const aj_marker *marker, const ajp_moment *now, aj_error *err);
/* Phase i, what is open until `now`. */
aj_status ajp_phases_get(const ajp_phases *phases, size_t i, const ajp_moment *now, aj_phase *out,
                         aj_error *err);
/* Everything but what is known of lines that were ignored. */
void ajp_phases_state(const ajp_phases *phases, aj_trace_state *out);

#endif

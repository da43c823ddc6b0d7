/* attribution.h: the joules of processors and memory, divided into a process tree's, idle, and the others'.
 */
#ifndef AJP_METER_ATTRIBUTION_H
#define AJP_METER_ATTRIBUTION_H

#include "processes.h"

/* attributed + idle + others = the measured joules; none is negative. */
typedef struct {
    double attributed_joules, idle_joules, others_joules;
} ajp_split;

/* Idle is what the machine would have drawn anyway, at most what was measured; the rest goes by CPU time. */
ajp_split ajp_split_joules(double measured_joules, double idle_joules, double tree_seconds,
                           double busy_seconds);

/* Of one zone, so far; where the last split ended. */
typedef struct {
    ajp_split sum;
    double joules, at_seconds; /* of the zone at the last split */
    ajp_cpu_time cpu;
} ajp_zone_split;

#endif

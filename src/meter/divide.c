/* divide.c: divides the joules of a running meter among a process tree, idle and others. */
#include <math.h>
#include <string.h>

#include "meter_ops.h"

/* A machine that is busier than this is not idle. */
static const double quiet_ratio = 0.05;

aj_status ajp_meter_follow(aj_meter *meter, const char *procfs_root, const ajp_followed *whose, aj_error *err)
{
    meter->proc = meter->tree;
    meter->proc.root = ajp_arena_strdup(&meter->arena, procfs_root != NULL ? procfs_root : "/proc");
    if (meter->proc.root == NULL) return ajp_no_memory(err, "the process tree");
    return ajp_processes_open(&meter->processes, meter->context, &meter->proc, &meter->tree, whose, err);
}

const char *aj_meter_followed(const aj_meter *meter)
{
    return meter != NULL && meter->processes != NULL ? ajp_processes_about(meter->processes) : NULL;
}

bool ajp_meter_divides(const aj_meter *meter, const ajp_zone *zone)
{
    /* A graphics card's work is not told by CPU time. */
    return meter->processes != NULL && zone->kind != AJ_ZONE_GPU && zone->role != AJ_ZONE_ROLE_UNPLACED;
}

void ajp_meter_divide_begin(aj_meter *meter)
{
    if (meter->processes == NULL) return;
    ajp_cpu_time now;
    if (ajp_processes_update(meter->processes, &now, NULL) == AJ_OK) meter->cpu_now = now;
    meter->cpu_first = meter->cpu_now;
    meter->divided_seconds = meter->start_seconds;
    for (size_t i = 0; i < meter->n_zones; i++) {
        memset(&meter->zones[i].split, 0, sizeof meter->zones[i].split);
        meter->zones[i].split.at_seconds = meter->start_seconds;
        meter->zones[i].split.cpu = meter->cpu_now;
    }
}

/* A zone that cannot be read now is divided when it is back, over the whole time since. */
static void divide_zone(ajp_zone *zone, const ajp_cpu_time *now)
{
    ajp_zone_split *last = &zone->split;
    if (zone->status != AJ_OK || !zone->sum.seen) return;
    double seconds = fmax(zone->sum.at_seconds - last->at_seconds, 0);
    ajp_split part = ajp_split_joules(zone->sum.joules - last->joules, zone->idle_watts * seconds,
                                      now->tree_seconds - last->cpu.tree_seconds,
                                      now->busy_seconds - last->cpu.busy_seconds);
    last->sum.attributed_joules += part.attributed_joules;
    last->sum.idle_joules += part.idle_joules;
    last->joules = zone->sum.joules;
    last->at_seconds = zone->sum.at_seconds;
    last->cpu = *now;
}

void ajp_meter_divide(aj_meter *meter, double least_seconds)
{
    if (meter->processes == NULL) return;
    /* Looking at every process is the larger part of what measuring costs: once a window, not at every
     * sample. */
    if (meter->last_seconds - meter->divided_seconds < least_seconds) return;
    meter->divided_seconds = meter->last_seconds;
    ajp_cpu_time now;
    if (ajp_processes_update(meter->processes, &now, NULL) == AJ_OK) meter->cpu_now = now;
    for (size_t i = 0; i < meter->n_zones; i++)
        if (ajp_meter_divides(meter, &meter->zones[i])) divide_zone(&meter->zones[i], &meter->cpu_now);
}

ajp_split ajp_meter_split(const aj_meter *meter, const ajp_zone *zone, double joules)
{
    ajp_split split = {NAN, NAN, NAN};
    if (!ajp_meter_divides(meter, zone) || !zone->sum.seen) return split;
    split = zone->split.sum;
    split.others_joules = fmax(joules - split.attributed_joules - split.idle_joules, 0);
    return split;
}

aj_status aj_meter_set_idle(aj_meter *meter, size_t i, double idle_watts, aj_origin origin, aj_error *err)
{
    if (meter == NULL || !(idle_watts >= 0 && isfinite(idle_watts)))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "an idle power of %g W; give a number of watts from 0 up",
                        idle_watts);
    if (i >= meter->n_zones)
        return ajp_fail(err, AJ_NOT_FOUND, 0, "the meter has %zu zones, not %zu", meter->n_zones, i + 1);
    pthread_mutex_lock(&meter->mutex);
    meter->zones[i].idle_watts = idle_watts;
    meter->zones[i].idle_origin = origin;
    pthread_mutex_unlock(&meter->mutex);
    return AJ_OK;
}

static aj_status learn(aj_meter *meter, aj_error *err)
{
    double seconds = meter->last_seconds - meter->start_seconds;
    double busy = meter->cpu_now.busy_seconds - meter->cpu_first.busy_seconds;
    if (!(seconds >= AJP_WINDOW_SECONDS))
        return ajp_fail(err, AJ_NOT_MET, 0,
                        "%.3g s are too short to learn the idle power from; wait a second or more", seconds);
    if (busy > quiet_ratio * seconds * meter->cpu_now.n_processors)
        return ajp_fail(
            err, AJ_NOT_MET, 0,
            "the machine was not idle (%.3g s of CPU time in %.3g s); end other programs and try again", busy,
            seconds);
    for (size_t i = 0; i < meter->n_zones; i++) {
        ajp_zone *zone = &meter->zones[i];
        ajp_zone_sum sum = ajp_zone_sum_until(zone, meter->last_seconds);
        if (!sum.seen || sum.lower_bound) continue;
        zone->idle_watts = sum.joules / seconds;
        zone->idle_origin = zone->origin;
    }
    return AJ_OK;
}

aj_status aj_meter_learn_idle(aj_meter *meter, aj_error *err)
{
    if (meter == NULL || !meter->started)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "the meter was not started; call aj_meter_start first");
    if (meter->processes == NULL)
        return ajp_fail(err, AJ_UNSUPPORTED, 0,
                        "without a pid the meter does not look at CPU time; give it one");
    pthread_mutex_lock(&meter->mutex);
    ajp_meter_divide(meter, 0);
    aj_status st = learn(meter, err);
    pthread_mutex_unlock(&meter->mutex);
    return st;
}

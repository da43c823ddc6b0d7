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

/* The work of a device is not told by CPU time.  Where its driver names only processes that /proc does not
 * show (a container), nobody can say whether they are ours. */
static bool tells_users(const ajp_zone *zone)
{
    return zone->ops->use != NULL && zone->undivided == NULL &&
           (zone->use.n_visible > 0 || zone->use.n_invisible == 0);
}

bool ajp_meter_divides(const aj_meter *meter, const ajp_zone *zone)
{
    if (meter->processes == NULL || zone->role == AJ_ZONE_ROLE_UNPLACED) return false;
    return zone->kind != AJ_ZONE_GPU || tells_users(zone);
}

/* Use of a device since the last call; false: it cannot be read now, or never. */
static bool read_use(aj_meter *meter, ajp_zone *zone, double *tree, double *all)
{
    if (zone->ops->use == NULL || zone->undivided != NULL) return false;
    aj_status st = zone->ops->use(meter, zone, tree, all, NULL);
    if (st == AJ_UNSUPPORTED || st == AJ_DENIED) zone->undivided = "its driver does not tell who uses it";
    return st == AJ_OK;
}

static void begin_zone(aj_meter *meter, ajp_zone *zone)
{
    double tree, all;
    memset(&zone->split, 0, sizeof zone->split);
    zone->split.at_seconds = meter->start_seconds;
    zone->split.cpu = meter->cpu_now;
    if (zone->kind != AJ_ZONE_GPU) return;
    read_use(meter, zone, &tree, &all); /* what came before the start */
    zone->use.n_visible = zone->use.n_invisible = 0;
    zone->use.all = 0;
}

void ajp_meter_divide_begin(aj_meter *meter)
{
    if (meter->processes == NULL) return;
    ajp_cpu_time now;
    if (ajp_processes_update(meter->processes, &now, NULL) == AJ_OK) meter->cpu_now = now;
    meter->cpu_first = meter->cpu_now;
    meter->divided_seconds = meter->start_seconds;
    for (size_t i = 0; i < meter->n_zones; i++) begin_zone(meter, &meter->zones[i]);
}

/* A zone that cannot be read now is divided when it is back, over the whole time since. */
static void divide_zone(aj_meter *meter, ajp_zone *zone)
{
    ajp_zone_split *last = &zone->split;
    const ajp_cpu_time *now = &meter->cpu_now;
    if (zone->status != AJ_OK || !zone->sum.seen) return;
    double joules = zone->sum.joules - last->joules;
    double idle = zone->idle_watts * fmax(zone->sum.at_seconds - last->at_seconds, 0);
    double tree = now->tree_seconds - last->cpu.tree_seconds,
           all = now->busy_seconds - last->cpu.busy_seconds;
    if (zone->kind == AJ_ZONE_GPU) {
        if (!read_use(meter, zone, &tree, &all)) return;
        zone->use.all += all;
        if (!(all > 0)) idle = joules; /* nobody has used it */
    }
    ajp_split part = ajp_split_joules(joules, idle, tree, all);
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
        if (meter->zones[i].role != AJ_ZONE_ROLE_UNPLACED) divide_zone(meter, &meter->zones[i]);
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
        if (!sum.seen || sum.lower_bound || zone->use.all > 0) continue; /* or a card was in use */
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

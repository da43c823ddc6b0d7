/* meter.c: samples the zones of a meter and adds them up without counting a joule twice. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "meter_ops.h"

/* Counters of processors are updated about every millisecond, unevenly.  Without this a short step right
 * after a long update would look like a reset. */
static const double counter_update_seconds = 0.02;
/* Counters do not move in a shorter time. */
static const double counter_step_seconds = 0.001;

ajp_zone *ajp_zone_add(aj_meter *meter, const ajp_meter_ops *ops, const char *name, const char *path,
                       aj_zone_kind kind, aj_zone_role role)
{
    void *array = meter->zones;
    aj_status st = ajp_grow(meter->context, &array, &meter->n_capacity, meter->n_zones + 1,
                            sizeof *meter->zones, "the zones of the meter", NULL);
    meter->zones = array;
    char *own_name = ajp_arena_strdup(&meter->arena, name), *own_path = ajp_arena_strdup(&meter->arena, path);
    if (st != AJ_OK || own_name == NULL || own_path == NULL) return NULL;
    ajp_zone *zone = &meter->zones[meter->n_zones++];
    memset(zone, 0, sizeof *zone);
    zone->ops = ops;
    zone->name = own_name;
    zone->path = own_path;
    zone->kind = kind;
    zone->role = role;
    zone->idle_origin = AJ_ASSUMED;
    zone->counter.update_seconds = counter_update_seconds;
    zone->counter.plausible_watts = ajp_plausible_watts(kind);
    for (size_t i = 0; i < AJP_ZONE_FILES; i++) zone->fds[i] = -1;
    ajp_zone_restart(zone);
    return zone;
}

/* ---- reading ----------------------------------------------------------------------------------- */

aj_status ajp_zone_read(const aj_meter *meter, ajp_zone *zone, uint64_t *raw)
{
    aj_error why = {AJ_OK, 0, ""};
    aj_status st = zone->ops->read != NULL
                       ? zone->ops->read(meter, zone, raw, &why)
                       : ajp_tree_count_at(&meter->tree, zone->path, &zone->fds[0], raw, &why);
    /* Absent and lost differ: what was listed once and is gone now is lost. */
    if (st == AJ_NOT_FOUND && zone->sum.seen) st = AJ_IO;
    if (st == AJ_DENIED)
        snprintf(zone->message, sizeof zone->message, "%s: %s",
                 zone->path[0] != '\0' ? zone->path : zone->name, zone->ops->denied);
    else if (st != AJ_OK)
        snprintf(zone->message, sizeof zone->message, "%.*s", (int)sizeof zone->message - 1, why.message);
    return st;
}

/* Whoever was stopped, or paused with its virtual machine, has not seen what was drawn meanwhile. */
static double longest_step_seconds(const aj_meter *meter)
{
    static const double least_seconds = 2, n_periods = 10;
    return meter->sample_hertz > 0 ? fmax(n_periods / meter->sample_hertz, least_seconds) : 0;
}

/* Shorter ones are the distance between two clocks that were read one after the other. */
static const double least_sleep_seconds = 0.01;

static void look_for_sleep(aj_meter *meter)
{
    double now = meter->tree.suspended_seconds(meter->tree.user);
    bool slept = now - meter->suspended_seconds > least_sleep_seconds;
    for (size_t i = 0; slept && i < meter->n_zones; i++) meter->zones[i].slept = true;
    meter->suspended_seconds = fmax(now, meter->suspended_seconds);
}

/* Counters that are in no sum and lose nothing by being read once a second. */
static bool may_wait(const ajp_zone *zone, double now_seconds)
{
    static const double seldom_seconds = 0.95;
    return (zone->role == AJ_ZONE_ROLE_COPY || zone->role == AJ_ZONE_ROLE_PART) && !(zone->unit_watts > 0) &&
           zone->status == AJ_OK && zone->sum.seen && now_seconds - zone->sum.at_seconds < seldom_seconds;
}

static void sample_zones(aj_meter *meter, bool fresh)
{
    meter->fresh = fresh;
    look_for_sleep(meter);
    /* One time a zone, taken around its own reading: the next zones may be slow. */
    for (size_t i = 0; i < meter->n_zones; i++) {
        uint64_t raw = 0;
        double before = meter->tree.now_seconds(meter->tree.user);
        if (!fresh && may_wait(&meter->zones[i], before)) continue;
        aj_status st = ajp_zone_read(meter, &meter->zones[i], &raw);
        double after = meter->tree.now_seconds(meter->tree.user);
        ajp_zone_take(&meter->zones[i], st, raw, 0.5 * (before + after));
        meter->last_seconds = after;
    }
    meter->n_samples++;
}

static void sample(aj_meter *meter, bool fresh)
{
    pthread_mutex_lock(&meter->mutex);
    sample_zones(meter, fresh);
    ajp_meter_divide(meter, AJP_WINDOW_SECONDS);
    pthread_mutex_unlock(&meter->mutex);
}

static void sample_in_turn(void *user)
{
    sample(user, false);
}

double ajp_meter_period_seconds(const aj_meter *meter, double hertz)
{
    double period = 1 / hertz;
    for (size_t i = 0; i < meter->n_zones; i++) {
        const ajp_counter *counter = &meter->zones[i].counter;
        double range_joules = (double)counter->modulus * counter->unit_joules;
        if (counter->modulus != 0) period = fmin(period, 0.25 * range_joules / counter->plausible_watts);
    }
    return period;
}

/* ---- running --------------------------------------------------------------------------------------- */

static void halt(aj_meter *meter)
{
    ajp_sampler_stop(meter->sampler);
    meter->sampler = NULL;
}

aj_status aj_meter_start(aj_meter *meter, aj_error *err)
{
    if (meter == NULL) return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "aj_meter_start: no meter");
    halt(meter);
    for (size_t i = 0; i < meter->n_zones; i++) {
        ajp_zone_restart(&meter->zones[i]);
        meter->zones[i].slept = false;
        meter->zones[i].longest_step_seconds = longest_step_seconds(meter);
    }
    meter->started = true;
    meter->n_samples = 0;
    meter->start_seconds = meter->tree.now_seconds(meter->tree.user);
    meter->start_suspended_seconds = meter->tree.suspended_seconds(meter->tree.user);
    meter->suspended_seconds = meter->start_suspended_seconds;
    sample_zones(meter, true);
    ajp_meter_divide_begin(meter);
    ajp_meter_forget_marks(meter);
    if (!(meter->sample_hertz > 0)) return AJ_OK;
    return ajp_sampler_start(&meter->sampler, meter->context,
                             ajp_meter_period_seconds(meter, meter->sample_hertz), sample_in_turn, meter,
                             err);
}

static aj_status check_started(const aj_meter *meter, aj_error *err)
{
    if (meter != NULL && meter->started) return AJ_OK;
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "the meter was not started; call aj_meter_start first");
}

aj_status aj_meter_sample(aj_meter *meter, aj_error *err)
{
    AJ_TRY(check_started(meter, err));
    sample(meter, true);
    return AJ_OK;
}

static aj_origin worst(aj_origin a, aj_origin b)
{
    return a > b ? a : b;
}

/* Adds a counted zone; one that says nothing makes the sum a lower bound. */
static void add_counted(aj_reading *sum, const ajp_zone *zone, const ajp_zone_sum *part)
{
    sum->gap_seconds = fmax(sum->gap_seconds, part->gap_seconds);
    sum->longest_gap_seconds = fmax(sum->longest_gap_seconds, part->longest_gap_seconds);
    if (!part->seen) {
        sum->lower_bound = true;
        sum->high_joules += zone->counter.plausible_watts * sum->duration_seconds;
        return;
    }
    if (sum->covers == 0) sum->energy_joules.value = 0;
    sum->energy_joules.origin = worst(sum->energy_joules.origin, zone->origin);
    sum->covers |= 1u << zone->kind;
    sum->energy_joules.value += part->joules;
    sum->low_joules += part->low_joules;
    sum->high_joules += part->high_joules;
    sum->lower_bound = sum->lower_bound || part->lower_bound;
}

/* What a zone that is measured gives to the parts; one that is not divided is a part of its own. */
static void add_split(aj_reading *sum, const aj_meter *meter, const ajp_zone *zone, double joules)
{
    ajp_split split = ajp_meter_split(meter, zone, joules);
    if (isnan(sum->undivided_joules)) sum->undivided_joules = 0;
    if (isnan(split.attributed_joules)) {
        sum->undivided_joules += joules;
        return;
    }
    if (isnan(sum->idle_joules)) sum->attributed_joules.value = sum->idle_joules = sum->others_joules = 0;
    sum->attributed_joules.value += split.attributed_joules;
    sum->idle_joules += split.idle_joules;
    sum->others_joules += split.others_joules;
    sum->attributed_joules.origin = worst(sum->attributed_joules.origin, zone->origin);
    if (zone->kind != AJ_ZONE_GPU) return;
    if (isnan(sum->gpu_idle_joules))
        sum->gpu_attributed_joules.value = sum->gpu_idle_joules = sum->gpu_others_joules = 0;
    sum->gpu_attributed_joules.value += split.attributed_joules;
    sum->gpu_idle_joules += split.idle_joules;
    sum->gpu_others_joules += split.others_joules;
    sum->gpu_attributed_joules.origin = worst(sum->gpu_attributed_joules.origin, zone->origin);
}

double ajp_row_platform_joules(const aj_meter *meter, const ajp_meter_ops *row)
{
    double joules = NAN;
    for (size_t i = 0; i < meter->n_zones; i++) {
        const ajp_zone *zone = &meter->zones[i];
        if (zone->role != AJ_ZONE_ROLE_COVERS || zone->ops != row || zone->origin != AJ_MEASURED) continue;
        ajp_zone_sum part = ajp_zone_sum_until(zone, meter->last_seconds);
        if (!part.seen || part.lower_bound) return NAN;
        joules = isnan(joules) ? part.joules : joules + part.joules;
    }
    return joules;
}

double ajp_inside_joules(const aj_meter *meter)
{
    double joules = 0;
    for (size_t i = 0; i < meter->n_zones; i++) {
        const ajp_zone *zone = &meter->zones[i];
        if (zone->role == AJ_ZONE_ROLE_COUNTED && zone->kind != AJ_ZONE_GPU && zone->origin == AJ_MEASURED &&
            zone->sum.seen)
            joules += zone->sum.joules;
    }
    return joules;
}

/* The platform is believed only where it is at least what its processors and memory used: boards that do not
 * wire the sensor show next to nothing.  The first row that can be believed speaks; the others are views of
 * the same joules. */
static double platform_joules(const aj_meter *meter, double inside_joules)
{
    for (size_t i = 0; ajp_meter_row(i) != NULL; i++) {
        double joules = ajp_row_platform_joules(meter, ajp_meter_row(i));
        if (joules >= inside_joules) return joules;
    }
    return NAN;
}

aj_reading ajp_meter_total(const aj_meter *meter)
{
    aj_reading sum = {.energy_joules = {NAN, NAN, AJ_MEASURED},
                      .n_samples = meter->n_samples,
                      .attributed_joules = {NAN, NAN, AJ_MODELLED},
                      .idle_joules = NAN,
                      .others_joules = NAN,
                      .tree_cpu_seconds = NAN,
                      .busy_cpu_seconds = NAN,
                      .gpu_attributed_joules = {NAN, NAN, AJ_MODELLED},
                      .gpu_idle_joules = NAN,
                      .gpu_others_joules = NAN,
                      .undivided_joules = NAN};
    if (meter->processes != NULL) {
        sum.tree_cpu_seconds = meter->cpu_now.tree_seconds - meter->cpu_first.tree_seconds;
        sum.busy_cpu_seconds = meter->cpu_now.busy_seconds - meter->cpu_first.busy_seconds;
    }
    double asleep = meter->tree.suspended_seconds(meter->tree.user) - meter->start_suspended_seconds;
    sum.suspended_seconds =
        asleep < 0.001 ? 0 : asleep; /* two clocks read one after the other differ by less */
    sum.duration_seconds = meter->last_seconds - meter->start_seconds;
    for (size_t i = 0; i < meter->n_zones; i++) {
        const ajp_zone *zone = &meter->zones[i];
        if (zone->role != AJ_ZONE_ROLE_COUNTED) continue;
        ajp_zone_sum part = ajp_zone_sum_until(zone, meter->last_seconds);
        add_counted(&sum, zone, &part);
        if (meter->processes != NULL && part.seen) add_split(&sum, meter, zone, part.joules);
    }
    if (sum.covers == 0) sum.low_joules = sum.high_joules = NAN;
    sum.platform_joules = platform_joules(meter, ajp_inside_joules(meter));
    return sum;
}

void ajp_meter_refresh(aj_meter *meter, double fresh_seconds)
{
    if (meter->tree.now_seconds(meter->tree.user) - meter->last_seconds >= fresh_seconds)
        sample_zones(meter, true);
    ajp_meter_divide(meter, AJP_MARK_WINDOW_SECONDS);
}

aj_status aj_meter_now(aj_meter *meter, aj_reading *out, aj_error *err)
{
    AJ_TRY(check_started(meter, err));
    pthread_mutex_lock(&meter->mutex);
    ajp_meter_refresh(meter, counter_step_seconds);
    aj_reading sum = ajp_meter_total(meter);
    pthread_mutex_unlock(&meter->mutex);
    if (out != NULL) *out = sum;
    return AJ_OK;
}

aj_status aj_meter_stop(aj_meter *meter, aj_reading *out, aj_error *err)
{
    if (meter != NULL) halt(meter);
    AJ_TRY(aj_meter_sample(meter, err));
    ajp_meter_divide(meter, 0);
    aj_reading sum = ajp_meter_total(meter);
    if (out != NULL) *out = sum;
    return AJ_OK;
}

aj_status aj_meter_zone(aj_meter *meter, size_t i, aj_zone_reading *out, aj_error *err)
{
    if (meter == NULL || out == NULL) return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "aj_meter_zone: no meter");
    if (i >= meter->n_zones)
        return ajp_fail(err, AJ_NOT_FOUND, 0, "the meter has %zu zones, not %zu", meter->n_zones, i + 1);
    pthread_mutex_lock(&meter->mutex);
    const ajp_zone *zone = &meter->zones[i];
    ajp_zone_sum sum = ajp_zone_sum_until(zone, meter->last_seconds);
    ajp_split split = ajp_meter_split(meter, zone, sum.joules);
    snprintf(meter->shown, sizeof meter->shown, "%s",
             zone->message[0] == '\0' && zone->note != NULL ? zone->note : zone->message);
    *out = (aj_zone_reading){
        .source = zone->ops->name,
        .name = zone->name,
        .file = zone->path,
        .parent = zone->parent,
        .kind = zone->kind,
        .role = zone->role,
        .status = zone->status,
        .message = meter->shown,
        .energy_joules = {sum.joules, NAN, zone->origin},
        .low_joules = sum.low_joules,
        .high_joules = sum.high_joules,
        .gap_seconds = sum.gap_seconds,
        .lower_bound = sum.lower_bound,
        .n_samples = sum.n_samples,
        .n_wraps = sum.n_wraps,
        .n_resets = sum.n_resets,
        .n_gaps = sum.n_gaps,
        .attributed_joules = split.attributed_joules,
        .idle_joules = split.idle_joules,
        .others_joules = split.others_joules,
        .idle_watts = zone->idle_watts,
        .idle_origin = zone->idle_origin,
    };
    pthread_mutex_unlock(&meter->mutex);
    return AJ_OK;
}

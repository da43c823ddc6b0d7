/* remark.c: what a reader of the figures should know beside them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "meter_ops.h"

/* Two views of one counter are read one after the other and are updated every few milliseconds: over a second
 * or more, and a few joules, they are within a percent. */
static const double least_seconds = 1, least_joules = 5, agree_ratio = 0.05;

/* Counts down to the remark that was asked for; each rule says one. */
typedef struct {
    aj_meter *meter;
    size_t wanted;
    bool found;
} remarks;

static bool next_is_wanted(remarks *r)
{
    if (r->found || r->wanted-- > 0) return false;
    r->found = true;
    return true;
}

/* Boards that do not wire the sensor of the platform show less than its parts have used. */
static void unwired(remarks *r, const ajp_meter_ops *row, double inside_joules)
{
    double joules = ajp_row_platform_joules(r->meter, row);
    if (!(joules < inside_joules) || !next_is_wanted(r)) return;
    snprintf(r->meter->remark, sizeof r->meter->remark,
             "%s shows %.4g J for the whole machine and %.4g J for its processors and memory: the sensor of "
             "the whole is not wired here and is not used",
             row->name, joules, inside_joules);
}

static const ajp_zone *original_of(const aj_meter *meter, const ajp_zone *copy)
{
    for (size_t i = 0; copy->parent != NULL && i < meter->n_zones; i++)
        if (&meter->zones[i] != copy && meter->zones[i].role != AJ_ZONE_ROLE_COPY &&
            strcmp(meter->zones[i].name, copy->parent) == 0)
            return &meter->zones[i];
    return NULL;
}

static void disagreeing(remarks *r, const ajp_zone *copy)
{
    const aj_meter *meter = r->meter;
    const ajp_zone *original = original_of(meter, copy);
    if (original == NULL || !(meter->last_seconds - meter->start_seconds >= least_seconds)) return;
    ajp_zone_sum a = ajp_zone_sum_until(original, meter->last_seconds);
    ajp_zone_sum b = ajp_zone_sum_until(copy, meter->last_seconds);
    double more = fmax(a.joules, b.joules);
    if (!a.seen || !b.seen || a.lower_bound || b.lower_bound || !(more >= least_joules) ||
        fabs(a.joules - b.joules) <= agree_ratio * more || !next_is_wanted(r))
        return;
    snprintf(r->meter->remark, sizeof r->meter->remark,
             "%s of %s and %s of %s should show the same joules, and differ by %.0f %% (%.4g and %.4g J): do "
             "not rely on either before it is known why",
             original->name, original->ops->name, copy->name, copy->ops->name,
             100 * fabs(a.joules - b.joules) / more, a.joules, b.joules);
}

/* A counted zone that is not divided, where the others are. */
static void undivided(remarks *r, const ajp_zone *zone)
{
    if (r->meter->processes == NULL || zone->role != AJ_ZONE_ROLE_COUNTED ||
        ajp_meter_divides(r->meter, zone) || !next_is_wanted(r))
        return;
    snprintf(r->meter->remark, sizeof r->meter->remark, "%s is not divided: %s", zone->name,
             zone->undivided != NULL ? zone->undivided
             : zone->ops->use == NULL
                 ? "its driver does not tell who uses it"
                 : "its driver names only processes that /proc does not show; in a container, share the "
                   "host's numbers (docker run --pid=host)");
}

/* Users that are not to be seen are taken for others'. */
static void partly_hidden(remarks *r, const ajp_zone *zone)
{
    if (zone->use.n_invisible == 0 || !ajp_meter_divides(r->meter, zone) || !next_is_wanted(r)) return;
    snprintf(r->meter->remark, sizeof r->meter->remark,
             "%s was also used by processes that /proc does not show: their share is among the others'",
             zone->name);
}

const char *aj_meter_remark(aj_meter *meter, size_t i)
{
    if (meter == NULL || !meter->started) return NULL;
    remarks r = {meter, i, false};
    pthread_mutex_lock(&meter->mutex);
    double inside_joules = ajp_inside_joules(meter);
    for (size_t k = 0; ajp_meter_row(k) != NULL; k++) unwired(&r, ajp_meter_row(k), inside_joules);
    for (size_t k = 0; k < meter->n_zones; k++)
        if (meter->zones[k].role == AJ_ZONE_ROLE_COPY) disagreeing(&r, &meter->zones[k]);
    for (size_t k = 0; k < meter->n_zones; k++) {
        undivided(&r, &meter->zones[k]);
        partly_hidden(&r, &meter->zones[k]);
    }
    pthread_mutex_unlock(&meter->mutex);
    return r.found ? meter->remark : NULL;
}

/* zone.c: what one zone adds up, and what it says about the time it could not see. */
#include "meter_ops.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Larger than any zone of the kind has drawn, small enough that half a minute between samples tells a wrap
 * from a reset (the shortest range in use is AMD's 65.5 kJ: 43 s at 1500 W).  Packages: the largest sockets
 * sold are rated 500 W and may draw twice that for milliseconds.  A GPU module: rated up to 1000-1200 W.
 * A machine: NVIDIA's DGX B200 is rated 14.3 kW (data sheet). */
double ajp_plausible_watts(aj_zone_kind kind)
{
    static const double watts[AJ_N_ZONE_KINDS] = {
        [AJ_ZONE_PACKAGE] = 1500, [AJ_ZONE_CORE] = 1500,      [AJ_ZONE_UNCORE] = 1500, [AJ_ZONE_DRAM] = 500,
        [AJ_ZONE_GPU] = 3000,     [AJ_ZONE_PLATFORM] = 20000, [AJ_ZONE_OTHER] = 6000,
    };
    return (unsigned)kind < AJ_N_ZONE_KINDS ? watts[kind] : 0;
}

void ajp_zone_restart(ajp_zone *zone)
{
    memset(&zone->sum, 0, sizeof zone->sum);
    zone->sum.open_gap_seconds = NAN;
}

static void close_gap(ajp_zone_sum *sum, double from_seconds, double to_seconds)
{
    double length = fmax(to_seconds - from_seconds, 0);
    sum->gap_seconds += length;
    sum->longest_gap_seconds = fmax(sum->longest_gap_seconds, length);
    sum->open_gap_seconds = NAN;
}

/* The machine slept between two readings.  What the counter holds of the sleep cannot be told from what was
 * used awake: a difference that the awake time explains is taken, as the most that it was; any other one
 * (slept through, or begun anew) leaves that time unknown. */
static ajp_step across_sleep(const ajp_zone *zone, ajp_step step, double elapsed_seconds)
{
    if (step.kind == AJP_STEP_FORWARD || step.kind == AJP_STEP_WRAP) {
        step.low_joules = 0;
        return step;
    }
    double most = zone->counter.plausible_watts * fmax(elapsed_seconds, 0);
    return (ajp_step){AJP_STEP_JUMP, 0, 0, most};
}

static void take_counter(ajp_zone *zone, uint64_t raw, double at_seconds)
{
    ajp_zone_sum *sum = &zone->sum;
    ajp_step step;
    double from = sum->at_seconds;
    if (ajp_counter_step(&zone->counter, sum->raw, raw, at_seconds - from, &step, NULL) != AJ_OK) return;
    if (zone->slept) step = across_sleep(zone, step, at_seconds - from);
    sum->joules += step.joules;
    bool modelled = zone->ends_joules != NULL && step.kind == AJP_STEP_FORWARD;
    sum->low_joules += modelled ? zone->ends_joules[0] - sum->ends_joules[0] : step.low_joules;
    sum->high_joules += modelled ? zone->ends_joules[1] - sum->ends_joules[1] : step.high_joules;
    sum->n_wraps += step.kind == AJP_STEP_WRAP;
    if (step.kind != AJP_STEP_RESET && step.kind != AJP_STEP_JUMP) return;
    sum->n_resets++;
    sum->lower_bound = true;
    if (!isnan(sum->open_gap_seconds)) return; /* counted when that gap is closed */
    sum->n_gaps++;
    sum->open_gap_seconds = from;
}

/* Sensors of power are integrated only between two good readings that follow each other soon. */
static void take_power(ajp_zone *zone, uint64_t raw, double at_seconds)
{
    ajp_zone_sum *sum = &zone->sum;
    double seconds = fmax(at_seconds - sum->at_seconds, 0);
    if (isnan(sum->open_gap_seconds) && zone->longest_step_seconds > 0 &&
        seconds > zone->longest_step_seconds) {
        sum->n_gaps++;
        sum->open_gap_seconds = sum->at_seconds;
    }
    if (!isnan(sum->open_gap_seconds)) {
        sum->lower_bound = true;
        sum->high_joules += zone->counter.plausible_watts * seconds;
        return;
    }
    double joules = 0.5 * ((double)sum->raw + (double)raw) * zone->unit_watts * seconds;
    sum->joules += joules;
    sum->low_joules += joules;
    sum->high_joules += joules;
}

static bool in_range(const ajp_zone *zone, uint64_t raw)
{
    if (zone->unit_watts > 0) return (double)raw * zone->unit_watts <= zone->counter.plausible_watts;
    return zone->counter.modulus == 0 || raw < zone->counter.modulus;
}

void ajp_zone_take(ajp_zone *zone, aj_status status, uint64_t raw, double at_seconds)
{
    ajp_zone_sum *sum = &zone->sum;
    zone->status = status;
    if (status == AJ_OK && !in_range(zone, raw)) {
        zone->status = AJ_CORRUPT;
        snprintf(zone->message, sizeof zone->message, "%s: reads %" PRIu64 ", more than it can hold or draw",
                 zone->path[0] != '\0' ? zone->path : zone->name, raw);
    }
    if (zone->status != AJ_OK) {
        if (!isnan(sum->open_gap_seconds)) return;
        sum->open_gap_seconds = sum->seen ? sum->at_seconds : at_seconds;
        sum->n_gaps++;
        return;
    }
    zone->message[0] = '\0';
    sum->n_samples++;
    if (sum->seen && zone->unit_watts > 0)
        take_power(zone, raw, at_seconds);
    else if (sum->seen)
        take_counter(zone, raw, at_seconds);
    zone->slept = false;
    if (!isnan(sum->open_gap_seconds)) {
        if (!sum->seen) { /* nothing is known of the time before the first good reading */
            sum->lower_bound = true;
            sum->high_joules += zone->counter.plausible_watts * (at_seconds - sum->open_gap_seconds);
        }
        close_gap(sum, sum->open_gap_seconds, at_seconds);
    }
    if (zone->unit_watts > 0) {
        double watts = (double)raw * zone->unit_watts;
        sum->least_watts = sum->seen ? fmin(sum->least_watts, watts) : watts;
        sum->most_watts = sum->seen ? fmax(sum->most_watts, watts) : watts;
    }
    sum->seen = true;
    sum->raw = raw;
    sum->at_seconds = at_seconds;
    for (int end = 0; zone->ends_joules != NULL && end < 2; end++)
        sum->ends_joules[end] = zone->ends_joules[end];
}

ajp_zone_sum ajp_zone_sum_until(const ajp_zone *zone, double at_seconds)
{
    ajp_zone_sum sum = zone->sum;
    double open = sum.open_gap_seconds;
    if (!isnan(open)) {
        close_gap(&sum, open, at_seconds);
        sum.lower_bound = true;
        sum.high_joules += zone->counter.plausible_watts * fmax(at_seconds - open, 0);
    }
    /* A sensor that shows an earlier time: at either end the power may have been any that was seen. */
    double spread = zone->lag_seconds * (sum.most_watts - sum.least_watts) + zone->error_ratio * sum.joules;
    if (spread > 0) {
        sum.low_joules = fmax(sum.low_joules - spread, 0);
        sum.high_joules += spread;
    }
    if (!sum.seen) sum.joules = sum.low_joules = sum.high_joules = NAN;
    return sum;
}

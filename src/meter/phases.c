/* phases.c: adds up what happens between marks. */
#include "phases.h"

#include <math.h>
#include <string.h>

/* A program that gives every step its own name must not fill the memory: further names become one. */
enum { MOST_NAMES = 4096, LONGEST_SKIP = 10000 };
static const char further_names[] = "(further names)";

double ajp_own_joules(const aj_reading *reading)
{
    if (isnan(reading->attributed_joules.value)) return reading->energy_joules.value;
    return fmax(reading->energy_joules.value - reading->idle_joules - reading->others_joules,
                reading->attributed_joules.value);
}

ajp_moment ajp_moment_of(const aj_reading *reading)
{
    return (ajp_moment){
        reading->duration_seconds,    reading->energy_joules.value,     reading->low_joules,
        reading->high_joules,         reading->attributed_joules.value, ajp_own_joules(reading),
        reading->energy_joules.origin};
}

static void *given(const aj_context *context, void **array, size_t *capacity, size_t n, size_t size)
{
    return ajp_grow(context, array, capacity, n, size, "the marks", NULL) == AJ_OK ? *array : NULL;
}

void ajp_phases_begin(ajp_phases *phases, const aj_context *context, const ajp_moment *start)
{
    memset(phases, 0, sizeof *phases);
    phases->context = context;
    phases->start = phases->last_mark = phases->last_epoch = *start;
    phases->last_mark_flops = phases->flops = phases->accuracy_ratio = NAN;
    phases->epoch = phases->n_epochs = NAN;
    phases->before_joules = phases->before_seconds = 0;
}

void ajp_phases_end(ajp_phases *phases)
{
    for (size_t i = 0; i < phases->n; i++) ajp_free(phases->context, phases->phases[i].name);
    ajp_free(phases->context, phases->phases);
    ajp_free(phases->context, phases->open);
    ajp_free(phases->context, phases->epoch_joules);
    ajp_free(phases->context, phases->epoch_seconds);
    memset(phases, 0, sizeof *phases);
}

/* ---- phases -------------------------------------------------------------------------------------- */

static ajp_phase_sum *find(ajp_phases *phases, const char *name)
{
    for (size_t i = 0; i < phases->n; i++)
        if (strcmp(phases->phases[i].name, name) == 0) return &phases->phases[i];
    return NULL;
}

static ajp_phase_sum *find_or_add(ajp_phases *phases, const char *name)
{
    ajp_phase_sum *phase = find(phases, name);
    if (phase != NULL) return phase;
    if (phases->n >= MOST_NAMES && strcmp(name, further_names) != 0)
        return find_or_add(phases, further_names);
    void *array = phases->phases;
    phase = given(phases->context, &array, &phases->capacity, phases->n + 1, sizeof *phase);
    phases->phases = array;
    char *own = phase != NULL ? ajp_strdup(phases->context, name) : NULL;
    if (own == NULL) return NULL;
    phase = &phases->phases[phases->n++];
    *phase = (ajp_phase_sum){.name = own, .flops = NAN};
    return phase;
}

/* The difference of two sums that may both be unknown at first: what was not known then was 0. */
static double since(double now, double then)
{
    return isnan(then) ? now : now - then;
}

/* Adds from ... now.  An interval of sums is not always monotone (a gap that closes gives joules back), so it
 * is held around its value. */
static void add(ajp_phase_sum *to, const ajp_moment *from, const ajp_moment *now)
{
    double joules = since(now->joules, from->joules);
    to->seconds += now->seconds - from->seconds;
    to->joules += joules;
    to->low_joules += fmax(fmin(since(now->low_joules, from->low_joules), joules), 0);
    to->high_joules += fmax(since(now->high_joules, from->high_joules), joules);
    to->attributed_joules += since(now->attributed_joules, from->attributed_joules);
    if (now->origin > to->origin) to->origin = now->origin;
}

static void add_flops(ajp_phase_sum *to, double from, double now)
{
    double flops = since(now, from);
    if (isnan(now) || !(flops > 0)) return;
    to->flops = isnan(to->flops) ? flops : to->flops + flops;
}

static aj_status take_mark(ajp_phases *phases, const char *name, const ajp_moment *now, aj_error *err)
{
    ajp_phase_sum *phase = find_or_add(phases, name);
    if (phase == NULL) return ajp_no_memory(err, "the marks");
    add(phase, &phases->last_mark, now);
    add_flops(phase, phases->last_mark_flops, phases->flops);
    phase->n++;
    phases->last_mark = *now;
    phases->last_mark_flops = phases->flops;
    return AJ_OK;
}

static aj_status take_begin(ajp_phases *phases, const char *name, const ajp_moment *now, aj_error *err)
{
    ajp_phase_sum *phase = find_or_add(phases, name);
    void *array = phases->open;
    size_t *open = given(phases->context, &array, &phases->open_capacity, phases->n_open + 1, sizeof *open);
    phases->open = array;
    if (phase == NULL || open == NULL) return ajp_no_memory(err, "the marks");
    open[phases->n_open++] = (size_t)(phase - phases->phases);
    if (phase->depth++ > 0) return AJ_OK;
    phase->since = *now;
    phase->since_flops = phases->flops;
    return AJ_OK;
}

static void close_innermost(ajp_phases *phases, size_t place)
{
    size_t at = phases->n_open;
    while (phases->open[--at] != place) continue;
    memmove(&phases->open[at], &phases->open[at + 1], (phases->n_open - at - 1) * sizeof *phases->open);
    phases->n_open--;
}

static aj_status take_end(ajp_phases *phases, const char *name, const ajp_moment *now, aj_error *err)
{
    ajp_phase_sum *phase = find(phases, name);
    if (phase == NULL && phases->n >= MOST_NAMES) phase = find(phases, further_names);
    if (phase == NULL || phase->depth == 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'end %.80s' has no 'begin %.80s' before it", name, name);
    close_innermost(phases, (size_t)(phase - phases->phases));
    if (--phase->depth > 0) return AJ_OK;
    add(phase, &phase->since, now);
    add_flops(phase, phase->since_flops, phases->flops);
    phase->n++;
    return AJ_OK;
}

/* ---- epochs -------------------------------------------------------------------------------------- */

static aj_status add_epoch(ajp_phases *phases, double joules, double seconds, aj_error *err)
{
    size_t wanted = phases->n_epochs_done + 1;
    void *own = phases->epoch_joules, *time = phases->epoch_seconds;
    bool grown = given(phases->context, &own, &phases->joules_capacity, wanted, sizeof(double)) != NULL &&
                 given(phases->context, &time, &phases->seconds_capacity, wanted, sizeof(double)) != NULL;
    phases->epoch_joules = own;
    phases->epoch_seconds = time;
    if (!grown) return ajp_no_memory(err, "the epochs");
    phases->epoch_joules[phases->n_epochs_done] = joules;
    phases->epoch_seconds[phases->n_epochs_done++] = seconds;
    return AJ_OK;
}

/* A second training in the same program counts its epochs anew; what was before belongs to neither. */
static void restart_epochs(ajp_phases *phases, const ajp_moment *from)
{
    phases->n_epochs_done = 0;
    phases->skipped = false;
    phases->before_joules = since(from->own_joules, phases->start.own_joules);
    phases->before_seconds = from->seconds - phases->start.seconds;
    if (from == &phases->start) phases->before_joules = phases->before_seconds = 0;
}

static aj_status take_epoch(ajp_phases *phases, const aj_marker *marker, const ajp_moment *now, aj_error *err)
{
    double step = marker->value - phases->epoch; /* NaN: the first one */
    ajp_moment from = phases->last_epoch;
    bool first = isnan(step) || step <= 0 || step > LONGEST_SKIP;
    phases->epoch = marker->value;
    phases->n_epochs = marker->total;
    phases->last_epoch = *now;
    if (marker->value == 0) {
        restart_epochs(phases, now);
        return AJ_OK;
    }
    if (first) {
        step = 1;
        restart_epochs(phases, &from);
    }
    phases->skipped = phases->skipped || step > 1;
    double joules = since(now->own_joules, from.own_joules) / step;
    for (int i = 0; i < (int)step; i++)
        AJ_TRY(add_epoch(phases, joules, (now->seconds - from.seconds) / step, err));
    return AJ_OK;
}

/* ---- all ------------------------------------------------------------------------------------------ */

static aj_status take_any(ajp_phases *phases, const aj_marker *marker, const ajp_moment *now, aj_error *err)
{
    switch (marker->kind) {
    case AJ_MARK_MARK:
        return take_mark(phases, marker->name, now, err);
    case AJ_MARK_BEGIN:
        return take_begin(phases, marker->name, now, err);
    case AJ_MARK_END:
        return take_end(phases, marker->name, now, err);
    case AJ_MARK_EPOCH:
        return take_epoch(phases, marker, now, err);
    case AJ_MARK_FLOPS:
        phases->flops = isnan(phases->flops) ? marker->value : phases->flops + marker->value;
        return AJ_OK;
    case AJ_MARK_ACCURACY:
        phases->accuracy_ratio = marker->value;
        return AJ_OK;
    case AJ_N_MARKS:
        break;
    }
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "a mark of kind %d does not exist", (int)marker->kind);
}

aj_status ajp_phases_take(ajp_phases *phases, const aj_marker *marker, const ajp_moment *now, aj_error *err)
{
    AJ_TRY(take_any(phases, marker, now, err));
    phases->n_marks++;
    return AJ_OK;
}

aj_status ajp_phases_get(const ajp_phases *phases, size_t i, const ajp_moment *now, aj_phase *out,
                         aj_error *err)
{
    if (i >= phases->n)
        return ajp_fail(err, AJ_NOT_FOUND, 0, "there are %zu phases, not %zu", phases->n, i + 1);
    ajp_phase_sum sum = phases->phases[i];
    if (sum.depth > 0) {
        add(&sum, &sum.since, now);
        add_flops(&sum, sum.since_flops, phases->flops);
    }
    *out = (aj_phase){.name = sum.name,
                      .n = sum.n,
                      .open = sum.depth > 0,
                      .duration_seconds = sum.seconds,
                      .energy_joules = {sum.joules, NAN, sum.origin},
                      .low_joules = sum.low_joules,
                      .high_joules = sum.high_joules,
                      .attributed_joules = sum.attributed_joules,
                      .flops = sum.flops};
    if (isnan(sum.joules)) out->low_joules = out->high_joules = NAN;
    /* CPU time is not divided more often than that: what fell into a shorter phase is not known, and not 0 */
    double each_seconds = sum.seconds / (double)(sum.n > 0 ? sum.n : 1);
    if (each_seconds < AJP_MARK_WINDOW_SECONDS) out->attributed_joules = NAN;
    return AJ_OK;
}

static aj_prediction predict(const ajp_phases *phases, const double *pieces, double before)
{
    double left = phases->n_epochs - phases->epoch;
    aj_prediction none = {NAN, NAN, NAN, 0, 0};
    if (phases->n_epochs_done == 0 || isnan(left)) return none;
    aj_prediction out =
        aj_predict_total(pieces, phases->n_epochs_done, phases->n_epochs_done + (size_t)left, before);
    if (phases->skipped) out.low = out.high = NAN;
    return out;
}

void ajp_phases_state(const ajp_phases *phases, aj_trace_state *out)
{
    size_t n_open = phases->n_open;
    *out = (aj_trace_state){.n_marks = phases->n_marks,
                            .phase = n_open > 0 ? phases->phases[phases->open[n_open - 1]].name : NULL,
                            .n_epochs_done = phases->epoch,
                            .n_epochs = phases->n_epochs,
                            .flops = phases->flops,
                            .accuracy_ratio = phases->accuracy_ratio};
    out->joules = predict(phases, phases->epoch_joules, phases->before_joules);
    out->seconds = predict(phases, phases->epoch_seconds, phases->before_seconds);
}

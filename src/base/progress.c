/* progress.c: the clock, and long work that tells how far it is. */
#include "internal.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#define SECONDS_BETWEEN_EVENTS 0.1

double ajp_now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void ajp_work_begin(ajp_work *work, const aj_context *context, const char *what, const char *unit,
                    uint64_t n_total, uint64_t n_start)
{
    double now = ajp_now_seconds();
    *work = (ajp_work){context, what, unit, n_total, n_start, now, now};
}

static bool report(ajp_work *work, uint64_t n_done, const char *note, double now)
{
    const aj_progress *progress = &work->context->progress;
    if (progress->update == NULL) return true;
    double elapsed = now - work->started_seconds, rate = (double)NAN, remaining = (double)NAN;
    if (elapsed > 0 && n_done > work->n_start) rate = (double)(n_done - work->n_start) / elapsed;
    if (rate > 0 && work->n_total >= n_done) remaining = (double)(work->n_total - n_done) / rate;
    aj_progress_event event = {work->what, n_done, work->n_total, work->unit, elapsed, rate, remaining, note};
    work->last_seconds = now;
    return progress->update(progress->user, &event);
}

bool ajp_work_step(ajp_work *work, uint64_t n_done, const char *note)
{
    double now = ajp_now_seconds();
    if (now - work->last_seconds < SECONDS_BETWEEN_EVENTS) return true;
    return report(work, n_done, note, now);
}

void ajp_work_finish(ajp_work *work, uint64_t n_done, const char *note)
{
    (void)report(work, n_done, note, ajp_now_seconds());
}

static void format_duration(double seconds, char *text, size_t size)
{
    if (seconds < 99.5)
        snprintf(text, size, "%.0f s", seconds);
    else if (seconds < 5970)
        snprintf(text, size, "%.0f min", seconds / 60);
    else
        snprintf(text, size, "%.1f h", seconds / 3600);
}

void aj_progress_format(const aj_progress_event *event, char *text, size_t size)
{
    char total[32] = "", rate[48] = "", remaining[48] = "", duration[32];
    if (event->n_total > 0) snprintf(total, sizeof total, "/%llu", (unsigned long long)event->n_total);
    if (isfinite(event->rate_per_second))
        snprintf(rate, sizeof rate, "  %.3g %s/s", event->rate_per_second, event->unit);
    if (isfinite(event->remaining_seconds) && event->n_done < event->n_total) {
        format_duration(event->remaining_seconds, duration, sizeof duration);
        snprintf(remaining, sizeof remaining, "  %s left", duration);
    }
    snprintf(text, size, "%s %llu%s %s%s%s%s%s", event->what, (unsigned long long)event->n_done, total,
             event->unit, rate, remaining, event->note != NULL ? "  " : "",
             event->note != NULL ? event->note : "");
}

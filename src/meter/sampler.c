/* sampler.c: the sampling thread.
 *
 * It sleeps on a condition of the monotonic clock: a wall clock that jumps changes nothing, and time in
 * suspend does not pass.  Deadlines that were missed are skipped, not made up for. */
#include "sampler.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

struct ajp_sampler {
    const aj_context *context;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stopping; /* under the mutex */
    double period_seconds;
    void (*sample)(void *user);
    void *user;
};

static struct timespec timespec_of(double seconds)
{
    double whole = floor(seconds);
    struct timespec at = {(time_t)whole, (long)((seconds - whole) * 1e9)};
    return at;
}

static void *run(void *argument)
{
    ajp_sampler *s = argument;
    double next = ajp_now_seconds() + s->period_seconds;
    pthread_mutex_lock(&s->mutex);
    while (!s->stopping) {
        struct timespec at = timespec_of(next);
        if (ajp_now_seconds() < next) {
            pthread_cond_timedwait(&s->wake, &s->mutex, &at);
            continue; /* woken early, or time to look again */
        }
        pthread_mutex_unlock(&s->mutex);
        s->sample(s->user);
        pthread_mutex_lock(&s->mutex);
        double n_missed = floor((ajp_now_seconds() - next) / s->period_seconds);
        next += (1 + fmax(n_missed, 0)) * s->period_seconds;
    }
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

static void destroy(ajp_sampler *s)
{
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->mutex);
    ajp_free(s->context, s);
}

aj_status ajp_sampler_start(ajp_sampler **out, const aj_context *context, double period_seconds,
                            void (*sample)(void *user), void *user, aj_error *err)
{
    ajp_sampler *s = ajp_calloc(context, 1, sizeof *s);
    if (s == NULL) return ajp_no_memory(err, "the sampling thread");
    *s = (ajp_sampler){.context = context, .period_seconds = period_seconds, .sample = sample, .user = user};
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&s->mutex, NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&s->thread, NULL, run, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        destroy(s);
        return ajp_fail(err, AJ_NO_MEMORY, error, "the sampling thread does not start; end other programs");
    }
    *out = s;
    return AJ_OK;
}

void ajp_sampler_stop(ajp_sampler *s)
{
    if (s == NULL) return;
    pthread_mutex_lock(&s->mutex);
    s->stopping = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->mutex);
    pthread_join(s->thread, NULL);
    destroy(s);
}

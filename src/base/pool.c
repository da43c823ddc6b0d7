/* pool.c: workers that take tasks from a shared counter.
 *
 * One job at a time.  A job is published by raising `generation`; workers spin on it for up to 20
 * microseconds and then sleep on a condition.  Tasks are taken with an atomic counter, so which thread runs a
 * task is not fixed: results must not depend on it (pool.h). */
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define SPIN_SECONDS 20e-6

typedef struct {
    ajp_pool *pool;
    unsigned thread;
    pthread_t handle;
} worker;

struct ajp_pool {
    aj_allocator allocator;
    unsigned n_threads, n_started;
    worker *workers;
    pthread_mutex_t mutex;
    pthread_cond_t wake, finished;
    atomic_uint generation; /* raised for every job and at the end */
    atomic_size_t next_task;
    atomic_uint n_active; /* workers that have not finished the current job */
    size_t n_tasks;
    void (*run)(void *, size_t, unsigned);
    void *user;
    bool stopping;
};

static void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void take_tasks(ajp_pool *pool, unsigned thread)
{
    for (;;) {
        size_t task = atomic_fetch_add_explicit(&pool->next_task, 1, memory_order_relaxed);
        if (task >= pool->n_tasks) return;
        pool->run(pool->user, task, thread);
    }
}

/* Spins until generation differs from seen, at most SPIN_SECONDS; then sleeps. */
static unsigned wait_for_job(ajp_pool *pool, unsigned seen)
{
    double until = ajp_now_seconds() + SPIN_SECONDS;
    for (int i = 0;; i++) {
        unsigned now = atomic_load_explicit(&pool->generation, memory_order_acquire);
        if (now != seen) return now;
        pause_briefly();
        if ((i & 63) == 63 && ajp_now_seconds() > until) break;
    }
    pthread_mutex_lock(&pool->mutex);
    unsigned now;
    while ((now = atomic_load_explicit(&pool->generation, memory_order_acquire)) == seen)
        pthread_cond_wait(&pool->wake, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
    return now;
}

static void *work(void *argument)
{
    worker *self = argument;
    ajp_pool *pool = self->pool;
    unsigned seen = 0;
    for (;;) {
        seen = wait_for_job(pool, seen);
        if (pool->stopping) return NULL;
        take_tasks(pool, self->thread);
        if (atomic_fetch_sub_explicit(&pool->n_active, 1, memory_order_acq_rel) == 1) {
            pthread_mutex_lock(&pool->mutex);
            pthread_cond_signal(&pool->finished);
            pthread_mutex_unlock(&pool->mutex);
        }
    }
}

aj_status ajp_pool_create(ajp_pool **out, const aj_allocator *allocator, unsigned n_threads, aj_error *err)
{
    *out = NULL;
    ajp_pool *pool = allocator->alloc(allocator->user, sizeof *pool);
    if (pool == NULL) return ajp_no_memory(err, "thread pool");
    *pool = (ajp_pool){.allocator = *allocator, .n_threads = n_threads};
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->finished, NULL);
    if (n_threads > 1) {
        pool->workers = allocator->alloc(allocator->user, (n_threads - 1) * sizeof *pool->workers);
        if (pool->workers == NULL) {
            ajp_pool_destroy(pool);
            return ajp_no_memory(err, "thread pool");
        }
    }
    for (unsigned i = 0; i + 1 < n_threads; i++) {
        pool->workers[i].pool = pool;
        pool->workers[i].thread = i + 1;
        int error = pthread_create(&pool->workers[i].handle, NULL, work, &pool->workers[i]);
        if (error != 0) {
            ajp_pool_destroy(pool);
            return ajp_fail(err, AJ_NO_MEMORY, error,
                            "thread pool: cannot start thread %u; ask for fewer threads", i + 1);
        }
        pool->n_started++;
    }
    *out = pool;
    return AJ_OK;
}

static void publish(ajp_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add_explicit(&pool->generation, 1, memory_order_release);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

void ajp_pool_destroy(ajp_pool *pool)
{
    if (pool == NULL) return;
    pool->stopping = true;
    publish(pool);
    for (unsigned i = 0; i < pool->n_started; i++) pthread_join(pool->workers[i].handle, NULL);
    pthread_cond_destroy(&pool->finished);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    aj_allocator allocator = pool->allocator;
    if (pool->workers != NULL) allocator.free(allocator.user, pool->workers);
    allocator.free(allocator.user, pool);
}

unsigned ajp_pool_threads(const ajp_pool *pool)
{
    return pool->n_threads;
}

static void wait_for_workers(ajp_pool *pool)
{
    double until = ajp_now_seconds() + SPIN_SECONDS;
    for (int i = 0; atomic_load_explicit(&pool->n_active, memory_order_acquire) != 0; i++) {
        pause_briefly();
        if ((i & 63) != 63 || ajp_now_seconds() <= until) continue;
        pthread_mutex_lock(&pool->mutex);
        while (atomic_load_explicit(&pool->n_active, memory_order_acquire) != 0)
            pthread_cond_wait(&pool->finished, &pool->mutex);
        pthread_mutex_unlock(&pool->mutex);
        return;
    }
    /* The last worker signals under the mutex after its decrement: passing through it keeps the pool alive
     * for that. */
    pthread_mutex_lock(&pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
}

void ajp_pool_run(ajp_pool *pool, size_t n_tasks, void (*run)(void *, size_t, unsigned), void *user)
{
    if (pool->n_threads == 1 || n_tasks < 2) {
        for (size_t task = 0; task < n_tasks; task++) run(user, task, 0);
        return;
    }
    pool->run = run;
    pool->user = user;
    pool->n_tasks = n_tasks;
    atomic_store_explicit(&pool->next_task, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->n_active, pool->n_started, memory_order_relaxed);
    publish(pool);
    take_tasks(pool, 0);
    wait_for_workers(pool);
}

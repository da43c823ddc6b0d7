/* pool.h: our own thread pool.  Workers spin for at most 20 microseconds, then sleep.
 * Work is cut into fixed chunks that do not depend on the number of threads: that is what makes results the
 * same for any number of them. */
#ifndef AJP_POOL_H
#define AJP_POOL_H

#include "internal.h"

typedef struct ajp_pool ajp_pool;

/* n_threads >= 1 counts the caller; n_threads - 1 workers are started. */
aj_status ajp_pool_create(ajp_pool **out, const aj_allocator *allocator, unsigned n_threads, aj_error *err);
void ajp_pool_destroy(ajp_pool *pool);
unsigned ajp_pool_threads(const ajp_pool *pool);

/* Calls run(user, task, thread) for every task 0 .. n_tasks-1; returns when all are done.  `thread` is
 * 0 .. n_threads-1, at most one call per thread at a time: use it to pick a workspace, never to shape the
 * result. Not from inside run: nested work belongs to the thread that has the task. */
void ajp_pool_run(ajp_pool *pool, size_t n_tasks, void (*run)(void *user, size_t task, unsigned thread),
                  void *user);

#endif

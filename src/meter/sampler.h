/* sampler.h: a thread that calls a function at a steady rate, on the monotonic clock, until it is told to
 * stop. */
#ifndef AJP_METER_SAMPLER_H
#define AJP_METER_SAMPLER_H

#include "base/internal.h"

typedef struct ajp_sampler ajp_sampler;
/* `sample` runs in the new thread, never twice at once; signals go to the other threads.  NO_MEMORY: the
 * thread does not start. */
aj_status ajp_sampler_start(ajp_sampler **out, const aj_context *context, double period_seconds,
                            void (*sample)(void *user), void *user, aj_error *err);
/* Returns when the thread has ended; a sample under way is finished first. */
void ajp_sampler_stop(ajp_sampler *sampler);

#endif

/* session.h: chunks of samples over the threads of a context. */
#ifndef AJP_SESSION_H
#define AJP_SESSION_H

#include "variant.h"

typedef struct {
    aj_status status;
    size_t task;
    aj_error err;
} ajp_failure;

/* n samples in pieces: `run` computes some of them on a thread (pool: split products over it, or NULL). */
typedef struct ajp_spread ajp_spread;
struct ajp_spread {
    aj_status (*run)(const ajp_spread *spread, size_t first, size_t n, unsigned thread, ajp_pool *pool,
                     aj_error *err);
    aj_context *context;
    ajp_failure *failures;  /* one a thread */
    size_t n, least, chunk; /* least: samples that are worth a thread; chunk: filled in */
};
/* macs: of one sample. The error is that of the first piece that failed. */
aj_status ajp_spread_run(ajp_spread *spread, size_t max_chunk, double macs, aj_error *err);

#endif

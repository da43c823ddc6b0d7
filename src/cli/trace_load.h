/* trace_load.h: how the joules of a run came over time, out of its trace, for carbon by the hour. */
#ifndef AJ_CLI_TRACE_LOAD_H
#define AJ_CLI_TRACE_LOAD_H

#include "attojoule/carbon.h"
#include "cli.h"

typedef struct {
    double *seconds, *joules; /* freed by cli_trace_load_free */
    aj_load load;             /* n 0: the trace does not tell */
} cli_trace_load;
/* Points of the trace that have joules, at their time on the wall clock since the start.  `trace` NULL: none.
 * A trace that cannot be read is said. */
void cli_trace_load_read(cli *c, cli_trace_load *out, const char *uid, const void *trace, size_t size);
void cli_trace_load_free(cli_trace_load *load);

#endif

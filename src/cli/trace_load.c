/* trace_load.c: the points of a trace as a load. */
#include "trace_load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attojoule/meter.h"

static size_t take_points(cli_trace_load *out, const aj_trace_record *trace)
{
    size_t n = 0;
    for (size_t i = 0; i < trace->n_points; i++) {
        double at = trace->points[i].unix_seconds - trace->started_unix_seconds,
               sum = trace->points[i].own_joules;
        if (isnan(at) || isnan(sum)) continue;
        if (n > 0 && (at < out->seconds[n - 1] || sum < out->joules[n - 1])) continue;
        out->seconds[n] = at;
        out->joules[n++] = sum;
    }
    return n;
}

void cli_trace_load_read(cli *c, cli_trace_load *out, const char *uid, const void *trace, size_t size)
{
    aj_trace_record record;
    aj_error err = {AJ_OK, 0, ""};
    memset(out, 0, sizeof *out);
    if (trace == NULL || size == 0) return;
    if (aj_trace_read_bytes(&record, trace, size, "its trace", &err) != AJ_OK) {
        cli_complain(c, "run %.8s: %s; a constant load is assumed", uid, err.message);
        return;
    }
    out->seconds = cli_allocate(record.n_points + 1, sizeof *out->seconds);
    out->joules = cli_allocate(record.n_points + 1, sizeof *out->joules);
    size_t n = take_points(out, &record);
    aj_trace_record_destroy(&record);
    if (n >= 2 && out->seconds[n - 1] > out->seconds[0] && out->joules[n - 1] > out->joules[0])
        out->load = (aj_load){out->seconds, out->joules, n};
}

void cli_trace_load_free(cli_trace_load *load)
{
    free(load->seconds);
    free(load->joules);
    memset(load, 0, sizeof *load);
}

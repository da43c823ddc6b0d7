/* Any bytes as a trace, and as what comes out of the pipe of marks: something that holds together, or a
 * sentence; no crash. */
#include <math.h>
#include <stdlib.h>

#include "attojoule/meter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_phase(const aj_phase *phase)
{
    if (phase->name == NULL || !(phase->duration_seconds >= 0)) abort();
    if (!isnan(phase->energy_joules.value) &&
        (phase->low_joules > phase->high_joules || phase->energy_joules.value > phase->high_joules))
        abort();
}

static void as_file(const uint8_t *data, size_t size)
{
    aj_error err;
    aj_trace_record record;
    if (aj_trace_read_bytes(&record, data, size, "fuzz", &err) != AJ_OK) return;
    for (size_t i = 1; i < record.n_points; i++)
        if (!(record.points[i].seconds >= record.points[i - 1].seconds)) abort();
    for (size_t i = 0; i < record.n_phases; i++) check_phase(&record.phases[i]);
    if (record.n_points > 0 && !(record.duration_seconds >= record.points[record.n_points - 1].seconds))
        abort();
    aj_trace_record_destroy(&record);
}

static void as_pipe(const uint8_t *data, size_t size)
{
    aj_error err;
    aj_trace *trace = NULL;
    aj_trace_state state;
    aj_phase phase;
    if (aj_trace_open(&trace, NULL, NULL, NULL, NULL, &err) != AJ_OK) abort();
    if (aj_trace_feed(trace, (const char *)data, size, &err) != AJ_OK ||
        aj_trace_feed(trace, NULL, 0, &err) != AJ_OK)
        abort(); /* what is no mark is ignored */
    aj_trace_now(trace, &state);
    if (state.n_marks + state.n_ignored > size + 1) abort();
    for (size_t i = 0; aj_trace_phase(trace, i, &phase, &err) == AJ_OK; i++) check_phase(&phase);
    (void)!aj_trace_close(trace, NULL, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    as_file(data, size);
    as_pipe(data, size);
    return 0;
}

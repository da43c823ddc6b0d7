/* trace_words.c: the words of a trace that are written and read: marks, and the numbers of its end. */
#include <math.h>
#include <stdio.h>

#include "trace.h"

void ajp_marker_write(const aj_marker *marker, char *line, size_t size)
{
    char value[32], total[32];
    const char *kind = aj_mark_kind_name(marker->kind);
    ajp_format_double(marker->value, value);
    ajp_format_double(marker->total, total);
    if (marker->kind == AJ_MARK_MARK || marker->kind == AJ_MARK_BEGIN || marker->kind == AJ_MARK_END)
        snprintf(line, size, "%s %s", kind, marker->name);
    else if (marker->kind == AJ_MARK_EPOCH && !isnan(marker->total))
        snprintf(line, size, "%s %s of %s", kind, value, total);
    else
        snprintf(line, size, "%s %s", kind, value);
}

const ajp_reading_field ajp_reading_fields[] = {
    {"energy_joules", offsetof(aj_reading, energy_joules.value)},
    {"stddev_joules", offsetof(aj_reading, energy_joules.stddev)},
    {"low_joules", offsetof(aj_reading, low_joules)},
    {"high_joules", offsetof(aj_reading, high_joules)},
    {"duration_seconds", offsetof(aj_reading, duration_seconds)},
    {"gap_seconds", offsetof(aj_reading, gap_seconds)},
    {"longest_gap_seconds", offsetof(aj_reading, longest_gap_seconds)},
    {"suspended_seconds", offsetof(aj_reading, suspended_seconds)},
    {"platform_joules", offsetof(aj_reading, platform_joules)},
    {"attributed_joules", offsetof(aj_reading, attributed_joules.value)},
    {"idle_joules", offsetof(aj_reading, idle_joules)},
    {"others_joules", offsetof(aj_reading, others_joules)},
    {"tree_cpu_seconds", offsetof(aj_reading, tree_cpu_seconds)},
    {"busy_cpu_seconds", offsetof(aj_reading, busy_cpu_seconds)},
    {"gpu_attributed_joules", offsetof(aj_reading, gpu_attributed_joules.value)},
    {"gpu_idle_joules", offsetof(aj_reading, gpu_idle_joules)},
    {"gpu_others_joules", offsetof(aj_reading, gpu_others_joules)},
    {"undivided_joules", offsetof(aj_reading, undivided_joules)},
    {NULL, 0},
};

void ajp_trace_put_reading(ajp_json *json, const aj_reading *reading)
{
    for (const ajp_reading_field *field = ajp_reading_fields; field->key != NULL; field++)
        ajp_json_number(json, field->key,
                        *(const double *)(const void *)((const char *)reading + field->offset));
    ajp_json_string(json, "origin", aj_origin_name(reading->energy_joules.origin));
    ajp_json_count(json, "lower_bound", reading->lower_bound);
    ajp_json_count(json, "covers", reading->covers);
    ajp_json_count(json, "n_samples", reading->n_samples);
}

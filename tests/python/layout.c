/* layout.c: prints where the fields of the public structs are that the Python package repeats: one line
 * "struct field offset size" each, and "struct - 0 size". */
#include <stddef.h>
#include <stdio.h>

#include "attojoule/meter.h"

#define FIELD(type, field) \
    printf("%s %s %zu %zu\n", #type, #field, offsetof(type, field), sizeof(((type *)NULL)->field))
#define WHOLE(type) printf("%s - 0 %zu\n", #type, sizeof(type))

int main(void)
{
    WHOLE(aj_error);
    FIELD(aj_error, status);
    FIELD(aj_error, system_errno);
    FIELD(aj_error, message);
    WHOLE(aj_meter_options);
    FIELD(aj_meter_options, struct_size);
    FIELD(aj_meter_options, source);
    FIELD(aj_meter_options, sysfs_root);
    FIELD(aj_meter_options, nvml_library);
    FIELD(aj_meter_options, procfs_root);
    FIELD(aj_meter_options, pid);
    FIELD(aj_meter_options, sample_hertz);
    FIELD(aj_meter_options, cgroup);
    FIELD(aj_meter_options, redfish_url);
    WHOLE(aj_estimate);
    FIELD(aj_estimate, value);
    FIELD(aj_estimate, stddev);
    FIELD(aj_estimate, origin);
    WHOLE(aj_reading);
    FIELD(aj_reading, energy_joules);
    FIELD(aj_reading, low_joules);
    FIELD(aj_reading, high_joules);
    FIELD(aj_reading, lower_bound);
    FIELD(aj_reading, duration_seconds);
    FIELD(aj_reading, gap_seconds);
    FIELD(aj_reading, longest_gap_seconds);
    FIELD(aj_reading, suspended_seconds);
    FIELD(aj_reading, n_samples);
    FIELD(aj_reading, covers);
    FIELD(aj_reading, platform_joules);
    FIELD(aj_reading, attributed_joules);
    FIELD(aj_reading, idle_joules);
    FIELD(aj_reading, others_joules);
    FIELD(aj_reading, tree_cpu_seconds);
    FIELD(aj_reading, busy_cpu_seconds);
    FIELD(aj_reading, gpu_attributed_joules);
    FIELD(aj_reading, gpu_idle_joules);
    FIELD(aj_reading, gpu_others_joules);
    FIELD(aj_reading, undivided_joules);
    return 0;
}

/* nvml_stub.c: a library that answers like NVIDIA's, from a state that the test sets.  STUB_OLD: without the
 * energy counter, MIG and processes; STUB_BARE: without a way to count the cards. */
#include "nvml_stub.h"

#include <stdio.h>

#define EXPORT __attribute__((visibility("default")))

extern nvml_stub_state nvml_stub;
EXPORT nvml_stub_state nvml_stub = {.n_devices = 2,
                                    .devices = {{.name = "NVIDIA A100-SXM4-40GB"}, {.name = "Tesla T4"}}};

int nvmlInit_v2(void);
int nvmlShutdown(void);
int nvmlDeviceGetCount_v2(unsigned *n);
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device);
int nvmlDeviceGetName(void *device, char *name, unsigned size);
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules);
int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts);
int nvmlDeviceGetMigMode(void *device, unsigned *now, unsigned *later);
int nvmlDeviceGetProcessUtilization(void *device, nvml_stub_use *uses, unsigned *n, unsigned long long since);
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *n, nvml_stub_process *processes);

static int number(void *device)
{
    return device == (void *)&nvml_stub.devices[1];
}

EXPORT int nvmlInit_v2(void)
{
    nvml_stub.n_open += nvml_stub.init_code == 0;
    return nvml_stub.init_code;
}

EXPORT int nvmlShutdown(void)
{
    nvml_stub.n_open--;
    return 0;
}

#ifndef STUB_BARE
EXPORT int nvmlDeviceGetCount_v2(unsigned *n)
{
    *n = nvml_stub.n_devices;
    return 0;
}
#endif

EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device)
{
    *device = &nvml_stub.devices[i];
    return 0;
}

EXPORT int nvmlDeviceGetName(void *device, char *name, unsigned size)
{
    snprintf(name, size, "%s", nvml_stub.devices[number(device)].name);
    return 0;
}

#ifndef STUB_OLD
EXPORT int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules)
{
    int i = number(device);
    if (nvml_stub.devices[i].energy_code == 0) *millijoules = nvml_stub.devices[i].millijoules;
    return nvml_stub.devices[i].energy_code;
}

EXPORT int nvmlDeviceGetMigMode(void *device, unsigned *now, unsigned *later)
{
    *now = *later = nvml_stub.devices[number(device)].mig;
    return 0;
}

EXPORT int nvmlDeviceGetProcessUtilization(void *device, nvml_stub_use *uses, unsigned *n,
                                           unsigned long long since)
{
    int i = number(device);
    unsigned found = 0;
    if (nvml_stub.devices[i].uses_code != 0) return nvml_stub.devices[i].uses_code;
    for (unsigned k = 0; k < nvml_stub.devices[i].n_uses; k++) {
        if (nvml_stub.devices[i].uses[k].time <= since && !nvml_stub.devices[i].old_too) continue;
        if (found == *n) return 7;
        uses[found++] = nvml_stub.devices[i].uses[k];
    }
    *n = found;
    return found > 0 ? 0 : 6;
}

EXPORT int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *n, nvml_stub_process *processes)
{
    int i = number(device);
    if (nvml_stub.devices[i].processes_code != 0) return nvml_stub.devices[i].processes_code;
    if (nvml_stub.devices[i].n_processes > *n) return 7;
    *n = nvml_stub.devices[i].n_processes;
    for (unsigned k = 0; k < *n; k++)
        processes[k] = (nvml_stub_process){nvml_stub.devices[i].processes[k], 1u << 30, ~0u, ~0u};
    return 0;
}
#endif

EXPORT int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts)
{
    int i = number(device);
    if (nvml_stub.devices[i].power_code == 0) *milliwatts = nvml_stub.devices[i].milliwatts;
    return nvml_stub.devices[i].power_code;
}

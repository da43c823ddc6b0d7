/* nvml_stub.c: a library that answers like NVIDIA's, from a state that the test sets.  STUB_OLD: without the
 * energy counter and MIG; STUB_BARE: without a way to count the cards. */
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
#endif

EXPORT int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts)
{
    int i = number(device);
    if (nvml_stub.devices[i].power_code == 0) *milliwatts = nvml_stub.devices[i].milliwatts;
    return nvml_stub.devices[i].power_code;
}

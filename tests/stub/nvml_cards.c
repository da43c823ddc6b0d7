/* nvml_cards.c: a library that answers like NVIDIA's for two cards that draw a steady power, for whole
 * commands that run against it. Their counters count from the machine's start in steps of 20 ms. */
#include <stdio.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

static const struct {
    const char *name;
    unsigned milliwatts;
} cards[2] = {{"NVIDIA V100-SXM2-16GB", 200000}, {"Tesla T4", 60000}};

int nvmlInit_v2(void);
int nvmlShutdown(void);
int nvmlDeviceGetCount_v2(unsigned *n);
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device);
int nvmlDeviceGetName(void *device, char *name, unsigned size);
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules);
int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts);

static unsigned index_of(const void *device)
{
    return device == (const void *)&cards[1];
}

EXPORT int nvmlInit_v2(void)
{
    return 0;
}

EXPORT int nvmlShutdown(void)
{
    return 0;
}

EXPORT int nvmlDeviceGetCount_v2(unsigned *n)
{
    *n = 2;
    return 0;
}

EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device)
{
    *device = (void *)(size_t)(const void *)&cards[i];
    return 0;
}

EXPORT int nvmlDeviceGetName(void *device, char *name, unsigned size)
{
    snprintf(name, size, "%s", cards[index_of(device)].name);
    return 0;
}

EXPORT int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    unsigned long long steps =
        (unsigned long long)now.tv_sec * 50 + (unsigned long long)now.tv_nsec / 20000000;
    *millijoules = steps * cards[index_of(device)].milliwatts / 50;
    return 0;
}

EXPORT int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts)
{
    *milliwatts = cards[index_of(device)].milliwatts;
    return 0;
}

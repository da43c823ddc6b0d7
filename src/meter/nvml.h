/* nvml.h: what is used of NVIDIA's library.  Signatures, structs and return codes as in NVIDIA's nvml.h;
 * compared with the bindings that Debian's librust-nvml-wrapper-sys-dev 0.7.0 generates from it. */
#ifndef AJP_METER_NVML_H
#define AJP_METER_NVML_H

#include "meter_ops.h"

enum {
    NVML_SUCCESS = 0,
    NVML_NOT_SUPPORTED = 3,
    NVML_NO_PERMISSION = 4,
    NVML_NOT_FOUND = 6,
    NVML_DRIVER_NOT_LOADED = 9,
    NVML_FUNCTION_NOT_FOUND = 13,
    NVML_GPU_IS_LOST = 15,
};

/* nvmlProcessUtilizationSample_t: shares of the time since the previous sample, in percent; the time in
 * microseconds. */
typedef struct {
    unsigned pid;
    unsigned long long time;
    unsigned sm, memory, encoder, decoder;
} ajp_nvml_use;
_Static_assert(sizeof(ajp_nvml_use) == 32, "nvmlProcessUtilizationSample_t");

/* nvmlProcessInfo_t since version 2. */
typedef struct {
    unsigned pid;
    unsigned long long bytes;
    unsigned gpu_instance, compute_instance;
} ajp_nvml_process;
_Static_assert(sizeof(ajp_nvml_process) == 24, "nvmlProcessInfo_t");

/* name of the member, name of the symbol, arguments, needed to start at all */
#define NVML_FUNCTIONS(X)                                                                                \
    X(init, "nvmlInit_v2", (void), true)                                                                 \
    X(shutdown, "nvmlShutdown", (void), true)                                                            \
    X(count, "nvmlDeviceGetCount_v2", (unsigned *), true)                                                \
    X(handle, "nvmlDeviceGetHandleByIndex_v2", (unsigned, void **), true)                                \
    X(name, "nvmlDeviceGetName", (void *, char *, unsigned), false)                                      \
    X(energy, "nvmlDeviceGetTotalEnergyConsumption", (void *, unsigned long long *), false)              \
    X(power, "nvmlDeviceGetPowerUsage", (void *, unsigned *), false)                                     \
    X(mig_mode, "nvmlDeviceGetMigMode", (void *, unsigned *, unsigned *), false)                         \
    X(uses, "nvmlDeviceGetProcessUtilization", (void *, ajp_nvml_use *, unsigned *, unsigned long long), \
      false)                                                                                             \
    X(processes, "nvmlDeviceGetComputeRunningProcesses_v3", (void *, unsigned *, ajp_nvml_process *), false)

enum { AJP_NVML_MOST_USERS = 512 };

typedef struct {
    void *library;
    bool ready; /* init has succeeded */
#define MEMBER(member, symbol, arguments, needed) int(*member) arguments;
    NVML_FUNCTIONS(MEMBER)
#undef MEMBER
    union { /* some drivers of the series 535 wrote 32 bytes a process: the union has room for those */
        ajp_nvml_use uses[AJP_NVML_MOST_USERS];
        ajp_nvml_process processes[AJP_NVML_MOST_USERS];
    } list;
    long ours[AJP_NVML_MOST_USERS]; /* processes of the tree that were seen on a card: they may end before
                                     * their last use is told */
    size_t n_ours;
} ajp_nvml;

static inline ajp_nvml *ajp_nvml_of(const aj_meter *meter)
{
    return meter->states[AJP_ROW_nvml];
}
aj_status ajp_nvml_status(int code);
/* ajp_meter_ops.use */
aj_status ajp_nvml_use_of(aj_meter *meter, ajp_zone *zone, double *tree, double *all, aj_error *err);

#endif

/* nvml_stub.h: what the test and the stub library share: the state of two cards. */
#ifndef AJ_NVML_STUB_H
#define AJ_NVML_STUB_H

/* As NVIDIA's nvmlProcessUtilizationSample_t and nvmlProcessInfo_t. */
typedef struct {
    unsigned pid;
    unsigned long long time;
    unsigned sm, memory, encoder, decoder;
} nvml_stub_use;
typedef struct {
    unsigned pid;
    unsigned long long bytes;
    unsigned gpu_instance, compute_instance;
} nvml_stub_process;

enum { NVML_STUB_USES = 16 };

typedef struct {
    int init_code;
    unsigned n_devices;
    long n_open; /* init minus shutdown */
    struct {
        const char *name;
        int energy_code, power_code;
        unsigned long long millijoules;
        unsigned milliwatts, mig;
        int uses_code, processes_code;
        unsigned n_uses, n_processes, old_too; /* old_too: told again, whatever the caller's time */
        nvml_stub_use uses[NVML_STUB_USES];    /* those after the caller's time are told */
        unsigned processes[NVML_STUB_USES];
    } devices[2];
} nvml_stub_state;

#endif

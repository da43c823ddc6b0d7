/* nvml_stub.h: what the test and the stub library share: the state of two cards. */
#ifndef AJ_NVML_STUB_H
#define AJ_NVML_STUB_H

typedef struct {
    int init_code;
    unsigned n_devices;
    long n_open; /* init minus shutdown */
    struct {
        const char *name;
        int energy_code, power_code;
        unsigned long long millijoules;
        unsigned milliwatts, mig;
    } devices[2];
} nvml_stub_state;

#endif

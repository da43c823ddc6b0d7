/* meter_nvml.h: the stub of NVIDIA's library in its variants, and the state that says how it answers. */
#ifndef AJ_METER_NVML_H
#define AJ_METER_NVML_H

#include <dlfcn.h>

#include "check.h"
#include "stub/nvml_stub.h"

enum { METER_NVML_FULL, METER_NVML_OLD, METER_NVML_BARE };

static inline const char *meter_nvml_path(int variant)
{
    static const char *const names[] = {"full", "old", "bare"};
    static char paths[3][600];
    const char *build = getenv("AJ_BUILD_DIR");
    snprintf(paths[variant], sizeof paths[0], "%s/tests/stub/nvml_stub_%s.so", build != NULL ? build : ".",
             names[variant]);
    return paths[variant];
}

/* The state of one variant, with two healthy cards; it stays open so that the state outlives the meters. */
static inline nvml_stub_state *meter_nvml_stub(int variant)
{
    static void *opened[3];
    if (opened[variant] == NULL) opened[variant] = dlopen(meter_nvml_path(variant), RTLD_NOW | RTLD_LOCAL);
    nvml_stub_state *state = opened[variant] != NULL ? dlsym(opened[variant], "nvml_stub") : NULL;
    if (state == NULL) {
        fprintf(stderr, "%s: no stub\n", meter_nvml_path(variant));
        exit(1);
    }
    memset(state, 0, sizeof *state);
    state->n_devices = 2;
    state->devices[0].name = "NVIDIA A100-SXM4-40GB";
    state->devices[1].name = "Tesla T4";
    return state;
}

#endif

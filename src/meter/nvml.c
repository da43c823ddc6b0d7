/* nvml.c: NVIDIA graphics cards through the driver's own library, which is opened when it is there.
 *
 * The energy counter (Volta and later, mJ since the driver was loaded) is preferred; power (mW) is integrated
 * where it is missing. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "nvml.h"

enum { NAME_SIZE = 96, MOST_DEVICES = 64 };
static const double joules_per_millijoule = 1e-3, watts_per_milliwatt = 1e-3;
/* The counter moves every 20 to 100 ms; twice that is allowed. */
static const double counter_update_seconds = 0.2;
/* What a card shows as its power is the mean of the last second on most parts since Ampere. */
static const double power_average_seconds = 1;
/* These parts look at their power for a quarter of the time only, and the energy counter adds up the same
 * looks: on short loads it was off by up to 65 % (Yang, Adamek, Armour, arXiv:2312.02741). */
static const char *const part_time_names[] = {"A100", "H100"};
static const double part_time_error_ratio = 0.65;

static const char denied[] =
    "the driver refuses; the user needs access to /dev/nvidia*, often through the group video";

static void close_library(aj_meter *meter)
{
    ajp_nvml *n = ajp_nvml_of(meter);
    if (n == NULL) return;
    if (n->ready) n->shutdown();
    if (n->library != NULL) dlclose(n->library);
    ajp_free(meter->context, n);
    meter->states[AJP_ROW_nvml] = NULL;
}

aj_status ajp_nvml_status(int code)
{
    switch (code) {
    case NVML_SUCCESS:
        return AJ_OK;
    case NVML_NOT_SUPPORTED:
    case NVML_FUNCTION_NOT_FOUND:
        return AJ_UNSUPPORTED;
    case NVML_NO_PERMISSION:
        return AJ_DENIED;
    case NVML_DRIVER_NOT_LOADED:
        return AJ_NOT_FOUND;
    default:
        return AJ_IO;
    }
}

static aj_status find_functions(ajp_nvml *n, aj_error *err)
{
    void *address; /* copied, because C has no cast from an object to a function */
#define FIND(member, symbol, arguments, needed)                                                        \
    address = dlsym(n->library, symbol);                                                               \
    memcpy(&n->member, &address, sizeof address);                                                      \
    if (needed && address == NULL)                                                                     \
        return ajp_fail(err, AJ_UNSUPPORTED, 0, "nvml: the library has no %s; install a newer driver", \
                        symbol);
    NVML_FUNCTIONS(FIND)
#undef FIND
    return AJ_OK;
}

static aj_status load(aj_meter *meter, aj_error *err)
{
    ajp_nvml *n = ajp_calloc(meter->context, 1, sizeof *n);
    if (n == NULL) return ajp_no_memory(err, "nvml");
    meter->states[AJP_ROW_nvml] = n;
    n->library = dlopen(meter->tree.nvml_library, RTLD_NOW | RTLD_LOCAL);
    if (n->library == NULL)
        return ajp_fail(err, AJ_NOT_FOUND, 0, "nvml: no %s; it comes with the driver of NVIDIA's cards",
                        meter->tree.nvml_library);
    AJ_TRY(find_functions(n, err));
    int code = n->init();
    n->ready = code == NVML_SUCCESS;
    if (n->ready) return AJ_OK;
    return ajp_fail(err, ajp_nvml_status(code), 0, "nvml: the driver does not start (code %d): %s", code,
                    code == NVML_DRIVER_NOT_LOADED ? "load its kernel module"
                    : code == NVML_NO_PERMISSION   ? denied
                                                   : "'nvidia-smi' may say more");
}

static bool is_part_time(const char *name)
{
    for (size_t i = 0; i < sizeof part_time_names / sizeof part_time_names[0]; i++)
        if (strstr(name, part_time_names[i]) != NULL) return true;
    return false;
}

static aj_status add_device(aj_meter *meter, unsigned index, aj_error *err)
{
    ajp_nvml *n = ajp_nvml_of(meter);
    char model[NAME_SIZE] = "NVIDIA", name[2 * NAME_SIZE];
    void *device = NULL;
    unsigned mig = 0, later = 0;
    int code = n->handle(index, &device);
    if (code == NVML_SUCCESS && n->name != NULL) n->name(device, model, sizeof model);
    model[sizeof model - 1] = '\0';
    /* MIG: parts of one card for several users; there is no energy per part. */
    if (code != NVML_SUCCESS || n->mig_mode == NULL || n->mig_mode(device, &mig, &later) != NVML_SUCCESS)
        mig = 0;
    snprintf(name, sizeof name, "gpu%u %s%s", index, model, mig != 0 ? " (MIG: whole card)" : "");
    ajp_zone *zone = ajp_zone_add(meter, &ajp_meter_nvml, name, "", AJ_ZONE_GPU, AJ_ZONE_ROLE_COUNTED);
    if (zone == NULL) return ajp_no_memory(err, "the cards of nvml");
    unsigned long long millijoules;
    zone->device = device;
    zone->counter.unit_joules = joules_per_millijoule;
    zone->counter.update_seconds = counter_update_seconds;
    zone->lag_seconds = power_average_seconds;
    if (mig != 0)
        zone->undivided =
            "MIG is on: the energy is that of the whole card, and who used which part of it is not told";
    if (is_part_time(model)) zone->error_ratio = part_time_error_ratio;
    /* Any failure but "there is none" may pass: the counter stays the choice. */
    bool counts = n->energy != NULL;
    if (counts && code == NVML_SUCCESS)
        counts = ajp_nvml_status(n->energy(device, &millijoules)) != AJ_UNSUPPORTED;
    if (!counts) zone->unit_watts = watts_per_milliwatt;
    return AJ_OK;
}

static aj_status scan(aj_meter *meter, aj_error *err)
{
    unsigned n_devices = 0;
    AJ_TRY(load(meter, err));
    int code = ajp_nvml_of(meter)->count(&n_devices);
    if (code != NVML_SUCCESS)
        return ajp_fail(err, ajp_nvml_status(code), 0, "nvml: the cards cannot be counted (code %d)", code);
    if (n_devices == 0)
        return ajp_fail(err, AJ_NOT_FOUND, 0, "nvml: the driver is there, but it sees no card");
    for (unsigned i = 0; i < n_devices && i < MOST_DEVICES; i++) AJ_TRY(add_device(meter, i, err));
    return AJ_OK;
}

static aj_status read_device(const aj_meter *meter, ajp_zone *zone, uint64_t *raw, aj_error *err)
{
    const ajp_nvml *n = ajp_nvml_of(meter);
    unsigned long long millijoules = 0;
    unsigned milliwatts = 0;
    int code = NVML_FUNCTION_NOT_FOUND;
    if (zone->device == NULL)
        code = NVML_GPU_IS_LOST;
    else if (zone->unit_watts > 0 && n->power != NULL)
        code = n->power(zone->device, &milliwatts);
    else if (!(zone->unit_watts > 0))
        code = n->energy(zone->device, &millijoules);
    if (code != NVML_SUCCESS)
        return ajp_fail(err, ajp_nvml_status(code), 0, "%s: %s (code %d)", zone->name,
                        code == NVML_GPU_IS_LOST ? "has fallen off the bus; restart the machine"
                        : ajp_nvml_status(code) == AJ_UNSUPPORTED ? "has no sensor of energy or power"
                                                                  : "cannot be read",
                        code);
    *raw = zone->unit_watts > 0 ? milliwatts : millijoules;
    return AJ_OK;
}

const ajp_meter_ops ajp_meter_nvml = {
    .name = "nvml",
    .about = "NVIDIA graphics cards, through the driver's library",
    .tried = "stub library",
    .scan = scan,
    .read = read_device,
    .use = ajp_nvml_use_of,
    .close = close_library,
    .denied = denied,
};

/* crossbar_laws.c: what one device does, by its table in physics or by the family's own parameters. */
#include <math.h>

#include "crossbar_family.h"

const char *const ajp_crossbar_device_words[] = {"generic",
#define DEVICE(id, name, ...) name,
#include "../physics/devices.def"
#undef DEVICE
                                                 NULL};

ajp_crossbar_device ajp_crossbar_device_of(const ajp_crossbar *p)
{
    ajp_crossbar_device device = {.use = {.g_min_siemens = p->conductance_min_siemens,
                                          .g_max_siemens = p->conductance_max_siemens,
                                          .seconds = p->seconds_since_programming}};
    bool noisy = ajp_crossbar_is(p->read_noise, CROSSBAR_YES), aged = p->seconds_since_programming > 0.0;
    if (p->device >= 1.0) device.table = ajp_device_get((size_t)p->device - 1);
    device.is_noisy = noisy;
    device.has_error = ajp_crossbar_is(p->programming_error, CROSSBAR_YES);
    if (device.table != NULL) {
        device.drifts = aged;
        return device;
    }
    device.drifts = aged && (p->drift_exponent > 0.0 || p->drift_exponent_stddev > 0.0);
    device.has_error = device.has_error &&
                       (p->programming_noise_ratio > 0.0 || p->programming_noise_proportional_ratio > 0.0);
    return device;
}

/* Errors of fixed size and in proportion add in squares; the exponent is held to 0, as nothing grows back. */
static ajp_device_state generic_draw(const ajp_crossbar *p, double seconds, double target,
                                     double z_programming, double z_time)
{
    double sigma = hypot(p->programming_noise_ratio * p->conductance_max_siemens,
                         p->programming_noise_proportional_ratio * target);
    ajp_device_state state = {.programmed = fmax(0.0, target + sigma * z_programming)};
    double exponent = fmax(0.0, p->drift_exponent + p->drift_exponent_stddev * z_time);
    state.now = state.programmed * pow(1.0 + seconds / p->drift_start_seconds, -exponent);
    return state;
}

ajp_device_state ajp_crossbar_device_draw(const ajp_crossbar *p, const ajp_crossbar_device *device,
                                          double seconds, double target_siemens, double z_programming,
                                          double z_time)
{
    if (!device->has_error) z_programming = 0.0;
    if (device->table == NULL) return generic_draw(p, seconds, target_siemens, z_programming, z_time);
    ajp_device_use use = device->use;
    use.seconds = seconds;
    return ajp_device_draw(device->table, &use, target_siemens, z_programming, z_time);
}

double ajp_crossbar_device_read(const ajp_crossbar *p, const ajp_crossbar_device *device,
                                ajp_device_state state)
{
    if (!device->is_noisy) return 0.0;
    if (device->table == NULL) return p->read_noise_ratio * state.now;
    return ajp_device_read_siemens(device->table, &device->use, state);
}

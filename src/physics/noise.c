/* noise.c: currents of conductors; sources are beside the declarations. */
#include <math.h>

#include "attojoule/physics.h"
#include "constants.h"

double aj_read_bandwidth_hertz(double read_seconds)
{
    return read_seconds > 0.0 ? 0.5 / read_seconds : (double)NAN;
}

double aj_johnson_amps_squared(double sum_conductance_siemens, double temperature_kelvin,
                               double bandwidth_hertz)
{
    if (!(sum_conductance_siemens >= 0.0) || !(temperature_kelvin >= 0.0) || !(bandwidth_hertz >= 0.0))
        return (double)NAN;
    return 4.0 * ajp_boltzmann_joules_per_kelvin * temperature_kelvin * sum_conductance_siemens *
           bandwidth_hertz;
}

double aj_shot_amps_squared(double current_amps, double bandwidth_hertz)
{
    if (!(bandwidth_hertz >= 0.0)) return (double)NAN;
    return 2.0 * ajp_electron_coulombs * fabs(current_amps) * bandwidth_hertz;
}

double aj_johnson_limit_joules(double temperature_kelvin)
{
    if (!(temperature_kelvin >= 0.0)) return (double)NAN;
    return 2.0 * ajp_boltzmann_joules_per_kelvin * temperature_kelvin;
}

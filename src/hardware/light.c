/* light.c: photons to joules. */
#include "light.h"

#include "attojoule/physics.h"

const char *const ajp_modulator_words[] = {"absorbing", "generative", NULL};
const char *const ajp_yes_no_words[] = {"yes", "no", NULL};

double ajp_laser_time_ratio(double laser_gated, const ajp_workload *work, const ajp_product_account *account)
{
    if (work->mode == AJP_MODE_THROUGHPUT || laser_gated == (double)AJP_LASER_GATED) return 1.0;
    if (isnan(laser_gated)) return AJP_NOT_DESCRIBED;
    return account->latency_seconds / (account->busy_seconds * (double)work->batch);
}

void ajp_light_price(double wavelength_meters, double wall_plug_ratio, double laser_time_ratio,
                     ajp_product_account *out)
{
    double photon = aj_photon_energy_joules(wavelength_meters);
    out->energy.optical_joules = out->photons_incident * photon;
    aj_energy_set(&out->energy, AJ_CAUSE_LASER,
                  out->photons_launched * photon / wall_plug_ratio * laser_time_ratio);
}

/* homodyne.h: parameters of the homodyne family, shared by its law, its account and its reference. */
#ifndef AJP_HOMODYNE_H
#define AJP_HOMODYNE_H

#include "light.h"

enum { HOMODYNE_PULSE, HOMODYNE_READ, HOMODYNE_LAYER };              /* phase_correlation */
enum { HOMODYNE_GAIN_LAYER, HOMODYNE_GAIN_ROW, HOMODYNE_PUBLISHED }; /* weight_gain */
enum { HOMODYNE_SAMPLE, HOMODYNE_CALIBRATED };                       /* input_gain */
enum { HOMODYNE_PATCH, HOMODYNE_OPTICAL };                           /* input_fan_out */

typedef struct {
    ajp_prices prices;
    double photons_per_mac, input_energy_share_ratio, quantum_efficiency_ratio, path_transmission_ratio,
        wall_plug_ratio, wavelength_meters, detector_capacitance_farads, temperature_kelvin, detector_nodes,
        integrator_swing_volts, phase_offset_radians, phase_noise_radians, phase_correlation,
        splitter_imbalance_ratio, weight_gain, input_gain, input_fan_out, fan_out_transmission_ratio,
        averaged_reads, tile_rows, tile_cols, modulator, modulator_transmission_ratio, laser_gated,
        clock_hertz, readout_seconds, symbol_energy_joules, sample_energy_joules, receiver_energy_joules,
        dac_energy_joules, driver_energy_joules;
} ajp_homodyne;
AJP_PRICES_FIRST(ajp_homodyne);

static inline bool ajp_homodyne_is(double choice, int word)
{
    return choice == (double)word; /* false for a choice that is not described */
}

/* Photons per MAC that one arm gets. */
static inline double ajp_homodyne_input_photons(const ajp_homodyne *p)
{
    return p->photons_per_mac * p->input_energy_share_ratio;
}
static inline double ajp_homodyne_weight_photons(const ajp_homodyne *p)
{
    return p->photons_per_mac * (1.0 - p->input_energy_share_ratio);
}

aj_status ajp_homodyne_account(const void *params, const ajp_workload *work, size_t i,
                               ajp_product_account *out, aj_error *err);
aj_status ajp_homodyne_reference(const void *params, const ajp_freeze_request *request, const float *x,
                                 ajp_draws *draws, double *y, aj_error *err);

#endif

/* ddot.h: parameters of the ddot family, shared by its law and its account. */
#ifndef AJP_DDOT_H
#define AJP_DDOT_H

#include "converters.h"

enum { DDOT_SHARED, DDOT_NOT_SHARED }; /* input_sharing: yes, no */

typedef struct {
    ajp_prices prices;
    ajp_converters converters;
    double core_rows, core_cols, wavelengths, tiles, cores_per_tile, time_accumulation, input_sharing,
        clock_hertz, wavelength_meters, channel_spacing_meters, phase_noise_radians, weight_noise_ratio,
        input_noise_ratio, output_noise_ratio, detector_watts, laser_watts, path_transmission_ratio,
        wall_plug_ratio, quantum_efficiency_ratio, modulator_energy_joules, detector_energy_joules,
        receiver_energy_joules, adder_energy_joules, register_joules_per_bit, local_joules_per_bit,
        link_joules_per_bit, local_bytes, dram_bytes_per_second, memory_clock_hertz, area_square_meters;
} ajp_ddot;
AJP_PRICES_FIRST(ajp_ddot);

static inline bool ajp_ddot_is(double choice, int word)
{
    return choice == (double)word; /* false for a choice that is not described */
}

/* What a coupler that is 50:50 at the centre does at channel k: 2 kappa - 1. */
double ajp_ddot_imbalance(const ajp_ddot *p, size_t channel);
/* At both detectors of one dot product, both arms at full scale; NaN = not described. */
double ajp_ddot_detector_watts(const ajp_ddot *p);
/* Electrical power of the laser of one core; NaN = not described. */
double ajp_ddot_laser_watts(const ajp_ddot *p);
/* Photons at the detectors of one wavelength and arm at full scale, in one clock; NaN = not described. */
double ajp_ddot_photons(const ajp_ddot *p);

aj_status ajp_ddot_reference(const void *params, const ajp_freeze_request *request, const float *x,
                             ajp_draws *draws, double *y, aj_error *err);
aj_status ajp_ddot_account(const void *params, const ajp_workload *work, size_t i, ajp_product_account *out,
                           aj_error *err);
double ajp_ddot_peak(const void *params);
/* Weights as the modulators encode them: / the largest, through the converters of inputs. [rows][cols] */
double ajp_ddot_encode_weights(const ajp_ddot *p, const ajp_freeze_request *request, float *encoded);

#endif

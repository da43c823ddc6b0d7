/* light.h: from photons at the detectors back to the laser and its plug, the same for every optical family.
 *
 *   launched = incident x crest / (path transmission x modulator transmission)
 *   laser    = launched x h c / wavelength / wall plug x time that the laser is on per time that symbols flow
 *
 * What sets the noise (incident) and what is paid for (launched) are one number and its quotient: no loss can
 * change one side alone. */
#ifndef AJP_LIGHT_H
#define AJP_LIGHT_H

#include "prices.h"

enum { AJP_MODULATOR_ABSORBING, AJP_MODULATOR_GENERATIVE };
enum { AJP_LASER_GATED, AJP_LASER_NOT_GATED }; /* laser_gated: yes, no */
extern const char *const ajp_modulator_words[], *const ajp_yes_no_words[];

/* Time the laser burns per time in which symbols flow. NaN: laser_gated is not described and matters. */
double ajp_laser_time_ratio(double laser_gated, const ajp_workload *work, const ajp_product_account *account);

/* Sets optical_joules and the cause LASER from photons_incident and photons_launched. */
void ajp_light_price(double wavelength_meters, double wall_plug_ratio, double laser_time_ratio,
                     ajp_product_account *out);

#endif

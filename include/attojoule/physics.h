/* physics.h: the laws that the hardware families are made of, as pure functions of SI numbers.
 *
 * No state, no allocation; any thread.  Arguments outside the stated domain give NaN.
 * "PRX 2019" is Hamerly, Bernstein, Sludds, Soljacic, Englund, Phys. Rev. X 9, 021032 (2019).
 */
#ifndef ATTOJOULE_PHYSICS_H
#define ATTOJOULE_PHYSICS_H

#include "attojoule/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- constants of nature --------------------------------------------------------------------- */
typedef struct {
    const char *name, *unit, *source; /* name NULL behind the last one */
    double value, uncertainty;        /* standard uncertainty; 0 = exact by definition */
} aj_constant;
AJ_API aj_constant aj_physics_constant(size_t i);

/* ---- light and charge ------------------------------------------------------------------------ */

/* Energy of one photon, h c / wavelength, in joules; wavelength > 0 in vacuum. 1550 nm: 1.28158e-19 J. */
AJ_API double aj_photon_energy_joules(double wavelength_meters);

/* Least energy to erase one bit, k T ln 2 (Landauer 1961, doi:10.1147/rd.53.0183). 300 K: 2.87098e-21 J. */
AJ_API double aj_landauer_bit_joules(double temperature_kelvin);

/* Rms charge noise of resetting a capacitance, sqrt(k T C)/e, in electrons (Johnson noise integrated over all
 * frequencies; PRX 2019 section on Johnson noise).  1 fF at 300 K: 12.703. */
AJ_API double aj_ktc_electrons(double capacitance_farads, double temperature_kelvin);

/* ---- balanced homodyne product --------------------------------------------------------------- */
/* Field amplitudes in square roots of photons per pulse: inputs alpha*x[j], weights beta*A[j], j < cols, on a
 * 50:50 splitter with two detectors of quantum efficiency eta; y = sum A[j] x[j] is read as (n+ - n-)/(2 eta
 * alpha beta). */

/* Variance of that estimate of y: (alpha^2 |x|^2 + beta^2 |A|^2)/(4 eta alpha^2 beta^2), exact at any light
 * level because n+ and n- are independent Poisson counts.  alpha_squared: photons per x^2, beta_squared:
 * photons per A^2; sum_squares_*: of one input vector and of one weight row. Source: from the statistics of
 * photodetection. */
AJ_API double aj_homodyne_variance(double alpha_squared, double beta_squared, double sum_squares_inputs,
                                   double sum_squares_weights, double quantum_efficiency_ratio);

/* By how much the standard deviation exceeds that of equal arms when the inputs carry the share rho of all
 * photons: 1/(2 sqrt(rho (1 - rho))), 0 < rho < 1. rho = 0.1: 1.667. */
AJ_API double aj_energy_split_ratio(double input_energy_share_ratio);

/* Mean of cos(phase): cos(offset) exp(-sigma^2/2) for a normal phase of that mean and standard deviation. */
AJ_API double aj_phase_gain_ratio(double phase_offset_radians, double phase_noise_radians);
/* Variance of cos(phase), s = sigma^2: cos^2(offset) (1-e^-s)^2/2 + sin^2(offset) (1-e^-2s)/2. */
AJ_API double aj_phase_excess_ratio(double phase_offset_radians, double phase_noise_radians);

/* A splitter with power ratio 1/2 + eps : 1/2 - eps.  Gain of the product relative to 50:50, sqrt(1 - 4
 * eps^2), and the charge that leaks in without any product, 2 eta eps (alpha^2 |x|^2 - beta^2 |A|^2), in
 * electrons;
 * *_photons: incident photons of the two arms. */
AJ_API double aj_splitter_gain_ratio(double splitter_imbalance_ratio);
AJ_API double aj_splitter_leak_electrons(double splitter_imbalance_ratio, double quantum_efficiency_ratio,
                                         double input_photons, double weight_photons);

/* Standard quantum limit of a layer, PRX 2019 Eq. (2): |A|_F |x| / sqrt(cols rows photons_per_mac), both arms
 * counted, equal arms.  sum_squares_weights: of the whole matrix. It is the rms over the rows of the exact
 * law. */
AJ_API double aj_sql_sigma(double sum_squares_weights, double sum_squares_inputs, double rows, double cols,
                           double photons_per_mac);
/* Signal to noise of one output at that limit with one gain a row: cosine(A_i, x) sqrt(cols photons_per_mac).
 */
AJ_API double aj_sql_snr(double cosine_ratio, double cols, double photons_per_mac);

/* P(n+ - n- = k) for independent Poisson counts (Skellam 1946, J. R. Stat. Soc. 109, 296), means >= 0.
 * Relative error below 1e-9 where the result is above 1e-300. */
AJ_API double aj_skellam_probability(int64_t k, double mean_plus, double mean_minus);

/* ---- shapes ---------------------------------------------------------------------------------- */
/* One layer: a convolution, or a dense layer with all spatial sizes 1. groups divides both channel counts. */
typedef struct {
    size_t out_height, out_width, out_channels;
    size_t kernel_height, kernel_width, in_channels;
    size_t groups;
} aj_layer_shape;
/* Multiply-accumulates of one inference: out_h out_w out_c kernel_h kernel_w in_c / groups.
 * BAD_ARGUMENT: groups does not divide the channels, or the number does not fit 64 bits. */
AJ_API AJ_MUST_USE aj_status aj_layer_macs(const aj_layer_shape *shape, uint64_t *n_macs, aj_error *err);

#ifdef __cplusplus
}
#endif
#endif

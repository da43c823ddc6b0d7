/* laws.c: pure functions; sources are beside their declarations. */
#include "attojoule/physics.h"

#include <math.h>

#include "../base/internal.h"
#include "constants.h"
#include "log_factorial.h"

aj_constant aj_physics_constant(size_t i)
{
    static const aj_constant constants[] = {
#define CONSTANT(id, name, value, uncertainty, unit, source) {name, unit, source, value, uncertainty},
#include "constants.def"
#undef CONSTANT
        {NULL, NULL, NULL, (double)NAN, (double)NAN},
    };
    size_t last = sizeof constants / sizeof constants[0] - 1;
    return constants[i < last ? i : last];
}

double aj_photon_energy_joules(double wavelength_meters)
{
    if (!(wavelength_meters > 0.0)) return (double)NAN;
    return ajp_planck_joule_seconds * ajp_light_meters_per_second / wavelength_meters;
}

double aj_landauer_bit_joules(double temperature_kelvin)
{
    if (!(temperature_kelvin >= 0.0)) return (double)NAN;
    return ajp_boltzmann_joules_per_kelvin * temperature_kelvin * log(2.0);
}

double aj_ktc_electrons(double capacitance_farads, double temperature_kelvin)
{
    if (!(capacitance_farads >= 0.0) || !(temperature_kelvin >= 0.0)) return (double)NAN;
    return sqrt(ajp_boltzmann_joules_per_kelvin * temperature_kelvin * capacitance_farads) /
           ajp_electron_coulombs;
}

double aj_homodyne_variance(double alpha_squared, double beta_squared, double sum_squares_inputs,
                            double sum_squares_weights, double quantum_efficiency_ratio)
{
    if (!(alpha_squared > 0.0) || !(beta_squared > 0.0) || !(quantum_efficiency_ratio > 0.0))
        return (double)NAN;
    /* = |x|^2/(4 eta beta^2) + |A|^2/(4 eta alpha^2), which cannot overflow through the product of the gains
     */
    return (sum_squares_inputs / beta_squared + sum_squares_weights / alpha_squared) /
           (4.0 * quantum_efficiency_ratio);
}

double aj_energy_split_ratio(double share)
{
    if (!(share > 0.0) || !(share < 1.0)) return (double)NAN;
    return 0.5 / sqrt(share * (1.0 - share));
}

double aj_phase_gain_ratio(double phase_offset_radians, double phase_noise_radians)
{
    return cos(phase_offset_radians) * exp(-0.5 * phase_noise_radians * phase_noise_radians);
}

double aj_phase_excess_ratio(double phase_offset_radians, double phase_noise_radians)
{
    double s = phase_noise_radians * phase_noise_radians;
    double cosine = cos(phase_offset_radians), sine = sin(phase_offset_radians);
    double one = -expm1(-s), two = -expm1(-2.0 * s); /* 1-e^-s keeps its digits for small jitter */
    return 0.5 * (cosine * cosine * one * one + sine * sine * two);
}

double aj_splitter_gain_ratio(double splitter_imbalance_ratio)
{
    double e = splitter_imbalance_ratio;
    if (!(e >= -0.5) || !(e <= 0.5)) return (double)NAN;
    return sqrt((1.0 - 2.0 * e) * (1.0 + 2.0 * e));
}

double aj_splitter_leak_electrons(double splitter_imbalance_ratio, double quantum_efficiency_ratio,
                                  double input_photons, double weight_photons)
{
    return 2.0 * quantum_efficiency_ratio * splitter_imbalance_ratio * (input_photons - weight_photons);
}

double aj_sql_sigma(double sum_squares_weights, double sum_squares_inputs, double rows, double cols,
                    double photons_per_mac)
{
    if (!(photons_per_mac > 0.0) || !(rows > 0.0) || !(cols > 0.0)) return (double)NAN;
    return sqrt(sum_squares_weights / (rows * cols)) * sqrt(sum_squares_inputs / photons_per_mac);
}

double aj_sql_snr(double cosine_ratio, double cols, double photons_per_mac)
{
    return cosine_ratio * sqrt(cols * photons_per_mac);
}

double ajp_log_factorial(double n)
{
    if (n < 16.0) {
        double product = 1.0;
        for (double i = 2.0; i <= n; i += 1.0) product *= i;
        return log(product);
    }
    double r =
        1.0 / (n * n); /* Stirling's series, Abramowitz and Stegun 6.1.41; next term < 1e-12 from 16 up */
    return (n + 0.5) * log(n) - n + 0.5 * log(2.0 * ajp_pi) +
           (1.0 / 12.0 - r * (1.0 / 360.0 - r / 1260.0)) / n;
}

static double log_poisson(double k, double mean)
{
    if (mean == 0.0) return k == 0.0 ? 0.0 : -INFINITY;
    return k * log(mean) - mean - ajp_log_factorial(k);
}

double aj_skellam_probability(int64_t k, double mean_plus, double mean_minus)
{
    if (!(mean_plus >= 0.0) || !(mean_minus >= 0.0)) return (double)NAN;
    /* sum over j of Poisson(j + d; more) Poisson(j; less), from its largest term outwards */
    double d = k >= 0 ? (double)k : -(double)k;
    double more = k >= 0 ? mean_plus : mean_minus, less = k >= 0 ? mean_minus : mean_plus;
    double product = more * less;
    double mode = floor(0.5 * (sqrt(d * d + 4.0 * product) - d));
    double peak = log_poisson(mode + d, more) + log_poisson(mode, less), sum = 1.0;
    double term = 1.0;
    for (double j = mode; term > 1e-17 * sum; j += 1.0) {
        term *= product / ((j + 1.0) * (j + 1.0 + d));
        sum += term;
    }
    term = 1.0;
    for (double j = mode; j >= 1.0 && term > 1e-17 * sum; j -= 1.0) {
        term *= j * (j + d) / product;
        sum += term;
    }
    return exp(peak) * sum;
}

aj_status aj_layer_macs(const aj_layer_shape *shape, uint64_t *n_macs, aj_error *err)
{
    size_t groups = shape->groups;
    if (groups == 0 || shape->in_channels % groups != 0 || shape->out_channels % groups != 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%zu groups do not divide %zu input and %zu output channels",
                        groups, shape->in_channels, shape->out_channels);
    const size_t factors[] = {shape->out_height,    shape->out_width,    shape->out_channels,
                              shape->kernel_height, shape->kernel_width, shape->in_channels / groups};
    uint64_t product = 1;
    for (size_t i = 0; i < sizeof factors / sizeof factors[0]; i++)
        if (__builtin_mul_overflow(product, (uint64_t)factors[i], &product))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "a layer of more than 2^64 multiply-accumulates; check its shape");
    *n_macs = product;
    return AJ_OK;
}

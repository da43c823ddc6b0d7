/* ring.c: ring resonators; equations and sources are beside the declarations. */
#include <math.h>

#include "attojoule/physics.h"
#include "constants.h"

static bool is_share(double x)
{
    return x >= 0.0 && x <= 1.0;
}

/* |1 - loop e^(i phase)|^2 and the like: (x - y)^2 + 4 x y sin^2(phase/2), which keeps its digits near a
 * resonance where x^2 + y^2 - 2 x y cos(phase) would cancel. */
static double distance_squared(double x, double y, double phase_radians)
{
    double sine = sin(0.5 * phase_radians);
    return (x - y) * (x - y) + 4.0 * x * y * sine * sine;
}

static bool is_ring(double r1, double r2, double a)
{
    return is_share(r1) && is_share(r2) && is_share(a) && r1 * r2 * a < 1.0;
}

double aj_ring_through_ratio(double r1, double r2, double a, double phase_radians)
{
    if (!is_ring(r1, r2, a)) return (double)NAN;
    return distance_squared(r2 * a, r1, phase_radians) / distance_squared(1.0, r1 * r2 * a, phase_radians);
}

double aj_ring_drop_ratio(double r1, double r2, double a, double phase_radians)
{
    if (!is_ring(r1, r2, a)) return (double)NAN;
    return (1.0 - r1 * r1) * (1.0 - r2 * r2) * a / distance_squared(1.0, r1 * r2 * a, phase_radians);
}

double aj_ring_all_pass_ratio(double t, double a, double phase_radians)
{
    return aj_ring_through_ratio(t, 1.0, a, phase_radians);
}

double aj_ring_weight_ratio(double r1, double r2, double a, double phase_radians)
{
    return aj_ring_drop_ratio(r1, r2, a, phase_radians) - aj_ring_through_ratio(r1, r2, a, phase_radians);
}

double aj_ring_weight_phase_radians(double r1, double r2, double a, double weight_ratio)
{
    if (!is_ring(r1, r2, a) || !(weight_ratio > -1.0) || !(r1 * r2 * a > 0.0)) return (double)NAN;
    /* weight D = drop's numerator - N with D and N linear in h = sin^2(phase/2): one linear equation */
    double loop = r1 * r2 * a, gap = 1.0 - loop, imbalance = r2 * a - r1;
    double top = (1.0 - r1 * r1) * (1.0 - r2 * r2) * a - imbalance * imbalance - weight_ratio * gap * gap;
    double h = top / (4.0 * loop * (1.0 + weight_ratio)), slack = 1e-12;
    if (!(h >= -slack && h <= 1.0 + slack)) return (double)NAN;
    return 2.0 * asin(sqrt(h < 0.0 ? 0.0 : h > 1.0 ? 1.0 : h));
}

double aj_ring_phase_radians(double effective_index_ratio, double length_meters, double wavelength_meters)
{
    if (!(length_meters > 0.0) || !(wavelength_meters > 0.0)) return (double)NAN;
    return 2.0 * ajp_pi * effective_index_ratio * length_meters / wavelength_meters;
}

double aj_ring_spectral_range_meters(double wavelength_meters, double group_index_ratio, double length_meters)
{
    if (!(wavelength_meters > 0.0) || !(group_index_ratio > 0.0) || !(length_meters > 0.0))
        return (double)NAN;
    return wavelength_meters * wavelength_meters / (group_index_ratio * length_meters);
}

double aj_ring_finesse_ratio(double loop_ratio)
{
    if (!(loop_ratio > 0.0 && loop_ratio < 1.0)) return (double)NAN;
    return ajp_pi * sqrt(loop_ratio) / (1.0 - loop_ratio);
}

double aj_ring_width_meters(double loop_ratio, double wavelength_meters, double group_index_ratio,
                            double length_meters)
{
    return aj_ring_spectral_range_meters(wavelength_meters, group_index_ratio, length_meters) /
           aj_ring_finesse_ratio(loop_ratio);
}

double aj_ring_quality_ratio(double loop_ratio, double wavelength_meters, double group_index_ratio,
                             double length_meters)
{
    return wavelength_meters /
           aj_ring_width_meters(loop_ratio, wavelength_meters, group_index_ratio, length_meters);
}

double aj_lorentzian_ratio(double detuning_meters, double width_meters)
{
    if (!(width_meters > 0.0)) return (double)NAN;
    double x = 2.0 * detuning_meters / width_meters;
    return 1.0 / (1.0 + x * x);
}

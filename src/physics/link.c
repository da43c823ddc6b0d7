/* link.c: what light loses on its way, the laser that makes up for it, converters; sources in the header. */
#include <math.h>

#include "attojoule/physics.h"

double aj_loss_transmission_ratio(double insertion_loss)
{
    return insertion_loss >= 0.0 ? pow(10.0, -0.1 * insertion_loss) : (double)NAN;
}

double aj_path_transmission_ratio(const double *transmission_ratios, size_t n_parts)
{
    double product = 1.0;
    for (size_t i = 0; i < n_parts; i++) {
        if (!(transmission_ratios[i] >= 0.0 && transmission_ratios[i] <= 1.0)) return (double)NAN;
        product *= transmission_ratios[i];
    }
    return product;
}

double aj_link_laser_watts(double detector_watts, double n_splits, double transmission_ratio,
                           double wall_plug_ratio, double n_levels, double extinction_ratio)
{
    if (!(detector_watts >= 0.0) || !(n_splits >= 1.0) || !(n_levels >= 1.0) || !(extinction_ratio > 1.0) ||
        !(transmission_ratio > 0.0 && transmission_ratio <= 1.0) ||
        !(wall_plug_ratio > 0.0 && wall_plug_ratio <= 1.0))
        return (double)NAN;
    double light = detector_watts * n_splits * n_levels / transmission_ratio;
    return light / wall_plug_ratio / (1.0 - 1.0 / extinction_ratio);
}

const char *aj_converter_law_name(aj_converter_law law)
{
    static const char *const names[] = {
#define NAME(id, name) name,
        AJ_CONVERTER_LAW_LIST(NAME)
#undef NAME
    };
    return (unsigned)law < AJ_N_CONVERTER_LAWS ? names[law] : "";
}

static double conversion(aj_converter_law law, double bits)
{
    switch (law) {
    case AJ_CONVERTER_SAR:
        return bits;
    case AJ_CONVERTER_FLASH:
        return exp2(bits) - 1.0;
    case AJ_CONVERTER_WALDEN:
        return exp2(bits);
    case AJ_CONVERTER_SCHREIER:
        return pow(10.0, 0.602 * bits);
    case AJ_CONVERTER_DAC_OVER_BITS:
        return exp2(bits) / bits;
    case AJ_CONVERTER_DAC_OVER_BITS_PLUS_ONE:
        return exp2(bits) / (bits + 1.0);
    case AJ_N_CONVERTER_LAWS:
        break;
    }
    return (double)NAN;
}

double aj_converter_scale_ratio(aj_converter_law law, double n_bits, double n_reference_bits)
{
    if (!(n_bits >= 1.0) || !(n_reference_bits >= 1.0)) return (double)NAN;
    return conversion(law, n_bits) / conversion(law, n_reference_bits);
}

double aj_walden_joules(double merit_joules, double n_bits)
{
    return merit_joules >= 0.0 && n_bits >= 1.0 ? merit_joules * exp2(n_bits) : (double)NAN;
}

double aj_schreier_joules(double merit_per_joule, double n_bits)
{
    if (!(n_bits >= 1.0) || !(merit_per_joule > 0.0)) return (double)NAN;
    return 0.5 * pow(10.0, 0.1 * (6.02 * n_bits + 1.76)) / merit_per_joule;
}

/* incoherent.c: keys against each other, the light of one vector, the noise of one read-out. */
#include "incoherent.h"

#include "../physics/constants.h"
#include "attojoule/physics.h"

const char *const ajp_input_signs_words[] = {"two_passes", "unsigned", NULL};
const char *const ajp_integration_words[] = {"tile", "symbol", NULL};

static aj_status check_budget(const ajp_incoherent *p, aj_error *err)
{
    if (isnan(p->photons_per_mac) == isnan(p->launched_photons_per_mac))
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'photons_per_mac' (at the detectors) or 'launched_photons_per_mac' (out of the laser) "
            "says how much light there is; set one of them and the other to none");
    if (isnan(p->launched_photons_per_mac)) return AJ_OK;
    if (isnan(p->path_transmission_ratio))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'launched_photons_per_mac' reaches the detectors through 'path_transmission_ratio', "
                        "which is not described; set it");
    if (isnan(p->modulator))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'launched_photons_per_mac' is thinned by the input 'modulator', which is not "
                        "described; set it to absorbing or generative");
    return AJ_OK;
}

static aj_status check_noise(const ajp_incoherent *p, aj_error *err)
{
    if ((p->receiver_noise_amperes > 0.0) != !isnan(p->receiver_bandwidth_hertz))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'receiver_noise_amperes' is the noise over 'receiver_bandwidth_hertz'; set both, or "
                        "none");
    if (p->dark_counts_hertz > 0.0 && isnan(p->clock_hertz))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'dark_counts_hertz' counts for as long as symbols last, and 'clock_hertz' is not "
                        "described; set it");
    return AJ_OK;
}

aj_status ajp_incoherent_check(const ajp_incoherent *p, aj_error *err)
{
    AJ_TRY(check_budget(p, err));
    AJ_TRY(check_noise(p, err));
    AJ_TRY(ajp_check_whole(p->tile_rows, "tile_rows", err));
    AJ_TRY(ajp_check_whole(p->tile_cols, "tile_cols", err));
    AJ_TRY(ajp_check_whole(p->detector_nodes, "detector_nodes", err));
    return ajp_converters_check(&p->converters, err);
}

size_t ajp_incoherent_tile_cols(const ajp_incoherent *p, const ajp_product *product)
{
    if (isnan(p->tile_cols) || p->tile_cols >= (double)product->cols) return product->cols;
    return (size_t)p->tile_cols;
}

bool ajp_incoherent_supports(const ajp_product *product, const char **why)
{
    if (product->weights == AJP_OPERAND_CONSTANT) return true;
    *why = "both operands are activations";
    return false;
}

ajp_incoherent_budget ajp_incoherent_spend(const ajp_incoherent *p, double mean_sum, bool by_column)
{
    if (!isnan(p->photons_per_mac) && by_column)
        return (ajp_incoherent_budget){AJP_SPEND_DETECTED, p->photons_per_mac};
    if (!isnan(p->photons_per_mac))
        return (ajp_incoherent_budget){AJP_SPEND_SENT, mean_sum > 0.0 ? p->photons_per_mac / mean_sum : 0.0};
    double open = p->path_transmission_ratio * p->modulator_transmission_ratio;
    bool generative = p->modulator == (double)AJP_MODULATOR_GENERATIVE;
    return (ajp_incoherent_budget){generative ? AJP_SPEND_SENT : AJP_SPEND_FIXED,
                                   p->launched_photons_per_mac * open};
}

double ajp_incoherent_unit(const ajp_incoherent_budget *budget, double cols, double sum_magnitudes,
                           double weighted)
{
    if (!(sum_magnitudes > 0.0)) return 0.0;
    if (budget->kind == AJP_SPEND_FIXED) return budget->photons;
    if (budget->kind == AJP_SPEND_SENT) return budget->photons * cols / sum_magnitudes;
    return weighted > 0.0 ? budget->photons * cols / weighted : 0.0;
}

static double passes(const ajp_incoherent *p)
{
    return p->input_signs == (double)AJP_SIGNS_UNSIGNED ? 1.0 : 2.0;
}

double ajp_incoherent_extra_variance(const ajp_incoherent *p, size_t tile_cols, const ajp_rails *rails)
{
    double steps = ceil((double)tile_cols / rails->parallel_inputs) * passes(p);
    double one = p->readout_noise_electrons * p->readout_noise_electrons;
    if (p->receiver_noise_amperes > 0.0) {
        double electrons =
            p->receiver_noise_amperes / (2.0 * p->receiver_bandwidth_hertz * ajp_electron_coulombs);
        one += electrons * electrons;
    }
    if (!isnan(p->detector_capacitance_farads))
        one += pow(aj_ktc_electrons(p->detector_capacitance_farads, p->temperature_kelvin), 2.0);
    double reads = p->integration == (double)AJP_INTEGRATE_SYMBOL ? steps : 1.0;
    double dark = 0.0;
    if (p->dark_counts_hertz > 0.0)
        dark = (rails->one_rail ? 1.0 : 2.0) * p->dark_counts_hertz * steps / p->clock_hertz;
    return p->detector_nodes * reads * one + dark;
}

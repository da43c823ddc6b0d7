/* convention.c: the equations by which people turn hardware and hours into watts. */
#include "convention.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

void ajp_note(aj_carbon_result *out, const char *format, ...)
{
    va_list arguments;
    if (out->n_notes == sizeof out->notes / sizeof *out->notes) return;
    va_start(arguments, format);
    vsnprintf(out->notes[out->n_notes++], sizeof *out->notes, format, arguments);
    va_end(arguments);
}

static double or_else(double value, double otherwise)
{
    return isnan(value) ? otherwise : value;
}

/* Watts of one accelerator as given, or its row of the table; none: 0 W. */
static aj_status find_watts(const aj_carbon *carbon, const aj_carbon_options *o, aj_accelerator_power *row,
                            double *given, aj_error *err)
{
    *row = (aj_accelerator_power){.tdp_watts = NAN, .average_watts = NAN, .average_spread_ratio = NAN};
    *given = o->accelerator_watts;
    if (isnan(*given) && o->accelerator == NULL) *given = 0;
    return isnan(*given) ? aj_carbon_find_accelerator(carbon, o->accelerator, row, err) : AJ_OK;
}

/* Measured system power per chip over TDP, of the chips for which both are published (Patterson 2021): what
 * is known about a chip of which only the TDP is. */
static aj_summary system_ratio(const aj_carbon *carbon)
{
    double ratios[64];
    size_t n = 0;
    for (size_t i = 0; i < carbon->n_accelerators && n < 64; i++) {
        const aj_accelerator_power *a = &carbon->accelerators[i];
        if (!isnan(a->average_watts)) ratios[n++] = a->average_watts / a->tdp_watts;
    }
    return aj_summarize(ratios, n);
}

/* attojoule: the measured average where there is one, else TDP times the ratio of those that have one. */
static aj_status power_attojoule(const aj_carbon *carbon, const aj_carbon_options *o, aj_carbon_result *out,
                                 aj_error *err)
{
    aj_accelerator_power row;
    double watts, stddev = NAN;
    aj_origin origin = AJ_ASSUMED;
    AJ_TRY(find_watts(carbon, o, &row, &watts, err));
    if (isnan(watts) && !isnan(row.average_watts)) {
        watts = row.average_watts;
        stddev = row.average_spread_ratio * watts;
        origin = AJ_MODELLED;
        ajp_note(
            out,
            "%s: %.4g W, the measured average of the whole system per chip in other runs (Patterson 2021)",
            row.name, watts);
    } else if (isnan(watts)) {
        aj_summary ratio = system_ratio(carbon);
        watts = row.tdp_watts * ratio.mean;
        stddev = row.tdp_watts * ratio.stddev;
        ajp_note(out,
                 "%s: TDP %.4g W x %.2f +- %.2f, the ratio of the %zu chips whose system power was published",
                 row.name, row.tdp_watts, ratio.mean, ratio.stddev, ratio.n);
    }
    double use = or_else(o->utilization_ratio, 1), scale = o->n_accelerators * use;
    /* The chips of one job do the same: their deviations are one deviation, not independent ones. */
    out->power_watts = (aj_estimate){watts * scale + o->cpu_watts + o->dram_watts, stddev * scale, origin};
    if (!isnan(o->utilization_ratio)) ajp_note(out, "power is taken as proportional to utilization");
    return AJ_OK;
}

/* Strubell 2019, equation 1: p_c + p_r + g p_g. */
static aj_status power_strubell(const aj_carbon *carbon, const aj_carbon_options *o, aj_carbon_result *out,
                                aj_error *err)
{
    aj_accelerator_power row;
    double watts;
    AJ_TRY(find_watts(carbon, o, &row, &watts, err));
    if (isnan(watts)) {
        watts = row.tdp_watts;
        ajp_note(out, "%s: board TDP %.4g W stands for the measured draw of the paper", row.name, watts);
    }
    out->power_watts =
        (aj_estimate){o->cpu_watts + o->dram_watts + o->n_accelerators * watts, NAN, AJ_ASSUMED};
    return AJ_OK;
}

/* Patterson 2021: processors x measured system watts per processor. */
static aj_status power_patterson(const aj_carbon *carbon, const aj_carbon_options *o, aj_carbon_result *out,
                                 aj_error *err)
{
    aj_accelerator_power row;
    double watts, stddev = NAN;
    AJ_TRY(find_watts(carbon, o, &row, &watts, err));
    if (isnan(watts) && !isnan(row.average_watts)) {
        watts = row.average_watts;
        stddev = row.average_spread_ratio * watts * o->n_accelerators;
    } else if (isnan(watts)) {
        watts = row.tdp_watts;
        ajp_note(out, "%s: no system power was published; its TDP %.4g W stands for it", row.name, watts);
    }
    out->power_watts = (aj_estimate){o->n_accelerators * watts, stddev, AJ_ASSUMED};
    if (o->cpu_watts > 0 || o->dram_watts > 0)
        ajp_note(out, "CPU and DRAM watts are left out: Patterson's watts per chip hold the whole system");
    return AJ_OK;
}

/* Green Algorithms: n TDP usage + 0.3725 W per GB of memory. */
static aj_status power_green_algorithms(const aj_carbon *carbon, const aj_carbon_options *o,
                                        aj_carbon_result *out, aj_error *err)
{
    static const double memory_watts_per_byte = 0.3725 / 1e9; /* tables/coefficients.csv, Green Algorithms */
    aj_accelerator_power row;
    double watts;
    AJ_TRY(find_watts(carbon, o, &row, &watts, err));
    watts = or_else(watts, row.tdp_watts) * o->n_accelerators * or_else(o->utilization_ratio, 1);
    out->power_watts =
        (aj_estimate){watts + o->cpu_watts + o->memory_bytes * memory_watts_per_byte, NAN, AJ_ASSUMED};
    return AJ_OK;
}

/* ML CO2 Impact: TDP of the accelerators alone. */
static aj_status power_ml_co2(const aj_carbon *carbon, const aj_carbon_options *o, aj_carbon_result *out,
                              aj_error *err)
{
    aj_accelerator_power row;
    double watts;
    AJ_TRY(find_watts(carbon, o, &row, &watts, err));
    out->power_watts = (aj_estimate){or_else(watts, row.tdp_watts) * o->n_accelerators, NAN, AJ_ASSUMED};
    ajp_note(out,
             "no PUE, no CPU, no memory; energy, factor and result are rounded to two decimals at each step");
    return AJ_OK;
}

/* Cloud Carbon Footprint: vCPUs (idle + use (full - idle)) + 0.392 W per GB of memory; half used where it is
 * not said. */
static aj_status power_cloud_carbon_footprint(const aj_carbon *carbon, const aj_carbon_options *o,
                                              aj_carbon_result *out, aj_error *err)
{
    static const double memory_watts_per_byte = 0.392 / 1e9; /* tables/coefficients.csv */
    aj_accelerator_power row;
    const ajp_vcpu_power *vcpu = NULL;
    double watts, use = or_else(o->utilization_ratio, 0.5), vcpu_watts = 0;
    AJ_TRY(find_watts(carbon, o, &row, &watts, err));
    if (o->n_vcpus > 0) {
        if (o->cpu_family == NULL)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "virtual processors of which family? name one, \"Cascade Lake\"");
        AJ_TRY(ajp_vcpu_find(carbon, o->cpu_family, &vcpu, err));
        vcpu_watts = vcpu->idle_watts + use * (vcpu->full_watts - vcpu->idle_watts);
        ajp_note(out, "%s: %.4g W a vCPU, %.4g idle to %.4g busy at %.0f %% use (%s)", vcpu->name, vcpu_watts,
                 vcpu->idle_watts, vcpu->full_watts, 100 * use, vcpu->source);
    }
    watts = or_else(watts, row.tdp_watts) * o->n_accelerators;
    out->power_watts = (aj_estimate){watts + o->n_vcpus * vcpu_watts + o->cpu_watts +
                                         o->memory_bytes * memory_watts_per_byte,
                                     NAN, AJ_ASSUMED};
    return AJ_OK;
}

static const ajp_convention conventions[] = {
    {"attojoule",
     "measured system power where published, else TDP with the ratio of its likes; +- where known",
     power_attojoule, 1.56, "survey average of 2024 for an unknown site (Uptime, through Green Algorithms)",
     NAN, AJ_BASIS_ANY, NULL, false},
    {"strubell2019",
     "1.58 t (p_c + p_r + g p_g) / 1000, 0.954 lb/kWh (Strubell et al. 2019, equations 1 and 2)",
     power_strubell, 1.58, "world average of 2018 (Strubell et al. 2019, equation 1)",
     0.954 * AJP_KILOGRAMS_PER_POUND / AJP_JOULES_PER_KILOWATT_HOUR, AJ_BASIS_DIRECT,
     "0.954 lb/kWh, US average (Strubell et al. 2019, equation 2, EPA eGRID)", false},
    {"patterson2021",
     "hours x processors x W x PUE / 1000 (Patterson et al. 2021); US average of its table 1",
     power_patterson, 1.59, "US average data centre (Patterson et al. 2021, table 1)",
     0.429 / AJP_JOULES_PER_KILOWATT_HOUR, AJ_BASIS_UNSTATED,
     "0.429 kg/kWh, US average (Patterson et al. 2021, table 1)", false},
    {"green-algorithms", "PUE (n TDP usage + 0.3725 W/GB memory) hours (Lannelongue et al.)",
     power_green_algorithms, 1.56, "unknown site (Green Algorithms defaults_PUE)", NAN, AJ_BASIS_ANY, NULL,
     false},
    {"ml-co2", "round(TDP hours) x round(grid factor), no PUE (ML CO2 Impact, Lacoste et al.)", power_ml_co2,
     1, "none: this convention has no PUE", NAN, AJ_BASIS_ANY, NULL, true},
    {"cloud-carbon-footprint",
     "vCPUs (idle + use (full - idle)) + 0.392 W/GB memory, hours, PUE (Cloud Carbon Footprint)",
     power_cloud_carbon_footprint, 1.135, "AWS in Cloud Carbon Footprint; name another provider", NAN,
     AJ_BASIS_ANY, NULL, false},
};
enum { N_CONVENTIONS = sizeof conventions / sizeof *conventions };

const char *aj_convention_name(size_t i, const char **summary)
{
    if (i >= N_CONVENTIONS) return NULL;
    if (summary != NULL) *summary = conventions[i].summary;
    return conventions[i].name;
}

aj_status ajp_convention_find(const ajp_convention **out, const char *name, aj_error *err)
{
    for (size_t i = 0; i < N_CONVENTIONS; i++)
        if (name == NULL || strcmp(name, conventions[i].name) == 0) {
            *out = &conventions[i];
            return AJ_OK;
        }
    return ajp_fail(
        err, AJ_NOT_FOUND, 0,
        "no convention '%.60s'; known are attojoule, strubell2019, patterson2021, green-algorithms, ml-co2, "
        "cloud-carbon-footprint",
        name);
}

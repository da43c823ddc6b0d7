/* account.c: joules -> facility joules -> kg CO2e both ways, money, fee, embodied carbon, SCI. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "convention.h"
#include "hourly.h"
#include "units.h"

static aj_origin worst(aj_origin a, aj_origin b)
{
    return a > b ? a : b;
}

static aj_estimate times(aj_estimate e, double factor)
{
    return (aj_estimate){e.value * factor, e.stddev * fabs(factor), e.origin};
}

static const aj_estimate unknown = {NAN, NAN, AJ_ASSUMED};

/* ---- arguments ----------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    double value, minimum, maximum;
    bool may_be_unknown;
} limit;

static aj_status check(const aj_carbon_options *o, aj_error *err)
{
    bool embodied = !isnan(o->embodied_kilograms_co2e), priced = !isnan(o->energy_joules.value);
    const limit limits[] = {
        {"energy", o->energy_joules.value, 0, 1e21, true},
        {"number of accelerators", o->n_accelerators, 0, 1e9, false},
        {"watts of an accelerator", o->accelerator_watts, 0, 1e6, true},
        {"CPU watts", o->cpu_watts, 0, 1e9, false},
        {"DRAM watts", o->dram_watts, 0, 1e9, false},
        {"memory", o->memory_bytes, 0, 1e18, false},
        {"utilization", o->utilization_ratio, 0, 1, true},
        {"time", o->duration_seconds, 0, 1e13, false},
        {"PUE", o->power_usage_effectiveness, 1, 10, true},
        {"contract share", o->contract_ratio, 0, 1, false},
        {"residual mix (kg/J)", o->residual_kilograms_co2e_per_joule, 0, 5 / AJP_JOULES_PER_KILOWATT_HOUR,
         true},
        {"offsets", o->offsets_kilograms_co2e, 0, 1e15, false},
        {"fee", o->fee_dollars_per_kilogram_co2e, 0, 1e6, true},
        {"electricity price", o->electricity_dollars_per_joule, 0, 1, true},
        {"embodied carbon", o->embodied_kilograms_co2e, 0, 1e12, true},
        {"life", o->embodied_life_seconds, embodied ? 1 : 0, 1e11, !embodied},
        {"share of the hardware", o->embodied_share_ratio, 0, 1, false},
        {"functional units", o->n_units, 1e-300, 1e300, true},
        {"number of vCPUs", o->n_vcpus, 0, 1e9, false},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const limit *l = &limits[i];
        if (isnan(l->value) ? !l->may_be_unknown : !(l->value >= l->minimum && l->value <= l->maximum))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s is %g; it must be from %g to %g", l->name, l->value,
                            l->minimum, l->maximum);
    }
    if (!priced && o->duration_seconds == 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "neither energy nor hours were given; give one of them");
    bool vcpus = o->convention != NULL && strcmp(o->convention, "cloud-carbon-footprint") == 0;
    if (o->n_vcpus > 0 && !vcpus)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "only the convention cloud-carbon-footprint counts vCPUs; choose it, or give watts");
    if (!priced && o->accelerator == NULL && isnan(o->accelerator_watts) && o->cpu_watts == 0 &&
        o->dram_watts == 0 && o->n_vcpus == 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "no hardware was named; give an accelerator or watts");
    return AJ_OK;
}

/* ---- the steps ----------------------------------------------------------------------------------- */

static aj_status find_energy(const aj_carbon *carbon, const ajp_convention *convention,
                             const aj_carbon_options *o, aj_carbon_result *out, aj_error *err)
{
    out->power_watts = unknown;
    if (!isnan(o->energy_joules.value)) {
        out->energy_joules = o->energy_joules;
        return AJ_OK;
    }
    AJ_TRY(convention->power(carbon, o, out, err));
    out->energy_joules = times(out->power_watts, o->duration_seconds);
    if (convention->rounds)
        out->energy_joules.value = round(out->energy_joules.value / AJP_JOULES_PER_KILOWATT_HOUR * 100) /
                                   100 * AJP_JOULES_PER_KILOWATT_HOUR;
    return AJ_OK;
}

/* "aws/eu-west-1" -> row (aws, eu-west-1), else (aws, fleet). */
static const aj_carbon_row *pue_of_zone(const aj_carbon *carbon, const char *zone)
{
    char provider[32];
    size_t n = zone != NULL ? strcspn(zone, "/") : 0;
    if (zone == NULL || zone[n] != '/' || n >= sizeof provider) return NULL;
    memcpy(provider, zone, n);
    provider[n] = '\0';
    const aj_carbon_row *row = aj_carbon_find_row(carbon, "pue", provider, zone + n + 1);
    return row != NULL ? row : aj_carbon_find_row(carbon, "pue", provider, "fleet");
}

static aj_status find_pue(const aj_carbon *carbon, const ajp_convention *convention,
                          const aj_carbon_options *o, aj_carbon_result *out, aj_error *err)
{
    const aj_carbon_row *row = NULL;
    aj_origin origin = AJ_MODELLED;
    if (!isnan(o->power_usage_effectiveness)) {
        out->power_usage_effectiveness = o->power_usage_effectiveness;
        snprintf(out->pue_source, sizeof out->pue_source, "given");
    } else if (o->provider != NULL && (row = aj_carbon_find_row(carbon, "pue", o->provider, NULL)) == NULL) {
        return ajp_fail(err, AJ_NOT_FOUND, 0,
                        "no PUE of '%.60s'; 'aj grid table pue' prints those that are known", o->provider);
    } else if (row != NULL || (!convention->rounds && (row = pue_of_zone(carbon, o->zone)) != NULL)) {
        out->power_usage_effectiveness = row->value;
        snprintf(out->pue_source, sizeof out->pue_source, "%s %s, %s", row->item, row->offer, row->basis);
    } else {
        out->power_usage_effectiveness = convention->power_usage_effectiveness;
        snprintf(out->pue_source, sizeof out->pue_source, "%s", convention->pue_source);
        origin = AJ_ASSUMED;
    }
    out->facility_joules = times(out->energy_joules, out->power_usage_effectiveness);
    out->facility_joules.origin = worst(out->energy_joules.origin, origin);
    if (out->power_usage_effectiveness == 1) out->facility_joules.origin = out->energy_joules.origin;
    return AJ_OK;
}

static aj_status find_factor(const aj_carbon *carbon, const ajp_convention *convention,
                             const aj_carbon_options *o, aj_carbon_result *out, aj_error *err)
{
    aj_zone_factor *f = &out->factor;
    *f = (aj_zone_factor){.kilograms_co2e_per_joule = NAN, .basis = AJ_BASIS_ANY};
    out->spread_ratio = NAN;
    if (o->hourly != NULL) {
        AJ_TRY(o->load.n > 0 ? aj_hourly_weighted(o->hourly, o->start_seconds, &o->load,
                                                  &f->kilograms_co2e_per_joule, err)
                             : aj_hourly_mean(o->hourly, o->start_seconds, o->duration_seconds,
                                              &f->kilograms_co2e_per_joule, err));
        f->zone = f->name = o->zone != NULL ? o->zone : "hourly file";
        f->basis = o->basis != AJ_BASIS_ANY ? o->basis : AJ_BASIS_UNSTATED;
        f->kind = "hourly";
        f->series = f->source = ajp_hourly_path(o->hourly);
        f->sha256 = aj_hourly_sha256(o->hourly);
        f->detail = o->load.n > 0 ? "mean of the hours of the run, weighted by its joules"
                                  : "mean of the hours of the run, constant load";
    } else if (o->zone != NULL) {
        AJ_TRY(aj_carbon_find_zone(carbon, o->zone, o->basis, f, &out->spread_ratio, err));
    } else if (!isnan(convention->kilograms_co2e_per_joule)) {
        f->kilograms_co2e_per_joule = convention->kilograms_co2e_per_joule;
        f->zone = "US";
        f->name = "United States";
        f->kind = "country";
        f->basis = convention->basis;
        f->series = convention->name;
        f->source = f->detail = convention->factor_source;
    } else {
        ajp_note(out, "no zone was named: no carbon (add a zone; 'aj grid list' prints them)");
    }
    if (convention->rounds && f->zone != NULL) /* round2(parseInt(g/kWh) / 1000), as its page does */
        f->kilograms_co2e_per_joule =
            round(trunc(f->kilograms_co2e_per_joule * AJP_JOULES_PER_KILOWATT_HOUR * 1e3 + 1e-9) / 1e3 *
                  100) /
            100 / AJP_JOULES_PER_KILOWATT_HOUR;
    out->basis = f->basis;
    return AJ_OK;
}

static aj_estimate emitted(aj_estimate energy, double kilograms_co2e_per_joule, double spread_ratio)
{
    double relative = hypot(energy.stddev / energy.value, spread_ratio);
    double value = energy.value * kilograms_co2e_per_joule;
    /* hypot(inf, NaN) is inf: an energy of 0 has no relative deviation */
    return (aj_estimate){value, isfinite(relative) ? relative * value : NAN,
                         worst(energy.origin, AJ_MODELLED)};
}

static aj_status find_carbon(const ajp_convention *convention, const aj_carbon_options *o,
                             aj_carbon_result *out, aj_error *err)
{
    double grid = out->factor.kilograms_co2e_per_joule, residual = o->residual_kilograms_co2e_per_joule;
    out->location_kilograms_co2e = emitted(out->facility_joules, grid, out->spread_ratio);
    if (convention->rounds)
        out->location_kilograms_co2e.value = round(out->location_kilograms_co2e.value * 100) / 100;
    out->residual_known = !isnan(residual);
    if (out->residual_known && out->factor.zone != NULL && o->residual_basis != out->basis)
        return ajp_fail(err, AJ_MISMATCH, 0,
                        "the residual mix is of basis %s, the grid's factor of %s; give both of one basis",
                        aj_basis_name(o->residual_basis), aj_basis_name(out->basis));
    if (!out->residual_known && out->factor.zone != NULL)
        ajp_note(out,
                 "market-based: no residual mix is known; what no contract covers has the grid's own factor");
    out->market_kilograms_co2e = times(emitted(out->facility_joules, out->residual_known ? residual : grid,
                                               out->residual_known ? NAN : out->spread_ratio),
                                       1 - o->contract_ratio);
    out->offsets_kilograms_co2e = o->offsets_kilograms_co2e;
    if (o->offsets_kilograms_co2e > 0) ajp_note(out, "offsets are listed and not subtracted from anything");
    return AJ_OK;
}

static double price_of(const aj_carbon *carbon, double given, const char *item, const char *offer)
{
    if (!isnan(given)) return given;
    const aj_carbon_row *row = aj_carbon_find_row(carbon, "prices", item, offer);
    return row != NULL ? row->value : NAN;
}

/* Dollars of renting: the price row whose name begins the accelerator's ("V100" for "V100 SXM2"). */
static double cloud_dollars(const aj_carbon *carbon, const aj_carbon_options *o, const char *offer)
{
    const aj_carbon_row *row;
    char name[64], item[64];
    if (o->accelerator == NULL || o->duration_seconds == 0) return NAN;
    ajp_plain_name(o->accelerator, name, sizeof name);
    for (size_t i = 0; (row = aj_carbon_row_at(carbon, "prices", i)) != NULL; i++) {
        ajp_plain_name(row->item, item, sizeof item);
        if (strcmp(row->unit, "USD/s") == 0 && strcmp(row->offer, offer) == 0 && item[0] != '\0' &&
            strncmp(name, item, strlen(item)) == 0)
            return row->value * o->n_accelerators * o->duration_seconds;
    }
    return NAN;
}

static void find_money(const aj_carbon *carbon, const aj_carbon_options *o, aj_carbon_result *out)
{
    double electricity = price_of(carbon, o->electricity_dollars_per_joule, "electricity", NULL);
    double fee = price_of(carbon, o->fee_dollars_per_kilogram_co2e, "internal carbon fee", NULL);
    out->electricity_dollars = times(out->facility_joules, electricity);
    out->fee_on_market = o->fee_on_market;
    out->fee_dollars =
        times(o->fee_on_market ? out->market_kilograms_co2e : out->location_kilograms_co2e, fee);
    out->cloud_low_dollars = cloud_dollars(carbon, o, "pre-emptible");
    out->cloud_high_dollars = cloud_dollars(carbon, o, "on-demand");
}

static void find_embodied(const aj_carbon_options *o, aj_carbon_result *out)
{
    out->embodied_kilograms_co2e = out->sci_kilograms_co2e = unknown;
    if (!isnan(o->embodied_kilograms_co2e))
        out->embodied_kilograms_co2e.value =
            aj_embodied_kilograms_co2e(o->embodied_kilograms_co2e, o->duration_seconds,
                                       o->embodied_life_seconds, o->embodied_share_ratio);
    if (isnan(o->n_units)) return;
    out->sci_kilograms_co2e.value =
        (out->location_kilograms_co2e.value + out->embodied_kilograms_co2e.value) / o->n_units;
    if (isnan(o->embodied_kilograms_co2e))
        ajp_note(out, "no SCI score: it needs the embodied carbon of the hardware as well");
}

aj_status aj_carbon_account(const aj_carbon *carbon, const aj_carbon_options *options, aj_carbon_result *out,
                            aj_error *err)
{
    const ajp_convention *convention;
    if (options->struct_size != sizeof *options)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "options of another version; start from AJ_CARBON_OPTIONS_INIT");
    AJ_TRY(ajp_convention_find(&convention, options->convention, err));
    AJ_TRY(check(options, err));
    aj_carbon_result result;
    memset(&result, 0, sizeof result);
    result.convention = convention->name;
    AJ_TRY(find_energy(carbon, convention, options, &result, err));
    AJ_TRY(find_pue(carbon, convention, options, &result, err));
    AJ_TRY(find_factor(carbon, convention, options, &result, err));
    AJ_TRY(find_carbon(convention, options, &result, err));
    find_money(carbon, options, &result);
    find_embodied(options, &result);
    *out = result;
    return AJ_OK;
}

/* ---- sums ---------------------------------------------------------------------------------------- */

aj_status aj_carbon_sum(const aj_carbon_result *results, size_t n, aj_estimate *out, aj_basis *basis,
                        aj_error *err)
{
    aj_estimate sum = {0, 0, AJ_MEASURED};
    for (size_t i = 0; i < n; i++) {
        if (results[i].basis != results[0].basis)
            return ajp_fail(err, AJ_MISMATCH, 0,
                            "figures of basis %s (%s) and %s (%s) cannot be added; price both with one basis",
                            aj_basis_name(results[0].basis),
                            results[0].factor.zone != NULL ? results[0].factor.zone : "-",
                            aj_basis_name(results[i].basis),
                            results[i].factor.zone != NULL ? results[i].factor.zone : "-");
        sum.value += results[i].location_kilograms_co2e.value;
        sum.stddev = hypot(sum.stddev, results[i].location_kilograms_co2e.stddev);
        sum.origin = worst(sum.origin, results[i].location_kilograms_co2e.origin);
    }
    *out = n > 0 ? sum : unknown;
    if (basis != NULL) *basis = n > 0 ? results[0].basis : AJ_BASIS_ANY;
    return AJ_OK;
}

double aj_embodied_kilograms_co2e(double total_kilograms_co2e, double duration_seconds, double life_seconds,
                                  double share_ratio)
{
    return total_kilograms_co2e * (duration_seconds / life_seconds) * share_ratio;
}

double aj_matched_kilograms_co2e(const double *load_joules, const double *clean_joules, size_t n,
                                 double residual_kilograms_co2e_per_joule, bool annual)
{
    double hourly = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        hourly += fmax(0, load_joules[i] - clean_joules[i]);
        total += load_joules[i] - clean_joules[i];
    }
    return (annual ? fmax(0, total) : hourly) * residual_kilograms_co2e_per_joule;
}

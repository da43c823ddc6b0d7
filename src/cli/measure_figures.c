/* measure_figures.c: joules, kilograms and money of a measured run, each with its origin, interval and
 * source. */
#include <math.h>

#include "measure.h"

static const double missing = (double)NAN;

static double widest(double a, double b)
{
    return a > b ? a : b;
}

static aj_figure zone_figure(cli_measured_run *to, const cli_measure *m, const aj_zone_reading *zone)
{
    bool divided = !isnan(zone->attributed_joules);
    cli_amount part = cli_measure_part(m, zone);
    aj_figure figure = {.quantity = AJ_QUANTITY_ENERGY,
                        .part = cli_measured_text(to, "%s/%s", zone->source, zone->name),
                        .value = part.value,
                        .low = part.low,
                        .high = part.high,
                        .origin = part.origin};
    const char *how = !divided                    ? ", not divided"
                      : zone->kind == AJ_ZONE_GPU ? ", divided by who used it"
                                                  : ", divided by CPU time";
    figure.source =
        cli_measured_text(to, "%s%s%s%s", zone->source, zone->file[0] != '\0' ? " " : "", zone->file, how);
    return figure;
}

/* The interval of a product of two factors whose errors are independent: half-widths, relative ones, in
 * quadrature, each side for itself. */
static void set_interval(aj_figure *figure, cli_amount energy, double spread_ratio, bool spread_matters)
{
    if (isnan(figure->value) || isnan(energy.low) || !(energy.value > 0)) return;
    if (spread_matters && isnan(spread_ratio)) return;
    double spread = spread_matters ? aj_normal_quantile(0.975) * spread_ratio : 0;
    double below = 1 - energy.low / energy.value, above = energy.high / energy.value - 1;
    figure->low = widest(figure->value * (1 - hypot(below, spread)), 0);
    figure->high = figure->value * (1 + hypot(above, spread));
}

static aj_figure money(cli_measured_run *to, const cli_measure *m, aj_quantity quantity, const char *part,
                       aj_estimate dollars, const char *item, bool given)
{
    const aj_carbon_row *row = aj_carbon_find_row(m->carbon, "prices", item, NULL);
    aj_figure figure = {quantity, part,           "USD", dollars.value, missing,
                        missing,  dollars.origin, NULL,  NULL,          NULL};
    figure.source = given ? "given on the command line" : row != NULL ? row->source : NULL;
    if (!given && row != NULL && row->year > 0) figure.version = cli_measured_text(to, "%d", row->year);
    if (!given && row != NULL) figure.sha256 = row->sha256;
    return figure;
}

static aj_figure carbon(cli_measured_run *to, aj_quantity quantity, aj_estimate kilograms,
                        const aj_zone_factor *factor, const char *remark)
{
    aj_figure figure = {quantity, NULL, NULL, kilograms.value, missing, missing, kilograms.origin,
                        NULL,     NULL, NULL};
    figure.source = cli_measured_text(to, "%s%s (%s): %s", factor->zone, remark, aj_basis_name(factor->basis),
                                      factor->source);
    if (factor->year > 0) figure.version = cli_measured_text(to, "%d", factor->year);
    figure.sha256 = factor->sha256;
    return figure;
}

static size_t priced_figures(cli_measured_run *to, const cli_measure *m, const aj_carbon_result *r,
                             aj_figure *figures)
{
    cli_amount energy = cli_measure_energy(m);
    size_t n = 0;
    if (isnan(energy.value)) return 0;
    bool fee_given = cli_has(m->c, "fee"), residual = r->residual_known;
    if (r->factor.zone != NULL) {
        figures[n] = carbon(to, AJ_QUANTITY_CO2E_LOCATION, r->location_kilograms_co2e, &r->factor, "");
        set_interval(&figures[n++], energy, r->spread_ratio, true);
        figures[n] = carbon(to, AJ_QUANTITY_CO2E_MARKET, r->market_kilograms_co2e, &r->factor,
                            residual ? ", residual mix given on the command line"
                                     : ", no residual mix: the grid's own factor");
        set_interval(&figures[n++], energy, r->spread_ratio, !residual);
    }
    if (!isnan(r->electricity_dollars.value)) {
        figures[n] = money(to, m, AJ_QUANTITY_COST, "electricity", r->electricity_dollars, "electricity",
                           cli_has(m->c, "electricity"));
        set_interval(&figures[n++], energy, 0, false);
    }
    if (!isnan(r->fee_dollars.value)) {
        bool spread = !(r->fee_on_market && residual);
        figures[n] = money(to, m, AJ_QUANTITY_FEE, NULL, r->fee_dollars, "internal carbon fee", fee_given);
        set_interval(&figures[n++], energy, r->spread_ratio, spread);
    }
    return n;
}

static size_t count_cards(const cli_measure *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_zones; i++)
        n += m->zones[i].reading.kind == AJ_ZONE_GPU && m->zones[i].reading.role == AJ_ZONE_ROLE_COUNTED;
    return n;
}

size_t cli_measure_figures(cli_measured_run *to, const cli_measure *m, const aj_carbon_result *priced,
                           aj_figure *figures)
{
    size_t n = 0, n_cards = count_cards(m);
    for (size_t i = 0; i < m->n_zones; i++)
        if (m->zones[i].reading.role == AJ_ZONE_ROLE_COUNTED)
            figures[n++] = zone_figure(to, m, &m->zones[i].reading);
    if (n == 0)
        figures[n++] = (aj_figure){.quantity = AJ_QUANTITY_ENERGY,
                                   .value = missing,
                                   .low = missing,
                                   .high = missing,
                                   .origin = AJ_ASSUMED,
                                   .source = cli_measured_text(to, "not known: %s", m->no_energy)};
    if (priced != NULL) n += priced_figures(to, m, priced, figures + n);
    if (n_cards > 0)
        figures[n++] = (aj_figure){AJ_QUANTITY_DEVICE_TIME,
                                   NULL,
                                   NULL,
                                   m->duration_seconds * (double)n_cards,
                                   missing,
                                   missing,
                                   AJ_MODELLED,
                                   "time x cards of the machine",
                                   NULL,
                                   NULL};
    if (!isnan(m->flops))
        figures[n++] = (aj_figure){AJ_QUANTITY_FLOPS,
                                   NULL,
                                   NULL,
                                   m->flops,
                                   missing,
                                   missing,
                                   AJ_ASSUMED,
                                   "said by the program, or --flops",
                                   NULL,
                                   NULL};
    if (!isnan(m->accuracy_ratio))
        figures[n++] = (aj_figure){AJ_QUANTITY_ACCURACY,
                                   NULL,
                                   NULL,
                                   m->accuracy_ratio,
                                   missing,
                                   missing,
                                   AJ_MEASURED,
                                   "said by the program, or --accuracy",
                                   NULL,
                                   NULL};
    return n;
}

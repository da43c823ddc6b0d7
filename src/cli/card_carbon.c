/* card_carbon.c: carbon, money and what the carbon is like. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"

#define MISSING ((double)NAN)

static void take_figure(aj_card_row *row, const aj_figure *figure)
{
    row->low = figure->low;
    row->high = figure->high;
    row->source = figure->source;
    row->version = figure->version;
    row->sha256 = figure->sha256;
}

static double estimate(const json_t *object, const char *key)
{
    return cli_json_number(json_object_get(object, key), "value");
}

/* Whether the record still says how the figure came about: after `aj ledger reprice --save` it does not. */
static bool agrees(const json_t *carbon, const aj_figure *location)
{
    double recorded = estimate(carbon, "location_kilograms_co2e");
    return location == NULL ? isnan(recorded) : fabs(recorded - location->value) <= 1e-9 * location->value;
}

/* What the factor counts: as recorded, else as the source of the figure says in brackets. */
static const char *label_of(const json_t *carbon, const aj_figure *location)
{
    const char *label = agrees(carbon, location) ? cli_json_text(carbon, "label") : NULL;
    if (label != NULL) return label;
    for (int basis = 0; location != NULL && location->source != NULL && basis < AJ_BASIS_ANY; basis++) {
        char word[64];
        snprintf(word, sizeof word, "(%s)", aj_basis_name((aj_basis)basis));
        if (strstr(location->source, word) != NULL) return aj_basis_label((aj_basis)basis);
    }
    return aj_basis_label(AJ_BASIS_UNSTATED);
}

const char *cli_card_basis_label(const cli_card_run *run)
{
    const aj_figure *location = cli_card_figure(&run->run, AJ_QUANTITY_CO2E_LOCATION);
    if (location == NULL || isnan(location->value)) return NULL;
    return label_of(json_object_get(run->meter, "carbon"), location);
}

static aj_origin origin_of(const json_t *carbon, const char *key)
{
    const char *text = cli_json_text(json_object_get(carbon, key), "origin");
    for (int origin = AJ_MEASURED; text != NULL && origin < AJ_ASSUMED; origin++)
        if (strcmp(text, aj_origin_name((aj_origin)origin)) == 0) return (aj_origin)origin;
    return AJ_ASSUMED;
}

/* How the kilograms were made: building, factor. */
static void put_steps(cli_card *card, const json_t *carbon, const char *sha256)
{
    const json_t *factor = json_object_get(carbon, "factor");
    aj_card_row *row =
        cli_card_number(card, AJ_CARD_CARBON, "power_usage_effectiveness", "PUE of the building",
                        cli_json_number(carbon, "power_usage_effectiveness"), "1", AJ_ASSUMED);
    row->source = cli_json_text(carbon, "pue_source");
    cli_card_number(card, AJ_CARD_CARBON, "facility_joules", "energy with the building",
                    estimate(carbon, "facility_joules"), "J", (int)origin_of(carbon, "facility_joules"));
    if (!json_is_object(factor)) return;
    const char *zone = cli_json_text(factor, "zone"), *name = cli_json_text(factor, "name"),
               *source = cli_json_text(factor, "source"), *basis = cli_json_text(factor, "basis");
    double year = cli_json_number(factor, "year"), spread = cli_json_number(factor, "spread_ratio");
    row = cli_card_number(card, AJ_CARD_CARBON, "factor_kilograms_co2e_per_joule",
                          cli_memory_text(card->memory, "factor of %s (%s)", name != NULL ? name : "the zone",
                                          zone != NULL ? zone : "?"),
                          cli_json_number(factor, "kilograms_co2e_per_joule"), "kg/J", AJ_MODELLED);
    row->source = source;
    row->sha256 = sha256; /* of the same table */
    if (year > 0) row->version = cli_memory_text(card->memory, "%.0f", year);
    row->note = isnan(spread)
                    ? cli_memory_text(card->memory, "%s", basis != NULL ? basis : "")
                    : cli_memory_text(card->memory, "%s; sources differ by %.0f %% (one standard deviation)",
                                      basis != NULL ? basis : "", 100 * spread);
}

static void put_embodied(cli_card *card, const aj_run *run)
{
    const aj_figure *embodied = cli_card_figure(run, AJ_QUANTITY_CO2E_EMBODIED);
    aj_card_row *row =
        cli_card_number(card, AJ_CARD_CARBON, "embodied_kilograms_co2e", "embodied: making the machine",
                        embodied != NULL ? embodied->value : MISSING, "kg",
                        embodied != NULL ? (int)embodied->origin : AJ_NO_ORIGIN);
    if (embodied != NULL)
        take_figure(row, embodied);
    else
        row->note = "not described; see `aj grid table embodied`";
}

static void put_kilograms(cli_card *card, const aj_run *run, const json_t *carbon)
{
    const aj_figure *location = cli_card_figure(run, AJ_QUANTITY_CO2E_LOCATION),
                    *market = cli_card_figure(run, AJ_QUANTITY_CO2E_MARKET);
    bool fresh = carbon != NULL && agrees(carbon, location);
    aj_card_row *row = cli_card_number(card, AJ_CARD_CARBON, "location_kilograms_co2e",
                                       location != NULL ? label_of(carbon, location) : "location-based",
                                       location != NULL ? location->value : MISSING, "kg",
                                       location != NULL ? (int)location->origin : AJ_NO_ORIGIN);
    if (location != NULL)
        take_figure(row, location);
    else
        row->note = "not priced";
    if (location != NULL && carbon != NULL && !fresh) row->note = "priced again after the run";
    double contracts = cli_json_number(carbon, "contract_ratio");
    bool residual = json_is_true(json_object_get(carbon, "residual_known"));
    row = cli_card_number(card, AJ_CARD_CARBON, "market_kilograms_co2e", "market-based",
                          market != NULL ? market->value : MISSING, "kg",
                          market != NULL ? (int)market->origin : AJ_NO_ORIGIN);
    if (market != NULL)
        take_figure(row, market);
    else
        row->note = "not priced";
    if (market != NULL && fresh)
        row->note = cli_memory_text(card->memory, "%.4g %% under contracts; %s",
                                    100 * (contracts > 0 ? contracts : 0),
                                    residual ? "the rest by the residual mix"
                                             : "no residual mix known: the rest by the grid's own factor");
    double offsets = cli_json_number(carbon, "offsets_kilograms_co2e");
    if (offsets > 0)
        cli_card_number(card, AJ_CARD_CARBON, "offsets_kilograms_co2e", "offsets bought", offsets, "kg",
                        AJ_NO_ORIGIN)
            ->note = "listed, never subtracted";
    put_embodied(card, run);
}

static void put_carbon_hints(cli_card *card, const cli_card_run *run, bool alone)
{
    const char *why = cli_json_text(run->meter, "no_carbon");
    if (cli_card_figure(&run->run, AJ_QUANTITY_CO2E_LOCATION) != NULL) return;
    if (cli_card_energy(&run->run).n_known == 0) {
        cli_card_hint(card, "Carbon: without joules there are none to price.");
        return;
    }
    if (why != NULL && why[0] != '\0') cli_card_hint(card, cli_memory_text(card->memory, "Carbon: %s.", why));
    cli_card_hint(card,
                  cli_memory_text(card->memory,
                                  "Carbon: give the zone with `aj ledger reprice %.8s --zone FR --save`, or "
                                  "`aj run --zone FR` next time.",
                                  alone ? run->run.uid : "UID"));
}

static void put_money(cli_card *card, const aj_run *run, const json_t *carbon)
{
    bool any = false;
    for (size_t i = 0; i < run->n_figures; i++) {
        const aj_figure *figure = &run->figures[i];
        bool fee = figure->quantity == AJ_QUANTITY_FEE;
        if (figure->quantity != AJ_QUANTITY_COST && !fee) continue;
        const char *on = cli_json_text(carbon, "fee_on");
        const char *label = fee ? "internal carbon fee" : figure->part != NULL ? figure->part : "cost";
        aj_card_row *row = cli_card_number(card, AJ_CARD_MONEY, aj_quantity_name(figure->quantity), label,
                                           figure->value, figure->unit, (int)figure->origin);
        take_figure(row, figure);
        if (fee && on != NULL) row->note = cli_memory_text(card->memory, "on the %s-based figure", on);
        any = true;
    }
    if (!any)
        cli_card_number(card, AJ_CARD_MONEY, "cost", "cost", MISSING, "USD", AJ_NO_ORIGIN)->note =
            "not priced";
}

/* ---- equivalents ---- */

/* How far from one of it, in powers of ten: the nearest of its sources. */
static double distance(const aj_carbon *carbon, const char *item, double kilograms)
{
    const aj_carbon_row *row;
    double nearest = HUGE_VAL;
    for (size_t i = 0; (row = aj_carbon_row_at(carbon, "equivalents", i)) != NULL; i++)
        if (strcmp(row->item, item) == 0 && row->value > 0)
            nearest = fmin(nearest, fabs(log10(kilograms / row->value)));
    return nearest;
}

/* What makes a hundredth to a hundred of it, or else the nearest thing; all its sources, since they disagree.
 */
void cli_card_put_equivalents(cli_card *card, const aj_carbon *carbon, double kilograms)
{
    const aj_carbon_row *like;
    double most = HUGE_VAL;
    if (carbon == NULL || !(kilograms > 0)) return;
    for (size_t i = 0; (like = aj_carbon_row_at(carbon, "equivalents", i)) != NULL; i++)
        most = fmin(most, distance(carbon, like->item, kilograms));
    most = fmax(most, 2);
    for (size_t i = 0; (like = aj_carbon_row_at(carbon, "equivalents", i)) != NULL; i++) {
        if (!(like->value > 0) || distance(carbon, like->item, kilograms) > most) continue;
        aj_card_row *row = cli_card_number(card, AJ_CARD_EQUIVALENTS, "equivalent", like->item,
                                           kilograms / like->value, NULL, AJ_ASSUMED);
        row->source = like->source;
        if (like->year > 0) row->version = cli_memory_text(card->memory, "%d", like->year);
        row->note = cli_memory_text(card->memory, "%.4g kg each, %s", like->value, like->basis);
    }
}

void cli_card_put_carbon(cli_card *card, const cli_card_run *run, const aj_carbon *carbon)
{
    const json_t *priced = json_object_get(run->meter, "carbon");
    const aj_figure *location = cli_card_figure(&run->run, AJ_QUANTITY_CO2E_LOCATION);
    if (!json_is_object(priced)) priced = NULL;
    if (priced != NULL && agrees(priced, location))
        put_steps(card, priced, location != NULL ? location->sha256 : NULL);
    put_kilograms(card, &run->run, priced);
    put_carbon_hints(card, run, carbon != NULL);
    put_money(card, &run->run, priced);
    if (location != NULL) cli_card_put_equivalents(card, carbon, location->value);
}

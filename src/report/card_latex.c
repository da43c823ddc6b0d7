/* card_latex.c: cards for a paper: a tabular with a row a run, and the energy paragraph of a reproducibility
 * checklist (training time, hardware, energy, carbon, search: Strubell, Ganesh and McCallum 2019, section 5;
 * Dodge et al. 2019; the checklists of NeurIPS and ACL ask for them). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "card.h"

/* The paragraph grows as plain text and is escaped as a whole. */
static void put_value(ajp_text *to, const aj_card_row *row, ajp_arena *arena)
{
    const char *text = ajp_card_row_text(row, arena), *interval = ajp_card_interval_text(row, arena);
    const char *origin = ajp_card_origin(row);
    ajp_text_put(to, text != NULL ? text : "");
    if (interval == NULL && origin == NULL) return;
    ajp_text_format(to, " (%s%s%s%s)", interval != NULL ? "95 % interval " : "",
                    interval != NULL ? interval : "", interval != NULL && origin != NULL ? "; " : "",
                    origin != NULL ? origin : "");
}

static bool known(const aj_card_row *row)
{
    return row != NULL && (row->text != NULL || !isnan(row->value));
}

static void say_energy(const aj_card *card, const char *subject, ajp_arena *arena, ajp_text *to)
{
    const aj_card_row *time = ajp_card_find(card, "duration_seconds"), *host = ajp_card_find(card, "host"),
                      *energy = ajp_card_find(card, "energy_joules");
    ajp_text_put(to, subject);
    if (known(time)) ajp_text_format(to, " took %s", ajp_card_value_text("", "s", time->value).text);
    if (known(host)) ajp_text_format(to, " on the machine %s", host->text);
    if (!known(energy)) {
        ajp_text_format(to, "%s; the energy is not known.", known(time) || known(host) ? "" : " ran");
        return;
    }
    ajp_text_put(to, known(time) ? " and used " : " used ");
    put_value(to, energy, arena);
    ajp_text_format(to, ", %.4g kWh.", energy->value / 3.6e6);
}

static void say_sources(const aj_card *card, ajp_arena *arena, ajp_text *to)
{
    const char *names = NULL;
    for (size_t i = 0; i < card->n_rows; i++) {
        const aj_card_row *row = &card->rows[i];
        if (row->section != AJ_CARD_ENERGY || row->sum || row->source == NULL || isnan(row->value)) continue;
        if (strcmp(row->key, "energy_joules") != 0) continue;
        if (names != NULL && strstr(names, row->source) != NULL) continue;
        names = ajp_arena_printf(arena, "%s%s%s", names != NULL ? names : "", names != NULL ? ", " : "",
                                 row->source);
    }
    if (names != NULL) ajp_text_format(to, " Source: %s.", names);
    const aj_card_row *coverage = ajp_card_find(card, "coverage_ratio"),
                      *covers = ajp_card_find(card, "covers");
    if (known(coverage))
        ajp_text_format(to, " The sensors gave readings for %s of the time.",
                        ajp_card_value_text("coverage_ratio", NULL, coverage->value).text);
    if (known(covers))
        ajp_text_format(to, " They cover %s; anything else is not in the number.", covers->text);
    ajp_domain_sum total = ajp_domain_total(card);
    if (isnan(total.attributed) || isnan(total.measured)) return;
    ajp_text_format(
        to,
        " Of the %s that they measured, %s are attributed to the run by CPU time, %s are kept apart as "
        "idle and %s belong to other processes",
        ajp_quantity_digits(total.measured, "J", 4).text, ajp_quantity_digits(total.attributed, "J", 4).text,
        ajp_quantity_digits(total.idle, "J", 4).text, ajp_quantity_digits(total.others, "J", 4).text);
    if (!isnan(total.undivided))
        ajp_text_format(to, "; %s are not divided among processes and count as the run's",
                        ajp_quantity_digits(total.undivided, "J", 4).text);
    ajp_text_put(to, ".");
}

/* "location-based (...)": labels of sums have the word CO2e before it. */
static const char *basis_of(const aj_card_row *row)
{
    return row->label == NULL ? "" : strncmp(row->label, "CO2e, ", 6) == 0 ? row->label + 6 : row->label;
}

static void say_carbon(const aj_card *card, ajp_arena *arena, ajp_text *to)
{
    const aj_card_row *location = ajp_card_find(card, "location_kilograms_co2e"),
                      *market = ajp_card_find(card, "market_kilograms_co2e"),
                      *pue = ajp_card_find(card, "power_usage_effectiveness"),
                      *factor = ajp_card_find(card, "factor_kilograms_co2e_per_joule"),
                      *embodied = ajp_card_find(card, "embodied_kilograms_co2e");
    if (!known(location) && !known(market)) {
        ajp_text_put(to, " The carbon emitted is not known.");
        return;
    }
    if (known(factor) && known(pue))
        ajp_text_format(to, " With a PUE of %.4g and %s (%s),", pue->value,
                        ajp_card_value_text("", "kg/J", factor->value).text,
                        factor->source != NULL ? factor->source : "source not stated");
    ajp_text_put(to, known(factor) && known(pue) ? " this is" : " This is");
    if (known(location)) {
        ajp_text_put(to, " ");
        put_value(to, location, arena);
        ajp_text_format(to, " of CO2e %s", basis_of(location));
    }
    if (known(market)) {
        ajp_text_put(to, known(location) ? ", and " : " ");
        put_value(to, market, arena);
        ajp_text_format(to, " %s", basis_of(market));
    }
    ajp_text_put(to, ".");
    if (known(embodied)) {
        ajp_text_put(to, " Embodied carbon, not in these figures: ");
        put_value(to, embodied, arena);
        ajp_text_put(to, ".");
    }
}

static void say_rest(const aj_card *card, ajp_arena *arena, ajp_text *to)
{
    static const struct {
        const char *key, *words;
    } facts[] = {{"cost", "Cost"},
                 {"carbon_fee", "Internal carbon fee"},
                 {"flops", "Floating point operations"},
                 {"flops_per_joule", "Operations per joule"},
                 {"accuracy_ratio", "Accuracy"},
                 {"flops_to_target", "Operations to the target accuracy"},
                 {"joules_to_target", "Energy to the target accuracy"}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const aj_card_row *row = ajp_card_find(card, facts[i].key);
        if (!known(row)) continue;
        ajp_text_format(to, " %s: ", facts[i].words);
        put_value(to, row, arena);
        ajp_text_put(to, ".");
    }
}

static void say_search(const aj_card *account, ajp_arena *arena, ajp_text *to)
{
    bool any = false;
    for (size_t i = 0; account != NULL && i < account->n_rows; i++) {
        const aj_card_row *row = &account->rows[i];
        if (row->section != AJ_CARD_SEARCH || !known(row)) continue;
        if (strcmp(row->key, "expected_best_biased_ratio") == 0)
            continue; /* the other one is enough for a paper */
        ajp_text_format(to, "%s%s: ", any ? "; " : " Search: ", row->label);
        put_value(to, row, arena);
        any = true;
    }
    if (any) ajp_text_put(to, ".");
}

void ajp_cards_to_latex(ajp_cards *cards, ajp_text *out)
{
    const aj_card_options *options = cards->options;
    ajp_text plain = {0};
    ajp_grid grid;
    ajp_text_put(out, "% attojoule " AJ_VERSION_STRING ": take this in with \\input; it needs no package\n");
    if (ajp_card_runs(cards, AJP_RUNS_ENERGY, &grid)) {
        grid.title = options->title;
        ajp_grid_to_latex(&grid, out);
    }
    if (ajp_card_runs(cards, AJP_RUNS_REST, &grid)) ajp_grid_to_latex(&grid, out);
    if (cards->n == 1) {
        say_energy(&cards->cards[0], "The run", &cards->arena, &plain);
        say_sources(&cards->cards[0], &cards->arena, &plain);
        say_carbon(&cards->cards[0], &cards->arena, &plain);
        say_rest(&cards->cards[0], &cards->arena, &plain);
    } else if (options->account != NULL) {
        char subject[64];
        snprintf(subject, sizeof subject, "%zu runs together", cards->n);
        say_energy(options->account, subject, &cards->arena, &plain);
        say_carbon(options->account, &cards->arena, &plain);
        say_rest(options->account, &cards->arena, &plain);
    }
    say_search(options->account, &cards->arena, &plain);
    if (plain.failed) out->failed = true;
    if (plain.bytes != NULL) {
        ajp_text_put(out, "\\par\\noindent\\textbf{Energy and carbon.} ");
        ajp_text_put_latex(out, plain.bytes);
        ajp_text_put(out, " Figures by attojoule " AJ_VERSION_STRING ".\\par\n");
    }
    ajp_text_free(&plain);
    if (options->command == NULL) return;
    ajp_text_put(out, "{\\footnotesize Made by: \\texttt{");
    ajp_text_put_latex(out, options->command);
    ajp_text_put(out, "}}\\par\n");
}

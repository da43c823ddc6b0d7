/* card_put.c: the order of a card: what was run, what it used, what that means, where it comes from. */
#include <string.h>

#include "card.h"

static void put_section(const aj_card *card, aj_card_section section, ajp_arena *arena,
                        const ajp_card_pen *pen, ajp_text *out)
{
    ajp_grid grid;
    if (!ajp_card_table(card, section, arena, &grid)) return;
    pen->heading(ajp_card_section_heading(section), out);
    pen->grid(&grid, out);
}

static void put_hints(const aj_card *card, const ajp_card_pen *pen, ajp_text *out)
{
    if (card->n_hints == 0) return;
    pen->heading("What is missing, and what to do", out);
    for (size_t i = 0; i < card->n_hints; i++) pen->item(card->hints[i], out);
}

/* Below the table: they are too long for it. */
static void put_domain_notes(const aj_card *card, ajp_arena *arena, const ajp_card_pen *pen, ajp_text *out)
{
    for (size_t i = 0; i < card->n_domains; i++) {
        const aj_card_domain *domain = &card->domains[i];
        if (domain->note == NULL || *domain->note == '\0') continue;
        const char *text = ajp_arena_printf(arena, "%s: %s", domain->name, domain->note);
        if (text != NULL) pen->note(text, out);
    }
}

void ajp_card_put(const aj_card *card, ajp_arena *arena, const ajp_card_pen *pen, ajp_text *out)
{
    ajp_grid grid;
    for (int section = 0; section < AJ_N_CARD_SECTIONS; section++) {
        put_section(card, (aj_card_section)section, arena, pen, out);
        if (section == AJ_CARD_ENERGY && ajp_card_domains(card, arena, &grid)) {
            pen->heading("The account of each domain", out);
            pen->grid(&grid, out);
            put_domain_notes(card, arena, pen, out);
        }
        if (section == AJ_CARD_COVERAGE && ajp_card_phases(card, arena, &grid)) {
            pen->heading("Phases", out);
            pen->grid(&grid, out);
        }
    }
    if (ajp_card_sources(card, arena, &grid)) {
        pen->heading("Where the numbers come from", out);
        pen->grid(&grid, out);
    }
    put_hints(card, pen, out);
}

/* Hints of many runs repeat themselves: each is said once. */
static void put_all_hints(const ajp_cards *cards, const ajp_card_pen *pen, ajp_text *out)
{
    bool any = false;
    for (size_t i = 0; i < cards->n; i++)
        for (size_t k = 0; k < cards->cards[i].n_hints; k++) {
            const char *hint = cards->cards[i].hints[k];
            bool said = false;
            for (size_t before = 0; before < i && !said; before++)
                for (size_t j = 0; j < cards->cards[before].n_hints && !said; j++)
                    said = strcmp(cards->cards[before].hints[j], hint) == 0;
            if (said) continue;
            if (!any) pen->heading("What is missing, and what to do", out);
            any = true;
            pen->item(hint, out);
        }
}

void ajp_cards_put(ajp_cards *cards, const ajp_card_pen *pen, ajp_text *out)
{
    const aj_card_options *options = cards->options;
    ajp_grid grid;
    if (options->title != NULL)
        pen->heading(options->title, out);
    else if (cards->n == 1 && cards->cards[0].title != NULL)
        pen->heading(cards->cards[0].title, out);
    if (cards->n == 1) {
        ajp_card_put(&cards->cards[0], &cards->arena, pen, out);
    } else if (ajp_card_runs(cards, pen->narrow ? AJP_RUNS_ENERGY : AJP_RUNS_ALL, &grid)) {
        pen->heading("Runs", out);
        pen->grid(&grid, out);
        if (pen->narrow && ajp_card_runs(cards, AJP_RUNS_REST, &grid)) pen->grid(&grid, out);
    }
    if (options->account != NULL) ajp_card_put(options->account, &cards->arena, pen, out);
    if (cards->n > 1) put_all_hints(cards, pen, out);
    if (options->command == NULL) return;
    const char *text = ajp_arena_printf(&cards->arena, "made by: %s", options->command);
    if (text != NULL) pen->item(text, out);
}

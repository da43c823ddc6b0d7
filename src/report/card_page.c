/* card_page.c: cards as one HTML page that opens from disk without a network and prints well. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "card.h"
#include "style.h"

static void put_grid(const ajp_grid *grid, ajp_text *out)
{
    ajp_grid_to_html(grid, out);
}

static void heading_2(const char *text, ajp_text *out)
{
    ajp_page_element(out, "h2", text);
}

static void heading_3(const char *text, ajp_text *out)
{
    ajp_page_element(out, "h3", text);
}

static void put_item(const char *text, ajp_text *out)
{
    ajp_text_put(out, "<p class=\"hint\">");
    ajp_text_put_html(out, text);
    ajp_text_put(out, "</p>\n");
}

static void put_note(const char *text, ajp_text *out)
{
    ajp_text_put(out, "<p class=\"note\">");
    ajp_text_put_html(out, text);
    ajp_text_put(out, "</p>\n");
}

static const ajp_card_pen sections = {false, put_grid, heading_2, put_item, put_note};
static const ajp_card_pen subsections = {false, put_grid, heading_3, put_item, put_note};

/* ---- the numbers that a reader looks for first ---- */

static const struct {
    const char *key, *title; /* title NULL: "CO2e" and the row's label, which says what it counts */
    bool always;             /* missing is worth a tile */
} tiles[] = {
    {"energy_joules", "Energy", true},
    {"duration_seconds", "Time", true},
    {"location_kilograms_co2e", NULL, true},
    {"market_kilograms_co2e", "CO2e, market-based", false},
    {"cost", "Cost", false},
    {"accuracy_ratio", "Accuracy", false},
    {"flops", "Floating point operations", false},
};

static void put_tile(const aj_card_row *row, const char *title, ajp_arena *arena, ajp_text *out)
{
    const char *interval = row != NULL ? ajp_card_interval_text(row, arena) : NULL;
    const char *origin = row != NULL ? ajp_card_origin(row) : NULL;
    bool missing = row == NULL || (row->text == NULL && isnan(row->value));
    ajp_text_put(out, "<div class=\"tile\"><span>");
    if (title == NULL) {
        ajp_text_put(out, "CO2e, ");
        title = row != NULL && row->label != NULL ? row->label : "location-based";
        if (strncmp(title, "CO2e, ", 6) == 0) title += 6;
    }
    ajp_text_put_html(out, title);
    ajp_text_put(out, "</span><b>");
    const char *text = row != NULL ? ajp_card_row_text(row, arena) : AJP_MISSING_TEXT;
    ajp_text_put_html(out, text != NULL ? text : "");
    ajp_text_put(out, "</b><i>");
    if (interval != NULL) {
        ajp_text_put_html(out, interval);
        ajp_text_put(out, "<br>");
    }
    ajp_text_put_html(out, missing ? "not known" : origin != NULL ? origin : "");
    ajp_text_put(out, "</i></div>\n");
}

static void put_tiles(const aj_card *card, ajp_arena *arena, ajp_text *out)
{
    ajp_text_put(out, "<div class=\"tiles\">\n");
    for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++) {
        const aj_card_row *row = ajp_card_find(card, tiles[i].key);
        if (!tiles[i].always && (row == NULL || isnan(row->value))) continue;
        put_tile(row, tiles[i].title, arena, out);
    }
    ajp_text_put(out, "</div>\n");
}

static void put_chart(const aj_card *card, ajp_text *out)
{
    ajp_text chart = {0};
    if (ajp_chart_power(card, &chart)) {
        ajp_text_put(out, "<figure><div class=\"frame\">\n");
        ajp_text_put_n(out, chart.bytes, chart.size);
        ajp_text_put(
            out, "</div>\n<figcaption><b>Power over time</b>: means of short spans; the area under a line "
                 "is its energy.");
        if (card->n_marks > 0) ajp_text_put(out, " Dashed: what the program marked.");
        ajp_text_put(out, "</figcaption></figure>\n");
    }
    if (chart.failed) out->failed = true;
    ajp_text_free(&chart);
}

static void put_command(const aj_card *card, ajp_text *out)
{
    const aj_card_row *row = ajp_card_find(card, "command_line");
    if (row == NULL || row->text == NULL) return;
    ajp_page_element(out, "pre", row->text);
}

static void put_one(ajp_cards *cards, ajp_text *out)
{
    const aj_card *card = &cards->cards[0];
    put_command(card, out);
    put_tiles(card, &cards->arena, out);
    put_chart(card, out);
    ajp_card_put(card, &cards->arena, &sections, out);
    if (cards->options->account != NULL) ajp_card_put(cards->options->account, &cards->arena, &sections, out);
}

static void put_many(ajp_cards *cards, ajp_text *out)
{
    ajp_grid grid;
    if (cards->options->account != NULL) put_tiles(cards->options->account, &cards->arena, out);
    if (ajp_card_runs(cards, AJP_RUNS_ALL, &grid)) {
        heading_2("Runs", out);
        put_grid(&grid, out);
    }
    if (cards->options->account != NULL) ajp_card_put(cards->options->account, &cards->arena, &sections, out);
    for (size_t i = 0; i < cards->n; i++) {
        const aj_card *card = &cards->cards[i];
        ajp_text_put(out, "<section class=\"run\">\n");
        heading_2(card->title != NULL ? card->title : "A run", out);
        put_command(card, out);
        put_chart(card, out);
        ajp_card_put(card, &cards->arena, &subsections, out);
        ajp_text_put(out, "</section>\n");
    }
}

void ajp_card_page(ajp_cards *cards, ajp_text *out)
{
    const char *title = cards->options->title;
    if (title == NULL && cards->n == 1) title = cards->cards[0].title;
    if (title == NULL) title = ajp_arena_printf(&cards->arena, "Energy of %zu runs", cards->n);
    if (title == NULL) {
        out->failed = true;
        return;
    }
    ajp_page_begin(title, out);
    ajp_text_put(out, "<div class=\"card\">\n");
    ajp_page_element(out, "h1", title);
    ajp_text_put(out, "<p class=\"sub\">Energy card");
    if (cards->n == 1 && cards->cards[0].uid != NULL) {
        ajp_text_put(out, " of run <code>");
        ajp_text_put_html(out, cards->cards[0].uid);
        ajp_text_put(out, "</code>");
    }
    ajp_text_put(out, ", by attojoule " AJ_VERSION_STRING
                      ". Every number says whether it was measured, modelled or "
                      "assumed; a dash is a number that is not known.</p>\n");
    if (cards->n == 1)
        put_one(cards, out);
    else
        put_many(cards, out);
    if (cards->options->command != NULL) {
        ajp_page_element(out, "h2", "Made by");
        ajp_page_element(out, "pre", cards->options->command);
    }
    ajp_text_put(out, "</div>\n");
    ajp_page_end(out);
}

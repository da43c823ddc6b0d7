/* card.h: cards of runs: finding rows, the text of their values, and the tables that every format prints. */
#ifndef AJP_REPORT_CARD_H
#define AJP_REPORT_CARD_H

#include "attojoule/report.h"
#include "base/internal.h"
#include "grid.h"
#include "quantity.h"

typedef struct {
    ajp_arena arena;
    const aj_card *cards;
    size_t n;
    const aj_card_options *options;
} ajp_cards;

const char *ajp_card_section_name(aj_card_section section);
const char *ajp_card_section_heading(aj_card_section section);

/* The total of this key, else its only row (the first one); NULL when there is none. `card` NULL allowed. */
const aj_card_row *ajp_card_find(const aj_card *card, const char *key);
double ajp_card_number(const aj_card *card, const char *key); /* NaN when there is none */
/* "812.4 J", "88.10 %", "1 h 02 min 05 s", "385.0 g/kWh"; the words of a row of words; an em dash. */
ajp_number ajp_card_value_text(const char *key, const char *unit, double value);
const char *ajp_card_row_text(const aj_card_row *row, ajp_arena *arena);
/* "805.0 J – 820.0 J"; NULL when it is not known. */
const char *ajp_card_interval_text(const aj_card_row *row, ajp_arena *arena);
const char *ajp_card_origin(const aj_card_row *row);                 /* NULL: no estimate */
const char *ajp_card_from(const aj_card_row *row, ajp_arena *arena); /* source, version, note; or "" */

/* The joules of the domains as they add up. */
typedef struct {
    double measured, attributed, idle, others, undivided, sum; /* NaN: no such part */
    bool adds_up; /* the parts make what was measured, to 1e-9 of it */
} ajp_domain_sum;
ajp_domain_sum ajp_domain_parts(const aj_card_domain *domain);
ajp_domain_sum ajp_domain_total(const aj_card *card); /* of the counted ones */

/* A source of the card, with what it was used for. */
typedef struct {
    const char *source, *version, *sha256, *keys;
} ajp_provenance;
/* Each source once; NULL when memory ran out or there is none (*n = 0). */
const ajp_provenance *ajp_card_provenance(const aj_card *card, ajp_arena *arena, size_t *n);

/* Tables; false: it would be empty. */
bool ajp_card_table(const aj_card *card, aj_card_section section, ajp_arena *arena, ajp_grid *out);
bool ajp_card_domains(const aj_card *card, ajp_arena *arena, ajp_grid *out);
bool ajp_card_phases(const aj_card *card, ajp_arena *arena, ajp_grid *out);
bool ajp_card_sources(const aj_card *card, ajp_arena *arena, ajp_grid *out);
/* One row a run, and their sum; the columns of a page, or of a narrow medium in two tables. */
typedef enum { AJP_RUNS_ALL, AJP_RUNS_ENERGY, AJP_RUNS_REST } ajp_runs_part;
bool ajp_card_runs(ajp_cards *cards, ajp_runs_part part, ajp_grid *out);

/* How a plain format puts things. */
typedef struct {
    bool narrow;
    void (*grid)(const ajp_grid *grid, ajp_text *out);
    void (*heading)(const char *text, ajp_text *out);
    void (*item)(const char *text, ajp_text *out); /* something to do */
    void (*note)(const char *text, ajp_text *out); /* something to know, below a table */
} ajp_card_pen;
/* Everything of one card in its order, headings included. */
void ajp_card_put(const aj_card *card, ajp_arena *arena, const ajp_card_pen *pen, ajp_text *out);
/* The whole document. */
void ajp_cards_put(ajp_cards *cards, const ajp_card_pen *pen, ajp_text *out);

/* Power over time as SVG; false: there are no series to draw. */
bool ajp_chart_power(const aj_card *card, ajp_text *out);
aj_status ajp_cards_to_json(ajp_cards *cards, ajp_text *out, aj_error *err);
/* Long form: one line a number or word, SI units. */
void ajp_cards_to_csv(ajp_cards *cards, ajp_text *out);
/* A tabular with a row a run, and the paragraph for the checklist of a paper. */
void ajp_cards_to_latex(ajp_cards *cards, ajp_text *out);
/* The page. */
void ajp_card_page(ajp_cards *cards, ajp_text *out);

#endif

/* card_csv.c: cards for spreadsheets, one line a number or word, so that nothing has to be cut out of a cell.
 */
#include <math.h>

#include "card.h"
#include "record/json_writer.h"

typedef struct {
    ajp_text *out;
    const char *run;
} lines;

static void put_number(ajp_text *out, double value)
{
    char text[32];
    ajp_text_put(out, ",");
    if (!isfinite(value)) return;
    ajp_format_double(value, text);
    ajp_text_put(out, text);
}

static void put_words(ajp_text *out, const char *words)
{
    ajp_text_put(out, ",");
    if (words != NULL) ajp_text_put_csv(out, words);
}

static void put_line(const lines *to, const char *section, const aj_card_row *row)
{
    bool number = row->text == NULL;
    if (to->run != NULL) ajp_text_put_csv(to->out, to->run);
    put_words(to->out, section);
    put_words(to->out, row->key);
    put_words(to->out, row->label);
    put_words(to->out, row->text);
    put_number(to->out, number ? row->value : (double)NAN);
    put_number(to->out, number ? row->low : (double)NAN);
    put_number(to->out, number ? row->high : (double)NAN);
    put_words(to->out, !number ? NULL : row->unit != NULL ? row->unit : "1");
    put_words(to->out, ajp_card_origin(row));
    put_words(to->out, row->sum ? "sum" : NULL);
    put_words(to->out, row->source);
    put_words(to->out, row->version);
    put_words(to->out, row->sha256);
    put_words(to->out, row->note);
    ajp_text_put(to->out, "\n");
}

static void put_part(const lines *to, const char *section, const char *key, const char *label, double value,
                     const char *unit, int origin, const char *note)
{
    aj_card_row row = {.key = key,
                       .label = label,
                       .value = value,
                       .low = (double)NAN,
                       .high = (double)NAN,
                       .unit = unit,
                       .origin = origin,
                       .note = note};
    put_line(to, section, &row);
}

static void put_domain(const lines *to, const aj_card_domain *domain)
{
    aj_card_row measured = {.key = "measured_joules",
                            .label = domain->name,
                            .value = domain->measured_joules,
                            .low = domain->low_joules,
                            .high = domain->high_joules,
                            .unit = "J",
                            .origin = (int)domain->origin,
                            .note = domain->role};
    ajp_domain_sum parts = ajp_domain_parts(domain);
    put_line(to, "domain", &measured);
    if (domain->divided) {
        put_part(to, "domain", "attributed_joules", domain->name, parts.attributed, "J", AJ_MODELLED, NULL);
        put_part(to, "domain", "idle_joules", domain->name, parts.idle, "J", (int)domain->idle_origin, NULL);
        put_part(to, "domain", "others_joules", domain->name, parts.others, "J", AJ_MODELLED, NULL);
    }
    put_part(to, "domain", "sum_joules", domain->name, parts.sum, "J", (int)domain->origin,
             parts.adds_up ? "adds up" : "DOES NOT ADD UP");
    put_part(to, "domain", "gap_seconds", domain->name, domain->gap_seconds, "s", AJ_NO_ORIGIN, NULL);
}

static void put_phase(const lines *to, const aj_card_phase *phase)
{
    aj_card_row measured = {.key = "measured_joules",
                            .label = phase->name,
                            .value = phase->measured_joules,
                            .low = phase->low_joules,
                            .high = phase->high_joules,
                            .unit = "J",
                            .origin = (int)phase->origin};
    put_part(to, "phase", "times", phase->name, (double)phase->n, NULL, AJ_NO_ORIGIN,
             phase->open ? "open" : NULL);
    put_part(to, "phase", "duration_seconds", phase->name, phase->duration_seconds, "s", AJ_NO_ORIGIN, NULL);
    put_line(to, "phase", &measured);
    put_part(to, "phase", "attributed_joules", phase->name, phase->attributed_joules, "J", AJ_MODELLED, NULL);
    put_part(to, "phase", "flops", phase->name, phase->flops, "FLOP", AJ_NO_ORIGIN, NULL);
}

static void put_card(const lines *to, const aj_card *card)
{
    for (size_t i = 0; i < card->n_rows; i++)
        put_line(to, ajp_card_section_name(card->rows[i].section), &card->rows[i]);
    for (size_t i = 0; i < card->n_domains; i++) put_domain(to, &card->domains[i]);
    for (size_t i = 0; i < card->n_phases; i++) put_phase(to, &card->phases[i]);
    for (size_t i = 0; i < card->n_hints; i++) {
        aj_card_row hint = {.key = "hint", .label = "", .text = card->hints[i], .origin = AJ_NO_ORIGIN};
        put_line(to, "hint", &hint);
    }
}

void ajp_cards_to_csv(ajp_cards *cards, ajp_text *out)
{
    ajp_text_put(out,
                 "run,section,key,label,text,value,low,high,unit,origin,sum,source,version,sha256,note\n");
    for (size_t i = 0; i < cards->n; i++) {
        const aj_card *card = &cards->cards[i];
        put_card(&(lines){out, card->uid != NULL ? card->uid : card->title}, card);
    }
    if (cards->options->account != NULL) put_card(&(lines){out, "account"}, cards->options->account);
}

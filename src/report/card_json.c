/* card_json.c: cards as one JSON document (docs/formats/card.md). */
#include <math.h>

#include "card.h"
#include "record/json_writer.h"

static void put_row(ajp_json *json, const aj_card_row *row)
{
    ajp_json_object(json, NULL);
    ajp_json_string(json, "section", ajp_card_section_name(row->section));
    ajp_json_string(json, "key", row->key);
    ajp_json_string(json, "label", row->label);
    ajp_json_string(json, "text", row->text);
    ajp_json_number(json, "value", row->text == NULL ? row->value : (double)NAN);
    ajp_json_number(json, "low", row->text == NULL ? row->low : (double)NAN);
    ajp_json_number(json, "high", row->text == NULL ? row->high : (double)NAN);
    ajp_json_string(json, "unit", row->text != NULL ? NULL : row->unit != NULL ? row->unit : "1");
    ajp_json_string(json, "origin", ajp_card_origin(row));
    ajp_json_bool(json, "sum", row->sum);
    ajp_json_bool(json, "alarm", row->alarm);
    ajp_json_string(json, "source", row->source);
    ajp_json_string(json, "version", row->version);
    ajp_json_string(json, "sha256", row->sha256);
    ajp_json_string(json, "note", row->note);
    ajp_json_object_end(json);
}

static void put_parts(ajp_json *json, const ajp_domain_sum *parts)
{
    ajp_json_number(json, "measured_joules", parts->measured);
    ajp_json_number(json, "attributed_joules", parts->attributed);
    ajp_json_number(json, "idle_joules", parts->idle);
    ajp_json_number(json, "others_joules", parts->others);
    ajp_json_number(json, "undivided_joules", parts->undivided);
    ajp_json_number(json, "sum_joules", parts->sum);
    ajp_json_bool(json, "adds_up", parts->adds_up);
}

static void put_domain(ajp_json *json, const aj_card_domain *domain)
{
    ajp_domain_sum parts = ajp_domain_parts(domain);
    ajp_json_object(json, NULL);
    ajp_json_string(json, "name", domain->name);
    ajp_json_string(json, "kind", domain->kind);
    ajp_json_string(json, "role", domain->role);
    ajp_json_string(json, "status", domain->status);
    ajp_json_string(json, "note", domain->note);
    ajp_json_bool(json, "counted", domain->counted);
    ajp_json_bool(json, "divided", domain->divided);
    put_parts(json, &parts);
    ajp_json_number(json, "low_joules", domain->low_joules);
    ajp_json_number(json, "high_joules", domain->high_joules);
    ajp_json_bool(json, "lower_bound", domain->lower_bound);
    ajp_json_number(json, "gap_seconds", domain->gap_seconds);
    ajp_json_string(json, "origin", aj_origin_name(domain->origin));
    ajp_json_string(json, "idle_origin", domain->divided ? aj_origin_name(domain->idle_origin) : NULL);
    ajp_json_object_end(json);
}

static void put_phase(ajp_json *json, const aj_card_phase *phase)
{
    ajp_json_object(json, NULL);
    ajp_json_string(json, "name", phase->name);
    ajp_json_count(json, "times", phase->n);
    ajp_json_bool(json, "open", phase->open);
    ajp_json_number(json, "duration_seconds", phase->duration_seconds);
    ajp_json_number(json, "measured_joules", phase->measured_joules);
    ajp_json_number(json, "low_joules", phase->low_joules);
    ajp_json_number(json, "high_joules", phase->high_joules);
    ajp_json_number(json, "attributed_joules", phase->attributed_joules);
    ajp_json_number(json, "flops", phase->flops);
    ajp_json_string(json, "origin", aj_origin_name(phase->origin));
    ajp_json_object_end(json);
}

static void put_card(ajp_json *json, const char *key, const aj_card *card, ajp_arena *arena)
{
    size_t n = 0;
    const ajp_provenance *list = ajp_card_provenance(card, arena, &n);
    ajp_json_object(json, key);
    ajp_json_string(json, "title", card->title);
    ajp_json_string(json, "uid", card->uid);
    ajp_json_array(json, "rows", false);
    for (size_t i = 0; i < card->n_rows; i++) put_row(json, &card->rows[i]);
    ajp_json_array_end(json);
    ajp_json_array(json, "domains", false);
    for (size_t i = 0; i < card->n_domains; i++) put_domain(json, &card->domains[i]);
    ajp_json_array_end(json);
    if (card->n_domains > 0) {
        ajp_domain_sum total = ajp_domain_total(card);
        ajp_json_object(json, "domains_together");
        put_parts(json, &total);
        ajp_json_object_end(json);
    } else {
        ajp_json_null(json, "domains_together");
    }
    ajp_json_array(json, "phases", false);
    for (size_t i = 0; i < card->n_phases; i++) put_phase(json, &card->phases[i]);
    ajp_json_array_end(json);
    ajp_json_array(json, "sources", false);
    for (size_t i = 0; i < n; i++) {
        ajp_json_object(json, NULL);
        ajp_json_string(json, "source", list[i].source);
        ajp_json_string(json, "version", list[i].version);
        ajp_json_string(json, "sha256", list[i].sha256);
        ajp_json_string(json, "used_for", list[i].keys);
        ajp_json_object_end(json);
    }
    ajp_json_array_end(json);
    ajp_json_array(json, "hints", false);
    for (size_t i = 0; i < card->n_hints; i++) ajp_json_string(json, NULL, card->hints[i]);
    ajp_json_array_end(json);
    ajp_json_object_end(json);
}

aj_status ajp_cards_to_json(ajp_cards *cards, ajp_text *out, aj_error *err)
{
    ajp_json json;
    char *text = NULL;
    ajp_json_begin(&json, 2);
    ajp_json_object(&json, NULL);
    ajp_json_count(&json, "attojoule_card", 1);
    ajp_json_string(&json, "title", cards->options->title);
    ajp_json_string(&json, "command", cards->options->command);
    ajp_json_array(&json, "cards", false);
    for (size_t i = 0; i < cards->n; i++) put_card(&json, NULL, &cards->cards[i], &cards->arena);
    ajp_json_array_end(&json);
    if (cards->options->account != NULL)
        put_card(&json, "account", cards->options->account, &cards->arena);
    else
        ajp_json_null(&json, "account");
    ajp_json_object_end(&json);
    AJ_TRY(ajp_json_finish(&json, &text, err));
    ajp_text_put(out, text);
    ajp_text_put(out, "\n");
    aj_text_free(text);
    return AJ_OK;
}

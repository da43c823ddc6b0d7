/* card.c: rows of a card: finding them, their text, the account of the domains, where the numbers come from.
 */
#include "card.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MISSING ((double)NAN)

const char *ajp_card_section_name(aj_card_section section)
{
    static const char *const names[] = {
#define NAME(id, text, heading) text,
        AJ_CARD_SECTION_LIST(NAME)
#undef NAME
    };
    return names[section];
}

const char *ajp_card_section_heading(aj_card_section section)
{
    static const char *const headings[] = {
#define HEADING(id, text, heading) heading,
        AJ_CARD_SECTION_LIST(HEADING)
#undef HEADING
    };
    return headings[section];
}

const aj_card_row *ajp_card_find(const aj_card *card, const char *key)
{
    const aj_card_row *first = NULL;
    for (size_t i = 0; card != NULL && i < card->n_rows; i++) {
        const aj_card_row *row = &card->rows[i];
        if (row->key == NULL || strcmp(row->key, key) != 0) continue;
        if (row->sum) return row;
        if (first == NULL) first = row;
    }
    return first;
}

double ajp_card_number(const aj_card *card, const char *key)
{
    const aj_card_row *row = ajp_card_find(card, key);
    return row != NULL && row->text == NULL ? row->value : MISSING;
}

/* ---- text of values ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = text != NULL ? strlen(text) : 0, m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_currency(const char *unit)
{
    return strlen(unit) == 3 && strspn(unit, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
}

static ajp_number time_text(double seconds)
{
    ajp_number out;
    if (fabs(seconds) < 60.0 || seconds > 1e12) return ajp_quantity_digits(seconds, "s", 4);
    double whole = floor(seconds + 0.5), hours = floor(whole / 3600.0);
    int minutes = (int)((whole - 3600.0 * hours) / 60.0), rest = (int)fmod(whole, 60.0);
    if (hours >= 1.0)
        snprintf(out.text, sizeof out.text, "%.0f h %02d min %02d s", hours, minutes, rest);
    else
        snprintf(out.text, sizeof out.text, "%d min %02d s", minutes, rest);
    return out;
}

static ajp_number mass_text(double kilograms)
{
    ajp_number out;
    if (fabs(kilograms) >= 1000.0)
        snprintf(out.text, sizeof out.text, fabs(kilograms) < 1e7 ? "%.4g t" : "%.0f t", kilograms / 1000.0);
    else if (fabs(kilograms) >= 1.0)
        snprintf(out.text, sizeof out.text, "%.*f kg",
                 kilograms >= 100.0  ? 1
                 : kilograms >= 10.0 ? 2
                                     : 3,
                 kilograms);
    else
        out = ajp_quantity_digits(kilograms * 1000.0, "g", 4);
    return out;
}

/* Two decimals, or three digits of less than one unit. */
static ajp_number money_text(double value, const char *unit)
{
    ajp_number out;
    int decimals = 2;
    if (value != 0.0 && fabs(value) < 1e-6) {
        snprintf(out.text, sizeof out.text, "%.3g %.15s", value, unit);
        return out;
    }
    if (value != 0.0 && fabs(value) < 1.0) decimals = 2 - (int)floor(log10(fabs(value)));
    snprintf(out.text, sizeof out.text, "%.*f %.15s", decimals, value, unit);
    return out;
}

static ajp_number plain_text(double value)
{
    if (value == floor(value) && fabs(value) < 1e15) return ajp_count_text(value);
    ajp_number out;
    snprintf(out.text, sizeof out.text, "%.4g", value);
    return out;
}

ajp_number ajp_card_value_text(const char *key, const char *unit, double value)
{
    ajp_number out;
    bool bare = unit == NULL || *unit == '\0' || strcmp(unit, "1") == 0;
    if (isnan(value)) return (ajp_number){AJP_MISSING_TEXT};
    if (bare && ends_with(key, "_ratio"))
        snprintf(out.text, sizeof out.text, "%.2f %%", 100.0 * value);
    else if (bare)
        return plain_text(value);
    else if (strcmp(unit, "s") == 0)
        return time_text(value);
    else if (strcmp(unit, "kg") == 0)
        return mass_text(value);
    else if (strcmp(unit, "kg/J") == 0) /* 1 kg/J = 3.6e9 g/kWh */
        snprintf(out.text, sizeof out.text, "%.4g g/kWh", value * 3.6e9);
    else if (is_currency(unit))
        return money_text(value, unit);
    else
        return ajp_quantity_digits(value, unit, 4);
    return out;
}

const char *ajp_card_row_text(const aj_card_row *row, ajp_arena *arena)
{
    if (row->text != NULL) return row->text;
    ajp_number number = ajp_card_value_text(row->key, row->unit, row->value);
    return ajp_arena_strdup(arena, number.text);
}

const char *ajp_card_interval_text(const aj_card_row *row, ajp_arena *arena)
{
    if (row->text != NULL || isnan(row->low) || isnan(row->high)) return NULL;
    ajp_number low = ajp_card_value_text(row->key, row->unit, row->low),
               high = ajp_card_value_text(row->key, row->unit, row->high);
    return ajp_arena_printf(arena, "%s – %s", low.text, high.text);
}

const char *ajp_card_origin(const aj_card_row *row)
{
    bool estimate = row->origin >= 0 && row->text == NULL && !isnan(row->value);
    return estimate ? aj_origin_name((aj_origin)row->origin) : NULL;
}

const char *ajp_card_from(const aj_card_row *row, ajp_arena *arena)
{
    const char *source = row->source != NULL ? row->source : "", *note = row->note;
    bool named = *source != '\0',
         version = named && row->version != NULL && strstr(source, row->version) == NULL;
    return ajp_arena_printf(arena, "%s%s%s%s%s", source, version ? " " : "", version ? row->version : "",
                            named && note != NULL ? "; " : "", note != NULL ? note : "");
}

/* ---- domains ---- */

static double add(double sum, double value)
{
    return isnan(value) ? sum : isnan(sum) ? value : sum + value;
}

/* Rounding of sums of doubles, and of their decimal text. */
static bool adds_up(const ajp_domain_sum *parts)
{
    return isnan(parts->measured) || fabs(parts->sum - parts->measured) <= 1e-9 * fabs(parts->measured);
}

ajp_domain_sum ajp_domain_parts(const aj_card_domain *domain)
{
    ajp_domain_sum parts = {domain->measured_joules, MISSING, MISSING, MISSING, MISSING, MISSING, true};
    if (domain->divided) {
        parts.attributed = domain->attributed_joules;
        parts.idle = domain->idle_joules;
        parts.others = domain->others_joules;
        parts.sum = parts.attributed + parts.idle + parts.others; /* NaN where one is missing */
    } else {
        parts.sum = parts.undivided = domain->measured_joules;
    }
    parts.adds_up = adds_up(&parts);
    return parts;
}

ajp_domain_sum ajp_domain_total(const aj_card *card)
{
    ajp_domain_sum total = {MISSING, MISSING, MISSING, MISSING, MISSING, MISSING, true};
    for (size_t i = 0; i < card->n_domains; i++) {
        if (!card->domains[i].counted) continue;
        ajp_domain_sum parts = ajp_domain_parts(&card->domains[i]);
        total.measured = add(total.measured, parts.measured);
        total.attributed = add(total.attributed, parts.attributed);
        total.idle = add(total.idle, parts.idle);
        total.others = add(total.others, parts.others);
        total.undivided = add(total.undivided, parts.undivided);
    }
    total.sum = add(add(add(total.attributed, total.idle), total.others), total.undivided);
    total.adds_up = adds_up(&total);
    return total;
}

/* ---- provenance ---- */

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool lists(const char *keys, const char *key)
{
    size_t n = strlen(key);
    for (const char *at = keys; (at = strstr(at, key)) != NULL; at++)
        if ((at == keys || at[-1] == ' ') && (at[n] == '\0' || at[n] == ',')) return true;
    return false;
}

const ajp_provenance *ajp_card_provenance(const aj_card *card, ajp_arena *arena, size_t *n)
{
    ajp_provenance *list = card->n_rows > 0 ? ajp_arena_array(arena, card->n_rows, sizeof *list) : NULL;
    *n = 0;
    for (size_t i = 0; list != NULL && i < card->n_rows; i++) {
        const aj_card_row *row = &card->rows[i];
        size_t k = 0;
        if (row->source == NULL || *row->source == '\0') continue;
        while (k < *n && !(same(list[k].source, row->source) && same(list[k].version, row->version) &&
                           same(list[k].sha256, row->sha256)))
            k++;
        if (k == *n)
            list[(*n)++] = (ajp_provenance){row->source, row->version, row->sha256, row->key};
        else if (list[k].keys != NULL && !lists(list[k].keys, row->key))
            list[k].keys = ajp_arena_printf(arena, "%s, %s", list[k].keys, row->key);
    }
    return list;
}

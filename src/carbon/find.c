/* find.c: zones, accelerators and rows by name, with the nearest names when there is none. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carbon.h"

size_t aj_carbon_n_factors(const aj_carbon *carbon)
{
    return carbon->n_factors;
}

const aj_zone_factor *aj_carbon_factor(const aj_carbon *carbon, size_t i)
{
    return i < carbon->n_factors ? &carbon->factors[i] : NULL;
}

/* ---- names --------------------------------------------------------------------------------------- */

static bool same_letters(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++)
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) return false;
    return *a == *b;
}

void ajp_plain_name(const char *text, char *out, size_t size)
{
    static const char *const noise[] = {"nvidia", "tesla", "geforce"};
    size_t n = 0;
    for (; *text != '\0' && n + 1 < size; text++)
        if (isalnum((unsigned char)*text)) out[n++] = (char)tolower((unsigned char)*text);
    out[n] = '\0';
    for (size_t i = 0; i < sizeof noise / sizeof *noise; i++) {
        char *found = strstr(out, noise[i]);
        if (found != NULL) memmove(found, found + strlen(noise[i]), strlen(found + strlen(noise[i])) + 1);
    }
}

size_t ajp_edits(const char *a, const char *b)
{
    size_t n = strnlen(b, 63), row[64];
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 1; i < 64 && a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            size_t change = diagonal + (same ? 0 : 1);
            diagonal = row[j];
            size_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = least < change ? least : change;
        }
    }
    return row[n];
}

/* The names of a list that are nearest to a word, nearest first, without repetitions. */
enum { NEAREST = 4 };
typedef struct {
    const char *names[NEAREST];
    size_t edits[NEAREST], n;
} nearest;

static void consider(nearest *best, const char *word, const char *name, const char *shown)
{
    size_t edits = ajp_edits(word, name), at = best->n;
    for (size_t i = 0; i < best->n; i++)
        if (strcmp(best->names[i], shown) == 0) {
            if (best->edits[i] <= edits) return;
            for (best->n--; i < best->n; i++) { /* nearer by this name: taken out and put in again */
                best->names[i] = best->names[i + 1];
                best->edits[i] = best->edits[i + 1];
            }
            at = best->n;
        }
    while (at > 0 && best->edits[at - 1] > edits) at--;
    if (at == NEAREST) return;
    size_t n = best->n < NEAREST ? best->n : NEAREST - 1;
    for (size_t i = n; i > at; i--) {
        best->names[i] = best->names[i - 1];
        best->edits[i] = best->edits[i - 1];
    }
    best->names[at] = shown;
    best->edits[at] = edits;
    best->n = n + 1;
}

static void print_nearest(const nearest *best, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0, at = 0; i < best->n && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%s", i > 0 ? ", " : "", best->names[i]);
}

/* ---- zones --------------------------------------------------------------------------------------- */

static bool is_zone(const aj_zone_factor *f, const char *zone)
{
    return same_letters(f->zone, zone) || (f->alias[0] != '\0' && same_letters(f->alias, zone)) ||
           same_letters(f->name, zone);
}

/* A stated basis before an unstated, then the newest, then the order of the tables (the user's come first).
 */
static bool better(const aj_zone_factor *a, const aj_zone_factor *b)
{
    bool stated_a = a->basis != AJ_BASIS_UNSTATED, stated_b = b->basis != AJ_BASIS_UNSTATED;
    return stated_a != stated_b ? stated_a : a->year > b->year;
}

/* Sample standard deviation over mean of the series of the same zone, basis and time. */
static double spread_of(const aj_carbon *carbon, const aj_zone_factor *chosen)
{
    double values[64];
    size_t n = 0;
    for (size_t i = 0; i < carbon->n_factors && n < 64; i++) {
        const aj_zone_factor *f = &carbon->factors[i];
        if (strcmp(f->zone, chosen->zone) == 0 && f->basis == chosen->basis &&
            abs(f->year - chosen->year) <= 2 &&
            strncmp(f->series, chosen->series, strcspn(chosen->series, " ")) != 0)
            values[n++] = f->kilograms_co2e_per_joule;
    }
    if (n == 0 || n == 64) return NAN;
    values[n++] = chosen->kilograms_co2e_per_joule;
    aj_summary summary = aj_summarize(values, n);
    return summary.mean > 0 ? summary.stddev / summary.mean : NAN;
}

static aj_status no_zone(const aj_carbon *carbon, const char *zone, aj_error *err)
{
    nearest best = {.n = 0};
    char names[200];
    for (size_t i = 0; i < carbon->n_factors; i++) {
        const aj_zone_factor *f = &carbon->factors[i];
        consider(&best, zone, f->zone, f->zone);
        consider(&best, zone, f->name, f->zone);
        if (f->alias[0] != '\0') consider(&best, zone, f->alias, f->zone);
    }
    print_nearest(&best, names, sizeof names);
    return ajp_fail(err, AJ_NOT_FOUND, 0, "no zone '%.60s'; near are %s ('aj grid list' prints all)", zone,
                    names);
}

static aj_status other_basis(const aj_carbon *carbon, const char *zone, aj_basis basis, aj_error *err)
{
    char known[100] = "";
    size_t at = 0;
    for (int b = 0; b < AJ_BASIS_ANY; b++)
        for (size_t i = 0; i < carbon->n_factors; i++)
            if (carbon->factors[i].basis == (aj_basis)b && is_zone(&carbon->factors[i], zone)) {
                at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", at > 0 ? ", " : "",
                                       aj_basis_name((aj_basis)b));
                break;
            }
    return ajp_fail(err, AJ_NOT_FOUND, 0,
                    "zone '%.60s' has no factor of basis %s, only of %s; choose one of these", zone,
                    aj_basis_name(basis), known);
}

aj_status aj_carbon_find_zone(const aj_carbon *carbon, const char *zone, aj_basis basis, aj_zone_factor *out,
                              double *spread_ratio, aj_error *err)
{
    /* Azure publishes no factor of a region: it is the country's, the PUE is Azure's. */
    const char *place = strncmp(zone, "azure/", 6) == 0 ? zone + 6 : zone;
    const aj_zone_factor *best = NULL;
    bool known = false;
    for (size_t i = 0; i < carbon->n_factors; i++) {
        const aj_zone_factor *f = &carbon->factors[i];
        if (!is_zone(f, place)) continue;
        known = true;
        if (basis != AJ_BASIS_ANY && f->basis != basis) continue;
        if (best == NULL || better(f, best)) best = f;
    }
    if (!known) return no_zone(carbon, place, err);
    if (best == NULL) return other_basis(carbon, place, basis, err);
    *out = *best;
    if (spread_ratio != NULL) *spread_ratio = spread_of(carbon, best);
    return AJ_OK;
}

/* ---- accelerators -------------------------------------------------------------------------------- */

aj_status aj_carbon_find_accelerator(const aj_carbon *carbon, const char *name, aj_accelerator_power *out,
                                     aj_error *err)
{
    char word[64], plain[64], names[200];
    nearest inside = {.n = 0}, best = {.n = 0};
    size_t n_inside = 0;
    const aj_accelerator_power *found = NULL;
    ajp_plain_name(name, word, sizeof word);
    for (size_t i = 0; i < carbon->n_accelerators; i++) {
        const aj_accelerator_power *a = &carbon->accelerators[i];
        ajp_plain_name(a->name, plain, sizeof plain);
        if (strcmp(plain, word) == 0) {
            *out = *a;
            return AJ_OK;
        }
        consider(&best, word, plain, a->name);
        if (word[0] == '\0' || strstr(plain, word) == NULL) continue;
        consider(&inside, word, plain, a->name);
        found = a;
        n_inside++;
    }
    if (n_inside == 1) {
        *out = *found;
        return AJ_OK;
    }
    print_nearest(n_inside > 1 ? &inside : &best, names, sizeof names);
    if (n_inside > 1)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "several accelerators are called '%.60s'; say which: %s",
                        name, names);
    return ajp_fail(err, AJ_NOT_FOUND, 0,
                    "no accelerator '%.60s' in the table; near are %s (or give its watts)", name, names);
}

/* ---- rows ---------------------------------------------------------------------------------------- */

static const ajp_rows *list_of(const aj_carbon *carbon, const char *list)
{
    for (size_t i = 0; i < AJP_N_LISTS; i++)
        if (strcmp(list, ajp_list_names[i]) == 0) return &carbon->lists[i];
    return NULL;
}

const aj_carbon_row *aj_carbon_row_at(const aj_carbon *carbon, const char *list, size_t i)
{
    const ajp_rows *rows = list_of(carbon, list);
    return rows != NULL && i < rows->n ? &rows->rows[i] : NULL;
}

const aj_carbon_row *aj_carbon_find_row(const aj_carbon *carbon, const char *list, const char *item,
                                        const char *offer)
{
    const aj_carbon_row *row;
    for (size_t i = 0; (row = aj_carbon_row_at(carbon, list, i)) != NULL; i++)
        if (same_letters(row->item, item) && (offer == NULL || same_letters(row->offer, offer))) return row;
    return NULL;
}

aj_status ajp_vcpu_find(const aj_carbon *carbon, const char *name, const ajp_vcpu_power **out, aj_error *err)
{
    char word[64], plain[64], names[300] = "";
    size_t at = 0;
    ajp_plain_name(name, word, sizeof word);
    for (size_t i = 0; i < carbon->n_vcpus; i++) {
        ajp_plain_name(carbon->vcpus[i].name, plain, sizeof plain);
        if (strcmp(plain, word) == 0) {
            *out = &carbon->vcpus[i];
            return AJ_OK;
        }
        if (at < sizeof names)
            at += (size_t)snprintf(names + at, sizeof names - at, "%s%s", i > 0 ? ", " : "",
                                   carbon->vcpus[i].name);
    }
    return ajp_fail(err, AJ_NOT_FOUND, 0, "no CPU family '%.60s' in tables/cpu-vcpu-power.csv; there are %s",
                    name, names);
}

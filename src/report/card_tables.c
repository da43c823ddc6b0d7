/* card_tables.c: the tables of a card as content. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "card.h"

/* ---- rows of a section ---- */

typedef struct {
    bool any, estimates, intervals, remarks, numbers;
} columns;

static columns look(const aj_card *card, aj_card_section section)
{
    columns has = {false, false, false, false, false};
    for (size_t i = 0; i < card->n_rows; i++) {
        const aj_card_row *row = &card->rows[i];
        if (row->section != section) continue;
        has.any = true;
        has.numbers |= row->text == NULL;
        has.estimates |= row->origin >= 0;
        has.intervals |= row->text == NULL && !isnan(row->low) && !isnan(row->high);
        has.remarks |= row->source != NULL || row->note != NULL;
    }
    return has;
}

static void put_row(const aj_card_row *row, const columns *has, ajp_arena *arena, ajp_grid *out)
{
    ajp_grid_row *line = ajp_grid_add(out);
    if (line != NULL) line->emphasis = row->sum || row->alarm;
    if (line != NULL && row->sum) line->rule = true;
    if (row->alarm)
        ajp_grid_format(out, "! %s", row->label);
    else
        ajp_grid_cell(out, row->label);
    ajp_grid_cell(out, ajp_card_row_text(row, arena));
    if (has->intervals) {
        const char *interval = ajp_card_interval_text(row, arena);
        ajp_grid_cell(out, interval != NULL ? interval : row->origin >= 0 ? NULL : "");
    }
    if (has->estimates) {
        const char *origin = ajp_card_origin(row);
        ajp_grid_cell(out, origin != NULL ? origin : "");
    }
    if (has->remarks) {
        const char *from = ajp_card_from(row, arena);
        ajp_grid_cell(out, from != NULL ? from : "");
    }
}

bool ajp_card_table(const aj_card *card, aj_card_section section, ajp_arena *arena, ajp_grid *out)
{
    columns has = look(card, section);
    if (!has.any) return false;
    ajp_grid_begin(out, arena, NULL);
    ajp_grid_column(out, "", AJP_LEFT);
    ajp_grid_column(out, "value", has.estimates ? AJP_RIGHT : AJP_LEFT);
    if (has.intervals) ajp_grid_column(out, "95 % interval", AJP_RIGHT);
    if (has.estimates) ajp_grid_column(out, "origin", AJP_LEFT);
    if (has.remarks) ajp_grid_column(out, "source, remarks", AJP_LEFT);
    out->headless = !has.estimates;
    for (size_t i = 0; i < card->n_rows; i++)
        if (card->rows[i].section == section) put_row(&card->rows[i], &has, arena, out);
    return true;
}

/* ---- domains: printed on one scale, so that the printed parts add up ---- */

typedef struct {
    double unit;
    int decimals;
    const char *symbol;
} scale;

static scale scale_of(const aj_card *card)
{
    static const char *const symbols[] = {"µJ", "mJ", "J", "kJ", "MJ", "GJ", "TJ"};
    double most = 0.0;
    for (size_t i = 0; i < card->n_domains; i++)
        if (card->domains[i].measured_joules > most) most = card->domains[i].measured_joules;
    double total = ajp_domain_total(card).measured;
    if (total > most) most = total;
    int exponent = most > 0.0 ? (int)floor(log10(most)) : 0;
    int step = (int)floor(exponent / 3.0);
    step = step < -2 ? -2 : step > 4 ? 4 : step;
    int decimals = 4 - (exponent - 3 * step); /* five digits of the largest */
    return (scale){pow(10.0, 3 * step), decimals < 0 ? 0 : decimals > 9 ? 9 : decimals, symbols[step + 2]};
}

static void cell_joules(ajp_grid *out, double joules, const scale *by)
{
    if (isnan(joules))
        ajp_grid_cell(out, NULL);
    else
        ajp_grid_format(out, "%.*f", by->decimals, joules / by->unit);
}

static void cells_of(const ajp_domain_sum *parts, bool undivided, const scale *by, ajp_grid *out)
{
    cell_joules(out, parts->attributed, by);
    cell_joules(out, parts->idle, by);
    cell_joules(out, parts->others, by);
    if (undivided) cell_joules(out, parts->undivided, by);
    cell_joules(out, parts->sum, by);
    cell_joules(out, parts->measured, by);
}

static const char *remark(const aj_card_domain *domain, ajp_arena *arena)
{
    bool bad = domain->status != NULL && strcmp(domain->status, "OK") != 0;
    bool split = domain->divided && !isnan(domain->measured_joules);
    return ajp_arena_printf(
        arena, "%s%s%s%s%s%s%s%s", isnan(domain->measured_joules) ? "" : aj_origin_name(domain->origin),
        domain->counted ? "" : ", not added: ", domain->counted || domain->role == NULL ? "" : domain->role,
        domain->lower_bound ? ", a lower bound" : "", bad ? ", " : "", bad ? domain->status : "",
        split && domain->idle_joules > 0.0 ? ", idle " : "",
        split && domain->idle_joules > 0.0 ? aj_origin_name(domain->idle_origin) : "");
}

static void put_domain(const aj_card_domain *domain, bool undivided, const scale *by, ajp_arena *arena,
                       ajp_grid *out)
{
    ajp_domain_sum parts = ajp_domain_parts(domain);
    const char *words = remark(domain, arena);
    ajp_grid_row *row = ajp_grid_add(out);
    if (row != NULL) row->emphasis = !parts.adds_up;
    ajp_grid_cell(out, domain->name);
    cells_of(&parts, undivided, by, out);
    if (words != NULL && strncmp(words, ", ", 2) == 0) words += 2;
    ajp_grid_cell(out, words != NULL ? words : "");
}

static void put_total(const aj_card *card, bool undivided, const scale *by, ajp_grid *out)
{
    ajp_domain_sum total = ajp_domain_total(card);
    ajp_grid_row *row = ajp_grid_add(out);
    if (row != NULL) row->rule = row->emphasis = true;
    ajp_grid_cell(out, "counted, together");
    cells_of(&total, undivided, by, out);
    ajp_grid_cell(out, "");
}

static const char *verdict(const aj_card *card, ajp_arena *arena)
{
    const char *broken = NULL;
    bool divided = false;
    for (size_t i = 0; i < card->n_domains; i++) {
        const aj_card_domain *domain = &card->domains[i];
        divided |= domain->divided;
        if (!ajp_domain_parts(domain).adds_up)
            broken = ajp_arena_printf(arena, "%s%s%s", broken != NULL ? broken : "",
                                      broken != NULL ? ", " : "", domain->name);
    }
    if (broken != NULL)
        return ajp_arena_printf(arena,
                                "THE ACCOUNT DOES NOT ADD UP: attributed + idle + others is not what was "
                                "measured in %s.",
                                broken);
    return divided ? "attributed + idle + others = measured, in every domain that is divided. Attributed: by "
                     "CPU time to this run's processes."
                   : "Not divided among processes: everything the sensors saw counts as the run's.";
}

bool ajp_card_domains(const aj_card *card, ajp_arena *arena, ajp_grid *out)
{
    bool undivided = false;
    size_t n_counted = 0;
    if (card->n_domains == 0) return false;
    scale by = scale_of(card);
    for (size_t i = 0; i < card->n_domains; i++) {
        undivided |= !card->domains[i].divided;
        n_counted += card->domains[i].counted;
    }
    ajp_grid_begin(out, arena, NULL);
    ajp_grid_column(out, ajp_arena_printf(arena, "domain, in %s", by.symbol), AJP_LEFT);
    ajp_grid_column(out, "attributed", AJP_RIGHT);
    ajp_grid_column(out, "+ idle", AJP_RIGHT);
    ajp_grid_column(out, "+ others", AJP_RIGHT);
    if (undivided) ajp_grid_column(out, "+ not divided", AJP_RIGHT);
    ajp_grid_column(out, "= sum", AJP_RIGHT);
    ajp_grid_column(out, "measured", AJP_RIGHT);
    ajp_grid_column(out, "remarks", AJP_LEFT);
    for (size_t i = 0; i < card->n_domains; i++) put_domain(&card->domains[i], undivided, &by, arena, out);
    if (n_counted > 1 || n_counted < card->n_domains) put_total(card, undivided, &by, out);
    out->caption = verdict(card, arena);
    return true;
}

/* ---- phases ---- */

static void cell_value(ajp_grid *out, double value, const char *unit)
{
    ajp_number number = ajp_card_value_text("", unit, value);
    ajp_grid_cell(out, number.text);
}

bool ajp_card_phases(const aj_card *card, ajp_arena *arena, ajp_grid *out)
{
    bool flops = false;
    if (card->n_phases == 0) return false;
    for (size_t i = 0; i < card->n_phases; i++) flops |= !isnan(card->phases[i].flops);
    ajp_grid_begin(out, arena, NULL);
    ajp_grid_column(out, "phase", AJP_LEFT);
    ajp_grid_column(out, "times", AJP_RIGHT);
    ajp_grid_column(out, "duration", AJP_RIGHT);
    ajp_grid_column(out, "measured", AJP_RIGHT);
    ajp_grid_column(out, "interval", AJP_RIGHT);
    ajp_grid_column(out, "attributed", AJP_RIGHT);
    if (flops) ajp_grid_column(out, "FLOPs", AJP_RIGHT);
    ajp_grid_column(out, "origin", AJP_LEFT);
    for (size_t i = 0; i < card->n_phases; i++) {
        const aj_card_phase *phase = &card->phases[i];
        ajp_number low = ajp_card_value_text("", "J", phase->low_joules),
                   high = ajp_card_value_text("", "J", phase->high_joules);
        ajp_grid_add(out);
        ajp_grid_cell(out, phase->name);
        ajp_grid_format(out, "%llu%s", (unsigned long long)phase->n, phase->open ? " (open)" : "");
        cell_value(out, phase->duration_seconds, "s");
        cell_value(out, phase->measured_joules, "J");
        if (isnan(phase->low_joules) || isnan(phase->high_joules))
            ajp_grid_cell(out, NULL);
        else
            ajp_grid_format(out, "%s – %s", low.text, high.text);
        cell_value(out, phase->attributed_joules, "J");
        if (flops) cell_value(out, phase->flops, "FLOP");
        ajp_grid_cell(out, isnan(phase->measured_joules) ? "" : aj_origin_name(phase->origin));
    }
    out->caption =
        "Phases as the program marked them; they may lie inside one another, so they are not added.";
    return true;
}

/* ---- sources ---- */

bool ajp_card_sources(const aj_card *card, ajp_arena *arena, ajp_grid *out)
{
    size_t n = 0;
    const ajp_provenance *list = ajp_card_provenance(card, arena, &n);
    bool sums = false;
    if (n == 0) return false;
    for (size_t i = 0; i < n; i++) sums |= list[i].sha256 != NULL;
    ajp_grid_begin(out, arena, NULL);
    ajp_grid_column(out, "source", AJP_LEFT);
    ajp_grid_column(out, "version", AJP_LEFT);
    if (sums) ajp_grid_column(out, "sha256", AJP_LEFT);
    ajp_grid_column(out, "used for", AJP_LEFT);
    for (size_t i = 0; i < n; i++) {
        ajp_grid_add(out);
        ajp_grid_cell(out, list[i].source);
        ajp_grid_cell(out, list[i].version);
        if (sums) ajp_grid_cell(out, list[i].sha256);
        ajp_grid_cell(out, list[i].keys);
    }
    return true;
}

/* ---- several runs ---- */

typedef struct {
    const char *key, *title;
    ajp_runs_part part;
} run_column;
static const run_column run_columns[] = {
    {"duration_seconds", "time", AJP_RUNS_ENERGY},
    {"energy_joules", "energy", AJP_RUNS_ENERGY},
    {"accuracy_ratio", "accuracy", AJP_RUNS_ENERGY},
    {"location_kilograms_co2e", "CO2e by location", AJP_RUNS_REST},
    {"market_kilograms_co2e", "CO2e by market", AJP_RUNS_REST},
    {"cost", "cost", AJP_RUNS_REST},
    {"carbon_fee", "fee", AJP_RUNS_REST},
    {"flops", "FLOPs", AJP_RUNS_REST},
    {"flops_per_joule", "FLOPs/J", AJP_RUNS_REST},
};
enum { N_RUN_COLUMNS = sizeof run_columns / sizeof *run_columns };

typedef struct {
    bool shown[N_RUN_COLUMNS], any, intervals;
} run_shape;

/* Time and energy always, anything else where one run knows it. */
static run_shape shape_of(const ajp_cards *cards, ajp_runs_part part, ajp_arena *arena)
{
    run_shape shape = {{false}, false, false};
    for (size_t c = 0; c < N_RUN_COLUMNS; c++) {
        if (part != AJP_RUNS_ALL && part != run_columns[c].part) continue;
        shape.shown[c] = c < 2;
        for (size_t i = 0; i < cards->n; i++)
            shape.shown[c] |= !isnan(ajp_card_number(&cards->cards[i], run_columns[c].key));
        shape.any |= shape.shown[c];
    }
    for (size_t i = 0; i < cards->n; i++) {
        const aj_card_row *energy = ajp_card_find(&cards->cards[i], "energy_joules");
        if (energy != NULL && ajp_card_interval_text(energy, arena) != NULL) shape.intervals = true;
    }
    return shape;
}

static bool is_energy(size_t c)
{
    return strcmp(run_columns[c].key, "energy_joules") == 0;
}

static void put_run(const aj_card *card, const run_shape *shape, ajp_arena *arena, ajp_grid *out)
{
    for (size_t c = 0; c < N_RUN_COLUMNS; c++) {
        const aj_card_row *row = ajp_card_find(card, run_columns[c].key);
        if (!shape->shown[c]) continue;
        ajp_grid_cell(out, row != NULL ? ajp_card_row_text(row, arena) : NULL);
        if (!is_energy(c)) continue;
        if (shape->intervals) ajp_grid_cell(out, row != NULL ? ajp_card_interval_text(row, arena) : NULL);
        ajp_grid_cell(out, row != NULL ? ajp_card_origin(row) : NULL);
    }
}

static void begin_runs(const run_shape *shape, ajp_arena *arena, ajp_grid *out)
{
    ajp_grid_begin(out, arena, NULL);
    ajp_grid_column(out, "run", AJP_LEFT);
    ajp_grid_column(out, "what", AJP_LEFT);
    for (size_t c = 0; c < N_RUN_COLUMNS; c++) {
        if (!shape->shown[c]) continue;
        ajp_grid_column(out, run_columns[c].title, AJP_RIGHT);
        if (!is_energy(c)) continue;
        if (shape->intervals) ajp_grid_column(out, "95 % interval", AJP_RIGHT);
        ajp_grid_column(out, "origin", AJP_LEFT);
    }
}

/* What the location-based column counts, where it is the same for all. */
static const char *basis_words(const ajp_cards *cards, ajp_arena *arena)
{
    const char *common = NULL;
    for (size_t i = 0; i < cards->n; i++) {
        const aj_card_row *row = ajp_card_find(&cards->cards[i], "location_kilograms_co2e");
        if (row == NULL || isnan(row->value) || row->label == NULL) continue;
        if (common != NULL && strcmp(common, row->label) != 0)
            return "CO2e by location: the factors of these runs count different things; do not compare or "
                   "add them.";
        common = row->label;
    }
    return common != NULL ? ajp_arena_printf(arena, "CO2e by location is %s.", common) : NULL;
}

bool ajp_card_runs(ajp_cards *cards, ajp_runs_part part, ajp_grid *out)
{
    ajp_arena *arena = &cards->arena;
    const aj_card *account = cards->options->account;
    const aj_card_row *runs = ajp_card_find(account, "n_runs");
    run_shape shape = shape_of(cards, part, arena);
    bool inside = false;
    if (!shape.any) return false;
    begin_runs(&shape, arena, out);
    for (size_t i = 0; i < cards->n; i++) {
        const aj_card *card = &cards->cards[i];
        const aj_card_row *parent = ajp_card_find(card, "parent");
        bool nested = parent != NULL && parent->text != NULL;
        inside |= nested;
        ajp_grid_add(out);
        ajp_grid_format(out, "%s%.8s", nested ? "↳ " : "", card->uid != NULL ? card->uid : "");
        ajp_grid_cell(out, card->title);
        put_run(card, &shape, arena, out);
    }
    if (runs != NULL) {
        ajp_grid_row *row = ajp_grid_add(out);
        if (row != NULL) row->rule = row->emphasis = true;
        ajp_grid_cell(out, "sum");
        ajp_grid_format(out, runs->value == 1.0 ? "%.0f run" : "%.0f runs", runs->value);
        put_run(account, &shape, arena, out);
    }
    const char *nested = inside && part != AJP_RUNS_REST
                             ? "↳ ran inside another run. What the outer one has measured is not added again."
                             : NULL;
    const char *basis = part != AJP_RUNS_ENERGY ? basis_words(cards, arena) : NULL;
    out->caption = nested != NULL && basis != NULL ? ajp_arena_printf(arena, "%s %s", nested, basis)
                   : nested != NULL                ? nested
                                                   : basis;
    return true;
}

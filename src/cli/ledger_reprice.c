/* ledger_reprice.c: aj ledger reprice: what a stored run would have cost in another place, hour or contract.
 *
 * Joules are taken as they are stored and never change; how they came over time is in the run's trace. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attojoule/carbon.h"
#include "ledger.h"
#include "trace_load.h"

#define JOULES_PER_KILOWATT_HOUR 3.6e6
#define SECONDS_PER_HOUR         3600.0
#define MISSING                  ((double)NAN)

enum { MOST_FIGURES = 4, TEXT_SIZE = 512 };

typedef struct {
    cli *c;
    aj_carbon *carbon;
    aj_hourly *hourly;
    aj_carbon_options options; /* of the command line */
} prices;

/* A run and what it would cost. */
typedef struct {
    aj_run run;
    double joules, low_joules, high_joules; /* low, high NaN: not known */
    aj_origin origin;
    cli_trace_load told;
    double ends[2][2]; /* seconds and joules of a constant load */
    aj_load load;
    bool constant;        /* the load is assumed to be */
    double start_seconds; /* NaN: the hour does not matter */
    aj_carbon_result result;
    aj_figure figures[MOST_FIGURES];
    char texts[MOST_FIGURES][TEXT_SIZE], years[MOST_FIGURES][16];
    size_t n_figures;
} priced_run;

/* ---- options ------------------------------------------------------------------------------------- */

static bool any_given(cli *c)
{
    static const char *const names[] = {"zone",      "hourly",   "pue", "provider",    "basis",
                                        "contracts", "residual", "fee", "electricity", "prices"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (cli_has(c, names[i])) return true;
    return false;
}

static int read_options(cli *c, aj_carbon_options *o)
{
    *o = (aj_carbon_options)AJ_CARBON_OPTIONS_INIT;
    if (!any_given(c))
        return cli_usage_error(
            c, "ledger reprice needs another price: --zone, --hourly, --pue, --electricity, ...");
    if (!cli_has(c, "hourly") && (cli_has(c, "hour") || cli_has(c, "best")))
        return cli_usage_error(c, "a yearly factor knows no hours: --hour and --best need --hourly FILE.csv");
    if (cli_has(c, "hour") && !aj_time_parse(cli_text(c, "hour"), &o->start_seconds))
        return cli_usage_error(c, "--hour '%s' is no time; write 2026-11-24T03:00Z", cli_text(c, "hour"));
    o->power_usage_effectiveness = cli_number(c, "pue");
    o->provider = cli_text(c, "provider");
    o->zone = cli_text(c, "zone");
    (void)aj_basis_from_name(cli_text(c, "basis"), &o->basis); /* CLI_WORD: it is one of them */
    (void)aj_basis_from_name(cli_text(c, "residual-basis"), &o->residual_basis);
    o->contract_ratio = cli_number(c, "contracts");
    o->residual_kilograms_co2e_per_joule = cli_number(c, "residual") * 1e-3 / JOULES_PER_KILOWATT_HOUR;
    o->fee_dollars_per_kilogram_co2e = cli_number(c, "fee") * 1e-3;
    o->fee_on_market = strcmp(cli_text(c, "fee-on"), "market") == 0;
    o->electricity_dollars_per_joule = cli_number(c, "electricity") / JOULES_PER_KILOWATT_HOUR;
    return EXIT_OK;
}

static int open_prices(cli *c, prices *p)
{
    aj_error err = {AJ_OK, 0, ""};
    *p = (prices){.c = c};
    int status = read_options(c, &p->options);
    if (status != EXIT_OK) return status;
    aj_status st = aj_carbon_open(&p->carbon, c->context, cli_text(c, "zones"), cli_text(c, "prices"), &err);
    if (st == AJ_OK && cli_has(c, "hourly"))
        st = aj_hourly_open(&p->hourly, c->context, cli_text(c, "hourly"), &err);
    p->options.hourly = p->hourly;
    return st == AJ_OK ? EXIT_OK : cli_failed(c, &err);
}

static void close_prices(prices *p)
{
    aj_hourly_close(p->hourly);
    aj_carbon_close(p->carbon);
}

/* ---- a run ----------------------------------------------------------------------------------------- */

static void read_energy(priced_run *r)
{
    bool bounded = true;
    r->joules = r->low_joules = r->high_joules = MISSING;
    r->origin = AJ_MEASURED;
    double sum = 0, low = 0, high = 0;
    for (size_t i = 0; i < r->run.n_figures; i++) {
        const aj_figure *figure = &r->run.figures[i];
        if (figure->quantity != AJ_QUANTITY_ENERGY || isnan(figure->value)) continue;
        r->joules = sum += figure->value;
        low += figure->low;
        high += figure->high;
        bounded = bounded && !isnan(figure->low) && !isnan(figure->high);
        if (figure->origin > r->origin) r->origin = figure->origin;
    }
    if (isnan(r->joules) || !bounded) return;
    r->low_joules = low;
    r->high_joules = high;
}

/* A load in any case where hours matter. */
static int find_load(cli *c, priced_run *r)
{
    cli_trace_load_read(c, &r->told, r->run.uid, r->run.trace, r->run.trace_bytes);
    r->load = r->told.load;
    r->constant = r->load.n == 0;
    if (!r->constant) return EXIT_OK;
    if (!(r->run.duration_seconds > 0)) {
        cli_complain(c, "run %.8s has neither a trace nor a duration: its hours are not known", r->run.uid);
        return EXIT_FAILED;
    }
    r->ends[0][1] = r->run.duration_seconds;
    r->ends[1][1] = r->joules;
    r->load = (aj_load){r->ends[0], r->ends[1], 2};
    return EXIT_OK;
}

static int find_start(prices *p, priced_run *r, aj_error *err)
{
    double mean;
    r->start_seconds = cli_has(p->c, "hour") ? p->options.start_seconds : r->run.started_unix_seconds;
    if (isnan(r->start_seconds)) {
        cli_complain(p->c, "run %.8s does not know when it began; give --hour", r->run.uid);
        return EXIT_FAILED;
    }
    if (!cli_has(p->c, "best")) return EXIT_OK;
    double until = r->start_seconds + cli_number(p->c, "best") * SECONDS_PER_HOUR;
    if (aj_hourly_best(p->hourly, r->start_seconds, until, &r->load, &r->start_seconds, &mean, err) != AJ_OK)
        return cli_failed(p->c, err);
    return EXIT_OK;
}

/* ---- figures --------------------------------------------------------------------------------------- */

/* 95 % of the energy and, where the zone's factor is in it, of the factor, as independent errors. */
static void set_interval(const priced_run *r, aj_figure *figure, bool with_factor)
{
    double spread = with_factor ? aj_normal_quantile(0.975) * r->result.spread_ratio : 0;
    if (isnan(r->low_joules) || isnan(spread) || !(r->joules > 0)) return;
    double below = 1 - r->low_joules / r->joules, above = r->high_joules / r->joules - 1;
    figure->low = fmax(figure->value * (1 - hypot(below, spread)), 0);
    figure->high = figure->value * (1 + hypot(above, spread));
}

static aj_figure *add_figure(priced_run *r, aj_quantity quantity, const char *part, const char *unit,
                             aj_estimate value)
{
    if (isnan(value.value)) return NULL;
    aj_figure *figure = &r->figures[r->n_figures];
    *figure =
        (aj_figure){quantity, part, unit, value.value, MISSING, MISSING, value.origin, NULL, NULL, NULL};
    figure->source = r->texts[r->n_figures++];
    return figure;
}

static void add_carbon(priced_run *r, aj_quantity quantity, aj_estimate kilograms, const char *remark,
                       bool with_factor)
{
    const aj_zone_factor *factor = &r->result.factor;
    aj_figure *figure = factor->zone != NULL ? add_figure(r, quantity, NULL, NULL, kilograms) : NULL;
    if (figure == NULL) return;
    size_t at = (size_t)(figure - r->figures);
    snprintf(r->texts[at], TEXT_SIZE, "%s%s (%s), PUE %.4g: %.300s", factor->zone, remark,
             aj_basis_name(factor->basis), r->result.power_usage_effectiveness, factor->source);
    snprintf(r->years[at], sizeof r->years[at], "%d", factor->year);
    if (factor->year > 0) figure->version = r->years[at];
    figure->sha256 = factor->sha256;
    set_interval(r, figure, with_factor);
}

static void add_money(const prices *p, priced_run *r, aj_quantity quantity, const char *part,
                      aj_estimate dollars, const char *item, bool given, bool with_factor)
{
    const aj_carbon_row *row = aj_carbon_find_row(p->carbon, "prices", item, NULL);
    aj_figure *figure = add_figure(r, quantity, part, "USD", dollars);
    if (figure == NULL) return;
    size_t at = (size_t)(figure - r->figures);
    snprintf(r->texts[at], TEXT_SIZE, "%.400s",
             given || row == NULL ? "price given on the command line" : row->source);
    if (!given && row != NULL && row->year > 0) {
        snprintf(r->years[at], sizeof r->years[at], "%d", row->year);
        figure->version = r->years[at];
    }
    if (!given && row != NULL) figure->sha256 = row->sha256;
    set_interval(r, figure, with_factor);
}

static void make_figures(const prices *p, priced_run *r)
{
    const aj_carbon_result *result = &r->result;
    bool residual = result->residual_known, hours = p->hourly != NULL;
    if (hours) r->result.spread_ratio = 0; /* the file is taken as it is */
    add_carbon(r, AJ_QUANTITY_CO2E_LOCATION, result->location_kilograms_co2e, "", true);
    add_carbon(r, AJ_QUANTITY_CO2E_MARKET, result->market_kilograms_co2e,
               residual ? ", residual mix given on the command line"
                        : ", no residual mix: the grid's own factor",
               !residual);
    add_money(p, r, AJ_QUANTITY_COST, "electricity", result->electricity_dollars, "electricity",
              cli_has(p->c, "electricity"), false);
    add_money(p, r, AJ_QUANTITY_FEE, NULL, result->fee_dollars, "internal carbon fee", cli_has(p->c, "fee"),
              !(result->fee_on_market && residual));
}

static int price_run(prices *p, priced_run *r)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_carbon_options options = p->options;
    read_energy(r);
    r->start_seconds = MISSING;
    if (isnan(r->joules)) {
        cli_complain(p->c, "run %.8s does not say its joules: nothing can be priced", r->run.uid);
        return EXIT_FAILED;
    }
    if (p->hourly != NULL) {
        int status = find_load(p->c, r);
        if (status == EXIT_OK) status = find_start(p, r, &err);
        if (status != EXIT_OK) return status;
        options.load = r->load;
        options.start_seconds = r->start_seconds;
    }
    options.energy_joules = (aj_estimate){r->joules, MISSING, r->origin};
    options.duration_seconds = r->run.duration_seconds > 0 ? r->run.duration_seconds : 0;
    if (aj_carbon_account(p->carbon, &options, &r->result, &err) != AJ_OK) return cli_failed(p->c, &err);
    make_figures(p, r);
    return EXIT_OK;
}

/* ---- what is printed -------------------------------------------------------------------------------- */

static aj_total total_of(const aj_figure *figure)
{
    aj_total total = {figure->quantity, "", figure->value, figure->low, figure->high, figure->origin, 1};
    snprintf(total.unit, sizeof total.unit, "%s",
             figure->unit != NULL ? figure->unit : aj_quantity_unit(figure->quantity));
    return total;
}

/* What the run has now in the place of a figure: the sum of what --save would replace. */
static aj_total before(const aj_run *run, const aj_figure *figure)
{
    aj_total total = total_of(figure);
    total.value = total.low = total.high = MISSING;
    total.origin = AJ_MEASURED;
    for (size_t i = 0; i < run->n_figures; i++) {
        const aj_figure *old = &run->figures[i];
        bool same_part = (old->part == NULL) == (figure->part == NULL) &&
                         (old->part == NULL || strcmp(old->part, figure->part) == 0);
        if (old->quantity != figure->quantity || (old->quantity == AJ_QUANTITY_COST && !same_part)) continue;
        if (isnan(old->value) || strcmp(total_of(old).unit, total.unit) != 0) continue;
        bool first = isnan(total.value);
        total.value = first ? old->value : total.value + old->value;
        total.low = first ? old->low : total.low + old->low;
        total.high = first ? old->high : total.high + old->high;
        if (old->origin > total.origin) total.origin = old->origin;
    }
    return total;
}

static void print_run(prices *p, const priced_run *r, FILE *stream)
{
    static const char *const headers[] = {"quantity", "before", "after"};
    char text[256];
    cli_table table;
    aj_total energy = {AJ_QUANTITY_ENERGY, "J", r->joules, r->low_joules, r->high_joules, r->origin, 1};
    cli_ledger_total(&energy, text, sizeof text);
    fprintf(stream, "run %.8s, %s", r->run.uid, text);
    if (p->hourly != NULL) {
        cli_ledger_time(r->start_seconds, text, sizeof text);
        fprintf(stream, ", %s from %s UTC, %s", cli_has(p->c, "best") ? "best" : "priced", text,
                r->constant ? "constant load" : "hours weighted by its trace");
    }
    fputc('\n', stream);
    cli_table_begin(&table, "lll", headers);
    for (size_t i = 0; i < r->n_figures; i++) {
        aj_total now = total_of(&r->figures[i]), then = before(&r->run, &r->figures[i]);
        cli_table_cell(&table, "%s", aj_quantity_name(now.quantity));
        cli_ledger_total(&then, text, sizeof text);
        cli_table_cell(&table, "%s", text);
        cli_ledger_total(&now, text, sizeof text);
        cli_table_cell(&table, "%s", text);
    }
    cli_table_end(&table, stream);
    for (size_t i = 0; i < r->n_figures; i++) {
        snprintf(text, sizeof text, "%s: ", aj_quantity_name(r->figures[i].quantity));
        fputs(text, stream);
        cli_print_wrapped(stream, r->figures[i].source, strlen(text), CLI_WIDTH);
    }
    for (size_t i = 0; i < r->result.n_notes; i++) {
        fputs("- ", stream);
        cli_print_wrapped(stream, r->result.notes[i], 2, CLI_WIDTH);
    }
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *run_document(const prices *p, const priced_run *r, bool saved)
{
    json_t *figures = json_array(), *notes = json_array();
    for (size_t i = 0; i < r->n_figures; i++) {
        const aj_figure *f = &r->figures[i];
        aj_total then = before(&r->run, f);
        json_array_append_new(
            figures, json_pack("{s:s, s:s?, s:s, s:o, s:o, s:o, s:o, s:s, s:s, s:s?, s:s?}", "quantity",
                               aj_quantity_name(f->quantity), "part", f->part, "unit", then.unit, "before",
                               number(then.value), "value", number(f->value), "low", number(f->low), "high",
                               number(f->high), "origin", aj_origin_name(f->origin), "source", f->source,
                               "version", f->version, "sha256", f->sha256));
    }
    for (size_t i = 0; i < r->result.n_notes; i++)
        json_array_append_new(notes, json_string(r->result.notes[i]));
    return json_pack("{s:s, s:o, s:s, s:o, s:s?, s:o, s:o, s:b}", "uid", r->run.uid, "energy_joules",
                     number(r->joules), "origin", aj_origin_name(r->origin), "start_unix_seconds",
                     number(r->start_seconds), "load",
                     p->hourly == NULL ? NULL
                     : r->constant     ? "constant"
                                       : "trace",
                     "figures", figures, "notes", notes, "saved", saved);
}

static int one_run(prices *p, aj_ledger *ledger, const char *uid, FILE *stream, json_t *document)
{
    aj_error err = {AJ_OK, 0, ""};
    priced_run *r = cli_allocate(1, sizeof *r); /* zeroed */
    bool save = cli_has(p->c, "save");
    if (aj_ledger_find(ledger, uid, &r->run, &err) != AJ_OK) {
        free(r);
        return cli_failed(p->c, &err);
    }
    int status = price_run(p, r);
    if (status == EXIT_OK && save &&
        aj_ledger_reprice(ledger, r->run.uid, r->figures, r->n_figures, &err) != AJ_OK)
        status = cli_failed(p->c, &err);
    if (status == EXIT_OK && document != NULL) json_array_append_new(document, run_document(p, r, save));
    if (status == EXIT_OK && document == NULL) print_run(p, r, stream);
    cli_trace_load_free(&r->told);
    aj_run_destroy(&r->run);
    free(r);
    return status;
}

int cli_ledger_reprice(cli *c, aj_ledger *ledger, FILE *stream)
{
    prices p;
    json_t *document = cli_has(c, "json") ? json_array() : NULL;
    int status = open_prices(c, &p);
    for (size_t i = 1; status == EXIT_OK && i < c->n_operands; i++) {
        if (i > 1 && document == NULL) fputc('\n', stream);
        status = one_run(&p, ledger, c->operands[i], stream, document);
    }
    if (status == EXIT_OK && document != NULL) {
        json_dumpf(document, stream, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        fputc('\n', stream);
    } else if (status == EXIT_OK) {
        cli_say(c, cli_has(c, "save") ? "saved; the joules are as they were"
                                      : "nothing was changed; --save puts these prices into the ledger");
    }
    json_decref(document);
    close_prices(&p);
    return status;
}

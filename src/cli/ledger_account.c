/* ledger_account.c: aj ledger account, budget and add. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"

/* ---- account: Strubell, Ganesh, McCallum 2019, Table 4: one model, one round, the whole project ---- */

typedef struct {
    const char *name;
    bool there;
    aj_account sums;
} level;
enum { MODEL, ROUND, PROJECT, N_LEVELS };

typedef struct {
    aj_run run; /* without what it points to, except round */
    char round[256];
    bool there;
} model;

static bool take_last(void *user, const aj_run *run)
{
    model *last = user;
    memcpy(last->run.uid, run->uid, sizeof run->uid);
    snprintf(last->round, sizeof last->round, "%s", run->round != NULL ? run->round : "");
    last->there = true;
    return true;
}

/* The one model: --run, else the newest finished training (of --round). */
static aj_status find_model(cli *c, aj_ledger *ledger, aj_run_filter filter, model *out, aj_error *err)
{
    filter.n_last = 1;
    filter.round = cli_text(c, "round");
    if (cli_text(c, "run") != NULL) {
        aj_run run;
        aj_status st = aj_ledger_find(ledger, cli_text(c, "run"), &run, err);
        if (st != AJ_OK) return st;
        take_last(out, &run);
        aj_run_destroy(&run);
        return AJ_OK;
    }
    filter.kind = AJ_RUN_TRAINING;
    filter.state = AJ_RUN_FINISHED;
    return aj_ledger_each(ledger, &filter, take_last, out, err);
}

static aj_status sum_levels(cli *c, aj_ledger *ledger, const aj_run_filter *filter, level levels[N_LEVELS],
                            aj_error *err)
{
    model one = {.there = false};
    aj_status st = find_model(c, ledger, *filter, &one, err);
    if (st == AJ_OK && one.there) {
        aj_run_filter only = aj_run_filter_any();
        only.uid = one.run.uid;
        levels[MODEL].there = true;
        st = aj_ledger_account(ledger, &only, &levels[MODEL].sums, err);
    }
    const char *round = cli_text(c, "round") != NULL ? cli_text(c, "round")
                        : one.round[0] != '\0'       ? one.round
                                                     : NULL;
    if (st == AJ_OK && round != NULL) {
        aj_run_filter only = *filter;
        only.round = round;
        levels[ROUND].there = true;
        st = aj_ledger_account(ledger, &only, &levels[ROUND].sums, err);
    }
    if (st == AJ_OK) st = aj_ledger_account(ledger, filter, &levels[PROJECT].sums, err);
    return st;
}

static json_t *number_or_null(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *level_document(const level *one)
{
    json_t *totals = json_array();
    for (size_t i = 0; i < one->sums.n_totals; i++) {
        const aj_total *total = &one->sums.totals[i];
        json_array_append_new(totals,
                              json_pack("{s:s, s:s, s:o, s:o, s:o, s:s, s:I}", "quantity",
                                        aj_quantity_name(total->quantity), "unit", total->unit, "value",
                                        number_or_null(total->value), "low", number_or_null(total->low),
                                        "high", number_or_null(total->high), "origin",
                                        aj_origin_name(total->origin), "runs", (json_int_t)total->n_runs));
    }
    return json_pack("{s:s, s:I, s:I, s:o, s:o}", "level", one->name, "runs", (json_int_t)one->sums.n_runs,
                     "running", (json_int_t)one->sums.n_running, "duration_seconds",
                     number_or_null(one->sums.duration_seconds), "totals", totals);
}

static void print_level(cli_table *table, const level *one)
{
    char text[256];
    cli_table_cell(table, "%s", one->name);
    cli_table_cell(table, "%llu", (unsigned long long)one->sums.n_runs);
    if (isnan(one->sums.duration_seconds))
        cli_table_cell(table, "—");
    else
        cli_table_cell(table, "%.4g", one->sums.duration_seconds / 3600);
    for (size_t i = 0; i < one->sums.n_totals || i == 0; i++) {
        for (int blank = 0; i > 0 && blank < 3; blank++) cli_table_cell(table, "%s", "");
        if (one->sums.n_totals == 0) {
            cli_table_cell(table, "—");
            break;
        }
        const aj_total *total = &one->sums.totals[i];
        cli_ledger_total(total, text, sizeof text);
        cli_table_cell(table, "%s: %s, from %llu of %llu runs", aj_quantity_name(total->quantity), text,
                       (unsigned long long)total->n_runs, (unsigned long long)one->sums.n_runs);
    }
}

int cli_ledger_account(cli *c, aj_ledger *ledger, FILE *stream)
{
    static const char *const headers[] = {"level", "runs", "hours", "spent"};
    level levels[N_LEVELS] = {
        {.name = "one model"}, {.name = "one round"}, {.name = "project", .there = true}};
    aj_run_filter filter;
    aj_error err = {AJ_OK, 0, ""};
    int status = cli_ledger_filter(c, &filter);
    if (status != EXIT_OK) return status;
    filter.round = NULL; /* names the second level, and leaves the third whole */
    if (filter.project == NULL) levels[PROJECT].name = "all";
    if (sum_levels(c, ledger, &filter, levels, &err) != AJ_OK) return cli_failed(c, &err);
    json_t *document = json_array();
    cli_table table;
    cli_table_begin(&table, "lrrl", headers);
    for (int i = 0; i < N_LEVELS; i++) {
        if (!levels[i].there) continue;
        print_level(&table, &levels[i]);
        json_array_append_new(document, level_document(&levels[i]));
    }
    bool json = cli_has(c, "json");
    cli_table_end(&table, json ? NULL : stream);
    if (json) {
        json_dumpf(document, stream, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        fputc('\n', stream);
    }
    json_decref(document);
    return EXIT_OK;
}

/* ---- budgets ---- */

static const struct {
    const char *text, *unit;
    aj_quantity quantity;
    double scale;
} units[] = {
    {"J", "J", AJ_QUANTITY_ENERGY, 1},
    {"kJ", "J", AJ_QUANTITY_ENERGY, 1e3},
    {"MJ", "J", AJ_QUANTITY_ENERGY, 1e6},
    {"GJ", "J", AJ_QUANTITY_ENERGY, 1e9},
    {"Wh", "J", AJ_QUANTITY_ENERGY, 3600},
    {"kWh", "J", AJ_QUANTITY_ENERGY, 3.6e6},
    {"MWh", "J", AJ_QUANTITY_ENERGY, 3.6e9},
    {"gCO2e", "kg", AJ_QUANTITY_CO2E_LOCATION, 1e-3},
    {"kgCO2e", "kg", AJ_QUANTITY_CO2E_LOCATION, 1},
    {"tCO2e", "kg", AJ_QUANTITY_CO2E_LOCATION, 1e3},
};

static bool read_amount(const char *text, aj_quantity *quantity, char unit[16], double *value)
{
    char *end = NULL;
    double number = strtod(text, &end);
    if (end == text || !isfinite(number) || number < 0) return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(end, units[i].text) != 0) continue;
        *quantity = units[i].quantity;
        *value = number * units[i].scale;
        snprintf(unit, 16, "%s", units[i].unit);
        return true;
    }
    if (strlen(end) != 3 || strspn(end, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3) return false; /* ISO 4217 */
    *quantity = AJ_QUANTITY_COST;
    *value = number;
    snprintf(unit, 16, "%s", end);
    return true;
}

static aj_status remove_budgets(aj_ledger *ledger, const char *project, aj_error *err)
{
    aj_budget *budgets = NULL;
    size_t n = 0;
    aj_status st = aj_ledger_budgets(ledger, project, &budgets, &n, err);
    for (size_t i = 0; st == AJ_OK && i < n; i++)
        st = aj_ledger_set_budget(ledger, project, budgets[i].quantity, budgets[i].unit, (double)NAN, err);
    aj_budgets_free(budgets);
    return st;
}

static int set_budget(cli *c, aj_ledger *ledger)
{
    aj_error err = {AJ_OK, 0, ""};
    const char *amount = cli_text(c, "budget"), *project = cli_text(c, "project");
    aj_quantity quantity;
    char unit[16];
    double value = 0;
    aj_status st;
    if (strcmp(amount, "none") == 0)
        st = remove_budgets(ledger, project, &err);
    else if (read_amount(amount, &quantity, unit, &value))
        st = aj_ledger_set_budget(ledger, project, quantity, unit, value, &err);
    else
        return cli_usage_error(
            c, "--budget takes an amount like 5MJ, 20kWh, 3kgCO2e or 100USD, or none, not '%s'", amount);
    return st == AJ_OK ? EXIT_OK : cli_failed(c, &err);
}

static void total_of_limit(const aj_budget *budget, char *text, size_t size)
{
    if (strcmp(budget->unit, "J") == 0)
        cli_format_value(budget->value, "J", text, size);
    else
        snprintf(text, size, "%.6g %s", budget->value, budget->unit);
}

int cli_ledger_budget(cli *c, aj_ledger *ledger, FILE *stream)
{
    static const char *const headers[] = {"project", "quantity", "budget", "spent"};
    aj_error err = {AJ_OK, 0, ""};
    aj_budget *budgets = NULL;
    size_t n = 0;
    int status = cli_has(c, "budget") ? set_budget(c, ledger) : EXIT_OK;
    if (status != EXIT_OK) return status;
    if (aj_ledger_budgets(ledger, cli_text(c, "project"), &budgets, &n, &err) != AJ_OK)
        return cli_failed(c, &err);
    json_t *document = json_array();
    cli_table table;
    cli_table_begin(&table, "llrl", headers);
    for (size_t i = 0; i < n; i++) {
        char limit[64], spent[256];
        total_of_limit(&budgets[i], limit, sizeof limit);
        cli_ledger_total(&budgets[i].spent, spent, sizeof spent);
        cli_table_cell(&table, "%s", budgets[i].project);
        cli_table_cell(&table, "%s", aj_quantity_name(budgets[i].quantity));
        cli_table_cell(&table, "%s", limit);
        cli_table_cell(&table, "%s", spent);
        json_array_append_new(document,
                              json_pack("{s:s, s:s, s:s, s:o, s:o, s:I}", "project", budgets[i].project,
                                        "quantity", aj_quantity_name(budgets[i].quantity), "unit",
                                        budgets[i].unit, "value", number_or_null(budgets[i].value), "spent",
                                        number_or_null(budgets[i].spent.value), "runs",
                                        (json_int_t)budgets[i].spent.n_runs));
    }
    aj_budgets_free(budgets);
    bool json = cli_has(c, "json");
    cli_table_end(&table, json ? NULL : stream);
    if (json) {
        json_dumpf(document, stream, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        fputc('\n', stream);
    }
    json_decref(document);
    return EXIT_OK;
}

int cli_ledger_check_budgets(cli *c, aj_ledger *ledger, const char *project)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_budget *budgets = NULL;
    size_t n = 0;
    int status = EXIT_OK;
    if (aj_ledger_budgets(ledger, project, &budgets, &n, &err) != AJ_OK) return cli_failed(c, &err);
    for (size_t i = 0; i < n; i++) {
        char limit[64], spent[256];
        total_of_limit(&budgets[i], limit, sizeof limit);
        cli_ledger_total(&budgets[i].spent, spent, sizeof spent);
        if (budgets[i].spent.value > budgets[i].value) {
            cli_complain(c, "project %s has spent %s: more than its budget of %s", budgets[i].project, spent,
                         limit);
            status = EXIT_NOT_MET;
        } else if (budgets[i].spent.value >= 0.8 * budgets[i].value && budgets[i].value > 0) {
            cli_complain(c, "project %s has spent %s: %.0f %% of its budget of %s", budgets[i].project, spent,
                         100 * budgets[i].spent.value / budgets[i].value, limit);
        }
    }
    aj_budgets_free(budgets);
    return status;
}

/* ---- add ---- */

typedef struct {
    uint64_t n_added, n_known;
} added;

static aj_status add_record(cli *c, aj_ledger *ledger, const aj_evaluation *record, const char *path,
                            added *counts, aj_error *err)
{
    aj_run run;
    aj_put_outcome outcome = AJ_PUT_ADDED;
    aj_status st = aj_run_from_evaluation(&run, record, path, err);
    if (st != AJ_OK) return st;
    size_t n_tags = 0;
    while (cli_repeated(c, "tag", n_tags) != NULL) n_tags++;
    const char **tags = cli_allocate(n_tags + 1, sizeof *tags);
    for (size_t i = 0; i < n_tags; i++) tags[i] = cli_repeated(c, "tag", i);
    run.tags = tags;
    run.n_tags = n_tags;
    run.project = cli_text(c, "project");
    run.user = cli_text(c, "user");
    run.round = cli_text(c, "round");
    st = aj_ledger_put(ledger, &run, NULL, &outcome, err);
    free(tags);
    aj_run_destroy(&run);
    counts->n_added += outcome == AJ_PUT_ADDED;
    counts->n_known += outcome == AJ_PUT_KNOWN;
    return st;
}

int cli_ledger_add(cli *c, aj_ledger *ledger)
{
    for (size_t i = 1; i < c->n_operands; i++) {
        const char *path = c->operands[i];
        aj_error err = {AJ_OK, 0, ""};
        aj_evaluation *records = NULL;
        added counts = {0, 0};
        size_t n = 0;
        aj_status st = aj_evaluations_read(path, &records, &n, &err);
        for (size_t k = 0; st == AJ_OK && k < n; k++)
            st = add_record(c, ledger, &records[k], path, &counts, &err);
        aj_evaluations_free(records, n);
        if (st != AJ_OK) return cli_failed(c, &err);
        cli_say(c, "%s: %llu runs added, %llu were there", path, (unsigned long long)counts.n_added,
                (unsigned long long)counts.n_known);
    }
    return EXIT_OK;
}

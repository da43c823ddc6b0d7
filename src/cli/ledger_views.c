/* ledger_views.c: aj ledger list and show. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger.h"

void cli_ledger_time(double unix_seconds, char *text, size_t size)
{
    struct tm parts;
    time_t whole = isnan(unix_seconds) ? 0 : (time_t)unix_seconds;
    if (isnan(unix_seconds) || gmtime_r(&whole, &parts) == NULL ||
        strftime(text, size, "%Y-%m-%d %H:%M", &parts) == 0)
        snprintf(text, size, "—");
}

/* Four significant digits with a prefix. */
static void put_amount(double value, const char *unit, char *text, size_t size)
{
    double digits = value > 0 ? pow(10, 3 - floor(log10(value))) : 1;
    double rounded = isfinite(digits) && digits > 0 ? round(value * digits) / digits : value;
    bool scaled = strcmp(unit, "J") == 0 || strcmp(unit, "FLOP") == 0;
    if (scaled || !isfinite(value))
        cli_format_value(rounded, unit, text, size);
    else
        snprintf(text, size, "%.4g %s", value, strcmp(unit, "1") == 0 ? "" : unit);
}

void cli_ledger_total(const aj_total *total, char *text, size_t size)
{
    char value[64], low[64], high[64];
    put_amount(total->value, total->unit, value, sizeof value);
    put_amount(total->low, total->unit, low, sizeof low);
    put_amount(total->high, total->unit, high, sizeof high);
    if (isnan(total->value))
        snprintf(text, size, "—");
    else if (isnan(total->low))
        snprintf(text, size, "%s, %s", value, aj_origin_name(total->origin));
    else
        snprintf(text, size, "%s [%s, %s], %s", value, low, high, aj_origin_name(total->origin));
}

/* The energy of one run: the sum of its parts. */
static void put_energy(const aj_run *run, char *text, size_t size)
{
    aj_total total = {.quantity = AJ_QUANTITY_ENERGY, .unit = "J", .value = (double)NAN};
    total.low = total.high = (double)NAN;
    for (size_t i = 0; i < run->n_figures; i++) {
        const aj_figure *figure = &run->figures[i];
        if (figure->quantity != AJ_QUANTITY_ENERGY || isnan(figure->value)) continue;
        total.value = isnan(total.value) ? figure->value : total.value + figure->value;
        if (figure->origin > total.origin) total.origin = figure->origin;
    }
    cli_ledger_total(&total, text, size);
}

typedef struct {
    cli *c;
    cli_table table;
    json_t *document;
    bool failed;
} listing;

static json_t *run_document(const aj_run *run)
{
    char *text = NULL;
    aj_error err = {AJ_OK, 0, ""};
    if (aj_run_to_json(run, &text, &err) != AJ_OK) return NULL;
    json_t *document = json_loads(text, 0, NULL);
    aj_text_free(text);
    return document;
}

static bool list_run(void *user, const aj_run *run)
{
    listing *to = user;
    char text[256];
    if (to->document != NULL) {
        json_t *document = run_document(run);
        if (document == NULL || json_array_append_new(to->document, document) != 0) to->failed = true;
        return !to->failed;
    }
    cli_table_cell(&to->table, "%.8s", run->uid);
    cli_ledger_time(run->started_unix_seconds, text, sizeof text);
    cli_table_cell(&to->table, "%s", text);
    cli_table_cell(&to->table, "%s", aj_run_kind_name(run->kind));
    cli_table_cell(&to->table, "%s", aj_run_state_name(run->state));
    cli_table_cell(&to->table, "%s", run->project != NULL ? run->project : "—");
    cli_format_value(round(run->duration_seconds * 100) / 100, "s", text, sizeof text);
    cli_table_cell(&to->table, "%s", text);
    put_energy(run, text, sizeof text);
    cli_table_cell(&to->table, "%s", text);
    return true;
}

int cli_ledger_list(cli *c, aj_ledger *ledger, FILE *stream)
{
    static const char *const headers[] = {"run", "begun (UTC)", "kind", "state", "project", "time", "energy"};
    aj_run_filter filter;
    aj_error err = {AJ_OK, 0, ""};
    int status = cli_ledger_filter(c, &filter);
    if (status != EXIT_OK) return status;
    listing to = {.c = c, .document = cli_has(c, "json") ? json_array() : NULL};
    cli_table_begin(&to.table, "lllllrl", headers);
    if (aj_ledger_each(ledger, &filter, list_run, &to, &err) != AJ_OK) {
        status = cli_failed(c, &err);
    } else if (to.failed) {
        cli_complain(c, "memory ran out");
        status = EXIT_FAILED;
    } else if (to.document != NULL) {
        json_dumpf(to.document, stream, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        fputc('\n', stream);
    }
    cli_table_end(&to.table, to.document == NULL && status == EXIT_OK ? stream : NULL);
    json_decref(to.document);
    return status;
}

static void field(FILE *stream, const char *name, const char *value)
{
    if (value != NULL) fprintf(stream, "%-13s %s\n", name, value);
}

static void print_figures(FILE *stream, const aj_run *run)
{
    static const char *const headers[] = {"quantity", "part", "value", "from"};
    cli_table table;
    cli_table_begin(&table, "llll", headers);
    for (size_t i = 0; i < run->n_figures; i++) {
        const aj_figure *figure = &run->figures[i];
        aj_total total = {figure->quantity, "", figure->value, figure->low, figure->high, figure->origin, 1};
        char text[256];
        snprintf(total.unit, sizeof total.unit, "%s",
                 figure->unit != NULL ? figure->unit : aj_quantity_unit(figure->quantity));
        cli_ledger_total(&total, text, sizeof text);
        cli_table_cell(&table, "%s", aj_quantity_name(figure->quantity));
        cli_table_cell(&table, "%s", figure->part != NULL ? figure->part : "");
        cli_table_cell(&table, "%s", text);
        cli_table_cell(&table, "%s%s%s%s%.12s", figure->source != NULL ? figure->source : "—",
                       figure->version != NULL ? " " : "", figure->version != NULL ? figure->version : "",
                       figure->sha256 != NULL ? ", sha256 " : "",
                       figure->sha256 != NULL ? figure->sha256 : "");
    }
    fputc('\n', stream);
    cli_table_end(&table, stream);
}

static void print_run(FILE *stream, const aj_run *run)
{
    char text[128];
    size_t n_samples = 0;
    field(stream, "run", run->uid);
    snprintf(text, sizeof text, "%s, %s", aj_run_kind_name(run->kind), aj_run_state_name(run->state));
    field(stream, "what", text);
    cli_ledger_time(run->started_unix_seconds, text, sizeof text);
    field(stream, "begun (UTC)", text);
    cli_format_value(run->duration_seconds, "s", text, sizeof text);
    field(stream, "time", text);
    field(stream, "host", run->host);
    field(stream, "user", run->user);
    field(stream, "project", run->project);
    field(stream, "round", run->round);
    field(stream, "inside", run->parent);
    field(stream, "command", run->command_line);
    field(stream, "written by", run->tool);
    if (run->exit_status >= 0) fprintf(stream, "%-13s %d\n", "exit status", run->exit_status);
    for (size_t i = 0; i < run->n_tags; i++) field(stream, "tag", run->tags[i]);
    for (size_t i = 0; i < run->n_samples; i++) n_samples += run->samples[i].n;
    if (n_samples > 0) fprintf(stream, "%-13s %zu\n", "samples", n_samples);
    if (run->trace != NULL) fprintf(stream, "%-13s %zu bytes\n", "trace", run->trace_bytes);
    if (run->n_figures > 0) print_figures(stream, run);
}

int cli_ledger_show(cli *c, aj_ledger *ledger, FILE *stream)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_run run;
    if (aj_ledger_find(ledger, c->operands[1], &run, &err) != AJ_OK) return cli_failed(c, &err);
    if (cli_has(c, "json")) {
        json_t *document = run_document(&run);
        json_dumpf(document, stream, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        fputc('\n', stream);
        json_decref(document);
    } else {
        print_run(stream, &run);
    }
    aj_run_destroy(&run);
    return EXIT_OK;
}

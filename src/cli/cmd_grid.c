/* cmd_grid.c: aj grid: zones and their carbon factors, and every shipped table, with sources. */
#include "cli.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attojoule/carbon.h"

#define GRAMS_PER_KILOWATT_HOUR 3.6e9 /* 1 kg/J in g/kWh */

const cli_option cmd_grid_options[] = {
    {.name = "basis",
     .kind = CLI_WORD,
     .argument = "any|direct|lifecycle|consumption|unstated",
     .fallback = "any",
     .help = "only factors of this basis"},
    {.name = "kind",
     .kind = CLI_WORD,
     .argument = "country|aggregate|state|subregion|province|region|nerc",
     .help = "list: only zones of this kind"},
    {.name = "zones",
     .kind = CLI_TEXT,
     .argument = "FILE.csv",
     .help = "your own factors, before the shipped ones"},
    CLI_OPTION_END,
};

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static void dump(FILE *stream, json_t *document)
{
    json_dumpf(document, stream, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    fputc('\n', stream);
    json_decref(document);
}

static json_t *factor_json(const aj_zone_factor *f)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:f, s:o, s:s, s:s, s:s, s:s, s:s}", "zone", f->zone, "alias",
                     f->alias, "kind", f->kind, "name", f->name, "kilograms_co2e_per_joule",
                     f->kilograms_co2e_per_joule, "year", f->year > 0 ? json_integer(f->year) : json_null(),
                     "basis", aj_basis_name(f->basis), "detail", f->detail, "series", f->series, "source",
                     f->source, "licence", f->licence);
}

static void year_text(int year, char text[12])
{
    if (year > 0)
        snprintf(text, 12, "%d", year);
    else
        snprintf(text, 12, "—");
}

static aj_basis asked_basis(const cli *c)
{
    aj_basis basis = AJ_BASIS_ANY;
    (void)aj_basis_from_name(cli_text(c, "basis"), &basis); /* CLI_WORD: it is one of them */
    return basis;
}

/* ---- list ---------------------------------------------------------------------------------------- */

static int list(cli *c, FILE *stream, const aj_carbon *carbon)
{
    static const char *const headers[] = {"zone", "or", "g CO2e/kWh", "year", "basis", "name: series"};
    const char *kind = cli_text(c, "kind");
    aj_basis basis = asked_basis(c);
    bool json = cli_has(c, "json");
    json_t *document = json_array();
    const aj_zone_factor *f;
    cli_table table;
    cli_table_begin(&table, "llrrll", headers);
    for (size_t i = 0; (f = aj_carbon_factor(carbon, i)) != NULL; i++) {
        char year[12];
        if ((basis != AJ_BASIS_ANY && f->basis != basis) || (kind != NULL && strcmp(kind, f->kind) != 0))
            continue;
        year_text(f->year, year);
        cli_table_cell(&table, "%s", f->zone);
        cli_table_cell(&table, "%s", f->alias);
        cli_table_cell(&table, "%.5g", f->kilograms_co2e_per_joule * GRAMS_PER_KILOWATT_HOUR);
        cli_table_cell(&table, "%s", year);
        cli_table_cell(&table, "%s", aj_basis_name(f->basis));
        cli_table_cell(&table, "%s: %s", f->name, f->series);
        json_array_append_new(document, factor_json(f));
    }
    cli_table_end(&table, json ? NULL : stream);
    if (json)
        dump(stream, document);
    else
        json_decref(document);
    return EXIT_OK;
}

/* ---- show ---------------------------------------------------------------------------------------- */

static void show_factor(FILE *stream, const aj_zone_factor *f, bool used)
{
    char year[12];
    year_text(f->year, year);
    fprintf(stream, "\n%s%.6g g CO2e/kWh, %s, %s: %s\n", used ? "* " : "  ",
            f->kilograms_co2e_per_joule * GRAMS_PER_KILOWATT_HOUR, year, aj_basis_name(f->basis), f->series);
    fputs("    ", stream);
    cli_print_wrapped(stream, f->detail, 4, CLI_WIDTH);
    fputs("    source: ", stream);
    cli_print_wrapped(stream, f->source, 12, CLI_WIDTH);
    fputs("    licence: ", stream);
    cli_print_wrapped(stream, f->licence, 13, CLI_WIDTH);
}

static int show(cli *c, FILE *stream, const aj_carbon *carbon, const char *zone)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_zone_factor used;
    double spread;
    aj_basis basis = asked_basis(c);
    if (aj_carbon_find_zone(carbon, zone, basis, &used, &spread, &err) != AJ_OK) return cli_failed(c, &err);
    json_t *document = json_pack("{s:s, s:o, s:o, s:s}", "zone", used.zone, "used", factor_json(&used),
                                 "spread_ratio", number(spread), "label", aj_basis_label(used.basis));
    json_t *others = json_array();
    const aj_zone_factor *f;
    bool json = cli_has(c, "json");
    if (!json) {
        fprintf(stream, "%s (%s): %.6g g CO2e/kWh", used.name, used.zone,
                used.kilograms_co2e_per_joule * GRAMS_PER_KILOWATT_HOUR);
        if (!isnan(spread))
            fprintf(stream, ", series of this basis and time differ by %.2g %%", 100 * spread);
        fprintf(stream, "\n%s\n", aj_basis_label(used.basis));
    }
    for (size_t i = 0; (f = aj_carbon_factor(carbon, i)) != NULL; i++) {
        if (strcmp(f->zone, used.zone) != 0 || (basis != AJ_BASIS_ANY && f->basis != basis)) continue;
        bool is_used = f->series == used.series && f->source == used.source;
        if (!json) show_factor(stream, f, is_used);
        if (!is_used) json_array_append_new(others, factor_json(f));
    }
    json_object_set_new(document, "others", others);
    if (json)
        dump(stream, document);
    else
        json_decref(document);
    return EXIT_OK;
}

/* ---- table --------------------------------------------------------------------------------------- */

static int table(cli *c, FILE *stream, const char *wanted)
{
    const char *name, *text;
    char known[400] = "";
    size_t size, at = 0;
    for (size_t i = 0; (text = aj_carbon_table(i, &name, &size)) != NULL && at < sizeof known; i++) {
        at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", i > 0 ? ", " : "", name);
        if (wanted == NULL || strcmp(name, wanted) != 0) continue;
        if (cli_has(c, "json"))
            dump(stream, json_pack("{s:s, s:s%}", "name", name, "csv", text, size));
        else
            fwrite(text, 1, size, stream);
        return EXIT_OK;
    }
    return cli_usage_error(c, "%s%s%s; tables are %s", wanted != NULL ? "no table '" : "which table",
                           wanted != NULL ? wanted : "", wanted != NULL ? "'" : "", known);
}

/* ---- the command --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    size_t n_operands; /* its own name included */
} verbs[] = {{"list", 1}, {"show", 2}, {"table", 2}, {NULL, 0}};

static int run(cli *c, FILE *stream)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_carbon *carbon = NULL;
    if (aj_carbon_open(&carbon, c->context, cli_text(c, "zones"), NULL, &err) != AJ_OK)
        return cli_failed(c, &err);
    int status = strcmp(c->operands[0], "list") == 0   ? list(c, stream, carbon)
                 : strcmp(c->operands[0], "show") == 0 ? show(c, stream, carbon, c->operands[1])
                                                       : table(c, stream, c->operands[1]);
    aj_carbon_close(carbon);
    return status;
}

int cmd_grid(cli *c)
{
    size_t row = 0;
    if (c->n_operands == 0) c->operands[c->n_operands++] = "list"; /* there is room: argv has as many */
    while (verbs[row].name != NULL && strcmp(verbs[row].name, c->operands[0]) != 0) row++;
    if (verbs[row].name == NULL)
        return cli_usage_error(c, "grid has no '%s': aj grid %s", c->operands[0], c->command->usage);
    if (strcmp(c->operands[0], "table") == 0 && c->n_operands == 1) return table(c, NULL, NULL);
    if (verbs[row].n_operands != c->n_operands)
        return cli_usage_error(c, "grid %s takes %zu operand%s: aj grid %s", verbs[row].name,
                               verbs[row].n_operands - 1, verbs[row].n_operands == 2 ? "" : "s",
                               c->command->usage);
    int status = cli_context(c);
    if (status != EXIT_OK) return status;
    cli_output output;
    cli_output_begin(&output);
    status = run(c, output.stream);
    if (status == EXIT_OK) return cli_output_finish(c, &output);
    cli_output_discard(&output);
    return status;
}

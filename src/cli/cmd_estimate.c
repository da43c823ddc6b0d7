/* cmd_estimate.c: aj estimate: the papers' arithmetic, from hardware x hours (or measured joules) to carbon
 * and money. */
#include "cli.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attojoule/carbon.h"

#define JOULES_PER_KILOWATT_HOUR 3.6e6
#define SECONDS_PER_HOUR         3600.0

const cli_option cmd_estimate_options[] = {
    {.name = "paper",
     .kind = CLI_WORD,
     .argument = "strubell2019|patterson2021",
     .help = "recompute the tables of a paper beside what it prints, and list where it contradicts itself"},
    {.name = "convention",
     .kind = CLI_WORD,
     .argument = "attojoule|strubell2019|patterson2021|green-algorithms|ml-co2|cloud-carbon-footprint",
     .fallback = "attojoule",
     .help = "whose equations; they differ in what they count"},
    {.name = "accelerator",
     .kind = CLI_TEXT,
     .argument = "NAME",
     .help = "\"V100 SXM2\", \"TPU v3\", ...; see 'aj grid table accelerators'"},
    {.name = "count",
     .kind = CLI_NUMBER,
     .argument = "N",
     .fallback = "1",
     .help = "accelerators",
     .minimum = 0,
     .maximum = 1e9},
    {.name = "hours",
     .kind = CLI_NUMBER,
     .argument = "H",
     .fallback = "0",
     .help = "time of the run",
     .minimum = 0,
     .maximum = 1e9},
    {.name = "watts",
     .kind = CLI_NUMBER,
     .argument = "W",
     .help = "average watts of one accelerator, instead of the table's",
     .minimum = 0,
     .maximum = 1e6},
    {.name = "vcpus",
     .kind = CLI_NUMBER,
     .argument = "N",
     .fallback = "0",
     .help = "virtual processors, for cloud-carbon-footprint",
     .minimum = 0,
     .maximum = 1e9},
    {.name = "cpu-family",
     .kind = CLI_TEXT,
     .argument = "NAME",
     .help = "of the vCPUs: \"Cascade Lake\", \"EPYC 3rd Gen\", ...; see 'aj grid table cpu-vcpu-power'"},
    {.name = "cpu-watts",
     .kind = CLI_NUMBER,
     .argument = "W",
     .fallback = "0",
     .help = "average watts of all processors",
     .minimum = 0,
     .maximum = 1e9},
    {.name = "dram-watts",
     .kind = CLI_NUMBER,
     .argument = "W",
     .fallback = "0",
     .help = "average watts of all memory",
     .minimum = 0,
     .maximum = 1e9},
    {.name = "memory-gb",
     .kind = CLI_NUMBER,
     .argument = "GB",
     .fallback = "0",
     .help = "memory, for green-algorithms and cloud-carbon-footprint",
     .minimum = 0,
     .maximum = 1e9},
    {.name = "utilization",
     .kind = CLI_NUMBER,
     .argument = "RATIO",
     .help = "of the accelerators, 0 to 1 (default 1), or of the vCPUs (default 0.5)",
     .minimum = 0,
     .maximum = 1},
    {.name = "kwh",
     .kind = CLI_NUMBER,
     .argument = "KWH",
     .help = "energy before PUE, instead of hardware and hours",
     .minimum = 0,
     .maximum = 1e14},
    {.name = "pue",
     .kind = CLI_NUMBER,
     .argument = "RATIO",
     .help = "energy of the building over energy of the machines",
     .minimum = 1,
     .maximum = 10},
    {.name = "provider",
     .kind = CLI_TEXT,
     .argument = "NAME",
     .help = "whose PUE: aws, azure, gcp, ...; see 'aj grid table pue'"},
    {.name = "zone",
     .kind = CLI_TEXT,
     .argument = "ZONE",
     .help = "where: FR, US-CA, aws/eu-west-1, azure/FR, ...; see 'aj grid list'"},
    {.name = "basis",
     .kind = CLI_WORD,
     .argument = "any|direct|lifecycle|consumption|unstated",
     .fallback = "any",
     .help = "what the factor counts (of --hourly: what the file counts)"},
    {.name = "zones",
     .kind = CLI_TEXT,
     .argument = "FILE.csv",
     .help = "your own factors, before the shipped ones"},
    {.name = "prices",
     .kind = CLI_TEXT,
     .argument = "FILE.csv",
     .help = "your own prices, before the shipped ones"},
    {.name = "hourly",
     .kind = CLI_TEXT,
     .argument = "FILE.csv",
     .help = "intensity over time: columns timestamp (UTC) and gco2_kwh"},
    {.name = "start",
     .kind = CLI_TEXT,
     .argument = "TIME",
     .help = "when the run began, for --hourly: 2024-05-01T13:00Z"},
    {.name = "contracts",
     .kind = CLI_NUMBER,
     .argument = "RATIO",
     .fallback = "0",
     .help = "share of the energy under contracts with zero emissions",
     .minimum = 0,
     .maximum = 1},
    {.name = "residual",
     .kind = CLI_NUMBER,
     .argument = "G/KWH",
     .help = "residual mix of the market, for the market-based figure",
     .minimum = 0,
     .maximum = 5000},
    {.name = "residual-basis",
     .kind = CLI_WORD,
     .argument = "direct|lifecycle|consumption|unstated",
     .fallback = "direct",
     .help = "what the residual mix counts: it must be what the factor counts"},
    {.name = "offsets",
     .kind = CLI_NUMBER,
     .argument = "KG",
     .fallback = "0",
     .help = "kg CO2e of offsets bought; listed, never subtracted",
     .minimum = 0,
     .maximum = 1e15},
    {.name = "fee",
     .kind = CLI_NUMBER,
     .argument = "$/T",
     .help = "internal carbon fee per tonne (default 15)",
     .minimum = 0,
     .maximum = 1e6},
    {.name = "fee-on",
     .kind = CLI_WORD,
     .argument = "location|market",
     .fallback = "location",
     .help = "which figure the fee is on"},
    {.name = "electricity",
     .kind = CLI_NUMBER,
     .argument = "$/KWH",
     .help = "price of electricity (default 0.12)",
     .minimum = 0,
     .maximum = 100},
    {.name = "embodied",
     .kind = CLI_NUMBER,
     .argument = "KG",
     .help = "kg CO2e of making the hardware; see 'aj grid table embodied'",
     .minimum = 0,
     .maximum = 1e12},
    {.name = "life-hours",
     .kind = CLI_NUMBER,
     .argument = "H",
     .fallback = "35040",
     .help = "life of the hardware (4 years)",
     .minimum = 1,
     .maximum = 1e7},
    {.name = "share",
     .kind = CLI_NUMBER,
     .argument = "RATIO",
     .fallback = "1",
     .help = "share of the hardware that was reserved",
     .minimum = 0,
     .maximum = 1},
    {.name = "units",
     .kind = CLI_NUMBER,
     .argument = "N",
     .help = "functional units of the SCI score (inferences, users, ...)",
     .minimum = 1e-9,
     .maximum = 1e18},
    {.name = "equivalents",
     .kind = CLI_FLAG,
     .help = "print what the emissions are like, with the sources that disagree"},
    CLI_OPTION_END,
};

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *estimate_json(aj_estimate e)
{
    return json_pack("{s:o, s:o, s:s}", "value", number(e.value), "stddev", number(e.stddev), "origin",
                     aj_origin_name(e.origin));
}

static void dump(FILE *stream, json_t *document)
{
    json_dumpf(document, stream, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    fputc('\n', stream);
    json_decref(document);
}

/* ---- a paper ------------------------------------------------------------------------------------- */

static void paper_json(FILE *stream, const aj_paper *paper)
{
    json_t *cells = json_array(), *conflicts = json_array();
    for (size_t i = 0; i < paper->n_cells; i++) {
        const aj_paper_cell *p = &paper->cells[i];
        json_array_append_new(cells,
                              json_pack("{s:s, s:s, s:s, s:s, s:f, s:o, s:o, s:s, s:s?}", "table", p->table,
                                        "row", p->row, "quantity", p->quantity, "unit", p->unit, "printed",
                                        p->printed, "recomputed", number(p->recomputed), "deviation_ratio",
                                        number(p->recomputed / p->printed - 1), "verdict",
                                        aj_paper_verdict(p), "note", p->note));
    }
    for (size_t i = 0; i < paper->n_conflicts; i++) {
        const aj_paper_conflict *p = &paper->conflicts[i];
        json_array_append_new(conflicts,
                              json_pack("{s:s, s:o, s:f, s:s}", "text", p->text, "printed",
                                        number(p->printed), "recomputed", p->recomputed, "unit", p->unit));
    }
    dump(stream, json_pack("{s:s, s:s, s:s, s:o, s:o}", "name", paper->name, "cite", paper->cite, "equations",
                           paper->equations, "cells", cells, "conflicts", conflicts));
}

static void paper_rows(FILE *stream, const aj_paper *paper, const char *name)
{
    static const char *const headers[] = {"row",        "quantity", "unit",   "printed",
                                          "recomputed", "off by",   "verdict"};
    const char *notes[16];
    size_t n_notes = 0;
    cli_table table;
    cli_table_begin(&table, "lllrrrl", headers);
    fprintf(stream, "\nTable %s\n", name);
    for (size_t i = 0; i < paper->n_cells; i++) {
        const aj_paper_cell *p = &paper->cells[i];
        if (strcmp(p->table, name) != 0) continue;
        cli_table_cell(&table, "%s", p->row);
        cli_table_cell(&table, "%s", p->quantity);
        cli_table_cell(&table, "%s", p->unit);
        cli_table_cell(&table, "%.10g", p->printed);
        if (isnan(p->recomputed)) {
            cli_table_cell(&table, "—");
            cli_table_cell(&table, "—");
        } else {
            cli_table_cell(&table, fabs(p->recomputed) < 1e15 && fabs(p->recomputed) >= 1e5 ? "%.0f" : "%.5g",
                           p->recomputed);
            cli_table_cell(&table, "%+.2f %%", 100 * (p->recomputed / p->printed - 1));
        }
        size_t k = 0;
        while (p->note != NULL && k < n_notes && strcmp(notes[k], p->note) != 0) k++;
        if (p->note != NULL && k == n_notes && n_notes < sizeof notes / sizeof *notes)
            notes[n_notes++] = p->note;
        if (p->note != NULL)
            cli_table_cell(&table, "%s [%zu]", aj_paper_verdict(p), k + 1);
        else
            cli_table_cell(&table, "%s", aj_paper_verdict(p));
    }
    cli_table_end(&table, stream);
    for (size_t k = 0; k < n_notes; k++) fprintf(stream, "[%zu] %s\n", k + 1, notes[k]);
}

static void paper_text(FILE *stream, const aj_paper *paper)
{
    cli_print_wrapped(stream, paper->cite, 0, CLI_WIDTH);
    cli_print_wrapped(stream, paper->equations, 0, CLI_WIDTH);
    for (size_t i = 0; i < paper->n_cells; i++)
        if (i == 0 || strcmp(paper->cells[i].table, paper->cells[i - 1].table) != 0)
            paper_rows(stream, paper, paper->cells[i].table);
    fputs("\nWhere the printed numbers contradict each other or what was found later\n", stream);
    static const char *const headers[] = {"printed", "instead", "unit", "what"};
    cli_table table;
    cli_table_begin(&table, "rrll", headers);
    for (size_t i = 0; i < paper->n_conflicts; i++) {
        const aj_paper_conflict *p = &paper->conflicts[i];
        if (isnan(p->printed))
            cli_table_cell(&table, "—");
        else
            cli_table_cell(&table, "%.7g", p->printed);
        cli_table_cell(&table, p->recomputed >= 1e5 ? "%.0f" : "%.5g", p->recomputed);
        cli_table_cell(&table, "%s", p->unit);
        cli_table_cell(&table, "%s", p->text);
    }
    cli_table_end(&table, stream);
}

static int print_paper(cli *c, FILE *stream, const char *name)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_paper *paper = cli_allocate(1, sizeof *paper);
    int status = EXIT_OK;
    if (aj_paper_recompute(paper, name, &err) != AJ_OK)
        status = cli_failed(c, &err);
    else
        (cli_has(c, "json") ? paper_json : paper_text)(stream, paper);
    free(paper);
    return status;
}

/* ---- an estimate --------------------------------------------------------------------------------- */

static int read_options(cli *c, aj_carbon_options *o)
{
    o->convention = cli_text(c, "convention");
    o->energy_joules.value = cli_number(c, "kwh") * JOULES_PER_KILOWATT_HOUR;
    o->accelerator = cli_text(c, "accelerator");
    o->n_accelerators = cli_number(c, "count");
    o->accelerator_watts = cli_number(c, "watts");
    o->cpu_watts = cli_number(c, "cpu-watts");
    o->dram_watts = cli_number(c, "dram-watts");
    o->memory_bytes = cli_number(c, "memory-gb") * 1e9;
    o->utilization_ratio = cli_number(c, "utilization");
    o->n_vcpus = cli_number(c, "vcpus");
    o->cpu_family = cli_text(c, "cpu-family");
    o->duration_seconds = cli_number(c, "hours") * SECONDS_PER_HOUR;
    o->power_usage_effectiveness = cli_number(c, "pue");
    o->provider = cli_text(c, "provider");
    o->zone = cli_text(c, "zone");
    (void)aj_basis_from_name(cli_text(c, "basis"), &o->basis); /* CLI_WORD: it is one of them */
    (void)aj_basis_from_name(cli_text(c, "residual-basis"), &o->residual_basis);
    o->contract_ratio = cli_number(c, "contracts");
    o->residual_kilograms_co2e_per_joule = cli_number(c, "residual") * 1e-3 / JOULES_PER_KILOWATT_HOUR;
    o->offsets_kilograms_co2e = cli_number(c, "offsets");
    o->fee_dollars_per_kilogram_co2e = cli_number(c, "fee") * 1e-3;
    o->fee_on_market = strcmp(cli_text(c, "fee-on"), "market") == 0;
    o->electricity_dollars_per_joule = cli_number(c, "electricity") / JOULES_PER_KILOWATT_HOUR;
    o->embodied_kilograms_co2e = cli_number(c, "embodied");
    o->embodied_life_seconds = cli_number(c, "life-hours") * SECONDS_PER_HOUR;
    o->embodied_share_ratio = cli_number(c, "share");
    o->n_units = cli_number(c, "units");
    if (cli_has(c, "kwh") && (cli_has(c, "watts") || cli_has(c, "cpu-watts") || cli_has(c, "dram-watts")))
        return cli_usage_error(c, "--kwh is the energy itself; leave the watts out");
    if (cli_has(c, "hourly") != cli_has(c, "start"))
        return cli_usage_error(c, "--hourly and --start belong together");
    if (cli_has(c, "start") && !aj_time_parse(cli_text(c, "start"), &o->start_seconds))
        return cli_usage_error(c, "--start '%s' is no time; write 2024-05-01T13:00Z", cli_text(c, "start"));
    return EXIT_OK;
}

static void row(cli_table *table, const char *what, aj_estimate e, double scale, const char *unit)
{
    if (isnan(e.value)) return;
    cli_table_cell(table, "%s", what);
    cli_table_cell(table, "%.6g", e.value * scale);
    if (isnan(e.stddev))
        cli_table_cell(table, "not known");
    else
        cli_table_cell(table, "%.2g", e.stddev * scale);
    cli_table_cell(table, "%s", unit);
    cli_table_cell(table, "%s", aj_origin_name(e.origin));
}

static void plain_row(cli_table *table, const char *what, double value, const char *unit)
{
    row(table, what, (aj_estimate){value, AJ_UNKNOWN, AJ_ASSUMED}, 1, unit);
}

static void print_figures(FILE *stream, const aj_carbon_result *r)
{
    static const char *const headers[] = {"", "value", "±", "unit", "origin"};
    char pue[64], market[120];
    cli_table table;
    cli_table_begin(&table, "lrrll", headers);
    snprintf(pue, sizeof pue, "energy with PUE %.4g", r->power_usage_effectiveness);
    snprintf(market, sizeof market, "market-based (%s; %s)", aj_basis_name(r->basis),
             r->residual_known ? "residual mix" : "the grid's factor");
    row(&table, "average power", r->power_watts, 1, "W");
    row(&table, "energy before PUE", r->energy_joules, 1 / JOULES_PER_KILOWATT_HOUR, "kWh");
    row(&table, pue, r->facility_joules, 1 / JOULES_PER_KILOWATT_HOUR, "kWh");
    row(&table, aj_basis_label(r->basis), r->location_kilograms_co2e, 1, "kg CO2e");
    row(&table, market, r->market_kilograms_co2e, 1, "kg CO2e");
    if (r->offsets_kilograms_co2e > 0)
        plain_row(&table, "offsets (not subtracted)", r->offsets_kilograms_co2e, "kg CO2e");
    row(&table, "embodied carbon (SCI M)", r->embodied_kilograms_co2e, 1, "kg CO2e");
    row(&table, "SCI score", r->sci_kilograms_co2e, 1, "kg CO2e/unit");
    row(&table, "electricity", r->electricity_dollars, 1, "$");
    row(&table, r->fee_on_market ? "carbon fee on market-based" : "carbon fee on location-based",
        r->fee_dollars, 1, "$");
    plain_row(&table, "cloud, pre-emptible", r->cloud_low_dollars, "$");
    plain_row(&table, "cloud, on-demand", r->cloud_high_dollars, "$");
    cli_table_end(&table, stream);
}

static void print_equivalents(FILE *stream, const aj_carbon *carbon, const aj_carbon_result *r)
{
    static const char *const headers[] = {"as many as", "of", "kg each", "source"};
    const aj_carbon_row *e;
    cli_table table;
    cli_table_begin(&table, "rlrl", headers);
    for (size_t i = 0; (e = aj_carbon_row_at(carbon, "equivalents", i)) != NULL; i++) {
        cli_table_cell(&table, "%.3g", r->location_kilograms_co2e.value / e->value);
        cli_table_cell(&table, "%s", e->item);
        cli_table_cell(&table, "%.6g", e->value);
        cli_table_cell(&table, "%s", e->source);
    }
    fputs("\nThe location-based figure is (sources disagree)\n", stream);
    cli_table_end(&table, stream);
}

static void estimate_text(cli *c, FILE *stream, const aj_carbon *carbon, const aj_carbon_result *r)
{
    print_figures(stream, r);
    fprintf(stream, "\nconvention: %s\nPUE: ", r->convention);
    cli_print_wrapped(stream, r->pue_source, 5, CLI_WIDTH);
    if (r->factor.zone != NULL) {
        fprintf(stream, "factor: %.6g g CO2e/kWh, %s, %s", r->factor.kilograms_co2e_per_joule * 3.6e9,
                r->factor.name, aj_basis_name(r->factor.basis));
        if (r->factor.year > 0) fprintf(stream, ", %d", r->factor.year);
        fputs("\nsource: ", stream);
        cli_print_wrapped(stream, r->factor.source, 8, CLI_WIDTH);
    }
    for (size_t i = 0; i < r->n_notes; i++) {
        fputs("- ", stream);
        cli_print_wrapped(stream, r->notes[i], 2, CLI_WIDTH);
    }
    if (cli_has(c, "equivalents") && r->factor.zone != NULL) print_equivalents(stream, carbon, r);
}

static json_t *factor_json(const aj_carbon_result *r)
{
    const aj_zone_factor *f = &r->factor;
    if (f->zone == NULL) return json_null();
    return json_pack("{s:s, s:s, s:f, s:o, s:s, s:o, s:s?, s:s?, s:s?}", "zone", f->zone, "name", f->name,
                     "kilograms_co2e_per_joule", f->kilograms_co2e_per_joule, "spread_ratio",
                     number(r->spread_ratio), "basis", aj_basis_name(f->basis), "year",
                     f->year > 0 ? json_integer(f->year) : json_null(), "series", f->series, "source",
                     f->source, "licence", f->licence);
}

static void estimate_json_document(FILE *stream, const aj_carbon *carbon, const aj_carbon_result *r)
{
    json_t *notes = json_array(), *equivalents = json_array();
    const aj_carbon_row *e;
    for (size_t i = 0; i < r->n_notes; i++) json_array_append_new(notes, json_string(r->notes[i]));
    for (size_t i = 0; (e = aj_carbon_row_at(carbon, "equivalents", i)) != NULL; i++)
        json_array_append_new(equivalents, json_pack("{s:s, s:o, s:f, s:s}", "item", e->item, "count",
                                                     number(r->location_kilograms_co2e.value / e->value),
                                                     "kilograms_co2e", e->value, "source", e->source));
    json_t *document = json_pack(
        "{s:s, s:o, s:o, s:o, s:{s:f, s:s}, s:o, s:s, s:o, s:o, s:b, s:f, s:o, s:o, s:o, s:o, s:s, s:o, s:o, "
        "s:o, s:o}",
        "convention", r->convention, "power_watts", estimate_json(r->power_watts), "energy_joules",
        estimate_json(r->energy_joules), "facility_joules", estimate_json(r->facility_joules),
        "power_usage_effectiveness", "value", r->power_usage_effectiveness, "source", r->pue_source, "factor",
        factor_json(r), "label", aj_basis_label(r->basis), "location_kilograms_co2e",
        estimate_json(r->location_kilograms_co2e), "market_kilograms_co2e",
        estimate_json(r->market_kilograms_co2e), "residual_known", r->residual_known,
        "offsets_kilograms_co2e", r->offsets_kilograms_co2e, "embodied_kilograms_co2e",
        estimate_json(r->embodied_kilograms_co2e), "sci_kilograms_co2e", estimate_json(r->sci_kilograms_co2e),
        "electricity_dollars", estimate_json(r->electricity_dollars), "fee_dollars",
        estimate_json(r->fee_dollars), "fee_on", r->fee_on_market ? "market" : "location",
        "cloud_low_dollars", number(r->cloud_low_dollars), "cloud_high_dollars",
        number(r->cloud_high_dollars), "notes", notes, "equivalents", equivalents);
    dump(stream, document);
}

static int estimate(cli *c, FILE *stream)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_carbon *carbon = NULL;
    aj_hourly *hourly = NULL;
    aj_carbon_options options = AJ_CARBON_OPTIONS_INIT;
    aj_carbon_result result;
    int status = read_options(c, &options);
    if (status != EXIT_OK) return status;
    aj_status st = aj_carbon_open(&carbon, c->context, cli_text(c, "zones"), cli_text(c, "prices"), &err);
    if (st == AJ_OK && cli_has(c, "hourly"))
        st = aj_hourly_open(&hourly, c->context, cli_text(c, "hourly"), &err);
    options.hourly = hourly;
    if (st == AJ_OK) st = aj_carbon_account(carbon, &options, &result, &err);
    if (st != AJ_OK)
        status = cli_failed(c, &err);
    else if (cli_has(c, "json"))
        estimate_json_document(stream, carbon, &result);
    else
        estimate_text(c, stream, carbon, &result);
    aj_hourly_close(hourly);
    aj_carbon_close(carbon);
    return status;
}

int cmd_estimate(cli *c)
{
    const char *paper = cli_text(c, "paper");
    int status = cli_context(c);
    if (status != EXIT_OK) return status;
    cli_output output;
    cli_output_begin(&output);
    status = paper != NULL ? print_paper(c, output.stream, paper) : estimate(c, output.stream);
    if (status == EXIT_OK) return cli_output_finish(c, &output);
    cli_output_discard(&output);
    return status;
}

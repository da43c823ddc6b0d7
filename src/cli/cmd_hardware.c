/* cmd_hardware.c: aj hardware: described accelerators, every parameter with value, unit and source. */
#include "cli.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attojoule/hardware.h"

const cli_option cmd_hardware_options[] = {CLI_OPTION_END};

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

static json_t *value_json(const aj_parameter *p)
{
    return p->word != NULL ? json_string(p->word) : number(p->value);
}

static void value_text(const aj_parameter *p, char *text, size_t size)
{
    if (p->word != NULL)
        snprintf(text, size, "%s", p->word);
    else
        cli_format_value(p->value, p->unit, text, size);
}

static json_t *head_json(const aj_hardware_info *info)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:s}", "name", info->name, "family", info->family,
                     "evidence", aj_evidence_name(info->evidence), "year", info->year, "node", info->node,
                     "cite", info->cite, "summary", info->summary);
}

/* ---- list ---------------------------------------------------------------------------------------- */

static int list(cli *c, FILE *stream)
{
    static const char *const headers[] = {"name", "family", "evidence", "year", "summary"};
    aj_error err = {AJ_OK, 0, ""};
    bool json = cli_has(c, "json");
    json_t *document = json_array();
    const char *name;
    cli_table table;
    cli_table_begin(&table, "lllrl", headers);
    int status = EXIT_OK;
    for (size_t i = 0; status == EXIT_OK && (name = aj_hardware_preset_name(i)) != NULL; i++) {
        aj_hardware *hardware = NULL;
        if (aj_hardware_load(&hardware, c->context, name, &err) != AJ_OK) {
            status = cli_failed(c, &err);
            break;
        }
        aj_hardware_info info = aj_hardware_describe(hardware);
        cli_table_cell(&table, "%s", info.name);
        cli_table_cell(&table, "%s", info.family);
        cli_table_cell(&table, "%s", aj_evidence_name(info.evidence));
        cli_table_cell(&table, "%d", info.year);
        cli_table_cell(&table, "%s", info.summary);
        json_array_append_new(document, head_json(&info));
        aj_hardware_destroy(hardware);
    }
    cli_table_end(&table, json ? NULL : stream);
    if (json)
        dump(stream, document);
    else
        json_decref(document);
    return status;
}

/* ---- show ---------------------------------------------------------------------------------------- */

static void show_text(FILE *stream, const aj_hardware *hardware, const aj_hardware_info *info)
{
    static const char *const headers[] = {"parameter", "value", "source"};
    fprintf(stream, "%s: family %s, evidence %s, %d, %s\n", info->name, info->family,
            aj_evidence_name(info->evidence), info->year, info->node);
    cli_print_wrapped(stream, info->summary, 0, CLI_WIDTH);
    fputs("cite: ", stream);
    cli_print_wrapped(stream, info->cite, 6, CLI_WIDTH);
    fputs("latency: ", stream);
    cli_print_wrapped(stream, info->latency_of, 9, CLI_WIDTH);
    fputc('\n', stream);
    cli_table table;
    cli_table_begin(&table, "lrl", headers);
    for (size_t i = 0; i < aj_hardware_n_parameters(hardware); i++) {
        aj_parameter p = aj_hardware_parameter(hardware, i);
        char value[64];
        value_text(&p, value, sizeof value);
        cli_table_cell(&table, "%s", p.key);
        cli_table_cell(&table, "%s", value);
        cli_table_cell(&table, "%s", p.source);
    }
    cli_table_end(&table, stream);
}

static void show_json(FILE *stream, const aj_hardware *hardware, const aj_hardware_info *info)
{
    json_t *document = head_json(info), *parameters = json_object();
    json_object_set_new(document, "latency_of", json_string(info->latency_of));
    for (size_t i = 0; i < aj_hardware_n_parameters(hardware); i++) {
        aj_parameter p = aj_hardware_parameter(hardware, i);
        json_object_set_new(parameters, p.key,
                            json_pack("{s:o, s:s, s:s, s:s}", "value", value_json(&p), "unit", p.unit,
                                      "source", p.source, "help", p.help));
    }
    json_object_set_new(document, "parameters", parameters);
    dump(stream, document);
}

static int show(cli *c, FILE *stream, const char *name)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_hardware *hardware = NULL;
    if (aj_hardware_load(&hardware, c->context, name, &err) != AJ_OK) return cli_failed(c, &err);
    aj_hardware_info info = aj_hardware_describe(hardware);
    (cli_has(c, "json") ? show_json : show_text)(stream, hardware, &info);
    aj_hardware_destroy(hardware);
    return EXIT_OK;
}

/* ---- check --------------------------------------------------------------------------------------- */

static int check(cli *c, FILE *stream, const char *name)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_hardware *hardware = NULL;
    aj_status st = aj_hardware_load(&hardware, c->context, name, &err);
    if (st == AJ_OK) st = aj_hardware_check(hardware, &err);
    int status = EXIT_OK;
    if (st != AJ_OK) {
        status = cli_failed(c, &err);
    } else {
        aj_hardware_info info = aj_hardware_describe(hardware);
        size_t n = aj_hardware_n_parameters(hardware), n_open = 0;
        for (size_t i = 0; i < n; i++) {
            aj_parameter p = aj_hardware_parameter(hardware, i);
            n_open += p.word == NULL && isnan(p.value);
        }
        if (cli_has(c, "json"))
            dump(stream,
                 json_pack("{s:s, s:b, s:s, s:I, s:I}", "name", info.name, "good", 1, "family", info.family,
                           "parameters", (json_int_t)n, "not_described", (json_int_t)n_open));
        else
            fprintf(stream, "%s: good: family %s, %zu parameters, %zu of them not described\n", name,
                    info.family, n, n_open);
    }
    aj_hardware_destroy(hardware);
    return status;
}

/* ---- new ----------------------------------------------------------------------------------------- */

/* A text between double quotes of YAML: quotes and backslashes escaped. */
static void put_quoted(FILE *stream, const char *text)
{
    fputc('"', stream);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') fputc('\\', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

/* The fewest digits that read back as the same number. */
static void put_number(FILE *stream, double value)
{
    char text[40];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    fputs(text, stream);
}

static void put_parameter(FILE *stream, const aj_parameter *p)
{
    fprintf(stream, "  # %s\n  %s: {value: ", p->help, p->key);
    if (p->word != NULL)
        fputs(p->word, stream);
    else if (isnan(p->value))
        fputs("none", stream);
    else
        put_number(stream, p->value);
    if (p->unit != NULL && p->unit[0] != '\0') fprintf(stream, ", unit: %s", p->unit);
    fputs(", source: ", stream);
    put_quoted(stream, p->source);
    fputs("}\n", stream);
}

static size_t count_open(const aj_hardware *hardware)
{
    size_t n = 0;
    for (size_t k = 0; k < aj_hardware_n_parameters(hardware); k++) {
        aj_parameter p = aj_hardware_parameter(hardware, k);
        n += p.word == NULL && isnan(p.value);
    }
    return n;
}

static void put_description(FILE *stream, const aj_hardware *hardware)
{
    aj_hardware_info info = aj_hardware_describe(hardware);
    fprintf(stream, "# %s\n# Values of the preset %s: replace what your hardware has, with its sources.\n",
            info.family_summary, info.name);
    fprintf(stream, "name: my-%s\nfamily: %s\nevidence: projected\nyear: %d\nnode: ", info.name, info.family,
            info.year);
    if (info.node[0] != '\0')
        put_quoted(stream, info.node);
    else
        fputs("none", stream);
    fputs("\ncite: ", stream);
    put_quoted(stream, info.cite);
    fputs("\nsummary: ", stream);
    put_quoted(stream, info.summary);
    fputs("\nparameters:\n", stream);
    for (size_t k = 0; k < aj_hardware_n_parameters(hardware); k++) {
        aj_parameter p = aj_hardware_parameter(hardware, k);
        put_parameter(stream, &p);
    }
}

/* The preset of the family that describes the most is where a new description starts from; its sources stay
 * until they are replaced. */
static int new_file(cli *c, FILE *stream, const char *family)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_hardware *best = NULL;
    const char *name;
    for (size_t i = 0; (name = aj_hardware_preset_name(i)) != NULL; i++) {
        aj_hardware *hardware = NULL;
        if (aj_hardware_load(&hardware, c->context, name, &err) != AJ_OK) {
            aj_hardware_destroy(best);
            return cli_failed(c, &err);
        }
        bool fits = strcmp(aj_hardware_describe(hardware).family, family) == 0 &&
                    aj_hardware_check(hardware, NULL) == AJ_OK;
        if (fits && (best == NULL || count_open(hardware) < count_open(best))) {
            aj_hardware_destroy(best);
            best = hardware;
        } else {
            aj_hardware_destroy(hardware);
        }
    }
    if (best != NULL) {
        put_description(stream, best);
        aj_hardware_destroy(best);
        return EXIT_OK;
    }
    char known[256] = "";
    for (size_t i = 0, at = 0; (name = aj_hardware_family_name(i)) != NULL && at < sizeof known; i++)
        at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", i > 0 ? ", " : "", name);
    return cli_usage_error(c, "unknown family '%s'; known are %s", family, known);
}

/* ---- diff ---------------------------------------------------------------------------------------- */

static void diff_row(cli_table *table, json_t *document, const char *key, const aj_parameter *a,
                     const aj_parameter *b)
{
    char left[64] = "no such key", right[64] = "no such key";
    if (a != NULL) value_text(a, left, sizeof left);
    if (b != NULL) value_text(b, right, sizeof right);
    bool same = a != NULL && b != NULL;
    if (same && a->word != NULL && b->word != NULL)
        same = strcmp(a->word, b->word) == 0;
    else if (same)
        same = a->word == NULL && b->word == NULL &&
               (a->value == b->value || (isnan(a->value) && isnan(b->value)));
    if (same) return;
    cli_table_cell(table, "%s", key);
    cli_table_cell(table, "%s", left);
    cli_table_cell(table, "%s", right);
    json_object_set_new(document, key,
                        json_pack("{s:o, s:o}", "a", a != NULL ? value_json(a) : json_null(), "b",
                                  b != NULL ? value_json(b) : json_null()));
}

static void diff_loaded(cli *c, FILE *stream, const aj_hardware *a, const aj_hardware *b)
{
    aj_hardware_info info_a = aj_hardware_describe(a), info_b = aj_hardware_describe(b);
    const char *headers[] = {"parameter", info_a.name, info_b.name};
    json_t *document = json_object();
    cli_table table;
    cli_table_begin(&table, "lrr", headers);
    for (size_t i = 0; i < aj_hardware_n_parameters(a); i++) {
        aj_parameter pa = aj_hardware_parameter(a, i), pb;
        bool both = aj_hardware_find(b, pa.key, &pb);
        diff_row(&table, document, pa.key, &pa, both ? &pb : NULL);
    }
    for (size_t i = 0; i < aj_hardware_n_parameters(b); i++) {
        aj_parameter pb = aj_hardware_parameter(b, i), pa;
        if (!aj_hardware_find(a, pb.key, &pa)) diff_row(&table, document, pb.key, NULL, &pb);
    }
    bool json = cli_has(c, "json");
    bool same = json_object_size(document) == 0;
    cli_table_end(&table, json || same ? NULL : stream);
    if (json) {
        dump(stream,
             json_pack("{s:s, s:s, s:O}", "a", info_a.name, "b", info_b.name, "parameters", document));
    } else if (same) {
        fprintf(stream, "no parameter of %s and %s differs\n", info_a.name, info_b.name);
    }
    json_decref(document);
}

static int diff(cli *c, FILE *stream, const char *name_a, const char *name_b)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_hardware *a = NULL, *b = NULL;
    int status = EXIT_OK;
    if (aj_hardware_load(&a, c->context, name_a, &err) != AJ_OK ||
        aj_hardware_load(&b, c->context, name_b, &err) != AJ_OK)
        status = cli_failed(c, &err);
    else
        diff_loaded(c, stream, a, b);
    aj_hardware_destroy(a);
    aj_hardware_destroy(b);
    return status;
}

/* ---- the command --------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    size_t n_operands; /* its own name included */
} verb;

static const verb verbs[] = {{"list", 1}, {"show", 2}, {"check", 2}, {"new", 2}, {"diff", 3}, {NULL, 0}};

static int run(cli *c, const char *name, FILE *stream)
{
    if (strcmp(name, "list") == 0) return list(c, stream);
    if (strcmp(name, "show") == 0) return show(c, stream, c->operands[1]);
    if (strcmp(name, "check") == 0) return check(c, stream, c->operands[1]);
    if (strcmp(name, "new") == 0) return new_file(c, stream, c->operands[1]);
    return diff(c, stream, c->operands[1], c->operands[2]);
}

int cmd_hardware(cli *c)
{
    if (c->n_operands == 0) c->operands[c->n_operands++] = "list"; /* there is room: argv has as many */
    const verb *row = verbs;
    while (row->name != NULL && strcmp(row->name, c->operands[0]) != 0) row++;
    if (row->name == NULL) {
        const char *near = cli_nearest(c->operands[0], verbs, sizeof(verb));
        return cli_usage_error(c, "hardware has no '%s'%s%s%s: aj hardware %s", c->operands[0],
                               near != NULL ? "; the nearest is '" : "", near != NULL ? near : "",
                               near != NULL ? "'" : "", c->command->usage);
    }
    if (row->n_operands != c->n_operands)
        return cli_usage_error(c, "hardware %s takes %zu operand%s: aj hardware %s", row->name,
                               row->n_operands - 1, row->n_operands == 2 ? "" : "s", c->command->usage);
    int status = cli_context(c);
    if (status != EXIT_OK) return status;
    cli_output output;
    cli_output_begin(&output);
    status = run(c, row->name, output.stream);
    if (status == EXIT_OK) return cli_output_finish(c, &output);
    cli_output_discard(&output);
    return status;
}

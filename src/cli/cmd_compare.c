/* cmd_compare.c: aj compare: several hardwares on one network, each at the least energy that keeps its
 * accuracy.
 */
#include "evaluate.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attojoule/report.h"

const cli_option cmd_compare_options[] = {
    {.name = "data", .kind = CLI_TEXT, .argument = "SET", .help = "data set, see 'aj help data' (required)"},
    {.name = "on",
     .kind = CLI_TEXT,
     .argument = "HW,HW,…",
     .help = "hardwares: names of presets or YAML files (required)"},
    {.name = "within",
     .kind = CLI_TEXT,
     .argument = "TOLERANCE",
     .fallback = "1pp",
     .help = "how far accuracy may be below clean: 1pp (a percentage point), or a ratio such as 0.01"},
    {.name = "set",
     .kind = CLI_TEXT,
     .argument = "[HW.]KEY=VALUE",
     .help = "a parameter of one hardware, or of all that have it; as in eval",
     .repeats = true},
    CLI_DIM_OPTION,
    {.name = "trials",
     .kind = CLI_COUNT,
     .argument = "N",
     .fallback = "20",
     .help = "of a confirmation, on draws that the search did not see",
     .minimum = 2,
     .maximum = 10000},
    {.name = "seed",
     .kind = CLI_COUNT,
     .argument = "S",
     .fallback = "1",
     .help = "every random number is a function of it",
     .maximum = 281474976710655.0}, /* 2^48 - 1: confirmations have a seed above */
    CLI_BATCH_OPTION,
    CLI_MODE_OPTION,
    CLI_DYNAMIC_OPTION,
    CLI_SAMPLE_OPTIONS,
    {.name = "trained-for",
     .kind = CLI_TEXT,
     .argument = "HW",
     .help = "say that the network was trained on this hardware (else: as is)",
     .repeats = true},
    {.name = "explain",
     .kind = CLI_FLAG,
     .help = "also every value tried, causes, laws and every parameter with its source"},
    {.name = "figure",
     .kind = CLI_TEXT,
     .argument = "FILE.svg",
     .help = "draw error against energy (.svg, .pdf or .png; the gnuplot script is kept beside it)"},
    CLI_MEASURE_OPTIONS(true),
    CLI_OPTION_END,
};

enum { MOST_HARDWARES = 64 };

typedef struct {
    cli *c;
    aj_hardware *hardwares[MOST_HARDWARES];
    char *names[MOST_HARDWARES]; /* as asked for */
    bool trained[MOST_HARDWARES];
    size_t n;
    cli_measure measure;  /* of the row in work */
    aj_estimate measured; /* all rows */
} comparing;

/* "1pp", "0.5pp", "0.01". */
static int read_within(cli *c, double *out)
{
    const char *text = cli_text(c, "within");
    char *end;
    *out = strtod(text, &end);
    bool points = strcmp(end, "pp") == 0;
    if (points) *out /= 100.0;
    if (end == text || (*end != '\0' && !points) || !(*out >= 0.0 && *out < 1.0))
        return cli_usage_error(
            c, "--within takes percentage points such as 1pp, or a ratio such as 0.01, not '%s'", text);
    return EXIT_OK;
}

static int open_hardwares(comparing *all)
{
    aj_error err = {AJ_OK, 0, ""};
    cli *c = all->c;
    const char *rest = cli_text(c, "on");
    while (rest != NULL) {
        size_t length = strcspn(rest, ",");
        if (length == 0) return cli_usage_error(c, "--on: a name is missing in '%s'", cli_text(c, "on"));
        if (all->n == MOST_HARDWARES)
            return cli_usage_error(c, "--on: at most %d hardwares can be compared", MOST_HARDWARES);
        char *name = all->names[all->n] = cli_copy_text(rest);
        name[length] = '\0';
        for (size_t i = 0; i < all->n; i++)
            if (strcmp(all->names[i], name) == 0) {
                free(name);
                all->names[all->n] = NULL;
                return cli_usage_error(c, "--on names %s twice", all->names[i]);
            }
        if (aj_hardware_load(&all->hardwares[all->n++], c->context, name, &err) != AJ_OK)
            return cli_failed(c, &err);
        rest = rest[length] == ',' ? rest + length + 1 : NULL;
    }
    return EXIT_OK;
}

static bool is_named(const comparing *all, size_t i, const char *text, size_t length)
{
    const char *preset = aj_hardware_describe(all->hardwares[i]).name;
    return (strlen(all->names[i]) == length && memcmp(all->names[i], text, length) == 0) ||
           (strlen(preset) == length && memcmp(preset, text, length) == 0);
}

/* The hardware whose name and a dot the setting begins with, and what follows them; n when there is none. */
static size_t owner_of(const comparing *all, const char *setting, size_t key_length, const char **key)
{
    for (size_t i = 0; i < all->n; i++)
        for (size_t at = 1; at < key_length; at++)
            if (setting[at] == '.' && is_named(all, i, setting, at)) {
                *key = setting + at + 1;
                return i;
            }
    return all->n;
}

static int set_for_all(comparing *all, const char *setting, size_t key_length)
{
    char *key = cli_copy_text(setting);
    key[key_length] = '\0';
    size_t n_with = 0;
    int status = EXIT_OK;
    for (size_t i = 0; i < all->n && status == EXIT_OK; i++) {
        aj_parameter parameter;
        if (!aj_hardware_find(all->hardwares[i], key, &parameter)) continue;
        n_with++;
        status = cli_apply_setting(all->c, all->hardwares[i], setting);
    }
    if (status == EXIT_OK && n_with == 0)
        status = cli_usage_error(all->c,
                                 "--set %s: none of the hardwares has such a key; write KEY=VALUE or "
                                 "HW.KEY=VALUE with HW as in --on",
                                 key);
    free(key);
    return status;
}

static int apply_settings(comparing *all)
{
    const char *setting;
    for (size_t i = 0; (setting = cli_repeated(all->c, "set", i)) != NULL; i++) {
        size_t key_length = strcspn(setting, "=");
        if (setting[key_length] == '\0' || key_length == 0)
            return cli_usage_error(all->c, "--set takes [HW.]KEY=VALUE, not '%s'", setting);
        const char *key = NULL;
        size_t owner = owner_of(all, setting, key_length, &key);
        int status = owner == all->n ? set_for_all(all, setting, key_length)
                                     : cli_apply_setting(all->c, all->hardwares[owner], key);
        if (status != EXIT_OK) return status;
    }
    int status = EXIT_OK;
    for (size_t i = 0; i < all->n && status == EXIT_OK; i++)
        status = cli_fill_measured(all->c, all->hardwares[i]);
    return status;
}

static int read_trained(comparing *all)
{
    const char *name;
    for (size_t k = 0; (name = cli_repeated(all->c, "trained-for", k)) != NULL; k++) {
        size_t i = 0;
        while (i < all->n && !is_named(all, i, name, strlen(name))) i++;
        if (i == all->n) return cli_usage_error(all->c, "--trained-for %s: --on does not name it", name);
        all->trained[i] = true;
    }
    return EXIT_OK;
}

/* ---- running ------------------------------------------------------------------------------------- */

/* The joules of one row are those since the one before it. */
static void measure_next(comparing *all)
{
    cli_measure_close(&all->measure);
    cli_measure_name(&all->measure, all->c);
    cli_measure_begin(&all->measure, 0);
}

static bool on_row(void *user, size_t i, size_t n_rows, const aj_comparison_row *row)
{
    comparing *all = user;
    aj_estimate joules = row->evaluation.measured_energy_joules;
    bool first = i == 0;
    all->measured.value = first ? joules.value : all->measured.value + joules.value;
    all->measured.stddev = first ? joules.stddev : hypot(all->measured.stddev, joules.stddev);
    if (first || joules.origin > all->measured.origin) all->measured.origin = joules.origin;
    cli_keep_evaluation(&all->measure, &row->evaluation);
    if (i + 1 < n_rows) measure_next(all);
    return !cli_interrupted();
}

static int print_result(cli *c, FILE *stream, const aj_comparison *result)
{
    aj_error err = {AJ_OK, 0, ""};
    if (!cli_has(c, "json")) {
        aj_report_options options = AJ_REPORT_OPTIONS_INIT;
        options.explain = cli_has(c, "explain");
        return aj_report_comparison(stream, "table", result, &options, &err) == AJ_OK ? EXIT_OK
                                                                                      : cli_failed(c, &err);
    }
    char *text = NULL;
    if (aj_comparison_to_json(result, 2, &text, &err) != AJ_OK) return cli_failed(c, &err);
    fprintf(stream, "%s\n", text);
    aj_text_free(text);
    return EXIT_OK;
}

static int deliver(cli *c, const aj_comparison *result)
{
    aj_error err = {AJ_OK, 0, ""};
    cli_output output;
    cli_output_begin(&output);
    int status = print_result(c, output.stream, result);
    if (status != EXIT_OK) {
        cli_output_discard(&output);
        return status;
    }
    status = cli_output_finish(c, &output);
    const char *figure = cli_text(c, "figure");
    if (status == EXIT_OK && figure != NULL && aj_report_comparison_figure(figure, result, &err) != AJ_OK)
        status = cli_failed(c, &err);
    return status;
}

static int compare(comparing *all, cli_evaluation *evaluation)
{
    cli *c = all->c;
    aj_error err = {AJ_OK, 0, ""};
    aj_compare_options options = AJ_COMPARE_OPTIONS_INIT;
    int status = read_within(c, &options.within_ratio);
    if (status != EXIT_OK) return status;
    options.hardwares = (const aj_hardware *const *)all->hardwares;
    options.n_hardwares = all->n;
    options.trained_for_it = all->trained;
    options.n_trials = (unsigned)cli_count(c, "trials");
    options.evaluate = evaluation->options;
    options.evaluate.measured_joules = cli_measured_joules;
    options.evaluate.measured_user = &all->measure;
    measure_next(all);
    aj_comparison result = {0};
    aj_status st =
        aj_compare(&result, c->context, evaluation->model, evaluation->dataset, &options, on_row, all, &err);
    if (st == AJ_INTERRUPTED) {
        cli_complain(c, "interrupted: a comparison has no parts to keep, nothing was written");
        cli_measure_end(&all->measure, (double)NAN);
        cli_measure_keep_interrupted(&all->measure, AJ_RUN_EVALUATION);
    }
    cli_measure_close(&all->measure);
    if (st != AJ_OK) return st == AJ_INTERRUPTED ? EXIT_FAILED : cli_failed(c, &err);
    result.measured_energy_joules = all->measured;
    status = deliver(c, &result);
    cli_measure_warn_of_budgets(c);
    aj_comparison_destroy(&result);
    return status;
}

static int open_and_compare(comparing *all)
{
    cli_evaluation evaluation;
    int status = cli_context(all->c);
    if (status == EXIT_OK) status = open_hardwares(all);
    if (status == EXIT_OK) status = apply_settings(all);
    if (status == EXIT_OK) status = read_trained(all);
    if (status != EXIT_OK) return status;
    status = cli_evaluation_open_plain(all->c, &evaluation);
    if (status != EXIT_OK) return status;
    status = compare(all, &evaluation);
    cli_evaluation_close(&evaluation);
    return status;
}

int cmd_compare(cli *c)
{
    comparing all = {.c = c, .measured = {(double)NAN, (double)NAN, AJ_MEASURED}};
    double within;
    if (cli_text(c, "on") == NULL)
        return cli_usage_error(c, "compare needs --on HW,HW,…; 'aj hardware list' shows the presets");
    if (cli_text(c, "data") == NULL)
        return cli_usage_error(c, "compare needs --data SET; 'aj data list' shows the known sets");
    int status = read_within(c, &within);
    if (status == EXIT_OK) status = cli_measure_check(c);
    if (status == EXIT_OK) status = cli_check_writable(c, cli_text(c, "out"));
    if (status == EXIT_OK) status = cli_check_writable(c, cli_text(c, "figure"));
    if (status == EXIT_OK) status = open_and_compare(&all);
    for (size_t i = 0; i < all.n; i++) {
        aj_hardware_destroy(all.hardwares[i]);
        free(all.names[i]);
    }
    return status;
}

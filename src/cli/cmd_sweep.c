/* cmd_sweep.c: aj sweep: a network over a grid of hardware parameters; keeps and resumes. */
#include "evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attojoule/report.h"

const cli_option cmd_sweep_options[] = {
    CLI_EVALUATE_OPTIONS,
    {.name = "vary",
     .kind = CLI_TEXT,
     .argument = "KEY=GRID",
     .help = "key=lo:hi:log:N, key=lo:hi:lin:N or key=a,b,c; the first varies slowest (required)",
     .repeats = true},
    {.name = "figure",
     .kind = CLI_TEXT,
     .argument = "FILE.svg",
     .help = "draw error against the first key (.svg, .pdf or .png; the gnuplot script is kept beside it)"},
    {.name = "csv", .kind = CLI_FLAG, .help = "print comma-separated values instead of a table"},
    CLI_MEASURE_OPTIONS(true),
    CLI_OPTION_END,
};

#define MAX_AXES     16
#define LONG_SECONDS 10.0 /* a sweep that takes longer says so after its first point */

typedef struct {
    cli *c;
    aj_evaluation *points;
    size_t n, n_resumed, n_total;
    bool estimated, failed;
    double started_seconds;
    cli_measure measure; /* of the point that is being computed */
} collector;

static void say_estimate(collector *all, size_t i)
{
    size_t n_left = all->n_total - i - 1;
    double left_seconds = (cli_now_seconds() - all->started_seconds) * (double)n_left;
    all->estimated = true;
    if (left_seconds < LONG_SECONDS) return;
    const char *path = cli_text(all->c, "out");
    cli_say(all->c, "%zu of %zu points are left, about %.0f %s%s", n_left, all->n_total,
            left_seconds < 120 ? left_seconds : left_seconds / 60, left_seconds < 120 ? "s" : "min",
            path != NULL ? "" : "; with --out FILE.jsonl an interrupted sweep could be resumed");
}

/* The joules of one point are those since the one before it. */
static void measure_next(collector *all)
{
    cli *c = all->c;
    cli_measure_close(&all->measure);
    cli_measure_name(&all->measure, c);
    cli_measure_begin(&all->measure, 0);
}

/* Keeps a copy of the point (a record is copied by its own JSON); prints its line with --json. */
static bool on_point(void *user, size_t i, size_t n_points, bool resumed, const aj_evaluation *point)
{
    collector *all = user;
    aj_error err = {AJ_OK, 0, ""};
    char *text = NULL;
    all->n_total = n_points;
    all->n_resumed += resumed;
    if (resumed) all->started_seconds = cli_now_seconds();
    if (!resumed && !all->estimated) say_estimate(all, i);
    if (!resumed) {
        cli_keep_evaluation(&all->measure, point);
        measure_next(all);
    }
    all->points = cli_resize(all->points, all->n + 1, sizeof *all->points);
    aj_status st = aj_evaluation_to_json(point, 0, &text, &err);
    if (st == AJ_OK) st = aj_evaluation_from_json(&all->points[all->n], text, strlen(text), "point", &err);
    if (st == AJ_OK) all->n++;
    if (st == AJ_OK && cli_has(all->c, "json")) {
        cli_clear_progress(all->c);
        if (printf("%s\n", text) < 0 || fflush(stdout) != 0) {
            st = AJ_IO;
            err = (aj_error){AJ_IO, 0, "standard output: could not be written"};
        }
    }
    aj_text_free(text);
    if (st != AJ_OK) {
        cli_failed(all->c, &err);
        all->failed = true;
        return false;
    }
    return !cli_interrupted();
}

static int parse_axes(cli *c, const aj_hardware *hardware, aj_sweep_values *axes, size_t *n)
{
    aj_error err = {AJ_OK, 0, ""};
    const char *text;
    for (*n = 0; (text = cli_repeated(c, "vary", *n)) != NULL; (*n)++) {
        if (*n == MAX_AXES) return cli_usage_error(c, "a grid has at most %d --vary keys", MAX_AXES);
        if (aj_sweep_parse(&axes[*n], text, hardware, &err) != AJ_OK) {
            cli_failed(c, &err);
            return EXIT_USAGE;
        }
    }
    return EXIT_OK;
}

static int interrupted_status(cli *c, const collector *all)
{
    const char *path = cli_text(c, "out");
    if (all->failed) return EXIT_FAILED; /* said already */
    if (path != NULL)
        cli_complain(c, "interrupted: %zu of %zu points are kept in %s; run the same command again to go on",
                     all->n, all->n_total, path);
    else
        cli_complain(c, "interrupted: nothing was kept; --out FILE.jsonl would keep the finished points");
    return EXIT_FAILED;
}

static int print_points(cli *c, const collector *all)
{
    aj_error err = {AJ_OK, 0, ""};
    int status = EXIT_OK;
    if (!cli_has(c, "json")) {
        cli_output output;
        cli_output_begin(&output);
        aj_report_options options = AJ_REPORT_OPTIONS_INIT;
        if (aj_report_write(output.stream, cli_has(c, "csv") ? "csv" : "table", all->points, all->n, &options,
                            &err) != AJ_OK) {
            cli_output_discard(&output);
            return cli_failed(c, &err);
        }
        status = cli_output_finish_to(c, &output, NULL); /* --out is the file of the points */
    }
    const char *figure = cli_text(c, "figure");
    if (status == EXIT_OK && figure != NULL && aj_report_figure(figure, all->points, all->n, &err) != AJ_OK)
        status = cli_failed(c, &err);
    return status;
}

static int sweep(cli *c, cli_evaluation *evaluation)
{
    aj_sweep_values axes[MAX_AXES];
    memset(axes, 0, sizeof axes);
    size_t n_axes = 0;
    aj_error err = {AJ_OK, 0, ""};
    collector all = {.c = c, .started_seconds = cli_now_seconds()};
    int status = parse_axes(c, evaluation->hardware, axes, &n_axes);
    if (status == EXIT_OK) {
        evaluation->options.measured_joules = cli_measured_joules;
        evaluation->options.measured_user = &all.measure;
        measure_next(&all);
        aj_status st = aj_sweep(c->context, evaluation->model, evaluation->dataset, &evaluation->options,
                                axes, n_axes, cli_text(c, "out"), on_point, &all, &err);
        if (st == AJ_INTERRUPTED) {
            status = interrupted_status(c, &all);
            cli_measure_end(&all.measure, (double)NAN);
            cli_measure_keep_interrupted(&all.measure, AJ_RUN_SWEEP_POINT);
        }
        cli_measure_close(&all.measure);
        cli_measure_warn_of_budgets(c);
        if (st != AJ_OK && st != AJ_INTERRUPTED) status = cli_failed(c, &err);
    }
    if (status == EXIT_OK && all.n_resumed > 0)
        cli_say(c, "%zu of %zu points were taken from %s", all.n_resumed, all.n_total, cli_text(c, "out"));
    if (status == EXIT_OK) status = print_points(c, &all);
    for (size_t i = 0; i < MAX_AXES; i++) aj_sweep_values_free(&axes[i]);
    for (size_t i = 0; i < all.n; i++) aj_evaluation_destroy(&all.points[i]);
    free(all.points);
    return status;
}

int cmd_sweep(cli *c)
{
    if (cli_text(c, "on") == NULL)
        return cli_usage_error(c, "sweep needs --on HW; 'aj hardware list' shows the presets");
    if (!cli_has(c, "vary"))
        return cli_usage_error(c, "sweep needs --vary, such as --vary photons_per_mac=0.01:100:log:9");
    if (cli_has(c, "csv") && cli_has(c, "json"))
        return cli_usage_error(c, "--csv and --json exclude each other");
    int status = cli_measure_check(c);
    if (status == EXIT_OK) status = cli_check_writable(c, cli_text(c, "out"));
    if (status == EXIT_OK) status = cli_check_writable(c, cli_text(c, "figure"));
    if (status != EXIT_OK) return status;
    cli_evaluation evaluation;
    status = cli_evaluation_open(c, &evaluation);
    if (status != EXIT_OK) return status;
    status = sweep(c, &evaluation);
    cli_evaluation_close(&evaluation);
    return status;
}

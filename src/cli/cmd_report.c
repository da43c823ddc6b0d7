/* cmd_report.c: aj report: records in files, or runs of the ledger, as one document. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attojoule/report.h"
#include "report_runs.h"

const cli_option cmd_report_options[] = {
    {.name = "format",
     .kind = CLI_WORD,
     .argument = "table|csv|json|markdown|latex|html",
     .help = "of the document (default: by the ending of --out, else table)"},
    {.name = "title", .kind = CLI_TEXT, .argument = "TEXT", .help = "title of the document"},
    {.name = "per-layer", .kind = CLI_FLAG, .help = "also one row per product"},
    {.name = "explain",
     .kind = CLI_FLAG,
     .help = "also the law, the assumptions and every parameter with its source"},
    {.name = "figure",
     .kind = CLI_TEXT,
     .argument = "FILE.svg",
     .help = "also draw the figure there (.svg, .pdf or .png)"},
    {.name = "target",
     .kind = CLI_NUMBER,
     .argument = "RATIO",
     .help = "runs: also what it took to reach this accuracy (0 to 1)",
     .minimum = 0,
     .maximum = 1},
    {.name = "ledger",
     .kind = CLI_TEXT,
     .argument = "FILE",
     .help = "runs: the ledger (default: $XDG_DATA_HOME/attojoule/ledger.db)"},
    {.name = "project", .kind = CLI_TEXT, .argument = "NAME", .help = "runs: of this project"},
    {.name = "round", .kind = CLI_TEXT, .argument = "NAME", .help = "runs: of this round"},
    {.name = "tag", .kind = CLI_TEXT, .argument = "TAG", .help = "runs: with this tag"},
    {.name = "user", .kind = CLI_TEXT, .argument = "NAME", .help = "runs: of this user"},
    {.name = "kind",
     .kind = CLI_WORD,
     .argument = "command|training|evaluation|sweep_point|search_trial",
     .help = "runs: of this kind"},
    {.name = "state",
     .kind = CLI_WORD,
     .argument = "running|finished|failed|interrupted",
     .help = "runs: in this state"},
    {.name = "since",
     .kind = CLI_TEXT,
     .argument = "YYYY-MM-DD",
     .help = "runs: begun on this day (UTC) or later"},
    {.name = "until",
     .kind = CLI_TEXT,
     .argument = "YYYY-MM-DD",
     .help = "runs: begun before this day (UTC)"},
    {.name = "last",
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "runs: the newest N",
     .minimum = 1,
     .maximum = CLI_LARGEST_COUNT},
    CLI_OPTION_END,
};

typedef struct {
    const char *ending, *format;
} ending_row;

static const ending_row endings[] = {{".html", "html"},   {".htm", "html"},  {".csv", "csv"},
                                     {".md", "markdown"}, {".tex", "latex"}, {".txt", "table"},
                                     {".json", "json"},   {".jsonl", "json"}};

static const char *choose_format(const cli *c)
{
    const char *path = cli_text(c, "out");
    if (cli_text(c, "format") != NULL) return cli_text(c, "format");
    if (cli_has(c, "json")) return "json";
    for (size_t i = 0; path != NULL && i < sizeof endings / sizeof endings[0]; i++) {
        size_t size = strlen(path), n = strlen(endings[i].ending);
        if (size > n && strcmp(path + size - n, endings[i].ending) == 0) return endings[i].format;
    }
    return "table";
}

typedef struct {
    aj_evaluation *records;
    size_t n;
} record_list;

static void take(record_list *all, aj_evaluation record)
{
    all->records = cli_resize(all->records, all->n + 1, sizeof *all->records);
    all->records[all->n++] = record;
}

static char *read_text(const char *path, size_t *size)
{
    FILE *stream = fopen(path, "rb");
    char *text = NULL;
    *size = 0;
    if (stream == NULL) return NULL;
    for (size_t got = 1; got > 0; *size += got) {
        text = cli_resize(text, *size + 65536, 1);
        got = fread(text + *size, 1, 65536, stream);
    }
    if (ferror(stream)) {
        free(text);
        text = NULL;
    }
    fclose(stream);
    return text;
}

/* One document (eval --json, over several lines) or one document a line (sweep --out). */
static int read_file(cli *c, const char *path, record_list *all)
{
    aj_error err = {AJ_OK, 0, ""}, ignored = {AJ_OK, 0, ""};
    size_t size = 0, n = 0;
    errno = 0;
    char *text = read_text(path, &size);
    if (text == NULL) {
        cli_complain(c, "%s: cannot be read (%s)", path, strerror(errno != 0 ? errno : EIO));
        return EXIT_FAILED;
    }
    aj_evaluation one = {0}, *many = NULL;
    aj_status st = aj_evaluation_from_json(&one, text, size, path, &ignored);
    free(text);
    if (st == AJ_OK) {
        take(all, one);
        return EXIT_OK;
    }
    st = aj_evaluations_read(path, &many, &n, &err);
    if (st != AJ_OK) return cli_failed(c, &err);
    if (n == 0) {
        cli_complain(c, "%s: holds no finished evaluation", path);
        return EXIT_FAILED;
    }
    /* The records move; the array they came in stays behind until the end (it is freed with zero records). */
    for (size_t i = 0; i < n; i++) take(all, many[i]);
    aj_evaluations_free(many, 0);
    return EXIT_OK;
}

static int write_document(cli *c, const record_list *all)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_report_options options = AJ_REPORT_OPTIONS_INIT;
    options.title = cli_text(c, "title");
    options.per_layer = cli_has(c, "per-layer");
    options.explain = cli_has(c, "explain");
    options.command = c->line;
    cli_output output;
    cli_output_begin(&output);
    if (aj_report_write(output.stream, choose_format(c), all->records, all->n, &options, &err) != AJ_OK) {
        cli_output_discard(&output);
        return cli_failed(c, &err);
    }
    int status = cli_output_finish(c, &output);
    const char *figure = cli_text(c, "figure");
    if (status == EXIT_OK && figure != NULL && aj_report_figure(figure, all->records, all->n, &err) != AJ_OK)
        status = cli_failed(c, &err);
    return status;
}

static bool filters_given(const cli *c)
{
    static const char *const names[] = {"project", "round", "tag",   "user", "kind",
                                        "state",   "since", "until", "last"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (cli_has(c, names[i])) return true;
    return false;
}

/* Files or runs; EXIT_USAGE after a sentence when it is neither or both. */
static int what_is_meant(cli *c, bool *runs)
{
    static const char *const of_files[] = {"per-layer", "explain", "figure"};
    size_t n_runs = 0;
    for (size_t i = 0; i < c->n_operands; i++) n_runs += cli_names_run(c->operands[i]);
    if (c->n_operands == 0 && !filters_given(c))
        return cli_usage_error(
            c, "report needs files, runs (the first digits of a uid, or last), or which runs: "
               "--project, --round, --last N, …");
    if (n_runs > 0 && n_runs < c->n_operands)
        return cli_usage_error(
            c, "report takes files or runs, not both; `aj ledger add FILE` makes runs of a file");
    *runs = n_runs > 0 || c->n_operands == 0;
    if (!*runs && (filters_given(c) || cli_has(c, "target")))
        return cli_usage_error(
            c, "report of files takes no --project, --target and the like: they are for runs");
    for (size_t i = 0; *runs && i < sizeof of_files / sizeof *of_files; i++)
        if (cli_has(c, of_files[i]))
            return cli_usage_error(c, "report of runs takes no --%s: it is for files of evaluations",
                                   of_files[i]);
    return EXIT_OK;
}

int cmd_report(cli *c)
{
    record_list all = {NULL, 0};
    bool runs = false;
    int status = what_is_meant(c, &runs);
    if (status == EXIT_OK) status = cli_check_writable(c, cli_text(c, "out"));
    if (status == EXIT_OK && runs) return cli_report_runs(c, choose_format(c));
    for (size_t i = 0; status == EXIT_OK && i < c->n_operands; i++)
        status = read_file(c, c->operands[i], &all);
    if (status == EXIT_OK) status = write_document(c, &all);
    for (size_t i = 0; i < all.n; i++) aj_evaluation_destroy(&all.records[i]);
    free(all.records);
    return status;
}

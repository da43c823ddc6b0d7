/* cmd_report.c: aj report: records in files as one document. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attojoule/report.h"

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

int cmd_report(cli *c)
{
    record_list all = {NULL, 0};
    int status = cli_check_writable(c, cli_text(c, "out"));
    for (size_t i = 0; status == EXIT_OK && i < c->n_operands; i++)
        status = read_file(c, c->operands[i], &all);
    if (status == EXIT_OK) status = write_document(c, &all);
    for (size_t i = 0; i < all.n; i++) aj_evaluation_destroy(&all.records[i]);
    free(all.records);
    return status;
}

/* cmd_ledger.c: aj ledger: the account of runs. */
#define _DEFAULT_SOURCE /* timegm */
#include <math.h>
#include <string.h>
#include <time.h>

#include "ledger.h"

const cli_option cmd_ledger_options[] = {
    {.name = "ledger",
     .kind = CLI_TEXT,
     .argument = "FILE",
     .help = "the ledger (default: $XDG_DATA_HOME/attojoule/ledger.db)"},
    {.name = "project",
     .kind = CLI_TEXT,
     .argument = "NAME",
     .help = "only runs of this project; add: belongs to it"},
    {.name = "user", .kind = CLI_TEXT, .argument = "NAME", .help = "only runs of this user; add: who ran it"},
    {.name = "round",
     .kind = CLI_TEXT,
     .argument = "NAME",
     .help = "only runs of this round; add: belongs to it"},
    {.name = "tag",
     .kind = CLI_TEXT,
     .argument = "TAG",
     .help = "only runs with this tag (the last one counts); add: gets it",
     .repeats = true},
    {.name = "kind",
     .kind = CLI_WORD,
     .argument = "command|training|evaluation|sweep_point|search_trial",
     .help = "only runs of this kind"},
    {.name = "state",
     .kind = CLI_WORD,
     .argument = "running|finished|failed|interrupted",
     .help = "only runs in this state"},
    {.name = "since",
     .kind = CLI_TEXT,
     .argument = "YYYY-MM-DD",
     .help = "only runs begun on this day (UTC) or later"},
    {.name = "until",
     .kind = CLI_TEXT,
     .argument = "YYYY-MM-DD",
     .help = "only runs begun before this day (UTC)"},
    {.name = "last",
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "only the newest N runs",
     .minimum = 1,
     .maximum = CLI_LARGEST_COUNT},
    {.name = "samples", .kind = CLI_FLAG, .help = "export: with raw samples and traces"},
    {.name = "runs", .kind = CLI_FLAG, .help = "prune: whole runs, not only their samples and traces"},
    {.name = "run", .kind = CLI_TEXT, .argument = "UID", .help = "account: the run that is the one model"},
    {.name = "budget",
     .kind = CLI_TEXT,
     .argument = "AMOUNT",
     .help = "budget: 5MJ, 20kWh, 3kgCO2e, 100USD; none takes the project's budgets away"},
    CLI_REPRICE_OPTIONS,
    CLI_OPTION_END,
};

static const char *const verbs[] = {"list",   "show",   "account", "budget", "add",
                                    "export", "import", "merge",   "prune",  "reprice"};
enum { LIST, SHOW, ACCOUNT, BUDGET, ADD, EXPORT, IMPORT, MERGE, PRUNE, REPRICE, N_VERBS };

int cli_ledger_open(cli *c, bool read_only, aj_ledger **out)
{
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    aj_error err = {AJ_OK, 0, ""};
    options.path = cli_text(c, "ledger");
    options.read_only = read_only;
    if (aj_ledger_open(out, &options, &err) != AJ_OK) {
        aj_error second = {AJ_OK, 0, ""};
        /* A ledger that cannot be written can still be read. */
        options.read_only = true;
        if (read_only || (err.status != AJ_DENIED && err.status != AJ_IO) ||
            aj_ledger_open(out, &options, &second) != AJ_OK)
            return cli_failed(c, &err);
    }
    if (aj_ledger_taken_in(*out) > 0)
        cli_say(c, "%llu runs of a spill file were taken in", (unsigned long long)aj_ledger_taken_in(*out));
    if (aj_ledger_remark(*out) != NULL) cli_complain(c, "%s", aj_ledger_remark(*out));
    return EXIT_OK;
}

/* "2026-01-31" as seconds since 1970, UTC. */
static int read_day(cli *c, const char *name, double *out)
{
    const char *text = cli_text(c, name);
    if (text == NULL) return EXIT_OK;
    struct tm day = {0}, again;
    char rest = '\0';
    int n = sscanf(text, "%4d-%2d-%2d%c", &day.tm_year, &day.tm_mon, &day.tm_mday, &rest);
    day.tm_year -= 1900;
    day.tm_mon -= 1;
    struct tm given = day;
    time_t seconds = timegm(&day);
    if (n != 3 || gmtime_r(&seconds, &again) == NULL || again.tm_mday != given.tm_mday ||
        again.tm_mon != given.tm_mon)
        return cli_usage_error(c, "--%s takes a day like 2026-01-31, not '%s'", name, text);
    *out = (double)seconds;
    return EXIT_OK;
}

int cli_ledger_filter(cli *c, aj_run_filter *filter)
{
    aj_run_kind kind;
    aj_run_state state;
    *filter = aj_run_filter_any();
    filter->project = cli_text(c, "project");
    filter->user = cli_text(c, "user");
    filter->round = cli_text(c, "round");
    filter->tag = cli_text(c, "tag");
    if (aj_run_kind_from_name(cli_text(c, "kind"), &kind)) filter->kind = (int)kind;
    if (aj_run_state_from_name(cli_text(c, "state"), &state)) filter->state = (int)state;
    filter->n_last = cli_count(c, "last");
    int status = read_day(c, "since", &filter->since_unix_seconds);
    return status == EXIT_OK ? read_day(c, "until", &filter->until_unix_seconds) : status;
}

static int export_runs(cli *c, aj_ledger *ledger, FILE *stream)
{
    aj_run_filter filter;
    aj_error err = {AJ_OK, 0, ""};
    int status = cli_ledger_filter(c, &filter);
    if (status != EXIT_OK) return status;
    filter.with_samples = cli_has(c, "samples");
    return aj_ledger_export(ledger, &filter, stream, NULL, &err) == AJ_OK ? EXIT_OK : cli_failed(c, &err);
}

static int bring_in(cli *c, aj_ledger *ledger, bool merge)
{
    for (size_t i = 1; i < c->n_operands; i++) {
        aj_import counts = {0, 0, 0};
        aj_error err = {AJ_OK, 0, ""};
        aj_ledger *other = NULL;
        aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
        options.path = c->operands[i];
        options.read_only = true;
        aj_status st = merge ? aj_ledger_open(&other, &options, &err) : AJ_OK;
        if (st == AJ_OK)
            st = merge ? aj_ledger_merge(ledger, other, &counts, &err)
                       : aj_ledger_import(ledger, c->operands[i], &counts, &err);
        aj_ledger_close(other);
        if (st != AJ_OK) return cli_failed(c, &err);
        cli_say(c, "%s: %llu runs added, %llu completed, %llu were there", c->operands[i],
                (unsigned long long)counts.n_added, (unsigned long long)counts.n_completed,
                (unsigned long long)counts.n_known);
    }
    return EXIT_OK;
}

static int prune(cli *c, aj_ledger *ledger)
{
    aj_run_filter filter;
    aj_error err = {AJ_OK, 0, ""};
    uint64_t n = 0;
    int status = cli_ledger_filter(c, &filter);
    if (status != EXIT_OK) return status;
    if (filter.project == NULL && filter.tag == NULL && isnan(filter.until_unix_seconds) &&
        filter.user == NULL && filter.round == NULL && filter.kind < 0 && filter.state < 0)
        return cli_usage_error(
            c, "prune deletes: say what, with --until, --project, --round, --tag, --user, --kind or "
               "--state");
    if (aj_ledger_prune(ledger, &filter, cli_has(c, "runs"), &n, &err) != AJ_OK) return cli_failed(c, &err);
    cli_say(c, "%llu %s deleted", (unsigned long long)n,
            cli_has(c, "runs") ? "runs" : "blocks of samples and traces");
    return EXIT_OK;
}

static int check_usage(cli *c, int verb)
{
    bool operands = verb == SHOW || verb == ADD || verb == IMPORT || verb == MERGE || verb == REPRICE;
    if (operands && c->n_operands < 2)
        return cli_usage_error(c, "ledger %s needs %s", verbs[verb],
                               verb == SHOW || verb == REPRICE ? "a UID" : "a FILE");
    if (!operands && c->n_operands > 1)
        return cli_usage_error(c, "ledger %s takes no operand: '%s'", verbs[verb], c->operands[1]);
    if (verb == SHOW && c->n_operands > 2) return cli_usage_error(c, "ledger show takes one UID");
    if (verb == BUDGET && cli_has(c, "budget") && !cli_has(c, "project"))
        return cli_usage_error(c, "ledger budget needs --project for --budget");
    return EXIT_OK;
}

static int do_verb(cli *c, int verb, aj_ledger *ledger, FILE *stream)
{
    switch (verb) {
    case LIST:
        return cli_ledger_list(c, ledger, stream);
    case SHOW:
        return cli_ledger_show(c, ledger, stream);
    case ACCOUNT:
        return cli_ledger_account(c, ledger, stream);
    case BUDGET:
        return cli_ledger_budget(c, ledger, stream);
    case ADD:
        return cli_ledger_add(c, ledger);
    case EXPORT:
        return export_runs(c, ledger, stream);
    case PRUNE:
        return prune(c, ledger);
    case REPRICE:
        return cli_ledger_reprice(c, ledger, stream);
    default:
        return bring_in(c, ledger, verb == MERGE);
    }
}

int cmd_ledger(cli *c)
{
    const char *word = c->n_operands > 0 ? c->operands[0] : "list";
    int verb = 0;
    while (verb < N_VERBS && strcmp(verbs[verb], word) != 0) verb++;
    if (verb == N_VERBS)
        return cli_usage_error(
            c,
            "ledger takes list, show, account, budget, add, export, import, merge, prune or "
            "reprice, not '%s'",
            word);
    int status = check_usage(c, verb);
    if (status != EXIT_OK) return status;
    aj_ledger *ledger = NULL;
    status = cli_ledger_open(c, false, &ledger);
    if (status != EXIT_OK) return status;
    cli_output output;
    cli_output_begin(&output);
    status = do_verb(c, verb, ledger, output.stream);
    bool reads = verb == LIST || verb == ACCOUNT || verb == BUDGET || verb == ADD;
    int budgets =
        status == EXIT_OK && reads ? cli_ledger_check_budgets(c, ledger, cli_text(c, "project")) : EXIT_OK;
    aj_ledger_close(ledger);
    if (status != EXIT_OK || verb == ADD || verb == IMPORT || verb == MERGE || verb == PRUNE)
        cli_output_discard(&output);
    else
        status = cli_output_finish(c, &output);
    return status != EXIT_OK ? status : budgets;
}

/* report_runs.c: aj report of runs in the ledger: which ones, their cards, their account. */
#include "report_runs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "card.h"

#define MISSING ((double)NAN)

bool cli_names_run(const char *operand)
{
    size_t n = strlen(operand);
    if (strcmp(operand, "last") == 0) return true;
    return n >= 4 && n <= 32 && strspn(operand, "0123456789abcdef") == n && access(operand, F_OK) != 0;
}

typedef struct {
    cli_card_run *list;
    size_t n;
    aj_status st;
    aj_error err;
} run_list;

static cli_card_run *add(run_list *runs)
{
    runs->list = cli_resize(runs->list, runs->n + 1, sizeof *runs->list);
    memset(&runs->list[runs->n], 0, sizeof *runs->list);
    return &runs->list[runs->n++];
}

static void clear(run_list *runs)
{
    for (size_t i = 0; i < runs->n; i++) cli_card_run_close(&runs->list[i]);
    free(runs->list);
    *runs = (run_list){NULL, 0, AJ_OK, {AJ_OK, 0, ""}};
}

/* The run that is handed in dies: a copy of its own, through the form in which runs are exported. */
static bool take(void *user, const aj_run *run)
{
    run_list *runs = user;
    char *text = NULL;
    aj_run copy;
    runs->st = aj_run_to_json(run, &text, &runs->err);
    if (runs->st == AJ_OK) runs->st = aj_run_from_json(&copy, text, strlen(text), run->uid, &runs->err);
    aj_text_free(text);
    if (runs->st != AJ_OK) return false;
    add(runs)->run = copy;
    return true;
}

static int collect(cli *c, aj_ledger *ledger, const aj_run_filter *filter, run_list *runs)
{
    if (aj_ledger_each(ledger, filter, take, runs, &runs->err) != AJ_OK || runs->st != AJ_OK)
        return cli_failed(c, &runs->err);
    return EXIT_OK;
}

static bool known(const run_list *runs, const char *uid)
{
    for (size_t i = 0; i < runs->n; i++)
        if (strcmp(runs->list[i].run.uid, uid) == 0) return true;
    return false;
}

static int find_one(cli *c, aj_ledger *ledger, const char *operand, run_list *runs)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_run run;
    if (strcmp(operand, "last") == 0) {
        aj_run_filter filter;
        size_t before = runs->n;
        int status = cli_ledger_filter(c, &filter);
        filter.n_last = 1;
        filter.with_samples = true;
        if (status == EXIT_OK) status = collect(c, ledger, &filter, runs);
        if (status == EXIT_OK && runs->n == before) {
            cli_complain(c, "%s: holds no such run; `aj run -- COMMAND` makes one", aj_ledger_path(ledger));
            status = EXIT_FAILED;
        }
        return status;
    }
    if (aj_ledger_find(ledger, operand, &run, &err) != AJ_OK) return cli_failed(c, &err);
    if (known(runs, run.uid))
        aj_run_destroy(&run); /* named twice */
    else
        add(runs)->run = run;
    return EXIT_OK;
}

static int choose(cli *c, aj_ledger *ledger, run_list *runs)
{
    int status = EXIT_OK;
    for (size_t i = 0; status == EXIT_OK && i < c->n_operands; i++)
        status = find_one(c, ledger, c->operands[i], runs);
    if (status != EXIT_OK || c->n_operands > 0) return status;
    aj_run_filter filter;
    status = cli_ledger_filter(c, &filter);
    if (status == EXIT_OK) status = collect(c, ledger, &filter, runs);
    if (status == EXIT_OK && runs->n == 0) {
        cli_complain(c, "%s: no run is like that; `aj ledger list` shows what there is",
                     aj_ledger_path(ledger));
        status = EXIT_FAILED;
    }
    return status;
}

/* ---- the account ---- */

/* One run is judged against its round, several against one another. */
static int put_search(cli *c, aj_ledger *ledger, cli_card *account, const run_list *runs, run_list *others)
{
    const aj_run *run = &runs->list[0].run;
    if (runs->n > 1) {
        cli_card_put_search(account, runs->list, runs->n);
        return EXIT_OK;
    }
    if (run->round == NULL) return EXIT_OK;
    aj_run_filter filter = aj_run_filter_any();
    filter.round = run->round;
    filter.project = run->project;
    int status = collect(c, ledger, &filter, others);
    for (size_t i = 0; i < others->n; i++) cli_card_run_open(&others->list[i]);
    if (status == EXIT_OK) cli_card_put_search(account, others->list, others->n);
    return status;
}

/* Budgets of every project that the runs belong to, each once: EXIT_NOT_MET when one is exceeded. */
static int put_budgets(cli *c, aj_ledger *ledger, cli_card *account, const run_list *runs)
{
    int result = EXIT_OK;
    for (size_t i = 0; i < runs->n; i++) {
        const char *project = runs->list[i].run.project;
        bool seen = project == NULL;
        for (size_t k = 0; k < i && !seen; k++)
            seen = runs->list[k].run.project != NULL && strcmp(runs->list[k].run.project, project) == 0;
        if (seen) continue;
        int status = cli_card_put_budgets(c, account, ledger, project);
        if (status == EXIT_OK) status = cli_ledger_check_budgets(c, ledger, project);
        if (status == EXIT_FAILED) return status;
        if (status == EXIT_NOT_MET) result = status;
    }
    return result;
}

/* ---- the document ---- */

typedef struct {
    cli_memory memory;
    cli_card account;
    cli_card *cards;
    run_list runs, others;
    aj_carbon *carbon;
} session;

static int write_document(cli *c, session *s, const char *format)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_card *cards = cli_memory_take(&s->memory, s->runs.n, sizeof *cards);
    for (size_t i = 0; i < s->runs.n; i++) cards[i] = *cli_card_finish(&s->cards[i]);
    const aj_card *account = cli_card_finish(&s->account);
    aj_card_options options = AJ_CARD_OPTIONS_INIT;
    options.title = cli_text(c, "title");
    options.command = c->line;
    options.account = account->n_rows > 0 || account->n_hints > 0 ? account : NULL;
    cli_output output;
    cli_output_begin(&output);
    if (aj_card_write(output.stream, format, cards, s->runs.n, &options, &err) != AJ_OK) {
        cli_output_discard(&output);
        return cli_failed(c, &err);
    }
    return cli_output_finish(c, &output);
}

static int compose(cli *c, session *s, aj_ledger *ledger, int *budgets)
{
    size_t n = s->runs.n;
    s->cards = cli_memory_take(&s->memory, n, sizeof *s->cards);
    for (size_t i = 0; i < n; i++) {
        cli_card_run_open(&s->runs.list[i]);
        cli_card_begin(&s->cards[i], &s->memory);
        cli_card_of_run(&s->cards[i], &s->runs.list[i], n == 1 ? s->carbon : NULL, cli_number(c, "target"));
    }
    int status = EXIT_OK;
    if (n > 1) status = cli_card_put_account(c, &s->account, ledger, s->runs.list, n, s->carbon);
    if (status == EXIT_OK) status = put_search(c, ledger, &s->account, &s->runs, &s->others);
    if (status != EXIT_OK) return status;
    *budgets = put_budgets(c, ledger, &s->account, &s->runs);
    return *budgets == EXIT_FAILED ? EXIT_FAILED : EXIT_OK;
}

int cli_report_runs(cli *c, const char *format)
{
    session s = {.memory = {NULL, 0}};
    aj_ledger *ledger = NULL;
    aj_error err = {AJ_OK, 0, ""};
    int budgets = EXIT_OK, status = cli_ledger_open(c, false, &ledger);
    if (status != EXIT_OK) return status;
    cli_card_begin(&s.account, &s.memory);
    status = choose(c, ledger, &s.runs);
    if (status == EXIT_OK && aj_carbon_open(&s.carbon, NULL, NULL, NULL, &err) != AJ_OK)
        status = cli_failed(c, &err);
    if (status == EXIT_OK) status = compose(c, &s, ledger, &budgets);
    if (status == EXIT_OK) status = write_document(c, &s, format);
    for (size_t i = 0; s.cards != NULL && i < s.runs.n; i++) cli_card_free(&s.cards[i]);
    cli_card_free(&s.account);
    clear(&s.runs);
    clear(&s.others);
    aj_carbon_close(s.carbon);
    cli_memory_free(&s.memory);
    aj_ledger_close(ledger);
    return status != EXIT_OK ? status : budgets;
}

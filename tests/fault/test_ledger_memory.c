/* test_ledger_memory.c: every allocation of the ledger fails in turn: NO_MEMORY, and nothing half done. */
#include "attojoule/ledger.h"

#include <unistd.h>

#include "check.h"

/* Stands before the C library's: allocation number `countdown` and all later ones fail.  SQLite and jansson
 * have allocators of their own and are not stopped. */
static long countdown = -1;
void *aligned_alloc(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size)
{
    void *pointer = NULL;
    if (countdown == 0) return NULL;
    if (countdown > 0) countdown--;
    return posix_memalign(&pointer, alignment, size) == 0 ? pointer : NULL;
}

static aj_error err;
static char folder[] = "/tmp/aj-memory-XXXXXX";
static char path[300];

static aj_run make(aj_run_who *who)
{
    static const double time_seconds[] = {0, 1}, values[] = {1, 2};
    static const aj_run_samples samples = {"x", "W", 2, time_seconds, values};
    static const aj_figure figure = {AJ_QUANTITY_ENERGY, "x", NULL, 3, 2, 4, AJ_MEASURED, "x", "1", NULL};
    static const char *const tags[] = {"a"};
    aj_run run;
    aj_run_init(&run, who);
    run.figures = &figure;
    run.samples = &samples;
    run.tags = tags;
    run.n_figures = run.n_samples = run.n_tags = 1;
    run.trace = "trace";
    run.trace_bytes = 5;
    return run;
}

static bool ignore(void *user, const aj_run *run)
{
    *(uint64_t *)user += run->n_figures + run->n_samples + run->n_tags + run->trace_bytes;
    return true;
}

typedef aj_status (*step)(aj_ledger *ledger, const aj_run *run);

static aj_status do_put(aj_ledger *ledger, const aj_run *run)
{
    return aj_ledger_put(ledger, run, NULL, NULL, &err);
}

static aj_status do_each(aj_ledger *ledger, const aj_run *run)
{
    uint64_t n = 0;
    aj_run_filter filter = aj_run_filter_any();
    (void)run;
    filter.with_samples = true;
    aj_status st = aj_ledger_each(ledger, &filter, ignore, &n, &err);
    CHECK(st != AJ_OK || n == 8);
    return st;
}

static aj_status do_json(aj_ledger *ledger, const aj_run *run)
{
    char *text = NULL;
    aj_run named = *run, back = {0};
    (void)ledger;
    memcpy(named.uid, "00000000000000000000000000000001", 33);
    aj_status st = aj_run_to_json(&named, &text, &err);
    if (st == AJ_OK) st = aj_run_from_json(&back, text, strlen(text), "x", &err);
    CHECK(st != AJ_OK || (back.n_samples == 1 && back.trace_bytes == 5));
    aj_text_free(text);
    aj_run_destroy(&back);
    return st;
}

static aj_status do_budget(aj_ledger *ledger, const aj_run *run)
{
    aj_budget *budgets = NULL;
    size_t n = 0;
    (void)run;
    aj_status st = aj_ledger_set_budget(ledger, "a", AJ_QUANTITY_ENERGY, NULL, 1, &err);
    if (st == AJ_OK) st = aj_ledger_budgets(ledger, NULL, &budgets, &n, &err);
    aj_budgets_free(budgets);
    return st;
}

static aj_status do_open(aj_ledger *ledger, const aj_run *run)
{
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    aj_ledger *again = NULL;
    (void)ledger;
    (void)run;
    options.path = path;
    aj_status st = aj_ledger_open(&again, &options, &err);
    CHECK((st == AJ_OK) == (again != NULL));
    aj_ledger_close(again);
    return st;
}

static void all_fail(const char *name, step one, aj_ledger *ledger, const aj_run *run)
{
    long n = 0;
    for (aj_status st = AJ_NO_MEMORY; st != AJ_OK && n < 10000; n++) {
        countdown = n;
        st = one(ledger, run);
        countdown = -1;
        CHECK(st == AJ_OK || st == AJ_NO_MEMORY);
    }
    printf("%s: %ld allocations\n", name, n - 1);
    CHECK(n > 1 && n < 10000);
}

int main(void)
{
    char command[64];
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    aj_ledger *ledger = NULL;
    aj_run_who who;
    aj_run run = make(&who);
    aj_account account;
    if (mkdtemp(folder) == NULL) return 1;
    snprintf(path, sizeof path, "%s/ledger.db", folder);
    options.path = path;
    CHECK_OK(aj_ledger_open(&ledger, &options, &err), err);
    all_fail("put", do_put, ledger, &run);
    CHECK_OK(aj_ledger_account(ledger, NULL, &account, &err), err);
    CHECK_INT(account.n_runs, 1); /* what failed left nothing */
    CHECK(account.n_totals == 1 && account.totals[0].value == 3);
    all_fail("each", do_each, ledger, &run);
    all_fail("json", do_json, ledger, &run);
    all_fail("budgets", do_budget, ledger, &run);
    all_fail("open", do_open, ledger, &run);
    aj_ledger_close(ledger);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? check_report() : 1;
}

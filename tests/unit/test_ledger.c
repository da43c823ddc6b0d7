/* test_ledger.c: the ledger: what goes in comes out; sums, budgets, moving, migrations, refusals. */
#include "attojoule/ledger.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/internal.h"
#include "check.h"
#include "ledger/run.h"

static aj_error err;
static char folder[] = "/tmp/aj-ledger-XXXXXX";
static char path_text[300];

static const char *in_folder(const char *name)
{
    snprintf(path_text, sizeof path_text, "%s/%s", folder, name);
    return path_text;
}

static aj_ledger *open_at(const char *name)
{
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    aj_ledger *ledger = NULL;
    options.path = in_folder(name);
    CHECK_OK(aj_ledger_open(&ledger, &options, &err), err);
    return ledger;
}

static aj_figure joules(const char *part, double value, double low, double high, aj_origin origin)
{
    return (aj_figure){AJ_QUANTITY_ENERGY, part, NULL, value, low, high, origin, "powercap", "1", NULL};
}

static const double times[] = {0, 0.1, 0.2, 0.30000000000000004}, watts[] = {1, 1e-300, -0.0, 12345.678};
static const char *const two_tags[] = {"night", "gpu"};

static aj_run full_run(aj_run_who *who, aj_figure figures[2], aj_run_samples *samples)
{
    aj_run run;
    aj_run_init(&run, who);
    figures[0] = joules("rapl/package-0", 100, 95, 105, AJ_MEASURED);
    figures[0].sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    figures[1] = joules("model/memory", 7, 3, 20, AJ_MODELLED);
    *samples = (aj_run_samples){"rapl/package-0", "W", 4, times, watts};
    memcpy(run.uid, "00112233445566778899aabbccddeeff", 33);
    run.kind = AJ_RUN_TRAINING;
    run.started_unix_seconds = 1.7e9;
    run.duration_seconds = 3600;
    run.project = "light";
    run.round = "search 1";
    run.command_line = "train 'a b'";
    run.exit_status = 0;
    run.record = "{\"a\":0.704}";
    run.figures = figures;
    run.n_figures = 2;
    run.tags = two_tags;
    run.n_tags = 2;
    run.samples = samples;
    run.n_samples = 1;
    run.trace = "a trace\0with a zero";
    run.trace_bytes = 19;
    return run;
}

static void same_run(const aj_run *a, const aj_run *b)
{
    CHECK_STRING(a->uid, b->uid);
    CHECK(a->kind == b->kind && a->state == b->state && a->exit_status == b->exit_status);
    CHECK(a->started_unix_seconds == b->started_unix_seconds && a->duration_seconds == b->duration_seconds);
    CHECK_STRING(a->host, b->host);
    CHECK_STRING(a->user, b->user);
    CHECK_STRING(a->project, b->project);
    CHECK_STRING(a->round, b->round);
    CHECK(a->parent == NULL && b->parent == NULL);
    CHECK_STRING(a->command_line, b->command_line);
    CHECK_STRING(a->tool, b->tool);
    CHECK_STRING(a->record, b->record);
    CHECK(a->n_figures == 2 && a->n_tags == 2 && a->n_samples == 1 && a->trace_bytes == 19);
    if (a->n_figures != 2 || a->n_tags != 2 || a->n_samples != 1 || a->trace_bytes != 19) return;
    for (int i = 0; i < 2; i++) {
        CHECK(a->figures[i].value == b->figures[i].value && a->figures[i].low == b->figures[i].low);
        CHECK(a->figures[i].high == b->figures[i].high && a->figures[i].origin == b->figures[i].origin);
        CHECK_STRING(a->figures[i].part, b->figures[i].part);
        CHECK_STRING(a->figures[i].source, b->figures[i].source);
        CHECK_STRING(a->figures[i].version, b->figures[i].version);
    }
    CHECK_STRING(a->figures[0].sha256, b->figures[0].sha256);
    CHECK_STRING(a->tags[0], "gpu"); /* in order */
    CHECK_INT(a->samples[0].n, 4);
    CHECK(memcmp(a->samples[0].time_seconds, times, sizeof times) == 0); /* to the bit */
    CHECK(memcmp(a->samples[0].values, watts, sizeof watts) == 0);
    CHECK(memcmp(a->trace, b->trace, 19) == 0);
}

static void round_trip(void)
{
    aj_run_who who;
    aj_figure figures[2];
    aj_run_samples samples;
    aj_run run = full_run(&who, figures, &samples), back, again;
    aj_put_outcome outcome;
    char uid[33], *text = NULL;
    aj_ledger *ledger = open_at("a.db");
    struct stat info;
    CHECK(stat(in_folder("a.db"), &info) == 0 && (info.st_mode & 0777) == 0600);
    CHECK_OK(aj_ledger_put(ledger, &run, uid, &outcome, &err), err);
    CHECK_INT(outcome, AJ_PUT_ADDED);
    CHECK_OK(aj_ledger_put(ledger, &run, uid, &outcome, &err), err);
    CHECK_INT(outcome, AJ_PUT_KNOWN);
    CHECK_STRING(uid, run.uid);
    CHECK_OK(aj_ledger_find(ledger, "0011", &back, &err), err);
    same_run(&back, &run);
    CHECK_OK(aj_run_to_json(&back, &text, &err), err);
    CHECK(strchr(text, '\n') == NULL);
    CHECK_OK(aj_run_from_json(&again, text, strlen(text), "line", &err), err);
    same_run(&again, &run);
    for (size_t n = 0; n < strlen(text); n++) { /* every torn line is refused */
        aj_run torn;
        CHECK(aj_run_from_json(&torn, text, n, "torn", &err) == AJ_CORRUPT);
    }
    aj_text_free(text);
    aj_run_destroy(&back);
    aj_run_destroy(&again);
    CHECK(aj_ledger_find(ledger, "ff", &back, &err) == AJ_NOT_FOUND);
    CHECK(aj_ledger_find(ledger, "%", &back, &err) == AJ_BAD_ARGUMENT);
    aj_ledger_close(ledger);
}

static void begun_and_completed(void)
{
    aj_run_who who;
    aj_run run, back;
    aj_put_outcome outcome;
    char uid[33];
    aj_ledger *ledger = open_at("begun.db");
    aj_run_init(&run, &who);
    run.state = AJ_RUN_RUNNING;
    run.project = "light";
    run.started_unix_seconds = 5;
    CHECK_OK(aj_ledger_put(ledger, &run, uid, &outcome, &err), err);
    CHECK(outcome == AJ_PUT_ADDED && strlen(uid) == 32);
    aj_run_samples samples = {"gpu0", "W", 4, times, watts};
    for (int i = 0; i < 2; i++) CHECK_OK(aj_ledger_add_samples(ledger, uid, &samples, &err), err);
    CHECK(aj_ledger_add_samples(ledger, "00000000000000000000000000000000", &samples, &err) == AJ_NOT_FOUND);
    aj_figure figure = joules("all", 3, NAN, NAN, AJ_MEASURED);
    aj_run_init(&run, &who);
    memcpy(run.uid, uid, 33);
    run.state = AJ_RUN_FAILED;
    run.duration_seconds = 9;
    run.figures = &figure;
    run.n_figures = 1;
    CHECK_OK(aj_ledger_put(ledger, &run, NULL, &outcome, &err), err);
    CHECK_INT(outcome, AJ_PUT_COMPLETED);
    figure.value = 4; /* a second end changes nothing */
    CHECK_OK(aj_ledger_put(ledger, &run, NULL, &outcome, &err), err);
    CHECK_INT(outcome, AJ_PUT_KNOWN);
    CHECK_OK(aj_ledger_find(ledger, uid, &back, &err), err);
    CHECK(back.state == AJ_RUN_FAILED && back.started_unix_seconds == 5 && back.duration_seconds == 9);
    CHECK_STRING(back.project, "light"); /* what the end did not know stays */
    CHECK(back.n_samples == 1 && back.n_figures == 1 && back.figures[0].value == 3);
    CHECK(isnan(back.figures[0].low));
    aj_run_destroy(&back);
    aj_ledger_close(ledger);
}

static char last_uid[33];

static void put(aj_ledger *ledger, const char *project, const char *parent, double start, aj_figure figure)
{
    aj_run_who who;
    aj_run run;
    aj_run_init(&run, &who);
    run.project = project;
    run.parent = parent;
    run.started_unix_seconds = start;
    run.duration_seconds = 10;
    run.figures = &figure;
    run.n_figures = isnan(start) ? 0 : 1;
    CHECK_OK(aj_ledger_put(ledger, &run, last_uid, NULL, &err), err);
}

static const aj_total *total_of(const aj_account *account, aj_quantity quantity)
{
    for (size_t i = 0; i < account->n_totals; i++)
        if (account->totals[i].quantity == quantity) return &account->totals[i];
    return NULL;
}

static void sums(void)
{
    aj_ledger *ledger = open_at("sums.db");
    aj_account account;
    aj_run_filter filter = aj_run_filter_any();
    CHECK_OK(aj_ledger_account(ledger, NULL, &account, &err), err);
    CHECK(account.n_runs == 0 && isnan(account.duration_seconds) && account.n_totals == 0); /* not 0 J */
    put(ledger, "a", NULL, 1, joules("x", 10, 9, 11, AJ_MEASURED));
    put(ledger, "a", NULL, 2, joules("x", 20, 15, 30, AJ_MODELLED));
    put(ledger, "a", NULL, NAN, joules("x", 0, 0, 0, AJ_MEASURED)); /* says nothing */
    put(ledger, "b", NULL, 3, joules("x", 100, NAN, NAN, AJ_MEASURED));
    filter.project = "a";
    CHECK_OK(aj_ledger_account(ledger, &filter, &account, &err), err);
    CHECK(account.n_runs == 3 && account.duration_seconds == 30 && account.n_totals == 1);
    const aj_total *energy = total_of(&account, AJ_QUANTITY_ENERGY);
    CHECK(energy != NULL && energy->value == 30 && energy->low == 24 && energy->high == 41);
    CHECK(energy != NULL && energy->origin == AJ_MODELLED && energy->n_runs == 2);
    filter.since_unix_seconds = 2;
    CHECK_OK(aj_ledger_account(ledger, &filter, &account, &err), err);
    CHECK(account.n_runs == 1 && account.totals[0].value == 20);
    CHECK_OK(aj_ledger_account(ledger, NULL, &account, &err), err);
    CHECK(account.totals[0].value == 130 && isnan(account.totals[0].low)); /* one end is missing */
    /* what does not add up is not in it */
    put(ledger, "a", NULL, 4,
        (aj_figure){AJ_QUANTITY_ACCURACY, NULL, NULL, 0.9, NAN, NAN, AJ_MEASURED, NULL, NULL, NULL});
    CHECK_OK(aj_ledger_account(ledger, NULL, &account, &err), err);
    CHECK_INT(account.n_totals, 1);
    aj_ledger_close(ledger);
}

static void nested(void)
{
    aj_ledger *ledger = open_at("nested.db");
    aj_account account;
    char outer[33], middle[33];
    put(ledger, "a", NULL, 1, joules("x", 100, NAN, NAN, AJ_MEASURED));
    memcpy(outer, last_uid, 33);
    put(ledger, "a", outer, NAN, joules("x", 0, NAN, NAN, AJ_MEASURED)); /* without a figure of its own */
    memcpy(middle, last_uid, 33);
    put(ledger, "b", middle, 2, joules("x", 40, NAN, NAN, AJ_MEASURED));
    CHECK_OK(aj_ledger_account(ledger, NULL, &account, &err), err);
    CHECK(account.n_runs == 1 && account.duration_seconds == 10 && account.totals[0].value == 100);
    aj_run_filter filter = aj_run_filter_any();
    filter.project = "b"; /* its outer runs are not asked for */
    CHECK_OK(aj_ledger_account(ledger, &filter, &account, &err), err);
    CHECK(account.n_runs == 1 && account.totals[0].value == 40);
    char uids[80];
    filter = aj_run_filter_any();
    filter.uids = middle; /* runs that are named: nothing else is in the sum, nor covers anything */
    CHECK_OK(aj_ledger_account(ledger, &filter, &account, &err), err);
    CHECK(account.n_runs == 1 && account.n_totals == 0);
    snprintf(uids, sizeof uids, "%s,%s", last_uid, middle);
    filter.uids = uids;
    CHECK_OK(aj_ledger_account(ledger, &filter, &account, &err), err);
    CHECK(account.n_runs == 1 && account.totals[0].value == 40);
    snprintf(uids, sizeof uids, "%s,%s", outer, last_uid);
    CHECK_OK(aj_ledger_account(ledger, &filter, &account, &err), err);
    CHECK(account.n_runs == 1 && account.totals[0].value == 100);
    /* carbon of the inner run alone: the outer one does not cover it */
    put(ledger, "a", outer, 3,
        (aj_figure){AJ_QUANTITY_CO2E_LOCATION, NULL, NULL, 2, NAN, NAN, AJ_ASSUMED, NULL, NULL, NULL});
    CHECK_OK(aj_ledger_account(ledger, NULL, &account, &err), err);
    CHECK(total_of(&account, AJ_QUANTITY_CO2E_LOCATION) != NULL && account.n_runs == 1);
    aj_ledger_close(ledger);
}

static void budgets(void)
{
    aj_ledger *ledger = open_at("sums.db");
    aj_budget *found = NULL;
    size_t n = 0;
    CHECK_OK(aj_ledger_set_budget(ledger, "a", AJ_QUANTITY_ENERGY, NULL, 25, &err), err);
    CHECK_OK(aj_ledger_set_budget(ledger, "a", AJ_QUANTITY_ENERGY, "J", 29, &err), err); /* replaces it */
    CHECK_OK(aj_ledger_set_budget(ledger, "a", AJ_QUANTITY_COST, "USD", 1, &err), err);
    CHECK(aj_ledger_set_budget(ledger, "a", AJ_QUANTITY_COST, NULL, 1, &err) == AJ_BAD_ARGUMENT);
    CHECK(aj_ledger_set_budget(ledger, "a", AJ_QUANTITY_ENERGY, "kWh", 1, &err) == AJ_BAD_ARGUMENT);
    CHECK(aj_ledger_set_budget(ledger, "a", AJ_QUANTITY_ACCURACY, NULL, 1, &err) == AJ_BAD_ARGUMENT);
    CHECK(aj_ledger_set_budget(ledger, "", AJ_QUANTITY_ENERGY, NULL, 1, &err) == AJ_BAD_ARGUMENT);
    CHECK_OK(aj_ledger_budgets(ledger, "a", &found, &n, &err), err);
    CHECK_INT(n, 2);
    CHECK(n == 2 && isnan(found[0].spent.value)); /* cost: no run says, so not 0 */
    CHECK(n == 2 && found[1].value == 29 && found[1].spent.value == 30);
    aj_budgets_free(found);
    CHECK_OK(aj_ledger_set_budget(ledger, "a", AJ_QUANTITY_COST, "USD", NAN, &err), err);
    CHECK_OK(aj_ledger_budgets(ledger, NULL, &found, &n, &err), err);
    CHECK_INT(n, 1);
    aj_budgets_free(found);
    aj_ledger_close(ledger);
}

static void moving(void)
{
    aj_ledger *from = open_at("a.db"), *to = open_at("b.db");
    aj_import counts;
    aj_run back;
    uint64_t n = 0;
    aj_run_filter filter = aj_run_filter_any();
    filter.with_samples = true;
    char file[300];
    snprintf(file, sizeof file, "%s", in_folder("runs.jsonl"));
    FILE *stream = fopen(file, "w");
    CHECK_OK(aj_ledger_export(from, &filter, stream, &n, &err), err);
    fclose(stream);
    CHECK_INT(n, 1);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(aj_ledger_import(to, file, &counts, &err), err);
        CHECK(counts.n_added == (i == 0) && counts.n_known == (i == 1));
    }
    aj_run_who who;
    aj_figure figures[2];
    aj_run_samples samples;
    aj_run run = full_run(&who, figures, &samples);
    CHECK_OK(aj_ledger_find(to, run.uid, &back, &err), err);
    same_run(&back, &run);
    aj_run_destroy(&back);
    stream = fopen(file, "a");
    fputs("{\"attojoule_run\":1}\n", stream);
    fclose(stream);
    CHECK(aj_ledger_import(to, file, &counts, &err) == AJ_CORRUPT);
    CHECK_CONTAINS(err.message, "line 2");
    aj_ledger *third = open_at("c.db");
    for (int i = 0; i < 2; i++) CHECK_OK(aj_ledger_merge(third, to, &counts, &err), err);
    CHECK(counts.n_added == 0 && counts.n_known == 1);
    filter.project = "other";
    CHECK_OK(aj_ledger_prune(third, &filter, true, &n, &err), err);
    CHECK_INT(n, 0);
    filter.project = "light";
    CHECK_OK(aj_ledger_prune(third, &filter, false, &n, &err), err);
    CHECK_INT(n, 2); /* one block of samples, one trace */
    CHECK_OK(aj_ledger_find(third, run.uid, &back, &err), err);
    CHECK(back.n_figures == 2 && back.n_samples == 0 && back.trace == NULL);
    aj_run_destroy(&back);
    CHECK_OK(aj_ledger_prune(third, &filter, true, &n, &err), err);
    CHECK_INT(n, 1);
    CHECK(aj_ledger_find(third, run.uid, &back, &err) == AJ_NOT_FOUND);
    aj_ledger_close(third);
    aj_ledger_close(to);
    aj_ledger_close(from);
}

static void run_sql(const char *name, const char *sql)
{
    sqlite3 *db = NULL;
    CHECK_INT(sqlite3_open(in_folder(name), &db), SQLITE_OK);
    CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static aj_status try_open(const char *name, bool read_only)
{
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    aj_ledger *ledger = NULL;
    options.path = in_folder(name);
    options.read_only = read_only;
    aj_status st = aj_ledger_open(&ledger, &options, &err);
    aj_ledger_close(ledger);
    return st;
}

static const char *const steps[] = {
#define MIGRATION(number, what, sql) sql,
#include "ledger/migrations.def"
#undef MIGRATION
};
static const int numbers[] = {
#define MIGRATION(number, what, sql) number,
#include "ledger/migrations.def"
#undef MIGRATION
};

static void migrations(void)
{
    int n = (int)(sizeof numbers / sizeof numbers[0]);
    char sql[128];
    for (int i = 0; i < n; i++) CHECK_INT(numbers[i], i + 1);
    /* every older schema is brought up to date, and keeps what it has */
    for (int old = 1; old < n; old++) {
        char name[32];
        snprintf(name, sizeof name, "old%d.db", old);
        for (int i = 0; i < old; i++) run_sql(name, steps[i]);
        snprintf(sql, sizeof sql, "PRAGMA application_id = 1634364519; PRAGMA user_version = %d", old);
        run_sql(name, sql);
        run_sql(name,
                "INSERT INTO runs (uid, kind, state) VALUES ('00112233445566778899aabbccddeeff', 'command', "
                "'finished')");
        CHECK_INT(try_open(name, true), AJ_UNSUPPORTED); /* reading only must not change it */
        aj_ledger *ledger = open_at(name);
        aj_account account;
        CHECK_OK(aj_ledger_set_budget(ledger, "a", AJ_QUANTITY_ENERGY, NULL, 25, &err), err);
        CHECK_OK(aj_ledger_account(ledger, NULL, &account, &err), err);
        CHECK_INT(account.n_runs, 1);
        aj_ledger_close(ledger);
        CHECK_INT(try_open(name, true), AJ_OK);
    }
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", n + 1);
    aj_ledger_close(open_at("newer.db"));
    run_sql("newer.db", sql);
    CHECK_INT(try_open("newer.db", false), AJ_UNSUPPORTED);
    CHECK_CONTAINS(err.message, "newer attojoule");
}

static void refusals(void)
{
    aj_run_who who;
    aj_run run;
    aj_ledger *ledger = open_at("a.db");
    static const double bad[][3] = {{-1, NAN, NAN}, {INFINITY, NAN, NAN}, {1, 2, 1},
                                    {1, 0, NAN},    {NAN, 0, 1},          {1, -1, 2}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        aj_figure figure = joules("x", bad[i][0], bad[i][1], bad[i][2], AJ_MEASURED);
        aj_run_init(&run, &who);
        run.figures = &figure;
        run.n_figures = 1;
        CHECK(aj_ledger_put(ledger, &run, NULL, NULL, &err) == AJ_BAD_ARGUMENT);
    }
    aj_figure figure = {AJ_QUANTITY_COST, NULL, NULL, 1, NAN, NAN, AJ_ASSUMED, NULL, NULL, NULL};
    aj_run_init(&run, &who);
    run.figures = &figure;
    run.n_figures = 1;
    CHECK(aj_ledger_put(ledger, &run, NULL, NULL, &err) == AJ_BAD_ARGUMENT); /* money of no currency */
    figure.unit = "USD";
    CHECK_OK(aj_ledger_put(ledger, &run, NULL, NULL, &err), err);
    strcpy(run.uid, "not hex");
    CHECK(aj_ledger_put(ledger, &run, NULL, NULL, &err) == AJ_BAD_ARGUMENT);
    memcpy(run.uid, "00000000000000000000000000000001", 33);
    run.parent = run.uid;
    CHECK(aj_ledger_put(ledger, &run, NULL, NULL, &err) == AJ_BAD_ARGUMENT); /* inside itself */
    aj_ledger_close(ledger);
    run_sql("foreign.db", "CREATE TABLE t (x)");
    CHECK_INT(try_open("foreign.db", false), AJ_MISMATCH);
    FILE *stream = fopen(in_folder("text"), "w");
    for (int i = 0; i < 300; i++) fputs("no database ", stream);
    fclose(stream);
    CHECK_INT(try_open("text", false), AJ_MISMATCH);
    CHECK_INT(try_open("absent.db", true), AJ_NOT_FOUND);
    CHECK_INT(try_open("no/such/folder.db", false), AJ_NOT_FOUND);
    CHECK_INT(try_open("postgresql://host/base", false), AJ_UNSUPPORTED);
}

static void command_lines(void)
{
    static const char *const arguments[] = {"./train.py", "--key", "it's secret", ""};
    char *text = NULL;
    CHECK_OK(aj_command_line(&text, 4, arguments, false, &err), err);
    CHECK_STRING(text, "./train.py --key 'it'\\''s secret' ''");
    aj_text_free(text);
    CHECK_OK(aj_command_line(&text, 4, arguments, true, &err), err);
    CHECK_STRING(text, "./train.py [3 arguments left out]");
    aj_text_free(text);
}

static void packing(void)
{
    ajp_arena arena;
    ajp_arena_init(&arena, NULL);
    for (size_t n = 0; n < 50; n++) { /* RFC 4648 */
        unsigned char bytes[50], *back = NULL;
        size_t size = 0;
        for (size_t i = 0; i < n; i++) bytes[i] = (unsigned char)(i * 89 + n);
        char *text = ajp_base64_encode(bytes, n);
        CHECK(ajp_base64_decode(&arena, text, &back, &size) && size == n && memcmp(back, bytes, n) == 0);
        ajp_free(NULL, text);
    }
    char *known = ajp_base64_encode((const unsigned char *)"fooba", 5);
    CHECK_STRING(known, "Zm9vYmE=");
    ajp_free(NULL, known);
    unsigned char *bytes;
    size_t size;
    static const char *const bad[] = {"a", "====", "A===", "ab=c", "ab==abcd", "a b="};
    for (size_t i = 0; i < 6; i++) CHECK(!ajp_base64_decode(&arena, bad[i], &bytes, &size));
    /* ten hours at 10 Hz of a power that moves by a few watts: less than half its size */
    size_t n = 360000;
    double *time_seconds = malloc(n * sizeof *time_seconds), *values = malloc(n * sizeof *values);
    for (size_t i = 0; i < n; i++) {
        time_seconds[i] = (double)i * 0.1;
        values[i] = 100 + (double)(i * 2654435761u % 64) / 16;
    }
    aj_run_samples samples = {"x", "W", n, time_seconds, values}, back;
    ajp_packed packed;
    void *out;
    CHECK_OK(ajp_pack_samples(&packed, &samples, &err), err);
    printf("%zu samples in %zu bytes: %.2f of 16 each\n", n, packed.size, (double)packed.size / (double)n);
    CHECK(packed.size < n * 16 / 2);
    CHECK_OK(ajp_unpack_samples(&arena, packed.bytes, packed.size, n, &back, &err), err);
    CHECK(memcmp(back.values, values, n * sizeof *values) == 0);
    CHECK(ajp_unpack_samples(&arena, packed.bytes, packed.size, n - 1, &back, &err) == AJ_CORRUPT);
    CHECK(ajp_unpack_samples(&arena, packed.bytes, packed.size, UINT32_MAX, &back, &err) == AJ_CORRUPT);
    CHECK(ajp_unpack(&arena, packed.bytes, packed.size / 2, n * 16, &out, &err) == AJ_CORRUPT);
    packed.bytes[packed.size / 2] ^= 1;
    CHECK(ajp_unpack_samples(&arena, packed.bytes, packed.size, n, &back, &err) == AJ_CORRUPT);
    ajp_free(NULL, packed.bytes);
    ajp_arena_free(&arena);
    free(time_seconds);
    free(values);
}

int main(void)
{
    char command[64];
    if (mkdtemp(folder) == NULL) return 1;
    round_trip();
    begun_and_completed();
    sums();
    nested();
    budgets();
    moving();
    migrations();
    refusals();
    command_lines();
    packing();
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? check_report() : 1;
}

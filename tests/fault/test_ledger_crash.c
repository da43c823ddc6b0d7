/* test_ledger_crash.c: 64 processes write to one ledger and are killed at random, 200 times: nothing that was
 * committed is lost, nothing counts twice, no lock error.  Then disks that are full or read-only. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attojoule/ledger.h"
#include "base/internal.h"
#include "check.h"
#include "ledger/spill.h"

enum { N_WRITERS = 64, N_KILLS = 200 };

static aj_error err;
static char folder[] = "/tmp/aj-crash-XXXXXX";
static char ledger_path[300];

static aj_ledger *open_ledger(void)
{
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    aj_ledger *ledger = NULL;
    options.path = ledger_path;
    CHECK_OK(aj_ledger_open(&ledger, &options, &err), err);
    return ledger;
}

/* Run `sequence` of writer `number`: two figures that add up to 3 J, samples, and first a beginning. */
static aj_status write_run(aj_ledger *ledger, unsigned number, unsigned sequence, char uid[33])
{
    static const double time_seconds[] = {0, 1}, values[] = {1, 2};
    aj_run_samples samples = {"x", "W", 2, time_seconds, values};
    aj_figure figures[2] = {
        {AJ_QUANTITY_ENERGY, "package", NULL, 1, 1, 1, AJ_MEASURED, "x", NULL, NULL},
        {AJ_QUANTITY_ENERGY, "memory", NULL, 2, 2, 2, AJ_MEASURED, "x", NULL, NULL},
    };
    aj_run_who who;
    aj_run run;
    aj_run_init(&run, &who);
    snprintf(run.uid, sizeof run.uid, "%016x%016x", number, sequence);
    snprintf(uid, 33, "%s", run.uid);
    run.project = "crash";
    run.duration_seconds = 1;
    if (sequence % 2 == 0) {
        run.state = AJ_RUN_RUNNING;
        AJ_TRY(aj_ledger_put(ledger, &run, NULL, NULL, &err));
        run.state = AJ_RUN_FINISHED;
    }
    run.figures = figures;
    run.n_figures = 2;
    run.samples = &samples;
    run.n_samples = 1;
    return aj_ledger_put(ledger, &run, NULL, NULL, &err);
}

/* Opens, writes a few runs, closes, again and again until it is killed or `n_runs` are written.  What the
 * ledger has acknowledged goes to the file of acknowledgements, one write a line. */
static void writer(unsigned number, int acknowledged, unsigned n_runs)
{
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    options.path = ledger_path;
    for (unsigned sequence = 0; sequence < n_runs;) {
        aj_ledger *ledger = NULL;
        aj_status st = aj_ledger_open(&ledger, &options, &err);
        for (int i = 0; st == AJ_OK && i < 5 && sequence < n_runs; i++, sequence++) {
            char line[34];
            st = write_run(ledger, number, sequence, line);
            line[32] = '\n';
            if (st == AJ_OK && write(acknowledged, line, 33) != 33) _exit(2);
        }
        aj_ledger_close(ledger);
        if (st != AJ_OK) {
            fprintf(stderr, "writer %u: %s: %s\n", number, aj_status_name(st), err.message);
            _exit(1);
        }
    }
    _exit(0);
}

static pid_t start(unsigned number, int acknowledged, unsigned n_runs)
{
    pid_t child = fork();
    if (child == 0) writer(number, acknowledged, n_runs);
    return child;
}

/* A small generator of this test: which one is killed and when (Park and Miller 1988). */
static unsigned random_below(uint64_t *state, unsigned n)
{
    *state = *state * 16807 % 2147483647;
    return (unsigned)(*state % n);
}

static int run_and_kill(int acknowledged)
{
    pid_t children[N_WRITERS];
    uint64_t state = 20260101;
    unsigned number = 0;
    int n_bad = 0, status;
    for (unsigned i = 0; i < N_WRITERS; i++) children[i] = start(number++, acknowledged, 1000000);
    for (int kills = 0; kills < N_KILLS; kills++) {
        struct timespec pause = {0, 1000000 + (long)random_below(&state, 30000000)};
        nanosleep(&pause, NULL);
        unsigned victim = random_below(&state, N_WRITERS);
        kill(children[victim], SIGKILL);
        waitpid(children[victim], &status, 0);
        n_bad += !WIFSIGNALED(status); /* it had ended before: with an error */
        children[victim] = start(number++, acknowledged, 1000000);
    }
    for (unsigned i = 0; i < N_WRITERS; i++) {
        kill(children[i], SIGKILL);
        waitpid(children[i], &status, 0);
        n_bad += !WIFSIGNALED(status);
    }
    /* and all at once, to the end */
    for (unsigned i = 0; i < N_WRITERS; i++) children[i] = start(number++, acknowledged, 3);
    for (unsigned i = 0; i < N_WRITERS; i++) {
        waitpid(children[i], &status, 0);
        n_bad += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
    return n_bad;
}

static int64_t ask(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t answer = -1;
    if (sqlite3_open(ledger_path, &db) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

static void compare(const char *acknowledgements)
{
    FILE *stream = fopen(acknowledgements, "r");
    char uid[64];
    uint64_t n = 0, n_lost = 0;
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    CHECK_INT(sqlite3_open(ledger_path, &db), SQLITE_OK);
    CHECK_INT(sqlite3_prepare_v2(db,
                                 "SELECT count(*) FROM runs r WHERE uid = ? AND state = 'finished' AND "
                                 "(SELECT count(*) FROM figures WHERE run_id = r.id) = 2 AND "
                                 "(SELECT count(*) FROM samples WHERE run_id = r.id) = 1",
                                 -1, &statement, NULL),
              SQLITE_OK);
    while (stream != NULL && fscanf(stream, "%63s", uid) == 1) {
        sqlite3_bind_text(statement, 1, uid, -1, SQLITE_TRANSIENT);
        n_lost += sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int64(statement, 0) != 1;
        sqlite3_reset(statement);
        n++;
    }
    fclose(stream);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    int64_t n_finished = ask("SELECT count(*) FROM runs WHERE state = 'finished'");
    printf("%d kills: %llu acknowledged, %lld in the ledger, %llu lost\n", N_KILLS + N_WRITERS,
           (unsigned long long)n, (long long)n_finished, (unsigned long long)n_lost);
    CHECK(n > 200);
    CHECK_INT(n_lost, 0);
    /* at most one a kill was committed and not acknowledged any more */
    CHECK(n_finished >= (int64_t)n && n_finished <= (int64_t)n + N_KILLS + N_WRITERS);
    CHECK_INT(ask("SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    CHECK_INT(ask("SELECT count(*) FROM figures f JOIN runs r ON r.id = f.run_id WHERE r.state = 'running'"),
              0);
    aj_ledger *ledger = open_ledger();
    aj_account account;
    CHECK_OK(aj_ledger_account(ledger, NULL, &account, &err), err);
    CHECK(account.n_totals == 1 && account.totals[0].value == 3.0 * (double)n_finished);
    CHECK(account.n_runs - account.n_running == (uint64_t)n_finished);
    aj_ledger_close(ledger);
}

static void crashes(void)
{
    char acknowledgements[300];
    snprintf(acknowledgements, sizeof acknowledgements, "%s/acknowledged", folder);
    int fd = open(acknowledgements, O_WRONLY | O_CREAT | O_APPEND, 0600);
    CHECK_INT(run_and_kill(fd), 0);
    close(fd);
    compare(acknowledgements);
}

/* ---- disks that take nothing ---- */

static aj_run small_run(aj_run_who *who, const char *project)
{
    aj_run run;
    aj_run_init(&run, who);
    run.project = project;
    return run;
}

static uint64_t runs_of(aj_ledger *ledger, const char *project)
{
    aj_run_filter filter = aj_run_filter_any();
    aj_account account = {0};
    filter.project = project;
    CHECK_OK(aj_ledger_account(ledger, &filter, &account, &err), err);
    return account.n_runs;
}

/* The limit of a file's size stands for the full disk: writes beyond it fail (EFBIG) and SQLite rolls back.
 */
static void full_disk(void)
{
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    aj_run_who who;
    aj_run run = small_run(&who, "full");
    aj_kept kept;
    unsigned char *noise = malloc(2000000);
    for (uint32_t i = 0, x = 1; i < 2000000; i++)
        noise[i] = (unsigned char)((x = x * 1664525 + 1013904223) >> 24);
    options.path = ledger_path;
    aj_ledger *ledger = open_ledger();
    aj_run huge = small_run(&who, "huge");
    huge.trace = noise;
    huge.trace_bytes = 2000000;
    struct rlimit before, tight;
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    tight = before;
    tight.rlim_cur = 1000000;
    setrlimit(RLIMIT_FSIZE, &tight);
    aj_status st = aj_ledger_put(ledger, &huge, NULL, NULL, &err);
    CHECK_INT(st, AJ_IO);
    CHECK_CONTAINS(err.message, ledger_path);
    CHECK_INT(aj_ledger_keep(&options, &huge, &kept, &err), AJ_IO); /* nor does the spill file have room */
    CHECK_CONTAINS(err.message, "spill");
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK_OK(aj_ledger_put(ledger, &run, NULL, NULL, &err), err); /* the same ledger goes on */
    CHECK_INT(runs_of(ledger, "huge"), 0);
    CHECK_INT(runs_of(ledger, "full"), 1);
    aj_ledger_close(ledger);
    free(noise);
}

/* A ledger whose place is taken by a folder: works for root as well, which no permission stops. */
static void spilled(void)
{
    char place[300], spill[400];
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    aj_run_who who;
    aj_run run = small_run(&who, "spilled");
    aj_kept kept;
    snprintf(place, sizeof place, "%s/place.db", folder);
    snprintf(spill, sizeof spill, "%s.spill", place);
    options.path = place;
    CHECK_INT(mkdir(place, 0700), 0);
    memcpy(run.uid, "000000000000000000000000000000aa", 33);
    for (int i = 0; i < 2; i++) CHECK_OK(aj_ledger_keep(&options, &run, &kept, &err), err);
    run.uid[31] = 'b';
    CHECK_OK(aj_ledger_keep(&options, &run, &kept, &err), err);
    CHECK(kept.spilled && kept.why[0] != '\0');
    CHECK_STRING(kept.path, spill);
    FILE *stream = fopen(spill, "a");
    fputs("{\"attojoule_run\":1,\"uid\":\"0000", stream); /* a torn line of a killed process */
    fclose(stream);
    run.uid[31] = 'c';
    CHECK_OK(aj_ledger_keep(&options, &run, &kept, &err), err); /* cuts it off */
    stream = fopen(spill, "a");
    fputs("not a run\n{\"attojoule_run", stream);
    fclose(stream);
    CHECK_INT(rmdir(place), 0);
    aj_ledger *ledger = NULL;
    CHECK_OK(aj_ledger_open(&ledger, &options, &err), err);
    CHECK_INT(runs_of(ledger, "spilled"), 3);
    CHECK_INT(aj_ledger_taken_in(ledger), 4);
    CHECK_CONTAINS(aj_ledger_remark(ledger), "place.db.spill.unread");
    CHECK(access(spill, F_OK) != 0);
    aj_ledger_close(ledger);
    CHECK_OK(aj_ledger_open(&ledger, &options, &err), err);
    CHECK(aj_ledger_taken_in(ledger) == 0 && aj_ledger_remark(ledger) == NULL);
    aj_ledger_close(ledger);
    CHECK_OK(aj_ledger_keep(&options, &run, &kept, &err), err);
    CHECK(!kept.spilled && kept.why[0] == '\0');
    CHECK_STRING(kept.path, place);
}

/* No folder to be beside of: the second place, under a name that follows from the ledger's. */
static void spilled_elsewhere(void)
{
    char place[300], spill[4200];
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    aj_run_who who;
    aj_run run = small_run(&who, "elsewhere");
    aj_kept kept;
    setenv("TMPDIR", folder, 1);
    snprintf(place, sizeof place, "%s/none/ledger.db", folder);
    options.path = place;
    CHECK(ajp_spill_path(1, place, spill, sizeof spill));
    CHECK_OK(aj_ledger_keep(&options, &run, &kept, &err), err);
    CHECK_STRING(kept.path, spill);
    place[strlen(place) - strlen("/ledger.db")] = '\0';
    CHECK_INT(mkdir(place, 0700), 0);
    place[strlen(place)] = '/';
    aj_ledger *ledger = NULL;
    CHECK_OK(aj_ledger_open(&ledger, &options, &err), err);
    CHECK_INT(runs_of(ledger, "elsewhere"), 1);
    aj_ledger_close(ledger);
    /* a link there is not followed */
    CHECK_INT(symlink(ledger_path, spill), 0);
    CHECK_OK(aj_ledger_open(&ledger, &options, &err), err);
    aj_ledger_close(ledger);
    CHECK_INT(unlink(spill), 0);
}

static void read_only(void)
{
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    aj_ledger *ledger = NULL;
    options.path = ledger_path;
    options.read_only = true;
    CHECK_OK(aj_ledger_open(&ledger, &options, &err), err);
    CHECK(runs_of(ledger, "crash") > 200);
    aj_run_who who;
    aj_run run = small_run(&who, "crash");
    CHECK_INT(aj_ledger_put(ledger, &run, NULL, NULL, &err), AJ_DENIED);
    CHECK_CONTAINS(err.message, "read-only");
    aj_ledger_close(ledger);
    if (geteuid() == 0) return; /* no permission stops root */
    chmod(ledger_path, 0400);
    chmod(folder, 0500);
    CHECK_OK(aj_ledger_open(&ledger, &options, &err), err);
    CHECK(runs_of(ledger, "crash") > 200);
    aj_ledger_close(ledger);
    options.read_only = false;
    CHECK_INT(aj_ledger_open(&ledger, &options, &err), AJ_DENIED);
    chmod(folder, 0700);
    chmod(ledger_path, 0600);
}

int main(void)
{
    char command[64];
    if (mkdtemp(folder) == NULL) return 1;
    snprintf(ledger_path, sizeof ledger_path, "%s/ledger.db", folder);
    crashes();
    full_disk();
    spilled();
    spilled_elsewhere();
    read_only();
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? check_report() : 1;
}

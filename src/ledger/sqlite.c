/* sqlite.c: the store in one file, through SQLite: opening, waiting for others, migrations.
 *
 * WAL, so that readers and one writer do not wait for each other; synchronous FULL, so that what was
 * committed survives a power cut as well; every write is one short BEGIN IMMEDIATE transaction, which takes
 * the lock first and so cannot meet a stale snapshot.  (https://sqlite.org/wal.html,
 * https://sqlite.org/lang_transaction.html) */
#include "sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define APPLICATION_ID 0x616a6c67 /* "ajlg": says in the file whose database it is */

typedef struct {
    int number;
    const char *sql;
} migration;

static const migration migrations[] = {
#define MIGRATION(number, what, sql) {number, sql},
#include "migrations.def"
#undef MIGRATION
};
enum { N_MIGRATIONS = sizeof migrations / sizeof migrations[0] };

/* ---- failing and waiting ---- */

aj_status ajp_sqlite_fail(ajp_sqlite *store, const char *what, aj_error *err)
{
    int code = sqlite3_errcode(store->db) & 0xff, error = sqlite3_system_errno(store->db);
    switch (code) {
    case SQLITE_FULL:
        return ajp_fail(err, AJ_IO, ENOSPC, "%s: %s; free some space", store->path, what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return ajp_fail(err, AJ_IO, 0, "%s: %s: other processes kept it locked for %.0f s; try again",
                        store->path, what, store->busy_seconds);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ajp_fail(err, AJ_DENIED, EACCES,
                        "%s: %s: the file or its folder is read-only; name another ledger", store->path,
                        what);
    case SQLITE_CORRUPT:
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "%s: %s: the database is damaged (%s); restore a copy, or export with "
                        "sqlite3's .recover",
                        store->path, what, sqlite3_errmsg(store->db));
    case SQLITE_NOTADB:
        return ajp_fail(err, AJ_MISMATCH, 0, "%s: %s: is not a database; name another file", store->path,
                        what);
    case SQLITE_NOMEM:
        return ajp_no_memory(err, store->path);
    case SQLITE_CANTOPEN:
        return ajp_fail(err, error == 0 ? AJ_IO : ajp_status_from_errno(error), error,
                        "%s: %s: cannot be opened; check the path and its permissions", store->path, what);
    case SQLITE_IOERR:
        return ajp_fail(err, AJ_IO, error, "%s: %s: the disk failed; check its space and health", store->path,
                        what);
    default:
        return ajp_fail(err, AJ_IO, 0, "%s: %s: %s", store->path, what, sqlite3_errmsg(store->db));
    }
}

/* Sleeps 1 to 25 ms, longer with every try; processes that began together part by their nanoseconds. */
static void nap(int n_tries)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    long most = n_tries > 24 ? 25 : n_tries + 1;
    long part = 1 + (now.tv_nsec / 64 + (long)getpid() * 7919) % (most * 1000000L);
    struct timespec pause = {0, part > 0 ? part : 1};
    nanosleep(&pause, NULL);
}

static int on_busy(void *user, int n_tries)
{
    ajp_sqlite *store = user;
    if (n_tries == 0) store->wait_started_seconds = ajp_now_seconds();
    if (ajp_now_seconds() - store->wait_started_seconds > store->busy_seconds) return 0;
    nap(n_tries);
    return 1;
}

/* SQLite does not ask the busy handler where two could wait for each other, and in recovery gives PROTOCOL.
 */
static bool busy(int code)
{
    return (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_PROTOCOL;
}

aj_status ajp_sqlite_run(ajp_sqlite *store, const char *sql, const char *what, aj_error *err)
{
    double started = ajp_now_seconds();
    int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    for (int n = 0; busy(code) && ajp_now_seconds() - started < store->busy_seconds; n++) {
        nap(n);
        code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    }
    return code == SQLITE_OK ? AJ_OK : ajp_sqlite_fail(store, what, err);
}

/* ---- statements ---- */

aj_status ajp_sqlite_prepare(ajp_sqlite *store, const char *sql, sqlite3_stmt **out, aj_error *err)
{
    *out = NULL;
    double started = ajp_now_seconds();
    int code = sqlite3_prepare_v2(store->db, sql, -1, out, NULL);
    for (int n = 0; busy(code) && ajp_now_seconds() - started < store->busy_seconds; n++) {
        nap(n); /* reads the schema, for which it takes a lock */
        code = sqlite3_prepare_v2(store->db, sql, -1, out, NULL);
    }
    return code == SQLITE_OK ? AJ_OK : ajp_sqlite_fail(store, "could not be read", err);
}

aj_status ajp_sqlite_step(ajp_sqlite *store, sqlite3_stmt *statement, const char *what, aj_error *err)
{
    int code = sqlite3_step(statement);
    aj_status st = code == SQLITE_DONE || code == SQLITE_ROW ? AJ_OK : ajp_sqlite_fail(store, what, err);
    sqlite3_reset(statement);
    return st;
}

void ajp_sqlite_text(sqlite3_stmt *statement, const char *name, const char *text)
{
    int at = sqlite3_bind_parameter_index(statement, name);
    if (text != NULL)
        sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(statement, at);
}

void ajp_sqlite_number(sqlite3_stmt *statement, const char *name, double value)
{
    int at = sqlite3_bind_parameter_index(statement, name);
    if (isnan(value))
        sqlite3_bind_null(statement, at);
    else
        sqlite3_bind_double(statement, at, value);
}

void ajp_sqlite_integer(sqlite3_stmt *statement, const char *name, int64_t value)
{
    sqlite3_bind_int64(statement, sqlite3_bind_parameter_index(statement, name), value);
}

void ajp_sqlite_bind_filter(sqlite3_stmt *statement, const aj_run_filter *filter)
{
    ajp_sqlite_text(statement, ":uid", filter->uid);
    ajp_sqlite_text(statement, ":uids", filter->uids);
    ajp_sqlite_text(statement, ":project", filter->project);
    ajp_sqlite_text(statement, ":user", filter->user);
    ajp_sqlite_text(statement, ":round", filter->round);
    ajp_sqlite_text(statement, ":tag", filter->tag);
    ajp_sqlite_text(statement, ":kind",
                    filter->kind < 0 ? NULL : aj_run_kind_name((aj_run_kind)filter->kind));
    ajp_sqlite_text(statement, ":state",
                    filter->state < 0 ? NULL : aj_run_state_name((aj_run_state)filter->state));
    ajp_sqlite_number(statement, ":since", filter->since_unix_seconds);
    ajp_sqlite_number(statement, ":until", filter->until_unix_seconds);
    ajp_sqlite_integer(statement, ":n_last",
                       filter->n_last == 0 || filter->n_last > INT64_MAX ? -1 : (int64_t)filter->n_last);
}

static aj_status read_integer(ajp_sqlite *store, const char *sql, int64_t *out, aj_error *err)
{
    sqlite3_stmt *statement = NULL;
    AJ_TRY(ajp_sqlite_prepare(store, sql, &statement, err));
    aj_status st = AJ_OK;
    if (sqlite3_step(statement) == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    else
        st = ajp_sqlite_fail(store, "could not be read", err);
    sqlite3_finalize(statement);
    return st;
}

/* ---- transactions ---- */

aj_status ajp_sqlite_begin(void *user, aj_error *err)
{
    ajp_sqlite *store = user;
    AJ_TRY(ajp_sqlite_run(store, "BEGIN IMMEDIATE", "could not be locked for writing", err));
    store->in_batch = true;
    return AJ_OK;
}

aj_status ajp_sqlite_commit(void *user, aj_error *err)
{
    ajp_sqlite *store = user;
    aj_status st = ajp_sqlite_run(store, "COMMIT", "a change could not be written", err);
    if (st == AJ_OK)
        store->in_batch = false;
    else
        ajp_sqlite_rollback(store);
    return st;
}

void ajp_sqlite_rollback(void *user)
{
    ajp_sqlite *store = user;
    if (!sqlite3_get_autocommit(store->db)) sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    store->in_batch = false;
}

/* ---- opening ---- */

/* Inside a transaction, so that the three answers are of one moment. */
static aj_status check_owner(ajp_sqlite *store, int64_t *version, aj_error *err)
{
    int64_t owner = 0, n_tables = 0;
    AJ_TRY(read_integer(store, "PRAGMA user_version", version, err));
    AJ_TRY(read_integer(store, "PRAGMA application_id", &owner, err));
    AJ_TRY(read_integer(store, "SELECT count(*) FROM sqlite_master", &n_tables, err));
    if (owner != APPLICATION_ID && (owner != 0 || n_tables > 0))
        return ajp_fail(err, AJ_MISMATCH, 0, "%s: is a database of another program; name another file",
                        store->path);
    if (*version > N_MIGRATIONS)
        return ajp_fail(
            err, AJ_UNSUPPORTED, 0,
            "%s: its schema is number %lld and this version knows up to %d; a newer attojoule has "
            "written it: update, or name another ledger",
            store->path, (long long)*version, (int)N_MIGRATIONS);
    return AJ_OK;
}

static aj_status apply(ajp_sqlite *store, aj_error *err)
{
    int64_t version = 0; /* read again under the lock: another process may have been faster */
    char pragma[96];
    AJ_TRY(check_owner(store, &version, err));
    for (int i = (int)version; i < N_MIGRATIONS; i++)
        AJ_TRY(ajp_sqlite_run(store, migrations[i].sql, "its schema could not be brought up to date", err));
    snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID,
             migrations[N_MIGRATIONS - 1].number);
    return ajp_sqlite_run(store, pragma, "its schema could not be brought up to date", err);
}

static aj_status migrate(ajp_sqlite *store, bool read_only, aj_error *err)
{
    int64_t version = 0;
    AJ_TRY(ajp_sqlite_run(store, "BEGIN", "could not be read", err));
    aj_status st = check_owner(store, &version, err);
    ajp_sqlite_rollback(store);
    if (st != AJ_OK || version == N_MIGRATIONS) return st;
    if (read_only)
        return ajp_fail(
            err, AJ_UNSUPPORTED, 0,
            "%s: its schema is number %lld and has to be brought to %d, but the ledger is opened for "
            "reading only; make it writable or copy it",
            store->path, (long long)version, (int)N_MIGRATIONS);
    /* Before the first table, else it has no effect: deleted runs give their pages back. */
    if (version == 0)
        AJ_TRY(ajp_sqlite_run(store, "PRAGMA auto_vacuum = INCREMENTAL", "could not be set up", err));
    AJ_TRY(ajp_sqlite_run(store, "PRAGMA journal_mode = WAL", "could not be set up", err));
    AJ_TRY(ajp_sqlite_begin(store, err));
    st = apply(store, err);
    if (st == AJ_OK) return ajp_sqlite_commit(store, err);
    ajp_sqlite_rollback(store);
    return st;
}

/* Command lines are private: the file is made for its owner alone; SQLite gives -wal and -shm the same mode.
 */
static aj_status make_file(const char *path, aj_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return ajp_fail(err, ajp_status_from_errno(errno), errno,
                        "%s: the ledger cannot be opened for writing; check its folder, or name another one",
                        path);
    close(fd);
    return AJ_OK;
}

static aj_status connect_file(ajp_sqlite *store, const char *name, int flags, aj_error *err)
{
    int code = sqlite3_open_v2(name, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (store->db == NULL) return ajp_no_memory(err, store->path);
    if (code != SQLITE_OK) return ajp_sqlite_fail(store, "could not be opened", err);
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_handler(store->db, on_busy, store);
    return ajp_sqlite_run(store, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", "could not be set up",
                          err);
}

/* A WAL database on a read-only disk can only be read as a file that nobody changes. "file:" needs % ? #
 * escaped. */
static aj_status connect_immutable(ajp_sqlite *store, aj_error *err)
{
    size_t size = 3 * strlen(store->path) + 32, at = 5;
    char *name = ajp_alloc(NULL, size);
    if (name == NULL) return ajp_no_memory(err, store->path);
    memcpy(name, "file:", 5);
    for (const char *c = store->path; *c != '\0'; c++) {
        if (strchr("%?#", *c) != NULL)
            at += (size_t)snprintf(name + at, 4, "%%%02X", (unsigned)(unsigned char)*c);
        else
            name[at++] = *c;
    }
    snprintf(name + at, size - at, "?immutable=1");
    sqlite3_close(store->db);
    store->db = NULL;
    aj_status st = connect_file(store, name, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    ajp_free(NULL, name);
    if (st == AJ_OK) st = migrate(store, true, err);
    return st;
}

static bool has_wal(const char *path)
{
    char name[4100];
    struct stat info;
    snprintf(name, sizeof name, "%.4090s-wal", path);
    return stat(name, &info) == 0 && info.st_size > 0;
}

static aj_status open_reading(ajp_sqlite *store, aj_error *err)
{
    if (access(store->path, R_OK) != 0)
        return ajp_fail(err, ajp_status_from_errno(errno), errno, "%s: there is no readable ledger there",
                        store->path);
    aj_status st = connect_file(store, store->path, SQLITE_OPEN_READONLY, err);
    if (st == AJ_OK) st = migrate(store, true, err);
    /* what a -wal file holds would be missing from an immutable reading */
    if ((st == AJ_IO || st == AJ_DENIED || st == AJ_NOT_FOUND) && !has_wal(store->path))
        st = connect_immutable(store, err);
    return st;
}

static aj_status open_writing(ajp_sqlite *store, aj_error *err)
{
    AJ_TRY(make_file(store->path, err));
    AJ_TRY(connect_file(store, store->path, SQLITE_OPEN_READWRITE, err));
    return migrate(store, false, err);
}

static void close_store(void *user)
{
    ajp_sqlite *store = user;
    if (store == NULL) return;
    if (store->db != NULL) sqlite3_close(store->db);
    ajp_free(NULL, store);
}

static aj_status open_store(void **out, const char *location, const aj_ledger_options *options, aj_error *err)
{
    size_t length = strlen(location) + 1;
    ajp_sqlite *store = ajp_alloc(NULL, sizeof *store + length);
    if (store == NULL) return ajp_no_memory(err, "ledger");
    memset(store, 0, sizeof *store);
    store->busy_seconds = options->busy_seconds;
    memcpy(store->path, location, length);
    aj_status st = options->read_only ? open_reading(store, err) : open_writing(store, err);
    if (st != AJ_OK) {
        close_store(store);
        return st;
    }
    *out = store;
    return AJ_OK;
}

static bool takes(const char *location)
{
    return strstr(location, "://") == NULL;
}

const ajp_store_ops ajp_store_sqlite = {
    .name = "sqlite",
    .summary = "one file on a local disk; any path",
    .takes = takes,
    .open = open_store,
    .close = close_store,
    .begin = ajp_sqlite_begin,
    .commit = ajp_sqlite_commit,
    .rollback = ajp_sqlite_rollback,
    .put = ajp_sqlite_put,
    .reprice = ajp_sqlite_reprice,
    .add_samples = ajp_sqlite_add_samples,
    .each = ajp_sqlite_each,
    .account = ajp_sqlite_account,
    .set_budget = ajp_sqlite_set_budget,
    .budgets = ajp_sqlite_budgets,
    .prune = ajp_sqlite_prune,
};

/* sqlite_read.c: runs, sums and budgets out of the database. */
#include <math.h>
#include <string.h>

#include "sqlite.h"

#define MISSING ((double)NAN)

/* The next row; *more false at the end. */
static aj_status next_row(ajp_sqlite *store, sqlite3_stmt *statement, bool *more, aj_error *err)
{
    int code = sqlite3_step(statement);
    *more = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE ? AJ_OK
                                                     : ajp_sqlite_fail(store, "could not be read", err);
}

static const char *text_of(sqlite3_stmt *statement, int column, ajp_arena *arena)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text != NULL ? ajp_arena_strdup(arena, (const char *)text) : NULL;
}

static double number_of(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? MISSING
                                                                 : sqlite3_column_double(statement, column);
}

static aj_origin origin_of(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    for (int origin = AJ_MEASURED; text != NULL && origin < AJ_ASSUMED; origin++)
        if (strcmp(text, aj_origin_name((aj_origin)origin)) == 0) return (aj_origin)origin;
    return AJ_ASSUMED;
}

/* One query over the rows of a run; `take` keeps a row. */
typedef aj_status (*take_row)(sqlite3_stmt *statement, aj_run *run, size_t i, ajp_arena *arena,
                              aj_error *err);

static aj_status rows_of(ajp_sqlite *store, const char *sql, int64_t id, aj_run *run, take_row take,
                         ajp_arena *arena, aj_error *err)
{
    sqlite3_stmt *statement = NULL;
    bool more = true;
    AJ_TRY(ajp_sqlite_prepare(store, sql, &statement, err));
    ajp_sqlite_integer(statement, ":id", id);
    aj_status st = AJ_OK;
    for (size_t i = 0; st == AJ_OK; i++) {
        st = next_row(store, statement, &more, err);
        if (st != AJ_OK || !more) break;
        st = take(statement, run, i, arena, err);
    }
    sqlite3_finalize(statement);
    return st;
}

static aj_status take_figure(sqlite3_stmt *statement, aj_run *run, size_t i, ajp_arena *arena, aj_error *err)
{
    const char *name = (const char *)sqlite3_column_text(statement, 0);
    aj_figure *figures = ajp_arena_array(arena, i + 1, sizeof *figures); /* grows; runs have few figures */
    if (figures == NULL) return ajp_no_memory(err, "run");
    if (i > 0) memcpy(figures, run->figures, i * sizeof *figures);
    if (!aj_quantity_from_name(name, &figures[i].quantity))
        return ajp_fail(err, AJ_CORRUPT, 0, "run %s: the quantity %s is not known", run->uid,
                        name != NULL ? name : "NULL");
    figures[i].part = text_of(statement, 1, arena);
    figures[i].unit = text_of(statement, 2, arena);
    figures[i].value = number_of(statement, 3);
    figures[i].low = number_of(statement, 4);
    figures[i].high = number_of(statement, 5);
    figures[i].origin = origin_of(statement, 6);
    figures[i].source = text_of(statement, 7, arena);
    figures[i].version = text_of(statement, 8, arena);
    figures[i].sha256 = text_of(statement, 9, arena);
    run->figures = figures;
    run->n_figures = i + 1;
    return AJ_OK;
}

static aj_status take_tag(sqlite3_stmt *statement, aj_run *run, size_t i, ajp_arena *arena, aj_error *err)
{
    const char **tags = ajp_arena_array(arena, i + 1, sizeof *tags);
    if (tags == NULL) return ajp_no_memory(err, "run");
    if (i > 0) memcpy(tags, run->tags, i * sizeof *tags);
    tags[i] = text_of(statement, 0, arena);
    run->tags = tags;
    run->n_tags = i + 1;
    return AJ_OK;
}

static aj_status take_samples(sqlite3_stmt *statement, aj_run *run, size_t i, ajp_arena *arena, aj_error *err)
{
    /* doubled, since a long run has many blocks */
    if ((i & (i - 1)) == 0) {
        aj_run_samples *bigger = ajp_arena_array(arena, i == 0 ? 1 : 2 * i, sizeof *bigger);
        if (bigger == NULL) return ajp_no_memory(err, "run");
        if (i > 0) memcpy(bigger, run->samples, i * sizeof *bigger);
        run->samples = bigger;
    }
    aj_run_samples *samples = (aj_run_samples *)run->samples + i;
    samples->source = text_of(statement, 0, arena);
    samples->unit = text_of(statement, 1, arena);
    run->n_samples = i + 1;
    return ajp_unpack_samples(arena, sqlite3_column_blob(statement, 3),
                              (size_t)sqlite3_column_bytes(statement, 3),
                              (size_t)sqlite3_column_int64(statement, 2), samples, err);
}

static aj_status take_trace(sqlite3_stmt *statement, aj_run *run, size_t i, ajp_arena *arena, aj_error *err)
{
    void *bytes = NULL;
    (void)i;
    run->trace_bytes = (size_t)sqlite3_column_int64(statement, 0);
    AJ_TRY(ajp_unpack(arena, sqlite3_column_blob(statement, 1), (size_t)sqlite3_column_bytes(statement, 1),
                      run->trace_bytes, &bytes, err));
    run->trace = bytes;
    return AJ_OK;
}

static aj_status take_lists(ajp_sqlite *store, int64_t id, aj_run *run, bool with_samples, ajp_arena *arena,
                            aj_error *err)
{
    AJ_TRY(
        rows_of(store,
                "SELECT quantity, part, unit, value, low, high, origin, source, version, sha256 FROM figures "
                "WHERE run_id = :id ORDER BY place",
                id, run, take_figure, arena, err));
    AJ_TRY(rows_of(store, "SELECT tag FROM tags WHERE run_id = :id ORDER BY tag", id, run, take_tag, arena,
                   err));
    if (!with_samples) return AJ_OK;
    AJ_TRY(rows_of(
        store, "SELECT source, unit, n, data FROM samples WHERE run_id = :id ORDER BY source, first_seconds",
        id, run, take_samples, arena, err));
    return rows_of(store, "SELECT bytes, data FROM traces WHERE run_id = :id", id, run, take_trace, arena,
                   err);
}

static aj_status take_run(ajp_sqlite *store, sqlite3_stmt *s, bool with_samples, aj_run *out, aj_error *err)
{
    aj_run run;
    ajp_arena *arena = NULL;
    AJ_TRY(ajp_run_begin(&run, &arena, err));
    snprintf(run.uid, sizeof run.uid, "%s", (const char *)sqlite3_column_text(s, 1));
    aj_status st = AJ_OK;
    if (!aj_run_kind_from_name((const char *)sqlite3_column_text(s, 2), &run.kind) ||
        !aj_run_state_from_name((const char *)sqlite3_column_text(s, 3), &run.state))
        st = ajp_fail(err, AJ_CORRUPT, 0, "%s: run %s has an unknown kind or state", store->path, run.uid);
    run.started_unix_seconds = number_of(s, 4);
    run.duration_seconds = number_of(s, 5);
    run.host = text_of(s, 6, arena);
    run.user = text_of(s, 7, arena);
    run.project = text_of(s, 8, arena);
    run.round = text_of(s, 9, arena);
    run.parent = text_of(s, 10, arena);
    run.command_line = text_of(s, 11, arena);
    run.tool = text_of(s, 12, arena);
    if (sqlite3_column_type(s, 13) != SQLITE_NULL) run.exit_status = sqlite3_column_int(s, 13);
    run.record = text_of(s, 14, arena);
    if (st == AJ_OK) st = take_lists(store, sqlite3_column_int64(s, 0), &run, with_samples, arena, err);
    if (st != AJ_OK) {
        aj_run_destroy(&run);
        return st;
    }
    AJ_TRY(ajp_run_finish(&run, arena, err));
    *out = run;
    return AJ_OK;
}

aj_status ajp_sqlite_each(void *user, const aj_run_filter *filter, aj_run_callback callback,
                          void *callback_user, aj_error *err)
{
    static const char sql[] =
        "WITH " AJP_SQLITE_CHOSEN "SELECT id, uid, kind, state, started_unix_seconds, duration_seconds, "
        "host, user, project, round, parent, "
        "command_line, tool, exit_status, record FROM runs WHERE id IN (SELECT id FROM chosen) "
        "ORDER BY started_unix_seconds, id";
    ajp_sqlite *store = user;
    sqlite3_stmt *statement = NULL;
    bool more = true;
    AJ_TRY(ajp_sqlite_prepare(store, sql, &statement, err));
    ajp_sqlite_bind_filter(statement, filter);
    aj_status st = AJ_OK;
    while (st == AJ_OK && more) {
        aj_run run;
        st = next_row(store, statement, &more, err);
        if (st != AJ_OK || !more) break;
        st = take_run(store, statement, filter->with_samples, &run, err);
        if (st != AJ_OK) break;
        more = callback(callback_user, &run);
        aj_run_destroy(&run);
    }
    sqlite3_finalize(statement);
    return st;
}

/* ---- sums ---- */

/* Chosen runs inside a chosen run are not counted as runs of their own; a figure is not added when an
 * ancestor that was chosen has the same quantity itself.  UNION drops what is there already, so circles end.
 */
static const char count_runs[] =
    "WITH RECURSIVE " AJP_SQLITE_CHOSEN ", inside (uid) AS (SELECT c.uid FROM runs c JOIN runs p ON p.uid = "
    "c.parent WHERE p.id IN (SELECT id FROM chosen) "
    "UNION SELECT c.uid FROM inside i JOIN runs c ON c.parent = i.uid) "
    "SELECT count(*), coalesce(sum(state = 'running'), 0), sum(duration_seconds) FROM runs "
    "WHERE id IN (SELECT id FROM chosen) AND uid NOT IN (SELECT uid FROM inside)";

static const char add_figures[] =
    "WITH RECURSIVE " AJP_SQLITE_CHOSEN ", covered (uid, quantity, unit) AS (SELECT c.uid, f.quantity, "
    "f.unit FROM runs c JOIN runs p ON p.uid = c.parent "
    "JOIN figures f ON f.run_id = p.id WHERE p.id IN (SELECT id FROM chosen) AND f.value IS NOT NULL "
    "UNION SELECT c.uid, v.quantity, v.unit FROM covered v JOIN runs c ON c.parent = v.uid) "
    "SELECT f.quantity, f.unit, sum(f.value), CASE count(f.low) WHEN count(*) THEN sum(f.low) END, "
    "CASE count(f.high) WHEN count(*) THEN sum(f.high) END, "
    "max(CASE f.origin WHEN 'measured' THEN 0 WHEN 'modelled' THEN 1 ELSE 2 END), count(DISTINCT f.run_id) "
    "FROM figures f JOIN runs r ON r.id = f.run_id WHERE r.id IN (SELECT id FROM chosen) AND f.value IS NOT "
    "NULL "
    "AND NOT EXISTS (SELECT 1 FROM covered v WHERE v.uid = r.uid AND v.quantity = f.quantity AND v.unit = "
    "f.unit) "
    "GROUP BY f.quantity, f.unit ORDER BY f.quantity, f.unit";

static aj_status count_account(ajp_sqlite *store, const aj_run_filter *filter, aj_account *out, aj_error *err)
{
    sqlite3_stmt *statement = NULL;
    bool more = false;
    AJ_TRY(ajp_sqlite_prepare(store, count_runs, &statement, err));
    ajp_sqlite_bind_filter(statement, filter);
    aj_status st = next_row(store, statement, &more, err);
    if (st == AJ_OK && more) {
        out->n_runs = (uint64_t)sqlite3_column_int64(statement, 0);
        out->n_running = (uint64_t)sqlite3_column_int64(statement, 1);
        out->duration_seconds = number_of(statement, 2);
    }
    sqlite3_finalize(statement);
    return st;
}

aj_status ajp_sqlite_account(void *user, const aj_run_filter *filter, aj_account *out, aj_error *err)
{
    ajp_sqlite *store = user;
    sqlite3_stmt *statement = NULL;
    bool more = true;
    aj_account account = {0};
    AJ_TRY(count_account(store, filter, &account, err));
    AJ_TRY(ajp_sqlite_prepare(store, add_figures, &statement, err));
    ajp_sqlite_bind_filter(statement, filter);
    aj_status st = AJ_OK;
    while (account.n_totals < AJ_MOST_TOTALS) {
        st = next_row(store, statement, &more, err);
        if (st != AJ_OK || !more) break;
        aj_total *total = &account.totals[account.n_totals];
        if (!aj_quantity_from_name((const char *)sqlite3_column_text(statement, 0), &total->quantity) ||
            !aj_quantity_adds(total->quantity))
            continue;
        account.n_totals++;
        snprintf(total->unit, sizeof total->unit, "%s", (const char *)sqlite3_column_text(statement, 1));
        total->value = number_of(statement, 2);
        total->low = number_of(statement, 3);
        total->high = number_of(statement, 4);
        total->origin = (aj_origin)sqlite3_column_int(statement, 5);
        total->n_runs = (uint64_t)sqlite3_column_int64(statement, 6);
    }
    sqlite3_finalize(statement);
    if (st == AJ_OK) *out = account;
    return st;
}

aj_status ajp_sqlite_budgets(void *user, const char *project, aj_budget **budgets, size_t *n, aj_error *err)
{
    ajp_sqlite *store = user;
    sqlite3_stmt *statement = NULL;
    aj_budget *found = NULL;
    size_t n_found = 0, capacity = 0;
    bool more = true;
    AJ_TRY(ajp_sqlite_prepare(store,
                              "SELECT project, quantity, unit, value FROM budgets "
                              "WHERE :project IS NULL OR project = :project ORDER BY project, quantity, unit",
                              &statement, err));
    ajp_sqlite_text(statement, ":project", project);
    aj_status st = AJ_OK;
    while (st == AJ_OK) {
        st = next_row(store, statement, &more, err);
        if (st != AJ_OK || !more) break;
        st = ajp_grow(NULL, (void **)&found, &capacity, n_found + 1, sizeof *found, "budgets", err);
        if (st != AJ_OK) break;
        aj_budget *budget = &found[n_found];
        memset(budget, 0, sizeof *budget);
        if (!aj_quantity_from_name((const char *)sqlite3_column_text(statement, 1), &budget->quantity))
            continue;
        n_found++;
        snprintf(budget->project, sizeof budget->project, "%s",
                 (const char *)sqlite3_column_text(statement, 0));
        snprintf(budget->unit, sizeof budget->unit, "%s", (const char *)sqlite3_column_text(statement, 2));
        budget->value = number_of(statement, 3);
    }
    sqlite3_finalize(statement);
    if (st != AJ_OK) {
        ajp_free(NULL, found);
        return st;
    }
    *budgets = found;
    *n = n_found;
    return AJ_OK;
}

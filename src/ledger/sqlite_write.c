/* sqlite_write.c: runs, samples and budgets into the database. */
#include <math.h>
#include <string.h>

#include "sqlite.h"

static const char could_not[] = "the run could not be written";

/* id and state of a uid; *id 0 when it is not there. */
static aj_status look_up(ajp_sqlite *store, const char *uid, int64_t *id, bool *running, aj_error *err)
{
    sqlite3_stmt *statement = NULL;
    AJ_TRY(ajp_sqlite_prepare(store, "SELECT id, state = 'running' FROM runs WHERE uid = :uid", &statement,
                              err));
    ajp_sqlite_text(statement, ":uid", uid);
    int code = sqlite3_step(statement);
    *id = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    *running = code == SQLITE_ROW && sqlite3_column_int(statement, 1) != 0;
    aj_status st =
        code == SQLITE_ROW || code == SQLITE_DONE ? AJ_OK : ajp_sqlite_fail(store, "could not be read", err);
    sqlite3_finalize(statement);
    return st;
}

/* Inserts, or completes what has the same uid: a value that the end does not know stays as the beginning had
 * it. */
static const char put_run[] =
    "INSERT INTO runs (uid, kind, state, started_unix_seconds, duration_seconds, host, user, project, round, "
    "parent, "
    "command_line, tool, exit_status, record) VALUES (:uid, :kind, :state, :started, :duration, :host, "
    ":user, "
    ":project, :round, :parent, :command_line, :tool, :exit_status, :record) "
    "ON CONFLICT (uid) DO UPDATE SET kind = excluded.kind, state = excluded.state, "
    "started_unix_seconds = coalesce(excluded.started_unix_seconds, started_unix_seconds), "
    "duration_seconds = coalesce(excluded.duration_seconds, duration_seconds), "
    "host = coalesce(excluded.host, host), user = coalesce(excluded.user, user), "
    "project = coalesce(excluded.project, project), round = coalesce(excluded.round, round), "
    "parent = coalesce(excluded.parent, parent), command_line = coalesce(excluded.command_line, "
    "command_line), "
    "tool = coalesce(excluded.tool, tool), exit_status = coalesce(excluded.exit_status, exit_status), "
    "record = coalesce(excluded.record, record)";

static aj_status put_row(ajp_sqlite *store, const aj_run *run, aj_error *err)
{
    sqlite3_stmt *statement = NULL;
    AJ_TRY(ajp_sqlite_prepare(store, put_run, &statement, err));
    ajp_sqlite_text(statement, ":uid", run->uid);
    ajp_sqlite_text(statement, ":kind", aj_run_kind_name(run->kind));
    ajp_sqlite_text(statement, ":state", aj_run_state_name(run->state));
    ajp_sqlite_number(statement, ":started", run->started_unix_seconds);
    ajp_sqlite_number(statement, ":duration", run->duration_seconds);
    ajp_sqlite_text(statement, ":host", run->host);
    ajp_sqlite_text(statement, ":user", run->user);
    ajp_sqlite_text(statement, ":project", run->project);
    ajp_sqlite_text(statement, ":round", run->round);
    ajp_sqlite_text(statement, ":parent", run->parent);
    ajp_sqlite_text(statement, ":command_line", run->command_line);
    ajp_sqlite_text(statement, ":tool", run->tool);
    ajp_sqlite_text(statement, ":record", run->record);
    if (run->exit_status >= 0) ajp_sqlite_integer(statement, ":exit_status", run->exit_status);
    aj_status st = ajp_sqlite_step(store, statement, could_not, err);
    sqlite3_finalize(statement);
    return st;
}

static aj_status put_figures(ajp_sqlite *store, int64_t id, int64_t first_place, const aj_figure *figures,
                             size_t n, aj_error *err)
{
    sqlite3_stmt *statement = NULL;
    AJ_TRY(
        ajp_sqlite_prepare(store,
                           "INSERT INTO figures VALUES (:id, :place, :quantity, :part, :unit, :value, :low, "
                           ":high, :origin, :source, :version, :sha256)",
                           &statement, err));
    aj_status st = AJ_OK;
    for (size_t i = 0; st == AJ_OK && i < n; i++) {
        const aj_figure *figure = &figures[i];
        ajp_sqlite_integer(statement, ":id", id);
        ajp_sqlite_integer(statement, ":place", first_place + (int64_t)i);
        ajp_sqlite_text(statement, ":quantity", aj_quantity_name(figure->quantity));
        ajp_sqlite_text(statement, ":part", figure->part);
        ajp_sqlite_text(statement, ":unit", ajp_figure_unit(figure));
        ajp_sqlite_number(statement, ":value", figure->value);
        ajp_sqlite_number(statement, ":low", figure->low);
        ajp_sqlite_number(statement, ":high", figure->high);
        ajp_sqlite_text(statement, ":origin", aj_origin_name(figure->origin));
        ajp_sqlite_text(statement, ":source", figure->source);
        ajp_sqlite_text(statement, ":version", figure->version);
        ajp_sqlite_text(statement, ":sha256", figure->sha256);
        st = ajp_sqlite_step(store, statement, could_not, err);
    }
    sqlite3_finalize(statement);
    return st;
}

static aj_status put_tags(ajp_sqlite *store, int64_t id, const aj_run *run, aj_error *err)
{
    sqlite3_stmt *statement = NULL;
    AJ_TRY(ajp_sqlite_prepare(store, "INSERT OR IGNORE INTO tags VALUES (:id, :tag)", &statement, err));
    aj_status st = AJ_OK;
    for (size_t i = 0; st == AJ_OK && i < run->n_tags; i++) {
        ajp_sqlite_integer(statement, ":id", id);
        ajp_sqlite_text(statement, ":tag", run->tags[i]);
        st = ajp_sqlite_step(store, statement, could_not, err);
    }
    sqlite3_finalize(statement);
    return st;
}

static void bind_bytes(sqlite3_stmt *statement, const char *name, const ajp_packed *packed)
{
    sqlite3_bind_blob64(statement, sqlite3_bind_parameter_index(statement, name), packed->bytes, packed->size,
                        SQLITE_STATIC);
}

static aj_status put_samples(ajp_sqlite *store, int64_t id, const aj_run_samples *samples, aj_error *err)
{
    sqlite3_stmt *statement = NULL;
    ajp_packed packed;
    AJ_TRY(ajp_pack_samples(&packed, samples, err));
    aj_status st =
        ajp_sqlite_prepare(store,
                           "INSERT OR IGNORE INTO samples (run_id, source, unit, first_seconds, n, data) "
                           "VALUES (:id, :source, :unit, :first, :n, :data)",
                           &statement, err);
    if (st == AJ_OK) {
        ajp_sqlite_integer(statement, ":id", id);
        ajp_sqlite_text(statement, ":source", samples->source);
        ajp_sqlite_text(statement, ":unit", samples->unit);
        ajp_sqlite_number(statement, ":first", samples->time_seconds[0]);
        ajp_sqlite_integer(statement, ":n", (int64_t)samples->n);
        bind_bytes(statement, ":data", &packed);
        st = ajp_sqlite_step(store, statement, "samples could not be written", err);
    }
    sqlite3_finalize(statement);
    ajp_free(NULL, packed.bytes);
    return st;
}

static aj_status put_trace(ajp_sqlite *store, int64_t id, const aj_run *run, aj_error *err)
{
    sqlite3_stmt *statement = NULL;
    ajp_packed packed;
    if (run->trace == NULL) return AJ_OK;
    AJ_TRY(ajp_pack(&packed, run->trace, run->trace_bytes, err));
    aj_status st = ajp_sqlite_prepare(store, "INSERT OR REPLACE INTO traces VALUES (:id, :bytes, :data)",
                                      &statement, err);
    if (st == AJ_OK) {
        ajp_sqlite_integer(statement, ":id", id);
        ajp_sqlite_integer(statement, ":bytes", (int64_t)run->trace_bytes);
        bind_bytes(statement, ":data", &packed);
        st = ajp_sqlite_step(store, statement, "the trace could not be written", err);
    }
    sqlite3_finalize(statement);
    ajp_free(NULL, packed.bytes);
    return st;
}

static aj_status clear_lists(ajp_sqlite *store, int64_t id, aj_error *err)
{
    char sql[128];
    snprintf(sql, sizeof sql, "DELETE FROM figures WHERE run_id = %lld; DELETE FROM tags WHERE run_id = %lld",
             (long long)id, (long long)id);
    return ajp_sqlite_run(store, sql, could_not, err);
}

/* Inside a transaction. */
static aj_status put_whole(ajp_sqlite *store, const aj_run *run, aj_put_outcome *outcome, aj_error *err)
{
    int64_t id = 0;
    bool running = false;
    AJ_TRY(look_up(store, run->uid, &id, &running, err));
    *outcome = id == 0 ? AJ_PUT_ADDED : AJ_PUT_COMPLETED;
    if (id != 0 && (!running || run->state == AJ_RUN_RUNNING)) {
        *outcome = AJ_PUT_KNOWN;
        return AJ_OK;
    }
    AJ_TRY(put_row(store, run, err));
    AJ_TRY(look_up(store, run->uid, &id, &running, err));
    if (*outcome == AJ_PUT_COMPLETED) AJ_TRY(clear_lists(store, id, err));
    AJ_TRY(put_figures(store, id, 0, run->figures, run->n_figures, err));
    AJ_TRY(put_tags(store, id, run, err));
    for (size_t i = 0; i < run->n_samples; i++) AJ_TRY(put_samples(store, id, &run->samples[i], err));
    return put_trace(store, id, run, err);
}

/* In the transaction of a batch, or in one of its own. */
static aj_status end_own(ajp_sqlite *store, bool own, aj_status st, aj_error *err)
{
    if (!own) return st;
    if (st == AJ_OK) return ajp_sqlite_commit(store, err);
    ajp_sqlite_rollback(store);
    return st;
}

aj_status ajp_sqlite_put(void *user, const aj_run *run, aj_put_outcome *outcome, aj_error *err)
{
    ajp_sqlite *store = user;
    bool own = !store->in_batch;
    if (own) AJ_TRY(ajp_sqlite_begin(store, err));
    return end_own(store, own, put_whole(store, run, outcome, err), err);
}

aj_status ajp_sqlite_add_samples(void *user, const char *uid, const aj_run_samples *samples, aj_error *err)
{
    ajp_sqlite *store = user;
    int64_t id = 0;
    bool running = false;
    AJ_TRY(ajp_sqlite_begin(store, err));
    aj_status st = look_up(store, uid, &id, &running, err);
    if (st == AJ_OK && id == 0)
        st = ajp_fail(err, AJ_NOT_FOUND, 0, "%s: no run %s; put it first", store->path, uid);
    if (st == AJ_OK) st = put_samples(store, id, samples, err);
    return end_own(store, true, st, err);
}

/* ---- other prices ---- */

static aj_status drop_figure(ajp_sqlite *store, int64_t id, const aj_figure *figure, aj_error *err)
{
    sqlite3_stmt *statement = NULL;
    AJ_TRY(ajp_sqlite_prepare(store,
                              "DELETE FROM figures WHERE run_id = :id AND quantity = :quantity "
                              "AND (quantity <> 'cost' OR part IS :part)",
                              &statement, err));
    ajp_sqlite_integer(statement, ":id", id);
    ajp_sqlite_text(statement, ":quantity", aj_quantity_name(figure->quantity));
    ajp_sqlite_text(statement, ":part", figure->part);
    aj_status st = ajp_sqlite_step(store, statement, could_not, err);
    sqlite3_finalize(statement);
    return st;
}

static aj_status next_place(ajp_sqlite *store, int64_t id, int64_t *place, aj_error *err)
{
    sqlite3_stmt *statement = NULL;
    AJ_TRY(ajp_sqlite_prepare(store, "SELECT coalesce(max(place) + 1, 0) FROM figures WHERE run_id = :id",
                              &statement, err));
    ajp_sqlite_integer(statement, ":id", id);
    bool found = sqlite3_step(statement) == SQLITE_ROW;
    if (found) *place = sqlite3_column_int64(statement, 0);
    aj_status st = found ? AJ_OK : ajp_sqlite_fail(store, "could not be read", err);
    sqlite3_finalize(statement);
    return st;
}

/* Inside a transaction. */
static aj_status reprice(ajp_sqlite *store, const char *uid, const aj_figure *figures, size_t n,
                         aj_error *err)
{
    int64_t id = 0, place = 0;
    bool running = false;
    AJ_TRY(look_up(store, uid, &id, &running, err));
    if (id == 0) return ajp_fail(err, AJ_NOT_FOUND, 0, "%s: has no run %s", store->path, uid);
    if (running)
        return ajp_fail(err, AJ_NOT_MET, 0,
                        "%s: run %s has not ended; its end would take the prices away again", store->path,
                        uid);
    for (size_t i = 0; i < n; i++) AJ_TRY(drop_figure(store, id, &figures[i], err));
    AJ_TRY(next_place(store, id, &place, err));
    return put_figures(store, id, place, figures, n, err);
}

aj_status ajp_sqlite_reprice(void *user, const char *uid, const aj_figure *figures, size_t n, aj_error *err)
{
    ajp_sqlite *store = user;
    AJ_TRY(ajp_sqlite_begin(store, err));
    return end_own(store, true, reprice(store, uid, figures, n, err), err);
}

aj_status ajp_sqlite_set_budget(void *user, const aj_budget *budget, aj_error *err)
{
    ajp_sqlite *store = user;
    sqlite3_stmt *statement = NULL;
    const char *sql = isnan(budget->value)
                          ? "DELETE FROM budgets WHERE project = :project AND quantity = :quantity "
                            "AND unit = :unit"
                          : "INSERT OR REPLACE INTO budgets VALUES (:project, :quantity, :unit, "
                            ":value)";
    AJ_TRY(ajp_sqlite_begin(store, err));
    aj_status st = ajp_sqlite_prepare(store, sql, &statement, err);
    if (st == AJ_OK) {
        ajp_sqlite_text(statement, ":project", budget->project);
        ajp_sqlite_text(statement, ":quantity", aj_quantity_name(budget->quantity));
        ajp_sqlite_text(statement, ":unit", budget->unit);
        if (!isnan(budget->value)) ajp_sqlite_number(statement, ":value", budget->value);
        st = ajp_sqlite_step(store, statement, "the budget could not be written", err);
    }
    sqlite3_finalize(statement);
    return end_own(store, true, st, err);
}

static aj_status delete_chosen(ajp_sqlite *store, const char *sql, const aj_run_filter *filter, int *n,
                               aj_error *err)
{
    sqlite3_stmt *statement = NULL;
    AJ_TRY(ajp_sqlite_prepare(store, sql, &statement, err));
    ajp_sqlite_bind_filter(statement, filter);
    aj_status st = ajp_sqlite_step(store, statement, "could not be pruned", err);
    *n = sqlite3_changes(store->db);
    sqlite3_finalize(statement);
    return st;
}

aj_status ajp_sqlite_prune(void *user, const aj_run_filter *filter, bool whole_runs, uint64_t *n,
                           aj_error *err)
{
    static const char runs[] =
        "WITH " AJP_SQLITE_CHOSEN "DELETE FROM runs WHERE id IN (SELECT id FROM chosen)";
    static const char samples[] =
        "WITH " AJP_SQLITE_CHOSEN "DELETE FROM samples WHERE run_id IN (SELECT id FROM chosen)";
    static const char traces[] =
        "WITH " AJP_SQLITE_CHOSEN "DELETE FROM traces WHERE run_id IN (SELECT id FROM chosen)";
    ajp_sqlite *store = user;
    int n_first = 0, n_second = 0;
    AJ_TRY(ajp_sqlite_begin(store, err));
    aj_status st = delete_chosen(store, whole_runs ? runs : samples, filter, &n_first, err);
    if (st == AJ_OK && !whole_runs) st = delete_chosen(store, traces, filter, &n_second, err);
    st = end_own(store, true, st, err);
    if (st != AJ_OK) return st;
    *n = (uint64_t)n_first + (uint64_t)n_second;
    return ajp_sqlite_run(store, "PRAGMA incremental_vacuum", "its free pages could not be given back", err);
}

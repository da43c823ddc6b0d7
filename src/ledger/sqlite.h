/* sqlite.h: what the files of the SQLite store share. */
#ifndef AJP_LEDGER_SQLITE_H
#define AJP_LEDGER_SQLITE_H

#include <sqlite3.h>

#include "run.h"
#include "store_ops.h"

typedef struct {
    sqlite3 *db;
    bool in_batch;
    double busy_seconds, wait_started_seconds;
    char path[]; /* for messages */
} ajp_sqlite;

/* The sentence and status that belong to what SQLite just said. `what` = "the run could not be written". */
aj_status ajp_sqlite_fail(ajp_sqlite *store, const char *what, aj_error *err);
aj_status ajp_sqlite_run(ajp_sqlite *store, const char *sql, const char *what, aj_error *err);
/* Finalize with sqlite3_finalize. */
aj_status ajp_sqlite_prepare(ajp_sqlite *store, const char *sql, sqlite3_stmt **out, aj_error *err);
/* Steps a statement that gives no row, then resets it. */
aj_status ajp_sqlite_step(ajp_sqlite *store, sqlite3_stmt *statement, const char *what, aj_error *err);
/* Parameters by name (":project"); NULL and NaN become NULL.  Texts are borrowed until the statement is done.
 */
void ajp_sqlite_text(sqlite3_stmt *statement, const char *name, const char *text);
void ajp_sqlite_number(sqlite3_stmt *statement, const char *name, double value);
void ajp_sqlite_integer(sqlite3_stmt *statement, const char *name, int64_t value);

/* Runs of a filter: a common table `chosen (id)`; its parameters are bound by the second. */
#define AJP_SQLITE_CHOSEN                                                                           \
    "chosen (id) AS MATERIALIZED (SELECT r.id FROM runs r WHERE "                                   \
    "(:uid IS NULL OR substr(r.uid, 1, length(:uid)) = :uid) AND (:project IS NULL OR r.project = " \
    ":project) "                                                                                    \
    "AND (:uids IS NULL OR instr(:uids, r.uid) > 0) "                                               \
    "AND (:user IS NULL OR r.user = :user) AND (:round IS NULL OR r.round = :round) "               \
    "AND (:tag IS NULL OR EXISTS (SELECT 1 FROM tags t WHERE t.run_id = r.id AND t.tag = :tag)) "   \
    "AND (:kind IS NULL OR r.kind = :kind) AND (:state IS NULL OR r.state = :state) "               \
    "AND (:since IS NULL OR r.started_unix_seconds >= :since) "                                     \
    "AND (:until IS NULL OR r.started_unix_seconds < :until) "                                      \
    "ORDER BY r.started_unix_seconds DESC, r.id DESC LIMIT :n_last) "
void ajp_sqlite_bind_filter(sqlite3_stmt *statement, const aj_run_filter *filter);

aj_status ajp_sqlite_begin(void *store, aj_error *err);
aj_status ajp_sqlite_commit(void *store, aj_error *err);
void ajp_sqlite_rollback(void *store);
aj_status ajp_sqlite_put(void *store, const aj_run *run, aj_put_outcome *outcome, aj_error *err);
aj_status ajp_sqlite_add_samples(void *store, const char *uid, const aj_run_samples *samples, aj_error *err);
aj_status ajp_sqlite_reprice(void *store, const char *uid, const aj_figure *figures, size_t n, aj_error *err);
aj_status ajp_sqlite_set_budget(void *store, const aj_budget *budget, aj_error *err);
aj_status ajp_sqlite_prune(void *store, const aj_run_filter *filter, bool whole_runs, uint64_t *n,
                           aj_error *err);
aj_status ajp_sqlite_each(void *store, const aj_run_filter *filter, aj_run_callback callback, void *user,
                          aj_error *err);
aj_status ajp_sqlite_account(void *store, const aj_run_filter *filter, aj_account *out, aj_error *err);
aj_status ajp_sqlite_budgets(void *store, const char *project, aj_budget **budgets, size_t *n, aj_error *err);

#endif

/* store_ops.h: what a store of runs is.  The generic part (ledger.c) has checked every run and filter. */
#ifndef AJP_LEDGER_STORE_OPS_H
#define AJP_LEDGER_STORE_OPS_H

#include "attojoule/ledger.h"
#include "base/internal.h"

typedef struct {
    const char *name, *summary;
    bool (*takes)(const char *location);
    aj_status (*open)(void **store, const char *location, const aj_ledger_options *options, aj_error *err);
    void (*close)(void *store);
    /* Several puts as one transaction. */
    aj_status (*begin)(void *store, aj_error *err);
    aj_status (*commit)(void *store, aj_error *err);
    void (*rollback)(void *store);
    aj_status (*put)(void *store, const aj_run *run, aj_put_outcome *outcome, aj_error *err);
    aj_status (*add_samples)(void *store, const char *uid, const aj_run_samples *samples, aj_error *err);
    aj_status (*reprice)(void *store, const char *uid, const aj_figure *figures, size_t n, aj_error *err);
    aj_status (*each)(void *store, const aj_run_filter *filter, aj_run_callback callback, void *user,
                      aj_error *err);
    aj_status (*account)(void *store, const aj_run_filter *filter, aj_account *out, aj_error *err);
    aj_status (*set_budget)(void *store, const aj_budget *budget, aj_error *err);
    /* Without `spent`. */
    aj_status (*budgets)(void *store, const char *project, aj_budget **budgets, size_t *n, aj_error *err);
    aj_status (*prune)(void *store, const aj_run_filter *filter, bool whole_runs, uint64_t *n, aj_error *err);
} ajp_store_ops;

#define STORE(id) extern const ajp_store_ops ajp_store_##id;
#include "stores.def"
#undef STORE

#endif

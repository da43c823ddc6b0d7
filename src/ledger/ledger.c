/* ledger.c: from a location to a store, and everything that is the same for all stores. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "run.h"
#include "spill.h"
#include "store_ops.h"

static const ajp_store_ops *const stores[] = {
#define STORE(id) &ajp_store_##id,
#include "stores.def"
#undef STORE
};
enum { N_STORES = sizeof stores / sizeof stores[0] };

struct aj_ledger {
    const ajp_store_ops *ops;
    void *store;
    uint64_t n_taken_in;
    char remark[512];
    char path[];
};

const char *aj_ledger_store(size_t i, const char **summary)
{
    if (i >= N_STORES) return NULL;
    if (summary != NULL) *summary = stores[i]->summary;
    return stores[i]->name;
}

aj_status aj_ledger_default_path(char *path, size_t size, aj_error *err)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    int n = -1;
    if (data != NULL && data[0] == '/') /* the XDG specification: a relative path is ignored */
        n = snprintf(path, size, "%s/attojoule/ledger.db", data);
    else if (home != NULL && home[0] != '\0')
        n = snprintf(path, size, "%s/.local/share/attojoule/ledger.db", home);
    if (n < 0)
        return ajp_fail(err, AJ_NOT_FOUND, 0,
                        "the ledger has no place: neither XDG_DATA_HOME nor HOME is set; name a file");
    if ((size_t)n >= size) return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "the path of the ledger is too long");
    return AJ_OK;
}

/* The folders above the default path, for this user alone as the XDG specification says. */
static void make_folders(const char *path)
{
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(folder, 0700); /* what is missing shows when the file is opened */
        *slash = '/';
    }
}

static const ajp_store_ops *find_store(const char *location)
{
    for (size_t i = 0; i < N_STORES; i++)
        if (stores[i]->takes(location)) return stores[i];
    return NULL;
}

static aj_status check_options(const aj_ledger_options *options, aj_error *err)
{
    if (options->struct_size != sizeof *options)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "ledger options: struct_size %zu; use AJ_LEDGER_OPTIONS_INIT", options->struct_size);
    if (!(options->busy_seconds >= 0 && options->busy_seconds <= 1e6))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "ledger options: busy_seconds must be 0 to 1000000");
    return AJ_OK;
}

static aj_status resolve_path(const aj_ledger_options *options, char *path, size_t size, aj_error *err)
{
    if (options->path == NULL) return aj_ledger_default_path(path, size, err);
    if (options->path[0] == '\0' || strlen(options->path) >= size)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "the path of the ledger must have 1 to %zu bytes", size - 1);
    strcpy(path, options->path);
    return AJ_OK;
}

static aj_status open_store(aj_ledger **out, const char *path, const aj_ledger_options *options,
                            aj_error *err)
{
    const ajp_store_ops *ops = find_store(path);
    if (ops == NULL)
        return ajp_fail(err, AJ_UNSUPPORTED, 0, "%s: no store of this version takes it; name a file", path);
    size_t length = strlen(path) + 1;
    aj_ledger *ledger = ajp_calloc(NULL, 1, sizeof *ledger + length);
    if (ledger == NULL) return ajp_no_memory(err, "ledger");
    memcpy(ledger->path, path, length);
    ledger->ops = ops;
    if (options->path == NULL && !options->read_only) make_folders(path);
    aj_status st = ops->open(&ledger->store, path, options, err);
    if (st == AJ_OK && !options->read_only)
        st = ajp_spill_take_in(ledger, &ledger->n_taken_in, ledger->remark, err);
    if (st != AJ_OK) {
        aj_ledger_close(ledger);
        return st;
    }
    *out = ledger;
    return AJ_OK;
}

aj_status aj_ledger_open(aj_ledger **out, const aj_ledger_options *options, aj_error *err)
{
    aj_ledger_options defaults = AJ_LEDGER_OPTIONS_INIT;
    char path[4000];
    *out = NULL;
    if (options == NULL) options = &defaults;
    AJ_TRY(check_options(options, err));
    AJ_TRY(resolve_path(options, path, sizeof path, err));
    return open_store(out, path, options, err);
}

void aj_ledger_close(aj_ledger *ledger)
{
    if (ledger == NULL) return;
    if (ledger->store != NULL) ledger->ops->close(ledger->store);
    ajp_free(NULL, ledger);
}

const char *aj_ledger_path(const aj_ledger *ledger)
{
    return ledger->path;
}

uint64_t aj_ledger_taken_in(const aj_ledger *ledger)
{
    return ledger->n_taken_in;
}

const char *aj_ledger_remark(const aj_ledger *ledger)
{
    return ledger->remark[0] != '\0' ? ledger->remark : NULL;
}

/* ---- writing ---- */

/* A copy with a uid, checked. */
static aj_status ready(aj_run *copy, const aj_run *run, aj_error *err)
{
    *copy = *run;
    copy->memory = NULL;
    AJ_TRY(ajp_run_check(run, "run", err));
    if (copy->uid[0] == '\0') AJ_TRY(aj_run_new_uid(copy->uid, err));
    if (copy->parent != NULL && strcmp(copy->parent, copy->uid) == 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "run %s: cannot be inside itself", copy->uid);
    return AJ_OK;
}

aj_status aj_ledger_put(aj_ledger *ledger, const aj_run *run, char uid[33], aj_put_outcome *outcome,
                        aj_error *err)
{
    aj_run copy;
    aj_put_outcome what = AJ_PUT_ADDED;
    AJ_TRY(ready(&copy, run, err));
    AJ_TRY(ledger->ops->put(ledger->store, &copy, &what, err));
    if (uid != NULL) memcpy(uid, copy.uid, 33);
    if (outcome != NULL) *outcome = what;
    return AJ_OK;
}

aj_status aj_ledger_add_samples(aj_ledger *ledger, const char *uid, const aj_run_samples *samples,
                                aj_error *err)
{
    aj_run run = {.samples = samples, .n_samples = 1, .duration_seconds = 0, .started_unix_seconds = 0};
    if (!ajp_is_uid(uid)) return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "samples: uid must be 32 hex digits");
    AJ_TRY(ajp_run_check(&run, uid, err));
    return ledger->ops->add_samples(ledger->store, uid, samples, err);
}

aj_status aj_ledger_reprice(aj_ledger *ledger, const char *uid, const aj_figure *figures, size_t n,
                            aj_error *err)
{
    aj_run run = {.figures = figures, .n_figures = n, .duration_seconds = 0, .started_unix_seconds = 0};
    if (!ajp_is_uid(uid)) return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "other prices: uid must be 32 hex digits");
    AJ_TRY(ajp_run_check(&run, uid, err));
    for (size_t i = 0; i < n; i++) {
        aj_quantity q = figures[i].quantity;
        if (q != AJ_QUANTITY_CO2E_LOCATION && q != AJ_QUANTITY_CO2E_MARKET &&
            q != AJ_QUANTITY_CO2E_EMBODIED && q != AJ_QUANTITY_COST && q != AJ_QUANTITY_FEE)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "run %s: %s is no price; only carbon, cost and fee change", uid,
                            aj_quantity_name(q));
    }
    return ledger->ops->reprice(ledger->store, uid, figures, n, err);
}

static aj_status try_put(const aj_ledger_options *options, const aj_run *run, aj_error *why)
{
    aj_ledger *ledger = NULL;
    AJ_TRY(aj_ledger_open(&ledger, options, why));
    aj_status st = aj_ledger_put(ledger, run, NULL, NULL, why);
    aj_ledger_close(ledger);
    return st;
}

aj_status aj_ledger_keep(const aj_ledger_options *options, const aj_run *run, aj_kept *kept, aj_error *err)
{
    aj_ledger_options defaults = AJ_LEDGER_OPTIONS_INIT;
    aj_error why = {AJ_OK, 0, ""};
    aj_kept result = {false, "", ""};
    aj_run copy;
    if (options == NULL) options = &defaults;
    AJ_TRY(check_options(options, err));
    AJ_TRY(ready(&copy, run, err));
    AJ_TRY(resolve_path(options, result.path, 4000, err));
    if (try_put(options, &copy, &why) != AJ_OK) {
        char ledger_path[4000];
        memcpy(ledger_path, result.path, sizeof ledger_path);
        snprintf(result.why, sizeof result.why, "%s", why.message);
        result.spilled = true;
        aj_error second = {AJ_OK, 0, ""};
        aj_status st = ajp_spill_append(ledger_path, &copy, result.path, sizeof result.path, &second);
        if (st != AJ_OK)
            return ajp_fail(err, st, 0, "%.240s; and no spill file: %.240s", why.message, second.message);
    }
    *kept = result;
    return AJ_OK;
}

/* ---- reading ---- */

aj_run_filter aj_run_filter_any(void)
{
    return (aj_run_filter){.struct_size = sizeof(aj_run_filter),
                           .kind = -1,
                           .state = -1,
                           .since_unix_seconds = (double)NAN,
                           .until_unix_seconds = (double)NAN};
}

static aj_status check_filter(const aj_run_filter **filter, aj_run_filter *any, aj_error *err)
{
    *any = aj_run_filter_any();
    if (*filter == NULL) *filter = any;
    if ((*filter)->struct_size != sizeof **filter)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "run filter: struct_size %zu; begin with aj_run_filter_any",
                        (*filter)->struct_size);
    if ((*filter)->kind >= AJ_N_RUN_KINDS || (*filter)->state >= AJ_N_RUN_STATES)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "run filter: kind and state must be known ones, or -1");
    return AJ_OK;
}

aj_status aj_ledger_each(aj_ledger *ledger, const aj_run_filter *filter, aj_run_callback callback, void *user,
                         aj_error *err)
{
    aj_run_filter any;
    AJ_TRY(check_filter(&filter, &any, err));
    return ledger->ops->each(ledger->store, filter, callback, user, err);
}

typedef struct {
    aj_run run;
    size_t n;
} found_runs;

static bool keep_first(void *user, const aj_run *run)
{
    found_runs *found = user;
    if (found->n++ == 0) {
        found->run = *run;
        ((aj_run *)run)->memory =
            NULL; /* moved: the run passed here is the store's own, about to be destroyed */
    }
    return found->n < 2;
}

aj_status aj_ledger_find(aj_ledger *ledger, const char *uid, aj_run *out, aj_error *err)
{
    aj_run_filter filter = aj_run_filter_any();
    found_runs found = {.n = 0};
    if (uid == NULL || uid[0] == '\0' || strspn(uid, "0123456789abcdef") != strlen(uid))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "a run is named by the first hex digits of its uid, not '%s'",
                        uid != NULL ? uid : "");
    filter.uid = uid;
    filter.with_samples = true;
    aj_status st = ledger->ops->each(ledger->store, &filter, keep_first, &found, err);
    if (st == AJ_OK && found.n == 0)
        st = ajp_fail(err, AJ_NOT_FOUND, 0, "%s: has no run %s", ledger->path, uid);
    if (st == AJ_OK && found.n > 1)
        st = ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: several runs begin with %s; give more digits",
                      ledger->path, uid);
    if (st == AJ_OK)
        *out = found.run;
    else
        aj_run_destroy(&found.run);
    return st;
}

aj_status aj_ledger_account(aj_ledger *ledger, const aj_run_filter *filter, aj_account *out, aj_error *err)
{
    aj_run_filter any;
    AJ_TRY(check_filter(&filter, &any, err));
    return ledger->ops->account(ledger->store, filter, out, err);
}

/* ---- budgets ---- */

aj_status aj_ledger_set_budget(aj_ledger *ledger, const char *project, aj_quantity quantity, const char *unit,
                               double value, aj_error *err)
{
    aj_budget budget = {.quantity = quantity, .value = value};
    const char *own = aj_quantity_unit(quantity);
    if (unit == NULL) unit = own;
    if (project == NULL || project[0] == '\0' || strlen(project) >= sizeof budget.project)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "a budget needs a project of 1 to 255 bytes");
    if (!aj_quantity_adds(quantity))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s does not add up, so there is no budget of it",
                        aj_quantity_name(quantity));
    if (unit[0] == '\0' || strlen(unit) >= sizeof budget.unit || (own[0] != '\0' && strcmp(unit, own) != 0))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "a budget of %s cannot be in '%s'",
                        aj_quantity_name(quantity), unit);
    if (isinf(value) || value < 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "a budget must be finite and not negative");
    strcpy(budget.project, project);
    strcpy(budget.unit, unit);
    return ledger->ops->set_budget(ledger->store, &budget, err);
}

static aj_status add_spent(aj_ledger *ledger, aj_budget *budget, aj_error *err)
{
    aj_run_filter filter = aj_run_filter_any();
    aj_account account;
    filter.project = budget->project;
    AJ_TRY(aj_ledger_account(ledger, &filter, &account, err));
    budget->spent = (aj_total){.quantity = budget->quantity,
                               .value = (double)NAN,
                               .low = (double)NAN,
                               .high = (double)NAN,
                               .origin = AJ_ASSUMED};
    for (size_t i = 0; i < account.n_totals; i++)
        if (account.totals[i].quantity == budget->quantity &&
            strcmp(account.totals[i].unit, budget->unit) == 0)
            budget->spent = account.totals[i];
    return AJ_OK;
}

aj_status aj_ledger_budgets(aj_ledger *ledger, const char *project, aj_budget **budgets, size_t *n,
                            aj_error *err)
{
    aj_budget *found = NULL;
    size_t n_found = 0;
    AJ_TRY(ledger->ops->budgets(ledger->store, project, &found, &n_found, err));
    for (size_t i = 0; i < n_found; i++) {
        aj_status st = add_spent(ledger, &found[i], err);
        if (st != AJ_OK) {
            aj_budgets_free(found);
            return st;
        }
    }
    *budgets = found;
    *n = n_found;
    return AJ_OK;
}

void aj_budgets_free(aj_budget *budgets)
{
    ajp_free(NULL, budgets);
}

aj_status aj_ledger_prune(aj_ledger *ledger, const aj_run_filter *filter, bool whole_runs, uint64_t *n,
                          aj_error *err)
{
    aj_run_filter any;
    AJ_TRY(check_filter(&filter, &any, err));
    return ledger->ops->prune(ledger->store, filter, whole_runs, n, err);
}

/* ---- moving ---- */

typedef struct {
    aj_ledger *to; /* merge */
    FILE *stream;  /* export */
    aj_import counts;
    uint64_t n;
    aj_status st;
    aj_error *err;
} mover;

static void count(aj_import *counts, aj_put_outcome outcome)
{
    counts->n_added += outcome == AJ_PUT_ADDED;
    counts->n_completed += outcome == AJ_PUT_COMPLETED;
    counts->n_known += outcome == AJ_PUT_KNOWN;
}

static bool write_line(void *user, const aj_run *run)
{
    mover *m = user;
    char *text = NULL;
    m->st = aj_run_to_json(run, &text, m->err);
    if (m->st != AJ_OK) return false;
    if (fprintf(m->stream, "%s\n", text) < 0)
        m->st = ajp_fail(m->err, AJ_IO, errno, "the export could not be written; check the free space");
    aj_text_free(text);
    m->n++;
    return m->st == AJ_OK;
}

aj_status aj_ledger_export(aj_ledger *ledger, const aj_run_filter *filter, FILE *stream, uint64_t *n,
                           aj_error *err)
{
    mover m = {.stream = stream, .st = AJ_OK, .err = err};
    AJ_TRY(aj_ledger_each(ledger, filter, write_line, &m, err));
    AJ_TRY(m.st);
    if (n != NULL) *n = m.n;
    return AJ_OK;
}

static bool put_one(void *user, const aj_run *run)
{
    mover *m = user;
    aj_put_outcome outcome = AJ_PUT_ADDED;
    m->st = aj_ledger_put(m->to, run, NULL, &outcome, m->err);
    if (m->st == AJ_OK) count(&m->counts, outcome);
    return m->st == AJ_OK;
}

aj_status aj_ledger_merge(aj_ledger *ledger, aj_ledger *other, aj_import *out, aj_error *err)
{
    mover m = {.to = ledger, .st = AJ_OK, .err = err};
    aj_run_filter filter = aj_run_filter_any();
    filter.with_samples = true;
    AJ_TRY(aj_ledger_each(other, &filter, put_one, &m, err));
    AJ_TRY(m.st);
    if (out != NULL) *out = m.counts;
    return AJ_OK;
}

/* Batches keep the lock short and cost one flush a hundred runs. */
enum { RUNS_A_BATCH = 100 };

static aj_status import_line(aj_ledger *ledger, const char *text, size_t size, const char *name,
                             aj_import *counts, aj_error *err)
{
    aj_run run;
    aj_put_outcome outcome = AJ_PUT_ADDED;
    AJ_TRY(aj_run_from_json(&run, text, size, name, err));
    aj_status st = aj_ledger_put(ledger, &run, NULL, &outcome, err);
    aj_run_destroy(&run);
    if (st == AJ_OK) count(counts, outcome);
    return st;
}

static aj_status import_batch(aj_ledger *ledger, const char *text, size_t size, size_t *start,
                              unsigned long *line, const char *path, aj_import *counts, aj_error *err)
{
    AJ_TRY(ledger->ops->begin(ledger->store, err));
    aj_status st = AJ_OK;
    for (int i = 0; st == AJ_OK && i < RUNS_A_BATCH && *start < size; i++, (*line)++) {
        const char *end = memchr(text + *start, '\n', size - *start);
        size_t length = (end != NULL ? (size_t)(end - text) : size) - *start;
        char name[300];
        snprintf(name, sizeof name, "%.250s: line %lu", path, *line);
        if (length > 0) st = import_line(ledger, text + *start, length, name, counts, err);
        if (st == AJ_OK) *start += length + 1;
    }
    if (st == AJ_OK || st == AJ_CORRUPT || st == AJ_BAD_ARGUMENT) { /* what came before a bad line stays */
        aj_status committed = ledger->ops->commit(ledger->store, st == AJ_OK ? err : NULL);
        return st == AJ_OK ? committed : st;
    }
    ledger->ops->rollback(ledger->store);
    return st;
}

aj_status aj_ledger_import(aj_ledger *ledger, const char *path, aj_import *out, aj_error *err)
{
    ajp_file_map map;
    aj_import counts = {0, 0, 0};
    size_t start = 0;
    unsigned long line = 1;
    AJ_TRY(ajp_file_map_open(&map, NULL, path, err));
    aj_status st = AJ_OK;
    while (st == AJ_OK && start < map.size)
        st = import_batch(ledger, (const char *)map.data, map.size, &start, &line, path, &counts, err);
    ajp_file_map_close(&map, NULL);
    if (st == AJ_OK && out != NULL) *out = counts;
    return st;
}

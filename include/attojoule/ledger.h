/* ledger.h: the account of who spent what: runs with their energies, carbon and money, in one database.
 *
 * A run is one metered command, training, evaluation, sweep point or trial of a search.  Every figure of it
 * says whether it was measured, modelled or assumed, how sure it is, and which data it came from.  Missing
 * numbers are NaN, never 0.  The environment of a process is never stored; see aj_command_line for secrets in
 * arguments.
 *
 * Processes: any number may write to one ledger at once; what aj_ledger_put has returned AJ_OK for survives a
 *   killed process.  Threads: one aj_ledger per thread.
 * Ownership: open gives, close takes back (NULL allowed).  Strings of a run that a function hands out live
 * until aj_run_destroy, or until the callback returns.
 */
#ifndef ATTOJOULE_LEDGER_H
#define ATTOJOULE_LEDGER_H

#include <stdio.h>

#include "attojoule/base.h"
#include "attojoule/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- words ------------------------------------------------------------------------------------- */

#define AJ_RUN_KIND_LIST(X)                                   \
    X(COMMAND, "command", "a metered command")                \
    X(TRAINING, "training", "a training of a network")        \
    X(EVALUATION, "evaluation", "an evaluation of a network") \
    X(SWEEP_POINT, "sweep_point", "one point of a sweep")     \
    X(SEARCH_TRIAL, "search_trial", "one trial of a search")
typedef enum {
#define AJ_RUN_KIND_ENUM(name, text, about) AJ_RUN_##name,
    AJ_RUN_KIND_LIST(AJ_RUN_KIND_ENUM)
#undef AJ_RUN_KIND_ENUM
        AJ_N_RUN_KINDS
} aj_run_kind;

/* RUNNING is also what a killed process leaves behind. */
#define AJ_RUN_STATE_LIST(X)                                      \
    X(RUNNING, "running", "begun; its end was not written (yet)") \
    X(FINISHED, "finished", "ended as it should")                 \
    X(FAILED, "failed", "ended with an error")                    \
    X(INTERRUPTED, "interrupted", "was stopped before its end")
typedef enum {
#define AJ_RUN_STATE_ENUM(name, text, about) AJ_RUN_##name,
    AJ_RUN_STATE_LIST(AJ_RUN_STATE_ENUM)
#undef AJ_RUN_STATE_ENUM
        AJ_N_RUN_STATES
} aj_run_state;

/* What a figure is of: name in JSON, unit ("" = a currency, which the figure names), whether it adds up over
 * the parts of a run and over runs, what it is.  Simulated joules were not spent: they never add up. */
#define AJ_QUANTITY_LIST(X)                                                                    \
    X(ENERGY, "energy_joules", "J", true, "energy that was spent; parts are disjoint sources") \
    X(CO2E_LOCATION, "location_kilograms_co2e", "kg", true, "by the grid where it was spent")  \
    X(CO2E_MARKET, "market_kilograms_co2e", "kg", true,                                        \
      "by what the contracts say; beside, not on top of it")                                   \
    X(CO2E_EMBODIED, "embodied_kilograms_co2e", "kg", true, "share of making the machine")     \
    X(COST, "cost", "", true, "electricity or rent of the machine")                            \
    X(FEE, "carbon_fee", "", true, "internal fee on carbon")                                   \
    X(FLOPS, "flops", "FLOP", true, "floating point operations")                               \
    X(DEVICE_TIME, "device_seconds", "s", true, "time x accelerators")                         \
    X(SIMULATED_ENERGY, "simulated_joules_per_inference", "J", false,                          \
      "what described hardware would spend; parts are boundaries")                             \
    X(ACCURACY, "accuracy_ratio", "1", false, "share of right answers")
typedef enum {
#define AJ_QUANTITY_ENUM(name, text, unit, adds, about) AJ_QUANTITY_##name,
    AJ_QUANTITY_LIST(AJ_QUANTITY_ENUM)
#undef AJ_QUANTITY_ENUM
        AJ_N_QUANTITIES
} aj_quantity;

AJ_API const char *aj_run_kind_name(aj_run_kind kind);
AJ_API bool aj_run_kind_from_name(const char *name, aj_run_kind *out);
AJ_API const char *aj_run_state_name(aj_run_state state);
AJ_API bool aj_run_state_from_name(const char *name, aj_run_state *out);
AJ_API const char *aj_quantity_name(aj_quantity quantity);
AJ_API const char *aj_quantity_unit(aj_quantity quantity); /* "" = a currency */
AJ_API bool aj_quantity_adds(aj_quantity quantity);
AJ_API bool aj_quantity_from_name(const char *name, aj_quantity *out);

/* ---- a run --------------------------------------------------------------------------------------- */

/* One number with its provenance. */
typedef struct {
    aj_quantity quantity;
    const char *part;        /* which source or boundary: "rapl/package-0", "system"; NULL = the whole */
    const char *unit;        /* NULL = that of the quantity; a currency ("USD") for cost and fee */
    double value, low, high; /* value NaN = not known; low ... high: 95 % interval, NaN = not known */
    aj_origin origin;
    const char *source;  /* the sensor, law or table it came from */
    const char *version; /* of that data: "2023", "v4.2" */
    const char *sha256;  /* of that data: 64 hex digits, or NULL */
} aj_figure;

/* Raw samples of one source: kept compressed, without loss. */
typedef struct {
    const char *source, *unit;
    size_t n;
    const double *time_seconds; /* n, since the start of the run */
    const double *values;       /* n, in `unit` */
} aj_run_samples;

typedef struct {
    void *memory; /* owns what the strings and arrays point to, when the library made the run; else NULL */
    char uid[33]; /* 32 hex digits; "" = aj_ledger_put makes one up */
    aj_run_kind kind;
    aj_run_state state;
    double started_unix_seconds, duration_seconds;
    const char *host, *user;
    const char *project, *round; /* a round: the runs that led to one model (one search) */
    const char *parent;          /* uid of the run that this one ran inside of: it is not counted twice */
    const char *command_line;    /* see aj_command_line */
    const char *tool;            /* what wrote it: "attojoule 0.1.0" */
    int exit_status;             /* -1 = not known; 128 + n for signal n */
    const char *record;          /* a JSON document of the record room, or NULL */
    const aj_figure *figures;
    size_t n_figures;
    const char *const *tags;
    size_t n_tags;
    const aj_run_samples *samples;
    size_t n_samples;
    const void *trace; /* bytes of a trace file, or NULL */
    size_t trace_bytes;
} aj_run;

/* A finished command of this host, user and version, everything else missing.  NOT zeroes: numbers are NaN.
 * host and user point into `who`. */
typedef struct {
    char host[256], user[256];
} aj_run_who;
AJ_API void aj_run_init(aj_run *run, aj_run_who *who);
AJ_API void aj_run_destroy(aj_run *run); /* frees what `memory` owns and zeroes it; NULL allowed */
/* 32 hex digits of the system's random numbers: for a run that has to be named before it is put. */
AJ_API AJ_MUST_USE aj_status aj_run_new_uid(char uid[33], aj_error *err);
/* The arguments as one line that a shell reads back.  redact: the program's name only, and how many arguments
 * were left out, since arguments may hold passwords and tokens.  Free with aj_text_free. */
AJ_API AJ_MUST_USE aj_status aj_command_line(char **text, size_t n, const char *const *arguments, bool redact,
                                             aj_error *err);
/* The run of a record: accuracy, simulated joules, the joules of the evaluation itself where they were
 * measured, the record as JSON.  The uid follows from the record: the same record put twice is one run.
 * source: the file it came from. */
AJ_API AJ_MUST_USE aj_status aj_run_from_evaluation(aj_run *out, const aj_evaluation *evaluation,
                                                    const char *source, aj_error *err);

/* ---- the ledger ------------------------------------------------------------------------------------ */

typedef struct aj_ledger aj_ledger;
typedef struct {
    size_t struct_size;
    const char *path;    /* NULL = aj_ledger_default_path */
    bool read_only;      /* the file must exist; nothing is written, migrated or taken in */
    double busy_seconds; /* how long to wait for other processes */
} aj_ledger_options;
#define AJ_LEDGER_OPTIONS_INIT                       \
    {                                                \
        sizeof(aj_ledger_options), NULL, false, 60.0 \
    }

/* $XDG_DATA_HOME/attojoule/ledger.db, else ~/.local/share/attojoule/ledger.db. */
AJ_API AJ_MUST_USE aj_status aj_ledger_default_path(char *path, size_t size, aj_error *err);
/* i-th store ("sqlite"), NULL at the end. */
AJ_API const char *aj_ledger_store(size_t i, const char **summary);

/* Creates or opens (and migrates an older schema); folders of the default path are made.  Takes in what a
 * spill file has kept.  UNSUPPORTED: a newer version has written it.  MISMATCH: a database of another
 * program.  DENIED, IO: says what to do. */
AJ_API AJ_MUST_USE aj_status aj_ledger_open(aj_ledger **out, const aj_ledger_options *options, aj_error *err);
AJ_API void aj_ledger_close(aj_ledger *ledger);
AJ_API const char *aj_ledger_path(const aj_ledger *ledger);
/* Runs that the opening took in from a spill file, and a sentence about lines that could not be read (or
 * NULL). */
AJ_API uint64_t aj_ledger_taken_in(const aj_ledger *ledger);
AJ_API const char *aj_ledger_remark(const aj_ledger *ledger);

typedef enum { AJ_PUT_ADDED, AJ_PUT_COMPLETED, AJ_PUT_KNOWN } aj_put_outcome;
/* Writes a run in one transaction.  A uid that is there as `running` is completed (figures, tags, record and
 * trace are replaced, samples added); one that is there with its end is left alone, so nothing counts twice.
 * uid: NULL, or gets the run's.  outcome: NULL allowed.  BAD_ARGUMENT: an impossible number or word. */
AJ_API AJ_MUST_USE aj_status aj_ledger_put(aj_ledger *ledger, const aj_run *run, char uid[33],
                                           aj_put_outcome *outcome, aj_error *err);
/* More samples of a run that is there.  The same source and first time again is ignored. */
AJ_API AJ_MUST_USE aj_status aj_ledger_add_samples(aj_ledger *ledger, const char *uid,
                                                   const aj_run_samples *samples, aj_error *err);

/* Other prices for a run that has ended: each figure takes the place of all those of its quantity (of cost:
 * of its quantity and part).  BAD_ARGUMENT: a quantity that is not carbon, cost or fee; what was measured and
 * counted never changes.  NOT_FOUND: no run with this (whole) uid.  NOT_MET: it is still running. */
AJ_API AJ_MUST_USE aj_status aj_ledger_reprice(aj_ledger *ledger, const char *uid, const aj_figure *figures,
                                               size_t n, aj_error *err);

/* For a program that must end well whatever the ledger does: opens, puts and closes; when that fails, appends
 * the run to a spill file that the next aj_ledger_open takes in.  Fails only when both did. */
typedef struct {
    bool spilled;
    char path[4096]; /* where the run is now: the ledger or the spill file */
    char why[512];   /* why the ledger did not take it; "" otherwise */
} aj_kept;
AJ_API AJ_MUST_USE aj_status aj_ledger_keep(const aj_ledger_options *options, const aj_run *run,
                                            aj_kept *kept, aj_error *err);

/* ---- reading --------------------------------------------------------------------------------------- */

/* NULL, NaN, -1 and 0 ask for everything. */
typedef struct {
    size_t struct_size;
    const char *uid; /* its first digits */
    const char *project, *user, *round, *tag;
    int kind, state; /* -1 = any */
    double since_unix_seconds,
        until_unix_seconds; /* of the start; runs without one are left out when given */
    uint64_t n_last;        /* only the newest n */
    bool with_samples;      /* also samples and trace */
    const char *uids;       /* only these: whole uids, separated by commas */
} aj_run_filter;
AJ_API aj_run_filter aj_run_filter_any(void);

/* Calls for every run, in the order of their start (unknown starts first); false stops.  The run dies after
 * the call. */
typedef bool (*aj_run_callback)(void *user, const aj_run *run);
AJ_API AJ_MUST_USE aj_status aj_ledger_each(aj_ledger *ledger, const aj_run_filter *filter,
                                            aj_run_callback callback, void *user, aj_error *err);
/* The run whose uid begins with these digits, with samples.  NOT_FOUND; BAD_ARGUMENT: several do. */
AJ_API AJ_MUST_USE aj_status aj_ledger_find(aj_ledger *ledger, const char *uid, aj_run *out, aj_error *err);

/* A sum over runs.  Runs inside a run that has the same quantity itself are not added again. */
typedef struct {
    aj_quantity quantity;
    char unit[16];
    double value, low,
        high;         /* low, high: sums of the ends (fully dependent errors); NaN where one is missing */
    aj_origin origin; /* the worst of its parts */
    uint64_t n_runs;  /* that it is the sum of; the others did not say */
} aj_total;
enum { AJ_MOST_TOTALS = 32 };
typedef struct {
    uint64_t n_runs, n_running; /* not inside another run; running: of these, without an end */
    double duration_seconds;    /* sum over the runs that know it; NaN when none does */
    size_t n_totals;
    aj_total totals[AJ_MOST_TOTALS];
} aj_account;
AJ_API AJ_MUST_USE aj_status aj_ledger_account(aj_ledger *ledger, const aj_run_filter *filter,
                                               aj_account *out, aj_error *err);

/* ---- budgets --------------------------------------------------------------------------------------- */

typedef struct {
    char project[256];
    aj_quantity quantity; /* one that adds up */
    char unit[16];
    double value;   /* the limit */
    aj_total spent; /* value NaN: no run of the project says */
} aj_budget;
/* One limit a project, quantity and unit; value NaN takes it away. */
AJ_API AJ_MUST_USE aj_status aj_ledger_set_budget(aj_ledger *ledger, const char *project,
                                                  aj_quantity quantity, const char *unit, double value,
                                                  aj_error *err);
/* project NULL = all.  Free with aj_budgets_free. */
AJ_API AJ_MUST_USE aj_status aj_ledger_budgets(aj_ledger *ledger, const char *project, aj_budget **budgets,
                                               size_t *n, aj_error *err);
AJ_API void aj_budgets_free(aj_budget *budgets);

/* ---- moving and clearing ---------------------------------------------------------------------------- */

/* JSON lines, one run a line (docs/formats/ledger.md). */
AJ_API AJ_MUST_USE aj_status aj_run_to_json(const aj_run *run, char **text, aj_error *err);
AJ_API AJ_MUST_USE aj_status aj_run_from_json(aj_run *out, const char *text, size_t size, const char *name,
                                              aj_error *err);
AJ_API AJ_MUST_USE aj_status aj_ledger_export(aj_ledger *ledger, const aj_run_filter *filter, FILE *stream,
                                              uint64_t *n, aj_error *err);
typedef struct {
    uint64_t n_added, n_completed, n_known;
} aj_import;
/* A line that is not a run stops it; what was read before it stays. */
AJ_API AJ_MUST_USE aj_status aj_ledger_import(aj_ledger *ledger, const char *path, aj_import *out,
                                              aj_error *err);
AJ_API AJ_MUST_USE aj_status aj_ledger_merge(aj_ledger *ledger, aj_ledger *other, aj_import *out,
                                             aj_error *err);
/* Deletes what the filter finds: samples and traces only, or whole runs. */
AJ_API AJ_MUST_USE aj_status aj_ledger_prune(aj_ledger *ledger, const aj_run_filter *filter, bool whole_runs,
                                             uint64_t *n, aj_error *err);

#ifdef __cplusplus
}
#endif
#endif

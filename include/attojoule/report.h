/* report.h: records and runs as documents: tables for the terminal, CSV, JSON, Markdown, LaTeX, one
 * self-contained HTML page, figures. */
#ifndef ATTOJOULE_REPORT_H
#define ATTOJOULE_REPORT_H

#include <stdio.h>

#include "attojoule/base.h"
#include "attojoule/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A format is one row of formats.def: "table" (<= 100 columns), "csv", "json" (one line a record),
 * "markdown", "latex" (to \input, no packages), "html". */
AJ_API const char *aj_report_format(size_t i, const char **summary); /* NULL at the end */

typedef struct {
    size_t struct_size;
    const char *title;   /* NULL = made from the records */
    bool per_layer;      /* one row a product too */
    bool explain;        /* law, assumptions, parameters with sources */
    const char *command; /* how it was made, shown in documents; NULL = left out */
} aj_report_options;
#define AJ_REPORT_OPTIONS_INIT                              \
    {                                                       \
        sizeof(aj_report_options), NULL, false, false, NULL \
    }

/* Writes n records to the stream in the format.  Records of a sweep (same model, data, hardware; varied keys)
 * are one group; single evaluations (other hardware on the same model) are compared beside it. */
AJ_API AJ_MUST_USE aj_status aj_report_write(FILE *stream, const char *format, const aj_evaluation *records,
                                             size_t n, const aj_report_options *options, aj_error *err);
/* The same into a file, written beside and renamed. */
AJ_API AJ_MUST_USE aj_status aj_report_save(const char *path, const char *format,
                                            const aj_evaluation *records, size_t n,
                                            const aj_report_options *options, aj_error *err);

/* Error against photons per MAC (or accuracy against the first varied key), log axis, 95 % intervals, the
 * clean line, lines at the Landauer limit and at one photon.  `path` ends in .svg, .pdf or .png; gnuplot
 * draws it, and the script and its data are kept beside it (path with .gp / .dat).  UNSUPPORTED when gnuplot
 * is not installed (the script is still written). */
AJ_API AJ_MUST_USE aj_status aj_report_figure(const char *path, const aj_evaluation *records, size_t n,
                                              aj_error *err);

/* A comparison as "table" or "markdown" (options->explain: also causes, laws and every parameter with its
 * source).  Limits stand last, under a rule of their own, as does every other kind of evidence. */
AJ_API AJ_MUST_USE aj_status aj_report_comparison(FILE *stream, const char *format,
                                                  const aj_comparison *comparison,
                                                  const aj_report_options *options, aj_error *err);
/* Error against energy per inference of everything that was tried, with 95 % intervals, and the chosen
 * points; files as aj_report_figure. */
AJ_API AJ_MUST_USE aj_status aj_report_comparison_figure(const char *path, const aj_comparison *comparison,
                                                         aj_error *err);

/* ---- the card: runs as a document that a reviewer can check line by line ------------------------------- */

/* What a row is about, in the order of the card: name in JSON and CSV, heading. */
#define AJ_CARD_SECTION_LIST(X)                                                             \
    X(RUN, "run", "What was run")                                                           \
    X(ENERGY, "energy", "Energy of the run")                                                \
    X(COVERAGE, "coverage", "How far the measurement reaches")                              \
    X(CARBON, "carbon", "Carbon")                                                           \
    X(MONEY, "money", "Money")                                                              \
    X(WORK, "work", "Work and accuracy")                                                    \
    X(SIMULATED, "simulated", "Simulated joules beside those that the simulation took")     \
    X(SUM, "sum", "All runs together")                                                      \
    X(EQUIVALENTS, "equivalents", "What the location-based carbon is like; sources differ") \
    X(SEARCH, "search", "The search: sensitivity to what was varied")                       \
    X(BUDGETS, "budgets", "Budgets")
typedef enum {
#define AJ_CARD_SECTION_ENUM(name, text, heading) AJ_CARD_##name,
    AJ_CARD_SECTION_LIST(AJ_CARD_SECTION_ENUM)
#undef AJ_CARD_SECTION_ENUM
        AJ_N_CARD_SECTIONS
} aj_card_section;

/* One number or word with where it came from.  A number that is not known is NaN: it is shown as missing, and
 * `note` says why or what to do.  A key that ends in "_ratio" is shown in percent, "kg/J" as g/kWh. */
typedef struct {
    aj_card_section section;
    const char *key;         /* name in JSON and CSV: "energy_joules" */
    const char *label;       /* for people: "powercap/package-0" */
    const char *text;        /* of a row of words; NULL = a number */
    double value, low, high; /* low ... high: 95 % interval, NaN = not known */
    const char *unit;        /* SI or a currency; NULL or "1" = none */
    int origin;              /* an aj_origin, or AJ_NO_ORIGIN for what is no estimate */
    bool sum;                /* the total of the rows above with this key */
    bool alarm;              /* a budget that was exceeded, an account that does not add up */
    const char *source, *version, *sha256, *note; /* NULL = none */
} aj_card_row;
enum { AJ_NO_ORIGIN = -1 };

/* One zone of the sensors; all joules are of the time of the run.  Where it is divided,
 * attributed + idle + others = measured. */
typedef struct {
    const char *name, *kind; /* "powercap/package-0", "package" */
    const char *role;        /* how it enters the sum: "counted", "part", "copy", ...; see meter.h */
    const char *status;      /* of its sensor: "OK", "DENIED", ... */
    const char *note;        /* or NULL */
    bool counted, divided, lower_bound;
    double measured_joules, low_joules, high_joules;
    double attributed_joules, idle_joules, others_joules; /* NaN where it is not divided */
    double gap_seconds;
    aj_origin origin, idle_origin; /* of the measured joules; of what was kept apart as idle */
} aj_card_domain;

typedef struct {
    const char *name;
    uint64_t n; /* how often it ended */
    bool open;  /* it went on when the run ended */
    double duration_seconds, measured_joules, low_joules, high_joules, attributed_joules, flops;
    aj_origin origin;
} aj_card_phase;

/* Joules since the start at n times; the figure of power over time is drawn from their differences. */
typedef struct {
    const char *name;
    size_t n;
    const double *time_seconds, *joules;
} aj_card_series;
typedef struct {
    double time_seconds;
    const char *name;
} aj_card_mark;

/* Everything is borrowed. */
typedef struct {
    const char *title, *uid; /* uid NULL: no run of a ledger */
    const aj_card_row *rows;
    size_t n_rows;
    const aj_card_domain *domains;
    size_t n_domains;
    const aj_card_phase *phases;
    size_t n_phases;
    const aj_card_series *series;
    size_t n_series;
    const aj_card_mark *marks;
    size_t n_marks;
    const char *const *hints; /* what to do about what is missing, one sentence each */
    size_t n_hints;
} aj_card;
#define AJ_CARD_NONE                                                     \
    {                                                                    \
        NULL, NULL, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0 \
    }

typedef struct {
    size_t struct_size;
    const char *title;      /* of the document; NULL = that of the card */
    const char *command;    /* how it was made; NULL = left out */
    const aj_card *account; /* sums over the runs, the search, budgets; NULL = none */
} aj_card_options;
#define AJ_CARD_OPTIONS_INIT                      \
    {                                             \
        sizeof(aj_card_options), NULL, NULL, NULL \
    }

/* Writes n cards in a format: one in full, several as a table with the account below it.  CSV and JSON have
 * everything (docs/formats/card.md).  BAD_ARGUMENT: no card, or a row of no section. */
AJ_API AJ_MUST_USE aj_status aj_card_write(FILE *stream, const char *format, const aj_card *cards, size_t n,
                                           const aj_card_options *options, aj_error *err);

/* "1.28e-19 J" -> "128 zJ": three significant digits with an SI prefix; "—" for NaN. Always terminated. */
AJ_API void aj_format_quantity(double value, const char *unit, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif

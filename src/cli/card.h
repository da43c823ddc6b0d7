/* card.h: runs of the ledger as cards (attojoule/report.h). */
#ifndef AJ_CLI_CARD_H
#define AJ_CLI_CARD_H

#include <jansson.h>

#include "attojoule/carbon.h"
#include "attojoule/meter.h"
#include "attojoule/report.h"
#include "ledger.h"

/* Texts and arrays that are freed together. */
typedef struct {
    void **blocks;
    size_t n;
} cli_memory;
void *cli_memory_take(cli_memory *memory, size_t n, size_t size); /* zeroed */
const char *cli_memory_text(cli_memory *memory, const char *format, ...) AJ_PRINTF(2, 3);
void cli_memory_free(cli_memory *memory);

/* A card that grows: its arrays are its own, its texts are borrowed. */
typedef struct {
    cli_memory *memory;
    aj_card_row *rows;
    aj_card_domain *domains;
    aj_card_phase *phases;
    aj_card_series *series;
    aj_card_mark *marks;
    const char **hints;
    aj_card card; /* see cli_card_finish */
} cli_card;
void cli_card_begin(cli_card *card, cli_memory *memory);
/* A number that is missing and no estimate: fill in the rest before the next call. */
aj_card_row *cli_card_row(cli_card *card, aj_card_section section, const char *key, const char *label);
aj_card_row *cli_card_number(cli_card *card, aj_card_section section, const char *key, const char *label,
                             double value, const char *unit, int origin);
/* Nothing is added for NULL. */
void cli_card_words(cli_card *card, aj_card_section section, const char *key, const char *label,
                    const char *text);
aj_card_domain *cli_card_domain(cli_card *card);
aj_card_phase *cli_card_phase(cli_card *card);
aj_card_series *cli_card_series(cli_card *card);
aj_card_mark *cli_card_mark(cli_card *card);
void cli_card_hint(cli_card *card, const char *text);
const aj_card *cli_card_finish(cli_card *card);
void cli_card_free(cli_card *card);

/* A run with everything that was read out of it. */
typedef struct {
    aj_run run;
    json_t *record;           /* NULL: none, or not JSON */
    const json_t *meter;      /* docs/formats/run.md; NULL: none */
    const json_t *training;   /* or NULL */
    aj_evaluation evaluation; /* zero unless there is one */
    bool has_evaluation;
    aj_trace_record trace; /* zero unless there is one */
    bool has_trace;
} cli_card_run;
void cli_card_run_open(cli_card_run *run); /* `run->run` was filled in */
void cli_card_run_close(cli_card_run *run);

/* The energy of a run: its figures together; NaN where none is known. */
typedef struct {
    double value, low, high;
    aj_origin origin;
    size_t n_known, n_missing;
} cli_card_sum;
cli_card_sum cli_card_energy(const aj_run *run);
/* The figure of a quantity: the whole, else the last part (of accuracies that on the hardware); NULL: none.
 */
const aj_figure *cli_card_figure(const aj_run *run, aj_quantity quantity);

/* Everything of one run. carbon: the tables, for equivalents, or NULL where several runs are together.
 * target_ratio: NaN, or the accuracy whose price is asked for. */
void cli_card_of_run(cli_card *card, const cli_card_run *run, const aj_carbon *carbon, double target_ratio);
/* Parts of it. */
void cli_card_put_meter(cli_card *card, const cli_card_run *run);
void cli_card_put_carbon(cli_card *card, const cli_card_run *run, const aj_carbon *carbon);
/* What the location-based figure of a run counts, in words; NULL: the run has none. */
const char *cli_card_basis_label(const cli_card_run *run);
void cli_card_put_equivalents(cli_card *card, const aj_carbon *carbon, double kilograms);
void cli_card_put_work(cli_card *card, const cli_card_run *run, double target_ratio);
void cli_card_put_curves(cli_card *card, const cli_card_run *run);

/* Sums over the runs, nested ones once; EXIT_OK or EXIT_FAILED after a sentence. */
int cli_card_put_account(cli *c, cli_card *card, aj_ledger *ledger, const cli_card_run *runs, size_t n,
                         const aj_carbon *carbon);
/* What the runs of a search say about what was varied in it; nothing for less than three accuracies. */
void cli_card_put_search(cli_card *card, const cli_card_run *runs, size_t n);
/* Budgets of a project. */
int cli_card_put_budgets(cli *c, cli_card *card, aj_ledger *ledger, const char *project);

/* Values out of JSON: NaN and NULL for what is not there. */
double cli_json_number(const json_t *object, const char *key);
const char *cli_json_text(const json_t *object, const char *key);

#endif

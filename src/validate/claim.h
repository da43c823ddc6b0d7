/* claim.h: one row of validate: what its function gets and says.
 *
 * Adding a row = a function ajp_claim_<id> in one of the files claims_*.c and a row CLAIM(<id>, ...) in
 * claims.def. The function gives values; the verdict follows from them. */
#ifndef AJP_VALIDATE_CLAIM_H
#define AJP_VALIDATE_CLAIM_H

#include "../base/internal.h"
#include "attojoule/data.h"
#include "attojoule/nn.h"
#include "attojoule/record.h"
#include "attojoule/validate.h"

enum { AJP_CLAIM_VALUES = 40 };

/* What a row needs, and so when it runs. */
typedef enum {
    AJP_CLAIM_PLAIN, /* seconds, from nothing */
    AJP_CLAIM_DATA,  /* a data set and a network */
    AJP_CLAIM_LONG,  /* minutes, from nothing */
    AJP_CLAIM_TRAINS /* minutes and a data set */
} ajp_claim_needs;

/* Opened once for all rows that need them. */
typedef struct {
    aj_model *network; /* of Wang et al. 2022 */
    aj_dataset *mnist, *mnist_train;
    aj_comparison comparison; /* of light and digital logic; made by the first row that asks */
    bool tried;
    const char *missing; /* why not; NULL: all are there */
} ajp_published;

typedef struct {
    aj_context *context;
    ajp_arena *arena; /* the result's own */
    const aj_validate_options *options;
    ajp_published *published;
    aj_validation_value values[AJP_CLAIM_VALUES];
    size_t n_values;
    const char *note;
    bool skipped;
} ajp_claim;

typedef struct {
    const char *id, *claim, *source;
    ajp_claim_needs needs;
    aj_verdict verdict;                                /* where every value is met */
    aj_status (*run)(ajp_claim *claim, aj_error *err); /* NULL: not reproducible here; the note says why */
    const char *note;
} ajp_claim_row;
const ajp_claim_row *ajp_claim_get(size_t i); /* NULL at the end */

/* ---- what a function says ------------------------------------------------------------------------- */

void ajp_claim_value(ajp_claim *claim, const char *what, const char *unit, double published, double ours,
                     aj_validation_check check, double tolerance);
/* Relative, the usual case. */
void ajp_claim_close(ajp_claim *claim, const char *what, const char *unit, double published, double ours,
                     double tolerance_ratio);
void ajp_claim_near(ajp_claim *claim, const char *what, const char *unit, double published, double ours,
                    double tolerance);
void ajp_claim_show(ajp_claim *claim, const char *what, const char *unit, double ours);
void ajp_claim_note(ajp_claim *claim, const char *format, ...) AJ_PRINTF(2, 3);
/* The row cannot run here; the reason in one sentence. */
void ajp_claim_skip(ajp_claim *claim, const char *format, ...) AJ_PRINTF(2, 3);
/* A text that lives as long as the result. */
const char *ajp_claim_words(ajp_claim *claim, const char *format, ...) AJ_PRINTF(2, 3);

/* published.c: the network and MNIST; false after a skip or (with *st not OK) an error. */
bool ajp_claim_needs_published(ajp_claim *claim, aj_status *st, aj_error *err);
void ajp_published_close(ajp_published *published);

#define CLAIM(id, ...) aj_status ajp_claim_##id(ajp_claim *claim, aj_error *err);
#define NOT_HERE(...)
#include "claims.def"
#undef CLAIM
#undef NOT_HERE

#endif

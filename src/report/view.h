/* view.h: records sorted into what a reader wants to see: sweeps, single evaluations, one row a hardware. */
#ifndef AJP_REPORT_VIEW_H
#define AJP_REPORT_VIEW_H

#include "attojoule/report.h"
#include "base/internal.h"
#include "quantity.h"

/* Points that differ in the first varied key only, by rising x. */
typedef struct {
    const aj_evaluation **points;
    size_t n;
    const char *key; /* the varied key: x */
    const char *unit;
    bool photons;      /* x is photons per MAC */
    const char *label; /* hardware, and what tells this sweep from the others */
    size_t chosen;     /* the point a headline speaks of: ajp_sweep_choose */
    bool met;          /* the chosen point keeps the accuracy within AJP_WITHIN_RATIO of exact arithmetic */
} ajp_sweep;

#define AJP_WITHIN_RATIO 0.01 /* one percentage point */

typedef struct {
    const aj_evaluation *record;
    const char *label;
} ajp_entry;

typedef struct {
    ajp_arena arena;
    const aj_evaluation *records;
    size_t n;
    const aj_report_options *options;
    ajp_sweep *sweeps;
    size_t n_sweeps;
    ajp_entry *entries; /* the chosen point of each sweep, then the single evaluations; by evidence */
    size_t n_entries, n_singles;
} ajp_view;

/* BAD_ARGUMENT for no records. Destroy after success only. */
aj_status ajp_view_create(ajp_view *out, const aj_evaluation *records, size_t n,
                          const aj_report_options *options, aj_error *err);
void ajp_view_destroy(ajp_view *view);

/* Of the hardware as it was used; NaN when the record has none. */
double ajp_parameter_value(const aj_evaluation *record, const char *key);
double ajp_sweep_x(const ajp_sweep *sweep, size_t i);
double ajp_error_ratio(double accuracy_ratio); /* 1 - accuracy */
/* Joules of one photon of this record's light (hc / wavelength, 1550 nm when not recorded). */
double ajp_photon_joules(const aj_evaluation *record);
double ajp_per_mac(const aj_evaluation *record, aj_boundary boundary);
bool ajp_is(const char *a, const char *b); /* equal; two NULL are equal */

/* Words. All live in the arena; NULL when memory ran out. */
const char *ajp_key_words(const char *key, ajp_arena *arena); /* "detector capacitance" */
const char *ajp_network_shape(const aj_evaluation *record,
                              ajp_arena *arena); /* "784-100-100-10", or NULL: no chain */
const char *ajp_dataset_words(const aj_evaluation *record,
                              ajp_arena *arena);          /* "Fashion-MNIST (test split)" */
const char *ajp_sample_word(const aj_evaluation *record); /* "images", else "samples" */
const char *ajp_node(const aj_evaluation *record);        /* NULL when it has none ("none", as limits say) */
const char *ajp_model_name(const aj_evaluation *record);  /* without folders */
const char *ajp_x_title(const ajp_sweep *sweep, ajp_arena *arena);

/* Exact since the SI of 2019 (CODATA 2022). */
#define AJP_LANDAUER_300K_JOULES (1.380649e-23 * 300.0 * 0.69314718055994530942) /* k T ln 2 */
#define AJP_HC_JOULE_METERS      (6.62607015e-34 * 299792458.0)

#endif

/* search.h: the least of a knob that keeps accuracy within a tolerance: found on some trials, confirmed on
 * others.
 *
 * It knows neither networks nor hardware, so that its statement can be tested on accuracy functions whose
 * answer is known (tests/unit/test_search.c). */
#ifndef AJP_SEARCH_H
#define AJP_SEARCH_H

#include "../base/internal.h"

/* One point of the grid, tried. */
typedef struct {
    aj_summary difference; /* accuracy - clean over trials, the same images */
    double joules;         /* what points are ranked by where the grid is scanned; NaN: by their order */
    bool exact;            /* nothing is random: the mean is the truth */
    bool refused;          /* cannot be described so: never kept */
} ajp_tried;

/* What was concluded from one try. */
typedef struct {
    size_t point;
    bool fresh, kept, refused;
    double bound_ratio, error_ratio;
} ajp_verdict;

typedef struct {
    size_t n_points; /* of the grid, cheapest first; 1: nothing to turn */
    bool monotone;   /* accuracy does not fall from point to point: halve; else try all */
    double within_ratio, error_ratio;
    unsigned n_confirm; /* trials of a confirmation */
    /* fresh: the trials of confirmations, which no search uses. The trials of all points are the same. */
    aj_status (*try_point)(void *user, size_t point, bool fresh, ajp_tried *out, aj_error *err);
    void (*concluded)(void *user, const ajp_verdict *verdict); /* after each try */
    void *user;
} ajp_search;

typedef struct {
    bool reached, scanned;
    size_t point; /* confirmed; not reached: the best that was confirmed against */
    double bound_ratio, error_ratio;
} ajp_search_result;

/* Student's quantile of a one-sided bound that is wrong in error_ratio of cases; NaN: one trial says nothing
 * of its spread. */
double ajp_one_sided_quantile(double error_ratio, unsigned n_trials);
/* The lower bound of the mean difference at that quantile, n_trials being those of the test (whose spread is
 * taken from `tried`). The mean itself where nothing is random. */
double ajp_lower_bound(const ajp_tried *tried, double quantile, unsigned n_trials);

aj_status ajp_search_run(const ajp_search *search, const aj_context *context, ajp_search_result *out,
                         aj_error *err);

/* How many tries a search takes at most before its first confirmation, for the time that is left. */
size_t ajp_search_tries(size_t n_points, bool monotone);

#endif

/* search.c: bisection (or a scan) of a grid, then confirmation.
 *
 * Confirmations test "the mean accuracy is more than the tolerance below clean" and reject it where Student's
 * lower bound says so. Several may be needed, and each could be wrong: a test spends SPENT of the error that
 * is left, so that all together are wrong in at most error_ratio of cases, whatever they have in common. */
#include "search.h"

#include <math.h>

#define LEFT 0.2 /* most is spent at once: the first confirmation succeeds in most searches */
enum { COARSE_POINTS = 24, SINGLE_STEPS = 4 };

typedef struct {
    bool tried, kept, refused;
    double mean, joules;
} point_state;

typedef struct {
    const ajp_search *search;
    point_state *points;
    double error_left;
    double quantile;  /* of the first confirmation */
    double best_mean; /* of the confirmations that failed */
    ajp_search_result *result;
} run_state;

double ajp_one_sided_quantile(double error_ratio, unsigned n_trials)
{
    return n_trials < 2 ? (double)NAN : aj_student_quantile(1.0 - 2.0 * error_ratio, n_trials - 1.0);
}

double ajp_lower_bound(const ajp_tried *tried, double quantile, unsigned n_trials)
{
    if (tried->exact) return tried->difference.mean;
    return tried->difference.mean - quantile * tried->difference.stddev / sqrt(n_trials);
}

static double spend(double error_left)
{
    return error_left - LEFT * error_left;
}

static void conclude(run_state *run, const ajp_verdict *verdict)
{
    if (run->search->concluded != NULL) run->search->concluded(run->search->user, verdict);
}

/* A point of the search is kept when a confirmation there would just succeed if its trials were like these.
 */
static aj_status look(run_state *run, size_t i, aj_error *err)
{
    point_state *point = &run->points[i];
    if (point->tried) return AJ_OK;
    ajp_tried tried = {0};
    AJ_TRY(run->search->try_point(run->search->user, i, false, &tried, err));
    ajp_verdict verdict = {.point = i, .refused = tried.refused, .error_ratio = spend(run->error_left)};
    verdict.bound_ratio = ajp_lower_bound(&tried, run->quantile, run->search->n_confirm);
    if (tried.exact) verdict.error_ratio = 0.0;
    verdict.kept = !tried.refused && verdict.bound_ratio >= -run->search->within_ratio;
    *point = (point_state){true, verdict.kept, tried.refused, tried.difference.mean, tried.joules};
    conclude(run, &verdict);
    return AJ_OK;
}

/* The first kept point of (low, high], high being one; low was tried and is not, or is -1. */
static aj_status halve(run_state *run, ptrdiff_t low, ptrdiff_t high, size_t *first, aj_error *err)
{
    while (high - low > 1) {
        ptrdiff_t middle = low + (high - low) / 2;
        AJ_TRY(look(run, (size_t)middle, err));
        if (run->points[middle].kept)
            high = middle;
        else
            low = middle;
    }
    *first = (size_t)high;
    return AJ_OK;
}

static aj_status scan(run_state *run, size_t stride, aj_error *err)
{
    size_t n = run->search->n_points;
    run->result->scanned = n > 1;
    for (size_t i = 0; i < n; i += stride) AJ_TRY(look(run, i, err));
    return look(run, n - 1, err);
}

/* The top of a monotone knob fails where something else sets in (a full well): points spread over the grid,
 * then the first one kept and the one before it are closed in. */
static aj_status scan_coarsely(run_state *run, size_t *first, bool *found, aj_error *err)
{
    size_t n = run->search->n_points, stride = n <= COARSE_POINTS ? 1 : (n - 1) / COARSE_POINTS + 1;
    AJ_TRY(scan(run, stride, err));
    *found = false;
    ptrdiff_t before = -1;
    for (size_t i = 0; i < n && !*found; i++) {
        if (!run->points[i].tried) continue;
        if (run->points[i].kept) {
            *found = true;
            return halve(run, before, (ptrdiff_t)i, first, err);
        }
        before = (ptrdiff_t)i;
    }
    return AJ_OK;
}

/* ---- confirmation -------------------------------------------------------------------------------- */

static aj_status confirm(run_state *run, size_t i, aj_error *err)
{
    ajp_search_result *result = run->result;
    ajp_tried tried = {0};
    AJ_TRY(run->search->try_point(run->search->user, i, true, &tried, err));
    ajp_verdict verdict = {.point = i, .fresh = true, .refused = tried.refused};
    if (!tried.exact) {
        verdict.error_ratio = spend(run->error_left);
        run->error_left -= verdict.error_ratio;
    }
    unsigned n_trials = (unsigned)tried.difference.n;
    verdict.bound_ratio =
        ajp_lower_bound(&tried, ajp_one_sided_quantile(verdict.error_ratio, n_trials), n_trials);
    verdict.kept = !tried.refused && verdict.bound_ratio >= -run->search->within_ratio;
    if (verdict.kept || !(tried.difference.mean <= run->best_mean)) {
        result->point = i;
        result->bound_ratio = verdict.bound_ratio;
        result->error_ratio = verdict.error_ratio;
        run->best_mean = tried.difference.mean;
    }
    result->reached = verdict.kept;
    conclude(run, &verdict);
    return AJ_OK;
}

/* Up from the first kept point: one step at a time, later ever longer ones. */
static aj_status confirm_upwards(run_state *run, size_t first, aj_error *err)
{
    size_t step = 1;
    for (size_t i = first, attempt = 1;; attempt++) {
        bool known_bad = run->points[i].tried && !run->points[i].kept && i != first;
        if (!known_bad) AJ_TRY(confirm(run, i, err));
        if (run->result->reached || i + 1 >= run->search->n_points) return AJ_OK;
        if (attempt >= SINGLE_STEPS) step *= 2;
        i = i + step < run->search->n_points ? i + step : run->search->n_points - 1;
    }
}

/* The cheapest kept point that is not confirmed yet; n_points when there is none. */
static size_t cheapest(const run_state *run)
{
    size_t n = run->search->n_points, found = n;
    for (size_t i = 0; i < n; i++) {
        if (!run->points[i].kept) continue;
        if (found == n || run->points[i].joules < run->points[found].joules) found = i;
    }
    return found;
}

static aj_status confirm_by_energy(run_state *run, aj_error *err)
{
    for (size_t i = cheapest(run); i < run->search->n_points; i = cheapest(run)) {
        AJ_TRY(confirm(run, i, err));
        if (run->result->reached) return AJ_OK;
        run->points[i].kept = false;
    }
    return AJ_OK;
}

/* Nothing is kept: the most accurate point is still judged on fresh trials, so that its figure is not a lucky
 * one. */
static aj_status confirm_best(run_state *run, aj_error *err)
{
    size_t n = run->search->n_points, best = n;
    for (size_t i = 0; i < n; i++) {
        const point_state *point = &run->points[i];
        if (!point->tried || point->refused) continue;
        if (best == n || point->mean > run->points[best].mean) best = i;
    }
    return best < n ? confirm(run, best, err) : AJ_OK;
}

static aj_status find(run_state *run, aj_error *err)
{
    const ajp_search *search = run->search;
    size_t first = 0;
    bool found = false;
    if (search->n_points == 1) return confirm(run, 0, err);
    if (!search->monotone) {
        AJ_TRY(scan(run, 1, err));
        found = cheapest(run) < search->n_points;
        return found ? confirm_by_energy(run, err) : confirm_best(run, err);
    }
    AJ_TRY(look(run, search->n_points - 1, err));
    found = run->points[search->n_points - 1].kept;
    if (found)
        AJ_TRY(halve(run, -1, (ptrdiff_t)search->n_points - 1, &first, err));
    else
        AJ_TRY(scan_coarsely(run, &first, &found, err));
    return found ? confirm_upwards(run, first, err) : confirm_best(run, err);
}

aj_status ajp_search_run(const ajp_search *search, const aj_context *context, ajp_search_result *out,
                         aj_error *err)
{
    *out = (ajp_search_result){.bound_ratio = (double)NAN, .error_ratio = (double)NAN};
    run_state run = {
        .search = search, .error_left = search->error_ratio, .best_mean = (double)NAN, .result = out};
    run.quantile = ajp_one_sided_quantile(spend(run.error_left), search->n_confirm);
    run.points = ajp_calloc(context, search->n_points, sizeof *run.points);
    if (run.points == NULL) return ajp_no_memory(err, "search");
    aj_status st = find(&run, err);
    ajp_free(context, run.points);
    return st;
}

size_t ajp_search_tries(size_t n_points, bool monotone)
{
    if (n_points == 1) return 0;
    if (!monotone) return n_points;
    size_t tries = 1;
    for (size_t span = n_points - 1; span > 0; span /= 2) tries++;
    return tries;
}

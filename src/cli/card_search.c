/* card_search.c: several runs as a search: how good the best of n would be, how much of the spread each
 * hyperparameter explains, and what was spent after the best one was found. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "card_settings.h"

#define MISSING ((double)NAN)
enum { LEAST_TRIALS = 3, MOST_NAMES = 64, BINS = 4, LEAST_TO_BIN = 8 };

typedef struct {
    const cli_card_run *run;
    double accuracy_ratio, joules;
    cli_settings settings;
} trial;

typedef struct {
    cli_card *card;
    trial *trials; /* by the time of their start */
    size_t n, best;
    double *ascending; /* accuracies */
    double mean_joules;
    size_t n_joules; /* trials whose energy is known */
} search;

static int by_start(const void *a, const void *b)
{
    double first = ((const trial *)a)->run->run.started_unix_seconds,
           second = ((const trial *)b)->run->run.started_unix_seconds;
    if (isnan(first) || isnan(second)) return isnan(second) - isnan(first);
    return (first > second) - (first < second);
}

static int by_value(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

/* false: too few accuracies. */
static bool begin(search *s, cli_card *card, const cli_card_run *runs, size_t n)
{
    *s = (search){.card = card, .mean_joules = 0};
    s->trials = cli_memory_take(card->memory, n, sizeof *s->trials);
    s->ascending = cli_memory_take(card->memory, n, sizeof *s->ascending);
    for (size_t i = 0; i < n; i++) {
        const aj_figure *accuracy = cli_card_figure(&runs[i].run, AJ_QUANTITY_ACCURACY);
        if (accuracy == NULL || isnan(accuracy->value)) continue;
        trial *t = &s->trials[s->n++];
        *t = (trial){&runs[i], accuracy->value, cli_card_energy(&runs[i].run).value, {NULL, 0}};
        cli_settings_of(&t->settings, card->memory, t->run);
    }
    if (s->n < LEAST_TRIALS) return false;
    qsort(s->trials, s->n, sizeof *s->trials, by_start);
    for (size_t i = 0; i < s->n; i++) {
        s->ascending[i] = s->trials[i].accuracy_ratio;
        if (s->trials[i].accuracy_ratio > s->trials[s->best].accuracy_ratio) s->best = i;
        if (isnan(s->trials[i].joules)) continue;
        s->mean_joules += s->trials[i].joules;
        s->n_joules++;
    }
    s->mean_joules = s->n_joules > 0 ? s->mean_joules / (double)s->n_joules : MISSING;
    qsort(s->ascending, s->n, sizeof *s->ascending, by_value);
    return true;
}

static aj_card_row *put(search *s, const char *key, const char *label, double value)
{
    return cli_card_number(s->card, AJ_CARD_SEARCH, key, label, value, NULL, AJ_NO_ORIGIN);
}

static void put_spread(search *s)
{
    aj_summary summary = aj_summarize(s->ascending, s->n);
    put(s, "n_trials", "runs with an accuracy", (double)s->n);
    put(s, "best_accuracy_ratio", "best accuracy", s->ascending[s->n - 1])->note = cli_memory_text(
        s->card->memory, "run %.8s, number %zu in time", s->trials[s->best].run->run.uid, s->best + 1);
    aj_card_row *row = put(s, "mean_accuracy_ratio", "mean accuracy", summary.mean);
    row->low = fmax(summary.ci95_low, 0);
    row->high = fmin(summary.ci95_high, 1);
    put(s, "stddev_accuracy_ratio", "standard deviation", summary.stddev);
    put(s, "iqr_accuracy_ratio", "interquartile range",
        aj_quantile(s->ascending, s->n, 0.75) - aj_quantile(s->ascending, s->n, 0.25));
    put(s, "range_accuracy_ratio", "worst to best", s->ascending[s->n - 1] - s->ascending[0]);
}

static void put_expectation(search *s)
{
    static const size_t steps[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, SIZE_MAX};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        size_t n = steps[i] < s->n ? steps[i] : s->n;
        const char *label = cli_memory_text(s->card->memory, "expected best of %zu", n);
        aj_card_row *row =
            put(s, "expected_best_ratio", label, aj_expected_best(s->ascending, s->n, n, true));
        char joules[64];
        aj_format_quantity((double)n * s->mean_joules, "J", joules, sizeof joules);
        row->note = s->n_joules > 0 ? cli_memory_text(s->card->memory, "unbiased; for %s on average", joules)
                                    : "unbiased";
        row = put(s, "expected_best_biased_ratio",
                  cli_memory_text(s->card->memory, "expected best of %zu, biased", n),
                  aj_expected_best(s->ascending, s->n, n, false));
        row->note = "drawn with replacement: biased low";
        if (n == s->n) return;
    }
}

static void put_waste(search *s)
{
    double after = 0, all = 0;
    size_t n_after = s->n - s->best - 1, n_known = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (isnan(s->trials[i].joules)) continue;
        all += s->trials[i].joules;
        if (i <= s->best) continue;
        after += s->trials[i].joules;
        n_known++;
    }
    bool known = n_known > 0 || n_after == 0;
    aj_card_row *row =
        cli_card_number(s->card, AJ_CARD_SEARCH, "joules_after_best", "energy of runs after the best one",
                        known ? after : MISSING, "J", AJ_ASSUMED);
    for (size_t i = s->best + 1, worst = 0; i < s->n; i++) {
        int origin = (int)cli_card_energy(&s->trials[i].run->run).origin;
        worst = (size_t)origin > worst ? (size_t)origin : worst;
        row->origin = (int)worst;
    }
    if (n_after == 0) row->origin = AJ_NO_ORIGIN;
    row->note = cli_memory_text(s->card->memory, "%zu runs; %.3g %% of the search%s", n_after,
                                all > 0 ? 100 * after / all : 0, n_known < n_after ? "; a lower bound" : "");
}

/* ---- what was varied ---- */

typedef struct {
    const char *name, *from;
    size_t *groups, n_values;
    bool binned;
} factor;

/* Numbers the values of a name by trial; a trial that does not set it is in a group of its own. */
static size_t number_values(const search *s, const char *name, size_t *groups)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        const char *value = cli_setting_of(&s->trials[i].settings, name);
        groups[i] = n;
        for (size_t k = 0; k < i; k++) {
            const char *other = cli_setting_of(&s->trials[k].settings, name);
            if (value == NULL || other == NULL ? value == other : strcmp(value, other) == 0) {
                groups[i] = groups[k];
                break;
            }
        }
        n += groups[i] == n;
    }
    return n;
}

/* A random search draws a new value each time: numbers are put into quarters by their order. */
static bool bin(const search *s, factor *f)
{
    double *values = cli_memory_take(s->card->memory, s->n, sizeof *values),
           *sorted = cli_memory_take(s->card->memory, s->n, sizeof *sorted);
    if (s->n < LEAST_TO_BIN || 2 * f->n_values <= s->n) return false;
    for (size_t i = 0; i < s->n; i++) {
        char *end = NULL;
        const char *text = cli_setting_of(&s->trials[i].settings, f->name);
        values[i] = sorted[i] = text != NULL ? strtod(text, &end) : MISSING;
        if (text == NULL || end == text || *end != '\0' || !isfinite(values[i])) return false;
    }
    qsort(sorted, s->n, sizeof *sorted, by_value);
    for (size_t i = 0; i < s->n; i++) {
        f->groups[i] = 0;
        for (size_t quarter = 1; quarter < BINS; quarter++)
            f->groups[i] += values[i] > aj_quantile(sorted, s->n, (double)quarter / BINS);
    }
    f->n_values = BINS;
    return f->binned = true;
}

static size_t find_factors(const search *s, factor *factors)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < s->trials[i].settings.n && n < MOST_NAMES; k++) {
            const cli_setting *setting = &s->trials[i].settings.list[k];
            bool known = false;
            for (size_t j = 0; j < n; j++) known = known || strcmp(factors[j].name, setting->name) == 0;
            if (known) continue;
            factor f = {setting->name, setting->from,
                        cli_memory_take(s->card->memory, s->n, sizeof *f.groups), 0, false};
            f.n_values = number_values(s, f.name, f.groups);
            if (f.n_values < 2) continue;
            bin(s, &f);
            factors[n++] = f;
        }
    return n;
}

/* Whether every combination of the values was run equally often: else shares overlap. */
static const char *design_words(const search *s, const factor *factors, size_t n)
{
    double combinations = 1;
    size_t n_same = 0;
    for (size_t k = 0; k < n; k++) combinations *= (double)factors[k].n_values;
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->n; j++) {
            bool same = true;
            for (size_t k = 0; k < n && same; k++) same = factors[k].groups[i] == factors[k].groups[j];
            n_same += same;
        }
    double repeats = (double)s->n / combinations; /* of a full grid */
    bool whole = repeats >= 1 && repeats == floor(repeats) && (double)n_same == (double)s->n * repeats;
    for (size_t k = 0; k < n; k++) whole = whole && !factors[k].binned;
    const char *names = NULL;
    for (size_t k = 0; k < n; k++)
        names = cli_memory_text(s->card->memory, "%s%s%s (%zu)", names != NULL ? names : "",
                                names != NULL ? ", " : "", factors[k].name, factors[k].n_values);
    return cli_memory_text(s->card->memory,
                           whole ? "full grid: %s" : "no full grid, so the shares overlap: %s", names);
}

static void put_factor(search *s, const factor *f, const double *accuracies)
{
    bool own = f->n_values == s->n;
    aj_card_row *row =
        put(s, "variance_share_ratio", cli_memory_text(s->card->memory, "variance by %s", f->name),
            own ? MISSING : aj_variance_share(accuracies, f->groups, s->n));
    if (own) {
        row->note = "every run has a value of its own: no share can be told";
        return;
    }
    row->note = cli_memory_text(s->card->memory, "%s%zu %s, from %s; of pure noise %.3g %%",
                                f->binned ? "in " : "", f->n_values, f->binned ? "quarters" : "values",
                                f->from, 100 * (double)(f->n_values - 1) / (double)(s->n - 1));
}

static void put_factors(search *s)
{
    factor *factors = cli_memory_take(s->card->memory, MOST_NAMES, sizeof *factors);
    double *accuracies = cli_memory_take(s->card->memory, s->n, sizeof *accuracies);
    size_t n = find_factors(s, factors);
    for (size_t i = 0; i < s->n; i++) accuracies[i] = s->trials[i].accuracy_ratio;
    if (n > 0)
        cli_card_words(s->card, AJ_CARD_SEARCH, "design", "what was varied", design_words(s, factors, n));
    for (size_t k = 0; k < n; k++) put_factor(s, &factors[k], accuracies);
    if (n == 0)
        cli_card_hint(
            s->card,
            "Sensitivity: nothing tells the runs apart. Name what is varied in options of the command, "
            "or with `aj run --tag name=value`.");
}

void cli_card_put_search(cli_card *card, const cli_card_run *runs, size_t n)
{
    search s;
    if (!begin(&s, card, runs, n)) return;
    put_spread(&s);
    put_factors(&s);
    put_expectation(&s);
    put_waste(&s);
}

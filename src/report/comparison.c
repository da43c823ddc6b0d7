/* comparison.c: the tables of a comparison. */
#include "comparison.h"

#include <math.h>
#include <string.h>

#include "quantity.h"
#include "view.h"

typedef struct {
    const aj_comparison *comparison;
    const aj_comparison_row **rows; /* in the order they are shown */
    void (*put)(const ajp_grid *grid, ajp_text *out);
    bool markdown;
    ajp_arena arena;
    ajp_text out;
} writer;

static int rank_of(const aj_comparison_row *row)
{
    static const char *const order[] = {"measured", "simulated", "projected", "limit"};
    int n = sizeof order / sizeof *order, rank = 0;
    while (rank < n && !ajp_is(order[rank], row->evaluation.hardware_evidence)) rank++;
    return rank;
}

const aj_comparison_row **ajp_comparison_order(const aj_comparison *comparison, ajp_arena *arena)
{
    const aj_comparison_row **rows = ajp_arena_array(arena, comparison->n_rows, sizeof *rows);
    size_t n = 0;
    for (int rank = 0; rows != NULL && rank <= 4; rank++)
        for (size_t i = 0; i < comparison->n_rows; i++)
            if (rank_of(&comparison->rows[i]) == rank) rows[n++] = &comparison->rows[i];
    return rows;
}

static void cell_quantity(ajp_grid *grid, double value, const char *unit)
{
    ajp_number number = ajp_quantity(value, unit);
    ajp_grid_cell(grid, number.text);
}

/* A new row, with a rule where the evidence changes. */
static void begin_row(writer *w, ajp_grid *grid, size_t i)
{
    ajp_grid_row *row = ajp_grid_add(grid);
    if (row != NULL) row->rule = i > 0 && rank_of(w->rows[i]) != rank_of(w->rows[i - 1]);
    ajp_grid_cell(grid, w->rows[i]->evaluation.hardware_name);
}

static double accuracy_of(const aj_comparison_row *row)
{
    const aj_evaluation *e = &row->evaluation;
    return isnan(e->accuracy_ratio.mean) ? e->clean_accuracy_ratio : e->accuracy_ratio.mean;
}

static void cell_accuracy(ajp_grid *grid, const aj_comparison_row *row)
{
    const aj_summary *summary = &row->evaluation.accuracy_ratio;
    ajp_number mean = ajp_percent(accuracy_of(row), 2);
    if (isnan(summary->ci95_low)) {
        ajp_grid_cell(grid, mean.text);
        return;
    }
    ajp_number half = ajp_percent((summary->ci95_high - summary->ci95_low) / 2.0, 2);
    ajp_grid_format(grid, "%s ± %s", mean.text, half.text);
}

static void cell_largest(ajp_grid *grid, const aj_comparison_row *row)
{
    double share;
    const aj_energy *energy = &row->evaluation.energy;
    aj_cause cause = aj_energy_largest(energy, &share);
    if (cause == AJ_N_CAUSES)
        ajp_grid_cell(grid, AJP_MISSING_TEXT);
    else
        ajp_grid_format(
            grid, isnan(aj_energy_boundary(energy, AJ_ACCELERATOR)) ? "%s, others unknown" : "%s %.0f %%",
            aj_cause_name(cause), 100.0 * share);
}

static const char *tolerance_words(writer *w)
{
    ajp_number within = ajp_plain(100.0 * w->comparison->within_ratio, 3);
    const char *text = ajp_arena_printf(&w->arena, "%s pp", within.text);
    return text != NULL ? text : "the tolerance";
}

static void put_energies(writer *w)
{
    const aj_comparison *c = w->comparison;
    ajp_grid grid;
    ajp_number clean = ajp_percent(c->clean_accuracy_ratio, 2);
    ajp_grid_begin(&grid, &w->arena,
                   ajp_arena_printf(
                       &w->arena, "Least energy per inference that keeps accuracy within %s of clean (%s %%)",
                       tolerance_words(w), clean.text));
    ajp_grid_column(&grid, "hardware", AJP_LEFT);
    ajp_grid_column(&grid, "accuracy %", AJP_RIGHT);
    ajp_grid_column(&grid, "optical", AJP_RIGHT);
    ajp_grid_column(&grid, "accelerator", AJP_RIGHT);
    ajp_grid_column(&grid, "system", AJP_RIGHT);
    ajp_grid_column(&grid, "largest cause", AJP_LEFT);
    ajp_grid_column(&grid, "", AJP_LEFT);
    for (size_t i = 0; i < c->n_rows; i++) {
        const aj_comparison_row *row = w->rows[i];
        begin_row(w, &grid, i);
        cell_accuracy(&grid, row);
        for (int boundary = 0; boundary < AJ_N_BOUNDARIES; boundary++)
            cell_quantity(&grid, aj_energy_boundary(&row->evaluation.energy, (aj_boundary)boundary), "J");
        cell_largest(&grid, row);
        ajp_grid_cell(&grid, row->reached ? "" : "not reached");
    }
    grid.caption =
        "optical: light at the detectors, a part of the laser's energy. accelerator: laser to static "
        "power. system: memory, host and facility too. — = does not exist there or is not fully "
        "described. Largest cause: share of the described causes without facility.";
    w->put(&grid, &w->out);
}

static void cell_claim(const writer *w, ajp_grid *grid, const aj_comparison_row *row)
{
    double points = 100.0 * row->bound_ratio;
    ajp_number bound = ajp_plain(fabs(points) < 1e-9 ? 0.0 : points, 3); /* a mean of equal numbers rounds */
    if (!row->reached) {
        ajp_number best = ajp_percent(accuracy_of(row), 2);
        ajp_grid_format(grid, "not reached; best %s %%", best.text);
    } else if (row->exact) {
        ajp_grid_format(grid, "%s pp, nothing is random", bound.text);
    } else {
        ajp_grid_format(grid, "≥ %s pp, %u trials", bound.text, w->comparison->n_trials);
    }
}

static void cell_knob(ajp_grid *grid, const aj_comparison_row *row)
{
    if (row->knob.key == NULL) {
        ajp_grid_cell(grid, row->knob_held);
        return;
    }
    ajp_number value = ajp_quantity(row->knob.value, row->knob.unit);
    if (row->knob.unit[0] == '\0') value = ajp_plain(row->knob.value, 3);
    bool lowest = row->reached && row->knob.value == row->knob.low;
    ajp_grid_format(grid, "%s = %s%s", row->knob.key, value.text,
                    lowest         ? " (least of its range)"
                    : row->scanned ? " (scanned)"
                                   : "");
}

static void put_claims(writer *w)
{
    const aj_comparison *c = w->comparison;
    ajp_grid grid;
    ajp_grid_begin(&grid, &w->arena, "What was turned, and what is claimed");
    ajp_grid_column(&grid, "hardware", AJP_LEFT);
    ajp_grid_column(&grid, "evidence", AJP_LEFT);
    ajp_grid_column(&grid, "node", AJP_LEFT);
    ajp_grid_column(&grid, "year", AJP_RIGHT);
    ajp_grid_column(&grid, "weights", AJP_LEFT);
    ajp_grid_column(&grid, "knob", AJP_LEFT);
    ajp_grid_column(&grid, "accuracy - clean", AJP_LEFT);
    for (size_t i = 0; i < c->n_rows; i++) {
        const aj_comparison_row *row = w->rows[i];
        begin_row(w, &grid, i);
        ajp_grid_cell(&grid, row->evaluation.hardware_evidence);
        ajp_grid_cell(&grid, ajp_node(&row->evaluation));
        if (row->evaluation.hardware_year > 0)
            ajp_grid_format(&grid, "%d", row->evaluation.hardware_year);
        else
            ajp_grid_cell(&grid, NULL);
        ajp_grid_cell(&grid, row->trained_for_it ? "trained for it" : "as is");
        cell_knob(&grid, row);
        cell_claim(w, &grid, row);
    }
    grid.caption = ajp_arena_printf(
        &w->arena,
        "Claim of a row: on these samples, the mean accuracy over draws of the hardware is not more than %s "
        "below clean. At most %.0f %% of such rows are wrong (one-sided; Student's bound over trials that "
        "the "
        "search did not see, all confirmations of a row together). The energy is the least along the named "
        "knob alone: an upper bound of what the hardware could do.",
        tolerance_words(w), 100.0 * c->error_ratio);
    w->put(&grid, &w->out);
}

static void put_speed(writer *w)
{
    const aj_comparison *c = w->comparison;
    ajp_grid grid;
    ajp_grid_begin(&grid, &w->arena, "Joules per MAC, time and size");
    ajp_grid_column(&grid, "hardware", AJP_LEFT);
    ajp_grid_column(&grid, "optical / MAC", AJP_RIGHT);
    ajp_grid_column(&grid, "accelerator / MAC", AJP_RIGHT);
    ajp_grid_column(&grid, "system / MAC", AJP_RIGHT);
    ajp_grid_column(&grid, "latency", AJP_RIGHT);
    ajp_grid_column(&grid, "inferences / s", AJP_RIGHT);
    ajp_grid_column(&grid, "TOPS", AJP_RIGHT);
    ajp_grid_column(&grid, "peak TOPS", AJP_RIGHT);
    ajp_grid_column(&grid, "TOPS / W", AJP_RIGHT);
    ajp_grid_column(&grid, "area", AJP_RIGHT);
    for (size_t i = 0; i < c->n_rows; i++) {
        const aj_comparison_row *row = w->rows[i];
        const aj_evaluation *e = &row->evaluation;
        begin_row(w, &grid, i);
        for (int boundary = 0; boundary < AJ_N_BOUNDARIES; boundary++)
            cell_quantity(&grid, ajp_per_mac(e, (aj_boundary)boundary), "J");
        cell_quantity(&grid, e->latency_seconds, "s");
        cell_quantity(&grid, e->throughput_per_second, "");
        double ops = 2.0 * e->macs_per_inference;
        const double tera[] = {ops * e->throughput_per_second, 2.0 * row->peak_macs_per_second,
                               ops / aj_energy_boundary(&e->energy, AJ_ACCELERATOR)};
        for (int k = 0; k < 3; k++) {
            ajp_number number = ajp_plain(tera[k] / 1e12, 3);
            ajp_grid_cell(&grid, number.text);
        }
        ajp_number area = ajp_plain(row->area_square_meters * 1e6, 3);
        if (isnan(row->area_square_meters))
            ajp_grid_cell(&grid, area.text);
        else
            ajp_grid_format(&grid, "%s mm²", area.text);
    }
    grid.caption =
        "One MAC is two operations. TOPS: of this network at this batch; peak: of the arrays, every "
        "cell busy; TOPS / W: at the boundary accelerator.";
    w->put(&grid, &w->out);
}

/* ---- what is the same, and what is not --------------------------------------------------------------- */

static void begin_list(writer *w, ajp_grid *grid, const char *title, const char *left, const char *right)
{
    ajp_grid_begin(grid, &w->arena, title);
    ajp_grid_column(grid, left, AJP_LEFT);
    ajp_grid_column(grid, right, AJP_LEFT);
    grid->headless = !w->markdown;
}

static void put_held(writer *w)
{
    const aj_comparison *c = w->comparison;
    ajp_grid grid;
    begin_list(w, &grid, "Held constant", "what", "value");
    for (size_t i = 0; i < c->n_held; i++) {
        ajp_grid_add(&grid);
        ajp_grid_cell(&grid, c->held[i].what);
        ajp_grid_cell(&grid, c->held[i].value);
    }
    w->put(&grid, &w->out);
}

static const aj_recorded_parameter *find(const aj_comparison_row *row, const char *key)
{
    for (size_t i = 0; i < row->evaluation.n_parameters; i++)
        if (ajp_is(row->evaluation.parameters[i].key, key)) return &row->evaluation.parameters[i];
    return NULL;
}

static ajp_number value_text(const aj_recorded_parameter *p)
{
    ajp_number text;
    if (p->word == NULL) return ajp_exact_quantity(p->value, p->unit);
    snprintf(text.text, sizeof text.text, "%s", p->word);
    return text;
}

/* The rows from i on that have the same value of a key, by name; they are told then. */
static const char *names_with(writer *w, const char *key, size_t i, bool *told, size_t *n_with)
{
    ajp_number value = value_text(find(w->rows[i], key));
    const char *names = "";
    *n_with = 0;
    for (size_t k = i; k < w->comparison->n_rows && names != NULL; k++) {
        const aj_recorded_parameter *other = find(w->rows[k], key);
        if (other == NULL || strcmp(value_text(other).text, value.text) != 0) continue;
        told[k] = true;
        names = ajp_arena_printf(&w->arena, "%s%s%s", names, (*n_with)++ > 0 ? ", " : "",
                                 w->rows[k]->evaluation.hardware_name);
    }
    return names;
}

/* "a, b: 1 pJ; c: 2 pJ", or "1 pJ (all)"; NULL where no row has the key. */
static const char *side_by_side(writer *w, const char *key)
{
    size_t n = w->comparison->n_rows, n_with;
    const char *text = NULL;
    bool *told = ajp_arena_array(&w->arena, n, sizeof *told);
    for (size_t i = 0; i < n && told != NULL; i++) {
        const aj_recorded_parameter *p = find(w->rows[i], key);
        if (p == NULL || told[i]) continue;
        ajp_number value = value_text(p);
        const char *names = names_with(w, key, i, told, &n_with);
        if (names == NULL) return NULL;
        if (n_with == n) return ajp_arena_printf(&w->arena, "%s (all)", value.text);
        text = ajp_arena_printf(&w->arena, "%s%s%s: %s", text != NULL ? text : "", text != NULL ? "; " : "",
                                names, value.text);
    }
    return text;
}

/* Outside the arrays, converters, light and surroundings: where these differ, hardware is not all that
 * differs. */
static void put_assumptions(writer *w)
{
    static const char *const keys[] = {"digital_op_joules",
                                       "sram_joules_per_bit",
                                       "dram_joules_per_bit",
                                       "sram_bytes",
                                       "weight_bits",
                                       "activation_bits",
                                       "adc_bits",
                                       "adc_walden_joules_per_step",
                                       "adc_energy_joules",
                                       "dac_bits",
                                       "dac_energy_joules",
                                       "temperature_kelvin",
                                       "wall_plug_ratio",
                                       "wavelength_meters",
                                       "quantum_efficiency_ratio",
                                       "static_watts",
                                       "inferences_per_programming",
                                       "host_joules_per_inference",
                                       "power_usage_effectiveness"};
    ajp_grid grid;
    begin_list(w, &grid, "Assumptions side by side (--set KEY=VALUE makes one the same for all that have it)",
               "parameter", "value");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *text = side_by_side(w, keys[i]);
        if (text == NULL) continue;
        ajp_grid_add(&grid);
        ajp_grid_cell(&grid, keys[i]);
        ajp_grid_cell(&grid, text);
    }
    if (grid.n_rows > 0) w->put(&grid, &w->out);
}

/* Products that a row leaves to digital logic: nothing runs digitally in silence. */
static void put_fallback(writer *w)
{
    ajp_grid grid;
    begin_list(w, &grid, "Runs digitally, priced by the fallback", "hardware", "products");
    for (size_t i = 0; i < w->comparison->n_rows; i++) {
        const aj_evaluation *e = &w->rows[i]->evaluation;
        for (size_t k = 0; k < e->n_digital_fallback; k++) {
            ajp_grid_add(&grid);
            ajp_grid_cell(&grid, e->hardware_name);
            ajp_grid_cell(&grid, e->digital_fallback[k]);
        }
    }
    if (grid.n_rows > 0) w->put(&grid, &w->out);
}

static void put_steps(writer *w)
{
    ajp_grid grid;
    ajp_grid_begin(&grid, &w->arena, "Every value that was tried");
    ajp_grid_column(&grid, "hardware", AJP_LEFT);
    ajp_grid_column(&grid, "knob", AJP_RIGHT);
    ajp_grid_column(&grid, "trials", AJP_LEFT);
    ajp_grid_column(&grid, "accuracy %", AJP_RIGHT);
    ajp_grid_column(&grid, "bound, pp", AJP_RIGHT);
    ajp_grid_column(&grid, "optical", AJP_RIGHT);
    ajp_grid_column(&grid, "accelerator", AJP_RIGHT);
    ajp_grid_column(&grid, "", AJP_LEFT);
    for (size_t i = 0; i < w->comparison->n_rows; i++) {
        for (size_t k = 0; k < w->rows[i]->n_steps; k++) {
            const aj_comparison_step *step = &w->rows[i]->steps[k];
            ajp_grid_row *row = ajp_grid_add(&grid);
            if (row != NULL) row->rule = i > 0 && k == 0;
            ajp_grid_cell(&grid, w->rows[i]->evaluation.hardware_name);
            ajp_number text = ajp_plain(step->value, 4);
            ajp_grid_cell(&grid, text.text);
            ajp_grid_format(&grid, "%zu %s", step->accuracy_ratio.n, step->fresh ? "fresh" : "search");
            text = ajp_percent(step->accuracy_ratio.mean, 2);
            ajp_grid_cell(&grid, text.text);
            text = ajp_plain(100.0 * step->bound_ratio, 3);
            ajp_grid_cell(&grid, text.text);
            cell_quantity(&grid, step->boundary_joules[AJ_OPTICAL], "J");
            cell_quantity(&grid, step->boundary_joules[AJ_ACCELERATOR], "J");
            ajp_grid_cell(&grid, step->refused ? "cannot be described" : step->kept ? "kept" : "");
        }
    }
    w->put(&grid, &w->out);
}

static void put_all(writer *w, bool explain)
{
    put_energies(w);
    put_claims(w);
    put_speed(w);
    put_held(w);
    put_assumptions(w);
    put_fallback(w);
    if (explain) put_steps(w);
}

/* Causes, laws and parameters, as reports of evaluations have them. */
static aj_status explain_rows(writer *w, FILE *stream, const char *format, aj_error *err)
{
    aj_evaluation *records = ajp_arena_array(&w->arena, w->comparison->n_rows, sizeof *records);
    if (records == NULL) return ajp_no_memory(err, "comparison");
    for (size_t i = 0; i < w->comparison->n_rows; i++) records[i] = w->rows[i]->evaluation;
    aj_report_options options = AJ_REPORT_OPTIONS_INIT;
    options.explain = true;
    return aj_report_write(stream, format, records, w->comparison->n_rows, &options, err);
}

aj_status aj_report_comparison(FILE *stream, const char *format, const aj_comparison *comparison,
                               const aj_report_options *options, aj_error *err)
{
    static const aj_report_options none = AJ_REPORT_OPTIONS_INIT;
    if (options == NULL) options = &none;
    bool markdown = strcmp(format, "markdown") == 0;
    if (!markdown && strcmp(format, "table") != 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "a comparison is written as table or markdown, not %s",
                        format);
    if (comparison->n_rows == 0) return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "a comparison without rows");
    writer w = {.comparison = comparison,
                .put = markdown ? ajp_grid_to_markdown : ajp_grid_to_terminal,
                .markdown = markdown};
    ajp_arena_init(&w.arena, NULL);
    w.rows = ajp_comparison_order(comparison, &w.arena);
    if (w.rows != NULL) put_all(&w, options->explain);
    aj_status st =
        w.rows == NULL || w.out.failed || w.arena.failed ? ajp_no_memory(err, "comparison") : AJ_OK;
    if (st == AJ_OK) st = ajp_text_write(&w.out, stream, err);
    if (st == AJ_OK && options->explain) st = explain_rows(&w, stream, format, err);
    ajp_text_free(&w.out);
    ajp_arena_free(&w.arena);
    return st;
}

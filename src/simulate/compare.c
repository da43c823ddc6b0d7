/* compare.c: one network on several hardwares, each at the least energy that keeps its accuracy. */
#include "compare.h"

#include <math.h>
#include <string.h>

enum { SEARCH_TRIALS = 5, MAX_HARDWARES = 64 };
#define STEPS_PER_DECADE 20.0 /* a step is 12 %: finer than the accuracy of any price */
#define ERROR_RATIO      0.05
/* Confirmations draw from another seed, so that no trial of the search is among them. Bit 48: the command
 * takes such seeds, and it lies above those that people choose. */
#define CONFIRM_SEED(seed) ((seed) ^ (uint64_t)1 << 48)

/* ---- the grid of a knob ------------------------------------------------------------------------------ */

size_t ajp_knob_points(const ajp_knob *knob)
{
    if (knob->steps == AJP_KNOB_WHOLE) return (size_t)(knob->high - knob->low) + 1;
    return (size_t)ceil(log10(knob->high / knob->low) * STEPS_PER_DECADE - 1e-9) + 1;
}

double ajp_knob_value(const ajp_knob *knob, size_t i)
{
    if (knob->steps == AJP_KNOB_WHOLE) return knob->low + (double)i;
    return fmin(knob->low * pow(10.0, (double)i / STEPS_PER_DECADE), knob->high);
}

/* The family's knob within what the parameter may be; key NULL with the reason when nothing is turned. */
static ajp_knob choose_knob(const aj_hardware *hardware, const char **held)
{
    ajp_knob knob = ajp_hardware_get_ops(hardware)->knob;
    aj_parameter parameter;
    *held = NULL;
    if (knob.key == NULL || !aj_hardware_find(hardware, knob.key, &parameter)) {
        knob.key = NULL;
        *held = "none: as described";
    } else if (strcmp(parameter.source, AJP_SET_BY_USER) == 0) {
        knob.key = NULL;
        *held = "held: set by the user";
    } else {
        knob.low = fmax(knob.low, parameter.minimum);
        knob.high = fmin(knob.high, parameter.maximum);
    }
    return knob;
}

/* ---- one row ----------------------------------------------------------------------------------------- */

typedef struct {
    ajp_comparing *all;
    const aj_hardware *hardware;
    ajp_knob knob;
    aj_comparison_row *row;
    aj_comparison_step step;   /* of the try in work */
    aj_evaluation fresh;       /* of the confirmation in work */
    aj_comparison_step *steps; /* grows */
    size_t n_steps, steps_room;
    uint64_t n_after; /* samples of the rows after this one, estimated */
    bool failed;      /* memory ran out in `concluded` */
} row_state;

static uint64_t samples_of(const ajp_comparing *all, const aj_hardware *hardware)
{
    const char *held;
    ajp_knob knob = choose_knob(hardware, &held);
    size_t n_points = knob.key != NULL ? ajp_knob_points(&knob) : 1;
    bool exact = ajp_hardware_get_ops(hardware)->deterministic;
    uint64_t n_search = exact ? 1 : all->comparison.n_search_trials;
    uint64_t n_confirm = exact ? 1 : all->comparison.n_trials;
    return (ajp_search_tries(n_points, knob.monotone) * n_search + n_confirm) * all->study->data.n_samples;
}

static aj_status evaluate_point(row_state *state, const aj_hardware *hardware, bool fresh, aj_evaluation *out,
                                aj_error *err)
{
    ajp_comparing *all = state->all;
    aj_evaluate_options options = all->options->evaluate;
    const ajp_calibration *calibrations = NULL;
    options.hardware = hardware;
    options.n_trials = fresh ? all->comparison.n_trials : all->comparison.n_search_trials;
    if (state->row->exact) options.n_trials = 1;
    options.seed = fresh ? all->comparison.seed : all->comparison.search_seed;
    options.per_layer = options.reference = false;
    options.outputs = NULL;
    uint64_t n_samples = options.n_trials * all->study->data.n_samples;
    uint64_t n_total = all->n_done + n_samples + state->n_after;
    if (all->work.n_total < n_total) all->work.n_total = n_total;
    AJ_TRY(ajp_study_calibrations(&calibrations, all->study, hardware, &options, err));
    AJ_TRY(
        ajp_study_evaluate(out, all->study, hardware, &options, calibrations, &all->work, all->n_done, err));
    all->n_done += n_samples;
    return AJ_OK;
}

static void keep_tried(row_state *state, const aj_evaluation *evaluation, ajp_tried *tried)
{
    double clean = state->all->comparison.clean_accuracy_ratio;
    aj_boundary boundary;
    state->step.accuracy_ratio = evaluation->accuracy_ratio;
    for (int b = 0; b < AJ_N_BOUNDARIES; b++)
        state->step.boundary_joules[b] = aj_energy_boundary(&evaluation->energy, (aj_boundary)b);
    tried->exact = state->row->exact;
    tried->joules = aj_energy_judged(&evaluation->energy, &boundary);
    tried->difference = evaluation->accuracy_ratio;
    tried->difference.mean -= clean;
}

static aj_status try_point(void *user, size_t point, bool fresh, ajp_tried *tried, aj_error *err)
{
    row_state *state = user;
    aj_hardware *hardware = NULL;
    aj_evaluation evaluation = {0};
    aj_error why = {AJ_OK, 0, ""};
    bool turned = state->knob.key != NULL;
    double value = turned ? ajp_knob_value(&state->knob, point) : (double)NAN;
    aj_status st;
    *tried = (ajp_tried){.difference.mean = (double)NAN, .joules = (double)NAN};
    state->step = (aj_comparison_step){.value = value};
    for (int b = 0; b < AJ_N_BOUNDARIES; b++) state->step.boundary_joules[b] = (double)NAN;
    AJ_TRY_DONE(aj_hardware_clone(&hardware, state->hardware, err));
    if (turned) AJ_TRY_DONE(ajp_hardware_turn(hardware, state->knob.key, value, err));
    st = evaluate_point(state, hardware, fresh, &evaluation, &why);
    if (st == AJ_OK) {
        keep_tried(state, &evaluation, tried);
    } else if (st == AJ_BAD_ARGUMENT && turned) { /* no such hardware: other values may be described */
        state->all->refusal = why;
        tried->refused = true;
        st = AJ_OK;
    } else {
        ajp_fail(err, st, why.system_errno, "%s", why.message);
    }
done:
    if (st == AJ_OK && fresh && !tried->refused)
        state->fresh = evaluation;
    else
        aj_evaluation_destroy(&evaluation);
    aj_hardware_destroy(hardware);
    return st;
}

static void concluded(void *user, const ajp_verdict *verdict)
{
    row_state *state = user;
    aj_comparison_step *step = &state->step;
    step->fresh = verdict->fresh;
    step->kept = verdict->kept;
    step->refused = verdict->refused;
    step->bound_ratio = verdict->bound_ratio;
    step->error_ratio = verdict->error_ratio;
    if (ajp_grow(NULL, (void **)&state->steps, &state->steps_room, state->n_steps + 1, sizeof *step,
                 "comparison", NULL) != AJ_OK) {
        state->failed = true;
        return;
    }
    state->steps[state->n_steps++] = *step;
    if (!verdict->fresh || verdict->refused) return;
    aj_evaluation *kept = &state->row->evaluation;
    if (verdict->kept || !(state->fresh.accuracy_ratio.mean <= kept->accuracy_ratio.mean) ||
        kept->memory == NULL) {
        aj_evaluation_destroy(kept);
        *kept = state->fresh;
        state->row->knob.value = step->value;
        state->fresh = (aj_evaluation){0};
    }
    aj_evaluation_destroy(&state->fresh);
}

static aj_status finish_row(row_state *state, const ajp_search_result *result, aj_error *err)
{
    aj_comparison_row *row = state->row;
    if (state->failed) return ajp_no_memory(err, "comparison");
    if (row->evaluation.memory == NULL) /* every value was refused */
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: no value of %s can be described: %s",
                        aj_hardware_describe(state->hardware).name, state->knob.key,
                        state->all->refusal.message);
    row->reached = result->reached;
    row->scanned = result->scanned;
    row->bound_ratio = result->bound_ratio;
    row->error_ratio = result->error_ratio;
    aj_comparison_step *steps = ajp_arena_array(state->all->arena, state->n_steps, sizeof *steps);
    if (steps == NULL) return ajp_no_memory(err, "comparison");
    memcpy(steps, state->steps, state->n_steps * sizeof *steps);
    row->steps = steps;
    row->n_steps = state->n_steps;
    ajp_record_measured(&row->evaluation, &state->all->options->evaluate);
    return AJ_OK;
}

/* What belongs to the hardware as it was chosen. */
static aj_status describe_chosen(row_state *state, aj_error *err)
{
    aj_comparison_row *row = state->row;
    const ajp_hardware_ops *ops = ajp_hardware_get_ops(state->hardware);
    aj_hardware *chosen = NULL;
    AJ_TRY(aj_hardware_clone(&chosen, state->hardware, err));
    aj_status st = AJ_OK;
    if (state->knob.key != NULL) st = ajp_hardware_turn(chosen, state->knob.key, row->knob.value, err);
    const void *params = ajp_hardware_get_params(chosen);
    if (st == AJ_OK && ops->area_square_meters != NULL)
        row->area_square_meters = ops->area_square_meters(params);
    if (st == AJ_OK && ops->peak_macs_per_second != NULL)
        row->peak_macs_per_second = ops->peak_macs_per_second(params);
    aj_hardware_destroy(chosen);
    return st;
}

static aj_status begin_row(row_state *state, size_t i, aj_error *err)
{
    ajp_comparing *all = state->all;
    aj_comparison_row *row = state->row;
    const char *held;
    aj_parameter parameter = {.unit = NULL};
    state->knob = choose_knob(state->hardware, &held);
    *row = (aj_comparison_row){.knob_held = held,
                               .exact = ajp_hardware_get_ops(state->hardware)->deterministic,
                               .trained_for_it =
                                   all->options->trained_for_it != NULL && all->options->trained_for_it[i],
                               .knob = {NULL, NULL, (double)NAN, (double)NAN, (double)NAN, 1},
                               .area_square_meters = (double)NAN,
                               .peak_macs_per_second = (double)NAN};
    all->comparison.n_rows = i + 1;
    all->work.what = ajp_arena_printf(all->arena, "compare %s", aj_hardware_describe(state->hardware).name);
    if (all->work.what == NULL) return ajp_no_memory(err, "comparison");
    if (state->knob.key == NULL) return AJ_OK;
    (void)aj_hardware_find(state->hardware, state->knob.key, &parameter);
    row->knob.key = ajp_arena_strdup(all->arena, state->knob.key);
    row->knob.unit = ajp_arena_strdup(all->arena, parameter.unit);
    row->knob.low = state->knob.low;
    row->knob.high = state->knob.high;
    row->knob.n_grid = ajp_knob_points(&state->knob);
    return row->knob.key != NULL && row->knob.unit != NULL ? AJ_OK : ajp_no_memory(err, "comparison");
}

static aj_status compare_row(ajp_comparing *all, size_t i, aj_error *err)
{
    row_state state = {.all = all, .hardware = all->options->hardwares[i], .row = &all->comparison.rows[i]};
    for (size_t k = i + 1; k < all->options->n_hardwares; k++)
        state.n_after += samples_of(all, all->options->hardwares[k]);
    AJ_TRY(begin_row(&state, i, err));
    ajp_search search = {.n_points = state.row->knob.n_grid,
                         .monotone = state.knob.monotone,
                         .within_ratio = all->comparison.within_ratio,
                         .error_ratio = all->comparison.error_ratio,
                         .n_confirm = all->comparison.n_trials,
                         .try_point = try_point,
                         .concluded = concluded,
                         .user = &state};
    ajp_search_result result;
    aj_status st = ajp_search_run(&search, all->study->context, &result, err);
    if (st == AJ_OK) st = finish_row(&state, &result, err);
    if (st == AJ_OK) st = describe_chosen(&state, err);
    all->work.n_total = all->n_done + state.n_after;
    aj_evaluation_destroy(&state.fresh);
    ajp_free(NULL, state.steps);
    return st;
}

/* ---- all rows ---------------------------------------------------------------------------------------- */

static aj_status check_options(const aj_compare_options *options, aj_error *err)
{
    if (options->struct_size != sizeof *options)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "compare options: struct_size %zu; use AJ_COMPARE_OPTIONS_INIT",
                        options->struct_size);
    AJ_TRY(ajp_check_evaluate_options(&options->evaluate, err));
    if (options->n_hardwares < 1 || options->n_hardwares > MAX_HARDWARES)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "compare: %zu hardwares; 1 to %d can be compared",
                        options->n_hardwares, MAX_HARDWARES);
    if (!(options->within_ratio >= 0.0 && options->within_ratio <= 1.0))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "within: %g is not in 0 ... 1", options->within_ratio);
    if (options->n_trials < 2 || options->n_trials > 10000)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "trials: %u is not in 2 ... 10000; one trial says nothing of its spread",
                        options->n_trials);
    if (options->evaluate.seed >> 48 != 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "seed: compare takes seeds below 2^48");
    return AJ_OK;
}

static aj_status run_rows(ajp_comparing *all, aj_compare_finished finished, void *user, aj_error *err)
{
    const aj_compare_options *options = all->options;
    uint64_t n_total = 0;
    for (size_t i = 0; i < options->n_hardwares; i++) n_total += samples_of(all, options->hardwares[i]);
    ajp_work_begin(&all->work, all->study->context, "compare", "samples", n_total, 0);
    for (size_t i = 0; i < options->n_hardwares; i++) {
        AJ_TRY(compare_row(all, i, err));
        if (finished != NULL && !finished(user, i, options->n_hardwares, &all->comparison.rows[i]))
            return ajp_fail(err, AJ_INTERRUPTED, 0, "compare stopped after %zu of %zu hardwares", i + 1,
                            options->n_hardwares);
    }
    all->work.what = "compare";
    ajp_work_finish(&all->work, all->n_done, NULL);
    return AJ_OK;
}

static aj_status compare(ajp_comparing *all, const aj_model *model, const aj_dataset *dataset,
                         aj_compare_finished finished, void *user, aj_error *err)
{
    const aj_compare_options *options = all->options;
    aj_comparison *c = &all->comparison;
    AJ_TRY(ajp_study_create(&all->study, all->context, model, dataset, options->evaluate.chunk, err));
    all->study->dynamic = options->evaluate.dynamic;
    AJ_TRY(ajp_study_clean(all->study, NULL, err));
    if (isnan(all->study->clean_accuracy_ratio))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "%s: its labels are no classes, so that there is no accuracy to keep; compare needs "
                        "class numbers",
                        all->study->data.name);
    c->clean_accuracy_ratio = all->study->clean_accuracy_ratio;
    c->rows = ajp_arena_array(all->arena, options->n_hardwares, sizeof *c->rows);
    if (c->rows == NULL) return ajp_no_memory(err, "comparison");
    AJ_TRY(ajp_compare_hold(all, err));
    return run_rows(all, finished, user, err);
}

aj_status aj_compare(aj_comparison *out, aj_context *context, const aj_model *model,
                     const aj_dataset *dataset, const aj_compare_options *options,
                     aj_compare_finished finished, void *user, aj_error *err)
{
    double started = ajp_now_seconds();
    *out = (aj_comparison){0};
    AJ_TRY(check_options(options, err));
    ajp_comparing all = {.context = context, .options = options};
    AJ_TRY(ajp_comparison_begin(&all.comparison, &all.arena, err));
    all.comparison.within_ratio = options->within_ratio;
    all.comparison.error_ratio = ERROR_RATIO;
    all.comparison.n_trials = options->n_trials;
    all.comparison.n_search_trials = options->n_trials < SEARCH_TRIALS ? options->n_trials : SEARCH_TRIALS;
    all.comparison.search_seed = options->evaluate.seed;
    all.comparison.seed = CONFIRM_SEED(options->evaluate.seed);
    aj_status st = compare(&all, model, dataset, finished, user, err);
    all.comparison.duration_seconds = ajp_now_seconds() - started;
    ajp_study_destroy(all.study);
    if (st == AJ_OK)
        *out = all.comparison;
    else
        aj_comparison_destroy(&all.comparison);
    return st;
}

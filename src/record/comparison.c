/* comparison.c: a comparison as one value: its memory, and its document. */
#include <math.h>

#include "builder.h"
#include "json_out.h"

aj_status ajp_comparison_begin(aj_comparison *comparison, ajp_arena **arena, aj_error *err)
{
    *comparison = (aj_comparison){0};
    *arena = ajp_calloc(NULL, 1, sizeof **arena);
    if (*arena == NULL) return ajp_no_memory(err, "comparison");
    ajp_arena_init(*arena, NULL);
    comparison->memory = *arena;
    comparison->clean_accuracy_ratio = (double)NAN;
    comparison->measured_energy_joules = (aj_estimate){(double)NAN, (double)NAN, AJ_MEASURED};
    return AJ_OK;
}

void aj_comparison_destroy(aj_comparison *comparison)
{
    if (comparison == NULL) return;
    for (size_t i = 0; i < comparison->n_rows; i++) aj_evaluation_destroy(&comparison->rows[i].evaluation);
    ajp_arena *arena = comparison->memory;
    *comparison = (aj_comparison){0};
    if (arena == NULL) return;
    ajp_arena_free(arena);
    ajp_free(NULL, arena);
}

/* The statement of a row: what is claimed, and how often such a claim is wrong. */
static void put_statement(ajp_json *json, double bound_ratio, double error_ratio)
{
    ajp_json_number(json, "difference_bound_ratio", bound_ratio);
    ajp_json_number(json, "error_ratio", error_ratio);
}

static void put_knob(ajp_json *json, const aj_comparison_row *row)
{
    if (row->knob.key == NULL) {
        ajp_json_null(json, "knob");
    } else {
        ajp_json_object(json, "knob");
        ajp_json_string(json, "key", row->knob.key);
        ajp_json_string(json, "unit", row->knob.unit);
        ajp_json_number(json, "value", row->knob.value);
        ajp_json_number(json, "low", row->knob.low);
        ajp_json_number(json, "high", row->knob.high);
        ajp_json_count(json, "values", row->knob.n_grid);
        ajp_json_bool(json, "scanned", row->scanned);
        ajp_json_object_end(json);
    }
    ajp_json_string(json, "knob_held", row->knob_held);
}

static void put_steps(ajp_json *json, const aj_comparison_row *row)
{
    ajp_json_array(json, "steps", false);
    for (size_t i = 0; i < row->n_steps; i++) {
        const aj_comparison_step *step = &row->steps[i];
        ajp_json_object(json, NULL);
        ajp_json_number(json, "value", step->value);
        ajp_json_string(json, "trials_of", step->fresh ? "confirmation" : "search");
        ajp_json_bool(json, "kept", step->kept);
        ajp_json_bool(json, "refused", step->refused);
        ajp_json_object(json, "accuracy_ratio");
        if (!step->refused) ajp_summary_put(json, &step->accuracy_ratio);
        ajp_json_count(json, "n", step->accuracy_ratio.n);
        ajp_json_object_end(json);
        put_statement(json, step->bound_ratio, step->error_ratio);
        for (int boundary = 0; boundary < AJ_N_BOUNDARIES; boundary++)
            ajp_json_number(json, aj_boundary_name((aj_boundary)boundary), step->boundary_joules[boundary]);
        ajp_json_object_end(json);
    }
    ajp_json_array_end(json);
}

static aj_status put_row(ajp_json *json, const aj_comparison_row *row, aj_error *err)
{
    double share;
    aj_cause largest = aj_energy_largest(&row->evaluation.energy, &share);
    ajp_json_object(json, NULL);
    ajp_json_string(json, "hardware", row->evaluation.hardware_name);
    ajp_json_bool(json, "reached", row->reached);
    ajp_json_bool(json, "exact", row->exact);
    ajp_json_string(json, "weights", row->trained_for_it ? "trained for it" : "as is");
    put_statement(json, row->bound_ratio, row->error_ratio);
    put_knob(json, row);
    ajp_json_string(json, "largest_cause", largest < AJ_N_CAUSES ? aj_cause_name(largest) : NULL);
    ajp_json_number(json, "largest_cause_ratio", share);
    ajp_json_number(json, "area_square_meters", row->area_square_meters);
    ajp_json_number(json, "peak_macs_per_second", row->peak_macs_per_second);
    put_steps(json, row);
    aj_status st = ajp_evaluation_put(json, "evaluation", &row->evaluation, err);
    ajp_json_object_end(json);
    return st;
}

static aj_status put_comparison(ajp_json *json, const aj_comparison *c, aj_error *err)
{
    ajp_json_object(json, NULL);
    ajp_json_number(json, "within_ratio", c->within_ratio);
    ajp_json_number(json, "error_ratio", c->error_ratio);
    ajp_json_number(json, "clean_accuracy_ratio", c->clean_accuracy_ratio);
    ajp_json_count(json, "search_trials", c->n_search_trials);
    ajp_json_count(json, "trials", c->n_trials);
    ajp_seed_put(json, "search_seed", c->search_seed);
    ajp_seed_put(json, "seed", c->seed);
    ajp_json_object(json, "held_constant");
    for (size_t i = 0; i < c->n_held; i++) ajp_json_string(json, c->held[i].what, c->held[i].value);
    ajp_json_object_end(json);
    ajp_json_array(json, "rows", false);
    aj_status st = AJ_OK;
    for (size_t i = 0; i < c->n_rows && st == AJ_OK; i++) st = put_row(json, &c->rows[i], err);
    ajp_json_array_end(json);
    ajp_measured_put(json, &c->measured_energy_joules, c->duration_seconds);
    ajp_json_object_end(json);
    return st;
}

aj_status aj_comparison_to_json(const aj_comparison *comparison, unsigned indent, char **text, aj_error *err)
{
    ajp_json json;
    ajp_json_begin(&json, indent);
    aj_status st = put_comparison(&json, comparison, err);
    if (st == AJ_OK) return ajp_json_finish(&json, text, err);
    char *discarded = NULL; /* of a document that may not be */
    if (ajp_json_finish(&json, &discarded, NULL) == AJ_OK) aj_text_free(discarded);
    return st;
}

/* json_out.c: a record as the document of DESIGN 5. */
#include "fields.h"
#include "json_out.h"

#include <math.h>
#include <string.h>

static void put_fields(ajp_json *json, const ajp_field *fields, const void *base)
{
    for (; fields->key != NULL; fields++) {
        double value;
        memcpy(&value, (const char *)base + fields->offset, sizeof value);
        ajp_json_number(json, fields->key, value);
    }
}

static void put_interval(ajp_json *json, const char *key, double low, double high)
{
    if (isnan(low) || isnan(high)) {
        ajp_json_null(json, key);
        return;
    }
    ajp_json_array(json, key, true);
    ajp_json_number(json, NULL, low);
    ajp_json_number(json, NULL, high);
    ajp_json_array_end(json);
}

void ajp_summary_put(ajp_json *json, const aj_summary *summary)
{
    ajp_json_number(json, "mean", summary->mean);
    ajp_json_number(json, "stddev", summary->stddev);
    put_interval(json, "ci95", summary->ci95_low, summary->ci95_high);
}

static void put_strings(ajp_json *json, const char *key, const char *const *texts, size_t n)
{
    ajp_json_array(json, key, false);
    for (size_t i = 0; i < n; i++) ajp_json_string(json, NULL, texts[i]);
    ajp_json_array_end(json);
}

/* {key: number or word}: what a program wants; units and sources stand apart. */
static void put_parameters(ajp_json *json, const char *key, const aj_recorded_parameter *parameters, size_t n)
{
    ajp_json_object(json, key);
    for (size_t i = 0; i < n; i++) {
        if (parameters[i].word != NULL)
            ajp_json_string(json, parameters[i].key, parameters[i].word);
        else
            ajp_json_number(json, parameters[i].key, parameters[i].value);
    }
    ajp_json_object_end(json);
}

static void put_sources(ajp_json *json, const char *key, const aj_recorded_parameter *parameters, size_t n)
{
    ajp_json_object(json, key);
    for (size_t i = 0; i < n; i++) {
        if (parameters[i].unit == NULL && parameters[i].source == NULL) continue;
        ajp_json_object(json, parameters[i].key);
        ajp_json_string(json, "unit", parameters[i].unit);
        ajp_json_string(json, "source", parameters[i].source);
        ajp_json_object_end(json);
    }
    ajp_json_object_end(json);
}

static void put_hardware(ajp_json *json, const aj_evaluation *record)
{
    if (record->hardware_name == NULL) {
        ajp_json_null(json, "hardware");
        return;
    }
    ajp_json_object(json, "hardware");
    ajp_json_string(json, "name", record->hardware_name);
    ajp_json_string(json, "family", record->hardware_family);
    ajp_json_string(json, "summary", record->hardware_summary);
    ajp_json_string(json, "evidence", record->hardware_evidence);
    ajp_json_number(json, "year", record->hardware_year == 0 ? (double)NAN : record->hardware_year);
    ajp_json_string(json, "node", record->hardware_node);
    ajp_json_string(json, "cite", record->hardware_cite);
    put_parameters(json, "parameters", record->parameters, record->n_parameters);
    put_sources(json, "parameter_sources", record->parameters, record->n_parameters);
    ajp_json_object_end(json);
}

/* Causes that do not exist on this hardware are left out; existing ones that nobody described are null. */
static void put_energy(ajp_json *json, const aj_energy *energy)
{
    for (int boundary = 0; boundary < AJ_N_BOUNDARIES; boundary++)
        ajp_json_number(json, aj_boundary_name((aj_boundary)boundary),
                        aj_energy_boundary(energy, (aj_boundary)boundary));
    ajp_json_number(json, "described_joules", aj_energy_described(energy));
    ajp_json_object(json, "causes");
    for (int cause = 0; cause < AJ_N_CAUSES; cause++)
        if ((energy->applies >> cause & 1u) != 0)
            ajp_json_number(json, aj_cause_name((aj_cause)cause), energy->cause_joules[cause]);
    ajp_json_object_end(json);
}

static void put_energies(ajp_json *json, const aj_evaluation *record)
{
    ajp_json_object(json, "energy_joules_per_inference");
    put_energy(json, &record->energy);
    ajp_json_number(json, "stddev_joules", record->energy_stddev_joules);
    ajp_json_string(json, "origin", aj_origin_name(AJ_MODELLED));
    ajp_json_object_end(json);
    ajp_json_object(json, "energy_joules_per_mac");
    for (int boundary = 0; boundary < AJ_N_BOUNDARIES; boundary++)
        ajp_json_number(json, aj_boundary_name((aj_boundary)boundary),
                        ajp_record_per_mac(record, (aj_boundary)boundary));
    ajp_json_object_end(json);
}

static void put_layers(ajp_json *json, const aj_evaluation *record)
{
    ajp_json_array(json, "layers", false);
    for (size_t i = 0; i < record->n_layers; i++) {
        const aj_layer_record *layer = &record->layers[i];
        ajp_json_object(json, NULL);
        ajp_json_string(json, "name", layer->name);
        ajp_json_string(json, "op_type", layer->op_type);
        ajp_json_string(json, "runs_on", layer->runs_on);
        ajp_json_count(json, "rows", layer->rows);
        ajp_json_count(json, "cols", layer->cols);
        ajp_json_count(json, "reps", layer->reps);
        ajp_json_count(json, "groups", layer->groups);
        put_fields(json, ajp_layer_fields, layer);
        ajp_json_object(json, "energy_joules");
        put_energy(json, &layer->energy);
        ajp_json_object_end(json);
        ajp_json_object_end(json);
    }
    ajp_json_array_end(json);
}

void ajp_measured_put(ajp_json *json, const aj_estimate *energy, double duration_seconds)
{
    ajp_json_object(json, "measured");
    if (isnan(energy->value)) {
        ajp_json_null(json, "energy_joules");
    } else {
        ajp_json_object(json, "energy_joules");
        ajp_json_number(json, "value", energy->value);
        ajp_json_number(json, "stddev", energy->stddev);
        ajp_json_string(json, "origin", aj_origin_name(energy->origin));
        ajp_json_object_end(json);
    }
    ajp_json_number(json, "duration_seconds", duration_seconds);
    ajp_json_object_end(json);
}

static void put_accuracy(ajp_json *json, const aj_evaluation *record)
{
    ajp_json_number(json, "clean_accuracy_ratio", record->clean_accuracy_ratio);
    ajp_json_number(json, "clean_loss", record->clean_loss);
    ajp_json_object(json, "accuracy_ratio");
    ajp_summary_put(json, &record->accuracy_ratio);
    put_interval(json, "ci95_dataset", record->accuracy_ci95_dataset_low, record->accuracy_ci95_dataset_high);
    ajp_json_count(json, "n", record->accuracy_ratio.n);
    ajp_json_object_end(json);
    if (record->trial_accuracy_ratios == NULL) {
        ajp_json_null(json, "trial_accuracy_ratios");
    } else {
        ajp_json_array(json, "trial_accuracy_ratios", true);
        for (unsigned i = 0; i < record->n_trials; i++)
            ajp_json_number(json, NULL, record->trial_accuracy_ratios[i]);
        ajp_json_array_end(json);
    }
    ajp_json_number(json, "clean_top5_accuracy_ratio", record->clean_top5_accuracy_ratio);
    ajp_json_object(json, "top5_accuracy_ratio");
    ajp_summary_put(json, &record->top5_accuracy_ratio);
    ajp_json_count(json, "n", record->top5_accuracy_ratio.n);
    ajp_json_object_end(json);
    ajp_json_string(json, "loss_of", record->loss_of);
    ajp_json_object(json, "loss");
    ajp_summary_put(json, &record->loss);
    ajp_json_count(json, "n", record->loss.n);
    ajp_json_object_end(json);
}

static void put_numbers(ajp_json *json, const char *key, const double *values, size_t n)
{
    if (n == 0) {
        ajp_json_null(json, key);
        return;
    }
    ajp_json_array(json, key, true);
    for (size_t i = 0; i < n; i++) ajp_json_number(json, NULL, values[i]);
    ajp_json_array_end(json);
}

static void put_preprocessing(ajp_json *json, const aj_recorded_preprocessing *done)
{
    if (isnan(done->scale)) {
        ajp_json_null(json, "preprocessing");
        return;
    }
    ajp_json_object(json, "preprocessing");
    ajp_json_number(json, "scale", done->scale);
    put_numbers(json, "mean", done->mean, done->n_mean);
    put_numbers(json, "std", done->std, done->n_std);
    ajp_json_string(json, "layout", done->layout);
    ajp_json_string(json, "declared_in", done->declared_in);
    ajp_json_object_end(json);
}

/* JSON readers keep integers in 63 bits at most. */
void ajp_seed_put(ajp_json *json, const char *key, uint64_t seed)
{
    char text[32];
    if (seed <= INT64_MAX) {
        ajp_json_count(json, key, seed);
        return;
    }
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    ajp_json_string(json, key, text);
}

static void put_identity(ajp_json *json, const aj_evaluation *record)
{
    ajp_json_string(json, "model", record->model); /* first: an interrupted line is known by it */
    ajp_json_string(json, "model_sha256", record->model_sha256);
    if (record->dataset_name == NULL) {
        ajp_json_null(json, "dataset");
    } else {
        ajp_json_object(json, "dataset");
        ajp_json_string(json, "name", record->dataset_name);
        ajp_json_string(json, "split", record->dataset_split);
        ajp_json_count(json, "samples", record->n_samples);
        ajp_json_object_end(json);
    }
    put_preprocessing(json, &record->preprocessing);
    put_hardware(json, record);
    put_parameters(json, "varied", record->varied, record->n_varied);
    put_sources(json, "varied_sources", record->varied, record->n_varied);
    ajp_seed_put(json, "seed", record->seed);
    ajp_json_count(json, "trials", record->n_trials);
    ajp_json_count(json, "batch", record->batch);
    ajp_json_string(json, "mode", record->mode);
    ajp_json_string(json, "dynamic", record->dynamic);
}

aj_status ajp_evaluation_put(ajp_json *json, const char *key, const aj_evaluation *evaluation, aj_error *err)
{
    AJ_TRY(ajp_record_check(evaluation, evaluation->model != NULL ? evaluation->model : "record", err));
    ajp_json_object(json, key);
    put_identity(json, evaluation);
    put_accuracy(json, evaluation);
    put_fields(json, ajp_evaluation_fields, evaluation);
    ajp_json_string(json, "latency_of", evaluation->latency_of);
    put_energies(json, evaluation);
    put_strings(json, "digital_fallback", evaluation->digital_fallback, evaluation->n_digital_fallback);
    ajp_json_string(json, "law", evaluation->law);
    put_strings(json, "notes", evaluation->notes, evaluation->n_notes);
    put_layers(json, evaluation);
    ajp_measured_put(json, &evaluation->measured_energy_joules, evaluation->duration_seconds);
    ajp_json_object_end(json);
    return AJ_OK;
}

aj_status aj_evaluation_to_json(const aj_evaluation *evaluation, unsigned indent, char **text, aj_error *err)
{
    ajp_json json;
    ajp_json_begin(&json, indent);
    aj_status st = ajp_evaluation_put(&json, NULL, evaluation, err);
    if (st == AJ_OK) return ajp_json_finish(&json, text, err);
    char *discarded = NULL;
    if (ajp_json_finish(&json, &discarded, NULL) == AJ_OK) aj_text_free(discarded);
    return st;
}

void aj_text_free(char *text)
{
    ajp_free(NULL, text);
}

aj_status aj_epoch_to_json(const aj_epoch_record *epoch, char **text, aj_error *err)
{
    ajp_json json;
    ajp_json_begin(&json, 0);
    ajp_json_object(&json, NULL);
    ajp_json_count(&json, "epoch", epoch->epoch);
    ajp_json_number(&json, "train_loss", epoch->train_loss);
    ajp_json_number(&json, "test_accuracy_ratio", epoch->test_accuracy_ratio);
    ajp_json_number(&json, "learning_rate", epoch->learning_rate);
    ajp_json_number(&json, "flops_so_far", epoch->flops_so_far);
    ajp_json_number(&json, "duration_seconds", epoch->duration_seconds);
    ajp_json_number(&json, "joules_so_far", epoch->joules_so_far.value);
    bool known = !isnan(epoch->joules_so_far.value);
    ajp_json_string(&json, "joules_origin", known ? aj_origin_name(epoch->joules_so_far.origin) : NULL);
    ajp_json_number(&json, "location_kilograms_co2e", epoch->location_kilograms_co2e);
    ajp_json_object_end(&json);
    return ajp_json_finish(&json, text, err);
}

/* json_in.c: a record out of JSON: unknown keys are ignored, wrong types and impossible numbers refused. */
#include "json_in.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "fields.h"

#define MISSING ((double)NAN)

/* One document being read. The first failure stays; everything after it does nothing. */
typedef struct {
    const char *name; /* of the file, for messages */
    aj_evaluation *record;
    aj_status st;
    aj_error *err;
} reader;

static void refuse(reader *in, const char *where, const char *key, const char *wanted)
{
    if (in->st == AJ_OK)
        in->st = ajp_fail(in->err, AJ_CORRUPT, 0, "%s: %s%s%s must be %s", in->name, where,
                          *where != '\0' ? "." : "", key, wanted);
}

/* Absent and null are both missing. */
static const json_t *get(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

static const json_t *get_object(reader *in, const json_t *object, const char *where, const char *key)
{
    const json_t *value = get(object, key);
    if (value != NULL && !json_is_object(value)) {
        refuse(in, where, key, "an object or null");
        return NULL;
    }
    return value;
}

static const json_t *get_array(reader *in, const json_t *object, const char *where, const char *key)
{
    const json_t *value = get(object, key);
    if (value != NULL && !json_is_array(value)) {
        refuse(in, where, key, "an array or null");
        return NULL;
    }
    return value;
}

static double get_number(reader *in, const json_t *object, const char *where, const char *key)
{
    const json_t *value = get(object, key);
    if (value == NULL) return MISSING;
    if (!json_is_number(value)) {
        refuse(in, where, key, "a number or null");
        return MISSING;
    }
    return json_number_value(value);
}

static const char *get_string(reader *in, const json_t *object, const char *where, const char *key)
{
    const json_t *value = get(object, key);
    if (value == NULL) return NULL;
    if (!json_is_string(value)) {
        refuse(in, where, key, "a string or null");
        return NULL;
    }
    return ajp_record_string(in->record, json_string_value(value));
}

static uint64_t get_count(reader *in, const json_t *object, const char *where, const char *key, uint64_t most)
{
    const json_t *value = get(object, key);
    if (value == NULL) return 0;
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        (uint64_t)json_integer_value(value) > most) {
        refuse(in, where, key, "a whole number in its range");
        return 0;
    }
    return (uint64_t)json_integer_value(value);
}

static void get_fields(reader *in, const json_t *object, const char *where, const ajp_field *fields,
                       void *base)
{
    for (; fields->key != NULL; fields++) {
        double value = get_number(in, object, where, fields->key);
        memcpy((char *)base + fields->offset, &value, sizeof value);
    }
}

static void get_interval(reader *in, const json_t *object, const char *where, const char *key, double *low,
                         double *high)
{
    const json_t *pair = get_array(in, object, where, key);
    *low = *high = MISSING;
    if (pair == NULL) return;
    const json_t *first = json_array_get(pair, 0), *second = json_array_get(pair, 1);
    if (json_array_size(pair) != 2 || !json_is_number(first) || !json_is_number(second)) {
        refuse(in, where, key, "[low, high] or null");
        return;
    }
    *low = json_number_value(first);
    *high = json_number_value(second);
}

static void get_summary(reader *in, const json_t *root, const char *key, aj_summary *out)
{
    const json_t *object = get_object(in, root, "", key);
    if (object == NULL) return;
    out->mean = get_number(in, object, key, "mean");
    out->stddev = get_number(in, object, key, "stddev");
    get_interval(in, object, key, "ci95", &out->ci95_low, &out->ci95_high);
    out->n = (size_t)get_count(in, object, key, "n", UINT32_MAX);
}

static const char *const *get_strings(reader *in, const json_t *root, const char *key, size_t *n)
{
    const json_t *array = get_array(in, root, "", key);
    const char **texts = ajp_record_array(in->record, json_array_size(array), sizeof *texts);
    if (texts == NULL) return NULL;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *text = json_array_get(array, i);
        if (!json_is_string(text)) {
            refuse(in, "", key, "an array of strings");
            return NULL;
        }
        texts[i] = ajp_record_string(in->record, json_string_value(text));
    }
    *n = json_array_size(array);
    return texts;
}

static void get_parameter(reader *in, const char *where, const char *key, const json_t *value,
                          const json_t *sources, aj_recorded_parameter *out)
{
    out->key = ajp_record_string(in->record, key);
    out->value = MISSING;
    if (json_is_number(value))
        out->value = json_number_value(value);
    else if (json_is_string(value))
        out->word = ajp_record_string(in->record, json_string_value(value));
    else if (!json_is_null(value))
        refuse(in, where, key, "a number, a word or null");
    const json_t *source = get_object(in, sources, where, key);
    out->unit = get_string(in, source, key, "unit");
    out->source = get_string(in, source, key, "source");
}

static const aj_recorded_parameter *get_parameters(reader *in, const json_t *object, const char *key,
                                                   const char *sources_key, size_t *n)
{
    json_t *values = json_object_get(object, key);
    const json_t *sources = get_object(in, object, "", sources_key);
    if (get_object(in, object, "", key) == NULL) return NULL;
    aj_recorded_parameter *list = ajp_record_array(in->record, json_object_size(values), sizeof *list);
    if (list == NULL) return NULL;
    for (void *at = json_object_iter(values); at != NULL; at = json_object_iter_next(values, at))
        get_parameter(in, key, json_object_iter_key(at), json_object_iter_value(at), sources, &list[(*n)++]);
    return list;
}

/* Sums are computed from the causes; a document whose sum is another one was changed by hand. */
static void compare_sum(reader *in, const char *where, const char *key, double stored, double computed)
{
    if (isnan(stored) ? !isnan(computed) : !(fabs(stored - computed) <= 1e-9 * fabs(computed)))
        refuse(in, where, key, "the sum of its causes");
}

static aj_energy get_energy(reader *in, const json_t *root, const char *key)
{
    aj_energy energy = aj_energy_none();
    const json_t *object = get_object(in, root, "", key);
    if (object == NULL) return energy;
    energy.optical_joules = get_number(in, object, key, "optical");
    const json_t *causes = get_object(in, object, key, "causes");
    for (int cause = 0; cause < AJ_N_CAUSES; cause++) {
        const char *name = aj_cause_name((aj_cause)cause);
        if (json_object_get(causes, name) != NULL)
            aj_energy_set(&energy, (aj_cause)cause, get_number(in, causes, "causes", name));
    }
    for (int boundary = AJ_ACCELERATOR; boundary < AJ_N_BOUNDARIES; boundary++) {
        const char *name = aj_boundary_name((aj_boundary)boundary);
        compare_sum(in, key, name, get_number(in, object, key, name),
                    aj_energy_boundary(&energy, (aj_boundary)boundary));
    }
    compare_sum(in, key, "described_joules", get_number(in, object, key, "described_joules"),
                aj_energy_described(&energy));
    return energy;
}

static bool origin_from_name(const char *name, aj_origin *out)
{
    for (int origin = AJ_MEASURED; name != NULL && origin <= AJ_ASSUMED; origin++) {
        if (strcmp(name, aj_origin_name((aj_origin)origin)) != 0) continue;
        *out = (aj_origin)origin;
        return true;
    }
    return false;
}

static void get_energies(reader *in, const json_t *root)
{
    static const char key[] = "energy_joules_per_inference";
    const json_t *object = get_object(in, root, "", key);
    in->record->energy = get_energy(in, root, key);
    in->record->energy_stddev_joules = get_number(in, object, key, "stddev_joules");
    aj_origin origin = AJ_MODELLED; /* the account of an evaluation is always that of a model */
    const char *word = get_string(in, object, key, "origin");
    if (word != NULL && (!origin_from_name(word, &origin) || origin != AJ_MODELLED))
        refuse(in, key, "origin", "\"modelled\"");
}

static void get_layers(reader *in, const json_t *root)
{
    const json_t *array = get_array(in, root, "", "layers");
    aj_layer_record *layers = ajp_record_array(in->record, json_array_size(array), sizeof *layers);
    for (size_t i = 0; layers != NULL && i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        if (!json_is_object(object)) {
            refuse(in, "", "layers", "an array of objects");
            return;
        }
        layers[i].name = get_string(in, object, "layers", "name");
        layers[i].op_type = get_string(in, object, "layers", "op_type");
        layers[i].runs_on = get_string(in, object, "layers", "runs_on");
        layers[i].rows = get_count(in, object, "layers", "rows", INT64_MAX);
        layers[i].cols = get_count(in, object, "layers", "cols", INT64_MAX);
        layers[i].reps = get_count(in, object, "layers", "reps", INT64_MAX);
        layers[i].groups = get_count(in, object, "layers", "groups", INT64_MAX);
        get_fields(in, object, "layers", ajp_layer_fields, &layers[i]);
        layers[i].energy = get_energy(in, object, "energy_joules");
        in->record->n_layers = i + 1;
    }
    in->record->layers = layers;
}

static void get_hardware(reader *in, const json_t *root)
{
    aj_evaluation *record = in->record;
    const json_t *object = get_object(in, root, "", "hardware");
    if (object == NULL) return;
    record->hardware_name = get_string(in, object, "hardware", "name");
    if (record->hardware_name == NULL) refuse(in, "hardware", "name", "a string");
    record->hardware_family = get_string(in, object, "hardware", "family");
    record->hardware_summary = get_string(in, object, "hardware", "summary");
    record->hardware_evidence = get_string(in, object, "hardware", "evidence");
    record->hardware_year = (int)get_count(in, object, "hardware", "year", 9999);
    record->hardware_node = get_string(in, object, "hardware", "node");
    record->hardware_cite = get_string(in, object, "hardware", "cite");
    record->parameters = get_parameters(in, object, "parameters", "parameter_sources", &record->n_parameters);
}

static uint64_t get_seed(reader *in, const json_t *root)
{
    const json_t *value = get(root, "seed");
    if (!json_is_string(value)) return get_count(in, root, "", "seed", INT64_MAX);
    char *end;
    const char *text = json_string_value(value);
    errno = 0;
    unsigned long long seed = strtoull(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != '\0')
        refuse(in, "", "seed", "a whole number below 2^64");
    return seed;
}

static void get_trials(reader *in, const json_t *root)
{
    aj_evaluation *record = in->record;
    record->n_trials = (unsigned)get_count(in, root, "", "trials", 1000000);
    const json_t *array = get_array(in, root, "", "trial_accuracy_ratios");
    if (array == NULL) return;
    double *ratios = ajp_record_array(record, record->n_trials, sizeof *ratios);
    if (json_array_size(array) != record->n_trials) {
        refuse(in, "", "trial_accuracy_ratios", "one number a trial");
        return;
    }
    for (unsigned i = 0; ratios != NULL && i < record->n_trials; i++) {
        const json_t *value = json_array_get(array, i);
        if (!json_is_number(value) && !json_is_null(value))
            refuse(in, "", "trial_accuracy_ratios", "an array of numbers");
        ratios[i] = json_is_number(value) ? json_number_value(value) : MISSING;
    }
    record->trial_accuracy_ratios = ratios;
}

static void get_measured(reader *in, const json_t *root)
{
    const json_t *object = get_object(in, root, "", "measured");
    const json_t *energy = get_object(in, object, "measured", "energy_joules");
    in->record->duration_seconds = get_number(in, object, "measured", "duration_seconds");
    if (energy == NULL) return;
    aj_estimate *out = &in->record->measured_energy_joules;
    out->value = get_number(in, energy, "measured.energy_joules", "value");
    out->stddev = get_number(in, energy, "measured.energy_joules", "stddev");
    if (!origin_from_name(get_string(in, energy, "measured.energy_joules", "origin"), &out->origin))
        refuse(in, "measured.energy_joules", "origin", "measured, modelled or assumed");
}

static void get_identity(reader *in, const json_t *root)
{
    aj_evaluation *record = in->record;
    record->model = get_string(in, root, "", "model");
    record->model_sha256 = get_string(in, root, "", "model_sha256");
    const json_t *dataset = get_object(in, root, "", "dataset");
    record->dataset_name = get_string(in, dataset, "dataset", "name");
    record->dataset_split = get_string(in, dataset, "dataset", "split");
    record->n_samples = get_count(in, dataset, "dataset", "samples", INT64_MAX);
    record->seed = get_seed(in, root);
    record->batch = (unsigned)get_count(in, root, "", "batch", UINT32_MAX);
    record->mode = get_string(in, root, "", "mode");
    if (record->mode != NULL && strcmp(record->mode, "latency") != 0 &&
        strcmp(record->mode, "throughput") != 0)
        refuse(in, "", "mode", "latency or throughput");
    record->dynamic = get_string(in, root, "", "dynamic");
    if (record->dynamic != NULL && strcmp(record->dynamic, "digital") != 0 &&
        strcmp(record->dynamic, "analog") != 0)
        refuse(in, "", "dynamic", "digital or analog");
}

static const double *get_numbers(reader *in, const json_t *object, const char *where, const char *key,
                                 size_t *n)
{
    const json_t *array = get_array(in, object, where, key);
    double *values = ajp_record_array(in->record, json_array_size(array), sizeof *values);
    if (values == NULL) return NULL;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *value = json_array_get(array, i);
        if (!json_is_number(value)) {
            refuse(in, where, key, "an array of numbers or null");
            return NULL;
        }
        values[i] = json_number_value(value);
    }
    *n = json_array_size(array);
    return values;
}

static void get_preprocessing(reader *in, const json_t *root)
{
    static const char key[] = "preprocessing";
    const json_t *object = get_object(in, root, "", key);
    if (object == NULL) return;
    aj_recorded_preprocessing *out = &in->record->preprocessing;
    out->scale = get_number(in, object, key, "scale");
    out->mean = get_numbers(in, object, key, "mean", &out->n_mean);
    out->std = get_numbers(in, object, key, "std", &out->n_std);
    out->layout = get_string(in, object, key, "layout");
    out->declared_in = get_string(in, object, key, "declared_in");
    if (out->layout != NULL && strcmp(out->layout, "nchw") != 0 && strcmp(out->layout, "nhwc") != 0)
        refuse(in, key, "layout", "nchw or nhwc");
    for (size_t i = 0; i < out->n_std; i++)
        if (out->std[i] == 0.0) refuse(in, key, "std", "without 0");
}

static void get_evaluation(reader *in, const json_t *root)
{
    aj_evaluation *record = in->record;
    get_identity(in, root);
    get_preprocessing(in, root);
    get_hardware(in, root);
    record->varied = get_parameters(in, root, "varied", "varied_sources", &record->n_varied);
    get_trials(in, root);
    record->clean_accuracy_ratio = get_number(in, root, "", "clean_accuracy_ratio");
    record->clean_loss = get_number(in, root, "", "clean_loss");
    get_summary(in, root, "accuracy_ratio", &record->accuracy_ratio);
    get_interval(in, get_object(in, root, "", "accuracy_ratio"), "accuracy_ratio", "ci95_dataset",
                 &record->accuracy_ci95_dataset_low, &record->accuracy_ci95_dataset_high);
    record->clean_top5_accuracy_ratio = get_number(in, root, "", "clean_top5_accuracy_ratio");
    get_summary(in, root, "top5_accuracy_ratio", &record->top5_accuracy_ratio);
    record->loss_of = get_string(in, root, "", "loss_of");
    get_summary(in, root, "loss", &record->loss);
    get_fields(in, root, "", ajp_evaluation_fields, record);
    record->latency_of = get_string(in, root, "", "latency_of");
    get_energies(in, root);
    record->digital_fallback = get_strings(in, root, "digital_fallback", &record->n_digital_fallback);
    record->law = get_string(in, root, "", "law");
    record->notes = get_strings(in, root, "notes", &record->n_notes);
    get_layers(in, root);
    get_measured(in, root);
}

aj_status ajp_record_from_json(aj_evaluation *out, const json_t *root, const char *name, aj_error *err)
{
    if (!json_is_object(root) || json_object_get(root, "model") == NULL ||
        !json_is_object(json_object_get(root, "energy_joules_per_inference")))
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "%s: is not a record of an evaluation (no model, no energy_joules_per_inference)",
                        name);
    aj_evaluation record;
    AJ_TRY(ajp_record_begin(&record, err));
    reader in = {name, &record, AJ_OK, err};
    get_evaluation(&in, root);
    AJ_TRY(
        ajp_record_finish(&record, err)); /* first: what memory did not hold looks like something missing */
    aj_status st = in.st;
    if (st == AJ_OK && ajp_record_check(&record, name, err) != AJ_OK) st = AJ_CORRUPT;
    if (st == AJ_CORRUPT && err != NULL) err->status = AJ_CORRUPT;
    if (st != AJ_OK) {
        aj_evaluation_destroy(&record);
        return st;
    }
    *out = record;
    return AJ_OK;
}

aj_status aj_evaluation_from_json(aj_evaluation *out, const char *text, size_t size, const char *name,
                                  aj_error *err)
{
    json_error_t why;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: is not JSON (line %d, column %d: %s)", name, why.line,
                        why.column, why.text);
    aj_status st = ajp_record_from_json(out, root, name, err);
    json_decref(root);
    return st;
}

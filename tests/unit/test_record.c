/* record: the JSON contract, exact numbers, null rules, refusals, and the append-only file. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/builder.h"
#include "record/json_writer.h"

static aj_error err;
static char folder[] = "/tmp/aj_record_XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* A homodyne-like record: awkward numbers, a word, an undescribed cause, two layers. */
static void make(aj_evaluation *r, double photons)
{
    CHECK_OK(ajp_record_begin(r, &err), err);
    r->model = ajp_record_string(r, "nets/a \"quoted\"\nname.onnx");
    r->model_sha256 = ajp_record_string(r, "00ff");
    r->dataset_name = ajp_record_string(r, "mnist");
    r->dataset_split = ajp_record_string(r, "test");
    r->n_samples = 10000;
    const double mean[3] = {0.485, 0.456, 0.1 + 0.2}, std[1] = {0.225};
    r->preprocessing.scale = 1.0 / 255.0;
    r->preprocessing.mean = ajp_record_copy(r, mean, 3, sizeof *mean);
    r->preprocessing.std = ajp_record_copy(r, std, 1, sizeof *std);
    r->preprocessing.n_mean = 3;
    r->preprocessing.n_std = 1;
    r->preprocessing.layout = ajp_record_string(r, "nhwc");
    r->preprocessing.declared_in = ajp_record_string(r, "command line, net.yaml");
    r->hardware_name = ajp_record_string(r, "homodyne");
    r->hardware_family = ajp_record_string(r, "homodyne");
    r->hardware_evidence = ajp_record_string(r, "limit");
    r->hardware_summary = ajp_record_string(r, "multiplies by interfering pulses of light");
    r->hardware_year = 2019;
    aj_recorded_parameter parameters[3] = {
        {"photons_per_mac", "1", photons, NULL, "Hamerly et al. 2019, Fig. 3"},
        {"weight_gain", NULL, NAN, "layer", NULL},
        {"detector_capacitance_farads", "F", NAN, NULL, NULL},
    };
    r->parameters = ajp_record_copy(r, parameters, 3, sizeof *parameters);
    r->n_parameters = 3;
    r->varied = ajp_record_copy(r, parameters, 1, sizeof *parameters);
    r->n_varied = 1;
    r->seed = 1;
    r->n_trials = 5;
    r->batch = 1;
    r->mode = ajp_record_string(r, "latency");
    r->clean_accuracy_ratio = 0.9894;
    r->clean_loss = 0.1 + 0.2;
    r->loss_of = ajp_record_string(r, "cross-entropy");
    r->clean_top5_accuracy_ratio = 0.9987;
    double trials[5] = {0.704, 0.7, 1.0 / 3.0, 0.71, 0.705};
    r->trial_accuracy_ratios = ajp_record_copy(r, trials, 5, sizeof *trials);
    r->accuracy_ratio = aj_summarize(trials, 5);
    r->top5_accuracy_ratio = aj_summarize(trials + 1, 4);
    r->accuracy_ci95_dataset_low = 0.694;
    r->accuracy_ci95_dataset_high = 0.714;
    r->loss = aj_summarize(trials, 1);
    r->macs_per_inference = 89400;
    r->flops_per_inference = 178800;
    r->photons_per_mac = photons;
    r->energy.optical_joules = 89400 * 1.28158e-19;
    aj_energy_set(&r->energy, AJ_CAUSE_LASER, NAN);
    aj_energy_set(&r->energy, AJ_CAUSE_ADC, 3e-12);
    r->latency_of = ajp_record_string(r, "one vector through all layers");
    r->law = ajp_record_string(r, "corrected normal");
    ajp_record_note(r, "weights have one gain a layer");
    ajp_record_note(r, "ideal splitters");
    ajp_record_fallback(r, "softmax (Softmax): not a product");
    aj_layer_record *layers = ajp_record_array(r, 2, sizeof *layers);
    for (int i = 0; i < 2; i++) {
        layers[i] = ajp_layer_record_none();
        layers[i].name = ajp_record_format(r, "fc%d", i + 1);
        layers[i].op_type = ajp_record_string(r, "Gemm");
        layers[i].runs_on = ajp_record_string(r, "homodyne");
        layers[i].rows = 100;
        layers[i].cols = 784;
        layers[i].reps = 1;
        layers[i].macs = 78400;
        layers[i].clipped_ratio = 0.25;
        layers[i].weight_crest_ratio = 5.83;
        aj_energy_set(&layers[i].energy, AJ_CAUSE_ADC, 1e-12 / 3);
    }
    r->layers = layers;
    r->n_layers = 2;
    r->duration_seconds = 0.7;
    CHECK_OK(ajp_record_finish(r, &err), err);
}

static char *to_json(const aj_evaluation *record, unsigned indent)
{
    char *text = NULL;
    CHECK_OK(aj_evaluation_to_json(record, indent, &text, &err), err);
    return text;
}

static void round_trip(void)
{
    aj_evaluation first, second;
    make(&first, 1.0 / 7.0);
    for (unsigned indent = 0; indent <= 2; indent += 2) {
        char *text = to_json(&first, indent);
        CHECK_INT(strchr(text, '\n') != NULL, indent > 0);
        CHECK_OK(aj_evaluation_from_json(&second, text, strlen(text), "here", &err), err);
        char *again = to_json(&second, indent);
        CHECK_STRING(again, text);
        CHECK_STRING(second.model, first.model);
        CHECK(second.photons_per_mac == 1.0 / 7.0 && second.clean_loss == 0.1 + 0.2);
        CHECK(second.trial_accuracy_ratios[2] == 1.0 / 3.0);
        CHECK_STRING(second.parameters[1].word, "layer");
        CHECK_STRING(second.parameters[0].source, "Hamerly et al. 2019, Fig. 3");
        CHECK(isnan(second.parameters[2].value) && second.parameters[2].word == NULL);
        CHECK_INT(second.n_notes, 2);
        CHECK(second.clean_top5_accuracy_ratio == 0.9987 && second.top5_accuracy_ratio.n == 4);
        CHECK(second.top5_accuracy_ratio.mean == first.top5_accuracy_ratio.mean);
        CHECK_STRING(second.loss_of, "cross-entropy");
        CHECK(second.preprocessing.scale == 1.0 / 255.0);
        CHECK_INT(second.preprocessing.n_mean, 3);
        CHECK(second.preprocessing.n_mean == 3 && second.preprocessing.mean[2] == 0.1 + 0.2);
        CHECK(second.preprocessing.n_std == 1 && second.preprocessing.std[0] == 0.225);
        CHECK_STRING(second.preprocessing.layout, "nhwc");
        CHECK_STRING(second.preprocessing.declared_in, "command line, net.yaml");
        CHECK(second.layers[1].energy.cause_joules[AJ_CAUSE_ADC] == 1e-12 / 3);
        CHECK(second.energy.applies == first.energy.applies &&
              isnan(second.energy.cause_joules[AJ_CAUSE_LASER]));
        aj_text_free(text);
        aj_text_free(again);
        aj_evaluation_destroy(&second);
    }
    first.seed = UINT64_MAX; /* more than JSON integers hold */
    char *text = to_json(&first, 0);
    CHECK_OK(aj_evaluation_from_json(&second, text, strlen(text), "here", &err), err);
    CHECK(second.seed == UINT64_MAX);
    aj_text_free(text);
    aj_evaluation_destroy(&second);
    aj_evaluation_destroy(&first);
    aj_evaluation_destroy(&first); /* zeroed: allowed */
    aj_evaluation_destroy(NULL);
}

static json_t *at(json_t *object, const char *path)
{
    char key[64];
    while (object != NULL && *path != '\0') {
        size_t n = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)n, path);
        object = json_object_get(object, key);
        path += n + (path[n] == '.');
    }
    return object;
}

/* The keys of DESIGN 5 with their types: R number, I integer, S string, N null, A array, O object. */
static void contract(void)
{
    static const char *const wanted[][2] = {
        {"model", "S"},
        {"dataset.name", "S"},
        {"dataset.split", "S"},
        {"dataset.samples", "I"},
        {"hardware.name", "S"},
        {"hardware.family", "S"},
        {"hardware.evidence", "S"},
        {"hardware.node", "N"},
        {"hardware.parameters.photons_per_mac", "I"},
        {"hardware.parameters.weight_gain", "S"},
        {"hardware.parameters.detector_capacitance_farads", "N"},
        {"varied.photons_per_mac", "I"},
        {"hardware.parameter_sources.photons_per_mac.source", "S"},
        {"seed", "I"},
        {"trials", "I"},
        {"batch", "I"},
        {"mode", "S"},
        {"clean_accuracy_ratio", "R"},
        {"accuracy_ratio.mean", "R"},
        {"accuracy_ratio.stddev", "R"},
        {"accuracy_ratio.ci95", "A"},
        {"accuracy_ratio.ci95_dataset", "A"},
        {"accuracy_ratio.n", "I"},
        {"loss.stddev", "N"},
        {"loss.ci95", "N"},
        {"macs_per_inference", "I"},
        {"flops_per_inference", "I"},
        {"energy_joules_per_inference.optical", "R"},
        {"energy_joules_per_inference.accelerator", "N"},
        {"energy_joules_per_inference.system", "N"},
        {"energy_joules_per_inference.described_joules", "R"},
        {"energy_joules_per_inference.causes.laser", "N"},
        {"energy_joules_per_inference.causes.adc", "R"},
        {"energy_joules_per_inference.stddev_joules", "N"},
        {"energy_joules_per_inference.origin", "S"},
        {"energy_joules_per_mac.optical", "R"},
        {"energy_joules_per_mac.accelerator", "N"},
        {"energy_joules_per_mac.system", "N"},
        {"latency_seconds", "N"},
        {"digital_fallback", "A"},
        {"measured.energy_joules", "N"},
        {"measured.duration_seconds", "R"},
    };
    aj_evaluation record;
    make(&record, 1.0);
    char *text = to_json(&record, 0);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    CHECK(root != NULL);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const json_t *value = at(root, wanted[i][0]);
        static const char types[] = {[JSON_OBJECT] = 'O',  [JSON_ARRAY] = 'A', [JSON_STRING] = 'S',
                                     [JSON_INTEGER] = 'I', [JSON_REAL] = 'R',  [JSON_NULL] = 'N'};
        char type[2] = {value == NULL ? '-' : types[json_typeof(value)], '\0'};
        CHECK_STRING(type, wanted[i][1]);
        if (type[0] != wanted[i][1][0]) fprintf(stderr, "   at %s\n", wanted[i][0]);
    }
    CHECK(at(root, "energy_joules_per_inference.causes.dac") == NULL); /* does not exist on this hardware */
    CHECK_CLOSE(json_number_value(at(root, "energy_joules_per_mac.optical")), 1.28158e-19, 1e-12);
    CHECK_CONTAINS(text, "\"clean_accuracy_ratio\": 0.9894,");
    json_decref(root);
    aj_text_free(text);
    record.hardware_name = NULL;
    aj_estimate measured = {1.0, 0.1, AJ_MODELLED};
    record.measured_energy_joules = measured;
    text = to_json(&record, 0);
    CHECK_CONTAINS(text, "\"hardware\": null");
    CHECK_CONTAINS(text, "{\"value\": 1, \"stddev\": 0.1, \"origin\": \"modelled\"}");
    aj_text_free(text);
    aj_evaluation_destroy(&record);
}

/* The text with one piece exchanged must be refused, and the sentence must name the key. */
static void refused(const char *text, const char *part, const char *other, const char *named)
{
    const char *place = strstr(text, part);
    CHECK(place != NULL);
    if (place == NULL) return;
    char *changed = malloc(strlen(text) + strlen(other) + 1);
    sprintf(changed, "%.*s%s%s", (int)(place - text), text, other, place + strlen(part));
    aj_evaluation out = {0};
    memset(&err, 0, sizeof err);
    CHECK_INT(aj_evaluation_from_json(&out, changed, strlen(changed), "file.jsonl", &err), AJ_CORRUPT);
    CHECK_INT(err.status, AJ_CORRUPT);
    CHECK_CONTAINS(err.message, named);
    CHECK_CONTAINS(err.message, "file.jsonl");
    CHECK(out.memory == NULL);
    free(changed);
}

static void refusals(void)
{
    aj_evaluation record;
    make(&record, 1.0);
    char *text = to_json(&record, 0);
    refused(text, "\"clean_accuracy_ratio\": 0.9894", "\"clean_accuracy_ratio\": 1.2",
            "clean_accuracy_ratio");
    refused(text, "\"clean_accuracy_ratio\": 0.9894", "\"clean_accuracy_ratio\": \"high\"",
            "clean_accuracy_ratio");
    refused(text, "\"clean_top5_accuracy_ratio\": 0.9987", "\"clean_top5_accuracy_ratio\": 1.2",
            "clean_top5_accuracy_ratio");
    refused(text, "\"layout\": \"nhwc\"", "\"layout\": \"hwc\"", "preprocessing.layout");
    refused(text, "\"std\": [0.225]", "\"std\": [0]", "preprocessing.std");
    refused(text, "\"mean\": [0.485", "\"mean\": [\"a\"", "preprocessing.mean");
    refused(text, "\"trials\": 5", "\"trials\": 5.5", "trials");
    refused(text, "\"trials\": 5", "\"trials\": -1", "trials");
    refused(text, "\"trials\": 5", "\"trials\": 4", "trial_accuracy_ratios");
    refused(text, "\"seed\": 1", "\"seed\": \"1x\"", "seed");
    refused(text, "\"mode\": \"latency\"", "\"mode\": \"fast\"", "mode");
    refused(text, "\"samples\": 10000", "\"samples\": true", "dataset.samples");
    refused(text, "\"adc\": 3e-12", "\"adc\": 4e-12", "described_joules");
    refused(text, "\"adc\": 3e-12", "\"adc\": -3e-12", "described_joules");
    refused(text, "\"optical\": 1.", "\"optical\": -1.", "optical");
    refused(text, "\"latency_seconds\": null", "\"latency_seconds\": -1", "latency_seconds");
    refused(text, "\"clipped_ratio\": 0.25", "\"clipped_ratio\": 25", "clipped_ratio");
    refused(text, "\"weight_gain\": \"layer\"", "\"weight_gain\": [1]", "weight_gain");
    refused(text, "\"digital_fallback\": [", "\"digital_fallback\": [1, ", "digital_fallback");
    refused(text, "\"origin\": \"modelled\"", "\"origin\": \"guessed\"", "origin");
    refused(text, "\"ci95_dataset\": [0.694, 0.714]", "\"ci95_dataset\": [0.694]", "ci95_dataset");
    refused(text, "\"model\": ", "\"other\": ", "model");
    refused(text, "{\"model\"", "[\"model\"", "JSON");
    refused(text, "\"mode\": \"latency\"", "\"mode\": \"latency\", \"mode\": \"latency\"", "JSON");
    aj_text_free(text);
    /* Impossible numbers do not get out either. */
    record.latency_seconds = -1.0;
    CHECK_INT(aj_evaluation_to_json(&record, 0, &text, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "latency_seconds");
    record.latency_seconds = INFINITY;
    CHECK_INT(aj_evaluation_to_json(&record, 0, &text, &err), AJ_BAD_ARGUMENT);
    record.latency_seconds = NAN;
    record.energy.optical_joules = 1e-30;
    CHECK_INT(aj_evaluation_to_json(&record, 0, &text, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "optical");
    aj_evaluation_destroy(&record);
}

static void numbers_and_text(void)
{
    char text[32];
    static const double values[] = {0.1,  1.0 / 3.0, 1e300, 5e-324, 1.7976931348623157e308,
                                    -0.0, 89400.0,   0.704, 1e22,   123456789012345678.0};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        ajp_format_double(values[i], text);
        CHECK(strtod(text, NULL) == values[i]);
    }
    ajp_format_double(0.704, text);
    CHECK_STRING(text, "0.704");
    ajp_json json;
    ajp_json_begin(&json, 0);
    ajp_json_array(&json, NULL, true);
    ajp_json_string(&json, NULL,
                    "\x01\t\"\\ µ \xff \xc0\xaf \xed\xa0\x80 \xe2\x82"); /* control, invalid, overlong, cut */
    ajp_json_number(&json, NULL, INFINITY);
    ajp_json_array_end(&json);
    char *array;
    CHECK_OK(ajp_json_finish(&json, &array, &err), err);
    CHECK_STRING(array, "[\"\\u0001\\u0009\\\"\\\\ µ \xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd "
                        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\", null]");
    aj_text_free(array);
    char *line;
    aj_epoch_record epoch = {3, 0.25, 0.98, 0.001, 1.5e12, NAN, {NAN, NAN, AJ_MEASURED}, NAN};
    CHECK_OK(aj_epoch_to_json(&epoch, &line, &err), err);
    CHECK_STRING(
        line, "{\"epoch\": 3, \"train_loss\": 0.25, \"test_accuracy_ratio\": 0.98, \"learning_rate\": 0.001, "
              "\"flops_so_far\": 1500000000000, \"duration_seconds\": null, \"joules_so_far\": null, "
              "\"joules_origin\": null, \"location_kilograms_co2e\": null}");
    aj_text_free(line);
    epoch.joules_so_far = (aj_estimate){12.5, NAN, AJ_MODELLED};
    epoch.location_kilograms_co2e = 0.25;
    CHECK_OK(aj_epoch_to_json(&epoch, &line, &err), err);
    CHECK(strstr(line, "\"joules_so_far\": 12.5, \"joules_origin\": \"modelled\", "
                       "\"location_kilograms_co2e\": 0.25}") != NULL);
    aj_text_free(line);
}

static void append_text(const char *path, const char *text)
{
    FILE *stream = fopen(path, "a");
    CHECK(stream != NULL);
    fputs(text, stream);
    fclose(stream);
}

static long size_of(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (long)info.st_size : -1;
}

static void files(void)
{
    const char *path = in_folder("points.jsonl");
    aj_evaluation_file *file;
    aj_evaluation *records, record;
    size_t n;
    CHECK_OK(aj_evaluation_file_open(&file, path, &records, &n, &err), err);
    CHECK_INT(n, 0);
    for (int i = 1; i <= 3; i++) {
        make(&record, i);
        CHECK_OK(aj_evaluation_file_append(file, &record, &err), err);
        aj_evaluation_destroy(&record);
    }
    aj_evaluation_file_close(file);
    aj_evaluations_free(records, n);
    long whole = size_of(path);
    append_text(path, "{\"model\": \"torn"); /* what an interrupted run leaves */
    CHECK_OK(aj_evaluations_read(path, &records, &n, &err), err);
    CHECK_INT(n, 3);
    CHECK(records[2].photons_per_mac == 3.0);
    aj_evaluations_free(records, n);
    CHECK(size_of(path) > whole); /* reading changes nothing */
    CHECK_OK(aj_evaluation_file_open(&file, path, &records, &n, &err), err);
    CHECK_INT(n, 3);
    CHECK_INT(size_of(path), whole);
    make(&record, 4);
    CHECK_OK(aj_evaluation_file_append(file, &record, &err), err);
    aj_evaluations_free(records, n);
    aj_evaluation_file_close(file);
    CHECK_OK(aj_evaluations_read(path, &records, &n, &err), err);
    CHECK_INT(n, 4);
    aj_evaluations_free(records, n);
    append_text(path, "{\"model\": 1}\n"); /* a whole line that is no record */
    CHECK_INT(aj_evaluations_read(path, &records, &n, &err), AJ_CORRUPT);
    CHECK_CONTAINS(err.message, "line 5");
    CHECK_INT(aj_evaluation_file_open(&file, path, &records, &n, &err), AJ_CORRUPT);
    CHECK(file == NULL);
    aj_evaluation_destroy(&record);
}

/* A wrong path must not cost anyone a file; a document as a whole can be read. */
static void other_files(void)
{
    const char *path = in_folder("letter.txt");
    aj_evaluation_file *file;
    aj_evaluation *records, record;
    size_t n;
    append_text(path, "Dear reader, no newline follows");
    long before = size_of(path);
    CHECK_INT(aj_evaluation_file_open(&file, path, &records, &n, &err), AJ_CORRUPT);
    CHECK_INT(size_of(path), before);
    CHECK_INT(aj_evaluations_read(in_folder("absent"), &records, &n, &err), AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "absent");
    CHECK_INT(aj_evaluations_read(folder, &records, &n, &err), AJ_BAD_ARGUMENT);
    make(&record, 2);
    char *text = to_json(&record, 2);
    path = in_folder("indented.json");
    append_text(path, text);
    CHECK_OK(aj_evaluations_read(path, &records, &n, &err), err);
    CHECK_INT(n, 1);
    CHECK(records[0].photons_per_mac == 2.0);
    aj_evaluations_free(records, n);
    aj_text_free(text);
    aj_evaluation_destroy(&record);
}

/* A full disk: a device that is always full, and a file that may not grow in the middle of a line. */
static void full_disk(void)
{
    aj_evaluation_file *file;
    aj_evaluation *records, record;
    size_t n;
    make(&record, 1);
    CHECK_OK(aj_evaluation_file_open(&file, "/dev/full", &records, &n, &err), err);
    CHECK_INT(aj_evaluation_file_append(file, &record, &err), AJ_IO);
    CHECK_INT(err.system_errno, ENOSPC);
    CHECK_CONTAINS(err.message, "/dev/full");
    aj_evaluation_file_close(file);
    const char *path = in_folder("full.jsonl");
    CHECK_OK(aj_evaluation_file_open(&file, path, &records, &n, &err), err);
    CHECK_OK(aj_evaluation_file_append(file, &record, &err), err);
    long before = size_of(path);
    struct rlimit old, small;
    CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0);
    small = old;
    small.rlim_cur = (rlim_t)before + 100;
    signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
    aj_status st = aj_evaluation_file_append(file, &record, &err);
    CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
    CHECK_INT(st, AJ_IO);
    CHECK_CONTAINS(err.message, "as it was");
    CHECK_INT(size_of(path), before);
    CHECK_OK(aj_evaluation_file_append(file, &record, &err), err);
    CHECK_INT(size_of(path), 2 * before);
    aj_evaluation_file_close(file);
    aj_evaluation_destroy(&record);
}

int main(void)
{
    CHECK(mkdtemp(folder) != NULL);
    round_trip();
    contract();
    refusals();
    numbers_and_text();
    files();
    other_files();
    full_disk();
    static const char *const made[] = {"points.jsonl", "letter.txt", "indented.json", "full.jsonl"};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) unlink(in_folder(made[i]));
    rmdir(folder);
    return check_report();
}

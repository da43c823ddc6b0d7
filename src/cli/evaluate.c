/* evaluate.c: opens model, data and hardware as the options of eval and sweep ask. */
#include "evaluate.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

aj_mode cli_mode(const cli *c)
{
    return strcmp(cli_text(c, "mode"), "throughput") == 0 ? AJ_MODE_THROUGHPUT : AJ_MODE_LATENCY;
}

aj_dynamic cli_dynamic(const cli *c)
{
    return strcmp(cli_text(c, "dynamic"), "analog") == 0 ? AJ_DYNAMIC_ANALOG : AJ_DYNAMIC_DIGITAL;
}

int cli_apply_setting(cli *c, aj_hardware *hardware, const char *setting)
{
    const char *equals = strchr(setting, '=');
    if (equals == NULL || equals == setting || equals[1] == '\0')
        return cli_usage_error(c, "--set takes KEY=VALUE, not '%s'", setting);
    char *key = cli_copy_text(setting);
    key[equals - setting] = '\0';
    aj_error err = {AJ_OK, 0, ""};
    int status = EXIT_OK;
    if (aj_hardware_set(hardware, key, equals + 1, &err) != AJ_OK) {
        cli_failed(c, &err);
        status = EXIT_USAGE; /* the command line holds the value that is refused */
    }
    free(key);
    return status;
}

int cli_open_hardware(cli *c, aj_hardware **out)
{
    *out = NULL;
    const char *name = cli_text(c, "on");
    if (name == NULL && cli_has(c, "set"))
        return cli_usage_error(c, "--set needs the hardware it belongs to: add --on HW");
    if (name == NULL) return EXIT_OK;
    aj_error err = {AJ_OK, 0, ""};
    aj_hardware *hardware = NULL;
    if (aj_hardware_load(&hardware, c->context, name, &err) != AJ_OK) return cli_failed(c, &err);
    const char *setting;
    int status = EXIT_OK;
    for (size_t i = 0; status == EXIT_OK && (setting = cli_repeated(c, "set", i)) != NULL; i++)
        status = cli_apply_setting(c, hardware, setting);
    if (status == EXIT_OK) status = cli_fill_measured(c, hardware);
    if (status == EXIT_OK && aj_hardware_check(hardware, &err) != AJ_OK) {
        status = cli_failed(c, &err);
        if (cli_has(c, "set")) status = EXIT_USAGE;
    }
    if (status != EXIT_OK)
        aj_hardware_destroy(hardware);
    else
        *out = hardware;
    return status;
}

/* What the command line says of the samples, over what is known already. */
static int said_preprocessing(cli *c, aj_preprocessing *out, bool *given)
{
    static const char *const keys[] = {"scale", "mean", "std", "layout"};
    aj_error err = {AJ_OK, 0, ""};
    *given = false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!cli_has(c, keys[i])) continue;
        if (aj_preprocessing_set(out, keys[i], cli_text(c, keys[i]), &err) != AJ_OK)
            return cli_usage_error(c, "--%s", err.message);
        *given = true;
    }
    return EXIT_OK;
}

/* What the file beside the model says, and over it what the command line says. */
static int find_preprocessing(cli *c, cli_evaluation *evaluation)
{
    char path[4096];
    aj_error err = {AJ_OK, 0, ""};
    bool given;
    if (aj_preprocessing_beside(&evaluation->preprocessing, path, sizeof path, c->context, c->operands[0],
                                &err) != AJ_OK)
        return cli_failed(c, &err);
    int status = said_preprocessing(c, &evaluation->preprocessing, &given);
    if (status != EXIT_OK) return status;
    snprintf(evaluation->declared_in, sizeof evaluation->declared_in, "%s%s%s", given ? "command line" : "",
             given && path[0] != '\0' ? ", " : "", path);
    return EXIT_OK;
}

static void prepare_samples(const cli_evaluation *evaluation, aj_dataset_options *options)
{
    const aj_preprocessing *p = &evaluation->preprocessing;
    options->scale = p->scale;
    options->layout = p->layout;
    options->mean = p->mean;
    options->std = p->std;
    options->n_mean = p->n_mean;
    options->n_std = p->n_std;
    if (evaluation->declared_in[0] != '\0') options->declared_in = evaluation->declared_in;
}

/* The names of the network's inputs, for sets that name theirs; to be freed. */
static const char **input_names(const cli_evaluation *evaluation, aj_dataset_options *options)
{
    size_t n = aj_model_n_inputs(evaluation->model);
    const char **names = cli_allocate(n + 1, sizeof *names);
    for (size_t i = 0; i < n; i++) names[i] = aj_model_input(evaluation->model, i).name;
    options->input_names = names;
    options->n_input_names = n;
    return names;
}

static int open_dataset(cli *c, cli_evaluation *evaluation)
{
    const char *set = cli_text(c, "data");
    aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
    aj_error err = {AJ_OK, 0, ""};
    options.split = strcmp(cli_text(c, "split"), "train") == 0 ? AJ_SPLIT_TRAIN : AJ_SPLIT_TEST;
    prepare_samples(evaluation, &options);
    options.max_samples = (size_t)cli_count(c, "samples");
    const char **names = input_names(evaluation, &options);
    aj_status st = aj_dataset_open(&evaluation->dataset, c->context, set, &options, &err);
    free(names);
    return st == AJ_OK ? EXIT_OK : cli_failed(c, &err);
}

/* Inputs that calibrate gains and ranges must not be those that are judged: they come from the training
 * split, and where there is none, from the data itself, which is said. */
static void open_calibration(cli *c, cli_evaluation *evaluation)
{
    aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
    aj_error err = {AJ_OK, 0, ""};
    options.split = AJ_SPLIT_TRAIN;
    prepare_samples(evaluation, &options);
    options.max_samples = (size_t)cli_count(c, "calibration");
    const char *set = cli_text(c, "data"), **names = input_names(evaluation, &options);
    aj_status st = aj_dataset_open(&evaluation->calibration, c->context, set, &options, &err);
    free(names);
    if (st == AJ_OK && strcmp(aj_dataset_describe(evaluation->calibration).split, "train") == 0) {
        evaluation->options.calibration = evaluation->calibration;
        return;
    }
    cli_say(c, "%s has no training split: what is calibrated, is calibrated on the data itself", set);
}

static int open_all(cli *c, cli_evaluation *evaluation, bool one_hardware)
{
    *evaluation =
        (cli_evaluation){.options = AJ_EVALUATE_OPTIONS_INIT, .preprocessing = AJ_PREPROCESSING_INIT};
    aj_preprocessing said = AJ_PREPROCESSING_INIT;
    bool given;
    int status = said_preprocessing(c, &said, &given);
    if (status != EXIT_OK) return status;
    if (cli_text(c, "data") == NULL) /* before anything is read */
        return cli_usage_error(c, "%s needs --data SET; 'aj data list' shows the known sets",
                               c->command->name);
    status = cli_context(c);
    if (status == EXIT_OK) status = cli_open_model(c, &evaluation->model);
    if (status == EXIT_OK && one_hardware) status = cli_open_hardware(c, &evaluation->hardware);
    if (status == EXIT_OK) status = find_preprocessing(c, evaluation);
    if (status == EXIT_OK) status = open_dataset(c, evaluation);
    if (status == EXIT_OK) status = cli_fit_model(c, evaluation->dataset, &evaluation->model);
    if (status != EXIT_OK) {
        cli_evaluation_close(evaluation);
        return status;
    }
    aj_evaluate_options *options = &evaluation->options;
    options->hardware = evaluation->hardware;
    options->n_trials = (unsigned)cli_count(c, "trials");
    options->seed = cli_count(c, "seed");
    options->batch = (unsigned)cli_count(c, "batch");
    options->mode = cli_mode(c);
    options->dynamic = cli_dynamic(c);
    options->chunk = (size_t)cli_count(c, "chunk");
    options->n_calibration = (size_t)cli_count(c, "calibration");
    const aj_hardware *hardware = evaluation->hardware;
    if (!one_hardware || (hardware != NULL && aj_hardware_needs_calibration(hardware)))
        open_calibration(c, evaluation);
    return EXIT_OK;
}

int cli_evaluation_open(cli *c, cli_evaluation *evaluation)
{
    int status = open_all(c, evaluation, true);
    if (status == EXIT_OK) evaluation->options.reference = cli_has(c, "reference");
    return status;
}

int cli_evaluation_open_plain(cli *c, cli_evaluation *evaluation)
{
    return open_all(c, evaluation, false);
}

void cli_evaluation_close(cli_evaluation *evaluation)
{
    aj_model_destroy(evaluation->model);
    aj_dataset_close(evaluation->dataset);
    aj_dataset_close(evaluation->calibration);
    aj_hardware_destroy(evaluation->hardware);
    *evaluation =
        (cli_evaluation){.options = AJ_EVALUATE_OPTIONS_INIT, .preprocessing = AJ_PREPROCESSING_INIT};
}

aj_estimate cli_measured_joules(void *measure)
{
    cli_measure *m = measure;
    cli_measure_end(m, (double)NAN);
    return cli_measure_estimate(m);
}

void cli_keep_evaluation(cli_measure *m, const aj_evaluation *result)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_run found;
    cli_measured_run measured;
    if (cli_has(m->c, "no-ledger")) return;
    if (aj_run_from_evaluation(&found, result, "simulated", &err) != AJ_OK) {
        cli_failed(m->c, &err);
        return;
    }
    /* The meter has its own figures of the energy, one a zone. */
    aj_figure *figures = cli_allocate(found.n_figures, sizeof *figures);
    size_t n = 0;
    for (size_t i = 0; i < found.n_figures; i++)
        if (found.figures[i].quantity != AJ_QUANTITY_ENERGY) figures[n++] = found.figures[i];
    cli_measured_run_make(&measured, m, found.kind, AJ_RUN_FINISHED, figures, n,
                          json_loads(found.record, 0, NULL));
    /* Named after its record: the same evaluation added from a file later is not counted again. */
    memcpy(measured.run.uid, found.uid, sizeof found.uid);
    cli_measure_keep(m, &measured.run);
    cli_measured_run_free(&measured);
    free(figures);
    aj_run_destroy(&found);
}

/* cmd_train.c: aj train: a spec becomes a network, with what it cost in FLOPs. */
#include "cli.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "attojoule/record.h"
#include "attojoule/report.h"
#include "attojoule/train.h"
#include "measure.h"

const cli_option cmd_train_options[] = {
    {.name = "seed",
     .kind = CLI_COUNT,
     .argument = "S",
     .help = "instead of the spec's",
     .maximum = CLI_LARGEST_COUNT},
    {.name = "epochs",
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "instead of the spec's",
     .minimum = 1,
     .maximum = 1e6},
    CLI_MEASURE_OPTIONS(true),
    CLI_OPTION_END,
};

/* What training has used so far. */
typedef struct {
    cli_amount energy;
    double kilograms_co2e, at_seconds;
} spending;
#define FRESH_SECONDS 0.1 /* short epochs share one look at the meter */

typedef struct {
    cli *c;
    cli_measure measure;
    spending spent;       /* as of the latest look */
    double target_joules; /* when the target accuracy was reached; NaN: not (yet), or not known */
    double target_accuracy_ratio;
    bool reached;
    uint64_t flops; /* as of the last epoch */
} training;

static void look_at_meter(training *t)
{
    spending *spent = &t->spent;
    aj_carbon_result priced;
    double seconds = cli_now_seconds() - t->measure.started_seconds;
    if (spent->at_seconds > 0 && seconds - spent->at_seconds < FRESH_SECONDS) return;
    *spent = (spending){cli_measure_fresh(&t->measure), (double)NAN, seconds};
    if (cli_text(t->c, "zone") == NULL || isnan(spent->energy.value)) return;
    if (cli_measure_price(&t->measure, spent->energy, seconds, &priced))
        spent->kilograms_co2e = priced.location_kilograms_co2e.value;
}

static int print_epoch_json(cli *c, const aj_train_epoch *epoch, const spending *spent)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_epoch_record record = {.epoch = (unsigned)epoch->epoch,
                              .train_loss = epoch->train_loss,
                              .test_accuracy_ratio = epoch->test_accuracy_ratio,
                              .learning_rate = epoch->learning_rate,
                              .flops_so_far = (double)epoch->flops,
                              .duration_seconds = epoch->duration_seconds,
                              .joules_so_far = {spent->energy.value, (double)NAN, spent->energy.origin},
                              .location_kilograms_co2e = spent->kilograms_co2e};
    char *text = NULL;
    if (aj_epoch_to_json(&record, &text, &err) != AJ_OK) return cli_failed(c, &err);
    printf("%s\n", text);
    aj_text_free(text);
    return EXIT_OK;
}

static void print_epoch_text(const aj_train_epoch *epoch, const spending *spent)
{
    char text[64];
    aj_format_quantity((double)epoch->flops, "FLOP", text, sizeof text);
    printf("epoch %zu/%zu  loss %.4f", epoch->epoch, epoch->n_epochs, epoch->train_loss);
    if (isfinite(epoch->test_accuracy_ratio)) printf("  accuracy %.2f %%", 100 * epoch->test_accuracy_ratio);
    printf("  rate %.3g  %s", epoch->learning_rate, text);
    if (!isnan(spent->energy.value)) {
        aj_format_quantity(spent->energy.value, "J", text, sizeof text);
        printf("  %s", text);
    }
    if (!isnan(spent->kilograms_co2e)) {
        aj_format_quantity(spent->kilograms_co2e * 1e3, "g", text, sizeof text);
        printf("  %s CO2e", text);
    }
    printf(" so far  %.1f s\n", epoch->duration_seconds);
}

/* An `aj run` around this training hears of it too. */
static void say_marks(const aj_train_epoch *epoch, uint64_t flops_before)
{
    aj_mark("flops %.17g", (double)(epoch->flops - flops_before));
    if (isfinite(epoch->test_accuracy_ratio)) aj_mark("accuracy %.17g", epoch->test_accuracy_ratio);
    aj_mark("epoch %zu of %zu", epoch->epoch, epoch->n_epochs);
}

static bool on_epoch(void *user, const aj_train_epoch *epoch)
{
    training *t = user;
    cli *c = t->c;
    look_at_meter(t);
    cli_clear_progress(c);
    say_marks(epoch, t->flops);
    t->flops = epoch->flops;
    if (!t->reached && epoch->test_accuracy_ratio >= t->target_accuracy_ratio) {
        t->reached = true;
        t->target_joules = t->spent.energy.value;
    }
    if (!cli_has(c, "json"))
        print_epoch_text(epoch, &t->spent);
    else if (print_epoch_json(c, epoch, &t->spent) != EXIT_OK)
        return false;
    fflush(stdout);
    return true;
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *end_document(const training *t, const aj_train_options *options, const aj_train_result *result,
                            const char *model)
{
    const aj_train_epoch *last = &result->last;
    json_t *reached = result->target_epoch > 0 ? json_integer((json_int_t)result->target_epoch) : json_null();
    cli_amount energy = cli_measure_energy(&t->measure);
    json_t *document = json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:f, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:f}", "model", model, "seed",
        (json_int_t)options->seed, "epochs", (json_int_t)last->epoch, "parameters",
        (json_int_t)result->n_parameters, "macs_per_inference", (json_int_t)result->macs_per_inference,
        "train_loss", last->train_loss, "test_accuracy_ratio", number(last->test_accuracy_ratio), "flops",
        (json_int_t)last->flops, "evaluation_flops", (json_int_t)result->evaluation_flops,
        "target_accuracy_ratio", number(options->target_accuracy_ratio), "target_epoch", reached,
        "flops_to_target", number(result->flops_to_target), "duration_to_target_seconds",
        number(result->duration_to_target_seconds), "duration_seconds", last->duration_seconds);
    json_object_set_new(document, "joules_to_target", number(t->target_joules));
    json_object_set_new(document, "measured_energy_joules",
                        isnan(energy.value) ? json_null()
                                            : json_pack("{s:f, s:o, s:o, s:s}", "value", energy.value, "low",
                                                        number(energy.low), "high", number(energy.high),
                                                        "origin", aj_origin_name(energy.origin)));
    return document;
}

static void print_end_json(json_t *document)
{
    json_dumpf(document, stdout, JSON_COMPACT | JSON_REAL_PRECISION(17));
    fputc('\n', stdout);
}

static void print_energy(const training *t)
{
    char value[64], low[64], high[64];
    cli_amount energy = cli_measure_energy(&t->measure);
    if (isnan(energy.value)) return;
    aj_format_quantity(energy.value, "J", value, sizeof value);
    aj_format_quantity(energy.low, "J", low, sizeof low);
    aj_format_quantity(energy.high, "J", high, sizeof high);
    if (isnan(energy.low))
        printf("this training itself used %s (%s)\n", value, aj_origin_name(energy.origin));
    else
        printf("this training itself used %s (%s; 95 %%: %s to %s)\n", value, aj_origin_name(energy.origin),
               low, high);
}

static void print_end_text(const training *t, const aj_train_options *options, const aj_train_result *result,
                           const char *model)
{
    char flops[64], joules[64] = "";
    double target = options->target_accuracy_ratio;
    printf("%s: %llu parameters, %llu MAC (%llu FLOP) per inference\n", model,
           (unsigned long long)result->n_parameters, (unsigned long long)result->macs_per_inference,
           2 * (unsigned long long)result->macs_per_inference);
    if (!isfinite(target)) {
        aj_format_quantity((double)result->last.flops, "FLOP", flops, sizeof flops);
        printf("FLOPs of the training: %s (the spec names no target accuracy)\n", flops);
    } else if (result->target_epoch > 0) {
        aj_format_quantity(result->flops_to_target, "FLOP", flops, sizeof flops);
        printf("FLOPs to the target accuracy %.2f %%: %s (epoch %zu, %.1f s)\n", 100 * target, flops,
               result->target_epoch, result->duration_to_target_seconds);
        aj_format_quantity(t->target_joules, "J", joules, sizeof joules);
        if (!isnan(t->target_joules)) printf("joules to the target accuracy: %s\n", joules);
    } else {
        printf("FLOPs to the target accuracy %.2f %%: not reached in %zu epochs\n", 100 * target,
               result->last.epoch);
    }
    print_energy(t);
}

static void keep(training *t, const aj_train_result *result, json_t *document, int exit_status)
{
    cli_measured_run made;
    const double none = (double)NAN;
    const char *model = json_string_value(json_object_get(document, "model"));
    aj_figure figures[2] = {{AJ_QUANTITY_FLOPS, "training", NULL, (double)result->last.flops, none, none,
                             AJ_MODELLED, "2 per multiply-accumulate, forward and backward", NULL, NULL}};
    size_t n = 1;
    if (isfinite(result->last.test_accuracy_ratio))
        figures[n++] = (aj_figure){AJ_QUANTITY_ACCURACY,
                                   "test",
                                   NULL,
                                   result->last.test_accuracy_ratio,
                                   none,
                                   none,
                                   AJ_MEASURED,
                                   model,
                                   NULL,
                                   NULL};
    if (cli_has(t->c, "no-ledger")) return;
    cli_measured_run_make(&made, &t->measure, AJ_RUN_TRAINING, AJ_RUN_FINISHED, figures, n,
                          json_pack("{s:O}", "training", document));
    made.run.exit_status = exit_status;
    (void)cli_measure_keep(&t->measure, &made.run);
    cli_measured_run_free(&made);
    cli_measure_warn_of_budgets(t->c);
}

static int finish(training *t, const aj_train_options *options, const aj_train_result *result,
                  const char *model)
{
    cli *c = t->c;
    bool missed = isfinite(options->target_accuracy_ratio) && result->target_epoch == 0;
    int status = missed ? EXIT_NOT_MET : EXIT_OK;
    json_t *document = end_document(t, options, result, model);
    cli_clear_progress(c);
    if (cli_has(c, "json"))
        print_end_json(document);
    else
        print_end_text(t, options, result, model);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        cli_complain(c, "standard output: could not be written");
        status = EXIT_FAILED;
    }
    keep(t, result, document, status);
    json_decref(document);
    return status;
}

static int train(cli *c, const aj_train_options *options, const char *model)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_train_result result;
    aj_trained *trained = NULL;
    training t = {
        .c = c, .target_joules = (double)NAN, .target_accuracy_ratio = options->target_accuracy_ratio};
    aj_train_callbacks callbacks = {on_epoch, &t};
    cli_measure_name(&t.measure, c);
    cli_measure_begin(&t.measure, 0);
    aj_mark("epoch 0 of %zu", options->n_epochs);
    aj_status st = aj_train(&trained, c->context, options, NULL, NULL, &callbacks, &result, &err);
    cli_measure_end(&t.measure, (double)NAN);
    int status = EXIT_FAILED;
    if (st == AJ_OK) st = aj_trained_save(trained, model, &err);
    aj_trained_destroy(trained);
    if (st == AJ_INTERRUPTED) {
        cli_complain(
            c, "interrupted: no network was written; the same command starts again from the first epoch");
        cli_measure_keep_interrupted(&t.measure, AJ_RUN_TRAINING);
    } else if (st != AJ_OK) {
        status = cli_failed(c, &err);
    } else {
        status = finish(&t, options, &result, model);
    }
    cli_measure_close(&t.measure);
    return status;
}

static int train_spec(cli *c, aj_train_spec *spec)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_train_options *options = aj_train_spec_options(spec);
    const char *model = cli_text(c, "out") != NULL ? cli_text(c, "out") : options->model;
    if (model == NULL)
        return cli_usage_error(c, "train needs --out MODEL.onnx, or a line 'model:' in %s", c->operands[0]);
    if (cli_has(c, "seed")) options->seed = cli_count(c, "seed");
    if (cli_has(c, "epochs")) options->n_epochs = (size_t)cli_count(c, "epochs");
    int status = cli_check_writable(c, model);
    if (status != EXIT_OK) return status;
    if (aj_train_options_check(options, &err) != AJ_OK) return cli_failed(c, &err);
    return train(c, options, model);
}

int cmd_train(cli *c)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_train_spec *spec = NULL;
    int status = cli_measure_check(c);
    if (status == EXIT_OK) status = cli_context(c);
    if (status != EXIT_OK) return status;
    if (aj_train_spec_load(&spec, c->context, c->operands[0], &err) != AJ_OK) return cli_failed(c, &err);
    status = train_spec(c, spec);
    aj_train_spec_destroy(spec);
    return status;
}

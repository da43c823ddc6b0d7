/* cmd_train.c: aj train: a spec becomes a network, with what it cost in FLOPs. */
#include "cli.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "attojoule/record.h"
#include "attojoule/report.h"
#include "attojoule/train.h"

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
    CLI_OPTION_END,
};

static int print_epoch_json(cli *c, const aj_train_epoch *epoch)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_epoch_record record = {.epoch = (unsigned)epoch->epoch,
                              .train_loss = epoch->train_loss,
                              .test_accuracy_ratio = epoch->test_accuracy_ratio,
                              .learning_rate = epoch->learning_rate,
                              .flops_so_far = (double)epoch->flops,
                              .duration_seconds = epoch->duration_seconds};
    char *text = NULL;
    if (aj_epoch_to_json(&record, &text, &err) != AJ_OK) return cli_failed(c, &err);
    printf("%s\n", text);
    aj_text_free(text);
    return EXIT_OK;
}

static bool on_epoch(void *user, const aj_train_epoch *epoch)
{
    cli *c = user;
    cli_clear_progress(c);
    if (cli_has(c, "json")) {
        if (print_epoch_json(c, epoch) != EXIT_OK) return false;
    } else {
        char flops[64];
        aj_format_quantity((double)epoch->flops, "FLOP", flops, sizeof flops);
        printf("epoch %zu/%zu  loss %.4f", epoch->epoch, epoch->n_epochs, epoch->train_loss);
        if (isfinite(epoch->test_accuracy_ratio))
            printf("  accuracy %.2f %%", 100 * epoch->test_accuracy_ratio);
        printf("  rate %.3g  %s so far  %.1f s\n", epoch->learning_rate, flops, epoch->duration_seconds);
    }
    fflush(stdout);
    return true;
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static void print_end_json(const aj_train_options *options, const aj_train_result *result, const char *model)
{
    const aj_train_epoch *last = &result->last;
    json_t *reached = result->target_epoch > 0 ? json_integer((json_int_t)result->target_epoch) : json_null();
    json_t *document = json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:f, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:f}", "model", model, "seed",
        (json_int_t)options->seed, "epochs", (json_int_t)last->epoch, "parameters",
        (json_int_t)result->n_parameters, "macs_per_inference", (json_int_t)result->macs_per_inference,
        "train_loss", last->train_loss, "test_accuracy_ratio", number(last->test_accuracy_ratio), "flops",
        (json_int_t)last->flops, "evaluation_flops", (json_int_t)result->evaluation_flops,
        "target_accuracy_ratio", number(options->target_accuracy_ratio), "target_epoch", reached,
        "flops_to_target", number(result->flops_to_target), "duration_to_target_seconds",
        number(result->duration_to_target_seconds), "duration_seconds", last->duration_seconds);
    json_dumpf(document, stdout, JSON_COMPACT | JSON_REAL_PRECISION(17));
    fputc('\n', stdout);
    json_decref(document);
}

static void print_end_text(const aj_train_options *options, const aj_train_result *result, const char *model)
{
    char flops[64];
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
    } else {
        printf("FLOPs to the target accuracy %.2f %%: not reached in %zu epochs\n", 100 * target,
               result->last.epoch);
    }
}

static int train(cli *c, const aj_train_options *options, const char *model)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_train_result result;
    aj_trained *trained = NULL;
    aj_train_callbacks callbacks = {on_epoch, c};
    aj_status st = aj_train(&trained, c->context, options, NULL, NULL, &callbacks, &result, &err);
    if (st == AJ_INTERRUPTED) {
        cli_complain(
            c, "interrupted: no network was written; the same command starts again from the first epoch");
        return EXIT_FAILED;
    }
    if (st == AJ_OK) st = aj_dense_network_save(c->context, aj_trained_network(trained), model, &err);
    aj_trained_destroy(trained);
    if (st != AJ_OK) return cli_failed(c, &err);
    cli_clear_progress(c);
    (cli_has(c, "json") ? print_end_json : print_end_text)(options, &result, model);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        cli_complain(c, "standard output: could not be written");
        return EXIT_FAILED;
    }
    return isfinite(options->target_accuracy_ratio) && result.target_epoch == 0 ? EXIT_NOT_MET : EXIT_OK;
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
    int status = cli_context(c);
    if (status != EXIT_OK) return status;
    if (aj_train_spec_load(&spec, c->context, c->operands[0], &err) != AJ_OK) return cli_failed(c, &err);
    status = train_spec(c, spec);
    aj_train_spec_destroy(spec);
    return status;
}

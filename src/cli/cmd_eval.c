/* cmd_eval.c: aj eval: accuracy, joules and latency of one network on one hardware. */
#include "evaluate.h"

#include <math.h>
#include <stdlib.h>

#include "attojoule/report.h"

const cli_option cmd_eval_options[] = {
    CLI_EVALUATE_OPTIONS,
    {.name = "per-layer",
     .kind = CLI_FLAG,
     .help = "also per product: joules, signal-to-noise, clipped share"},
    {.name = "explain",
     .kind = CLI_FLAG,
     .help = "also the law, the assumptions and every parameter with its source"},
    {.name = "outputs",
     .kind = CLI_TEXT,
     .argument = "FILE.npy",
     .help = "write the network's outputs (of the last trial) as float32"},
    CLI_MEASURE_OPTIONS(true),
    CLI_OPTION_END,
};

static int print_result(cli *c, FILE *stream, const aj_evaluation *result)
{
    aj_error err = {AJ_OK, 0, ""};
    if (cli_has(c, "json")) {
        char *text = NULL;
        if (aj_evaluation_to_json(result, 2, &text, &err) != AJ_OK) return cli_failed(c, &err);
        fprintf(stream, "%s\n", text);
        aj_text_free(text);
        return EXIT_OK;
    }
    aj_report_options options = AJ_REPORT_OPTIONS_INIT;
    options.per_layer = cli_has(c, "per-layer");
    options.explain = cli_has(c, "explain");
    if (aj_report_write(stream, "table", result, 1, &options, &err) != AJ_OK) return cli_failed(c, &err);
    return EXIT_OK;
}

static int evaluate(cli *c, cli_evaluation *evaluation)
{
    aj_error err = {AJ_OK, 0, ""};
    size_t n_samples = aj_dataset_describe(evaluation->dataset).n_samples;
    aj_model_info model = aj_model_describe(evaluation->model);
    size_t n_outputs = model.n_output_features, shape[9] = {n_samples};
    for (size_t i = 0; i < model.output_rank; i++) shape[i + 1] = model.output_shape[i];
    const char *outputs_path = cli_text(c, "outputs");
    float *outputs = outputs_path != NULL ? cli_allocate(n_samples * n_outputs, sizeof *outputs) : NULL;
    evaluation->options.outputs = outputs;
    evaluation->options.per_layer = cli_has(c, "per-layer");
    aj_evaluation result = {0};
    cli_measure measure;
    evaluation->options.measured_joules = cli_measured_joules;
    evaluation->options.measured_user = &measure;
    cli_measure_name(&measure, c);
    cli_measure_begin(&measure, 0);
    aj_status st =
        aj_evaluate(&result, c->context, evaluation->model, evaluation->dataset, &evaluation->options, &err);
    if (st == AJ_OK && outputs != NULL)
        st = aj_npy_write_shaped(c->context, outputs_path, outputs, model.output_rank + 1, shape, &err);
    free(outputs);
    if (st == AJ_INTERRUPTED) {
        cli_complain(c, "interrupted: an evaluation has no parts to keep, nothing was written");
        cli_measure_end(&measure, (double)NAN);
        cli_measure_keep_interrupted(&measure, AJ_RUN_EVALUATION);
        cli_measure_close(&measure);
        return EXIT_FAILED;
    }
    int status = st != AJ_OK ? cli_failed(c, &err) : EXIT_OK;
    if (status == EXIT_OK) {
        cli_output output;
        cli_output_begin(&output);
        status = print_result(c, output.stream, &result);
        if (status == EXIT_OK)
            status = cli_output_finish(c, &output);
        else
            cli_output_discard(&output);
    }
    if (status == EXIT_OK) {
        cli_keep_evaluation(&measure, &result);
        cli_measure_warn_of_budgets(c);
    }
    cli_measure_close(&measure);
    aj_evaluation_destroy(&result);
    return status;
}

int cmd_eval(cli *c)
{
    int status = cli_measure_check(c);
    if (status == EXIT_OK) status = cli_check_writable(c, cli_text(c, "out"));
    if (status == EXIT_OK) status = cli_check_writable(c, cli_text(c, "outputs"));
    if (status != EXIT_OK) return status;
    cli_evaluation evaluation;
    status = cli_evaluation_open(c, &evaluation);
    if (status != EXIT_OK) return status;
    status = evaluate(c, &evaluation);
    cli_evaluation_close(&evaluation);
    return status;
}

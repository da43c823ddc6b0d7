/* cmd_validate.c: aj validate: published numbers, recomputed. */
#include "cli.h"

#include "attojoule/validate.h"

const cli_option cmd_validate_options[] = {
    {.name = "only", .kind = CLI_TEXT, .argument = "ID,…", .help = "only these rows, such as P5 or C6"},
    {.name = "long",
     .kind = CLI_FLAG,
     .help = "also the rows that take minutes (they train networks, draw millions)"},
    {.name = "network",
     .kind = CLI_TEXT,
     .argument = "MODEL.onnx",
     .help = "the published network (default: in the folder models of --data-root or $AJ_DATA)"},
    {.name = "markdown", .kind = CLI_FLAG, .help = "print the page docs/validation.md"},
    CLI_OPTION_END,
};

int cmd_validate(cli *c)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_validate_options options = AJ_VALIDATE_OPTIONS_INIT;
    if (cli_has(c, "markdown") && cli_has(c, "json"))
        return cli_usage_error(c, "--markdown and --json exclude each other");
    int status = cli_check_writable(c, cli_text(c, "out"));
    if (status == EXIT_OK) status = cli_context(c);
    if (status != EXIT_OK) return status;
    options.only = cli_text(c, "only");
    options.long_rows = cli_has(c, "long");
    options.network = cli_text(c, "network");
    aj_validation result;
    aj_status st = aj_validate(&result, c->context, &options, &err);
    if (st == AJ_INTERRUPTED) {
        cli_complain(c, "interrupted: nothing was written");
        return EXIT_FAILED;
    }
    if (st != AJ_OK) {
        cli_failed(c, &err);
        return st == AJ_BAD_ARGUMENT && options.only != NULL ? EXIT_USAGE : EXIT_FAILED;
    }
    cli_output output;
    cli_output_begin(&output);
    const char *format = cli_has(c, "json") ? "json" : cli_has(c, "markdown") ? "markdown" : "table";
    if (aj_validation_write(output.stream, format, &result, &err) == AJ_OK) {
        status = cli_output_finish(c, &output);
    } else {
        cli_output_discard(&output);
        status = cli_failed(c, &err);
    }
    if (status == EXIT_OK && result.n_failed > 0) status = EXIT_NOT_MET;
    aj_validation_destroy(&result);
    return status;
}

/* main.c: finds the command and runs it. */
#include "cli.h"

#include <string.h>

const cli_command cli_commands[] = {
#define COMMAND(id, summary, usage, least, most, about, example) \
    {#id, summary, usage, least, most, about, example, cmd_##id##_options, cmd_##id},
#include "commands.def"
#undef COMMAND
    {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL},
};

const cli_command *cli_command_find(const char *name)
{
    for (const cli_command *row = cli_commands; row->name != NULL; row++)
        if (strcmp(row->name, name) == 0) return row;
    return NULL;
}

static int print_help(cli *c, const cli_command *command)
{
    cli_output output;
    cli_output_begin(&output);
    if (command != NULL)
        cli_print_command_help(output.stream, command);
    else
        cli_print_help(output.stream);
    return cli_output_finish_to(c, &output, NULL);
}

/* `aj help`, `aj help COMMAND`: turned into --help before the line is read. */
static int run_help(cli *c, int argc, char **argv)
{
    if (argc == 2) return print_help(c, NULL);
    const cli_command *command = cli_command_find(argv[2]);
    if (command != NULL) return print_help(c, command);
    const char *near = cli_nearest(argv[2], cli_commands, sizeof(cli_command));
    if (near != NULL) return cli_usage_error(c, "unknown command '%s'; the nearest is '%s'", argv[2], near);
    return cli_usage_error(c, "unknown command '%s'; 'aj --help' lists the commands", argv[2]);
}

static int generate(cli *c)
{
    cli_output output;
    cli_output_begin(&output);
    if (!cli_generate(output.stream, cli_text(c, "generate"), c->command)) {
        cli_output_discard(&output);
        return cli_usage_error(c, "--generate takes man or completion");
    }
    return cli_output_finish(c, &output);
}

static int run_command(cli *c)
{
    const cli_command *command = c->command;
    if (command == NULL) return cli_usage_error(c, "name a command; 'aj --help' lists them");
    if (c->n_operands < command->n_least)
        return cli_usage_error(c, "%s needs more: aj %s %s", command->name, command->name, command->usage);
    if (c->n_operands > command->n_most)
        return cli_usage_error(c, "%s: '%s' is one operand too many: aj %s %s", command->name,
                               c->operands[command->n_most], command->name, command->usage);
    return command->run(c);
}

int main(int argc, char **argv)
{
    cli c = {0};
    int status;
    if (argc >= 2 && strcmp(argv[1], "help") == 0) return run_help(&c, argc, argv);
    status = cli_parse(&c, argc, argv);
    if (status != EXIT_OK) {
        /* said already */
    } else if (cli_has(&c, "version")) {
        status = printf("aj %s\n", AJ_VERSION_STRING) > 0 && fflush(stdout) == 0 ? EXIT_OK : EXIT_FAILED;
    } else if (cli_has(&c, "generate")) {
        status = generate(&c);
    } else if (cli_has(&c, "help") || argc < 2) {
        status = print_help(&c, c.command);
        if (argc < 2) status = EXIT_USAGE; /* a bare `aj` is not a command */
    } else {
        status = run_command(&c);
    }
    cli_clear_progress(&c);
    cli_release(&c);
    return status;
}

/* help.c: --help, man pages and shell completion from the tables. */
#include "cli.h"

#include <string.h>

#include "attojoule/data.h"
#include "attojoule/hardware.h"

static const char purpose[] =
    "what a neural network costs: its accuracy and its joules on described hardware, from one "
    "model file";

static void print_option(FILE *stream, const cli_option *option)
{
    char head[80];
    snprintf(head, sizeof head, "  --%s%s%s", option->name, option->argument != NULL ? " " : "",
             option->argument != NULL ? option->argument : "");
    if (strlen(head) > 24)
        fprintf(stream, "%s\n%26s", head, "");
    else
        fprintf(stream, "%-26s", head);
    char help[512];
    snprintf(help, sizeof help, "%s%s%s%s%s", option->help, option->repeats ? "; may be repeated" : "",
             option->fallback != NULL ? " (default: " : "", option->fallback != NULL ? option->fallback : "",
             option->fallback != NULL ? ")" : "");
    cli_print_wrapped(stream, help, 26, CLI_WIDTH);
}

static void print_options(FILE *stream, const char *title, const cli_option *options)
{
    bool any = false;
    for (const cli_option *row = options; row->name != NULL; row++) {
        if (row->hidden) continue;
        if (!any) fprintf(stream, "\n%s\n", title);
        any = true;
        print_option(stream, row);
    }
}

void cli_print_help(FILE *stream)
{
    cli_print_wrapped(stream, purpose, 0, CLI_WIDTH);
    fputs("\nusage: aj COMMAND [options]\n\ncommands:\n", stream);
    for (const cli_command *row = cli_commands; row->name != NULL; row++) {
        fprintf(stream, "  %-10s", row->name);
        cli_print_wrapped(stream, row->summary, 12, CLI_WIDTH);
    }
    print_options(stream, "options of every command, before or after it:", cli_global_options);
    fputs("\nexit status: 0 done, 1 failed or interrupted, 2 the command line is wrong, 3 a bar was not met\n"
          "\n'aj help COMMAND' explains a command with an example\n",
          stream);
}

void cli_print_command_help(FILE *stream, const cli_command *command)
{
    fprintf(stream, "usage: aj %s %s\n\n", command->name, command->usage);
    cli_print_wrapped(stream, command->about, 0, CLI_WIDTH);
    print_options(stream, "options:", command->options);
    print_options(stream, "options of every command:", cli_global_options);
    fprintf(stream, "\nexample:\n  %s\n", command->example);
}

/* ---- man pages (man(7) macros) ---------------------------------------------------------------- */

/* Text of a man page: a backslash, a leading dot or quote and every minus are escaped. */
static void put_roff(FILE *stream, const char *text)
{
    if (*text == '.' || *text == '\'') fputs("\\&", stream);
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            fputs("\\e", stream);
        else if (*text == '-')
            fputs("\\-", stream);
        else
            fputc(*text, stream);
    }
}

static void man_options(FILE *stream, const char *title, const cli_option *options)
{
    bool any = false;
    for (const cli_option *row = options; row->name != NULL; row++) {
        if (row->hidden) continue;
        if (!any) fprintf(stream, ".SH %s\n", title);
        any = true;
        fputs(".TP\n.B ", stream);
        put_roff(stream, "--");
        put_roff(stream, row->name);
        if (row->argument != NULL) {
            fputs(" \\fI", stream);
            put_roff(stream, row->argument);
            fputs("\\fR", stream);
        }
        fputc('\n', stream);
        put_roff(stream, row->help);
        if (row->repeats) fputs("; may be repeated", stream);
        if (row->fallback != NULL) {
            fputs(" (default: ", stream);
            put_roff(stream, row->fallback);
            fputc(')', stream);
        }
        fputc('\n', stream);
    }
}

static void man_tail(FILE *stream)
{
    fputs(".SH EXIT STATUS\n0 done, 1 failed (also when interrupted), 2 the command line is wrong, 3 a bar "
          "was not met.\n",
          stream);
}

static void man_of_command(FILE *stream, const cli_command *command)
{
    fprintf(stream, ".TH AJ\\-%s 1 \"\" \"attojoule %s\"\n.SH NAME\naj\\-%s \\- ", command->name,
            AJ_VERSION_STRING, command->name);
    put_roff(stream, command->summary);
    fprintf(stream, "\n.SH SYNOPSIS\n.B aj %s\n", command->name);
    put_roff(stream, command->usage);
    fputs("\n.SH DESCRIPTION\n", stream);
    put_roff(stream, command->about);
    fputc('\n', stream);
    man_options(stream, "OPTIONS", command->options);
    man_options(stream, "OPTIONS OF EVERY COMMAND", cli_global_options);
    fputs(".SH EXAMPLE\n.nf\n", stream);
    put_roff(stream, command->example);
    fputs("\n.fi\n", stream);
    man_tail(stream);
    fputs(".SH SEE ALSO\n.BR aj (1)\n", stream);
}

static void man_of_all(FILE *stream)
{
    fprintf(stream, ".TH AJ 1 \"\" \"attojoule %s\"\n.SH NAME\naj \\- ", AJ_VERSION_STRING);
    put_roff(stream, purpose);
    fputs("\n.SH SYNOPSIS\n.B aj\n.I command\n[options]\n.SH COMMANDS\n", stream);
    for (const cli_command *row = cli_commands; row->name != NULL; row++) {
        fprintf(stream, ".TP\n.BR aj\\-%s (1)\n", row->name);
        put_roff(stream, row->summary);
        fputc('\n', stream);
    }
    man_options(stream, "OPTIONS OF EVERY COMMAND", cli_global_options);
    man_tail(stream);
}

/* ---- completion -------------------------------------------------------------------------------- */

static void put_option_names(FILE *stream, const cli_option *options)
{
    for (const cli_option *row = options; row->name != NULL; row++)
        if (!row->hidden) fprintf(stream, "--%s ", row->name);
}

/* The values of an option: its words, known names, or files (bash's own). */
static void put_value_case(FILE *stream, const cli_option *option)
{
    if (option->hidden || option->kind == CLI_FLAG) return;
    if (option->kind == CLI_WORD) {
        fprintf(stream, "        --%s) values='", option->name);
        for (const char *at = option->argument; *at != '\0'; at++) fputc(*at == '|' ? ' ' : *at, stream);
        fputs("' ;;\n", stream);
    } else if (strcmp(option->argument, "HW") == 0) {
        fprintf(stream, "        --%s) values=\"$presets\" ;;\n", option->name);
    } else if (strcmp(option->argument, "SET") == 0) {
        fprintf(stream, "        --%s) values=\"$sets\" ;;\n", option->name);
    } else {
        fprintf(stream, "        --%s) values='' ;;\n", option->name);
    }
}

/* True when an earlier command or the global table has the option: bash takes the first case that fits. */
static bool named_before(const cli_command *command, const char *name)
{
    for (const cli_option *row = cli_global_options; row->name != NULL; row++)
        if (strcmp(row->name, name) == 0) return true;
    for (const cli_command *earlier = cli_commands; earlier != command; earlier++)
        for (const cli_option *row = earlier->options; row->name != NULL; row++)
            if (strcmp(row->name, name) == 0) return true;
    return false;
}

static void put_value_cases(FILE *stream)
{
    for (const cli_option *row = cli_global_options; row->name != NULL; row++) put_value_case(stream, row);
    for (const cli_command *command = cli_commands; command->name != NULL; command++)
        for (const cli_option *row = command->options; row->name != NULL; row++)
            if (!named_before(command, row->name)) put_value_case(stream, row);
}

static void completion(FILE *stream)
{
    const char *about = NULL, *name;
    fputs("# Completion of aj for bash, made by 'aj --generate completion'.\n_aj()\n{\n"
          "    local word=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\" command='' "
          "values='' i\n"
          "    local presets='",
          stream);
    for (size_t i = 0; (name = aj_hardware_preset_name(i)) != NULL; i++) fprintf(stream, "%s ", name);
    fputs("' sets='", stream);
    for (size_t i = 0; (name = aj_dataset_known(i, &about)) != NULL; i++) fprintf(stream, "%s ", name);
    fputs("'\n    for ((i = 1; i < COMP_CWORD; i++)); do\n        case \"${COMP_WORDS[i]}\" in\n        ",
          stream);
    for (const cli_command *row = cli_commands; row->name != NULL; row++)
        fprintf(stream, "%s%s", row == cli_commands ? "" : "|", row->name);
    fputs(") command=\"${COMP_WORDS[i]}\"; break ;;\n        esac\n    done\n    case \"$before\" in\n",
          stream);
    put_value_cases(stream);
    fputs("        *)\n        case \"$command\" in\n", stream);
    for (const cli_command *row = cli_commands; row->name != NULL; row++) {
        fprintf(stream, "        %s) values='", row->name);
        put_option_names(stream, row->options);
        put_option_names(stream, cli_global_options);
        fputs("' ;;\n", stream);
    }
    fputs("        *) values='", stream);
    for (const cli_command *row = cli_commands; row->name != NULL; row++) fprintf(stream, "%s ", row->name);
    put_option_names(stream, cli_global_options);
    fputs("help' ;;\n        esac ;;\n    esac\n    mapfile -t COMPREPLY < <(compgen -W \"$values\" -- "
          "\"$word\")\n}\n"
          "complete -o default -F _aj aj\n",
          stream);
}

bool cli_generate(FILE *stream, const char *what, const cli_command *command)
{
    if (strcmp(what, "completion") == 0)
        completion(stream);
    else if (strcmp(what, "man") == 0 && command != NULL)
        man_of_command(stream, command);
    else if (strcmp(what, "man") == 0)
        man_of_all(stream);
    else
        return false;
    return true;
}

/* cli.h: the frame of the command: tables of commands and options, talk, output.
 *
 * This room includes public headers only.  Data goes to stdout (or --out), talk and progress to stderr.
 * Nothing of the library is started before a command needs it: `aj --help` costs no context and no threads.
 */
#ifndef AJ_CLI_H
#define AJ_CLI_H

#include <stdio.h>

#include "attojoule/base.h"

/* Exit statuses.  An interrupted command is a failed one (1): what it kept is said on stderr. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NOT_MET = 3 };

/* ---- options --------------------------------------------------------------------------------- */

typedef enum {
    CLI_FLAG,
    CLI_TEXT,   /* anything but an empty text */
    CLI_COUNT,  /* a whole number from minimum to maximum */
    CLI_NUMBER, /* a real number from minimum to maximum */
    CLI_WORD,   /* one of the words of `argument`, which are separated by "|" */
} cli_kind;

/* One row: the parser, --help, the man pages and the completion read it.  A table ends with a NULL name. */
typedef struct {
    const char *name; /* without the dashes */
    cli_kind kind;
    const char *argument; /* as shown; NULL for a flag */
    const char *fallback; /* the default, as shown and as read when the option is absent; NULL = none */
    const char *help;
    double minimum, maximum;
    bool repeats; /* may be given several times, all count; else the last one does */
    bool hidden;  /* for tests and build steps: works, but is not shown */
} cli_option;

#define CLI_OPTION_END                                       \
    {                                                        \
        NULL, CLI_FLAG, NULL, NULL, NULL, 0, 0, false, false \
    }
#define CLI_LARGEST_COUNT 1e15 /* every count up to it is exact in a double, which holds the limits */

extern const cli_option cli_global_options[];

typedef struct cli cli;

typedef struct {
    const char *name, *summary, *usage;
    size_t n_least, n_most; /* operands */
    const char *about, *example;
    const cli_option *options;
    int (*run)(cli *c); /* returns an exit status */
} cli_command;

extern const cli_command cli_commands[]; /* ends with a NULL name */
const cli_command *cli_command_find(const char *name);

#define COMMAND(id, summary, usage, least, most, about, example) \
    int cmd_##id(cli *c);                                        \
    extern const cli_option cmd_##id##_options[];
#include "commands.def"
#undef COMMAND

/* ---- one call of the command ------------------------------------------------------------------- */

typedef struct {
    const cli_option *option;
    const char *value; /* NULL for a flag */
} cli_given;

struct cli {
    const cli_command *command; /* NULL until known */
    const char **operands;
    size_t n_operands;
    size_t n_plain; /* of them before "--"; all where there is none */
    cli_given *given;
    size_t n_given;
    char *line; /* the whole command line as one text, for documents */
    int argc;
    char **argv; /* as main got them */
    aj_context *context;
    bool ledger_said;      /* that the ledger does not take runs */
    bool progress_shown;   /* a progress line stands on the terminal */
    double spoken_seconds; /* when the last plain line of progress was written */
};

/* Parses argv into a zeroed cli.  EXIT_OK, or EXIT_USAGE after one sentence on stderr. */
int cli_parse(cli *c, int argc, char **argv);
void cli_release(cli *c);

/* The values of options, defaults included.  The name must be in one of the two tables. */
bool cli_has(const cli *c, const char *name);         /* given on the command line */
const char *cli_text(const cli *c, const char *name); /* NULL without value and default */
uint64_t cli_count(const cli *c, const char *name);
double cli_number(const cli *c, const char *name); /* NaN without value and default */
/* i-th value of an option that repeats; NULL at the end. */
const char *cli_repeated(const cli *c, const char *name, size_t i);

/* The row of `rows` (ended by NULL names, `stride` bytes apart) whose name is nearest to `word`; NULL if none
 * is near. */
const char *cli_nearest(const char *word, const void *rows, size_t stride);

/* ---- documents made from the tables ------------------------------------------------------------ */

void cli_print_help(FILE *stream);
void cli_print_command_help(FILE *stream, const cli_command *command);
/* "man" (of the command, or of aj when NULL) or "completion"; false for any other word. */
bool cli_generate(FILE *stream, const char *what, const cli_command *command);
/* Words of `text` in lines of at most `width` columns; lines after the first are indented. */
void cli_print_wrapped(FILE *stream, const char *text, size_t indent, size_t width);

/* ---- talk ---------------------------------------------------------------------------------------- */

void cli_catch_interrupts(void);
bool cli_interrupted(void);
/* "aj: sentence" on stderr. */
void cli_complain(cli *c, const char *format, ...) AJ_PRINTF(2, 3);
/* The same, but silent with --quiet: for what is good to know. */
void cli_say(cli *c, const char *format, ...) AJ_PRINTF(2, 3);
/* A complaint about the command line; returns EXIT_USAGE. */
int cli_usage_error(cli *c, const char *format, ...) AJ_PRINTF(2, 3);
/* Prints the error of the library; returns the exit status that belongs to it. */
int cli_failed(cli *c, const aj_error *err);
/* Takes the progress line off the terminal. */
void cli_clear_progress(cli *c);
/* The context with the global options, made on first use.  EXIT_OK or an exit status after a sentence. */
int cli_context(cli *c);
double cli_now_seconds(void);
/* malloc, calloc and realloc that end the program with a sentence when memory runs out. */
void *cli_allocate(size_t n, size_t size);
void *cli_resize(void *pointer, size_t n, size_t size);
char *cli_copy_text(const char *text);

/* ---- output -------------------------------------------------------------------------------------- */

/* Everything a command prints is collected and delivered at its end: to stdout, or beside `path` and renamed
 * over it. So a command that fails has written nothing. */
typedef struct {
    FILE *stream;
    char *text;
    size_t size;
} cli_output;
void cli_output_begin(cli_output *output);
/* Delivers to --out or stdout; EXIT_OK or EXIT_FAILED after a sentence. Also frees. */
int cli_output_finish(cli *c, cli_output *output);
int cli_output_finish_to(cli *c, cli_output *output, const char *path);
void cli_output_discard(cli_output *output);
/* Checks before a long computation that `path` (NULL allowed) can be written; EXIT_OK or EXIT_FAILED after a
 * sentence. */
int cli_check_writable(cli *c, const char *path);

/* ---- tables -------------------------------------------------------------------------------------- */

#define CLI_WIDTH 100 /* columns of a terminal that every table fits into */

/* A table of texts: columns as wide as their widest cell, the last one wrapped at CLI_WIDTH. */
typedef struct {
    size_t n_columns, n_rows;
    const char *align; /* one of 'l', 'r' per column */
    char **cells;      /* header first */
} cli_table;
void cli_table_begin(cli_table *table, const char *align, const char *const *headers);
/* One cell after the other, row by row. */
void cli_table_cell(cli_table *table, const char *format, ...) AJ_PRINTF(2, 3);
/* Prints (stream NULL: not) and frees. */
void cli_table_end(cli_table *table, FILE *stream);

/* "1.55 µm", "0.8", "—": nine significant digits with an SI prefix. */
void cli_format_value(double value, const char *unit, char *text, size_t size);

#endif

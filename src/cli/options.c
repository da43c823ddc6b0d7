/* options.c: reads a command line against the tables of options. */
#include "cli.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const cli_option cli_global_options[] = {
    {.name = "threads",
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "threads to compute with; changes no result (default: the processors this process may use)",
     .minimum = 1,
     .maximum = 1024},
    {.name = "isa",
     .kind = CLI_WORD,
     .argument = "avx512|avx2|scalar",
     .help = "instruction set; changes no result (default: the best of this machine)"},
    {.name = "memory",
     .kind = CLI_TEXT,
     .argument = "SIZE",
     .help = "refuse, before it starts, a network that takes more to run: 4GB, 500MB, 2GiB, or bytes"},
    {.name = "data-root", .kind = CLI_TEXT, .argument = "DIR", .help = "folder searched first for data sets"},
    {.name = "out",
     .kind = CLI_TEXT,
     .argument = "FILE",
     .help = "write there instead of to standard output"},
    {.name = "quiet", .kind = CLI_FLAG, .help = "no progress and no remarks on standard error"},
    {.name = "json",
     .kind = CLI_FLAG,
     .help = "print one JSON document (sweep and train: one line per point or epoch)"},
    {.name = "help", .kind = CLI_FLAG, .help = "explain the command and stop"},
    {.name = "version", .kind = CLI_FLAG, .help = "print the version and stop"},
    {.name = "generate",
     .kind = CLI_WORD,
     .argument = "man|completion",
     .help = "print a man page or the completion",
     .hidden = true},
    CLI_OPTION_END,
};

static const cli_option *find_in(const cli_option *table, const char *name, size_t length)
{
    for (; table != NULL && table->name != NULL; table++)
        if (strlen(table->name) == length && memcmp(table->name, name, length) == 0) return table;
    return NULL;
}

static const cli_option *find(const cli *c, const char *name, size_t length)
{
    const cli_option *row = c->command != NULL ? find_in(c->command->options, name, length) : NULL;
    return row != NULL ? row : find_in(cli_global_options, name, length);
}

/* Edits (insert, delete, replace) between two words of at most 63 letters (Levenshtein 1966). */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(b), row[64];
    if (strlen(a) > 63 || n > 63) return 64;
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];
            row[j] = replaced < shorter + 1 ? replaced : shorter + 1;
        }
    }
    return row[n];
}

const char *cli_nearest(const char *word, const void *rows, size_t stride)
{
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 2; /* further away is another word, not a slip */
    for (const char *row = rows; row != NULL; row += stride) {
        const char *name;
        memcpy(&name, row, sizeof name); /* the name is the first member of every row */
        if (name == NULL) break;
        size_t d = distance(word, name);
        /* A word that was cut short is near as well. */
        if (strlen(word) >= 2 && strncmp(word, name, strlen(word)) == 0) d = 1;
        if (d < best_distance) {
            best = name;
            best_distance = d;
        }
    }
    return best;
}

static int unknown_option(cli *c, const char *text, size_t length)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(length < 63 ? length : 63), text);
    const char *near = NULL;
    if (c->command != NULL) near = cli_nearest(name, c->command->options, sizeof(cli_option));
    if (near == NULL) near = cli_nearest(name, cli_global_options, sizeof(cli_option));
    const char *command = c->command != NULL ? c->command->name : NULL;
    if (near != NULL) return cli_usage_error(c, "unknown option --%s; the nearest is --%s", name, near);
    if (command == NULL)
        return cli_usage_error(c, "unknown option --%s before the command; options of a command follow it",
                               name);
    return cli_usage_error(c, "unknown option --%s; 'aj help %s' lists the options", name, command);
}

static bool word_allowed(const char *words, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = words; length > 0;) {
        size_t n = strcspn(at, "|");
        if (n == length && memcmp(at, value, n) == 0) return true;
        if (at[n] == '\0') break;
        at += n + 1;
    }
    return false;
}

static int check_value(cli *c, const cli_option *option, const char *value)
{
    if (*value == '\0')
        return cli_usage_error(c, "--%s needs %s, not an empty text", option->name, option->argument);
    char *end = NULL;
    errno = 0;
    switch (option->kind) {
    case CLI_WORD:
        if (word_allowed(option->argument, value)) return EXIT_OK;
        return cli_usage_error(c, "--%s takes %s, not '%s'", option->name, option->argument, value);
    case CLI_COUNT: {
        bool digits = value[strspn(value, "0123456789")] == '\0';
        double number = (double)strtoull(value, &end, 10);
        if (digits && errno == 0 && number >= option->minimum && number <= option->maximum) return EXIT_OK;
        return cli_usage_error(c, "--%s takes a whole number from %.0f to %.0f, not '%s'", option->name,
                               option->minimum, option->maximum, value);
    }
    case CLI_NUMBER: {
        double number = strtod(value, &end);
        if (end != value && *end == '\0' && number >= option->minimum && number <= option->maximum)
            return EXIT_OK;
        return cli_usage_error(c, "--%s takes a number from %g to %g, not '%s'", option->name,
                               option->minimum, option->maximum, value);
    }
    default:
        return EXIT_OK;
    }
}

/* Reads argv[*at] (and its value) as an option. */
static int parse_option(cli *c, int argc, char **argv, int *at)
{
    const char *text = argv[*at] + 2;
    size_t length = strcspn(text, "=");
    const cli_option *option = find(c, text, length);
    if (option == NULL) return unknown_option(c, text, length);
    const char *value = text[length] == '=' ? text + length + 1 : NULL;
    if (option->kind == CLI_FLAG) {
        if (value != NULL) return cli_usage_error(c, "--%s takes no value", option->name);
    } else {
        if (value == NULL && *at + 1 < argc && strncmp(argv[*at + 1], "--", 2) != 0) value = argv[++*at];
        if (value == NULL)
            return cli_usage_error(c, "--%s needs a value: --%s %s", option->name, option->name,
                                   option->argument);
        int status = check_value(c, option, value);
        if (status != EXIT_OK) return status;
    }
    c->given[c->n_given++] = (cli_given){option, value};
    return EXIT_OK;
}

static int parse_operand(cli *c, const char *text)
{
    if (c->command != NULL) {
        c->operands[c->n_operands++] = text;
        return EXIT_OK;
    }
    c->command = cli_command_find(text);
    if (c->command != NULL) return EXIT_OK;
    const char *near = cli_nearest(text, cli_commands, sizeof(cli_command));
    if (near != NULL) return cli_usage_error(c, "unknown command '%s'; the nearest is '%s'", text, near);
    return cli_usage_error(c, "unknown command '%s'; 'aj --help' lists the commands", text);
}

static char *join(int argc, char **argv)
{
    size_t size = 3;
    for (int i = 1; i < argc; i++) size += strlen(argv[i]) + 3;
    char *line = cli_allocate(size, 1);
    strcpy(line, "aj");
    for (int i = 1; i < argc; i++) {
        bool quoted = argv[i][0] == '\0' || argv[i][strcspn(argv[i], " \t\n*?\"$;&|<>()")] != '\0';
        strcat(line, quoted ? " '" : " ");
        strcat(line, argv[i]);
        if (quoted) strcat(line, "'");
    }
    return line;
}

int cli_parse(cli *c, int argc, char **argv)
{
    c->operands = cli_allocate((size_t)argc + 1, sizeof *c->operands);
    c->given = cli_allocate((size_t)argc + 1, sizeof *c->given);
    c->line = join(argc, argv);
    c->argc = argc;
    c->argv = argv;
    bool options_ended = false;
    for (int i = 1; i < argc; i++) {
        int status;
        if (!options_ended && strcmp(argv[i], "--") == 0) {
            options_ended = true;
            c->n_plain = c->n_operands;
            continue;
        }
        if (!options_ended && strcmp(argv[i], "-h") == 0) {
            c->given[c->n_given++] = (cli_given){find_in(cli_global_options, "help", 4), NULL};
            continue;
        }
        if (!options_ended && argv[i][0] == '-' && argv[i][1] == '-')
            status = parse_option(c, argc, argv, &i);
        else if (!options_ended && argv[i][0] == '-' && argv[i][1] != '\0')
            status = cli_usage_error(c, "unknown option %s; options are written out: --name", argv[i]);
        else
            status = parse_operand(c, argv[i]);
        if (status != EXIT_OK) return status;
    }
    if (!options_ended) c->n_plain = c->n_operands;
    return EXIT_OK;
}

void cli_release(cli *c)
{
    aj_context_destroy(c->context);
    free(c->operands);
    free(c->given);
    free(c->line);
    *c = (cli){0};
}

static const cli_given *last_given(const cli *c, const char *name)
{
    for (size_t i = c->n_given; i-- > 0;)
        if (strcmp(c->given[i].option->name, name) == 0) return &c->given[i];
    return NULL;
}

bool cli_has(const cli *c, const char *name)
{
    return last_given(c, name) != NULL;
}

const char *cli_text(const cli *c, const char *name)
{
    const cli_given *given = last_given(c, name);
    if (given != NULL) return given->value;
    const cli_option *row = find(c, name, strlen(name));
    assert(row != NULL);
    return row->fallback;
}

uint64_t cli_count(const cli *c, const char *name)
{
    const char *text = cli_text(c, name);
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

double cli_number(const cli *c, const char *name)
{
    const char *text = cli_text(c, name);
    return text != NULL ? strtod(text, NULL) : (double)NAN;
}

const char *cli_repeated(const cli *c, const char *name, size_t i)
{
    for (size_t k = 0; k < c->n_given; k++)
        if (strcmp(c->given[k].option->name, name) == 0 && i-- == 0) return c->given[k].value;
    return NULL;
}

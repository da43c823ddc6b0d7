/* card_settings.c: what was set in a run: hyperparameters of its record, what a sweep varied, tags of the
 * form name=value, and the options of its command line. */
#include "card_settings.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    cli_memory *memory;
    cli_settings *to;
} collector;

/* The first that names it counts. */
static void add(const collector *at, const char *name, const char *value, const char *from)
{
    cli_settings *to = at->to;
    if (name[0] == '\0' || cli_setting_of(to, name) != NULL) return;
    cli_setting *list = cli_memory_take(at->memory, to->n + 1, sizeof *list);
    if (to->n > 0) memcpy(list, to->list, to->n * sizeof *list);
    list[to->n++] = (cli_setting){name, value, from};
    to->list = list;
}

static void add_object(const collector *at, const json_t *object, const char *from)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        if (json_is_string(value))
            add(at, name, json_string_value(value), from);
        else if (json_is_number(value))
            add(at, name, cli_memory_text(at->memory, "%.9g", json_number_value(value)), from);
        else if (json_is_boolean(value))
            add(at, name, json_is_true(value) ? "true" : "false", from);
    }
}

static bool is_name(const char *text, size_t n)
{
    return n > 0 && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/") >= n &&
           strchr("0123456789.-/", text[0]) == NULL;
}

/* "name=value", with or without dashes in front. */
static bool add_pair(const collector *at, const char *word, const char *from)
{
    word += strspn(word, "-");
    const char *equals = strchr(word, '=');
    if (equals == NULL || !is_name(word, (size_t)(equals - word))) return false;
    add(at, cli_memory_text(at->memory, "%.*s", (int)(equals - word), word),
        cli_memory_text(at->memory, "%s", equals + 1), from);
    return true;
}

/* The next word of a line that a shell would read ('it'\''s'); NULL at the end. */
static char *next_word(cli_memory *memory, const char **line)
{
    const char *at = *line + strspn(*line, " \t\n");
    if (*at == '\0') return NULL;
    char *word = cli_memory_take(memory, strlen(at) + 1, 1), *to = word, quote = '\0';
    for (; *at != '\0' && (quote != '\0' || strchr(" \t\n", *at) == NULL); at++) {
        if (quote == '\0' && (*at == '\'' || *at == '"'))
            quote = *at;
        else if (*at == quote)
            quote = '\0';
        else if (*at == '\\' && quote != '\'' && at[1] != '\0')
            *to++ = *++at;
        else
            *to++ = *at;
    }
    *line = at;
    return word;
}

/* An option's value: anything that is not an option itself (a negative number is none). */
static bool is_value(const char *word)
{
    char *end = NULL;
    if (word[0] != '-') return true;
    return strtod(word, &end) != 0 && end != word && *end == '\0';
}

static void add_line(const collector *at, const char *line)
{
    char *word = line != NULL ? next_word(at->memory, &line) : NULL, *next;
    for (; word != NULL; word = next) {
        next = next_word(at->memory, &line);
        if (add_pair(at, word, "the command line") || word[0] != '-') continue;
        const char *name = word + strspn(word, "-");
        if (!is_name(name, strlen(name)) || next == NULL || !is_value(next)) continue;
        add(at, name, next, "the command line");
    }
}

const char *cli_setting_of(const cli_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->n; i++)
        if (strcmp(settings->list[i].name, name) == 0) return settings->list[i].value;
    return NULL;
}

void cli_settings_of(cli_settings *to, cli_memory *memory, const cli_card_run *run)
{
    collector at = {memory, to};
    *to = (cli_settings){NULL, 0};
    add_object(&at, json_object_get(run->record, "hyperparameters"), "the record");
    add_object(&at, json_object_get(run->training, "hyperparameters"), "the record");
    for (size_t i = 0; i < run->evaluation.n_varied; i++) {
        const aj_recorded_parameter *varied = &run->evaluation.varied[i];
        add(&at, varied->key,
            varied->word != NULL ? varied->word : cli_memory_text(memory, "%.9g", varied->value),
            "the sweep");
    }
    for (size_t i = 0; i < run->run.n_tags; i++) add_pair(&at, run->run.tags[i], "tags");
    add_line(&at, run->run.command_line);
}

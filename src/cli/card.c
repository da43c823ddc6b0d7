/* card.c: a run of the ledger as a card: what was run and what it used. */
#include "card.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MISSING ((double)NAN)

/* ---- memory ---- */

static void *keep(cli_memory *memory, void *block)
{
    memory->blocks = cli_resize(memory->blocks, memory->n + 1, sizeof *memory->blocks);
    return memory->blocks[memory->n++] = block;
}

void *cli_memory_take(cli_memory *memory, size_t n, size_t size)
{
    return keep(memory, cli_allocate(n > 0 ? n : 1, size));
}

const char *cli_memory_text(cli_memory *memory, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = cli_memory_take(memory, (size_t)(size > 0 ? size : 0) + 1, 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)(size > 0 ? size : 0) + 1, format, arguments);
    va_end(arguments);
    return text;
}

void cli_memory_free(cli_memory *memory)
{
    for (size_t i = 0; i < memory->n; i++) free(memory->blocks[i]);
    free(memory->blocks);
    *memory = (cli_memory){NULL, 0};
}

/* ---- a card that grows ---- */

void cli_card_begin(cli_card *card, cli_memory *memory)
{
    *card = (cli_card){.memory = memory, .card = AJ_CARD_NONE};
}

aj_card_row *cli_card_row(cli_card *card, aj_card_section section, const char *key, const char *label)
{
    card->rows = cli_resize(card->rows, card->card.n_rows + 1, sizeof *card->rows);
    aj_card_row *row = &card->rows[card->card.n_rows++];
    *row = (aj_card_row){.section = section,
                         .key = key,
                         .label = label,
                         .value = MISSING,
                         .low = MISSING,
                         .high = MISSING,
                         .origin = AJ_NO_ORIGIN};
    return row;
}

aj_card_row *cli_card_number(cli_card *card, aj_card_section section, const char *key, const char *label,
                             double value, const char *unit, int origin)
{
    aj_card_row *row = cli_card_row(card, section, key, label);
    row->value = value;
    row->unit = unit;
    row->origin = origin;
    return row;
}

void cli_card_words(cli_card *card, aj_card_section section, const char *key, const char *label,
                    const char *text)
{
    if (text != NULL && text[0] != '\0') cli_card_row(card, section, key, label)->text = text;
}

aj_card_domain *cli_card_domain(cli_card *card)
{
    card->domains = cli_resize(card->domains, card->card.n_domains + 1, sizeof *card->domains);
    return &card->domains[card->card.n_domains++];
}

aj_card_phase *cli_card_phase(cli_card *card)
{
    card->phases = cli_resize(card->phases, card->card.n_phases + 1, sizeof *card->phases);
    return &card->phases[card->card.n_phases++];
}

aj_card_series *cli_card_series(cli_card *card)
{
    card->series = cli_resize(card->series, card->card.n_series + 1, sizeof *card->series);
    return &card->series[card->card.n_series++];
}

aj_card_mark *cli_card_mark(cli_card *card)
{
    card->marks = cli_resize(card->marks, card->card.n_marks + 1, sizeof *card->marks);
    return &card->marks[card->card.n_marks++];
}

void cli_card_hint(cli_card *card, const char *text)
{
    card->hints = cli_resize(card->hints, card->card.n_hints + 1, sizeof *card->hints);
    card->hints[card->card.n_hints++] = text;
}

const aj_card *cli_card_finish(cli_card *card)
{
    card->card.rows = card->rows;
    card->card.domains = card->domains;
    card->card.phases = card->phases;
    card->card.series = card->series;
    card->card.marks = card->marks;
    card->card.hints = card->hints;
    return &card->card;
}

void cli_card_free(cli_card *card)
{
    free(card->rows);
    free(card->domains);
    free(card->phases);
    free(card->series);
    free(card->marks);
    free(card->hints);
    *card = (cli_card){.memory = NULL, .card = AJ_CARD_NONE};
}

/* ---- what is in a run ---- */

double cli_json_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : MISSING;
}

const char *cli_json_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* A record or a trace that cannot be read is as good as none: the figures of the run are beside it. */
void cli_card_run_open(cli_card_run *run)
{
    const char *text = run->run.record;
    if (text != NULL) run->record = json_loads(text, 0, NULL);
    run->meter = json_object_get(run->record, "meter");
    if (!json_is_object(run->meter)) run->meter = NULL;
    run->training = json_object_get(run->record, "training");
    bool evaluated = run->run.kind == AJ_RUN_EVALUATION || run->run.kind == AJ_RUN_SWEEP_POINT;
    if (text != NULL && evaluated)
        run->has_evaluation =
            aj_evaluation_from_json(&run->evaluation, text, strlen(text), run->run.uid, NULL) == AJ_OK;
    if (run->run.trace != NULL)
        run->has_trace = aj_trace_read_bytes(&run->trace, run->run.trace, run->run.trace_bytes, run->run.uid,
                                             NULL) == AJ_OK;
}

void cli_card_run_close(cli_card_run *run)
{
    if (run->has_trace) aj_trace_record_destroy(&run->trace);
    if (run->has_evaluation) aj_evaluation_destroy(&run->evaluation);
    json_decref(run->record);
    aj_run_destroy(&run->run);
}

cli_card_sum cli_card_energy(const aj_run *run)
{
    cli_card_sum sum = {0, 0, 0, AJ_MEASURED, 0, 0};
    for (size_t i = 0; i < run->n_figures; i++) {
        const aj_figure *figure = &run->figures[i];
        if (figure->quantity != AJ_QUANTITY_ENERGY) continue;
        sum.n_known += !isnan(figure->value);
        sum.n_missing += isnan(figure->value);
        if (isnan(figure->value)) continue;
        sum.value += figure->value;
        sum.low += figure->low; /* NaN stays: an end that is not known is not known of the sum */
        sum.high += figure->high;
        if (figure->origin > sum.origin) sum.origin = figure->origin;
    }
    if (sum.n_known == 0) sum.value = sum.low = sum.high = MISSING;
    return sum;
}

const aj_figure *cli_card_figure(const aj_run *run, aj_quantity quantity)
{
    const aj_figure *found = NULL;
    for (size_t i = 0; i < run->n_figures; i++) {
        if (run->figures[i].quantity != quantity) continue;
        if (run->figures[i].part == NULL) return &run->figures[i];
        found = &run->figures[i];
    }
    return found;
}

/* ---- what was run ---- */

static const char *time_words(cli_memory *memory, double unix_seconds)
{
    struct tm parts;
    char text[64];
    time_t whole = isnan(unix_seconds) ? 0 : (time_t)unix_seconds;
    if (isnan(unix_seconds) || gmtime_r(&whole, &parts) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
        return NULL;
    return cli_memory_text(memory, "%s", text);
}

static const char *state_words(cli_memory *memory, const aj_run *run)
{
    const char *state = aj_run_state_name(run->state);
    if (run->exit_status < 0) return state;
    if (run->exit_status > 128)
        return cli_memory_text(memory, "%s, ended by signal %d", state, run->exit_status - 128);
    return cli_memory_text(memory, "%s, exit status %d", state, run->exit_status);
}

/* The command, or what was evaluated; at most some 60 letters. */
static const char *title_of(cli_memory *memory, const cli_card_run *run)
{
    const char *text = run->run.command_line;
    if (run->has_evaluation) {
        const char *model = run->evaluation.model != NULL ? run->evaluation.model : "a network";
        const char *slash = strrchr(model, '/');
        text = cli_memory_text(memory, "%s on %s", slash != NULL ? slash + 1 : model,
                               run->evaluation.hardware_name != NULL ? run->evaluation.hardware_name
                                                                     : "exact arithmetic");
        for (size_t i = 0; i < run->evaluation.n_varied; i++)
            text = cli_memory_text(memory, "%s, %s %s", text, run->evaluation.varied[i].key,
                                   run->evaluation.varied[i].word != NULL
                                       ? run->evaluation.varied[i].word
                                       : cli_memory_text(memory, "%.4g", run->evaluation.varied[i].value));
    }
    if (text == NULL || text[0] == '\0') return aj_run_kind_name(run->run.kind);
    size_t n = strlen(text), cut = 60;
    if (n <= cut + 8) return text;
    while (cut > 0 && ((unsigned char)text[cut] & 0xC0) == 0x80) cut--;
    return cli_memory_text(memory, "%.*s…", (int)cut, text);
}

static void put_run(cli_card *card, const aj_run *run)
{
    const aj_card_section at = AJ_CARD_RUN;
    aj_card_row *command = cli_card_row(card, at, "command_line", "command");
    if (run->command_line != NULL)
        command->text = run->command_line;
    else
        command->note = "the run does not say";
    cli_card_words(card, at, "uid", "run", run->uid);
    cli_card_words(card, at, "kind", "kind", aj_run_kind_name(run->kind));
    cli_card_words(card, at, "state", "state", state_words(card->memory, run));
    cli_card_words(card, at, "started", "begun", time_words(card->memory, run->started_unix_seconds));
    cli_card_number(card, at, "duration_seconds", "time", run->duration_seconds, "s", AJ_NO_ORIGIN);
    cli_card_words(card, at, "host", "machine", run->host);
    cli_card_words(card, at, "user", "user", run->user);
    cli_card_words(card, at, "project", "project", run->project);
    cli_card_words(card, at, "round", "round", run->round);
    cli_card_words(card, at, "parent", "inside the run", run->parent);
    for (size_t i = 0; i < run->n_tags; i++) cli_card_words(card, at, "tag", "tag", run->tags[i]);
    cli_card_words(card, at, "tool", "written by", run->tool);
    if (run->state == AJ_RUN_RUNNING)
        cli_card_hint(card, "The run has no end: it is still running, or its meter was killed.");
}

static void put_energy(cli_card *card, const cli_card_run *run)
{
    const json_t *machine = json_object_get(run->meter, "machine");
    cli_card_sum sum = cli_card_energy(&run->run);
    for (size_t i = 0; i < run->run.n_figures; i++) {
        const aj_figure *figure = &run->run.figures[i];
        if (figure->quantity != AJ_QUANTITY_ENERGY || (isnan(figure->value) && sum.n_known == 0)) continue;
        aj_card_row *row = cli_card_number(card, AJ_CARD_ENERGY, "energy_joules",
                                           figure->part != NULL ? figure->part : "all of it", figure->value,
                                           "J", (int)figure->origin);
        row->low = figure->low;
        row->high = figure->high;
        row->source = figure->source;
        row->version = figure->version;
        row->sha256 = figure->sha256;
    }
    aj_card_row *total = cli_card_number(card, AJ_CARD_ENERGY, "energy_joules", "energy of the run",
                                         sum.value, "J", (int)sum.origin);
    total->low = sum.low;
    total->high = sum.high;
    total->sum = true;
    bool bound = json_is_true(json_object_get(machine, "lower_bound")) || sum.n_missing > 0;
    bool divided = cli_json_number(machine, "divided_joules") > 0 && !isnan(sum.low);
    if (sum.n_known > 0)
        total->note =
            cli_memory_text(card->memory, "%.4g kWh%s%s", sum.value / 3.6e6, bound ? "; a lower bound" : "",
                            divided ? "; the interval has no error of the division" : "");
    else
        total->note = "not measured";
}

static void put_energy_hints(cli_card *card, const cli_card_run *run)
{
    static const char *const keys[] = {"no_energy", "undivided"};
    cli_card_sum sum = cli_card_energy(&run->run);
    bool said = false;
    for (size_t i = 0; i < 2; i++) {
        const char *why = cli_json_text(run->meter, keys[i]);
        if (why == NULL || why[0] == '\0') continue;
        cli_card_hint(
            card,
            cli_memory_text(card->memory, i == 0 ? "Energy: %s." : "Not divided among processes: %s.", why));
        said |= i == 0;
    }
    if (sum.n_known == 0 && !said)
        cli_card_hint(card,
                      "Energy: the run was not measured. Put `aj run --` in front of the command; `aj meter` "
                      "shows what this machine can read.");
    for (size_t i = 0; i < card->card.n_domains; i++) {
        const aj_card_domain *domain = &card->domains[i];
        if (domain->counted && domain->status != NULL && strcmp(domain->status, "OK") != 0 &&
            isnan(domain->measured_joules))
            cli_card_hint(card, cli_memory_text(card->memory, "%s is not in the energy: %s", domain->name,
                                                domain->note != NULL ? domain->note : domain->status));
    }
}

void cli_card_of_run(cli_card *card, const cli_card_run *run, const aj_carbon *carbon, double target_ratio)
{
    card->card.title = title_of(card->memory, run);
    card->card.uid = run->run.uid;
    put_run(card, &run->run);
    put_energy(card, run);
    cli_card_put_meter(card, run);
    put_energy_hints(card, run);
    cli_card_put_carbon(card, run, carbon);
    cli_card_put_work(card, run, target_ratio);
    cli_card_put_curves(card, run);
}

/* run.c: the words of runs, how a run is begun, named, checked and described. */
#include "run.h"

#include <errno.h>
#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/file.h"

#define MISSING ((double)NAN)

typedef struct {
    const char *name, *unit;
    bool adds;
} word;

static const word kinds[] = {
#define ROW(name, text, about) {text, NULL, false},
    AJ_RUN_KIND_LIST(ROW)
#undef ROW
};
static const word states[] = {
#define ROW(name, text, about) {text, NULL, false},
    AJ_RUN_STATE_LIST(ROW)
#undef ROW
};
static const word quantities[] = {
#define ROW(name, text, unit, adds, about) {text, unit, adds},
    AJ_QUANTITY_LIST(ROW)
#undef ROW
};

static int find_word(const word *words, int n, const char *name)
{
    for (int i = 0; name != NULL && i < n; i++)
        if (strcmp(words[i].name, name) == 0) return i;
    return -1;
}

const char *aj_run_kind_name(aj_run_kind kind)
{
    return (unsigned)kind < AJ_N_RUN_KINDS ? kinds[kind].name : "unknown";
}

bool aj_run_kind_from_name(const char *name, aj_run_kind *out)
{
    int i = find_word(kinds, AJ_N_RUN_KINDS, name);
    if (i >= 0) *out = (aj_run_kind)i;
    return i >= 0;
}

const char *aj_run_state_name(aj_run_state state)
{
    return (unsigned)state < AJ_N_RUN_STATES ? states[state].name : "unknown";
}

bool aj_run_state_from_name(const char *name, aj_run_state *out)
{
    int i = find_word(states, AJ_N_RUN_STATES, name);
    if (i >= 0) *out = (aj_run_state)i;
    return i >= 0;
}

const char *aj_quantity_name(aj_quantity quantity)
{
    return (unsigned)quantity < AJ_N_QUANTITIES ? quantities[quantity].name : "unknown";
}

const char *aj_quantity_unit(aj_quantity quantity)
{
    return (unsigned)quantity < AJ_N_QUANTITIES ? quantities[quantity].unit : "";
}

bool aj_quantity_adds(aj_quantity quantity)
{
    return (unsigned)quantity < AJ_N_QUANTITIES && quantities[quantity].adds;
}

bool aj_quantity_from_name(const char *name, aj_quantity *out)
{
    int i = find_word(quantities, AJ_N_QUANTITIES, name);
    if (i >= 0) *out = (aj_quantity)i;
    return i >= 0;
}

const char *ajp_figure_unit(const aj_figure *figure)
{
    return figure->unit != NULL ? figure->unit : aj_quantity_unit(figure->quantity);
}

/* ---- memory ---- */

static void set_missing(aj_run *run)
{
    memset(run, 0, sizeof *run);
    run->state = AJ_RUN_FINISHED;
    run->started_unix_seconds = run->duration_seconds = MISSING;
    run->exit_status = -1;
}

aj_status ajp_run_begin(aj_run *run, ajp_arena **arena, aj_error *err)
{
    set_missing(run);
    *arena = ajp_alloc(NULL, sizeof **arena);
    if (*arena == NULL) return ajp_no_memory(err, "run");
    ajp_arena_init(*arena, NULL);
    run->memory = *arena;
    return AJ_OK;
}

aj_status ajp_run_finish(aj_run *run, ajp_arena *arena, aj_error *err)
{
    if (!arena->failed) return AJ_OK;
    aj_run_destroy(run);
    return ajp_no_memory(err, "run");
}

void aj_run_destroy(aj_run *run)
{
    if (run == NULL) return;
    if (run->memory != NULL) {
        ajp_arena_free(run->memory);
        ajp_free(NULL, run->memory);
    }
    memset(run, 0, sizeof *run);
}

void aj_run_init(aj_run *run, aj_run_who *who)
{
    struct passwd entry, *found = NULL;
    char buffer[4096];
    set_missing(run);
    run->tool = "attojoule " AJ_VERSION_STRING;
    memset(who, 0, sizeof *who);
    if (gethostname(who->host, sizeof who->host - 1) == 0 && who->host[0] != '\0') run->host = who->host;
    if (getpwuid_r(geteuid(), &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
        snprintf(who->user, sizeof who->user, "%s", entry.pw_name);
    else
        snprintf(who->user, sizeof who->user, "%lu", (unsigned long)geteuid());
    run->user = who->user;
}

/* ---- names ---- */

aj_status aj_run_new_uid(char uid[33], aj_error *err)
{
    unsigned char bytes[16];
    size_t done = 0;
    while (done < sizeof bytes) {
        ssize_t got = getrandom(bytes + done, sizeof bytes - done, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return ajp_fail(err, AJ_IO, errno, "the system gave no random numbers to name a run with");
        done += (size_t)got;
    }
    for (size_t i = 0; i < 32; i++) uid[i] = "0123456789abcdef"[bytes[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    uid[32] = '\0';
    return AJ_OK;
}

bool ajp_is_uid(const char *text)
{
    return text != NULL && strlen(text) == 32 && strspn(text, "0123456789abcdef") == 32;
}

/* ---- checks ---- */

static aj_status refuse(const char *name, const char *key, const char *wanted, aj_error *err)
{
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: %s must be %s", name, key, wanted);
}

static aj_status check_figure(const aj_figure *figure, const char *name, aj_error *err)
{
    if ((unsigned)figure->quantity >= AJ_N_QUANTITIES || (unsigned)figure->origin > AJ_ASSUMED)
        return refuse(name, "figures", "of a known quantity and origin", err);
    const char *key = aj_quantity_name(figure->quantity), *own = aj_quantity_unit(figure->quantity);
    const char *unit = ajp_figure_unit(figure);
    if (*unit == '\0' || strlen(unit) > 15) return refuse(name, key, "with a unit of 1 to 15 letters", err);
    if (*own != '\0' && strcmp(own, unit) != 0) return refuse(name, key, "in the unit of its name", err);
    double most = figure->quantity == AJ_QUANTITY_ACCURACY ? 1 : HUGE_VAL;
    const double numbers[] = {figure->value, figure->low, figure->high};
    for (size_t i = 0; i < 3; i++)
        if (isinf(numbers[i]) || numbers[i] < 0 || numbers[i] > most)
            return refuse(name, key, most > 1 ? "finite and not negative" : "from 0 to 1", err);
    if (isnan(figure->low) != isnan(figure->high) || figure->low > figure->high)
        return refuse(name, key, "with both ends of its interval, the lower first", err);
    if (isnan(figure->value) && !isnan(figure->low))
        return refuse(name, key, "without interval where the value is not known", err);
    if (figure->sha256 != NULL &&
        (strlen(figure->sha256) != 64 || strspn(figure->sha256, "0123456789abcdef") != 64))
        return refuse(name, "sha256", "64 lower-case hex digits", err);
    return AJ_OK;
}

static aj_status check_samples(const aj_run_samples *samples, const char *name, aj_error *err)
{
    if (samples->source == NULL || samples->unit == NULL)
        return refuse(name, "samples", "of a named source and unit", err);
    if (samples->n == 0 || samples->n > UINT32_MAX) return refuse(name, "samples", "1 to 4294967295", err);
    return AJ_OK;
}

aj_status ajp_run_check(const aj_run *run, const char *name, aj_error *err)
{
    if ((unsigned)run->kind >= AJ_N_RUN_KINDS || (unsigned)run->state >= AJ_N_RUN_STATES)
        return refuse(name, "kind and state", "known ones", err);
    if (run->uid[0] != '\0' && !ajp_is_uid(run->uid)) return refuse(name, "uid", "32 hex digits", err);
    if (run->parent != NULL && !ajp_is_uid(run->parent)) return refuse(name, "parent", "32 hex digits", err);
    if (isinf(run->started_unix_seconds)) return refuse(name, "started_unix_seconds", "finite", err);
    if (isinf(run->duration_seconds) || run->duration_seconds < 0)
        return refuse(name, "duration_seconds", "finite and not negative", err);
    if (run->project != NULL && strlen(run->project) > 255)
        return refuse(name, "project", "at most 255 bytes", err);
    for (size_t i = 0; i < run->n_figures; i++) AJ_TRY(check_figure(&run->figures[i], name, err));
    for (size_t i = 0; i < run->n_samples; i++) AJ_TRY(check_samples(&run->samples[i], name, err));
    return AJ_OK;
}

/* ---- command lines ---- */

/* Words of these characters mean themselves to a shell. */
static bool plain(const char *argument)
{
    return *argument != '\0' &&
           argument[strspn(argument, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789_@%+=:,./-")] == '\0';
}

/* 'it'\''s' for what is not plain; returns the place behind it. */
static char *put_quoted(char *at, const char *argument)
{
    if (plain(argument)) {
        size_t n = strlen(argument);
        memcpy(at, argument, n);
        return at + n;
    }
    *at++ = '\'';
    for (; *argument != '\0'; argument++) {
        if (*argument == '\'') {
            memcpy(at, "'\\'", 3);
            at += 3;
        }
        *at++ = *argument;
    }
    *at++ = '\'';
    return at;
}

aj_status aj_command_line(char **text, size_t n, const char *const *arguments, bool redact, aj_error *err)
{
    *text = NULL;
    if (n == 0) return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "a command line has at least one word");
    size_t size = 64;
    for (size_t i = 0; i < n; i++) size += 4 * strlen(arguments[i]) + 3;
    char *line = ajp_alloc(NULL, size);
    if (line == NULL) return ajp_no_memory(err, "command line");
    char *at = put_quoted(line, arguments[0]);
    if (redact && n > 1) {
        at += snprintf(at, 64, " [%zu arguments left out]", n - 1);
    } else {
        for (size_t i = 1; i < n; i++) {
            *at++ = ' ';
            at = put_quoted(at, arguments[i]);
        }
    }
    *at = '\0';
    *text = line;
    return AJ_OK;
}

/* ---- runs of records ---- */

static aj_figure figure_of(aj_quantity quantity, const char *part, double value, aj_origin origin,
                           const char *source, const char *sha256)
{
    return (aj_figure){quantity, part, NULL, value, MISSING, MISSING, origin, source, NULL, sha256};
}

/* Student's interval is one of a mean: it may reach beyond what an accuracy can be. */
static double within_0_1(double x)
{
    return isnan(x) ? x : fmin(1, fmax(0, x));
}

static void add_figures(aj_run *run, ajp_arena *arena, const aj_evaluation *e, const char *source,
                        const char *sha256)
{
    aj_figure *figures = ajp_arena_array(arena, 3 + AJ_N_BOUNDARIES, sizeof *figures);
    size_t n = 0;
    if (figures == NULL) return;
    if (!isnan(e->measured_energy_joules.value))
        figures[n++] = figure_of(AJ_QUANTITY_ENERGY, "evaluation", e->measured_energy_joules.value,
                                 e->measured_energy_joules.origin, source, sha256);
    if (!isnan(e->clean_accuracy_ratio))
        figures[n++] =
            figure_of(AJ_QUANTITY_ACCURACY, "clean", e->clean_accuracy_ratio, AJ_MEASURED, source, sha256);
    if (e->hardware_name != NULL && !isnan(e->accuracy_ratio.mean)) {
        aj_figure *f = &figures[n++];
        *f = figure_of(AJ_QUANTITY_ACCURACY, e->hardware_name, e->accuracy_ratio.mean, AJ_MODELLED, source,
                       sha256);
        f->part = ajp_arena_strdup(arena, e->hardware_name);
        f->low = within_0_1(e->accuracy_ratio.ci95_low);
        f->high = within_0_1(e->accuracy_ratio.ci95_high);
    }
    for (int b = 0; e->hardware_name != NULL && b < AJ_N_BOUNDARIES; b++) {
        double joules = aj_energy_boundary(&e->energy, (aj_boundary)b);
        if (!isnan(joules))
            figures[n++] = figure_of(AJ_QUANTITY_SIMULATED_ENERGY, aj_boundary_name((aj_boundary)b), joules,
                                     AJ_MODELLED, source, sha256);
    }
    run->figures = figures;
    run->n_figures = n;
}

aj_status aj_run_from_evaluation(aj_run *out, const aj_evaluation *evaluation, const char *source,
                                 aj_error *err)
{
    aj_run run;
    ajp_arena *arena = NULL;
    char *json = NULL, *sha256;
    AJ_TRY(aj_evaluation_to_json(evaluation, 0, &json, err));
    aj_status st = ajp_run_begin(&run, &arena, err);
    if (st != AJ_OK) {
        aj_text_free(json);
        return st;
    }
    run.kind = evaluation->n_varied > 0 ? AJ_RUN_SWEEP_POINT : AJ_RUN_EVALUATION;
    run.duration_seconds = evaluation->duration_seconds;
    run.tool = "attojoule " AJ_VERSION_STRING;
    run.record = ajp_arena_strdup(arena, json);
    sha256 = ajp_arena_alloc(arena, 65);
    if (sha256 != NULL) {
        ajp_sha256_hex(json, strlen(json), sha256);
        memcpy(run.uid, sha256, 32);
    }
    aj_text_free(json);
    add_figures(&run, arena, evaluation, source != NULL ? ajp_arena_strdup(arena, source) : NULL, sha256);
    AJ_TRY(ajp_run_finish(&run, arena, err));
    *out = run;
    return AJ_OK;
}

/* card_meter.c: what the meter saw, line by line (docs/formats/run.md), and its trace as curves. */
#include <math.h>
#include <string.h>

#include "card.h"

#define MISSING ((double)NAN)

static aj_origin origin_of(const json_t *object, const char *key)
{
    const char *text = cli_json_text(object, key);
    for (int origin = AJ_MEASURED; text != NULL && origin < AJ_ASSUMED; origin++)
        if (strcmp(text, aj_origin_name((aj_origin)origin)) == 0) return (aj_origin)origin;
    return AJ_ASSUMED;
}

/* ---- domains ---- */

static const char *zone_note(cli_memory *memory, const json_t *zone)
{
    const char *message = cli_json_text(zone, "message");
    double resets = cli_json_number(zone, "resets"), gaps = cli_json_number(zone, "gaps");
    if (message != NULL && message[0] != '\0') return message;
    if (!(resets > 0) && !(gaps > 0)) return NULL;
    return cli_memory_text(memory, "%.0f resets, %.0f gaps", resets, gaps);
}

static void put_zones(cli_card *card, const json_t *meter)
{
    size_t i;
    json_t *zone;
    json_array_foreach(json_object_get(meter, "zones"), i, zone)
    {
        aj_card_domain *domain = cli_card_domain(card);
        const char *role = cli_json_text(zone, "role"), *source = cli_json_text(zone, "source"),
                   *name = cli_json_text(zone, "name");
        *domain =
            (aj_card_domain){.name = cli_memory_text(card->memory, "%s/%s", source != NULL ? source : "?",
                                                     name != NULL ? name : "?"),
                             .kind = cli_json_text(zone, "kind"),
                             .role = role,
                             .status = cli_json_text(zone, "status"),
                             .note = zone_note(card->memory, zone),
                             .counted = role != NULL && strcmp(role, "counted") == 0,
                             .divided = json_is_true(json_object_get(zone, "divided")),
                             .lower_bound = json_is_true(json_object_get(zone, "lower_bound")),
                             .measured_joules = cli_json_number(zone, "measured_joules"),
                             .low_joules = cli_json_number(zone, "low_joules"),
                             .high_joules = cli_json_number(zone, "high_joules"),
                             .attributed_joules = cli_json_number(zone, "attributed_joules"),
                             .idle_joules = cli_json_number(zone, "idle_joules"),
                             .others_joules = cli_json_number(zone, "others_joules"),
                             .gap_seconds = cli_json_number(zone, "gap_seconds"),
                             .origin = origin_of(zone, "origin"),
                             .idle_origin = origin_of(zone, "idle_origin")};
    }
}

/* ---- how far it reaches ---- */

static const char *covers_words(cli_memory *memory, const json_t *machine)
{
    const char *words = NULL;
    size_t i;
    json_t *kind;
    json_array_foreach(json_object_get(machine, "covers"), i, kind)
    {
        if (!json_is_string(kind)) continue;
        words = cli_memory_text(memory, "%s%s%s", words != NULL ? words : "", words != NULL ? ", " : "",
                                json_string_value(kind));
    }
    return words;
}

static const char *missing_kinds(cli_memory *memory, const char *covers)
{
    static const char *const kinds[] = {"package", "dram", "gpu"};
    const char *words = NULL;
    for (size_t i = 0; i < 3; i++)
        if (strstr(covers, kinds[i]) == NULL)
            words = cli_memory_text(memory, "%s%s%s", words != NULL ? words : "", words != NULL ? ", " : "",
                                    kinds[i]);
    return cli_memory_text(memory, "not in it: %s%sdisks, fans, power supply", words != NULL ? words : "",
                           words != NULL ? ", " : "");
}

static void put_known(cli_card *card, const char *key, const char *label, double value, const char *unit,
                      bool zero_too)
{
    if (isnan(value) || (value == 0 && !zero_too)) return;
    cli_card_number(card, AJ_CARD_COVERAGE, key, label, value, unit, AJ_NO_ORIGIN);
}

static void put_coverage(cli_card *card, const json_t *meter)
{
    const json_t *sampling = json_object_get(meter, "sampling"), *machine = json_object_get(meter, "machine"),
                 *overhead = json_object_get(meter, "overhead");
    const char *covers = covers_words(card->memory, machine);
    aj_card_row *row = cli_card_number(card, AJ_CARD_COVERAGE, "coverage_ratio", "time with usable readings",
                                       cli_json_number(sampling, "coverage_ratio"), NULL, AJ_NO_ORIGIN);
    if (isnan(row->value)) row->note = "no sensor was read";
    if (covers != NULL) {
        cli_card_words(card, AJ_CARD_COVERAGE, "covers", "domains in it", covers);
        card->rows[card->card.n_rows - 1].note = missing_kinds(card->memory, covers);
    }
    put_known(card, "samples", "samples", cli_json_number(sampling, "samples"), NULL, true);
    put_known(card, "sample_hertz", "samples a second, asked for", cli_json_number(sampling, "hertz"), "Hz",
              true);
    put_known(card, "gap_seconds", "time without readings", cli_json_number(sampling, "gap_seconds"), "s",
              true);
    put_known(card, "longest_gap_seconds", "longest gap", cli_json_number(sampling, "longest_gap_seconds"),
              "s", false);
    put_known(card, "suspended_seconds", "machine asleep (not in the time)",
              cli_json_number(sampling, "suspended_seconds"), "s", false);
    put_known(card, "tree_cpu_seconds", "CPU time of the run's processes",
              cli_json_number(machine, "tree_cpu_seconds"), "s", true);
    put_known(card, "busy_cpu_seconds", "CPU time of the whole machine",
              cli_json_number(machine, "busy_cpu_seconds"), "s", true);
    double platform = cli_json_number(machine, "platform_joules");
    if (!isnan(platform))
        cli_card_number(card, AJ_CARD_COVERAGE, "platform_joules", "sensors around the machine say", platform,
                        "J", AJ_NO_ORIGIN)
            ->note = "beside the total, never added to it";
    put_known(card, "meter_core_ratio", "measuring took, of one core",
              cli_json_number(overhead, "core_ratio"), NULL, true);
}

/* Whom the joules were divided among, and what the meter found odd. */
static void put_remarks(cli_card *card, const json_t *meter)
{
    size_t i;
    json_t *remark;
    cli_card_words(card, AJ_CARD_COVERAGE, "followed", "divided by the CPU time of",
                   cli_json_text(meter, "followed"));
    json_array_foreach(json_object_get(meter, "remarks"), i, remark)
        cli_card_words(card, AJ_CARD_COVERAGE, "remark", "remark", json_string_value(remark));
}

static void put_phases(cli_card *card, const json_t *meter)
{
    size_t i;
    json_t *phase;
    json_array_foreach(json_object_get(meter, "phases"), i, phase)
    {
        const char *name = cli_json_text(phase, "name");
        double times = cli_json_number(phase, "times");
        *cli_card_phase(card) =
            (aj_card_phase){.name = name != NULL ? name : "?",
                            .n = times > 0 && times < 1e15 ? (uint64_t)times : 0,
                            .open = json_is_true(json_object_get(phase, "open")),
                            .duration_seconds = cli_json_number(phase, "duration_seconds"),
                            .measured_joules = cli_json_number(phase, "measured_joules"),
                            .low_joules = cli_json_number(phase, "low_joules"),
                            .high_joules = cli_json_number(phase, "high_joules"),
                            .attributed_joules = cli_json_number(phase, "attributed_joules"),
                            .flops = cli_json_number(phase, "flops"),
                            .origin = origin_of(phase, "origin")};
    }
}

void cli_card_put_meter(cli_card *card, const cli_card_run *run)
{
    if (run->meter == NULL) return;
    put_zones(card, run->meter);
    put_coverage(card, run->meter);
    put_remarks(card, run->meter);
    put_phases(card, run->meter);
}

/* ---- curves ---- */

static double point_joules(const aj_trace_point *point, size_t zone, int what)
{
    return what == 0 ? point->joules : what == 1 ? point->own_joules : point->zone_joules[zone];
}

/* what: 0 the machine, 1 the run, 2 a zone.  Points before the sum is known are left out. */
static void put_curve(cli_card *card, const aj_trace_record *trace, const char *name, size_t zone, int what)
{
    double *times = cli_memory_take(card->memory, trace->n_points, sizeof *times),
           *joules = cli_memory_take(card->memory, trace->n_points, sizeof *joules);
    size_t n = 0;
    for (size_t i = 0; i < trace->n_points; i++) {
        double value = point_joules(&trace->points[i], zone, what);
        if (isnan(value)) continue;
        times[n] = trace->points[i].seconds;
        joules[n++] = value;
    }
    if (n > 1) *cli_card_series(card) = (aj_card_series){name, n, times, joules};
}

static const char *mark_name(cli_memory *memory, const aj_marker *marker)
{
    if (marker->kind == AJ_MARK_EPOCH) return cli_memory_text(memory, "epoch %.0f", marker->value);
    if (marker->kind == AJ_MARK_END) return cli_memory_text(memory, "%s ends", marker->name);
    return marker->kind == AJ_MARK_MARK || marker->kind == AJ_MARK_BEGIN ? marker->name : NULL;
}

static void put_trace(cli_card *card, const aj_trace_record *trace)
{
    size_t n_counted = 0;
    for (size_t i = 0; i < trace->n_zones; i++) n_counted += trace->zones[i].role == AJ_ZONE_ROLE_COUNTED;
    put_curve(card, trace, "all counted domains", 0, 0);
    put_curve(card, trace, "this run", 0, 1);
    for (size_t i = 0; n_counted > 1 && n_counted <= 4 && i < trace->n_zones; i++)
        if (trace->zones[i].role == AJ_ZONE_ROLE_COUNTED)
            put_curve(card, trace,
                      cli_memory_text(card->memory, "%s/%s", trace->zones[i].source, trace->zones[i].name), i,
                      2);
    for (size_t i = 0; i < trace->n_events; i++) {
        const char *name = mark_name(card->memory, &trace->events[i].marker);
        if (name != NULL) *cli_card_mark(card) = (aj_card_mark){trace->events[i].seconds, name};
    }
    if (!trace->ended)
        cli_card_hint(
            card, "The trace has no end: the meter was killed, and what came after is not in the numbers.");
}

/* Samples of a run without a trace: joules as they are, watts by the trapezoidal rule. */
static void put_samples(cli_card *card, const aj_run_samples *samples)
{
    bool watts = strcmp(samples->unit, "W") == 0;
    double *joules = cli_memory_take(card->memory, samples->n, sizeof *joules);
    if (!watts && strcmp(samples->unit, "J") != 0) return;
    for (size_t i = 0; i < samples->n; i++) {
        if (!watts)
            joules[i] = samples->values[i];
        else if (i > 0)
            joules[i] = joules[i - 1] + 0.5 * (samples->values[i] + samples->values[i - 1]) *
                                            (samples->time_seconds[i] - samples->time_seconds[i - 1]);
    }
    *cli_card_series(card) = (aj_card_series){samples->source, samples->n, samples->time_seconds, joules};
}

void cli_card_put_curves(cli_card *card, const cli_card_run *run)
{
    if (run->has_trace) {
        put_trace(card, &run->trace);
        return;
    }
    for (size_t i = 0; i < run->run.n_samples; i++)
        if (run->run.samples[i].n > 1) put_samples(card, &run->run.samples[i]);
}

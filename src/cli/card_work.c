/* card_work.c: operations, accuracy and what they took; simulated joules beside those of the simulation. */
#include <math.h>
#include <string.h>

#include "card.h"

#define MISSING ((double)NAN)

static void put_figure(cli_card *card, const aj_figure *figure, const char *label)
{
    aj_card_row *row = cli_card_number(
        card, AJ_CARD_WORK, aj_quantity_name(figure->quantity), label, figure->value,
        figure->unit != NULL ? figure->unit : aj_quantity_unit(figure->quantity), (int)figure->origin);
    row->low = figure->low;
    row->high = figure->high;
    row->source = figure->source;
    row->version = figure->version;
    row->sha256 = figure->sha256;
}

static void put_flops(cli_card *card, const cli_card_run *run)
{
    const aj_figure *flops = cli_card_figure(&run->run, AJ_QUANTITY_FLOPS);
    cli_card_sum energy = cli_card_energy(&run->run);
    if (flops == NULL) {
        if (run->has_evaluation) {
            cli_card_number(card, AJ_CARD_WORK, "flops_per_inference", "FLOPs per inference (2 per MAC)",
                            run->evaluation.flops_per_inference, "FLOP", AJ_NO_ORIGIN);
            return;
        }
        cli_card_number(card, AJ_CARD_WORK, "flops", "FLOPs (2 per MAC)", MISSING, "FLOP", AJ_NO_ORIGIN)
            ->note = "the program did not say: `aj run --flops N`, or the line `flops N` to AJ_MARK";
        return;
    }
    put_figure(card, flops, "FLOPs (2 per MAC)");
    double joules = energy.value;
    aj_card_row *row = cli_card_number(card, AJ_CARD_WORK, "flops_per_joule", "FLOPs per joule",
                                       joules > 0 ? flops->value / joules : MISSING, "FLOP/J",
                                       (int)(flops->origin > energy.origin ? flops->origin : energy.origin));
    if (energy.low > 0 && !isnan(energy.high)) {
        row->low = flops->value / energy.high;
        row->high = flops->value / energy.low;
    }
}

/* The one that tables of several runs show comes first: on the hardware before exact arithmetic. */
static void put_accuracy(cli_card *card, const aj_run *run)
{
    const aj_figure *first = cli_card_figure(run, AJ_QUANTITY_ACCURACY);
    if (first == NULL) {
        cli_card_number(card, AJ_CARD_WORK, "accuracy_ratio", "accuracy", MISSING, NULL, AJ_NO_ORIGIN)->note =
            "the program did not say: `aj run --accuracy R`, or the line `accuracy R` to AJ_MARK";
        return;
    }
    for (size_t i = 0; i <= run->n_figures; i++) {
        const aj_figure *figure = i == 0 ? first : &run->figures[i - 1];
        if (figure->quantity != AJ_QUANTITY_ACCURACY || (i > 0 && figure == first)) continue;
        put_figure(card, figure,
                   figure->part != NULL ? cli_memory_text(card->memory, "accuracy, %s", figure->part)
                                        : "accuracy");
    }
}

/* ---- to the target ---- */

typedef struct {
    double target_ratio, flops, joules, seconds;
    size_t n_below_again; /* later marks under the target */
    bool asked, reached;
    const char *source;
} target;

static void target_of_trace(target *to, const aj_trace_record *trace)
{
    bool any = false;
    for (size_t i = 0; i < trace->n_events; i++) {
        const aj_trace_event *event = &trace->events[i];
        if (event->marker.kind != AJ_MARK_ACCURACY) continue;
        any = true;
        bool above = event->marker.value >= to->target_ratio;
        if (above && !to->reached) {
            to->reached = true;
            to->flops = event->flops;
            to->joules = event->own_joules;
            to->seconds = event->seconds;
        } else if (!above && to->reached) {
            to->n_below_again++;
        }
    }
    to->source = any ? "accuracy marks of the trace" : NULL;
}

static target find_target(const cli_card_run *run, double target_ratio)
{
    target to = {target_ratio, MISSING, MISSING, MISSING, 0, false, false, NULL};
    if (isnan(target_ratio)) to.target_ratio = cli_json_number(run->training, "target_accuracy_ratio");
    to.asked = !isnan(to.target_ratio);
    if (!to.asked) return to;
    if (to.target_ratio == cli_json_number(run->training, "target_accuracy_ratio")) {
        to.flops = cli_json_number(run->training, "flops_to_target");
        to.joules = cli_json_number(run->training, "joules_to_target");
        to.seconds = cli_json_number(run->training, "duration_to_target_seconds");
        to.reached = !isnan(to.flops);
        to.source = "the training's own record";
    }
    target by_trace = to;
    by_trace.reached = false;
    if (run->has_trace) target_of_trace(&by_trace, &run->trace);
    if (!to.reached && by_trace.source != NULL && run->has_trace) return by_trace;
    if (to.reached && isnan(to.joules) && by_trace.reached) to.joules = by_trace.joules;
    return to;
}

static void put_target(cli_card *card, const cli_card_run *run, double target_ratio)
{
    target to = find_target(run, target_ratio);
    cli_card_sum energy = cli_card_energy(&run->run);
    if (!to.asked) return;
    cli_card_number(card, AJ_CARD_WORK, "target_accuracy_ratio", "target accuracy", to.target_ratio, NULL,
                    AJ_NO_ORIGIN);
    const char *note =
        to.reached && to.n_below_again > 0
            ? cli_memory_text(card->memory, "first time; %zu later marks were below it", to.n_below_again)
        : to.reached        ? NULL
        : to.source != NULL ? "not reached"
                            : "the run has no accuracy marks";
    const struct {
        const char *key, *label;
        double value;
        const char *unit;
        int origin;
    } rows[] = {{"flops_to_target", "FLOPs to the target", to.flops, "FLOP", AJ_ASSUMED},
                {"joules_to_target", "joules to the target", to.joules, "J", (int)energy.origin},
                {"seconds_to_target", "time to the target", to.seconds, "s", AJ_MEASURED}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aj_card_row *row = cli_card_number(card, AJ_CARD_WORK, rows[i].key, rows[i].label, rows[i].value,
                                           rows[i].unit, rows[i].origin);
        row->source = to.source;
        row->note = note;
    }
}

/* ---- simulations ---- */

static void put_simulated(cli_card *card, const cli_card_run *run)
{
    const aj_evaluation *e = &run->evaluation;
    double measured = cli_card_energy(&run->run).value;
    aj_origin origin = cli_card_energy(&run->run).origin;
    double n = (double)e->n_samples * (e->n_trials > 0 ? e->n_trials : 1);
    cli_card_words(card, AJ_CARD_SIMULATED, "hardware", "simulated hardware", e->hardware_name);
    for (size_t i = 0; i < run->run.n_figures; i++) {
        const aj_figure *figure = &run->run.figures[i];
        if (figure->quantity != AJ_QUANTITY_SIMULATED_ENERGY) continue;
        const char *label =
            cli_memory_text(card->memory, "simulated, %s", figure->part != NULL ? figure->part : "whole");
        aj_card_row *row = cli_card_number(card, AJ_CARD_SIMULATED, "simulated_joules_per_inference", label,
                                           figure->value, "J", (int)figure->origin);
        row->low = figure->low;
        row->high = figure->high;
        row->source = figure->source;
        row->sha256 = figure->sha256;
        row->note = "was not spent";
    }
    aj_card_row *row =
        cli_card_number(card, AJ_CARD_SIMULATED, "simulation_joules", "the simulation itself took", measured,
                        "J", isnan(measured) ? AJ_NO_ORIGIN : (int)origin);
    if (isnan(measured)) row->note = "not measured";
    row = cli_card_number(card, AJ_CARD_SIMULATED, "simulation_joules_per_inference",
                          "… per simulated inference", n > 0 ? measured / n : MISSING, "J",
                          isnan(measured) ? AJ_NO_ORIGIN : (int)origin);
    row->note = cli_memory_text(card->memory, "%.0f samples x %u trials; the exact pass is in it",
                                (double)e->n_samples, e->n_trials);
}

void cli_card_put_work(cli_card *card, const cli_card_run *run, double target_ratio)
{
    put_flops(card, run);
    for (size_t i = 0; i < run->run.n_figures; i++)
        if (run->run.figures[i].quantity == AJ_QUANTITY_DEVICE_TIME)
            put_figure(card, &run->run.figures[i], "time x accelerators");
    put_accuracy(card, &run->run);
    put_target(card, run, target_ratio);
    if (run->has_evaluation && run->evaluation.hardware_name != NULL) put_simulated(card, run);
}

/* chart_causes.c: where the joules of an inference go, as divided bars. */
#include <math.h>

#include "charts.h"
#include "grid.h"

enum { WIDTH = 1000, BAR_LEFT = 8, BAR_WIDTH = 984, BAR_HEIGHT = 34, ROW_HEIGHT = 82, LEGEND_COLUMN = 246 };

/* One colour a cause, the same in every report: light warm, conversion blue, logic and memory green to grey.
 */
static const char *const colours[AJ_N_CAUSES] = {
    [AJ_CAUSE_LASER] = "#d97706",    [AJ_CAUSE_MODULATOR] = "#f2a541",   [AJ_CAUSE_DRIVER] = "#b45309",
    [AJ_CAUSE_ARRAY] = "#7b4fa3",    [AJ_CAUSE_PROGRAMMING] = "#a78bc4", [AJ_CAUSE_RECEIVER] = "#1d7a8c",
    [AJ_CAUSE_ADC] = "#1f5fa8",      [AJ_CAUSE_DAC] = "#6fa8dc",         [AJ_CAUSE_TUNING] = "#c8442d",
    [AJ_CAUSE_DIGITAL] = "#2f855a",  [AJ_CAUSE_SRAM] = "#7fbf8e",        [AJ_CAUSE_LINK] = "#8a6d3b",
    [AJ_CAUSE_STATIC] = "#9aa3af",   [AJ_CAUSE_DRAM] = "#4a5568",        [AJ_CAUSE_HOST] = "#1f2937",
    [AJ_CAUSE_FACILITY] = "#c9ced6",
};

static bool dark(aj_cause cause)
{
    return cause != AJ_CAUSE_MODULATOR && cause != AJ_CAUSE_PROGRAMMING && cause != AJ_CAUSE_DAC &&
           cause != AJ_CAUSE_SRAM && cause != AJ_CAUSE_STATIC && cause != AJ_CAUSE_FACILITY;
}

static double described(const aj_evaluation *record, int cause)
{
    bool there = (record->energy.applies >> cause & 1u) != 0;
    return there && record->energy.cause_joules[cause] > 0.0 ? record->energy.cause_joules[cause] : 0.0;
}

/* A label inside its part when the part is wide enough: name and share, else name, else nothing. */
static void put_part(ajp_text *out, double x, double y, double width, aj_cause cause, double joules,
                     double share)
{
    ajp_number value = ajp_quantity(joules, "J");
    ajp_text_format(out,
                    "<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%d\" fill=\"%s\"><title>%s: %s "
                    "(%.1f %%)</title></rect>\n",
                    x, y, width, BAR_HEIGHT, colours[cause], aj_cause_name(cause), value.text, 100.0 * share);
    double room = width - 10.0, letters = (double)ajp_text_width(aj_cause_name(cause));
    char text[96];
    if (room > 8.0 * (letters + 2.0 + (double)ajp_text_width(value.text)))
        snprintf(text, sizeof text, "%s %s", aj_cause_name(cause), value.text);
    else if (room > 8.0 * letters)
        snprintf(text, sizeof text, "%s", aj_cause_name(cause));
    else
        return;
    ajp_text_format(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" class=\"in%s\">%s</text>\n",
                    x + width / 2.0, y + BAR_HEIGHT / 2.0 + 5.0, dark(cause) ? " light" : "", text);
}

/* Joules of the described causes up to `last`: STATIC ends the accelerator, FACILITY the system. */
static double total_of(const aj_evaluation *record, aj_cause last)
{
    double sum = 0.0;
    for (int cause = 0; cause <= (int)last; cause++) sum += described(record, cause);
    return sum;
}

static void put_bar(ajp_text *out, const ajp_entry *entry, aj_cause last, double y, double full_joules)
{
    double total = total_of(entry->record, last), x = BAR_LEFT;
    aj_boundary boundary = last == AJ_CAUSE_STATIC ? AJ_ACCELERATOR : AJ_SYSTEM;
    bool whole = !isnan(aj_energy_boundary(&entry->record->energy, boundary));
    ajp_number sum = ajp_quantity(total, "J");
    ajp_text_format(out, "<text x=\"%d\" y=\"%.1f\" class=\"head\">", BAR_LEFT, y - 9.0);
    ajp_text_put_html(out, entry->label);
    ajp_text_format(out, " <tspan class=\"sum\">%s per inference%s</tspan></text>\n", sum.text,
                    whole ? "" : " (described causes only)");
    for (int cause = 0; cause <= (int)last; cause++) {
        double joules = described(entry->record, cause), width = BAR_WIDTH * joules / full_joules;
        if (width <= 0.0) continue;
        put_part(out, x, y, width, (aj_cause)cause, joules, joules / total);
        x += width;
    }
}

static void put_legend(ajp_text *out, uint32_t present, double y)
{
    int at = 0;
    for (int cause = 0; cause < AJ_N_CAUSES; cause++) {
        if ((present >> cause & 1u) == 0) continue;
        int x = BAR_LEFT + at % 4 * LEGEND_COLUMN, row = at / 4;
        ajp_text_format(out, "<rect x=\"%d\" y=\"%.1f\" width=\"14\" height=\"14\" rx=\"2\" fill=\"%s\"/>", x,
                        y + 24.0 * row, colours[cause]);
        ajp_text_format(out, "<text x=\"%d\" y=\"%.1f\">%s</text>\n", x + 21, y + 24.0 * row + 12.0,
                        aj_cause_name((aj_cause)cause));
        at++;
    }
}

/* Laws of nature are left out beside machines: their bars would say nothing at a machine's scale. */
static bool has_bar(const ajp_view *view, size_t i)
{
    bool machines = false;
    for (size_t k = 0; k < view->n_entries; k++) {
        const aj_evaluation *record = view->entries[k].record;
        machines = machines ||
                   (total_of(record, AJ_CAUSE_FACILITY) > 0.0 && !ajp_is(record->hardware_evidence, "limit"));
    }
    const aj_evaluation *record = view->entries[i].record;
    return total_of(record, AJ_CAUSE_FACILITY) > 0.0 &&
           !(machines && ajp_is(record->hardware_evidence, "limit"));
}

bool ajp_chart_causes(const ajp_view *view, aj_boundary boundary, ajp_text *out, bool *to_scale)
{
    aj_cause last = boundary == AJ_ACCELERATOR ? AJ_CAUSE_STATIC : AJ_CAUSE_FACILITY;
    double least = INFINITY, most = 0.0;
    uint32_t present = 0;
    size_t n = 0, n_legend = 0;
    for (size_t i = 0; i < view->n_entries; i++) {
        double total = total_of(view->entries[i].record, last);
        if (!has_bar(view, i) || !(total > 0.0)) continue;
        n++;
        least = total < least ? total : least;
        most = total > most ? total : most;
        for (int cause = 0; cause <= (int)last; cause++)
            if (described(view->entries[i].record, cause) > 0.0) present |= 1u << cause;
    }
    if (n == 0) return false;
    *to_scale = most / least <= 8.0;
    for (int cause = 0; cause < AJ_N_CAUSES; cause++) n_legend += present >> cause & 1u;
    double height = (double)n * ROW_HEIGHT + 12.0 + 24.0 * (double)((n_legend + 3) / 4);
    ajp_text_format(
        out, "<svg class=\"chart\" viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"energy by cause\">\n",
        WIDTH, height);
    double y = 32.0;
    for (size_t i = 0; i < view->n_entries; i++) {
        double total = total_of(view->entries[i].record, last);
        if (!has_bar(view, i) || !(total > 0.0)) continue;
        put_bar(out, &view->entries[i], last, y, *to_scale ? most : total);
        y += ROW_HEIGHT;
    }
    put_legend(out, present, y - 14.0);
    ajp_text_put(out, "</svg>\n");
    return true;
}

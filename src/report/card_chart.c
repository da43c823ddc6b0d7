/* card_chart.c: power over time, as SVG drawn by ourselves: the mean power of short spans, from the
 * differences of the joules, so that the area under the line is the energy. */
#include <math.h>
#include <stdio.h>

#include "card.h"

enum {
    WIDTH = 1000,
    LEFT = 74,
    RIGHT = 980,
    TOP = 42,
    BOTTOM = 300,
    HEIGHT = 348,
    SPANS = 240,
    MOST_LINES = 6
};

typedef struct {
    double seconds, watts; /* right and top end of the axes */
    double step_seconds, step_watts;
} axes;

static double x_of(const axes *a, double seconds)
{
    return LEFT + (RIGHT - LEFT) * seconds / a->seconds;
}

static double y_of(const axes *a, double watts)
{
    return BOTTOM - (BOTTOM - TOP) * watts / a->watts;
}

/* 1, 2 or 5 times a power of ten: about n steps up to `most`. */
static double round_step(double most, int n)
{
    double power = pow(10.0, floor(log10(most / n))), digit = most / n / power;
    return power * (digit <= 1.0 ? 1.0 : digit <= 2.0 ? 2.0 : digit <= 5.0 ? 5.0 : 10.0);
}

/* Steps of a clock. */
static double time_step(double seconds)
{
    static const double steps[] = {60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200, 86400};
    if (seconds < 300.0) return round_step(seconds, 8);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (seconds / steps[i] <= 10.0) return steps[i];
    return 86400.0 * round_step(seconds / 86400.0, 8);
}

static bool usable(const aj_card_series *s)
{
    if (s->n < 2 || !(s->time_seconds[s->n - 1] > s->time_seconds[0])) return false;
    for (size_t i = 0; i < s->n; i++)
        if (!isfinite(s->time_seconds[i]) || (i > 0 && s->time_seconds[i] < s->time_seconds[i - 1]))
            return false;
    return true;
}

/* Joules at a time, between two samples by a straight line; NaN outside of the samples. *from: where to begin
 * looking, moves forward. */
static double joules_at(const aj_card_series *s, double seconds, size_t *from)
{
    size_t i = *from;
    while (i + 2 < s->n && s->time_seconds[i + 1] < seconds) i++;
    *from = i;
    double span = s->time_seconds[i + 1] - s->time_seconds[i];
    if (seconds < s->time_seconds[i] || seconds > s->time_seconds[i + 1]) return (double)NAN;
    if (span <= 0.0) return s->joules[i + 1];
    return s->joules[i] + (s->joules[i + 1] - s->joules[i]) * (seconds - s->time_seconds[i]) / span;
}

/* Between marks samples lie close together, and counters and CPU times come in steps: power over less than a
 * second (of a short run, a tenth of it) says nothing. */
static double least_span(double total)
{
    return fmax(total / SPANS, fmin(1.0, total / 10.0));
}

/* The samples themselves where there are few, else equal spans. */
static size_t find_edges(const aj_card_series *s, double *edges)
{
    double first = s->time_seconds[0], last = s->time_seconds[s->n - 1], least = least_span(last - first);
    size_t n = 0;
    if (s->n - 1 > SPANS) {
        n = (size_t)fmax(floor((last - first) / least * (1.0 + 1e-9)), 1.0);
        for (size_t i = 0; i <= n; i++) edges[i] = first + (last - first) * (double)i / (double)n;
    } else {
        edges[0] = first;
        for (size_t i = 1; i < s->n; i++)
            if (s->time_seconds[i] - edges[n] >= least * (1.0 - 1e-9)) edges[++n] = s->time_seconds[i];
        if (n == 0) n = 1;
    }
    edges[n] = last; /* a rest that is too short belongs to the span before it */
    return n;
}

/* Mean power of each span; NaN where nothing is known. */
static size_t power_of(const aj_card_series *s, double *edges, double *watts)
{
    size_t n = find_edges(s, edges), from = 0;
    double before = joules_at(s, edges[0], &from);
    for (size_t i = 0; i < n; i++) {
        double after = joules_at(s, edges[i + 1], &from), span = edges[i + 1] - edges[i];
        watts[i] = span > 0.0 ? (after - before) / span : (double)NAN;
        if (watts[i] < 0.0) watts[i] = (double)NAN;
        before = after;
    }
    return n;
}

static bool find_axes(const aj_card *card, axes *a)
{
    double edges[SPANS + 1], watts[SPANS], seconds = 0.0, most = 0.0;
    for (size_t k = 0; k < card->n_series && k < MOST_LINES; k++) {
        if (!usable(&card->series[k])) continue;
        size_t n = power_of(&card->series[k], edges, watts);
        if (edges[n] > seconds) seconds = edges[n];
        for (size_t i = 0; i < n; i++)
            if (watts[i] > most) most = watts[i];
    }
    if (!(seconds > 0.0) || !(most > 0.0)) return false;
    a->step_watts = round_step(most, 5);
    a->step_seconds = time_step(seconds);
    a->seconds = seconds;
    a->watts = ceil(most / a->step_watts * 1.0001) * a->step_watts;
    return true;
}

static void put_clock(ajp_text *out, double seconds, double step)
{
    ajp_number text = {""};
    if (step < 60.0)
        snprintf(text.text, sizeof text.text, "%.6g s", seconds);
    else if (step < 3600.0)
        snprintf(text.text, sizeof text.text, "%.0f min", seconds / 60.0);
    else
        snprintf(text.text, sizeof text.text, "%.4g h", seconds / 3600.0);
    ajp_text_put_html(out, text.text);
}

static void put_axes(ajp_text *out, const axes *a)
{
    for (double watts = 0.0; watts <= a->watts * 1.0001; watts += a->step_watts) {
        ajp_number name = ajp_exact_quantity(watts, "W");
        ajp_text_format(out, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" class=\"grid\"/>", LEFT,
                        y_of(a, watts), RIGHT, y_of(a, watts));
        ajp_text_format(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" class=\"tick\">%s</text>\n",
                        LEFT - 8, y_of(a, watts) + 4.5, name.text);
    }
    for (double seconds = 0.0; seconds <= a->seconds * 1.0001; seconds += a->step_seconds) {
        ajp_text_format(out, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"grid\"/>",
                        x_of(a, seconds), BOTTOM, x_of(a, seconds), BOTTOM + 5);
        ajp_text_format(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" class=\"tick\">",
                        x_of(a, seconds), BOTTOM + 22);
        put_clock(out, seconds, a->step_seconds);
        ajp_text_put(out, "</text>\n");
    }
    ajp_text_format(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">time since the start</text>\n",
                    (LEFT + RIGHT) / 2, HEIGHT - 4);
}

/* Steps: a mean power holds over its span. */
static void put_line(ajp_text *out, const axes *a, const aj_card_series *s, size_t number)
{
    double edges[SPANS + 1], watts[SPANS];
    size_t n = power_of(s, edges, watts);
    bool down = false;
    ajp_text_format(out, "<path class=\"line l%zu\" d=\"", number);
    for (size_t i = 0; i < n; i++) {
        if (isnan(watts[i])) {
            down = false;
            continue;
        }
        ajp_text_format(out, "%c%.1f %.1fH%.1f", down ? 'L' : 'M', x_of(a, edges[i]), y_of(a, watts[i]),
                        x_of(a, edges[i + 1]));
        down = true;
    }
    ajp_text_put(out, "\"/>\n");
}

static void put_legend(ajp_text *out, const aj_card *card)
{
    double x = LEFT;
    for (size_t k = 0; k < card->n_series && k < MOST_LINES; k++) {
        if (!usable(&card->series[k])) continue;
        const char *name = card->series[k].name != NULL ? card->series[k].name : "";
        ajp_text_format(out, "<path class=\"line l%zu\" d=\"M%.1f 17h22\"/><text x=\"%.1f\" y=\"22\">", k, x,
                        x + 28.0);
        ajp_text_put_html(out, name);
        ajp_text_put(out, "</text>\n");
        x += 52.0 + 8.0 * (double)ajp_text_width(name);
    }
}

/* Marks as lines; their names only where there is room. */
static void put_marks(ajp_text *out, const axes *a, const aj_card *card)
{
    double free_from = LEFT;
    for (size_t i = 0; i < card->n_marks; i++) {
        const aj_card_mark *mark = &card->marks[i];
        if (!(mark->time_seconds >= 0.0 && mark->time_seconds <= a->seconds)) continue;
        double x = x_of(a, mark->time_seconds), width = 7.5 * (double)ajp_text_width(mark->name) + 10.0;
        ajp_text_format(out, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"mark\"/>\n", x, TOP,
                        x, BOTTOM);
        if (x - width < free_from) continue;
        ajp_text_format(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"end\" class=\"tick halo\">", x - 4.0,
                        TOP + 14);
        ajp_text_put_html(out, mark->name);
        ajp_text_put(out, "</text>\n");
        free_from = x;
    }
}

bool ajp_chart_power(const aj_card *card, ajp_text *out)
{
    axes a;
    if (!find_axes(card, &a)) return false;
    ajp_text_format(
        out, "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Power over time\">\n",
        WIDTH, HEIGHT);
    put_axes(out, &a);
    put_marks(out, &a, card);
    for (size_t k = 0; k < card->n_series && k < MOST_LINES; k++)
        if (usable(&card->series[k])) put_line(out, &a, &card->series[k], k);
    put_legend(out, card);
    ajp_text_put(out, "</svg>\n");
    return true;
}

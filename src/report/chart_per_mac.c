/* chart_per_mac.c: joules per MAC of every hardware and boundary on one logarithmic axis, beside laws of
 * nature. */
#include <math.h>

#include <stdio.h>

#include "base/utf8.h"
#include "charts.h"

enum { WIDTH = 1000, NAMES = 8, LEFT = 250, RIGHT = 972, TOP = 64, ROW_HEIGHT = 74, NAME_LETTERS = 25 };

typedef struct {
    double low, high; /* decades */
    double bottom;
} axis;

static double x_of(const axis *a, double joules)
{
    return LEFT + (RIGHT - LEFT) * (log10(joules) - a->low) / (a->high - a->low);
}

static bool find_axis(const ajp_view *view, axis *a, size_t *n_rows)
{
    double least = AJP_LANDAUER_300K_JOULES, most = 0.0;
    *n_rows = 0;
    for (size_t i = 0; i < view->n_entries; i++) {
        bool any = false;
        for (int boundary = 0; boundary < AJ_N_BOUNDARIES; boundary++) {
            double joules = ajp_per_mac(view->entries[i].record, (aj_boundary)boundary);
            if (!(joules > 0.0)) continue;
            any = true;
            least = joules < least ? joules : least;
            most = joules > most ? joules : most;
        }
        *n_rows += any;
    }
    if (*n_rows == 0) return false;
    most = most < 1e-18 ? 1e-18 : most;
    a->low = floor(log10(least) - 0.35);
    a->high = ceil(log10(most) + 0.25);
    a->bottom = TOP + (double)*n_rows * ROW_HEIGHT;
    return true;
}

static void put_axis(ajp_text *out, const axis *a)
{
    for (double decade = a->low; decade <= a->high + 0.5; decade += 1.0) {
        double joules = pow(10.0, decade), x = x_of(a, joules);
        ajp_number name = ajp_exact_quantity(joules, "J");
        ajp_text_format(out, "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>", x,
                        TOP - 18, x, a->bottom);
        if (a->high - a->low > 11.0 && fmod(decade, 3.0) != 0.0) continue; /* too many names for the width */
        ajp_text_format(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" class=\"tick\">%s</text>\n",
                        x, a->bottom + 20.0, name.text);
    }
    ajp_text_format(out,
                    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"middle\">joules per MAC (logarithmic)</text>\n",
                    (LEFT + RIGHT) / 2, a->bottom + 44.0);
}

static void put_law(ajp_text *out, const axis *a, double joules, const char *name, double y)
{
    double x = x_of(a, joules);
    if (x < LEFT || x > RIGHT) return;
    bool right = x > 700.0;
    ajp_text_format(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"law\"/>", x, y - 10.0,
                    x, a->bottom);
    ajp_text_format(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"law\">%s</text>\n",
                    right ? x - 6.0 : x + 6.0, y, right ? "end" : "start", name);
}

static void put_shape(ajp_text *out, aj_boundary boundary, double x, double y)
{
    if (boundary == AJ_OPTICAL)
        ajp_text_format(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"7\" class=\"b0\"/>", x, y);
    else if (boundary == AJ_ACCELERATOR)
        ajp_text_format(out, "<path d=\"M%.1f %.1f l8 8 l-8 8 l-8 -8 z\" class=\"b1\"/>", x, y - 8.0);
    else
        ajp_text_format(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"13\" height=\"13\" class=\"b2\"/>", x - 6.5,
                        y - 6.5);
}

/* The entry's name left of the axis, in two lines when it is long. */
static void put_name(ajp_text *out, const char *label, double y)
{
    const char *at = label, *space = NULL;
    for (size_t letters = 0; *at != '\0' && letters < NAME_LETTERS; letters++) {
        if (*at == ' ') space = at;
        ajp_utf8_next(&at);
    }
    bool two = *at != '\0' && space != NULL;
    char first[256];
    snprintf(first, sizeof first, "%.*s",
             two ? (int)ajp_min_size((size_t)(space - label), sizeof first - 1) : 255, label);
    ajp_text_format(out, "<text x=\"%d\" y=\"%.1f\" class=\"head\">", NAMES, two ? y - 4.0 : y + 5.0);
    ajp_text_put_html(out, first);
    ajp_text_put(out, "</text>\n");
    if (!two) return;
    snprintf(first, sizeof first, "%.*s", 120, space + 1);
    ajp_text_format(out, "<text x=\"%d\" y=\"%.1f\" class=\"head\">", NAMES, y + 15.0);
    ajp_text_put_html(out, first);
    ajp_text_put(out, "</text>\n");
}

/* Values of optical and accelerator above the line, of the system below: the last two often lie close
 * together. */
static void put_row(ajp_text *out, const axis *a, const ajp_entry *entry, double y)
{
    double first = NAN, last = NAN;
    for (int boundary = 0; boundary < AJ_N_BOUNDARIES; boundary++) {
        double joules = ajp_per_mac(entry->record, (aj_boundary)boundary);
        if (!(joules > 0.0)) continue;
        double x = x_of(a, joules);
        first = isnan(first) ? x : first;
        last = x;
    }
    if (isnan(first)) return;
    ajp_text_format(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"span\"/>\n", first, y,
                    last, y);
    for (int boundary = 0; boundary < AJ_N_BOUNDARIES; boundary++) {
        double joules = ajp_per_mac(entry->record, (aj_boundary)boundary);
        if (!(joules > 0.0)) continue;
        double x = x_of(a, joules);
        ajp_number value = ajp_quantity(joules, "J");
        put_shape(out, (aj_boundary)boundary, x, y);
        ajp_text_format(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"halo\">%s</text>\n", x,
                        boundary == AJ_SYSTEM ? y + 25.0 : y - 14.0,
                        x < LEFT + 30.0 ? "start"
                        : x > 945.0     ? "end"
                                        : "middle",
                        value.text);
    }
    put_name(out, entry->label, y);
}

bool ajp_chart_per_mac(const ajp_view *view, ajp_text *out)
{
    axis a;
    size_t n_rows;
    if (!find_axis(view, &a, &n_rows)) return false;
    bool light = false;
    for (size_t i = 0; i < view->n_entries; i++)
        light = light || !isnan(view->entries[i].record->energy.optical_joules);
    ajp_text_format(
        out, "<svg class=\"chart\" viewBox=\"0 0 %d %.0f\" role=\"img\" aria-label=\"joules per MAC\">\n",
        WIDTH, a.bottom + 84.0);
    put_axis(out, &a);
    put_law(out, &a, AJP_LANDAUER_300K_JOULES, "k T ln 2 at 300 K", 22.0);
    if (light) put_law(out, &a, ajp_photon_joules(view->entries[0].record), "one photon", 40.0);
    double y = TOP + ROW_HEIGHT / 2.0 - 4.0;
    for (size_t i = 0; i < view->n_entries; i++) {
        bool any = false;
        for (int boundary = 0; boundary < AJ_N_BOUNDARIES; boundary++)
            any = any || ajp_per_mac(view->entries[i].record, (aj_boundary)boundary) > 0.0;
        if (!any) continue;
        put_row(out, &a, &view->entries[i], y);
        y += ROW_HEIGHT;
    }
    static const char *const names[] = {"optical: light at the detectors",
                                        "accelerator: laser to static power",
                                        "system: with memory, host, facility"};
    for (int boundary = light ? AJ_OPTICAL : AJ_ACCELERATOR; boundary < AJ_N_BOUNDARIES; boundary++) {
        double x = 90.0 + 305.0 * boundary;
        put_shape(out, (aj_boundary)boundary, x, a.bottom + 70.0);
        ajp_text_format(out, "<text x=\"%.1f\" y=\"%.1f\">%s</text>\n", x + 15.0, a.bottom + 75.0,
                        names[boundary]);
    }
    ajp_text_put(out, "</svg>\n");
    return true;
}

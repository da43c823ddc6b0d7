/* figure_script.c: the gnuplot script and data of a report's sweeps.
 *
 * Data: one block a sweep, separated by two blank lines, columns
 *   x, error in percent, 95 % interval over trials (low, high), 95 % interval over trials and images (low,
 * high). Text from records goes into single quotes with everything but plain characters replaced: gnuplot
 * expands macros and commands in other places. */
#include <math.h>
#include <string.h>

#include "figure.h"

typedef struct {
    double x_low, x_high, y_low, y_high; /* of the axes */
    bool log_x, log_y;
} axes;

static const char *const colours[] = {"#1f5fa8", "#c8442d", "#2f855a", "#7b4fa3", "#b7791f", "#4a5568"};
enum { N_COLOURS = sizeof colours / sizeof *colours };

/* One figure has one x axis: that of the first sweep. */
static bool drawn(const ajp_view *view, size_t s)
{
    return ajp_is(view->sweeps[s].key, view->sweeps[0].key);
}

static size_t n_drawn(const ajp_view *view)
{
    size_t n = 0;
    for (size_t s = 0; s < view->n_sweeps; s++) n += drawn(view, s);
    return n;
}

static double percent_error(double accuracy_ratio)
{
    return 100.0 * ajp_error_ratio(accuracy_ratio);
}

static void widen(double value, double *low, double *high)
{
    if (!isfinite(value)) return;
    if (!(value >= *low)) *low = value;
    if (!(value <= *high)) *high = value;
}

static axes choose_axes(const ajp_view *view)
{
    axes a = {.x_low = (double)NAN, .x_high = (double)NAN, .y_low = (double)NAN, .y_high = (double)NAN};
    for (size_t s = 0; s < view->n_sweeps; s++) {
        const ajp_sweep *sweep = &view->sweeps[s];
        for (size_t i = 0; drawn(view, s) && i < sweep->n; i++) {
            const aj_evaluation *point = sweep->points[i];
            widen(ajp_sweep_x(sweep, i), &a.x_low, &a.x_high);
            widen(percent_error(point->accuracy_ratio.mean), &a.y_low, &a.y_high);
            widen(percent_error(point->accuracy_ci95_dataset_high), &a.y_low, &a.y_high);
            widen(percent_error(point->clean_accuracy_ratio), &a.y_low, &a.y_high);
        }
    }
    if (isnan(a.x_low)) a.x_low = a.x_high = 1.0;
    if (isnan(a.y_low)) a.y_low = 0.0, a.y_high = 100.0;
    a.log_x = a.x_low > 0.0 && (view->sweeps[0].photons || a.x_high / a.x_low >= 10.0);
    a.log_y = a.y_low > 0.01;
    if (a.log_x) {
        a.x_low /= 1.25;
        a.x_high *= 1.25;
    } else {
        double margin = a.x_high > a.x_low ? 0.03 * (a.x_high - a.x_low) : 0.5;
        a.x_low -= margin;
        a.x_high += margin;
    }
    a.y_high = 100.0;
    a.y_low = a.log_y ? 0.78 * a.y_low : 0.0; /* room for a name below the lowest line */
    return a;
}

/* Into single quotes: letters, digits, a few signs and all of UTF-8; the rest becomes a space. */
void ajp_plot_quoted(ajp_text *out, const char *text)
{
    ajp_text_put(out, "'");
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                     (c >= 'A' && c <= 'Z') || strchr(" .,:;/()+-_=<>%#", c) != NULL;
        ajp_text_put_n(out, plain ? text : " ", 1);
    }
    ajp_text_put(out, "'");
}

void ajp_plot_path(ajp_text *out, const char *path)
{
    ajp_text_put(out, "'");
    for (; *path != '\0'; path++) ajp_text_put_n(out, *path == '\'' ? "''" : path, *path == '\'' ? 2 : 1);
    ajp_text_put(out, "'");
}

void ajp_plot_terminal(ajp_figure_kind kind, size_t n_below, ajp_text *out)
{
    static const struct {
        const char *size;
        double height;
        const char *height_unit, *look;
    } terminals[] = {
        [AJP_FIGURE_SVG] = {"svg size 1000,", 600.0, "",
                            "dynamic noenhanced font 'Helvetica,Arial,sans-serif,15' linewidth 1"},
        [AJP_FIGURE_PDF] = {"pdfcairo size 17cm,", 10.2, "cm", "noenhanced font 'Helvetica,10' linewidth 1"},
        [AJP_FIGURE_PNG] = {"pngcairo size 1600,", 960.0, "", "noenhanced font 'Helvetica,20' linewidth 1.6"},
    };
    double taller = 1.0 + 0.045 * (double)n_below; /* lines of names below the plot */
    ajp_text_format(out, "set terminal %s%.4g%s %s background '#ffffff'\n", terminals[kind].size,
                    terminals[kind].height * taller, terminals[kind].height_unit, terminals[kind].look);
}

/* An axis of one or two decades needs more tics than its powers of ten. */
static void put_error_axis(const axes *a, ajp_text *out)
{
    static const double leads[] = {1, 1.5, 2, 3, 5, 7};
    ajp_text_format(out, "set yrange [%.6g:%.6g]\n", a->y_low, a->y_high);
    if (!a->log_y) {
        ajp_text_put(out, "set ytics 0,10,100 nomirror\n");
        return;
    }
    ajp_text_put(out, "set logscale y\nset ytics (");
    bool first = true, sparse = a->y_high / a->y_low > 20.0;
    for (double power = 1e-2; power <= 100.0; power *= 10.0)
        for (int i = 0; i < 6; i++) {
            double tic = power * leads[i];
            bool left_out = sparse && (i == 1 || i == 3 || i == 5);
            if (left_out || tic < a->y_low * 1.02 || tic > 100.001) continue;
            ajp_text_format(out, "%s'%g' %g", first ? "" : ", ", tic, tic);
            first = false;
        }
    ajp_text_put(out, ") nomirror\n");
}

static void put_x_axis(const ajp_view *view, const axes *a, ajp_arena *arena, ajp_text *out)
{
    const ajp_sweep *sweep = &view->sweeps[0];
    if (a->log_x) ajp_text_put(out, "set logscale x\n");
    ajp_text_format(out, "set xrange [%.9g:%.9g]\nset xtics nomirror\n", a->x_low, a->x_high);
    ajp_text_put(out, a->log_x ? "set format x '%g'\n" : "");
    ajp_text_put(out, "set xlabel ");
    const char *title = ajp_x_title(sweep, arena);
    ajp_plot_quoted(out, sweep->photons  ? "photons per MAC, incident on all detectors"
                         : title != NULL ? title
                                         : sweep->key);
    ajp_text_put(out, "\n");
    if (!sweep->photons) return;
    double joules = ajp_photon_joules(sweep->points[0]);
    ajp_text_format(
        out,
        "photon_joules = %.9g # h c / wavelength\n"
        "set logscale x2\nset x2range [%.9g:%.9g]\nset x2tics nomirror\nset format x2 '%%.0s %%cJ'\n"
        "set x2label 'optical energy per MAC'\n",
        joules, a->x_low * joules, a->x_high * joules);
}

/* A vertical line with its name along it, in the half of the plot that the curve leaves free there. */
static void put_mark(const ajp_view *view, const axes *a, double x, const char *name, ajp_text *out)
{
    if (!(x > a->x_low * 1.02 && x < a->x_high / 1.02)) return;
    const ajp_sweep *sweep = &view->sweeps[0];
    double nearest = INFINITY, error = a->y_high;
    for (size_t i = 0; i < sweep->n; i++) {
        double distance = fabs(log(ajp_sweep_x(sweep, i) / x));
        if (distance < nearest) {
            nearest = distance;
            error = percent_error(sweep->points[i]->accuracy_ratio.mean);
        }
    }
    double height = a->log_y ? log(error / a->y_low) / log(a->y_high / a->y_low) : error / a->y_high;
    bool top = height < 0.45;
    ajp_text_format(
        out, "set arrow from %.9g, graph 0 to %.9g, graph 1 nohead back lw 1.2 dt (6,4) lc rgb '#6b7280'\n",
        x, x);
    ajp_text_put(out, "set label ");
    ajp_plot_quoted(out, name);
    ajp_text_format(out, " at %.9g, graph %s %s rotate by 90 offset character -1,0 textcolor rgb '#4b5563'\n",
                    x, top ? "0.97" : "0.16", top ? "right" : "left");
}

static void put_clean_line(const ajp_view *view, const axes *a, ajp_text *out)
{
    double clean = percent_error(view->sweeps[0].points[0]->clean_accuracy_ratio);
    if (!(clean >= a->y_low)) return;
    ajp_text_format(out, "clean = %.9g\n", clean);
    ajp_text_put(out, "set arrow from graph 0, first clean to graph 1, first clean nohead back lw 1.4 dt "
                      "(2,3) lc rgb '#111827'\n");
    ajp_text_format(
        out,
        "set label 'exact arithmetic: %.2f %%' at graph 0.2, first clean left offset character 0,-0.8 "
        "textcolor rgb '#111827'\n",
        clean);
}

/* Above the ring, where the falling curve leaves room; towards the middle when the ring is far to the right.
 */
static void put_chosen_name(const axes *a, double x, double y, ajp_text *out)
{
    ajp_number photons = ajp_plain(x, 3);
    bool far_right = log(x / a->x_low) > 0.75 * log(a->x_high / a->x_low);
    const char *lines[2] = {"photons per MAC:", "within 1 point of exact"};
    for (int i = 0; i < 2; i++)
        ajp_text_format(
            out, "set label '%s%s%s' at %.9g, %.9g %s offset character 0,%g textcolor rgb '%s' front\n",
            i == 0 ? photons.text : "", i == 0 ? " " : "", lines[i], x, y, far_right ? "right" : "left",
            i == 0 ? 2.9 : 1.8, colours[0]);
}

/* A ring around the point that the headline speaks of. */
static void put_chosen(const ajp_view *view, const axes *a, ajp_text *out)
{
    for (size_t s = 0; s < view->n_sweeps; s++) {
        const ajp_sweep *sweep = &view->sweeps[s];
        if (!sweep->met || !sweep->photons || !drawn(view, s)) continue;
        double x = ajp_sweep_x(sweep, sweep->chosen);
        double y = percent_error(sweep->points[sweep->chosen]->accuracy_ratio.mean);
        ajp_text_format(out, "set label '' at %.9g, %.9g point pt 6 ps 2.4 lw 1.8 lc rgb '%s' front\n", x, y,
                        colours[s % N_COLOURS]);
        if (s > 0) continue; /* several rings: their table has the numbers */
        put_chosen_name(a, x, y, out);
    }
}

static void put_plots(const ajp_view *view, ajp_text *out)
{
    size_t n = n_drawn(view), index = 0;
    ajp_text_put(out, "plot \\\n");
    for (size_t s = 0; s < view->n_sweeps; s++) {
        if (!drawn(view, s)) continue;
        const char *colour = colours[s % N_COLOURS];
        unsigned n_trials = view->sweeps[s].points[0]->n_trials;
        ajp_text_format(
            out,
            "  data index %zu using 1:5:6 with filledcurves fc rgb '%s' fs transparent solid 0.22 noborder ",
            index, colour);
        ajp_text_put(out, n == 1 ? "title '95 % interval over trials and images', \\\n" : "notitle, \\\n");
        ajp_text_format(out, "  data index %zu using 1:2 with lines lw 1.6 lc rgb '%s' notitle, \\\n", index,
                        colour);
        ajp_text_format(
            out, "  data index %zu using 1:2:3:4 with yerrorbars pt 7 ps 0.7 lw 1.8 lc rgb '%s' title ",
            index, colour);
        char title[256];
        snprintf(title, sizeof title, "%.180s: mean of %u trial%s%s", view->sweeps[s].label, n_trials,
                 n_trials == 1 ? "" : "s", n_trials == 1 ? "" : ", 95 % interval");
        ajp_plot_quoted(out, title);
        ajp_text_put(out, ++index < n ? ", \\\n" : "\n");
    }
}

void ajp_figure_script(const ajp_view *view, ajp_figure_kind kind, const char *data_path, ajp_text *script)
{
    axes a = choose_axes(view);
    ajp_arena arena;
    ajp_arena_init(&arena, NULL);
    static const char *const endings[] = {".svg", ".pdf", ".png"};
    ajp_text_format(script, "# Draw again with: gnuplot THIS_FILE > figure%s\n", endings[kind]);
    ajp_plot_terminal(kind, n_drawn(view) > 1 ? n_drawn(view) : 0, script);
    ajp_text_put(script, "data = ");
    ajp_plot_path(script, data_path);
    ajp_text_put(script,
                 "\nset encoding utf8\nset datafile missing 'NaN'\n"
                 "set border 31 lw 0.8 lc rgb '#9ca3af'\nset tics textcolor rgb '#374151' scale 0.6\n"
                 "set grid xtics ytics lw 0.5 lt 1 lc rgb '#e5e7eb'\nset key spacing 1.25 samplen 2.2 ");
    ajp_text_put(script, n_drawn(view) > 1 ? "bmargin center vertical\n"
                                           : "top right\n"); /* several names need room */
    ajp_text_format(script, "set ylabel 'error on the %s (%%)'\n",
                    ajp_sample_word(view->sweeps[0].points[0]));
    put_error_axis(&a, script);
    put_x_axis(view, &a, &arena, script);
    put_clean_line(view, &a, script);
    if (view->sweeps[0].photons) {
        double joules = ajp_photon_joules(view->sweeps[0].points[0]);
        put_mark(view, &a, AJP_LANDAUER_300K_JOULES / joules, "Landauer limit: k T ln 2 at 300 K", script);
        put_mark(view, &a, 1.0, "one photon per MAC", script);
    }
    put_chosen(view, &a, script);
    put_plots(view, script);
    if (arena.failed) script->failed = true;
    ajp_arena_free(&arena);
}

void ajp_figure_data(const ajp_view *view, ajp_text *data)
{
    axes a = choose_axes(view);
    ajp_text_put(data, "# x error_percent ci95_low ci95_high ci95_dataset_low ci95_dataset_high\n");
    for (size_t s = 0; s < view->n_sweeps; s++) {
        const ajp_sweep *sweep = &view->sweeps[s];
        if (!drawn(view, s)) continue;
        if (s > 0) ajp_text_put(data, "\n\n");
        for (size_t i = 0; i < sweep->n; i++) {
            const aj_evaluation *point = sweep->points[i];
            double low = percent_error(point->accuracy_ci95_dataset_high);
            if (a.log_y && low < a.y_low) low = a.y_low; /* a log axis has no zero */
            double values[6] = {ajp_sweep_x(sweep, i),
                                percent_error(point->accuracy_ratio.mean),
                                percent_error(point->accuracy_ratio.ci95_high),
                                percent_error(point->accuracy_ratio.ci95_low),
                                low,
                                percent_error(point->accuracy_ci95_dataset_low)};
            for (int c = 0; c < 6; c++) {
                if (isfinite(values[c]))
                    ajp_text_format(data, "%s%.9g", c > 0 ? " " : "", values[c]);
                else
                    ajp_text_put(data, c > 0 ? " NaN" : "NaN");
            }
            ajp_text_put(data, "\n");
        }
    }
}

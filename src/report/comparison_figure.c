/* comparison_figure.c: error against energy per inference of everything that a comparison tried. */
#include "comparison.h"

#include <math.h>

#include "figure.h"
#include "view.h"

static const char *const colours[] = {"#1f5fa8", "#c8442d", "#2f855a", "#7b4fa3",
                                      "#b7791f", "#4a5568", "#0f766e", "#be185d"};
enum { N_COLOURS = sizeof colours / sizeof *colours };

static double percent_error(double accuracy_ratio)
{
    return 100.0 * ajp_error_ratio(accuracy_ratio);
}

/* The boundary that a row is drawn at: the first that is described. */
static aj_boundary boundary_of(const aj_comparison_row *row)
{
    aj_boundary boundary;
    (void)aj_energy_judged(&row->evaluation.energy, &boundary);
    return boundary;
}

static bool drawn(const aj_comparison_row *row)
{
    return boundary_of(row) != AJ_N_BOUNDARIES;
}

static void put_value(ajp_text *out, double value, const char *before)
{
    if (isfinite(value))
        ajp_text_format(out, "%s%.9g", before, value);
    else
        ajp_text_format(out, "%sNaN", before);
}

static void put_point(ajp_text *out, double joules, const aj_summary *accuracy)
{
    put_value(out, joules, "");
    put_value(out, percent_error(accuracy->mean), " ");
    bool known = !isnan(accuracy->ci95_low);
    put_value(out, percent_error(known ? accuracy->ci95_high : accuracy->mean), " ");
    put_value(out, percent_error(known ? accuracy->ci95_low : accuracy->mean), " ");
    ajp_text_put(out, "\n");
}

/* The tries of the search by rising energy; drawn as one line. false: there was no search. */
static bool put_curve(ajp_text *out, const aj_comparison_row *row)
{
    bool any = false;
    aj_boundary boundary = boundary_of(row);
    double below = -INFINITY;
    for (;;) {
        const aj_comparison_step *next = NULL;
        for (size_t i = 0; i < row->n_steps; i++) {
            const aj_comparison_step *step = &row->steps[i];
            double joules = step->boundary_joules[boundary];
            if (step->fresh || step->refused || !(joules > below)) continue;
            if (next == NULL || joules < next->boundary_joules[boundary]) next = step;
        }
        if (next == NULL) return any;
        any = true;
        below = next->boundary_joules[boundary];
        put_point(out, below, &next->accuracy_ratio);
    }
}

/* Two blocks a row: what was tried, what was chosen. */
static void put_data(const aj_comparison_row *const *rows, size_t n, ajp_text *out)
{
    ajp_text_put(out, "# joules_per_inference error_percent ci95_low ci95_high\n");
    for (size_t i = 0; i < n; i++) {
        const aj_comparison_row *row = rows[i];
        if (!drawn(row)) continue;
        double chosen = aj_energy_boundary(&row->evaluation.energy, boundary_of(row));
        if (!put_curve(out, row)) put_point(out, chosen, &row->evaluation.accuracy_ratio);
        ajp_text_put(out, "\n\n");
        put_point(out, chosen, &row->evaluation.accuracy_ratio);
        ajp_text_put(out, "\n\n");
    }
}

static void put_lines(const aj_comparison *c, ajp_text *out)
{
    const double levels[] = {percent_error(c->clean_accuracy_ratio),
                             percent_error(c->clean_accuracy_ratio - c->within_ratio)};
    static const char *const names[] = {"exact arithmetic", "tolerance"};
    for (int i = 0; i < 2; i++) {
        if (!(levels[i] > 0.0)) continue; /* a log axis has no zero */
        ajp_text_format(out,
                        "set arrow from graph 0, first %.6g to graph 1, first %.6g nohead lw 1 dt 2 lc rgb "
                        "'#9ca3af'\n"
                        "set label ",
                        levels[i], levels[i]);
        ajp_plot_quoted(out, names[i]);
        ajp_text_format(out, " at graph 0.01, first %.6g offset 0,0.5 textcolor rgb '#6b7280'\n", levels[i]);
    }
}

static void put_plots(const aj_comparison_row *const *rows, size_t n, ajp_text *out)
{
    size_t index = 0;
    ajp_text_put(out, "plot ");
    for (size_t i = 0; i < n; i++) {
        if (!drawn(rows[i])) continue;
        /* rows beyond the colours start them again with another mark and dashes */
        static const int marks[] = {7, 5, 9, 11, 13};
        const char *colour = colours[(index / 2) % N_COLOURS];
        size_t turn = index / 2 / N_COLOURS;
        int mark = rows[i]->reached ? marks[turn % (sizeof marks / sizeof *marks)] : 2;
        char title[256];
        snprintf(title, sizeof title, "%.120s (%.20s), %s", rows[i]->evaluation.hardware_name,
                 aj_boundary_name(boundary_of(rows[i])),
                 rows[i]->reached ? "confirmed" : "tolerance not reached");
        ajp_text_format(
            out,
            "%sdata index %zu using 1:2:3:4 with yerrorlines lw 1.2 dt %zu pt 6 ps 0.5 lc rgb '%s' "
            "notitle, \\\n  data index %zu using 1:2:3:4 with yerrorbars lw 2 pt %d ps 1.4 lc rgb "
            "'%s' title ",
            index > 0 ? ", \\\n  " : "", index, turn + 1, colour, index + 1, mark, colour);
        ajp_plot_quoted(out, title);
        index += 2;
    }
    ajp_text_put(out, "\n");
}

static void put_script(const aj_comparison *c, const aj_comparison_row *const *rows, const char *path,
                       ajp_figure_kind kind, ajp_text *out)
{
    static const char *const endings[] = {".svg", ".pdf", ".png"};
    ajp_text_format(out, "# Draw again with: gnuplot THIS_FILE > figure%s\n", endings[kind]);
    ajp_plot_terminal(kind, c->n_rows, out);
    ajp_text_put(out, "data = ");
    ajp_plot_path(out, path);
    ajp_text_put(out, ".'.dat'\nset encoding utf8\nset datafile missing 'NaN'\nset logscale xy\n"
                      "set border 31 lw 0.8 lc rgb '#9ca3af'\nset tics textcolor rgb '#374151' scale 0.6\n"
                      "set grid xtics ytics lw 0.5 lt 1 lc rgb '#e5e7eb'\n"
                      "set key spacing 1.25 samplen 2.2 bmargin center vertical\n"
                      "set format x '%.0s %cJ'\nset xlabel 'energy per inference, at the boundary named'\n");
    ajp_text_format(out, "set ylabel 'error on the %s (%%), 95 %% intervals over trials'\n",
                    ajp_sample_word(&rows[0]->evaluation));
    put_lines(c, out);
    put_plots(rows, c->n_rows, out);
}

aj_status aj_report_comparison_figure(const char *path, const aj_comparison *comparison, aj_error *err)
{
    ajp_figure_kind kind = AJP_FIGURE_SVG;
    AJ_TRY(ajp_figure_kind_of(path, &kind, err));
    size_t n_drawn = 0;
    for (size_t i = 0; i < comparison->n_rows; i++) n_drawn += drawn(&comparison->rows[i]);
    if (n_drawn == 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "figure: no hardware describes an energy; name one that does");
    ajp_arena arena;
    ajp_text script = {0}, data = {0};
    ajp_arena_init(&arena, NULL);
    const aj_comparison_row **rows = ajp_comparison_order(comparison, &arena);
    aj_status st = rows == NULL ? ajp_no_memory(err, path) : AJ_OK;
    if (st == AJ_OK) {
        put_script(comparison, rows, path, kind, &script);
        put_data(rows, comparison->n_rows, &data);
        st = ajp_figure_save(path, &script, &data, err);
    }
    ajp_text_free(&script);
    ajp_text_free(&data);
    ajp_arena_free(&arena);
    return st;
}

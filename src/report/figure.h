/* figure.h: the figure of a report's sweeps, drawn by gnuplot. */
#ifndef AJP_REPORT_FIGURE_H
#define AJP_REPORT_FIGURE_H

#include "text.h"
#include "view.h"

typedef enum { AJP_FIGURE_SVG, AJP_FIGURE_PDF, AJP_FIGURE_PNG } ajp_figure_kind;

/* gnuplot's script, which reads `data_path` and draws to its standard output, and its data. */
void ajp_figure_script(const ajp_view *view, ajp_figure_kind kind, const char *data_path, ajp_text *script);
void ajp_figure_data(const ajp_view *view, ajp_text *data);

/* Parts of scripts: text in single quotes with everything but plain characters replaced; a file's name in
 * single quotes; the terminal, taller by so many lines of names below the plot. */
void ajp_plot_quoted(ajp_text *out, const char *text);
void ajp_plot_path(ajp_text *out, const char *path);
void ajp_plot_terminal(ajp_figure_kind kind, size_t n_below, ajp_text *out);

/* The kind that a figure's name asks for. */
aj_status ajp_figure_kind_of(const char *path, ajp_figure_kind *kind, aj_error *err);
/* Writes script and data beside the figure (path with .gp / .dat) and draws it. */
aj_status ajp_figure_save(const char *path, const ajp_text *script, const ajp_text *data, aj_error *err);

/* Runs gnuplot (no shell, no start-up files) on the script with its output in output_path.  UNSUPPORTED: not
 * installed. */
aj_status ajp_gnuplot_run(const char *script_path, const char *output_path, aj_error *err);

/* The figure as an <svg> element in `out`, made in a temporary folder that is gone afterwards. */
aj_status ajp_figure_inline(const ajp_view *view, ajp_text *out, aj_error *err);

#endif

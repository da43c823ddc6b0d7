/* figure.h: the figure of a report's sweeps, drawn by gnuplot. */
#ifndef AJP_REPORT_FIGURE_H
#define AJP_REPORT_FIGURE_H

#include "text.h"
#include "view.h"

typedef enum { AJP_FIGURE_SVG, AJP_FIGURE_PDF, AJP_FIGURE_PNG } ajp_figure_kind;

/* gnuplot's script, which reads `data_path` and draws to its standard output, and its data. */
void ajp_figure_script(const ajp_view *view, ajp_figure_kind kind, const char *data_path, ajp_text *script);
void ajp_figure_data(const ajp_view *view, ajp_text *data);

/* Runs gnuplot (no shell, no start-up files) on the script with its output in output_path.  UNSUPPORTED: not
 * installed. */
aj_status ajp_gnuplot_run(const char *script_path, const char *output_path, aj_error *err);

/* The figure as an <svg> element in `out`, made in a temporary folder that is gone afterwards. */
aj_status ajp_figure_inline(const ajp_view *view, ajp_text *out, aj_error *err);

#endif

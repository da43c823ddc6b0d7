/* charts.h: small charts drawn as SVG by ourselves, so that a page has them without gnuplot. */
#ifndef AJP_REPORT_CHARTS_H
#define AJP_REPORT_CHARTS_H

#include "text.h"
#include "view.h"

/* Horizontal bars, one an entry with described causes, divided by cause, up to the boundary (accelerator or
 * system). Returns false when there is nothing to draw. *to_scale: bars are to one scale; else each fills the
 * width, because the totals lie too far apart. */
bool ajp_chart_causes(const ajp_view *view, aj_boundary boundary, ajp_text *out, bool *to_scale);
/* Joules per MAC by boundary on a logarithmic axis, one line an entry. */
bool ajp_chart_per_mac(const ajp_view *view, ajp_text *out);

#endif

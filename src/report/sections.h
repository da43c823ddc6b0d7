/* sections.h: which tables a plain report has, in which order. */
#ifndef AJP_REPORT_SECTIONS_H
#define AJP_REPORT_SECTIONS_H

#include "tables.h"

/* `put` renders a table; `heading` a heading (NULL: as a plain line). */
void ajp_sections_put(ajp_view *view, void (*put)(const ajp_grid *grid, ajp_text *out),
                      void (*heading)(const char *text, ajp_text *out), ajp_text *out);

#endif

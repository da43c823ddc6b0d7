/* comparison.h: what tables and figure of a comparison share. */
#ifndef AJP_REPORT_COMPARISON_H
#define AJP_REPORT_COMPARISON_H

#include "attojoule/report.h"
#include "grid.h"

/* Rows by evidence, chips that were measured first, limits last; n_rows pointers in the arena. */
const aj_comparison_row **ajp_comparison_order(const aj_comparison *comparison, ajp_arena *arena);

#endif

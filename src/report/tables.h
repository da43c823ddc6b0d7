/* tables.h: the tables of a report as content; every format prints the same ones. */
#ifndef AJP_REPORT_TABLES_H
#define AJP_REPORT_TABLES_H

#include "grid.h"
#include "view.h"

/* Error, intervals and energy of each point of a sweep. */
void ajp_table_points(const ajp_view *view, const ajp_sweep *sweep, ajp_arena *arena, ajp_grid *out);
/* One row a hardware: evidence, node, year, accuracy, energy by boundary; per inference or per MAC. */
void ajp_table_boundaries(const ajp_view *view, bool per_mac, ajp_arena *arena, ajp_grid *out);
/* One row a cause that exists on any of the entries first ... first + n - 1, one column an entry. */
void ajp_table_causes(const ajp_view *view, size_t first, size_t n, ajp_arena *arena, ajp_grid *out);
void ajp_table_layers(const ajp_entry *entry, ajp_arena *arena, ajp_grid *out);
/* false: no product has converters. */
bool ajp_table_converters(const aj_evaluation *record, ajp_arena *arena, ajp_grid *out);
/* Has a value, or a source that says why it has none. */
bool ajp_described(const aj_recorded_parameter *parameter);
void ajp_table_parameters(const aj_evaluation *record, ajp_arena *arena, ajp_grid *out);
/* Key and value: what was run and found (a single evaluation). */
void ajp_table_facts(const aj_evaluation *record, ajp_arena *arena, ajp_grid *out);
/* Key and value: what it takes to get the same numbers again. */
void ajp_table_provenance(const ajp_view *view, ajp_arena *arena, ajp_grid *out);

/* Causes that exist on at least one entry, as bits. */
uint32_t ajp_causes_present(const ajp_view *view);
bool ajp_has_causes(const aj_evaluation *record); /* at least one cause is described */

#endif

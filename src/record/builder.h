/* builder.h: how a record is put together: strings and arrays that live as long as the record.
 *
 * Every function below may be called after an earlier one ran out of memory: it then does nothing, and
 * ajp_record_finish says so once.  The pattern:
 *   AJ_TRY(ajp_record_begin(&record, err));
 *   record.model = ajp_record_string(&record, path);
 *   aj_layer_record *layers = ajp_record_array(&record, n, sizeof *layers);
 *   if (layers != NULL) ...
 *   AJ_TRY(ajp_record_finish(&record, err));   (destroys the record when memory ran out)
 */
#ifndef AJP_RECORD_BUILDER_H
#define AJP_RECORD_BUILDER_H

#include "attojoule/record.h"
#include "base/internal.h"

/* Every number missing (NaN), nothing applies to the energies, no strings, no arrays. Overwrites *record. */
aj_status ajp_record_begin(aj_evaluation *record, aj_error *err);
/* A copy owned by the record; NULL for NULL. */
const char *ajp_record_string(aj_evaluation *record, const char *text);
const char *ajp_record_format(aj_evaluation *record, const char *format, ...) AJ_PRINTF(2, 3);
/* Zeroed, 64-byte aligned; NULL when memory ran out or n is 0. */
void *ajp_record_array(aj_evaluation *record, size_t n, size_t size);
void *ajp_record_copy(aj_evaluation *record, const void *values, size_t n, size_t size);
/* One more sentence among the notes or the products left to digital logic (a copy). */
void ajp_record_note(aj_evaluation *record, const char *text);
void ajp_record_fallback(aj_evaluation *record, const char *text);
/* NO_MEMORY, and the record destroyed, when any of the above failed. */
aj_status ajp_record_finish(aj_evaluation *record, aj_error *err);

/* A comparison without rows, and the arena that everything of it lives in (freed with it). */
aj_status ajp_comparison_begin(aj_comparison *comparison, ajp_arena **arena, aj_error *err);

/* Missing values: a layer and a summary of nothing. */
aj_layer_record ajp_layer_record_none(void);
aj_summary ajp_summary_none(void);

#endif

/* csv.h: comma separated values (RFC 4180) as a grid of texts; every complaint names file, line and column.
 */
#ifndef AJP_CSV_H
#define AJP_CSV_H

#include "internal.h"

typedef struct {
    const char *file;
    size_t n_rows, n_columns; /* without the header */
    const char **header, **cells;
    size_t *lines; /* 1-based, where each row begins */
} ajp_csv;

/* Everything lives in the arena. Refused: no header, a row with another number of cells, an open quote,
 * a cell over 4095 bytes, more than 16 MiB. Empty lines and lines that begin with # are skipped. */
aj_status ajp_csv_parse(ajp_csv *out, ajp_arena *arena, const char *text, size_t size, const char *file,
                        aj_error *err);
/* Column by name; NOT_FOUND names the columns that exist. */
aj_status ajp_csv_column(const ajp_csv *csv, const char *name, size_t *out, aj_error *err);
/* SIZE_MAX when there is no such column. */
size_t ajp_csv_find(const ajp_csv *csv, const char *name);
const char *ajp_csv_text(const ajp_csv *csv, size_t row, size_t column);
/* A number in [minimum, maximum]; an empty cell is `empty` (NaN allowed) or, when required, refused. */
aj_status ajp_csv_number(const ajp_csv *csv, size_t row, size_t column, double minimum, double maximum,
                         bool required, double *out, aj_error *err);
/* "file: line 3, column 'value': " + what + action, as CORRUPT. */
aj_status ajp_csv_fail(const ajp_csv *csv, size_t row, size_t column, const char *what, aj_error *err);

#endif

/* csv.c: reads comma separated values: quotes, doubled quotes, line ends of both kinds. */
#include "csv.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "yaml.h"

enum { LARGEST_BYTES = 16 << 20, LARGEST_COLUMNS = 64, LARGEST_CELL = 4096 };

typedef struct {
    const char *at, *end;
    size_t line;
} scanner;

/* One cell; *last says that its row ends with it. The cell is unquoted into the arena. */
static aj_status read_cell(scanner *s, ajp_arena *arena, const char *file, const char **cell, bool *last,
                           aj_error *err)
{
    size_t n = 0, line = s->line;
    bool quoted = s->at < s->end && *s->at == '"';
    char out[LARGEST_CELL];
    if (quoted) s->at++;
    for (bool open = quoted;; s->at++) {
        if (s->at == s->end) {
            if (open) return ajp_fail(err, AJ_CORRUPT, 0, "%s: line %zu: a quote is not closed", file, line);
            break;
        }
        char c = *s->at;
        if (open && c == '"') {
            if (s->at + 1 < s->end && s->at[1] == '"') {
                s->at++; /* "" stands for " */
            } else {
                open = false;
                continue;
            }
        } else if (!open && (c == ',' || c == '\n' || c == '\r')) {
            break;
        } else if (!open && quoted) {
            return ajp_fail(err, AJ_CORRUPT, 0, "%s: line %zu: text after a closing quote; put a comma there",
                            file, line);
        } else if (c == '\0') {
            return ajp_fail(err, AJ_CORRUPT, 0, "%s: line %zu: a NUL byte; this is no CSV file", file, line);
        }
        if (c == '\n') s->line++;
        if (n + 1 >= LARGEST_CELL)
            return ajp_fail(err, AJ_CORRUPT, 0, "%s: line %zu: a cell is longer than 4095 bytes", file, line);
        out[n++] = c;
    }
    *last = s->at == s->end || *s->at != ',';
    if (s->at < s->end) {
        if (*s->at == '\r' && s->at + 1 < s->end && s->at[1] == '\n') s->at++;
        if (*last) s->line++;
        s->at++;
    }
    *cell = ajp_arena_strndup(arena, out, n);
    return *cell != NULL ? AJ_OK : ajp_no_memory(err, file);
}

/* Skips empty lines and comments; false at the end of the text. */
static bool next_row(scanner *s)
{
    while (s->at < s->end) {
        if (*s->at == '#') {
            while (s->at < s->end && *s->at != '\n') s->at++;
        } else if (*s->at != '\n' && *s->at != '\r') {
            return true;
        }
        if (s->at < s->end && *s->at++ == '\n') s->line++;
    }
    return false;
}

static aj_status read_row(scanner *s, ajp_arena *arena, const char *file, const char **cells, size_t *n_out,
                          aj_error *err)
{
    size_t n = 0;
    for (bool last = false; !last;) {
        if (n == LARGEST_COLUMNS)
            return ajp_fail(err, AJ_CORRUPT, 0, "%s: line %zu: more than %d cells", file, s->line,
                            LARGEST_COLUMNS);
        AJ_TRY(read_cell(s, arena, file, &cells[n++], &last, err));
    }
    *n_out = n;
    return AJ_OK;
}

aj_status ajp_csv_parse(ajp_csv *out, ajp_arena *arena, const char *text, size_t size, const char *file,
                        aj_error *err)
{
    if (size > LARGEST_BYTES)
        return ajp_fail(err, AJ_NO_MEMORY, 0, "%s: larger than 16 MiB; cut the table", file);
    scanner s = {text, text + size, 1};
    ajp_csv csv = {.file = ajp_arena_strdup(arena, file)};
    size_t n_most = 1;
    for (size_t i = 0; i < size; i++) n_most += text[i] == '\n';
    const char *row[LARGEST_COLUMNS];
    if (csv.file == NULL) return ajp_no_memory(err, file);
    if (!next_row(&s))
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: empty; the first line names the columns", file);
    AJ_TRY(read_row(&s, arena, file, row, &csv.n_columns, err));
    /* A row of c cells has c bytes at least: many columns and many empty lines do not multiply. */
    n_most = ajp_min_size(n_most, size / csv.n_columns + 1);
    csv.header = ajp_arena_array(arena, csv.n_columns, sizeof *csv.header);
    csv.lines = ajp_arena_array(arena, n_most, sizeof *csv.lines);
    csv.cells = ajp_arena_array(arena, n_most * csv.n_columns, sizeof *csv.cells);
    if (csv.header == NULL || csv.lines == NULL || csv.cells == NULL) return ajp_no_memory(err, file);
    memcpy(csv.header, row, csv.n_columns * sizeof *row);
    while (next_row(&s)) {
        size_t n = 0, line = s.line;
        AJ_TRY(read_row(&s, arena, file, row, &n, err));
        if (n != csv.n_columns)
            return ajp_fail(err, AJ_CORRUPT, 0,
                            "%s: line %zu has %zu cells, the header has %zu; quote texts with commas", file,
                            line, n, csv.n_columns);
        csv.lines[csv.n_rows] = line;
        memcpy(&csv.cells[csv.n_rows++ * n], row, n * sizeof *row);
    }
    *out = csv;
    return AJ_OK;
}

size_t ajp_csv_find(const ajp_csv *csv, const char *name)
{
    for (size_t i = 0; i < csv->n_columns; i++)
        if (strcmp(csv->header[i], name) == 0) return i;
    return SIZE_MAX;
}

aj_status ajp_csv_column(const ajp_csv *csv, const char *name, size_t *out, aj_error *err)
{
    size_t found = ajp_csv_find(csv, name);
    if (found == SIZE_MAX)
        return ajp_fail(err, AJ_NOT_FOUND, 0, "%s: no column '%s' in its first line; add it", csv->file,
                        name);
    *out = found;
    return AJ_OK;
}

const char *ajp_csv_text(const ajp_csv *csv, size_t row, size_t column)
{
    return csv->cells[row * csv->n_columns + column];
}

aj_status ajp_csv_fail(const ajp_csv *csv, size_t row, size_t column, const char *what, aj_error *err)
{
    return ajp_fail(err, AJ_CORRUPT, 0, "%s: line %zu, column '%s': '%s' %s", csv->file, csv->lines[row],
                    csv->header[column], ajp_csv_text(csv, row, column), what);
}

aj_status ajp_csv_number(const ajp_csv *csv, size_t row, size_t column, double minimum, double maximum,
                         bool required, double *out, aj_error *err)
{
    const char *text = ajp_csv_text(csv, row, column), *end = text;
    double value = NAN;
    if (text[0] == '\0' && !required) {
        *out = NAN;
        return AJ_OK;
    }
    if (!ajp_number_scan(text, &end, &value) || *end != '\0')
        return ajp_csv_fail(csv, row, column, "is not a number", err);
    if (!(value >= minimum && value <= maximum))
        return ajp_csv_fail(csv, row, column, "is out of its range; check value and unit", err);
    *out = value;
    return AJ_OK;
}

/* table.c: tables of texts for the terminal, and numbers with SI prefixes. */
#include "cli.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Columns of a UTF-8 text: bytes that do not continue a character (no wide characters are used). */
static size_t columns_of(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static char *formatted(const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = cli_allocate((size_t)(size > 0 ? size : 0) + 1, 1);
    vsnprintf(text, (size_t)(size > 0 ? size : 0) + 1, format, arguments);
    return text;
}

static void append(cli_table *table, char *text)
{
    table->cells = cli_resize(table->cells, table->n_rows + 1, sizeof *table->cells);
    table->cells[table->n_rows++] = text; /* n_rows counts cells until the end */
}

void cli_table_begin(cli_table *table, const char *align, const char *const *headers)
{
    *table = (cli_table){strlen(align), 0, align, NULL};
    for (size_t i = 0; i < table->n_columns; i++) append(table, cli_copy_text(headers[i]));
}

void cli_table_cell(cli_table *table, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append(table, formatted(format, arguments));
    va_end(arguments);
}

static void put_cell(FILE *stream, const char *text, size_t width, char align, bool last)
{
    size_t columns = columns_of(text), space = width > columns ? width - columns : 0;
    if (align == 'r') fprintf(stream, "%*s", (int)space, "");
    fputs(text, stream);
    if (align != 'r' && !last) fprintf(stream, "%*s", (int)space, "");
}

void cli_print_wrapped(FILE *stream, const char *text, size_t indent, size_t width)
{
    size_t column = indent;
    while (*text != '\0') {
        size_t bytes = strcspn(text, " \n"), columns = 0;
        for (size_t i = 0; i < bytes; i++) columns += ((unsigned char)text[i] & 0xC0) != 0x80;
        if (column > indent && column + 1 + columns > width) {
            fprintf(stream, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', stream);
            column++;
        }
        fwrite(text, 1, bytes, stream);
        column += columns;
        text += bytes;
        while (*text == ' ' || *text == '\n') text++;
    }
    fputc('\n', stream);
}

void cli_table_end(cli_table *table, FILE *stream)
{
    size_t n = table->n_columns, widths[32] = {0};
    for (size_t i = 0; i < table->n_rows; i++) {
        size_t columns = columns_of(table->cells[i]);
        if (i % n < 32 && columns > widths[i % n]) widths[i % n] = columns;
    }
    for (size_t row = 0; stream != NULL && row + n <= table->n_rows; row += n) {
        size_t indent = 0;
        for (size_t i = 0; i + 1 < n; i++) {
            put_cell(stream, table->cells[row + i], widths[i], table->align[i], false);
            fputs("  ", stream);
            indent += widths[i] + 2;
        }
        const char *last = table->cells[row + n - 1];
        if (table->align[n - 1] == 'r') {
            put_cell(stream, last, widths[n - 1], 'r', true);
            fputc('\n', stream);
        } else {
            size_t width = indent + 20 < CLI_WIDTH ? CLI_WIDTH : indent + 20;
            cli_print_wrapped(stream, last, indent, width);
        }
    }
    for (size_t i = 0; i < table->n_rows; i++) free(table->cells[i]);
    free(table->cells);
    *table = (cli_table){0, 0, NULL, NULL};
}

void cli_format_value(double value, const char *unit, char *text, size_t size)
{
    static const char *const prefixes[] = {"z", "a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P"};
    if (!isfinite(value)) {
        snprintf(text, size, "—");
    } else if (unit == NULL || unit[0] == '\0') {
        snprintf(text, size, "%.9g", value);
    } else {
        int step = value != 0 ? (int)floor(log10(fabs(value)) / 3 + 1e-12) : 0;
        step = step < -7 ? -7 : step > 5 ? 5 : step;
        snprintf(text, size, "%.9g %s%s", value / pow(10, 3 * step), prefixes[step + 7], unit);
    }
}

/* text.h: text that grows. The first failure to allocate sticks; ajp_text_write says so once. */
#ifndef AJP_REPORT_TEXT_H
#define AJP_REPORT_TEXT_H

#include <stdio.h>

#include "base/internal.h"

typedef struct {
    char *bytes; /* NUL-terminated once anything was put */
    size_t size, capacity;
    bool failed;
} ajp_text;

void ajp_text_put(ajp_text *text, const char *piece);
void ajp_text_put_n(ajp_text *text, const char *piece, size_t n);
void ajp_text_format(ajp_text *text, const char *format, ...) AJ_PRINTF(2, 3);
void ajp_text_repeat(ajp_text *text, const char *piece, size_t n);
/* Escaped for HTML and SVG, in text and in quoted attributes; what is not UTF-8 or not printable becomes
 * U+FFFD. */
void ajp_text_put_html(ajp_text *text, const char *piece);
/* For a cell, a heading or a line of Markdown: no sign of it means anything. */
void ajp_text_put_markdown(ajp_text *text, const char *piece);
/* One cell of a CSV file (RFC 4180), quoted where needed; an apostrophe goes before what a spreadsheet would
 * run as a formula. */
void ajp_text_put_csv(ajp_text *text, const char *piece);
/* For running text and cells of a table, in any LaTeX without packages: nothing in it is a command. */
void ajp_text_put_latex(ajp_text *text, const char *piece);
void ajp_text_free(ajp_text *text);
/* To the stream as a whole; NO_MEMORY when a piece was lost before. */
aj_status ajp_text_write(const ajp_text *text, FILE *stream, aj_error *err);

#endif

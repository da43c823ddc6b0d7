/* grid.h: a table as content: the same rows go to the terminal, to Markdown and to HTML. */
#ifndef AJP_REPORT_GRID_H
#define AJP_REPORT_GRID_H

#include "text.h"

enum { AJP_GRID_COLUMNS = 16, AJP_TERMINAL_COLUMNS = 100 };

typedef enum { AJP_LEFT, AJP_RIGHT } ajp_align;

typedef struct ajp_grid_row {
    struct ajp_grid_row *next;
    bool rule;     /* a line above: another kind of evidence */
    bool emphasis; /* a sum, or the row a headline speaks of */
    const char *cells[];
} ajp_grid_row;

typedef struct {
    ajp_arena *arena;
    const char *title;   /* or NULL */
    const char *caption; /* one or two sentences that name units and accounting, or NULL */
    const char *titles[AJP_GRID_COLUMNS];
    ajp_align aligns[AJP_GRID_COLUMNS];
    size_t n_columns, n_rows, n_filled; /* filled: cells of the last row */
    ajp_grid_row *first, *last;
    bool headless; /* key and value: no header line */
    bool failed;
} ajp_grid;

void ajp_grid_begin(ajp_grid *grid, ajp_arena *arena, const char *title);
void ajp_grid_column(ajp_grid *grid, const char *title, ajp_align align);
ajp_grid_row *ajp_grid_add(ajp_grid *grid); /* a new row; NULL when memory ran out */
/* The next cell of the last row (copied). Cells left out are empty. */
void ajp_grid_cell(ajp_grid *grid, const char *text);
void ajp_grid_format(ajp_grid *grid, const char *format, ...) AJ_PRINTF(2, 3);

void ajp_grid_to_terminal(const ajp_grid *grid, ajp_text *out);
void ajp_grid_to_markdown(const ajp_grid *grid, ajp_text *out);
void ajp_grid_to_html(const ajp_grid *grid, ajp_text *out);
void ajp_grid_to_latex(const ajp_grid *grid, ajp_text *out);

/* Characters of a text as the terminal shows it (code points). */
size_t ajp_text_width(const char *text);
/* A paragraph in lines of at most `width` characters, each after `indent` spaces. */
void ajp_text_put_paragraph(ajp_text *out, const char *paragraph, size_t width, size_t indent);

#endif

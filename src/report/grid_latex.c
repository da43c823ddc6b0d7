/* grid_latex.c: a table as a tabular of plain LaTeX. */
#include <string.h>

#include "grid.h"

enum {
    TITLE_WIDTH = 11, /* letters of a column's title */
    SMALL = 4,        /* columns that have room in the size of the text */
    LINE = 62,        /* letters on a line of an article, and of \footnotesize */
    SMALL_LINE = 84,
    GAP = 2,   /* between columns */
    LEAST = 14 /* a column of text is not made narrower */
};

/* Letters of the widest line of a column; a title is broken at its spaces. */
static size_t natural_width(const ajp_grid *grid, size_t c)
{
    size_t widest = grid->headless ? 0 : ajp_min_size(ajp_text_width(grid->titles[c]), TITLE_WIDTH);
    for (const ajp_grid_row *row = grid->first; row != NULL; row = row->next) {
        size_t width = ajp_text_width(row->cells[c]);
        if (width > widest) widest = width;
    }
    return widest;
}

/* Columns of text wrap, the widest first, until the table fits the line. */
static void put_columns(const ajp_grid *grid, ajp_text *out)
{
    size_t widths[AJP_GRID_COLUMNS], total = 0, line = grid->n_columns > SMALL ? SMALL_LINE : LINE;
    bool wraps[AJP_GRID_COLUMNS] = {false};
    for (size_t c = 0; c < grid->n_columns; c++) total += widths[c] = natural_width(grid, c) + GAP;
    for (size_t tries = 0; total > line && tries < grid->n_columns; tries++) {
        size_t widest = AJP_GRID_COLUMNS;
        for (size_t c = 0; c < grid->n_columns; c++)
            if (grid->aligns[c] == AJP_LEFT && !wraps[c] &&
                (widest == AJP_GRID_COLUMNS || widths[c] > widths[widest]))
                widest = c;
        if (widest == AJP_GRID_COLUMNS || widths[widest] <= LEAST) break;
        size_t others = total - widths[widest], room = others < line ? line - others : 0;
        wraps[widest] = true;
        widths[widest] = room > LEAST ? room : LEAST;
        total = others + widths[widest];
    }
    for (size_t c = 0; c < grid->n_columns; c++) {
        if (wraps[c])
            ajp_text_format(out, "p{%.2f\\linewidth}", (double)(widths[c] - GAP) / (double)line);
        else
            ajp_text_put(out, grid->aligns[c] == AJP_RIGHT ? "r" : "l");
    }
}

/* A title over as many lines as it needs. */
static void put_title(const char *title, ajp_align align, ajp_text *out)
{
    char line[256] = "";
    size_t width = 0;
    if (ajp_text_width(title) <= TITLE_WIDTH || strlen(title) >= sizeof line) {
        ajp_text_put_latex(out, title);
        return;
    }
    ajp_text_format(out, "\\shortstack[%c]{", align == AJP_RIGHT ? 'r' : 'l');
    while (*title != '\0') {
        size_t bytes = strcspn(title, " ");
        memcpy(line, title, bytes);
        line[bytes] = '\0';
        size_t letters = ajp_text_width(line);
        if (width > 0) ajp_text_put(out, width + letters + 1 > TITLE_WIDTH ? "\\\\" : " ");
        width = width + letters + 1 > TITLE_WIDTH ? letters : width + letters + 1;
        ajp_text_put_latex(out, line);
        title += bytes;
        while (*title == ' ') title++;
    }
    ajp_text_put(out, "}");
}

/* {} keeps a cell from being read as an argument of the \\ before it. */
static void put_row(const ajp_grid *grid, const char *const *cells, bool titles, ajp_text *out)
{
    for (size_t c = 0; c < grid->n_columns; c++) {
        ajp_text_put(out, c == 0 ? "{}" : " & ");
        if (titles)
            put_title(cells[c], grid->aligns[c], out);
        else
            ajp_text_put_latex(out, cells[c]);
    }
    ajp_text_put(out, " \\\\\n");
}

void ajp_grid_to_latex(const ajp_grid *grid, ajp_text *out)
{
    if (grid->failed) out->failed = true;
    ajp_text_put(out, "\\par\\noindent\n");
    if (grid->n_columns > SMALL) ajp_text_put(out, "{\\footnotesize\\tabcolsep=3pt\n");
    if (grid->title != NULL) {
        ajp_text_put(out, "\\textbf{");
        ajp_text_put_latex(out, grid->title);
        ajp_text_put(out, "}\\\\\n");
    }
    ajp_text_put(out, "\\begin{tabular}{");
    put_columns(grid, out);
    ajp_text_put(out, "}\n\\hline\n");
    if (!grid->headless) {
        put_row(grid, grid->titles, true, out);
        ajp_text_put(out, "\\hline\n");
    }
    for (const ajp_grid_row *row = grid->first; row != NULL; row = row->next) {
        if (row->rule) ajp_text_put(out, "\\hline\n");
        put_row(grid, row->cells, false, out);
    }
    ajp_text_put(out, "\\hline\n\\end{tabular}\n");
    if (grid->n_columns > SMALL) ajp_text_put(out, "}\n");
    if (grid->caption != NULL) {
        ajp_text_put(out, "\\\\\n{\\footnotesize ");
        ajp_text_put_latex(out, grid->caption);
        ajp_text_put(out, "}\n");
    }
    ajp_text_put(out, "\\par\\medskip\n");
}

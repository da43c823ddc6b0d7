/* grid.c: filling a table, and its Markdown and HTML forms. */
#include "grid.h"

#include <stdarg.h>
#include <string.h>

void ajp_grid_begin(ajp_grid *grid, ajp_arena *arena, const char *title)
{
    *grid = (ajp_grid){.arena = arena, .title = title};
}

void ajp_grid_column(ajp_grid *grid, const char *title, ajp_align align)
{
    if (grid->n_columns == AJP_GRID_COLUMNS) return;
    if (title == NULL) grid->failed = true; /* memory ran out where it was made */
    grid->titles[grid->n_columns] = title != NULL ? title : "";
    grid->aligns[grid->n_columns++] = align;
}

ajp_grid_row *ajp_grid_add(ajp_grid *grid)
{
    ajp_grid_row *row = ajp_arena_alloc(grid->arena, sizeof *row + grid->n_columns * sizeof row->cells[0]);
    grid->n_filled = 0;
    if (row == NULL) {
        grid->failed = true;
        grid->n_filled = AJP_GRID_COLUMNS; /* cells of a lost row go nowhere */
        return NULL;
    }
    for (size_t c = 0; c < grid->n_columns; c++) row->cells[c] = "";
    if (grid->last != NULL)
        grid->last->next = row;
    else
        grid->first = row;
    grid->last = row;
    grid->n_rows++;
    return row;
}

void ajp_grid_cell(ajp_grid *grid, const char *text)
{
    if (grid->n_filled >= grid->n_columns || grid->last == NULL) return;
    char *copy = ajp_arena_strdup(grid->arena, text != NULL ? text : "\xe2\x80\x94");
    if (copy == NULL) grid->failed = true;
    grid->last->cells[grid->n_filled++] = copy != NULL ? copy : "";
}

void ajp_grid_format(ajp_grid *grid, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ajp_grid_cell(grid, text);
}

/* ---- Markdown ---- */
void ajp_grid_to_markdown(const ajp_grid *grid, ajp_text *out)
{
    if (grid->failed) out->failed = true;
    if (grid->title != NULL) {
        ajp_text_put(out, "### ");
        ajp_text_put_markdown(out, grid->title);
        ajp_text_put(out, "\n\n");
    }
    for (size_t c = 0; c < grid->n_columns; c++) {
        ajp_text_put(out, "| ");
        if (!grid->headless) ajp_text_put_markdown(out, grid->titles[c]);
        ajp_text_put(out, " ");
    }
    ajp_text_put(out, "|\n");
    for (size_t c = 0; c < grid->n_columns; c++)
        ajp_text_put(out, grid->aligns[c] == AJP_RIGHT ? "| ---: " : "| --- ");
    ajp_text_put(out, "|\n");
    for (const ajp_grid_row *row = grid->first; row != NULL; row = row->next) {
        for (size_t c = 0; c < grid->n_columns; c++) {
            ajp_text_put(out, "| ");
            ajp_text_put_markdown(out, row->cells[c]);
            ajp_text_put(out, " ");
        }
        ajp_text_put(out, "|\n");
    }
    ajp_text_put(out, "\n");
    if (grid->caption == NULL) return;
    ajp_text_put_markdown(out, grid->caption);
    ajp_text_put(out, "\n\n");
}

/* ---- HTML ---- */
static void put_html_row(const ajp_grid *grid, const ajp_grid_row *row, ajp_text *out)
{
    ajp_text_format(out, "<tr%s>",
                    row->rule && row->emphasis ? " class=\"rule strong\""
                    : row->rule                ? " class=\"rule\""
                    : row->emphasis            ? " class=\"strong\""
                                               : "");
    for (size_t c = 0; c < grid->n_columns; c++) {
        bool header = grid->headless && c == 0;
        ajp_text_format(out, "<%s%s>", header ? "th scope=\"row\"" : "td",
                        grid->aligns[c] == AJP_RIGHT ? " class=\"n\"" : "");
        ajp_text_put_html(out, row->cells[c]);
        ajp_text_format(out, "</%s>", header ? "th" : "td");
    }
    ajp_text_put(out, "</tr>\n");
}

void ajp_grid_to_html(const ajp_grid *grid, ajp_text *out)
{
    if (grid->failed) out->failed = true;
    ajp_text_format(out, "<div class=\"scroll\"><table%s>\n", grid->headless ? " class=\"facts\"" : "");
    if (grid->title != NULL) {
        ajp_text_put(out, "<caption>");
        ajp_text_put_html(out, grid->title);
        ajp_text_put(out, "</caption>\n");
    }
    if (!grid->headless) {
        ajp_text_put(out, "<thead><tr>");
        for (size_t c = 0; c < grid->n_columns; c++) {
            ajp_text_format(out, "<th scope=\"col\"%s>", grid->aligns[c] == AJP_RIGHT ? " class=\"n\"" : "");
            ajp_text_put_html(out, grid->titles[c]);
            ajp_text_put(out, "</th>");
        }
        ajp_text_put(out, "</tr></thead>\n");
    }
    ajp_text_put(out, "<tbody>\n");
    for (const ajp_grid_row *row = grid->first; row != NULL; row = row->next) put_html_row(grid, row, out);
    ajp_text_put(out, "</tbody></table></div>\n");
    if (grid->caption == NULL) return;
    ajp_text_put(out, "<p class=\"note\">");
    ajp_text_put_html(out, grid->caption);
    ajp_text_put(out, "</p>\n");
}

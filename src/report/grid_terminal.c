/* grid_terminal.c: a table in at most 100 columns: widths are counted in characters, long cells are wrapped.
 */
#include <string.h>

#include "base/utf8.h"
#include "grid.h"

enum { GAP = 2, LEAST_WIDTH = 4 };

size_t ajp_text_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; width++) ajp_utf8_next(&text);
    return width;
}

/* Bytes of the first line of `text` at most `width` characters wide; *next is where the following line
 * starts. Breaks at the last space that fits, in the middle of a word when there is none. */
static size_t line_bytes(const char *text, size_t width, const char **next)
{
    const char *at = text, *space = NULL;
    size_t used = 0;
    while (*at != '\0' && used < width) {
        if (*at == ' ') space = at;
        ajp_utf8_next(&at);
        used++;
    }
    if (*at == '\0') {
        *next = at;
        return (size_t)(at - text);
    }
    if (*at == ' ') space = at;
    const char *end = space != NULL && space > text ? space : at;
    *next = end;
    while (**next == ' ') (*next)++;
    return (size_t)(end - text);
}

/* Control characters would move the cursor or change colours. */
static void put_clean(ajp_text *out, const char *text, size_t n)
{
    const char *end = text + n;
    while (text < end) {
        const char *start = text;
        uint32_t code = ajp_utf8_next(&text);
        if (code == 0xfffd || code < 0x20 || (code >= 0x7f && code < 0xa0))
            ajp_text_put(out, "\xef\xbf\xbd");
        else
            ajp_text_put_n(out, start, (size_t)(text - start));
    }
}

static size_t longest_word(const char *text)
{
    size_t longest = 0, width = 0;
    while (*text != '\0') {
        width = *text == ' ' ? 0 : width + 1;
        if (width > longest) longest = width;
        ajp_utf8_next(&text);
    }
    return longest;
}

/* How much a column can lose: 2 = text that wraps between words, 1 = numbers, 0 = only by breaking words. */
static int give(const ajp_grid *grid, size_t c, size_t width, size_t word)
{
    if (width <= LEAST_WIDTH) return -1;
    if (width <= word) return 0;
    return grid->aligns[c] == AJP_LEFT ? 2 : 1;
}

/* Natural widths; then, while the table is too wide, the widest of the columns that suffer least loses a
 * character. */
static void choose_widths(const ajp_grid *grid, size_t *widths)
{
    size_t total = 0, words[AJP_GRID_COLUMNS];
    for (size_t c = 0; c < grid->n_columns; c++) {
        words[c] = widths[c] = grid->headless ? 0 : longest_word(grid->titles[c]);
        for (const ajp_grid_row *row = grid->first; row != NULL; row = row->next) {
            size_t width = ajp_text_width(row->cells[c]), word = longest_word(row->cells[c]);
            if (width > widths[c]) widths[c] = width;
            if (word > words[c]) words[c] = word;
        }
        total += widths[c] + (c > 0 ? GAP : 0);
    }
    while (total > AJP_TERMINAL_COLUMNS) {
        size_t loser = 0;
        for (size_t c = 1; c < grid->n_columns; c++) {
            int ours = give(grid, c, widths[c], words[c]),
                best = give(grid, loser, widths[loser], words[loser]);
            if (ours > best || (ours == best && widths[c] > widths[loser])) loser = c;
        }
        if (give(grid, loser, widths[loser], words[loser]) < 0) return; /* 16 columns of 4 fit */
        widths[loser]--;
        total--;
    }
}

/* One row over as many lines as its tallest cell needs. */
static void put_row(const ajp_grid *grid, const size_t *widths, const char *const *cells, ajp_text *out)
{
    const char *rest[AJP_GRID_COLUMNS];
    for (size_t c = 0; c < grid->n_columns; c++) rest[c] = cells[c];
    for (bool more = true; more;) {
        size_t owed = 0; /* spaces, put only before something: no blanks at line ends */
        more = false;
        for (size_t c = 0; c < grid->n_columns; c++) {
            const char *next = rest[c];
            size_t bytes = line_bytes(rest[c], widths[c], &next);
            size_t width = 0;
            for (const char *at = rest[c]; at < rest[c] + bytes; width++) ajp_utf8_next(&at);
            size_t pad = widths[c] - width;
            if (c > 0) owed += GAP;
            if (grid->aligns[c] == AJP_RIGHT) owed += pad;
            if (bytes > 0) {
                ajp_text_repeat(out, " ", owed);
                put_clean(out, rest[c], bytes);
                owed = 0;
            }
            if (grid->aligns[c] == AJP_LEFT) owed += pad;
            rest[c] = next;
            if (*next != '\0') more = true;
        }
        ajp_text_put(out, "\n");
    }
}

static void put_rule(const ajp_grid *grid, const size_t *widths, ajp_text *out)
{
    for (size_t c = 0; c < grid->n_columns; c++) {
        if (c > 0) ajp_text_repeat(out, " ", GAP);
        ajp_text_repeat(out, "─", widths[c]);
    }
    ajp_text_put(out, "\n");
}

void ajp_grid_to_terminal(const ajp_grid *grid, ajp_text *out)
{
    size_t widths[AJP_GRID_COLUMNS] = {0};
    if (grid->failed) out->failed = true;
    choose_widths(grid, widths);
    if (grid->title != NULL) {
        ajp_text_put_paragraph(out, grid->title, AJP_TERMINAL_COLUMNS, 0);
        ajp_text_put(out, "\n");
    }
    if (!grid->headless) {
        put_row(grid, widths, grid->titles, out);
        put_rule(grid, widths, out);
    }
    for (const ajp_grid_row *row = grid->first; row != NULL; row = row->next) {
        if (row->rule) put_rule(grid, widths, out);
        put_row(grid, widths, row->cells, out);
    }
    if (grid->caption != NULL) ajp_text_put_paragraph(out, grid->caption, AJP_TERMINAL_COLUMNS, 0);
    ajp_text_put(out, "\n");
}

void ajp_text_put_paragraph(ajp_text *out, const char *paragraph, size_t width, size_t indent)
{
    do {
        const char *next = paragraph;
        size_t bytes = line_bytes(paragraph, width - indent, &next);
        if (bytes > 0) ajp_text_repeat(out, " ", indent);
        put_clean(out, paragraph, bytes);
        ajp_text_put(out, "\n");
        paragraph = next;
    } while (*paragraph != '\0');
}

/* table.c: a report for the terminal, at most 100 columns wide. */
#include "../format_ops.h"
#include "../sections.h"

static aj_status write_table(ajp_view *view, ajp_text *out, aj_error *err)
{
    (void)err; /* lost memory is noticed by the caller */
    ajp_sections_put(view, ajp_grid_to_terminal, NULL, out);
    return AJ_OK;
}

static void put_line(const char *text, ajp_text *out)
{
    ajp_text_put_paragraph(out, text, AJP_TERMINAL_COLUMNS, 0);
}

/* Behind a blank line; a table ends with one. */
static void put_heading(const char *text, ajp_text *out)
{
    bool blank = out->size == 0 || (out->size >= 2 && out->bytes[out->size - 2] == '\n');
    if (!blank) ajp_text_put(out, "\n");
    put_line(text, out);
}

static aj_status write_cards(ajp_cards *cards, ajp_text *out, aj_error *err)
{
    static const ajp_card_pen pen = {true, ajp_grid_to_terminal, put_heading, put_line, put_line};
    (void)err;
    ajp_cards_put(cards, &pen, out);
    return AJ_OK;
}

const ajp_format_ops ajp_format_table = {"table", "for the terminal, at most 100 columns", write_table,
                                         write_cards};

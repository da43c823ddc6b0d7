/* markdown.c: the same tables in Markdown (pipe tables). */
#include "../format_ops.h"
#include "../sections.h"

static void put_heading(const char *text, ajp_text *out)
{
    ajp_text_put(out, "## ");
    ajp_text_put_markdown(out, text);
    ajp_text_put(out, "\n\n");
}

static aj_status write_markdown(ajp_view *view, ajp_text *out, aj_error *err)
{
    (void)err;
    ajp_sections_put(view, ajp_grid_to_markdown, put_heading, out);
    return AJ_OK;
}

static void put_item(const char *text, ajp_text *out)
{
    ajp_text_put(out, "- ");
    ajp_text_put_markdown(out, text);
    ajp_text_put(out, "\n");
}

static aj_status write_cards(ajp_cards *cards, ajp_text *out, aj_error *err)
{
    static const ajp_card_pen pen = {false, ajp_grid_to_markdown, put_heading, put_item, put_item};
    (void)err;
    ajp_cards_put(cards, &pen, out);
    return AJ_OK;
}

const ajp_format_ops ajp_format_markdown = {"markdown", "tables for a README or an issue", write_markdown,
                                            write_cards};

/* markdown.c: the same tables in Markdown (pipe tables). */
#include "../format_ops.h"
#include "../sections.h"

static void put_heading(const char *text, ajp_text *out)
{
    ajp_text_put(out, "## ");
    for (; *text != '\0'; text++) {
        bool plain =
            (unsigned char)*text >= 0x20 && *text != '\\' && *text != '<' && *text != '`' && *text != '[';
        ajp_text_put_n(out, plain ? text : " ", 1);
    }
    ajp_text_put(out, "\n\n");
}

static aj_status write_markdown(ajp_view *view, ajp_text *out, aj_error *err)
{
    (void)err;
    ajp_sections_put(view, ajp_grid_to_markdown, put_heading, out);
    return AJ_OK;
}

const ajp_format_ops ajp_format_markdown = {"markdown", "tables for a README or an issue", write_markdown};

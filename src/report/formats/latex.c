/* latex.c: tables for a paper: plain LaTeX without packages, to be taken in with \input. */
#include "../format_ops.h"
#include "../sections.h"

static void put_heading(const char *text, ajp_text *out)
{
    ajp_text_put(out, "\\par\\bigskip\\noindent\\textbf{");
    ajp_text_put_latex(out, text);
    ajp_text_put(out, "}\\par\\nopagebreak\n");
}

static aj_status write_latex(ajp_view *view, ajp_text *out, aj_error *err)
{
    (void)err;
    ajp_text_put(out, "% attojoule " AJ_VERSION_STRING ": take this in with \\input; it needs no package\n");
    ajp_sections_put(view, ajp_grid_to_latex, put_heading, out);
    return AJ_OK;
}

static aj_status write_cards(ajp_cards *cards, ajp_text *out, aj_error *err)
{
    (void)err;
    ajp_cards_to_latex(cards, out);
    return AJ_OK;
}

const ajp_format_ops ajp_format_latex = {"latex", "tables for a paper, plain LaTeX to \\input", write_latex,
                                         write_cards};

/* table.c: a report for the terminal, at most 100 columns wide. */
#include "../format_ops.h"
#include "../sections.h"

static aj_status write_table(ajp_view *view, ajp_text *out, aj_error *err)
{
    (void)err; /* lost memory is noticed by the caller */
    ajp_sections_put(view, ajp_grid_to_terminal, NULL, out);
    return AJ_OK;
}

const ajp_format_ops ajp_format_table = {"table", "for the terminal, at most 100 columns", write_table};

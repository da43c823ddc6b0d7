/* json.c: one record a line, as `aj eval --json` prints it. */
#include "../format_ops.h"

static aj_status write_json(ajp_view *view, ajp_text *out, aj_error *err)
{
    for (size_t i = 0; i < view->n; i++) {
        char *line;
        AJ_TRY(aj_evaluation_to_json(&view->records[i], 0, &line, err));
        ajp_text_put(out, line);
        ajp_text_put(out, "\n");
        aj_text_free(line);
    }
    return AJ_OK;
}

static aj_status write_cards(ajp_cards *cards, ajp_text *out, aj_error *err)
{
    return ajp_cards_to_json(cards, out, err);
}

const ajp_format_ops ajp_format_json = {"json", "one record a line; cards as one document", write_json,
                                        write_cards};

/* format_ops.h: what a report format is. Adding one = a file formats/<id>.c that defines
 * `const ajp_format_ops ajp_format_<id>` and a row FORMAT(<id>) in formats.def. */
#ifndef AJP_REPORT_FORMAT_OPS_H
#define AJP_REPORT_FORMAT_OPS_H

#include "card.h"
#include "text.h"
#include "view.h"

typedef struct {
    const char *name, *summary;
    aj_status (*write)(ajp_view *view, ajp_text *out, aj_error *err); /* evaluations */
    aj_status (*write_cards)(ajp_cards *cards, ajp_text *out, aj_error *err);
} ajp_format_ops;

#define FORMAT(id) extern const ajp_format_ops ajp_format_##id;
#include "formats.def"
#undef FORMAT

#endif

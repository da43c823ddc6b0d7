/* style.h: how the HTML report looks: light, quiet, prints well; nothing is loaded from anywhere. */
#ifndef AJP_REPORT_STYLE_H
#define AJP_REPORT_STYLE_H

#include "text.h"

void ajp_style_put(ajp_text *out);

#endif

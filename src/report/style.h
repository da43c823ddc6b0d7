/* style.h: how the HTML report looks: light, quiet, prints well; nothing is loaded from anywhere. */
#ifndef AJP_REPORT_STYLE_H
#define AJP_REPORT_STYLE_H

#include "text.h"

void ajp_style_put(ajp_text *out);
/* A page up to its <main>, and from there to its end. Nothing may be loaded or run. */
void ajp_page_begin(const char *title, ajp_text *out);
void ajp_page_end(ajp_text *out);
/* <tag>text</tag>, escaped; NULL says that memory ran out. */
void ajp_page_element(ajp_text *out, const char *tag, const char *text);

#endif

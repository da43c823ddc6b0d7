/* story.h: the part of the HTML report that is prose: what was run, what came out, what it rests on. */
#ifndef AJP_REPORT_STORY_H
#define AJP_REPORT_STORY_H

#include "text.h"
#include "view.h"

const char *ajp_story_title(ajp_view *view);
void ajp_story_lead(ajp_view *view, ajp_text *out);     /* what was run, in plain words */
void ajp_story_headline(ajp_view *view, ajp_text *out); /* one sentence and the main numbers */
void ajp_story_origins(ajp_view *view, ajp_text *out);  /* modelled, assumed, accounting */

#endif

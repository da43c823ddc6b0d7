/* presets.h: the presets of hardware/, embedded at build time. */
#ifndef AJP_PRESETS_H
#define AJP_PRESETS_H

#include <stddef.h>

typedef struct {
    const char *name, *text; /* text is not terminated */
    size_t size;
} ajp_preset;
extern const ajp_preset ajp_presets[]; /* sorted by name; name NULL at the end */

#endif

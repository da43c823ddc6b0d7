/* spec_layers.h: `layers` of a spec as a list of names. */
#ifndef AJP_SPEC_LAYERS_H
#define AJP_SPEC_LAYERS_H

#include "../base/yaml.h"
#include "attojoule/train.h"

/* Whether the list names layers; otherwise it is one of widths. */
bool ajp_spec_names_layers(const ajp_yaml *list);
/* `input` and `layers` into the options, checked; the layers live in the arena. */
aj_status ajp_spec_read_layers(const ajp_yaml *root, const char *file, ajp_arena *arena,
                               aj_train_options *options, aj_error *err);

#endif

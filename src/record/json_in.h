/* json_in.h: records out of parsed JSON. */
#ifndef AJP_RECORD_JSON_IN_H
#define AJP_RECORD_JSON_IN_H

#include <jansson.h>

#include "attojoule/record.h"

/* As aj_evaluation_from_json, of one value. */
aj_status ajp_record_from_json(aj_evaluation *out, const json_t *root, const char *name, aj_error *err);

#endif

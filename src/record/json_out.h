/* json_out.h: parts of documents that records and comparisons share. */
#ifndef AJP_RECORD_JSON_OUT_H
#define AJP_RECORD_JSON_OUT_H

#include "attojoule/record.h"
#include "json_writer.h"

/* The document of a record under `key` (NULL: in an array or at the top); refuses an impossible one. */
aj_status ajp_evaluation_put(ajp_json *json, const char *key, const aj_evaluation *evaluation, aj_error *err);
/* "mean", "stddev", "ci95" into the open object. */
void ajp_summary_put(ajp_json *json, const aj_summary *summary);
void ajp_seed_put(ajp_json *json, const char *key, uint64_t seed);
/* "measured": what computing it took. */
void ajp_measured_put(ajp_json *json, const aj_estimate *energy, double duration_seconds);

#endif

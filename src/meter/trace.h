/* trace.h: what writing and reading a trace have in common. */
#ifndef AJP_METER_TRACE_H
#define AJP_METER_TRACE_H

#include "attojoule/meter.h"
#include "record/json_writer.h"

#define AJP_TRACE_VERSION 1

/* The line of a marker, as aj_marker_read reads it. */
void ajp_marker_write(const aj_marker *marker, char *line, size_t size);
/* The numbers of a reading: name in JSON and place. */
typedef struct {
    const char *key;
    size_t offset; /* of a double in aj_reading */
} ajp_reading_field;
extern const ajp_reading_field ajp_reading_fields[]; /* ends with key NULL */
/* Inside an open object. */
void ajp_trace_put_reading(ajp_json *json, const aj_reading *reading);

#endif

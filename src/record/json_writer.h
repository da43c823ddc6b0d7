/* json_writer.h: JSON text, written front to back.  Doubles get the fewest digits that read back as the same
 * value (JSON libraries print 0.704 as 0.70399999999999996); NaN is null; strings that are not UTF-8 are
 * repaired. */
#ifndef AJP_JSON_WRITER_H
#define AJP_JSON_WRITER_H

#include "base/internal.h"

enum { AJP_JSON_DEPTH = 16 };

typedef struct {
    char *text;
    size_t size, capacity;
    unsigned indent, depth;
    bool first, flat, failed; /* flat: inside an array that stays on one line */
} ajp_json;

/* indent 0: everything on one line. */
void ajp_json_begin(ajp_json *json, unsigned indent);
/* The finished text (malloc'ed, NUL-terminated) in *text, or NO_MEMORY. */
aj_status ajp_json_finish(ajp_json *json, char **text, aj_error *err);

/* `key` is NULL inside arrays and at the top. */
void ajp_json_object(ajp_json *json, const char *key);
void ajp_json_object_end(ajp_json *json);
void ajp_json_array(ajp_json *json, const char *key, bool flat);
void ajp_json_array_end(ajp_json *json);
void ajp_json_string(ajp_json *json, const char *key, const char *text); /* NULL -> null */
void ajp_json_number(ajp_json *json, const char *key,
                     double value); /* NaN -> null; whole numbers without ".0" */
void ajp_json_count(ajp_json *json, const char *key, uint64_t value);
void ajp_json_bool(ajp_json *json, const char *key, bool value);
void ajp_json_null(ajp_json *json, const char *key);

/* The fewest digits that read back as the same double, with '.' in every locale. Infinite values as "inf". */
void ajp_format_double(double value, char text[32]);

#endif

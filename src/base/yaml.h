/* yaml.h: YAML files as a small tree with line numbers, through libyaml's events.
 * Refused: aliases and anchors, tags, several documents, depth > 16, files over 1 MiB, duplicate keys,
 * more than 1000 keys in one map. */
#ifndef AJP_YAML_H
#define AJP_YAML_H

#include "internal.h"

typedef enum { AJP_YAML_SCALAR, AJP_YAML_LIST, AJP_YAML_MAP } ajp_yaml_kind;
typedef struct ajp_yaml ajp_yaml;
struct ajp_yaml {
    ajp_yaml_kind kind;
    size_t line;                  /* 1-based */
    const char *key;              /* in its map, else NULL */
    const char *text;             /* of a scalar */
    bool quoted;                  /* a quoted scalar is text even if it looks like a number */
    const ajp_yaml *first, *next; /* children; next sibling */
    size_t n_children;
};

/* The tree lives in the arena. Errors: "file:line: what; what to do". */
aj_status ajp_yaml_parse(const ajp_yaml **root, ajp_arena *arena, const char *text, size_t size,
                         const char *file, aj_error *err);
const ajp_yaml *ajp_yaml_find(const ajp_yaml *map, const char *key); /* NULL when absent */
/* Strict conversions; errors name file:line and key. */
aj_status ajp_yaml_number(const ajp_yaml *node, const char *file, double *out, aj_error *err);
aj_status ajp_yaml_integer(const ajp_yaml *node, const char *file, int64_t min, int64_t max, int64_t *out,
                           aj_error *err);
aj_status ajp_yaml_string(const ajp_yaml *node, const char *file, const char **out, aj_error *err);
/* "none", "null", "~" or nothing, unquoted. */
bool ajp_yaml_is_none(const ajp_yaml *node);
/* Decimal number at the start of text ("1", "-0.5", "2.5e-3"; no hex, inf or nan), whatever the locale; *end
 * is the first character after it. false: no number, or one outside the range of a double. */
bool ajp_number_scan(const char *text, const char **end, double *out);
/* Every key of the map must be in the NULL-terminated list. */
aj_status ajp_yaml_check_keys(const ajp_yaml *map, const char *file, const char *const *allowed,
                              aj_error *err);

#endif

/* object.h: what a loaded hardware is made of. */
#ifndef AJP_HARDWARE_OBJECT_H
#define AJP_HARDWARE_OBJECT_H

#include "hardware_ops.h"

struct aj_hardware {
    const aj_context *context;
    ajp_arena arena; /* everything below */
    const ajp_hardware_ops *ops;
    void *params;
    const char **sources; /* one a parameter */
    const char *name, *node, *cite, *summary;
    aj_evidence evidence;
    int year;
};

/* An object of a family with all defaults, name etc. "". */
aj_status ajp_hardware_create(aj_hardware **out, const aj_context *context, const ajp_hardware_ops *ops,
                              aj_error *err);
/* Index of a key; NOT_FOUND names the nearest one. where: "file:line: " or "". */
aj_status ajp_hardware_key(const ajp_hardware_ops *ops, const char *key, const char *where, size_t *out,
                           aj_error *err);
/* Checks the range (NaN: only where the default is NaN) and stores; source is borrowed. */
aj_status ajp_hardware_store(aj_hardware *hardware, size_t i, double value, const char *source,
                             const char *where, aj_error *err);
/* A choice's word -> its index. */
aj_status ajp_choice_index(const ajp_param *param, const char *word, const char *where, double *out,
                           aj_error *err);
/* Nearest of a NULL-terminated list by edit distance, NULL when nothing is near. */
const char *ajp_nearest(const char *word, const char *(*at)(const void *list, size_t i), const void *list);

#endif

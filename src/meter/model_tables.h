/* model_tables.h: tables/cpu-*.csv, embedded at build time. */
#ifndef AJP_METER_MODEL_TABLES_H
#define AJP_METER_MODEL_TABLES_H

#include <stddef.h>

typedef struct {
    const char *name, *text; /* text is not terminated */
    size_t size;
} ajp_cpu_table;
extern const ajp_cpu_table ajp_cpu_tables[]; /* sorted by name; name NULL at the end */

#endif

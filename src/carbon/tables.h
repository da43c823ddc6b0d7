/* tables.h: the tables of tables/, embedded at build time. */
#ifndef AJP_TABLES_H
#define AJP_TABLES_H

#include <stddef.h>

typedef struct {
    const char *name, *text; /* text is not terminated */
    size_t size;
} ajp_table;
extern const ajp_table ajp_tables[]; /* sorted by name; name NULL at the end */

#endif

/* known.h: data sets that have a name, and where their files are looked for. */
#ifndef AJP_KNOWN_H
#define AJP_KNOWN_H

#include "../base/internal.h"
#include "attojoule/data.h"

typedef struct {
    const char *name;
    size_t n_classes;
    const char *package_folder; /* or NULL */
    const char *advice, *about;
} ajp_known_dataset;

const ajp_known_dataset *ajp_known_find(const char *name); /* NULL when the name is not known */
/* The folder that holds it (owned by the arena), or NULL in *folder; *searched: the places, for a message. */
aj_status ajp_known_locate(const aj_context *context, const ajp_known_dataset *known, ajp_arena *arena,
                           const char **folder, const char **searched, aj_error *err);

typedef enum { AJP_IDX_IMAGES, AJP_IDX_LABELS } ajp_idx_part;
/* *path: of a part of a split in `folder`, under one of its usual names; NULL when none is there. */
aj_status ajp_idx_find(const char **path, const char *folder, aj_split split, ajp_idx_part part,
                       ajp_arena *arena, aj_error *err);

#endif

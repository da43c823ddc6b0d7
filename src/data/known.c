/* known.c: the table of known names and the search for their files. */
#include "known.h"

#include "../base/file.h"

#include <stdlib.h>
#include <string.h>

static const ajp_known_dataset table[] = {
#define DATASET(id, name, classes, folder, advice, about) {name, classes, folder, advice, about},
#include "datasets.def"
#undef DATASET
};
enum { N_KNOWN = sizeof table / sizeof table[0], N_PLACES = 4 };

const ajp_known_dataset *ajp_known_find(const char *name)
{
    for (size_t i = 0; i < N_KNOWN; i++)
        if (strcmp(name, table[i].name) == 0) return &table[i];
    return NULL;
}

const char *aj_dataset_known(size_t i, const char **about)
{
    if (i >= N_KNOWN) return NULL;
    if (about != NULL) *about = table[i].about;
    return table[i].name;
}

aj_status ajp_idx_find(const char **path, const char *folder, aj_split split, ajp_idx_part part,
                       ajp_arena *arena, aj_error *err)
{
    /* MNIST's own names; copies with a dot in place of the second dash are common. */
    const char *prefix = split == AJ_SPLIT_TRAIN ? "train" : "t10k";
    const char *what = part == AJP_IDX_IMAGES ? "images" : "labels";
    const char *kind = part == AJP_IDX_IMAGES ? "idx3-ubyte" : "idx1-ubyte";
    *path = NULL;
    for (int i = 0; i < 4; i++) {
        const char *separator = i < 2 ? "-" : ".", *end = i % 2 == 0 ? ".gz" : "";
        const char *candidate =
            ajp_arena_printf(arena, "%s/%s-%s%s%s%s", folder, prefix, what, separator, kind, end);
        if (candidate == NULL) return ajp_no_memory(err, folder);
        if (ajp_file_exists(candidate)) {
            *path = candidate;
            return AJ_OK;
        }
    }
    return AJ_OK;
}

/* The places in their order; unused ones stay NULL. */
static aj_status list_places(const aj_context *context, const ajp_known_dataset *known, ajp_arena *arena,
                             const char *out[N_PLACES], aj_error *err)
{
    const char *given = getenv("AJ_DATA"), *share = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    bool has_share = share != NULL && share[0] != '\0', has_home = home != NULL && home[0] != '\0';
    const char *roots[N_PLACES - 1] = {context->data_root, given != NULL && given[0] != '\0' ? given : NULL,
                                       has_share  ? share
                                       : has_home ? home
                                                  : NULL};
    const char *inner[N_PLACES - 1] = {"", "",
                                       has_share ? "attojoule/data/" : ".local/share/attojoule/data/"};
    for (size_t i = 0; i + 1 < N_PLACES; i++) {
        if (roots[i] == NULL) continue;
        out[i] = ajp_arena_printf(arena, "%s/%s%s", roots[i], inner[i], known->name);
        if (out[i] == NULL) return ajp_no_memory(err, known->name);
    }
    out[N_PLACES - 1] = known->package_folder;
    return AJ_OK;
}

aj_status ajp_known_locate(const aj_context *context, const ajp_known_dataset *known, ajp_arena *arena,
                           const char **folder, const char **searched, aj_error *err)
{
    const char *places[N_PLACES] = {NULL}, *list = "", *images;
    AJ_TRY(list_places(context, known, arena, places, err));
    *folder = NULL;
    for (size_t i = 0; i < N_PLACES && *folder == NULL; i++) {
        if (places[i] == NULL) continue;
        list = ajp_arena_printf(arena, "%s%s%s", list, list[0] == '\0' ? "" : ", ", places[i]);
        if (list == NULL) return ajp_no_memory(err, known->name);
        AJ_TRY(ajp_idx_find(&images, places[i], AJ_SPLIT_TEST, AJP_IDX_IMAGES, arena, err));
        if (images == NULL)
            AJ_TRY(ajp_idx_find(&images, places[i], AJ_SPLIT_TRAIN, AJP_IDX_IMAGES, arena, err));
        if (images != NULL) *folder = places[i];
    }
    *searched = list;
    return AJ_OK;
}

aj_status aj_dataset_locate(const aj_context *context, const char *name, char *folder, size_t size,
                            aj_error *err)
{
    const ajp_known_dataset *known = ajp_known_find(name);
    if (known == NULL) return ajp_fail(err, AJ_NOT_FOUND, 0, "%s: not a known data set name", name);
    ajp_arena arena;
    ajp_arena_init(&arena, context);
    const char *found, *searched;
    aj_status st = ajp_known_locate(context, known, &arena, &found, &searched, err);
    if (st == AJ_OK && found != NULL && strlen(found) >= size)
        st = ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: the folder's name needs %zu bytes", name,
                      strlen(found) + 1);
    if (st == AJ_OK && size > 0) {
        if (found != NULL)
            memcpy(folder, found, strlen(found) + 1);
        else
            folder[0] = '\0';
    }
    ajp_arena_free(&arena);
    return st;
}

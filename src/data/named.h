/* named.h: sets of several inputs: "ids=ids.npy,mask=mask.npy[:labels.npy]". */
#ifndef AJP_NAMED_H
#define AJP_NAMED_H

#include "array.h"
#include "attojoule/data.h"

typedef struct {
    size_t n;
    aj_dataset_input *inputs; /* in the order in which a sample has their elements */
    const char **paths;
    ajp_array *arrays;
    const char *labels; /* or NULL */
    size_t n_samples, n_features;
} ajp_named;

/* Whether a SET is of this form (and not a file of that name). */
bool ajp_named_is(const char *set);
/* Names and files, in the order of `wanted` where there is one: BAD_ARGUMENT when the names are others. */
aj_status ajp_named_parse(ajp_named *out, const char *set, const char *const *wanted, size_t n_wanted,
                          ajp_arena *arena, aj_error *err);
/* Reads and checks all files. */
aj_status ajp_named_load(ajp_named *named, const aj_context *context, aj_error *err);
void ajp_named_free(ajp_named *named, const aj_context *context);
/* Rows of samples first ... first + n - 1. */
void ajp_named_read(const ajp_named *named, size_t first, size_t n, float *out);

/* ".npy" or ".npy.gz" at the end, and something before it. */
bool ajp_is_npy(const char *text, size_t length);

#endif

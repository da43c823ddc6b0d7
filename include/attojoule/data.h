/* data.h: labelled data sets: samples of float32 and a class number each.
 *
 * SET is a known name ("fashion-mnist", "mnist"), a folder of IDX files (gzip allowed, the usual names
 * train-images-idx3-ubyte[.gz], t10k-images-idx3-ubyte[.gz], ...), or "inputs.npy[.gz]:labels.npy[.gz]"
 * (class numbers of any integer type, or one-hot rows), or "inputs.npy[.gz]" alone (no labels).
 * A known name is looked for in the context's data_root, $AJ_DATA, $XDG_DATA_HOME/attojoule/data
 * (default ~/.local/share), and Debian's package folder, in this order: DIR/NAME holding IDX files.
 * A pair of .npy files is one set; asking it for a split other than the whole is refused, except that both
 * names give the same samples (dataset info says "all").
 */
#ifndef ATTOJOULE_DATA_H
#define ATTOJOULE_DATA_H

#include "attojoule/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { AJ_SPLIT_TEST = 0, AJ_SPLIT_TRAIN } aj_split;

typedef struct {
    size_t struct_size;
    aj_split split;
    double scale;       /* every value is multiplied by it; NaN = 1/255 for bytes, 1 for every other type */
    size_t max_samples; /* 0 = all; else only the first so many */
} aj_dataset_options;
#define AJ_DATASET_OPTIONS_INIT                                                 \
    {                                                                           \
        sizeof(aj_dataset_options), AJ_SPLIT_TEST, (double)__builtin_nan(""), 0 \
    }

typedef struct {
    const char *name;             /* as asked for */
    const char *split;            /* "test", "train" or "all" */
    const char *origin;           /* the file or folder that was used */
    size_t n_samples, n_features; /* features: elements of one sample */
    size_t rank, shape[8];        /* of one sample, without the sample axis: {28, 28} */
    size_t n_classes;             /* largest label + 1, or the width of one-hot rows; 0 without labels */
} aj_dataset_info;

typedef struct aj_dataset aj_dataset;

/* Opens, checks everything (magic, sizes, ranges of labels) and keeps the samples in memory in their stored
 * type. Errors name the file and what is wrong with it.  On failure *out is NULL. */
AJ_API AJ_MUST_USE aj_status aj_dataset_open(aj_dataset **out, aj_context *context, const char *set,
                                             const aj_dataset_options *options, aj_error *err);
AJ_API void aj_dataset_close(aj_dataset *dataset);
/* Strings are borrowed until close. */
AJ_API aj_dataset_info aj_dataset_describe(const aj_dataset *dataset);
/* Writes n samples from `first` on as [n][n_features] float32, scaled.  first + n must be within the set. */
AJ_API AJ_MUST_USE aj_status aj_dataset_read(const aj_dataset *dataset, size_t first, size_t n, float *out,
                                             aj_error *err);
/* n_samples class numbers, or NULL when the set has no labels; borrowed. */
AJ_API const int32_t *aj_dataset_labels(const aj_dataset *dataset);

/* Known names, for listing: i = 0, 1, ... until NULL is returned.  *about (NULL allowed) gets a line with
 * source and licence. */
AJ_API const char *aj_dataset_known(size_t i, const char **about);
/* The folder of a known name on this machine, or an empty string when it is not here; NOT_FOUND: not a known
 * name. */
AJ_API AJ_MUST_USE aj_status aj_dataset_locate(const aj_context *context, const char *name, char *folder,
                                               size_t size, aj_error *err);

/* Writes float32 [rows][cols] as a .npy file (version 1.0, C order), beside and renamed. */
AJ_API AJ_MUST_USE aj_status aj_npy_write_float32(const aj_context *context, const char *path,
                                                  const float *values, size_t rows, size_t cols,
                                                  aj_error *err);

#ifdef __cplusplus
}
#endif
#endif

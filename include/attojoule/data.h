/* data.h: labelled data sets: samples of float32 and a class number each.
 *
 * SET is a known name ("fashion-mnist", "mnist"), a folder of IDX files (gzip allowed, the usual names
 * train-images-idx3-ubyte[.gz], t10k-images-idx3-ubyte[.gz], ...), or "inputs.npy[.gz]:labels.npy[.gz]"
 * (class numbers of any integer type, one-hot rows, or an array a sample: values, or class numbers of the
 * elements of an output), or "inputs.npy[.gz]" alone (no labels).  A network of several inputs takes
 * "NAME=FILE.npy,NAME=FILE.npy,...[:labels.npy]": a sample has the elements of all of them one after the
 * other, as they are in the files.
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

/* How the samples lie in their file. Networks read channels first: AJ_LAYOUT_NHWC moves the last axis of a
 * sample of three axes or more to the front. */
typedef enum { AJ_LAYOUT_UNDECLARED = 0, AJ_LAYOUT_NCHW, AJ_LAYOUT_NHWC } aj_layout;
AJ_API const char *aj_layout_name(aj_layout layout); /* "nchw", "nhwc"; NULL: undeclared */

enum { AJ_MAX_CHANNELS = 64 };

/* What is done to every value x of channel c: (x scale - mean[c]) / std[c].  The channels are the first axis
 * of a sample (the last with AJ_LAYOUT_NHWC); a sample of one or two axes is one channel.  One mean or std
 * stands for all channels; none is 0 or 1. */
typedef struct {
    double scale; /* NaN = 1/255 for bytes, 1 for every other type */
    aj_layout layout;
    size_t n_mean, n_std;
    double mean[AJ_MAX_CHANNELS], std[AJ_MAX_CHANNELS];
} aj_preprocessing;
#define AJ_PREPROCESSING_INIT                                               \
    {                                                                       \
        (double)__builtin_nan(""), AJ_LAYOUT_UNDECLARED, 0, 0, {(double)0}, \
        {                                                                   \
            (double)0                                                       \
        }                                                                   \
    }

/* Sets "scale", "mean", "std" or "layout" from text: numbers and fractions such as 1/255, separated by
 * commas; nchw or nhwc. BAD_ARGUMENT names the key and leaves everything as it was. */
AJ_API AJ_MUST_USE aj_status aj_preprocessing_set(aj_preprocessing *preprocessing, const char *key,
                                                  const char *text, aj_error *err);
/* Reads the YAML file beside a model (net.onnx: net.yaml), a map of the four keys above; mean and std may be
 * lists. `path` gets its name, or an empty text where there is none (and *out stays as it was); a training's
 * spec of the same name (a map with `layers`) is passed over.  Errors name file, line and key. */
AJ_API AJ_MUST_USE aj_status aj_preprocessing_beside(aj_preprocessing *out, char *path, size_t size,
                                                     const aj_context *context, const char *model_path,
                                                     aj_error *err);

typedef struct {
    size_t struct_size;
    aj_split split;
    double scale;       /* every value is multiplied by it; NaN = 1/255 for bytes, 1 for every other type */
    size_t max_samples; /* 0 = all; else only the first so many */
    /* As in aj_preprocessing; copied.  A number of means or deviations that is not that of the channels, a
     * deviation of 0: BAD_ARGUMENT. */
    aj_layout layout;
    const double *mean, *std;
    size_t n_mean, n_std;
    const char *declared_in; /* where this was said, for the record; NULL = nowhere; copied */
    /* The network's inputs: named files are put in this order, and other names are refused (BAD_ARGUMENT).
     * None: the order of SET. */
    const char *const *input_names;
    size_t n_input_names;
} aj_dataset_options;
#define AJ_DATASET_OPTIONS_INIT                                                                              \
    {                                                                                                        \
        sizeof(aj_dataset_options), AJ_SPLIT_TEST, (double)__builtin_nan(""), 0, AJ_LAYOUT_UNDECLARED, NULL, \
            NULL, 0, 0, NULL, NULL, 0                                                                        \
    }

/* One of several named inputs: its elements in a sample. */
typedef struct {
    const char *name;
    size_t n_features;
    size_t rank, shape[8]; /* without the sample axis */
} aj_dataset_input;

typedef struct {
    const char *name;             /* as asked for */
    const char *split;            /* "test", "train" or "all" */
    const char *origin;           /* the file or folder that was used */
    size_t n_samples, n_features; /* features: elements of one sample */
    size_t rank, shape[8];        /* of one sample as it is read, without the sample axis: {28, 28} */
    size_t n_classes;             /* largest label + 1, or the width of one-hot rows; 0 without labels */
    /* Labels that are an array a sample: class numbers of an output's elements, or values to compare with. */
    size_t n_targets; /* elements of one sample's; 0 = none */
    size_t target_rank, target_shape[8];
    size_t n_target_classes;        /* largest + 1 where all are whole and none is negative; else 0 */
    aj_preprocessing preprocessing; /* as it is done: its scale is a number */
    const char *declared_in;        /* or NULL */
    /* Of a set of named inputs; else 0 and NULL.  Then a sample as it is read has one axis. */
    size_t n_inputs;
    const aj_dataset_input *inputs;
} aj_dataset_info;

typedef struct aj_dataset aj_dataset;

/* Opens, checks everything (magic, sizes, ranges of labels) and keeps the samples in memory in their stored
 * type. Errors name the file and what is wrong with it.  On failure *out is NULL. */
AJ_API AJ_MUST_USE aj_status aj_dataset_open(aj_dataset **out, aj_context *context, const char *set,
                                             const aj_dataset_options *options, aj_error *err);
AJ_API void aj_dataset_close(aj_dataset *dataset);
/* Strings are borrowed until close. */
AJ_API aj_dataset_info aj_dataset_describe(const aj_dataset *dataset);
/* Writes n samples from `first` on as [n][n_features] float32, pre-processed.  first + n must be within the
 * set. */
AJ_API AJ_MUST_USE aj_status aj_dataset_read(const aj_dataset *dataset, size_t first, size_t n, float *out,
                                             aj_error *err);
/* n_samples class numbers, or NULL when the set has no labels or other ones; borrowed. */
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
/* The same for any shape of 1 to 9 axes. */
AJ_API AJ_MUST_USE aj_status aj_npy_write_shaped(const aj_context *context, const char *path,
                                                 const float *values, size_t rank, const size_t *shape,
                                                 aj_error *err);

#ifdef __cplusplus
}
#endif
#endif

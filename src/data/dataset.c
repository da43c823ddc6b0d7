/* dataset.c: opens a SET: finds its files, checks them, keeps the samples in their stored type. */
#include "dataset.h"

#include "known.h"
#include "named.h"
#include "prepare.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

struct aj_dataset {
    const aj_context *context;
    ajp_arena arena; /* strings */
    aj_dataset_info info;
    ajp_array inputs;  /* or, of a set of several inputs, */
    ajp_named named;   /* n > 0 */
    int32_t *labels;   /* or NULL */
    ajp_array targets; /* of labels that are arrays, or single numbers that may be values; else data NULL */
    ajp_preparation preparation;
};

/* The files a SET stands for. */
typedef struct {
    const char *inputs, *labels; /* labels NULL: none */
    const char *origin, *split;
    size_t n_classes_known; /* 0 = not known */
    bool free_form;         /* labels may be anything */
} files;

static aj_status idx_files(files *out, aj_dataset *d, const char *folder, aj_split split, aj_error *err)
{
    const char *prefix = split == AJ_SPLIT_TRAIN ? "train" : "t10k";
    out->origin = ajp_arena_strdup(&d->arena, folder);
    out->split = split == AJ_SPLIT_TRAIN ? "train" : "test";
    AJ_TRY(ajp_idx_find(&out->inputs, folder, split, AJP_IDX_IMAGES, &d->arena, err));
    AJ_TRY(ajp_idx_find(&out->labels, folder, split, AJP_IDX_LABELS, &d->arena, err));
    if (out->inputs == NULL)
        return ajp_fail(
            err, AJ_NOT_FOUND, 0,
            "%s: has no %s-images-idx3-ubyte[.gz]; a data set folder holds IDX files under MNIST's "
            "names",
            folder, prefix);
    if (out->labels == NULL)
        return ajp_fail(err, AJ_NOT_FOUND, 0, "%s: has %s images, but no %s-labels-idx1-ubyte[.gz]", folder,
                        prefix, prefix);
    return AJ_OK;
}

static aj_status known_files(files *out, aj_dataset *d, const ajp_known_dataset *known, aj_split split,
                             aj_error *err)
{
    const char *folder, *searched;
    AJ_TRY(ajp_known_locate(d->context, known, &d->arena, &folder, &searched, err));
    if (folder == NULL)
        return ajp_fail(err, AJ_NOT_FOUND, 0,
                        "%s: not found in %s; %s, or name its folder with --data-root or AJ_DATA",
                        known->name, searched[0] != '\0' ? searched : "any folder", known->advice);
    AJ_TRY(idx_files(out, d, folder, split, err));
    out->n_classes_known = known->n_classes;
    return AJ_OK;
}

/* "a.npy:b.npy" or "a.npy"; inputs stay NULL when it does not look like either.  The colon is the first one
 * behind .npy[.gz], so that folders may have colons. */
static aj_status npy_files(files *out, aj_dataset *d, const char *set, aj_error *err)
{
    const char *colon = set;
    while ((colon = strchr(colon, ':')) != NULL && !ajp_is_npy(set, (size_t)(colon - set))) colon++;
    size_t first = colon != NULL ? (size_t)(colon - set) : strlen(set);
    if (!ajp_is_npy(set, first)) return AJ_OK;
    if (colon != NULL && !ajp_is_npy(colon + 1, strlen(colon + 1)))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: the labels must be a .npy or .npy.gz file", set);
    char *copy = ajp_arena_strdup(&d->arena, set);
    if (copy == NULL) return ajp_no_memory(err, set);
    copy[first] = '\0';
    out->inputs = copy;
    out->labels = colon != NULL ? copy + first + 1 : NULL;
    out->origin = out->inputs;
    out->split = "all";
    out->free_form = true;
    return AJ_OK;
}

static aj_status find_files(files *out, aj_dataset *d, const char *set, aj_split split, aj_error *err)
{
    const ajp_known_dataset *known = ajp_known_find(set);
    if (known != NULL) return known_files(out, d, known, split, err);
    struct stat info;
    if (stat(set, &info) == 0 && S_ISDIR(info.st_mode)) return idx_files(out, d, set, split, err);
    AJ_TRY(npy_files(out, d, set, err));
    if (out->inputs != NULL) return AJ_OK;
    return ajp_fail(err, AJ_NOT_FOUND, 0,
                    "%s: no such data set; give fashion-mnist, mnist, a folder of IDX files, or "
                    "inputs.npy:labels.npy",
                    set);
}

/* Keeps the labels as they are; *array is given away. */
static aj_status keep_targets(aj_dataset *d, ajp_array *array, const char *name, aj_error *err)
{
    AJ_TRY(ajp_array_check_finite(array, name, "labels", err));
    d->info.n_targets = array->n_elements / array->shape[0];
    d->info.target_rank = array->rank > 1 ? array->rank - 1 : 1;
    d->info.target_shape[0] = 1;
    for (size_t i = 1; i < array->rank; i++) d->info.target_shape[i - 1] = array->shape[i];
    d->info.n_target_classes = ajp_labels_n_classes(array);
    d->targets = *array;
    array->data = NULL;
    return AJ_OK;
}

static size_t n_stored(const aj_dataset *d)
{
    return d->named.n > 0 ? d->named.n_samples : d->inputs.shape[0];
}

static aj_status load_labels(aj_dataset *d, const files *f, aj_error *err)
{
    if (f->labels == NULL) return AJ_OK;
    ajp_array array;
    AJ_TRY(ajp_array_load(&array, d->context, f->labels, err));
    aj_status st = AJ_OK;
    if (array.shape[0] != n_stored(d))
        st = ajp_fail(err, AJ_MISMATCH, 0, "%s has %zu labels, %s has %zu samples; they must be as many",
                      f->labels, array.shape[0], f->inputs, n_stored(d));
    bool arrays = f->free_form && ajp_labels_are_arrays(&array);
    if (st == AJ_OK && !arrays)
        st = ajp_labels_from_array(&d->labels, &d->info.n_classes, &array, f->n_classes_known, d->context,
                                   f->labels, err);
    bool single = array.n_elements == array.shape[0]; /* may be values too */
    if (st == AJ_OK && f->free_form && (arrays || single)) st = keep_targets(d, &array, f->labels, err);
    ajp_array_free(&array, d->context);
    return st;
}

/* Files of a set of named inputs, which are taken as they are. */
static aj_status named_files(files *out, aj_dataset *d, const char *set, const aj_dataset_options *options,
                             aj_error *err)
{
    AJ_TRY(ajp_named_parse(&d->named, set, options->input_names, options->n_input_names, &d->arena, err));
    if (!isnan(options->scale) || options->n_mean + options->n_std > 0 ||
        options->layout != AJ_LAYOUT_UNDECLARED)
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "%s: several inputs are taken as they are; prepare them beforehand and leave out scale, "
            "mean, std and layout",
            set);
    *out = (files){.inputs = d->named.paths[0],
                   .labels = d->named.labels,
                   .origin = d->named.paths[0],
                   .split = "all",
                   .free_form = true};
    return AJ_OK;
}

static aj_status load_inputs(aj_dataset *d, const files *f, aj_error *err)
{
    if (d->named.n > 0) return ajp_named_load(&d->named, d->context, err);
    AJ_TRY(ajp_array_load(&d->inputs, d->context, f->inputs, err));
    return ajp_array_check_finite(&d->inputs, f->inputs, "inputs", err);
}

static void describe_inputs(aj_dataset *d)
{
    const ajp_array *a = &d->inputs;
    d->info.rank = 1;
    d->info.shape[0] = 1;
    if (d->named.n > 0) {
        d->info.n_features = d->info.shape[0] = d->named.n_features;
        d->info.n_inputs = d->named.n;
        d->info.inputs = d->named.inputs;
        return;
    }
    d->info.n_features = a->n_elements / a->shape[0];
    if (a->rank > 1) d->info.rank = a->rank - 1;
    for (size_t i = 1; i < a->rank; i++) d->info.shape[i - 1] = a->shape[i];
}

static aj_status load(aj_dataset *d, const char *set, const aj_dataset_options *options, aj_error *err)
{
    files f = {.n_classes_known = 0};
    if (ajp_named_is(set))
        AJ_TRY(named_files(&f, d, set, options, err));
    else
        AJ_TRY(find_files(&f, d, set, options->split, err));
    AJ_TRY(load_inputs(d, &f, err));
    AJ_TRY(load_labels(d, &f, err));
    d->info.name = ajp_arena_strdup(&d->arena, set);
    if (d->info.name == NULL || f.origin == NULL) return ajp_no_memory(err, set);
    d->info.split = f.split;
    d->info.origin = f.origin;
    d->info.n_samples = n_stored(d);
    if (options->max_samples > 0) d->info.n_samples = ajp_min_size(options->max_samples, n_stored(d));
    describe_inputs(d);
    if (options->declared_in != NULL) {
        d->info.declared_in = ajp_arena_strdup(&d->arena, options->declared_in);
        if (d->info.declared_in == NULL) return ajp_no_memory(err, set);
    }
    aj_dataset_options taken = *options;
    if (d->named.n > 0) taken.scale = 1.0;
    return ajp_preparation_make(&d->preparation, &d->info, &d->inputs, &taken, set, err);
}

aj_status aj_dataset_open(aj_dataset **out, aj_context *context, const char *set,
                          const aj_dataset_options *options, aj_error *err)
{
    aj_dataset_options defaults = AJ_DATASET_OPTIONS_INIT;
    *out = NULL;
    if (options == NULL) options = &defaults;
    if (options->struct_size != sizeof *options)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "data set options: struct_size %zu; use AJ_DATASET_OPTIONS_INIT",
                        options->struct_size);
    if (options->split != AJ_SPLIT_TEST && options->split != AJ_SPLIT_TRAIN)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: split %d; use AJ_SPLIT_TEST or AJ_SPLIT_TRAIN", set,
                        (int)options->split);
    if (!isnan(options->scale) && !(fabs(options->scale) > 0.0 && fabs(options->scale) <= (double)FLT_MAX))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: scale %g; give a finite factor other than 0", set,
                        options->scale);
    aj_dataset *d = ajp_calloc(context, 1, sizeof *d);
    if (d == NULL) return ajp_no_memory(err, set);
    d->context = context;
    ajp_arena_init(&d->arena, context);
    aj_status st = load(d, set, options, err);
    if (st == AJ_OK) {
        *out = d;
        d = NULL;
    }
    aj_dataset_close(d);
    return st;
}

void aj_dataset_close(aj_dataset *dataset)
{
    if (dataset == NULL) return;
    ajp_array_free(&dataset->inputs, dataset->context);
    ajp_named_free(&dataset->named, dataset->context);
    ajp_array_free(&dataset->targets, dataset->context);
    ajp_free(dataset->context, dataset->labels);
    ajp_arena_free(&dataset->arena);
    ajp_free(dataset->context, dataset);
}

aj_dataset_info aj_dataset_describe(const aj_dataset *dataset)
{
    return dataset->info;
}

static void read_rows(const aj_dataset *dataset, size_t first, size_t n, float *out)
{
    if (dataset->named.n > 0)
        ajp_named_read(&dataset->named, first, n, out);
    else
        ajp_prepare(&dataset->preparation, &dataset->inputs, first, n, out);
}

aj_status aj_dataset_read(const aj_dataset *dataset, size_t first, size_t n, float *out, aj_error *err)
{
    const aj_dataset_info *info = &dataset->info;
    if (first > info->n_samples || n > info->n_samples - first)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: samples %zu to %zu asked for, it has %zu", info->name,
                        first, first + n, info->n_samples);
    read_rows(dataset, first, n, out);
    return AJ_OK;
}

/* Rows of a shuffled set lie anywhere in memory: asked for a few rows ahead, they arrive while others are
 * converted (three times faster than waiting for each). */
enum { ROWS_AHEAD = 4, CACHE_LINE = 64 };

static void fetch_row(const aj_dataset *dataset, size_t index)
{
    if (dataset->named.n > 0) return;
    size_t size = dataset->info.n_features * ajp_element_size(dataset->inputs.element);
    const char *row = (const char *)dataset->inputs.data + index * size;
    for (size_t at = 0; at < size; at += CACHE_LINE) __builtin_prefetch(row + at);
}

void ajp_dataset_gather(const aj_dataset *dataset, const uint32_t *indices, size_t n, float *out,
                        size_t out_row)
{
    for (size_t i = 0; i < ROWS_AHEAD && i < n; i++) fetch_row(dataset, indices[i]);
    for (size_t i = 0; i < n; i++) {
        if (i + ROWS_AHEAD < n) fetch_row(dataset, indices[i + ROWS_AHEAD]);
        read_rows(dataset, indices[i], 1, out + i * out_row);
    }
}

void ajp_dataset_targets(const aj_dataset *dataset, size_t first, size_t n, float *out)
{
    size_t n_targets = dataset->info.n_targets;
    ajp_array_floats(&dataset->targets, first * n_targets, n * n_targets, 1.0f, out);
}

const int32_t *aj_dataset_labels(const aj_dataset *dataset)
{
    return dataset->labels;
}

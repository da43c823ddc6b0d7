/* study.h: one network on one data set, looked at on any number of hardwares.
 *
 *   study      what does not depend on hardware: the compiled plan, labels, and the clean pass (accuracy,
 * loss, and the moments of every product's inputs, from which crest factors come) mapping    the study's
 * products on one hardware: what runs where, tiles, calibration trial      everything frozen of a mapping for
 * one trial: effective weights, gains hook       one read of one product: what the executor calls in place of
 * its exact product
 */
#ifndef AJP_STUDY_H
#define AJP_STUDY_H

#include <math.h>

#include "../hardware/hardware_ops.h"
#include "../nn/executor.h"
#include "attojoule/simulate.h"
#include "histogram.h"

/* ---- score: what is kept of the outputs
 * ---------------------------------------------------------------------- */
typedef enum { AJP_OUTPUT_LOGITS, AJP_OUTPUT_PROBABILITIES, AJP_OUTPUT_LOG_PROBABILITIES } ajp_output_kind;

/* What the labels are to the outputs. */
typedef enum {
    AJP_TASK_NONE,      /* there are no labels */
    AJP_TASK_CLASSES,   /* one class number a sample; the output is a list of classes */
    AJP_TASK_CLASS_MAP, /* one class number for every element beside the output's class axis (pixels, words)
                         */
    AJP_TASK_VALUES     /* values to compare the output with */
} ajp_task;

/* Per sample, so that sums can be taken in a fixed order. */
typedef struct {
    uint32_t *correct; /* elements of the right class, n_samples; NULL where there are no classes */
    uint32_t *top5;    /* among the five largest; NULL with fewer than six classes as well */
    double *loss;      /* n_samples; NULL without labels */
} ajp_score;

/* ---- study
 * ------------------------------------------------------------------------------------------------------ */
typedef struct {
    double weight_sum_squares, weight_max_abs;
    double weight_row_crest_ratio; /* mean over rows that are not zero of max^2 cols / sum of squares; NaN
                                      when all are */
    double input_crest_ratio, input_mean_sum_squares; /* of the clean pass; NaN before it */
    /* Of two activations the weights are those of the clean pass too (sum of squares: the mean over samples
     * of all groups), and this is the mean over matrices of max^2 cells / sum of squares. */
    double weight_crest_ratio;
} ajp_product_statistics;

typedef struct {
    aj_context *context;
    const aj_model *model;
    const aj_dataset *dataset; /* NULL for inspection */
    aj_dataset_info data;
    const int32_t *labels;
    ajp_plan *plan;
    ajp_workspace **workspaces; /* one a thread */
    float **inputs, **outputs;  /* chunk buffers, one a thread */
    unsigned n_threads;
    size_t chunk, n_products, n_features, n_outputs;
    ajp_product_statistics *statistics; /* n_products */
    ajp_output_kind output_kind;
    ajp_task task;
    size_t n_classes, n_elements; /* of a class map: elements with a class each; 1 of AJP_TASK_CLASSES */
    size_t class_stride, element_stride; /* of the output: from class to class, from element to element */
    double clean_accuracy_ratio, clean_top5_accuracy_ratio, clean_loss;
    aj_dynamic dynamic;                   /* where products of two activations run */
    struct ajp_preparation *preparations; /* mapping.c: what families prepared; kept for other mappings */
    ajp_arena arena;
} ajp_study;

aj_status ajp_study_create(ajp_study **out, aj_context *context, const aj_model *model,
                           const aj_dataset *dataset, size_t chunk, aj_error *err);
void ajp_study_destroy(ajp_study *study);
/* "digital" or "analog"; NULL when no product is of two activations. */
const char *ajp_study_dynamic(const ajp_study *study);
/* The clean pass: fills statistics, clean_accuracy_ratio, clean_loss; outputs may be NULL. */
aj_status ajp_study_clean(ajp_study *study, float *outputs, aj_error *err);
/* Runs samples [0, n) of a data set through the plan in chunks over the pool. For each chunk `begin` gives
 * the hook (NULL = exact); `end` sees the outputs. work may be NULL; it is stepped by n_before + samples
 * done. */
typedef struct {
    const ajp_product_hook *(*begin)(void *user, unsigned thread, size_t first, size_t n);
    void (*end)(void *user, unsigned thread, size_t first, size_t n, const float *outputs);
    void *user;
} ajp_pass;
aj_status ajp_study_pass(ajp_study *study, const aj_dataset *dataset, size_t n, const ajp_pass *pass,
                         ajp_work *work, uint64_t n_before, aj_error *err);

/* task.c: what the labels are to the outputs; MISMATCH where they fit in no way. */
aj_status ajp_task_find(ajp_study *study, aj_error *err);
/* What the loss is, for the record; NULL without labels. */
const char *ajp_task_loss(ajp_task task);

/* score.c: memory for n samples of a study with labels. false: there is not enough. */
bool ajp_score_make(ajp_score *out, const ajp_study *study, size_t n, ajp_arena *arena);
/* Floats of scratch that a thread needs. */
size_t ajp_score_scratch(const ajp_study *study);
/* Classes and loss of n rows of outputs. */
void ajp_score_rows(const ajp_study *study, const float *outputs, size_t first, size_t n, float *scratch,
                    ajp_score *score);
/* Share of what `counts` counts among all elements of all samples; NaN for NULL. */
double ajp_score_ratio(const ajp_study *study, const uint32_t *counts);
double ajp_score_loss(const ajp_study *study, const ajp_score *score);

/* ---- mapping
 * ----------------------------------------------------------------------------------------------------- */
typedef struct {
    ajp_product product;
    bool on_hardware;
    const char *why_not;       /* when it is not */
    size_t n_tiles, tile_cols; /* of one group */
    size_t first_frozen;       /* in a trial: of its group 0 */
    ajp_calibration calibration;
} ajp_mapped_product;

typedef struct {
    ajp_study *study;
    const aj_hardware *hardware;
    const ajp_hardware_ops *ops;
    const void *params;
    ajp_mapped_product *products;        /* study->n_products */
    size_t n_frozen;                     /* groups of all products */
    struct ajp_preparation *preparation; /* the study's; NULL where the family prepares nothing */
    ajp_arena arena;
} ajp_mapping;

/* What a family prepared for one set of parameters, filled at the first trial that wants it. Lives as long as
 * the study, so that the steps of a search share it. */
typedef struct ajp_preparation {
    struct ajp_preparation *next;
    const ajp_hardware_ops *ops;
    const void *params;
    void **caches; /* one a group of every product */
} ajp_preparation;

/* calibrations: one a product, or NULL. */
aj_status ajp_mapping_create(ajp_mapping *out, ajp_study *study, const aj_hardware *hardware,
                             const ajp_calibration *calibrations, aj_error *err);
void ajp_mapping_destroy(ajp_mapping *mapping);

/* Mean sum of squares and largest magnitude of each product's inputs over the first n samples, as the
 * hardware itself makes them: product by product, the ones before read with the gains that were just found.
 * (Clean inputs would be too small: noise through a rectifier adds to the norm, and the light spent would
 * exceed photons_per_mac.) */
typedef struct {
    ajp_study *study;
    const aj_hardware *hardware;
    const aj_dataset *dataset;
    size_t n_samples;
    uint64_t seed;
} ajp_calibrator;
aj_status ajp_study_calibrate(const ajp_calibrator *calibrator, ajp_calibration *out, aj_error *err);

/* ---- trial
 * ---------------------------------------------------------------------------------------------------------
 */
/* A plane as the kernels want it. */
typedef struct {
    const float *packed, *second, *reference,
        *reference_second; /* second, reference: NULL where there is none */
    ajp_encode encode;
    ajp_adc adc;
} ajp_packed_plane;

typedef struct {
    ajp_freeze_request request;
    ajp_frozen frozen;
    const float *packed;            /* effective weights for the kernel */
    const float *packed_squares;    /* their squares, when per-pulse noise needs them */
    const ajp_packed_plane *planes; /* AJP_LAW_PLANES: frozen.n_planes */
} ajp_frozen_product;

/* Whether something of it can be beyond limits: a full well or a converter. */
static inline bool ajp_frozen_can_clip(const ajp_frozen *frozen)
{
    if (frozen->law == AJP_LAW_COUNTS) return isfinite(frozen->clip_electrons);
    for (size_t i = 0; i < frozen->n_planes; i++)
        if (frozen->planes[i].adc.kind != AJP_CONVERTER_IDEAL) return true;
    return false;
}

/* planes.c. NULL / NO_MEMORY where there is not enough. `network`: the product's own matrix, packed. */
float *ajp_matrix_pack(ajp_arena *arena, const float *weights, size_t rows, size_t cols);
aj_status ajp_planes_pack(ajp_frozen_product *frozen, const float *network, aj_error *err);
ajp_adc ajp_adc_of(const ajp_converter *converter);

typedef struct {
    const ajp_mapping *mapping;
    uint64_t seed;
    uint32_t trial;
    ajp_frozen_product *products; /* mapping->n_frozen; unused for those not on hardware */
    ajp_arena arena;
} ajp_trial;

aj_status ajp_trial_freeze(ajp_trial *out, const ajp_mapping *mapping, uint64_t seed, uint32_t trial,
                           aj_error *err);
void ajp_trial_destroy(ajp_trial *trial);
/* The same of one matrix of a product of two activations, which is known only now; lives in `arena`. */
aj_status ajp_trial_freeze_matrix(const ajp_trial *trial, const ajp_dynamic_call *call, ajp_arena *arena,
                                  ajp_frozen_product *out, aj_error *err);

/* ---- read
 * ------------------------------------------------------------------------------------------------------------
 */
/* What is kept per sample and product when per_layer is asked for. */
typedef struct {
    double *signal, *error; /* [n_products][n_samples]; sums of squares; or NULL */
} ajp_layer_error;

/* Sums over input vectors of the encoded inputs of every column, in units of 2^-32 (order does not matter).
 */
typedef struct {
    uint64_t *magnitudes, *squares; /* [groups][cols] */
    uint64_t *n_vectors;            /* [groups] */
} ajp_column_sums;

/* One thread's reader: memory for the laws of one chunk; nothing is allocated while reading. */
typedef struct {
    const ajp_trial *trial;
    bool reference;
    size_t first_sample;
    size_t max_rows;                     /* rows of the largest product call */
    float *gain, *total, *leak, *decode; /* [largest n_tiles][max_rows] */
    double *tile_sum_squares;            /* [largest n_tiles][max_rows] */
    double *sum_squares, *phases;        /* max_rows */
    float *squares_in, *squares_out;     /* per-pulse phase noise */
    float *exact, *read;                 /* per_layer: [max_rows][rows padded] */
    uint32_t *row_clipped;               /* max_rows */
    uint32_t *row_sample, *row_rep;      /* max_rows: what each row of the call is */
    uint64_t *n_clipped;                 /* n_products */
    bool *can_clip;                      /* n_products: of two activations, set when one was read */
    const ajp_layer_error *layer_error;
    double *input_sum_squares; /* [n_products][n_samples], as read; or NULL */
    /* planes */
    float *encoded, *normals;            /* [max_rows][cols]; one row */
    double *full_scale;                  /* max_rows */
    float *inverse_scale, *ones, *zeros; /* max_rows; ones and zeros also as long as the longest output */
    float *plane_gain, *plane_variance, *plane_second_gain, *plane_total,
        *plane_decode;                          /* [tiles][max_rows] */
    ajp_vector_moments *vector_moments;         /* likewise */
    float *reference_column, *reference_second; /* max_rows */
    ajp_column_sums *column_sums;               /* n_products, while the first trial is read; or NULL */
    ajp_histogram *observed; /* one a plane of observed_product: its readings are kept; or NULL */
    size_t observed_product;
    ajp_product_hook hook;
    ajp_arena arena, matrix_arena; /* what is frozen of the matrix in work */
} ajp_reader;

aj_status ajp_reader_init(ajp_reader *out, const ajp_mapping *mapping, size_t chunk, bool reference,
                          bool per_layer, aj_error *err);
void ajp_reader_free(ajp_reader *reader);
/* The hook for a chunk whose first sample has this number in the data set. */
const ajp_product_hook *ajp_reader_hook(ajp_reader *reader, const ajp_trial *trial, size_t first_sample);

/* ---- account and record
 * --------------------------------------------------------------------------------------------- */
typedef struct {
    double *signal_to_noise_ratio, *clipped_ratio; /* per product */
    double *input_mean_sum_squares;                /* per product, as read; NULL = those of the clean pass */
    const double **column_mean_magnitudes,
        **column_mean_squares; /* per product, [groups][cols]; NULL = not seen */
    const ajp_frozen *const
        *frozen; /* per product: of the first trial, group 0; NULL where not on hardware */
} ajp_layer_findings;

/* columns.c: makes every reader sum its columns while it reads this trial (products whose law has planes),
 * and the means of what they summed. */
aj_status ajp_columns_watch(ajp_reader *readers, unsigned n_readers, const ajp_trial *trial, ajp_arena *arena,
                            aj_error *err);
aj_status ajp_columns_mean(ajp_column_sums *const *all, unsigned n_readers, const ajp_study *study,
                           ajp_arena *arena, ajp_layer_findings *out, aj_error *err);

/* Fills everything of a record that depends on study, mapping and options; accuracy is the caller's. */
aj_status ajp_record_account(aj_evaluation *out, const ajp_mapping *mapping, const aj_hardware *fallback,
                             unsigned batch, aj_mode mode, const ajp_layer_findings *findings, aj_error *err);
aj_status ajp_record_study(aj_evaluation *out, const ajp_study *study, aj_error *err);

/* The evaluation of one hardware on a study whose clean pass is done; work may be NULL. */
aj_status ajp_study_evaluate(aj_evaluation *out, ajp_study *study, const aj_hardware *hardware,
                             const aj_evaluate_options *options, const ajp_calibration *calibrations,
                             ajp_work *work, uint64_t n_before, aj_error *err);
enum { AJP_CALIBRATION_SAMPLES = 1000 }; /* where the options do not say */
/* Calibrations if the hardware wants them (into the study's arena), else *out = NULL. */
aj_status ajp_study_calibrations(const ajp_calibration **out, ajp_study *study, const aj_hardware *hardware,
                                 const aj_evaluate_options *options, aj_error *err);
aj_status ajp_check_evaluate_options(const aj_evaluate_options *options, aj_error *err);

/* Puts what the caller's meter says into the record. */
void ajp_record_measured(aj_evaluation *record, const aj_evaluate_options *options);

#endif

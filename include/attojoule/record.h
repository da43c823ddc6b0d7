/* record.h: what an evaluation found, as one value: written as JSON, read back, appended to files.
 * Missing numbers are NaN (null in JSON). */
#ifndef ATTOJOULE_RECORD_H
#define ATTOJOULE_RECORD_H

#include <stdio.h>

#include "attojoule/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One parameter of the hardware as it was used. */
typedef struct {
    const char *key, *unit;
    double value;     /* NaN = not described */
    const char *word; /* of a choice, else NULL */
    const char *source;
} aj_recorded_parameter;

/* What was done to every value of a sample: (x scale - mean) / std of its channel. */
typedef struct {
    double scale; /* NaN = not recorded */
    const double *mean, *std;
    size_t n_mean, n_std;    /* 0: none; 1: for all channels */
    const char *layout;      /* of the file, "nchw" or "nhwc"; NULL = not declared */
    const char *declared_in; /* "command line", a file, or both; NULL = nowhere */
} aj_recorded_preprocessing;

/* One product (or a digital step) of the network on the hardware, per inference. */
typedef struct {
    const char *name, *op_type;
    const char *runs_on; /* family, or "digital" for the fallback */
    uint64_t rows, cols, reps;
    uint64_t groups; /* products of that size with inputs of their own; 0 (older records) means 1 */
    double macs;
    double weight_symbols, input_symbols, samples;
    double distinct_inputs; /* numbers that the inputs are made of: rows overlap in a convolution, where
                               cols reps groups of them are gathered from fewer */
    double sram_bytes, dram_bytes; /* moved; NaN = not described */
    double photons_incident, photons_launched, weight_crest_ratio, input_crest_ratio;
    double
        signal_to_noise_ratio; /* power of the exact output over power of the error; NaN if not asked for */
    double clipped_ratio; /* share of results at the integrator's full well or beyond a converter's range;
                             NaN = cannot clip */
    double latency_seconds;
    aj_energy energy;
    /* Converters as they were chosen; NaN = there are none (neither limits nor steps). Of several planes
     * (passes of inputs through devices): the outermost ends. Readings are in the family's units,
     * docs/hardware.md. */
    double n_planes;
    double input_full_scale; /* of every input; NaN = the largest of each input vector */
    double input_bits, reading_bits, reading_low, reading_high;
    double reading_percentile_ratio; /* of calibrated ranges; else NaN */
} aj_layer_record;

typedef struct {
    void *memory; /* owns every string and array below; NULL in a zeroed record */
    const char *model, *model_sha256;
    const char *dataset_name, *dataset_split;
    uint64_t n_samples;
    aj_recorded_preprocessing preprocessing;
    const char *hardware_name, *hardware_family, *hardware_evidence, *hardware_node,
        *hardware_cite; /* NULL: clean only */
    const char
        *hardware_summary; /* how it computes, in plain words, one sentence part: "multiplies by ..." */
    int hardware_year;
    const aj_recorded_parameter *parameters;
    size_t n_parameters;
    uint64_t seed;
    unsigned n_trials, batch;
    const char *mode; /* "latency" or "throughput" */
    const char
        *dynamic; /* where products of two activations ran: "digital" or "analog"; NULL: there are none */
    /* Share of samples (of elements, where each has a class) of the right class; NaN where there are none. */
    double clean_accuracy_ratio, clean_loss;
    aj_summary accuracy_ratio;                                    /* over trials */
    double accuracy_ci95_dataset_low, accuracy_ci95_dataset_high; /* trials and images */
    const double *trial_accuracy_ratios; /* n_trials values: comparisons are paired on them */
    double clean_top5_accuracy_ratio;    /* right class among the five largest; NaN with fewer than six */
    aj_summary top5_accuracy_ratio;
    const char *loss_of; /* what the loss is: "cross-entropy", "mean squared error"; NULL without labels */
    aj_summary loss;
    double macs_per_inference, flops_per_inference;
    double photons_per_mac;      /* incident / detected: how the axis counts; NaN without light */
    aj_energy energy;            /* per inference; origin modelled */
    double energy_stddev_joules; /* of `system`, NaN = not known */
    double latency_seconds, throughput_per_second;
    const char *latency_of;
    const aj_layer_record *layers;
    size_t n_layers;
    const char *const *digital_fallback; /* products the hardware did not take: "name (operator): reason" */
    size_t n_digital_fallback;
    const char *law;          /* which read law was used, for --explain */
    const char *const *notes; /* assumptions and warnings, one sentence each */
    size_t n_notes;
    aj_estimate measured_energy_joules;  /* of the evaluation itself; value NaN until there is a meter */
    double duration_seconds;             /* of the evaluation itself */
    const aj_recorded_parameter *varied; /* of a sweep: key and value; else none */
    size_t n_varied;
} aj_evaluation;

/* Frees what the record owns and zeroes it; NULL and zeroed records allowed. */
AJ_API void aj_evaluation_destroy(aj_evaluation *evaluation);
/* The document of DESIGN 5 as text without newline at its end (indent 0: one line).  Free with aj_text_free.
 */
AJ_API AJ_MUST_USE aj_status aj_evaluation_to_json(const aj_evaluation *evaluation, unsigned indent,
                                                   char **text, aj_error *err);
AJ_API void aj_text_free(char *text);
/* Strict: unknown keys are ignored, wrong types and impossible numbers are refused. `name` stands in
 * messages. */
AJ_API AJ_MUST_USE aj_status aj_evaluation_from_json(aj_evaluation *out, const char *text, size_t size,
                                                     const char *name, aj_error *err);

/* An append-only file, one JSON document a line.  Appending is one write; a torn last line (no newline) of an
 * interrupted run is cut off when the file is opened for appending and ignored when it is read. */
typedef struct aj_evaluation_file aj_evaluation_file;
/* Creates or opens; *records / *n get what is there already (free with aj_evaluations_free). */
AJ_API AJ_MUST_USE aj_status aj_evaluation_file_open(aj_evaluation_file **out, const char *path,
                                                     aj_evaluation **records, size_t *n, aj_error *err);
AJ_API AJ_MUST_USE aj_status aj_evaluation_file_append(aj_evaluation_file *file,
                                                       const aj_evaluation *evaluation, aj_error *err);
AJ_API void aj_evaluation_file_close(aj_evaluation_file *file);
AJ_API AJ_MUST_USE aj_status aj_evaluations_read(const char *path, aj_evaluation **records, size_t *n,
                                                 aj_error *err);
AJ_API void aj_evaluations_free(aj_evaluation *records, size_t n);

/* ---- a comparison: one network on several hardwares, each at the least energy that keeps its accuracy ----
 */

/* One value of the knob that was tried. */
typedef struct {
    double value; /* of the knob, in its unit; NaN: nothing is turned */
    bool fresh;   /* a confirmation, on trials that the search did not see */
    bool kept;    /* fresh: confirmed; else: a confirmation at this value was expected to succeed */
    bool refused; /* the hardware cannot be described with this value: nothing was computed */
    aj_summary accuracy_ratio; /* over its trials */
    double bound_ratio; /* lower bound of accuracy - clean that `kept` was decided by, wrong in error_ratio */
    double error_ratio; /* of cases (one-sided); 0 = nothing is random */
    double boundary_joules[AJ_N_BOUNDARIES]; /* per inference */
} aj_comparison_step;

typedef struct {
    const char *key, *unit;  /* a parameter and its SI unit; NULL: nothing was turned */
    double value, low, high; /* chosen, and the ends of the grid; NaN without a knob */
    size_t n_grid;           /* values of the grid */
} aj_turned_knob;

typedef struct {
    /* At the value that was chosen, over the trials of its confirmation; not reached: at the best one. */
    aj_evaluation evaluation;
    bool reached;        /* confirmed within the tolerance */
    bool exact;          /* nothing of this hardware is random: one trial says all */
    bool scanned;        /* every value of the grid was tried: accuracy is not monotone in the knob */
    bool trained_for_it; /* the network was trained on this hardware */
    aj_turned_knob knob;
    const char *knob_held;                           /* why nothing was turned, in words; NULL when it was */
    double bound_ratio, error_ratio;                 /* of the statement; see aj_comparison_step */
    double area_square_meters, peak_macs_per_second; /* NaN = not described */
    const aj_comparison_step *steps;                 /* in the order they were tried */
    size_t n_steps;
} aj_comparison_row;

/* What is the same for all rows. */
typedef struct {
    const char *what, *value;
} aj_held_constant;

typedef struct {
    void *memory; /* owns everything below; NULL in a zeroed comparison */
    aj_comparison_row *rows;
    size_t n_rows;
    double within_ratio, error_ratio; /* tolerance below clean; of each row's statement being wrong */
    unsigned n_search_trials, n_trials;
    uint64_t search_seed, seed; /* of the search; of the confirmations */
    double clean_accuracy_ratio;
    const aj_held_constant *held;
    size_t n_held;
    aj_estimate measured_energy_joules; /* of the comparison itself */
    double duration_seconds;
} aj_comparison;

AJ_API void aj_comparison_destroy(aj_comparison *comparison); /* NULL and zeroed ones allowed */
/* One document; docs/compare.md. Free with aj_text_free. */
AJ_API AJ_MUST_USE aj_status aj_comparison_to_json(const aj_comparison *comparison, unsigned indent,
                                                   char **text, aj_error *err);

/* One epoch of a training, and its result; JSON lines as well. */
typedef struct {
    unsigned epoch; /* from 1 */
    double train_loss, test_accuracy_ratio, learning_rate;
    double flops_so_far; /* forward and backward of training; 2 per MAC */
    double duration_seconds;
    aj_estimate joules_so_far;      /* that training took, by the meter; value NaN: not known */
    double location_kilograms_co2e; /* of these joules; NaN: not known */
} aj_epoch_record;
AJ_API AJ_MUST_USE aj_status aj_epoch_to_json(const aj_epoch_record *epoch, char **text, aj_error *err);

#ifdef __cplusplus
}
#endif
#endif

/* simulate.h: a network on described hardware: what would run where, how accurate it is, what it costs.
 *
 * Every result is a function of the model, the data, the hardware's parameters, the seed, the number of
 * trials and samples, and the accelerator's batch and mode (which set energy and latency only); never of
 * threads, chunk or instruction set. */
#ifndef ATTOJOULE_SIMULATE_H
#define ATTOJOULE_SIMULATE_H

#include "attojoule/base.h"
#include "attojoule/data.h"
#include "attojoule/hardware.h"
#include "attojoule/nn.h"
#include "attojoule/record.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { AJ_MODE_LATENCY = 0, AJ_MODE_THROUGHPUT } aj_mode;

/* Where products of two activations (attention's) run: priced as digital and listed, or on the hardware, with
 * both operands encoded for every sample. */
typedef enum { AJ_DYNAMIC_DIGITAL = 0, AJ_DYNAMIC_ANALOG } aj_dynamic;

typedef struct {
    size_t struct_size;
    const aj_hardware *hardware; /* NULL = exact arithmetic only */
    const aj_hardware *fallback; /* prices what the hardware does not take; NULL = the preset digital-45nm */
    unsigned n_trials;           /* draws of everything frozen and of all read noise; >= 1 */
    uint64_t seed;
    unsigned batch; /* of the accelerator; >= 1 */
    aj_mode mode;
    size_t chunk;   /* samples computed at a time by one thread; 0 = chosen; changes no result */
    bool per_layer; /* also signal-to-noise and clipped share of every product (one more exact pass) */
    bool reference; /* reads by the slow reference, pulse by pulse (for tests; thousands of times slower) */
    const aj_dataset *calibration; /* clean inputs for `input_gain: calibrated`; NULL = the data set itself */
    size_t n_calibration;          /* first so many samples of it; 0 = 1000 */
    float *outputs; /* [n_samples][n_output_features] of the last trial (or the exact ones), or NULL */
    /* Asked for the joules that computing took when an evaluation, or a point of a sweep, is done: they
     * become part of its record.  NULL = not measured. */
    aj_estimate (*measured_joules)(void *user);
    void *measured_user;
    aj_dynamic dynamic;
} aj_evaluate_options;
#define AJ_EVALUATE_OPTIONS_INIT                                                                           \
    {                                                                                                      \
        sizeof(aj_evaluate_options), NULL, NULL, 1, 1, 1, AJ_MODE_LATENCY, 0, false, false, NULL, 0, NULL, \
            NULL, NULL, AJ_DYNAMIC_DIGITAL                                                                 \
    }

/* Accuracy (argmax of the output against class numbers, also one an element; NaN for other labels and
 * without), loss (cross-entropy of softmax(output), or mean squared error against values of the output's
 * shape), energy and latency of one inference.  The record must be destroyed by the caller; zeroed on
 * failure. MISMATCH: the model's input has another number of elements than a sample, or the labels fit its
 * output in no way. */
AJ_API AJ_MUST_USE aj_status aj_evaluate(aj_evaluation *out, aj_context *context, const aj_model *model,
                                         const aj_dataset *dataset, const aj_evaluate_options *options,
                                         aj_error *err);

/* What would run where and what it would cost, before any data (crest factors and what depends on them are
 * NaN). */
AJ_API AJ_MUST_USE aj_status aj_inspect(aj_evaluation *out, aj_context *context, const aj_model *model,
                                        const aj_hardware *hardware, unsigned batch, aj_mode mode,
                                        aj_dynamic dynamic, aj_error *err);

/* "key=lo:hi:log:N", "key=lo:hi:lin:N" or "key=a,b,c"; numbers may carry units.  Allocated by the library
 * (aj_sweep_values_free). */
typedef struct {
    char *key;
    double *values;
    size_t n;
} aj_sweep_values;
AJ_API AJ_MUST_USE aj_status aj_sweep_parse(aj_sweep_values *out, const char *text,
                                            const aj_hardware *hardware, aj_error *err);
AJ_API void aj_sweep_values_free(aj_sweep_values *values);

/* Called with every point, finished or taken from the file, in grid order. Return false to stop. */
typedef bool (*aj_sweep_point)(void *user, size_t i, size_t n_points, bool resumed,
                               const aj_evaluation *point);

/* Evaluates the grid (first axis slowest).  path NULL or an append-only file: finished points are appended at
 * once and not computed again by a later call; a file of another model, data set, hardware, parameters or
 * options is refused (MISMATCH, naming the key).  All points share seed and trials: common random numbers.
 * INTERRUPTED keeps the file. */
AJ_API AJ_MUST_USE aj_status aj_sweep(aj_context *context, const aj_model *model, const aj_dataset *dataset,
                                      const aj_evaluate_options *options, const aj_sweep_values *axes,
                                      size_t n_axes, const char *path, aj_sweep_point point, void *user,
                                      aj_error *err);

/* ---- comparing hardwares ------------------------------------------------------------------------ */

typedef struct {
    size_t struct_size;
    const aj_hardware *const *hardwares;
    size_t n_hardwares;
    const bool *trained_for_it; /* n_hardwares, only said in the result; NULL = none */
    double within_ratio;        /* accuracy may be so much below clean; 0 ... 1 */
    unsigned n_trials;          /* of a confirmation; >= 2 */
    /* Seed (of the search; confirmations have their own), batch, mode, calibration, fallback, ... of all;
     * hardware, n_trials, per_layer, reference and outputs are not used. */
    aj_evaluate_options evaluate;
} aj_compare_options;
#define AJ_COMPARE_OPTIONS_INIT                                                       \
    {                                                                                 \
        sizeof(aj_compare_options), NULL, 0, NULL, 0.01, 20, AJ_EVALUATE_OPTIONS_INIT \
    }

/* Called with every row when it is finished. Return false to stop (INTERRUPTED). */
typedef bool (*aj_compare_finished)(void *user, size_t i, size_t n_rows, const aj_comparison_row *row);

/* For every hardware the least energy along its family's knob (docs/compare.md) at which accuracy stays
 * within the tolerance of clean on the same images; found on some trials and confirmed on others. A knob that
 * the caller set himself is held, and so is everything of a hardware without knob. Rows are in the order of
 * `hardwares`. The comparison must be destroyed by the caller; zeroed on failure.  BAD_ARGUMENT: the data set
 * has no classes to be accurate in. */
AJ_API AJ_MUST_USE aj_status aj_compare(aj_comparison *out, aj_context *context, const aj_model *model,
                                        const aj_dataset *dataset, const aj_compare_options *options,
                                        aj_compare_finished finished, void *user, aj_error *err);

#ifdef __cplusplus
}
#endif
#endif

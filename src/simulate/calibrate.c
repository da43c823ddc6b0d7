/* calibrate.c: what a hardware's fixed gains and ranges are set to: product by product, each one seeing what
 * the hardware itself makes of the products before it (clean inputs would be too small: noise through a
 * rectifier adds to the norm). Of a product first its inputs, then, where converters take their range from
 * readings, what the array adds up before it is converted. */
#include "clean.h"

#include <math.h>

/* Trial number of calibration reads: no evaluation may use it, so that they share no random numbers. */
enum { CALIBRATION_TRIAL = (1 << 24) - 1 };

typedef struct {
    const ajp_calibrator *c;
    ajp_mapping mapping;
    bool *on_hardware; /* per product: as mapped */
    ajp_clean_pass watcher;
    ajp_reader *readers; /* one a thread */
    unsigned n_readers;
    ajp_histogram *inputs; /* one a thread */
    ajp_arena arena;
} calibration_run;

/* One pass in which the first n_read products are read by the hardware and the others are exact. */
static aj_status run_pass(calibration_run *run, size_t n_read, aj_error *err)
{
    const ajp_calibrator *c = run->c;
    ajp_trial trial;
    ajp_pass pass = {ajp_clean_begin, NULL, &run->watcher};
    for (size_t j = 0; j < c->study->n_products; j++)
        run->mapping.products[j].on_hardware = j < n_read && run->on_hardware[j];
    AJ_TRY(ajp_trial_freeze(&trial, &run->mapping, c->seed, CALIBRATION_TRIAL, err));
    run->watcher.trial = &trial;
    for (unsigned t = 0; t < c->study->n_threads; t++) {
        run->watcher.threads[t].reader = &run->readers[t];
        run->watcher.threads[t].inputs = &run->inputs[t];
        run->inputs[t] = (ajp_histogram){.largest = 0.0f};
    }
    aj_status st = ajp_study_pass(c->study, c->dataset, c->n_samples, &pass, NULL, 0, err);
    ajp_trial_destroy(&trial);
    return st;
}

static void percentiles(const ajp_histogram *histogram, double out[AJP_N_PERCENTILES])
{
    for (int i = 0; i < AJP_N_PERCENTILES; i++)
        out[i] = ajp_histogram_percentile(histogram, ajp_percentile_ratio[i]);
}

static aj_status see_inputs(calibration_run *run, size_t i, ajp_calibration *out, aj_error *err)
{
    const ajp_calibrator *c = run->c;
    run->watcher.watched = i;
    AJ_TRY(run_pass(run, i, err));
    const double *sum_squares = run->watcher.sum_squares + i * c->n_samples,
                 *max_abs = run->watcher.max_abs + i * c->n_samples;
    out->mean_sum_squares = aj_sum(sum_squares, c->n_samples) / (double)c->n_samples;
    out->max_abs = 0.0;
    for (size_t j = 0; j < c->n_samples; j++) out->max_abs = fmax(out->max_abs, max_abs[j]);
    for (unsigned t = 1; t < c->study->n_threads; t++) ajp_histogram_merge(&run->inputs[0], &run->inputs[t]);
    percentiles(&run->inputs[0], out->input_percentile);
    return AJ_OK;
}

/* Planes of product i, from one trial; 0 where its law has none or it is of two activations. */
static aj_status count_planes(calibration_run *run, size_t i, size_t *n, aj_error *err)
{
    ajp_trial trial;
    *n = 0;
    if (run->mapping.products[i].product.weights == AJP_OPERAND_DYNAMIC) return AJ_OK;
    for (size_t j = 0; j < run->c->study->n_products; j++)
        run->mapping.products[j].on_hardware = j == i && run->on_hardware[j];
    AJ_TRY(ajp_trial_freeze(&trial, &run->mapping, run->c->seed, CALIBRATION_TRIAL, err));
    const ajp_frozen *frozen = &trial.products[run->mapping.products[i].first_frozen].frozen;
    if (frozen->law == AJP_LAW_PLANES) *n = frozen->n_planes;
    ajp_trial_destroy(&trial);
    return AJ_OK;
}

static aj_status see_readings(calibration_run *run, size_t i, ajp_calibration *out, aj_error *err)
{
    ajp_study *study = run->c->study;
    size_t n_planes;
    AJ_TRY(count_planes(run, i, &n_planes, err));
    if (n_planes == 0) return AJ_OK;
    double(*found)[AJP_N_PERCENTILES] = ajp_arena_array(&study->arena, n_planes, sizeof *found);
    ajp_arena arena;
    ajp_arena_init(&arena, study->context);
    aj_status st = AJ_OK;
    if (found == NULL) st = ajp_no_memory(err, "calibration");
    for (unsigned t = 0; t < study->n_threads && st == AJ_OK; t++) {
        run->readers[t].observed = ajp_arena_array(&arena, n_planes, sizeof(ajp_histogram));
        run->readers[t].observed_product = i;
        if (run->readers[t].observed == NULL) st = ajp_no_memory(err, "calibration");
    }
    if (st == AJ_OK) st = run_pass(run, i + 1, err);
    for (size_t plane = 0; plane < n_planes && st == AJ_OK; plane++) {
        ajp_histogram *all = &run->readers[0].observed[plane];
        for (unsigned t = 1; t < study->n_threads; t++)
            ajp_histogram_merge(all, &run->readers[t].observed[plane]);
        percentiles(all, found[plane]);
    }
    for (unsigned t = 0; t < study->n_threads; t++) run->readers[t].observed = NULL;
    ajp_arena_free(&arena);
    if (st != AJ_OK) return st;
    out->reading = found;
    out->n_planes = n_planes;
    return AJ_OK;
}

static aj_status calibrate_product(calibration_run *run, size_t i, ajp_calibration *out, aj_error *err)
{
    const ajp_mapping *mapping = &run->mapping;
    if (!run->on_hardware[i]) return AJ_OK;
    AJ_TRY(see_inputs(run, i, out, err));
    run->mapping.products[i].calibration = *out;
    if (mapping->ops->needs_readings == NULL || !mapping->ops->needs_readings(mapping->params)) return AJ_OK;
    AJ_TRY(see_readings(run, i, out, err));
    run->mapping.products[i].calibration = *out;
    return AJ_OK;
}

static aj_status prepare_run(calibration_run *run, aj_error *err)
{
    const ajp_calibrator *c = run->c;
    ajp_study *study = c->study;
    run->readers = ajp_arena_array(&run->arena, study->n_threads, sizeof *run->readers);
    run->inputs = ajp_arena_array(&run->arena, study->n_threads, sizeof *run->inputs);
    run->on_hardware = ajp_arena_array(&run->arena, study->n_products, sizeof *run->on_hardware);
    if (run->readers == NULL || run->inputs == NULL || run->on_hardware == NULL)
        return ajp_no_memory(err, "calibration");
    AJ_TRY(ajp_clean_prepare(&run->watcher, study, c->n_samples, false, false, &run->arena, err));
    AJ_TRY(ajp_mapping_create(&run->mapping, study, c->hardware, NULL, err));
    for (size_t i = 0; i < study->n_products; i++) run->on_hardware[i] = run->mapping.products[i].on_hardware;
    for (; run->n_readers < study->n_threads; run->n_readers++)
        AJ_TRY(
            ajp_reader_init(&run->readers[run->n_readers], &run->mapping, study->chunk, false, false, err));
    return AJ_OK;
}

aj_status ajp_study_calibrate(const ajp_calibrator *c, ajp_calibration *out, aj_error *err)
{
    calibration_run run = {.c = c};
    ajp_arena_init(&run.arena, c->study->context);
    for (size_t i = 0; i < c->study->n_products; i++) out[i] = ajp_calibration_none();
    aj_status st = prepare_run(&run, err);
    for (size_t i = 0; i < c->study->n_products && st == AJ_OK; i++)
        st = calibrate_product(&run, i, &out[i], err);
    for (unsigned i = 0; i < run.n_readers; i++) ajp_reader_free(&run.readers[i]);
    if (run.mapping.products != NULL) ajp_mapping_destroy(&run.mapping);
    ajp_arena_free(&run.arena);
    return st;
}

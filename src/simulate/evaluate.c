/* evaluate.c: trials of a network on a hardware over a data set: accuracy with its intervals, and the record.
 */
#include "study.h"

#include <math.h>
#include <string.h>

#include "../record/builder.h"

enum { MAX_TRIALS = 1 << 20 /* calibration has a number above */, MAX_BATCH = 1 << 24 };

typedef struct {
    ajp_study *study;
    const ajp_trial *trial;
    ajp_reader *readers; /* one a thread */
    unsigned n_readers;
    float **scratch;
    ajp_score score;
    uint64_t *n_correct;            /* per sample, over trials; or NULL */
    double *accuracy, *top5, *loss; /* per trial */
    ajp_layer_error layer_error;
    ajp_column_sums **column_sums; /* of the first trial, one a reader; or NULL */
    bool *can_clip;                /* per product: its frozen part has a full well */
    size_t *n_planes;              /* per product: readings a result */
    const ajp_frozen **frozen; /* per product: of the first trial, group 0, as far as a record tells of it */
    double *input_sum_squares; /* of the first trial, for calibrated gains; or NULL */
    float *outputs;
    ajp_arena arena;
} evaluation;

aj_status ajp_check_evaluate_options(const aj_evaluate_options *options, aj_error *err)
{
    if (options->struct_size != sizeof *options)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "evaluate options: struct_size %zu; use AJ_EVALUATE_OPTIONS_INIT",
                        options->struct_size);
    if (options->n_trials < 1 || options->n_trials > MAX_TRIALS)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "trials: %u is not in 1 ... %d", options->n_trials,
                        MAX_TRIALS);
    if (options->batch < 1 || options->batch > MAX_BATCH)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "batch: %u is not in 1 ... %d", options->batch, MAX_BATCH);
    if (options->chunk > 1u << 20)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "chunk: %zu is not in 1 ... %d", options->chunk, 1 << 20);
    if (options->dynamic != AJ_DYNAMIC_DIGITAL && options->dynamic != AJ_DYNAMIC_ANALOG)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "dynamic: %d is neither digital nor analog",
                        (int)options->dynamic);
    return AJ_OK;
}

/* What is summed over the repetitions of each sample. */
static void clear_samples(const evaluation *e, double *sums, size_t first, size_t n)
{
    for (size_t i = 0; i < e->study->n_products && sums != NULL; i++)
        memset(sums + i * e->study->data.n_samples + first, 0, n * sizeof(double));
}

static const ajp_product_hook *begin(void *user, unsigned thread, size_t first, size_t n)
{
    evaluation *e = user;
    const ajp_reader *reader = &e->readers[thread];
    clear_samples(e, reader->input_sum_squares, first, n);
    if (reader->layer_error != NULL) {
        clear_samples(e, reader->layer_error->signal, first, n);
        clear_samples(e, reader->layer_error->error, first, n);
    }
    return ajp_reader_hook(&e->readers[thread], e->trial, first);
}

static void end(void *user, unsigned thread, size_t first, size_t n, const float *outputs)
{
    evaluation *e = user;
    size_t width = e->study->n_outputs;
    if (e->score.loss != NULL) {
        ajp_score_rows(e->study, outputs, first, n, e->scratch[thread], &e->score);
        for (size_t i = 0; i < n && e->n_correct != NULL; i++)
            e->n_correct[first + i] += e->score.correct[first + i];
    }
    if (e->outputs != NULL)
        for (size_t i = 0; i < n * width; i++) e->outputs[first * width + i] = outputs[i];
}

static aj_status prepare(evaluation *e, ajp_study *study, const ajp_mapping *mapping,
                         const aj_evaluate_options *options, aj_error *err)
{
    *e = (evaluation){.study = study, .outputs = options->outputs};
    ajp_arena_init(&e->arena, study->context);
    size_t n = study->data.n_samples, n_cells;
    e->readers = ajp_arena_array(&e->arena, study->n_threads, sizeof *e->readers);
    e->scratch = ajp_arena_array(&e->arena, study->n_threads, sizeof *e->scratch);
    e->accuracy = ajp_arena_array(&e->arena, options->n_trials, sizeof(double));
    e->top5 = ajp_arena_array(&e->arena, options->n_trials, sizeof(double));
    e->loss = ajp_arena_array(&e->arena, options->n_trials, sizeof(double));
    e->can_clip = ajp_arena_array(&e->arena, study->n_products, sizeof *e->can_clip);
    e->n_planes = ajp_arena_array(&e->arena, study->n_products, sizeof *e->n_planes);
    e->frozen = ajp_arena_array(&e->arena, study->n_products, sizeof *e->frozen);
    e->column_sums = ajp_arena_array(&e->arena, study->n_threads, sizeof *e->column_sums);
    bool good = e->readers != NULL && e->scratch != NULL && e->accuracy != NULL && e->top5 != NULL &&
                e->loss != NULL && e->can_clip != NULL && e->n_planes != NULL && e->frozen != NULL &&
                e->column_sums != NULL && ajp_score_make(&e->score, study, n, &e->arena);
    if (good && e->score.correct != NULL)
        good = (e->n_correct = ajp_arena_array(&e->arena, n, sizeof *e->n_correct)) != NULL;
    if (good && options->per_layer)
        good = ajp_size_mul(study->n_products, n, &n_cells) &&
               (e->layer_error.signal = ajp_arena_array(&e->arena, n_cells, sizeof(double))) != NULL &&
               (e->layer_error.error = ajp_arena_array(&e->arena, n_cells, sizeof(double))) != NULL;
    if (good && mapping->ops->needs_calibration(mapping->params))
        good = ajp_size_mul(study->n_products, n, &n_cells) &&
               (e->input_sum_squares = ajp_arena_array(&e->arena, n_cells, sizeof(double))) != NULL;
    if (!good) return ajp_no_memory(err, "evaluation");
    for (unsigned i = 0; i < study->n_threads; i++) {
        e->scratch[i] = ajp_arena_array(&e->arena, ajp_score_scratch(study), sizeof(float));
        if (e->scratch[i] == NULL) return ajp_no_memory(err, "evaluation");
        AJ_TRY(ajp_reader_init(&e->readers[i], mapping, study->chunk, options->reference, options->per_layer,
                               err));
        e->n_readers++;
    }
    return AJ_OK;
}

static void release(evaluation *e)
{
    for (unsigned i = 0; i < e->n_readers; i++) ajp_reader_free(&e->readers[i]);
    ajp_arena_free(&e->arena);
}

/* What a record tells of the frozen part: encodings and converters, without what points into the trial. */
static aj_status keep_frozen(evaluation *e, const ajp_trial *trial, aj_error *err)
{
    const ajp_mapping *mapping = trial->mapping;
    for (size_t i = 0; i < e->study->n_products; i++) {
        const ajp_mapped_product *mapped = &mapping->products[i];
        const ajp_frozen *frozen = &trial->products[mapped->first_frozen].frozen;
        if (!mapped->on_hardware || mapped->product.weights == AJP_OPERAND_DYNAMIC) continue;
        ajp_frozen *kept = ajp_arena_alloc(&e->arena, sizeof *kept);
        ajp_plane *planes = ajp_arena_array(&e->arena, frozen->n_planes, sizeof *planes);
        if (kept == NULL || planes == NULL) return ajp_no_memory(err, "evaluation");
        *kept = (ajp_frozen){.law = frozen->law, .n_planes = frozen->n_planes, .encoding = frozen->encoding};
        for (size_t k = 0; k < frozen->n_planes; k++)
            planes[k] = (ajp_plane){.form = frozen->planes[k].form,
                                    .bit = frozen->planes[k].bit,
                                    .noise = frozen->planes[k].noise,
                                    .adc = frozen->planes[k].adc};
        kept->planes = planes;
        e->frozen[i] = kept;
    }
    return AJ_OK;
}

static aj_status run_trial(evaluation *e, const ajp_mapping *mapping, const aj_evaluate_options *options,
                           unsigned number, ajp_work *work, uint64_t n_before, aj_error *err)
{
    ajp_trial trial;
    AJ_TRY(ajp_trial_freeze(&trial, mapping, options->seed, number, err));
    aj_status st = AJ_OK;
    e->trial = &trial;
    for (size_t i = 0; i < e->study->n_products; i++) {
        const ajp_frozen *frozen = &trial.products[mapping->products[i].first_frozen].frozen;
        e->can_clip[i] = mapping->products[i].on_hardware && ajp_frozen_can_clip(frozen);
        e->n_planes[i] = frozen->law == AJP_LAW_PLANES ? frozen->n_planes : 1;
    }
    if (number == 0) st = ajp_columns_watch(e->readers, e->n_readers, &trial, &e->arena, err);
    if (number == 0 && st == AJ_OK) st = keep_frozen(e, &trial, err);
    for (unsigned i = 0; i < e->n_readers; i++) {
        e->readers[i].layer_error = options->per_layer && number == 0 ? &e->layer_error : NULL;
        e->readers[i].input_sum_squares = number == 0 ? e->input_sum_squares : NULL;
    }
    ajp_pass pass = {begin, end, e};
    size_t n = e->study->data.n_samples;
    if (st == AJ_OK) st = ajp_study_pass(e->study, e->study->dataset, n, &pass, work, n_before, err);
    ajp_trial_destroy(&trial);
    for (unsigned i = 0; i < e->n_readers && number == 0; i++) {
        e->column_sums[i] = e->readers[i].column_sums;
        e->readers[i].column_sums = NULL;
    }
    AJ_TRY(st);
    for (size_t i = 0; i < e->study->n_products; i++) /* frozen for each of its matrices, while reading */
        for (unsigned k = 0; k < e->n_readers; k++) e->can_clip[i] |= e->readers[k].can_clip[i];
    e->accuracy[number] = ajp_score_ratio(e->study, e->score.correct);
    e->top5[number] = ajp_score_ratio(e->study, e->score.top5);
    e->loss[number] = e->score.loss != NULL ? ajp_score_loss(e->study, &e->score) : (double)NAN;
    return AJ_OK;
}

/* Student's interval of the trials widened by the images: the variance of the images' mean scores over their
 * number is added (normal quantile; with one trial it is the binomial interval). */
static void widen_by_images(aj_evaluation *out, const evaluation *e, unsigned n_trials)
{
    size_t n = e->study->data.n_samples;
    double mean = out->accuracy_ratio.mean, squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        double score = (double)e->n_correct[i] / ((double)n_trials * (double)e->study->n_elements);
        squares += (score - mean) * (score - mean);
    }
    double half_images = aj_normal_quantile(0.975) * sqrt(squares) / (double)n;
    double half_trials = n_trials > 1 ? out->accuracy_ratio.ci95_high - mean : 0.0;
    double half = hypot(half_images, half_trials);
    out->accuracy_ci95_dataset_low = fmax(0.0, mean - half);
    out->accuracy_ci95_dataset_high = fmin(1.0, mean + half);
}

static void record_scores(aj_evaluation *out, const evaluation *e, const aj_evaluate_options *options)
{
    out->seed = options->seed;
    out->n_trials = options->n_trials;
    if (e->score.loss == NULL) return;
    out->loss = aj_summarize(e->loss, options->n_trials);
    if (e->score.top5 != NULL) out->top5_accuracy_ratio = aj_summarize(e->top5, options->n_trials);
    if (e->score.correct == NULL) return;
    out->accuracy_ratio = aj_summarize(e->accuracy, options->n_trials);
    out->trial_accuracy_ratios = ajp_record_copy(out, e->accuracy, options->n_trials, sizeof(double));
    widen_by_images(out, e, options->n_trials);
}

/* Signal-to-noise and clipped share of every product, in the order of samples. */
static void find_layers(const evaluation *e, const ajp_mapping *mapping, const aj_evaluate_options *options,
                        ajp_layer_findings *findings)
{
    size_t n = e->study->data.n_samples;
    for (size_t i = 0; i < e->study->n_products; i++) {
        uint64_t n_clipped = 0;
        for (unsigned thread = 0; thread < e->n_readers; thread++)
            n_clipped += e->readers[thread].n_clipped[i];
        const ajp_mapped_product *mapped = &mapping->products[i];
        double n_results = (double)mapped->product.rows * (double)mapped->product.reps *
                           ajp_product_groups(&mapped->product) * (double)mapped->n_tiles * (double)n *
                           (double)options->n_trials * (double)e->n_planes[i];
        findings->clipped_ratio[i] = e->can_clip[i] ? (double)n_clipped / n_results : (double)NAN;
        if (findings->input_mean_sum_squares != NULL)
            findings->input_mean_sum_squares[i] = aj_sum(e->input_sum_squares + i * n, n) / (double)n;
        findings->signal_to_noise_ratio[i] = (double)NAN;
        if (options->per_layer && mapped->on_hardware) {
            double error = aj_sum(e->layer_error.error + i * n, n);
            if (error > 0.0)
                findings->signal_to_noise_ratio[i] = aj_sum(e->layer_error.signal + i * n, n) / error;
        }
    }
}

static aj_status make_findings(ajp_layer_findings *out, evaluation *e, const aj_evaluate_options *options,
                               aj_error *err)
{
    size_t n = e->study->n_products;
    bool as_read = e->input_sum_squares != NULL && !options->reference;
    out->signal_to_noise_ratio = ajp_arena_array(&e->arena, n, sizeof(double));
    out->clipped_ratio = ajp_arena_array(&e->arena, n, sizeof(double));
    out->input_mean_sum_squares = as_read ? ajp_arena_array(&e->arena, n, sizeof(double)) : NULL;
    bool good = out->signal_to_noise_ratio != NULL && out->clipped_ratio != NULL;
    if (!good || (as_read && out->input_mean_sum_squares == NULL)) return ajp_no_memory(err, "evaluation");
    out->frozen = e->frozen;
    return ajp_columns_mean(e->column_sums, e->n_readers, e->study, &e->arena, out, err);
}

static aj_status evaluate_mapping(aj_evaluation *out, const ajp_mapping *mapping,
                                  const aj_evaluate_options *options, const aj_hardware *fallback,
                                  ajp_work *work, uint64_t n_before, aj_error *err)
{
    evaluation e;
    ajp_study *study = mapping->study;
    aj_status st;
    AJ_TRY_DONE(prepare(&e, study, mapping, options, err));
    for (unsigned i = 0; i < options->n_trials; i++)
        AJ_TRY_DONE(run_trial(&e, mapping, options, i, work, n_before + i * study->data.n_samples, err));
    ajp_layer_findings findings;
    AJ_TRY_DONE(make_findings(&findings, &e, options, err));
    find_layers(&e, mapping, options, &findings);
    AJ_TRY_DONE(ajp_record_study(out, study, err));
    record_scores(out, &e, options);
    AJ_TRY_DONE(ajp_record_account(out, mapping, fallback, options->batch, options->mode, &findings, err));
done:
    release(&e);
    return st;
}

/* Narrow words are priced where they are moved, and no family rounds to them yet: the reader has to know. */
static void note_word_widths(aj_evaluation *record, const aj_hardware *hardware)
{
    static const char *const keys[] = {"weight_bits", "activation_bits"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        aj_parameter bits;
        if (!aj_hardware_find(hardware, keys[i], &bits) || isnan(bits.value) || bits.value >= 32.0) continue;
        const char *text =
            ajp_record_format(record,
                              "%s is %.0f: memory traffic is priced at that width; the rounding to it is "
                              "not simulated, accuracy is that of unrounded words.",
                              keys[i], bits.value);
        if (text != NULL) ajp_record_note(record, text);
    }
}

aj_status ajp_study_evaluate(aj_evaluation *out, ajp_study *study, const aj_hardware *hardware,
                             const aj_evaluate_options *options, const ajp_calibration *calibrations,
                             ajp_work *work, uint64_t n_before, aj_error *err)
{
    double started = ajp_now_seconds();
    *out = (aj_evaluation){0};
    AJ_TRY(aj_hardware_check(hardware, err));
    aj_hardware *own_fallback = NULL;
    ajp_mapping mapping = {0};
    aj_evaluation record = {0};
    aj_status st;
    if (options->fallback == NULL)
        AJ_TRY(aj_hardware_load(&own_fallback, study->context, "digital-45nm", err));
    const aj_hardware *fallback = options->fallback != NULL ? options->fallback : own_fallback;
    AJ_TRY_DONE(ajp_mapping_create(&mapping, study, hardware, calibrations, err));
    AJ_TRY_DONE(ajp_record_begin(&record, err));
    AJ_TRY_DONE(evaluate_mapping(&record, &mapping, options, fallback, work, n_before, err));
    if (calibrations != NULL && options->calibration == NULL)
        ajp_record_note(&record, "Calibrated on the first samples of the evaluated data set itself.");
    note_word_widths(&record, hardware);
    record.duration_seconds = ajp_now_seconds() - started;
    AJ_TRY_DONE(ajp_record_finish(&record, err));
    *out = record;
    record = (aj_evaluation){0};
done:
    aj_evaluation_destroy(&record);
    if (mapping.products != NULL) ajp_mapping_destroy(&mapping);
    aj_hardware_destroy(own_fallback);
    return st;
}

aj_status ajp_study_calibrations(const ajp_calibration **out, ajp_study *study, const aj_hardware *hardware,
                                 const aj_evaluate_options *options, aj_error *err)
{
    *out = NULL;
    const ajp_hardware_ops *ops = ajp_hardware_get_ops(hardware);
    const void *params = ajp_hardware_get_params(hardware);
    bool of_readings = ops->needs_readings != NULL && ops->needs_readings(params);
    if (!ops->needs_calibration(params) && !of_readings) return AJ_OK;
    const aj_dataset *dataset = options->calibration != NULL ? options->calibration : study->dataset;
    aj_dataset_info info = aj_dataset_describe(dataset);
    if (info.n_features != study->n_features)
        return ajp_fail(err, AJ_MISMATCH, 0,
                        "calibration set %s: a sample has %zu elements, the network wants %zu", info.name,
                        info.n_features, study->n_features);
    size_t wanted = options->n_calibration > 0 ? options->n_calibration : AJP_CALIBRATION_SAMPLES;
    ajp_calibration *calibrations = ajp_arena_array(&study->arena, study->n_products, sizeof *calibrations);
    if (calibrations == NULL) return ajp_no_memory(err, "calibration");
    ajp_calibrator calibrator = {study, hardware, dataset, ajp_min_size(wanted, info.n_samples),
                                 options->seed};
    AJ_TRY(ajp_study_calibrate(&calibrator, calibrations, err));
    *out = calibrations;
    return AJ_OK;
}

/* Exact arithmetic only: the clean pass is the result. */
static aj_status record_clean(aj_evaluation *out, const ajp_study *study, double started, aj_error *err)
{
    aj_evaluation record = {0};
    AJ_TRY(ajp_record_begin(&record, err));
    aj_status st = ajp_record_study(&record, study, err);
    if (st == AJ_OK) {
        record.duration_seconds = ajp_now_seconds() - started;
        st = ajp_record_finish(&record, err);
    }
    if (st != AJ_OK) {
        aj_evaluation_destroy(&record);
        return st;
    }
    *out = record;
    return AJ_OK;
}

void ajp_record_measured(aj_evaluation *record, const aj_evaluate_options *options)
{
    if (options->measured_joules != NULL)
        record->measured_energy_joules = options->measured_joules(options->measured_user);
}

aj_status aj_evaluate(aj_evaluation *out, aj_context *context, const aj_model *model,
                      const aj_dataset *dataset, const aj_evaluate_options *options, aj_error *err)
{
    double started = ajp_now_seconds();
    aj_evaluate_options defaults = AJ_EVALUATE_OPTIONS_INIT;
    *out = (aj_evaluation){0};
    if (options == NULL) options = &defaults;
    AJ_TRY(ajp_check_evaluate_options(options, err));
    ajp_study *study;
    AJ_TRY(ajp_study_create(&study, context, model, dataset, options->chunk, err));
    study->dynamic = options->dynamic;
    const ajp_calibration *calibrations = NULL;
    ajp_work work;
    ajp_work_begin(&work, context, "eval", "samples", (uint64_t)options->n_trials * study->data.n_samples, 0);
    aj_status st;
    AJ_TRY_DONE(ajp_study_clean(study, options->hardware == NULL ? options->outputs : NULL, err));
    if (options->hardware == NULL) {
        st = record_clean(out, study, started, err);
        goto done;
    }
    AJ_TRY_DONE(ajp_study_calibrations(&calibrations, study, options->hardware, options, err));
    AJ_TRY_DONE(ajp_study_evaluate(out, study, options->hardware, options, calibrations, &work, 0, err));
    out->duration_seconds = ajp_now_seconds() - started;
    ajp_work_finish(&work, work.n_total, NULL);
done:
    if (st == AJ_OK) ajp_record_measured(out, options);
    ajp_study_destroy(study);
    return st;
}

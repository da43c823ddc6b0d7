/* clean.c: passes that watch: the exact one (accuracy without noise, what the inputs of every product look
 * like) and those that calibrate a fixed input gain. */
#include "study.h"

#include <math.h>
#include <string.h>

/* Per product and sample, so that sums are taken in the order of samples whatever the chunks were. */
typedef struct clean_pass clean_pass;
typedef struct {
    clean_pass *pass;
    size_t first;                  /* sample of the chunk in work */
    const ajp_product_hook *inner; /* what runs the products; NULL = exact */
    ajp_reader *reader;            /* of a calibration */
    ajp_product_hook hook;
} clean_thread;
struct clean_pass {
    ajp_study *study;
    size_t n_samples;
    const ajp_trial *trial;        /* of a calibration: what reads the products before the one in work */
    double *sum_squares, *max_abs; /* [n_products][n_samples] */
    ajp_score score;
    float **scratch; /* one a thread */
    float *outputs;  /* or NULL */
    clean_thread *threads;
};

static void run_exact(const ajp_kernels *kernels, const ajp_product_step *step, const ajp_product_call *call)
{
    ajp_gemm gemm = {.m = call->n_rows,
                     .n = step->rows,
                     .k = step->cols,
                     .a = call->x,
                     .a_row = call->x_row,
                     .a_col = 1,
                     .b = ajp_product_packed(step, call->group),
                     .b_row = AJP_LANES,
                     .b_vector = AJP_LANES * step->cols,
                     .c = call->y,
                     .c_row = call->y_row,
                     .c_vector = AJP_LANES,
                     .bias = ajp_product_bias(step, call->group),
                     .activation = step->activation,
                     .activation_parameter = step->activation_parameter};
    kernels->gemm(&gemm);
}

static aj_status watch(void *user, const ajp_product_step *step, const ajp_product_call *call, aj_error *err)
{
    clean_thread *thread = user;
    clean_pass *pass = thread->pass;
    const ajp_kernels *kernels = ajp_kernels_for(pass->study->context->isa);
    double n_vectors = (double)step->reps * (double)step->groups;
    for (size_t row = 0; row < call->n_rows; row++) {
        float sum_squares, max_abs;
        kernels->moments(call->x + row * call->x_row, step->cols, &sum_squares, &max_abs);
        /* several vectors of a sample: the mean of their sums, the largest of their magnitudes */
        size_t sample = thread->first + ajp_product_row(&call->rows, row) / step->reps;
        size_t at = call->product * pass->n_samples + sample;
        pass->sum_squares[at] += (double)sum_squares / n_vectors;
        pass->max_abs[at] = fmax(pass->max_abs[at], (double)max_abs);
    }
    if (thread->inner != NULL) return thread->inner->run(thread->inner->user, step, call, err);
    run_exact(kernels, step, call);
    return AJ_OK;
}

static const ajp_product_hook *begin(void *user, unsigned thread, size_t first, size_t n)
{
    clean_pass *pass = user;
    clean_thread *own = &pass->threads[thread];
    own->first = first;
    for (size_t i = 0; i < pass->study->n_products; i++) {
        memset(pass->sum_squares + i * pass->n_samples + first, 0, n * sizeof(double));
        memset(pass->max_abs + i * pass->n_samples + first, 0, n * sizeof(double));
    }
    if (pass->trial != NULL) own->inner = ajp_reader_hook(own->reader, pass->trial, first);
    return &pass->threads[thread].hook;
}

static void end(void *user, unsigned thread, size_t first, size_t n, const float *outputs)
{
    clean_pass *pass = user;
    size_t width = pass->study->n_outputs;
    if (pass->score.loss != NULL)
        ajp_score_rows(pass->study, outputs, first, n, pass->scratch[thread], &pass->score);
    if (pass->outputs != NULL)
        for (size_t i = 0; i < n * width; i++) pass->outputs[first * width + i] = outputs[i];
}

static aj_status prepare(clean_pass *pass, ajp_study *study, size_t n, bool labels, ajp_arena *arena,
                         aj_error *err)
{
    size_t n_cells;
    if (!ajp_size_mul(study->n_products, n, &n_cells)) return ajp_no_memory(err, "clean pass");
    pass->study = study;
    pass->n_samples = n;
    pass->sum_squares = ajp_arena_array(arena, n_cells, sizeof(double));
    pass->max_abs = ajp_arena_array(arena, n_cells, sizeof(double));
    pass->threads = ajp_arena_array(arena, study->n_threads, sizeof *pass->threads);
    pass->scratch = ajp_arena_array(arena, study->n_threads, sizeof *pass->scratch);
    bool good =
        pass->sum_squares != NULL && pass->max_abs != NULL && pass->threads != NULL && pass->scratch != NULL;
    for (unsigned i = 0; i < study->n_threads && good; i++) {
        pass->threads[i].pass = pass;
        pass->threads[i].hook = (ajp_product_hook){watch, &pass->threads[i]};
        pass->scratch[i] = ajp_arena_array(arena, ajp_score_scratch(study), sizeof(float));
        good = pass->scratch[i] != NULL;
    }
    if (good && labels) good = ajp_score_make(&pass->score, study, n, arena);
    return good ? AJ_OK : ajp_no_memory(err, "clean pass");
}

/* Mean over samples of max^2 cols / sum of squares; samples that are all zero send no light and are left out.
 */
static double mean_crest(const double *sum_squares, double *max_abs, size_t n, size_t cols)
{
    size_t n_lit = 0;
    for (size_t i = 0; i < n; i++)
        if (sum_squares[i] > 0.0) max_abs[n_lit++] = max_abs[i] * max_abs[i] * (double)cols / sum_squares[i];
    return n_lit > 0 ? aj_sum(max_abs, n_lit) / (double)n_lit : (double)NAN;
}

aj_status ajp_study_clean(ajp_study *study, float *outputs, aj_error *err)
{
    ajp_arena arena;
    ajp_arena_init(&arena, study->context);
    clean_pass clean = {.outputs = outputs};
    size_t n = study->data.n_samples;
    ajp_pass pass = {begin, end, &clean};
    aj_status st;
    AJ_TRY_DONE(prepare(&clean, study, n, true, &arena, err));
    AJ_TRY_DONE(ajp_study_pass(study, study->dataset, n, &pass, NULL, 0, err));
    for (size_t i = 0; i < study->n_products; i++) {
        const ajp_product_step *step = ajp_plan_product(study->plan, i);
        const double *sum_squares = clean.sum_squares + i * n;
        study->statistics[i].input_mean_sum_squares = aj_sum(sum_squares, n) / (double)n;
        study->statistics[i].input_crest_ratio =
            mean_crest(sum_squares, clean.max_abs + i * n, n, step->cols);
    }
    if (clean.score.loss != NULL) {
        study->clean_accuracy_ratio = ajp_score_ratio(study, clean.score.correct);
        study->clean_top5_accuracy_ratio = ajp_score_ratio(study, clean.score.top5);
        study->clean_loss = ajp_score_loss(study, &clean.score);
    }
done:
    ajp_arena_free(&arena);
    return st;
}

/* Trial number of calibration reads: no evaluation may use it, so that they share no random numbers. */
enum { CALIBRATION_TRIAL = (1 << 24) - 1 };

/* Inputs of product i as the hardware makes them: the products before it are read with their own calibrated
 * gains. */
static aj_status calibrate_product(const ajp_calibrator *c, clean_pass *watcher, ajp_reader *readers,
                                   size_t i, ajp_calibration *calibrations, aj_error *err)
{
    ajp_study *study = c->study;
    ajp_mapping mapping;
    ajp_trial trial;
    ajp_pass pass = {begin, NULL, watcher};
    AJ_TRY(ajp_mapping_create(&mapping, study, c->hardware, calibrations, err));
    bool wanted = mapping.products[i].on_hardware;
    for (size_t j = i; j < study->n_products; j++) mapping.products[j].on_hardware = false;
    aj_status st = wanted ? ajp_trial_freeze(&trial, &mapping, c->seed, CALIBRATION_TRIAL, err) : AJ_OK;
    if (st == AJ_OK && wanted) {
        watcher->trial = &trial;
        for (unsigned t = 0; t < study->n_threads; t++) watcher->threads[t].reader = &readers[t];
        st = ajp_study_pass(study, c->dataset, c->n_samples, &pass, NULL, 0, err);
        ajp_trial_destroy(&trial);
    }
    ajp_mapping_destroy(&mapping);
    if (st != AJ_OK || !wanted) return st;
    const double *sum_squares = watcher->sum_squares + i * c->n_samples,
                 *max_abs = watcher->max_abs + i * c->n_samples;
    calibrations[i] = (ajp_calibration){aj_sum(sum_squares, c->n_samples) / (double)c->n_samples, 0.0};
    for (size_t j = 0; j < c->n_samples; j++)
        calibrations[i].max_abs = fmax(calibrations[i].max_abs, max_abs[j]);
    return AJ_OK;
}

aj_status ajp_study_calibrate(const ajp_calibrator *c, ajp_calibration *out, aj_error *err)
{
    ajp_arena arena;
    ajp_arena_init(&arena, c->study->context);
    clean_pass watcher = {.outputs = NULL};
    ajp_mapping whole = {0};
    unsigned n_readers = 0;
    for (size_t i = 0; i < c->study->n_products; i++) out[i] = (ajp_calibration){(double)NAN, (double)NAN};
    aj_status st;
    ajp_reader *readers = ajp_arena_array(&arena, c->study->n_threads, sizeof *readers);
    if (readers == NULL) {
        st = ajp_no_memory(err, "calibration");
        goto done;
    }
    AJ_TRY_DONE(prepare(&watcher, c->study, c->n_samples, false, &arena, err));
    AJ_TRY_DONE(ajp_mapping_create(&whole, c->study, c->hardware, NULL, err));
    for (; n_readers < c->study->n_threads; n_readers++)
        AJ_TRY_DONE(ajp_reader_init(&readers[n_readers], &whole, c->study->chunk, false, false, err));
    for (size_t i = 0; i < c->study->n_products; i++)
        AJ_TRY_DONE(calibrate_product(c, &watcher, readers, i, out, err));
done:
    for (unsigned i = 0; i < n_readers; i++) ajp_reader_free(&readers[i]);
    if (whole.products != NULL) ajp_mapping_destroy(&whole);
    ajp_arena_free(&arena);
    return st;
}

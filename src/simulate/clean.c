/* clean.c: the exact pass: accuracy without noise, and what the inputs of every product look like. */
#include "study.h"

#include <math.h>

/* Per product and sample, so that sums are taken in the order of samples whatever the chunks were. */
typedef struct clean_pass clean_pass;
typedef struct {
    clean_pass *pass;
    size_t first; /* sample of the chunk in work */
    ajp_product_hook hook;
} clean_thread;
struct clean_pass {
    ajp_study *study;
    size_t n_samples;
    double *sum_squares, *max_abs; /* [n_products][n_samples] */
    ajp_score score;
    float **scratch; /* one a thread */
    float *outputs;  /* or NULL */
    clean_thread *threads;
};

static void run_exact(const ajp_kernels *kernels, const ajp_product_step *step, const float *x, size_t x_row, float *y,
                      size_t y_row, size_t n_rows)
{
    ajp_gemm gemm = {.m = n_rows, .n = step->rows, .k = step->cols, .a = x, .a_row = x_row, .a_col = 1,
                     .b = step->packed, .b_row = AJP_LANES, .b_vector = AJP_LANES * step->cols,
                     .c = y, .c_row = y_row, .c_vector = AJP_LANES, .bias = step->bias,
                     .activation = step->activation, .activation_parameter = step->activation_parameter};
    kernels->gemm(&gemm);
}

static aj_status watch(void *user, const ajp_product_step *step, size_t product, const float *x, size_t x_row, float *y,
                       size_t y_row, size_t n_rows, aj_error *err)
{
    (void)err;
    clean_thread *thread = user;
    clean_pass *pass = thread->pass;
    const ajp_kernels *kernels = ajp_kernels_for(pass->study->context->isa);
    for (size_t row = 0; row < n_rows; row++) {
        float sum_squares, max_abs;
        kernels->moments(x + row * x_row, step->cols, &sum_squares, &max_abs);
        /* several reps of a sample: the mean of their sums, the largest of their magnitudes */
        size_t sample = thread->first + row / step->reps, at = product * pass->n_samples + sample;
        double share = (double)sum_squares / (double)step->reps;
        bool fresh = row % step->reps == 0;
        pass->sum_squares[at] = fresh ? share : pass->sum_squares[at] + share;
        pass->max_abs[at] = fresh ? (double)max_abs : fmax(pass->max_abs[at], (double)max_abs);
    }
    run_exact(kernels, step, x, x_row, y, y_row, n_rows);
    return AJ_OK;
}

static const ajp_product_hook *begin(void *user, unsigned thread, size_t first, size_t n)
{
    (void)n;
    clean_pass *pass = user;
    pass->threads[thread].first = first;
    return &pass->threads[thread].hook;
}

static void end(void *user, unsigned thread, size_t first, size_t n, const float *outputs)
{
    clean_pass *pass = user;
    size_t width = pass->study->n_outputs;
    if (pass->score.correct != NULL)
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
    bool good = pass->sum_squares != NULL && pass->max_abs != NULL && pass->threads != NULL && pass->scratch != NULL;
    for (unsigned i = 0; i < study->n_threads && good; i++) {
        pass->threads[i].pass = pass;
        pass->threads[i].hook = (ajp_product_hook){watch, &pass->threads[i]};
        pass->scratch[i] = ajp_arena_array(arena, study->n_outputs, sizeof(float));
        good = pass->scratch[i] != NULL;
    }
    if (good && labels) {
        pass->score.correct = ajp_arena_array(arena, n, 1);
        pass->score.loss = ajp_arena_array(arena, n, sizeof(double));
        good = pass->score.correct != NULL && pass->score.loss != NULL;
    }
    return good ? AJ_OK : ajp_no_memory(err, "clean pass");
}

/* Mean over samples of max^2 cols / sum of squares; samples that are all zero send no light and are left out. */
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
    AJ_TRY_DONE(prepare(&clean, study, n, study->labels != NULL, &arena, err));
    AJ_TRY_DONE(ajp_study_pass(study, study->dataset, n, &pass, NULL, 0, err));
    for (size_t i = 0; i < study->n_products; i++) {
        const ajp_product_step *step = ajp_plan_product(study->plan, i);
        const double *sum_squares = clean.sum_squares + i * n;
        study->statistics[i].input_mean_sum_squares = aj_sum(sum_squares, n) / (double)n;
        study->statistics[i].input_crest_ratio = mean_crest(sum_squares, clean.max_abs + i * n, n, step->cols);
    }
    if (study->labels != NULL) {
        study->clean_accuracy_ratio = ajp_score_accuracy(study, &clean.score);
        study->clean_loss = ajp_score_loss(study, &clean.score);
    }
done:
    ajp_arena_free(&arena);
    return st;
}

aj_status ajp_study_calibrate(ajp_study *study, const aj_dataset *dataset, size_t n, ajp_calibration *out, aj_error *err)
{
    ajp_arena arena;
    ajp_arena_init(&arena, study->context);
    clean_pass clean = {.outputs = NULL};
    ajp_pass pass = {begin, NULL, &clean};
    aj_status st;
    AJ_TRY_DONE(prepare(&clean, study, n, false, &arena, err));
    AJ_TRY_DONE(ajp_study_pass(study, dataset, n, &pass, NULL, 0, err));
    for (size_t i = 0; i < study->n_products; i++) {
        out[i] = (ajp_calibration){aj_sum(clean.sum_squares + i * n, n) / (double)n, 0.0};
        for (size_t j = 0; j < n; j++) out[i].max_abs = fmax(out[i].max_abs, clean.max_abs[i * n + j]);
    }
done:
    ajp_arena_free(&arena);
    return st;
}

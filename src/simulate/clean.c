/* clean.c: passes that watch: the exact one (accuracy without noise, what the inputs of every product look
 * like) and those that calibrate a fixed input gain. */
#include "clean.h"

#include <math.h>
#include <string.h>

static void run_exact(const ajp_kernels *kernels, const ajp_product_step *step, const ajp_product_call *call,
                      const float *packed)
{
    ajp_gemm gemm = {.m = call->n_rows,
                     .n = step->rows,
                     .k = step->cols,
                     .a = call->x,
                     .a_row = call->x_row,
                     .a_col = 1,
                     .b = packed,
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

/* Moments of the rows of a call. */
static void watch_inputs(const ajp_clean_thread *thread, const ajp_product_step *step,
                         const ajp_product_call *call)
{
    ajp_clean_pass *pass = thread->pass;
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
        if (thread->inputs == NULL || call->product != pass->watched) continue;
        for (size_t i = 0; i < step->cols; i++)
            ajp_histogram_add(thread->inputs, call->x[row * call->x_row + i]);
    }
}

static aj_status watch(void *user, const ajp_product_step *step, const ajp_product_call *call, aj_error *err)
{
    ajp_clean_thread *thread = user;
    watch_inputs(thread, step, call);
    if (thread->inner != NULL) return thread->inner->run(thread->inner->user, step, call, err);
    run_exact(ajp_kernels_for(thread->pass->study->context->isa), step, call,
              ajp_product_packed(step, call->group));
    return AJ_OK;
}

static void watch_operand(const ajp_kernels *kernels, const ajp_product_step *step, const float *weights,
                          ajp_operand_sums *sums)
{
    double all = 0.0, largest = 0.0, cells = (double)step->rows * (double)step->cols;
    for (size_t row = 0; row < step->rows; row++) {
        float sum_squares, max_abs;
        kernels->moments(weights + row * step->cols, step->cols, &sum_squares, &max_abs);
        all += (double)sum_squares;
        largest = fmax(largest, (double)max_abs);
        if (!(sum_squares > 0.0f)) continue;
        sums->row_crests += (double)max_abs * (double)max_abs * (double)step->cols / (double)sum_squares;
        sums->n_lit_rows += 1.0;
    }
    sums->sum_squares += all;
    if (!(all > 0.0)) return;
    sums->crests += largest * largest * cells / all;
    sums->n_lit += 1.0;
}

static aj_status watch_dynamic(void *user, const ajp_product_step *step, const ajp_dynamic_call *call,
                               aj_error *err)
{
    ajp_clean_thread *thread = user;
    const ajp_clean_pass *pass = thread->pass;
    const ajp_kernels *kernels = ajp_kernels_for(pass->study->context->isa);
    ajp_product_call rows = {.product = call->product,
                             .group = call->matrix,
                             .x = call->x,
                             .y = call->y,
                             .x_row = call->x_row,
                             .y_row = call->y_row,
                             .n_rows = call->n_rows,
                             .rows = ajp_product_rows_from(call->sample * step->reps + call->first_row)};
    watch_inputs(thread, step, &rows);
    if (pass->operands != NULL && call->first_row == 0)
        watch_operand(kernels, step, call->weights,
                      &pass->operands[call->product * pass->n_samples + thread->first + call->sample]);
    if (thread->inner != NULL) return thread->inner->run_dynamic(thread->inner->user, step, call, err);
    run_exact(kernels, step, &rows, call->packed);
    return AJ_OK;
}

const ajp_product_hook *ajp_clean_begin(void *user, unsigned thread, size_t first, size_t n)
{
    ajp_clean_pass *pass = user;
    ajp_clean_thread *own = &pass->threads[thread];
    own->first = first;
    for (size_t i = 0; i < pass->study->n_products; i++) {
        memset(pass->sum_squares + i * pass->n_samples + first, 0, n * sizeof(double));
        memset(pass->max_abs + i * pass->n_samples + first, 0, n * sizeof(double));
        if (pass->operands != NULL)
            memset(pass->operands + i * pass->n_samples + first, 0, n * sizeof *pass->operands);
    }
    if (pass->trial != NULL) own->inner = ajp_reader_hook(own->reader, pass->trial, first);
    return &pass->threads[thread].hook;
}

static void end(void *user, unsigned thread, size_t first, size_t n, const float *outputs)
{
    ajp_clean_pass *pass = user;
    size_t width = pass->study->n_outputs;
    if (pass->score.loss != NULL)
        ajp_score_rows(pass->study, outputs, first, n, pass->scratch[thread], &pass->score);
    if (pass->outputs != NULL)
        for (size_t i = 0; i < n * width; i++) pass->outputs[first * width + i] = outputs[i];
}

aj_status ajp_clean_prepare(ajp_clean_pass *pass, ajp_study *study, size_t n, bool labels, bool operands,
                            ajp_arena *arena, aj_error *err)
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
        pass->threads[i].hook = (ajp_product_hook){watch, &pass->threads[i], watch_dynamic};
        pass->scratch[i] = ajp_arena_array(arena, ajp_score_scratch(study), sizeof(float));
        good = pass->scratch[i] != NULL;
    }
    if (good && operands) {
        pass->operands = ajp_arena_array(arena, n_cells, sizeof *pass->operands);
        good = pass->operands != NULL;
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

static void sum_operands(const ajp_operand_sums *sums, size_t n, ajp_product_statistics *out)
{
    ajp_operand_sums all = {0};
    for (size_t i = 0; i < n; i++) {
        all.sum_squares += sums[i].sum_squares;
        all.crests += sums[i].crests;
        all.n_lit += sums[i].n_lit;
        all.row_crests += sums[i].row_crests;
        all.n_lit_rows += sums[i].n_lit_rows;
    }
    out->weight_sum_squares = all.sum_squares / (double)n;
    out->weight_crest_ratio = all.crests / all.n_lit;
    out->weight_row_crest_ratio = all.row_crests / all.n_lit_rows;
}

aj_status ajp_study_clean(ajp_study *study, float *outputs, aj_error *err)
{
    ajp_arena arena;
    ajp_arena_init(&arena, study->context);
    ajp_clean_pass clean = {.outputs = outputs};
    size_t n = study->data.n_samples;
    ajp_pass pass = {ajp_clean_begin, end, &clean};
    aj_status st;
    AJ_TRY_DONE(ajp_clean_prepare(&clean, study, n, true, ajp_study_dynamic(study) != NULL, &arena, err));
    AJ_TRY_DONE(ajp_study_pass(study, study->dataset, n, &pass, NULL, 0, err));
    for (size_t i = 0; i < study->n_products; i++) {
        const ajp_product_step *step = ajp_plan_product(study->plan, i);
        const double *sum_squares = clean.sum_squares + i * n;
        study->statistics[i].input_mean_sum_squares = aj_sum(sum_squares, n) / (double)n;
        study->statistics[i].input_crest_ratio =
            mean_crest(sum_squares, clean.max_abs + i * n, n, step->cols);
        if (step->dynamic) sum_operands(clean.operands + i * n, n, &study->statistics[i]);
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

/* study.c: the plan of a network, and passes of a data set through it. */
#include "study.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { DEFAULT_CHUNK = 128 };

static size_t choose_chunk(const aj_context *context, const aj_model *model, size_t asked, size_t n_samples)
{
    if (asked > 0) return asked;
    size_t per_thread = (n_samples + aj_context_threads(context) - 1) / aj_context_threads(context);
    return ajp_model_chunk(model, per_thread < 1 ? 1 : ajp_min_size(per_thread, DEFAULT_CHUNK));
}

static ajp_output_kind output_kind(const ajp_plan *plan)
{
    size_t n = ajp_plan_n_others(plan);
    if (n == 0) return AJP_OUTPUT_LOGITS;
    const ajp_other_step *last = ajp_plan_other(plan, n - 1);
    if (last->op_type == NULL) return AJP_OUTPUT_LOGITS;
    if (strcmp(last->op_type, "Softmax") == 0) return AJP_OUTPUT_PROBABILITIES;
    if (strcmp(last->op_type, "LogSoftmax") == 0) return AJP_OUTPUT_LOG_PROBABILITIES;
    return AJP_OUTPUT_LOGITS;
}

static aj_status check_fit(ajp_study *study, aj_error *err)
{
    aj_model_info info = aj_model_describe(study->model);
    if (study->data.n_features != study->n_features)
        return ajp_fail(
            err, AJ_MISMATCH, 0,
            "%s: input \"%s\" has %zu elements but a sample of %s has %zu; use another data set or model",
            info.path, info.input_name, study->n_features, study->data.name, study->data.n_features);
    return ajp_task_find(study, err);
}

static aj_status make_threads(ajp_study *study, aj_error *err)
{
    study->n_threads = aj_context_threads(study->context);
    study->workspaces = ajp_arena_array(&study->arena, study->n_threads, sizeof *study->workspaces);
    study->inputs = ajp_arena_array(&study->arena, study->n_threads, sizeof *study->inputs);
    study->outputs = ajp_arena_array(&study->arena, study->n_threads, sizeof *study->outputs);
    if (study->workspaces == NULL || study->inputs == NULL || study->outputs == NULL)
        return ajp_no_memory(err, "study");
    size_t n_inputs, n_outputs;
    if (!ajp_size_mul(study->chunk, study->n_features, &n_inputs) ||
        !ajp_size_mul(study->chunk, study->n_outputs, &n_outputs))
        return ajp_no_memory(err, "chunk");
    for (unsigned i = 0; i < study->n_threads; i++) {
        AJ_TRY(ajp_workspace_create(&study->workspaces[i], study->plan, err));
        study->inputs[i] = ajp_arena_array(&study->arena, n_inputs, sizeof(float));
        study->outputs[i] = ajp_arena_array(&study->arena, n_outputs, sizeof(float));
        if (study->inputs[i] == NULL || study->outputs[i] == NULL) return ajp_no_memory(err, "chunk");
    }
    return AJ_OK;
}

/* Norms of the weights: products with fixed blocks, in double, so that they do not depend on anything else.
 */
static aj_status weigh(ajp_study *study, aj_error *err)
{
    study->statistics = ajp_arena_array(&study->arena, study->n_products, sizeof *study->statistics);
    if (study->statistics == NULL) return ajp_no_memory(err, "study");
    for (size_t i = 0; i < study->n_products; i++) {
        const ajp_product_step *step = ajp_plan_product(study->plan, i);
        ajp_product_statistics *s = &study->statistics[i];
        const double missing = (double)NAN;
        *s = (ajp_product_statistics){0.0, 0.0, 0.0, missing, missing, missing};
        if (step->dynamic) {
            *s = (ajp_product_statistics){missing, missing, missing, missing, missing, missing};
            continue;
        }
        double crests = 0.0, n_rows = 0.0;
        for (size_t row = 0; row < step->rows * step->groups; row++) {
            double row_sum = 0.0, row_max = 0.0;
            for (size_t col = 0; col < step->cols; col++) {
                double w = (double)step->weights[row * step->cols + col];
                row_sum += w * w;
                row_max = fmax(row_max, fabs(w));
            }
            s->weight_sum_squares += row_sum;
            s->weight_max_abs = fmax(s->weight_max_abs, row_max);
            if (row_sum == 0.0) continue;
            crests += row_max * row_max * (double)step->cols / row_sum;
            n_rows += 1.0;
        }
        s->weight_row_crest_ratio = crests / n_rows;
    }
    return AJ_OK;
}

static aj_status fill(ajp_study *study, size_t chunk, aj_error *err)
{
    if (study->dataset != NULL) {
        study->data = aj_dataset_describe(study->dataset);
        study->labels = aj_dataset_labels(study->dataset);
    }
    study->chunk = choose_chunk(study->context, study->model, chunk, study->data.n_samples);
    AJ_TRY(ajp_plan_create(&study->plan, study->context, study->model, study->chunk, err));
    study->chunk = ajp_plan_max_chunk(study->plan); /* 1 for a model that is taken as a whole */
    study->n_products = ajp_plan_n_products(study->plan);
    study->n_features = ajp_plan_input_features(study->plan);
    study->n_outputs = ajp_plan_output_features(study->plan);
    study->output_kind = output_kind(study->plan);
    AJ_TRY(weigh(study, err));
    if (study->dataset == NULL) return AJ_OK;
    AJ_TRY(check_fit(study, err));
    return make_threads(study, err);
}

aj_status ajp_study_create(ajp_study **out, aj_context *context, const aj_model *model,
                           const aj_dataset *dataset, size_t chunk, aj_error *err)
{
    *out = NULL;
    ajp_study *study = ajp_calloc(context, 1, sizeof *study);
    if (study == NULL) return ajp_no_memory(err, "study");
    study->context = context;
    study->model = model;
    study->dataset = dataset;
    study->clean_accuracy_ratio = study->clean_top5_accuracy_ratio = study->clean_loss = (double)NAN;
    ajp_arena_init(&study->arena, context);
    aj_status st = fill(study, chunk, err);
    if (st != AJ_OK) {
        ajp_study_destroy(study);
        return st;
    }
    *out = study;
    return AJ_OK;
}

const char *ajp_study_dynamic(const ajp_study *study)
{
    for (size_t i = 0; i < study->n_products; i++)
        if (ajp_plan_product(study->plan, i)->dynamic)
            return study->dynamic == AJ_DYNAMIC_ANALOG ? "analog" : "digital";
    return NULL;
}

void ajp_study_destroy(ajp_study *study)
{
    if (study == NULL) return;
    for (unsigned i = 0; i < study->n_threads && study->workspaces != NULL; i++)
        ajp_workspace_destroy(study->workspaces[i]);
    ajp_plan_destroy(study->plan);
    ajp_arena_free(&study->arena);
    ajp_free(study->context, study);
}

/* ---- a pass ---- */
typedef struct {
    ajp_study *study;
    const aj_dataset *dataset;
    size_t n;
    const ajp_pass *pass;
    ajp_work *work;
    uint64_t n_before;
    atomic_size_t n_done;
    atomic_int stop;  /* an error or the user */
    aj_status status; /* filled under `taken`: the first failure */
    aj_error error;
    atomic_flag taken;
} pass_run;

static void fail_pass(pass_run *run, aj_status status, const aj_error *error)
{
    if (!atomic_flag_test_and_set(&run->taken)) {
        run->status = status;
        run->error = *error;
    }
    atomic_store(&run->stop, 1);
}

static void run_chunk(void *user, size_t task, unsigned thread)
{
    pass_run *run = user;
    ajp_study *study = run->study;
    if (atomic_load(&run->stop) != 0) return;
    size_t first = task * study->chunk, n = ajp_min_size(study->chunk, run->n - first);
    aj_error error = {AJ_OK, 0, ""};
    const ajp_product_hook *hook = run->pass->begin(run->pass->user, thread, first, n);
    aj_status st = aj_dataset_read(run->dataset, first, n, study->inputs[thread], &error);
    if (st == AJ_OK)
        st = ajp_plan_run(study->plan, study->workspaces[thread], study->inputs[thread], n,
                          study->outputs[thread], hook, NULL, &error);
    if (st != AJ_OK) {
        fail_pass(run, st, &error);
        return;
    }
    if (run->pass->end != NULL) run->pass->end(run->pass->user, thread, first, n, study->outputs[thread]);
    size_t done = atomic_fetch_add(&run->n_done, n) + n;
    /* thread 0 is the caller's own: the callback may only be called from there */
    if (run->work != NULL && thread == 0 && !ajp_work_step(run->work, run->n_before + done, NULL)) {
        ajp_fail(&error, AJ_INTERRUPTED, 0, "stopped after %zu of %zu samples", done, run->n);
        fail_pass(run, AJ_INTERRUPTED, &error);
    }
}

aj_status ajp_study_pass(ajp_study *study, const aj_dataset *dataset, size_t n, const ajp_pass *pass,
                         ajp_work *work, uint64_t n_before, aj_error *err)
{
    pass_run run = {study, dataset, n, pass, work, n_before, 0, 0, AJ_OK, {AJ_OK, 0, ""}, ATOMIC_FLAG_INIT};
    ajp_pool_run(study->context->pool, (n + study->chunk - 1) / study->chunk, run_chunk, &run);
    if (atomic_load(&run.stop) == 0) return AJ_OK;
    return ajp_fail(err, run.status, 0, "%s", run.error.message);
}

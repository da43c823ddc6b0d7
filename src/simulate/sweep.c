/* sweep.c: a grid of evaluations that can be interrupted and resumed.
 *
 * The result file is the memory of the sweep: every line is a whole record, so a line can be checked against
 * what is asked now, and a point that is there is not computed again. */
#include "study.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../record/builder.h"

typedef struct {
    ajp_study *study;
    const aj_evaluate_options *options;
    const aj_sweep_values *axes;
    size_t n_axes, n_points;
    const char *path;
    aj_evaluation_file *file;
    aj_evaluation *old; /* what the file had */
    size_t n_old;
    const aj_evaluation **done; /* n_points: the old record of a point, or NULL */
    ajp_arena arena;
} sweep;

/* First axis slowest. */
static double axis_value(const sweep *s, size_t axis, size_t point)
{
    size_t stride = 1;
    for (size_t i = axis + 1; i < s->n_axes; i++) stride *= s->axes[i].n;
    return s->axes[axis].values[point / stride % s->axes[axis].n];
}

static bool is_varied(const sweep *s, const char *key)
{
    for (size_t i = 0; i < s->n_axes; i++)
        if (strcmp(s->axes[i].key, key) == 0) return true;
    return false;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static aj_status refuse(const sweep *s, const char *what, const char *old, const char *now, aj_error *err)
{
    return ajp_fail(err, AJ_MISMATCH, 0,
                    "%s: holds a sweep with %s %s, now it is %s; use another file or the old values", s->path,
                    what, old != NULL ? old : "none", now != NULL ? now : "none");
}

static aj_status check_number(const sweep *s, const char *what, double old, double now, aj_error *err)
{
    if (old == now || (isnan(old) && isnan(now))) return AJ_OK;
    char a[40], b[40];
    snprintf(a, sizeof a, "%.17g", old);
    snprintf(b, sizeof b, "%.17g", now);
    return refuse(s, what, a, b, err);
}

static aj_status check_parameters(const sweep *s, const aj_evaluation *old, aj_error *err)
{
    for (size_t i = 0; i < aj_hardware_n_parameters(s->options->hardware); i++) {
        aj_parameter now = aj_hardware_parameter(s->options->hardware, i);
        const aj_recorded_parameter *then = NULL;
        for (size_t j = 0; j < old->n_parameters; j++)
            if (same_text(old->parameters[j].key, now.key)) then = &old->parameters[j];
        if (then == NULL) return refuse(s, now.key, "not recorded", "a parameter", err);
        if (is_varied(s, now.key)) continue;
        if (now.word != NULL) {
            if (!same_text(then->word, now.word)) return refuse(s, now.key, then->word, now.word, err);
        } else {
            AJ_TRY(check_number(s, now.key, then->value, now.value, err));
        }
    }
    return AJ_OK;
}

static aj_status check_channels(const sweep *s, const char *what, const double *old, size_t n_old,
                                const double *now, size_t n_now, aj_error *err)
{
    char name[48];
    snprintf(name, sizeof name, "values of %s", what);
    AJ_TRY(check_number(s, name, (double)n_old, (double)n_now, err));
    for (size_t i = 0; i < n_now; i++) AJ_TRY(check_number(s, what, old[i], now[i], err));
    return AJ_OK;
}

/* Records of before there was anything to declare say nothing about it. */
static aj_status check_preprocessing(const sweep *s, const aj_recorded_preprocessing *old, aj_error *err)
{
    const aj_preprocessing *now = &s->study->data.preprocessing;
    if (isnan(old->scale)) return AJ_OK;
    AJ_TRY(check_number(s, "scale", old->scale, now->scale, err));
    AJ_TRY(check_channels(s, "mean", old->mean, old->n_mean, now->mean, now->n_mean, err));
    AJ_TRY(check_channels(s, "std", old->std, old->n_std, now->std, now->n_std, err));
    const char *layout = aj_layout_name(now->layout);
    return same_text(old->layout, layout) ? AJ_OK : refuse(s, "layout", old->layout, layout, err);
}

/* What makes two points comparable: everything but the varied keys. */
static aj_status check_old(const sweep *s, const aj_evaluation *old, aj_error *err)
{
    aj_model_info model = aj_model_describe(s->study->model);
    aj_hardware_info hardware = aj_hardware_describe(s->options->hardware);
    const struct {
        const char *what, *old, *now;
    } texts[] = {{"model", old->model_sha256, model.sha256},
                 {"data set", old->dataset_name, s->study->data.name},
                 {"split", old->dataset_split, s->study->data.split},
                 {"hardware", old->hardware_name, hardware.name},
                 {"family", old->hardware_family, hardware.family},
                 {"mode", old->mode, s->options->mode == AJ_MODE_LATENCY ? "latency" : "throughput"},
                 {"dynamic products", old->dynamic, ajp_study_dynamic(s->study)}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!same_text(texts[i].old, texts[i].now))
            return refuse(s, texts[i].what, texts[i].old, texts[i].now, err);
    AJ_TRY(check_number(s, "samples", (double)old->n_samples, (double)s->study->data.n_samples, err));
    AJ_TRY(check_number(s, "trials", old->n_trials, s->options->n_trials, err));
    AJ_TRY(check_number(s, "batch", old->batch, s->options->batch, err));
    AJ_TRY(check_preprocessing(s, &old->preprocessing, err));
    if (old->seed != s->options->seed)
        return check_number(s, "seed", (double)old->seed, (double)s->options->seed, err);
    for (size_t i = 0; i < old->n_varied; i++)
        if (!is_varied(s, old->varied[i].key))
            return refuse(s, "varied key", old->varied[i].key, "not varied", err);
    return check_parameters(s, old, err);
}

static bool is_point(const sweep *s, const aj_evaluation *old, size_t point)
{
    for (size_t axis = 0; axis < s->n_axes; axis++) {
        bool found = false;
        for (size_t i = 0; i < old->n_varied && !found; i++)
            found = same_text(old->varied[i].key, s->axes[axis].key) &&
                    old->varied[i].value == axis_value(s, axis, point);
        if (!found) return false;
    }
    return old->n_varied == s->n_axes;
}

static aj_status resume(sweep *s, aj_error *err)
{
    if (s->path == NULL) return AJ_OK;
    AJ_TRY(aj_evaluation_file_open(&s->file, s->path, &s->old, &s->n_old, err));
    for (size_t i = 0; i < s->n_old; i++) {
        AJ_TRY(check_old(s, &s->old[i], err));
        for (size_t point = 0; point < s->n_points; point++)
            if (s->done[point] == NULL && is_point(s, &s->old[i], point)) s->done[point] = &s->old[i];
    }
    return AJ_OK;
}

static aj_status check_axes(sweep *s, aj_error *err)
{
    s->n_points = 1;
    for (size_t i = 0; i < s->n_axes; i++) {
        aj_parameter parameter;
        if (!aj_hardware_find(s->options->hardware, s->axes[i].key, &parameter))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "sweep: hardware %s has no key %s",
                            aj_hardware_describe(s->options->hardware).name, s->axes[i].key);
        for (size_t j = 0; j < i; j++)
            if (strcmp(s->axes[i].key, s->axes[j].key) == 0)
                return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "sweep: key %s is varied twice", s->axes[i].key);
        if (!ajp_size_mul(s->n_points, s->axes[i].n, &s->n_points) || s->n_points > 1000000)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "sweep: over a million points; use fewer values of %s",
                            s->axes[i].key);
    }
    s->done = ajp_arena_array(&s->arena, s->n_points, sizeof *s->done);
    return s->done != NULL ? AJ_OK : ajp_no_memory(err, "sweep");
}

static aj_status record_varied(const sweep *s, aj_evaluation *record, size_t point, aj_error *err)
{
    aj_recorded_parameter *varied = ajp_record_array(record, s->n_axes, sizeof *varied);
    for (size_t i = 0; i < s->n_axes && varied != NULL; i++) {
        aj_parameter parameter = {0};
        (void)aj_hardware_find(s->options->hardware, s->axes[i].key, &parameter);
        varied[i] = (aj_recorded_parameter){
            ajp_record_string(record, s->axes[i].key), ajp_record_string(record, parameter.unit),
            axis_value(s, i, point), NULL, ajp_record_string(record, "varied")};
    }
    record->varied = varied;
    record->n_varied = varied != NULL ? s->n_axes : 0;
    return ajp_record_finish(record, err);
}

/* One point: the hardware with the point's values, evaluated and appended. */
static aj_status compute_point(sweep *s, size_t point, ajp_work *work, uint64_t n_before, aj_evaluation *out,
                               aj_error *err)
{
    aj_hardware *hardware = NULL;
    const ajp_calibration *calibrations = NULL;
    aj_status st;
    AJ_TRY_DONE(aj_hardware_clone(&hardware, s->options->hardware, err));
    for (size_t i = 0; i < s->n_axes; i++)
        AJ_TRY_DONE(aj_hardware_set_number(hardware, s->axes[i].key, axis_value(s, i, point), err));
    AJ_TRY_DONE(ajp_study_calibrations(&calibrations, s->study, hardware, s->options, err));
    AJ_TRY_DONE(ajp_study_evaluate(out, s->study, hardware, s->options, calibrations, work, n_before, err));
    AJ_TRY_DONE(record_varied(s, out, point, err));
    ajp_record_measured(out, s->options);
    if (s->file != NULL) st = aj_evaluation_file_append(s->file, out, err);
done:
    if (st != AJ_OK) aj_evaluation_destroy(out);
    aj_hardware_destroy(hardware);
    return st;
}

static aj_status run_points(sweep *s, aj_sweep_point point, void *user, aj_error *err)
{
    uint64_t n_each = (uint64_t)s->options->n_trials * s->study->data.n_samples, n_resumed = 0;
    for (size_t i = 0; i < s->n_points; i++) n_resumed += s->done[i] != NULL;
    ajp_work work;
    ajp_work_begin(&work, s->study->context, "sweep", "samples", s->n_points * n_each, n_resumed * n_each);
    uint64_t n_done = n_resumed;
    for (size_t i = 0; i < s->n_points; i++) {
        aj_evaluation fresh = {0};
        const aj_evaluation *record = s->done[i];
        if (record == NULL) {
            AJ_TRY(compute_point(s, i, &work, n_done * n_each, &fresh, err));
            record = &fresh;
            n_done++;
        }
        bool go_on = point == NULL || point(user, i, s->n_points, record != &fresh, record);
        aj_evaluation_destroy(&fresh);
        if (!go_on)
            return ajp_fail(err, AJ_INTERRUPTED, 0, "sweep stopped after %zu of %zu points", i + 1,
                            s->n_points);
    }
    ajp_work_finish(&work, work.n_total, NULL);
    return AJ_OK;
}

aj_status aj_sweep(aj_context *context, const aj_model *model, const aj_dataset *dataset,
                   const aj_evaluate_options *options, const aj_sweep_values *axes, size_t n_axes,
                   const char *path, aj_sweep_point point, void *user, aj_error *err)
{
    AJ_TRY(ajp_check_evaluate_options(options, err));
    if (options->hardware == NULL || n_axes == 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "sweep: needs a hardware and at least one key to vary");
    sweep s = {.options = options, .axes = axes, .n_axes = n_axes, .path = path};
    ajp_arena_init(&s.arena, context);
    aj_status st;
    AJ_TRY_DONE(ajp_study_create(&s.study, context, model, dataset, options->chunk, err));
    s.study->dynamic = options->dynamic;
    AJ_TRY_DONE(check_axes(&s, err));
    AJ_TRY_DONE(aj_hardware_check(options->hardware, err));
    AJ_TRY_DONE(resume(&s, err));
    AJ_TRY_DONE(ajp_study_clean(s.study, NULL, err));
    AJ_TRY_DONE(run_points(&s, point, user, err));
done:
    aj_evaluation_file_close(s.file);
    aj_evaluations_free(s.old, s.n_old);
    ajp_study_destroy(s.study);
    ajp_arena_free(&s.arena);
    return st;
}

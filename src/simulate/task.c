/* task.c: what the labels of a data set are to the outputs of a network. */
#include "study.h"

#include <stdio.h>
#include <string.h>

/* A shape without its axes of 1: those say nothing. */
typedef struct {
    size_t rank, dims[8];
} shape;

static shape squeeze(size_t rank, const size_t *dims)
{
    shape out = {0, {0}};
    for (size_t i = 0; i < rank && out.rank < 8; i++)
        if (dims[i] != 1) out.dims[out.rank++] = dims[i];
    return out;
}

static const char *text_of(size_t rank, const size_t *dims, char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < rank && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%zu", i > 0 ? " x " : "", dims[i]);
    return text;
}

static bool same(size_t rank, const size_t *a, const size_t *b)
{
    return memcmp(a, b, rank * sizeof *a) == 0;
}

/* The class axis is the first one of a sample, as ONNX has it, or the last one. */
static bool find_class_axis(ajp_study *study, const shape *output, const shape *target)
{
    if (output->rank != target->rank + 1 || study->data.n_target_classes == 0) return false;
    study->n_elements = study->data.n_targets;
    if (same(target->rank, output->dims + 1, target->dims)) {
        study->n_classes = output->dims[0];
        study->class_stride = study->n_elements;
        study->element_stride = 1;
        return true;
    }
    if (!same(target->rank, output->dims, target->dims)) return false;
    study->n_classes = output->dims[target->rank];
    study->class_stride = 1;
    study->element_stride = study->n_classes;
    return true;
}

static aj_status check_classes(const ajp_study *study, size_t n_classes, aj_error *err)
{
    aj_model_info info = aj_model_describe(study->model);
    if (n_classes <= study->n_classes) return AJ_OK;
    return ajp_fail(err, AJ_MISMATCH, 0,
                    "%s: output \"%s\" has %zu classes but the labels of %s go up to %zu", info.path,
                    info.output_name, study->n_classes, study->data.name, n_classes - 1);
}

static aj_status refuse(const ajp_study *study, aj_error *err)
{
    char output[160], target[160];
    aj_model_info info = aj_model_describe(study->model);
    const aj_dataset_info *data = &study->data;
    text_of(info.output_rank, info.output_shape, output, sizeof output);
    text_of(data->target_rank, data->target_shape, target, sizeof target);
    const char *what = study->labels != NULL ? "a class number" : target;
    const char *of = study->labels != NULL        ? ""
                     : data->n_target_classes > 0 ? " (class numbers)"
                                                  : " (values)";
    return ajp_fail(
        err, AJ_MISMATCH, 0,
        "%s: output \"%s\" is %s, but a label of %s is %s%s; give values of the output's shape, or "
        "class numbers of that shape without its class axis (the first or the last)",
        info.path, info.output_name, output, data->name, what, of);
}

aj_status ajp_task_find(ajp_study *study, aj_error *err)
{
    const aj_dataset_info *data = &study->data;
    aj_model_info info = aj_model_describe(study->model);
    shape output = squeeze(info.output_rank, info.output_shape),
          target = squeeze(data->target_rank, data->target_shape);
    study->n_classes = study->n_outputs;
    study->n_elements = 1;
    study->class_stride = 1;
    study->element_stride = study->n_outputs;
    if (study->labels == NULL && data->n_targets == 0) return AJ_OK;
    if (study->labels != NULL && output.rank <= 1 && (study->n_outputs > 1 || data->n_targets == 0)) {
        study->task = AJP_TASK_CLASSES;
        return check_classes(study, data->n_classes, err);
    }
    if (data->n_targets == study->n_outputs && output.rank == target.rank &&
        same(output.rank, output.dims, target.dims)) {
        study->task = AJP_TASK_VALUES;
        return AJ_OK;
    }
    if (study->labels != NULL || !find_class_axis(study, &output, &target)) return refuse(study, err);
    study->task = AJP_TASK_CLASS_MAP;
    return check_classes(study, data->n_target_classes, err);
}

const char *ajp_task_loss(ajp_task task)
{
    static const char *const names[] = {[AJP_TASK_CLASSES] = "cross-entropy",
                                        [AJP_TASK_CLASS_MAP] = "mean cross-entropy of the elements",
                                        [AJP_TASK_VALUES] = "mean squared error"};
    return names[task];
}

/* score.c: class and loss of outputs. */
#include "study.h"

#include <math.h>

#include "../data/dataset.h"

static size_t largest(const float *values, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (values[i] > values[best]) best = i;
    return best;
}

/* Among the five largest; of equal ones the first count, as for the largest. */
static bool among_five(const float *values, size_t n, size_t label)
{
    size_t n_before = 0;
    if (isnan(values[label])) return false;
    for (size_t i = 0; i < n; i++)
        n_before += values[i] > values[label] || (values[i] == values[label] && i < label);
    return n_before < 5;
}

/* -ln of the probability that the network gives to the right class; the logarithm is ours (same bits
 * everywhere). */
static double cross_entropy(const ajp_study *study, const float *outputs, size_t label, float *scratch)
{
    const ajp_kernels *kernels = ajp_kernels_for(study->context->isa);
    size_t n = study->n_classes;
    switch (study->output_kind) {
    case AJP_OUTPUT_LOG_PROBABILITIES:
        return -(double)outputs[label];
    case AJP_OUTPUT_PROBABILITIES:
        kernels->map(AJP_MAP_LOG, outputs + label, scratch, 1, 0.0f, 0.0f);
        return -(double)scratch[0];
    case AJP_OUTPUT_LOGITS:
        break;
    }
    kernels->softmax(outputs, n, scratch, n, 1, n, true);
    return -(double)scratch[label];
}

bool ajp_score_make(ajp_score *out, const ajp_study *study, size_t n, ajp_arena *arena)
{
    *out = (ajp_score){NULL, NULL, NULL};
    if (study->task == AJP_TASK_NONE) return true;
    out->loss = ajp_arena_array(arena, n, sizeof *out->loss);
    if (out->loss == NULL) return false;
    if (study->task == AJP_TASK_VALUES) return true;
    out->correct = ajp_arena_array(arena, n, sizeof *out->correct);
    if (out->correct == NULL || study->n_classes < 6) return out->correct != NULL;
    out->top5 = ajp_arena_array(arena, n, sizeof *out->top5);
    return out->top5 != NULL;
}

size_t ajp_score_scratch(const ajp_study *study)
{
    return 2 * study->n_outputs + study->data.n_targets;
}

/* One list of classes. */
static double score_classes(const ajp_study *study, const float *row, size_t label, size_t sample,
                            float *scratch, ajp_score *score)
{
    bool correct = largest(row, study->n_classes) == label;
    score->correct[sample] += correct;
    if (score->top5 != NULL) score->top5[sample] += correct || among_five(row, study->n_classes, label);
    return cross_entropy(study, row, label, scratch);
}

/* The mean over the elements, in their order. */
static double score_map(const ajp_study *study, const float *row, size_t sample, float *scratch,
                        ajp_score *score)
{
    float *classes = scratch + study->n_outputs, *targets = classes + study->n_outputs;
    double sum = 0.0;
    ajp_dataset_targets(study->dataset, sample, 1, targets);
    for (size_t i = 0; i < study->n_elements; i++) {
        for (size_t k = 0; k < study->n_classes; k++)
            classes[k] = row[i * study->element_stride + k * study->class_stride];
        sum += score_classes(study, classes, (size_t)targets[i], sample, scratch, score);
    }
    return sum / (double)study->n_elements;
}

static double mean_squared_error(const ajp_study *study, const float *row, size_t sample, float *targets)
{
    double sum = 0.0;
    ajp_dataset_targets(study->dataset, sample, 1, targets);
    for (size_t i = 0; i < study->n_outputs; i++) {
        double error = (double)row[i] - (double)targets[i];
        sum += error * error;
    }
    return sum / (double)study->n_outputs;
}

void ajp_score_rows(const ajp_study *study, const float *outputs, size_t first, size_t n, float *scratch,
                    ajp_score *score)
{
    for (size_t i = 0; i < n; i++) {
        const float *row = outputs + i * study->n_outputs;
        size_t sample = first + i;
        if (score->correct != NULL) score->correct[sample] = 0;
        if (score->top5 != NULL) score->top5[sample] = 0;
        if (study->task == AJP_TASK_CLASSES)
            score->loss[sample] =
                score_classes(study, row, (size_t)study->labels[sample], sample, scratch, score);
        else if (study->task == AJP_TASK_CLASS_MAP)
            score->loss[sample] = score_map(study, row, sample, scratch, score);
        else
            score->loss[sample] = mean_squared_error(study, row, sample, scratch + 2 * study->n_outputs);
    }
}

double ajp_score_ratio(const ajp_study *study, const uint32_t *counts)
{
    if (counts == NULL) return (double)NAN;
    uint64_t n_counted = 0;
    for (size_t i = 0; i < study->data.n_samples; i++) n_counted += counts[i];
    return (double)n_counted / ((double)study->data.n_samples * (double)study->n_elements);
}

double ajp_score_loss(const ajp_study *study, const ajp_score *score)
{
    return aj_sum(score->loss, study->data.n_samples) / (double)study->data.n_samples;
}

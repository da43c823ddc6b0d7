/* score.c: class and loss of outputs. */
#include "study.h"

#include <math.h>

static size_t largest(const float *values, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (values[i] > values[best]) best = i;
    return best;
}

/* -ln of the probability that the network gives to the right class; the logarithm is ours (same bits
 * everywhere). */
static double cross_entropy(const ajp_study *study, const float *outputs, size_t label, float *scratch)
{
    const ajp_kernels *kernels = ajp_kernels_for(study->context->isa);
    switch (study->output_kind) {
    case AJP_OUTPUT_LOG_PROBABILITIES:
        return -(double)outputs[label];
    case AJP_OUTPUT_PROBABILITIES:
        kernels->map(AJP_MAP_LOG, outputs + label, scratch, 1, 0.0f, 0.0f);
        return -(double)scratch[0];
    case AJP_OUTPUT_LOGITS:
        break;
    }
    kernels->softmax(outputs, study->n_outputs, scratch, study->n_outputs, 1, study->n_outputs, true);
    return -(double)scratch[label];
}

void ajp_score_rows(const ajp_study *study, const float *outputs, size_t first, size_t n, float *scratch,
                    ajp_score *score)
{
    for (size_t i = 0; i < n; i++) {
        const float *row = outputs + i * study->n_outputs;
        size_t label = (size_t)study->labels[first + i];
        score->correct[first + i] = largest(row, study->n_outputs) == label;
        score->loss[first + i] = cross_entropy(study, row, label, scratch);
    }
}

double ajp_score_accuracy(const ajp_study *study, const ajp_score *score)
{
    size_t n_correct = 0;
    for (size_t i = 0; i < study->data.n_samples; i++) n_correct += score->correct[i];
    return (double)n_correct / (double)study->data.n_samples;
}

double ajp_score_loss(const ajp_study *study, const ajp_score *score)
{
    return aj_sum(score->loss, study->data.n_samples) / (double)study->data.n_samples;
}

/* prepare.h: what happens to a sample between its file and the network. */
#ifndef AJP_PREPARE_H
#define AJP_PREPARE_H

#include "array.h"
#include "attojoule/data.h"

/* (x scale - mean) / std per channel, channels brought to the front. */
typedef struct {
    float scale;
    size_t n_features, n_channels;
    size_t n_planes; /* parts of a sample with a mean and a deviation of their own; 0 = neither is declared */
    bool move;       /* the channels are the last axis */
    float mean[AJ_MAX_CHANNELS], std[AJ_MAX_CHANNELS];
} ajp_preparation;

/* Checks what is declared against the samples; also the shape of a sample as it will be read.  `name`: the
 * data set, for messages. */
aj_status ajp_preparation_make(ajp_preparation *out, aj_dataset_info *info, const ajp_array *samples,
                               const aj_dataset_options *options, const char *name, aj_error *err);
/* n samples that follow one another, to rows of n_features floats. */
void ajp_prepare(const ajp_preparation *preparation, const ajp_array *samples, size_t first, size_t n,
                 float *out);

#endif

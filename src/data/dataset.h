/* dataset.h: what the training loop needs of a data set beyond its public face. */
#ifndef AJP_DATASET_H
#define AJP_DATASET_H

#include "array.h"
#include "attojoule/data.h"

/* Samples indices[0 .. n-1], each written to a row of `out` that is out_row floats long, scaled as
 * aj_dataset_read does.  Every index must be below n_samples (the caller's duty: this runs inside loops). */
void ajp_dataset_gather(const aj_dataset *dataset, const uint32_t *indices, size_t n, float *out,
                        size_t out_row);

/* Targets of samples first .. first+n-1 as [n][n_targets]; within the set (the caller's duty). */
void ajp_dataset_targets(const aj_dataset *dataset, size_t first, size_t n, float *out);

#endif

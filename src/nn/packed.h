/* packed.h: packed weights that the programs of one network share: for another sequence length the weights
 * are the same. */
#ifndef AJP_PACKED_H
#define AJP_PACKED_H

#include "../base/internal.h"

typedef struct ajp_packed ajp_packed;
typedef struct {
    const aj_context *context;
    ajp_packed *first;
} ajp_packed_store;

/* Room for n floats that are not shared yet; NULL: no memory. */
float *ajp_packed_new(const ajp_packed_store *store, size_t n);
/* Takes what ajp_packed_new gave, filled: the same numbers that are there already, or these from now on. */
const float *ajp_packed_keep(ajp_packed_store *store, float *data);
/* One user less; the last one frees it.  NULL allowed. */
void ajp_packed_drop(ajp_packed_store *store, const float *data);

#endif

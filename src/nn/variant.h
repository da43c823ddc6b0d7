/* variant.h: a network compiled for one set of input shapes, with the memory of its runs. */
#ifndef AJP_VARIANT_H
#define AJP_VARIANT_H

#include "plan.h"

typedef struct {
    ajp_program program;
    ajp_plan *plan;
    ajp_workspace **workspaces; /* one a thread */
    void **outputs;             /* per output, grown as needed */
    size_t *output_bytes;
    aj_tensor *given; /* what the caller is told of the outputs */
    double macs;      /* of one sample */
    uint64_t last_used;
    ajp_arena arena;
} ajp_variant;

enum { AJP_MAX_VARIANTS = 8 };

/* The last few, by shapes; they share packed weights. */
typedef struct {
    aj_context *context;
    const aj_model *model;
    size_t max_chunk;
    bool choose_chunk;
    bool needs_data; /* why the last one could not be made: shapes depend on data */
    bool one_by_one; /* counting samples along the first axes failed before: not tried again */
    uint64_t clock;
    ajp_packed_store store;
    ajp_variant *variants[AJP_MAX_VARIANTS];
} ajp_variants;

void ajp_variants_init(ajp_variants *out, aj_context *context, const aj_model *model, size_t max_chunk,
                       bool choose_chunk);
void ajp_variants_free(ajp_variants *variants);
/* The one for inputs of these types (concrete: batch_axis -1).  *n: how many samples it takes them for, 1
 * when it takes the inputs as a whole. */
aj_status ajp_variants_find(ajp_variants *variants, const ajp_type *types, ajp_variant **out, size_t *n,
                            aj_error *err);

#endif

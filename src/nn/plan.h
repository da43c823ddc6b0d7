/* plan.h: a program with packed weights and a memory layout for up to max_chunk samples. */
#ifndef AJP_PLAN_H
#define AJP_PLAN_H

#include "program.h"

typedef struct {
    size_t offset; /* bytes into the workspace; of input and output slots not used */
    size_t row;    /* floats between rows of a padded slot; 0 = dense */
} ajp_place;

struct ajp_plan {
    const aj_context *context;
    const ajp_program *program;
    const ajp_kernels *kernels;
    size_t max_chunk;
    size_t n_products, n_others;
    ajp_product_step *products; /* packed filled in */
    const ajp_other_step **others;
    size_t *product_of_step;          /* per step: its first one */
    ajp_place *places;                /* per slot */
    size_t memory_size, scratch_size; /* bytes */
    ajp_arena arena;
};

struct ajp_workspace {
    const ajp_plan *plan;
    unsigned char *memory; /* slots, then scratch */
};

/* Operands with their concrete shapes for n samples; data of constants only. */
void ajp_plan_tensors(const ajp_operand_of_step *operands, size_t n_operands, size_t n_samples,
                      ajp_tensor *out);

#endif

/* plan.h: a program with packed weights and a memory layout for up to max_chunk samples. */
#ifndef AJP_PLAN_H
#define AJP_PLAN_H

#include "packed.h"
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
    void **state_of_step;             /* per step: what its operator prepared, or NULL */
    ajp_place *places;                /* per slot */
    size_t memory_size, scratch_size; /* bytes */
    ajp_tensor *tensors;              /* while sizes are worked out */
    ajp_packed_store *store;          /* where the packed weights are; NULL: in the arena */
    ajp_arena arena;
};

typedef struct {
    size_t max_chunk;
    bool choose;             /* fewer where a sample takes much memory */
    bool keep_weights;       /* [rows][cols] of every product, not only packed */
    ajp_packed_store *store; /* or NULL */
} ajp_plan_options;

/* Operators may look at ports that a node does not have. */
static inline size_t ajp_plan_max_ports(const ajp_plan *plan)
{
    return plan->program->max_ports > 8 ? plan->program->max_ports : 8;
}

struct ajp_workspace {
    const ajp_plan *plan;
    unsigned char *memory; /* slots, then scratch */
    ajp_tensor *tensors;   /* of the step that runs: inputs, then outputs */
    void **bound;          /* per slot: the caller's memory, or NULL */
    void **ports;          /* inputs, then outputs, of a run between tensors: set by the caller */
};

aj_status ajp_plan_create_for(ajp_plan **out, aj_context *context, const ajp_program *program,
                              const ajp_plan_options *options, aj_error *err);
/* n <= max_chunk samples between workspace->ports (of a program with `tensors`). */
aj_status ajp_plan_run_tensors(const ajp_plan *plan, ajp_workspace *workspace, size_t n,
                               const ajp_product_hook *hook, ajp_pool *pool, aj_error *err);

/* Operands with their concrete shapes for n samples; data of constants only. */
void ajp_plan_tensors(const ajp_operand_of_step *operands, size_t n_operands, size_t n_samples,
                      ajp_tensor *out);

#endif

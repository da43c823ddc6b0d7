/* executor.h: what simulate needs of the executor: the products of a graph, and a way to run one of them
 * elsewhere.
 *
 * A plan is compiled once from a model (constants folded, batch norm folded into the product before it, bias
 * and activation fused into the product, memory laid out by lifetime for up to max_chunk samples) and is
 * read-only; a workspace is the memory of one thread running it. */
#ifndef AJP_EXECUTOR_H
#define AJP_EXECUTOR_H

#include "../kernels/kernels.h"
#include "attojoule/nn.h"

typedef struct ajp_plan ajp_plan;
typedef struct ajp_workspace ajp_workspace;

/* A product step: y = activation(x W^T + bias) for constant W. */
typedef struct {
    const char *name; /* node name in the file, or "Gemm_3" made from operator and place */
    const char *op_type;
    size_t rows, cols;    /* outputs, inputs */
    size_t reps;          /* products per sample: 1 for Gemm on [N][cols] */
    const float *weights; /* [rows][cols] row-major, after folding; borrowed from the plan */
    const float *packed;  /* ajp_pack_out_in form */
    const float *bias;    /* rows values padded with zeros to a multiple of 16, or NULL */
    ajp_activation activation;
    float activation_parameter;
} ajp_product_step;

/* Everything that is not a product, for digital accounting and listing. */
typedef struct {
    const char *name, *op_type;
    size_t n_elements; /* output elements per sample */
    uint64_t flops;    /* per sample */
} ajp_other_step;

aj_status ajp_plan_create(ajp_plan **out, aj_context *context, const aj_model *model, size_t max_chunk,
                          aj_error *err);
void ajp_plan_destroy(ajp_plan *plan);
size_t ajp_plan_n_products(const ajp_plan *plan);
const ajp_product_step *ajp_plan_product(const ajp_plan *plan, size_t i);
size_t ajp_plan_n_others(const ajp_plan *plan);
const ajp_other_step *ajp_plan_other(const ajp_plan *plan, size_t i);
size_t ajp_plan_input_features(const ajp_plan *plan);
size_t ajp_plan_output_features(const ajp_plan *plan);
size_t ajp_plan_max_chunk(const ajp_plan *plan);

/* Runs a product in place of the exact GEMM. x: n_rows (= samples * reps) rows of cols floats, x_row apart;
 * y: n_rows rows, y_row apart (a multiple of 16, padding may be overwritten).  Bias and activation of the
 * step are the hook's job.  Returns a status; the run ends with it. */
typedef struct {
    aj_status (*run)(void *user, const ajp_product_step *step, size_t product, const float *x, size_t x_row,
                     float *y, size_t y_row, size_t n_rows, aj_error *err);
    void *user;
} ajp_product_hook;

aj_status ajp_workspace_create(ajp_workspace **out, const ajp_plan *plan, aj_error *err);
void ajp_workspace_destroy(ajp_workspace *workspace);
/* n <= max_chunk samples on the calling thread. hook NULL = exact. pool: spread single products over it, or
 * NULL. */
aj_status ajp_plan_run(const ajp_plan *plan, ajp_workspace *workspace, const float *inputs, size_t n,
                       float *outputs, const ajp_product_hook *hook, ajp_pool *pool, aj_error *err);

#endif

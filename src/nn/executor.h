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

/* A product: y = activation(x W^T + bias) for constant W, or `groups` of them of the same size, each with
 * inputs of its own (a grouped convolution, both directions of a recurrent cell). */
typedef struct {
    const char *name; /* node name in the file (or "Gemm_3" made from operator and place), with the suffix of
                         the product where a node has several */
    const char *op_type;
    size_t rows, cols;    /* outputs, inputs of one group */
    size_t reps;          /* products per sample and group: 1 for Gemm on [N][cols] */
    size_t groups;        /* 1 or more */
    const float *weights; /* [groups][rows][cols] row-major, after folding; borrowed from the plan */
    const float *packed;  /* [groups] in ajp_pack_out_in form */
    const float *bias;    /* [groups][rows padded with zeros to a multiple of 16], or NULL */
    ajp_activation activation;
    float activation_parameter;
    size_t n_distinct_inputs; /* of a sample and group where they overlap (patches); 0 = cols * reps */
    /* Both operands depend on data: weights and packed are NULL, and every group is a matrix of its own for
     * every sample. */
    bool dynamic;
    int sample_axis; /* its operator's notes: where samples are, and which operand is the constant */
    bool left;
} ajp_product_step;

/* What belongs to one group. */
static inline const float *ajp_product_weights(const ajp_product_step *step, size_t group)
{
    return step->weights + group * step->rows * step->cols;
}
static inline const float *ajp_product_packed(const ajp_product_step *step, size_t group)
{
    return step->packed + group * ajp_packed_size(step->rows, step->cols);
}
static inline const float *ajp_product_bias(const ajp_product_step *step, size_t group)
{
    return step->bias == NULL ? NULL : step->bias + group * ajp_round_up(step->rows, AJP_LANES);
}

/* The rows of a product are numbered sample * reps + repetition.  Row i of a call is number
 *   first + (i' % inner) * inner_step + (i' / inner) * outer_step   with i' = i + skipped */
typedef struct {
    size_t first, inner, inner_step, outer_step, skipped;
} ajp_product_rows;

static inline size_t ajp_product_row(const ajp_product_rows *rows, size_t i)
{
    i += rows->skipped;
    return rows->first + i % rows->inner * rows->inner_step + i / rows->inner * rows->outer_step;
}

/* Rows that follow one another. */
static inline ajp_product_rows ajp_product_rows_from(size_t first)
{
    return (ajp_product_rows){first, SIZE_MAX, 1, 0, 0};
}

/* Everything that is not a product, for digital accounting and listing. */
typedef struct {
    const char *name, *op_type;
    size_t n_elements; /* output elements per sample */
    uint64_t flops;    /* per sample */
    uint64_t macs;     /* of matrix products among them that no product of the plan stands for */
} ajp_other_step;

aj_status ajp_plan_create(ajp_plan **out, aj_context *context, const aj_model *model, size_t max_chunk,
                          aj_error *err);
void ajp_plan_destroy(ajp_plan *plan);
/* How many samples at a time are fastest, up to `most`: by what stays in the cache. */
size_t ajp_model_chunk(const aj_model *model, size_t most);
size_t ajp_plan_n_products(const ajp_plan *plan);
const ajp_product_step *ajp_plan_product(const ajp_plan *plan, size_t i);
size_t ajp_plan_n_others(const ajp_plan *plan);
const ajp_other_step *ajp_plan_other(const ajp_plan *plan, size_t i);
size_t ajp_plan_input_features(const ajp_plan *plan);
size_t ajp_plan_output_features(const ajp_plan *plan);
size_t ajp_plan_max_chunk(const ajp_plan *plan);

/* Some rows of one group of a product: x has n_rows rows of cols floats, x_row apart; y n_rows rows, y_row
 * apart (at least the outputs rounded up to 16; the padding may be overwritten). */
typedef struct {
    size_t product, group;
    const float *x;
    float *y;
    size_t x_row, y_row, n_rows;
    ajp_product_rows rows; /* numbers of the rows, within the samples of this run */
} ajp_product_call;

/* Some rows of one matrix of a product of two activations, y = x W^T: x has n_rows rows of cols floats, x_row
 * apart; W is [rows][cols] row-major; y as above.  Row i is repetition first_row + i of the sample. */
typedef struct {
    size_t product, sample, matrix; /* sample within this run; matrix 0 ... groups - 1 */
    const float *x, *weights, *packed;
    float *y;
    size_t x_row, y_row, n_rows, first_row;
} ajp_dynamic_call;

/* A hook never gets more rows at once. */
enum { AJP_HOOK_ROWS = 1024 };

/* Runs (a part of) a product in place of the exact GEMM. Bias and activation of the step are the hook's job.
 * All rows and groups of a product come before a product that depends on it, each of them once; the rows of
 * one sample and group in an order that does not depend on chunk or threads.  Returns a status; the run ends
 * with it. */
typedef struct {
    aj_status (*run)(void *user, const ajp_product_step *step, const ajp_product_call *call, aj_error *err);
    void *user;
    /* The same for a product of two activations; NULL = exactly. */
    aj_status (*run_dynamic)(void *user, const ajp_product_step *step, const ajp_dynamic_call *call,
                             aj_error *err);
} ajp_product_hook;

aj_status ajp_workspace_create(ajp_workspace **out, const ajp_plan *plan, aj_error *err);
void ajp_workspace_destroy(ajp_workspace *workspace);
/* n <= max_chunk samples on the calling thread. hook NULL = exact. pool: spread single products over it, or
 * NULL. */
aj_status ajp_plan_run(const ajp_plan *plan, ajp_workspace *workspace, const float *inputs, size_t n,
                       float *outputs, const ajp_product_hook *hook, ajp_pool *pool, aj_error *err);

#endif

/* product.h: the one word that networks and hardware share: a matrix product of a graph. */
#ifndef AJP_PRODUCT_H
#define AJP_PRODUCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { AJP_OPERAND_CONSTANT, AJP_OPERAND_DYNAMIC } ajp_operand;

/* y[rep][row] = sum over cols of W[row][col] x[rep][col], reps times per inference (1 for dense layers,
 * output positions for a convolution). */
typedef struct {
    const char *name; /* of the node; borrowed */
    size_t rows;      /* outputs */
    size_t cols;      /* inputs */
    size_t reps;
    ajp_operand weights; /* CONSTANT: known before any data; DYNAMIC: an activation too, of every sample */
    size_t layer;        /* number of the product in execution order: the place of its random numbers */
    size_t groups;       /* so many of them, each with weights and inputs of its own; 0 means 1 */
    size_t n_distinct_inputs; /* numbers that the inputs of one group are made of, where they overlap (patches
                                 of an image); 0 means cols * reps */
    bool is_last;             /* of its network */
    bool has_bias;            /* something is added to the result before its activation */
    bool other_activation;    /* what follows is neither nothing nor Relu */
} ajp_product;

/* Inferences that share one encoding of the weights: a batch, but of two activations each has its own. */
static inline double ajp_product_sharing(const ajp_product *product, unsigned batch)
{
    return product->weights == AJP_OPERAND_DYNAMIC ? 1.0 : (double)batch;
}

static inline double ajp_product_groups(const ajp_product *product)
{
    return product->groups > 1 ? (double)product->groups : 1.0;
}

/* Of one group. */
static inline double ajp_product_distinct_inputs(const ajp_product *product)
{
    return product->n_distinct_inputs > 0 ? (double)product->n_distinct_inputs
                                          : (double)product->cols * (double)product->reps;
}

static inline double ajp_product_macs(const ajp_product *product)
{
    return (double)product->rows * (double)product->cols * (double)product->reps *
           ajp_product_groups(product);
}

#endif

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
    ajp_operand weights; /* CONSTANT: known before any data */
    size_t layer;        /* number of the product in execution order: the place of its random numbers */
    size_t groups;       /* so many of them, each with weights and inputs of its own; 0 means 1 */
} ajp_product;

static inline double ajp_product_groups(const ajp_product *product)
{
    return product->groups > 1 ? (double)product->groups : 1.0;
}

static inline double ajp_product_macs(const ajp_product *product)
{
    return (double)product->rows * (double)product->cols * (double)product->reps *
           ajp_product_groups(product);
}

#endif

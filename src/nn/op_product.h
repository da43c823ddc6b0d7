/* op_product.h: what the compiler of programs has to know of Gemm and MatMul. */
#ifndef AJP_OP_PRODUCT_H
#define AJP_OP_PRODUCT_H

#include "op.h"

typedef struct {
    float alpha, beta; /* MatMul: 1 and 0 */
    bool trans_a, trans_b;
    bool gemm;
} ajp_product_params;

/* ---- MatMul's shapes: numpy's rules ---------------------------------------------------------------------
 */

/* The shape of a product of inputs 0 and 1; the element type is left alone. */
aj_status ajp_matmul_infer(const ajp_op_infer *i, ajp_type *out);

typedef struct {
    size_t m, n, k;
    size_t n_pairs; /* products of one matrix of a and one of b */
    ajp_type a, b;  /* as matrices */
} ajp_matrices;
ajp_matrices ajp_matmul_matrices(const ajp_product_params *q, const ajp_type *a, const ajp_type *b);
/* Which matrices make pair o. */
void ajp_matmul_pair(const ajp_matrices *s, size_t o, size_t *of_a, size_t *of_b);

/* ---- with one constant that is no plain product: op_product_stack.c
 * ------------------------------------------ */

size_t ajp_stack_products(const ajp_op_products_query *q, ajp_op_product *out);
size_t ajp_stack_scratch(const ajp_node *node, const ajp_tensor *in);
aj_status ajp_stack_run(const ajp_op_run *r, const ajp_matrices *s);

#endif

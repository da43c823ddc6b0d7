/* op_product.h: what the compiler of programs has to know of Gemm and MatMul. */
#ifndef AJP_OP_PRODUCT_H
#define AJP_OP_PRODUCT_H

#include "op.h"

typedef struct {
    float alpha, beta; /* MatMul: 1 and 0 */
    bool trans_a, trans_b;
    bool gemm;
} ajp_product_params;

#endif

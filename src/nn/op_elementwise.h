/* op_elementwise.h: what folding into products has to know of Add, Sub, Mul and Div. */
#ifndef AJP_OP_ELEMENTWISE_H
#define AJP_OP_ELEMENTWISE_H

#include "op.h"

typedef struct {
    char op;      /* '+', '-', '*', '/' */
    bool limited; /* opset < 7: shapes are equal unless the attribute broadcast is 1 */
    bool broadcast;
    int64_t axis; /* opset < 7: where b's shape lies in a's; INT64_MIN = at the end */
} ajp_elementwise_params;

/* b's shape as numpy broadcasting wants it: with axis, ones behind it. False when it does not fit. */
bool ajp_elementwise_align(const ajp_elementwise_params *params, size_t a_rank, ajp_type *b);

/* Shape of an operation of two broadcast operands; samples stay apart or it fails.  The element type is a's.
 */
aj_status ajp_elementwise_broadcast(const ajp_op_infer *i, const ajp_type *a, const ajp_type *b,
                                    ajp_type *out);

#endif

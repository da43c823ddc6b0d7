/* op_conv.h: Conv and ConvTranspose: what their files share. */
#ifndef AJP_OP_CONV_H
#define AJP_OP_CONV_H

#include "slide.h"

typedef struct {
    ajp_slide_attributes a;
    size_t groups;
    bool transposed;
    size_t output_padding[AJP_SPATIAL], output_shape[AJP_SPATIAL], n_output_padding, n_output_shape;
} ajp_conv_params;

/* op_conv.c: of shapes that were checked; `samples` dimensions are those of x. */
ajp_plain_slide ajp_conv_slide(const ajp_conv_params *q, const ajp_type *x, const ajp_type *w,
                               size_t channels_out);
bool ajp_conv_is_depthwise(const ajp_plain_slide *s);

/* conv_run.c */
bool ajp_conv_slides(const ajp_conv_params *q, const ajp_plain_slide *s); /* there is a fast form */
size_t ajp_conv_scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out);
bool ajp_conv_prepare(const ajp_op_prepare *p, void **state, size_t *scratch);
aj_status ajp_conv_run(const ajp_op_run *r);
/* y = after(y + add), for what was not added on the way. */
void ajp_conv_add(const ajp_op_run *r);

/* conv_patches.c: the products inside, and how they are computed elsewhere: the patches that a convolution
 * sees are rows; a transposed one multiplies the places of its input and adds up what they reach. */
size_t ajp_conv_products(const ajp_op_products_query *q, ajp_op_product *out);
size_t ajp_conv_patches_scratch(const ajp_conv_params *q, const ajp_plain_slide *s); /* floats */
aj_status ajp_conv_run_patches(const ajp_op_run *r, const ajp_plain_slide *s);

#endif

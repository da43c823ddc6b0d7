/* body_table.h: the table of one instruction set; included last by kernels_<isa>.c, which defines
 * KERNELS_TABLE. */
#ifndef AJP_BODY_TABLE_H
#define AJP_BODY_TABLE_H

#include "body_analog.h"
#include "body_clicks.h"
#include "body_convert.h"
#include "body_gemm.h"
#include "body_maps.h"
#include "body_random.h"
#include "body_read.h"
#include "body_train.h"
#include "body_window.h"

const ajp_kernels KERNELS_TABLE = {
    .isa = SIMD_ISA,
    .gemm = gemm,
    .gemm_block = gemm_block,
    .count_read = count_read,
    .analog_read = analog_read,
    .click_read = click_read,
    .encode = encode,
    .magnitudes = magnitudes,
    .normals = normals,
    .uniforms = uniforms,
    .moments = moments,
    .map = map,
    .softmax = softmax,
    .sgd = sgd,
    .adam = adam,
    .relu_backward = relu_backward,
    .column_sums = column_sums,
    .window = window,
    .binary = binary,
    .sum = sum,
    .normalize = normalize,
    .column_products = column_products,
    .scale_columns = scale_columns,
    .add_windows = add_windows,
    .largest_windows = largest_windows,
    .spread_windows = spread_windows,
    .add_products = add_products,
    .place_products = place_products,
};

#endif

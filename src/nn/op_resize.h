/* op_resize.h: one axis of a Resize: where its places are read. */
#ifndef AJP_OP_RESIZE_H
#define AJP_OP_RESIZE_H

#include "op.h"

typedef enum {
    AJP_HALF_PIXEL,
    AJP_PYTORCH_HALF_PIXEL,
    AJP_ALIGN_CORNERS,
    AJP_ASYMMETRIC,
    AJP_CROP_AND_RESIZE,
    AJP_HALF_PIXEL_SYMMETRIC,
    AJP_TF_HALF_PIXEL_FOR_NN /* opset 11 and 12 */
} ajp_resize_coordinates;
typedef enum { AJP_NEAREST, AJP_LINEAR, AJP_CUBIC } ajp_resize_mode;
typedef enum {
    AJP_ROUND_PREFER_FLOOR,
    AJP_ROUND_PREFER_CEIL,
    AJP_FLOOR,
    AJP_CEIL,
    AJP_SMALLER_CEIL /* before opset 11: up when the axis gets smaller, else down */
} ajp_resize_rounding;

typedef struct {
    ajp_resize_coordinates coordinates;
    ajp_resize_mode mode;
    ajp_resize_rounding rounding;
    bool exclude_outside, antialias;
    double cubic_a, extrapolation;
} ajp_resize_rule;

typedef struct {
    size_t in, out;
    double scale, roi_start, roi_end;
    bool active; /* anything to do along this axis */
    bool sized;  /* its size is given as a number, not as a scale */
} ajp_resize_axis;

/* A weighted place of the input. */
typedef struct {
    size_t at;
    double weight;
} ajp_resize_tap;

/* Taps a place, for every place of the axis. */
size_t ajp_resize_n_taps(const ajp_resize_rule *rule, const ajp_resize_axis *axis);
/* The taps of place p; false: outside (crop and resize), the extrapolation value stands there. */
bool ajp_resize_taps(const ajp_resize_rule *rule, const ajp_resize_axis *axis, size_t p,
                     ajp_resize_tap *taps);

#endif

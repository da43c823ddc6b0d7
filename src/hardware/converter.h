/* converter.h: analog-digital and digital-analog converters as simulate applies them: limits, codes, steps.
 */
#ifndef AJP_CONVERTER_H
#define AJP_CONVERTER_H

#include <stdbool.h>

enum { AJP_CONVERTER_MAX_BITS = 24 };

typedef enum {
    AJP_CONVERTER_IDEAL,   /* neither limits nor steps */
    AJP_CONVERTER_UNIFORM, /* multiples of step; ties to the even one */
    AJP_CONVERTER_SAR,     /* successive approximation with capacitors that do not match */
    AJP_CONVERTER_FLOAT    /* floating point numbers of few bits */
} ajp_converter_kind;

/* x is held to low ... high; UNIFORM: code = rint((x - origin) inverse_step), result origin + code step.
 * inverse_step is rounded from the exact one, not from `step`: a tie of the exact steps, like a reading of 0
 * between two codes, is then mostly one of float32 too.
 * Mid-tread, mid-rise and sign-magnitude converters differ by how many steps lie between low and high, and so
 * by whether zero is a code (see ajp_converter_make). Where it is, origin is 0, so that a tie goes to the
 * even multiple of the step on both sides of zero, as rint(x / step) does.
 * SAR: half a step is added to x - low, and from the largest weight down a bit is set where what is left is
 * not below it; result low + the sum of the *nominal* weights, step 2^k, of the bits that are set (the user
 * decodes with those). With weights that match it rounds to the nearest code.
 * FLOAT: u = x inverse_step, to the nearest of mantissa_bits + 1 significant bits or, where those are finer,
 * multiple of `smallest` (subnormal numbers); ties to even; result u step. */
typedef struct {
    ajp_converter_kind kind;
    unsigned bits;
    float low, high, step, inverse_step, origin;
    unsigned mantissa_bits;                    /* FLOAT: stored ones */
    float smallest;                            /* FLOAT: the smallest number above 0, in units of u */
    float sar_weights[AJP_CONVERTER_MAX_BITS]; /* as built, from the largest; in units of x */
} ajp_converter;

#endif

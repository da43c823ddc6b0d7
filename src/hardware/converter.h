/* converter.h: analog-digital and digital-analog converters as simulate applies them: limits, codes, steps.
 */
#ifndef AJP_CONVERTER_H
#define AJP_CONVERTER_H

#include <stdbool.h>

enum { AJP_CONVERTER_MAX_BITS = 24 };

typedef enum {
    AJP_CONVERTER_IDEAL,   /* neither limits nor steps */
    AJP_CONVERTER_UNIFORM, /* low, low + step, ... high; ties to the even code */
    AJP_CONVERTER_SAR      /* successive approximation with capacitors that do not match */
} ajp_converter_kind;

/* x is held to low ... high; UNIFORM: code = rint((x - low) / step), result low + code step.
 * Mid-tread, mid-rise and sign-magnitude converters differ by how many steps lie between low and high, and so
 * by whether zero is a code (see ajp_converter_make).
 * SAR: from the largest weight down, a bit is set where what is left is not below it; result low + the sum of
 * the *nominal* weights of the bits that are set (the user decodes with those). */
typedef struct {
    ajp_converter_kind kind;
    unsigned bits;
    float low, high, step;
    float sar_weights[AJP_CONVERTER_MAX_BITS]; /* as built, from the largest; in units of x */
} ajp_converter;

#endif

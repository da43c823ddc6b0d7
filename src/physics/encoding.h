/* encoding.h: weights as conductances and back, devices that do not move, and what drift takes from a
 * product.
 *
 * Whatever the encoding, a weight is a sum over slices of factor * (g[0] - g[1]): g[0] a device of its own,
 * g[1] the second device of the pair, or the reference that all weights of the array share.  So noise, faults
 * and wires act on conductances, and the decoder is the same linear rule for all. */
#ifndef AJP_ENCODING_H
#define AJP_ENCODING_H

#include "../base/internal.h"

typedef enum {
    AJP_PAIR_ONE_SIDED, /* one device of the pair holds |w|, the other is at g_min */
    AJP_PAIR_TWO_SIDED, /* both move from the middle of the range, in opposite directions */
    AJP_OFFSET_DIGITAL, /* one device, w = 0 at an offset that is taken off digitally: g[1] is a number, exact
                         */
    AJP_OFFSET_COLUMN   /* the same, the offset read from a column of real devices: g[1] is one of them */
} ajp_encoding_form;

/* slice_bits 0: one continuous conductance a weight (n_slices must be 1); with n_states > 1 it takes the
 * nearest of so many equally spaced conductances, g_min and g_max among them (ties to the even one).
 * slice_bits b > 0: the weight is a whole number of B = b n_slices bits, slice k holds its digit of weight
 * 2^(b k), in one of 2^b conductances.  Pairs: the magnitude, rint(|w|/w_max (2^B - 1)).  Offset:
 * rint(w/w_max (2^(B-1) - 1)) + 2^(B-1), as ISAAC (Shafiee et al., ISCA 2016): zero is a code in both. */
typedef struct {
    ajp_encoding_form form;
    double g_min_siemens, g_max_siemens;
    double
        weight_max; /* the |w| that takes the whole range; larger ones are held to it; 0: all weights are 0 */
    unsigned n_slices, slice_bits, n_states;
} ajp_encoding;

/* BAD_ARGUMENT: a range that is empty or reversed, weights that are not finite, slices that make no number.
 */
aj_status ajp_encoding_check(const ajp_encoding *encoding, aj_error *err);
/* Lowest conductance of a device that conducts on_off_ratio (> 1; INFINITY allowed) times less when off. */
double ajp_off_siemens(double g_max_siemens, double on_off_ratio);

void ajp_encode_weight(const ajp_encoding *encoding, double weight, unsigned slice, double g[2]);
double ajp_decode_factor(const ajp_encoding *encoding,
                         unsigned slice); /* weight per siemens of g[0] - g[1] */

/* ---- stuck devices -------------------------------------------------------------------------------- */
typedef enum { AJP_STUCK_NOT, AJP_STUCK_LOW, AJP_STUCK_HIGH } ajp_stuck;
/* Each device by itself, from a uniform number of its own in (0, 1); ratios >= 0, together <= 1. */
ajp_stuck ajp_stuck_draw(double uniform, double stuck_low_ratio, double stuck_high_ratio);
double ajp_stuck_siemens(ajp_stuck state, double g_min_siemens, double g_max_siemens, double otherwise);

/* ---- compensation of drift -------------------------------------------------------------------------- */
/* Factors that bring the outputs back to what they were, from reads of reference inputs after programming and
 * now. A read of input vector k gives reading[k * n_outputs + i]; the reference inputs are the caller's. Good
 * ones are the unit vectors: with a vector of ones, weights of both signs cancel and there is little to
 * compare. (aihwkit reads unit vectors; its documentation speaks of ones.) GLOBAL: one factor, sum |before| /
 * sum |now| over all outputs and reads; OUTPUT: one an output, over its reads. Exact references are readings
 * without noise, and nothing else.  An output that reads 0 keeps the factor 1. */
typedef enum { AJP_COMPENSATION_NONE, AJP_COMPENSATION_GLOBAL, AJP_COMPENSATION_OUTPUT } ajp_compensation;
void ajp_compensation_factors(ajp_compensation kind, size_t n_outputs, size_t n_reads, const double *before,
                              const double *now, double *factors);

#endif

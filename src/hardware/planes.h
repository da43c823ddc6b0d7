/* planes.h: what an array of analog multipliers reads of a product, told in planes.
 *
 * A plane is one pass of encoded inputs through one set of devices: the positive inputs, a bit of the inputs
 * through a slice of the weights, ... simulate makes for every plane, tile of columns and input vector
 *
 *     e = form(dac(x / full_scale))                                 numbers in -1 ... 1
 *     z = gain sum_j weights_ij e_j                                 what the array adds up
 *     z = z + noise                                                 see ajp_noise
 *     z = adc(z) - reference                                        reference: adc(noisy reference column) or
 * 0 y_i += full_scale decode row_decode_i z                       digitally, over planes and tiles
 *
 * with `gain`, the variances and `decode` of one input vector from `laws` (or their defaults), and everything
 * that is frozen for a trial made by `freeze`. */
#ifndef AJP_PLANES_H
#define AJP_PLANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "converter.h"

typedef enum {
    AJP_INPUT_WHOLE,    /* e, signed */
    AJP_INPUT_POSITIVE, /* max(e, 0) */
    AJP_INPUT_NEGATIVE, /* max(-e, 0) */
    AJP_INPUT_OFFSET,   /* (e + 1) / 2; the sum of weights_ij / 2 that this adds is the family's to take off:
                           row_offset */
    AJP_INPUT_SQUARE,   /* e^2: what one arm of an interferometer gives alone */
    AJP_INPUT_BIT /* of code = rint(|e| (2^(dac bits - 1) - 1)): bit `bit` (0 the least) with e's sign */
} ajp_input_form;

typedef enum {
    AJP_NOISE_NONE,
    /* a normal of variance
     *   sample_variance row_variance_i + second_gain S_i + relative_variance z^2
     * S_i = sum_j second_ij phi(e_j): fresh noise of every device (phi: squares) or of every device's current
     * (phi: magnitudes) */
    AJP_NOISE_NORMAL,
    /* counts of independent events (kernels.h: ajp_count_read): mean z, of total
     *   AJP_TOTAL_READING   z itself (one rail)
     *   AJP_TOTAL_SECOND    second_gain S_i (both rails)
     *   AJP_TOTAL_SEPARATE  sample_total + row_total_i
     * plus a normal of `extra_variance`; z and all of these in events */
    AJP_NOISE_COUNTS,
    /* clicks of detectors that tell light from none (kernels.h: ajp_click_read): n_shots, click_dark,
     * click_sign; nothing after it but the decoding */
    AJP_NOISE_CLICKS
} ajp_noise;
typedef enum { AJP_TOTAL_READING, AJP_TOTAL_SECOND, AJP_TOTAL_SEPARATE } ajp_total;
typedef enum { AJP_OF_SQUARES, AJP_OF_MAGNITUDES } ajp_second_of;
typedef enum { AJP_CLICKS_INCOHERENT, AJP_CLICKS_COHERENT } ajp_clicks; /* mean photons |z| or z^2 */

typedef struct {
    ajp_input_form form;
    unsigned bit;
    const float *weights; /* [rows][cols] effective; NULL = as the network has them */
    const float
        *reference_weights; /* [cols]: a column read beside the rows, by the same law (row_variance 1)
                               and converter, one draw for all of them (not with COUNTS); NULL = none */
    const float *reference_second_weights; /* [cols], its own S; NULL = none */
    bool reference_is_exact; /* known, not read: neither noise nor converter (digital correction) */
    ajp_noise noise;
    ajp_total total;
    ajp_second_of second_of;
    const float *second_weights; /* [rows][cols] >= 0, S_i; NULL = none */
    const float *moment_weights; /* [cols] of moments.sum_weighted; NULL = not needed */
    const float *row_gain;       /* [rows padded to 16], COUNTS only; NULL = 1 */
    const float *row_variance;   /* [n_tiles][rows padded to 16]; NULL = 1 */
    const float *row_total;      /* [n_tiles][rows padded to 16], COUNTS with AJP_TOTAL_SEPARATE; NULL = 0 */
    const float *row_decode;     /* [rows padded to 16]; NULL = 1 */
    const float *row_offset;     /* [n_tiles][rows padded to 16], taken off z after conversion; NULL = 0 */
    /* defaults where there is no `laws`: of one input vector and tile, in units of z^2 */
    double variance, variance_per_magnitude, variance_per_square; /* a + b sum|e| + c sum e^2 */
    double relative_variance;                                     /* of z^2 */
    double extra_variance;                                        /* COUNTS: events^2 */
    bool laws_are_fixed;              /* the defaults hold for every input vector: `laws` is not asked */
    double gain, second_gain, decode; /* COUNTS: gain = events per unit of sum weights e */
    ajp_clicks clicks;
    unsigned n_shots;  /* CLICKS; 0: their limit, the probability itself */
    double click_dark; /* probability of a click without light */
    bool click_sign;   /* the result has the sign of z */
    ajp_converter adc;
} ajp_plane;

/* Of one encoded input vector of a plane, per tile. */
typedef struct {
    double sum_magnitudes, sum_squares, max_abs;
    double sum_weighted; /* sum of moment_weights_j |e_j|; 0 without them */
} ajp_vector_moments;

/* What `laws` fills for one plane: [n_tiles][n_vectors], vector fastest. */
typedef struct {
    float *gain, *variance, *second_gain, *total, *decode;
} ajp_plane_laws;

/* The encoding of inputs, the same for all planes of a product. */
typedef struct {
    double full_scale;  /* of x; NaN = the largest magnitude of each input vector (conv: of each patch) */
    bool unsigned_only; /* x < 0 is held to 0 (the family's choice must be visible in its parameters) */
    ajp_converter dac;  /* of x / full_scale, -1 ... 1 */
    /* after the converter: e + quadratic e^2 + cubic e^3, of drivers or devices that are not linear */
    double quadratic, cubic;
    /* noise of one symbol, common to all rows of its product: e (1 + relative z) + additive z' */
    double symbol_relative, symbol_additive;
} ajp_input_encoding;

#endif

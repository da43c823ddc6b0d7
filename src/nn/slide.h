/* slide.h: windows that slide over images: convolution and pooling.
 *
 * Geometry says which inputs an output sees.  A `slide` is the fast form in float32: outputs that see the
 * same part of the window are one region, so that padding is never stored or multiplied, and a region is one
 * product (convolution) or one pass (pooling) of the kernels on images whose channels lie together.  The
 * plain form (slide_plain.c) is the definition, in double, for any element type; tests compare the two. */
#ifndef AJP_SLIDE_H
#define AJP_SLIDE_H

#include "op.h"

enum { AJP_SPATIAL = 3 }; /* axes an image may have; missing ones stand in front with size 1 */

/* ---- attributes and geometry ----------------------------------------------------------------------------
 */

typedef enum { AJP_PAD_GIVEN, AJP_PAD_SAME_UPPER, AJP_PAD_SAME_LOWER, AJP_PAD_VALID } ajp_auto_pad;

/* Of Conv, ConvTranspose and the pools, as in the file: n_* = 0 where an attribute is left out. */
typedef struct {
    size_t n_kernel, n_strides, n_dilations, n_pads;
    size_t kernel[AJP_SPATIAL], stride[AJP_SPATIAL], dilation[AJP_SPATIAL], pad[2 * AJP_SPATIAL];
    ajp_auto_pad auto_pad;
    bool ceil_mode;
} ajp_slide_attributes;

typedef struct {
    size_t in[AJP_SPATIAL], out[AJP_SPATIAL], kernel[AJP_SPATIAL], stride[AJP_SPATIAL], dilation[AJP_SPATIAL],
        before[AJP_SPATIAL], after[AJP_SPATIAL];
} ajp_geometry;

/* kernel_shape, strides, dilations, pads, auto_pad, ceil_mode. */
aj_status ajp_slide_parse(const ajp_op_parse *p, ajp_slide_attributes *out);
/* One attribute of up to `most` sizes of at least `least`. */
aj_status ajp_slide_sizes(const ajp_op_parse *p, const char *name, size_t least, size_t most, size_t *out,
                          size_t *n_out);
/* CORRUPT unless strides, dilations and pads fit the axes of input 0. */
aj_status ajp_slide_counts(const ajp_op_infer *i, const ajp_slide_attributes *q);
/* Checks ranks and counts against input 0 ([samples][channels][1 to 3 axes]) and works out `out`; kernel has
 * one entry an axis. */
aj_status ajp_slide_geometry(const ajp_op_infer *i, const ajp_slide_attributes *q, const size_t *kernel,
                             ajp_geometry *out);
/* The same without checks, for shapes that passed them. */
void ajp_slide_geometry_of(const ajp_slide_attributes *q, const ajp_type *x, const size_t *kernel,
                           ajp_geometry *out);
/* Sets attributes that were left out to 1, 1, 0 and spatial entry d to the d-th of three axes. */
void ajp_slide_axes(const ajp_slide_attributes *q, size_t rank, const size_t *kernel, ajp_geometry *out);
size_t ajp_slide_places(const size_t axes[AJP_SPATIAL]); /* product */
/* UNSUPPORTED unless input k is a type of floating point numbers. */
aj_status ajp_slide_want_float(const ajp_op_infer *i, size_t k);
/* [samples][channels][out] with the leading and batch axes of input 0 */
void ajp_slide_type(const ajp_type *x, size_t n_channels, const ajp_geometry *g, ajp_type *out);

/* ---- fast form ------------------------------------------------------------------------------------------
 */

typedef enum {
    AJP_SLIDE_CONVOLVE, /* sums over channels of a group */
    AJP_SLIDE_DEPTHWISE,
    AJP_SLIDE_LARGEST,
    AJP_SLIDE_MEAN
} ajp_slide_kind;

typedef struct {
    ajp_slide_kind kind;
    bool transposed;     /* ConvTranspose: what an input reaches instead of what an output sees */
    bool count_padding;  /* MEAN */
    bool x_last, y_last; /* channels lie together: [samples][axes][channels] */
    size_t channels_in, channels_out, groups;
    ajp_geometry geometry;
} ajp_slide_shape;

/* Outputs first + step * (0 ... n-1) on every axis, which see the same n_runs * run columns of the weights.
 */
typedef struct {
    size_t first[AJP_SPATIAL], n[AJP_SPATIAL], step[AJP_SPATIAL];
    size_t x_step[AJP_SPATIAL]; /* floats from what one output sees to what the next sees */
    size_t run, n_runs;
    const size_t *x_jump; /* from the sample to the start of each run, for the first output */
    const size_t *w_jump; /* into the weights; NULL = all of them */
    float scale;          /* MEAN */
} ajp_slide_region;

typedef struct {
    ajp_slide_shape shape;
    ajp_geometry inner;             /* as the regions see it: without padding when that was copied in */
    bool gathers;                   /* x is copied: turned, or padded */
    bool scatters;                  /* y is turned */
    size_t n_taps;                  /* places of the window */
    size_t gathered_n, scattered_n; /* floats for one sample */
    size_t n_regions;
    ajp_slide_region *regions;
} ajp_slide;

/* Builds the regions in memory (NULL: only counts) and returns the bytes they take; 0 when the window is so
 * odd that the plain form has to do. */
size_t ajp_slide_build(ajp_slide *out, const ajp_slide_shape *shape, void *memory);
/* Floats of scratch memory for one run on one thread. */
size_t ajp_slide_scratch(const ajp_slide *slide);

typedef struct {
    const ajp_kernels *kernels;
    ajp_pool *pool; /* or NULL */
    size_t n_samples;
    const float *x;
    float *y;
    /* CONVOLVE: a product of (channels_out / groups) x (taps * channels_in / groups) a group in ajp_pack
     * form, columns in the order taps, channels; DEPTHWISE: [taps][channels rounded up to 16] */
    const float *weights;
    const float *bias; /* of each group, padded to a multiple of 16; or NULL */
    const float *add;  /* laid out as y, which must not be turned; or NULL */
    ajp_activation activation;
    float activation_parameter;
    float *scratch;
} ajp_slide_call;

void ajp_slide_run(const ajp_slide *slide, const ajp_slide_call *call);

/* A copy of one image with channels together, `before` places of zeros in front of every axis and `size` in
 * all; x as it is, or with channels together too. */
void ajp_slide_gather(const float *x, bool x_last, size_t n_channels, const size_t in[AJP_SPATIAL],
                      const size_t before[AJP_SPATIAL], const size_t size[AJP_SPATIAL], float *copy);
/* [channels][places] to [places][channels] */
void ajp_slide_turn(const float *x, size_t n_channels, size_t n_places, float *y);

/* ---- plain form: [samples][channels][axes], sums in double ----------------------------------------------
 */

typedef struct {
    size_t n_samples, channels_in, channels_out, groups;
    ajp_geometry geometry;
} ajp_plain_slide;

/* w [channels_out][channels_in / groups][taps], b [channels_out] or NULL */
void ajp_plain_convolve(const ajp_plain_slide *s, const double *x, const double *w, const double *b,
                        double *y);
/* w [channels_in][channels_out / groups][taps] */
void ajp_plain_convolve_transposed(const ajp_plain_slide *s, const double *x, const double *w,
                                   const double *b, double *y);
/* where: place of the largest in all of x, or NULL; by_column: the last axis is the slowest in it */
void ajp_plain_largest(const ajp_plain_slide *s, const double *x, double *y, int64_t *where, bool by_column);
void ajp_plain_mean(const ajp_plain_slide *s, bool count_padding, const double *x, double *y);
void ajp_plain_norm(const ajp_plain_slide *s, double p, const double *x, double *y);

#endif

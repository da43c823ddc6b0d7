/* kernels.h: the numerical core, one table of functions per instruction set, all with the same bits.
 *
 * How the bits are kept the same: every algorithm is written once over vectors of 16 lanes (simd_*.h), each
 * lane does the same IEEE operations on AVX-512, AVX2 and scalar fmaf; a dot product has one FMA accumulator
 * per output and runs over k in order; sums go through a fixed tree of 16 lanes.  No result depends on tile
 * shapes, chunks or threads.
 */
#ifndef AJP_KERNELS_H
#define AJP_KERNELS_H

#include "../base/internal.h"
#include "../base/pool.h"

enum { AJP_LANES = 16 }; /* outputs per vector; packed matrices are padded to a multiple of it */

/* ---- place of a random number ------------------------------------------------------------------
 * Philox key = (seed low, seed high xor purpose); counter = (element/4, sample, layer*2^16 + tile, trial*2^8
 * + draw); word = element mod 4.  A normal of element e comes from the words of the pair (e & ~1, e | 1) by
 * Box-Muller (the exact map is ajp_reference_normal): a function of its place alone.  `sample` counts modulo
 * 2^32. */
typedef struct {
    uint32_t key[2];
    uint32_t layer_tile; /* layer * 65536 + tile */
    uint32_t trial;      /* < 2^24 */
} ajp_stream;
/* Checks layer, tile < 65536 and trial < 2^24. */
aj_status ajp_stream_make(ajp_stream *out, uint64_t seed, uint32_t purpose, size_t layer, size_t tile,
                          size_t trial, aj_error *err);
enum {                                  /* purposes: xored into the key, so that no two uses share numbers */
       AJP_PURPOSE_READ = 0x52454144,   /* "READ" */
       AJP_PURPOSE_FROZEN = 0x46524f5a, /* "FROZ" */
       AJP_PURPOSE_TRAIN = 0x54524149,  /* "TRAI": shuffles, dropout */
       AJP_PURPOSE_INIT = 0x494e4954,   /* "INIT" */
       AJP_PURPOSE_REFERENCE = 0x52454652
};

/* ---- activations that a store can apply --------------------------------------------------------- */
typedef enum {
    AJP_ACTIVATION_NONE = 0,
    AJP_ACTIVATION_RELU,
    AJP_ACTIVATION_LEAKY_RELU, /* parameter: slope below zero */
    AJP_ACTIVATION_SIGMOID,
    AJP_ACTIVATION_TANH,
    AJP_ACTIVATION_CLIPPED_RELU, /* parameter: the most */
    AJP_ACTIVATION_HARD_SWISH,   /* x times x/6 + 1/2 to [0, 1] */
    AJP_ACTIVATION_SWISH         /* x sigmoid(x) */
} ajp_activation;

/* ---- products: C[m][n] = A[m][k] B[k][n] --------------------------------------------------------
 * Everything is strided, so that forward, backward and weight gradient are one kernel:
 *   A(i, p)            at a[i*a_row + p*a_col]
 *   B(p, 16v..16v+15)  at b[v*b_vector + p*b_row], 16 floats readable there (pad with zeros)
 *   C(i, 16v..16v+15)  at c[i*c_row + v*c_vector]; only n columns are written
 * Packed weights (ajp_pack_*): b_row = 16, b_vector = 16*k.  Row-major padded: b_row = ldb, b_vector = 16.
 * accumulate: start from C instead of 0 (the sum goes on in order, the bits are those of one long k).
 *
 * A may be what a convolution reads, without being copied together: rows in groups (the outputs of one image
 * row), columns in runs (what lies together under the window):
 *   A(i, p)            at a[i/group*a_group_row + i%group*a_row + a_jump[p/run] + p%run*a_col]
 *   B(p, 16v..16v+15)  at b[v*b_vector + b_jump[p/run] + p%run*b_row]; b_jump NULL = p*b_row as above
 *   C(i, 16v..16v+15)  at c[i/group*c_group_row + i%group*c_row + v*c_vector] (without a store function)
 * with group 0 = all rows are one group, a_jump NULL = all columns are one run. */
struct ajp_gemm;
/* Called with finished register tiles (in a small buffer that stays in L1) instead of storing to C.
 * tile[(i - row0)*tile_row + (j - col0)] holds C(i, j) for row0 <= i < row0+n_rows, col0 <= j < col0+n_cols;
 * col0 is a multiple of 16, tile_row a multiple of 16, and padding columns may be overwritten.  It writes the
 * result itself. */
typedef void (*ajp_tile_store)(const struct ajp_gemm *gemm, float *tile, size_t tile_row, size_t row0,
                               size_t n_rows, size_t col0, size_t n_cols);
typedef struct ajp_gemm {
    size_t m, n, k;
    const float *a;
    size_t a_row, a_col;
    const float *b;
    size_t b_row, b_vector;
    float *c;
    size_t c_row, c_vector;
    size_t group, a_group_row, c_group_row;
    const size_t *a_jump, *b_jump;
    size_t run;
    bool accumulate;
    const float *bias; /* n values, padded to a multiple of 16, or NULL; added after the sum */
    const float *add;  /* laid out as C, or NULL; added after the bias (without a store function) */
    ajp_activation activation;
    float activation_parameter;
    ajp_tile_store store;   /* NULL = bias, activation, store to C */
    const void *store_user; /* for store */
} ajp_gemm;

/* ---- windows over channels ----------------------------------------------------------------------
 * For every line l, place i and channel c of an image whose channels lie together:
 *   over the n_jumps places under the window, in order: x = x[l*x_line + i*x_place + jump[j] + c] and
 *     PRODUCT  y = sum of x * w[w_jump[j] + c] (one FMA each; a convolution of every channel by itself)
 *     LARGEST  y = the largest x, NaN if there is one; -infinity of no places
 *     MEAN     y = scale * sum of x
 *   then bias[c], then add (laid out as y), then the activation, to y[l*y_line + i*y_place + c].
 * w has 16 floats readable at every multiple of 16 channels, bias likewise. */
typedef enum { AJP_WINDOW_PRODUCT, AJP_WINDOW_LARGEST, AJP_WINDOW_MEAN } ajp_window_kind;
typedef struct {
    ajp_window_kind kind;
    size_t n_lines, n_places, n_channels, n_jumps;
    const float *x;
    size_t x_line, x_place;
    const size_t *jump, *w_jump;
    const float *w;
    float scale;
    const float *bias, *add; /* or NULL */
    ajp_activation activation;
    float activation_parameter;
    float *y;
    size_t y_line, y_place;
} ajp_window;

/* ---- where random numbers of a read stand, and what becomes of a reading -------------------------- */
typedef struct {
    ajp_stream stream;
    uint64_t sample0; /* data-set index of row 0 of this GEMM's sample */
    size_t n_reps;    /* GEMM rows per sample (1 for dense layers): row r is sample sample0 + r / n_reps */
    const uint32_t *row_sample, *row_rep; /* or both per GEMM row, for rows in another order: added to
                                             sample0, and in place of r % n_reps below; NULL = as above */
    size_t rep_stride; /* element = (r % n_reps)*rep_stride + column; a multiple of 64 when n_reps > 1 */
    size_t element0;   /* added to the element (a multiple of 16): a tile of output rows */
    unsigned draw_base;
} ajp_read_place;

/* A converter: x is held to low ... high (what is outside counts as clipped), then
 *   LIMIT    nothing
 *   UNIFORM  origin + step rint((x - origin) inverse_step), ties to even
 *   SAR      half a step is added; from the largest of `weights` down, a bit is set where what is left of
 *            x - low is not below it;
 *            low + the sum of `nominal` of the bits that are set
 *   FLOAT    u = x inverse_step to the nearest multiple of the larger of `smallest` and `relative`
 * 2^floor(log2 |u|), ties to even; step u. Both are powers of two. */
enum { AJP_ADC_MAX_BITS = 24 };
typedef enum {
    AJP_ADC_IDEAL,
    AJP_ADC_LIMIT,
    AJP_ADC_UNIFORM,
    AJP_ADC_SAR,
    AJP_ADC_FLOAT
} ajp_adc_kind; /* IDEAL: not even limits */
typedef struct {
    ajp_adc_kind kind;
    unsigned bits;
    float low, high, step, inverse_step, origin;
    float smallest, relative;
    float weights[AJP_ADC_MAX_BITS], nominal[AJP_ADC_MAX_BITS];
} ajp_adc;

/* ---- one read of an analog array ------------------------------------------------------------------
 * For output i of GEMM row r with exact product y = C(r, i):
 *   z = sample_gain[r] y, plus a normal of variance
 *       sample_variance[r] row_variance[i] + second_gain[r] second(r, i) + relative_variance z z   (>= 0)
 *   z = adc(z) - row_offset[i] - sample_reference[r]
 * result = sample_decode[r] row_decode[i] z, then bias, then activation, to C.
 * Draw number: 0, plus draw_base. */
typedef struct {
    ajp_read_place place;
    bool noisy; /* false: no normal is drawn, whatever the variances */
    const float *sample_gain, *sample_variance, *second_gain,
        *sample_decode;            /* per GEMM row; variance and second_gain NULL = 0 */
    const float *row_variance;     /* per column, padded to 16; NULL = 1 */
    const float *row_decode;       /* per column, padded to 16; NULL = 1 */
    const float *row_offset;       /* per column, padded to 16; NULL = 0 */
    const float *sample_reference; /* per GEMM row; NULL = 0 */
    const float *second;           /* laid out as C; NULL = 0 */
    float relative_variance;
    ajp_adc adc;
    uint32_t *n_clipped; /* per GEMM row, incremented; or NULL */
    bool accumulate;     /* add to C (before bias and activation) instead of setting it */
} ajp_analog_read;

/* ---- one read of detectors that tell light from none ----------------------------------------------
 * For output i of GEMM row r with exact product y = C(r, i): a shot clicks with probability
 *   p = 1 - (1 - dark) exp(-sample_gain[r] |y|), or y y in place of |y| where coherent
 * result = sample_decode[r] (clicks / n_shots), or sample_decode[r] p for n_shots = 0, times the sign of y
 * where is_signed; then bias, then activation, to C.  Draw numbers: 0 ... n_shots - 1, plus draw_base. */
enum { AJP_MOST_SHOTS = 128 };
typedef struct {
    ajp_read_place place;
    const float *sample_gain, *sample_decode; /* per GEMM row */
    bool coherent, is_signed;
    unsigned n_shots;
    float dark;
    bool accumulate; /* add to C (before bias and activation) instead of setting it */
} ajp_click_read;

/* ---- encoded inputs --------------------------------------------------------------------------------
 * e = form(p(dac(inverse_scale x))): dac first holds it to its limits; p(e) = e + quadratic e e + cubic e e
 * e.
 */
typedef enum {
    AJP_FORM_WHOLE,
    AJP_FORM_POSITIVE, /* max(e, 0) */
    AJP_FORM_NEGATIVE, /* max(-e, 0) */
    AJP_FORM_OFFSET,   /* (e + 1) / 2 */
    AJP_FORM_SQUARE,   /* e e */
    AJP_FORM_BIT       /* bit `bit` of rint(|e| most_code), with e's sign */
} ajp_form;
typedef struct {
    ajp_adc dac;
    float quadratic, cubic;
    ajp_form form;
    unsigned bit;
    float most_code; /* BIT: the code of 1 */
} ajp_encode;

/* ---- rows of columns, each column with constants of its own (training of convolutional networks) ------
 * y = (x - shift[j]) * scale[j] + offset[j] (one FMA), then + z * z_scale[j] (one FMA) unless z is NULL, then
 * added to y if it accumulates, then the activation.  m rows of n columns. */
typedef struct {
    size_t m, n;
    const float *x, *shift, *scale, *offset;
    size_t x_row;
    const float *z, *z_scale;
    size_t z_row;
    float *y;
    size_t y_row;
    bool accumulate;
    ajp_activation activation;
    float activation_parameter;
} ajp_column_scale;
/* Windows the other way round: place i (n_channels floats at x + i*x_place, or n_jumps times as many) reaches
 * y + i*y_place + jump[t], the places under its window. tap[t] numbers them (whole numbers). */
typedef struct {
    size_t n_places, n_channels, n_jumps;
    const size_t *jump;
    const float *tap;
    const float *x;
    size_t x_place;
    float *y;
    size_t y_place;
} ajp_window_spread;

/* ---- one read of balanced photodetectors (or any count of independent events) --------------------
 * For output i of sample s with exact product y = C(s, i):
 *   mean charge   M = sample_gain[s]*row_gain[i]*y + sample_leak[s] + row_leak[i]         (electrons)
 *   total charge  T = sample_total[s] + row_total[i]                                      (electrons)
 *   Q = n+ - n-, n+- Poisson with means (T +- M)/2, plus a normal of variance extra_variance, clipped to
 * +-clip result = sample_decode[s]*row_decode[i]*Q, then bias, then activation, to C How Q is drawn
 * (DESIGN 6.3): T >= 20: one normal of variance T - 1/12 (rounding adds the 1/12 back), third cumulant added
 * as (M/T)(z*z-1)/6, rounded to whole counts: KS distance to the exact law 0.0012 at T = 20; T < 20: both
 * counts by inversion of the Poisson distribution from one uniform each; T = 0 gives Q = 0. extra_variance v:
 * >= 0.5 electrons^2 joins the first normal (the lattice is then invisible: its ripple is exp(-2 pi^2 v) <
 * 6e-5): variance T+v, third cumulant added as M/(T+v) (z*z-1)/6, nothing rounded, and the counts are
 * inverted only where T+v < 20; below 0.5, a second normal is added to the whole count.  Inverted counts get
 * their v from that second normal in any case.
 * phase_sigma > 0 (phase common to one read): M's product part is multiplied by
 * cos(phase_offset + phase_sigma*z') with z' its own normal; sample_gain is then without the cosine.
 * squares != NULL: C's companion sum over p of (A B)^2; adds (sample_gain*row_gain)^2 * excess * squares to
 * the variance as a normal (per-pulse phase noise; excess = Var cos): it joins like v >= 0.5, without
 * rounding. Draw numbers: 0 the normal, 1 and 2 the uniforms of n+ and n-, 3 the extra normal, 4 the phase.
 * `draw_base` is added (a multiple of 8: several reads of one output). */
typedef struct {
    ajp_stream stream;
    uint64_t sample0; /* data-set index of row 0 of this GEMM's sample */
    size_t n_reps;    /* GEMM rows per sample (1 for dense layers): row r is sample sample0 + r / n_reps */
    const uint32_t *row_sample, *row_rep; /* or both per GEMM row, for rows in another order: added to
                                             sample0, and in place of r % n_reps below; NULL = as above */
    size_t rep_stride; /* element = (r % n_reps)*rep_stride + column; a multiple of 64 when n_reps > 1 */
    size_t element0;   /* added to the element (a multiple of 16): a tile of output rows */
    unsigned draw_base;
    const float *sample_gain, *sample_total, *sample_leak,
        *sample_decode; /* per GEMM row; leak may be NULL */
    const float *row_gain, *row_total, *row_leak,
        *row_decode; /* per column, padded to 16; leak may be NULL */
    float extra_variance;
    float phase_offset, phase_sigma;
    const float *squares; /* laid out as C: squares[i*c_row + j]; or NULL */
    float excess;
    float clip;          /* INFINITY = none */
    uint32_t *n_clipped; /* per GEMM row, incremented; or NULL when clip is INFINITY */
    bool accumulate;     /* add the decoded result to C (before bias and activation) instead of setting it */
    /* Of planes (NULL = nothing of it): T = total_gain[s] totals, laid out as C, in place of the sum above;
     * with `one_rail` T = M, and Q is one count of Poisson.  adc, row_offset and sample_reference as in
     * ajp_analog_read, after the clipping. */
    const float *totals, *total_gain;
    bool one_rail;
    const ajp_adc *adc;
    const float *row_offset, *sample_reference;
} ajp_count_read;

/* ---- maps ---------------------------------------------------------------------------------------- */
typedef enum {
    AJP_MAP_RELU,
    AJP_MAP_LEAKY_RELU, /* a = slope */
    AJP_MAP_SIGMOID,
    AJP_MAP_TANH,
    AJP_MAP_EXP,
    AJP_MAP_LOG,
    AJP_MAP_COS,    /* |x| <= 1e4 */
    AJP_MAP_AFFINE, /* fma(a, x, b) */
    AJP_MAP_CLIP,   /* to [a, b] */
    AJP_MAP_ERF,
    AJP_MAP_GELU,      /* x times the normal distribution function */
    AJP_MAP_GELU_TANH, /* its approximation with tanh, Hendrycks and Gimpel 2016 */
    AJP_MAP_SQRT,
    AJP_MAP_HARD_SIGMOID, /* fma(a, x, b) to [0, 1] */
    AJP_MAP_HARD_SWISH,   /* x times x/6 + 1/2 to [0, 1] */
    AJP_MAP_MISH,         /* x tanh(log(1 + exp x)), Misra 2019 */
    AJP_N_MAPS
} ajp_map;

typedef struct ajp_kernels {
    aj_isa isa;
    void (*gemm)(const ajp_gemm *gemm);
    /* The same for rows row0 .. row0+n_rows-1 and columns col0 .. col0+n_cols-1 alone (col0 a multiple of
     * 16). */
    void (*gemm_block)(const ajp_gemm *gemm, size_t row0, size_t n_rows, size_t col0, size_t n_cols);
    /* The store of a read: use as gemm->store with store_user = const ajp_count_read *. */
    ajp_tile_store count_read;
    /* Likewise with store_user = const ajp_analog_read *. */
    ajp_tile_store analog_read;
    /* Likewise with store_user = const ajp_click_read *. */
    ajp_tile_store click_read;
    /* e of n values of x (e may be x). */
    void (*encode)(const ajp_encode *encode, const float *x, size_t n, float inverse_scale, float *e);
    /* Sums of |x| and of squares and the largest magnitude (16 lanes, fixed tree; 0 for n = 0). */
    void (*magnitudes)(const float *x, size_t n, float out[3]);
    /* n normals / uniforms in (0, 1) of elements element0 .. element0+n-1 (element0 a multiple of 16). */
    void (*normals)(const ajp_stream *stream, uint64_t sample, unsigned draw, size_t element0, size_t n,
                    float *out);
    void (*uniforms)(const ajp_stream *stream, uint64_t sample, unsigned draw, size_t element0, size_t n,
                     float *out);
    /* Sum of squares (16 lanes of FMA, fixed tree) and largest magnitude (0 for n = 0). */
    void (*moments)(const float *x, size_t n, float *sum_squares, float *max_abs);
    void (*map)(ajp_map map, const float *x, float *y, size_t n, float a, float b); /* y may be x */
    /* Row-wise over [m][n] with strides; out may be in. */
    void (*softmax)(const float *in, size_t in_row, float *out, size_t out_row, size_t m, size_t n,
                    bool logarithm);
    /* v = momentum*v + (g + decay*w); w -= rate*v */
    void (*sgd)(float *w, float *v, const float *g, size_t n, float rate, float momentum, float decay);
    /* Kingma and Ba 2015, Algorithm 1 with L2 decay added to the gradient; step_rate =
     * rate*sqrt(1-b2^t)/(1-b1^t), epsilon already scaled by sqrt(1-b2^t). */
    void (*adam)(float *w, float *m, float *v, const float *g, size_t n, float step_rate, float beta1,
                 float beta2, float epsilon, float decay);
    /* g[i] = y[i] > 0 ? g[i] : slope*g[i]  (backward of relu and leaky relu from their output) */
    void (*relu_backward)(const float *y, float *g, size_t n, float slope);
    /* out[j] = sum over rows i in order of x[i][j]. */
    void (*column_sums)(const float *x, size_t x_row, size_t m, size_t n, float *out);
    void (*window)(const ajp_window *window);
    /* Sum by 64 lanes and a fixed tree. */
    float (*sum)(const float *x, size_t n);
    /* y = (x - mean) / sqrt(variance + epsilon), then times scale plus bias element by element where they are
     * not NULL; moments: the mean and 1 / sqrt(variance + epsilon).  n >= 1; y may be x. */
    void (*normalize)(const float *x, size_t n, float epsilon, const float *scale, const float *bias,
                      float *y, float moments[2]);
    /* out[j] = sum over rows i in order of (x[i][j] - shift[j]) * z[i][j]; z NULL: its square */
    void (*column_products)(const float *x, size_t x_row, const float *shift, const float *z, size_t z_row,
                            size_t m, size_t n, float *out);
    void (*scale_columns)(const ajp_column_scale *scale);
    /* y + i*y_place + jump[t] + c += x[i*x_place + t*n_channels + c], places in order */
    void (*add_windows)(const ajp_window_spread *spread);
    /* The largest under each window of `from` (laid out as y; NaN if there is one) and the tap it is at, the
     * first of equal ones, to `largest` and `where` (laid out as x); x and y are not used. */
    void (*largest_windows)(const ajp_window_spread *spread, const float *from, float *largest, float *where);
    /* y + i*y_place + jump[t] + c += scale * x[i*x_place + c] for every t, or only for the tap in `where`. */
    void (*spread_windows)(const ajp_window_spread *spread, const float *where, float scale);
    /* Depthwise convolution the other way round, n_channels <= 16, w [n_jumps][16]: what a window reaches
     * gets y + i*y_place + jump[t] + c += x[i*x_place + c] * w[16*t + c] (one FMA), places in order; */
    void (*add_products)(const ajp_window_spread *spread, const float *w);
    /* and its weights w[16*t + c] += sum over places in order of x[i*x_place + c] * y[i*y_place + jump[t] +
     * c], y not changed. */
    void (*place_products)(const ajp_window_spread *spread, float *w);
    /* y[i] = a op b element-wise: '+', '-', '*', '/' */
    void (*binary)(char op, const float *a, const float *b, float *y, size_t n);
} ajp_kernels;

/* x = activation(x). */
void ajp_activate(const ajp_kernels *kernels, ajp_activation activation, float parameter, float *x, size_t n);

/* The table of an instruction set that aj_isa_supported() says yes to (never AUTO). */
const ajp_kernels *ajp_kernels_for(aj_isa isa);

/* Splits a GEMM into fixed blocks of rows x columns and runs them on the pool (NULL = caller alone). Same
 * bits. */
void ajp_gemm_parallel(const ajp_kernels *kernels, ajp_pool *pool, const ajp_gemm *gemm);

/* Packed form of B[k][n] for fast products: ceil(n/16) vectors of [k][16], zero padded.
 * Size in floats: ajp_packed_size.  out_in: w[n][k] (ONNX Gemm transB=1, [out][in]); in_out: w[k][n]. */
size_t ajp_packed_size(size_t n, size_t k);
void ajp_pack_out_in(const float *w, size_t n, size_t k, size_t w_row, float *packed);
void ajp_pack_in_out(const float *w, size_t n, size_t k, size_t w_row, float *packed);
void ajp_unpack_out_in(const float *packed, size_t n, size_t k, float *w, size_t w_row);

/* ---- slow references: plain loops, kept as the definition; tests compare against them ------------- */
void ajp_reference_gemm(const ajp_gemm *gemm); /* fmaf in order; same bits as the fast ones */
void ajp_reference_window(const ajp_window *window);
uint32_t ajp_reference_word(const ajp_stream *stream, uint64_t sample, unsigned draw, size_t element);
/* In double: what `normals` gives to 1e-6 of max(1, |z|). */
double ajp_reference_normal(const ajp_stream *stream, uint64_t sample, unsigned draw, size_t element);

#endif

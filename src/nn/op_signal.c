/* op_signal.c: DFT, STFT, HannWindow, HammingWindow, BlackmanWindow, MelWeightMatrix, in double.
 *
 * The transform is the sum that defines it: n^2 steps, with a table of the n roots of unity. */
#include <math.h>
#include <string.h>

#include "op.h"

static const double pi = 3.14159265358979323846;

static double get(const ajp_tensor *t, size_t at)
{
    double value;
    ajp_convert(AJP_FLOAT64, &value, t->type.dtype,
                (const char *)t->data + at * ajp_dtype_size(t->type.dtype), 1);
    return value;
}

static void put(const ajp_tensor *t, size_t at, double value)
{
    ajp_convert(t->type.dtype, (char *)t->data + at * ajp_dtype_size(t->type.dtype), AJP_FLOAT64, &value, 1);
}

/* One whole number that is known before any data; false: left out. */
static aj_status known_number(const ajp_op_infer *i, size_t k, const char *what, bool *given, int64_t *out)
{
    const ajp_tensor *t;
    AJ_TRY(ajp_op_known(i, k, what, &t));
    *given = t != NULL;
    if (t == NULL) return AJ_OK;
    if (t->n != 1 || (t->type.dtype != AJP_INT32 && t->type.dtype != AJP_INT64))
        return ajp_op_corrupt(i, "has a %s that is not one integer", what);
    *out = ajp_tensor_int(t, 0);
    return AJ_OK;
}

/* cos and sin of the n roots of unity. */
static void fill_roots(double *roots, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        roots[2 * k] = cos(2 * pi * (double)k / (double)n);
        roots[2 * k + 1] = sin(2 * pi * (double)k / (double)n);
    }
}

/* y[k] = sum over j of x[j] exp(-+2 pi i j k / n) for the first n_out k; x: n pairs. */
static void transform(const double *x, size_t n, const double *roots, double sign, size_t n_out, double *y)
{
    for (size_t k = 0; k < n_out; k++) {
        double re = 0, im = 0;
        for (size_t j = 0, at = 0; j < n; j++, at = (at + k) % n) {
            double c = roots[2 * at], s = sign * roots[2 * at + 1];
            re += x[2 * j] * c - x[2 * j + 1] * s;
            im += x[2 * j] * s + x[2 * j + 1] * c;
        }
        y[2 * k] = re;
        y[2 * k + 1] = im;
    }
}

/* ---- DFT
 * ---------------------------------------------------------------------------------------------------- */

typedef struct {
    int64_t axis; /* before opset 20; then input 2 */
    bool inverse, onesided;
} dft_params;
static const char *const dft_attributes[] = {"axis", "inverse", "onesided", NULL};

static aj_status parse_dft(const ajp_op_parse *p, void *out)
{
    dft_params *q = out;
    int64_t inverse, onesided;
    AJ_TRY(ajp_op_int(p, "axis", p->node->opset < 20 ? 1 : -2, &q->axis));
    AJ_TRY(ajp_op_int(p, "inverse", 0, &inverse));
    AJ_TRY(ajp_op_int(p, "onesided", 0, &onesided));
    q->inverse = inverse != 0;
    q->onesided = onesided != 0;
    return AJ_OK;
}

static aj_status infer_dft(const ajp_op_infer *i)
{
    const dft_params *q = i->node->params;
    const ajp_type *x = i->in[0];
    int64_t axis = q->axis, length;
    bool given;
    size_t d;
    if (!ajp_dtype_is_float(x->dtype)) return ajp_op_refuse(i, 0);
    AJ_TRY(known_number(i, 2, "axis", &given, &axis));
    if (x->rank < 2 || x->dims[x->rank - 1] < 1 || x->dims[x->rank - 1] > 2)
        return ajp_op_corrupt(i, "has an input whose last axis is not 1 (real) or 2 (complex)");
    AJ_TRY(ajp_op_axis(i, axis, x->rank, false, &d));
    if (d + 1 == x->rank) return ajp_op_corrupt(i, "transforms the axis of real and imaginary parts");
    if (x->batch_axis == (int)d || x->batch_axis == (int)x->rank - 1)
        return ajp_op_mixes(i, "its signal is samples");
    length = (int64_t)x->dims[d];
    AJ_TRY(known_number(i, 1, "dft_length", &given, &length));
    if (length < 1 || length > (int64_t)AJP_MAX_ELEMENTS)
        return ajp_op_corrupt(i, "has a signal of %lld places", (long long)length);
    i->out[0] = *x;
    i->out[0].dims[d] = q->onesided ? (size_t)length / 2 + 1 : (size_t)length;
    i->out[0].dims[x->rank - 1] = 2;
    return AJ_OK;
}

/* Axis and length of a transform whose shapes are known to fit. */
static size_t dft_axis(const ajp_node *node, const ajp_tensor *in, size_t *length)
{
    const dft_params *q = node->params;
    int64_t axis = node->n_in > 2 && in[2].n > 0 ? ajp_tensor_int(&in[2], 0) : q->axis;
    size_t d = (size_t)(axis < 0 ? axis + (int64_t)in[0].type.rank : axis);
    *length = node->n_in > 1 && in[1].n > 0 ? (size_t)ajp_tensor_int(&in[1], 0) : in[0].type.dims[d];
    return d;
}

/* Roots, one signal, its transform. */
static size_t scratch_dft(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    size_t length;
    (void)out;
    (void)dft_axis(node, in, &length);
    return 6 * length * sizeof(double);
}

static aj_status run_dft(const ajp_op_run *r)
{
    const dft_params *q = r->node->params;
    const ajp_type *x = &r->in[0].type;
    size_t n, d = dft_axis(r->node, r->in, &n), parts = x->dims[x->rank - 1], n_in = x->dims[d];
    size_t inner = ajp_dims_product(x->dims + d + 1, x->rank - d - 2), outer = ajp_dims_product(x->dims, d);
    size_t n_out = r->out[0].type.dims[d];
    double *roots = r->scratch, *signal = roots + 2 * n, *result = signal + 2 * n;
    fill_roots(roots, n);
    for (size_t line = 0; line < outer * inner; line++) {
        size_t o = line / inner, e = line % inner;
        for (size_t j = 0; j < n; j++) {
            size_t at = ((o * n_in + j) * inner + e) * parts;
            signal[2 * j] = j < n_in ? get(&r->in[0], at) : 0;
            signal[2 * j + 1] = j < n_in && parts == 2 ? get(&r->in[0], at + 1) : 0;
        }
        transform(signal, n, roots, q->inverse ? 1 : -1, n_out, result);
        for (size_t k = 0; k < 2 * n_out; k++) {
            size_t at = ((o * n_out + k / 2) * inner + e) * 2 + k % 2;
            put(&r->out[0], at, q->inverse ? result[k] / (double)n : result[k]);
        }
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_dft;
const ajp_op ajp_op_dft = {.any_sample_axis = true,
                           .min_in = 1,
                           .max_in = 3,
                           .max_out = 1,
                           .flops_per_element = 8,
                           .params_size = sizeof(dft_params),
                           .attributes = dft_attributes,
                           .parse = parse_dft,
                           .infer = infer_dft,
                           .scratch = scratch_dft,
                           .run = run_dft};

/* ---- STFT: transforms of pieces of a signal [n][length][1 or 2]
 * --------------------------------------------- */

typedef struct {
    bool onesided;
} stft_params;
static const char *const stft_attributes[] = {"onesided", NULL};

static aj_status parse_stft(const ajp_op_parse *p, void *out)
{
    int64_t onesided;
    AJ_TRY(ajp_op_int(p, "onesided", 1, &onesided));
    ((stft_params *)out)->onesided = onesided != 0;
    return AJ_OK;
}

static aj_status infer_stft(const ajp_op_infer *i)
{
    const stft_params *q = i->node->params;
    const ajp_type *x = i->in[0], *window = ajp_op_input(i, 2);
    int64_t step = 0, length = -1;
    bool given;
    if (!ajp_dtype_is_float(x->dtype)) return ajp_op_refuse(i, 0);
    AJ_TRY(known_number(i, 1, "frame_step", &given, &step));
    AJ_TRY(known_number(i, 3, "frame_length", &given, &length));
    if (!given && window != NULL && window->rank == 1) length = (int64_t)window->dims[0];
    if (x->rank < 2 || x->rank > 3 || (x->rank == 3 && (x->dims[2] < 1 || x->dims[2] > 2)))
        return ajp_op_corrupt(i, "has a signal that is not [n][length][1 or 2]");
    if (step < 1 || length < 1 || length > (int64_t)x->dims[1])
        return ajp_op_corrupt(i, "has frames of %lld at steps of %lld in a signal of %zu", (long long)length,
                              (long long)step, x->dims[1]);
    if (window != NULL &&
        (window->rank != 1 || window->dims[0] != (size_t)length || window->dtype != x->dtype))
        return ajp_op_corrupt(i, "has a window that is not %lld numbers", (long long)length);
    if (x->batch_axis > 0 || (window != NULL && window->batch_axis >= 0))
        return ajp_op_mixes(i, "its signal or window is samples");
    size_t frames = ((size_t)x->dims[1] - (size_t)length) / (size_t)step + 1;
    size_t bins = q->onesided ? (size_t)length / 2 + 1 : (size_t)length;
    i->out[0] = (ajp_type){x->dtype, x->batch_axis, 4, {x->dims[0], frames, bins, 2}};
    return AJ_OK;
}

static size_t frame_length(const ajp_node *node, const ajp_tensor *in)
{
    return node->n_in > 3 && in[3].n > 0 ? (size_t)ajp_tensor_int(&in[3], 0) : in[2].n;
}

static size_t scratch_stft(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    (void)out;
    return 6 * frame_length(node, in) * sizeof(double);
}

static aj_status run_stft(const ajp_op_run *r)
{
    const ajp_type *x = &r->in[0].type, *out = &r->out[0].type;
    size_t n = frame_length(r->node, r->in), step = (size_t)ajp_tensor_int(&r->in[1], 0);
    size_t parts = x->rank == 3 ? x->dims[2] : 1, n_out = out->dims[2];
    double *roots = r->scratch, *signal = roots + 2 * n, *result = signal + 2 * n;
    bool windowed = ajp_op_data(r, 2) != NULL;
    fill_roots(roots, n);
    for (size_t frame = 0; frame < out->dims[0] * out->dims[1]; frame++) {
        size_t first = frame / out->dims[1] * x->dims[1] + frame % out->dims[1] * step;
        for (size_t j = 0; j < n; j++) {
            double weight = windowed ? get(&r->in[2], j) : 1;
            signal[2 * j] = weight * get(&r->in[0], (first + j) * parts);
            signal[2 * j + 1] = parts == 2 ? weight * get(&r->in[0], (first + j) * parts + 1) : 0;
        }
        transform(signal, n, roots, -1, n_out, result);
        for (size_t k = 0; k < 2 * n_out; k++) put(&r->out[0], frame * 2 * n_out + k, result[k]);
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_stft;
const ajp_op ajp_op_stft = {.min_in = 2,
                            .max_in = 4,
                            .max_out = 1,
                            .flops_per_element = 8,
                            .params_size = sizeof(stft_params),
                            .attributes = stft_attributes,
                            .parse = parse_stft,
                            .infer = infer_stft,
                            .scratch = scratch_stft,
                            .run = run_stft};

/* ---- windows: a0 - a1 cos(2 pi k / n) + a2 cos(4 pi k / n)
 * --------------------------------------------------- */

typedef struct {
    ajp_dtype dtype;
    bool periodic;
    double a[3];
} window_params;
static const char *const window_attributes[] = {"output_datatype", "periodic", NULL};

static aj_status parse_dtype(const ajp_op_parse *p, ajp_dtype *out)
{
    int64_t dtype;
    AJ_TRY(ajp_op_int(p, "output_datatype", AJP_FLOAT32, &dtype));
    *out = dtype > 0 && dtype <= AJP_BFLOAT16 ? (ajp_dtype)dtype : AJP_UNDEFINED;
    if (ajp_dtype_size(*out) > 0) return AJ_OK;
    return ajp_node_fail(p->path, p->node, AJ_UNSUPPORTED, p->err,
                         "asks for type %lld, which is not supported", (long long)dtype);
}

static aj_status parse_window(const ajp_op_parse *p, window_params *q, double a0, double a1, double a2)
{
    int64_t periodic;
    AJ_TRY(ajp_op_int(p, "periodic", 1, &periodic));
    q->periodic = periodic != 0;
    q->a[0] = a0, q->a[1] = a1, q->a[2] = a2;
    return parse_dtype(p, &q->dtype);
}

static aj_status parse_hann(const ajp_op_parse *p, void *out)
{
    return parse_window(p, out, 0.5, 0.5, 0);
}
static aj_status parse_hamming(const ajp_op_parse *p, void *out)
{
    return parse_window(p, out, 25.0 / 46.0, 1 - 25.0 / 46.0, 0);
}
static aj_status parse_blackman(const ajp_op_parse *p, void *out)
{
    return parse_window(p, out, 0.42, 0.5, 0.08);
}

static aj_status infer_window(const ajp_op_infer *i)
{
    const window_params *q = i->node->params;
    int64_t n = 0;
    bool given;
    AJ_TRY(known_number(i, 0, "size", &given, &n));
    if (n < 0) return ajp_op_corrupt(i, "has a size of %lld", (long long)n);
    i->out[0] =
        (ajp_type){q->dtype, -1, 1, {n > (int64_t)AJP_MAX_ELEMENTS ? AJP_MAX_ELEMENTS + 1 : (size_t)n}};
    return AJ_OK;
}

static aj_status run_window(const ajp_op_run *r)
{
    const window_params *q = r->node->params;
    double n = (double)r->out[0].n - (q->periodic ? 0 : 1);
    for (size_t k = 0; k < r->out[0].n; k++) {
        double angle = n > 0 ? 2 * pi * (double)k / n : 0;
        put(&r->out[0], k, q->a[0] - q->a[1] * cos(angle) + q->a[2] * cos(2 * angle));
    }
    return AJ_OK;
}

#define WINDOW(id)                                                             \
    extern const ajp_op ajp_op_##id##_window;                                  \
    const ajp_op ajp_op_##id##_window = {.min_in = 1,                          \
                                         .max_in = 1,                          \
                                         .max_out = 1,                         \
                                         .flops_per_element = 8,               \
                                         .params_size = sizeof(window_params), \
                                         .attributes = window_attributes,      \
                                         .parse = parse_##id,                  \
                                         .infer = infer_window,                \
                                         .run = run_window};
WINDOW(hann)
WINDOW(hamming)
WINDOW(blackman)

/* ---- MelWeightMatrix: triangles between equal steps of the mel scale
 * ------------------------------------------ */

typedef struct {
    ajp_dtype dtype;
} mel_params;
static const char *const mel_attributes[] = {"output_datatype", NULL};

static aj_status parse_mel(const ajp_op_parse *p, void *out)
{
    return parse_dtype(p, &((mel_params *)out)->dtype);
}

static aj_status infer_mel(const ajp_op_infer *i)
{
    static const char *const names[] = {"num_mel_bins", "dft_length", "sample_rate"};
    const mel_params *q = i->node->params;
    const ajp_tensor *edge;
    int64_t number[3] = {0};
    bool given;
    for (size_t k = 0; k < 3; k++) {
        AJ_TRY(known_number(i, k, names[k], &given, &number[k]));
        if (number[k] < 1 || number[k] > 1 << 30)
            return ajp_op_corrupt(i, "has a %s of %lld", names[k], (long long)number[k]);
    }
    for (size_t k = 3; k < 5; k++) {
        AJ_TRY(ajp_op_known(i, k, "edge", &edge));
        if (edge->n != 1 || !ajp_dtype_is_float(edge->type.dtype))
            return ajp_op_corrupt(i, "has an edge that is not one number");
    }
    i->out[0] = (ajp_type){q->dtype, -1, 2, {(size_t)number[1] / 2 + 1, (size_t)number[0]}};
    return AJ_OK;
}

/* The bin of step k of n + 2 between the edges; outside: the last one. */
static size_t mel_bin(const ajp_op_run *r, size_t k, size_t n, size_t n_bins)
{
    double low = 2595 * log10(1 + get(&r->in[3], 0) / 700), high = 2595 * log10(1 + get(&r->in[4], 0) / 700);
    double hertz = 700 * (pow(10, (low + (double)k * (high - low) / (double)(n + 2)) / 2595) - 1);
    double bin =
        floor(((double)ajp_tensor_int(&r->in[1], 0) + 1) * hertz / (double)ajp_tensor_int(&r->in[2], 0));
    return bin >= 0 && bin < (double)n_bins ? (size_t)bin : bin >= 0 ? n_bins - 1 : 0;
}

static aj_status run_mel(const ajp_op_run *r)
{
    size_t n_bins = r->out[0].type.dims[0], n = r->out[0].type.dims[1];
    memset(r->out[0].data, 0, r->out[0].n * ajp_dtype_size(r->out[0].type.dtype));
    for (size_t k = 0; k < n; k++) {
        size_t left = mel_bin(r, k, n, n_bins), middle = mel_bin(r, k + 1, n, n_bins);
        size_t right = mel_bin(r, k + 2, n, n_bins);
        if (left == middle) put(&r->out[0], middle * n + k, 1);
        for (size_t j = left; left < middle && j <= middle; j++)
            put(&r->out[0], j * n + k, (double)(j - left) / (double)(middle - left));
        for (size_t j = middle; j < right; j++)
            put(&r->out[0], j * n + k, (double)(right - j) / (double)(right - middle));
    }
    return AJ_OK;
}

extern const ajp_op ajp_op_mel_weight_matrix;
const ajp_op ajp_op_mel_weight_matrix = {.min_in = 5,
                                         .max_in = 5,
                                         .max_out = 1,
                                         .flops_per_element = 2,
                                         .params_size = sizeof(mel_params),
                                         .attributes = mel_attributes,
                                         .parse = parse_mel,
                                         .infer = infer_mel,
                                         .run = run_mel};

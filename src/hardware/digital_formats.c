/* digital_formats.c: numbers of few bits: how weights and activations are rounded before they are multiplied.
 *
 * Floats as IEEE 754 and the OCP 8-bit Floating Point Specification (2023) have them: round to nearest, ties
 * to even, with subnormal numbers; what is beyond the largest finite number becomes that number (saturating
 * conversion, as inference libraries do it). e4m3 has no infinities and reaches 448.  Integers are symmetric.
 * Formats of 8 bits and less are scaled: weights by their largest magnitude, of the matrix or of each row;
 * activations by a share of a calibration set's magnitudes, or by the largest of each input vector.
 * Products are summed in float32, as all of the network's are: exact for integers as long as a sum stays
 * below 2^24. */
#include <math.h>

#include "digital.h"

const char *const ajp_format_words[] = {"fp32", "fp16", "bf16", "fp8_e4m3", "fp8_e5m2", "int8", "int4", NULL};

static const ajp_format_info formats[AJP_N_FORMATS] = {
    [AJP_FORMAT_FP32] = {"fp32", 32, false, 3.4028234663852886e38, 23, -149, false},
    [AJP_FORMAT_FP16] = {"fp16", 16, false, 65504.0, 10, -24, false},
    [AJP_FORMAT_BF16] = {"bf16", 16, false, 3.3895313892515355e38, 7, -133, false},
    [AJP_FORMAT_FP8_E4M3] = {"fp8_e4m3", 8, false, 448.0, 3, -9, true},
    [AJP_FORMAT_FP8_E5M2] = {"fp8_e5m2", 8, false, 57344.0, 2, -16, true},
    [AJP_FORMAT_INT8] = {"int8", 8, true, 127.0, 0, 0, true},
    [AJP_FORMAT_INT4] = {"int4", 4, true, 7.0, 0, 0, true},
};

ajp_format_info ajp_format_describe(ajp_format format)
{
    return formats[format];
}

double ajp_format_round(ajp_format format, double x)
{
    const ajp_format_info *f = &formats[format];
    double held = fmin(fmax(x, -f->largest), f->largest);
    if (f->is_integer || held == 0.0) return rint(held);
    int exponent = ilogb(held) - (int)f->mantissa_bits;
    double quantum = ldexp(1.0, exponent > f->smallest_exponent ? exponent : f->smallest_exponent);
    return rint(held / quantum) * quantum;
}

bool ajp_digital_is_exact(const ajp_digital *p)
{
    return ajp_digital_is(p->weight_format, AJP_FORMAT_FP32) &&
           ajp_digital_is(p->activation_format, AJP_FORMAT_FP32);
}

bool ajp_digital_needs_calibration(const void *params)
{
    const ajp_digital *p = params;
    return formats[(int)p->activation_format].is_scaled &&
           ajp_digital_is(p->activation_range, DIGITAL_RANGE_CALIBRATED);
}

/* ---- weights ------------------------------------------------------------------------------------ */

static double largest_of(const float *x, size_t n)
{
    double largest = 0.0;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs((double)x[i]));
    return largest;
}

/* The second operand of a product of two activations is one too, with a range of its own. */
static ajp_format matrix_format(const ajp_digital *p, const ajp_product *product)
{
    return (ajp_format)(product->weights == AJP_OPERAND_DYNAMIC ? p->activation_format : p->weight_format);
}

/* What a unit of the format is worth in row `row` of the weights. */
static double weight_unit(const ajp_digital *p, const ajp_freeze_request *request, double largest, size_t row)
{
    const ajp_format_info *f = &formats[matrix_format(p, &request->product)];
    size_t cols = request->product.cols;
    bool by_row =
        ajp_digital_is(p->weight_scale, DIGITAL_SCALE_ROW) && request->product.weights != AJP_OPERAND_DYNAMIC;
    if (!f->is_scaled) return 1.0;
    if (by_row) largest = largest_of(request->weights + row * cols, cols);
    return largest / f->largest;
}

static aj_status round_weights(const ajp_digital *p, const ajp_freeze_request *request, ajp_plane *plane,
                               aj_error *err)
{
    size_t rows = request->product.rows, cols = request->product.cols, padded = ajp_round_up(rows, 16);
    ajp_format format = matrix_format(p, &request->product);
    if (format == AJP_FORMAT_FP32) return AJ_OK;
    float *rounded = ajp_arena_array(request->arena, rows * cols, sizeof *rounded);
    float *decode = ajp_arena_array(request->arena, padded, sizeof *decode);
    if (rounded == NULL || decode == NULL) return ajp_no_memory(err, request->product.name);
    double largest = largest_of(request->weights, rows * cols);
    for (size_t row = 0; row < rows; row++) {
        double unit = weight_unit(p, request, largest, row), per = unit > 0.0 ? 1.0 / unit : 0.0;
        decode[row] = (float)unit;
        for (size_t col = 0; col < cols; col++)
            rounded[row * cols + col] =
                (float)ajp_format_round(format, (double)request->weights[row * cols + col] * per);
    }
    plane->weights = rounded;
    plane->row_decode = decode;
    return AJ_OK;
}

/* ---- activations -------------------------------------------------------------------------------- */

static aj_status calibrated_largest(const ajp_digital *p, const ajp_freeze_request *request, double *out,
                                    aj_error *err)
{
    int i = 0;
    while (i < AJP_N_PERCENTILES - 1 && p->activation_percentile_ratio > ajp_percentile_ratio[i]) i++;
    if (isnan(request->calibration.max_abs))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "product '%s': 'activation_range' is calibrated and there is no calibration; give a "
                        "data set, or set it to vector",
                        request->product.name);
    *out = request->calibration.input_percentile[i];
    return AJ_OK;
}

/* Full scale is one unit of the format: encoded inputs are the numbers that the machine holds, and sums of
 * integers are integers. Ranges that follow each vector are -1 ... 1, one unit being 1/largest. */
static aj_status encode_activations(const ajp_digital *p, const ajp_freeze_request *request,
                                    ajp_input_encoding *out, aj_error *err)
{
    const ajp_format_info *f = &formats[(int)p->activation_format];
    double unit = 1.0;
    *out = (ajp_input_encoding){.full_scale = INFINITY, .dac = {.kind = AJP_CONVERTER_IDEAL}};
    if (ajp_digital_is(p->activation_format, AJP_FORMAT_FP32)) return AJ_OK;
    if (f->is_scaled && ajp_digital_is(p->activation_range, DIGITAL_RANGE_VECTOR)) {
        out->full_scale = AJP_NOT_DESCRIBED;
        unit = 1.0 / f->largest;
    } else if (f->is_scaled) {
        double largest = 0.0;
        AJ_TRY(calibrated_largest(p, request, &largest, err));
        out->full_scale = largest / f->largest;
    }
    out->dac = (ajp_converter){.kind = f->is_integer ? AJP_CONVERTER_UNIFORM : AJP_CONVERTER_FLOAT,
                               .bits = f->bits,
                               .low = (float)(-f->largest * unit),
                               .high = (float)(f->largest * unit),
                               .step = (float)unit,
                               .inverse_step = (float)(1.0 / unit),
                               .mantissa_bits = f->mantissa_bits,
                               .smallest = (float)ldexp(1.0, f->smallest_exponent)};
    return AJ_OK;
}

aj_status ajp_digital_freeze(const void *params, const ajp_freeze_request *request, ajp_frozen *out,
                             aj_error *err)
{
    const ajp_digital *p = params;
    ajp_frozen frozen = {
        .law = AJP_LAW_EXACT, .clip_electrons = INFINITY, .n_reads = 1, .nominal_photons = AJP_NOT_DESCRIBED};
    if (!ajp_digital_is_exact(p)) {
        ajp_plane *plane = ajp_arena_alloc(request->arena, sizeof *plane);
        if (plane == NULL) return ajp_no_memory(err, request->product.name);
        *plane = (ajp_plane){.form = AJP_INPUT_WHOLE, .noise = AJP_NOISE_NONE, .gain = 1.0, .decode = 1.0};
        frozen.law = AJP_LAW_PLANES;
        frozen.planes = plane;
        frozen.n_planes = 1;
        AJ_TRY(round_weights(p, request, plane, err));
        AJ_TRY(encode_activations(p, request, &frozen.encoding, err));
    }
    *out = frozen;
    return AJ_OK;
}

/* ---- the definition ----------------------------------------------------------------------------- */

aj_status ajp_digital_reference(const void *params, const ajp_freeze_request *request, const float *x,
                                ajp_draws *draws, double *y, aj_error *err)
{
    const ajp_digital *p = params;
    size_t rows = request->product.rows, cols = request->product.cols;
    ajp_format of_x = (ajp_format)p->activation_format, of_w = matrix_format(p, &request->product);
    double largest_x = largest_of(x, cols), unit_x = 1.0, all = largest_of(request->weights, rows * cols);
    (void)draws;
    if (ajp_digital_needs_calibration(p)) AJ_TRY(calibrated_largest(p, request, &largest_x, err));
    if (formats[of_x].is_scaled) unit_x = largest_x / formats[of_x].largest;
    for (size_t row = 0; row < rows; row++) {
        const float *w = request->weights + row * cols;
        double sum = 0.0, unit_w = weight_unit(p, request, all, row);
        for (size_t col = 0; col < cols; col++) {
            if (unit_x == 0.0 || unit_w == 0.0) continue;
            sum += ajp_format_round(of_w, (double)w[col] / unit_w) * unit_w *
                   ajp_format_round(of_x, (double)x[col] / unit_x) * unit_x;
        }
        y[row] = sum;
    }
    return AJ_OK;
}

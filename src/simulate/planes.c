/* planes.c: the planes of a frozen product as the kernels want them. */
#include "study.h"

float *ajp_matrix_pack(ajp_arena *arena, const float *weights, size_t rows, size_t cols)
{
    float *packed = ajp_arena_array(arena, ajp_packed_size(rows, cols), sizeof(float));
    if (packed != NULL) ajp_pack_out_in(weights, rows, cols, cols, packed);
    return packed;
}

ajp_adc ajp_adc_of(const ajp_converter *converter)
{
    ajp_adc adc = {.kind = AJP_ADC_IDEAL,
                   .bits = converter->bits,
                   .low = converter->low,
                   .high = converter->high,
                   .step = converter->step,
                   .inverse_step = converter->inverse_step,
                   .origin = converter->origin};
    if (converter->kind == AJP_CONVERTER_UNIFORM) adc.kind = AJP_ADC_UNIFORM;
    if (converter->kind == AJP_CONVERTER_FLOAT) {
        adc.kind = AJP_ADC_FLOAT;
        adc.smallest = converter->smallest;
        adc.relative = ldexpf(1.0f, -(int)converter->mantissa_bits);
    }
    if (converter->kind != AJP_CONVERTER_SAR) return adc;
    adc.kind = AJP_ADC_SAR;
    for (unsigned bit = 0; bit < converter->bits; bit++) {
        adc.weights[bit] = converter->sar_weights[bit];
        adc.nominal[bit] = converter->step * (float)(1u << (converter->bits - 1 - bit));
    }
    return adc;
}

/* Inputs have a full scale that nothing goes beyond, whether or not a converter has steps in between. */
static ajp_encode encode_of(const ajp_input_encoding *encoding, const ajp_plane *plane)
{
    static const ajp_form forms[] = {
        [AJP_INPUT_WHOLE] = AJP_FORM_WHOLE,       [AJP_INPUT_POSITIVE] = AJP_FORM_POSITIVE,
        [AJP_INPUT_NEGATIVE] = AJP_FORM_NEGATIVE, [AJP_INPUT_OFFSET] = AJP_FORM_OFFSET,
        [AJP_INPUT_SQUARE] = AJP_FORM_SQUARE,     [AJP_INPUT_BIT] = AJP_FORM_BIT};
    ajp_encode encode = {.dac = ajp_adc_of(&encoding->dac),
                         .quadratic = (float)encoding->quadratic,
                         .cubic = (float)encoding->cubic,
                         .form = forms[plane->form],
                         .bit = plane->bit,
                         .most_code =
                             (float)((1u << (encoding->dac.bits > 0 ? encoding->dac.bits - 1 : 0)) - 1)};
    if (encode.dac.kind == AJP_ADC_IDEAL && !isinf(encoding->full_scale)) {
        encode.dac.kind = AJP_ADC_LIMIT;
        encode.dac.low = -1.0f;
        encode.dac.high = 1.0f;
    }
    if (encoding->unsigned_only) {
        if (encode.dac.kind == AJP_ADC_IDEAL) encode.dac.high = INFINITY;
        if (encode.dac.kind == AJP_ADC_IDEAL) encode.dac.kind = AJP_ADC_LIMIT;
        if (encode.dac.low < 0.0f) encode.dac.low = 0.0f;
    }
    return encode;
}

static void find_converters(const ajp_frozen_product *frozen, const ajp_plane *plane, ajp_packed_plane *out)
{
    out->encode = encode_of(&frozen->frozen.encoding, plane);
    out->adc = ajp_adc_of(&plane->adc);
}

static aj_status pack_plane(const ajp_frozen_product *frozen, const float *network, const ajp_plane *plane,
                            ajp_packed_plane *out, aj_error *err)
{
    ajp_arena *arena = frozen->request.arena;
    size_t rows = frozen->request.product.rows, cols = frozen->request.product.cols;
    out->packed = plane->weights == NULL ? network : ajp_matrix_pack(arena, plane->weights, rows, cols);
    bool good = out->packed != NULL;
    if (plane->second_weights != NULL)
        good = good && (out->second = ajp_matrix_pack(arena, plane->second_weights, rows, cols)) != NULL;
    if (plane->reference_weights != NULL)
        good = good && (out->reference = ajp_matrix_pack(arena, plane->reference_weights, 1, cols)) != NULL;
    if (plane->reference_second_weights != NULL)
        good = good && (out->reference_second =
                            ajp_matrix_pack(arena, plane->reference_second_weights, 1, cols)) != NULL;
    if (!good) return ajp_no_memory(err, "plane");
    find_converters(frozen, plane, out);
    return AJ_OK;
}

/* Planes that read the same weights, bit by bit of the inputs, share one copy. */
static const ajp_packed_plane *packed_before(const ajp_plane *planes, const ajp_packed_plane *packed,
                                             size_t number)
{
    const ajp_plane *own = &planes[number];
    for (size_t i = 0; i < number; i++)
        if (own->weights != NULL && planes[i].weights == own->weights &&
            planes[i].second_weights == own->second_weights &&
            planes[i].reference_weights == own->reference_weights &&
            planes[i].reference_second_weights == own->reference_second_weights)
            return &packed[i];
    return NULL;
}

aj_status ajp_planes_pack(ajp_frozen_product *frozen, const float *network, aj_error *err)
{
    size_t n = frozen->frozen.n_planes;
    ajp_packed_plane *planes = ajp_arena_array(frozen->request.arena, n, sizeof *planes);
    if (planes == NULL) return ajp_no_memory(err, "planes");
    for (size_t i = 0; i < n; i++) {
        const ajp_plane *plane = &frozen->frozen.planes[i];
        const ajp_packed_plane *before = packed_before(frozen->frozen.planes, planes, i);
        if (before == NULL)
            AJ_TRY(pack_plane(frozen, network, plane, &planes[i], err));
        else {
            planes[i] = *before;
            find_converters(frozen, plane, &planes[i]);
        }
    }
    frozen->planes = planes;
    return AJ_OK;
}

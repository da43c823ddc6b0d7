/* digital.c: arithmetic on a weight-stationary systolic array: a price per multiply-accumulate of its number
 * formats, and the memory traffic that the array's size causes.  array_rows hold inputs (columns of the
 * matrix), array_cols hold outputs. */
#include "digital.h"

#include <math.h>
#include <stddef.h>

static const char *const table_words[] = {"horowitz_45nm", "jouppi_7nm", "aladdin_40nm", NULL};
static const char *const scale_words[] = {"tensor", "row", NULL};
static const char *const range_words[] = {"calibrated", "vector", NULL};

#define ROW(field, unit, low, high, help)                                               \
    {                                                                                   \
#field, unit, offsetof(ajp_digital, field), AJP_NOT_DESCRIBED, low, high, NULL, \
            "default: not described", help                                              \
    }
#define DEFAULT(field, def, low, high, source, help)                                 \
    {                                                                                \
#field, "", offsetof(ajp_digital, field), def, low, high, NULL, source, help \
    }
#define WORDS(field, words, def, source, help)                                                     \
    {                                                                                              \
#field, "", offsetof(ajp_digital, field), def, 0.0, AJP_N_FORMATS - 1, words, source, help \
    }

static const ajp_param params[] = {
    ROW(mac_energy_joules, "J", 0.0, 1e-3, "one multiplication and one addition to the sum"),
    WORDS(mac_energy_table, table_words, AJP_NOT_DESCRIBED, "default: not described",
          "in place of mac_energy_joules: energies of operations by node and format"),
    ROW(accumulator_bits, "bit", 1.0, 64.0,
        "width of a partial sum; needed where a product has more inputs than array_rows"),
    ROW(array_rows, "", 1.0, 1e9, "inputs that the array holds; not described = all of them"),
    ROW(array_cols, "", 1.0, 1e9, "outputs that the array holds; not described = all of them"),
    DEFAULT(arrays, 1.0, 1.0, 1e6, "default: one array", "arrays that work side by side on one product"),
    ROW(clock_hertz, "Hz", 1.0, 1e12, "cycles per second; latency needs it and the array's size"),
    ROW(peak_macs_per_second, "", 1.0, 1e21,
        "multiply-accumulates per second at peak, where the arrays are not described; no network's time "
        "follows from it"),
    ROW(measured_macs_per_second, "", 1.0, 1e21,
        "multiply-accumulates per second as measured with a network of the kind: times follow from it"),
    ROW(area_square_meters, "m2", 1e-12, 1.0, "of the chip"),
    WORDS(weight_format, ajp_format_words, AJP_FORMAT_FP32, "default: fp32, as the network has them",
          "numbers that weights are rounded to"),
    WORDS(weight_scale, scale_words, DIGITAL_SCALE_TENSOR, "default: one scale a matrix",
          "of int and fp8 weights: one scale a matrix (tensor), or one a row"),
    WORDS(activation_format, ajp_format_words, AJP_FORMAT_FP32, "default: fp32, as the network has them",
          "numbers that inputs of products are rounded to"),
    WORDS(activation_range, range_words, DIGITAL_RANGE_CALIBRATED, "default: calibrated",
          "of int and fp8 activations: a share of a calibration set, or the largest of each input vector"),
    DEFAULT(activation_percentile_ratio, 1.0, 0.99, 1.0, "default: the largest of the calibration set",
            "activation_range calibrated: share of activations in the range; 0.99, 0.999, 0.9999, 0.99999 "
            "or 1"),
    AJP_PRICE_ROWS(ajp_digital),
};

static aj_status check_energy(const ajp_digital *p, aj_error *err)
{
    bool one = !isnan(p->mac_energy_joules), table = !isnan(p->mac_energy_table);
    if (one && table)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'mac_energy_joules' and 'mac_energy_table' both say what a multiply-accumulate "
                        "costs; leave one of them out");
    if (!one && !table)
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'mac_energy_joules' is not described; set it or 'mac_energy_table', or run 'aj bench "
            "MODEL' first, which measures it for the hardware cpu-here");
    return AJ_OK;
}

/* A number of a narrow format takes as many bits in memory. */
static aj_status check_width(double format, const char *format_key, double bits, const char *bits_key,
                             aj_error *err)
{
    ajp_format_info f = ajp_format_describe((ajp_format)format);
    if (ajp_digital_is(format, AJP_FORMAT_FP32) || isnan(bits) || bits == (double)f.bits) return AJ_OK;
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'%s' is %s, and '%s' is %g; set it to %u", format_key, f.name,
                    bits_key, bits, f.bits);
}

static aj_status check_formats(const ajp_digital *p, aj_error *err)
{
    ajp_format_info w = ajp_format_describe((ajp_format)p->weight_format),
                    a = ajp_format_describe((ajp_format)p->activation_format);
    AJ_TRY(check_width(p->weight_format, "weight_format", p->prices.weight_bits, "weight_bits", err));
    AJ_TRY(check_width(p->activation_format, "activation_format", p->prices.activation_bits,
                       "activation_bits", err));
    if (!w.is_scaled && ajp_digital_is(p->weight_scale, DIGITAL_SCALE_ROW))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'weight_scale' changes nothing while 'weight_format' is %s; leave it out", w.name);
    if (!a.is_scaled && ajp_digital_is(p->activation_range, DIGITAL_RANGE_VECTOR))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'activation_range' changes nothing while 'activation_format' is %s; leave it out",
                        a.name);
    if (p->activation_percentile_ratio != 1.0 && !ajp_digital_needs_calibration(p))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'activation_percentile_ratio' changes nothing unless 'activation_format' is int or "
                        "fp8 and 'activation_range' is calibrated; leave it out");
    for (int i = 0; i < AJP_N_PERCENTILES; i++)
        if (p->activation_percentile_ratio == ajp_percentile_ratio[i]) return AJ_OK;
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                    "'activation_percentile_ratio' is %.9g; write one of 0.99, 0.999, 0.9999, 0.99999, 1",
                    p->activation_percentile_ratio);
}

static aj_status check(const void *untyped, aj_error *err)
{
    const ajp_digital *p = untyped;
    AJ_TRY(check_energy(p, err));
    AJ_TRY(ajp_check_whole(p->array_rows, "array_rows", err));
    AJ_TRY(ajp_check_whole(p->array_cols, "array_cols", err));
    AJ_TRY(ajp_check_whole(p->arrays, "arrays", err));
    if (!isnan(p->peak_macs_per_second) && !isnan(p->clock_hertz))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'peak_macs_per_second' stands for arrays that are not described, and 'clock_hertz' "
                        "describes them; leave one of them out");
    if (!isnan(p->measured_macs_per_second) && !isnan(p->clock_hertz))
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'measured_macs_per_second' and 'clock_hertz' both say how long a network takes; leave "
            "one of them out");
    return check_formats(p, err);
}

static bool supports(const void *untyped, const ajp_product *product, const char **why)
{
    (void)untyped;
    (void)product;
    (void)why;
    return true;
}

static size_t tile_cols(const void *untyped, const ajp_product *product)
{
    (void)untyped; /* partial sums are exact: the arithmetic is that of one tile */
    return product->cols;
}

static double area(const void *untyped)
{
    const ajp_digital *p = untyped;
    return p->area_square_meters;
}

const ajp_hardware_ops ajp_hardware_digital = {
    .name = "digital",
    .summary = "arithmetic of a number format on weight-stationary arrays of multiply-accumulate units",
    .read_law = "no noise: weights and inputs rounded to their formats, products and sums in float32; with "
                "fp32 exactly the network",
    .latency_of =
        "one batch through all products, one after the other: loading the weights, filling, streaming and "
        "draining the array; digital steps outside it take no time. Of a machine with a measured rate: the "
        "multiply-accumulates at that rate",
    .params_size = sizeof(ajp_digital),
    .params = params,
    .n_params = sizeof params / sizeof params[0],
    .check = check,
    .supports = supports,
    .tile_cols = tile_cols,
    .needs_calibration = ajp_digital_needs_calibration,
    .freeze = ajp_digital_freeze,
    .reference = ajp_digital_reference,
    .account = ajp_digital_account,
    .area_square_meters = area,
    .peak_macs_per_second = ajp_digital_peak,
    .deterministic = true,
};

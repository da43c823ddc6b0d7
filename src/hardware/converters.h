/* converters.h: the converters that families have in common: their parameters, how they are built, and what a
 * conversion costs. A family has an `ajp_converters converters` in its struct and AJP_CONVERTER_ROWS in its
 * table; it calls ajp_converters_check in `check`, ajp_converters_adc for every plane and _dac and
 * _full_scale for the encoding in `freeze`, and ajp_converters_price in `account`. */
#ifndef AJP_CONVERTERS_H
#define AJP_CONVERTERS_H

#include "prices.h"

/* ---- one converter ------------------------------------------------------------------------------ */
typedef enum {
    AJP_ADC_WORD_IDEAL,
    AJP_ADC_WORD_MID_TREAD,
    AJP_ADC_WORD_MID_RISE,
    AJP_ADC_WORD_SIGN_MAGNITUDE,
    AJP_ADC_WORD_SAR
} ajp_converter_word;

/* A converter of 2 ... 24 bits (1 for mid_rise and unsigned readings too) for -range ... range, or
 * 0 ... range:
 *   mid_tread       2^b codes of two's complement, -range ... range - step, step range / 2^(b-1): zero is one
 *   mid_rise        2^b codes, 2^b - 1 steps from -range to range: zero lies between two codes
 *   sign_magnitude  2^b - 1 codes, 2^b - 2 steps from -range to range: zero is a code
 *   sar             the codes of mid_tread, found bit by bit
 * For 0 ... range all have 2^b - 1 steps, but sign_magnitude, whose sign is never used, 2^(b-1) - 1.
 * A range of 0 gives a converter that always reads 0.
 * mismatch_ratio (sar): standard deviation of one unit capacitor; a capacitor of 2^k units has
 * 1/sqrt(2^k) of it. Weights are those of charge redistribution: of the sum of all capacitors. */
void ajp_converter_make(ajp_converter *out, ajp_converter_word word, unsigned bits, double range,
                        bool is_signed, double mismatch_ratio, ajp_draws *draws);
/* The definition, in double: what the kernels do in float32. */
double ajp_converter_apply(const ajp_converter *converter, double x);

/* ---- parameters --------------------------------------------------------------------------------- */
typedef struct {
    double adc_kind, adc_bits, adc_range, adc_range_ratio, adc_percentile_ratio, sar_mismatch_ratio,
        adc_energy_joules, adc_energy_law, adc_energy_bits, adc_walden_joules_per_step, adc_schreier_decibels,
        dac_kind, dac_bits, dac_range, dac_percentile_ratio, dac_energy_joules, dac_energy_law,
        dac_energy_bits;
} ajp_converters;

enum { AJP_ADC_RANGE_MAX, AJP_ADC_RANGE_CALIBRATED, AJP_ADC_RANGE_FIXED }; /* adc_range */
enum { AJP_DAC_RANGE_VECTOR, AJP_DAC_RANGE_CALIBRATED };                   /* dac_range */
enum { AJP_ADC_ENERGY_FIXED, AJP_ADC_ENERGY_SAR, AJP_ADC_ENERGY_FLASH };   /* adc_energy_law */
enum {
    AJP_DAC_ENERGY_FIXED,
    AJP_DAC_ENERGY_OVER_BITS,
    AJP_DAC_ENERGY_OVER_BITS_PLUS_ONE
}; /* dac_energy_law */
extern const char *const ajp_adc_kind_words[],
    *const ajp_dac_kind_words[], *const ajp_adc_range_words[], *const ajp_dac_range_words[],
                                                                   *const ajp_adc_energy_words[],
                                                                       *const ajp_dac_energy_words[];

#define AJP_ADC_PERCENTILE_RATIO 0.9999
#define AJP_DAC_PERCENTILE_RATIO 1.0
#define AJP_CONVERTER_ROW(type, field, unit, def, low, high, words, source, help)           \
    {                                                                                       \
#field, unit, offsetof(type, converters.field), def, low, high, words, source, help \
    }
#define AJP_ADC_ROWS(type)                                                                                   \
    AJP_CONVERTER_ROW(type, adc_kind, "", 0.0, 0.0, 4.0, ajp_adc_kind_words,                                 \
                      "default: ideal, neither limits nor steps",                                            \
                      "ideal, mid_tread, mid_rise, sign_magnitude, or sar with capacitors that may not "     \
                      "match"),                                                                              \
        AJP_CONVERTER_ROW(type, adc_bits, "bit", AJP_NOT_DESCRIBED, 1.0, AJP_CONVERTER_MAX_BITS, NULL,       \
                          "default: not described", "resolution of the converters of readings"),             \
        AJP_CONVERTER_ROW(                                                                                   \
            type, adc_range, "", 0.0, 0.0, 2.0, ajp_adc_range_words, "default: max, nothing is clipped",     \
            "max: the largest reading there can be; calibrated: adc_percentile_ratio of the readings "       \
            "of a calibration set; fixed: adc_range_ratio of max"),                                          \
        AJP_CONVERTER_ROW(type, adc_range_ratio, "", AJP_NOT_DESCRIBED, 1e-9, 1e3, NULL,                     \
                          "default: not described",                                                          \
                          "adc_range fixed: full scale per largest reading there can be"),                   \
        AJP_CONVERTER_ROW(type, adc_percentile_ratio, "", AJP_ADC_PERCENTILE_RATIO, 0.99, 1.0, NULL,         \
                          "default: one reading in 10,000 of the calibration set is clipped",                \
                          "adc_range calibrated: share of readings within the range; 0.99, 0.999, 0.9999, "  \
                          "0.99999 or 1"),                                                                   \
        AJP_CONVERTER_ROW(type, sar_mismatch_ratio, "", 0.0, 0.0, 1.0, NULL,                                 \
                          "default: capacitors that match",                                                  \
                          "adc_kind sar: standard deviation of a unit capacitor; one converter a plane"),    \
        AJP_CONVERTER_ROW(type, adc_energy_joules, "J", AJP_NOT_DESCRIBED, 0.0, 1e-3, NULL,                  \
                          "default: not described", "one conversion of a reading"),                          \
        AJP_CONVERTER_ROW(                                                                                   \
            type, adc_energy_law, "", 0.0, 0.0, 2.0, ajp_adc_energy_words,                                   \
            "default: fixed, adc_energy_joules holds at adc_bits",                                           \
            "how adc_energy_joules follows from adc_energy_bits to adc_bits b: sar as b, flash as 2^b - 1"), \
        AJP_CONVERTER_ROW(type, adc_energy_bits, "bit", AJP_NOT_DESCRIBED, 1.0, AJP_CONVERTER_MAX_BITS,      \
                          NULL, "default: not described",                                                    \
                          "resolution at which adc_energy_joules was found"),                                \
        AJP_CONVERTER_ROW(type, adc_walden_joules_per_step, "J", AJP_NOT_DESCRIBED, 0.0, 1e-6, NULL,         \
                          "default: not described",                                                          \
                          "Walden's figure of merit F: a conversion of b bits costs F 2^b"),                 \
        AJP_CONVERTER_ROW(type, adc_schreier_decibels, "", AJP_NOT_DESCRIBED, 50.0, 250.0, NULL,             \
                          "default: not described",                                                          \
                          "Schreier's figure of merit S in dB: a conversion costs 10^((6.02 b + 1.76 - "     \
                          "S)/10) / 2 J")
#define AJP_DAC_ROWS(type)                                                                                   \
    AJP_CONVERTER_ROW(type, dac_kind, "", 0.0, 0.0, 3.0, ajp_dac_kind_words,                                 \
                      "default: ideal, neither limits nor steps",                                            \
                      "of inputs: ideal, mid_tread, mid_rise or sign_magnitude"),                            \
        AJP_CONVERTER_ROW(type, dac_bits, "bit", AJP_NOT_DESCRIBED, 1.0, AJP_CONVERTER_MAX_BITS, NULL,       \
                          "default: not described", "resolution of the converters of inputs"),               \
        AJP_CONVERTER_ROW(type, dac_range, "", 0.0, 0.0, 1.0, ajp_dac_range_words, "default: vector",        \
                          "full scale of inputs: the largest of each input vector, or dac_percentile_ratio " \
                          "of the inputs of a calibration set"),                                             \
        AJP_CONVERTER_ROW(type, dac_percentile_ratio, "", AJP_DAC_PERCENTILE_RATIO, 0.99, 1.0, NULL,         \
                          "default: the largest input of the calibration set",                               \
                          "dac_range calibrated: share of inputs within the full scale; 0.99, 0.999, "       \
                          "0.9999, 0.99999 or 1"),                                                           \
        AJP_CONVERTER_ROW(type, dac_energy_joules, "J", AJP_NOT_DESCRIBED, 0.0, 1e-3, NULL,                  \
                          "default: not described", "one conversion of an input"),                           \
        AJP_CONVERTER_ROW(                                                                                   \
            type, dac_energy_law, "", 0.0, 0.0, 2.0, ajp_dac_energy_words,                                   \
            "default: fixed, dac_energy_joules holds at dac_bits",                                           \
            "how dac_energy_joules follows from dac_energy_bits to dac_bits b: over_bits as 2^b / b, "       \
            "over_bits_plus_one as 2^b / (b + 1)"),                                                          \
        AJP_CONVERTER_ROW(type, dac_energy_bits, "bit", AJP_NOT_DESCRIBED, 1.0, AJP_CONVERTER_MAX_BITS,      \
                          NULL, "default: not described", "resolution at which dac_energy_joules was found")
#define AJP_CONVERTER_ROWS(type) AJP_ADC_ROWS(type), AJP_DAC_ROWS(type)

/* Keys against each other. */
aj_status ajp_converters_check(const ajp_converters *c, aj_error *err);
/* For ops->needs_calibration and ops->needs_readings. */
bool ajp_converters_need_calibration(const ajp_converters *c);
bool ajp_converters_need_readings(const ajp_converters *c);

/* The converter of one plane's readings; `max_abs` is the largest |z| there can be. `draws` is used by a
 * mismatched sar only, one normal a capacitor. While readings are being seen the converter is ideal. */
aj_status ajp_converters_adc(const ajp_converters *c, const ajp_freeze_request *request, size_t plane,
                             double max_abs, bool is_signed, ajp_draws *draws, ajp_converter *out,
                             aj_error *err);
/* The converter of x / full scale, -1 ... 1 or (not signed) 0 ... 1. */
void ajp_converters_dac(const ajp_converters *c, bool is_signed, ajp_converter *out);
/* encoding.full_scale: NaN for the largest of each vector. */
aj_status ajp_converters_full_scale(const ajp_converters *c, const ajp_freeze_request *request, double *out,
                                    aj_error *err);

/* Per conversion; NaN = not described. */
double ajp_converters_adc_joules(const ajp_converters *c);
double ajp_converters_dac_joules(const ajp_converters *c);
/* Sets the causes ADC and DAC of a product. */
void ajp_converters_price(const ajp_converters *c, double n_readings, double n_inputs,
                          ajp_product_account *out);

#endif

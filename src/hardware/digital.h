/* digital.h: parameters of the digital family, shared by its formats, its law and its account. */
#ifndef AJP_DIGITAL_H
#define AJP_DIGITAL_H

#include "prices.h"

/* weight_format, activation_format */
typedef enum {
    AJP_FORMAT_FP32,
    AJP_FORMAT_FP16,
    AJP_FORMAT_BF16,
    AJP_FORMAT_FP8_E4M3,
    AJP_FORMAT_FP8_E5M2,
    AJP_FORMAT_INT8,
    AJP_FORMAT_INT4,
    AJP_N_FORMATS
} ajp_format;
enum { DIGITAL_SCALE_TENSOR, DIGITAL_SCALE_ROW };                         /* weight_scale */
enum { DIGITAL_RANGE_CALIBRATED, DIGITAL_RANGE_VECTOR };                  /* activation_range */
enum { DIGITAL_HOROWITZ_45NM, DIGITAL_JOUPPI_7NM, DIGITAL_ALADDIN_40NM }; /* mac_energy_table */

typedef struct {
    ajp_prices prices;
    double mac_energy_joules, mac_energy_table, accumulator_bits, array_rows, array_cols, arrays, clock_hertz,
        peak_macs_per_second, measured_macs_per_second, area_square_meters, weight_format, weight_scale,
        activation_format, activation_range, activation_percentile_ratio;
} ajp_digital;
AJP_PRICES_FIRST(ajp_digital);

static inline bool ajp_digital_is(double choice, int word)
{
    return choice == (double)word; /* false for a choice that is not described */
}

/* ---- number formats: digital_formats.c ---------------------------------------------------------- */
typedef struct {
    const char *name;
    unsigned bits; /* of a number in memory */
    bool is_integer;
    double largest;         /* integers: of the symmetric range; floats: finite */
    unsigned mantissa_bits; /* floats: stored ones */
    int smallest_exponent;  /* floats: 2^this is the smallest number above 0, a subnormal one */
    bool is_scaled;         /* numbers are divided by a scale of their own before they are rounded */
} ajp_format_info;
ajp_format_info ajp_format_describe(ajp_format format);
extern const char *const ajp_format_words[];
/* The nearest number of the format, ties to even; beyond the largest it is the largest. */
double ajp_format_round(ajp_format format, double x);

/* Neither weights nor activations are rounded: what the network computes in float32. */
bool ajp_digital_is_exact(const ajp_digital *p);
bool ajp_digital_needs_calibration(const void *params);
aj_status ajp_digital_freeze(const void *params, const ajp_freeze_request *request, ajp_frozen *out,
                             aj_error *err);
aj_status ajp_digital_reference(const void *params, const ajp_freeze_request *request, const float *x,
                                ajp_draws *draws, double *y, aj_error *err);

/* ---- account: digital_account.c ------------------------------------------------------------------ */
/* One multiply-accumulate of the formats of p; NaN = not described. */
double ajp_digital_mac_joules(const ajp_digital *p);
double ajp_digital_peak(const void *params);
aj_status ajp_digital_account(const void *params, const ajp_workload *work, size_t i,
                              ajp_product_account *out, aj_error *err);

#endif

/* converter.c: building converters from a family's parameters, their definition, and what they cost. */
#include <math.h>

#include "attojoule/physics.h"
#include "converters.h"

const char *const ajp_adc_kind_words[] = {"ideal", "mid_tread", "mid_rise", "sign_magnitude", "sar", NULL};
const char *const ajp_dac_kind_words[] = {"ideal", "mid_tread", "mid_rise", "sign_magnitude", NULL};
const char *const ajp_adc_range_words[] = {"max", "calibrated", "fixed", NULL};
const char *const ajp_dac_range_words[] = {"vector", "calibrated", NULL};
const char *const ajp_adc_energy_words[] = {"fixed", "sar", "flash", NULL};
const char *const ajp_dac_energy_words[] = {"fixed", "over_bits", "over_bits_plus_one", NULL};

static bool is(double choice, int word)
{
    return choice == (double)word; /* false for a choice that is not described */
}

/* ---- one converter ------------------------------------------------------------------------------ */

/* Charge redistribution: a bit adds its capacitor's share of the sum of all, the dummy unit included. */
static void build_capacitors(ajp_converter *out, double mismatch_ratio, ajp_draws *draws)
{
    double built[AJP_CONVERTER_MAX_BITS], sum = 1.0;
    double steps = ldexp(1.0, (int)out->bits);
    for (unsigned k = 0; k < out->bits; k++) {
        double units = ldexp(1.0, (int)(out->bits - 1 - k));
        double error = mismatch_ratio > 0.0 ? mismatch_ratio * sqrt(units) * ajp_draw_normal(draws) : 0.0;
        built[k] = fmax(units + error, 0.0);
        sum += built[k];
    }
    if (mismatch_ratio > 0.0) sum += mismatch_ratio * ajp_draw_normal(draws);
    for (unsigned k = 0; k < out->bits; k++)
        out->sar_weights[k] = (float)((double)out->step * steps * built[k] / sum);
}

static double steps_between(ajp_converter_word word, unsigned bits, bool is_signed)
{
    double codes = ldexp(1.0, (int)bits);
    if (word == AJP_ADC_WORD_SIGN_MAGNITUDE) return is_signed ? codes - 2.0 : codes / 2.0 - 1.0;
    return codes - 1.0;
}

void ajp_converter_make(ajp_converter *out, ajp_converter_word word, unsigned bits, double range,
                        bool is_signed, double mismatch_ratio, ajp_draws *draws)
{
    *out = (ajp_converter){.kind = AJP_CONVERTER_IDEAL};
    if (word == AJP_ADC_WORD_IDEAL) return;
    *out = (ajp_converter){.kind = AJP_CONVERTER_UNIFORM, .bits = bits, .step = 1.0f, .inverse_step = 1.0f};
    if (!(range > 0.0)) return; /* low = high = 0 */
    double steps = steps_between(word, bits, is_signed), low = is_signed ? -range : 0.0, high = range,
           step = (high - low) / steps;
    bool halves = word == AJP_ADC_WORD_MID_TREAD || word == AJP_ADC_WORD_SAR;
    if (is_signed && halves) {
        step = 2.0 * range / (steps + 1.0);
        high = range - step;
    }
    out->low = (float)low;
    out->high = (float)high;
    out->step = (float)step;
    out->inverse_step = (float)(1.0 / step);
    out->origin = is_signed && word == AJP_ADC_WORD_MID_RISE ? out->low : 0.0f;
    if (word != AJP_ADC_WORD_SAR) return;
    out->kind = AJP_CONVERTER_SAR;
    build_capacitors(out, mismatch_ratio, draws);
}

static double approximate_successively(const ajp_converter *converter, double x)
{
    double step = (double)converter->step, left = x - (double)converter->low + 0.5 * step, sum = 0.0;
    for (unsigned k = 0; k < converter->bits; k++) {
        double weight = (double)converter->sar_weights[k];
        if (left < weight) continue;
        left -= weight;
        sum += ldexp(step, (int)(converter->bits - 1 - k));
    }
    return (double)converter->low + sum;
}

static double round_float(const ajp_converter *converter, double x)
{
    double u = x * (double)converter->inverse_step, quantum = (double)converter->smallest;
    if (u != 0.0) quantum = fmax(quantum, ldexp(1.0, ilogb(u) - (int)converter->mantissa_bits));
    return rint(u / quantum) * quantum * (double)converter->step;
}

double ajp_converter_apply(const ajp_converter *converter, double x)
{
    if (converter->kind == AJP_CONVERTER_IDEAL) return x;
    double held = fmin(fmax(x, (double)converter->low), (double)converter->high);
    if (converter->kind == AJP_CONVERTER_SAR) return approximate_successively(converter, held);
    if (converter->kind == AJP_CONVERTER_FLOAT) return round_float(converter, held);
    double origin = (double)converter->origin;
    return origin + (double)converter->step * rint((held - origin) * (double)converter->inverse_step);
}

/* ---- parameters --------------------------------------------------------------------------------- */

static const struct {
    const char *key;
    size_t offset;
} adc_energies[] = {
    {"adc_energy_joules", offsetof(ajp_converters, adc_energy_joules)},
    {"adc_walden_joules_per_step", offsetof(ajp_converters, adc_walden_joules_per_step)},
    {"adc_schreier_decibels", offsetof(ajp_converters, adc_schreier_decibels)},
};

static aj_status check_one_energy(const ajp_converters *c, aj_error *err)
{
    const char *first = NULL;
    for (size_t i = 0; i < sizeof adc_energies / sizeof adc_energies[0]; i++) {
        if (isnan(*(const double *)((const char *)c + adc_energies[i].offset))) continue;
        if (first != NULL)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "'%s' and '%s' both say what a conversion costs; leave one of them out", first,
                            adc_energies[i].key);
        first = adc_energies[i].key;
    }
    bool scaled = first != NULL && first != adc_energies[0].key;
    if (scaled && isnan(c->adc_bits))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'%s' is a figure of merit, and without 'adc_bits' it gives no energy; set it",
                        first);
    return AJ_OK;
}

/* The energy of a converter of other bits: law, energy and both resolutions belong together. */
static aj_status check_law(const char *of, double joules, double law, double energy_bits, double bits,
                           aj_error *err)
{
    if (is(law, 0)) {
        if (isnan(energy_bits)) return AJ_OK;
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'%s_energy_bits' changes nothing while '%s_energy_law' is fixed; set the law, or "
                        "leave it out",
                        of, of);
    }
    if (!isnan(joules) && !isnan(energy_bits) && !isnan(bits)) return AJ_OK;
    return ajp_fail(
        err, AJ_BAD_ARGUMENT, 0,
        "'%s_energy_law' scales '%s_energy_joules' from '%s_energy_bits' to '%s_bits', and '%s_%s' "
        "is not described; set it",
        of, of, of, of, of,
        isnan(joules)        ? "energy_joules"
        : isnan(energy_bits) ? "energy_bits"
                             : "bits");
}

static aj_status check_kind(const char *of, double kind, const char *word, double bits, bool bits_price,
                            aj_error *err)
{
    if (is(kind, AJP_ADC_WORD_IDEAL)) {
        if (isnan(bits) || bits_price) return AJ_OK;
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'%s_bits' changes nothing while '%s_kind' is ideal; set the kind, or leave it out",
                        of, of);
    }
    if (isnan(bits))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'%s_kind' is %s, and '%s_bits' is not described; set it",
                        of, word, of);
    if (bits < 2.0 && !is(kind, AJP_ADC_WORD_MID_RISE))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'%s_bits' is %g: of one bit a code would be lost to zero or to the sign; use 2 or "
                        "more, or 'mid_rise'",
                        of, bits);
    return AJ_OK;
}

static aj_status check_share(const char *of, double share, double otherwise, bool calibrated, aj_error *err)
{
    if (!calibrated && share != otherwise)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'%s_percentile_ratio' changes nothing unless '%s_range' is calibrated; set the "
                        "range, or leave it out",
                        of, of);
    for (int i = 0; i < AJP_N_PERCENTILES; i++)
        if (share == ajp_percentile_ratio[i]) return AJ_OK;
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                    "'%s_percentile_ratio' is %.9g; write one of 0.99, 0.999, 0.9999, 0.99999, 1", of, share);
}

static aj_status check_adc(const ajp_converters *c, aj_error *err)
{
    const char *word = ajp_adc_kind_words[(size_t)c->adc_kind];
    bool bits_price = !isnan(c->adc_walden_joules_per_step) || !isnan(c->adc_schreier_decibels) ||
                      !isnan(c->adc_energy_bits);
    AJ_TRY(ajp_check_whole(c->adc_bits, "adc_bits", err));
    AJ_TRY(check_kind("adc", c->adc_kind, word, c->adc_bits, bits_price, err));
    AJ_TRY(check_one_energy(c, err));
    AJ_TRY(check_law("adc", c->adc_energy_joules, c->adc_energy_law, c->adc_energy_bits, c->adc_bits, err));
    AJ_TRY(check_share("adc", c->adc_percentile_ratio, AJP_ADC_PERCENTILE_RATIO,
                       is(c->adc_range, AJP_ADC_RANGE_CALIBRATED), err));
    bool fixed = is(c->adc_range, AJP_ADC_RANGE_FIXED);
    if (is(c->adc_kind, AJP_ADC_WORD_IDEAL) && !is(c->adc_range, AJP_ADC_RANGE_MAX))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'adc_range' changes nothing while 'adc_kind' is ideal; set the kind, or leave it "
                        "out");
    if (fixed != !isnan(c->adc_range_ratio))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        fixed ? "'adc_range' is fixed, and 'adc_range_ratio' is not described; set it"
                              : "'adc_range_ratio' changes nothing unless 'adc_range' is fixed; set both, or "
                                "none");
    if (c->sar_mismatch_ratio != 0.0 && !is(c->adc_kind, AJP_ADC_WORD_SAR))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'sar_mismatch_ratio' changes nothing while 'adc_kind' is %s; set it to sar", word);
    return AJ_OK;
}

aj_status ajp_converters_check(const ajp_converters *c, aj_error *err)
{
    AJ_TRY(check_adc(c, err));
    AJ_TRY(ajp_check_whole(c->dac_bits, "dac_bits", err));
    AJ_TRY(check_kind("dac", c->dac_kind, ajp_dac_kind_words[(size_t)c->dac_kind], c->dac_bits,
                      !isnan(c->dac_energy_bits), err));
    AJ_TRY(check_law("dac", c->dac_energy_joules, c->dac_energy_law, c->dac_energy_bits, c->dac_bits, err));
    return check_share("dac", c->dac_percentile_ratio, AJP_DAC_PERCENTILE_RATIO,
                       is(c->dac_range, AJP_DAC_RANGE_CALIBRATED), err);
}

bool ajp_converters_need_readings(const ajp_converters *c)
{
    return is(c->adc_range, AJP_ADC_RANGE_CALIBRATED) && !is(c->adc_kind, AJP_ADC_WORD_IDEAL);
}

bool ajp_converters_need_calibration(const ajp_converters *c)
{
    return is(c->dac_range, AJP_DAC_RANGE_CALIBRATED) || ajp_converters_need_readings(c);
}

/* ---- ranges ------------------------------------------------------------------------------------- */

static aj_status refuse_uncalibrated(const ajp_freeze_request *request, const char *key, aj_error *err)
{
    if (!isnan(request->calibration.max_abs)) return AJ_OK;
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                    "product '%s': '%s' is calibrated and there is no calibration; give a data set",
                    request->product.name, key);
}

static int percentile_index(double share)
{
    int i = 0;
    while (i < AJP_N_PERCENTILES - 1 && share > ajp_percentile_ratio[i]) i++;
    return i;
}

aj_status ajp_converters_adc(const ajp_converters *c, const ajp_freeze_request *request, size_t plane,
                             double max_abs, bool is_signed, ajp_draws *draws, ajp_converter *out,
                             aj_error *err)
{
    ajp_converter_word word = (ajp_converter_word)c->adc_kind;
    double range = max_abs;
    if (ajp_converters_need_readings(c)) {
        AJ_TRY(refuse_uncalibrated(request, "adc_range", err));
        if (request->calibration.reading == NULL)
            word = AJP_ADC_WORD_IDEAL;
        else
            range = request->calibration.reading[plane][percentile_index(c->adc_percentile_ratio)];
    } else if (is(c->adc_range, AJP_ADC_RANGE_FIXED)) {
        range = c->adc_range_ratio * max_abs;
    }
    unsigned bits = word == AJP_ADC_WORD_IDEAL ? 0 : (unsigned)c->adc_bits;
    ajp_converter_make(out, word, bits, range, is_signed, c->sar_mismatch_ratio, draws);
    return AJ_OK;
}

void ajp_converters_dac(const ajp_converters *c, bool is_signed, ajp_converter *out)
{
    ajp_converter_word word = (ajp_converter_word)c->dac_kind;
    unsigned bits = word == AJP_ADC_WORD_IDEAL ? 0 : (unsigned)c->dac_bits;
    ajp_converter_make(out, word, bits, 1.0, is_signed, 0.0, NULL);
}

aj_status ajp_converters_full_scale(const ajp_converters *c, const ajp_freeze_request *request, double *out,
                                    aj_error *err)
{
    double scale = AJP_NOT_DESCRIBED;
    if (is(c->dac_range, AJP_DAC_RANGE_CALIBRATED)) {
        AJ_TRY(refuse_uncalibrated(request, "dac_range", err));
        scale = request->calibration.input_percentile[percentile_index(c->dac_percentile_ratio)];
    }
    *out = scale;
    return AJ_OK;
}

/* ---- prices ------------------------------------------------------------------------------------- */

double ajp_converters_adc_joules(const ajp_converters *c)
{
    double bits = c->adc_bits, quoted = c->adc_energy_bits;
    if (!isnan(c->adc_walden_joules_per_step)) return aj_walden_joules(c->adc_walden_joules_per_step, bits);
    if (!isnan(c->adc_schreier_decibels))
        return aj_schreier_joules(pow(10.0, 0.1 * c->adc_schreier_decibels), bits);
    if (is(c->adc_energy_law, AJP_ADC_ENERGY_SAR))
        return c->adc_energy_joules * aj_converter_scale_ratio(AJ_CONVERTER_SAR, bits, quoted);
    if (is(c->adc_energy_law, AJP_ADC_ENERGY_FLASH))
        return c->adc_energy_joules * aj_converter_scale_ratio(AJ_CONVERTER_FLASH, bits, quoted);
    return c->adc_energy_joules;
}

double ajp_converters_dac_joules(const ajp_converters *c)
{
    double bits = c->dac_bits, quoted = c->dac_energy_bits;
    if (is(c->dac_energy_law, AJP_DAC_ENERGY_OVER_BITS))
        return c->dac_energy_joules * aj_converter_scale_ratio(AJ_CONVERTER_DAC_OVER_BITS, bits, quoted);
    if (is(c->dac_energy_law, AJP_DAC_ENERGY_OVER_BITS_PLUS_ONE))
        return c->dac_energy_joules *
               aj_converter_scale_ratio(AJ_CONVERTER_DAC_OVER_BITS_PLUS_ONE, bits, quoted);
    return c->dac_energy_joules;
}

void ajp_converters_price(const ajp_converters *c, double n_readings, double n_inputs,
                          ajp_product_account *out)
{
    aj_energy_set(&out->energy, AJ_CAUSE_ADC, ajp_price(n_readings, ajp_converters_adc_joules(c)));
    aj_energy_set(&out->energy, AJ_CAUSE_DAC, ajp_price(n_inputs, ajp_converters_dac_joules(c)));
}

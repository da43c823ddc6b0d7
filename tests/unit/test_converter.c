/* Converters: the conventions that peers' simulators follow, ties included; resolution; capacitors that do
 * not match; ranges; prices; and what is refused. */
#include "attojoule/hardware.h"
#include "check.h"
#include "hardware/converters.h"

static aj_error err;

typedef struct {
    ajp_converters converters;
} holder;
static const ajp_param rows[] = {AJP_CONVERTER_ROWS(holder)};

static ajp_converters defaults(void)
{
    holder out;
    memset(&out, 0xff, sizeof out);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        *(double *)((char *)&out + rows[i].offset) = rows[i].def;
    return out.converters;
}

static ajp_converter make(ajp_converter_word word, unsigned bits, double range, bool is_signed)
{
    ajp_converter out;
    ajp_converter_make(&out, word, bits, range, is_signed, 0.0, NULL);
    return out;
}

/* ---- conventions -------------------------------------------------------------------------------- */

static const double inputs[] = {-1.2, -.51, -.1, 0, .004, .3333, .77, 1};

static void check_golden(const ajp_converter *converter, const double want[8])
{
    for (int i = 0; i < 8; i++) CHECK_NEAR(ajp_converter_apply(converter, inputs[i]), want[i], 2e-7);
}

/* aihwkit (254 steps), CrossSim SignMagnitudeADC and QuantizerADC of 4 bit: values computed with NumPy from
 * their sources. */
static void test_conventions(void)
{
    const double aihwkit[] = {-1, -.51181102, -.1023622, 0, .00787402, .33070866, .77165354, 1};
    const double sign_magnitude[] = {-1, -.57142857, -.14285714, 0, 0, .28571429, .71428571, 1};
    const double quantizer[] = {-1, -.46666667, -.06666667, .06666667, .06666667, .33333333, .73333333, 1};
    const double two_complement[] = {-1, -.5, -.125, 0, 0, .375, .75, .875};
    ajp_converter c = make(AJP_ADC_WORD_SIGN_MAGNITUDE, 8, 1.0, true);
    check_golden(&c, aihwkit);
    c = make(AJP_ADC_WORD_SIGN_MAGNITUDE, 4, 1.0, true);
    check_golden(&c, sign_magnitude);
    c = make(AJP_ADC_WORD_MID_RISE, 4, 1.0, true);
    check_golden(&c, quantizer);
    c = make(AJP_ADC_WORD_MID_TREAD, 4, 1.0, true);
    check_golden(&c, two_complement);
    c = make(AJP_ADC_WORD_IDEAL, 0, 1.0, true);
    CHECK(ajp_converter_apply(&c, 123.4) == 123.4);
}

/* Ties to even: of the multiples of the step where zero is a code, of the codes from the lowest elsewhere. */
static void test_ties(void)
{
    ajp_converter c = make(AJP_ADC_WORD_SIGN_MAGNITUDE, 4, 7.0, true); /* step 1 */
    CHECK(c.step == 1.0f && c.low == -7.0f && c.high == 7.0f);
    const double halves[] = {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 6.5, 7.5};
    const double even[] = {-2, -2, 0, 0, 2, 2, 6, 7};
    for (int i = 0; i < 8; i++) CHECK(ajp_converter_apply(&c, halves[i]) == even[i]);
    c = make(AJP_ADC_WORD_MID_TREAD, 4, 8.0, true);
    CHECK(c.step == 1.0f && c.low == -8.0f && c.high == 7.0f);
    for (int i = 0; i < 8; i++) CHECK(ajp_converter_apply(&c, halves[i]) == even[i]);
    c = make(AJP_ADC_WORD_MID_RISE, 2, 1.5, true); /* -1.5, -0.5, 0.5, 1.5 */
    CHECK(ajp_converter_apply(&c, -1.0) == -1.5 && ajp_converter_apply(&c, 0.0) == 0.5 &&
          ajp_converter_apply(&c, 1.0) == 0.5);
    c = make(AJP_ADC_WORD_MID_RISE, 1, 1.0, true);
    CHECK(ajp_converter_apply(&c, -0.01) == -1.0 && ajp_converter_apply(&c, 0.01) == 1.0);
}

static void test_ranges_of_one_sign(void)
{
    ajp_converter c = make(AJP_ADC_WORD_MID_TREAD, 3, 7.0, false);
    CHECK(c.low == 0.0f && c.high == 7.0f && c.step == 1.0f);
    CHECK(ajp_converter_apply(&c, -3.0) == 0.0 && ajp_converter_apply(&c, 6.6) == 7.0);
    c = make(AJP_ADC_WORD_SIGN_MAGNITUDE, 3, 6.0, false); /* its sign is never used: 0, 2, 4, 6 */
    CHECK(ajp_converter_apply(&c, 3.1) == 4.0 && ajp_converter_apply(&c, 9.0) == 6.0);
    for (int word = AJP_ADC_WORD_MID_TREAD; word <= AJP_ADC_WORD_SAR; word++) {
        c = make((ajp_converter_word)word, 8, 0.0, true);
        CHECK(ajp_converter_apply(&c, 0.3) == 0.0 && ajp_converter_apply(&c, -1e9) == 0.0);
    }
}

/* Without mismatch a sar is a mid-tread converter, but at ties. */
static void test_sar(void)
{
    for (int sign = 0; sign < 2; sign++) {
        ajp_converter sar = make(AJP_ADC_WORD_SAR, 6, 3.0, sign == 1);
        ajp_converter flat = make(AJP_ADC_WORD_MID_TREAD, 6, 3.0, sign == 1);
        CHECK(sar.kind == AJP_CONVERTER_SAR && sar.low == flat.low && sar.high == flat.high);
        for (double x = -3.3; x < 3.3; x += 0.001237)
            CHECK_NEAR(ajp_converter_apply(&sar, x), ajp_converter_apply(&flat, x), 1e-6);
    }
}

/* ---- resolution --------------------------------------------------------------------------------- */

/* 6.02 b + 1.76 dB for a sine of full scale (Bennett, Bell Syst. Tech. J. 27, 446, 1948). */
static void test_sine(void)
{
    const unsigned bits[] = {6, 8, 10, 12};
    for (int word = AJP_ADC_WORD_MID_TREAD; word <= AJP_ADC_WORD_SAR; word++)
        for (int b = 0; b < 4; b++) {
            ajp_converter c = make((ajp_converter_word)word, bits[b], 1.0, true);
            double signal = 0.0, noise = 0.0, top = (double)c.high;
            for (int i = 0; i < 65536; i++) {
                double x = top * sin(2.0 * acos(-1.0) * 2017.0 * i / 65536.0 + 0.37);
                double error = ajp_converter_apply(&c, x) - x;
                signal += x * x;
                noise += error * error;
            }
            CHECK_NEAR(10.0 * log10(signal / noise), 6.02 * bits[b] + 1.76, 0.3);
        }
}

/* Where the output first reaches `level`. */
static double transition(const ajp_converter *c, double level)
{
    double low = (double)c->low, high = (double)c->high;
    for (int i = 0; i < 50; i++) {
        double middle = 0.5 * (low + high);
        if (ajp_converter_apply(c, middle) >= level - 0.25 * (double)c->step)
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* A binary array of capacitors, s the standard deviation of a unit, N = 2^b: where the largest bit takes over
 * from all others the differential non-linearity has s sqrt(N - 1) steps and, of charge redistribution, the
 * integral one s sqrt(N) / 2. 400 converters: 4 standard errors of a standard deviation are 14 %. */
static void test_mismatch(void)
{
    enum { BITS = 8, N = 256, TRIALS = 400 };
    const double sigma = 0.004;
    double dnl = 0.0, inl = 0.0;
    for (unsigned trial = 0; trial < TRIALS; trial++) {
        ajp_draws draws;
        ajp_draws_init(&draws, 7, trial);
        ajp_converter c;
        ajp_converter_make(&c, AJP_ADC_WORD_SAR, BITS, 128.0, true, sigma, &draws); /* step 1, -128 ... 127 */
        double before = transition(&c, -1.0), at = transition(&c, 0.0);
        double d = at - before - 1.0, i = at + 0.5;
        dnl += d * d;
        inl += i * i;
    }
    CHECK_CLOSE(sqrt(dnl / TRIALS), sigma * sqrt(N - 1.0), 0.14);
    CHECK_CLOSE(sqrt(inl / TRIALS), sigma * sqrt(N) / 2.0, 0.14);
}

/* ---- ranges from parameters --------------------------------------------------------------------- */

static void test_adc_range(void)
{
    ajp_converters p = defaults();
    ajp_freeze_request request = {.product = {.name = "fc1"}, .calibration = ajp_calibration_none()};
    double reading[2][AJP_N_PERCENTILES] = {{1, 2, 3, 4, 5}, {10, 20, 30, 40, 50}};
    ajp_converter c;
    CHECK(!ajp_converters_need_calibration(&p) && !ajp_converters_need_readings(&p));
    p.adc_kind = AJP_ADC_WORD_SIGN_MAGNITUDE;
    p.adc_bits = 8;
    CHECK_OK(ajp_converters_check(&p, &err), err);
    CHECK_OK(ajp_converters_adc(&p, &request, 0, 12.7, true, NULL, &c, &err), err);
    CHECK(c.high == 12.7f && c.low == -12.7f);
    p.adc_range = AJP_ADC_RANGE_FIXED;
    p.adc_range_ratio = 0.5;
    CHECK_OK(ajp_converters_check(&p, &err), err);
    CHECK_OK(ajp_converters_adc(&p, &request, 0, 12.7, true, NULL, &c, &err), err);
    CHECK(c.high == 6.35f);
    p.adc_range = AJP_ADC_RANGE_CALIBRATED;
    p.adc_range_ratio = (double)NAN;
    CHECK_OK(ajp_converters_check(&p, &err), err);
    CHECK(ajp_converters_need_calibration(&p) && ajp_converters_need_readings(&p));
    CHECK_INT(ajp_converters_adc(&p, &request, 0, 12.7, true, NULL, &c, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "'fc1'");
    CHECK_CONTAINS(err.message, "'adc_range'");
    request.calibration.max_abs = 1.0;
    CHECK_OK(ajp_converters_adc(&p, &request, 0, 12.7, true, NULL, &c, &err), err);
    CHECK(c.kind == AJP_CONVERTER_IDEAL);
    request.calibration.reading = reading;
    request.calibration.n_planes = 2;
    CHECK_OK(ajp_converters_adc(&p, &request, 1, 12.7, true, NULL, &c, &err), err);
    CHECK(c.high == 30.0f);
    p.adc_percentile_ratio = 1.0;
    CHECK_OK(ajp_converters_adc(&p, &request, 0, 12.7, false, NULL, &c, &err), err);
    CHECK(c.high == 5.0f && c.low == 0.0f);
}

static void test_dac_range(void)
{
    ajp_converters p = defaults();
    ajp_freeze_request request = {.product = {.name = "fc1"}, .calibration = ajp_calibration_none()};
    double scale = 0.0;
    ajp_converter c;
    CHECK_OK(ajp_converters_full_scale(&p, &request, &scale, &err), err);
    CHECK(isnan(scale));
    p.dac_range = AJP_DAC_RANGE_CALIBRATED;
    p.dac_percentile_ratio = 0.999;
    CHECK(ajp_converters_need_calibration(&p) && !ajp_converters_need_readings(&p));
    CHECK_INT(ajp_converters_full_scale(&p, &request, &scale, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "'dac_range'");
    request.calibration.max_abs = 3.0;
    request.calibration.input_percentile[1] = 2.0;
    CHECK_OK(ajp_converters_full_scale(&p, &request, &scale, &err), err);
    CHECK(scale == 2.0);
    ajp_converters_dac(&p, true, &c);
    CHECK(c.kind == AJP_CONVERTER_IDEAL);
    p.dac_kind = AJP_ADC_WORD_SIGN_MAGNITUDE;
    p.dac_bits = 4;
    ajp_converters_dac(&p, true, &c);
    CHECK(c.low == -1.0f && c.high == 1.0f);
    CHECK_NEAR(ajp_converter_apply(&c, 0.4), 3.0 / 7.0, 1e-7);
    ajp_converters_dac(&p, false, &c);
    CHECK(c.low == 0.0f);
}

/* ---- prices ------------------------------------------------------------------------------------- */

static void test_energies(void)
{
    ajp_converters p = defaults();
    CHECK(isnan(ajp_converters_adc_joules(&p)) && isnan(ajp_converters_dac_joules(&p)));
    p.adc_bits = 8;
    p.adc_walden_joules_per_step = 4e-15;
    CHECK_CLOSE(ajp_converters_adc_joules(&p), 1.024e-12, 1e-12);
    p.adc_walden_joules_per_step = (double)NAN;
    p.adc_schreier_decibels = 170.0; /* SNDR 49.92 dB */
    CHECK_CLOSE(ajp_converters_adc_joules(&p), 0.5 * pow(10.0, -12.008), 1e-12);
    p.adc_schreier_decibels = (double)NAN;
    /* Lightening-Transformer: SAR of 8 bit, 14.8 mW at 10 GS/s -> 3.70 mW at 4 bit and 5 GS/s; DAC of 8 bit,
     * 50 mW at 14 GS/s -> 2.232 mW (2^b/b), or 2.0089 mW (2^b/(b + 1), SimPhony) */
    p.adc_bits = 4;
    p.adc_energy_joules = 14.8e-3 / 10e9;
    p.adc_energy_bits = 8;
    p.adc_energy_law = AJP_ADC_ENERGY_SAR;
    CHECK_CLOSE(ajp_converters_adc_joules(&p) * 5e9, 3.70e-3, 1e-12);
    p.adc_energy_law = AJP_ADC_ENERGY_FLASH;
    CHECK_CLOSE(ajp_converters_adc_joules(&p), 1.48e-12 * 15.0 / 255.0, 1e-12);
    p.dac_bits = 4;
    p.dac_energy_joules = 50e-3 / 14e9;
    p.dac_energy_bits = 8;
    p.dac_energy_law = AJP_DAC_ENERGY_OVER_BITS;
    CHECK_CLOSE(ajp_converters_dac_joules(&p) * 5e9, 2.2321e-3, 1e-4);
    p.dac_energy_law = AJP_DAC_ENERGY_OVER_BITS_PLUS_ONE;
    CHECK_CLOSE(ajp_converters_dac_joules(&p) * 5e9, 2.0089e-3, 1e-4);
    CHECK_OK(ajp_converters_check(&p, &err), err);
    ajp_product_account account = ajp_product_account_none();
    ajp_converters_price(&p, 10.0, 100.0, &account);
    CHECK_CLOSE(account.energy.cause_joules[AJ_CAUSE_ADC], 10.0 * 1.48e-12 * 15.0 / 255.0, 1e-12);
    CHECK_CLOSE(account.energy.cause_joules[AJ_CAUSE_DAC], 100.0 * ajp_converters_dac_joules(&p), 1e-12);
    p = defaults();
    account = ajp_product_account_none();
    ajp_converters_price(&p, 10.0, 0.0, &account);
    CHECK(isnan(account.energy.cause_joules[AJ_CAUSE_ADC]) &&
          account.energy.cause_joules[AJ_CAUSE_DAC] == 0.0);
}

/* ---- refusals ----------------------------------------------------------------------------------- */

static void refuse(const ajp_converters *p, const char *key, const char *other)
{
    memset(&err, 0, sizeof err);
    CHECK_INT(ajp_converters_check(p, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, key);
    CHECK_CONTAINS(err.message, other);
}

#define REFUSE(key, other, ...)        \
    do {                               \
        ajp_converters p = defaults(); \
        __VA_ARGS__;                   \
        refuse(&p, key, other);        \
    } while (0)

static void test_refusals(void)
{
    ajp_converters good = defaults();
    CHECK_OK(ajp_converters_check(&good, &err), err);
    REFUSE("'adc_energy_joules'", "'adc_walden_joules_per_step'", p.adc_energy_joules = 1e-12,
           p.adc_walden_joules_per_step = 1e-15, p.adc_bits = 8);
    REFUSE("'adc_walden_joules_per_step'", "'adc_schreier_decibels'", p.adc_walden_joules_per_step = 1e-15,
           p.adc_schreier_decibels = 170, p.adc_bits = 8);
    REFUSE("'adc_schreier_decibels'", "'adc_bits'", p.adc_schreier_decibels = 170);
    REFUSE("'adc_kind'", "'adc_bits'", p.adc_kind = AJP_ADC_WORD_SAR);
    REFUSE("'dac_kind'", "'dac_bits'", p.dac_kind = AJP_ADC_WORD_MID_RISE);
    REFUSE("'adc_bits'", "'adc_kind'", p.adc_bits = 8);
    REFUSE("'dac_bits'", "'dac_kind'", p.dac_bits = 8);
    REFUSE("'adc_bits'", "8.5", p.adc_bits = 8.5, p.adc_kind = 1);
    REFUSE("'adc_bits'", "mid_rise", p.adc_bits = 1, p.adc_kind = AJP_ADC_WORD_SIGN_MAGNITUDE);
    REFUSE("'adc_range'", "'adc_kind'", p.adc_range = AJP_ADC_RANGE_CALIBRATED);
    REFUSE("'adc_range'", "'adc_range_ratio'", p.adc_kind = 1, p.adc_bits = 8,
           p.adc_range = AJP_ADC_RANGE_FIXED);
    REFUSE("'adc_range_ratio'", "'adc_range'", p.adc_range_ratio = 0.5);
    REFUSE("'adc_percentile_ratio'", "'adc_range'", p.adc_percentile_ratio = 0.999);
    REFUSE("'adc_percentile_ratio'", "0.995", p.adc_percentile_ratio = 0.995, p.adc_kind = 1, p.adc_bits = 8,
           p.adc_range = AJP_ADC_RANGE_CALIBRATED);
    REFUSE("'dac_percentile_ratio'", "'dac_range'", p.dac_percentile_ratio = 0.99);
    REFUSE("'sar_mismatch_ratio'", "mid_tread", p.sar_mismatch_ratio = 0.01, p.adc_kind = 1, p.adc_bits = 8);
    REFUSE("'adc_energy_bits'", "'adc_energy_law'", p.adc_energy_joules = 1e-12, p.adc_energy_bits = 8);
    REFUSE("'adc_energy_law'", "'adc_energy_bits'", p.adc_energy_law = AJP_ADC_ENERGY_SAR,
           p.adc_energy_joules = 1e-12, p.adc_kind = 1, p.adc_bits = 4);
    REFUSE("'dac_energy_law'", "'dac_energy_joules'", p.dac_energy_law = AJP_DAC_ENERGY_OVER_BITS);
}

int main(void)
{
    CHECK(sizeof rows / sizeof rows[0] == sizeof(ajp_converters) / sizeof(double));
    test_conventions();
    test_ties();
    test_ranges_of_one_sign();
    test_sar();
    test_sine();
    test_mismatch();
    test_adc_range();
    test_dac_range();
    test_energies();
    test_refusals();
    return check_report();
}

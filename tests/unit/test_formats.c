/* Number formats against their definitions: every code of a format decoded from its bits, and the nearest one
 * found by looking at all; and the kernels' rounding against that of the library, bit for bit. */
#include "check.h"
#include "hardware/digital.h"
#include "physics/draw.h"
#include "simulate/study.h"

/* The magnitude of the code with these exponent and mantissa bits (IEEE 754; OCP OFP8 1.0 for 8 bits). */
static double decode(unsigned code, unsigned mantissa_bits, int bias)
{
    unsigned exponent = code >> mantissa_bits, mantissa = code & ((1u << mantissa_bits) - 1u);
    if (exponent == 0) return ldexp((double)mantissa, 1 - bias - (int)mantissa_bits);
    return ldexp((double)(mantissa | 1u << mantissa_bits), (int)exponent - bias - (int)mantissa_bits);
}

typedef struct {
    ajp_format format;
    unsigned mantissa_bits, n_codes; /* finite magnitudes, zero included */
    int bias;
} definition;

/* Codes: fp16 exponents 0 ... 30, bf16 0 ... 254, e5m2 0 ... 30 (31: infinity and NaN), e4m3 all but the last
 * code, which is its only NaN. */
static const definition definitions[] = {
    {AJP_FORMAT_FP16, 10, 31u << 10, 15},
    {AJP_FORMAT_BF16, 7, 255u << 7, 127},
    {AJP_FORMAT_FP8_E4M3, 3, 127, 7},
    {AJP_FORMAT_FP8_E5M2, 2, 31u << 2, 15},
};

/* Nearest code by bisection over the increasing magnitudes, ties to the even code. */
static double nearest(const definition *d, double x)
{
    double magnitude = fabs(x);
    unsigned low = 0, high = d->n_codes - 1;
    while (high - low > 1) {
        unsigned middle = (low + high) / 2;
        if (decode(middle, d->mantissa_bits, d->bias) <= magnitude)
            low = middle;
        else
            high = middle;
    }
    double below = magnitude - decode(low, d->mantissa_bits, d->bias),
           above = decode(high, d->mantissa_bits, d->bias) - magnitude;
    unsigned code = below < above || (below == above && low % 2 == 0) ? low : high;
    return copysign(decode(code, d->mantissa_bits, d->bias), x);
}

static void check_round(const definition *d, double x)
{
    double got = ajp_format_round(d->format, x), want = nearest(d, x);
    if (got != want) fprintf(stderr, "%s of %.17g\n", ajp_format_describe(d->format).name, x);
    CHECK(got == want);
}

static void test_floats(const definition *d)
{
    ajp_format_info info = ajp_format_describe(d->format);
    CHECK(decode(d->n_codes - 1, d->mantissa_bits, d->bias) == info.largest);
    CHECK(decode(1, d->mantissa_bits, d->bias) == ldexp(1.0, info.smallest_exponent));
    CHECK(d->mantissa_bits == info.mantissa_bits);
    unsigned stride = d->n_codes > 1000 ? 37 : 1;
    for (unsigned code = 0; code + 1 < d->n_codes; code += stride) {
        double here = decode(code, d->mantissa_bits, d->bias),
               next = decode(code + 1, d->mantissa_bits, d->bias), middle = 0.5 * (here + next);
        check_round(d, here);
        check_round(d, -here);
        check_round(d, middle); /* a tie */
        check_round(d, -middle);
        check_round(d, middle * (1.0 + 1e-9));
        check_round(d, middle * (1.0 - 1e-9));
    }
    ajp_draws draws;
    ajp_draws_init(&draws, 3, d->format);
    for (int i = 0; i < 2000; i++)
        check_round(d, ajp_draw_normal(&draws) * exp2(24.0 * ajp_draw_uniform(&draws) - 16.0));
    CHECK(ajp_format_round(d->format, 2.0 * info.largest) == info.largest);
    CHECK(ajp_format_round(d->format, -INFINITY) == -info.largest);
}

static void test_integers(void)
{
    CHECK(ajp_format_round(AJP_FORMAT_INT8, 2.5) == 2.0 && ajp_format_round(AJP_FORMAT_INT8, 3.5) == 4.0);
    CHECK(ajp_format_round(AJP_FORMAT_INT8, -128.0) == -127.0);
    CHECK(ajp_format_round(AJP_FORMAT_INT8, 126.6) == 127.0);
    CHECK(ajp_format_round(AJP_FORMAT_INT4, -6.5) == -6.0 && ajp_format_round(AJP_FORMAT_INT4, 99.0) == 7.0);
}

/* Known values of e4m3 (OCP 8-bit Floating Point Specification, table of limits). */
static void test_known(void)
{
    CHECK(ajp_format_round(AJP_FORMAT_FP8_E4M3, 464.0) == 448.0); /* not 480: that code is NaN */
    CHECK(ajp_format_round(AJP_FORMAT_FP8_E4M3, 1e9) == 448.0);
    CHECK(ajp_format_round(AJP_FORMAT_FP8_E4M3, 0.001953125 * 0.5) == 0.0);
    CHECK(ajp_format_round(AJP_FORMAT_FP8_E4M3, 0.001953125 * 0.51) == 0.001953125);
    CHECK(ajp_format_round(AJP_FORMAT_FP8_E5M2, 1e9) == 57344.0);
    CHECK(ajp_format_round(AJP_FORMAT_FP16, 1.0 / 3.0) == 0.333251953125);
    CHECK(ajp_format_round(AJP_FORMAT_BF16, 1.0 / 3.0) == 0.333984375);
}

/* The kernels, of inputs as a frozen product has them. */
static void test_kernels(void)
{
    enum { N = 4096 };
    static float x[N], e[N];
    for (int f = AJP_FORMAT_FP16; f <= AJP_FORMAT_INT4; f++) {
        ajp_format_info info = ajp_format_describe((ajp_format)f);
        ajp_digital p = {.weight_format = AJP_FORMAT_FP32, .activation_format = f};
        ajp_frozen frozen;
        aj_error err;
        ajp_arena arena;
        ajp_arena_init(&arena, NULL);
        ajp_freeze_request request = {.product = {.name = "fc", .rows = 1, .cols = 1}, .arena = &arena};
        request.calibration = ajp_calibration_none();
        request.calibration.max_abs = info.largest;
        for (int i = 0; i < AJP_N_PERCENTILES; i++) request.calibration.input_percentile[i] = info.largest;
        CHECK_OK(ajp_digital_freeze(&p, &request, &frozen, &err), err);
        ajp_encode encode = {.dac = ajp_adc_of(&frozen.encoding.dac)};
        ajp_draws draws;
        ajp_draws_init(&draws, 4, (uint64_t)f);
        for (int i = 0; i < N; i++)
            x[i] = (float)(ajp_draw_normal(&draws) * exp2(30.0 * ajp_draw_uniform(&draws) - 20.0));
        for (int i = 0; i < 1000; i++) x[i] = (float)(0.5 * ldexp((double)i, info.smallest_exponent));
        for (int isa = AJ_ISA_SCALAR; isa <= AJ_ISA_AVX512; isa++) {
            if (!aj_isa_supported((aj_isa)isa)) continue;
            ajp_kernels_for((aj_isa)isa)->encode(&encode, x, N, 1.0f, e);
            int wrong = 0;
            for (int i = 0; i < N; i++)
                wrong += (double)e[i] != ajp_format_round((ajp_format)f, (double)x[i]);
            CHECK_INT(wrong, 0);
        }
        ajp_arena_free(&arena);
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof definitions / sizeof definitions[0]; i++) test_floats(&definitions[i]);
    test_integers();
    test_known();
    test_kernels();
    return check_report();
}

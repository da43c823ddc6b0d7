/* Weights to conductances and back, for every encoding; stuck devices; compensation; noise of a column. */
#include "attojoule/physics.h"
#include "check.h"
#include "physics/device.h"
#include "physics/draw.h"
#include "physics/encoding.h"

static aj_error err;
static const ajp_encoding_form forms[4] = {AJP_PAIR_ONE_SIDED, AJP_PAIR_TWO_SIDED, AJP_OFFSET_DIGITAL,
                                           AJP_OFFSET_COLUMN};

static double there_and_back(const ajp_encoding *e, double w)
{
    double sum = 0.0;
    for (unsigned k = 0; k < e->n_slices; k++) {
        double g[2];
        ajp_encode_weight(e, w, k, g);
        for (int d = 0; d < 2; d++) CHECK(g[d] >= e->g_min_siemens && g[d] <= e->g_max_siemens);
        sum += ajp_decode_factor(e, k) * (g[0] - g[1]);
    }
    return sum;
}

static void test_identity(void)
{
    const size_t sizes[] = {1, 2, 7, 64, 1000};
    ajp_draws draws;
    ajp_draws_init(&draws, 8, 1);
    for (size_t f = 0; f < 4; f++)
        for (size_t s = 0; s < 5; s++)
            for (int kind = 0; kind < 4; kind++) { /* random, all equal, all zero, zeros between */
                double w[1000], most = 0.0;
                for (size_t i = 0; i < sizes[s]; i++) {
                    w[i] = kind == 1 ? -0.37 : kind == 2 ? 0.0 : ajp_draw_normal(&draws);
                    if (kind == 3 && i % 3 != 0) w[i] = 0.0;
                    most = fmax(most, fabs(w[i]));
                }
                for (int off = 0; off < 2; off++) {
                    ajp_encoding e = {forms[f], off ? 25e-6 / 4.5 : 0.0, 25e-6, most, 1, 0, 0};
                    CHECK_OK(ajp_encoding_check(&e, &err), err);
                    for (size_t i = 0; i < sizes[s]; i++)
                        CHECK_NEAR(there_and_back(&e, w[i]), w[i], 1e-6 * most);
                    CHECK_NEAR(there_and_back(&e, 0.0), 0.0, 1e-15 * most);
                }
            }
}

static void test_forms(void)
{
    double g[2];
    ajp_encoding e = {AJP_PAIR_ONE_SIDED, 1e-6, 21e-6, 2.0, 1, 0, 0};
    ajp_encode_weight(&e, -0.5, 0, g);
    CHECK_CLOSE(g[0], 1e-6, 1e-12);
    CHECK_CLOSE(g[1], 6e-6, 1e-12);
    ajp_encode_weight(&e, 5.0, 0, g); /* beyond the largest weight: held */
    CHECK(g[0] == 21e-6 && g[1] == 1e-6);
    e.form = AJP_PAIR_TWO_SIDED;
    ajp_encode_weight(&e, -0.5, 0, g);
    CHECK_CLOSE(g[0], 8.5e-6, 1e-12);
    CHECK_CLOSE(g[1], 13.5e-6, 1e-12);
    e.form = AJP_OFFSET_COLUMN;
    ajp_encode_weight(&e, -2.0, 0, g);
    CHECK_CLOSE(g[0], 1e-6, 1e-12);
    CHECK_CLOSE(g[1], 11e-6, 1e-12);
    CHECK_CLOSE(ajp_off_siemens(100e-6, 50.0), 2e-6, 1e-12);
    CHECK(ajp_off_siemens(100e-6, INFINITY) == 0.0);
    CHECK(isnan(ajp_off_siemens(100e-6, 1.0)));
}

static void test_slices(void)
{
    for (size_t f = 0; f < 4; f++)
        for (unsigned slices = 1; slices <= 8; slices++)
            for (unsigned bits = 1; bits <= 3; bits++) {
                if (slices * bits > 16 || slices * bits < 2) continue;
                ajp_encoding e = {forms[f], 1e-6, 100e-6, 1.5, slices, bits, 0};
                CHECK_OK(ajp_encoding_check(&e, &err), err);
                bool pair = f < 2;
                double codes = ldexp(1.0, (int)(slices * bits - (pair ? 0 : 1))) - 1.0;
                for (int i = 0; i <= 60; i++) { /* to half a code, and codes exactly */
                    double w = 1.5 * (i / 30.0 - 1.0), back = there_and_back(&e, w);
                    CHECK_NEAR(back, w, 1.5 * (0.5 / codes) * (1.0 + 1e-9) + 1e-12);
                    CHECK_NEAR(back, 1.5 * rint(w / 1.5 * codes) / codes, 1e-12);
                }
                CHECK_NEAR(there_and_back(&e, 0.0), 0.0, 1e-15);
            }
    /* ISAAC: 16 bits as 8 slices of 2; the code of -1/32767 w_max is 0x7fff, of 0 0x8000 */
    ajp_encoding e = {AJP_OFFSET_COLUMN, 0.0, 3.0, 32767.0, 8, 2, 0};
    for (unsigned k = 0; k < 8; k++) {
        double g[2];
        ajp_encode_weight(&e, -1.0, k, g);
        CHECK_NEAR(g[0], k == 7 ? 1.0 : 3.0, 1e-12);
        CHECK_NEAR(g[1], k == 7 ? 2.0 : 0.0, 1e-12);
    }
}

/* The number of distinct conductances is the setting, ends included. */
static void test_states(void)
{
    for (size_t f = 0; f < 4; f++)
        for (unsigned n = 2; n <= 33; n++) {
            ajp_encoding e = {forms[f], 2e-6, 40e-6, 1.0, 1, 0, n};
            bool seen[64] = {false};
            unsigned distinct = 0;
            for (int i = 0; i <= 4000; i++) {
                double g[2];
                ajp_encode_weight(&e, i / 2000.0 - 1.0, 0, g);
                double state = (g[0] - 2e-6) / 38e-6 * (n - 1);
                CHECK_NEAR(state, rint(state), 1e-9);
                size_t at = (size_t)rint(state);
                if (!seen[at]) distinct++;
                seen[at] = true;
            }
            CHECK_INT(distinct, n);
            CHECK(seen[0] && seen[n - 1]);
        }
}

static void test_refusals(void)
{
    ajp_encoding good = {AJP_PAIR_ONE_SIDED, 1e-6, 21e-6, 2.0, 1, 0, 0}, e = good;
    e.g_max_siemens = 0.5e-6;
    CHECK_INT(ajp_encoding_check(&e, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "conductance range");
    e = good, e.weight_max = (double)NAN;
    CHECK_INT(ajp_encoding_check(&e, &err), AJ_BAD_ARGUMENT);
    e = good, e.n_slices = 4;
    CHECK_INT(ajp_encoding_check(&e, &err), AJ_BAD_ARGUMENT);
    e = good, e.n_slices = 9, e.slice_bits = 3;
    CHECK_INT(ajp_encoding_check(&e, &err), AJ_BAD_ARGUMENT);
    e = good, e.form = AJP_OFFSET_DIGITAL, e.slice_bits = 1;
    CHECK_INT(ajp_encoding_check(&e, &err), AJ_BAD_ARGUMENT);
    CHECK_OK(ajp_encoding_check(&good, &err), err);
}

/* The share of stuck devices is binomial: 4 sd, 2e5 devices; 5 % more than asked is 11 sd off. */
static void test_stuck(void)
{
    enum { N = 200000 };
    double low = 0.09, high = 0.0175, counts[3] = {0.0};
    ajp_draws draws;
    ajp_draws_init(&draws, 9, 9);
    for (int i = 0; i < N; i++) counts[ajp_stuck_draw(ajp_draw_uniform(&draws), low, high)] += 1.0;
    CHECK_NEAR(counts[AJP_STUCK_LOW], N * low, 4.0 * sqrt(N * low * (1.0 - low)));
    CHECK_NEAR(counts[AJP_STUCK_HIGH], N * high, 4.0 * sqrt(N * high * (1.0 - high)));
    CHECK_INT(ajp_stuck_draw(1e-17, 0.0, 0.0), AJP_STUCK_NOT);
    CHECK_INT(ajp_stuck_draw(1.0 - 0x1p-53, 0.0, 0.0), AJP_STUCK_NOT);
    CHECK(ajp_stuck_siemens(AJP_STUCK_LOW, 1.0, 5.0, 3.0) == 1.0);
    CHECK(ajp_stuck_siemens(AJP_STUCK_HIGH, 1.0, 5.0, 3.0) == 5.0);
    CHECK(ajp_stuck_siemens(AJP_STUCK_NOT, 1.0, 5.0, 3.0) == 3.0);
}

/* A product of pairs of PCM after a day: compensated outputs have their first size again, to 1 %, and errors
 * that are larger than without drift. */
static void test_compensation(void)
{
    enum { OUT = 16, IN = 512 };
    static double before[IN * OUT], now[IN * OUT];
    const ajp_device *pcm = ajp_device_find("pcm-aihwkit");
    ajp_device_use use = {0.0, 25e-6, 86400.0};
    ajp_encoding e = {AJP_PAIR_ONE_SIDED, 0.0, 25e-6, 1.0, 1, 0, 0};
    ajp_draws draws;
    ajp_draws_init(&draws, 10, 1);
    double factor = ajp_decode_factor(&e, 0), error_before = 0.0, error_now = 0.0;
    for (size_t i = 0; i < IN * OUT; i++) { /* the unit vectors: the reading is the weight */
        double g[2], w = 2.0 * ajp_draw_uniform(&draws) - 1.0;
        ajp_encode_weight(&e, w, 0, g);
        before[i] = now[i] = 0.0;
        for (int d = 0; d < 2; d++) {
            double z = ajp_draw_normal(&draws), z_time = ajp_draw_normal(&draws);
            ajp_device_state state = ajp_device_draw(pcm, &use, g[d], z, z_time);
            before[i] += (d ? -factor : factor) * state.programmed;
            now[i] += (d ? -factor : factor) * state.now;
        }
        error_before += (before[i] - w) * (before[i] - w);
    }
    double factors[OUT], total_before = 0.0, total_now = 0.0;
    for (int kind = AJP_COMPENSATION_GLOBAL; kind <= AJP_COMPENSATION_OUTPUT; kind++) {
        ajp_compensation_factors(kind, OUT, IN, before, now, factors);
        total_before = total_now = error_now = 0.0;
        for (size_t k = 0; k < IN; k++)
            for (size_t i = 0; i < OUT; i++) {
                double back = factors[i] * now[k * OUT + i];
                total_before += fabs(before[k * OUT + i]);
                total_now += fabs(back);
                error_now += (back - before[k * OUT + i]) * (back - before[k * OUT + i]);
            }
        CHECK_CLOSE(total_now, total_before, 1e-12);
        CHECK(factors[0] > 1.4 && factors[0] < 1.6); /* 1/0.665 of most states */
        CHECK(error_now > 0.02 * error_before);
        if (kind == AJP_COMPENSATION_GLOBAL) CHECK(factors[3] == factors[0]);
    }
    CHECK(factors[3] != factors[0]);
    ajp_compensation_factors(AJP_COMPENSATION_NONE, OUT, IN, before, now, factors);
    CHECK(factors[0] == 1.0);
    const double nothing[2] = {0.0, 0.0}, half[2] = {0.0, 2.0}, quarter[2] = {0.0, -0.5};
    ajp_compensation_factors(AJP_COMPENSATION_OUTPUT, 2, 1, half, quarter, factors);
    CHECK(factors[0] == 1.0 && factors[1] == 4.0);
    ajp_compensation_factors(AJP_COMPENSATION_GLOBAL, 2, 1, nothing, nothing, factors);
    CHECK(factors[0] == 1.0);
}

static void test_noise(void)
{
    CHECK_CLOSE(aj_johnson_limit_joules(300.0), 8.283894e-21, 1e-6);
    CHECK_CLOSE(aj_read_bandwidth_hertz(100e-9), 5e6, 1e-14);
    /* 1 kohm, 1 Hz, 300 K: 4.07 pA rms; 1 mA, 1 Hz: 17.9 pA */
    CHECK_CLOSE(sqrt(aj_johnson_amps_squared(1e-3, 300.0, 1.0)), 4.0703e-12, 1e-4);
    CHECK_CLOSE(sqrt(aj_shot_amps_squared(-1e-3, 1.0)), 1.79004e-11, 1e-4);
    CHECK(isnan(aj_johnson_amps_squared(-1.0, 300.0, 1.0)) && isnan(aj_read_bandwidth_hertz(0.0)));
    CHECK(isnan(aj_shot_amps_squared(1.0, -1.0)) && isnan(aj_johnson_limit_joules(-1.0)));
    /* SNR^2 = cos^2 E / (2 k T), from a column of its own */
    ajp_draws draws;
    ajp_draws_init(&draws, 3, 3);
    double sum_g = 0.0, sum_gv = 0.0, sum_gvv = 0.0, t = 50e-9;
    for (int i = 0; i < 256; i++) {
        double g = 25e-6 * ajp_draw_uniform(&draws), v = 0.2 * ajp_draw_uniform(&draws);
        sum_g += g;
        sum_gv += g * v;
        sum_gvv += g * v * v;
    }
    double snr2 = sum_gv * sum_gv / aj_johnson_amps_squared(sum_g, 300.0, aj_read_bandwidth_hertz(t));
    double cosine2 = sum_gv * sum_gv / (sum_g * sum_gvv);
    CHECK_CLOSE(cosine2 * t * sum_gvv / snr2, aj_johnson_limit_joules(300.0), 1e-12);
}

int main(void)
{
    test_identity();
    test_forms();
    test_slices();
    test_states();
    test_refusals();
    test_stuck();
    test_compensation();
    test_noise();
    return check_report();
}

/* Ring resonators and optical links against published numbers and conservation of energy. */
#include "attojoule/physics.h"
#include "check.h"
#include "physics/draw.h"

static const double pi = 3.14159265358979323846;

static void test_published(void)
{
    const struct {
        double phase, through, drop;
    } add_drop[] = {{0.0, .0079532, .8293567},
                    {.05, .1710851, .6929775},
                    {.1, .4447649, .4641796},
                    {.5, .9510767, .0409002},
                    {pi, .9968601, .0026250}};
    for (int i = 0; i < 5; i++) { /* all digits that are printed: seven decimals */
        double p = add_drop[i].phase;
        CHECK_NEAR(aj_ring_through_ratio(.95, .95, .99, p), add_drop[i].through, 6e-8);
        CHECK_NEAR(aj_ring_drop_ratio(.95, .95, .99, p), add_drop[i].drop, 6e-8);
        /* to 1e-6 relative: the same expressions as they are published */
        double r = .95, a = .99, below = 1 - 2 * r * r * a * cos(p) + r * r * a * r * r * a;
        CHECK_CLOSE(aj_ring_through_ratio(r, r, a, p),
                    (r * r * a * a - 2 * r * r * a * cos(p) + r * r) / below, 1e-12);
        CHECK_CLOSE(aj_ring_drop_ratio(r, r, a, p), (1 - r * r) * (1 - r * r) * a / below, 1e-12);
    }
    const double all_pass[][2] = {
        {0.0, .0012801}, {.05, .1003299}, {.1, .3064964}, {.5, .9152504}, {pi, .9943636}};
    for (int i = 0; i < 5; i++) {
        double p = all_pass[i][0], t = .93, a = .925;
        CHECK_NEAR(aj_ring_all_pass_ratio(t, a, p), all_pass[i][1], 6e-8);
        CHECK_CLOSE(aj_ring_all_pass_ratio(t, a, p),
                    (a * a - 2 * a * t * cos(p) + t * t) / (1 - 2 * a * t * cos(p) + a * t * a * t), 1e-9);
    }
}

static void test_energy(void)
{
    ajp_draws draws;
    ajp_draws_init(&draws, 12, 0);
    for (int i = 0; i < 20000; i++) {
        double r1 = ajp_draw_uniform(&draws), r2 = ajp_draw_uniform(&draws), a = ajp_draw_uniform(&draws);
        double p = 20.0 * (ajp_draw_uniform(&draws) - 0.5);
        double through = aj_ring_through_ratio(r1, r2, a, p), drop = aj_ring_drop_ratio(r1, r2, a, p);
        CHECK(through >= 0.0 && drop >= 0.0 && through + drop <= 1.0 + 1e-12);
        CHECK_CLOSE(aj_ring_through_ratio(r1, r2, 1.0, p) + aj_ring_drop_ratio(r1, r2, 1.0, p), 1.0, 1e-11);
        CHECK_CLOSE(aj_ring_all_pass_ratio(r1, 1.0, p), 1.0, 1e-11);
        /* even, periodic, symmetric in direction */
        CHECK_NEAR(aj_ring_drop_ratio(r1, r2, a, -p), drop, 1e-12);
        CHECK_NEAR(aj_ring_drop_ratio(r1, r2, a, p + 2 * pi), drop, 1e-10);
        CHECK_NEAR(aj_ring_drop_ratio(r2, r1, a, p), drop, 1e-12);
    }
    CHECK_NEAR(aj_ring_all_pass_ratio(.93, .93, 0.0), 0.0, 1e-30); /* critical coupling */
    CHECK(isnan(aj_ring_through_ratio(1.1, .9, .9, 0.0)) && isnan(aj_ring_drop_ratio(1.0, 1.0, 1.0, 0.0)));
}

static void test_weights(void)
{
    double r = .95, a = .99, best = aj_ring_weight_ratio(r, r, a, 0.0),
           least = aj_ring_weight_ratio(r, r, a, pi);
    CHECK_CLOSE(best, .8293567 - .0079532, 1e-6);
    for (int i = 0; i <= 200; i++) {
        double w = least + (best - least) * i / 200.0, phase = aj_ring_weight_phase_radians(r, r, a, w);
        CHECK(phase >= 0.0 && phase <= pi);
        CHECK_NEAR(aj_ring_weight_ratio(r, r, a, phase), w, 1e-11);
    }
    CHECK(isnan(aj_ring_weight_phase_radians(r, r, a, best + 1e-6)));
    CHECK(isnan(aj_ring_weight_phase_radians(r, r, a, least - 1e-6)));
}

static void test_lines(void)
{
    double wavelength = 1550e-9, index = 4.2, length = 2.0 * pi * 5e-6, loop = .95 * .95 * .99;
    double range = aj_ring_spectral_range_meters(wavelength, index, length);
    CHECK_CLOSE(range, wavelength * wavelength / (index * length), 1e-14);
    double width = aj_ring_width_meters(loop, wavelength, index, length);
    CHECK_CLOSE(width, (1.0 - loop) * wavelength * wavelength / (pi * index * length * sqrt(loop)), 1e-12);
    CHECK_CLOSE(range / width, aj_ring_finesse_ratio(loop), 1e-12);
    CHECK_CLOSE(aj_ring_quality_ratio(loop, wavelength, index, length), wavelength / width, 1e-12);
    /* half a width off resonance the drop port has half its peak; a phase of 2 pi is one spectral range.  The
     * published width is that of narrow lines: 1e-3 here, and the Lorentzian follows the line to 1 % at 3
     * widths */
    double peak = aj_ring_drop_ratio(.95, .95, .99, 0.0);
    double half = aj_ring_drop_ratio(.95, .95, .99, 2.0 * pi * 0.5 * width / range);
    CHECK_CLOSE(half / peak, 0.5, 1e-3);
    double far = aj_ring_drop_ratio(.95, .95, .99, 2.0 * pi * 3.0 * width / range);
    CHECK_CLOSE(far / peak, aj_lorentzian_ratio(3.0 * width, width), 0.04);
    CHECK_CLOSE(aj_lorentzian_ratio(3.0, 1.0), 1.0 / 37.0, 1e-14);
    CHECK_CLOSE(aj_lorentzian_ratio(-0.5, 1.0), 0.5, 1e-14);
    CHECK_CLOSE(aj_ring_phase_radians(2.4, 1550e-9, 1550e-9), 2.0 * pi * 2.4, 1e-14);
    CHECK(isnan(aj_ring_finesse_ratio(1.0)) && isnan(aj_lorentzian_ratio(1.0, 0.0)));
}

/* Lightening-Transformer's core at 4 bit, from its published parts: laser 96.26 mW, ADC 3.70 mW, DAC 2.232
 * mW. */
static void test_link(void)
{
    const double losses[] = {1.2, 2 * .93, .1 * 4, .1, .33, .33};
    double parts[6], sum = 0.0;
    for (int i = 0; i < 6; i++) {
        parts[i] = aj_loss_transmission_ratio(losses[i]);
        sum += losses[i];
    }
    double path = aj_path_transmission_ratio(parts, 6), sensitivity = 1e-3 * pow(10.0, -2.5);
    CHECK_CLOSE(sum, 4.22, 1e-12);
    CHECK_CLOSE(path, aj_loss_transmission_ratio(4.22), 1e-12);
    double laser = aj_link_laser_watts(sensitivity, 144.0, path, 0.2, 16.0, INFINITY);
    CHECK_CLOSE(laser, 96.26e-3, 1e-3);
    /* SimPhony: 1.111 of it at 10 dB extinction */
    CHECK_CLOSE(aj_link_laser_watts(sensitivity, 144.0, path, 0.2, 16.0, 10.0) / laser, 1.111, 1e-3);
    CHECK_CLOSE(14.8e-3 * aj_converter_scale_ratio(AJ_CONVERTER_SAR, 4, 8) * 0.5, 3.70e-3, 1e-3);
    CHECK_CLOSE(50e-3 * aj_converter_scale_ratio(AJ_CONVERTER_DAC_OVER_BITS, 4, 8) * 5.0 / 14.0, 2.232e-3,
                1e-3);
    CHECK_CLOSE(50e-3 * aj_converter_scale_ratio(AJ_CONVERTER_DAC_OVER_BITS_PLUS_ONE, 4, 8) * 5.0 / 14.0,
                2.0089e-3, 1e-4);
    CHECK(aj_loss_transmission_ratio(0.0) == 1.0 && isnan(aj_loss_transmission_ratio(-1.0)));
    parts[2] = (double)NAN;
    CHECK(isnan(aj_path_transmission_ratio(parts, 6)));
    CHECK(isnan(aj_link_laser_watts(sensitivity, 144.0, 0.0, 0.2, 16.0, INFINITY)));
    CHECK(isnan(aj_link_laser_watts(sensitivity, 144.0, path, 0.2, 16.0, 1.0)));
}

static void test_converters(void)
{
    CHECK_CLOSE(aj_converter_scale_ratio(AJ_CONVERTER_FLASH, 6, 4), 63.0 / 15.0, 1e-14);
    CHECK_CLOSE(aj_converter_scale_ratio(AJ_CONVERTER_WALDEN, 8, 4), 16.0, 1e-14);
    CHECK_CLOSE(aj_converter_scale_ratio(AJ_CONVERTER_SCHREIER, 5, 4), 4.0, 1e-3); /* a bit costs 6.02 dB */
    CHECK_CLOSE(aj_walden_joules(4e-15, 8), 1.024e-12, 1e-12);
    /* 8 bit at 170 dB, 1e17 per joule: 49.92 dB of signal, 10^(-12.008) / 2 */
    CHECK_CLOSE(aj_schreier_joules(1e17, 8), 0.5 * pow(10.0, -12.008), 1e-9);
    CHECK_CLOSE(aj_schreier_joules(1e17, 8) / aj_schreier_joules(1e17, 6),
                aj_converter_scale_ratio(AJ_CONVERTER_SCHREIER, 8, 6), 1e-12);
    CHECK(isnan(aj_converter_scale_ratio(AJ_CONVERTER_SAR, 0.0, 8)) &&
          isnan(aj_converter_scale_ratio(AJ_N_CONVERTER_LAWS, 4, 8)) && isnan(aj_walden_joules(-1.0, 8)));
    for (int i = 0; i < AJ_N_CONVERTER_LAWS; i++) {
        CHECK(aj_converter_law_name(i)[0] != '\0');
        CHECK_CLOSE(aj_converter_scale_ratio(i, 7, 7), 1.0, 1e-15);
        for (int b = 2; b < 16; b++) CHECK(aj_converter_scale_ratio(i, b + 1, b) > 1.0);
    }
    CHECK_STRING(aj_converter_law_name(AJ_CONVERTER_DAC_OVER_BITS), "dac_over_bits");
    CHECK_STRING(aj_converter_law_name(AJ_N_CONVERTER_LAWS), "");
}

int main(void)
{
    test_published();
    test_energy();
    test_weights();
    test_lines();
    test_link();
    test_converters();
    return check_report();
}

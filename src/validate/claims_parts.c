/* claims_parts.c: rings, links, converters and other parts of photonic accelerators. */
#include <math.h>

#include "attojoule/hardware.h"
#include "attojoule/physics.h"
#include "claim.h"

aj_status ajp_claim_rings(ajp_claim *claim, aj_error *err)
{
    static const double pi = 3.14159265358979323846;
    static const struct {
        double phase, through, drop, all_pass;
    } rows[] = {{0.0, .0079532, .8293567, .0012801},
                {0.05, .1710851, .6929775, .1003299},
                {0.1, .4447649, .4641796, .3064964},
                {0.5, .9510767, .0409002, .9152504},
                {3.14159265358979323846, .9968601, .0026250, .9943636}};
    (void)err;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double phase = rows[i].phase;
        const char *at =
            phase > 3.0 ? ajp_claim_words(claim, "phase pi") : ajp_claim_words(claim, "phase %g", phase);
        phase = phase > 3.0 ? pi : phase;
        ajp_claim_near(claim, ajp_claim_words(claim, "add-drop r = 0.95, a = 0.99, %s: through", at), "",
                       rows[i].through, aj_ring_through_ratio(0.95, 0.95, 0.99, phase), 1e-7);
        ajp_claim_near(claim, ajp_claim_words(claim, "%s: drop", at), "", rows[i].drop,
                       aj_ring_drop_ratio(0.95, 0.95, 0.99, phase), 1e-7);
        ajp_claim_near(claim, ajp_claim_words(claim, "all-pass t = 0.93, a = 0.925, %s", at), "",
                       rows[i].all_pass, aj_ring_all_pass_ratio(0.93, 0.925, phase), 1e-7);
    }
    return AJ_OK;
}

/* ---- Lightening-Transformer: a core of 12 x 12 x 12 at 4 bit and 5 GHz -------------------------------- */

#define RATE_HERTZ 5e9
#define LINK_LOSS  (1.2 + 2 * 0.93 + 4 * 0.1 + 0.1 + 0.33 + 0.33) /* dB: modulator, routers, branches, ... */

/* Sensitivity -25 dBm, 144 detectors, wall plug 0.2, 2^4 powers, no extinction. */
static double laser_watts(void)
{
    double detector_watts = 1e-3 * pow(10.0, -25.0 / 10.0);
    return aj_link_laser_watts(detector_watts, 144.0, aj_loss_transmission_ratio(LINK_LOSS), 0.2, 16.0,
                               (double)INFINITY);
}

static double adc_watts(void) /* 14.8 mW at 10 GS/s, 8 bit */
{
    return 14.8e-3 * (RATE_HERTZ / 10e9) * aj_converter_scale_ratio(AJ_CONVERTER_SAR, 4.0, 8.0);
}

static double dac_watts(void) /* 50 mW at 14 GS/s, 8 bit */
{
    return 50e-3 * (RATE_HERTZ / 14e9) * aj_converter_scale_ratio(AJ_CONVERTER_DAC_OVER_BITS, 4.0, 8.0);
}

aj_status ajp_claim_dota_power(ajp_claim *claim, aj_error *err)
{
    (void)err;
    ajp_claim_close(claim, "laser of one core", "W", 96.26e-3, laser_watts(), 1e-3);
    ajp_claim_close(claim, "ADC", "W", 3.70e-3, adc_watts(), 1e-3);
    ajp_claim_close(claim, "DAC", "W", 2.232e-3, dac_watts(), 1e-3);
    return AJ_OK;
}

aj_status ajp_claim_dota_parts(ajp_claim *claim, aj_error *err)
{
    /* 4 tiles of 2 cores; one operand is modulated for each core, the other once for the same core of all
     * tiles; detectors in pairs, one a core and output; amplifiers and ADCs behind the two cores of a tile */
    enum { TILES = 4, CORES = 8, OUTPUTS = 144, MODULATORS = CORES * 144 + CORES / TILES * 144 };
    (void)err;
    ajp_claim_close(claim, "loss of the link, dB", "", 4.22, LINK_LOSS, 1e-3);
    ajp_claim_close(claim, "lasers", "W", 0.770, CORES * laser_watts(), 1e-3);
    ajp_claim_close(claim, "DACs", "W", 3.214, MODULATORS * dac_watts(), 1e-3);
    ajp_claim_close(claim, "modulators, 450 fJ a symbol and two routers of 0.275 mW", "W", 4.032,
                    MODULATORS * (450e-15 * RATE_HERTZ + 2.0 * 0.275e-3), 1e-3);
    ajp_claim_close(claim, "ADCs", "W", 2.131, TILES * OUTPUTS * adc_watts(), 1e-3);
    ajp_claim_close(claim, "amplifiers, 3 mW", "W", 1.728, TILES * OUTPUTS * 3e-3, 1e-3);
    ajp_claim_close(claim, "detectors, 1.1 mW", "W", 2.534, CORES * OUTPUTS * 2 * 1.1e-3, 1e-3);
    ajp_claim_note(claim, "The parts reproduce; their numbers follow from the sharing of operands.");
    return AJ_OK;
}

/* ---- A11: prices of operations as the presets have them --------------------------------------------------
 */

static aj_status preset_value(ajp_claim *claim, const char *preset, const char *key, double *out,
                              aj_error *err)
{
    aj_hardware *hardware = NULL;
    aj_parameter parameter;
    AJ_TRY(aj_hardware_load(&hardware, claim->context, preset, err));
    *out = aj_hardware_find(hardware, key, &parameter) ? parameter.value : (double)NAN;
    aj_hardware_destroy(hardware);
    return AJ_OK;
}

aj_status ajp_claim_energy_anchors(ajp_claim *claim, aj_error *err)
{
    double mac = 0.0, add = 0.0, sram = 0.0, adc = 0.0;
    AJ_TRY(preset_value(claim, "digital-45nm", "mac_energy_joules", &mac, err));
    AJ_TRY(preset_value(claim, "digital-45nm", "digital_op_joules", &add, err));
    AJ_TRY(preset_value(claim, "digital-45nm", "sram_joules_per_bit", &sram, err));
    AJ_TRY(preset_value(claim, "pcm-crossbar", "adc_energy_joules", &adc, err));
    ajp_claim_close(claim, "fp32 addition at 45 nm, in digital-45nm", "J", 0.9e-12, add, 1e-6);
    ajp_claim_close(claim, "fp32 multiplication: what remains of its multiply-accumulate", "J", 3.7e-12,
                    mac - add, 1e-6);
    ajp_claim_close(claim, "64 bit from 8 KB of SRAM", "J", 10e-12, 64.0 * sram, 1e-6);
    ajp_claim_close(claim, "ISAAC's ADC of 8 bit, 2 mW at 1.2 GS/s, in pcm-crossbar", "J", 2e-3 / 1.2e9, adc,
                    1e-4);
    ajp_claim_note(
        claim, "The presets must carry the published prices. ISAAC's ADC is printed with two clock rates; at "
               "1.28 GS/s the same 2 mW are 1.56 pJ.");
    return AJ_OK;
}

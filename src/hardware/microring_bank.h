/* microring_bank.h: one bus with as many add-drop rings as wavelengths. */
#ifndef AJP_MICRORING_BANK_H
#define AJP_MICRORING_BANK_H

#include <stdbool.h>
#include <stddef.h>

/* Rings one after the other along a bus, all alike but for where they are tuned to. Channel k is `spacing`
 * further than channel k - 1; ring j is tuned `detunings[j]` radians of round trip away from channel j. */
typedef struct {
    double coupler, round_trip;     /* amplitudes that stay: in both couplers, in one round trip */
    double channel_spacing_radians; /* of round-trip phase, from channel to channel */
} ajp_ring_bank;

/* What arrives of every channel at the detectors of the drop and through bus, [n]. Every ring takes from the
 * bus what the rings before it left; powers add on the drop bus. */
void ajp_ring_bank_transmit(const ajp_ring_bank *bank, size_t n, const double *detunings, double *drop,
                            double *through);
/* The largest weight w such that -w ... w are both within reach of one ring alone (n = 1), or of every ring
 * of a bank of n whatever its neighbours are set to: a ring cannot take back what they drop of its channel.
 * scratch: 3 n. Not above 0: there is no such weight. */
double ajp_ring_bank_reach(const ajp_ring_bank *bank, size_t n, double *scratch);
/* Detunings for drop - through = weights[n], each within the reach; `corrected`: neighbours included, as far
 * as that can be reached, else every ring as if it were alone. scratch: 3 n. */
void ajp_ring_bank_tune(const ajp_ring_bank *bank, size_t n, const double *weights, bool corrected,
                        double *detunings, double *scratch);

#endif

/* microring_bank.c: transmission and tuning of a bank of add-drop rings. */
#include "microring_bank.h"

#include <math.h>

#include "attojoule/physics.h"

enum { CORRECTIONS = 20 };

/* The formulas of aj_ring_drop_ratio and aj_ring_through_ratio, with sin^2(phase/2) of all channels by
 * turning one angle on: this is what a search for detunings spends its time in. */
void ajp_ring_bank_transmit(const ajp_ring_bank *bank, size_t n, const double *detunings, double *drop,
                            double *through)
{
    double r = bank->coupler, a = bank->round_trip, loop = r * r * a,
           half = 0.5 * bank->channel_spacing_radians;
    double top = (1.0 - r * r) * (1.0 - r * r) * a, gap = (1.0 - loop) * (1.0 - loop),
           rest = r * r * (1.0 - a) * (1.0 - a), turn_cos = cos(half), turn_sin = sin(half);
    for (size_t k = 0; k < n; k++) {
        drop[k] = 0.0;
        through[k] = 1.0;
    }
    for (size_t j = 0; j < n; j++) {
        double angle = 0.5 * detunings[j] - (double)j * half, sine = sin(angle), cosine = cos(angle);
        for (size_t k = 0; k < n; k++) {
            double square = 4.0 * loop * sine * sine, share = 1.0 / (gap + square);
            drop[k] += through[k] * top * share;
            through[k] *= (rest + square) * share; /* 4 r^2 a sin^2, and r^2 a is the loop */
            double next = sine * turn_cos + cosine * turn_sin;
            cosine = cosine * turn_cos - sine * turn_sin;
            sine = next;
        }
    }
}

/* A ring moves half a spacing at most: from there on it would come near the next channel. */
static double widest(const ajp_ring_bank *bank, size_t n)
{
    const double half_turn = 3.14159265358979323846;
    return n > 1 ? fmin(half_turn, 0.5 * bank->channel_spacing_radians) : half_turn;
}

double ajp_ring_bank_reach(const ajp_ring_bank *bank, size_t n, double *scratch)
{
    double *detunings = scratch, *drop = scratch + n, *through = scratch + 2 * n;
    double reach = aj_ring_weight_ratio(bank->coupler, bank->coupler, bank->round_trip, 0.0);
    for (size_t k = 0; k < n; k++)
        for (int away = 0; away < 2; away++) {
            for (size_t j = 0; j < n; j++) detunings[j] = 0.0;
            if (away) detunings[k] = widest(bank, n);
            if (k + 1 < n) detunings[k + 1] = widest(bank, n); /* as near to channel k as it comes */
            ajp_ring_bank_transmit(bank, n, detunings, drop, through);
            double weight = drop[k] - through[k];
            reach = fmin(reach, away ? -weight : weight);
        }
    return reach;
}

static double tune_one(const ajp_ring_bank *bank, size_t n, double weight)
{
    double r = bank->coupler, a = bank->round_trip;
    double high = aj_ring_weight_ratio(r, r, a, 0.0), low = aj_ring_weight_ratio(r, r, a, widest(bank, n));
    return aj_ring_weight_phase_radians(r, r, a, fmin(fmax(weight, low), high));
}

/* The neighbours' share is small, so that aiming by what was missed converges. */
void ajp_ring_bank_tune(const ajp_ring_bank *bank, size_t n, const double *weights, bool corrected,
                        double *detunings, double *scratch)
{
    double *aim = scratch, *drop = scratch + n, *through = scratch + 2 * n;
    for (size_t j = 0; j < n; j++) {
        aim[j] = weights[j];
        detunings[j] = tune_one(bank, n, aim[j]);
    }
    for (int turn = 0; corrected && turn < CORRECTIONS; turn++) {
        ajp_ring_bank_transmit(bank, n, detunings, drop, through);
        for (size_t j = 0; j < n; j++) {
            aim[j] += weights[j] - (drop[j] - through[j]);
            aim[j] = fmin(fmax(aim[j], -1.0), 1.0);
            detunings[j] = tune_one(bank, n, aim[j]);
        }
    }
}

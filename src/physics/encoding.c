/* encoding.c: conductances of weights, stuck devices, compensation of drift. */
#include "encoding.h"

#include <math.h>

enum { MAX_BITS = 24 };

static bool is_pair(const ajp_encoding *e)
{
    return e->form == AJP_PAIR_ONE_SIDED || e->form == AJP_PAIR_TWO_SIDED;
}

static unsigned total_bits(const ajp_encoding *e)
{
    return e->n_slices * e->slice_bits;
}

aj_status ajp_encoding_check(const ajp_encoding *e, aj_error *err)
{
    if (!(e->g_min_siemens >= 0.0) || !(e->g_max_siemens > e->g_min_siemens) ||
        !(e->g_max_siemens < INFINITY))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "a conductance range of %g to %g S: it must begin at 0 or more and end above that",
                        e->g_min_siemens, e->g_max_siemens);
    if (!(e->weight_max >= 0.0 && e->weight_max < INFINITY))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "a largest weight of %g: it must be finite and 0 or more",
                        e->weight_max);
    if (e->slice_bits == 0)
        return e->n_slices == 1
                   ? AJ_OK
                   : ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                              "%u slices of 0 bits: give the bits of a slice, or take 1 slice", e->n_slices);
    if (e->n_slices == 0 || e->n_slices > MAX_BITS || e->slice_bits > MAX_BITS || total_bits(e) > MAX_BITS)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%u slices of %u bits: 1 to %d bits in all are possible",
                        e->n_slices, e->slice_bits, MAX_BITS);
    if (!is_pair(e) && total_bits(e) < 2)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "1 bit with an offset leaves no room for a sign: take 2 bits or a pair of devices");
    return AJ_OK;
}

double ajp_off_siemens(double g_max_siemens, double on_off_ratio)
{
    return on_off_ratio > 1.0 ? g_max_siemens / on_off_ratio : (double)NAN;
}

/* The weight as a share of the largest, -1 ... 1. */
static double share_of(const ajp_encoding *e, double weight)
{
    if (!(e->weight_max > 0.0)) return 0.0;
    double share = weight / e->weight_max;
    return share > 1.0 ? 1.0 : share < -1.0 ? -1.0 : share;
}

static double at_share(const ajp_encoding *e, double share)
{
    /* exact at both ends, whatever the range */
    return e->g_min_siemens * (1.0 - share) + e->g_max_siemens * share;
}

/* share 0 ... 1 of the range, on the nearest of the states the device has */
static double on_a_state(const ajp_encoding *e, double share)
{
    if (e->slice_bits == 0 && e->n_states > 1) {
        double steps = e->n_states - 1;
        share = rint(share * steps) / steps;
    }
    return at_share(e, share);
}

static double digit(double code, unsigned slice, unsigned bits)
{
    double shifted = floor(ldexp(code, -(int)(slice * bits)));
    return fmod(shifted, ldexp(1.0, (int)bits));
}

void ajp_encode_weight(const ajp_encoding *e, double weight, unsigned slice, double g[2])
{
    double share = share_of(e, weight), zero = 0.5; /* of the range, for weights with an offset */
    if (e->slice_bits > 0) {
        double most = ldexp(1.0, (int)e->slice_bits) - 1.0;
        if (is_pair(e)) {
            double code = rint(fabs(share) * (ldexp(1.0, (int)total_bits(e)) - 1.0));
            share = copysign(digit(code, slice, e->slice_bits) / most, share);
        } else {
            double half = ldexp(1.0, (int)total_bits(e) - 1);
            share = digit(rint(share * (half - 1.0)) + half, slice, e->slice_bits) / most;
            zero = digit(half, slice, e->slice_bits) / most;
        }
    } else if (!is_pair(e))
        share = 0.5 * (share + 1.0);
    switch (e->form) {
    case AJP_PAIR_ONE_SIDED:
        g[0] = on_a_state(e, fmax(share, 0.0));
        g[1] = on_a_state(e, fmax(-share, 0.0));
        break;
    case AJP_PAIR_TWO_SIDED:
        g[0] = on_a_state(e, 0.5 * (1.0 + share));
        g[1] = on_a_state(e, 0.5 * (1.0 - share));
        break;
    case AJP_OFFSET_DIGITAL:
        g[0] = on_a_state(e, share);
        g[1] = at_share(e, zero);
        break;
    case AJP_OFFSET_COLUMN:
        g[0] = on_a_state(e, share);
        g[1] = on_a_state(e, zero);
        break;
    }
}

double ajp_decode_factor(const ajp_encoding *e, unsigned slice)
{
    double factor = e->weight_max / (e->g_max_siemens - e->g_min_siemens);
    if (e->slice_bits == 0) return is_pair(e) ? factor : 2.0 * factor;
    double codes =
        is_pair(e) ? ldexp(1.0, (int)total_bits(e)) - 1.0 : ldexp(1.0, (int)total_bits(e) - 1) - 1.0;
    double most = ldexp(1.0, (int)e->slice_bits) - 1.0;
    return factor * most * ldexp(1.0, (int)(slice * e->slice_bits)) / codes;
}

ajp_stuck ajp_stuck_draw(double uniform, double stuck_low_ratio, double stuck_high_ratio)
{
    if (uniform < stuck_low_ratio) return AJP_STUCK_LOW;
    return uniform >= 1.0 - stuck_high_ratio ? AJP_STUCK_HIGH : AJP_STUCK_NOT;
}

double ajp_stuck_siemens(ajp_stuck state, double g_min_siemens, double g_max_siemens, double otherwise)
{
    if (state == AJP_STUCK_LOW) return g_min_siemens;
    return state == AJP_STUCK_HIGH ? g_max_siemens : otherwise;
}

void ajp_compensation_factors(ajp_compensation kind, size_t n_outputs, size_t n_reads, const double *before,
                              const double *now, double *factors)
{
    double all_before = 0.0, all_now = 0.0;
    for (size_t i = 0; i < n_outputs; i++) {
        double sum_before = 0.0, sum_now = 0.0;
        for (size_t k = 0; k < n_reads; k++) {
            sum_before += fabs(before[k * n_outputs + i]);
            sum_now += fabs(now[k * n_outputs + i]);
        }
        all_before += sum_before;
        all_now += sum_now;
        factors[i] = kind == AJP_COMPENSATION_OUTPUT && sum_now > 0.0 ? sum_before / sum_now : 1.0;
    }
    if (kind != AJP_COMPENSATION_GLOBAL || !(all_now > 0.0)) return;
    for (size_t i = 0; i < n_outputs; i++) factors[i] = all_before / all_now;
}

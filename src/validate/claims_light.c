/* claims_light.c: constants of light, noise of homodyne products, counts of multiplications, power of parts.
 */
#include <math.h>
#include <string.h>

#include "array.h"
#include "attojoule/physics.h"

aj_status ajp_claim_constants(ajp_claim *claim, aj_error *err)
{
    (void)err;
    ajp_claim_close(claim, "photon of 1550 nm", "J", 1.28158e-19, aj_photon_energy_joules(1550e-9), 1e-4);
    ajp_claim_close(claim, "k T ln 2 at 300 K", "J", 2.87098e-21, aj_landauer_bit_joules(300.0), 1e-4);
    ajp_claim_close(claim, "reset noise of 1 fF at 300 K, electrons", "", 12.703,
                    aj_ktc_electrons(1e-15, 300.0), 1e-4);
    return AJ_OK;
}

aj_status ajp_claim_photons(ajp_claim *claim, aj_error *err)
{
    (void)err;
    /* printed with six digits: half of the last one is 4e-6 */
    ajp_claim_close(claim, "photon of 1550 nm", "J", 1.28158e-19, aj_photon_energy_joules(1550e-9), 1e-5);
    ajp_claim_close(claim, "photon of 532 nm", "J", 3.73392e-19, aj_photon_energy_joules(532e-9), 1e-5);
    ajp_claim_near(claim, "photons of 1550 nm in 50 zJ", "", 0.390, 50e-21 / aj_photon_energy_joules(1550e-9),
                   0.0005);
    ajp_claim_close(claim, "k T ln 2 at 300 K", "J", 2.87098e-21, aj_landauer_bit_joules(300.0), 1e-5);
    return AJ_OK;
}

/* Rms error over all rows of a homodyne product of N = 100, M = 50 at one photon per MAC, per that of Eq.
 * (2).
 */
static aj_status homodyne_ratio(ajp_claim *claim, double share, double *out, aj_error *err)
{
    enum { ROWS = 50, COLS = 100, DRAWS = 300 }; /* 15,000 errors: 0.6 % */
    ajp_array array;
    AJ_TRY(ajp_array_open(&array, claim, "homodyne", ROWS, COLS, NULL, NULL, err));
    ajp_array_fill(&array, 0.5, 1);
    aj_status st = aj_hardware_set_number(array.hardware, "photons_per_mac", 1.0, err);
    if (st == AJ_OK) st = aj_hardware_set_number(array.hardware, "input_energy_share_ratio", share, err);
    if (st == AJ_OK) st = ajp_array_rms(&array, DRAWS, 1, false, out, err);
    if (st == AJ_OK)
        *out /= aj_sql_sigma(ajp_sum_squares(array.weights, (size_t)ROWS * COLS),
                             ajp_sum_squares(array.x, COLS), ROWS, COLS, 1.0);
    ajp_array_close(&array);
    return st;
}

aj_status ajp_claim_homodyne_sigma(ajp_claim *claim, aj_error *err)
{
    double ratio = 0.0;
    AJ_TRY(homodyne_ratio(claim, 0.5, &ratio, err));
    ajp_claim_close(claim, "deviation of Poisson counts over the law, N = 100, M = 50, n = 1", "", 1.0, ratio,
                    0.02);
    return AJ_OK;
}

aj_status ajp_claim_homodyne_split(ajp_claim *claim, aj_error *err)
{
    double ratio = 0.0;
    AJ_TRY(homodyne_ratio(claim, 0.1, &ratio, err));
    ajp_claim_close(claim, "inputs carry a tenth of the light: deviation over that of equal arms' law", "",
                    1.6667, ratio, 0.02);
    return AJ_OK;
}

aj_status ajp_claim_homodyne_counts(ajp_claim *claim, aj_error *err)
{
    static const struct {
        double photons, theirs;
        const char *what;
    } rows[] = {{0.1, 21.9 / 21.95, "0.1 photons per MAC: deviation over |x| |w| / sqrt(photons)"},
                {1.0, 6.84 / 6.94, "1 photon per MAC"},
                {10.0, 2.17 / 2.195, "10 photons per MAC"}};
    ajp_array array;
    AJ_TRY(ajp_array_open(&array, claim, "homodyne", 1, 64, "weight_gain", "row", err));
    ajp_array_fill(&array, 0.0, 2);
    aj_status st = AJ_OK;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && st == AJ_OK; i++) {
        double sigma = 0.0;
        st = aj_hardware_set_number(array.hardware, "photons_per_mac", rows[i].photons, err);
        if (st == AJ_OK) st = ajp_array_rms(&array, 20000, 20 + i, true, &sigma, err);
        if (st == AJ_OK)
            ajp_claim_close(claim, rows[i].what, "", rows[i].theirs, sigma * sqrt(64.0 * rows[i].photons),
                            0.02);
    }
    ajp_array_close(&array);
    return st;
}

/* ---- P8: slopes against the length of a product ------------------------------------------------------- */

enum { N_LENGTHS = 3 };
static const size_t lengths[N_LENGTHS] = {100, 1000, 10000};

static double slope(const double *y)
{
    double mx = 0.0, my = 0.0, xy = 0.0, xx = 0.0;
    for (int i = 0; i < N_LENGTHS; i++) {
        mx += log((double)lengths[i]) / N_LENGTHS;
        my += log(y[i]) / N_LENGTHS;
    }
    for (int i = 0; i < N_LENGTHS; i++) {
        double d = log((double)lengths[i]) - mx;
        xy += d * (log(y[i]) - my);
        xx += d * d;
    }
    return xy / xx;
}

/* (a) sigma / (|A_i| |x|) at so many photons an output. */
static aj_status constant_photons(ajp_claim *claim, aj_error *err)
{
    double sigma[N_LENGTHS];
    for (int p = 0; p < N_LENGTHS; p++) {
        ajp_array array;
        AJ_TRY(ajp_array_open(&array, claim, "homodyne", 4, lengths[p], "weight_gain", "row", err));
        ajp_array_fill(&array, 0.5, 100 + (uint64_t)p);
        aj_status st =
            aj_hardware_set_number(array.hardware, "photons_per_mac", 100.0 / (double)lengths[p], err);
        if (st == AJ_OK) st = ajp_array_rms(&array, 1500, (uint64_t)p, true, &sigma[p], err);
        ajp_array_close(&array);
        AJ_TRY(st);
        ajp_claim_close(
            claim,
            ajp_claim_words(claim, "(a) N = %zu, 100 photons an output: deviation over |A| |x|", lengths[p]),
            "", 0.1, sigma[p], 0.02);
    }
    return AJ_OK;
}

/* (b) photons per MAC for a signal to noise of 10; rows and inputs all positive, so that the angle stays. */
static aj_status photons_for_10(ajp_claim *claim, size_t n, uint64_t stream, double *out, aj_error *err)
{
    ajp_array array;
    ajp_draws draws;
    AJ_TRY(ajp_array_open(&array, claim, "homodyne", 4, n, "weight_gain", "row", err));
    ajp_draws_init(&draws, 12, stream);
    for (size_t i = 0; i < 4 * n; i++) array.weights[i] = (float)ajp_draw_uniform(&draws);
    for (size_t j = 0; j < n; j++) array.x[j] = (float)ajp_draw_uniform(&draws);
    double signal = 0.0, low = log(1e-3), high = log(1e2);
    for (size_t i = 0; i < 4; i++) signal += pow(ajp_array_exact(&array, i), 2.0) / 4.0;
    aj_status st = AJ_OK;
    for (int step = 0; step < 11 && st == AJ_OK; step++) {
        double middle = 0.5 * (low + high), sigma = 1.0;
        st = aj_hardware_set_number(array.hardware, "photons_per_mac", exp(middle), err);
        int n_draws = step < 5 ? 100 : 400; /* far from the root fewer tell the side */
        if (st == AJ_OK)
            st = ajp_array_rms(&array, n_draws, stream * 100 + (uint64_t)step, false, &sigma, err);
        *(sqrt(signal) / sigma > 10.0 ? &high : &low) = middle;
    }
    ajp_array_close(&array);
    *out = exp(0.5 * (low + high));
    return st;
}

/* (c) signal to noise at one photon per MAC, independent rows of mean zero: the angle opens. */
static aj_status independent_rows(ajp_claim *claim, size_t n, uint64_t stream, double *out, aj_error *err)
{
    enum { ROWS = 500 };
    ajp_array array;
    ajp_draws draws;
    AJ_TRY(ajp_array_open(&array, claim, "homodyne", ROWS, n, NULL, NULL, err));
    ajp_draws_init(&draws, 13, stream);
    for (size_t i = 0; i < ROWS * n; i++) array.weights[i] = (float)ajp_draw_normal(&draws);
    for (size_t j = 0; j < n; j++) array.x[j] = (float)ajp_draw_normal(&draws);
    double signal = 0.0, sigma = 1.0;
    for (size_t i = 0; i < ROWS; i++) signal += pow(ajp_array_exact(&array, i), 2.0) / ROWS;
    aj_status st = aj_hardware_set_number(array.hardware, "photons_per_mac", 1.0, err);
    if (st == AJ_OK) st = ajp_array_rms(&array, 2, 30 + stream, false, &sigma, err);
    ajp_array_close(&array);
    *out = sqrt(signal) / sigma;
    return st;
}

aj_status ajp_claim_scaling(ajp_claim *claim, aj_error *err)
{
    double photons[N_LENGTHS], ratio[N_LENGTHS];
    AJ_TRY(constant_photons(claim, err));
    for (int p = 0; p < N_LENGTHS; p++) {
        AJ_TRY(photons_for_10(claim, lengths[p], 20 + (uint64_t)p, &photons[p], err));
        AJ_TRY(independent_rows(claim, lengths[p], (uint64_t)p, &ratio[p], err));
    }
    ajp_claim_near(claim, "(b) slope of photons per MAC for a signal to noise of 10, angle fixed", "", -1.0,
                   slope(photons), 0.02);
    ajp_claim_near(claim, "(c) slope of signal to noise at 1 photon per MAC, independent rows", "", 0.0,
                   slope(ratio), 0.05);
    return AJ_OK;
}

/* ---- counts and parts --------------------------------------------------------------------------------- */

aj_status ajp_claim_alexnet(ajp_claim *claim, aj_error *err)
{
    static const aj_layer_shape layers[] = {{55, 55, 96, 11, 11, 3, 1},  {27, 27, 256, 5, 5, 96, 1},
                                            {13, 13, 384, 3, 3, 256, 1}, {13, 13, 384, 3, 3, 384, 1},
                                            {13, 13, 256, 3, 3, 384, 1}, {1, 1, 4096, 1, 1, 9216, 1},
                                            {1, 1, 4096, 1, 1, 4096, 1}, {1, 1, 1000, 1, 1, 4096, 1}};
    uint64_t sums[2] = {0, 0};
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        uint64_t n = 0;
        AJ_TRY(aj_layer_macs(&layers[i], &n, err));
        sums[i >= 5] += n;
    }
    ajp_claim_near(claim, "convolutions", "MAC", 1076634144.0, (double)sums[0], 0.0);
    ajp_claim_near(claim, "dense layers", "MAC", 58621952.0, (double)sums[1], 0.0);
    return AJ_OK;
}

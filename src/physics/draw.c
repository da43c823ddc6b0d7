/* draw.c: Philox words in order, and exact distributions from them. */
#include "draw.h"

#include <math.h>

#include "log_factorial.h"

enum { PURPOSE_REFERENCE = 0x52454652 }; /* "REFR": shares no number with a read, frozen draw or training */

void ajp_draws_init(ajp_draws *draws, uint64_t seed, uint64_t stream)
{
    *draws = (ajp_draws){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32) ^ PURPOSE_REFERENCE},
        .counter = {0, 0, (uint32_t)stream, (uint32_t)(stream >> 32)},
        .used = 4,
    };
}

static uint32_t next_word(ajp_draws *draws)
{
    if (draws->used == 4) {
        aj_philox4x32(draws->key, draws->counter, draws->words);
        draws->used = 0;
        if (++draws->counter[0] == 0) draws->counter[1]++;
    }
    return draws->words[draws->used++];
}

double ajp_draw_uniform(ajp_draws *draws)
{
    double high = (double)(next_word(draws) >> 5), low = (double)(next_word(draws) >> 6);
    double value = (high * 67108864.0 + low + 0.5) * 0x1p-53; /* 27 + 26 bits, the middle of its cell */
    return value < 1.0 ? value : 1.0 - 0x1p-53;               /* the last cell's middle rounds up to 1 */
}

double ajp_draw_normal(ajp_draws *draws)
{
    return aj_normal_quantile(ajp_draw_uniform(draws));
}

/* Arrivals of rate 1 in the time `mean`: the product of uniforms falls below exp(-mean). */
static double poisson_by_products(ajp_draws *draws, double mean)
{
    double limit = exp(-mean), product = ajp_draw_uniform(draws), count = 0.0;
    while (product > limit) {
        product *= ajp_draw_uniform(draws);
        count += 1.0;
    }
    return count;
}

/* W. Hormann, "The transformed rejection method for generating Poisson random variables", Insurance:
 * Mathematics and Economics 12 (1993) 39, algorithm PTRS; valid from mean 10 up. */
static double poisson_by_rejection(ajp_draws *draws, double mean)
{
    double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b;
    double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), v_r = 0.9277 - 3.6224 / (b - 2.0),
           log_mean = log(mean);
    for (;;) {
        double u = ajp_draw_uniform(draws) - 0.5, v = ajp_draw_uniform(draws), us = 0.5 - fabs(u);
        double k = floor((2.0 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= v_r) return k;
        if (k < 0.0 || (us < 0.013 && v > us)) continue;
        if (log(v * inverse_alpha / (a / (us * us) + b)) <= k * log_mean - mean - ajp_log_factorial(k))
            return k;
    }
}

double ajp_draw_poisson(ajp_draws *draws, double mean)
{
    if (!(mean > 0.0)) return 0.0;
    return mean < 10.0 ? poisson_by_products(draws, mean) : poisson_by_rejection(draws, mean);
}

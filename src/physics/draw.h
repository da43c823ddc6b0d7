/* draw.h: a sequential source of random numbers for the slow references: Philox words in order, and the exact
 * distributions of physics drawn from them. Slow and obvious on purpose. */
#ifndef AJP_DRAW_H
#define AJP_DRAW_H

#include "../base/internal.h"

typedef struct {
    uint32_t key[2], counter[4], words[4];
    unsigned used;
} ajp_draws;
void ajp_draws_init(ajp_draws *draws, uint64_t seed, uint64_t stream);
double ajp_draw_uniform(ajp_draws *draws); /* 53 bits, in (0, 1) */
double ajp_draw_normal(ajp_draws *draws);  /* by inverse distribution function */
/* Exact Poisson count: multiplication of uniforms below mean 10, transformed rejection (Hormann 1993, PTRS)
 * above. */
double ajp_draw_poisson(ajp_draws *draws, double mean);

#endif

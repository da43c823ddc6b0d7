/* histogram.h: the distribution of magnitudes: counts by the leading bits of a float, so that it is the same
 * for any order and any threads. */
#ifndef AJP_HISTOGRAM_H
#define AJP_HISTOGRAM_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A bin is a 64th of an octave: a percentile is right to 1.6 %, and never too small. */
enum { AJP_HISTOGRAM_SHIFT = 17, AJP_HISTOGRAM_BINS = 1 << (31 - AJP_HISTOGRAM_SHIFT) };
typedef struct {
    uint64_t bins[AJP_HISTOGRAM_BINS];
    float largest; /* exactly; not finite values are left out */
} ajp_histogram;

static inline void ajp_histogram_add(ajp_histogram *histogram, float x)
{
    x = fabsf(x);
    if (!isfinite(x)) return;
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    histogram->bins[bits >> AJP_HISTOGRAM_SHIFT]++;
    if (x > histogram->largest) histogram->largest = x;
}

static inline void ajp_histogram_merge(ajp_histogram *into, const ajp_histogram *from)
{
    for (size_t i = 0; i < AJP_HISTOGRAM_BINS; i++) into->bins[i] += from->bins[i];
    if (from->largest > into->largest) into->largest = from->largest;
}

/* The magnitude that a share `ratio` of all is not above (the upper edge of its bin, at most the largest);
 * NaN of none. */
static inline double ajp_histogram_percentile(const ajp_histogram *histogram, double ratio)
{
    uint64_t n = 0, seen = 0;
    for (size_t i = 0; i < AJP_HISTOGRAM_BINS; i++) n += histogram->bins[i];
    if (n == 0) return (double)NAN;
    for (size_t i = 0; i < AJP_HISTOGRAM_BINS; i++) {
        seen += histogram->bins[i];
        if ((double)seen < ratio * (double)n) continue;
        uint32_t bits = (uint32_t)(i + 1) << AJP_HISTOGRAM_SHIFT;
        float edge;
        memcpy(&edge, &bits, sizeof edge);
        return fmin((double)edge, (double)histogram->largest);
    }
    return (double)histogram->largest;
}

#endif

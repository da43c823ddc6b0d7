/* model_curve.h: what a processor package draws at a load, as a share of its TDP, with an interval that is
 * meant to hold a machine that was never measured. */
#ifndef AJP_METER_MODEL_CURVE_H
#define AJP_METER_MODEL_CURVE_H

#include "base/internal.h"

/* A value with the ends of its 90 % interval, all in the same unit. */
typedef struct {
    double low, middle, high;
} ajp_band;

/* One recorded machine: the share of its threads that were busy, watts over TDP; any order. */
typedef struct {
    double load_ratio, power_ratio;
} ajp_load_point;
typedef struct {
    const ajp_load_point *points;
    size_t n;
} ajp_load_trace;

/* Power over TDP at loads 0, 1/4, 1/2, 3/4 and 1; straight in between. */
enum { AJP_CURVE_KNOTS = 5 };
typedef struct {
    ajp_band knots[AJP_CURVE_KNOTS];
} ajp_load_curve;

/* Student's prediction interval for one more machine, at each knot, from one monotone curve a machine
 * (docs/meter.md, "The model").  BAD_ARGUMENT: fewer than two machines, or one with fewer than two or more
 * than 64 points. */
aj_status ajp_load_curve_fit(ajp_load_curve *out, const ajp_load_trace *machines, size_t n_machines,
                             aj_error *err);
/* A load outside 0 ... 1 is taken as the nearest of the two. */
ajp_band ajp_load_curve_at(const ajp_load_curve *curve, double load_ratio);

/* The fit to the four recorded machines, rounded to three decimals; a test fits them again. */
extern const ajp_load_curve ajp_load_curve_shipped;

#endif

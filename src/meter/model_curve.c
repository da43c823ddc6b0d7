/* model_curve.c: a load curve with an interval, from a handful of recorded machines.
 *
 * The machines differ far more from one another than a machine differs from its own curve (at full load from
 * 0.51 to 0.93 of the TDP), so the machine is the unit of the statistics: each gives one monotone curve, and
 * at each knot the next machine's value has Student's prediction interval, mean +- t s sqrt(1 + 1/n).  With
 * so few machines s is itself uncertain; the spread is taken to grow with load, which pools the knots and
 * gives no knot a small s by chance. */
#include "model_curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_POINTS = 64 };
static const double coverage_ratio = 0.90;

/* Printed by tests/paper/test_power_model.c from the four traces of CodeCarbon @b05965e4 (EPYC 8024P,
 * Threadripper 1950X, Xeon E3-1240 v2, two Xeon E5-2620 v3). */
const ajp_load_curve ajp_load_curve_shipped = {{
    {0.000, 0.153, 0.360},
    {0.000, 0.317, 0.744},
    {0.023, 0.496, 0.969},
    {0.226, 0.699, 1.172},
    {0.240, 0.714, 1.187},
}};

static int by_load(const void *a, const void *b)
{
    double x = ((const ajp_load_point *)a)->load_ratio, y = ((const ajp_load_point *)b)->load_ratio;
    return (x > y) - (x < y);
}

/* The nearest sequence that never falls, in least squares: neighbours that fall are pooled. */
static void make_monotone(double *values, size_t n)
{
    double sums[MOST_POINTS];
    size_t sizes[MOST_POINTS], n_pools = 0, at = 0;
    for (size_t i = 0; i < n; i++) {
        sums[n_pools] = values[i];
        sizes[n_pools++] = 1;
        while (n_pools > 1 && sums[n_pools - 2] / (double)sizes[n_pools - 2] >
                                  sums[n_pools - 1] / (double)sizes[n_pools - 1]) {
            sums[n_pools - 2] += sums[n_pools - 1];
            sizes[n_pools - 2] += sizes[n_pools - 1];
            n_pools--;
        }
    }
    for (size_t p = 0; p < n_pools; p++)
        for (size_t i = 0; i < sizes[p]; i++) values[at++] = sums[p] / (double)sizes[p];
}

static double knot_load(size_t k)
{
    return (double)k / (AJP_CURVE_KNOTS - 1);
}

static double between(double x, double x0, double x1, double y0, double y1)
{
    return x1 > x0 ? y0 + (y1 - y0) * (x - x0) / (x1 - x0) : y1;
}

/* One machine's monotone curve at the knots; level beyond its first and last point. */
static aj_status knots_of(const ajp_load_trace *machine, double *knots, aj_error *err)
{
    ajp_load_point points[MOST_POINTS];
    double powers[MOST_POINTS];
    size_t n = machine->n, i = 0;
    if (n < 2 || n > MOST_POINTS)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "a load curve needs 2 to %d points a machine, not %zu",
                        MOST_POINTS, n);
    memcpy(points, machine->points, n * sizeof *points);
    qsort(points, n, sizeof *points, by_load);
    for (size_t k = 0; k < n; k++) powers[k] = points[k].power_ratio;
    make_monotone(powers, n);
    for (size_t k = 0; k < AJP_CURVE_KNOTS; k++) {
        double load = knot_load(k);
        while (i + 1 < n && points[i + 1].load_ratio < load) i++;
        if (load <= points[0].load_ratio)
            knots[k] = powers[0];
        else if (i + 1 >= n)
            knots[k] = powers[n - 1];
        else
            knots[k] =
                between(load, points[i].load_ratio, points[i + 1].load_ratio, powers[i], powers[i + 1]);
    }
    return AJ_OK;
}

/* Neither end may fall with load; both are only ever moved outwards for that. */
static void widen_to_monotone(ajp_load_curve *curve)
{
    for (size_t k = AJP_CURVE_KNOTS - 1; k > 0; k--)
        curve->knots[k - 1].low = fmin(curve->knots[k - 1].low, curve->knots[k].low);
    for (size_t k = 1; k < AJP_CURVE_KNOTS; k++)
        curve->knots[k].high = fmax(curve->knots[k].high, curve->knots[k - 1].high);
}

aj_status ajp_load_curve_fit(ajp_load_curve *out, const ajp_load_trace *machines, size_t n_machines,
                             aj_error *err)
{
    double mean[AJP_CURVE_KNOTS] = {0}, squares[AJP_CURVE_KNOTS] = {0}, knots[AJP_CURVE_KNOTS];
    double n = (double)n_machines;
    if (n_machines < 2)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "one machine says nothing about the next; give two or more");
    /* Welford's running mean and sum of squares. */
    for (size_t m = 0; m < n_machines; m++) {
        AJ_TRY(knots_of(&machines[m], knots, err));
        for (size_t k = 0; k < AJP_CURVE_KNOTS; k++) {
            double step = knots[k] - mean[k];
            mean[k] += step / (double)(m + 1);
            squares[k] += step * (knots[k] - mean[k]);
        }
    }
    make_monotone(squares, AJP_CURVE_KNOTS);
    double t = aj_student_quantile(coverage_ratio, n - 1);
    for (size_t k = 0; k < AJP_CURVE_KNOTS; k++) {
        double half = t * sqrt(squares[k] / (n - 1) * (1 + 1 / n));
        out->knots[k] = (ajp_band){fmax(mean[k] - half, 0), mean[k], mean[k] + half};
    }
    widen_to_monotone(out);
    return AJ_OK;
}

ajp_band ajp_load_curve_at(const ajp_load_curve *curve, double load_ratio)
{
    double load = fmin(fmax(load_ratio, 0), 1) * (AJP_CURVE_KNOTS - 1);
    size_t k = ajp_min_size((size_t)load, AJP_CURVE_KNOTS - 2);
    const ajp_band *a = &curve->knots[k], *b = a + 1;
    double part = load - (double)k;
    return (ajp_band){a->low + part * (b->low - a->low), a->middle + part * (b->middle - a->middle),
                      a->high + part * (b->high - a->high)};
}

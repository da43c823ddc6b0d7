/* device.c: the rows of devices.def, and the forms of their laws. */
#include "device.h"

#include <math.h>
#include <string.h>

static const ajp_device devices[] = {
#define DEVICE(id, name_, what_, source_, digitisation_, ...) \
    {.name = (name_), .what = (what_), .source = (source_), .digitisation = (digitisation_), __VA_ARGS__},
#include "devices.def"
#undef DEVICE
};

const ajp_device *ajp_device_get(size_t i)
{
    return i < AJP_N_DEVICES ? &devices[i] : NULL;
}

const ajp_device *ajp_device_find(const char *name)
{
    for (size_t i = 0; i < AJP_N_DEVICES; i++)
        if (strcmp(devices[i].name, name) == 0) return &devices[i];
    return NULL;
}

/* ---- curves --------------------------------------------------------------------------------------- */

static double polynomial(const double *c, size_t n, double u)
{
    double value = 0.0;
    for (size_t i = n; i-- > 0;) value = value * u + c[i];
    return value;
}

static double held(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

double ajp_curve_value(const ajp_curve *curve, double u)
{
    const double *c = curve->c;
    if (!(u >= 0.0)) return (double)NAN;
    switch (curve->form) {
    case AJP_CURVE_LOG_POLYNOMIAL:
        if (u < curve->split)
            return held(curve->slope * log(u) + curve->offset, curve->low, curve->high); /* ln 0: the limit */
        return polynomial(c, sizeof curve->c / sizeof c[0], u);
    case AJP_CURVE_POWER:
        return fmin(c[0] * pow(u, c[1]), c[2]);
    case AJP_CURVE_SATURATING:
        return -c[0] * expm1(-u / c[1]);
    case AJP_CURVE_LOG10:
        return c[0] * log10(u);
    case AJP_CURVE_NOT_DESCRIBED:
        break;
    }
    return (double)NAN;
}

/* A curve that gives a standard deviation, in siemens. Fits may cross 0 at an end of their range. */
static double spread_siemens(const ajp_device *d, const ajp_device_use *use, const ajp_curve *curve, double g)
{
    double scale = d->scaled_to_range ? use->g_max_siemens / d->g_max_siemens : 1.0;
    double u = d->scaled_to_range ? g / use->g_max_siemens : g / d->unit_siemens;
    double value = ajp_curve_value(curve, u) * d->unit_siemens * scale;
    return value < 0.0 ? 0.0 : value;
}

double ajp_device_programming_siemens(const ajp_device *d, const ajp_device_use *use, double target)
{
    return spread_siemens(d, use, &d->programming, target);
}

void ajp_device_nu(const ajp_device *d, const ajp_device_use *use, double target, double *mean,
                   double *stddev)
{
    *mean = ajp_curve_value(&d->nu_mean, target / use->g_max_siemens);
    *stddev = ajp_curve_value(&d->nu_stddev, target / use->g_max_siemens);
}

/* ---- time ----------------------------------------------------------------------------------------- */

/* The retention of a device at a time; false: there is none for it. */
static bool retention_at(const ajp_device *d, double seconds, ajp_retention_point *out)
{
    for (size_t i = 0; i < d->n_points; i++) {
        const ajp_retention_point *here = &d->points[i];
        if (seconds == here->seconds) {
            *out = *here;
            return true;
        }
        if (d->time != AJP_TIME_BETWEEN || i == 0 || seconds > here->seconds || seconds < here[-1].seconds)
            continue;
        double share = (seconds - here[-1].seconds) / (here->seconds - here[-1].seconds);
        *out = *here;
        for (size_t k = 0; k < sizeof out->spread.c / sizeof out->spread.c[0]; k++)
            out->spread.c[k] += (1.0 - share) * (here[-1].spread.c[k] - out->spread.c[k]);
        for (size_t k = 0; k < sizeof out->shift / sizeof out->shift[0]; k++)
            out->shift[k] += (1.0 - share) * (here[-1].shift[k] - out->shift[k]);
        return true;
    }
    return false;
}

static ajp_device_state retained(const ajp_device *d, const ajp_device_use *use, double target, double z)
{
    ajp_retention_point point;
    if (!retention_at(d, use->seconds, &point)) return (ajp_device_state){(double)NAN, (double)NAN};
    double u = target / d->unit_siemens;
    double shift = polynomial(point.shift, sizeof point.shift / sizeof point.shift[0], u);
    double mean = fmax(target + shift * d->unit_siemens, 0.0);
    double now = fmax(mean + spread_siemens(d, use, &point.spread, mean) * z, 0.0);
    return (ajp_device_state){now, now};
}

ajp_device_state ajp_device_draw(const ajp_device *d, const ajp_device_use *use, double target,
                                 double z_programming, double z_time)
{
    double low = d->held_to_range ? use->g_min_siemens : 0.0;
    double high = d->held_to_range ? use->g_max_siemens : INFINITY;
    if ((d->time == AJP_TIME_TABLE || d->time == AJP_TIME_BETWEEN) && use->seconds > 0.0)
        return retained(d, use, target, z_programming);
    double programmed = target + ajp_device_programming_siemens(d, use, target) * z_programming;
    ajp_device_state state = {held(programmed, low, high), held(programmed, low, high)};
    if (use->seconds == 0.0) return state;
    if (d->time == AJP_TIME_POWER) {
        double mean, stddev;
        ajp_device_nu(d, use, target, &mean, &stddev);
        state.now *= pow(1.0 + use->seconds / d->t0_seconds, -fabs(mean + stddev * z_time));
    } else if (d->time == AJP_TIME_LOG) {
        double ln = log(use->seconds);
        double change = d->shift * ln + (d->spread_slope * ln + d->spread) * z_time;
        state.now = held(state.programmed + change * d->unit_siemens, low, high);
    } else
        state.now = (double)NAN;
    return state;
}

double ajp_device_read_siemens(const ajp_device *d, const ajp_device_use *use, ajp_device_state state)
{
    double gathered = 1.0;
    if (!isnan(d->t_read_seconds)) {
        double t = use->seconds + (d->time == AJP_TIME_POWER ? d->t0_seconds : 0.0);
        double ratio = (t + d->t_read_seconds) / (2.0 * d->t_read_seconds);
        gathered = ratio > 1.0 ? sqrt(log(ratio)) : 0.0; /* nothing gathered before the first read is over */
    }
    if (!d->read_is_relative) return gathered * spread_siemens(d, use, &d->read, state.now);
    return gathered * state.now * ajp_curve_value(&d->read, state.programmed / use->g_max_siemens);
}

void ajp_drift_moments(double nu_mean, double nu_stddev, double time_ratio, double *mean, double *stddev)
{
    double l = log(time_ratio), moment[2] = {(double)NAN, (double)NAN};
    if (!(time_ratio >= 1.0) || !(nu_stddev >= 0.0) || isnan(nu_mean)) {
        *mean = *stddev = (double)NAN;
        return;
    }
    for (int k = 0; k < 2; k++) { /* E exp(-(k + 1) l |nu|) */
        double s = (k + 1) * l;
        if (nu_stddev == 0.0) {
            moment[k] = exp(-s * fabs(nu_mean));
            continue;
        }
        double half = 0.5 * s * s * nu_stddev * nu_stddev, ratio = nu_mean / nu_stddev;
        moment[k] = exp(half - s * nu_mean) * aj_normal_cdf(ratio - s * nu_stddev) +
                    exp(half + s * nu_mean) * aj_normal_cdf(-ratio - s * nu_stddev);
    }
    *mean = moment[0];
    *stddev = sqrt(fmax(moment[1] - moment[0] * moment[0], 0.0));
}

/* ---- use ------------------------------------------------------------------------------------------- */

static aj_status check_time(const ajp_device *d, double seconds, aj_error *err)
{
    ajp_retention_point point;
    if (!(seconds >= 0.0 && seconds < INFINITY))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: %g s since programming; a time is finite and 0 or more",
                        d->name, seconds);
    if (seconds == 0.0) return AJ_OK;
    if (d->time == AJP_TIME_NOT_DESCRIBED)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "%s has no law for %g s after programming; take 0 s, or a device that drifts",
                        d->name, seconds);
    if (d->time == AJP_TIME_LOG && seconds < 1.0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s is described from 1 s after programming on, not at %g s",
                        d->name, seconds);
    if (d->time == AJP_TIME_TABLE && !retention_at(d, seconds, &point))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "%s was measured after 1 s, 1 day (86400 s) and 2 days (172800 s) only, not %g s",
                        d->name, seconds);
    if (d->time == AJP_TIME_BETWEEN && !retention_at(d, seconds, &point))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s was measured to %g s after programming, not to %g s",
                        d->name, d->points[d->n_points - 1].seconds, seconds);
    return AJ_OK;
}

aj_status ajp_device_check(const ajp_device *d, const ajp_device_use *use, aj_error *err)
{
    double low = use->g_min_siemens, high = use->g_max_siemens;
    if (!(low >= 0.0) || !(high > low) || !(high < INFINITY))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "a conductance range of %g to %g S: it must begin at 0 or more and end above that",
                        low, high);
    double slack = 1e-9 * d->g_max_siemens;
    if (high > d->g_max_siemens + slack || low < d->g_min_siemens - slack)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "%s was characterised from %g to %g S, and is used from %g to %g S", d->name,
                        d->g_min_siemens, d->g_max_siemens, low, high);
    return check_time(d, use->seconds, err);
}

double ajp_generic_draw(ajp_error_scaling scaling, ajp_error_shape shape, double size_ratio, double g_max,
                        double target, double z)
{
    double unit = shape == AJP_ERROR_UNIFORM ? aj_normal_cdf(z) - 0.5 : z, scale = g_max;
    if (scaling == AJP_ERROR_PROPORTIONAL) scale = target;
    if (scaling == AJP_ERROR_INVERSE) scale = target > 0.0 ? g_max * (g_max / target) : 0.0;
    return fmax(target + size_ratio * scale * unit, 0.0);
}

/* ---- IR drop in closed form ------------------------------------------------------------------------ */

double ajp_ir_drop_share(double a)
{
    return a * (a * (0.05 * a - 0.2) + 0.5);
}

double ajp_ir_drop_position(size_t j, size_t n)
{
    double rest = 1.0 - (double)j / (double)n;
    return 1.0 - rest * rest;
}

void ajp_ir_drop_analytic(size_t n_rows, size_t n_cols, const double *weights, const double *x,
                          double wire_ratio, double strength, double *y)
{
    for (size_t i = 0; i < n_rows; i++) {
        double sum = 0.0, load = 0.0, drop = 0.0;
        for (size_t j = 0; j < n_cols; j++) {
            double product = weights[i * n_cols + j] * x[j];
            sum += product;
            load += fabs(product);
            drop += product * ajp_ir_drop_position(j, n_cols);
        }
        y[i] = sum - strength * ajp_ir_drop_share((double)n_cols / wire_ratio * load) * drop;
    }
}

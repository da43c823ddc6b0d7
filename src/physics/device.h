/* device.h: what a memory device does to the conductance it is asked to hold: error of programming, change
 * with time, noise of a read.  One row of devices.def is one published fit as one digitisation gives it; fits
 * of the same chip by two hands are two rows. */
#ifndef AJP_DEVICE_H
#define AJP_DEVICE_H

#include "../base/internal.h"

/* ---- curves: a number as a function of u >= 0 ---------------------------------------------------- */
typedef enum {
    AJP_CURVE_NOT_DESCRIBED,  /* NaN */
    AJP_CURVE_LOG_POLYNOMIAL, /* u < split: slope ln u + offset held to low ... high; else sum of c[i] u^i */
    AJP_CURVE_POWER,          /* min(c[0] u^c[1], c[2]) */
    AJP_CURVE_SATURATING,     /* c[0] (1 - exp(-u / c[1])) */
    AJP_CURVE_LOG10           /* c[0] log10 u */
} ajp_curve_form;

typedef struct {
    ajp_curve_form form;
    double split, slope, offset, low, high;
    double c[5];
} ajp_curve;
double ajp_curve_value(const ajp_curve *curve, double u);

/* ---- devices -------------------------------------------------------------------------------------- */
typedef enum {
    AJP_TIME_NOT_DESCRIBED,
    AJP_TIME_POWER,  /* g(t) = g (1 + t/t0)^-nu, nu = |mean + sd z|, mean and sd curves of the target */
    AJP_TIME_LOG,    /* g(t) = g + shift ln t + (spread_slope ln t + spread) z, t in seconds, from 1 s on */
    AJP_TIME_TABLE,  /* only at the tabulated times: the deviation from the target replaces that at t = 0 */
    AJP_TIME_BETWEEN /* as TABLE, coefficients by straight lines between the times */
} ajp_time_law;

typedef struct {
    double seconds;
    ajp_curve spread; /* sd of the deviation from the mean */
    double shift[11]; /* mean = u + sum of shift[i] u^i */
} ajp_retention_point;

typedef struct {
    const char *name, *what, *source, *digitisation;
    /* conductances that were characterised; a target outside is refused by ajp_device_check */
    double g_min_siemens, g_max_siemens;
    /* Curves of u: absolute rows have u = g / unit and results in `unit`; relative rows (scaled_to_range)
     * have u = g / (g_max in use) and results in `unit`, scaled by (g_max in use) / g_max_siemens. */
    bool scaled_to_range;
    double unit_siemens;
    ajp_curve programming; /* sd after programming */
    bool held_to_range;    /* results are held to the range in use, else only to >= 0 */
    ajp_time_law time;
    double t0_seconds; /* POWER: first read after programming; the read noise counts time from there too */
    ajp_curve nu_mean, nu_stddev;       /* POWER, of the relative target */
    double shift, spread_slope, spread; /* LOG, in unit */
    const ajp_retention_point *points;  /* TABLE, BETWEEN */
    size_t n_points;
    /* Noise of a read: sd = g(t) read(u) s (relative) or read(u) s (absolute, in unit), u from the
     * *programmed* conductance if relative and from g(t) if absolute; s = sqrt(ln((t0 + t + t_read) / (2
     * t_read))), the 1/f noise gathered since programming, or 1 where t_read is NaN. */
    ajp_curve read;
    bool read_is_relative;
    double t_read_seconds;
} ajp_device;

typedef enum {
#define DEVICE(id, name, ...) AJP_DEVICE_##id,
#include "devices.def"
#undef DEVICE
    AJP_N_DEVICES
} ajp_device_id;
const ajp_device *ajp_device_get(size_t i);          /* NULL at the end */
const ajp_device *ajp_device_find(const char *name); /* NULL: none of that name */

/* How a device is used. seconds: since programming (for POWER laws: since t0 after it). */
typedef struct {
    double g_min_siemens, g_max_siemens, seconds;
} ajp_device_use;
/* BAD_ARGUMENT: a range reversed or outside what was characterised, a time for which there is no law. Whoever
 * has passed it gets numbers from everything below. */
aj_status ajp_device_check(const ajp_device *device, const ajp_device_use *use, aj_error *err);

typedef struct {
    double programmed, now; /* siemens */
} ajp_device_state;
/* One device: the target, and two standard normals that are its own (for scaled noise, scaled normals). */
ajp_device_state ajp_device_draw(const ajp_device *device, const ajp_device_use *use, double target_siemens,
                                 double z_programming, double z_time);
/* Sd of its conductance as seen by one read; NaN = not described. */
double ajp_device_read_siemens(const ajp_device *device, const ajp_device_use *use, ajp_device_state state);
/* Sd after programming, before any clipping; of the exponent nu: mean and sd before the absolute value (NaN
 * where the device has no such law). */
double ajp_device_programming_siemens(const ajp_device *device, const ajp_device_use *use,
                                      double target_siemens);
void ajp_device_nu(const ajp_device *device, const ajp_device_use *use, double target_siemens, double *mean,
                   double *stddev);

/* Mean and sd of x^-|nu|, nu normal, x = 1 + t/t0 >= 1 (closed form: a folded normal's Laplace transform). */
void ajp_drift_moments(double nu_mean, double nu_stddev, double time_ratio, double *mean, double *stddev);

/* ---- a device of which only a size of error is known ----------------------------------------------- */
/* Error of size a (of the largest conductance): the same for all states, proportional to the conductance, or
 * to its inverse (a G_max^2 / G; none at G = 0).  NORMAL: a is the sd; UNIFORM: a is the whole width (sd a /
 * sqrt 12). As CrossSim's generic devices, except that a conductance below 0 is held to 0. */
typedef enum { AJP_ERROR_INDEPENDENT, AJP_ERROR_PROPORTIONAL, AJP_ERROR_INVERSE } ajp_error_scaling;
typedef enum { AJP_ERROR_NORMAL, AJP_ERROR_UNIFORM } ajp_error_shape;
double ajp_generic_draw(ajp_error_scaling scaling, ajp_error_shape shape, double size_ratio,
                        double g_max_siemens, double target_siemens, double z);

/* ---- IR drop in closed form ------------------------------------------------------------------------ */
/* aihwkit's fit (rpu_forward_backward_pass.h of IBM/aihwkit 4545f11): with n inputs,
 *   a_i = n / wire_ratio sum_j |w_ij| |x_j|,   c_i = a (a (0.05 a - 0.2) + 0.5),
 *   y_i <- y_i - strength c_i sum_j w_ij x_j (1 - (1 - j/n)^2)
 * wire_ratio: conductance of one wire segment per largest conductance of a cell.  The library's default,
 * 1 / (0.35 ohm * 5 uS) = 571429, is documented there as 5 mS; the number is that of 5 uS.
 * Input 0 is next to the ground of the columns. */
double ajp_ir_drop_share(double a);              /* c of a */
double ajp_ir_drop_position(size_t j, size_t n); /* 1 - (1 - j/n)^2 */
/* y[rows] of weights[rows][cols]: the law above, term by term. */
void ajp_ir_drop_analytic(size_t n_rows, size_t n_cols, const double *weights, const double *x,
                          double wire_ratio, double strength, double *y);

#endif

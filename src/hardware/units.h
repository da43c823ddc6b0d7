/* units.h: written units to SI, at the edge. */
#ifndef AJP_UNITS_H
#define AJP_UNITS_H

#include "hardware_ops.h"

/* value in `unit` -> SI value of the parameter.  Accepted: the parameter's SI unit with a prefix (f a p n u µ
 * m k M G T; Ki Mi Gi for bytes), eV for J, deg for rad, % for a ratio, dB for a *_transmission_ratio (an
 * insertion loss: positive dB give a ratio below 1), "" or "1" for a ratio or a count.  An empty unit on a
 * parameter that has one is refused. where: "file:line: " or "". */
aj_status ajp_unit_convert(double value, const char *unit, const ajp_param *param, const char *where,
                           double *out, aj_error *err);

#endif

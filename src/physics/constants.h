/* constants.h: constants.def as numbers for code: ajp_planck_joule_seconds and so on. */
#ifndef AJP_CONSTANTS_H
#define AJP_CONSTANTS_H

#define CONSTANT(id, name, value, uncertainty, unit, source) static const double ajp_##id = (value);
#include "constants.def"
#undef CONSTANT
static const double ajp_pi = 3.14159265358979323846;

#endif

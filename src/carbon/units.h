/* units.h: the scaled units of the papers and tables; SI inside. */
#ifndef AJP_CARBON_UNITS_H
#define AJP_CARBON_UNITS_H

#define AJP_JOULES_PER_KILOWATT_HOUR 3.6e6
#define AJP_SECONDS_PER_HOUR         3600.0
#define AJP_KILOGRAMS_PER_POUND      0.45359237 /* exact: international pound, 1959 */

#endif

/* quantity.h: numbers as people read them. Every function returns `text`; NaN is an em dash. */
#ifndef AJP_REPORT_QUANTITY_H
#define AJP_REPORT_QUANTITY_H

#include <stddef.h>

enum { AJP_QUANTITY_SIZE = 64 };
typedef struct {
    char text[AJP_QUANTITY_SIZE];
} ajp_number;

#define AJP_MISSING_TEXT "\xe2\x80\x94" /* em dash */

ajp_number ajp_quantity(double value, const char *unit); /* three digits with SI prefix: "128 zJ" */
ajp_number ajp_quantity_digits(double value, const char *unit, int digits);
ajp_number ajp_exact_quantity(double value, const char *unit); /* as many digits as were given, up to 9 */
ajp_number ajp_percent(double ratio, int decimals);            /* 0.881 -> "88.1" (no sign) */
ajp_number ajp_plain(double value, int digits);                /* significant digits, no prefix: "0.0224" */
ajp_number ajp_count_text(double value);                       /* 89400 -> "89 400" (narrow spaces) */

#endif

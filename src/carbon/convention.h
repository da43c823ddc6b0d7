/* convention.h: how hardware and hours become energy: one row of conventions.def, one function. */
#ifndef AJP_CONVENTION_H
#define AJP_CONVENTION_H

#include "carbon.h"

/* What a convention says when the user does not. */
typedef struct {
    const char *name, *summary;
    /* Average power before PUE into out->power_watts, assumptions into the notes. */
    aj_status (*power)(const aj_carbon *carbon, const aj_carbon_options *options, aj_carbon_result *out,
                       aj_error *err);
    double power_usage_effectiveness;
    const char *pue_source;
    double kilograms_co2e_per_joule; /* NaN = a zone has to be named */
    aj_basis basis;
    const char *factor_source;
    bool rounds; /* as ML CO2 Impact: two decimals at each step */
} ajp_convention;
/* NULL = "attojoule". NOT_FOUND lists the names. */
aj_status ajp_convention_find(const ajp_convention **out, const char *name, aj_error *err);

void ajp_note(aj_carbon_result *out, const char *format, ...) AJ_PRINTF(2, 3);

#endif

/* carbon.h: the parsed tables. */
#ifndef AJP_CARBON_H
#define AJP_CARBON_H

#include "attojoule/carbon.h"
#include "base/csv.h"

typedef struct {
    aj_carbon_row *rows;
    size_t n;
} ajp_rows;

enum { AJP_PUE, AJP_PRICES, AJP_EQUIVALENTS, AJP_EMBODIED, AJP_N_LISTS };
extern const char *const ajp_list_names[AJP_N_LISTS];

/* Cloud Carbon Footprint's watts of one virtual processor. */
typedef struct {
    const char *name, *source;
    double idle_watts, full_watts;
} ajp_vcpu_power;

struct aj_carbon {
    aj_context *context;
    ajp_arena arena;
    aj_zone_factor *factors;
    size_t n_factors, n_factors_capacity;
    ajp_rows lists[AJP_N_LISTS];
    aj_accelerator_power *accelerators;
    size_t n_accelerators;
    ajp_vcpu_power *vcpus;
    size_t n_vcpus;
};

/* By name, however it is written; NOT_FOUND lists all. */
aj_status ajp_vcpu_find(const aj_carbon *carbon, const char *name, const ajp_vcpu_power **out, aj_error *err);

/* Letters and digits of `text` in lower case, without "nvidia", "tesla", "geforce"; always terminated. */
void ajp_plain_name(const char *text, char *out, size_t size);
/* Edits between two words (Levenshtein 1966), both cut to 63 bytes. */
size_t ajp_edits(const char *a, const char *b);
/* Reads an intensity's unit: kilograms per joule of one unit; 0 when it is not known. */
double ajp_intensity_unit(const char *unit);

#endif

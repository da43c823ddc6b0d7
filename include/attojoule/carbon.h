/* carbon.h: from joules (or hardware and hours) to kilograms of CO2e and money.
 *
 * Factors and prices come from tables that are part of the library; every row has year, basis, source and
 * licence.  A factor has a basis (what it counts), and figures of different bases are never added.
 * Offsets are listed and never subtracted.  Money is in US dollars of the year of its source.
 */
#ifndef ATTOJOULE_CARBON_H
#define ATTOJOULE_CARBON_H

#include "attojoule/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* name in JSON and CSV, how a location-based figure made with it is called */
#define AJ_BASIS_LIST(X)                                                                              \
    X(DIRECT, "direct", "location-based (direct emissions of generation: scope 2)")                   \
    X(LIFECYCLE, "lifecycle", "location-based (lifecycle of the power plants: not scope 2)")          \
    X(CONSUMPTION, "consumption", "location-based (consumption mix with imports: not plain scope 2)") \
    X(UNSTATED, "unstated", "location-based (basis not stated by the source: not to be called scope 2)")
typedef enum {
#define AJ_BASIS_ENUM(id, name, label) AJ_BASIS_##id,
    AJ_BASIS_LIST(AJ_BASIS_ENUM)
#undef AJ_BASIS_ENUM
        AJ_BASIS_ANY
} aj_basis;
AJ_API const char *aj_basis_name(aj_basis basis);
AJ_API const char *aj_basis_label(aj_basis basis);
AJ_API bool aj_basis_from_name(const char *name, aj_basis *out); /* the four names and "any" */

/* One row of a table of zones. Strings live as long as the tables. */
typedef struct {
    const char *zone, *alias, *kind, *name; /* "FRA", "FR" or "", "country", "France" */
    double kilograms_co2e_per_joule;
    int year; /* 0 = the source does not say */
    aj_basis basis;
    const char *detail, *series, *source, *licence, *table;
    const char *sha256; /* of the whole table, 64 hex digits; NULL for what is in no table */
} aj_zone_factor;

/* A row of prices, PUE, equivalents or embodied carbon: `value` in SI and dollars, `unit` says which. */
typedef struct {
    const char *item, *offer; /* offer: "on-demand", a provider's site; else "" */
    double value;
    const char *unit; /* "USD/s", "USD/J", "USD/kg", "kgCO2e", "1" */
    int year;
    const char *basis, *source, *licence;
    const char *sha256; /* as in aj_zone_factor */
} aj_carbon_row;

/* Watts of one accelerator: board limit and, where published, the measured average of the whole system per
 * chip with its relative spread. NaN = not known. */
typedef struct {
    const char *name;
    double tdp_watts, average_watts, average_spread_ratio;
    int year;
    const char *basis, *source, *licence;
} aj_accelerator_power;

typedef struct aj_carbon aj_carbon;

/* zones_csv, prices_csv: files of the user in the form of tables/zones-*.csv and tables/prices.csv, or NULL;
 * their rows go before the shipped ones.  CORRUPT names file, line and column. */
AJ_API AJ_MUST_USE aj_status aj_carbon_open(aj_carbon **out, aj_context *context, const char *zones_csv,
                                            const char *prices_csv, aj_error *err);
AJ_API void aj_carbon_close(aj_carbon *carbon); /* NULL allowed */

AJ_API size_t aj_carbon_n_factors(const aj_carbon *carbon);
AJ_API const aj_zone_factor *aj_carbon_factor(const aj_carbon *carbon, size_t i); /* NULL at the end */
/* The factor of a zone ("FR", "FRA", "France", "US-CA", "eGRID-CAMX", "CA-QC", "gcp/us-central1", "aws/...",
 * "azure/FR") in a basis (ANY: a stated one before an unstated, then the newest).  `spread_ratio` (NULL
 * allowed): relative standard deviation between the series of this zone, basis and (within two years)
 * time, NaN when there is only one.  NOT_FOUND names the nearest zones. */
AJ_API AJ_MUST_USE aj_status aj_carbon_find_zone(const aj_carbon *carbon, const char *zone, aj_basis basis,
                                                 aj_zone_factor *out, double *spread_ratio, aj_error *err);
/* "V100 SXM2", "v100sxm2", "NVIDIA P40"; NOT_FOUND and BAD_ARGUMENT (several fit) name candidates. */
AJ_API AJ_MUST_USE aj_status aj_carbon_find_accelerator(const aj_carbon *carbon, const char *name,
                                                        aj_accelerator_power *out, aj_error *err);
/* Rows of a list: "pue", "prices", "equivalents", "embodied"; NULL at the end and for any other list. */
AJ_API const aj_carbon_row *aj_carbon_row_at(const aj_carbon *carbon, const char *list, size_t i);
/* First row with this item (and offer, unless NULL); NULL when there is none. */
AJ_API const aj_carbon_row *aj_carbon_find_row(const aj_carbon *carbon, const char *list, const char *item,
                                               const char *offer);
/* The text of shipped table i, its name and size; NULL at the end. Not terminated. */
AJ_API const char *aj_carbon_table(size_t i, const char **name, size_t *size);

/* ---- hourly intensity ------------------------------------------------------------------------- */

/* A CSV with the columns `timestamp` (2024-05-01T13:00Z, UTC, ascending) and `gco2_kwh`: each value holds
 * from its timestamp to the next; the last one as long as the one before. */
typedef struct aj_hourly aj_hourly;
AJ_API AJ_MUST_USE aj_status aj_hourly_open(aj_hourly **out, aj_context *context, const char *path,
                                            aj_error *err);
AJ_API void aj_hourly_close(aj_hourly *hourly);
/* Seconds since 1970 of "2024-05-01T13:00[:00][Z]"; false when it is none. */
AJ_API bool aj_time_parse(const char *text, double *out_seconds);
/* Mean intensity over [start, start + duration) for a constant load; BAD_ARGUMENT when the file does not
 * cover it. */
AJ_API AJ_MUST_USE aj_status aj_hourly_mean(const aj_hourly *hourly, double start_seconds,
                                            double duration_seconds, double *kilograms_co2e_per_joule,
                                            aj_error *err);

AJ_API const char *aj_hourly_sha256(const aj_hourly *hourly); /* of the file; lives as long as `hourly` */
/* How a run's energy came over time: sums of joules at `seconds` since its start, both ascending, n >= 2,
 * linear between two of them. */
typedef struct {
    const double *seconds, *joules;
    size_t n;
} aj_load;
/* Mean intensity of a load that begins at `start_seconds`, weighted by its joules (by time where it has
 * none). BAD_ARGUMENT: the file does not cover it, or the load goes back. */
AJ_API AJ_MUST_USE aj_status aj_hourly_weighted(const aj_hourly *hourly, double start_seconds,
                                                const aj_load *load, double *kilograms_co2e_per_joule,
                                                aj_error *err);
/* The start from `from_seconds` to `until_seconds` with the least intensity, the earliest of equals: `from`
 * itself or the begin of a row, so that the load ends within the file.  BAD_ARGUMENT: there is none. */
AJ_API AJ_MUST_USE aj_status aj_hourly_best(const aj_hourly *hourly, double from_seconds,
                                            double until_seconds, const aj_load *load, double *start_seconds,
                                            double *kilograms_co2e_per_joule, aj_error *err);

/* ---- the account ------------------------------------------------------------------------------ */

/* A convention is how somebody turns hardware and hours into carbon; NULL at the end. */
AJ_API const char *aj_convention_name(size_t i, const char **summary);

/* A value that is not known. */
#define AJ_UNKNOWN ((double)__builtin_nanf(""))

typedef struct {
    size_t struct_size;
    const char *convention; /* NULL = "attojoule" */
    /* The energy: measured (value not NaN), or hardware x hours. */
    aj_estimate energy_joules; /* before PUE */
    const char *accelerator;   /* NULL = none */
    double n_accelerators;
    double accelerator_watts;     /* average of one; NaN = from the table */
    double cpu_watts, dram_watts; /* of the whole machine */
    double memory_bytes;          /* green-algorithms and cloud-carbon-footprint price it */
    double utilization_ratio;     /* NaN = 1; of vCPUs 0.5 */
    double duration_seconds;
    /* The place. NaN and NULL = the convention's own, else PUE 1.56 (unknown site). */
    double power_usage_effectiveness;
    const char *provider; /* row of the PUE table: "aws", "gcp", ... */
    const char *zone;     /* NULL = the convention's own; attojoule needs one for carbon, else NaN */
    aj_basis basis;
    const aj_hourly *hourly; /* instead of the zone's yearly factor; `basis` says its basis */
    double start_seconds;
    aj_load load; /* n 0: constant over duration_seconds */
    /* Contracts. */
    double contract_ratio;                    /* share of the energy under contracts with zero emissions */
    double residual_kilograms_co2e_per_joule; /* residual mix; NaN = not known: the grid's factor is used */
    aj_basis residual_basis;                  /* must be that of the grid's factor */
    double offsets_kilograms_co2e;            /* listed, never subtracted */
    /* Money. NaN = from the price table. */
    double fee_dollars_per_kilogram_co2e;
    double electricity_dollars_per_joule;
    bool fee_on_market; /* else on the location-based figure (gross) */
    /* Embodied carbon, SCI: M = total * (time / life) * share. total NaN = not asked for. */
    double embodied_kilograms_co2e, embodied_life_seconds, embodied_share_ratio;
    double n_units; /* functional units R of the SCI score; NaN = none */
    /* cloud-carbon-footprint: virtual processors, and a row of tables/cpu-vcpu-power.csv ("Cascade Lake"). */
    double n_vcpus;
    const char *cpu_family;
} aj_carbon_options;
#define AJ_CARBON_OPTIONS_INIT                                                                               \
    {                                                                                                        \
        sizeof(aj_carbon_options), NULL, {AJ_UNKNOWN, AJ_UNKNOWN, AJ_ASSUMED}, NULL, 1, AJ_UNKNOWN, 0, 0, 0, \
            AJ_UNKNOWN, 0, AJ_UNKNOWN, NULL, NULL, AJ_BASIS_ANY, NULL, AJ_UNKNOWN, {NULL, NULL, 0}, 0,       \
            AJ_UNKNOWN, AJ_BASIS_ANY, 0, AJ_UNKNOWN, AJ_UNKNOWN, false, AJ_UNKNOWN, AJ_UNKNOWN, 1,           \
            AJ_UNKNOWN, 0, NULL                                                                              \
    }

typedef struct {
    const char *convention;
    aj_estimate power_watts;     /* average, before PUE; NaN when energy was given */
    aj_estimate energy_joules;   /* before PUE */
    aj_estimate facility_joules; /* with PUE */
    double power_usage_effectiveness;
    char pue_source[160];
    aj_zone_factor factor; /* zone NULL: no factor */
    double spread_ratio;   /* of the factor, NaN = not known */
    aj_basis basis;
    aj_estimate location_kilograms_co2e, market_kilograms_co2e;
    bool residual_known;
    double offsets_kilograms_co2e;
    aj_estimate embodied_kilograms_co2e;
    aj_estimate sci_kilograms_co2e; /* per functional unit, location-based, embodied included */
    aj_estimate electricity_dollars, fee_dollars;
    bool fee_on_market;
    double cloud_low_dollars, cloud_high_dollars; /* pre-emptible, on-demand; NaN = no price */
    char notes[8][240];                           /* what was assumed, one sentence each */
    size_t n_notes;
} aj_carbon_result;

/* BAD_ARGUMENT: a value out of range, or a ratio of bases that differ (MISMATCH). */
AJ_API AJ_MUST_USE aj_status aj_carbon_account(const aj_carbon *carbon, const aj_carbon_options *options,
                                               aj_carbon_result *out, aj_error *err);
/* Sum of the location-based figures; MISMATCH when their bases differ. Origin: the worst; the standard
 * deviations are added as of independent errors, NaN when one is not known. */
AJ_API AJ_MUST_USE aj_status aj_carbon_sum(const aj_carbon_result *results, size_t n, aj_estimate *out,
                                           aj_basis *basis, aj_error *err);
/* SCI v1.1 (ISO/IEC 21031): M = total * (time / life) * share of the hardware that is reserved. */
AJ_API double aj_embodied_kilograms_co2e(double total_kilograms_co2e, double duration_seconds,
                                         double life_seconds, double share_ratio);
/* CO2 emitted by the load that clean supply does not cover, per interval: sum of max(0, load - clean) *
 * residual (hourly matching); with `annual`, of the totals. Annual is never above hourly. */
AJ_API double aj_matched_kilograms_co2e(const double *load_joules, const double *clean_joules, size_t n,
                                        double residual_kilograms_co2e_per_joule, bool annual);

/* ---- the papers ------------------------------------------------------------------------------- */

/* One printed number of a table and the same recomputed from the table's other columns. */
typedef struct {
    const char *table, *row, *quantity, *unit;
    double printed, recomputed; /* in `unit`; recomputed NaN = an input, taken from elsewhere */
    double resolution;          /* of the last printed digit */
    const char *note;           /* or NULL */
} aj_paper_cell;
/* A place where the paper contradicts itself or its successor. */
typedef struct {
    const char *unit, *text;
    double printed, recomputed; /* printed NaN = the paper is silent where it should not be */
} aj_paper_conflict;
typedef struct {
    const char *name, *cite, *equations;
    aj_paper_cell cells[160];
    size_t n_cells;
    aj_paper_conflict conflicts[16];
    size_t n_conflicts;
} aj_paper;
/* "reproduced" (to the last printed digit), "close" (within 1 %), "differs", "input". */
AJ_API const char *aj_paper_verdict(const aj_paper_cell *cell);
/* i-th known paper; NULL at the end. */
AJ_API const char *aj_paper_name(size_t i);
AJ_API AJ_MUST_USE aj_status aj_paper_recompute(aj_paper *out, const char *name, aj_error *err);

#ifdef __cplusplus
}
#endif
#endif

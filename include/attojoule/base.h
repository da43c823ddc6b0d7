/* base.h: what every other header stands on: errors, the context, progress, statistics, energy.
 *
 * Units: SI everywhere; a physical double carries its unit in its name.
 * Threads: objects are single-owner; nothing here has global state.  An aj_context may be used by one
 *   calling thread at a time (it spreads the work over its own pool).
 * Missing values are NaN (null in JSON), never 0.
 */
#ifndef ATTOJOULE_BASE_H
#define ATTOJOULE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AJ_VERSION_STRING "0.1.0"

#if defined(__GNUC__)
#define AJ_API                         __attribute__((visibility("default")))
#define AJ_MUST_USE                    __attribute__((warn_unused_result))
#define AJ_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#else
#define AJ_API
#define AJ_MUST_USE
#define AJ_PRINTF(format_at, first_at)
#endif

/* ---- errors ---------------------------------------------------------------------------------- */

/* name, code, what it means.  Codes are stable. */
#define AJ_STATUS_LIST(X)                                                                             \
    X(OK, 0, "success")                                                                               \
    X(BAD_ARGUMENT, 1, "a value was out of its range or two values contradict each other")            \
    X(NOT_FOUND, 2, "a file, preset, data set or key does not exist")                                 \
    X(DENIED, 3, "the operating system refused access")                                               \
    X(IO, 4, "reading or writing failed (disk full, device error)")                                   \
    X(CORRUPT, 5, "a file breaks its own format")                                                     \
    X(UNSUPPORTED, 6, "valid, but not something this version can do")                                 \
    X(NO_MEMORY, 7, "memory ran out, or a size in a file asks for more than the limit")               \
    X(INTERRUPTED, 8, "the progress callback asked to stop")                                          \
    X(MISMATCH, 9, "two things that must agree do not (a model and its data, a file and its resume)") \
    X(NOT_MET, 10, "a budget or a bar was not met")

typedef enum {
#define AJ_STATUS_ENUM(name, code, text) AJ_##name = (code),
    AJ_STATUS_LIST(AJ_STATUS_ENUM)
#undef AJ_STATUS_ENUM
} aj_status;

/* "BAD_ARGUMENT" and its text; never NULL, for unknown codes as well.  Static storage. */
AJ_API const char *aj_status_name(aj_status status);
AJ_API const char *aj_status_text(aj_status status);

/* Caller-owned, optional (NULL) last argument of everything that can fail.  `message` is one sentence that
 * names the file, key, node or row and says what to do.  Untouched on success. */
typedef struct {
    aj_status status;
    int system_errno; /* 0 when no system call failed */
    char message[512];
} aj_error;

/* ---- context --------------------------------------------------------------------------------- */

/* Instruction set of the numerical kernels.  All give the same bits. */
typedef enum { AJ_ISA_AUTO = 0, AJ_ISA_SCALAR, AJ_ISA_AVX2, AJ_ISA_AVX512 } aj_isa;
AJ_API const char *aj_isa_name(aj_isa isa);
/* "avx512", "avx2", "scalar", "auto"; false for anything else. */
AJ_API bool aj_isa_from_name(const char *name, aj_isa *out);
AJ_API bool aj_isa_supported(aj_isa isa);

/* alloc returns NULL when memory ran out; size > 0; the pointer is aligned to 64 bytes. */
typedef struct {
    void *(*alloc)(void *user, size_t size);
    void (*free)(void *user, void *pointer);
    void *user;
} aj_allocator;

/* One step of a long piece of work. `n_total` 0 = not known. */
typedef struct {
    const char *what; /* "sweep", "epoch"; borrowed for the call */
    uint64_t n_done, n_total;
    const char *unit; /* "samples", "points" */
    double elapsed_seconds;
    double rate_per_second;   /* NaN until known */
    double remaining_seconds; /* NaN until known */
    const char *note;         /* a short addition, or NULL */
} aj_progress_event;

/* Called from the thread that called the library, at most some ten times a second and once at the end of a
 * piece of work.  Return false to stop: the work ends with AJ_INTERRUPTED and keeps what was finished. */
typedef struct {
    bool (*update)(void *user, const aj_progress_event *event);
    void *user;
} aj_progress;

/* Writes "sweep 3/9 points  1.2 points/s  5 s left  note" (no newline) into text; always terminated. */
AJ_API void aj_progress_format(const aj_progress_event *event, char *text, size_t size);

typedef struct aj_context aj_context;
typedef struct {
    size_t struct_size; /* set by the INIT macro */
    unsigned n_threads; /* 0 = as many as the process may run on */
    aj_isa isa;
    aj_allocator allocator;    /* alloc NULL = the C library's */
    aj_progress progress;      /* update NULL = silent */
    const char *data_root;     /* folder searched first for data sets; NULL = none; copied */
    size_t memory_limit_bytes; /* a network that needs more memory to run is refused before it starts; 0 =
                                  none */
} aj_context_options;
#define AJ_CONTEXT_OPTIONS_INIT                                                               \
    {                                                                                         \
        sizeof(aj_context_options), 0, AJ_ISA_AUTO, {NULL, NULL, NULL}, {NULL, NULL}, NULL, 0 \
    }

/* On failure *out is NULL.  UNSUPPORTED: the asked instruction set is not on this machine. */
AJ_API AJ_MUST_USE aj_status aj_context_create(aj_context **out, const aj_context_options *options,
                                               aj_error *err);
AJ_API void aj_context_destroy(aj_context *context); /* NULL allowed; destroy what was made with it first */
AJ_API unsigned aj_context_threads(const aj_context *context);
AJ_API aj_isa aj_context_isa(const aj_context *context);

/* ---- statistics ------------------------------------------------------------------------------ */

/* Pairwise sum over fixed blocks of 256, in double: does not depend on threads. */
AJ_API double aj_sum(const double *values, size_t n);

/* Mean, sample standard deviation and Student's 95 % interval of the mean.  For n = 1 stddev and ci95 are
 * NaN, for n = 0 everything is. */
typedef struct {
    double mean, stddev, ci95_low, ci95_high;
    size_t n;
} aj_summary;
AJ_API aj_summary aj_summarize(const double *values, size_t n);
/* Quantile of values in ascending order, between them by straight lines (Hyndman and Fan 1996, type 7). */
AJ_API double aj_quantile(const double *ascending, size_t n, double probability);
/* Expected best of n trials drawn from n_values results in ascending order: sum of v_(i) w_i.  With
 * replacement, w_i = (i/N)^n - ((i-1)/N)^n (Dodge et al. 2019, "Show Your Work", 3.1: biased low); unbiased,
 * w_i = C(i-1, n-1) / C(N, n) (Tang et al. 2020, ACL, 3).  NaN for n = 0, for values that do not ascend, and
 * unbiased for n > N. */
AJ_API double aj_expected_best(const double *ascending, size_t n_values, size_t n, bool unbiased);
/* Share of the variance that lies between the groups (sum of squares between groups / total): groups[i] is
 * the number of the group of value i.  NaN when all values are equal.  Of pure noise in k groups its mean is
 * (k - 1) / (n - 1): compare with it. */
AJ_API double aj_variance_share(const double *values, const size_t *groups, size_t n);
/* Two-sided Student quantile: P(|T| <= t) = probability, n_degrees >= 1.  Inverse of the incomplete beta
 * function by bisection (Abramowitz and Stegun 26.7.1, 26.5.27). */
AJ_API double aj_student_quantile(double probability, double n_degrees);
/* Standard normal distribution function and its inverse (Wichura 1988, AS 241, relative error 1e-15). */
AJ_API double aj_normal_cdf(double x);
AJ_API double aj_normal_quantile(double probability);

/* Philox4x32-10, Salmon, Moraes, Dror, Shaw, SC'11, doi:10.1145/2063384.2063405. */
AJ_API void aj_philox4x32(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4]);

/* ---- energy ---------------------------------------------------------------------------------- */

/* measured by a sensor, modelled from laws and prices, or assumed.  Of a sum: the worst of its parts. */
typedef enum { AJ_MEASURED = 0, AJ_MODELLED, AJ_ASSUMED } aj_origin;
AJ_API const char *aj_origin_name(aj_origin origin);

typedef struct {
    double value, stddev; /* stddev NaN = not known */
    aj_origin origin;
} aj_estimate;

/* The causes of an energy account: disjoint, their sum is the boundary `system`; LASER ... STATIC make
 * `accelerator`. name in JSON, what it covers. */
#define AJ_CAUSE_LIST(X)                                                                                  \
    X(LASER, "laser", "light at the source, wall plug included, also while no symbol is sent")            \
    X(MODULATOR, "modulator",                                                                             \
      "encoding one symbol on light (and its converter and driver where one price covers all)")           \
    X(DRIVER, "driver", "electrical drivers of modulators and lines, where priced apart")                 \
    X(ARRAY, "array", "the multiplication itself: MAC units, crossbar cells")                             \
    X(PROGRAMMING, "programming", "writing weights into the array")                                       \
    X(RECEIVER, "receiver", "detectors, integrators and amplifiers")                                      \
    X(ADC, "adc", "analog to digital conversion of results")                                              \
    X(DAC, "dac", "digital to analog conversion of symbols, where priced apart")                          \
    X(TUNING, "tuning", "holding phases and resonances")                                                  \
    X(DIGITAL, "digital", "bias, activation, scaling, partial sums and everything left to digital logic") \
    X(SRAM, "sram", "on-chip memory traffic")                                                             \
    X(LINK, "link", "data carried between chips")                                                         \
    X(STATIC, "static", "power drawn as long as the accelerator is reserved")                             \
    X(DRAM, "dram", "off-chip memory traffic")                                                            \
    X(HOST, "host", "the computer that feeds the accelerator")                                            \
    X(FACILITY, "facility", "cooling and power supply of the building: PUE - 1 times the rest")

typedef enum {
#define AJ_CAUSE_ENUM(name, text, covers) AJ_CAUSE_##name,
    AJ_CAUSE_LIST(AJ_CAUSE_ENUM)
#undef AJ_CAUSE_ENUM
        AJ_N_CAUSES
} aj_cause;
AJ_API const char *aj_cause_name(aj_cause cause);
AJ_API const char *aj_cause_covers(aj_cause cause);

typedef enum { AJ_OPTICAL = 0, AJ_ACCELERATOR, AJ_SYSTEM, AJ_N_BOUNDARIES } aj_boundary;
AJ_API const char *aj_boundary_name(aj_boundary boundary);

/* Energy of one inference.  A cause that does not exist on this hardware has its bit clear in `applies` and
 * is skipped; one that exists but is not described is NaN and makes its boundaries NaN. */
typedef struct {
    double optical_joules; /* light at the detectors; NaN for hardware without light; a part of LASER */
    double cause_joules[AJ_N_CAUSES];
    uint32_t applies; /* bit c: cause c exists on this hardware */
} aj_energy;

AJ_API aj_energy aj_energy_none(void); /* nothing applies, optical NaN */
AJ_API void aj_energy_set(aj_energy *energy, aj_cause cause, double joules); /* marks it as applying */
/* Adds `joules` to a cause; NaN stays NaN. */
AJ_API void aj_energy_add(aj_energy *energy, aj_cause cause, double joules);
AJ_API double aj_energy_boundary(const aj_energy *energy, aj_boundary boundary);
/* Sum of the causes that are described; NaN when none is. */
AJ_API double aj_energy_described(const aj_energy *energy);
/* What hardwares are ranked by: the first of accelerator, system, optical that is a number; NaN and
 * *boundary = AJ_N_BOUNDARIES when none is. */
AJ_API double aj_energy_judged(const aj_energy *energy, aj_boundary *boundary);
/* The cause that costs most (facility, a multiple of the rest, is left out), and its share of the described
 * causes without facility; AJ_N_CAUSES and NaN when none is described or all are 0. */
AJ_API aj_cause aj_energy_largest(const aj_energy *energy, double *share_ratio);

#ifdef __cplusplus
}
#endif
#endif

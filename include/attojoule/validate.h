/* validate.h: published numbers, recomputed: what was claimed, what this library gets, and a verdict. */
#ifndef ATTOJOULE_VALIDATE_H
#define ATTOJOULE_VALIDATE_H

#include <stdio.h>

#include "attojoule/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* name in JSON, what it means */
#define AJ_VERDICT_LIST(X)                                                                                \
    X(REPRODUCED, "reproduced", "every value lies within its tolerance")                                  \
    X(BOUNDED, "bounded", "true within the limits that stand beside it")                                  \
    X(CORRECTED, "corrected", "not true as it was said; what holds instead stands beside it")             \
    X(NOT_REPRODUCIBLE, "not reproducible here", "needs what nobody can take from here; the reason says") \
    X(SKIPPED, "skipped", "data, hardware or time that it needs were not given; the reason says")         \
    X(FAILED, "not met", "a value lies outside its tolerance")
typedef enum {
#define AJ_VERDICT_ENUM(name, text, means) AJ_VERDICT_##name,
    AJ_VERDICT_LIST(AJ_VERDICT_ENUM)
#undef AJ_VERDICT_ENUM
        AJ_N_VERDICTS
} aj_verdict;
AJ_API const char *aj_verdict_name(aj_verdict verdict);
AJ_API const char *aj_verdict_means(aj_verdict verdict);

/* How ours is held against theirs. */
typedef enum {
    AJ_WITHIN_ABSOLUTE, /* |ours - printed| <= tolerance */
    AJ_WITHIN_RELATIVE, /* |ours - printed| <= tolerance |printed| */
    AJ_AT_MOST,         /* ours <= printed */
    AJ_AT_LEAST,        /* ours >= printed */
    AJ_SHOWN            /* for the reader; nothing is checked */
} aj_validation_check;

typedef struct {
    const char *what, *unit;
    double printed, value;  /* theirs (NaN: there is none) and ours */
    double tolerance_ratio; /* relative, or in the unit where the check is absolute */
    aj_validation_check check;
    bool met;
} aj_validation_value;

typedef struct {
    const char *id, *claim, *source;
    bool needs_data, is_long; /* needs a data set and a network; minutes rather than seconds */
    aj_verdict verdict;
    const char *note; /* the reason, or what else a reader must know; NULL: nothing */
    const aj_validation_value *values;
    size_t n_values;
} aj_validation_row;

typedef struct {
    void *memory; /* owns everything below */
    aj_validation_row *rows;
    size_t n_rows, n_failed;
} aj_validation;

typedef struct {
    size_t struct_size;
    const char *only;    /* one id, or several separated by commas; NULL = all */
    bool long_rows;      /* also those that take minutes */
    const char *network; /* the published network of Wang et al. 2022 as ONNX; NULL = looked for in
                            data_root/models and $AJ_DATA/models */
} aj_validate_options;
#define AJ_VALIDATE_OPTIONS_INIT                       \
    {                                                  \
        sizeof(aj_validate_options), NULL, false, NULL \
    }

/* All fixed seeds: the same numbers every time. BAD_ARGUMENT: `only` names what is no row. A row that fails
 * is a verdict, not an error. The progress callback sees "validate" in rows. */
AJ_API AJ_MUST_USE aj_status aj_validate(aj_validation *out, aj_context *context,
                                         const aj_validate_options *options, aj_error *err);
AJ_API void aj_validation_destroy(aj_validation *validation); /* NULL and zeroed ones allowed */
/* The rows there are, by number; false at the end. */
AJ_API bool aj_validation_claim(size_t i, const char **id, const char **claim);
/* format: "table", "markdown" (docs/validation.md) or "json". */
AJ_API AJ_MUST_USE aj_status aj_validation_write(FILE *stream, const char *format,
                                                 const aj_validation *validation, aj_error *err);

#ifdef __cplusplus
}
#endif
#endif

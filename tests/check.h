/* check.h: the checks of all tests. Each evaluates once, prints both sides, and makes main return 1. */
#ifndef AJ_CHECK_H
#define AJ_CHECK_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_failures;
static long check_count;

#define CHECK(condition)                                                            \
    do {                                                                            \
        check_count++;                                                              \
        if (!(condition)) {                                                         \
            check_failures++;                                                       \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
        }                                                                           \
    } while (0)

/* got within relative rel of want; NaN fails. */
#define CHECK_CLOSE(got, want, rel)                                                                       \
    do {                                                                                                  \
        double g_ = (double)(got), w_ = (double)(want), r_ = (double)(rel);                               \
        check_count++;                                                                                    \
        if (!(fabs(g_ - w_) <= r_ * fabs(w_))) {                                                          \
            check_failures++;                                                                             \
            fprintf(stderr, "%s:%d: %s = %.9g, want %.9g within relative %g\n", __FILE__, __LINE__, #got, \
                    g_, w_, r_);                                                                          \
        }                                                                                                 \
    } while (0)

/* got within absolute distance of want; NaN fails. */
#define CHECK_NEAR(got, want, distance)                                                                   \
    do {                                                                                                  \
        double g_ = (double)(got), w_ = (double)(want), d_ = (double)(distance);                          \
        check_count++;                                                                                    \
        if (!(fabs(g_ - w_) <= d_)) {                                                                     \
            check_failures++;                                                                             \
            fprintf(stderr, "%s:%d: %s = %.9g, want %.9g +- %g\n", __FILE__, __LINE__, #got, g_, w_, d_); \
        }                                                                                                 \
    } while (0)

#define CHECK_INT(got, want)                                                                    \
    do {                                                                                        \
        long long g_ = (long long)(got), w_ = (long long)(want);                                \
        check_count++;                                                                          \
        if (g_ != w_) {                                                                         \
            check_failures++;                                                                   \
            fprintf(stderr, "%s:%d: %s = %lld, want %lld\n", __FILE__, __LINE__, #got, g_, w_); \
        }                                                                                       \
    } while (0)

#define CHECK_STRING(got, want)                                                            \
    do {                                                                                   \
        const char *g_ = (got), *w_ = (want);                                              \
        check_count++;                                                                     \
        if (g_ == NULL || strcmp(g_, w_) != 0) {                                           \
            check_failures++;                                                              \
            fprintf(stderr, "%s:%d: %s = \"%s\", want \"%s\"\n", __FILE__, __LINE__, #got, \
                    g_ ? g_ : "(null)", w_);                                               \
        }                                                                                  \
    } while (0)

/* text contains part: for messages that must name a file, key or node. */
#define CHECK_CONTAINS(text, part)                                                         \
    do {                                                                                   \
        const char *g_ = (text), *w_ = (part);                                             \
        check_count++;                                                                     \
        if (g_ == NULL || strstr(g_, w_) == NULL) {                                        \
            check_failures++;                                                              \
            fprintf(stderr, "%s:%d: \"%s\" does not contain \"%s\"\n", __FILE__, __LINE__, \
                    g_ ? g_ : "(null)", w_);                                               \
        }                                                                                  \
    } while (0)

/* Calls that must succeed; prints the error's sentence. */
#define CHECK_OK(call, err)                                                                       \
    do {                                                                                          \
        aj_status s_ = (call);                                                                    \
        check_count++;                                                                            \
        if (s_ != AJ_OK) {                                                                        \
            check_failures++;                                                                     \
            fprintf(stderr, "%s:%d: %s: %s: %s\n", __FILE__, __LINE__, #call, aj_status_name(s_), \
                    (err).message);                                                               \
        }                                                                                         \
    } while (0)

#define CHECK_SKIP(reason)            \
    do {                              \
        printf("SKIP: %s\n", reason); \
        exit(77);                     \
    } while (0)

static inline int check_report(void)
{
    printf("%ld checks, %d failures\n", check_count, check_failures);
    return check_failures == 0 && check_count > 0 ? 0 : 1;
}

/* The shared data pack: $AJ_TEST_DATA, else "shared/data" beside the source tree. NULL when it is not there.
 */
static inline const char *check_data_pack(void)
{
    static char path[4096];
    const char *given = getenv("AJ_TEST_DATA"), *source = getenv("AJ_SOURCE_DIR");
    if (given != NULL) return given;
    snprintf(path, sizeof path, "%s/../shared/data", source != NULL ? source : ".");
    FILE *readme = NULL;
    char probe[4200];
    snprintf(probe, sizeof probe, "%s/README.md", path);
    readme = fopen(probe, "r");
    if (readme == NULL) return NULL;
    fclose(readme);
    return path;
}

#endif

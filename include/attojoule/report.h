/* report.h: records as documents: tables for the terminal, CSV, JSON lines, one self-contained HTML page,
 * figures. */
#ifndef ATTOJOULE_REPORT_H
#define ATTOJOULE_REPORT_H

#include <stdio.h>

#include "attojoule/base.h"
#include "attojoule/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A format is one row of formats.def: "table" (<= 100 columns), "csv", "json" (one line a record),
 * "markdown", "latex" (to \input, no packages), "html". */
AJ_API const char *aj_report_format(size_t i, const char **summary); /* NULL at the end */

typedef struct {
    size_t struct_size;
    const char *title;   /* NULL = made from the records */
    bool per_layer;      /* one row a product too */
    bool explain;        /* law, assumptions, parameters with sources */
    const char *command; /* how it was made, shown in documents; NULL = left out */
} aj_report_options;
#define AJ_REPORT_OPTIONS_INIT                              \
    {                                                       \
        sizeof(aj_report_options), NULL, false, false, NULL \
    }

/* Writes n records to the stream in the format.  Records of a sweep (same model, data, hardware; varied keys)
 * are one group; single evaluations (other hardware on the same model) are compared beside it. */
AJ_API AJ_MUST_USE aj_status aj_report_write(FILE *stream, const char *format, const aj_evaluation *records,
                                             size_t n, const aj_report_options *options, aj_error *err);
/* The same into a file, written beside and renamed. */
AJ_API AJ_MUST_USE aj_status aj_report_save(const char *path, const char *format,
                                            const aj_evaluation *records, size_t n,
                                            const aj_report_options *options, aj_error *err);

/* Error against photons per MAC (or accuracy against the first varied key), log axis, 95 % intervals, the
 * clean line, lines at the Landauer limit and at one photon.  `path` ends in .svg, .pdf or .png; gnuplot
 * draws it, and the script and its data are kept beside it (path with .gp / .dat).  UNSUPPORTED when gnuplot
 * is not installed (the script is still written). */
AJ_API AJ_MUST_USE aj_status aj_report_figure(const char *path, const aj_evaluation *records, size_t n,
                                              aj_error *err);

/* "1.28e-19 J" -> "128 zJ": three significant digits with an SI prefix; "—" for NaN. Always terminated. */
AJ_API void aj_format_quantity(double value, const char *unit, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif

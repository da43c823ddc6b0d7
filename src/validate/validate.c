/* validate.c: runs the rows of claims.def and gives each its verdict. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "claim.h"

static const ajp_claim_row rows[] = {
#define CLAIM(function, id, needs, verdict, claim, source) \
    {id, claim, source, AJP_CLAIM_##needs, AJ_VERDICT_##verdict, ajp_claim_##function, NULL},
#define NOT_HERE(id, claim, source, why) \
    {id, claim, source, AJP_CLAIM_PLAIN, AJ_VERDICT_NOT_REPRODUCIBLE, NULL, why},
#include "claims.def"
#undef CLAIM
#undef NOT_HERE
};
enum { N_ROWS = sizeof rows / sizeof *rows };

const ajp_claim_row *ajp_claim_get(size_t i)
{
    return i < N_ROWS ? &rows[i] : NULL;
}

bool aj_validation_claim(size_t i, const char **id, const char **claim)
{
    if (i >= N_ROWS) return false;
    *id = rows[i].id;
    *claim = rows[i].claim;
    return true;
}

const char *aj_verdict_name(aj_verdict verdict)
{
    static const char *const names[] = {
#define ROW(name, text, means) text,
        AJ_VERDICT_LIST(ROW)
#undef ROW
    };
    return (unsigned)verdict < AJ_N_VERDICTS ? names[verdict] : "unknown";
}

const char *aj_verdict_means(aj_verdict verdict)
{
    static const char *const texts[] = {
#define ROW(name, text, means) means,
        AJ_VERDICT_LIST(ROW)
#undef ROW
    };
    return (unsigned)verdict < AJ_N_VERDICTS ? texts[verdict] : "unknown";
}

/* ---- what a function says ------------------------------------------------------------------------- */

static bool is_met(const aj_validation_value *v)
{
    switch (v->check) {
    case AJ_WITHIN_ABSOLUTE:
        return fabs(v->value - v->printed) <= v->tolerance_ratio;
    case AJ_WITHIN_RELATIVE:
        return fabs(v->value - v->printed) <= v->tolerance_ratio * fabs(v->printed);
    case AJ_AT_MOST:
        return v->value <= v->printed;
    case AJ_AT_LEAST:
        return v->value >= v->printed;
    case AJ_SHOWN:
        break;
    }
    return true;
}

void ajp_claim_value(ajp_claim *claim, const char *what, const char *unit, double published, double ours,
                     aj_validation_check check, double tolerance)
{
    if (claim->n_values == AJP_CLAIM_VALUES) { /* a row that outgrew its table must not pass */
        claim->values[AJP_CLAIM_VALUES - 1].met = false;
        return;
    }
    aj_validation_value value = {what, unit, published, ours, tolerance, check, false};
    value.met = is_met(&value);
    claim->values[claim->n_values++] = value;
}

void ajp_claim_close(ajp_claim *claim, const char *what, const char *unit, double published, double ours,
                     double tolerance_ratio)
{
    ajp_claim_value(claim, what, unit, published, ours, AJ_WITHIN_RELATIVE, tolerance_ratio);
}

void ajp_claim_near(ajp_claim *claim, const char *what, const char *unit, double published, double ours,
                    double tolerance)
{
    ajp_claim_value(claim, what, unit, published, ours, AJ_WITHIN_ABSOLUTE, tolerance);
}

void ajp_claim_show(ajp_claim *claim, const char *what, const char *unit, double ours)
{
    ajp_claim_value(claim, what, unit, (double)NAN, ours, AJ_SHOWN, (double)NAN);
}

static const char *words(ajp_claim *claim, const char *format, va_list arguments)
{
    char text[640];
    vsnprintf(text, sizeof text, format, arguments);
    return ajp_arena_strdup(claim->arena, text);
}

const char *ajp_claim_words(ajp_claim *claim, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = words(claim, format, arguments);
    va_end(arguments);
    return text;
}

void ajp_claim_note(ajp_claim *claim, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    claim->note = words(claim, format, arguments);
    va_end(arguments);
}

void ajp_claim_skip(ajp_claim *claim, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    claim->note = words(claim, format, arguments);
    va_end(arguments);
    claim->skipped = true;
}

/* ---- running --------------------------------------------------------------------------------------- */

static bool is_wanted(const char *only, const char *id)
{
    size_t length = strlen(id);
    if (only == NULL) return true;
    for (const char *at = only;; at++) {
        size_t n = strcspn(at, ",");
        if (n == length && memcmp(at, id, n) == 0) return true;
        at += n;
        if (*at == '\0') return false;
    }
}

/* Every name of the list must be a row's. */
static aj_status check_only(const char *only, aj_error *err)
{
    for (const char *at = only; at != NULL; at++) {
        size_t n = strcspn(at, ","), i = 0;
        while (i < N_ROWS && (strlen(rows[i].id) != n || memcmp(rows[i].id, at, n) != 0)) i++;
        if (i == N_ROWS)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "validate: no row is called '%.*s'; without a choice all are shown", (int)n, at);
        at += n;
        if (*at == '\0') break;
    }
    return AJ_OK;
}

static aj_verdict judge(const ajp_claim_row *row, const ajp_claim *claim)
{
    if (claim->skipped) return AJ_VERDICT_SKIPPED;
    if (claim->n_values == 0) return AJ_VERDICT_FAILED; /* it said nothing */
    for (size_t i = 0; i < claim->n_values; i++)
        if (!claim->values[i].met) return AJ_VERDICT_FAILED;
    return row->verdict;
}

static aj_status run_row(ajp_claim *claim, const ajp_claim_row *row, aj_validation_row *out, aj_error *err)
{
    bool is_long = row->needs == AJP_CLAIM_LONG || row->needs == AJP_CLAIM_TRAINS;
    bool needs_data = row->needs == AJP_CLAIM_DATA || row->needs == AJP_CLAIM_TRAINS;
    *out = (aj_validation_row){.id = row->id,
                               .claim = row->claim,
                               .source = row->source,
                               .needs_data = needs_data,
                               .is_long = is_long,
                               .verdict = row->verdict,
                               .note = row->note};
    if (row->run == NULL) return AJ_OK;
    claim->n_values = 0;
    claim->note = NULL;
    claim->skipped = false;
    if (is_long && !claim->options->long_rows)
        ajp_claim_skip(claim, "takes minutes; run it with --long");
    else
        AJ_TRY(row->run(claim, err));
    out->verdict = judge(row, claim);
    out->note = claim->note;
    out->n_values = claim->skipped ? 0 : claim->n_values;
    aj_validation_value *values = ajp_arena_array(claim->arena, claim->n_values + 1, sizeof *values);
    if (values == NULL) return ajp_no_memory(err, row->id);
    memcpy(values, claim->values, claim->n_values * sizeof *values);
    out->values = values;
    return claim->arena->failed ? ajp_no_memory(err, row->id) : AJ_OK;
}

static aj_status run_rows(aj_validation *out, ajp_claim *claim, aj_error *err)
{
    uint64_t n_wanted = 0;
    ajp_work work;
    for (size_t i = 0; i < N_ROWS; i++) n_wanted += is_wanted(claim->options->only, rows[i].id);
    out->rows = ajp_arena_array(claim->arena, n_wanted, sizeof *out->rows);
    if (out->rows == NULL) return ajp_no_memory(err, "validate");
    ajp_work_begin(&work, claim->context, "validate", "rows", n_wanted, 0);
    for (size_t i = 0; i < N_ROWS; i++) {
        if (!is_wanted(claim->options->only, rows[i].id)) continue;
        if (!ajp_work_step(&work, out->n_rows, rows[i].id))
            return ajp_fail(err, AJ_INTERRUPTED, 0, "validate stopped before row %s", rows[i].id);
        AJ_TRY(run_row(claim, &rows[i], &out->rows[out->n_rows], err));
        out->n_failed += out->rows[out->n_rows++].verdict == AJ_VERDICT_FAILED;
    }
    ajp_work_finish(&work, out->n_rows, NULL);
    return AJ_OK;
}

aj_status aj_validate(aj_validation *out, aj_context *context, const aj_validate_options *options,
                      aj_error *err)
{
    static const aj_validate_options none = AJ_VALIDATE_OPTIONS_INIT;
    *out = (aj_validation){0};
    if (options == NULL) options = &none;
    if (options->struct_size != sizeof *options)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "validate options: struct_size %zu; use AJ_VALIDATE_OPTIONS_INIT",
                        options->struct_size);
    AJ_TRY(check_only(options->only, err));
    ajp_claim claim = {.context = context, .options = options};
    ajp_published published = {.network = NULL};
    aj_validation result = {0};
    claim.published = &published;
    claim.arena = ajp_calloc(NULL, 1, sizeof *claim.arena);
    if (claim.arena == NULL) return ajp_no_memory(err, "validate");
    ajp_arena_init(claim.arena, NULL);
    result.memory = claim.arena;
    aj_status st = run_rows(&result, &claim, err);
    ajp_published_close(&published);
    if (st == AJ_OK)
        *out = result;
    else
        aj_validation_destroy(&result);
    return st;
}

void aj_validation_destroy(aj_validation *validation)
{
    if (validation == NULL) return;
    ajp_arena *arena = validation->memory;
    *validation = (aj_validation){0};
    if (arena == NULL) return;
    ajp_arena_free(arena);
    ajp_free(NULL, arena);
}

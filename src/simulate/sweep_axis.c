/* sweep_axis.c: "key=lo:hi:log:N" and "key=a,b,c" into values. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "study.h"

enum { MAX_POINTS = 100000, MAX_TEXT = 4096 };

/* One value by the family's own parser, so that units and ranges are those of --set. */
static aj_status parse_value(aj_hardware *scratch, const char *key, const char *text, double *out,
                             aj_error *err)
{
    AJ_TRY(aj_hardware_set(scratch, key, text, err));
    aj_parameter parameter;
    if (!aj_hardware_find(scratch, key, &parameter) || parameter.word != NULL || isnan(parameter.value))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "--vary %s: \"%s\" is not a number; vary keys that are numbers", key, text);
    *out = parameter.value;
    return AJ_OK;
}

static aj_status parse_count(const char *key, const char *text, size_t *out, aj_error *err)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || n < 1 || n > MAX_POINTS)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "--vary %s: \"%s\" is not a number of points from 1 to %d",
                        key, text, MAX_POINTS);
    *out = n;
    return AJ_OK;
}

static aj_status make_range(aj_sweep_values *out, char *spec, aj_hardware *scratch, aj_error *err)
{
    char *parts[4], *rest = spec;
    for (int i = 0; i < 4; i++) {
        parts[i] = rest;
        char *colon = rest != NULL ? strchr(rest, ':') : NULL;
        if ((colon == NULL) != (i == 3))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "--vary %s: write lo:hi:log:N, lo:hi:lin:N or a,b,c",
                            out->key);
        if (colon != NULL) *colon = '\0';
        rest = colon != NULL ? colon + 1 : NULL;
    }
    double low = 0.0, high = 0.0;
    AJ_TRY(parse_value(scratch, out->key, parts[0], &low, err));
    AJ_TRY(parse_value(scratch, out->key, parts[1], &high, err));
    bool logarithmic = strcmp(parts[2], "log") == 0;
    if (!logarithmic && strcmp(parts[2], "lin") != 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "--vary %s: \"%s\" is neither log nor lin", out->key,
                        parts[2]);
    if (!(high >= low) || (logarithmic && !(low > 0.0)))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "--vary %s: needs lo <= hi%s", out->key,
                        logarithmic ? " and, for log, lo > 0" : "");
    AJ_TRY(parse_count(out->key, parts[3], &out->n, err));
    out->values = calloc(out->n, sizeof *out->values);
    if (out->values == NULL) return ajp_no_memory(err, "sweep");
    for (size_t i = 0; i < out->n; i++) {
        double share = out->n > 1 ? (double)i / (double)(out->n - 1) : 0.0;
        out->values[i] = logarithmic ? low * pow(high / low, share) : low + share * (high - low);
    }
    if (out->n > 1) out->values[out->n - 1] = high;
    return AJ_OK;
}

static aj_status make_list(aj_sweep_values *out, char *spec, aj_hardware *scratch, aj_error *err)
{
    size_t n = 1;
    for (const char *c = spec; *c != '\0'; c++) n += *c == ',';
    out->values = calloc(n, sizeof *out->values);
    if (out->values == NULL) return ajp_no_memory(err, "sweep");
    for (char *item = spec; item != NULL; out->n++) {
        char *comma = strchr(item, ',');
        if (comma != NULL) *comma = '\0';
        AJ_TRY(parse_value(scratch, out->key, item, &out->values[out->n], err));
        item = comma != NULL ? comma + 1 : NULL;
    }
    return AJ_OK;
}

aj_status aj_sweep_parse(aj_sweep_values *out, const char *text, const aj_hardware *hardware, aj_error *err)
{
    *out = (aj_sweep_values){NULL, NULL, 0};
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || strlen(text) > MAX_TEXT)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "--vary %.100s: write key=lo:hi:log:N, key=lo:hi:lin:N or key=a,b,c", text);
    aj_sweep_values axis = {calloc(strlen(text) + 1, 1), NULL, 0};
    if (axis.key == NULL) return ajp_no_memory(err, "sweep");
    memcpy(axis.key, text, (size_t)(equals - text));
    char spec[MAX_TEXT + 1];
    strcpy(spec, equals + 1);
    aj_hardware *scratch = NULL;
    aj_status st;
    AJ_TRY_DONE(aj_hardware_clone(&scratch, hardware, err));
    AJ_TRY_DONE(strchr(spec, ':') != NULL ? make_range(&axis, spec, scratch, err)
                                          : make_list(&axis, spec, scratch, err));
    *out = axis;
    axis = (aj_sweep_values){NULL, NULL, 0};
done:
    aj_hardware_destroy(scratch);
    aj_sweep_values_free(&axis);
    return st;
}

void aj_sweep_values_free(aj_sweep_values *values)
{
    if (values == NULL) return;
    free(values->key);
    free(values->values);
    *values = (aj_sweep_values){NULL, NULL, 0};
}

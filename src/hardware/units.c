/* units.c: the only place where a scaled unit becomes an SI number. */
#include "units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../physics/constants.h"

static const struct {
    const char *text;
    double factor;
} prefixes[] = {
    {"", 1.0},          {"f", 1e-15},       {"a", 1e-18}, {"p", 1e-12}, {"n", 1e-9},
    {"u", 1e-6},        {"\xc2\xb5", 1e-6}, /* micro sign */
    {"\xce\xbc", 1e-6},                     /* Greek mu */
    {"m", 1e-3},        {"k", 1e3},         {"M", 1e6},   {"G", 1e9},   {"T", 1e12},
};

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* unit = prefix + base -> factor */
static bool prefix_factor(const char *unit, const char *base, double *factor)
{
    if (!ends_with(unit, base)) return false;
    size_t length = strlen(unit) - strlen(base);
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strlen(prefixes[i].text) != length || memcmp(unit, prefixes[i].text, length) != 0) continue;
        *factor = prefixes[i].factor;
        return true;
    }
    return false;
}

/* m2: the prefix is squared with its unit. */
static bool area_factor(const char *unit, double *factor)
{
    if (!prefix_factor(unit, "m2", factor)) return false;
    *factor *= *factor;
    return true;
}

static bool byte_factor(const char *unit, double *factor)
{
    static const struct {
        const char *text;
        double factor;
    } binary[] = {{"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}};
    for (size_t i = 0; i < sizeof binary / sizeof binary[0]; i++) {
        if (strcmp(unit, binary[i].text) != 0) continue;
        *factor = binary[i].factor;
        return true;
    }
    return prefix_factor(unit, "B", factor);
}

/* Factor to SI; false when the unit does not fit. */
static bool linear_factor(const char *unit, const ajp_param *param, double *factor)
{
    const char *si = param->unit;
    if (si[0] == '\0') {
        bool ratio = ends_with(param->key, "_ratio");
        *factor = strcmp(unit, "%") == 0 ? 0.01 : 1.0;
        return unit[0] == '\0' || strcmp(unit, "1") == 0 || (ratio && strcmp(unit, "%") == 0);
    }
    if (strcmp(si, "m2") == 0) return area_factor(unit, factor);
    if (prefix_factor(unit, si, factor)) return true;
    if (strcmp(si, "byte") == 0) return byte_factor(unit, factor);
    if (strcmp(si, "rad") == 0 && strcmp(unit, "deg") == 0) {
        *factor = ajp_pi / 180.0;
        return true;
    }
    if (strcmp(si, "J") == 0 && prefix_factor(unit, "eV", factor)) {
        *factor *= ajp_electron_coulombs;
        return true;
    }
    return false;
}

aj_status ajp_unit_convert(double value, const char *unit, const ajp_param *param, const char *where,
                           double *out, aj_error *err)
{
    double factor = 1.0;
    bool transmission = param->unit[0] == '\0' && ends_with(param->key, "_transmission_ratio");
    if (transmission && strcmp(unit, "dB") == 0) {
        *out = pow(10.0, -value / 10.0);
        return AJ_OK;
    }
    if (linear_factor(unit, param, &factor)) {
        *out = value * factor;
        return AJ_OK;
    }
    const char *expected = param->unit;
    if (expected[0] == '\0')
        expected = transmission                      ? "a plain number, % or dB"
                   : ends_with(param->key, "_ratio") ? "a plain number or %"
                                                     : "a plain number";
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s'%s' is given %s%.40s%s; expected %s%s", where, param->key,
                    unit[0] == '\0' ? "without a unit" : "in '", unit, unit[0] == '\0' ? "" : "'", expected,
                    param->unit[0] == '\0' ? "" : ", with a prefix if you like (f a p n u m k M G T)");
}

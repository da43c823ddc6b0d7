/* quantity.c: SI prefixes, percent, grouped counts. */
#include "quantity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "attojoule/report.h"
#include "base/utf8.h"

typedef struct {
    int exponent;
    const char *symbol;
} prefix;
static const prefix prefixes[] = {{-24, "y"}, {-21, "z"}, {-18, "a"}, {-15, "f"}, {-12, "p"}, {-9, "n"},
                                  {-6, "µ"},  {-3, "m"},  {0, ""},    {3, "k"},   {6, "M"},   {9, "G"},
                                  {12, "T"},  {15, "P"},  {18, "E"},  {21, "Z"},  {24, "Y"}};
enum { N_PREFIXES = sizeof prefixes / sizeof *prefixes };

/* Digits before rounding decide the prefix: 999.6e-21 is 1.00 aJ at three digits, not 1000 zJ. */
static int exponent_of(double value, int digits)
{
    char text[40];
    snprintf(text, sizeof text, "%.*e", digits - 1, fabs(value));
    int exponent = 0;
    const char *e = strchr(text, 'e');
    if (e != NULL) sscanf(e + 1, "%d", &exponent);
    return exponent;
}

/* Units that count or compare take no prefix. */
static bool takes_prefix(const char *unit)
{
    static const char *const never[] = {"bit", "byte", "1", "%", "dB"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strcmp(unit, never[i]) == 0) return false;
    return true;
}

static void strip_zeros(char *text)
{
    if (strchr(text, '.') == NULL) return;
    size_t n = strlen(text);
    while (text[n - 1] == '0') text[--n] = '\0';
    if (text[n - 1] == '.') text[n - 1] = '\0';
}

static ajp_number with_prefix(double value, const char *unit, int digits, bool strip)
{
    ajp_number out;
    if (unit == NULL || strcmp(unit, "1") == 0) unit = "";
    const char *space = *unit != '\0' ? " " : "";
    if (isnan(value)) return (ajp_number){AJP_MISSING_TEXT};
    if (isinf(value)) return value > 0 ? (ajp_number){"∞"} : (ajp_number){"-∞"};
    if (value == 0.0) {
        snprintf(out.text, sizeof out.text, "0%s%.30s", space, unit);
        return out;
    }
    int exponent = exponent_of(value, digits);
    int power = exponent >= 0 ? exponent / 3 * 3 : -((-exponent + 2) / 3) * 3;
    const prefix *found = NULL;
    for (int i = 0; i < N_PREFIXES; i++)
        if (prefixes[i].exponent == power) found = &prefixes[i];
    bool bare_giant = *unit == '\0' && power > 9; /* "25.0 T" of nothing says little */
    if (found == NULL || bare_giant || (power != 0 && !takes_prefix(unit))) {
        snprintf(out.text, sizeof out.text, "%.*g%s%.30s", digits, value, space, unit);
        return out;
    }
    char number[40];
    int decimals = digits - 1 - (exponent - power);
    snprintf(number, sizeof number, "%.*f", decimals > 0 ? decimals : 0, value / pow(10.0, power));
    if (strip) strip_zeros(number);
    const char *gap = *unit != '\0' || *found->symbol != '\0' ? " " : "";
    snprintf(out.text, sizeof out.text, "%s%s%s%.30s", number, gap, found->symbol, unit);
    return out;
}

ajp_number ajp_quantity(double value, const char *unit)
{
    return with_prefix(value, unit, 3, false);
}

ajp_number ajp_quantity_digits(double value, const char *unit, int digits)
{
    return with_prefix(value, unit, digits, false);
}

ajp_number ajp_exact_quantity(double value, const char *unit)
{
    ajp_number out;
    if (unit != NULL && strcmp(unit, "byte") == 0 && value >= 1024.0 && fmod(value, 1024.0) == 0.0) {
        static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
        int power = 0;
        for (value /= 1024.0; power < 3 && value >= 1024.0 && fmod(value, 1024.0) == 0.0; power++)
            value /= 1024.0;
        snprintf(out.text, sizeof out.text, "%.9g %s", value, units[power]);
        return out;
    }
    if (unit != NULL && *unit != '\0' && strcmp(unit, "1") != 0) return with_prefix(value, unit, 9, true);
    if (isnan(value)) return (ajp_number){AJP_MISSING_TEXT};
    snprintf(out.text, sizeof out.text, "%.9g", value);
    return out;
}

ajp_number ajp_percent(double ratio, int decimals)
{
    ajp_number out;
    if (isnan(ratio)) return (ajp_number){AJP_MISSING_TEXT};
    snprintf(out.text, sizeof out.text, "%.*f", decimals, 100.0 * ratio);
    return out;
}

ajp_number ajp_plain(double value, int digits)
{
    ajp_number out;
    if (isnan(value)) return (ajp_number){AJP_MISSING_TEXT};
    snprintf(out.text, sizeof out.text, "%.*g", digits, value);
    return out;
}

ajp_number ajp_count_text(double value)
{
    char digits[40];
    ajp_number out = {""};
    if (isnan(value)) return (ajp_number){AJP_MISSING_TEXT};
    if (fabs(value) >= 1e15) return ajp_quantity(value, "");
    snprintf(digits, sizeof digits, "%.0f", value);
    size_t n = strlen(digits), used = 0;
    for (size_t i = 0; i < n; i++) {
        bool group = i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-' && n > 4;
        used += (size_t)snprintf(out.text + used, sizeof out.text - used, "%s%c", group ? "\xe2\x80\xaf" : "",
                                 digits[i]);
    }
    return out;
}

void aj_format_quantity(double value, const char *unit, char *text, size_t size)
{
    if (size == 0) return;
    ajp_number number = ajp_quantity(value, unit);
    size_t used = 0;
    for (const char *at = number.text; *at != '\0';) { /* whole characters only */
        const char *next = at;
        ajp_utf8_next(&next);
        if (used + (size_t)(next - at) >= size) break;
        memcpy(text + used, at, (size_t)(next - at));
        used += (size_t)(next - at);
        at = next;
    }
    text[used] = '\0';
}

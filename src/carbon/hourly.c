/* hourly.c: a grid's intensity over time from a CSV of the user. */
#include "hourly.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "carbon.h"
#include "units.h"

struct aj_hourly {
    aj_context *context;
    ajp_arena arena;
    const char *path;
    size_t n;
    double *starts, *factors; /* n + 1 starts: the last one is the end; kg per joule */
    double *integral;         /* n + 1: of the factor from the first start on, kg s / J */
    char sha256[65];
};

/* Days since 1970-01-01 of a date of the Gregorian calendar (Howard Hinnant, days_from_civil). */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool digits(const char **text, int n, int *out)
{
    int value = 0;
    for (int i = 0; i < n; i++, (*text)++) {
        if (**text < '0' || **text > '9') return false;
        value = 10 * value + (**text - '0');
    }
    *out = value;
    return true;
}

bool aj_time_parse(const char *text, double *out_seconds)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day, hour, minute, second = 0;
    if (!digits(&text, 4, &year) || *text++ != '-' || !digits(&text, 2, &month) || *text++ != '-' ||
        !digits(&text, 2, &day) || (*text != 'T' && *text != ' '))
        return false;
    text++;
    if (!digits(&text, 2, &hour) || *text++ != ':' || !digits(&text, 2, &minute)) return false;
    if (*text == ':' && (text++, !digits(&text, 2, &second))) return false;
    if (*text == 'Z')
        text++;
    else if (strcmp(text, "+00:00") == 0)
        text += 6;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (*text != '\0' || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 ||
        day > lengths[month - 1] + (month == 2 && leap))
        return false;
    *out_seconds = (double)(days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second);
    return true;
}

static aj_status read_rows(aj_hourly *hourly, const ajp_csv *csv, aj_error *err)
{
    size_t time, value;
    AJ_TRY(ajp_csv_column(csv, "timestamp", &time, err));
    AJ_TRY(ajp_csv_column(csv, "gco2_kwh", &value, err));
    if (csv->n_rows < 2)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: needs at least two rows to know how long one lasts",
                        csv->file);
    hourly->n = csv->n_rows;
    hourly->starts = ajp_arena_array(&hourly->arena, hourly->n + 1, sizeof *hourly->starts);
    hourly->factors = ajp_arena_array(&hourly->arena, hourly->n, sizeof *hourly->factors);
    hourly->integral = ajp_arena_array(&hourly->arena, hourly->n + 1, sizeof *hourly->integral);
    if (hourly->starts == NULL || hourly->factors == NULL || hourly->integral == NULL)
        return ajp_no_memory(err, csv->file);
    for (size_t i = 0; i < hourly->n; i++) {
        double grams;
        if (!aj_time_parse(ajp_csv_text(csv, i, time), &hourly->starts[i]))
            return ajp_csv_fail(csv, i, time, "is no time; write 2024-05-01T13:00Z (UTC)", err);
        if (i > 0 && hourly->starts[i] <= hourly->starts[i - 1])
            return ajp_csv_fail(csv, i, time, "is not after the row before; sort the file", err);
        AJ_TRY(ajp_csv_number(csv, i, value, 0, 5000, true, &grams, err));
        hourly->factors[i] = grams * 1e-3 / AJP_JOULES_PER_KILOWATT_HOUR;
    }
    hourly->starts[hourly->n] = 2 * hourly->starts[hourly->n - 1] - hourly->starts[hourly->n - 2];
    for (size_t i = 0; i < hourly->n; i++)
        hourly->integral[i + 1] =
            hourly->integral[i] + hourly->factors[i] * (hourly->starts[i + 1] - hourly->starts[i]);
    return AJ_OK;
}

aj_status aj_hourly_open(aj_hourly **out, aj_context *context, const char *path, aj_error *err)
{
    ajp_file_map map;
    ajp_csv csv;
    *out = NULL;
    AJ_TRY(ajp_file_map_open(&map, context, path, err));
    aj_hourly *hourly = ajp_calloc(context, 1, sizeof *hourly);
    if (hourly == NULL) {
        ajp_file_map_close(&map, context);
        return ajp_no_memory(err, path);
    }
    hourly->context = context;
    ajp_arena_init(&hourly->arena, context);
    aj_status st = ajp_csv_parse(&csv, &hourly->arena, (const char *)map.data, map.size, path, err);
    if (st == AJ_OK) st = read_rows(hourly, &csv, err);
    ajp_sha256_hex(map.data, map.size, hourly->sha256);
    ajp_file_map_close(&map, context);
    if (st != AJ_OK) {
        aj_hourly_close(hourly);
        return st;
    }
    hourly->path = csv.file;
    *out = hourly;
    return AJ_OK;
}

void aj_hourly_close(aj_hourly *hourly)
{
    if (hourly == NULL) return;
    aj_context *context = hourly->context;
    ajp_arena_free(&hourly->arena);
    ajp_free(context, hourly);
}

const char *ajp_hourly_path(const aj_hourly *hourly)
{
    return hourly->path;
}

const char *aj_hourly_sha256(const aj_hourly *hourly)
{
    return hourly->sha256;
}

static aj_status check_covered(const aj_hourly *hourly, double start_seconds, double duration_seconds,
                               aj_error *err)
{
    double end = start_seconds + duration_seconds;
    if (start_seconds >= hourly->starts[0] && end <= hourly->starts[hourly->n]) return AJ_OK;
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                    "%s covers %.0f h from its first row; the run begins %.2f h after that and takes %.2f h",
                    hourly->path, (hourly->starts[hourly->n] - hourly->starts[0]) / AJP_SECONDS_PER_HOUR,
                    (start_seconds - hourly->starts[0]) / AJP_SECONDS_PER_HOUR,
                    duration_seconds / AJP_SECONDS_PER_HOUR);
}

/* The row that holds a time inside the file; its end belongs to the last one. */
static size_t row_at(const aj_hourly *hourly, double seconds)
{
    size_t low = 0, high = hourly->n; /* starts[low] <= seconds < starts[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (hourly->starts[middle] <= seconds)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Mean intensity between two times inside the file, to >= from. */
static double mean_between(const aj_hourly *hourly, double from, double to)
{
    size_t i = row_at(hourly, from), k = row_at(hourly, to);
    if (i == k) return hourly->factors[i];
    double first = hourly->factors[i] * (hourly->starts[i + 1] - from);
    double last = hourly->factors[k] * (to - hourly->starts[k]);
    return (first + hourly->integral[k] - hourly->integral[i + 1] + last) / (to - from);
}

aj_status aj_hourly_mean(const aj_hourly *hourly, double start_seconds, double duration_seconds,
                         double *kilograms_co2e_per_joule, aj_error *err)
{
    if (!(duration_seconds > 0))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "the time of a run must be above 0");
    double joules[2] = {0, 1}, seconds[2] = {0, duration_seconds};
    aj_load load = {seconds, joules, 2};
    return aj_hourly_weighted(hourly, start_seconds, &load, kilograms_co2e_per_joule, err);
}

/* ---- a load that is not constant ------------------------------------------------------------------- */

static aj_status check_load(const aj_load *load, aj_error *err)
{
    if (load->n < 2) return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "a load needs at least two samples");
    for (size_t i = 0; i < load->n; i++)
        if (!isfinite(load->seconds[i]) || !isfinite(load->joules[i]) ||
            (i > 0 && (load->seconds[i] < load->seconds[i - 1] || load->joules[i] < load->joules[i - 1])))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "sample %zu of the load goes back or is no number", i);
    if (!(load->seconds[load->n - 1] > load->seconds[0]))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "the time of a run must be above 0");
    return AJ_OK;
}

/* Sum over the intervals of joules x mean intensity, over all joules. The load lies inside the file. */
static double weighted(const aj_hourly *hourly, double start, const aj_load *load)
{
    const double *seconds = load->seconds, *joules = load->joules;
    size_t last = load->n - 1;
    double all = joules[last] - joules[0], sum = 0;
    if (!(all > 0)) return mean_between(hourly, start + seconds[0], start + seconds[last]);
    for (size_t i = 0; i < last; i++)
        sum += (joules[i + 1] - joules[i]) * mean_between(hourly, start + seconds[i], start + seconds[i + 1]);
    return sum / all;
}

aj_status aj_hourly_weighted(const aj_hourly *hourly, double start_seconds, const aj_load *load,
                             double *kilograms_co2e_per_joule, aj_error *err)
{
    AJ_TRY(check_load(load, err));
    double from = load->seconds[0], length = load->seconds[load->n - 1] - from;
    AJ_TRY(check_covered(hourly, start_seconds + from, length, err));
    *kilograms_co2e_per_joule = weighted(hourly, start_seconds, load);
    return AJ_OK;
}

aj_status aj_hourly_best(const aj_hourly *hourly, double from_seconds, double until_seconds,
                         const aj_load *load, double *start_seconds, double *kilograms_co2e_per_joule,
                         aj_error *err)
{
    AJ_TRY(check_load(load, err));
    double first = load->seconds[0], last = load->seconds[load->n - 1], best = NAN, at = NAN;
    for (size_t i = 0; i <= hourly->n; i++) {
        double start = i == 0 ? from_seconds : hourly->starts[i - 1];
        if (start < from_seconds || start > until_seconds || start + first < hourly->starts[0] ||
            start + last > hourly->starts[hourly->n])
            continue;
        double intensity = weighted(hourly, start, load);
        if (intensity >= best * (1 - 1e-12)) continue; /* rounding is no improvement */
        best = intensity;
        at = start;
    }
    if (isnan(at)) {
        AJ_TRY(check_covered(hourly, from_seconds + first, last - first, err));
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: no start in the time that was given", hourly->path);
    }
    *start_seconds = at;
    *kilograms_co2e_per_joule = best;
    return AJ_OK;
}

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
    if (hourly->starts == NULL || hourly->factors == NULL) return ajp_no_memory(err, csv->file);
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

aj_status aj_hourly_mean(const aj_hourly *hourly, double start_seconds, double duration_seconds,
                         double *kilograms_co2e_per_joule, aj_error *err)
{
    double end = start_seconds + duration_seconds, sum = 0;
    if (!(duration_seconds > 0))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "the time of a run must be above 0");
    if (!(start_seconds >= hourly->starts[0] && end <= hourly->starts[hourly->n]))
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "%s covers %.0f h from its first row; the run begins %.2f h after that and takes %.2f h",
            hourly->path, (hourly->starts[hourly->n] - hourly->starts[0]) / AJP_SECONDS_PER_HOUR,
            (start_seconds - hourly->starts[0]) / AJP_SECONDS_PER_HOUR,
            duration_seconds / AJP_SECONDS_PER_HOUR);
    for (size_t i = 0; i < hourly->n; i++) {
        double from = fmax(start_seconds, hourly->starts[i]), to = fmin(end, hourly->starts[i + 1]);
        if (to > from) sum += (to - from) * hourly->factors[i];
    }
    *kilograms_co2e_per_joule = sum / duration_seconds;
    return AJ_OK;
}

/* report: the card of a run in every format: values, the account of the domains, missing numbers, hostile
 * names.
 */
#include "check.h"

#include "attojoule/report.h"
#include "report/card.h"

#define UNKNOWN ((double)NAN)

static aj_error err;
static const char hostile[] =
    "=cmd|'/C calc'!A1 <script>alert(1)</script> \\input{/etc/passwd} $(rm -rf ~) `x` "
    "| a & b % # _ ^ { } [x](http://y) \x1b[31m \"q\" 'p' ,, --";

static const aj_card_row rows[] = {
    {.section = AJ_CARD_RUN,
     .key = "command_line",
     .label = "command",
     .text = "python3 train.py --lr 0.1",
     .origin = -1},
    {.section = AJ_CARD_RUN, .key = "host", .label = "machine", .text = "n1", .origin = -1},
    {.section = AJ_CARD_RUN,
     .key = "duration_seconds",
     .label = "time",
     .value = 7392,
     .low = UNKNOWN,
     .high = UNKNOWN,
     .unit = "s",
     .origin = AJ_NO_ORIGIN},
    {.section = AJ_CARD_ENERGY,
     .key = "energy_joules",
     .label = "powercap/package-0",
     .value = 500,
     .low = 495,
     .high = 505,
     .unit = "J",
     .origin = AJ_MODELLED,
     .source = "powercap"},
    {.section = AJ_CARD_ENERGY,
     .key = "energy_joules",
     .label = "nvml/GPU 0",
     .value = 312.4,
     .low = 300,
     .high = 320,
     .unit = "J",
     .origin = AJ_MEASURED,
     .source = "nvml"},
    {.section = AJ_CARD_ENERGY,
     .key = "energy_joules",
     .label = "the run",
     .value = 812.4,
     .low = 795,
     .high = 825,
     .unit = "J",
     .origin = AJ_MODELLED,
     .sum = true},
    {.section = AJ_CARD_COVERAGE,
     .key = "coverage_ratio",
     .label = "time with readings",
     .value = 0.9981,
     .low = UNKNOWN,
     .high = UNKNOWN,
     .origin = AJ_NO_ORIGIN},
    {.section = AJ_CARD_COVERAGE,
     .key = "covers",
     .label = "domains in it",
     .text = "package, gpu",
     .origin = AJ_NO_ORIGIN},
    {.section = AJ_CARD_CARBON,
     .key = "power_usage_effectiveness",
     .label = "PUE",
     .value = 1.56,
     .low = UNKNOWN,
     .high = UNKNOWN,
     .unit = "1",
     .origin = AJ_ASSUMED,
     .source = "Uptime Institute",
     .version = "2024"},
    {.section = AJ_CARD_CARBON,
     .key = "factor_kilograms_co2e_per_joule",
     .label = "France",
     .value = 56e-3 / 3.6e6,
     .low = UNKNOWN,
     .high = UNKNOWN,
     .unit = "kg/J",
     .origin = AJ_MODELLED,
     .source = "Ember",
     .version = "2023",
     .sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
    {.section = AJ_CARD_CARBON,
     .key = "location_kilograms_co2e",
     .label = "location-based (lifecycle of the power plants: not scope 2)",
     .value = 1.97e-5,
     .low = 1.5e-5,
     .high = 2.4e-5,
     .unit = "kg",
     .origin = AJ_ASSUMED,
     .source = "Ember",
     .version = "2023",
     .sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
    {.section = AJ_CARD_CARBON,
     .key = "market_kilograms_co2e",
     .label = "market-based",
     .value = 1.5e-5,
     .low = UNKNOWN,
     .high = UNKNOWN,
     .unit = "kg",
     .origin = AJ_ASSUMED},
    {.section = AJ_CARD_CARBON,
     .key = "embodied_kilograms_co2e",
     .label = "embodied",
     .value = UNKNOWN,
     .low = UNKNOWN,
     .high = UNKNOWN,
     .unit = "kg",
     .origin = AJ_ASSUMED,
     .note = "not described"},
    {.section = AJ_CARD_MONEY,
     .key = "cost",
     .label = "electricity",
     .value = 2.7e-5,
     .low = UNKNOWN,
     .high = UNKNOWN,
     .unit = "USD",
     .origin = AJ_ASSUMED},
    {.section = AJ_CARD_WORK,
     .key = "accuracy_ratio",
     .label = "accuracy",
     .value = 0.881,
     .low = UNKNOWN,
     .high = UNKNOWN,
     .origin = AJ_MEASURED},
    {.section = AJ_CARD_WORK,
     .key = "flops",
     .label = "FLOPs",
     .value = UNKNOWN,
     .low = UNKNOWN,
     .high = UNKNOWN,
     .unit = "FLOP",
     .origin = AJ_MEASURED,
     .note = "the program did not say"},
};
static const aj_card_domain domains[] = {
    {"powercap/package-0", "package", "counted", "OK", NULL, true, true, false, 1234.5, 1230, 1239, 500, 600,
     134.5, 0.1, AJ_MEASURED, AJ_ASSUMED},
    {"powercap/core", "core", "part", "OK", NULL, false, true, false, 900, UNKNOWN, UNKNOWN, 450, 300, 150, 0,
     AJ_MEASURED, AJ_ASSUMED},
    {"powercap/dram", "dram", "counted", "DENIED", "readable by root only", true, false, false, UNKNOWN,
     UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, AJ_MEASURED, AJ_ASSUMED},
    {"nvml/GPU 0", "gpu", "counted", "OK", NULL, true, false, true, 312.4, 300, 320, UNKNOWN, UNKNOWN,
     UNKNOWN, 0, AJ_MEASURED, AJ_ASSUMED},
};
static const aj_card_phase phases[] = {
    {"load", 1, false, 12, 20, 19, 21, 15, UNKNOWN, AJ_MEASURED},
    {"epoch", 3, true, 7380, 1200, 1190, 1210, 485, 3e15, AJ_MEASURED},
};
static const double times[] = {0, 1800, 3600, 7392}, joules[] = {0, 100, 600, 1546.9},
                    own[] = {0, 50, 400, 812.4};
static const aj_card_series series[] = {{"machine", 4, times, joules}, {"this run", 4, times, own}};
static const aj_card_mark marks[] = {{12, "load"}, {3600, "epoch 1"}, {7392, "epoch 2"}};
static const char *const hints[] = {"Run as root to read DRAM."};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static aj_card a_card(void)
{
    aj_card card = AJ_CARD_NONE;
    card.title = "python3 train.py --lr 0.1";
    card.uid = "00112233445566778899aabbccddeeff";
    card.rows = rows;
    card.n_rows = COUNT(rows);
    card.domains = domains;
    card.n_domains = COUNT(domains);
    card.phases = phases;
    card.n_phases = COUNT(phases);
    card.series = series;
    card.n_series = COUNT(series);
    card.marks = marks;
    card.n_marks = COUNT(marks);
    card.hints = hints;
    card.n_hints = COUNT(hints);
    return card;
}

static char *written(const char *format, const aj_card *cards, size_t n, const aj_card_options *options)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    CHECK_OK(aj_card_write(stream, format, cards, n, options, &err), err);
    fclose(stream);
    return text;
}

static void check_value(const char *key, const char *unit, double value, const char *wanted)
{
    CHECK_STRING(ajp_card_value_text(key, unit, value).text, wanted);
}

static void values(void)
{
    check_value("energy_joules", "J", 812.4, "812.4 J");
    check_value("energy_joules", "J", 1234567, "1.235 MJ");
    check_value("energy_joules", "J", 0, "0 J");
    check_value("energy_joules", "J", UNKNOWN, "—");
    check_value("duration_seconds", "s", 12.5, "12.50 s");
    check_value("duration_seconds", "s", 59.9996, "60.00 s");
    check_value("duration_seconds", "s", 3599.6, "1 h 00 min 00 s");
    check_value("duration_seconds", "s", 125, "2 min 05 s");
    check_value("duration_seconds", "s", 863834.0 * 3600, "863834 h 00 min 00 s");
    check_value("location_kilograms_co2e", "kg", 1.97e-5, "19.70 mg");
    check_value("location_kilograms_co2e", "kg", 87.09, "87.09 kg");
    check_value("location_kilograms_co2e", "kg", 284019, "284 t");
    check_value("location_kilograms_co2e", "kg", 552100, "552.1 t");
    check_value("factor", "kg/J", 0.385 / 3.6e6, "385 g/kWh");
    check_value("accuracy_ratio", NULL, 0.881, "88.10 %");
    check_value("power_usage_effectiveness", "1", 1.58, "1.58");
    check_value("cost", "USD", 8281.5, "8281.50 USD");
    check_value("cost", "USD", 2.7e-5, "0.0000270 USD");
    check_value("cost", "USD", 1.02e-9, "1.02e-09 USD");
    check_value("cost", "USD", 0, "0.00 USD");
    check_value("flops", "FLOP", 3.14e23, "314.0 ZFLOP");
    check_value("flops_per_joule", "FLOP/J", 1.2e10, "12.00 GFLOP/J");
    check_value("n_runs", NULL, 4789, "4789");
}

/* attributed + idle + others = measured, and what happens where it is not. */
static void account(void)
{
    aj_card card = a_card();
    ajp_domain_sum total = ajp_domain_total(&card);
    CHECK_CLOSE(total.measured, 1234.5 + 312.4, 1e-15);
    CHECK_CLOSE(total.sum, 500 + 600 + 134.5 + 312.4, 1e-15);
    CHECK(total.adds_up);
    CHECK(!ajp_domain_parts(&domains[2]).adds_up || isnan(domains[2].measured_joules));
    char *text = written("table", &card, 1, NULL);
    CHECK_CONTAINS(text, "attributed + idle + others = measured");
    CHECK(strstr(text, "DOES NOT") == NULL);
    free(text);
    aj_card_domain wrong = domains[0];
    wrong.others_joules = 134.4;
    card.domains = &wrong;
    card.n_domains = 1;
    text = written("table", &card, 1, NULL);
    CHECK_CONTAINS(text, "THE ACCOUNT DOES NOT ADD UP");
    free(text);
    text = written("json", &card, 1, NULL);
    CHECK_CONTAINS(text, "\"adds_up\": false");
    free(text);
    text = written("csv", &card, 1, NULL);
    CHECK_CONTAINS(text, "DOES NOT ADD UP");
    free(text);
}

static size_t widest_line(const char *text)
{
    size_t widest = 0;
    while (*text != '\0') {
        size_t bytes = strcspn(text, "\n");
        char line[4096];
        snprintf(line, sizeof line, "%.*s", (int)bytes, text);
        size_t width = ajp_text_width(line);
        if (width > widest) widest = width;
        text += bytes + (text[bytes] == '\n');
    }
    return widest;
}

static void one(void)
{
    aj_card card = a_card();
    char *text = written("table", &card, 1, NULL);
    CHECK(widest_line(text) <= 100);
    CHECK_CONTAINS(text, "812.4 J");
    CHECK_CONTAINS(text, "795.0 J – 825.0 J");
    CHECK_CONTAINS(text, "location-based");
    CHECK_CONTAINS(text, "2 h 03 min 12 s");
    CHECK_CONTAINS(text, "not described");
    CHECK_CONTAINS(text, "—");
    CHECK_CONTAINS(text, "Run as root to read DRAM.");
    CHECK_CONTAINS(text, "56 g/kWh");
    free(text);
    text = written("markdown", &card, 1, NULL);
    CHECK_CONTAINS(text, "## Energy of the run");
    CHECK_CONTAINS(text, "| the run | 812.4 J |");
    free(text);
    text = written("json", &card, 1, NULL);
    CHECK_CONTAINS(text, "\"attojoule_card\": 1");
    CHECK_CONTAINS(text, "\"value\": 812.4");
    CHECK_CONTAINS(text, "\"value\": null");
    CHECK_CONTAINS(text, "\"undivided_joules\": 312.4");
    CHECK_CONTAINS(text, "\"used_for\": \"factor_kilograms_co2e_per_joule, location_kilograms_co2e\"");
    free(text);
    text = written("csv", &card, 1, NULL);
    CHECK_CONTAINS(
        text, "00112233445566778899aabbccddeeff,energy,energy_joules,the run,,812.4,795,825,J,modelled,sum,");
    CHECK_CONTAINS(text, ",embodied_kilograms_co2e,embodied,,,,,kg,,");
    CHECK_CONTAINS(text, ",domain,attributed_joules,powercap/package-0,,500,");
    free(text);
    text = written("latex", &card, 1, NULL);
    CHECK_CONTAINS(
        text, "\\textbf{Energy and carbon.} The run took 2 h 03 min 12 s on the machine n1 and used 812.4 J "
              "(95 \\% interval 795.0 J -- 825.0 J; modelled)");
    CHECK_CONTAINS(text, "Of the 1.547 kJ that they measured, 500.0 J are attributed to the run by CPU time");
    CHECK_CONTAINS(text, "; 312.4 J are not divided among processes");
    CHECK_CONTAINS(
        text, "19.70 mg (95 \\% interval 15.00 mg -- 24.00 mg; assumed) of CO2e location-based (lifecycle");
    CHECK(strstr(text, "embodied") == NULL && strstr(text, "Embodied") == NULL);
    free(text);
    text = written("html", &card, 1, NULL);
    CHECK_CONTAINS(text, "<b>812.4 J</b>");
    CHECK_CONTAINS(text, "class=\"line l1\"");
    CHECK_CONTAINS(text, "default-src 'none'");
    CHECK(strstr(text, "http") == strstr(text, "http-equiv"));
    CHECK(strstr(text, "src=") == NULL && strstr(text, "<script") == NULL);
    free(text);
}

/* The step line's area is the energy: 100 J in 1800 s, 500 J in 1800 s, 946.9 J in 3792 s. */
static void chart(void)
{
    aj_card card = a_card();
    ajp_text svg = {0};
    card.n_series = 1;
    card.n_marks = 0;
    CHECK(ajp_chart_power(&card, &svg));
    const char *path = strstr(svg.bytes, "class=\"line l0\" d=\"M");
    double x, y, to, sum = 0;
    int used = 0;
    CHECK(path != NULL);
    path = path != NULL ? path + strlen("class=\"line l0\" d=\"") : "";
    CHECK_CONTAINS(svg.bytes, ">300 mW</text>"); /* the top of the axis */
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(sscanf(path, "%*c%lf %lfH%lf%n", &x, &y, &to, &used), 3);
        path += used;
        sum += (to - x) * (300 - y);
    }
    CHECK_CLOSE(sum * 7392 / (980 - 74) * 0.3 / (300 - 42), 1546.9, 0.005);
    ajp_text_free(&svg);
    aj_card_series broken = {"x", 1, times, joules};
    card.series = &broken;
    CHECK(!ajp_chart_power(&card, &svg));
    aj_card_series backwards = {"x", 2, (const double[]){2, 1}, joules};
    card.series = &backwards;
    CHECK(!ajp_chart_power(&card, &svg));
    double many_times[5000], many_joules[5000];
    for (int i = 0; i < 5000; i++) {
        many_times[i] = i * 0.1;
        many_joules[i] = i < 2500 ? i * 10 : 25000 + (i - 2500) * 1.0;
    }
    aj_card_series many = {"x", 5000, many_times, many_joules};
    card.series = &many;
    CHECK(ajp_chart_power(&card, &svg));
    CHECK(svg.size < 20000);
    CHECK_CONTAINS(svg.bytes, ">100 W</text>"); /* 10 J each 0.1 s, and no more anywhere */
    CHECK(strstr(svg.bytes, ">140 W</text>") == NULL);
    ajp_text_free(&svg);
    /* A step of a counter between two marks that lie close together is no power. */
    aj_card_series close = {"x", 4, (const double[]){0, 5, 5.001, 10}, (const double[]){0, 50, 60, 100}};
    card.series = &close;
    CHECK(ajp_chart_power(&card, &svg));
    CHECK(strstr(svg.bytes, " kW</text>") == NULL);
    ajp_text_free(&svg);
}

static void several(void)
{
    aj_card cards[2] = {a_card(), a_card()}, sums = AJ_CARD_NONE;
    aj_card_row more[COUNT(rows) + 1];
    memcpy(more, rows, sizeof rows);
    more[COUNT(rows)] = (aj_card_row){
        .section = AJ_CARD_RUN, .key = "parent", .label = "inside", .text = "ffff", .origin = -1};
    cards[1].rows = more;
    cards[1].n_rows = COUNT(more);
    cards[1].title = "inner";
    const aj_card_row sum_rows[] = {
        {.section = AJ_CARD_SUM,
         .key = "n_runs",
         .label = "runs",
         .value = 1,
         .low = UNKNOWN,
         .high = UNKNOWN,
         .origin = -1},
        {.section = AJ_CARD_SUM,
         .key = "energy_joules",
         .label = "energy",
         .value = 812.4,
         .low = 795,
         .high = 825,
         .unit = "J",
         .origin = AJ_MODELLED,
         .sum = true},
        {.section = AJ_CARD_SEARCH,
         .key = "variance_share_ratio",
         .label = "variance by lr",
         .value = 0.62,
         .low = UNKNOWN,
         .high = UNKNOWN,
         .origin = AJ_MEASURED},
        {.section = AJ_CARD_BUDGETS,
         .key = "spent_ratio",
         .label = "light: energy",
         .value = 1.2,
         .low = UNKNOWN,
         .high = UNKNOWN,
         .origin = AJ_MODELLED,
         .alarm = true},
    };
    sums.rows = sum_rows;
    sums.n_rows = COUNT(sum_rows);
    aj_card_options options = AJ_CARD_OPTIONS_INIT;
    options.account = &sums;
    options.command = "aj report --project light";
    char *text = written("table", cards, 2, &options);
    CHECK(widest_line(text) <= 100);
    CHECK_CONTAINS(text, "sum         1 run ");
    CHECK_CONTAINS(text, "↳");
    CHECK_CONTAINS(text, "! light: energy");
    CHECK_CONTAINS(text, "62.00 %");
    CHECK(strstr(strstr(text, "Run as root"), "Run as root") != NULL);
    CHECK(strstr(strstr(text, "Run as root") + 1, "Run as root") == NULL); /* said once */
    free(text);
    text = written("latex", cards, 2, &options);
    CHECK_CONTAINS(text, "2 runs together used 812.4 J");
    CHECK_CONTAINS(text, "Search: variance by lr: 62.00 \\% (measured).");
    free(text);
    text = written("json", cards, 2, &options);
    CHECK_CONTAINS(text, "\"account\": {");
    free(text);
    text = written("html", cards, 2, &options);
    CHECK_CONTAINS(text, "<section class=\"run\">");
    free(text);
    const char *format;
    for (size_t i = 0; (format = aj_report_format(i, NULL)) != NULL; i++)
        free(written(format, cards, 2, &options));
    CHECK_INT(aj_card_write(stdout, "json", cards, 0, NULL, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(aj_card_write(stdout, "word", cards, 1, NULL, &err), AJ_BAD_ARGUMENT);
    more[0].section = AJ_N_CARD_SECTIONS;
    CHECK_INT(aj_card_write(stdout, "json", cards, 2, NULL, &err), AJ_BAD_ARGUMENT);
    more[0] = rows[0];
    more[0].origin = 7;
    CHECK_INT(aj_card_write(stdout, "json", cards, 2, NULL, &err), AJ_BAD_ARGUMENT);
    FILE *sink = fopen("/dev/full", "w");
    CHECK_INT(aj_card_write(sink, "json", cards, 1, NULL, &err), AJ_IO);
    fclose(sink);
}

static void nasty(void)
{
    aj_card card = a_card();
    aj_card_row bad[COUNT(rows)];
    aj_card_domain domain = domains[0];
    aj_card_phase phase = phases[0];
    aj_card_series line = series[0];
    aj_card_mark mark = {3000, hostile};
    const char *hint = hostile;
    memcpy(bad, rows, sizeof rows);
    for (size_t i = 0; i < COUNT(rows); i++) {
        bad[i].label = bad[i].source = bad[i].note = bad[i].version = hostile;
        if (bad[i].text != NULL) bad[i].text = hostile;
    }
    domain.name = domain.kind = domain.role = domain.status = domain.note = hostile;
    phase.name = line.name = card.title = hostile;
    card.rows = bad;
    card.domains = &domain;
    card.phases = &phase;
    card.series = &line;
    card.marks = &mark;
    card.n_domains = card.n_phases = card.n_series = card.n_marks = 1;
    card.hints = &hint;
    card.uid = NULL;
    aj_card_options options = AJ_CARD_OPTIONS_INIT;
    options.title = options.command = hostile;
    options.account = &card;
    const char *format;
    for (size_t i = 0; (format = aj_report_format(i, NULL)) != NULL; i++)
        for (size_t n = 1; n <= 2; n++) {
            aj_card two[2] = {card, card};
            char *text = written(format, two, n, &options);
            CHECK(strchr(text, '\x1b') == NULL);
            if (strcmp(format, "table") == 0) CHECK(widest_line(text) <= 100);
            if (strcmp(format, "html") == 0) {
                CHECK(strstr(text, "<script") == NULL);
                CHECK_CONTAINS(text, "&lt;script&gt;");
            }
            if (strcmp(format, "latex") == 0) {
                CHECK(strstr(text, "\\input{/") == NULL);
                CHECK(strstr(text, " $(") == NULL);
            }
            if (strcmp(format, "csv") == 0)
                CHECK(strstr(text, ",\"=") == NULL && strstr(text, ",=") == NULL &&
                      strstr(text, "\n=") == NULL);
            if (strcmp(format, "markdown") == 0)
                CHECK(strstr(text, " <script") == NULL && strstr(text, " [x]") == NULL);
            free(text);
        }
}

/* Nothing known at all: every format still says so. */
static void empty(void)
{
    aj_card card = AJ_CARD_NONE;
    const char *format;
    for (size_t i = 0; (format = aj_report_format(i, NULL)) != NULL; i++)
        free(written(format, &card, 1, NULL));
    char *text = written("html", &card, 1, NULL);
    CHECK_CONTAINS(text, "not known");
    free(text);
    text = written("latex", &card, 1, NULL);
    CHECK_CONTAINS(text, "the energy is not known. The carbon emitted is not known.");
    free(text);
}

int main(void)
{
    values();
    account();
    one();
    chart();
    several();
    nasty();
    empty();
    const char *build = getenv("AJ_BUILD_DIR"); /* kept to be looked at */
    if (build != NULL) {
        char path[4096];
        aj_card card = a_card();
        snprintf(path, sizeof path, "%s/card-example.html", build);
        FILE *stream = fopen(path, "w");
        CHECK(stream != NULL);
        if (stream != NULL) CHECK_OK(aj_card_write(stream, "html", &card, 1, NULL, &err), err);
        if (stream != NULL) fclose(stream);
    }
    return check_report();
}

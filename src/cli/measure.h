/* measure.h: what `aj run` and the commands that meter themselves share: a meter, its marks, prices, and the
 * run of the ledger that they make.
 *
 * Measuring never fails a command: what does not work is said once, as a sentence, and is missing (NaN)
 * afterwards.  docs/formats/run.md says what goes into the run. */
#ifndef AJ_CLI_MEASURE_H
#define AJ_CLI_MEASURE_H

#include "cli.h"

#include "attojoule/carbon.h"
#include "attojoule/ledger.h"
#include "attojoule/meter.h"

/* The rows of the commands; `rare`: whether those that few need are hidden. */
#define CLI_MEASURE_OPTIONS(rare)                                                                            \
    {.name = "zone",                                                                                         \
     .kind = CLI_TEXT,                                                                                       \
     .argument = "ZONE",                                                                                     \
     .help = "where the electricity comes from: FR, US-CA, aws/eu-west-1, ...; see 'aj grid list'"},         \
        {.name = "pue",                                                                                      \
         .kind = CLI_NUMBER,                                                                                 \
         .argument = "RATIO",                                                                                \
         .help = "energy of the building over energy of the machines; 1 for a desk",                         \
         .minimum = 1,                                                                                       \
         .maximum = 10},                                                                                     \
        {.name = "project", .kind = CLI_TEXT, .argument = "NAME", .help = "the project that pays"},          \
        {.name = "round",                                                                                    \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "NAME",                                                                                 \
         .help = "the round it belongs to: the runs that lead to one model"},                                \
        {.name = "tag",                                                                                      \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "TAG",                                                                                  \
         .help = "a tag of the run in the ledger",                                                           \
         .repeats = true},                                                                                   \
        {.name = "ledger",                                                                                   \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "FILE",                                                                                 \
         .help = "the ledger (default: $XDG_DATA_HOME/attojoule/ledger.db)"},                                \
        {.name = "no-ledger", .kind = CLI_FLAG, .help = "nothing is put into a ledger"},                     \
        {.name = "provider",                                                                                 \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "NAME",                                                                                 \
         .help = "whose PUE: aws, azure, gcp, ...; see 'aj grid table pue'",                                 \
         .hidden = (rare)},                                                                                  \
        {.name = "basis",                                                                                    \
         .kind = CLI_WORD,                                                                                   \
         .argument = "any|direct|lifecycle|consumption|unstated",                                            \
         .fallback = "any",                                                                                  \
         .help = "what the zone's factor counts (of --hourly: what the file counts)",                        \
         .hidden = (rare)},                                                                                  \
        {.name = "zones",                                                                                    \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "FILE.csv",                                                                             \
         .help = "your own factors, before the shipped ones",                                                \
         .hidden = (rare)},                                                                                  \
        {.name = "prices",                                                                                   \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "FILE.csv",                                                                             \
         .help = "your own prices, before the shipped ones",                                                 \
         .hidden = (rare)},                                                                                  \
        {.name = "hourly",                                                                                   \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "FILE.csv",                                                                             \
         .help = "intensity over time, for the hours of the run: columns timestamp (UTC) and gco2_kwh",      \
         .hidden = (rare)},                                                                                  \
        {.name = "contracts",                                                                                \
         .kind = CLI_NUMBER,                                                                                 \
         .argument = "RATIO",                                                                                \
         .fallback = "0",                                                                                    \
         .help = "share of the energy under contracts with zero emissions (market-based figure)",            \
         .minimum = 0,                                                                                       \
         .maximum = 1,                                                                                       \
         .hidden = (rare)},                                                                                  \
        {.name = "residual",                                                                                 \
         .kind = CLI_NUMBER,                                                                                 \
         .argument = "G/KWH",                                                                                \
         .help = "residual mix of the market, for what no contract covers",                                  \
         .minimum = 0,                                                                                       \
         .maximum = 5000,                                                                                    \
         .hidden = (rare)},                                                                                  \
        {.name = "residual-basis",                                                                           \
         .kind = CLI_WORD,                                                                                   \
         .argument = "direct|lifecycle|consumption|unstated",                                                \
         .fallback = "direct",                                                                               \
         .help = "what the residual mix counts: it must be what the zone's factor counts",                   \
         .hidden = (rare)},                                                                                  \
        {.name = "offsets",                                                                                  \
         .kind = CLI_NUMBER,                                                                                 \
         .argument = "KG",                                                                                   \
         .fallback = "0",                                                                                    \
         .help = "kg CO2e of offsets bought; listed, never subtracted",                                      \
         .minimum = 0,                                                                                       \
         .maximum = 1e15,                                                                                    \
         .hidden = (rare)},                                                                                  \
        {.name = "fee",                                                                                      \
         .kind = CLI_NUMBER,                                                                                 \
         .argument = "$/T",                                                                                  \
         .help = "internal carbon fee per tonne (default 15)",                                               \
         .minimum = 0,                                                                                       \
         .maximum = 1e6,                                                                                     \
         .hidden = (rare)},                                                                                  \
        {.name = "fee-on",                                                                                   \
         .kind = CLI_WORD,                                                                                   \
         .argument = "location|market",                                                                      \
         .fallback = "location",                                                                             \
         .help = "which figure the fee is on",                                                               \
         .hidden = (rare)},                                                                                  \
        {.name = "electricity",                                                                              \
         .kind = CLI_NUMBER,                                                                                 \
         .argument = "$/KWH",                                                                                \
         .help = "price of electricity (default 0.12)",                                                      \
         .minimum = 0,                                                                                       \
         .maximum = 100,                                                                                     \
         .hidden = (rare)},                                                                                  \
        {.name = "user",                                                                                     \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "NAME",                                                                                 \
         .help = "whose run it is (default: who runs it)",                                                   \
         .hidden = (rare)},                                                                                  \
        {.name = "redact",                                                                                   \
         .kind = CLI_FLAG,                                                                                   \
         .help = "keep the program's name only: arguments may hold passwords",                               \
         .hidden = (rare)},                                                                                  \
        {.name = "idle-watts",                                                                               \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "[ZONE=]W",                                                                             \
         .help = "what the idle machine draws, kept apart from the run's share: of one zone of 'aj meter', " \
                 "or of all packages together (default: nothing is kept apart)",                             \
         .repeats = true,                                                                                    \
         .hidden = (rare)},                                                                                  \
        {.name = "cgroup",                                                                                   \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "PATH",                                                                                 \
         .help = "divide by the CPU time of this cgroup, as /proc/PID/cgroup names it (default: the "        \
                 "command's own where it holds nothing else, else its processes)",                           \
         .hidden = (rare)},                                                                                  \
        {.name = "hertz",                                                                                    \
         .kind = CLI_NUMBER,                                                                                 \
         .argument = "N",                                                                                    \
         .fallback = "10",                                                                                   \
         .help = "samples a second",                                                                         \
         .minimum = 0.01,                                                                                    \
         .maximum = 1000,                                                                                    \
         .hidden = (rare)},                                                                                  \
        {.name = "source",                                                                                   \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "NAME",                                                                                 \
         .help = "power sources, with commas between (default: all that open); +ipmi: those and ipmi",       \
         .hidden = (rare)},                                                                                  \
        {.name = "redfish",                                                                                  \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "URL",                                                                                  \
         .help = "for --source +redfish: https://HOST/redfish/v1/Chassis/1/Power",                           \
         .hidden = (rare)},                                                                                  \
        {.name = "sysfs",                                                                                    \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "DIR",                                                                                  \
         .help = "folder to read instead of /sys",                                                           \
         .hidden = (rare)},                                                                                  \
        {.name = "procfs",                                                                                   \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "DIR",                                                                                  \
         .help = "folder to read instead of /proc",                                                          \
         .hidden = (rare)},                                                                                  \
    {                                                                                                        \
        .name = "nvml", .kind = CLI_TEXT, .argument = "FILE",                                                \
        .help = "library to open instead of libnvidia-ml.so.1", .hidden = (rare)                             \
    }

/* One zone as of the end. */
typedef struct {
    aj_zone_reading reading; /* `message` points to the next member */
    char message[1024];
} cli_zone;

/* One number with its 95 % interval; low and high NaN: not known. */
typedef struct {
    double value, low, high;
    aj_origin origin;
} cli_amount;

typedef struct {
    cli *c;
    char uid[33], parent[33];                                       /* parent "": not inside another run */
    double started_unix_seconds, duration_seconds, opening_seconds; /* opening: until the meter ran */
    double started_seconds;                                         /* on the monotonic clock */
    aj_meter *meter;                                                /* NULL: there is no energy */
    aj_trace *trace;   /* marks, and the file where there is one */
    aj_carbon *carbon; /* NULL: not opened yet, or see below */
    aj_hourly *hourly;
    aj_carbon_options prices;
    char no_energy[512], undivided[512], no_carbon[512]; /* a sentence why, or "" */
    bool carbon_tried;
    /* From cli_measure_end on. */
    aj_reading reading;
    cli_zone *zones;
    size_t n_zones;
    char **remarks; /* of the meter */
    size_t n_remarks;
    char followed[256]; /* whose CPU time divides the joules; "": nothing is divided */
    aj_phase *phases;   /* names are ours */
    size_t n_phases;
    aj_trace_state marks;
    double flops, accuracy_ratio; /* said by marks or options; NaN: not known */
    double own_cpu_seconds;       /* of this process from begin to end; NaN: it is what is measured */
    long resident_kibibytes;
} cli_measure;

/* Checks the options that the table alone cannot; EXIT_OK or EXIT_USAGE after a sentence. */
int cli_measure_check(cli *c);
/* Begins an empty measurement and gives the run its uid. */
void cli_measure_name(cli_measure *m, cli *c);
/* Opens and starts the meter of this process (pid 0) or of another one, with all it starts. */
void cli_measure_begin(cli_measure *m, long pid);
/* Takes marks from now on, writes a trace where `path` is not NULL.  False after a sentence: the file cannot
 * be written. */
bool cli_measure_trace(cli_measure *m, const char *path);
/* What the run has used so far, as of the latest sample: attributed joules, and those of zones that are not
 * divided. */
cli_amount cli_measure_now(const cli_measure *m);
/* The same as of now: takes a sample.  NaN in the first tenth of a second. */
cli_amount cli_measure_fresh(const cli_measure *m);
/* kg CO2e (by location) of so much energy over so much time; false: not known. */
bool cli_measure_price(cli_measure *m, cli_amount energy, double duration_seconds, aj_carbon_result *out);
/* Stops the meter, keeps its figures. The objects stay open for what is built from them.  duration NaN: since
 * the begin. */
void cli_measure_end(cli_measure *m, double duration_seconds);
void cli_measure_close(cli_measure *m);
/* Says what did not work, once, unless --quiet. */
void cli_measure_remarks(cli_measure *m);

/* The run's part of one counted zone: attributed joules, or all of a zone that is not divided. */
cli_amount cli_measure_part(const cli_measure *m, const aj_zone_reading *zone);
/* What the run used, with its interval: the sum of its parts. */
cli_amount cli_measure_energy(const cli_measure *m);
/* As a figure of a record: the interval as a standard deviation where it is known. */
aj_estimate cli_measure_estimate(const cli_measure *m);

/* A run for the ledger; `run` points into the rest. */
typedef struct {
    aj_run run;
    aj_run_who who;
    aj_figure *figures;
    char **texts;
    size_t n_texts;
    const char **tags;
} cli_measured_run;
/* Makes the run of an ended measurement: kind and state are the caller's, `figures` (n of them) are added to
 * the measured ones, `record` (NULL allowed) is an object that the measurement becomes a part of; the
 * function takes the reference. Free with cli_measured_run_free. */
struct json_t;
void cli_measured_run_make(cli_measured_run *out, const cli_measure *m, aj_run_kind kind, aj_run_state state,
                           const aj_figure *figures, size_t n, struct json_t *record);
/* The same of one that has just begun: state `running`, no figures; the record says where the trace is. */
void cli_measured_run_begin(cli_measured_run *out, const cli_measure *m, const char *trace_path);
void cli_measured_run_free(cli_measured_run *run);
/* Puts it into the ledger (unless --no-ledger), or else into the spill file, which is said.  False: it is in
 * neither. */
bool cli_measure_keep(cli_measure *m, const aj_run *run);
/* Keeps what was used until an ended measurement was interrupted: it was spent all the same. */
void cli_measure_keep_interrupted(cli_measure *m, aj_run_kind kind);
/* Warns where the project's budgets are spent, or nearly. */
void cli_measure_warn_of_budgets(cli *c);

/* The parts that measure_figures.c and measure_document.c make for it. */
size_t cli_measure_figures(cli_measured_run *to, const cli_measure *m, const aj_carbon_result *priced,
                           aj_figure *figures);
enum { CLI_MOST_PRICED_FIGURES = 8 }; /* besides one a zone */
struct json_t *cli_measure_document(const cli_measure *m, const aj_carbon_result *priced);
/* A copy that lives as long as the run. */
const char *cli_measured_text(cli_measured_run *to, const char *format, ...) AJ_PRINTF(2, 3);

#endif

/* measure.c: opens the meter, takes marks, prices, and stops. */
#include "measure.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "ledger.h"

#define JOULES_PER_KILOWATT_HOUR 3.6e6

static double wall_seconds(void)
{
    struct timespec at = {0, 0};
    clock_gettime(CLOCK_REALTIME, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

/* The peak of this program alone: ru_maxrss is also that of what called exec. */
static long resident_kibibytes(void)
{
    char line[256];
    long kibibytes = 0;
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (sscanf(line, "VmHWM: %ld kB", &kibibytes) == 1) break;
    if (status != NULL) fclose(status);
    return kibibytes;
}

static double own_cpu_seconds(void)
{
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used) != 0) return (double)NAN;
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/* ---- options ------------------------------------------------------------------------------------- */

/* Of an option that not every command has. */
static double number_of(const cli *c, const char *name)
{
    for (const cli_option *row = c->command->options; row->name != NULL; row++)
        if (strcmp(row->name, name) == 0) return cli_number(c, name);
    return (double)NAN;
}

/* "12.5" or "package-0=12.5": the watts; *zone_size is 0 for the first form. NaN: neither. */
static double read_idle(const char *text, size_t *zone_size)
{
    const char *equals = strrchr(text, '='), *number = equals != NULL ? equals + 1 : text;
    char *end = NULL;
    double watts = strtod(number, &end);
    *zone_size = equals != NULL ? (size_t)(equals - text) : 0;
    bool good = end != number && *end == '\0' && watts >= 0 && watts < 1e6 && equals != text;
    return good ? watts : (double)NAN;
}

int cli_measure_check(cli *c)
{
    const char *text;
    size_t zone_size;
    for (size_t i = 0; (text = cli_repeated(c, "idle-watts", i)) != NULL; i++)
        if (isnan(read_idle(text, &zone_size)))
            return cli_usage_error(c, "--idle-watts takes watts or ZONE=watts, not '%s'", text);
    if (cli_has(c, "ledger") && cli_has(c, "no-ledger"))
        return cli_usage_error(c, "--ledger and --no-ledger exclude each other");
    return EXIT_OK;
}

static void read_prices(cli *c, aj_carbon_options *o)
{
    *o = (aj_carbon_options)AJ_CARBON_OPTIONS_INIT;
    o->power_usage_effectiveness = cli_number(c, "pue");
    o->provider = cli_text(c, "provider");
    o->zone = cli_text(c, "zone");
    (void)aj_basis_from_name(cli_text(c, "basis"), &o->basis); /* CLI_WORD: it is one of them */
    (void)aj_basis_from_name(cli_text(c, "residual-basis"), &o->residual_basis);
    o->contract_ratio = cli_number(c, "contracts");
    o->residual_kilograms_co2e_per_joule = cli_number(c, "residual") * 1e-3 / JOULES_PER_KILOWATT_HOUR;
    o->offsets_kilograms_co2e = cli_number(c, "offsets");
    o->fee_dollars_per_kilogram_co2e = cli_number(c, "fee") * 1e-3;
    o->fee_on_market = strcmp(cli_text(c, "fee-on"), "market") == 0;
    o->electricity_dollars_per_joule = cli_number(c, "electricity") / JOULES_PER_KILOWATT_HOUR;
}

/* ---- the meter ----------------------------------------------------------------------------------- */

/* `watts` over the packages that are counted, all the same: which of them is idle is not known. */
static void set_idle_of_packages(cli_measure *m, double watts)
{
    aj_zone_reading zone;
    size_t n = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; aj_meter_zone(m->meter, i, &zone, NULL) == AJ_OK; i++) {
            if (zone.role != AJ_ZONE_ROLE_COUNTED || zone.kind != AJ_ZONE_PACKAGE) continue;
            if (pass == 0) n++;
            if (pass == 1 && aj_meter_set_idle(m->meter, i, watts / (double)n, AJ_ASSUMED, NULL) != AJ_OK)
                return;
        }
    if (n == 0) cli_say(m->c, "--idle-watts: no package is measured here; nothing is kept apart");
}

static void set_idle(cli_measure *m, const char *text)
{
    aj_zone_reading zone;
    size_t zone_size;
    double watts = read_idle(text, &zone_size);
    if (zone_size == 0) {
        set_idle_of_packages(m, watts);
        return;
    }
    for (size_t i = 0; aj_meter_zone(m->meter, i, &zone, NULL) == AJ_OK; i++)
        if (strlen(zone.name) == zone_size && memcmp(zone.name, text, zone_size) == 0) {
            if (aj_meter_set_idle(m->meter, i, watts, AJ_ASSUMED, NULL) == AJ_OK) return;
        }
    cli_say(m->c, "--idle-watts %s: there is no such zone; 'aj meter' lists them", text);
}

/* A machine whose processes cannot be followed can still be measured as a whole. */
static aj_status open_meter(cli_measure *m, long pid, aj_error *err)
{
    aj_meter_options options = AJ_METER_OPTIONS_INIT;
    aj_error second = {AJ_OK, 0, ""};
    options.source = cli_text(m->c, "source");
    options.sysfs_root = cli_text(m->c, "sysfs");
    options.procfs_root = cli_text(m->c, "procfs");
    options.nvml_library = cli_text(m->c, "nvml");
    options.sample_hertz = cli_number(m->c, "hertz");
    options.pid = pid;
    options.cgroup = cli_text(m->c, "cgroup");
    options.redfish_url = cli_text(m->c, "redfish");
    aj_status st = aj_meter_open(&m->meter, m->c->context, &options, err);
    if (st == AJ_OK) return st;
    options.pid = 0;
    options.cgroup = NULL;
    if (aj_meter_open(&m->meter, m->c->context, &options, &second) != AJ_OK) return st;
    snprintf(m->undivided, sizeof m->undivided, "%s", err->message);
    return AJ_OK;
}

static void take_parent(cli_measure *m)
{
    const char *parent = getenv("AJ_RUN");
    if (parent != NULL && strlen(parent) == 32 && strspn(parent, "0123456789abcdef") == 32)
        memcpy(m->parent, parent, sizeof m->parent);
}

void cli_measure_name(cli_measure *m, cli *c)
{
    aj_error err = {AJ_OK, 0, ""};
    memset(m, 0, sizeof *m);
    m->c = c;
    m->flops = number_of(c, "flops");
    m->accuracy_ratio = number_of(c, "accuracy");
    read_prices(c, &m->prices);
    take_parent(m);
    if (aj_run_new_uid(m->uid, &err) != AJ_OK) cli_failed(c, &err); /* it gets one with the ledger then */
}

/* Waits beside a process that has not begun its work. */
static void learn_idle(cli_measure *m, double seconds)
{
    aj_error err = {AJ_OK, 0, ""};
    struct timespec left = {(time_t)seconds, 0};
    if (aj_meter_start(m->meter, &err) != AJ_OK) return; /* the start proper says why */
    cli_say(m->c, "learning what the quiet machine draws: %.0f s", seconds);
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
    aj_status st = aj_meter_stop(m->meter, NULL, &err);
    if (st == AJ_OK) st = aj_meter_learn_idle(m->meter, &err);
    if (st != AJ_OK) cli_say(m->c, "%s", err.message);
}

void cli_measure_begin(cli_measure *m, long pid)
{
    aj_error err = {AJ_OK, 0, ""};
    const char *text;
    double began = cli_now_seconds(), learn_seconds = number_of(m->c, "learn-idle");
    m->own_cpu_seconds = pid != 0 ? 0 : (double)NAN;
    aj_status st = open_meter(m, pid != 0 ? pid : (long)getpid(), &err);
    for (size_t i = 0; st == AJ_OK && (text = cli_repeated(m->c, "idle-watts", i)) != NULL; i++)
        set_idle(m, text);
    if (st == AJ_OK && !isnan(learn_seconds)) learn_idle(m, learn_seconds);
    if (st == AJ_OK) st = aj_meter_start(m->meter, &err);
    if (st != AJ_OK) {
        aj_meter_close(m->meter);
        m->meter = NULL;
        snprintf(m->no_energy, sizeof m->no_energy, "%s",
                 err.message[0] != '\0' ? err.message : aj_status_text(st));
    }
    m->started_unix_seconds = wall_seconds();
    m->started_seconds = cli_now_seconds();
    m->opening_seconds = cli_now_seconds() - began - (isnan(learn_seconds) ? 0 : learn_seconds);
}

bool cli_measure_trace(cli_measure *m, const char *path)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_trace_options options = AJ_TRACE_OPTIONS_INIT;
    options.uid = m->uid[0] != '\0' ? m->uid : NULL;
    if (aj_trace_open(&m->trace, m->c->context, path, m->meter, &options, &err) == AJ_OK) return true;
    cli_failed(m->c, &err);
    /* The marks still mean something. */
    if (path != NULL && aj_trace_open(&m->trace, m->c->context, NULL, m->meter, &options, &err) != AJ_OK)
        cli_failed(m->c, &err);
    return false;
}

static const cli_amount missing = {(double)NAN, (double)NAN, (double)NAN, AJ_MEASURED};

/* CPU time comes in ticks: one of them may be missing, or be somebody else's. */
static double tick_ratio(double busy_cpu_seconds)
{
    double tick_seconds = 1.0 / (double)sysconf(_SC_CLK_TCK);
    return busy_cpu_seconds > tick_seconds ? tick_seconds / busy_cpu_seconds : 1;
}

/* The zone's interval in proportion, and a tick. Where the sensor's error is not known the part's is neither;
 * but a share too small to be seen is at most a tick, not 0. */
static void set_interval(cli_amount *part, const aj_zone_reading *zone, double busy_cpu_seconds)
{
    double joules = zone->energy_joules.value, share = joules > 0 ? part->value / joules : 0;
    double tick = 0;
    if (!isnan(zone->attributed_joules) && zone->kind != AJ_ZONE_GPU)
        tick = tick_ratio(busy_cpu_seconds) * (zone->attributed_joules + zone->others_joules);
    if (zone->high_joules > zone->low_joules) {
        part->low = fmax(share * zone->low_joules - tick, 0);
        part->high = fmin(share * zone->high_joules + tick, zone->high_joules);
    } else if (part->value == 0 && tick > 0) {
        part->low = 0;
        part->high = tick;
    }
}

static cli_amount part_of(const aj_zone_reading *zone, double busy_cpu_seconds)
{
    cli_amount part = missing;
    bool divided = !isnan(zone->attributed_joules);
    part.value = divided ? zone->attributed_joules : zone->energy_joules.value;
    part.origin = zone->energy_joules.origin;
    if (divided && part.origin < AJ_MODELLED) part.origin = AJ_MODELLED;
    if (!isnan(part.value)) set_interval(&part, zone, busy_cpu_seconds);
    return part;
}

cli_amount cli_measure_part(const cli_measure *m, const aj_zone_reading *zone)
{
    return part_of(zone, m->reading.busy_cpu_seconds);
}

static void add_part(cli_amount *sum, cli_amount part)
{
    if (isnan(part.value)) return;
    if (isnan(sum->value)) *sum = (cli_amount){0, 0, 0, AJ_MEASURED};
    sum->value += part.value;
    sum->low += part.low;
    sum->high += part.high;
    if (part.origin > sum->origin) sum->origin = part.origin;
}

cli_amount cli_measure_now(const cli_measure *m)
{
    cli_amount sum = missing;
    aj_zone_reading zone;
    for (size_t i = 0; m->meter != NULL && aj_meter_zone(m->meter, i, &zone, NULL) == AJ_OK; i++)
        if (zone.role == AJ_ZONE_ROLE_COUNTED) add_part(&sum, part_of(&zone, (double)NAN));
    return sum;
}

cli_amount cli_measure_fresh(const cli_measure *m)
{
    aj_reading now;
    if (m->meter == NULL || aj_meter_now(m->meter, &now, NULL) != AJ_OK) return missing;
    if (now.busy_cpu_seconds == 0) return missing; /* too early: nothing has been divided */
    return cli_measure_now(m);
}

cli_amount cli_measure_energy(const cli_measure *m)
{
    cli_amount sum = missing;
    for (size_t i = 0; i < m->n_zones; i++)
        if (m->zones[i].reading.role == AJ_ZONE_ROLE_COUNTED)
            add_part(&sum, cli_measure_part(m, &m->zones[i].reading));
    return sum;
}

/* Half of a 95 % interval is 1.96 standard deviations of a normal error. */
static aj_estimate estimate_of(cli_amount amount)
{
    double stddev = (amount.high - amount.low) / (2 * aj_normal_quantile(0.975));
    return (aj_estimate){amount.value, stddev, amount.origin};
}

aj_estimate cli_measure_estimate(const cli_measure *m)
{
    return estimate_of(cli_measure_energy(m));
}

/* ---- prices -------------------------------------------------------------------------------------- */

/* The tables are read when they are first needed: a child has started by then. */
static bool open_prices(cli_measure *m)
{
    aj_error err = {AJ_OK, 0, ""};
    cli *c = m->c;
    if (m->carbon_tried) return m->carbon != NULL;
    m->carbon_tried = true;
    aj_status st = aj_carbon_open(&m->carbon, c->context, cli_text(c, "zones"), cli_text(c, "prices"), &err);
    if (st == AJ_OK && cli_has(c, "hourly"))
        st = aj_hourly_open(&m->hourly, c->context, cli_text(c, "hourly"), &err);
    m->prices.hourly = m->hourly;
    m->prices.start_seconds = m->started_unix_seconds;
    if (st != AJ_OK) {
        snprintf(m->no_carbon, sizeof m->no_carbon, "%s", err.message);
        aj_carbon_close(m->carbon);
        m->carbon = NULL;
    }
    return st == AJ_OK;
}

bool cli_measure_price(cli_measure *m, cli_amount energy, double duration_seconds, aj_carbon_result *out)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_carbon_options options;
    if (!open_prices(m)) return false;
    options = m->prices;
    options.energy_joules = estimate_of(energy);
    options.duration_seconds = duration_seconds;
    if (isnan(energy.value)) options.energy_joules.value = 0; /* the factors are wanted all the same */
    aj_status st = aj_carbon_account(m->carbon, &options, out, &err);
    if (st != AJ_OK) { /* an unknown zone: money is still known */
        snprintf(m->no_carbon, sizeof m->no_carbon, "%s", err.message);
        options.zone = NULL;
        options.hourly = NULL;
        st = aj_carbon_account(m->carbon, &options, out, &err);
    }
    if (st != AJ_OK) {
        options.provider = NULL;
        st = aj_carbon_account(m->carbon, &options, out, &err);
    }
    if (st == AJ_OK && isnan(energy.value)) {
        const aj_estimate unknown = {(double)NAN, (double)NAN, AJ_ASSUMED};
        out->energy_joules = out->facility_joules = out->location_kilograms_co2e = unknown;
        out->market_kilograms_co2e = out->electricity_dollars = out->fee_dollars = unknown;
    }
    return st == AJ_OK;
}

/* ---- the end ------------------------------------------------------------------------------------- */

static void keep_zones(cli_measure *m)
{
    aj_zone_reading zone;
    while (aj_meter_zone(m->meter, m->n_zones, &zone, NULL) == AJ_OK) {
        m->zones = cli_resize(m->zones, m->n_zones + 1, sizeof *m->zones);
        cli_zone *kept = &m->zones[m->n_zones++];
        kept->reading = zone;
        snprintf(kept->message, sizeof kept->message, "%s", zone.message);
    }
    for (size_t i = 0; i < m->n_zones; i++) m->zones[i].reading.message = m->zones[i].message;
}

static void keep_remarks(cli_measure *m)
{
    const char *text = aj_meter_followed(m->meter);
    snprintf(m->followed, sizeof m->followed, "%s", text != NULL ? text : "");
    while ((text = aj_meter_remark(m->meter, m->n_remarks)) != NULL) {
        m->remarks = cli_resize(m->remarks, m->n_remarks + 1, sizeof *m->remarks);
        m->remarks[m->n_remarks++] = cli_copy_text(text);
    }
}

static void keep_marks(cli_measure *m)
{
    aj_phase phase;
    if (m->trace == NULL) return;
    while (aj_trace_phase(m->trace, m->n_phases, &phase, NULL) == AJ_OK) {
        m->phases = cli_resize(m->phases, m->n_phases + 1, sizeof *m->phases);
        phase.name = cli_copy_text(phase.name);
        m->phases[m->n_phases++] = phase;
    }
    aj_trace_now(m->trace, &m->marks);
    if (!isnan(m->marks.flops)) m->flops = m->marks.flops;
    if (!isnan(m->marks.accuracy_ratio)) m->accuracy_ratio = m->marks.accuracy_ratio;
    if (m->marks.ignored != NULL)
        cli_say(m->c, "%zu lines on AJ_MARK were no marks, the first: '%.80s'", m->marks.n_ignored,
                m->marks.ignored);
    m->marks.ignored = m->marks.phase = NULL; /* borrowed from the trace */
}

void cli_measure_end(cli_measure *m, double duration_seconds)
{
    aj_error err = {AJ_OK, 0, ""};
    bool read = false;
    m->duration_seconds = isnan(duration_seconds) ? cli_now_seconds() - m->started_seconds : duration_seconds;
    if (m->meter != NULL) {
        read = aj_meter_stop(m->meter, &m->reading, &err) == AJ_OK;
        if (!read) snprintf(m->no_energy, sizeof m->no_energy, "%s", err.message);
        if (read) keep_zones(m);
        if (read) keep_remarks(m);
    }
    keep_marks(m);
    if (aj_trace_close(m->trace, read ? &m->reading : NULL, &err) != AJ_OK) cli_failed(m->c, &err);
    m->trace = NULL;
    if (isnan(m->own_cpu_seconds)) return;
    m->own_cpu_seconds = own_cpu_seconds();
    m->resident_kibibytes = resident_kibibytes();
}

void cli_measure_close(cli_measure *m)
{
    aj_error err = {AJ_OK, 0, ""};
    if (aj_trace_close(m->trace, NULL, &err) != AJ_OK) cli_failed(m->c, &err);
    aj_meter_close(m->meter);
    aj_carbon_close(m->carbon);
    aj_hourly_close(m->hourly);
    for (size_t i = 0; i < m->n_phases; i++) free((char *)(uintptr_t)m->phases[i].name);
    for (size_t i = 0; i < m->n_remarks; i++) free(m->remarks[i]);
    free(m->remarks);
    free(m->phases);
    free(m->zones);
    memset(m, 0, sizeof *m);
}

void cli_measure_remarks(cli_measure *m)
{
    for (size_t i = 0; i < m->n_zones; i++) {
        const cli_zone *zone = &m->zones[i];
        if (strcmp(zone->reading.source, "model") != 0 || zone->reading.kind != AJ_ZONE_PACKAGE) continue;
        cli_say(m->c, "%.*s", (int)strcspn(zone->message, ";"), zone->message); /* what it rests on */
    }
    if (m->no_energy[0] != '\0') cli_say(m->c, "energy is not known: %s", m->no_energy);
    if (m->undivided[0] != '\0')
        cli_say(m->c, "the joules are those of the whole machine, they could not be divided: %s",
                m->undivided);
    for (size_t i = 0; i < m->n_remarks; i++) cli_say(m->c, "%s", m->remarks[i]);
    if (m->no_carbon[0] != '\0') cli_say(m->c, "carbon is not known: %s", m->no_carbon);
    for (size_t i = 0; i < m->n_zones; i++)
        if (m->zones[i].reading.role == AJ_ZONE_ROLE_COUNTED && m->zones[i].reading.status != AJ_OK)
            cli_say(m->c, "%s is missing in part or in whole: %s", m->zones[i].reading.name,
                    m->zones[i].message);
}

/* ---- the run ------------------------------------------------------------------------------------- */

const char *cli_measured_text(cli_measured_run *to, const char *format, ...)
{
    char *text = NULL;
    size_t size = 0;
    va_list arguments;
    FILE *stream = open_memstream(&text, &size);
    va_start(arguments, format);
    if (stream != NULL) vfprintf(stream, format, arguments);
    va_end(arguments);
    if (stream == NULL || fclose(stream) != 0) {
        fputs("aj: memory ran out\n", stderr);
        exit(EXIT_FAILED);
    }
    to->texts = cli_resize(to->texts, to->n_texts + 1, sizeof *to->texts);
    return to->texts[to->n_texts++] = text;
}

/* The command's own line, or the one that it ran. */
static const char *command_line(cli_measured_run *to, cli *c)
{
    aj_error err = {AJ_OK, 0, ""};
    char *line = NULL;
    size_t first = strcmp(c->command->name, "run") == 0 ? (size_t)c->argc - c->n_operands : 0;
    aj_status st = aj_command_line(&line, (size_t)c->argc - first, (const char *const *)c->argv + first,
                                   cli_has(c, "redact"), &err);
    if (st != AJ_OK) {
        cli_failed(c, &err);
        return NULL;
    }
    const char *kept = cli_measured_text(to, "%s", line);
    aj_text_free(line);
    return kept;
}

static void describe(cli_measured_run *to, const cli_measure *m)
{
    cli *c = m->c;
    aj_run *run = &to->run;
    size_t n = 0;
    memcpy(run->uid, m->uid, sizeof run->uid);
    run->started_unix_seconds = m->started_unix_seconds;
    run->duration_seconds = m->duration_seconds;
    run->project = cli_text(c, "project");
    run->round = cli_text(c, "round");
    if (cli_text(c, "user") != NULL) run->user = cli_text(c, "user");
    run->parent = m->parent[0] != '\0' ? m->parent : NULL;
    run->command_line = command_line(to, c);
    while (cli_repeated(c, "tag", n) != NULL) n++;
    to->tags = cli_allocate(n, sizeof *to->tags);
    for (size_t i = 0; i < n; i++) to->tags[i] = cli_repeated(c, "tag", i);
    run->tags = to->tags;
    run->n_tags = n;
}

void cli_measured_run_make(cli_measured_run *out, const cli_measure *m, aj_run_kind kind, aj_run_state state,
                           const aj_figure *figures, size_t n, json_t *record)
{
    aj_carbon_result priced;
    cli_measure *mutable = (cli_measure *)(uintptr_t)m; /* opens the tables on first use */
    bool known = cli_measure_price(mutable, cli_measure_energy(m), m->duration_seconds, &priced);
    memset(out, 0, sizeof *out);
    aj_run_init(&out->run, &out->who);
    out->run.kind = kind;
    out->run.state = state;
    describe(out, m);
    out->figures = cli_allocate(n + m->n_zones + CLI_MOST_PRICED_FIGURES, sizeof *out->figures);
    if (n > 0) memcpy(out->figures, figures, n * sizeof *figures);
    out->run.n_figures = n + cli_measure_figures(out, m, known ? &priced : NULL, out->figures + n);
    out->run.figures = out->figures;
    json_t *whole = record != NULL ? record : json_object();
    json_object_set_new(whole, "meter", cli_measure_document(m, known ? &priced : NULL));
    char *text = json_dumps(whole, JSON_COMPACT | JSON_REAL_PRECISION(17));
    if (text != NULL) out->run.record = cli_measured_text(out, "%s", text);
    free(text);
    json_decref(whole);
}

void cli_measured_run_begin(cli_measured_run *out, const cli_measure *m, const char *trace_path)
{
    memset(out, 0, sizeof *out);
    aj_run_init(&out->run, &out->who);
    out->run.state = AJ_RUN_RUNNING;
    describe(out, m);
    out->run.duration_seconds = (double)NAN;
    json_t *record = json_pack("{s:{s:i, s:s?}}", "meter", "attojoule_meter", 1, "trace_file",
                               trace_path[0] != '\0' ? trace_path : NULL);
    char *text = record != NULL ? json_dumps(record, JSON_COMPACT) : NULL; /* NULL: a path that is no UTF-8 */
    if (text != NULL) out->run.record = cli_measured_text(out, "%s", text);
    free(text);
    json_decref(record);
}

void cli_measured_run_free(cli_measured_run *run)
{
    for (size_t i = 0; i < run->n_texts; i++) free(run->texts[i]);
    free(run->texts);
    free(run->tags);
    free(run->figures);
    memset(run, 0, sizeof *run);
}

bool cli_measure_keep(cli_measure *m, const aj_run *run)
{
    cli *c = m->c;
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    aj_error err = {AJ_OK, 0, ""};
    aj_kept kept;
    if (cli_has(c, "no-ledger")) return true;
    options.path = cli_text(c, "ledger");
    bool kept_it = aj_ledger_keep(&options, run, &kept, &err) == AJ_OK;
    if (kept_it && !kept.spilled) return true;
    if (!c->ledger_said && !kept_it) cli_failed(c, &err);
    if (!c->ledger_said && kept_it)
        cli_complain(c, "%s; the run is in %s and is taken in when the ledger opens again", kept.why,
                     kept.path);
    c->ledger_said = true; /* not again for every point of a sweep */
    return kept_it;
}

void cli_measure_keep_interrupted(cli_measure *m, aj_run_kind kind)
{
    cli_measured_run made;
    if (cli_has(m->c, "no-ledger")) return;
    cli_measured_run_make(&made, m, kind, AJ_RUN_INTERRUPTED, NULL, 0, NULL);
    (void)cli_measure_keep(m, &made.run);
    cli_measured_run_free(&made);
}

void cli_measure_warn_of_budgets(cli *c)
{
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    aj_ledger *ledger = NULL;
    const char *project = cli_text(c, "project");
    options.path = cli_text(c, "ledger");
    if (project == NULL || cli_has(c, "no-ledger")) return;
    if (aj_ledger_open(&ledger, &options, NULL) != AJ_OK) return; /* said when the run was put */
    (void)cli_ledger_check_budgets(c, ledger, project);           /* the status is the command's */
    aj_ledger_close(ledger);
}

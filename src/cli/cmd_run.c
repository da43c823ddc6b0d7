/* cmd_run.c: aj run: meters any command and gets out of its way. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attojoule/report.h"
#include "child.h"
#include "live.h"
#include "measure.h"
#include "trace_load.h"

const cli_option cmd_run_options[] = {
    CLI_MEASURE_OPTIONS(false),
    {.name = "flops",
     .kind = CLI_NUMBER,
     .argument = "N",
     .help = "floating point operations of the command, when you know them (2 per multiply-accumulate)",
     .minimum = 0,
     .maximum = 1e40},
    {.name = "accuracy",
     .kind = CLI_NUMBER,
     .argument = "RATIO",
     .help = "accuracy that the command reaches, 0 to 1, when you know it",
     .minimum = 0,
     .maximum = 1},
    {.name = "trace",
     .kind = CLI_TEXT,
     .argument = "FILE",
     .help = "keep the trace there: samples and marks as JSON lines (default: in the ledger)"},
    {.name = "learn-idle",
     .kind = CLI_NUMBER,
     .argument = "SECONDS",
     .help = "wait so long before the start and take what the quiet machine draws as idle",
     .minimum = 1,
     .maximum = 3600},
    CLI_OPTION_END,
};

/* Files of a command that was metered; both paths may be "". */
typedef struct {
    char trace[4200]; /* the trace while the command runs */
    bool own_trace;   /* made for the ledger: goes when its bytes are kept there */
} files;

typedef struct {
    cli *c;
    cli_child child;
    cli_measure measure;
    cli_live live;
    files files;
    aj_ledger *ledger;      /* open until there is an entry */
    double started_seconds; /* on the monotonic clock */
} session;

#define SECONDS_BETWEEN_TRACES 1.0
#define SECONDS_TO_ENTRY       0.25 /* a command that ends sooner is written once */

static void on_marks(void *user, const char *bytes, size_t n)
{
    session *s = user;
    aj_error err = {AJ_OK, 0, ""};
    if (s->measure.trace == NULL) return;
    if (aj_trace_feed(s->measure.trace, bytes, n, &err) != AJ_OK) cli_failed(s->c, &err);
}

/* ---- the ledger before the start ------------------------------------------------------------------- */

/* Found now, not when the run is over. */
static void open_ledger(session *s)
{
    cli *c = s->c;
    aj_ledger_options options = AJ_LEDGER_OPTIONS_INIT;
    aj_error err = {AJ_OK, 0, ""};
    if (cli_has(c, "no-ledger")) return;
    options.path = cli_text(c, "ledger");
    options.busy_seconds = 1; /* others that write do not keep a command waiting */
    if (aj_ledger_open(&s->ledger, &options, &err) != AJ_OK) {
        cli_complain(c,
                     "%s; the command runs all the same, its account goes to a spill file that the next "
                     "ledger takes in",
                     err.message);
        const char *folder = getenv("TMPDIR");
        snprintf(s->files.trace, sizeof s->files.trace, "%s/attojoule-%s.trace",
                 folder != NULL && folder[0] != '\0' ? folder : "/tmp", s->measure.uid);
        s->files.own_trace = true;
        return;
    }
    if (aj_ledger_remark(s->ledger) != NULL) cli_complain(c, "%s", aj_ledger_remark(s->ledger));
    snprintf(s->files.trace, sizeof s->files.trace, "%s.%s.trace", aj_ledger_path(s->ledger), s->measure.uid);
    s->files.own_trace = true;
}

/* What a killed meter leaves behind: the entry says where the trace is. */
static void put_beginning(session *s)
{
    cli_measured_run begun;
    aj_error err = {AJ_OK, 0, ""};
    if (s->ledger == NULL) return;
    cli_measured_run_begin(&begun, &s->measure, s->files.trace);
    if (aj_ledger_put(s->ledger, &begun.run, NULL, NULL, &err) != AJ_OK) cli_failed(s->c, &err);
    cli_measured_run_free(&begun);
    aj_ledger_close(s->ledger);
    s->ledger = NULL;
}

static void begin_trace(session *s)
{
    const char *path = cli_text(s->c, "trace");
    if (path != NULL) {
        snprintf(s->files.trace, sizeof s->files.trace, "%s", path);
        s->files.own_trace = false;
    }
    mode_t before = umask(s->files.own_trace ? 077 : 0); /* as the ledger: for its owner alone */
    if (!s->files.own_trace) umask(before);
    bool written = cli_measure_trace(&s->measure, s->files.trace[0] != '\0' ? s->files.trace : NULL);
    umask(before);
    if (!written) s->files.trace[0] = '\0';
}

/* ---- the end --------------------------------------------------------------------------------------- */

static char *read_trace(const char *path, size_t *size)
{
    FILE *stream = path[0] != '\0' ? fopen(path, "rbe") : NULL;
    char *bytes = NULL;
    *size = 0;
    for (size_t got = 1; stream != NULL && got > 0; *size += got) {
        bytes = cli_resize(bytes, *size + 65536, 1);
        got = fread(bytes + *size, 1, 65536, stream);
    }
    if (stream != NULL) fclose(stream);
    return bytes;
}

static void put_amount(char *text, size_t size, cli_amount amount, const char *unit)
{
    char value[48], low[48], high[48];
    aj_format_quantity(amount.value, unit, value, sizeof value);
    aj_format_quantity(amount.low, unit, low, sizeof low);
    aj_format_quantity(amount.high, unit, high, sizeof high);
    if (isnan(amount.low))
        snprintf(text, size, "%s %s", value, aj_origin_name(amount.origin));
    else
        snprintf(text, size, "%s [%s, %s] %s", value, low, high, aj_origin_name(amount.origin));
}

static void say_energy(session *s)
{
    const cli_measure *m = &s->measure;
    const aj_reading *r = &m->reading;
    cli_amount energy = cli_measure_energy(m);
    char used[192], seconds[48], watts[48], whole[48];
    aj_format_quantity(m->duration_seconds, "s", seconds, sizeof seconds);
    if (isnan(energy.value)) return; /* a remark has said why */
    put_amount(used, sizeof used, energy, "J");
    aj_format_quantity(energy.value / m->duration_seconds, "W", watts, sizeof watts);
    aj_format_quantity(r->energy_joules.value, "J", whole, sizeof whole);
    double total = r->energy_joules.value;
    if (isnan(r->attributed_joules.value) || !(total > 0))
        cli_say(s->c, "%s, %s, %s on average; the machine used %s", seconds, used, watts, whole);
    else
        cli_say(s->c,
                "%s, %s, %s on average; the machine used %s: %.0f %% this run, %.0f %% idle, %.0f %% others",
                seconds, used, watts, whole, 100 * energy.value / total, 100 * r->idle_joules / total,
                100 * r->others_joules / total);
}

static void say_prices(session *s)
{
    cli_measure *m = &s->measure;
    aj_carbon_result r;
    char location[48], market[48];
    cli_amount energy = cli_measure_energy(m);
    if (isnan(energy.value) || !cli_measure_price(m, energy, m->duration_seconds, &r)) return;
    if (r.factor.zone == NULL) {
        if (m->no_carbon[0] == '\0')
            cli_say(s->c, "electricity %.3g USD; --zone says where, for carbon", r.electricity_dollars.value);
        return;
    }
    aj_format_quantity(r.location_kilograms_co2e.value * 1e3, "g", location, sizeof location);
    aj_format_quantity(r.market_kilograms_co2e.value * 1e3, "g", market, sizeof market);
    cli_say(s->c,
            "%s CO2e location-based, %s market-based (%s, %s, PUE %.3g); electricity %.3g USD, fee %.3g USD",
            location, market, r.factor.name, aj_basis_name(r.basis), r.power_usage_effectiveness,
            r.electricity_dollars.value, r.fee_dollars.value);
}

/* The document goes to --out; without it to standard error, since standard output is the command's. */
static void deliver_json(session *s, const aj_run *run)
{
    char *text = NULL;
    aj_error err = {AJ_OK, 0, ""};
    const char *path = cli_text(s->c, "out");
    if (path == NULL && !cli_has(s->c, "json")) return;
    if (aj_run_to_json(run, &text, &err) != AJ_OK) {
        cli_failed(s->c, &err);
        return;
    }
    if (path == NULL) {
        fprintf(stderr, "%s\n", text);
    } else {
        cli_output output;
        cli_output_begin(&output);
        fprintf(output.stream, "%s\n", text);
        (void)cli_output_finish_to(s->c, &output, path); /* it complains; the status is the command's */
    }
    aj_text_free(text);
}

static void keep(session *s)
{
    cli *c = s->c;
    cli_measured_run made;
    aj_run_state state = s->child.killed        ? AJ_RUN_INTERRUPTED
                         : s->child.status == 0 ? AJ_RUN_FINISHED
                                                : AJ_RUN_FAILED;
    size_t size = 0;
    char *trace = read_trace(s->files.trace, &size);
    cli_trace_load load = {0};
    if (cli_has(c, "hourly")) cli_trace_load_read(c, &load, s->measure.uid, trace, size);
    s->measure.prices.load = load.load;
    cli_measured_run_make(&made, &s->measure, AJ_RUN_COMMAND, state, NULL, 0, NULL);
    made.run.exit_status = s->child.status;
    deliver_json(s, &made.run);
    made.run.trace = trace;
    made.run.trace_bytes = size;
    bool kept = s->ledger != NULL && aj_ledger_put(s->ledger, &made.run, NULL, NULL, NULL) == AJ_OK;
    aj_ledger_close(s->ledger);
    s->ledger = NULL;
    if (!kept) kept = cli_measure_keep(&s->measure, &made.run);
    if (s->files.own_trace && s->files.trace[0] != '\0' && kept) unlink(s->files.trace);
    bool summary = !(cli_has(c, "json") && cli_text(c, "out") == NULL);
    if (summary) {
        cli_measure_remarks(&s->measure);
        say_energy(s);
        say_prices(s);
        if (kept && !cli_has(c, "no-ledger"))
            cli_say(c, "run %.8s is in the ledger; its card: aj report %.8s", made.run.uid, made.run.uid);
    }
    cli_measure_warn_of_budgets(c);
    cli_measured_run_free(&made);
    s->measure.prices.load = (aj_load){0};
    cli_trace_load_free(&load);
    free(trace);
}

/* ---- the run --------------------------------------------------------------------------------------- */

static void follow(session *s)
{
    aj_error err = {AJ_OK, 0, ""};
    bool traced = s->files.trace[0] != '\0' && s->measure.meter != NULL;
    while (!s->child.ended) {
        double wait = s->live.wanted ? CLI_LIVE_SECONDS : traced ? SECONDS_BETWEEN_TRACES : -1;
        if (s->ledger != NULL) wait = SECONDS_TO_ENTRY;
        cli_child_step(&s->child, wait, on_marks, s);
        if (s->child.ended) break;
        if (cli_now_seconds() - s->started_seconds >= SECONDS_TO_ENTRY) put_beginning(s);
        if (traced && aj_trace_sample(s->measure.trace, &err) != AJ_OK) {
            cli_failed(s->c, &err);
            traced = false; /* said once */
        }
        cli_live_show(&s->live, &s->measure, cli_now_seconds() - s->started_seconds);
    }
}

static int exec_failed(session *s)
{
    const char *program = s->c->operands[0];
    if (s->child.exec_error == ENOENT && strchr(program, '/') == NULL)
        cli_complain(s->c, "%s: command not found", program);
    else
        cli_complain(s->c, "%s: cannot be run (%s)", program, strerror(s->child.exec_error));
    while (!s->child.ended) cli_child_step(&s->child, -1, on_marks, s);
    if (s->files.own_trace) unlink(s->files.trace);
    cli_child_finish(&s->child);
    return s->child.status;
}

static int meter(session *s)
{
    cli *c = s->c;
    open_ledger(s);
    int status = cli_child_fork(c, &s->child, c->operands, s->measure.uid);
    if (status != EXIT_OK) return status;
    cli_measure_begin(&s->measure, (long)s->child.pid);
    begin_trace(s);
    cli_child_go(&s->child);
    s->started_seconds = cli_now_seconds();
    while (s->child.started >= 0 && !s->child.ended) cli_child_step(&s->child, -1, on_marks, s);
    if (s->child.exec_error != 0) return exec_failed(s);
    cli_live_begin(&s->live, c);
    follow(s);
    double seconds = cli_now_seconds() - s->started_seconds;
    cli_live_clear(&s->live);
    cli_child_drain(&s->child, on_marks, s);
    cli_measure_end(&s->measure, seconds); /* before the child is reaped: its CPU time can still be read */
    cli_child_finish(&s->child);
    keep(s);
    return s->child.status >= 0 ? s->child.status : EXIT_FAILED;
}

int cmd_run(cli *c)
{
    if (c->n_plain > 0)
        return cli_usage_error(c, "run needs -- before the command: aj run [options] -- %s …",
                               c->operands[0]);
    int status = cli_measure_check(c);
    if (status != EXIT_OK) return status;
    session *s = cli_allocate(1, sizeof *s);
    s->c = c;
    status = cli_child_prepare(c, &s->child);
    if (status == EXIT_OK) {
        cli_measure_name(&s->measure, c);
        status = meter(s);
    }
    cli_measure_close(&s->measure);
    aj_ledger_close(s->ledger);
    free(s);
    return status;
}

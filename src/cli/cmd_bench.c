/* cmd_bench.c: aj bench: what a network costs on this machine: load, latency, throughput, memory, joules. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "model.h"

#include "attojoule/report.h"

const cli_option cmd_bench_options[] = {
    {.name = "chunk",
     .kind = CLI_COUNT,
     .argument = "B",
     .fallback = "1",
     .help = "samples a call; 1 gives the latency of a request, 128 or more the throughput",
     .minimum = 1,
     .maximum = 1e6},
    {.name = "seconds",
     .kind = CLI_NUMBER,
     .argument = "S",
     .fallback = "3",
     .help = "how long to call it, after it has been called three times",
     .minimum = 0.01,
     .maximum = 1e5},
    CLI_DIM_OPTION,
    CLI_MEASURE_OPTIONS(true),
    CLI_OPTION_END,
};

enum { WARM_CALLS = 3, LEAST_CALLS = 10, MOST_KEPT = 1 << 16 };

typedef struct {
    aj_model *model;
    aj_session *session;
    size_t chunk;
    float *inputs, *outputs;
    double load_seconds, prepare_seconds, first_seconds; /* open the file; plan memory; the first call */
    size_t n_calls;
    double total_seconds;
    double *seconds; /* of every `stride`-th call, sorted in the end */
    size_t n_kept, stride;
    double resident_bytes, peak_bytes; /* after the first call; what is kept of the times comes on top */
    double macs;
} bench;

/* ---- timing ---------------------------------------------------------------------------------------- */

/* Any numbers do: the time of a dense or convolutional network does not depend on them. */
static void fill(float *values, size_t n)
{
    uint32_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u; /* Knuth's generator, as in Numerical Recipes */
        values[i] = (float)(state >> 8) / 16777216.0f;
    }
}

static int prepare(cli *c, bench *b)
{
    aj_error err = {AJ_OK, 0, ""};
    double begun = cli_now_seconds();
    int status = cli_open_model(c, &b->model);
    if (status != EXIT_OK) return status;
    b->load_seconds = cli_now_seconds() - begun;
    begun = cli_now_seconds();
    if (aj_session_create(&b->session, c->context, b->model, b->chunk, &err) != AJ_OK)
        return cli_failed(c, &err);
    b->prepare_seconds = cli_now_seconds() - begun;
    aj_model_info info = aj_model_describe(b->model);
    b->inputs = cli_allocate(b->chunk * info.n_input_features + 1, sizeof *b->inputs);
    b->outputs = cli_allocate(b->chunk * info.n_output_features + 1, sizeof *b->outputs);
    fill(b->inputs, b->chunk * info.n_input_features);
    for (size_t i = 0; i < aj_model_n_layers(b->model); i++)
        b->macs += (double)aj_model_layer(b->model, i).macs_per_inference;
    return EXIT_OK;
}

static bool call(cli *c, bench *b, double *seconds, int *status)
{
    aj_error err = {AJ_OK, 0, ""};
    double begun = cli_now_seconds();
    aj_status st = aj_session_run(b->session, b->inputs, b->chunk, b->outputs, &err);
    *seconds = cli_now_seconds() - begun;
    *status = st != AJ_OK ? cli_failed(c, &err) : EXIT_OK;
    return st == AJ_OK;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Fast networks are called millions of times: when there is no room, every second time is forgotten. */
static void keep_time(bench *b, double seconds)
{
    b->total_seconds += seconds;
    if (b->n_calls++ % b->stride != 0) return;
    if (b->n_kept == MOST_KEPT) {
        for (size_t i = 0; i < MOST_KEPT / 2; i++) b->seconds[i] = b->seconds[2 * i];
        b->n_kept = MOST_KEPT / 2;
        b->stride *= 2;
    }
    b->seconds[b->n_kept++] = seconds;
}

static int repeat(cli *c, bench *b)
{
    int status;
    double one, begun = cli_now_seconds(), total = cli_number(c, "seconds");
    b->seconds = cli_allocate(MOST_KEPT, sizeof *b->seconds);
    b->stride = 1;
    while (cli_now_seconds() - begun < total || b->n_calls < LEAST_CALLS) {
        if (cli_interrupted()) {
            cli_complain(c, "interrupted after %zu calls; nothing was printed", b->n_calls);
            return EXIT_FAILED;
        }
        if (!call(c, b, &one, &status)) return status;
        keep_time(b, one);
    }
    qsort(b->seconds, b->n_kept, sizeof *b->seconds, by_size);
    return EXIT_OK;
}

/* The smallest time that at least this share of the calls did not exceed. */
static double quantile(const bench *b, double share)
{
    size_t at = (size_t)ceil(share * (double)b->n_kept);
    return b->seconds[at > 0 ? at - 1 : 0];
}

/* Kilobytes of a line of /proc/self/status as bytes; NaN where it is not there. */
static double own_memory(const char *key)
{
    char line[256];
    double bytes = (double)NAN;
    unsigned long long kibibytes;
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, key, strlen(key)) == 0 && sscanf(line + strlen(key), ": %llu", &kibibytes) == 1)
            bytes = (double)kibibytes * 1024;
    if (f != NULL) fclose(f);
    return bytes;
}

/* ---- printing ---------------------------------------------------------------------------------------- */

/* Per inference; the interval only where it is known. */
static cli_amount per_inference(const bench *b, const cli_measure *m)
{
    cli_amount a = cli_measure_energy(m);
    double n = (double)b->n_calls * (double)b->chunk;
    return (cli_amount){a.value / n, a.low / n, a.high / n, a.origin};
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *document(const cli *c, const bench *b, const cli_measure *m)
{
    aj_model_info info = aj_model_describe(b->model);
    double rate = (double)b->n_calls * (double)b->chunk / b->total_seconds;
    cli_amount joules = per_inference(b, m);
    json_t *latency = json_pack("{s:o, s:o, s:o, s:o}", "least", number(b->seconds[0]), "median",
                                number(quantile(b, 0.5)), "percentile_99", number(quantile(b, 0.99)), "mean",
                                number(b->total_seconds / (double)b->n_calls));
    json_t *energy =
        json_pack("{s:o, s:o, s:o, s:s?}", "value", number(joules.value), "low", number(joules.low), "high",
                  number(joules.high), "origin", isnan(joules.value) ? NULL : aj_origin_name(joules.origin));
    return json_pack("{s:s, s:s, s:I, s:I, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "model", info.path, "model_sha256", info.sha256, "samples_per_call",
                     (json_int_t)b->chunk, "threads", (json_int_t)aj_context_threads(c->context),
                     "instruction_set", aj_isa_name(aj_context_isa(c->context)), "calls",
                     (json_int_t)b->n_calls, "load_seconds", number(b->load_seconds), "prepare_seconds",
                     number(b->prepare_seconds), "first_call_seconds", number(b->first_seconds),
                     "call_seconds", latency, "inferences_per_second", number(rate), "macs_per_inference",
                     number(b->macs), "flops_per_second", number(2 * b->macs * rate), "resident_bytes",
                     number(b->resident_bytes), "peak_resident_bytes", number(b->peak_bytes),
                     "energy_joules_per_inference", energy);
}

static void row(cli_table *table, const char *name, double value, const char *unit)
{
    char text[64];
    aj_format_quantity(value, unit, text, sizeof text);
    cli_table_cell(table, "%s", name);
    cli_table_cell(table, "%s", text);
}

static void print_text(cli *c, FILE *stream, const bench *b, const cli_measure *m)
{
    static const char *const headers[] = {"cost", "value"};
    double rate = (double)b->n_calls * (double)b->chunk / b->total_seconds;
    cli_amount joules = per_inference(b, m);
    char low[64], high[64];
    fprintf(stream, "%s\n%zu sample%s a call, %u thread%s, %s, %zu calls\n\n", c->operands[0], b->chunk,
            b->chunk == 1 ? "" : "s", aj_context_threads(c->context),
            aj_context_threads(c->context) == 1 ? "" : "s", aj_isa_name(aj_context_isa(c->context)),
            b->n_calls);
    cli_table table;
    cli_table_begin(&table, "lr", headers);
    row(&table, "load", b->load_seconds, "s");
    row(&table, "prepare memory", b->prepare_seconds, "s");
    row(&table, "first call", b->first_seconds, "s");
    row(&table, "a call, median", quantile(b, 0.5), "s");
    row(&table, "a call, 99th percentile", quantile(b, 0.99), "s");
    row(&table, "inferences per second", rate, "");
    row(&table, "arithmetic (1 MAC = 2 FLOP)", 2 * b->macs * rate, "FLOP/s");
    row(&table, "resident memory", b->resident_bytes, "B");
    row(&table, "resident memory, peak", b->peak_bytes, "B");
    row(&table, "energy per inference", joules.value, "J");
    cli_table_end(&table, stream);
    if (isnan(joules.value)) return;
    aj_format_quantity(joules.low, "J", low, sizeof low);
    aj_format_quantity(joules.high, "J", high, sizeof high);
    char text[512];
    snprintf(text, sizeof text,
             isnan(joules.low)
                 ? "energy is %s (its interval is not known), of the whole program while it was called"
                 : "energy is %s (95 %% interval %s … %s), of the whole program while it was called",
             aj_origin_name(joules.origin), low, high);
    cli_print_wrapped(stream, text, 0, CLI_WIDTH);
}

/* ---- the command -------------------------------------------------------------------------------------- */

static int deliver(cli *c, const bench *b, cli_measure *m)
{
    cli_output output;
    cli_output_begin(&output);
    if (cli_has(c, "json")) {
        json_t *d = document(c, b, m);
        json_dumpf(d, output.stream, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        fputc('\n', output.stream);
        json_decref(d);
    } else {
        print_text(c, output.stream, b, m);
    }
    return cli_output_finish(c, &output);
}

static void keep(const cli *c, const bench *b, cli_measure *m)
{
    double flops = 2 * b->macs * (double)b->n_calls * (double)b->chunk;
    aj_figure figure = {.quantity = AJ_QUANTITY_FLOPS,
                        .value = flops,
                        .low = flops,
                        .high = flops,
                        .origin = AJ_MODELLED,
                        .source = "multiply-accumulates of the model, 2 FLOP each, times inferences"};
    cli_measured_run run;
    cli_measured_run_make(&run, m, AJ_RUN_EVALUATION, AJ_RUN_FINISHED, &figure, 1,
                          json_pack("{s:o}", "bench", document(c, b, m)));
    (void)cli_measure_keep(m, &run.run);
    cli_measure_warn_of_budgets(m->c);
    cli_measured_run_free(&run);
}

static int measured(cli *c, bench *b)
{
    double one;
    int status;
    if (!call(c, b, &b->first_seconds, &status)) return status;
    for (size_t i = 1; i < WARM_CALLS; i++)
        if (!call(c, b, &one, &status)) return status;
    b->resident_bytes = own_memory("VmRSS");
    b->peak_bytes = own_memory("VmHWM");
    cli_measure measure;
    cli_measure_name(&measure, c);
    cli_measure_begin(&measure, 0);
    status = repeat(c, b);
    if (status == EXIT_OK) {
        cli_measure_end(&measure, b->total_seconds);
        status = deliver(c, b, &measure);
    }
    if (status == EXIT_OK) {
        cli_measure_remarks(&measure);
        keep(c, b, &measure);
    }
    cli_measure_close(&measure);
    return status;
}

int cmd_bench(cli *c)
{
    bench b = {.chunk = (size_t)cli_count(c, "chunk")};
    int status = cli_measure_check(c);
    if (status == EXIT_OK) status = cli_check_writable(c, cli_text(c, "out"));
    if (status == EXIT_OK) status = cli_context(c);
    cli_catch_interrupts();
    if (status == EXIT_OK) status = prepare(c, &b);
    if (status == EXIT_OK) status = measured(c, &b);
    aj_session_destroy(b.session);
    aj_model_destroy(b.model);
    free(b.inputs);
    free(b.outputs);
    free(b.seconds);
    return status;
}

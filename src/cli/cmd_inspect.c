/* cmd_inspect.c: aj inspect: what is in a network, and what would run where. */
#include "evaluate.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "attojoule/report.h"

const cli_option cmd_inspect_options[] = {
    CLI_ON_OPTION,      CLI_SET_OPTION, CLI_BATCH_OPTION, CLI_MODE_OPTION,
    CLI_DYNAMIC_OPTION, CLI_DIM_OPTION, CLI_OPTION_END,
};

typedef struct {
    uint64_t macs, flops, n_parameters, bytes;
} totals;

static totals add_up(const aj_model *model)
{
    totals sum = {0, 0, 0, 0};
    for (size_t i = 0; i < aj_model_n_layers(model); i++) {
        aj_layer_info layer = aj_model_layer(model, i);
        sum.macs += layer.macs_per_inference;
        sum.flops += layer.flops_per_inference;
        sum.n_parameters += layer.n_parameters;
        sum.bytes += layer.bytes_moved;
    }
    return sum;
}

/* ---- text ---------------------------------------------------------------------------------------- */

static void put_row(cli_table *table, const char *name, const char *op_type, const char *shape, totals t)
{
    cli_table_cell(table, "%s", name);
    cli_table_cell(table, "%s", op_type);
    cli_table_cell(table, "%s", shape);
    cli_table_cell(table, "%llu", (unsigned long long)t.macs);
    cli_table_cell(table, "%llu", (unsigned long long)t.flops);
    cli_table_cell(table, "%llu", (unsigned long long)t.n_parameters);
    cli_table_cell(table, "%llu", (unsigned long long)t.bytes);
}

static void print_layers(FILE *stream, const aj_model *model)
{
    static const char *const headers[] = {"layer", "operator",   "rows x cols x reps", "MAC",
                                          "FLOP",  "parameters", "bytes moved"};
    cli_table table;
    cli_table_begin(&table, "lllrrrr", headers);
    for (size_t i = 0; i < aj_model_n_layers(model); i++) {
        aj_layer_info layer = aj_model_layer(model, i);
        char shape[120] = "";
        if (layer.rows > 0)
            snprintf(shape, sizeof shape, "%zu x %zu x %zu", layer.rows, layer.cols, layer.reps);
        if (layer.groups > 1)
            snprintf(shape, sizeof shape, "%zu x %zu x %zu in %zu groups", layer.rows, layer.cols, layer.reps,
                     layer.groups);
        put_row(&table, layer.name, layer.op_type, shape,
                (totals){layer.macs_per_inference, layer.flops_per_inference, layer.n_parameters,
                         layer.bytes_moved});
    }
    put_row(&table, "total", "", "", add_up(model));
    cli_table_end(&table, stream);
    fputs("MAC, FLOP and bytes are per inference; one MAC is 2 FLOP\n", stream);
}

static void quantity(double value, const char *unit, char text[64])
{
    aj_format_quantity(value, unit, text, 64);
}

static void counts(double value, char text[64])
{
    if (isnan(value))
        snprintf(text, 64, "—");
    else
        snprintf(text, 64, "%.7g", value);
}

/* Arrays that a product of rows x cols needs; 0 or not described = one array holds it. */
static double n_tiles(const aj_hardware *hardware, const aj_layer_record *layer)
{
    aj_parameter rows, cols, ports;
    double n = 1;
    if (layer->rows == 0) return (double)NAN;
    if (aj_hardware_find(hardware, "array_ports", &ports))
        n = ceil((double)layer->rows / ports.value) * ceil((double)layer->cols / ports.value);
    if (aj_hardware_find(hardware, "tile_rows", &rows) && rows.value > 0)
        n *= ceil((double)layer->rows / rows.value);
    if (aj_hardware_find(hardware, "tile_cols", &cols) && cols.value > 0)
        n *= ceil((double)layer->cols / cols.value);
    return n;
}

static void put_line(FILE *stream, const char *beginning, const char *rest)
{
    char text[2048];
    snprintf(text, sizeof text, "%s%s", beginning, rest);
    cli_print_wrapped(stream, text, 0, CLI_WIDTH);
}

/* What it costs that a convolution's patches overlap. */
static void print_patching(FILE *stream, const aj_evaluation *plan)
{
    double symbols = 0, distinct = 0;
    for (size_t i = 0; i < plan->n_layers; i++) {
        const aj_layer_record *layer = &plan->layers[i];
        double groups = layer->groups > 1 ? (double)layer->groups : 1.0;
        bool overlaps = layer->distinct_inputs < (double)layer->cols * (double)layer->reps * groups;
        if (!overlaps || isnan(layer->input_symbols)) continue;
        symbols += layer->input_symbols;
        distinct += layer->distinct_inputs;
    }
    if (distinct == 0) return;
    char text[512];
    snprintf(text, sizeof text,
             "patching: the inputs of convolutions are %.7g numbers and %.7g input symbols, %.3g symbols a "
             "number; where the hardware has input_fan_out, optical encodes each once",
             distinct, symbols, symbols / distinct);
    put_line(stream, text, "");
}

static void print_placement(FILE *stream, const aj_hardware *hardware, const aj_evaluation *plan)
{
    static const char *const headers[] = {"layer",   "runs on", "tiles",  "weight symbols", "input symbols",
                                          "samples", "memory",  "energy", "latency"};
    fprintf(stream, "\non %s (%s), batch %u, mode %s\n", plan->hardware_name, plan->hardware_family,
            plan->batch, plan->mode);
    cli_table table;
    cli_table_begin(&table, "llrrrrrrr", headers);
    for (size_t i = 0; i < plan->n_layers; i++) {
        const aj_layer_record *layer = &plan->layers[i];
        char tiles[64], weights[64], inputs[64], samples[64], bytes[64], energy[64], latency[64];
        counts(strcmp(layer->runs_on, "digital") == 0 ? 1 : n_tiles(hardware, layer), tiles);
        counts(layer->weight_symbols, weights);
        counts(layer->input_symbols, inputs);
        counts(layer->samples, samples);
        quantity(layer->sram_bytes + layer->dram_bytes, "B", bytes);
        quantity(aj_energy_described(&layer->energy), "J", energy);
        quantity(layer->latency_seconds, "s", latency);
        cli_table_cell(&table, "%s", layer->name);
        cli_table_cell(&table, "%s", layer->runs_on);
        const char *const cells[] = {tiles, weights, inputs, samples, bytes, energy, latency};
        for (size_t k = 0; k < sizeof cells / sizeof cells[0]; k++) cli_table_cell(&table, "%s", cells[k]);
    }
    cli_table_end(&table, stream);
    char energy[64], latency[64];
    quantity(aj_energy_described(&plan->energy), "J", energy);
    quantity(plan->latency_seconds, "s", latency);
    char text[1024];
    snprintf(text, sizeof text, "described energy of one inference %s (modelled); latency %s%s%s", energy,
             latency, plan->latency_of != NULL ? ": " : "", plan->latency_of != NULL ? plan->latency_of : "");
    put_line(stream, text, "");
    print_patching(stream, plan);
    for (size_t i = 0; i < plan->n_digital_fallback; i++)
        put_line(stream, "runs digitally: ", plan->digital_fallback[i]);
    for (size_t i = 0; i < plan->n_notes; i++) put_line(stream, "note: ", plan->notes[i]);
    fputs("— is not described, or depends on the values of weights and inputs: see aj eval\n", stream);
}

static void print_text(FILE *stream, const aj_model *model, const aj_hardware *hardware,
                       const aj_evaluation *plan)
{
    aj_model_info info = aj_model_describe(model);
    fprintf(stream, "%s\n", info.path);
    fprintf(stream, "opset %lld, %zu nodes, %llu parameters, input %s of %zu, output %s of %zu numbers\n",
            (long long)info.opset, info.n_nodes, (unsigned long long)info.n_parameters, info.input_name,
            info.n_input_features, info.output_name, info.n_output_features);
    fprintf(stream, "sha256 %s\n\n", info.sha256);
    print_layers(stream, model);
    if (hardware != NULL) print_placement(stream, hardware, plan);
}

/* ---- JSON ---------------------------------------------------------------------------------------- */

static json_t *layers_json(const aj_model *model)
{
    json_t *layers = json_array();
    for (size_t i = 0; i < aj_model_n_layers(model); i++) {
        aj_layer_info l = aj_model_layer(model, i);
        json_array_append_new(
            layers, json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "name", l.name,
                              "operator", l.op_type, "macs_per_inference", (json_int_t)l.macs_per_inference,
                              "flops_per_inference", (json_int_t)l.flops_per_inference, "parameters",
                              (json_int_t)l.n_parameters, "bytes_moved", (json_int_t)l.bytes_moved, "rows",
                              (json_int_t)l.rows, "cols", (json_int_t)l.cols, "reps", (json_int_t)l.reps,
                              "groups", (json_int_t)l.groups));
    }
    return layers;
}

static int print_json(cli *c, FILE *stream, const aj_model *model, const aj_hardware *hardware,
                      const aj_evaluation *plan)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_model_info info = aj_model_describe(model);
    totals sum = add_up(model);
    json_t *on = NULL;
    if (hardware != NULL) {
        char *text = NULL;
        if (aj_evaluation_to_json(plan, 0, &text, &err) != AJ_OK) return cli_failed(c, &err);
        on = json_loads(text, 0, NULL);
        aj_text_free(text);
    }
    json_t *document = json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o?}", "model", info.path, "model_sha256",
        info.sha256, "opset", (json_int_t)info.opset, "nodes", (json_int_t)info.n_nodes, "parameters",
        (json_int_t)info.n_parameters, "input_features", (json_int_t)info.n_input_features, "output_features",
        (json_int_t)info.n_output_features, "macs_per_inference", (json_int_t)sum.macs, "flops_per_inference",
        (json_int_t)sum.flops, "bytes_moved", (json_int_t)sum.bytes, "layers", layers_json(model), "on", on);
    json_dumpf(document, stream, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    fputc('\n', stream);
    json_decref(document);
    return EXIT_OK;
}

/* ---- the command --------------------------------------------------------------------------------- */

static int inspect(cli *c, const aj_model *model, const aj_hardware *hardware)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_evaluation plan = {0};
    if (hardware != NULL && aj_inspect(&plan, c->context, model, hardware, (unsigned)cli_count(c, "batch"),
                                       cli_mode(c), cli_dynamic(c), &err) != AJ_OK)
        return cli_failed(c, &err);
    cli_output output;
    cli_output_begin(&output);
    int status = EXIT_OK;
    if (cli_has(c, "json"))
        status = print_json(c, output.stream, model, hardware, &plan);
    else
        print_text(output.stream, model, hardware, &plan);
    if (status == EXIT_OK)
        status = cli_output_finish(c, &output);
    else
        cli_output_discard(&output);
    aj_evaluation_destroy(&plan);
    return status;
}

int cmd_inspect(cli *c)
{
    aj_model *model = NULL;
    aj_hardware *hardware = NULL;
    int status = cli_context(c);
    aj_error err = {AJ_OK, 0, ""};
    if (status == EXIT_OK) status = cli_open_model(c, &model);
    if (status == EXIT_OK && aj_model_ready(model, &err) != AJ_OK) status = cli_failed(c, &err);
    if (status == EXIT_OK) status = cli_open_hardware(c, &hardware);
    if (status == EXIT_OK) status = inspect(c, model, hardware);
    aj_hardware_destroy(hardware);
    aj_model_destroy(model);
    return status;
}

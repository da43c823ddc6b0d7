/* facts.c: tables of keys and values: one evaluation, its parameters, and how to get it again. */
#include <math.h>
#include <string.h>

#include "tables.h"

static void begin_facts(ajp_grid *grid, ajp_arena *arena, const char *title)
{
    ajp_grid_begin(grid, arena, title);
    ajp_grid_column(grid, "", AJP_LEFT);
    ajp_grid_column(grid, "", AJP_LEFT);
    grid->headless = true;
}

static void fact(ajp_grid *grid, const char *key)
{
    ajp_grid_add(grid);
    ajp_grid_cell(grid, key);
}

static void fact_text(ajp_grid *grid, const char *key, const char *text)
{
    if (text == NULL) return;
    fact(grid, key);
    ajp_grid_cell(grid, text);
}

bool ajp_described(const aj_recorded_parameter *parameter)
{
    if (parameter->word != NULL || !isnan(parameter->value)) return true;
    const char *source = parameter->source; /* a reason for leaving it out is worth a row of its own */
    return source != NULL && *source != '\0' && strcmp(source, "default: not described") != 0;
}

void ajp_table_parameters(const aj_evaluation *record, ajp_arena *arena, ajp_grid *out)
{
    ajp_grid_begin(out, arena, NULL);
    ajp_grid_column(out, "parameter", AJP_LEFT);
    ajp_grid_column(out, "value", AJP_RIGHT);
    ajp_grid_column(out, "source", AJP_LEFT);
    const char *undescribed = NULL;
    for (size_t i = 0; i < record->n_parameters; i++) {
        const aj_recorded_parameter *parameter = &record->parameters[i];
        if (!ajp_described(parameter)) {
            undescribed =
                ajp_arena_printf(arena, "%s%s%s", undescribed != NULL ? undescribed : "Not described: ",
                                 undescribed != NULL ? ", " : "", parameter->key);
            continue;
        }
        ajp_number value = ajp_exact_quantity(parameter->value, parameter->unit);
        ajp_grid_add(out);
        ajp_grid_cell(out, parameter->key);
        ajp_grid_cell(out, parameter->word != NULL   ? parameter->word
                           : isnan(parameter->value) ? "not described"
                                                     : value.text);
        ajp_grid_cell(out, parameter->source != NULL && *parameter->source != '\0' ? parameter->source
                                                                                   : "not stated");
    }
    out->caption = undescribed;
}

static void accuracy_facts(const aj_evaluation *record, ajp_grid *grid)
{
    const aj_summary *accuracy = &record->accuracy_ratio;
    ajp_number clean = ajp_percent(record->clean_accuracy_ratio, 2), mean = ajp_percent(accuracy->mean, 2);
    if (!isnan(record->clean_accuracy_ratio)) {
        fact(grid, "accuracy, exact arithmetic");
        ajp_grid_format(grid, "%s %%", clean.text);
    }
    if (isnan(accuracy->mean)) return;
    fact(grid, "accuracy on the hardware");
    if (isnan(accuracy->ci95_low)) {
        ajp_grid_format(grid, "%s %% (one trial: no interval)", mean.text);
    } else {
        ajp_number low = ajp_percent(accuracy->ci95_low, 2), high = ajp_percent(accuracy->ci95_high, 2);
        ajp_grid_format(grid, "%s %% (95 %%: %s to %s over %zu trials)", mean.text, low.text, high.text,
                        accuracy->n);
    }
    if (isnan(record->accuracy_ci95_dataset_low)) return;
    ajp_number low = ajp_percent(record->accuracy_ci95_dataset_low, 2);
    ajp_number high = ajp_percent(record->accuracy_ci95_dataset_high, 2);
    fact(grid, "with other images too");
    ajp_grid_format(grid, "95 %%: %s to %s %%", low.text, high.text);
}

static void top5_facts(const aj_evaluation *record, ajp_grid *grid)
{
    ajp_number clean = ajp_percent(record->clean_top5_accuracy_ratio, 2);
    ajp_number mean = ajp_percent(record->top5_accuracy_ratio.mean, 2);
    if (isnan(record->clean_top5_accuracy_ratio)) return;
    fact(grid, "among the five largest");
    if (isnan(record->top5_accuracy_ratio.mean))
        ajp_grid_format(grid, "%s %%", clean.text);
    else
        ajp_grid_format(grid, "%s %% exact, %s %% on the hardware", clean.text, mean.text);
}

/* Where there are no classes, the loss is what a network is judged by. */
static void loss_facts(const aj_evaluation *record, ajp_grid *grid)
{
    const char *what = record->loss_of != NULL ? record->loss_of : "loss";
    if (!isnan(record->clean_accuracy_ratio) || isnan(record->clean_loss)) return;
    fact(grid, "loss, exact arithmetic");
    ajp_grid_format(grid, "%.6g (%s)", record->clean_loss, what);
    if (isnan(record->loss.mean)) return;
    fact(grid, "loss on the hardware");
    if (isnan(record->loss.ci95_low))
        ajp_grid_format(grid, "%.6g (one trial: no interval)", record->loss.mean);
    else
        ajp_grid_format(grid, "%.6g (95 %%: %.6g to %.6g over %zu trials)", record->loss.mean,
                        record->loss.ci95_low, record->loss.ci95_high, record->loss.n);
}

static void energy_facts(const aj_evaluation *record, ajp_grid *grid)
{
    for (int boundary = 0; boundary < AJ_N_BOUNDARIES; boundary++) {
        double joules = aj_energy_boundary(&record->energy, (aj_boundary)boundary);
        ajp_number whole = ajp_quantity(joules, "J"),
                   mac = ajp_quantity(ajp_per_mac(record, (aj_boundary)boundary), "J");
        if (boundary == AJ_OPTICAL && isnan(joules)) continue;
        fact(grid, boundary == AJ_OPTICAL       ? "energy, optical"
                   : boundary == AJ_ACCELERATOR ? "energy, accelerator"
                                                : "energy, system");
        if (isnan(joules))
            ajp_grid_cell(grid, "— (not every cause is described)");
        else
            ajp_grid_format(grid, "%s per inference, %s per MAC (modelled)", whole.text, mac.text);
    }
    ajp_number described = ajp_quantity(aj_energy_described(&record->energy), "J");
    if (isnan(aj_energy_boundary(&record->energy, AJ_SYSTEM)) &&
        !isnan(aj_energy_described(&record->energy))) {
        fact(grid, "energy, described causes");
        ajp_grid_format(grid, "%s per inference", described.text);
    }
}

static void run_facts(const aj_evaluation *record, ajp_grid *grid)
{
    ajp_number text = ajp_quantity(record->latency_seconds, "s");
    if (!isnan(record->latency_seconds)) {
        fact(grid, "latency");
        ajp_grid_format(grid, "%s%s%s", text.text, record->latency_of != NULL ? ": " : "",
                        record->latency_of != NULL ? record->latency_of : "");
    }
    text = ajp_quantity(record->throughput_per_second, "");
    if (!isnan(record->throughput_per_second)) {
        fact(grid, "throughput");
        ajp_grid_format(grid, "%s inferences per second", text.text);
    }
    fact(grid, "drawn with");
    ajp_grid_format(grid, "seed %llu, %u trials, batch %u, mode %s", (unsigned long long)record->seed,
                    record->n_trials, record->batch, record->mode != NULL ? record->mode : "—");
    text = ajp_quantity(record->measured_energy_joules.value, "J");
    if (!isnan(record->measured_energy_joules.value)) {
        fact(grid, "this evaluation itself used");
        ajp_grid_format(grid, "%s (%s)", text.text, aj_origin_name(record->measured_energy_joules.origin));
    }
    text = ajp_quantity(record->duration_seconds, "s");
    if (!isnan(record->duration_seconds)) fact_text(grid, "this evaluation itself took", text.text);
    for (size_t i = 0; i < record->n_digital_fallback; i++)
        fact_text(grid, i == 0 ? "runs digitally" : "", record->digital_fallback[i]);
}

static const char *numbers_text(ajp_arena *arena, const char *before, const double *values, size_t n)
{
    const char *text = n > 0 ? before : "";
    for (size_t i = 0; i < n && text != NULL; i++)
        text = ajp_arena_printf(arena, "%s%s%.6g", text, i > 0 ? ", " : "", values[i]);
    return text;
}

/* What was declared and where; nothing where nothing was. */
static void preprocessing_fact(const aj_recorded_preprocessing *done, ajp_arena *arena, ajp_grid *grid)
{
    if (done->declared_in == NULL) return;
    const char *mean = numbers_text(arena, "; minus ", done->mean, done->n_mean);
    const char *std = numbers_text(arena, "; divided by ", done->std, done->n_std);
    if (mean == NULL || std == NULL) return;
    fact(grid, "values of samples");
    ajp_grid_format(grid, "times %.6g%s%s%s%s (%s)", done->scale, mean, std, done->layout != NULL ? "; " : "",
                    done->layout != NULL ? done->layout : "", done->declared_in);
}

void ajp_table_facts(const aj_evaluation *record, ajp_arena *arena, ajp_grid *out)
{
    begin_facts(out, arena, NULL);
    const char *shape = ajp_network_shape(record, arena);
    fact(out, "network");
    ajp_grid_format(out, "%s%s%s", ajp_model_name(record), shape != NULL ? ", " : "",
                    shape != NULL ? shape : "");
    ajp_number macs = ajp_count_text(record->macs_per_inference),
               flops = ajp_count_text(record->flops_per_inference);
    fact(out, "per inference");
    ajp_grid_format(out, "%s MACs (%s FLOPs)", macs.text, flops.text);
    if (record->dataset_name != NULL) {
        ajp_number samples = ajp_count_text((double)record->n_samples);
        fact(out, "data");
        ajp_grid_format(out, "%s, %s split, %s samples", record->dataset_name,
                        record->dataset_split != NULL ? record->dataset_split : "one", samples.text);
    }
    preprocessing_fact(&record->preprocessing, arena, out);
    fact(out, "hardware");
    if (record->hardware_name == NULL)
        ajp_grid_cell(out, "none: exact arithmetic in float32");
    else
        ajp_grid_format(out, "%s (family %s; evidence: %s%s%s)", record->hardware_name,
                        record->hardware_family != NULL ? record->hardware_family : "—",
                        record->hardware_evidence != NULL ? record->hardware_evidence : "not stated",
                        ajp_node(record) != NULL ? "; " : "",
                        ajp_node(record) != NULL ? ajp_node(record) : "");
    accuracy_facts(record, out);
    top5_facts(record, out);
    loss_facts(record, out);
    ajp_number photons = ajp_plain(record->photons_per_mac, 4);
    if (!isnan(record->photons_per_mac)) {
        fact(out, "photons per MAC");
        ajp_grid_format(out, "%s incident on all detectors", photons.text);
    }
    if (record->hardware_name != NULL) energy_facts(record, out);
    run_facts(record, out);
}

static void provenance_of(const aj_evaluation *record, ajp_grid *grid)
{
    fact_text(grid, "model file", record->model);
    fact_text(grid, "SHA-256 of the model", record->model_sha256);
    if (record->dataset_name != NULL) {
        ajp_number samples = ajp_count_text((double)record->n_samples);
        fact(grid, "data");
        ajp_grid_format(grid, "%s, %s split, %s samples", record->dataset_name,
                        record->dataset_split != NULL ? record->dataset_split : "one", samples.text);
    }
    fact(grid, "drawn with");
    ajp_grid_format(grid, "seed %llu, %u trials", (unsigned long long)record->seed, record->n_trials);
    fact(grid, "accelerator");
    ajp_grid_format(grid, "batch %u, mode %s", record->batch, record->mode != NULL ? record->mode : "—");
}

void ajp_table_provenance(const ajp_view *view, ajp_arena *arena, ajp_grid *out)
{
    begin_facts(out, arena, NULL);
    const aj_evaluation *first = view->entries[0].record;
    provenance_of(first, out);
    for (size_t i = 1; i < view->n_entries; i++) {
        const aj_evaluation *record = view->entries[i].record;
        if (ajp_is(record->model_sha256, first->model_sha256) && ajp_is(record->model, first->model) &&
            ajp_is(record->dataset_name, first->dataset_name) && record->n_samples == first->n_samples &&
            record->seed == first->seed && record->n_trials == first->n_trials &&
            record->batch == first->batch && ajp_is(record->mode, first->mode))
            continue;
        fact_text(out, "and for", view->entries[i].label);
        provenance_of(record, out);
    }
    fact_text(out, "command", view->options->command);
    fact_text(out, "program", "attojoule " AJ_VERSION_STRING);
}

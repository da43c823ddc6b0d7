/* tables.c: what the tables of a report say. */
#include "tables.h"

#include <math.h>

static void cell_quantity(ajp_grid *grid, double value, const char *unit)
{
    ajp_number number = ajp_quantity(value, unit);
    ajp_grid_cell(grid, number.text);
}

/* Half the width of an interval in percentage points. */
static void cell_half_width(ajp_grid *grid, double low, double high)
{
    ajp_number number = ajp_percent((high - low) / 2.0, 2);
    ajp_grid_cell(grid, number.text);
}

static void cell_range(ajp_grid *grid, double low, double high, int decimals)
{
    if (isnan(low) || isnan(high)) {
        ajp_grid_cell(grid, NULL);
        return;
    }
    ajp_number from = ajp_percent(low, decimals), to = ajp_percent(high, decimals);
    ajp_grid_format(grid, "%s – %s", from.text, to.text);
}

static bool any_latency(const ajp_sweep *sweep)
{
    for (size_t i = 0; i < sweep->n; i++)
        if (!isnan(sweep->points[i]->latency_seconds)) return true;
    return false;
}

void ajp_table_points(const ajp_view *view, const ajp_sweep *sweep, ajp_arena *arena, ajp_grid *out)
{
    bool latency = any_latency(sweep);
    ajp_grid_begin(out, arena, NULL);
    if (view->n_sweeps > 1) out->title = sweep->label;
    ajp_grid_column(out, ajp_x_title(sweep, arena), AJP_RIGHT);
    ajp_grid_column(out, "error %", AJP_RIGHT);
    ajp_grid_column(out, "± 95 % trials", AJP_RIGHT);
    ajp_grid_column(out, "95 % trials and images", AJP_RIGHT);
    ajp_grid_column(out, "optical / MAC", AJP_RIGHT);
    ajp_grid_column(out, "optical / inference", AJP_RIGHT);
    ajp_grid_column(out, "accelerator / inference", AJP_RIGHT);
    ajp_grid_column(out, "system / inference", AJP_RIGHT);
    if (latency) ajp_grid_column(out, "latency", AJP_RIGHT);
    for (size_t i = 0; i < sweep->n; i++) {
        const aj_evaluation *point = sweep->points[i];
        ajp_grid_row *row = ajp_grid_add(out);
        if (row != NULL && i == sweep->chosen && sweep->met) row->emphasis = true;
        double x = ajp_sweep_x(sweep, i);
        ajp_number text = sweep->photons ? ajp_plain(x, 3) : ajp_exact_quantity(x, sweep->unit);
        ajp_grid_cell(out, text.text);
        text = ajp_percent(ajp_error_ratio(point->accuracy_ratio.mean), 2);
        ajp_grid_cell(out, text.text);
        cell_half_width(out, point->accuracy_ratio.ci95_low, point->accuracy_ratio.ci95_high);
        cell_range(out, ajp_error_ratio(point->accuracy_ci95_dataset_high),
                   ajp_error_ratio(point->accuracy_ci95_dataset_low), 1);
        cell_quantity(out, ajp_per_mac(point, AJ_OPTICAL), "J");
        for (int boundary = 0; boundary < AJ_N_BOUNDARIES; boundary++)
            cell_quantity(out, aj_energy_boundary(&point->energy, (aj_boundary)boundary), "J");
        if (latency) cell_quantity(out, point->latency_seconds, "s");
    }
    ajp_number clean = ajp_percent(ajp_error_ratio(sweep->points[0]->clean_accuracy_ratio), 2);
    out->caption = ajp_arena_printf(
        arena, "Exact arithmetic (float32): %s %% error. %s— = not described by this preset.", clean.text,
        sweep->photons ? "Photons are those incident on all detectors, of signal and local oscillator. "
                       : "");
}

static void cell_year(ajp_grid *grid, const aj_evaluation *record)
{
    if (record->hardware_year > 0)
        ajp_grid_format(grid, "%d", record->hardware_year);
    else
        ajp_grid_cell(grid, NULL);
}

static void cell_accuracy(ajp_grid *grid, const aj_evaluation *record)
{
    ajp_number mean = ajp_percent(record->accuracy_ratio.mean, 2);
    ajp_number half =
        ajp_percent((record->accuracy_ratio.ci95_high - record->accuracy_ratio.ci95_low) / 2.0, 2);
    if (isnan(record->accuracy_ratio.mean))
        mean = ajp_percent(record->clean_accuracy_ratio, 2); /* exact arithmetic only */
    if (isnan(record->accuracy_ratio.ci95_low))
        ajp_grid_cell(grid, mean.text);
    else
        ajp_grid_format(grid, "%s ± %s", mean.text, half.text);
}

static bool any_top5(const ajp_view *view)
{
    for (size_t i = 0; i < view->n_entries; i++)
        if (!isnan(view->entries[i].record->clean_top5_accuracy_ratio)) return true;
    return false;
}

static void cell_top5(ajp_grid *grid, const aj_evaluation *record)
{
    bool exact = isnan(record->top5_accuracy_ratio.mean);
    ajp_number text =
        ajp_percent(exact ? record->clean_top5_accuracy_ratio : record->top5_accuracy_ratio.mean, 2);
    ajp_grid_cell(grid, text.text);
}

/* What an inference costs depends on how many share the weights, and on the mode. */
static bool same_batch(const ajp_view *view)
{
    const aj_evaluation *first = view->entries[0].record;
    for (size_t i = 1; i < view->n_entries; i++)
        if (view->entries[i].record->batch != first->batch ||
            !ajp_is(view->entries[i].record->mode, first->mode))
            return false;
    return true;
}

static const char *batch_words(const ajp_view *view, ajp_arena *arena)
{
    const aj_evaluation *first = view->entries[0].record;
    if (!same_batch(view)) return "batch: inferences that share one encoding or fetching of the weights.";
    return ajp_arena_printf(
        arena, "All at batch %u (inferences that share one encoding or fetching of the weights), mode %s.",
        first->batch, first->mode != NULL ? first->mode : "not stated");
}

void ajp_table_boundaries(const ajp_view *view, bool per_mac, ajp_arena *arena, ajp_grid *out)
{
    ajp_grid_begin(out, arena, NULL);
    ajp_grid_column(out, "hardware", AJP_LEFT);
    if (per_mac) { /* said once is enough */
        ajp_grid_column(out, "evidence", AJP_LEFT);
        ajp_grid_column(out, "node", AJP_LEFT);
        ajp_grid_column(out, "year", AJP_RIGHT);
    }
    if (!same_batch(view)) ajp_grid_column(out, "batch", AJP_RIGHT);
    ajp_grid_column(out, "accuracy %", AJP_RIGHT);
    if (any_top5(view)) ajp_grid_column(out, "top-5 %", AJP_RIGHT);
    ajp_grid_column(out, per_mac ? "optical / MAC" : "optical / inference", AJP_RIGHT);
    ajp_grid_column(out, per_mac ? "accelerator / MAC" : "accelerator / inference", AJP_RIGHT);
    ajp_grid_column(out, per_mac ? "system / MAC" : "system / inference", AJP_RIGHT);
    if (!per_mac) ajp_grid_column(out, "latency", AJP_RIGHT);
    const char *evidence = NULL;
    for (size_t i = 0; i < view->n_entries; i++) {
        const aj_evaluation *record = view->entries[i].record;
        ajp_grid_row *row = ajp_grid_add(out);
        if (row != NULL) row->rule = i > 0 && !ajp_is(evidence, record->hardware_evidence);
        evidence = record->hardware_evidence;
        ajp_grid_cell(out, view->entries[i].label);
        if (per_mac) {
            ajp_grid_cell(out, evidence);
            ajp_grid_cell(out, ajp_node(record));
            cell_year(out, record);
        }
        if (!same_batch(view)) ajp_grid_format(out, "%u", record->batch);
        cell_accuracy(out, record);
        if (any_top5(view)) cell_top5(out, record);
        for (int boundary = 0; boundary < AJ_N_BOUNDARIES; boundary++)
            cell_quantity(out,
                          per_mac ? ajp_per_mac(record, (aj_boundary)boundary)
                                  : aj_energy_boundary(&record->energy, (aj_boundary)boundary),
                          "J");
        if (!per_mac) cell_quantity(out, record->latency_seconds, "s");
    }
    if (!per_mac) return;
    out->caption = ajp_arena_printf(
        arena,
        "optical: light at the detectors, a part of the laser's energy. accelerator: laser to "
        "static power. system: memory, host and facility too. — = does not exist or is not "
        "fully described. %s",
        batch_words(view, arena));
}

uint32_t ajp_causes_present(const ajp_view *view)
{
    uint32_t present = 0;
    for (size_t i = 0; i < view->n_entries; i++) present |= view->entries[i].record->energy.applies;
    return present;
}

bool ajp_has_causes(const aj_evaluation *record)
{
    return !isnan(aj_energy_described(&record->energy));
}

/* A cause with its share of the system, where the system is known. */
static void cell_cause(ajp_grid *grid, const aj_energy *energy, int cause)
{
    double joules = energy->cause_joules[cause], system = aj_energy_boundary(energy, AJ_SYSTEM);
    if ((energy->applies >> cause & 1u) == 0) {
        ajp_grid_cell(grid, "");
        return;
    }
    ajp_number value = ajp_quantity(joules, "J");
    if (!(joules > 0.0) || !(system > 0.0)) {
        ajp_grid_cell(grid, value.text);
        return;
    }
    double share = 100.0 * joules / system;
    ajp_grid_format(grid, share > 0.0 && share < 0.1 ? "%s (<0.1 %%)" : "%s (%.1f %%)", value.text, share);
}

static void sum_row(const ajp_view *view, size_t first, size_t n, aj_boundary boundary, const char *title,
                    ajp_grid *out)
{
    ajp_grid_row *row = ajp_grid_add(out);
    if (row != NULL) {
        row->rule = boundary == AJ_ACCELERATOR;
        row->emphasis = true;
    }
    ajp_grid_cell(out, title);
    for (size_t i = first; i < first + n; i++) {
        const aj_energy *energy = &view->entries[i].record->energy;
        cell_quantity(out,
                      boundary == AJ_N_BOUNDARIES ? aj_energy_described(energy)
                                                  : aj_energy_boundary(energy, boundary),
                      "J");
    }
}

void ajp_table_causes(const ajp_view *view, size_t first, size_t n, ajp_arena *arena, ajp_grid *out)
{
    uint32_t present = ajp_causes_present(view);
    bool undescribed = false;
    ajp_grid_begin(out, arena, NULL);
    ajp_grid_column(out, "joules per inference", AJP_LEFT);
    for (size_t i = first; i < first + n; i++) {
        ajp_grid_column(out, view->entries[i].label, AJP_RIGHT);
        const aj_energy *energy = &view->entries[i].record->energy;
        if (isnan(aj_energy_boundary(energy, AJ_SYSTEM)) && !isnan(aj_energy_described(energy)))
            undescribed = true;
    }
    for (int cause = 0; cause < AJ_N_CAUSES; cause++) {
        if ((present >> cause & 1u) == 0) continue;
        ajp_grid_add(out);
        ajp_grid_cell(out, aj_cause_name((aj_cause)cause));
        for (size_t i = first; i < first + n; i++) cell_cause(out, &view->entries[i].record->energy, cause);
    }
    sum_row(view, first, n, AJ_ACCELERATOR, "accelerator (laser to static)", out);
    sum_row(view, first, n, AJ_SYSTEM, "system (all causes)", out);
    if (undescribed) sum_row(view, first, n, AJ_N_BOUNDARIES, "described causes only", out);
    out->caption = "Empty: the cause does not exist on this hardware. —: it exists and is not described, so "
                   "no sum is given.";
}

void ajp_table_layers(const ajp_entry *entry, ajp_arena *arena, ajp_grid *out)
{
    ajp_grid_begin(out, arena, entry->label);
    ajp_grid_column(out, "product", AJP_LEFT);
    ajp_grid_column(out, "operator", AJP_LEFT);
    ajp_grid_column(out, "runs on", AJP_LEFT);
    ajp_grid_column(out, "rows × cols × reps", AJP_RIGHT);
    ajp_grid_column(out, "MACs", AJP_RIGHT);
    ajp_grid_column(out, "symbols", AJP_RIGHT);
    ajp_grid_column(out, "samples", AJP_RIGHT);
    ajp_grid_column(out, "memory", AJP_RIGHT);
    ajp_grid_column(out, "photons incident", AJP_RIGHT);
    ajp_grid_column(out, "signal to noise", AJP_RIGHT);
    ajp_grid_column(out, "clipped %", AJP_RIGHT);
    ajp_grid_column(out, "optical", AJP_RIGHT);
    ajp_grid_column(out, "energy described", AJP_RIGHT);
    ajp_grid_column(out, "latency", AJP_RIGHT);
    for (size_t i = 0; i < entry->record->n_layers; i++) {
        const aj_layer_record *layer = &entry->record->layers[i];
        ajp_grid_add(out);
        ajp_grid_cell(out, layer->name);
        ajp_grid_cell(out, layer->op_type);
        ajp_grid_cell(out, layer->runs_on);
        if (layer->groups > 1)
            ajp_grid_format(out, "%llu × %llu × %llu in %llu groups", (unsigned long long)layer->rows,
                            (unsigned long long)layer->cols, (unsigned long long)layer->reps,
                            (unsigned long long)layer->groups);
        else
            ajp_grid_format(out, "%llu × %llu × %llu", (unsigned long long)layer->rows,
                            (unsigned long long)layer->cols, (unsigned long long)layer->reps);
        ajp_number text = ajp_count_text(layer->macs);
        ajp_grid_cell(out, text.text);
        text = ajp_count_text(layer->weight_symbols + layer->input_symbols);
        ajp_grid_cell(out, text.text);
        text = ajp_count_text(layer->samples);
        ajp_grid_cell(out, text.text);
        cell_quantity(out, layer->sram_bytes + layer->dram_bytes, "B");
        cell_quantity(out, layer->photons_incident, "");
        text = ajp_plain(layer->signal_to_noise_ratio, 3);
        ajp_grid_cell(out, text.text);
        text = ajp_percent(layer->clipped_ratio, 2);
        ajp_grid_cell(out, text.text);
        cell_quantity(out, layer->energy.optical_joules, "J");
        cell_quantity(out, aj_energy_described(&layer->energy), "J");
        cell_quantity(out, layer->latency_seconds, "s");
    }
    out->caption = "Per inference. symbols: weights and inputs encoded; memory: SRAM and DRAM. signal to "
                   "noise: power of the exact output over power of the error. "
                   "clipped: share of results at the integrator's full well or beyond a converter's range.";
}

static bool has_converters(const aj_layer_record *layer)
{
    return !isnan(layer->n_planes);
}

bool ajp_table_converters(const aj_evaluation *record, ajp_arena *arena, ajp_grid *out)
{
    bool any = false;
    for (size_t i = 0; i < record->n_layers; i++) any = any || has_converters(&record->layers[i]);
    if (!any) return false;
    ajp_grid_begin(out, arena, NULL);
    ajp_grid_column(out, "product", AJP_LEFT);
    ajp_grid_column(out, "planes", AJP_RIGHT);
    ajp_grid_column(out, "input full scale", AJP_RIGHT);
    ajp_grid_column(out, "input bits", AJP_RIGHT);
    ajp_grid_column(out, "reading bits", AJP_RIGHT);
    ajp_grid_column(out, "range of readings", AJP_RIGHT);
    ajp_grid_column(out, "share calibrated", AJP_RIGHT);
    ajp_grid_column(out, "clipped %", AJP_RIGHT);
    for (size_t i = 0; i < record->n_layers; i++) {
        const aj_layer_record *layer = &record->layers[i];
        if (!has_converters(layer)) continue;
        ajp_grid_add(out);
        ajp_grid_cell(out, layer->name);
        ajp_grid_format(out, "%.0f", layer->n_planes);
        ajp_number text = ajp_plain(layer->input_full_scale, 4);
        ajp_grid_cell(out, isnan(layer->input_full_scale) ? "of each vector" : text.text);
        text = ajp_plain(layer->input_bits, 3);
        ajp_grid_cell(out, text.text);
        text = ajp_plain(layer->reading_bits, 3);
        ajp_grid_cell(out, text.text);
        if (isnan(layer->reading_low))
            ajp_grid_cell(out, "no limits");
        else
            ajp_grid_format(out, "%.4g ... %.4g", layer->reading_low, layer->reading_high);
        text = ajp_plain(layer->reading_percentile_ratio, 5);
        ajp_grid_cell(out, text.text);
        text = ajp_percent(layer->clipped_ratio, 2);
        ajp_grid_cell(out, text.text);
    }
    out->caption = "Converters as they were chosen, readings in the units of the family. planes: passes of "
                   "inputs through devices, each with its own converter; the range is the widest of them.";
    return true;
}

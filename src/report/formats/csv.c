/* csv.c: one row a record in SI units, with --per-layer one row a product too (RFC 4180, UTF-8).
 * Text that a spreadsheet would run as a formula gets an apostrophe in front. */
#include <math.h>
#include <string.h>

#include "../format_ops.h"
#include "record/json_writer.h"

typedef struct {
    ajp_text *out;
    bool first;
} row;

static void separate(row *to)
{
    if (!to->first) ajp_text_put(to->out, ",");
    to->first = false;
}

static void put_string(row *to, const char *text)
{
    separate(to);
    if (text == NULL) return;
    ajp_text_put_csv(to->out, text);
}

static void put_number(row *to, double value)
{
    char text[32];
    separate(to);
    if (!isfinite(value)) return;
    ajp_format_double(value, text);
    ajp_text_put(to->out, text);
}

static void put_count(row *to, uint64_t value)
{
    separate(to);
    ajp_text_format(to->out, "%llu", (unsigned long long)value);
}

/* Varied keys of all records, each once, in the order they appear. */
static size_t collect_keys(ajp_view *view, const char **keys, size_t n_most)
{
    size_t n = 0;
    for (size_t i = 0; i < view->n; i++)
        for (size_t v = 0; v < view->records[i].n_varied; v++) {
            bool known = false;
            for (size_t k = 0; k < n; k++) known = known || ajp_is(keys[k], view->records[i].varied[v].key);
            if (!known && n < n_most) keys[n++] = view->records[i].varied[v].key;
        }
    return n;
}

static const char *const leading[] = {"model",    "model_sha256", "dataset",  "split", "samples",
                                      "hardware", "family",       "evidence", "node",  "year",
                                      "seed",     "trials",       "batch",    "mode"};
static const char *const numbers[] = {"clean_accuracy_ratio",
                                      "accuracy_ratio",
                                      "accuracy_stddev_ratio",
                                      "accuracy_ci95_low_ratio",
                                      "accuracy_ci95_high_ratio",
                                      "accuracy_ci95_dataset_low_ratio",
                                      "accuracy_ci95_dataset_high_ratio",
                                      "clean_top5_accuracy_ratio",
                                      "top5_accuracy_ratio",
                                      "loss",
                                      "macs_per_inference",
                                      "flops_per_inference",
                                      "photons_per_mac",
                                      "latency_seconds",
                                      "throughput_per_second",
                                      "optical_joules",
                                      "accelerator_joules",
                                      "system_joules",
                                      "described_joules"};
static const char *const of_layers[] = {
    "rows",          "cols",       "reps",           "photons_incident", "signal_to_noise_ratio",
    "clipped_ratio", "groups",     "weight_symbols", "input_symbols",    "distinct_inputs",
    "samples",       "sram_bytes", "dram_bytes"};
#define COUNT(list) (sizeof(list) / sizeof *(list))

static void put_header(ajp_view *view, const char *const *keys, size_t n_keys, ajp_text *out)
{
    row to = {out, true};
    bool layers = view->options->per_layer;
    for (size_t i = 0; i < COUNT(leading); i++) put_string(&to, leading[i]);
    for (size_t k = 0; k < n_keys; k++) {
        char name[128];
        snprintf(name, sizeof name, "varied.%.100s",
                 keys[k]); /* not to be mixed up with photons_per_mac as found */
        put_string(&to, name);
    }
    if (layers) put_string(&to, "layer");
    for (size_t i = 0; i < COUNT(numbers); i++) put_string(&to, numbers[i]);
    for (int cause = 0; cause < AJ_N_CAUSES; cause++) {
        separate(&to);
        ajp_text_format(out, "%s_joules", aj_cause_name((aj_cause)cause));
    }
    for (size_t i = 0; layers && i < COUNT(of_layers); i++) put_string(&to, of_layers[i]);
    ajp_text_put(out, "\n");
}

static void put_leading(row *to, const aj_evaluation *record, const char *const *keys, size_t n_keys)
{
    put_string(to, record->model);
    put_string(to, record->model_sha256);
    put_string(to, record->dataset_name);
    put_string(to, record->dataset_split);
    put_count(to, record->n_samples);
    put_string(to, record->hardware_name);
    put_string(to, record->hardware_family);
    put_string(to, record->hardware_evidence);
    put_string(to, record->hardware_node);
    put_number(to, record->hardware_year > 0 ? record->hardware_year : (double)NAN);
    put_count(to, record->seed);
    put_count(to, record->n_trials);
    put_count(to, record->batch);
    put_string(to, record->mode);
    for (size_t k = 0; k < n_keys; k++) {
        const aj_recorded_parameter *found = NULL;
        for (size_t v = 0; v < record->n_varied; v++)
            if (ajp_is(record->varied[v].key, keys[k])) found = &record->varied[v];
        if (found != NULL && found->word != NULL)
            put_string(to, found->word);
        else
            put_number(to, found != NULL ? found->value : (double)NAN);
    }
}

static void put_energy(row *to, const aj_energy *energy)
{
    for (int boundary = 0; boundary < AJ_N_BOUNDARIES; boundary++)
        put_number(to, aj_energy_boundary(energy, (aj_boundary)boundary));
    put_number(to, aj_energy_described(energy));
    for (int cause = 0; cause < AJ_N_CAUSES; cause++) put_number(to, energy->cause_joules[cause]);
}

static void put_total(row *to, const aj_evaluation *record)
{
    put_number(to, record->clean_accuracy_ratio);
    put_number(to, record->accuracy_ratio.mean);
    put_number(to, record->accuracy_ratio.stddev);
    put_number(to, record->accuracy_ratio.ci95_low);
    put_number(to, record->accuracy_ratio.ci95_high);
    put_number(to, record->accuracy_ci95_dataset_low);
    put_number(to, record->accuracy_ci95_dataset_high);
    put_number(to, record->clean_top5_accuracy_ratio);
    put_number(to, record->top5_accuracy_ratio.mean);
    put_number(to, record->loss.mean);
    put_number(to, record->macs_per_inference);
    put_number(to, record->flops_per_inference);
    put_number(to, record->photons_per_mac);
    put_number(to, record->latency_seconds);
    put_number(to, record->throughput_per_second);
    put_energy(to, &record->energy);
}

static void put_layer(row *to, const aj_layer_record *layer)
{
    for (int i = 0; i < 10; i++) put_number(to, (double)NAN); /* accuracy and loss are the network's */
    put_number(to, layer->macs);
    put_number(to, 2.0 * layer->macs);
    put_number(to, layer->photons_incident / layer->macs);
    put_number(to, layer->latency_seconds);
    put_number(to, (double)NAN);
    put_energy(to, &layer->energy);
    put_count(to, layer->rows);
    put_count(to, layer->cols);
    put_count(to, layer->reps);
    put_number(to, layer->photons_incident);
    put_number(to, layer->signal_to_noise_ratio);
    put_number(to, layer->clipped_ratio);
    put_count(to, layer->groups > 1 ? layer->groups : 1);
    put_number(to, layer->weight_symbols);
    put_number(to, layer->input_symbols);
    put_number(to, layer->distinct_inputs);
    put_number(to, layer->samples);
    put_number(to, layer->sram_bytes);
    put_number(to, layer->dram_bytes);
}

static aj_status write_csv(ajp_view *view, ajp_text *out, aj_error *err)
{
    const char *keys[64];
    size_t n_keys = collect_keys(view, keys, COUNT(keys));
    (void)err;
    put_header(view, keys, n_keys, out);
    for (size_t i = 0; i < view->n; i++) {
        const aj_evaluation *record = &view->records[i];
        row to = {out, true};
        put_leading(&to, record, keys, n_keys);
        if (view->options->per_layer) put_string(&to, "");
        put_total(&to, record);
        for (size_t k = 0; view->options->per_layer && k < COUNT(of_layers); k++)
            put_number(&to, (double)NAN);
        ajp_text_put(out, "\n");
        for (size_t k = 0; view->options->per_layer && k < record->n_layers; k++) {
            to.first = true;
            put_leading(&to, record, keys, n_keys);
            put_string(&to, record->layers[k].name);
            put_layer(&to, &record->layers[k]);
            ajp_text_put(out, "\n");
        }
    }
    return AJ_OK;
}

static aj_status write_cards(ajp_cards *cards, ajp_text *out, aj_error *err)
{
    (void)err;
    ajp_cards_to_csv(cards, out);
    return AJ_OK;
}

const ajp_format_ops ajp_format_csv = {"csv", "one row a record or number, SI units, for spreadsheets",
                                       write_csv, write_cards};

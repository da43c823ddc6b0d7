/* view.c: sorting records into sweeps and single evaluations. */
#include "view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool ajp_is(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static const aj_recorded_parameter *find(const aj_recorded_parameter *list, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (ajp_is(list[i].key, key)) return &list[i];
    return NULL;
}

static bool same_value(const aj_recorded_parameter *a, const aj_recorded_parameter *b)
{
    if (a == NULL || b == NULL) return a == b;
    bool same_number = a->value == b->value || (isnan(a->value) && isnan(b->value));
    return same_number && ajp_is(a->word, b->word);
}

/* The key on the x axis: photons per MAC wherever it is varied, else the first. */
static const char *x_key(const aj_evaluation *record)
{
    const aj_recorded_parameter *photons = find(record->varied, record->n_varied, "photons_per_mac");
    return photons != NULL ? photons->key : record->varied[0].key;
}

static bool same_list(const aj_recorded_parameter *a, size_t n_a, const aj_recorded_parameter *b, size_t n_b,
                      const char *except)
{
    if (n_a != n_b) return false;
    for (size_t i = 0; i < n_a; i++)
        if (!ajp_is(a[i].key, except) && !same_value(&a[i], find(b, n_b, a[i].key))) return false;
    return true;
}

static bool same_study(const aj_evaluation *a, const aj_evaluation *b)
{
    return ajp_is(a->model_sha256, b->model_sha256) && ajp_is(a->model, b->model) &&
           ajp_is(a->dataset_name, b->dataset_name) && ajp_is(a->dataset_split, b->dataset_split) &&
           a->n_samples == b->n_samples && ajp_is(a->hardware_name, b->hardware_name) && a->seed == b->seed &&
           a->batch == b->batch && ajp_is(a->mode, b->mode);
}

static bool same_sweep(const aj_evaluation *a, const aj_evaluation *b)
{
    const char *key = x_key(a);
    return ajp_is(key, x_key(b)) && same_study(a, b) &&
           same_list(a->parameters, a->n_parameters, b->parameters, b->n_parameters, key) &&
           same_list(a->varied, a->n_varied, b->varied, b->n_varied, key);
}

static double x_of(const aj_evaluation *record, const char *key)
{
    if (ajp_is(key, "photons_per_mac") && isfinite(record->photons_per_mac)) return record->photons_per_mac;
    const aj_recorded_parameter *found = find(record->varied, record->n_varied, key);
    return found != NULL ? found->value : (double)NAN;
}

double ajp_sweep_x(const ajp_sweep *sweep, size_t i)
{
    return x_of(sweep->points[i], sweep->key);
}

double ajp_error_ratio(double accuracy_ratio)
{
    return 1.0 - accuracy_ratio;
}

double ajp_parameter_value(const aj_evaluation *record, const char *key)
{
    const aj_recorded_parameter *found = find(record->parameters, record->n_parameters, key);
    return found != NULL ? found->value : (double)NAN;
}

double ajp_photon_joules(const aj_evaluation *record)
{
    const aj_recorded_parameter *wavelength =
        find(record->parameters, record->n_parameters, "wavelength_meters");
    double meters = wavelength != NULL && wavelength->value > 0.0 ? wavelength->value : 1.55e-6;
    return AJP_HC_JOULE_METERS / meters;
}

double ajp_per_mac(const aj_evaluation *record, aj_boundary boundary)
{
    double joules = aj_energy_boundary(&record->energy, boundary);
    return record->macs_per_inference > 0.0 ? joules / record->macs_per_inference : (double)NAN;
}

/* Insertion by x: sweeps have tens of points. */
static void add_point(ajp_sweep *sweep, const aj_evaluation *record)
{
    size_t at = sweep->n++;
    double x = x_of(record, sweep->key);
    while (at > 0 && ajp_sweep_x(sweep, at - 1) > x) {
        sweep->points[at] = sweep->points[at - 1];
        at--;
    }
    sweep->points[at] = record;
}

static bool within(const aj_evaluation *record)
{
    return record->accuracy_ratio.mean >= record->clean_accuracy_ratio - AJP_WITHIN_RATIO;
}

/* The point that spends least and keeps the accuracy, with every brighter point keeping it too; else the
 * best. */
static void choose(ajp_sweep *sweep)
{
    size_t best = 0, from = sweep->n;
    for (size_t i = 0; i < sweep->n; i++)
        if (sweep->points[i]->accuracy_ratio.mean > sweep->points[best]->accuracy_ratio.mean) best = i;
    while (from > 0 && within(sweep->points[from - 1])) from--;
    sweep->met = from < sweep->n;
    if (!sweep->met && within(sweep->points[best])) {
        sweep->met = true;
        from = best;
    }
    sweep->chosen = sweep->met ? from : best;
}

/* "homodyne", and with it what distinguishes sweeps of the same hardware: "homodyne, detector capacitance 1
 * fF". */
static const char *label_of(const ajp_view *view, const aj_evaluation *record, const char *except,
                            ajp_arena *arena)
{
    const char *label = record->hardware_name != NULL ? record->hardware_name : "exact arithmetic";
    for (size_t p = 0; label != NULL && p < record->n_parameters; p++) {
        const aj_recorded_parameter *parameter = &record->parameters[p];
        bool differs = false;
        if (ajp_is(parameter->key, except)) continue;
        for (size_t i = 0; i < view->n; i++) {
            const aj_evaluation *other = &view->records[i];
            if (!ajp_is(other->hardware_name, record->hardware_name)) continue;
            if (other->n_varied > 0 && ajp_is(parameter->key, x_key(other))) continue;
            const aj_recorded_parameter *theirs =
                find(other->parameters, other->n_parameters, parameter->key);
            if (!same_value(parameter, theirs)) differs = true;
        }
        if (!differs) continue;
        ajp_number value = ajp_exact_quantity(parameter->value, parameter->unit);
        const char *key = ajp_key_words(parameter->key, arena);
        if (parameter->word == NULL && isnan(parameter->value))
            label = ajp_arena_printf(arena, "%s without %s", label, key != NULL ? key : "");
        else
            label = ajp_arena_printf(arena, "%s, %s %s", label, key != NULL ? key : "",
                                     parameter->word != NULL ? parameter->word : value.text);
    }
    return label;
}

static aj_status add_to_sweep(ajp_view *view, const aj_evaluation *record, aj_error *err)
{
    for (size_t i = 0; i < view->n_sweeps; i++) {
        if (!same_sweep(view->sweeps[i].points[0], record)) continue;
        add_point(&view->sweeps[i], record);
        return AJ_OK;
    }
    ajp_sweep *sweep = &view->sweeps[view->n_sweeps];
    const aj_recorded_parameter *varied = find(record->varied, record->n_varied, x_key(record));
    sweep->key = varied->key;
    sweep->unit = varied->unit;
    sweep->photons = ajp_is(varied->key, "photons_per_mac");
    sweep->points = ajp_arena_array(&view->arena, view->n, sizeof *sweep->points);
    sweep->label = label_of(view, record, varied->key, &view->arena);
    if (sweep->points == NULL || sweep->label == NULL) return ajp_no_memory(err, "report");
    add_point(sweep, record);
    view->n_sweeps++;
    return AJ_OK;
}

/* From laws of nature to chips that exist; what is not known comes last. */
static int evidence_rank(const aj_evaluation *record)
{
    static const char *const words[] = {"limit", "projected", "simulated", "measured"};
    for (int i = 0; i < 4; i++)
        if (ajp_is(record->hardware_evidence, words[i])) return i;
    return 4;
}

static aj_status add_entry(ajp_view *view, const aj_evaluation *record, const char *label, aj_error *err)
{
    if (label == NULL) return ajp_no_memory(err, "report");
    size_t at = view->n_entries++;
    for (; at > 0 && evidence_rank(view->entries[at - 1].record) > evidence_rank(record); at--)
        view->entries[at] = view->entries[at - 1];
    view->entries[at] = (ajp_entry){record, label};
    return AJ_OK;
}

static aj_status fill_entries(ajp_view *view, aj_error *err)
{
    for (size_t i = 0; i < view->n_sweeps; i++) {
        ajp_sweep *sweep = &view->sweeps[i];
        choose(sweep);
        ajp_number x = sweep->photons ? ajp_plain(ajp_sweep_x(sweep, sweep->chosen), 3)
                                      : ajp_exact_quantity(ajp_sweep_x(sweep, sweep->chosen), sweep->unit);
        const char *label =
            sweep->photons ? ajp_arena_printf(&view->arena, "%s at %s photons/MAC", sweep->label, x.text)
                           : ajp_arena_printf(&view->arena, "%s at %s %s", sweep->label, sweep->key, x.text);
        AJ_TRY(add_entry(view, sweep->points[sweep->chosen], label, err));
    }
    for (size_t i = 0; i < view->n; i++) {
        if (view->records[i].n_varied > 0) continue;
        view->n_singles++;
        AJ_TRY(
            add_entry(view, &view->records[i], label_of(view, &view->records[i], NULL, &view->arena), err));
    }
    return AJ_OK;
}

aj_status ajp_view_create(ajp_view *out, const aj_evaluation *records, size_t n,
                          const aj_report_options *options, aj_error *err)
{
    static const aj_report_options defaults = AJ_REPORT_OPTIONS_INIT;
    if (n == 0) return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "report: no records; name a file that has some");
    if (options == NULL) options = &defaults;
    if (options->struct_size != sizeof *options)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "report options: struct_size %zu; use AJ_REPORT_OPTIONS_INIT", options->struct_size);
    ajp_view view = {.records = records, .n = n, .options = options};
    ajp_arena_init(&view.arena, NULL);
    view.sweeps = ajp_arena_array(&view.arena, n, sizeof *view.sweeps);
    view.entries = ajp_arena_array(&view.arena, n, sizeof *view.entries);
    aj_status st = view.sweeps == NULL || view.entries == NULL ? ajp_no_memory(err, "report") : AJ_OK;
    for (size_t i = 0; st == AJ_OK && i < n; i++)
        if (records[i].n_varied > 0) st = add_to_sweep(&view, &records[i], err);
    if (st == AJ_OK) st = fill_entries(&view, err);
    if (st != AJ_OK) {
        ajp_arena_free(&view.arena);
        return st;
    }
    *out = view;
    return AJ_OK;
}

void ajp_view_destroy(ajp_view *view)
{
    ajp_arena_free(&view->arena);
}

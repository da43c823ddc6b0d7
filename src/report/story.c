/* story.c: prose from records, for someone who has never seen the project. */
#include "story.h"

#include <math.h>
#include <string.h>

static const ajp_sweep *photon_sweep(const ajp_view *view)
{
    for (size_t i = 0; i < view->n_sweeps; i++)
        if (view->sweeps[i].photons) return &view->sweeps[i];
    return NULL;
}

/* The first entry whose system energy is known, with or without light. Laws of nature are no machines. */
static const ajp_entry *machine(const ajp_view *view, bool light)
{
    for (size_t i = 0; i < view->n_entries; i++) {
        const aj_evaluation *record = view->entries[i].record;
        bool has_light = !isnan(record->energy.optical_joules);
        if (has_light == light && !isnan(aj_energy_boundary(&record->energy, AJ_SYSTEM)) &&
            !ajp_is(record->hardware_evidence, "limit"))
            return &view->entries[i];
    }
    return NULL;
}

static bool any_light(const ajp_view *view)
{
    for (size_t i = 0; i < view->n_entries; i++)
        if (!isnan(view->entries[i].record->photons_per_mac)) return true;
    return false;
}

static const char *network_words(ajp_view *view)
{
    const char *shape = ajp_network_shape(view->entries[0].record, &view->arena);
    if (shape != NULL)
        return ajp_arena_printf(&view->arena, "%s network", shape); /* the widths of its layers */
    return ajp_arena_printf(&view->arena, "network %s", ajp_model_name(view->entries[0].record));
}

const char *ajp_story_title(ajp_view *view)
{
    if (view->options->title != NULL) return view->options->title;
    const char *network = network_words(view);
    if (network == NULL) return NULL;
    return ajp_arena_printf(
        &view->arena, any_light(view) ? "How little light does a %s need?" : "What does a %s cost?", network);
}

static void paragraph(ajp_text *out, const char *class, const char *text)
{
    if (text == NULL) {
        out->failed = true;
        return;
    }
    ajp_text_format(out, class != NULL ? "<p class=\"%s\">" : "<p>", class);
    ajp_text_put_html(out, text);
    ajp_text_put(out, "</p>\n");
}

static void put_hardware_list(const ajp_view *view, ajp_text *out)
{
    ajp_text_put(out, "<ul>\n");
    for (size_t i = 0; i < view->n_entries; i++) {
        const aj_evaluation *record = view->entries[i].record;
        bool told = record->hardware_name == NULL;
        for (size_t before = 0; before < i; before++)
            told = told || ajp_is(view->entries[before].record->hardware_name, record->hardware_name);
        if (told) continue;
        ajp_text_put(out, "<li><b>");
        ajp_text_put_html(out, record->hardware_name);
        ajp_text_put(out, "</b>");
        if (record->hardware_summary != NULL) {
            ajp_text_put(out, ": ");
            ajp_text_put_html(out, record->hardware_summary);
        }
        if (record->hardware_evidence != NULL) {
            ajp_text_put(out, " (");
            ajp_text_put_html(
                out, ajp_is(record->hardware_evidence, "limit")       ? "a limit set by laws of nature"
                     : ajp_is(record->hardware_evidence, "projected") ? "projected from published parts"
                     : ajp_is(record->hardware_evidence, "simulated") ? "a published simulation"
                     : ajp_is(record->hardware_evidence, "measured")  ? "measured on chips that exist"
                                                                      : record->hardware_evidence);
            if (ajp_node(record) != NULL) {
                ajp_text_put(out, ", ");
                ajp_text_put_html(out, ajp_node(record));
            }
            if (record->hardware_year > 0) ajp_text_format(out, ", %d", record->hardware_year);
            ajp_text_put(out, ")");
        }
        ajp_text_put(out, "</li>\n");
    }
    ajp_text_put(out, "</ul>\n");
}

/* How the families multiply, for readers from other fields; families without a row are told by their summary.
 */
static const struct {
    const char *family, *title, *words;
} explained[] = {
    {"homodyne", "How light multiplies.",
     "Every number becomes the amplitude of a short light pulse. A pulse of the input and a pulse "
     "of the weight meet on a half-silvered mirror and interfere; two detectors count the photons that leave "
     "it, and "
     "the difference of the two counts, added up over all pulses, is the sum of products that a neuron "
     "needs. Photons "
     "arrive at random, so a count of few photons is noisy and the network errs more often. How few are "
     "enough is what "
     "the sweep below shows."},
};

void ajp_story_lead(ajp_view *view, ajp_text *out)
{
    const aj_evaluation *record = view->entries[0].record;
    ajp_number macs = ajp_count_text(record->macs_per_inference),
               samples = ajp_count_text((double)record->n_samples);
    const char *network = network_words(view), *data = ajp_dataset_words(record, &view->arena);
    if (record->dataset_name != NULL)
        paragraph(out, "lead",
                  ajp_arena_printf(
                      &view->arena,
                      "A %s classifies %s %s of %s. One inference takes %s multiply-accumulates (MACs). The "
                      "same trained network, with the same weights, was run on models of hardware that draw "
                      "the noise physics prescribes and add up the energy cause by cause:",
                      network, samples.text, ajp_sample_word(record), data, macs.text));
    else
        paragraph(out, "lead",
                  ajp_arena_printf(&view->arena,
                                   "A %s of %s multiply-accumulates (MACs) per inference, on models of:",
                                   network, macs.text));
    put_hardware_list(view, out);
    for (size_t k = 0; k < sizeof explained / sizeof *explained; k++)
        for (size_t i = 0; i < view->n_entries; i++)
            if (ajp_is(view->entries[i].record->hardware_family, explained[k].family)) {
                ajp_text_format(out, "<p><b>%s</b> ", explained[k].title);
                ajp_text_put_html(out, explained[k].words);
                ajp_text_put(out, "</p>\n");
                break;
            }
}

static void put_strong(ajp_text *out, const char *text)
{
    ajp_text_put(out, "<b>");
    ajp_text_put_html(out, text);
    ajp_text_put(out, "</b>");
}

static void put_percent(ajp_text *out, double ratio)
{
    ajp_number number = ajp_percent(ratio, 1);
    ajp_text_format(out, "%s %%", number.text);
}

static void sweep_sentence(const ajp_sweep *sweep, ajp_text *out)
{
    const aj_evaluation *point = sweep->points[sweep->chosen];
    const char *word = ajp_sample_word(point);
    ajp_number photons = ajp_plain(ajp_sweep_x(sweep, sweep->chosen), 3);
    ajp_number mac = ajp_quantity(ajp_per_mac(point, AJ_OPTICAL), "J");
    ajp_number whole = ajp_quantity(aj_energy_boundary(&point->energy, AJ_OPTICAL), "J");
    ajp_text_put(out, sweep->met ? "With " : "Even with ");
    put_strong(out, photons.text);
    put_strong(out, ajp_is(photons.text, "1") ? " photon per multiplication" : " photons per multiplication");
    ajp_text_put(out, " the network errs on ");
    put_percent(out, ajp_error_ratio(point->accuracy_ratio.mean));
    ajp_text_format(out, " of the %s, %s one percentage point of exact arithmetic (", word,
                    sweep->met ? "within" : "not within");
    put_percent(out, ajp_error_ratio(point->clean_accuracy_ratio));
    ajp_text_put(out, ").");
    if (isnan(point->energy.optical_joules)) return;
    ajp_text_put(out, " That is ");
    put_strong(out, mac.text);
    ajp_text_put(out, " of light per MAC, ");
    put_strong(out, whole.text);
    ajp_text_put(out, " per inference at the detectors.");
}

/* Exact hardware has no accuracy of its own: it is the clean one. */
static double accuracy_of(const aj_evaluation *record)
{
    return isnan(record->accuracy_ratio.mean) ? record->clean_accuracy_ratio : record->accuracy_ratio.mean;
}

/* "313 nJ per inference at 4.8 % error": energies compare only beside their errors. */
static void put_cost(ajp_text *out, const ajp_entry *entry)
{
    const aj_evaluation *record = entry->record;
    double accuracy = accuracy_of(record);
    ajp_number joules = ajp_quantity(aj_energy_boundary(&record->energy, AJ_SYSTEM), "J");
    ajp_text_put_html(out, entry->label);
    ajp_text_put(out, " takes ");
    put_strong(out, joules.text);
    ajp_text_put(out, " per inference");
    if (isnan(accuracy)) return;
    ajp_text_put(out, " at ");
    put_percent(out, ajp_error_ratio(accuracy));
    ajp_text_put(out, " error");
}

static void machines_sentence(const ajp_entry *light, const ajp_entry *digital, ajp_text *out)
{
    double ours = aj_energy_boundary(&light->record->energy, AJ_SYSTEM);
    double theirs = aj_energy_boundary(&digital->record->energy, AJ_SYSTEM);
    double factor = ours < theirs ? theirs / ours : ours / theirs;
    ajp_text_put(out, " With priced parts, memory and converters around the light, ");
    put_cost(out, light);
    ajp_text_put(out, "; ");
    put_cost(out, digital);
    if (factor < 1.05)
        ajp_text_put(out, ", about as much");
    else
        ajp_text_format(out, ", %.*f times %s", factor < 10.0 ? 1 : 0, factor,
                        ours < theirs ? "as much" : "less");
    ajp_text_put(out, ".");
    double apart = 100.0 * fabs(accuracy_of(light->record) - accuracy_of(digital->record));
    if (apart > 100.0 * AJP_WITHIN_RATIO)
        ajp_text_format(out, " Mind that their errors lie %.1f points apart.", apart);
    double bits = ajp_parameter_value(light->record, "weight_bits"),
           theirs_bits = ajp_parameter_value(digital->record, "weight_bits");
    if (bits > 0.0 && theirs_bits > 0.0 && bits != theirs_bits)
        ajp_text_format(out, " Mind that the one moves weights of %g bits and the other of %g.", bits,
                        theirs_bits);
}

static void put_tile(ajp_text *out, const char *name, const char *number, const char *words)
{
    if (name == NULL || words == NULL) {
        out->failed = true;
        return;
    }
    ajp_text_put(out, "<div class=\"tile\"><span>");
    ajp_text_put_html(out, name);
    ajp_text_put(out, "</span><b>");
    ajp_text_put_html(out, number);
    ajp_text_put(out, "</b><i>");
    ajp_text_put_html(out, words);
    ajp_text_put(out, "</i></div>\n");
}

static void sweep_tiles(ajp_view *view, const ajp_sweep *sweep, ajp_text *out)
{
    const aj_evaluation *point = sweep->points[sweep->chosen];
    ajp_number photons = ajp_plain(ajp_sweep_x(sweep, sweep->chosen), 3);
    ajp_number error = ajp_percent(ajp_error_ratio(point->accuracy_ratio.mean), 2);
    ajp_number clean = ajp_percent(ajp_error_ratio(point->clean_accuracy_ratio), 2);
    put_tile(
        out, sweep->met ? "Photons per MAC that suffice" : "Photons per MAC of the best point", photons.text,
        ajp_arena_printf(
            &view->arena,
            sweep->met
                ? "%s: the dimmest level tried within a point of exact arithmetic (error %s %%, exact %s %%)"
                : "%s: error %s %%, exact arithmetic %s %%",
            sweep->label, error.text, clean.text));
    double joules = ajp_per_mac(point, AJ_OPTICAL);
    if (isnan(joules)) return;
    ajp_number mac = ajp_quantity(joules, "J"), ratio = ajp_plain(joules / AJP_LANDAUER_300K_JOULES, 3);
    put_tile(
        out, "Light per MAC", mac.text,
        ajp_arena_printf(&view->arena,
                         "at the detectors; %s times k T ln 2, the least heat of erasing one bit at 300 K",
                         ratio.text));
}

static void machine_tile(ajp_view *view, const ajp_entry *entry, ajp_text *out)
{
    const aj_evaluation *record = entry->record;
    ajp_number joules = ajp_quantity(aj_energy_boundary(&record->energy, AJ_SYSTEM), "J");
    ajp_number mac = ajp_quantity(ajp_per_mac(record, AJ_SYSTEM), "J");
    double accuracy = accuracy_of(record);
    ajp_number error = ajp_percent(ajp_error_ratio(accuracy), 2);
    put_tile(out, ajp_arena_printf(&view->arena, "One inference on %s", entry->label), joules.text,
             isnan(accuracy) ? ajp_arena_printf(&view->arena, "all causes; %s per MAC", mac.text)
                             : ajp_arena_printf(&view->arena, "all causes; %s per MAC; error %s %%", mac.text,
                                                error.text));
}

void ajp_story_headline(ajp_view *view, ajp_text *out)
{
    const ajp_sweep *sweep = photon_sweep(view);
    const ajp_entry *light = machine(view, true), *digital = machine(view, false);
    if (sweep != NULL || (light != NULL && digital != NULL)) {
        ajp_text_put(out, "<p class=\"headline\">");
        if (sweep != NULL) sweep_sentence(sweep, out);
        if (light != NULL && digital != NULL) machines_sentence(light, digital, out);
        ajp_text_put(out, "</p>\n");
    }
    ajp_text_put(out, "<div class=\"tiles\">\n");
    if (sweep != NULL) sweep_tiles(view, sweep, out);
    if (light != NULL) machine_tile(view, light, out);
    if (digital != NULL) machine_tile(view, digital, out);
    ajp_text_put(out, "</div>\n");
}

static bool is_assumption(const char *source)
{
    return source == NULL || *source == '\0' || strncmp(source, "default", 7) == 0 ||
           strstr(source, "ssum") != NULL;
}

void ajp_story_origins(ajp_view *view, ajp_text *out)
{
    size_t n = 0, n_assumed = 0;
    for (size_t i = 0; i < view->n_entries; i++) {
        const aj_evaluation *record = view->entries[i].record;
        for (size_t p = 0; p < record->n_parameters; p++) {
            if (record->parameters[p].word == NULL && isnan(record->parameters[p].value)) continue;
            n++;
            n_assumed += is_assumption(record->parameters[p].source);
        }
    }
    ajp_text_put(
        out, "<ul>\n<li><b>Accuracy</b> is simulated: every image goes through the network with the "
             "hardware's noise "
             "drawn anew. Each <i>trial</i> draws everything once more over all images; intervals are 95 % "
             "(Student) over trials, and where stated over trials and images.</li>\n");
    ajp_text_put(
        out,
        "<li><b>Energy</b> is modelled, not measured: events (symbols encoded, results converted, words "
        "moved, "
        "operations, seconds) times the price of each. Causes are disjoint; a sum is given only when every "
        "cause in it is described.</li>\n");
    if (any_light(view))
        ajp_text_put(
            out,
            "<li><b>Photons per MAC</b> are those incident on all detectors, both outputs of every splitter, "
            "signal and local oscillator, divided by the multiplications of the network. Losses, "
            "modulators and the laser's wall plug come on top and are part of <i>laser</i>.</li>\n");
    ajp_text_format(
        out,
        "<li><b>Parameters</b>: %zu values are used, each with its source below; %zu of them are marked as "
        "assumptions or defaults, the others come from the publications and laws named.</li>\n</ul>\n",
        n, n_assumed);
}

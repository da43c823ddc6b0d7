/* html.c: one page that opens from disk without a network: prose, figures, tables, sources. */
#include <math.h>

#include "../charts.h"
#include "../figure.h"
#include "../format_ops.h"
#include "../story.h"
#include "../style.h"
#include "../tables.h"

enum { CAUSE_COLUMNS = 5, OPEN_LAYERS = 12 };

static void put_grid(const ajp_grid *grid, ajp_text *out)
{
    ajp_grid_to_html(grid, out);
}

static void put_sweep_caption(const ajp_view *view, ajp_text *out)
{
    const ajp_sweep *sweep = &view->sweeps[0];
    const aj_evaluation *record = sweep->points[0];
    ajp_number samples = ajp_count_text((double)record->n_samples);
    ajp_text_format(out, "<figcaption><b>Error</b> on %s %s (logarithmic) against ", samples.text,
                    ajp_sample_word(record));
    ajp_text_put_html(out, sweep->photons
                               ? "the photons that one multiply-accumulate may use (top: the same as energy)"
                               : sweep->key);
    ajp_text_format(out,
                    ". Points: mean of %u trial%s; bars: 95 %% interval over trials; band: 95 %% interval "
                    "over trials and "
                    "%s. Dotted: the same network in exact arithmetic (float32).",
                    record->n_trials, record->n_trials == 1 ? "" : "s", ajp_sample_word(record));
    if (sweep->photons)
        ajp_text_put(out, " Dashed: one photon per MAC, and the photons whose energy is k T ln 2 at 300 K, "
                          "the least heat of "
                          "one irreversible bit operation (Landauer).");
    ajp_text_put(out, "</figcaption></figure>\n");
}

static void put_sweeps(ajp_view *view, ajp_text *out)
{
    if (view->n_sweeps == 0) return;
    aj_error why = {0};
    ajp_grid grid;
    ajp_page_element(out, "h2", view->sweeps[0].photons ? "Error against light" : "The sweep");
    ajp_text svg = {0};
    aj_status st = ajp_figure_inline(view, &svg, &why);
    if (st == AJ_OK && !svg.failed) {
        ajp_text_put(out, "<figure><div class=\"frame\">\n");
        ajp_text_put_n(out, svg.bytes, svg.size);
        ajp_text_put(out, "</div>\n");
        put_sweep_caption(view, out);
    } else {
        ajp_text_put(out, "<p class=\"note\">The figure is missing: ");
        ajp_text_put_html(out, st != AJ_OK ? why.message : "gnuplot drew nothing");
        ajp_text_put(out, ". The table has its numbers.</p>\n");
    }
    ajp_text_free(&svg);
    for (size_t i = 0; i < view->n_sweeps; i++) {
        ajp_table_points(view, &view->sweeps[i], &view->arena, &grid);
        put_grid(&grid, out);
    }
    ajp_text_put(out, "<p class=\"note\">The shaded row is the dimmest point that stays, with every brighter "
                      "one, within one "
                      "percentage point of exact arithmetic.</p>\n");
}

/* A chart of the causes within a boundary; false when there is nothing to draw. */
static bool put_cause_chart(const ajp_view *view, aj_boundary boundary, const char *title, ajp_text *out)
{
    bool to_scale = false;
    ajp_text chart = {0};
    bool drawn = ajp_chart_causes(view, boundary, &chart, &to_scale);
    if (drawn) {
        ajp_text_put(out, "<figure><div class=\"frame\">\n");
        ajp_text_put_n(out, chart.bytes, chart.size);
        ajp_text_format(out, "</div>\n<figcaption><b>%s</b> (modelled). %s</figcaption></figure>\n", title,
                        to_scale ? "The bars are to one scale."
                                 : "Each bar fills the width: the totals lie too far apart for one scale.");
    }
    if (chart.failed) out->failed = true;
    ajp_text_free(&chart);
    return drawn;
}

/* Whether anything outside the accelerator was priced: else the second chart would repeat the first. */
static bool any_outside(const ajp_view *view)
{
    for (size_t i = 0; i < view->n_entries; i++)
        for (int cause = AJ_CAUSE_STATIC + 1; cause < AJ_N_CAUSES; cause++)
            if (view->entries[i].record->energy.cause_joules[cause] > 0.0) return true;
    return false;
}

static void put_causes(ajp_view *view, ajp_text *out)
{
    ajp_grid grid;
    bool any = false;
    for (size_t i = 0; i < view->n_entries; i++) any = any || ajp_has_causes(view->entries[i].record);
    if (!any) return;
    ajp_page_element(out, "h2", "Where the joules of one inference go");
    put_cause_chart(view, AJ_SYSTEM, "Energy of one inference by cause, whole system", out);
    if (any_outside(view))
        put_cause_chart(view, AJ_ACCELERATOR,
                        "The accelerator alone, without memory outside, host and building", out);
    for (size_t i = 0; i < view->n_entries; i += CAUSE_COLUMNS) {
        size_t n = ajp_min_size(CAUSE_COLUMNS, view->n_entries - i);
        ajp_table_causes(view, i, n, &view->arena, &grid);
        put_grid(&grid, out);
    }
    ajp_text_put(out, "<details><summary>What each cause covers</summary><ul>\n");
    uint32_t present = ajp_causes_present(view);
    for (int cause = 0; cause < AJ_N_CAUSES; cause++)
        if ((present >> cause & 1u) != 0)
            ajp_text_format(out, "<li><b>%s</b>: %s</li>\n", aj_cause_name((aj_cause)cause),
                            aj_cause_covers((aj_cause)cause));
    ajp_text_put(out, "</ul></details>\n");
}

static void put_side_by_side(ajp_view *view, ajp_text *out)
{
    ajp_grid grid;
    ajp_text chart = {0};
    ajp_page_element(out, "h2", "Joules per multiplication, side by side");
    if (ajp_chart_per_mac(view, &chart)) {
        ajp_text_put(out, "<figure><div class=\"frame\">\n");
        ajp_text_put_n(out, chart.bytes, chart.size);
        ajp_text_put(
            out,
            "</div>\n<figcaption><b>Energy per multiply-accumulate</b> (modelled), by how far the account "
            "reaches. "
            "Only equal shapes compare: light at the detectors is a part of what the laser takes, and the "
            "accelerator a part of the system.</figcaption></figure>\n");
    }
    if (chart.failed) out->failed = true;
    ajp_text_free(&chart);
    ajp_table_boundaries(view, true, &view->arena, &grid);
    put_grid(&grid, out);
    ajp_page_element(out, "h3", "Per inference");
    ajp_table_boundaries(view, false, &view->arena, &grid);
    put_grid(&grid, out);
    for (size_t i = 0; i < view->n_entries; i++) {
        const aj_evaluation *record = view->entries[i].record;
        if (record->latency_of == NULL || isnan(record->latency_seconds)) continue;
        ajp_text_put(out, "<p class=\"note\">Latency of ");
        ajp_text_put_html(out, view->entries[i].label);
        ajp_text_put(out, ": ");
        ajp_text_put_html(out, record->latency_of);
        ajp_text_put(out, "</p>\n");
    }
}

static void put_layers(ajp_view *view, ajp_text *out)
{
    ajp_grid grid;
    bool any = false;
    for (size_t i = 0; i < view->n_entries; i++) {
        const ajp_entry *entry = &view->entries[i];
        if (entry->record->n_layers == 0) continue;
        if (!any) ajp_page_element(out, "h2", "Layer by layer");
        any = true;
        ajp_table_layers(entry, &view->arena, &grid);
        if (i + 1 < view->n_entries) grid.caption = NULL;
        if (entry->record->n_layers > OPEN_LAYERS && !view->options->per_layer) {
            ajp_text_put(out, "<details><summary>");
            ajp_text_put_html(out, entry->label);
            ajp_text_put(out, "</summary>\n");
            put_grid(&grid, out);
            ajp_text_put(out, "</details>\n");
        } else {
            put_grid(&grid, out);
        }
    }
}

static void put_notes(const aj_evaluation *record, ajp_text *out)
{
    if (record->law == NULL && record->n_notes == 0 && record->n_digital_fallback == 0 &&
        record->hardware_cite == NULL)
        return;
    ajp_text_put(out, "<ul>\n");
    const struct {
        const char *title, *text;
    } lines[] = {{"Source of the design", record->hardware_cite}, {"How a read is drawn", record->law}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (lines[i].text == NULL) continue;
        ajp_text_format(out, "<li><b>%s</b>: ", lines[i].title);
        ajp_text_put_html(out, lines[i].text);
        ajp_text_put(out, "</li>\n");
    }
    for (size_t i = 0; i < record->n_notes; i++) {
        ajp_text_put(out, "<li>");
        ajp_text_put_html(out, record->notes[i]);
        ajp_text_put(out, "</li>\n");
    }
    for (size_t i = 0; i < record->n_digital_fallback; i++) {
        ajp_text_put(out, "<li>Runs digitally: ");
        ajp_text_put_html(out, record->digital_fallback[i]);
        ajp_text_put(out, "</li>\n");
    }
    ajp_text_put(out, "</ul>\n");
}

static void put_sources(ajp_view *view, ajp_text *out)
{
    ajp_grid grid;
    ajp_page_element(out, "h2", "Where each number comes from");
    ajp_story_origins(view, out);
    for (size_t i = 0; i < view->n_entries; i++) {
        const ajp_entry *entry = &view->entries[i];
        if (entry->record->hardware_name == NULL) continue;
        ajp_page_element(out, "h3", entry->label);
        put_notes(entry->record, out);
        if (entry->record->n_parameters == 0) continue;
        ajp_table_parameters(entry->record, &view->arena, &grid);
        put_grid(&grid, out);
    }
}

static void put_provenance(ajp_view *view, ajp_text *out)
{
    ajp_grid grid;
    ajp_page_element(out, "h2", "How to get the same numbers again");
    ajp_text_put(
        out,
        "<p>Results are a pure function of the model, the data, the hardware's parameters, the seed and the "
        "number "
        "of trials and samples: any number of threads and any of the supported instruction sets give the "
        "same bits.</p>\n");
    ajp_table_provenance(view, &view->arena, &grid);
    put_grid(&grid, out);
}

static aj_status write_html(ajp_view *view, ajp_text *out, aj_error *err)
{
    const char *title = ajp_story_title(view);
    if (title == NULL) return ajp_no_memory(err, "report");
    ajp_page_begin(title, out);
    ajp_page_element(out, "h1", title);
    ajp_text_put(out, "<p class=\"sub\">Accuracy and energy of one network on described hardware, by "
                      "attojoule " AJ_VERSION_STRING "</p>\n");
    ajp_story_headline(view, out);
    ajp_page_element(out, "h2", "What was run");
    ajp_story_lead(view, out);
    put_sweeps(view, out);
    put_causes(view, out);
    put_side_by_side(view, out);
    put_layers(view, out);
    put_sources(view, out);
    put_provenance(view, out);
    ajp_page_end(out);
    return AJ_OK;
}

static aj_status write_cards(ajp_cards *cards, ajp_text *out, aj_error *err)
{
    (void)err;
    ajp_card_page(cards, out);
    return AJ_OK;
}

const ajp_format_ops ajp_format_html = {"html", "one self-contained page with figures and sources",
                                        write_html, write_cards};

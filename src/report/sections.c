/* sections.c: the order of a plain report: what was run, the sweeps, hardware side by side, causes, details.
 */
#include "sections.h"

enum { CAUSE_COLUMNS = 4 }; /* hardware side by side that a terminal has room for */

typedef struct {
    ajp_view *view;
    void (*put)(const ajp_grid *grid, ajp_text *out);
    void (*heading)(const char *text, ajp_text *out);
    ajp_text *out;
} printer;

static void heading(printer *to, const char *text)
{
    if (to->heading != NULL)
        to->heading(text, to->out);
    else {
        ajp_text_put_paragraph(to->out, text, AJP_TERMINAL_COLUMNS, 0);
        ajp_text_put(to->out, "\n");
    }
}

static void put_sweeps(printer *to)
{
    ajp_grid grid;
    for (size_t i = 0; i < to->view->n_sweeps; i++) {
        const ajp_sweep *sweep = &to->view->sweeps[i];
        const aj_evaluation *record = sweep->points[0];
        ajp_number samples = ajp_count_text((double)record->n_samples);
        const char *text = ajp_arena_printf(
            &to->view->arena, "%s on %s (evidence: %s): %s, %s samples, %u trials, seed %llu",
            ajp_model_name(record), sweep->label,
            record->hardware_evidence != NULL ? record->hardware_evidence : "not stated",
            record->dataset_name != NULL ? record->dataset_name : "no data", samples.text, record->n_trials,
            (unsigned long long)record->seed);
        if (text != NULL) heading(to, text);
        ajp_table_points(to->view, sweep, &to->view->arena, &grid);
        grid.title = NULL;
        to->put(&grid, to->out);
    }
}

static void put_causes(printer *to)
{
    ajp_grid grid;
    bool any = false;
    for (size_t i = 0; i < to->view->n_entries; i++) any = any || ajp_has_causes(to->view->entries[i].record);
    if (!any) return;
    heading(to, "Energy of one inference by cause (modelled)");
    for (size_t i = 0; i < to->view->n_entries; i += CAUSE_COLUMNS) {
        size_t n = ajp_min_size(CAUSE_COLUMNS, to->view->n_entries - i);
        ajp_table_causes(to->view, i, n, &to->view->arena, &grid);
        to->put(&grid, to->out);
    }
}

static void put_explanation(printer *to)
{
    ajp_grid grid;
    for (size_t i = 0; i < to->view->n_entries; i++) {
        const ajp_entry *entry = &to->view->entries[i];
        const aj_evaluation *record = entry->record;
        const char *text =
            ajp_arena_printf(&to->view->arena, "%s: laws, assumptions, parameters", entry->label);
        if (text != NULL) heading(to, text);
        ajp_grid_begin(&grid, &to->view->arena, NULL);
        ajp_grid_column(&grid, "", AJP_LEFT);
        ajp_grid_column(&grid, "", AJP_LEFT);
        grid.headless = true;
        ajp_grid_add(&grid);
        ajp_grid_cell(&grid, "law");
        ajp_grid_cell(&grid, record->law);
        for (size_t note = 0; note < record->n_notes; note++) {
            ajp_grid_add(&grid);
            ajp_grid_cell(&grid, "note");
            ajp_grid_cell(&grid, record->notes[note]);
        }
        if (record->hardware_cite != NULL) {
            ajp_grid_add(&grid);
            ajp_grid_cell(&grid, "cite");
            ajp_grid_cell(&grid, record->hardware_cite);
        }
        to->put(&grid, to->out);
        if (record->n_parameters == 0) continue;
        ajp_table_parameters(record, &to->view->arena, &grid);
        to->put(&grid, to->out);
        if (ajp_table_converters(record, &to->view->arena, &grid)) to->put(&grid, to->out);
    }
}

void ajp_sections_put(ajp_view *view, void (*put)(const ajp_grid *grid, ajp_text *out),
                      void (*put_heading)(const char *text, ajp_text *out), ajp_text *out)
{
    printer to = {view, put, put_heading, out};
    ajp_grid grid;
    if (view->options->title != NULL) heading(&to, view->options->title);
    put_sweeps(&to);
    if (view->n_sweeps == 0 && view->n_singles == 1) {
        ajp_table_facts(view->entries[0].record, &view->arena, &grid);
        put(&grid, out);
    } else if (view->n_entries > 1) {
        heading(&to, "Energy per MAC");
        ajp_table_boundaries(view, true, &view->arena, &grid);
        put(&grid, out);
        heading(&to, "Energy and latency per inference");
        ajp_table_boundaries(view, false, &view->arena, &grid);
        put(&grid, out);
    }
    put_causes(&to);
    for (size_t i = 0; view->options->per_layer && i < view->n_entries; i++) {
        if (view->entries[i].record->n_layers == 0) continue;
        ajp_table_layers(&view->entries[i], &view->arena, &grid);
        put(&grid, out);
    }
    if (view->options->explain) put_explanation(&to);
    if (view->options->command != NULL) {
        const char *text = ajp_arena_printf(&view->arena, "made by: %s", view->options->command);
        if (text != NULL) heading(&to, text);
    }
}

/* output.c: the rows as a table, as the page docs/validation.md, and as JSON. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../record/json_writer.h"
#include "../report/grid.h"
#include "../report/quantity.h"
#include "claim.h"

static ajp_number number_text(double value, const char *unit, int digits)
{
    ajp_number text;
    if (isnan(value)) return (ajp_number){AJP_MISSING_TEXT};
    if (strcmp(unit, "%") == 0)
        snprintf(text.text, sizeof text.text, "%.2f %%", value);
    else if (strcmp(unit, "J") == 0 || strcmp(unit, "W") == 0)
        return ajp_quantity_digits(value, unit, digits);
    else if (strcmp(unit, "MAC") == 0)
        snprintf(text.text, sizeof text.text, "%.0f", value);
    else
        snprintf(text.text, sizeof text.text, "%.*g", digits, value);
    return text;
}

/* As many digits as the tolerance tells apart, and one more: further ones differ from machine to machine. */
static int digits_of(const aj_validation_value *v)
{
    double relative = v->tolerance_ratio;
    if (v->check == AJ_WITHIN_ABSOLUTE) relative /= fabs(v->printed);
    if (v->check > AJ_WITHIN_RELATIVE || !(relative > 0.0) || !isfinite(relative)) return 4;
    double digits = 2.0 + ceil(-log10(relative) - 1e-9);
    return digits < 3.0 ? 3 : digits > 9.0 ? 9 : (int)digits;
}

/* What is only bounded from above and tiny is rounding. */
static ajp_number ours_text(const aj_validation_value *v)
{
    ajp_number text;
    bool tiny = (v->check == AJ_AT_MOST || v->check == AJ_WITHIN_ABSOLUTE) && fabs(v->value) < 1e-6 &&
                fabs(v->printed) < 1e-6 && v->unit[0] == '\0';
    if (!tiny) return number_text(v->value, v->unit, digits_of(v));
    double bound = v->check == AJ_AT_MOST ? v->printed : v->tolerance_ratio;
    snprintf(text.text, sizeof text.text, v->met ? "below %.0e" : "%.1e", v->met ? bound : v->value);
    return text;
}

/* As it was printed. */
static ajp_number theirs_text(const aj_validation_value *v)
{
    int digits = strcmp(v->unit, "J") == 0 || strcmp(v->unit, "W") == 0 ? digits_of(v) : 9;
    return number_text(v->printed, v->unit, digits);
}

static void cell_tolerance(ajp_grid *grid, const aj_validation_value *v)
{
    switch (v->check) {
    case AJ_WITHIN_ABSOLUTE:
        if (v->tolerance_ratio == 0.0)
            ajp_grid_cell(grid, "exact");
        else if (strcmp(v->unit, "%") == 0)
            ajp_grid_format(grid, "± %g pp", v->tolerance_ratio);
        else
            ajp_grid_format(grid, "± %g", v->tolerance_ratio);
        break;
    case AJ_WITHIN_RELATIVE:
        ajp_grid_format(grid, "%g %%", 100.0 * v->tolerance_ratio);
        break;
    case AJ_AT_MOST:
        ajp_grid_cell(grid, "at most");
        break;
    case AJ_AT_LEAST:
        ajp_grid_cell(grid, "at least");
        break;
    case AJ_SHOWN:
        ajp_grid_cell(grid, "");
        break;
    }
}

static void put_values(const aj_validation_row *row, ajp_grid *grid)
{
    for (size_t i = 0; i < row->n_values; i++) {
        const aj_validation_value *v = &row->values[i];
        bool shown = v->check == AJ_SHOWN;
        ajp_number theirs = theirs_text(v), ours = ours_text(v);
        ajp_grid_add(grid);
        ajp_grid_cell(grid, "");
        ajp_grid_cell(grid, v->what);
        ajp_grid_cell(grid, shown ? "" : theirs.text);
        ajp_grid_cell(grid, ours.text);
        cell_tolerance(grid, v);
        ajp_grid_cell(grid, shown ? "" : v->met ? "met" : "NOT MET");
    }
}

/* The claim in one row, its values below. */
static void make_grid(const aj_validation *validation, ajp_arena *arena, ajp_grid *grid)
{
    ajp_grid_begin(grid, arena, NULL);
    ajp_grid_column(grid, "", AJP_LEFT);
    ajp_grid_column(grid, "claim; what is compared", AJP_LEFT);
    ajp_grid_column(grid, "theirs", AJP_RIGHT);
    ajp_grid_column(grid, "ours", AJP_RIGHT);
    ajp_grid_column(grid, "tolerance", AJP_LEFT);
    ajp_grid_column(grid, "verdict", AJP_LEFT);
    for (size_t i = 0; i < validation->n_rows; i++) {
        const aj_validation_row *row = &validation->rows[i];
        ajp_grid_row *head = ajp_grid_add(grid);
        if (head != NULL) {
            head->rule = i > 0;
            head->emphasis = true;
        }
        ajp_grid_cell(grid, row->id);
        ajp_grid_cell(grid, row->claim);
        for (int k = 0; k < 3; k++) ajp_grid_cell(grid, "");
        ajp_grid_cell(grid, aj_verdict_name(row->verdict));
        put_values(row, grid);
    }
}

static void put_sources(const aj_validation *validation, ajp_text *out)
{
    for (size_t i = 0; i < validation->n_rows; i++) {
        const aj_validation_row *row = &validation->rows[i];
        ajp_text_format(out, "\n- **%s**: ", row->id);
        ajp_text_put_markdown(out, row->source);
        if (row->note != NULL) {
            ajp_text_put(out, ". ");
            ajp_text_put_markdown(out, row->note);
        }
    }
    ajp_text_put(out, "\n");
}

static void put_markdown(const aj_validation *validation, ajp_arena *arena, ajp_text *out)
{
    ajp_grid grid;
    make_grid(validation, arena, &grid);
    ajp_text_put(
        out,
        "# Published numbers, recomputed\n\nMade by `aj validate --markdown`. Rows P are photonics, A analog "
        "hardware "
        "and its simulators, C claims of the article that the project implements. \"Theirs\" is the "
        "published "
        "number or that of an independent implementation (see the sources below), \"ours\" comes from this "
        "library with fixed seeds.\n\n");
    ajp_grid_to_markdown(&grid, out);
    ajp_text_put(out, "\n## Verdicts\n");
    for (int verdict = 0; verdict < AJ_N_VERDICTS; verdict++)
        ajp_text_format(out, "\n- *%s*: %s", aj_verdict_name((aj_verdict)verdict),
                        aj_verdict_means((aj_verdict)verdict));
    ajp_text_put(out, "\n\n## Sources and remarks\n");
    put_sources(validation, out);
}

static void put_table(const aj_validation *validation, ajp_arena *arena, ajp_text *out)
{
    ajp_grid grid;
    make_grid(validation, arena, &grid);
    ajp_grid_to_terminal(&grid, out);
    for (size_t i = 0; i < validation->n_rows; i++) {
        const aj_validation_row *row = &validation->rows[i];
        if (row->note == NULL) continue;
        const char *text = ajp_arena_printf(arena, "%s: %s", row->id, row->note);
        if (text != NULL) ajp_text_put_paragraph(out, text, AJP_TERMINAL_COLUMNS, 0);
    }
    size_t counts[AJ_N_VERDICTS] = {0};
    for (size_t i = 0; i < validation->n_rows; i++) counts[validation->rows[i].verdict]++;
    ajp_text_put(out, "\n");
    const char *separator = "";
    for (int verdict = 0; verdict < AJ_N_VERDICTS; verdict++) {
        if (counts[verdict] == 0) continue;
        ajp_text_format(out, "%s%zu %s", separator, counts[verdict], aj_verdict_name((aj_verdict)verdict));
        separator = ", ";
    }
    ajp_text_put(out, "\n");
}

static const char *check_name(aj_validation_check check)
{
    static const char *const names[] = {"within", "within relative", "at most", "at least", "shown"};
    return names[check];
}

static void put_json_row(const aj_validation_row *row, ajp_json *json)
{
    ajp_json_object(json, NULL);
    ajp_json_string(json, "id", row->id);
    ajp_json_string(json, "claim", row->claim);
    ajp_json_string(json, "source", row->source);
    ajp_json_string(json, "verdict", aj_verdict_name(row->verdict));
    ajp_json_string(json, "note", row->note);
    ajp_json_bool(json, "needs_data", row->needs_data);
    ajp_json_bool(json, "long", row->is_long);
    ajp_json_array(json, "values", false);
    for (size_t i = 0; i < row->n_values; i++) {
        const aj_validation_value *v = &row->values[i];
        ajp_json_object(json, NULL);
        ajp_json_string(json, "what", v->what);
        ajp_json_string(json, "unit", v->unit);
        ajp_json_number(json, "published", v->check == AJ_SHOWN ? (double)NAN : v->printed);
        ajp_json_number(json, "ours", v->value);
        ajp_json_string(json, "check", check_name(v->check));
        bool within = v->check == AJ_WITHIN_ABSOLUTE || v->check == AJ_WITHIN_RELATIVE;
        ajp_json_number(json, "tolerance", within ? v->tolerance_ratio : (double)NAN);
        ajp_json_bool(json, "met", v->met);
        ajp_json_object_end(json);
    }
    ajp_json_array_end(json);
    ajp_json_object_end(json);
}

static aj_status make_json(const aj_validation *validation, ajp_text *out, aj_error *err)
{
    ajp_json json;
    char *text = NULL;
    ajp_json_begin(&json, 2);
    ajp_json_object(&json, NULL);
    ajp_json_count(&json, "failed", validation->n_failed);
    ajp_json_array(&json, "rows", false);
    for (size_t i = 0; i < validation->n_rows; i++) put_json_row(&validation->rows[i], &json);
    ajp_json_array_end(&json);
    ajp_json_object_end(&json);
    AJ_TRY(ajp_json_finish(&json, &text, err));
    ajp_text_format(out, "%s\n", text);
    ajp_free(NULL, text);
    return AJ_OK;
}

aj_status aj_validation_write(FILE *stream, const char *format, const aj_validation *validation,
                              aj_error *err)
{
    ajp_arena arena;
    ajp_text text = {0};
    aj_status st = AJ_OK;
    ajp_arena_init(&arena, NULL);
    if (strcmp(format, "json") == 0)
        st = make_json(validation, &text, err);
    else if (strcmp(format, "markdown") == 0)
        put_markdown(validation, &arena, &text);
    else if (strcmp(format, "table") == 0)
        put_table(validation, &arena, &text);
    else
        st = ajp_fail(err, AJ_BAD_ARGUMENT, 0, "validation: no format %s; use table, markdown or json",
                      format);
    if (st == AJ_OK && (text.failed || arena.failed)) st = ajp_no_memory(err, "validation");
    if (st == AJ_OK) st = ajp_text_write(&text, stream, err);
    ajp_text_free(&text);
    ajp_arena_free(&arena);
    return st;
}

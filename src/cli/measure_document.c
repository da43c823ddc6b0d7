/* measure_document.c: what the meter saw, as the object `meter` of a run's record (docs/formats/run.md). */
#include <jansson.h>
#include <math.h>

#include "measure.h"

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *text(const char *value)
{
    return value != NULL && value[0] != '\0' ? json_string(value) : json_null();
}

static json_t *estimate(aj_estimate e)
{
    return json_pack("{s:o, s:o, s:s}", "value", number(e.value), "stddev", number(e.stddev), "origin",
                     aj_origin_name(e.origin));
}

static void put_parts(json_t *to, double attributed, double idle, double others)
{
    json_object_set_new(to, "attributed_joules", number(attributed));
    json_object_set_new(to, "idle_joules", number(idle));
    json_object_set_new(to, "others_joules", number(others));
}

static json_t *zone_document(const aj_zone_reading *zone)
{
    bool divided = !isnan(zone->attributed_joules);
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:s, s:b, s:b}", "source", zone->source,
        "name", zone->name, "kind", aj_zone_kind_name(zone->kind), "role", aj_zone_role_name(zone->role),
        "parent", text(zone->parent), "file", text(zone->file), "status", aj_status_name(zone->status),
        "message", text(zone->message), "measured_joules", number(zone->energy_joules.value), "low_joules",
        number(zone->low_joules), "high_joules", number(zone->high_joules), "origin",
        aj_origin_name(zone->energy_joules.origin), "lower_bound", zone->lower_bound, "divided", divided);
    put_parts(object, zone->attributed_joules, zone->idle_joules, zone->others_joules);
    json_object_set_new(object, "idle_watts", divided ? number(zone->idle_watts) : json_null());
    json_object_set_new(object, "idle_origin",
                        divided ? json_string(aj_origin_name(zone->idle_origin)) : json_null());
    json_object_set_new(object, "samples", json_integer((json_int_t)zone->n_samples));
    json_object_set_new(object, "wraps", json_integer((json_int_t)zone->n_wraps));
    json_object_set_new(object, "resets", json_integer((json_int_t)zone->n_resets));
    json_object_set_new(object, "gaps", json_integer((json_int_t)zone->n_gaps));
    json_object_set_new(object, "gap_seconds", number(zone->gap_seconds));
    return object;
}

/* Of all counted zones: what was measured, and how it was divided. */
static void put_machine(json_t *to, const cli_measure *m)
{
    const aj_reading *r = &m->reading;
    json_t *covers = json_array();
    for (int kind = 0; kind < AJ_N_ZONE_KINDS; kind++)
        if ((r->covers >> kind & 1) != 0)
            json_array_append_new(covers, json_string(aj_zone_kind_name((aj_zone_kind)kind)));
    double divided = 0, undivided = 0;
    for (size_t i = 0; i < m->n_zones; i++) {
        const aj_zone_reading *zone = &m->zones[i].reading;
        if (zone->role != AJ_ZONE_ROLE_COUNTED || isnan(zone->energy_joules.value)) continue;
        *(isnan(zone->attributed_joules) ? &undivided : &divided) += zone->energy_joules.value;
    }
    json_object_set_new(to, "measured_joules", number(r->energy_joules.value));
    json_object_set_new(to, "low_joules", number(r->low_joules));
    json_object_set_new(to, "high_joules", number(r->high_joules));
    json_object_set_new(to, "origin", json_string(aj_origin_name(r->energy_joules.origin)));
    json_object_set_new(to, "lower_bound", json_boolean(r->lower_bound));
    json_object_set_new(to, "covers", covers);
    json_object_set_new(to, "divided_joules", number(divided));
    put_parts(to, r->attributed_joules.value, r->idle_joules, r->others_joules);
    json_object_set_new(to, "undivided_joules", number(undivided));
    json_object_set_new(to, "platform_joules", number(r->platform_joules));
    json_object_set_new(to, "tree_cpu_seconds", number(r->tree_cpu_seconds));
    json_object_set_new(to, "busy_cpu_seconds", number(r->busy_cpu_seconds));
}

static json_t *sampling_document(const cli_measure *m)
{
    const aj_reading *r = &m->reading;
    double seen = r->duration_seconds > 0 ? 1 - r->gap_seconds / r->duration_seconds : (double)NAN;
    return json_pack("{s:f, s:I, s:f, s:f, s:f, s:f, s:o}", "hertz", cli_number(m->c, "hertz"), "samples",
                     (json_int_t)r->n_samples, "duration_seconds", r->duration_seconds, "suspended_seconds",
                     r->suspended_seconds, "gap_seconds", r->gap_seconds, "longest_gap_seconds",
                     r->longest_gap_seconds, "coverage_ratio", number(fmax(seen, 0)));
}

/* What measuring itself took; for a command that measures itself this cannot be told from its work. */
static json_t *overhead_document(const cli_measure *m)
{
    bool apart = !isnan(m->own_cpu_seconds);
    double share = apart && m->duration_seconds > 0 ? m->own_cpu_seconds / m->duration_seconds : (double)NAN;
    return json_pack("{s:f, s:o, s:o, s:o}", "opening_seconds", m->opening_seconds, "cpu_seconds",
                     number(m->own_cpu_seconds), "core_ratio", number(share), "resident_bytes",
                     apart && m->resident_kibibytes > 0
                         ? json_integer((json_int_t)m->resident_kibibytes * 1024)
                         : json_null());
}

static json_t *phases_document(const cli_measure *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->n_phases; i++) {
        const aj_phase *p = &m->phases[i];
        json_array_append_new(
            list, json_pack("{s:s, s:I, s:b, s:f, s:o, s:o, s:o, s:o, s:s, s:o}", "name", p->name, "times",
                            (json_int_t)p->n, "open", p->open, "duration_seconds", p->duration_seconds,
                            "measured_joules", number(p->energy_joules.value), "low_joules",
                            number(p->low_joules), "high_joules", number(p->high_joules), "attributed_joules",
                            number(p->attributed_joules), "origin", aj_origin_name(p->energy_joules.origin),
                            "flops", number(p->flops)));
    }
    return list;
}

static json_t *prediction_document(const aj_prediction *p)
{
    if (isnan(p->value) || p->n_done == 0) return json_null();
    return json_pack("{s:f, s:o, s:o, s:I, s:I}", "value", p->value, "low", number(p->low), "high",
                     number(p->high), "done", (json_int_t)p->n_done, "total", (json_int_t)p->n_total);
}

static json_t *marks_document(const cli_measure *m)
{
    const aj_trace_state *s = &m->marks;
    if (s->n_marks == 0 && s->n_ignored == 0) return json_null();
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "marks", (json_int_t)s->n_marks, "ignored",
                     (json_int_t)s->n_ignored, "epoch", number(s->n_epochs_done), "epochs",
                     number(s->n_epochs), "flops", number(s->flops), "accuracy_ratio",
                     number(s->accuracy_ratio), "predicted_joules", prediction_document(&s->joules),
                     "predicted_seconds", prediction_document(&s->seconds));
}

static json_t *factor_document(const aj_carbon_result *r)
{
    const aj_zone_factor *f = &r->factor;
    if (f->zone == NULL) return json_null();
    return json_pack("{s:s, s:s, s:f, s:o, s:s, s:o, s:s?, s:s?, s:s?, s:s?}", "zone", f->zone, "name",
                     f->name, "kilograms_co2e_per_joule", f->kilograms_co2e_per_joule, "spread_ratio",
                     number(r->spread_ratio), "basis", aj_basis_name(f->basis), "year",
                     f->year > 0 ? json_integer(f->year) : json_null(), "series", f->series, "source",
                     f->source, "licence", f->licence, "table", f->table);
}

static json_t *carbon_document(const cli_measure *m, const aj_carbon_result *r)
{
    json_t *notes = json_array();
    for (size_t i = 0; i < r->n_notes; i++) json_array_append_new(notes, json_string(r->notes[i]));
    const aj_carbon_options *o = &m->prices;
    json_t *object = json_pack(
        "{s:s, s:f, s:s, s:o, s:o, s:s, s:o, s:o, s:f, s:b, s:o, s:f}", "convention", r->convention,
        "power_usage_effectiveness", r->power_usage_effectiveness, "pue_source", r->pue_source,
        "facility_joules", estimate(r->facility_joules), "factor", factor_document(r), "label",
        aj_basis_label(r->basis), "location_kilograms_co2e", estimate(r->location_kilograms_co2e),
        "market_kilograms_co2e", estimate(r->market_kilograms_co2e), "contract_ratio", o->contract_ratio,
        "residual_known", r->residual_known, "residual_kilograms_co2e_per_joule",
        number(o->residual_kilograms_co2e_per_joule), "offsets_kilograms_co2e", r->offsets_kilograms_co2e);
    json_object_set_new(object, "electricity_dollars", estimate(r->electricity_dollars));
    json_object_set_new(object, "fee_dollars", estimate(r->fee_dollars));
    json_object_set_new(object, "fee_on", json_string(r->fee_on_market ? "market" : "location"));
    json_object_set_new(object, "notes", notes);
    return object;
}

json_t *cli_measure_document(const cli_measure *m, const aj_carbon_result *priced)
{
    bool read = m->n_zones > 0;
    json_t *remarks = json_array();
    for (size_t i = 0; i < m->n_remarks; i++) json_array_append_new(remarks, json_string(m->remarks[i]));
    cli_amount energy = cli_measure_energy(m);
    json_t *zones = json_array(), *object = json_object();
    for (size_t i = 0; i < m->n_zones; i++) json_array_append_new(zones, zone_document(&m->zones[i].reading));
    json_object_set_new(object, "attojoule_meter", json_integer(1));
    json_object_set_new(object, "run_joules",
                        json_pack("{s:o, s:o, s:o, s:s}", "value", number(energy.value), "low",
                                  number(energy.low), "high", number(energy.high), "origin",
                                  aj_origin_name(energy.origin)));
    json_object_set_new(object, "no_energy", text(m->no_energy));
    json_object_set_new(object, "undivided", text(m->undivided));
    json_object_set_new(object, "followed", text(m->followed));
    json_object_set_new(object, "remarks", remarks);
    json_object_set_new(object, "no_carbon", text(m->no_carbon));
    json_t *machine = read ? json_object() : json_null();
    if (read) put_machine(machine, m);
    json_object_set_new(object, "machine", machine);
    json_object_set_new(object, "zones", zones);
    json_object_set_new(object, "sampling", read ? sampling_document(m) : json_null());
    json_object_set_new(object, "overhead", overhead_document(m));
    json_object_set_new(object, "marks", marks_document(m));
    json_object_set_new(object, "phases", phases_document(m));
    json_object_set_new(object, "carbon", priced != NULL ? carbon_document(m, priced) : json_null());
    return object;
}

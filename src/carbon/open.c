/* open.c: the tables of tables/ (and of the user) as rows in SI units. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "carbon.h"
#include "tables.h"
#include "units.h"

const char *const ajp_list_names[AJP_N_LISTS] = {"pue", "prices", "equivalents", "embodied"};

const char *aj_basis_name(aj_basis basis)
{
    static const char *const names[] = {
#define ROW(id, name, label) name,
        AJ_BASIS_LIST(ROW)
#undef ROW
    };
    return (unsigned)basis < AJ_BASIS_ANY ? names[basis] : "any";
}

const char *aj_basis_label(aj_basis basis)
{
    static const char *const labels[] = {
#define ROW(id, name, label) label,
        AJ_BASIS_LIST(ROW)
#undef ROW
    };
    return (unsigned)basis < AJ_BASIS_ANY ? labels[basis] : "location-based (no factor)";
}

bool aj_basis_from_name(const char *name, aj_basis *out)
{
    for (int i = 0; i <= AJ_BASIS_ANY; i++) {
        if (strcmp(name, aj_basis_name((aj_basis)i)) != 0) continue;
        *out = (aj_basis)i;
        return true;
    }
    return false;
}

const char *aj_carbon_table(size_t i, const char **name, size_t *size)
{
    for (size_t k = 0; k <= i; k++)
        if (ajp_tables[k].name == NULL) return NULL;
    *name = ajp_tables[i].name;
    *size = ajp_tables[i].size;
    return ajp_tables[i].text;
}

/* ---- columns ------------------------------------------------------------------------------------- */

double ajp_intensity_unit(const char *unit)
{
    static const struct {
        const char *name;
        double kilograms, joules;
    } units[] = {
        {"gCO2e/kWh", 1e-3, AJP_JOULES_PER_KILOWATT_HOUR},
        {"gCO2/kWh", 1e-3, AJP_JOULES_PER_KILOWATT_HOUR},
        {"kgCO2e/kWh", 1, AJP_JOULES_PER_KILOWATT_HOUR},
        {"lbCO2e/MWh", AJP_KILOGRAMS_PER_POUND, 1e3 * AJP_JOULES_PER_KILOWATT_HOUR},
        {"lbCO2/MWh", AJP_KILOGRAMS_PER_POUND, 1e3 * AJP_JOULES_PER_KILOWATT_HOUR},
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].name) == 0) return units[i].kilograms / units[i].joules;
    return 0;
}

typedef struct {
    const ajp_csv *csv;
    size_t row;
} cursor;

/* Text of a column that the table must have; "" stays "". */
static const char *text_of(const cursor *at, const char *column, bool required, aj_status *st, aj_error *err)
{
    size_t c;
    if (*st == AJ_OK) *st = ajp_csv_column(at->csv, column, &c, err);
    if (*st != AJ_OK) return "";
    const char *text = ajp_csv_text(at->csv, at->row, c);
    if (required && text[0] == '\0')
        *st = ajp_csv_fail(at->csv, at->row, c, "is empty; every row needs it", err);
    return text;
}

static double number_of(const cursor *at, const char *column, bool required, aj_status *st, aj_error *err)
{
    size_t c;
    double value = NAN;
    if (*st == AJ_OK) *st = ajp_csv_column(at->csv, column, &c, err);
    if (*st == AJ_OK) *st = ajp_csv_number(at->csv, at->row, c, 0, 1e12, required, &value, err);
    return value;
}

/* The first four digits of the year ("2024 (snapshot)"); 0 when the source does not say. */
static int year_of(const cursor *at, aj_status *st, aj_error *err)
{
    const char *text = text_of(at, "year", false, st, err);
    int year = 0;
    for (int i = 0; i < 4 && text[i] >= '0' && text[i] <= '9'; i++) year = 10 * year + (text[i] - '0');
    if (*st == AJ_OK && text[0] != '\0' && (year < 1900 || year > 2200))
        *st = ajp_csv_fail(at->csv, at->row, ajp_csv_find(at->csv, "year"),
                           "is not a year (or leave it empty)", err);
    return year;
}

static aj_status fail_at(const cursor *at, const char *column, const char *what, aj_error *err)
{
    return ajp_csv_fail(at->csv, at->row, ajp_csv_find(at->csv, column), what, err);
}

/* ---- rows ---------------------------------------------------------------------------------------- */

static aj_status read_factor(const cursor *at, aj_zone_factor *out, aj_error *err)
{
    aj_status st = AJ_OK;
    aj_zone_factor f = {0};
    f.zone = text_of(at, "zone", true, &st, err);
    f.alias = text_of(at, "alias", false, &st, err);
    f.kind = text_of(at, "kind", true, &st, err);
    f.name = text_of(at, "name", true, &st, err);
    double value = number_of(at, "value", true, &st, err);
    double unit = ajp_intensity_unit(text_of(at, "unit", true, &st, err));
    f.year = year_of(at, &st, err);
    const char *basis = text_of(at, "basis", true, &st, err);
    f.detail = text_of(at, "detail", false, &st, err);
    f.series = text_of(at, "series", true, &st, err);
    f.source = text_of(at, "source", true, &st, err);
    f.licence = text_of(at, "licence", true, &st, err);
    f.table = at->csv->file;
    if (st != AJ_OK) return st;
    if (unit == 0)
        return fail_at(at, "unit",
                       "is not known; use gCO2e/kWh, gCO2/kWh, kgCO2e/kWh, lbCO2e/MWh or lbCO2/MWh", err);
    if (!aj_basis_from_name(basis, &f.basis) || f.basis == AJ_BASIS_ANY)
        return fail_at(at, "basis", "is not a basis; use direct, lifecycle, consumption or unstated", err);
    f.kilograms_co2e_per_joule = value * unit;
    if (value * unit > 5.0 / AJP_JOULES_PER_KILOWATT_HOUR)
        return fail_at(at, "value", "is above 5 kg CO2e a kWh, more than any power plant; check its unit",
                       err);
    *out = f;
    return AJ_OK;
}

static aj_status read_row(const cursor *at, bool is_pue, aj_carbon_row *out, aj_error *err)
{
    static const struct {
        const char *name, *si;
        double scale;
    } units[] = {{"ratio", "1", 1},
                 {"USD/kWh", "USD/J", 1 / AJP_JOULES_PER_KILOWATT_HOUR},
                 {"USD/h", "USD/s", 1 / AJP_SECONDS_PER_HOUR},
                 {"USD/t", "USD/kg", 1e-3},
                 {"kgCO2e", "kgCO2e", 1}};
    aj_status st = AJ_OK;
    aj_carbon_row r = {0};
    r.item = text_of(at, is_pue ? "provider" : "item", true, &st, err);
    r.offer = is_pue                                       ? text_of(at, "scope", true, &st, err)
              : ajp_csv_find(at->csv, "offer") != SIZE_MAX ? text_of(at, "offer", true, &st, err)
                                                           : "";
    double value = number_of(at, "value", true, &st, err);
    const char *unit = text_of(at, "unit", true, &st, err);
    r.year = year_of(at, &st, err);
    r.basis = text_of(at, "basis", true, &st, err);
    r.source = text_of(at, "source", true, &st, err);
    r.licence = text_of(at, "licence", true, &st, err);
    if (st != AJ_OK) return st;
    for (size_t i = 0; i < sizeof units / sizeof *units && r.unit == NULL; i++)
        if (strcmp(unit, units[i].name) == 0) {
            r.unit = units[i].si;
            r.value = value * units[i].scale;
        }
    if (r.unit == NULL)
        return fail_at(at, "unit", "is not known; use USD/kWh, USD/h, USD/t, kgCO2e or ratio", err);
    if (is_pue && value < 1) return fail_at(at, "value", "is below 1; PUE is total over IT energy", err);
    *out = r;
    return AJ_OK;
}

static aj_status read_accelerator(const cursor *at, aj_accelerator_power *out, aj_error *err)
{
    aj_status st = AJ_OK;
    aj_accelerator_power a = {0};
    a.name = text_of(at, "device", true, &st, err);
    a.tdp_watts = number_of(at, "tdp", true, &st, err);
    a.average_watts = number_of(at, "average", false, &st, err);
    a.average_spread_ratio = number_of(at, "average_spread", false, &st, err);
    a.year = year_of(at, &st, err);
    a.basis = text_of(at, "basis", true, &st, err);
    a.source = text_of(at, "source", true, &st, err);
    a.licence = text_of(at, "licence", true, &st, err);
    if (st == AJ_OK) *out = a;
    return st;
}

/* ---- tables -------------------------------------------------------------------------------------- */

/* The sha256 of a table, for the provenance of what comes out of it. */
static const char *hash_of(aj_carbon *carbon, const void *text, size_t size)
{
    char *hex = ajp_arena_alloc(&carbon->arena, 65);
    if (hex != NULL) ajp_sha256_hex(text, size, hex);
    return hex;
}

static aj_status add_factors(aj_carbon *carbon, const ajp_csv *csv, const char *sha256, aj_error *err)
{
    for (size_t i = 0; i < csv->n_rows; i++) {
        AJ_TRY(ajp_grow(carbon->context, (void **)&carbon->factors, &carbon->n_factors_capacity,
                        carbon->n_factors + 1, sizeof *carbon->factors, "zones", err));
        AJ_TRY(read_factor(&(cursor){csv, i}, &carbon->factors[carbon->n_factors], err));
        carbon->factors[carbon->n_factors++].sha256 = sha256;
    }
    return AJ_OK;
}

/* Rows of `csv` after those that the list has already. */
static aj_status add_rows(aj_carbon *carbon, size_t list, const ajp_csv *csv, const char *sha256,
                          aj_error *err)
{
    ajp_rows *rows = &carbon->lists[list];
    aj_carbon_row *all = ajp_arena_array(&carbon->arena, rows->n + csv->n_rows + 1, sizeof *all);
    if (all == NULL) return ajp_no_memory(err, csv->file);
    if (rows->n > 0) memcpy(all, rows->rows, rows->n * sizeof *all);
    for (size_t i = 0; i < csv->n_rows; i++) {
        AJ_TRY(read_row(&(cursor){csv, i}, list == AJP_PUE, &all[rows->n + i], err));
        all[rows->n + i].sha256 = sha256;
    }
    *rows = (ajp_rows){all, rows->n + csv->n_rows};
    return AJ_OK;
}

static aj_status add_accelerators(aj_carbon *carbon, const ajp_csv *csv, aj_error *err)
{
    carbon->accelerators = ajp_arena_array(&carbon->arena, csv->n_rows + 1, sizeof *carbon->accelerators);
    if (carbon->accelerators == NULL) return ajp_no_memory(err, csv->file);
    for (size_t i = 0; i < csv->n_rows; i++)
        AJ_TRY(read_accelerator(&(cursor){csv, i}, &carbon->accelerators[i], err));
    carbon->n_accelerators = csv->n_rows;
    return AJ_OK;
}

static aj_status add_vcpus(aj_carbon *carbon, const ajp_csv *csv, aj_error *err)
{
    aj_status st = AJ_OK;
    carbon->vcpus = ajp_arena_array(&carbon->arena, csv->n_rows + 1, sizeof *carbon->vcpus);
    if (carbon->vcpus == NULL) return ajp_no_memory(err, csv->file);
    for (size_t i = 0; i < csv->n_rows; i++) {
        cursor at = {csv, i};
        carbon->vcpus[i] = (ajp_vcpu_power){.name = text_of(&at, "architecture", true, &st, err),
                                            .source = text_of(&at, "source", true, &st, err),
                                            .idle_watts = number_of(&at, "idle", true, &st, err),
                                            .full_watts = number_of(&at, "full", true, &st, err)};
    }
    if (st == AJ_OK) carbon->n_vcpus = csv->n_rows;
    return st;
}

static aj_status add_table(aj_carbon *carbon, const ajp_table *table, aj_error *err)
{
    ajp_csv csv;
    char file[64];
    const char *const *list = ajp_list_names;
    size_t i = 0;
    while (i < AJP_N_LISTS && strcmp(list[i], table->name) != 0) i++;
    bool zones = strncmp(table->name, "zones-", 6) == 0,
         accelerators = strcmp(table->name, "accelerators") == 0,
         vcpus = strcmp(table->name, "cpu-vcpu-power") == 0;
    if (i == AJP_N_LISTS && !zones && !accelerators && !vcpus) return AJ_OK; /* shown, not computed with */
    snprintf(file, sizeof file, "tables/%s.csv", table->name);
    AJ_TRY(ajp_csv_parse(&csv, &carbon->arena, table->text, table->size, file, err));
    if (accelerators) return add_accelerators(carbon, &csv, err);
    if (vcpus) return add_vcpus(carbon, &csv, err);
    const char *sha256 = hash_of(carbon, table->text, table->size);
    if (sha256 == NULL) return ajp_no_memory(err, file);
    return zones ? add_factors(carbon, &csv, sha256, err) : add_rows(carbon, i, &csv, sha256, err);
}

static aj_status add_file(aj_carbon *carbon, const char *path, bool zones, aj_error *err)
{
    ajp_file_map map;
    ajp_csv csv;
    if (path == NULL) return AJ_OK;
    AJ_TRY(ajp_file_map_open(&map, carbon->context, path, err));
    aj_status st = ajp_csv_parse(&csv, &carbon->arena, (const char *)map.data, map.size, path, err);
    const char *sha256 = st == AJ_OK ? hash_of(carbon, map.data, map.size) : NULL;
    ajp_file_map_close(&map, carbon->context);
    if (st != AJ_OK) return st;
    if (sha256 == NULL) return ajp_no_memory(err, path);
    return zones ? add_factors(carbon, &csv, sha256, err) : add_rows(carbon, AJP_PRICES, &csv, sha256, err);
}

aj_status aj_carbon_open(aj_carbon **out, aj_context *context, const char *zones_csv, const char *prices_csv,
                         aj_error *err)
{
    *out = NULL;
    aj_carbon *carbon = ajp_calloc(context, 1, sizeof *carbon);
    if (carbon == NULL) return ajp_no_memory(err, "the tables of carbon factors");
    carbon->context = context;
    ajp_arena_init(&carbon->arena, context);
    aj_status st = add_file(carbon, zones_csv, true, err);
    if (st == AJ_OK) st = add_file(carbon, prices_csv, false, err);
    for (size_t i = 0; st == AJ_OK && ajp_tables[i].name != NULL; i++)
        st = add_table(carbon, &ajp_tables[i], err);
    if (st != AJ_OK) {
        aj_carbon_close(carbon);
        return st;
    }
    *out = carbon;
    return AJ_OK;
}

void aj_carbon_close(aj_carbon *carbon)
{
    if (carbon == NULL) return;
    aj_context *context = carbon->context;
    ajp_free(context, carbon->factors);
    ajp_arena_free(&carbon->arena);
    ajp_free(context, carbon);
}

/* test_carbon.c: tables, zones, bases, CSV complaints, the account, hourly intensity. */
#include "attojoule/carbon.h"

#include <unistd.h>

#include "base/csv.h"
#include "check.h"

#define KWH 3.6e6
static aj_error err;

static aj_carbon *tables(void)
{
    aj_carbon *carbon = NULL;
    CHECK_OK(aj_carbon_open(&carbon, NULL, NULL, NULL, &err), err);
    if (carbon == NULL) exit(1);
    return carbon;
}

static const char *write_file(char path[64], const char *text)
{
    strcpy(path, "carbon-XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    if (file == NULL) exit(1);
    fputs(text, file);
    fclose(file);
    return path;
}

static double grams(const aj_carbon *carbon, const char *zone, aj_basis basis)
{
    aj_zone_factor f = {0};
    double spread;
    err = (aj_error){AJ_OK, 0, ""};
    CHECK_OK(aj_carbon_find_zone(carbon, zone, basis, &f, &spread, &err), err);
    return f.kilograms_co2e_per_joule * 1e3 * KWH;
}

static void test_rows_have_sources(const aj_carbon *carbon)
{
    static const char *const lists[] = {"pue", "prices", "equivalents", "embodied"};
    const aj_zone_factor *f;
    size_t n = 0, n_countries = 0;
    for (; (f = aj_carbon_factor(carbon, n)) != NULL; n++) {
        CHECK(f->source[0] != '\0' && f->licence[0] != '\0' && f->detail[0] != '\0' &&
              f->basis < AJ_BASIS_ANY);
        CHECK(f->kilograms_co2e_per_joule > 0 && f->kilograms_co2e_per_joule < 1.2 / KWH);
        n_countries += strcmp(f->kind, "country") == 0 && strcmp(f->series, "Ember") == 0;
    }
    CHECK_INT(n, 324);
    CHECK_INT(n_countries, 65);
    for (size_t k = 0; k < 4; k++) {
        const aj_carbon_row *row;
        size_t rows = 0;
        for (; (row = aj_carbon_row_at(carbon, lists[k], rows)) != NULL; rows++)
            CHECK(row->source[0] != '\0' && row->licence[0] != '\0' && row->basis[0] != '\0' &&
                  row->value > 0);
        CHECK(rows >= 3);
    }
}

static void test_zones(const aj_carbon *carbon)
{
    CHECK_CLOSE(grams(carbon, "FR", AJ_BASIS_ANY), 44.18, 1e-12);
    CHECK_CLOSE(grams(carbon, "fra", AJ_BASIS_ANY), 44.18, 1e-12);
    CHECK_CLOSE(grams(carbon, "France", AJ_BASIS_ANY), 44.18, 1e-12);
    CHECK_CLOSE(grams(carbon, "azure/FR", AJ_BASIS_ANY), 44.18, 1e-12);
    CHECK_CLOSE(grams(carbon, "US", AJ_BASIS_ANY), 383.55, 1e-12);
    CHECK_CLOSE(grams(carbon, "US", AJ_BASIS_DIRECT), 827.382 * 0.45359237, 1e-12);
    CHECK_CLOSE(grams(carbon, "US-CA", AJ_BASIS_ANY), 205.3,
                1e-12); /* stated basis before a newer unstated one */
    CHECK_CLOSE(grams(carbon, "US-CA", AJ_BASIS_UNSTATED), 216.43, 1e-12);
    CHECK_CLOSE(grams(carbon, "CA-QC", AJ_BASIS_ANY), 1.5, 1e-12);
    CHECK_CLOSE(grams(carbon, "eGRID-AKGD", AJ_BASIS_ANY), 479.8, 1e-4); /* CO2 + 28 CH4 + 265 N2O */
    CHECK_CLOSE(grams(carbon, "egrid-srmw", AJ_BASIS_ANY), 625.9, 1e-4);
    CHECK_CLOSE(grams(carbon, "aws/us-east-1", AJ_BASIS_ANY), 379.069, 1e-12);
    CHECK_CLOSE(grams(carbon, "gcp/us-central1", AJ_BASIS_ANY), 430, 1e-12);
    aj_zone_factor f;
    double spread;
    CHECK_OK(aj_carbon_find_zone(carbon, "FR", AJ_BASIS_ANY, &f, &spread, &err), err);
    CHECK_CLOSE(spread, (56.039 - 44.18) / sqrt(2) / ((56.039 + 44.18) / 2), 1e-9);
    CHECK_OK(aj_carbon_find_zone(carbon, "CA-QC", AJ_BASIS_ANY, &f, &spread, &err), err);
    CHECK(isnan(spread)); /* one series: nothing is known about its spread */
    CHECK_INT(aj_carbon_find_zone(carbon, "Frnace", AJ_BASIS_ANY, &f, &spread, &err), AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "'Frnace'");
    CHECK_CONTAINS(err.message, "FRA");
    CHECK_INT(aj_carbon_find_zone(carbon, "FR", AJ_BASIS_DIRECT, &f, &spread, &err), AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "lifecycle");
}

static void test_accelerators(const aj_carbon *carbon)
{
    aj_accelerator_power a;
    CHECK_OK(aj_carbon_find_accelerator(carbon, "nvidia v100-SXM2", &a, &err), err);
    CHECK_CLOSE(a.tdp_watts, 300, 0);
    CHECK_CLOSE(a.average_watts, 325, 0);
    CHECK_OK(aj_carbon_find_accelerator(carbon, "tpuv3", &a, &err), err);
    CHECK_CLOSE(a.tdp_watts, 450, 0);
    CHECK_OK(aj_carbon_find_accelerator(carbon, "T4", &a, &err), err);
    CHECK_CLOSE(a.tdp_watts, 70, 0);
    CHECK(isnan(a.average_watts));
    CHECK_INT(aj_carbon_find_accelerator(carbon, "V100", &a, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "V100 PCIe");
    CHECK_INT(aj_carbon_find_accelerator(carbon, "H100 SMX", &a, &err), AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "H100 SXM");
}

static void test_account(const aj_carbon *carbon)
{
    aj_carbon_options o = AJ_CARBON_OPTIONS_INIT;
    aj_carbon_result r;
    o.energy_joules = (aj_estimate){100 * KWH, 10 * KWH, AJ_MEASURED};
    o.zone = "aws/us-east-1";
    CHECK_OK(aj_carbon_account(carbon, &o, &r, &err), err);
    CHECK_CLOSE(r.power_usage_effectiveness, 1.135, 1e-12); /* the region's provider */
    CHECK_CLOSE(r.location_kilograms_co2e.value, 100 * 1.135 * 0.379069, 1e-12);
    CHECK(isnan(r.location_kilograms_co2e.stddev)); /* the factor's spread is not known: neither is this */
    CHECK_INT(r.facility_joules.origin, AJ_MODELLED);
    CHECK_CONTAINS(aj_basis_label(r.basis), "not to be called scope 2");
    o.zone = "FR";
    o.power_usage_effectiveness = 1;
    o.offsets_kilograms_co2e = 1000;
    o.contract_ratio = 0.25;
    CHECK_OK(aj_carbon_account(carbon, &o, &r, &err), err);
    CHECK_CLOSE(r.location_kilograms_co2e.value, 4.418, 1e-12); /* offsets are never subtracted */
    CHECK_CLOSE(r.location_kilograms_co2e.stddev, 4.418 * hypot(0.1, r.spread_ratio), 1e-12);
    CHECK_CLOSE(r.market_kilograms_co2e.value, 0.75 * 4.418, 1e-12);
    CHECK(!r.residual_known);
    CHECK_CONTAINS(r.notes[0], "no residual mix");
    CHECK_CLOSE(r.fee_dollars.value, 4.418 * 0.015, 1e-12);
    CHECK_CLOSE(r.electricity_dollars.value, 12, 1e-12);
    CHECK_INT(r.energy_joules.origin, AJ_MEASURED);
    CHECK_INT(r.location_kilograms_co2e.origin, AJ_MODELLED);
    o.fee_on_market = true;
    o.residual_kilograms_co2e_per_joule = 0.060 / KWH;
    o.residual_basis = AJ_BASIS_LIFECYCLE;
    CHECK_OK(aj_carbon_account(carbon, &o, &r, &err), err);
    CHECK_CLOSE(r.market_kilograms_co2e.value, 0.75 * 6, 1e-12);
    CHECK_CLOSE(r.fee_dollars.value, 0.75 * 6 * 0.015, 1e-12);
    o.residual_basis = AJ_BASIS_DIRECT;
    CHECK_INT(aj_carbon_account(carbon, &o, &r, &err), AJ_MISMATCH);
    CHECK_CONTAINS(err.message, "residual");
    o.contract_ratio = 1.5;
    CHECK_INT(aj_carbon_account(carbon, &o, &r, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "contract share");
}

static void test_unknown_stays_unknown(const aj_carbon *carbon)
{
    aj_carbon_options o = AJ_CARBON_OPTIONS_INIT;
    aj_carbon_result r;
    CHECK_INT(aj_carbon_account(carbon, &o, &r, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "neither energy nor hours");
    o.duration_seconds = 3600;
    CHECK_INT(aj_carbon_account(carbon, &o, &r, &err), AJ_BAD_ARGUMENT);
    o.accelerator = "T4";
    CHECK_OK(aj_carbon_account(carbon, &o, &r, &err), err);
    CHECK(isnan(r.location_kilograms_co2e.value) &&
          isnan(r.market_kilograms_co2e.value)); /* no zone: not 0 */
    CHECK(isnan(r.embodied_kilograms_co2e.value) && isnan(r.sci_kilograms_co2e.value));
    CHECK(isnan(r.cloud_low_dollars));
    CHECK_INT(r.power_watts.origin, AJ_ASSUMED);
    CHECK(r.power_watts.value > 50 && r.power_watts.value < 70 && r.power_watts.stddev > 5);
    o.convention = "strubell";
    CHECK_INT(aj_carbon_account(carbon, &o, &r, &err), AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "strubell2019");
}

static void test_basis_never_mixed(const aj_carbon *carbon)
{
    aj_carbon_options o = AJ_CARBON_OPTIONS_INIT;
    aj_carbon_result r[2];
    aj_estimate sum;
    aj_basis basis;
    o.energy_joules = (aj_estimate){KWH, 0.1 * KWH, AJ_MEASURED};
    o.zone = "FR";
    CHECK_OK(aj_carbon_account(carbon, &o, &r[0], &err), err);
    o.zone = "US";
    CHECK_OK(aj_carbon_account(carbon, &o, &r[1], &err), err);
    CHECK_OK(aj_carbon_sum(r, 2, &sum, &basis, &err), err);
    CHECK_CLOSE(sum.value, 1.56 * (0.04418 + 0.38355), 1e-12);
    CHECK_INT(basis, AJ_BASIS_LIFECYCLE);
    o.basis = AJ_BASIS_DIRECT;
    CHECK_OK(aj_carbon_account(carbon, &o, &r[1], &err), err);
    CHECK_INT(aj_carbon_sum(r, 2, &sum, &basis, &err), AJ_MISMATCH);
    CHECK_CONTAINS(err.message, "lifecycle (FRA) and direct (USA)");
    CHECK_CONTAINS(aj_basis_label(AJ_BASIS_DIRECT), "scope 2");
    CHECK_CONTAINS(aj_basis_label(AJ_BASIS_LIFECYCLE), "not scope 2");
}

static void refuse_zones(const char *text, const char *part)
{
    char path[64], where[80];
    aj_carbon *carbon = NULL;
    CHECK(aj_carbon_open(&carbon, NULL, write_file(path, text), NULL, &err) != AJ_OK);
    CHECK(carbon == NULL);
    CHECK_CONTAINS(err.message, part);
    snprintf(where, sizeof where, "%s: ", path);
    CHECK_CONTAINS(err.message, where);
    unlink(path);
}

static void test_own_files(void)
{
    static const char head[] = "zone,alias,kind,name,value,unit,year,basis,detail,series,source,licence\n";
    char text[1000], path[64], prices[64];
    aj_carbon *carbon = NULL;
    snprintf(text, sizeof text, "%sLAB,,site,\"our lab, roof\",12,gCO2e/kWh,2024,direct,d,own,meter,own\n",
             head);
    CHECK_OK(aj_carbon_open(&carbon, NULL, write_file(path, text),
                            write_file(prices, "item,offer,value,unit,year,basis,source,licence\n"
                                               "electricity,contract,0.30,USD/kWh,2024,contract,bill,own\n"),
                            &err),
             err);
    aj_carbon_options o = AJ_CARBON_OPTIONS_INIT;
    aj_carbon_result r;
    o.energy_joules.value = KWH;
    o.power_usage_effectiveness = 1;
    o.zone = "our lab, roof";
    CHECK_OK(aj_carbon_account(carbon, &o, &r, &err), err);
    CHECK_CLOSE(r.location_kilograms_co2e.value, 0.012, 1e-12);
    CHECK_CLOSE(r.electricity_dollars.value, 0.30, 1e-12); /* the user's rows come first */
    aj_carbon_close(carbon);
    unlink(path);
    unlink(prices);
    snprintf(text, sizeof text,
             "%sLAB,,site,lab,12,gCO2e/kWh,2024,direct,d,own,m,own\n\nB,,site,b,1O,gCO2e/"
             "kWh,2024,direct,d,o,m,o\n",
             head);
    refuse_zones(text, "line 4, column 'value': '1O' is not a number");
    snprintf(text, sizeof text, "%sLAB,,site,lab,12,g/MJ,2024,direct,d,own,m,own\n", head);
    refuse_zones(text, "line 2, column 'unit': 'g/MJ'");
    snprintf(text, sizeof text, "%sLAB,,site,lab,12,gCO2e/kWh,2024,scope2,d,own,m,own\n", head);
    refuse_zones(text, "line 2, column 'basis'");
    snprintf(text, sizeof text, "%sLAB,,site,lab,12,gCO2e/kWh,2024,direct,d,own,,own\n", head);
    refuse_zones(text, "line 2, column 'source'");
    snprintf(text, sizeof text, "%sLAB,,site,lab,-12,gCO2e/kWh,2024,direct,d,own,m,own\n", head);
    refuse_zones(text, "line 2, column 'value'");
    snprintf(text, sizeof text, "%sLAB,,site,lab,12,kgCO2e/kWh,2024,direct,d,own,m,own\n", head);
    refuse_zones(text, "more than any power plant");
    snprintf(text, sizeof text, "%sLAB,,site\n", head);
    refuse_zones(text, "line 2 has 3 cells, the header has 12");
    snprintf(text, sizeof text, "%s\"LAB,,site\n", head);
    refuse_zones(text, "a quote is not closed");
    refuse_zones("zone,value\nA,1\n", "no column 'alias'");
    refuse_zones("", "empty");
}

static void test_csv(void)
{
    ajp_arena arena;
    ajp_csv csv;
    ajp_arena_init(&arena, NULL);
    static const char text[] = "a,b\r\n# remark\r\n\"x \"\"y\"\", z\",\r\n\n\"two\nlines\",2";
    CHECK_OK(ajp_csv_parse(&csv, &arena, text, sizeof text - 1, "t", &err), err);
    CHECK_INT(csv.n_rows, 2);
    CHECK_STRING(ajp_csv_text(&csv, 0, 0), "x \"y\", z");
    CHECK_STRING(ajp_csv_text(&csv, 0, 1), "");
    CHECK_STRING(ajp_csv_text(&csv, 1, 0), "two\nlines");
    CHECK_STRING(ajp_csv_text(&csv, 1, 1), "2");
    CHECK_INT(csv.lines[0], 3);
    CHECK_INT(csv.lines[1], 5);
    CHECK_INT(ajp_csv_parse(&csv, &arena, "a\n\"x\"y\n", 8, "t", &err), AJ_CORRUPT);
    CHECK_INT(ajp_csv_parse(&csv, &arena, "a\nx\0y\n", 6, "t", &err), AJ_CORRUPT);
    ajp_arena_free(&arena);
}

static void test_hourly(const aj_carbon *carbon)
{
    char path[64];
    aj_hourly *hourly = NULL;
    double mean, start = 0;
    CHECK(aj_time_parse("1970-01-02T00:00Z", &start) && start == 86400);
    CHECK(aj_time_parse("2024-02-29 13:30:15", &start) && start == 1709213415);
    CHECK(!aj_time_parse("2023-02-29T00:00Z", &start) && !aj_time_parse("2024-01-01", &start));
    CHECK(!aj_time_parse("2024-01-01T24:00Z", &start) && !aj_time_parse("2024-01-01T10:00+02:00", &start));
    write_file(path,
               "timestamp,gco2_kwh\n2024-05-01T00:00Z,100\n2024-05-01T01:00Z,200\n2024-05-01T02:00Z,400\n");
    CHECK_OK(aj_hourly_open(&hourly, NULL, path, &err), err);
    CHECK(aj_time_parse("2024-05-01T00:30Z", &start));
    CHECK_OK(aj_hourly_mean(hourly, start, 2 * 3600, &mean, &err), err);
    CHECK_CLOSE(mean * 1e3 * KWH, (0.5 * 100 + 200 + 0.5 * 400) / 2, 1e-12);
    CHECK_INT(aj_hourly_mean(hourly, start, 3 * 3600, &mean, &err), AJ_BAD_ARGUMENT); /* ends outside */
    CHECK_CONTAINS(err.message, path);
    aj_carbon_options o = AJ_CARBON_OPTIONS_INIT;
    aj_carbon_result r;
    o.hourly = hourly;
    o.start_seconds = start;
    o.duration_seconds = 7200;
    o.cpu_watts = 500;
    o.power_usage_effectiveness = 1;
    CHECK_OK(aj_carbon_account(carbon, &o, &r, &err), err);
    CHECK_CLOSE(r.location_kilograms_co2e.value, 0.225, 1e-12);
    CHECK_INT(r.basis, AJ_BASIS_UNSTATED);
    aj_hourly_close(hourly);
    unlink(path);
    write_file(path, "timestamp,gco2_kwh\n2024-05-01T01:00Z,100\n2024-05-01T00:00Z,200\n");
    CHECK_INT(aj_hourly_open(&hourly, NULL, path, &err), AJ_CORRUPT);
    CHECK_CONTAINS(err.message, "line 3, column 'timestamp'");
    unlink(path);
}

/* Hourly matching is never below annual matching, and equal where supply never exceeds the load. */
static void test_matching(void)
{
    for (uint32_t seed = 0; seed < 200; seed++) {
        double load[64], clean[64];
        for (uint32_t i = 0; i < 16; i++) {
            uint32_t out[4], key[2] = {seed, 7}, counter[4] = {i, 0, 0, 0};
            aj_philox4x32(key, counter, out);
            for (int k = 0; k < 2; k++) {
                load[2 * i + k] = out[k] / 4294967296.0;
                clean[2 * i + k] = out[2 + k] / 4294967296.0 * (seed % 2 == 0 ? 1.5 : 1) *
                                   (seed % 2 == 0 ? 1 : load[2 * i + k]);
            }
        }
        double hourly = aj_matched_kilograms_co2e(load, clean, 32, 2, false);
        double annual = aj_matched_kilograms_co2e(load, clean, 32, 2, true);
        CHECK(annual <= hourly * (1 + 1e-12) && annual >= 0);
        if (seed % 2 == 1) CHECK_CLOSE(annual, hourly, 1e-12);
    }
    double load[2] = {1, 1}, clean[2] = {2, 0};
    CHECK_CLOSE(aj_matched_kilograms_co2e(load, clean, 2, 3, false), 3, 0);
    CHECK_CLOSE(aj_matched_kilograms_co2e(load, clean, 2, 3, true), 0, 0);
}

/* metering.md 8A: A10 (SCI M), A13 (fee), A14 (Green Algorithms), A11 (vCPUs), and ML CO2's rounding. */
static void test_reference_cases(const aj_carbon *carbon)
{
    aj_carbon_options o = AJ_CARBON_OPTIONS_INIT;
    aj_carbon_result r;
    CHECK_NEAR(1e3 * aj_embodied_kilograms_co2e(1000, 3600, 35040 * 3600.0, 1), 28.54, 0.01);
    o.convention = "green-algorithms";
    o.zone = "US-IA";
    o.basis = AJ_BASIS_UNSTATED; /* 293.85 g, Green Algorithms */
    o.n_accelerators = 2;
    o.accelerator_watts = 300;
    o.memory_bytes = 64e9;
    o.duration_seconds = 36000;
    o.power_usage_effectiveness = 1.12;
    CHECK_OK(aj_carbon_account(carbon, &o, &r, &err), err);
    CHECK_CLOSE(r.facility_joules.value / KWH, 6.987008, 1e-6);
    CHECK_NEAR(1e3 * r.location_kilograms_co2e.value, 2053.13, 0.01);
    o = (aj_carbon_options)
        AJ_CARBON_OPTIONS_INIT; /* A11: Cascade Lake, half used, then 16 vCPU for 10 h at 60 % */
    o.convention = "cloud-carbon-footprint";
    o.n_vcpus = 1;
    o.cpu_family = "cascade lake";
    o.duration_seconds = 36000;
    CHECK_OK(aj_carbon_account(carbon, &o, &r, &err), err);
    CHECK_CLOSE(r.power_watts.value, 2.305, 1e-12);
    o.n_vcpus = 16;
    o.utilization_ratio = 0.6;
    o.zone = "aws/us-east-1";
    CHECK_OK(aj_carbon_account(carbon, &o, &r, &err), err);
    CHECK_CLOSE(r.energy_joules.value / KWH, 0.42208, 1e-9);
    CHECK_CLOSE(1e3 * r.location_kilograms_co2e.value, 181.60, 1e-4);
    o.memory_bytes = 10e9;
    CHECK_OK(aj_carbon_account(carbon, &o, &r, &err), err);
    CHECK_CLOSE(r.energy_joules.value / KWH, 0.42208 + 0.0392, 1e-9);
    o.cpu_family = "Lake Placid";
    CHECK_INT(aj_carbon_account(carbon, &o, &r, &err), AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "Cascade Lake, Skylake");
    o.cpu_family = NULL;
    CHECK_INT(aj_carbon_account(carbon, &o, &r, &err), AJ_BAD_ARGUMENT);
    o.convention = NULL;
    CHECK_INT(aj_carbon_account(carbon, &o, &r, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "cloud-carbon-footprint");
    o = (aj_carbon_options)AJ_CARBON_OPTIONS_INIT;
    o.energy_joules.value = 0.42208 * KWH;
    o.zone = "aws/us-east-1";
    CHECK_OK(aj_carbon_account(carbon, &o, &r, &err), err);
    CHECK_CLOSE(1e3 * r.location_kilograms_co2e.value, 181.60, 1e-4);
    o = (aj_carbon_options)
        AJ_CARBON_OPTIONS_INIT; /* ML CO2: round2(250 W x 100 h) = 25, round2(383 / 1000) = 0.38 */
    o.convention = "ml-co2";
    o.zone = "US";
    o.accelerator = "P100 PCIe";
    o.duration_seconds = 360000;
    CHECK_OK(aj_carbon_account(carbon, &o, &r, &err), err);
    CHECK_CLOSE(r.location_kilograms_co2e.value, 9.5, 1e-12);
    CHECK_CLOSE(r.power_usage_effectiveness, 1, 0);
    o.zone = "FR"; /* 44.18 -> 44 -> 0.04: the whole grams are cut, not rounded up */
    CHECK_OK(aj_carbon_account(carbon, &o, &r, &err), err);
    CHECK_CLOSE(r.location_kilograms_co2e.value, 25 * 0.04, 1e-12);
    CHECK_CLOSE(r.cloud_low_dollars, 43, 1e-12); /* P100: 0.43 $/h */
    CHECK_CLOSE(r.cloud_high_dollars, 146, 1e-12);
}

int main(void)
{
    aj_carbon *carbon = tables();
    test_rows_have_sources(carbon);
    test_zones(carbon);
    test_accelerators(carbon);
    test_account(carbon);
    test_unknown_stays_unknown(carbon);
    test_basis_never_mixed(carbon);
    test_own_files();
    test_csv();
    test_hourly(carbon);
    test_matching();
    test_reference_cases(carbon);
    aj_carbon_close(carbon);
    return check_report();
}

/* Hardware descriptions: shipped presets, keys, units, ranges, and every way a description can be wrong. */
#include "attojoule/hardware.h"
#include "check.h"
#include "hardware/hardware_ops.h"

static aj_context *context;
static aj_error err;

static void test_presets(void)
{
    size_t n = 0;
    bool homodyne = false, parts = false, digital = false, landauer = false;
    for (const char *name; (name = aj_hardware_preset_name(n)) != NULL; n++) {
        aj_hardware *hardware = NULL;
        CHECK_OK(aj_hardware_load(&hardware, context, name, &err), err);
        if (hardware == NULL) continue;
        if (strcmp(name, "cpu-here") == 0) { /* its figures are measured on the machine */
            CHECK_INT(aj_hardware_check(hardware, &err), AJ_BAD_ARGUMENT);
            CHECK_CONTAINS(err.message, "aj bench");
            CHECK_OK(aj_hardware_set_sourced(hardware, "mac_energy_joules", 1e-11, "measured: a test", &err),
                     err);
        }
        CHECK_OK(aj_hardware_check(hardware, &err), err);
        aj_hardware_info info = aj_hardware_describe(hardware);
        CHECK_STRING(info.name, name);
        CHECK(info.cite[0] != '\0' && info.summary[0] != '\0' && info.latency_of[0] != '\0' &&
              info.family_summary[0] != '\0');
        CHECK(info.year > 1900);
        for (size_t i = 0; i < aj_hardware_n_parameters(hardware); i++) {
            aj_parameter p = aj_hardware_parameter(hardware, i);
            CHECK(p.source != NULL && p.source[0] != '\0' && p.help[0] != '\0' && p.key[0] != '\0');
            CHECK(isnan(p.value) || (p.value >= p.minimum && p.value <= p.maximum));
        }
        homodyne = homodyne || strcmp(name, "homodyne") == 0;
        parts = parts || strcmp(name, "homodyne-parts") == 0;
        digital = digital || strcmp(name, "digital-45nm") == 0;
        landauer = landauer || strcmp(name, "landauer") == 0;
        aj_hardware_destroy(hardware);
    }
    CHECK(homodyne && parts && digital && landauer);
    CHECK(aj_hardware_preset_name(n + 5) == NULL);
    CHECK_STRING(aj_hardware_family_name(0), "homodyne");
    size_t n_families = 0;
    for (; aj_hardware_family_name(n_families) != NULL; n_families++)
        for (size_t i = 0; i < n_families; i++)
            CHECK(strcmp(aj_hardware_family_name(i), aj_hardware_family_name(n_families)) != 0);
    CHECK(n_families > 1 && aj_hardware_family_name(n_families + 1) == NULL);
    aj_hardware *none = NULL;
    CHECK_INT(aj_hardware_load(&none, context, "homodine", &err), AJ_NOT_FOUND);
    CHECK(none == NULL);
    CHECK_CONTAINS(err.message, "did you mean 'homodyne'?");
    CHECK_INT(aj_hardware_load(&none, context, "/nonexistent/a.yaml", &err), AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "/nonexistent/a.yaml");
}

/* The tables themselves: what parsing, help and docs walk. */
static void test_tables(void)
{
    for (size_t f = 0; ajp_hardware_family(f) != NULL; f++) {
        const ajp_hardware_ops *ops = ajp_hardware_family(f);
        CHECK(ops->params_size == ops->n_params * sizeof(double)); /* every field has a row */
        for (size_t i = 0; i < ops->n_params; i++) {
            const ajp_param *p = &ops->params[i];
            CHECK(p->def_source != NULL && strncmp(p->def_source, "default: ", 9) == 0);
            CHECK(p->offset % sizeof(double) == 0 && p->offset < ops->params_size);
            CHECK(isnan(p->def) || (p->def >= p->min && p->def <= p->max));
            CHECK(p->min < p->max);
            for (size_t j = 0; j < i; j++)
                CHECK(strcmp(ops->params[j].key, p->key) != 0 && ops->params[j].offset != p->offset);
            const struct {
                const char *end, *unit;
            } suffixes[] = {
                {"_joules", "J"},   {"_square_meters", "m2"}, {"_meters", "m"}, {"_seconds", "s"},
                {"_hertz", "Hz"},   {"_farads", "F"},         {"_kelvin", "K"}, {"_radians", "rad"},
                {"_watts", "W"},    {"_volts", "V"},          {"_ratio", ""},   {"_joules_per_bit", "J/bit"},
                {"_bytes", "byte"}, {"_siemens", "S"},        {"_ohms", "ohm"}, {"_bits", "bit"}};
            for (size_t s = 0; s < sizeof suffixes / sizeof suffixes[0]; s++) {
                size_t n = strlen(p->key), m = strlen(suffixes[s].end);
                if (n <= m || strcmp(p->key + n - m, suffixes[s].end) != 0) continue;
                CHECK_STRING(p->unit, suffixes[s].unit);
                break; /* the longer ending comes first */
            }
        }
    }
}

static double value_of(const aj_hardware *hardware, const char *key)
{
    aj_parameter p;
    CHECK(aj_hardware_find(hardware, key, &p));
    return p.value;
}

static void set(aj_hardware *hardware, const char *key, const char *text, double want)
{
    CHECK_OK(aj_hardware_set(hardware, key, text, &err), err);
    CHECK_CLOSE(value_of(hardware, key), want, 1e-12);
}

static void unset(aj_hardware *hardware, const char *key, const char *text, const char *part)
{
    double before = value_of(hardware, key);
    memset(&err, 0, sizeof err);
    CHECK(aj_hardware_set(hardware, key, text, &err) == AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, part);
    CHECK_CONTAINS(err.message, key);
    double after = value_of(hardware, key);
    CHECK(before == after || (isnan(before) && isnan(after)));
}

static void test_units(aj_hardware *h)
{
    set(h, "detector_capacitance_farads", "1fF", 1e-15);
    set(h, "detector_capacitance_farads", "1e-15", 1e-15);
    set(h, "detector_capacitance_farads", " 2.5 pF ", 2.5e-12);
    set(h, "detector_capacitance_farads", "10aF", 1e-17);
    set(h, "wavelength_meters", "1550 nm", 1.55e-6);
    set(h, "wavelength_meters", "1.55um", 1.55e-6);
    set(h, "wavelength_meters", "1.55\xc2\xb5m", 1.55e-6);
    set(h, "wavelength_meters", "1.55 \xce\xbcm", 1.55e-6);
    set(h, "temperature_kelvin", "4 K", 4.0);
    set(h, "temperature_kelvin", "10 mK", 0.01);
    set(h, "phase_offset_radians", "-2 mrad", -2e-3);
    set(h, "phase_noise_radians", "90deg", acos(-1.0) / 2.0);
    set(h, "clock_hertz", "10GHz", 1e10);
    set(h, "readout_seconds", "3 ns", 3e-9);
    set(h, "static_watts", "2 mW", 2e-3);
    set(h, "integrator_swing_volts", "500mV", 0.5);
    set(h, "symbol_energy_joules", "1 fJ", 1e-15);
    set(h, "symbol_energy_joules", "1 keV", 1.602176634e-16);
    set(h, "sram_joules_per_bit", "0.2 pJ/bit", 2e-13);
    set(h, "sram_bytes", "1 MiB", 1048576.0);
    set(h, "sram_bytes", "8 kB", 8000.0);
    set(h, "sram_bytes", "1Mbyte", 1e6);
    set(h, "weight_bits", "4 bit", 4.0);
    set(h, "quantum_efficiency_ratio", "80 %", 0.8);
    set(h, "path_transmission_ratio", "3 dB", 0.50118723362727);
    set(h, "path_transmission_ratio", "0dB", 1.0);
    set(h, "tile_cols", "64", 64.0);
    CHECK_OK(aj_hardware_set(h, "tile_cols", "none", &err), err);
    CHECK(isnan(value_of(h, "tile_cols")));
    aj_parameter p;
    CHECK_OK(aj_hardware_set(h, "input_gain", "calibrated", &err), err);
    CHECK(aj_hardware_find(h, "input_gain", &p));
    CHECK_STRING(p.word, "calibrated");
    CHECK_STRING(p.source, "set by the user");
    CHECK_OK(aj_hardware_set(h, "input_gain", "sample", &err), err);
    CHECK_OK(aj_hardware_set_number(h, "photons_per_mac", 0.25, &err), err);
    CHECK(value_of(h, "photons_per_mac") == 0.25);
    CHECK(!aj_hardware_find(h, "nothing", &p));

    unset(h, "detector_capacitance_farads", "1pJ", "in 'pJ'");
    unset(h, "detector_capacitance_farads", "1pJ", "expected F");
    unset(h, "detector_capacitance_farads", "1xF", "in 'xF'");
    unset(h, "wavelength_meters", "1 THz", "in 'THz'");
    unset(h, "quantum_efficiency_ratio", "3dB", "in 'dB'");
    unset(h, "quantum_efficiency_ratio", "1.2", "impossible");
    unset(h, "quantum_efficiency_ratio", "120%", "impossible");
    unset(h, "photons_per_mac", "-1", "impossible");
    unset(h, "photons_per_mac", "0", "impossible");
    unset(h, "photons_per_mac", "50%", "in '%'");
    unset(h, "path_transmission_ratio", "-3dB", "impossible");
    unset(h, "symbol_energy_joules", "-1pJ", "impossible");
    unset(h, "temperature_kelvin", "abc", "write a number");
    unset(h, "temperature_kelvin", "", "write a number");
    unset(h, "temperature_kelvin", "nan", "write a number");
    unset(h, "temperature_kelvin", "none", "cannot be 'none'");
    unset(h, "weight_gain", "rows", "layer, row, published");
    unset(h, "weight_gain", "1", "layer, row, published");
    unset(h, "averaged_reads", "33", "impossible");
    CHECK_INT(aj_hardware_set_number(h, "weight_gain", 3.0, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(aj_hardware_set_number(h, "weight_gain", 0.5, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(aj_hardware_set(h, "quantum_efficiency", "1", &err), AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "did you mean 'quantum_efficiency_ratio'?");
    CHECK_INT(aj_hardware_set(h, "photon_per_mac", "1", &err), AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "did you mean 'photons_per_mac'?");
}

static void test_check(void)
{
    aj_hardware *h = NULL;
    CHECK_OK(aj_hardware_load(&h, context, "homodyne", &err), err);
    CHECK_OK(aj_hardware_set(h, "integrator_swing_volts", "1V", &err), err);
    CHECK_INT(aj_hardware_check(h, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "detector_capacitance_farads");
    CHECK_CONTAINS(err.message, "'homodyne'");
    CHECK_OK(aj_hardware_set(h, "detector_capacitance_farads", "1fF", &err), err);
    CHECK_OK(aj_hardware_check(h, &err), err);
    CHECK_OK(aj_hardware_set(h, "detector_nodes", "2", &err), err);
    CHECK_INT(aj_hardware_check(h, &err), AJ_BAD_ARGUMENT);
    CHECK_OK(aj_hardware_set(h, "detector_nodes", "1", &err), err);
    CHECK_OK(aj_hardware_set(h, "averaged_reads", "2.5", &err), err);
    CHECK_INT(aj_hardware_check(h, &err), AJ_BAD_ARGUMENT);
    CHECK_OK(aj_hardware_set(h, "averaged_reads", "2", &err), err);
    CHECK_OK(aj_hardware_set(h, "photons_per_mac", "none", &err), err);
    CHECK_INT(aj_hardware_check(h, &err), AJ_BAD_ARGUMENT);
    aj_hardware_destroy(h);
    aj_hardware_destroy(NULL);
}

static void test_clone(void)
{
    aj_hardware *h = NULL, *copy = NULL;
    CHECK_OK(aj_hardware_load(&h, context, "homodyne-parts", &err), err);
    CHECK_OK(aj_hardware_set(h, "photons_per_mac", "3", &err), err);
    CHECK_OK(aj_hardware_clone(&copy, h, &err), err);
    CHECK_OK(aj_hardware_set(h, "photons_per_mac", "7", &err), err);
    aj_hardware_destroy(h);
    CHECK(value_of(copy, "photons_per_mac") == 3.0);
    CHECK_STRING(aj_hardware_describe(copy).name, "homodyne-parts");
    aj_parameter p;
    CHECK(aj_hardware_find(copy, "wall_plug_ratio", &p));
    CHECK_CONTAINS(p.source, "2305.19533");
    aj_hardware_destroy(copy);
}

#define HEAD \
    "name: mine\nfamily: homodyne\nevidence: projected\nyear: 2024\ncite: me\nsummary: test\nparameters:\n"

static void refused(const char *yaml, const char *part, const char *place)
{
    aj_hardware *h = NULL;
    memset(&err, 0, sizeof err);
    CHECK(aj_hardware_load_text(&h, context, yaml, strlen(yaml), "mine.yaml", &err) != AJ_OK);
    CHECK(h == NULL);
    CHECK_CONTAINS(err.message, part);
    CHECK_CONTAINS(err.message, place);
}

static void test_bad_text(void)
{
    aj_hardware *h = NULL;
    const char *good =
        HEAD "  photons_per_mac: {value: 2, source: s}\n  modulator: {value: none, source: s}\n";
    CHECK_OK(aj_hardware_load_text(&h, context, good, strlen(good), "mine.yaml", &err), err);
    CHECK(value_of(h, "photons_per_mac") == 2.0 && isnan(value_of(h, "modulator")));
    aj_parameter p;
    CHECK(aj_hardware_find(h, "temperature_kelvin", &p));
    CHECK_CONTAINS(p.source, "default: ");
    aj_hardware_destroy(h);

    refused(HEAD "  photon_per_mac: {value: 2, source: s}\n", "did you mean 'photons_per_mac'?",
            "mine.yaml:8:");
    refused(HEAD "  photons_per_mac: {value: 2}\n", "no source", "mine.yaml:8:");
    refused(HEAD "  photons_per_mac: 2\n", "needs its source", "mine.yaml:8:");
    refused(HEAD "  photons_per_mac: {value: -2, source: s}\n", "impossible", "mine.yaml:8:");
    refused(HEAD "  quantum_efficiency_ratio: {value: 1.2, source: s}\n", "'quantum_efficiency_ratio' is 1.2",
            "mine.yaml:8:");
    refused(HEAD "  wavelength_meters: {value: 1550, unit: pJ, source: s}\n", "in 'pJ'; expected m",
            "mine.yaml:8:");
    refused(HEAD "  wavelength_meters: {value: 1550, source: s}\n", "without a unit", "mine.yaml:8:");
    refused(HEAD "  wavelength_meters: {value: 1550, unit: m, source: s}\n", "impossible", "mine.yaml:8:");
    refused(HEAD "  wavelength_meters: {value: '1550', unit: nm, source: s}\n", "write a number",
            "mine.yaml:8:");
    refused(HEAD "  wavelength_meters: {unit: nm, source: s}\n", "no value", "mine.yaml:8:");
    refused(HEAD "  wavelength_meters: {value: 1550, unit: nm, source: s, note: x}\n", "unknown key 'note'",
            "mine.yaml:8:");
    refused(HEAD "  temperature_kelvin: {value: none, source: s}\n", "cannot be 'none'", "mine.yaml:8:");
    refused(HEAD "  weight_gain: {value: rows, source: s}\n", "layer, row, published", "mine.yaml:8:");
    refused(HEAD "  weight_gain: {value: [row], source: s}\n", "value of 'weight_gain'", "mine.yaml:8:");
    refused("name: a\nfamily: homodyn\n", "did you mean 'homodyne'?", "mine.yaml:2:");
    refused("name: a\n", "'family' is missing", "mine.yaml:1:");
    refused("family: homodyne\nname: a\ncite: c\nsummary: s\nevidence: proven\nyear: 1\n",
            "evidence is 'proven'", "mine.yaml:5:");
    refused("family: homodyne\nname: a\ncite: c\nsummary: s\nevidence: limit\nyear: old\n", "'year'",
            "mine.yaml:6:");
    refused("family: homodyne\nname: a\ncite: c\nsummary: s\nevidence: limit\nyear: 2024\n", "'parameters'",
            "mine.yaml:1:");
    refused("family: homodyne\ncolour: red\n", "unknown key 'colour'", "mine.yaml:2:");
    refused("- a\n", "map", "mine.yaml:1:");
    refused("a: [", "not YAML", "mine.yaml:");
}

int main(void)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    test_tables();
    test_presets();
    aj_hardware *h = NULL;
    CHECK_OK(aj_hardware_load(&h, context, "homodyne", &err), err);
    if (h != NULL) test_units(h);
    aj_hardware_destroy(h);
    test_check();
    test_clone();
    test_bad_text();
    aj_context_destroy(context);
    return check_report();
}

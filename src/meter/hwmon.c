/* hwmon.c: sensors of power and energy that drivers offer under class/hwmon.
 *
 * hwmonN/{name, powerM_average | powerM_input (uW), energyM_input (uJ), energyM_label}; Linux
 * Documentation/hwmon/sysfs-interface.  Known drivers are rows below; the rest is shown but never added,
 * because it is not known what it is a part of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meter_ops.h"

enum { PATH_SIZE = 512, NAME_SIZE = 64, MOST_CHANNELS = 64 };
static const char folder[] = "class/hwmon";
static const double watts_per_microwatt = 1e-6, joules_per_microjoule = 1e-6;

/* label: "" = any channel. */
typedef struct {
    const char *driver, *label;
    aj_zone_kind kind;
    aj_zone_role role;
} known_driver;
static const known_driver known[] = {
    /* Power of the board or package of the GPU; a card of two dies reports on its first one only. */
    {"amdgpu", "", AJ_ZONE_GPU, AJ_ZONE_ROLE_COUNTED},
    /* The card; "pkg" is its chip, a part of it. */
    {"xe", "pkg", AJ_ZONE_GPU, AJ_ZONE_ROLE_PART},
    {"xe", "", AJ_ZONE_GPU, AJ_ZONE_ROLE_COUNTED},
    {"i915", "", AJ_ZONE_GPU, AJ_ZONE_ROLE_COUNTED},
    /* ACPI: the whole machine at its supply. */
    {"power_meter", "", AJ_ZONE_PLATFORM, AJ_ZONE_ROLE_COVERS},
    /* AMD's RAPL registers once more, per socket and core. */
    {"amd_energy", "Esocket", AJ_ZONE_PACKAGE, AJ_ZONE_ROLE_COPY},
    {"amd_energy", "Ecore", AJ_ZONE_CORE, AJ_ZONE_ROLE_PART},
};

static known_driver place(const char *driver, const char *label)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(driver, known[i].driver) == 0 &&
            strncmp(label, known[i].label, strlen(known[i].label)) == 0)
            return known[i];
    return (known_driver){driver, label, AJ_ZONE_OTHER, AJ_ZONE_ROLE_UNPLACED};
}

/* Whether powercap has listed a package already; if not, the sockets of amd_energy are the only account of
 * it. */
static bool has_package(const aj_meter *meter)
{
    for (size_t i = 0; i < meter->n_zones; i++)
        if (meter->zones[i].ops != &ajp_meter_hwmon && meter->zones[i].kind == AJ_ZONE_PACKAGE) return true;
    return false;
}

/* The channel's file: energy before power, average before the moment. */
static const char *file_of(const aj_meter *meter, const char *entry, int channel, char *path, bool *is_energy)
{
    static const char *const files[] = {"energy%d_input", "power%d_average", "power%d_input"};
    char leaf[NAME_SIZE], text[NAME_SIZE];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(leaf, sizeof leaf, files[i], channel);
        snprintf(path, PATH_SIZE, "%s/%s/%s", folder, entry, leaf);
        *is_energy = i == 0;
        aj_error why = {AJ_OK, 0, ""};
        if (ajp_tree_text(&meter->tree, path, text, sizeof text, &why) != AJ_NOT_FOUND) return path;
    }
    return NULL;
}

static aj_status add_channel(aj_meter *meter, const char *entry, const char *driver, int channel, bool *added,
                             aj_error *err)
{
    char path[PATH_SIZE], label_path[PATH_SIZE], label[NAME_SIZE] = "", name[3 * NAME_SIZE];
    bool is_energy;
    *added = false;
    if (file_of(meter, entry, channel, path, &is_energy) == NULL) return AJ_OK;
    snprintf(label_path, sizeof label_path, "%s/%s/%s%d_label", folder, entry, is_energy ? "energy" : "power",
             channel);
    if (ajp_tree_text(&meter->tree, label_path, label, sizeof label, NULL) != AJ_OK) label[0] = '\0';
    known_driver row = place(driver, label);
    if (row.role == AJ_ZONE_ROLE_COPY && !has_package(meter)) row.role = AJ_ZONE_ROLE_COUNTED;
    snprintf(name, sizeof name, "%s/%s/%s", entry, driver,
             label[0] != '\0' ? label
             : is_energy      ? "energy"
                              : "power");
    ajp_zone *zone = ajp_zone_add(meter, &ajp_meter_hwmon, name, path, row.kind, row.role);
    if (zone == NULL) return ajp_no_memory(err, "the sensors of hwmon");
    if (is_energy)
        zone->counter.unit_joules = joules_per_microjoule;
    else
        zone->unit_watts = watts_per_microwatt;
    *added = true;
    return AJ_OK;
}

static aj_status scan(aj_meter *meter, aj_error *err)
{
    char **entries, path[PATH_SIZE], driver[NAME_SIZE];
    size_t n, n_before = meter->n_zones;
    AJ_TRY(ajp_tree_list(&meter->tree, &meter->arena, folder, &entries, &n, err));
    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s/name", folder, entries[i]);
        if (ajp_tree_text(&meter->tree, path, driver, sizeof driver, NULL) != AJ_OK) continue;
        bool added = true;
        for (int channel = 1; channel <= MOST_CHANNELS && (added || channel <= 2); channel++) {
            AJ_TRY(add_channel(meter, entries[i], driver, channel, &added, err));
        }
    }
    if (meter->n_zones > n_before) return AJ_OK;
    return ajp_fail(
        err, AJ_NOT_FOUND, 0,
        "hwmon: no sensor of power or energy under %s/%s; graphics cards of AMD and Intel have one once "
        "their driver is loaded",
        meter->tree.root, folder);
}

const ajp_meter_ops ajp_meter_hwmon = {
    .name = "hwmon",
    .about = "graphics cards of AMD and Intel, ACPI power meters, boards: sensors under class/hwmon",
    .tried = "simulated tree",
    .scan = scan,
    .denied = "run as root, or ask for the file to be made readable",
};

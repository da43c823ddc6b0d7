/* battery.c: what a laptop draws from its battery: the whole machine, and only while it runs on it.
 *
 * class/power_supply/<name>/{type, status, power_now (uW) | current_now (uA) and voltage_now (uV)}; Linux
 * Documentation/ABI/testing/sysfs-class-power.  The sensor is refreshed every few seconds by the battery's
 * own chip. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "meter_ops.h"

enum { PATH_SIZE = 512, TEXT_SIZE = 64 };
static const char folder[] = "class/power_supply";

enum { STATE_FILE, POWER_FILE, CURRENT_FILE, VOLTAGE_FILE };

static aj_status count_in(const aj_meter *meter, ajp_zone *zone, const char *leaf, int file, uint64_t *out,
                          aj_error *err)
{
    char path[PATH_SIZE], text[TEXT_SIZE];
    snprintf(path, sizeof path, "%s/%s", zone->path, leaf);
    AJ_TRY(ajp_tree_text_at(&meter->tree, path, &zone->fds[file], text, sizeof text, err));
    /* Some drivers give the current out of the battery a minus sign. */
    int64_t value;
    int used = 0;
    if (sscanf(text, "%" SCNd64 "%n", &value, &used) != 1 || text[used] != '\0' || value == INT64_MIN)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: '%.40s' is not a whole number", path, text);
    *out = (uint64_t)(value < 0 ? -value : value);
    return AJ_OK;
}

/* Which files a battery has does not change: what was there once is read from then on. */
static aj_status read_power(const aj_meter *meter, ajp_zone *zone, uint64_t *raw, aj_error *err)
{
    aj_error why = {AJ_OK, 0, ""};
    aj_status st = AJ_NOT_FOUND;
    if (zone->fds[VOLTAGE_FILE] < 0) st = count_in(meter, zone, "power_now", POWER_FILE, raw, &why);
    if (st == AJ_OK) return AJ_OK;
    if (st != AJ_NOT_FOUND)
        return ajp_fail(err, st, why.system_errno, "%s/power_now: cannot be read", zone->path);
    uint64_t microamps, microvolts;
    AJ_TRY(count_in(meter, zone, "current_now", CURRENT_FILE, &microamps, err));
    AJ_TRY(count_in(meter, zone, "voltage_now", VOLTAGE_FILE, &microvolts, err));
    *raw = (uint64_t)((double)microamps * (double)microvolts * 1e-6 + 0.5);
    return AJ_OK;
}

static aj_status read_microwatts(const aj_meter *meter, ajp_zone *zone, uint64_t *raw, aj_error *err)
{
    char path[PATH_SIZE], status[TEXT_SIZE];
    snprintf(path, sizeof path, "%s/status", zone->path);
    AJ_TRY(ajp_tree_text_at(&meter->tree, path, &zone->fds[STATE_FILE], status, sizeof status, err));
    if (strcmp(status, "Discharging") == 0) return read_power(meter, zone, raw, err);
    return ajp_fail(err, AJ_UNSUPPORTED, 0,
                    "%s: is '%.20s': the machine runs on mains, which it does not measure; unplug it",
                    zone->path, status);
}

static aj_status scan(aj_meter *meter, aj_error *err)
{
    char **entries, path[PATH_SIZE], type[TEXT_SIZE];
    size_t n, n_before = meter->n_zones;
    AJ_TRY(ajp_tree_list(&meter->tree, &meter->arena, folder, &entries, &n, err));
    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s/type", folder, entries[i]);
        if (ajp_tree_text(&meter->tree, path, type, sizeof type, NULL) != AJ_OK ||
            strcmp(type, "Battery") != 0)
            continue;
        /* Mice and headsets have batteries too; their scope says so. */
        snprintf(path, sizeof path, "%s/%s/scope", folder, entries[i]);
        if (ajp_tree_text(&meter->tree, path, type, sizeof type, NULL) == AJ_OK &&
            strcmp(type, "Device") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]);
        ajp_zone *zone =
            ajp_zone_add(meter, &ajp_meter_battery, entries[i], path, AJ_ZONE_PLATFORM, AJ_ZONE_ROLE_COVERS);
        if (zone == NULL) return ajp_no_memory(err, "the batteries");
        zone->unit_watts = 1e-6;
    }
    if (meter->n_zones > n_before) return AJ_OK;
    return ajp_fail(err, AJ_NOT_FOUND, 0, "battery: no battery under %s/%s; only laptops have one",
                    meter->tree.root, folder);
}

const ajp_meter_ops ajp_meter_battery = {
    .name = "battery",
    .about = "a whole laptop while it runs on its battery",
    .tried = "simulated tree",
    .scan = scan,
    .read = read_microwatts,
    .denied = "run as root, or ask for the file to be made readable",
};

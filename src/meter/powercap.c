/* powercap.c: RAPL through the kernel's powercap files (Intel since Sandy Bridge, AMD since Zen).
 *
 * class/powercap/<control>:N[:M]/{name, energy_uj, max_energy_range_uj}; <control> is intel-rapl (AMD too) or
 * intel-rapl-mmio, which shows the package again.  Linux Documentation/power/powercap and
 * drivers/powercap/intel_rapl_common.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "meter_ops.h"

enum { PATH_SIZE = 512, NAME_SIZE = 64 };
static const char folder[] = "class/powercap";
static const double joules_per_microjoule = 1e-6;

static const char denied[] =
    "since Linux 5.10 only root may read it, because fine readings leak what other programs compute "
    "(PLATYPUS, "
    "CVE-2020-8694); on a machine without untrusted users: sudo chmod a+r /sys/class/powercap/*/energy_uj";

/* "intel-rapl:0:1" -> how many numbers follow the control type; 0 = not a zone. */
static int depth_of(const char *entry)
{
    int depth = 0;
    if (strncmp(entry, "intel-rapl", 10) != 0) return 0;
    for (const char *at = strchr(entry, ':'); at != NULL; at = strchr(at + 1, ':')) depth++;
    return depth;
}

static bool starts(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static aj_zone_kind kind_of(const char *name)
{
    if (starts(name, "package")) return AJ_ZONE_PACKAGE;
    if (starts(name, "psys")) return AJ_ZONE_PLATFORM;
    if (strcmp(name, "core") == 0) return AJ_ZONE_CORE;
    if (strcmp(name, "uncore") == 0) return AJ_ZONE_UNCORE;
    if (strcmp(name, "dram") == 0) return AJ_ZONE_DRAM;
    return AJ_ZONE_OTHER;
}

/* The zone that stands in class/powercap/<entry>, or NULL. */
static ajp_zone *zone_at(aj_meter *meter, const char *entry, size_t length)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%.*s/energy_uj", folder, (int)length, entry);
    for (size_t i = 0; i < meter->n_zones; i++)
        if (strcmp(meter->zones[i].path, path) == 0) return &meter->zones[i];
    return NULL;
}

static ajp_zone *zone_named(aj_meter *meter, const char *name)
{
    for (size_t i = 0; i < meter->n_zones; i++)
        if (meter->zones[i].ops == &ajp_meter_powercap && strcmp(meter->zones[i].name, name) == 0)
            return &meter->zones[i];
    return NULL;
}

/* Where a zone stands in the tree, so that nothing is added twice: package contains core and uncore; DRAM is
 * beside it; psys contains packages and DRAM; a name that was there already is the same counter again. */
static aj_zone_role role_of(aj_zone_kind kind, const ajp_zone *parent, const ajp_zone *twin)
{
    if (twin != NULL || (parent != NULL && parent->role == AJ_ZONE_ROLE_COPY)) return AJ_ZONE_ROLE_COPY;
    if (kind == AJ_ZONE_PLATFORM) return AJ_ZONE_ROLE_COVERS;
    if (parent != NULL && parent->kind != AJ_ZONE_PACKAGE) return AJ_ZONE_ROLE_PART;
    if (kind == AJ_ZONE_PACKAGE || kind == AJ_ZONE_DRAM) return AJ_ZONE_ROLE_COUNTED;
    return parent != NULL ? AJ_ZONE_ROLE_PART : AJ_ZONE_ROLE_UNPLACED;
}

/* max_energy_range_uj is the largest reading plus at most one tick; the counter returns to 0 one tick later
 * (61 uJ on Intel, 15 uJ on AMD: the 2^32 ticks of the register divided out).  Without the file nothing is
 * known: 0. */
static uint64_t modulus_of(const ajp_tree *tree, const char *entry)
{
    char path[PATH_SIZE];
    uint64_t largest = 0;
    snprintf(path, sizeof path, "%s/%s/max_energy_range_uj", folder, entry);
    if (ajp_tree_count(tree, path, &largest, NULL) != AJ_OK || largest == 0) return 0;
    return largest + largest / UINT32_MAX;
}

static aj_status add_zone(aj_meter *meter, const char *entry, aj_error *err)
{
    char path[PATH_SIZE], name[NAME_SIZE], whole[2 * NAME_SIZE + 2];
    snprintf(path, sizeof path, "%s/%s/name", folder, entry);
    if (ajp_tree_text(&meter->tree, path, name, sizeof name, NULL) != AJ_OK) return AJ_OK; /* no zone */
    size_t upper = (size_t)(strrchr(entry, ':') - entry);
    const ajp_zone *parent = depth_of(entry) > 1 ? zone_at(meter, entry, upper) : NULL;
    snprintf(whole, sizeof whole, "%s%s%s", parent != NULL ? parent->name : "", parent != NULL ? "/" : "",
             name);
    const ajp_zone *twin = zone_named(meter, whole);
    aj_zone_kind kind = kind_of(name);
    aj_zone_role role = role_of(kind, parent, twin);
    const char *above = twin != NULL                                     ? twin->name
                        : role == AJ_ZONE_ROLE_COUNTED || parent == NULL ? NULL
                                                                         : parent->name;
    snprintf(path, sizeof path, "%s/%s/energy_uj", folder, entry);
    ajp_zone *zone = ajp_zone_add(meter, &ajp_meter_powercap, whole, path, kind, role);
    if (zone == NULL) return ajp_no_memory(err, "the zones of powercap");
    zone->parent = above;
    zone->counter.modulus = modulus_of(&meter->tree, entry);
    zone->counter.unit_joules = joules_per_microjoule;
    return AJ_OK;
}

static aj_status scan(aj_meter *meter, aj_error *err)
{
    char **entries;
    size_t n, n_before = meter->n_zones;
    AJ_TRY(ajp_tree_list(&meter->tree, &meter->arena, folder, &entries, &n, err));
    /* Upper zones before their parts, and the registers before their MMIO copy ('-' sorts before ':'). */
    for (int mmio = 0; mmio < 2; mmio++)
        for (int depth = 1; depth <= 3; depth++)
            for (size_t i = 0; i < n; i++)
                if (depth_of(entries[i]) == depth && starts(entries[i], "intel-rapl-mmio") == mmio)
                    AJ_TRY(add_zone(meter, entries[i], err));
    if (meter->n_zones > n_before) return AJ_OK;
    return ajp_fail(
        err, AJ_NOT_FOUND, 0,
        "powercap: no zone under %s/%s; virtual machines and containers seldom show RAPL; on a machine of "
        "your own: sudo modprobe intel_rapl_msr",
        meter->tree.root, folder);
}

const ajp_meter_ops ajp_meter_powercap = {
    .name = "powercap",
    .about = "processor packages, their parts and DRAM: RAPL through the kernel's powercap files",
    .tried = "simulated tree",
    .scan = scan,
    .denied = denied,
};

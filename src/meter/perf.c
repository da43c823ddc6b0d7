/* perf.c: RAPL through the kernel's perf events: the same registers as powercap, for whoever may watch the
 * whole machine but not read powercap's files.
 *
 * bus/event_source/devices/power/{type, cpumask, events/energy-*, events/energy-*.scale, .unit}: one event
 * for each processor of the mask (one a package, or die), in units of scale joules (2^-32), 64 bits wide; the
 * kernel takes care of the register's wraps.  Linux arch/x86/events/rapl.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "meter_ops.h"

enum { PATH_SIZE = 512, NAME_SIZE = 96, TEXT_SIZE = 256, MOST_PACKAGES = 64 };
static const char folder[] = "bus/event_source/devices/power";

static const char denied[] =
    "watching the whole machine takes CAP_PERFMON, or kernel.perf_event_paranoid at 0 or below: sudo sysctl "
    "kernel.perf_event_paranoid=0 lets every user watch every other, and fine readings of energy leak what "
    "programs compute (PLATYPUS, CVE-2020-8694); sudo setcap cap_perfmon=ep PROGRAM trusts one program only";

/* event: as the kernel names it; part: as powercap names the zone inside its package. */
static const struct {
    const char *event, *part;
    aj_zone_kind kind;
    aj_zone_role role;
} known[] = {
    {"energy-pkg", "", AJ_ZONE_PACKAGE, AJ_ZONE_ROLE_COUNTED},
    {"energy-cores", "core", AJ_ZONE_CORE, AJ_ZONE_ROLE_PART},
    {"energy-gpu", "uncore", AJ_ZONE_UNCORE, AJ_ZONE_ROLE_PART},
    {"energy-ram", "dram", AJ_ZONE_DRAM, AJ_ZONE_ROLE_COUNTED},
    {"energy-psys", "psys", AJ_ZONE_PLATFORM, AJ_ZONE_ROLE_COVERS},
};
enum { N_KNOWN = sizeof known / sizeof known[0] };

/* What the event of a zone is opened with; zone->device. */
typedef struct {
    uint32_t type;
    uint64_t config;
    int cpu;
} event;

typedef struct {
    uint32_t type;
    size_t n; /* packages, or dies */
    int cpus[MOST_PACKAGES];
    char names[MOST_PACKAGES][NAME_SIZE]; /* "package-0", or "package-0-die-1" */
    uint64_t packages[MOST_PACKAGES];
} machine;

/* "0,18-19" */
static aj_status read_mask(const ajp_tree *tree, machine *m, aj_error *err)
{
    char path[PATH_SIZE], text[TEXT_SIZE];
    snprintf(path, sizeof path, "%s/cpumask", folder);
    AJ_TRY(ajp_tree_text(tree, path, text, sizeof text, err));
    for (char *at = text, *end; *at != '\0'; at = *end == ',' ? end + 1 : end) {
        long first = strtol(at, &end, 10), last = first;
        if (end != at && *end == '-') last = strtol(at = end + 1, &end, 10);
        if (end == at || first < 0 || last < first || (*end != ',' && *end != '\0'))
            return ajp_fail(err, AJ_CORRUPT, 0, "%s/%s: '%.40s' is no list of processors", tree->root, path,
                            text);
        for (long cpu = first; cpu <= last && m->n < MOST_PACKAGES; cpu++) m->cpus[m->n++] = (int)cpu;
    }
    return AJ_OK;
}

static uint64_t topology(const ajp_tree *tree, int cpu, const char *leaf, uint64_t otherwise)
{
    char path[PATH_SIZE];
    uint64_t value;
    snprintf(path, sizeof path, "devices/system/cpu/cpu%d/topology/%s", cpu, leaf);
    return ajp_tree_count(tree, path, &value, NULL) == AJ_OK ? value : otherwise;
}

/* The names that powercap gives to the same packages. */
static void name_packages(const ajp_tree *tree, machine *m)
{
    for (size_t i = 0; i < m->n; i++) m->packages[i] = topology(tree, m->cpus[i], "physical_package_id", i);
    for (size_t i = 0; i < m->n; i++) {
        size_t n_dies = 0;
        for (size_t k = 0; k < m->n; k++) n_dies += m->packages[k] == m->packages[i];
        snprintf(m->names[i], NAME_SIZE, "package-%llu", (unsigned long long)m->packages[i]);
        size_t length = strlen(m->names[i]);
        if (n_dies > 1)
            snprintf(m->names[i] + length, NAME_SIZE - length, "-die-%llu",
                     (unsigned long long)topology(tree, m->cpus[i], "die_id", i));
    }
}

/* "event=0x02"; false when there is no such event. */
static bool read_config(const ajp_tree *tree, const char *name, uint64_t *config)
{
    char path[PATH_SIZE], text[TEXT_SIZE], *end;
    snprintf(path, sizeof path, "%s/events/%s", folder, name);
    if (ajp_tree_text(tree, path, text, sizeof text, NULL) != AJ_OK) return false;
    const char *at = strstr(text, "event=");
    if (at == NULL) return false;
    *config = strtoull(at + strlen("event="), &end, 0);
    return end != at + strlen("event=") && (*end == '\0' || *end == ',');
}

static aj_status read_scale(const ajp_tree *tree, const char *name, double *joules, aj_error *err)
{
    char path[PATH_SIZE], text[TEXT_SIZE], unit[TEXT_SIZE], *end;
    snprintf(path, sizeof path, "%s/events/%s.unit", folder, name);
    AJ_TRY(ajp_tree_text(tree, path, unit, sizeof unit, err));
    if (strcmp(unit, "Joules") != 0)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s/%s: '%.20s' where Joules were expected", tree->root, path,
                        unit);
    snprintf(path, sizeof path, "%s/events/%s.scale", folder, name);
    AJ_TRY(ajp_tree_text(tree, path, text, sizeof text, err));
    *joules = strtod(text, &end);
    if (*end == '\0' && *joules > 1e-12 && *joules <= 1) return AJ_OK;
    return ajp_fail(err, AJ_CORRUPT, 0, "%s/%s: '%.40s' is no scale", tree->root, path, text);
}

static ajp_zone *same_elsewhere(aj_meter *meter, const char *name)
{
    for (size_t i = 0; i < meter->n_zones; i++)
        if (meter->zones[i].ops != &ajp_meter_perf && meter->zones[i].role != AJ_ZONE_ROLE_COPY &&
            strcmp(meter->zones[i].name, name) == 0)
            return &meter->zones[i];
    return NULL;
}

/* A register that powercap shows is counted there, unless it is refused there and not here. */
static void settle_roles(aj_meter *meter, size_t first)
{
    for (size_t i = first; i < meter->n_zones; i++) {
        ajp_zone *zone = &meter->zones[i], *twin = same_elsewhere(meter, zone->name);
        if (twin == NULL) continue;
        ajp_zone *copy = twin->status != AJ_OK && zone->status == AJ_OK ? twin : zone;
        copy->role = AJ_ZONE_ROLE_COPY;
        copy->parent = zone->name;
    }
}

static aj_status add_zone(aj_meter *meter, const machine *m, size_t place, size_t row, uint64_t config,
                          double joules, aj_error *err)
{
    char path[PATH_SIZE], name[2 * NAME_SIZE];
    const char *part = known[row].part;
    if (known[row].role == AJ_ZONE_ROLE_COVERS)
        snprintf(name, sizeof name, m->packages[place] == 0 ? "%s" : "%s-%llu", part,
                 (unsigned long long)m->packages[place]);
    else
        snprintf(name, sizeof name, part[0] != '\0' ? "%s/%s" : "%s", m->names[place], part);
    snprintf(path, sizeof path, "%s/events/%s", folder, known[row].event);
    event *e = ajp_arena_alloc(&meter->arena, sizeof *e);
    char *package = ajp_arena_strdup(&meter->arena, m->names[place]);
    ajp_zone *zone = ajp_zone_add(meter, &ajp_meter_perf, name, path, known[row].kind, known[row].role);
    if (e == NULL || package == NULL || zone == NULL) return ajp_no_memory(err, "the zones of perf");
    *e = (event){m->type, config, m->cpus[place]};
    zone->device = e;
    zone->counter.unit_joules = joules;
    if (zone->role == AJ_ZONE_ROLE_PART) zone->parent = package;
    return AJ_OK;
}

static aj_status scan(aj_meter *meter, aj_error *err)
{
    char path[PATH_SIZE];
    const ajp_tree *tree = &meter->tree;
    machine m = {0};
    uint64_t type, config;
    double joules = 0;
    size_t n_before = meter->n_zones;
    snprintf(path, sizeof path, "%s/type", folder);
    if (tree->perf == NULL || ajp_tree_count(tree, path, &type, NULL) != AJ_OK || type > UINT32_MAX)
        return ajp_fail(err, AJ_NOT_FOUND, 0,
                        "perf: no events of energy under %s/%s; virtual machines and containers seldom show "
                        "RAPL; on a machine of your own: sudo modprobe rapl",
                        tree->root, folder);
    m.type = (uint32_t)type;
    AJ_TRY(read_mask(tree, &m, err));
    name_packages(tree, &m);
    for (size_t place = 0; place < m.n; place++)
        for (size_t row = 0; row < N_KNOWN; row++) {
            if (!read_config(tree, known[row].event, &config)) continue;
            AJ_TRY(read_scale(tree, known[row].event, &joules, err));
            AJ_TRY(add_zone(meter, &m, place, row, config, joules, err));
        }
    if (meter->n_zones > n_before) return AJ_OK;
    return ajp_fail(err, AJ_NOT_FOUND, 0, "perf: no event energy-* under %s/%s/events", tree->root, folder);
}

static aj_status read_event(const aj_meter *meter, ajp_zone *zone, uint64_t *raw, aj_error *err)
{
    const ajp_perf_io *io = meter->tree.perf;
    const event *e = zone->device;
    int error = 0;
    if (zone->fds[0] < 0) error = io->open(io->user, e->type, e->config, e->cpu, &zone->fds[0]);
    if (error == 0) {
        error = io->read(io->user, zone->fds[0], raw);
        if (error != 0) ajp_tree_close(&zone->fds[0]);
    }
    if (error == 0) return AJ_OK;
    aj_status st = error == EACCES || error == EPERM ? AJ_DENIED : ajp_status_from_errno(error);
    return ajp_fail(err, st, error, "%s: the event does not open on processor %d", zone->path, e->cpu);
}

const ajp_meter_ops ajp_meter_perf = {
    .name = "perf",
    .about = "processor packages, their parts and DRAM: RAPL through the kernel's perf events",
    .tried = "simulated tree",
    .scan = scan,
    .opened = settle_roles,
    .read = read_event,
    .denied = denied,
};

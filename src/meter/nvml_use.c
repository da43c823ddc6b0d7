/* nvml_use.c: which processes have used a card, and how much of its time. */
#include <stdio.h>
#include <string.h>

#include "nvml.h"

/* The driver now and then says more than 100 %: such a sample is not used. */
enum { MOST_PERCENT = 100, STAT_SIZE = 16 };

typedef struct {
    aj_meter *meter;
    ajp_zone *zone;
    double tree, all;
} tally;

static bool is_alive(const aj_meter *meter, long pid)
{
    char path[32], text[STAT_SIZE];
    snprintf(path, sizeof path, "%ld/stat", pid);
    return meter->proc.read(meter->proc.user, meter->proc.root, path, NULL, text, sizeof text) == 0;
}

static bool was_ours(const ajp_nvml *n, long pid)
{
    for (size_t i = 0; i < n->n_ours; i++)
        if (n->ours[i] == pid) return true;
    return false;
}

static void remember(ajp_nvml *n, long pid)
{
    if (!was_ours(n, pid) && n->n_ours < AJP_NVML_MOST_USERS) n->ours[n->n_ours++] = pid;
}

/* A number that now belongs to a stranger. */
static void forget(ajp_nvml *n, long pid)
{
    for (size_t i = 0; i < n->n_ours; i++)
        if (n->ours[i] == pid) n->ours[i--] = n->ours[--n->n_ours];
}

/* In a container the driver names processes by their numbers on the host: they are not to be seen here. */
static void count_user(tally *t, long pid, double weight)
{
    ajp_nvml *n = ajp_nvml_of(t->meter);
    bool ours = ajp_processes_has(t->meter->processes, pid), seen = true;
    t->all += weight;
    if (ours) {
        remember(n, pid);
    } else if (is_alive(t->meter, pid)) {
        forget(n, pid);
    } else {
        ours = seen = was_ours(n, pid);
    }
    if (ours) t->tree += weight;
    *(seen ? &t->zone->use.n_visible : &t->zone->use.n_invisible) += 1;
}

static aj_status failed(const ajp_zone *zone, int code, aj_error *err)
{
    return ajp_fail(err, ajp_nvml_status(code), 0, "%s: who uses it cannot be read (code %d)", zone->name,
                    code);
}

/* Shares of time, since the samples that were seen last. */
static aj_status by_time(tally *t, aj_error *err)
{
    ajp_nvml *n = ajp_nvml_of(t->meter);
    ajp_zone_use *use = &t->zone->use;
    unsigned count = AJP_NVML_MOST_USERS;
    int code = n->uses != NULL ? n->uses(t->zone->device, n->list.uses, &count, use->last_time)
                               : NVML_FUNCTION_NOT_FOUND;
    if (code == NVML_NOT_FOUND) return AJ_OK; /* nobody has used it since */
    if (code != NVML_SUCCESS) return failed(t->zone, code, err);
    uint64_t latest = use->last_time;
    for (unsigned i = 0; i < count && i < AJP_NVML_MOST_USERS; i++) {
        const ajp_nvml_use *sample = &n->list.uses[i];
        if (sample->time <= use->last_time || sample->sm > MOST_PERCENT) continue;
        if (sample->time > latest) latest = sample->time;
        if (sample->sm > 0) count_user(t, (long)sample->pid, sample->sm);
    }
    use->last_time = latest;
    return AJ_OK;
}

/* Where time is not told: equal shares of those that have the card open for computing. */
static aj_status by_number(tally *t, aj_error *err)
{
    ajp_nvml *n = ajp_nvml_of(t->meter);
    unsigned count = AJP_NVML_MOST_USERS;
    int code = n->processes != NULL ? n->processes(t->zone->device, &count, n->list.processes)
                                    : NVML_FUNCTION_NOT_FOUND;
    if (code != NVML_SUCCESS) return failed(t->zone, code, err);
    for (unsigned i = 0; i < count && i < AJP_NVML_MOST_USERS; i++)
        count_user(t, (long)n->list.processes[i].pid, 1);
    return AJ_OK;
}

aj_status ajp_nvml_use_of(aj_meter *meter, ajp_zone *zone, double *tree, double *all, aj_error *err)
{
    tally t = {meter, zone, 0, 0};
    aj_status st = zone->device != NULL ? by_time(&t, err) : failed(zone, NVML_GPU_IS_LOST, err);
    if (st == AJ_UNSUPPORTED || st == AJ_DENIED) st = by_number(&t, err);
    if (st != AJ_OK) return st;
    *tree = t.tree;
    *all = t.all;
    return AJ_OK;
}

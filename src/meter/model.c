/* model.c: processors and memory of a machine that has no sensor: virtual machines, containers, locked
 * counters.
 *
 * Package: share of the host's TDP x a load curve with its interval (model_curve.h).  Memory: watts per byte.
 * The machine around them: what one recorded machine drew at the wall beyond its package.  Load is looked at
 * over windows of half a second: CPU time comes in ticks of 10 ms, and the curve is not straight, so shorter
 * windows would be noise and the sampling rate would change the answer.  Errors of one zone are one error
 * (the same machine is wrong all the time), so the ends of an interval are added like the values. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "meter_ops.h"
#include "model_host.h"

enum { PACKAGE, MEMORY, MACHINE, N_PARTS };
enum { STAT_SIZE = 512 };

/* Shorter than the window in which joules are divided, so that they are never a window behind. */
static const double window_seconds = 0.5 * AJP_WINDOW_SECONDS;
static const double joules_per_count = 1e-6;

/* DRAM, W per 1e9 bytes.  Low: measured through RAPL on 37 bare-metal cloud machines, idle (Tailpipe,
 * methodology, "Memory": 0.048 ... 0.061).  High: 5 W for a module of 8 GB (CodeCarbon's 5 W a module).  In
 * between stand 0.284 (Boavizta), 0.3725 (Green Algorithms) and 0.392 (Cloud Carbon Footprint), all of them
 * estimates; the middle is the geometric mean of the ends, as for a TDP that is not known.
 * tables/coefficients.csv has all as rows. */
static const ajp_band dram_watts_per_byte = {0.048e-9, 0.173e-9, 0.625e-9};

/* The machine beyond package and memory: 0.33 TDP + 0.31 x package, from the wall plug of the one recorded
 * machine that had one (Threadripper 1950X: 115 W idle, 278 W busy, with 42.7 and 167.1 W of package).  Low:
 * nothing but the loss of the best supply, 4 % (80 PLUS Titanium at half load).  High: three times that
 * machine's. */
static const double rest_per_tdp = 0.33, rest_per_package = 0.31, rest_least_ratio = 0.04,
                    rest_most_times = 3;

typedef struct {
    unsigned long long busy, total;
} ticks;

typedef struct {
    ajp_tree proc;
    int stat_fd; /* kept open */
    ajp_model_host host;
    aj_status status; /* of the latest look at the load */
    aj_error why;
    bool begun;
    double at_seconds; /* when the window that is open began */
    ticks at;
    double load_ratio;        /* of the last window in which time was counted */
    ajp_band closed[N_PARTS]; /* joules until then */
    double joules[N_PARTS];   /* shown: never goes back */
    double ends[N_PARTS][2];
} model_state;

static model_state *state_of(const aj_meter *meter)
{
    return meter->states[AJP_ROW_model];
}

/* ---- power -------------------------------------------------------------------------------------------- */

static ajp_band power_of(const ajp_model_host *host, int part, double load_ratio)
{
    ajp_band share = ajp_load_curve_at(&ajp_load_curve_shipped, load_ratio), tdp = host->tdp_watts;
    ajp_band package = {share.low * tdp.low, share.middle * tdp.middle, share.high * tdp.high};
    double bytes = isnan(host->memory_bytes) ? 0 : host->memory_bytes;
    ajp_band memory = {bytes * dram_watts_per_byte.low, bytes * dram_watts_per_byte.middle,
                       bytes * dram_watts_per_byte.high};
    if (part == PACKAGE) return package;
    if (part == MEMORY) return memory;
    ajp_band inside = {package.low + memory.low, package.middle + memory.middle, package.high + memory.high};
    return (ajp_band){inside.low * (1 + rest_least_ratio),
                      inside.middle + rest_per_tdp * tdp.middle + rest_per_package * package.middle,
                      inside.high +
                          rest_most_times * (rest_per_tdp * tdp.high + rest_per_package * package.high)};
}

/* ---- load --------------------------------------------------------------------------------------------- */

/* user nice system idle [iowait irq softirq steal]; guest time is inside user.  Old kernels and some
 * containers give fewer than eight. */
static aj_status read_ticks(const ajp_tree *proc, int *fd, ticks *out, aj_error *err)
{
    char text[STAT_SIZE];
    unsigned long long user, nice, system, idle, iowait = 0, irq = 0, softirq = 0, steal = 0;
    AJ_TRY(ajp_tree_text_at(proc, "stat", fd, text, sizeof text, err));
    if (sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &iowait,
               &irq, &softirq, &steal) < 4)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s/stat: is not what proc(5) says", proc->root);
    out->busy = user + nice + system + irq + softirq;
    out->total = out->busy + idle + iowait + steal;
    return AJ_OK;
}

static double ratio_of(ticks from, ticks to, double otherwise)
{
    if (to.total <= from.total) return otherwise; /* no tick yet, or idle time that was corrected downwards */
    double busy = to.busy > from.busy ? (double)(to.busy - from.busy) : 0;
    return fmin(busy / (double)(to.total - from.total), 1);
}

static void advance(model_state *s, double now_seconds, bool fresh)
{
    double seconds = s->begun ? fmax(now_seconds - s->at_seconds, 0) : 0;
    ticks now;
    if (s->begun && !fresh && seconds < window_seconds && s->status == AJ_OK) return;
    s->status = read_ticks(&s->proc, &s->stat_fd, &now, &s->why);
    if (s->status != AJ_OK) return;
    if (!s->begun) {
        /* Until the first window says more, the load since the machine was started. */
        s->load_ratio = ratio_of((ticks){0, 0}, now, 0);
        s->begun = true;
        s->at = now;
        s->at_seconds = now_seconds;
    }
    double load = ratio_of(s->at, now, s->load_ratio);
    bool close = seconds >= window_seconds;
    for (int part = 0; part < N_PARTS; part++) {
        ajp_band watts = power_of(&s->host, part, load), sum = s->closed[part];
        sum.low += watts.low * seconds;
        sum.middle += watts.middle * seconds;
        sum.high += watts.high * seconds;
        s->joules[part] = fmax(s->joules[part], sum.middle);
        s->ends[part][0] = sum.low;
        s->ends[part][1] = sum.high;
        if (close) s->closed[part] = sum;
    }
    if (!close) return;
    s->load_ratio = load;
    s->at = now;
    s->at_seconds = now_seconds;
}

/* A meter that starts anew does not see the time before. */
static void cut_window(model_state *s, double now_seconds)
{
    ticks now;
    if (!s->begun || read_ticks(&s->proc, &s->stat_fd, &now, NULL) != AJ_OK) return;
    s->load_ratio = ratio_of(s->at, now, s->load_ratio);
    for (int part = 0; part < N_PARTS; part++)
        s->closed[part] = (ajp_band){s->ends[part][0], s->joules[part], s->ends[part][1]};
    s->at = now;
    s->at_seconds = now_seconds;
}

static aj_status read_microjoules(const aj_meter *meter, ajp_zone *zone, uint64_t *raw, aj_error *err)
{
    model_state *s = state_of(meter);
    int part = zone->kind == AJ_ZONE_PACKAGE ? PACKAGE : zone->kind == AJ_ZONE_DRAM ? MEMORY : MACHINE;
    if (part == PACKAGE) { /* the first of a sample: all three are of the same moment */
        double now_seconds = meter->tree.now_seconds(meter->tree.user);
        if (!zone->sum.seen) cut_window(s, now_seconds);
        advance(s, now_seconds, meter->fresh);
    }
    if (s->status != AJ_OK) return ajp_fail(err, s->status, s->why.system_errno, "%s", s->why.message);
    *raw = (uint64_t)(s->joules[part] / joules_per_count);
    return AJ_OK;
}

/* ---- opening ------------------------------------------------------------------------------------------ */

static aj_status add_zone(aj_meter *meter, model_state *s, int part, aj_error *err)
{
    static const struct {
        const char *name;
        aj_zone_kind kind;
        aj_zone_role role;
    } zones[N_PARTS] = {{"package", AJ_ZONE_PACKAGE, AJ_ZONE_ROLE_COUNTED},
                        {"dram", AJ_ZONE_DRAM, AJ_ZONE_ROLE_COUNTED},
                        {"machine", AJ_ZONE_PLATFORM, AJ_ZONE_ROLE_COVERS}};
    ajp_zone *zone =
        ajp_zone_add(meter, &ajp_meter_model, zones[part].name, "", zones[part].kind, zones[part].role);
    if (zone == NULL) return ajp_no_memory(err, "the power model");
    zone->counter.unit_joules = joules_per_count;
    /* A window's joules come at once, and late ones too. */
    zone->counter.update_seconds = 2 * AJP_WINDOW_SECONDS;
    zone->counter.plausible_watts = 1 + power_of(&s->host, part, 1).high;
    zone->ends_joules = s->ends[part];
    zone->origin = part == PACKAGE ? s->host.origin : AJ_ASSUMED;
    zone->idle_watts = power_of(&s->host, part, 0).middle;
    zone->idle_origin = AJ_ASSUMED;
    return AJ_OK;
}

static const char *package_note(aj_meter *meter, const ajp_model_host *host)
{
    const char *note = ajp_arena_printf(
        &meter->arena, "modelled, no sensor: assumed shape, four machines (90 %% interval for a fifth); %s%s",
        host->about, host->id.hypervisor ? "; the load of other machines on the host is not known" : "");
    if (note == NULL || isnan(host->vcpu_full_watts)) return note;
    double n = (double)host->n_threads;
    return ajp_arena_printf(
        &meter->arena,
        "%s; for comparison, Cloud Carbon Footprint has %.3g W idle and %.3g W busy for as many "
        "threads, with their share of the server",
        note, n * host->vcpu_idle_watts, n * host->vcpu_full_watts);
}

static const char *memory_note(aj_meter *meter, const ajp_model_host *host)
{
    return ajp_arena_printf(
        &meter->arena,
        "assumed: %.4g GB at 0.048 to 0.625 W/GB, the range of five sources, 0.173 taken, whatever "
        "the load",
        host->memory_bytes * 1e-9);
}

static aj_status add_zones(aj_meter *meter, model_state *s, aj_error *err)
{
    for (int part = 0; part < N_PARTS; part++) {
        if (part == MEMORY && isnan(s->host.memory_bytes)) continue;
        AJ_TRY(add_zone(meter, s, part, err));
        const char *note = part == PACKAGE ? package_note(meter, &s->host)
                           : part == MEMORY
                               ? memory_note(meter, &s->host)
                               : "assumed: package, memory, and the rest as one machine drew it at the wall, "
                                 "between the loss of its supply and three times that";
        if (note == NULL) return ajp_no_memory(err, "the power model");
        meter->zones[meter->n_zones - 1].note = note;
    }
    return AJ_OK;
}

static aj_status scan(aj_meter *meter, aj_error *err)
{
    model_state *s = ajp_calloc(meter->context, 1, sizeof *s);
    if (s == NULL) return ajp_no_memory(err, "the power model");
    meter->states[AJP_ROW_model] = s;
    s->stat_fd = -1;
    s->proc = meter->tree;
    s->proc.root = meter->tree.proc_root;
    AJ_TRY(ajp_model_host_read(&s->host, meter->context, &s->proc, err));
    return add_zones(meter, s, err);
}

static void close_model(aj_meter *meter)
{
    model_state *s = state_of(meter);
    if (s != NULL) ajp_tree_close(&s->stat_fd);
    ajp_free(meter->context, s);
    meter->states[AJP_ROW_model] = NULL;
}

const ajp_meter_ops ajp_meter_model = {
    .name = "model",
    .about = "no sensor: processors and memory from load and TDP, assumed shape, four machines; used where "
             "no package is "
             "measured",
    .tried = "four recorded machines, simulated tree",
    .scan = scan,
    .read = read_microjoules,
    .close = close_model,
    .denied = "/proc is mounted so that it cannot be read; ask for it",
    .fallback = true,
};

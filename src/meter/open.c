/* open.c: opens power sources, the named ones or all that do not repeat one another, and closes them. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "meter_ops.h"

/* The row opens when one of its zones can be read; else the status of its first zone says why not. */
static aj_status try_zones(aj_meter *meter, const ajp_meter_ops *row, size_t first, aj_error *err)
{
    bool any = false;
    for (size_t i = first; i < meter->n_zones; i++) {
        uint64_t raw;
        meter->zones[i].status = ajp_zone_read(meter, &meter->zones[i], &raw);
        any = any || meter->zones[i].status == AJ_OK;
    }
    if (any) return AJ_OK;
    return ajp_fail(err, meter->zones[first].status, 0, "%s: %s", row->name, meter->zones[first].message);
}

/* Takes the zones from `first` on out again. */
static void drop_zones(aj_meter *meter, size_t first)
{
    for (size_t i = first; i < meter->n_zones; i++)
        for (size_t k = 0; k < AJP_ZONE_FILES; k++) ajp_tree_close(&meter->zones[i].fds[k]);
    meter->n_zones = first;
}

static aj_status open_row(aj_meter *meter, const ajp_meter_ops *row, aj_error *err)
{
    size_t first = meter->n_zones;
    aj_status st = row->scan(meter, err);
    if (st == AJ_OK) st = try_zones(meter, row, first, err);
    if (st == AJ_OK && row->opened != NULL) row->opened(meter, first);
    if (st == AJ_OK) return AJ_OK;
    drop_zones(meter, first);
    if (row->close != NULL) row->close(meter);
    return st;
}

static aj_status open_named(aj_meter *meter, const char *name, size_t length, aj_error *err)
{
    for (size_t i = 0; ajp_meter_row(i) != NULL; i++)
        if (strlen(ajp_meter_row(i)->name) == length && memcmp(ajp_meter_row(i)->name, name, length) == 0)
            return open_row(meter, ajp_meter_row(i), err);
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "no power source is called '%.*s'; 'aj meter' lists them",
                    (int)length, name);
}

static bool has_package(const aj_meter *meter)
{
    for (size_t i = 0; i < meter->n_zones; i++)
        if (meter->zones[i].kind == AJ_ZONE_PACKAGE && meter->zones[i].role == AJ_ZONE_ROLE_COUNTED)
            return true;
    return false;
}

/* Where a model stands in for a sensor that is refused, the remedy is still told. */
static aj_status tell_remedy(aj_meter *meter, const aj_error *denied, aj_error *err)
{
    for (size_t i = 0; i < meter->n_zones; i++) {
        ajp_zone *zone = &meter->zones[i];
        if (!zone->ops->fallback || zone->kind != AJ_ZONE_PACKAGE) continue;
        zone->note = ajp_arena_printf(&meter->arena, "%s.  %s", zone->note, denied->message);
        if (zone->note == NULL) return ajp_no_memory(err, "the meter");
    }
    return AJ_OK;
}

/* A refusal is worth more to the user than an absence. */
static aj_status open_all(aj_meter *meter, aj_error *err)
{
    aj_error denied = {AJ_OK, 0, ""}, why = {AJ_OK, 0, ""};
    for (size_t i = 0; ajp_meter_row(i) != NULL; i++) {
        if (ajp_meter_row(i)->on_request || (ajp_meter_row(i)->fallback && has_package(meter))) continue;
        aj_status st = open_row(meter, ajp_meter_row(i), &why);
        if (st == AJ_NO_MEMORY) return ajp_fail(err, st, 0, "%s", why.message);
        if (st == AJ_DENIED && denied.status == AJ_OK) denied = why;
    }
    if (meter->n_zones > 0) return denied.status == AJ_OK ? AJ_OK : tell_remedy(meter, &denied, err);
    if (denied.status != AJ_OK) return ajp_fail(err, AJ_DENIED, 0, "%s", denied.message);
    return ajp_fail(err, AJ_NOT_FOUND, 0,
                    "no power source opens under %s; 'aj meter' says for each why and what to do",
                    meter->tree.root);
}

/* "ipmi", "powercap,nvml", or "+ipmi": all that open by themselves, and ipmi.  What is named has to open. */
static aj_status open_sources(aj_meter *meter, const char *source, aj_error *err)
{
    if (source == NULL) return open_all(meter, err);
    bool more = source[0] == '+';
    aj_status st = more ? open_all(meter, err) : AJ_OK;
    if (st == AJ_NO_MEMORY) return st;
    for (const char *at = source + more;; at++) {
        size_t length = strcspn(at, ",");
        AJ_TRY(open_named(meter, at, length, err));
        at += length;
        if (*at == '\0') return AJ_OK;
    }
}

static const char *kept(aj_meter *meter, const char *text)
{
    return text != NULL ? ajp_arena_strdup(&meter->arena, text) : NULL;
}

static aj_status keep_tree(aj_meter *meter, const ajp_tree *tree, aj_error *err)
{
    meter->tree = *tree;
    meter->tree.root = kept(meter, tree->root);
    meter->tree.nvml_library = kept(meter, tree->nvml_library);
    meter->tree.proc_root = kept(meter, tree->proc_root != NULL ? tree->proc_root : "/proc");
    meter->tree.redfish_url = kept(meter, tree->redfish_url);
    meter->tree.curl_program = kept(meter, tree->curl_program != NULL ? tree->curl_program : "curl");
    return meter->arena.failed ? ajp_no_memory(err, "the meter") : AJ_OK;
}

aj_status ajp_meter_open_tree(aj_meter **out, const aj_context *context, const char *source,
                              const ajp_tree *tree, aj_error *err)
{
    *out = NULL;
    aj_meter *meter = ajp_calloc(context, 1, sizeof *meter);
    if (meter == NULL) return ajp_no_memory(err, "the meter");
    meter->context = context;
    pthread_mutex_init(&meter->mutex, NULL);
    ajp_arena_init(&meter->arena, context);
    aj_status st = keep_tree(meter, tree, err);
    if (st == AJ_OK) st = open_sources(meter, source, err);
    if (st != AJ_OK) {
        aj_meter_close(meter);
        return st;
    }
    *out = meter;
    return AJ_OK;
}

/* Counters are updated every millisecond at best. */
static const double most_hertz = 1000;

/* What a program says that was built with an older header: the fields that it does not know are 0. */
static aj_status take_options(aj_meter_options *out, const aj_meter_options *given, aj_error *err)
{
    *out = (aj_meter_options)AJ_METER_OPTIONS_INIT;
    if (given == NULL) return AJ_OK;
    size_t first_version = offsetof(aj_meter_options, cgroup);
    if (given->struct_size < first_version || given->struct_size > sizeof *out ||
        given->struct_size % sizeof(void *) != 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "aj_meter_options: start from AJ_METER_OPTIONS_INIT");
    memcpy(out, given, given->struct_size);
    if (out->sample_hertz >= 0 && out->sample_hertz <= most_hertz) return AJ_OK;
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "sample_hertz is %g; give 0 to %g, 10 is a good rate",
                    out->sample_hertz, most_hertz);
}

static bool follows(const aj_meter_options *options)
{
    return options->pid > 0 || (options->cgroup != NULL && options->cgroup[0] != '\0');
}

aj_status aj_meter_open(aj_meter **out, const aj_context *context, const aj_meter_options *given,
                        aj_error *err)
{
    aj_meter_options options;
    if (out == NULL) return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "aj_meter_open: out is NULL");
    *out = NULL;
    AJ_TRY(take_options(&options, given, err));
    ajp_tree tree = ajp_tree_real(options.sysfs_root);
    if (options.nvml_library != NULL) tree.nvml_library = options.nvml_library;
    tree.proc_root = options.procfs_root;
    tree.redfish_url = options.redfish_url;
    AJ_TRY(ajp_meter_open_tree(out, context, options.source, &tree, err));
    (*out)->sample_hertz = options.sample_hertz;
    if (!follows(&options)) return AJ_OK;
    ajp_followed whose = {options.pid, options.cgroup};
    aj_status st = ajp_meter_follow(*out, options.procfs_root, &whose, err);
    if (st == AJ_OK) return AJ_OK;
    aj_meter_close(*out);
    *out = NULL;
    return st;
}

aj_status aj_meter_can_follow(const aj_context *context, const aj_meter_options *given, char *about,
                              size_t size, aj_error *err)
{
    aj_meter_options options;
    ajp_processes *processes = NULL;
    AJ_TRY(take_options(&options, given, err));
    if (!follows(&options)) return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "no pid and no cgroup to follow");
    ajp_tree sys = ajp_tree_real(options.sysfs_root), proc = sys;
    proc.root = options.procfs_root != NULL ? options.procfs_root : "/proc";
    ajp_followed whose = {options.pid, options.cgroup};
    AJ_TRY(ajp_processes_open(&processes, context, &proc, &sys, &whose, err));
    snprintf(about, size, "%s", ajp_processes_about(processes));
    ajp_processes_close(processes);
    return AJ_OK;
}

void aj_meter_close(aj_meter *meter)
{
    if (meter == NULL) return;
    const aj_context *context = meter->context;
    ajp_sampler_stop(meter->sampler);
    pthread_mutex_destroy(&meter->mutex);
    for (size_t i = 0; ajp_meter_row(i) != NULL; i++)
        if (ajp_meter_row(i)->close != NULL) ajp_meter_row(i)->close(meter);
    ajp_processes_close(meter->processes);
    ajp_phases_end(&meter->phases);
    drop_zones(meter, 0);
    ajp_free(context, meter->zones);
    ajp_arena_free(&meter->arena);
    ajp_free(context, meter);
}

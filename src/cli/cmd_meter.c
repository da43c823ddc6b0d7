/* cmd_meter.c: aj meter: every power source, whether it opens here, and if not why and what to do. */
#include "cli.h"

#include <jansson.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "attojoule/meter.h"

const cli_option cmd_meter_options[] = {
    {.name = "sysfs",
     .kind = CLI_TEXT,
     .argument = "DIR",
     .fallback = "/sys",
     .help = "folder to read instead of /sys (a copy of another machine's, a simulated one)"},
    {.name = "procfs",
     .kind = CLI_TEXT,
     .argument = "DIR",
     .fallback = "/proc",
     .help = "folder to read instead of /proc: the load for the model, the processes"},
    {.name = "nvml",
     .kind = CLI_TEXT,
     .argument = "FILE",
     .help = "library to open instead of libnvidia-ml.so.1"},
    {.name = "redfish",
     .kind = CLI_TEXT,
     .argument = "URL",
     .help = "the server's Power resource: https://HOST/redfish/v1/Chassis/1/Power"},
    {.name = "pid",
     .kind = CLI_COUNT,
     .argument = "N",
     .minimum = 1,
     .maximum = INT_MAX,
     .help = "process whose share could be told apart (default: aj itself)"},
    {.name = "cgroup",
     .kind = CLI_TEXT,
     .argument = "PATH",
     .help = "cgroup whose share could be told apart, as /proc/PID/cgroup names it"},
    CLI_OPTION_END,
};

static const char *state_of(aj_status status)
{
    switch (status) {
    case AJ_OK:
        return "opens";
    case AJ_DENIED:
        return "denied";
    case AJ_NOT_FOUND:
        return "absent";
    case AJ_UNSUPPORTED:
        return "not now";
    case AJ_CORRUPT:
        return "garbled";
    default:
        return "fails";
    }
}

/* What a zone that can be read still has to say: that it is a model, and what it rests on. */
static void add_note(cli_table *notes, const char *source, const aj_zone_reading *zone)
{
    if (zone->status != AJ_OK || zone->message[0] == '\0') return;
    cli_table_cell(notes, "%s", source);
    cli_table_cell(notes, "%s", zone->name);
    cli_table_cell(notes, "%s", zone->message);
}

static json_t *zones_of(aj_meter *meter, const char *source, cli_table *table, cli_table *notes)
{
    json_t *zones = json_array();
    aj_zone_reading zone;
    for (size_t i = 0; aj_meter_zone(meter, i, &zone, NULL) == AJ_OK; i++) {
        const char *role = aj_zone_role_name(zone.role), *kind = aj_zone_kind_name(zone.kind),
                   *origin = aj_origin_name(zone.energy_joules.origin);
        add_note(notes, source, &zone);
        cli_table_cell(table, "%s", source);
        cli_table_cell(table, "%s", zone.name);
        cli_table_cell(table, "%s", kind);
        cli_table_cell(table, zone.parent != NULL ? "%s of %s" : "%s", role, zone.parent);
        cli_table_cell(table, "%s", origin);
        cli_table_cell(table, "%s", state_of(zone.status));
        cli_table_cell(table, "%s", zone.file);
        json_array_append_new(zones, json_pack("{s:s, s:s, s:s, s:s?, s:s, s:s, s:s, s:s}", "name", zone.name,
                                               "kind", kind, "role", role, "parent", zone.parent, "origin",
                                               origin, "state", state_of(zone.status), "file", zone.file,
                                               "message", zone.message));
    }
    return zones;
}

static aj_meter_options options_of(cli *c)
{
    aj_meter_options options = AJ_METER_OPTIONS_INIT;
    options.sysfs_root = cli_text(c, "sysfs");
    options.nvml_library = cli_text(c, "nvml");
    options.procfs_root = cli_text(c, "procfs");
    options.cgroup = cli_text(c, "cgroup");
    options.redfish_url = cli_text(c, "redfish");
    /* Ourselves; in a copy of another machine's /proc there is a first process, but not us. */
    options.pid = cli_has(c, "pid") ? (long)cli_count(c, "pid") : cli_has(c, "procfs") ? 1 : (long)getpid();
    return options;
}

static void try_source(cli *c, const char *name, const char *about, const char *tried, cli_table *sources,
                       cli_table *zones, cli_table *notes, json_t *document)
{
    aj_meter_options options = options_of(c);
    aj_error err = {AJ_OK, 0, ""};
    aj_meter *meter = NULL;
    options.source = name;
    options.pid = 0;
    options.cgroup = NULL;
    aj_status st = aj_meter_open(&meter, c->context, &options, &err);
    cli_table_cell(sources, "%s", name);
    cli_table_cell(sources, "%s", state_of(st));
    cli_table_cell(sources, "%s", tried);
    cli_table_cell(sources, "%s", st == AJ_OK ? about : err.message);
    json_t *found = st == AJ_OK ? zones_of(meter, name, zones, notes) : json_array();
    json_array_append_new(document, json_pack("{s:s, s:s, s:s, s:s, s:s?, s:o}", "source", name, "about",
                                              about, "tried_on", tried, "state", state_of(st), "message",
                                              st == AJ_OK ? NULL : err.message, "zones", found));
    aj_meter_close(meter);
}

/* Whether the share of one process could be told apart here, and by what. */
static json_t *try_share(cli *c, FILE *text)
{
    char about[700] = "";
    aj_error err = {AJ_OK, 0, ""};
    aj_meter_options options = options_of(c);
    aj_status st = aj_meter_can_follow(c->context, &options, about, sizeof about, &err);
    if (text != NULL)
        fprintf(text, "\nshare of a process: %s: %s\n", state_of(st), st == AJ_OK ? about : err.message);
    return json_pack("{s:s, s:s?, s:s?}", "state", state_of(st), "followed", st == AJ_OK ? about : NULL,
                     "message", st == AJ_OK ? NULL : err.message);
}

int cmd_meter(cli *c)
{
    static const char *const source_headers[] = {"source", "state", "tried on",
                                                 "what it reads, or why not and what to do"};
    static const char *const zone_headers[] = {"source", "zone", "kind", "role", "origin", "state", "file"};
    static const char *const note_headers[] = {"source", "zone", "what it rests on"};
    int status = cli_context(c);
    if (status != EXIT_OK) return status;
    cli_output output;
    cli_output_begin(&output);
    cli_table sources, zones, notes;
    cli_table_begin(&sources, "llll", source_headers);
    cli_table_begin(&zones, "lllllll", zone_headers);
    cli_table_begin(&notes, "lll", note_headers);
    json_t *rows = json_array();
    const char *name, *about = NULL, *tried = NULL;
    for (size_t i = 0; (name = aj_meter_source(i, &about, &tried)) != NULL; i++)
        try_source(c, name, about, tried, &sources, &zones, &notes, rows);
    bool json = cli_has(c, "json"), any = zones.n_rows > zones.n_columns,
         noted = notes.n_rows > notes.n_columns;
    cli_table_end(&sources, json ? NULL : output.stream);
    if (any && !json) fputc('\n', output.stream);
    cli_table_end(&zones, json || !any ? NULL : output.stream);
    if (noted && !json) fputc('\n', output.stream);
    cli_table_end(&notes, json || !noted ? NULL : output.stream);
    json_t *share = try_share(c, json ? NULL : output.stream);
    json_t *document = json_pack("{s:o, s:o}", "sources", rows, "share", share);
    if (json) {
        json_dumpf(document, output.stream, JSON_INDENT(2));
        fputc('\n', output.stream);
    }
    json_decref(document);
    return cli_output_finish(c, &output);
}

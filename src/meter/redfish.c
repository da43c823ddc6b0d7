/* redfish.c: what a server's management controller says that the whole machine draws, over the network.
 *
 * GET of .../redfish/v1/Chassis/<id>/Power (PowerControl[].PowerConsumedWatts) or .../EnvironmentMetrics
 * (PowerWatts.Reading), DMTF DSP0266 and its schemas.  A thread of its own asks every five seconds, so that
 * no sample waits for the network.  Only opened when it is asked for by name. */
#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fetch.h"
#include "meter_ops.h"

enum { PAGE_SIZE = 1 << 20 };
static const double ask_every_seconds = 5, most_seconds = 5, believe_for_seconds = 30;
/* As with ipmi: neither is said by the standard. */
static const double renewed_seconds = 60, assumed_error_ratio = 0.05;

static const char denied[] = "the server wants a name and password; put them into ~/.netrc, readable by you "
                             "alone (chmod 600 ~/.netrc)";

typedef struct {
    const aj_context *context;
    const char *program, *url;
    ajp_sampler *poller;
    char *page;
    pthread_mutex_t mutex; /* around what follows */
    aj_status status;
    aj_error why;
    double watts, answered_seconds;
} server;

static server *server_of(const aj_meter *meter)
{
    return meter->states[AJP_ROW_redfish];
}

static void close_server(aj_meter *meter)
{
    server *s = server_of(meter);
    if (s == NULL) return;
    ajp_sampler_stop(s->poller);
    pthread_mutex_destroy(&s->mutex);
    ajp_free(s->context, s->page);
    ajp_free(s->context, s);
    meter->states[AJP_ROW_redfish] = NULL;
}

static double number_in(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* The first entry that says it is that of the whole; further ones are parts of it. */
static double watts_in(const json_t *page)
{
    const json_t *controls = json_object_get(page, "PowerControl");
    for (size_t i = 0; i < json_array_size(controls); i++) {
        double watts = number_in(json_array_get(controls, i), "PowerConsumedWatts");
        if (!isnan(watts)) return watts;
    }
    return number_in(json_object_get(page, "PowerWatts"), "Reading");
}

static aj_status ask(server *s, double *watts, aj_error *err)
{
    AJ_TRY(ajp_fetch(s->program, s->url, most_seconds, s->page, PAGE_SIZE, err));
    json_t *page = json_loads(s->page, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(page)) {
        json_decref(page);
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: is no object of JSON", s->url);
    }
    *watts = watts_in(page);
    json_decref(page);
    if (*watts >= 0 && *watts < 1e9) return AJ_OK;
    return ajp_fail(err, AJ_UNSUPPORTED, 0,
                    "%s: no PowerConsumedWatts and no PowerWatts; give the address of a Power or "
                    "EnvironmentMetrics resource, such as https://HOST/redfish/v1/Chassis/1/Power",
                    s->url);
}

static void poll_server(void *user)
{
    server *s = user;
    double watts = NAN;
    aj_error why = {AJ_OK, 0, ""};
    aj_status st = ask(s, &watts, &why);
    pthread_mutex_lock(&s->mutex);
    s->status = st;
    s->why = why;
    if (st == AJ_OK) {
        s->watts = watts;
        s->answered_seconds = ajp_now_seconds();
    }
    pthread_mutex_unlock(&s->mutex);
}

/* An answer that failed is forgiven while the one before is young. */
static aj_status read_power(const aj_meter *meter, ajp_zone *zone, uint64_t *raw, aj_error *err)
{
    server *s = server_of(meter);
    pthread_mutex_lock(&s->mutex);
    bool young = ajp_now_seconds() - s->answered_seconds <= believe_for_seconds;
    aj_status st = young ? AJ_OK : s->status != AJ_OK ? s->status : AJ_IO;
    if (young) *raw = (uint64_t)(s->watts * 1000 + 0.5);
    aj_error why = s->why;
    pthread_mutex_unlock(&s->mutex);
    if (st == AJ_OK) return st;
    return ajp_fail(err, st, why.system_errno, "%s: %s", zone->name,
                    why.message[0] != '\0' ? why.message : "no answer for half a minute");
}

/* A password in the address could be read by everybody in the list of processes. */
static aj_status check_url(const char *url, aj_error *err)
{
    if (url == NULL)
        return ajp_fail(err, AJ_NOT_FOUND, 0,
                        "redfish: no address; give that of the server's Power resource (--redfish "
                        "https://HOST/redfish/v1/Chassis/1/Power)");
    const char *host = strncmp(url, "https://", 8) == 0  ? url + 8
                       : strncmp(url, "http://", 7) == 0 ? url + 7
                                                         : NULL;
    if (host == NULL)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "redfish: '%.60s' is no https:// address", url);
    for (const char *at = url; *at != '\0'; at++)
        if (!isgraph((unsigned char)*at))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "redfish: a blank or control character in the address");
    if (memchr(host, '@', strcspn(host, "/")) != NULL)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "redfish: the address holds a name or password, which everybody on this machine "
                        "could read; put them into ~/.netrc (chmod 600)");
    return AJ_OK;
}

static aj_status begin(server *s, aj_error *err)
{
    s->page = ajp_alloc(s->context, PAGE_SIZE);
    if (s->page == NULL) return ajp_no_memory(err, "redfish");
    poll_server(s);
    if (s->status == AJ_OK) return AJ_OK;
    aj_status st = s->status == AJ_NOT_FOUND ? AJ_UNSUPPORTED : s->status; /* the program, not the server */
    return ajp_fail(err, st, s->why.system_errno, "redfish: %s", s->why.message);
}

static aj_status scan(aj_meter *meter, aj_error *err)
{
    AJ_TRY(check_url(meter->tree.redfish_url, err));
    server *s = ajp_calloc(meter->context, 1, sizeof *s);
    if (s == NULL) return ajp_no_memory(err, "redfish");
    s->context = meter->context;
    s->program = meter->tree.curl_program;
    s->url = meter->tree.redfish_url;
    s->answered_seconds = -INFINITY;
    pthread_mutex_init(&s->mutex, NULL);
    meter->states[AJP_ROW_redfish] = s;
    AJ_TRY(begin(s, err));
    ajp_zone *zone =
        ajp_zone_add(meter, &ajp_meter_redfish, "node", "", AJ_ZONE_PLATFORM, AJ_ZONE_ROLE_COVERS);
    if (zone == NULL) return ajp_no_memory(err, "redfish");
    zone->unit_watts = 1e-3;
    zone->lag_seconds = renewed_seconds;
    zone->error_ratio = assumed_error_ratio;
    double period = meter->tree.redfish_seconds > 0 ? meter->tree.redfish_seconds : ask_every_seconds;
    return ajp_sampler_start(&s->poller, s->context, period, poll_server, s, err);
}

const ajp_meter_ops ajp_meter_redfish = {
    .name = "redfish",
    .about = "the whole server, from its management controller over the network; opened only when asked for",
    .tried = "stub program",
    .on_request = true,
    .scan = scan,
    .read = read_power,
    .close = close_server,
    .denied = denied,
};

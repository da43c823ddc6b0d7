/* ipmi.c: what a server's management controller says that the whole machine draws.
 *
 * The command "Get Power Reading" of DCMI 1.5 (section 6.6.1), through the kernel's /dev/ipmi0.  The
 * controller takes a fraction of a second to answer: it is asked once a second, and its answer is picked up
 * at a later sample, so that no sample waits.  Only opened when it is asked for by name: every question goes
 * over a slow bus that the machine's own management needs as well. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "meter_ops.h"

enum {
    GROUP_REQUEST = 0x2c, /* network function "group extension" */
    GET_POWER_READING = 0x02,
    DCMI = 0xdc,
    SYSTEM_POWER = 0x01, /* the statistics of the whole system */
    DONE = 0x00,
    BUSY = 0xc0,
    INVALID_COMMAND = 0xc1,
    NO_PRIVILEGE = 0xd4,
    /* completion, group, watts: now, least, most, mean (2 bytes each), time (4), period (4), state */
    ANSWER_SIZE = 19,
    STATE_AT = 18,
    ACTIVE = 0x40,
    FIRST_WAIT_MILLISECONDS = 2000,
};
static const double ask_every_seconds = 1, answer_within_seconds = 5, believe_for_seconds = 15;
/* Neither is said by the standard.  Controllers renew their number every 1 to 60 s; that they are off by
 * several percent is an assumption. */
static const double renewed_seconds = 60, assumed_error_ratio = 0.05;

static const char denied[] =
    "only root may talk to the management controller, because it can also switch the machine off and change "
    "its settings: run as root, or trust a group with all of that: sudo chgrp GROUP /dev/ipmi0 && sudo chmod "
    "g+rw /dev/ipmi0";

typedef struct {
    int fd;
    bool waiting;
    long id;
    double asked_seconds, answered_seconds;
    bool answered;
    aj_status status; /* of the latest answer */
    uint64_t watts;
    uint8_t code;
} controller;

static controller *controller_of(const aj_meter *meter)
{
    return meter->states[AJP_ROW_ipmi];
}

static void close_controller(aj_meter *meter)
{
    controller *c = controller_of(meter);
    if (c == NULL) return;
    ajp_tree_close(&c->fd);
    ajp_free(meter->context, c);
    meter->states[AJP_ROW_ipmi] = NULL;
}

static void ask(controller *c, const ajp_ipmi_io *io, double now_seconds)
{
    static const uint8_t request[] = {DCMI, SYSTEM_POWER, 0, 0};
    c->asked_seconds = now_seconds;
    c->waiting =
        io->send(io->user, c->fd, ++c->id, GROUP_REQUEST, GET_POWER_READING, request, sizeof request) == 0;
}

static aj_status status_of(controller *c, const uint8_t *data, size_t n)
{
    c->code = n > 0 ? data[0] : BUSY;
    if (c->code == INVALID_COMMAND) return AJ_UNSUPPORTED;
    if (c->code == NO_PRIVILEGE) return AJ_DENIED;
    if (c->code != DONE) return AJ_IO;
    if (n < ANSWER_SIZE || data[1] != DCMI) return AJ_CORRUPT;
    c->watts = (uint64_t)data[2] | (uint64_t)data[3] << 8;
    return (data[STATE_AT] & ACTIVE) != 0 ? AJ_OK : AJ_UNSUPPORTED;
}

/* Takes the answer, if it has come; others (events, late ones) are dropped. */
static void listen_for(controller *c, const ajp_ipmi_io *io, int wait_milliseconds, double now_seconds)
{
    uint8_t data[64];
    long id;
    size_t n;
    while (c->waiting && io->receive(io->user, c->fd, wait_milliseconds, &id, data, sizeof data, &n) == 0) {
        if (id != c->id) continue;
        c->waiting = false;
        c->answered = true;
        c->answered_seconds = now_seconds;
        c->status = status_of(c, data, n);
    }
    if (now_seconds - c->asked_seconds > answer_within_seconds) c->waiting = false;
}

static aj_status read_power(const aj_meter *meter, ajp_zone *zone, uint64_t *raw, aj_error *err)
{
    controller *c = controller_of(meter);
    const ajp_ipmi_io *io = meter->tree.ipmi;
    double now = meter->tree.now_seconds(meter->tree.user);
    listen_for(c, io, c->answered ? 0 : FIRST_WAIT_MILLISECONDS, now);
    if (!c->waiting && now - c->asked_seconds >= ask_every_seconds) ask(c, io, now);
    if (!c->answered || now - c->answered_seconds > believe_for_seconds)
        return ajp_fail(err, AJ_IO, 0, "%s: the management controller does not answer", zone->name);
    if (c->status == AJ_OK) {
        *raw = c->watts;
        return AJ_OK;
    }
    return ajp_fail(err, c->status, 0, "%s: %s (completion code 0x%02x)", zone->name,
                    c->status == AJ_UNSUPPORTED ? "the management controller does not measure power"
                                                : "the management controller does not say the power",
                    c->code);
}

static aj_status scan(aj_meter *meter, aj_error *err)
{
    const ajp_ipmi_io *io = meter->tree.ipmi;
    controller *c = ajp_calloc(meter->context, 1, sizeof *c);
    if (c == NULL) return ajp_no_memory(err, "ipmi");
    c->fd = -1;
    meter->states[AJP_ROW_ipmi] = c;
    int error = io != NULL ? io->open(io->user, &c->fd) : ENOENT;
    if (error == EACCES || error == EPERM)
        return ajp_fail(err, AJ_DENIED, error, "ipmi: /dev/ipmi0: %s", denied);
    if (error != 0)
        return ajp_fail(err, AJ_NOT_FOUND, error,
                        "ipmi: no /dev/ipmi0; only servers have a management controller; on one of your own: "
                        "sudo modprobe ipmi_si && sudo modprobe ipmi_devintf");
    ajp_zone *zone = ajp_zone_add(meter, &ajp_meter_ipmi, "node", "", AJ_ZONE_PLATFORM, AJ_ZONE_ROLE_COVERS);
    if (zone == NULL) return ajp_no_memory(err, "ipmi");
    zone->unit_watts = 1;
    zone->lag_seconds = renewed_seconds;
    zone->error_ratio = assumed_error_ratio;
    ask(c, io, meter->tree.now_seconds(meter->tree.user));
    return AJ_OK;
}

const ajp_meter_ops ajp_meter_ipmi = {
    .name = "ipmi",
    .about = "the whole server, from its management controller (DCMI); opened only when asked for",
    .tried = "injected answers",
    .on_request = true,
    .scan = scan,
    .read = read_power,
    .close = close_controller,
    .denied = denied,
};

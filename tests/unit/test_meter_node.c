/* test_meter_node.c: the management controller of a server: over the machine's own bus (injected answers) and
 * over the network (a stub of the program curl). [threads] */
#include <fcntl.h>
#include <pthread.h>
#include <time.h>

#include "meter/fetch.h"
#include "meter_tree.h"

/* ---- ipmi ------------------------------------------------------------------------------------------ */

typedef struct {
    meter_tree t;
    ajp_ipmi_io io;
    int open_error, send_error;
    int code;        /* completion code of the answers; -1: none comes */
    int size, state; /* of the answers */
    unsigned watts;
    double delay; /* seconds until an answer comes */
    int foreign;  /* so many other messages come first */
    long id;
    double sent_at;
    int n_sent;
} bed;

static int open_bus(void *user, int *fd)
{
    bed *b = user;
    if (b->open_error != 0) return b->open_error;
    *fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return 0;
}

static int send_bus(void *user, int fd, long id, uint8_t function, uint8_t command, const uint8_t *data,
                    size_t size)
{
    bed *b = user;
    (void)fd;
    CHECK(function == 0x2c && command == 0x02);
    CHECK(size == 4 && data[0] == 0xdc && data[1] == 1 && data[2] == 0 && data[3] == 0);
    b->id = id;
    b->sent_at = b->t.now_seconds;
    b->n_sent++;
    return b->send_error;
}

static int receive_bus(void *user, int fd, int wait_milliseconds, long *id, uint8_t *data, size_t size,
                       size_t *n)
{
    bed *b = user;
    (void)fd;
    if (b->foreign > 0) {
        b->foreign--;
        *id = -1;
        *n = 0;
        return 0;
    }
    if (b->code < 0 || (b->t.now_seconds - b->sent_at < b->delay && wait_milliseconds == 0)) return EAGAIN;
    CHECK(size >= 19);
    memset(data, 0xee, size);
    data[0] = (uint8_t)b->code;
    data[1] = 0xdc;
    data[2] = (uint8_t)(b->watts & 255);
    data[3] = (uint8_t)(b->watts >> 8);
    data[18] = (uint8_t)b->state;
    *id = b->id;
    *n = (size_t)b->size;
    return 0;
}

static void begin(bed *b)
{
    memset(b, 0, sizeof *b);
    meter_tree_begin(&b->t);
    b->io = (ajp_ipmi_io){open_bus, send_bus, receive_bus, b};
    b->t.tree.ipmi = &b->io;
    b->size = 19;
    b->state = 0x40;
    b->watts = 700;
}

/* 700 W for 5 s, a ramp to 900 W in 1 s, 900 W for 4 s; asked once a second, however often it is sampled. */
static void bus(void)
{
    bed b;
    aj_error err;
    begin(&b);
    b.delay = 0.25;
    b.foreign = 3;
    aj_meter *meter = meter_tree_start(&b.t, "ipmi");
    int n_before = b.n_sent;
    for (int i = 1; i <= 100; i++) {
        if (i == 51) b.watts = 900;
        b.t.now_seconds += 0.1;
        CHECK_OK(aj_meter_sample(meter, &err), err);
    }
    CHECK(b.n_sent - n_before >= 9 && b.n_sent - n_before <= 11);
    aj_reading reading = meter_tree_stop(meter);
    aj_zone_reading node = meter_tree_get(meter, "node");
    CHECK_INT(node.role, AJ_ZONE_ROLE_COVERS);
    CHECK_INT(node.kind, AJ_ZONE_PLATFORM);
    CHECK(node.energy_joules.value > 7000 + 4 * 200 && node.energy_joules.value < 7000 + 5 * 200);
    /* It covers the machine: beside the sum of the parts, which is not known and not 0. */
    CHECK(isnan(reading.energy_joules.value));
    CHECK_CLOSE(reading.platform_joules, node.energy_joules.value, 1e-12);
    /* 5 % of it, and a minute's lag at 200 W that were seen to differ. */
    CHECK_CLOSE(node.high_joules - node.energy_joules.value, 0.05 * node.energy_joules.value + 60 * 200,
                1e-9);
    CHECK(node.low_joules == 0);
    aj_meter_close(meter);
}

/* Never by itself; beside the others when asked for. */
static void on_request(void)
{
    bed b;
    aj_error err;
    aj_meter *meter = NULL;
    begin(&b);
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, NULL, &b.t.tree, &err), AJ_NOT_FOUND);
    meter_tree_zone(&b.t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    meter = meter_tree_start(&b.t, NULL);
    CHECK_INT(b.n_sent, 0);
    aj_meter_close(meter);
    static const char *const lists[] = {"+ipmi", "powercap,ipmi", "ipmi,powercap"};
    for (int i = 0; i < 3; i++) {
        meter_tree_count(&b.t, "intel-rapl:0", 0);
        meter = meter_tree_start(&b.t, lists[i]);
        meter_tree_count(&b.t, "intel-rapl:0", 300000000);
        b.t.now_seconds += 1;
        aj_reading reading = meter_tree_stop(meter);
        CHECK_CLOSE(reading.energy_joules.value, 300, 1e-12);
        CHECK_CLOSE(reading.platform_joules, 700, 1e-12);
        aj_meter_close(meter);
    }
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, "+ipmi,nix", &b.t.tree, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "'nix'");
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, "powercap,", &b.t.tree, &err), AJ_BAD_ARGUMENT);
    b.open_error = ENOENT;
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, "+ipmi", &b.t.tree, &err), AJ_NOT_FOUND);
    CHECK(meter == NULL);
}

static void refuses(bed *b, const char *source, aj_status want, const char *part)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_meter *meter = NULL;
    CHECK_INT(ajp_meter_open_tree(&meter, NULL, source, &b->t.tree, &err), want);
    CHECK_CONTAINS(err.message, source);
    CHECK_CONTAINS(err.message, part);
    CHECK(meter == NULL);
    aj_meter_close(meter);
}

static void bus_refusals(void)
{
    bed b;
    aj_error err;
    begin(&b);
    b.open_error = EACCES;
    refuses(&b, "ipmi", AJ_DENIED, "switch the machine off");
    b.open_error = ENOENT;
    refuses(&b, "ipmi", AJ_NOT_FOUND, "modprobe ipmi_devintf");
    b.open_error = 0;
    b.code = 0xc1;
    refuses(&b, "ipmi", AJ_UNSUPPORTED, "does not measure power");
    b.code = 0xd4;
    refuses(&b, "ipmi", AJ_DENIED, "switch the machine off");
    b.code = 0xff;
    refuses(&b, "ipmi", AJ_IO, "0xff");
    b.code = 0;
    b.state = 0;
    refuses(&b, "ipmi", AJ_UNSUPPORTED, "does not measure power");
    b.state = 0x40;
    b.size = 10;
    refuses(&b, "ipmi", AJ_CORRUPT, "does not say");
    b.size = 19;
    b.send_error = EIO;
    b.code = -1;
    refuses(&b, "ipmi", AJ_IO, "does not answer");
    b.send_error = 0;
    refuses(&b, "ipmi", AJ_IO, "does not answer");
    /* Silent for a while: the latest answer holds for a little, then there is a gap. */
    b.code = 0;
    aj_meter *meter = meter_tree_start(&b.t, "ipmi");
    b.t.now_seconds += 1;
    CHECK_OK(aj_meter_sample(meter, &err), err);
    b.code = -1;
    for (int i = 0; i < 30; i++) {
        b.t.now_seconds += 1;
        CHECK_OK(aj_meter_sample(meter, &err), err);
        CHECK_INT(meter_tree_get(meter, "node").status, i < 14 ? AJ_OK : AJ_IO);
    }
    b.code = 0;
    for (int i = 0; i < 7; i++) {
        b.t.now_seconds += 1;
        CHECK_OK(aj_meter_sample(meter, &err), err);
    }
    aj_zone_reading node = meter_tree_get(meter, "node");
    CHECK_INT(node.status, AJ_OK);
    CHECK(node.lower_bound && node.n_gaps == 1 && node.gap_seconds > 10);
    aj_meter_close(meter);
}

/* ---- redfish ----------------------------------------------------------------------------------------- */

static const char url[] = "https://bmc.example/redfish/v1/Chassis/1/Power";

/* A program that prints the page and the code, and keeps what it was told. */
static const char *put_program(const bed *b, const char *page, int code, int exit_status)
{
    static char path[600];
    char text[2000];
    meter_tree_put(&b->t, "page.json", page);
    snprintf(
        text, sizeof text,
        "#!/bin/sh\nprintf '%%s\\n' \"$@\" >'%s/told.new'\nmv '%s/told.new' '%s/told'\ncat '%s/page.json'\n"
        "printf '\\n%03d'\nexit %d\n",
        b->t.tree.root, b->t.tree.root, b->t.tree.root, b->t.tree.root, code, exit_status);
    meter_tree_put(&b->t, "curl.sh", text);
    snprintf(path, sizeof path, "%s/curl.sh", b->t.tree.root);
    chmod(path, 0700);
    return path;
}

static void pages(void)
{
    static const struct {
        const char *page;
        double watts;
    } good[] = {
        {"{\"PowerControl\": [{\"PowerConsumedWatts\": 590, \"PowerCapacityWatts\": 1600}]}", 590},
        {"{\"PowerControl\": [{\"Name\": \"x\", \"PowerConsumedWatts\": null}, {\"PowerConsumedWatts\": "
         "344.5}, {\"PowerConsumedWatts\": 20}]}",
         344.5},
        {"{\"Id\": \"EnvironmentMetrics\", \"PowerWatts\": {\"Reading\": 374, \"Units\": \"W\"}}", 374},
        {"{\"PowerControl\": [{\"PowerConsumedWatts\": 0}]}", 0}};
    bed b;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        begin(&b);
        b.t.tree.redfish_url = url;
        b.t.tree.curl_program = put_program(&b, good[i].page, 200, 0);
        aj_meter *meter = meter_tree_start(&b.t, "redfish");
        b.t.now_seconds += 10;
        aj_reading reading = meter_tree_stop(meter);
        CHECK_CLOSE(reading.platform_joules, 10 * good[i].watts, 1e-12);
        CHECK_INT(meter_tree_get(meter, "node").role, AJ_ZONE_ROLE_COVERS);
        aj_meter_close(meter);
    }
    /* No shell in between, no password on the command line. */
    char told[1000] = "", path[600];
    snprintf(path, sizeof path, "%s/told", b.t.tree.root);
    FILE *file = fopen(path, "r");
    if (file != NULL) told[fread(told, 1, sizeof told - 1, file)] = '\0';
    if (file != NULL) fclose(file);
    CHECK_CONTAINS(told, "--netrc-optional\n");
    CHECK_CONTAINS(told, "--url\nhttps://bmc.example/redfish/v1/Chassis/1/Power\n");
}

static void page_refusals(void)
{
    static const char plain[] = "{\"PowerControl\": [{\"PowerConsumedWatts\": 590}]}";
    bed b;
    begin(&b);
    refuses(&b, "redfish", AJ_NOT_FOUND, "--redfish");
    b.t.tree.redfish_url = "ftp://bmc/";
    refuses(&b, "redfish", AJ_BAD_ARGUMENT, "https://");
    b.t.tree.redfish_url = "https://root:calvin@bmc/redfish";
    refuses(&b, "redfish", AJ_BAD_ARGUMENT, "~/.netrc");
    b.t.tree.redfish_url = "https://bmc/red fish";
    refuses(&b, "redfish", AJ_BAD_ARGUMENT, "blank");
    b.t.tree.redfish_url = url;
    b.t.tree.curl_program = "/nowhere/curl";
    refuses(&b, "redfish", AJ_UNSUPPORTED, "install curl");
    b.t.tree.curl_program = put_program(&b, "", 401, 0);
    refuses(&b, "redfish", AJ_DENIED, "chmod 600");
    b.t.tree.curl_program = put_program(&b, "nothing here", 404, 0);
    refuses(&b, "redfish", AJ_IO, "404");
    b.t.tree.curl_program = put_program(&b, "curl: (6) Could not resolve host: bmc.example", 0, 6);
    refuses(&b, "redfish", AJ_IO, "Could not resolve host");
    b.t.tree.curl_program = put_program(&b, "<html>", 200, 0);
    refuses(&b, "redfish", AJ_CORRUPT, "JSON");
    b.t.tree.curl_program = put_program(&b, "{\"Name\": \"Chassis\"}", 200, 0);
    refuses(&b, "redfish", AJ_UNSUPPORTED, "PowerConsumedWatts");
    b.t.tree.curl_program = put_program(&b, "{\"PowerControl\": [{\"PowerConsumedWatts\": -4}]}", 200, 0);
    refuses(&b, "redfish", AJ_UNSUPPORTED, "PowerConsumedWatts");
    b.t.tree.curl_program = put_program(&b, plain, 200, 0);
    aj_meter *meter = meter_tree_start(&b.t, "redfish");
    aj_meter_close(meter);
}

/* The thread asks again by itself; a server that is away for a moment is forgiven. */
static void polled(void)
{
    bed b;
    aj_error err;
    begin(&b);
    b.t.tree.redfish_url = url;
    b.t.tree.redfish_seconds = 0.01;
    b.t.tree.curl_program = put_program(&b, "{\"PowerWatts\": {\"Reading\": 100}}", 200, 0);
    aj_meter *meter = meter_tree_start(&b.t, "redfish");
    meter_tree_put(&b.t, "page.new", "{\"PowerWatts\": {\"Reading\": 250}}");
    char from[600], to[600];
    snprintf(from, sizeof from, "%s/page.new", b.t.tree.root);
    snprintf(to, sizeof to, "%s/page.json", b.t.tree.root);
    CHECK_INT(rename(from, to), 0);
    double joules = 0, step = 0;
    for (int i = 0; i < 5000 && step < 249.9; i++) {
        nanosleep(&(struct timespec){0, 2000000}, NULL);
        b.t.now_seconds += 1;
        CHECK_OK(aj_meter_sample(meter, &err), err);
        step = meter_tree_get(meter, "node").energy_joules.value - joules;
        joules += step;
    }
    CHECK_CLOSE(step, 250, 1e-9);
    unlink(to);
    nanosleep(&(struct timespec){0, 50000000}, NULL);
    CHECK_OK(aj_meter_sample(meter, &err), err);
    aj_zone_reading node = meter_tree_get(meter, "node");
    CHECK_INT(node.status, AJ_OK);
    CHECK_CLOSE(node.high_joules - node.energy_joules.value, 0.05 * node.energy_joules.value + 60 * 150,
                1e-9);
    aj_meter_close(meter);
}

/* A program that never ends is killed; one that never stops printing is cut. */
static void hangs(void)
{
    bed b;
    aj_error err = {AJ_OK, 0, ""};
    char path[600], text[1000];
    begin(&b);
    snprintf(path, sizeof path, "%s/curl.sh", b.t.tree.root);
    meter_tree_put(&b.t, "curl.sh", "#!/bin/sh\nexec sleep 60\n");
    chmod(path, 0700);
    CHECK_INT(ajp_fetch(path, url, 0.05, text, sizeof text, &err), AJ_IO);
    CHECK_CONTAINS(err.message, "no answer within");
    meter_tree_put(&b.t, "curl.sh", "#!/bin/sh\nexec >&- 2>&- <&-\nexec sleep 60\n");
    chmod(path, 0700);
    CHECK_INT(ajp_fetch(path, url, 5, text, sizeof text, &err), AJ_IO);
    meter_tree_put(&b.t, "curl.sh", "#!/bin/sh\nexec yes\n");
    chmod(path, 0700);
    CHECK_INT(ajp_fetch(path, url, 5, text, sizeof text, &err), AJ_IO);
}

int main(void)
{
    bus();
    on_request();
    bus_refusals();
    pages();
    page_refusals();
    polled();
    hangs();
    fixture_remove();
    return check_report();
}

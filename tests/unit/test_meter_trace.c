/* test_meter_trace.c: traces as they are written and read: sums, marks, thinning, torn ends, full disks.
 * [threads] */
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "meter_tree.h"

typedef struct {
    meter_tree t;
    aj_meter *meter;
    aj_trace *trace;
    double joules[2];
    const char *path;
} bed;

static void put_busy(const bed *b, long ticks)
{
    char text[200];
    snprintf(text, sizeof text, "cpu  %ld 0 0 99999 7777 0 0 0 0 0\ncpu0 1 2 3 4\n", ticks);
    meter_tree_put(&b->t, "proc/stat", text);
}

static void put_process(const bed *b, long ticks)
{
    char text[300];
    snprintf(text, sizeof text, "100 (a) S 1 1 1 0 -1 4194304 9 9 9 9 %ld 0 0 0 20 0 1 0 5 99 9\n", ticks);
    meter_tree_put(&b->t, "proc/100/stat", text);
    meter_tree_put(&b->t, "proc/100/task/100/children", "");
}

static void begin(bed *b, const char *name, bool divide)
{
    aj_error err;
    memset(b, 0, sizeof *b);
    meter_tree_begin(&b->t);
    meter_tree_zone(&b->t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    meter_tree_zone(&b->t, "intel-rapl:0:0", "core", INTEL_RANGE, 0);
    meter_tree_zone(&b->t, "intel-rapl:0:1", "dram", INTEL_RANGE, 0);
    put_busy(b, 0);
    put_process(b, 0);
    char proc[400];
    snprintf(proc, sizeof proc, "%s/proc", b->t.tree.root);
    CHECK_OK(ajp_meter_open_tree(&b->meter, NULL, NULL, &b->t.tree, &err), err);
    if (divide) CHECK_OK(ajp_meter_follow(b->meter, proc, &(ajp_followed){100, NULL}, &err), err);
    CHECK_OK(aj_meter_start(b->meter, &err), err);
    b->path = fixture_path(name);
    aj_trace_options options = AJ_TRACE_OPTIONS_INIT;
    options.uid = "00112233445566778899aabbccddeeff";
    options.host = "n1";
    CHECK_OK(aj_trace_open(&b->trace, NULL, b->path, b->meter, &options, &err), err);
    if (b->trace == NULL) exit(1);
}

static void spend(bed *b, double package, double dram)
{
    b->joules[0] += package;
    b->joules[1] += dram;
    meter_tree_count(&b->t, "intel-rapl:0", (uint64_t)llround(b->joules[0] * 1e6));
    meter_tree_count(&b->t, "intel-rapl:0:0", (uint64_t)llround(b->joules[0] * 0.5e6));
    meter_tree_count(&b->t, "intel-rapl:0:1", (uint64_t)llround(b->joules[1] * 1e6));
}

static void tick(bed *b, double seconds)
{
    aj_error err;
    b->t.now_seconds += seconds;
    CHECK_OK(aj_meter_sample(b->meter, &err), err);
    CHECK_OK(aj_trace_sample(b->trace, &err), err);
}

static void say(bed *b, const char *lines)
{
    aj_error err;
    CHECK_OK(aj_trace_feed(b->trace, lines, strlen(lines), &err), err);
}

static aj_trace_record get(const char *path)
{
    aj_trace_record record;
    aj_error err;
    CHECK_OK(aj_trace_read(&record, path, &err), err);
    return record;
}

static void same_phase(const aj_phase *a, const aj_phase *b)
{
    CHECK_STRING(a->name, b->name);
    CHECK_INT(a->n, b->n);
    CHECK_INT(a->open, b->open);
    CHECK_NEAR(a->duration_seconds, b->duration_seconds, 1e-9);
    CHECK_NEAR(a->energy_joules.value, b->energy_joules.value, 1e-9);
    CHECK_NEAR(a->low_joules, b->low_joules, 1e-9);
    CHECK_NEAR(a->high_joules, b->high_joules, 1e-9);
    CHECK((isnan(a->attributed_joules) && isnan(b->attributed_joules)) ||
          fabs(a->attributed_joules - b->attributed_joules) < 1e-9);
    CHECK((isnan(a->flops) && isnan(b->flops)) || a->flops == b->flops);
}

/* A training of 4 epochs, 3 done: what was written is what is read, phase by phase. */
static void whole(void)
{
    bed b;
    aj_error err;
    begin(&b, "whole.trace", false);
    double started = (double)time(NULL);
    for (int i = 0; i < 10; i++) {
        spend(&b, 1, 0.5);
        tick(&b, 0.1);
    }
    say(&b, "epoch 0 of 4\nbegin train\n");
    for (int k = 1; k <= 3; k++) {
        for (int i = 0; i < 20; i++) {
            spend(&b, 2 + 0.1 * k, 0.2);
            tick(&b, 0.1);
        }
        char lines[100];
        snprintf(lines, sizeof lines, "flops 1e9\naccuracy 0.%d\nepoch %d of 4\n", 5 + k, k);
        say(&b, lines);
    }
    b.t.suspended_seconds += 3600;
    spend(&b, 1, 0);
    aj_trace_state state;
    aj_phase live;
    aj_trace_now(b.trace, &state);
    CHECK_INT(state.n_marks, 11);
    CHECK_STRING(state.phase, "train");
    CHECK(state.n_epochs_done == 3 && state.n_epochs == 4 && state.flops == 3e9);
    CHECK_CLOSE(state.accuracy_ratio, 0.8, 1e-12);
    /* Epochs of 46, 48 and 50 J after 15 J. */
    CHECK_CLOSE(state.joules.value, 15 + 4 * 48, 1e-9);
    CHECK_CLOSE(state.joules.high - state.joules.value, 4.3026527 * 2 * sqrt(1.0 / 3 + 1), 1e-6);
    CHECK_CLOSE(state.seconds.value, 1 + 4 * 2, 1e-9);
    CHECK_OK(aj_trace_phase(b.trace, 0, &live, &err), err);
    CHECK_INT(aj_trace_phase(b.trace, 1, &live, &err), AJ_NOT_FOUND);
    CHECK_OK(aj_trace_phase(b.trace, 0, &live, &err), err);
    b.t.now_seconds += 1;
    aj_reading reading = meter_tree_stop(b.meter);
    CHECK_OK(aj_trace_close(b.trace, &reading, &err), err);
    aj_trace_record r = get(b.path);
    CHECK_STRING(r.uid, "00112233445566778899aabbccddeeff");
    CHECK_STRING(r.host, "n1");
    CHECK_CONTAINS(r.tool, "attojoule");
    CHECK_NEAR(r.started_unix_seconds, started, 5);
    CHECK_INT(r.n_zones, 3);
    CHECK_STRING(r.zones[0].name, "package-0");
    CHECK_STRING(r.zones[0].source, "powercap");
    CHECK_INT(r.zones[1].role, AJ_ZONE_ROLE_PART);
    CHECK_STRING(r.zones[1].parent, "package-0");
    CHECK_INT(r.zones[2].kind, AJ_ZONE_DRAM);
    CHECK_INT(r.n_events, 11);
    CHECK(r.ended);
    const aj_trace_point *last = &r.points[r.n_points - 1];
    CHECK_CLOSE(last->joules, b.joules[0] + b.joules[1], 1e-9);
    CHECK_CLOSE(last->zone_joules[1], b.joules[0] * 0.5, 1e-6);
    CHECK_CLOSE(last->own_joules, last->joules, 1e-12);
    CHECK(isnan(last->attributed_joules) && isnan(last->tree_cpu_seconds));
    CHECK_CLOSE(last->unix_seconds - r.started_unix_seconds, 8 + 3600, 1e-9);
    CHECK_CLOSE(r.reading.energy_joules.value, reading.energy_joules.value, 1e-15);
    CHECK_CLOSE(r.reading.duration_seconds, 8, 1e-9);
    CHECK_INT(r.reading.covers, reading.covers);
    CHECK(isnan(r.reading.energy_joules.stddev) && isnan(r.reading.attributed_joules.value));
    CHECK_INT(r.n_phases, 1);
    CHECK(r.phases[0].open);
    CHECK_CLOSE(r.phases[0].energy_joules.value, live.energy_joules.value + 1, 1e-9);
    CHECK_CLOSE(r.state.joules.value, state.joules.value, 1e-9);
    CHECK_CLOSE(r.state.joules.low, state.joules.low, 1e-9);
    CHECK(r.state.n_epochs_done == 3 && r.state.flops == 3e9);
    CHECK_STRING(r.state.phase, "train");
    /* The event of epoch 2: sums and FLOPs at that moment. */
    CHECK_INT(r.events[7].marker.kind, AJ_MARK_EPOCH);
    CHECK_CLOSE(r.events[7].joules, 15 + 46 + 48, 1e-9);
    CHECK_CLOSE(r.events[7].seconds, 5, 1e-9);
    CHECK(r.events[7].flops == 2e9);
    aj_trace_record_destroy(&r);
    aj_meter_close(b.meter);
}

/* A tree with half of the CPU time: its share, GPUs apart, and the same phases live and read. */
static void divided(void)
{
    bed b;
    aj_error err;
    aj_phase live[3];
    begin(&b, "divided.trace", true);
    long ticks = sysconf(_SC_CLK_TCK);
    for (int i = 1; i <= 40; i++) {
        spend(&b, 3, 1);
        put_busy(&b, i * ticks / 10);
        put_process(&b, i * ticks / 20);
        if (i % 10 == 0) say(&b, i % 20 == 0 ? "end b\nmark m\n" : "begin b\n");
        tick(&b, 0.1);
    }
    say(&b, "begin c\n");
    static const char *const names[] = {"b", "m", "c"};
    for (size_t i = 0; i < 3; i++) {
        CHECK_OK(aj_trace_phase(b.trace, i, &live[i], &err), err);
        CHECK_STRING(live[i].name, names[i]);
        live[i].name = names[i];
    }
    aj_reading reading = meter_tree_stop(b.meter);
    CHECK_OK(aj_trace_close(b.trace, &reading, &err), err);
    aj_trace_record r = get(b.path);
    const aj_trace_point *last = &r.points[r.n_points - 1];
    CHECK_CLOSE(reading.attributed_joules.value, 80, 1e-9);
    CHECK_CLOSE(last->attributed_joules, 80, 1e-9);
    CHECK_CLOSE(last->own_joules, 80, 1e-9);
    CHECK(last->idle_joules == 0);
    CHECK_CLOSE(last->tree_cpu_seconds, 2, 1e-9);
    CHECK_CLOSE(last->busy_cpu_seconds, 4, 1e-9);
    CHECK_CLOSE(r.reading.others_joules, 80, 1e-9);
    CHECK_INT(r.n_phases, 3);
    for (size_t i = 0; i < 2 && i < r.n_phases; i++) same_phase(&live[i], &r.phases[i]); /* c went on */
    CHECK(r.phases[2].open && isnan(live[2].attributed_joules)); /* shorter than CPU time is divided */
    aj_trace_record_destroy(&r);
    aj_meter_close(b.meter);
}

/* Ten samples a second for two hours, then one a minute for a day: thinned, and the sums are right at any
 * sample. */
static void thinning(void)
{
    bed b;
    aj_error err;
    begin(&b, "thin.trace", false);
    for (int i = 0; i < 72000; i++) {
        b.t.now_seconds += 0.1;
        if (i % 100 == 99) {
            spend(&b, 100, 10);
            CHECK_OK(aj_meter_sample(b.meter, &err), err);
        }
        CHECK_OK(aj_trace_sample(b.trace, &err), err);
    }
    for (int i = 0; i < 1440; i++) tick(&b, 60);
    CHECK_OK(aj_trace_close(b.trace, NULL, &err), err);
    aj_trace_record r = get(b.path);
    CHECK(r.n_points > 1440 &&
          r.n_points <= 720 + 1440 + 2); /* a sample that is there is not written twice */
    CHECK(r.ended);
    CHECK_CLOSE(r.duration_seconds, 7200 + 86400, 1e-9);
    CHECK_CLOSE(r.reading.energy_joules.value, 79200, 1e-9); /* from the last sample: no reading was given */
    for (size_t i = 1; i < r.n_points; i++) {
        double before = fmin(r.points[i].seconds, 7200);
        CHECK_NEAR(r.points[i].joules, before * 11, 1e-3);
    }
    aj_trace_record_destroy(&r);
    aj_meter_close(b.meter);
}

static size_t file_size(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (size_t)info.st_size : 0;
}

/* A killed meter: cut anywhere, what came before is read, and nothing else. */
static void torn(void)
{
    bed b;
    aj_error err;
    begin(&b, "torn.trace", true);
    for (int i = 0; i < 30; i++) {
        spend(&b, 1, 1);
        tick(&b, 1);
        if (i % 7 == 0) say(&b, "mark seven\n");
    }
    size_t size = file_size(b.path);
    char *text = calloc(1, size + 1);
    FILE *file = fopen(b.path, "r");
    if (text == NULL || file == NULL || fread(text, 1, size, file) != size) exit(1);
    fclose(file);
    size_t header = strcspn(text, "\n") + 1, points = 0;
    aj_trace_record r;
    CHECK_INT(aj_trace_read_bytes(&r, text, header - 1, "cut", &err), AJ_CORRUPT);
    CHECK_CONTAINS(err.message, "cut");
    CHECK_INT(aj_trace_read_bytes(&r, text, 0, "cut", &err), AJ_CORRUPT);
    for (size_t n = header; n <= size; n = n + 1 + n % 13 < size || n == size ? n + 1 + n % 13 : size) {
        CHECK_OK(aj_trace_read_bytes(&r, text, n, "cut", &err), err);
        CHECK(!r.ended && r.n_points >= points);
        CHECK(r.reading.lower_bound);
        points = r.n_points;
        if (points > 0) CHECK_CLOSE(r.reading.duration_seconds, r.points[points - 1].seconds, 1e-12);
        aj_trace_record_destroy(&r);
    }
    CHECK_INT(points, 31);
    free(text);
    CHECK_OK(aj_trace_close(b.trace, NULL, &err), err);
    /* Never overwritten. */
    aj_trace *other = NULL;
    CHECK_INT(aj_trace_open(&other, NULL, b.path, b.meter, NULL, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "torn.trace");
    CHECK(other == NULL);
    aj_meter_close(b.meter);
}

/* Cut anywhere on its way, with lines that are none between. */
static void feeding(void)
{
    static const char text[] = "mark a\nnonsense\n\n  \nbegin b\nepoch 1 of 3\nend z\nend b\nmark tail";
    aj_error err;
    char overlong[1300];
    for (size_t step = 1; step < sizeof text; step++) {
        aj_trace *trace = NULL;
        aj_trace_state state;
        CHECK_OK(aj_trace_open(&trace, NULL, NULL, NULL, NULL, &err), err);
        for (size_t at = 0; at < sizeof text - 1; at += step)
            CHECK_OK(aj_trace_feed(trace, text + at, ajp_min_size(step, sizeof text - 1 - at), &err), err);
        aj_trace_now(trace, &state);
        CHECK_INT(state.n_marks, 4);
        CHECK_OK(aj_trace_feed(trace, NULL, 0, &err), err);
        aj_trace_now(trace, &state);
        CHECK_INT(state.n_marks, 5);
        CHECK_INT(state.n_ignored, 2);
        CHECK_STRING(state.ignored, "nonsense");
        CHECK(state.phase == NULL && state.n_epochs_done == 1 && isnan(state.joules.value));
        CHECK_OK(aj_trace_sample(trace, &err), err);
        CHECK_OK(aj_trace_close(trace, NULL, &err), err);
    }
    aj_trace *trace = NULL;
    aj_trace_state state;
    memset(overlong, 'm', sizeof overlong);
    overlong[sizeof overlong - 1] = '\n';
    CHECK_OK(aj_trace_open(&trace, NULL, NULL, NULL, NULL, &err), err);
    CHECK_OK(aj_trace_feed(trace, overlong, sizeof overlong, &err), err);
    CHECK_OK(aj_trace_feed(trace, "mark a\nma\0rk b\n", 15, &err), err);
    aj_trace_now(trace, &state);
    CHECK_INT(state.n_marks, 1);
    CHECK_INT(state.n_ignored, 2);
    CHECK_OK(aj_trace_close(trace, NULL, &err), err);
}

/* Epochs reported late, a second training, no N. */
static void epochs(void)
{
    static const struct {
        const char *line;
        double joules, expected, seconds;
        bool interval;
    } steps[] = {
        {"epoch 5 of 20\n", 10, 10 + 15 * 10, 1, false}, /* resumed: the first one seen is one epoch */
        {"epoch 6 of 20\n", 12, 22 + 14 * 11, 1, true},
        {"epoch 8 of 20\n", 22, 44 + 12 * 11, 2, false}, /* two at once: no interval any more */
        {"epoch 1 of 2\n", 6, 44 + 12, 1, false},        /* another training */
        {"epoch 2 of 2\n", 8, 44 + 14, 1, true},
        {"epoch 3\n", 8, NAN, 1, false},
    };
    bed b;
    aj_trace_state state;
    begin(&b, "epochs.trace", false);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        spend(&b, steps[i].joules, 0);
        b.t.now_seconds += steps[i].seconds;
        say(&b, steps[i].line);
        aj_trace_now(b.trace, &state);
        if (isnan(steps[i].expected))
            CHECK(isnan(state.joules.value));
        else
            CHECK_CLOSE(state.joules.value, steps[i].expected, 1e-9);
        CHECK(isnan(state.joules.low) != steps[i].interval);
    }
    aj_error err;
    CHECK_OK(aj_trace_close(b.trace, NULL, &err), err);
    aj_meter_close(b.meter);
}

/* A disk that is full from the start, and traces that are no traces. */
static void bad(void)
{
    static const struct {
        const char *text, *word;
    } files[] = {
        {"", "first line"},
        {"hello\n", "JSON"},
        {"[]\n", "object"},
        {"{}\n", "attojoule_trace"},
        {"{\"attojoule_trace\": 1}\n", "zones"},
        {"{\"attojoule_trace\": 1, \"zones\": [{}]}\n", "zone"},
        {"{\"attojoule_trace\": 1, \"zones\": []}\n{\"seconds\": \"1\"}\n", "line 2: seconds"},
        {"{\"attojoule_trace\": 1, \"zones\": []}\n{\"seconds\": 2}\n{\"seconds\": 1}\n", "go back"},
        {"{\"attojoule_trace\": 1, \"zones\": []}\n{\"seconds\": -1}\n", "go back"},
        {"{\"attojoule_trace\": 1, \"zones\": []}\n{\"seconds\": 1, \"joules\": [1]}\n", "0 numbers"},
        {"{\"attojoule_trace\": 1, \"zones\": []}\n{\"seconds\": 1, \"mark\": \"loss\"}\n", "mark"},
        {"{\"attojoule_trace\": 1, \"zones\": []}\n{\"seconds\": 1, \"mark\": \"end x\"}\n", "begin"},
        {"{\"attojoule_trace\": 1, \"zones\": []}\n{\"seconds\": 1, \"end\": {}}\n{\"seconds\": 2}\n", "end"},
        {"{\"attojoule_trace\": 1, \"zones\": [], \"uid\": \"1\"}\n", "uid"},
    };
    aj_error err;
    aj_trace_record r;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        CHECK_INT(aj_trace_read_bytes(&r, files[i].text, strlen(files[i].text), "bad.trace", &err),
                  AJ_CORRUPT);
        CHECK_CONTAINS(err.message, "bad.trace");
        CHECK_CONTAINS(err.message, files[i].word);
        CHECK(r.memory == NULL);
    }
    static const char newer[] = "{\"attojoule_trace\": 2, \"zones\": []}\n";
    CHECK_INT(aj_trace_read_bytes(&r, newer, strlen(newer), "newer", &err), AJ_UNSUPPORTED);
    static const char later[] =
        "{\"attojoule_trace\": 1, \"zones\": [], \"more\": 1}\n{\"seconds\": 1, \"x\": 2}\n{\"y\": 1}\n";
    CHECK_OK(aj_trace_read_bytes(&r, later, strlen(later), "later", &err), err);
    CHECK(isnan(r.reading.energy_joules.value) && r.duration_seconds == 1 && isnan(r.started_unix_seconds));
    aj_trace_record_destroy(&r);
    CHECK_INT(aj_trace_read(&r, fixture_path("nothing.trace"), &err), AJ_NOT_FOUND);
    aj_trace *trace = NULL;
    CHECK_INT(aj_trace_open(&trace, NULL, "/dev/full", NULL, NULL, &err), AJ_IO);
    CHECK_CONTAINS(err.message, "/dev/full");
    CHECK_INT(aj_trace_open(&trace, NULL, fixture_path("no/such/folder"), NULL, NULL, &err), AJ_NOT_FOUND);
    aj_trace_options options = AJ_TRACE_OPTIONS_INIT;
    options.most_hertz = 0;
    CHECK_INT(aj_trace_open(&trace, NULL, NULL, NULL, &options, &err), AJ_BAD_ARGUMENT);
    options.most_hertz = 1;
    options.uid = "12";
    CHECK_INT(aj_trace_open(&trace, NULL, NULL, NULL, &options, &err), AJ_BAD_ARGUMENT);
    CHECK_OK(aj_trace_close(NULL, NULL, &err), err);
    aj_trace_record_destroy(NULL);
}

/* Beside the sampling thread of the meter: sums that never go back, and every mark has its sample. */
static void threaded(void)
{
    bed b;
    aj_error err;
    memset(&b, 0, sizeof b);
    meter_tree_begin(&b.t);
    meter_tree_zone(&b.t, "intel-rapl:0", "package-0", INTEL_RANGE, 1000000000);
    char path[600], line[40];
    snprintf(path, sizeof path, "%s/class/powercap/intel-rapl:0/energy_uj", b.t.tree.root);
    aj_meter_options options = AJ_METER_OPTIONS_INIT;
    options.source = "powercap";
    options.sysfs_root = b.t.tree.root;
    options.sample_hertz = 1000;
    CHECK_OK(aj_meter_open(&b.meter, NULL, &options, &err), err);
    CHECK_OK(aj_meter_start(b.meter, &err), err);
    aj_trace_options often = AJ_TRACE_OPTIONS_INIT;
    often.most_hertz = 1000;
    b.path = fixture_path("threaded.trace");
    CHECK_OK(aj_trace_open(&b.trace, NULL, b.path, b.meter, &often, &err), err);
    FILE *file = fopen(path, "r+"); /* one write of the same width: no reader sees half a number */
    if (file == NULL) exit(1);
    for (unsigned i = 1; i <= 100; i++) {
        rewind(file);
        fprintf(file, "%u\n", 1000000000u + i * 100000u);
        fflush(file);
        struct timespec pause = {0, 1000000};
        nanosleep(&pause, NULL);
        CHECK_OK(aj_trace_sample(b.trace, &err), err);
        snprintf(line, sizeof line, "%s work\n", i % 2 ? "begin" : "end");
        if (i % 5 == 0 || i % 5 == 1) say(&b, line);
    }
    fclose(file);
    aj_reading reading;
    CHECK_OK(aj_meter_stop(b.meter, &reading, &err), err);
    CHECK_OK(aj_trace_close(b.trace, &reading, &err), err);
    CHECK_CLOSE(reading.energy_joules.value, 10, 1e-9);
    aj_trace_record r = get(b.path);
    CHECK_CLOSE(r.points[r.n_points - 1].joules, 10, 1e-9);
    CHECK(r.n_points > 5 && r.n_events > 0);
    for (size_t i = 1; i < r.n_points; i++) CHECK(r.points[i].joules >= r.points[i - 1].joules);
    aj_trace_record_destroy(&r);
    aj_meter_close(b.meter);
}

/* A phase is as sure as the worst of the sums that it comes from. */
static void origins(void)
{
    static const char text[] =
        "{\"attojoule_trace\": 1, \"zones\": [{\"source\": \"a\", \"name\": \"package-0\", \"kind\": "
        "\"package\", "
        "\"role\": \"counted\", \"origin\": \"measured\"}, {\"source\": \"b\", \"name\": \"dram\", \"kind\": "
        "\"dram\", "
        "\"role\": \"counted\", \"origin\": \"modelled\"}, {\"source\": \"c\", \"name\": \"psys\", \"kind\": "
        "\"platform\", \"role\": \"covers\", \"origin\": \"assumed\"}]}\n"
        "{\"seconds\": 1, \"joules\": [1, null, 9]}\n{\"seconds\": 1, \"mark\": \"mark first\"}\n"
        "{\"seconds\": 2, \"joules\": [2, 1, 19]}\n{\"seconds\": 2, \"mark\": \"mark second\"}\n";
    aj_error err;
    aj_trace_record r;
    CHECK_OK(aj_trace_read_bytes(&r, text, strlen(text), "origins", &err), err);
    CHECK_INT(r.n_phases, 2);
    CHECK_INT(r.phases[0].energy_joules.origin, AJ_MEASURED);
    CHECK_INT(r.phases[1].energy_joules.origin, AJ_MODELLED);
    CHECK_CLOSE(r.phases[1].energy_joules.value, 2, 1e-12);
    CHECK_INT(r.reading.energy_joules.origin, AJ_MODELLED);
    CHECK_INT(r.reading.covers, 1u << AJ_ZONE_PACKAGE | 1u << AJ_ZONE_DRAM);
    aj_trace_record_destroy(&r);
}

int main(void)
{
    origins();
    threaded();
    whole();
    divided();
    thinning();
    torn();
    feeding();
    epochs();
    bad();
    fixture_remove();
    return check_report();
}

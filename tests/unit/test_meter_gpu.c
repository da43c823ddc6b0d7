/* test_meter_gpu.c: whose joules of a graphics card: by time, by number, in MIG mode, from a container; the
 * parts are the whole.  A stub stands for NVIDIA's library. */
#include "meter_nvml.h"
#include "meter_tree.h"

enum { OURS = 100, CHILD = 101, STRANGER = 300, HIDDEN = 900 };

typedef struct {
    meter_tree t;
    char proc[300];
    nvml_stub_state *card;
    aj_meter *meter;
    unsigned long long time; /* of the driver, microseconds */
} bed;

static void put_process(const bed *b, int pid, const char *children)
{
    char path[100], text[300];
    snprintf(path, sizeof path, "proc/%d/stat", pid);
    snprintf(text, sizeof text, "%d (a) S 1 1 1 0 -1 0 9 9 9 9 5 5 0 0 20 0 1 0 %d 99 9\n", pid, pid);
    meter_tree_put(&b->t, path, text);
    snprintf(path, sizeof path, "proc/%d/task/%d/children", pid, pid);
    meter_tree_put(&b->t, path, children);
}

static void begin(bed *b, int variant)
{
    aj_error err;
    memset(b, 0, sizeof *b);
    meter_tree_begin(&b->t);
    b->card = meter_nvml_stub(variant);
    b->card->devices[0].name = "NVIDIA L4";
    b->t.tree.nvml_library = meter_nvml_path(variant);
    b->time = 1000000;
    snprintf(b->proc, sizeof b->proc, "%s/proc", b->t.tree.root);
    put_process(b, OURS, "101 ");
    put_process(b, CHILD, "");
    put_process(b, STRANGER, "");
    meter_tree_put(&b->t, "proc/stat", "cpu  10 0 0 9 7 0 0 5\ncpu0 1\n");
    CHECK_OK(ajp_meter_open_tree(&b->meter, NULL, "nvml", &b->t.tree, &err), err);
    if (b->meter == NULL) exit(1);
    CHECK_OK(ajp_meter_follow(b->meter, b->proc, &(ajp_followed){OURS, ""}, &err), err);
}

static void start(bed *b)
{
    aj_error err;
    CHECK_OK(aj_meter_start(b->meter, &err), err);
}

/* One use of card 0 since the last second. */
static void use(bed *b, unsigned pid, unsigned percent)
{
    unsigned n = b->card->devices[0].n_uses++ % NVML_STUB_USES;
    if (b->card->devices[0].n_uses > NVML_STUB_USES) b->card->devices[0].n_uses = NVML_STUB_USES;
    b->card->devices[0].uses[n] = (nvml_stub_use){pid, b->time, percent, 7, 0, 0};
}

/* A second passes; card 0 used so many joules. */
static void second(bed *b, double joules)
{
    aj_error err;
    b->card->devices[0].millijoules += (unsigned long long)(joules * 1000);
    b->card->devices[1].millijoules += 30000;
    b->time += 1000000;
    b->t.now_seconds += 1;
    CHECK_OK(aj_meter_sample(b->meter, &err), err);
    b->card->devices[0].n_uses = 0;
}

static aj_zone_reading card_zero(const bed *b)
{
    aj_zone_reading zone = {0};
    aj_error err;
    CHECK_OK(aj_meter_zone(b->meter, 0, &zone, &err), err);
    return zone;
}

static void check_whole(const aj_reading *r)
{
    CHECK_CLOSE(r->attributed_joules.value + r->idle_joules + r->others_joules + r->undivided_joules,
                r->energy_joules.value, 1e-14);
    CHECK(r->attributed_joules.value >= 0 && r->idle_joules >= 0 && r->others_joules >= 0);
}

/* By the time in which each process kept the card busy, less what it draws idle; nobody's is idle. */
static void by_time(void)
{
    bed b;
    aj_error err;
    begin(&b, 0);
    CHECK_OK(aj_meter_set_idle(b.meter, 0, 20, AJ_ASSUMED, &err), err);
    use(&b, STRANGER, 100); /* before the start: not ours to divide */
    start(&b);
    b.time += 500000;
    use(&b, OURS, 30);
    use(&b, CHILD, 30);
    use(&b, STRANGER, 20);
    use(&b, STRANGER, 4000000); /* the driver says so now and then */
    second(&b, 100);
    CHECK_CLOSE(card_zero(&b).attributed_joules, 60, 1e-12);
    CHECK_CLOSE(card_zero(&b).idle_joules, 20, 1e-12);
    CHECK_CLOSE(card_zero(&b).others_joules, 20, 1e-12);
    second(&b, 15); /* nobody */
    CHECK_CLOSE(card_zero(&b).idle_joules, 35, 1e-12);
    use(&b, STRANGER, 50);
    second(&b, 120);
    CHECK_CLOSE(card_zero(&b).others_joules, 120, 1e-12);
    /* A child that has ended when its use is told; then its number is a stranger's. */
    char command[400];
    snprintf(command, sizeof command, "rm -r '%s/%d'", b.proc, CHILD);
    if (system(command) != 0) exit(1);
    put_process(&b, OURS, "");
    use(&b, CHILD, 80);
    second(&b, 70);
    CHECK_CLOSE(card_zero(&b).attributed_joules, 60 + 50, 1e-12);
    put_process(&b, CHILD, "");
    use(&b, CHILD, 80);
    second(&b, 70);
    CHECK_CLOSE(card_zero(&b).attributed_joules, 110, 1e-12);
    if (system(command) != 0) exit(1); /* the stranger has ended as well */
    use(&b, CHILD, 80);
    use(&b, OURS, 20);
    b.time += 10;
    second(&b, 70);
    CHECK_CLOSE(card_zero(&b).attributed_joules, 120, 1e-12);
    /* What was told already is not counted again. */
    b.card->devices[0].old_too = 1;
    unsigned long long now = b.time;
    b.time -= 2000000;
    use(&b, OURS, 100);
    b.time = now;
    use(&b, STRANGER, 10);
    second(&b, 70);
    CHECK_CLOSE(card_zero(&b).attributed_joules, 120, 1e-12);
    aj_reading r = meter_tree_stop(b.meter);
    check_whole(&r);
    CHECK_CLOSE(r.gpu_attributed_joules.value, 120, 1e-12);
    CHECK_INT(r.gpu_attributed_joules.origin, AJ_MODELLED);
    /* Nobody used the other card in these seven seconds. */
    CHECK_CLOSE(r.gpu_idle_joules, 35 + 5 * 20 + 7 * 30, 1e-12);
    CHECK_CLOSE(r.gpu_attributed_joules.value + r.gpu_idle_joules + r.gpu_others_joules, 515 + 210, 1e-12);
    CHECK(r.undivided_joules == 0);
    CHECK_CONTAINS(aj_meter_remark(b.meter, 0), "/proc does not show");
    CHECK(aj_meter_remark(b.meter, 1) == NULL);
    aj_meter_close(b.meter);
}

/* A driver that fails for a while: divided over the whole time once it is back. */
static void away(void)
{
    bed b;
    begin(&b, 0);
    start(&b);
    use(&b, OURS, 50);
    second(&b, 100);
    b.card->devices[0].uses_code = 999;
    second(&b, 100);
    CHECK_CLOSE(card_zero(&b).attributed_joules, 100, 1e-12);
    b.card->devices[0].uses_code = 0;
    use(&b, OURS, 25);
    use(&b, STRANGER, 75);
    second(&b, 100);
    CHECK_CLOSE(card_zero(&b).attributed_joules, 150, 1e-12);
    /* Lost: neither joules nor users. */
    b.card->devices[0].energy_code = b.card->devices[0].uses_code = 15;
    second(&b, 100);
    aj_reading r = meter_tree_stop(b.meter);
    CHECK(r.lower_bound);
    check_whole(&r);
    CHECK_CLOSE(r.gpu_attributed_joules.value, 150, 1e-12);
    aj_meter_close(b.meter);
}

/* Without the time, by the number of processes that have the card open. */
static void by_number(int code)
{
    bed b;
    begin(&b, 0);
    b.card->devices[0].uses_code = b.card->devices[1].uses_code = code;
    b.card->devices[0].processes[0] = STRANGER;
    b.card->devices[0].processes[1] = OURS;
    b.card->devices[0].processes[2] = CHILD;
    b.card->devices[0].n_processes = 3;
    start(&b);
    second(&b, 90);
    CHECK_CLOSE(card_zero(&b).attributed_joules, 60, 1e-12);
    b.card->devices[0].n_processes = 0;
    second(&b, 10);
    CHECK_CLOSE(card_zero(&b).idle_joules, 10, 1e-12);
    aj_reading r = meter_tree_stop(b.meter);
    check_whole(&r);
    aj_meter_close(b.meter);
}

static void check_undivided(bed *b, const char *why)
{
    second(b, 50);
    aj_reading r = meter_tree_stop(b->meter);
    CHECK(isnan(card_zero(b).attributed_joules) && isnan(card_zero(b).idle_joules));
    CHECK_CLOSE(r.undivided_joules, 50, 1e-12);
    CHECK(r.gpu_attributed_joules.value == 0 && r.gpu_idle_joules == 30);
    check_whole(&r);
    CHECK_CONTAINS(aj_meter_remark(b->meter, 0), "NVIDIA L4");
    CHECK_CONTAINS(aj_meter_remark(b->meter, 0), why);
    CHECK(aj_meter_remark(b->meter, 1) == NULL);
    aj_meter_close(b->meter);
}

static void undivided(void)
{
    bed b;
    /* MIG; a card that is named so. */
    begin(&b, 0);
    aj_meter_close(b.meter);
    b.card->devices[0].mig = 1;
    aj_error err;
    CHECK_OK(ajp_meter_open_tree(&b.meter, NULL, "nvml", &b.t.tree, &err), err);
    CHECK_OK(ajp_meter_follow(b.meter, b.proc, &(ajp_followed){OURS, ""}, &err), err);
    start(&b);
    use(&b, OURS, 50);
    CHECK_CONTAINS(card_zero(&b).name, "MIG: whole card");
    check_undivided(&b, "MIG is on");
    /* Neither time nor processes. */
    begin(&b, 0);
    b.card->devices[0].uses_code = b.card->devices[0].processes_code = 3;
    start(&b);
    check_undivided(&b, "does not tell who uses it");
    /* Only processes that are not to be seen: the numbers of another host. */
    begin(&b, 0);
    start(&b);
    use(&b, HIDDEN, 90);
    check_undivided(&b, "--pid=host");
    /* As soon as one is seen, the others are strangers. */
    begin(&b, 0);
    start(&b);
    use(&b, HIDDEN, 75);
    use(&b, OURS, 25);
    second(&b, 100);
    aj_reading r = meter_tree_stop(b.meter);
    CHECK_CLOSE(r.gpu_attributed_joules.value, 25, 1e-12);
    CHECK_CONTAINS(aj_meter_remark(b.meter, 0), "among the others'");
    aj_meter_close(b.meter);
    /* An old library tells nothing about any card. */
    begin(&b, 1);
    start(&b);
    b.card->devices[0].milliwatts = b.card->devices[1].milliwatts = 0;
    b.t.now_seconds += 1;
    r = meter_tree_stop(b.meter);
    CHECK(isnan(r.attributed_joules.value) && isnan(r.gpu_attributed_joules.value));
    CHECK(r.undivided_joules == 0 && r.energy_joules.value == 0);
    CHECK_CONTAINS(aj_meter_remark(b.meter, 1), "Tesla T4");
    aj_meter_close(b.meter);
}

/* Idle is not learnt from a card that somebody used meanwhile, however little the processors had to do. */
static void learning(void)
{
    bed b;
    aj_error err;
    begin(&b, 0);
    start(&b);
    use(&b, STRANGER, 10);
    second(&b, 60);
    second(&b, 60);
    CHECK_OK(aj_meter_learn_idle(b.meter, &err), err);
    CHECK(card_zero(&b).idle_watts == 0);
    start(&b);
    second(&b, 25);
    second(&b, 25);
    CHECK_OK(aj_meter_learn_idle(b.meter, &err), err);
    CHECK_CLOSE(card_zero(&b).idle_watts, 25, 1e-12);
    CHECK_INT(card_zero(&b).idle_origin, AJ_MEASURED);
    aj_meter_close(b.meter);
}

/* Beside processors: each domain for itself, and the sum of all. */
static void domains(void)
{
    bed b;
    aj_error err;
    begin(&b, 0);
    aj_meter_close(b.meter);
    meter_tree_zone(&b.t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    CHECK_OK(ajp_meter_open_tree(&b.meter, NULL, NULL, &b.t.tree, &err), err);
    CHECK_OK(ajp_meter_follow(b.meter, b.proc, &(ajp_followed){OURS, ""}, &err), err);
    start(&b);
    for (unsigned i = 1; i <= 7; i++) {
        char text[100];
        snprintf(text, sizeof text, "cpu  %u 0 0 9 7 0 0 5\ncpu0 1\n", 10 + 100 * i);
        meter_tree_put(&b.t, "proc/stat", text);
        meter_tree_count(&b.t, "intel-rapl:0", 45000000u * i);
        use(&b, OURS, 10 * i);
        use(&b, STRANGER, 5);
        second(&b, 70 + i);
    }
    aj_reading r = meter_tree_stop(b.meter);
    check_whole(&r);
    aj_zone_reading zone;
    for (size_t i = 0; aj_meter_zone(b.meter, i, &zone, NULL) == AJ_OK; i++) {
        CHECK_CLOSE(zone.attributed_joules + zone.idle_joules + zone.others_joules, zone.energy_joules.value,
                    1e-14);
        CHECK(zone.attributed_joules >= 0 && zone.idle_joules >= 0 && zone.others_joules >= 0);
    }
    double card = 0;
    for (unsigned i = 1; i <= 7; i++) card += (70 + i) * 10.0 * i / (10.0 * i + 5);
    CHECK_CLOSE(r.gpu_attributed_joules.value, card, 1e-12);
    CHECK_INT(r.covers, 1u << AJ_ZONE_GPU | 1u << AJ_ZONE_PACKAGE);
    aj_meter_close(b.meter);
}

int main(void)
{
    by_time();
    away();
    by_number(3);
    by_number(4);
    undivided();
    learning();
    domains();
    fixture_remove();
    return check_report();
}

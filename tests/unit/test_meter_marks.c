/* test_meter_marks.c: the lines of a program, what they mean, how they travel, what the first epochs
 * foretell. [threads] */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "meter_tree.h"

static void lines(void)
{
    static const struct {
        const char *line, *name;
        aj_mark_kind kind;
        double value, total;
    } good[] = {
        {"mark warm up", "warm up", AJ_MARK_MARK, NAN, NAN},
        {"begin epoch 3\n", "epoch 3", AJ_MARK_BEGIN, NAN, NAN},
        {" \tend  epoch 3 \r\n", "epoch 3", AJ_MARK_END, NAN, NAN},
        {"epoch 3 of 10", "", AJ_MARK_EPOCH, 3, 10},
        {"epoch 0 of 10", "", AJ_MARK_EPOCH, 0, 10},
        {"epoch 7", "", AJ_MARK_EPOCH, 7, NAN},
        {"flops 1.5e12", "", AJ_MARK_FLOPS, 1.5e12, NAN},
        {"accuracy 0.9771", "", AJ_MARK_ACCURACY, 0.9771, NAN},
        {"accuracy 1", "", AJ_MARK_ACCURACY, 1, NAN},
    };
    static const char *const bad[] = {"",
                                      "\n",
                                      "mark",
                                      "begin ",
                                      "marks x",
                                      "Mark x",
                                      "epoch",
                                      "epoch x",
                                      "epoch 3 of",
                                      "epoch 3 of 2",
                                      "epoch 3of 10",
                                      "epoch 3 off 10",
                                      "epoch 2.5 of 10",
                                      "epoch -1 of 10",
                                      "epoch 1 of 10 x",
                                      "epoch 1 of 1e300",
                                      "flops",
                                      "flops -1",
                                      "flops nan",
                                      "flops 0x10",
                                      "flops 1e999",
                                      "flops 1 2",
                                      "accuracy 1.01",
                                      "accuracy -0.1",
                                      "accuracy 97%",
                                      "mark a\x01z",
                                      "loss 0.1"};
    aj_marker marker;
    aj_error err;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK_OK(aj_marker_read(&marker, good[i].line, &err), err);
        CHECK_INT(marker.kind, good[i].kind);
        CHECK_STRING(marker.name, good[i].name);
        CHECK(marker.value == good[i].value || (isnan(marker.value) && isnan(good[i].value)));
        CHECK(marker.total == good[i].total || (isnan(marker.total) && isnan(good[i].total)));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_INT(aj_marker_read(&marker, bad[i], &err), AJ_BAD_ARGUMENT);
        CHECK_CONTAINS(err.message, "mark");
    }
    char longest[AJ_MARK_SIZE + 10];
    memset(longest, 'x', sizeof longest);
    memcpy(longest, "mark ", 5);
    longest[AJ_MARK_SIZE - 1] = '\0';
    CHECK_OK(aj_marker_read(&marker, longest, &err), err);
    CHECK_INT(strlen(marker.name), AJ_MARK_SIZE - 6);
    longest[AJ_MARK_SIZE - 1] = 'x';
    longest[AJ_MARK_SIZE] = '\0';
    CHECK_INT(aj_marker_read(&marker, longest, &err), AJ_BAD_ARGUMENT);
}

/* ---- the pipe ------------------------------------------------------------------------------------ */

static void set_number(const char *name, unsigned long long value)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", value);
    setenv(name, text, 1);
}

static unsigned long long inode_of(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 ? (unsigned long long)info.st_ino : 0;
}

static volatile sig_atomic_t n_broken;
static void count_broken(int number)
{
    (void)number;
    n_broken++;
}

static void pipes(void)
{
    int ends[2], others[2];
    char text[600];
    unsetenv("AJ_MARK");
    unsetenv("AJ_MARK_PIPE");
    CHECK(!aj_mark("mark nobody listens"));
    if (pipe(ends) != 0 || pipe(others) != 0) exit(1);
    set_number("AJ_MARK", (unsigned long long)ends[1]);
    set_number("AJ_MARK_PIPE", inode_of(ends[1]));
    errno = 1234;
    CHECK(aj_mark("epoch %d of %d", 3, 10));
    CHECK_INT(errno, 1234);
    ssize_t got = read(ends[0], text, sizeof text);
    CHECK_INT(got, 14);
    CHECK(got == 14 && memcmp(text, "epoch 3 of 10\n", 14) == 0);
    /* Too long, two lines: not half of it. */
    CHECK(!aj_mark("mark %600d", 1));
    CHECK(!aj_mark("mark a\nmark b"));
    CHECK(aj_mark("mark %505d", 1)); /* 511 bytes and the newline would be too many; 510 are not */
    CHECK_INT(read(ends[0], text, sizeof text), 511);
    /* Another pipe, a file, nothing at all under the number: left alone. */
    set_number("AJ_MARK", (unsigned long long)others[1]);
    CHECK(!aj_mark("mark to somebody else"));
    unsetenv("AJ_MARK_PIPE");
    int file = open(fixture_path("a file"), O_WRONLY | O_CREAT, 0600);
    set_number("AJ_MARK", (unsigned long long)file);
    CHECK(!aj_mark("mark into a file"));
    set_number("AJ_MARK", 1000000);
    CHECK(!aj_mark("mark into nothing"));
    setenv("AJ_MARK", "-1", 1);
    CHECK(!aj_mark("mark"));
    setenv("AJ_MARK", "3x", 1);
    CHECK(!aj_mark("mark"));
    close(file);
    /* A full pipe loses the line, and does not hang. */
    set_number("AJ_MARK", (unsigned long long)ends[1]);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    memset(text, '.', sizeof text);
    while (write(ends[1], text, sizeof text) > 0) continue;
    fcntl(ends[1], F_SETFL, 0);
    CHECK(!aj_mark("mark too much"));
    /* Nobody reads any more: no signal, not even a pending one. */
    struct sigaction action = {.sa_handler = count_broken}, before;
    sigaction(SIGPIPE, &action, &before);
    set_number("AJ_MARK", (unsigned long long)others[1]); /* one with room */
    close(others[0]);
    CHECK(!aj_mark("mark too late"));
    sigset_t waiting;
    sigpending(&waiting);
    CHECK(!sigismember(&waiting, SIGPIPE));
    CHECK_INT(n_broken, 0);
    sigaction(SIGPIPE, &before, NULL);
    close(ends[0]);
    close(ends[1]);
    close(others[1]);
    unsetenv("AJ_MARK");
}

/* ---- a meter of one's own -------------------------------------------------------------------------- */

typedef struct {
    meter_tree t;
    aj_meter *meter;
    double joules;
} bed;

static void run(bed *b, double seconds, double watts)
{
    b->t.now_seconds += seconds;
    b->joules += seconds * watts;
    meter_tree_count(&b->t, "intel-rapl:0", (uint64_t)llround(b->joules * 1e6));
}

static void say(bed *b, const char *line)
{
    aj_error err;
    CHECK_OK(aj_meter_mark(b->meter, line, &err), err);
}

static aj_phase phase(bed *b, const char *name)
{
    aj_phase out;
    for (size_t i = 0; aj_meter_phase(b->meter, i, &out, NULL) == AJ_OK; i++)
        if (strcmp(out.name, name) == 0) return out;
    fprintf(stderr, "no phase '%s'\n", name);
    check_failures++;
    return (aj_phase){.name = ""};
}

static void begin(bed *b)
{
    b->joules = 0;
    meter_tree_begin(&b->t);
    meter_tree_zone(&b->t, "intel-rapl:0", "package-0", INTEL_RANGE, 0);
    b->meter = meter_tree_start(&b->t, NULL);
}

static void phases(void)
{
    bed b;
    aj_error err;
    aj_phase p;
    begin(&b);
    run(&b, 2, 10);
    say(&b, "mark load"); /* 20 J, 2 s */
    say(&b, "begin train");
    for (int i = 0; i < 3; i++) {
        say(&b, "begin epoch");
        run(&b, 1, 50);
        say(&b, "flops 1e9");
        say(&b, "end epoch");
        run(&b, 1, 5); /* between epochs, inside train */
    }
    CHECK_OK(aj_meter_sample(b.meter, &err), err);
    p = phase(&b, "train");
    CHECK(p.open && p.n == 0);
    CHECK_CLOSE(p.energy_joules.value, 165, 1e-9);
    run(&b, 1, 30);
    say(&b, "end train");
    say(&b, "mark rest");
    p = phase(&b, "load");
    CHECK_INT(p.n, 1);
    CHECK_CLOSE(p.energy_joules.value, 20, 1e-9);
    CHECK_CLOSE(p.duration_seconds, 2, 1e-12);
    CHECK(isnan(p.flops) && isnan(p.attributed_joules));
    CHECK_INT(p.energy_joules.origin, AJ_MEASURED);
    p = phase(&b, "train");
    CHECK(!p.open && p.n == 1);
    CHECK_CLOSE(p.energy_joules.value, 195, 1e-9);
    CHECK_CLOSE(p.duration_seconds, 7, 1e-12);
    CHECK_CLOSE(p.flops, 3e9, 1e-15);
    p = phase(&b, "epoch");
    CHECK_INT(p.n, 3);
    CHECK_CLOSE(p.energy_joules.value, 150, 1e-9);
    CHECK_CLOSE(p.low_joules, 150, 1e-9);
    CHECK_CLOSE(p.high_joules, 150, 1e-9);
    CHECK_CLOSE(phase(&b, "rest").energy_joules.value, 195, 1e-9);
    /* The same name inside itself is counted once. */
    say(&b, "begin f");
    run(&b, 1, 1);
    say(&b, "begin f");
    run(&b, 1, 1);
    say(&b, "end f");
    run(&b, 1, 1);
    say(&b, "end f");
    CHECK_CLOSE(phase(&b, "f").energy_joules.value, 3, 1e-9);
    CHECK_INT(phase(&b, "f").n, 1);
    /* Crossing phases: each has its own time. */
    say(&b, "begin a");
    run(&b, 1, 10);
    say(&b, "begin b");
    run(&b, 1, 10);
    say(&b, "end a");
    run(&b, 1, 10);
    say(&b, "end b");
    CHECK_CLOSE(phase(&b, "a").energy_joules.value, 20, 1e-9);
    CHECK_CLOSE(phase(&b, "b").energy_joules.value, 20, 1e-9);
    CHECK_INT(aj_meter_mark(b.meter, "end a", &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "begin a");
    CHECK_INT(aj_meter_mark(b.meter, "stop", &err), AJ_BAD_ARGUMENT);
    /* Now, without stopping. */
    aj_reading now;
    run(&b, 1, 7);
    CHECK_OK(aj_meter_now(b.meter, &now, &err), err);
    CHECK_CLOSE(now.energy_joules.value, b.joules, 1e-9);
    CHECK_CLOSE(meter_tree_stop(b.meter).energy_joules.value, b.joules, 1e-9);
    /* A new start forgets. */
    CHECK_OK(aj_meter_start(b.meter, &err), err);
    CHECK_INT(aj_meter_phase(b.meter, 0, &p, &err), AJ_NOT_FOUND);
    aj_meter_close(b.meter);
    CHECK_INT(aj_meter_now(NULL, &now, &err), AJ_BAD_ARGUMENT);
}

/* A name for every step does not fill the memory. */
static void names(void)
{
    bed b;
    aj_phase p;
    char line[40];
    begin(&b);
    for (int i = 0; i < 5000; i++) {
        snprintf(line, sizeof line, "begin step %d", i);
        say(&b, line);
        b.t.now_seconds += 0.001;
        memcpy(line, "end  ", 5);
        snprintf(line, sizeof line, "end step %d", i);
        say(&b, line);
    }
    CHECK_INT(aj_meter_phase(b.meter, 4096, &p, NULL), AJ_OK);
    CHECK_STRING(p.name, "(further names)");
    CHECK_INT(p.n, 5000 - 4096);
    CHECK_INT(aj_meter_phase(b.meter, 4097, &p, NULL), AJ_NOT_FOUND);
    aj_meter_close(b.meter);
}

/* ---- prediction ------------------------------------------------------------------------------------ */

static void predictions(void)
{
    static const double pieces[] = {10, 12, 14};
    aj_prediction p = aj_predict_total(pieces, 3, 10, 5);
    /* Mean 12, s = 2, t(2) = 4.30265: half = 4.30265 x 2 x sqrt(49/3 + 7). */
    CHECK_CLOSE(p.value, 125, 1e-12);
    CHECK_CLOSE(p.high - p.value, 4.3026527 * 2 * sqrt(49.0 / 3 + 7), 1e-7);
    CHECK_CLOSE(p.low, 125 - 4.3026527 * 2 * sqrt(49.0 / 3 + 7), 1e-7);
    p = aj_predict_total(pieces, 3, 3, 5); /* done: what was spent */
    CHECK(p.value == 41 && p.low == 41 && p.high == 41);
    p = aj_predict_total(pieces, 1, 10, 0);
    CHECK(p.value == 100 && isnan(p.low) && isnan(p.high));
    CHECK(isnan(aj_predict_total(pieces, 0, 10, 0).value));
    CHECK(isnan(aj_predict_total(pieces, 3, 2, 0).value));
    CHECK(isnan(aj_predict_total(pieces, 2, 3, NAN).value));
    /* Never less than what is spent. */
    static const double uneven[] = {1, 100};
    CHECK(aj_predict_total(uneven, 2, 3, 0).low == 101);
}

/* The interval holds the total of 20 normal epochs, from the first 4, in 95 % of 4000 trials: +- 4 standard
 * errors of that share are 1.4 %, so a half-width off by a tenth (93.5 or 96.3 %) is seen at most times. */
static void coverage(void)
{
    enum { TRIALS = 4000, N = 20, K = 4 };
    ajp_draws draws;
    int covered = 0;
    ajp_draws_init(&draws, 11, 3);
    for (int i = 0; i < TRIALS; i++) {
        double pieces[N], total = 0;
        for (int j = 0; j < N; j++) total += pieces[j] = 1000 + 20 * ajp_draw_normal(&draws);
        aj_prediction p = aj_predict_total(pieces, K, N, 0);
        covered += p.low <= total && total <= p.high;
    }
    CHECK_NEAR((double)covered / TRIALS, 0.95, 0.014);
}

int main(void)
{
    lines();
    pipes();
    phases();
    names();
    predictions();
    coverage();
    fixture_remove();
    return check_report();
}

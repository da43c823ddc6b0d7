/* bench_train.c: training against Debian's PyTorch on the same machine: images a second and their ratio.
 *
 * usage: bench_train FOLDER [BATCH WIDTH WIDTH ...]     (128 784 100 10; with one thread, then with two)
 *        bench_train FOLDER lenet [BATCH]               (a LeNet-class network with batch norm; 64; one
 * thread) FOLDER holds peer_torch_train.py.
 *
 * Both sides train epochs of 60,000 samples (random bytes in .npy files; PyTorch gets them as scaled float32)
 * in turn, ours then theirs; the best epoch of each is printed, and the load of the machine.  The ratio by
 * processor time holds on a busy machine too, with one thread (with two it counts what waiting threads spin
 * away).  The peer is a Python process that trains an epoch for each line it is sent; without PyTorch only
 * our side is printed. */
#include "attojoule/train.h"
#include "base/internal.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { N_SAMPLES = 60000, N_EPOCHS = 8, N_LENET_EPOCHS = 3 };

static char folder[] = "/tmp/bench_train.XXXXXX", inputs_path[64], labels_path[64];
static const char *scripts = ".";

/* As examples/train/lenet-fashion-mnist.yaml has it; the peer's is the same. */
static const aj_train_layer lenet[] = {
    {.kind = AJ_LAYER_CONV,
     .from = 0,
     .n_outputs = 6,
     .kernel = {5, 5},
     .padding = {2, 2},
     .without_bias = true},
    {.kind = AJ_LAYER_BATCH_NORM, .from = 1},
    {.kind = AJ_LAYER_RELU, .from = 2},
    {.kind = AJ_LAYER_MAX_POOL, .from = 3, .kernel = {2, 2}},
    {.kind = AJ_LAYER_CONV, .from = 4, .n_outputs = 16, .kernel = {5, 5}, .without_bias = true},
    {.kind = AJ_LAYER_BATCH_NORM, .from = 5},
    {.kind = AJ_LAYER_RELU, .from = 6},
    {.kind = AJ_LAYER_MAX_POOL, .from = 7, .kernel = {2, 2}},
    {.kind = AJ_LAYER_FLATTEN, .from = 8},
    {.kind = AJ_LAYER_DENSE, .from = 9, .n_outputs = 120},
    {.kind = AJ_LAYER_RELU, .from = 10},
    {.kind = AJ_LAYER_DENSE, .from = 11, .n_outputs = 84},
    {.kind = AJ_LAYER_RELU, .from = 12},
    {.kind = AJ_LAYER_DENSE, .from = 13, .n_outputs = 10},
};

typedef struct {
    FILE *to, *from; /* NULL = no peer */
    pid_t pid;
    char name[128];
    double mark_seconds, mark_used, ours[N_EPOCHS], theirs[N_EPOCHS], ours_used[N_EPOCHS],
        theirs_used[N_EPOCHS];
    size_t n;
} race;

static double load_average(void)
{
    double load = NAN;
    FILE *f = fopen("/proc/loadavg", "r");
    if (f == NULL) return load;
    if (fscanf(f, "%lf", &load) != 1) load = NAN;
    fclose(f);
    return load;
}

static void run_peer(int in, int out, unsigned n_threads, const aj_train_options *o)
{
    char words[AJ_TRAIN_MAX_LAYERS + 6][32], *arguments[AJ_TRAIN_MAX_LAYERS + 8];
    size_t n = 0;
    char script[1024];
    snprintf(script, sizeof script, "%s/peer_torch_train.py", scripts);
    arguments[n++] = (char[]){"python3"};
    arguments[n++] = script;
    snprintf(words[0], sizeof words[0], "%u", n_threads);
    snprintf(words[1], sizeof words[1], "%zu", o->batch);
    snprintf(words[2], sizeof words[2], "%s", folder);
    for (size_t l = 0; l <= o->n_layers; l++) snprintf(words[3 + l], sizeof words[0], "%zu", o->widths[l]);
    size_t n_words = 4 + o->n_layers;
    if (o->network != NULL) {
        snprintf(words[3], sizeof words[3], "lenet");
        n_words = 4;
    }
    for (size_t i = 0; i < n_words; i++) arguments[n++] = words[i];
    arguments[n] = NULL;
    dup2(in, 0);
    dup2(out, 1);
    unsetenv("OPENBLAS_CORETYPE");
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    execv("/usr/bin/python3", arguments);
    _exit(127);
}

static void start_peer(race *r, unsigned n_threads, const aj_train_options *o)
{
    int down[2], up[2];
    r->to = r->from = NULL;
    if (pipe(down) != 0 || pipe(up) != 0) return;
    r->pid = fork();
    if (r->pid == 0) {
        close(down[1]);
        close(up[0]);
        run_peer(down[0], up[1], n_threads, o);
    }
    close(down[0]);
    close(up[1]);
    r->to = fdopen(down[1], "w");
    r->from = fdopen(up[0], "r");
    if (r->pid > 0 && fgets(r->name, sizeof r->name, r->from) != NULL) {
        r->name[strcspn(r->name, "\n")] = '\0';
        return;
    }
    fclose(r->to);
    fclose(r->from);
    r->to = NULL;
}

static double used_seconds(void)
{
    struct timespec t = {0, 0};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void peer_epoch(race *r, double *seconds, double *used)
{
    char line[64], *end;
    *seconds = *used = NAN;
    if (r->to == NULL) return;
    fputs("go\n", r->to);
    fflush(r->to);
    if (fgets(line, sizeof line, r->from) == NULL) return;
    *seconds = strtod(line, &end);
    *used = strtod(end, NULL);
}

static bool after_epoch(void *user, const aj_train_epoch *epoch)
{
    race *r = user;
    (void)epoch;
    r->ours[r->n] = ajp_now_seconds() - r->mark_seconds;
    r->ours_used[r->n] = used_seconds() - r->mark_used;
    peer_epoch(r, &r->theirs[r->n], &r->theirs_used[r->n]);
    r->n++;
    r->mark_seconds = ajp_now_seconds();
    r->mark_used = used_seconds();
    return true;
}

static double best(const double *values, size_t n)
{
    double least = INFINITY;
    for (size_t i = 0; i < n; i++) least = fmin(least, values[i]);
    return least;
}

static int compare(unsigned n_threads, const aj_train_options *o)
{
    static race r;
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    aj_context *context;
    aj_trained *trained;
    aj_error err;
    aj_train_result result;
    aj_train_callbacks callbacks = {after_epoch, &r};
    options.n_threads = n_threads;
    memset(&r, 0, sizeof r);
    start_peer(&r, n_threads, o);
    if (aj_context_create(&context, &options, &err) != AJ_OK) return 1;
    r.mark_seconds = ajp_now_seconds();
    r.mark_used = used_seconds();
    aj_status st = aj_train(&trained, context, o, NULL, NULL, &callbacks, &result, &err);
    if (st != AJ_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    double ours = N_SAMPLES / best(r.ours, r.n), theirs = N_SAMPLES / best(r.theirs, r.n);
    double flops = (double)result.last.flops / N_SAMPLES / (double)o->n_epochs;
    printf("%u thread%s  ours %9.0f images/s (%.0f GFLOP/s)", n_threads, n_threads == 1 ? " " : "s", ours,
           ours * flops * 1e-9);
    if (r.to != NULL) {
        printf("   %s %9.0f images/s   ratio %.2f, by processor time %.2f", r.name, theirs, ours / theirs,
               best(r.theirs_used, r.n) / best(r.ours_used, r.n));
        fclose(r.to);
        fclose(r.from);
        waitpid(r.pid, NULL, 0);
    } else {
        printf("   (no PyTorch under /usr/bin/python3)");
    }
    printf("   load %.2f\n", load_average());
    aj_trained_destroy(trained);
    aj_context_destroy(context);
    return 0;
}

static bool put_npy(const char *path, size_t cols, unsigned char *row, size_t modulo)
{
    char header[129];
    FILE *f = fopen(path, "wb");
    uint32_t state = 1;
    if (f == NULL) return false;
    memset(header, ' ', 128);
    int n = snprintf(header + 10, 118, "{'descr': '|u1', 'fortran_order': False, 'shape': (%d, %zu), }",
                     N_SAMPLES, cols);
    header[10 + n] = ' ';
    header[127] = '\n';
    memcpy(header, "\x93NUMPY\x01\x00\x76\x00", 10);
    bool good = fwrite(header, 1, 128, f) == 128;
    for (size_t i = 0; i < N_SAMPLES && good; i++) {
        for (size_t j = 0; j < cols; j++)
            row[j] = (unsigned char)(((state = state * 1664525u + 1013904223u) >> 16) % modulo);
        good = fwrite(row, 1, cols, f) == cols;
    }
    return fclose(f) == 0 && good;
}

static bool put_data(const aj_train_options *o)
{
    unsigned char *row = malloc(o->widths[0]);
    if (row == NULL || mkdtemp(folder) == NULL) return false;
    snprintf(inputs_path, sizeof inputs_path, "%s/inputs.npy", folder);
    snprintf(labels_path, sizeof labels_path, "%s/labels.npy", folder);
    bool good =
        put_npy(inputs_path, o->widths[0], row, 256) && put_npy(labels_path, 1, row, o->widths[o->n_layers]);
    free(row);
    return good;
}

/* "lenet [BATCH]": the widths then say only what the data looks like. */
static void take_lenet(aj_train_options *o, int argc, char **argv)
{
    o->network = lenet;
    o->n_network = sizeof lenet / sizeof lenet[0];
    o->n_epochs = N_LENET_EPOCHS;
    o->image[0] = 1;
    o->image[1] = o->image[2] = 28;
    o->batch = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 64;
    o->n_layers = 1;
    o->widths[0] = 784;
    o->widths[1] = 10;
}

int main(int argc, char **argv)
{
    aj_train_options o = AJ_TRAIN_OPTIONS_INIT;
    static const size_t usual[] = {128, 784, 100, 10};
    size_t numbers[AJ_TRAIN_MAX_LAYERS + 2], n = 0;
    if (argc > 1) scripts = argv[1];
    for (int i = 2; i < argc && n < AJ_TRAIN_MAX_LAYERS + 2; i++)
        numbers[n++] = (size_t)strtoul(argv[i], NULL, 10);
    if (n < 3) memcpy(numbers, usual, (n = 4) * sizeof *numbers);
    o.batch = numbers[0];
    o.n_layers = n - 2;
    memcpy(o.widths, numbers + 1, (n - 1) * sizeof *numbers);
    const bool named = argc > 2 && strcmp(argv[2], "lenet") == 0;
    o.n_epochs = N_EPOCHS;
    if (named) take_lenet(&o, argc, argv);
    o.weight_decay = 1e-4;
    signal(SIGPIPE, SIG_IGN); /* a peer that dies leaves NaN */
    if (!put_data(&o)) return 1;
    char set[160];
    snprintf(set, sizeof set, "%s:%s", inputs_path, labels_path);
    o.data = set;
    printf("batch %zu, %s", o.batch, named ? "LeNet-class network of" : "widths");
    for (size_t l = 0; l <= o.n_layers; l++) printf(" %zu", o.widths[l]);
    printf("; best of %zu epochs of %d samples\n", o.n_epochs, N_SAMPLES);
    fflush(stdout);
    int failed = compare(1, &o);
    fflush(stdout);
    if (!named) failed += compare(2, &o);
    unlink(inputs_path);
    unlink(labels_path);
    rmdir(folder);
    return failed != 0;
}

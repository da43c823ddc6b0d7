/* talk.c: what the command says on stderr, how it is interrupted, and its context. */
#include "cli.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SECONDS_BETWEEN_PLAIN_LINES 5.0
#define BAR_CELLS                   20

static volatile sig_atomic_t interrupted; /* set by the handler, read by the progress callback */

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* The first signal asks for a clean stop; the handler is then gone, so that a second one ends the program at
 * once. A signal that the caller has ignored (nohup, a background job of a script) stays ignored. */
void cli_catch_interrupts(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction action;
        if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler == SIG_IGN) continue;
        memset(&action, 0, sizeof action);
        action.sa_handler = on_signal;
        action.sa_flags = (int)SA_RESETHAND;
        sigaction(numbers[i], &action, NULL);
    }
}

bool cli_interrupted(void)
{
    return interrupted != 0;
}

double cli_now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void cli_clear_progress(cli *c)
{
    if (c->progress_shown) fputs("\r\033[K", stderr);
    c->progress_shown = false;
}

static void speak(cli *c, const char *format, va_list arguments)
{
    cli_clear_progress(c);
    fputs("aj: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void cli_complain(cli *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    speak(c, format, arguments);
    va_end(arguments);
}

void cli_say(cli *c, const char *format, ...)
{
    if (cli_has(c, "quiet")) return;
    va_list arguments;
    va_start(arguments, format);
    speak(c, format, arguments);
    va_end(arguments);
}

int cli_usage_error(cli *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    speak(c, format, arguments);
    va_end(arguments);
    return EXIT_USAGE;
}

int cli_failed(cli *c, const aj_error *err)
{
    const char *sentence = err->message[0] != '\0' ? err->message : aj_status_text(err->status);
    if (err->system_errno != 0 && strstr(sentence, strerror(err->system_errno)) == NULL)
        cli_complain(c, "%s (%s)", sentence, strerror(err->system_errno));
    else
        cli_complain(c, "%s", sentence);
    return err->status == AJ_NOT_MET ? EXIT_NOT_MET : EXIT_FAILED;
}

/* ---- progress -------------------------------------------------------------------------------- */

static size_t terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) return size.ws_col;
    return 80;
}

static void show_bar(cli *c, const aj_progress_event *event, const char *text)
{
    char bar[BAR_CELLS + 1] = "";
    size_t columns = terminal_columns() - 1;
    if (event->n_total > 0 && columns > 60) {
        double done = (double)event->n_done / (double)event->n_total;
        size_t filled = (size_t)(fmin(1.0, done) * BAR_CELLS);
        for (size_t i = 0; i < BAR_CELLS; i++) bar[i] = i < filled ? '#' : '.';
        fprintf(stderr, "\r[%s] %.*s\033[K", bar, (int)(columns - BAR_CELLS - 3), text);
    } else {
        fprintf(stderr, "\r%.*s\033[K", (int)columns, text);
    }
    fflush(stderr);
    c->progress_shown = true;
}

static bool on_progress(void *user, const aj_progress_event *event)
{
    cli *c = user;
    if (!cli_has(c, "quiet")) {
        char text[256];
        aj_progress_format(event, text, sizeof text);
        double now = cli_now_seconds();
        if (isatty(STDERR_FILENO)) {
            show_bar(c, event, text);
        } else if (now - c->spoken_seconds >= SECONDS_BETWEEN_PLAIN_LINES) {
            fprintf(stderr, "%s\n", text);
            c->spoken_seconds = now;
        }
    }
    return !cli_interrupted();
}

/* "4GB", "1.5GiB", "4000000000"; 0 when it is none of these. */
static size_t read_bytes(const char *text)
{
    static const struct {
        const char *unit;
        double bytes;
    } units[] = {{"", 1},      {"B", 1},        {"kB", 1e3},     {"MB", 1e6},     {"GB", 1e9},
                 {"TB", 1e12}, {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}};
    char *end;
    double number = strtod(text, &end);
    while (*end == ' ') end++;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].unit) == 0 && end != text && number * units[i].bytes >= 1.0 &&
            number * units[i].bytes < 0x1p62)
            return (size_t)(number * units[i].bytes);
    return 0;
}

int cli_context(cli *c)
{
    if (c->context != NULL) return EXIT_OK;
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    aj_error err = {AJ_OK, 0, ""};
    options.n_threads = (unsigned)cli_count(c, "threads");
    const char *isa = cli_text(c, "isa");
    if (isa != NULL && !aj_isa_from_name(isa, &options.isa))
        return cli_usage_error(c, "--isa: unknown '%s'", isa);
    options.data_root = cli_text(c, "data-root");
    const char *memory = cli_text(c, "memory");
    if (memory != NULL && (options.memory_limit_bytes = read_bytes(memory)) == 0)
        return cli_usage_error(c, "--memory takes a size such as 4GB or 500MB, not '%s'", memory);
    options.progress = (aj_progress){on_progress, c};
    c->spoken_seconds = cli_now_seconds(); /* work that ends soon says nothing on a plain stream */
    cli_catch_interrupts();
    if (aj_context_create(&c->context, &options, &err) != AJ_OK) return cli_failed(c, &err);
    return EXIT_OK;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void *checked(void *pointer)
{
    if (pointer != NULL) return pointer;
    fputs("aj: memory ran out\n", stderr);
    exit(EXIT_FAILED);
}

void *cli_allocate(size_t n, size_t size)
{
    return checked(calloc(n > 0 ? n : 1, size));
}

void *cli_resize(void *pointer, size_t n, size_t size)
{
    return checked(size > 0 && n > SIZE_MAX / size ? NULL : realloc(pointer, n * size));
}

char *cli_copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(cli_allocate(size, 1), text, size);
}

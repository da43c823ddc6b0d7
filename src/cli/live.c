/* live.c: joules, watts, grams and time of a run, while it runs.
 *
 * The program owns the terminal: its cursor never moves. The text is put at the right edge between a save and
 * a restore of the cursor, in one write, so that lines and bars of the program stay where they are. */
#include "live.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "attojoule/report.h"
#include "child.h"

enum { MOST_COLUMNS = 60, LEAST_TERMINAL = 70 };
#define DIVIDED_SECONDS 1.5 /* CPU time is divided once a second: before that nothing is known */
#define RECENT_SECONDS  2.0 /* and power over less would jump */

void cli_live_begin(cli_live *live, const cli *c)
{
    memset(live, 0, sizeof *live);
    live->wanted = !cli_has(c, "quiet") && isatty(STDERR_FILENO);
    live->watts = (double)NAN;
    live->next_seconds = CLI_LIVE_SECONDS; /* a command that ends at once shows nothing */
}

static size_t terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Characters of UTF-8 text. */
static size_t columns_of(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static void put(const char *text, size_t size)
{
    ssize_t written = write(STDERR_FILENO, text, size);
    (void)written; /* a terminal that went away is told of by SIGHUP */
}

static void put_at_edge(const char *text, size_t width)
{
    char all[256];
    size_t columns = terminal_columns();
    if (columns < LEAST_TERMINAL || !cli_in_foreground()) return;
    /* save, to the column, to the end of the line, restore (ECMA-48 CHA and EL, DEC SC and RC) */
    int n = snprintf(all, sizeof all, "\0337\033[%zuG\033[K%s\0338", columns - width + 1, text);
    if (n > 0 && (size_t)n < sizeof all) put(all, (size_t)n);
}

static void update_watts(cli_live *live, double joules, double elapsed_seconds)
{
    if (isnan(joules) || elapsed_seconds - live->last_seconds < RECENT_SECONDS) return;
    live->watts = fmax(joules - live->last_joules, 0) / (elapsed_seconds - live->last_seconds);
    live->last_joules = joules;
    live->last_seconds = elapsed_seconds;
}

static void add(char *text, size_t size, const char *part)
{
    size_t used = strlen(text);
    if (columns_of(text) + columns_of(part) + 2 > MOST_COLUMNS) return;
    snprintf(text + used, size - used, "%s%s", used > 0 ? "  " : "", part);
}

static void add_quantity(char *text, size_t size, double value, const char *unit, const char *after)
{
    char part[64], number[48];
    if (isnan(value)) return;
    aj_format_quantity(value, unit, number, sizeof number);
    snprintf(part, sizeof part, "%s%s", number, after);
    add(text, size, part);
}

static void compose(cli_live *live, cli_measure *m, double elapsed_seconds, char *text, size_t size)
{
    cli_amount used = cli_measure_now(m);
    aj_carbon_result priced;
    if (used.value == 0 && elapsed_seconds < DIVIDED_SECONDS) used.value = (double)NAN;
    update_watts(live, used.value, elapsed_seconds);
    add_quantity(text, size, used.value, "J", "");
    add_quantity(text, size, live->watts, "W", "");
    if (cli_text(m->c, "zone") != NULL && cli_measure_price(m, used, elapsed_seconds, &priced))
        add_quantity(text, size, priced.location_kilograms_co2e.value * 1e3, "g", " CO2e");
    char time[32];
    snprintf(time, sizeof time, "%.0f s", elapsed_seconds);
    add(text, size, time);
    if (m->trace == NULL) return;
    aj_trace_state said;
    aj_trace_now(m->trace, &said);
    char epoch[64];
    if (!isnan(said.n_epochs_done) && !isnan(said.n_epochs)) {
        snprintf(epoch, sizeof epoch, "epoch %.0f/%.0f", said.n_epochs_done, said.n_epochs);
        add(text, size, epoch);
        add_quantity(text, size, said.joules.value, "J", " in all");
    }
}

void cli_live_show(cli_live *live, cli_measure *m, double elapsed_seconds)
{
    char text[256] = "";
    if (!live->wanted || elapsed_seconds < live->next_seconds) return;
    live->next_seconds = elapsed_seconds + CLI_LIVE_SECONDS;
    compose(live, m, elapsed_seconds, text, sizeof text);
    put_at_edge(text, columns_of(text));
    live->shown = true;
}

void cli_live_clear(cli_live *live)
{
    if (live->shown) put_at_edge("", MOST_COLUMNS);
    live->shown = false;
}

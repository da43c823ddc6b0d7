/* live.h: one short text at the right edge of the terminal's current line, while a program writes to the same
 * terminal. */
#ifndef AJ_CLI_LIVE_H
#define AJ_CLI_LIVE_H

#include "measure.h"

typedef struct {
    bool wanted, shown;
    double next_seconds;                     /* not before */
    double last_seconds, last_joules, watts; /* of the recent power */
} cli_live;
#define CLI_LIVE_SECONDS 0.5 /* between two texts */

/* Wanted on a terminal without --quiet. */
void cli_live_begin(cli_live *live, const cli *c);
/* Shows what the run has used, when it is time to. */
void cli_live_show(cli_live *live, cli_measure *m, double elapsed_seconds);
void cli_live_clear(cli_live *live);

#endif

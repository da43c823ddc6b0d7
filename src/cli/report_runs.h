/* report_runs.h: aj report of runs in the ledger. */
#ifndef AJ_CLI_REPORT_RUNS_H
#define AJ_CLI_REPORT_RUNS_H

#include "cli.h"

/* "last", or hex digits that are no file: the beginning of a run's uid. */
bool cli_names_run(const char *operand);
/* The operands, else what the filters find.  EXIT_NOT_MET: written, but a budget is exceeded. */
int cli_report_runs(cli *c, const char *format);

#endif

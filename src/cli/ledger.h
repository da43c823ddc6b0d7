/* ledger.h: what the files of `aj ledger` share. */
#ifndef AJ_CLI_LEDGER_H
#define AJ_CLI_LEDGER_H

#include "attojoule/ledger.h"
#include "cli.h"

/* Opens --ledger or the default; says what was taken in.  EXIT_OK or EXIT_FAILED after a sentence. */
int cli_ledger_open(cli *c, bool read_only, aj_ledger **out);
/* --project, --user, ... as a filter; EXIT_OK or EXIT_USAGE. */
int cli_ledger_filter(cli *c, aj_run_filter *filter);
/* Warns of budgets (of one project, or all when NULL) that are spent to 80 %, complains of those that are
 * exceeded: EXIT_OK, EXIT_NOT_MET or EXIT_FAILED. */
int cli_ledger_check_budgets(cli *c, aj_ledger *ledger, const char *project);
/* "3.2 kJ [2.9, 3.5] measured"; "—" when it is not known. */
void cli_ledger_total(const aj_total *total, char *text, size_t size);

int cli_ledger_add(cli *c, aj_ledger *ledger);
int cli_ledger_account(cli *c, aj_ledger *ledger, FILE *stream);
int cli_ledger_budget(cli *c, aj_ledger *ledger, FILE *stream);
int cli_ledger_list(cli *c, aj_ledger *ledger, FILE *stream);
int cli_ledger_show(cli *c, aj_ledger *ledger, FILE *stream);

#endif

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

/* "2026-01-31 13:05", or "—". */
void cli_ledger_time(double unix_seconds, char *text, size_t size);

/* The options of reprice. */
#define CLI_REPRICE_OPTIONS                                                                                  \
    {.name = "zone", .kind = CLI_TEXT, .argument = "ZONE", .help = "reprice: where; see 'aj grid list'"},    \
        {.name = "hourly",                                                                                   \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "FILE.csv",                                                                             \
         .help = "reprice: intensity over time: columns timestamp (UTC) and gco2_kwh"},                      \
        {.name = "hour",                                                                                     \
         .kind = CLI_TEXT,                                                                                   \
         .argument = "TIME",                                                                                 \
         .help = "reprice: as if it had begun then: 2026-11-24T03:00Z (default: when it began)"},            \
        {.name = "best",                                                                                     \
         .kind = CLI_NUMBER,                                                                                 \
         .argument = "H",                                                                                    \
         .help = "reprice: at the best start within H hours from then",                                      \
         .minimum = 0,                                                                                       \
         .maximum = 1e6},                                                                                    \
        {.name = "pue",                                                                                      \
         .kind = CLI_NUMBER,                                                                                 \
         .argument = "RATIO",                                                                                \
         .help = "reprice: energy of the building over energy of the machines",                              \
         .minimum = 1,                                                                                       \
         .maximum = 10},                                                                                     \
        {.name = "provider", .kind = CLI_TEXT, .argument = "NAME", .help = "reprice: whose PUE"},            \
        {.name = "basis",                                                                                    \
         .kind = CLI_WORD,                                                                                   \
         .argument = "any|direct|lifecycle|consumption|unstated",                                            \
         .fallback = "any",                                                                                  \
         .help = "reprice: what the factor counts (of --hourly: what the file counts)"},                     \
        {.name = "contracts",                                                                                \
         .kind = CLI_NUMBER,                                                                                 \
         .argument = "RATIO",                                                                                \
         .fallback = "0",                                                                                    \
         .help = "reprice: share of the energy under contracts with zero emissions",                         \
         .minimum = 0,                                                                                       \
         .maximum = 1},                                                                                      \
        {.name = "residual",                                                                                 \
         .kind = CLI_NUMBER,                                                                                 \
         .argument = "G/KWH",                                                                                \
         .help = "reprice: residual mix of the market",                                                      \
         .minimum = 0,                                                                                       \
         .maximum = 5000},                                                                                   \
        {.name = "residual-basis",                                                                           \
         .kind = CLI_WORD,                                                                                   \
         .argument = "direct|lifecycle|consumption|unstated",                                                \
         .fallback = "direct",                                                                               \
         .help = "reprice: what the residual mix counts"},                                                   \
        {.name = "fee",                                                                                      \
         .kind = CLI_NUMBER,                                                                                 \
         .argument = "$/T",                                                                                  \
         .help = "reprice: internal carbon fee per tonne (default 15)",                                      \
         .minimum = 0,                                                                                       \
         .maximum = 1e6},                                                                                    \
        {.name = "fee-on",                                                                                   \
         .kind = CLI_WORD,                                                                                   \
         .argument = "location|market",                                                                      \
         .fallback = "location",                                                                             \
         .help = "reprice: which figure the fee is on"},                                                     \
        {.name = "electricity",                                                                              \
         .kind = CLI_NUMBER,                                                                                 \
         .argument = "$/KWH",                                                                                \
         .help = "reprice: price of electricity (default 0.12)",                                             \
         .minimum = 0,                                                                                       \
         .maximum = 100},                                                                                    \
        {.name = "zones", .kind = CLI_TEXT, .argument = "FILE.csv", .help = "reprice: your own factors"},    \
        {.name = "prices", .kind = CLI_TEXT, .argument = "FILE.csv", .help = "reprice: your own prices"},    \
    {                                                                                                        \
        .name = "save", .kind = CLI_FLAG, .help = "reprice: put the new prices in the place of the old ones" \
    }

int cli_ledger_reprice(cli *c, aj_ledger *ledger, FILE *stream);
int cli_ledger_add(cli *c, aj_ledger *ledger);
int cli_ledger_account(cli *c, aj_ledger *ledger, FILE *stream);
int cli_ledger_budget(cli *c, aj_ledger *ledger, FILE *stream);
int cli_ledger_list(cli *c, aj_ledger *ledger, FILE *stream);
int cli_ledger_show(cli *c, aj_ledger *ledger, FILE *stream);

#endif

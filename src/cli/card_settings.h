/* card_settings.h: what was set in a run. */
#ifndef AJ_CLI_CARD_SETTINGS_H
#define AJ_CLI_CARD_SETTINGS_H

#include "card.h"

typedef struct {
    const char *name, *value;
    const char *from; /* where it was said: "the record", "tags", "the command line" */
} cli_setting;
typedef struct {
    cli_setting *list;
    size_t n;
} cli_settings;
void cli_settings_of(cli_settings *to, cli_memory *memory, const cli_card_run *run);
const char *cli_setting_of(const cli_settings *settings, const char *name); /* NULL: not set */

#endif

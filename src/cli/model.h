/* model.h: opens a network as the options of a command ask. */
#ifndef AJ_CLI_MODEL_H
#define AJ_CLI_MODEL_H

#include "cli.h"

#include "attojoule/data.h"
#include "attojoule/nn.h"

#define CLI_DIM_OPTION                                                                      \
    {                                                                                       \
        .name = "dim", .kind = CLI_TEXT, .argument = "NAME=SIZE",                           \
        .help = "size of a dimension that the model leaves open, by name or as INPUT:AXIS " \
                "(default: that of the data, where there are data)",                        \
        .repeats = true                                                                     \
    }

/* The first operand. EXIT_OK or an exit status after a sentence. */
int cli_open_model(cli *c, aj_model **out);
/* Where dimensions are still open: opens the model again with those of the data. */
int cli_fit_model(cli *c, const aj_dataset *dataset, aj_model **model);

#endif

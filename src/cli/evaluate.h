/* evaluate.h: what eval and sweep have in common: their options, and the objects these name. */
#ifndef AJ_CLI_EVALUATE_H
#define AJ_CLI_EVALUATE_H

#include "cli.h"

#include "attojoule/hardware.h"
#include "attojoule/simulate.h"
#include "measure.h"
#include "model.h"

#define CLI_ON_OPTION                                                                                        \
    {                                                                                                        \
        .name = "on", .kind = CLI_TEXT, .argument = "HW", .help = "hardware: a preset's name or a YAML file" \
    }
#define CLI_SET_OPTION                                                                                  \
    {                                                                                                   \
        .name = "set", .kind = CLI_TEXT, .argument = "KEY=VALUE",                                       \
        .help = "a parameter of the hardware: an SI number, a number with unit (1fF), a word, or none", \
        .repeats = true                                                                                 \
    }
#define CLI_BATCH_OPTION                                                                               \
    {                                                                                                  \
        .name = "batch", .kind = CLI_COUNT, .argument = "B", .fallback = "1",                          \
        .help = "inferences the accelerator works on together; sets energy and latency", .minimum = 1, \
        .maximum = 1e9                                                                                 \
    }
#define CLI_MODE_OPTION                                                                            \
    {                                                                                              \
        .name = "mode", .kind = CLI_WORD, .argument = "latency|throughput", .fallback = "latency", \
        .help = "one request at a time, or the pipeline full"                                      \
    }

#define CLI_DYNAMIC_OPTION                                                                                 \
    {                                                                                                      \
        .name = "dynamic", .kind = CLI_WORD, .argument = "digital|analog", .fallback = "digital",          \
        .help =                                                                                            \
            "products of two activations (attention): priced as digital, or both operands on the hardware" \
    }

/* Which samples, and what is done to them. */
#define CLI_SAMPLE_OPTIONS                                                                              \
    {.name = "samples",                                                                                 \
     .kind = CLI_COUNT,                                                                                 \
     .argument = "N",                                                                                   \
     .help = "only the first N samples (default: all)",                                                 \
     .minimum = 1,                                                                                      \
     .maximum = CLI_LARGEST_COUNT},                                                                     \
        {.name = "split",                                                                               \
         .kind = CLI_WORD,                                                                              \
         .argument = "test|train",                                                                      \
         .fallback = "test",                                                                            \
         .help = "part of the data set"},                                                               \
        {.name = "scale",                                                                               \
         .kind = CLI_TEXT,                                                                              \
         .argument = "X",                                                                               \
         .help = "values are multiplied by it, such as 1/255 (default: that for bytes, 1 for others)"}, \
        {.name = "mean",                                                                                \
         .kind = CLI_TEXT,                                                                              \
         .argument = "A,B,…",                                                                           \
         .help = "then subtracted, one number or one a channel"},                                       \
        {.name = "std",                                                                                 \
         .kind = CLI_TEXT,                                                                              \
         .argument = "A,B,…",                                                                           \
         .help = "then divided by, one number or one a channel"},                                       \
        {.name = "layout",                                                                              \
         .kind = CLI_WORD,                                                                              \
         .argument = "nchw|nhwc",                                                                       \
         .help = "of the samples in their file: nhwc has the channels last"},                           \
        {.name = "calibration",                                                                         \
         .kind = CLI_COUNT,                                                                             \
         .argument = "N",                                                                               \
         .fallback = "1000",                                                                            \
         .help = "samples of the training split that set what is calibrated: gains, ranges",            \
         .minimum = 1,                                                                                  \
         .maximum = 1e9},                                                                               \
    {                                                                                                   \
        .name = "chunk", .kind = CLI_COUNT, .argument = "B",                                            \
        .help = "samples computed at a time; changes no result", .minimum = 1, .maximum = 1e6,          \
        .hidden = true                                                                                  \
    }

/* The rows that eval and sweep share. */
#define CLI_EVALUATE_OPTIONS                                                                             \
    {.name = "data",                                                                                     \
     .kind = CLI_TEXT,                                                                                   \
     .argument = "SET",                                                                                  \
     .help = "data set, see 'aj help data' (required)"},                                                 \
        CLI_ON_OPTION, CLI_SET_OPTION, CLI_DIM_OPTION,                                                   \
        {.name = "trials",                                                                               \
         .kind = CLI_COUNT,                                                                              \
         .argument = "N",                                                                                \
         .fallback = "1",                                                                                \
         .help = "draws of everything random, each over the whole data; intervals are over trials",      \
         .minimum = 1,                                                                                   \
         .maximum = 1e6},                                                                                \
        {.name = "seed",                                                                                 \
         .kind = CLI_COUNT,                                                                              \
         .argument = "S",                                                                                \
         .fallback = "1",                                                                                \
         .help = "every random number is a function of it",                                              \
         .maximum = CLI_LARGEST_COUNT},                                                                  \
        CLI_BATCH_OPTION, CLI_MODE_OPTION, CLI_DYNAMIC_OPTION, CLI_SAMPLE_OPTIONS,                       \
    {                                                                                                    \
        .name = "reference", .kind = CLI_FLAG, .help = "draw every pulse (slow); to check the fast law", \
        .hidden = true                                                                                   \
    }

typedef struct {
    aj_model *model;
    aj_dataset *dataset, *calibration;
    aj_hardware *hardware;
    aj_evaluate_options options; /* refers to the objects above */
    aj_preprocessing preprocessing;
    char declared_in[4200]; /* where it was said; empty = nowhere */
} cli_evaluation;

/* --on with every --set applied; *out stays NULL without --on. EXIT_OK or an exit status after a sentence. */
int cli_open_hardware(cli *c, aj_hardware **out);
/* cpu-here: joules and seconds per multiply-accumulate of the newest aj bench of this machine in the ledger,
 * where they were not set; says which. Leaves every other hardware alone. */
int cli_fill_measured(cli *c, aj_hardware *hardware);
aj_mode cli_mode(const cli *c);
aj_dynamic cli_dynamic(const cli *c);
/* Applies "KEY=VALUE"; EXIT_OK or EXIT_USAGE after a sentence. */
int cli_apply_setting(cli *c, aj_hardware *hardware, const char *setting);
/* Opens everything the options name. On failure nothing needs closing. */
int cli_evaluation_open(cli *c, cli_evaluation *evaluation);
/* The same without hardware (of which there are several); calibration samples from the training split where
 * there is one. */
int cli_evaluation_open_plain(cli *c, cli_evaluation *evaluation);
void cli_evaluation_close(cli_evaluation *evaluation);
/* For aj_evaluate_options: ends a cli_measure, the joules since its begin. */
aj_estimate cli_measured_joules(void *measure);
/* Puts an evaluation and what computing it used (an ended measurement) into the ledger. */
void cli_keep_evaluation(cli_measure *m, const aj_evaluation *result);

#endif

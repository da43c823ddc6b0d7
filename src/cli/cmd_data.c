/* cmd_data.c: aj data: known data sets and what is in them. */
#include "cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "attojoule/data.h"

const cli_option cmd_data_options[] = {
    {.name = "split",
     .kind = CLI_WORD,
     .argument = "test|train",
     .fallback = "test",
     .help = "part of the data set to show"},
    CLI_OPTION_END,
};

static int list(cli *c, FILE *stream)
{
    static const char *const headers[] = {"name", "found in", "about"};
    aj_error err = {AJ_OK, 0, ""};
    const char *name, *about = NULL;
    bool json = cli_has(c, "json");
    json_t *document = json_array();
    cli_table table;
    cli_table_begin(&table, "lll", headers);
    for (size_t i = 0; (name = aj_dataset_known(i, &about)) != NULL; i++) {
        char folder[4096] = "";
        aj_status st = aj_dataset_locate(c->context, name, folder, sizeof folder, &err);
        bool found = st == AJ_OK && folder[0] != '\0';
        cli_table_cell(&table, "%s", name);
        cli_table_cell(&table, "%s", found ? folder : "not here");
        cli_table_cell(&table, "%s", about);
        json_array_append_new(document, json_pack("{s:s, s:s?, s:s}", "name", name, "folder",
                                                  found ? folder : NULL, "about", about));
    }
    if (json) {
        json_dumpf(document, stream, JSON_INDENT(2));
        fputc('\n', stream);
    }
    cli_table_end(&table, json ? NULL : stream);
    json_decref(document);
    return EXIT_OK;
}

/* How many samples each class has. */
static size_t *count_classes(const aj_dataset *dataset, const aj_dataset_info *info)
{
    const int32_t *labels = aj_dataset_labels(dataset);
    size_t *counts = cli_allocate(info->n_classes, sizeof *counts);
    for (size_t i = 0; labels != NULL && i < info->n_samples; i++)
        if (labels[i] >= 0 && (size_t)labels[i] < info->n_classes) counts[labels[i]]++;
    return counts;
}

static void print_text(FILE *stream, const aj_dataset_info *info, const size_t *counts)
{
    fprintf(stream, "%s, %s split, from %s\n", info->name, info->split, info->origin);
    fprintf(stream, "%zu samples of ", info->n_samples);
    for (size_t i = 0; i < info->rank; i++) fprintf(stream, "%s%zu", i > 0 ? " x " : "", info->shape[i]);
    fprintf(stream, " = %zu numbers\n", info->n_features);
    if (info->n_classes == 0 && info->n_targets > 0) {
        fputs("labels are arrays of ", stream);
        for (size_t i = 0; i < info->target_rank; i++)
            fprintf(stream, "%s%zu", i > 0 ? " x " : "", info->target_shape[i]);
        fputs(info->n_target_classes > 0 ? " class numbers\n" : " values\n", stream);
    } else if (info->n_classes == 0) {
        fputs("no labels\n", stream);
    }
    for (size_t i = 0; i < info->n_classes; i++) fprintf(stream, "class %zu: %zu samples\n", i, counts[i]);
}

static void print_json(FILE *stream, const aj_dataset_info *info, const size_t *counts)
{
    json_t *shape = json_array(), *classes = json_array();
    for (size_t i = 0; i < info->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)info->shape[i]));
    for (size_t i = 0; i < info->n_classes; i++)
        json_array_append_new(classes, json_integer((json_int_t)counts[i]));
    json_t *document =
        json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "name", info->name, "split", info->split, "origin",
                  info->origin, "samples", (json_int_t)info->n_samples, "features",
                  (json_int_t)info->n_features, "shape", shape, "samples_per_class", classes);
    json_dumpf(document, stream, JSON_INDENT(2));
    fputc('\n', stream);
    json_decref(document);
}

static int show(cli *c, FILE *stream, const char *set)
{
    aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
    aj_error err = {AJ_OK, 0, ""};
    aj_dataset *dataset = NULL;
    options.split = strcmp(cli_text(c, "split"), "train") == 0 ? AJ_SPLIT_TRAIN : AJ_SPLIT_TEST;
    if (aj_dataset_open(&dataset, c->context, set, &options, &err) != AJ_OK) return cli_failed(c, &err);
    aj_dataset_info info = aj_dataset_describe(dataset);
    size_t *counts = count_classes(dataset, &info);
    (cli_has(c, "json") ? print_json : print_text)(stream, &info, counts);
    free(counts);
    aj_dataset_close(dataset);
    return EXIT_OK;
}

int cmd_data(cli *c)
{
    bool listing = c->n_operands == 0 || strcmp(c->operands[0], "list") == 0;
    if (!listing && strcmp(c->operands[0], "show") != 0)
        return cli_usage_error(c, "data takes 'list' or 'show SET', not '%s'", c->operands[0]);
    if (listing ? c->n_operands > 1 : c->n_operands != 2)
        return cli_usage_error(c, "usage: aj data %s", c->command->usage);
    int status = cli_context(c);
    if (status != EXIT_OK) return status;
    cli_output output;
    cli_output_begin(&output);
    status = listing ? list(c, output.stream) : show(c, output.stream, c->operands[1]);
    if (status == EXIT_OK) return cli_output_finish(c, &output);
    cli_output_discard(&output);
    return status;
}

/* model.c: opens a network with the sizes of its open dimensions. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_DIMENSIONS = 64 };

typedef struct {
    aj_dimension rows[MOST_DIMENSIONS];
    char *names[MOST_DIMENSIONS];
    size_t n;
} sizes;

static void forget(sizes *s)
{
    for (size_t i = 0; i < s->n; i++) free(s->names[i]);
}

static void add(sizes *s, char *name, size_t size)
{
    s->names[s->n] = name;
    s->rows[s->n++] = (aj_dimension){name, size};
}

static int read_sizes(cli *c, sizes *s)
{
    const char *text;
    for (size_t i = 0; (text = cli_repeated(c, "dim", i)) != NULL; i++) {
        const char *equals = strrchr(text, '=');
        char *end = NULL;
        unsigned long long size = equals != NULL ? strtoull(equals + 1, &end, 10) : 0;
        if (equals == NULL || equals == text || size == 0 || *end != '\0' || equals[1] == '-')
            return cli_usage_error(c, "--dim takes NAME=SIZE with a size of 1 or more, not '%s'", text);
        if (s->n == MOST_DIMENSIONS) return cli_usage_error(c, "--dim: more than %d sizes", MOST_DIMENSIONS);
        char *name = cli_copy_text(text);
        name[equals - text] = '\0';
        add(s, name, (size_t)size);
    }
    return EXIT_OK;
}

static int load(cli *c, const sizes *s, aj_model **out)
{
    aj_error err = {AJ_OK, 0, ""};
    aj_model_options options = AJ_MODEL_OPTIONS_INIT;
    options.dimensions = s->rows;
    options.n_dimensions = s->n;
    if (aj_model_load_with(out, c->context, c->operands[0], &options, &err) == AJ_OK) return EXIT_OK;
    return cli_failed(c, &err);
}

int cli_open_model(cli *c, aj_model **out)
{
    sizes s = {.n = 0};
    int status = read_sizes(c, &s);
    if (status == EXIT_OK) status = load(c, &s, out);
    forget(&s);
    return status;
}

/* The open dimensions of an input are those of the samples. */
static void take_sizes(sizes *s, const aj_port_info *input, size_t rank, const size_t *shape)
{
    if (!input->has_shape || input->rank != rank + 1) return;
    for (size_t d = 1; d < input->rank; d++) {
        if (input->dims[d] != AJ_OPEN_DIMENSION || s->n == MOST_DIMENSIONS) continue;
        size_t room = strlen(input->name) + 24;
        char *name = cli_allocate(room, 1);
        snprintf(name, room, "%s:%zu", input->name, d);
        add(s, name, shape[d - 1]);
    }
}

int cli_fit_model(cli *c, const aj_dataset *dataset, aj_model **model)
{
    aj_dataset_info info = aj_dataset_describe(dataset);
    size_t n_inputs = aj_model_n_inputs(*model);
    if (n_inputs > 1 && info.n_inputs == 0)
        return cli_usage_error(c, "%s has %zu inputs; give each its file: --data %s=FILE.npy,%s=FILE.npy,...",
                               c->operands[0], n_inputs, aj_model_input(*model, 0).name,
                               aj_model_input(*model, 1).name);
    if (aj_model_describe(*model).n_input_features > 0 || (n_inputs != 1 && n_inputs != info.n_inputs))
        return EXIT_OK;
    sizes s = {.n = 0};
    int status = read_sizes(c, &s);
    for (size_t k = 0; k < n_inputs && status == EXIT_OK; k++) {
        aj_port_info input = aj_model_input(*model, k);
        if (info.n_inputs > 0) /* in the order of the network */
            take_sizes(&s, &input, info.inputs[k].rank, info.inputs[k].shape);
        else
            take_sizes(&s, &input, info.rank, info.shape);
    }
    aj_model *fitted = NULL;
    if (status == EXIT_OK) status = load(c, &s, &fitted);
    forget(&s);
    if (status != EXIT_OK) return status;
    aj_model_destroy(*model);
    *model = fitted;
    return EXIT_OK;
}

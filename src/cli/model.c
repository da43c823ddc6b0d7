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

int cli_fit_model(cli *c, const aj_dataset *dataset, aj_model **model)
{
    aj_dataset_info info = aj_dataset_describe(dataset);
    aj_port_info input = aj_model_input(*model, 0);
    if (aj_model_describe(*model).n_input_features > 0 || aj_model_n_inputs(*model) != 1 ||
        !input.has_shape || input.rank != info.rank + 1)
        return EXIT_OK;
    sizes s = {.n = 0};
    int status = read_sizes(c, &s);
    for (size_t d = 1; d < input.rank && status == EXIT_OK; d++) {
        if (input.dims[d] != AJ_OPEN_DIMENSION || s.n == MOST_DIMENSIONS) continue;
        size_t room = strlen(input.name) + 24;
        char *name = cli_allocate(room, 1);
        snprintf(name, room, "%s:%zu", input.name, d);
        add(&s, name, info.shape[d - 1]);
    }
    aj_model *fitted = NULL;
    if (status == EXIT_OK) status = load(c, &s, &fitted);
    forget(&s);
    if (status != EXIT_OK) return status;
    aj_model_destroy(*model);
    *model = fitted;
    return EXIT_OK;
}

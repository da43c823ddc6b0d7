/* Any bytes as a YAML file: a tree or a sentence, no crash. Conversions are tried on every scalar. */
#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void visit(const ajp_yaml *node)
{
    aj_error err;
    double number;
    int64_t whole;
    const char *text;
    (void)!ajp_yaml_number(node, "fuzz", &number, &err);
    (void)!ajp_yaml_integer(node, "fuzz", -10, 1000000, &whole, &err);
    (void)!ajp_yaml_string(node, "fuzz", &text, &err);
    for (const ajp_yaml *child = node->first; child != NULL; child = child->next) visit(child);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    aj_context *context = NULL;
    aj_error err;
    if (aj_context_create(&context, &options, &err) != AJ_OK) return 0;
    ajp_arena arena;
    ajp_arena_init(&arena, context);
    const ajp_yaml *root = NULL;
    if (ajp_yaml_parse(&root, &arena, (const char *)data, size, "fuzz", &err) == AJ_OK) {
        static const char *const allowed[] = {"name", NULL};
        (void)!ajp_yaml_check_keys(root, "fuzz", allowed, &err);
        visit(root);
    }
    ajp_arena_free(&arena);
    aj_context_destroy(context);
    return 0;
}

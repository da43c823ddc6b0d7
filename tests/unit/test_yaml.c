/* YAML edge: the tree, line numbers, strict conversions, and everything that is refused. */
#include "base/yaml.h"
#include "check.h"

static aj_context *context;
static ajp_arena arena;
static aj_error err;

static aj_status parse(const char *text, const ajp_yaml **root)
{
    *root = NULL;
    return ajp_yaml_parse(root, &arena, text, strlen(text), "t.yaml", &err);
}

static void refused(const char *text, const char *part, const char *line)
{
    const ajp_yaml *root = NULL;
    memset(&err, 0, sizeof err);
    CHECK(parse(text, &root) != AJ_OK);
    CHECK(root == NULL);
    CHECK_CONTAINS(err.message, part);
    CHECK_CONTAINS(err.message, line);
}

static void test_tree(void)
{
    const ajp_yaml *root = NULL;
    CHECK_OK(parse("# comment\nname: homodyne\nlist: [1, 2.5, '3']\nmap:\n  a: {value: 1e-3, unit: "
                   "fF}\nempty:\nlast: 7\n",
                   &root),
             err);
    if (root == NULL) return;
    CHECK_INT(root->kind, AJP_YAML_MAP);
    CHECK_INT(root->n_children, 5);
    const ajp_yaml *name = ajp_yaml_find(root, "name"), *list = ajp_yaml_find(root, "list");
    CHECK_STRING(name->text, "homodyne");
    CHECK_INT(name->line, 2);
    CHECK_INT(list->n_children, 3);
    CHECK(!list->first->quoted && list->first->next->next->quoted);
    CHECK_STRING(list->first->next->text, "2.5");
    const ajp_yaml *a = ajp_yaml_find(ajp_yaml_find(root, "map"), "a");
    CHECK_INT(a->line, 5);
    double value = 0.0;
    CHECK_OK(ajp_yaml_number(ajp_yaml_find(a, "value"), "t.yaml", &value, &err), err);
    CHECK_CLOSE(value, 1e-3, 1e-15);
    CHECK(ajp_yaml_is_none(ajp_yaml_find(root, "empty")));
    CHECK_INT(ajp_yaml_find(root, "empty")->line, 6);
    CHECK(ajp_yaml_find(root, "absent") == NULL);
    CHECK(ajp_yaml_find(name, "x") == NULL);
}

static void test_refusals(void)
{
    refused("a: 1\nb: 2\na: 3\n", "'a' stands on line 1", "t.yaml:3:");
    refused("a: &x 1\nb: 2\n", "anchors", "t.yaml:1:");
    refused("a: &x [1]\n", "anchors", "t.yaml:1:");
    refused("a: 1\nb: *x\n", "aliases", "t.yaml:2:");
    refused("a: !!int 1\n", "tags", "t.yaml:1:");
    refused("a: !x {b: 1}\n", "tags", "t.yaml:1:");
    refused("a: 1\n---\nb: 2\n", "second document", "t.yaml:2:");
    refused("[a, b]: 1\n", "as a key", "t.yaml:1:");
    refused("a: \"x\\0y\"\n", "NUL", "t.yaml:1:");
    refused("", "empty", "t.yaml:1:");
    refused("# nothing\n", "empty", "t.yaml:1:");
    refused("a: 1\n b: 2\n", "not YAML", "t.yaml:2:");
    refused("a: [1, 2\n", "not YAML", "t.yaml:");
    refused("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "deeper than 16", "t.yaml:1:");
    const ajp_yaml *root = NULL;
    CHECK_OK(parse("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", &root), err);
    char *many = malloc(40000);
    size_t used = 0;
    for (int i = 0; i < 1001; i++) used += (size_t)snprintf(many + used, 40000 - used, "k%d: 1\n", i);
    refused(many, "1000 keys", "t.yaml:1001:");
    free(many);
    char *big = malloc((1 << 20) + 1);
    memset(big, ' ', (1 << 20) + 1);
    CHECK_INT(ajp_yaml_parse(&root, &arena, big, (1 << 20) + 1, "t.yaml", &err), AJ_CORRUPT);
    free(big);
    CHECK_OK(ajp_yaml_parse(&root, &arena, "a: 1\nb: [", 5, "t.yaml", &err),
             err); /* not a byte beyond size */
}

static void number_refused(const char *text)
{
    const ajp_yaml *root = NULL;
    double value = 42.0;
    CHECK_OK(parse(text, &root), err);
    CHECK_INT(ajp_yaml_number(root->first, "t.yaml", &value, &err), AJ_CORRUPT);
    CHECK(value == 42.0);
    CHECK_CONTAINS(err.message, "t.yaml:1: 'k'");
}

static void test_conversions(void)
{
    number_refused("k: 0x10\n");
    number_refused("k: nan\n");
    number_refused("k: .inf\n");
    number_refused("k: 1e999\n");
    number_refused("k: 1fF\n");
    number_refused("k: '1'\n");
    number_refused("k: .\n");
    number_refused("k: 1 2\n");
    number_refused("k: [1]\n");
    number_refused("k:\n");
    const ajp_yaml *root = NULL;
    double value = 0.0;
    CHECK_OK(parse("k: -.5E+2\n", &root), err);
    CHECK_OK(ajp_yaml_number(root->first, "t.yaml", &value, &err), err);
    CHECK(value == -50.0);
    const char *end = NULL;
    CHECK(ajp_number_scan("1fF", &end, &value) && strcmp(end, "fF") == 0 && value == 1.0);
    CHECK(ajp_number_scan("1e-15F", &end, &value) && strcmp(end, "F") == 0 && value == 1e-15);
    CHECK(ajp_number_scan("2eV", &end, &value) && strcmp(end, "eV") == 0 && value == 2.0);
    CHECK(!ajp_number_scan("-", &end, &value) && !ajp_number_scan("e5", &end, &value));

    int64_t whole = 5;
    CHECK_OK(parse("k: 12\n", &root), err);
    CHECK_OK(ajp_yaml_integer(root->first, "t.yaml", 1, 12, &whole, &err), err);
    CHECK_INT(whole, 12);
    CHECK_INT(ajp_yaml_integer(root->first, "t.yaml", 1, 11, &whole, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "from 1 to 11");
    CHECK_OK(parse("k: 1.5\n", &root), err);
    CHECK_INT(ajp_yaml_integer(root->first, "t.yaml", 1, 11, &whole, &err), AJ_CORRUPT);
    CHECK_OK(parse("k: 99999999999999999999\n", &root), err);
    CHECK_INT(ajp_yaml_integer(root->first, "t.yaml", 1, 11, &whole, &err), AJ_CORRUPT);
    CHECK_INT(whole, 12);

    const char *text = NULL;
    CHECK_OK(parse("k: 'yes: no'\n", &root), err);
    CHECK_OK(ajp_yaml_string(root->first, "t.yaml", &text, &err), err);
    CHECK_STRING(text, "yes: no");
    CHECK_OK(parse("k:\n", &root), err);
    CHECK_INT(ajp_yaml_string(root->first, "t.yaml", &text, &err), AJ_CORRUPT);

    static const char *const allowed[] = {"alpha", "beta", NULL};
    CHECK_OK(parse("alpha: 1\nbeta: 2\n", &root), err);
    CHECK_OK(ajp_yaml_check_keys(root, "t.yaml", allowed, &err), err);
    CHECK_OK(parse("alpha: 1\ngamma: 2\n", &root), err);
    CHECK_INT(ajp_yaml_check_keys(root, "t.yaml", allowed, &err), AJ_CORRUPT);
    CHECK_CONTAINS(err.message, "t.yaml:2: unknown key 'gamma'; use one of: alpha, beta");
    CHECK_OK(parse("[1]\n", &root), err);
    CHECK_INT(ajp_yaml_check_keys(root, "t.yaml", allowed, &err), AJ_CORRUPT);
}

int main(void)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    ajp_arena_init(&arena, context);
    test_tree();
    test_refusals();
    test_conversions();
    ajp_arena_free(&arena);
    aj_context_destroy(context);
    return check_report();
}

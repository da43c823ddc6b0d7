/* The ONNX project's cases on other element types: every float32 of a model and of its inputs becomes
 * float16, bfloat16 or float64.  What a single node gives has to be what it gives in float32 for the same
 * rounded inputs, rounded; a type that an operator does not take has to be one that the standard does not
 * give it. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "check.h"

#include <dirent.h>
#include <ftw.h>

#include "case_data.h"
#include "fuzz/onnx_tree.h"

static aj_context *context;
static struct {
    int compared, refused, others;
} counts[3];
static const ajp_dtype types[] = {AJP_FLOAT16, AJP_BFLOAT16, AJP_FLOAT64};
/* Half a unit in the last place for the rounding and half for a float32 that was between; bfloat16 is cut off
 * where an operator computes it itself.  float64 is compared with float32. */
static const double relative[] = {1.0 / 1024, 1.0 / 128, 1e-5};

/* ---- models -----------------------------------------------------------------------------------------------
 */

static size_t floats_of(const tree_item *tensor, float *out, size_t most)
{
    size_t n = 0;
    for (const tree_item *f = tensor->first; f != NULL; f = f->next) {
        if (tree_is(f, "float_data") && f->type == AJP_WIRE_32BIT && n < most) {
            uint32_t bits = (uint32_t)f->value;
            memcpy(&out[n++], &bits, sizeof bits);
        } else if (tree_is(f, "raw_data") || tree_is(f, "float_data")) {
            size_t more = f->bytes.size / sizeof *out;
            if (more > most - n) more = most - n;
            memcpy(out + n, f->bytes.data, more * sizeof *out);
            n += more;
        }
    }
    return n;
}

/* The numbers of a float32 tensor in another type, or rounded to it. */
static void convert_tensor(tree_memory *memory, tree_item *tensor, ajp_dtype to, bool stays)
{
    enum { MOST = 1 << 16 };
    tree_item *type = tree_child(tensor, "data_type"), *old;
    if (type == NULL || type->value != AJP_FLOAT32) return;
    float *values = tree_alloc(memory, MOST * sizeof *values);
    void *other = tree_alloc(memory, MOST * 8);
    if (values == NULL || other == NULL) return;
    size_t n = floats_of(tensor, values, MOST);
    ajp_convert(to, other, AJP_FLOAT32, values, n);
    ajp_convert(AJP_FLOAT32, values, to, other, n);
    while ((old = tree_child(tensor, "raw_data")) != NULL) tree_remove(old);
    while ((old = tree_child(tensor, "float_data")) != NULL) tree_remove(old);
    tree_append(tensor, tree_leaf(memory, tensor->message, "raw_data", 0, stays ? (void *)values : other,
                                  n * (stays ? sizeof *values : ajp_dtype_size(to))));
    if (!stays) type->value = to;
}

/* An attribute that names a type. */
static bool names_type(const tree_item *item)
{
    tree_item *name = item->parent != NULL ? tree_child(item->parent, "name") : NULL;
    if (!tree_is(item, "i") || name == NULL) return false;
    return (name->bytes.size == 2 && memcmp(name->bytes.data, "to", 2) == 0) ||
           (name->bytes.size == 5 && memcmp(name->bytes.data, "dtype", 5) == 0);
}

static void convert_tree(tree_memory *memory, tree_item *item, ajp_dtype to, bool stays)
{
    for (tree_item *f = item->first; f != NULL; f = f->next) {
        if ((tree_is(f, "elem_type") || names_type(f)) && f->message == NULL && f->value == AJP_FLOAT32 &&
            !stays)
            f->value = to;
        if (tree_is_message(f, "TensorProto"))
            convert_tensor(memory, f, to, stays);
        else if (f->message != NULL)
            convert_tree(memory, f, to, stays);
    }
}

/* The model in another type, or (stays) in float32 with its constants rounded. */
static size_t convert_model(const ajp_file_map *map, ajp_dtype to, bool stays, uint8_t **out)
{
    tree_memory memory;
    size_t size = 0, room = 4 * map->size + 4096;
    *out = malloc(room);
    CHECK(*out != NULL && tree_memory_open(&memory, (size_t)64 << 20));
    tree_item *root = tree_read(&memory, map->data, map->size);
    if (root != NULL) {
        convert_tree(&memory, root, to, stays);
        size = tree_write(root, *out, room);
    }
    tree_memory_close(&memory);
    return size;
}

/* ---- runs -------------------------------------------------------------------------------------------------
 */

static ajp_tensor rounded(data_set *set, const ajp_tensor *x, ajp_dtype to, bool stays)
{
    ajp_tensor narrow = *x, wide = *x;
    if (x->type.dtype != AJP_FLOAT32) return *x;
    narrow.type.dtype = to;
    CHECK(ajp_tensor_make(&narrow, &set->arena, &narrow.type) &&
          ajp_tensor_make(&wide, &set->arena, &x->type));
    ajp_convert(to, narrow.data, AJP_FLOAT32, x->data, x->n);
    ajp_convert(AJP_FLOAT32, wide.data, to, narrow.data, x->n);
    return stays ? wide : narrow;
}

static aj_status evaluate(ajp_graph *graph, data_set *set, const uint8_t *bytes, size_t size, ajp_dtype to,
                          bool stays, const char *path, aj_error *err)
{
    AJ_TRY(ajp_graph_build(graph, context, &set->arena, bytes, size, path, NULL, err));
    for (size_t i = 0; i < set->n_in && i < graph->n_inputs; i++) {
        ajp_tensor *x = ajp_arena_alloc(&set->arena, sizeof *x);
        CHECK(x != NULL);
        *x = rounded(set, &set->in[i], to, stays);
        AJ_TRY(ajp_graph_bind(graph, graph->values[graph->inputs[i]].name, x, err));
    }
    return ajp_graph_infer(graph, true, err);
}

static void compare(const char *path, const ajp_tensor *got, const ajp_tensor *want, ajp_dtype to, size_t t)
{
    /* some results are float32 whatever goes in: statistics, windows */
    bool stays = got != NULL && got->type.dtype == want->type.dtype;
    check_count++;
    if (got == NULL || (!stays && (want->type.dtype != AJP_FLOAT32 || got->type.dtype != to)) ||
        !ajp_type_same_shape(&got->type, &want->type)) {
        check_failures++;
        fprintf(stderr, "%s (%s): another type or shape\n", path, ajp_dtype_name(to));
        return;
    }
    double *x = calloc(got->n + 1, sizeof *x), *y = calloc(got->n + 1, sizeof *y);
    ajp_convert(AJP_FLOAT64, x, got->type.dtype, got->data, got->n);
    ajp_convert(AJP_FLOAT64, y, want->type.dtype, want->data, want->n);
    for (size_t i = 0; i < got->n; i++) {
        double room = want->type.dtype == AJP_FLOAT32 ? relative[t] * fabs(y[i]) + 1e-6 : 0;
        bool beyond = to == AJP_FLOAT16 && fabs(y[i]) > 65504; /* becomes infinite */
        if (isnan(y[i]) ? isnan(x[i]) : x[i] == y[i] || fabs(x[i] - y[i]) <= room || (beyond && isinf(x[i])))
            continue;
        check_failures++;
        fprintf(stderr, "%s (%s): element %zu is %.9g, want %.9g\n", path, ajp_dtype_name(to), i, x[i], y[i]);
        break;
    }
    free(x), free(y);
}

/* The standard has these in float32 only (onnx.defs, opset 17: NonMaxSuppression, DynamicQuantizeLinear; the
 * scales of QLinearMatMul and QLinearConv). */
static void check_refusal(const aj_error *err)
{
    static const char *const known[] = {"(NonMaxSuppression, ", "(DynamicQuantizeLinear, ",
                                        "(QLinearMatMul, ", "(QLinearConv, "};
    check_count++;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strstr(err->message, known[k]) != NULL) return;
    check_failures++;
    fprintf(stderr, "%s\n", err->message);
}

static void in_type(const char *path, const char *folder, const ajp_file_map *map, size_t t)
{
    aj_error err = {0};
    data_set set;
    ajp_graph graph = {0}, reference = {0};
    uint8_t *other, *same;
    data_set_open(&set, context);
    size_t n_other = convert_model(map, types[t], false, &other),
           n_same = convert_model(map, types[t], true, &same);
    set.n_in = data_set_read(&set, folder, "input", set.in, MAX_PORTS);
    aj_status st = evaluate(&reference, &set, same, n_same, types[t], true, path, &err);
    if (st == AJ_OK && n_other > 0) {
        st = evaluate(&graph, &set, other, n_other, types[t], false, path, &err);
        if (st != AJ_OK) {
            counts[t].refused++;
            check_refusal(&err);
        } else if (reference.proto->n_node == 1) {
            counts[t].compared++;
            for (size_t k = 0; k < graph.n_outputs; k++)
                compare(path, graph.values[graph.outputs[k]].constant,
                        reference.values[reference.outputs[k]].constant, types[t], t);
        } else {
            counts[t].others++;
        }
    }
    ajp_graph_close(&graph);
    ajp_graph_close(&reference);
    data_set_close(&set);
    free(other);
    free(same);
}

static int visit(const char *path, const struct stat *info, int type, struct FTW *place)
{
    size_t length = strlen(path);
    (void)place;
    if (type != FTW_F || length < 11 || strcmp(path + length - 11, "/model.onnx") != 0 ||
        info->st_size > 1 << 16)
        return 0;
    char folder[4096];
    aj_error err = {0};
    ajp_file_map map;
    snprintf(folder, sizeof folder, "%.*s/test_data_set_0", (int)(length - 11), path);
    CHECK_OK(ajp_file_map_open(&map, context, path, &err), err);
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) in_type(path, folder, &map, t);
    ajp_file_map_close(&map, context);
    return 0;
}

/* cases_types CASES */
int main(int argc, char **argv)
{
    aj_error err;
    if (argc < 2) return 2;
    DIR *probe = opendir(argv[1]);
    if (probe == NULL) CHECK_SKIP("the ONNX test cases are not installed (libonnx-testdata)");
    closedir(probe);
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    nftw(argv[1], visit, 16, FTW_PHYS);
    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        printf("%s: %d cases compared, %d of several nodes run, %d refused\n", ajp_dtype_name(types[t]),
               counts[t].compared, counts[t].others, counts[t].refused);
    aj_context_destroy(context);
    return check_report();
}

/* Our ONNX reader against protobuf-c: every field that we keep, of every model of the ONNX project's test
 * data. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "check.h"

#include <ftw.h>

#include "base/file.h"
#include "nn/onnx/onnx.h"
#include "onnx-ml.pb-c.h"

static const char *current; /* the file, for messages */
static long n_compared;

#define SAME(condition)                                                                           \
    do {                                                                                          \
        n_compared++;                                                                             \
        if (!(condition)) {                                                                       \
            check_failures++;                                                                     \
            fprintf(stderr, "%s:%d: %s: differs: %s\n", __FILE__, __LINE__, current, #condition); \
        }                                                                                         \
    } while (0)
/* A count must agree before the elements can be looked at. */
#define SAME_COUNT(ours, theirs)        \
    do {                                \
        SAME((ours) == (theirs));       \
        if ((ours) != (theirs)) return; \
    } while (0)
#define SAME_BOTH(ours, theirs)                         \
    do {                                                \
        SAME(((ours) != NULL) == ((theirs) != NULL));   \
        if ((ours) == NULL || (theirs) == NULL) return; \
    } while (0)

static bool text_is(const char *ours, const char *theirs)
{
    return strcmp(ours, theirs != NULL ? theirs : "") == 0;
}

static bool bytes_are(ajp_bytes ours, ProtobufCBinaryData theirs)
{
    return ours.size == theirs.len && (ours.size == 0 || memcmp(ours.data, theirs.data, ours.size) == 0);
}

static void compare_entries(const ajp_onnx_entry *a, size_t n_a, Onnx__StringStringEntryProto **b, size_t n_b)
{
    SAME_COUNT(n_a, n_b);
    for (size_t i = 0; i < n_a; i++) SAME(text_is(a[i].key, b[i]->key) && text_is(a[i].value, b[i]->value));
}

static void compare_tensor(const ajp_onnx_tensor *a, const Onnx__TensorProto *b)
{
    SAME_BOTH(a, b);
    SAME(text_is(a->name, b->name));
    SAME(a->data_type == b->data_type);
    SAME_COUNT(a->n_dims, b->n_dims);
    for (size_t i = 0; i < a->n_dims; i++) SAME(a->dims[i] == b->dims[i]);
    SAME(((a->has >> 9) & 1) == (b->has_raw_data != 0) && bytes_are(a->raw_data, b->raw_data));
    SAME_COUNT(a->n_float_data, b->n_float_data);
    SAME(a->n_float_data == 0 || memcmp(a->float_data, b->float_data, 4 * a->n_float_data) == 0);
    SAME_COUNT(a->n_int32_data, b->n_int32_data);
    for (size_t i = 0; i < a->n_int32_data; i++) SAME(a->int32_data[i] == b->int32_data[i]);
    SAME_COUNT(a->n_int64_data, b->n_int64_data);
    SAME(a->n_int64_data == 0 || memcmp(a->int64_data, b->int64_data, 8 * a->n_int64_data) == 0);
    SAME_COUNT(a->n_double_data, b->n_double_data);
    SAME(a->n_double_data == 0 || memcmp(a->double_data, b->double_data, 8 * a->n_double_data) == 0);
    SAME_COUNT(a->n_uint64_data, b->n_uint64_data);
    SAME(a->n_uint64_data == 0 || memcmp(a->uint64_data, b->uint64_data, 8 * a->n_uint64_data) == 0);
    SAME_COUNT(a->n_string_data, b->n_string_data);
    for (size_t i = 0; i < a->n_string_data; i++) SAME(bytes_are(a->string_data[i], b->string_data[i]));
    compare_entries(a->external_data, a->n_external_data, b->external_data, b->n_external_data);
    SAME(a->data_location == b->data_location);
    SAME((a->segment != NULL) == (b->segment != NULL));
}

static void compare_sparse(const ajp_onnx_sparse_tensor *a, const Onnx__SparseTensorProto *b)
{
    SAME_BOTH(a, b);
    SAME_COUNT(a->n_dims, b->n_dims);
    for (size_t i = 0; i < a->n_dims; i++) SAME(a->dims[i] == b->dims[i]);
    compare_tensor(a->values, b->values);
    compare_tensor(a->indices, b->indices);
}

static void compare_shape(const ajp_onnx_shape *a, const Onnx__TensorShapeProto *b)
{
    SAME_BOTH(a, b);
    SAME_COUNT(a->n_dim, b->n_dim);
    for (size_t i = 0; i < a->n_dim; i++) {
        bool value = b->dim[i]->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        bool param = b->dim[i]->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        SAME(((a->dim[i].has >> 1) & 1) == value && ((a->dim[i].has >> 2) & 1) == param);
        SAME(!value || a->dim[i].dim_value == b->dim[i]->dim_value);
        SAME(!param || text_is(a->dim[i].dim_param, b->dim[i]->dim_param));
        SAME(text_is(a->dim[i].denotation, b->dim[i]->denotation));
    }
}

static void compare_type(const ajp_onnx_type *a, const Onnx__TypeProto *b);

static void compare_tensor_type(const ajp_onnx_tensor_type *a, const Onnx__TypeProto__Tensor *b)
{
    SAME_BOTH(a, b);
    SAME(a->elem_type == b->elem_type);
    compare_shape(a->shape, b->shape);
}

static void compare_sparse_type(const ajp_onnx_tensor_type *a, const Onnx__TypeProto__SparseTensor *b)
{
    SAME_BOTH(a, b);
    SAME(a->elem_type == b->elem_type);
    compare_shape(a->shape, b->shape);
}

static void compare_type(const ajp_onnx_type *a, const Onnx__TypeProto *b)
{
    SAME_BOTH(a, b);
    SAME(text_is(a->denotation, b->denotation));
    switch (b->value_case) {
    case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
        compare_tensor_type(a->tensor_type, b->tensor_type);
        break;
    case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
        compare_sparse_type(a->sparse_tensor_type, b->sparse_tensor_type);
        break;
    case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
        SAME_BOTH(a->sequence_type, b->sequence_type);
        compare_type(a->sequence_type->elem_type, b->sequence_type->elem_type);
        break;
    case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
        SAME_BOTH(a->optional_type, b->optional_type);
        compare_type(a->optional_type->elem_type, b->optional_type->elem_type);
        break;
    case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
        SAME_BOTH(a->map_type, b->map_type);
        SAME(a->map_type->key_type == b->map_type->key_type);
        compare_type(a->map_type->value_type, b->map_type->value_type);
        break;
    case ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE:
        SAME_BOTH(a->opaque_type, b->opaque_type);
        SAME(text_is(a->opaque_type->name, b->opaque_type->name));
        break;
    default:
        SAME(a->tensor_type == NULL && a->sequence_type == NULL);
    }
}

static void compare_graph(const ajp_onnx_graph *a, const Onnx__GraphProto *b);

static void compare_attribute_lists(const ajp_onnx_attribute *a, const Onnx__AttributeProto *b)
{
    SAME_COUNT(a->n_floats, b->n_floats);
    SAME(a->n_floats == 0 || memcmp(a->floats, b->floats, 4 * a->n_floats) == 0);
    SAME_COUNT(a->n_ints, b->n_ints);
    SAME(a->n_ints == 0 || memcmp(a->ints, b->ints, 8 * a->n_ints) == 0);
    SAME_COUNT(a->n_strings, b->n_strings);
    for (size_t i = 0; i < a->n_strings; i++) SAME(bytes_are(a->strings[i], b->strings[i]));
    SAME_COUNT(a->n_tensors, b->n_tensors);
    for (size_t i = 0; i < a->n_tensors; i++) compare_tensor(&a->tensors[i], b->tensors[i]);
    SAME_COUNT(a->n_graphs, b->n_graphs);
    for (size_t i = 0; i < a->n_graphs; i++) compare_graph(&a->graphs[i], b->graphs[i]);
    SAME_COUNT(a->n_sparse_tensors, b->n_sparse_tensors);
    for (size_t i = 0; i < a->n_sparse_tensors; i++)
        compare_sparse(&a->sparse_tensors[i], b->sparse_tensors[i]);
    SAME_COUNT(a->n_type_protos, b->n_type_protos);
    for (size_t i = 0; i < a->n_type_protos; i++) compare_type(&a->type_protos[i], b->type_protos[i]);
}

static void compare_attribute(const ajp_onnx_attribute *a, const Onnx__AttributeProto *b)
{
    SAME(text_is(a->name, b->name) && text_is(a->ref_attr_name, b->ref_attr_name));
    SAME(a->type == (int64_t)b->type);
    SAME(memcmp(&a->f, &b->f, 4) == 0);
    SAME(a->i == b->i);
    SAME(bytes_are(a->s, b->s));
    if (a->t != NULL || b->t != NULL) compare_tensor(a->t, b->t);
    if (a->g != NULL || b->g != NULL) compare_graph(a->g, b->g);
    if (a->tp != NULL || b->tp != NULL) compare_type(a->tp, b->tp);
    if (a->sparse_tensor != NULL || b->sparse_tensor != NULL)
        compare_sparse(a->sparse_tensor, b->sparse_tensor);
    compare_attribute_lists(a, b);
}

static void compare_node(const ajp_onnx_node *a, const Onnx__NodeProto *b)
{
    SAME(text_is(a->name, b->name) && text_is(a->op_type, b->op_type) && text_is(a->domain, b->domain));
    SAME_COUNT(a->n_input, b->n_input);
    for (size_t i = 0; i < a->n_input; i++) SAME(text_is(a->input[i], b->input[i]));
    SAME_COUNT(a->n_output, b->n_output);
    for (size_t i = 0; i < a->n_output; i++) SAME(text_is(a->output[i], b->output[i]));
    SAME_COUNT(a->n_attribute, b->n_attribute);
    for (size_t i = 0; i < a->n_attribute; i++) compare_attribute(&a->attribute[i], b->attribute[i]);
}

static void compare_values(const ajp_onnx_value *a, size_t n_a, Onnx__ValueInfoProto **b, size_t n_b)
{
    SAME_COUNT(n_a, n_b);
    for (size_t i = 0; i < n_a; i++) {
        SAME(text_is(a[i].name, b[i]->name));
        compare_type(a[i].type, b[i]->type);
    }
}

static void compare_graph(const ajp_onnx_graph *a, const Onnx__GraphProto *b)
{
    SAME_BOTH(a, b);
    SAME(text_is(a->name, b->name));
    SAME_COUNT(a->n_node, b->n_node);
    for (size_t i = 0; i < a->n_node; i++) compare_node(&a->node[i], b->node[i]);
    SAME_COUNT(a->n_initializer, b->n_initializer);
    for (size_t i = 0; i < a->n_initializer; i++) compare_tensor(&a->initializer[i], b->initializer[i]);
    SAME_COUNT(a->n_sparse_initializer, b->n_sparse_initializer);
    for (size_t i = 0; i < a->n_sparse_initializer; i++)
        compare_sparse(&a->sparse_initializer[i], b->sparse_initializer[i]);
    compare_values(a->input, a->n_input, b->input, b->n_input);
    compare_values(a->output, a->n_output, b->output, b->n_output);
    compare_values(a->value_info, a->n_value_info, b->value_info, b->n_value_info);
}

static void compare_model(const ajp_onnx_model *a, const Onnx__ModelProto *b)
{
    SAME_BOTH(a, b);
    SAME(a->ir_version == b->ir_version && a->model_version == b->model_version);
    SAME(text_is(a->producer_name, b->producer_name) && text_is(a->producer_version, b->producer_version));
    SAME(text_is(a->domain, b->domain));
    SAME_COUNT(a->n_opset_import, b->n_opset_import);
    for (size_t i = 0; i < a->n_opset_import; i++)
        SAME(text_is(a->opset_import[i].domain, b->opset_import[i]->domain) &&
             a->opset_import[i].version == b->opset_import[i]->version);
    compare_entries(a->metadata_props, a->n_metadata_props, b->metadata_props, b->n_metadata_props);
    compare_graph(a->graph, b->graph);
}

static aj_context *context;
static int n_models, n_tensors;

static int visit(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)place;
    size_t length = strlen(path);
    bool model = length > 5 && strcmp(path + length - 5, ".onnx") == 0;
    bool tensor = length > 3 && strcmp(path + length - 3, ".pb") == 0 && strstr(path, "seq") == NULL &&
                  strstr(path, "_opt") == NULL && strstr(path, "optional") == NULL;
    if (type != FTW_F || (!model && !tensor)) return 0;
    aj_error err = {0};
    ajp_file_map map;
    ajp_arena arena;
    ajp_arena_init(&arena, context);
    current = path;
    CHECK_OK(ajp_file_map_open(&map, context, path, &err), err);
    if (model) {
        const ajp_onnx_model *ours = NULL;
        Onnx__ModelProto *theirs = onnx__model_proto__unpack(NULL, map.size, map.data);
        CHECK_OK(ajp_onnx_read(&ours, &arena, map.data, map.size, path, &err), err);
        compare_model(ours, theirs);
        if (theirs != NULL) onnx__model_proto__free_unpacked(theirs, NULL);
        n_models++;
    } else {
        const ajp_onnx_tensor *ours = NULL;
        Onnx__TensorProto *theirs = onnx__tensor_proto__unpack(NULL, map.size, map.data);
        if (theirs != NULL) { /* some cases store a SequenceProto under the same name */
            CHECK_OK(ajp_onnx_read_tensor(&ours, &arena, map.data, map.size, path, &err), err);
            compare_tensor(ours, theirs);
            onnx__tensor_proto__free_unpacked(theirs, NULL);
            n_tensors++;
        }
    }
    ajp_arena_free(&arena);
    ajp_file_map_close(&map, context);
    return 0;
}

int main(int argc, char **argv)
{
    aj_error err = {0};
    if (argc < 2) return 2;
    FILE *probe = fopen(argv[1], "r");
    if (probe == NULL) CHECK_SKIP("the ONNX test cases are not installed (libonnx-testdata)");
    fclose(probe);
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    nftw(argv[1], visit, 16, FTW_PHYS);
    CHECK(n_models >= 1072);
    CHECK(n_tensors >= 2000);
    printf("%d models and %d tensors read alike, %ld comparisons\n", n_models, n_tensors, n_compared);
    aj_context_destroy(context);
    return check_report();
}

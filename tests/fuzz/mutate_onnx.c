/* mutate_onnx.c: changes that leave a file an ONNX file: dimensions, attributes, axes, types, operators,
 * edges, subgraphs.  Random bytes almost never get past the reader; these reach shapes, plans and operators.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_tree.h"

enum { MEMORY = 4 << 20, MAX_ITEMS = 1 << 14, MAX_REPAIRED = 4096 };

typedef struct {
    tree_memory memory;
    tree_item *root;
    tree_item **items; /* all of the tree but the root */
    size_t n_items;
    uint64_t state;
} mutator;

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014) */
static uint64_t draw(mutator *m)
{
    uint64_t z = m->state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static size_t below(mutator *m, size_t n)
{
    return n == 0 ? 0 : (size_t)(draw(m) % n);
}

static bool one_in(mutator *m, size_t n)
{
    return below(m, n) == 0;
}

static void collect(mutator *m, tree_item *parent)
{
    for (tree_item *item = parent->first; item != NULL && m->n_items < MAX_ITEMS; item = item->next) {
        m->items[m->n_items++] = item;
        if (item->message != NULL) collect(m, item);
    }
}

static void collect_again(mutator *m)
{
    m->n_items = 0;
    collect(m, m->root);
}

/* ---- words ----------------------------------------------------------------------------------------------
 */

static const char *const operators[] = {
#define AJP_OP(name, first, last, id) #name,
#include "nn/ops.def"
#undef AJP_OP
};

static const char *const attributes[] = {"allowzero",
                                         "alpha",
                                         "auto_pad",
                                         "axes",
                                         "axis",
                                         "batch_axis",
                                         "batch_dims",
                                         "beta",
                                         "bias",
                                         "body",
                                         "ceil_mode",
                                         "clip",
                                         "coordinate_transformation_mode",
                                         "count_include_pad",
                                         "cubic_coeff_a",
                                         "detect_negative",
                                         "dilations",
                                         "direction",
                                         "else_branch",
                                         "epsilon",
                                         "equation",
                                         "exclude_outside",
                                         "exclusive",
                                         "fmod",
                                         "gamma",
                                         "group",
                                         "hidden_size",
                                         "input_forget",
                                         "inverse",
                                         "k",
                                         "keepdims",
                                         "kernel_shape",
                                         "largest",
                                         "layout",
                                         "linear_before_reset",
                                         "mode",
                                         "momentum",
                                         "nearest_mode",
                                         "noop_with_empty_axes",
                                         "num_groups",
                                         "num_scan_inputs",
                                         "onesided",
                                         "output_padding",
                                         "output_shape",
                                         "p",
                                         "pads",
                                         "perm",
                                         "ratio",
                                         "reduction",
                                         "reverse",
                                         "scales",
                                         "scan_input_axes",
                                         "scan_input_directions",
                                         "scan_output_axes",
                                         "select_last_index",
                                         "size",
                                         "sorted",
                                         "spatial_scale",
                                         "split",
                                         "starts",
                                         "ends",
                                         "storage_order",
                                         "strides",
                                         "then_branch",
                                         "time_axis",
                                         "to",
                                         "transA",
                                         "transB",
                                         "training_mode",
                                         "upper",
                                         "value",
                                         "value_floats",
                                         "value_int",
                                         "value_ints",
                                         "width_scale"};

static const char *const choices[] = {"NOTSET",
                                      "SAME_UPPER",
                                      "SAME_LOWER",
                                      "VALID",
                                      "constant",
                                      "reflect",
                                      "edge",
                                      "wrap",
                                      "linear",
                                      "nearest",
                                      "cubic",
                                      "bilinear",
                                      "half_pixel",
                                      "align_corners",
                                      "asymmetric",
                                      "pytorch_half_pixel",
                                      "tf_crop_and_resize",
                                      "round_prefer_floor",
                                      "floor",
                                      "ceil",
                                      "none",
                                      "add",
                                      "mul",
                                      "max",
                                      "min",
                                      "mean",
                                      "sum",
                                      "forward",
                                      "reverse",
                                      "bidirectional",
                                      "DCR",
                                      "CRD",
                                      "LEFT",
                                      "RIGHT",
                                      "tanh",
                                      "avg",
                                      "zeros",
                                      "border",
                                      "reflection",
                                      "ij,jk->ik",
                                      "bij,bjk->bik",
                                      "ii->i",
                                      "...ij->...ji",
                                      "ij->",
                                      "Sigmoid",
                                      "Relu",
                                      "Affine",
                                      "TF",
                                      "IDF"};

#define PICK(m, list) (list)[below((m), sizeof(list) / sizeof(list)[0])]

static const int64_t whole[] = {0,         1,         2,         3,         4,
                                5,         7,         8,         16,        17,
                                64,        -1,        -2,        -3,        -8,
                                100,       255,       256,       1000,      65535,
                                65536,     1 << 20,   INT32_MAX, INT32_MIN, (int64_t)1 << 40,
                                INT64_MAX, INT64_MIN, 1000003};

static uint64_t any_integer(mutator *m, uint64_t old)
{
    switch (below(m, 8)) {
    case 0:
        return old + 1;
    case 1:
        return old - 1;
    case 2:
        return (uint64_t)0 - old;
    case 3:
        return (uint64_t)PICK(m, whole);
    default: /* mostly what could be a size, an axis or a type */
        return (uint64_t)((int64_t)below(m, 12) - 3);
    }
}

static uint64_t any_float(mutator *m)
{
    static const float values[] = {0.0f, -0.0f, 1.0f, -1.0f, 0.5f, 2.0f, 1e-30f, 1e30f, 3.0f, -7.5f, 100.0f};
    float value = PICK(m, values);
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (one_in(m, 8)) bits = one_in(m, 2) ? 0x7fc00000 : 0x7f800000; /* not a number, infinity */
    return bits;
}

static uint64_t any_double(mutator *m)
{
    uint32_t bits = (uint32_t)any_float(m);
    float value;
    memcpy(&value, &bits, sizeof value);
    double wide = (double)value;
    uint64_t out;
    memcpy(&out, &wide, sizeof out);
    return out;
}

static void set_text(tree_item *item, const char *text)
{
    item->bytes = (ajp_bytes){(const unsigned char *)text, strlen(text)};
}

/* ---- one field ------------------------------------------------------------------------------------------
 */

/* Another field of the tree of the same name: names of values, axes, whole nodes. */
static tree_item *another(mutator *m, const tree_item *item, bool same_field)
{
    for (unsigned tries = 0; tries < 40; tries++) {
        tree_item *other = m->items[below(m, m->n_items)];
        if (other == item || other->field == NULL || item->field == NULL || other->type != item->type)
            continue;
        if (other->message != item->message || other->field->kind != item->field->kind) continue;
        if (!same_field || other->field == item->field) return other;
    }
    return NULL;
}

static bool is_edge(const tree_item *item)
{
    return item->parent != NULL && tree_is_message(item->parent, "NodeProto") &&
           (tree_is(item, "input") || tree_is(item, "output"));
}

static void change_text(mutator *m, tree_item *item)
{
    tree_item *other;
    if (tree_is(item, "op_type"))
        set_text(item, PICK(m, operators));
    else if (is_edge(item) && one_in(m, 8))
        set_text(item, "");
    else if (tree_is_message(item->parent, "AttributeProto") && tree_is(item, "name") && one_in(m, 2))
        set_text(item, PICK(m, attributes));
    else if (tree_is_message(item->parent, "AttributeProto") && tree_is(item, "s"))
        set_text(item, PICK(m, choices));
    else if ((other = another(m, item, false)) != NULL)
        item->bytes = other->bytes;
}

/* Numbers packed as bytes: an element of 1 to 8 bytes becomes another, or there are fewer or more. */
static void change_bytes(mutator *m, tree_item *item)
{
    size_t size = item->bytes.size, new_size = size;
    if (one_in(m, 4)) new_size = one_in(m, 2) ? size / 2 : size + 1 + below(m, 16);
    if (new_size > MAX_REPAIRED && new_size > size) return;
    unsigned char *bytes = tree_alloc(&m->memory, new_size + 1);
    if (bytes == NULL) return;
    if (size > 0) memcpy(bytes, item->bytes.data, size < new_size ? size : new_size);
    item->bytes = (ajp_bytes){bytes, new_size};
    if (new_size == 0) return;
    size_t width = (size_t)1 << below(m, 4), n = new_size / width;
    uint64_t value = one_in(m, 2) ? any_integer(m, 0) : width == 8 ? any_double(m) : any_float(m);
    if (n == 0) return;
    for (size_t i = 0, at = below(m, n) * width; i < width; i++) bytes[at + i] = (uint8_t)(value >> (8 * i));
}

static void change_leaf(mutator *m, tree_item *item)
{
    unsigned kind = item->field != NULL ? item->field->kind : AJP_KIND_BYTES;
    if (item->type == AJP_WIRE_VARINT)
        item->value = any_integer(m, item->value);
    else if (item->type == AJP_WIRE_32BIT)
        item->value = any_float(m);
    else if (item->type == AJP_WIRE_64BIT)
        item->value = any_double(m);
    else if (kind == AJP_KIND_STRING ||
             (kind == AJP_KIND_BYTES && !tree_is(item, "raw_data") && one_in(m, 2)))
        change_text(m, item);
    else
        change_bytes(m, item);
}

/* ---- fields come, go and change places -------------------------------------------------------------------
 */

static void add_attribute(mutator *m, tree_item *node)
{
    tree_item *shape = tree_leaf(&m->memory, node->message, "attribute", 0, NULL, 0);
    const char *name = PICK(m, attributes), *text = PICK(m, choices);
    if (shape == NULL) return;
    const ajp_onnx_message *message = shape->message;
    size_t what = below(m, 4);
    static const char *const fields[] = {"i", "f", "s", "ints"};
    static const int types[] = {AJP_ATTRIBUTE_INT, AJP_ATTRIBUTE_FLOAT, AJP_ATTRIBUTE_STRING,
                                AJP_ATTRIBUTE_INTS};
    tree_item *parts[6] = {tree_leaf(&m->memory, message, "name", 0, name, strlen(name)),
                           tree_leaf(&m->memory, message, "type", (uint64_t)types[what], NULL, 0)};
    size_t n = what == 3 ? 1 + below(m, 4) : 1;
    for (size_t k = 0; k < n; k++)
        parts[2 + k] = tree_leaf(&m->memory, message, fields[what],
                                 what == 1 ? any_float(m) : any_integer(m, 1), text, strlen(text));
    for (size_t k = 0; k < 6; k++)
        if (parts[k] != NULL) tree_append(shape, parts[k]);
    tree_append(node, shape);
}

static void repeat(mutator *m, tree_item *item)
{
    tree_item *copy = tree_copy(&m->memory, item);
    if (copy != NULL) tree_insert_after(item, copy);
}

static void replace(mutator *m, tree_item *item, const tree_item *by)
{
    tree_item *copy = by != NULL ? tree_copy(&m->memory, by) : NULL;
    if (copy == NULL) return;
    tree_insert_after(item, copy);
    tree_remove(item);
}

static void exchange(tree_item *item)
{
    tree_item *next = item->next;
    if (next == NULL) return;
    tree_remove(item);
    tree_insert_after(next, item);
}

/* An input of a node becomes the output of another one, a new node comes in between. */
static void splice_node(mutator *m, tree_item *node)
{
    tree_item *copy = tree_copy(&m->memory, node);
    tree_item *in = copy != NULL ? tree_child(copy, "input") : NULL,
              *out = copy != NULL ? tree_child(copy, "output") : NULL;
    tree_item *old = tree_child(node, "output"), *op = copy != NULL ? tree_child(copy, "op_type") : NULL;
    if (in == NULL || out == NULL || old == NULL) return;
    /* node: x -> "~k"; copy: "~k" -> what node made before */
    static const char *const names[] = {"~0", "~1", "~2", "~3", "~4", "~5", "~6", "~7"};
    const char *name = PICK(m, names);
    if (old->message != NULL || in->message != NULL) return;
    set_text(old, name);
    set_text(in, name);
    if (op != NULL && one_in(m, 2)) set_text(op, PICK(m, operators));
    tree_insert_after(node, copy);
}

static void change_message(mutator *m, tree_item *item)
{
    bool is_node = tree_is_message(item, "NodeProto");
    switch (below(m, is_node ? 9 : 5)) {
    case 0:
        tree_remove(item);
        break;
    case 1:
        repeat(m, item);
        break;
    case 2:
        exchange(item);
        break;
    case 3:
    case 4:
        replace(m, item, another(m, item, false));
        break;
    case 5:
    case 6:
        add_attribute(m, item);
        break;
    default:
        splice_node(m, item);
        break;
    }
}

static void change(mutator *m)
{
    if (m->n_items == 0) return;
    tree_item *item = m->items[below(m, m->n_items)];
    if (item->message != NULL) {
        change_message(m, item);
        return;
    }
    bool list = item->field != NULL && item->field->repeated;
    switch (below(m, list ? 8 : 12)) {
    case 0:
        tree_remove(item);
        break;
    case 1:
        if (list) repeat(m, item);
        break;
    case 2:
        exchange(item);
        break;
    case 3:
        replace(m, item, another(m, item, true));
        break;
    default:
        change_leaf(m, item);
        break;
    }
}

/* ---- repairs --------------------------------------------------------------------------------------------
 */

/* As many bytes of data as the dimensions ask for, mostly: else every change of a shape ends there. */
static void repair_tensor(mutator *m, tree_item *tensor)
{
    static const size_t sizes[] = {0, 4, 1, 1, 2, 2, 4, 8, 0, 1, 2, 8, 4, 8, 8, 16, 2};
    tree_item *raw = tree_child(tensor, "raw_data"), *type = tree_child(tensor, "data_type");
    uint64_t n = 1;
    if (raw == NULL || type == NULL || raw->message != NULL || raw->type != AJP_WIRE_BYTES ||
        type->value > 16)
        return;
    for (const tree_item *d = tensor->first; d != NULL; d = d->next)
        if (tree_is(d, "dims") && d->type == AJP_WIRE_VARINT)
            n = d->value > MAX_REPAIRED ? MAX_REPAIRED : n * d->value;
    size_t size = n > MAX_REPAIRED ? 0 : (size_t)n * sizes[type->value];
    if (size == 0 || size > MAX_REPAIRED || size == raw->bytes.size) return;
    unsigned char *bytes = tree_alloc(&m->memory, size);
    if (bytes == NULL) return;
    for (size_t i = 0; i < size && raw->bytes.size > 0; i++) bytes[i] = raw->bytes.data[i % raw->bytes.size];
    raw->bytes = (ajp_bytes){bytes, size};
}

static void repair(mutator *m)
{
    if (one_in(m, 8)) return;
    collect_again(m);
    for (size_t i = 0; i < m->n_items; i++)
        if (tree_is_message(m->items[i], "TensorProto")) repair_tensor(m, m->items[i]);
}

/* ---- for libFuzzer (and for replays) ----------------------------------------------------------------------
 */

static size_t change_any_byte(uint8_t *data, size_t size, unsigned seed)
{
    if (size > 0) data[seed % size] ^= (uint8_t)(1u << (seed >> 16) % 8);
    return size;
}

static bool open_mutator(mutator *m, const uint8_t *data, size_t size, unsigned seed)
{
    *m = (mutator){.state = seed};
    if (!tree_memory_open(&m->memory, MEMORY)) return false;
    m->items = tree_alloc(&m->memory, MAX_ITEMS * sizeof(tree_item *));
    m->root = m->items != NULL ? tree_read(&m->memory, data, size) : NULL;
    return m->root != NULL;
}

static size_t finish(mutator *m, uint8_t *out, size_t max_size)
{
    repair(m);
    return tree_write(m->root, out, max_size);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    mutator m;
    size_t written = 0;
    uint8_t *out = malloc(max_size + 1);
    if (out != NULL && open_mutator(&m, data, size, seed) && !one_in(&m, 50)) {
        do {
            collect_again(&m);
            change(&m);
        } while (!one_in(&m, 3));
        written = finish(&m, out, max_size);
    }
    if (written > 0) memcpy(data, out, written);
    if (out != NULL) tree_memory_close(&m.memory);
    free(out);
    return written > 0 ? written : change_any_byte(data, size, seed);
}

/* A field of the second file, with all that is in it, in the first: in the place of one of its kind or beside
 * it. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2,
                                 uint8_t *out, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2,
                                 uint8_t *out, size_t max_size, unsigned seed)
{
    mutator a, b;
    size_t written = 0;
    bool good_a = open_mutator(&a, data1, size1, seed), good_b = open_mutator(&b, data2, size2, seed + 1);
    if (good_a && good_b) {
        collect_again(&a);
        collect_again(&b);
        for (unsigned tries = 0; tries < 4 && b.n_items > 0; tries++) {
            tree_item *from = b.items[below(&b, b.n_items)], *to = another(&a, from, true);
            if (to == NULL) continue;
            if (from->message != NULL && one_in(&a, 2)) repeat(&a, to), to = to->next;
            replace(&a, to, from);
            collect_again(&a);
        }
        written = finish(&a, out, max_size);
    }
    tree_memory_close(&a.memory);
    tree_memory_close(&b.memory);
    return written;
}

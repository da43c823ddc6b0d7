/* onnx_tree.h: an ONNX file as a tree of fields that can be changed and written again.
 *
 * Lengths are worked out when it is written, so that whatever is done to the tree, the bytes are protobuf. */
#ifndef AJ_ONNX_TREE_H
#define AJ_ONNX_TREE_H

#include "nn/onnx/schema.h"

typedef struct tree_item tree_item;
struct tree_item {
    uint32_t number;
    ajp_wire_type type;
    uint64_t value;                  /* varint, 32-bit, 64-bit */
    ajp_bytes bytes;                 /* of a field of bytes that is no message */
    const ajp_onnx_field *field;     /* NULL: not in the schema; of the root as well */
    const ajp_onnx_message *message; /* NULL: a leaf */
    tree_item *parent, *first, *next;
    size_t size; /* while it is written: bytes of its content */
};

/* Memory of a few trees, given back together. */
typedef struct {
    unsigned char *block;
    size_t size, used;
} tree_memory;

bool tree_memory_open(tree_memory *memory, size_t size);
void tree_memory_close(tree_memory *memory);
void *tree_alloc(tree_memory *memory, size_t size); /* zeroed; NULL: no more */

/* NULL: not the wire format, or too large. */
tree_item *tree_read(tree_memory *memory, const uint8_t *bytes, size_t size);
/* Bytes written, or 0 when they would be more than max. */
size_t tree_write(tree_item *root, uint8_t *out, size_t max);

/* A copy without siblings. */
tree_item *tree_copy(tree_memory *memory, const tree_item *item);
void tree_insert_after(tree_item *place, tree_item *item);
void tree_append(tree_item *parent, tree_item *item);
void tree_remove(tree_item *item);
/* First child with this field name, or NULL. */
tree_item *tree_child(const tree_item *parent, const char *name);
/* A new leaf for a field of `message`. */
tree_item *tree_leaf(tree_memory *memory, const ajp_onnx_message *message, const char *name, uint64_t value,
                     const void *bytes, size_t size);

static inline bool tree_is(const tree_item *item, const char *field)
{
    return item->field != NULL && strcmp(item->field->name, field) == 0;
}
static inline bool tree_is_message(const tree_item *item, const char *message)
{
    return item->message != NULL && strcmp(item->message->name, message) == 0;
}

#endif

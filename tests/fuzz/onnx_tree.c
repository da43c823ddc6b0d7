/* onnx_tree.c: reads and writes the tree along the reader's own schema. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_tree.h"

bool tree_memory_open(tree_memory *memory, size_t size)
{
    *memory = (tree_memory){malloc(size), size, 0};
    return memory->block != NULL;
}

void tree_memory_close(tree_memory *memory)
{
    free(memory->block);
}

void *tree_alloc(tree_memory *memory, size_t size)
{
    size = (size + 15) / 16 * 16;
    if (size > memory->size - memory->used) return NULL;
    void *at = memory->block + memory->used;
    memory->used += size;
    return memset(at, 0, size);
}

/* ---- read -----------------------------------------------------------------------------------------------
 */

static const ajp_onnx_field *find_field(const ajp_onnx_message *message, uint32_t number)
{
    for (size_t i = 0; i < message->n_fields; i++)
        if (message->fields[i].number == number) return &message->fields[i];
    return NULL;
}

static bool read_fields(tree_memory *memory, tree_item *parent, ajp_bytes bytes, unsigned depth)
{
    ajp_wire wire = {bytes.data, bytes.data + bytes.size};
    tree_item **last = &parent->first;
    if (depth > AJP_ONNX_MAX_DEPTH) return false;
    while (wire.at < wire.end) {
        ajp_wire_field field;
        if (ajp_wire_next(&wire, &field) != NULL) return false;
        tree_item *item = tree_alloc(memory, sizeof *item);
        if (item == NULL) return false;
        *item =
            (tree_item){.number = field.number, .type = field.type, .value = field.value, .parent = parent};
        item->field = find_field(parent->message, field.number);
        *last = item;
        last = &item->next;
        if (field.type != AJP_WIRE_BYTES) continue;
        if (item->field != NULL) item->message = item->field->message;
        if (item->message == NULL)
            item->bytes = field.bytes;
        else if (!read_fields(memory, item, field.bytes, depth + 1))
            return false;
    }
    return true;
}

tree_item *tree_read(tree_memory *memory, const uint8_t *bytes, size_t size)
{
    tree_item *root = tree_alloc(memory, sizeof *root);
    if (root == NULL) return NULL;
    root->message = &ajp_onnx_model_message;
    return read_fields(memory, root, (ajp_bytes){bytes, size}, 0) ? root : NULL;
}

/* ---- write ----------------------------------------------------------------------------------------------
 */

static size_t varint_size(uint64_t value)
{
    size_t n = 1;
    while (value >= 0x80) n++, value >>= 7;
    return n;
}

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static size_t content_size(tree_item *item);

static size_t field_size(tree_item *item)
{
    size_t tag = varint_size((uint64_t)item->number << 3);
    switch (item->type) {
    case AJP_WIRE_VARINT:
        return tag + varint_size(item->value);
    case AJP_WIRE_64BIT:
        return tag + 8;
    case AJP_WIRE_32BIT:
        return tag + 4;
    default:
        item->size = item->message != NULL ? content_size(item) : item->bytes.size;
        return tag + varint_size(item->size) + item->size;
    }
}

static size_t content_size(tree_item *item)
{
    size_t size = 0;
    for (tree_item *child = item->first; child != NULL; child = child->next) size += field_size(child);
    return size;
}

static uint8_t *put_content(const tree_item *item, uint8_t *at)
{
    for (const tree_item *f = item->first; f != NULL; f = f->next) {
        at = put_varint(at, (uint64_t)f->number << 3 | (uint64_t)f->type);
        if (f->type == AJP_WIRE_VARINT) {
            at = put_varint(at, f->value);
        } else if (f->type != AJP_WIRE_BYTES) {
            for (unsigned i = 0; i < (f->type == AJP_WIRE_64BIT ? 8 : 4); i++)
                *at++ = (uint8_t)(f->value >> (8 * i));
        } else {
            at = put_varint(at, f->size);
            if (f->message != NULL) {
                at = put_content(f, at);
            } else if (f->size > 0) {
                memcpy(at, f->bytes.data, f->size);
                at += f->size;
            }
        }
    }
    return at;
}

size_t tree_write(tree_item *root, uint8_t *out, size_t max)
{
    size_t size = content_size(root);
    if (size > max) return 0;
    put_content(root, out);
    return size;
}

/* ---- change ---------------------------------------------------------------------------------------------
 */

tree_item *tree_copy(tree_memory *memory, const tree_item *item)
{
    tree_item *copy = tree_alloc(memory, sizeof *copy);
    if (copy == NULL) return NULL;
    *copy = *item;
    copy->next = copy->first = NULL;
    tree_item **last = &copy->first;
    for (const tree_item *child = item->first; child != NULL; child = child->next) {
        *last = tree_copy(memory, child);
        if (*last == NULL) return NULL;
        (*last)->parent = copy;
        last = &(*last)->next;
    }
    return copy;
}

void tree_insert_after(tree_item *place, tree_item *item)
{
    item->parent = place->parent;
    item->next = place->next;
    place->next = item;
}

void tree_append(tree_item *parent, tree_item *item)
{
    tree_item **last = &parent->first;
    while (*last != NULL) last = &(*last)->next;
    *last = item;
    item->next = NULL;
    item->parent = parent;
}

void tree_remove(tree_item *item)
{
    for (tree_item **at = &item->parent->first; *at != NULL; at = &(*at)->next)
        if (*at == item) {
            *at = item->next;
            return;
        }
}

tree_item *tree_child(const tree_item *parent, const char *name)
{
    for (tree_item *child = parent->first; child != NULL; child = child->next)
        if (tree_is(child, name)) return child;
    return NULL;
}

tree_item *tree_leaf(tree_memory *memory, const ajp_onnx_message *message, const char *name, uint64_t value,
                     const void *bytes, size_t size)
{
    static const ajp_wire_type types[] = {
        [AJP_KIND_INT64] = AJP_WIRE_VARINT, [AJP_KIND_UINT64] = AJP_WIRE_VARINT,
        [AJP_KIND_FLOAT] = AJP_WIRE_32BIT,  [AJP_KIND_DOUBLE] = AJP_WIRE_64BIT,
        [AJP_KIND_STRING] = AJP_WIRE_BYTES, [AJP_KIND_BYTES] = AJP_WIRE_BYTES,
        [AJP_KIND_MESSAGE] = AJP_WIRE_BYTES};
    for (size_t i = 0; i < message->n_fields; i++) {
        const ajp_onnx_field *field = &message->fields[i];
        if (strcmp(field->name, name) != 0) continue;
        tree_item *item = tree_alloc(memory, sizeof *item);
        if (item == NULL) return NULL;
        *item = (tree_item){.number = field->number,
                            .type = types[field->kind],
                            .value = value,
                            .bytes = {bytes, size},
                            .field = field,
                            .message = field->message};
        return item;
    }
    return NULL;
}

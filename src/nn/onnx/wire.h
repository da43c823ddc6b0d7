/* wire.h: the protobuf wire format, bounded: every length is checked against the bytes that are there.
 * https://protobuf.dev/programming-guides/encoding/ */
#ifndef AJP_WIRE_H
#define AJP_WIRE_H

#include "onnx.h"

typedef enum {
    AJP_WIRE_VARINT = 0,
    AJP_WIRE_64BIT = 1,
    AJP_WIRE_BYTES = 2,
    AJP_WIRE_32BIT = 5
} ajp_wire_type;

typedef struct {
    uint32_t number;
    ajp_wire_type type;
    uint64_t value;  /* varint, 32-bit, 64-bit */
    ajp_bytes bytes; /* AJP_WIRE_BYTES */
} ajp_wire_field;

typedef struct {
    const unsigned char *at, *end;
} ajp_wire;

/* NULL, or what is wrong. */
const char *ajp_wire_varint(ajp_wire *wire, uint64_t *out);
/* Next field of a message; call while at < end. */
const char *ajp_wire_next(ajp_wire *wire, ajp_wire_field *out);
uint64_t ajp_wire_little_endian(const unsigned char *bytes, size_t n);

#endif

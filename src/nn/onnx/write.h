/* write.h: protobuf messages into a growing buffer, in the order given (same calls, same bytes). */
#ifndef AJP_ONNX_WRITE_H
#define AJP_ONNX_WRITE_H

#include "onnx.h"

typedef struct {
    const aj_context *context;
    unsigned char *bytes;
    size_t size, capacity;
    bool failed; /* memory ran out: everything after it does nothing */
} ajp_onnx_out;

void ajp_out_int(ajp_onnx_out *out, uint32_t field, int64_t value);
void ajp_out_float(ajp_onnx_out *out, uint32_t field, float value);
void ajp_out_bytes(ajp_onnx_out *out, uint32_t field, const void *bytes, size_t size);
void ajp_out_text(ajp_onnx_out *out, uint32_t field, const char *text);
/* begin ... end around the fields of a sub-message; give begin's value to end. */
size_t ajp_out_begin(ajp_onnx_out *out);
void ajp_out_end(ajp_onnx_out *out, uint32_t field, size_t begun);
void ajp_out_free(ajp_onnx_out *out);

#endif

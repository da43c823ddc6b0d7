/* schema.h: the messages of onnx.proto as tables that the reader walks. */
#ifndef AJP_ONNX_SCHEMA_H
#define AJP_ONNX_SCHEMA_H

#include "wire.h"

typedef enum {
    AJP_KIND_INT64, /* int64, int32 and enum: all sign-extended varints */
    AJP_KIND_UINT64,
    AJP_KIND_FLOAT,
    AJP_KIND_DOUBLE,
    AJP_KIND_STRING,
    AJP_KIND_BYTES,
    AJP_KIND_MESSAGE
} ajp_onnx_kind;

typedef struct ajp_onnx_message ajp_onnx_message;
typedef struct {
    const char *name;
    uint8_t number;
    uint8_t kind;
    bool repeated;
    size_t offset, count_offset;     /* of the member, and of its n_ twin when repeated */
    const ajp_onnx_message *message; /* of AJP_KIND_MESSAGE */
} ajp_onnx_field;

enum { AJP_ONNX_MAX_FIELDS = 24 };
struct ajp_onnx_message {
    const char *name;
    size_t size; /* of its struct; `uint32_t has` is the first member of each */
    size_t n_fields;
    const ajp_onnx_field *fields;
};

extern const ajp_onnx_message ajp_onnx_model_message, ajp_onnx_tensor_message;

#endif

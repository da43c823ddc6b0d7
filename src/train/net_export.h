/* net_export.h: a trained network as the bytes of an ONNX file. */
#ifndef AJP_NET_EXPORT_H
#define AJP_NET_EXPORT_H

#include "../nn/onnx/write.h"
#include "net.h"

/* Appends the file to `out`, which the caller frees, also after a failure. */
aj_status ajp_net_onnx(const ajp_net *net, const char *doc, ajp_onnx_out *out, aj_error *err);

#endif

/* onnx_build.h: small ONNX models for tests, built with the library's own wire writer.
 *
 *   build b = build_start(context, 7, 13);
 *   node_begin(&b, "Gemm", "g1", "x,w,b", "y"); attribute_int(&b, "transB", 1); node_end(&b);
 *   weights(&b, "w", values, 2, (int64_t[]){4, 3});
 *   value(&b, INPUT, "x", 1, 2, (int64_t[]){-1, 3});  value(&b, OUTPUT, "y", ...);
 *   size_t size; void *bytes = build_finish(&b, &size); */
#ifndef AJ_ONNX_BUILD_H
#define AJ_ONNX_BUILD_H

#include <stdlib.h>
#include <string.h>

#include "nn/onnx/write.h"

enum { INPUT = 11, OUTPUT = 12 };

typedef struct {
    ajp_onnx_out out;
    size_t graph, node;
    int64_t opset;
} build;

static inline build build_start(const aj_context *context, int64_t ir_version, int64_t opset)
{
    build b = {{context, NULL, 0, 0, false}, 0, 0, opset};
    ajp_out_int(&b.out, 1, ir_version);
    b.graph = ajp_out_begin(&b.out);
    return b;
}

/* Comma-separated names; an empty part is an input that is left out. */
static inline void put_names(build *b, uint32_t field, const char *names)
{
    if (names[0] == '\0') return;
    for (;;) {
        const char *comma = strchr(names, ',');
        size_t n = comma != NULL ? (size_t)(comma - names) : strlen(names);
        ajp_out_bytes(&b->out, field, names, n);
        if (comma == NULL) return;
        names = comma + 1;
    }
}

static inline void node_begin(build *b, const char *op_type, const char *name, const char *inputs,
                              const char *outputs)
{
    b->node = ajp_out_begin(&b->out);
    put_names(b, 1, inputs);
    put_names(b, 2, outputs);
    ajp_out_text(&b->out, 3, name);
    ajp_out_text(&b->out, 4, op_type);
}

static inline void node_end(build *b)
{
    ajp_out_end(&b->out, 1, b->node);
}

static inline void node(build *b, const char *op_type, const char *name, const char *inputs,
                        const char *outputs)
{
    node_begin(b, op_type, name, inputs, outputs);
    node_end(b);
}

static inline void attribute_int(build *b, const char *name, int64_t i)
{
    size_t begun = ajp_out_begin(&b->out);
    ajp_out_text(&b->out, 1, name);
    ajp_out_int(&b->out, 3, i);
    ajp_out_int(&b->out, 20, AJP_ATTRIBUTE_INT);
    ajp_out_end(&b->out, 5, begun);
}

static inline void attribute_float(build *b, const char *name, float f)
{
    size_t begun = ajp_out_begin(&b->out);
    ajp_out_text(&b->out, 1, name);
    ajp_out_float(&b->out, 2, f);
    ajp_out_int(&b->out, 20, AJP_ATTRIBUTE_FLOAT);
    ajp_out_end(&b->out, 5, begun);
}

static inline void attribute_text(build *b, const char *name, const char *text)
{
    size_t begun = ajp_out_begin(&b->out);
    ajp_out_text(&b->out, 1, name);
    ajp_out_bytes(&b->out, 4, text, strlen(text));
    ajp_out_int(&b->out, 20, AJP_ATTRIBUTE_STRING);
    ajp_out_end(&b->out, 5, begun);
}

static inline void attribute_ints(build *b, const char *name, size_t n, const int64_t *values)
{
    size_t begun = ajp_out_begin(&b->out);
    ajp_out_text(&b->out, 1, name);
    for (size_t i = 0; i < n; i++) ajp_out_int(&b->out, 8, values[i]);
    ajp_out_int(&b->out, 20, AJP_ATTRIBUTE_INTS);
    ajp_out_end(&b->out, 5, begun);
}

/* A subgraph as an attribute of the node in work: its nodes and values follow, until it is ended.
 *   subgraph inner = subgraph_begin(&b, "then_branch");  node(&b, ...); value(&b, OUTPUT, ...);
 *   subgraph_end(&b, &inner); */
typedef struct {
    size_t attribute, graph, node;
} subgraph;

static inline subgraph subgraph_begin(build *b, const char *name)
{
    subgraph s = {ajp_out_begin(&b->out), 0, b->node};
    ajp_out_text(&b->out, 1, name);
    s.graph = ajp_out_begin(&b->out);
    return s;
}

static inline void subgraph_end(build *b, const subgraph *s)
{
    ajp_out_text(&b->out, 2, "inner");
    ajp_out_end(&b->out, 6, s->graph);
    ajp_out_int(&b->out, 20, AJP_ATTRIBUTE_GRAPH);
    ajp_out_end(&b->out, 5, s->attribute);
    b->node = s->node;
}

static inline void tensor_fields(build *b, const char *name, int64_t dtype, size_t rank, const int64_t *dims,
                                 const void *raw, size_t size)
{
    for (size_t i = 0; i < rank; i++) ajp_out_int(&b->out, 1, dims[i]);
    ajp_out_int(&b->out, 2, dtype);
    ajp_out_text(&b->out, 8, name);
    ajp_out_bytes(&b->out, 9, raw, size);
}

static inline void initializer(build *b, const char *name, int64_t dtype, size_t rank, const int64_t *dims,
                               const void *raw, size_t size)
{
    size_t begun = ajp_out_begin(&b->out);
    tensor_fields(b, name, dtype, rank, dims, raw, size);
    ajp_out_end(&b->out, 5, begun);
}

static inline void weights(build *b, const char *name, const float *values, size_t rank, const int64_t *dims)
{
    size_t n = 1;
    for (size_t i = 0; i < rank; i++) n *= (size_t)dims[i];
    initializer(b, name, AJP_FLOAT32, rank, dims, values, n * sizeof *values);
}

static inline void shape(build *b, const char *name, size_t n, const int64_t *dims)
{
    initializer(b, name, AJP_INT64, 1, (int64_t[]){(int64_t)n}, dims, n * sizeof *dims);
}

/* Dimensions -1 are symbolic: the names one after the other, "N" where there are none left. */
static inline void named_value(build *b, uint32_t field, const char *name, int64_t dtype, size_t rank,
                               const int64_t *dims, const char *names)
{
    size_t begun = ajp_out_begin(&b->out);
    ajp_out_text(&b->out, 1, name);
    size_t type = ajp_out_begin(&b->out), tensor = type;
    ajp_out_int(&b->out, 1, dtype);
    size_t shape_at = ajp_out_begin(&b->out);
    for (size_t i = 0; i < rank; i++) {
        size_t dim = ajp_out_begin(&b->out), n = strcspn(names, ",");
        if (dims[i] != -1) {
            ajp_out_int(&b->out, 1, dims[i]);
        } else {
            ajp_out_bytes(&b->out, 2, n > 0 ? names : "N", n > 0 ? n : 1);
            names += names[n] == ',' ? n + 1 : n;
        }
        ajp_out_end(&b->out, 1, dim);
    }
    ajp_out_end(&b->out, 2, shape_at);
    ajp_out_end(&b->out, 1, tensor);
    ajp_out_end(&b->out, 2, type);
    ajp_out_end(&b->out, field, begun);
}

/* Dimension -1: symbolic, "N". */
static inline void value(build *b, uint32_t field, const char *name, int64_t dtype, size_t rank,
                         const int64_t *dims)
{
    named_value(b, field, name, dtype, rank, dims, "");
}

/* The bytes, to be freed with free(). */
static inline void *build_finish(build *b, size_t *size)
{
    ajp_out_text(&b->out, 2, "test");
    ajp_out_end(&b->out, 7, b->graph);
    size_t opset = ajp_out_begin(&b->out);
    ajp_out_text(&b->out, 1, "");
    ajp_out_int(&b->out, 2, b->opset);
    ajp_out_end(&b->out, 8, opset);
    void *bytes = malloc(b->out.size);
    if (bytes != NULL) memcpy(bytes, b->out.bytes, b->out.size);
    *size = b->out.size;
    ajp_out_free(&b->out);
    return bytes;
}

#endif

/* op_case.h: one operator, from float32 x to float32 y, computed as a whole and as a network over samples,
 * against values that the test works out itself.
 *
 *   build b = op_start(13); node_begin(&b, "Slice", "op", "x,starts,ends", "y"); ...; node_end(&b);
 *   shape(&b, "starts", 1, (int64_t[]){1}); ...
 *   op_expect(&b, "slice", 3, (size_t[]){2, 3, 4}, x, want, n_want, true); */
#ifndef AJ_OP_CASE_H
#define AJ_OP_CASE_H

#include "check.h"

#include "onnx_build.h"

#include "attojoule/nn.h"
#include "nn/program.h"

static aj_error err;
static aj_context *context;

static inline void op_open(void)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    CHECK_OK(aj_context_create(&context, &options, &err), err);
}

static inline build op_start(int64_t opset)
{
    return build_start(context, 8, opset);
}

/* A repeatable number in -1 ... 1 for each place. */
static inline float op_number(size_t i)
{
    uint32_t x = (uint32_t)i * 2654435761u + 777u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    return (float)((double)x / 2147483648.0 - 1.0);
}

static inline bool op_close(float got, float want)
{
    if (isnan(want)) return isnan(got);
    return got == want || fabs((double)got - (double)want) <= 2e-6 * (1 + fabs((double)want));
}

static inline void op_compare(const char *what, const char *how, const float *got, const float *want,
                              size_t n)
{
    for (size_t i = 0; i < n; i++) {
        check_count++;
        if (op_close(got[i], want[i])) continue;
        check_failures++;
        fprintf(stderr, "%s (%s): element %zu is %.9g, want %.9g\n", what, how, i, (double)got[i],
                (double)want[i]);
        return;
    }
}

/* The graph's inputs and outputs are declared here: x [N][dims[1]]..., y. */
static inline void *op_finish(build *b, size_t rank, const size_t *dims, bool symbolic, size_t *size)
{
    int64_t declared[AJP_MAX_RANK];
    for (size_t d = 0; d < rank; d++) declared[d] = symbolic && d == 0 ? -1 : (int64_t)dims[d];
    value(b, INPUT, "x", AJP_FLOAT32, rank, declared);
    value(b, OUTPUT, "y", AJP_FLOAT32, 1, (int64_t[]){-1});
    return build_finish(b, size);
}

/* With x bound: everything is computed while shapes are inferred. */
static inline aj_status op_whole(const void *bytes, size_t size, size_t rank, const size_t *dims,
                                 const float *x, float *y, size_t n_want, size_t *n_got)
{
    ajp_arena arena;
    ajp_graph graph;
    ajp_arena_init(&arena, context);
    ajp_tensor in = {{AJP_FLOAT32, -1, rank, {0}}, 0, NULL};
    memcpy(in.type.dims, dims, rank * sizeof *dims);
    memcpy(&in.data, &x, sizeof in.data);
    CHECK(ajp_type_elements(&in.type, &in.n));
    aj_status st = ajp_graph_build(&graph, context, &arena, bytes, size, "built", NULL, &err);
    if (st == AJ_OK) st = ajp_graph_bind(&graph, "x", &in, &err);
    if (st == AJ_OK) st = ajp_graph_infer(&graph, true, &err);
    *n_got = 0;
    if (st == AJ_OK) {
        const ajp_tensor *out = graph.values[graph.outputs[0]].constant;
        CHECK(out != NULL);
        *n_got = out != NULL ? out->n : 0;
        if (*n_got == n_want) ajp_convert(AJP_FLOAT32, y, out->type.dtype, out->data, n_want);
    }
    ajp_graph_close(&graph);
    ajp_arena_free(&arena);
    return st;
}

static inline void op_samples(const char *what, const void *bytes, size_t size, size_t n, const float *x,
                              const float *want, size_t n_want)
{
    float *y = calloc(n_want + 1, sizeof *y);
    for (size_t chunk = 1; chunk < 4; chunk += 2) {
        aj_model *model = NULL;
        aj_session *session = NULL;
        CHECK_OK(aj_model_load_memory(&model, context, bytes, size, what, &err), err);
        if (model == NULL) break;
        aj_model_info info = aj_model_describe(model);
        CHECK_INT(info.n_output_features * n, n_want);
        CHECK_OK(aj_session_create(&session, context, model, chunk, &err), err);
        CHECK_OK(aj_session_run(session, x, n, y, &err), err);
        if (info.n_output_features * n == n_want) op_compare(what, "samples", y, want, n_want);
        aj_session_destroy(session);
        aj_model_destroy(model);
    }
    free(y);
}

/* samples: the first axis of x counts samples, and the network can be run with any number of them; else it
 * is refused or runs one after the other. */
static inline void op_expect(build *b, const char *what, size_t rank, const size_t *dims, const float *x,
                             const float *want, size_t n_want, bool samples)
{
    size_t size, n_got;
    void *bytes = op_finish(b, rank, dims, true, &size);
    float *y = calloc(n_want + 1, sizeof *y);
    CHECK_OK(op_whole(bytes, size, rank, dims, x, y, n_want, &n_got), err);
    CHECK_INT(n_got, n_want);
    if (n_got == n_want) op_compare(what, "whole", y, want, n_want);
    if (samples) {
        op_samples(what, bytes, size, dims[0], x, want, n_want);
    } else {
        aj_model *model = NULL;
        aj_status st = aj_model_load_memory(&model, context, bytes, size, what, &err);
        bool refused = st == AJ_UNSUPPORTED, one_by_one = st == AJ_OK && model->program.graph.whole;
        CHECK(refused || one_by_one);
        if (!refused && !one_by_one) fprintf(stderr, "%s: %s\n", what, st == AJ_OK ? "runs" : err.message);
        aj_model_destroy(model);
    }
    free(y);
    free(bytes);
}

/* The node refuses, with this status and these words. */
static inline void op_refuses(build *b, const char *what, size_t rank, const size_t *dims, const float *x,
                              aj_status status, const char *words)
{
    size_t size, n_got;
    void *bytes = op_finish(b, rank, dims, false, &size);
    int before = check_failures;
    CHECK_INT(op_whole(bytes, size, rank, dims, x, NULL, SIZE_MAX, &n_got), status);
    CHECK_CONTAINS(err.message, words);
    if (check_failures > before) fprintf(stderr, "in %s\n", what);
    free(bytes);
}

#endif

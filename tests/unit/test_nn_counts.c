/* Operations that are not those of the output: sums, places of the largest, pools.
 * One product of 1024 x 1024 x 1024 is 2,147,483,648 FLOP, 2 for each multiply-accumulate. */
#include "fixture.h"
#include "onnx_build.h"

static void others(aj_context *context, const char *op, int64_t kernel, bool axis, uint64_t flops)
{
    aj_error err;
    size_t size;
    aj_model *model = NULL;
    build b = build_start(NULL, 7, 12);
    node_begin(&b, op, "n", "x", "y");
    if (kernel > 0) attribute_ints(&b, "kernel_shape", 2, (int64_t[]){kernel, 2});
    if (kernel == 0 && axis) attribute_int(&b, "axis", 1);
    if (kernel == 0 && !axis && strncmp(op, "Reduce", 6) == 0) attribute_ints(&b, "axes", 1, (int64_t[]){2});
    node_end(&b);
    value(&b, INPUT, "x", AJP_FLOAT32, 4, (int64_t[]){-1, 3, 5, 4});
    value(&b, OUTPUT, "y", AJP_FLOAT32, 4, (int64_t[]){-1, 1, 1, 1});
    void *bytes = build_finish(&b, &size);
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, op, &err), err);
    CHECK_INT(aj_model_n_layers(model), 1);
    CHECK_INT(aj_model_layer(model, 0).flops_per_inference, flops);
    aj_model_destroy(model);
    free(bytes);
}

int main(void)
{
    enum { N = 1024 };
    static float w[N * N];
    aj_error err;
    size_t size;
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    aj_model *model = NULL;
    build b = build_start(NULL, 7, 13);
    for (size_t i = 0; i < N * N; i++) w[i] = (float)(i % 7);
    node(&b, "MatMul", "product", "x,w", "y");
    weights(&b, "w", w, 2, (int64_t[]){N, N});
    value(&b, INPUT, "x", AJP_FLOAT32, 3, (int64_t[]){-1, N, N});
    value(&b, OUTPUT, "y", AJP_FLOAT32, 3, (int64_t[]){-1, N, N});
    void *bytes = build_finish(&b, &size);
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, "product", &err), err);
    CHECK_INT(aj_model_n_layers(model), 1);
    CHECK_INT(aj_model_layer(model, 0).macs_per_inference, 1073741824);
    CHECK_INT(aj_model_layer(model, 0).flops_per_inference, 2147483648);
    aj_model_destroy(model);
    others(context, "ReduceSum", 0, false, 3 * 5 * 4);
    others(context, "ReduceLogSumExp", 0, false, 4 * 3 * 5 * 4);
    others(context, "ArgMax", 0, true, 3 * 5 * 4);
    others(context, "GlobalAveragePool", 0, false, 3 * 5 * 4);
    others(context, "MaxPool", 3, false, 3 * 3 * 3 * (3 * 2)); /* channels, places, window */
    aj_context_destroy(context);
    free(bytes);
    return check_report();
}

/* One product of 1024 x 1024 x 1024 is 2,147,483,648 FLOP, 2 for each multiply-accumulate. */
#include "fixture.h"
#include "onnx_build.h"

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
    aj_context_destroy(context);
    free(bytes);
    return check_report();
}

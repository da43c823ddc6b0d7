/* Pow with one exponent for all: the short ways for 2, 3 and 1/2 give what pow gives, the ends included. */
#include "fixture.h"
#include "onnx_build.h"

static aj_error err;

static void powers(float exponent)
{
    static const float x[] = {0.0f,  -0.0f, 1.0f,     -1.0f,     1.5f, -2.25f, 3e-20f,
                              1e19f, 7e-5f, INFINITY, -INFINITY, NAN,  1e30f,  0.1f};
    enum { N = sizeof x / sizeof *x };
    float y[N];
    size_t size;
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    aj_model *model = NULL;
    aj_session *session = NULL;
    build b = build_start(NULL, 7, 13);
    node(&b, "Pow", "p", "x,e", "y");
    initializer(&b, "e", AJP_FLOAT32, 0, NULL, &exponent, sizeof exponent);
    value(&b, INPUT, "x", AJP_FLOAT32, 2, (int64_t[]){-1, N});
    value(&b, OUTPUT, "y", AJP_FLOAT32, 2, (int64_t[]){-1, N});
    void *bytes = build_finish(&b, &size);
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, "power", &err), err);
    CHECK_OK(aj_session_create(&session, context, model, 1, &err), err);
    CHECK_OK(aj_session_run(session, x, 1, y, &err), err);
    for (size_t i = 0; i < N; i++) {
        float want = (float)pow((double)x[i], (double)exponent);
        CHECK(isnan(want) ? isnan(y[i]) : y[i] == want && signbit(y[i]) == signbit(want));
    }
    aj_session_destroy(session);
    aj_model_destroy(model);
    aj_context_destroy(context);
    free(bytes);
}

int main(void)
{
    static const float exponents[] = {2, 3, 0.5f, -1, 0, 1, 2.5f};
    for (size_t i = 0; i < sizeof exponents / sizeof *exponents; i++) powers(exponents[i]);
    return check_report();
}

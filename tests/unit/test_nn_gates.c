/* nn: x sigmoid(x) and x hard_sigmoid(x) of two nodes are one activation in the store of the product before
 * them, where nothing else reads the gate; and the same values in every way. */
#include "check.h"
#include "onnx_build.h"

#include "attojoule/nn.h"

enum { N = 7, IN = 9, OUT = 21 };

static aj_context *context;
static aj_error err;
static float x[N * IN], w[IN * OUT];

static double gate_of(const char *gate, double slope, double y)
{
    double hard = fmin(fmax(slope * y + 0.5, 0), 1);
    return strcmp(gate, "Sigmoid") == 0 ? 1 / (1 + exp(-y)) : hard;
}

/* convolution: the same product of one place. */
static void test(const char *gate, float slope, const char *factors, bool convolution, bool gate_is_read,
                 size_t n_layers)
{
    size_t size;
    float y[N * OUT];
    aj_model *model = NULL;
    aj_session *session = NULL;
    build b = build_start(context, 8, 13);
    node(&b, convolution ? "Conv" : "MatMul", "product", "x,w", "p");
    node_begin(&b, gate, "gate", "p", "g");
    if (slope > 0) attribute_float(&b, "alpha", slope);
    node_end(&b);
    node(&b, "Mul", "times", factors, gate_is_read ? "t" : "y");
    if (gate_is_read) node(&b, "Add", "again", "t,g", "y");
    if (convolution)
        weights(&b, "w", w, 3, (int64_t[]){OUT, IN, 1});
    else
        weights(&b, "w", w, 2, (int64_t[]){IN, OUT});
    value(&b, INPUT, "x", AJP_FLOAT32, convolution ? 3 : 2, (int64_t[]){-1, IN, 1});
    value(&b, OUTPUT, "y", AJP_FLOAT32, 2, (int64_t[]){-1, OUT});
    void *bytes = build_finish(&b, &size);
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, gate, &err), err);
    if (model != NULL) CHECK_INT(aj_model_n_layers(model), n_layers);
    if (model != NULL && gate_is_read) CHECK_STRING(aj_model_layer(model, 2).op_type, "Mul"); /* as it was */
    if (model != NULL) CHECK_OK(aj_session_create(&session, context, model, 3, &err), err);
    if (session != NULL) CHECK_OK(aj_session_run(session, x, N, y, &err), err);
    for (size_t i = 0; session != NULL && i < N * OUT; i++) {
        double sum = 0;
        for (size_t k = 0; k < IN; k++)
            sum +=
                (double)x[i / OUT * IN + k] * (double)w[convolution ? i % OUT * IN + k : k * OUT + i % OUT];
        double factor = gate_of(gate, (double)slope, sum), want = sum * factor + (gate_is_read ? factor : 0);
        CHECK_NEAR(y[i], want, 2e-6 * (1 + fabs(sum)));
    }
    aj_session_destroy(session);
    aj_model_destroy(model);
    free(bytes);
}

int main(void)
{
    CHECK_OK(aj_context_create(&context, NULL, &err), err);
    for (size_t i = 0; i < N * IN; i++) x[i] = (float)((int)(i * 29 % 17) - 8) / 4;
    for (size_t i = 0; i < IN * OUT; i++) w[i] = (float)((int)(i * 31 % 23) - 11) / 8;
    for (int convolution = 0; convolution < 2; convolution++) {
        bool c = convolution != 0;
        test("Sigmoid", 0, "p,g", c, false, 1);
        test("Sigmoid", 0, "g,p", c, false, 1);
        test("HardSigmoid", 1.0f / 6, "p,g", c, false, 1);
        test("HardSigmoid", 0.2f, "p,g", c, false, 3);
        test("Sigmoid", 0, "p,g", c, true, 4);
    }
    aj_context_destroy(context);
    return check_report();
}

/* nn: element types that are computed in float32: conversions, whole numbers, networks in float16. */
#include "check.h"
#include "onnx_build.h"

#include "nn/graph.h"
#include "attojoule/nn.h"

static aj_context *context;

/* ---- conversions
 * ------------------------------------------------------------------------------------------- */

/* IEEE 754-2008, 3.4 and 3.6 (binary16), from the definition. */
static double value_of_half(unsigned bits)
{
    int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
    double value = exponent == 0 ? fraction * 0x1p-24 : (fraction + 1024) * exp2(exponent - 25);
    if (exponent == 31) value = fraction == 0 ? (double)INFINITY : (double)NAN;
    return (bits & 0x8000) != 0 ? -value : value;
}

static uint16_t half_of(float value)
{
    uint16_t half;
    ajp_convert(AJP_FLOAT16, &half, AJP_FLOAT32, &value, 1);
    return half;
}

static void conversions(void)
{
    for (unsigned bits = 0; bits < 65536; bits++) {
        uint16_t half = (uint16_t)bits;
        float value;
        double want = value_of_half(bits);
        ajp_convert(AJP_FLOAT32, &value, AJP_FLOAT16, &half, 1);
        check_count++;
        if (isnan(want) ? !isnan(value) : (double)value != want || !signbit(value) != !signbit(want)) {
            check_failures++;
            fprintf(stderr, "float16 %04x is %.9g, not %.9g\n", bits, (double)value, want);
        }
        if (!isnan(want)) CHECK_INT(half_of(value), half);
        if (bits < 0x7bff) { /* between it and the next one, to the even of the two */
            float middle = (float)((want + value_of_half(bits + 1)) / 2);
            CHECK_INT(half_of(middle), bits + (bits & 1));
            CHECK_INT(half_of(nextafterf(middle, 0)), bits);
            CHECK_INT(half_of(nextafterf(middle, INFINITY)), bits + 1);
        }
    }
    CHECK_INT(half_of(65519.996f), 0x7bff);
    CHECK_INT(half_of(65520.0f), 0x7c00);
    CHECK_INT(half_of(-1e30f), 0xfc00);
    CHECK_INT(half_of(NAN) & 0x7fff, 0x7e00);
    CHECK_INT(half_of(0x1p-26f), 0);
    CHECK_INT(half_of(-0.0f), 0x8000);
}

/* ---- small networks
 * ---------------------------------------------------------------------------------------- */

static void run(const void *bytes, size_t size, const aj_tensor *in, size_t n_in, aj_tensor *out, void *copy,
                size_t copy_size)
{
    aj_error err = {0};
    aj_model *model = NULL;
    aj_session *session = NULL;
    memset(out, 0, sizeof *out);
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, "types.onnx", &err), err);
    if (model != NULL) CHECK_OK(aj_session_create(&session, context, model, 0, &err), err);
    if (session != NULL) CHECK_OK(aj_session_run_tensors(session, in, n_in, out, 1, &err), err);
    size_t n = aj_type_bytes(out->type);
    for (size_t d = 0; d < out->rank; d++) n *= out->dims[d];
    CHECK_INT(n, copy_size);
    if (n == copy_size && out->data != NULL) memcpy(copy, out->data, n);
    aj_session_destroy(session);
    aj_model_destroy(model);
}

static void one_node(const char *op, int64_t opset, int64_t dtype, size_t n, const int64_t *a_dims, void *a,
                     const int64_t *b_dims, void *b, const int64_t *y_dims, void *y, size_t y_size)
{
    size_t size;
    aj_tensor in[2] = {{(aj_type)dtype, n, {0}, a}, {(aj_type)dtype, n, {0}, b}}, out;
    build model = build_start(context, 7, opset);
    node(&model, op, "n", b != NULL ? "a,b" : "a", "y");
    value(&model, INPUT, "a", dtype, n, a_dims);
    if (b != NULL) value(&model, INPUT, "b", dtype, n, b_dims);
    value(&model, OUTPUT, "y", dtype, n, y_dims);
    for (size_t d = 0; d < n; d++) in[0].dims[d] = (size_t)a_dims[d];
    for (size_t d = 0; d < n && b != NULL; d++) in[1].dims[d] = (size_t)b_dims[d];
    void *bytes = build_finish(&model, &size);
    run(bytes, size, in, b != NULL ? 2 : 1, &out, y, y_size);
    CHECK_INT(out.type, dtype);
    free(bytes);
}

/* Beyond what float32 or double could hold; sums wrap. */
static void whole_numbers(void)
{
    int64_t a[2][3] = {{(int64_t)1 << 53, 1, 0}, {3, -5, 7}}, b[3][1] = {{1}, {1}, {-2}}, y[2];
    one_node("MatMul", 13, AJP_INT64, 2, (int64_t[]){2, 3}, a, (int64_t[]){3, 1}, b, (int64_t[]){2, 1}, y,
             sizeof y);
    CHECK_INT(y[0], ((int64_t)1 << 53) + 1);
    CHECK_INT(y[1], -16);
    uint32_t c[1][2] = {{4000000000u, 2}}, d[2][2] = {{2, 1}, {5, 0}}, z[2];
    one_node("Gemm", 13, AJP_UINT32, 2, (int64_t[]){1, 2}, c, (int64_t[]){2, 2}, d, (int64_t[]){1, 2}, z,
             sizeof z);
    CHECK_INT(z[0], 3705032714u); /* 8000000010 - 2^32 */
    CHECK_INT(z[1], 4000000000u);
    int8_t e[3] = {-128, 0, 127}, f[3];
    one_node("Relu", 14, AJP_INT8, 1, (int64_t[]){3}, e, NULL, NULL, (int64_t[]){3}, f, sizeof f);
    CHECK(f[0] == 0 && f[1] == 0 && f[2] == 127);
}

/* bfloat16 results are rounded to nearest even: 1 + 2^-8 lies between 1 and 1 + 2^-7. */
static void bfloat16_is_rounded(void)
{
    uint16_t a[2] = {0x3f80, 0x3f81}, b[2] = {0x3b80, 0x3b80}, y[2]; /* 1, 1 + 2^-7; 2^-8 */
    one_node("Add", 14, AJP_BFLOAT16, 1, (int64_t[]){2}, a, (int64_t[]){2}, b, (int64_t[]){2}, y, sizeof y);
    CHECK_INT(y[0], 0x3f80);
    CHECK_INT(y[1], 0x3f82);
}

/* ---- a network
 * ---------------------------------------------------------------------------------------------- */

enum { N = 3, C = 4, SIDE = 6, K = 5 };

static void put(build *b, int64_t dtype, const char *name, const float *values, size_t rank,
                const int64_t *dims)
{
    size_t n = 1;
    uint64_t room[K * C * SIDE * SIDE];
    for (size_t d = 0; d < rank; d++) n *= (size_t)dims[d];
    ajp_convert((ajp_dtype)dtype, room, AJP_FLOAT32, values, n);
    initializer(b, name, dtype, rank, dims, room, n * ajp_dtype_size((ajp_dtype)dtype));
}

/* Convolution, batch norm, activation, pooling, product, sum, softmax. */
static void *network(int64_t dtype, size_t *size)
{
    static float w[K * C * 9], s[K], m[3 * K * 4], c[3];
    for (size_t i = 0; i < sizeof w / sizeof *w; i++) w[i] = 0.125f * (float)((int)(i * 5 % 7) - 3);
    for (size_t i = 0; i < sizeof m / sizeof *m; i++) m[i] = 0.0625f * (float)((int)(i * 3 % 11) - 5);
    for (size_t i = 0; i < K; i++) s[i] = 0.5f + 0.25f * (float)i;
    for (size_t i = 0; i < 3; i++) c[i] = 0.5f * (float)i;
    build b = build_start(context, 10, 14); /* the newest IR that is read */
    node(&b, "Conv", "conv", "x,w", "a");
    node(&b, "BatchNormalization", "norm", "a,s,s,s,s", "b");
    node(&b, "Relu", "relu", "b", "c");
    node_begin(&b, "MaxPool", "pool", "c", "d");
    attribute_ints(&b, "kernel_shape", 2, (int64_t[]){2, 2});
    attribute_ints(&b, "strides", 2, (int64_t[]){2, 2});
    node_end(&b);
    node(&b, "Flatten", "flat", "d", "e");
    node(&b, "MatMul", "product", "e,m", "f");
    node(&b, "Add", "sum", "f,v", "g");
    node(&b, "Softmax", "soft", "g", "y");
    put(&b, dtype, "w", w, 4, (int64_t[]){K, C, 3, 3});
    put(&b, dtype, "s", s, 1, (int64_t[]){K});
    put(&b, dtype, "m", m, 2, (int64_t[]){4 * K, 3});
    put(&b, dtype, "v", c, 1, (int64_t[]){3});
    value(&b, INPUT, "x", dtype, 4, (int64_t[]){-1, C, SIDE, SIDE});
    value(&b, OUTPUT, "y", dtype, 2, (int64_t[]){-1, 3});
    return build_finish(&b, size);
}

/* The same network in float32 and in a narrow type: close, the right type, and its products are listed. */
static void narrow_network(int64_t dtype, double room)
{
    float x[N * C * SIDE * SIDE], want[N * 3], got[N * 3];
    uint64_t narrow[N * C * SIDE * SIDE], y[N * 3];
    size_t n = sizeof x / sizeof *x, size, n_products = 0;
    aj_error err = {0};
    aj_tensor in = {AJ_TYPE_FLOAT32, 4, {N, C, SIDE, SIDE}, x}, out;
    aj_model *model = NULL;
    for (size_t i = 0; i < n; i++) x[i] = 0.25f * (float)((int)(i * 7 % 9) - 4);
    void *bytes = network(AJP_FLOAT32, &size);
    run(bytes, size, &in, 1, &out, want, sizeof want);
    free(bytes);
    ajp_convert((ajp_dtype)dtype, narrow, AJP_FLOAT32, x, n);
    in.type = (aj_type)dtype;
    in.data = narrow;
    bytes = network(dtype, &size);
    run(bytes, size, &in, 1, &out, y, N * 3 * aj_type_bytes((aj_type)dtype));
    CHECK_INT(out.type, dtype);
    ajp_convert(AJP_FLOAT32, got, (ajp_dtype)dtype, y, N * 3);
    for (size_t i = 0; i < N * 3; i++) CHECK(fabs((double)got[i] - (double)want[i]) <= room);
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, "types.onnx", &err), err);
    for (size_t i = 0; i < aj_model_n_layers(model); i++) n_products += aj_model_layer(model, i).rows > 0;
    CHECK_INT(n_products, 2);
    aj_model_destroy(model);
    free(bytes);
}

int main(void)
{
    aj_error err;
    CHECK_OK(aj_context_create(&context, NULL, &err), err);
    conversions();
    whole_numbers();
    bfloat16_is_rounded();
    narrow_network(AJP_FLOAT16, 2e-3);
    narrow_network(AJP_BFLOAT16, 2e-2);
    narrow_network(AJP_FLOAT64, 1e-6);
    aj_context_destroy(context);
    return check_report();
}

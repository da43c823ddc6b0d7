/* Ties and NaN in comparisons, Max and Min: the ONNX project's cases are random numbers and have neither. */
#include "check.h"

#include "nn/op.h"

static void apply(const char *name, const float *a, const float *b, void *y, ajp_dtype result, size_t n)
{
    bool known;
    _Alignas(16) unsigned char params[64] = {0};
    aj_error err;
    ajp_node node = {.name = "n", .op_type = name, .op = ajp_op_find(name, 17, &known), .opset = 17};
    node.params = params;
    CHECK(node.op != NULL && node.op->params_size <= sizeof params);
    ajp_op_parse parse = {"test", &node, NULL, &err};
    CHECK_OK(node.op->parse(&parse, params), err);
    ajp_type type = {AJP_FLOAT32, -1, 1, {n}};
    float copies[2][8];
    memcpy(copies[0], a, n * sizeof *a);
    memcpy(copies[1], b, n * sizeof *b);
    ajp_tensor in[2] = {{type, n, copies[0]}, {type, n, copies[1]}}, out = {type, n, y};
    out.type.dtype = result;
    size_t scratch[2 * (1 + AJP_MAX_RANK)];
    ajp_op_run run = {.scratch = scratch,
                      .path = "test",
                      .node = &node,
                      .n_in = 2,
                      .n_out = 1,
                      .in = in,
                      .out = &out,
                      .err = &err};
    CHECK_OK(node.op->run(&run), err);
}

static void compare(const char *name, const uint8_t *want)
{
    static const float a[5] = {1, 2, 2, NAN, 1}, b[5] = {2, 1, 2, 1, NAN};
    uint8_t y[5];
    apply(name, a, b, y, AJP_BOOL, 5);
    for (size_t i = 0; i < 5; i++) CHECK_INT(y[i], want[i]);
}

int main(void)
{
    compare("Less", (const uint8_t[]){1, 0, 0, 0, 0});
    compare("LessOrEqual", (const uint8_t[]){1, 0, 1, 0, 0});
    compare("Greater", (const uint8_t[]){0, 1, 0, 0, 0});
    compare("GreaterOrEqual", (const uint8_t[]){0, 1, 1, 0, 0});
    compare("Equal", (const uint8_t[]){0, 0, 1, 0, 0});
    static const float a[3] = {NAN, 1, 3}, b[3] = {1, NAN, 2};
    float y[3];
    apply("Max", a, b, y, AJP_FLOAT32, 3);
    CHECK(isnan(y[0]) && isnan(y[1]) && y[2] > 2.5F);
    apply("Min", a, b, y, AJP_FLOAT32, 3);
    CHECK(isnan(y[0]) && isnan(y[1]) && y[2] < 2.5F);
    return check_report();
}

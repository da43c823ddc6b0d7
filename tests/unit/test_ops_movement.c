/* Operators that move elements: against index formulas, as a whole and over samples. */
#include "op_case.h"

enum { N = 3, A = 4, B = 5, C = 6 }; /* x[N][A][B][C] in most cases */
static float x[20000], want[40000];
static const size_t dims[] = {N, A, B, C};

static float at(size_t n, size_t a, size_t b, size_t c)
{
    return x[((n * A + a) * B + b) * C + c];
}

#define EACH(n_a, n_b, n_c)                  \
    for (size_t n = 0; n < N; n++)           \
        for (size_t a = 0; a < n_a; a++)     \
            for (size_t b = 0; b < n_b; b++) \
                for (size_t c = 0; c < n_c; c++)

static void test_slice(void)
{
    build b_ = op_start(13);
    node(&b_, "Slice", "op", "x,s,e,a,t", "y");
    shape(&b_, "s", 3, (int64_t[]){-1, 1, 0});
    shape(&b_, "e", 3, (int64_t[]){INT64_MIN, 100, INT64_MAX});
    shape(&b_, "a", 3, (int64_t[]){3, 2, 0});
    shape(&b_, "t", 3, (int64_t[]){-2, 1, 1});
    size_t k = 0;
    EACH(A, 4, 3) want[k++] = at(n, a, b + 1, 5 - 2 * c);
    op_expect(&b_, "slice", 4, dims, x, want, k, true);

    b_ = op_start(1);
    node_begin(&b_, "Slice", "op", "x", "y");
    attribute_ints(&b_, "starts", 2, (int64_t[]){1, -3});
    attribute_ints(&b_, "ends", 2, (int64_t[]){3, -1});
    attribute_ints(&b_, "axes", 2, (int64_t[]){1, 3});
    node_end(&b_);
    k = 0;
    EACH(2, B, 2) want[k++] = at(n, a + 1, b, c + 3);
    op_expect(&b_, "slice of opset 1", 4, dims, x, want, k, true);

    b_ = op_start(13); /* the first sample alone: not a network over samples */
    node(&b_, "Slice", "op", "x,s,e", "y");
    shape(&b_, "s", 1, (int64_t[]){0});
    shape(&b_, "e", 1, (int64_t[]){1});
    op_expect(&b_, "slice of samples", 4, dims, x, x, A * B * C, false);
}

static void test_split(void)
{
    build b_ = op_start(13);
    node_begin(&b_, "Split", "op", "x,s", "u,v,w");
    attribute_int(&b_, "axis", -1);
    node_end(&b_);
    node_begin(&b_, "Concat", "join", "w,u", "y"); /* v is not wanted */
    attribute_int(&b_, "axis", 3);
    node_end(&b_);
    shape(&b_, "s", 3, (int64_t[]){1, 2, 3});
    size_t k = 0;
    EACH(A, B, 4) want[k++] = at(n, a, b, c < 3 ? c + 3 : 0);
    op_expect(&b_, "split", 4, dims, x, want, k, true);
}

static void test_expand(void)
{
    const size_t flat[] = {N, 1, B, 1};
    build b_ = op_start(13);
    node(&b_, "Expand", "op", "x,s", "y");
    shape(&b_, "s", 3, (int64_t[]){A, 1, C});
    size_t k = 0;
    EACH(A, B, C) want[k++] = x[n * B + b] + 0 * (float)(a + c);
    op_expect(&b_, "expand", 4, flat, x, want, k, true);

    b_ = op_start(13);
    node(&b_, "Tile", "op", "x,s", "y");
    shape(&b_, "s", 4, (int64_t[]){1, 2, 1, 3});
    k = 0;
    EACH(2 * A, B, 3 * C) want[k++] = at(n, a % A, b, c % C);
    op_expect(&b_, "tile", 4, dims, x, want, k, true);
}

static void test_gather(void)
{
    build b_ = op_start(13);
    node_begin(&b_, "Gather", "op", "x,i", "y");
    attribute_int(&b_, "axis", 2);
    node_end(&b_);
    initializer(&b_, "i", AJP_INT32, 2, (int64_t[]){2, 2}, (int32_t[]){4, 0, -2, 1}, 16);
    static const size_t picked[] = {4, 0, 3, 1};
    size_t k = 0;
    EACH(A, 4, C) want[k++] = at(n, a, picked[b], c);
    op_expect(&b_, "gather", 4, dims, x, want, k, true);

    b_ = op_start(13);
    node_begin(&b_, "Gather", "op", "x,i", "y");
    attribute_int(&b_, "axis", 1);
    node_end(&b_);
    shape(&b_, "i", 2, (int64_t[]){0, A});
    op_refuses(&b_, "gather outside", 4, dims, x, AJ_BAD_ARGUMENT, "index 4 at place 1, but there are 4");

    b_ = op_start(13);
    node(&b_, "Gather", "op", "x,i", "y");
    shape(&b_, "i", 1, (int64_t[]){1});
    op_expect(&b_, "gather of samples", 4, dims, x, x + A * B * C, A * B * C, false);
}

/* Indices come from the samples: the place of the largest, then back along the same axis. */
static void test_gather_elements(void)
{
    build b_ = op_start(13);
    node_begin(&b_, "Cast", "cast", "x", "i");
    attribute_int(&b_, "to", AJP_INT64);
    node_end(&b_);
    node_begin(&b_, "GatherElements", "op", "x,i", "y");
    attribute_int(&b_, "axis", 2);
    node_end(&b_);
    float *whole = calloc(N * A * B * C, sizeof *whole);
    for (size_t k = 0; k < N * A * B * C; k++) whole[k] = (float)(k * 7 % 5);
    size_t k = 0;
    EACH(A, B, C)
    {
        size_t place = ((n * A + a) * B + b) * C + c;
        want[k++] = whole[((n * A + a) * B + (size_t)whole[place]) * C + c];
    }
    op_expect(&b_, "gather elements", 4, dims, whole, want, k, true);

    b_ = op_start(16); /* y starts as x; every element is written to place x along axis 2 */
    node_begin(&b_, "Cast", "cast", "x", "i");
    attribute_int(&b_, "to", AJP_INT64);
    node_end(&b_);
    node(&b_, "Add", "sum", "x,half", "u");
    node_begin(&b_, "ScatterElements", "op", "x,i,u", "y");
    attribute_int(&b_, "axis", 2);
    node_end(&b_);
    weights(&b_, "half", (float[]){0.5F}, 1, (int64_t[]){1});
    memcpy(want, whole, N * A * B * C * sizeof *want);
    EACH(A, B, C)
    {
        size_t place = ((n * A + a) * B + b) * C + c;
        want[((n * A + a) * B + (size_t)whole[place]) * C + c] = whole[place] + 0.5F;
    }
    op_expect(&b_, "scatter elements", 4, dims, whole, want, N * A * B * C, true);
    free(whole);
}

static void test_scatter_reduction(void)
{
    static const char *const names[] = {"add", "mul", "max", "min"};
    static const float results[4][3] = {{1 + 2 + 3, 5, 6}, {1 * 2 * 3, 5, 6}, {3, 5, 6}, {1, 5, 6}};
    for (size_t k = 0; k < 4; k++) {
        build b_ = op_start(16);
        node_begin(&b_, "ScatterND", "op", "x,i,u", "y");
        attribute_text(&b_, "reduction", names[k]);
        node_end(&b_);
        initializer(&b_, "i", AJP_INT64, 2, (int64_t[]){2, 1}, (int64_t[]){0, -3}, 16);
        weights(&b_, "u", (float[]){2, 3}, 1, (int64_t[]){2});
        op_expect(&b_, names[k], 1, (size_t[]){3}, (float[]){1, 5, 6}, results[k], 3, false);
    }
}

static size_t mirrored(long at, long n)
{
    while (at < 0 || at >= n) at = at < 0 ? -at : 2 * (n - 1) - at;
    return (size_t)at;
}

static void pad_case(const char *mode, size_t (*place)(long at, long n))
{
    build b_ = op_start(16);
    node_begin(&b_, "Pad", "op", "x,p,,axes", "y");
    attribute_text(&b_, "mode", mode);
    node_end(&b_);
    shape(&b_, "p", 4, (int64_t[]){7, -1, 2, 9}); /* axis 3: 7 and 2; axis 1: -1 and 9 */
    shape(&b_, "axes", 2, (int64_t[]){-1, 1});
    size_t k = 0;
    EACH(A + 8, B, C + 9)
    {
        size_t from_a = place((long)a + 1, A), from_c = place((long)c - 7, C);
        want[k++] = from_a == SIZE_MAX || from_c == SIZE_MAX ? 0 : at(n, from_a, b, from_c);
    }
    op_expect(&b_, mode, 4, dims, x, want, k, true);
}

static size_t outside(long at, long n)
{
    return at < 0 || at >= n ? SIZE_MAX : (size_t)at;
}
static size_t edge(long at, long n)
{
    return (size_t)(at < 0 ? 0 : at >= n ? n - 1 : at);
}
static size_t wrapped(long at, long n)
{
    return (size_t)((at % n + n) % n);
}

static void test_space(void)
{
    const size_t deep[] = {N, 8, 3, 2}, wide[] = {N, 2, 6, 4};
    build b_ = op_start(13);
    node_begin(&b_, "DepthToSpace", "op", "x", "y");
    attribute_int(&b_, "blocksize", 2);
    node_end(&b_);
    size_t k = 0;
    EACH(2, 6, 4) want[k++] = x[((n * 8 + (b % 2 * 2 + c % 2) * 2 + a) * 3 + b / 2) * 2 + c / 2];
    op_expect(&b_, "depth to space", 4, deep, x, want, k, true);

    b_ = op_start(13);
    node_begin(&b_, "SpaceToDepth", "op", "x", "y");
    attribute_int(&b_, "blocksize", 2);
    node_end(&b_);
    k = 0;
    EACH(8, 3, 2) want[k++] = x[((n * 2 + a % 2) * 6 + b * 2 + a / 4) * 4 + c * 2 + a / 2 % 2];
    op_expect(&b_, "space to depth", 4, wide, x, want, k, true);
}

static void test_triangles(void)
{
    for (int64_t diagonal = -7; diagonal < 8; diagonal++)
        for (int64_t upper = 0; upper < 2; upper++) {
            build b_ = op_start(14);
            node_begin(&b_, "Trilu", "op", "x,k", "y");
            attribute_int(&b_, "upper", upper);
            node_end(&b_);
            initializer(&b_, "k", AJP_INT64, 0, NULL, &diagonal, 8);
            size_t k = 0;
            EACH(A, B, C)
            {
                long above = (long)c - (long)b - diagonal;
                want[k++] = (upper != 0 ? above >= 0 : above <= 0) ? at(n, a, b, c) : 0;
            }
            op_expect(&b_, "trilu", 4, dims, x, want, k, true);
        }
}

static void test_sums(void)
{
    build b_ = op_start(14);
    node_begin(&b_, "CumSum", "op", "x,a", "y");
    attribute_int(&b_, "exclusive", 1);
    attribute_int(&b_, "reverse", 1);
    node_end(&b_);
    shape(&b_, "a", 1, (int64_t[]){-2});
    size_t k = 0;
    EACH(A, B, C)
    {
        double sum = 0;
        for (size_t later = b + 1; later < B; later++) sum += (double)at(n, a, later, c);
        want[k++] = (float)sum;
    }
    op_expect(&b_, "cumulative sum", 4, dims, x, want, k, true);
}

/* Shapes of samples are not known, the rest is; a model exported for one sample sees 1. */
static void test_shape(void)
{
    build b_ = op_start(15);
    node_begin(&b_, "Shape", "shape", "x", "s");
    attribute_int(&b_, "start", 1);
    node_end(&b_);
    node_begin(&b_, "ConstantOfShape", "fill", "s", "zeros");
    node_end(&b_);
    node(&b_, "Sub", "op", "x,zeros", "y");
    op_expect(&b_, "shape", 4, dims, x, x, N * A * B * C, true);

    const size_t one[] = {1, A, B, C};
    b_ = op_start(15);
    node(&b_, "Shape", "shape", "x", "s");
    node(&b_, "Expand", "op", "x,s", "y");
    size_t size;
    void *bytes = op_finish(&b_, 4, one, false, &size);
    op_samples("shape of one sample", bytes, size, N, x, x, N * A * B * C);
    free(bytes);

    b_ = op_start(15);
    node(&b_, "Shape", "shape", "x", "s");
    node(&b_, "Expand", "op", "x,s", "y");
    op_expect(&b_, "shape with samples", 4, dims, x, x, N * A * B * C, true);
}

/* Pieces of every size and direction against one element at a time, through Transpose. */
static void test_transpose(void)
{
    static const size_t shapes[][4] = {{2, 33, 19, 1}, {1, 3, 40, 50}, {2, 5, 2, 3}, {3, 16, 16, 4}};
    static const int64_t orders[][4] = {{0, 2, 1, 3}, {0, 3, 2, 1}, {0, 1, 3, 2}, {0, 3, 1, 2}};
    for (size_t s = 0; s < 4; s++)
        for (size_t o = 0; o < 4; o++) {
            const size_t *d = shapes[s];
            size_t step[4] = {d[1] * d[2] * d[3], d[2] * d[3], d[3], 1}, k = 0, n[4];
            build b_ = op_start(13);
            node_begin(&b_, "Transpose", "op", "x", "y");
            attribute_ints(&b_, "perm", 4, orders[o]);
            node_end(&b_);
            for (size_t i = 0; i < 4; i++) n[i] = d[orders[o][i]];
            for (size_t i = 0; i < n[0] * n[1] * n[2] * n[3]; i++) {
                size_t index[4] = {i / (n[3] * n[2] * n[1]), i / (n[3] * n[2]) % n[1], i / n[3] % n[2],
                                   i % n[3]},
                       from = 0;
                for (size_t j = 0; j < 4; j++) from += index[j] * step[orders[o][j]];
                want[k++] = x[from];
            }
            op_expect(&b_, "transpose", 4, d, x, want, k, true);
        }
}

int main(void)
{
    op_open();
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) x[i] = op_number(i);
    test_slice();
    test_split();
    test_expand();
    test_gather();
    test_gather_elements();
    test_scatter_reduction();
    pad_case("constant", outside);
    pad_case("reflect", mirrored);
    pad_case("edge", edge);
    pad_case("wrap", wrapped);
    test_space();
    test_triangles();
    test_sums();
    test_shape();
    test_transpose();
    aj_context_destroy(context);
    return check_report();
}

/* Sums, orders, normalisations and Einsum over samples against plain formulas in double. */
#include "op_case.h"

enum { N = 3, A = 4, B = 5, C = 70 }; /* rows longer than the 64 lanes of a sum */
static float x[N * A * B * C], want[N * A * B * C];
static const size_t dims[] = {N, A, B, C};

static double at(size_t n, size_t a, size_t b, size_t c)
{
    return (double)x[((n * A + a) * B + b) * C + c];
}

/* Which of the axes 1, 2, 3 are reduced, as bits; start(), add(), finish() of one operator. */
typedef struct {
    const char *op_type;
    double (*add)(double sum, double x);
    double start;
    double (*finish)(double sum, double n);
} reduction;

static double plus(double s, double v)
{
    return s + v;
}
static double plus_magnitude(double s, double v)
{
    return s + fabs(v);
}
static double plus_square(double s, double v)
{
    return s + v * v;
}
static double plus_exp(double s, double v)
{
    return s + exp(v);
}
static double times(double s, double v)
{
    return s * v;
}
static double as_is(double s, double n)
{
    (void)n;
    return s;
}
static double divided(double s, double n)
{
    return s / n;
}
static double root(double s, double n)
{
    (void)n;
    return sqrt(s);
}
static double logarithm(double s, double n)
{
    (void)n;
    return log(s);
}

static const reduction reductions[] = {
    {"ReduceSum", plus, 0, as_is},
    {"ReduceMean", plus, 0, divided},
    {"ReduceMax", fmax, -INFINITY, as_is},
    {"ReduceMin", fmin, INFINITY, as_is},
    {"ReduceProd", times, 1, as_is},
    {"ReduceL1", plus_magnitude, 0, as_is},
    {"ReduceL2", plus_square, 0, root},
    {"ReduceLogSumExp", plus_exp, 0, logarithm},
    {"ReduceSumSquare", plus_square, 0, as_is},
};

static void reduce_case(const reduction *r, unsigned axes, int64_t opset, int64_t keep)
{
    bool as_input = opset >= 18 || strcmp(r->op_type, "ReduceSum") == 0;
    int64_t list[3];
    size_t n_axes = 0, k = 0;
    for (int64_t d = 1; d < 4; d++)
        if ((axes >> d & 1) != 0)
            list[n_axes++] = d - (d == 2 ? 4 : 0); /* one of them counted from the end */
    build b_ = op_start(opset);
    node_begin(&b_, r->op_type, "op", as_input ? "x,axes" : "x", "y");
    attribute_int(&b_, "keepdims", keep);
    if (!as_input) attribute_ints(&b_, "axes", n_axes, list);
    node_end(&b_);
    if (as_input) shape(&b_, "axes", n_axes, list);
    size_t to_a = axes & 2 ? 1 : A, to_b = axes & 4 ? 1 : B, to_c = axes & 8 ? 1 : C;
    double n_each = (double)(A / to_a * (B / to_b) * (C / to_c));
    for (size_t n = 0; n < N; n++)
        for (size_t i = 0; i < to_a * to_b * to_c; i++) {
            double sum = r->start;
            size_t a0 = i / (to_b * to_c), b0 = i / to_c % to_b, c0 = i % to_c;
            for (size_t a = a0; a < (axes & 2 ? A : a0 + 1); a++)
                for (size_t b = b0; b < (axes & 4 ? B : b0 + 1); b++)
                    for (size_t c = c0; c < (axes & 8 ? C : c0 + 1); c++) sum = r->add(sum, at(n, a, b, c));
            want[k++] = (float)r->finish(sum, n_each);
        }
    op_expect(&b_, r->op_type, 4, dims, x, want, k, true);
}

static void test_reductions(void)
{
    for (size_t k = 0; k < sizeof reductions / sizeof *reductions; k++)
        for (unsigned axes = 2; axes < 16; axes += 2)
            reduce_case(&reductions[k], axes, k % 2 ? 18 : 13, axes % 4 == 2);
    build b_ = op_start(18); /* no axes and nothing to be done */
    node_begin(&b_, "ReduceSumSquare", "op", "x", "y");
    attribute_int(&b_, "noop_with_empty_axes", 1);
    node_end(&b_);
    op_expect(&b_, "no axes", 4, dims, x, x, N * A * B * C, true);
    b_ = op_start(18);
    node(&b_, "ReduceMax", "op", "x", "y");
    float largest = x[0];
    for (size_t i = 0; i < N * A * B * C; i++) largest = fmaxf(largest, x[i]);
    op_expect(&b_, "over everything", 4, dims, x, &largest, 1, false);
}

static void test_arg(void)
{
    static float steps[N * A * B * C]; /* with ties */
    size_t k = 0;
    for (size_t i = 0; i < N * A * B * C; i++) steps[i] = (float)(i * 7919 % 5);
    for (int64_t last = 0; last < 2; last++) {
        build b_ = op_start(13);
        node_begin(&b_, last ? "ArgMax" : "ArgMin", "op", "x", "i");
        attribute_int(&b_, "axis", -2);
        attribute_int(&b_, "keepdims", 0);
        attribute_int(&b_, "select_last_index", last);
        node_end(&b_);
        node_begin(&b_, "Cast", "cast", "i", "y");
        attribute_int(&b_, "to", AJP_FLOAT32);
        node_end(&b_);
        k = 0;
        for (size_t na = 0; na < N * A; na++)
            for (size_t c = 0; c < C; c++) {
                size_t best = 0;
                for (size_t b = 1; b < B; b++) {
                    float v = steps[(na * B + b) * C + c], top = steps[(na * B + best) * C + c];
                    if (last ? v >= top : v < top) best = b;
                }
                want[k++] = (float)best;
            }
        op_expect(&b_, "arg", 4, dims, steps, want, k, true);
    }
    build b_ = op_start(11);
    node(&b_, "TopK", "op", "x,k", "y,i");
    shape(&b_, "k", 1, (int64_t[]){3});
    k = 0;
    for (size_t row = 0; row < N * A * B; row++) {
        float top = INFINITY;
        for (size_t t = 0; t < 3; t++) { /* no two are the same */
            float best = -INFINITY;
            for (size_t c = 0; c < C; c++)
                if (x[row * C + c] < top && x[row * C + c] > best) best = x[row * C + c];
            want[k++] = top = best;
        }
    }
    op_expect(&b_, "top 3", 4, dims, x, want, k, true);
}

static void test_einsum(void)
{
    static const struct {
        const char *equation;
        size_t turned; /* the second input is [C][2], or [2][C] */
    } cases[] = {{"nabc,cd->nabd", 0}, {"n...c,dc->nd...", 1}, {"abcd,de", 0}, {"nabc, cd -> nd", 0}};
    float *w = calloc(C, 2 * sizeof *w);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        size_t n_out = 0;
        build b_ = op_start(12);
        node_begin(&b_, "Einsum", "op", "x,w", "y");
        attribute_text(&b_, "equation", cases[k].equation);
        node_end(&b_);
        for (size_t c = 0; c < C; c++)
            for (size_t d = 0; d < 2; d++)
                w[cases[k].turned ? d * C + c : c * 2 + d] = (float)(c % 7) - 2.5F * (float)d;
        weights(&b_, "w", w, 2, cases[k].turned ? (int64_t[]){2, C} : (int64_t[]){C, 2});
        memset(want, 0, sizeof want);
        for (size_t n = 0; n < N; n++)
            for (size_t ab = 0; ab < A * B; ab++)
                for (size_t d = 0; d < 2; d++) {
                    double sum = 0;
                    for (size_t c = 0; c < C; c++)
                        sum += at(n, ab / B, ab % B, c) * ((double)(c % 7) - 2.5 * (double)d);
                    size_t last = (n * A * B + ab) * 2 + d, first = (n * 2 + d) * A * B + ab;
                    if (k == 3) last = n * 2 + d;
                    want[k == 1 ? first : last] += (float)sum;
                    n_out = k == 3 ? N * 2 : N * A * B * 2;
                }
        op_expect(&b_, cases[k].equation, 4, dims, x, want, n_out, true);
    }
    free(w);
    /* the diagonal and the trace of each sample; a product of three; samples summed away */
    const size_t square[] = {N, 3, 3};
    build b_ = op_start(12);
    node_begin(&b_, "Einsum", "op", "x", "d");
    attribute_text(&b_, "equation", "nii->ni");
    node_end(&b_);
    node_begin(&b_, "Einsum", "three", "d,d,w", "y");
    attribute_text(&b_, "equation", "ni,nj,ij->n");
    node_end(&b_);
    weights(&b_, "w", (float[]){1, 2, 3, 4, 5, 6, 7, 8, 9}, 2, (int64_t[]){3, 3});
    for (size_t n = 0; n < N; n++) {
        double sum = 0;
        for (size_t i = 0; i < 3; i++)
            for (size_t j = 0; j < 3; j++)
                sum += (double)x[n * 9 + i * 4] * (double)x[n * 9 + j * 4] * (double)(i * 3 + j + 1);
        want[n] = (float)sum;
    }
    op_expect(&b_, "diagonals", 3, square, x, want, N, true);
    b_ = op_start(12);
    node_begin(&b_, "Einsum", "op", "x", "y");
    attribute_text(&b_, "equation", "nij->ij");
    node_end(&b_);
    for (size_t i = 0; i < 9; i++) want[i] = (float)((double)x[i] + (double)x[i + 9] + (double)x[i + 18]);
    op_expect(&b_, "over samples", 3, square, x, want, 9, false);
    b_ = op_start(12);
    node_begin(&b_, "Einsum", "op", "x", "y");
    attribute_text(&b_, "equation", "nij->nk");
    node_end(&b_);
    op_refuses(&b_, "a label of nothing", 3, square, x, AJ_CORRUPT, "\"nij->nk\" that does not fit");
}

/* Both inputs are the samples: a product of two matrices for each sample and a, as in attention. */
static void test_einsum_of_two(void)
{
    size_t k = 0;
    build b_ = op_start(12);
    node_begin(&b_, "Einsum", "op", "x,x", "y");
    attribute_text(&b_, "equation", "nabc,nadc->nbad");
    node_end(&b_);
    for (size_t n = 0; n < N; n++)
        for (size_t b = 0; b < B; b++)
            for (size_t a = 0; a < A; a++)
                for (size_t d = 0; d < B; d++) {
                    double sum = 0;
                    for (size_t c = 0; c < C; c++) sum += at(n, a, b, c) * at(n, a, d, c);
                    want[k++] = (float)sum;
                }
    op_expect(&b_, "two of the samples", 4, dims, x, want, k, true);
}

static void test_layer_norm(void)
{
    static float scale[B * C], bias[C];
    for (size_t i = 0; i < B * C; i++) scale[i] = op_number(i + 9000);
    for (size_t c = 0; c < C; c++) bias[c] = op_number(c + 777);
    build b_ = op_start(17);
    node_begin(&b_, "LayerNormalization", "op", "x,s,b", "y,mean,inverse");
    attribute_int(&b_, "axis", 2);
    attribute_float(&b_, "epsilon", 0.01F);
    node_end(&b_);
    weights(&b_, "s", scale, 2, (int64_t[]){B, C});
    weights(&b_, "b", bias, 2, (int64_t[]){1, C});
    for (size_t row = 0; row < N * A; row++) {
        const float *v = x + row * B * C;
        double mean = 0, variance = 0;
        for (size_t i = 0; i < B * C; i++) mean += (double)v[i] / (B * C);
        for (size_t i = 0; i < B * C; i++)
            variance += ((double)v[i] - mean) * ((double)v[i] - mean) / (B * C);
        for (size_t i = 0; i < B * C; i++)
            want[row * B * C + i] = (float)(((double)v[i] - mean) / sqrt(variance + 0.01) * (double)scale[i] +
                                            (double)bias[i % C]);
    }
    op_expect(&b_, "layer norm", 4, dims, x, want, N * A * B * C, true);
}

static void test_group_norm(void)
{
    const float scale[] = {2, -3}, bias[] = {0.5F, 7};
    build b_ = op_start(18);
    node_begin(&b_, "GroupNormalization", "op", "x,s,b", "y");
    attribute_int(&b_, "num_groups", 2);
    node_end(&b_);
    weights(&b_, "s", scale, 1, (int64_t[]){2});
    weights(&b_, "b", bias, 1, (int64_t[]){2});
    enum { EACH = A / 2 * B * C };
    for (size_t row = 0; row < N * 2; row++) {
        const float *v = x + row * EACH;
        double mean = 0, variance = 0;
        for (size_t i = 0; i < EACH; i++) mean += (double)v[i] / EACH;
        for (size_t i = 0; i < EACH; i++) variance += ((double)v[i] - mean) * ((double)v[i] - mean) / EACH;
        for (size_t i = 0; i < EACH; i++)
            want[row * EACH + i] =
                (float)(((double)v[i] - mean) / sqrt(variance + 1e-5) * (double)scale[row % 2] +
                        (double)bias[row % 2]);
    }
    op_expect(&b_, "group norm", 4, dims, x, want, N * A * B * C, true);

    b_ = op_start(13);
    node_begin(&b_, "LpNormalization", "op", "x", "y");
    attribute_int(&b_, "axis", 1);
    attribute_int(&b_, "p", 1);
    node_end(&b_);
    for (size_t n = 0; n < N; n++)
        for (size_t bc = 0; bc < B * C; bc++) {
            double sum = 0;
            for (size_t a = 0; a < A; a++) sum += fabs((double)x[(n * A + a) * B * C + bc]);
            for (size_t a = 0; a < A; a++)
                want[(n * A + a) * B * C + bc] = (float)((double)x[(n * A + a) * B * C + bc] / sum);
        }
    op_expect(&b_, "lp norm", 4, dims, x, want, N * A * B * C, true);
}

static void test_activations(void)
{
    static float wide[N * A * B * C];
    static const char *const names[] = {"Gelu", "Gelu", "Mish", "Erf", "HardSwish"};
    for (size_t i = 0; i < N * A * B * C; i++) wide[i] = 6 * x[i];
    for (size_t k = 0; k < 5; k++) {
        build b_ = op_start(20);
        node_begin(&b_, names[k], "op", "x", "y");
        if (k == 1) attribute_text(&b_, "approximate", "tanh");
        node_end(&b_);
        for (size_t i = 0; i < N * A * B * C; i++) {
            double v = (double)wide[i];
            const double values[] = {v * 0.5 * (1 + erf(v / sqrt(2))),
                                     v * 0.5 * (1 + tanh(sqrt(2 / acos(-1)) * (v + 0.044715 * v * v * v))),
                                     v * tanh(log1p(exp(v))), erf(v), v * fmin(1, fmax(0, v / 6 + 0.5))};
            want[i] = (float)values[k];
        }
        op_expect(&b_, names[k], 4, dims, wide, want, N * A * B * C, true);
    }
}

static void test_det(void)
{
    const size_t square[] = {N, 3, 3};
    build b_ = op_start(11);
    node(&b_, "Det", "op", "x", "y");
    for (size_t n = 0; n < N; n++) {
        double m[9];
        for (size_t i = 0; i < 9; i++) m[i] = (double)x[n * 9 + i];
        want[n] = (float)(m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6]) +
                          m[2] * (m[3] * m[7] - m[4] * m[6]));
    }
    op_expect(&b_, "det", 3, square, x, want, N, true);
}

int main(void)
{
    op_open();
    for (size_t i = 0; i < N * A * B * C; i++) x[i] = op_number(i);
    test_reductions();
    test_arg();
    test_einsum();
    test_einsum_of_two();
    test_layer_norm();
    test_group_norm();
    test_activations();
    test_det();
    aj_context_destroy(context);
    return check_report();
}

/* LSTM, GRU and RNN with constant weights: the declared products and the cell around them against the ONNX
 * equations in double, for both directions, both layouts and every chunk; and each row of each product
 * computed once by a hook. */
#include "fixture.h"
#include "nn/program.h"
#include "onnx_build.h"

enum { N = 6, T = 5, IN = 7, H = 20, MOST_GATES = 4 };

static aj_error err;
static float w[2 * MOST_GATES * H * IN], r[2 * MOST_GATES * H * H], b[2 * 2 * MOST_GATES * H], x[N * T * IN];

static void fill(float *values, size_t n, uint64_t seed)
{
    ajp_draws draws;
    ajp_draws_init(&draws, seed, 3);
    for (size_t i = 0; i < n; i++) values[i] = (float)(0.5 * ajp_draw_normal(&draws));
}

typedef struct {
    const char *op_type;
    size_t gates, directions;
    bool reverse, linear_before_reset;
} variant;

/* ---- by hand ----------------------------------------------------------------------------------------------
 */

static double sigmoid(double v)
{
    return 1 / (1 + exp(-v));
}

static double dot(const float *a, const double *v, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++) sum += (double)a[k] * v[k];
    return sum;
}

/* One direction of one sample: states of all steps to y[t * stride]. */
static void by_hand(const variant *v, size_t d, const float *sample, double *y, size_t stride)
{
    size_t g = v->gates;
    const float *wd = w + d * g * H * IN, *rd = r + d * g * H * H, *bd = b + d * 2 * g * H;
    double h[H] = {0}, c[H] = {0}, input[IN], pre[MOST_GATES][H], state[MOST_GATES][H], next[H];
    for (size_t s = 0; s < T; s++) {
        size_t t = v->reverse || d == 1 ? T - 1 - s : s;
        for (size_t k = 0; k < IN; k++) input[k] = (double)sample[t * IN + k];
        for (size_t q = 0; q < g; q++)
            for (size_t i = 0; i < H; i++) {
                pre[q][i] = dot(wd + (q * H + i) * IN, input, IN) + (double)bd[q * H + i];
                state[q][i] = dot(rd + (q * H + i) * H, h, H) + (double)bd[(g + q) * H + i];
            }
        for (size_t i = 0; i < H; i++) {
            if (g == 1) next[i] = tanh(pre[0][i] + state[0][i]);
            if (g == 4) {
                double in = sigmoid(pre[0][i] + state[0][i]), out = sigmoid(pre[1][i] + state[1][i]);
                double forget = sigmoid(pre[2][i] + state[2][i]);
                c[i] = forget * c[i] + in * tanh(pre[3][i] + state[3][i]);
                next[i] = out * tanh(c[i]);
            }
            if (g != 3) continue;
            double z = sigmoid(pre[0][i] + state[0][i]), hidden = 0;
            if (v->linear_before_reset) {
                hidden = sigmoid(pre[1][i] + state[1][i]) * state[2][i];
            } else {
                for (size_t k = 0; k < H; k++)
                    hidden += (double)rd[(2 * H + i) * H + k] * sigmoid(pre[1][k] + state[1][k]) * h[k];
                hidden += (double)bd[(g + 2) * H + i];
            }
            next[i] = (1 - z) * tanh(pre[2][i] + hidden) + z * h[i];
        }
        memcpy(h, next, sizeof h);
        for (size_t i = 0; i < H; i++) y[t * stride + i] = h[i];
    }
}

/* ---- by the library ---------------------------------------------------------------------------------------
 */

/* layout 1: samples first, so that they are counted; layout 0: the model has to be taken as a whole. */
static void *make(const variant *v, bool batch_first, size_t *size)
{
    int64_t d = (int64_t)v->directions, g = (int64_t)v->gates;
    build m = build_start(NULL, 7, 14);
    node_begin(&m, v->op_type, "cell", batch_first ? "x,w,r,b" : "xt,w,r,b", batch_first ? "y" : "yt");
    attribute_int(&m, "hidden_size", H);
    attribute_int(&m, "layout", batch_first);
    if (v->linear_before_reset) attribute_int(&m, "linear_before_reset", 1);
    attribute_text(&m, "direction", d == 2 ? "bidirectional" : v->reverse ? "reverse" : "forward");
    node_end(&m);
    if (!batch_first) {
        node_begin(&m, "Transpose", "before", "x", "xt");
        attribute_ints(&m, "perm", 3, (int64_t[]){1, 0, 2});
        node_end(&m);
        node_begin(&m, "Transpose", "after", "yt", "y");
        attribute_ints(&m, "perm", 4, (int64_t[]){2, 0, 1, 3});
        node_end(&m);
    }
    weights(&m, "w", w, 3, (int64_t[]){d, g * H, IN});
    weights(&m, "r", r, 3, (int64_t[]){d, g * H, H});
    weights(&m, "b", b, 2, (int64_t[]){d, 2 * g * H});
    value(&m, INPUT, "x", AJP_FLOAT32, 3, (int64_t[]){batch_first ? -1 : 1, T, IN});
    value(&m, OUTPUT, "y", AJP_FLOAT32, 4, (int64_t[]){batch_first ? -1 : 1, T, d, H});
    return build_finish(&m, size);
}

typedef struct {
    unsigned char seen[3][2][N * T];
    const ajp_kernels *kernels;
} watcher;

static aj_status watch(void *user, const ajp_product_step *step, const ajp_product_call *call, aj_error *e)
{
    watcher *s = user;
    ajp_multiplier exact = {s->kernels, NULL, NULL, e};
    for (size_t i = 0; i < call->n_rows; i++)
        s->seen[call->product][call->group][ajp_product_row(&call->rows, i)]++;
    return ajp_products_multiply(&exact, step, call);
}

/* Every row of every product once, and the same bits. */
static void hooked(aj_context *context, const aj_model *model, const float *want, size_t n_out)
{
    ajp_plan *plan = NULL;
    ajp_workspace *workspace = NULL;
    static watcher seen;
    float *y = calloc(N, n_out * sizeof *y);
    memset(&seen, 0, sizeof seen);
    CHECK_OK(ajp_plan_create(&plan, context, model, N, &err), err);
    CHECK_OK(ajp_workspace_create(&workspace, plan, &err), err);
    seen.kernels = ajp_kernels_for(AJ_ISA_SCALAR);
    ajp_product_hook hook = {watch, &seen, NULL};
    CHECK_OK(ajp_plan_run(plan, workspace, x, N, y, &hook, NULL, &err), err);
    CHECK(memcmp(y, want, N * n_out * sizeof *y) == 0);
    for (size_t p = 0; p < ajp_plan_n_products(plan); p++) {
        const ajp_product_step *step = ajp_plan_product(plan, p);
        CHECK_INT(step->reps, T);
        for (size_t g = 0; g < step->groups; g++)
            for (size_t i = 0; i < N * T; i++) CHECK_INT(seen.seen[p][g][i], 1);
    }
    ajp_workspace_destroy(workspace);
    ajp_plan_destroy(plan);
    free(y);
}

static void agree(const variant *v, bool batch_first)
{
    static const size_t chunks[] = {1, 4, 6};
    size_t size, n_out = T * v->directions * H;
    void *bytes = make(v, batch_first, &size);
    double *want = calloc(N, n_out * sizeof *want);
    float *first = calloc(N, n_out * sizeof *first), *y = calloc(N, n_out * sizeof *y);
    for (size_t n = 0; n < N; n++)
        for (size_t d = 0; d < v->directions; d++)
            by_hand(v, d, x + n * T * IN, want + n * n_out + d * H, v->directions * H);
    for (size_t c = 0; c < 3; c++) {
        aj_context *context = fixture_context(1, c == 1 ? AJ_ISA_SCALAR : AJ_ISA_AUTO);
        aj_model *model = NULL;
        aj_session *session = NULL;
        CHECK_OK(aj_model_load_memory(&model, context, bytes, size, v->op_type, &err), err);
        CHECK_OK(aj_session_create(&session, context, model, chunks[c], &err), err);
        CHECK_OK(aj_session_run(session, x, N, y, &err), err);
        if (c == 0) memcpy(first, y, N * n_out * sizeof *y);
        CHECK(memcmp(first, y, N * n_out * sizeof *y) == 0);
        if (c == 2 && batch_first) hooked(context, model, first, n_out);
        aj_session_destroy(session);
        aj_model_destroy(model);
        aj_context_destroy(context);
    }
    int before = check_failures;
    for (size_t i = 0; i < N * n_out && check_failures == before; i++) CHECK_NEAR(first[i], want[i], 2e-6);
    free(want), free(first), free(y), free(bytes);
}

int main(void)
{
    static const variant variants[] = {{"RNN", 1, 1, false, false}, {"RNN", 1, 1, true, false},
                                       {"RNN", 1, 2, false, false}, {"GRU", 3, 1, false, false},
                                       {"GRU", 3, 2, false, false}, {"GRU", 3, 1, true, true},
                                       {"GRU", 3, 2, false, true},  {"LSTM", 4, 1, false, false},
                                       {"LSTM", 4, 1, true, false}, {"LSTM", 4, 2, false, false}};
    fill(w, sizeof w / sizeof *w, 1);
    fill(r, sizeof r / sizeof *r, 2);
    fill(b, sizeof b / sizeof *b, 3);
    fill(x, sizeof x / sizeof *x, 4);
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        agree(&variants[i], true);
        agree(&variants[i], false);
    }
    return check_report();
}

/* nn: products with a constant that is more than one matrix, or stands on the left of several: one group
 * each, the same values as node by node, every row of every group once, numbered by its sample; what is left
 * is counted. */
#include "check.h"
#include "onnx_build.h"

#include "nn/executor.h"
#include "attojoule/simulate.h"

enum { N = 3, MOST = 512 };
static aj_context *context;
static aj_error err;

typedef struct {
    const char *what;
    size_t x_rank;
    int64_t x[4]; /* [N] and the rest */
    size_t w_rank;
    int64_t w[4];
    bool left;
    size_t y_rank;
    int64_t y[4];    /* of the product */
    int64_t perm[4]; /* that puts samples first again; all 0: they are */
    size_t groups, rows, cols, reps;
} stack;

static const stack stacks[] = {
    {"a matrix for each head", 4, {-1, 2, 3, 4}, 3, {2, 4, 5}, false, 4, {-1, 2, 3, 5}, {0}, 2, 5, 4, 3},
    {"every matrix for one input", 4, {-1, 1, 3, 4}, 3, {2, 4, 5}, false, 4, {-1, 2, 3, 5}, {0}, 2, 5, 4, 3},
    {"some axes share a matrix", 4, {-1, 3, 2, 4}, 4, {1, 3, 4, 5}, false, 4, {-1, 3, 2, 5}, {0}, 3, 5, 4, 2},
    {"on the left", 4, {-1, 2, 4, 3}, 3, {2, 5, 4}, true, 4, {-1, 2, 5, 3}, {0}, 2, 5, 4, 3},
    {"samples as rows", 2, {-1, 4}, 3, {2, 4, 5}, false, 3, {2, -1, 5}, {1, 0, 2}, 2, 5, 4, 1},
};

static float number(size_t i)
{
    return (float)((int)(i * 37 % 61) - 30) / 16;
}

static size_t product_of(const int64_t *dims, size_t n)
{
    size_t product = 1;
    for (size_t d = 0; d < n; d++) product *= dims[d] < 0 ? 1 : (size_t)dims[d];
    return product;
}

static void *network(const stack *s, size_t *size)
{
    static float w[MOST];
    for (size_t i = 0; i < MOST; i++) w[i] = number(3 * i + 1);
    bool turned = s->perm[0] != 0;
    build b = build_start(context, 8, 14);
    node(&b, "MatMul", "product", s->left ? "w,x" : "x,w", turned ? "t" : "y");
    if (turned) {
        node_begin(&b, "Transpose", "back", "t", "y");
        attribute_ints(&b, "perm", s->y_rank, s->perm);
        node_end(&b);
    }
    weights(&b, "w", w, s->w_rank, s->w);
    value(&b, INPUT, "x", AJP_FLOAT32, s->x_rank, s->x);
    value(&b, OUTPUT, "y", AJP_FLOAT32, 1, (int64_t[]){-1});
    return build_finish(&b, size);
}

/* y[...][i][j] by numpy's rules, from the indexes of each element. */
static double element(const stack *s, const float *x, const int64_t *at)
{
    const int64_t *a_dims = s->left ? s->w : s->x, *b_dims = s->left ? s->x : s->w;
    size_t a_rank = s->left ? s->w_rank : s->x_rank, b_rank = s->left ? s->x_rank : s->w_rank;
    int64_t inner = a_dims[a_rank - 1];
    double sum = 0;
    for (int64_t k = 0; k < inner; k++) {
        size_t place[2] = {0, 0};
        for (int side = 0; side < 2; side++) {
            const int64_t *dims = side == 0 ? a_dims : b_dims;
            size_t rank = side == 0 ? a_rank : b_rank;
            for (size_t d = 0; d < rank; d++) {
                int64_t n = dims[d] < 0 ? N : dims[d], i = at[s->y_rank - rank + d];
                if (side == 0 && d == rank - 1) i = k;
                if (side == 1 && d == rank - 2) i = k;
                place[side] = place[side] * (size_t)n + (size_t)(n == 1 ? 0 : i);
            }
        }
        size_t of_x = place[s->left ? 1 : 0], of_w = place[s->left ? 0 : 1];
        sum += (double)x[of_x] * (double)number(3 * of_w + 1);
    }
    return sum;
}

/* The rows that a hook sees: the sum of each, by group and number. */
typedef struct {
    size_t n_seen, first_sample;
    double sums[8][MOST];
    bool seen[8][MOST];
} rows;

static aj_status watch(void *user, const ajp_product_step *step, const ajp_product_call *call,
                       aj_error *error)
{
    rows *r = user;
    (void)error;
    for (size_t i = 0; i < call->n_rows; i++) {
        size_t at = r->first_sample * step->reps + ajp_product_row(&call->rows, i);
        double sum = 0;
        for (size_t k = 0; k < step->cols; k++) sum += (double)(k + 1) * (double)call->x[i * call->x_row + k];
        CHECK(at < N * step->reps && call->group < step->groups && !r->seen[call->group][at]);
        r->seen[call->group][at] = true;
        r->sums[call->group][at] = sum;
        r->n_seen++;
        for (size_t o = 0; o < step->rows; o++) {
            double y = 0;
            for (size_t k = 0; k < step->cols; k++)
                y += (double)call->x[i * call->x_row + k] *
                     (double)ajp_product_weights(step, call->group)[o * step->cols + k];
            call->y[i * call->y_row + o] = (float)y;
        }
    }
    return AJ_OK;
}

static void run(const ajp_plan *plan, const float *x, size_t n, float *y, rows *seen)
{
    ajp_workspace *workspace = NULL;
    ajp_product_hook hook = {watch, seen, NULL};
    CHECK_OK(ajp_workspace_create(&workspace, plan, &err), err);
    if (workspace != NULL)
        CHECK_OK(ajp_plan_run(plan, workspace, x, n, y, seen != NULL ? &hook : NULL, NULL, &err), err);
    ajp_workspace_destroy(workspace);
}

static void compare(const stack *s, const float *x, const float *y, const char *how)
{
    size_t order[4] = {0, 1, 2, 3}, n = product_of(s->y, s->y_rank) * N;
    for (size_t d = 0; d < s->y_rank && s->perm[0] != 0; d++) order[d] = (size_t)s->perm[d];
    for (size_t i = 0; i < n; i++) {
        int64_t at[4] = {0};
        size_t rest = i;
        for (size_t d = s->y_rank; d-- > 0;) {
            size_t size = s->y[order[d]] < 0 ? N : (size_t)s->y[order[d]];
            at[order[d]] = (int64_t)(rest % size);
            rest /= size;
        }
        double want = element(s, x, at);
        check_count++;
        if (fabs((double)y[i] - want) <= 1e-5 * (1 + fabs(want))) continue;
        check_failures++;
        fprintf(stderr, "%s, %s: element %zu is %g, not %g\n", s->what, how, i, (double)y[i], want);
        return;
    }
}

static void test(const stack *s)
{
    static float x[MOST], y[MOST];
    static rows together, apart;
    size_t size, n_x = product_of(s->x, s->x_rank), n_y = product_of(s->y, s->y_rank);
    void *bytes = network(s, &size);
    aj_model *model = NULL;
    ajp_plan *plan = NULL;
    for (size_t i = 0; i < MOST; i++) x[i] = number(5 * i + 2);
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, s->what, &err), err);
    if (model != NULL) CHECK_OK(ajp_plan_create(&plan, context, model, N, &err), err);
    if (plan != NULL) {
        const ajp_product_step *step = ajp_plan_product(plan, 0);
        CHECK_INT(ajp_plan_n_products(plan), 1);
        CHECK(step->rows == s->rows && step->cols == s->cols && step->groups == s->groups &&
              step->reps == s->reps);
        CHECK_INT(aj_model_layer(model, 0).macs_per_inference, s->rows * s->cols * s->groups * s->reps);
        run(plan, x, N, y, NULL);
        compare(s, x, y, "exactly");
        memset(&together, 0, sizeof together);
        memset(&apart, 0, sizeof apart);
        run(plan, x, N, y, &together);
        compare(s, x, y, "elsewhere");
        for (; apart.first_sample < N; apart.first_sample++)
            run(plan, x + apart.first_sample * n_x, 1, y + apart.first_sample * n_y, &apart);
        compare(s, x, y, "one by one");
        CHECK_INT(together.n_seen, N * s->groups * s->reps);
        CHECK_INT(apart.n_seen, together.n_seen);
        CHECK(memcmp(together.sums, apart.sums, sizeof apart.sums) == 0);
    }
    ajp_plan_destroy(plan);
    aj_model_destroy(model);
    free(bytes);
}

/* What runs digitally on hardware is said. */
static void listed(const aj_model *model, const char *op, bool want)
{
    aj_hardware *hardware = NULL;
    aj_evaluation record = {0};
    CHECK_OK(aj_hardware_load(&hardware, context, "homodyne", &err), err);
    CHECK_OK(aj_inspect(&record, context, model, hardware, 1, AJ_MODE_LATENCY, AJ_DYNAMIC_DIGITAL, &err),
             err);
    CHECK_INT(record.n_digital_fallback, want ? 1 : 0);
    if (want && record.n_digital_fallback == 1) CHECK(strstr(record.digital_fallback[0], op) != NULL);
    aj_evaluation_destroy(&record);
    aj_hardware_destroy(hardware);
}

/* Products that are not put anywhere have their MACs, and are other steps with MACs. */
static void counted(const char *op, const char *equation, const int64_t *w_dims, size_t w_rank, uint64_t macs)
{
    static float w[MOST];
    size_t size;
    aj_model *model = NULL;
    ajp_plan *plan = NULL;
    build b = build_start(context, 8, 14);
    node_begin(&b, op, "n", "x,w", "y");
    if (equation != NULL) attribute_text(&b, "equation", equation);
    node_end(&b);
    weights(&b, "w", w, w_rank, w_dims);
    value(&b, INPUT, "x", AJP_FLOAT32, 3, (int64_t[]){-1, 3, 4});
    value(&b, OUTPUT, "y", AJP_FLOAT32, 1, (int64_t[]){-1});
    void *bytes = build_finish(&b, &size);
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, op, &err), err);
    if (model != NULL) CHECK_OK(ajp_plan_create(&plan, context, model, N, &err), err);
    if (plan != NULL) {
        CHECK_INT(ajp_plan_n_others(plan), 1);
        CHECK_INT(ajp_plan_other(plan, 0)->macs, macs);
        CHECK_INT(aj_model_layer(model, 0).macs_per_inference, macs);
    }
    if (model != NULL) listed(model, op, macs > 0);
    ajp_plan_destroy(plan);
    aj_model_destroy(model);
    free(bytes);
}

int main(void)
{
    CHECK_OK(aj_context_create(&context, NULL, &err), err);
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++) test(&stacks[i]);
    counted("Einsum", "bij,jk->bik", (int64_t[]){4, 5}, 2, 3 * 4 * 5);
    counted("Einsum", "bij,j->bij", (int64_t[]){4}, 1, 0); /* no sum */
    aj_context_destroy(context);
    return check_report();
}

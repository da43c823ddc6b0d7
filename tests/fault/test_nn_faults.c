/* Every allocation of loading, planning and writing a network gets its turn to fail; the disk is full. */
#include "check.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "onnx_build.h"

#include "attojoule/nn.h"

typedef struct {
    long n_left; /* allocations until the first that fails; < 0 = never */
    long n_alive;
} failing;

static void *failing_alloc(void *user, size_t size)
{
    failing *f = user;
    if (f->n_left == 0) return NULL; /* and all later ones */
    if (f->n_left > 0) f->n_left--;
    void *pointer = aligned_alloc(64, (size + 63) / 64 * 64);
    f->n_alive += pointer != NULL;
    return pointer;
}

static void failing_free(void *user, void *pointer)
{
    failing *f = user;
    f->n_alive--;
    free(pointer);
}

static const char *path_of(const char *name)
{
    static char path[4096];
    const char *folder = getenv("AJ_BUILD_DIR");
    snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : ".", name);
    return path;
}

static aj_status make_context(aj_context **context, failing *state, aj_error *err)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 2;
    options.allocator = (aj_allocator){failing_alloc, failing_free, state};
    return aj_context_create(context, &options, err);
}

static float values[20000];

/* A network that needs a little of everything: folded constants, scratch, turned products, a stack of
 * matrices, plain steps, a type that is computed in float32. */
static void *network(const aj_context *context, size_t *size)
{
    build b = build_start(context, 7, 13);
    node(&b, "Add", "fold", "w0,w0", "w");
    node(&b, "Gemm", "g", "x,w,c", "h");
    node(&b, "Mul", "scale", "h,s", "hs");
    node(&b, "Reshape", "r", "hs,shape", "m");
    node(&b, "MatMul", "turned", "l,m", "t");
    node(&b, "MatMul", "dynamic", "t,m", "d");
    node(&b, "Unsqueeze", "one more", "d,one", "u");
    node(&b, "MatMul", "stack", "u,two", "k");
    node_begin(&b, "Cast", "narrow", "k", "half"), attribute_int(&b, "to", AJP_FLOAT16), node_end(&b);
    node(&b, "Softmax", "soft", "half", "p");
    node_begin(&b, "Cast", "wide", "p", "q"), attribute_int(&b, "to", AJP_FLOAT32), node_end(&b);
    node_begin(&b, "ReduceSum", "both", "q,one", "y"), attribute_int(&b, "keepdims", 0), node_end(&b);
    weights(&b, "two", values + 500, 3, (int64_t[]){2, 8, 8}), shape(&b, "one", 1, (int64_t[]){1});
    weights(&b, "w0", values, 2, (int64_t[]){100, 64}), weights(&b, "c", values, 1, (int64_t[]){64});
    weights(&b, "s", values + 100, 1, (int64_t[]){64}), weights(&b, "l", values + 300, 2, (int64_t[]){8, 8});
    shape(&b, "shape", 3, (int64_t[]){-1, 8, 8});
    value(&b, INPUT, "x", 1, 2, (int64_t[]){-1, 100}), value(&b, OUTPUT, "y", 1, 3, (int64_t[]){-1, 8, 8});
    return build_finish(&b, size);
}

/* And one that runs node by node, with a loop and a branch that becomes part of it. */
static void *by_node(const aj_context *context, size_t *size)
{
    static const uint8_t yes = 1;
    static const int64_t three = 3;
    build b = build_start(context, 7, 13);
    node_begin(&b, "Loop", "grow", "three,yes,x", "v");
    subgraph body = subgraph_begin(&b, "body");
    node(&b, "Relu", "g", "v_in", "h");
    node_begin(&b, "Concat", "longer", "v_in,h", "v_out"), attribute_int(&b, "axis", 0), node_end(&b);
    value(&b, INPUT, "i", AJP_INT64, 0, NULL), value(&b, INPUT, "c", AJP_BOOL, 0, NULL);
    value(&b, INPUT, "v_in", 1, 2, (int64_t[]){-1, 100});
    value(&b, OUTPUT, "c", AJP_BOOL, 0, NULL), value(&b, OUTPUT, "v_out", 1, 2, (int64_t[]){-1, 100});
    subgraph_end(&b, &body);
    node_end(&b);
    node_begin(&b, "If", "branch", "yes", "y");
    subgraph branch = subgraph_begin(&b, "then_branch");
    node(&b, "Tanh", "t", "v", "z");
    value(&b, OUTPUT, "z", 1, 0, NULL);
    subgraph_end(&b, &branch);
    node_end(&b);
    initializer(&b, "yes", AJP_BOOL, 0, NULL, &yes, 1),
        initializer(&b, "three", AJP_INT64, 0, NULL, &three, 8);
    value(&b, INPUT, "x", 1, 2, (int64_t[]){-1, 100}), value(&b, OUTPUT, "y", 1, 2, (int64_t[]){-1, 100});
    return build_finish(&b, size);
}

static aj_status use(failing *state, const void *bytes, size_t size, bool rows, aj_error *err)
{
    aj_context *context = NULL;
    aj_model *model = NULL;
    aj_session *session = NULL;
    static float x[300 * 100], y[300 * 64];
    long n_left = state->n_left;
    state->n_left = -1; /* the context has tests of its own */
    aj_status st = make_context(&context, state, err);
    CHECK_INT(st, AJ_OK);
    state->n_left = n_left;
    st = aj_model_load_memory(&model, context, bytes, size, "built", err);
    CHECK((st == AJ_OK) == (model != NULL));
    if (st == AJ_OK) st = aj_session_create(&session, context, model, 32, err);
    if (model != NULL) CHECK((st == AJ_OK) == (session != NULL));
    aj_tensor in = {AJ_TYPE_FLOAT32, 2, {rows ? 3 : 1, 100}, x}, out;
    if (st == AJ_OK) st = aj_session_run_tensors(session, &in, 1, &out, 1, err);
    if (st == AJ_OK && rows) CHECK(out.rank == 3 && out.dims[0] == 3);
    if (st == AJ_OK && !rows) CHECK(out.rank == 2 && out.dims[0] == 8);
    if (st == AJ_OK && rows) {
        state->n_left = 0; /* running allocates nothing */
        CHECK_OK(aj_session_run(session, x, 300, y, err), *err);
        CHECK_OK(aj_session_run(session, x, 1, y, err), *err);
    }
    aj_session_destroy(session);
    aj_model_destroy(model);
    aj_context_destroy(context);
    return st;
}

static void loading(bool rows)
{
    failing state = {-1, 0};
    aj_context *context;
    aj_error err;
    size_t size;
    CHECK_OK(make_context(&context, &state, &err), err);
    void *bytes = rows ? network(context, &size) : by_node(context, &size);
    aj_context_destroy(context);
    long n = 0;
    for (;; n++) {
        failing f = {n, 0};
        aj_status st = use(&f, bytes, size, rows, &err);
        CHECK_INT(f.n_alive, 0);
        if (st == AJ_OK) break;
        CHECK_INT(st, AJ_NO_MEMORY);
        CHECK_CONTAINS(err.message, "memory");
        if (n > 100000) break;
    }
    printf("%ld allocations failed in turn\n", n);
    CHECK(n > 15);
    free(bytes);
}

static const size_t widths[] = {100, 100, 10};

static aj_status save(aj_context *context, const char *path, aj_error *err)
{
    const float *w[] = {values, values + 5000};
    aj_dense_network dense = {2, widths, w, NULL, "Relu", 0, NULL};
    return aj_dense_network_save(context, &dense, path, err);
}

/* The file that is written beside and renamed, left behind. */
static bool leftovers(const char *path)
{
    char part[4200];
    snprintf(part, sizeof part, "%s.%ld.part", path, (long)getpid());
    return access(part, F_OK) == 0;
}

static void writing(void)
{
    aj_error err;
    aj_context *context;
    failing state = {-1, 0};
    const char *path = path_of("faults.onnx");
    unlink(path);
    CHECK_OK(make_context(&context, &state, &err), err);
    long n = 0;
    for (;; n++) {
        state.n_left = n;
        aj_status st = save(context, path, &err);
        state.n_left = -1;
        if (st == AJ_OK) break;
        CHECK_INT(st, AJ_NO_MEMORY);
        CHECK(access(path, F_OK) != 0 && !leftovers(path));
        if (n > 1000) break;
    }
    CHECK(n > 3);
    /* a disk that is full after 8 kB: the old file stays as it was */
    struct rlimit old, limit;
    signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0);
    limit = (struct rlimit){8192, old.rlim_max};
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    aj_status st = save(context, path, &err);
    CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
    CHECK_INT(st, AJ_IO);
    CHECK_CONTAINS(err.message, path);
    CHECK(!leftovers(path));
    aj_model *model = NULL;
    CHECK_OK(aj_model_load(&model, context, path, &err), err);
    aj_model_destroy(model);
    aj_context_destroy(context);
    CHECK_INT(state.n_alive, 0);
}

int main(void)
{
    for (size_t i = 0; i < 20000; i++) values[i] = (float)(i % 17) / 17.0f - 0.5f;
    loading(true);
    loading(false);
    writing();
    return check_report();
}

/* data: sets of several named inputs: order, shapes, labels, what is refused, memory that runs out. */
#include "fixture.h"

#include "nn/onnx/write.h"
#include "onnx_build.h"

static aj_error err;

static void put(const char *name, const char *descr, const char *shape, const void *data, size_t size)
{
    unsigned char head[10] = "\x93NUMPY\1\0";
    char header[128];
    int n = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n",
                     descr, shape);
    head[8] = (unsigned char)n;
    FILE *f = fopen(fixture_path(name), "wb");
    CHECK(f != NULL && fwrite(head, 1, 10, f) == 10 && fwrite(header, 1, (size_t)n, f) == (size_t)n &&
          fwrite(data, 1, size, f) == size);
    fclose(f);
}

static void write_files(void)
{
    static const int64_t ids[4][3] = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10, 11, 12}},
                         far[4] = {0, 1, 2, (1 << 24) + 1};
    static const uint8_t mask[4][2] = {{1, 0}, {0, 1}, {1, 1}, {200, 0}};
    static const float times[4] = {0.5f, 1.5f, 2.5f, 3.5f}, bad[4] = {0, 1, INFINITY, 3};
    static const int64_t labels[4] = {0, 1, 1, 0};
    put("ids.npy", "<i8", "4, 3", ids, sizeof ids);
    put("far.npy", "<i8", "4,", far, sizeof far);
    put("mask.npy", "|u1", "4, 1, 2", mask, sizeof mask);
    put("times.npy", "<f4", "4,", times, sizeof times);
    put("bad.npy", "<f4", "4,", bad, sizeof bad);
    put("three.npy", "<f4", "3,", times, 12);
    put("labels.npy", "<i8", "4,", labels, sizeof labels);
}

/* The files of a set: name=file or name=file:labels, separated by blanks, with their folder. */
static const char *set_of(const char *words)
{
    static char set[4096];
    size_t n = 0;
    for (const char *c = words; *c != '\0'; c++) {
        if (*c == '@')
            n += (size_t)snprintf(set + n, sizeof set - n, "%s/", fixture_folder());
        else
            set[n++] = *c;
    }
    set[n] = '\0';
    return set;
}

static aj_status open_as(aj_dataset **out, aj_context *context, const char *words, const char *const *names,
                         size_t n)
{
    aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
    options.input_names = names;
    options.n_input_names = n;
    err.message[0] = '\0';
    return aj_dataset_open(out, context, set_of(words), &options, &err);
}

static void rows(aj_context *context)
{
    aj_dataset *d = NULL;
    static const char *const wanted[] = {"mask", "/time", "ids"};
    float x[2][6];
    CHECK_OK(open_as(&d, context, "ids=@ids.npy,mask=@mask.npy,/time=@times.npy:@labels.npy", wanted, 3),
             err);
    if (d == NULL) return;
    aj_dataset_info info = aj_dataset_describe(d);
    CHECK(info.n_samples == 4 && info.n_features == 6 && info.rank == 1 && info.shape[0] == 6 &&
          info.n_classes == 2);
    CHECK(info.n_inputs == 3 && info.inputs[0].rank == 2 && info.inputs[0].shape[1] == 2);
    CHECK(info.inputs[1].rank == 0 && info.inputs[1].n_features == 1);
    CHECK_STRING(info.inputs[2].name, "ids");
    CHECK(aj_dataset_labels(d) != NULL && aj_dataset_labels(d)[2] == 1);
    CHECK_OK(aj_dataset_read(d, 2, 2, x[0], &err), err);
    /* bytes are no pixels here */
    static const float want[2][6] = {{1, 1, 2.5f, 7, 8, 9}, {200, 0, 3.5f, 10, 11, 12}};
    CHECK(memcmp(x, want, sizeof want) == 0);
    aj_dataset_close(d);
    CHECK_OK(open_as(&d, context, "a=@times.npy,b=@ids.npy", NULL, 0), err);
    CHECK_INT(aj_dataset_describe(d).n_features, 4);
    CHECK_STRING(aj_dataset_describe(d).inputs[0].name, "a");
    CHECK(aj_dataset_labels(d) == NULL);
    aj_dataset_close(d);
}

static void refuse(aj_context *context, const char *words, aj_status status, const char *part)
{
    aj_dataset *d = NULL;
    static const char *const wanted[] = {"ids", "mask"};
    CHECK_INT(open_as(&d, context, words, wanted, 2), status);
    CHECK(d == NULL);
    CHECK_CONTAINS(err.message, part);
}

static void refusals(aj_context *context)
{
    refuse(context, "ids=@ids.npy", AJ_BAD_ARGUMENT, "\"mask\" has no file");
    refuse(context, "ids=@ids.npy,mask=@mask.npy,more=@ids.npy", AJ_BAD_ARGUMENT, "no input \"more\"");
    refuse(context, "ids=@ids.npy,ids=@mask.npy", AJ_BAD_ARGUMENT, "\"ids\" is there twice");
    refuse(context, "ids=@ids.npy,mask", AJ_BAD_ARGUMENT, "NAME=FILE.npy");
    refuse(context, "ids=@ids.npy,mask=@mask.npy:labels", AJ_BAD_ARGUMENT, "NAME=FILE.npy");
    refuse(context, "ids=@ids.npy,mask=@three.npy", AJ_MISMATCH, "three.npy has 3 samples");
    refuse(context, "ids=@ids.npy,mask=@mask.npy:@three.npy", AJ_MISMATCH, "three.npy has 3 labels");
    refuse(context, "ids=@far.npy,mask=@mask.npy", AJ_UNSUPPORTED, "16777217");
    refuse(context, "ids=@bad.npy,mask=@mask.npy", AJ_CORRUPT, "sample 2");
    refuse(context, "ids=@none.npy,mask=@mask.npy", AJ_NOT_FOUND, "none.npy");
    aj_dataset *d = NULL;
    aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
    options.scale = 2;
    CHECK_INT(aj_dataset_open(&d, context, set_of("ids=@ids.npy,mask=@mask.npy"), &options, &err),
              AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "taken as they are");
}

/* y = ids (int64, cast) w + time: the right columns of a row reach the right input. */
static void evaluated(aj_context *context)
{
    static const char *const wanted[] = {"ids", "time"};
    static const float w[6] = {1, 0, 0, 1, 1, -1}; /* [3][2] */
    float y[4][2];
    size_t size;
    aj_model *model = NULL;
    aj_dataset *d = NULL;
    build b = build_start(context, 8, 14);
    node_begin(&b, "Cast", "cast", "ids", "f");
    attribute_int(&b, "to", AJP_FLOAT32);
    node_end(&b);
    node(&b, "MatMul", "product", "f,w", "p");
    node(&b, "Add", "sum", "p,time", "y");
    weights(&b, "w", w, 2, (int64_t[]){3, 2});
    value(&b, INPUT, "ids", AJP_INT64, 2, (int64_t[]){-1, 3});
    value(&b, INPUT, "time", AJP_FLOAT32, 2, (int64_t[]){-1, 1});
    value(&b, OUTPUT, "y", AJP_FLOAT32, 2, (int64_t[]){-1, 2});
    void *bytes = build_finish(&b, &size);
    CHECK_OK(aj_model_load_memory(&model, context, bytes, size, "named.onnx", &err), err);
    CHECK_OK(open_as(&d, context, "time=@times.npy,ids=@ids.npy:@labels.npy", wanted, 2), err);
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    options.outputs = y[0];
    aj_evaluation record = {0};
    if (model != NULL && d != NULL) CHECK_OK(aj_evaluate(&record, context, model, d, &options, &err), err);
    for (int i = 0; i < 4; i++) { /* ids of sample i: 3i + 1, 3i + 2, 3i + 3 */
        float time = 0.5f + (float)i;
        CHECK(y[i][0] == (float)(3 * i + 1 + 3 * i + 3) + time && y[i][1] == -1.0f + time);
    }
    CHECK_CLOSE(record.clean_accuracy_ratio, 0.5, 1e-12); /* always the first class */
    aj_evaluation_destroy(&record);
    aj_dataset_close(d);
    aj_model_destroy(model);
    free(bytes);
}

typedef struct {
    long left, live;
} failing;

static void *failing_alloc(void *user, size_t size)
{
    failing *f = user;
    if (f->left == 0) return NULL;
    if (f->left > 0) f->left--;
    void *block = aligned_alloc(64, (size + 63) / 64 * 64);
    f->live += block != NULL;
    return block;
}

static void failing_free(void *user, void *pointer)
{
    ((failing *)user)->live--;
    free(pointer);
}

static void out_of_memory(void)
{
    failing f = {-1, 0};
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    aj_context *context = NULL;
    static const char *const wanted[] = {"mask", "ids"};
    options.n_threads = 1;
    options.allocator = (aj_allocator){failing_alloc, failing_free, &f};
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    long before = f.live, n = 0;
    aj_status st = AJ_NO_MEMORY;
    for (; n < 1000 && st != AJ_OK; n++) {
        aj_dataset *d = NULL;
        f.left = n;
        st = open_as(&d, context, "ids=@ids.npy,mask=@mask.npy:@labels.npy", wanted, 2);
        CHECK(st == AJ_OK || st == AJ_NO_MEMORY);
        aj_dataset_close(d);
        CHECK_INT(f.live, before);
    }
    CHECK(st == AJ_OK && n > 5);
    f.left = -1;
    aj_context_destroy(context);
}

int main(void)
{
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    write_files();
    rows(context);
    refusals(context);
    evaluated(context);
    out_of_memory();
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}

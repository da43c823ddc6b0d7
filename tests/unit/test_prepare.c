/* test_prepare.c: scale, mean, deviation and layout: what a network gets, the text they are declared in, the
 * file beside a model, and every way in which they can be wrong. */
#include "fixture.h"

#include "data/dataset.h"

enum { N = 3, H = 5, W = 7, C = 3, FEATURES = H * W * C };

static aj_context *context;
static aj_error err;
static unsigned char bytes[N * FEATURES];

static void put(const char *path, const char *head, const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL);
    if (f == NULL) return;
    fputs(head, f);
    if (size > 0) CHECK(fwrite(data, 1, size, f) == size);
    fclose(f);
}

/* .npy, version 1: its length as two bytes before the header. */
static void put_npy(const char *path, const char *shape, const void *data, size_t size)
{
    char header[200], start[12] = "\x93NUMPY\x01";
    int n =
        snprintf(header, sizeof header, "{'descr': '|u1', 'fortran_order': False, 'shape': %s, }\n", shape);
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL);
    if (f == NULL) return;
    start[8] = (char)n;
    fwrite(start, 1, 10, f);
    fwrite(header, 1, (size_t)n, f);
    CHECK(fwrite(data, 1, size, f) == size);
    fclose(f);
}

static aj_dataset *open_set(const char *path, const aj_preprocessing *p, aj_status want)
{
    aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
    options.scale = p->scale;
    options.layout = p->layout;
    options.mean = p->mean;
    options.std = p->std;
    options.n_mean = p->n_mean;
    options.n_std = p->n_std;
    options.declared_in = "here";
    aj_dataset *d = NULL;
    memset(&err, 0, sizeof err);
    CHECK_INT(aj_dataset_open(&d, context, path, &options, &err), want);
    CHECK((d == NULL) == (want != AJ_OK));
    return d;
}

static aj_preprocessing declared(const char *scale, const char *mean, const char *std, const char *layout)
{
    aj_preprocessing p = AJ_PREPROCESSING_INIT;
    if (scale != NULL) CHECK_OK(aj_preprocessing_set(&p, "scale", scale, &err), err);
    if (mean != NULL) CHECK_OK(aj_preprocessing_set(&p, "mean", mean, &err), err);
    if (std != NULL) CHECK_OK(aj_preprocessing_set(&p, "std", std, &err), err);
    if (layout != NULL) CHECK_OK(aj_preprocessing_set(&p, "layout", layout, &err), err);
    return p;
}

/* The definition, value by value. */
static void check_values(const char *path, bool last, const aj_preprocessing *p)
{
    aj_dataset *d = open_set(path, p, AJ_OK);
    if (d == NULL) return;
    aj_dataset_info info = aj_dataset_describe(d);
    CHECK_INT(info.rank, 3);
    CHECK(info.shape[0] == C && info.shape[1] == H && info.shape[2] == W);
    CHECK(info.preprocessing.layout == p->layout && info.preprocessing.n_mean == p->n_mean);
    CHECK_STRING(info.declared_in, "here");
    float out[N * FEATURES], scale = (float)info.preprocessing.scale;
    CHECK_OK(aj_dataset_read(d, 1, N - 1, out + FEATURES, &err), err);
    CHECK_OK(aj_dataset_read(d, 0, 1, out, &err), err);
    size_t n_wrong = 0;
    for (size_t s = 0; s < N; s++)
        for (size_t c = 0; c < C; c++)
            for (size_t i = 0; i < H * W; i++) {
                unsigned char byte = bytes[s * FEATURES + (last ? i * C + c : c * H * W + i)];
                double mean = p->n_mean == 0 ? 0.0 : p->mean[p->n_mean == 1 ? 0 : c];
                double std = p->n_std == 0 ? 1.0 : p->std[p->n_std == 1 ? 0 : c];
                float want = ((float)byte * scale - (float)mean) / (float)std;
                n_wrong += out[s * FEATURES + c * H * W + i] != want;
            }
    CHECK_INT(n_wrong, 0);
    uint32_t turned[2] = {2, 0}; /* training reads in another order, the same numbers */
    float rows[2 * (FEATURES + 1)];
    ajp_dataset_gather(d, turned, 2, rows, FEATURES + 1);
    CHECK(memcmp(rows, out + 2 * FEATURES, FEATURES * sizeof(float)) == 0);
    CHECK(memcmp(rows + FEATURES + 1, out, FEATURES * sizeof(float)) == 0);
    aj_dataset_close(d);
}

static void values(const char *first, const char *last)
{
    aj_preprocessing p = declared("1/255", "0.485, 0.456,0.406", "0.229,0.224,0.225", NULL);
    CHECK(p.scale == 1.0 / 255.0 && p.n_mean == 3 && p.mean[1] == 0.456 && p.std[2] == 0.225);
    check_values(first, false, &p);
    p.layout = AJ_LAYOUT_NCHW;
    check_values(first, false, &p);
    p.layout = AJ_LAYOUT_NHWC;
    check_values(last, true, &p);
    p = declared(NULL, "128/255", NULL, "nhwc");
    check_values(last, true, &p);
    p = declared("2", NULL, "0.5,0.25,1/8", "nhwc");
    check_values(last, true, &p);
    p = declared("1", NULL, NULL, "nhwc");
    check_values(last, true, &p);
    p = declared("-1", "1", "127.5", NULL);
    check_values(first, false, &p);
}

/* A sample of two axes is one channel, whatever the layout is. */
static void grey(void)
{
    const char *path = fixture_path("grey.npy");
    put_npy(path, "(3, 15, 7)", bytes, sizeof bytes);
    for (int layout = AJ_LAYOUT_UNDECLARED; layout <= AJ_LAYOUT_NHWC; layout++) {
        aj_preprocessing p = declared("1", "2", "4", NULL);
        p.layout = (aj_layout)layout;
        float out[N * FEATURES];
        aj_dataset *d = open_set(path, &p, AJ_OK);
        CHECK_OK(aj_dataset_read(d, 0, N, out, &err), err);
        size_t n_wrong = 0;
        for (size_t i = 0; i < N * FEATURES; i++) n_wrong += out[i] != ((float)bytes[i] - 2.0f) / 4.0f;
        CHECK_INT(n_wrong, 0);
        aj_dataset_close(d);
    }
    aj_preprocessing p = declared("1", "2,3", NULL, NULL);
    (void)open_set(path, &p, AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "mean has 2 values, but a sample has 1 channel ");
}

static void refused_sets(const char *first, const char *last)
{
    aj_preprocessing p = declared(NULL, "1,2,3", NULL, NULL);
    (void)open_set(last, &p, AJ_BAD_ARGUMENT); /* 5 rows, not 3 channels */
    CHECK_CONTAINS(err.message, "mean has 3 values, but a sample has 5 channels (layout nchw)");
    p = declared(NULL, NULL, "1,2,3", "nhwc");
    (void)open_set(first, &p, AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "std has 3 values, but a sample has 7 channels (layout nhwc)");
    p = declared(NULL, NULL, "1,2,3", NULL);
    p.std[1] = 0.0;
    (void)open_set(first, &p, AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "std 0");
    p.std[1] = 1e-60; /* 0 in the floats that are computed with */
    (void)open_set(first, &p, AJ_BAD_ARGUMENT);
    p = declared(NULL, "1", NULL, NULL);
    p.mean[0] = NAN;
    (void)open_set(first, &p, AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "mean");
    p = declared("1", NULL, NULL, NULL);
    p.scale = 1e-60;
    (void)open_set(first, &p, AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "scale");
}

static void refused_texts(void)
{
    static const char *const bad[][3] = {
        {"scale", "", "scale: takes a number"},
        {"scale", "1/", "scale: takes a number"},
        {"scale", "1/0", "scale: takes a number"},
        {"scale", "0", "scale: 0"},
        {"scale", "1,2", "scale: at most 1 number,"},
        {"scale", "nan", "scale: takes"},
        {"scale", "1 2", "scale: '2' is no number"},
        {"mean", "1,,2", "mean: takes numbers"},
        {"mean", "1,2,", "mean: takes numbers"},
        {"std", "1,0,2", "std: value 2 is 0"},
        {"std", "x", "std: takes numbers"},
        {"layout", "hwc", "layout: takes nchw or nhwc, not 'hwc'"},
        {"means", "1", "means: no such key"},
    };
    aj_preprocessing p = declared("1/2", "7", "8", "nhwc"), before = p;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_INT(aj_preprocessing_set(&p, bad[i][0], bad[i][1], &err), AJ_BAD_ARGUMENT);
        CHECK_CONTAINS(err.message, bad[i][2]);
        CHECK(memcmp(&p, &before, sizeof p) == 0);
    }
    char many[4 * AJ_MAX_CHANNELS] = "1";
    for (int i = 0; i < AJ_MAX_CHANNELS; i++) strcat(many, ",1");
    CHECK_INT(aj_preprocessing_set(&p, "mean", many, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "at most 64 numbers");
}

/* One text beside net.onnx. */
static aj_status beside(aj_preprocessing *p, char *path, size_t size, const char *text)
{
    put(fixture_path("net.yaml"), text, NULL, 0);
    memset(&err, 0, sizeof err);
    return aj_preprocessing_beside(p, path, size, context, fixture_path("net.onnx"), &err);
}

static void sidecars(void)
{
    static const char *const bad[][2] = {
        {"scale: 1/0\n", "net.yaml:1: scale: takes a number"},
        {"mean: [1, 2]\nstd: [1, 0]\n", "net.yaml:2: std: value 2 is 0"},
        {"means: 1\n", "means"},
        {"mean: {a: 1}\n", "net.yaml:1: mean: takes a number or a list"},
        {"layout: [nhwc, nchw]\n", "layout: takes nchw or nhwc"},
        {"- 1\n", "is not a map"},
    };
    aj_preprocessing p = AJ_PREPROCESSING_INIT, before;
    char path[600];
    CHECK_OK(aj_preprocessing_beside(&p, path, sizeof path, context, fixture_path("net.onnx"), &err), err);
    CHECK_STRING(path, "");
    CHECK(isnan(p.scale));
    CHECK_OK(beside(&p, path, sizeof path, "scale: 1/255\nmean: [0.5, 1/4, 0.125]\nstd: 2\nlayout: nhwc\n"),
             err);
    CHECK_CONTAINS(path, "/net.yaml");
    CHECK(p.scale == 1.0 / 255.0 && p.n_mean == 3 && p.mean[1] == 0.25 && p.mean[2] == 0.125);
    CHECK(p.n_std == 1 && p.std[0] == 2.0 && p.layout == AJ_LAYOUT_NHWC);
    before = p;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_INT(beside(&p, path, sizeof path, bad[i][0]), AJ_CORRUPT);
        CHECK_CONTAINS(err.message, bad[i][1]);
        CHECK(memcmp(&p, &before, sizeof p) == 0);
        CHECK_STRING(path, "");
    }
    CHECK_OK(beside(&p, path, sizeof path, "name: a\nlayers: [1, 2]\nscale: 3\n"),
             err); /* a training's spec */
    CHECK_STRING(path, "");
    CHECK(memcmp(&p, &before, sizeof p) == 0);
    CHECK_INT(beside(&p, path, 3, "scale: 1\n"), AJ_BAD_ARGUMENT);
    CHECK_OK(aj_preprocessing_beside(&p, path, sizeof path, context, "net.model", &err), err);
    CHECK_STRING(path, "");
}

int main(void)
{
    context = fixture_context(1, AJ_ISA_AUTO);
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 89 + i / 31);
    const char *first = fixture_path("first.npy");
    put_npy(first, "(3, 3, 5, 7)", bytes, sizeof bytes);
    const char *last = fixture_path("last.npy");
    put_npy(last, "(3, 5, 7, 3)", bytes, sizeof bytes);
    char names[2][512];
    snprintf(names[0], sizeof names[0], "%s", first);
    snprintf(names[1], sizeof names[1], "%s", last);
    values(names[0], names[1]);
    grey();
    refused_sets(names[0], names[1]);
    refused_texts();
    sidecars();
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}

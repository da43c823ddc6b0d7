/* test_data.c: IDX, NPY, labels, sets by name and by path, and every way in which they can be wrong. */
#include "check.h"

#include "attojoule/data.h"
#include "base/file.h"
#include "data/dataset.h"

#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static aj_context *context;
static char folder[256];
static aj_error err;

static const char *path_of(const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const void *bytes, size_t size)
{
    FILE *f = fopen(path_of(name), "wb");
    CHECK(f != NULL && fwrite(bytes, 1, size, f) == size);
    fclose(f);
}

static size_t zip(const void *bytes, size_t size, unsigned char *out, size_t room)
{
    z_stream z = {0};
    CHECK(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_in = (unsigned char *)bytes;
    z.avail_in = (unsigned)size;
    z.next_out = out;
    z.avail_out = (unsigned)room;
    CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
    size_t n = room - z.avail_out;
    deflateEnd(&z);
    return n;
}

/* IDX bytes: magic, dimensions, data; returns the size. */
static size_t idx(unsigned char *out, unsigned char type, size_t rank, const unsigned *shape,
                  const void *data, size_t n_bytes)
{
    out[0] = out[1] = 0;
    out[2] = type;
    out[3] = (unsigned char)rank;
    for (size_t i = 0; i < rank; i++)
        for (int b = 0; b < 4; b++) out[4 + 4 * i + b] = (unsigned char)(shape[i] >> (24 - 8 * b));
    memcpy(out + 4 + 4 * rank, data, n_bytes);
    return 4 + 4 * rank + n_bytes;
}

static size_t npy(unsigned char *out, int version, const char *header, const void *data, size_t n_bytes)
{
    size_t n = strlen(header), at = version == 1 ? 10 : 12;
    memcpy(out, "\x93NUMPY", 6);
    out[6] = (unsigned char)version;
    out[7] = 0;
    memset(out + 8, 0, 4);
    out[8] = (unsigned char)(n & 255);
    out[9] = (unsigned char)(n >> 8);
    memcpy(out + at, header, n);
    memcpy(out + at + n, data, n_bytes);
    return at + n + n_bytes;
}

static void expect_bad(const char *set, aj_status status, const char *part)
{
    aj_dataset *d = NULL;
    err.message[0] = '\0';
    CHECK_INT(aj_dataset_open(&d, context, set, NULL, &err), status);
    CHECK(d == NULL);
    CHECK_CONTAINS(err.message, part);
}

static void expect_bad_npy(const char *header, size_t n_bytes, aj_status status, const char *part)
{
    static const unsigned char zeros[256];
    unsigned char file[1024];
    put("bad.npy", file, npy(file, 1, header, zeros, n_bytes));
    expect_bad(path_of("bad.npy"), status, part);
    CHECK_CONTAINS(err.message, "bad.npy");
}

/* ---- good files --------------------------------------------------------------------------------- */

static unsigned char pixels[3 * 256]; /* 3 images of 16 x 16 that hold every byte */

static void make_folder(void)
{
    unsigned char file[2048], packed[2048];
    unsigned images[3] = {3, 16, 16}, labels[1] = {3};
    for (int i = 0; i < 768; i++) pixels[i] = (unsigned char)(i * 7);
    size_t n = idx(file, 8, 3, images, pixels, sizeof pixels);
    put("t10k-images-idx3-ubyte.gz", packed, zip(file, n, packed, sizeof packed));
    put("train-images-idx3-ubyte", file, n);
    n = idx(file, 8, 1, labels, "\x02\x00\x09", 3);
    put("t10k-labels-idx1-ubyte.gz", packed, zip(file, n, packed, sizeof packed));
    put("train-labels-idx1-ubyte", file, n);
}

static void test_folder(void)
{
    for (int split = AJ_SPLIT_TEST; split <= AJ_SPLIT_TRAIN; split++) {
        aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
        options.split = (aj_split)split;
        aj_dataset *d = NULL;
        CHECK_OK(aj_dataset_open(&d, context, folder, &options, &err), err);
        if (d == NULL) return;
        aj_dataset_info info = aj_dataset_describe(d);
        CHECK_STRING(info.split, split == AJ_SPLIT_TRAIN ? "train" : "test");
        CHECK_STRING(info.origin, folder);
        CHECK_INT(info.n_samples, 3);
        CHECK_INT(info.n_features, 256);
        CHECK_INT(info.rank, 2);
        CHECK_INT(info.shape[1], 16);
        CHECK_INT(info.n_classes, 10);
        CHECK_INT(aj_dataset_labels(d)[2], 9);
        float out[768];
        CHECK_OK(aj_dataset_read(d, 0, 3, out, &err), err);
        for (int i = 0; i < 768; i++) {
            float exact = (float)(pixels[i] / 255.0);
            CHECK(fabsf(out[i] - exact) <= nextafterf(exact, 2.0f) - exact);
        }
        CHECK(out[73] == 1.0f || pixels[73] != 255);
        float one[2 * 300];
        uint32_t indices[2] = {2, 0};
        ajp_dataset_gather(d, indices, 2, one, 300);
        CHECK(memcmp(one, out + 512, 1024) == 0 && memcmp(one + 300, out, 1024) == 0);
        CHECK_INT(aj_dataset_read(d, 2, 2, out, &err), AJ_BAD_ARGUMENT);
        CHECK_INT(aj_dataset_read(d, 4, 0, out, &err), AJ_BAD_ARGUMENT);
        aj_dataset_close(d);
    }
}

static void test_options(void)
{
    aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
    aj_dataset *d = NULL;
    float out[256];
    options.scale = 1.0;
    options.max_samples = 2;
    CHECK_OK(aj_dataset_open(&d, context, folder, &options, &err), err);
    CHECK_INT(aj_dataset_describe(d).n_samples, 2);
    CHECK_OK(aj_dataset_read(d, 1, 1, out, &err), err);
    CHECK(out[3] == (float)pixels[259]);
    aj_dataset_close(d);
    options.scale = 0.0;
    CHECK_INT(aj_dataset_open(&d, context, folder, &options, &err), AJ_BAD_ARGUMENT);
    CHECK(d == NULL);
    CHECK_CONTAINS(err.message, "scale");
}

/* Every element type in both byte orders gives the same numbers. */
static void check_npy(const char *descr, int version, const void *data, size_t n_bytes, const float want[6])
{
    char header[128];
    unsigned char file[1024], packed[1024];
    float out[6];
    snprintf(header, sizeof header, "{'shape': (2, 3), \"descr\": '%s', 'fortran_order': False}   \n", descr);
    size_t n = npy(file, version, header, data, n_bytes);
    put("x.npy", file, n);
    put("x.npy.gz", packed, zip(file, n, packed, sizeof packed));
    for (int i = 0; i < 2; i++) {
        aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
        aj_dataset *d = NULL;
        options.scale = 1.0;
        CHECK_OK(aj_dataset_open(&d, context, path_of(i == 0 ? "x.npy" : "x.npy.gz"), &options, &err), err);
        if (d == NULL) return;
        CHECK_STRING(aj_dataset_describe(d).split, "all");
        CHECK_INT(aj_dataset_describe(d).n_classes, 0);
        CHECK(aj_dataset_labels(d) == NULL);
        CHECK_OK(aj_dataset_read(d, 0, 2, out, &err), err);
        CHECK(memcmp(out, want, sizeof out) == 0);
        aj_dataset_close(d);
    }
}

#define CHECK_TYPE(ctype, letters, version, ...)                                            \
    do {                                                                                    \
        ctype native[6] = {__VA_ARGS__}, swapped[6];                                        \
        float want[6];                                                                      \
        for (int i_ = 0; i_ < 6; i_++) {                                                    \
            want[i_] = (float)native[i_];                                                   \
            for (size_t b_ = 0; b_ < sizeof(ctype); b_++)                                   \
                ((char *)&swapped[i_])[b_] = ((char *)&native[i_])[sizeof(ctype) - 1 - b_]; \
        }                                                                                   \
        check_npy("<" letters, version, native, sizeof native, want);                       \
        check_npy(">" letters, version, swapped, sizeof swapped, want);                     \
        check_npy("=" letters, version, native, sizeof native, want);                       \
    } while (0)

static void test_npy_types(void)
{
    CHECK_TYPE(uint8_t, "u1", 1, 0, 1, 2, 127, 128, 255);
    CHECK_TYPE(int8_t, "i1", 2, 0, -1, 2, 127, -128, 5);
    CHECK_TYPE(uint8_t, "b1", 3, 0, 1, 0, 1, 1, 0);
    CHECK_TYPE(uint16_t, "u2", 1, 0, 1, 258, 65535, 300, 5);
    CHECK_TYPE(int16_t, "i2", 1, 0, -1, 258, 32767, -32768, 5);
    CHECK_TYPE(uint32_t, "u4", 1, 0, 1, 258, 4294967295u, 16777216, 5);
    CHECK_TYPE(int32_t, "i4", 1, 0, -1, 258, 2147483647, -2147483647, 5);
    CHECK_TYPE(uint64_t, "u8", 1, 0, 1, 258, 4294967296u, 1, 5);
    CHECK_TYPE(int64_t, "i8", 1, 0, -1, 258, -4294967296, 1, 5);
    CHECK_TYPE(float, "f4", 1, 0.0f, -1.5f, 3e38f, 1e-40f, 1, 5);
    CHECK_TYPE(double, "f8", 2, 0.0, -1.5, 3e38, 0.1, 1, 5);
}

static void test_labels(void)
{
    unsigned char file[512];
    char pair[600];
    float inputs[6] = {1, 2, 3, 4, 5, 6};
    double hot[6] = {0, 1, 0, 0, 0, 1};
    int64_t numbers[2] = {3, 1};
    aj_dataset *d = NULL;
    put("in:puts.npy", file,
        npy(file, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", inputs, 24));
    put("hot.npy", file,
        npy(file, 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n", hot, 48));
    put("numbers.npy", file,
        npy(file, 1, "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 1), }\n", numbers, 16));
    snprintf(pair, sizeof pair, "%s:%s", path_of("in:puts.npy"), path_of("hot.npy"));
    CHECK_OK(aj_dataset_open(&d, context, pair, NULL, &err), err);
    CHECK_INT(aj_dataset_describe(d).n_classes, 3);
    CHECK_INT(aj_dataset_labels(d)[0], 1);
    CHECK_INT(aj_dataset_labels(d)[1], 2);
    aj_dataset_close(d);
    snprintf(pair, sizeof pair, "%s:%s", path_of("in:puts.npy"), path_of("numbers.npy"));
    CHECK_OK(aj_dataset_open(&d, context, pair, NULL, &err), err);
    CHECK_INT(aj_dataset_describe(d).n_classes, 4);
    CHECK_INT(aj_dataset_labels(d)[0], 3);
    aj_dataset_close(d);
    put("hot.npy", file,
        npy(file, 1, "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 3), }\n", "\0\1\0\0\1\1", 6));
    snprintf(pair, sizeof pair, "%s:%s", path_of("in:puts.npy"), path_of("hot.npy"));
    expect_bad(pair, AJ_CORRUPT, "hot.npy: row 1 is not one-hot");
    numbers[1] = -1;
    put("numbers.npy", file,
        npy(file, 1, "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n", numbers, 16));
    snprintf(pair, sizeof pair, "%s:%s", path_of("in:puts.npy"), path_of("numbers.npy"));
    expect_bad(pair, AJ_CORRUPT, "numbers.npy: label -1 of sample 1");
    put("numbers.npy", file,
        npy(file, 1, "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }\n", numbers, 8));
    expect_bad(pair, AJ_MISMATCH, "1 labels");
    CHECK_CONTAINS(err.message, "2 samples");
    snprintf(pair, sizeof pair, "%s:labels.txt", path_of("in:puts.npy"));
    expect_bad(pair, AJ_BAD_ARGUMENT, "labels must be");
}

/* Opens inputs.npy with these labels. */
static aj_dataset *open_labelled(const char *descr, const char *shape, const void *data, size_t size)
{
    unsigned char file[512];
    char header[160], pair[600];
    aj_dataset *d = NULL;
    snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", descr, shape);
    put("array.npy", file, npy(file, 1, header, data, size));
    snprintf(pair, sizeof pair, "%s:%s", path_of("in:puts.npy"), path_of("array.npy"));
    CHECK_OK(aj_dataset_open(&d, context, pair, NULL, &err), err);
    if (d == NULL) exit(1);
    return d;
}

/* Labels that are an array a sample: kept as they are, and told from class numbers. */
static void test_targets(void)
{
    const float values[6] = {0.5f, -1, 2, 3, 4, 5};
    float out[6];
    aj_dataset *d = open_labelled("<f4", "(2, 3)", values, sizeof values);
    aj_dataset_info info = aj_dataset_describe(d);
    CHECK(aj_dataset_labels(d) == NULL && info.n_classes == 0 && info.n_target_classes == 0);
    CHECK(info.n_targets == 3 && info.target_rank == 1 && info.target_shape[0] == 3);
    ajp_dataset_targets(d, 1, 1, out);
    CHECK(memcmp(out, values + 3, 3 * sizeof *out) == 0);
    aj_dataset_close(d);
    d = open_labelled("|u1", "(2, 1, 3)", "\0\1\7\2\2\3", 6);
    info = aj_dataset_describe(d);
    CHECK(aj_dataset_labels(d) == NULL && info.n_target_classes == 8);
    CHECK(info.target_rank == 2 && info.target_shape[0] == 1 && info.target_shape[1] == 3);
    aj_dataset_close(d);
    d = open_labelled("|i1", "(2, 3)", "\0\1\7\2\2\3", 6); /* words of a sentence, each with its class */
    CHECK(aj_dataset_labels(d) == NULL && aj_dataset_describe(d).n_target_classes == 8);
    aj_dataset_close(d);
    d = open_labelled("<f4", "(2,)", values, 8); /* one value a sample */
    CHECK(aj_dataset_labels(d) == NULL && aj_dataset_describe(d).n_targets == 1);
    aj_dataset_close(d);
    d = open_labelled("<f4", "(2, 1)", values + 2, 8); /* whole: classes, and values for who has one output */
    info = aj_dataset_describe(d);
    CHECK(info.n_classes == 4 && info.n_targets == 1 && info.target_shape[0] == 1);
    ajp_dataset_targets(d, 0, 2, out);
    CHECK(out[0] == 2 && out[1] == 3);
    aj_dataset_close(d);
    const float bad[4] = {0.5f, NAN, 1, 1};
    unsigned char file[512];
    char pair[600];
    put("array.npy", file,
        npy(file, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }\n", bad, sizeof bad));
    snprintf(pair, sizeof pair, "%s:%s", path_of("in:puts.npy"), path_of("array.npy"));
    expect_bad(pair, AJ_CORRUPT, "element 1 of sample 0 is nan; labels must be finite");
}

static void test_write(void)
{
    float values[6] = {1, 2, -3, 4, 5, 0.1f}, out[6];
    aj_dataset *d = NULL;
    CHECK_OK(aj_npy_write_float32(context, path_of("w.npy"), values, 2, 3, &err), err);
    CHECK_OK(aj_dataset_open(&d, context, path_of("w.npy"), NULL, &err), err);
    CHECK_INT(aj_dataset_describe(d).n_samples, 2);
    CHECK_OK(aj_dataset_read(d, 0, 2, out, &err), err);
    CHECK(memcmp(values, out, sizeof out) == 0);
    aj_dataset_close(d);
    struct stat info;
    CHECK(stat(path_of("w.npy"), &info) == 0 && info.st_size == 128 + 24);
    CHECK(aj_npy_write_float32(context, path_of("no/w.npy"), values, 2, 3, &err) == AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "no/w.npy");
}

/* ---- bad files ---------------------------------------------------------------------------------- */

static void test_bad_npy(void)
{
    float inputs[2] = {1.0f, NAN};
    unsigned char file[512];
    expect_bad_npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }\n", 8, AJ_UNSUPPORTED,
                   "ascontiguousarray");
    expect_bad_npy("{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }\n", 16, AJ_UNSUPPORTED,
                   "'<c8'");
    expect_bad_npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }\n", 8, AJ_UNSUPPORTED,
                   "records");
    expect_bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }\n", 4, AJ_UNSUPPORTED,
                   "single number");
    expect_bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }\n", 8, AJ_CORRUPT,
                   "whole numbers");
    expect_bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3), }\n", 0, AJ_CORRUPT, "is 0");
    expect_bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,2", 8, AJ_CORRUPT, "does not end");
    expect_bad_npy("{'descr': '<f4', 'fortran_order': False}\n", 8, AJ_CORRUPT, "lacks one of");
    expect_bad_npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}\n", 8, AJ_CORRUPT,
                   "twice");
    expect_bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x\n", 8, AJ_CORRUPT, "goes on");
    expect_bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}\n", 7, AJ_CORRUPT,
                   "promises 8 bytes");
    expect_bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}\n", 9, AJ_CORRUPT,
                   "more data follows");
    expect_bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}\n", 9,
                   AJ_CORRUPT, "overflows");
    expect_bad_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}\n", 9,
                   AJ_CORRUPT, "address space");
    put("bad.npy", file,
        npy(file, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,2)}\n", inputs, 8));
    expect_bad(path_of("bad.npy"), AJ_CORRUPT, "element 1 of sample 0");
    put("bad.npy", file, npy(file, 9, "{}", inputs, 8));
    expect_bad(path_of("bad.npy"), AJ_UNSUPPORTED, "version 9");
    put("bad.npy", "hello, world", 12);
    expect_bad(path_of("bad.npy"), AJ_CORRUPT, "does not start");
    put("bad.npy", "", 0);
    expect_bad(path_of("bad.npy"), AJ_CORRUPT, "ends after 0 bytes");
}

static void expect_bad_images(const void *bytes, size_t size, const char *part)
{
    put("bad/t10k-images-idx3-ubyte.gz", bytes, size);
    expect_bad(path_of("bad"), AJ_CORRUPT, part);
    CHECK_CONTAINS(err.message, "bad/t10k-images-idx3-ubyte.gz");
}

static void test_bad_idx(void)
{
    unsigned char file[2048], packed[2048];
    unsigned images[3] = {3, 16, 16}, huge[3] = {0xffffffffu, 0xffffffffu, 0xffffffffu},
             big[3] = {60000, 28, 28}, labels[1] = {3};
    mkdir(path_of("bad"), 0700);
    expect_bad(path_of("bad"), AJ_NOT_FOUND, "t10k-images");
    size_t n = idx(file, 8, 3, images, pixels, sizeof pixels), n_packed = zip(file, n, packed, sizeof packed);
    put("bad/t10k-images-idx3-ubyte.gz", packed, n_packed);
    expect_bad(path_of("bad"), AJ_NOT_FOUND, "t10k-labels");
    size_t n_labels = idx(file, 8, 1, labels, "\x02\x00\x09", 3);
    put("bad/t10k-labels-idx1-ubyte", file, n_labels);
    expect_bad_images(packed, n_packed - 12, "truncated");
    expect_bad_images(packed, 6, "truncated");
    packed[n_packed] = 'j';
    expect_bad_images(packed, n_packed + 1, "not gzip follow");
    packed[40] ^= 0x55;
    expect_bad_images(packed, n_packed, "damaged");
    n = idx(file, 8, 3, images, pixels, sizeof pixels);
    expect_bad_images(file, n - 1, "promises 768 bytes");
    expect_bad_images(file, n + 1, "more data follows");
    expect_bad_images(file, 9, "ends after");
    file[2] = 7;
    expect_bad_images(file, n, "00 00 07 03");
    file[2] = 8, file[3] = 77;
    expect_bad_images(file, n, "77 dimensions");
    n = idx(file, 8, 3, huge, pixels, 0);
    expect_bad_images(file, n, "overflows");
    n = idx(file, 8, 3, big, pixels,
            0); /* 47 MB promised by 30 bytes of gzip: refused before any memory is asked for */
    expect_bad_images(packed, zip(file, n, packed, sizeof packed), "promises 47040000 bytes");
}

static void test_mismatch(void)
{
    unsigned char file[2048];
    unsigned images[3] = {3, 16, 16}, labels[1] = {2};
    put("bad/t10k-images-idx3-ubyte.gz", file, idx(file, 8, 3, images, pixels, sizeof pixels));
    put("bad/t10k-labels-idx1-ubyte", file, idx(file, 8, 1, labels, "\x02\x00", 2));
    expect_bad(path_of("bad"), AJ_MISMATCH, "2 labels");
    CHECK_CONTAINS(err.message, "3 samples");
    expect_bad("nothing-here", AJ_NOT_FOUND, "nothing-here");
    expect_bad(path_of("absent.npy"), AJ_NOT_FOUND, "absent.npy");
}

/* A known name: the context's folder goes first; a label that the set cannot have is refused. */
static void test_known(void)
{
    unsigned char file[2048];
    unsigned images[3] = {3, 16, 16}, labels[1] = {3};
    char found[512];
    const char *about = NULL;
    CHECK_STRING(aj_dataset_known(0, &about), "fashion-mnist");
    CHECK_CONTAINS(about, "MIT");
    CHECK_STRING(aj_dataset_known(1, NULL), "mnist");
    CHECK(aj_dataset_known(2, NULL) == NULL);
    CHECK_INT(aj_dataset_locate(context, "cats", found, sizeof found, &err), AJ_NOT_FOUND);
    unsetenv("AJ_DATA");
    setenv("XDG_DATA_HOME", path_of("share"), 1);
    CHECK_OK(aj_dataset_locate(context, "mnist", found, sizeof found, &err), err);
    CHECK_STRING(found, "");
    expect_bad("mnist", AJ_NOT_FOUND, "share/attojoule/data/mnist");
    setenv("AJ_DATA", folder, 1);
    mkdir(path_of("mnist"), 0700);
    put("mnist/t10k-images.idx3-ubyte", file, idx(file, 8, 3, images, pixels, sizeof pixels));
    put("mnist/t10k-labels.idx1-ubyte", file, idx(file, 8, 1, labels, "\x02\x00\x09", 3));
    CHECK_OK(aj_dataset_locate(context, "mnist", found, sizeof found, &err), err);
    CHECK_STRING(found, path_of("mnist"));
    CHECK_INT(aj_dataset_locate(context, "mnist", found, 4, &err), AJ_BAD_ARGUMENT);
    aj_dataset *d = NULL;
    CHECK_OK(aj_dataset_open(&d, context, "mnist", NULL, &err), err);
    aj_dataset_close(d);
    put("mnist/t10k-labels.idx1-ubyte", file, idx(file, 8, 1, labels, "\x02\x00\x0a", 3));
    expect_bad("mnist", AJ_CORRUPT, "label 10 of sample 2");
}

static void test_fashion(void)
{
    aj_dataset *d = NULL;
    aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
    options.split = AJ_SPLIT_TRAIN;
    char found[512];
    CHECK_OK(aj_dataset_locate(context, "fashion-mnist", found, sizeof found, &err), err);
    if (found[0] == '\0')
        return; /* the package is not installed here; the rest of this file does not need it */
    CHECK_OK(aj_dataset_open(&d, context, "fashion-mnist", &options, &err), err);
    if (d == NULL) return;
    aj_dataset_info info = aj_dataset_describe(d);
    CHECK_INT(info.n_samples, 60000);
    CHECK_INT(info.n_features, 784);
    CHECK_INT(info.n_classes, 10);
    CHECK_INT(aj_dataset_labels(d)[0], 9); /* an ankle boot, as in the data set's README */
    aj_dataset_close(d);
}

/* Memory that runs out at every allocation in turn: a status, never a crash or a leak (ASan). */
static size_t allowed;

static void *scarce_alloc(void *user, size_t size)
{
    (void)user;
    if (allowed == 0) return NULL;
    allowed--;
    return aligned_alloc(64, (size + 63) / 64 * 64);
}

static void scarce_free(void *user, void *pointer)
{
    (void)user;
    free(pointer);
}

static void test_out_of_memory(void)
{
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    aj_context *scarce;
    aj_dataset *d = NULL;
    options.n_threads = 1;
    options.allocator = (aj_allocator){scarce_alloc, scarce_free, NULL};
    allowed = 100;
    CHECK_OK(aj_context_create(&scarce, &options, &err), err);
    for (size_t n = 0; n < 200; n++) {
        allowed = n;
        aj_status st = aj_dataset_open(&d, scarce, folder, NULL, &err);
        if (st == AJ_OK) {
            CHECK(n > 3);
            break;
        }
        CHECK_INT(st, AJ_NO_MEMORY);
    }
    CHECK(d != NULL);
    aj_dataset_close(d);
    aj_context_destroy(scarce);
}

int main(void)
{
    snprintf(folder, sizeof folder, "%s/test_data.XXXXXX",
             getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    if (mkdtemp(folder) == NULL) return 1;
    CHECK_OK(aj_context_create(&context, NULL, &err), err);
    make_folder();
    test_folder();
    test_options();
    test_npy_types();
    test_labels();
    test_targets();
    test_write();
    test_bad_npy();
    test_bad_idx();
    test_mismatch();
    test_known();
    test_fashion();
    test_out_of_memory();
    aj_context_destroy(context);
    char command[300];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    CHECK_INT(system(command), 0);
    return check_report();
}

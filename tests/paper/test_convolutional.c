/* [slow] Two published convolutional networks: mnist-8 of the ONNX model zoo (raw pixels; 98.91 % of the
 * MNIST test images, and the input/output pairs that come with it) and ResNet-8 of MLPerf Tiny (92.975 % of
 * 4,000 lossless CIFAR-10 images).  Expected values: ONNX Runtime, in the data pack's README. */
#include "fixture.h"
#include "data/array.h"
#include "nn/tensor.h"

enum { MNIST_PIXELS = 28 * 28, CIFAR_PIXELS = 3 * 32 * 32, N_CIFAR = 4000, N_CLASSES = 10, N_STORED = 100 };

static aj_error err;

static aj_model *load(aj_context *context, const char *pack, const char *name)
{
    char path[4400];
    aj_model *model = NULL;
    snprintf(path, sizeof path, "%s/models/%s", pack, name);
    CHECK_OK(aj_model_load(&model, context, path, &err), err);
    if (model == NULL) exit(1);
    return model;
}

static ajp_array load_array(aj_context *context, const char *pack, const char *name)
{
    char path[4400];
    ajp_array array = {0};
    snprintf(path, sizeof path, "%s/%s", pack, name);
    CHECK_OK(ajp_array_load(&array, context, path, &err), err);
    if (array.data == NULL) exit(1);
    return array;
}

static float *run(aj_context *context, const aj_model *model, const float *x, size_t n)
{
    aj_session *session = NULL;
    float *y = malloc(n * N_CLASSES * sizeof *y);
    CHECK_OK(aj_session_create(&session, context, model, 0, &err), err);
    CHECK_OK(aj_session_run(session, x, n, y, &err), err);
    aj_session_destroy(session);
    return y;
}

static void check_outputs(const char *what, const float *got, const float *want, size_t n)
{
    double scale = 0, worst = 0;
    for (size_t i = 0; i < n; i++) {
        scale = fmax(scale, fabs((double)want[i]));
        worst = fmax(worst, fabs((double)got[i] - (double)want[i]));
    }
    printf("%s: largest difference %.2g of %.4g\n", what, worst, scale);
    CHECK(worst <= 1e-4 * scale && scale > 0);
}

static void check_stored(aj_context *context, const aj_model *model, const char *pack, const char *name,
                         const float *x)
{
    ajp_array want = load_array(context, pack, name);
    CHECK_INT(want.n_elements, N_STORED * N_CLASSES);
    float *got = run(context, model, x, N_STORED);
    check_outputs(name, got, want.data, want.n_elements);
    ajp_array_free(&want, context);
    free(got);
}

/* ---- mnist-8 --------------------------------------------------------------------------------------------
 */

static void check_accuracy(aj_context *context, const aj_model *model, const char *pack)
{
    char folder[4400];
    aj_dataset *test = NULL;
    aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
    options.scale = 1;
    snprintf(folder, sizeof folder, "%s/mnist", pack);
    CHECK_OK(aj_dataset_open(&test, context, folder, &options, &err), err);
    aj_evaluate_options how = AJ_EVALUATE_OPTIONS_INIT;
    aj_evaluation record = {0};
    CHECK_OK(aj_evaluate(&record, context, model, test, &how, &err), err);
    printf("mnist-8: %.2f %%\n", 100 * record.clean_accuracy_ratio);
    CHECK_NEAR(record.clean_accuracy_ratio, 0.9891, 1e-9);
    CHECK_CLOSE(record.macs_per_inference, 786560, 0);
    aj_evaluation_destroy(&record);
    float *x = malloc(N_STORED * MNIST_PIXELS * sizeof *x);
    CHECK_OK(aj_dataset_read(test, 0, N_STORED, x, &err), err);
    check_stored(context, model, pack, "models/mnist-8.logits100.npy", x);
    free(x);
    aj_dataset_close(test);
}

static ajp_tensor read_tensor(aj_context *context, ajp_arena *arena, ajp_file_map *map, const char *path)
{
    const ajp_onnx_tensor *proto = NULL;
    ajp_tensor tensor = {0};
    ajp_tensor_source source = {path, NULL, context, arena, NULL};
    CHECK_OK(ajp_file_map_open(map, context, path, &err), err);
    CHECK_OK(ajp_onnx_read_tensor(&proto, arena, map->data, map->size, path, &err), err);
    CHECK_OK(ajp_tensor_from_onnx(&tensor, &source, proto, &err), err);
    return tensor;
}

static void check_pairs(aj_context *context, const aj_model *model, const char *pack)
{
    for (int set = 0; set < 3; set++) {
        char path[4400];
        ajp_arena arena;
        ajp_file_map maps[2];
        ajp_arena_init(&arena, context);
        snprintf(path, sizeof path, "%s/models/mnist-8/test_data_set_%d/input_0.pb", pack, set);
        const ajp_tensor x = read_tensor(context, &arena, &maps[0], path);
        snprintf(path, sizeof path, "%s/models/mnist-8/test_data_set_%d/output_0.pb", pack, set);
        const ajp_tensor want = read_tensor(context, &arena, &maps[1], path);
        CHECK_INT(x.n, MNIST_PIXELS);
        CHECK_INT(want.n, N_CLASSES);
        float *got = run(context, model, x.data, 1);
        check_outputs(path, got, want.data, want.n);
        free(got);
        ajp_file_map_close(&maps[0], context);
        ajp_file_map_close(&maps[1], context);
        ajp_arena_free(&arena);
    }
}

/* ---- ResNet-8 -------------------------------------------------------------------------------------------
 */

/* [sample][place][colour] as bytes to [sample][colour][place]. */
static float *cifar_images(const ajp_array *images)
{
    float *x = malloc((size_t)N_CIFAR * CIFAR_PIXELS * sizeof *x);
    for (size_t i = 0; i < N_CIFAR; i++)
        for (size_t p = 0; p < CIFAR_PIXELS; p++)
            x[i * CIFAR_PIXELS + p % 3 * (CIFAR_PIXELS / 3) + p / 3] =
                (float)ajp_array_value(images, i * CIFAR_PIXELS + p);
    return x;
}

static void check_resnet(aj_context *context, const char *pack)
{
    aj_model *model = load(context, pack, "resnet8-cifar10.onnx");
    ajp_array images = load_array(context, pack, "cifar10-4000/images.npy.gz"),
              labels = load_array(context, pack, "cifar10-4000/labels.npy");
    CHECK_INT(images.n_elements, N_CIFAR * CIFAR_PIXELS);
    CHECK_INT(labels.n_elements, N_CIFAR);
    float *x = cifar_images(&images), *y = run(context, model, x, N_CIFAR);
    size_t n_right = 0;
    for (size_t i = 0; i < N_CIFAR; i++) {
        size_t best = 0;
        for (size_t k = 1; k < N_CLASSES; k++)
            if (y[i * N_CLASSES + k] > y[i * N_CLASSES + best]) best = k;
        n_right += (double)best == ajp_array_value(&labels, i);
    }
    printf("ResNet-8: %zu of %d\n", n_right, N_CIFAR);
    CHECK_NEAR(100.0 * (double)n_right / N_CIFAR, 92.975, 0.05);
    check_stored(context, model, pack, "models/resnet8-cifar10.logits100.npy", x);
    free(x), free(y);
    ajp_array_free(&images, context);
    ajp_array_free(&labels, context);
    aj_model_destroy(model);
}

int main(void)
{
    const char *pack = check_data_pack();
    if (pack == NULL) CHECK_SKIP("the data pack with the published networks is not here");
    aj_context *context = fixture_context(0, AJ_ISA_AUTO);
    aj_model *mnist = load(context, pack, "mnist-8.onnx");
    check_accuracy(context, mnist, pack);
    check_pairs(context, mnist, pack);
    aj_model_destroy(mnist);
    check_resnet(context, pack);
    aj_context_destroy(context);
    return check_report();
}

/* Networks that PyTorch exported (tests/tools/export_torch.py): their outputs within 1e-4 of PyTorch's, the
 * same bits for any chunk, the multiply-accumulates of an independent count, and no more than 2 GB of memory.
 * 1e-4 of the largest output: two float32 libraries that add up in another order; the deepest network here
 * has 50 layers. */
#define _GNU_SOURCE
#include "check.h"

#include <dirent.h>
#include <sys/resource.h>

#include "attojoule/nn.h"

static aj_error err;
static aj_context *context;

static void *read_all(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    char *bytes = NULL;
    *size = 0;
    if (f == NULL) return NULL;
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    bytes = calloc(1, (size_t)n + 1);
    *size = fread(bytes, 1, (size_t)n, f);
    fclose(f);
    return bytes;
}

static void compare(const char *name, const float *got, const float *want, size_t n)
{
    double largest = 0, worst = 0;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs((double)want[i]));
    for (size_t i = 0; i < n; i++) worst = fmax(worst, fabs((double)got[i] - (double)want[i]));
    printf("%s: largest difference %.2g of the largest output\n", name, worst / largest);
    CHECK(largest > 0 && worst <= 1e-4 * largest);
}

static void check_model(const char *folder, const char *name)
{
    char path[4096];
    size_t x_size, y_size, text_size;
    unsigned long long n = 0, macs = 0, ours = 0;
    aj_model *model = NULL;
    snprintf(path, sizeof path, "%s/%s.txt", folder, name);
    char *text = read_all(path, &text_size);
    size_t height = 0, width = 0; /* of those whose file leaves the size of an image open */
    CHECK(text != NULL && sscanf(text, "%llu %llu %zu %zu", &n, &macs, &height, &width) >= 2);
    const aj_dimension sizes[] = {{"height", height}, {"width", width}};
    aj_model_options options = AJ_MODEL_OPTIONS_INIT;
    options.dimensions = sizes;
    options.n_dimensions = height > 0 ? 2 : 0;
    snprintf(path, sizeof path, "%s/%s.x", folder, name);
    float *x = read_all(path, &x_size);
    snprintf(path, sizeof path, "%s/%s.y", folder, name);
    float *want = read_all(path, &y_size), *first = calloc(1, y_size), *y = calloc(1, y_size);
    snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
    CHECK_OK(aj_model_load_with(&model, context, path, &options, &err), err);
    for (size_t i = 0; model != NULL && i < aj_model_n_layers(model); i++)
        ours += aj_model_layer(model, i).macs_per_inference;
    if (model != NULL) CHECK_INT(ours, macs);
    for (size_t chunk = 1; model != NULL && chunk <= n; chunk += 2) {
        aj_session *session = NULL;
        CHECK_INT(aj_model_describe(model).n_input_features * n, x_size / sizeof *x);
        CHECK_OK(aj_session_create(&session, context, model, chunk, &err), err);
        if (session != NULL) CHECK_OK(aj_session_run(session, x, n, y, &err), err);
        aj_session_destroy(session);
        if (chunk == 1) memcpy(first, y, y_size);
        CHECK(memcmp(first, y, y_size) == 0);
    }
    if (model != NULL) compare(name, first, want, y_size / sizeof *y);
    aj_model_destroy(model);
    free(text), free(x), free(want), free(first), free(y);
}

int main(int argc, char **argv)
{
    int n_models = 0;
    struct rusage used;
    DIR *folder = opendir(argc > 1 ? argv[1] : ".");
    CHECK_OK(aj_context_create(&context, NULL, &err), err);
    for (struct dirent *e; folder != NULL && (e = readdir(folder)) != NULL;) {
        char *dot = strrchr(e->d_name, '.');
        if (dot == NULL || strcmp(dot, ".txt") != 0) continue;
        *dot = '\0';
        check_model(argv[1], e->d_name);
        n_models++;
    }
    if (folder != NULL) closedir(folder);
    aj_context_destroy(context);
    getrusage(RUSAGE_SELF, &used);
    printf("%d networks, %ld MiB at most\n", n_models, used.ru_maxrss / 1024);
    if (n_models == 0) {
        puts("SKIP: PyTorch has exported nothing here");
        return 77;
    }
    CHECK(used.ru_maxrss / 1024 < 2000000000 / 1048576);
    return check_report();
}

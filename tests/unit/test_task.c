/* test_task.c: what labels can be to outputs: lists of classes with the five largest, a class an element with
 * the class axis first or last, values, nothing. Every score is compared with its definition, taken from the
 * outputs. */
#include "fixture.h"
#include "nn/tensor.h"
#include "onnx_build.h"

enum { N = 40, K = 7, H = 2, W = 3, E = H * W, WIDE = K * E };

static aj_context *context;
static aj_error err;
static float x[N * WIDE], outputs[N * WIDE];
static int32_t classes[N * E];

typedef enum { LIST, MAP_FIRST, MAP_LAST, FEW, ONE } kind;

/* A 1 x 1 convolution of K (or fewer) maps; as a list: the mean over the pixels of each. */
static aj_model *network(kind form)
{
    size_t size, n_maps = form == FEW ? 5 : form == ONE ? 1 : K;
    static float w[K * K];
    for (size_t i = 0; i < K * K; i++) w[i] = (float)((i * 37 + 11) % 19) / 9.0f - 1.0f;
    build b = build_start(context, 7, 13);
    int64_t maps = (int64_t)n_maps;
    const char *last = form == MAP_FIRST ? "y" : "maps";
    node(&b, "Conv", "conv", "x,w", last);
    weights(&b, "w", w, 4, (int64_t[]){maps, K, 1, 1});
    if (form == MAP_LAST) {
        node_begin(&b, "Transpose", "turn", "maps", "y");
        attribute_ints(&b, "perm", 4, (int64_t[]){0, 2, 3, 1});
        node_end(&b);
    } else if (form != MAP_FIRST) {
        node(&b, "GlobalAveragePool", "pool", "maps", "y");
    }
    value(&b, INPUT, "x", AJP_FLOAT32, 4, (int64_t[]){-1, K, H, W});
    if (form == MAP_FIRST)
        value(&b, OUTPUT, "y", AJP_FLOAT32, 4, (int64_t[]){-1, K, H, W});
    else if (form == MAP_LAST)
        value(&b, OUTPUT, "y", AJP_FLOAT32, 4, (int64_t[]){-1, H, W, K});
    else
        value(&b, OUTPUT, "y", AJP_FLOAT32, 4, (int64_t[]){-1, maps, 1, 1});
    void *bytes = build_finish(&b, &size);
    const char *path = fixture_path("net.onnx");
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL && fwrite(bytes, 1, size, f) == size);
    fclose(f);
    free(bytes);
    aj_model *model = NULL;
    CHECK_OK(aj_model_load(&model, context, path, &err), err);
    if (model == NULL) exit(1);
    return model;
}

/* x.npy with labels of this shape; rank 0: no labels. */
static aj_dataset *data(const float *labels, size_t rank, const size_t *dims)
{
    size_t all[4] = {N, K, H, W};
    char set[1100];
    aj_dataset *d = NULL;
    const char *inputs = fixture_path("x.npy"), *wanted = fixture_path("labels.npy");
    CHECK_OK(aj_npy_write_shaped(context, inputs, x, 4, all, &err), err);
    if (rank > 0) CHECK_OK(aj_npy_write_shaped(context, wanted, labels, rank, dims, &err), err);
    snprintf(set, sizeof set, rank > 0 ? "%s:%s" : "%s", inputs, wanted);
    CHECK_OK(aj_dataset_open(&d, context, set, NULL, &err), err);
    if (d == NULL) exit(1);
    return d;
}

static aj_evaluation evaluate(const aj_model *model, const aj_dataset *d, const aj_hardware *hardware)
{
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    aj_evaluation record = {0};
    options.hardware = hardware;
    options.n_trials = hardware != NULL ? 3 : 1;
    options.chunk = 7;
    options.outputs = outputs;
    CHECK_OK(aj_evaluate(&record, context, model, d, &options, &err), err);
    return record;
}

typedef struct {
    double correct, top5, loss;
} scores;

/* By sorting, in double: the definition of all three. */
static scores define(size_t n_classes, size_t n_elements, size_t class_stride, size_t element_stride)
{
    scores s = {0, 0, 0};
    for (size_t i = 0; i < N; i++)
        for (size_t e = 0; e < n_elements; e++) {
            const float *y = outputs + i * n_classes * n_elements + e * element_stride;
            size_t label = (size_t)classes[i * n_elements + e], n_above = 0;
            double sum = 0;
            for (size_t k = 0; k < n_classes; k++) {
                float other = y[k * class_stride], own = y[label * class_stride];
                n_above += other > own || (other == own && k < label); /* counts of photons tie */
                sum += exp((double)other - (double)own);
            }
            s.correct += n_above == 0;
            s.top5 += n_above < 5;
            s.loss += log(sum);
        }
    double n = (double)(N * n_elements);
    return (scores){s.correct / n, s.top5 / n, s.loss / n};
}

static void check_classes(const aj_evaluation *r, scores want, bool five, const char *loss_of)
{
    CHECK(r->clean_accuracy_ratio == want.correct);
    CHECK(want.correct > 0.02 && want.correct < 0.98); /* neither could be anything */
    if (five)
        CHECK(r->clean_top5_accuracy_ratio == want.top5 && want.top5 > want.correct && want.top5 < 1);
    else
        CHECK(isnan(r->clean_top5_accuracy_ratio));
    CHECK_CLOSE(r->clean_loss, want.loss, 1e-5);
    CHECK_STRING(r->loss_of, loss_of);
}

static void to_floats(float *out, size_t n)
{
    for (size_t i = 0; i < n; i++) out[i] = (float)classes[i];
}

static void lists(const aj_hardware *hardware)
{
    float labels[N];
    for (int few = 0; few < 2; few++) {
        aj_model *model = network(few ? FEW : LIST);
        size_t n_classes = few ? 5 : K;
        for (size_t i = 0; i < N; i++) classes[i] = (int32_t)((i * 5 + i / 7) % n_classes);
        to_floats(labels, N);
        aj_dataset *d = data(labels, 1, (size_t[]){N});
        aj_evaluation record = evaluate(model, d, NULL);
        check_classes(&record, define(n_classes, 1, 1, 0), !few, "cross-entropy");
        aj_evaluation_destroy(&record);
        record = evaluate(model, d, hardware);
        CHECK(isnan(record.top5_accuracy_ratio.mean) == (few == 1));
        CHECK(few || (record.top5_accuracy_ratio.n == 3 &&
                      record.top5_accuracy_ratio.mean >= record.accuracy_ratio.mean));
        aj_evaluation_destroy(&record);
        aj_dataset_close(d);
        aj_model_destroy(model);
    }
}

static void maps(const aj_hardware *hardware)
{
    float labels[N * E];
    for (size_t i = 0; i < N * E; i++) classes[i] = (int32_t)((i * 5 + i / 11) % K);
    to_floats(labels, N * E);
    for (int last = 0; last < 2; last++) {
        aj_model *model = network(last ? MAP_LAST : MAP_FIRST);
        aj_model_info info = aj_model_describe(model);
        CHECK(info.output_rank == 3 && info.output_shape[last ? 2 : 0] == K);
        aj_dataset *d = data(labels, 4, (size_t[]){N, 1, H, W}); /* an axis of 1 says nothing */
        aj_evaluation record = evaluate(model, d, NULL);
        scores want = last ? define(K, E, 1, K) : define(K, E, E, 1);
        check_classes(&record, want, true, "mean cross-entropy of the elements");
        aj_evaluation_destroy(&record);
        record = evaluate(model, d, hardware);
        want = last ? define(K, E, 1, K) : define(K, E, E, 1);
        CHECK_CLOSE(record.trial_accuracy_ratios[2], want.correct, 1e-12); /* outputs are the last trial's */
        CHECK(record.accuracy_ci95_dataset_low < record.accuracy_ratio.mean &&
              record.accuracy_ci95_dataset_high > record.accuracy_ratio.mean);
        CHECK(record.accuracy_ci95_dataset_high - record.accuracy_ci95_dataset_low < 0.3);
        aj_evaluation_destroy(&record);
        aj_dataset_close(d);
        aj_model_destroy(model);
    }
}

/* Values: the mean of the squares, and no accuracy, on hardware neither. */
static void values(kind form, const aj_hardware *hardware, size_t rank, const size_t *dims)
{
    static float labels[N * WIDE];
    aj_model *model = network(form);
    size_t width = aj_model_describe(model).n_output_features;
    for (size_t i = 0; i < N * width; i++) labels[i] = form == ONE ? (float)(i % 3) : (float)(i % 13) / 8.0f;
    aj_dataset *d = data(labels, rank, dims);
    aj_evaluation record = evaluate(model, d, NULL);
    double want = 0;
    for (size_t i = 0; i < N * width; i++)
        want += ((double)outputs[i] - (double)labels[i]) * ((double)outputs[i] - (double)labels[i]);
    CHECK_CLOSE(record.clean_loss, want / (double)(N * width), 1e-12);
    CHECK_STRING(record.loss_of, "mean squared error");
    CHECK(isnan(record.clean_accuracy_ratio) && isnan(record.clean_top5_accuracy_ratio));
    double clean = record.clean_loss;
    aj_evaluation_destroy(&record);
    record = evaluate(model, d, hardware);
    CHECK(record.loss.n == 3 && record.loss.mean > 0 && record.loss.mean != clean);
    CHECK(record.clean_loss == clean);
    CHECK(isnan(record.accuracy_ratio.mean) && isnan(record.accuracy_ci95_dataset_low));
    CHECK(record.trial_accuracy_ratios == NULL);
    aj_evaluation_destroy(&record);
    aj_dataset_close(d);
    aj_model_destroy(model);
}

static void nothing(const aj_hardware *hardware)
{
    aj_model *model = network(MAP_FIRST);
    aj_dataset *d = data(NULL, 0, NULL);
    aj_evaluation record = evaluate(model, d, hardware);
    CHECK(isnan(record.clean_accuracy_ratio) && isnan(record.clean_loss) &&
          isnan(record.accuracy_ratio.mean));
    CHECK(isnan(record.loss.mean) && record.loss_of == NULL);
    char *text = NULL;
    CHECK_OK(aj_evaluation_to_json(&record, 0, &text, &err), err);
    CHECK_CONTAINS(text, "\"clean_accuracy_ratio\": null");
    CHECK_CONTAINS(text, "\"loss_of\": null");
    aj_text_free(text);
    aj_evaluation_destroy(&record);
    aj_dataset_close(d);
    aj_model_destroy(model);
}

static void refused(kind form, const float *labels, size_t rank, const size_t *dims, const char *part)
{
    aj_model *model = network(form);
    aj_dataset *d = data(labels, rank, dims);
    aj_evaluation record = {0};
    CHECK_INT(aj_evaluate(&record, context, model, d, NULL, &err), AJ_MISMATCH);
    CHECK_CONTAINS(err.message, part);
    CHECK_CONTAINS(err.message, "net.onnx");
    CHECK(record.memory == NULL);
    aj_dataset_close(d);
    aj_model_destroy(model);
}

static void refusals(void)
{
    static float labels[N * WIDE];
    for (size_t i = 0; i < N * WIDE; i++) labels[i] = (float)(i % 4);
    refused(MAP_FIRST, labels, 1, (size_t[]){N}, "is 7 x 2 x 3, but a label of");
    CHECK_CONTAINS(err.message, "is a class number");
    refused(MAP_FIRST, labels, 3, (size_t[]){N, W, H}, "is 3 x 2 (class numbers)");
    labels[3] = 0.5f;
    refused(MAP_FIRST, labels, 3, (size_t[]){N, H, W}, "is 2 x 3 (values)");
    labels[3] = K;
    refused(MAP_FIRST, labels, 3, (size_t[]){N, H, W}, "has 7 classes but the labels");
    refused(LIST, labels, 1, (size_t[]){N}, "go up to 7");
}

int main(void)
{
    context = fixture_context(2, AJ_ISA_AUTO);
    for (size_t i = 0; i < N * WIDE; i++) x[i] = (float)((i * 7919 + i / 13) % 101) / 50.0f - 1.0f;
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_hardware_load(&hardware, context, "homodyne", &err), err);
    lists(hardware);
    maps(hardware);
    values(MAP_FIRST, hardware, 4, (size_t[]){N, K, H, W});
    values(LIST, hardware, 2, (size_t[]){N, K});
    values(ONE, hardware, 1, (size_t[]){N}); /* one number a sample is a value where there is one output */
    nothing(hardware);
    refusals();
    aj_hardware_destroy(hardware);
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}

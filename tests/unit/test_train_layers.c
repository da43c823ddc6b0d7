/* test_train_layers.c: layers by name in a spec: what is read, and every mistake refused with file, line, key
 * and why. */
#include "check.h"

#include "train/net.h"

#include <unistd.h>

static char spec_path[] = "/tmp/test_train_layers.XXXXXX";
static aj_context *context;
static aj_error err;

static aj_status load(aj_train_spec **spec, const char *text)
{
    FILE *f = fopen(spec_path, "w");
    CHECK(f != NULL && fputs(text, f) >= 0);
    fclose(f);
    err.message[0] = '\0';
    return aj_train_spec_load(spec, context, spec_path, &err);
}

static void bad(const char *text, const char *line, const char *part)
{
    aj_train_spec *spec = NULL;
    char where[64];
    CHECK(load(&spec, text) != AJ_OK);
    CHECK(spec == NULL);
    snprintf(where, sizeof where, "%s%s", spec_path, line);
    CHECK_CONTAINS(err.message, where);
    CHECK_CONTAINS(err.message, part);
    aj_train_spec_destroy(spec);
}

static void test_good(void)
{
    aj_train_spec *spec = NULL;
    CHECK_OK(load(&spec,
                  "data: mnist\ninput: [1, 28, 28]\nlayers:\n"
                  "  - conv: {channels: 8, kernel: [3, 5], padding: same, stride: [1, 2], bias: false}\n"
                  "  - batch_norm\n"
                  "  - leaky_relu: 0.2\n"
                  "  - max_pool: {kernel: 3, stride: 2, padding: 1}\n"
                  "  - residual:\n"
                  "      - conv: {channels: 16, kernel: 3, stride: 2, padding: 1, groups: 4}\n"
                  "      - batch_norm: {momentum: 0.2, epsilon: 0.001}\n"
                  "    shortcut:\n"
                  "      - conv: {channels: 16, kernel: 1, stride: 2}\n"
                  "  - residual: [relu, dropout: 0.25]\n"
                  "  - average_pool: [7, 4]\n"
                  "  - flatten\n"
                  "  - dense: {outputs: 20, bias: false}\n"
                  "  - tanh\n"
                  "  - dense: 10\n"
                  "augmentation: {shift: 3, horizontal_flip: true}\n"),
             err);
    if (spec == NULL) return;
    const aj_train_options *o = aj_train_spec_options(spec);
    const aj_train_layer *l = o->network;
    CHECK_INT(o->n_network, 16);
    CHECK(o->image[0] == 1 && o->image[2] == 28 && o->max_shift == 3 && o->horizontal_flip);
    CHECK(l[0].kind == AJ_LAYER_CONV && l[0].kernel[1] == 5 && l[0].padding[0] == 1 && l[0].padding[1] == 2 &&
          l[0].stride[1] == 2 && l[0].without_bias && l[0].line == 4);
    CHECK(l[2].kind == AJ_LAYER_LEAKY_RELU && l[2].leaky_slope == 0.2);
    CHECK(l[3].padding[1] == 1 && l[3].stride[0] == 2);
    CHECK(l[4].from == 4 && l[4].groups == 4 && l[5].momentum == 0.2 && l[5].epsilon == 0.001);
    CHECK(l[6].kind == AJ_LAYER_CONV && l[6].from == 4);
    CHECK(l[7].kind == AJ_LAYER_ADD && l[7].from == 6 && l[7].with == 7);
    CHECK(l[8].kind == AJ_LAYER_RELU && l[8].from == 8 && l[9].dropped_ratio == 0.25);
    CHECK(l[10].kind == AJ_LAYER_ADD && l[10].from == 10 && l[10].with == 8);
    CHECK(l[13].n_outputs == 20 && l[13].without_bias && l[15].n_outputs == 10 && !l[15].without_bias);
    aj_train_spec_destroy(spec);
    CHECK_OK(load(&spec, "data: mnist\ninput: [784]\nlayers: [dense: 100, sigmoid, dense: 10]\n"), err);
    aj_train_spec_destroy(spec);
}

#define HEAD "data: mnist\ninput: [1, 28, 28]\nlayers:\n"
#define TAIL "  - flatten\n  - dense: 10\n"

static void test_bad_layers(void)
{
    bad("data: mnist\nlayers: [flatten, dense: 10]\n", ":", "'input' is missing");
    bad("data: mnist\ninput: [28, 28]\nlayers: [flatten, dense: 10]\n", ":2:", "[channels, height, width]");
    bad("data: mnist\ninput: [1, 0, 28]\nlayers: [flatten, dense: 10]\n", ":2:", "'input'");
    bad("data: mnist\ninput: [1, 28, 28]\nlayers: [784, 10]\n", ":2:", "'input' needs layers by name");
    bad("data: mnist\nlayers: [784, 10]\naugmentation: {shift: 2}\n",
        ":3:", "'augmentation' needs layers by");
    bad(HEAD "  - rellu\n" TAIL, ":4:", "no layer 'rellu'; use one of: conv, batch_norm");
    bad(HEAD "  - conv3: {channels: 2}\n" TAIL, ":4:", "no layer 'conv3'");
    bad(HEAD "  - conv\n" TAIL, ":4:", "'conv' needs more than its name");
    bad(HEAD "  - conv: 3\n" TAIL, ":4:", "'conv' must be a map");
    bad(HEAD "  - conv: {kernel: 3}\n" TAIL, ":4:", "'conv' needs 'channels'");
    bad(HEAD "  - conv: {channels: 3}\n" TAIL, ":4:", "'conv' needs 'kernel'");
    bad(HEAD "  - conv: {channels: 3, kernel: 3, strides: 2}\n" TAIL, ":4:", "unknown key 'strides'");
    bad(HEAD "  - conv: {channels: 3, kernel: [3, 3, 3]}\n" TAIL, ":4:", "[height, width]");
    bad(HEAD "  - conv: {channels: 3, kernel: 0}\n" TAIL, ":4:", "'kernel'");
    bad(HEAD "  - conv: {channels: 3, kernel: 4, padding: same}\n" TAIL, ":4:", "odd kernel");
    bad(HEAD "  - conv: {channels: 3, kernel: 31, padding: 1}\n" TAIL,
        ":4:", "larger than its input of 28x28");
    bad(HEAD "  - conv: {channels: 3, kernel: 3, groups: 2}\n" TAIL, ":4:", "2 groups, which must divide");
    bad(HEAD "  - conv: {channels: 3, kernel: 3, bias: no}\n" TAIL, ":4:", "'bias' must be true or false");
    bad(HEAD "  - max_pool: {kernel: 2, padding: 2}\n" TAIL, ":4:", "at most half the kernel");
    bad(HEAD "  - dropout: 1\n" TAIL, ":4:", "below 1");
    bad(HEAD "  - dropout\n" TAIL, ":4:", "dropout: 0.5");
    bad(HEAD "  - batch_norm: {momentum: 0}\n" TAIL, ":4:", "'momentum' is 0");
    bad(HEAD "  - relu: 3\n" TAIL, ":4:", "takes nothing");
    bad(HEAD "  - dense: 10\n", ":4:", "put 'flatten' before");
    bad(HEAD "  - flatten\n  - conv: {channels: 2, kernel: 1}\n", ":5:", "its input is flat");
    bad(HEAD "  - flatten\n  - dense: 1\n", ":5:", "one output a class");
    bad(HEAD "  - [relu]\n" TAIL, ":4:", "a layer is a word");
    bad(HEAD "  - {relu: 1, tanh: 2}\n" TAIL, ":4:", "a layer is a word");
    bad(HEAD TAIL "activation: relu\n", ":6:", "activations are layers");
    bad(HEAD TAIL "augmentation: {shift: 28}\n", ":", "'shift' is 28");
    bad(HEAD TAIL "augmentation: {rotate: 2}\n", ":6:", "unknown key 'rotate'");
    bad("data: mnist\ninput: [784]\nlayers: [dense: 10]\naugmentation: {shift: 2}\n", ":", "needs images");
    bad(HEAD TAIL "noise: homodyne\n", ":6:", "unknown key 'noise'");
}

static void test_bad_residuals(void)
{
    bad(HEAD "  - residual: [conv: {channels: 4, kernel: 3, padding: 1}]\n" TAIL,
        ":4:", "'residual' adds 4x28x28 to 1x28x28; give it a 'shortcut'");
    bad(HEAD "  - residual: [conv: {channels: 1, kernel: 3}]\n" TAIL, ":4:", "adds 1x26x26 to 1x28x28");
    bad(HEAD "  - residual: [flatten]\n" TAIL, ":4:", "adds 784x1x1 to 1x28x28");
    bad(HEAD "  - residual: []\n" TAIL, ":4:", "must be a list of layers");
    bad(HEAD "  - residual\n" TAIL, ":4:", "needs more than its name");
    bad(HEAD "  - residual: [relu]\n    short: [relu]\n" TAIL, ":5:", "unknown key 'short'");
    bad(HEAD "  - residual: [relu]\n    shortcut: [max_pool: 2]\n" TAIL, ":4:", "adds 1x28x28 to 1x14x14");
    bad(HEAD "  - shortcut: [relu]\n" TAIL, ":4:", "no layer 'shortcut'");
}

/* From C: values that do not exist, kinds that do not exist, samples that do not fit. */
static void test_bad_options(void)
{
    aj_train_layer layers[3] = {{.kind = AJ_LAYER_CONV, .n_outputs = 2, .kernel = {3, 3}},
                                {.kind = AJ_LAYER_FLATTEN, .from = 1},
                                {.kind = AJ_LAYER_DENSE, .from = 2, .n_outputs = 10}};
    aj_train_options o = AJ_TRAIN_OPTIONS_INIT;
    float x[50] = {0};
    int32_t labels[2] = {0, 10};
    aj_train_samples samples = {x, labels, 2};
    aj_trained *trained = NULL;
    o.network = layers;
    o.n_network = 3;
    o.image[0] = 1;
    o.image[1] = o.image[2] = 5;
    CHECK_OK(aj_train_options_check(&o, &err), err);
    CHECK_INT(aj_train(&trained, context, &o, &samples, NULL, NULL, NULL, &err), AJ_MISMATCH);
    CHECK_CONTAINS(err.message, "label 10");
    layers[1].from = 2;
    CHECK_INT(aj_train_options_check(&o, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "layer 2: 'flatten' reads value 2");
    layers[1].from = 1;
    layers[0].kind = (aj_train_layer_kind)77;
    CHECK_INT(aj_train_options_check(&o, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "no layer of kind 77");
    layers[0].kind = AJ_LAYER_RELU;
    CHECK_OK(aj_train_options_check(&o, &err), err);
    o.image[0] = 20000;
    CHECK_INT(aj_train_options_check(&o, &err), AJ_BAD_ARGUMENT);
    o.image[0] = 1;
    o.n_network = 0;
    CHECK_INT(aj_train_options_check(&o, &err), AJ_BAD_ARGUMENT);
    o = (aj_train_options)AJ_TRAIN_OPTIONS_INIT;
    o.n_layers = 1;
    o.widths[0] = 25;
    o.widths[1] = 11;
    o.horizontal_flip = true;
    CHECK_INT(aj_train_options_check(&o, &err), AJ_UNSUPPORTED);
    CHECK_CONTAINS(err.message, "augmentation");
}

static void test_examples(void)
{
    static const char *const examples[] = {"lenet-fashion-mnist", "resnet-small-fashion-mnist"};
    for (int i = 0; i < 2; i++) {
        aj_train_spec *spec = NULL;
        char path[600];
        snprintf(path, sizeof path, "%s/examples/train/%s.yaml", getenv("AJ_SOURCE_DIR"), examples[i]);
        CHECK_OK(aj_train_spec_load(&spec, context, path, &err), err);
        if (spec != NULL) CHECK(aj_train_spec_options(spec)->n_network > 8);
        aj_train_spec_destroy(spec);
    }
}

int main(void)
{
    int fd = mkstemp(spec_path);
    if (fd < 0) return 1;
    close(fd);
    CHECK_OK(aj_context_create(&context, NULL, &err), err);
    test_good();
    test_bad_layers();
    test_bad_residuals();
    test_bad_options();
    test_examples();
    aj_context_destroy(context);
    unlink(spec_path);
    return check_report();
}

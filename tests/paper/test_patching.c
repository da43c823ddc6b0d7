/* What patching costs in input symbols, on the convolutions of a published ResNet-8 (MLPerf Tiny, CIFAR-10):
 * redundancy Kx Ky / s^2 against every input encoded once (im2col as in Hamerly et al. 2019). */
#include "fixture.h"

typedef struct {
    double symbols, distinct; /* inputs: of patches, of the image */
} inputs;

/* In the order of the file: channels x kernel^2 x places, channels x image. */
static const inputs by_hand[] = {
    {3 * 9 * 32 * 32, 3 * 32 * 32},
    {16 * 9 * 32 * 32, 16 * 32 * 32},
    {16 * 9 * 32 * 32, 16 * 32 * 32},
    {16 * 9 * 16 * 16, 16 * 32 * 32},
    {16 * 16 * 16, 16 * 16 * 16}, /* 1 x 1 of every other place */
    {32 * 9 * 16 * 16, 32 * 16 * 16},
    {32 * 9 * 8 * 8, 32 * 16 * 16},
    {32 * 8 * 8, 32 * 8 * 8},
    {64 * 9 * 8 * 8, 64 * 8 * 8},
    {64, 64}, /* the dense layer */
};
enum { N_LAYERS = sizeof by_hand / sizeof *by_hand };

static aj_evaluation inspect(aj_context *context, const aj_model *model, const char *fan_out)
{
    aj_error err = {0};
    aj_hardware *hardware = NULL;
    aj_evaluation plan = {0};
    CHECK_OK(aj_hardware_load(&hardware, context, "homodyne-parts", &err), err);
    CHECK_OK(aj_hardware_set(hardware, "input_gain", "calibrated", &err), err);
    CHECK_OK(aj_hardware_set(hardware, "input_fan_out", fan_out, &err), err);
    CHECK_OK(aj_inspect(&plan, context, model, hardware, 1, AJ_MODE_LATENCY, AJ_DYNAMIC_DIGITAL, &err), err);
    aj_hardware_destroy(hardware);
    return plan;
}

int main(void)
{
    aj_error err = {0};
    aj_model *model = NULL;
    char path[4300];
    const char *pack = check_data_pack();
    if (pack == NULL) CHECK_SKIP("the data pack with the network is not here; set AJ_TEST_DATA");
    snprintf(path, sizeof path, "%s/models/resnet8-cifar10.onnx", pack);
    aj_context *context = fixture_context(1, AJ_ISA_AUTO);
    CHECK_OK(aj_model_load(&model, context, path, &err), err);
    aj_evaluation patched = inspect(context, model, "patch"), optical = inspect(context, model, "optical");
    CHECK_INT(patched.n_layers, N_LAYERS);
    double all = 0, distinct = 0;
    for (size_t i = 0; i < patched.n_layers && i < N_LAYERS; i++) {
        CHECK(patched.layers[i].input_symbols == by_hand[i].symbols);
        CHECK(patched.layers[i].distinct_inputs == by_hand[i].distinct);
        CHECK(optical.layers[i].input_symbols == by_hand[i].distinct);
        CHECK(optical.layers[i].weight_symbols == patched.layers[i].weight_symbols);
        all += patched.layers[i].input_symbols;
        distinct += optical.layers[i].input_symbols;
    }
    printf("input symbols of an inference: %.0f by patching, %.0f with optical fan-out\n", all, distinct);
    CHECK(all == 494656 && distinct == 78912);
    aj_evaluation_destroy(&patched);
    aj_evaluation_destroy(&optical);
    aj_model_destroy(model);
    aj_context_destroy(context);
    return check_report();
}

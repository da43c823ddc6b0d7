/* test_train_mnist.c: the small network of Hamerly et al. 2019, trained by our own loop: 784-100-100-10,
 * ReLU, Glorot, weight decay 1e-3, 12 epochs: 1.9 +- 0.3 % error on MNIST's test set (photonics.md 6, row
 * P14; three other seeds there gave 1.96, 1.83 and 1.91 %). */
#include "check.h"

#include "attojoule/train.h"

int main(void)
{
    const char *pack = check_data_pack();
    if (pack == NULL) CHECK_SKIP("the data pack with MNIST is not here; set AJ_TEST_DATA");
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    aj_context *context = NULL;
    aj_train_spec *spec = NULL;
    aj_error err = {.message = ""};
    char path[4300];
    double errors[3];
    options.data_root = pack;
    options.n_threads = 2;
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    snprintf(path, sizeof path, "%s/examples/train/mnist-small.yaml", getenv("AJ_SOURCE_DIR"));
    CHECK_OK(aj_train_spec_load(&spec, context, path, &err), err);
    if (spec == NULL) return 1;
    for (int i = 0; i < 3; i++) {
        aj_trained *trained = NULL;
        aj_train_result result = {.last = {.test_accuracy_ratio = NAN}};
        aj_train_spec_options(spec)->seed = 1 + (uint64_t)i;
        CHECK_OK(aj_train(&trained, context, aj_train_spec_options(spec), NULL, NULL, NULL, &result, &err),
                 err);
        aj_trained_destroy(trained);
        errors[i] = 1.0 - result.last.test_accuracy_ratio;
        printf("seed %d: error %.2f %%, loss %.4f (training %.4f), %.4g FLOPs, %.1f s\n", i + 1,
               100.0 * errors[i], result.last.test_loss, result.last.train_loss, (double)result.last.flops,
               result.last.duration_seconds);
        CHECK(result.last.flops == 12ull * 60000 * 2 * (3 * 89400 - 78400));
        CHECK(result.target_epoch >= 1 && result.target_epoch <= 12);
    }
    aj_summary summary = aj_summarize(errors, 3);
    CHECK_NEAR(summary.mean, 0.019, 0.003);
    aj_train_spec_destroy(spec);
    aj_context_destroy(context);
    return check_report();
}

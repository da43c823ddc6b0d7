/* Wang et al., Nat. Commun. 13, 123 (2022): accuracy of the published network against light, as the notebook
 * of the authors' repository (mcmahon-lab/ONN-QAT-SQL @f2f1d70b) prints it for the full-resolution test set.
 * photons_per_mac counts at the detector: 0.472 times the photons on the masks. */
#include "fixture.h"

int main(void)
{
    const char *pack = check_data_pack();
    if (pack == NULL) CHECK_SKIP("the data pack with the published network and MNIST is not here");
    char path[4400], folder[4400];
    snprintf(path, sizeof path, "%s/models/wang2022-mnist-784-100-100-10.onnx", pack);
    snprintf(folder, sizeof folder, "%s/mnist", pack);
    aj_context *context = fixture_context(0, AJ_ISA_AUTO);
    aj_error err = {0};
    aj_model *model = NULL;
    aj_dataset *test = NULL;
    CHECK_OK(aj_model_load(&model, context, path, &err), err);
    CHECK_OK(aj_dataset_open(&test, context, folder, NULL, &err), err);
    if (model == NULL || test == NULL) return check_report();
    static const struct {
        const char *photons;
        double percent, tolerance;
    } points[] = {{"0.472", 68.08, 2.0}, {"0.945", 89.96, 1.2}, {"1.880", 96.36, 0.6}, {"4.723", 98.31, 0.4}};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        aj_hardware *hardware = NULL;
        CHECK_OK(aj_hardware_load(&hardware, context, "wang-2022", &err), err);
        CHECK_OK(aj_hardware_set(hardware, "photons_per_mac", points[i].photons, &err), err);
        aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
        options.hardware = hardware;
        options.n_trials = 3;
        aj_evaluation record = {0};
        CHECK_OK(aj_evaluate(&record, context, model, test, &options, &err), err);
        printf("%s photons/MAC at the detector: %.2f %% (published %.2f +- %.1f); counted %.3f\n",
               points[i].photons, 100 * record.accuracy_ratio.mean, points[i].percent, points[i].tolerance,
               record.photons_per_mac);
        CHECK_NEAR(100 * record.accuracy_ratio.mean, points[i].percent, points[i].tolerance);
        CHECK_NEAR(100 * record.clean_accuracy_ratio, 98.94, 0.05);
        /* the inputs choose what they meet: within 3 % of what the masks' mean transmission says */
        CHECK_CLOSE(record.photons_per_mac, atof(points[i].photons), 0.03);
        aj_evaluation_destroy(&record);
        aj_hardware_destroy(hardware);
    }
    aj_dataset_close(test);
    aj_model_destroy(model);
    aj_context_destroy(context);
    fixture_remove();
    return check_report();
}

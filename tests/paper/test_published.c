/* The published network of Wang et al. 2022 (Nat. Commun. 13, 123) on `homodyne`: accuracy against light, its
 * energy, and the light that absorbing modulators need.  Expected values: an independent implementation of
 * Eq. (2) of Hamerly et al. 2019 on the same weights and the 10,000 MNIST test images.  Tolerances: binomial
 * error of 10,000 images (0.5 points at 50 %) and the spread of noise draws. */
#include "fixture.h"

typedef struct {
    aj_context *context;
    aj_model *model;
    aj_dataset *test, *train;
} published;

static aj_evaluation evaluate(const published *p, const char *const (*set)[2], size_t n_set,
                              unsigned n_trials)
{
    aj_error err = {0};
    aj_hardware *hardware = NULL;
    CHECK_OK(aj_hardware_load(&hardware, p->context, "homodyne", &err), err);
    for (size_t i = 0; i < n_set; i++) CHECK_OK(aj_hardware_set(hardware, set[i][0], set[i][1], &err), err);
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    options.hardware = hardware;
    options.n_trials = n_trials;
    options.calibration = p->train;
    aj_evaluation record = {0};
    CHECK_OK(aj_evaluate(&record, p->context, p->model, p->test, &options, &err), err);
    aj_hardware_destroy(hardware);
    return record;
}

static void check_curve(const published *p, const char *name, const char *key, const char *value,
                        const char *const *light, const double *want_percent, const double *tolerance,
                        size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *const set[2][2] = {{"photons_per_mac", light[i]}, {key, value}};
        aj_evaluation record = evaluate(p, set, key != NULL ? 2 : 1, 3);
        printf("%s, %s photons/MAC: %.2f %% (want %.1f +- %.1f)\n", name, light[i],
               100 * record.accuracy_ratio.mean, want_percent[i], tolerance[i]);
        CHECK_NEAR(100 * record.accuracy_ratio.mean, want_percent[i], tolerance[i]);
        aj_evaluation_destroy(&record);
    }
}

static void check_energy(const published *p)
{
    const char *const set[1][2] = {{"photons_per_mac", "1"}};
    aj_evaluation record = evaluate(p, set, 1, 1);
    CHECK_NEAR(100 * record.clean_accuracy_ratio, 98.94, 0.05);
    CHECK_CLOSE(record.macs_per_inference, 89400, 0);
    CHECK_CLOSE(record.flops_per_inference, 178800, 0);
    /* 89,400 MACs of one photon of 1550 nm */
    CHECK_CLOSE(aj_energy_boundary(&record.energy, AJ_OPTICAL), 1.146e-14, 1e-3);
    CHECK_CLOSE(record.photons_per_mac, 1.0, 1e-9);
    CHECK(isnan(aj_energy_boundary(&record.energy, AJ_ACCELERATOR)));
    CHECK(isnan(aj_energy_boundary(&record.energy, AJ_SYSTEM)));
    CHECK(isnan(aj_energy_described(&record.energy)));
    aj_evaluation_destroy(&record);
}

static void check_launched(const published *p)
{
    /* photonics.md 1.3: max^2/rms^2 of what each modulator encodes */
    static const double weights[3] = {5.83, 2.08, 2.57}, inputs[3] = {10.15, 15.49, 25.96};
    const char *const set[2][2] = {{"modulator", "absorbing"}, {"path_transmission_ratio", "1"}};
    aj_evaluation record = evaluate(p, set, 2, 1);
    CHECK_INT(record.n_layers, 3);
    for (size_t i = 0; i < record.n_layers && i < 3; i++) {
        const aj_layer_record *layer = &record.layers[i];
        CHECK_CLOSE(layer->weight_crest_ratio, weights[i], 0.01);
        CHECK_CLOSE(layer->input_crest_ratio, inputs[i], 0.01);
        /* equal arms: half the light is weights, half inputs */
        CHECK_CLOSE(layer->photons_launched / layer->photons_incident, 0.5 * (weights[i] + inputs[i]), 0.01);
    }
    aj_evaluation_destroy(&record);
}

int main(void)
{
    const char *pack = check_data_pack();
    if (pack == NULL) CHECK_SKIP("the data pack with the published network and MNIST is not here");
    char path[4400], folder[4400];
    snprintf(path, sizeof path, "%s/models/wang2022-mnist-784-100-100-10.onnx", pack);
    snprintf(folder, sizeof folder, "%s/mnist", pack);
    published p = {.context = fixture_context(0, AJ_ISA_AUTO)};
    aj_error err = {0};
    CHECK_OK(aj_model_load(&p.model, p.context, path, &err), err);
    CHECK_OK(aj_dataset_open(&p.test, p.context, folder, NULL, &err), err);
    aj_dataset_options train = AJ_DATASET_OPTIONS_INIT;
    train.split = AJ_SPLIT_TRAIN;
    CHECK_OK(aj_dataset_open(&p.train, p.context, folder, &train, &err), err);
    if (p.model == NULL || p.test == NULL || p.train == NULL) return check_report();

    static const char *const light[4] = {"0.5", "1", "2", "5"};
    check_energy(&p);
    check_launched(&p);
    check_curve(&p, "homodyne", NULL, NULL, light, (double[]){41.4, 70.4, 90.6, 97.6},
                (double[]){1.0, 1.0, 0.6, 0.5}, 4);
    check_curve(&p, "1 fF at 300 K", "detector_capacitance_farads", "1fF", light,
                (double[]){16.5, 36.3, 76.5, 96.7}, (double[]){1.5, 2.0, 1.5, 0.8}, 4);
    check_curve(&p, "calibrated input gain", "input_gain", "calibrated", light,
                (double[]){40.2, 67.7, 88.3, 97.0}, (double[]){1.5, 1.5, 1.0, 0.8}, 4);
    /* photonics.md 3.1 and P5: Eq. (2) as printed, the rms over rows for every row */
    check_curve(&p, "as published, Eq. (2)", "weight_gain", "published", light,
                (double[]){41.5, 70.8, 90.6, 97.7}, (double[]){1.5, 1.5, 0.8, 0.8}, 4);
    aj_dataset_close(p.test);
    aj_dataset_close(p.train);
    aj_model_destroy(p.model);
    aj_context_destroy(p.context);
    fixture_remove();
    return check_report();
}

/* claims_train.c: networks that are trained here, on the light of Eq. (2). */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attojoule/simulate.h"
#include "attojoule/train.h"
#include "claim.h"

/* The recipe of examples/train/mnist-small.yaml: rate 0.05, a tenth of it in the last third, decay of
 * weights. */
static aj_train_options recipe(size_t width, double decay, size_t n_epochs, uint64_t seed)
{
    aj_train_options options = AJ_TRAIN_OPTIONS_INIT;
    options.data = "mnist";
    options.n_layers = 3;
    options.widths[0] = 784;
    options.widths[1] = options.widths[2] = width;
    options.widths[3] = 10;
    options.initialization = AJ_INITIALIZATION_GLOROT;
    options.n_epochs = n_epochs;
    options.momentum = 0.9;
    options.weight_decay = decay;
    options.schedule = AJ_SCHEDULE_STEP;
    options.step_factor = 0.1;
    options.n_step_at = 1;
    options.step_at[0] = n_epochs - n_epochs / 3;
    options.seed = seed;
    return options;
}

/* A model is loaded from a file: one in the folder for temporary files, gone at once. */
static aj_status as_model(ajp_claim *claim, const aj_dense_network *network, aj_model **out, aj_error *err)
{
    const char *root = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/attojoule-XXXXXX", root != NULL && *root == '/' ? root : "/tmp");
    int file = mkstemp(path);
    if (file < 0)
        return ajp_fail(err, ajp_status_from_errno(errno), errno,
                        "validate: no temporary file could be made; set TMPDIR");
    close(file);
    aj_status st = aj_dense_network_save(claim->context, network, path, err);
    if (st == AJ_OK) st = aj_model_load(out, claim->context, path, err);
    unlink(path); /* what is mapped stays */
    return st;
}

static aj_status error_at(ajp_claim *claim, const aj_model *model, double photons, double *out, aj_error *err)
{
    aj_hardware *hardware = NULL;
    aj_evaluation record = {0};
    aj_evaluate_options options = AJ_EVALUATE_OPTIONS_INIT;
    aj_status st;
    AJ_TRY_DONE(aj_hardware_load(&hardware, claim->context, "homodyne", err));
    AJ_TRY_DONE(aj_hardware_set(hardware, "weight_gain", "published", err));
    AJ_TRY_DONE(aj_hardware_set_number(hardware, "photons_per_mac", photons, err));
    options.hardware = hardware;
    AJ_TRY_DONE(aj_evaluate(&record, claim->context, model, claim->published->mnist, &options, err));
    *out = 1.0 - record.accuracy_ratio.mean;
done:
    aj_evaluation_destroy(&record);
    aj_hardware_destroy(hardware);
    return st;
}

/* Photons per MAC at which the error is 10 %, to 1 %; the same random numbers at every step. */
static aj_status photons_at_10(ajp_claim *claim, const aj_model *model, double *out, aj_error *err)
{
    double low = log(0.02), high = log(50.0);
    while (high - low > 0.01) {
        double middle = 0.5 * (low + high), error = 1.0;
        AJ_TRY(error_at(claim, model, exp(middle), &error, err));
        *(error < 0.1 ? &high : &low) = middle;
    }
    *out = exp(0.5 * (low + high));
    return AJ_OK;
}

typedef struct {
    double error_percent, photons;
} trained;

static aj_status train_one(ajp_claim *claim, const aj_train_options *options, trained *out, aj_error *err)
{
    aj_trained *network = NULL;
    aj_model *model = NULL;
    aj_train_result result = {.last = {.test_accuracy_ratio = (double)NAN}};
    aj_status st;
    AJ_TRY_DONE(aj_train(&network, claim->context, options, NULL, NULL, NULL, &result, err));
    AJ_TRY_DONE(as_model(claim, aj_trained_network(network), &model, err));
    AJ_TRY_DONE(photons_at_10(claim, model, &out->photons, err));
    out->error_percent = 100.0 * (1.0 - result.last.test_accuracy_ratio);
done:
    aj_model_destroy(model);
    aj_trained_destroy(network);
    return st;
}

static aj_status train_small(ajp_claim *claim, unsigned n_seeds, trained *mean, aj_error *err)
{
    *mean = (trained){0.0, 0.0};
    for (unsigned seed = 1; seed <= n_seeds; seed++) {
        aj_train_options options = recipe(100, 1e-3, 12, seed);
        trained one = {0.0, 0.0};
        AJ_TRY(train_one(claim, &options, &one, err));
        mean->error_percent += one.error_percent / n_seeds;
        mean->photons += one.photons / n_seeds;
    }
    return AJ_OK;
}

aj_status ajp_claim_trained_small(ajp_claim *claim, aj_error *err)
{
    aj_status st;
    trained mean;
    if (!ajp_claim_needs_published(claim, &st, err)) return st;
    AJ_TRY(train_small(claim, 3, &mean, err));
    ajp_claim_near(claim, "error without noise, mean of three seeds", "%", 1.90, mean.error_percent, 0.3);
    ajp_claim_close(claim, "photons per MAC at 10 % error, mean of three seeds", "", 0.96, mean.photons, 0.2);
    return AJ_OK;
}

aj_status ajp_claim_trained_large(ajp_claim *claim, aj_error *err)
{
    aj_status st;
    trained large, small, alike;
    if (!ajp_claim_needs_published(claim, &st, err)) return st;
    aj_train_options options = recipe(1000, 1e-4, 5, 1), same = recipe(100, 1e-4, 5, 1);
    AJ_TRY(train_one(claim, &options, &large, err));
    AJ_TRY(train_one(claim, &same, &alike, err));
    AJ_TRY(train_small(claim, 1, &small, err));
    ajp_claim_close(claim, "photons per MAC at 10 % error", "", 0.50, large.photons, 0.3);
    ajp_claim_value(claim, "over those of the small network at the same recipe", "", 1.0,
                    large.photons / alike.photons, AJ_AT_MOST, 0.0);
    ajp_claim_show(claim, "error without noise", "%", large.error_percent);
    ajp_claim_show(claim, "photons per MAC of the small network of P14, one seed", "", small.photons);
    ajp_claim_show(claim, "energy per MAC at 10 % error, light at the detectors", "J",
                   large.photons * 1.281577787e-19);
    ajp_claim_note(
        claim, "The paper's headline is 0.5 to 1 photon per MAC and 50 zJ; its recipe and its definition of "
               "cutoff are not known, so this is consistency, not a reproduction of the headline.");
    return AJ_OK;
}

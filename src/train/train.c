/* train.c: aj_train: opens the data, runs the epochs, reports, hands the network over. */
#include "../base/file.h"
#include "net_export.h"
#include "trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct aj_trained {
    const aj_context *context;
    ajp_arena arena;
    aj_dense_network network; /* without layers: the network is in `onnx` */
    ajp_onnx_out onnx;
};

/* One training from start to end. */
typedef struct {
    aj_context *context;
    const aj_train_options *options;
    const aj_train_callbacks *callbacks;
    ajp_trainer *trainer; /* of a dense network ... */
    ajp_net *net;         /* ... or of any other */
    ajp_samples train, test;
    aj_dataset *train_set, *test_set;
    uint32_t *order, *test_order;
    double *losses, *test_losses;
    uint8_t *right;
    uint64_t n_steps, n_steps_done, n_samples_done, flops_per_sample;
    double started_seconds;
    aj_train_result result;
} training;

/* ---- data ---------------------------------------------------------------------------------------- */

static size_t input_size(const aj_train_options *o)
{
    const ajp_image image = ajp_net_input(o);
    return o->network != NULL ? ajp_image_size(&image) : o->widths[0];
}

/* The last layer with outputs of its own: what follows it keeps their number. */
static size_t count_classes(const aj_train_options *o)
{
    if (o->network == NULL) return o->widths[o->n_layers];
    ajp_image shapes[AJ_TRAIN_MAX_NETWORK + 1];
    return ajp_net_check(o, "", shapes, NULL) == AJ_OK ? shapes[o->n_network].channels : 0;
}

static aj_status check_samples(const ajp_samples *s, const aj_train_options *o, const char *name,
                               aj_error *err)
{
    const size_t n_classes = count_classes(o);
    if (s->n_features != input_size(o) && o->network != NULL)
        return ajp_fail(
            err, AJ_MISMATCH, 0,
            "%s: a sample has %zu values, 'input' says %zu; make it channels, height and width of "
            "a sample",
            name, s->n_features, input_size(o));
    if (s->n_features != input_size(o))
        return ajp_fail(err, AJ_MISMATCH, 0,
                        "%s: a sample has %zu values, the first layer %zu inputs; set layers to [%zu, ...]",
                        name, s->n_features, o->widths[0], s->n_features);
    if (s->labels == NULL && s->n > 0)
        return ajp_fail(err, AJ_MISMATCH, 0,
                        "%s: has no labels; training needs a class number for every sample", name);
    if (s->n > UINT32_MAX)
        return ajp_fail(err, AJ_UNSUPPORTED, 0, "%s: more than %u samples", name, UINT32_MAX);
    for (size_t i = 0; i < s->n; i++)
        if (s->labels[i] < 0 || (size_t)s->labels[i] >= n_classes)
            return ajp_fail(
                err, AJ_MISMATCH, 0,
                "%s: sample %zu has label %d, the last layer %zu outputs; labels run from 0 to %zu", name, i,
                (int)s->labels[i], n_classes, n_classes - 1);
    return AJ_OK;
}

static aj_status open_split(training *run, aj_dataset **set, const char *name, aj_split split, size_t most,
                            aj_error *err)
{
    aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
    options.split = split;
    options.max_samples = most;
    return aj_dataset_open(set, run->context, name, &options, err);
}

static aj_status take_set(training *run, const aj_dataset *set, ajp_samples *samples, aj_error *err)
{
    aj_dataset_info info = aj_dataset_describe(set);
    *samples = (ajp_samples){set, NULL, aj_dataset_labels(set), info.n_samples, info.n_features};
    return check_samples(samples, run->options, info.name, err);
}

static aj_status open_sets(training *run, aj_error *err)
{
    const aj_train_options *o = run->options;
    if (o->data == NULL) return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "data: no data set is named");
    AJ_TRY(open_split(run, &run->train_set, o->data, AJ_SPLIT_TRAIN, o->max_train_samples, err));
    AJ_TRY(take_set(run, run->train_set, &run->train, err));
    /* Without splits, testing on `data` would be testing on what was learnt. */
    bool whole = strcmp(aj_dataset_describe(run->train_set).split, "all") == 0;
    if (o->test_data == NULL && whole) return AJ_OK;
    const char *name = o->test_data != NULL ? o->test_data : o->data;
    AJ_TRY(open_split(run, &run->test_set, name, AJ_SPLIT_TEST, o->max_test_samples, err));
    return take_set(run, run->test_set, &run->test, err);
}

static aj_status open_samples(training *run, const aj_train_samples *train, const aj_train_samples *test,
                              aj_error *err)
{
    const aj_train_options *o = run->options;
    if (train == NULL) return open_sets(run, err);
    if (train->n == 0) return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "training samples: there are none");
    size_t most = o->max_train_samples > 0 ? ajp_min_size(o->max_train_samples, train->n) : train->n;
    run->train = (ajp_samples){NULL, train->inputs, train->labels, most, input_size(o)};
    if (test != NULL) {
        most = o->max_test_samples > 0 ? ajp_min_size(o->max_test_samples, test->n) : test->n;
        run->test = (ajp_samples){NULL, test->inputs, test->labels, most, input_size(o)};
    }
    AJ_TRY(check_samples(&run->train, o, "training samples", err));
    return run->test.n > 0 ? check_samples(&run->test, o, "test samples", err) : AJ_OK;
}

static aj_status allocate(training *run, aj_error *err)
{
    run->order = ajp_calloc(run->context, run->train.n, sizeof *run->order);
    run->losses = ajp_calloc(run->context, run->train.n, sizeof *run->losses);
    run->test_order = ajp_calloc(run->context, run->test.n + 1, sizeof *run->test_order);
    run->test_losses = ajp_calloc(run->context, run->test.n + 1, sizeof *run->test_losses);
    run->right = ajp_calloc(run->context, run->test.n + 1, sizeof *run->right);
    if (run->order == NULL || run->losses == NULL || run->test_order == NULL || run->test_losses == NULL ||
        run->right == NULL)
        return ajp_no_memory(err, "training");
    for (size_t i = 0; i < run->test.n; i++) run->test_order[i] = (uint32_t)i;
    return AJ_OK;
}

static void release(training *run)
{
    ajp_trainer_destroy(run->trainer);
    ajp_net_destroy(run->net);
    aj_dataset_close(run->train_set);
    aj_dataset_close(run->test_set);
    ajp_free(run->context, run->order);
    ajp_free(run->context, run->losses);
    ajp_free(run->context, run->test_order);
    ajp_free(run->context, run->test_losses);
    ajp_free(run->context, run->right);
}

/* ---- epochs -------------------------------------------------------------------------------------- */

static void evaluate(training *run, aj_train_epoch *epoch)
{
    size_t n = run->test.n, n_right = 0;
    epoch->test_loss = epoch->test_accuracy_ratio = NAN;
    if (n == 0) return;
    if (run->net != NULL)
        ajp_net_evaluate(run->net, &run->test, run->test_order, n, run->test_losses, run->right);
    else
        ajp_train_evaluate(run->trainer, &run->test, run->test_order, n, run->test_losses, run->right);
    for (size_t i = 0; i < n; i++) n_right += run->right[i];
    epoch->test_loss = aj_sum(run->test_losses, n) / (double)n;
    epoch->test_accuracy_ratio = (double)n_right / (double)n;
    run->result.evaluation_flops += 2 * run->result.macs_per_inference * n;
}

static void note_target(training *run, const aj_train_epoch *epoch)
{
    aj_train_result *r = &run->result;
    if (r->target_epoch != 0 || !(epoch->test_accuracy_ratio >= run->options->target_accuracy_ratio)) return;
    r->target_epoch = epoch->epoch;
    r->flops_to_target = (double)epoch->flops;
    r->duration_to_target_seconds = epoch->duration_seconds;
}

/* The batches of one epoch; *rate is that of the last. */
static aj_status run_batches(training *run, ajp_work *work, size_t epoch, double *rate, aj_error *err)
{
    const aj_train_options *o = run->options;
    char note[48];
    snprintf(note, sizeof note, "epoch %zu/%zu", epoch + 1, o->n_epochs);
    AJ_TRY(ajp_train_order(o->seed, epoch, o->shuffle, run->order, run->train.n, err));
    for (size_t first = 0; first < run->train.n; first += o->batch) {
        size_t n = ajp_min_size(o->batch, run->train.n - first);
        *rate = ajp_train_rate(o, epoch, run->n_steps_done++, run->n_steps);
        if (run->net == NULL)
            ajp_train_step(run->trainer, &run->train, run->order + first, n, *rate, run->losses + first);
        else
            AJ_TRY(ajp_net_step(run->net, &run->train, run->order + first, n, epoch, *rate,
                                run->losses + first, err));
        run->n_samples_done += n;
        if (!ajp_work_step(work, run->n_samples_done, note))
            return ajp_fail(err, AJ_INTERRUPTED, 0, "training was stopped in epoch %zu", epoch + 1);
    }
    return AJ_OK;
}

static aj_status run_epochs(training *run, aj_error *err)
{
    const aj_train_options *o = run->options;
    ajp_work work;
    ajp_work_begin(&work, run->context, "train", "samples", (uint64_t)o->n_epochs * run->train.n, 0);
    for (size_t e = 0; e < o->n_epochs; e++) {
        aj_train_epoch epoch = {.epoch = e + 1, .n_epochs = o->n_epochs};
        AJ_TRY(run_batches(run, &work, e, &epoch.learning_rate, err));
        epoch.train_loss = aj_sum(run->losses, run->train.n) / (double)run->train.n;
        if (!isfinite(epoch.train_loss))
            return ajp_fail(
                err, AJ_BAD_ARGUMENT, 0,
                "learning_rate: with %g the loss of epoch %zu is no longer finite; use a lower one",
                o->learning_rate, e + 1);
        epoch.flops = run->flops_per_sample * run->n_samples_done;
        evaluate(run, &epoch);
        epoch.duration_seconds = ajp_now_seconds() - run->started_seconds;
        note_target(run, &epoch);
        run->result.last = epoch;
        bool go_on = run->callbacks == NULL || run->callbacks->epoch == NULL ||
                     run->callbacks->epoch(run->callbacks->user, &epoch);
        if (!go_on || (o->stop_at_target && run->result.target_epoch != 0)) break;
    }
    ajp_work_finish(&work, run->n_samples_done, NULL);
    return AJ_OK;
}

/* ---- the network --------------------------------------------------------------------------------- */

static bool copy_layer(aj_trained *trained, const ajp_trainer *trainer, size_t l, float **weights,
                       float **biases)
{
    const ajp_layer *layer = &trainer->layers[l];
    weights[l] = ajp_arena_array(&trained->arena, layer->n_out * layer->n_in, sizeof(float));
    biases[l] = ajp_arena_array(&trained->arena, layer->n_out, sizeof(float));
    if (weights[l] == NULL || biases[l] == NULL) return false;
    ajp_trainer_export(trainer, l, weights[l], biases[l]);
    return true;
}

static aj_status copy_dense(aj_trained *trained, const training *run, const char *doc, aj_error *err)
{
    static const char *const names[AJ_N_ACTIVATIONS] = {"Relu", "LeakyRelu", "Sigmoid", "Tanh"};
    const aj_train_options *o = run->options;
    size_t *widths = ajp_arena_array(&trained->arena, o->n_layers + 1, sizeof *widths);
    float **weights = ajp_arena_array(&trained->arena, o->n_layers, sizeof *weights);
    float **biases = ajp_arena_array(&trained->arena, o->n_layers, sizeof *biases);
    bool good = widths != NULL && weights != NULL && biases != NULL;
    for (size_t l = 0; l < o->n_layers && good; l++)
        good = copy_layer(trained, run->trainer, l, weights, biases);
    if (!good) return ajp_no_memory(err, "trained network");
    memcpy(widths, o->widths, (o->n_layers + 1) * sizeof *widths);
    trained->network = (aj_dense_network){o->n_layers,
                                          widths,
                                          (const float *const *)weights,
                                          (const float *const *)biases,
                                          names[o->activation],
                                          (float)o->leaky_slope,
                                          doc};
    return AJ_OK;
}

static aj_status hand_over(aj_trained **out, const training *run, aj_error *err)
{
    const aj_train_options *o = run->options;
    aj_trained *trained = ajp_calloc(run->context, 1, sizeof *trained);
    if (trained == NULL) return ajp_no_memory(err, "trained network");
    trained->context = run->context;
    trained->onnx.context = run->context;
    ajp_arena_init(&trained->arena, run->context);
    const char *doc = ajp_arena_printf(
        &trained->arena, "%s%strained on %s for %zu epochs with seed %llu by attojoule " AJ_VERSION_STRING,
        o->name != NULL ? o->name : "", o->name != NULL ? ": " : "",
        run->train_set != NULL ? o->data : "arrays", run->result.last.epoch, (unsigned long long)o->seed);
    aj_status st = doc == NULL        ? ajp_no_memory(err, "trained network")
                   : run->net != NULL ? ajp_net_onnx(run->net, doc, &trained->onnx, err)
                                      : copy_dense(trained, run, doc, err);
    if (st == AJ_OK) {
        *out = trained;
        trained = NULL;
    }
    aj_trained_destroy(trained);
    return st;
}

static aj_status count_work(training *run, aj_error *err)
{
    const aj_train_options *o = run->options;
    aj_train_result *r = &run->result;
    if (o->network != NULL) {
        ajp_net_work work;
        AJ_TRY(ajp_net_count(o, &work, err));
        r->macs_per_inference = work.macs;
        r->n_parameters = work.n_parameters;
        run->flops_per_sample = 2 * (2 * work.macs + work.macs_back);
    } else {
        r->macs_per_inference = r->n_parameters = ajp_train_macs(o);
        for (size_t l = 1; l <= o->n_layers; l++) r->n_parameters += o->widths[l];
        run->flops_per_sample = ajp_train_flops(o);
    }
    r->flops_to_target = r->duration_to_target_seconds = NAN;
    run->n_steps = (uint64_t)o->n_epochs * ((run->train.n + o->batch - 1) / o->batch);
    return AJ_OK;
}

static aj_status create_engine(training *run, aj_error *err)
{
    if (run->options->network != NULL) return ajp_net_create(&run->net, run->context, run->options, err);
    return ajp_trainer_create(&run->trainer, run->context, run->options, err);
}

aj_status aj_train(aj_trained **out, aj_context *context, const aj_train_options *options,
                   const aj_train_samples *train, const aj_train_samples *test,
                   const aj_train_callbacks *callbacks, aj_train_result *result, aj_error *err)
{
    training run = {
        .context = context, .options = options, .callbacks = callbacks, .started_seconds = ajp_now_seconds()};
    aj_trained *trained = NULL;
    *out = NULL;
    AJ_TRY(aj_train_options_check(options, err));
    aj_status st = open_samples(&run, train, test, err);
    if (st == AJ_OK && options->stop_at_target && run.test.n == 0)
        st = ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "stop_at_target: there are no test samples to reach a target on; name some with test_data");
    if (st == AJ_OK) st = allocate(&run, err);
    if (st == AJ_OK) st = create_engine(&run, err);
    if (st == AJ_OK) st = count_work(&run, err);
    if (st == AJ_OK) st = run_epochs(&run, err);
    if (st == AJ_OK) st = hand_over(&trained, &run, err);
    if (st == AJ_OK && result != NULL) *result = run.result;
    *out = trained;
    release(&run);
    return st;
}

const aj_dense_network *aj_trained_network(const aj_trained *trained)
{
    return trained->network.n_layers > 0 ? &trained->network : NULL;
}

aj_status aj_trained_save(const aj_trained *trained, const char *path, aj_error *err)
{
    ajp_file_writer writer;
    if (trained->network.n_layers > 0)
        return aj_dense_network_save(trained->context, &trained->network, path, err);
    AJ_TRY(ajp_file_writer_open(&writer, trained->context, path, err));
    fwrite(trained->onnx.bytes, 1, trained->onnx.size, writer.stream); /* commit sees a failure */
    aj_status st = ajp_file_writer_commit(&writer, err);
    ajp_file_writer_abort(&writer);
    return st;
}

void aj_trained_destroy(aj_trained *trained)
{
    if (trained == NULL) return;
    ajp_onnx_out out = trained->onnx;
    ajp_out_free(&out);
    ajp_arena_free(&trained->arena);
    ajp_free(trained->context, trained);
}

/* options.c: the table of options, and which of them make sense together. */
#include "keys.h"

#include "net.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define WORD(id, word, text) word,
static const char *const activations[] = {AJ_TRAIN_ACTIVATION_LIST(WORD) NULL};
static const char *const initializations[] = {AJ_TRAIN_INITIALIZATION_LIST(WORD) NULL};
static const char *const optimizers[] = {AJ_TRAIN_OPTIMIZER_LIST(WORD) NULL};
static const char *const schedules[] = {AJ_TRAIN_SCHEDULE_LIST(WORD) NULL};
#undef WORD

#define AT(field) offsetof(aj_train_options, field)
const ajp_train_key ajp_train_keys[] = {
    {"", "name", AJP_KEY_TEXT, AT(name), 0, 0, false, false, NULL},
    {"", "data", AJP_KEY_TEXT, AT(data), 0, 0, false, false, NULL},
    {"", "test_data", AJP_KEY_TEXT, AT(test_data), 0, 0, false, false, NULL},
    {"", "model", AJP_KEY_TEXT, AT(model), 0, 0, false, false, NULL},
    {"", "activation", AJP_KEY_WORD, AT(activation), 0, 0, false, false, activations},
    {"", "leaky_slope", AJP_KEY_NUMBER, AT(leaky_slope), 0, 1, false, false, NULL},
    {"", "initialization", AJP_KEY_WORD, AT(initialization), 0, 0, false, false, initializations},
    {"", "epochs", AJP_KEY_COUNT, AT(n_epochs), 1, 16777215, false, false,
     NULL}, /* 24 bits of the random numbers' place */
    {"", "batch", AJP_KEY_COUNT, AT(batch), 1, 1048576, false, false, NULL},
    {"", "seed", AJP_KEY_SEED, AT(seed), 0, 0, false, false, NULL},
    {"", "shuffle", AJP_KEY_FLAG, AT(shuffle), 0, 0, false, false, NULL},
    {"", "train_samples", AJP_KEY_COUNT, AT(max_train_samples), 0, UINT32_MAX, false, false, NULL},
    {"", "test_samples", AJP_KEY_COUNT, AT(max_test_samples), 0, UINT32_MAX, false, false, NULL},
    {"", "target_accuracy_ratio", AJP_KEY_NUMBER, AT(target_accuracy_ratio), 0, 1, false, false, NULL},
    {"", "stop_at_target", AJP_KEY_FLAG, AT(stop_at_target), 0, 0, false, false, NULL},
    {"augmentation", "shift", AJP_KEY_COUNT, AT(max_shift), 0, 16383, false, false, NULL},
    {"augmentation", "horizontal_flip", AJP_KEY_FLAG, AT(horizontal_flip), 0, 0, false, false, NULL},
    {"optimizer", "kind", AJP_KEY_WORD, AT(optimizer), 0, 0, false, false, optimizers},
    {"optimizer", "learning_rate", AJP_KEY_NUMBER, AT(learning_rate), 0, 1000, true, false, NULL},
    {"optimizer", "momentum", AJP_KEY_NUMBER, AT(momentum), 0, 1, false, true, NULL},
    {"optimizer", "beta1", AJP_KEY_NUMBER, AT(beta1), 0, 1, false, true, NULL},
    {"optimizer", "beta2", AJP_KEY_NUMBER, AT(beta2), 0, 1, false, true, NULL},
    {"optimizer", "epsilon", AJP_KEY_NUMBER, AT(epsilon), 0, 1, true, false, NULL},
    {"optimizer", "weight_decay", AJP_KEY_NUMBER, AT(weight_decay), 0, 1000, false, false, NULL},
    {"optimizer", "decay_biases", AJP_KEY_FLAG, AT(decay_biases), 0, 0, false, false, NULL},
    {"schedule", "kind", AJP_KEY_WORD, AT(schedule), 0, 0, false, false, schedules},
    {"schedule", "factor", AJP_KEY_NUMBER, AT(step_factor), 0, 1, true, false, NULL},
    {"schedule", "every", AJP_KEY_COUNT, AT(step_every), 0, 16777215, false, false, NULL},
    {"schedule", "final_ratio", AJP_KEY_NUMBER, AT(final_ratio), 0, 1, false, false, NULL},
};
#undef AT
const size_t ajp_n_train_keys = sizeof ajp_train_keys / sizeof ajp_train_keys[0];

static aj_status check_number(const ajp_train_key *key, double value, const char *where, aj_error *err)
{
    bool good = (key->above ? value > key->low : value >= key->low) &&
                (key->below ? value < key->high : value <= key->high);
    if (good) return AJ_OK;
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s'%s' is %.9g; it must be %s%.9g and %s%.9g", where, key->key,
                    value, key->above ? "above " : "at least ", key->low, key->below ? "below " : "at most ",
                    key->high);
}

aj_status ajp_train_key_check(const ajp_train_key *key, const aj_train_options *options, const char *where,
                              aj_error *err)
{
    const char *field = (const char *)options + key->offset;
    double number;
    size_t count;
    int word;
    switch (key->kind) {
    case AJP_KEY_NUMBER:
        memcpy(&number, field, sizeof number);
        if (isnan(number) && key->offset == offsetof(aj_train_options, target_accuracy_ratio)) return AJ_OK;
        return check_number(key, number, where, err);
    case AJP_KEY_COUNT:
        memcpy(&count, field, sizeof count);
        return check_number(key, (double)count, where, err);
    case AJP_KEY_WORD:
        memcpy(&word, field, sizeof word);
        for (int i = 0; key->words[i] != NULL; i++)
            if (i == word) return AJ_OK;
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s'%s' has no choice number %d", where, key->key, word);
    case AJP_KEY_SEED:
    case AJP_KEY_FLAG:
    case AJP_KEY_TEXT:
        break;
    }
    return AJ_OK;
}

static aj_status check_network(const aj_train_options *o, aj_error *err)
{
    if (o->network != NULL) return ajp_net_check(o, "", NULL, err);
    if (o->max_shift > 0 || o->horizontal_flip)
        return ajp_fail(err, AJ_UNSUPPORTED, 0,
                        "'augmentation' needs images: give an 'input' and a list of 'layers' by name");
    if (o->n_layers < 1 || o->n_layers > AJ_TRAIN_MAX_LAYERS)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'layers' has %zu widths; give 2 to %d, the inputs first",
                        o->n_layers + 1, AJ_TRAIN_MAX_LAYERS + 1);
    for (size_t l = 0; l <= o->n_layers; l++)
        if (o->widths[l] < 1 || o->widths[l] > AJP_TRAIN_MAX_WIDTH)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'layers' has the width %zu; use 1 to %d", o->widths[l],
                            AJP_TRAIN_MAX_WIDTH);
    if (o->widths[o->n_layers] < 2)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'layers' ends with 1; the last width is the number of classes, at least 2");
    return AJ_OK;
}

static aj_status check_schedule(const aj_train_options *o, aj_error *err)
{
    if (o->schedule != AJ_SCHEDULE_STEP) return AJ_OK;
    if ((o->step_every > 0) == (o->n_step_at > 0))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'schedule' of kind step needs either 'every' or 'at', not both");
    if (o->n_step_at > AJ_TRAIN_MAX_STEPS)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'at' has %zu epochs; at most %d", o->n_step_at,
                        AJ_TRAIN_MAX_STEPS);
    for (size_t i = 0; i < o->n_step_at; i++)
        if (o->step_at[i] < 1 || (i > 0 && o->step_at[i] <= o->step_at[i - 1]))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'at' must list rising numbers of epochs, from 1");
    return AJ_OK;
}

aj_status aj_train_options_check(const aj_train_options *o, aj_error *err)
{
    if (o->struct_size != sizeof *o)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "training options: struct_size %zu; use AJ_TRAIN_OPTIONS_INIT", o->struct_size);
    AJ_TRY(check_network(o, err));
    for (size_t i = 0; i < ajp_n_train_keys; i++) AJ_TRY(ajp_train_key_check(&ajp_train_keys[i], o, "", err));
    AJ_TRY(check_schedule(o, err));
    if (o->stop_at_target && isnan(o->target_accuracy_ratio))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'stop_at_target' needs a 'target_accuracy_ratio'");
    return AJ_OK;
}

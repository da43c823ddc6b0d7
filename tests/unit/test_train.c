/* [threads] test_train.c: gradients against finite differences, optimisers against a plain reference in
 * double, the same bits for any threads, instruction set and block, specs and what is wrong with them. */
#include "check.h"

#include "train/trainer.h"

#include <unistd.h>

enum { N_SAMPLES = 37, N_IN = 19, N_CLASSES = 5 };

static char spec_path[] = "/tmp/test_train.XXXXXX";
static aj_context *context;
static aj_error err;
static float inputs[N_SAMPLES * N_IN];
static int32_t labels[N_SAMPLES];
static const aj_train_samples samples = {inputs, labels, N_SAMPLES};

static void make_samples(void)
{
    uint32_t key[2] = {7, 7}, word[4];
    for (uint32_t i = 0; i < N_SAMPLES * N_IN; i++) {
        uint32_t counter[4] = {i, 0, 0, 0};
        aj_philox4x32(key, counter, word);
        inputs[i] = (float)(word[0] / 4294967296.0 * 2.0 - 0.7);
    }
    for (uint32_t s = 0; s < N_SAMPLES; s++) {
        int best = 0;
        for (int c = 1; c < N_CLASSES; c++)
            if (inputs[s * N_IN + c] > inputs[s * N_IN + best]) best = c;
        labels[s] = best;
    }
}

static aj_train_options small(void)
{
    aj_train_options o = AJ_TRAIN_OPTIONS_INIT;
    size_t widths[4] = {N_IN, 17, 9, N_CLASSES};
    o.n_layers = 3;
    memcpy(o.widths, widths, sizeof widths);
    o.batch = N_SAMPLES;
    o.n_epochs = 1;
    o.momentum = 0.0;
    return o;
}

/* ---- a plain network in double ------------------------------------------------------------------- */

enum { MAX_W = 24 * 24 };
typedef struct {
    size_t n_layers, widths[5];
    double w[4][MAX_W], b[4][24]; /* w[l][j*n_in + i] */
    int activation;
    double slope;
} plain;

static double act(const plain *p, double x)
{
    switch (p->activation) {
    case AJ_ACTIVATION_SIGMOID:
        return 1.0 / (1.0 + exp(-x));
    case AJ_ACTIVATION_TANH:
        return tanh(x);
    default:
        return x > 0.0 ? x : x * (p->activation == AJ_ACTIVATION_LEAKY_RELU ? p->slope : 0.0);
    }
}

static double plain_loss(const plain *p, const uint32_t *order, size_t n)
{
    double sum = 0.0;
    for (size_t s = 0; s < n; s++) {
        double x[24], y[24];
        for (size_t i = 0; i < N_IN; i++) x[i] = (double)inputs[order[s] * N_IN + i];
        for (size_t l = 0; l < p->n_layers; l++) {
            for (size_t j = 0; j < p->widths[l + 1]; j++) {
                double z = p->b[l][j];
                for (size_t i = 0; i < p->widths[l]; i++) z += p->w[l][j * p->widths[l] + i] * x[i];
                y[j] = l + 1 < p->n_layers ? act(p, z) : z;
            }
            memcpy(x, y, sizeof x);
        }
        double total = 0.0;
        for (int c = 0; c < N_CLASSES; c++) total += exp(x[c]);
        sum += log(total) - x[labels[order[s]]];
    }
    return sum / (double)n;
}

static double slope_of(plain *p, double *parameter, const uint32_t *order, size_t n)
{
    double kept = *parameter, h = 1e-5;
    *parameter = kept + h;
    double up = plain_loss(p, order, n);
    *parameter = kept - h;
    double down = plain_loss(p, order, n);
    *parameter = kept;
    return (up - down) / (2.0 * h);
}

static void take(plain *p, const ajp_trainer *t)
{
    p->n_layers = t->n_layers;
    p->activation = (int)t->options.activation;
    p->slope = t->options.leaky_slope;
    memcpy(p->widths, t->options.widths, sizeof p->widths);
    for (size_t l = 0; l < t->n_layers; l++) {
        float w[MAX_W], b[24];
        ajp_trainer_export(t, l, w, b);
        for (size_t i = 0; i < p->widths[l] * p->widths[l + 1]; i++) p->w[l][i] = (double)w[i];
        for (size_t j = 0; j < p->widths[l + 1]; j++) p->b[l][j] = (double)b[j];
    }
}

/* ---- gradients ----------------------------------------------------------------------------------- */

/* One update without momentum at rate 1 is the gradient; it is compared with finite differences in double. */
static void check_gradient(aj_train_activation activation, size_t n_layers)
{
    static plain before, after;
    aj_train_options o = small();
    ajp_trainer *t = NULL;
    ajp_samples from = {NULL, inputs, labels, N_SAMPLES, N_IN};
    uint32_t order[N_SAMPLES];
    double losses[N_SAMPLES];
    o.activation = activation;
    o.leaky_slope = 0.2;
    o.n_layers = n_layers;
    o.widths[n_layers] = N_CLASSES;
    CHECK_OK(ajp_trainer_create(&t, context, &o, &err), err);
    CHECK_OK(ajp_train_order(3, 0, true, order, N_SAMPLES, &err), err);
    take(&before, t);
    ajp_train_step(t, &from, order, N_SAMPLES, 1.0, losses);
    take(&after, t);
    CHECK_CLOSE(aj_sum(losses, N_SAMPLES) / N_SAMPLES, plain_loss(&before, order, N_SAMPLES), 1e-6);
    double worst = 0.0, largest = 0.0;
    for (size_t l = 0; l < n_layers; l++) {
        size_t n_in = before.widths[l], n_out = before.widths[l + 1];
        for (size_t i = 0; i < n_in * n_out; i++) {
            double g = slope_of(&before, &before.w[l][i], order, N_SAMPLES),
                   got = before.w[l][i] - after.w[l][i];
            worst = fmax(worst, fabs(g - got));
            largest = fmax(largest, fabs(g));
        }
        for (size_t j = 0; j < n_out; j++)
            worst = fmax(worst, fabs(slope_of(&before, &before.b[l][j], order, N_SAMPLES) -
                                     (before.b[l][j] - after.b[l][j])));
    }
    CHECK(largest > 0.02);
    CHECK_NEAR(worst, 0.0, 4e-7); /* float32 rounding of w - g */
    ajp_trainer_destroy(t);
}

/* ---- optimisers ---------------------------------------------------------------------------------- */

typedef struct {
    double m[4][MAX_W], v[4][MAX_W], bm[4][24], bv[4][24];
} plain_moments;

static double plain_update(const aj_train_options *o, double w, double g, double *m, double *v, double decay,
                           double rate, int t)
{
    g += decay * w;
    if (o->optimizer == AJ_OPTIMIZER_SGD) {
        *m = o->momentum * *m + g;
        return w - rate * *m;
    }
    *m = o->beta1 * *m + (1.0 - o->beta1) * g;
    *v = o->beta2 * *v + (1.0 - o->beta2) * g * g;
    double m_hat = *m / (1.0 - pow(o->beta1, t)), v_hat = *v / (1.0 - pow(o->beta2, t));
    return w - rate * m_hat / (sqrt(v_hat) + o->epsilon);
}

static void plain_step(plain *p, plain_moments *k, const aj_train_options *o, const uint32_t *order, size_t n,
                       double rate, int t)
{
    static plain next;
    next = *p;
    double bias_decay = o->decay_biases ? o->weight_decay : 0.0;
    for (size_t l = 0; l < p->n_layers; l++) {
        for (size_t i = 0; i < p->widths[l] * p->widths[l + 1]; i++)
            next.w[l][i] = plain_update(o, p->w[l][i], slope_of(p, &p->w[l][i], order, n), &k->m[l][i],
                                        &k->v[l][i], o->weight_decay, rate, t);
        for (size_t j = 0; j < p->widths[l + 1]; j++)
            next.b[l][j] = plain_update(o, p->b[l][j], slope_of(p, &p->b[l][j], order, n), &k->bm[l][j],
                                        &k->bv[l][j], bias_decay, rate, t);
    }
    *p = next;
}

/* A whole training (3 epochs of 3 batches, the last of 5 samples) against the same in double. */
static void check_optimizer(aj_train_options o)
{
    static plain p;
    static plain_moments k;
    ajp_trainer *t = NULL;
    aj_trained *trained = NULL;
    aj_train_result result;
    o.batch = 16;
    o.n_epochs = 3;
    memset(&k, 0, sizeof k);
    CHECK_OK(ajp_trainer_create(&t, context, &o, &err), err);
    take(&p, t);
    ajp_trainer_destroy(t);
    for (int e = 0, step = 0; e < 3; e++) {
        uint32_t order[N_SAMPLES];
        CHECK_OK(ajp_train_order(o.seed, e, o.shuffle, order, N_SAMPLES, &err), err);
        for (size_t first = 0; first < N_SAMPLES; first += 16, step++) {
            double rate = ajp_train_rate(&o, e, step, 9);
            plain_step(&p, &k, &o, order + first, ajp_min_size(16, N_SAMPLES - first), rate, step + 1);
        }
    }
    CHECK_OK(aj_train(&trained, context, &o, &samples, &samples, NULL, &result, &err), err);
    if (trained == NULL) return;
    const aj_dense_network *net = aj_trained_network(trained);
    double worst = 0.0, order_size = 0.0;
    for (size_t l = 0; l < p.n_layers; l++) {
        for (size_t i = 0; i < p.widths[l] * p.widths[l + 1]; i++) {
            worst = fmax(worst, fabs(p.w[l][i] - (double)net->weights[l][i]));
            order_size = fmax(order_size, fabs(p.w[l][i]));
        }
        for (size_t j = 0; j < p.widths[l + 1]; j++)
            worst = fmax(worst, fabs(p.b[l][j] - (double)net->biases[l][j]));
    }
    CHECK(order_size > 0.3);
    CHECK_NEAR(worst, 0.0, 5e-6);
    uint32_t all[N_SAMPLES];
    for (uint32_t i = 0; i < N_SAMPLES; i++) all[i] = i;
    CHECK_CLOSE(result.last.test_loss, plain_loss(&p, all, N_SAMPLES), 1e-5);
    aj_trained_destroy(trained);
}

static void test_optimizers(void)
{
    aj_train_options o = small();
    o.activation = AJ_ACTIVATION_TANH; /* smooth: no sample sits on a kink */
    o.learning_rate = 0.3;
    check_optimizer(o);
    o.momentum = 0.9;
    o.weight_decay = 0.05;
    o.schedule = AJ_SCHEDULE_STEP;
    o.n_step_at = 1;
    o.step_at[0] = 2;
    check_optimizer(o);
    o.decay_biases = true;
    o.schedule = AJ_SCHEDULE_COSINE;
    check_optimizer(o);
    o.optimizer = AJ_OPTIMIZER_ADAM;
    o.learning_rate = 0.01;
    check_optimizer(o);
}

/* ---- schedules, orders, counts -------------------------------------------------------------------- */

static void test_schedules(void)
{
    aj_train_options o = small();
    CHECK(ajp_train_rate(&o, 5, 500, 1000) == o.learning_rate);
    o.schedule = AJ_SCHEDULE_STEP;
    o.step_every = 3;
    CHECK_CLOSE(ajp_train_rate(&o, 2, 0, 1), 0.05, 1e-15);
    CHECK_CLOSE(ajp_train_rate(&o, 3, 0, 1), 0.005, 1e-15);
    CHECK_CLOSE(ajp_train_rate(&o, 6, 0, 1), 0.0005, 1e-15);
    o.step_every = 0;
    o.n_step_at = 2;
    o.step_at[0] = 2;
    o.step_at[1] = 5;
    CHECK_CLOSE(ajp_train_rate(&o, 1, 0, 1), 0.05, 1e-15); /* after two epochs means from the third on */
    CHECK_CLOSE(ajp_train_rate(&o, 2, 0, 1), 0.005, 1e-15);
    CHECK_CLOSE(ajp_train_rate(&o, 5, 0, 1), 0.0005, 1e-15);
    o.schedule = AJ_SCHEDULE_COSINE;
    o.final_ratio = 0.1;
    for (int i = 0; i <= 100; i++)
        CHECK_CLOSE(ajp_train_rate(&o, 0, i, 101),
                    0.05 * (0.1 + 0.9 * 0.5 * (1.0 + cos(3.14159265358979323846 * i / 100))), 1e-14);
}

static void test_order(void)
{
    enum { N = 1000, EPOCHS = 2000 };
    static uint32_t order[N], again[N], seen[N], first[10];
    CHECK_OK(ajp_train_order(1, 3, true, order, N, &err), err);
    CHECK_OK(ajp_train_order(1, 3, true, again, N, &err), err);
    CHECK(memcmp(order, again, sizeof order) == 0);
    for (size_t i = 0; i < N; i++) seen[order[i]]++;
    for (size_t i = 0; i < N; i++) CHECK(seen[i] == 1);
    CHECK_OK(ajp_train_order(1, 4, true, again, N, &err), err);
    CHECK(memcmp(order, again, sizeof order) != 0);
    CHECK_OK(ajp_train_order(1, 4, false, again, 10, &err), err);
    CHECK(again[0] == 0 && again[9] == 9);
    /* Of 10 samples each comes first equally often: chi-squared with 9 degrees, 99.9 % point 27.9. */
    for (size_t e = 0; e < EPOCHS; e++) {
        CHECK_OK(ajp_train_order(5, e, true, again, 10, &err), err);
        first[again[0]]++;
    }
    double chi2 = 0.0;
    for (int i = 0; i < 10; i++)
        chi2 += (first[i] - EPOCHS / 10.0) * (first[i] - EPOCHS / 10.0) / (EPOCHS / 10.0);
    CHECK(chi2 < 27.9);
}

static void check_initialization(aj_train_initialization kind, double variance, bool uniform)
{
    aj_train_options o = AJ_TRAIN_OPTIONS_INIT;
    ajp_trainer *t = NULL;
    static float w[200 * 300];
    float b[200];
    o.n_layers = 1;
    o.widths[0] = 300;
    o.widths[1] = 200;
    o.initialization = kind;
    CHECK_OK(ajp_trainer_create(&t, context, &o, &err), err);
    ajp_trainer_export(t, 0, w, b);
    double sum = 0.0, squares = 0.0, most = 0.0;
    for (size_t i = 0; i < 60000; i++) {
        sum += w[i];
        squares += (double)w[i] * w[i];
        most = fmax(most, fabs(w[i]));
    }
    CHECK_NEAR(sum / 60000.0, 0.0, 4.0 * sqrt(variance / 60000.0));
    CHECK_CLOSE(squares / 60000.0, variance, 4.0 * sqrt(2.0 / 60000.0));
    CHECK(uniform ? most <= sqrt(3.0 * variance) * 1.000001 && most > sqrt(3.0 * variance) * 0.999
                  : most > 3.5 * sqrt(variance));
    CHECK(b[0] == 0.0f);
    ajp_trainer_destroy(t);
}

static void test_counts(void)
{
    aj_train_options o = AJ_TRAIN_OPTIONS_INIT;
    size_t widths[4] = {784, 100, 100, 10};
    o.n_layers = 3;
    memcpy(o.widths, widths, sizeof widths);
    CHECK_INT(ajp_train_macs(&o), 89400);
    CHECK_INT(ajp_train_flops(&o), 2 * (3 * 89400 - 78400));
}

/* ---- the same bits ------------------------------------------------------------------------------- */

static bool note_epoch(void *user, const aj_train_epoch *epoch)
{
    ((aj_train_epoch *)user)[epoch->epoch - 1] = *epoch;
    return epoch->epoch < 3;
}

/* Weights after 3 epochs of batches of 33 with a rest of 20, layers wider than a block, every activation in
 * turn. */
static void train_bits(unsigned n_threads, aj_isa isa, aj_train_activation activation, float *out,
                       size_t n_out)
{
    enum { N = 218, WIDTH = 130 };
    static float x[N * WIDTH];
    static int32_t y[N];
    aj_context_options co = AJ_CONTEXT_OPTIONS_INIT;
    aj_context *c = NULL;
    aj_train_options o = AJ_TRAIN_OPTIONS_INIT;
    aj_trained *trained = NULL;
    aj_train_epoch epochs[3];
    aj_train_callbacks callbacks = {note_epoch, epochs};
    aj_train_result result;
    size_t widths[4] = {WIDTH, 300, 21, 7};
    for (size_t i = 0; i < N * WIDTH; i++) x[i] = (float)((i * 7919u) % 1009u) / 1009.0f - 0.4f;
    for (size_t i = 0; i < N; i++) y[i] = (int32_t)((i * i) % 7);
    co.n_threads = n_threads;
    co.isa = isa;
    CHECK_OK(aj_context_create(&c, &co, &err), err);
    o.n_layers = 3;
    memcpy(o.widths, widths, sizeof widths);
    o.activation = activation;
    o.optimizer = activation == AJ_ACTIVATION_TANH ? AJ_OPTIMIZER_ADAM : AJ_OPTIMIZER_SGD;
    o.learning_rate = 0.01;
    o.weight_decay = 1e-3;
    o.batch = 33;
    aj_train_samples s = {x, y, N};
    CHECK_OK(aj_train(&trained, c, &o, &s, &s, &callbacks, &result, &err), err);
    CHECK_INT(result.last.epoch, 3); /* the callback ended it */
    const aj_dense_network *net = aj_trained_network(trained);
    memset(out, 0, n_out * sizeof *out);
    size_t at = 0;
    for (size_t l = 0; l < 3; l++) {
        memcpy(out + at, net->weights[l], widths[l] * widths[l + 1] * sizeof(float));
        at += widths[l] * widths[l + 1];
        memcpy(out + at, net->biases[l], widths[l + 1] * sizeof(float));
        at += widths[l + 1];
    }
    memcpy(out + at, &result.last.train_loss, sizeof(double));
    memcpy(out + at + 2, &result.last.test_loss, sizeof(double));
    CHECK(at + 4 <= n_out);
    aj_trained_destroy(trained);
    aj_context_destroy(c);
}

static void test_bits(void)
{
    enum { N_OUT = 50000 };
    static float one[N_OUT], other[N_OUT];
    for (int activation = 0; activation < AJ_N_ACTIVATIONS; activation++) {
        train_bits(1, AJ_ISA_AUTO, (aj_train_activation)activation, one, N_OUT);
        for (unsigned n_threads = 2; n_threads <= 7; n_threads += 5) {
            train_bits(n_threads, AJ_ISA_AUTO, (aj_train_activation)activation, other, N_OUT);
            CHECK(memcmp(one, other, sizeof one) == 0);
        }
        for (int isa = AJ_ISA_SCALAR; isa <= AJ_ISA_AVX512; isa++) {
            if (!aj_isa_supported((aj_isa)isa)) continue;
            train_bits(2, (aj_isa)isa, (aj_train_activation)activation, other, N_OUT);
            CHECK(memcmp(one, other, sizeof one) == 0);
        }
    }
}

/* ---- the loop ------------------------------------------------------------------------------------- */

static bool stop_at_once(void *user, const aj_progress_event *event)
{
    (void)event;
    ++*(int *)user;
    return false;
}

static void test_loop(void)
{
    aj_train_options o = small();
    aj_trained *trained = NULL;
    aj_train_result result;
    o.momentum = 0.9;
    o.batch = 8;
    o.n_epochs = 200;
    o.target_accuracy_ratio = 0.9;
    o.stop_at_target = true;
    CHECK_OK(aj_train(&trained, context, &o, &samples, &samples, NULL, &result, &err), err);
    CHECK(result.target_epoch > 1 && result.target_epoch < 200);
    CHECK_INT(result.last.epoch, result.target_epoch);
    CHECK(result.last.test_accuracy_ratio >= 0.9);
    CHECK(result.flops_to_target == (double)(ajp_train_flops(&o) * N_SAMPLES * result.target_epoch));
    CHECK_INT(result.last.flops, ajp_train_flops(&o) * N_SAMPLES * result.target_epoch);
    CHECK_INT(result.evaluation_flops, 2 * ajp_train_macs(&o) * N_SAMPLES * result.target_epoch);
    CHECK_INT(result.n_parameters, ajp_train_macs(&o) + 17 + 9 + 5);
    aj_trained_destroy(trained);
    o.n_epochs = 2;
    o.target_accuracy_ratio = 1.0;
    CHECK_OK(aj_train(&trained, context, &o, &samples, &samples, NULL, &result, &err), err);
    CHECK(isnan(result.flops_to_target) && result.target_epoch == 0);
    aj_trained_destroy(trained);
    o.stop_at_target = false;
    CHECK_OK(aj_train(&trained, context, &o, &samples, NULL, NULL, &result, &err), err);
    CHECK(isnan(result.last.test_accuracy_ratio) && isnan(result.last.test_loss));
    CHECK_STRING(aj_trained_network(trained)->activation, "Relu");
    aj_trained_destroy(trained);
}

static void test_refusals(void)
{
    aj_train_options o = small();
    aj_trained *trained = NULL;
    aj_train_samples none = {inputs, labels, 0};
    o.learning_rate = 1000.0; /* and a decay that multiplies every weight by -999 each time */
    o.weight_decay = 1.0;
    o.n_epochs = 50;
    CHECK_INT(aj_train(&trained, context, &o, &samples, NULL, NULL, NULL, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "learning_rate");
    CHECK(trained == NULL);
    o = small();
    CHECK_INT(aj_train(&trained, context, &o, &none, NULL, NULL, NULL, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(aj_train(&trained, context, &o, NULL, NULL, NULL, NULL, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "data");
    o.data = "no-such-set";
    CHECK_INT(aj_train(&trained, context, &o, NULL, NULL, NULL, NULL, &err), AJ_NOT_FOUND);
    o.widths[3] = 4;
    CHECK_INT(aj_train(&trained, context, &o, &samples, NULL, NULL, NULL, &err), AJ_MISMATCH);
    CHECK_CONTAINS(err.message, "label 4");
    o = small();
    o.momentum = 1.0;
    CHECK_INT(aj_train_options_check(&o, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "'momentum' is 1; it must be at least 0 and below 1");
    o = small();
    o.weight_decay = NAN;
    CHECK_INT(aj_train_options_check(&o, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "weight_decay");
    o = small();
    o.activation = (aj_train_activation)9;
    CHECK_INT(aj_train_options_check(&o, &err), AJ_BAD_ARGUMENT);
    o = small();
    o.stop_at_target = true;
    CHECK_INT(aj_train_options_check(&o, &err), AJ_BAD_ARGUMENT);
    int n_calls = 0;
    aj_context_options co = AJ_CONTEXT_OPTIONS_INIT;
    aj_context *c = NULL;
    co.progress = (aj_progress){stop_at_once, &n_calls};
    CHECK_OK(aj_context_create(&c, &co, &err), err);
    o = small();
    o.n_epochs = 1000000;
    CHECK_INT(aj_train(&trained, c, &o, &samples, NULL, NULL, NULL, &err), AJ_INTERRUPTED);
    CHECK(n_calls == 1 && trained == NULL);
    aj_context_destroy(c);
}

/* What is written is what was trained: the file, run by the executor, has the trainer's own loss and
 * accuracy. */
static void test_saved(void)
{
    aj_train_options o = small();
    aj_trained *trained = NULL;
    aj_train_result result;
    aj_model *model = NULL;
    aj_session *session = NULL;
    float outputs[N_SAMPLES * N_CLASSES];
    char path[64];
    snprintf(path, sizeof path, "%s.onnx", spec_path);
    o.activation = AJ_ACTIVATION_LEAKY_RELU;
    o.n_epochs = 30;
    o.batch = 8;
    CHECK_OK(aj_train(&trained, context, &o, &samples, &samples, NULL, &result, &err), err);
    CHECK_OK(aj_dense_network_save(context, aj_trained_network(trained), path, &err), err);
    aj_trained_destroy(trained);
    CHECK_OK(aj_model_load(&model, context, path, &err), err);
    CHECK_OK(aj_session_create(&session, context, model, 16, &err), err);
    CHECK_OK(aj_session_run(session, inputs, N_SAMPLES, outputs, &err), err);
    double loss = 0.0;
    size_t n_right = 0;
    for (size_t s = 0; s < N_SAMPLES; s++) {
        const float *y = outputs + s * N_CLASSES;
        double total = 0.0;
        int best = 0;
        for (int c = 0; c < N_CLASSES; c++) total += exp(y[c]);
        for (int c = 1; c < N_CLASSES; c++) best = y[c] > y[best] ? c : best;
        loss += log(total) - (double)y[labels[s]];
        n_right += best == labels[s];
    }
    CHECK_CLOSE(loss / N_SAMPLES, result.last.test_loss, 1e-5);
    CHECK(n_right == (size_t)lround(result.last.test_accuracy_ratio * N_SAMPLES) && n_right > N_SAMPLES / 2);
    aj_session_destroy(session);
    aj_model_destroy(model);
    remove(path);
}

static size_t allowed;

static void *scarce_alloc(void *user, size_t size)
{
    (void)user;
    if (allowed == 0) return NULL;
    allowed--;
    return aligned_alloc(64, (size + 63) / 64 * 64);
}

static void scarce_free(void *user, void *pointer)
{
    (void)user;
    free(pointer);
}

/* Memory that runs out at every allocation in turn: a status, never a crash or (under ASan) a leak. */
static void test_out_of_memory(void)
{
    aj_context_options co = AJ_CONTEXT_OPTIONS_INIT;
    aj_context *scarce = NULL;
    aj_train_options o = small();
    aj_trained *trained = NULL;
    co.n_threads = 1;
    co.allocator = (aj_allocator){scarce_alloc, scarce_free, NULL};
    allowed = 100;
    CHECK_OK(aj_context_create(&scarce, &co, &err), err);
    size_t n = 0;
    for (aj_status st = AJ_NO_MEMORY; st != AJ_OK && n < 300; n++) {
        allowed = n;
        st = aj_train(&trained, scarce, &o, &samples, &samples, NULL, NULL, &err);
        CHECK(st == AJ_OK ? trained != NULL : st == AJ_NO_MEMORY && trained == NULL);
    }
    CHECK(n > 10 && trained != NULL);
    aj_trained_destroy(trained);
    aj_context_destroy(scarce);
}

/* ---- specs ---------------------------------------------------------------------------------------- */

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

static void test_good_spec(void)
{
    aj_train_spec *spec = NULL;
    CHECK_INT(load(&spec,
                   "data: mnist\nlayers: [784, 100, 10]\nactivation: leaky_relu\nleaky_slope: 0.1\nseed: "
                   "12345678901\n"
                   "optimizer: {kind: adam, weight_decay: 1e-4, decay_biases: true}\nshuffle: false\n"
                   "schedule: {kind: step, at: [3, 5], factor: 0.5}\nepochs: 7\nbatch: 33\nmodel: x.onnx\n"
                   "target_accuracy_ratio: 0.95\nstop_at_target: true\ntrain_samples: 100\n"),
              AJ_OK);
    if (spec == NULL) {
        fprintf(stderr, "%s\n", err.message);
        return;
    }
    const aj_train_options *o = aj_train_spec_options(spec);
    CHECK_STRING(o->data, "mnist");
    CHECK_STRING(o->model, "x.onnx");
    CHECK_INT(o->n_layers, 2);
    CHECK_INT(o->widths[2], 10);
    CHECK_INT(o->activation, AJ_ACTIVATION_LEAKY_RELU);
    CHECK(o->leaky_slope == 0.1 && o->weight_decay == 1e-4 && o->decay_biases && !o->shuffle &&
          o->learning_rate == 1e-3);
    CHECK(o->seed == 12345678901u && o->n_epochs == 7 && o->batch == 33 && o->max_train_samples == 100);
    CHECK(o->n_step_at == 2 && o->step_at[1] == 5 && o->step_factor == 0.5 &&
          o->schedule == AJ_SCHEDULE_STEP);
    CHECK(o->stop_at_target && o->target_accuracy_ratio == 0.95);
    aj_train_spec_destroy(spec);
    char path[600];
    const char *examples[2] = {"mnist-small", "fashion-small"};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/examples/train/%s.yaml", getenv("AJ_SOURCE_DIR"), examples[i]);
        CHECK_OK(aj_train_spec_load(&spec, context, path, &err), err);
        if (spec != NULL) CHECK_INT(aj_train_spec_options(spec)->widths[0], 784);
        aj_train_spec_destroy(spec);
    }
}

static void test_bad_specs(void)
{
    const char *good = "data: mnist\nlayers: [784, 10]\n";
    char text[400];
    bad("layers: [784, 10]\n", ":", "'data' is missing");
    bad("data: mnist\n", ":", "'layers' is missing");
    bad("data: mnist\nlayers: [784, 0]\n", ":2:", "'layers'");
    bad("data: mnist\nlayers: [784]\n", ":2:", "'layers'");
    bad("data: mnist\nlayers: [784, 1]\n", ":2:", "classes");
    bad("data: mnist\nlayers: 784\n", ":2:", "list");
    bad("data: mnist\nlayers: [784, ten]\n", ":2:", "'layers'");
    bad("- data\n", ":1:", "map");
    bad("", ":1:", "empty");
#define BAD(rest, line, part)                            \
    do {                                                 \
        snprintf(text, sizeof text, "%s%s", good, rest); \
        bad(text, line, part);                           \
    } while (0)
    BAD("epoch: 3\n", ":3:", "unknown key 'epoch'");
    BAD("epochs: 0\n", ":3:", "'epochs'");
    BAD("epochs: 2.5\n", ":3:", "whole number");
    BAD("activation: swish\n", ":3:", "relu, leaky_relu, sigmoid, tanh");
    BAD("shuffle: 1\n", ":3:", "true or false");
    BAD("seed: -1\n", ":3:", "'seed'");
    BAD("target_accuracy_ratio: 95\n", ":3:", "at most 1");
    BAD("target_accuracy_ratio: 95%\n", ":3:", "a number");
    BAD("stop_at_target: true\n", ":3:", "needs a 'target_accuracy_ratio'");
    BAD("optimizer: sgd\n", ":3:", "map");
    BAD("optimizer:\n  kind: sgd\n  rate: 1\n", ":5:", "unknown key 'rate'");
    BAD("optimizer:\n  learning_rate: 0\n", ":4:", "above 0");
    BAD("optimizer:\n  momentum: 1\n", ":4:", "below 1");
    BAD("schedule:\n  kind: step\n", ":3:", "either 'every' or 'at'");
    BAD("schedule:\n  kind: step\n  at: [5, 3]\n", ":3:", "rising");
    BAD("schedule:\n  kind: step\n  at: [0]\n", ":5:", "'at'");
    BAD("schedule:\n  kind: cosine\n  final_ratio: 2\n", ":5:", "at most 1");
    aj_train_spec *spec = NULL;
    CHECK_INT(aj_train_spec_load(&spec, context, "/nonexistent/spec.yaml", &err), AJ_NOT_FOUND);
    CHECK_CONTAINS(err.message, "/nonexistent/spec.yaml");
}

int main(void)
{
    int fd = mkstemp(spec_path);
    if (fd < 0) return 1;
    close(fd);
    CHECK_OK(aj_context_create(&context, NULL, &err), err);
    make_samples();
    for (int activation = 0; activation < AJ_N_ACTIVATIONS; activation++)
        for (size_t n_layers = 1; n_layers <= 3; n_layers++)
            check_gradient((aj_train_activation)activation, n_layers);
    test_optimizers();
    test_schedules();
    test_order();
    check_initialization(AJ_INITIALIZATION_GLOROT, 2.0 / 500.0, false);
    check_initialization(AJ_INITIALIZATION_HE, 2.0 / 300.0, false);
    check_initialization(AJ_INITIALIZATION_GLOROT_UNIFORM, 2.0 / 500.0, true);
    check_initialization(AJ_INITIALIZATION_HE_UNIFORM, 2.0 / 300.0, true);
    test_counts();
    test_bits();
    test_loop();
    test_refusals();
    test_saved();
    test_out_of_memory();
    test_good_spec();
    test_bad_specs();
    aj_context_destroy(context);
    unlink(spec_path);
    return check_report();
}

/* [threads] test_train_net.c: networks of any layers: every gradient against central differences of a plain
 * network in double, running averages of batch norm, what a trained file says, the same bits for any threads,
 * instruction set and place in the batch. */
#include "check.h"
#include "train_net.h"

#include "attojoule/nn.h"
#include "train/net_export.h"

#include <unistd.h>

static aj_context *context;
static aj_error err;

/* ---- gradients ------------------------------------------------------------------------------------ */

static double slope_of(plain_net *p, double *parameter)
{
    const double kept = *parameter, h = 1e-5;
    *parameter = kept + h;
    const double up = plain_loss(p, true);
    *parameter = kept - h;
    const double down = plain_loss(p, true);
    *parameter = kept;
    return (up - down) / (2.0 * h);
}

/* One update without momentum at rate 1 is the gradient. */
static void check_gradients(const char *what, const aj_train_layer *layers, size_t n_layers,
                            const size_t image[3])
{
    static plain_net before, after;
    aj_train_options o = net_options(layers, n_layers, image);
    ajp_net *t = NULL;
    uint32_t order[N_SAMPLES];
    double losses[N_SAMPLES];
    CHECK_OK(ajp_net_create(&t, context, &o, &err), err);
    if (t == NULL) return;
    ajp_samples from = {NULL, net_inputs, net_labels, N_SAMPLES, ajp_image_size(&t->values[0].image)};
    CHECK_OK(ajp_train_order(3, 0, true, order, N_SAMPLES, &err), err);
    spread_vectors(t);
    plain_take(&before, t, order);
    CHECK_OK(ajp_net_step(t, &from, order, N_SAMPLES, 5, 1.0, losses, &err), err);
    plain_take(&after, t, order);
    plain_masks(&before, t);
    CHECK_CLOSE(aj_sum(losses, N_SAMPLES) / N_SAMPLES, plain_loss(&before, true), 2e-6);
    for (size_t l = 0; l < n_layers; l++) {
        double worst = 0.0, largest = 0.0;
        for (size_t i = 0; i < before.n_parameters[l]; i++) {
            const double g = slope_of(&before, &before.parameters[l][i]),
                         got = before.parameters[l][i] - after.parameters[l][i];
            worst = fmax(worst, fabs(g - got));
            largest = fmax(largest, fabs(g));
        }
        CHECK(before.n_parameters[l] == 0 || largest > 1e-3);
        CHECK_NEAR(worst, 0.0, 1e-6 * (1.0 + largest));
        if (worst > 1e-6 * (1.0 + largest) || (before.n_parameters[l] > 0 && largest <= 1e-3))
            fprintf(stderr, "  of layer %zu (%s) of '%s': off by %.3g, largest %.3g\n", l + 1,
                    ajp_layer_name(layers[l].kind), what, worst, largest);
    }
    ajp_net_destroy(t);
}

#define LAYER(...)                     \
    {                                  \
        .kind = AJ_LAYER_##__VA_ARGS__ \
    }
#define CHECK_GRADIENTS(name, image, ...)                                       \
    do {                                                                        \
        aj_train_layer layers[] = {__VA_ARGS__};                                \
        chain(layers, sizeof layers / sizeof layers[0]);                        \
        check_gradients(name, layers, sizeof layers / sizeof layers[0], image); \
    } while (0)

static void test_gradients(void)
{
    static const size_t image[3] = {2, 6, 7}, four[3] = {4, 5, 5}, flat[3] = {11, 0, 0};
    CHECK_GRADIENTS("plain", image, LAYER(CONV, .n_outputs = 5, .kernel = {3, 3}, .padding = {1, 1}),
                    LAYER(RELU), LAYER(MAX_POOL, .kernel = {2, 2}),
                    LAYER(CONV, .n_outputs = 3, .kernel = {2, 2}), LAYER(FLATTEN),
                    LAYER(DENSE, .n_outputs = N_CLASSES));
    CHECK_GRADIENTS(
        "odd windows", image,
        LAYER(CONV, .n_outputs = 17, .kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0}), LAYER(TANH),
        LAYER(CONV, .n_outputs = 3, .kernel = {2, 3}, .stride = {1, 2}, .padding = {2, 1}),
        LAYER(AVERAGE_POOL, .kernel = {3, 3}, .stride = {2, 1}, .padding = {1, 1}), LAYER(SIGMOID),
        LAYER(FLATTEN), LAYER(DENSE, .n_outputs = N_CLASSES, .without_bias = true));
    CHECK_GRADIENTS(
        "groups", four, LAYER(CONV, .n_outputs = 6, .kernel = {3, 3}, .padding = {1, 1}, .groups = 2),
        LAYER(TANH), LAYER(CONV, .n_outputs = 6, .kernel = {3, 3}, .groups = 6),
        LAYER(LEAKY_RELU, .leaky_slope = 0.2), LAYER(CONV, .n_outputs = 9, .kernel = {1, 1}, .groups = 3),
        LAYER(GLOBAL_AVERAGE_POOL), LAYER(FLATTEN), LAYER(DENSE, .n_outputs = N_CLASSES));
    CHECK_GRADIENTS("more channels by themselves than a vector has", image,
                    LAYER(CONV, .n_outputs = 21, .kernel = {1, 1}), LAYER(TANH),
                    LAYER(CONV, .n_outputs = 21, .kernel = {3, 3}, .stride = {2, 1}, .padding = {1, 1},
                          .groups = 21, .without_bias = true),
                    LAYER(SIGMOID), LAYER(FLATTEN), LAYER(DENSE, .n_outputs = N_CLASSES));
    CHECK_GRADIENTS("norm and overlapping windows", image,
                    LAYER(CONV, .n_outputs = 4, .kernel = {3, 3}, .padding = {2, 2}, .without_bias = true),
                    LAYER(BATCH_NORM), LAYER(RELU),
                    LAYER(MAX_POOL, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}), LAYER(BATCH_NORM),
                    LAYER(FLATTEN), LAYER(DENSE, .n_outputs = 8), LAYER(BATCH_NORM, .epsilon = 1e-3),
                    LAYER(TANH), LAYER(DENSE, .n_outputs = N_CLASSES));
    CHECK_GRADIENTS("flat with dropout", flat, LAYER(DENSE, .n_outputs = 13), LAYER(SIGMOID),
                    LAYER(DROPOUT, .dropped_ratio = 0.4), LAYER(DENSE, .n_outputs = 9), LAYER(RELU),
                    LAYER(TANH), LAYER(DENSE, .n_outputs = N_CLASSES), LAYER(DROPOUT, .dropped_ratio = 0.1));
}

/* Values that several layers read, sums in all orders. */
static void test_residual_gradients(void)
{
    static const size_t image[3] = {2, 6, 6};
    aj_train_layer layers[] = {
        LAYER(CONV, .n_outputs = 4, .kernel = {3, 3}, .padding = {1, 1}), /* 1 */
        LAYER(BATCH_NORM, .from = 1),                                     /* 2: norm before, He et al. 2016 */
        LAYER(RELU, .from = 2),                                           /* 3 */
        LAYER(CONV, .n_outputs = 4, .kernel = {3, 3}, .padding = {1, 1}, .from = 3), /* 4 */
        LAYER(ADD, .from = 4, .with = 1),                                            /* 5: identity */
        LAYER(RELU, .from = 5),                                                      /* 6 */
        LAYER(CONV, .n_outputs = 6, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}, .from = 6), /* 7 */
        LAYER(BATCH_NORM, .from = 7),                                                                  /* 8 */
        LAYER(CONV, .n_outputs = 6, .kernel = {1, 1}, .stride = {2, 2}, .from = 6,
              .without_bias = true),                                         /* 9 */
        LAYER(BATCH_NORM, .from = 9),                                        /* 10 */
        LAYER(ADD, .from = 8, .with = 10),                                   /* 11 */
        LAYER(ADD, .from = 11, .with = 11),                                  /* 12: twice the same */
        LAYER(TANH, .from = 12),                                             /* 13 */
        LAYER(DROPOUT, .from = 13, .dropped_ratio = 0.25),                   /* 14 */
        LAYER(ADD, .from = 14, .with = 13),                                  /* 15 */
        LAYER(MAX_POOL, .from = 15, .kernel = {2, 2}, .stride = {1, 1}),     /* 16 */
        LAYER(AVERAGE_POOL, .from = 15, .kernel = {2, 2}, .stride = {1, 1}), /* 17 */
        LAYER(ADD, .from = 16, .with = 17),                                  /* 18 */
        LAYER(FLATTEN, .from = 18),                                          /* 19 */
        LAYER(DENSE, .from = 19, .n_outputs = 24),                           /* 20 */
        LAYER(ADD, .from = 20, .with = 19),                                  /* 21 */
        LAYER(DENSE, .from = 21, .n_outputs = N_CLASSES),
    };
    check_gradients("residual", layers, sizeof layers / sizeof layers[0], image);
}

/* ---- batch norm ------------------------------------------------------------------------------------ */

/* Running averages after two batches, and what the network says with them, against double. */
static void test_norm(void)
{
    static const size_t image[3] = {2, 6, 7};
    static plain_net p;
    aj_train_layer layers[] = {LAYER(CONV, .n_outputs = 3, .kernel = {3, 3}),
                               LAYER(BATCH_NORM, .momentum = 0.3), LAYER(FLATTEN),
                               LAYER(DENSE, .n_outputs = N_CLASSES)};
    chain(layers, 4);
    aj_train_options o = net_options(layers, 4, image);
    ajp_net *t = NULL;
    double losses[N_SAMPLES], mean[3] = {0}, variance[3] = {1.0, 1.0, 1.0};
    uint8_t right[N_SAMPLES];
    uint32_t order[N_SAMPLES];
    CHECK_OK(ajp_net_create(&t, context, &o, &err), err);
    if (t == NULL) return;
    ajp_samples from = {NULL, net_inputs, net_labels, N_SAMPLES, 84};
    for (uint32_t i = 0; i < N_SAMPLES; i++) order[i] = i;
    for (int step = 0; step < 2; step++) {
        plain_take(&p, t, order);
        (void)plain_loss(&p, true);
        for (int c = 0; c < 3; c++) {
            const double all = N_SAMPLES * 4.0 * 5.0;
            mean[c] += 0.3 * (p.means[1][c] - mean[c]);
            variance[c] += 0.3 * (p.variances[1][c] * all / (all - 1.0) - variance[c]);
        }
        CHECK_OK(ajp_net_step(t, &from, order, N_SAMPLES, 0, 0.1, losses, &err), err);
    }
    for (int c = 0; c < 3; c++) {
        CHECK_NEAR(t->nodes[1].running_mean[c], mean[c], 1e-6);
        CHECK_CLOSE(t->nodes[1].running_variance[c], variance[c], 1e-6);
    }
    plain_take(&p, t, order);
    ajp_net_evaluate(t, &from, order, N_SAMPLES, losses, right);
    CHECK_CLOSE(aj_sum(losses, N_SAMPLES) / N_SAMPLES, plain_loss(&p, false), 1e-6);
    ajp_net_destroy(t);
}

/* ---- dropout and augmentation ------------------------------------------------------------------------ */

/* Ones in, what is left out: the share within 4 deviations (a share wrong by 5 % is 7 off), other epochs
 * and samples other masks, the same ones again the same. */
static void test_dropout(void)
{
    enum { WIDTH = 8000 };
    static float ones[N_SAMPLES * WIDTH], first[N_SAMPLES * WIDTH];
    static const size_t flat[3] = {WIDTH, 0, 0};
    aj_train_layer layers[] = {LAYER(DROPOUT, .dropped_ratio = 0.3), LAYER(DENSE, .n_outputs = N_CLASSES)};
    chain(layers, 2);
    aj_train_options o = net_options(layers, 2, flat);
    ajp_net *t = NULL;
    double losses[N_SAMPLES], dropped = 0.0;
    uint8_t right[N_SAMPLES];
    uint32_t order[N_SAMPLES];
    for (size_t i = 0; i < N_SAMPLES * WIDTH; i++) ones[i] = 1.0f;
    for (uint32_t i = 0; i < N_SAMPLES; i++) order[i] = i;
    CHECK_OK(ajp_net_create(&t, context, &o, &err), err);
    if (t == NULL) return;
    ajp_samples from = {NULL, ones, net_labels, N_SAMPLES, WIDTH};
    const ajp_value *v = &t->values[1];
    for (int epoch = 0; epoch < 3; epoch++) {
        CHECK_OK(ajp_net_step(t, &from, order, N_SAMPLES, epoch % 2, 0.1, losses, &err), err);
        size_t n_same = 0;
        for (size_t s = 0; s < N_SAMPLES; s++)
            for (size_t i = 0; i < WIDTH; i++) {
                const float y = v->out[s * v->sample + i];
                CHECK(y == 0.0f || y == 1.0f / (1.0f - 0.3f));
                if (epoch == 0) first[s * WIDTH + i] = y;
                if (epoch == 0) dropped += y == 0.0f;
                n_same += y == first[s * WIDTH + i];
            }
        CHECK(epoch == 1 ? n_same < N_SAMPLES * WIDTH * 0.65 : n_same == N_SAMPLES * WIDTH);
    }
    const double n = N_SAMPLES * (double)WIDTH;
    CHECK_NEAR(dropped / n, 0.3, 4.0 * sqrt(0.3 * 0.7 / n));
    CHECK(memcmp(first, first + WIDTH, WIDTH * sizeof(float)) != 0);
    ajp_net_evaluate(t, &from, order, N_SAMPLES, losses, right);
    CHECK(v->out[0] == 1.0f && v->out[WIDTH - 1] == 1.0f);
    ajp_net_destroy(t);
}

/* Where image (1, 5, 6) of 1 ... 30 went: -1 if the network's input is not that image, moved and mirrored. */
static int read_change(const ajp_value *v, size_t s, int *down, int *right)
{
    for (int mirrored = 0; mirrored < 2; mirrored++)
        for (*down = -2; *down <= 2; ++*down)
            for (*right = -2; *right <= 2; ++*right) {
                bool same = true;
                for (int y = 0; y < 5; y++)
                    for (int x = 0; x < 6; x++) {
                        const int from_y = y - *down, at = x - *right, from_x = mirrored ? 5 - at : at;
                        const bool inside = from_y >= 0 && from_y < 5 && at >= 0 && at < 6;
                        const float want = inside ? (float)(1 + from_y * 6 + from_x) : 0.0f;
                        same = same && v->out[s * v->sample + v->inner + y * v->line + x] == want;
                    }
                if (same) return mirrored;
            }
    return -1;
}

/* Each of the 25 shifts and both sides equally often: chi-squared with 49 degrees, 99.9 % point 85.4; over
 * 4,000 images a shift left out would add 80 to it. */
static void test_augmentation(void)
{
    enum { EPOCHS = 400, N = 10 };
    static float images[N * 30];
    static int seen[50];
    static const size_t image[3] = {1, 5, 6};
    aj_train_layer layers[] = {LAYER(CONV, .n_outputs = 2, .kernel = {3, 3}, .padding = {1, 1}),
                               LAYER(FLATTEN), LAYER(DENSE, .n_outputs = N_CLASSES)};
    chain(layers, 3);
    aj_train_options o = net_options(layers, 3, image);
    ajp_net *t = NULL;
    double losses[N], chi2 = 0.0;
    uint8_t right[N];
    uint32_t order[N];
    int down, across;
    for (int i = 0; i < N * 30; i++) images[i] = (float)(1 + i % 30);
    for (uint32_t i = 0; i < N; i++) order[i] = i;
    o.batch = N;
    o.max_shift = 2;
    o.horizontal_flip = true;
    CHECK_OK(ajp_net_create(&t, context, &o, &err), err);
    if (t == NULL) return;
    ajp_samples from = {NULL, images, net_labels, N, 30};
    for (size_t e = 0; e < EPOCHS; e++) {
        CHECK_OK(ajp_net_step(t, &from, order, N, e, 1e-6, losses, &err), err);
        for (size_t s = 0; s < N; s++) {
            const int mirrored = read_change(&t->values[0], s, &down, &across);
            CHECK(mirrored >= 0);
            if (mirrored >= 0) seen[(mirrored * 5 + down + 2) * 5 + across + 2]++;
        }
    }
    for (int i = 0; i < 50; i++) chi2 += (seen[i] - 80.0) * (seen[i] - 80.0) / 80.0;
    CHECK(chi2 < 85.4);
    ajp_net_evaluate(t, &from, order, N, losses, right);
    CHECK(read_change(&t->values[0], 3, &down, &across) == 0 && down == 0 && across == 0);
    ajp_net_destroy(t);
}

/* ---- whole trainings ----------------------------------------------------------------------------------- */

enum { N_PICTURES = 150, SIDE = 9 };
static float pictures[N_PICTURES * 2 * SIDE * SIDE];
static int32_t kinds[N_PICTURES];

/* A bright bar at a place that says the class. */
static void make_pictures(void)
{
    for (size_t s = 0; s < N_PICTURES; s++) {
        kinds[s] = (int32_t)(s * 7 % N_CLASSES);
        for (size_t i = 0; i < 2 * SIDE * SIDE; i++) {
            const size_t y = i / SIDE % SIDE;
            pictures[s * 2 * SIDE * SIDE + i] =
                net_random(s * 1000 + i) * 0.5f + (y == 1 + (size_t)kinds[s] ? 1.0f : 0.0f);
        }
    }
}

/* All kinds of layers; values wider than a vector, parts of a batch, a rest. */
static size_t small_network(aj_train_layer layers[20])
{
    const aj_train_layer list[] = {
        LAYER(CONV, .n_outputs = 10, .kernel = {3, 3}, .padding = {1, 1}, .without_bias = true),
        LAYER(BATCH_NORM),
        LAYER(RELU),
        LAYER(CONV, .n_outputs = 10, .kernel = {3, 3}, .padding = {1, 1}, .groups = 2),
        LAYER(BATCH_NORM),
        LAYER(ADD, .with = 3),
        LAYER(LEAKY_RELU, .leaky_slope = 0.1),
        LAYER(MAX_POOL, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}),
        LAYER(CONV, .n_outputs = 20, .kernel = {3, 3}, .stride = {2, 2}),
        LAYER(TANH),
        LAYER(AVERAGE_POOL, .kernel = {2, 2}, .stride = {1, 1}),
        LAYER(FLATTEN),
        LAYER(DROPOUT, .dropped_ratio = 0.1),
        LAYER(DENSE, .n_outputs = 33),
        LAYER(SIGMOID),
        LAYER(DENSE, .n_outputs = N_CLASSES),
    };
    memcpy(layers, list, sizeof list);
    chain(layers, sizeof list / sizeof list[0]);
    return sizeof list / sizeof list[0];
}

static aj_train_options small_options(aj_train_layer layers[20])
{
    static const size_t image[3] = {2, SIDE, SIDE};
    aj_train_options o = net_options(layers, small_network(layers), image);
    o.learning_rate = 0.1;
    o.momentum = 0.9;
    o.weight_decay = 1e-4;
    o.batch = 47;
    o.n_epochs = 6;
    o.horizontal_flip = true;
    return o;
}

/* The file of a training of 6 epochs. */
static size_t train_bytes(unsigned n_threads, aj_isa isa, aj_train_optimizer optimizer, void *bytes,
                          size_t size, aj_train_result *result)
{
    aj_context_options co = AJ_CONTEXT_OPTIONS_INIT;
    aj_train_layer layers[20];
    aj_train_options o = small_options(layers);
    aj_train_samples samples = {pictures, kinds, N_PICTURES};
    aj_context *c = NULL;
    aj_trained *trained = NULL;
    char path[] = "/tmp/test_train_net.XXXXXX";
    size_t n = 0;
    o.optimizer = optimizer;
    if (optimizer == AJ_OPTIMIZER_ADAM) o.learning_rate = 0.002;
    co.n_threads = n_threads;
    co.isa = isa;
    close(mkstemp(path));
    CHECK_OK(aj_context_create(&c, &co, &err), err);
    CHECK_OK(aj_train(&trained, c, &o, &samples, &samples, NULL, result, &err), err);
    if (trained != NULL) CHECK_OK(aj_trained_save(trained, path, &err), err);
    CHECK(trained == NULL || aj_trained_network(trained) == NULL);
    FILE *f = fopen(path, "rb");
    if (f != NULL) n = fread(bytes, 1, size, f);
    if (f != NULL) fclose(f);
    remove(path);
    aj_trained_destroy(trained);
    aj_context_destroy(c);
    return n;
}

static void test_bits(void)
{
    enum { SIZE = 1 << 17 };
    static unsigned char one[SIZE], other[SIZE];
    aj_train_result first, again;
    for (int k = 0; k < 2; k++) {
        const aj_train_optimizer optimizer = k == 0 ? AJ_OPTIMIZER_SGD : AJ_OPTIMIZER_ADAM;
        const size_t n = train_bytes(1, AJ_ISA_AUTO, optimizer, one, SIZE, &first);
        CHECK(n > 10000 && n < SIZE);
        for (unsigned n_threads = 2; n_threads <= 7; n_threads += 5) {
            CHECK_INT(train_bytes(n_threads, AJ_ISA_AUTO, optimizer, other, SIZE, &again), n);
            CHECK(memcmp(one, other, n) == 0);
            CHECK(first.last.test_loss == again.last.test_loss);
        }
        for (int isa = AJ_ISA_SCALAR; isa <= AJ_ISA_AVX512; isa++) {
            if (!aj_isa_supported((aj_isa)isa)) continue;
            CHECK_INT(train_bytes(2, (aj_isa)isa, optimizer, other, SIZE, &again), n);
            CHECK(memcmp(one, other, n) == 0);
            CHECK(first.last.train_loss == again.last.train_loss);
        }
    }
}

/* How many samples one task takes changes nothing. */
static void test_blocks(void)
{
    aj_train_layer layers[20];
    aj_train_options o = small_options(layers);
    ajp_samples from = {NULL, pictures, kinds, N_PICTURES, 2 * SIDE * SIDE};
    double losses[3][47];
    uint32_t order[N_PICTURES];
    CHECK_OK(ajp_train_order(1, 0, true, order, N_PICTURES, &err), err);
    for (size_t k = 0; k < 3; k++) {
        static const size_t blocks[3] = {1, 7, 47};
        ajp_net *t = NULL;
        CHECK_OK(ajp_net_create(&t, context, &o, &err), err);
        if (t == NULL) return;
        t->block = blocks[k];
        for (int step = 0; step < 3; step++)
            CHECK_OK(ajp_net_step(t, &from, order + 47 * step, 47, 0, 0.1, losses[k], &err), err);
        CHECK(memcmp(losses[0], losses[k], sizeof losses[0]) == 0);
        ajp_net_destroy(t);
    }
}

/* The file, run by the executor, has the loss and accuracy that were logged. */
static void test_saved(void)
{
    static unsigned char bytes[1 << 17];
    static float outputs[N_PICTURES * N_CLASSES];
    aj_train_result result;
    aj_model *model = NULL;
    aj_session *session = NULL;
    const size_t n = train_bytes(2, AJ_ISA_AUTO, AJ_OPTIMIZER_SGD, bytes, sizeof bytes, &result);
    CHECK_OK(aj_model_load_memory(&model, context, bytes, n, "trained", &err), err);
    if (model == NULL) return;
    CHECK_OK(aj_session_create(&session, context, model, 16, &err), err);
    CHECK_OK(aj_session_run(session, pictures, N_PICTURES, outputs, &err), err);
    double loss = 0.0;
    size_t n_right = 0;
    for (size_t s = 0; s < N_PICTURES; s++) {
        const float *y = outputs + s * N_CLASSES;
        double total = 0.0;
        int best = 0;
        for (int c = 0; c < N_CLASSES; c++) total += exp(y[c]);
        for (int c = 1; c < N_CLASSES; c++) best = y[c] > y[best] ? c : best;
        loss += log(total) - (double)y[kinds[s]];
        n_right += best == kinds[s];
    }
    CHECK_CLOSE(loss / N_PICTURES, result.last.test_loss, 1e-5);
    CHECK_INT(n_right, lround(result.last.test_accuracy_ratio * N_PICTURES));
    CHECK(n_right > N_PICTURES * 0.6);
    aj_session_destroy(session);
    aj_model_destroy(model);
}

/* FLOPs and parameters, by hand. */
static void test_counts(void)
{
    aj_train_layer layers[] = {
        LAYER(CONV, .n_outputs = 6, .kernel = {5, 5}, .padding = {2, 2}),
        LAYER(BATCH_NORM),
        LAYER(RELU),
        LAYER(MAX_POOL, .kernel = {2, 2}),
        LAYER(CONV, .n_outputs = 16, .kernel = {5, 5}, .groups = 2, .without_bias = true),
        LAYER(FLATTEN),
        LAYER(DENSE, .n_outputs = 10)};
    static const size_t image[3] = {1, 28, 28};
    chain(layers, 7);
    aj_train_options o = net_options(layers, 7, image);
    ajp_net_work work;
    CHECK_OK(ajp_net_count(&o, &work, &err), err);
    const uint64_t one = 28 * 28 * 6 * 25, two = 10 * 10 * 16 * 25 * 3, three = 1600 * 10;
    CHECK_INT(work.macs, one + two + three);
    CHECK_INT(work.macs_back, two + three);
    CHECK_INT(work.n_parameters, 6 * 25 + 6 + 12 + 16 * 75 + 16000 + 10);
}

/* ---- memory that runs out ------------------------------------------------------------------------------ */

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

static void test_out_of_memory(void)
{
    aj_context_options co = AJ_CONTEXT_OPTIONS_INIT;
    aj_context *scarce = NULL;
    aj_train_layer layers[20];
    aj_train_options o = small_options(layers);
    aj_train_samples samples = {pictures, kinds, 20};
    aj_trained *trained = NULL;
    o.n_epochs = 1;
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

/* The limit is looked at before the work begins. */
static void test_memory_limit(void)
{
    aj_context_options co = AJ_CONTEXT_OPTIONS_INIT;
    aj_context *c = NULL;
    aj_train_layer layers[20];
    aj_train_options o = small_options(layers);
    aj_train_samples samples = {pictures, kinds, 20};
    aj_trained *trained = NULL;
    co.memory_limit_bytes = 100000;
    CHECK_OK(aj_context_create(&c, &co, &err), err);
    CHECK_INT(aj_train(&trained, c, &o, &samples, NULL, NULL, NULL, &err), AJ_NO_MEMORY);
    CHECK_CONTAINS(err.message, "smaller 'batch'");
    aj_context_destroy(c);
    co.memory_limit_bytes = 10000000;
    CHECK_OK(aj_context_create(&c, &co, &err), err);
    CHECK_OK(aj_train(&trained, c, &o, &samples, NULL, NULL, NULL, &err), err);
    aj_trained_destroy(trained);
    aj_context_destroy(c);
}

int main(void)
{
    CHECK_OK(aj_context_create(&context, NULL, &err), err);
    make_net_samples();
    make_pictures();
    test_gradients();
    test_residual_gradients();
    test_norm();
    test_dropout();
    test_augmentation();
    test_bits();
    test_blocks();
    test_saved();
    test_counts();
    test_out_of_memory();
    test_memory_limit();
    aj_context_destroy(context);
    return check_report();
}

/* claims_lightening.c: area, energy and latency of the Lightening-Transformer accelerator on vision
 * transformers, by the account of the family ddot. */
#include "../hardware/hardware_ops.h"
#include "attojoule/hardware.h"
#include "claim.h"

/* A network of 12 layers on 197 tokens. Its simulator accounts everything but the two wide layers of a block
 * together, and those beside it. */
enum { MOST_PRODUCTS = 64, N_TOKENS = 197, N_LAYERS = 12, HEAD_WIDTH = 64 };
typedef struct {
    ajp_product_work products[MOST_PRODUCTS];
    size_t n;
} network;

static void add(network *net, const char *name, size_t rows, size_t cols, size_t reps, size_t heads)
{
    ajp_product_work *work = &net->products[net->n++];
    *work = (ajp_product_work){.product = {.name = name, .rows = rows, .cols = cols, .reps = reps}};
    work->weight_sum_squares = work->weight_max_abs = 1.0; /* no energy here depends on values */
    work->product.layer = net->n;
    work->product.groups = heads;
    work->product.weights = heads > 0 ? AJP_OPERAND_DYNAMIC : AJP_OPERAND_CONSTANT;
}

static void add_attention(network *net, size_t width)
{
    net->n = 0;
    add(net, "embed", width, 768, 196, 0);
    for (int i = 0; i < N_LAYERS; i++) {
        add(net, "qkv", 3 * width, width, N_TOKENS, 0);
        add(net, "scores", N_TOKENS, HEAD_WIDTH, N_TOKENS, width / HEAD_WIDTH);
        add(net, "values", N_TOKENS, N_TOKENS, HEAD_WIDTH, width / HEAD_WIDTH);
        add(net, "projection", width, width, N_TOKENS, 0);
    }
    add(net, "head", 1000, width, 1, 0);
}

static void add_wide_layers(network *net, size_t width)
{
    net->n = 0;
    for (int i = 0; i < N_LAYERS; i++) {
        add(net, "up", 4 * width, width, N_TOKENS, 0);
        add(net, "down", width, 4 * width, N_TOKENS, 0);
    }
}

/* Joules of softmax, normalisations, sums and activations, as their simulator counts them: those of one layer
 * of twelve, with 0.1 pJ an operation, a softmax unit of 51.6 mW (of 44.8 G elements a second, half of them),
 * and two accesses to the global buffer of 1.655 pJ per 2 bytes. */
static double other_joules(double width)
{
    double softmax = (double)N_TOKENS * N_TOKENS * (width / HEAD_WIDTH), residual = N_TOKENS * 2.0 * width,
           normal = N_TOKENS * (width + 1.0), activation = N_TOKENS * 4.0 * width;
    return 1e-13 * (8.0 * activation + 5.0 * normal + residual) + 51.6 / 44.8 * 1e-12 * softmax * 0.5 +
           (activation + residual + normal + softmax) * 1.655e-12 * 4.0 / 16.0 * 2.0;
}

/* Joules of what their simulator loses: reads of both operands of attention from the global buffer (it
 * multiplies them by its energy twice, so that nothing is left of them). */
static double lost_joules(double width)
{
    double scores = N_TOKENS * 64.0 + N_TOKENS * 64.0 * 17.0 / 4.0,
           values = (double)N_TOKENS * N_TOKENS + 64.0 * N_TOKENS * 17.0 / 4.0;
    return N_LAYERS * width / HEAD_WIDTH * (scores + values) * 1.655e-12 * 4.0 / 16.0;
}

/* Adds to *joules (of the accelerator and its memories) and *seconds. */
static aj_status account(const aj_hardware *hardware, const network *net, double *joules, double *seconds,
                         aj_error *err)
{
    ajp_workload work = {.products = net->products, .n_products = net->n, .batch = 1};
    ajp_product_account per_product[MOST_PRODUCTS];
    ajp_account total;
    AJ_TRY(ajp_account_network(hardware, NULL, &work, per_product, &total, err));
    for (int cause = 0; cause < AJ_N_CAUSES; cause++)
        if (cause != AJ_CAUSE_FACILITY && cause != AJ_CAUSE_HOST && (total.energy.applies >> cause & 1u) != 0)
            *joules += total.energy.cause_joules[cause];
    *seconds += total.latency_seconds;
    return AJ_OK;
}

static aj_status compare_networks(ajp_claim *claim, const aj_hardware *hardware, aj_error *err)
{
    static const struct {
        const char *name;
        size_t width;
        double joules, seconds;
    } published[] = {{"DeiT-T", 192, 0.38430e-3, 0.019353e-3},
                     {"DeiT-S", 384, 1.42061e-3, 0.069994e-3},
                     {"DeiT-B", 768, 5.43715e-3, 0.265279e-3}};
    network net;
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        double width = (double)published[i].width, seconds = 0.0;
        double joules = other_joules(width) - lost_joules(width);
        add_attention(&net, published[i].width);
        AJ_TRY(account(hardware, &net, &joules, &seconds, err));
        add_wide_layers(&net, published[i].width);
        AJ_TRY(account(hardware, &net, &joules, &seconds, err));
        ajp_claim_close(claim, ajp_claim_words(claim, "energy of %s", published[i].name), "J",
                        published[i].joules, joules, 1e-3);
        ajp_claim_close(claim, ajp_claim_words(claim, "latency of %s, us", published[i].name), "",
                        1e6 * published[i].seconds, 1e6 * seconds, 1e-3);
    }
    return AJ_OK;
}

aj_status ajp_claim_lightening(ajp_claim *claim, aj_error *err)
{
    aj_hardware *hardware = NULL;
    AJ_TRY(aj_hardware_load(&hardware, claim->context, "lightening-transformer", err));
    /* weights are loaded for every network; the two halves of one would fit on the chip */
    aj_status st = aj_hardware_set(hardware, "sram_bytes", "1 B", err);
    if (st == AJ_OK) {
        const ajp_hardware_ops *ops = ajp_hardware_get_ops(hardware);
        double area = ops->area_square_meters(ajp_hardware_get_params(hardware));
        ajp_claim_close(claim, "area, mm2", "", 60.3006, 1e6 * area, 1e-3);
        st = compare_networks(claim, hardware, err);
    }
    aj_hardware_destroy(hardware);
    if (st != AJ_OK) return st;
    ajp_claim_note(claim,
                   "Energies are compared after two of their simulator's own counts are taken over: work "
                   "beside products counted for one layer of twelve, and reads of attention's operands "
                   "from the global buffer that it loses.");
    return AJ_OK;
}

/* single_photon.c: neurons that are single-photon detectors (Ma et al., Nat. Commun. 16, 2025,
 * doi:10.1038/s41467-024-55220-y): light proportional to |z| (incoherent) or z^2 (coherent) clicks with
 * probability 1 - exp(-photons), and the mean of K clicks is the activation.  See docs/hardware.md. */
#include "prices.h"

enum { LIGHT_INCOHERENT, LIGHT_COHERENT }; /* light */
enum { LAST_DIGITAL, LAST_CLICKS };        /* last_layer */
enum { MOST_SHOTS = 128 };
static const char *const light_words[] = {"incoherent", "coherent", NULL};
static const char *const last_words[] = {"digital", "clicks", NULL};

typedef struct {
    ajp_prices prices;
    double light, shots, unit_photons, quantum_efficiency_ratio, dark_click_ratio, last_layer, tile_rows,
        clock_hertz, readout_seconds, input_symbol_joules, weight_symbol_joules, receiver_energy_joules;
} single_photon;
AJP_PRICES_FIRST(single_photon);

#define ROW(field, unit, def, low, high, source, help)                                   \
    {                                                                                    \
#field, unit, offsetof(single_photon, field), def, low, high, NULL, source, help \
    }
#define MISSING "default: not described"

static const ajp_param params[] = {
    {"light", "", offsetof(single_photon, light), 1.0, 0.0, 1.0, light_words, "default: coherent",
     "photons of a neuron. coherent: z^2, interference; incoherent: |z|, intensities"},
    ROW(shots, "", AJP_NOT_DESCRIBED, 1.0, (double)MOST_SHOTS, "default: the limit of many shots",
        "shots K whose clicks are averaged; none: the limit of many, the probability itself"),
    ROW(unit_photons, "", 1.0, 1e-6, 1e6, "default: the network was trained with z in photons",
        "incident photons of one shot where |z| = 1"),
    ROW(quantum_efficiency_ratio, "", 1.0, 1e-6, 1.0, "default: ideal detector",
        "clicks per photon where there is one"),
    ROW(dark_click_ratio, "", 0.0, 0.0, 0.999, "default: no dark clicks",
        "probability that a shot without light clicks"),
    {"last_layer", "", offsetof(single_photon, last_layer), 0.0, 0.0, 1.0, last_words,
     "default: digital, as published: the last layer has full precision",
     "digital: the last product runs digitally; clicks: as any other"},
    ROW(tile_rows, "", AJP_NOT_DESCRIBED, 1.0, 1e9, "default: as many detectors as outputs",
        "detectors: outputs computed at a time"),
    ROW(clock_hertz, "Hz", AJP_NOT_DESCRIBED, 1e-3, 1e12, MISSING, "shots per second; all inputs at a time"),
    ROW(readout_seconds, "s", AJP_NOT_DESCRIBED, 0.0, 10.0, MISSING, "from the last shot to the results"),
    ROW(input_symbol_joules, "J", AJP_NOT_DESCRIBED, 0.0, 1e-3, MISSING, "encoding one input for all shots"),
    ROW(weight_symbol_joules, "J", AJP_NOT_DESCRIBED, 0.0, 1e-3, MISSING, "setting one weight"),
    ROW(receiver_energy_joules, "J", AJP_NOT_DESCRIBED, 0.0, 1e-3, MISSING, "one detector, one shot"),
    AJP_PRICE_ROWS(single_photon),
};

static aj_status check(const void *untyped, aj_error *err)
{
    const single_photon *p = untyped;
    AJ_TRY(ajp_check_whole(p->shots, "shots", err));
    return ajp_check_whole(p->tile_rows, "tile_rows", err);
}

/* The detector is the activation: nothing can be added before it, and nothing but Relu, which changes no
 * share of clicks, stand behind it. */
static bool supports(const void *untyped, const ajp_product *product, const char **why)
{
    const single_photon *p = untyped;
    *why = NULL;
    if (product->weights == AJP_OPERAND_DYNAMIC)
        *why = "both operands are activations";
    else if (product->is_last && p->last_layer == (double)LAST_DIGITAL)
        *why = "the last layer has full precision (last_layer: digital)";
    else if (product->has_bias)
        *why = "clicks are the activation, and a bias would have to be added to the light before them";
    else if (product->other_activation)
        *why = "clicks are the activation, and the network has another";
    return *why == NULL;
}

static size_t tile_cols(const void *untyped, const ajp_product *product)
{
    (void)untyped; /* clicks of parts are no clicks of the sum */
    return product->cols;
}

static bool needs_calibration(const void *untyped)
{
    (void)untyped;
    return false;
}

static unsigned n_shots(const single_photon *p)
{
    return isnan(p->shots) ? 0 : (unsigned)p->shots;
}

static aj_status freeze(const void *untyped, const ajp_freeze_request *request, ajp_frozen *out,
                        aj_error *err)
{
    const single_photon *p = untyped;
    bool coherent = p->light == (double)LIGHT_COHERENT;
    ajp_plane *plane = ajp_arena_alloc(request->arena, sizeof *plane);
    if (plane == NULL) return ajp_no_memory(err, request->product.name);
    *plane = (ajp_plane){.form = AJP_INPUT_WHOLE,
                         .noise = AJP_NOISE_CLICKS,
                         .gain = p->quantum_efficiency_ratio * p->unit_photons,
                         .decode = 1.0,
                         .clicks = coherent ? AJP_CLICKS_COHERENT : AJP_CLICKS_INCOHERENT,
                         .n_shots = n_shots(p),
                         .click_dark = p->dark_click_ratio,
                         .click_sign = !coherent && n_shots(p) > 0}; /* as the published code does */
    *out = (ajp_frozen){.law = AJP_LAW_PLANES,
                        .clip_electrons = INFINITY,
                        .n_reads = 1,
                        .nominal_photons = AJP_NOT_DESCRIBED,
                        .planes = plane,
                        .n_planes = 1,
                        .encoding = {.full_scale = INFINITY}};
    return AJ_OK;
}

/* Photons are drawn, and a detector that got one or more, or none and a dark click, clicks. */
static aj_status reference(const void *untyped, const ajp_freeze_request *request, const float *x,
                           ajp_draws *draws, double *y, aj_error *err)
{
    const single_photon *p = untyped;
    (void)err;
    for (size_t row = 0; row < request->product.rows; row++) {
        double z = 0.0, clicks = 0.0;
        for (size_t j = 0; j < request->product.cols; j++)
            z += (double)request->weights[row * request->product.cols + j] * (double)x[j];
        bool coherent = p->light == (double)LIGHT_COHERENT;
        double photons = p->unit_photons * (coherent ? z * z : fabs(z));
        for (double shot = 0.0; shot < p->shots; shot += 1.0) {
            bool click = ajp_draw_poisson(draws, p->quantum_efficiency_ratio * photons) > 0.0;
            if (!click && p->dark_click_ratio > 0.0) click = ajp_draw_uniform(draws) < p->dark_click_ratio;
            clicks += click ? 1.0 : 0.0;
        }
        y[row] = isnan(p->shots)
                     ? 1.0 - (1.0 - p->dark_click_ratio) * exp(-p->quantum_efficiency_ratio * photons)
                     : clicks / p->shots;
        if (!coherent && !isnan(p->shots) && z < 0.0) y[row] = -y[row];
    }
    return AJ_OK;
}

static aj_status account(const void *untyped, const ajp_workload *work, size_t i, ajp_product_account *out,
                         aj_error *err)
{
    const single_photon *p = untyped;
    const ajp_product_work *product = &work->products[i];
    (void)err;
    double rows = (double)product->product.rows, cols = (double)product->product.cols,
           reps = (double)product->product.reps, batch = (double)work->batch;
    double groups = isnan(p->tile_rows) ? 1.0 : ceil(rows / p->tile_rows);
    ajp_product_account account = ajp_product_account_none();
    account.weight_symbols = rows * cols / batch;
    account.input_symbols = cols * reps * groups;
    account.samples = rows * reps * p->shots;
    account.busy_seconds = groups * reps * p->shots / p->clock_hertz;
    account.latency_seconds = batch * (account.busy_seconds + groups * reps * p->readout_seconds);
    /* the light of a shot is |z| or z^2 of every output: no moment of weights and inputs alone gives it */
    aj_energy_set(&account.energy, AJ_CAUSE_LASER, AJP_NOT_DESCRIBED);
    aj_energy_set(&account.energy, AJ_CAUSE_MODULATOR,
                  account.input_symbols * p->input_symbol_joules +
                      account.weight_symbols * p->weight_symbol_joules);
    aj_energy_set(&account.energy, AJ_CAUSE_RECEIVER, account.samples * p->receiver_energy_joules);
    ajp_price_local(&p->prices,
                    account.weight_symbols * p->prices.weight_bits +
                        (account.input_symbols + rows * reps) * p->prices.activation_bits,
                    product->digital_ops + rows * reps * (p->shots - 1.0), &account);
    *out = account;
    return AJ_OK;
}

const ajp_hardware_ops ajp_hardware_single_photon = {
    .name = "single_photon",
    .summary = "neurons that are single-photon detectors: shares of clicks are the activation",
    .read_law = "clicks: a uniform for every shot and output below 1 - (1 - dark) exp(-photons), exactly",
    .latency_of =
        "one batch through all products on light, one input vector after the other: its shots at the "
        "clock, then the read-out; digital steps take no time",
    .params_size = sizeof(single_photon),
    .params = params,
    .n_params = sizeof params / sizeof params[0],
    .check = check,
    .supports = supports,
    .tile_cols = tile_cols,
    .needs_calibration = needs_calibration,
    .freeze = freeze,
    .reference = reference,
    .account = account,
    .knob = {"shots", 1.0, (double)MOST_SHOTS, AJP_KNOB_WHOLE, true},
};

/* netcast.c: weights by wavelength over a link to a client that multiplies and integrates (Sludds et al.,
 * Science 378, 270, 2022).  A server modulates every weight of a row onto that row's wavelength, step by
 * step; the client modulates all wavelengths with one input at a time and integrates each on a receiver of
 * its own.  The law is that of `intensity`; the light passes the link, and the account knows two sides. */
#include "intensity.h"

enum { SIDE_BOTH, SIDE_CLIENT, SIDE_SERVER }; /* accounted_side */
static const char *const side_words[] = {"both", "client", "server", NULL};

typedef struct {
    ajp_intensity intensity;
    double link_transmission_ratio, clients, accounted_side;
} netcast;

static const ajp_param params[] = {
    {"link_transmission_ratio", "", offsetof(netcast, link_transmission_ratio), AJP_NOT_DESCRIBED, 1e-12, 1.0,
     NULL, AJP_MISSING_SOURCE, "light that arrives at the client per light that leaves the server"},
    {"clients", "", offsetof(netcast, clients), 1.0, 1.0, 1e9, NULL, "default: one",
     "clients that share one sending of the weights; each is given the light of its own"},
    {"accounted_side", "", offsetof(netcast, accounted_side), 0.0, 0.0, 2.0, side_words, "default: both",
     "whose energy is accounted. client: input modulators, receivers, converters, digital; server: laser, "
     "weights' modulators"},
    AJP_INTENSITY_RAILS,
    AJP_INTENSITY_MASK,
    AJP_INCOHERENT_ROWS(ajp_incoherent),
};

/* As seen by what the families have in common: the link is part of the path. */
static ajp_intensity behind_link(const void *untyped)
{
    const netcast *p = untyped;
    ajp_intensity seen = p->intensity;
    seen.common.path_transmission_ratio *= p->link_transmission_ratio;
    return seen;
}

static aj_status check(const void *untyped, aj_error *err)
{
    const netcast *p = untyped;
    ajp_intensity seen = behind_link(untyped);
    AJ_TRY(ajp_check_whole(p->clients, "clients", err));
    if (!isnan(seen.common.launched_photons_per_mac) && isnan(p->link_transmission_ratio))
        return ajp_fail(
            err, AJ_BAD_ARGUMENT, 0,
            "'launched_photons_per_mac' reaches the client through 'link_transmission_ratio', which "
            "is not described; set it");
    return ajp_intensity_check(&seen, 1.0, err);
}

static bool supports(const void *untyped, const ajp_product *product, const char **why)
{
    (void)untyped;
    return ajp_incoherent_supports(product, why);
}

static size_t tile_cols(const void *untyped, const ajp_product *product)
{
    const netcast *p = untyped;
    return ajp_incoherent_tile_cols(&p->intensity.common, product);
}

static bool needs_calibration(const void *untyped)
{
    const netcast *p = untyped;
    return ajp_converters_need_calibration(&p->intensity.common.converters);
}

static bool needs_readings(const void *untyped)
{
    const netcast *p = untyped;
    return ajp_converters_need_readings(&p->intensity.common.converters);
}

static aj_status freeze(const void *untyped, const ajp_freeze_request *request, ajp_frozen *out,
                        aj_error *err)
{
    ajp_intensity seen = behind_link(untyped);
    return ajp_intensity_freeze(&seen, 1.0, request, out, err);
}

static void laws(const void *untyped, const ajp_freeze_request *request, const ajp_frozen *frozen,
                 size_t plane, size_t n_vectors, const ajp_vector_moments *moments, const double *full_scale,
                 const ajp_plane_laws *out)
{
    const netcast *p = untyped;
    (void)full_scale;
    ajp_incoherent_laws(&p->intensity.common, request, frozen, plane, n_vectors, moments, out);
}

static aj_status reference(const void *untyped, const ajp_freeze_request *request, const float *x,
                           ajp_draws *draws, double *y, aj_error *err)
{
    ajp_intensity seen = behind_link(untyped);
    return ajp_intensity_reference(&seen, 1.0, request, x, draws, y, err);
}

/* What the other side pays is no cost of this one. */
static void keep_side(const netcast *p, const ajp_product_account *without_weights, ajp_product_account *out)
{
    static const aj_cause of_client[] = {AJ_CAUSE_RECEIVER, AJ_CAUSE_ADC, AJ_CAUSE_DAC, AJ_CAUSE_DIGITAL,
                                         AJ_CAUSE_SRAM};
    if (p->accounted_side == (double)SIDE_BOTH) return;
    if (p->accounted_side == (double)SIDE_CLIENT) {
        out->energy = without_weights->energy;
        aj_energy_set(&out->energy, AJ_CAUSE_LASER, 0.0);
        return;
    }
    for (size_t k = 0; k < sizeof of_client / sizeof of_client[0]; k++)
        aj_energy_set(&out->energy, of_client[k], 0.0);
    aj_energy_set(&out->energy, AJ_CAUSE_MODULATOR,
                  ajp_price(out->weight_symbols, p->intensity.common.weight_symbol_joules));
}

static aj_status account(const void *untyped, const ajp_workload *work, size_t i, ajp_product_account *out,
                         aj_error *err)
{
    const netcast *p = untyped;
    ajp_intensity seen = behind_link(untyped);
    const ajp_product *product = &work->products[i].product;
    double passes = seen.common.input_signs == (double)AJP_SIGNS_UNSIGNED ? 1.0 : 2.0;
    /* light is used up by the vector it multiplies: weights are sent again for every one */
    double sent = (double)product->rows * (double)product->cols * (double)product->reps * passes / p->clients;
    ajp_product_account without_weights, account;
    AJ_TRY(ajp_intensity_account(&seen, 1.0, work, i, 0.0, &without_weights, err));
    AJ_TRY(ajp_intensity_account(&seen, 1.0, work, i, sent, &account, err));
    keep_side(p, &without_weights, &account);
    *out = account;
    return AJ_OK;
}

static double peak_macs_per_second(const void *untyped)
{
    const netcast *p = untyped;
    return ajp_incoherent_peak(&p->intensity.common, 1.0);
}

const ajp_hardware_ops ajp_hardware_netcast = {
    .name = "netcast",
    .summary = "weights by wavelength over a link to a client that multiplies and integrates",
    .read_law = "counts of two integrated photocurrents: their difference as one normal with its third "
                "cumulant, rounded from 20 photons an output on, below by inversion; amplifier, reset and "
                "dark noise as one normal",
    .latency_of = "one batch through all products at the client, one input vector after the other: its "
                  "symbols at the clock, then its read-out; the link's delay and digital steps take no time",
    .params_size = sizeof(netcast),
    .params = params,
    .n_params = sizeof params / sizeof params[0],
    .check = check,
    .supports = supports,
    .tile_cols = tile_cols,
    .needs_calibration = needs_calibration,
    .needs_readings = needs_readings,
    .freeze = freeze,
    .laws = laws,
    .reference = reference,
    .account = account,
    .peak_macs_per_second = peak_macs_per_second,
    .knob = {"photons_per_mac", 1e-3, 1e7, AJP_KNOB_LOG, true},
};

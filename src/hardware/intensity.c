/* intensity.c: multiplication of intensities by masks in front of photon-counting detectors (Wang et al.,
 * Nat. Commun. 13, 123, 2022): its parameters; the law is in incoherent_law.c, the masks in
 * intensity_masks.c.  See docs/hardware.md. */
#include "intensity.h"

typedef struct {
    ajp_intensity masks;
    double parallel_inputs, weight_reuse;
} intensity;

#define ROW(field, def, low, high, source, help)                                   \
    {                                                                              \
#field, "", offsetof(intensity, field), def, low, high, NULL, source, help \
    }

static const ajp_param params[] = {
    AJP_INTENSITY_RAILS,
    AJP_INTENSITY_MASK,
    ROW(parallel_inputs, 1.0, 1.0, 1e9, "default: one after the other",
        "inputs that are sent at a time, side by side"),
    ROW(weight_reuse, 1.0, 1.0, 1e12, "default: masks are set for every batch",
        "batches for which the masks are set once"),
    AJP_INCOHERENT_ROWS(ajp_incoherent),
};

static aj_status check(const void *untyped, aj_error *err)
{
    const intensity *p = untyped;
    AJ_TRY(ajp_check_whole(p->parallel_inputs, "parallel_inputs", err));
    return ajp_intensity_check(&p->masks, p->parallel_inputs, err);
}

static bool supports(const void *untyped, const ajp_product *product, const char **why)
{
    (void)untyped;
    return ajp_incoherent_supports(product, why);
}

static size_t tile_cols(const void *untyped, const ajp_product *product)
{
    const intensity *p = untyped;
    return ajp_incoherent_tile_cols(&p->masks.common, product);
}

static bool needs_calibration(const void *untyped)
{
    const intensity *p = untyped;
    return ajp_converters_need_calibration(&p->masks.common.converters);
}

static bool needs_readings(const void *untyped)
{
    const intensity *p = untyped;
    return ajp_converters_need_readings(&p->masks.common.converters);
}

static aj_status freeze(const void *untyped, const ajp_freeze_request *request, ajp_frozen *out,
                        aj_error *err)
{
    const intensity *p = untyped;
    return ajp_intensity_freeze(&p->masks, p->parallel_inputs, request, out, err);
}

static void laws(const void *untyped, const ajp_freeze_request *request, const ajp_frozen *frozen,
                 size_t plane, size_t n_vectors, const ajp_vector_moments *moments, const double *full_scale,
                 const ajp_plane_laws *out)
{
    const intensity *p = untyped;
    (void)full_scale;
    ajp_incoherent_laws(&p->masks.common, request, frozen, plane, n_vectors, moments, out);
}

static aj_status reference(const void *untyped, const ajp_freeze_request *request, const float *x,
                           ajp_draws *draws, double *y, aj_error *err)
{
    const intensity *p = untyped;
    return ajp_intensity_reference(&p->masks, p->parallel_inputs, request, x, draws, y, err);
}

static aj_status account(const void *untyped, const ajp_workload *work, size_t i, ajp_product_account *out,
                         aj_error *err)
{
    const intensity *p = untyped;
    const ajp_product *product = &work->products[i].product;
    double set = (double)product->rows * (double)product->cols / ((double)work->batch * p->weight_reuse);
    return ajp_intensity_account(&p->masks, p->parallel_inputs, work, i, set, out, err);
}

static double peak_macs_per_second(const void *untyped)
{
    const intensity *p = untyped;
    return ajp_incoherent_peak(&p->masks.common, p->parallel_inputs);
}

const ajp_hardware_ops ajp_hardware_intensity = {
    .name = "intensity",
    .summary = "multiplication of intensities by masks in front of photon counters",
    .read_law =
        "counts: one Poisson count (single rail, inputs without sign) or the difference of two, drawn "
        "as one normal with its third cumulant and rounded from 20 photons an output on, below by "
        "inversion; read-out, reset and dark noise as one normal",
    .latency_of = "one batch through all products, one input vector after the other: its symbols at the "
                  "clock, then its read-out; digital steps take no time",
    .params_size = sizeof(intensity),
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
    .knob = {"photons_per_mac", 1e-3, 1e5, AJP_KNOB_LOG, true},
};

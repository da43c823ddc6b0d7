/* microring.c: banks of add-drop rings that split every wavelength between two photodiodes (Tait et al.'s
 * broadcast and weight): weight = drop - through.  A bus carries tile_cols wavelengths, a bank is one output.
 * The law is that of incoherent.h with the rings' transmissions as rails.  See docs/hardware.md. */
#include "attojoule/physics.h"
#include "incoherent.h"
#include "microring_bank.h"

typedef struct {
    ajp_incoherent common;
    double ring_coupler_ratio, ring_round_trip_ratio, ring_length_meters, group_index_ratio,
        channel_spacing_meters, control_bits, lock_error_radians, crosstalk_corrected, lock_watts,
        weight_reuse;
} microring;

#define RING(field, unit, def, low, high, source, help)                              \
    {                                                                                \
#field, unit, offsetof(microring, field), def, low, high, NULL, source, help \
    }

static const ajp_param params[] = {
    RING(ring_coupler_ratio, "", AJP_NOT_DESCRIBED, 0.01, 0.999999, AJP_MISSING_SOURCE,
         "amplitude that stays in a ring, or on the bus, at one of its two couplers"),
    RING(ring_round_trip_ratio, "", AJP_NOT_DESCRIBED, 0.01, 1.0, AJP_MISSING_SOURCE,
         "amplitude left after one round trip"),
    RING(ring_length_meters, "m", AJP_NOT_DESCRIBED, 1e-6, 1e-1, AJP_MISSING_SOURCE, "round trip of a ring"),
    RING(group_index_ratio, "", AJP_NOT_DESCRIBED, 1.0, 10.0, AJP_MISSING_SOURCE, "of the ring's waveguide"),
    RING(channel_spacing_meters, "m", AJP_NOT_DESCRIBED, 1e-13, 1e-6, AJP_MISSING_SOURCE,
         "wavelength from one channel to the next"),
    RING(control_bits, "bit", AJP_NOT_DESCRIBED, 1.0, 24.0, "default: rings are set exactly",
         "effective bits of a weight: 2^b - 1 levels over the reach of a ring"),
    RING(lock_error_radians, "rad", 0.0, 0.0, 1.0, "default: locks hold exactly",
         "standard deviation of a ring's round-trip phase from where it is locked to, frozen"),
    {"crosstalk_corrected", "", offsetof(microring, crosstalk_corrected), 1.0, 0.0, 1.0, ajp_yes_no_words,
     "default: every ring is set as if it were alone",
     "yes: rings are set by what the whole bank transmits; no: as if each were alone"},
    RING(lock_watts, "W", AJP_NOT_DESCRIBED, 0.0, 10.0, AJP_MISSING_SOURCE,
         "heater and lock of one ring, as long as the accelerator is reserved"),
    RING(weight_reuse, "", 1.0, 1.0, 1e12, "default: rings are set for every batch",
         "batches for which the weights are set once"),
    AJP_INCOHERENT_ROWS(ajp_incoherent),
};

static bool corrected(const microring *p)
{
    return p->crosstalk_corrected == 0.0; /* the first of yes, no */
}

static double spectral_range(const microring *p)
{
    return aj_ring_spectral_range_meters(p->common.wavelength_meters, p->group_index_ratio,
                                         p->ring_length_meters);
}

static ajp_ring_bank bank_of(const microring *p)
{
    return (ajp_ring_bank){p->ring_coupler_ratio, p->ring_round_trip_ratio,
                           2.0 * 3.14159265358979323846 * p->channel_spacing_meters / spectral_range(p)};
}

enum { MOST_CHANNELS = 512 };

/* The weight that the network's largest is given. Corrected banks keep within what neighbours leave. */
static double reach_of(const microring *p)
{
    double scratch[3 * MOST_CHANNELS];
    ajp_ring_bank bank = bank_of(p);
    return ajp_ring_bank_reach(&bank, corrected(p) ? (size_t)p->common.tile_cols : 1, scratch);
}

static aj_status check_described(const microring *p, aj_error *err)
{
    const struct {
        const char *key;
        double value;
    } needed[] = {{"ring_coupler_ratio", p->ring_coupler_ratio},
                  {"ring_round_trip_ratio", p->ring_round_trip_ratio},
                  {"ring_length_meters", p->ring_length_meters},
                  {"group_index_ratio", p->group_index_ratio},
                  {"channel_spacing_meters", p->channel_spacing_meters},
                  {"wavelength_meters", p->common.wavelength_meters},
                  {"tile_cols", p->common.tile_cols}};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (isnan(needed[i].value))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "'%s' is not described, and the rings' weights follow from it; set it",
                            needed[i].key);
    return AJ_OK;
}

static aj_status check(const void *untyped, aj_error *err)
{
    const microring *p = untyped;
    AJ_TRY(check_described(p, err));
    AJ_TRY(ajp_check_whole(p->control_bits, "control_bits", err));
    double loop = p->ring_coupler_ratio * p->ring_coupler_ratio * p->ring_round_trip_ratio;
    double width =
        aj_ring_width_meters(loop, p->common.wavelength_meters, p->group_index_ratio, p->ring_length_meters);
    if (!(p->channel_spacing_meters >= width))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'channel_spacing_meters' is %.3g nm, under the line width of the rings, %.3g nm: "
                        "channels would not be told apart; space them further or raise 'ring_coupler_ratio'",
                        p->channel_spacing_meters * 1e9, width * 1e9);
    if (p->common.tile_cols > MOST_CHANNELS)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'tile_cols' is %g; a bus has at most %d channels",
                        p->common.tile_cols, MOST_CHANNELS);
    if (p->common.tile_cols * p->channel_spacing_meters > spectral_range(p) * (1.0 + 1e-9))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'tile_cols' is %g: so many channels of 'channel_spacing_meters' span %.4g nm, and "
                        "rings repeat after %.4g nm; use fewer, or shorter rings",
                        p->common.tile_cols, p->common.tile_cols * p->channel_spacing_meters * 1e9,
                        spectral_range(p) * 1e9);
    if (!(reach_of(p) > 0.0))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "rings of 'ring_coupler_ratio' %g and 'ring_round_trip_ratio' %g reach no weight of "
                        "both signs, alone or beside their neighbours; lower the first, raise the second, or "
                        "widen 'channel_spacing_meters'",
                        p->ring_coupler_ratio, p->ring_round_trip_ratio);
    return ajp_incoherent_check(&p->common, err);
}

static bool supports(const void *untyped, const ajp_product *product, const char **why)
{
    (void)untyped;
    return ajp_incoherent_supports(product, why);
}

static size_t tile_cols(const void *untyped, const ajp_product *product)
{
    const microring *p = untyped;
    return ajp_incoherent_tile_cols(&p->common, product);
}

static bool needs_calibration(const void *untyped)
{
    const microring *p = untyped;
    return ajp_converters_need_calibration(&p->common.converters);
}

static bool needs_readings(const void *untyped)
{
    const microring *p = untyped;
    return ajp_converters_need_readings(&p->common.converters);
}

/* ---- weights ------------------------------------------------------------------------------------ */

static double largest_of(const float *weights, size_t n)
{
    double largest = 0.0;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs((double)weights[i]));
    return largest;
}

/* What a ring is told to weigh: the network's largest weight at the end of its reach. */
static double target(const microring *p, double reach, double largest, double weight)
{
    if (!(largest > 0.0)) return 0.0;
    double aim = weight / largest;
    if (!isnan(p->control_bits)) {
        double steps = p->control_bits < 2.0 ? 1.0 : exp2(p->control_bits - 1.0) - 1.0;
        aim = rint(aim * steps) / steps;
    }
    return aim * reach;
}

static size_t tile_width(const ajp_freeze_request *request, size_t first)
{
    size_t left = request->product.cols - first;
    return left < request->tile_cols ? left : request->tile_cols;
}

/* Detunings of all rings, [rows][cols], before anything goes wrong: the same in every trial. */
static aj_status prepare(const void *untyped, const ajp_freeze_request *request, ajp_arena *arena,
                         void **cache, aj_error *err)
{
    const microring *p = untyped;
    size_t rows = request->product.rows, cols = request->product.cols;
    double *detunings = ajp_arena_array(arena, rows * cols, sizeof *detunings),
           *work = ajp_arena_array(arena, 4 * request->tile_cols, sizeof *work);
    if (detunings == NULL || work == NULL) return ajp_no_memory(err, request->product.name);
    ajp_ring_bank bank = bank_of(p);
    double reach = reach_of(p), largest = largest_of(request->weights, rows * cols);
    if (!isfinite(largest))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "product '%s': its weights are not finite numbers; check the model",
                        request->product.name);
    for (size_t row = 0; row < rows; row++)
        for (size_t first = 0; first < cols; first += request->tile_cols) {
            size_t n = tile_width(request, first), at = row * cols + first;
            for (size_t j = 0; j < n; j++)
                work[j] = target(p, reach, largest, (double)request->weights[at + j]);
            ajp_ring_bank_tune(&bank, n, work, corrected(p), detunings + at, work + request->tile_cols);
        }
    *cache = detunings;
    return AJ_OK;
}

/* Where the rings of one row are locked: drawn anew for every trial, a function of trial, product, group and
 * row. */
static void draw_locks(const microring *p, const ajp_freeze_request *request, size_t row,
                       const double *detunings, double *out)
{
    ajp_draws draws;
    uint64_t place = ((uint64_t)request->product.layer << 16) + request->first_tile;
    ajp_draws_init(&draws,
                   request->seed ^ UINT64_C(0x72696e67) ^ ((uint64_t)request->trial << 32), /* "ring" */
                   (place << 24) + row);
    for (size_t j = 0; j < request->product.cols; j++) {
        out[j] = detunings[j];
        if (p->lock_error_radians > 0.0) out[j] += p->lock_error_radians * ajp_draw_normal(&draws);
    }
}

typedef struct {
    double *locked, *drop, *through, *columns;
    float *difference, *sum, *column_sum;
} rail_memory;

static aj_status take_memory(const ajp_freeze_request *request, rail_memory *m, aj_error *err)
{
    size_t cols = request->product.cols, n = request->product.rows * cols;
    ajp_arena *arena = request->arena;
    bool good = (m->locked = ajp_arena_array(arena, cols, sizeof(double))) != NULL &&
                (m->drop = ajp_arena_array(arena, request->tile_cols, sizeof(double))) != NULL &&
                (m->through = ajp_arena_array(arena, request->tile_cols, sizeof(double))) != NULL &&
                (m->columns = ajp_arena_array(arena, cols, sizeof(double))) != NULL &&
                (m->difference = ajp_arena_array(arena, n, sizeof(float))) != NULL &&
                (m->sum = ajp_arena_array(arena, n, sizeof(float))) != NULL &&
                (m->column_sum = ajp_arena_array(arena, cols, sizeof(float))) != NULL;
    return good ? AJ_OK : ajp_no_memory(err, request->product.name);
}

static aj_status build_rails(const microring *p, const ajp_freeze_request *request, ajp_rails *out,
                             aj_error *err)
{
    size_t rows = request->product.rows, cols = request->product.cols;
    void *cache = request->cache;
    rail_memory m = {0};
    if (cache == NULL) AJ_TRY(prepare(p, request, request->arena, &cache, err));
    AJ_TRY(take_memory(request, &m, err));
    ajp_ring_bank bank = bank_of(p);
    for (size_t row = 0; row < rows; row++) {
        draw_locks(p, request, row, (const double *)cache + row * cols, m.locked);
        for (size_t first = 0; first < cols; first += request->tile_cols) {
            size_t n = tile_width(request, first);
            ajp_ring_bank_transmit(&bank, n, m.locked + first, m.drop, m.through);
            for (size_t j = 0; j < n; j++) {
                m.difference[row * cols + first + j] = (float)(m.drop[j] - m.through[j]);
                m.sum[row * cols + first + j] = (float)(m.drop[j] + m.through[j]);
                m.columns[first + j] += (m.drop[j] + m.through[j]) / (double)rows;
            }
        }
    }
    for (size_t j = 0; j < cols; j++) m.column_sum[j] = (float)m.columns[j];
    *out = (ajp_rails){.difference = m.difference,
                       .sum = m.sum,
                       .column_sum = m.column_sum,
                       .scale = largest_of(request->weights, rows * cols) / reach_of(p),
                       .parallel_inputs = p->common.tile_cols};
    return AJ_OK;
}

static aj_status freeze(const void *untyped, const ajp_freeze_request *request, ajp_frozen *out,
                        aj_error *err)
{
    const microring *p = untyped;
    ajp_rails rails;
    AJ_TRY(build_rails(p, request, &rails, err));
    return ajp_incoherent_freeze(&p->common, request, &rails, out, err);
}

static void laws(const void *untyped, const ajp_freeze_request *request, const ajp_frozen *frozen,
                 size_t plane, size_t n_vectors, const ajp_vector_moments *moments, const double *full_scale,
                 const ajp_plane_laws *out)
{
    const microring *p = untyped;
    (void)full_scale;
    ajp_incoherent_laws(&p->common, request, frozen, plane, n_vectors, moments, out);
}

static aj_status reference(const void *untyped, const ajp_freeze_request *request, const float *x,
                           ajp_draws *draws, double *y, aj_error *err)
{
    const microring *p = untyped;
    ajp_rails rails;
    AJ_TRY(build_rails(p, request, &rails, err));
    return ajp_incoherent_reference(&p->common, request, &rails, x, draws, y, err);
}

/* ---- account ------------------------------------------------------------------------------------ */

typedef struct {
    const microring *p;
    ajp_ring_bank bank;
    double reach, largest;
} ring_of_weight;

/* Of a ring alone. */
static double transmission(const void *user, double weight)
{
    const ring_of_weight *of = user;
    double r = of->bank.coupler, a = of->bank.round_trip;
    double phase = aj_ring_weight_phase_radians(r, r, a, target(of->p, of->reach, of->largest, weight));
    return aj_ring_drop_ratio(r, r, a, phase) + aj_ring_through_ratio(r, r, a, phase);
}

static aj_status account(const void *untyped, const ajp_workload *work, size_t i, ajp_product_account *out,
                         aj_error *err)
{
    const microring *p = untyped;
    const ajp_product_work *product = &work->products[i];
    double cells = (double)product->product.rows * (double)product->product.cols;
    ajp_incoherent_use use = {.weight_symbols = cells / ((double)work->batch * p->weight_reuse),
                              .weights_cause = AJ_CAUSE_PROGRAMMING,
                              .parallel_inputs = p->common.tile_cols};
    ring_of_weight of = {.p = p, .bank = bank_of(p)};
    of.reach = reach_of(p);
    if (product->weights != NULL)
        of.largest = largest_of(product->weights, product->product.rows * product->product.cols);
    ajp_incoherent_means(product, transmission, &of, &use);
    return ajp_incoherent_account(&p->common, work, i, &use, out, err);
}

/* All rings of the array are held, those without a weight too. */
static aj_status reserved_watts(const void *untyped, const ajp_workload *work, double watts[AJ_N_CAUSES],
                                aj_error *err)
{
    const microring *p = untyped;
    double banks = p->common.tile_rows;
    (void)err;
    if (isnan(banks)) {
        banks = 0.0;
        for (size_t i = 0; i < work->n_products; i++)
            if (!work->products[i].runs_digitally)
                banks = fmax(banks, (double)work->products[i].product.rows);
    }
    watts[AJ_CAUSE_TUNING] += banks * p->common.tile_cols * p->lock_watts;
    return AJ_OK;
}

static double peak_macs_per_second(const void *untyped)
{
    const microring *p = untyped;
    return ajp_incoherent_peak(&p->common, p->common.tile_cols);
}

const ajp_hardware_ops ajp_hardware_microring = {
    .name = "microring",
    .summary = "banks of add-drop rings that split wavelengths between two photodiodes",
    .read_law =
        "transmissions of whole banks, neighbours and lock errors included, frozen for a trial; counts "
        "of two photocurrents: their difference as one normal with its third cumulant, rounded from 20 "
        "photons an output on, below by inversion; read-out noise as one normal",
    .latency_of = "one batch through all products, one input vector after the other, tile_cols inputs a "
                  "cycle, then the read-out of a tile; setting rings and digital steps take no time",
    .params_size = sizeof(microring),
    .params = params,
    .n_params = sizeof params / sizeof params[0],
    .check = check,
    .supports = supports,
    .tile_cols = tile_cols,
    .needs_calibration = needs_calibration,
    .needs_readings = needs_readings,
    .prepare = prepare,
    .freeze = freeze,
    .laws = laws,
    .reference = reference,
    .account = account,
    .reserved_watts = reserved_watts,
    .peak_macs_per_second = peak_macs_per_second,
    .knob = {"photons_per_mac", 1e-3, 1e7, AJP_KNOB_LOG, true},
};

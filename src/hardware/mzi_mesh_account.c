/* mzi_mesh_account.c: events of a product on meshes, the light behind them, and the heaters that hold the
 * weights.
 *
 * An input vector enters every block of its columns: cols reps times the blocks above each other symbols,
 * rows reps times the blocks beside each other results.  Phases are held as long as the chip is reserved,
 * whether light passes or not. */
#include <math.h>

#include "../physics/constants.h"
#include "mzi_mesh.h"

enum { MOST_LOOKED_AT = 8 }; /* blocks of a product whose phases are found */

typedef struct {
    double rows, cols, all; /* blocks above each other, beside each other, of one group */
} blocks;

static blocks count_blocks(const ajp_mzi_mesh *p, const ajp_product *product)
{
    double rows = ceil((double)product->rows / p->array_ports),
           cols = ceil((double)product->cols / p->array_ports);
    return (blocks){rows, cols, rows * cols};
}

/* Blocks of the whole network that want an array. */
static double count_all(const ajp_mzi_mesh *p, const ajp_workload *work)
{
    double all = 0.0;
    for (size_t i = 0; i < work->n_products; i++)
        if (!work->products[i].runs_digitally)
            all += count_blocks(p, &work->products[i].product).all *
                   ajp_product_groups(&work->products[i].product);
    return all;
}

static bool all_stay(const ajp_mzi_mesh *p, const ajp_workload *work)
{
    return isnan(p->arrays) || count_all(p, work) <= p->arrays;
}

static void count_events(const ajp_mzi_mesh *p, const ajp_workload *work, const ajp_product *product,
                         ajp_product_account *out)
{
    blocks n = count_blocks(p, product);
    double reps = (double)product->reps, batch = (double)work->batch;
    double turns = isnan(p->arrays) ? 1.0 : ceil(n.all / p->arrays);
    double setting = all_stay(p, work) ? 0.0 : turns * p->programming_seconds; /* of a batch */
    out->weight_symbols = 0.0;
    out->input_symbols = (double)product->cols * reps * n.rows;
    out->samples = (double)product->rows * reps * n.cols;
    out->busy_seconds = reps * turns / p->clock_hertz + setting / batch;
    out->latency_seconds = batch * reps * turns / p->clock_hertz + p->readout_seconds + setting;
}

/* ---- light ---------------------------------------------------------------------------------------- */

/* Power that inputs of this product leave at the outputs of its blocks, per rep and per what passes a perfect
 * block: sum of M_ij^2 e_j^2, M with its attenuators; cross terms between inputs are left out. */
static aj_status signal_power(const ajp_mzi_mesh *p, const ajp_product_work *work, double *out, aj_error *err)
{
    const ajp_product *product = &work->product;
    size_t n = ajp_mzi_ports(p);
    *out = AJP_NOT_DESCRIBED;
    if (work->column_mean_squares == NULL || work->weights == NULL) return AJ_OK;
    ajp_arena arena;
    ajp_mzi_program program;
    ajp_arena_init(&arena, NULL);
    aj_status st = ajp_mzi_mesh_program(p, product, work->weights, NULL, &arena, &program, err);
    double sum = 0.0;
    for (size_t row = 0; row < product->rows && st == AJ_OK; row++)
        for (size_t col = 0; col < product->cols; col++) {
            double scale = program.scales[row / n * program.n_col_blocks + col / n];
            double m = scale > 0.0 ? (double)work->weights[row * product->cols + col] / scale : 0.0;
            sum += m * m * work->column_mean_squares[col];
        }
    ajp_arena_free(&arena);
    if (st == AJ_OK) *out = sum;
    return st;
}

static aj_status count_photons(const ajp_mzi_mesh *p, const ajp_product_work *work, ajp_product_account *out,
                               aj_error *err)
{
    if (isnan(p->photons_per_mac)) return AJ_OK;
    double power = 0.0, reps = (double)work->product.reps, reads = count_blocks(p, &work->product).all * reps;
    ajp_mzi_light light = ajp_mzi_mesh_light(p);
    AJ_TRY(signal_power(p, work, &power, err));
    out->input_photons_incident = reps * light.signal * power;
    out->photons_incident = out->input_photons_incident + reads * p->array_ports * light.oscillator;
    out->photons_launched = reads * light.launched;
    out->weight_crest_ratio = 1.0;
    if (work->column_mean_squares != NULL) {
        double mean = aj_sum(work->column_mean_squares, work->product.cols) / (double)work->product.cols;
        out->input_crest_ratio = mean > 0.0 ? 1.0 / mean : AJP_NOT_DESCRIBED;
    }
    return AJ_OK;
}

/* Time the laser burns per time in which inputs flow. */
static double laser_time_ratio(const ajp_mzi_mesh *p, const ajp_workload *work,
                               const ajp_product_account *account)
{
    if (ajp_mesh_is(p->laser_gated, MESH_YES)) return 1.0;
    if (isnan(p->laser_gated)) return work->mode == AJP_MODE_THROUGHPUT ? 1.0 : AJP_NOT_DESCRIBED;
    if (work->mode == AJP_MODE_THROUGHPUT) return 1.0;
    return account->latency_seconds / (account->busy_seconds * (double)work->batch);
}

static void price_light(const ajp_mzi_mesh *p, const ajp_workload *work, ajp_product_account *out)
{
    double photon = aj_photon_energy_joules(p->wavelength_meters);
    out->energy.optical_joules = out->photons_incident * photon;
    aj_energy_set(&out->energy, AJ_CAUSE_LASER,
                  out->photons_launched * photon / p->wall_plug_ratio * laser_time_ratio(p, work, out));
}

/* ---- electronics ----------------------------------------------------------------------------------- */

static void price_electronics(const ajp_mzi_mesh *p, const ajp_workload *work, const ajp_product *product,
                              ajp_product_account *out)
{
    double phases = count_blocks(p, product).all * (double)ajp_mzi_phases(ajp_mzi_ports(p));
    double uses = all_stay(p, work) ? p->inferences_per_programming : (double)work->batch;
    aj_energy_set(&out->energy, AJ_CAUSE_MODULATOR, out->input_symbols * p->symbol_energy_joules);
    aj_energy_set(&out->energy, AJ_CAUSE_RECEIVER, out->samples * p->receiver_energy_joules);
    aj_energy_set(&out->energy, AJ_CAUSE_PROGRAMMING,
                  p->programming_energy_joules == 0.0 ? 0.0 : phases * p->programming_energy_joules / uses);
    ajp_converters_price(&p->converters, out->samples, out->input_symbols, out);
}

aj_status ajp_mzi_mesh_account(const void *params, const ajp_workload *work, size_t i,
                               ajp_product_account *out, aj_error *err)
{
    const ajp_mzi_mesh *p = params;
    const ajp_product_work *product = &work->products[i];
    ajp_product_account account = ajp_product_account_none();
    count_events(p, work, &product->product, &account);
    AJ_TRY(count_photons(p, product, &account, err));
    price_light(p, work, &account);
    price_electronics(p, work, &product->product, &account);
    double results = (double)product->product.rows * (double)product->product.reps;
    double sram_bits = (account.input_symbols + results) * p->prices.activation_bits;
    double sums = account.samples - results; /* partial results of blocks, added digitally */
    ajp_price_local(&p->prices, sram_bits, product->digital_ops + sums, &account);
    *out = account;
    return AJ_OK;
}

/* ---- heaters ---------------------------------------------------------------------------------------- */

static bool looked_at(size_t block, size_t n_blocks)
{
    size_t step = (n_blocks + MOST_LOOKED_AT - 1) / MOST_LOOKED_AT;
    return block % step == 0;
}

/* Mean phase of the shifters of a product, from at most MOST_LOOKED_AT of its blocks, spread evenly. */
static aj_status mean_phase(const ajp_mzi_mesh *p, const ajp_product_work *work, double *out_radians,
                            aj_error *err)
{
    *out_radians = ajp_pi;
    if (ajp_mesh_is(p->heater_energy, MESH_HEATERS_FIXED) || work->weights == NULL) return AJ_OK;
    size_t n_phases = ajp_mzi_phases(ajp_mzi_ports(p)), n_seen = 0;
    ajp_arena arena;
    ajp_mzi_program program = {0};
    ajp_arena_init(&arena, NULL);
    aj_status st = ajp_mzi_mesh_program(p, &work->product, work->weights, looked_at, &arena, &program, err);
    size_t n_blocks = st == AJ_OK ? program.n_row_blocks * program.n_col_blocks : 0;
    double sum = 0.0;
    for (size_t block = 0; block < n_blocks; block++) {
        if (!looked_at(block, n_blocks)) continue;
        sum += aj_sum(program.phases + block * n_phases, n_phases);
        n_seen += n_phases;
    }
    ajp_arena_free(&arena);
    if (n_seen > 0) *out_radians = sum / (double)n_seen;
    return st;
}

/* All blocks of the network hold their phases at the same time; of more than there are arrays, as many as
 * there are. */
aj_status ajp_mzi_mesh_watts(const void *params, const ajp_workload *work, double watts[AJ_N_CAUSES],
                             aj_error *err)
{
    const ajp_mzi_mesh *p = params;
    double all = count_all(p, work), sum = 0.0;
    if (p->heater_pi_watts == 0.0 || all == 0.0) return AJ_OK;
    for (size_t i = 0; i < work->n_products && !isnan(p->heater_pi_watts); i++) {
        const ajp_product_work *product = &work->products[i];
        double phase = 0.0,
               n = count_blocks(p, &product->product).all * ajp_product_groups(&product->product);
        if (product->runs_digitally) continue;
        AJ_TRY(mean_phase(p, product, &phase, err));
        sum += n * (double)ajp_mzi_phases(ajp_mzi_ports(p)) * phase / ajp_pi;
    }
    double held = isnan(p->arrays) ? 1.0 : fmin(1.0, p->arrays / all);
    watts[AJ_CAUSE_TUNING] += sum * held * p->heater_pi_watts;
    return AJ_OK;
}

/* An interferometer is a column long and two ports wide; attenuators are interferometers too. */
double ajp_mzi_mesh_area(const void *params)
{
    const ajp_mzi_mesh *p = params;
    double n_mzis = p->array_ports * p->array_ports;
    return p->arrays * n_mzis * p->column_pitch_meters * 2.0 * p->port_pitch_meters;
}

double ajp_mzi_mesh_peak(const void *params)
{
    const ajp_mzi_mesh *p = params;
    return p->arrays * p->array_ports * p->array_ports * p->clock_hertz;
}

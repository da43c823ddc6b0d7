/* ddot_account.c: clocks, symbols, readings and words of a product on the ddot accelerator, and what they
 * cost.
 *
 * A batch is one product of rows x cols (the first operand) with reps x batch input vectors (the second).  A
 * core holds core_rows rows, core_cols vectors and `wavelengths` columns in one clock; the cores of a tile
 * take columns side by side and add their currents, tiles take rows side by side.  Weights are encoded for
 * every group of core_cols vectors, inputs for every group of core_rows rows, by all tiles together where
 * inputs are shared.  The output stays where it is: partial sums go to registers, results to the buffers.
 * Zhu et al., HPCA 2024, arXiv:2305.19533, and the simulator beside it. */
#include <math.h>

#include "attojoule/physics.h"
#include "ddot.h"

typedef struct {
    double rows, cols, vectors;                     /* of the whole batch that shares the first operand */
    double row_groups, vector_groups, column_steps; /* core_rows, core_cols, wavelengths at a time */
    double core_clocks;                             /* summed over cores */
    double first_symbols, second_symbols, readings, detections;
} counts;

static counts count(const ajp_ddot *p, const ajp_product *product, double sharing)
{
    counts n = {.rows = (double)product->rows,
                .cols = (double)product->cols,
                .vectors = (double)product->reps * sharing};
    n.row_groups = ceil(n.rows / p->core_rows);
    n.vector_groups = ceil(n.vectors / p->core_cols);
    n.column_steps = ceil(n.cols / p->wavelengths);
    n.core_clocks = n.row_groups * n.vector_groups * n.column_steps;
    n.first_symbols = n.rows * n.cols * n.vector_groups;
    n.second_symbols = n.row_groups * n.vectors * n.cols;
    if (ajp_ddot_is(p->input_sharing, DDOT_SHARED)) n.second_symbols /= p->tiles;
    double gathered = fmin(p->time_accumulation, ceil(n.cols / (p->cores_per_tile * p->wavelengths)));
    n.readings = n.rows * n.vectors * ceil(ceil(n.column_steps / gathered) / p->cores_per_tile);
    n.detections = n.rows * n.vectors * n.column_steps;
    return n;
}

/* Rows of all tiles at a time come from off-chip memory, in whole cycles of the memory's clock. */
static double load_seconds(const ajp_ddot *p, const counts *n)
{
    if (isnan(p->dram_bytes_per_second)) return 0.0;
    double bytes = p->core_rows * n->cols * p->prices.weight_bits / 8.0,
           cycles = ceil(bytes * p->tiles / p->dram_bytes_per_second * p->memory_clock_hertz);
    return ceil(n->rows / (p->tiles * p->core_rows)) * cycles / p->memory_clock_hertz;
}

static void count_time(const ajp_ddot *p, const counts *n, bool dynamic, double sharing, double turns,
                       ajp_product_account *out)
{
    double seconds = ceil(n->core_clocks / (p->tiles * p->cores_per_tile)) / p->clock_hertz;
    double loading = dynamic ? 0.0 : load_seconds(p, n);
    if (loading > seconds || isnan(loading)) seconds = loading;
    out->busy_seconds = seconds / sharing;
    out->latency_seconds = seconds * turns;
}

/* Registers take every symbol and every partial sum once in and once out; a tile's buffer gives symbols and
 * takes them in, and holds results, which come back where the buffer is too small for one group of rows. */
static void price_memory(const ajp_ddot *p, const counts *n, double weight_bits, double per,
                         ajp_product_account *out)
{
    const ajp_prices *prices = &p->prices;
    double bits = prices->activation_bits, group_bytes = p->core_rows * n->cols * bits / 8.0;
    double turns = fmax(ceil(group_bytes / p->local_bytes), 1.0), results = n->rows * n->vectors;
    double registers = 2.0 * (n->first_symbols * weight_bits + (n->second_symbols + n->readings) * bits);
    double global =
        n->rows * n->cols * weight_bits + n->second_symbols * bits + results * (2.0 * turns - 1.0) * bits;
    double local = global + n->first_symbols * weight_bits + n->second_symbols * bits;
    out->sram_bytes = (registers + local + global) * per / 8.0;
    aj_energy_set(&out->energy, AJ_CAUSE_SRAM,
                  per * (registers * p->register_joules_per_bit + local * p->local_joules_per_bit +
                         global * prices->sram_joules_per_bit));
    aj_energy_set(&out->energy, AJ_CAUSE_LINK, per * n->readings * bits * p->link_joules_per_bit);
}

/* Photons at the detectors follow what is encoded: full scale times mean squares of both operands. */
static void price_light(const ajp_ddot *p, const ajp_product_work *work, const counts *n, double per,
                        ajp_product_account *out)
{
    double photons = ajp_ddot_photons(p), inputs = 0.0, full = work->weight_max_abs * work->weight_max_abs;
    for (size_t col = 0; col < work->product.cols; col++)
        inputs += work->column_mean_squares != NULL ? work->column_mean_squares[col] : AJP_NOT_DESCRIBED;
    double weights = full > 0.0 ? work->weight_sum_squares / full : 0.0;
    out->input_photons_incident = per * photons * inputs * n->rows * n->vectors;
    out->photons_incident = out->input_photons_incident + per * photons * weights * n->vectors;
    out->energy.optical_joules = out->photons_incident * aj_photon_energy_joules(p->wavelength_meters);
    aj_energy_set(&out->energy, AJ_CAUSE_LASER,
                  per * n->core_clocks * ajp_ddot_laser_watts(p) / p->clock_hertz);
    out->photons_launched = out->energy.cause_joules[AJ_CAUSE_LASER] * p->wall_plug_ratio /
                            aj_photon_energy_joules(p->wavelength_meters);
}

aj_status ajp_ddot_account(const void *params, const ajp_workload *work, size_t i, ajp_product_account *out,
                           aj_error *err)
{
    const ajp_ddot *p = params;
    const ajp_product_work *product = &work->products[i];
    (void)err;
    bool dynamic = product->product.weights == AJP_OPERAND_DYNAMIC;
    double sharing = ajp_product_sharing(&product->product, work->batch), per = 1.0 / sharing;
    counts n = count(p, &product->product, sharing);
    ajp_product_account account = ajp_product_account_none();
    account.weight_symbols = n.first_symbols * per;
    account.input_symbols = n.second_symbols * per;
    account.samples = n.readings * per;
    double symbols = account.weight_symbols + account.input_symbols;
    count_time(p, &n, dynamic, sharing, (double)work->batch / sharing, &account);
    price_light(p, product, &n, per, &account);
    ajp_converters_price(&p->converters, account.samples, symbols, &account);
    aj_energy_set(&account.energy, AJ_CAUSE_MODULATOR, symbols * p->modulator_energy_joules);
    aj_energy_set(&account.energy, AJ_CAUSE_RECEIVER,
                  account.samples * p->receiver_energy_joules +
                      per * n.detections * p->detector_energy_joules);
    aj_energy_set(&account.energy, AJ_CAUSE_DIGITAL,
                  account.samples * p->adder_energy_joules +
                      ajp_price(product->digital_ops, p->prices.digital_op_joules));
    price_memory(p, &n, dynamic ? p->prices.activation_bits : p->prices.weight_bits, per, &account);
    *out = account;
    return AJ_OK;
}

double ajp_ddot_peak(const void *params)
{
    const ajp_ddot *p = params;
    return p->core_rows * p->core_cols * p->wavelengths * p->tiles * p->cores_per_tile * p->clock_hertz;
}

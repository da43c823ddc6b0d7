/* homodyne_account.c: events of a product on the homodyne accelerator, and the light behind them.
 *
 * A hardware batch of b samples is one matrix product of m = rows, k = cols, n = b reps: (m + n) k symbols
 * are encoded and m n results read, one receiver a result; so per MAC E_in (1/m + 1/n) + E_out/k (PRX 2019).
 * A convolution's patches overlap: an input is in about Kx Ky / s^2 of them and is encoded as often, unless
 * it is encoded once and light carries it to all of them (input_fan_out optical).
 * A layer higher than tile_rows sends its inputs again for every group of rows; averaged reads send and read
 * everything again.  Of two activations every sample has both matrices of its own: nothing is shared over the
 * batch, and its samples come one after the other. */
#include <math.h>

#include "homodyne.h"

typedef struct {
    double row_groups, col_tiles, reads; /* passes over the inputs, integrations per result, averaged reads */
} passes;

static passes count_passes(const ajp_homodyne *p, const ajp_product *product)
{
    double rows = (double)product->rows, cols = (double)product->cols;
    return (passes){
        .row_groups = isnan(p->tile_rows) ? 1.0 : ceil(rows / p->tile_rows),
        .col_tiles = isnan(p->tile_cols) ? 1.0 : ceil(cols / p->tile_cols),
        .reads = p->averaged_reads,
    };
}

/* Whether inputs are copied by light: only those of patches have something to copy. */
static bool fans_out(const ajp_homodyne *p, const ajp_product *product)
{
    return ajp_homodyne_is(p->input_fan_out, HOMODYNE_OPTICAL) && product->n_distinct_inputs > 0;
}

static void count_events(const ajp_homodyne *p, const ajp_workload *work, const ajp_product *product,
                         ajp_product_account *out)
{
    passes n = count_passes(p, product);
    double rows = (double)product->rows, cols = (double)product->cols, reps = (double)product->reps;
    double steps = cols * n.row_groups * n.reads; /* symbol times of a batch */
    double sharing = ajp_product_sharing(product, work->batch), turns = (double)work->batch / sharing;
    out->weight_symbols = rows * cols * n.reads / sharing;
    double encoded = fans_out(p, product) ? ajp_product_distinct_inputs(product) : cols * reps;
    out->input_symbols = encoded * n.row_groups * n.reads;
    out->samples = rows * reps * n.col_tiles * n.reads;
    out->busy_seconds = steps / p->clock_hertz / sharing;
    out->latency_seconds =
        turns * (steps / p->clock_hertz + n.row_groups * n.col_tiles * n.reads * p->readout_seconds);
}

/* Launched per detected light of an absorbing modulator: what it encodes has max^2 where rms^2 is passed. */
static void find_crests(const ajp_homodyne *p, const ajp_product_work *work, ajp_product_account *out)
{
    if (isnan(p->modulator)) return;
    out->weight_crest_ratio = out->input_crest_ratio = 1.0;
    if (ajp_homodyne_is(p->modulator, AJP_MODULATOR_GENERATIVE)) return;
    double cells = (double)work->product.rows * (double)work->product.cols;
    bool dynamic = work->product.weights == AJP_OPERAND_DYNAMIC;
    if (dynamic && !ajp_homodyne_is(p->weight_gain, HOMODYNE_GAIN_ROW))
        out->weight_crest_ratio =
            work->weight_crest_ratio > 0.0 ? work->weight_crest_ratio : AJP_NOT_DESCRIBED;
    else if (ajp_homodyne_is(p->weight_gain, HOMODYNE_GAIN_ROW))
        out->weight_crest_ratio =
            work->weight_row_crest_ratio > 0.0 ? work->weight_row_crest_ratio : AJP_NOT_DESCRIBED;
    else if (work->weight_sum_squares > 0.0)
        out->weight_crest_ratio =
            work->weight_max_abs * work->weight_max_abs * cells / work->weight_sum_squares;
    out->input_crest_ratio = work->input_crest_ratio;
    if (ajp_homodyne_is(p->input_gain,
                        HOMODYNE_CALIBRATED)) /* full scale is the calibration's largest input */
        out->input_crest_ratio = work->calibration.max_abs * work->calibration.max_abs *
                                 (double)work->product.cols / work->input_mean_sum_squares;
}

static void count_photons(const ajp_homodyne *p, const ajp_product_work *work, ajp_product_account *out)
{
    double macs = ajp_product_macs(&work->product) * p->averaged_reads;
    double inputs = ajp_homodyne_input_photons(p) * macs, weights = ajp_homodyne_weight_photons(p) * macs;
    if (ajp_homodyne_is(p->input_gain, HOMODYNE_CALIBRATED))
        inputs *= work->input_mean_sum_squares / work->calibration.mean_sum_squares;
    if (work->weight_sum_squares == 0.0) weights = 0.0;
    out->input_photons_incident = inputs;
    out->photons_incident = inputs + weights;
    double spread = fans_out(p, &work->product) ? p->fan_out_transmission_ratio : 1.0;
    out->photons_launched = (inputs * out->input_crest_ratio / spread + weights * out->weight_crest_ratio) /
                            (p->path_transmission_ratio * p->modulator_transmission_ratio);
}

static void price_electronics(const ajp_homodyne *p, ajp_product_account *out)
{
    double symbols = out->weight_symbols + out->input_symbols;
    bool nothing =
        isnan(p->symbol_energy_joules) && isnan(p->dac_energy_joules) && isnan(p->driver_energy_joules);
    aj_energy_set(&out->energy, AJ_CAUSE_MODULATOR, symbols * p->symbol_energy_joules);
    if (nothing || !isnan(p->dac_energy_joules))
        aj_energy_set(&out->energy, AJ_CAUSE_DAC, symbols * p->dac_energy_joules);
    if (nothing || !isnan(p->driver_energy_joules))
        aj_energy_set(&out->energy, AJ_CAUSE_DRIVER, symbols * p->driver_energy_joules);
    aj_energy_set(&out->energy, AJ_CAUSE_ADC, out->samples * p->sample_energy_joules);
    aj_energy_set(&out->energy, AJ_CAUSE_RECEIVER, out->samples * p->receiver_energy_joules);
}

aj_status ajp_homodyne_account(const void *params, const ajp_workload *work, size_t i,
                               ajp_product_account *out, aj_error *err)
{
    const ajp_homodyne *p = params;
    const ajp_product_work *product = &work->products[i];
    (void)err;
    ajp_product_account account = ajp_product_account_none();
    count_events(p, work, &product->product, &account);
    find_crests(p, product, &account);
    count_photons(p, product, &account);
    ajp_light_price(p->wavelength_meters, p->wall_plug_ratio,
                    ajp_laser_time_ratio(p->laser_gated, work, &account), &account);
    price_electronics(p, &account);
    double results = (double)product->product.rows * (double)product->product.reps;
    bool dynamic = product->product.weights == AJP_OPERAND_DYNAMIC;
    double weight_bits = dynamic ? p->prices.activation_bits : p->prices.weight_bits;
    double sram_bits =
        account.weight_symbols * weight_bits + (account.input_symbols + results) * p->prices.activation_bits;
    double sums = account.samples - results; /* partial results of tiles and reads, added digitally */
    ajp_price_local(&p->prices, sram_bits, product->digital_ops + sums, &account);
    *out = account;
    return AJ_OK;
}

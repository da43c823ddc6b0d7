/* incoherent_account.c: events of a product on a machine of intensities, and the light behind them.
 *
 * Input vectors come one after the other: reps a sample, every sample of a batch. Each is sent once for every
 * group of tile_rows outputs, and once more for its negative numbers where input_signs is two_passes; the
 * light of both passes together is what photons_per_mac says.  */
#include "attojoule/physics.h"
#include "incoherent.h"

typedef struct {
    double row_groups, tiles, passes, steps; /* steps: cycles of one pass over all inputs */
} schedule;

static schedule plan(const ajp_incoherent *p, const ajp_product *product, double parallel)
{
    double rows = (double)product->rows, cols = (double)product->cols,
           tile = (double)ajp_incoherent_tile_cols(p, product);
    double tiles = ceil(cols / tile), last = cols - (tiles - 1.0) * tile;
    return (schedule){.row_groups = isnan(p->tile_rows) ? 1.0 : ceil(rows / p->tile_rows),
                      .tiles = tiles,
                      .passes = p->input_signs == (double)AJP_SIGNS_UNSIGNED ? 1.0 : 2.0,
                      .steps = (tiles - 1.0) * ceil(tile / parallel) + ceil(last / parallel)};
}

static void count_events(const ajp_incoherent *p, const ajp_workload *work, const ajp_product *product,
                         const ajp_incoherent_use *use, ajp_product_account *out)
{
    schedule s = plan(p, product, use->parallel_inputs);
    double vectors = (double)product->reps, sends = vectors * s.row_groups * s.passes;
    double results = (double)product->rows * vectors;
    bool each = p->integration == (double)AJP_INTEGRATE_SYMBOL;
    out->weight_symbols = use->weight_symbols;
    out->input_symbols = (double)product->cols * sends;
    out->samples = results * p->detector_nodes * (each ? s.steps * s.passes : s.tiles);
    out->busy_seconds = sends * s.steps / p->clock_hertz;
    out->latency_seconds =
        (double)work->batch * (out->busy_seconds + vectors * s.row_groups * s.tiles * p->readout_seconds);
}

/* Sum over the columns of the mean |e|; NaN before any data. */
static double mean_vector(const ajp_product_work *product)
{
    if (product->column_mean_magnitudes == NULL) return AJP_NOT_DESCRIBED;
    return aj_sum(product->column_mean_magnitudes, product->product.cols);
}

static void count_photons(const ajp_incoherent *p, const ajp_product_work *product,
                          const ajp_incoherent_use *use, ajp_product_account *out)
{
    double macs = ajp_product_macs(&product->product), cols = (double)product->product.cols;
    double open = p->path_transmission_ratio * p->modulator_transmission_ratio;
    double crest = cols / mean_vector(product);
    ajp_incoherent_budget budget = ajp_incoherent_spend(p, use->mean_sum, use->by_column);
    bool generative = p->modulator == (double)AJP_MODULATOR_GENERATIVE;
    double on_devices = macs * budget.photons;
    if (budget.kind == AJP_SPEND_FIXED) on_devices /= crest;
    if (budget.kind == AJP_SPEND_DETECTED)
        on_devices = use->weighted_sum > 0.0 ? on_devices / use->weighted_sum : 0.0;
    out->input_crest_ratio = generative ? 1.0 : isnan(p->modulator) ? AJP_NOT_DESCRIBED : crest;
    out->weight_crest_ratio = use->weighted_sum > 0.0 ? 1.0 / use->weighted_sum : AJP_NOT_DESCRIBED;
    out->photons_incident = on_devices * use->weighted_sum;
    out->input_photons_incident = out->photons_incident;
    out->photons_launched = isnan(p->launched_photons_per_mac) ? on_devices * out->input_crest_ratio / open
                                                               : p->launched_photons_per_mac * macs;
}

aj_status ajp_incoherent_account(const ajp_incoherent *p, const ajp_workload *work, size_t i,
                                 const ajp_incoherent_use *use, ajp_product_account *out, aj_error *err)
{
    const ajp_product_work *product = &work->products[i];
    (void)err;
    ajp_product_account account = ajp_product_account_none();
    count_events(p, work, &product->product, use, &account);
    count_photons(p, product, use, &account);
    ajp_light_price(p->wavelength_meters, p->wall_plug_ratio,
                    ajp_laser_time_ratio(p->laser_gated, work, &account), &account);
    aj_energy_set(&account.energy, AJ_CAUSE_MODULATOR,
                  ajp_price(account.input_symbols, p->input_symbol_joules));
    aj_energy_add(&account.energy, use->weights_cause,
                  ajp_price(account.weight_symbols, p->weight_symbol_joules));
    aj_energy_set(&account.energy, AJ_CAUSE_RECEIVER, ajp_price(account.samples, p->receiver_energy_joules));
    ajp_converters_price(&p->converters, account.samples, account.input_symbols, &account);
    double results = (double)product->product.rows * (double)product->product.reps;
    double bits = ajp_price(account.weight_symbols, p->prices.weight_bits) +
                  (account.input_symbols + results) * p->prices.activation_bits;
    ajp_price_local(&p->prices, bits, product->digital_ops + account.samples - results, &account);
    *out = account;
    return AJ_OK;
}

double ajp_incoherent_peak(const ajp_incoherent *p, double parallel_inputs)
{
    double passes = p->input_signs == (double)AJP_SIGNS_UNSIGNED ? 1.0 : 2.0;
    return p->tile_rows * parallel_inputs * p->clock_hertz / passes;
}

void ajp_incoherent_means(const ajp_product_work *work, ajp_transmission transmission, const void *user,
                          ajp_incoherent_use *use)
{
    size_t rows = work->product.rows, cols = work->product.cols;
    use->mean_sum = use->weighted_sum = AJP_NOT_DESCRIBED;
    if (work->weights == NULL) return;
    double plain = 0.0, weighted = 0.0, light = 0.0;
    for (size_t j = 0; j < cols; j++) {
        double column = 0.0,
               magnitude = work->column_mean_magnitudes != NULL ? work->column_mean_magnitudes[j] : 1.0;
        for (size_t i = 0; i < rows; i++)
            column += transmission(user, (double)work->weights[i * cols + j]) / (double)rows;
        plain += column / (double)cols;
        weighted += magnitude * column;
        light += magnitude;
    }
    use->mean_sum = plain;
    use->by_column = true;
    use->weighted_sum = light > 0.0 ? weighted / light : plain;
}

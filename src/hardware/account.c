/* account.c: the energy of a whole network: its products, and what they have in common. */
#include <math.h>

#include "digital.h"
#include "object.h"
#include "prices.h"

/* Groups are the same work one after the other: one is accounted and counted so many times. */
static aj_status account_groups(const aj_hardware *on, const ajp_workload *work, size_t i,
                                ajp_product_account *out, aj_error *err)
{
    double groups = ajp_product_groups(&work->products[i].product);
    if (groups == 1.0) return on->ops->account(on->params, work, i, out, err);
    ajp_product_work one = work->products[i];
    ajp_workload alone = *work;
    one.product.groups = 1;
    one.weight_sum_squares /= groups;
    one.digital_ops /= groups;
    alone.products = &one;
    alone.n_products = 1;
    ajp_product_account account;
    AJ_TRY(on->ops->account(on->params, &alone, 0, &account, err));
    double *sums[] = {&account.weight_symbols,
                      &account.input_symbols,
                      &account.samples,
                      &account.photons_incident,
                      &account.input_photons_incident,
                      &account.photons_launched,
                      &account.dram_bytes,
                      &account.sram_bytes,
                      &account.busy_seconds,
                      &account.latency_seconds,
                      &account.energy.optical_joules};
    for (size_t k = 0; k < sizeof sums / sizeof sums[0]; k++) *sums[k] *= groups;
    for (int cause = 0; cause < AJ_N_CAUSES; cause++) account.energy.cause_joules[cause] *= groups;
    *out = account;
    return AJ_OK;
}

/* What runs digitally is computed in float32: a fallback that rounds would price something else. */
static bool is_exact(const aj_hardware *hardware)
{
    return hardware->ops == &ajp_hardware_digital && ajp_digital_is_exact(hardware->params);
}

static aj_status account_products(const aj_hardware *hardware, const aj_hardware *fallback,
                                  const ajp_workload *work, ajp_product_account *per_product, aj_error *err)
{
    for (size_t i = 0; i < work->n_products; i++) {
        const ajp_product_work *product = &work->products[i];
        const aj_hardware *on = product->runs_digitally ? fallback : hardware;
        if (on == NULL || (product->runs_digitally && !is_exact(on)))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "product '%s' runs digitally and there is no digital hardware to price it; name "
                            "one as fallback",
                            product->product.name);
        AJ_TRY(account_groups(on, work, i, &per_product[i], err));
    }
    return AJ_OK;
}

static double weight_count(const ajp_product *product)
{
    /* of two activations there is nothing to keep */
    return product->weights == AJP_OPERAND_CONSTANT
               ? (double)product->rows * (double)product->cols * ajp_product_groups(product)
               : 0.0;
}

/* Weights that stay in the arrays are paid for by the family (programming). Weights that all fit the on-chip
 * memory stay there and cost no DRAM; otherwise every batch reads all of them. */
static void price_weights(const ajp_prices *prices, bool stay, const ajp_workload *work,
                          ajp_product_account *per_product)
{
    double all_bits = 0.0;
    for (size_t i = 0; i < work->n_products; i++)
        all_bits += weight_count(&work->products[i].product) * prices->weight_bits;
    bool known = !isnan(prices->sram_bytes) && !isnan(all_bits);
    bool resident = known && all_bits / 8.0 <= prices->sram_bytes;
    for (size_t i = 0; i < work->n_products; i++) {
        double bits = weight_count(&work->products[i].product) * prices->weight_bits / (double)work->batch;
        if (!known) bits = AJP_NOT_DESCRIBED;
        if (resident || (stay && !work->products[i].runs_digitally)) bits = 0.0;
        per_product[i].dram_bytes = bits / 8.0;
        aj_energy_set(&per_product[i].energy, AJ_CAUSE_DRAM, ajp_price(bits, prices->dram_joules_per_bit));
        if (bits != 0.0)
            aj_energy_add(&per_product[i].energy, AJ_CAUSE_SRAM,
                          bits * prices->sram_joules_per_bit); /* written there */
    }
}

static void sum_products(const ajp_workload *work, const ajp_product_account *per_product, ajp_account *total)
{
    double busy = 0.0, light = 0.0;
    bool any_light = false;
    for (size_t i = 0; i < work->n_products; i++) {
        const aj_energy *energy = &per_product[i].energy;
        for (int cause = 0; cause < AJ_N_CAUSES; cause++)
            if ((energy->applies >> cause & 1u) != 0)
                aj_energy_add(&total->energy, (aj_cause)cause, energy->cause_joules[cause]);
        if ((energy->applies >> AJ_CAUSE_LASER & 1u) != 0) {
            light += energy->optical_joules;
            any_light = true;
        }
        busy += per_product[i].busy_seconds;
        total->latency_seconds += per_product[i].latency_seconds;
    }
    if (any_light) total->energy.optical_joules = light;
    total->throughput_per_second = busy > 0.0 ? 1.0 / busy : AJP_NOT_DESCRIBED;
}

/* Per inference: the time the accelerator is reserved for it. */
static double reserved_seconds(const ajp_workload *work, const ajp_account *total)
{
    if (work->mode == AJP_MODE_THROUGHPUT) return 1.0 / total->throughput_per_second;
    return total->latency_seconds / (double)work->batch;
}

/* Power of the family's own parts as long as the accelerator is reserved. */
static aj_status price_reserved(const aj_hardware *hardware, const ajp_workload *work, ajp_account *total,
                                aj_error *err)
{
    double watts[AJ_N_CAUSES] = {0.0};
    if (hardware->ops->reserved_watts == NULL) return AJ_OK;
    AJ_TRY(hardware->ops->reserved_watts(hardware->params, work, watts, err));
    for (int cause = 0; cause < AJ_N_CAUSES; cause++)
        if (watts[cause] != 0.0)
            aj_energy_add(&total->energy, (aj_cause)cause, watts[cause] * reserved_seconds(work, total));
    return AJ_OK;
}

static void price_common(const ajp_prices *prices, const ajp_workload *work, ajp_account *total)
{
    aj_energy *energy = &total->energy;
    double io_bits = (work->n_inputs + work->n_outputs) * prices->activation_bits;
    aj_energy_add(energy, AJ_CAUSE_DIGITAL, ajp_price(work->other_digital_ops, prices->digital_op_joules));
    aj_energy_add(energy, AJ_CAUSE_DRAM, ajp_price(io_bits, prices->dram_joules_per_bit));
    /* inputs are written on chip when they arrive; outputs were written there as results already */
    aj_energy_add(energy, AJ_CAUSE_SRAM,
                  ajp_price(work->n_inputs * prices->activation_bits, prices->sram_joules_per_bit));
    aj_energy_set(energy, AJ_CAUSE_STATIC,
                  prices->static_watts == 0.0 ? 0.0 : prices->static_watts * reserved_seconds(work, total));
    aj_energy_set(energy, AJ_CAUSE_HOST, prices->host_joules_per_inference);
    double rest = aj_energy_boundary(energy, AJ_SYSTEM);
    aj_energy_set(energy, AJ_CAUSE_FACILITY, (prices->power_usage_effectiveness - 1.0) * rest);
}

/* DESIGN 4: an impossible result is an error, not a number. */
static aj_status refuse_impossible(const aj_hardware *hardware, const ajp_workload *work,
                                   const ajp_account *total, aj_error *err)
{
    double macs = 0.0;
    for (size_t i = 0; i < work->n_products; i++) macs += ajp_product_macs(&work->products[i].product);
    for (int b = 0; b < AJ_N_BOUNDARIES; b++) {
        double per_mac = aj_energy_boundary(&total->energy, (aj_boundary)b) / macs,
               least = b == AJ_OPTICAL ? 1e-27 : 1e-23;
        if (macs == 0.0 || isnan(per_mac) || (per_mac >= least && per_mac <= 1e-3)) continue;
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "hardware '%s': %.3g J per MAC at the boundary '%s' is impossible (%g ... 0.001); "
                        "check its energies",
                        hardware->name, per_mac, aj_boundary_name((aj_boundary)b), least);
    }
    for (int cause = 0; cause < AJ_N_CAUSES; cause++)
        if (total->energy.cause_joules[cause] < 0.0)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "hardware '%s': the cause '%s' is negative; check its energies", hardware->name,
                            aj_cause_name((aj_cause)cause));
    if (total->latency_seconds < 0.0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "hardware '%s': its latency is negative; check its times",
                        hardware->name);
    return AJ_OK;
}

aj_status ajp_account_network(const aj_hardware *hardware, const aj_hardware *fallback,
                              const ajp_workload *work, ajp_product_account *per_product, ajp_account *total,
                              aj_error *err)
{
    const ajp_prices *prices = hardware->params; /* AJP_PRICES_FIRST */
    ajp_account sum = {.energy = aj_energy_none()};
    if (work->batch == 0) return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "a batch of 0 samples; use 1 or more");
    AJ_TRY(account_products(hardware, fallback, work, per_product, err));
    price_weights(prices, hardware->ops->weights_stay, work, per_product);
    sum_products(work, per_product, &sum);
    AJ_TRY(price_reserved(hardware, work, &sum, err));
    price_common(prices, work, &sum);
    AJ_TRY(refuse_impossible(hardware, work, &sum, err));
    *total = sum;
    return AJ_OK;
}

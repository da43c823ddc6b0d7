/* prices.c: counts times prices. */
#include "prices.h"

#include <math.h>

double ajp_price(double count, double joules)
{
    return count == 0.0 ? 0.0 : count * joules;
}

void ajp_price_local(const ajp_prices *prices, double sram_bits, double digital_ops, ajp_product_account *out)
{
    out->sram_bytes = sram_bits / 8.0;
    aj_energy_set(&out->energy, AJ_CAUSE_SRAM, ajp_price(sram_bits, prices->sram_joules_per_bit));
    aj_energy_set(&out->energy, AJ_CAUSE_DIGITAL, ajp_price(digital_ops, prices->digital_op_joules));
}

ajp_product_account ajp_product_account_none(void)
{
    const double missing = AJP_NOT_DESCRIBED;
    return (ajp_product_account){
        .weight_symbols = missing,
        .input_symbols = missing,
        .samples = missing,
        .photons_incident = missing,
        .input_photons_incident = missing,
        .photons_launched = missing,
        .weight_crest_ratio = missing,
        .input_crest_ratio = missing,
        .dram_bytes = missing,
        .sram_bytes = missing,
        .busy_seconds = missing,
        .latency_seconds = missing,
        .energy = aj_energy_none(),
    };
}

aj_status ajp_check_whole(double value, const char *key, aj_error *err)
{
    if (isnan(value) || value == floor(value)) return AJ_OK;
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "'%s' is %g; write a whole number", key, value);
}

/* prices.h: what every family pays outside its arrays. A family's struct starts with an ajp_prices and its
 * table with AJP_PRICE_ROWS. */
#ifndef AJP_PRICES_H
#define AJP_PRICES_H

#include <math.h>
#include <stddef.h>

#include "hardware_ops.h"

typedef struct {
    double digital_op_joules, sram_joules_per_bit, dram_joules_per_bit, sram_bytes, static_watts,
        host_joules_per_inference, power_usage_effectiveness, weight_bits, activation_bits;
} ajp_prices;

#define AJP_NOT_DESCRIBED ((double)NAN)
/* A row without default: its source says that it is missing. */
#define AJP_PRICE_ROW(type, field, unit, low, high, help)                               \
    {                                                                                   \
#field, unit, offsetof(type, prices.field), AJP_NOT_DESCRIBED, low, high, NULL, \
            "default: not described", help                                              \
    }
#define AJP_PRICE_ROWS(type)                                                                                 \
    AJP_PRICE_ROW(type, digital_op_joules, "J", 0.0, 1e-3, "one addition or activation in digital logic"),   \
        AJP_PRICE_ROW(type, sram_joules_per_bit, "J/bit", 0.0, 1e-3, "reading or writing one bit on chip"),  \
        AJP_PRICE_ROW(type, dram_joules_per_bit, "J/bit", 0.0, 1e-3, "reading or writing one bit off chip"), \
        AJP_PRICE_ROW(type, sram_bytes, "byte", 1.0, 1e15, "on-chip memory; weights that fit stay there"),   \
        AJP_PRICE_ROW(type, static_watts, "W", 0.0, 1e6,                                                     \
                      "power drawn as long as the accelerator is reserved"),                                 \
        AJP_PRICE_ROW(type, host_joules_per_inference, "J", 0.0, 1e6,                                        \
                      "the computer that feeds the accelerator"),                                            \
        AJP_PRICE_ROW(type, power_usage_effectiveness, "", 1.0, 10.0,                                        \
                      "energy of the building per energy of its machines"),                                  \
        AJP_PRICE_ROW(type, weight_bits, "bit", 1.0, 64.0, "width of a weight in memory"),                   \
        AJP_PRICE_ROW(type, activation_bits, "bit", 1.0, 64.0, "width of inputs and results in memory")
/* ajp_account_network reads the prices of any family at the start of its parameters. */
#define AJP_PRICES_FIRST(type) _Static_assert(offsetof(type, prices) == 0, "prices come first")

/* What `count` events cost: nothing for none, even where the price is not described. */
double ajp_price(double count, double joules);
/* Sets SRAM and DIGITAL of a product: bits moved on chip, digital operations. Also out->sram_bytes. */
void ajp_price_local(const ajp_prices *prices, double sram_bits, double digital_ops,
                     ajp_product_account *out);
/* Everything NaN, no cause. */
ajp_product_account ajp_product_account_none(void);
/* Whole number, or not described. */
aj_status ajp_check_whole(double value, const char *key, aj_error *err);

#endif

/* intensity.h: masks of intensities, shared by the families `intensity` and `netcast`. */
#ifndef AJP_INTENSITY_H
#define AJP_INTENSITY_H

#include "incoherent.h"

enum { INTENSITY_SINGLE, INTENSITY_DIFFERENTIAL }; /* weight_rails */
extern const char *const ajp_weight_rails_words[];

typedef struct {
    ajp_incoherent common;
    double weight_rails, mask_transmission_ratio, mask_bits;
} ajp_intensity; /* families put it first in their struct */

#define AJP_INTENSITY_ROW(field, unit, def, low, high, source, help)                     \
    {                                                                                    \
#field, unit, offsetof(ajp_intensity, field), def, low, high, NULL, source, help \
    }
#define AJP_INTENSITY_RAILS                                                                               \
    {                                                                                                     \
        "weight_rails", "", offsetof(ajp_intensity, weight_rails), 0.0, 0.0, 1.0, ajp_weight_rails_words, \
            "default: single, as in Wang et al. 2022",                                                    \
            "single: masks transmit (w - min)/(max - min) and the offset is taken off digitally; "        \
            "differential: |w|/max to one of two detectors"                                               \
    }
#define AJP_INTENSITY_MASK                                                                   \
    AJP_INTENSITY_ROW(mask_transmission_ratio, "", AJP_NOT_DESCRIBED, 1e-6, 1.0,             \
                      "default: the mean transmission of the layer's own masks",             \
                      "photons_per_mac divided by this falls on the masks, in every layer"), \
        AJP_INTENSITY_ROW(mask_bits, "bit", AJP_NOT_DESCRIBED, 1.0, 24.0,                    \
                          "default: masks of any transmission", "a mask has 2^b transmissions from 0 to 1")

/* What is programmed for one weight: transmissions to both detectors and the scale. */
typedef struct {
    const ajp_intensity *p;
    double low, scale;
} ajp_mask;
ajp_mask ajp_mask_of(const ajp_intensity *p, const float *weights, size_t n);
/* difference of the rails, in -1 ... 1 (single: 0 ... 1) */
double ajp_mask_set(const ajp_mask *mask, double weight);

/* parallel: inputs sent in one cycle */
aj_status ajp_intensity_check(const ajp_intensity *p, double parallel, aj_error *err);
aj_status ajp_intensity_freeze(const ajp_intensity *p, double parallel, const ajp_freeze_request *request,
                               ajp_frozen *out, aj_error *err);
aj_status ajp_intensity_reference(const ajp_intensity *p, double parallel, const ajp_freeze_request *request,
                                  const float *x, ajp_draws *draws, double *y, aj_error *err);
aj_status ajp_intensity_account(const ajp_intensity *p, double parallel, const ajp_workload *work, size_t i,
                                double weight_symbols, ajp_product_account *out, aj_error *err);

#endif

/* intensity_masks.c: weights as transmissions of masks (Wang et al., Nat. Commun. 13, 123, 2022).
 *
 * single: w~ = (w - min w) / K, K = max w - min w; a row reads K sum w~_ij x_j, and min w sum x_j, known
 *   exactly, is added digitally.
 * differential: |w| / max |w| to the detector of its sign. */
#include "intensity.h"

const char *const ajp_weight_rails_words[] = {"single", "differential", NULL};

static bool is_single(const ajp_intensity *p)
{
    return p->weight_rails == (double)INTENSITY_SINGLE;
}

ajp_mask ajp_mask_of(const ajp_intensity *p, const float *weights, size_t n)
{
    double low = INFINITY, high = -INFINITY, largest = 0.0;
    for (size_t i = 0; i < n; i++) {
        low = fmin(low, (double)weights[i]);
        high = fmax(high, (double)weights[i]);
        largest = fmax(largest, fabs((double)weights[i]));
    }
    if (is_single(p)) return (ajp_mask){p, low, high - low};
    return (ajp_mask){p, 0.0, largest};
}

double ajp_mask_set(const ajp_mask *mask, double weight)
{
    if (!(mask->scale > 0.0)) return 0.0;
    double set = (weight - mask->low) / mask->scale;
    if (isnan(mask->p->mask_bits)) return set;
    double steps = exp2(mask->p->mask_bits) - 1.0;
    return rint(set * steps) / steps;
}

static double transmission(const void *user, double weight)
{
    return fabs(ajp_mask_set(user, weight));
}

static aj_status build_rails(const ajp_intensity *p, double parallel, const ajp_freeze_request *request,
                             ajp_rails *out, aj_error *err)
{
    size_t n = request->product.rows * request->product.cols;
    ajp_mask mask = ajp_mask_of(p, request->weights, n);
    float *difference = ajp_arena_array(request->arena, n, sizeof *difference), *sum = difference,
          *offset = NULL;
    double *columns = ajp_arena_array(request->arena, request->product.cols, sizeof *columns);
    float *column_sum = ajp_arena_array(request->arena, request->product.cols, sizeof *column_sum);
    if (!is_single(p)) sum = ajp_arena_array(request->arena, n, sizeof *sum);
    if (is_single(p)) offset = ajp_arena_array(request->arena, n, sizeof *offset);
    if (difference == NULL || sum == NULL || columns == NULL || column_sum == NULL ||
        (is_single(p) && offset == NULL))
        return ajp_no_memory(err, request->product.name);
    if (!isfinite(mask.low) || !isfinite(mask.scale))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "product '%s': its weights are not finite numbers; check the model",
                        request->product.name);
    for (size_t i = 0; i < n; i++) {
        double set = ajp_mask_set(&mask, (double)request->weights[i]);
        difference[i] = (float)set;
        if (offset != NULL) offset[i] = (float)mask.low;
        if (offset == NULL) sum[i] = (float)fabs(set);
        columns[i % request->product.cols] += fabs(set) / (double)request->product.rows;
    }
    for (size_t j = 0; j < request->product.cols; j++) column_sum[j] = (float)columns[j];
    bool own = isnan(p->mask_transmission_ratio);
    *out = (ajp_rails){.difference = difference,
                       .sum = sum,
                       .offset = offset,
                       .scale = mask.scale,
                       .mean_sum = p->mask_transmission_ratio,
                       .column_sum = own ? column_sum : NULL,
                       .parallel_inputs = parallel,
                       .one_rail = is_single(p)};
    return AJ_OK;
}

aj_status ajp_intensity_freeze(const ajp_intensity *p, double parallel, const ajp_freeze_request *request,
                               ajp_frozen *out, aj_error *err)
{
    ajp_rails rails;
    AJ_TRY(build_rails(p, parallel, request, &rails, err));
    return ajp_incoherent_freeze(&p->common, request, &rails, out, err);
}

aj_status ajp_intensity_reference(const ajp_intensity *p, double parallel, const ajp_freeze_request *request,
                                  const float *x, ajp_draws *draws, double *y, aj_error *err)
{
    ajp_rails rails;
    AJ_TRY(build_rails(p, parallel, request, &rails, err));
    return ajp_incoherent_reference(&p->common, request, &rails, x, draws, y, err);
}

aj_status ajp_intensity_account(const ajp_intensity *p, double parallel, const ajp_workload *work, size_t i,
                                double weight_symbols, ajp_product_account *out, aj_error *err)
{
    const ajp_product_work *product = &work->products[i];
    ajp_incoherent_use use = {
        .weight_symbols = weight_symbols, .weights_cause = AJ_CAUSE_MODULATOR, .parallel_inputs = parallel};
    ajp_mask mask = {.p = p};
    if (product->weights != NULL)
        mask = ajp_mask_of(p, product->weights, product->product.rows * product->product.cols);
    ajp_incoherent_means(product, transmission, &mask, &use);
    if (!isnan(p->mask_transmission_ratio)) {
        use.mean_sum = p->mask_transmission_ratio;
        use.by_column = false;
    }
    return ajp_incoherent_account(&p->common, work, i, &use, out, err);
}

aj_status ajp_intensity_check(const ajp_intensity *p, double parallel, aj_error *err)
{
    AJ_TRY(ajp_incoherent_check(&p->common, err));
    AJ_TRY(ajp_check_whole(p->mask_bits, "mask_bits", err));
    if (!isnan(p->mask_transmission_ratio) && isnan(p->common.photons_per_mac))
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'mask_transmission_ratio' says what 'photons_per_mac' is on the masks, and with "
                        "'launched_photons_per_mac' changes nothing; leave it out");
    if (parallel > p->common.tile_cols)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "'parallel_inputs' is %g and 'tile_cols' %g: no more inputs than a tile has can be "
                        "sent at a time",
                        parallel, p->common.tile_cols);
    return AJ_OK;
}

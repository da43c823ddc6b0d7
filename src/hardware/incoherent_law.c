/* incoherent_law.c: planes of rails, and the law of every vector of inputs. */
#include <float.h>

#include "incoherent.h"

typedef struct {
    ajp_incoherent_budget budget;
    double scale, extra_variance;
} frozen_state;

/* The most electrons that one tile can count: all light of a vector in one tile, and on the device of a row
 * that passes the most of what its column passes. */
static double largest_reading(const ajp_incoherent *p, const ajp_freeze_request *request,
                              const ajp_rails *rails, const ajp_incoherent_budget *budget)
{
    size_t rows = request->product.rows, cols = request->product.cols;
    double most = 0.0;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < cols; j++) {
            double open = (double)rails->sum[i * cols + j];
            if (budget->kind == AJP_SPEND_DETECTED && rails->column_sum[j] > 0.0f)
                open /= (double)rails->column_sum[j];
            most = fmax(most, open);
        }
    double symbols = budget->kind == AJP_SPEND_FIXED ? (double)request->tile_cols : (double)cols;
    return p->quantum_efficiency_ratio * budget->photons * symbols * most;
}

static aj_status encode_inputs(const ajp_incoherent *p, const ajp_freeze_request *request,
                               ajp_input_encoding *out, aj_error *err)
{
    bool is_unsigned = p->input_signs == (double)AJP_SIGNS_UNSIGNED;
    *out = (ajp_input_encoding){.unsigned_only = is_unsigned};
    AJ_TRY(ajp_converters_full_scale(&p->converters, request, &out->full_scale, err));
    ajp_converters_dac(&p->converters, !is_unsigned, &out->dac);
    return AJ_OK;
}

static aj_status count_plane(const ajp_incoherent *p, const ajp_freeze_request *request,
                             const ajp_rails *rails, const frozen_state *state, ajp_plane *plane,
                             aj_error *err)
{
    bool is_unsigned = p->input_signs == (double)AJP_SIGNS_UNSIGNED;
    *plane = (ajp_plane){.form = AJP_INPUT_WHOLE,
                         .weights = rails->difference,
                         .noise = p->excess_noise_ratio > 1.0 ? AJP_NOISE_NORMAL : AJP_NOISE_COUNTS,
                         .total = AJP_TOTAL_SECOND,
                         .second_of = AJP_OF_MAGNITUDES,
                         .second_weights = rails->sum,
                         .moment_weights = rails->column_sum,
                         .extra_variance = state->extra_variance,
                         .gain = 1.0,
                         .second_gain = 1.0,
                         .decode = 1.0};
    if (rails->one_rail && is_unsigned && plane->noise == AJP_NOISE_COUNTS) {
        plane->total = AJP_TOTAL_READING; /* the sum of the rails is their difference */
        plane->second_weights = NULL;
    }
    ajp_draws draws;
    ajp_draws_init(&draws, request->seed ^ UINT64_C(0x6c69676874), /* "light" */
                   ((uint64_t)request->trial << 32) + request->product.layer);
    double largest = largest_reading(p, request, rails, &state->budget);
    return ajp_converters_adc(&p->converters, request, 0, largest, !(rails->one_rail && is_unsigned), &draws,
                              &plane->adc, err);
}

aj_status ajp_incoherent_freeze(const ajp_incoherent *p, const ajp_freeze_request *request,
                                const ajp_rails *rails, ajp_frozen *out, aj_error *err)
{
    ajp_plane *planes = ajp_arena_array(request->arena, 2, sizeof *planes);
    frozen_state *state = ajp_arena_alloc(request->arena, sizeof *state);
    if (planes == NULL || state == NULL) return ajp_no_memory(err, request->product.name);
    *state = (frozen_state){ajp_incoherent_spend(p, rails->mean_sum, rails->column_sum != NULL), rails->scale,
                            ajp_incoherent_extra_variance(p, request->tile_cols, rails)};
    ajp_frozen frozen = {.law = AJP_LAW_PLANES,
                         .clip_electrons = INFINITY,
                         .n_reads = 1,
                         .planes = planes,
                         .n_planes = rails->offset != NULL ? 2 : 1,
                         .state = state,
                         .nominal_photons = p->photons_per_mac * ajp_product_macs(&request->product)};
    AJ_TRY(encode_inputs(p, request, &frozen.encoding, err));
    AJ_TRY(count_plane(p, request, rails, state, &planes[0], err));
    planes[1] = (ajp_plane){.form = AJP_INPUT_WHOLE,
                            .weights = rails->offset,
                            .noise = AJP_NOISE_NONE,
                            .gain = 1.0,
                            .decode = 1.0};
    *out = frozen;
    return AJ_OK;
}

/* Whether a number and its inverse are numbers of float32. */
static bool usable(double value)
{
    return value > (double)FLT_MIN && value < (double)FLT_MAX && 1.0 / value > (double)FLT_MIN;
}

void ajp_incoherent_laws(const ajp_incoherent *p, const ajp_freeze_request *request, const ajp_frozen *frozen,
                         size_t plane, size_t n_vectors, const ajp_vector_moments *moments,
                         const ajp_plane_laws *out)
{
    const frozen_state *state = frozen->state;
    if (plane != 0) return; /* the digital offset has no law */
    for (size_t v = 0; v < n_vectors; v++) {
        double sum = 0.0, weighted = 0.0;
        for (size_t tile = 0; tile < request->n_tiles; tile++) {
            sum += moments[tile * n_vectors + v].sum_magnitudes;
            weighted += moments[tile * n_vectors + v].sum_weighted;
        }
        double gain = p->quantum_efficiency_ratio *
                      ajp_incoherent_unit(&state->budget, (double)request->product.cols, sum, weighted);
        if (!usable(gain)) gain = 0.0;
        for (size_t tile = 0; tile < request->n_tiles; tile++) {
            size_t at = tile * n_vectors + v;
            out->gain[at] = (float)gain;
            out->variance[at] = (float)state->extra_variance;
            out->second_gain[at] = (float)(gain * p->excess_noise_ratio);
            out->total[at] = 0.0f;
            out->decode[at] = gain > 0.0 ? (float)(state->scale / gain) : 0.0f;
        }
    }
}

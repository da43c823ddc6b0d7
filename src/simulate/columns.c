/* columns.c: what the inputs of an array look like column by column, for energies that depend on values. */
#include "study.h"

static bool has_columns(const ajp_trial *trial, size_t i)
{
    const ajp_mapped_product *mapped = &trial->mapping->products[i];
    return mapped->on_hardware && mapped->product.weights == AJP_OPERAND_CONSTANT &&
           trial->products[mapped->first_frozen].frozen.law == AJP_LAW_PLANES;
}

aj_status ajp_columns_watch(ajp_reader *readers, unsigned n_readers, const ajp_trial *trial, ajp_arena *arena,
                            aj_error *err)
{
    size_t n_products = trial->mapping->study->n_products;
    for (unsigned k = 0; k < n_readers; k++) {
        ajp_column_sums *sums = ajp_arena_array(arena, n_products, sizeof *sums);
        if (sums == NULL) return ajp_no_memory(err, "column sums");
        for (size_t i = 0; i < n_products; i++) {
            const ajp_product *product = &trial->mapping->products[i].product;
            size_t groups = product->groups > 1 ? product->groups : 1, n;
            if (!has_columns(trial, i)) continue;
            if (!ajp_size_mul(groups, product->cols, &n)) return ajp_no_memory(err, "column sums");
            sums[i].magnitudes = ajp_arena_array(arena, n, sizeof(uint64_t));
            sums[i].squares = ajp_arena_array(arena, n, sizeof(uint64_t));
            sums[i].n_vectors = ajp_arena_array(arena, groups, sizeof(uint64_t));
            if (sums[i].magnitudes == NULL || sums[i].squares == NULL || sums[i].n_vectors == NULL)
                return ajp_no_memory(err, "column sums");
        }
        readers[k].column_sums = sums;
    }
    return AJ_OK;
}

/* Mean of one column over all readers. */
static double mean_of(uint64_t *const *sums, ajp_column_sums *const *all, unsigned n_readers, size_t product,
                      size_t group, size_t at)
{
    double sum = 0.0, n = 0.0;
    for (unsigned k = 0; k < n_readers; k++) {
        sum += (double)sums[k][at];
        n += (double)all[k][product].n_vectors[group];
    }
    return sum / n * 0x1p-32;
}

aj_status ajp_columns_mean(ajp_column_sums *const *all, unsigned n_readers, const ajp_study *study,
                           ajp_arena *arena, ajp_layer_findings *out, aj_error *err)
{
    out->column_mean_magnitudes = ajp_arena_array(arena, study->n_products, sizeof(double *));
    out->column_mean_squares = ajp_arena_array(arena, study->n_products, sizeof(double *));
    uint64_t **sums = ajp_arena_array(arena, n_readers, sizeof *sums);
    if (out->column_mean_magnitudes == NULL || out->column_mean_squares == NULL || sums == NULL)
        return ajp_no_memory(err, "column means");
    for (size_t i = 0; i < study->n_products && n_readers > 0 && all[0] != NULL; i++) {
        const ajp_product_step *step = ajp_plan_product(study->plan, i);
        if (all[0][i].magnitudes == NULL) continue;
        size_t n = step->groups * step->cols;
        double *magnitudes = ajp_arena_array(arena, n, sizeof(double)),
               *squares = ajp_arena_array(arena, n, sizeof(double));
        if (magnitudes == NULL || squares == NULL) return ajp_no_memory(err, "column means");
        for (unsigned k = 0; k < n_readers; k++) sums[k] = all[k][i].magnitudes;
        for (size_t at = 0; at < n; at++)
            magnitudes[at] = mean_of(sums, all, n_readers, i, at / step->cols, at);
        for (unsigned k = 0; k < n_readers; k++) sums[k] = all[k][i].squares;
        for (size_t at = 0; at < n; at++) squares[at] = mean_of(sums, all, n_readers, i, at / step->cols, at);
        out->column_mean_magnitudes[i] = magnitudes;
        out->column_mean_squares[i] = squares;
    }
    return AJ_OK;
}

/* crossbar_layout.c: how the weights of a product lie on the bit lines of arrays. */
#include <math.h>

#include "crossbar_family.h"

static bool is_pair(const ajp_crossbar *p)
{
    return ajp_crossbar_is(p->encoding, CROSSBAR_DIFFERENTIAL);
}

static size_t find_passes(const ajp_crossbar *p)
{
    if (ajp_crossbar_is(p->input_slicing, CROSSBAR_BIT_SERIAL)) return (size_t)p->converters.dac_bits - 1;
    return ajp_crossbar_is(p->input_slicing, CROSSBAR_TWO_PASS) ? 2 : 1;
}

ajp_crossbar_layout ajp_crossbar_lay_out(const ajp_crossbar *p, const ajp_product *product)
{
    ajp_crossbar_layout layout = {.n_slices = (size_t)p->weight_slices, .n_sides = is_pair(p) ? 2 : 1};
    layout.per_weight = layout.n_slices * layout.n_sides;
    layout.n_passes = find_passes(p);
    if (ajp_crossbar_is(p->encoding, CROSSBAR_UNIT_COLUMN)) layout.reference = layout.n_slices;
    layout.outputs = product->rows;
    if (!isnan(p->tile_rows)) {
        double lines = floor((p->tile_rows - (double)layout.reference) / (double)layout.per_weight);
        if (lines < (double)product->rows) layout.outputs = (size_t)lines;
    }
    return layout;
}

ajp_encoding ajp_crossbar_encoding(const ajp_crossbar *p, double weight_max)
{
    bool two = ajp_crossbar_is(p->sides, CROSSBAR_TWO_SIDED);
    ajp_encoding encoding = {.form = two ? AJP_PAIR_TWO_SIDED : AJP_PAIR_ONE_SIDED,
                             .g_min_siemens = p->conductance_min_siemens,
                             .g_max_siemens = p->conductance_max_siemens,
                             .weight_max = weight_max,
                             .n_slices = (unsigned)p->weight_slices};
    if (!is_pair(p))
        encoding.form =
            ajp_crossbar_is(p->encoding, CROSSBAR_OFFSET) ? AJP_OFFSET_DIGITAL : AJP_OFFSET_COLUMN;
    if (isnan(p->conductance_states)) return encoding;
    if (encoding.n_slices == 1)
        encoding.n_states = (unsigned)p->conductance_states;
    else
        encoding.slice_bits = (unsigned)log2(p->conductance_states);
    return encoding;
}

void ajp_crossbar_scales(const ajp_crossbar *p, const float *weights, size_t rows, size_t cols, double *scale)
{
    double layer = 0.0;
    for (size_t row = 0; row < rows; row++) {
        double most = 0.0;
        for (size_t col = 0; col < cols; col++) most = fmax(most, fabs((double)weights[row * cols + col]));
        scale[row] = most > 0.0 ? most : 1.0;
        layer = fmax(layer, most);
    }
    if (ajp_crossbar_is(p->weight_scale, CROSSBAR_SCALE_ROW)) return;
    for (size_t row = 0; row < rows; row++) scale[row] = layer > 0.0 ? layer : 1.0;
}

double ajp_crossbar_unit_siemens(const ajp_crossbar *p, double scale)
{
    double range = p->conductance_max_siemens - p->conductance_min_siemens;
    if (ajp_crossbar_is(p->weight_scale, CROSSBAR_SCALE_ROW)) return range;
    return range * exp2(ceil(log2(scale))) / scale;
}

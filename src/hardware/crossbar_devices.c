/* crossbar_devices.c: the devices of one array: programmed with error, faulty, drifted, behind wires.
 *
 * Every device has its own random numbers, a function of its place alone: one sequence an array (trial,
 * layer, tile of inputs, group of outputs) and purpose, one number a device.  So two drift times, or two
 * programming errors, see the same draws. */
#include <math.h>
#include <string.h>

#include "../physics/crossbar.h"
#include "crossbar_family.h"

enum { KIND_PROGRAM, KIND_FAULT, KIND_DRIFT, KIND_READ, N_KINDS, N_CONVERTER_KIND = 16 };
static const uint64_t purpose_frozen = 0x46524f5aULL; /* "FROZ" */

static void start_draws(ajp_draws *draws, const ajp_freeze_request *request, size_t tile, size_t row_group,
                        uint64_t kind)
{
    uint64_t place = (uint64_t)request->trial << 40 ^ (uint64_t)request->product.layer << 24 ^
                     (uint64_t)(request->first_tile + tile) << 8 ^ kind;
    uint64_t group =
        (uint64_t)row_group * 0x9E3779B97F4A7C15ULL; /* more groups than the place has bits for */
    ajp_draws_init(draws, request->seed ^ purpose_frozen ^ group, place);
}

void ajp_crossbar_converter_draws(ajp_draws *draws, const ajp_freeze_request *request, size_t plane)
{
    start_draws(draws, request, 0, plane, N_CONVERTER_KIND);
}

/* ---- arrays ----------------------------------------------------------------------------------- */

static size_t largest_tile(const ajp_freeze_request *request)
{
    return ajp_min_size(request->tile_cols, request->product.cols);
}

aj_status ajp_crossbar_array_make(ajp_crossbar_array *out, const ajp_crossbar *p,
                                  const ajp_freeze_request *request, ajp_arena *arena, aj_error *err)
{
    ajp_crossbar_layout layout = ajp_crossbar_lay_out(p, &request->product);
    ajp_crossbar_array array = {.layout = layout};
    size_t n_lines = layout.outputs * layout.per_weight + layout.reference, n_cells;
    double **const fields[] = {&array.target, &array.programmed, &array.conductance, &array.effective,
                               &array.read_sigma};
    if (!ajp_size_mul(largest_tile(request), n_lines, &n_cells)) return ajp_no_memory(err, "crossbar");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if ((*fields[i] = ajp_arena_array(arena, n_cells, sizeof(double))) == NULL)
            return ajp_no_memory(err, "crossbar");
    array.scale = ajp_arena_array(arena, request->product.rows, sizeof(double));
    if (array.scale == NULL) return ajp_no_memory(err, "crossbar");
    ajp_crossbar_scales(p, request->weights, request->product.rows, request->product.cols, array.scale);
    if (ajp_crossbar_is(p->ir_drop, CROSSBAR_EXACT_DROP)) {
        size_t n_work = ajp_crossbar_workspace(largest_tile(request), n_lines);
        if (n_work == 0 || (array.workspace = ajp_arena_array(arena, n_work, sizeof(double))) == NULL)
            return ajp_no_memory(err, "crossbar");
    }
    *out = array;
    return AJ_OK;
}

static void place_array(ajp_crossbar_array *array, const ajp_freeze_request *request, size_t tile,
                        size_t row_group)
{
    const ajp_crossbar_layout *layout = &array->layout;
    array->tile = tile;
    array->row_group = row_group;
    array->first_row = row_group * layout->outputs;
    array->n_rows = ajp_min_size(layout->outputs, request->product.rows - array->first_row);
    array->first_col = tile * request->tile_cols;
    array->n_cols = ajp_min_size(request->tile_cols, request->product.cols - array->first_col);
    array->n_lines = array->n_rows * layout->per_weight + layout->reference;
}

static void aim(ajp_crossbar_array *array, const ajp_crossbar *p, const ajp_freeze_request *request)
{
    const ajp_crossbar_layout *layout = &array->layout;
    for (size_t i = 0; i < array->n_cols; i++) {
        double *target = array->target + i * array->n_lines, g[2];
        const float *weights = request->weights + array->first_col + i;
        ajp_encoding encoding = ajp_crossbar_encoding(p, array->scale[array->first_row]);
        for (size_t row = 0; row < array->n_rows; row++) {
            size_t at = array->first_row + row;
            encoding.weight_max = array->scale[at];
            for (unsigned slice = 0; slice < layout->n_slices; slice++) {
                ajp_encode_weight(&encoding, (double)weights[at * request->product.cols], slice, g);
                for (size_t side = 0; side < layout->n_sides; side++) *target++ = g[side];
            }
        }
        for (unsigned slice = 0; slice < layout->reference; slice++) {
            ajp_encode_weight(&encoding, 0.0, slice, g);
            *target++ = g[0];
        }
    }
}

/* The numbers of one device, in the order of their use. */
typedef struct {
    double uniform, z[N_KINDS];
} device_numbers;

static void settle(ajp_crossbar_array *array, const ajp_crossbar *p, const ajp_crossbar_device *device,
                   const device_numbers *numbers, size_t i)
{
    double target = array->target[i], low = p->conductance_min_siemens, high = p->conductance_max_siemens;
    const double *z = numbers->z;
    ajp_stuck stuck = ajp_stuck_draw(numbers->uniform, p->stuck_off_ratio, p->stuck_on_ratio);
    ajp_device_state state = {.programmed = ajp_stuck_siemens(stuck, low, high, target)};
    state.now = state.programmed; /* stuck: whatever is written, and however long ago */
    if (stuck == AJP_STUCK_NOT) {
        state = ajp_crossbar_device_draw(p, device, p->seconds_since_programming, target, z[KIND_PROGRAM],
                                         z[KIND_DRIFT]);
        if (device->drifts) /* a table of ages knows the past only as an age of 0 */
            state.programmed =
                ajp_crossbar_device_draw(p, device, 0.0, target, z[KIND_PROGRAM], z[KIND_DRIFT]).now;
    }
    array->programmed[i] = state.programmed;
    array->read_sigma[i] = ajp_crossbar_device_read(p, device, state);
    array->conductance[i] = state.now;
    if (!ajp_crossbar_is(p->read_noise_shared_by, CROSSBAR_PER_TRIAL)) return;
    array->conductance[i] = fmax(0.0, state.now + array->read_sigma[i] * z[KIND_READ]);
    array->read_sigma[i] = 0.0;
}

void ajp_crossbar_program(ajp_crossbar_array *array, const ajp_crossbar *p, const ajp_freeze_request *request,
                          size_t tile, size_t row_group)
{
    ajp_draws draws[N_KINDS];
    place_array(array, request, tile, row_group);
    aim(array, p, request);
    for (uint64_t kind = 0; kind < N_KINDS; kind++) start_draws(&draws[kind], request, tile, row_group, kind);
    ajp_crossbar_device device = ajp_crossbar_device_of(p);
    bool shared = device.is_noisy && ajp_crossbar_is(p->read_noise_shared_by, CROSSBAR_PER_TRIAL);
    device_numbers numbers = {.uniform = 0.5};
    for (size_t i = 0; i < array->n_cols * array->n_lines; i++) {
        if (p->stuck_off_ratio + p->stuck_on_ratio > 0.0)
            numbers.uniform = ajp_draw_uniform(&draws[KIND_FAULT]);
        if (device.has_error) numbers.z[KIND_PROGRAM] = ajp_draw_normal(&draws[KIND_PROGRAM]);
        if (device.drifts) numbers.z[KIND_DRIFT] = ajp_draw_normal(&draws[KIND_DRIFT]);
        if (shared) numbers.z[KIND_READ] = ajp_draw_normal(&draws[KIND_READ]);
        settle(array, p, &device, &numbers, i);
    }
}

/* ---- wires ------------------------------------------------------------------------------------ */

/* First order in the wires' resistance: of a volt on word line i, cell (i, j) loses what the whole word line
 * draws over the segments up to j, and what it feeds into bit line j loses again over the segments from i on:
 *     G_eff = G / (1 + R_word sum_k (1 + min(j, k)) G_ik + R_bit sum_k (n - max(i, k)) G_kj)
 * which is the series sum of the voltages with 1/(1 + a) for 1 - a. */
static void drop_along(const double *line, size_t n, size_t stride, double segment_ohms, double end_ohms,
                       double *loss)
{
    /* loss at j of a line driven before its first cell: sum_k (1 + min(j, k)) g_k, by the current that still
     * flows in each segment */
    double left = 0.0, volts = 0.0;
    for (size_t k = 0; k < n; k++) left += line[k * stride];
    volts = end_ohms * left;
    for (size_t k = 0; k < n; k++) {
        volts += segment_ohms * left;
        loss[k * stride] += volts;
        left -= line[k * stride];
    }
}

static void drop_to(const double *line, size_t n, size_t stride, double segment_ohms, double end_ohms,
                    double *loss)
{
    /* the same from the other end: grounded behind its last cell */
    double left = 0.0, volts = 0.0;
    for (size_t k = 0; k < n; k++) left += line[k * stride];
    volts = end_ohms * left;
    for (size_t k = n; k-- > 0;) {
        volts += segment_ohms * left;
        loss[k * stride] += volts;
        left -= line[k * stride];
    }
}

static void wire_analytically(const ajp_crossbar_array *array, const ajp_crossbar *p,
                              const double *conductance, double *effective)
{
    size_t n = array->n_cols, m = array->n_lines;
    memset(effective, 0, n * m * sizeof *effective);
    for (size_t i = 0; i < n; i++)
        drop_along(conductance + i * m, m, 1, p->row_segment_ohms, p->source_ohms, effective + i * m);
    for (size_t j = 0; j < m; j++)
        drop_to(conductance + j, n, m, p->column_segment_ohms, p->sense_ohms, effective + j);
    for (size_t i = 0; i < n * m; i++) effective[i] = conductance[i] / (1.0 + effective[i]);
}

aj_status ajp_crossbar_wire(const ajp_crossbar_array *array, const ajp_crossbar *p, const double *conductance,
                            double *effective, aj_error *err)
{
    size_t n = array->n_cols, m = array->n_lines;
    if (ajp_crossbar_is(p->ir_drop, CROSSBAR_ANALYTIC_DROP)) {
        wire_analytically(array, p, conductance, effective);
        return AJ_OK;
    }
    if (ajp_crossbar_is(p->ir_drop, CROSSBAR_NO_DROP)) {
        memcpy(effective, conductance, n * m * sizeof *effective);
        return AJ_OK;
    }
    ajp_crossbar_wires wires = {.row_segment_ohms = p->row_segment_ohms,
                                .column_segment_ohms = p->column_segment_ohms,
                                .source_ohms = p->source_ohms,
                                .sense_ohms = p->sense_ohms,
                                .row_drive = AJP_END_FIRST,
                                .column_sense = AJP_END_LAST};
    return ajp_effective_conductances(n, m, conductance, &wires, effective, array->workspace, err);
}

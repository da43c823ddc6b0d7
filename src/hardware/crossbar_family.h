/* crossbar_family.h: the crossbar family: its parameters, the layout of weights on devices, the devices of
 * one array as they are after programming, time and wires; shared by its law, its account and its reference.
 *
 * An array has tile_cols word lines (inputs) and tile_rows bit lines. A weight takes `per_weight`
 * neighbouring bit lines, one for each slice and side: bit line (output * n_slices + slice) * n_sides + side.
 * A reference column (encoding unit_column) adds n_slices bit lines behind the weights of every array. */
#ifndef AJP_CROSSBAR_FAMILY_H
#define AJP_CROSSBAR_FAMILY_H

#include "../physics/device.h"
#include "../physics/encoding.h"
#include "converters.h"

enum { CROSSBAR_DIFFERENTIAL, CROSSBAR_OFFSET, CROSSBAR_UNIT_COLUMN };  /* encoding */
enum { CROSSBAR_ANALOG, CROSSBAR_DIGITAL };                             /* subtraction */
enum { CROSSBAR_ONE_SIDED, CROSSBAR_TWO_SIDED };                        /* sides */
enum { CROSSBAR_SCALE_LAYER, CROSSBAR_SCALE_ROW };                      /* weight_scale */
enum { CROSSBAR_UNCOMPENSATED, CROSSBAR_GLOBAL, CROSSBAR_PER_COLUMN };  /* drift_compensation */
enum { CROSSBAR_PER_READ, CROSSBAR_PER_TRIAL };                         /* read_noise_shared_by */
enum { CROSSBAR_NO_DROP, CROSSBAR_ANALYTIC_DROP, CROSSBAR_EXACT_DROP }; /* ir_drop */
enum { CROSSBAR_WHOLE, CROSSBAR_TWO_PASS, CROSSBAR_BIT_SERIAL };        /* input_slicing */
enum { CROSSBAR_SIGNED, CROSSBAR_UNSIGNED };                            /* input_sign */
enum { CROSSBAR_YES, CROSSBAR_NO, CROSSBAR_CHARGE }; /* thermal_noise (charge is its own), shot_noise */
enum { CROSSBAR_BY_VALUE, CROSSBAR_FIXED };          /* energy_mode */

enum { CROSSBAR_MAX_SLICES = 16 };

typedef struct {
    ajp_prices prices;
    ajp_converters converters;
    double encoding, subtraction, sides, weight_scale, conductance_min_siemens, conductance_max_siemens,
        conductance_states, weight_slices;
    double device, programming_error, programming_noise_ratio, programming_noise_proportional_ratio,
        seconds_since_programming, drift_exponent, drift_exponent_stddev, drift_start_seconds,
        drift_compensation, read_noise, read_noise_ratio, read_noise_shared_by, stuck_off_ratio,
        stuck_on_ratio;
    double ir_drop, row_segment_ohms, column_segment_ohms, source_ohms, sense_ohms, iv_quadratic_ratio,
        iv_cubic_ratio;
    double input_slicing, input_sign, read_voltage_volts, read_seconds, temperature_kelvin, thermal_noise,
        shot_noise;
    double tile_rows, tile_cols, arrays, conversion_seconds;
    double energy_mode, driver_energy_joules, receiver_energy_joules, sample_hold_energy_joules,
        shift_add_energy_joules, programming_energy_joules, inferences_per_programming, link_joules_per_bit;
} ajp_crossbar;
AJP_PRICES_FIRST(ajp_crossbar);

static inline bool ajp_crossbar_is(double choice, int word)
{
    return choice == (double)word; /* false for a choice that is not described */
}

/* ---- layout ----------------------------------------------------------------------------------- */
typedef struct {
    size_t n_slices, n_sides, per_weight; /* bit lines of a weight: slices x sides */
    size_t n_passes;                      /* of the inputs: 1, 2, or the bits of a magnitude */
    size_t outputs;                       /* weights that the bit lines of one array hold for one input */
    size_t reference;                     /* bit lines of the reference column: 0 or n_slices */
} ajp_crossbar_layout;
ajp_crossbar_layout ajp_crossbar_lay_out(const ajp_crossbar *p, const ajp_product *product);
/* How weights up to weight_max are encoded. */
ajp_encoding ajp_crossbar_encoding(const ajp_crossbar *p, double weight_max);
/* Largest magnitude of a weight, per row or of the layer: scale[rows], 1 where all are 0. */
void ajp_crossbar_scales(const ajp_crossbar *p, const float *weights, size_t rows, size_t cols,
                         double *scale);
/* Conductance that readings are counted in; scale: of output 0. */
double ajp_crossbar_unit_siemens(const ajp_crossbar *p, double scale);

/* ---- devices ---------------------------------------------------------------------------------- */
/* What a device does; table NULL: generic, by the family's parameters. */
typedef struct {
    const ajp_device *table;
    ajp_device_use use;
    bool has_error, drifts, is_noisy;
} ajp_crossbar_device;
ajp_crossbar_device ajp_crossbar_device_of(const ajp_crossbar *p);
/* Two standard normals of its own; state.now of an age of `seconds`. */
ajp_device_state ajp_crossbar_device_draw(const ajp_crossbar *p, const ajp_crossbar_device *device,
                                          double seconds, double target_siemens, double z_programming,
                                          double z_time);
double ajp_crossbar_device_read(const ajp_crossbar *p, const ajp_crossbar_device *device,
                                ajp_device_state state);
extern const char *const ajp_crossbar_device_words[]; /* generic, then the rows of devices.def */

/* One array of devices, [input][bit line]; conductances in siemens. */
typedef struct {
    ajp_crossbar_layout layout;
    double *scale;            /* of every output of the product */
    size_t tile, row_group;   /* its place in the product */
    size_t first_row, n_rows; /* outputs that it holds */
    size_t first_col, n_cols; /* inputs */
    size_t n_lines;           /* bit lines in use, the reference column's behind */
    double *target;           /* as wanted */
    double *programmed;       /* just after programming */
    double *conductance;      /* now */
    double *effective;        /* room for ajp_crossbar_wire */
    double *read_sigma;       /* standard deviation of one read; 0 where noise is shared by a trial */
    double *workspace;
} ajp_crossbar_array;
/* Room for the largest array of the product, in `arena`. */
aj_status ajp_crossbar_array_make(ajp_crossbar_array *out, const ajp_crossbar *p,
                                  const ajp_freeze_request *request, ajp_arena *arena, aj_error *err);
/* The devices of one array in one trial: a function of seed, trial, layer, tile and row group alone. */
void ajp_crossbar_program(ajp_crossbar_array *array, const ajp_crossbar *p, const ajp_freeze_request *request,
                          size_t tile, size_t row_group);
/* What the ends of the wires see of these conductances (ir_drop), into effective[]. */
aj_status ajp_crossbar_wire(const ajp_crossbar_array *array, const ajp_crossbar *p, const double *conductance,
                            double *effective, aj_error *err);
/* The random numbers of one plane's converters. */
void ajp_crossbar_converter_draws(ajp_draws *draws, const ajp_freeze_request *request, size_t plane);

/* ---- drift compensation ----------------------------------------------------------------------- */
bool ajp_crossbar_compensates(const ajp_crossbar *p);
/* Adds to then[rows] and now[rows] what a reference read of this array gives; effective[] is set; `room` as
 * large as it. */
aj_status ajp_crossbar_compare(const ajp_crossbar_array *array, const ajp_crossbar *p, double *room,
                               double *then, double *now, aj_error *err);
void ajp_crossbar_gains(const ajp_crossbar *p, const double *then, const double *now, size_t rows,
                        double *gain);

/* ---- law, account, reference ------------------------------------------------------------------ */
aj_status ajp_crossbar_freeze(const void *params, const ajp_freeze_request *request, ajp_frozen *out,
                              aj_error *err);
void ajp_crossbar_laws(const void *params, const ajp_freeze_request *request, const ajp_frozen *frozen,
                       size_t plane, size_t n_vectors, const ajp_vector_moments *moments,
                       const double *full_scale, const ajp_plane_laws *out);
aj_status ajp_crossbar_account(const void *params, const ajp_workload *work, size_t i,
                               ajp_product_account *out, aj_error *err);
double ajp_crossbar_peak(const void *params);
aj_status ajp_crossbar_reference(const void *params, const ajp_freeze_request *request, const float *x,
                                 ajp_draws *draws, double *y, aj_error *err);

#endif

/* hardware_ops.h: what a family is: a table of parameters, a read law, a slow reference, an account.
 *
 * Adding a family = one file src/hardware/<id>.c defining `const ajp_hardware_ops ajp_hardware_<id>` and one
 * row HARDWARE(<id>) in hardware.def.  hardware knows neither networks nor kernels: simulate turns the laws
 * below into kernel calls, and fills the workloads. */
#ifndef AJP_HARDWARE_OPS_H
#define AJP_HARDWARE_OPS_H

#include <math.h>

#include "../base/internal.h"
#include "../physics/draw.h"
#include "attojoule/hardware.h"
#include "planes.h"
#include "product.h"

/* ---- parameters: every value is a double in the family's struct; a choice is the index of its word
 * ---------- */
typedef struct {
    const char *key, *unit; /* key ends in its SI unit; unit: "m", "m2", "J", "F", "K", "rad", "Hz", "s", "W",
                               "V", "J/bit", "byte", "bit" or "" */
    size_t offset;
    double def, min, max;       /* def NaN = not described */
    const char *const *choices; /* NULL-terminated words; NULL = a number */
    const char *def_source, *help;
} ajp_param;

/* Prices that every family has (prices.h expands them into its struct and table). */

/* ---- read law
 * ------------------------------------------------------------------------------------------------ */
/* Calibration on a sample of the product's inputs as the hardware makes them; NaN when there is none. */
enum { AJP_N_PERCENTILES = 5, AJP_MAX_PLANES = 256 };
/* Shares of a distribution of magnitudes: 0.99, 0.999, 0.9999, 0.99999, 1. */
extern const double ajp_percentile_ratio[AJP_N_PERCENTILES];
typedef struct {
    double mean_sum_squares, max_abs;
    double input_percentile[AJP_N_PERCENTILES]; /* of |x|, over all inputs of all vectors */
    double (*reading)[AJP_N_PERCENTILES];       /* [n_planes]: of |z| before conversion, over all rows and
                                                         tiles; NULL = not seen yet */
    size_t n_planes;
} ajp_calibration;
static inline ajp_calibration ajp_calibration_none(void)
{
    ajp_calibration none = {.mean_sum_squares = (double)NAN, .max_abs = (double)NAN, .reading = NULL};
    for (int i = 0; i < AJP_N_PERCENTILES; i++) none.input_percentile[i] = (double)NAN;
    return none;
}

typedef struct {
    ajp_product product;  /* one group of it */
    const float *weights; /* [rows][cols] as the network has them */
    size_t n_tiles;       /* of the columns */
    size_t tile_cols;     /* columns per tile (the last may have fewer); = cols when n_tiles is 1 */
    size_t first_tile;    /* number of the first tile of this group: the place of random numbers */
    ajp_calibration calibration;
    uint64_t seed;
    uint32_t trial;
    ajp_arena *arena; /* results live here */
    void *cache;      /* of the product and group, over all trials; what `prepare` made, or NULL */
} ajp_freeze_request;

typedef enum {
    AJP_LAW_EXACT,  /* digital: no noise */
    AJP_LAW_COUNTS, /* balanced counts: see ajp_count_read in kernels.h for the meaning of each field */
    AJP_LAW_PLANES  /* planes.h; of the fields below only weights (unused), nominal_photons and state */
} ajp_law;

typedef struct {
    ajp_law law;
    const float *weights;         /* effective matrix [rows][cols]; NULL = as the network has them */
    float *row_gain, *row_decode; /* [rows padded to 16] */
    float *row_total, *row_leak;  /* [n_tiles][rows padded to 16]; leak NULL = none */
    double extra_variance;        /* electrons^2 per read and tile */
    double phase_offset_radians, phase_sigma_radians; /* common to one read */
    double layer_phase_sigma_radians; /* common to one sample's whole layer; the simulator draws it */
    double excess_ratio;     /* > 0: per-pulse phase noise, Var cos / (mean cos)^2 (the gains hold the
                                mean): needs the product of squares */
    double clip_electrons;   /* INFINITY = none */
    unsigned n_reads;        /* reads averaged per output */
    double nominal_photons;  /* incident per inference of the whole product (all reads) */
    void *state;             /* the family's own, for `sample` and `laws` */
    const ajp_plane *planes; /* AJP_LAW_PLANES */
    size_t n_planes;
    ajp_input_encoding encoding;
} ajp_frozen;

/* Moments of n input vectors x of the product. */
typedef struct {
    size_t n;
    const double *tile_sum_squares; /* [n_tiles][n] */
    const double *sum_squares;      /* [n], of all tiles */
    const double
        *layer_phase_radians; /* [n], drawn by the simulator; NULL = layer_phase_sigma_radians is 0 */
} ajp_input_moments;
typedef struct { /* of tile t and vector i at [t * tile_stride + i] */
    float *gain, *total, *leak, *decode;
    size_t tile_stride;
} ajp_sample_laws;

/* ---- account
 * --------------------------------------------------------------------------------------------------- */
typedef enum { AJP_MODE_LATENCY = 0, AJP_MODE_THROUGHPUT } ajp_mode;

/* One product and what its data looked like (groups: all of them; inputs: the mean over groups). */
typedef struct {
    ajp_product product;
    double weight_sum_squares, weight_max_abs;
    double input_crest_ratio;      /* mean over samples of max^2 cols / sum of squares; NaN before any data */
    double input_mean_sum_squares; /* NaN before any data */
    ajp_calibration calibration;
    double digital_ops;            /* per inference: bias, activation, that belong to this product */
    bool runs_digitally;           /* the hardware does not take it: priced by the fallback */
    double weight_row_crest_ratio; /* mean over rows of max^2 cols / sum of squares (rows of zeros left out):
                                      needed by row gains with absorbing modulators; NaN or 0 = not known */
    double weight_crest_ratio; /* of two activations: mean over matrices of max^2 cells / sum of squares; NaN
                                  before any data */
    const float *weights; /* [groups][rows][cols], of group 0 where one is accounted; NULL: two activations */
    /* Of every column, over all input vectors of the data as read: means of |e| and e^2, e = x / full scale
     * as encoded (planes.h); [groups][cols], of group 0 where one is accounted. NULL before any data, or
     * where the law has no planes. */
    const double *column_mean_magnitudes, *column_mean_squares;
} ajp_product_work;

typedef struct {
    const ajp_product_work *products;
    size_t n_products;
    double other_digital_ops;   /* per inference: steps that are not products */
    double n_inputs, n_outputs; /* elements of the network's input and output per inference */
    unsigned batch;             /* the accelerator's batch */
    ajp_mode mode;
} ajp_workload;

/* Per inference. NaN = not described. */
typedef struct {
    double weight_symbols, input_symbols; /* encoded */
    double samples;                       /* results converted */
    double photons_incident;              /* at the detectors, all reads; NaN without light */
    double input_photons_incident;        /* the inputs' part of it */
    double photons_launched;              /* before modulators and path */
    double weight_crest_ratio,
        input_crest_ratio; /* launched per detected in a lossless path; 1 for emitters */
    double dram_bytes, sram_bytes;
    double busy_seconds;    /* time of the batch in which symbols flow, / batch */
    double latency_seconds; /* time the batch takes through this product, not divided */
    aj_energy energy;       /* of this product */
} ajp_product_account;

typedef struct {
    aj_energy energy;       /* whole network, all causes */
    double latency_seconds; /* of one batch */
    double throughput_per_second;
} ajp_account;

/* What a search for the least energy turns (aj compare), and how. */
typedef enum { AJP_KNOB_LOG, AJP_KNOB_WHOLE } ajp_knob_steps;
typedef struct {
    const char *key; /* a parameter; NULL = none: the hardware is compared as it is described */
    double low, high;
    ajp_knob_steps steps;
    bool monotone; /* accuracy does not fall as it rises; else the whole grid is tried */
} ajp_knob;

typedef struct {
    const char *name, *summary, *latency_of;
    const char *read_law; /* how a read is drawn, one sentence for --explain */
    size_t params_size;
    const ajp_param *params;
    size_t n_params;
    bool weights_stay; /* in the arrays: no memory holds them between inferences, and none is read for them */
    /* keys against each other; ranges were checked before */
    aj_status (*check)(const void *params, aj_error *err);
    /* false: *why is a short reason ("both operands are activations") */
    bool (*supports)(const void *params, const ajp_product *product, const char **why);
    /* columns per tile (cols when one tile takes all) */
    size_t (*tile_cols)(const void *params, const ajp_product *product);
    bool (*needs_calibration)(const void *params);
    /* whether converters take their range from readings (calibration.reading); NULL = no. While those are
     * being seen, freeze gets reading == NULL and leaves the adc of every plane ideal. */
    bool (*needs_readings)(const void *params);
    aj_status (*freeze)(const void *params, const ajp_freeze_request *request, ajp_frozen *out,
                        aj_error *err);
    /* AJP_LAW_COUNTS: laws of input vectors, n_tiles of each */
    void (*sample)(const void *params, const ajp_freeze_request *request, const ajp_frozen *frozen,
                   const ajp_input_moments *moments, const ajp_sample_laws *out);
    /* laws of n_vectors input vectors for one plane of AJP_LAW_PLANES; moments [n_tiles][n_vectors];
     * full_scale [n_vectors]. NULL = the plane's defaults. */
    void (*laws)(const void *params, const ajp_freeze_request *request, const ajp_frozen *frozen,
                 size_t plane, size_t n_vectors, const ajp_vector_moments *moments, const double *full_scale,
                 const ajp_plane_laws *out);
    /* Once for a product and group of constant weights, before any trial: what all trials share and is dear
     * (an unperturbed decomposition). Into `arena`; it comes back as request->cache. NULL = nothing. */
    aj_status (*prepare)(const void *params, const ajp_freeze_request *request, ajp_arena *arena,
                         void **cache, aj_error *err);
    /* Whether what was prepared with parameters a holds for b as well (steps of a search differ in one knob);
     * NULL = only where all parameters are the same. */
    bool (*same_preparation)(const void *a, const void *b);
    /* The slow, obvious read: draws what the physics draws, from the definitions and not from `freeze`.
     * y[rows] = estimate of W x.  NULL for exact laws. */
    aj_status (*reference)(const void *params, const ajp_freeze_request *request, const float *x,
                           ajp_draws *draws, double *y, aj_error *err);
    /* everything of product i (never a grouped one) that belongs to the accelerator; the common causes are
     * added by ajp_account_network */
    aj_status (*account)(const void *params, const ajp_workload *work, size_t i, ajp_product_account *out,
                         aj_error *err);
    /* Power drawn by cause as long as the accelerator is reserved (heaters, locks, a laser that is always
     * on): added to watts (0 on entry), NaN = applies and is not described. Its energy is power times the
     * reserved time. NULL = none. */
    aj_status (*reserved_watts)(const void *params, const ajp_workload *work, double watts[AJ_N_CAUSES],
                                aj_error *err);
    /* Of the accelerator as described; NULL or NaN = not described. */
    double (*area_square_meters)(const void *params);
    double (*peak_macs_per_second)(const void *params);
    ajp_knob knob;
    bool deterministic; /* nothing is random, whatever the parameters: one trial says all */
} ajp_hardware_ops;

#define HARDWARE(id) extern const ajp_hardware_ops ajp_hardware_##id;
#include "hardware.def"
#undef HARDWARE
const ajp_hardware_ops *ajp_hardware_family(size_t i); /* NULL at the end */

const ajp_hardware_ops *ajp_hardware_get_ops(const aj_hardware *hardware);
const void *ajp_hardware_get_params(const aj_hardware *hardware);

/* Sources of values that no preset gave. */
#define AJP_SET_BY_USER     "set by the user"
#define AJP_FOUND_BY_SEARCH "found by the search of aj compare"
/* As aj_hardware_set_number, for a search. */
aj_status ajp_hardware_turn(aj_hardware *hardware, const char *key, double si_value, aj_error *err);

/* Accounts every product (those that run digitally with `fallback`, a hardware of exact law) and adds what is
 * common: other digital operations, DRAM of inputs, outputs and weights that do not fit, static power, host,
 * facility. per_product has n_products rows. Refuses impossible results (DESIGN 4). */
aj_status ajp_account_network(const aj_hardware *hardware, const aj_hardware *fallback,
                              const ajp_workload *work, ajp_product_account *per_product, ajp_account *total,
                              aj_error *err);

#endif

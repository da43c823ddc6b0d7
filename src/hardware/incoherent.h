/* incoherent.h: what all machines that multiply intensities have in common: light, detectors, time, prices.
 *
 * An input e (of magnitude 0 ... 1) sends u |e| photons to every device of its column; a device passes the
 * share `plus` to one detector and `minus` to another (a mask on one rail has no other).  Photons add up
 * over the inputs, so that the counts of a row are two Poisson counts of means
 *     eta u sum_j (plus_ij or minus_ij, as e_j's sign says) |e_j|
 * whose difference has mean eta u sum_j (plus - minus)_ij e_j and whose sum eta u sum_j (plus + minus)_ij
 * |e_j|. A negative e is sent in a second pass, in which the integrators' signs are exchanged. */
#ifndef AJP_INCOHERENT_H
#define AJP_INCOHERENT_H

#include "converters.h"
#include "light.h"

enum { AJP_SIGNS_TWO_PASSES, AJP_SIGNS_UNSIGNED }; /* input_signs */
enum { AJP_INTEGRATE_TILE, AJP_INTEGRATE_SYMBOL }; /* integration */
extern const char *const ajp_input_signs_words[], *const ajp_integration_words[];

typedef struct {
    ajp_prices prices;
    ajp_converters converters;
    double photons_per_mac, launched_photons_per_mac, quantum_efficiency_ratio, path_transmission_ratio,
        modulator_transmission_ratio, wall_plug_ratio, wavelength_meters, modulator, laser_gated, input_signs,
        dark_counts_hertz, readout_noise_electrons, receiver_noise_amperes, receiver_bandwidth_hertz,
        excess_noise_ratio, detector_capacitance_farads, temperature_kelvin, detector_nodes, integration,
        tile_rows, tile_cols, clock_hertz, readout_seconds, input_symbol_joules, weight_symbol_joules,
        receiver_energy_joules;
} ajp_incoherent;
AJP_PRICES_FIRST(ajp_incoherent);

/* Families put an ajp_incoherent first in their struct, and these rows into their table. */
#define AJP_INCOHERENT_ROW(field, unit, def, low, high, source, help)                     \
    {                                                                                     \
#field, unit, offsetof(ajp_incoherent, field), def, low, high, NULL, source, help \
    }
#define AJP_INCOHERENT_WORDS(field, words, def, source, help)                           \
    {                                                                                   \
#field, "", offsetof(ajp_incoherent, field), def, 0.0, 1.0, words, source, help \
    }
#define AJP_MISSING_SOURCE "default: not described"
#define AJP_INCOHERENT_LIGHT_ROWS                                                                           \
    AJP_INCOHERENT_ROW(photons_per_mac, "", AJP_NOT_DESCRIBED, 1e-9, 1e9, AJP_MISSING_SOURCE,               \
                       "photons on all detectors, both rails, per multiplication of one layer"),            \
        AJP_INCOHERENT_ROW(                                                                                 \
            launched_photons_per_mac, "", AJP_NOT_DESCRIBED, 1e-9, 1e12, AJP_MISSING_SOURCE,                \
            "in place of photons_per_mac: photons that leave the laser per multiplication; a "              \
            "loss then costs accuracy"),                                                                    \
        AJP_INCOHERENT_ROW(quantum_efficiency_ratio, "", 1.0, 1e-6, 1.0, "default: ideal detector",         \
                           "detected electrons per incident photon"),                                       \
        AJP_INCOHERENT_ROW(path_transmission_ratio, "", AJP_NOT_DESCRIBED, 1e-9, 1.0, AJP_MISSING_SOURCE,   \
                           "light that arrives, from the input modulator to the detector, beside what the " \
                           "weights' devices absorb"),                                                      \
        AJP_INCOHERENT_ROW(modulator_transmission_ratio, "", 1.0, 1e-9, 1.0,                                \
                           "default: no loss beyond path_transmission_ratio",                               \
                           "insertion loss of the input modulator at full intensity"),                      \
        AJP_INCOHERENT_ROW(wall_plug_ratio, "", AJP_NOT_DESCRIBED, 1e-6, 1.0, AJP_MISSING_SOURCE,           \
                           "light out of the laser per electrical energy into it"),                         \
        AJP_INCOHERENT_ROW(wavelength_meters, "m", AJP_NOT_DESCRIBED, 1e-7, 2e-5, AJP_MISSING_SOURCE,       \
                           "vacuum wavelength of the light"),                                               \
        AJP_INCOHERENT_WORDS(                                                                               \
            modulator, ajp_modulator_words, AJP_NOT_DESCRIBED, AJP_MISSING_SOURCE,                          \
            "of inputs. absorbing: burns what it does not pass; generative: an emitter that "               \
            "makes its own light"),                                                                         \
        AJP_INCOHERENT_WORDS(laser_gated, ajp_yes_no_words, AJP_NOT_DESCRIBED, AJP_MISSING_SOURCE,          \
                             "whether the light is off while results are read out"),                        \
        AJP_INCOHERENT_WORDS(                                                                               \
            input_signs, ajp_input_signs_words, 0.0, "default: two passes, so that no input is lost",       \
            "two_passes: negative inputs are sent in a second pass; unsigned: one pass, and "               \
            "a negative input is held to 0")
#define AJP_INCOHERENT_DETECTOR_ROWS                                                                         \
    AJP_INCOHERENT_ROW(dark_counts_hertz, "Hz", 0.0, 0.0, 1e15, "default: no dark counts",                   \
                       "counts of one detector without light; their mean is taken off"),                     \
        AJP_INCOHERENT_ROW(readout_noise_electrons, "", 0.0, 0.0, 1e9, "default: noiseless read-out",        \
                           "rms noise of reading one detector once, in electrons before any gain"),          \
        AJP_INCOHERENT_ROW(receiver_noise_amperes, "A", 0.0, 0.0, 1.0, "default: noiseless amplifier",       \
                           "rms noise of a receiver over its bandwidth, as current at its input: one "       \
                           "symbol or read-out has I / (2 B e) electrons of it"),                            \
        AJP_INCOHERENT_ROW(receiver_bandwidth_hertz, "Hz", AJP_NOT_DESCRIBED, 1.0, 1e13, AJP_MISSING_SOURCE, \
                           "bandwidth that receiver_noise_amperes is over"),                                 \
        AJP_INCOHERENT_ROW(excess_noise_ratio, "", 1.0, 1.0, 1e3, "default: no avalanche",                   \
                           "variance of an avalanche detector's charge per that of counting"),               \
        AJP_INCOHERENT_ROW(detector_capacitance_farads, "F", AJP_NOT_DESCRIBED, 1e-18, 1e-6,                 \
                           AJP_MISSING_SOURCE, "of one integration node; not described = no reset noise"),   \
        AJP_INCOHERENT_ROW(temperature_kelvin, "K", 300.0, 1e-3, 2000.0, "default: room temperature",        \
                           "of the integration node"),                                                       \
        AJP_INCOHERENT_ROW(detector_nodes, "", 1.0, 1.0, 2.0, "default: both detectors on one node",         \
                           "nodes that are reset, read and converted for one result: 1, or 2 with noise of " \
                           "their own"),                                                                     \
        AJP_INCOHERENT_WORDS(integration, ajp_integration_words, 0.0, "default: one read-out a tile",        \
                             "tile: charge of all symbols of a tile is read once; symbol: every symbol is "  \
                             "read and converted, and sums are digital")
#define AJP_INCOHERENT_TIME_ROWS                                                                            \
    AJP_INCOHERENT_ROW(tile_rows, "", AJP_NOT_DESCRIBED, 1.0, 1e9, "default: as many detectors as outputs", \
                       "outputs computed at a time"),                                                       \
        AJP_INCOHERENT_ROW(tile_cols, "", AJP_NOT_DESCRIBED, 1.0, 1e9, "default: all inputs in one result", \
                           "inputs summed before a result is converted"),                                   \
        AJP_INCOHERENT_ROW(clock_hertz, "Hz", AJP_NOT_DESCRIBED, 1e-3, 1e12, AJP_MISSING_SOURCE,            \
                           "symbols per second of one modulator"),                                          \
        AJP_INCOHERENT_ROW(readout_seconds, "s", AJP_NOT_DESCRIBED, 0.0, 10.0, AJP_MISSING_SOURCE,          \
                           "from the last symbol of a tile to its converted results"),                      \
        AJP_INCOHERENT_ROW(input_symbol_joules, "J", AJP_NOT_DESCRIBED, 0.0, 1e-3, AJP_MISSING_SOURCE,      \
                           "encoding one input: modulator and driver, without dac_energy_joules"),          \
        AJP_INCOHERENT_ROW(weight_symbol_joules, "J", AJP_NOT_DESCRIBED, 0.0, 1e-3, AJP_MISSING_SOURCE,     \
                           "setting or sending one weight once"),                                           \
        AJP_INCOHERENT_ROW(receiver_energy_joules, "J", AJP_NOT_DESCRIBED, 0.0, 1e-3, AJP_MISSING_SOURCE,   \
                           "integrating and resetting one result")
#define AJP_INCOHERENT_ROWS(type)                                                      \
    AJP_INCOHERENT_LIGHT_ROWS, AJP_INCOHERENT_DETECTOR_ROWS, AJP_INCOHERENT_TIME_ROWS, \
        AJP_CONVERTER_ROWS(type), AJP_PRICE_ROWS(type)

/* Devices of one group of a product. */
typedef struct {
    const float *difference; /* plus - minus, [rows][cols] */
    const float *sum;        /* plus + minus, >= 0 */
    const float
        *offset;  /* [rows][cols], taken off digitally and exactly, in the network's units; NULL = none */
    double scale; /* the network's weight = scale (plus - minus) + offset; 0: there is no light */
    const float *column_sum; /* [cols] means of `sum` over the rows: photons_per_mac then is what reaches the
                                detectors of every vector; NULL: it is on_devices times mean_sum */
    double mean_sum;         /* of all devices; of a mask_transmission_ratio that stands for it */
    double parallel_inputs;  /* inputs sent in one cycle */
    bool one_rail;           /* minus is 0 */
} ajp_rails;

/* What one multiplication spends, as freeze, the reference and the account need it. */
typedef enum {
    AJP_SPEND_DETECTED, /* u = photons cols / sum_j column_sum_j |e_j| */
    AJP_SPEND_SENT,     /* u = photons cols / sum_j |e_j| */
    AJP_SPEND_FIXED     /* u = photons */
} ajp_spend;
typedef struct {
    ajp_spend kind;
    double photons;
} ajp_incoherent_budget;
/* by_column: there is a column_sum */
ajp_incoherent_budget ajp_incoherent_spend(const ajp_incoherent *p, double mean_sum, bool by_column);
/* u of one vector, in which `weighted` is sum_j column_sum_j |e_j|; 0 where nothing is sent. */
double ajp_incoherent_unit(const ajp_incoherent_budget *budget, double cols, double sum_magnitudes,
                           double weighted);

/* Electrons^2 of one tile's read-out: reset, read-out, amplifier, dark counts. */
double ajp_incoherent_extra_variance(const ajp_incoherent *p, size_t tile_cols, const ajp_rails *rails);

aj_status ajp_incoherent_check(const ajp_incoherent *p, aj_error *err);
size_t ajp_incoherent_tile_cols(const ajp_incoherent *p, const ajp_product *product);
bool ajp_incoherent_supports(const ajp_product *product, const char **why);
/* Planes of rails (in request->arena). */
aj_status ajp_incoherent_freeze(const ajp_incoherent *p, const ajp_freeze_request *request,
                                const ajp_rails *rails, ajp_frozen *out, aj_error *err);
void ajp_incoherent_laws(const ajp_incoherent *p, const ajp_freeze_request *request, const ajp_frozen *frozen,
                         size_t plane, size_t n_vectors, const ajp_vector_moments *moments,
                         const ajp_plane_laws *out);
/* One Poisson count a device, symbol and detector. */
aj_status ajp_incoherent_reference(const ajp_incoherent *p, const ajp_freeze_request *request,
                                   const ajp_rails *rails, const float *x, ajp_draws *draws, double *y,
                                   aj_error *err);

/* How a machine sends its weights. */
typedef struct {
    double weight_symbols;  /* per inference */
    aj_cause weights_cause; /* what weight_symbol_joules is */
    double parallel_inputs; /* inputs sent in one cycle */
    double mean_sum;        /* as in ajp_rails */
    bool by_column;         /* likewise: there is a column_sum */
    double
        weighted_sum; /* mean of plus + minus, every column weighted with the mean magnitude of its inputs */
} ajp_incoherent_use;
aj_status ajp_incoherent_account(const ajp_incoherent *p, const ajp_workload *work, size_t i,
                                 const ajp_incoherent_use *use, ajp_product_account *out, aj_error *err);
double ajp_incoherent_peak(const ajp_incoherent *p, double parallel_inputs);

/* Fills the mean over all devices of transmission(user, weight), plain and weighted; by_column. */
typedef double (*ajp_transmission)(const void *user, double weight);
void ajp_incoherent_means(const ajp_product_work *work, ajp_transmission transmission, const void *user,
                          ajp_incoherent_use *use);

#endif

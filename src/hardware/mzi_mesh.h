/* mzi_mesh.h: parameters of the mzi_mesh family, and a chip as it is built; shared by its law, its account
 * and its reference. */
#ifndef AJP_MZI_MESH_H
#define AJP_MZI_MESH_H

#include "attojoule/physics.h"
#include "converters.h"

enum { MESH_SCALE_LAYER, MESH_SCALE_BLOCK };                   /* weight_scale */
enum { MESH_YES, MESH_NO };                                    /* laser_gated */
enum { MESH_CORRECT_NO, MESH_CORRECT_YES, MESH_CORRECT_REAL }; /* self_configuration */
enum { MESH_HEATERS_VALUES, MESH_HEATERS_FIXED };              /* heater_energy */

typedef struct {
    ajp_prices prices;
    ajp_converters converters;
    double array_ports, mesh, weight_scale, splitter_error_radians, self_configuration, phase_bits,
        phase_error_radians, phase_noise_radians, crosstalk_decay_meters, column_pitch_meters,
        port_pitch_meters, detection_noise_ratio, photons_per_mac, signal_share_ratio,
        quantum_efficiency_ratio, wavelength_meters, wall_plug_ratio, path_transmission_ratio,
        modulator_transmission_ratio, mzi_transmission_ratio, column_transmission_ratio,
        oscillator_transmission_ratio, laser_gated, clock_hertz, readout_seconds, symbol_energy_joules,
        receiver_energy_joules, heater_pi_watts, heater_energy, arrays, programming_energy_joules,
        programming_seconds, inferences_per_programming;
} ajp_mzi_mesh;
AJP_PRICES_FIRST(ajp_mzi_mesh);

static inline bool ajp_mesh_is(double choice, int word)
{
    return choice == (double)word;
}
static inline size_t ajp_mzi_ports(const ajp_mzi_mesh *p)
{
    return (size_t)p->array_ports;
}
/* Phases of a block: two meshes of n^2, and n attenuators. */
static inline size_t ajp_mzi_phases(size_t n)
{
    return n * (2 * n + 1);
}

/* ---- light ---------------------------------------------------------------------------------------- */

/* Of one read of one block: photons out of the laser, at every detector pair from the local oscillator, and
 * at the outputs per e^2 at an input when the weights pass everything. */
typedef struct {
    double launched, oscillator, signal;
    double mesh_transmission_ratio; /* both meshes, what an average path meets */
} ajp_mzi_light;
ajp_mzi_light ajp_mzi_mesh_light(const ajp_mzi_mesh *p);

/* ---- chip ----------------------------------------------------------------------------------------- */

/* Weights cut into blocks of n x n, each scale * U diag(s) V^T with s <= 1: phases of perfect meshes. */
typedef struct {
    size_t n, n_row_blocks, n_col_blocks;
    double *scales; /* [row block][column block]: the largest singular value of the block or of all of them */
    double *phases; /* [row block][column block][ajp_mzi_phases]: first mesh theta, phi, screen; second mesh
                       the same; attenuators */
    double largest_scale;
} ajp_mzi_program;

/* Of `weights` [rows][cols]; which = NULL: all blocks are decomposed; else only those it is true of, and the
 * others have scales but no phases. */
typedef bool ajp_mzi_wanted(size_t block, size_t n_blocks);
aj_status ajp_mzi_mesh_program(const ajp_mzi_mesh *p, const ajp_product *product, const float *weights,
                               ajp_mzi_wanted *which, ajp_arena *arena, ajp_mzi_program *out, aj_error *err);

/* One block as it was built and set in one trial. */
typedef struct {
    aj_mesh first, second;
    double *amplitudes; /* [n] of the attenuators */
    double *phases, *couplers, *work;
} ajp_mzi_chip;
aj_status ajp_mzi_chip_make(const ajp_mzi_mesh *p, ajp_arena *arena, ajp_mzi_chip *out, aj_error *err);
/* Sets `chip` to the block: draws what is frozen from its place, corrects, quantises, heats. */
void ajp_mzi_chip_build(const ajp_mzi_mesh *p, const ajp_freeze_request *request,
                        const ajp_mzi_program *program, size_t row_block, size_t col_block,
                        ajp_mzi_chip *chip);
/* What is drawn for the converters of the trial. */
ajp_draws ajp_mzi_converter_draws(const ajp_freeze_request *request);
/* Whether every frozen part is perfect: the block is then the network's own weights. */
bool ajp_mzi_mesh_perfect(const ajp_mzi_mesh *p);

aj_status ajp_mzi_mesh_account(const void *params, const ajp_workload *work, size_t i,
                               ajp_product_account *out, aj_error *err);
aj_status ajp_mzi_mesh_watts(const void *params, const ajp_workload *work, double watts[AJ_N_CAUSES],
                             aj_error *err);
double ajp_mzi_mesh_area(const void *params);
double ajp_mzi_mesh_peak(const void *params);
aj_status ajp_mzi_mesh_reference(const void *params, const ajp_freeze_request *request, const float *x,
                                 ajp_draws *draws, double *y, aj_error *err);

#endif

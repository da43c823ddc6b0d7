/* physics.h: the laws that the hardware families are made of, as pure functions of SI numbers.
 *
 * No state, no allocation; any thread.  Arguments outside the stated domain give NaN.
 * "PRX 2019" is Hamerly, Bernstein, Sludds, Soljacic, Englund, Phys. Rev. X 9, 021032 (2019).
 */
#ifndef ATTOJOULE_PHYSICS_H
#define ATTOJOULE_PHYSICS_H

#include "attojoule/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- constants of nature --------------------------------------------------------------------- */
typedef struct {
    const char *name, *unit, *source; /* name NULL behind the last one */
    double value, uncertainty;        /* standard uncertainty; 0 = exact by definition */
} aj_constant;
AJ_API aj_constant aj_physics_constant(size_t i);

/* ---- light and charge ------------------------------------------------------------------------ */

/* Energy of one photon, h c / wavelength, in joules; wavelength > 0 in vacuum. 1550 nm: 1.28158e-19 J. */
AJ_API double aj_photon_energy_joules(double wavelength_meters);

/* Least energy to erase one bit, k T ln 2 (Landauer 1961, doi:10.1147/rd.53.0183). 300 K: 2.87098e-21 J. */
AJ_API double aj_landauer_bit_joules(double temperature_kelvin);

/* Rms charge noise of resetting a capacitance, sqrt(k T C)/e, in electrons (Johnson noise integrated over all
 * frequencies; PRX 2019 section on Johnson noise).  1 fF at 300 K: 12.703. */
AJ_API double aj_ktc_electrons(double capacitance_farads, double temperature_kelvin);

/* ---- balanced homodyne product --------------------------------------------------------------- */
/* Field amplitudes in square roots of photons per pulse: inputs alpha*x[j], weights beta*A[j], j < cols, on a
 * 50:50 splitter with two detectors of quantum efficiency eta; y = sum A[j] x[j] is read as (n+ - n-)/(2 eta
 * alpha beta). */

/* Variance of that estimate of y: (alpha^2 |x|^2 + beta^2 |A|^2)/(4 eta alpha^2 beta^2), exact at any light
 * level because n+ and n- are independent Poisson counts.  alpha_squared: photons per x^2, beta_squared:
 * photons per A^2; sum_squares_*: of one input vector and of one weight row. Source: from the statistics of
 * photodetection. */
AJ_API double aj_homodyne_variance(double alpha_squared, double beta_squared, double sum_squares_inputs,
                                   double sum_squares_weights, double quantum_efficiency_ratio);

/* By how much the standard deviation exceeds that of equal arms when the inputs carry the share rho of all
 * photons: 1/(2 sqrt(rho (1 - rho))), 0 < rho < 1. rho = 0.1: 1.667. */
AJ_API double aj_energy_split_ratio(double input_energy_share_ratio);

/* Mean of cos(phase): cos(offset) exp(-sigma^2/2) for a normal phase of that mean and standard deviation. */
AJ_API double aj_phase_gain_ratio(double phase_offset_radians, double phase_noise_radians);
/* Variance of cos(phase), s = sigma^2: cos^2(offset) (1-e^-s)^2/2 + sin^2(offset) (1-e^-2s)/2. */
AJ_API double aj_phase_excess_ratio(double phase_offset_radians, double phase_noise_radians);

/* A splitter with power ratio 1/2 + eps : 1/2 - eps.  Gain of the product relative to 50:50, sqrt(1 - 4
 * eps^2), and the charge that leaks in without any product, 2 eta eps (alpha^2 |x|^2 - beta^2 |A|^2), in
 * electrons;
 * *_photons: incident photons of the two arms. */
AJ_API double aj_splitter_gain_ratio(double splitter_imbalance_ratio);
AJ_API double aj_splitter_leak_electrons(double splitter_imbalance_ratio, double quantum_efficiency_ratio,
                                         double input_photons, double weight_photons);

/* Standard quantum limit of a layer, PRX 2019 Eq. (2): |A|_F |x| / sqrt(cols rows photons_per_mac), both arms
 * counted, equal arms.  sum_squares_weights: of the whole matrix. It is the rms over the rows of the exact
 * law. */
AJ_API double aj_sql_sigma(double sum_squares_weights, double sum_squares_inputs, double rows, double cols,
                           double photons_per_mac);
/* Signal to noise of one output at that limit with one gain a row: cosine(A_i, x) sqrt(cols photons_per_mac).
 */
AJ_API double aj_sql_snr(double cosine_ratio, double cols, double photons_per_mac);

/* P(n+ - n- = k) for independent Poisson counts (Skellam 1946, J. R. Stat. Soc. 109, 296), means >= 0.
 * Relative error below 1e-9 where the result is above 1e-300. */
AJ_API double aj_skellam_probability(int64_t k, double mean_plus, double mean_minus);

/* ---- meshes of Mach-Zehnder interferometers --------------------------------------------------- */
/* Complex arrays are pairs of doubles (real, imaginary), matrices by rows.  Phases in radians. */

/* The 2 x 2 matrix of one interferometer from its two inputs to its two outputs, out[8]: a phase phi on the
 * upper input, a coupler of angle pi/4 + alpha, a phase theta on the upper arm, a coupler of angle pi/4 +
 * beta.  With C = cos(theta/2), S = sin(theta/2) and c+-, s+- = cos, sin(alpha +- beta): e^(i theta/2) [ e^(i
 * phi) (i S c- - C s+)    i C c+ - S s- ] [ e^(i phi) (i C c+ + S s-)   -i S c- - C s+ ] Perfect couplers:
 * theta 0 crosses, theta pi passes straight; |T00|^2 stays within sin^2(alpha + beta) ... cos^2(alpha -
 * beta), whatever theta.  Source: R. Hamerly, S. Bandyopadhyay, D. Englund, "Stability of self- configuring
 * large multiport interferometers", Phys. Rev. Applied 18, 024018 (2022), and QPG-MIT/meshes. */
AJ_API void aj_mzi_matrix(double theta_radians, double phi_radians, double alpha_radians, double beta_radians,
                          double out[8]);

/* Rectangle (Clements et al., Optica 3, 1460 (2016)): n_ports columns.  Triangle (Reck et al., Phys. Rev.
 * Lett. 73, 58 (1994)): 2 n_ports - 3 columns. */
typedef enum { AJ_MESH_CLEMENTS = 0, AJ_MESH_RECK } aj_mesh_kind;

/* A mesh and what it is set to; the caller owns the arrays.  Light passes the columns in order; behind the
 * last, one phase a port (the screen). */
typedef struct {
    aj_mesh_kind kind;
    size_t n_ports;
    double *theta_radians, *phi_radians; /* [aj_mesh_n_mzis], column by column, in a column from port 0 on */
    double *screen_radians;              /* [n_ports] */
    const double *alpha_radians, *beta_radians; /* [aj_mesh_n_mzis] coupler errors; both NULL = perfect */
    double mzi_transmission_ratio;              /* of power through one interferometer; 1 = lossless */
    double column_transmission_ratio;           /* of power through one column, for every port: waveguides */
} aj_mesh;

AJ_API size_t aj_mesh_n_mzis(size_t n_ports); /* n (n - 1) / 2 */
AJ_API size_t aj_mesh_n_columns(aj_mesh_kind kind, size_t n_ports);
/* Column and upper port of interferometer i < aj_mesh_n_mzis. */
AJ_API void aj_mesh_place(aj_mesh_kind kind, size_t n_ports, size_t i, size_t *column, size_t *port);

/* Sends n_vectors fields through the mesh, in place: fields[port][vector], complex.  n_ports^2 n_vectors / 2
 * products of a 2 x 2 matrix. */
AJ_API void aj_mesh_propagate(const aj_mesh *mesh, double *fields, size_t n_vectors);
/* The matrix of the mesh, out[n_ports][n_ports] complex: the fields of every unit vector. */
AJ_API void aj_mesh_matrix(const aj_mesh *mesh, double *out);

/* Phases with which a perfect mesh is the given unitary matrix (complex), theta in 0 ... pi; work: 2
 * n_ports^2 doubles.  Elements that are zero already leave their interferometer straight.  BAD_ARGUMENT: a
 * column that is not of length 1 or two that are not orthogonal, to 1e-9; nothing is written. */
AJ_API AJ_MUST_USE aj_status aj_mesh_decompose(const aj_mesh *mesh, const double *unitary, double *work,
                                               aj_error *err);

/* Changes phases that were meant for perfect couplers so that the couplers of this mesh give the same matrix:
 * every interferometer gets the theta with which its power ratio is the wanted one, and what that does to
 * phases is handed on to the following ones and the screen.  Where a power ratio cannot be reached the
 * nearest is taken.  only_real: of a matrix that is real and of which only the real part is read; the
 * excess of such a ratio is then put in quadrature, where it is not seen, instead of in phase (the
 * published way), which is the least error of the complex matrix.  work: n_ports doubles.  Source: S.
 * Bandyopadhyay, R. Hamerly, D. Englund, "Hardware error correction for programmable photonics", Optica 8,
 * 1247 (2021); only_real: from the matrix of an interferometer. */
AJ_API void aj_mesh_correct(const aj_mesh *mesh, bool only_real, double *work);

/* Every phase into 0 ... 2 pi and to the nearest of 2^bits steps of 2 pi / 2^bits (0: only into the range).
 */
AJ_API void aj_mesh_quantize(const aj_mesh *mesh, unsigned bits);

/* Heat that reaches other phase shifters: every phase becomes sum_j exp(-d_ij/d0) phase_j, distances between
 * the shifters in the plane, terms below 1e-7 left out.  A column is column_pitch long, its phi at the start
 * and theta in the middle; the screen follows the last column; ports are port_pitch apart.  Phases are taken
 * in 0 ... 2 pi, as heat is.  work: 2 n_ports (2 columns + 1) doubles, columns from aj_mesh_n_columns. */
AJ_API void aj_mesh_crosstalk(const aj_mesh *mesh, double column_pitch_meters, double port_pitch_meters,
                              double decay_length_meters, double *work);

/* Phases of a random unitary matrix of the Haar measure (Clements only): theta = 2 acos(u^(1/(2 k))), k =
 * min(2 min(x, n-1-x) + 1, 2 min(y, n-2-y) + 2) at column x and port y; phi and screen uniform.  uniforms:
 * n_ports^2 numbers in (0, 1).  Source: N. Russell, L. Chakhmakhchyan, J. O'Brien, A. Laing, New J. Phys. 19,
 * 033007 (2017); this form: QPG- MIT/meshes.  UNSUPPORTED: not a Clements mesh. */
AJ_API AJ_MUST_USE aj_status aj_mesh_haar(const aj_mesh *mesh, const double *uniforms, aj_error *err);
/* The same measure from 2 n^2 standard normals: Gram-Schmidt of the columns of a complex normal matrix (F.
 * Mezzadri, Notices AMS 54, 592 (2007)).  out[n][n] complex. */
AJ_API void aj_haar_unitary(size_t n, const double *normals, double *out);

/* Singular values of a real matrix, matrix[n][n] = u diag(s) vt: u and vt orthogonal, s descending and not
 * negative. One-sided Jacobi rotations (G. Golub, C. Van Loan, Matrix Computations, 4th ed., 8.6.3); work:
 * n^2 doubles. BAD_ARGUMENT: a value that is not finite, or no convergence in 60 sweeps (never seen; u is
 * then untouched, s and vt are not). Values below 1e-14 of the matrix's norm become 0. */
AJ_API AJ_MUST_USE aj_status aj_svd(size_t n, const double *matrix, double *u, double *s, double *vt,
                                    double *work, aj_error *err);

/* ---- noise of a crossbar column --------------------------------------------------------------- */
/* A current that is integrated for t seconds is read with the bandwidth 1/(2t). */
AJ_API double aj_read_bandwidth_hertz(double read_seconds);
/* Variance of the current that leaves a column, in square amperes: Johnson noise 4 k T sum(G) df of all its
 * cells (Johnson 1928, Nyquist 1928), and shot noise 2 e |I| df where the current is carried by independent
 * electrons (Schottky 1918; an ohmic cell longer than the electrons' mean free path has none). */
AJ_API double aj_johnson_amps_squared(double sum_conductance_siemens, double temperature_kelvin,
                                      double bandwidth_hertz);
AJ_API double aj_shot_amps_squared(double current_amps, double bandwidth_hertz);
/* Least energy that the cells of a column spend for a signal to noise of 1 against Johnson noise: 2 k T per
 * unit of squared SNR, as SNR^2 = cos^2 E / (2 k T) with E = t sum(G V^2) and the cosine of sqrt(G) and
 * sqrt(G) V; derived from the two laws above. 300 K: 8.284e-21 J. Beside the photon's hc/lambda of homodyne.
 */
AJ_API double aj_johnson_limit_joules(double temperature_kelvin);

/* ---- ring resonators ---------------------------------------------------------------------------- */
/* A ring beside one waveguide (all-pass) or between two (add-drop).  *_coupler_ratio: amplitude that stays in
 * its waveguide at a coupler (r or t, r^2 + kappa^2 = 1), round_trip_ratio: amplitude left after one turn
 * (a), all in 0 ... 1; phase_radians of one turn, 0 on resonance.  Results are shares of power.  Sources: W.
 * Bogaerts et al., Laser Photonics Rev. 6, 47 (2012); A. Yariv, Electron. Lett. 36, 321 (2000).  With r the
 * input's coupler, s the drop port's: through  (s^2 a^2 - 2 r s a cos + r^2) / (1 - 2 r s a cos + (r s a)^2)
 *   drop     (1 - r^2)(1 - s^2) a / (the same)            through + drop <= 1, = 1 without loss
 *   all-pass (a^2 - 2 a t cos + t^2) / (1 - 2 a t cos + (a t)^2) */
AJ_API double aj_ring_through_ratio(double input_coupler_ratio, double drop_coupler_ratio,
                                    double round_trip_ratio, double phase_radians);
AJ_API double aj_ring_drop_ratio(double input_coupler_ratio, double drop_coupler_ratio,
                                 double round_trip_ratio, double phase_radians);
AJ_API double aj_ring_all_pass_ratio(double coupler_ratio, double round_trip_ratio, double phase_radians);

/* A bank weighs with drop - through, -1 ... 1 for an ideal ring.  The phase in 0 ... pi that gives a weight,
 * in closed form; NaN for a weight that this ring does not reach. */
AJ_API double aj_ring_weight_ratio(double input_coupler_ratio, double drop_coupler_ratio,
                                   double round_trip_ratio, double phase_radians);
AJ_API double aj_ring_weight_phase_radians(double input_coupler_ratio, double drop_coupler_ratio,
                                           double round_trip_ratio, double weight_ratio);

/* Phase of one turn, 2 pi n L / wavelength. */
AJ_API double aj_ring_phase_radians(double effective_index_ratio, double length_meters,
                                    double wavelength_meters);
/* loop_ratio: amplitude left after one turn and all couplers (r1 r2 a, or t a), 0 < loop < 1.
 *   free spectral range  wavelength^2 / (n_g L)
 *   full width at half maximum  (1 - loop) wavelength^2 / (pi n_g L sqrt(loop)), of a narrow line
 *   finesse  pi sqrt(loop) / (1 - loop);   quality  wavelength / width */
AJ_API double aj_ring_spectral_range_meters(double wavelength_meters, double group_index_ratio,
                                            double length_meters);
AJ_API double aj_ring_width_meters(double loop_ratio, double wavelength_meters, double group_index_ratio,
                                   double length_meters);
AJ_API double aj_ring_finesse_ratio(double loop_ratio);
AJ_API double aj_ring_quality_ratio(double loop_ratio, double wavelength_meters, double group_index_ratio,
                                    double length_meters);
/* Share of the resonant response that a ring shows to a channel at a distance: 1/(1 + (2 detuning /
 * width)^2). */
AJ_API double aj_lorentzian_ratio(double detuning_meters, double width_meters);

/* ---- optical links and converters ---------------------------------------------------------------- */
/* Transmission of a loss in decibels, 10^(-dB/10), and of parts in a row: the product; a NaN among them is
 * NaN. */
AJ_API double aj_loss_transmission_ratio(double insertion_loss);
AJ_API double aj_path_transmission_ratio(const double *transmission_ratios, size_t n_parts);
/* Electrical power of a laser that feeds n_splits detectors of a least detectable power each through that
 * path: detector_watts n_splits / transmission / wall_plug * levels / (1 - 1/extinction) levels:
 * distinguishable powers, 2^bits, each as far apart as the detector's least power; extinction_ratio of the
 * modulator (INFINITY: full).  Zhu et al., Lightening-Transformer, HPCA 2024 (arXiv:2305.19533, repository
 * 7c3d4ad) without the extinction; SimPhony (0bdc10d) with it. */
AJ_API double aj_link_laser_watts(double detector_watts, double n_splits, double transmission_ratio,
                                  double wall_plug_ratio, double n_levels, double extinction_ratio);

/* How the energy of one conversion of b bits grows with b.  name, formula, who uses it:
 *   sar                    b             SAR converters of Lightening-Transformer and SimPhony
 *   flash                  2^b - 1       comparators of a flash converter, SimPhony
 *   walden                 2^b           Walden's figure of merit, joules per step (IEEE JSAC 17, 539 (1999))
 *   schreier               10^(0.602 b)  Schreier's, at the signal to noise of b bits, 6.02 b + 1.76 dB
 *   dac_over_bits          2^b / b       Lightening-Transformer's code (its comment says b + 1)
 *   dac_over_bits_plus_one 2^b / (b+1)   SimPhony's code */
#define AJ_CONVERTER_LAW_LIST(X)      \
    X(SAR, "sar")                     \
    X(FLASH, "flash")                 \
    X(WALDEN, "walden")               \
    X(SCHREIER, "schreier")           \
    X(DAC_OVER_BITS, "dac_over_bits") \
    X(DAC_OVER_BITS_PLUS_ONE, "dac_over_bits_plus_one")
typedef enum {
#define AJ_CONVERTER_LAW_ENUM(id, name) AJ_CONVERTER_##id,
    AJ_CONVERTER_LAW_LIST(AJ_CONVERTER_LAW_ENUM)
#undef AJ_CONVERTER_LAW_ENUM
        AJ_N_CONVERTER_LAWS
} aj_converter_law;
AJ_API const char *aj_converter_law_name(aj_converter_law law); /* "" for an unknown one */
/* Energy of a conversion at n_bits per one at n_reference_bits (>= 1); times the ratio of rates for power. */
AJ_API double aj_converter_scale_ratio(aj_converter_law law, double n_bits, double n_reference_bits);
/* Joules of one conversion: merit * 2^bits (Walden's merit, joules per step), and 10^((6.02 bits + 1.76)/10)
 * / 2 / merit with Schreier's: signal to noise times bandwidth per power, 10^(dB/10) where it is quoted in
 * decibels, and a bandwidth of half the rate (Schreier and Temes, Understanding Delta-Sigma Data Converters,
 * 2005). */
AJ_API double aj_walden_joules(double merit_joules, double n_bits);
AJ_API double aj_schreier_joules(double merit_per_joule, double n_bits);

/* ---- shapes ---------------------------------------------------------------------------------- */
/* One layer: a convolution, or a dense layer with all spatial sizes 1. groups divides both channel counts. */
typedef struct {
    size_t out_height, out_width, out_channels;
    size_t kernel_height, kernel_width, in_channels;
    size_t groups;
} aj_layer_shape;
/* Multiply-accumulates of one inference: out_h out_w out_c kernel_h kernel_w in_c / groups.
 * BAD_ARGUMENT: groups does not divide the channels, or the number does not fit 64 bits. */
AJ_API AJ_MUST_USE aj_status aj_layer_macs(const aj_layer_shape *shape, uint64_t *n_macs, aj_error *err);

#ifdef __cplusplus
}
#endif
#endif

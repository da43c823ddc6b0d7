/* mesh_phases.c: what becomes of the phases of a mesh: corrected for couplers, quantised, heated by
 * neighbours. */
#include <math.h>
#include <string.h>

#include "constants.h"
#include "mesh.h"

static double into_turn(double phase_radians)
{
    double turn = 2.0 * ajp_pi, rest = fmod(phase_radians, turn);
    if (rest < 0.0) rest += turn;
    return rest < turn ? rest : 0.0;
}

/* ---- couplers that are not 50:50 ---------------------------------------------------------------- */

typedef struct {
    double to_upper, across, to_lower; /* arguments of T00, T01, T11 without phi */
} arguments;

/* Of perfect couplers; an element that is zero has the argument of its neighbours. */
static arguments wanted_arguments(double theta)
{
    double half = 0.5 * theta, c = cos(half), s = sin(half);
    return (arguments){half + (s < 0.0 ? -0.5 : 0.5) * ajp_pi, half + (c < 0.0 ? -0.5 : 0.5) * ajp_pi,
                       half + (s < 0.0 ? 0.5 : -0.5) * ajp_pi};
}

static arguments true_arguments(double theta, double alpha, double beta)
{
    double half = 0.5 * theta, c = cos(half), s = sin(half);
    double c_plus = cos(alpha + beta), s_plus = sin(alpha + beta), c_minus = cos(alpha - beta),
           s_minus = sin(alpha - beta);
    return (arguments){half + atan2(s * c_minus, -c * s_plus), half + atan2(c * c_plus, -s * s_minus),
                       half + atan2(-s * c_minus, -c * s_plus)};
}

/* Theta with which the power that passes straight is the wanted one, sin^2(wanted/2), or the nearest that
 * there is: |T00|^2 = sin^2(theta/2) cos(2 alpha) cos(2 beta) + sin^2(alpha + beta). */
static double reach(double wanted, double alpha, double beta)
{
    double s = sin(0.5 * wanted), s_plus = sin(alpha + beta), span = cos(2.0 * alpha) * cos(2.0 * beta);
    if (alpha == 0.0 && beta == 0.0) return wanted;
    double power = (s * s - s_plus * s_plus) / span;
    if (!(power > 0.0)) return 0.0;
    return power < 1.0 ? 2.0 * asin(sqrt(power)) : ajp_pi;
}

/* Angle between the wanted element and the larger one that there is, at which its part in phase is the wanted
 * one; to the side where the couplers put it, so that over many interferometers it is as random as they are.
 */
static double aside(double wanted, double least)
{
    return fabs(wanted) < fabs(least) ? copysign(acos(fabs(wanted / least)), least) : 0.0;
}

/* diag(upper, lower) is the phase that the fields of this mesh have beyond the wanted ones. */
static void correct(const aj_mesh *mesh, bool only_real, size_t i, double *upper, double *lower)
{
    double alpha = mesh->alpha_radians[i], beta = mesh->beta_radians[i], theta = mesh->theta_radians[i];
    double set = reach(theta, alpha, beta);
    arguments want = wanted_arguments(theta), have = true_arguments(set, alpha, beta);
    if (only_real) { /* one phase is free where the ratio is out of reach: the excess goes into quadrature */
        double straight = aside(sin(0.5 * theta), sin(alpha + beta)),
               crossing = aside(cos(0.5 * theta), sin(alpha - beta));
        want.to_upper += straight;
        want.to_lower -= straight;
        want.across += crossing;
    }
    double new_upper = have.across + *lower - want.across;
    mesh->phi_radians[i] += new_upper + want.to_upper - have.to_upper - *upper;
    *upper = new_upper;
    *lower += have.to_lower - want.to_lower;
    mesh->theta_radians[i] = set;
}

void aj_mesh_correct(const aj_mesh *mesh, bool only_real, double *work)
{
    if (mesh->alpha_radians == NULL) return;
    size_t n = mesh->n_ports, n_columns = aj_mesh_n_columns(mesh->kind, n), i = 0;
    for (size_t port = 0; port < n; port++) work[port] = 0.0;
    for (size_t column = 0; column < n_columns; column++)
        for (size_t port = column % 2; port < ajp_mesh_ports_end(mesh->kind, n, column); port += 2, i++)
            correct(mesh, only_real, i, &work[port], &work[port + 1]);
    for (size_t port = 0; port < n; port++) mesh->screen_radians[port] -= work[port];
    aj_mesh_quantize(mesh, 0);
}

/* ---- steps ---------------------------------------------------------------------------------------- */

static void quantize(double *phases, size_t n, unsigned bits)
{
    double steps = ldexp(1.0, (int)bits) / (2.0 * ajp_pi);
    for (size_t i = 0; i < n; i++) {
        double phase = into_turn(phases[i]);
        phases[i] = bits == 0 ? phase : into_turn(round(phase * steps) / steps);
    }
}

void aj_mesh_quantize(const aj_mesh *mesh, unsigned bits)
{
    size_t n = aj_mesh_n_mzis(mesh->n_ports);
    quantize(mesh->theta_radians, n, bits);
    quantize(mesh->phi_radians, n, bits);
    quantize(mesh->screen_radians, mesh->n_ports, bits);
}

/* ---- heat ------------------------------------------------------------------------------------------ */

/* Copies the phases to their places in the plane, [2 columns + 1][ports], or back from there. */
static void lay_out(const aj_mesh *mesh, double *plane, bool back)
{
    size_t n = mesh->n_ports, n_columns = aj_mesh_n_columns(mesh->kind, n), i = 0;
    for (size_t column = 0; column < n_columns; column++)
        for (size_t port = column % 2; port < ajp_mesh_ports_end(mesh->kind, n, column); port += 2, i++) {
            double *phi = plane + 2 * column * n + port, *theta = phi + n;
            if (back) {
                mesh->phi_radians[i] = *phi;
                mesh->theta_radians[i] = *theta;
            } else {
                *phi = mesh->phi_radians[i];
                *theta = mesh->theta_radians[i];
            }
        }
    double *screen = plane + 2 * n_columns * n;
    memcpy(back ? mesh->screen_radians : screen, back ? screen : mesh->screen_radians, n * sizeof *screen);
}

typedef struct {
    size_t n_lines, n_ports; /* of the plane */
    long line_step, port_step;
    double weight;
} shift;

/* to += weight * (from moved by the step); the step and its opposite give the same to both ends. */
static void add_moved(const shift *by, const double *from, double *to)
{
    long n_lines = (long)by->n_lines, n_ports = (long)by->n_ports;
    for (long line = 0; line < n_lines; line++) {
        long other = line + by->line_step;
        if (other < 0 || other >= n_lines) continue;
        long first = by->port_step < 0 ? -by->port_step : 0;
        long end = by->port_step > 0 ? n_ports - by->port_step : n_ports;
        for (long port = first; port < end; port++)
            to[line * n_ports + port] += by->weight * from[other * n_ports + port + by->port_step];
    }
}

void aj_mesh_crosstalk(const aj_mesh *mesh, double column_pitch_meters, double port_pitch_meters,
                       double decay_length_meters, double *work)
{
    size_t n = mesh->n_ports, n_lines = 2 * aj_mesh_n_columns(mesh->kind, n) + 1, n_places = n_lines * n;
    double *from = work, *to = work + n_places, reach_meters = -log(1e-7) * decay_length_meters;
    if (!(decay_length_meters > 0.0) || n == 0) return;
    aj_mesh_quantize(mesh, 0);
    memset(work, 0, 2 * n_places * sizeof *work);
    lay_out(mesh, from, false);
    memcpy(to, from, n_places * sizeof *to);
    double lines = reach_meters / (0.5 * column_pitch_meters), ports = reach_meters / port_pitch_meters;
    long most_lines = lines < (double)n_lines ? (long)lines : (long)n_lines - 1;
    long most_ports = ports < (double)n ? (long)ports : (long)n - 1;
    for (long line = -most_lines; line <= most_lines; line++)
        for (long port = -most_ports; port <= most_ports; port++) {
            double d = hypot(0.5 * (double)line * column_pitch_meters, (double)port * port_pitch_meters);
            if (d > reach_meters || (line == 0 && port == 0)) continue;
            shift by = {n_lines, n, line, port, exp(-d / decay_length_meters)};
            add_moved(&by, from, to);
        }
    lay_out(mesh, to, true);
}

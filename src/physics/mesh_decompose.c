/* mesh_decompose.c: the phases with which a mesh of perfect couplers is a given unitary matrix.
 *
 * Elements below the diagonal are made zero one by one: by the inverse of an interferometer from the right,
 * which mixes two columns and is met by the light early, or by an interferometer from the left, which mixes
 * two rows.  A diagonal remains, U = L1^-1 ... Lk^-1 D Rm ... R1; then the inverses change places with the
 * diagonal, T^-1 D = D' T', and become interferometers that the light meets late, in front of the screen D'.
 */
#include <complex.h>
#include <math.h>
#include <string.h>

#include "../base/internal.h"
#include "constants.h"
#include "mesh.h"

static aj_status check_unitary(size_t n, const double *u, aj_error *err)
{
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b <= a; b++) {
            double re = a == b ? -1.0 : 0.0, im = 0.0;
            for (size_t row = 0; row < n; row++) {
                const double *x = u + 2 * (row * n + a), *y = u + 2 * (row * n + b);
                re += x[0] * y[0] + x[1] * y[1];
                im += x[0] * y[1] - x[1] * y[0];
            }
            if (!(fabs(re) <= 1e-9) || !(fabs(im) <= 1e-9))
                return ajp_fail(
                    err, AJ_BAD_ARGUMENT, 0,
                    "the matrix is not unitary: columns %zu and %zu have the product %g + %gi more than "
                    "they should; a mesh can only be a unitary matrix",
                    b, a, re, im);
        }
    return AJ_OK;
}

/* Angle between the elements to be mixed; both zero: straight through. */
static double split(double complex crossing, double complex passing)
{
    if (crossing == 0.0 && passing == 0.0) return ajp_pi;
    return 2.0 * atan2(cabs(crossing), cabs(passing));
}
/* 0 has every phase. */
static double phase_between(double complex a, double complex b)
{
    return a == 0.0 || b == 0.0 ? 0.0 : carg(a) - carg(b);
}

static void element(const double t[8], double complex out[4])
{
    for (size_t k = 0; k < 4; k++) out[k] = CMPLX(t[2 * k], t[2 * k + 1]);
}

/* Columns port, port + 1 times T^-1, so that u[row][port] is zero. */
static void null_from_right(size_t n, double complex *u, size_t row, size_t port, double *theta, double *phi)
{
    double complex a = u[row * n + port], b = u[row * n + port + 1], t[4];
    double real[8];
    *theta = split(b, a);
    *phi = phase_between(a, b) + ajp_pi;
    aj_mzi_matrix(*theta, *phi, 0.0, 0.0, real);
    element(real, t);
    for (size_t k = 0; k < n; k++) {
        double complex *pair = u + k * n + port, x = pair[0], y = pair[1];
        pair[0] = x * conj(t[0]) + y * conj(t[1]);
        pair[1] = x * conj(t[2]) + y * conj(t[3]);
    }
    u[row * n + port] = 0.0;
}

/* T times the rows port, port + 1, so that u[port + 1][column] is zero. */
static void null_from_left(size_t n, double complex *u, size_t port, size_t column, double *theta,
                           double *phi)
{
    double complex *upper = u + port * n, *lower = upper + n, t[4];
    double real[8];
    *theta = split(upper[column], lower[column]);
    *phi = phase_between(lower[column], upper[column]);
    aj_mzi_matrix(*theta, *phi, 0.0, 0.0, real);
    element(real, t);
    for (size_t k = 0; k < n; k++) {
        double complex x = upper[k], y = lower[k];
        upper[k] = t[0] * x + t[1] * y;
        lower[k] = t[2] * x + t[3] * y;
    }
    lower[column] = 0.0;
}

/* Number of the interferometer on `port` in `column`. */
static size_t number_of(aj_mesh_kind kind, size_t n, size_t column, size_t port)
{
    size_t number = 0;
    for (size_t c = 0; c < column; c++) number += (ajp_mesh_ports_end(kind, n, c) - c % 2 + 1) / 2;
    return number + port / 2;
}

/* Row after row from below, from the left to the diagonal; all from the right.  Diagonal d (0 = the last row)
 * stands on port p in column p + 2 d. */
static void decompose_reck(const aj_mesh *mesh, double complex *u)
{
    size_t n = mesh->n_ports;
    for (size_t row = n - 1; row >= 1; row--)
        for (size_t port = 0; port < row; port++) {
            size_t i = number_of(mesh->kind, n, port + 2 * (n - 1 - row), port);
            null_from_right(n, u, row, port, &mesh->theta_radians[i], &mesh->phi_radians[i]);
        }
    for (size_t port = 0; port < n; port++) mesh->screen_radians[port] = carg(u[port * n + port]);
}

/* Antidiagonal after antidiagonal from the lower left corner, by turns from the right and from the left.
 * Those from the right fill the mesh from the first column on, those from the left from the last. */
static void decompose_clements(const aj_mesh *mesh, double complex *u)
{
    size_t n = mesh->n_ports;
    for (size_t diagonal = 0; diagonal + 1 < n; diagonal++)
        for (size_t j = 0; j <= diagonal; j++) {
            bool right = diagonal % 2 == 0;
            size_t port = right ? diagonal - j : n - 2 - diagonal + j;
            size_t i = number_of(mesh->kind, n, right ? j : n - 1 - j, port);
            double *theta = &mesh->theta_radians[i], *phi = &mesh->phi_radians[i];
            if (right)
                null_from_right(n, u, n - 1 - j, port, theta, phi);
            else
                null_from_left(n, u, port, j, theta, phi);
        }
    for (size_t port = 0; port < n; port++) mesh->screen_radians[port] = carg(u[port * n + port]);
    /* T^-1 diag(d1, d2) = diag(-e^(-i (phi + theta)) d2, -e^(-i theta) d2) T(theta, arg(d1/d2)), the
     * innermost first */
    for (size_t diagonal = n - 1; diagonal-- > 0;) {
        if (diagonal % 2 == 0) continue;
        for (size_t j = diagonal + 1; j-- > 0;) {
            size_t port = n - 2 - diagonal + j, i = number_of(mesh->kind, n, n - 1 - j, port);
            double *screen = mesh->screen_radians + port, theta = mesh->theta_radians[i],
                   phi = mesh->phi_radians[i];
            mesh->phi_radians[i] = screen[0] - screen[1];
            screen[0] = screen[1] + ajp_pi - theta - phi;
            screen[1] = screen[1] + ajp_pi - theta;
        }
    }
}

aj_status aj_mesh_decompose(const aj_mesh *mesh, const double *unitary, double *work, aj_error *err)
{
    size_t n = mesh->n_ports;
    AJ_TRY(check_unitary(n, unitary, err));
    memcpy(work, unitary, 2 * n * n * sizeof *work);
    double complex *u = (double complex *)work; /* C17 6.2.5: two doubles, real and imaginary */
    if (n == 0) return AJ_OK;
    if (mesh->kind == AJ_MESH_CLEMENTS)
        decompose_clements(mesh, u);
    else
        decompose_reck(mesh, u);
    aj_mesh_quantize(mesh, 0);
    return AJ_OK;
}

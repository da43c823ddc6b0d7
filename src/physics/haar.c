/* haar.c: random unitary matrices of the Haar measure, by the phases of a mesh and by a normal matrix. */
#include <math.h>

#include "../base/internal.h"
#include "constants.h"
#include "mesh.h"

aj_status aj_mesh_haar(const aj_mesh *mesh, const double *uniforms, aj_error *err)
{
    size_t n = mesh->n_ports, n_mzis = aj_mesh_n_mzis(n), i = 0;
    if (mesh->kind != AJ_MESH_CLEMENTS)
        return ajp_fail(
            err, AJ_UNSUPPORTED, 0,
            "the phases of the Haar measure are known here for the Clements mesh; decompose a matrix of "
            "aj_haar_unitary for another one");
    for (size_t column = 0; column < aj_mesh_n_columns(mesh->kind, n); column++)
        for (size_t port = column % 2; port < ajp_mesh_ports_end(mesh->kind, n, column); port += 2, i++) {
            size_t sideways = 2 * ajp_min_size(column, n - 1 - column) + 1;
            size_t upwards = 2 * ajp_min_size(port, n - 2 - port) + 2;
            double k = (double)ajp_min_size(sideways, upwards);
            mesh->theta_radians[i] = 2.0 * acos(pow(uniforms[i], 0.5 / k));
            mesh->phi_radians[i] = 2.0 * ajp_pi * uniforms[n_mzis + i];
        }
    for (size_t port = 0; port < n; port++)
        mesh->screen_radians[port] = 2.0 * ajp_pi * uniforms[2 * n_mzis + port];
    return AJ_OK;
}

/* What row `a` has of row `b` is taken out of it. */
static void take_out(size_t n, double *a, const double *b)
{
    double re = 0.0, im = 0.0;
    for (size_t k = 0; k < n; k++) {
        re += b[2 * k] * a[2 * k] + b[2 * k + 1] * a[2 * k + 1];
        im += b[2 * k] * a[2 * k + 1] - b[2 * k + 1] * a[2 * k];
    }
    for (size_t k = 0; k < n; k++) {
        a[2 * k] -= re * b[2 * k] - im * b[2 * k + 1];
        a[2 * k + 1] -= re * b[2 * k + 1] + im * b[2 * k];
    }
}

void aj_haar_unitary(size_t n, const double *normals, double *out)
{
    for (size_t k = 0; k < 2 * n * n; k++) out[k] = normals[k];
    for (size_t row = 0; row < n; row++) {
        double *own = out + 2 * row * n, sum = 0.0;
        for (int pass = 0; pass < 2; pass++) /* twice is enough (Kahan) */
            for (size_t before = 0; before < row; before++) take_out(n, own, out + 2 * before * n);
        for (size_t k = 0; k < 2 * n; k++) sum += own[k] * own[k];
        for (size_t k = 0; k < 2 * n; k++) own[k] /= sqrt(sum);
    }
}

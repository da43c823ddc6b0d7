/* mesh.c: one interferometer, and light through a mesh of them. */
#include "mesh.h"

#include <math.h>
#include <string.h>

void aj_mzi_matrix(double theta_radians, double phi_radians, double alpha_radians, double beta_radians,
                   double out[8])
{
    double c = cos(0.5 * theta_radians), s = sin(0.5 * theta_radians);
    double c_plus = cos(alpha_radians + beta_radians), s_plus = sin(alpha_radians + beta_radians);
    double c_minus = cos(alpha_radians - beta_radians), s_minus = sin(alpha_radians - beta_radians);
    double left_re = cos(0.5 * theta_radians + phi_radians), left_im = sin(0.5 * theta_radians + phi_radians);
    /* (re + i im) of each element before its phase factor: the left column has phi as well */
    double t00_re = -c * s_plus, t00_im = s * c_minus, t10_re = s * s_minus, t10_im = c * c_plus;
    double t01_re = -s * s_minus, t01_im = c * c_plus, t11_re = -c * s_plus, t11_im = -s * c_minus;
    out[0] = left_re * t00_re - left_im * t00_im;
    out[1] = left_re * t00_im + left_im * t00_re;
    out[2] = c * t01_re - s * t01_im;
    out[3] = c * t01_im + s * t01_re;
    out[4] = left_re * t10_re - left_im * t10_im;
    out[5] = left_re * t10_im + left_im * t10_re;
    out[6] = c * t11_re - s * t11_im;
    out[7] = c * t11_im + s * t11_re;
}

size_t aj_mesh_n_mzis(size_t n_ports)
{
    return n_ports < 2 ? 0 : n_ports * (n_ports - 1) / 2;
}

size_t aj_mesh_n_columns(aj_mesh_kind kind, size_t n_ports)
{
    if (n_ports < 3)
        return n_ports < 2 ? 0 : 1; /* two ports: one interferometer, the second column is empty */
    return kind == AJ_MESH_CLEMENTS ? n_ports : 2 * n_ports - 3;
}

void aj_mesh_place(aj_mesh_kind kind, size_t n_ports, size_t i, size_t *column, size_t *port)
{
    size_t n_before = 0;
    for (*column = 0;; ++*column) {
        size_t n = (ajp_mesh_ports_end(kind, n_ports, *column) - *column % 2 + 1) / 2;
        if (i < n_before + n) break;
        n_before += n;
    }
    *port = *column % 2 + 2 * (i - n_before);
}

/* Both rows become their mixture. */
static void mix(const double t[8], double *upper, double *lower, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        double a_re = upper[2 * k], a_im = upper[2 * k + 1], b_re = lower[2 * k], b_im = lower[2 * k + 1];
        upper[2 * k] = (t[0] * a_re - t[1] * a_im) + (t[2] * b_re - t[3] * b_im);
        upper[2 * k + 1] = (t[0] * a_im + t[1] * a_re) + (t[2] * b_im + t[3] * b_re);
        lower[2 * k] = (t[4] * a_re - t[5] * a_im) + (t[6] * b_re - t[7] * b_im);
        lower[2 * k + 1] = (t[4] * a_im + t[5] * a_re) + (t[6] * b_im + t[7] * b_re);
    }
}

static void turn(double factor_re, double factor_im, double *row, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        double re = row[2 * k], im = row[2 * k + 1];
        row[2 * k] = factor_re * re - factor_im * im;
        row[2 * k + 1] = factor_re * im + factor_im * re;
    }
}

void aj_mesh_propagate(const aj_mesh *mesh, double *fields, size_t n_vectors)
{
    size_t n = mesh->n_ports, n_columns = aj_mesh_n_columns(mesh->kind, n), i = 0;
    double mzi = sqrt(mesh->mzi_transmission_ratio);
    for (size_t column = 0; column < n_columns; column++) {
        size_t end = ajp_mesh_ports_end(mesh->kind, n, column);
        for (size_t port = column % 2; port < end; port += 2, i++) {
            double t[8], *upper = fields + 2 * port * n_vectors;
            aj_mzi_matrix(mesh->theta_radians[i], mesh->phi_radians[i],
                          mesh->alpha_radians != NULL ? mesh->alpha_radians[i] : 0.0,
                          mesh->beta_radians != NULL ? mesh->beta_radians[i] : 0.0, t);
            for (size_t k = 0; k < 8; k++) t[k] *= mzi;
            mix(t, upper, upper + 2 * n_vectors, n_vectors);
        }
    }
    double whole =
        pow(mesh->column_transmission_ratio, 0.5 * (double)n_columns); /* the same for every path */
    for (size_t port = 0; port < n; port++)
        turn(whole * cos(mesh->screen_radians[port]), whole * sin(mesh->screen_radians[port]),
             fields + 2 * port * n_vectors, n_vectors);
}

void aj_mesh_matrix(const aj_mesh *mesh, double *out)
{
    size_t n = mesh->n_ports;
    memset(out, 0, 2 * n * n * sizeof *out);
    for (size_t port = 0; port < n; port++) out[2 * (port * n + port)] = 1.0;
    aj_mesh_propagate(mesh, out, n);
}

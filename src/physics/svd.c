/* svd.c: singular values of a small real matrix by one-sided Jacobi rotations: pairs of columns of the matrix
 * are turned until all are orthogonal; their lengths are the singular values.  Slow (n^3 a sweep, about eight
 * sweeps), and accurate to the last digits for small singular values too. */
#include <math.h>
#include <string.h>

#include "../base/internal.h"
#include "attojoule/physics.h"

enum { LANES = 4 };

/* Four sums side by side: the same order of additions on every machine. */
static double dot(const double *x, const double *y, size_t n)
{
    double sums[LANES] = {0.0, 0.0, 0.0, 0.0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++) sums[k] += x[i + k] * y[i + k];
    for (; i < n; i++) sums[0] += x[i] * y[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static void rotate(double *x, double *y, size_t n, double c, double s)
{
    for (size_t i = 0; i < n; i++) {
        double a = x[i], b = y[i];
        x[i] = c * a - s * b;
        y[i] = s * a + c * b;
    }
}

/* Makes the rows p and q of `a` orthogonal and turns those of `v` along; false when they were, or when one is
 * as short as rounding errors. */
static bool rotate_pair(size_t n, double *a, double *v, size_t p, size_t q, double negligible_squared)
{
    double *x = a + p * n, *y = a + q * n;
    double xx = dot(x, x, n), yy = dot(y, y, n), xy = dot(x, y, n);
    if (fabs(xy) <= 1e-15 * sqrt(xx) * sqrt(yy) || fmin(xx, yy) <= negligible_squared) return false;
    double zeta = (yy - xx) / (2.0 * xy);
    double t = (zeta < 0.0 ? -1.0 : 1.0) / (fabs(zeta) + hypot(1.0, zeta)), c = 1.0 / hypot(1.0, t);
    rotate(x, y, n, c, c * t);
    rotate(v + p * n, v + q * n, n, c, c * t);
    return true;
}

/* Rows of `left` from `n_good` on become unit vectors orthogonal to all before: for singular values that are
 * 0. */
static void complete(size_t n, double *left, size_t n_good)
{
    size_t unit = 0;
    while (n_good < n) {
        double *own = left + n_good * n;
        memset(own, 0, n * sizeof *own);
        own[unit++] = 1.0;
        for (int pass = 0; pass < 2; pass++)
            for (size_t before = 0; before < n_good; before++) {
                double part = dot(own, left + before * n, n);
                for (size_t i = 0; i < n; i++) own[i] -= part * left[before * n + i];
            }
        double length = sqrt(dot(own, own, n));
        if (length * length < 0.5 / (double)n)
            continue; /* one of the n unit vectors has at least (n - good)/n left */
        for (size_t i = 0; i < n; i++) own[i] /= length;
        n_good++;
    }
}

static void swap_rows(double *a, size_t n, size_t p, size_t q)
{
    for (size_t i = 0; i < n; i++) {
        double kept = a[p * n + i];
        a[p * n + i] = a[q * n + i];
        a[q * n + i] = kept;
    }
}

/* Rows of a (= s_k times the k-th column of u) and of vt in descending order of length. */
static void sort_rows(size_t n, double *a, double *s, double *vt)
{
    for (size_t k = 0; k < n; k++) s[k] = sqrt(dot(a + k * n, a + k * n, n));
    for (size_t k = 0; k < n; k++) {
        size_t best = k;
        for (size_t i = k + 1; i < n; i++)
            if (s[i] > s[best]) best = i;
        if (best == k) continue;
        double kept = s[k];
        s[k] = s[best];
        s[best] = kept;
        swap_rows(a, n, k, best);
        swap_rows(vt, n, k, best);
    }
}

aj_status aj_svd(size_t n, const double *matrix, double *u, double *s, double *vt, double *work,
                 aj_error *err)
{
    double largest = 0.0;
    for (size_t i = 0; i < n * n; i++) {
        if (!isfinite(matrix[i]))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "element %zu of a matrix of %zu x %zu is not finite", i,
                            n, n);
        if (fabs(matrix[i]) > largest) largest = fabs(matrix[i]);
    }
    double scale = largest > 0.0 ? largest : 1.0; /* squares neither overflow nor vanish */
    for (size_t row = 0; row < n; row++)
        for (size_t col = 0; col < n; col++) {
            work[col * n + row] = matrix[row * n + col] / scale;
            vt[row * n + col] = row == col ? 1.0 : 0.0;
        }
    double size = sqrt(dot(work, work, n * n));
    bool turned = n > 1;
    for (unsigned sweep = 0; turned; sweep++) {
        if (sweep == 60)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "no singular values of a matrix of %zu x %zu in 60 sweeps", n, n);
        turned = false;
        for (size_t p = 0; p + 1 < n; p++)
            for (size_t q = p + 1; q < n; q++)
                turned = rotate_pair(n, work, vt, p, q, 1e-30 * size * size) || turned;
    }
    sort_rows(n, work, s, vt);
    size_t n_good = 0;
    for (; n_good < n && s[n_good] > 1e-14 * size; n_good++)
        for (size_t i = 0; i < n; i++) work[n_good * n + i] /= s[n_good];
    for (size_t k = n_good; k < n; k++) s[k] = 0.0; /* of the size of rounding errors: rank */
    complete(n, work, n_good);
    for (size_t row = 0; row < n; row++)
        for (size_t col = 0; col < n; col++) u[row * n + col] = work[col * n + row];
    for (size_t k = 0; k < n; k++) s[k] *= scale;
    return AJ_OK;
}

/* crossbar_wires.c: the effective conductances of a crossbar with resistive wires.
 *
 * What is upstream of a cut through all columns is a Norton source of m ports: currents J V - Y v for column
 * voltages v.  Marching towards the ground,
 *
 *     through a segment R of every column    J <- (1 + R Y)^-1 J,   Y <- (1 + R Y)^-1 Y
 *     past the cells of row i                J gains the column f_i, Y <- Y + K_i
 *
 * where K_i[j][k] is the current that the row takes out of column j for a volt on column k, and f_i the
 * currents it feeds in for a volt at its driver.  1 + R Y is symmetric with all pivots >= 1 whatever the
 * resistances, so nothing large cancels and R = 0 needs no case of its own in the arithmetic. */
#include <math.h>
#include <string.h>

#include "crossbar.h"

/* A matrix in somebody's memory, read in any order: mirrored and transposed networks are views. */
typedef struct {
    ptrdiff_t origin, row, col;
} view;

static size_t at(view v, size_t i, size_t j)
{
    return (size_t)(v.origin + (ptrdiff_t)i * v.row + (ptrdiff_t)j * v.col);
}

static view mirror_rows(view v, size_t n)
{
    return (view){v.origin + (ptrdiff_t)(n - 1) * v.row, -v.row, v.col};
}

static view mirror_cols(view v, size_t n)
{
    return (view){v.origin + (ptrdiff_t)(n - 1) * v.col, v.row, -v.col};
}

/* The network as the march sees it: rows driven at column 0 (and beyond the last one), columns sensed after
 * the last row (and grounded before the first one). */
typedef struct {
    size_t n, m; /* rows, columns */
    double row_segment, source, col_segment, sense;
    bool driven_twice, grounded_twice;
} network;

/* PADDING keeps the rows of large powers of two out of each other's places in a cache. */
enum { BLOCK = 8, PANEL = 256, PADDING = 8 };

/* ---- (1 + R Y) X = right, m rows of m + n_right numbers ---------------------------------------- */

/* row -= sum over the block of factor[b] * block[b], from column `from` on. */
static void subtract_block(double *restrict row, const double *restrict block, size_t stride,
                           const double factor[BLOCK], size_t from, size_t to)
{
    const double *r0 = block, *r1 = r0 + stride, *r2 = r1 + stride, *r3 = r2 + stride;
    const double *r4 = r3 + stride, *r5 = r4 + stride, *r6 = r5 + stride, *r7 = r6 + stride;
    for (size_t c = from; c < to; c++)
        row[c] -= ((factor[0] * r0[c] + factor[1] * r1[c]) + (factor[2] * r2[c] + factor[3] * r3[c])) +
                  ((factor[4] * r4[c] + factor[5] * r5[c]) + (factor[6] * r6[c] + factor[7] * r7[c]));
}

static void subtract_row(double *restrict row, const double *restrict other, double factor, size_t from,
                         size_t to)
{
    for (size_t c = from; c < to; c++) row[c] -= factor * other[c];
}

/* Two rows at once, which halves the reads of the block. */
static void subtract_block_twice(double *restrict row, double *restrict next, const double *restrict block,
                                 size_t stride, double factor[2][BLOCK], size_t to)
{
    const double *r0 = block, *r1 = r0 + stride, *r2 = r1 + stride, *r3 = r2 + stride;
    const double *r4 = r3 + stride, *r5 = r4 + stride, *r6 = r5 + stride, *r7 = r6 + stride;
    const double *f = factor[0], *g = factor[1];
    for (size_t c = 0; c < to; c++) {
        double x0 = r0[c], x1 = r1[c], x2 = r2[c], x3 = r3[c], x4 = r4[c], x5 = r5[c], x6 = r6[c], x7 = r7[c];
        row[c] -= ((f[0] * x0 + f[1] * x1) + (f[2] * x2 + f[3] * x3)) +
                  ((f[4] * x4 + f[5] * x5) + (f[6] * x6 + f[7] * x7));
        next[c] -= ((g[0] * x0 + g[1] * x1) + (g[2] * x2 + g[3] * x3)) +
                   ((g[4] * x4 + g[5] * x5) + (g[6] * x6 + g[7] * x7));
    }
}

/* a: upper triangle of a symmetric matrix, m x m; replaced by the triangle that elimination leaves.  False
 * when a pivot is below 1 or not a number. */
static bool eliminate(double *a, size_t m)
{
    for (size_t k0 = 0; k0 < m; k0 += BLOCK) {
        size_t k1 = ajp_min_size(k0 + BLOCK, m);
        for (size_t k = k0; k < k1; k++) { /* the rows of the block among themselves */
            if (!(a[k * m + k] >= 1.0 - 1e-9)) return false;
            for (size_t i = k + 1; i < k1; i++)
                subtract_row(a + i * m, a + k * m, a[k * m + i] / a[k * m + k], i, m);
        }
        if (k1 - k0 < BLOCK) break; /* only the last block is short, and nothing is below it */
        for (size_t i = k1; i < m; i++) {
            double factor[BLOCK];
            for (size_t b = 0; b < BLOCK; b++) factor[b] = a[(k0 + b) * m + i] / a[(k0 + b) * m + k0 + b];
            subtract_block(a + i * m, a + k0 * m, m, factor, i, m);
        }
    }
    return true;
}

/* x[i] -= sum over the block's k of factor(i, k) x[k] for the rows i0 ... i1; factor: a[i][k] going back,
 * a[k][i] / a[k][k] going forward. */
static void take_off(const double *a, double *x, size_t m, size_t stride, size_t n_right, size_t i0,
                     size_t i1, size_t k0, bool forward)
{
    double factor[2][BLOCK];
    for (size_t i = i0; i < i1; i += 2) {
        size_t n = ajp_min_size(i1 - i, 2);
        for (size_t r = 0; r < n; r++)
            for (size_t b = 0; b < BLOCK; b++) {
                const double *row = a + (k0 + b) * m;
                factor[r][b] = forward ? row[i + r] / row[k0 + b] : a[(i + r) * m + k0 + b];
            }
        if (n == 2)
            subtract_block_twice(x + i * stride, x + (i + 1) * stride, x + k0 * stride, stride, factor,
                                 n_right);
        else
            subtract_block(x + i * stride, x + k0 * stride, stride, factor[0], 0, n_right);
    }
}

/* x: right-hand sides [m][stride], n_right columns of them, replaced by the solution. */
static void solve_right(const double *a, double *x, size_t m, size_t stride, size_t n_right)
{
    size_t whole = m - m % BLOCK;
    for (size_t k0 = 0; k0 < m; k0 += BLOCK) {
        size_t k1 = ajp_min_size(k0 + BLOCK, m);
        for (size_t k = k0; k < k1; k++)
            for (size_t i = k + 1; i < k1; i++)
                subtract_row(x + i * stride, x + k * stride, a[k * m + i] / a[k * m + k], 0, n_right);
        if (k1 < m) take_off(a, x, m, stride, n_right, k1, m, k0, true);
    }
    for (size_t k1 = m; k1 > 0;) { /* x[k] = (x[k] - sum over i > k of a[k][i] x[i]) / a[k][k] */
        size_t k0 = k1 > whole ? whole : k1 - BLOCK;
        for (size_t k = k1; k-- > k0;) {
            double inverse = 1.0 / a[k * m + k];
            for (size_t i = k + 1; i < k1; i++)
                subtract_row(x + k * stride, x + i * stride, a[k * m + i], 0, n_right);
            for (size_t c = 0; c < n_right; c++) x[k * stride + c] *= inverse;
        }
        if (k1 - k0 == BLOCK)
            take_off(a, x, m, stride, n_right, 0, k0, k0, false);
        else
            for (size_t i = 0; i < k0; i++)
                for (size_t k = k0; k < k1; k++)
                    subtract_row(x + i * stride, x + k * stride, a[i * m + k], 0, n_right);
        k1 = k0;
    }
}

/* x <- (1 + R Y)^-1 x, Y being the first m columns of x; some columns at a time, so that they stay in cache.
 */
static bool pass_resistance(double *a, double *x, size_t m, size_t stride, size_t n_right, double ohms)
{
    if (ohms == 0.0) return true;
    for (size_t j = 0; j < m; j++) {
        for (size_t k = j; k < m; k++) a[j * m + k] = ohms * x[j * stride + k];
        a[j * m + j] += 1.0;
    }
    if (!eliminate(a, m)) return false;
    for (size_t c = 0; c < n_right; c += PANEL)
        solve_right(a, x + c, m, stride, ajp_min_size(PANEL, n_right - c));
    return true;
}

/* ---- one row ------------------------------------------------------------------------------------- */

typedef struct {
    double *g;     /* conductances of its cells */
    double *right; /* admittance of what lies to the right of a node, through the wire */
    double *left;  /* resistance of what lies to the left of a node, through the wire */
    double *ratio; /* voltage of node j + 1 per volt on node j, with everything else at 0 V */
    double *drive; /* voltage of a node per volt at the drivers, columns at 0 V */
} row_wire;

/* Conductance of g in series with r. */
static double in_series(double g, double r)
{
    return g / (1.0 + r * g);
}

static void solve_row(const network *net, const row_wire *w)
{
    size_t m = net->m;
    double end = net->source + net->row_segment; /* > 0 where it divides: see ideal_row */
    w->right[m - 1] = net->driven_twice ? 1.0 / end : 0.0;
    for (size_t j = m - 1; j-- > 0;) {
        double seen = w->g[j + 1] + w->right[j + 1];
        w->right[j] = in_series(seen, net->row_segment);
        w->ratio[j] = 1.0 / (1.0 + net->row_segment * seen);
    }
    w->left[0] = end;
    for (size_t j = 1; j < m; j++)
        w->left[j] = net->row_segment + w->left[j - 1] / (1.0 + w->left[j - 1] * w->g[j - 1]);
    w->drive[0] = 1.0 / (1.0 + end * (w->g[0] + w->right[0]));
    for (size_t j = 1; j < m; j++) w->drive[j] = w->drive[j - 1] * w->ratio[j - 1];
    if (!net->driven_twice) return;
    /* the other driver alone, from the right */
    double voltage = 1.0 / (1.0 + end * (w->g[m - 1] + 1.0 / w->left[m - 1]));
    w->drive[m - 1] += voltage;
    for (size_t j = m - 1; j-- > 0;) {
        voltage /= 1.0 + net->row_segment * (w->g[j] + 1.0 / w->left[j]);
        w->drive[j] += voltage;
    }
}

/* A row whose wire keeps the driver's voltage at every cell. */
static bool ideal_row(const network *net)
{
    return net->row_segment == 0.0 && net->source == 0.0;
}

/* Adds K to Y (the first m columns of x) and writes f to the column m + i. */
static void add_row(const network *net, const row_wire *w, double *x, size_t stride, size_t i)
{
    size_t m = net->m;
    if (ideal_row(net)) {
        for (size_t j = 0; j < m; j++) {
            x[j * stride + j] += w->g[j];
            x[j * stride + m + i] = w->g[j];
        }
        return;
    }
    solve_row(net, w);
    for (size_t j = 0; j < m; j++) {
        double rest = w->left[j] / (1.0 + w->left[j] * w->right[j]); /* of all but this cell, in ohms */
        double own = 1.0 / (1.0 + rest * w->g[j]);
        x[j * stride + j] += w->g[j] * own;
        double coupled = -w->g[j] * rest * own;
        for (size_t k = j + 1; k < m; k++) {
            coupled *= w->ratio[k - 1];
            /* Y is symmetric: its halves differ by rounding only, and are made equal again here */
            double both = 0.5 * (x[j * stride + k] + x[k * stride + j]) + coupled * w->g[k];
            x[j * stride + k] = x[k * stride + j] = both;
        }
        x[j * stride + m + i] = w->g[j] * w->drive[j];
    }
}

/* ---- the march ----------------------------------------------------------------------------------- */

/* Adds the currents of the sense end to `effective`. False: no finite solution. */
static bool march(const network *net, const double *conductances, view g, double *effective, view out,
                  double *workspace)
{
    size_t n = net->n, m = net->m, stride = m + n + PADDING;
    double *a = workspace, *x = a + m * m, *line = x + m * stride;
    row_wire wire = {line, line + m, line + 2 * m, line + 3 * m, line + 4 * m};
    double end = net->col_segment + net->sense;
    memset(x, 0, m * stride * sizeof *x);
    if (net->grounded_twice)
        for (size_t j = 0; j < m; j++) x[j * stride + j] = 1.0 / end;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && !pass_resistance(a, x, m, stride, m + i, net->col_segment)) return false;
        for (size_t j = 0; j < m; j++) wire.g[j] = conductances[at(g, i, j)];
        add_row(net, &wire, x, stride, i);
    }
    if (!pass_resistance(a, x, m, stride, stride, end)) return false;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++) effective[at(out, i, j)] += x[j * stride + m + i];
    return true;
}

/* Both sense ends are two marches, each with the other end grounded. */
static bool solve(network net, const ajp_crossbar_wires *wires, const double *conductances, view g,
                  double *effective, view out, double *workspace)
{
    if (wires->row_drive == AJP_END_LAST) {
        g = mirror_cols(g, net.m);
        out = mirror_cols(out, net.m);
    }
    net.driven_twice = wires->row_drive == AJP_END_BOTH && !ideal_row(&net);
    net.grounded_twice = wires->column_sense == AJP_END_BOTH && net.col_segment + net.sense > 0.0;
    if (wires->column_sense == AJP_END_FIRST) {
        g = mirror_rows(g, net.n);
        out = mirror_rows(out, net.n);
    }
    if (!march(&net, conductances, g, effective, out, workspace)) return false;
    if (!net.grounded_twice) return true;
    return march(&net, conductances, mirror_rows(g, net.n), effective, mirror_rows(out, net.n), workspace);
}

/* ---- entry --------------------------------------------------------------------------------------- */

size_t ajp_crossbar_workspace(size_t n_inputs, size_t n_outputs)
{
    /* the march runs over the longer side with matrices of the shorter one; a copy of the conductances */
    size_t m = ajp_min_size(n_inputs, n_outputs), n = n_inputs + n_outputs - m, cells, squares, total;
    if (n_inputs == 0 || n_outputs == 0 || n > SIZE_MAX / 64 || !ajp_size_mul(n, m, &cells) ||
        !ajp_size_mul(m, 2 * m + 5 + PADDING, &squares) || !ajp_size_add(squares, cells, &total) ||
        !ajp_size_add(total, cells, &total) || total > SIZE_MAX / sizeof(double))
        return 0;
    return total;
}

static aj_status check_wires(const ajp_crossbar_wires *wires, aj_error *err)
{
    const struct {
        const char *name;
        double ohms;
    } rows[] = {{"row_segment_ohms", wires->row_segment_ohms},
                {"column_segment_ohms", wires->column_segment_ohms},
                {"source_ohms", wires->source_ohms},
                {"sense_ohms", wires->sense_ohms}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!(rows[i].ohms >= 0.0 && rows[i].ohms < INFINITY))
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                            "%s is %g: a wire needs a finite resistance of 0 or more", rows[i].name,
                            rows[i].ohms);
    return AJ_OK;
}

static aj_status check_passive(size_t n, size_t m, const double *conductances, const double *effective,
                               aj_error *err)
{
    for (size_t i = 0; i < n; i++) {
        double ideal = 0.0, found = 0.0;
        bool sound = true;
        for (size_t j = 0; j < m; j++) {
            double value = effective[i * m + j];
            sound = sound && value >= 0.0 && value < INFINITY;
            ideal += conductances[i * m + j];
            found += value;
        }
        if (!sound || !(found <= ideal * (1.0 + 1e-9)))
            return ajp_fail(
                err, AJ_BAD_ARGUMENT, 0,
                "the wires of this crossbar give row %zu a conductance of %g S, more than its cells "
                "have (%g S): its resistances are beyond what can be solved",
                i, found, ideal);
    }
    return AJ_OK;
}

aj_status ajp_effective_conductances(size_t n_inputs, size_t n_outputs, const double *conductances,
                                     const ajp_crossbar_wires *wires, double *effective, double *workspace,
                                     aj_error *err)
{
    if (ajp_crossbar_workspace(n_inputs, n_outputs) == 0)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "a crossbar of %zu x %zu cells cannot be solved", n_inputs,
                        n_outputs);
    AJ_TRY(check_wires(wires, err));
    size_t n_cells = n_inputs * n_outputs;
    for (size_t i = 0; i < n_cells; i++)
        if (!(conductances[i] >= 0.0 && conductances[i] < INFINITY))
            return ajp_fail(
                err, AJ_BAD_ARGUMENT, 0,
                "the cell of input %zu and output %zu has a conductance of %g S: it must be finite "
                "and 0 or more",
                i / n_outputs, i % n_outputs, conductances[i]);
    double *result = workspace;
    memset(result, 0, n_cells * sizeof *result);
    view straight = {0, (ptrdiff_t)n_outputs, 1}, turned = {0, 1, (ptrdiff_t)n_outputs};
    bool solved;
    if (n_outputs <= n_inputs) {
        network net = {n_inputs,
                       n_outputs,
                       wires->row_segment_ohms,
                       wires->source_ohms,
                       wires->column_segment_ohms,
                       wires->sense_ohms,
                       false,
                       false};
        solved = solve(net, wires, conductances, straight, result, straight, workspace + n_cells);
    } else { /* reciprocity: driving the columns where they are sensed gives the same matrix, transposed */
        network net = {n_outputs,
                       n_inputs,
                       wires->column_segment_ohms,
                       wires->sense_ohms,
                       wires->row_segment_ohms,
                       wires->source_ohms,
                       false,
                       false};
        ajp_crossbar_wires exchanged = *wires;
        exchanged.row_drive = wires->column_sense;
        exchanged.column_sense = wires->row_drive;
        solved = solve(net, &exchanged, conductances, turned, result, turned, workspace + n_cells);
    }
    if (!solved)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "this crossbar of %zu x %zu cells has no finite solution: check its resistances",
                        n_inputs, n_outputs);
    AJ_TRY(check_passive(n_inputs, n_outputs, conductances, result, err));
    memcpy(effective, result, n_cells * sizeof *effective);
    return AJ_OK;
}

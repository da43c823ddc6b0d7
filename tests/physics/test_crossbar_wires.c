/* Effective conductances of a crossbar with resistive wires: published currents, and a solution that shares
 * nothing with the fast one (every node and every branch current an unknown, in long double). */
#include "check.h"
#include "physics/crossbar.h"
#include "physics/draw.h"

static aj_error err;

static double *solve(size_t n, size_t m, const double *g, const ajp_crossbar_wires *wires)
{
    double *work = malloc(ajp_crossbar_workspace(n, m) * sizeof *work), *out = malloc(n * m * sizeof *out);
    CHECK_OK(ajp_effective_conductances(n, m, g, wires, out, work, &err), err);
    free(work);
    return out;
}

static void column_currents(size_t n, size_t m, const double *g, const ajp_crossbar_wires *wires,
                            const double *volts, double *amperes)
{
    double *effective = solve(n, m, g, wires);
    for (size_t j = 0; j < m; j++) {
        amperes[j] = 0.0;
        for (size_t i = 0; i < n; i++) amperes[j] += effective[i * m + j] * volts[i];
    }
    free(effective);
}

/* ---- published currents: rows from the first column, columns to ground after the last row -------- */

static void check_uniform(size_t n, const double *micro_amperes)
{
    double g[16] = {0.0}, volts[4] = {0.0}, amperes[4];
    for (size_t i = 0; i < n * n; i++) g[i] = 1e-4;
    for (size_t i = 0; i < n; i++) volts[i] = 0.2;
    ajp_crossbar_wires wires = {1.0, 1.0, 0.0, 0.0, AJP_END_FIRST, AJP_END_LAST};
    column_currents(n, n, g, &wires, volts, amperes);
    for (size_t j = 0; j < n; j++) CHECK_CLOSE(amperes[j], micro_amperes[j] * 1e-6, 1e-6);
}

static void test_published(void)
{
    check_uniform(1, (const double[]){19.996001});
    check_uniform(2, (const double[]){39.982009, 39.978012});
    check_uniform(4, (const double[]){79.908121, 79.884178, 79.868217, 79.860237});
    const double g[9] = {100e-6, 10e-6, 50e-6, 20e-6, 80e-6, 40e-6, 60e-6, 30e-6, 90e-6};
    const double volts[3] = {0.2, 0.1, 0.15};
    const struct {
        double ohms, micro_amperes[3];
    } rows[] = {{0.0, {31.0, 14.5, 27.5}},
                {1.0, {30.984688, 14.493473, 27.484134}},
                {5.0, {30.923595, 14.467433, 27.420842}}};
    for (size_t r = 0; r < 3; r++) {
        ajp_crossbar_wires wires = {rows[r].ohms, rows[r].ohms, 0.0, 0.0, AJP_END_FIRST, AJP_END_LAST};
        double amperes[3];
        column_currents(3, 3, g, &wires, volts, amperes);
        for (size_t j = 0; j < 3; j++) CHECK_CLOSE(amperes[j], rows[r].micro_amperes[j] * 1e-6, 1e-6);
    }
}

/* ---- the slow, obvious network ------------------------------------------------------------------ */

/* Unknowns: voltages of all nodes, then currents of all wire branches; a branch says v_a - v_b = R i, so that
 * R = 0 is an equation like any other. */
typedef struct {
    size_t n, m, n_nodes, n_branches, n_unknowns;
    long double *matrix, *right;
    size_t branch;
} circuit;

static long double *cell(circuit *c, size_t row, size_t col)
{
    return &c->matrix[row * c->n_unknowns + col];
}

/* One wire from node a to node b; b == SIZE_MAX: to a source of `volts`. Returns the unknown of its current.
 */
static size_t add_wire(circuit *c, size_t a, size_t b, double ohms, double volts)
{
    size_t current = c->n_nodes + c->branch++;
    *cell(c, a, current) += 1.0L; /* leaves a */
    *cell(c, current, a) = 1.0L;
    if (b != SIZE_MAX) {
        *cell(c, b, current) -= 1.0L;
        *cell(c, current, b) = -1.0L;
    }
    *cell(c, current, current) = -(long double)ohms;
    c->right[current] = volts;
    return current;
}

static void gauss(circuit *c)
{
    size_t n = c->n_unknowns;
    for (size_t k = 0; k < n; k++) {
        size_t best = k;
        for (size_t i = k + 1; i < n; i++)
            if (fabsl(*cell(c, i, k)) > fabsl(*cell(c, best, k))) best = i;
        for (size_t j = 0; j < n; j++) {
            long double held = *cell(c, k, j);
            *cell(c, k, j) = *cell(c, best, j);
            *cell(c, best, j) = held;
        }
        long double held = c->right[k];
        c->right[k] = c->right[best];
        c->right[best] = held;
        for (size_t i = k + 1; i < n; i++) {
            long double factor = *cell(c, i, k) / *cell(c, k, k);
            if (factor == 0.0L) continue;
            for (size_t j = k; j < n; j++) *cell(c, i, j) -= factor * *cell(c, k, j);
            c->right[i] -= factor * c->right[k];
        }
    }
    for (size_t k = n; k-- > 0;) {
        for (size_t j = k + 1; j < n; j++) c->right[k] -= *cell(c, k, j) * c->right[j];
        c->right[k] /= *cell(c, k, k);
    }
}

static void slow_currents(size_t n, size_t m, const double *g, const ajp_crossbar_wires *w,
                          const double *volts, double *amperes)
{
    size_t n_branches = n * (m + 1) + m * (n + 1), n_nodes = 2 * n * m;
    circuit c = {n, m, n_nodes, n_branches, n_nodes + n_branches, NULL, NULL, 0};
    c.matrix = calloc(c.n_unknowns * c.n_unknowns, sizeof *c.matrix);
    c.right = calloc(c.n_unknowns, sizeof *c.right);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++) { /* a cell joins its row's node and its column's */
            size_t row = i * m + j, col = n * m + row;
            *cell(&c, row, row) += g[row], *cell(&c, row, col) -= g[row];
            *cell(&c, col, col) += g[row], *cell(&c, col, row) -= g[row];
        }
    double source = w->row_segment_ohms + w->source_ohms, sense = w->column_segment_ohms + w->sense_ohms;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j + 1 < m; j++) add_wire(&c, i * m + j, i * m + j + 1, w->row_segment_ohms, 0.0);
        if (w->row_drive != AJP_END_LAST) add_wire(&c, i * m, SIZE_MAX, source, volts[i]);
        if (w->row_drive != AJP_END_FIRST) add_wire(&c, i * m + m - 1, SIZE_MAX, source, volts[i]);
    }
    size_t sensed[2][64] = {{0}};
    for (size_t j = 0; j < m; j++) {
        size_t first = n * m + j, last = first + (n - 1) * m;
        for (size_t i = 0; i + 1 < n; i++)
            add_wire(&c, first + i * m, first + (i + 1) * m, w->column_segment_ohms, 0.0);
        if (w->column_sense != AJP_END_LAST) sensed[0][j] = add_wire(&c, first, SIZE_MAX, sense, 0.0);
        if (w->column_sense != AJP_END_FIRST) sensed[1][j] = add_wire(&c, last, SIZE_MAX, sense, 0.0);
    }
    /* branches that this topology does not have: their current is 0 */
    for (; c.branch < n_branches; c.branch++) *cell(&c, n_nodes + c.branch, n_nodes + c.branch) = 1.0L;
    gauss(&c);
    for (size_t j = 0; j < m; j++) {
        amperes[j] = 0.0;
        for (int end = 0; end < 2; end++)
            if (sensed[end][j] != 0) amperes[j] += (double)c.right[sensed[end][j]];
    }
    free(c.matrix);
    free(c.right);
}

/* Superposition: the matrix, applied to any input, against the network solved for just that input. */
static void compare(size_t n, size_t m, const ajp_crossbar_wires *wires, uint64_t stream, double scale)
{
    double g[256], volts[64], fast[64], slow[64], total = 0.0;
    ajp_draws draws;
    ajp_draws_init(&draws, 71, stream);
    for (size_t i = 0; i < n * m; i++) /* a tenth of the cells is open */
        g[i] = ajp_draw_uniform(&draws) < 0.1 ? 0.0 : scale * ajp_draw_uniform(&draws);
    for (size_t i = 0; i < n; i++) volts[i] = ajp_draw_normal(&draws);
    column_currents(n, m, g, wires, volts, fast);
    slow_currents(n, m, g, wires, volts, slow);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++) total += g[i * m + j] * fabs(volts[i]);
    for (size_t j = 0; j < m; j++) CHECK_NEAR(fast[j], slow[j], 1e-12 * (fabs(slow[j]) + total / (double)m));
}

static void test_topologies(void)
{
    const size_t shapes[][2] = {{1, 1}, {1, 5}, {6, 1}, {4, 4}, {3, 8}, {9, 4}, {8, 8}, {10, 9}};
    const double resistances[][4] = {{1.0, 1.0, 0.0, 0.0},  {0.5, 3.0, 10.0, 4.0}, {40.0, 0.0, 0.0, 25.0},
                                     {0.0, 7.0, 30.0, 0.0}, {0.0, 0.0, 50.0, 5.0}, {200.0, 300.0, 0.0, 1e3}};
    uint64_t stream = 0;
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
        for (size_t r = 0; r < sizeof resistances / sizeof resistances[0]; r++)
            for (int drive = 0; drive < 3; drive++)
                for (int sense = 0; sense < 3; sense++) {
                    const double *o = resistances[r];
                    /* a loop of wires without resistance has no single solution for its branches */
                    bool row_loop = drive == AJP_END_BOTH && o[0] == 0.0 && o[2] == 0.0;
                    bool col_loop = sense == AJP_END_BOTH && o[1] == 0.0 && o[3] == 0.0;
                    if (row_loop || col_loop) continue;
                    ajp_crossbar_wires wires = {o[0], o[1], o[2], o[3], drive, sense};
                    stream++;
                    compare(shapes[s][0], shapes[s][1], &wires, stream, stream % 2 ? 1e-4 : 1e-2);
                }
    CHECK(stream > 400);
}

/* ---- limits -------------------------------------------------------------------------------------- */

static void test_ideal_wires(void)
{
    double g[35];
    ajp_draws draws;
    ajp_draws_init(&draws, 5, 5);
    for (int i = 0; i < 35; i++) g[i] = 1e-4 * ajp_draw_uniform(&draws);
    for (int drive = 0; drive < 3; drive++)
        for (int sense = 0; sense < 3; sense++)
            for (int turned = 0; turned < 2; turned++) {
                ajp_crossbar_wires wires = {0.0, 0.0, 0.0, 0.0, drive, sense};
                double *out = turned ? solve(7, 5, g, &wires) : solve(5, 7, g, &wires);
                CHECK(memcmp(out, g, sizeof g) == 0);
                free(out);
            }
    ajp_crossbar_wires nearly = {1e-12, 1e-12, 1e-12, 1e-12, AJP_END_BOTH, AJP_END_BOTH};
    double *out = solve(5, 7, g, &nearly);
    for (int i = 0; i < 35; i++) CHECK_CLOSE(out[i], g[i], 1e-12);
    free(out);
}

/* More inputs than the solver takes at a time: against a factorisation of all nodes, in long double; the
 * order of nodes (row, then column node of a cell, cell by cell) gives a band of 2 m. */
static void test_long(void)
{
    enum { N = 280, M = 13, NODES = 2 * N * M, BAND = 2 * M + 1 };
    static double g[N * M], volts[N];
    static long double a[NODES][BAND], x[NODES]; /* a[k][d]: between nodes k and k + d */
    double amperes[M], total = 0.0;
    ajp_crossbar_wires wires = {3.0, 2.0, 20.0, 10.0, AJP_END_FIRST, AJP_END_LAST};
    ajp_draws draws;
    ajp_draws_init(&draws, 7, 7);
    for (size_t i = 0; i < N; i++) {
        volts[i] = ajp_draw_normal(&draws);
        for (size_t j = 0; j < M; j++) {
            size_t row = 2 * (i * M + j), col = row + 1;
            g[i * M + j] = 1e-4 * ajp_draw_uniform(&draws);
            total += g[i * M + j] * fabs(volts[i]);
            a[row][0] += g[i * M + j], a[col][0] += g[i * M + j], a[row][1] -= g[i * M + j];
            if (j + 1 < M) a[row][0] += 1.0L / 3.0L, a[row + 2][0] += 1.0L / 3.0L, a[row][2] -= 1.0L / 3.0L;
            if (i + 1 < N) a[col][0] += 0.5L, a[col + 2 * M][0] += 0.5L, a[col][2 * M] -= 0.5L;
            if (j == 0) a[row][0] += 1.0L / 23.0L, x[row] = volts[i] / 23.0L;
            if (i == N - 1) a[col][0] += 1.0L / 12.0L;
        }
    }
    for (size_t k = 0; k < NODES; k++)
        for (size_t d = 1; d < BAND && k + d < NODES; d++) {
            long double factor = a[k][d] / a[k][0];
            for (size_t e = d; e < BAND; e++) a[k + d][e - d] -= factor * a[k][e];
            x[k + d] -= factor * x[k];
        }
    for (size_t k = NODES; k-- > 0;) {
        for (size_t d = 1; d < BAND && k + d < NODES; d++) x[k] -= a[k][d] * x[k + d];
        x[k] /= a[k][0];
    }
    column_currents(N, M, g, &wires, volts, amperes);
    for (size_t j = 0; j < M; j++)
        CHECK_NEAR(amperes[j], (double)(x[2 * ((N - 1) * M + j) + 1] / 12.0L), 1e-12 * total / M);
}

/* Reciprocity: in a square array the turned network is marched through in the other direction. A smaller
 * total with more resistance, a larger one with a second driver. */
static void test_square(void)
{
    enum { N = 43 };
    static double g[N * N], turned[N * N];
    ajp_draws draws;
    ajp_draws_init(&draws, 6, 6);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++) turned[j * N + i] = g[i * N + j] = 25e-6 * ajp_draw_uniform(&draws);
    double before = INFINITY;
    for (double ohms = 0.1; ohms < 1e5; ohms *= 10.0) {
        ajp_crossbar_wires wires = {ohms, 2.0 * ohms, 3.0, 5.0, AJP_END_FIRST, AJP_END_LAST};
        ajp_crossbar_wires exchanged = {2.0 * ohms, ohms, 5.0, 3.0, AJP_END_LAST, AJP_END_FIRST};
        double *a = solve(N, N, g, &wires), *b = solve(N, N, turned, &exchanged), total = 0.0, twice = 0.0;
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j < N; j++) {
                CHECK_NEAR(a[i * N + j], b[j * N + i], 1e-12 * 25e-6);
                total += a[i * N + j];
            }
        CHECK(total < before);
        before = total;
        wires.row_drive = AJP_END_BOTH;
        double *c = solve(N, N, g, &wires);
        for (size_t i = 0; i < N * N; i++) twice += c[i];
        CHECK(twice > total);
        free(a);
        free(b);
        free(c);
    }
}

/* The far corner of a long array sees all of both wires, the near one two segments. */
static void test_corners(void)
{
    double g[12] = {0.0};
    ajp_crossbar_wires wires = {2.0, 3.0, 5.0, 7.0, AJP_END_FIRST, AJP_END_LAST};
    g[2 * 4 + 0] = 1e-3; /* last input, output 0: 1 row segment, 1 column segment */
    double *out = solve(3, 4, g, &wires);
    CHECK_CLOSE(out[8], 1.0 / (1e3 + 2.0 + 3.0 + 12.0), 1e-14);
    free(out);
    g[8] = 0.0;
    g[3] = 1e-3; /* first input, last output: 4 and 3 */
    out = solve(3, 4, g, &wires);
    CHECK_CLOSE(out[3], 1.0 / (1e3 + 8.0 + 9.0 + 12.0), 1e-14);
    free(out);
}

static void test_refusals(void)
{
    double g[4] = {1e-6, 1e-6, 1e-6, 1e-6}, out[4] = {9.0, 9.0, 9.0, 9.0}, work[128];
    ajp_crossbar_wires wires = {1.0, 1.0, 0.0, 0.0, AJP_END_FIRST, AJP_END_LAST}, bad = wires;
    bad.sense_ohms = (double)NAN;
    CHECK_INT(ajp_effective_conductances(2, 2, g, &bad, out, work, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "sense_ohms");
    bad = wires;
    bad.row_segment_ohms = -1.0;
    CHECK_INT(ajp_effective_conductances(2, 2, g, &bad, out, work, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "row_segment_ohms");
    CHECK_INT(ajp_effective_conductances(0, 2, g, &wires, out, work, &err), AJ_BAD_ARGUMENT);
    g[3] = -1e-6;
    CHECK_INT(ajp_effective_conductances(2, 2, g, &wires, out, work, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "input 1 and output 1");
    g[2] = g[3] = 1e300; /* overflows on the way: no result rather than a doubtful one */
    wires.column_segment_ohms = 1e300;
    wires.row_segment_ohms = 1e-290;
    CHECK_INT(ajp_effective_conductances(2, 2, g, &wires, out, work, &err), AJ_BAD_ARGUMENT);
    for (int i = 0; i < 4; i++) CHECK(out[i] == 9.0);
    CHECK_INT(ajp_crossbar_workspace(SIZE_MAX, 2), 0);
    CHECK(ajp_crossbar_workspace(2, 2) <= 128);
}

int main(void)
{
    test_published();
    test_topologies();
    test_ideal_wires();
    test_long();
    test_square();
    test_corners();
    test_refusals();
    return check_report();
}

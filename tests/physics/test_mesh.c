/* Meshes of interferometers: golden values, decompositions, random matrices by two ways, errors of couplers
 * and phases against their laws, correction, steps, heat and loss. */
#include "attojoule/physics.h"
#include "check.h"
#include "physics/draw.h"

static aj_error err;
static const double pi = 3.14159265358979323846;
enum { MOST = 64, MOST_MZIS = MOST * (MOST - 1) / 2 };

typedef struct {
    double theta[MOST_MZIS], phi[MOST_MZIS], screen[MOST], alpha[MOST_MZIS], beta[MOST_MZIS];
    aj_mesh mesh;
} setting;

static void make(setting *s, aj_mesh_kind kind, size_t n)
{
    memset(s, 0, sizeof *s);
    s->mesh = (aj_mesh){kind, n, s->theta, s->phi, s->screen, NULL, NULL, 1.0, 1.0};
}

static void imperfect(setting *s, double sigma, ajp_draws *draws)
{
    for (size_t i = 0; i < aj_mesh_n_mzis(s->mesh.n_ports); i++) {
        s->alpha[i] = sigma * ajp_draw_normal(draws);
        s->beta[i] = sigma * ajp_draw_normal(draws);
    }
    s->mesh.alpha_radians = s->alpha;
    s->mesh.beta_radians = s->beta;
}

/* |a - b|_F of n complex numbers. */
static double distance(const double *a, const double *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < 2 * n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum);
}

static double unitary_error(const double *u, size_t n)
{
    double sum = 0.0;
    for (size_t a = 0; a < n; a++)
        for (size_t b = 0; b < n; b++) {
            double re = a == b ? -1.0 : 0.0, im = 0.0;
            for (size_t k = 0; k < n; k++) {
                const double *x = u + 2 * (a * n + k), *y = u + 2 * (b * n + k);
                re += x[0] * y[0] + x[1] * y[1];
                im += x[1] * y[0] - x[0] * y[1];
            }
            sum += re * re + im * im;
        }
    return sqrt(sum);
}

static double *numbers(size_t n)
{
    double *out = calloc(n, sizeof *out);
    if (out == NULL) exit(1);
    return out;
}

static void draw_haar(double *u, size_t n, ajp_draws *draws)
{
    double *normals = numbers(2 * n * n);
    for (size_t i = 0; i < 2 * n * n; i++) normals[i] = ajp_draw_normal(draws);
    aj_haar_unitary(n, normals, u);
    free(normals);
}

static double power(const double *t)
{
    return t[0] * t[0] + t[1] * t[1];
}

static void test_interferometer(void)
{
    double t[8];
    aj_mzi_matrix(1.0, 0.4, 0.0, 0.0, t);
    CHECK_NEAR(power(t), 0.229848847, 1e-9);
    aj_mzi_matrix(1.0, 0.4, 0.05, 0.02, t);
    CHECK_NEAR(power(t), 0.233409626, 1e-9);
    CHECK_NEAR(power(t + 2), 0.766590374, 1e-9);
    CHECK_NEAR(power(t + 4), 0.766590374, 1e-9);
    CHECK(unitary_error(t, 2) < 1e-15);
    /* from its parts: couplers of angle pi/4 + error, a phase on the upper line in front of each */
    double theta = 0.9, phi = -2.1, angles[2] = {pi / 4 + 0.07, pi / 4 - 0.03}, phases[2] = {phi, theta};
    aj_mzi_matrix(theta, phi, 0.07, -0.03, t);
    for (size_t column = 0; column < 2; column++) {
        double upper[2] = {column == 0, 0.0}, lower[2] = {column == 1, 0.0};
        for (size_t part = 0; part < 2; part++) {
            double c = cos(angles[part]), s = sin(angles[part]), a[2];
            a[0] = cos(phases[part]) * upper[0] - sin(phases[part]) * upper[1];
            a[1] = cos(phases[part]) * upper[1] + sin(phases[part]) * upper[0];
            upper[0] = c * a[0] - s * lower[1];
            upper[1] = c * a[1] + s * lower[0];
            double b[2] = {c * lower[0] - s * a[1], c * lower[1] + s * a[0]};
            lower[0] = b[0];
            lower[1] = b[1];
        }
        CHECK(distance(t + 2 * column, upper, 1) < 1e-15 && distance(t + 4 + 2 * column, lower, 1) < 1e-15);
    }
    /* what cannot be reached */
    aj_mzi_matrix(0.0, 0.3, 0.05, 0.02, t);
    CHECK_CLOSE(sqrt(power(t)), sin(0.07), 1e-12);
    aj_mzi_matrix(pi, 0.3, 0.05, 0.02, t);
    CHECK_CLOSE(sqrt(power(t + 2)), sin(0.03), 1e-12);
}

static void test_places(void)
{
    for (size_t n = 1; n <= 9; n++)
        for (int kind = 0; kind < 2; kind++) {
            size_t n_columns = aj_mesh_n_columns((aj_mesh_kind)kind, n), last = 0, column = 0, port = 0;
            size_t met[9] = {0};
            for (size_t i = 0; i < aj_mesh_n_mzis(n); i++) {
                aj_mesh_place((aj_mesh_kind)kind, n, i, &column, &port);
                CHECK(column >= last && column < n_columns && port + 1 < n && port % 2 == column % 2);
                last = column;
                met[port]++;
            }
            if (n > 1) CHECK_INT(last + 1, n_columns);
            for (size_t i = 0; i + 1 < n; i++) /* a triangle is deepest at port 0 */
                if (kind == AJ_MESH_RECK) CHECK_INT(met[i], n - 1 - i);
        }
    CHECK_INT(aj_mesh_n_mzis(8), 28);
    CHECK_INT(aj_mesh_n_columns(AJ_MESH_CLEMENTS, 8), 8);
    CHECK_INT(aj_mesh_n_columns(AJ_MESH_RECK, 8), 13);
    CHECK_INT(aj_mesh_n_columns(AJ_MESH_CLEMENTS, 1), 0);
}

static void check_rebuild(const double *u, size_t n)
{
    static setting s;
    double *work = numbers(2 * n * n), *back = numbers(2 * n * n);
    for (int kind = 0; kind < 2; kind++) {
        make(&s, (aj_mesh_kind)kind, n);
        CHECK_OK(aj_mesh_decompose(&s.mesh, u, work, &err), err);
        aj_mesh_matrix(&s.mesh, back);
        CHECK(distance(u, back, n * n) < 1e-10);
        CHECK(unitary_error(back, n) < 1e-12);
        for (size_t i = 0; i < aj_mesh_n_mzis(n); i++)
            CHECK(s.theta[i] >= 0.0 && s.theta[i] <= pi + 1e-12 && s.phi[i] >= 0.0 && s.phi[i] < 2.0 * pi);
    }
    free(back);
    free(work);
}

static void test_decompositions(void)
{
    ajp_draws draws;
    ajp_draws_init(&draws, 11, 0);
    double *u = numbers(2 * MOST * MOST);
    for (size_t n = 1; n <= MOST; n++) {
        draw_haar(u, n, &draws);
        CHECK(unitary_error(u, n) < 1e-12);
        check_rebuild(u, n);
    }
    for (size_t n = 1; n <= 16; n += 5)
        for (int what = 0; what < 3; what++) { /* identity, its negative, a rotation of all ports */
            memset(u, 0, 2 * n * n * sizeof *u);
            for (size_t i = 0; i < n; i++)
                u[2 * (i * n + (what == 2 ? (i + 2) % n : i))] = what == 1 ? -1.0 : 1.0;
            check_rebuild(u, n);
        }
    /* the identity leaves every interferometer straight */
    static setting s;
    make(&s, AJ_MESH_CLEMENTS, 4);
    double work[32], identity[32] = {0};
    for (size_t i = 0; i < 4; i++) identity[10 * i] = 1.0;
    CHECK_OK(aj_mesh_decompose(&s.mesh, identity, work, &err), err);
    for (size_t i = 0; i < 6; i++) CHECK_CLOSE(s.theta[i], pi, 1e-14);
    identity[0] = 1.001;
    s.theta[0] = -5.0;
    CHECK(aj_mesh_decompose(&s.mesh, identity, work, &err) == AJ_BAD_ARGUMENT && s.theta[0] == -5.0);
    CHECK_CONTAINS(err.message, "not unitary");
    identity[0] = NAN;
    CHECK(aj_mesh_decompose(&s.mesh, identity, work, &err) == AJ_BAD_ARGUMENT);
    free(u);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
/* Largest distance of two empirical distributions of m values each. */
static double two_samples(double *a, double *b, size_t m)
{
    qsort(a, m, sizeof *a, ascending);
    qsort(b, m, sizeof *b, ascending);
    double most = 0.0;
    for (size_t i = 0, j = 0; i < m && j < m;) {
        if (a[i] <= b[j])
            i++;
        else
            j++;
        double d = fabs((double)i - (double)j) / (double)m;
        if (d > most) most = d;
    }
    return most;
}

/* The law of the phases against Gram-Schmidt: the distribution of theta and phi of every interferometer
 * (uniform numbers through the law, and phases of decomposed matrices), and of single elements.  2,000 draws
 * a side: 5 % off in an exponent is seen; 1.95 sqrt(2/m) is exceeded by chance once in 1,000, and there are
 * 63 comparisons. */
static void test_random_matrices(void)
{
    enum { N = 6, M = 2000, MZIS = 15, KINDS = 2 * MZIS + N + 3 };
    static double by_law[KINDS][M], by_matrix[KINDS][M];
    static setting s;
    ajp_draws draws;
    ajp_draws_init(&draws, 12, 0);
    double u[2 * N * N], work[2 * N * N];
    for (int side = 0; side < 2; side++) {
        double(*out)[M] = side == 0 ? by_law : by_matrix;
        for (size_t m = 0; m < M; m++) {
            make(&s, AJ_MESH_CLEMENTS, N);
            if (side == 0) {
                for (size_t i = 0; i < N * N; i++) work[i] = ajp_draw_uniform(&draws);
                CHECK_OK(aj_mesh_haar(&s.mesh, work, &err), err);
                aj_mesh_matrix(&s.mesh, u);
            } else {
                draw_haar(u, N, &draws);
                CHECK_OK(aj_mesh_decompose(&s.mesh, u, work, &err), err);
            }
            for (size_t i = 0; i < MZIS; i++) {
                out[i][m] = s.theta[i];
                out[MZIS + i][m] = s.phi[i];
            }
            for (size_t i = 0; i < N; i++) out[2 * MZIS + i][m] = s.screen[i];
            out[2 * MZIS + N][m] = u[0];
            out[2 * MZIS + N + 1][m] = u[2 * (3 * N + 2) + 1];
            out[2 * MZIS + N + 2][m] = u[2 * N * N - 2] * u[0] + u[2 * N * N - 1] * u[1];
        }
    }
    for (size_t i = 0; i < KINDS; i++) CHECK(two_samples(by_law[i], by_matrix[i], M) < 2.4 * sqrt(2.0 / M));
    make(&s, AJ_MESH_RECK, N);
    CHECK(aj_mesh_haar(&s.mesh, work, &err) == AJ_UNSUPPORTED);
}

typedef struct {
    double mean, rms;
} moments;

/* |dU|_F / sqrt(n) over draws: of couplers, or of all phases; `correct`: after self-configuration. */
static moments mesh_error(size_t n, double sigma, bool phases, bool correct, size_t n_draws, ajp_draws *draws)
{
    static setting s;
    double *u = numbers(2 * n * n), *wrong = numbers(2 * n * n), work[MOST];
    double *uniforms = numbers(n * n), sum = 0.0, squares = 0.0;
    for (size_t draw = 0; draw < n_draws; draw++) {
        make(&s, AJ_MESH_CLEMENTS, n);
        for (size_t i = 0; i < n * n; i++) uniforms[i] = ajp_draw_uniform(draws);
        CHECK_OK(aj_mesh_haar(&s.mesh, uniforms, &err), err);
        aj_mesh_matrix(&s.mesh, u);
        if (phases) {
            for (size_t i = 0; i < aj_mesh_n_mzis(n); i++) {
                s.theta[i] += sigma * ajp_draw_normal(draws);
                s.phi[i] += sigma * ajp_draw_normal(draws);
            }
            for (size_t i = 0; i < n; i++) s.screen[i] += sigma * ajp_draw_normal(draws);
        } else {
            imperfect(&s, sigma, draws);
        }
        if (correct) aj_mesh_correct(&s.mesh, false, work);
        aj_mesh_matrix(&s.mesh, wrong);
        double e = distance(u, wrong, n * n) / sqrt((double)n);
        sum += e;
        squares += e * e;
    }
    free(uniforms);
    free(wrong);
    free(u);
    return (moments){sum / (double)n_draws, sqrt(squares / (double)n_draws)};
}

static void test_error_laws(void)
{
    ajp_draws draws;
    ajp_draws_init(&draws, 13, 0);
    CHECK_CLOSE(mesh_error(16, 0.01, false, false, 300, &draws).mean, 0.0550, 0.04);
    for (size_t n = 8; n <= MOST; n *= 2) {
        size_t n_draws = 40000 / (n * n) + 20;
        CHECK_CLOSE(mesh_error(n, 0.01, false, false, n_draws, &draws).rms,
                    sqrt(2.0 * (double)(n - 1)) * 0.01, 0.02);
        CHECK_CLOSE(mesh_error(n, 0.01, true, false, n_draws, &draws).rms, sqrt((double)n) * 0.01, 0.02);
    }
}

static void test_correction(void)
{
    ajp_draws draws;
    ajp_draws_init(&draws, 14, 0);
    /* every ratio within reach: exact.  Thetas in the middle, couplers off by 0.1 */
    static setting s;
    double u[2 * 64], wrong[2 * 64], work[64];
    for (int kind = 0; kind < 2; kind++) {
        make(&s, (aj_mesh_kind)kind, 8);
        for (size_t i = 0; i < 28; i++) {
            s.theta[i] = 1.0 + ajp_draw_uniform(&draws);
            s.phi[i] = 6.0 * ajp_draw_uniform(&draws);
        }
        for (size_t i = 0; i < 8; i++) s.screen[i] = 6.0 * ajp_draw_uniform(&draws);
        aj_mesh_matrix(&s.mesh, u);
        imperfect(&s, 0.1, &draws);
        aj_mesh_matrix(&s.mesh, wrong);
        CHECK(distance(u, wrong, 64) > 0.3);
        aj_mesh_correct(&s.mesh, false, work);
        aj_mesh_matrix(&s.mesh, wrong);
        CHECK(distance(u, wrong, 64) < 1e-13);
    }
    /* nothing to correct: no bit changes */
    make(&s, AJ_MESH_CLEMENTS, 8);
    for (size_t i = 0; i < 64; i++) work[i] = ajp_draw_uniform(&draws);
    CHECK_OK(aj_mesh_haar(&s.mesh, work, &err), err);
    static setting before;
    before = s;
    s.mesh.alpha_radians = s.alpha;
    s.mesh.beta_radians = s.beta;
    aj_mesh_correct(&s.mesh, false, work);
    CHECK(memcmp(s.theta, before.theta, sizeof s.theta) == 0);
    for (size_t i = 0; i < 28; i++) CHECK_NEAR(s.phi[i], before.phi[i], 1e-14);
    /* Haar matrices: the error falls quadratically, below the uncorrected one */
    double at_1 = mesh_error(16, 0.01, false, true, 300, &draws).rms;
    double at_2 = mesh_error(16, 0.02, false, true, 300, &draws).rms;
    CHECK_CLOSE(at_2 / at_1, 4.0, 0.15);
    CHECK(at_1 < 0.2 * 0.055);
    printf("corrected error of 16 ports: %.5f at 0.01, %.5f at 0.02\n", at_1, at_2);
}

static void test_quantization(void)
{
    ajp_draws draws;
    ajp_draws_init(&draws, 15, 0);
    static setting s;
    double work[256], *u = numbers(512), *wrong = numbers(512), errors[3] = {0.0, 0.0, 0.0};
    for (size_t draw = 0; draw < 100; draw++)
        for (unsigned b = 0; b < 3; b++) {
            make(&s, AJ_MESH_CLEMENTS, 16);
            for (size_t i = 0; i < 256; i++) work[i] = ajp_draw_uniform(&draws);
            CHECK_OK(aj_mesh_haar(&s.mesh, work, &err), err);
            aj_mesh_matrix(&s.mesh, u);
            aj_mesh_quantize(&s.mesh, 6 + b);
            aj_mesh_matrix(&s.mesh, wrong);
            double e = distance(u, wrong, 256);
            errors[b] += e * e / 16.0 / 100.0;
        }
    for (unsigned b = 0; b < 3;
         b++) /* uniform errors of a step: sigma = step/sqrt(12), error sqrt(n) sigma */
        CHECK_CLOSE(sqrt(errors[b]), 4.0 * 2.0 * pi / ldexp(1.0, (int)(6 + b)) / sqrt(12.0), 0.03);
    CHECK_CLOSE(sqrt(errors[0] / errors[2]), 4.0, 0.03);
    free(wrong);
    free(u);
    /* steps and range */
    make(&s, AJ_MESH_CLEMENTS, 2);
    s.theta[0] = -0.1;
    s.phi[0] = 2.0 * pi - 0.01;
    s.screen[1] = pi / 2 + 0.3;
    aj_mesh_quantize(&s.mesh, 2);
    CHECK(s.theta[0] == 0.0 && s.phi[0] == 0.0);
    CHECK_CLOSE(s.screen[1], pi / 2, 1e-15);
}

/* Against the sum over all pairs of shifters, from their coordinates. */
static void test_heat(void)
{
    ajp_draws draws;
    ajp_draws_init(&draws, 16, 0);
    for (int kind = 0; kind < 2; kind++) {
        static setting s;
        enum { N = 7, MZIS = 21, ALL = 2 * MZIS + N };
        double x[ALL], y[ALL], phase[ALL], work[2 * N * (2 * 11 + 1)];
        double column_pitch = 200e-6, port_pitch = 80e-6, decay = 60e-6;
        make(&s, (aj_mesh_kind)kind, N);
        double *of[ALL];
        for (size_t i = 0; i < ALL; i++) {
            of[i] = i < MZIS ? &s.theta[i] : i < 2 * MZIS ? &s.phi[i - MZIS] : &s.screen[i - 2 * MZIS];
            phase[i] = *of[i] = 2.0 * pi * ajp_draw_uniform(&draws);
            size_t column = aj_mesh_n_columns((aj_mesh_kind)kind, N), port = i - 2 * MZIS;
            if (i < 2 * MZIS) aj_mesh_place((aj_mesh_kind)kind, N, i % MZIS, &column, &port);
            x[i] = ((double)column + (i < MZIS ? 0.5 : 0.0)) * column_pitch;
            y[i] = (double)port * port_pitch;
        }
        aj_mesh_crosstalk(&s.mesh, column_pitch, port_pitch, decay, work);
        for (size_t i = 0; i < ALL; i++) {
            double sum = 0.0;
            for (size_t j = 0; j < ALL; j++) sum += exp(-hypot(x[i] - x[j], y[i] - y[j]) / decay) * phase[j];
            CHECK_NEAR(*of[i], sum, 2e-5);
        }
        double kept = s.theta[3];
        aj_mesh_crosstalk(&s.mesh, column_pitch, port_pitch, 0.0, work);
        CHECK(s.theta[3] == kept); /* no length, no heat */
    }
}

static void test_loss(void)
{
    ajp_draws draws;
    ajp_draws_init(&draws, 17, 0);
    for (int kind = 0; kind < 2; kind++) {
        static setting s;
        make(&s, (aj_mesh_kind)kind, 5);
        double u[50], lossy[50], work[50];
        draw_haar(u, 5, &draws);
        CHECK_OK(aj_mesh_decompose(&s.mesh, u, work, &err), err);
        s.mesh.column_transmission_ratio = 0.9;
        aj_mesh_matrix(&s.mesh, lossy);
        double amplitude = pow(0.9, 0.5 * (double)aj_mesh_n_columns((aj_mesh_kind)kind, 5));
        for (size_t i = 0; i < 50; i++) CHECK_NEAR(lossy[i], amplitude * u[i], 1e-14);
    }
    /* straight through a triangle: port p of n meets one interferometer at the ends, up to 2 n - 3 ... */
    static setting s;
    make(&s, AJ_MESH_RECK, 4);
    double fields[8] = {0}, work[32], identity[32] = {0};
    for (size_t i = 0; i < 4; i++) identity[10 * i] = 1.0;
    CHECK_OK(aj_mesh_decompose(&s.mesh, identity, work, &err), err);
    s.mesh.mzi_transmission_ratio = 0.81;
    const double want[4] = {0.9 * 0.9 * 0.9, 0.59049, 0.9 * 0.9 * 0.9, 0.9}; /* 3, 5, 3 and 1 of them */
    for (size_t port = 0; port < 4; port++) {
        memset(fields, 0, sizeof fields);
        fields[2 * port] = 1.0;
        aj_mesh_propagate(&s.mesh, fields, 1);
        CHECK_CLOSE(fields[2 * port], want[port], 1e-13);
    }
}

static void check_svd(const double *m, size_t n, size_t rank)
{
    double *u = numbers(n * n), *vt = numbers(n * n), *work = numbers(n * n), *s = numbers(n), size = 0.0;
    CHECK_OK(aj_svd(n, m, u, s, vt, work, &err), err);
    for (size_t i = 0; i < n * n; i++) size = fmax(size, fabs(m[i]));
    double worst = 0.0, worst_u = 0.0, worst_v = 0.0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = -m[i * n + j], uu = i == j ? -1.0 : 0.0, vv = uu;
            for (size_t k = 0; k < n; k++) {
                sum += u[i * n + k] * s[k] * vt[k * n + j];
                uu += u[i * n + k] * u[j * n + k];
                vv += vt[i * n + k] * vt[j * n + k];
            }
            worst = fmax(worst, fabs(sum));
            worst_u = fmax(worst_u, fabs(uu));
            worst_v = fmax(worst_v, fabs(vv));
        }
    CHECK(worst <= 1e-13 * (double)n * size && worst_u < 1e-12 && worst_v < 1e-12);
    for (size_t k = 0; k < n; k++) CHECK(k < rank ? s[k] > 0.0 : s[k] == 0.0);
    for (size_t k = 0; k + 1 < n; k++) CHECK(s[k] >= s[k + 1]);
    free(s);
    free(work);
    free(vt);
    free(u);
}

static void test_singular_values(void)
{
    ajp_draws draws;
    ajp_draws_init(&draws, 18, 0);
    double *m = numbers(MOST * MOST);
    const size_t sizes[] = {1, 2, 3, 8, 17, 64};
    for (size_t k = 0; k < 6; k++) {
        size_t n = sizes[k], rank = (n + 1) / 2;
        for (size_t i = 0; i < n * n; i++) m[i] = ajp_draw_normal(&draws);
        check_svd(m, n, n);
        for (size_t i = 0; i < n * n; i++) m[i] *= 1e-180; /* squares would vanish */
        check_svd(m, n, n);
        for (size_t row = rank; row < n; row++) /* rows that repeat others */
            for (size_t col = 0; col < n; col++) m[row * n + col] = 2.0 * m[(row - rank) * n + col];
        check_svd(m, n, rank);
        for (size_t i = 0; i < n * n; i++) m[i] = i / n == i % n ? -2.0 : 0.0; /* all equal */
        check_svd(m, n, n);
        for (size_t i = 0; i < n * n; i++) m[i] = i % n < rank && i / n < rank ? 1.0 : 0.0;
        check_svd(m, n, 1);
        memset(m, 0, n * n * sizeof *m);
        check_svd(m, n, 0);
    }
    double u[4], s[2], vt[4], work[4];
    const double known[4] = {3.0, 0.0, 4.0, 5.0}; /* singular values sqrt(45), sqrt(5) */
    CHECK_OK(aj_svd(2, known, u, s, vt, work, &err), err);
    CHECK_CLOSE(s[0], sqrt(45.0), 1e-14);
    CHECK_CLOSE(s[1], sqrt(5.0), 1e-14);
    /* a small singular value keeps its digits: diag(1, 1e-10) times rotations of the left side */
    const double graded[4] = {0.6, -0.8e-10, 0.8, 0.6e-10};
    CHECK_OK(aj_svd(2, graded, u, s, vt, work, &err), err);
    CHECK_CLOSE(s[1], 1e-10, 1e-13);
    const double bad[4] = {1.0, NAN, 0.0, 1.0};
    CHECK(aj_svd(2, bad, u, s, vt, work, &err) == AJ_BAD_ARGUMENT);
    free(m);
}

int main(void)
{
    test_interferometer();
    test_places();
    test_decompositions();
    test_random_matrices();
    test_error_laws();
    test_correction();
    test_quantization();
    test_heat();
    test_loss();
    test_singular_values();
    return check_report();
}

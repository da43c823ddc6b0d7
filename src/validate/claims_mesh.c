/* claims_mesh.c: meshes of Mach-Zehnder interferometers. */
#include <math.h>
#include <string.h>

#include "../physics/draw.h"
#include "attojoule/physics.h"
#include "claim.h"

enum { MOST_PORTS = 64, MOST_MZIS = MOST_PORTS * (MOST_PORTS - 1) / 2 };
static const double pi = 3.14159265358979323846;

/* A mesh with its arrays, and room for three matrices. */
typedef struct {
    double theta[MOST_MZIS], phi[MOST_MZIS], screen[MOST_PORTS], alpha[MOST_MZIS], beta[MOST_MZIS];
    double a[2 * MOST_PORTS * MOST_PORTS], b[2 * MOST_PORTS * MOST_PORTS], work[2 * MOST_PORTS * MOST_PORTS];
    aj_mesh mesh;
} bench;

static bench *make(ajp_arena *arena, size_t n, aj_error *err)
{
    bench *s = ajp_arena_alloc(arena, sizeof *s);
    if (s == NULL) {
        (void)ajp_no_memory(err, "mesh");
        return NULL;
    }
    s->mesh = (aj_mesh){AJ_MESH_CLEMENTS, n, s->theta, s->phi, s->screen, NULL, NULL, 1.0, 1.0};
    return s;
}

static double distance(const double *a, const double *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < 2 * n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrt(sum);
}

aj_status ajp_claim_mzi(ajp_claim *claim, aj_error *err)
{
    double t[8], ideal[8];
    (void)err;
    aj_mzi_matrix(1.0, 0.0, 0.0, 0.0, ideal);
    aj_mzi_matrix(1.0, 0.0, 0.05, 0.02, t);
    ajp_claim_near(claim, "|T00|^2 at theta 1, no errors", "", 0.229848847,
                   ideal[0] * ideal[0] + ideal[1] * ideal[1], 1e-9);
    ajp_claim_near(claim, "|T00|^2 with alpha 0.05, beta 0.02", "", 0.233409626, t[0] * t[0] + t[1] * t[1],
                   1e-9);
    ajp_claim_near(claim, "|T01|^2", "", 0.766590374, t[2] * t[2] + t[3] * t[3], 1e-9);
    double dot_re = t[0] * t[4] + t[1] * t[5] + t[2] * t[6] + t[3] * t[7];
    double dot_im = t[0] * t[5] - t[1] * t[4] + t[2] * t[7] - t[3] * t[6];
    ajp_claim_near(claim, "product of its rows (unitary: 0)", "", 0.0, hypot(dot_re, dot_im), 1e-9);
    return AJ_OK;
}

static aj_status rebuild(ajp_claim *claim, size_t n, ajp_arena *arena, double *out, aj_error *err)
{
    (void)claim;
    bench *s = make(arena, n, err);
    double *normals = ajp_arena_array(arena, 2 * n * n, sizeof *normals);
    if (s == NULL || normals == NULL) return ajp_no_memory(err, "mesh");
    ajp_draws draws;
    ajp_draws_init(&draws, 7, n);
    for (size_t i = 0; i < 2 * n * n; i++) normals[i] = ajp_draw_normal(&draws);
    aj_haar_unitary(n, normals, s->a);
    AJ_TRY(aj_mesh_decompose(&s->mesh, s->a, s->work, err));
    aj_mesh_matrix(&s->mesh, s->b);
    *out = distance(s->a, s->b, n * n);
    return AJ_OK;
}

aj_status ajp_claim_clements(ajp_claim *claim, aj_error *err)
{
    static const size_t sizes[] = {2, 3, 4, 8, 16, 32, 64};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        double error = 1.0;
        ajp_arena arena;
        ajp_arena_init(&arena, claim->context);
        aj_status st = rebuild(claim, sizes[i], &arena, &error, err);
        ajp_arena_free(&arena);
        AJ_TRY(st);
        ajp_claim_value(claim, ajp_claim_words(claim, "|U - rebuilt|, %zu ports", sizes[i]), "", 1e-10, error,
                        AJ_AT_MOST, 0.0);
    }
    return AJ_OK;
}

/* Rms of |dU|_F / sqrt(N): 300 draws of a random mesh of 16 ports, with errors of the couplers or of all
 * phases. */
static aj_status mesh_error(ajp_claim *claim, bool phases, bool haar, double *out, aj_error *err)
{
    enum { N = 16, DRAWS = 300 };
    double sum = 0.0, uniforms[N * N];
    ajp_draws draws;
    ajp_arena arena;
    ajp_draws_init(&draws, 8, phases ? 2 : haar ? 1 : 0);
    ajp_arena_init(&arena, claim->context);
    bench *s = make(&arena, N, err);
    aj_status st = s != NULL ? AJ_OK : AJ_NO_MEMORY;
    size_t n_mzis = aj_mesh_n_mzis(N);
    for (int d = 0; d < DRAWS && st == AJ_OK; d++) {
        s->mesh.alpha_radians = s->mesh.beta_radians = NULL;
        for (size_t i = 0; i < N * N; i++) uniforms[i] = ajp_draw_uniform(&draws);
        for (size_t i = 0; i < n_mzis && !haar; i++) {
            s->theta[i] = pi * ajp_draw_uniform(&draws);
            s->phi[i] = 2.0 * pi * ajp_draw_uniform(&draws);
        }
        if (haar) st = aj_mesh_haar(&s->mesh, uniforms, err);
        aj_mesh_matrix(&s->mesh, s->a);
        for (size_t i = 0; i < n_mzis; i++) {
            *(phases ? &s->theta[i] : &s->alpha[i]) =
                (phases ? s->theta[i] : 0.0) + 0.01 * ajp_draw_normal(&draws);
            *(phases ? &s->phi[i] : &s->beta[i]) =
                (phases ? s->phi[i] : 0.0) + 0.01 * ajp_draw_normal(&draws);
        }
        for (size_t i = 0; i < N && phases; i++) s->screen[i] += 0.01 * ajp_draw_normal(&draws);
        if (!phases) {
            s->mesh.alpha_radians = s->alpha;
            s->mesh.beta_radians = s->beta;
        }
        aj_mesh_matrix(&s->mesh, s->b);
        sum += pow(distance(s->a, s->b, N * N), 2.0) / N;
        for (size_t i = 0; i < N && !haar; i++) s->screen[i] = 0.0;
    }
    ajp_arena_free(&arena);
    *out = sqrt(sum / DRAWS);
    return st;
}

aj_status ajp_claim_mesh_error(ajp_claim *claim, aj_error *err)
{
    double error = 0.0;
    AJ_TRY(mesh_error(claim, false, true, &error, err));
    ajp_claim_close(claim, "rms |dU| / sqrt(N), N = 16, random unitary matrices", "", 0.0550, error, 0.04);
    ajp_claim_close(claim, "the law sqrt(2 (N - 1)) 0.01", "", 0.0550, sqrt(30.0) * 0.01, 0.04);
    return AJ_OK;
}

aj_status ajp_claim_mesh_laws(ajp_claim *claim, aj_error *err)
{
    double couplers = 0.0, phases = 0.0;
    AJ_TRY(mesh_error(claim, false, false, &couplers, err));
    AJ_TRY(mesh_error(claim, true, false, &phases, err));
    ajp_claim_close(claim, "couplers off by 0.01, phases uniform: rms |dU| / sqrt(N), N = 16", "", 0.0540,
                    couplers, 0.03);
    ajp_claim_close(claim, "all phases off by 0.01", "", 0.0405, phases, 0.03);
    return AJ_OK;
}
